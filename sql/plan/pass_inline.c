/*
 * pass_inline.c: calls of SQL-language functions whose body is one expression become that expression, under PostgreSQL's conditions:
 * SELECT of one value without FROM, no more volatile than declared, arguments that may be repeated.
 */
#include <string.h>
#include <strings.h>

#include "sql/analyze/routine_names.h"
#include "sql/base/limits.h"
#include "sql/catalog/user_proc.h"
#include "sql/plan/planner.h"

#define MAX_NESTING 16

struct inliner {
    struct planner *p;
    const struct proc *active[MAX_NESTING]; /* functions now being inlined: recursion stays a call */
    int depth;
};

static bool is_candidate(const struct inliner *in, const struct expr *e)
{
    const struct proc *p = e->kind == EXPR_FUNC ? e->func.proc : NULL;
    if (!p || !p->user || p->lang != LANGUAGE_SQL || p->kind != 'f' || p->retset || p->secdef || p->strict ||
        user_proc(p)->nconfig || p->rettype == RECORDOID || p->rettype == VOIDOID || in->depth == MAX_NESTING)
        return false;
    for (int i = 0; i < in->depth; i++)
        if (in->active[i]->oid == p->oid)
            return false;
    return e->func.args.n == p->nargs;
}

/* --- the body ------------------------------------------------------------------------------------------- */

static bool is_bare_select(const struct query *q)
{
    return q && q->command == QUERY_SELECT && q->ntargets == 1 && !q->nfrom && !q->where && !q->having && !q->group.n &&
           !q->grouping_sets && !q->setop && !q->nctes && !q->has_aggs && !q->has_windows && !q->has_sublinks &&
           !q->has_srfs && !q->sort.n && !q->limit && !q->offset && !q->distinct && q->lock == LOCK_NONE;
}

static const char *body_text(struct inliner *in, const struct proc *p)
{
    const char *body = user_proc(p)->sqlbody;
    if (!body)
        return p->src;
    if (strncasecmp(body, "return", 6) != 0)
        return NULL;
    char *text = arena_strdup(in->p->arena, body);
    memcpy(text, "SELECT", 6);
    return text;
}

/* The body's expression over parameters 1 .. nargs; NULL, without an error, when it is not one. */
static struct expr *body_of(struct inliner *in, const struct expr *call)
{
    const struct proc *p = call->func.proc;
    struct planner *pl = in->p;
    const char *text = body_text(in, p);
    struct error err;
    error_init(&err, pl->arena);
    struct parsed *parsed = text ? parse_sql(text, strlen(text), &err) : NULL;
    struct expr *e = NULL;
    if (parsed && parsed_count(parsed) == 1) {
        int n = p->nallargs ? p->nallargs : p->nargs;
        struct routine_names names = {.function = p->name, .names = ARENA_ARRAY(pl->arena, const char *, n + 1)};
        uint32_t *types = ARENA_ARRAY(pl->arena, uint32_t, p->nargs + 1);
        for (int i = 0; i < n && names.n < p->nargs; i++)
            if (!p->argmodes || strchr("ibv", p->argmodes[i]))
                names.names[names.n++] = p->argnames && p->argnames[i] ? p->argnames[i] : "";
        for (int i = 0; i < p->nargs; i++)
            types[i] = call->func.args.items[i]->type;
        names.types = types;
        struct name_resolver resolver = {.resolve = routine_names_resolve, .arg = &names};
        struct analysis a = {.arena = pl->arena, .snapshot = pl->snapshot, .err = &err, .text = text,
                             .search_path = pl->ctx->search_path, .nsearch_path = pl->ctx->nsearch_path, .ctx = pl->ctx,
                             .params = types, .nparams = p->nargs, .names = &resolver};
        struct query *q = analyze_statement(&a, parsed_stmt(parsed, 0));
        bool whole;
        if (is_bare_select(q) && !error_is_set(&err) &&
            routine_check_result(&a, p, q, call->type, NULL, 0, &whole) && !error_is_set(&err))
            e = q->targets[0].expr;
    }
    parsed_free(parsed);
    return e && e->type == call->type ? e : NULL;
}

/* --- arguments ---------------------------------------------------------------------------------------------- */

static bool count_uses(struct expr *e, void *arg)
{
    int *uses = arg;
    if (e->kind == EXPR_PARAM && e->param.number <= LIMIT_FUNC_ARGS)
        uses[e->param.number - 1]++;
    return expr_walk_children(e, count_uses, arg);
}

static bool is_cheap(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL)
        e = e->cast.arg;
    return e->kind == EXPR_CONST || e->kind == EXPR_PARAM || e->kind == EXPR_VAR;
}

struct worst {
    char volatility;
};

static bool note_volatility(struct expr *e, void *arg)
{
    struct worst *w = arg;
    const struct proc *p = e->kind == EXPR_FUNC || e->kind == EXPR_OP ? e->func.proc : NULL;
    char v = p ? p->volatility : e->kind == EXPR_SQL_VALUE || e->kind == EXPR_COERCE_IO ? 's' : 'i';
    if (v == 'v' || (v == 's' && w->volatility == 'i'))
        w->volatility = v;
    return expr_walk_children(e, note_volatility, arg);
}

static bool may_inline(const struct expr *call, struct expr *body)
{
    int uses[LIMIT_FUNC_ARGS] = {0};
    struct worst w = {.volatility = 'i'};
    char declared = call->func.proc->volatility;
    count_uses(body, uses);
    note_volatility(body, &w);
    if ((declared == 'i' && w.volatility != 'i') || (declared == 's' && w.volatility == 'v'))
        return false;
    for (int i = 0; i < call->func.args.n; i++)
        if (uses[i] != 1 && !is_cheap(call->func.args.items[i]))
            return false;
    return true;
}

static struct expr *put_arguments(struct expr *e, void *arg)
{
    struct {
        struct arena *arena;
        const struct expr_list *args;
    } *s = arg;
    if (e->kind == EXPR_PARAM && e->param.number <= s->args->n)
        return expr_copy(s->arena, s->args->items[e->param.number - 1]);
    expr_mutate_children(e, put_arguments, arg);
    return e;
}

/* --- the walk ------------------------------------------------------------------------------------------------- */

static struct expr *inline_calls(struct expr *e, void *arg)
{
    struct inliner *in = arg;
    if (e->kind != EXPR_SUBLINK)
        expr_mutate_children(e, inline_calls, in);
    if (!is_candidate(in, e))
        return e;
    struct expr *body = body_of(in, e);
    if (!body || !may_inline(e, body))
        return e;
    struct {
        struct arena *arena;
        const struct expr_list *args;
    } s = {in->p->arena, &e->func.args};
    /* What the body itself calls first: the arguments have been through this. */
    in->active[in->depth++] = e->func.proc;
    body = inline_calls(body, in);
    in->depth--;
    body = put_arguments(body, &s);
    body->location = e->location;
    return body;
}

bool pass_inline(struct planner *p, struct query *q)
{
    struct inliner in = {.p = p};
    if (p->ctx && p->program->query && p->program->query->routine_calls)
        query_mutate_exprs(q, inline_calls, &in);
    return true;
}
