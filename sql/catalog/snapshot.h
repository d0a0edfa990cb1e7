/*
 * snapshot.h: the catalog as it stood at one moment: an immutable, reference-counted picture of every
 * user object, made from the durable tables (_pg_class, _pg_attribute, ...) and sqlite_schema.
 *
 * A database has one current snapshot, swapped at the commit of DDL. A transaction that has done
 * DDL has its own, invisible to others until it commits. Analysis reads only this and the registry.
 * All structs live in the snapshot's arena. Any thread may read; nobody writes after publication.
 */
#ifndef PGF_CATALOG_SNAPSHOT_H
#define PGF_CATALOG_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/catalog/registry.h"
#include "sql/types/ts_dict.h"

struct change_log;
struct snapshot;
struct sqlite3;

/* The schema of a session's temporary tables: their metadata and rows are in SQLite's temp database of the connection the
   session holds, and only a snapshot loaded from that connection shows them. */
#define PG_TEMP_NAMESPACE      16300u
#define PG_TEMP_NAMESPACE_NAME "pg_temp_3"

/* pg_class.relkind */
#define RELKIND_TABLE    'r'
#define RELKIND_INDEX    'i'
#define RELKIND_SEQUENCE 'S'
#define RELKIND_VIEW     'v'
#define RELKIND_MATVIEW  'm'
#define RELKIND_COMPOSITE 'c'
#define RELKIND_PARTITIONED 'p'
#define RELKIND_PARTITIONED_INDEX 'I'
#define RELKIND_FOREIGN 'f'

struct attribute {
    const char *name;
    int16_t num; /* 1.., stable; dropped columns keep theirs */
    uint32_t type;
    int32_t typmod;
    int ndims;
    bool notnull;
    bool dropped;
    uint32_t collation;
    char identity;  /* 0 none, 'a' always, 'd' by default */
    char generated; /* 0 none, 's' stored */
    /* The default or generation expression as PostgreSQL SQL text (pg_get_expr form), or NULL; analyzed
       where it is used. OID of its pg_attrdef row. */
    const char *default_sql;
    uint32_t default_oid;
    const char *sqlite_name; /* the column's name in the file (== name but for adopted files) */
    char foreign;            /* declared by another program: FOREIGN_PLAIN, FOREIGN_READ of declared_type.h; 0: our own form */
    bool foreign_default;    /* SQLite has a default for it that default_sql cannot say */
    bool hidden;             /* exists in SQLite only (not shown to clients) */
    bool local;              /* inherited, and defined by its own table too */
    bool has_stattarget;     /* SET STATISTICS: */
    int32_t stattarget;
    char storage;            /* SET STORAGE: p e x m, 0: the type's */
    char compression;        /* SET COMPRESSION: p l, 0: the default */
    const char *options;     /* "n_distinct=-1" */
    const char *const *fdw_options; /* of a foreign table's column: "name=value" */
    int nfdw_options;
    const char *comment;
};

struct relation {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid;
    char kind;
    char persistence; /* p permanent, u unlogged, t temporary */
    uint32_t rowtype; /* pg_type of its rows, 0 for indexes and sequences */
    uint32_t of_type; /* CREATE TABLE OF: the composite type, 0 */
    uint32_t owner;
    int natts; /* including dropped ones: atts[num - 1] */
    const struct attribute *atts;
    /* Its name in SQLite: "t" in public, "schema.t" elsewhere, for virtual tables the module's name. */
    const char *sqlite_name;
    /* The column that is SQLite's rowid alias (INTEGER PRIMARY KEY), its attnum, or 0; without_rowid tables
       (adopted files only) have no rowid at all. */
    int16_t rowid_attnum;
    bool without_rowid;
    bool adopted; /* made by another program, no metadata of ours */
    bool foreign; /* made by another program, with or without metadata: its columns hold what that one wrote */
    const char *foreign_sql; /* an adopted view's SELECT as SQLite has it */
    bool is_virtual; /* pg_catalog relation or a virtual table */
    bool system;     /* of pg_catalog or information_schema. Its view_sql may be NULL though its kind is 'v': then it is
                        a virtual table; expand what has view_sql, whatever its kind */
    int nindexes;
    const struct index_def *const *indexes;
    int nconstraints;
    const struct constraint_def *const *constraints; /* own constraints */
    int nreferenced;
    const struct constraint_def *const *referenced; /* foreign keys that point here */
    int ntriggers;
    const struct trigger_def *const *triggers; /* by name, the order they fire in */
    const char *view_sql; /* views: the SELECT as PostgreSQL SQL (pg_get_viewdef form) */
    const struct sequence_def *sequence;
    const struct relation *index_of; /* kind i: its table */
    const struct index_def *index;   /* kind i */
    const char *comment;
    const char *options; /* reloptions as in the DDL: "fillfactor=70", or NULL */
    /* Inheritance and partitioning: direct relatives, parents in the order of INHERITS, children in that of their OIDs. */
    int nparents, nchildren;
    const struct relation *const *parents, *const *children;
    const struct partition_key *partition_key; /* kind p */
    char on_commit;   /* temporary tables: d delete rows, D drop, 0 */
    bool unpopulated; /* a materialized view WITH NO DATA */
    bool clustered;   /* an index on which its table is clustered */
    bool keys_off;    /* DISABLE TRIGGER ALL: foreign keys from and to it are not looked at when its rows change */
    const char *partition_bound;               /* a partition: FOR VALUES ... or DEFAULT, as pg_get_expr shows it */
    bool row_security, force_row_security;
    int npolicies;
    const struct policy_def *const *policies; /* by name */
    int nrules;
    const struct rule_def *const *rules; /* by name; those of SELECT are views */
    uint32_t foreign_server;             /* kind f */
    const char *const *foreign_options;  /* "name=value" */
    int nforeign_options;
    int nstatistics;
    const struct statistics_def *const *statistics; /* by OID */
};

/* CREATE STATISTICS: one pg_statistic_ext row. */
struct statistics_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid, owner;
    const struct relation *table;
    int nkeys;
    const int16_t *keys;
    int nexprs;
    const char *const *exprs; /* PostgreSQL text */
    const char *kinds;        /* letters: d ndistinct, f dependencies, m mcv, e expressions */
    int stattarget;
};

struct partition_column {
    int16_t attnum;       /* 0: an expression */
    const char *expr_sql; /* PostgreSQL text when attnum is 0 */
    uint32_t type, collation, opclass;
};
struct partition_key {
    char strategy; /* l list, r range, h hash */
    int ncolumns;
    const struct partition_column *columns;
};

/* A row-level security policy: one pg_policy row. */
struct policy_def {
    uint32_t oid;
    const char *name;
    const struct relation *table;
    char command; /* * all, r select, a insert, w update, d delete */
    bool permissive;
    const uint32_t *roles; /* 0: PUBLIC */
    int nroles;
    const char *using_sql, *check_sql; /* PostgreSQL text, or NULL */
};

struct index_column {
    int16_t attnum; /* 0: an expression */
    const char *expr_sql; /* PostgreSQL text when attnum is 0 */
    uint32_t type;        /* of the key */
    uint32_t collation;
    uint32_t opclass;
    bool desc;
    bool nulls_first;
    const char *foreign_sql; /* another program's expression as SQLite has it */
};

struct index_def {
    uint32_t oid;
    const char *name;
    const struct relation *table;
    uint32_t am; /* pg_am oid: 403 btree; vector methods have theirs */
    const char *am_name;
    bool unique, primary, immediate, valid, nulls_not_distinct, replica_identity;
    int nkeys;    /* key columns */
    int ncolumns; /* with INCLUDE columns */
    const struct index_column *columns;
    const char *predicate_sql; /* partial index, PostgreSQL text, or NULL */
    const char *sqlite_name;   /* name of the SQLite index, NULL when the rowid serves */
    const struct constraint_def *constraint; /* the constraint it implements, or NULL */
    const char *options;       /* WITH (...) as "lists=100" */
    bool foreign; /* made by another program, with an expression or a predicate */
    bool opaque;  /* and PostgreSQL cannot say it: the texts above are SQLite's own, for catalogs only */
    const char *foreign_where;
    const struct index_def *parent; /* the partitioned index it is attached to, or NULL */
};

struct constraint_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid;
    char type; /* c check, f foreign key, p primary key, u unique, x exclusion, t trigger */
    const struct relation *table; /* NULL for domain constraints */
    uint32_t domain;              /* pg_type */
    const struct index_def *index;
    int nkeys;
    const int16_t *keys; /* attnums */
    const struct relation *ref_table;
    const int16_t *ref_keys;
    char on_update, on_delete; /* a no action, r restrict, c cascade, n set null, d set default */
    char match;                /* s simple, f full */
    int nset; /* ON DELETE SET NULL or DEFAULT of these columns only; 0: of all */
    const int16_t *set;
    int noperators; /* exclusion constraints: of each key of the index */
    const uint32_t *operators;
    bool deferrable, deferred, validated, no_inherit;
    const char *check_sql; /* PostgreSQL text of the expression */
    const char *foreign_sql; /* a CHECK without a name by another program: SQLite's messages name it by its text */
    const char *comment;
    /* A foreign key that follows a partitioned table's: of a partition (another table), or to a partition of the referenced one
       (the same table). */
    const struct constraint_def *parent;
    bool local; /* an inherited CHECK that its table defines too */
};

/* A rule of INSERT, UPDATE or DELETE: one pg_rewrite row. It is carried out as a trigger of its table (struct trigger_def's rule). */
struct rule_def {
    uint32_t oid;
    const char *name;
    const struct relation *table;
    char event;   /* as pg_rewrite.ev_type: 2 update, 3 insert, 4 delete */
    bool instead;
    char enabled; /* as trigger_def's */
    const char *qual_sql; /* over old and new, or NULL */
    const char *const *actions; /* statements over old and new */
    int nactions;
    const struct proc *body; /* what its trigger runs: PL/pgSQL made of the above */
};

/* What foreign data is declared with: wrappers, servers, user mappings. Nothing reads foreign data: they are there for the catalog. */
struct foreign_def {
    char kind; /* w wrapper, s server, u user mapping */
    uint32_t oid;
    const char *name; /* NULL: a user mapping */
    uint32_t owner;
    uint32_t of;   /* a server's wrapper, a mapping's server */
    uint32_t role; /* a mapping's; 0: PUBLIC */
    uint32_t handler, validator; /* functions of a wrapper, 0 */
    const char *type, *version;  /* of a server, or NULL */
    const char *const *options;  /* "name=value" */
    int noptions;
};

/* pg_trigger.tgtype */
#define TRIGGER_ROW      0x01
#define TRIGGER_BEFORE   0x02
#define TRIGGER_INSERT   0x04
#define TRIGGER_DELETE   0x08
#define TRIGGER_UPDATE   0x10
#define TRIGGER_TRUNCATE 0x20
#define TRIGGER_INSTEAD  0x40

struct trigger_def {
    uint32_t oid;
    const char *name;
    const struct relation *table;
    uint32_t function; /* pg_proc */
    int type;          /* TRIGGER_ bits */
    char enabled;      /* O origin and local, D disabled, R replica, A always */
    const struct constraint_def *constraint; /* a constraint trigger's row of pg_constraint, or NULL */
    const struct relation *from;             /* FROM of a constraint trigger, or NULL */
    bool deferrable, deferred;
    int nattrs; /* UPDATE OF these columns; 0: any */
    const int16_t *attrs;
    int nargs;
    const char *const *args;
    const char *when_sql;               /* WHEN as PostgreSQL SQL text over OLD and NEW, or NULL */
    const char *old_table, *new_table;  /* names of the transition tables, or NULL */
    const char *comment;
    const struct rule_def *rule; /* made of a rule: not a row of pg_trigger; else NULL */
    const struct trigger_def *parent; /* the partitioned table's that it follows, or NULL */
};

struct event_trigger_def {
    uint32_t oid;
    const char *name, *event; /* "ddl_command_start" ... */
    uint32_t owner, function;
    char enabled; /* as trigger_def's */
    const char *const *tags;
    int ntags; /* 0: any */
};

struct sequence_def {
    uint32_t relid;
    uint32_t type;
    int64_t start, increment, min, max, cache;
    bool cycle;
    uint32_t owned_table; /* 0 none */
    int16_t owned_attnum;
    char owned_deptype; /* a serial, i identity */
    int64_t last_value; /* as in the file when the snapshot was made; the living state: catalog/sequence.h */
    bool is_called;
};

struct namespace_def {
    uint32_t oid;
    const char *name;
    uint32_t owner;
    const char *comment;
};

struct role_def {
    uint32_t oid;
    const char *name;
    bool super, inherit, createrole, createdb, login, replication, bypassrls;
    int connlimit;
    const char *password;    /* SCRAM verifier as PostgreSQL writes it, or NULL */
    const char *valid_until; /* timestamptz text, or NULL */
};

struct extension_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid;
    const char *version;
    bool relocatable;
    uint32_t owner;
    int nconfig; /* tables of its script with rows of the user's, and which rows (pg_extension_config_dump) */
    const uint32_t *config;
    const char *const *conditions;
};

struct enum_label {
    uint32_t oid;
    float sortorder;
    const char *label;
};

/* A range type that a user made: one pg_range row. */
struct range_def {
    uint32_t range, subtype, multirange, collation, opclass, canonical, subdiff;
};

/* Collations (pg_collation) and encoding conversions (pg_conversion), built-in ones included. */
struct pg_collation_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid, owner;
    char provider; /* d the database's, c libc */
    bool deterministic;
    int encoding; /* -1: any */
    const char *collate, *ctype, *icu_locale, *version;
};
struct conversion_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid, owner;
    int from, to; /* encodings */
    uint32_t function;
    bool is_default;
};

/* Text search: dictionaries and configurations, built-in ones included. */
struct ts_dict_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid, owner, template;
    const char *options; /* pg_ts_dict.dictinitoption, or NULL */
    bool ready;          /* dictionary is filled in: not for built-in ones, which types/ knows */
    struct ts_dictionary dictionary;
};
struct ts_config_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid, owner;
    struct ts_mapping *maps; /* of one that users made, by token type and number; never NULL for those */
    int nmaps;
};

/* An access method and an operator class: built-in rows and the extension's. */
struct am_def {
    uint32_t oid;
    const char *name;
    char type; /* t table, i index */
};
struct opclass_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid;
    uint32_t am;
    uint32_t intype;
    bool is_default;
    uint32_t family;
    uint32_t ordering_operator; /* vector classes: the distance operator of ORDER BY, else 0 */
    uint32_t owner;             /* 0: the bootstrap superuser */
    bool user;                  /* of CREATE OPERATOR CLASS: for the catalog, no index uses it */
};
/* Operator families, and their members, of CREATE OPERATOR CLASS and FAMILY. */
struct opfamily_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid, am, owner;
};
struct opfamily_member {
    uint32_t oid, family, left, right;
    int number;      /* strategy or support number */
    uint32_t object; /* pg_operator, or pg_proc */
    bool function;
    uint32_t sort_family; /* FOR ORDER BY, else 0 */
};

/*
 * Makes the picture of what db shows now: durable tables joined with sqlite_schema. database is the name clients know;
 * base (may be NULL) is the former snapshot, for the version count. Returns one reference; NULL with err set. Takes no lock
 * beyond a read of db; the caller sees to it that db is in the transaction whose picture is wanted.
 */
struct snapshot *snapshot_load(struct sqlite3 *db, const char *database,
                               const struct snapshot *base, struct error *err);

/* The same, trusting the metadata about tables that SQLite does not have yet: for DDL, which makes them from it. */
struct snapshot *snapshot_load_pending(struct sqlite3 *db, const char *database,
                                       const struct snapshot *base, struct error *err);

/*
 * The same, made from base and what log says has changed since, without reading what has not; file: of the changes in the file only, not
 * of temporary objects. base is a snapshot of the same connection, or of the database where file is set. NULL without an error where
 * it must be loaded all the same.
 */
struct snapshot *snapshot_follow(struct sqlite3 *db, const struct snapshot *base, const struct change_log *log, bool file,
                                 struct error *err);
/* base, which has none, with the temporary objects of db; base itself where there are none. One reference; NULL with err set. */
struct snapshot *snapshot_with_temporary(struct sqlite3 *db, const struct snapshot *base, struct error *err);
/* The picture after a command of log's transaction: followed from base where that is possible, loaded (pending) where not. log may be
   NULL. */
struct snapshot *snapshot_reload(struct sqlite3 *db, const char *database, const struct snapshot *base, const struct change_log *log,
                                 struct error *err);

/* --- references ---------------------------------------------------------------------- */
struct snapshot *snapshot_ref(const struct snapshot *s);
void snapshot_unref(const struct snapshot *s);
/* Grows by one with every published change; part of plan cache keys. */
uint64_t snapshot_version(const struct snapshot *s);
const char *snapshot_database(const struct snapshot *s);
/* The file has our metadata. */
bool snapshot_is_durable(const struct snapshot *s);

/* --- look-ups; NULL when there is none ----------------------------------------------- */
const struct namespace_def *snapshot_namespace(const struct snapshot *s, uint32_t oid);
const struct namespace_def *snapshot_namespace_named(const struct snapshot *s, const char *name);
/* Tables, views, sequences, indexes and pg_catalog/information_schema relations alike. */
const struct relation *snapshot_relation(const struct snapshot *s, uint32_t oid);
const struct relation *snapshot_relation_named(const struct snapshot *s, uint32_t namespace_oid,
                                               const char *name);
/* By its name in the SQLite file: to explain SQLite's error messages. */
const struct relation *snapshot_relation_sqlite(const struct snapshot *s, const char *sqlite_name);
const struct attribute *relation_attribute(const struct relation *r, const char *name);
/* A boolean option of CREATE VIEW ... WITH (security_barrier) and kin. */
bool relation_option_true(const struct relation *r, const char *name);

/* Does the relation have what is carried out row by row by the server: triggers, exclusion constraints, deferrable keys? */
bool relation_goes_by_rows(const struct relation *r);
/* A foreign key that the server keeps itself: SQLite's definition of it has no action and waits for COMMIT. So are those of
   tables that go by rows (their triggers must see the effects of actions), deferrable ones (SQLite knows no SET
   CONSTRAINTS), and those with actions SQLite does not have. */
bool foreign_key_is_managed(const struct constraint_def *c);
/* A partitioned table has part in it: SQLite's schema has nothing of it. */
bool foreign_key_is_partitioned(const struct constraint_def *c);
/* Does it check the rows of its table? Does it act on changes of the referenced table's? Not, where a related one does so. */
bool foreign_key_checks(const struct constraint_def *c);
bool foreign_key_acts(const struct constraint_def *c);

const struct type_def *snapshot_type(const struct snapshot *s, uint32_t oid);
const struct type_def *snapshot_type_named(const struct snapshot *s, uint32_t namespace_oid,
                                           const char *name);
/* The CHECK constraints of a domain and of the domains below it, in the order they are tested: the innermost domain's
   first, by name within one. Allocated in arena; returns their number, 0 for what is no domain. */
int snapshot_domain_checks(const struct snapshot *s, uint32_t type, struct arena *arena,
                           const struct constraint_def ***checks);
/* The DEFAULT of a domain as PostgreSQL SQL text; NULL if it has none or is no domain. */
const char *snapshot_type_default(const struct snapshot *s, uint32_t type);
const struct enum_label *snapshot_enum_labels(const struct snapshot *s, uint32_t type, int *n);
/* Text search objects by OID, and by name in a schema (the extension unaccent's dictionary too). */
const struct ts_dict_def *snapshot_ts_dict(const struct snapshot *s, uint32_t oid);
const struct ts_dict_def *snapshot_ts_dict_named(const struct snapshot *s, uint32_t namespace_oid, const char *name);
const struct ts_config_def *snapshot_ts_config(const struct snapshot *s, uint32_t oid);
const struct ts_config_def *snapshot_ts_config_named(const struct snapshot *s, uint32_t namespace_oid, const char *name);
/* Collations and conversions by OID, and by name in a schema. */
const struct pg_collation_def *snapshot_collation(const struct snapshot *s, uint32_t oid);
const struct pg_collation_def *snapshot_collation_named(const struct snapshot *s, uint32_t namespace_oid, const char *name);
const struct conversion_def *snapshot_conversion(const struct snapshot *s, uint32_t oid);
const struct conversion_def *snapshot_conversion_named(const struct snapshot *s, uint32_t namespace_oid, const char *name);
/* A schema's default conversion between two encodings. */
const struct conversion_def *snapshot_conversion_default(const struct snapshot *s, uint32_t namespace_oid, int from, int to);
/* The i-th built-in conversion (from 0) that the function carries out. */
const struct conversion_def *snapshot_conversion_of_function(uint32_t function, int i);
/* Of a range or multirange type that a user made; NULL for any other. */
const struct range_def *snapshot_range(const struct snapshot *s, uint32_t type);
const struct proc *snapshot_proc(const struct snapshot *s, uint32_t oid);
/* Calls visit for every function of that name in any schema (built-ins included) until it returns false. */
void snapshot_procs_named(const struct snapshot *s, const char *name,
                          bool (*visit)(void *arg, const struct proc *p), void *arg);
const struct operator_def *snapshot_operator(const struct snapshot *s, uint32_t oid);
void snapshot_operators_named(const struct snapshot *s, const char *name,
                              bool (*visit)(void *arg, const struct operator_def *o), void *arg);
const struct cast_def *snapshot_cast(const struct snapshot *s, uint32_t source, uint32_t target);
const struct constraint_def *snapshot_constraint(const struct snapshot *s, uint32_t oid);
const struct role_def *snapshot_role(const struct snapshot *s, uint32_t oid);
const struct role_def *snapshot_role_named(const struct snapshot *s, const char *name);
const struct extension_def *snapshot_extension_named(const struct snapshot *s, const char *name);

const struct am_def *snapshot_am(const struct snapshot *s, uint32_t oid);
const struct am_def *snapshot_am_named(const struct snapshot *s, const char *name);
const struct opclass_def *snapshot_opclass(const struct snapshot *s, uint32_t oid);
const struct opclass_def *snapshot_opclass_named(const struct snapshot *s, uint32_t am,
                                                 const char *name);
/* The default class of an access method for a type (arrays, enums ... through their pseudo-types); NULL if none. */
const struct opclass_def *snapshot_default_opclass(const struct snapshot *s, uint32_t am,
                                                   uint32_t type);
/* A comment: classoid is the pg_class oid of the catalog the object is in; NULL if none. */
const char *snapshot_comment(const struct snapshot *s, uint32_t object, uint32_t classoid, int sub);

/* By name, the order they fire in. */
const struct foreign_def *const *snapshot_foreign(const struct snapshot *s, int *n);
/* By kind and name; NULL. */
const struct foreign_def *snapshot_foreign_named(const struct snapshot *s, char kind, const char *name);
const struct foreign_def *snapshot_foreign_oid(const struct snapshot *s, uint32_t oid);
const struct foreign_def *snapshot_user_mapping(const struct snapshot *s, uint32_t server, uint32_t role);
/* A user's operator family. */
const struct opfamily_def *snapshot_opfamily(const struct snapshot *s, uint32_t oid);
const struct opfamily_def *snapshot_opfamily_named(const struct snapshot *s, uint32_t namespace_oid, uint32_t am, const char *name);
const struct event_trigger_def *const *snapshot_event_triggers(const struct snapshot *s, int *n);
/* NULL if there is none. */
const struct statistics_def *snapshot_statistics(const struct snapshot *s, uint32_t oid);
const struct statistics_def *snapshot_statistics_named(const struct snapshot *s, uint32_t namespace_oid, const char *name);
const struct event_trigger_def *snapshot_event_trigger_named(const struct snapshot *s, const char *name);

/* --- whole lists, for pg_catalog's rows and for \d ----------------------------------- */
const struct relation *const *snapshot_relations(const struct snapshot *s, int *n); /* user relations, all kinds */
const struct relation *const *snapshot_system_relations(const struct snapshot *s, int *n);
/* The durable table behind a relation of pg_catalog that UPDATE may change (pg_enum), NULL for any other; the column of it that may
   be set. Who changed such a table calls command_catalog_changed. */
const struct relation *system_relation_changeable(const struct relation *r);
bool system_column_changeable(const struct relation *r, const char *column);
const struct namespace_def *const *snapshot_namespaces(const struct snapshot *s, int *n);
const struct type_def *const *snapshot_types(const struct snapshot *s, int *n); /* user and extension types */
const struct proc *const *snapshot_procs(const struct snapshot *s, int *n);
const struct operator_def *const *snapshot_operators(const struct snapshot *s, int *n);
const struct cast_def *const *snapshot_casts(const struct snapshot *s, int *n);
/* Temporary tables with an ON COMMIT action. */
const struct relation *const *snapshot_on_commit(const struct snapshot *s, int *n);
const struct constraint_def *const *snapshot_constraints(const struct snapshot *s, int *n);
const struct role_def *const *snapshot_roles(const struct snapshot *s, int *n);
const struct extension_def *const *snapshot_extensions(const struct snapshot *s, int *n);

#endif
