/*
 * parse_func_call.c: what a resolved call becomes: arguments cast, defaults filled in, variadic
 * ones packed, named ones put into the declared order; then a function, aggregate or window node.
 */
#include "sql/analyze/parse_func_call.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

bool make_fn_arguments(struct pstate *ps, struct expr_list *args, const uint32_t *actual,
                       const uint32_t *declared)
{
    for (int i = 0; i < args->n; i++) {
        if (actual[i] != declared[i])
            args->items[i] = coerce_type(ps, args->items[i], declared[i], -1, COERCION_IMPLICIT,
                                         COERCE_IMPLICIT, -1);
        if (expr_is_poison(args->items[i]))
            return false;
    }
    return true;
}

/* --- default arguments ---------------------------------------------------------------------- */

static bool add_default(struct pstate *ps, struct pstate *sub, const PgQuery__Node *target,
                        uint32_t type, struct expr_list *args)
{
    struct expr *e = transform_expr(sub, target->res_target->val, EXPR_KIND_FUNCTION_DEFAULT), *c;

    if (!expr_is_poison(e) && !is_polymorphic_type(type)) {
        c = coerce_to_target_type(sub, e, type, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
        e = c != NULL ? c : e;
    }
    if (expr_is_poison(e))
        return false;
    e->location = -1;
    expr_list_add(ps->a->arena, args, e);
    return true;
}

/* Appends the defaults of the arguments that were not given. */
static bool add_defaults(struct pstate *ps, const struct func_candidate *c, struct expr_list *args)
{
    const struct proc *p = c->proc;
    struct analysis a = *ps->a;
    struct parsed *parsed;
    const PgQuery__Node *stmt;
    struct pstate *sub;
    bool ok = true;

    if (c->ndargs == 0)
        return true;
    parsed = p->defaults != NULL ? parse_expression(p->defaults, ps->a->err) : NULL;
    if (parsed == NULL) {
        parse_error(ps, ERRCODE_INTERNAL_ERROR, -1, "not enough default arguments");
        return false;
    }
    a.text = NULL;
    a.names = NULL;
    sub = pstate_new(&a, NULL);
    stmt = (const PgQuery__Node *)parsed_stmt(parsed, 0);
    for (int i = c->nargs - c->ndargs; ok && i < c->nargs; i++) {
        int pos = (c->argnumbers != NULL ? c->argnumbers[i] : i) - c->nout;
        size_t at = (size_t)(pos - (p->nargs - p->ndefaults));

        if (at >= stmt->select_stmt->n_target_list)
            ok = false;
        else
            ok = add_default(ps, sub, stmt->select_stmt->target_list[at], p->argtypes[pos], args);
    }
    parsed_free(parsed);
    return ok;
}

/* The last nvargs arguments become one array. */
static bool pack_variadic(struct pstate *ps, struct expr_list *args, int nvargs)
{
    struct expr *array, *first = args->items[args->n - nvargs];
    uint32_t type = get_array_type(ps, first->type);

    if (type == 0) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, expr_location(first),
                    "could not find array type for data type %s", format_type(ps, first->type));
        return false;
    }
    array = expr_new(ps->a->arena, EXPR_ARRAY, type, -1, expr_location(first));
    for (int i = args->n - nvargs; i < args->n; i++)
        expr_list_add(ps->a->arena, &array->list.args, args->items[i]);
    args->n -= nvargs;
    expr_list_add(ps->a->arena, args, array);
    return true;
}

/* Named arguments go to their declared places. */
static void order_named(struct pstate *ps, const struct func_candidate *c, struct expr_list *args)
{
    struct expr **ordered = ARENA_ARRAY(ps->a->arena, struct expr *, args->n + 1);

    for (int i = 0; i < args->n; i++)
        ordered[c->argnumbers[i]] = args->items[i];
    memcpy(args->items, ordered, sizeof(*ordered) * (size_t)args->n);
}

uint32_t call_arguments(struct pstate *ps, const struct func_candidate *c, struct expr_list *args,
                        bool *variadic)
{
    const struct proc *p = c->proc;
    uint32_t *actual, rettype;

    if (!add_defaults(ps, c, args))
        return 0;
    actual = ARENA_ARRAY(ps->a->arena, uint32_t, args->n + 1);
    for (int i = 0; i < args->n; i++)
        actual[i] = args->items[i]->type;
    rettype = enforce_generic_type_consistency(ps, actual, c->args, args->n, p->rettype);
    if (rettype == 0 || !make_fn_arguments(ps, args, actual, c->args))
        return 0;
    if (c->nvargs > 0 && p->variadic != ANYOID) {
        if (!pack_variadic(ps, args, c->nvargs))
            return 0;
        *variadic = true;
    } else if (*variadic && p->variadic == ANYOID && args->n > 0) {
        struct expr *last = args->items[args->n - 1];

        if (get_element_type(ps, get_base_type(ps, last->type, NULL)) == 0) {
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(last),
                        "VARIADIC argument must be an array");
            return 0;
        }
    }
    if (c->argnumbers != NULL)
        order_named(ps, c, args);
    return rettype;
}

/* --- nodes ---------------------------------------------------------------------------------- */

struct expr *make_func(struct pstate *ps, uint32_t oid, uint32_t rettype, struct expr_list args,
                       enum coercion_form form, int location)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_FUNC, rettype, -1, location);

    e->func.proc = snapshot_proc(ps->a->snapshot, oid);
    e->func.args = args;
    e->func.form = form;
    e->collation = type_collation(ps, rettype);
    return e;
}

static bool no_nested_set(struct pstate *ps, const struct expr *before, const char *message)
{
    if (ps->last_srf == before)
        return true;
    parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(ps->last_srf), "%s", message);
    parse_error_hint(
        ps, "You might be able to move the set-returning function into a LATERAL FROM item.");
    return false;
}

/* DISTINCT sorts the arguments. */
static bool distinct_args_sort(struct pstate *ps, const struct expr *agg)
{
    for (int k = 0; k < agg->agg.args.n; k++) {
        struct expr *arg = agg->agg.args.items[k];

        if (!get_sort_group_operators(ps, arg->type, false, true, false, NULL, NULL, NULL,
                                      expr_location(arg)))
            return false;
        if (!get_sort_group_operators(ps, arg->type, true, true, false, NULL, NULL, NULL,
                                      expr_location(arg))) {
            parse_error_detail(ps, "Aggregates with DISTINCT must be able to sort their inputs.");
            return false;
        }
    }
    return true;
}

/* What an aggregate sorts by, when it is one of its arguments: as the aggregate gets it, implicit casts included; else NULL. */
static struct expr *sorted_argument(struct pstate *ps, const struct expr *agg, struct expr *e)
{
    for (int i = 0; i < agg->agg.args.n; i++) {
        const struct expr *arg = agg->agg.args.items[i];
        while (arg->kind == EXPR_RELABEL && arg->cast.form == COERCE_IMPLICIT)
            arg = arg->cast.arg;
        if (expr_equal(arg, e))
            return expr_copy(ps->a->arena, agg->agg.args.items[i]);
    }
    return NULL;
}

static bool distinct_wants_argument(struct pstate *ps, const struct expr *e)
{
    parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, expr_location(e),
                "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list");
    return false;
}

static bool agg_order(struct pstate *ps, const PgQuery__FuncCall *fc, struct expr *agg)
{
    struct sort_list *order = &agg->agg.order;

    order->items = ARENA_ARRAY(ps->a->arena, struct sort_item, fc->n_agg_order + 1);
    for (size_t i = 0; i < fc->n_agg_order; i++) {
        const PgQuery__SortBy *sb = fc->agg_order[i]->sort_by;
        struct expr *e = fc->agg_within_group ? agg->agg.args.items[i]
                                              : transform_expr(ps, sb->node, EXPR_KIND_ORDER_BY);

        e = resolve_unknown(ps, e);
        struct expr *argument = expr_is_poison(e) ? NULL : sorted_argument(ps, agg, e);
        if (!argument && fc->agg_distinct && !expr_is_poison(e))
            return distinct_wants_argument(ps, e);
        e = argument ? argument : e;
        if (expr_is_poison(e) || !make_sort_item(ps, sb, e, &order->items[order->n]))
            return false;
        order->n++;
    }
    return true;
}

static bool agg_checks(struct pstate *ps, const struct call *c)
{
    const PgQuery__FuncCall *fc = c->fc;
    const struct proc *p = c->candidate->proc;

    if (c->args.n == 0 && !fc->agg_star && !fc->agg_within_group) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, c->location,
                    "%s(*) must be used to call a parameterless aggregate function", c->display);
        return false;
    }
    if (p->retset) {
        parse_error(ps, ERRCODE_INVALID_FUNCTION_DEFINITION, c->location,
                    "aggregates cannot return sets");
        return false;
    }
    if (c->nnames > 0) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                    "aggregates cannot use named arguments");
        return false;
    }
    return no_nested_set(ps, c->last_srf,
                         "aggregate function calls cannot contain set-returning function calls");
}

struct expr *make_aggregate(struct pstate *ps, const struct call *c, uint32_t rettype)
{
    const PgQuery__FuncCall *fc = c->fc;
    struct expr *e;

    if (!agg_checks(ps, c))
        return expr_poison();
    e = expr_new(ps->a->arena, EXPR_AGG, rettype, -1, c->location);
    e->agg.proc = c->candidate->proc;
    e->agg.distinct = fc->agg_distinct;
    e->agg.star = fc->agg_star;
    e->agg.within_group = fc->agg_within_group;
    e->agg.variadic = c->variadic;
    for (int i = 0; i < c->args.n; i++)
        expr_list_add(ps->a->arena,
                      fc->agg_within_group && i < c->ndirect ? &e->agg.direct : &e->agg.args,
                      c->args.items[i]);
    e->agg.filter = c->filter;
    if (!agg_order(ps, fc, e) || (fc->agg_distinct && !distinct_args_sort(ps, e)))
        return expr_poison();
    return transform_agg_call(ps, e) ? e : expr_poison();
}

struct expr *make_window_call(struct pstate *ps, const struct call *c, uint32_t rettype)
{
    const PgQuery__FuncCall *fc = c->fc;
    const struct proc *p = c->candidate->proc;
    struct expr *e;

    if (fc->agg_distinct)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                           "DISTINCT is not implemented for window functions");
    if (p->kind == 'a' && c->args.n == 0 && !fc->agg_star)
        return parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, c->location,
                           "%s(*) must be used to call a parameterless aggregate function",
                           c->display);
    if (fc->n_agg_order > 0)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                           "aggregate ORDER BY is not implemented for window functions");
    if (p->kind != 'a' && fc->agg_filter != NULL)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                           "FILTER is not implemented for non-aggregate window functions");
    if (!no_nested_set(ps, c->last_srf,
                       "window function calls cannot contain set-returning function calls"))
        return expr_poison();
    if (p->retset)
        return parse_error(ps, ERRCODE_INVALID_FUNCTION_DEFINITION, c->location,
                           "window functions cannot return sets");
    e = expr_new(ps->a->arena, EXPR_WINDOW, rettype, -1, c->location);
    e->agg.proc = p;
    e->agg.args = c->args;
    e->agg.star = fc->agg_star;
    e->agg.variadic = c->variadic;
    e->agg.filter = c->filter;
    return transform_window_call(ps, e, fc->over) ? e : expr_poison();
}
