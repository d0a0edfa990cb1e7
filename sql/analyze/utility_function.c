/*
 * utility_function.c: CREATE FUNCTION and CREATE PROCEDURE: parameters, result, options, SQL-standard bodies; ALTER FUNCTION's
 * options. What needs the catalog's other functions (replacement, validation) is command/function_command.c's.
 */
#include "sql/analyze/utility_internal.h"

#include <stdlib.h>
#include <string.h>

#include "sql/analyze/parse_internal.h"
#include "sql/analyze/routine_names.h"

#define INVALID ERRCODE_INVALID_FUNCTION_DEFINITION

static bool invalid(struct pstate *ps, const char *state, const char *message)
{
    parse_error(ps, state, -1, "%s", message);
    return false;
}

/* --- parameters --------------------------------------------------------------------------------- */

static char parameter_mode(PgQuery__FunctionParameterMode m)
{
    switch (m) {
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT:
        return 'o';
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_INOUT:
        return 'b';
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC:
        return 'v';
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE:
        return 't';
    default:
        return 'i';
    }
}

static bool is_input(char mode)
{
    return mode == 'i' || mode == 'b' || mode == 'v';
}

static bool check_variadic(struct pstate *ps, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, type);
    if (type == ANYOID || type == ANYARRAYOID || type == ANYCOMPATIBLEARRAYOID || (t && type_is_array(t)))
        return true;
    return invalid(ps, INVALID, "VARIADIC parameter must be an array");
}

/* Two parameters of one name clash, unless one can only be given and the other only be returned. */
static bool check_name(struct pstate *ps, const struct create_function *f, const struct routine_param *p)
{
    for (int i = 0; i < f->nparams; i++) {
        const struct routine_param *o = &f->params[i];
        bool apart = (is_input(p->mode) && p->mode != 'b' && (o->mode == 'o' || o->mode == 't')) ||
                     (is_input(o->mode) && o->mode != 'b' && (p->mode == 'o' || p->mode == 't'));
        if (!*o->name || strcmp(o->name, p->name) != 0)
            continue;
        if (apart)
            continue;
        parse_error(ps, INVALID, -1, "parameter name \"%s\" used more than once", p->name);
        return false;
    }
    return true;
}

static bool parameter_default(struct pstate *ps, const PgQuery__Node *n, struct routine_param *p)
{
    struct pstate *sub = pstate_new(ps->a, NULL);
    sub->query = ARENA_NEW(ps->a->arena, struct query);
    sub->query->result = -1;
    struct expr *e = transform_expr(sub, n, EXPR_KIND_FUNCTION_DEFAULT);
    if (expr_is_poison(e))
        return false;
    e = coerce_to_specific_type(sub, e, p->type, "DEFAULT");
    if (expr_is_poison(e) || !assign_expr_collations(sub, e))
        return false;
    p->def = e;
    return true;
}

/* A type of a signature: a shell, with a NOTICE, for functions in other languages than SQL. */
static bool signature_type(struct pstate *ps, const PgQuery__TypeName *t, const char *language, bool result, uint32_t *type)
{
    uint32_t oid = t->pct_type ? 0 : lookup_typename(ps, t);
    const struct type_def *def = oid ? lookup_type(ps, oid) : NULL;
    if (!def || def->isdefined)
        return typename_type(ps, t, type, NULL);
    if (strcmp(language, "sql") == 0) {
        parse_error(ps, INVALID, -1, result ? "SQL function cannot return shell type %s" : "SQL function cannot accept shell type %s",
                    typename_text(ps, t));
        return false;
    }
    parse_notice(ps, ERROR_NOTICE, ERRCODE_WRONG_OBJECT_TYPE, result ? "return type %s is only a shell" : "argument type %s is only a shell",
                 typename_text(ps, t));
    *type = oid;
    return true;
}

/* State of reading a parameter list. */
struct parameter_list {
    struct create_function *f;
    int variadics, nout;
    bool have_default;
};

static bool add_parameter(struct pstate *ps, struct parameter_list *l, const PgQuery__FunctionParameter *fp)
{
    struct create_function *f = l->f;
    struct routine_param p = {.name = arena_strdup(ps->a->arena, fp->name), .mode = parameter_mode(fp->mode)};
    if (!fp->arg_type->pct_type && !lookup_typename(ps, fp->arg_type) && !parse_failed(ps)) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, -1, "type %s does not exist", typename_text(ps, fp->arg_type));
        return false;
    }
    if (!signature_type(ps, fp->arg_type, f->language, false, &p.type)) {
        ps->a->err->position = 0;
        return false;
    }
    if (fp->arg_type->setof)
        return invalid(ps, INVALID, f->procedure ? "procedures cannot accept set arguments"
                                                 : "functions cannot accept set arguments");
    if (is_input(p.mode) && l->variadics)
        return invalid(ps, INVALID, "VARIADIC parameter must be the last input parameter");
    if (f->procedure && p.mode == 'o' && l->variadics)
        return invalid(ps, INVALID, "VARIADIC parameter must be the last parameter");
    if (p.mode == 'v') {
        l->variadics++;
        if (!check_variadic(ps, p.type))
            return false;
    }
    if (p.mode == 'o' || p.mode == 'b' || p.mode == 't') {
        if (l->nout++ == 0)
            f->out_type = p.type;
    }
    if (*p.name && !check_name(ps, f, &p))
        return false;
    if (fp->defexpr && !is_input(p.mode))
        return invalid(ps, INVALID, "only input parameters can have default values");
    if (fp->defexpr) {
        if (!parameter_default(ps, fp->defexpr, &p))
            return false;
        l->have_default = true;
    } else if (is_input(p.mode) && l->have_default) {
        return invalid(ps, INVALID, "input parameters after one with a default value must also have defaults");
    } else if (f->procedure && p.mode == 'o' && l->have_default) {
        return invalid(ps, INVALID, "procedure OUT parameters cannot appear after one with a default value");
    }
    f->params[f->nparams++] = p;
    return true;
}

static bool read_parameters(struct pstate *ps, const PgQuery__CreateFunctionStmt *s, struct create_function *f)
{
    struct parameter_list l = {.f = f};
    f->params = ARENA_ARRAY(ps->a->arena, struct routine_param, s->n_parameters + 1);
    for (size_t i = 0; i < s->n_parameters; i++)
        if (!add_parameter(ps, &l, s->parameters[i]->function_parameter))
            return false;
    if (l.nout > 1 || (l.nout == 1 && f->procedure))
        f->out_type = RECORDOID;
    for (int i = 0; i < f->nparams; i++)
        f->table |= f->params[i].mode == 't';
    return true;
}

static bool read_result(struct pstate *ps, const PgQuery__CreateFunctionStmt *s, struct create_function *f)
{
    if (f->procedure) {
        f->rettype = f->out_type ? f->out_type : VOIDOID;
        return true;
    }
    if (s->return_type) {
        if (!signature_type(ps, s->return_type, f->language, true, &f->rettype)) {
            ps->a->err->position = 0;
            return false;
        }
        f->retset = s->return_type->setof;
        if (f->table)
            f->rettype = f->out_type;
        if (f->out_type && f->rettype != f->out_type) {
            parse_error(ps, INVALID, -1, "function result type must be %s because of OUT parameters",
                        format_type(ps, f->out_type));
            return false;
        }
        return true;
    }
    if (!f->out_type)
        return invalid(ps, INVALID, "function result type must be specified");
    f->rettype = f->out_type;
    return true;
}

/* --- options ------------------------------------------------------------------------------------------ */

static bool redundant(struct pstate *ps, const PgQuery__DefElem *d)
{
    parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options");
    return false;
}

static bool read_setting(struct pstate *ps, const PgQuery__Node *n, struct routine_options *o)
{
    struct routine_setting *grown = ARENA_ARRAY(ps->a->arena, struct routine_setting, o->nsettings + 1);
    if (o->nsettings)
        memcpy(grown, o->settings, sizeof(*grown) * (size_t)o->nsettings);
    o->settings = grown;
    struct utility u = {0};
    if (!utility_set(ps, n, &u))
        return false;
    o->settings[o->nsettings++] =
        (struct routine_setting){.kind = u.set.kind, .name = u.set.name, .value = u.set.value};
    return true;
}

static bool option_flag(const PgQuery__Node *n)
{
    return n && n->node_case == PG_QUERY__NODE__NODE_BOOLEAN && n->boolean->boolval;
}

static bool read_number(struct pstate *ps, const PgQuery__DefElem *d, double *out, const char *message)
{
    const char *text = utility_value_text(ps, d->arg);
    *out = text ? strtod(text, NULL) : 0;
    if (*out > 0)
        return true;
    return invalid(ps, ERRCODE_INVALID_PARAMETER_VALUE, message);
}

static bool read_volatility(struct pstate *ps, const char *text, char *out)
{
    (void)ps;
    *out = text[0];
    return true;
}

static bool read_parallel(struct pstate *ps, const char *text, char *out)
{
    static const char *const words[] = {"safe", "unsafe", "restricted"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = words[i][0];
            return true;
        }
    return invalid(ps, ERRCODE_SYNTAX_ERROR, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
}

/* An attribute that CREATE and ALTER share. *known: it is one. */
static bool read_common(struct pstate *ps, const PgQuery__DefElem *d, bool procedure, struct routine_options *o,
                        bool *known)
{
    static const char *const not_for_procedures[] = {"volatility", "strict", "leakproof", "cost",
                                                     "rows",       "support", "parallel",  "window"};
    const char *name = d->defname;
    *known = true;
    for (size_t i = 0; procedure && i < sizeof(not_for_procedures) / sizeof(*not_for_procedures); i++)
        if (strcmp(name, not_for_procedures[i]) == 0) {
            parse_error(ps, INVALID, d->location, "invalid attribute in procedure definition");
            return false;
        }
    if (strcmp(name, "volatility") == 0)
        return o->volatility ? redundant(ps, d)
                             : read_volatility(ps, utility_value_text(ps, d->arg), &o->volatility);
    if (strcmp(name, "parallel") == 0)
        return o->parallel ? redundant(ps, d) : read_parallel(ps, utility_value_text(ps, d->arg), &o->parallel);
    signed char *flag = strcmp(name, "strict") == 0      ? &o->strict
                        : strcmp(name, "security") == 0  ? &o->secdef
                        : strcmp(name, "leakproof") == 0 ? &o->leakproof
                                                         : NULL;
    if (flag) {
        if (*flag >= 0)
            return redundant(ps, d);
        *flag = option_flag(d->arg);
        return true;
    }
    if (strcmp(name, "cost") == 0)
        return o->cost > 0 ? redundant(ps, d) : read_number(ps, d, &o->cost, "COST must be positive");
    if (strcmp(name, "rows") == 0)
        return o->rows > 0 ? redundant(ps, d) : read_number(ps, d, &o->rows, "ROWS must be positive");
    if (strcmp(name, "set") == 0)
        return read_setting(ps, d->arg, o);
    if (strcmp(name, "support") == 0)
        return utility_refuse(ps, d->location, "SUPPORT");
    *known = false;
    return true;
}

static bool read_as(struct pstate *ps, const PgQuery__DefElem *d, struct create_function *f)
{
    const PgQuery__Node *n = d->arg;
    if (n->node_case != PG_QUERY__NODE__NODE_LIST) {
        f->body = utility_value_text(ps, n);
        return true;
    }
    if (n->list->n_items > 0)
        f->body = arena_strdup(ps->a->arena, node_string(n->list->items[0]));
    if (n->list->n_items > 1)
        f->symbol = arena_strdup(ps->a->arena, node_string(n->list->items[1]));
    return true;
}

static bool read_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_function *f)
{
    bool known;
    if (strcmp(d->defname, "as") == 0)
        return f->body ? redundant(ps, d) : read_as(ps, d, f);
    if (strcmp(d->defname, "language") == 0) {
        if (f->language)
            return redundant(ps, d);
        f->language = utility_value_text(ps, d->arg);
        return true;
    }
    if (strcmp(d->defname, "transform") == 0)
        return utility_refuse(ps, d->location, "TRANSFORM");
    if (strcmp(d->defname, "window") == 0 && !f->procedure) {
        f->window = option_flag(d->arg);
        return true;
    }
    if (!read_common(ps, d, f->procedure, &f->options, &known))
        return false;
    return known || utility_refuse(ps, d->location, d->defname);
}

static struct routine_options no_options(void)
{
    return (struct routine_options){.strict = -1, .secdef = -1, .leakproof = -1};
}

static bool read_options(struct pstate *ps, const PgQuery__CreateFunctionStmt *s, struct create_function *f)
{
    f->options = no_options();
    for (size_t i = 0; i < s->n_options; i++)
        if (!read_option(ps, s->options[i]->def_elem, f))
            return false;
    if (!f->language) {
        if (!s->sql_body)
            return invalid(ps, INVALID, "no language specified");
        f->language = "sql";
    }
    if (!s->sql_body && !f->body)
        return invalid(ps, INVALID, "no function body specified");
    if (s->sql_body && f->body)
        return invalid(ps, INVALID, "duplicate function body specified");
    if (s->sql_body && strcmp(f->language, "sql") != 0)
        return invalid(ps, INVALID, "inline SQL function body only valid for language SQL");
    return true;
}

/* --- SQL-standard bodies -------------------------------------------------------------------------------- */

static bool body_statement(struct pstate *ps, const PgQuery__Node *n, struct create_function *f)
{
    struct query *q;
    if (n->node_case == PG_QUERY__NODE__NODE_RETURN_STMT) {
        struct pstate *sub = pstate_new(ps->a, NULL);
        q = ARENA_NEW(ps->a->arena, struct query);
        q->result = -1;
        q->is_return = true;
        sub->query = q;
        struct expr *e = transform_expr(sub, n->return_stmt->returnval, EXPR_KIND_SELECT_TARGET);
        if (expr_is_poison(e))
            return false;
        e = resolve_unknown(sub, e);
        if (!assign_expr_collations(sub, e))
            return false;
        q->targets = ARENA_NEW(ps->a->arena, struct target);
        q->targets[q->ntargets++] = (struct target){.expr = e, .name = "?column?"};
    } else {
        q = analyze_inner(ps->a, n);
        if (!q)
            return false;
        if (q->command == QUERY_UTILITY) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s is not yet supported in unquoted SQL function body",
                        q->utility->tag);
            return false;
        }
    }
    struct query **grown = ARENA_ARRAY(ps->a->arena, struct query *, f->nqueries + 1);
    for (int i = 0; i < f->nqueries; i++)
        grown[i] = f->queries[i];
    grown[f->nqueries++] = q;
    f->queries = grown;
    return true;
}

/* Analyzes the body with the parameters as names. Its source text is cut out by the command. */
static bool read_sql_body(struct pstate *ps, const PgQuery__Node *n, struct create_function *f)
{
    struct routine_names names = {.function = f->name.name};
    struct name_resolver resolver = {.resolve = routine_names_resolve, .arg = &names};
    names.names = ARENA_ARRAY(ps->a->arena, const char *, f->nparams + 1);
    uint32_t *types = ARENA_ARRAY(ps->a->arena, uint32_t, f->nparams + 1);
    for (int i = 0; i < f->nparams; i++)
        if (is_input(f->params[i].mode)) {
            if (is_polymorphic_type(f->params[i].type))
                return invalid(ps, INVALID,
                               "SQL function with unquoted function body cannot have polymorphic arguments");
            names.names[names.n] = f->params[i].name;
            types[names.n++] = f->params[i].type;
        }
    names.types = types;
    struct analysis a = *ps->a;
    a.names = &resolver;
    a.params = types;
    a.nparams = names.n;
    struct pstate *sub = pstate_new(&a, NULL);
    if (n->node_case != PG_QUERY__NODE__NODE_LIST)
        return body_statement(sub, n, f);
    f->atomic = true;
    const PgQuery__Node *list = n->list->n_items ? n->list->items[0] : NULL;
    for (size_t i = 0; list && list->node_case == PG_QUERY__NODE__NODE_LIST && i < list->list->n_items; i++)
        if (!body_statement(sub, list->list->items[i], f))
            return false;
    return true;
}

/* --- statements -------------------------------------------------------------------------------------------- */

bool utility_create_function(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateFunctionStmt *s = n->create_function_stmt;
    struct create_function *f = &u->create_function;
    f->procedure = s->is_procedure;
    f->replace = s->replace;
    u->tag = s->is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION";
    f->name = utility_name(ps, s->funcname, s->n_funcname, -1);
    return !parse_failed(ps) && read_options(ps, s, f) && read_parameters(ps, s, f) && read_result(ps, s, f) &&
           (!s->sql_body || read_sql_body(ps, s->sql_body, f));
}

bool utility_alter_function(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterFunctionStmt *s = n->alter_function_stmt;
    char kind = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE  ? 'p'
                : s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION ? 'f'
                                                                       : 0;
    u->tag = kind == 'p' ? "ALTER PROCEDURE" : kind == 'f' ? "ALTER FUNCTION" : "ALTER ROUTINE";
    u->alter_function.options = no_options();
    const struct proc *p = lookup_func_with_args(ps, s->func, kind, false);
    if (!p)
        return false;
    u->alter_function.oid = p->oid;
    if (p->kind == 'a') {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "\"%s\" is an aggregate function",
                    name_list_text(ps, s->func->objname, s->func->n_objname));
        return false;
    }
    for (size_t i = 0; i < s->n_actions; i++) {
        bool known;
        const PgQuery__DefElem *d = s->actions[i]->def_elem;
        if (!read_common(ps, d, p->kind == 'p', &u->alter_function.options, &known))
            return false;
        if (!known)
            return utility_refuse(ps, d->location, d->defname);
    }
    return true;
}
