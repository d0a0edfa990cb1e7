/*
 * parse_location.c: which place in the text an error about an expression points at.
 *
 * As in PostgreSQL an expression is shown at its leftmost part, except where its own keyword or
 * name comes first anyway.
 */
#include "sql/analyze/pstate.h"

static int leftmost(int a, int b)
{
    if (a < 0)
        return b;
    if (b < 0)
        return a;
    return a < b ? a : b;
}

static int list_location(const struct expr_list *l)
{
    for (int i = 0; i < l->n; i++) {
        int loc = expr_location(l->items[i]);
        if (loc >= 0)
            return loc;
    }
    return -1;
}

int expr_location(const struct expr *e)
{
    if (e == NULL)
        return -1;
    switch (e->kind) {
    case EXPR_FUNC:
    case EXPR_OP:
        return leftmost(e->location, list_location(&e->func.args));
    case EXPR_NULLIF:
    case EXPR_DISTINCT:
    case EXPR_ARRAY_OP:
        return leftmost(e->location,
                        leftmost(expr_location(e->binary.left), expr_location(e->binary.right)));
    case EXPR_BOOL:
        return leftmost(e->location, list_location(&e->boolean.args));
    case EXPR_SUBLINK:
        return leftmost(e->location, list_location(&e->sublink.left));
    case EXPR_ROW_COMPARE:
        return list_location(&e->row_compare.left);
    case EXPR_RELABEL:
    case EXPR_COERCE_IO:
    case EXPR_ARRAY_COERCE:
    case EXPR_COERCE_DOMAIN:
        return leftmost(e->location, expr_location(e->cast.arg));
    case EXPR_COLLATE:
        return expr_location(e->cast.arg);
    case EXPR_SUBSCRIPT:
        return expr_location(e->subscript.arg);
    case EXPR_FIELD:
        return expr_location(e->field.arg);
    case EXPR_NULL_TEST:
    case EXPR_BOOL_TEST:
        return leftmost(e->location, expr_location(e->test.arg));
    default:
        return e->location;
    }
}

static int raw_list_location(PgQuery__Node *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int loc = raw_location(items[i]);
        if (loc >= 0)
            return loc;
    }
    return -1;
}

int raw_location(const PgQuery__Node *n)
{
    if (n == NULL)
        return -1;
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return n->column_ref->location;
    case PG_QUERY__NODE__NODE_PARAM_REF:
        return n->param_ref->location;
    case PG_QUERY__NODE__NODE_A_CONST:
        return n->a_const->location;
    case PG_QUERY__NODE__NODE_A_EXPR:
        return leftmost(n->a_expr->location, raw_location(n->a_expr->lexpr));
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return leftmost(n->func_call->location,
                        raw_list_location(n->func_call->args, n->func_call->n_args));
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return n->a_array_expr->location;
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return raw_location(n->a_indirection->arg);
    case PG_QUERY__NODE__NODE_RES_TARGET:
        return n->res_target->location;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
        return leftmost(
            leftmost(raw_location(n->type_cast->arg), n->type_cast->type_name->location),
            n->type_cast->location);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        return raw_location(n->collate_clause->arg);
    case PG_QUERY__NODE__NODE_SORT_BY:
        return raw_location(n->sort_by->node);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
        return leftmost(n->bool_expr->location,
                        raw_list_location(n->bool_expr->args, n->bool_expr->n_args));
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return leftmost(raw_location(n->sub_link->testexpr), n->sub_link->location);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        return n->case_expr->location;
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        return n->row_expr->location;
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return n->coalesce_expr->location;
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return n->min_max_expr->location;
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return n->sqlvalue_function->location;
    case PG_QUERY__NODE__NODE_XML_EXPR:
        return leftmost(n->xml_expr->location,
                        raw_list_location(n->xml_expr->args, n->xml_expr->n_args));
    case PG_QUERY__NODE__NODE_XML_SERIALIZE:
        return n->xml_serialize->location;
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return n->grouping_func->location;
    case PG_QUERY__NODE__NODE_NULL_TEST:
        return leftmost(n->null_test->location, raw_location(n->null_test->arg));
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
        return leftmost(n->boolean_test->location, raw_location(n->boolean_test->arg));
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
        return n->set_to_default->location;
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
        return leftmost(n->named_arg_expr->location, raw_location(n->named_arg_expr->arg));
    case PG_QUERY__NODE__NODE_TYPE_NAME:
        return n->type_name->location;
    case PG_QUERY__NODE__NODE_COLUMN_DEF:
        return n->column_def->location;
    case PG_QUERY__NODE__NODE_RANGE_VAR:
        return n->range_var->location;
    case PG_QUERY__NODE__NODE_LIST:
        return raw_list_location(n->list->items, n->list->n_items);
    default:
        return -1;
    }
}
