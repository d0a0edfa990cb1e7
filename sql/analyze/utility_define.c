/*
 * utility_define.c: CREATE AGGREGATE, CREATE OPERATOR, CREATE CAST and CREATE TYPE AS RANGE. What is named is resolved as far as it is a type;
 * functions are looked up by command/, which knows which argument types they must have.
 */
#include "sql/analyze/utility_internal.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* --- definition lists --------------------------------------------------------------------------- */

/* The name in an option's value: a function's or an operator's. */
static struct qualified_name value_name(struct pstate *ps, const PgQuery__Node *n)
{
    if (n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
        return utility_name(ps, n->type_name->names, n->type_name->n_names, -1);
    if (n->node_case == PG_QUERY__NODE__NODE_LIST)
        return utility_name(ps, n->list->items, n->list->n_items, -1);
    return (struct qualified_name){.name = utility_value_text(ps, n), .location = -1};
}

static bool value_flag(struct pstate *ps, const PgQuery__DefElem *d, bool *out)
{
    const char *text = d->arg ? utility_value_text(ps, d->arg) : "true";
    static const char *const words[] = {"false", "off", "0", "true", "on", "1"};
    for (int i = 0; text && i < 6; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i >= 3;
            return true;
        }
    return parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "%s requires a Boolean value", d->defname), false;
}

static bool value_type(struct pstate *ps, const PgQuery__DefElem *d, uint32_t *out)
{
    int32_t typmod;
    if (d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
        return typename_type(ps, d->arg->type_name, out, &typmod) || utility_without_position(ps);
    parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "argument of %s must be a type name", d->defname);
    return false;
}

static void not_recognized(struct pstate *ps, const char *what, const char *name)
{
    parse_notice(ps, ERROR_WARNING, ERRCODE_SYNTAX_ERROR, "%s attribute \"%s\" not recognized", what, name);
}

/* --- CREATE AGGREGATE --------------------------------------------------------------------------------- */

/* Options that change how fast an aggregate is and not what it gives. */
static bool is_only_speed(const char *name)
{
    static const char *const names[] = {"combinefunc", "serialfunc", "deserialfunc", "sspace", "msspace",
                                        "finalfunc_modify", "mfinalfunc_modify", "sortop", "msfunc", "minvfunc", "mstype",
                                        "mfinalfunc", "mfinalfunc_extra", "minitcond"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool parallel_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_aggregate *a)
{
    const char *text = d->arg ? utility_value_text(ps, d->arg) : "";
    a->parallel = strcmp(text, "safe") == 0 ? 's' : strcmp(text, "restricted") == 0 ? 'r' : strcmp(text, "unsafe") == 0 ? 'u' : 0;
    if (!a->parallel)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
    return !parse_failed(ps);
}

static bool aggregate_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_aggregate *a)
{
    const char *name = d->defname;
    if (strcmp(name, "sfunc") == 0 || strcmp(name, "sfunc1") == 0)
        a->transfn = value_name(ps, d->arg);
    else if (strcmp(name, "finalfunc") == 0)
        a->finalfn = value_name(ps, d->arg);
    else if (strcmp(name, "stype") == 0 || strcmp(name, "stype1") == 0)
        return value_type(ps, d, &a->transtype);
    else if (strcmp(name, "initcond") == 0 || strcmp(name, "initcond1") == 0)
        a->initval = utility_value_text(ps, d->arg);
    else if (strcmp(name, "finalfunc_extra") == 0)
        return value_flag(ps, d, &a->final_extra);
    else if (strcmp(name, "parallel") == 0)
        return parallel_option(ps, d, a);
    else if (strcmp(name, "basetype") == 0) {
        a->has_basetype = true;
        /* "ANY" means no argument */
        if (d->arg && strcasecmp(utility_value_text(ps, d->arg) ? utility_value_text(ps, d->arg) : "", "any") == 0)
            return true;
        a->nargs = 1;
        a->argtypes = ARENA_ARRAY(ps->a->arena, uint32_t, 1);
        return value_type(ps, d, &a->argtypes[0]);
    } else if (strcmp(name, "hypothetical") == 0)
        return utility_refuse(ps, -1, "CREATE AGGREGATE of a hypothetical-set aggregate");
    else if (!is_only_speed(name))
        not_recognized(ps, "aggregate", name);
    return !parse_failed(ps);
}

static bool aggregate_arguments(struct pstate *ps, const PgQuery__DefineStmt *s, struct create_aggregate *a)
{
    const PgQuery__List *l = s->n_args ? s->args[0]->list : NULL;
    int64_t direct = s->n_args > 1 && s->args[1]->node_case == PG_QUERY__NODE__NODE_INTEGER ? s->args[1]->integer->ival : -1;
    if (direct >= 0)
        return utility_refuse(ps, -1, "CREATE AGGREGATE of an ordered-set aggregate");
    size_t n = l ? l->n_items : 0;
    a->argtypes = ARENA_ARRAY(ps->a->arena, uint32_t, n + 1);
    a->argnames = ARENA_ARRAY(ps->a->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const PgQuery__FunctionParameter *p = l->items[i]->function_parameter;
        int32_t typmod;
        if (p->mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC)
            return utility_refuse(ps, -1, "CREATE AGGREGATE with VARIADIC");
        if (p->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_IN &&
            p->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_DEFAULT) {
            parse_error(ps, ERRCODE_INVALID_FUNCTION_DEFINITION, -1, "aggregates cannot have output arguments");
            return false;
        }
        if (!typename_type(ps, p->arg_type, &a->argtypes[a->nargs], &typmod))
            return utility_without_position(ps);
        a->argnames[a->nargs++] = p->name && *p->name ? arena_strdup(ps->a->arena, p->name) : "";
    }
    return true;
}

static bool define_aggregate(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u)
{
    struct create_aggregate *a = &u->create_aggregate;
    u->kind = UTILITY_CREATE_AGGREGATE;
    u->tag = "CREATE AGGREGATE";
    a->name = utility_name(ps, s->defnames, s->n_defnames, -1);
    a->replace = s->replace;
    a->oldstyle = s->oldstyle;
    if (!s->oldstyle && !aggregate_arguments(ps, s, a))
        return false;
    for (size_t i = 0; i < s->n_definition; i++)
        if (!aggregate_option(ps, s->definition[i]->def_elem, a))
            return false;
    return !parse_failed(ps);
}

/* --- CREATE OPERATOR ----------------------------------------------------------------------------------------- */

static bool operator_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_operator *o)
{
    const char *name = d->defname;
    if (strcmp(name, "leftarg") == 0)
        return value_type(ps, d, &o->left);
    if (strcmp(name, "rightarg") == 0)
        return value_type(ps, d, &o->right);
    if (strcmp(name, "function") == 0 || strcmp(name, "procedure") == 0)
        o->function = value_name(ps, d->arg);
    else if (strcmp(name, "commutator") == 0)
        o->commutator = value_name(ps, d->arg);
    else if (strcmp(name, "negator") == 0)
        o->negator = value_name(ps, d->arg);
    else if (strcmp(name, "restrict") == 0) /* estimates for a planner: the catalog keeps them */
        o->restrict_fn = value_name(ps, d->arg);
    else if (strcmp(name, "join") == 0)
        o->join_fn = value_name(ps, d->arg);
    else if (strcmp(name, "hashes") == 0)
        return value_flag(ps, d, &o->hashes);
    else if (strcmp(name, "merges") == 0)
        return value_flag(ps, d, &o->merges);
    else
        not_recognized(ps, "operator", name);
    return !parse_failed(ps);
}

static bool define_operator(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u)
{
    struct create_operator *o = &u->create_operator;
    u->kind = UTILITY_CREATE_OPERATOR;
    u->tag = "CREATE OPERATOR";
    o->name = utility_name(ps, s->defnames, s->n_defnames, -1);
    for (size_t i = 0; i < s->n_definition; i++)
        if (!operator_option(ps, s->definition[i]->def_elem, o))
            return false;
    return !parse_failed(ps);
}

bool utility_define_object(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u)
{
    return s->kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE ? define_aggregate(ps, s, u) : define_operator(ps, s, u);
}

/* --- CREATE CAST -------------------------------------------------------------------------------------------------- */

bool utility_create_cast(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateCastStmt *s = n->create_cast_stmt;
    struct create_cast *c = &u->create_cast;
    int32_t typmod;
    if (!typename_type(ps, s->sourcetype, &c->source, &typmod) || !typename_type(ps, s->targettype, &c->target, &typmod))
        return utility_without_position(ps);
    c->context = s->context == PG_QUERY__COERCION_CONTEXT__COERCION_IMPLICIT     ? 'i'
                 : s->context == PG_QUERY__COERCION_CONTEXT__COERCION_ASSIGNMENT ? 'a'
                                                                                 : 'e';
    c->method = s->func ? 'f' : s->inout ? 'i' : 'b';
    if (!s->func)
        return true;
    c->function = utility_name(ps, s->func->objname, s->func->n_objname, -1);
    c->argtypes = ARENA_ARRAY(ps->a->arena, uint32_t, s->func->n_objargs + 1);
    for (size_t i = 0; i < s->func->n_objargs; i++)
        if (!typename_type(ps, s->func->objargs[i]->type_name, &c->argtypes[c->nargs++], &typmod))
            return utility_without_position(ps);
    return !parse_failed(ps);
}

/* --- CREATE TYPE AS RANGE ------------------------------------------------------------------------------- */

static bool range_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_range *r, bool *collated)
{
    static const struct {
        const char *name;
        size_t at;
    } names[] = {{"subtype_opclass", offsetof(struct create_range, opclass)},
                 {"canonical", offsetof(struct create_range, canonical)},
                 {"subtype_diff", offsetof(struct create_range, subdiff)},
                 {"multirange_type_name", offsetof(struct create_range, multirange)}};
    bool again = false;
    if (strcmp(d->defname, "subtype") == 0) {
        again = r->subtype != 0;
        if (!again && !value_type(ps, d, &r->subtype))
            return false;
    } else if (strcmp(d->defname, "collation") == 0) {
        again = *collated;
        *collated = true;
        const PgQuery__TypeName *t = d->arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME ? d->arg->type_name : NULL;
        if (!again && t && !(r->collation = lookup_collation(ps, t->names, t->n_names, -1)))
            return false;
    } else {
        size_t i = 0;
        while (i < sizeof names / sizeof *names && strcmp(names[i].name, d->defname) != 0)
            i++;
        if (i == sizeof names / sizeof *names) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "type attribute \"%s\" not recognized", d->defname);
            return false;
        }
        struct qualified_name *n = (struct qualified_name *)((char *)r + names[i].at);
        again = n->name != NULL;
        if (!again)
            *n = value_name(ps, d->arg);
    }
    if (again)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options");
    return !parse_failed(ps);
}

bool utility_create_range(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateRangeStmt *s = n->create_range_stmt;
    struct create_range *r = &u->create_type.range;
    bool collated = false;
    u->create_type.name = utility_name(ps, s->type_name, s->n_type_name, -1);
    u->create_type.kind = 'r';
    for (size_t i = 0; i < s->n_params; i++)
        if (!range_option(ps, s->params[i]->def_elem, r, &collated))
            return false;
    if (!r->subtype)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "type attribute \"subtype\" is required");
    return !parse_failed(ps);
}
