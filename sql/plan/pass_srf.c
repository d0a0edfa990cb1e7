/*
 * pass_srf.c: set-returning functions in the select list. They run in lockstep, as ROWS FROM does, and per row of the
 * query without them: the calls become a lateral function entry of FROM. A call inside another's arguments makes an
 * entry of its own before it.
 *
 * Grouping, aggregates and windows come first: then the query moves one level down, leaving only the calls above it.
 */
#include "sql/plan/planner.h"

static bool is_srf(const struct expr *e)
{
    return (e->kind == EXPR_FUNC || e->kind == EXPR_OP) && e->func.proc && e->func.proc->retset;
}

/* --- the level below ------------------------------------------------------------------------- */

struct pieces {
    struct planner *p;
    struct query *q; /* gets a junk target per piece */
};

/* Every largest part without a set becomes a target of the inner query; above stands its column. */
static struct expr *cut(struct expr *e, void *arg)
{
    struct pieces *c = arg;
    if (expr_contains_srf(e)) {
        expr_mutate_children(e, cut, c);
        return e;
    }
    if (e->kind == EXPR_CONST || e->kind == EXPR_PARAM)
        return e;
    plan_add_target(c->p->arena, c->q, e, NULL, true);
    return plan_var(c->p->arena, 0, c->q->ntargets, e);
}

static void split_levels(struct planner *p, struct query *q)
{
    struct pieces c = {.p = p, .q = q};
    int n = q->ntargets;
    struct expr **above = ARENA_ARRAY(p->arena, struct expr *, n);
    for (int i = 0; i < n; i++) {
        struct expr *e = q->targets[i].expr;
        if (!expr_contains_srf(e))
            continue;
        above[i] = cut(e, &c);
        q->targets[i].expr = expr_null(p->arena, e->type, -1);
    }
    bool distinct = q->distinct;
    struct sort_list distinct_on = q->distinct_on;
    q->distinct = false;
    q->distinct_on = (struct sort_list){0};
    plan_push_down(p, q);
    q->distinct = distinct;
    for (int i = 0; i < n; i++)
        if (above[i])
            q->targets[i].expr = above[i];
    q->distinct_on = distinct_on;
    for (int i = 0; i < q->distinct_on.n; i++)
        if (q->distinct_on.items[i].target)
            q->distinct_on.items[i].expr = q->targets[q->distinct_on.items[i].target - 1].expr;
}

/* --- calls into FROM --------------------------------------------------------------------------- */

struct srf_level {
    struct planner *p;
    struct query *q;
    bool last;   /* the level of the outermost calls */
    int nesting; /* sets around the present node */
    struct rte *rte;
    int index; /* of rte */
};

static int height(struct expr *e);

static bool max_height(struct expr *e, void *arg)
{
    int h = height(e), *max = arg;
    *max = h > *max ? h : *max;
    return false;
}

static int height(struct expr *e)
{
    int h = 0;
    expr_walk_children(e, max_height, &h);
    return h + is_srf(e);
}

static int out_columns(const struct proc *p)
{
    int n = 0;
    for (int i = 0; p->argmodes && i < p->nallargs; i++)
        n += p->argmodes[i] == 'o' || p->argmodes[i] == 'b' || p->argmodes[i] == 't';
    return n > 1 ? n : 1;
}

static void add_column(struct srf_level *s, const char *name, uint32_t type, int32_t typmod)
{
    struct column_def *columns = ARENA_ARRAY(s->p->arena, struct column_def, s->rte->ncolumns + 1);
    for (int i = 0; i < s->rte->ncolumns; i++)
        columns[i] = s->rte->columns[i];
    columns[s->rte->ncolumns] = (struct column_def){.name = name, .type = type, .typmod = typmod};
    s->rte->columns = columns;
    s->rte->ncolumns++;
}

static void add_columns(struct srf_level *s, const struct expr *call, int n)
{
    const struct proc *p = call->func.proc;
    if (n == 1) {
        add_column(s, p->name, call->type, call->typmod);
        return;
    }
    for (int i = 0; i < p->nallargs; i++)
        if (p->argmodes[i] != 'i' && p->argmodes[i] != 'v')
            add_column(s, p->argnames ? p->argnames[i] : "", p->allargtypes[i], -1);
}

/* What stands for the call whose columns begin at first. */
static struct expr *result_of(struct srf_level *s, struct expr *call, int first, int n)
{
    if (n == 1)
        return plan_var(s->p->arena, s->index, first + 1, call);
    struct expr *row = expr_new(s->p->arena, EXPR_ROW, call->type, -1, call->location);
    for (int i = 0; i < n; i++) {
        struct expr like = {.type = s->rte->columns[first + i].type, .typmod = -1, .location = -1};
        expr_list_add(s->p->arena, &row->list.args, plan_var(s->p->arena, s->index, first + i + 1, &like));
    }
    return row;
}

/* An equal call that is there already, as (f(x)).* writes them, serves for both. */
static struct expr *shared_call(struct srf_level *s, struct expr *call)
{
    const struct rte *t = s->rte;
    for (int i = 0, first = 0; t && i < t->function.n; first += t->function.ncolumns[i++])
        if (expr_equal(t->function.calls[i], call))
            return result_of(s, call, first, t->function.ncolumns[i]);
    return NULL;
}

static struct expr *into_from(struct srf_level *s, struct expr *call)
{
    struct rte *t = s->rte;
    struct expr *shared = shared_call(s, call);
    if (shared)
        return shared;
    if (!t) {
        t = s->rte = ARENA_NEW(s->p->arena, struct rte);
        t->kind = RTE_FUNCTION;
        t->alias = call->func.proc->name;
        t->lateral = t->in_from = true;
        s->index = plan_add_rte(s->p->arena, s->q, t);
        plan_add_from(s->p->arena, s->q, plan_from_rte(s->p->arena, s->index));
    }
    int n = out_columns(call->func.proc), first = t->ncolumns;
    struct expr **calls = ARENA_ARRAY(s->p->arena, struct expr *, t->function.n + 1);
    int *ncolumns = ARENA_ARRAY(s->p->arena, int, t->function.n + 1);
    for (int i = 0; i < t->function.n; i++) {
        calls[i] = t->function.calls[i];
        ncolumns[i] = t->function.ncolumns[i];
    }
    calls[t->function.n] = call;
    ncolumns[t->function.n++] = n;
    t->function.calls = calls;
    t->function.ncolumns = ncolumns;
    add_columns(s, call, n);
    return result_of(s, call, first, n);
}

/* Inner levels take the nested calls whose arguments hold no further ones; the last level takes what is left. */
static struct expr *take_calls(struct expr *e, void *arg)
{
    struct srf_level *s = arg;
    bool srf = is_srf(e);
    if (srf && height(e) == 1 && (s->last || s->nesting))
        return into_from(s, e);
    s->nesting += srf;
    expr_mutate_children(e, take_calls, s);
    s->nesting -= srf;
    return e;
}

static void replace_targets(struct planner *p, struct query *q, bool last)
{
    struct srf_level s = {.p = p, .q = q, .last = last};
    for (int i = 0; i < q->ntargets; i++)
        q->targets[i].expr = take_calls(q->targets[i].expr, &s);
}

static void follow_targets(const struct query *q, struct sort_list *l)
{
    for (int i = 0; i < l->n; i++)
        if (l->items[i].target)
            l->items[i].expr = q->targets[l->items[i].target - 1].expr;
}

static bool windows_in_targets(const struct query *q)
{
    for (int i = 0; i < q->ntargets; i++)
        if (expr_contains(q->targets[i].expr, EXPR_WINDOW))
            return true;
    return false;
}

/* INSERT ... VALUES (a set): the values become a SELECT below. */
static bool insert_values(struct planner *p, struct query *q)
{
    bool any = false;
    for (int i = 0; i < q->ntargets; i++)
        any = any || expr_contains_srf(q->targets[i].expr);
    if (!any || q->nfrom)
        return true;
    struct query *inner = ARENA_NEW(p->arena, struct query);
    *inner = (struct query){.command = QUERY_SELECT, .result = -1, .level = q->level + 1};
    for (int i = 0; i < q->ntargets; i++)
        plan_add_target(p->arena, inner, q->targets[i].expr, "?column?", false);
    query_shift_levels(inner, 1, true);
    int rte = plan_add_rte(p->arena, q, plan_subquery_rte(p->arena, inner, "*VALUES*"));
    plan_add_from(p->arena, q, plan_from_rte(p->arena, rte));
    for (int i = 0; i < q->ntargets; i++)
        q->targets[i].expr = plan_var(p->arena, rte, i + 1, inner->targets[i].expr);
    return pass_srf(p, inner);
}

struct replaced {
    struct planner *p;
    struct expr *before, *now;
};

/* The same expression in the windows of a target. */
static bool windows_follow(struct expr *e, void *arg)
{
    struct replaced *r = arg;
    if (e->kind == EXPR_WINDOW && e->agg.over) {
        struct window_def *w = ARENA_NEW(r->p->arena, struct window_def);
        *w = *e->agg.over;
        w->partition = (struct expr_list){0};
        for (int i = 0; i < e->agg.over->partition.n; i++) {
            struct expr *x = e->agg.over->partition.items[i];
            expr_list_add(r->p->arena, &w->partition, expr_equal(x, r->before) ? r->now : x);
        }
        w->order.items = ARENA_ARRAY(r->p->arena, struct sort_item, w->order.n + 1);
        for (int i = 0; i < w->order.n; i++) {
            w->order.items[i] = e->agg.over->order.items[i];
            if (expr_equal(w->order.items[i].expr, r->before))
                w->order.items[i].expr = r->now;
        }
        e->agg.over = w;
    }
    return expr_walk_children(e, windows_follow, arg);
}

/* Sets in GROUP BY come before the grouping: into FROM, and wherever the same expression stands. */
static void group_sets(struct planner *p, struct query *q)
{
    for (int g = 0; g < q->group.n; g++) {
        struct expr *before = expr_contains_srf(q->group.items[g]) ? expr_copy(p->arena, q->group.items[g]) : NULL;
        if (!before)
            continue;
        struct srf_level s = {.p = p, .q = q, .last = true};
        struct expr *now = q->group.items[g] = take_calls(q->group.items[g], &s);
        for (int i = 0; i < q->ntargets; i++)
            if (q->targets[i].expr == before || expr_equal(q->targets[i].expr, before))
                q->targets[i].expr = now;
        for (int i = 0; i < q->sort.n; i++)
            if (expr_equal(q->sort.items[i].expr, before))
                q->sort.items[i].expr = now;
        struct replaced r = {p, before, now};
        for (int i = 0; i < q->ntargets; i++)
            windows_follow(q->targets[i].expr, &r);
    }
}

/* Sets in PARTITION BY and ORDER BY of windows come before the windows: the query without its windows moves one level down. */
static bool windows_with_sets(struct expr *e, void *arg)
{
    bool found = false;
    for (int i = 0; e->kind == EXPR_WINDOW && e->agg.over && i < e->agg.over->partition.n; i++)
        found = found || expr_contains_srf(e->agg.over->partition.items[i]);
    for (int i = 0; e->kind == EXPR_WINDOW && e->agg.over && i < e->agg.over->order.n; i++)
        found = found || expr_contains_srf(e->agg.over->order.items[i].expr);
    return found || expr_walk_children(e, windows_with_sets, arg);
}

/* Every largest part without a window becomes a target of the inner query. */
static struct expr *cut_windows(struct expr *e, void *arg)
{
    struct pieces *c = arg;
    if (e->kind == EXPR_CONST || e->kind == EXPR_PARAM)
        return e;
    if (!expr_contains(e, EXPR_WINDOW)) {
        plan_add_target(c->p->arena, c->q, e, NULL, true);
        return plan_var(c->p->arena, 0, c->q->ntargets, e);
    }
    expr_mutate_children(e, cut_windows, c);
    if (e->kind == EXPR_WINDOW && e->agg.over) {
        struct window_def *w = ARENA_NEW(c->p->arena, struct window_def);
        *w = *e->agg.over;
        struct expr_list partition = {0};
        for (int i = 0; i < w->partition.n; i++)
            expr_list_add(c->p->arena, &partition, cut_windows(w->partition.items[i], c));
        w->partition = partition;
        w->order.items = ARENA_ARRAY(c->p->arena, struct sort_item, w->order.n + 1);
        for (int i = 0; i < w->order.n; i++) {
            w->order.items[i] = e->agg.over->order.items[i];
            w->order.items[i].expr = cut_windows(w->order.items[i].expr, c);
        }
        e->agg.over = w;
    }
    return e;
}

/* Is e one of what the windows sort or partition by? Then it is the same set, below. */
static bool window_has(struct expr *e, void *arg)
{
    bool found = false;
    for (int i = 0; e->kind == EXPR_WINDOW && e->agg.over && i < e->agg.over->partition.n; i++)
        found = found || expr_equal(e->agg.over->partition.items[i], arg);
    for (int i = 0; e->kind == EXPR_WINDOW && e->agg.over && i < e->agg.over->order.n; i++)
        found = found || expr_equal(e->agg.over->order.items[i].expr, arg);
    return found || expr_walk_children(e, window_has, arg);
}

static bool windows_have(const struct query *q, int n, struct expr *e)
{
    for (int i = 0; i < n; i++)
        if (window_has(q->targets[i].expr, e))
            return true;
    return false;
}

static bool push_below_windows(struct planner *p, struct query *q)
{
    struct pieces c = {.p = p, .q = q};
    int n = q->ntargets;
    bool any = false;
    for (int i = 0; i < n; i++)
        any = any || windows_with_sets(q->targets[i].expr, NULL);
    if (!any)
        return true;
    struct expr **above = ARENA_ARRAY(p->arena, struct expr *, n);
    for (int i = 0; i < n; i++) {
        struct expr *e = q->targets[i].expr;
        if (expr_contains(e, EXPR_WINDOW))
            above[i] = cut_windows(e, &c);
        else if (expr_contains_srf(e) && !windows_have(q, n, e))
            above[i] = cut(e, &c);
        else
            continue;
        q->targets[i].expr = expr_null(p->arena, above[i]->type, -1);
    }
    bool distinct = q->distinct;
    struct sort_list distinct_on = q->distinct_on;
    q->distinct = false;
    q->distinct_on = (struct sort_list){0};
    struct query *inner = plan_push_down(p, q);
    q->distinct = distinct;
    q->has_windows = true;
    for (int i = 0; i < n; i++)
        if (above[i])
            q->targets[i].expr = above[i];
    q->distinct_on = distinct_on;
    follow_targets(q, &q->distinct_on);
    follow_targets(q, &q->sort);
    return pass_srf(p, inner);
}

/* ORDER BY a set that is not in the select list: a target nobody sees. */
static void sort_sets(struct planner *p, struct query *q)
{
    for (int i = 0; i < q->sort.n; i++) {
        struct sort_item *s = &q->sort.items[i];
        if (s->target || !expr_contains_srf(s->expr))
            continue;
        plan_add_target(p->arena, q, s->expr, NULL, true);
        s->target = q->ntargets;
    }
}

bool pass_srf(struct planner *p, struct query *q)
{
    if (q->command == QUERY_INSERT)
        return insert_values(p, q);
    if (q->command != QUERY_SELECT || q->setop)
        return true;
    int top = 0;
    group_sets(p, q);
    sort_sets(p, q);
    if (!push_below_windows(p, q))
        return false;
    for (int i = 0; i < q->ntargets; i++)
        max_height(q->targets[i].expr, &top);
    if (!top)
        return true;
    if (q->has_aggs || q->group.n || q->having || windows_in_targets(q))
        split_levels(p, q);
    for (int level = 1; level <= top; level++)
        replace_targets(p, q, level == top);
    follow_targets(q, &q->sort);
    follow_targets(q, &q->distinct_on);
    q->has_srfs = false;
    return true;
}
