/*
 * parse_expr.c: the dispatcher of expression analysis, and the forms too small for a file of their
 * own.
 */
#include "sql/analyze/clause.h"
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

struct expr *make_and(struct pstate *ps, struct expr *left, struct expr *right)
{
    if (left == NULL || right == NULL)
        return left == NULL ? right : left;
    return expr_bool(ps->a->arena, BOOL_AND, left, right);
}

static struct expr *transform_bool(struct pstate *ps, const PgQuery__BoolExpr *b)
{
    static const char *const names[] = {
        [PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR] = "AND",
        [PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR] = "OR",
        [PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR] = "NOT",
    };
    struct expr *e = expr_new(ps->a->arena, EXPR_BOOL, BOOLOID, -1, b->location);

    e->boolean.op = b->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? BOOL_AND
                    : b->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? BOOL_OR
                                                                     : BOOL_NOT;
    for (size_t i = 0; i < b->n_args; i++) {
        struct expr *arg =
            coerce_to_boolean(ps, transform_expr_recurse(ps, b->args[i]), names[b->boolop]);

        if (expr_is_poison(arg))
            return arg;
        expr_list_add(ps->a->arena, &e->boolean.args, arg);
    }
    return e;
}

static struct expr *transform_null_test(struct pstate *ps, const PgQuery__NullTest *t)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_NULL_TEST, BOOLOID, -1, t->location);

    e->test.arg = transform_expr_recurse(ps, t->arg);
    if (expr_is_poison(e->test.arg))
        return e->test.arg;
    e->test.negated = t->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
    e->test.row = type_is_rowtype(ps, e->test.arg->type);
    return e;
}

static struct expr *transform_boolean_test(struct pstate *ps, const PgQuery__BooleanTest *t)
{
    static const struct {
        const char *name;
        enum bool_test_kind kind;
    } tests[] = {
        [PG_QUERY__BOOL_TEST_TYPE__IS_TRUE] = {"IS TRUE", TEST_TRUE},
        [PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE] = {"IS NOT TRUE", TEST_NOT_TRUE},
        [PG_QUERY__BOOL_TEST_TYPE__IS_FALSE] = {"IS FALSE", TEST_FALSE},
        [PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE] = {"IS NOT FALSE", TEST_NOT_FALSE},
        [PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN] = {"IS UNKNOWN", TEST_UNKNOWN},
        [PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN] = {"IS NOT UNKNOWN", TEST_NOT_UNKNOWN},
    };
    struct expr *e = expr_new(ps->a->arena, EXPR_BOOL_TEST, BOOLOID, -1, t->location);

    e->test.test = tests[t->booltesttype].kind;
    e->test.arg =
        coerce_to_boolean(ps, transform_expr_recurse(ps, t->arg), tests[t->booltesttype].name);
    return expr_is_poison(e->test.arg) ? e->test.arg : e;
}

static struct expr *transform_type_cast(struct pstate *ps, const PgQuery__TypeCast *c)
{
    int location = c->location >= 0 ? c->location : c->type_name->location;
    int32_t typmod, base_typmod;
    uint32_t type, base, element = 0;
    struct expr *e, *result;

    if (!typename_type(ps, c->type_name, &type, &typmod))
        return expr_poison();
    base_typmod = typmod;
    base = get_base_type(ps, type, &base_typmod);
    if (c->arg->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR)
        element = get_element_type(ps, base);
    e = element != 0 ? transform_array(ps, c->arg->a_array_expr, base, element, base_typmod)
                     : transform_expr_recurse(ps, c->arg);
    if (expr_is_poison(e))
        return e;
    result =
        coerce_to_target_type(ps, e, type, typmod, COERCION_EXPLICIT, COERCE_EXPLICIT, location);
    if (result == NULL)
        return parse_error(ps, ERRCODE_CANNOT_COERCE, location >= 0 ? location : expr_location(e),
                           "cannot cast type %s to %s", format_type(ps, e->type),
                           format_type(ps, type));
    return result;
}

static struct expr *transform_grouping(struct pstate *ps, const PgQuery__GroupingFunc *g)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_GROUPING, INT4OID, -1, g->location);

    if (g->n_args > 31)
        return parse_error(ps, ERRCODE_TOO_MANY_ARGUMENTS, g->location,
                           "GROUPING must have fewer than 32 arguments");
    for (size_t i = 0; i < g->n_args; i++) {
        struct expr *arg = transform_expr(ps, g->args[i], ps->expr_kind);

        if (expr_is_poison(arg))
            return arg;
        expr_list_add(ps->a->arena, &e->grouping.args, arg);
    }
    return transform_grouping_call(ps, e) ? e : expr_poison();
}

/* --- CURRENT_DATE and kin ------------------------------------------------------------------- */

static const struct {
    enum sql_value_kind which;
    uint32_t type;
    bool zone; /* WITH TIME ZONE, for the message about precision */
} sql_values[] = {
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE] = {SQL_VALUE_CURRENT_DATE, DATEOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME] = {SQL_VALUE_CURRENT_TIME, TIMETZOID,
                                                            true},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N] = {SQL_VALUE_CURRENT_TIME, TIMETZOID,
                                                              true},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP] = {SQL_VALUE_CURRENT_TIMESTAMP,
                                                                 TIMESTAMPTZOID, true},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N] = {SQL_VALUE_CURRENT_TIMESTAMP,
                                                                   TIMESTAMPTZOID, true},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME] = {SQL_VALUE_LOCALTIME, TIMEOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N] = {SQL_VALUE_LOCALTIME, TIMEOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP] = {SQL_VALUE_LOCALTIMESTAMP,
                                                              TIMESTAMPOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N] = {SQL_VALUE_LOCALTIMESTAMP,
                                                                TIMESTAMPOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE] = {SQL_VALUE_CURRENT_ROLE, NAMEOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER] = {SQL_VALUE_CURRENT_USER, NAMEOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER] = {SQL_VALUE_USER, NAMEOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER] = {SQL_VALUE_SESSION_USER, NAMEOID, false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG] = {SQL_VALUE_CURRENT_CATALOG, NAMEOID,
                                                               false},
    [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA] = {SQL_VALUE_CURRENT_SCHEMA, NAMEOID,
                                                              false},
};

#define MAX_TIME_PRECISION 6

static struct expr *transform_sql_value(struct pstate *ps, const PgQuery__SQLValueFunction *f)
{
    uint32_t type = sql_values[f->op].type;
    bool precise = f->op == PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N ||
                   f->op == PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N ||
                   f->op == PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N ||
                   f->op == PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N;
    int32_t typmod = precise ? f->typmod : -1;
    struct expr *e;

    if (typmod > MAX_TIME_PRECISION) {
        parse_notice(ps, ERROR_WARNING, ERRCODE_INVALID_PARAMETER_VALUE,
                     "%s(%d)%s precision reduced to maximum allowed, %d",
                     type == TIMEOID || type == TIMETZOID ? "TIME" : "TIMESTAMP", typmod,
                     sql_values[f->op].zone ? " WITH TIME ZONE" : "", MAX_TIME_PRECISION);
        typmod = MAX_TIME_PRECISION;
    }
    e = expr_new(ps->a->arena, EXPR_SQL_VALUE, type, typmod, f->location);
    e->sql_value.which = sql_values[f->op].which;
    e->collation = type_collation(ps, type);
    return e;
}

/* --- the dispatcher ------------------------------------------------------------------------- */

static struct expr *transform_current_of(struct pstate *ps, const PgQuery__CurrentOfExpr *c)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_CURRENT_OF, BOOLOID, -1, -1);

    e->current_of.cursor = arena_strdup(ps->a->arena, c->cursor_name);
    if (ps->target && dml_target_of(ps)->named->view_sql) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "WHERE CURRENT OF on a view is not implemented");
        return expr_poison();
    }
    const char *parts[1] = {e->current_of.cursor};
    struct expr *v = ps->a->names ? ps->a->names->resolve(ps->a->names->arg, ps, parts, 1, -1) : NULL;
    if (v && !expr_is_poison(v) && v->type == REFCURSOROID)
        e->current_of.variable = v;
    return e;
}

static struct expr *dispatch(struct pstate *ps, const PgQuery__Node *n)
{
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return transform_column_ref(ps, n->column_ref);
    case PG_QUERY__NODE__NODE_PARAM_REF:
        return transform_param_ref(ps, n->param_ref);
    case PG_QUERY__NODE__NODE_A_CONST:
        return make_const(ps, n->a_const);
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return transform_indirection(ps, n->a_indirection);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return transform_array(ps, n->a_array_expr, 0, 0, -1);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
        return transform_type_cast(ps, n->type_cast);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        return transform_collate(ps, n->collate_clause);
    case PG_QUERY__NODE__NODE_A_EXPR:
        return transform_a_expr(ps, n->a_expr);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
        return transform_bool(ps, n->bool_expr);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return transform_func_call(ps, n->func_call);
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
        return transform_expr_recurse(ps, n->named_arg_expr->arg);
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return transform_sublink(ps, n->sub_link);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        return transform_case(ps, n->case_expr);
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        return transform_row_expr(ps, n->row_expr, false);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return transform_coalesce(ps, n->coalesce_expr);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return transform_minmax(ps, n->min_max_expr);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return transform_sql_value(ps, n->sqlvalue_function);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return transform_grouping(ps, n->grouping_func);
    case PG_QUERY__NODE__NODE_NULL_TEST:
        return transform_null_test(ps, n->null_test);
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
        return transform_boolean_test(ps, n->boolean_test);
    case PG_QUERY__NODE__NODE_CURRENT_OF_EXPR:
        return transform_current_of(ps, n->current_of_expr);
    case PG_QUERY__NODE__NODE_XML_EXPR:
        return transform_xml_expr(ps, n->xml_expr);
    case PG_QUERY__NODE__NODE_XML_SERIALIZE:
        return transform_xml_serialize(ps, n->xml_serialize);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, n->set_to_default->location,
                           "DEFAULT is not allowed in this context");
    default:
        return parse_error(ps, ERRCODE_INTERNAL_ERROR, raw_location(n),
                           "unrecognized node type: %d", (int)n->node_case);
    }
}

struct expr *transform_expr_recurse(struct pstate *ps, const PgQuery__Node *n)
{
    struct expr *e;

    if (n == NULL)
        return parse_error(ps, ERRCODE_INTERNAL_ERROR, -1, "missing expression");
    /* One error is enough: what follows it would only cost time. */
    if (parse_failed(ps))
        return expr_poison();
    if (ps->depth >= LIMIT_EXPR_DEPTH) {
        parse_error(ps, ERRCODE_STATEMENT_TOO_COMPLEX, -1, "stack depth limit exceeded");
        parse_error_hint(ps, "Expressions and subqueries may be nested %d levels deep.",
                         LIMIT_EXPR_DEPTH);
        return expr_poison();
    }
    ps->depth++;
    e = dispatch(ps, n);
    ps->depth--;
    return e;
}

struct expr *transform_expr(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind)
{
    enum parse_expr_kind saved = ps->expr_kind;
    struct expr *e;

    ps->expr_kind = kind;
    e = transform_expr_recurse(ps, n);
    ps->expr_kind = saved;
    return e;
}

/* "t.*" or "(row).*" */
bool expr_is_star(const PgQuery__Node *n)
{
    if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
        return n->column_ref->n_fields > 0 &&
               n->column_ref->fields[n->column_ref->n_fields - 1]->node_case ==
                   PG_QUERY__NODE__NODE_A_STAR;
    if (n->node_case == PG_QUERY__NODE__NODE_A_INDIRECTION)
        return n->a_indirection->n_indirection > 0 &&
               n->a_indirection->indirection[n->a_indirection->n_indirection - 1]->node_case ==
                   PG_QUERY__NODE__NODE_A_STAR;
    return false;
}

bool transform_expr_list(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                         enum parse_expr_kind kind, bool allow_default, struct expr_list *out)
{
    for (size_t i = 0; i < n; i++) {
        const PgQuery__Node *item = nodes[i];
        struct expr *e;

        if (expr_is_star(item)) {
            if (!expand_star_items(ps, item, kind, out))
                return false;
            continue;
        }
        if (allow_default && item->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT)
            e = expr_new(ps->a->arena, EXPR_DEFAULT, UNKNOWNOID, -1,
                         item->set_to_default->location);
        else
            e = transform_expr(ps, item, kind);
        if (expr_is_poison(e))
            return false;
        expr_list_add(ps->a->arena, out, e);
    }
    return true;
}
