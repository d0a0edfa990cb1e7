/*
 * pass_volatile.c: what a select list computes with volatile functions comes after ORDER BY and before OFFSET and LIMIT, as in
 * PostgreSQL: nextval() is called in the order of the rows, for those that OFFSET skips too, for none that LIMIT leaves out. The sorted
 * query with all else becomes a WITH entry that SQLite keeps apart; the query with its OFFSET taken away a subquery that SQLite asks
 * for one row after the other.
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

/* Analysis notes volatile calls of the statement as a whole. */
static bool keeps_its_form(const struct query *q)
{
    return q->command != QUERY_SELECT || q->lock != LOCK_NONE || q->for_cursor || q->with_ties || (q->level == 0 && !q->volatile_calls);
}

static bool sorts_first(const struct query *q)
{
    bool any = false;
    if (!q->sort.n || q->distinct || q->distinct_on.n || q->setop)
        return false;
    for (int i = 0; i < q->ntargets; i++) {
        if (expr_contains_srf(q->targets[i].expr))
            return false;
        any = any || (!is_sorted_by(q, i) && calls_volatile(q->targets[i].expr, NULL));
    }
    return any;
}

static bool skips_rows(struct query *q)
{
    bool any = false;
    for (int i = 0; i < q->ntargets; i++)
        any = any || calls_volatile(q->targets[i].expr, NULL);
    return q->offset && !q->distinct && (any || (q->setop && query_is_volatile(q)));
}

/* The entry of q's new WITH: the query as it was. */
static struct rte *read_kept(struct planner *p, struct query *q, struct query *inner)
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
    return t;
}

/* q becomes a SELECT without a FROM; what it was is given back, one level deeper. LIMIT and OFFSET go with it. */
static struct query *lower(struct planner *p, struct query *q)
{
    struct query *inner = ARENA_NEW(p->arena, struct query);
    *inner = *q;
    inner->level = q->level + 1;
    *q = (struct query){.command = QUERY_SELECT, .level = inner->level - 1, .result = -1, .writes = inner->writes,
                        .volatile_calls = true, .routine_calls = inner->routine_calls};
    return inner;
}

/* The targets of the query around `inner`: above[i], or inner's column i. */
static void give_targets(struct planner *p, struct query *q, const struct query *inner, int n, struct expr *const *above)
{
    for (int i = 0; i < n; i++) {
        const struct target *old = &inner->targets[i];
        struct target *t = plan_add_target(p->arena, q, above && above[i] ? above[i] : plan_var(p->arena, 0, i + 1, old->expr),
                                           old->name, old->junk);
        t->table_oid = old->table_oid;
        t->table_attnum = old->table_attnum;
        t->attnum = old->attnum;
    }
}

static void sort_below(struct planner *p, struct query *q)
{
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
    struct query *inner = lower(p, q);
    give_targets(p, q, inner, n, above);
    if (inner->offset) {
        q->limit = inner->limit;
        q->offset = inner->offset;
        inner->limit = inner->offset = NULL;
    }
    query_shift_levels(inner, 1, false);
    plan_add_rte(p->arena, q, read_kept(p, q, inner));
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
}

/* LIMIT NULL is no limit, but keeps SQLite from making one query of the two. */
static void skip_above(struct planner *p, struct query *q)
{
    struct query *inner = lower(p, q);
    give_targets(p, q, inner, inner->ntargets, NULL);
    q->limit = inner->limit;
    q->offset = inner->offset;
    inner->limit = expr_null(p->arena, INT8OID, -1);
    inner->offset = NULL;
    query_shift_levels(inner, 1, false);
    plan_add_rte(p->arena, q, plan_subquery_rte(p->arena, inner, "skipped"));
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
}

bool pass_volatile(struct planner *p, struct query *q)
{
    if (keeps_its_form(q))
        return true;
    if (sorts_first(q))
        sort_below(p, q);
    if (skips_rows(q))
        skip_above(p, q);
    return true;
}
