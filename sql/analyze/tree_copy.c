/*
 * tree_copy.c: deep copies of expressions and queries. Catalog objects (relations, functions,
 * operators), names and constant bytes are shared: nobody changes them.
 */
#include "sql/analyze/tree.h"

#include "sql/base/arena.h"

static struct query *copy_query(struct arena *a, const struct query *q);

static void *dup_array(struct arena *a, const void *p, size_t size, int n)
{
    return p == NULL || n == 0 ? (void *)p : arena_memdup(a, p, size * (size_t)n);
}

#define DUP(a, p, n) ((p) = dup_array((a), (p), sizeof(*(p)), (n)))

/* Lists keep the room that expr_list_add expects behind their items. */
static void dup_list(struct arena *a, struct expr_list *l)
{
    struct expr_list copy = {0};

    for (int i = 0; i < l->n; i++)
        expr_list_add(a, &copy, l->items[i]);
    *l = copy;
}

/* The arrays inside a node become its own; children are still the original's. */
static void dup_arrays(struct arena *a, struct expr *e)
{
    switch (e->kind) {
    case EXPR_FUNC:
    case EXPR_OP:
        dup_list(a, &e->func.args);
        break;
    case EXPR_AGG:
    case EXPR_WINDOW:
        dup_list(a, &e->agg.args);
        dup_list(a, &e->agg.direct);
        DUP(a, e->agg.order.items, e->agg.order.n);
        break;
    case EXPR_GROUPING:
        dup_list(a, &e->grouping.args);
        break;
    case EXPR_BOOL:
        dup_list(a, &e->boolean.args);
        break;
    case EXPR_CASE:
        DUP(a, e->kase.whens, e->kase.nwhens);
        break;
    case EXPR_COALESCE:
    case EXPR_MINMAX:
    case EXPR_ROW:
    case EXPR_ARRAY:
        dup_list(a, &e->list.args);
        break;
    case EXPR_SUBLINK:
        dup_list(a, &e->sublink.left);
        e->sublink.query = copy_query(a, e->sublink.query);
        break;
    case EXPR_ROW_COMPARE:
        dup_list(a, &e->row_compare.left);
        dup_list(a, &e->row_compare.right);
        break;
    case EXPR_SUBSCRIPT:
        DUP(a, e->subscript.subscripts, e->subscript.n);
        break;
    default:
        break;
    }
}

static struct expr *copy_child(struct expr *e, void *arg)
{
    return expr_copy(arg, e);
}

struct expr *expr_copy(struct arena *a, const struct expr *e)
{
    struct expr *copy;

    if (e == NULL)
        return NULL;
    /* Poison is one shared node. */
    if (e->kind == EXPR_POISON)
        return (struct expr *)e;
    copy = arena_memdup(a, e, sizeof(*e));
    dup_arrays(a, copy);
    expr_mutate_children(copy, copy_child, a);
    return copy;
}

/* --- queries -------------------------------------------------------------------------------- */

static struct from_node *copy_from(struct arena *a, const struct from_node *n)
{
    struct from_node *copy;

    if (n == NULL)
        return NULL;
    copy = arena_memdup(a, n, sizeof(*n));
    if (n->rte < 0) {
        copy->left = copy_from(a, n->left);
        copy->right = copy_from(a, n->right);
    }
    return copy;
}

static struct setop *copy_setop(struct arena *a, const struct setop *s)
{
    struct setop *copy;

    if (s == NULL)
        return NULL;
    copy = arena_memdup(a, s, sizeof(*s));
    DUP(a, copy->columns, copy->ncolumns);
    if (s->op != SETOP_NONE) {
        copy->left = copy_setop(a, s->left);
        copy->right = copy_setop(a, s->right);
    }
    return copy;
}

static struct rte *copy_rte(struct arena *a, const struct rte *r)
{
    struct rte *copy = arena_memdup(a, r, sizeof(*r));

    DUP(a, copy->columns, copy->ncolumns);
    if (r->subquery != NULL)
        copy->subquery = copy_query(a, r->subquery);
    DUP(a, copy->function.calls, copy->function.n);
    DUP(a, copy->values.rows, copy->values.n);
    for (int i = 0; i < copy->values.n; i++)
        dup_list(a, &copy->values.rows[i]);
    return copy;
}

static struct window_def *copy_window(struct arena *a, const struct window_def *w)
{
    struct window_def *copy = arena_memdup(a, w, sizeof(*w));

    dup_list(a, &copy->partition);
    DUP(a, copy->order.items, copy->order.n);
    return copy;
}

/* WITH entries are copied, and the range table entries of this query that refer to them follow. */
static void copy_ctes(struct arena *a, struct query *q)
{
    DUP(a, q->ctes, q->nctes);
    for (int i = 0; i < q->nctes; i++) {
        struct cte *old = q->ctes[i], *copy = arena_memdup(a, old, sizeof(*old));

        copy->query = old->query != NULL ? copy_query(a, old->query) : NULL;
        q->ctes[i] = copy;
        for (int k = 0; k < q->nrtable; k++) {
            if (q->rtable[k]->kind == RTE_CTE && q->rtable[k]->cte.cte == old)
                q->rtable[k]->cte.cte = copy;
        }
    }
}

static void copy_dml(struct arena *a, struct query *q)
{
    struct on_conflict *c;

    DUP(a, q->returning, q->nreturning);
    DUP(a, q->merge, q->nmerge);
    for (int i = 0; i < q->nmerge; i++)
        DUP(a, q->merge[i].targets, q->merge[i].ntargets);
    if (q->conflict != NULL) {
        c = q->conflict = arena_memdup(a, q->conflict, sizeof(*c));
        DUP(a, c->set, c->nset);
    }
}

/* Window calls point at entries of the query's window list. */
struct window_remap {
    struct arena *arena;
    struct window_def *const *before, *const *after;
    int n;
};

static bool remap_window(struct expr *e, void *arg)
{
    const struct window_remap *m = arg;

    for (int i = 0; e->kind == EXPR_WINDOW && i < m->n; i++) {
        if (e->agg.over == m->before[i]) {
            e->agg.over = m->after[i];
            break;
        }
    }
    return expr_walk_children(e, remap_window, arg);
}

static struct expr *copy_top(struct expr *e, void *arg)
{
    struct window_remap *m = arg;
    struct expr *copy = expr_copy(m->arena, e);

    remap_window(copy, m);
    return copy;
}

static struct query *copy_query(struct arena *a, const struct query *q)
{
    struct query *copy = arena_memdup(a, q, sizeof(*q));
    struct window_remap m = {.arena = a, .before = q->windows, .n = q->nwindows};

    DUP(a, copy->rtable, copy->nrtable);
    for (int i = 0; i < copy->nrtable; i++)
        copy->rtable[i] = copy_rte(a, copy->rtable[i]);
    copy_ctes(a, copy);
    DUP(a, copy->from, copy->nfrom);
    for (int i = 0; i < copy->nfrom; i++)
        copy->from[i] = copy_from(a, copy->from[i]);
    DUP(a, copy->targets, copy->ntargets);
    dup_list(a, &copy->group);
    DUP(a, copy->windows, copy->nwindows);
    for (int i = 0; i < copy->nwindows; i++)
        copy->windows[i] = copy_window(a, copy->windows[i]);
    m.after = copy->windows;
    DUP(a, copy->distinct_on.items, copy->distinct_on.n);
    DUP(a, copy->sort.items, copy->sort.n);
    copy->setop = copy_setop(a, copy->setop);
    copy_dml(a, copy);
    query_mutate_exprs(copy, copy_top, &m);
    return copy;
}

struct query *query_copy(struct arena *a, const struct query *q)
{
    return copy_query(a, q);
}
