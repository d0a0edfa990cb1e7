/*
 * walk.c: walks over whole queries, level shifts, and the pieces that passes build new queries from.
 *
 * Analysis lets clauses share nodes (a target and the ORDER BY item made from it), so whatever changes nodes in place
 * keeps a set of those it has done.
 */
#include "sql/plan/walk.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"

/* --- walking ---------------------------------------------------------------------------------- */

static bool walk_child(struct expr *e, void *arg);

static bool walk_list(struct query_walk *w, const struct expr_list *l)
{
    for (int i = 0; i < l->n; i++)
        if (walk_child(l->items[i], w))
            return true;
    return false;
}

static bool walk_window(struct query_walk *w, const struct window_def *d)
{
    if (walk_list(w, &d->partition))
        return true;
    for (int i = 0; i < d->order.n; i++)
        if (walk_child(d->order.items[i].expr, w))
            return true;
    return (d->start_offset && walk_child(d->start_offset, w)) ||
           (d->end_offset && walk_child(d->end_offset, w));
}

static bool walk_child(struct expr *e, void *arg)
{
    struct query_walk *w = arg;
    if (w->expr && w->expr(w, e, w->level))
        return true;
    if (e->kind == EXPR_SUBLINK) {
        w->level++;
        bool stop = query_walk(w, e->sublink.query);
        w->level--;
        if (stop)
            return true;
    }
    if (e->kind == EXPR_WINDOW && e->agg.over && walk_window(w, e->agg.over))
        return true;
    return expr_walk_children(e, walk_child, w);
}

struct top_walk {
    struct query_walk *w;
    bool stop;
};

static struct expr *walk_top(struct expr *e, void *arg)
{
    struct top_walk *t = arg;
    t->stop = t->stop || walk_child(e, t->w);
    return e;
}

bool query_walk(struct query_walk *w, struct query *q)
{
    if (w->query && w->query(w, q, w->level))
        return true;
    struct top_walk t = {.w = w};
    query_mutate_exprs(q, walk_top, &t);
    if (t.stop)
        return true;
    w->level++;
    bool stop = false;
    for (int i = 0; i < q->nrtable && !stop; i++)
        if (q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->subquery)
            stop = query_walk(w, q->rtable[i]->subquery);
    for (int i = 0; i < q->nctes && !stop; i++)
        stop = query_walk(w, q->ctes[i]->query);
    w->level--;
    return stop;
}

bool query_walk_expr(struct query_walk *w, struct expr *e)
{
    return walk_child(e, w);
}

/* --- a set of pointers -------------------------------------------------------------------------- */

static void set_grow(struct pointer_set *s)
{
    struct pointer_set old = *s;
    s->cap = old.cap ? old.cap * 2 : 64;
    s->n = 0;
    s->slots = calloc(s->cap, sizeof(*s->slots));
    if (!s->slots)
        log_fatal("out of memory (%zu bytes)", s->cap * sizeof(*s->slots));
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i])
            pointer_set_add(s, old.slots[i]);
    free(old.slots);
}

bool pointer_set_add(struct pointer_set *s, const void *p)
{
    if (s->n * 2 >= s->cap)
        set_grow(s);
    size_t i = ((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 20 & (s->cap - 1);
    while (s->slots[i] && s->slots[i] != p)
        i = (i + 1) & (s->cap - 1);
    if (s->slots[i])
        return false;
    s->slots[i] = p;
    s->n++;
    return true;
}

void pointer_set_free(struct pointer_set *s)
{
    free(s->slots);
    *s = (struct pointer_set){0};
}

/* --- level shifts ----------------------------------------------------------------------------------- */

struct shift {
    int from, delta;
    int cte_from; /* the same for references to WITH entries */
    struct pointer_set done;
};

static int *levels_of(struct expr *e)
{
    switch (e->kind) {
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
        return &e->var.levelsup;
    case EXPR_AGG:
        return &e->agg.levelsup;
    case EXPR_GROUPING:
        return &e->grouping.levelsup;
    default:
        return NULL;
    }
}

static bool shift_expr(struct query_walk *w, struct expr *e, int level)
{
    struct shift *s = w->arg;
    int *up = levels_of(e);
    if (up && *up >= level + s->from && pointer_set_add(&s->done, e))
        *up += s->delta;
    return false;
}

static bool shift_query(struct query_walk *w, struct query *q, int level)
{
    struct shift *s = w->arg;
    for (int i = 0; i < q->nrtable; i++) {
        struct rte *t = q->rtable[i];
        if (t->kind == RTE_CTE && t->cte.levelsup >= level + s->cte_from && pointer_set_add(&s->done, t))
            t->cte.levelsup += s->delta;
    }
    return false;
}

void query_shift_levels(struct query *q, int delta, bool with_ctes)
{
    struct shift s = {.from = 1, .delta = delta, .cte_from = with_ctes ? 0 : 1};
    struct query_walk w = {.expr = shift_expr, .query = shift_query, .arg = &s};
    query_walk(&w, q);
    pointer_set_free(&s.done);
}

void expr_shift_levels(struct expr *e, int from, int delta)
{
    struct shift s = {.from = from, .delta = delta, .cte_from = from};
    struct query_walk w = {.expr = shift_expr, .query = shift_query, .arg = &s};
    query_walk_expr(&w, e);
    pointer_set_free(&s.done);
}

/* --- questions --------------------------------------------------------------------------------------- */

static bool uses_rte(struct query_walk *w, struct expr *e, int level)
{
    int rte = *(int *)w->arg;
    return (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level &&
           (rte < 0 || e->var.rte == rte);
}

bool expr_uses_rte(struct expr *e, int rte)
{
    struct query_walk w = {.expr = uses_rte, .arg = &rte};
    return query_walk_expr(&w, e);
}

static bool is_volatile(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)level;
    return (e->kind == EXPR_FUNC || e->kind == EXPR_OP) && e->func.proc && e->func.proc->volatility == 'v';
}

bool expr_is_volatile(const struct expr *e)
{
    struct query_walk w = {.expr = is_volatile};
    return query_walk_expr(&w, (struct expr *)(uintptr_t)e);
}

bool query_is_volatile(struct query *q)
{
    struct query_walk w = {.expr = is_volatile};
    return query_walk(&w, q);
}

bool query_gives_volatile(struct query *q)
{
    for (int i = 0; i < q->ntargets && !q->setop; i++)
        if (expr_is_volatile(q->targets[i].expr))
            return true;
    return q->setop && query_is_volatile(q);
}

static bool contains_kind(struct expr *e, void *arg)
{
    return (int)e->kind == *(int *)arg || expr_walk_children(e, contains_kind, arg);
}

bool expr_contains(const struct expr *e, enum expr_kind kind)
{
    int k = (int)kind;
    return contains_kind((struct expr *)(uintptr_t)e, &k);
}

static bool is_srf_call(const struct expr *e)
{
    return (e->kind == EXPR_FUNC || e->kind == EXPR_OP) && e->func.proc && e->func.proc->retset;
}

static bool contains_srf(struct expr *e, void *arg)
{
    return is_srf_call(e) || expr_walk_children(e, contains_srf, arg);
}

bool expr_contains_srf(const struct expr *e)
{
    return contains_srf((struct expr *)(uintptr_t)e, NULL);
}

struct own_vars {
    bool (*visit)(void *arg, struct expr *var);
    void *arg;
    struct pointer_set done;
};

static bool visit_own(struct query_walk *w, struct expr *e, int level)
{
    struct own_vars *o = w->arg;
    if ((e->kind != EXPR_VAR && e->kind != EXPR_WHOLE_ROW) || e->var.levelsup != level || !pointer_set_add(&o->done, e))
        return false;
    bool stop = o->visit(o->arg, e);
    for (int i = 0; e->kind == EXPR_ROW && i < e->list.args.n; i++) /* a whole row taken apart: its fields are done */
        pointer_set_add(&o->done, e->list.args.items[i]);
    return stop;
}

bool plan_each_var(struct target *targets, int n, bool (*visit)(void *arg, struct expr *var), void *arg)
{
    struct own_vars o = {.visit = visit, .arg = arg};
    struct query_walk w = {.expr = visit_own, .arg = &o};
    bool stop = false;
    for (int i = 0; i < n && !stop; i++)
        stop = query_walk_expr(&w, targets[i].expr);
    pointer_set_free(&o.done);
    return stop;
}

/* --- building ------------------------------------------------------------------------------------------- */

struct expr *plan_var(struct arena *a, int rte, int attnum, const struct expr *like)
{
    struct expr *e = expr_new(a, EXPR_VAR, like->type, like->typmod, like->location);
    e->collation = like->collation;
    e->var.rte = rte;
    e->var.attnum = attnum;
    return e;
}

static void *grown(struct arena *a, const void *old, int n, size_t size)
{
    char *p = arena_alloc(a, size * (size_t)(n + 1));
    if (n)
        memcpy(p, old, size * (size_t)n);
    return p;
}

int plan_add_rte(struct arena *a, struct query *q, struct rte *r)
{
    q->rtable = grown(a, q->rtable, q->nrtable, sizeof(*q->rtable));
    q->rtable[q->nrtable] = r;
    return q->nrtable++;
}

void plan_add_from(struct arena *a, struct query *q, struct from_node *n)
{
    q->from = grown(a, q->from, q->nfrom, sizeof(*q->from));
    q->from[q->nfrom++] = n;
}

struct from_node *plan_from_rte(struct arena *a, int rte)
{
    struct from_node *n = ARENA_NEW(a, struct from_node);
    n->rte = rte;
    return n;
}

struct target *plan_add_target(struct arena *a, struct query *q, struct expr *e, const char *name, bool junk)
{
    q->targets = grown(a, q->targets, q->ntargets, sizeof(*q->targets));
    struct target *t = &q->targets[q->ntargets++];
    *t = (struct target){.expr = e, .name = name, .junk = junk};
    return t;
}

struct expr *plan_and(struct arena *a, struct expr *left, struct expr *right)
{
    if (!left || !right)
        return left ? left : right;
    return expr_bool(a, BOOL_AND, left, right);
}

struct rte *plan_subquery_rte(struct arena *a, struct query *q, const char *alias)
{
    struct rte *r = ARENA_NEW(a, struct rte);
    r->kind = RTE_SUBQUERY;
    r->alias = alias;
    r->in_from = true;
    r->subquery = q;
    r->ncolumns = q->ntargets;
    r->columns = ARENA_ARRAY(a, struct column_def, q->ntargets + 1);
    for (int i = 0; i < q->ntargets; i++) {
        struct target *t = &q->targets[i];
        t->junk = false;
        if (!t->name)
            t->name = "?column?";
        r->columns[i] = (struct column_def){.name = t->name, .type = t->expr->type,
                                            .typmod = t->expr->typmod, .collation = t->expr->collation};
    }
    return r;
}
