/*
 * tree.h: the typed tree. What analysis makes of a statement, what the plan passes rewrite, what the
 * printers read. Names follow PostgreSQL's parse tree where the thing is the same.
 *
 * Every node lives in the statement's arena. Every expression has a PostgreSQL type. Nothing
 * here refers to libpg_query or SQLite.
 *
 * References to columns point at range table entries of the query `levelsup` levels out. Columns of joins
 * are resolved by analysis to the columns (or coalesce) they stand for: no join alias variables.
 */
#ifndef PGF_ANALYZE_TREE_H
#define PGF_ANALYZE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/catalog/snapshot.h"
#include "sql/types/value.h"

struct query;
struct rte;
struct expr;

/* A list of expressions. */
struct expr_list {
    struct expr **items;
    int n;
};

enum expr_kind {
    EXPR_POISON, /* an error was reported; propagates silently */
    EXPR_CONST,
    EXPR_PARAM,     /* $n */
    EXPR_VAR,       /* a column of a range table entry */
    EXPR_WHOLE_ROW, /* t.* as one value, of the row type */
    EXPR_FUNC,      /* function call, also those made by casts */
    EXPR_OP,        /* operator: calls its function; kept apart for index use and deparsing */
    EXPR_AGG,
    EXPR_WINDOW,
    EXPR_GROUPING, /* GROUPING(...) */
    EXPR_BOOL,     /* AND OR NOT */
    EXPR_CASE,
    EXPR_CASE_TEST, /* inside WHEN of a simple CASE, and value under test of a domain check */
    EXPR_COALESCE,
    EXPR_NULLIF,
    EXPR_MINMAX,    /* GREATEST LEAST */
    EXPR_NULL_TEST, /* IS [NOT] NULL */
    EXPR_BOOL_TEST, /* IS [NOT] TRUE/FALSE/UNKNOWN */
    EXPR_DISTINCT,  /* IS [NOT] DISTINCT FROM */
    EXPR_ARRAY_OP,  /* x op ANY/ALL (array) */
    EXPR_SUBLINK,
    EXPR_ARRAY, /* ARRAY[...] */
    EXPR_ROW,   /* ROW(...) */
    EXPR_ROW_COMPARE,
    EXPR_RELABEL,      /* binary-coercible cast: only the type changes */
    EXPR_COERCE_IO,    /* cast through text output and input */
    EXPR_ARRAY_COERCE, /* element-wise cast */
    EXPR_COERCE_DOMAIN,
    EXPR_SUBSCRIPT, /* container[i][j:k] */
    EXPR_FIELD,     /* (composite).field */
    EXPR_COLLATE,
    EXPR_SQL_VALUE, /* CURRENT_DATE and kin */
    EXPR_DEFAULT,   /* DEFAULT in INSERT/UPDATE, replaced by analysis before it ends */
    EXPR_CURRENT_OF
};

enum bool_kind { BOOL_AND, BOOL_OR, BOOL_NOT };
enum bool_test_kind { TEST_TRUE, TEST_NOT_TRUE, TEST_FALSE, TEST_NOT_FALSE, TEST_UNKNOWN, TEST_NOT_UNKNOWN };
enum sublink_kind { SUBLINK_EXISTS, SUBLINK_ANY, SUBLINK_ALL, SUBLINK_EXPR, SUBLINK_ARRAY, SUBLINK_ROW_COMPARE };
enum coercion_form { COERCE_CALL, COERCE_EXPLICIT, COERCE_IMPLICIT, COERCE_SQL_SYNTAX }; /* how to deparse it; the last: EXTRACT(x FROM y) and kin */
enum sql_value_kind {
    SQL_VALUE_CURRENT_DATE, SQL_VALUE_CURRENT_TIME, SQL_VALUE_CURRENT_TIMESTAMP, SQL_VALUE_LOCALTIME,
    SQL_VALUE_LOCALTIMESTAMP, SQL_VALUE_CURRENT_ROLE, SQL_VALUE_CURRENT_USER, SQL_VALUE_USER,
    SQL_VALUE_SESSION_USER, SQL_VALUE_CURRENT_CATALOG, SQL_VALUE_CURRENT_SCHEMA
};

struct case_when {
    struct expr *cond;
    struct expr *result;
};

struct sort_item {
    struct expr *expr;
    int target; /* index + 1 in the target list when the item is one of its entries, else 0 */
    bool desc, nulls_first;
    const struct operator_def *lt; /* the ordering operator (USING) */
    const struct operator_def *eq;
};
struct sort_list {
    struct sort_item *items;
    int n;
};

enum frame_mode { FRAME_RANGE, FRAME_ROWS, FRAME_GROUPS };
enum frame_bound { BOUND_UNBOUNDED_PRECEDING, BOUND_PRECEDING, BOUND_CURRENT_ROW, BOUND_FOLLOWING,
                   BOUND_UNBOUNDED_FOLLOWING };
enum frame_exclude { EXCLUDE_NONE, EXCLUDE_CURRENT_ROW, EXCLUDE_GROUP, EXCLUDE_TIES };

struct window_def {
    const char *name; /* of WINDOW clause entries, NULL for inline ones */
    const char *refname;
    struct expr_list partition;
    struct sort_list order;
    bool copied_order; /* order is refname's */
    bool framed;       /* a frame clause was written */
    bool between;      /* with BETWEEN */
    enum frame_mode mode;
    enum frame_bound start, end;
    struct expr *start_offset, *end_offset;
    enum frame_exclude exclude;
};

struct subscript {
    bool slice;
    struct expr *lower, *upper; /* slice bounds may be NULL; a plain subscript is `upper` */
};

struct expr {
    enum expr_kind kind;
    uint32_t type;
    int32_t typmod;
    uint32_t collation; /* of the result, 0 if the type has none */
    int location;       /* byte offset in the statement, -1 unknown */
    union {
        struct {
            struct value value; /* storage form; VALUE_NULL for NULL */
            bool hoistable;     /* may become a parameter in the plan cache */
            int literal;        /* 1 + number of the literal in the normalised text, 0 none */
        } constant;
        struct {
            int number; /* 1-based */
        } param;
        struct {
            int rte; /* index in the range table of that query */
            int levelsup;
            int attnum; /* 1-based; for relations pg_attribute.attnum; negative: system column */
        } var; /* also EXPR_WHOLE_ROW, attnum 0 */
        struct {
            const struct proc *proc;
            const struct operator_def *op; /* EXPR_OP */
            struct expr_list args;         /* defaults filled in, variadic arguments packed or left */
            bool variadic;                 /* written with VARIADIC */
            int ndefaulted;                /* how many of them were not written */
            const int *written;            /* with argument names: the places of the written ones in their order, or NULL */
            int npositional;               /* how many of those have no name */
            enum coercion_form form;
            uint32_t input_collation;
            float likelihood; /* plan/pass_likelihood.c: share of rows it is true of, for SQLite's planner; 0 not known; negative: no index */
        } func; /* EXPR_FUNC, EXPR_OP, EXPR_NULLIF, EXPR_DISTINCT (negated: `negated`), EXPR_ARRAY_OP's operator */
        struct {
            const struct proc *proc;
            struct expr_list args;   /* aggregated arguments */
            struct expr_list direct; /* WITHIN GROUP: direct arguments */
            struct sort_list order;
            struct expr *filter;
            bool distinct, star, within_group, variadic;
            int levelsup;
            uint32_t input_collation;
            const struct window_def *over; /* EXPR_WINDOW */
        } agg; /* EXPR_AGG, EXPR_WINDOW (window functions and aggregates with OVER) */
        struct {
            struct expr_list args;
            int levelsup;
        } grouping;
        struct {
            enum bool_kind op;
            struct expr_list args;
        } boolean;
        struct {
            struct expr *arg; /* simple CASE: the tested value, else NULL */
            struct case_when *whens;
            int nwhens;
            struct expr *otherwise; /* never NULL: a NULL constant if ELSE is absent */
        } kase;
        struct {
            struct expr_list args;
            bool least;     /* EXPR_MINMAX */
            bool cast_form; /* EXPR_ROW: written with the cast to its type */
        } list; /* EXPR_COALESCE, EXPR_MINMAX, EXPR_ROW, EXPR_ARRAY */
        struct {
            struct expr *arg;
            bool negated;           /* IS NOT NULL */
            bool row;               /* the argument is composite: SQL's row rules */
            enum bool_test_kind test;
        } test; /* EXPR_NULL_TEST, EXPR_BOOL_TEST */
        struct {
            struct expr *left, *right;
            const struct operator_def *op;
            bool negated;    /* EXPR_DISTINCT: IS NOT DISTINCT FROM; */
            bool any;        /* EXPR_ARRAY_OP: ANY (true) or ALL */
            bool in_list;    /* EXPR_ARRAY_OP made from x IN (a, b, ...): right is EXPR_ARRAY */
            uint32_t input_collation;
        } binary; /* EXPR_DISTINCT, EXPR_NULLIF, EXPR_ARRAY_OP */
        struct {
            enum sublink_kind sublink;
            struct query *query;
            struct expr_list left;                 /* ANY/ALL/ROW_COMPARE: left row */
            const struct operator_def *const *ops; /* one per left column */
            int compare; /* several columns: 1 <, 2 <=, 3 =, 4 >=, 5 >, 6 <> */
            const char *op_name;
            bool negated;
        } sublink;
        struct {
            struct expr_list left, right;
            const struct operator_def *const *ops;
            int compare; /* 1 <, 2 <=, 3 =, 4 >=, 5 >, 6 <> */
        } row_compare;
        struct {
            struct expr *arg;
            enum coercion_form form;
            /* EXPR_ARRAY_COERCE: cast of one element, its input EXPR_CASE_TEST. EXPR_COERCE_DOMAIN: EXPR_ROW of the
               checks in the order of snapshot_domain_checks(), VALUE being EXPR_CASE_TEST; NULL: none. */
            struct expr *element;
            uint32_t collation;   /* EXPR_COLLATE */
        } cast; /* EXPR_RELABEL, COERCE_IO, ARRAY_COERCE, COERCE_DOMAIN, COLLATE */
        struct {
            struct expr *arg;
            struct subscript *subscripts;
            int n;
            struct expr *assign; /* UPDATE SET a[i] = value: the new value; type = container */
        } subscript;
        struct {
            struct expr *arg;
            int field; /* 1-based */
            const char *name;
            struct expr *assign;
        } field;
        struct {
            enum sql_value_kind which;
        } sql_value; /* precision is in typmod */
        struct {
            const char *cursor;
            struct expr *variable; /* a refcursor variable with the name; NULL */
        } current_of;
    };
};

enum rte_kind { RTE_RELATION, RTE_SUBQUERY, RTE_FUNCTION, RTE_VALUES, RTE_CTE, RTE_ROWSET };

/* The transition tables of the trigger whose function runs the statement, as numbers of rowsets. */
#define ROWSET_TRANSITION_OLD 1000000
#define ROWSET_TRANSITION_NEW 1000001

struct column_def {
    const char *name;
    uint32_t type;
    int32_t typmod;
    uint32_t collation;
    uint32_t table_oid; /* where the column comes from, for RowDescription; 0 */
    int16_t table_attnum;
    bool notnull; /* known never to be NULL */
};

/* The views through which a data-changing statement names its table, the outermost first. */
struct rte_view {
    const struct relation *view;
    const int *attnums; /* of the base table, by the view's columns; 0: an expression */
    int n;
    const struct rte_view *inner;
};

/* The table that a data-changing statement names (its partitions and children are changed instead) and the columns, by attnum - 1,
   that it gives values. */
struct named_target {
    const struct relation *relation;
    const bool *given;
};

/* A condition that new rows must meet: of a view WITH CHECK OPTION or of row-level security. */
struct check_option {
    struct expr *check; /* over the result relation */
    const struct relation *view; /* NULL: row-level security */
    const char *policy;          /* a restrictive policy's name, or NULL */
    bool using_clause;           /* the old row of ON CONFLICT DO UPDATE failed USING */
    const char *table;           /* named in the error; NULL: the result relation */
};

struct rte {
    enum rte_kind kind;
    const char *alias;  /* name by which it is referred to (always set) */
    bool has_alias;     /* an alias was written */
    bool column_aliases; /* column names were given by the alias */
    bool lateral;
    bool inh;       /* not ONLY */
    bool in_from;   /* false: INSERT's target */
    struct column_def *columns; /* attnum - 1 indexes it; dropped columns have name NULL */
    int ncolumns;
    const struct relation *relation; /* RTE_RELATION; a subquery that is a view: the view */
    const struct rte_view *through;  /* DML's target named by views */
    const struct named_target *named; /* DML's target, or a member of its family; set when the statement is planned */
    /* Row-level security: which rows exist for the user; over this entry (rte 0 of level 0). barrier: they are decided before
       any other condition that might tell of them. */
    struct expr *security;
    bool barrier;
    struct query *subquery;          /* RTE_SUBQUERY */
    struct {
        struct expr **calls; /* ROWS FROM has several */
        int *ncolumns;       /* how many of the columns each call gives */
        int n;
        bool ordinality;
        bool coldef; /* AS t(a int, ...) for record functions */
    } function; /* RTE_FUNCTION */
    struct {
        struct expr_list *rows;
        int n;
    } values; /* RTE_VALUES */
    struct {
        const char *name;
        int levelsup;
        struct cte *cte;
        bool self; /* the reference inside a recursive CTE's own recursive term */
    } cte;
    int rowset;              /* RTE_ROWSET (plan passes): number of the materialised step result; or ROWSET_TRANSITION_ */
    struct expr *tablesample; /* percentage */
    const char *sample_method;
    struct expr *sample_repeatable;
    /* knn pass: the scan is driven by a vector index */
    struct vector_scan *vector;
};

enum join_kind { JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL, JOIN_CROSS };

/* A node of FROM: a range table entry or a join of two nodes. */
struct from_node {
    int rte; /* index, or -1 for a join */
    enum join_kind join;
    struct from_node *left, *right;
    struct expr *on; /* USING and NATURAL too; NULL = true */
    const char *const *using_columns; /* for deparsing; NULL */
    int nusing;
    bool natural;
    const char *alias; /* (a JOIN b) AS j */
};

struct target {
    struct expr *expr;
    const char *name;  /* column name; NULL for junk */
    bool junk;         /* only for ORDER BY/GROUP BY */
    int attnum;        /* INSERT/UPDATE: the target column */
    bool defaulted;    /* INSERT: the statement does not name the column */
    bool says_default; /* DEFAULT was written */
    uint32_t table_oid; /* source column for RowDescription, 0 */
    int16_t table_attnum;
};

/* SEARCH and CYCLE as they were written, for the text of views. */
struct cte_clauses {
    const struct query *query; /* without what the clauses add */
    bool search, breadth, cycle;
    const char **search_by, **cycle_by;
    int nsearch_by, ncycle_by;
    const char *sequence, *mark, *path;
    const struct expr *marked, *unmarked;
};

struct cte {
    const char *name;
    const char *const *column_names;
    int ncolumn_names;
    struct query *query;
    bool recursive;
    int materialized; /* 0 default, 1 MATERIALIZED, 2 NOT MATERIALIZED */
    struct column_def *columns;
    int ncolumns;
    int references;
    int rowset; /* plan passes: 1 + number of the rowset that holds its rows (data-modifying), 0 */
    /* SEARCH and CYCLE: rewritten by analysis into plain columns, the last nadded ones. */
    const struct cte_search *search;
    struct column_def *added;
    int nadded;
    const struct cte_clauses *clauses;
};

enum setop_kind { SETOP_NONE, SETOP_UNION, SETOP_INTERSECT, SETOP_EXCEPT };

/* A tree of set operations; leaves are range table subqueries. */
struct setop {
    enum setop_kind op; /* SETOP_NONE: a leaf */
    bool all;
    struct setop *left, *right;
    int rte; /* leaf */
    struct column_def *columns;
    int ncolumns;
};

enum grouping_kind { GROUP_EMPTY, GROUP_SIMPLE, GROUP_ROLLUP, GROUP_CUBE, GROUP_SETS };
struct grouping_set {
    enum grouping_kind kind;
    int *items; /* GROUP_SIMPLE: indexes in query.group */
    int nitems;
    struct grouping_set *const *sets;
    int nsets;
};

/* An arbiter index's stored expressions, analyzed (by the planner): keys[i] NULL for a plain column. */
struct conflict_arbiter {
    struct expr **keys;
    struct expr *predicate;
};

enum conflict_action { CONFLICT_NONE, CONFLICT_NOTHING, CONFLICT_UPDATE };
struct on_conflict {
    enum conflict_action action;
    const char *constraint; /* ON CONSTRAINT name, or NULL */
    /* Inferred arbiter: the unique indexes that serve (all those matching). None for DO NOTHING without target. */
    const struct index_def *const *arbiters;
    int narbiters;
    const struct conflict_arbiter *details; /* one per arbiter; plan passes */
    struct target *set;
    int nset;
    struct expr *where;
    int excluded_rte; /* range table entry named "excluded" */
};

enum lock_strength { LOCK_NONE, LOCK_KEY_SHARE, LOCK_SHARE, LOCK_NO_KEY_UPDATE, LOCK_UPDATE };
enum lock_wait { LOCK_WAIT_BLOCK, LOCK_WAIT_SKIP, LOCK_WAIT_ERROR };

struct merge_action {
    bool matched;
    struct expr *condition;
    char command; /* u d i n(othing) */
    struct target *targets;
    int ntargets;
};

/* A view's condition that new rows must meet: over the base table, its columns being those of entry 1. */
struct view_check_option {
    const char *view;
    struct expr *condition;
};

enum query_command { QUERY_SELECT, QUERY_INSERT, QUERY_UPDATE, QUERY_DELETE, QUERY_MERGE, QUERY_UTILITY };

struct utility; /* analyze/utility.h */

struct query {
    enum query_command command;
    struct utility *utility;
    struct rte **rtable;
    int nrtable;
    struct from_node **from; /* items of FROM (comma list) */
    int nfrom;
    struct expr *where;
    struct target *targets; /* SELECT list; INSERT: source columns; UPDATE: SET */
    int ntargets;
    struct cte **ctes;
    int nctes;
    bool recursive;
    struct expr_list group;
    struct grouping_set **grouping_sets; /* NULL: plain GROUP BY of all in `group` */
    int ngrouping_sets;
    bool group_distinct;
    struct expr *having;
    struct window_def **windows; /* WINDOW clause */
    int nwindows;
    bool distinct;
    struct sort_list distinct_on;
    struct sort_list sort;
    struct expr *limit, *offset;
    bool with_ties;
    struct setop *setop;
    int result; /* range table index of INSERT/UPDATE/DELETE/MERGE's table, -1 */
    /* INSERT: rows come from FROM-less targets (one row), a VALUES rte or a subquery rte in `from`. */
    bool insert_default_values;
    char overriding; /* 0, 'u' user value, 's' system value */
    struct on_conflict *conflict;
    struct target *returning;
    int nreturning;
    struct merge_action *merge;
    int nmerge;
    enum lock_strength lock;
    enum lock_wait lock_wait;
    const int *locked_rtes; /* FOR UPDATE OF; NULL with lock set: all */
    int nlocked_rtes;
    struct view_check_option *check_options; /* INSERT, UPDATE through views WITH CHECK OPTION, innermost view first */
    int ncheck_options;
    bool has_aggs, has_windows, has_sublinks, has_srfs, has_modifying_cte;
    bool is_return;  /* RETURN of an SQL-standard function body: a SELECT of one target */
    bool for_cursor; /* of DECLARE: its rows are known by table and rowid, for WHERE CURRENT OF */
    bool writes;   /* changes the database: DML, or calls a function with FN_WRITES */
    bool volatile_calls;
    bool routine_calls; /* calls users' functions */
    int level;     /* nesting depth, 0 the statement */
    bool moving; /* a DELETE that is the first half of an UPDATE into another partition */
    struct check_option *checks; /* DML: plan passes turn them into calls */
    int nchecks;
};

/* --- constructors and walkers (analyze/tree.c) ---------------------------------------- */

struct expr *expr_new(struct arena *a, enum expr_kind kind, uint32_t type, int32_t typmod,
                      int location);
struct expr *expr_const(struct arena *a, uint32_t type, int32_t typmod, struct value v,
                        int location);
struct expr *expr_null(struct arena *a, uint32_t type, int location);
struct expr *expr_bool(struct arena *a, enum bool_kind op, struct expr *left, struct expr *right);
void expr_list_add(struct arena *a, struct expr_list *l, struct expr *e);
/* Structural equality as PostgreSQL's equal(): locations do not count. For GROUP BY matching. */
bool expr_equal(const struct expr *a, const struct expr *b);
/* Calls visit for every direct child expression; stops when it returns true, and returns that. Sublink queries are
   the visitor's affair. */
bool expr_walk_children(struct expr *e, bool (*visit)(struct expr *child, void *arg), void *arg);
/* The same, replacing each child by what it returns. */
void expr_mutate_children(struct expr *e, struct expr *(*mutate)(struct expr *child, void *arg),
                          void *arg);
/* All top-level expressions of a query (targets, where, join conditions, ...), replaced likewise; not into subqueries. */
/* A copy of all of q, in arena a. */
struct query *query_copy(struct arena *a, const struct query *q);
void query_mutate_exprs(struct query *q, struct expr *(*mutate)(struct expr *e, void *arg),
                        void *arg);
/* A deep copy; subqueries included. */
struct expr *expr_copy(struct arena *a, const struct expr *e);

#endif
