/*
 * parse_param.c: $n. With variable parameters each takes the type its first typed use demands; a
 * use of another type later is an error, and so is one whose type nothing determined.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

static struct pstate *outermost(struct pstate *ps)
{
    while (ps->parent != NULL)
        ps = ps->parent;
    return ps;
}

static void grow_params(struct pstate *root, int n)
{
    struct analysis *a = root->a;
    uint32_t *params;
    int capacity = root->params_capacity > 16 ? root->params_capacity : 16;

    if (n <= a->nparams)
        return;
    if (n > root->params_capacity) {
        while (capacity < n)
            capacity *= 2;
        params = ARENA_ARRAY(a->arena, uint32_t, capacity);
        if (a->nparams > 0)
            memcpy(params, a->params, sizeof(*params) * (size_t)a->nparams);
        a->params = params;
        root->params_capacity = capacity;
    }
    a->nparams = n;
}

struct expr *transform_param_ref(struct pstate *ps, const PgQuery__ParamRef *p)
{
    struct pstate *root = outermost(ps);
    struct analysis *a = ps->a;
    struct expr *e;

    if (a->names != NULL && a->names->param != NULL) {
        e = a->names->param(a->names->arg, ps, p->number, p->location);
        return e != NULL ? e
                         : parse_error(ps, ERRCODE_UNDEFINED_PARAMETER, p->location,
                                       "there is no parameter $%d", p->number);
    }
    if (p->number < 1 || p->number > LIMIT_PARAMS ||
        (!a->variable_params && p->number > a->nparams))
        return parse_error(ps, ERRCODE_UNDEFINED_PARAMETER, p->location,
                           "there is no parameter $%d", p->number);
    grow_params(root, p->number);
    if (a->params[p->number - 1] == 0)
        a->params[p->number - 1] = UNKNOWNOID;
    e = expr_new(a->arena, EXPR_PARAM, a->params[p->number - 1], -1, p->location);
    e->collation = type_collation(ps, e->type);
    e->param.number = p->number;
    expr_list_add(a->arena, &root->param_refs, e);
    return e;
}

struct expr *coerce_variable_param(struct pstate *ps, struct expr *e, uint32_t target, int location)
{
    struct analysis *a = ps->a;
    uint32_t *type;

    if (e->kind != EXPR_PARAM || e->type != UNKNOWNOID || !a->variable_params)
        return NULL;
    type = &a->params[e->param.number - 1];
    if (*type == UNKNOWNOID) {
        *type = target;
    } else if (*type != target) {
        parse_error(ps, ERRCODE_AMBIGUOUS_PARAMETER, e->location,
                    "inconsistent types deduced for parameter $%d", e->param.number);
        parse_error_detail(ps, "%s versus %s", format_type(ps, *type), format_type(ps, target));
        return expr_poison();
    }
    e->type = target;
    e->typmod = -1;
    e->collation = type_collation(ps, target);
    if (location >= 0 && (e->location < 0 || location < e->location))
        e->location = location;
    return e;
}

bool check_variable_params(struct pstate *ps, const struct query *q)
{
    struct pstate *root = outermost(ps);
    struct analysis *a = ps->a;

    (void)q;
    if (!a->variable_params || parse_failed(ps))
        return !parse_failed(ps);
    for (int i = 0; i < root->param_refs.n; i++) {
        const struct expr *e = root->param_refs.items[i];

        if (e->type != a->params[e->param.number - 1]) {
            parse_error(ps, ERRCODE_AMBIGUOUS_PARAMETER, e->location,
                        "could not determine data type of parameter $%d", e->param.number);
            return false;
        }
    }
    for (int i = 0; i < a->nparams; i++) {
        if (a->params[i] == 0 || a->params[i] == UNKNOWNOID) {
            parse_error(ps, ERRCODE_INDETERMINATE_DATATYPE, -1,
                        "could not determine data type of parameter $%d", i + 1);
            return false;
        }
    }
    return true;
}
