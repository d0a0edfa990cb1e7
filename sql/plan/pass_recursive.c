/*
 * pass_recursive.c: SQLite takes the reference of a recursive WITH query to itself only in FROM of its recursive term, not in a
 * subquery there. Simple subqueries that hold it become part of that FROM; so do queries of an inner WITH.
 */
#include <string.h>

#include "sql/plan/planner.h"

static bool visit_nothing(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)e;
    (void)level;
    return false;
}

/* A recursive reference that points out of the query where the walk began. */
static bool is_self(struct query_walk *w, struct query *q, int level)
{
    (void)w;
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_CTE && q->rtable[i]->cte.self && q->rtable[i]->cte.levelsup > level)
            return true;
    return false;
}

static bool holds_self(struct query *q)
{
    struct query_walk w = {.expr = visit_nothing, .query = is_self};
    return query_walk(&w, q);
}

/* --- an inner WITH ------------------------------------------------------------------------------ */

struct inlined {
    struct planner *p;
    struct cte *cte;
};

static bool inline_references(struct query_walk *w, struct query *q, int level)
{
    struct inlined *in = w->arg;
    for (int k = 0; k < q->nrtable; k++) {
        struct rte *t = q->rtable[k];
        if (t->kind != RTE_CTE || t->cte.levelsup != level || t->cte.self || strcmp(t->cte.name, in->cte->name) != 0)
            continue;
        t->kind = RTE_SUBQUERY;
        t->subquery = query_copy(in->p->arena, in->cte->query);
        query_shift_levels(t->subquery, level, true);
    }
    return false;
}

static void inline_ctes(struct planner *p, struct query *q)
{
    while (q->nctes) {
        int i = 0;
        while (i < q->nctes && (q->ctes[i]->recursive || !holds_self(q->ctes[i]->query)))
            i++;
        if (i == q->nctes)
            return;
        struct inlined in = {p, q->ctes[i]};
        struct query_walk w = {.expr = visit_nothing, .query = inline_references, .arg = &in};
        memmove(q->ctes + i, q->ctes + i + 1, sizeof(*q->ctes) * (size_t)(q->nctes - i - 1));
        q->nctes--;
        query_walk(&w, q);
    }
}

/* --- subqueries ---------------------------------------------------------------------------------- */

static bool is_simple(const struct query *q)
{
    return q->command == QUERY_SELECT && !q->setop && !q->nctes && !q->has_aggs && !q->group.n && !q->grouping_sets && !q->having &&
           !q->distinct && !q->distinct_on.n && !q->has_windows && !q->has_srfs && !q->limit && !q->offset &&
           q->lock == LOCK_NONE && q->nfrom > 0;
}

struct moved {
    int offset;
    struct pointer_set done;
};

static bool move_entry(struct query_walk *w, struct expr *e, int level)
{
    struct moved *m = w->arg;
    if ((e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level && pointer_set_add(&m->done, e))
        e->var.rte += m->offset;
    return false;
}

static void move_nodes(struct from_node *n, int offset)
{
    if (n->rte >= 0) {
        n->rte += offset;
        return;
    }
    move_nodes(n->left, offset);
    move_nodes(n->right, offset);
}

struct columns_of {
    struct planner *p;
    int rte;
    const struct query *sub;
};

/* Columns of the subquery are what it computes. */
static bool replace_column(struct query_walk *w, struct expr *e, int level)
{
    struct columns_of *c = w->arg;
    if (e->kind != EXPR_VAR || e->var.levelsup != level || e->var.rte != c->rte)
        return false;
    struct expr *copy = expr_copy(c->p->arena, c->sub->targets[e->var.attnum - 1].expr);
    if (level)
        expr_shift_levels(copy, 0, level);
    *e = *copy;
    return false;
}

static bool is_whole_row(struct query_walk *w, struct expr *e, int level)
{
    return e->kind == EXPR_WHOLE_ROW && e->var.levelsup == level && e->var.rte == *(int *)w->arg;
}

static struct from_node *joined(struct planner *p, const struct query *sub)
{
    struct from_node *all = sub->from[0];
    for (int i = 1; i < sub->nfrom; i++) {
        struct from_node *n = ARENA_NEW(p->arena, struct from_node);
        *n = (struct from_node){.rte = -1, .join = JOIN_CROSS, .left = all, .right = sub->from[i]};
        all = n;
    }
    return all;
}

/* The leaf of that entry, if every join around it keeps its rows as they are. */
static struct from_node **find_leaf(struct from_node **n, int rte)
{
    if ((*n)->rte >= 0)
        return (*n)->rte == rte ? n : NULL;
    bool inner = (*n)->join == JOIN_INNER || (*n)->join == JOIN_CROSS;
    struct from_node **found = inner || (*n)->join == JOIN_LEFT ? find_leaf(&(*n)->left, rte) : NULL;
    return found || !(inner || (*n)->join == JOIN_RIGHT) ? found : find_leaf(&(*n)->right, rte);
}

static void pull_up(struct planner *p, struct query *q, int rte)
{
    struct rte *t = q->rtable[rte];
    struct query *sub = t->subquery;
    struct from_node **leaf = NULL;
    struct query_walk whole = {.expr = is_whole_row, .arg = &rte};
    for (int i = 0; i < q->nfrom && !leaf; i++)
        leaf = find_leaf(&q->from[i], rte);
    if (!leaf || !is_simple(sub) || query_walk(&whole, q))
        return;
    struct moved m = {.offset = q->nrtable};
    struct query_walk w = {.expr = move_entry, .arg = &m};
    query_walk(&w, sub);
    pointer_set_free(&m.done);
    query_shift_levels(sub, -1, true);
    for (int i = 0; i < sub->nfrom; i++)
        move_nodes(sub->from[i], q->nrtable);
    for (int i = 0; i < sub->nrtable; i++)
        plan_add_rte(p->arena, q, sub->rtable[i]);
    *leaf = joined(p, sub);
    t->kind = RTE_VALUES; /* nobody reads it any more */
    t->values.n = 0;
    t->subquery = NULL;
    t->in_from = false;
    struct columns_of c = {p, rte, sub};
    struct query_walk replace = {.expr = replace_column, .arg = &c};
    query_walk(&replace, q);
    q->where = plan_and(p->arena, q->where, sub->where);
}

static bool reads_itself(const struct query *q)
{
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_CTE && q->rtable[i]->cte.self)
            return true;
    return false;
}

static bool refuse(struct planner *p, const char *what)
{
    return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s of a recursive query's recursive term is not supported", what);
}

bool pass_recursive(struct planner *p, struct query *q)
{
    if (q->command != QUERY_SELECT || q->setop)
        return true;
    bool below = false;
    if (reads_itself(q)) {
        if (q->has_windows)
            return refuse(p, "a window function");
        if (!q->limit && !q->offset && !q->distinct_on.n)
            q->sort = (struct sort_list){0}; /* which row comes when means nothing here */
    }
    for (int i = 0; i < q->nctes && !below; i++)
        below = holds_self(q->ctes[i]->query);
    for (int i = 0; i < q->nrtable && !below; i++)
        below = q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->subquery && holds_self(q->rtable[i]->subquery);
    if (!below)
        return true;
    inline_ctes(p, q);
    for (int i = 0; i < q->nrtable; i++) /* grows: what was pulled up may be pulled up further */
        if (q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->subquery && holds_self(q->rtable[i]->subquery))
            pull_up(p, q, i);
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->in_from && q->rtable[i]->subquery && holds_self(q->rtable[i]->subquery))
            return refuse(p, "a subquery with grouping, LIMIT or set operations over the recursive reference");
    return true;
}
