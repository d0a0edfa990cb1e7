/*
 * pass_const.c: immutable functions of constants become constants, strict functions of a NULL constant NULL; CASE, COALESCE, AND and
 * OR lose what constants decide, in PostgreSQL's order. Literals that the plan cache may replace by parameters are left alone.
 *
 * A call that fails stays. PostgreSQL reports it before the statement runs, whether or not a row would need it: so does the
 * program of a statement of whose own expressions (not a subquery's) it is part.
 */
#include "sql/base/limits.h"
#include "sql/catalog/registry.h"
#include "sql/plan/planner.h"

/* pg_language's OID: built-in functions that PostgreSQL has in SQL. */
#define SQL_LANGUAGE 14

struct folder {
    struct planner *p;
    bool reports; /* errors are the statement's */
};

static bool is_constant(const struct expr *e)
{
    return e->kind == EXPR_CONST && !e->constant.hoistable;
}

static bool is_null_constant(const struct expr *e)
{
    return is_constant(e) && value_is_null(&e->constant.value);
}

/* A boolean constant that is that. */
static bool is_truth(const struct expr *e, bool truth)
{
    return is_constant(e) && e->constant.value.kind == VALUE_INT && (e->constant.value.i != 0) == truth;
}

static struct expr *null_of(struct folder *f, const struct expr *e)
{
    struct expr *c = expr_const(f->p->arena, e->type, e->typmod, value_null(), e->location);
    c->collation = e->collation;
    return c;
}

/* --- calls ---------------------------------------------------------------------------------------------------------------- */

static bool is_strict_of_null(const struct expr *e)
{
    const struct proc *p = e->func.proc;
    if (!p || !p->strict || p->retset || p->kind != 'f')
        return false;
    for (int i = 0; i < e->func.args.n; i++)
        if (is_null_constant(e->func.args.items[i]))
            return true;
    return false;
}

/* Planning is not where a statement may take long or need much memory: long arguments wait for execution, and functions that make much of
   little. */
#define FOLD_BYTES 4096
/* The longest result that becomes a constant. */
#define CONSTANT_BYTES ((size_t)1 << 20)

static bool is_long(const struct expr *a)
{
    const struct value *v = &a->constant.value;
    return (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB) && v->n > FOLD_BYTES;
}

/* Digits in a row that make a number of more than that many. */
static bool has_number(const struct value *v, int digits)
{
    int run = 0;
    for (size_t i = 0; v->kind == VALUE_TEXT && i < v->n && run < digits; i++)
        run = v->p[i] >= '0' && v->p[i] <= '9' ? run + 1 : 0;
    return v->kind == VALUE_TEXT && run >= digits;
}

static bool makes_much(const char *function, const struct expr_list *args)
{
    if (strncmp(function, "repeat", 6) == 0 || strncmp(function, "lpad", 4) == 0 || strncmp(function, "rpad", 4) == 0) {
        int64_t times = args->n > 1 && args->items[1]->constant.value.kind == VALUE_INT ? args->items[1]->constant.value.i : 0;
        /* Beyond the limit of a value it fails at once. */
        return times > 1 << 16 && times <= LIMIT_VALUE_BYTES;
    }
    if (strncmp(function, "array_fill", 10) == 0)
        return args->n < 2 || has_number(&args->items[1]->constant.value, 4);
    return strncmp(function, "text_format", 11) == 0 && has_number(&args->items[0]->constant.value, 5);
}

static bool foldable(const struct expr *e)
{
    const struct proc *p = e->func.proc;
    if (!p || p->volatility != 'i' || p->retset || !p->impl || !p->impl->call ||
        (p->impl->flags & (FN_WRITES | FN_SESSION | FN_USER)))
        return false;
    for (int i = 0; i < e->func.args.n; i++)
        if (!is_constant(e->func.args.items[i]) || is_long(e->func.args.items[i]))
            return false;
    return e->func.args.n > 0 && e->func.args.n <= LIMIT_FUNC_ARGS && !makes_much(p->impl->name, &e->func.args);
}

static void report(struct folder *f, const struct error *err)
{
    if (!f->reports || f->p->program->denied)
        return;
    struct error *copy = ARENA_NEW(f->p->arena, struct error);
    error_init(copy, f->p->arena);
    error_copy(copy, err);
    f->p->program->denied = copy;
}

static struct expr *evaluate(struct folder *folder, struct expr *e)
{
    struct planner *p = folder->p;
    const struct proc *proc = e->func.proc;
    struct value args[LIMIT_FUNC_ARGS];
    uint32_t types[LIMIT_FUNC_ARGS];
    struct error err;
    error_init(&err, p->arena);
    struct fcall f = {.args = args, .nargs = e->func.args.n, .err = &err, .arena = p->arena, .ctx = p->ctx,
                      .argtypes = types, .rettype = e->type, .impl = proc->impl, .collation = e->func.input_collation,
                      .variadic = e->func.variadic && proc->variadic == ANYOID};
    for (int i = 0; i < f.nargs; i++) {
        args[i] = e->func.args.items[i]->constant.value;
        types[i] = e->func.args.items[i]->type;
    }
    proc->impl->call(&f);
    if (f.cache && f.cache_free)
        f.cache_free(f.cache);
    if (error_is_set(&err)) {
        if (proc->lang == SQL_LANGUAGE)
            error_context(&err, "SQL function \"%s\" statement 1", proc->name);
        report(folder, &err);
        return e;
    }
    struct value v = f.result;
    if ((v.kind == VALUE_TEXT || v.kind == VALUE_BLOB) && v.n > CONSTANT_BYTES)
        return e; /* no literal for the statement's text */
    if (v.kind == VALUE_TEXT || v.kind == VALUE_BLOB)
        v.p = arena_strndup(p->arena, v.p, v.n);
    struct expr *c = expr_const(p->arena, e->type, e->typmod, v, e->location);
    c->collation = e->collation;
    return c;
}

/* COLLATION FOR looks at the type and the collation of its argument, not at its value. */
static struct expr *fold_collation_for(struct folder *f, struct expr *e)
{
    struct expr *call = arena_memdup(f->p->arena, e, sizeof *e);
    const struct expr *a = e->func.args.items[0];
    call->func.args = (struct expr_list){0};
    expr_list_add(f->p->arena, &call->func.args, expr_const(f->p->arena, a->type, -1, value_null(), -1));
    struct expr *result = evaluate(f, call);
    return result == call ? e : result;
}

static bool immutable(const char *function)
{
    int n;
    const struct proc *const *procs = function ? registry_procs_named(function, &n) : NULL;
    return procs && n > 0 && procs[0]->volatility == 'i';
}

/* A cast through text of a constant, where neither side depends on settings. */
static struct expr *fold_coerce_io(struct folder *f, struct expr *e)
{
    const struct expr *arg = e->cast.arg;
    if (!is_constant(arg))
        return e;
    if (is_null_constant(arg))
        return null_of(f, e);
    const struct type_def *from = snapshot_type(f->p->snapshot, arg->type), *to = snapshot_type(f->p->snapshot, e->type);
    struct value text, v;
    struct error err;
    error_init(&err, f->p->arena);
    if (!from || !to || !immutable(from->out_name) || !immutable(to->in_name) || to->typtype != 'b')
        return e;
    if (!type_output(from, &arg->constant.value, f->p->ctx, f->p->arena, &err, &text) ||
        !type_input(to, text.p, text.n, -1, f->p->ctx, f->p->arena, &err, &v)) {
        report(f, &err);
        return e;
    }
    struct expr *c = expr_const(f->p->arena, e->type, e->typmod, v, e->location);
    c->collation = e->collation;
    return c;
}

/* --- what constants decide -------------------------------------------------------------------------------------------------- */

static struct expr *fold(struct expr *e, void *arg);

/* WHENs of constant conditions go, up to one that always holds; nothing behind that is looked at. */
static struct expr *fold_case(struct folder *f, struct expr *e)
{
    int n = 0;
    for (int i = 0; i < e->kase.nwhens; i++) {
        struct case_when *w = &e->kase.whens[i];
        w->cond = fold(w->cond, f);
        if (is_truth(w->cond, true)) {
            e->kase.otherwise = fold(w->result, f);
            e->kase.nwhens = n;
            return n ? e : e->kase.otherwise;
        }
        if (is_truth(w->cond, false) || is_null_constant(w->cond))
            continue;
        w->result = fold(w->result, f);
        e->kase.whens[n++] = *w;
    }
    e->kase.nwhens = n;
    e->kase.otherwise = fold(e->kase.otherwise, f);
    return n ? e : e->kase.otherwise;
}

/* The tested value of a simple CASE is computed once: its WHENs are left as they stand, and their errors to the row. */
static struct expr *fold_simple_case(struct folder *f, struct expr *e)
{
    struct folder quiet = {f->p, false};
    e->kase.arg = fold(e->kase.arg, f);
    struct expr *arg = e->kase.arg;
    e->kase.arg = NULL;
    expr_mutate_children(e, fold, &quiet);
    e->kase.arg = arg;
    return e;
}

static struct expr *fold_coalesce(struct folder *f, struct expr *e)
{
    struct expr_list *l = &e->list.args;
    int n = 0;
    for (int i = 0; i < l->n; i++) {
        struct expr *a = fold(l->items[i], f);
        if (is_null_constant(a))
            continue;
        l->items[n++] = a;
        if (is_constant(a))
            break;
    }
    if (n == 0)
        return null_of(f, e);
    l->n = n;
    return n == 1 ? l->items[0] : e;
}

/* AND up to a false constant, OR up to a true one; the constants that change nothing stay out. */
static struct expr *fold_bool(struct folder *f, struct expr *e)
{
    bool decides = e->boolean.op == BOOL_OR;
    struct expr_list *l = &e->boolean.args;
    struct expr *last = NULL;
    int n = 0;
    for (int i = 0; i < l->n; i++) {
        struct expr *a = fold(l->items[i], f);
        if (is_truth(a, decides))
            return a;
        last = a;
        if (!is_truth(a, !decides))
            l->items[n++] = a;
    }
    if (n == 0)
        return last;
    l->n = n;
    return n == 1 ? l->items[0] : e;
}

static struct expr *truth(struct folder *f, const struct expr *e, bool value)
{
    return expr_const(f->p->arena, BOOLOID, -1, value_bool(value), e->location);
}

/* NULLIF, NOT and IS NULL of constants. */
static struct expr *fold_test(struct folder *f, struct expr *e)
{
    if (e->kind == EXPR_BOOL) {
        const struct expr *a = e->boolean.args.items[0];
        return is_truth(a, true) || is_truth(a, false) ? truth(f, e, is_truth(a, false))
               : is_null_constant(a)                   ? null_of(f, e)
                                                       : e;
    }
    if (e->kind == EXPR_NULL_TEST)
        return is_constant(e->test.arg) && !e->test.row
                   ? truth(f, e, value_is_null(&e->test.arg->constant.value) != e->test.negated)
                   : e;
    struct expr *l = e->binary.left, *r = e->binary.right;
    const struct operator_def *op = e->binary.op;
    if (!is_constant(l) || !is_constant(r) || !op || !op->proc)
        return e;
    if (is_null_constant(l) || is_null_constant(r))
        return l;
    struct expr *equal = expr_new(f->p->arena, EXPR_OP, BOOLOID, -1, e->location);
    equal->func.op = op;
    equal->func.proc = op->proc;
    expr_list_add(f->p->arena, &equal->func.args, l);
    expr_list_add(f->p->arena, &equal->func.args, r);
    if (!foldable(equal))
        return e;
    struct expr *result = evaluate(f, equal);
    return is_truth(result, true) ? null_of(f, e) : is_truth(result, false) && l->type == e->type ? l : e;
}

static struct expr *fold(struct expr *e, void *arg)
{
    struct folder *f = arg;
    switch (e->kind) {
    case EXPR_CASE:
        return e->kase.arg ? fold_simple_case(f, e) : fold_case(f, e);
    case EXPR_COALESCE:
        return fold_coalesce(f, e);
    case EXPR_BOOL:
        if (e->boolean.op != BOOL_NOT)
            return fold_bool(f, e);
        break;
    default:
        break;
    }
    expr_mutate_children(e, fold, arg);
    if (e->kind == EXPR_COERCE_IO)
        return fold_coerce_io(f, e);
    if (e->kind == EXPR_BOOL || e->kind == EXPR_NULL_TEST || e->kind == EXPR_NULLIF)
        return fold_test(f, e);
    if (e->kind != EXPR_FUNC && e->kind != EXPR_OP)
        return e;
    if (is_strict_of_null(e))
        return null_of(f, e);
    if (e->func.proc && e->func.proc->impl && strcmp(e->func.proc->impl->name, "pg_collation_for") == 0)
        return fold_collation_for(f, e);
    return foldable(e) ? evaluate(f, e) : e;
}

bool pass_const(struct planner *p, struct query *q)
{
    struct folder f = {p, q == p->program->query && q->command != QUERY_UTILITY};
    if (p->ctx)
        query_mutate_exprs(q, fold, &f);
    return true;
}
