/*
 * direct.h: the parts of a plan that run without a SQLite statement: a SELECT without FROM whose expressions call users' functions, and
 * users' functions of FROM (STEP_CALL). What they call may make savepoints and drop tables.
 */
#ifndef PGF_EXEC_DIRECT_H
#define PGF_EXEC_DIRECT_H

#include "sql/exec/plan.h"
#include "sql/txn/rowset.h"

struct direct;

/* Compiles those parts of a printed program; NULL when there are none. False with err set. */
bool direct_make(struct plan *p, struct error *err);
void direct_free(struct direct *d); /* NULL is allowed */

/* Is the whole program one row of expressions? Then direct_row gives its cells. */
bool direct_is_row(const struct plan *p);
bool direct_row(struct plan *p, struct eval_context *ctx, const struct value *params, struct arena *arena,
                struct value *cells, struct error *err);
/* The rows of step number i, a STEP_CALL, into rows. */
bool direct_call(struct plan *p, int i, struct eval_context *ctx, const struct value *params, struct arena *arena,
                 struct rowset *rows, struct error *err);

#endif
