/*
 * acl_check.c: who belongs to whom, and what a role may do to an object; see acl.h.
 */
#include <string.h>

#include "sql/catalog/acl.h"
#include "sql/catalog/snapshot_internal.h"

/* Roles PostgreSQL gives rights by their OID. */
#define ROLE_DATABASE_OWNER 6171u
#define ROLE_READ_ALL_DATA  6181u
#define ROLE_WRITE_ALL_DATA 6182u

/* --- memberships ----------------------------------------------------------------------------------- */

bool role_is_super(const struct snapshot *s, uint32_t role)
{
    const struct role_def *r = snapshot_role(s, role);
    return r && r->super;
}

/* PostgreSQL's own memberships: pg_monitor's. */
const struct role_member builtin_members[] = {
    {3374, 3373, 10, false}, {3375, 3373, 10, false}, {3377, 3373, 10, false}};
const int builtin_members_count = 3;

enum recursion { BY_MEMBERSHIP, BY_INHERITANCE };

/* Memberships have no cycles (GRANT sees to it); a hand-edited file ends at the depth. */
static bool reaches(const struct snapshot *s, uint32_t member, uint32_t role, enum recursion how, int depth)
{
    if (member == role)
        return true;
    const struct role_def *r = snapshot_role(s, member);
    if (!r || depth > 32 || (how == BY_INHERITANCE && !r->inherit))
        return false;
    if (role == ROLE_DATABASE_OWNER && s->database_owner == member)
        return true;
    for (int i = 0; i < builtin_members_count; i++)
        if (builtin_members[i].member == member && reaches(s, builtin_members[i].role, role, how, depth + 1))
            return true;
    for (int i = 0; i < s->members.n; i++) {
        const struct role_member *m = s->members.items[i];
        if (m->member == member && reaches(s, m->role, role, how, depth + 1))
            return true;
    }
    return false;
}

bool role_has_privs(const struct snapshot *s, uint32_t member, uint32_t role)
{
    return member == role || role_is_super(s, member) || reaches(s, member, role, BY_INHERITANCE, 0);
}

bool role_is_member(const struct snapshot *s, uint32_t member, uint32_t role)
{
    return member == role || role_is_super(s, member) || reaches(s, member, role, BY_MEMBERSHIP, 0);
}

bool role_is_member_nosuper(const struct snapshot *s, uint32_t member, uint32_t role)
{
    return reaches(s, member, role, BY_MEMBERSHIP, 0);
}

bool role_is_admin(const struct snapshot *s, uint32_t member, uint32_t role)
{
    if (role_is_super(s, member))
        return true;
    for (int i = 0; i < s->members.n; i++) {
        const struct role_member *m = s->members.items[i];
        if (m->role == role && m->admin && reaches(s, member, m->member, BY_MEMBERSHIP, 0))
            return true;
    }
    return false;
}

/* --- objects ------------------------------------------------------------------------------------------ */

struct acl_object acl_relation(const struct relation *r)
{
    return (struct acl_object){.classid = CLASS_PG_CLASS,
                               .oid = r->oid,
                               .kind = r->kind == RELKIND_SEQUENCE ? ACL_KIND_SEQUENCE : ACL_KIND_TABLE,
                               .owner = r->owner,
                               .view = r->kind == RELKIND_VIEW,
                               .name = r->name};
}

struct acl_object acl_column(const struct relation *r, int attnum)
{
    const char *name = attnum > 0 && attnum <= r->natts ? r->atts[attnum - 1].name : "";
    return (struct acl_object){CLASS_PG_CLASS, r->oid, attnum, ACL_KIND_COLUMN, r->owner, false, name};
}

struct acl_object acl_namespace(const struct snapshot *s, uint32_t oid)
{
    const struct namespace_def *n = snapshot_namespace(s, oid);
    if (!n)
        return (struct acl_object){0};
    return (struct acl_object){CLASS_PG_NAMESPACE, oid, 0, ACL_KIND_SCHEMA, n->owner, false, n->name};
}

struct acl_object acl_proc(const struct proc *p)
{
    return (struct acl_object){CLASS_PG_PROC, p->oid, 0, ACL_KIND_FUNCTION, p->owner ? p->owner : BOOTSTRAP_SUPERUSER, false, p->name};
}

struct acl_object acl_type(const struct snapshot *s, uint32_t oid)
{
    const struct type_def *t = snapshot_type(s, oid);
    if (!t)
        return (struct acl_object){0};
    uint32_t owner = type_builtin(oid) ? BOOTSTRAP_SUPERUSER : ((const struct type_ext *)t)->owner;
    return (struct acl_object){CLASS_PG_TYPE, oid, 0, ACL_KIND_TYPE, owner, false, t->name};
}

struct acl_object acl_database(const struct snapshot *s)
{
    return (struct acl_object){CLASS_PG_DATABASE, DATABASE_OID, 0, ACL_KIND_DATABASE, s->database_owner, false, s->database};
}

/* By name, or by oid where name is NULL. */
static struct acl_object find_language(const char *name, uint32_t oid)
{
    static const struct {
        uint32_t oid;
        const char *name;
    } languages[] = {{12, "internal"}, {13, "c"}, {14, "sql"}, {13563, "plpgsql"}};
    for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
        if (name ? strcmp(languages[i].name, name) == 0 : languages[i].oid == oid)
            return (struct acl_object){CLASS_PG_LANGUAGE, languages[i].oid, 0, ACL_KIND_LANGUAGE, BOOTSTRAP_SUPERUSER, false,
                                       languages[i].name};
    return (struct acl_object){0};
}

struct acl_object acl_language(const char *name)
{
    return find_language(name, 0);
}

struct acl_object acl_language_oid(uint32_t oid)
{
    return find_language(NULL, oid);
}

struct acl_object acl_foreign(const struct foreign_def *d)
{
    bool server = d->kind == 's';
    return (struct acl_object){server ? CLASS_PG_FOREIGN_SERVER : CLASS_PG_FOREIGN_DATA_WRAPPER, d->oid, 0,
                               server ? ACL_KIND_SERVER : ACL_KIND_WRAPPER, d->owner, false, d->name};
}

struct acl_object acl_large_object(struct arena *a, uint32_t oid, uint32_t owner)
{
    return (struct acl_object){CLASS_PG_LARGEOBJECT, oid, 0, ACL_KIND_LARGE_OBJECT, owner, false, arena_printf(a, "%u", oid)};
}

/* --- the list in force ----------------------------------------------------------------------------------- */

static const struct {
    uint32_t classid, oid;
    int32_t sub;
    const char *acl;
} initial[] = {
#define INIT_PRIV(classid, oid, sub, acl) {classid, oid, sub, acl},
#include "sql/catalog/builtin/pg_init_privs.def"
#undef INIT_PRIV
};

const char *acl_initial(uint32_t classid, uint32_t oid, int32_t sub)
{
    size_t low = 0, high = sizeof(initial) / sizeof(initial[0]);
    while (low < high) {
        size_t mid = (low + high) / 2;
        bool less = initial[mid].classid != classid ? initial[mid].classid < classid
                    : initial[mid].oid != oid       ? initial[mid].oid < oid
                                                    : initial[mid].sub < sub;
        if (less)
            low = mid + 1;
        else
            high = mid;
    }
    bool found = low < sizeof(initial) / sizeof(initial[0]) && initial[low].classid == classid &&
                 initial[low].oid == oid && initial[low].sub == sub;
    if (found || oid >= FIRST_USER_OID || sub)
        return found ? initial[low].acl : NULL;
    /* The rest that initdb makes later: information_schema. */
    return classid == CLASS_PG_CLASS                                            ? "10=arwdDxt/10,0=r/10"
           : classid == CLASS_PG_NAMESPACE && oid == INFORMATION_SCHEMA_NAMESPACE ? "10=UC/10,0=U/10"
                                                                                 : NULL;
}

bool acl_stored(const struct snapshot *s, const struct acl_object *o, struct acl_list *list)
{
    uint32_t cursor = 0;
    const struct acl *a;
    while ((a = map_next(&s->acl_object, o->oid, NULL, &cursor)))
        if (a->classid == o->classid && a->objsubid == o->sub) {
            *list = a->list;
            return true;
        }
    return false;
}

struct acl_list acl_of(const struct snapshot *s, struct arena *a, const struct acl_object *o)
{
    struct acl_list l;
    if (acl_stored(s, o, &l))
        return l;
    const char *text = acl_initial(o->classid, o->oid, o->sub);
    if (text)
        return acl_parse(a, text);
    return acl_default(a, o->kind, o->owner);
}

bool acl_default_entry(const struct snapshot *s, uint32_t role, uint32_t namespace_oid, char kind, struct acl_list *list)
{
    for (int i = 0; i < s->default_acls.n; i++) {
        const struct default_acl *d = s->default_acls.items[i];
        if (d->role == role && d->namespace_oid == namespace_oid && d->kind == kind) {
            *list = d->list;
            return true;
        }
    }
    return false;
}

/* --- questions -------------------------------------------------------------------------------------------- */

/* What the rights over all data give beyond the lists. */
static uint32_t data_rights(const struct snapshot *s, const struct acl_object *o, uint32_t role, uint32_t mask)
{
    uint32_t read = o->kind == ACL_KIND_SCHEMA ? ACL_USAGE : ACL_SELECT;
    uint32_t write = o->kind == ACL_KIND_SCHEMA ? ACL_USAGE : ACL_INSERT | ACL_UPDATE | ACL_DELETE;
    if (o->kind != ACL_KIND_SCHEMA && o->kind != ACL_KIND_TABLE && o->kind != ACL_KIND_SEQUENCE)
        return 0;
    uint32_t found = 0;
    if ((mask & read) && role_has_privs(s, role, ROLE_READ_ALL_DATA))
        found |= mask & read;
    if ((mask & write) && role_has_privs(s, role, ROLE_WRITE_ALL_DATA))
        found |= mask & write;
    return found;
}

uint32_t acl_mask(const struct snapshot *s, const struct acl_object *o, uint32_t role, uint32_t mask, enum acl_how how,
                  bool options)
{
    if (role_is_super(s, role))
        return mask;
    /* Only a superuser changes the system's own tables. */
    bool system = o->classid == CLASS_PG_CLASS && o->oid < FIRST_USER_OID && !o->view;
    if (system)
        mask &= ~(ACL_INSERT | ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | ACL_USAGE);
    if (options && o->kind != ACL_KIND_COLUMN && role_has_privs(s, role, o->owner))
        return mask;
    struct arena *a = arena_create();
    struct acl_list l = acl_of(s, a, o);
    uint32_t found = 0;
    for (int i = 0; i < l.n; i++) {
        const struct acl_item *item = &l.items[i];
        uint32_t has = (options ? item->options : item->privileges) & mask & ~found;
        if (has && (item->grantee == ACL_PUBLIC || role_has_privs(s, role, item->grantee)))
            found |= has;
        if (found && (how == ACL_ANY_OF || found == mask))
            break;
    }
    arena_destroy(a);
    if (!options && (mask & ~found))
        found |= data_rights(s, o, role, mask & ~found);
    return found;
}

bool acl_check(const struct snapshot *s, const struct acl_object *o, uint32_t role, uint32_t mask, enum acl_how how)
{
    uint32_t found = acl_mask(s, o, role, mask, how, false);
    return how == ACL_ANY_OF ? found != 0 : found == mask;
}

bool acl_owns(const struct snapshot *s, uint32_t owner, uint32_t role)
{
    return role_has_privs(s, role, owner);
}

/* --- refusals ----------------------------------------------------------------------------------------------- */

static const char *kind_word(const struct acl_object *o, const struct relation *r)
{
    if (r)
        return r->kind == RELKIND_VIEW       ? "view"
               : r->kind == RELKIND_MATVIEW  ? "materialized view"
               : r->kind == RELKIND_SEQUENCE ? "sequence"
               : r->kind == RELKIND_INDEX    ? "index"
                                             : "table";
    switch (o->kind) {
    case ACL_KIND_SCHEMA:
        return "schema";
    case ACL_KIND_DATABASE:
        return "database";
    case ACL_KIND_FUNCTION:
        return "function";
    case ACL_KIND_LANGUAGE:
        return "language";
    case ACL_KIND_TYPE:
        return "type";
    case ACL_KIND_SEQUENCE:
        return "sequence";
    case ACL_KIND_TABLESPACE:
        return "tablespace";
    case ACL_KIND_WRAPPER:
        return "foreign-data wrapper";
    case ACL_KIND_SERVER:
        return "foreign server";
    case ACL_KIND_LARGE_OBJECT:
        return "large object";
    case ACL_KIND_COLUMN:
        return "column";
    default:
        return "table";
    }
}

bool acl_denied(struct error *err, const struct acl_object *o, const struct relation *r)
{
    if (o->kind == ACL_KIND_COLUMN && r)
        return error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for column \"%s\" of relation \"%s\"",
                         o->name, r->name);
    return error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for %s %s", kind_word(o, r), o->name);
}

bool acl_not_owner(struct error *err, const char *what, const char *name)
{
    return error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of %s %s", what, name);
}
