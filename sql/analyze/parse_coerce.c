/*
 * parse_coerce.c: building the expressions that convert a value to another type.
 */
#include "sql/analyze/clause.h"
#include "sql/analyze/parse_internal.h"

#include "sql/types/type.h"
#include "sql/types/typeoid.h"

static struct expr *new_cast(struct pstate *ps, enum expr_kind kind, struct expr *arg,
                             uint32_t type, int32_t typmod, enum coercion_form form, int location)
{
    struct expr *e = expr_new(ps->a->arena, kind, type, typmod, location);

    e->cast.arg = arg;
    e->cast.form = form;
    e->collation = type_collation(ps, type);
    return e;
}

/* Only the label changes; a constant is relabelled in place of wrapping it. */
static struct expr *relabel(struct pstate *ps, struct expr *arg, uint32_t type, int32_t typmod,
                            enum coercion_form form, int location)
{
    struct expr *e;

    /* Nested relabels say no more than the outermost. */
    while (arg->kind == EXPR_RELABEL)
        arg = arg->cast.arg;
    if (arg->kind == EXPR_CONST) {
        struct value v = arg->constant.value;
        if (v.kind == VALUE_INT && arg->type == INT4OID && type_is_oid(type))
            v.i = (uint32_t)v.i;
        else if (v.kind == VALUE_INT && type == INT4OID && type_is_oid(arg->type))
            v.i = (int32_t)v.i;
        e = expr_const(ps->a->arena, type, typmod, v, arg->location);
        e->constant.hoistable = arg->constant.hoistable;
        e->constant.literal = arg->constant.literal;
        e->collation = type_collation(ps, type);
        return e;
    }
    return new_cast(ps, EXPR_RELABEL, arg, type, typmod, form, location);
}

static struct expr *build_func_coercion(struct pstate *ps, struct expr *arg,
                                        const struct proc *func, uint32_t target, int32_t typmod,
                                        enum coercion_context context, enum coercion_form form,
                                        int location)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_FUNC, target, -1, location);
    struct expr *explicit_flag;

    e->func.proc = func;
    e->func.form = form;
    expr_list_add(ps->a->arena, &e->func.args, arg);
    if (func->nargs >= 2) {
        expr_list_add(ps->a->arena, &e->func.args, make_int4_const(ps, typmod, -1));
        e->typmod = typmod;
    }
    if (func->nargs >= 3) {
        explicit_flag =
            expr_const(ps->a->arena, BOOLOID, -1, value_bool(context == COERCION_EXPLICIT), -1);
        expr_list_add(ps->a->arena, &e->func.args, explicit_flag);
    }
    if (type_is_oid(target) && func->rettype == INT4OID) { /* signed until it is called an oid */
        e->type = INT4OID;
        e->func.form = COERCE_IMPLICIT;
        return new_cast(ps, EXPR_RELABEL, e, target, -1, form, location);
    }
    return e;
}

static struct expr *build_array_coercion(struct pstate *ps, struct expr *arg, uint32_t target,
                                         int32_t typmod, enum coercion_context context,
                                         enum coercion_form form, int location)
{
    int32_t source_typmod = arg->typmod;
    uint32_t source = get_base_type(ps, arg->type, &source_typmod);
    uint32_t source_element = get_element_type(ps, source);
    uint32_t target_element = get_element_type(ps, target);
    struct expr *test = expr_new(ps->a->arena, EXPR_CASE_TEST, source_element, source_typmod, -1);
    struct expr *element, *e;

    test->collation = type_collation(ps, source_element);
    element = coerce_to_target_type(ps, test, target_element, typmod, context, form, location);
    if (element == NULL)
        return parse_error(ps, ERRCODE_INTERNAL_ERROR, location,
                           "failed to coerce array element type as expected");
    if (expr_is_poison(element))
        return element;
    e = new_cast(ps, EXPR_ARRAY_COERCE, arg, target, element->typmod, form, location);
    e->cast.element = element;
    return e;
}

static struct expr *build_coercion(struct pstate *ps, struct expr *arg, enum coercion_path path,
                                   const struct proc *func, uint32_t target, int32_t typmod,
                                   enum coercion_context context, enum coercion_form form,
                                   int location)
{
    switch (path) {
    case COERCION_PATH_FUNC:
        return build_func_coercion(ps, arg, func, target, typmod, context, form, location);
    case COERCION_PATH_ARRAY:
        return build_array_coercion(ps, arg, target, typmod, context, form, location);
    default:
        return new_cast(ps, EXPR_COERCE_IO, arg, target, -1, form, location);
    }
}

/* Applies a length or precision; nothing when the value has it already. */
static struct expr *coerce_type_typmod(struct pstate *ps, struct expr *e, uint32_t type,
                                       int32_t typmod, enum coercion_context context,
                                       enum coercion_form form, int location)
{
    const struct proc *func;
    enum coercion_path path = COERCION_PATH_NONE;

    if (expr_is_poison(e) || typmod == e->typmod)
        return e;
    if (typmod >= 0)
        path = find_typmod_coercion(ps, type, &func);
    if (path == COERCION_PATH_NONE)
        return relabel(ps, e, type, typmod, form, location);
    return build_coercion(ps, e, path, func, type, typmod, context, form, location);
}

/* The domain's checks as EXPR_ROW over VALUE, NULL if it has none. */
static struct expr *domain_checks(struct pstate *ps, uint32_t type, uint32_t base, int32_t typmod)
{
    const struct constraint_def **checks;
    int n = snapshot_domain_checks(ps->a->snapshot, type, ps->a->arena, &checks);
    if (n == 0)
        return NULL;
    struct expr *row = expr_new(ps->a->arena, EXPR_ROW, RECORDOID, -1, -1);
    struct expr *value = expr_new(ps->a->arena, EXPR_CASE_TEST, base, typmod, -1);
    const struct expr *outer = ps->domain_value;
    value->collation = type_collation(ps, type);
    ps->domain_value = value;
    row->list.args.items = ARENA_ARRAY(ps->a->arena, struct expr *, n);
    for (int i = 0; i < n; i++) {
        struct expr *e = analyze_stored_expr(ps, checks[i]->check_sql, NULL, EXPR_KIND_DOMAIN_CHECK, 0, -1, NULL);
        if (expr_is_poison(e)) {
            row = e;
            break;
        }
        row->list.args.items[row->list.args.n++] = e;
    }
    ps->domain_value = outer;
    return row;
}

/* The value, of the domain's base type already, becomes the domain: its constraints are checked
 * when it runs. */
static struct expr *coerce_to_domain(struct pstate *ps, struct expr *e, uint32_t type,
                                     enum coercion_context context, enum coercion_form form,
                                     int location)
{
    int32_t base_typmod = -1;
    uint32_t base = get_base_type(ps, type, &base_typmod);

    if (base == type || expr_is_poison(e))
        return e;
    e = coerce_type_typmod(ps, e, base, base_typmod, context, COERCE_IMPLICIT, location);
    if (expr_is_poison(e))
        return e;
    struct expr *checks = domain_checks(ps, type, base, base_typmod);
    if (checks && expr_is_poison(checks))
        return checks;
    e = new_cast(ps, EXPR_COERCE_DOMAIN, e, type, -1, form, location);
    e->cast.element = checks;
    return e;
}

static struct expr *coerce_literal(struct pstate *ps, struct expr *c, uint32_t target,
                                   int32_t typmod, enum coercion_context context,
                                   enum coercion_form form, int location)
{
    int32_t base_typmod = typmod;
    uint32_t base = get_base_type(ps, target, &base_typmod);
    /* Interval input needs its modifier to read bare numbers; every other type gets its length
     * applied afterwards. */
    int32_t input_typmod = base == INTERVALOID ? base_typmod : -1;
    struct expr *e = convert_literal(ps, c, base, input_typmod);

    return coerce_to_domain(ps, e, target, context, form, location);
}

static struct expr *row_mismatch(struct pstate *ps, struct expr *e, uint32_t target, int location)
{
    return parse_error(ps, ERRCODE_CANNOT_COERCE, location, "cannot cast type %s to %s",
                       format_type(ps, e->type), format_type(ps, target));
}

/* The columns of an anonymous row as single expressions; false if they cannot be known. */
static bool record_columns(struct pstate *ps, struct expr *e, struct expr_list *out)
{
    const struct rte *rte;
    struct pstate *level = ps;

    if (e->kind == EXPR_ROW) {
        *out = e->list.args;
        return true;
    }
    if (e->kind != EXPR_WHOLE_ROW)
        return false;
    for (int up = e->var.levelsup; up > 0; up--)
        level = level->parent;
    rte = level->query->rtable[e->var.rte];
    for (int i = 0; i < rte->ncolumns; i++) {
        const struct column_def *c = &rte->columns[i];
        struct expr *v;

        if (c->name == NULL)
            continue;
        v = expr_new(ps->a->arena, EXPR_VAR, c->type, c->typmod, e->location);
        v->collation = c->collation;
        v->var.rte = e->var.rte;
        v->var.levelsup = e->var.levelsup;
        v->var.attnum = i + 1;
        expr_list_add(ps->a->arena, out, v);
    }
    return true;
}

static struct expr *coerce_record_to_complex(struct pstate *ps, struct expr *e, uint32_t target,
                                             enum coercion_context context, enum coercion_form form,
                                             int location)
{
    uint32_t base = get_base_type(ps, target, NULL);
    struct expr_list in = {0};
    struct column_def *columns;
    struct expr *row;
    int n, used = 0;

    if (!record_columns(ps, e, &in) || !rowtype_columns(ps, base, &columns, &n))
        return row_mismatch(ps, e, target, location);
    row = expr_new(ps->a->arena, EXPR_ROW, base, -1, location);
    row->list.cast_form = form == COERCE_EXPLICIT;
    for (int i = 0; i < n; i++) {
        struct expr *item;

        if (columns[i].name == NULL) /* dropped: a value has no place for it */
            continue;
        if (used >= in.n) {
            row_mismatch(ps, e, target, location);
            parse_error_detail(ps, "Input has too few columns.");
            return expr_poison();
        }
        item = coerce_to_target_type(ps, in.items[used], columns[i].type, columns[i].typmod,
                                     context, COERCE_IMPLICIT, -1);
        if (item == NULL) {
            row_mismatch(ps, e, target, expr_location(in.items[used]));
            parse_error_detail(ps, "Cannot cast type %s to %s in column %d.",
                               format_type(ps, in.items[used]->type),
                               format_type(ps, columns[i].type), used + 1);
            return expr_poison();
        }
        expr_list_add(ps->a->arena, &row->list.args, item);
        used++;
    }
    if (used < in.n) {
        row_mismatch(ps, e, target, location);
        parse_error_detail(ps, "Input has too many columns.");
        return expr_poison();
    }
    return coerce_to_domain(ps, row, target, context, form, location);
}

/* Polymorphic targets take the value as it is; NULL when target is none of them. */
static struct expr *coerce_to_polymorphic(struct pstate *ps, struct expr *e, uint32_t target,
                                          enum coercion_form form, int location)
{
    uint32_t base;

    switch (target) {
    case ANYOID:
    case ANYELEMENTOID:
    case ANYNONARRAYOID:
    case ANYCOMPATIBLEOID:
    case ANYCOMPATIBLENONARRAYOID:
        return e;
    case ANYARRAYOID:
    case ANYENUMOID:
    case ANYRANGEOID:
    case ANYMULTIRANGEOID:
    case ANYCOMPATIBLEARRAYOID:
    case ANYCOMPATIBLERANGEOID:
    case ANYCOMPATIBLEMULTIRANGEOID:
        if (e->type == UNKNOWNOID)
            return NULL;
        base = get_base_type(ps, e->type, NULL);
        return base == e->type ? e : relabel(ps, e, base, -1, form, location);
    default:
        return NULL;
    }
}

static struct expr *coerce_by_path(struct pstate *ps, struct expr *e, enum coercion_path path,
                                   const struct proc *func, uint32_t target, int32_t typmod,
                                   enum coercion_context context, enum coercion_form form,
                                   int location)
{
    int32_t base_typmod = typmod;
    uint32_t base = get_base_type(ps, target, &base_typmod);
    struct expr *result;

    if (path != COERCION_PATH_RELABEL) {
        result = build_coercion(ps, e, path, func, base, base_typmod, context, form, location);
        return coerce_to_domain(ps, result, target, context, form, location);
    }
    if (base != target)
        return coerce_to_domain(ps, e, target, context, form, location);
    return relabel(ps, e, target, -1, form, location);
}

struct expr *coerce_type(struct pstate *ps, struct expr *e, uint32_t target, int32_t typmod,
                         enum coercion_context context, enum coercion_form form, int location)
{
    const struct proc *func;
    enum coercion_path path;
    struct expr *result;

    if (expr_is_poison(e) || e->type == target)
        return e;
    result = coerce_to_polymorphic(ps, e, target, form, location);
    if (result != NULL)
        return result;
    if (e->type == UNKNOWNOID && e->kind == EXPR_CONST)
        return coerce_literal(ps, e, target, typmod, context, form, location);
    if (e->kind == EXPR_PARAM && e->type == UNKNOWNOID) {
        /* A parameter of a domain is one of its base type; the domain's checks follow as for any value. */
        int32_t base_typmod = -1;
        uint32_t base = get_base_type(ps, target, &base_typmod);

        result = coerce_variable_param(ps, e, base, location);
        if (result != NULL && (base == target || expr_is_poison(result)))
            return result;
        if (result != NULL)
            return coerce_type(ps, result, target, typmod, context, form, location);
    }
    if (e->kind == EXPR_COLLATE) {
        struct expr *arg = coerce_type(ps, e->cast.arg, target, typmod, context, form, location);

        if (expr_is_poison(arg) || type_collation(ps, target) == 0)
            return arg;
        result =
            new_cast(ps, EXPR_COLLATE, arg, arg->type, arg->typmod, COERCE_EXPLICIT, e->location);
        result->cast.collation = result->collation = e->cast.collation;
        return result;
    }
    path = find_coercion_pathway(ps, target, e->type, context, &func);
    if (path != COERCION_PATH_NONE)
        return coerce_by_path(ps, e, path, func, target, typmod, context, form, location);
    if (e->type == RECORDOID && is_complex(ps, target))
        return coerce_record_to_complex(ps, e, target, context, form, location);
    if (target == RECORDOID || target == RECORDARRAYOID)
        return e;
    if (e->type == UNKNOWNOID) /* an unknown that is no literal, e.g. of a subquery's column:
                                  through its text */
        return coerce_by_path(ps, e, COERCION_PATH_IO, NULL, target, typmod, context, form,
                              location);
    return parse_error(ps, ERRCODE_INTERNAL_ERROR, location,
                       "failed to find conversion function from %s to %s", format_type(ps, e->type),
                       format_type(ps, target));
}

/* A cast under one that applies a length: one cast was written. */
static void hide_coercion(struct expr *e)
{
    if (e->kind == EXPR_FUNC)
        e->func.form = COERCE_IMPLICIT;
    else if (e->kind == EXPR_RELABEL || e->kind == EXPR_COERCE_IO || e->kind == EXPR_ARRAY_COERCE ||
             e->kind == EXPR_COERCE_DOMAIN)
        e->cast.form = COERCE_IMPLICIT;
}

struct expr *coerce_to_target_type(struct pstate *ps, struct expr *e, uint32_t target,
                                   int32_t typmod, enum coercion_context context,
                                   enum coercion_form form, int location)
{
    struct expr *original = e, *result;

    if (expr_is_poison(e))
        return e;
    if (!can_coerce_type(ps, 1, &e->type, &target, context))
        return NULL;
    while (e->kind == EXPR_COLLATE)
        e = e->cast.arg;
    struct expr *coerced = coerce_type(ps, e, target, typmod, context, form, location);
    result = coerce_type_typmod(ps, coerced, target, typmod, context, form, location);
    if (result != coerced && coerced != e && !expr_is_poison(coerced))
        hide_coercion(coerced);
    if (original != e && !expr_is_poison(result) && type_collation(ps, target) != 0) {
        struct expr *c = new_cast(ps, EXPR_COLLATE, result, result->type, result->typmod,
                                  COERCE_EXPLICIT, original->location);
        c->cast.collation = c->collation = original->cast.collation;
        return c;
    }
    return result;
}
