/*
 * pass_with_ties.c: FETCH FIRST n ROWS WITH TIES [OFFSET m]: behind the first m rows, those whose rank is not beyond
 * m + n: the last row's equals have its rank.
 */
#include "sql/plan/planner.h"

bool pass_with_ties(struct planner *p, struct query *q)
{
    if (!q->with_ties)
        return true;
    struct expr *limit = q->limit, *offset = q->offset;
    q->with_ties = false;
    q->limit = q->offset = NULL;
    if (!limit)
        return true;
    /* The ranks are taken over the finished rows (DISTINCT, grouping): from outside them. */
    plan_push_down(p, q);
    struct sort_list order = q->sort;
    struct query *inner = plan_push_down(p, q);
    struct expr *rank = plan_window_call(p, "rank", NULL, &order);
    struct expr *number = plan_window_call(p, "row_number", NULL, &order);
    plan_add_target(p->arena, inner, rank, NULL, false);
    plan_add_target(p->arena, inner, number, NULL, false);
    inner->has_windows = true;
    q->rtable[0] = plan_subquery_rte(p->arena, inner, "unnamed_subquery");
    struct expr *last = limit;
    if (offset) {
        last = plan_op(p, "+", offset, limit);
        q->where = plan_op(p, ">", plan_var(p->arena, 0, inner->ntargets, number), offset);
    }
    struct expr *within = plan_op(p, "<=", plan_var(p->arena, 0, inner->ntargets - 1, rank), last);
    q->where = plan_and(p->arena, q->where, within);
    return true;
}
