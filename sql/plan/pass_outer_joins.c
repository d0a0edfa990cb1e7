/*
 * pass_outer_joins.c: an outer join is an inner one when a condition wants columns of the side that may have no row, a RIGHT JOIN
 * is a LEFT JOIN with its sides exchanged. SQLite 3.40 gets some conditions over RIGHT and FULL JOIN wrong, and finds fewer
 * indexes for them. FOR UPDATE and kin are refused for a side that may still have no row.
 */
#include "sql/plan/planner.h"

struct sides {
    struct arena *arena;
    int n;          /* entries */
    bool *nullable; /* per entry: it may have no row */
    bool changed;
};

/* A set of entries, none yet. */
static bool *new_set(const struct sides *s)
{
    return ARENA_ARRAY(s->arena, bool, s->n + 1);
}

static void mark_condition(const struct sides *s, const struct expr *e, bool *wanted);

/* OR is not true without what each of its parts wants. */
static void mark_common(const struct sides *s, const struct expr_list *parts, bool *wanted)
{
    bool *common = new_set(s);
    for (int i = 0; i < parts->n; i++) {
        bool *one = new_set(s);
        mark_condition(s, parts->items[i], one);
        for (int k = 0; k < s->n; k++)
            common[k] = one[k] && (common[k] || i == 0);
    }
    for (int k = 0; k < s->n; k++)
        wanted[k] = wanted[k] || common[k];
}

/* Is e NULL when the entry has no row? Marks such entries. */
static void mark_strict(const struct expr *e, bool *wanted)
{
    switch (e->kind) {
    case EXPR_VAR:
        if (e->var.levelsup == 0)
            wanted[e->var.rte] = true;
        break;
    case EXPR_FUNC:
    case EXPR_OP:
        for (int i = 0; e->func.proc && e->func.proc->strict && i < e->func.args.n; i++)
            mark_strict(e->func.args.items[i], wanted);
        break;
    case EXPR_BOOL:
        if (e->boolean.op == BOOL_NOT)
            mark_strict(e->boolean.args.items[0], wanted);
        break;
    case EXPR_RELABEL:
    case EXPR_COERCE_IO:
    case EXPR_COLLATE:
        mark_strict(e->cast.arg, wanted);
        break;
    default:
        break;
    }
}

/* Marks the entries without which a condition is not true. */
static void mark_condition(const struct sides *s, const struct expr *e, bool *wanted)
{
    if (!e)
        return;
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND)
        for (int i = 0; i < e->boolean.args.n; i++)
            mark_condition(s, e->boolean.args.items[i], wanted);
    else if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_OR)
        mark_common(s, &e->boolean.args, wanted);
    else if (e->kind == EXPR_NULL_TEST && e->test.negated && !e->test.row)
        mark_strict(e->test.arg, wanted);
    else
        mark_strict(e, wanted);
}

static bool has_wanted(const bool *wanted, const struct from_node *n)
{
    return n->rte >= 0 ? wanted[n->rte] : has_wanted(wanted, n->left) || has_wanted(wanted, n->right);
}

/* Conditions of inner joins count as WHERE does. */
static void mark_inner(const struct sides *s, const struct from_node *n, bool *wanted)
{
    if (n->rte >= 0)
        return;
    bool inner = n->join == JOIN_INNER || n->join == JOIN_CROSS;
    if (inner)
        mark_condition(s, n->on, wanted);
    if (inner || n->join == JOIN_LEFT)
        mark_inner(s, n->left, wanted);
    if (inner || n->join == JOIN_RIGHT)
        mark_inner(s, n->right, wanted);
}

/* Inside the side that may be left without a row, the join's own condition counts as WHERE does. */
static void reduce(struct sides *s, struct from_node *n, bool *wanted)
{
    if (n->rte >= 0)
        return;
    bool left = n->join == JOIN_RIGHT || n->join == JOIN_FULL, right = n->join == JOIN_LEFT || n->join == JOIN_FULL;
    bool keep_left = left && !has_wanted(wanted, n->left), keep_right = right && !has_wanted(wanted, n->right);
    if (left != keep_left || right != keep_right) {
        n->join = keep_left && keep_right ? JOIN_FULL : keep_left ? JOIN_RIGHT : keep_right ? JOIN_LEFT : JOIN_INNER;
        s->changed = true;
    }
    /* Conditions of an inner join on the left of a FULL JOIN are taken for WHERE's when they name no column: on the right they are not. */
    if (n->join == JOIN_RIGHT || (n->join == JOIN_FULL && n->left->rte < 0 && n->right->rte >= 0)) {
        struct from_node *swap = n->left;
        n->left = n->right;
        n->right = swap;
        n->join = n->join == JOIN_RIGHT ? JOIN_LEFT : JOIN_FULL;
    }
    reduce(s, n->left, wanted);
    if (n->join == JOIN_LEFT && n->right->rte < 0) {
        wanted = new_set(s);
        mark_condition(s, n->on, wanted);
        mark_inner(s, n->right, wanted);
    }
    reduce(s, n->right, wanted);
}

static void mark_nullable(struct sides *s, const struct from_node *n, bool nullable)
{
    if (n->rte >= 0) {
        s->nullable[n->rte] = nullable;
        return;
    }
    mark_nullable(s, n->left, nullable || n->join == JOIN_FULL);
    mark_nullable(s, n->right, nullable || (n->join != JOIN_INNER && n->join != JOIN_CROSS));
}

static bool is_locked(const struct query *q, int rte)
{
    const struct rte *t = q->rtable[rte];
    if (!q->locked_rtes)
        return t->in_from && (t->kind == RTE_RELATION || t->kind == RTE_SUBQUERY);
    for (int i = 0; i < q->nlocked_rtes; i++)
        if (q->locked_rtes[i] == rte)
            return true;
    return false;
}

static bool check_locks(struct planner *p, const struct query *q, struct sides *s)
{
    static const char *const names[] = {[LOCK_KEY_SHARE] = "FOR KEY SHARE", [LOCK_SHARE] = "FOR SHARE",
                                        [LOCK_NO_KEY_UPDATE] = "FOR NO KEY UPDATE", [LOCK_UPDATE] = "FOR UPDATE"};
    for (int i = 0; i < q->nfrom; i++)
        mark_nullable(s, q->from[i], false);
    for (int i = 0; i < q->nrtable; i++)
        if (s->nullable[i] && is_locked(q, i))
            return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "%s cannot be applied to the nullable side of an outer join", names[q->lock]);
    return true;
}

bool pass_outer_joins(struct planner *p, struct query *q)
{
    bool joins = false;
    for (int i = 0; i < q->nfrom; i++)
        joins = joins || q->from[i]->rte < 0;
    if (!joins)
        return true;
    struct sides s = {.arena = p->arena, .n = q->nrtable};
    s.nullable = new_set(&s);
    do {
        bool *wanted = new_set(&s);
        s.changed = false;
        mark_condition(&s, q->where, wanted);
        for (int i = 0; i < q->nfrom; i++)
            mark_inner(&s, q->from[i], wanted);
        for (int i = 0; i < q->nfrom; i++)
            reduce(&s, q->from[i], wanted);
    } while (s.changed);
    return q->lock == LOCK_NONE || check_locks(p, q, &s);
}
