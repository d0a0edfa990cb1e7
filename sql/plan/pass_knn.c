/*
 * pass_knn.c: ORDER BY column <op> vector LIMIT k over a table with a vector index of that operator on that column: the
 * index's scan gives the nearest rows, of which ORDER BY and LIMIT then make the exact answer. Without such an index the query
 * stays: an exact scan.
 */
#include <string.h>

#include "sql/base/error.h"
#include "sql/plan/planner.h"
#include "sql/plan/vector_scan.h"

static bool is_plain(const struct query *q)
{
    return q->command == QUERY_SELECT && !q->setop && q->limit && !q->with_ties && q->sort.n == 1 &&
           q->nfrom == 1 && q->from[0]->rte >= 0 && !q->group.n && !q->grouping_sets && !q->having &&
           !q->has_aggs && !q->has_windows && !q->has_srfs && !q->distinct && !q->distinct_on.n &&
           !q->sort.items[0].desc;
}

static const struct expr *strip(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL)
        e = e->cast.arg;
    return e;
}

/* The index that serves "column op vector"; *query is set to the vector. */
static const struct index_def *find_index(struct planner *p, const struct query *q, struct expr **query)
{
    int rte = q->from[0]->rte;
    const struct expr *e = q->sort.items[0].expr;
    const struct rte *t = q->rtable[rte];
    if (t->kind != RTE_RELATION || t->relation->without_rowid || t->tablesample || e->kind != EXPR_OP ||
        e->func.args.n != 2)
        return NULL;
    for (int side = 0; side < 2; side++) {
        const struct expr *column = strip(e->func.args.items[side]);
        struct expr *other = e->func.args.items[1 - side];
        if (column->kind != EXPR_VAR || column->var.levelsup || column->var.rte != rte || expr_uses_rte(other, -1))
            continue;
        for (int i = 0; i < t->relation->nindexes; i++) {
            const struct index_def *ix = t->relation->indexes[i];
            if (ix->nkeys != 1 || ix->columns[0].attnum != column->var.attnum || ix->predicate_sql || !ix->valid)
                continue;
            const struct opclass_def *c = snapshot_opclass(p->snapshot, ix->columns[0].opclass);
            if (c && c->ordering_operator && c->ordering_operator == e->func.op->oid) {
                *query = other;
                return ix;
            }
        }
    }
    return NULL;
}

static bool refers_out(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    return (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup > level;
}

/* Does a conjunct compare a column that begins a key of a plain index with something for equality? */
static bool found_by_index(const struct relation *r, const struct expr *e)
{
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND) {
        for (int i = 0; i < e->boolean.args.n; i++)
            if (found_by_index(r, e->boolean.args.items[i]))
                return true;
        return false;
    }
    const struct expr *column = NULL;
    if (e->kind == EXPR_OP && e->func.args.n == 2 && strcmp(e->func.op->name, "=") == 0)
        column = strip(e->func.args.items[0]);
    else if (e->kind == EXPR_ARRAY_OP && e->binary.any && strcmp(e->binary.op->name, "=") == 0)
        column = strip(e->binary.left);
    if (!column || column->kind != EXPR_VAR || column->var.levelsup)
        return false;
    if (column->var.attnum == r->rowid_attnum)
        return true;
    for (int i = 0; i < r->nindexes; i++)
        if (strcmp(r->indexes[i]->am_name, "btree") == 0 && !r->indexes[i]->predicate_sql &&
            r->indexes[i]->nkeys && r->indexes[i]->columns[0].attnum == column->var.attnum)
            return true;
    return false;
}

static struct query *filter_query(struct planner *p, const struct query *q)
{
    struct query *f = ARENA_NEW(p->arena, struct query);
    *f = (struct query){.command = QUERY_SELECT, .rtable = q->rtable, .nrtable = q->nrtable, .from = q->from,
                        .nfrom = q->nfrom, .where = q->where, .result = -1};
    return f;
}

/* "Order By: (e <-> '[1,2,3]'::vector)", as EXPLAIN says it. */
static const char *order_text(struct planner *p, const struct index_def *ix, const struct expr *order,
                              const struct expr *query)
{
    const char *column = ix->table->atts[ix->columns[0].attnum - 1].name, *op = order->func.op->name;
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

static void add_note(struct planner *p, const struct index_def *ix, const struct expr *order,
                     const struct expr *query)
{
    struct program *g = p->program;
    struct plan_note *notes = ARENA_ARRAY(p->arena, struct plan_note, g->nnotes + 1);
    if (g->nnotes)
        memcpy(notes, g->notes, sizeof(*notes) * (size_t)g->nnotes);
    notes[g->nnotes] = (struct plan_note){.index = ix->name, .table = ix->table->name,
                                             .detail = order_text(p, ix, order, query)};
    g->notes = notes;
    g->nnotes++;
}

bool pass_knn(struct planner *p, struct query *q)
{
    struct expr *query = NULL;
    if (!p->snapshot || !is_plain(q))
        return true;
    const struct index_def *ix = find_index(p, q, &query);
    struct query_walk w = {.expr = refers_out};
    if (!ix || (q->where && (query_walk_expr(&w, q->where) || expr_is_volatile(q->where))))
        return true;
    struct rte *t = q->rtable[q->from[0]->rte];
    struct vector_scan *scan = ARENA_NEW(p->arena, struct vector_scan);
    *scan = (struct vector_scan){.index = ix, .query = query, .limit = q->limit, .offset = q->offset};
    if (q->where) {
        scan->filter = filter_query(p, q);
        scan->filter_first = found_by_index(t->relation, q->where);
    }
    t->vector = scan;
    add_note(p, ix, q->sort.items[0].expr, query);
    return true;
}
