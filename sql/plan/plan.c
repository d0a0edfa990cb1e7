/*
 * plan.c: from the typed tree to a program: the passes over every query, innermost first, then the steps.
 */
#include "sql/plan/program.h"

#include <string.h>

#include "sql/catalog/acl.h"
#include "sql/plan/planner.h"
#include "sql/plan/privilege.h"
#include "sql/plan/row_security.h"
#include "sql/plan/visible.h"

typedef bool pass_function(struct planner *p, struct query *q);

#define PASS(name) name,
static pass_function *const passes[] = {
#include "sql/plan/passes.def"
};
#undef PASS

/* --- helpers of the passes ---------------------------------------------------------------------- */

struct query *plan_push_down(struct planner *p, struct query *q)
{
    struct query *inner = ARENA_NEW(p->arena, struct query);
    *inner = *q;
    inner->sort = (struct sort_list){0};
    inner->limit = inner->offset = NULL;
    inner->with_ties = false;
    inner->lock = LOCK_NONE;
    inner->level = q->level + 1;
    inner->result = -1;

    *q = (struct query){.command = QUERY_SELECT, .level = inner->level - 1, .result = -1,
                        .sort = q->sort, .limit = q->limit, .offset = q->offset,
                        .with_ties = q->with_ties, .lock = q->lock, .lock_wait = q->lock_wait,
                        .writes = q->writes, .volatile_calls = q->volatile_calls,
                        .routine_calls = q->routine_calls};
    struct sort_item *sort = ARENA_ARRAY(p->arena, struct sort_item, q->sort.n + 1);
    for (int i = 0; i < q->sort.n; i++) {
        sort[i] = q->sort.items[i];
        if (!sort[i].target) {
            plan_add_target(p->arena, inner, sort[i].expr, NULL, true);
            sort[i].target = inner->ntargets;
        }
    }
    q->sort.items = sort;
    for (int i = 0; i < inner->ntargets; i++) {
        struct target *t = plan_add_target(p->arena, q, plan_var(p->arena, 0, i + 1, inner->targets[i].expr),
                                           inner->targets[i].name, inner->targets[i].junk);
        t->table_oid = inner->targets[i].table_oid;
        t->table_attnum = inner->targets[i].table_attnum;
        t->attnum = inner->targets[i].attnum;
    }
    for (int i = 0; i < q->sort.n; i++)
        sort[i].expr = q->targets[sort[i].target - 1].expr;
    query_shift_levels(inner, 1, false);
    plan_add_rte(p->arena, q, plan_subquery_rte(p->arena, inner, "unnamed_subquery"));
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
    return inner;
}

static const struct proc *builtin(const char *name)
{
    int n;
    const struct proc *const *procs = registry_procs_named(name, &n);
    return n > 0 ? procs[0] : NULL;
}

struct expr *plan_window_call(struct planner *p, const char *function, const struct expr_list *partition,
                              const struct sort_list *order)
{
    struct window_def *w = ARENA_NEW(p->arena, struct window_def);
    if (partition)
        w->partition = *partition;
    if (order)
        w->order = *order;
    struct expr *e = expr_new(p->arena, EXPR_WINDOW, INT8OID, -1, -1);
    e->agg.proc = builtin(function);
    e->agg.over = w;
    return e;
}

struct expr *plan_int8(struct planner *p, int64_t i)
{
    return expr_const(p->arena, INT8OID, -1, value_int(i), -1);
}

struct expr *plan_op(struct planner *p, const char *op, struct expr *left, struct expr *right)
{
    int n;
    const struct operator_def *const *ops = registry_operators_named(op, &n);
    for (int i = 0; i < n; i++)
        if (ops[i]->left == left->type && ops[i]->right == right->type) {
            struct expr *e = expr_new(p->arena, EXPR_OP, ops[i]->result, -1, -1);
            e->func.op = ops[i];
            e->func.proc = ops[i]->proc;
            expr_list_add(p->arena, &e->func.args, left);
            expr_list_add(p->arena, &e->func.args, right);
            return e;
        }
    error_set(p->err, ERRCODE_INTERNAL_ERROR, "no operator %s for the planner", op);
    return left;
}

void plan_deny(struct planner *p, const struct error *e)
{
    if (p->program->denied)
        return;
    struct error *copy = ARENA_NEW(p->arena, struct error);
    error_init(copy, p->arena);
    error_copy(copy, e);
    p->program->denied = copy;
}

struct expr *plan_text(struct planner *p, const char *s)
{
    return expr_const(p->arena, TEXTOID, -1, value_textz(s), -1);
}

struct expr *plan_internal_call(struct planner *p, const char *name, uint32_t type, const struct expr_list *args)
{
    struct proc *f = ARENA_NEW(p->arena, struct proc);
    f->name = f->src = name;
    f->kind = 'f';
    f->volatility = 's';
    f->impl = fn_impl_find(name);
    struct expr *e = expr_new(p->arena, EXPR_FUNC, type, -1, -1);
    e->func.proc = f;
    e->func.args = *args;
    return e;
}

struct expr *plan_affect_once(struct planner *p, const char *message, const char *hint, struct expr *value,
                              const struct expr_list *keys)
{
    struct expr_list args = {0};
    expr_list_add(p->arena, &args, plan_text(p, message));
    expr_list_add(p->arena, &args, plan_text(p, hint));
    expr_list_add(p->arena, &args, value);
    for (int i = 0; i < keys->n; i++)
        expr_list_add(p->arena, &args, keys->items[i]);
    return plan_internal_call(p, "affect_once", value->type, &args);
}

struct expr *plan_system_column(struct planner *p, const struct expr *var, struct expr *rowid)
{
    if (var->var.attnum != PLAN_ATTNUM_CTID)
        return expr_const(p->arena, var->type, -1, value_int(var->var.attnum == PLAN_ATTNUM_XMIN ? FROZEN_TRANSACTION_ID : 0), -1);
    struct expr_list args = {0};
    expr_list_add(p->arena, &args, rowid);
    return plan_internal_call(p, "ctid_from_rowid", var->type, &args);
}

/* --- the passes over all queries ------------------------------------------------------------------ */


/* Finds the subqueries of one query: those of sublinks here, the range table's and WITH's by hand. */
static bool rewrite_sublink(struct expr *e, void *arg);

static bool rewrite_window(struct expr *e, struct planner *p)
{
    const struct window_def *w = e->agg.over;
    for (int i = 0; i < w->partition.n; i++)
        if (rewrite_sublink(w->partition.items[i], p))
            return true;
    for (int i = 0; i < w->order.n; i++)
        if (rewrite_sublink(w->order.items[i].expr, p))
            return true;
    return false;
}

static bool rewrite_sublink(struct expr *e, void *arg)
{
    struct planner *p = arg;
    if (e->kind == EXPR_SUBLINK && !plan_rewrite(p, e->sublink.query))
        return true;
    if (e->kind == EXPR_WINDOW && e->agg.over && rewrite_window(e, p))
        return true;
    return expr_walk_children(e, rewrite_sublink, arg);
}

static struct expr *rewrite_top(struct expr *e, void *arg)
{
    rewrite_sublink(e, arg);
    return e;
}

bool plan_rewrite(struct planner *p, struct query *q)
{
    for (int i = 0; i < q->nctes; i++)
        if (!plan_rewrite(p, q->ctes[i]->query))
            return false;
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->subquery && !plan_rewrite(p, q->rtable[i]->subquery))
            return false;
    query_mutate_exprs(q, rewrite_top, p);
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
        if (error_is_set(p->err) || !passes[i](p, q))
            return false;
    return !error_is_set(p->err);
}

/* --- the program -------------------------------------------------------------------------------------- */

struct step *plan_add_step(struct planner *p, enum step_kind kind, struct query *q)
{
    struct program *g = p->program;
    struct step *steps = ARENA_ARRAY(p->arena, struct step, g->nsteps + 1);
    if (g->nsteps)
        memcpy(steps, g->steps, sizeof(*steps) * (size_t)g->nsteps);
    g->steps = steps;
    struct step *st = &steps[g->nsteps++];
    *st = (struct step){.kind = kind, .query = q, .rowset = -1};
    plan_add_checks(p, q);
    if (q->command != QUERY_SELECT && q->result >= 0) {
        st->target = q->rtable[q->result]->relation;
        st->named = q->rtable[q->result]->named;
    }
    return st;
}

static bool marks_writes(struct query_walk *w, struct query *q, int level)
{
    (void)w;
    (void)level;
    return q->writes || q->lock != LOCK_NONE || (q->command != QUERY_SELECT && q->command != QUERY_UTILITY);
}

bool plan_in_replica_role(struct eval_context *ctx)
{
    const char *role = ctx && ctx->setting ? ctx->setting(ctx, "session_replication_role") : NULL;
    return role && !strcmp(role, "replica");
}

static bool changes_without_keys(struct query_walk *w, struct query *q, int level)
{
    (void)w;
    (void)level;
    bool changes = q->command != QUERY_SELECT && q->command != QUERY_UTILITY;
    const struct relation *r = changes && q->result >= 0 ? q->rtable[q->result]->relation : NULL;
    return r && r->keys_off;
}

/* Temporary tables may be written to in read-only transactions. */
static bool marks_permanent(struct query_walk *w, struct query *q, int level)
{
    (void)w;
    (void)level;
    bool changes = q->command != QUERY_SELECT && q->command != QUERY_UTILITY;
    const struct relation *r = changes && q->result >= 0 ? q->rtable[q->result]->relation : NULL;
    if (changes)
        return !r || r->persistence != 't';
    for (int i = 0; q->lock != LOCK_NONE && i < q->nrtable; i++)
        if (q->rtable[i]->relation && q->rtable[i]->relation->persistence != 't')
            return true;
    return q->lock != LOCK_NONE && !q->nrtable;
}

static bool calls_writer(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)level;
    const struct proc *proc = e->kind == EXPR_FUNC || e->kind == EXPR_OP ? e->func.proc : NULL;
    return proc && proc->impl && (proc->impl->flags & FN_WRITES);
}

bool expr_writes(struct expr *e)
{
    struct query_walk w = {.expr = calls_writer, .query = marks_writes};
    return query_walk_expr(&w, e);
}

/* Only a client's SELECT has its columns; DML has those of RETURNING. */
static void set_fields(struct program *g, struct query *q)
{
    struct target *from = q->command == QUERY_SELECT ? q->targets : q->returning;
    int n = q->command == QUERY_SELECT ? q->ntargets : q->nreturning;
    g->fields = ARENA_ARRAY(g->arena, struct target, n + 1);
    for (int i = 0; i < n; i++)
        if (!from[i].junk)
            g->fields[g->nfields++] = from[i];
    g->has_rows = q->command == QUERY_SELECT || n > 0;
}

struct program *plan_query(struct query *q, const struct snapshot *s, const uint32_t *params, int nparams,
                           struct arena *arena, struct eval_context *ctx, struct error *err)
{
    struct program *g = ARENA_NEW(arena, struct program);
    *g = (struct program){.arena = arena, .command = q->command, .query = q, .utility = q->utility,
                          .params = params, .nparams = nparams};
    if (q->command == QUERY_UTILITY)
        return g;
    struct planner p = {.arena = arena, .snapshot = s, .ctx = ctx, .err = err, .program = g};
    struct query_walk w = {.expr = calls_writer, .query = marks_writes};
    g->writes = query_walk(&w, q);
    struct query_walk permanent = {.query = marks_permanent};
    struct query_walk keys = {.query = changes_without_keys};
    g->keys_off = g->writes && (plan_in_replica_role(ctx) || query_walk(&keys, q));
    g->writes_permanent = g->writes && query_walk(&permanent, q);
    if (ctx && ctx->role && !role_is_super(s, ctx->role)) {
        struct error *denied = ARENA_NEW(arena, struct error);
        error_init(denied, arena);
        privilege_check(s, q, ctx->role, arena, denied);
        g->denied = error_is_set(denied) ? denied : NULL;
    }
    if (g->writes)
        visible_note_targets(arena, q);
    if (!row_security_apply(&p, q))
        return NULL;
    set_fields(g, q);
    if (q->for_cursor)
        plan_cursor_rows(&p, q);
    plan_current_of(&p, q);
    if (!plan_rewrite(&p, q) || !plan_steps(&p, q))
        return NULL;
    plan_calls(&p, q);
    return g;
}
