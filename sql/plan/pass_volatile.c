/*
 * pass_volatile.c: what a select list computes with volatile functions comes after ORDER BY and LIMIT, as in PostgreSQL: nextval() is
 * called for the rows that are given, in their order. The query with all else becomes a WITH entry that SQLite keeps apart.
 */
#include "sql/plan/planner.h"

static bool is_volatile_call(const struct expr *e)
{
    return (e->kind == EXPR_FUNC || e->kind == EXPR_OP) && e->func.proc && e->func.proc->volatility == 'v';
}

/* Aggregates, windows and subqueries are computed below, whatever is in them. */
static bool is_unit(const struct expr *e)
{
    return e->kind == EXPR_AGG || e->kind == EXPR_WINDOW || e->kind == EXPR_SUBLINK || e->kind == EXPR_GROUPING;
}

static bool calls_volatile(struct expr *e, void *arg)
{
    return !is_unit(e) && (is_volatile_call(e) || expr_walk_children(e, calls_volatile, arg));
}

struct below {
    struct planner *p;
    struct query *q; /* gets a junk target per piece */
};

/* Every largest part without volatile calls becomes a target below; above stands its column. */
static struct expr *cut(struct expr *e, void *arg)
{
    struct below *b = arg;
    if (e->kind == EXPR_CONST || e->kind == EXPR_PARAM)
        return e;
    if (calls_volatile(e, NULL)) {
        expr_mutate_children(e, cut, b);
        return e;
    }
    plan_add_target(b->p->arena, b->q, e, NULL, true);
    return plan_var(b->p->arena, 0, b->q->ntargets, e);
}

static bool is_sorted_by(const struct query *q, int target)
{
    for (int i = 0; i < q->sort.n; i++)
        if (q->sort.items[i].target == target + 1)
            return true;
    return false;
}

static bool applies(const struct query *q)
{
    bool any = false;
    if (q->command != QUERY_SELECT || !q->sort.n || q->distinct || q->distinct_on.n || q->setop || q->lock != LOCK_NONE ||
        q->for_cursor || q->with_ties || !q->volatile_calls)
        return false;
    for (int i = 0; i < q->ntargets; i++) {
        if (expr_contains_srf(q->targets[i].expr))
            return false;
        any = any || (!is_sorted_by(q, i) && calls_volatile(q->targets[i].expr, NULL));
    }
    return any;
}

/* The entry of q's new WITH: the query as it was. */
static void read_from(struct planner *p, struct query *q, struct query *inner)
{
    struct cte *c = ARENA_NEW(p->arena, struct cte);
    struct rte *t = plan_subquery_rte(p->arena, inner, "sorted");
    *c = (struct cte){.name = "sorted", .query = inner, .materialized = 1, .columns = t->columns, .ncolumns = t->ncolumns, .references = 1};
    t->kind = RTE_CTE;
    t->subquery = NULL;
    t->cte.name = c->name;
    t->cte.cte = c;
    q->ctes = ARENA_ARRAY(p->arena, struct cte *, 1);
    q->ctes[0] = c;
    q->nctes = 1;
    plan_add_rte(p->arena, q, t);
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
}

bool pass_volatile(struct planner *p, struct query *q)
{
    if (!applies(q))
        return true;
    struct below b = {p, q};
    int n = q->ntargets;
    struct expr **above = ARENA_ARRAY(p->arena, struct expr *, n + 1);
    for (int i = 0; i < n; i++) {
        struct expr *e = q->targets[i].expr;
        if (is_sorted_by(q, i) || !calls_volatile(e, NULL))
            continue;
        above[i] = cut(e, &b);
        q->targets[i].expr = expr_null(p->arena, e->type, -1);
    }
    struct query *inner = ARENA_NEW(p->arena, struct query);
    *inner = *q;
    inner->level = q->level + 1;
    *q = (struct query){.command = QUERY_SELECT, .level = inner->level - 1, .result = -1, .writes = inner->writes,
                        .volatile_calls = true, .routine_calls = inner->routine_calls};
    for (int i = 0; i < n; i++) {
        const struct target *old = &inner->targets[i];
        struct target *t = plan_add_target(p->arena, q, above[i] ? above[i] : plan_var(p->arena, 0, i + 1, old->expr), old->name,
                                           old->junk);
        t->table_oid = old->table_oid;
        t->table_attnum = old->table_attnum;
        t->attnum = old->attnum;
    }
    query_shift_levels(inner, 1, false);
    read_from(p, q, inner);
    return true;
}
