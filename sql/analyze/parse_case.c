/*
 * parse_case.c: CASE, COALESCE, GREATEST and LEAST, ARRAY[...]: several values of one common type.
 */
#include "sql/analyze/parse_internal.h"

#include "sql/types/typeoid.h"

static bool no_sets(struct pstate *ps, const struct expr *last_srf, const char *construct)
{
    if (ps->last_srf == last_srf)
        return true;
    parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(ps->last_srf),
                "set-returning functions are not allowed in %s", construct);
    parse_error_hint(
        ps, "You might be able to move the set-returning function into a LATERAL FROM item.");
    return false;
}

/* --- CASE ----------------------------------------------------------------------------------- */

static struct expr *case_test(struct pstate *ps, const struct expr *arg)
{
    struct expr *t = expr_new(ps->a->arena, EXPR_CASE_TEST, arg->type, arg->typmod, -1);

    t->collation = arg->collation;
    return t;
}

static struct expr *case_condition(struct pstate *ps, const struct expr *arg,
                                   const PgQuery__CaseWhen *w)
{
    struct expr *cond = transform_expr_recurse(ps, w->expr);

    if (arg != NULL)
        cond = make_op_named(ps, "=", case_test(ps, arg), cond, w->location);
    return coerce_to_boolean(ps, cond, "CASE/WHEN");
}

static bool case_common(struct pstate *ps, struct expr *e)
{
    int n = e->kase.nwhens + 1;
    struct expr **results = ARENA_ARRAY(ps->a->arena, struct expr *, n);

    /* ELSE counts first. */
    results[0] = e->kase.otherwise;
    for (int i = 1; i < n; i++)
        results[i] = e->kase.whens[i - 1].result;
    e->type = select_common_type(ps, results, n, "CASE", NULL);
    if (e->type == 0)
        return false;
    e->kase.otherwise = coerce_to_common_type(ps, results[0], e->type, "CASE/ELSE");
    if (expr_is_poison(e->kase.otherwise))
        return false;
    results[0] = e->kase.otherwise;
    for (int i = 1; i < n; i++) {
        results[i] = coerce_to_common_type(ps, results[i], e->type, "CASE/WHEN");
        if (expr_is_poison(results[i]))
            return false;
        e->kase.whens[i - 1].result = results[i];
    }
    e->typmod = select_common_typmod(ps, results, n, e->type);
    return true;
}

struct expr *transform_case(struct pstate *ps, const PgQuery__CaseExpr *c)
{
    const struct expr *last_srf = ps->last_srf;
    struct expr *e = expr_new(ps->a->arena, EXPR_CASE, 0, -1, c->location);
    struct expr *arg = NULL;

    if (c->arg != NULL) {
        arg = transform_expr_recurse(ps, c->arg);
        if (expr_is_poison(arg))
            return arg;
        if (arg->type == UNKNOWNOID)
            arg = coerce_to_common_type(ps, arg, TEXTOID, "CASE");
        if (expr_is_poison(arg) || !assign_expr_collations(ps, arg))
            return expr_poison();
    }
    e->kase.arg = arg;
    e->kase.nwhens = (int)c->n_args;
    e->kase.whens = ARENA_ARRAY(ps->a->arena, struct case_when, c->n_args + 1);
    for (size_t i = 0; i < c->n_args; i++) {
        const PgQuery__CaseWhen *w = c->args[i]->case_when;

        e->kase.whens[i].cond = case_condition(ps, arg, w);
        e->kase.whens[i].result = transform_expr_recurse(ps, w->result);
        if (parse_failed(ps))
            return expr_poison();
    }
    e->kase.otherwise = c->defresult != NULL ? transform_expr_recurse(ps, c->defresult)
                                             : expr_null(ps->a->arena, UNKNOWNOID, -1);
    if (parse_failed(ps) || !case_common(ps, e) || !no_sets(ps, last_srf, "CASE"))
        return expr_poison();
    return e;
}

/* --- COALESCE, GREATEST, LEAST -------------------------------------------------------------- */

static struct expr *common_list(struct pstate *ps, enum expr_kind kind, PgQuery__Node *const *args,
                                size_t n, const char *name, int location)
{
    struct expr *e = expr_new(ps->a->arena, kind, 0, -1, location);
    struct expr_list *l = &e->list.args;

    for (size_t i = 0; i < n; i++)
        expr_list_add(ps->a->arena, l, transform_expr_recurse(ps, args[i]));
    if (parse_failed(ps))
        return expr_poison();
    e->type = select_common_type(ps, l->items, l->n, name, NULL);
    if (e->type == 0)
        return expr_poison();
    for (int i = 0; i < l->n; i++) {
        l->items[i] = coerce_to_common_type(ps, l->items[i], e->type, name);
        if (expr_is_poison(l->items[i]))
            return expr_poison();
    }
    e->typmod = select_common_typmod(ps, l->items, l->n, e->type);
    return e;
}

struct expr *transform_coalesce(struct pstate *ps, const PgQuery__CoalesceExpr *c)
{
    const struct expr *last_srf = ps->last_srf;
    struct expr *e = common_list(ps, EXPR_COALESCE, c->args, c->n_args, "COALESCE", c->location);

    return expr_is_poison(e) || no_sets(ps, last_srf, "COALESCE") ? e : expr_poison();
}

struct expr *transform_minmax(struct pstate *ps, const PgQuery__MinMaxExpr *m)
{
    bool least = m->op == PG_QUERY__MIN_MAX_OP__IS_LEAST;
    const struct operator_def *lt;
    struct expr *e =
        common_list(ps, EXPR_MINMAX, m->args, m->n_args, least ? "LEAST" : "GREATEST", m->location);

    if (expr_is_poison(e))
        return e;
    e->list.least = least;
    get_sort_group_operators(ps, e->type, false, false, false, &lt, NULL, NULL, -1);
    if (lt == NULL)
        return parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, -1,
                           "could not identify a comparison function for type %s",
                           format_type(ps, e->type));
    return e;
}

/* --- ARRAY[...] ----------------------------------------------------------------------------- */

static bool array_elements(struct pstate *ps, const PgQuery__AArrayExpr *a, uint32_t array_type,
                           uint32_t element, int32_t typmod, struct expr_list *out, bool *nested)
{
    for (size_t i = 0; i < a->n_elements; i++) {
        const PgQuery__Node *n = a->elements[i];
        struct expr *e;

        if (n->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR) {
            e = transform_array(ps, n->a_array_expr, array_type, element, typmod);
            *nested = true;
        } else {
            e = transform_expr_recurse(ps, n);
            *nested = *nested || get_element_type(ps, e->type) != 0;
        }
        if (expr_is_poison(e))
            return false;
        expr_list_add(ps->a->arena, out, e);
    }
    return true;
}

/* The types of an ARRAY[...] without a cast. */
static bool array_types(struct pstate *ps, const PgQuery__AArrayExpr *a, struct expr_list *items,
                        bool nested, uint32_t *array_type, uint32_t *item_type)
{
    if (items->n == 0) {
        parse_error(ps, ERRCODE_INDETERMINATE_DATATYPE, a->location,
                    "cannot determine type of empty array");
        parse_error_hint(ps,
                         "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
        return false;
    }
    *item_type = select_common_type(ps, items->items, items->n, "ARRAY", NULL);
    if (*item_type == 0)
        return false;
    *array_type = nested ? *item_type : get_array_type(ps, *item_type);
    if (nested && get_element_type(ps, *array_type) == 0) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, a->location,
                    "could not find element type for data type %s", format_type(ps, *array_type));
        return false;
    }
    if (*array_type == 0) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, a->location,
                    "could not find array type for data type %s", format_type(ps, *item_type));
        return false;
    }
    return true;
}

struct expr *transform_array(struct pstate *ps, const PgQuery__AArrayExpr *a, uint32_t array_type,
                             uint32_t element, int32_t typmod)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_ARRAY, 0, -1, a->location);
    struct expr_list *items = &e->list.args;
    bool nested = false, hard = array_type != 0;
    uint32_t item_type;

    if (!array_elements(ps, a, array_type, element, typmod, items, &nested))
        return expr_poison();
    if (hard)
        item_type = nested ? array_type : element;
    else if (!array_types(ps, a, items, nested, &array_type, &item_type))
        return expr_poison();
    for (int i = 0; i < items->n; i++) {
        struct expr *item = items->items[i], *c;

        c = hard ? coerce_to_target_type(ps, item, item_type, typmod, COERCION_EXPLICIT,
                                         COERCE_EXPLICIT, -1)
                 : coerce_to_common_type(ps, item, item_type, "ARRAY");
        if (c == NULL)
            return parse_error(ps, ERRCODE_CANNOT_COERCE, expr_location(item),
                               "cannot cast type %s to %s", format_type(ps, item->type),
                               format_type(ps, item_type));
        if (expr_is_poison(c))
            return c;
        items->items[i] = c;
    }
    e->type = array_type;
    e->typmod = items->n > 0 ? select_common_typmod(ps, items->items, items->n, item_type) : -1;
    return e;
}
