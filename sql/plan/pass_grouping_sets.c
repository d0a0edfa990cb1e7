/*
 * pass_grouping_sets.c: GROUP BY GROUPING SETS/ROLLUP/CUBE: one plain grouping per set, glued by UNION ALL. Each gives all
 * group expressions (NULL for those not in its set), all aggregates and GROUPING() values that the query uses; the query
 * itself becomes a SELECT over them, its HAVING a WHERE.
 *
 * The groupings share the trees of FROM, WHERE and the aggregates' arguments: nothing changes them afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/plan/planner.h"

#define MAX_SETS 4096 /* as PostgreSQL: "too many grouping sets present (maximum 4096)" */

/* A list of grouping sets, each a list of indexes into query.group. */
struct set_list {
    struct int_set {
        const int *items;
        int n;
    } *sets;
    int n;
};

static bool add_set(struct planner *p, struct set_list *l, const int *items, int n)
{
    if (l->n >= MAX_SETS)
        return error_set(p->err, ERRCODE_STATEMENT_TOO_COMPLEX, "too many grouping sets present (maximum %d)",
                         MAX_SETS);
    if ((l->n & (l->n - 1)) == 0) {
        struct int_set *sets = ARENA_ARRAY(p->arena, struct int_set, l->n ? l->n * 2 : 1);
        if (l->n)
            memcpy(sets, l->sets, sizeof(*sets) * (size_t)l->n);
        l->sets = sets;
    }
    int *copy = ARENA_ARRAY(p->arena, int, n + 1);
    if (n)
        memcpy(copy, items, sizeof(int) * (size_t)n);
    l->sets[l->n++] = (struct int_set){copy, n};
    return true;
}

static bool add_union(struct planner *p, struct set_list *l, const struct int_set *a, const struct int_set *b)
{
    int *items = ARENA_ARRAY(p->arena, int, a->n + b->n + 1), n = 0;
    const struct int_set *parts[] = {a, b};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < parts[k]->n; i++) {
            bool there = false;
            for (int j = 0; j < n; j++)
                there = there || items[j] == parts[k]->items[i];
            if (!there)
                items[n++] = parts[k]->items[i];
        }
    return add_set(p, l, items, n);
}

static bool expand(struct planner *p, const struct grouping_set *g, struct set_list *out);

/* The units of ROLLUP and CUBE: nested sets, or the items one by one. */
static bool units_of(struct planner *p, const struct grouping_set *g, struct set_list *units)
{
    for (int i = 0; i < g->nsets; i++) {
        struct set_list one = {0};
        if (!expand(p, g->sets[i], &one))
            return false;
        for (int k = 0; k < one.n; k++)
            if (!add_set(p, units, one.sets[k].items, one.sets[k].n))
                return false;
    }
    for (int i = 0; i < (g->nsets ? 0 : g->nitems); i++)
        if (!add_set(p, units, &g->items[i], 1))
            return false;
    return true;
}

static bool expand_rollup(struct planner *p, const struct set_list *units, struct set_list *out)
{
    for (int len = units->n; len >= 0; len--) {
        struct int_set all = {0};
        for (int i = 0; i < len; i++) {
            struct set_list sum = {0};
            if (!add_union(p, &sum, &all, &units->sets[i]))
                return false;
            all = sum.sets[0];
        }
        if (!add_set(p, out, all.items, all.n))
            return false;
    }
    return true;
}

static bool expand_cube(struct planner *p, const struct set_list *units, struct set_list *out)
{
    if (units->n > 12)
        return error_set(p->err, ERRCODE_TOO_MANY_COLUMNS, "CUBE is limited to 12 elements");
    for (unsigned mask = (1u << units->n); mask-- > 0;) {
        struct int_set all = {0};
        for (int i = 0; i < units->n; i++) {
            if (!(mask >> (units->n - 1 - i) & 1))
                continue;
            struct set_list sum = {0};
            if (!add_union(p, &sum, &all, &units->sets[i]))
                return false;
            all = sum.sets[0];
        }
        if (!add_set(p, out, all.items, all.n))
            return false;
    }
    return true;
}

static bool expand(struct planner *p, const struct grouping_set *g, struct set_list *out)
{
    struct set_list units = {0};
    switch (g->kind) {
    case GROUP_EMPTY:
        return add_set(p, out, NULL, 0);
    case GROUP_SIMPLE:
        return add_set(p, out, g->items, g->nitems);
    case GROUP_ROLLUP:
        return units_of(p, g, &units) && expand_rollup(p, &units, out);
    case GROUP_CUBE:
        return units_of(p, g, &units) && expand_cube(p, &units, out);
    case GROUP_SETS:
        for (int i = 0; i < g->nsets; i++)
            if (!expand(p, g->sets[i], out))
                return false;
        return true;
    }
    return true;
}

static bool has_item(const struct int_set *s, int item)
{
    for (int i = 0; i < s->n; i++)
        if (s->items[i] == item)
            return true;
    return false;
}

static bool same_set(const struct int_set *a, const struct int_set *b)
{
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++)
        if (!has_item(b, a->items[i]))
            return false;
    return true;
}

/* The items of GROUP BY multiply: every set of one with every set of the next. */
static bool all_sets(struct planner *p, const struct query *q, struct set_list *out)
{
    if (!add_set(p, out, NULL, 0))
        return false;
    for (int i = 0; i < q->ngrouping_sets; i++) {
        struct set_list one = {0}, product = {0};
        if (!expand(p, q->grouping_sets[i], &one))
            return false;
        for (int a = 0; a < out->n; a++)
            for (int b = 0; b < one.n; b++)
                if (!add_union(p, &product, &out->sets[a], &one.sets[b]))
                    return false;
        *out = product;
    }
    int n = 0;
    for (int i = 0; i < out->n; i++) {
        bool again = false;
        for (int k = 0; k < n && q->group_distinct; k++)
            again = again || same_set(&out->sets[k], &out->sets[i]);
        if (!again)
            out->sets[n++] = out->sets[i];
    }
    out->n = n;
    return true;
}

/* --- the query over the groupings ---------------------------------------------------------------- */

/* Columns of the groupings: the group expressions, then what was found: aggregates and GROUPING(). */
struct columns {
    struct planner *p;
    struct query *q;
    struct expr_list exprs;
};

static struct expr *column_for(struct columns *c, struct expr *e)
{
    int i = 0;
    while (i < c->exprs.n && !expr_equal(c->exprs.items[i], e))
        i++;
    if (i == c->exprs.n)
        expr_list_add(c->p->arena, &c->exprs, e);
    return plan_var(c->p->arena, 0, i + 1, e);
}

static struct expr *replace(struct expr *e, void *arg)
{
    struct columns *c = arg;
    for (int i = 0; i < c->q->group.n; i++)
        if (expr_equal(c->q->group.items[i], e))
            return plan_var(c->p->arena, 0, i + 1, e);
    if ((e->kind == EXPR_AGG && e->agg.levelsup == 0) || (e->kind == EXPR_GROUPING && e->grouping.levelsup == 0))
        return column_for(c, e);
    if (e->kind == EXPR_SUBLINK) {
        if (expr_uses_rte(e, -1))
            error_set(c->p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "subqueries that refer to the grouped query with GROUPING SETS are not supported");
        return e;
    }
    expr_mutate_children(e, replace, c);
    return e;
}

static void replace_sort(struct columns *c, struct sort_list *l)
{
    for (int i = 0; i < l->n; i++) {
        struct sort_item *s = &l->items[i];
        s->expr = s->target ? c->q->targets[s->target - 1].expr : replace(s->expr, c);
    }
}

static void replace_windows(struct columns *c, struct expr *e);

static bool find_windows(struct expr *e, void *arg)
{
    replace_windows(arg, e);
    return false;
}

static void replace_windows(struct columns *c, struct expr *e)
{
    if (e->kind == EXPR_WINDOW && e->agg.over) {
        struct window_def *w = ARENA_NEW(c->p->arena, struct window_def);
        *w = *e->agg.over;
        struct expr_list partition = {0};
        for (int i = 0; i < w->partition.n; i++)
            expr_list_add(c->p->arena, &partition, replace(w->partition.items[i], c));
        w->partition = partition;
        struct sort_item *items = ARENA_ARRAY(c->p->arena, struct sort_item, w->order.n + 1);
        for (int i = 0; i < w->order.n; i++) {
            items[i] = w->order.items[i];
            items[i].expr = replace(items[i].expr, c);
        }
        w->order.items = items;
        e->agg.over = w;
    }
    expr_walk_children(e, find_windows, c);
}

/* GROUPING(a, b): a bit per argument, set when it is not grouped by in this set. */
static struct expr *grouping_value(struct columns *c, const struct expr *e, const struct int_set *set)
{
    int64_t bits = 0;
    for (int i = 0; i < e->grouping.args.n; i++) {
        bool grouped = false;
        for (int k = 0; k < set->n; k++)
            grouped = grouped || expr_equal(c->q->group.items[set->items[k]], e->grouping.args.items[i]);
        bits = bits << 1 | !grouped;
    }
    return expr_const(c->p->arena, INT4OID, -1, value_int(bits), -1);
}

static struct query *grouping(struct columns *c, const struct query *source, const struct int_set *set)
{
    struct query *g = ARENA_NEW(c->p->arena, struct query);
    *g = (struct query){.command = QUERY_SELECT, .rtable = source->rtable, .nrtable = source->nrtable,
                        .from = source->from, .nfrom = source->nfrom, .where = source->where, .result = -1,
                        .has_aggs = true, .level = source->level + 2,
                        .volatile_calls = source->volatile_calls};
    for (int i = 0; i < c->exprs.n; i++) {
        struct expr *e = c->exprs.items[i];
        if (i < source->group.n && !has_item(set, i))
            e = expr_null(c->p->arena, e->type, -1);
        else if (e->kind == EXPR_GROUPING)
            e = grouping_value(c, e, set);
        plan_add_target(c->p->arena, g, e, NULL, false);
    }
    for (int i = 0; i < set->n; i++)
        expr_list_add(c->p->arena, &g->group, source->group.items[set->items[i]]);
    /* The empty set gives one row even without rows and without aggregates. */
    if (!set->n)
        g->having = expr_const(c->p->arena, BOOLOID, -1, value_bool(true), -1);
    return g;
}

static struct query *glue(struct columns *c, const struct query *source, const struct set_list *sets)
{
    struct query *all = ARENA_NEW(c->p->arena, struct query);
    *all = (struct query){.command = QUERY_SELECT, .result = -1, .level = source->level + 1};
    struct setop *tree = NULL;
    for (int i = 0; i < sets->n; i++) {
        struct rte *r = plan_subquery_rte(c->p->arena, grouping(c, source, &sets->sets[i]), "grouping");
        struct setop *leaf = ARENA_NEW(c->p->arena, struct setop);
        leaf->rte = plan_add_rte(c->p->arena, all, r);
        leaf->columns = r->columns;
        leaf->ncolumns = r->ncolumns;
        if (tree) {
            struct setop *node = ARENA_NEW(c->p->arena, struct setop);
            *node = (struct setop){.op = SETOP_UNION, .all = true, .left = tree, .right = leaf,
                                   .columns = r->columns, .ncolumns = r->ncolumns};
            leaf = node;
        }
        tree = leaf;
    }
    all->setop = tree;
    for (int i = 0; i < c->exprs.n; i++)
        plan_add_target(c->p->arena, all, plan_var(c->p->arena, 0, i + 1, c->exprs.items[i]), NULL, false);
    return all;
}

/* HAVING without GROUP BY and aggregates: one group, whatever the rows are, so none is read. */
static void drop_rows(struct query *q)
{
    if (!q->having || q->group.n || q->has_aggs || q->has_windows || q->setop)
        return;
    q->nfrom = 0;
    q->where = q->having;
    q->having = NULL;
}

bool pass_grouping_sets(struct planner *p, struct query *q)
{
    struct set_list sets = {0};
    if (!q->grouping_sets) {
        drop_rows(q);
        return true;
    }
    if (!all_sets(p, q, &sets))
        return false;
    struct query *source = ARENA_NEW(p->arena, struct query);
    struct columns c = {.p = p, .q = source};
    for (int i = 0; i < q->group.n; i++)
        expr_list_add(p->arena, &c.exprs, q->group.items[i]);
    *source = *q;
    for (int i = 0; i < q->ntargets; i++) {
        replace_windows(&c, q->targets[i].expr);
        q->targets[i].expr = replace(q->targets[i].expr, &c);
    }
    source->targets = q->targets;
    replace_sort(&c, &q->sort);
    replace_sort(&c, &q->distinct_on);
    q->where = q->having ? replace(q->having, &c) : NULL;

    struct query body = {.command = QUERY_SELECT, .rtable = source->rtable, .nrtable = source->nrtable,
                         .from = source->from, .nfrom = source->nfrom, .where = source->where,
                         .result = -1};
    for (int i = 0; i < c.exprs.n; i++)
        plan_add_target(p->arena, &body, c.exprs.items[i], NULL, false);
    query_shift_levels(&body, sets.n > 1 ? 2 : 1, true);

    q->rtable = NULL;
    q->from = NULL;
    q->nrtable = q->nfrom = 0;
    q->group = (struct expr_list){0};
    q->grouping_sets = NULL;
    q->ngrouping_sets = 0;
    q->having = NULL;
    q->has_aggs = false;
    if (sets.n > 1) {
        plan_add_rte(p->arena, q, plan_subquery_rte(p->arena, glue(&c, source, &sets), "groupings"));
    } else {
        plan_add_rte(p->arena, q, plan_subquery_rte(p->arena, grouping(&c, source, &sets.sets[0]), "grouping"));
    }
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
    return !error_is_set(p->err);
}
