/*
 * pass_distinct_on.c: SELECT DISTINCT ON (a, b) ... ORDER BY a, b, c keeps of each group of equal (a, b) the first row
 * in that order: the rows whose row_number() within the group is 1.
 */
#include "sql/plan/planner.h"

bool pass_distinct_on(struct planner *p, struct query *q)
{
    if (!q->distinct_on.n)
        return true;
    struct sort_list order = q->sort;
    struct expr_list partition = {0};
    for (int i = 0; i < q->distinct_on.n; i++)
        expr_list_add(p->arena, &partition, q->distinct_on.items[i].expr);
    q->distinct_on = (struct sort_list){0};
    q->distinct = false;
    struct query *inner = plan_push_down(p, q);
    struct expr *number = plan_window_call(p, "row_number", &partition, &order);
    plan_add_target(p->arena, inner, number, NULL, false);
    inner->has_windows = true;
    q->rtable[0] = plan_subquery_rte(p->arena, inner, "unnamed_subquery");
    q->where = plan_op(p, "=", plan_var(p->arena, 0, inner->ntargets, number), plan_int8(p, 1));
    return true;
}
