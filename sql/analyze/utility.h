/*
 * utility.h: utility statements as plain structs: what command/ and session/ carry out. Analysis fills
 * them from the raw tree and checks everything that needs no look at the data; expressions that are stored
 * come as PostgreSQL SQL text, deparsed from their analyzed form (emit/deparse is called by command/).
 */
#ifndef PGF_ANALYZE_UTILITY_H
#define PGF_ANALYZE_UTILITY_H

#include "sql/analyze/utility_table.h"
#include "sql/types/ts_dict.h"

enum utility_kind {
    UTILITY_TRANSACTION, UTILITY_SET, UTILITY_SHOW, UTILITY_SET_CONSTRAINTS, UTILITY_PREPARE, UTILITY_EXECUTE,
    UTILITY_DEALLOCATE, UTILITY_DECLARE, UTILITY_FETCH, UTILITY_CLOSE, UTILITY_EXPLAIN, UTILITY_COPY,
    UTILITY_CREATE_TABLE, UTILITY_CREATE_TABLE_AS, UTILITY_CREATE_INDEX, UTILITY_CREATE_VIEW, UTILITY_CREATE_SEQUENCE,
    UTILITY_ALTER_SEQUENCE, UTILITY_CREATE_SCHEMA, UTILITY_CREATE_TYPE, UTILITY_CREATE_DOMAIN, UTILITY_ALTER_ENUM,
    UTILITY_CREATE_EXTENSION, UTILITY_ALTER_EXTENSION, UTILITY_CREATE_DATABASE, UTILITY_DROP_DATABASE, UTILITY_CREATE_ROLE, UTILITY_ALTER_ROLE,
    UTILITY_DROP_ROLE, UTILITY_GRANT, UTILITY_ALTER_TABLE, UTILITY_RENAME, UTILITY_SET_SCHEMA, UTILITY_OWNER,
    UTILITY_DROP, UTILITY_TRUNCATE, UTILITY_COMMENT, UTILITY_VACUUM, UTILITY_REINDEX, UTILITY_CLUSTER, UTILITY_LOCK, UTILITY_DISCARD,
    UTILITY_LISTEN, UTILITY_UNLISTEN, UTILITY_NOTIFY, UTILITY_CHECKPOINT, UTILITY_DO, UTILITY_CALL, UTILITY_REFRESH,
    UTILITY_LOAD, UTILITY_ALTER_SYSTEM, UTILITY_SECURITY_LABEL, UTILITY_CREATE_FUNCTION, UTILITY_ALTER_FUNCTION,
    UTILITY_CREATE_AGGREGATE, UTILITY_CREATE_OPERATOR, UTILITY_CREATE_CAST, UTILITY_TEXT_SEARCH, UTILITY_COLLATION,
    UTILITY_DEFAULT_PRIVILEGES, UTILITY_ROLE_SETTING, UTILITY_REASSIGN_OWNED, UTILITY_DROP_OWNED, UTILITY_CREATE_POLICY,
    UTILITY_ALTER_POLICY,
    UTILITY_CREATE_EVENT_TRIGGER, UTILITY_ALTER_EVENT_TRIGGER,
    UTILITY_CREATE_TRIGGER,
    UTILITY_ALTER_DOMAIN, UTILITY_CREATE_RULE, UTILITY_FOREIGN, UTILITY_CREATE_OPCLASS, UTILITY_CREATE_OPFAMILY,
    UTILITY_ALTER_OPFAMILY,
    UTILITY_CREATE_STATISTICS, UTILITY_ALTER_STATISTICS, UTILITY_DEPENDS
};

enum transaction_kind {
    TXN_BEGIN, TXN_START, TXN_COMMIT, TXN_ROLLBACK, TXN_SAVEPOINT, TXN_RELEASE, TXN_ROLLBACK_TO, TXN_PREPARE,
    TXN_COMMIT_PREPARED, TXN_ROLLBACK_PREPARED
};
struct transaction_modes {
    const char *isolation; /* "read committed" ..., NULL unset */
    int read_only;         /* -1 unset, 0, 1 */
    int deferrable;        /* -1 unset */
};

enum set_kind { SET_VALUE, SET_DEFAULT, SET_CURRENT, SET_MULTI_TRANSACTION, SET_MULTI_SESSION_CHARACTERISTICS, SET_SNAPSHOT,
                SET_RESET, SET_RESET_ALL };

/* A parameter of CREATE FUNCTION. mode: i in, o out, b inout, v variadic, t a column of RETURNS TABLE. */
struct routine_param {
    const char *name; /* "" unnamed */
    uint32_t type;
    char mode;
    struct expr *def; /* or NULL */
};
/* SET name = value of a function: kind is SET_VALUE, SET_DEFAULT, SET_CURRENT, SET_RESET or SET_RESET_ALL. */
struct routine_setting {
    enum set_kind kind;
    const char *name, *value;
};
struct routine_options {
    char volatility, parallel;              /* 0 unset */
    signed char strict, secdef, leakproof; /* -1 unset */
    double cost, rows;                      /* 0 unset */
    struct routine_setting *settings;
    int nsettings;
};
struct create_function {
    struct qualified_name name;
    bool procedure, replace, table, window;
    struct routine_param *params;
    int nparams;
    uint32_t out_type; /* what OUT parameters make the result; 0 none */
    uint32_t rettype;
    bool retset;
    const char *language, *body, *symbol;
    struct routine_options options;
    /* SQL-standard body: its statements analyzed; atomic: BEGIN ATOMIC ... END. */
    bool atomic;
    struct query **queries;
    int nqueries;
};

struct create_trigger {
    const char *name;
    struct qualified_name table, function, from; /* from: name NULL without FROM */
    int type;                                    /* TRIGGER_ bits */
    bool replace, constraint, deferrable, deferred;
    const char *const *columns; /* UPDATE OF */
    int ncolumns;
    const char *const *args;
    int nargs;
    struct expr *when; /* over OLD (entry 0) and NEW (entry 1); NULL */
    const char *old_table, *new_table;
};

struct create_statistics {
    struct qualified_name name, table; /* name.name NULL: chosen */
    bool if_not_exists;                /* ALTER: missing_ok */
    const char *const *kinds;
    int nkinds;
    struct index_elem *elems;
    int nelems;
    int target; /* ALTER */
};

/* What kind of object DROP, COMMENT, RENAME, OWNER, GRANT speak of. */
enum object_kind {
    OBJECT_TABLE, OBJECT_VIEW, OBJECT_MATVIEW, OBJECT_INDEX, OBJECT_SEQUENCE, OBJECT_SCHEMA, OBJECT_TYPE, OBJECT_DOMAIN,
    OBJECT_EXTENSION, OBJECT_FUNCTION, OBJECT_PROCEDURE, OBJECT_AGGREGATE, OBJECT_OPERATOR, OBJECT_CAST, OBJECT_TRIGGER,
    OBJECT_RULE, OBJECT_POLICY, OBJECT_COLUMN, OBJECT_CONSTRAINT, OBJECT_DOMAIN_CONSTRAINT, OBJECT_TS_CONFIG, OBJECT_TS_DICT, OBJECT_DATABASE, OBJECT_ROLE,
    OBJECT_COLLATION, OBJECT_LANGUAGE, OBJECT_STATISTICS, OBJECT_ROUTINE, OBJECT_EVENT_TRIGGER, OBJECT_FDW, OBJECT_FOREIGN_SERVER, OBJECT_FOREIGN_TABLE,
    OBJECT_OPCLASS, OBJECT_OPFAMILY, OBJECT_LARGE_OBJECT, OBJECT_ACCESS_METHOD, OBJECT_TABLESPACE, OBJECT_TS_PARSER, OBJECT_TS_TEMPLATE, OBJECT_CONVERSION, OBJECT_OTHER
};
struct object_ref {
    struct qualified_name name;
    const char *sub; /* column, constraint, trigger */
    uint32_t oid;    /* functions: found by signature; 0 missing (IF EXISTS) */
    uint32_t types[2]; /* operators, casts; 0: NONE */
    const char *type_texts[2];
    const char *signature, *missing_type; /* functions: as messages name them; the type that does not exist */
    const struct proc *proc; /* GRANT ON FUNCTION: the one meant */
};

/* CREATE and ALTER TEXT SEARCH DICTIONARY and CONFIGURATION. */
struct text_search {
    struct qualified_name name;
    char form; /* d, c: CREATE DICTIONARY, CONFIGURATION; D, C: ALTER */
    struct qualified_name template, parser, copy; /* name NULL: not given */
    struct ts_option *options; /* of a dictionary; value NULL: taken away by ALTER */
    int noptions;
    const char *const *tokens; /* types of tokens of ALTER MAPPING; 0: of all */
    int ntokens;
    struct qualified_name *dicts;
    int ndicts;
    bool drop, override, replace, missing_ok; /* of ALTER MAPPING: DROP, ALTER ... WITH, REPLACE */
};

/* CREATE TYPE ... AS RANGE; names not given have no name. */
struct create_range {
    uint32_t subtype, collation;
    struct qualified_name opclass, canonical, subdiff, multirange;
};

/* Statements about wrappers, servers and user mappings. */
struct foreign_stmt {
    char kind;   /* w s u, as struct foreign_def's */
    char action; /* c create, a alter, d drop (user mappings only) */
    const char *name; /* a mapping: the server's */
    const char *role; /* a mapping's */
    const char *wrapper, *type, *version;
    bool missing_ok;  /* IF EXISTS, IF NOT EXISTS */
    bool has_version; /* ALTER SERVER VERSION */
    bool has_handler, has_validator;
    struct qualified_name handler, validator; /* name NULL: NO HANDLER */
    struct option *options;
    int noptions;
};

struct create_rule {
    const char *name;
    struct qualified_name table;
    char event; /* as struct rule_def's; 1: SELECT */
    bool instead, replace;
    struct expr *qual;      /* parameters stand for old and new: see rule_param_name */
    struct query **actions;
    int nactions;
    struct query *select;   /* ON SELECT: its one action */
};

/* CREATE OPERATOR CLASS; CREATE and ALTER OPERATOR FAMILY. */
struct create_opclass {
    struct qualified_name name, family; /* family: name NULL: none given */
    const char *method;
    uint32_t type, storage; /* storage 0: none */
    bool is_default, drop; /* ALTER ... DROP */
    struct opclass_item {
        char kind; /* o operator, f function */
        int number;
        struct qualified_name name, sort_family;
        uint32_t types[2]; /* an operator's arguments, the class's types of a function; 0: not given */
        int ntypes;
        uint32_t function;
        const char *signature;
    } *items;
    int nitems;
};

struct create_aggregate {
    /* Functions with name NULL are not given. */
    struct qualified_name name, transfn, finalfn, combinefn, serialfn, deserialfn, mtransfn, minvtransfn, mfinalfn, sortop;
    bool replace, oldstyle, has_basetype, final_extra, mfinal_extra, hypothetical;
    char final_modify, mfinal_modify; /* as in pg_aggregate, 0 not given */
    const char *parallel;             /* as written, NULL not given */
    uint32_t transtype, mtranstype;
    int64_t transspace, mtransspace;
    const char *initval, *minitval;
    uint32_t *argtypes;
    const char **argnames; /* NULL in the old style */
    int nargs;
    int ndirect;       /* arguments before ORDER BY, -1 without it */
    uint32_t variadic; /* element type of the last argument, ANYOID for "any", 0 not variadic */
};

/* CREATE TYPE of a base type; functions with name NULL and letters 0 are not given. */
struct create_base {
    struct qualified_name input, output, receive, send, typmod_in, typmod_out, analyze, subscript;
    uint32_t like, element;
    int length; /* -1 variable */
    char category, delimiter, align, storage;
    bool has_length, has_byval, byval, preferred, collatable;
    const char *def;
};

/* CREATE COLLATION and CONVERSION, ALTER COLLATION. */
struct create_collation {
    struct qualified_name name;
    char form; /* c CREATE COLLATION, r REFRESH VERSION, v CREATE CONVERSION */
    bool if_not_exists, nondeterministic;
    uint32_t copy; /* FROM, 0 */
    const char *locale, *collate, *ctype, *provider, *version;
    const char *from, *to; /* a conversion's encodings */
    struct qualified_name function;
    bool is_default;
};

struct create_operator {
    struct qualified_name name, function, commutator, negator, restrict_fn, join_fn;
    uint32_t left, right;
    bool merges, hashes;
};

struct create_cast {
    uint32_t source, target;
    char context, method; /* as in pg_cast */
    struct qualified_name function;
    uint32_t *argtypes;
    int nargs;
};

/* VACUUM t, ANALYZE t (a, b): columns NULL without a list. */
struct vacuum_table {
    struct qualified_name name;
    const int16_t *columns; /* attnums */
    int ncolumns;
};

struct utility {
    enum utility_kind kind;
    const char *tag; /* command tag: "CREATE TABLE" */
    int location;
    union {
        struct {
            enum transaction_kind kind;
            const char *name; /* savepoint, gid */
            struct transaction_modes modes;
            bool chain;
        } transaction;
        struct {
            enum set_kind kind;
            const char *name;
            const char *value; /* flattened as PostgreSQL does (lists joined with ", ") */
            bool local;
            struct transaction_modes modes;
        } set;
        struct {
            const char *name; /* "all" for SHOW ALL */
        } show;
        struct {
            bool all, deferred;
            struct qualified_name *names;
            int n;
        } set_constraints;
        struct {
            const char *name;
            const uint32_t *types; /* declared parameter types */
            int ntypes;
            const struct raw_stmt *statement;
            struct query *query; /* analyzed, with all parameter types inferred in params */
            uint32_t *params;
            int nparams;
            const char *text; /* source of the whole PREPARE */
        } prepare;
        struct {
            const char *name;
            struct expr_list args; /* unanalyzed types: coerced to the statement's parameter types by session/ */
        } execute;
        struct {
            const char *name; /* NULL: ALL */
        } deallocate;
        struct {
            const char *name;
            struct query *query;
            bool binary, scroll, no_scroll, hold, insensitive;
            const char *text;
        } declare;
        struct {
            const char *cursor;
            int direction; /* 0 forward 1 backward 2 absolute 3 relative */
            int64_t count; /* INT64_MAX: ALL */
            bool move;
        } fetch;
        struct {
            const char *name; /* NULL: ALL */
        } close;
        struct {
            struct query *query;
            struct option *options;
            int noptions;
        } explain;
        struct {
            struct qualified_name table; /* name NULL with query */
            struct query *query;
            const char *const *columns;
            int ncolumns;
            bool from, program;
            const char *file; /* NULL: STDIN/STDOUT */
            struct option *options;
            int noptions;
            struct expr *where;
        } copy;
        struct create_table create_table;
        struct {
            struct qualified_name name;
            const char *const *columns;
            int ncolumns;
            struct query *query; /* NULL: rows are those of a prepared statement */
            const char *execute;
            struct expr_list execute_args;
            const char *query_text;
            char persistence, on_commit;
            bool if_not_exists, with_no_data, materialized;
            struct option *options;
            int noptions;
        } create_table_as;
        struct create_index create_index;
        struct create_trigger create_trigger;
        struct {
            const char *name, *event;
            const char *const *tags; /* upper case; none: any */
            int ntags;
            struct qualified_name function;
            char enabled; /* ALTER */
        } event_trigger;
        struct {
            struct qualified_name name;
            const char *const *columns;
            int ncolumns;
            struct query *query;
            const char *query_text;
            bool replace;
            char persistence;
            char check_option; /* 0 l c */
            struct option *options;
            int noptions;
        } create_view;
        struct {
            struct qualified_name name;
            char persistence;
            bool if_not_exists; /* ALTER: missing_ok */
            struct option *options; /* "increment" "minvalue" ... "owned_by" (list) "as" */
            int noptions;
        } sequence; /* CREATE and ALTER */
        struct {
            const char *name; /* NULL: AUTHORIZATION's */
            const char *owner;
            bool if_not_exists;
            const struct raw_stmt *const *elements;
            int nelements;
        } create_schema;
        struct {
            struct qualified_name name;
            char kind; /* e enum, c composite, r range, s shell, b base */
            const char *const *labels;
            int nlabels;
            struct table_column *columns;
            int ncolumns;
            struct create_range range;
            struct create_base base;
        } create_type;
        struct {
            struct qualified_name name;
            uint32_t basetype;
            int32_t typmod;
            uint32_t collation;
            struct expr *default_expr;
            struct table_constraint *constraints;
            int nconstraints;
            bool notnull;
        } create_domain;
        struct {
            struct qualified_name name;
            char form; /* T default, N drop not null, O set not null, C add, X drop, V validate constraint */
            struct expr *default_expr; /* NULL: DROP DEFAULT */
            struct table_constraint constraint;
            const char *constraint_name;
            bool missing_ok;
        } alter_domain;
        struct {
            struct qualified_name name;
            const char *old_label, *new_label, *neighbour;
            bool after, if_not_exists;
        } alter_enum;
        struct create_aggregate create_aggregate;
        struct text_search text_search;
        struct create_collation create_collation;
        struct create_operator create_operator;
        struct foreign_stmt foreign;
        struct create_rule create_rule;
        struct create_opclass create_opclass;
        struct create_cast create_cast;
        struct create_statistics create_statistics; /* and ALTER */
        struct {
            const char *name;
            bool if_not_exists;
            struct option *options; /* schema new_version cascade */
            int noptions;
        } create_extension; /* and ALTER EXTENSION ... UPDATE */
        struct {
            const char *name;
            bool missing_ok;
            struct option *options;
            int noptions;
        } database;
        struct {
            const char *const *names; /* DROP ROLE has several */
            int n;
            bool missing_ok;
            char kind; /* r role, u user, g group */
            struct option *options;
            int noptions;
        } role;
        struct {
            bool grant, grant_option, cascade, all_in_schema, roles; /* roles: GRANT role TO role */
            enum object_kind object;
            const char *const *privileges; /* none: ALL */
            const char *const *const *columns;
            int nprivileges;
            struct object_ref *objects;
            int nobjects;
            const char *const *grantees; /* "public" lower case for PUBLIC */
            int ngrantees;
            const char *object_word; /* "relation", "foreign-data wrapper" */
            const char *granted_by;  /* of a role grant; NULL */
            /* ALTER DEFAULT PRIVILEGES: whose new objects, and where; none: the current role's, anywhere. */
            const char *const *for_roles, *const *schemas;
            int nfor_roles, nschemas;
        } grant; /* also UTILITY_DEFAULT_PRIVILEGES */
        struct {
            const char *role, *database; /* NULL: all */
            enum set_kind kind;
            const char *name, *value;
        } role_setting; /* ALTER ROLE SET, ALTER DATABASE SET */
        struct {
            const char *const *roles;
            int nroles;
            const char *to; /* REASSIGN */
            bool cascade;
        } owned; /* DROP OWNED, REASSIGN OWNED */
        struct {
            const char *name;
            struct qualified_name table;
            char command; /* * r a w d */
            bool permissive;
            const char *const *roles; /* NULL: not given */
            int nroles;
            struct expr *using_expr, *check; /* over the table's columns */
        } policy; /* CREATE and ALTER POLICY */
        struct {
            struct qualified_name table;
            enum object_kind object;
            bool missing_ok, only;
            struct alter_cmd *cmds;
            int ncmds;
        } alter_table;
        struct {
            enum object_kind object;
            struct object_ref ref;
            const char *new_name;
            bool missing_ok, only;
        } rename; /* also SET SCHEMA and OWNER TO: new_name */
        struct {
            enum object_kind object;
            struct object_ref *refs;
            int nrefs;
            bool missing_ok, cascade, concurrently;
        } drop;
        struct {
            struct qualified_name *tables;
            int ntables;
            bool *only; /* per table */
            bool restart, cascade;
        } truncate;
        struct {
            enum object_kind object;
            struct object_ref ref;
            const char *comment; /* NULL removes */
        } comment;
        struct {
            bool vacuum; /* else ANALYZE */
            struct vacuum_table *tables;
            int ntables;
            struct option *options;
            int noptions;
        } vacuum;
        struct {
            char kind; /* i t s d y */
            struct qualified_name name;
            bool concurrently;
        } reindex;
        struct {
            struct qualified_name table; /* name NULL: all clustered tables */
            const char *index;           /* NULL: the one used last */
        } cluster;
        struct {
            struct qualified_name *tables;
            int ntables;
            int mode;
            bool nowait;
        } lock;
        struct {
            char what; /* a all, p plans, s sequences, t temp */
        } discard;
        struct {
            const char *channel, *payload; /* UNLISTEN *: channel NULL */
        } notify;
        struct create_function create_function;
        struct {
            uint32_t oid;
            struct routine_options options;
        } alter_function;
        struct {
            const char *language, *body;
        } do_block;
        struct {
            struct expr *call; /* its arguments are the procedure's input */
            struct call_output {
                struct expr *arg; /* as written for an OUT or INOUT parameter */
                const char *name;
                uint32_t type;
            } *outs;
            int nouts;
        } call;
        struct {
            struct qualified_name name;
            bool concurrently, with_no_data;
        } refresh;
    };
};

#endif
