/*
 * evaluate.c: see evaluate.h. An expression becomes nodes: a node is a function (evaluate_run.c) with its operands; nodes live
 * in the evaluation's arena.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/emit/emit.h"
#include "sql/exec/evaluate_node.h"
#include "sql/exec/spi.h"
#include "sql/plan/walk.h"
#include "sql/types/routine.h"

#define MAX_DEPTH 1000

struct evaluation {
    struct arena *arena;
    const struct node *root;
    const struct snapshot *snapshot;
    int nparams;
    bool shared;
    struct node *plans[64]; /* nodes with plans or caches, to be ended */
    int nplans;
    struct node *caches[64];
    int ncaches;
};

/* --- compilation ---------------------------------------------------------------------------------------------------- */

/* Native templates, by CMP_ number. */
static const char *const comparisons[] = {"($1 = $2)",  "($1 <> $2)", "($1 < $2)",
                                          "($1 <= $2)", "($1 > $2)",  "($1 >= $2)"};

struct compiler {
    struct evaluation *e;
    struct error *err;
    int depth;
    int cases; /* simple CASEs around: their tested value is not seen by statements */
    bool failed;
};

static const struct node *compile(struct compiler *c, const struct expr *e);

static struct node *node_new(struct compiler *c, node_fn *fn, int nargs)
{
    struct node *n = ARENA_NEW(c->e->arena, struct node);
    n->fn = fn;
    n->nargs = nargs;
    n->args = ARENA_ARRAY(c->e->arena, const struct node *, nargs + 1);
    return n;
}

static struct node *with_args(struct compiler *c, node_fn *fn, struct expr *const *items, int n)
{
    struct node *out = node_new(c, fn, n);
    for (int i = 0; i < n; i++)
        out->args[i] = compile(c, items[i]);
    return out;
}

static void set_types(struct compiler *c, struct node *n, const uint32_t *types, uint32_t rettype)
{
    uint32_t *copy = ARENA_ARRAY(c->e->arena, uint32_t, n->nargs + 1);
    if (n->nargs)
        memcpy(copy, types, sizeof(*copy) * (size_t)n->nargs);
    n->argtypes = copy;
    n->rettype = rettype;
}

static void keep_cache(struct compiler *c, struct node *n)
{
    if (!(n->impl->flags & FN_CACHE) || c->e->shared || c->e->ncaches == 64)
        return;
    n->cache = ARENA_NEW(c->e->arena, void *);
    n->cache_free = arena_alloc(c->e->arena, sizeof(*n->cache_free));
    c->e->caches[c->e->ncaches++] = n;
}

/* A call of an implementation by name, as the printer makes them for arrays and rows. */
static const struct node *internal_call(struct compiler *c, const char *name, struct expr *const *items, int n,
                                        uint32_t rettype)
{
    struct node *out = with_args(c, run_call, items, n);
    out->impl = fn_impl_find(name);
    uint32_t *types = ARENA_ARRAY(c->e->arena, uint32_t, n + 1);
    for (int i = 0; i < n; i++)
        types[i] = items[i]->type;
    set_types(c, out, types, rettype);
    keep_cache(c, out);
    return out;
}

static const struct node *statement(struct compiler *c, const struct expr *e);

static const struct node *native_call(struct compiler *c, const struct expr *e, const struct expr_list *args)
{
    const char *native = e->func.proc->impl->native;
    for (int i = 0; i < 6; i++)
        if (args->n == 2 && strcmp(native, comparisons[i]) == 0) {
            struct node *n = with_args(c, run_compare, args->items, 2);
            n->number = i;
            n->type = snapshot_type(c->e->snapshot, args->items[0]->type);
            return n;
        }
    if (args->n == 2 && strcmp(native, "($1 || $2)") == 0)
        return with_args(c, run_concat, args->items, 2);
    return statement(c, e);
}

static const struct node *function_call(struct compiler *c, const struct expr *e)
{
    const struct proc *p = e->func.proc;
    const struct fn_impl *impl = p ? p->impl : NULL;
    if (!impl || p->retset || p->kind == 'a' || p->kind == 'w')
        return statement(c, e);
    if (impl->native)
        return native_call(c, e, &e->func.args);
    if (!impl->call || (impl->flags & FN_WRITES))
        return statement(c, e);
    const struct expr_list *args = &e->func.args;
    node_fn *int_op = args->n == 2 ? evaluate_int_op(impl->name) : NULL;
    struct node *n = with_args(c, int_op ? int_op : run_call, args->items, args->n);
    n->impl = impl;
    n->strict = fn_impl_traits(impl)->strict && !(impl->flags & FN_CALLED_ON_NULL);
    n->variadic = e->func.variadic && p->variadic == ANYOID;
    if (impl->flags & (FN_TYPED | FN_USER)) {
        uint32_t *types = ARENA_ARRAY(c->e->arena, uint32_t, args->n + 1);
        for (int i = 0; i < args->n; i++)
            types[i] = args->items[i]->type;
        set_types(c, n, types, e->type);
    }
    keep_cache(c, n);
    return n;
}

static const struct node *case_node(struct compiler *c, const struct expr *e)
{
    int n = e->kase.nwhens;
    struct node *out = node_new(c, run_case, 2 * n + 1 + (e->kase.arg != NULL));
    int at = 0;
    out->flag = e->kase.arg != NULL;
    if (e->kase.arg)
        out->args[at++] = compile(c, e->kase.arg);
    c->cases += out->flag;
    for (int i = 0; i < n; i++) {
        out->args[at++] = compile(c, e->kase.whens[i].cond);
        out->args[at++] = compile(c, e->kase.whens[i].result);
    }
    c->cases -= out->flag;
    out->args[at] = compile(c, e->kase.otherwise);
    return out;
}

static const struct node *distinct_node(struct compiler *c, const struct expr *e)
{
    const struct operator_def *op = e->binary.op;
    if (!op || !op->proc->impl || !op->proc->impl->native || strcmp(op->proc->impl->native, comparisons[CMP_EQ]) != 0)
        return statement(c, e);
    struct expr *both[] = {e->binary.left, e->binary.right};
    struct node *n = with_args(c, run_distinct, both, 2);
    n->flag = e->binary.negated;
    n->type = snapshot_type(c->e->snapshot, e->binary.left->type);
    return n;
}

/* Plain subscripts of true arrays. */
static const struct node *subscript_node(struct compiler *c, const struct expr *e)
{
    const struct type_def *t = snapshot_type(c->e->snapshot, e->subscript.arg->type);
    if (e->subscript.assign || e->subscript.n > 6 || !t || !type_is_array(t) || t->typtype == 'd')
        return statement(c, e);
    struct expr *items[7] = {e->subscript.arg};
    for (int i = 0; i < e->subscript.n; i++) {
        if (e->subscript.subscripts[i].slice)
            return statement(c, e);
        items[i + 1] = e->subscript.subscripts[i].upper;
    }
    return internal_call(c, "array_subscript", items, e->subscript.n + 1, e->type);
}

static const struct node *field_node(struct compiler *c, const struct expr *e)
{
    if (e->field.assign)
        return statement(c, e);
    if (e->field.arg->kind == EXPR_ROW && e->field.field <= e->field.arg->list.args.n)
        return compile(c, e->field.arg->list.args.items[e->field.field - 1]);
    struct expr *items[] = {e->field.arg, expr_const(c->e->arena, INT4OID, -1, value_int(e->field.field), -1)};
    return internal_call(c, "record_field", items, 2, e->type);
}

static const struct node *compile_kind(struct compiler *c, const struct expr *e)
{
    struct node *n;
    struct expr *one[1];
    switch (e->kind) {
    case EXPR_CONST:
        n = node_new(c, run_const, 0);
        n->value = e->constant.value;
        return n;
    case EXPR_PARAM:
        n = node_new(c, run_param, 0);
        n->number = e->param.number - 1;
        c->failed |= n->number < 0 || n->number >= c->e->nparams;
        return n;
    case EXPR_CASE_TEST:
        return node_new(c, run_test, 0);
    case EXPR_FUNC:
    case EXPR_OP:
        return function_call(c, e);
    case EXPR_BOOL:
        n = with_args(c, e->boolean.op == BOOL_NOT ? run_not : run_and_or, e->boolean.args.items, e->boolean.args.n);
        n->flag = e->boolean.op == BOOL_OR;
        return n;
    case EXPR_CASE:
        return case_node(c, e);
    case EXPR_COALESCE:
        return with_args(c, run_coalesce, e->list.args.items, e->list.args.n);
    case EXPR_NULL_TEST:
        if (e->test.row)
            return statement(c, e);
        one[0] = e->test.arg;
        n = with_args(c, run_null_test, one, 1);
        n->flag = e->test.negated;
        return n;
    case EXPR_BOOL_TEST:
        one[0] = e->test.arg;
        n = with_args(c, run_bool_test, one, 1);
        n->number = (int)e->test.test;
        return n;
    case EXPR_DISTINCT:
        return distinct_node(c, e);
    case EXPR_RELABEL:
    case EXPR_COLLATE:
        return compile(c, e->cast.arg);
    case EXPR_ARRAY:
        return e->list.args.n <= 60 ? internal_call(c, "array_construct", e->list.args.items, e->list.args.n, e->type)
                                    : statement(c, e);
    case EXPR_ROW:
        return internal_call(c, "row_construct", e->list.args.items, e->list.args.n, e->type);
    case EXPR_SUBSCRIPT:
        return subscript_node(c, e);
    case EXPR_FIELD:
        return field_node(c, e);
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
    case EXPR_AGG:
    case EXPR_WINDOW:
    case EXPR_GROUPING:
    case EXPR_POISON:
    case EXPR_DEFAULT:
    case EXPR_CURRENT_OF:
        c->failed = true;
        return node_new(c, run_const, 0);
    default:
        return statement(c, e);
    }
}

static const struct node *compile(struct compiler *c, const struct expr *e)
{
    if (++c->depth > MAX_DEPTH)
        c->failed = true;
    const struct node *n = c->failed ? node_new(c, run_const, 0) : compile_kind(c, e);
    c->depth--;
    return n;
}

/* --- statements of their own: the printer's work --------------------------------------------------------------------- */

static bool calls_routine(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)level;
    const struct proc *p = e->kind == EXPR_FUNC || e->kind == EXPR_OP     ? e->func.proc
                           : e->kind == EXPR_AGG || e->kind == EXPR_WINDOW ? e->agg.proc
                                                                           : NULL;
    return p && p->impl && (p->impl->flags & FN_USER);
}

bool expr_calls_routine(const struct expr *e)
{
    struct query_walk w = {.expr = calls_routine};
    return query_walk_expr(&w, (struct expr *)e);
}

/* Parts evaluated before the statement runs, as further parameters. */
struct hoist {
    struct compiler *c;
    const struct node *nodes[32];
    int n;
};

static struct expr *hoist_child(struct expr *child, void *arg)
{
    struct hoist *h = arg;
    if (!expr_calls_routine(child) || h->n == 32)
        return child;
    if (child->kind == EXPR_SUBLINK) /* what it calls runs inside the statement */
        return child;
    struct expr *p = expr_new(h->c->e->arena, EXPR_PARAM, child->type, child->typmod, -1);
    p->collation = child->collation;
    p->param.number = h->c->e->nparams + h->n + 1;
    h->nodes[h->n++] = compile(h->c, child);
    return p;
}

static bool refers_out(struct query_walk *w, struct expr *e, int level)
{
    return ((e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup >= level) ||
           (level == 0 && (e->kind == EXPR_AGG || e->kind == EXPR_WINDOW)) ||
           (e->kind == EXPR_CASE_TEST && *(const int *)w->arg > 0);
}

static struct plan *make_plan(struct compiler *c, struct expr *e, int nparams)
{
    struct arena *a = arena_create();
    struct query *q = ARENA_NEW(a, struct query);
    *q = (struct query){.command = QUERY_SELECT, .result = -1, .ntargets = 1};
    q->targets = ARENA_NEW(a, struct target);
    q->targets[0] = (struct target){.expr = e, .name = "?column?"};
    struct step *st = ARENA_NEW(a, struct step);
    *st = (struct step){.kind = STEP_ROWS, .query = q, .rowset = -1, .ncolumns = 1, .counts = true};
    struct program *g = ARENA_NEW(a, struct program);
    *g = (struct program){.arena = a, .command = QUERY_SELECT, .query = q, .steps = st, .nsteps = 1,
                          .fields = q->targets, .nfields = 1, .nparams = nparams, .has_rows = true};
    g->writes = expr_writes(e);
    q->routine_calls = expr_calls_routine(e);
    if (emit_program(g, c->e->snapshot, c->err))
        return plan_create(a, g, c->e->snapshot, "", 0);
    arena_destroy(a);
    return NULL;
}

static const struct node *statement(struct compiler *c, const struct expr *e)
{
    struct query_walk w = {.expr = refers_out, .arg = &c->cases};
    struct hoist h = {.c = c};
    if (query_walk_expr(&w, (struct expr *)e) || c->e->nplans == 64) {
        c->failed = true;
        return node_new(c, run_const, 0);
    }
    struct expr *copy = expr_copy(c->e->arena, e);
    if (copy->kind == EXPR_COERCE_DOMAIN || copy->kind == EXPR_ARRAY_COERCE) /* checks and casts of elements are about one value each */
        copy->cast.arg = hoist_child(copy->cast.arg, &h);
    else if (copy->kind != EXPR_SUBLINK && expr_calls_routine(copy))
        expr_mutate_children(copy, hoist_child, &h);
    struct node *n = node_new(c, run_statement, h.n);
    for (int i = 0; i < h.n; i++)
        n->args[i] = h.nodes[i];
    n->nparams = c->e->nparams;
    n->plan = make_plan(c, copy, c->e->nparams + h.n);
    if (n->plan)
        c->e->plans[c->e->nplans++] = n;
    else
        c->failed = true;
    return n;
}

/* --- the door ---------------------------------------------------------------------------------------------------------- */

struct evaluation *evaluation_make(const struct expr *e, const struct snapshot *s, int nparams, bool shared,
                                   struct error *err)
{
    struct arena *a = arena_create();
    struct evaluation *out = ARENA_NEW(a, struct evaluation);
    out->arena = a;
    out->snapshot = s;
    out->nparams = nparams;
    out->shared = shared;
    struct compiler c = {.e = out, .err = err};
    out->root = compile(&c, e);
    if (!c.failed && !error_is_set(err))
        return out;
    evaluation_free(out);
    return NULL;
}

void evaluation_free(struct evaluation *e)
{
    if (!e)
        return;
    for (int i = 0; i < e->nplans; i++)
        plan_unref(e->plans[i]->plan);
    for (int i = 0; i < e->ncaches; i++)
        if (*e->caches[i]->cache && *e->caches[i]->cache_free)
            (*e->caches[i]->cache_free)(*e->caches[i]->cache);
    arena_destroy(e->arena);
}

bool evaluation_run(struct evaluation *e, struct eval_context *ctx, const struct value *params, struct arena *arena,
                    struct error *err, struct value *out)
{
    struct run r = {.ctx = ctx, .params = params, .arena = arena, .err = err};
    return eval(e->root, &r, out) && !error_is_set(err);
}
