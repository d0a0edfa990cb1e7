/*
 * evaluate.h: expressions evaluated without a SQLite statement around them: those of PL/pgSQL, and select lists that call users'
 * functions (which may then make savepoints and drop tables).
 *
 * Calls, arithmetic, boolean logic, CASE, arrays, rows and subscripts are walked as a tree; whatever else there is (a subquery...)
 * becomes a small statement of its own, whose parts that call users' functions are evaluated first.
 */
#ifndef PGF_EXEC_EVALUATE_H
#define PGF_EXEC_EVALUATE_H

#include "sql/analyze/tree.h"
#include "sql/exec/plan.h"

struct evaluation;

/*
 * Compiles e, a tree after planning (plan/) whose parameters are those of the statement. shared: many sessions use the result, so
 * nothing is kept between runs. It lives as long as e's arena and the snapshot do; end it with evaluation_free. NULL: it cannot be
 * evaluated this way (references to columns), err may be set.
 */
struct evaluation *evaluation_make(const struct expr *e, const struct snapshot *s, int nparams, bool shared,
                                   struct error *err);
void evaluation_free(struct evaluation *e); /* NULL is allowed */

/* Its value; text lies in arena, a parameter or the evaluation. False with err set. */
bool evaluation_run(struct evaluation *e, struct eval_context *ctx, const struct value *params, struct arena *arena,
                    struct error *err, struct value *out);

/* Does the expression (sublinks included) call a user's function? */
bool expr_calls_routine(const struct expr *e);

#endif
