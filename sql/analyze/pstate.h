/*
 * pstate.h: the state of parse analysis of one query level, and what the files of analyze/ call from each other.
 *
 * Names follow PostgreSQL's parser. A struct pstate lives while one SELECT/INSERT/... level is analyzed;
 * parent points outwards. Everything is allocated in ps->a->arena.
 *
 * Errors: the first one sticks in ps->a->err. A function giving an expression returns expr_poison() after an error (never
 * NULL unless its comment says that NULL means "no match"); functions given poison return poison and say nothing.
 * A function giving bool returns false after an error. Look at parse_failed(ps) before using types of children.
 * Locations are byte offsets into ps->a->text, -1 unknown.
 */
#ifndef PGF_ANALYZE_PSTATE_H
#define PGF_ANALYZE_PSTATE_H

#include <pg_query/pg_query.pb-c.h>

#include "sql/analyze/analyze.h"
#include "sql/base/arena.h"
#include "sql/base/error.h"

/* Where an expression stands: decides what is allowed in it and how messages name the place. */
enum parse_expr_kind {
    EXPR_KIND_NONE = 0,
    EXPR_KIND_OTHER,
    EXPR_KIND_JOIN_ON,
    EXPR_KIND_JOIN_USING,
    EXPR_KIND_FROM_SUBSELECT,
    EXPR_KIND_FROM_FUNCTION,
    EXPR_KIND_WHERE,
    EXPR_KIND_HAVING,
    EXPR_KIND_FILTER,
    EXPR_KIND_WINDOW_PARTITION,
    EXPR_KIND_WINDOW_ORDER,
    EXPR_KIND_WINDOW_FRAME_RANGE,
    EXPR_KIND_WINDOW_FRAME_ROWS,
    EXPR_KIND_WINDOW_FRAME_GROUPS,
    EXPR_KIND_SELECT_TARGET,
    EXPR_KIND_INSERT_TARGET,
    EXPR_KIND_UPDATE_SOURCE,
    EXPR_KIND_UPDATE_TARGET,
    EXPR_KIND_MERGE_WHEN,
    EXPR_KIND_GROUP_BY,
    EXPR_KIND_ORDER_BY,
    EXPR_KIND_DISTINCT_ON,
    EXPR_KIND_LIMIT,
    EXPR_KIND_OFFSET,
    EXPR_KIND_RETURNING,
    EXPR_KIND_VALUES,
    EXPR_KIND_VALUES_SINGLE,
    EXPR_KIND_CHECK_CONSTRAINT,
    EXPR_KIND_DOMAIN_CHECK,
    EXPR_KIND_COLUMN_DEFAULT,
    EXPR_KIND_FUNCTION_DEFAULT,
    EXPR_KIND_INDEX_EXPRESSION,
    EXPR_KIND_INDEX_PREDICATE,
    EXPR_KIND_STATS_EXPRESSION,
    EXPR_KIND_ALTER_COL_TRANSFORM,
    EXPR_KIND_EXECUTE_PARAMETER,
    EXPR_KIND_TRIGGER_WHEN,
    EXPR_KIND_POLICY,
    EXPR_KIND_PARTITION_BOUND,
    EXPR_KIND_PARTITION_EXPRESSION,
    EXPR_KIND_CALL_ARGUMENT,
    EXPR_KIND_COPY_WHERE,
    EXPR_KIND_GENERATED_COLUMN,
    EXPR_KIND_CYCLE_MARK
};

/* A column as a name in the namespace: what it stands for. */
struct ns_column {
    const char *name; /* NULL: dropped */
    struct expr *expr; /* VAR (levelsup 0) of a range table entry, or for merged join columns the coalesce */
    bool hidden; /* a merged column's hidden twin: not in *, not found by name through the join */
    bool no_star; /* not in *, but found by name: what SEARCH and CYCLE add to the recursive reference */
};

/* One thing in FROM that names can refer to: a range table entry, or a join with its alias. */
struct nsitem {
    const struct relation *view; /* a changed view: no system columns, and its row is made of the columns */
    const char *name;      /* alias or relation name; NULL for a join without alias */
    struct rte *rte;       /* NULL for joins */
    int rtindex;           /* index in query->rtable; -1 for joins */
    struct ns_column *columns;
    int ncolumns;
    bool rel_visible;      /* t.col and t.* may refer to it */
    bool cols_visible;     /* its columns may be named without qualification */
    bool lateral_only;     /* visible only to LATERAL items */
    bool lateral_ok;       /* ... and allowed for this join type */
};

struct pstate {
    struct pstate *parent;
    struct analysis *a;
    struct query *query;       /* being built; its rtable grows as FROM is analyzed */
    int level;                 /* 0: the statement; parent's + 1 */

    struct nsitem **ns;        /* the current namespace, in order */
    int nns;
    bool lateral_active;       /* analyzing a LATERAL item: lateral_only items can be seen */

    struct cte **ctes;         /* WITH entries visible at this level */
    int nctes;
    const PgQuery__CommonTableExpr *const *future_ctes; /* later entries of a non-recursive WITH: for hints */
    int nfuture_ctes;
    struct cte *parent_cte;    /* this level is the query of that WITH entry */

    enum parse_expr_kind expr_kind; /* set by transform_expr */
    struct window_def **windows;    /* WINDOW clause entries and inline OVER ones met so far */
    int nwindows;
    bool locked_from_parent;   /* an outer FOR UPDATE applies */
    bool resolve_unknowns;     /* unknown-typed select items become text at the end */

    bool has_aggs, has_windows, has_srfs, has_sublinks, has_modifying_cte;
    const struct expr *last_srf; /* the set-returning call met last: to find nested ones */

    struct nsitem *target;     /* INSERT/UPDATE/DELETE/MERGE: the table */
    const char *kind_name;     /* analyze_expression: what the place is called; else NULL */
    const struct expr *domain_value; /* EXPR_CASE_TEST that VALUE stands for in a domain check; else NULL */

    int depth;                 /* recursion depth of transform_expr over all levels */
    struct expr_list param_refs; /* outermost level: every $n met, for check_variable_params */
    int params_capacity;         /* outermost level: room in a->params */
    int copied;                  /* outermost level: expression nodes copied, see LIMIT_EXPR_COPIED */
    bool error_fresh;          /* the last parse_error of this level took effect */
};

/* --- pstate.c (an expression file's helpers) -------------------------------------------- */

/* A new level under parent (NULL: outermost, a must be given). resolve_unknowns starts true. */
struct pstate *pstate_new(struct analysis *a, struct pstate *parent);
/* Sets an error at a location unless one is set; returns poison. */
struct expr *parse_error(struct pstate *ps, const char *sqlstate, int location, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Add to the error just set by parse_error; nothing if an earlier error had stuck. */
void parse_error_detail(struct pstate *ps, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void parse_error_hint(struct pstate *ps, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool parse_failed(const struct pstate *ps)
{
    return error_is_set(ps->a->err);
}
static inline bool expr_is_poison(const struct expr *e)
{
    return e->kind == EXPR_POISON;
}
struct expr *expr_poison(void);
/* Sends a NOTICE/WARNING to the client, if there is one. */
/* A NOTICE with a DETAIL. */
void parse_notice_detail(struct pstate *ps, const char *detail, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void parse_notice(struct pstate *ps, enum error_severity severity, const char *sqlstate, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with a place in the statement. */
void parse_notice_at(struct pstate *ps, enum error_severity severity, const char *sqlstate, int location, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The leftmost location of the expression as PostgreSQL's exprLocation() gives it; -1 unknown. */
int expr_location(const struct expr *e);
int raw_location(const PgQuery__Node *n);
/* The string of a String node ("" otherwise); a dotted list of String nodes as "a.b". */
const char *node_string(const PgQuery__Node *n);
const char *name_list_text(struct pstate *ps, PgQuery__Node *const *names, size_t n);
/* "WHERE", "JOIN/USING" ...: as PostgreSQL's ParseExprKindName. */
const char *parse_expr_kind_name(enum parse_expr_kind kind);
/* The type of a domain's base (through nested domains), else the type itself; typmod may be NULL. */
uint32_t get_base_type(struct pstate *ps, uint32_t type, int32_t *typmod);
/* Element type of a true array type (domains looked through by the caller), 0 otherwise. */
uint32_t get_element_type(struct pstate *ps, uint32_t type);
uint32_t get_array_type(struct pstate *ps, uint32_t type);
const struct type_def *lookup_type(struct pstate *ps, uint32_t type);
/* PostgreSQL's format_type_be / format_type_with_typemod (typmod < 0: none): for messages. */
const char *format_type(struct pstate *ps, uint32_t type);
const char *format_type_typmod(struct pstate *ps, uint32_t type, int32_t typmod);
uint32_t type_collation(struct pstate *ps, uint32_t type); /* pg_type.typcollation, 0 none */

/* --- parse_expr.c ------------------------------------------------------------------------- */

/* Raw expression to typed one. Saves and restores ps->expr_kind. Depth beyond LIMIT_EXPR_DEPTH is 54001. */
struct expr *transform_expr(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind);
/* The same inside an expression whose kind is already set. */
struct expr *transform_expr_recurse(struct pstate *ps, const PgQuery__Node *n);
/* Each of n nodes; SetToDefault is left as EXPR_DEFAULT when allow_default. "a.*" items are expanded (expand_star_items).
   False after an error. */
/* t.* or (expression).*? */
bool expr_is_star(const PgQuery__Node *n);
bool transform_expr_list(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, enum parse_expr_kind kind,
                         bool allow_default, struct expr_list *out);
/* The output column name PostgreSQL would choose; "?column?" if nothing better. */
const char *figure_colname(struct pstate *ps, const PgQuery__Node *n);
/* For index columns: NULL where figure_colname gives "?column?". */
const char *figure_index_colname(struct pstate *ps, const PgQuery__Node *n);
/* left AND right; either may be NULL. */
struct expr *make_and(struct pstate *ps, struct expr *left, struct expr *right);

/* --- parse_coerce.c ------------------------------------------------------------------------ */

enum coercion_context { COERCION_IMPLICIT, COERCION_ASSIGNMENT, COERCION_PLPGSQL, COERCION_EXPLICIT };

bool can_coerce_type(struct pstate *ps, int n, const uint32_t *input, const uint32_t *target,
                     enum coercion_context context);
/* Coerces, typmod included, or returns NULL (no error) when there is no such coercion. Conversion of a literal may fail with an
   error: poison. */
struct expr *coerce_to_target_type(struct pstate *ps, struct expr *e, uint32_t target, int32_t typmod,
                                   enum coercion_context context, enum coercion_form form, int location);
/* Without typmod; the caller knows that it is possible (can_coerce_type). */
struct expr *coerce_type(struct pstate *ps, struct expr *e, uint32_t target, int32_t typmod,
                         enum coercion_context context, enum coercion_form form, int location);
/* "argument of %s must be type boolean, not type %s" 42804; sets are refused. construct: "WHERE". */
struct expr *coerce_to_boolean(struct pstate *ps, struct expr *e, const char *construct);
/* The same for any type: "argument of LIMIT must be type bigint, not type ...". */
struct expr *coerce_to_specific_type(struct pstate *ps, struct expr *e, uint32_t type, const char *construct);
struct expr *coerce_to_specific_type_typmod(struct pstate *ps, struct expr *e, uint32_t type, int32_t typmod,
                                            const char *construct);
/* The common type of UNION/CASE/VALUES...: context names it in the error ("CASE", "UNION"). With context NULL: 0
   and no error when there is none. *which: the expression that decided, may be NULL. */
uint32_t select_common_type(struct pstate *ps, struct expr *const *exprs, int n, const char *context,
                            struct expr **which);
int32_t select_common_typmod(struct pstate *ps, struct expr *const *exprs, int n, uint32_t common);
/* "%s could not convert type %s to %s" 42846. */
struct expr *coerce_to_common_type(struct pstate *ps, struct expr *e, uint32_t target, const char *context);
/* An unknown-typed literal or parameter becomes text; anything else stays. */
struct expr *resolve_unknown(struct pstate *ps, struct expr *e);
bool is_binary_coercible(struct pstate *ps, uint32_t source, uint32_t target);
bool is_preferred_type(struct pstate *ps, char category, uint32_t type);
char type_category(struct pstate *ps, uint32_t type);
bool type_is_rowtype(struct pstate *ps, uint32_t type);

/* --- parse_oper.c --------------------------------------------------------------------------- */

/* The infix operator for these types, UNKNOWNOID included; NULL with error 42883/42725 unless noerror. name: one or
   two String nodes. */
const struct operator_def *oper(struct pstate *ps, PgQuery__Node *const *name, size_t nname, uint32_t left,
                                uint32_t right, bool noerror, int location);
/* By plain name through the search path. */
const struct operator_def *oper_named(struct pstate *ps, const char *name, uint32_t left, uint32_t right, bool noerror,
                                      int location);
/* x op y / op y (left NULL), operands coerced. */
struct expr *make_op(struct pstate *ps, PgQuery__Node *const *name, size_t nname, struct expr *left,
                     struct expr *right, int location);
struct expr *make_op_named(struct pstate *ps, const char *name, struct expr *left, struct expr *right, int location);
struct expr *make_scalar_array_op(struct pstate *ps, PgQuery__Node *const *name, size_t nname, bool use_any,
                                  struct expr *left, struct expr *right, int location);
/*
 * The default ordering operators of a type; each out pointer may be NULL = not needed. Missing and needed: 42883 "could not
 * identify an ordering operator for type %s" (lt, gt) or "an equality operator" (eq), at location.
 */
bool get_sort_group_operators(struct pstate *ps, uint32_t type, bool need_lt, bool need_eq, bool need_gt,
                              const struct operator_def **lt, const struct operator_def **eq,
                              const struct operator_def **gt, int location);
/* Is op a btree < or > of its type (ORDER BY ... USING op)? Gives the equality operator and whether it is a >. */
bool ordering_operator_equality(struct pstate *ps, const struct operator_def *op, const struct operator_def **eq,
                                bool *reverse);

/* --- parse_func.c --------------------------------------------------------------------------- */

/* A call written as fc; n arguments already transformed. Also used for col.func notation. */
struct expr *transform_func_call(struct pstate *ps, const PgQuery__FuncCall *fc);
/* CALL name(arguments): the call of a procedure. */
struct expr *transform_procedure_call(struct pstate *ps, const PgQuery__FuncCall *fc);
/*
 * f(arg) or arg.f for one composite argument: column selection if it has such a column, else a function call. NULL without error when
 * there is neither and fc is NULL.
 */
struct expr *parse_func_or_column(struct pstate *ps, PgQuery__Node *const *name, size_t nname, struct expr_list *args,
                                  const PgQuery__FuncCall *fc, int location);
/* A call of a known built-in by OID, arguments taken as they are. */
struct expr *make_func(struct pstate *ps, uint32_t oid, uint32_t rettype, struct expr_list args,
                       enum coercion_form form, int location);
/*
 * The function that an ObjectWithArgs names (DROP/COMMENT/ALTER FUNCTION, ...). Error texts as LookupFuncWithArgs; NULL with
 * error, or without one when missing_ok. kind: 'f' 'p' 'a' or 0 any routine.
 */
const struct proc *lookup_func_with_args(struct pstate *ps, const PgQuery__ObjectWithArgs *o, char kind,
                                         bool missing_ok);
/* "f(integer, text)" as DROP's NOTICE has it: types as written when they do not exist. */
const char *routine_signature(struct pstate *ps, const PgQuery__ObjectWithArgs *o);
/* "f(integer, text)" as PostgreSQL's func_signature_string. */
const char *func_signature(struct pstate *ps, const char *name, int n, const char *const *argnames, int nnamed,
                           const uint32_t *types);

/* What an expression gives when used as a row source. */
enum result_class { RESULT_SCALAR, RESULT_COMPOSITE, RESULT_RECORD };
/* Columns of a composite result (named type or OUT parameters, domains over composite); RESULT_RECORD: unknown row. */
enum result_class expr_result_columns(struct pstate *ps, const struct expr *e, struct column_def **columns, int *n);
/* Columns of a composite type by OID (dropped ones have name NULL); false if it is none. */
bool rowtype_columns(struct pstate *ps, uint32_t type, struct column_def **columns, int *n);
/* Does the expression (not its sublinks) contain a set-returning call? */
bool expr_returns_set(const struct expr *e);
/* expr.field, by name: NULL without error if the type is composite and has no such column. */
struct expr *select_field(struct pstate *ps, struct expr *e, const char *name, int location);

/* --- parse_subscript.c ------------------------------------------------------------------------ */

/*
 * container[..]: n AIndices nodes. assign: the element or slice value of an assignment, not yet coerced, or NULL for a fetch.
 * Result type: element (fetch), array (slice), container (assignment). column: for the messages of assignment.
 */
struct expr *transform_subscripts(struct pstate *ps, struct expr *container, PgQuery__Node *const *indices, size_t n,
                                  struct expr *assign, const char *column);
/* The type one element (or slice) of the container has, for assignment. 42804 if it cannot be subscripted. */
uint32_t subscript_element_type(struct pstate *ps, uint32_t container, int location);

/* --- parse_type.c -------------------------------------------------------------------------------- */

/* Type name to OID and typmod; SETOF is the caller's. 42704 "type \"x\" does not exist". typmod may be NULL. */
bool typename_type(struct pstate *ps, const PgQuery__TypeName *t, uint32_t *type, int32_t *typmod);
/* The same, 0 and no error when there is no such type. */
uint32_t lookup_typename(struct pstate *ps, const PgQuery__TypeName *t);
/* 2, 4, 8 when the name is smallserial/serial/bigserial (or serial2...), unqualified, without typmods; else 0. */
int typename_serial(const PgQuery__TypeName *t);
/* How it was written: "public.mood[]", for messages. */
const char *typename_text(struct pstate *ps, const PgQuery__TypeName *t);
/* COLLATE name: OID; 0 with 42704 "collation \"x\" for encoding \"UTF8\" does not exist". */
uint32_t lookup_collation(struct pstate *ps, PgQuery__Node *const *name, size_t n, int location);
const char *collation_name(struct pstate *ps, uint32_t oid);
/* A column's collation: the COLLATE clause, else the type's; 42804 "collations are not supported by type %s". */
bool column_collation(struct pstate *ps, const PgQuery__CollateClause *c, uint32_t type, uint32_t *collation);
/* Schema by name: 0 with 3F000 unless missing_ok. */
uint32_t lookup_namespace(struct pstate *ps, const char *name, bool missing_ok, int location);

/* --- parse_collate.c ----------------------------------------------------------------------------- */

/* Fill in collation and input_collation of every node; errors 42P21, 42P22. */
bool assign_expr_collations(struct pstate *ps, struct expr *e);
bool assign_list_collations(struct pstate *ps, struct expr *const *exprs, int n); /* each on its own */
/* All expressions of a finished query (not its subqueries, which were done when they were finished). */
bool assign_query_collations(struct pstate *ps, struct query *q);
/* The collation shared by the columns of VALUES, UNION...: 0 if they conflict and none_ok. */
uint32_t select_common_collation(struct pstate *ps, struct expr *const *exprs, int n, bool none_ok);

/* --- parse_param.c --------------------------------------------------------------------------------- */

/* After the outermost statement: every parameter that stayed undetermined is 42P18. */
bool check_variable_params(struct pstate *ps, const struct query *q);

/* ====================================================================================================
 * Called by expression analysis, written with the clauses and statements.
 * ==================================================================================================== */

/* --- parse_relation.c ----------------------------------------------------------------------------- */

/* An unqualified column name: VAR (or merged column's expression) with levelsup set; NULL if there is none; poison when
   ambiguous (42702). local_only: this level only. */
struct expr *col_name_to_var(struct pstate *ps, const char *name, bool local_only, int location);
/* The item that schema.name (schema may be NULL) refers to, and its level; NULL if none. Error (ambiguous, invalid lateral
   reference): NULL with parse_failed. */
struct nsitem *ref_nsitem(struct pstate *ps, const char *schema, const char *name, int location, int *levelsup);
/* A column (also system columns) of the item; NULL if none; poison on error. */
struct expr *scan_nsitem_for_column(struct pstate *ps, struct nsitem *item, int levelsup, const char *name,
                                    int location);
/* item.* as one value. */
struct expr *whole_row_var(struct pstate *ps, struct nsitem *item, int levelsup, int location);
/* 42703 / 42P01 with PostgreSQL's hints; both return poison. relname may be NULL. */
struct expr *error_missing_column(struct pstate *ps, const char *relname, const char *name, int location);
struct expr *error_missing_rte(struct pstate *ps, const char *schema, const char *name, int location);
/* A relation by possibly qualified name (catalog.schema.name checked): NULL with 42P01 unless missing_ok. */
const struct relation *lookup_relation(struct pstate *ps, const char *catalog, const char *schema, const char *name,
                                       bool missing_ok, int location);

/* --- parse_target.c --------------------------------------------------------------------------------- */

/* "a.*" or "(row).*" among expressions (ROW(t.*), VALUES, function arguments are not): adds the expanded columns. False after an error. */
bool expand_star_items(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind, struct expr_list *out);

/* --- parse_select.c ---------------------------------------------------------------------------------- */

/* A subquery of a new level below ps. NULL after an error. */
struct query *parse_sub_analyze(struct pstate *ps, const PgQuery__Node *stmt, struct cte *parent_cte,
                                bool locked_from_parent, bool resolve_unknowns);

/* --- parse_clause.c ---------------------------------------------------------------------------------- */

/* One ORDER BY item over an already transformed expression (unknown becomes text): operators, direction, nulls. */
bool make_sort_item(struct pstate *ps, const PgQuery__SortBy *sb, struct expr *e, struct sort_item *out);

/* --- parse_agg.c --------------------------------------------------------------------------------------- */

/* agg is a complete EXPR_AGG: finds its level, checks placement (42803), marks has_aggs there. False after an error. */
bool transform_agg_call(struct pstate *ps, struct expr *agg);
/* win is a complete EXPR_WINDOW but for `over`: resolves OVER (name or definition), checks placement (42P20). */
bool transform_window_call(struct pstate *ps, struct expr *win, const PgQuery__WindowDef *def);
/* GROUPING(args): levels and placement; args are transformed, matching against GROUP BY is checked at the end of the query. */
bool transform_grouping_call(struct pstate *ps, struct expr *grouping);

#endif
