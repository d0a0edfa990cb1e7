/*
 * snapshot_internal.h: the inside of a snapshot, for the files that build it (snapshot_*.c) and those that
 * show it as pg_catalog rows (rel_*.c). All else uses snapshot.h.
 */
#ifndef PGF_CATALOG_SNAPSHOT_INTERNAL_H
#define PGF_CATALOG_SNAPSHOT_INTERNAL_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "sql/base/error.h"
#include "sql/catalog/acl.h"
#include "sql/catalog/map.h"
#include "sql/catalog/snapshot.h"

/* OIDs of the catalogs themselves: classoid of comments, dependencies and privileges. */
#define CLASS_PG_TYPE       1247u
#define CLASS_PG_ATTRIBUTE  1249u
#define CLASS_PG_PROC       1255u
#define CLASS_PG_CLASS      1259u
#define CLASS_PG_AUTHID     1260u
#define CLASS_PG_DATABASE   1262u
#define CLASS_PG_ATTRDEF    2604u
#define CLASS_PG_LANGUAGE   2612u
#define CLASS_PG_TABLESPACE 1213u
#define CLASS_PG_CAST       2605u
#define CLASS_PG_CONSTRAINT 2606u
#define CLASS_PG_LARGEOBJECT 2613u
#define CLASS_PG_NAMESPACE  2615u
#define CLASS_PG_OPCLASS    2616u
#define CLASS_PG_OPERATOR   2617u
#define CLASS_PG_REWRITE    2618u
#define CLASS_PG_TRIGGER    2620u
#define CLASS_PG_STATISTIC_EXT 3381u
#define CLASS_PG_EVENT_TRIGGER 3466u
#define CLASS_PG_FOREIGN_DATA_WRAPPER 2328u
#define CLASS_PG_FOREIGN_SERVER 1417u
#define CLASS_PG_USER_MAPPING 1418u
#define CLASS_PG_OPFAMILY   2753u
#define CLASS_PG_EXTENSION  3079u
#define CLASS_PG_COLLATION  3456u
#define CLASS_PG_CONVERSION 2607u
#define CLASS_PG_TS_DICT    3600u
#define CLASS_PG_TS_CONFIG  3602u
#define CLASS_PG_POLICY     3256u
#define CLASS_PG_DEFAULT_ACL 826u

/* pg_database has this row for the file at hand, as PostgreSQL's own first user database. */
#define DATABASE_OID 5u
#define BTREE_AM_OID 403u
#define HEAP_AM_OID  2u
#define INFORMATION_SCHEMA_NAMESPACE 13207u

/* A relation while it is built and what pg_catalog shows of it beyond struct relation. */
struct relation_ext {
    struct relation rel; /* first: a struct relation of a snapshot is one of these */
    struct list indexes, constraints, referenced, triggers, parents, children;
    uint32_t am;
    struct list policies, statistics;
    char replident;
    uint64_t version; /* of the snapshot it was loaded for: later ones share it */
    int atts_cap; /* while it is loaded: how many atts (of an index: and columns) there is room for */
};

struct type_ext {
    struct type_def type; /* first */
    uint32_t owner;
    bool resolved; /* functions and storage form are set */
    const char *default_sql;
    int ndims;
    int nlabels;
    struct enum_label *labels;
    const struct range_def *range; /* of a range or multirange type */
    const struct type_def *twin;   /* of a base type: the built-in type whose values it has */
    const char *analyze, *modin_src;
};

struct depend {
    uint32_t classid, objid;
    int32_t objsubid;
    uint32_t refclassid, refobjid;
    int32_t refobjsubid;
    char type; /* n a i e x */
};

struct comment {
    uint32_t objoid, classoid;
    int32_t objsubid;
    const char *text;
};

struct acl {
    uint32_t classid, objid;
    int32_t objsubid;
    struct acl_list list;
};

/* ALTER DEFAULT PRIVILEGES: what role's new objects of a kind are granted; namespace 0: in any schema. */
struct default_acl {
    uint32_t oid, role, namespace_oid;
    char kind; /* r S f T n, as pg_default_acl has them */
    struct acl_list list;
};

struct role_member {
    uint32_t role, member, grantor;
    bool admin;
};
/* PostgreSQL's own. */
extern const struct role_member builtin_members[];
extern const int builtin_members_count;

struct role_setting {
    uint32_t database, role;
    const char *name, *value;
};

struct aggregate_ext {
    const struct proc *proc;
    const char *transfn, *finalfn, *combinefn;
};

/* Where the objects of a snapshot live, and pages of its maps: those that are its own, the others in the stores before. */
struct snapshot_store {
    atomic_int refs;
    struct arena *arena;
    struct snapshot_store *before; /* of the snapshot it was made from; NULL: loaded as a whole */
    size_t first, later;           /* bytes of the first store of the chain, and of those between it and this one */
};

struct snapshot {
    atomic_int refs;
    uint64_t version;
    uint64_t transaction; /* of the change log it was made with, or 0 */
    uint64_t populated;   /* metadata tables that may have rows: bits as in change_log.h */
    bool complete;        /* the file has all metadata tables, and nothing that DROP had to leave */
    bool mixed;           /* shows tables of other programs, or repaired ones: no snapshot is made from it */
    struct snapshot_store *store;
    struct arena *arena;  /* the store's */
    struct arena *own;    /* made from another one: its lists and tables of pages; else NULL */
    const char *database;
    bool durable; /* the file has our metadata */
    uint32_t database_owner;

    struct list statistics, namespaces, relations, types, procs, operators, casts, constraints, triggers, event_triggers, rules, foreign,
        opfamilies, opfamily_members, roles, extensions, ams, opclasses, attrdefs, depends, on_commits, ranges, ts_dicts, ts_configs, collations, conversions, comments, acls,
        default_acls, members, settings, policies;
    struct map namespace_oid, namespace_name;
    struct map relation_oid, relation_name, relation_sqlite;
    struct map type_oid, type_name;
    struct map proc_oid, proc_name;
    struct map operator_oid, operator_name;
    struct map cast_pair; /* number = source, name = NULL; values struct cast_def */
    struct map constraint_oid, trigger_oid;
    struct map role_oid, role_name;
    struct map extension_name;
    struct map comment_object, acl_object; /* by object oid */
    struct depend_cache *depend_cache;     /* rows of pg_depend: made and read under rel_depend.c's mutex */
};

/* --- parts of the build; each returns false with err set -------------------------------- */

struct loader {
    sqlite3 *db;
    struct snapshot *s;
    struct error *err;
    struct map exts; /* oid -> struct relation_ext, mutable */
    struct map indexes; /* oid -> struct index_def, mutable */
    struct map files;   /* names of SQLite's tables, when the file has metadata */
    const char *schema; /* what @ stands for in loader_rows' SQL */
    bool temp;          /* the connection has temporary objects */
    bool pending;       /* metadata may be ahead of SQLite's schema: */
    struct list repaired;        /* likewise: tables with metadata, of other programs or changed by them (snapshot_repair.c) */
    struct list adopted;         /* struct adopted_table of snapshot_adopt.h */
    const struct snapshot *base; /* only what this one had adopted is another program's */
    const struct oid_set *wanted; /* of a part of the catalog: by enum wanted; NULL: all is loaded */
};

/* Which objects a part of the catalog consists of. */
enum wanted { WANTED_RELATIONS, WANTED_TYPES, WANTED_FUNCTIONS, WANTED_CONSTRAINTS, WANTED_OBJECTS, WANTED_COUNT };
struct oid_set {
    struct list oids; /* as pointers' values */
    struct map member;
};

/* Runs sql and calls row for each row; binds nothing. @ before a table name stands for its SQLite database: the statement
   runs over the metadata of temporary objects and over the file's. $X(column) is the condition that the row is of an object wanted: of R
   relations, T types, F functions, K constraints, O any object; C, G, S: of a constraint, trigger, statistics object just loaded. Where
   all is loaded it is true; where a part is, statements without it do not run: what they read has not changed. */
bool loader_rows(struct loader *l, const char *sql, bool (*row)(struct loader *l, sqlite3_stmt *st));
static inline uint32_t loader_oid(sqlite3_stmt *st, int column)
{
    return (uint32_t)sqlite3_column_int64(st, column);
}
/* The first letter of a text column, 0 for '' and NULL. */
static inline char loader_char(sqlite3_stmt *st, int column)
{
    const char *p = (const char *)sqlite3_column_text(st, column);
    return p ? p[0] : 0;
}
/* The text of a column in the snapshot's arena, NULL for NULL. */
const char *loader_text(struct loader *l, sqlite3_stmt *st, int column);
/* The same of a column that is never NULL in a sound file: "" for NULL. */
const char *loader_name(struct loader *l, sqlite3_stmt *st, int column);
/* Room for attribute number want (of an index: and its column); false when the number is out of bounds. */
bool loader_room_for(struct loader *l, struct relation_ext *x, int want);
/* Puts a finished relation into lists and maps. */
void loader_add_relation(struct loader *l, struct relation_ext *x);
void loader_add_type(struct loader *l, struct type_ext *t);
void loader_add_constraint(struct loader *l, struct constraint_def *c);
struct relation_ext *loader_relation(struct loader *l, uint32_t oid);

bool snapshot_load_user_ops(struct loader *l); /* snapshot_user_ops.c: operators, casts, aggregates */
uint64_t snapshot_next_version(void); /* taken before the file is read */
uint64_t snapshot_last_version(void);
bool snapshot_load_wanted(struct loader *l);    /* snapshot_load.c: what the metadata tables say of the objects wanted */
void snapshot_verify(const struct snapshot *made, const struct snapshot *loaded); /* snapshot_verify.c: or ends the process */
bool snapshot_load_types(struct loader *l);     /* snapshot_type.c */
void snapshot_store_unref(struct snapshot_store *st); /* snapshot.c */
struct snapshot_store *snapshot_store_create(struct snapshot_store *before);
bool snapshot_load_procs(struct loader *l);     /* snapshot_proc.c: functions */
bool snapshot_load_text_search(struct loader *l); /* snapshot_text_search.c: dictionaries, configurations */
bool snapshot_load_collations(struct loader *l); /* snapshot_collation.c: collations, conversions */
bool snapshot_load_ranges(struct loader *l);    /* snapshot_range.c: range types */
bool snapshot_load_opclasses(struct loader *l); /* snapshot_opclass.c */
bool snapshot_load_rules(struct loader *l);     /* snapshot_rules.c */
bool snapshot_load_foreign(struct loader *l);   /* snapshot_foreign.c */
bool snapshot_load_keys(struct loader *l);      /* snapshot_keys.c: constraints, indexes, sequences */
bool snapshot_load_statistics(struct loader *l);  /* snapshot_statistics.c */
bool snapshot_load_inheritance(struct loader *l); /* snapshot_inherit.c: parents, children, partitions */
bool snapshot_load_adopted(struct loader *l);   /* snapshot_adopt.c: tables of other programs */
void snapshot_repair_columns(struct loader *l); /* snapshot_repair.c: behind types, before keys */
void snapshot_repair_indexes(struct loader *l); /* behind keys */
bool snapshot_load_extension(struct loader *l, sqlite3_stmt *st);        /* snapshot_extension.c: a row each */
bool snapshot_load_extension_config(struct loader *l, sqlite3_stmt *st);
bool snapshot_load_flags(struct loader *l);     /* snapshot_inherit.c */
void snapshot_add_temp_namespace(struct loader *l); /* snapshot_system.c */
void snapshot_add_builtin(struct loader *l);    /* snapshot_system.c: schemas, access methods; before the file's */
void snapshot_add_builtin_roles(struct loader *l); /* those the file does not redefine; behind the file's */

void depend_cache_free(struct depend_cache *c); /* rel_depend.c */

/* --- system relations: process-wide, immutable ------------------------------------------- */
const struct relation *const *system_relations(int *n);
const struct relation *system_relation(uint32_t oid);
const struct relation *system_relation_named(uint32_t namespace_oid, const char *name);
/* Primary and unique keys of pg_catalog's tables. */
const struct constraint_def *const *system_constraints(int *n);
const struct constraint_def *system_constraint(uint32_t oid);
/* Adds the indexes and keys of pg_catalog to relations, found by OID through find; snapshot_system_keys.c. */
void system_keys_build(struct arena *arena, struct relation_ext *(*find)(uint32_t oid), struct list *indexes,
                       struct list *constraints);

#endif
