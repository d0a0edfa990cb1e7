/*
 * utility_table.h: tables, their columns, constraints, partitions and indexes as utility statements define and change them:
 * parts of utility.h, which includes this; names and options, of which all of them are made.
 */
#ifndef PGF_ANALYZE_UTILITY_TABLE_H
#define PGF_ANALYZE_UTILITY_TABLE_H

#include "sql/analyze/tree.h"

/* A possibly qualified name. schema NULL: search path. */
struct qualified_name {
    const char *catalog, *schema, *name;
    int location;
};

/* name = value of an option list: WITH (...), EXPLAIN (...), COPY (...). value NULL: bare name. */
struct option {
    const char *name;
    const char *value; /* as written, strings unquoted, numbers as text */
    const char *const *list; /* a parenthesised list */
    int nlist;
    int location;
    char action; /* ALTER ... OPTIONS; 0 */
};

struct table_column {
    const char *name;
    uint32_t type;
    int32_t typmod;
    uint32_t collation;
    int ndims;
    bool notnull;
    int serial;            /* 0, or 2 4 8: make a sequence of that width and a nextval default */
    char identity;         /* 0 'a' 'd' */
    char generated;        /* 0 's' */
    struct expr *expr;     /* default or generation expression, analyzed; NULL */
    struct option *sequence_options; /* identity */
    int nsequence_options;
    char storage, compression;
    const char *comment; /* LIKE INCLUDING COMMENTS */
    struct option *fdw_options; /* of a foreign table's column */
    int nfdw_options;
    int inherited; /* from how many parents it comes */
    bool merged;   /* and the statement defines it too */
    bool conflicting; /* defaults of its parents differ */
    int location;
};

struct table_constraint {
    char type; /* c f p u x n (not null), or 'd' for the deferrability clause folded in */
    const char *name; /* NULL: chosen as PostgreSQL chooses */
    const char *const *columns;
    int ncolumns;
    const char *const *including;
    int nincluding;
    bool inherited; /* a parent's CHECK */
    bool merged;    /* and the statement defines it too */
    uint32_t parent; /* FOREIGN KEY of a partition: the partitioned table's constraint it follows; 0 */
    struct expr *check; /* over the table's columns: VAR rte 0; for new tables attnum in order of creation */
    struct qualified_name ref;
    const char *const *ref_columns; /* none: the primary key */
    int nref_columns;
    char on_update, on_delete, match;
    const char *const *set_columns; /* ON DELETE SET NULL (cols) */
    int nset_columns;
    bool deferrable, deferred, not_valid, no_inherit, nulls_not_distinct;
    const char *using_index;
    struct option *options;
    int noptions;
    /* EXCLUDE: what CREATE INDEX would have, and the operator of each key */
    const char *method;
    struct index_elem *elems;
    const struct operator_def **operators;
    int nelems;
    struct expr *where;
    const char *comment; /* LIKE INCLUDING COMMENTS: of a CHECK, or of a key's index */
    int location;
};

/* PARTITION BY: attnums are of the table's columns in order. */
struct partition_by {
    char strategy; /* l r h; 0: not partitioned */
    struct partition_by_column {
        const char *column; /* or NULL with expr */
        struct expr *expr;
        uint32_t type, collation;
        struct qualified_name opclass;
        int location;
    } *columns;
    int ncolumns;
};
/* FOR VALUES ... or DEFAULT. Values are coerced to the key's type, not yet computed. */
struct partition_for {
    char strategy; /* l r h; 0: DEFAULT */
    struct partition_value {
        char kind; /* v value, n NULL, - MINVALUE, + MAXVALUE */
        struct expr *expr;
        int location;
    } *lower, *upper; /* list: lower alone */
    int nlower, nupper;
    int modulus, remainder, location;
};

struct create_table {
    struct qualified_name name;
    char persistence; /* p u t */
    bool if_not_exists;
    char on_commit; /* 0 noop, p preserve, d delete rows, D drop */
    struct table_column *columns;
    int ncolumns;
    struct table_constraint *constraints;
    int nconstraints;
    struct option *options;
    int noptions;
    const char *access_method, *tablespace;
    /* INHERITS and PARTITION OF: the parents' columns and checks are among those above. */
    const uint32_t *parents;
    int nparents;
    bool is_partition;
    struct partition_for bound;
    struct partition_by partition_by;
    const char *server; /* CREATE FOREIGN TABLE; else NULL */
    struct option *foreign_options;
    int nforeign_options;
    uint32_t of_type; /* CREATE TABLE OF: its columns are among those above */
    /* LIKE: columns and most constraints are among those above; indexes and statistics objects are still to be copied. */
    struct like_source {
        uint32_t relid;
        bool indexes, statistics, comments;
    } *likes;
    int nlikes;
};

struct index_elem {
    const char *column; /* or NULL with expr */
    struct expr *expr;
    uint32_t collation;            /* 0: default */
    struct qualified_name opclass; /* name NULL: default */
    struct option *opclass_options;
    int nopclass_options;
    int ordering; /* 0 default 1 asc 2 desc */
    int nulls;    /* 0 default 1 first 2 last */
    const char *name; /* column name for the index, or NULL */
};
struct create_index {
    const char *name; /* NULL: chosen */
    struct qualified_name table;
    const char *method; /* "btree" by default */
    struct index_elem *elems;
    int nelems;
    const char *const *including;
    int nincluding;
    struct expr *where;
    struct option *options;
    int noptions;
    bool unique, concurrently, if_not_exists, nulls_not_distinct, only;
};

enum alter_kind {
    ALTER_ADD_COLUMN, ALTER_DROP_COLUMN, ALTER_TYPE, ALTER_SET_DEFAULT, ALTER_DROP_DEFAULT, ALTER_SET_NOT_NULL,
    ALTER_DROP_NOT_NULL, ALTER_ADD_CONSTRAINT, ALTER_DROP_CONSTRAINT, ALTER_VALIDATE_CONSTRAINT, ALTER_CONSTRAINT,
    ALTER_ADD_IDENTITY, ALTER_SET_IDENTITY, ALTER_DROP_IDENTITY, ALTER_DROP_EXPRESSION, ALTER_SET_STATISTICS,
    ALTER_SET_STORAGE, ALTER_SET_OPTIONS, ALTER_RESET_OPTIONS, ALTER_OWNER, ALTER_CLUSTER_ON, ALTER_SET_LOGGED,
    ALTER_SET_UNLOGGED, ALTER_REPLICA_IDENTITY, ALTER_ENABLE_TRIGGER, ALTER_DISABLE_TRIGGER, ALTER_ENABLE_RLS,
    ALTER_DISABLE_RLS, ALTER_FORCE_RLS, ALTER_NO_FORCE_RLS, ALTER_ATTACH_PARTITION, ALTER_DETACH_PARTITION,
    ALTER_SET_COMPRESSION, ALTER_ENABLE_ALWAYS_TRIGGER, ALTER_ENABLE_REPLICA_TRIGGER,
    ALTER_INHERIT, ALTER_NO_INHERIT, ALTER_OF, ALTER_NOT_OF, ALTER_FOREIGN_OPTIONS
};
struct alter_cmd {
    enum alter_kind kind;
    const char *name; /* column, constraint, trigger */
    struct table_column column; /* ADD COLUMN, ALTER TYPE (type), SET DEFAULT (expr), ADD IDENTITY */
    struct table_constraint constraint;
    struct expr *using_expr; /* ALTER TYPE ... USING */
    bool cascade, missing_ok;
    struct option *options;
    int noptions;
    const char *value; /* owner's name, storage... */
    struct qualified_name other; /* ATTACH, DETACH, INHERIT: the other table */
    struct partition_for bound;  /* ATTACH PARTITION */
    bool concurrently;
    bool recursing; /* a child follows its parent */
};

#endif
