/*
 * tree_equal.c: structural equality, as GROUP BY, ORDER BY and DISTINCT match expressions. Places
 * in the text and how a cast was written do not count.
 */
#include "sql/analyze/tree.h"

#include <string.h>

static bool query_equal(const struct query *a, const struct query *b);

static bool both_equal(const struct expr *a, const struct expr *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return expr_equal(a, b);
}

static bool lists_equal(const struct expr_list *a, const struct expr_list *b)
{
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++) {
        if (!expr_equal(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool sorts_equal(const struct sort_list *a, const struct sort_list *b)
{
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++) {
        const struct sort_item *x = &a->items[i], *y = &b->items[i];

        if (x->desc != y->desc || x->nulls_first != y->nulls_first || x->lt != y->lt ||
            !both_equal(x->expr, y->expr))
            return false;
    }
    return true;
}

static bool values_equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_REAL:
        return memcmp(&a->d, &b->d, sizeof(a->d)) == 0;
    default:
        return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
    }
}

static bool windows_equal(const struct window_def *a, const struct window_def *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL)
        return false;
    return lists_equal(&a->partition, &b->partition) && sorts_equal(&a->order, &b->order) &&
           a->framed == b->framed && a->mode == b->mode && a->start == b->start &&
           a->end == b->end && a->exclude == b->exclude &&
           both_equal(a->start_offset, b->start_offset) && both_equal(a->end_offset, b->end_offset);
}

static bool aggs_equal(const struct expr *a, const struct expr *b)
{
    return a->agg.proc == b->agg.proc && a->agg.distinct == b->agg.distinct &&
           a->agg.star == b->agg.star && a->agg.within_group == b->agg.within_group &&
           a->agg.variadic == b->agg.variadic && a->agg.levelsup == b->agg.levelsup &&
           lists_equal(&a->agg.args, &b->agg.args) && lists_equal(&a->agg.direct, &b->agg.direct) &&
           sorts_equal(&a->agg.order, &b->agg.order) && both_equal(a->agg.filter, b->agg.filter) &&
           windows_equal(a->agg.over, b->agg.over);
}

static bool cases_equal(const struct expr *a, const struct expr *b)
{
    if (a->kase.nwhens != b->kase.nwhens || !both_equal(a->kase.arg, b->kase.arg) ||
        !both_equal(a->kase.otherwise, b->kase.otherwise))
        return false;
    for (int i = 0; i < a->kase.nwhens; i++) {
        if (!expr_equal(a->kase.whens[i].cond, b->kase.whens[i].cond) ||
            !expr_equal(a->kase.whens[i].result, b->kase.whens[i].result))
            return false;
    }
    return true;
}

static bool subscripts_equal(const struct expr *a, const struct expr *b)
{
    if (a->subscript.n != b->subscript.n || !both_equal(a->subscript.arg, b->subscript.arg) ||
        !both_equal(a->subscript.assign, b->subscript.assign))
        return false;
    for (int i = 0; i < a->subscript.n; i++) {
        const struct subscript *x = &a->subscript.subscripts[i], *y = &b->subscript.subscripts[i];

        if (x->slice != y->slice || !both_equal(x->lower, y->lower) ||
            !both_equal(x->upper, y->upper))
            return false;
    }
    return true;
}

static bool row_compares_equal(const struct expr *a, const struct expr *b)
{
    if (a->row_compare.compare != b->row_compare.compare ||
        !lists_equal(&a->row_compare.left, &b->row_compare.left) ||
        !lists_equal(&a->row_compare.right, &b->row_compare.right))
        return false;
    for (int i = 0; i < a->row_compare.left.n; i++) {
        if (a->row_compare.ops[i] != b->row_compare.ops[i])
            return false;
    }
    return true;
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->type != b->type || a->typmod != b->typmod ||
        a->collation != b->collation)
        return false;
    switch (a->kind) {
    case EXPR_POISON:
    case EXPR_CASE_TEST:
    case EXPR_DEFAULT:
        return true;
    case EXPR_CONST:
        return values_equal(&a->constant.value, &b->constant.value);
    case EXPR_PARAM:
        return a->param.number == b->param.number;
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
        return a->var.rte == b->var.rte && a->var.levelsup == b->var.levelsup &&
               a->var.attnum == b->var.attnum;
    case EXPR_FUNC:
    case EXPR_OP:
        return a->func.proc == b->func.proc && a->func.op == b->func.op &&
               a->func.variadic == b->func.variadic && lists_equal(&a->func.args, &b->func.args);
    case EXPR_AGG:
    case EXPR_WINDOW:
        return aggs_equal(a, b);
    case EXPR_GROUPING:
        return a->grouping.levelsup == b->grouping.levelsup &&
               lists_equal(&a->grouping.args, &b->grouping.args);
    case EXPR_BOOL:
        return a->boolean.op == b->boolean.op && lists_equal(&a->boolean.args, &b->boolean.args);
    case EXPR_CASE:
        return cases_equal(a, b);
    case EXPR_COALESCE:
    case EXPR_MINMAX:
    case EXPR_ROW:
    case EXPR_ARRAY:
        return a->list.least == b->list.least && lists_equal(&a->list.args, &b->list.args);
    case EXPR_NULL_TEST:
    case EXPR_BOOL_TEST:
        return a->test.negated == b->test.negated && a->test.row == b->test.row &&
               a->test.test == b->test.test && expr_equal(a->test.arg, b->test.arg);
    case EXPR_NULLIF:
    case EXPR_DISTINCT:
    case EXPR_ARRAY_OP:
        return a->binary.op == b->binary.op && a->binary.negated == b->binary.negated &&
               a->binary.any == b->binary.any && expr_equal(a->binary.left, b->binary.left) &&
               expr_equal(a->binary.right, b->binary.right);
    case EXPR_SUBLINK:
        return a->sublink.sublink == b->sublink.sublink &&
               text_equal(a->sublink.op_name, b->sublink.op_name) &&
               lists_equal(&a->sublink.left, &b->sublink.left) &&
               query_equal(a->sublink.query, b->sublink.query);
    case EXPR_ROW_COMPARE:
        return row_compares_equal(a, b);
    case EXPR_RELABEL:
    case EXPR_COERCE_IO:
    case EXPR_COERCE_DOMAIN:
    case EXPR_COLLATE:
    case EXPR_ARRAY_COERCE:
        return a->cast.collation == b->cast.collation && expr_equal(a->cast.arg, b->cast.arg) &&
               both_equal(a->cast.element, b->cast.element);
    case EXPR_SUBSCRIPT:
        return subscripts_equal(a, b);
    case EXPR_FIELD:
        return a->field.field == b->field.field && expr_equal(a->field.arg, b->field.arg) &&
               both_equal(a->field.assign, b->field.assign);
    case EXPR_SQL_VALUE:
        return a->sql_value.which == b->sql_value.which;
    case EXPR_CURRENT_OF:
        return text_equal(a->current_of.cursor, b->current_of.cursor);
    }
    return false;
}

/* --- queries: subqueries in GROUP BY expressions -------------------------------------------- */

static bool froms_equal(const struct from_node *a, const struct from_node *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->rte != b->rte)
        return false;
    return a->rte >= 0 || (a->join == b->join && froms_equal(a->left, b->left) &&
                           froms_equal(a->right, b->right) && both_equal(a->on, b->on));
}

static bool setops_equal(const struct setop *a, const struct setop *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->op != b->op || a->all != b->all)
        return false;
    return a->op == SETOP_NONE ? a->rte == b->rte
                               : setops_equal(a->left, b->left) && setops_equal(a->right, b->right);
}

static bool rtes_equal(const struct rte *a, const struct rte *b)
{
    if (a->kind != b->kind || a->relation != b->relation || a->inh != b->inh ||
        a->lateral != b->lateral || a->ncolumns != b->ncolumns || a->function.n != b->function.n ||
        a->values.n != b->values.n || a->function.ordinality != b->function.ordinality ||
        a->cte.cte != b->cte.cte || !both_equal(a->tablesample, b->tablesample))
        return false;
    if (a->subquery != NULL && !query_equal(a->subquery, b->subquery))
        return false;
    for (int i = 0; i < a->function.n; i++) {
        if (!expr_equal(a->function.calls[i], b->function.calls[i]))
            return false;
    }
    for (int i = 0; i < a->values.n; i++) {
        if (!lists_equal(&a->values.rows[i], &b->values.rows[i]))
            return false;
    }
    return true;
}

static bool parts_equal(const struct query *a, const struct query *b)
{
    for (int i = 0; i < a->ntargets; i++) {
        if (a->targets[i].junk != b->targets[i].junk ||
            !both_equal(a->targets[i].expr, b->targets[i].expr))
            return false;
    }
    for (int i = 0; i < a->nrtable; i++) {
        if (!rtes_equal(a->rtable[i], b->rtable[i]))
            return false;
    }
    for (int i = 0; i < a->nfrom; i++) {
        if (!froms_equal(a->from[i], b->from[i]))
            return false;
    }
    return true;
}

static bool query_equal(const struct query *a, const struct query *b)
{
    /* What is rare in a grouping expression counts as different. */
    if (a->command != QUERY_SELECT || b->command != QUERY_SELECT || a->nctes > 0 || b->nctes > 0 ||
        a->ngrouping_sets > 0 || b->ngrouping_sets > 0)
        return a == b;
    if (a->ntargets != b->ntargets || a->nrtable != b->nrtable || a->nfrom != b->nfrom ||
        a->distinct != b->distinct || a->with_ties != b->with_ties || a->lock != b->lock)
        return false;
    return parts_equal(a, b) && both_equal(a->where, b->where) &&
           lists_equal(&a->group, &b->group) && both_equal(a->having, b->having) &&
           sorts_equal(&a->distinct_on, &b->distinct_on) && sorts_equal(&a->sort, &b->sort) &&
           both_equal(a->limit, b->limit) && both_equal(a->offset, b->offset) &&
           setops_equal(a->setop, b->setop);
}
