/*
 * pass_distinct_on.c: SELECT DISTINCT ON (a, b) ... ORDER BY a, b, c keeps of each group of equal (a, b) the first row
 * in that order: the rows whose row_number() within the group is 1.
 */
#include "sql/plan/planner.h"

static bool has_windows(const struct query *q)
{
    for (int i = 0; i < q->ntargets; i++)
        if (expr_contains(q->targets[i].expr, EXPR_WINDOW))
            return true;
    for (int i = 0; i < q->sort.n; i++)
        if (expr_contains(q->sort.items[i].expr, EXPR_WINDOW))
            return true;
    return false;
}

/* Each item becomes a target, so that it is a column of the level below. */
static bool all_are_targets(struct planner *p, struct query *q, struct sort_list *l)
{
    struct sort_item *items = ARENA_ARRAY(p->arena, struct sort_item, l->n + 1);
    for (int i = 0; i < l->n; i++) {
        items[i] = l->items[i];
        if (items[i].target)
            continue;
        plan_add_target(p->arena, q, items[i].expr, NULL, true);
        items[i].target = q->ntargets;
    }
    l->items = items;
    return true;
}

static void follow(const struct query *q, struct sort_list *l)
{
    for (int i = 0; i < l->n; i++)
        l->items[i].expr = q->targets[l->items[i].target - 1].expr;
}

bool pass_distinct_on(struct planner *p, struct query *q)
{
    if (!q->distinct_on.n)
        return true;
    /* What it looks at may be window functions: they come before it, one level down. */
    if (has_windows(q)) {
        struct sort_list on = q->distinct_on, below = q->sort;
        q->distinct_on = (struct sort_list){0};
        q->distinct = false;
        if (!all_are_targets(p, q, &on) || !all_are_targets(p, q, &below))
            return false;
        q->sort = below;
        plan_push_down(p, q);
        follow(q, &on);
        q->distinct_on = on;
        q->distinct = true;
    }
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
