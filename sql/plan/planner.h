/* planner.h: what the passes share while one statement is planned. */
#ifndef PGF_PLAN_PLANNER_H
#define PGF_PLAN_PLANNER_H

#include "sql/plan/program.h"
#include "sql/plan/walk.h"

struct planner {
    struct arena *arena;
    const struct snapshot *snapshot;
    struct eval_context *ctx;
    struct error *err;
    struct program *program;
    bool in_family; /* a change of one member of a family: the statement triggers of the table that was named fire in other steps */
};

#define PASS(name) bool name(struct planner *p, struct query *q);
#include "sql/plan/passes.def"
#undef PASS

/*
 * Moves q's FROM, WHERE, grouping, windows, WITH and targets into a new query one level deeper and makes q a SELECT
 * over it: every target (junk too) is a column of it, ORDER BY, LIMIT and locks stay with q. Gives the inner query.
 */
struct query *plan_push_down(struct planner *p, struct query *q);

/* row_number() or rank() OVER (PARTITION BY partition ORDER BY order). */
struct expr *plan_window_call(struct planner *p, const char *function, const struct expr_list *partition,
                              const struct sort_list *order);
/* left op right by the built-in operator of these types. */
struct expr *plan_op(struct planner *p, const char *op, struct expr *left, struct expr *right);
/* A system column other than tableoid, of a row that is kept with its rowid: as emit/emit_names.c prints those of tables. */
struct expr *plan_system_column(struct planner *p, const struct expr *var, struct expr *rowid);
/* affect_once('message', 'hint', value, keys...): the value, or 21000 when these keys come a second time. */
struct expr *plan_affect_once(struct planner *p, const char *message, const char *hint, struct expr *value,
                              const struct expr_list *keys);
/* A call of an internal function (types/printed_func.c). */
struct expr *plan_internal_call(struct planner *p, const char *name, uint32_t type, const struct expr_list *args);
/* The statement is planned all the same and says this when it is run; the first one counts. */
void plan_deny(struct planner *p, const struct error *e);
struct expr *plan_text(struct planner *p, const char *s);
struct expr *plan_int8(struct planner *p, int64_t i);

/* steps.c: data-modifying WITH, RETURNING with other tables' columns, MERGE: more than one step. */
bool plan_steps(struct planner *p, struct query *q);
/* cursor_rows.c: what DECLARE's query gives besides the client's columns; WHERE CURRENT OF as a search by rowid. */
void plan_cursor_rows(struct planner *p, struct query *q);
void plan_current_of(struct planner *p, struct query *q);
/* steps_call.c: users' functions of FROM become steps before all others. */
void plan_calls(struct planner *p, struct query *q);
bool plan_merge(struct planner *p, struct query *q);
/* The passes over a query that a pass or a step has made. */
bool plan_rewrite(struct planner *p, struct query *q);

/* steps_modify.c: changes row by row. Does this INSERT, UPDATE, DELETE or MERGE go so? */
bool plan_goes_by_rows(struct planner *p, const struct query *q);
/*
 * Its steps; with RETURNING the last one, whose kind and rowset the caller sets, reads the changed rows. with/nwith as in struct
 * step. NULL with p->err set.
 */
struct step *plan_modify(struct planner *p, struct query *q, const struct query *with, int nwith);
struct step *plan_modify_merge(struct planner *p, struct query *q, struct query *rows, const int *first);
/* exclusion.c: fills f->exclusion. */
struct firing;
bool plan_exclusion(struct planner *p, const struct constraint_def *c, struct firing *f);
/* firings.c: everything that fires on these events at a level and time; set: attnums that UPDATE sets, NULL: any. */
struct modify;
struct row_op;
/* A condition over the row: VARs of entry 0 are its old columns, of entry 1 its new ones; consumed. */
struct step *plan_row_test(struct planner *p, const struct relation *r, struct expr *e);
bool plan_row_firings(struct planner *p, const struct relation *r, struct row_op *op);
bool plan_statement_firings(struct planner *p, const struct relation *r, struct modify *m, int event, const int *set, int nset);
bool plan_has_firings(struct planner *p, const struct relation *r, int event, const int *set, int nset);
struct rte *plan_rowset_rte(struct planner *p, int rowset, int ncolumns);
struct step *plan_add_step(struct planner *p, enum step_kind kind, struct query *q);

/* session_replication_role is replica. */
bool plan_in_replica_role(struct eval_context *ctx);

#endif
