/* knn_index.c: see knn_index.h. Keys that are expressions and predicates of partial indexes are analyzed from their stored
   text and compared as trees. */
#include "sql/plan/knn_index.h"

#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/analyze/predicate.h"
#include "sql/base/error.h"

static const struct expr *strip(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL)
        e = e->cast.arg;
    return e;
}

static bool set_rte(struct query_walk *w, struct expr *e, int level)
{
    if ((e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level)
        e->var.rte = *(const int *)w->arg;
    return false;
}

/* A stored expression of an index over entry rte; NULL with p->err set. */
static struct expr *stored(struct planner *p, const struct index_def *ix, const char *sql, uint32_t type, int rte)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE, PUBLIC_NAMESPACE};
    struct analysis a = {.arena = p->arena, .snapshot = p->snapshot, .err = p->err, .search_path = path,
                         .nsearch_path = 2, .ctx = p->ctx, .role_name = "", .session_role_name = "",
                         .database = ""};
    struct expr *e = analyze_expression(&a, sql, ix->table, type, -1, "index expressions");
    struct query_walk w = {.expr = set_rte, .arg = &rte};
    if (e)
        query_walk_expr(&w, e);
    return e;
}

bool knn_each_conjunct(struct expr *condition, bool (*visit)(void *arg, struct expr *conjunct), void *arg)
{
    if (!condition)
        return false;
    if (condition->kind != EXPR_BOOL || condition->boolean.op != BOOL_AND)
        return visit(arg, condition);
    for (int i = 0; i < condition->boolean.args.n; i++)
        if (knn_each_conjunct(condition->boolean.args.items[i], visit, arg))
            return true;
    return false;
}

struct implied {
    const struct planner *p;
    struct expr *where, *key;
};

/* A conjunct of the predicate that WHERE does not imply; that the key is not NULL goes without saying. */
static bool is_missing(void *arg, struct expr *conjunct)
{
    const struct implied *x = arg;
    if (conjunct->kind == EXPR_NULL_TEST && conjunct->test.negated && expr_equal(conjunct->test.arg, x->key))
        return false;
    return !x->where || !predicate_implied(x->p->snapshot, x->p->ctx, x->where, conjunct);
}

static bool serves(struct planner *p, const struct query *q, const struct index_def *ix, int rte, struct expr *key)
{
    const struct index_column *k = &ix->columns[0];
    if (k->attnum) {
        const struct expr *column = strip(key);
        if (column->kind != EXPR_VAR || column->var.attnum != k->attnum)
            return false;
    } else {
        struct expr *own = stored(p, ix, k->expr_sql, 0, rte);
        if (!own || !expr_equal(strip(own), strip(key)))
            return false;
    }
    if (!ix->predicate_sql)
        return true;
    struct implied x = {.p = p, .where = q->where, .key = key};
    struct expr *predicate = stored(p, ix, ix->predicate_sql, BOOLOID, rte);
    return predicate && !knn_each_conjunct(predicate, is_missing, &x);
}

/* The one entry of the query's own level that e refers to, -1 when none or several. */
static int only_rte(const struct query *q, struct expr *e)
{
    int found = -1;
    for (int i = 0; i < q->nrtable; i++)
        if (expr_uses_rte(e, i)) {
            if (found >= 0)
                return -1;
            found = i;
        }
    return found;
}

/* Of indexes that serve alike, one of fewer rows is preferred, then one that knows more of them. */
static int preference(const struct index_def *ix)
{
    return 2 * (ix->predicate_sql != NULL) + (ix->ncolumns > ix->nkeys);
}

bool knn_find_index(struct planner *p, const struct query *q, const struct expr *order, struct knn_order *out)
{
    out->index = NULL;
    if (order->kind != EXPR_OP || order->func.args.n != 2)
        return false;
    for (int side = 0; side < 2; side++) {
        struct expr *key = order->func.args.items[side], *other = order->func.args.items[1 - side];
        int rte = only_rte(q, key);
        if (rte < 0 || expr_uses_rte(other, -1) || expr_is_volatile(other))
            continue;
        const struct rte *t = q->rtable[rte];
        if (t->kind != RTE_RELATION || t->relation->without_rowid || t->tablesample || t->vector)
            continue;
        for (int i = 0; i < t->relation->nindexes && !error_is_set(p->err); i++) {
            const struct index_def *ix = t->relation->indexes[i];
            const struct opclass_def *c = ix->nkeys == 1 ? snapshot_opclass(p->snapshot, ix->columns[0].opclass) : NULL;
            bool better = !out->index || preference(ix) > preference(out->index);
            if (better && c && ix->valid && ix->sqlite_name && c->ordering_operator &&
                c->ordering_operator == order->func.op->oid && serves(p, q, ix, rte, key))
                *out = (struct knn_order){.rte = rte, .index = ix, .query = other, .key = key};
        }
        if (out->index)
            return true;
    }
    return false;
}

static const char *metric_of(const struct expr *order)
{
    static const char *const metrics[][2] = {{"<->", "l2"}, {"<#>", "ip"}, {"<=>", "cosine"}, {"<+>", "l1"}};
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        if (strcmp(order->func.op->name, metrics[i][0]) == 0)
            return metrics[i][1];
    return NULL;
}

static bool is_stored_table(const struct rte *t)
{
    return t->kind == RTE_RELATION && t->relation->kind == RELKIND_TABLE && !t->relation->without_rowid &&
           !t->tablesample && !t->vector;
}

bool knn_find_exact(struct planner *p, const struct query *q, const struct expr *order, struct knn_order *out)
{
    if (order->kind != EXPR_OP || order->func.args.n != 2 || !metric_of(order))
        return false;
    for (int side = 0; side < 2; side++) {
        struct expr *key = order->func.args.items[side], *other = order->func.args.items[1 - side];
        const struct type_def *t = snapshot_type(p->snapshot, key->type);
        int rte = only_rte(q, key);
        if (rte < 0 || !t || (strcmp(t->name, "vector") && strcmp(t->name, "halfvec")) || other->type != key->type ||
            expr_is_volatile(key) || expr_is_volatile(other) || expr_uses_rte(other, -1) ||
            !is_stored_table(q->rtable[rte]))
            continue;
        *out = (struct knn_order){.rte = rte, .query = other, .key = key, .type = t->name, .metric = metric_of(order)};
        return true;
    }
    return false;
}

/* --- filters ------------------------------------------------------------------------------------------------------- */

static bool begins_a_key(const struct relation *r, int rte, const struct expr *column)
{
    column = strip(column);
    if (column->kind != EXPR_VAR || column->var.levelsup || column->var.rte != rte)
        return false;
    if (column->var.attnum == r->rowid_attnum)
        return true;
    for (int i = 0; i < r->nindexes; i++)
        if (strcmp(r->indexes[i]->am_name, "btree") == 0 && !r->indexes[i]->predicate_sql &&
            r->indexes[i]->nkeys && r->indexes[i]->columns[0].attnum == column->var.attnum)
            return true;
    return false;
}

bool knn_found_by_index(const struct relation *r, int rte, const struct expr *e)
{
    static const char *const operators[] = {"=", "<", "<=", ">", ">="};
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND) {
        for (int i = 0; i < e->boolean.args.n; i++)
            if (knn_found_by_index(r, rte, e->boolean.args.items[i]))
                return true;
        return false;
    }
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_OR) {
        for (int i = 0; i < e->boolean.args.n; i++)
            if (!knn_found_by_index(r, rte, e->boolean.args.items[i]))
                return false;
        return e->boolean.args.n > 0;
    }
    if (e->kind == EXPR_ARRAY_OP && e->binary.any && strcmp(e->binary.op->name, "=") == 0)
        return begins_a_key(r, rte, e->binary.left);
    if (e->kind == EXPR_OP && e->func.args.n == 2)
        for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
            if (strcmp(e->func.op->name, operators[i]) == 0)
                return begins_a_key(r, rte, e->func.args.items[0]) || begins_a_key(r, rte, e->func.args.items[1]);
    return false;
}
