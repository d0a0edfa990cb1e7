/*
 * pass_knn.c: ORDER BY key <op> vector LIMIT k over a table with a vector index of that operator on that key: the index's
 * scan gives the nearest rows that pass the rest of the query, of which ORDER BY and LIMIT then make the exact answer. Without
 * such an index, or when it must not be used, a query of one table compares all its rows in one pass (plan_exact); any other
 * stays as it is.
 *
 * Joins: a row of the table counts when the joins and WHERE make at least one row of it. So the k nearest rows that
 * count hold the k nearest rows of the join.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/error.h"
#include "sql/plan/knn_index.h"
#include "sql/plan/vector_condition.h"
#include "sql/plan/vector_scan.h"

static bool is_plain(const struct query *q)
{
    return q->command == QUERY_SELECT && !q->setop && !q->with_ties && q->sort.n >= 1 && q->nfrom >= 1 &&
           !q->group.n && !q->grouping_sets && !q->having && !q->has_aggs && !q->has_windows && !q->has_srfs &&
           !q->distinct && !q->distinct_on.n && !q->sort.items[0].desc;
}

/* --- the table's place in FROM --------------------------------------------------------------------------------- */

/* Is the entry below n, and so that every row of the join is of one of its rows? */
static bool preserved(const struct from_node *n, int rte)
{
    if (n->rte >= 0)
        return n->rte == rte;
    bool inner = n->join == JOIN_INNER || n->join == JOIN_CROSS;
    return ((inner || n->join == JOIN_LEFT) && preserved(n->left, rte)) || (inner && preserved(n->right, rte));
}

/* Makes the entry the leftmost of its item: the scan then drives the join. */
static void move_left(struct from_node *n, int rte)
{
    if (n->rte >= 0)
        return;
    if (!preserved(n->left, rte)) {
        struct from_node *left = n->left;
        n->left = n->right;
        n->right = left;
    }
    move_left(n->left, rte);
}

static bool has_lateral(const struct query *q)
{
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->lateral || q->rtable[i]->kind == RTE_FUNCTION)
            return true;
    return false;
}

static bool is_leftmost(const struct from_node *n, int rte)
{
    while (n->rte < 0)
        n = n->left;
    return n->rte == rte;
}

/* Brings the table to the front of FROM; false when its rows need not all count, or LATERAL items need their order. */
static bool put_first(struct query *q, int rte)
{
    for (int i = 0; i < q->nfrom; i++) {
        struct from_node *item = q->from[i];
        if (!preserved(item, rte))
            continue;
        if (i == 0 && is_leftmost(item, rte))
            return true;
        if (has_lateral(q))
            return false;
        move_left(item, rte);
        memmove(q->from + 1, q->from, sizeof(q->from[0]) * (size_t)i);
        q->from[0] = item;
        return true;
    }
    return false;
}

/* --- the filter ---------------------------------------------------------------------------------------------------- */

/* WITH entries and results of other steps are out of reach of a statement of its own. */
static bool names_results(struct query_walk *w, struct query *q, int level)
{
    (void)w, (void)level;
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_CTE || q->rtable[i]->kind == RTE_ROWSET)
            return true;
    return false;
}

static bool never(struct query_walk *w, struct expr *e, int level)
{
    (void)w, (void)e, (void)level;
    return false;
}

static struct query *filter_query(struct planner *p, const struct query *q, int rte)
{
    struct query *f = ARENA_NEW(p->arena, struct query);
    struct rte **rtable = ARENA_ARRAY(p->arena, struct rte *, q->nrtable + 1);
    memcpy(rtable, q->rtable, sizeof(rtable[0]) * (size_t)q->nrtable);
    rtable[rte] = ARENA_NEW(p->arena, struct rte);
    *rtable[rte] = *q->rtable[rte];
    *f = (struct query){.command = QUERY_SELECT, .rtable = rtable, .nrtable = q->nrtable, .from = q->from,
                        .nfrom = q->nfrom, .where = q->where, .result = -1};
    return f;
}

struct threshold {
    const struct expr *order;
    struct expr *bound;
};

/* order < bound */
static bool is_threshold(void *arg, struct expr *e)
{
    struct threshold *t = arg;
    if (e->kind != EXPR_OP || e->func.args.n != 2)
        return false;
    bool less = strcmp(e->func.op->name, "<") == 0 || strcmp(e->func.op->name, "<=") == 0;
    bool more = strcmp(e->func.op->name, ">") == 0 || strcmp(e->func.op->name, ">=") == 0;
    if (!less && !more)
        return false;
    struct expr *distance = e->func.args.items[more], *bound = e->func.args.items[less];
    if (!expr_equal(distance, t->order) || bound->type != FLOAT8OID || expr_uses_rte(bound, -1) ||
        expr_is_volatile(bound))
        return false;
    t->bound = bound;
    return true;
}

/* Anything but columns, parameters, constants and what immutable functions make of them. */
static bool may_change(struct query_walk *w, struct expr *e, int level)
{
    (void)w, (void)level;
    switch (e->kind) {
    case EXPR_CONST:
    case EXPR_PARAM:
    case EXPR_VAR:
    case EXPR_BOOL:
    case EXPR_NULL_TEST:
    case EXPR_RELABEL:
        return false;
    case EXPR_FUNC:
    case EXPR_OP:
        return !e->func.proc || e->func.proc->volatility != 'i';
    default:
        return true;
    }
}

/* Are the filter's rows the same until somebody commits? One table of the file's own, and such a WHERE. */
static bool filter_lasts(struct query *q)
{
    struct query_walk w = {.expr = may_change};
    return q->nfrom == 1 && q->from[0]->rte >= 0 && q->rtable[q->from[0]->rte]->relation->persistence != 't' &&
           !query_walk_expr(&w, q->where);
}

/* --- EXPLAIN ------------------------------------------------------------------------------------------------------- */

/* What is compared: an index's key, or a column. */
static const char *key_text(const struct query *q, const struct knn_order *o)
{
    if (o->index && !o->index->columns[0].attnum)
        return o->index->columns[0].expr_sql;
    const struct expr *key = o->key;
    while (key->kind == EXPR_RELABEL)
        key = key->cast.arg;
    return key->kind == EXPR_VAR && key->var.attnum > 0 ? q->rtable[o->rte]->relation->atts[key->var.attnum - 1].name : "...";
}

/* "Order By: (e <-> '[1,2,3]'::vector)", as EXPLAIN says it. */
static const char *order_text(struct planner *p, const char *column, const struct expr *order, const struct expr *query)
{
    const char *op = order->func.op->name;
    const struct type_def *t = snapshot_type(p->snapshot, query->type);
    struct error err;
    struct value text;
    error_init(&err, p->arena);
    if (query->kind == EXPR_PARAM)
        return arena_printf(p->arena, "Order By: (%s %s $%d)", column, op, query->param.number);
    if (query->kind == EXPR_CONST && t && query->constant.value.kind != VALUE_NULL &&
        type_output(t, &query->constant.value, p->ctx, p->arena, &err, &text))
        return arena_printf(p->arena, "Order By: (%s %s '%.*s'::%s)", column, op, (int)text.n, text.p, t->name);
    return arena_printf(p->arena, "Order By: (%s %s ...)", column, op);
}

static void add_note(struct planner *p, const struct query *q, const struct knn_order *o, const struct expr *order)
{
    struct program *g = p->program;
    struct plan_note *notes = ARENA_ARRAY(p->arena, struct plan_note, g->nnotes + 1);
    if (g->nnotes)
        memcpy(notes, g->notes, sizeof(*notes) * (size_t)g->nnotes);
    notes[g->nnotes] = (struct plan_note){.index = o->index ? o->index->name : NULL,
                                          .table = q->rtable[o->rte]->relation->name,
                                          .detail = order_text(p, key_text(q, o), order, o->query)};
    g->notes = notes;
    g->nnotes++;
    g->reads_much = true;
}

/* --- settings ------------------------------------------------------------------------------------------------------ */

static const char *setting(const struct planner *p, const char *name, const char *otherwise)
{
    const char *v = p->ctx && p->ctx->setting ? p->ctx->setting(p->ctx, name) : NULL;
    return v ? v : otherwise;
}

/* ivf.probes, then ivf.recall; ivfflat.probes beyond its default; hnsw.ef_search as the recall it stands for. */
static double wanted_probes(const struct planner *p, const struct index_def *ix)
{
    if (strcmp(ix->am_name, "ivfflat") == 0) {
        double probes = atof(setting(p, "ivfflat.probes", "1"));
        return probes > 1 ? probes : 0;
    }
    if (strcmp(ix->am_name, "hnsw") == 0) {
        double ef = atof(setting(p, "hnsw.ef_search", "40")), recall = 1 - 2 / (ef < 4 ? 4 : ef);
        return ef == 40 ? 0 : recall;
    }
    double probes = atof(setting(p, "ivf.probes", "0")), recall = atof(setting(p, "ivf.recall", "0.95"));
    if (probes > 0)
        return probes;
    return recall == 0.95 ? 0 : recall >= 1 ? 1 << 24 : recall;
}

/* Searches go on until LIMIT is filled, unless iterative scans have a limit of their own; the defaults are none. */
static void set_limits(const struct planner *p, struct vector_scan *scan)
{
    const char *am = scan->index->am_name;
    const char *iterative = setting(p, strcmp(am, "hnsw") == 0 ? "hnsw.iterative_scan" : "ivfflat.iterative_scan", "off");
    if (strcmp(iterative, "off") == 0)
        return;
    int probes = atoi(setting(p, "ivfflat.probes", "1")), most = atoi(setting(p, "ivfflat.max_probes", "32768"));
    int rows = atoi(setting(p, "hnsw.max_scan_tuples", "20000"));
    if (strcmp(am, "ivfflat") == 0 && most < 32768)
        scan->most_lists = most > probes ? most : probes;
    if (strcmp(am, "hnsw") == 0 && rows != 20000)
        scan->most_rows = rows;
}

/* A query without LIMIT wants every row: the table gives them in one pass. Whoever asks for no such passes gets them from the
   index, which has none without a vector. */
static bool worth_while(const struct planner *p, const struct query *q)
{
    return strcmp(setting(p, "enable_indexscan", "on"), "on") == 0 &&
           (q->limit || strcmp(setting(p, "enable_seqscan", "on"), "off") == 0);
}

/* One pass over the rows that pass WHERE, of which the nearest are kept. */
static bool plan_exact(struct planner *p, struct query *q)
{
    struct knn_order order;
    struct query_walk w = {.expr = never, .query = names_results};
    const struct expr *by = q->sort.items[0].expr;
    if (!q->limit || q->nfrom != 1 || q->from[0]->rte < 0 || q->sort.items[0].nulls_first ||
        !knn_find_exact(p, q, by, &order))
        return !error_is_set(p->err);
    struct query *filter = filter_query(p, q, order.rte);
    if (query_walk(&w, filter))
        return true;
    struct vector_scan *scan = ARENA_NEW(p->arena, struct vector_scan);
    *scan = (struct vector_scan){.query = order.query, .key = order.key, .type = order.type, .metric = order.metric,
                                 .limit = q->limit, .offset = q->offset, .filter = filter, .ties = q->sort.n > 1};
    scan->filter_first = q->where && knn_found_by_index(q->rtable[order.rte]->relation, order.rte, q->where);
    q->rtable[order.rte]->vector = scan;
    p->program->compares_all = true;
    scan->note = p->program->nnotes;
    add_note(p, q, &order, by);
    return true;
}

bool pass_knn(struct planner *p, struct query *q)
{
    struct knn_order order;
    if (!p->snapshot || !is_plain(q) || (q->where && expr_is_volatile(q->where)))
        return true;
    const struct expr *by = q->sort.items[0].expr;
    if (!worth_while(p, q) || !knn_find_index(p, q, by, &order))
        return !error_is_set(p->err) && plan_exact(p, q);
    struct rte *t = q->rtable[order.rte];
    struct query *filter = q->where || q->nfrom > 1 || q->from[0]->rte < 0 ? filter_query(p, q, order.rte) : NULL;
    struct query_walk w = {.expr = never, .query = names_results};
    if ((filter && query_walk(&w, filter)) || !put_first(q, order.rte))
        return true;
    struct threshold threshold = {.order = by};
    knn_each_conjunct(q->where, is_threshold, &threshold);
    struct vector_scan *scan = ARENA_NEW(p->arena, struct vector_scan);
    *scan = (struct vector_scan){.index = order.index, .query = order.query, .limit = q->limit, .offset = q->offset,
                                 .distance = threshold.bound, .filter = filter,
                                 .probes = wanted_probes(p, order.index)};
    set_limits(p, scan);
    if (filter) {
        filter->from = q->from;
        scan->filter_first = q->where && knn_found_by_index(t->relation, order.rte, q->where);
        scan->filter_lasts = scan->filter_first && filter_lasts(q);
        scan->condition = vector_condition_find(p, q->where, order.index, order.rte, q->nfrom > 1 || q->from[0]->rte < 0);
    }
    t->vector = scan;
    add_note(p, q, &order, by);
    if (scan->condition) {
        struct plan_note *note = &p->program->notes[p->program->nnotes - 1];
        note->query = q;
        note->rte = order.rte;
        note->tested = &scan->condition->conjuncts;
        note->whole = scan->condition->whole;
    }
    return true;
}
