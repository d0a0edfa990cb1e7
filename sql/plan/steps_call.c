/*
 * steps_call.c: users' functions in FROM whose arguments need no row run before the statement, as steps of their own: their rows are
 * kept, and no SQLite statement is open while they make savepoints, change tables or drop them.
 */
#include <string.h>

#include "sql/plan/planner.h"

static bool refers_to_rows(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)level;
    return e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW || e->kind == EXPR_AGG || e->kind == EXPR_WINDOW ||
           e->kind == EXPR_SUBLINK || ((e->kind == EXPR_FUNC || e->kind == EXPR_OP) && e->func.proc && e->func.proc->retset);
}


/* A single call of a user's function over constants and parameters. */
static bool is_call(const struct rte *t)
{
    if (t->kind != RTE_FUNCTION || t->function.n != 1 || t->function.ordinality || t->ncolumns > 100 || t->ncolumns == 0)
        return false;
    struct expr *e = t->function.calls[0];
    if (e->kind != EXPR_FUNC || !e->func.proc || !e->func.proc->impl || !(e->func.proc->impl->flags & FN_USER))
        return false;
    struct query_walk w = {.expr = refers_to_rows};
    for (int i = 0; i < e->func.args.n; i++)
        if (query_walk_expr(&w, e->func.args.items[i]))
            return false;
    return true;
}

static void call_first(struct planner *p, struct rte *t, int *ncalls)
{
    struct program *g = p->program;
    struct query *none = ARENA_NEW(p->arena, struct query);
    *none = (struct query){.command = QUERY_SELECT, .result = -1};
    struct step call = {.kind = STEP_CALL, .query = none, .rowset = g->nrowsets++, .ncolumns = t->ncolumns,
                        .call = t->function.calls[0], .columns = t->columns, .coldef = t->function.coldef};
    plan_add_step(p, STEP_CALL, none); /* room for one more */
    memmove(g->steps + *ncalls + 1, g->steps + *ncalls, sizeof(*g->steps) * (size_t)(g->nsteps - 1 - *ncalls));
    g->steps[(*ncalls)++] = call;
    t->kind = RTE_ROWSET;
    t->rowset = call.rowset;
    t->lateral = false;
}

static void visit(struct planner *p, struct query *q, int *ncalls)
{
    for (int i = 0; i < q->nrtable; i++) {
        struct rte *t = q->rtable[i];
        if (!t->in_from && t->kind != RTE_SUBQUERY)
            continue;
        if (is_call(t))
            call_first(p, t, ncalls);
        else if (t->kind == RTE_SUBQUERY && t->subquery && !t->lateral)
            visit(p, t->subquery, ncalls);
    }
}

void plan_calls(struct planner *p, struct query *q)
{
    int ncalls = 0;
    if (q->routine_calls)
        visit(p, q, &ncalls);
}
