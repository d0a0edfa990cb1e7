/*
 * pass_full_join.c: a FULL JOIN whose conditions PostgreSQL can neither merge nor hash is refused, as there. One equality between the
 * sides that hashes is enough; without one, every condition must be an equality that merges, or a constant.
 */
#include "sql/plan/planner.h"

/* The entries of a join's two sides. */
struct full_join {
    struct planner *p;
    const bool *left, *right;
    bool hashes, refuses;
};

static void mark_entries(const struct from_node *n, bool *entries)
{
    if (n->rte >= 0) {
        entries[n->rte] = true;
        return;
    }
    mark_entries(n->left, entries);
    mark_entries(n->right, entries);
}

/* Which sides an expression names, as bits; 4: entries of neither. */
struct sides_named {
    const struct full_join *j;
    int sides;
};

static bool note_side(struct query_walk *w, struct expr *e, int level)
{
    struct sides_named *s = w->arg;
    if ((e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level)
        s->sides |= s->j->left[e->var.rte] ? 1 : s->j->right[e->var.rte] ? 2 : 4;
    return false;
}

static int sides_of(const struct full_join *j, struct expr *e)
{
    struct sides_named s = {.j = j};
    struct query_walk w = {.expr = note_side, .arg = &s};
    query_walk_expr(&w, e);
    return s.sides;
}

static void judge_equality(struct full_join *j, const struct operator_def *op, struct expr *a, struct expr *b)
{
    int sa = sides_of(j, a), sb = sides_of(j, b);
    bool between = ((sa == 1 && sb == 2) || (sa == 2 && sb == 1)) && !expr_is_volatile(a) && !expr_is_volatile(b);
    j->hashes = j->hashes || (between && op->canhash);
    j->refuses = j->refuses || !between || !op->canmerge;
}

/* NOT (a <> b) is a = b, as for PostgreSQL. */
static const struct operator_def *negated(struct full_join *j, const struct expr *e)
{
    const struct expr *arg = e->boolean.args.items[0];
    return arg->kind == EXPR_OP && arg->func.op->negator ? snapshot_operator(j->p->snapshot, arg->func.op->negator) : NULL;
}

static void judge(struct full_join *j, struct expr *e)
{
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND) {
        for (int i = 0; i < e->boolean.args.n; i++)
            judge(j, e->boolean.args.items[i]);
        return;
    }
    bool negation = e->kind == EXPR_BOOL && e->boolean.op == BOOL_NOT;
    const struct operator_def *op = negation ? negated(j, e) : e->kind == EXPR_OP ? e->func.op : NULL;
    const struct expr_list *args = negation && op ? &e->boolean.args.items[0]->func.args : op ? &e->func.args : NULL;
    if (op && args->n == 2) {
        judge_equality(j, op, args->items[0], args->items[1]);
    } else if (e->kind == EXPR_ROW_COMPARE && e->row_compare.compare == 3) {
        for (int i = 0; i < e->row_compare.left.n; i++)
            judge_equality(j, e->row_compare.ops[i], e->row_compare.left.items[i], e->row_compare.right.items[i]);
    } else {
        j->refuses = j->refuses || (e->kind != EXPR_CONST && e->kind != EXPR_PARAM);
    }
}

static bool check_join(struct planner *p, const struct query *q, const struct from_node *n)
{
    if (n->rte >= 0)
        return true;
    if (n->join == JOIN_FULL && n->on) {
        bool *left = ARENA_ARRAY(p->arena, bool, q->nrtable), *right = ARENA_ARRAY(p->arena, bool, q->nrtable);
        mark_entries(n->left, left);
        mark_entries(n->right, right);
        struct full_join j = {.p = p, .left = left, .right = right};
        judge(&j, n->on);
        if (j.refuses && !j.hashes)
            return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions");
    }
    return check_join(p, q, n->left) && check_join(p, q, n->right);
}

/* WHERE false: no join is carried out. */
static bool gives_nothing(const struct query *q)
{
    const struct expr *e = q->where;
    return e && e->kind == EXPR_CONST && !e->constant.hoistable && (value_is_null(&e->constant.value) || e->constant.value.i == 0);
}

bool pass_full_join(struct planner *p, struct query *q)
{
    for (int i = 0; i < q->nfrom && !gives_nothing(q); i++)
        if (!check_join(p, q, q->from[i]))
            return false;
    return true;
}
