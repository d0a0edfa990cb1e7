/*
 * parse_func_match.c: which functions could a call mean, and which one does it mean: arity,
 * defaults, VARIADIC, names of arguments; then exact types, casts in function notation, and
 * overload resolution.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

struct candidate_search {
    struct pstate *ps;
    const struct func_lookup *l;
    uint32_t ns; /* 0: search path */
    struct func_candidate *list;
};

static int path_position(const struct candidate_search *s, uint32_t ns)
{
    if (s->ns != 0)
        return s->ns == ns ? 0 : -1;
    if (ns == PG_TEMP_NAMESPACE) /* only a name with its schema reaches there */
        return -1;
    for (int i = 0; i < s->ps->a->nsearch_path; i++) {
        if (s->ps->a->search_path[i] == ns)
            return i;
    }
    return -1;
}

/* The parameters a call gives: the input ones; CALL also gives OUT ones. *nout: how many of these there are. */
static const uint32_t *call_parameters(const struct candidate_search *s, const struct proc *p, int *n, int *nout)
{
    *n = p->nargs;
    *nout = 0;
    if (!s->l->include_out || p->kind != 'p' || p->argmodes == NULL)
        return p->argtypes;
    uint32_t *types = ARENA_ARRAY(s->ps->a->arena, uint32_t, p->nallargs + 1);

    *n = 0;
    for (int i = 0; i < p->nallargs; i++) {
        if (p->argmodes[i] == 't')
            continue;
        *nout += p->argmodes[i] == 'o';
        types[(*n)++] = p->allargtypes[i];
    }
    return types;
}

/* Position among the input arguments of the parameter called name; -1 if there is none. */
static int input_named(const struct proc *p, const char *name, bool include_out)
{
    int n = p->nallargs > 0 ? p->nallargs : p->nargs, input = 0;

    for (int i = 0; i < n; i++) {
        char mode = p->argmodes != NULL ? p->argmodes[i] : 'i';

        if (mode != 'i' && mode != 'b' && mode != 'v' && !(include_out && mode == 'o'))
            continue;
        if (p->argnames[i] != NULL && strcmp(p->argnames[i], name) == 0)
            return input;
        input++;
    }
    return -1;
}

/* Where each given argument goes, then the places to be filled by defaults. NULL: the names do not
 * fit. */
static int *match_named_call(const struct candidate_search *s, const struct proc *p, int nargs)
{
    const struct func_lookup *l = s->l;
    int npositional = l->nargs - l->nnames, at = 0;
    bool given[LIMIT_FUNC_ARGS] = {false};
    int *numbers;

    if (p->argnames == NULL || nargs > LIMIT_FUNC_ARGS)
        return NULL;
    numbers = ARENA_ARRAY(s->ps->a->arena, int, nargs + 1);
    for (; at < npositional; at++) {
        numbers[at] = at;
        given[at] = true;
    }
    for (int i = 0; i < l->nnames; i++) {
        int pos = input_named(p, l->names[i], l->include_out && p->kind == 'p');

        if (pos < 0 || pos >= nargs || given[pos])
            return NULL;
        given[pos] = true;
        numbers[at++] = pos;
    }
    for (int pos = npositional; pos < nargs && at < nargs; pos++) {
        if (given[pos])
            continue;
        if (pos < nargs - p->ndefaults)
            return NULL;
        numbers[at++] = pos;
    }
    return numbers;
}

/* Of two candidates with the same argument types: > 0 the older one stays, < 0 the new one, 0
 * ambiguous. */
static int duplicate_preference(const struct func_candidate *old,
                                const struct func_candidate *fresh)
{
    if (fresh->pathpos != old->pathpos)
        return fresh->pathpos - old->pathpos;
    if (fresh->nvargs > 0 && old->nvargs == 0)
        return 1;
    if (fresh->nvargs == 0 && old->nvargs > 0)
        return -1;
    return 0;
}

static void add_candidate(struct candidate_search *s, struct func_candidate *fresh)
{
    int given = fresh->nargs - fresh->ndargs;
    struct func_candidate **link = &s->list;

    while (*link != NULL) {
        struct func_candidate *old = *link;
        int preference;

        if (old->nargs - old->ndargs != given ||
            memcmp(old->args, fresh->args, sizeof(uint32_t) * (size_t)given) != 0) {
            link = &old->next;
            continue;
        }
        preference = duplicate_preference(old, fresh);
        if (preference > 0)
            return;
        if (preference == 0) {
            old->proc = NULL; /* ambiguous: an error if it is the best */
            return;
        }
        *link = old->next;
        break;
    }
    fresh->next = s->list;
    s->list = fresh;
}

/* Do the numbers of arguments fit? Sets how. */
static bool fits_count(const struct func_lookup *l, const struct proc *p, int nargs, bool *variadic,
                       bool *defaults)
{
    *variadic = false;
    *defaults = false;
    if (l->nnames > 0 && p->variadic != 0 && l->expand_variadic)
        return false;
    if (l->nnames == 0 && nargs <= l->nargs && l->expand_variadic)
        *variadic = p->variadic != 0;
    if (nargs > l->nargs && l->expand_defaults) {
        if (l->nargs + p->ndefaults < nargs)
            return false;
        *defaults = true;
    }
    return nargs == l->nargs || *variadic || *defaults;
}

static bool visit_proc(void *arg, const struct proc *p)
{
    struct candidate_search *s = arg;
    const struct func_lookup *l = s->l;
    struct func_candidate *c;
    bool variadic, defaults;
    int pos = path_position(s, p->namespace_oid);
    int *numbers = NULL, n, nargs, nout;
    const uint32_t *types;

    if (pos < 0)
        return true;
    types = call_parameters(s, p, &nargs, &nout);
    if (!fits_count(l, p, nargs, &variadic, &defaults))
        return true;
    if (l->nnames > 0) {
        numbers = match_named_call(s, p, nargs);
        if (numbers == NULL)
            return true;
    }
    n = nargs > l->nargs ? nargs : l->nargs;
    c = ARENA_NEW(s->ps->a->arena, struct func_candidate);
    c->proc = p;
    c->pathpos = pos;
    c->nout = nout;
    c->nargs = n;
    c->argnumbers = numbers;
    c->args = ARENA_ARRAY(s->ps->a->arena, uint32_t, n + 1);
    for (int i = 0; i < nargs; i++)
        c->args[i] = types[numbers != NULL ? numbers[i] : i];
    if (variadic) {
        c->nvargs = n - nargs + 1;
        for (int i = nargs - 1; i < n; i++)
            c->args[i] = p->variadic;
    }
    c->ndargs = defaults ? nargs - l->nargs : 0;
    add_candidate(s, c);
    return true;
}

struct func_candidate *func_candidates(struct pstate *ps, const struct func_lookup *l, bool *failed)
{
    struct candidate_search s = {.ps = ps, .l = l};

    *failed = false;
    if (l->schema != NULL) {
        s.ns = lookup_namespace(ps, l->schema, false, l->location);
        if (s.ns == 0) {
            *failed = true;
            return NULL;
        }
    }
    snapshot_procs_named(ps->a->snapshot, l->name, visit_proc, &s);
    return s.list;
}

/* The type a call like date('today') may mean as a cast; 0 if the name is no type or a composite
 * one. */
static uint32_t name_as_type(struct pstate *ps, const struct func_lookup *l)
{
    PgQuery__String strings[2] = {PG_QUERY__STRING__INIT, PG_QUERY__STRING__INIT};
    PgQuery__Node nodes[2] = {PG_QUERY__NODE__INIT, PG_QUERY__NODE__INIT};
    PgQuery__Node *names[2];
    PgQuery__TypeName tn = PG_QUERY__TYPE_NAME__INIT;
    const struct type_def *t;
    uint32_t type;

    if (l->schema != NULL)
        strings[tn.n_names++].sval = (char *)l->schema;
    strings[tn.n_names++].sval = (char *)l->name;
    for (size_t i = 0; i < tn.n_names; i++) {
        nodes[i].node_case = PG_QUERY__NODE__NODE_STRING;
        nodes[i].string = &strings[i];
        names[i] = &nodes[i];
    }
    tn.names = names;
    tn.typemod = -1;
    tn.location = -1;
    type = lookup_typename(ps, &tn);
    t = type != 0 ? lookup_type(ps, type) : NULL;
    return t != NULL && t->typtype != 'c' && t->isdefined ? type : 0;
}

static bool is_cast_notation(struct pstate *ps, uint32_t target, const struct expr *arg)
{
    const struct proc *func;

    if (arg->type == UNKNOWNOID)
        return true;
    switch (find_coercion_pathway(ps, target, arg->type, COERCION_EXPLICIT, &func)) {
    case COERCION_PATH_RELABEL:
        return true;
    case COERCION_PATH_IO:
        /* Row to text is only meant when written as a cast. */
        return !(type_is_rowtype(ps, arg->type) && type_category(ps, target) == 'S');
    default:
        return false;
    }
}

static enum func_detail detail_of(const struct proc *p)
{
    switch (p->kind) {
    case 'a':
        return FUNC_AGGREGATE;
    case 'w':
        return FUNC_WINDOW;
    case 'p':
        return FUNC_PROCEDURE;
    default:
        return FUNC_NORMAL;
    }
}

enum func_detail func_get_detail(struct pstate *ps, const struct func_lookup *l,
                                 const struct expr_list *args, struct func_candidate **best)
{
    bool failed;
    struct func_candidate *all = func_candidates(ps, l, &failed), *matching;
    uint32_t target;
    int n;

    if (failed)
        return FUNC_FAILED;
    *best = all;
    while (*best != NULL && l->nargs > 0 &&
           memcmp((*best)->args, l->argtypes, sizeof(uint32_t) * (size_t)l->nargs) != 0)
        *best = (*best)->next;
    if (*best == NULL && l->nargs == 1 && l->nnames == 0 && args->n == 1) {
        target = name_as_type(ps, l);
        if (parse_failed(ps))
            return FUNC_FAILED;
        if (target != 0 && is_cast_notation(ps, target, args->items[0])) {
            *best = ARENA_NEW(ps->a->arena, struct func_candidate);
            (*best)->args = ARENA_NEW(ps->a->arena, uint32_t);
            (*best)->args[0] = target;
            return FUNC_COERCION;
        }
    }
    if (*best == NULL && all != NULL) {
        n = func_match_argtypes(ps, l->nargs, l->argtypes, all, &matching);
        if (n == 1)
            *best = matching;
        else if (n > 1 &&
                 (*best = func_select_candidate(ps, l->nargs, l->argtypes, matching)) == NULL)
            return FUNC_MULTIPLE;
    }
    if (*best == NULL)
        return FUNC_NOTFOUND;
    if ((*best)->proc == NULL)
        return FUNC_MULTIPLE;
    return detail_of((*best)->proc);
}
