/*
 * utility_define.c: CREATE AGGREGATE, CREATE OPERATOR, CREATE CAST and CREATE TYPE AS RANGE. What is named is resolved as far as it is a type;
 * functions are looked up by command/, which knows which argument types they must have.
 */
#include "sql/analyze/utility_internal.h"
#include "sql/analyze/parse_internal.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "sql/types/typeoid.h"

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

static bool modify_option(struct pstate *ps, const PgQuery__DefElem *d, char *out)
{
    static const struct {
        const char *word;
        char letter;
    } words[] = {{"read_only", 'r'}, {"shareable", 's'}, {"read_write", 'w'}};
    const char *text = utility_value_text(ps, d->arg);
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i].word) == 0) {
            *out = words[i].letter;
            return true;
        }
    parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "parameter \"%s\" must be READ_ONLY, SHAREABLE, or READ_WRITE", d->defname);
    return false;
}

enum option_kind { OPTION_FUNCTION, OPTION_TYPE, OPTION_TEXT, OPTION_FLAG, OPTION_NUMBER, OPTION_MODIFY };

/* "ANY" as the base type means no argument. */
static bool base_type(struct pstate *ps, const PgQuery__DefElem *d, struct create_aggregate *a)
{
    const char *text = d->arg ? utility_value_text(ps, d->arg) : NULL;
    a->has_basetype = true;
    if (!a->oldstyle || (text && strcasecmp(text, "any") == 0))
        return true;
    a->nargs = 1;
    a->argtypes = ARENA_ARRAY(ps->a->arena, uint32_t, 1);
    return value_type(ps, d, &a->argtypes[0]);
}

static bool aggregate_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_aggregate *a)
{
    static const struct {
        const char *name;
        enum option_kind kind;
        size_t at;
    } options[] = {
#define AT(member) offsetof(struct create_aggregate, member)
        {"sfunc", OPTION_FUNCTION, AT(transfn)},         {"sfunc1", OPTION_FUNCTION, AT(transfn)},
        {"finalfunc", OPTION_FUNCTION, AT(finalfn)},     {"combinefunc", OPTION_FUNCTION, AT(combinefn)},
        {"serialfunc", OPTION_FUNCTION, AT(serialfn)},   {"deserialfunc", OPTION_FUNCTION, AT(deserialfn)},
        {"msfunc", OPTION_FUNCTION, AT(mtransfn)},       {"minvfunc", OPTION_FUNCTION, AT(minvtransfn)},
        {"mfinalfunc", OPTION_FUNCTION, AT(mfinalfn)},   {"sortop", OPTION_FUNCTION, AT(sortop)},
        {"finalfunc_extra", OPTION_FLAG, AT(final_extra)},
        {"mfinalfunc_extra", OPTION_FLAG, AT(mfinal_extra)},
        {"finalfunc_modify", OPTION_MODIFY, AT(final_modify)},
        {"mfinalfunc_modify", OPTION_MODIFY, AT(mfinal_modify)},
        {"hypothetical", OPTION_FLAG, AT(hypothetical)}, {"stype", OPTION_TYPE, AT(transtype)},
        {"stype1", OPTION_TYPE, AT(transtype)},          {"mstype", OPTION_TYPE, AT(mtranstype)},
        {"sspace", OPTION_NUMBER, AT(transspace)},       {"msspace", OPTION_NUMBER, AT(mtransspace)},
        {"initcond", OPTION_TEXT, AT(initval)},          {"initcond1", OPTION_TEXT, AT(initval)},
        {"minitcond", OPTION_TEXT, AT(minitval)},        {"parallel", OPTION_TEXT, AT(parallel)},
#undef AT
    };
    if (strcmp(d->defname, "basetype") == 0)
        return base_type(ps, d, a);
    size_t i = 0;
    while (i < sizeof options / sizeof *options && strcmp(options[i].name, d->defname) != 0)
        i++;
    if (i == sizeof options / sizeof *options) {
        not_recognized(ps, "aggregate", d->defname);
        return true;
    }
    void *at = (char *)a + options[i].at;
    switch (options[i].kind) {
    case OPTION_FUNCTION: *(struct qualified_name *)at = value_name(ps, d->arg); break;
    case OPTION_TYPE: return value_type(ps, d, at);
    case OPTION_TEXT: *(const char **)at = utility_value_text(ps, d->arg); break;
    case OPTION_FLAG: return value_flag(ps, d, at);
    case OPTION_MODIFY: return modify_option(ps, d, at);
    case OPTION_NUMBER:
        if (!d->arg || d->arg->node_case != PG_QUERY__NODE__NODE_INTEGER) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "%s requires an integer value", d->defname);
            return false;
        }
        *(int64_t *)at = d->arg->integer->ival;
        break;
    }
    return !parse_failed(ps);
}

/* The element type that VARIADIC means. */
static bool variadic_argument(struct pstate *ps, uint32_t type, uint32_t *element)
{
    *element = type == ANYOID                  ? ANYOID
               : type == ANYARRAYOID           ? ANYELEMENTOID
               : type == ANYCOMPATIBLEARRAYOID ? ANYCOMPATIBLEOID
                                               : get_element_type(ps, type);
    if (!*element)
        parse_error(ps, ERRCODE_INVALID_FUNCTION_DEFINITION, -1, "VARIADIC parameter must be an array");
    return *element != 0;
}

static bool aggregate_arguments(struct pstate *ps, const PgQuery__DefineStmt *s, struct create_aggregate *a)
{
    const PgQuery__List *l = s->n_args ? s->args[0]->list : NULL;
    size_t n = l ? l->n_items : 0;
    a->ndirect = s->n_args > 1 && s->args[1]->node_case == PG_QUERY__NODE__NODE_INTEGER ? s->args[1]->integer->ival : -1;
    a->argtypes = ARENA_ARRAY(ps->a->arena, uint32_t, n + 1);
    a->argnames = ARENA_ARRAY(ps->a->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const PgQuery__FunctionParameter *p = l->items[i]->function_parameter;
        uint32_t *type = &a->argtypes[a->nargs];
        int32_t typmod;
        bool variadic = p->mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC;
        if (!variadic && p->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_IN &&
            p->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_DEFAULT) {
            parse_error(ps, ERRCODE_INVALID_FUNCTION_DEFINITION, -1, "aggregates cannot have output arguments");
            return false;
        }
        if (!typename_type(ps, p->arg_type, type, &typmod))
            return utility_without_position(ps);
        if (p->arg_type->setof || a->variadic || p->defexpr) {
            parse_error(ps, ERRCODE_INVALID_FUNCTION_DEFINITION, -1,
                        p->arg_type->setof ? "aggregates cannot accept set arguments"
                        : a->variadic      ? "VARIADIC parameter must be the last input parameter"
                                           : "aggregates cannot have default arguments");
            return false;
        }
        if (variadic && !variadic_argument(ps, *type, &a->variadic))
            return false;
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
    a->ndirect = -1;
    if (!s->oldstyle && !aggregate_arguments(ps, s, a))
        return false;
    for (size_t i = 0; i < s->n_definition; i++)
        if (!aggregate_option(ps, s->definition[i]->def_elem, a))
            return false;
    return !parse_failed(ps);
}

/* --- CREATE OPERATOR ----------------------------------------------------------------------------------------- */

/* What MERGES once needed; it means it still. */
static bool is_obsolete(const char *name)
{
    return !strcmp(name, "sort1") || !strcmp(name, "sort2") || !strcmp(name, "ltcmp") || !strcmp(name, "gtcmp");
}

static bool operator_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_operator *o)
{
    const char *name = d->defname;
    bool left = strcmp(name, "leftarg") == 0;
    if (left || strcmp(name, "rightarg") == 0)
        return value_type(ps, d, left ? &o->left : &o->right) &&
               (!d->arg->type_name->setof ||
                (parse_error(ps, ERRCODE_INVALID_FUNCTION_DEFINITION, -1, "SETOF type not allowed for operator argument"), false));
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
    else if (is_obsolete(name))
        o->merges = true;
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

/* --- CREATE TYPE of a base type ---------------------------------------------------------------------------------- */

static bool word_option(struct pstate *ps, const PgQuery__DefElem *d, const char *const *words, const char *letters, const char *what, char *out)
{
    const char *text = d->arg ? utility_value_text(ps, d->arg) : NULL;
    for (int i = 0; text && words[i]; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = letters[i];
            return true;
        }
    parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1, "%s \"%s\" not recognized", what, text ? text : "");
    return false;
}

static bool length_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_base *b)
{
    const char *text = d->arg ? utility_value_text(ps, d->arg) : NULL;
    b->has_length = true;
    if (d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        b->length = d->arg->integer->ival;
    } else if (text && strcasecmp(text, "variable") == 0) {
        b->length = -1;
    } else {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "invalid argument for %s: \"%s\"", d->defname, text ? text : "");
        return false;
    }
    return true;
}

static bool base_letter(struct pstate *ps, const PgQuery__DefElem *d, struct create_base *b, bool *known)
{
    static const char *const aligns[] = {"double", "float8", "int4", "integer", "int2", "char", "bpchar", "pg_catalog.float8",
                                         "pg_catalog.int4", "pg_catalog.int2", NULL},
                      *const storages[] = {"plain", "external", "extended", "main", NULL};
    const char *text = d->arg ? utility_value_text(ps, d->arg) : "";
    *known = true;
    if (strcmp(d->defname, "alignment") == 0)
        return word_option(ps, d, aligns, "ddiisccdis", "alignment", &b->align);
    if (strcmp(d->defname, "storage") == 0)
        return word_option(ps, d, storages, "pexm", "storage", &b->storage);
    if (strcmp(d->defname, "delimiter") == 0) {
        b->delimiter = text ? text[0] : ',';
    } else if (strcmp(d->defname, "category") == 0) {
        b->category = text ? text[0] : 0;
        if (b->category < 32 || b->category > 126)
            parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1, "invalid type category \"%s\": must be simple ASCII", text ? text : "");
    } else {
        *known = false;
    }
    return !parse_failed(ps);
}

static bool base_option(struct pstate *ps, const PgQuery__DefElem *d, struct create_base *b, bool *known)
{
    static const struct {
        const char *name;
        size_t at;
    } functions[] = {
        {"input", offsetof(struct create_base, input)},           {"output", offsetof(struct create_base, output)},
        {"receive", offsetof(struct create_base, receive)},       {"send", offsetof(struct create_base, send)},
        {"typmod_in", offsetof(struct create_base, typmod_in)},   {"typmod_out", offsetof(struct create_base, typmod_out)},
        {"analyze", offsetof(struct create_base, analyze)},       {"analyse", offsetof(struct create_base, analyze)},
        {"subscript", offsetof(struct create_base, subscript)},
    };
    const char *name = d->defname;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(name, functions[i].name) == 0) {
            *(struct qualified_name *)((char *)b + functions[i].at) = value_name(ps, d->arg);
            return true;
        }
    if (!base_letter(ps, d, b, known) || *known)
        return !parse_failed(ps);
    *known = true;
    if (strcmp(name, "internallength") == 0)
        return length_option(ps, d, b);
    if (strcmp(name, "like") == 0)
        return value_type(ps, d, &b->like);
    if (strcmp(name, "element") == 0)
        return value_type(ps, d, &b->element);
    if (strcmp(name, "preferred") == 0)
        return value_flag(ps, d, &b->preferred);
    if (strcmp(name, "collatable") == 0)
        return value_flag(ps, d, &b->collatable);
    if (strcmp(name, "passedbyvalue") == 0)
        return (b->has_byval = true) && value_flag(ps, d, &b->byval);
    if (strcmp(name, "default") == 0)
        b->def = utility_value_text(ps, d->arg);
    else
        *known = false;
    return !parse_failed(ps);
}

bool utility_create_base(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u)
{
    struct create_base *b = &u->create_type.base;
    u->kind = UTILITY_CREATE_TYPE;
    u->tag = "CREATE TYPE";
    u->create_type.name = utility_name(ps, s->defnames, s->n_defnames, -1);
    u->create_type.kind = 'b';
    for (size_t i = 0; i < s->n_definition; i++) {
        const PgQuery__DefElem *d = s->definition[i]->def_elem;
        bool known = true;
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->definition[k]->def_elem->defname, d->defname) == 0) {
                parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options");
                return false;
            }
        if (!base_option(ps, d, b, &known))
            return false;
        if (!known)
            parse_notice_at(ps, ERROR_WARNING, ERRCODE_SYNTAX_ERROR, d->location, "type attribute \"%s\" not recognized", d->defname);
    }
    return !parse_failed(ps);
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
