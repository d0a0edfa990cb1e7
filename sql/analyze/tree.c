/*
 * tree.c: constructors of expression nodes and the walk over their children: the one place that
 * knows which fields of a node hold expressions.
 */
#include "sql/analyze/tree.h"

#include <string.h>

#include "sql/base/arena.h"
#include "sql/types/typeoid.h"

struct expr *expr_new(struct arena *a, enum expr_kind kind, uint32_t type, int32_t typmod,
                      int location)
{
    struct expr *e = ARENA_NEW(a, struct expr);

    e->kind = kind;
    e->type = type;
    e->typmod = typmod;
    e->location = location;
    return e;
}

struct expr *expr_const(struct arena *a, uint32_t type, int32_t typmod, struct value v,
                        int location)
{
    struct expr *e = expr_new(a, EXPR_CONST, type, typmod, location);

    e->constant.value = v;
    return e;
}

struct expr *expr_null(struct arena *a, uint32_t type, int location)
{
    return expr_const(a, type, -1, value_null(), location);
}

struct expr *expr_bool(struct arena *a, enum bool_kind op, struct expr *left, struct expr *right)
{
    struct expr *e = expr_new(a, EXPR_BOOL, BOOLOID, -1, left->location);

    e->boolean.op = op;
    expr_list_add(a, &e->boolean.args, left);
    if (right != NULL)
        expr_list_add(a, &e->boolean.args, right);
    return e;
}

void expr_list_add(struct arena *a, struct expr_list *l, struct expr *e)
{
    /* Full at 0, 4, 8, 16, ...: the capacity follows from the count. */
    if (l->n == 0 || (l->n >= 4 && (l->n & (l->n - 1)) == 0)) {
        struct expr **items = ARENA_ARRAY(a, struct expr *, l->n == 0 ? 4 : l->n * 2);
        if (l->n > 0)
            memcpy(items, l->items, sizeof(*items) * (size_t)l->n);
        l->items = items;
    }
    l->items[l->n++] = e;
}

/* --- children ------------------------------------------------------------------------------- */

/* Gives each place that holds a child to step; stops at true. */
typedef bool (*slot_step)(struct expr **slot, void *arg);

static bool slot(struct expr **s, slot_step step, void *arg)
{
    return *s != NULL && step(s, arg);
}

static bool slots(struct expr_list *l, slot_step step, void *arg)
{
    for (int i = 0; i < l->n; i++) {
        if (slot(&l->items[i], step, arg))
            return true;
    }
    return false;
}

static bool sort_slots(struct sort_list *l, slot_step step, void *arg)
{
    for (int i = 0; i < l->n; i++) {
        if (slot(&l->items[i].expr, step, arg))
            return true;
    }
    return false;
}

static bool case_slots(struct expr *e, slot_step step, void *arg)
{
    if (slot(&e->kase.arg, step, arg))
        return true;
    for (int i = 0; i < e->kase.nwhens; i++) {
        if (slot(&e->kase.whens[i].cond, step, arg) || slot(&e->kase.whens[i].result, step, arg))
            return true;
    }
    return slot(&e->kase.otherwise, step, arg);
}

static bool subscript_slots(struct expr *e, slot_step step, void *arg)
{
    if (slot(&e->subscript.arg, step, arg))
        return true;
    for (int i = 0; i < e->subscript.n; i++) {
        if (slot(&e->subscript.subscripts[i].lower, step, arg) ||
            slot(&e->subscript.subscripts[i].upper, step, arg))
            return true;
    }
    return slot(&e->subscript.assign, step, arg);
}

static bool child_slots(struct expr *e, slot_step step, void *arg)
{
    switch (e->kind) {
    case EXPR_POISON:
    case EXPR_CONST:
    case EXPR_PARAM:
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
    case EXPR_CASE_TEST:
    case EXPR_SQL_VALUE:
    case EXPR_DEFAULT:
    case EXPR_CURRENT_OF:
        return false;
    case EXPR_FUNC:
    case EXPR_OP:
        return slots(&e->func.args, step, arg);
    case EXPR_AGG:
    case EXPR_WINDOW:
        return slots(&e->agg.direct, step, arg) || slots(&e->agg.args, step, arg) ||
               sort_slots(&e->agg.order, step, arg) || slot(&e->agg.filter, step, arg);
    case EXPR_GROUPING:
        return slots(&e->grouping.args, step, arg);
    case EXPR_BOOL:
        return slots(&e->boolean.args, step, arg);
    case EXPR_CASE:
        return case_slots(e, step, arg);
    case EXPR_COALESCE:
    case EXPR_MINMAX:
    case EXPR_ARRAY:
    case EXPR_ROW:
        return slots(&e->list.args, step, arg);
    case EXPR_NULL_TEST:
    case EXPR_BOOL_TEST:
        return slot(&e->test.arg, step, arg);
    case EXPR_NULLIF:
    case EXPR_DISTINCT:
    case EXPR_ARRAY_OP:
        return slot(&e->binary.left, step, arg) || slot(&e->binary.right, step, arg);
    case EXPR_SUBLINK:
        return slots(&e->sublink.left, step, arg);
    case EXPR_ROW_COMPARE:
        return slots(&e->row_compare.left, step, arg) || slots(&e->row_compare.right, step, arg);
    case EXPR_RELABEL:
    case EXPR_COERCE_IO:
    case EXPR_COLLATE:
        return slot(&e->cast.arg, step, arg);
    case EXPR_COERCE_DOMAIN:
    case EXPR_ARRAY_COERCE:
        return slot(&e->cast.arg, step, arg) || slot(&e->cast.element, step, arg);
    case EXPR_SUBSCRIPT:
        return subscript_slots(e, step, arg);
    case EXPR_FIELD:
        return slot(&e->field.arg, step, arg) || slot(&e->field.assign, step, arg);
    }
    return false;
}

struct visit_arg {
    bool (*visit)(struct expr *child, void *arg);
    void *arg;
};

static bool visit_slot(struct expr **s, void *p)
{
    struct visit_arg *v = p;

    return v->visit(*s, v->arg);
}

bool expr_walk_children(struct expr *e, bool (*visit)(struct expr *child, void *arg), void *arg)
{
    struct visit_arg v = {visit, arg};

    return child_slots(e, visit_slot, &v);
}

struct mutate_arg {
    struct expr *(*mutate)(struct expr *child, void *arg);
    void *arg;
    /* Expressions of the target list before and after: other clauses may share their nodes. */
    struct expr **before, **after;
    int n;
};

static bool mutate_slot(struct expr **s, void *p)
{
    struct mutate_arg *m = p;

    *s = m->mutate(*s, m->arg);
    return false;
}

void expr_mutate_children(struct expr *e, struct expr *(*mutate)(struct expr *child, void *arg),
                          void *arg)
{
    struct mutate_arg m = {.mutate = mutate, .arg = arg};

    child_slots(e, mutate_slot, &m);
}

/* --- the expressions of a query ----------------------------------------------------------------
 */

/* The targets are done once; whoever shares a node with them gets the same replacement. */
static bool mutate_shared_slot(struct expr **s, void *p)
{
    struct mutate_arg *m = p;

    for (int i = 0; i < m->n; i++) {
        if (*s == m->before[i]) {
            *s = m->after[i];
            return false;
        }
    }
    return mutate_slot(s, p);
}

static void mutate_targets(struct target *t, int n, struct mutate_arg *m)
{
    for (int i = 0; i < n; i++)
        slot(&t[i].expr, mutate_shared_slot, m);
}

static void mutate_from(struct from_node *n, struct mutate_arg *m)
{
    if (n == NULL || n->rte >= 0)
        return;
    mutate_from(n->left, m);
    mutate_from(n->right, m);
    slot(&n->on, mutate_shared_slot, m);
}

static void mutate_rte(struct rte *r, struct mutate_arg *m)
{
    for (int i = 0; r->kind == RTE_FUNCTION && i < r->function.n; i++)
        slot(&r->function.calls[i], mutate_shared_slot, m);
    for (int i = 0; r->kind == RTE_VALUES && i < r->values.n; i++)
        slots(&r->values.rows[i], mutate_shared_slot, m);
    slot(&r->tablesample, mutate_shared_slot, m);
    slot(&r->sample_repeatable, mutate_shared_slot, m);
}

static void mutate_window(struct window_def *w, struct mutate_arg *m)
{
    slots(&w->partition, mutate_shared_slot, m);
    sort_slots(&w->order, mutate_shared_slot, m);
    slot(&w->start_offset, mutate_shared_slot, m);
    slot(&w->end_offset, mutate_shared_slot, m);
}

static void mutate_dml(struct query *q, struct mutate_arg *m)
{
    if (q->conflict != NULL) {
        mutate_targets(q->conflict->set, q->conflict->nset, m);
        slot(&q->conflict->where, mutate_shared_slot, m);
    }
    mutate_targets(q->returning, q->nreturning, m);
    for (int i = 0; i < q->nmerge; i++) {
        slot(&q->merge[i].condition, mutate_shared_slot, m);
        mutate_targets(q->merge[i].targets, q->merge[i].ntargets, m);
    }
}

#define MUTATE_SHARED_INLINE 512

void query_mutate_exprs(struct query *q, struct expr *(*mutate)(struct expr *e, void *arg),
                        void *arg)
{
    struct expr *before[MUTATE_SHARED_INLINE], *after[MUTATE_SHARED_INLINE];
    struct mutate_arg m = {.mutate = mutate, .arg = arg, .before = before, .after = after};

    for (int i = 0; i < q->ntargets; i++) {
        struct expr *old = q->targets[i].expr;

        if (old == NULL)
            continue;
        mutate_shared_slot(&q->targets[i].expr, &m);
        if (m.n < MUTATE_SHARED_INLINE) {
            before[m.n] = old;
            after[m.n++] = q->targets[i].expr;
        }
    }
    for (int i = 0; i < q->nfrom; i++)
        mutate_from(q->from[i], &m);
    for (int i = 0; i < q->nrtable; i++)
        mutate_rte(q->rtable[i], &m);
    slot(&q->where, mutate_shared_slot, &m);
    slots(&q->group, mutate_shared_slot, &m);
    slot(&q->having, mutate_shared_slot, &m);
    for (int i = 0; i < q->nwindows; i++)
        mutate_window(q->windows[i], &m);
    sort_slots(&q->distinct_on, mutate_shared_slot, &m);
    sort_slots(&q->sort, mutate_shared_slot, &m);
    slot(&q->limit, mutate_shared_slot, &m);
    slot(&q->offset, mutate_shared_slot, &m);
    mutate_dml(q, &m);
}
