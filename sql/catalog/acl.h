/*
 * acl.h: access control: lists of grants as data, who belongs to whom, and whether a role may do a thing to an object.
 *
 * A list lies in the file (_pg_acl, _pg_default_acl) as "grantee=privileges/grantor,...", roles by OID (0 is PUBLIC), so that
 * renaming a role touches no list; privileges are PostgreSQL's letters, * behind one that may be passed on. An object without
 * a row has the list of its kind (acl_default). Rules and names are PostgreSQL's (acl.c there).
 *
 * Read by analysis (privileges of queries), command/ (GRANT, owners, has_*_privilege) and pg_catalog's rows.
 */
#ifndef PGF_CATALOG_ACL_H
#define PGF_CATALOG_ACL_H

#include "sql/catalog/snapshot.h"

#define ACL_INSERT     (1u << 0)
#define ACL_SELECT     (1u << 1)
#define ACL_UPDATE     (1u << 2)
#define ACL_DELETE     (1u << 3)
#define ACL_TRUNCATE   (1u << 4)
#define ACL_REFERENCES (1u << 5)
#define ACL_TRIGGER    (1u << 6)
#define ACL_EXECUTE    (1u << 7)
#define ACL_USAGE      (1u << 8)
#define ACL_CREATE     (1u << 9)
#define ACL_TEMPORARY  (1u << 10)
#define ACL_CONNECT    (1u << 11)
#define ACL_SET        (1u << 12)
#define ACL_ALTER_SYSTEM (1u << 13)
#define ACL_LETTERS    "arwdDxtXUCTcsA" /* bit 0 first */
#define ACL_NAMES                                                                                  \
    {"INSERT",  "SELECT", "UPDATE", "DELETE",    "TRUNCATE", "REFERENCES", "TRIGGER",              \
     "EXECUTE", "USAGE",  "CREATE", "TEMPORARY", "CONNECT",  "SET",        "ALTER SYSTEM"}
#define ACL_COUNT      14

#define ACL_ALL_COLUMN   (ACL_INSERT | ACL_SELECT | ACL_UPDATE | ACL_REFERENCES)
#define ACL_ALL_TABLE    (ACL_ALL_COLUMN | ACL_DELETE | ACL_TRUNCATE | ACL_TRIGGER)
#define ACL_ALL_SEQUENCE (ACL_USAGE | ACL_SELECT | ACL_UPDATE)

#define ACL_PUBLIC 0u

struct acl_item {
    uint32_t grantee, grantor;
    uint32_t privileges, options; /* options: with grant option */
};
struct acl_list {
    struct acl_item *items;
    int n;
};

/* The letters of acldefault(): what an object is to access control. */
#define ACL_KIND_COLUMN     'c'
#define ACL_KIND_TABLE      'r'
#define ACL_KIND_SEQUENCE   's'
#define ACL_KIND_DATABASE   'd'
#define ACL_KIND_FUNCTION   'f'
#define ACL_KIND_LANGUAGE   'l'
#define ACL_KIND_SCHEMA     'n'
#define ACL_KIND_PARAMETER  'p'
#define ACL_KIND_TABLESPACE 't'
#define ACL_KIND_TYPE       'T'
#define ACL_KIND_WRAPPER    'F'
#define ACL_KIND_SERVER     'S'
#define ACL_KIND_LARGE_OBJECT 'L'

struct acl_object {
    uint32_t classid, oid;
    int32_t sub; /* column */
    char kind;
    uint32_t owner;
    bool view;        /* a view of the system's: its privileges are not cut down */
    const char *name; /* for messages */
};

enum acl_how { ACL_ALL_OF, ACL_ANY_OF };

/* --- objects of a snapshot; oid 0 when there is none ------------------------------------------------- */
struct acl_object acl_relation(const struct relation *r);
struct acl_object acl_column(const struct relation *r, int attnum);
struct acl_object acl_namespace(const struct snapshot *s, uint32_t oid);
struct acl_object acl_proc(const struct proc *p);
struct acl_object acl_type(const struct snapshot *s, uint32_t oid);
struct acl_object acl_database(const struct snapshot *s);
struct acl_object acl_language(const char *name);
struct acl_object acl_language_oid(uint32_t oid);
/* A foreign-data wrapper or a server. */
struct acl_object acl_foreign(const struct foreign_def *d);
/* Large objects are rows, not objects of the snapshot: the caller knows the owner. */
struct acl_object acl_large_object(struct arena *a, uint32_t oid, uint32_t owner);

/* Everything that can be granted on the kind. */
uint32_t acl_all(char kind);
/* The kind's list when nobody has granted anything. */
struct acl_list acl_default(struct arena *a, char kind, uint32_t owner);
/* The object's own list; false when it has none. Valid as long as the snapshot. */
bool acl_stored(const struct snapshot *s, const struct acl_object *o, struct acl_list *list);
/* The list in force. */
struct acl_list acl_of(const struct snapshot *s, struct arena *a, const struct acl_object *o);
/* The list a fresh database has, where it is not the kind's own, as text of the file's form; NULL if none. */
const char *acl_initial(uint32_t classid, uint32_t oid, int32_t sub);
/* The entry of ALTER DEFAULT PRIVILEGES; namespace 0 the global one. */
bool acl_default_entry(const struct snapshot *s, uint32_t role, uint32_t namespace_oid, char kind,
                       struct acl_list *list);

/* --- texts ---------------------------------------------------------------------------------------------- */

/* The file's form. Parsing leaves out what is malformed. */
struct acl_list acl_parse(struct arena *a, const char *text);
const char *acl_text(struct arena *a, const struct acl_list *l);
/* PostgreSQL's form: alice=arw/bob (names quoted as needed, OIDs of roles that are gone). */
const char *acl_item_text(const struct snapshot *s, struct arena *a, const struct acl_item *i);
/* A list as a value of type aclitem[] in storage form (JSON). */
const char *acl_array(const struct snapshot *s, struct arena *a, const struct acl_list *l);
/* The inverse of acl_item_text; false with err set. */
bool acl_item_parse(const struct snapshot *s, struct arena *a, const char *text,
                    struct acl_item *item, struct error *err);
struct acl_list acl_copy(struct arena *a, const struct acl_list *l);
/* "SELECT" to its bit, case ignored; 0 if unknown. */
uint32_t acl_privilege(const char *name, size_t n);
const char *acl_privilege_name(uint32_t bit);

/* --- changes ---------------------------------------------------------------------------------------------- */

/* Adds (or takes away) what m says; with cascade also what was passed on from it. 2BP01 "dependent privileges exist". */
bool acl_update(const struct snapshot *s, struct arena *a, struct acl_list *l, struct acl_item m, bool add,
                uint32_t owner, bool cascade, struct error *err);
/* The list after a change of owner. */
void acl_new_owner(struct acl_list *l, uint32_t before, uint32_t after);
/* In whose name role grants these privileges, and which of them it may pass on. */
void acl_best_grantor(const struct snapshot *s, uint32_t role, uint32_t privileges,
                      const struct acl_list *l, uint32_t owner, uint32_t *grantor, uint32_t *options);

/* --- questions -------------------------------------------------------------------------------------------- */

bool role_is_super(const struct snapshot *s, uint32_t role);
/* Has member the rights of role (through memberships that are inherited)? */
bool role_has_privs(const struct snapshot *s, uint32_t member, uint32_t role);
/* Is it a member at all, directly or not: may it SET ROLE to it? */
bool role_is_member(const struct snapshot *s, uint32_t member, uint32_t role);
/* The same without the superuser's all. */
bool role_is_member_nosuper(const struct snapshot *s, uint32_t member, uint32_t role);
/* May it pass the membership on? */
bool role_is_admin(const struct snapshot *s, uint32_t member, uint32_t role);

/* Which of mask role has on the object (ANY_OF: stops at the first found). options: asks for grant options instead. */
uint32_t acl_mask(const struct snapshot *s, const struct acl_object *o, uint32_t role, uint32_t mask,
                  enum acl_how how, bool options);
/* All (ANY_OF: one) of mask. */
bool acl_check(const struct snapshot *s, const struct acl_object *o, uint32_t role, uint32_t mask,
               enum acl_how how);
/* Owner, or member of the owner, or superuser. */
bool acl_owns(const struct snapshot *s, uint32_t owner, uint32_t role);
/* 42501 "permission denied for table t"; gives false. */
bool acl_denied(struct error *err, const struct acl_object *o, const struct relation *r);
/* 42501 "must be owner of table t"; gives false. what: "table". */
bool acl_not_owner(struct error *err, const char *what, const char *name);

#endif
