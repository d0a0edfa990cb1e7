/*
 * one_row.c: which subqueries can be seen to give at most one row, so that no guard is needed around them. Called by
 * emit/emit_sublink.c.
 */
#include "sql/plan/one_row.h"

#include <string.h>

#include "sql/plan/walk.h"

static bool limit_is_one(const struct query *q)
{
    return q->limit && q->limit->kind == EXPR_CONST && q->limit->constant.value.kind == VALUE_INT &&
           q->limit->constant.value.i <= 1 && !q->with_ties;
}

static bool targets_return_sets(const struct query *q)
{
    for (int i = 0; i < q->ntargets; i++)
        if (expr_contains_srf(q->targets[i].expr))
            return true;
    return false;
}

static const struct expr *strip(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL || e->kind == EXPR_COLLATE)
        e = e->cast.arg;
    return e;
}

/* Is this conjunct "column = something fixed", for column attnum of the only entry? */
static bool fixes_column(const struct expr *e, int attnum)
{
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND) {
        for (int i = 0; i < e->boolean.args.n; i++)
            if (fixes_column(e->boolean.args.items[i], attnum))
                return true;
        return false;
    }
    if (e->kind != EXPR_OP || e->func.args.n != 2 || strcmp(e->func.op->name, "=") != 0 ||
        !e->func.op->canmerge)
        return false;
    for (int side = 0; side < 2; side++) {
        const struct expr *col = strip(e->func.args.items[side]);
        struct expr *other = e->func.args.items[1 - side];
        if (col->kind == EXPR_VAR && col->var.levelsup == 0 && col->var.attnum == attnum &&
            !expr_uses_rte(other, -1) && !expr_contains(other, EXPR_SUBLINK))
            return true;
    }
    return false;
}

static bool unique_key_fixed(const struct query *q)
{
    if (q->nfrom != 1 || q->from[0]->rte < 0 || !q->where)
        return false;
    const struct rte *t = q->rtable[q->from[0]->rte];
    if (t->kind != RTE_RELATION)
        return false;
    for (int i = 0; i < t->relation->nindexes; i++) {
        const struct index_def *ix = t->relation->indexes[i];
        if (!ix->unique || ix->predicate_sql || !ix->nkeys)
            continue;
        bool all = true;
        for (int k = 0; k < ix->nkeys && all; k++)
            all = ix->columns[k].attnum > 0 && fixes_column(q->where, ix->columns[k].attnum);
        if (all)
            return true;
    }
    return false;
}

bool query_gives_one_row(const struct query *q)
{
    if (limit_is_one(q))
        return true;
    if (q->setop || q->command != QUERY_SELECT || targets_return_sets(q))
        return false;
    if (q->has_aggs && !q->group.n && !q->grouping_sets)
        return true;
    return q->nfrom == 0 || unique_key_fixed(q);
}
