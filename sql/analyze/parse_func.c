/*
 * parse_func.c: what name(arguments) means: a column of a composite argument, a cast, a function,
 * an aggregate, a window function, a procedure; and the errors when it means nothing.
 */
#include "sql/analyze/parse_func_call.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/base/strbuf.h"
#include "sql/types/typeoid.h"

const char *func_signature(struct pstate *ps, const char *name, int n, const char *const *argnames,
                           int nnamed, const uint32_t *types)
{
    struct strbuf b = {0};
    char *text;

    strbuf_printf(&b, "%s(", name);
    for (int i = 0; i < n; i++) {
        if (i > 0)
            strbuf_addz(&b, ", ");
        if (i >= n - nnamed)
            strbuf_printf(&b, "%s => ", argnames[i - (n - nnamed)]);
        strbuf_addz(&b, format_type(ps, types[i]));
    }
    strbuf_addc(&b, ')');
    text = arena_strndup(ps->a->arena, b.data, b.len);
    strbuf_free(&b);
    return text;
}

static const char *call_signature(struct pstate *ps, const struct call *c)
{
    uint32_t *types = ARENA_ARRAY(ps->a->arena, uint32_t, c->args.n + 1);

    for (int i = 0; i < c->args.n; i++)
        types[i] = c->args.items[i]->type;
    return func_signature(ps, c->display, c->args.n, c->names, c->nnames, types);
}

/* The names of named arguments; false on a repeated or misplaced one. */
static bool call_names(struct pstate *ps, struct call *c)
{
    const PgQuery__FuncCall *fc = c->fc;
    const char **names;

    if (fc == NULL)
        return true;
    names = ARENA_ARRAY(ps->a->arena, const char *, fc->n_args + 1);
    for (size_t i = 0; i < fc->n_args; i++) {
        const PgQuery__Node *n = fc->args[i];

        if (n->node_case != PG_QUERY__NODE__NODE_NAMED_ARG_EXPR) {
            if (c->nnames == 0)
                continue;
            parse_error(ps, ERRCODE_SYNTAX_ERROR, raw_location(n),
                        "positional argument cannot follow named argument");
            return false;
        }
        for (int k = 0; k < c->nnames; k++) {
            if (strcmp(names[k], n->named_arg_expr->name) != 0)
                continue;
            parse_error(ps, ERRCODE_SYNTAX_ERROR, n->named_arg_expr->location,
                        "argument name \"%s\" used more than once", n->named_arg_expr->name);
            return false;
        }
        names[c->nnames++] = n->named_arg_expr->name;
    }
    c->names = names;
    return true;
}

/* --- decorations that only some kinds of function allow ------------------------------------- */

static bool refuse(struct pstate *ps, const struct call *c, const char *fmt)
    __attribute__((format(printf, 3, 0)));
static bool refuse(struct pstate *ps, const struct call *c, const char *fmt)
{
    const char *format = fmt;

    parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, c->location, format, c->display, c->display);
    return false;
}

static bool check_plain_call(struct pstate *ps, const struct call *c)
{
    const PgQuery__FuncCall *fc = c->fc;

    if (fc == NULL)
        return true;
    if (fc->agg_star)
        return refuse(ps, c, "%s(*) specified, but %s is not an aggregate function");
    if (fc->agg_distinct)
        return refuse(ps, c, "DISTINCT specified, but %s is not an aggregate function");
    if (fc->agg_within_group)
        return refuse(ps, c, "WITHIN GROUP specified, but %s is not an aggregate function");
    if (fc->n_agg_order > 0)
        return refuse(ps, c, "ORDER BY specified, but %s is not an aggregate function");
    if (fc->agg_filter != NULL)
        return refuse(ps, c, "FILTER specified, but %s is not an aggregate function");
    if (fc->over != NULL)
        return refuse(ps, c,
                      "OVER specified, but %s is not a window function nor an aggregate function");
    return true;
}

static bool check_window_call(struct pstate *ps, const struct call *c)
{
    if (c->fc == NULL || c->fc->over == NULL)
        return refuse(ps, c, "window function %s requires an OVER clause");
    if (c->fc->agg_within_group)
        return refuse(ps, c, "window function %s cannot have WITHIN GROUP");
    return true;
}

static bool wrong_direct(struct pstate *ps, const struct call *c)
{
    parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, c->location, "function %s does not exist",
                call_signature(ps, c));
    return false;
}

/* Numbers of direct and aggregated arguments of WITHIN GROUP. */
static bool check_direct_args(struct pstate *ps, struct call *c)
{
    const struct aggregate *agg = c->candidate->proc->agg;
    int nordered = (int)c->fc->n_agg_order, ndirect = c->args.n - nordered, nparams = c->args.n;

    c->ndirect = ndirect;
    if (c->candidate->nvargs > 1)
        nparams -= c->candidate->nvargs - 1;
    if (c->candidate->proc->variadic == 0 || agg->ndirect < nparams) {
        if (ndirect == agg->ndirect)
            return true;
        wrong_direct(ps, c);
        parse_error_hint(
            ps,
            "There is an ordered-set aggregate %s, but it requires %d direct argument%s, not %d.",
            c->display, agg->ndirect, agg->ndirect == 1 ? "" : "s", ndirect);
        return false;
    }
    if (agg->kind == 'h') {
        if (ndirect == nordered)
            return true;
        wrong_direct(ps, c);
        parse_error_hint(
            ps,
            "To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments "
            "(here %d) must match the number of ordering columns (here %d).",
            c->display, ndirect, nordered);
        return false;
    }
    if (c->candidate->nvargs > nordered || ndirect >= agg->ndirect)
        return true;
    wrong_direct(ps, c);
    parse_error_hint(
        ps, "There is an ordered-set aggregate %s, but it requires at least %d direct arguments.",
        c->display, agg->ndirect);
    return false;
}

/* Hypothetical values get the types of the columns they are compared with. */
static bool unify_hypothetical(struct pstate *ps, struct call *c)
{
    int n = c->args.n - c->ndirect;

    for (int i = 0; i < n; i++) {
        struct expr **hypo = &c->args.items[c->ndirect - n + i],
                    **column = &c->args.items[c->ndirect + i];
        struct expr *both[2] = {*column, *hypo};
        uint32_t type = select_common_type(ps, both, 2, "WITHIN GROUP", NULL);
        int32_t typmod = select_common_typmod(ps, both, 2, type);

        if (type == 0)
            return false;
        *hypo = coerce_type(ps, *hypo, type, typmod, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
        *column = coerce_type(ps, *column, type, typmod, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
        if (expr_is_poison(*hypo) || expr_is_poison(*column))
            return false;
    }
    return true;
}

static bool check_aggregate_call(struct pstate *ps, struct call *c)
{
    const struct aggregate *agg = c->candidate->proc->agg;

    if (agg == NULL || agg->kind == 'n') {
        if (c->fc->agg_within_group)
            return refuse(ps, c,
                          "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP");
        return true;
    }
    if (!c->fc->agg_within_group)
        return refuse(ps, c, "WITHIN GROUP is required for ordered-set aggregate %s");
    if (c->fc->over != NULL) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                    "OVER is not supported for ordered-set aggregate %s", c->display);
        return false;
    }
    if (!check_direct_args(ps, c))
        return false;
    return agg->kind != 'h' || unify_hypothetical(ps, c);
}

/* CALL wants procedures, everything else functions. */
static bool check_procedure(struct pstate *ps, const struct call *c, enum func_detail detail)
{
    if (c->procedure && detail != FUNC_PROCEDURE) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, c->location, "%s is not a procedure",
                    call_signature(ps, c));
        parse_error_hint(ps, "To call a function, use SELECT.");
        return false;
    }
    if (!c->procedure && detail == FUNC_PROCEDURE) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, c->location, "%s is a procedure",
                    call_signature(ps, c));
        parse_error_hint(ps, "To call a procedure, use CALL.");
        return false;
    }
    return true;
}

/* --- errors --------------------------------------------------------------------------------- */

static struct expr *not_unique(struct pstate *ps, const struct call *c)
{
    const char *kind = c->procedure ? "procedure" : "function";

    parse_error(ps, ERRCODE_AMBIGUOUS_FUNCTION, c->location, "%s %s is not unique", kind,
                call_signature(ps, c));
    parse_error_hint(
        ps, "Could not choose a best candidate %s. You might need to add explicit type casts.",
        kind);
    return expr_poison();
}

static struct expr *not_found(struct pstate *ps, const struct call *c)
{
    const char *kind = c->procedure ? "procedure" : "function";

    parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, c->location, "%s %s does not exist", kind,
                call_signature(ps, c));
    if (c->fc->n_agg_order > 1 && !c->fc->agg_within_group)
        parse_error_hint(
            ps, "No aggregate function matches the given name and argument types. Perhaps you "
                "misplaced "
                "ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.");
    else
        parse_error_hint(ps,
                         "No %s matches the given name and argument types. "
                         "You might need to add explicit type casts.",
                         kind);
    return expr_poison();
}

/* --- the call ------------------------------------------------------------------------------- */

static struct expr *make_plain_call(struct pstate *ps, struct call *c)
{
    const struct proc *p = c->candidate->proc;
    uint32_t rettype = call_arguments(ps, c->candidate, &c->args, &c->variadic);
    struct expr *e;

    if (rettype == 0)
        return expr_poison();
    if (p->retset && !check_srf_placement(ps, c->last_srf, c->location))
        return expr_poison();
    e = make_func(ps, p->oid, rettype, c->args, COERCE_CALL, c->location);
    e->func.proc = p;
    e->func.variadic = c->variadic;
    e->func.ndefaulted = c->candidate->ndargs;
    if (c->candidate->argnumbers && c->nnames && !c->procedure) {
        e->func.written = c->candidate->argnumbers;
        e->func.npositional = c->args.n - c->candidate->ndargs - c->nnames;
    }
    if (c->fc && c->fc->funcformat == PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX)
        e->func.form = COERCE_SQL_SYNTAX;
    if (p->retset)
        ps->last_srf = e;
    return e;
}

static struct expr *make_call(struct pstate *ps, struct call *c, enum func_detail detail)
{
    /* Column notation (t.count) calls aggregates too, without any decoration. */
    static const PgQuery__FuncCall undecorated = PG_QUERY__FUNC_CALL__INIT;
    uint32_t rettype;

    if (c->fc == NULL)
        c->fc = &undecorated;
    switch (detail) {
    case FUNC_COERCION:
        if (!check_plain_call(ps, c))
            return expr_poison();
        return coerce_type(ps, c->args.items[0], c->candidate->args[0], -1, COERCION_EXPLICIT,
                           COERCE_CALL, c->location);
    case FUNC_AGGREGATE:
        if (!check_aggregate_call(ps, c))
            return expr_poison();
        rettype = call_arguments(ps, c->candidate, &c->args, &c->variadic);
        if (rettype == 0)
            return expr_poison();
        return c->fc->over != NULL ? make_window_call(ps, c, rettype)
                                   : make_aggregate(ps, c, rettype);
    case FUNC_WINDOW:
        if (!check_window_call(ps, c))
            return expr_poison();
        rettype = call_arguments(ps, c->candidate, &c->args, &c->variadic);
        return rettype == 0 ? expr_poison() : make_window_call(ps, c, rettype);
    default:
        return check_plain_call(ps, c) ? make_plain_call(ps, c) : expr_poison();
    }
}

static bool could_be_projection(struct pstate *ps, const struct call *c, size_t nname)
{
    const PgQuery__FuncCall *fc = c->fc;

    if (c->args.n != 1 || nname != 1 || c->nnames > 0 ||
        !type_is_rowtype(ps, c->args.items[0]->type))
        return false;
    return fc == NULL ||
           !(fc->agg_star || fc->agg_distinct || fc->agg_within_group || fc->n_agg_order > 0 ||
             fc->agg_filter != NULL || fc->over != NULL || fc->func_variadic);
}

static struct expr *resolve_call(struct pstate *ps, struct call *c, size_t nname)
{
    bool projection = could_be_projection(ps, c, nname);
    struct func_lookup l = {.schema = c->schema,
                            .name = c->name,
                            .display = c->display,
                            .nargs = c->args.n,
                            .nnames = c->nnames,
                            .names = c->names,
                            .expand_variadic = !c->variadic,
                            .expand_defaults = true,
                            .include_out = c->procedure,
                            .location = c->location};
    uint32_t *types = ARENA_ARRAY(ps->a->arena, uint32_t, c->args.n + 1);
    enum func_detail detail;
    struct expr *e;

    for (int i = 0; i < c->args.n; i++)
        types[i] = c->args.items[i]->type;
    l.argtypes = types;
    if (projection && c->fc == NULL) {
        e = select_field(ps, c->args.items[0], c->name, c->location);
        if (e != NULL)
            return e;
    }
    detail = func_get_detail(ps, &l, &c->args, &c->candidate);
    switch (detail) {
    case FUNC_FAILED:
        return expr_poison();
    case FUNC_MULTIPLE:
        return c->fc == NULL ? NULL : not_unique(ps, c);
    case FUNC_NOTFOUND:
        if (c->fc == NULL)
            return NULL;
        e = projection ? select_field(ps, c->args.items[0], c->name, c->location) : NULL;
        return e != NULL ? e : not_found(ps, c);
    default:
        if (!check_procedure(ps, c, detail))
            return expr_poison();
        return make_call(ps, c, detail);
    }
}

static struct expr *run_call(struct pstate *ps, struct call *c, PgQuery__Node *const *name,
                             size_t nname)
{
    if (nname == 0 || nname > 3)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                           "improper qualified name (too many dotted names): %s",
                           name_list_text(ps, name, nname));
    c->display = name_list_text(ps, name, nname);
    c->name = node_string(name[nname - 1]);
    c->schema = nname > 1 ? node_string(name[nname - 2]) : NULL;
    for (int i = 0; i < c->args.n; i++) {
        if (expr_is_poison(c->args.items[i]))
            return expr_poison();
    }
    if (c->args.n > LIMIT_FUNC_ARGS)
        return parse_error(ps, ERRCODE_TOO_MANY_ARGUMENTS, c->location,
                           "cannot pass more than %d arguments to a function", LIMIT_FUNC_ARGS);
    if (!call_names(ps, c))
        return expr_poison();
    return resolve_call(ps, c, nname);
}

struct expr *parse_func_or_column(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                                  struct expr_list *args, const PgQuery__FuncCall *fc, int location)
{
    struct call c = {.fc = fc,
                     .args = *args,
                     .last_srf = ps->last_srf,
                     .location = location,
                     .variadic = fc != NULL && fc->func_variadic};

    return run_call(ps, &c, name, nname);
}

/* A parameter declared void is no argument: it is how JDBC writes the place of a result, {? = call f(?)}. */
static bool is_result_place(const PgQuery__FuncCall *fc, size_t i, const struct expr *e)
{
    return e->kind == EXPR_PARAM && e->type == VOIDOID && !fc->agg_within_group &&
           fc->args[i]->node_case != PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
}

static struct expr *transform_call(struct pstate *ps, const PgQuery__FuncCall *fc, bool procedure)
{
    struct call c = {.fc = fc,
                     .last_srf = ps->last_srf,
                     .location = fc->location,
                     .variadic = fc->func_variadic,
                     .procedure = procedure};

    for (size_t i = 0; i < fc->n_args; i++) {
        struct expr *e = transform_expr_recurse(ps, fc->args[i]);
        if (!is_result_place(fc, i, e))
            expr_list_add(ps->a->arena, &c.args, e);
    }
    for (size_t i = 0; fc->agg_within_group && i < fc->n_agg_order; i++)
        expr_list_add(ps->a->arena, &c.args,
                      transform_expr(ps, fc->agg_order[i]->sort_by->node, EXPR_KIND_ORDER_BY));
    if (fc->agg_filter != NULL) {
        c.filter =
            coerce_to_boolean(ps, transform_expr(ps, fc->agg_filter, EXPR_KIND_FILTER), "FILTER");
        if (expr_is_poison(c.filter))
            return expr_poison();
    }
    return run_call(ps, &c, fc->funcname, fc->n_funcname);
}

struct expr *transform_func_call(struct pstate *ps, const PgQuery__FuncCall *fc)
{
    return transform_call(ps, fc, false);
}

struct expr *transform_procedure_call(struct pstate *ps, const PgQuery__FuncCall *fc)
{
    enum parse_expr_kind saved = ps->expr_kind;
    struct expr *e;

    ps->expr_kind = EXPR_KIND_CALL_ARGUMENT;
    e = transform_call(ps, fc, true);
    ps->expr_kind = saved;
    return e;
}
