/*
 * exclusion.c: what looks for a row that an exclusion constraint forbids beside a new one: the keys of both, and the condition.
 * Called by firings.c; printed by emit/emit_modify.c.
 */
#include "sql/analyze/analyze.h"
#include "sql/plan/modify.h"
#include "sql/plan/planner.h"

/* A stored expression of the index over its table's columns. */
static struct expr *stored(struct planner *p, const struct index_def *d, const char *sql, uint32_t type)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE, PUBLIC_NAMESPACE};
    struct analysis a = {.arena = p->arena, .snapshot = p->snapshot, .err = p->err, .search_path = path,
                         .nsearch_path = 2, .ctx = p->ctx, .role_name = "", .session_role_name = "", .database = ""};
    return analyze_expression(&a, sql, d->table, type, -1, "index expressions");
}

static struct expr *to_param(struct expr *e, void *arg)
{
    if (e->kind != EXPR_VAR) {
        expr_mutate_children(e, to_param, arg);
        return e;
    }
    struct expr *x = expr_new(arg, EXPR_PARAM, e->type, e->typmod, -1);
    x->collation = e->collation;
    x->param.number = e->var.attnum;
    return x;
}

static struct expr *key_of(struct planner *p, const struct index_def *d, int i)
{
    const struct index_column *k = &d->columns[i];
    if (!k->attnum)
        return stored(p, d, k->expr_sql, 0);
    const struct attribute *a = &d->table->atts[k->attnum - 1];
    struct expr *e = expr_new(p->arena, EXPR_VAR, a->type, a->typmod, -1);
    e->collation = a->collation;
    e->var.attnum = k->attnum;
    return e;
}

/* The same of the new row, whose columns are parameters. */
static struct expr *of_new_row(struct planner *p, const struct expr *e)
{
    return to_param(expr_copy(p->arena, e), p->arena);
}

bool plan_exclusion(struct planner *p, const struct constraint_def *c, struct firing *f)
{
    const struct index_def *d = c->index;
    struct exclusion *x = ARENA_NEW(p->arena, struct exclusion);
    *x = (struct exclusion){.nkeys = d ? d->nkeys : 0};
    if (!d || c->noperators != d->nkeys)
        return error_set(p->err, ERRCODE_DATA_CORRUPTED, "exclusion constraint \"%s\" has no index", c->name);
    x->old_keys = ARENA_ARRAY(p->arena, struct expr *, d->nkeys + 1);
    x->new_keys = ARENA_ARRAY(p->arena, struct expr *, d->nkeys + 1);
    for (int i = 0; i < d->nkeys; i++) {
        const struct operator_def *op = snapshot_operator(p->snapshot, c->operators[i]);
        if (!op || !(x->old_keys[i] = key_of(p, d, i)))
            return error_is_set(p->err) ? false
                                        : error_set(p->err, ERRCODE_UNDEFINED_FUNCTION,
                                                    "operator with OID %u does not exist", c->operators[i]);
        x->new_keys[i] = of_new_row(p, x->old_keys[i]);
        struct expr *e = expr_new(p->arena, EXPR_OP, op->result, -1, -1);
        e->func.op = op;
        e->func.proc = op->proc;
        expr_list_add(p->arena, &e->func.args, expr_copy(p->arena, x->old_keys[i]));
        expr_list_add(p->arena, &e->func.args, of_new_row(p, x->old_keys[i]));
        x->qual = plan_and(p->arena, x->qual, e);
    }
    if (d->predicate_sql) {
        struct expr *e = stored(p, d, d->predicate_sql, BOOLOID);
        if (!e)
            return false;
        x->qual = plan_and(p->arena, x->qual, of_new_row(p, e));
        x->qual = plan_and(p->arena, x->qual, e);
    }
    x->step = ARENA_NEW(p->arena, struct step);
    *x->step = (struct step){.kind = STEP_QUIET, .rowset = -1};
    f->exclusion = x;
    return true;
}
