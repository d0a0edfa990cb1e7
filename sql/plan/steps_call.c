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
    if (t->kind != RTE_FUNCTION || t->function.n != 1 || t->ncolumns > 100 || t->ncolumns == 0)
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

/* WITH ORDINALITY: the call without it becomes an entry of a subquery that numbers its rows. */
static struct rte *numbered(struct planner *p, struct rte *t, int level)
{
    struct query *q = ARENA_NEW(p->arena, struct query);
    struct rte *rows = ARENA_NEW(p->arena, struct rte);
    *q = (struct query){.command = QUERY_SELECT, .result = -1, .level = level, .has_windows = true};
    *rows = *t;
    rows->function.ordinality = false;
    rows->ncolumns--;
    plan_add_rte(p->arena, q, rows);
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
    for (int i = 0; i < rows->ncolumns; i++) {
        struct expr like = {.type = t->columns[i].type, .typmod = t->columns[i].typmod, .collation = t->columns[i].collation,
                            .location = -1};
        plan_add_target(p->arena, q, plan_var(p->arena, 0, i + 1, &like), t->columns[i].name, false);
    }
    plan_add_target(p->arena, q, plan_window_call(p, "row_number", NULL, NULL), t->columns[rows->ncolumns].name, false);
    t->kind = RTE_SUBQUERY;
    t->subquery = q;
    t->lateral = false;
    return rows;
}

static void visit(struct planner *p, struct query *q, int *ncalls)
{
    for (int i = 0; i < q->nrtable; i++) {
        struct rte *t = q->rtable[i];
        if (!t->in_from && t->kind != RTE_SUBQUERY)
            continue;
        if (is_call(t))
            call_first(p, t->function.ordinality ? numbered(p, t, q->level + 1) : t, ncalls);
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
