/*
 * clause.h: what the clause and statement files of analyze/ call from each other. Expression files
 * see pstate.h only.
 *
 * Conventions are pstate.h's: the first error sticks, bool functions give false after one, memory
 * is ps->a->arena's.
 */
#ifndef PGF_ANALYZE_CLAUSE_H
#define PGF_ANALYZE_CLAUSE_H

#include "sql/analyze/pstate.h"

/* A growing namespace. */
struct ns_list {
    struct nsitem **items;
    int n;
};

/* A target list being built; the entries are moved into the query at the end. */
struct target_list {
    struct target *items;
    int n, cap;
};

/* --- parse_search.c: SEARCH and CYCLE ---------------------------------------------------------- */

/* Before the entry's query is analyzed: the columns they add. False after an error. */
bool cte_search_prepare(struct pstate *ps, const PgQuery__CommonTableExpr *c, struct cte *cte);
/* Afterwards: the entry's query gives those columns. */
bool cte_search_rewrite(struct pstate *ps, struct cte *cte);

/* --- parse_relation.c: range table and namespace ------------------------------------------ */

/* Levels of views inside views before 54001: each level analyzes the view's text recursively. */
#define VIEW_DEPTH_MAX 64

/* Appends to the query's range table, gives the index. */
int rte_add(struct pstate *ps, struct rte *rte);
/* The namespace entry of a range table entry: every column as VAR; visible in both ways. */
struct nsitem *nsitem_for_rte(struct pstate *ps, struct rte *rte, int index);
void ns_append(struct pstate *ps, struct ns_list *l, struct nsitem *item);
void ns_concat(struct pstate *ps, struct ns_list *l, const struct ns_list *more);
/* ps->ns as a list, and back. */
struct ns_list ns_save(const struct pstate *ps);
void ns_restore(struct pstate *ps, struct ns_list l);
void ns_set_lateral(const struct ns_list *l, bool only, bool ok);
void ns_hide_columns(const struct ns_list *l);
/* 42712 when a name of one list is in the other. */
bool ns_check_conflicts(struct pstate *ps, const struct ns_list *left, const struct ns_list *right);
/* Gives rte its name and column names by the alias (may be NULL). 42P10 for too many names. */
bool rte_apply_alias(struct pstate *ps, struct rte *rte, const PgQuery__Alias *alias);
/* The columns of a relation as a range table entry has them. */
void relation_columns(struct pstate *ps, const struct relation *r, struct column_def **columns,
                      int *n);
/* A RTE_RELATION for r, named by the alias or the relation. */
struct rte *rte_for_relation(struct pstate *ps, const struct relation *r,
                             const PgQuery__Alias *alias, bool inh);
/* A RTE_SUBQUERY whose columns are the visible targets of q. alias may be NULL: "unnamed". */
struct rte *rte_for_subquery(struct pstate *ps, struct query *q, const char *name);
/* A VAR for column attnum (1-based) of an entry. */
struct expr *var_for_column(struct pstate *ps, const struct rte *rte, int index, int attnum,
                            int location);
/* The WITH entry of that name, and how many levels out. */
struct cte *lookup_cte(struct pstate *ps, const char *name, int *levelsup);
/* Adds levels to every VAR and aggregate of e that points out of its own query; e is changed. */
void expr_raise_levels(struct expr *e, int levels);
/* The same for a whole subquery that moves to a deeper level: what points out of it. */
void query_raise_levels(struct query *q, int levels);
/* Attribute number of a system column by name, 0 if it is none; and back. */
int system_column_number(const char *name);
const char *system_column_name(int attnum);

/* --- parse_walk.c: walking trees -------------------------------------------------------------- */

/* Calls visit for every expression node of e in preorder, entering sublink queries; depth is the
   number of queries entered. The visitor gives true to go into the node's children. */
struct expr_walker {
    bool (*visit)(struct expr_walker *w, struct expr *e, int depth);
    /* Each query entered, before its expressions; NULL: none. */
    void (*enter)(struct expr_walker *w, struct query *q, int depth);
    void *arg;
};
void walk_expr(struct expr_walker *w, struct expr *e, int depth);
void walk_query(struct expr_walker *w, struct query *q, int depth);
/* Calls visit for m and every message below it (raw trees); it gives true to go into the message's
 * fields. */
void walk_raw(const ProtobufCMessage *m, bool (*visit)(const ProtobufCMessage *m, void *arg),
              void *arg);
/*
 * Refuses what a handler does not know: every field of m that is set must be in `known` (names
 * separated by blanks). Otherwise 0A000
 * "<what> with <field> is not supported".
 */
bool raw_fields_known(struct pstate *ps, const ProtobufCMessage *m, const char *known,
                      const char *what);
/*
 * Replaces VARs of one entry of e's own query, also inside sublinks: column k by a copy of
 * columns[k - 1]; with columns NULL the VARs only move to entry `to`. The new root is returned.
 */
struct expr *expr_replace_vars(struct arena *a, struct expr *e, int rte,
                               struct expr *const *columns, int to);
/* Does the expression hold a VAR of this level (levelsup 0)? */
bool expr_has_vars(struct expr *e);
/* Does it hold an aggregate (of this level)? location: of the first one. */
bool expr_has_aggs(struct expr *e, int *location);
bool expr_has_windows(struct expr *e, int *location);
/* Sets query->writes and volatile_calls. */
void query_mark_effects(struct query *q);

/* --- parse_target.c ------------------------------------------------------------------------------
 */

void target_add(struct pstate *ps, struct target_list *l, struct target t);
bool transform_target_list(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                           enum parse_expr_kind kind, struct target_list *out);
/* Unknown-typed entries become text. */
void resolve_target_unknowns(struct pstate *ps, struct target *targets, int n);
/* Where a plain column comes from, for RowDescription. */
void target_mark_origin(struct pstate *ps, struct target *t);
/*
 * The value for column att of the target: indirection (subscripts, fields) applied, coerced for
 * assignment. name: as written. base: the column's present value, for indirections.
 */
struct expr *transform_assigned_expr(struct pstate *ps, struct expr *e, enum parse_expr_kind kind,
                                     const char *name, const struct attribute *att,
                                     PgQuery__Node *const *indirection, size_t nindirection,
                                     struct expr *base, int location);
bool transform_returning(struct pstate *ps, PgQuery__Node *const *nodes, size_t n);

/* --- parse_from.c: FROM
 * ---------------------------------------------------------------------------- */

bool transform_from_clause(struct pstate *ps, PgQuery__Node *const *nodes, size_t n);
/* A relation that FROM or DML may open: 42P01, and 42809 for indexes and composite types. */
const struct relation *open_relation(struct pstate *ps, const PgQuery__RangeVar *rv);
/* A table of FROM by name: WITH entry, view or relation. The nsitem is not in the namespace yet. */
struct nsitem *transform_range_var(struct pstate *ps, const PgQuery__RangeVar *rv);

/* --- parse_function_rte.c
 * ---------------------------------------------------------------------------- */

struct nsitem *transform_range_function(struct pstate *ps, const PgQuery__RangeFunction *rf);

/* --- parse_xml_table.c ------------------------------------------------------------------------- */

/* XMLTABLE: a RTE_FUNCTION; NULL after an error. */
struct nsitem *transform_range_table_func(struct pstate *ps, const PgQuery__RangeTableFunc *f);

/* --- parse_clause.c
 * ------------------------------------------------------------------------------------ */

struct expr *transform_where(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind,
                             const char *construct);
struct expr *transform_limit(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind,
                             const char *construct, bool with_ties);
bool transform_sort_clause(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                           struct target_list *targets, enum parse_expr_kind kind, bool sql99,
                           bool setop, struct sort_list *out);
/*
 * An item of ORDER BY, GROUP BY or DISTINCT ON: *target is the number (from 1) of the target it
 * names or equals, else 0. Poison on error. sql99: expressions only.
 */
struct expr *find_clause_expr(struct pstate *ps, const PgQuery__Node *n,
                              struct target_list *targets, enum parse_expr_kind kind, bool sql99,
                              int *target);
bool transform_distinct_clause(struct pstate *ps, const PgQuery__SelectStmt *s,
                               struct target_list *targets);
bool transform_locking(struct pstate *ps, const PgQuery__SelectStmt *s);
/* "FOR UPDATE" ... */
const char *locking_clause_name(const PgQuery__LockingClause *lc);

/* --- parse_group.c
 * -------------------------------------------------------------------------------------- */

bool transform_group_clause(struct pstate *ps, const PgQuery__SelectStmt *s,
                            struct target_list *targets);

/* --- parse_agg.c, parse_window.c
 * -------------------------------------------------------------------------- */

/* May an aggregate (window: a window function) stand there? *place: how messages name the place. */
bool expr_kind_allows(enum parse_expr_kind kind, bool window, const char **place);
/* After everything else of the query: ungrouped columns, GROUPING arguments. */
bool check_aggregates(struct pstate *ps);
/* Resolves every window definition met; fills query->windows. */
bool transform_window_definitions(struct pstate *ps, struct target_list *targets);
/* Registers the WINDOW clause before anything refers to it. */
bool register_window_clause(struct pstate *ps, PgQuery__Node *const *nodes, size_t n);

/* --- statements
 * --------------------------------------------------------------------------------------------- */

struct query *transform_stmt(struct pstate *ps, const PgQuery__Node *n);
struct query *transform_select_stmt(struct pstate *ps, const PgQuery__SelectStmt *s);
struct query *transform_plain_select(struct pstate *ps, const PgQuery__SelectStmt *s);
struct query *transform_values_clause(struct pstate *ps, const PgQuery__SelectStmt *s);
struct query *transform_set_operation(struct pstate *ps, const PgQuery__SelectStmt *s);
struct query *transform_insert_stmt(struct pstate *ps, const PgQuery__InsertStmt *s);
struct query *transform_update_stmt(struct pstate *ps, const PgQuery__UpdateStmt *s);
struct query *transform_delete_stmt(struct pstate *ps, const PgQuery__DeleteStmt *s);
struct query *transform_merge_stmt(struct pstate *ps, const PgQuery__MergeStmt *s);
bool transform_with_clause(struct pstate *ps, const PgQuery__WithClause *w);
/* Inside the recursive term's set operation: the left arm's columns become those of the entry. */
bool cte_set_recursive_columns(struct pstate *ps, struct cte *cte, const struct query *left);
/* Moves the finished target list and flags into ps->query, checks aggregates and collations. */
bool query_finish(struct pstate *ps, struct target_list *targets);

/* VALUES lists to a RTE_VALUES; common: the columns get common types here, else the rows' types are
 * settled already. */
struct rte *rte_for_values(struct pstate *ps, struct expr_list *rows, int nrows, bool common);
/* SELECT of all columns of inner (column 0) or of one (from 1), at a new level between ps and
 * inner. */
struct query *query_wrap(struct pstate *ps, struct query *inner, int column);

/* --- parse_dml.c: the table of INSERT, UPDATE, DELETE, MERGE
 * ------------------------------------------------ */

/* The table as it was named and the base table that is really changed: another one if a view was
 * named. */
struct dml_target {
    struct nsitem item; /* what names refer to; ps->target points here */
    const struct relation *named, *base;
    const int *attnums; /* views: per column of `named` the base table's attnum, 0 not updatable;
                           else NULL */
    const char **defaults; /* views: per column, as in view_target */
    const struct view_target *view; /* views: what it is made of, its expressions moved to the target's entry */
    struct expr *where; /* views: the conditions of all views on the way */
};
struct dml_target *dml_target_of(const struct pstate *ps);
/* Opens the table, adds it to the range table and sets ps->target; in_ns: names can refer to it.
 * verb: "INSERT"... */
bool set_target_relation(struct pstate *ps, const PgQuery__RangeVar *rv, bool in_ns,
                         const char *verb);
/* The base table's column for a name in a column list or SET; NULL with 42703 or 0A000. updating:
 * for the message. */
const struct attribute *dml_column(struct pstate *ps, const char *name, int location,
                                   bool updating);
/* The i-th column (attnum - 1) of the named relation, likewise; NULL without error if it is
 * dropped. */
const struct attribute *dml_column_at(struct pstate *ps, int i, bool *updatable);
/* 428C9 */
bool refuse_generated(struct pstate *ps, const struct attribute *att, bool updating);
/* The default of a column as expression: identity, DEFAULT, domain default, or NULL constant. Never
 * NULL. */
struct expr *column_default_expr(struct pstate *ps, const struct relation *r,
                                 const struct attribute *att);

/* --- parse_insert.c
 * ---------------------------------------------------------------------------------------------- */

/* INSERT's target columns in order of the written list (or all). */
struct insert_column {
    const struct attribute *att;
    const PgQuery__ResTarget *res; /* NULL when no list was written */
};
bool insert_target_columns(struct pstate *ps, PgQuery__Node *const *cols, size_t n,
                           struct insert_column **out, int *count);
/* One row of source expressions as values for the insert columns; DEFAULT items stay EXPR_DEFAULT.
 */
bool transform_insert_row(struct pstate *ps, struct expr_list *exprs, struct insert_column *cols,
                          int ncols, bool strip_indirection, struct expr_list *out);
/* Values of the insert columns to targets: one per column, indirections of one column merged. */
bool insert_targets(struct pstate *ps, struct insert_column *cols, struct expr_list *values,
                    struct target_list *out);
/*
 * Replaces EXPR_DEFAULT and adds the columns that are missing; refuses explicit values for
 * GENERATED ALWAYS columns. The list covers all live columns but generated ones (the file computes
 * those), in order of attnum.
 */
bool insert_fill_defaults(struct pstate *ps, struct target_list *list, char overriding);
char overriding_of(PgQuery__OverridingKind kind);

/* --- parse_update.c, parse_conflict.c
 * ------------------------------------------------------------------------------ */

/* SET of UPDATE, ON CONFLICT DO UPDATE and MERGE: defaults replaced, assignments to one column
 * merged. */
bool transform_update_targets(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                              struct target **out, int *count);
bool transform_on_conflict(struct pstate *ps, const PgQuery__OnConflictClause *c);

/* --- analyze_view.c
 * -------------------------------------------------------------------------------------------------
 */

/* A view as subquery entry. */
struct rte *rte_for_view(struct pstate *ps, const struct relation *view,
                         const PgQuery__Alias *alias);
/* What a simply updatable view is made of. */
struct view_target {
    const struct relation *base;
    struct expr *
        *columns; /* per view column: its expression over rte 0 = base; NULL for dropped ones */
    int *attnums; /* per view column: base attnum; 0 an expression, -1 a system column: not updatable */
    const char **defaults; /* per view column: the DEFAULT that ALTER VIEW gave it, as SQL text; NULL */
    int ncolumns;
    bool inh; /* the base table's children too */
    struct expr *where; /* over rte 0 = base; NULL */
    struct rte_view *through;
    struct view_check_option *checks; /* WITH CHECK OPTION, innermost view first; over rte 0 */
    int nchecks;
};
/* NULL with 55000 if the view is not simply updatable. verb: "INSERT", "UPDATE", "DELETE". */
/* Why a view of this definition cannot be changed; NULL: it can. */
const char *view_not_updatable(const struct query *q);
bool view_has_instead_trigger(const struct relation *view, const char *verb);
struct view_target *view_updatable_target(struct pstate *ps, const struct relation *view,
                                          const char *verb);

/* --- analyze.c
 * --------------------------------------------------------------------------------------------------
 */

/* A stored expression analyzed over `relation` (NULL: none) with locations and errors of its own
 * text kept apart. */
struct expr *analyze_stored_expr(struct pstate *ps, const char *sql,
                                 const struct relation *relation, enum parse_expr_kind kind,
                                 uint32_t type, int32_t typmod, const char *name);

/* A raw expression over the columns of `relation` (entry 0; NULL: none), as it is stored: coerced
   for assignment to type, or, with type 0, to boolean where the kind wants that. name: the column
   in messages. Poison on error. */
struct expr *transform_stored(struct pstate *ps, const PgQuery__Node *n,
                              const struct relation *relation, enum parse_expr_kind kind,
                              uint32_t type, int32_t typmod, const char *name);
/* "column %s is of type %s but default expression is of type %s" */
struct expr *coerce_stored(struct pstate *ps, struct expr *e, uint32_t type, int32_t typmod,
                           enum parse_expr_kind kind, const char *name);
/* A whole statement inside another one (EXPLAIN, DECLARE, CREATE VIEW...), on an outermost level of
   its own. NULL after an error. */
struct query *analyze_inner(struct analysis *a, const PgQuery__Node *n);
/* A view's SELECT in the given struct analysis (whose text is set), at a nesting level. NULL after
 * an error. */
struct query *analyze_view_text(struct analysis *a, const char *sql, int level);

/* --- utility.c
 * ----------------------------------------------------------------------------------------------------
 */

struct query *transform_utility(struct pstate *ps, const PgQuery__Node *n);
/* SELECT ... INTO: a CREATE TABLE AS with the tag of its own. */
struct query *transform_select_into(struct pstate *ps, const PgQuery__SelectStmt *s);

#endif
