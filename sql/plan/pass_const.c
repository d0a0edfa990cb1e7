/*
 * pass_const.c: immutable functions of constants become constants. A call that fails stays: its error belongs to the
 * moment the row is computed. Literals that the plan cache may replace by parameters are left alone.
 */
#include "sql/base/limits.h"
#include "sql/plan/planner.h"

static bool foldable(const struct expr *e)
{
    if (e->kind != EXPR_FUNC && e->kind != EXPR_OP)
        return false;
    const struct proc *p = e->func.proc;
    if (!p || p->volatility != 'i' || p->retset || !p->impl || !p->impl->call ||
        (p->impl->flags & (FN_WRITES | FN_SESSION | FN_USER)))
        return false;
    for (int i = 0; i < e->func.args.n; i++) {
        const struct expr *a = e->func.args.items[i];
        if (a->kind != EXPR_CONST || a->constant.hoistable)
            return false;
    }
    return e->func.args.n > 0 && e->func.args.n <= LIMIT_FUNC_ARGS;
}

static struct expr *evaluate(struct planner *p, struct expr *e)
{
    const struct proc *proc = e->func.proc;
    struct value args[LIMIT_FUNC_ARGS];
    uint32_t types[LIMIT_FUNC_ARGS];
    struct error err;
    error_init(&err, p->arena);
    struct fcall f = {.args = args, .nargs = e->func.args.n, .err = &err, .arena = p->arena, .ctx = p->ctx,
                      .argtypes = types, .rettype = e->type, .impl = proc->impl,
                      .variadic = e->func.variadic && proc->variadic == ANYOID};
    bool null = false;
    for (int i = 0; i < f.nargs; i++) {
        args[i] = e->func.args.items[i]->constant.value;
        types[i] = e->func.args.items[i]->type;
        null = null || value_is_null(&args[i]);
    }
    if (!(null && proc->strict && !(proc->impl->flags & FN_CALLED_ON_NULL)))
        proc->impl->call(&f);
    if (f.cache && f.cache_free)
        f.cache_free(f.cache);
    if (error_is_set(&err))
        return e;
    struct value v = f.result;
    if (v.kind == VALUE_TEXT || v.kind == VALUE_BLOB)
        v.p = arena_strndup(p->arena, v.p, v.n);
    struct expr *c = expr_const(p->arena, e->type, e->typmod, v, e->location);
    c->collation = e->collation;
    return c;
}

static struct expr *fold(struct expr *e, void *arg)
{
    expr_mutate_children(e, fold, arg);
    return foldable(e) ? evaluate(arg, e) : e;
}

bool pass_const(struct planner *p, struct query *q)
{
    if (p->ctx)
        query_mutate_exprs(q, fold, p);
    return true;
}
