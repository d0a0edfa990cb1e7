/*
 * parse_func_result.c: the columns inside composite values: of named row types, of functions with
 * OUT parameters, of ROW(), of whole rows; and functions named by signature.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

bool rowtype_columns(struct pstate *ps, uint32_t type, struct column_def **columns, int *n)
{
    const struct type_def *t = lookup_type(ps, get_base_type(ps, type, NULL));
    const struct relation *r =
        t != NULL && t->relid != 0 ? snapshot_relation(ps->a->snapshot, t->relid) : NULL;

    if (r == NULL)
        return false;
    *n = r->natts;
    *columns = ARENA_ARRAY(ps->a->arena, struct column_def, r->natts + 1);
    for (int i = 0; i < r->natts; i++) {
        const struct attribute *att = &r->atts[i];

        if (att->dropped)
            continue;
        (*columns)[i] = (struct column_def){.name = att->name,
                                            .type = att->type,
                                            .typmod = att->typmod,
                                            .collation = att->collation};
    }
    return true;
}

/* OUT, INOUT and TABLE parameters as columns, polymorphic ones resolved from the call's arguments.
 */
static bool out_columns(struct pstate *ps, const struct expr *call, struct column_def **columns,
                        int *n)
{
    const struct proc *p = call->func.proc;
    uint32_t actual[LIMIT_FUNC_ARGS], declared[LIMIT_FUNC_ARGS];
    int nargs = call->func.args.n < LIMIT_FUNC_ARGS ? call->func.args.n : LIMIT_FUNC_ARGS;

    if (p->argmodes == NULL)
        return false;
    *columns = ARENA_ARRAY(ps->a->arena, struct column_def, p->nallargs + 1);
    *n = 0;
    for (int i = 0; i < p->nallargs; i++) {
        struct column_def *c = &(*columns)[*n];
        uint32_t type = p->allargtypes[i];

        if (p->argmodes[i] != 'o' && p->argmodes[i] != 'b' && p->argmodes[i] != 't')
            continue;
        if (is_polymorphic_type(type)) {
            for (int k = 0; k < nargs; k++) {
                actual[k] = call->func.args.items[k]->type;
                declared[k] = k < p->nargs ? p->argtypes[k] : ANYOID;
            }
            type = enforce_generic_type_consistency(ps, actual, declared, nargs, type);
        }
        c->name = p->argnames != NULL && p->argnames[i] != NULL && p->argnames[i][0] != '\0'
                      ? p->argnames[i]
                      : arena_printf(ps->a->arena, "column%d", *n + 1);
        c->type = type;
        c->typmod = -1;
        c->collation = type_collation(ps, type);
        (*n)++;
    }
    return *n > 0;
}

static void row_columns(struct pstate *ps, const struct expr *row, struct column_def **columns,
                        int *n)
{
    *n = row->list.args.n;
    *columns = ARENA_ARRAY(ps->a->arena, struct column_def, *n + 1);
    for (int i = 0; i < *n; i++) {
        const struct expr *e = row->list.args.items[i];

        (*columns)[i] = (struct column_def){.name = arena_printf(ps->a->arena, "f%d", i + 1),
                                            .type = e->type,
                                            .typmod = e->typmod,
                                            .collation = e->collation};
    }
}

static const struct rte *var_rte(struct pstate *ps, const struct expr *v)
{
    for (int up = v->var.levelsup; up > 0 && ps != NULL; up--)
        ps = ps->parent;
    return ps != NULL && v->var.rte < ps->query->nrtable ? ps->query->rtable[v->var.rte] : NULL;
}

/* A record column of a subquery: what the subquery computes there. */
static const struct expr *subquery_source(struct pstate *ps, const struct expr *v)
{
    const struct rte *rte = var_rte(ps, v);
    const struct query *q;
    int at = 0;

    if (rte == NULL || v->var.attnum < 1)
        return NULL;
    q = rte->kind == RTE_SUBQUERY              ? rte->subquery
        : rte->kind == RTE_CTE && rte->cte.cte ? rte->cte.cte->query
                                               : NULL;
    for (int i = 0; q != NULL && i < q->ntargets; i++) {
        if (!q->targets[i].junk && ++at == v->var.attnum)
            return q->targets[i].expr;
    }
    return NULL;
}

enum result_class expr_result_columns(struct pstate *ps, const struct expr *e,
                                      struct column_def **columns, int *n)
{
    const struct rte *rte;
    const struct expr *source;

    *columns = NULL;
    *n = 0;
    if (rowtype_columns(ps, e->type, columns, n))
        return RESULT_COMPOSITE;
    if (e->type != RECORDOID)
        return RESULT_SCALAR;
    switch (e->kind) {
    case EXPR_FUNC:
        return out_columns(ps, e, columns, n) ? RESULT_COMPOSITE : RESULT_RECORD;
    case EXPR_ROW:
        row_columns(ps, e, columns, n);
        return RESULT_COMPOSITE;
    case EXPR_WHOLE_ROW:
        rte = var_rte(ps, e);
        if (rte == NULL)
            return RESULT_RECORD;
        *columns = rte->columns;
        *n = rte->ncolumns;
        return RESULT_COMPOSITE;
    case EXPR_VAR:
        source = subquery_source(ps, e);
        /* Only what does not look back into the subquery's own tables. */
        if (source != NULL && (source->kind == EXPR_ROW || source->kind == EXPR_FUNC))
            return expr_result_columns(ps, source, columns, n);
        return RESULT_RECORD;
    default:
        return RESULT_RECORD;
    }
}

struct expr *select_field(struct pstate *ps, struct expr *e, const char *name, int location)
{
    struct column_def *columns;
    struct expr *f;
    int n, live = 0; /* among those not dropped: a value has no others */

    if (expr_is_poison(e) || expr_result_columns(ps, e, &columns, &n) != RESULT_COMPOSITE)
        return NULL;
    for (int i = 0; i < n; i++) {
        live += columns[i].name != NULL;
        if (columns[i].name == NULL || strcmp(columns[i].name, name) != 0)
            continue;
        if (e->kind == EXPR_WHOLE_ROW) {
            f = expr_new(ps->a->arena, EXPR_VAR, columns[i].type, columns[i].typmod, location);
            f->var = e->var;
            f->var.attnum = i + 1;
        } else {
            f = expr_new(ps->a->arena, EXPR_FIELD, columns[i].type, columns[i].typmod, location);
            f->field.arg = e;
            f->field.field = live;
            f->field.name = columns[i].name;
        }
        f->collation = columns[i].collation;
        return f;
    }
    return NULL;
}

/* --- functions by signature ----------------------------------------------------------------- */

struct named_search {
    struct pstate *ps;
    uint32_t ns; /* 0: search path */
    const uint32_t *types;
    int ntypes; /* -1: any, if there is only one */
    bool all;   /* OUT parameters count */
    char kind;
    const struct proc *found;
    int found_pos, matches;
};

static bool visit_named(void *arg, const struct proc *p)
{
    struct named_search *s = arg;
    int pos = s->ns != 0 ? (s->ns == p->namespace_oid ? 0 : -1) : -1;

    for (int i = 0; s->ns == 0 && pos < 0 && i < s->ps->a->nsearch_path; i++) {
        if (s->ps->a->search_path[i] == p->namespace_oid)
            pos = i;
    }
    if (pos < 0)
        return true;
    int n = s->all && p->nallargs ? p->nallargs : p->nargs;
    const uint32_t *types = s->all && p->nallargs ? p->allargtypes : p->argtypes;
    if (s->ntypes >= 0 && (n != s->ntypes || (n > 0 && memcmp(types, s->types, sizeof(uint32_t) * (size_t)n) != 0)))
        return true;
    if (s->ntypes < 0 || s->found == NULL || pos < s->found_pos) {
        s->found = p;
        s->found_pos = pos;
    }
    s->matches++;
    return true;
}

static const char *routine_word(char kind)
{
    switch (kind) {
    case 'p':
        return "procedure";
    case 'a':
        return "aggregate";
    case 'f':
        return "function";
    default:
        return "routine";
    }
}

static const struct proc *wrong_kind(struct pstate *ps, const struct proc *p, char kind,
                                     const char *signature)
{
    bool is_function = p->kind == 'f' || p->kind == 'w' || p->kind == 'a';

    if (kind == 0 || p->kind == kind || (kind == 'f' && is_function))
        return p;
    if (kind == 'a')
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "function %s is not an aggregate",
                    signature);
    else
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "%s is not a %s", signature,
                    routine_word(kind));
    return NULL;
}

static bool object_types(struct pstate *ps, const PgQuery__ObjectWithArgs *o, uint32_t *types)
{
    for (size_t i = 0; i < o->n_objargs; i++) {
        const PgQuery__Node *n = o->objargs[i];

        if (n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME &&
            !typename_type(ps, n->type_name, &types[i], NULL))
            return false;
    }
    return true;
}

/* A procedure named with types that have no modes may be meant by its input parameters or by all of them. */
static bool search_all_parameters(struct pstate *ps, const PgQuery__ObjectWithArgs *o, struct named_search *found)
{
    if ((found->kind != 'p' && found->kind != 0) || found->ntypes < 0)
        return true;
    for (size_t i = 0; i < o->n_objfuncargs; i++)
        if (o->objfuncargs[i]->node_case == PG_QUERY__NODE__NODE_FUNCTION_PARAMETER &&
            o->objfuncargs[i]->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_DEFAULT)
            return true;
    struct named_search s = *found;
    s.all = true;
    s.found = NULL;
    s.matches = 0;
    snapshot_procs_named(ps->a->snapshot, node_string(o->objname[o->n_objname - 1]), visit_named, &s);
    if (s.found && found->found && (s.matches > 1 || s.found != found->found)) {
        parse_error(ps, ERRCODE_AMBIGUOUS_FUNCTION, -1, "%s name \"%s\" is not unique", routine_word(s.kind),
                    name_list_text(ps, o->objname, o->n_objname));
        return false;
    }
    if (s.found)
        found->found = s.found;
    return true;
}

const struct proc *lookup_func_with_args(struct pstate *ps, const PgQuery__ObjectWithArgs *o,
                                         char kind, bool missing_ok)
{
    uint32_t *types = ARENA_ARRAY(ps->a->arena, uint32_t, o->n_objargs + 1);
    struct named_search s = {.ps = ps,
                             .types = types,
                             .kind = kind,
                             .ntypes = o->args_unspecified ? -1 : (int)o->n_objargs};
    const char *name = name_list_text(ps, o->objname, o->n_objname), *signature;

    if (!object_types(ps, o, types))
        return NULL;
    if (o->n_objname > 1) {
        s.ns = lookup_namespace(ps, node_string(o->objname[o->n_objname - 2]), missing_ok, -1);
        if (s.ns == 0)
            return NULL;
    }
    snapshot_procs_named(ps->a->snapshot, node_string(o->objname[o->n_objname - 1]), visit_named,
                         &s);
    if (s.ntypes < 0 && s.matches > 1) {
        parse_error(ps, ERRCODE_AMBIGUOUS_FUNCTION, -1, "%s name \"%s\" is not unique",
                    routine_word(kind), name);
        parse_error_hint(ps, "Specify the argument list to select the %s unambiguously.",
                         routine_word(kind));
        return NULL;
    }
    if (!search_all_parameters(ps, o, &s))
        return NULL;
    signature = s.ntypes < 0 ? name
                : s.ntypes == 0 && kind == 'a' ? arena_printf(ps->a->arena, "%s(*)", name)
                                                            : func_signature(ps, name, s.ntypes, NULL, 0, types);
    if (s.found != NULL)
        return wrong_kind(ps, s.found, kind, signature);
    if (missing_ok)
        return NULL;
    if (s.ntypes < 0)
        parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, -1, "could not find a %s named \"%s\"",
                    routine_word(kind), name);
    else
        parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, -1, "%s %s does not exist", routine_word(kind),
                    signature);
    return NULL;
}

const char *routine_signature(struct pstate *ps, const PgQuery__ObjectWithArgs *o)
{
    const char *text = arena_printf(ps->a->arena, "%s(", name_list_text(ps, o->objname, o->n_objname));

    for (size_t i = 0; i < o->n_objargs; i++) {
        const PgQuery__Node *n = o->objargs[i];
        const char *type = "none";

        if (n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
            type = typename_text(ps, n->type_name);
        }
        text = arena_printf(ps->a->arena, "%s%s%s", text, i > 0 ? "," : "", type);
    }
    return arena_printf(ps->a->arena, "%s)", text);
}
