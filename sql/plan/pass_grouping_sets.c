/*
 * pass_grouping_sets.c: GROUP BY GROUPING SETS/ROLLUP/CUBE: one plain grouping per set, glued by UNION ALL. Each gives all
 * group expressions (NULL for those not in its set), all aggregates and GROUPING() values that the query uses; the query
 * itself becomes a SELECT over them, its HAVING a WHERE.
 *
 * A plain grouping goes the same way, as a single set, when a subquery inside it uses its aggregates: SQLite computes an
 * aggregate only where it is written.
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

/* --- types that cannot be grouped together --- */

static const struct operator_def *order_of(struct planner *p, const struct expr *e, int strategy)
{
    const struct type_def *t = snapshot_type(p->snapshot, e->type);
    while (t && t->typtype == 'd')
        t = snapshot_type(p->snapshot, t->basetype);
    uint32_t pseudo = t ? registry_opclass_pseudo_type(t) : 0;
    return t ? registry_order_operator(pseudo ? pseudo : t->oid, strategy) : NULL;
}

static bool aggregates_in_order(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    return e->kind == EXPR_AGG && e->agg.levelsup == level && (e->agg.distinct || e->agg.order.n);
}

/*
 * PostgreSQL groups by sorting or by hashing. A set with one type that it cannot sort (xid) and one that it cannot hash (bit), or an
 * aggregate that wants its input in order, is refused.
 */
static bool set_can_be_grouped(struct planner *p, const struct query *q, const struct int_set *set)
{
    bool sorts = true, hashes = true;
    for (int i = 0; i < set->n; i++) {
        const struct operator_def *eq = order_of(p, q->group.items[set->items[i]], 3);
        hashes = hashes && (!eq || eq->canhash);
        sorts = sorts && (!eq || order_of(p, q->group.items[set->items[i]], 1));
    }
    struct query_walk w = {.expr = aggregates_in_order};
    for (int i = 0; i < q->ntargets && !sorts && hashes; i++)
        hashes = !query_walk_expr(&w, q->targets[i].expr);
    if (sorts || hashes)
        return true;
    error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "could not implement GROUP BY");
    error_detail(p->err, "Some of the datatypes only support hashing, while others only support sorting.");
    return false;
}

static bool can_be_grouped(struct planner *p, const struct query *q, const struct set_list *sets)
{
    for (int i = 0; i < sets->n; i++)
        if (!set_can_be_grouped(p, q, &sets->sets[i]))
            return false;
    return true;
}

/* --- the query over the groupings ---------------------------------------------------------------- */

/* Columns of the groupings: the group expressions, then what was found: aggregates, GROUPING(), columns that a grouped key
   determines. */
struct columns {
    struct planner *p;
    struct query *q;
    struct expr_list exprs;
    struct pointer_set done; /* nodes of subqueries */
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

/* 1 + index of the group expression that e is; of two alike the one that e was made from. 0: none. */
static int group_item(const struct columns *c, const struct expr *e)
{
    const struct expr_list *g = &c->q->group;
    for (int i = 0; i < g->n; i++)
        if (g->items[i] == e)
            return i + 1;
    for (int i = 0; i < g->n; i++)
        if (expr_equal(g->items[i], e))
            return i + 1;
    return 0;
}

/* How many levels out an expression points that only the grouped query can compute; -1: it is none. */
static int refers_up(const struct expr *e)
{
    switch (e->kind) {
    case EXPR_AGG:
        return e->agg.levelsup;
    case EXPR_GROUPING:
        return e->grouping.levelsup;
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
        return e->var.levelsup;
    default:
        return -1;
    }
}

/* Inside a subquery, level queries deep: what the groupings compute becomes a column of theirs, in place. */
static bool replace_outer(struct query_walk *w, struct expr *e, int level)
{
    struct columns *c = w->arg;
    if (!level || refers_up(e) != level || !pointer_set_add(&c->done, e))
        return false;
    struct expr *own = expr_copy(c->p->arena, e);
    expr_shift_levels(own, level, -level);
    int item = group_item(c, own);
    struct expr *var = item ? plan_var(c->p->arena, 0, item, own) : column_for(c, own);
    var->var.levelsup = level;
    *e = *var;
    return false;
}

static struct expr *replace(struct expr *e, void *arg)
{
    struct columns *c = arg;
    int item = group_item(c, e);
    if (item)
        return plan_var(c->p->arena, 0, item, e);
    if (refers_up(e) == 0)
        return column_for(c, e);
    expr_mutate_children(e, replace, c);
    if (e->kind == EXPR_SUBLINK) {
        struct query_walk w = {.expr = replace_outer, .arg = c, .level = 1};
        query_walk(&w, e->sublink.query);
    }
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

/* Direct arguments of ordered-set aggregates see the group's row: NULL for what is not in the set. */
struct direct_arguments {
    struct columns *c;
    const struct int_set *set;
};

static struct expr *null_ungrouped(struct expr *e, void *arg)
{
    struct direct_arguments *d = arg;
    int item = group_item(d->c, e);
    if (item)
        return has_item(d->set, item - 1) ? e : expr_null(d->c->p->arena, e->type, -1);
    expr_mutate_children(e, null_ungrouped, d);
    return e;
}

static struct expr *aggregate_value(struct columns *c, struct expr *e, const struct int_set *set)
{
    struct direct_arguments d = {c, set};
    if (!e->agg.direct.n || set->n == c->q->group.n)
        return e;
    struct expr *copy = expr_copy(c->p->arena, e);
    for (int i = 0; i < copy->agg.direct.n; i++)
        copy->agg.direct.items[i] = null_ungrouped(copy->agg.direct.items[i], &d);
    return copy;
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
        else if (e->kind == EXPR_AGG)
            e = aggregate_value(c, e, set);
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

/* Does a subquery compute with an aggregate or GROUPING() of the query around it, or compare one with its rows? */
static bool aggregates_outside(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    if (e->kind == EXPR_SUBLINK && level == 0)
        for (int i = 0; i < e->sublink.left.n; i++)
            if (expr_contains(e->sublink.left.items[i], EXPR_AGG))
                return true;
    return level > 0 && (e->kind == EXPR_AGG || e->kind == EXPR_GROUPING) && refers_up(e) == level;
}

static bool subqueries_aggregate(struct query *q)
{
    struct query_walk w = {.expr = aggregates_outside};
    bool found = false;
    if (q->command != QUERY_SELECT || q->setop || (!q->has_aggs && !q->group.n))
        return false;
    for (int i = 0; i < q->ntargets && !found; i++)
        found = query_walk_expr(&w, q->targets[i].expr);
    for (int i = 0; i < q->sort.n && !found; i++)
        found = query_walk_expr(&w, q->sort.items[i].expr);
    return found || (q->having && query_walk_expr(&w, q->having));
}

/* A plain GROUP BY as the one set of all its expressions. */
static bool one_set(struct planner *p, const struct query *q, struct set_list *out)
{
    int *items = ARENA_ARRAY(p->arena, int, q->group.n + 1);
    for (int i = 0; i < q->group.n; i++)
        items[i] = i;
    return add_set(p, out, items, q->group.n);
}

bool pass_grouping_sets(struct planner *p, struct query *q)
{
    struct set_list sets = {0};
    if (!(q->grouping_sets ? all_sets(p, q, &sets) : one_set(p, q, &sets)) || !can_be_grouped(p, q, &sets))
        return false;
    if (!q->grouping_sets && !subqueries_aggregate(q)) {
        drop_rows(q);
        return true;
    }
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
    pointer_set_free(&c.done);
    return !error_is_set(p->err);
}
