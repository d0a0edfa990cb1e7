/*
 * pass_whole_row.c: the whole row of a subquery on the side of an outer join that may have no row is NULL there, not a row of NULLs.
 * Such a subquery gets one column more, which is never NULL, and the reference says where it is (var.attnum). Tables need
 * no such thing: their rowid tells.
 */
#include "sql/plan/planner.h"

struct whole_rows {
    struct planner *p;
    struct query *q;
    int *marker; /* per entry: the column, 0 none yet; -1: always there */
};

static void mark_present(struct whole_rows *w, const struct from_node *n, bool nullable)
{
    if (n->rte >= 0) {
        w->marker[n->rte] = nullable ? 0 : -1;
        return;
    }
    mark_present(w, n->left, nullable || n->join == JOIN_RIGHT || n->join == JOIN_FULL);
    mark_present(w, n->right, nullable || n->join == JOIN_LEFT || n->join == JOIN_FULL);
}

/* The entry becomes a subquery over what it was, with a constant behind its columns. */
static int add_marker(struct whole_rows *w, struct rte *t)
{
    struct arena *a = w->p->arena;
    struct query *q = ARENA_NEW(a, struct query);
    struct rte *inner = ARENA_NEW(a, struct rte);
    *q = (struct query){.command = QUERY_SELECT, .result = -1, .level = w->q->level + 1};
    *inner = *t;
    plan_add_rte(a, q, inner);
    plan_add_from(a, q, plan_from_rte(a, 0));
    struct column_def *columns = ARENA_ARRAY(a, struct column_def, t->ncolumns + 2);
    for (int i = 0; i < t->ncolumns; i++) {
        struct expr like = {.type = t->columns[i].type, .typmod = t->columns[i].typmod, .collation = t->columns[i].collation,
                            .location = -1};
        columns[i] = t->columns[i];
        plan_add_target(a, q, plan_var(a, 0, i + 1, &like), t->columns[i].name ? t->columns[i].name : "?column?", false);
    }
    plan_add_target(a, q, expr_const(a, INT4OID, -1, value_int(1), -1), "?row?", false);
    if (inner->kind == RTE_SUBQUERY)
        query_shift_levels(inner->subquery, 1, true);
    if (inner->kind == RTE_CTE)
        inner->cte.levelsup++;
    for (int i = 0; inner->kind == RTE_VALUES && i < inner->values.n; i++)
        for (int k = 0; k < inner->values.rows[i].n; k++)
            expr_shift_levels(inner->values.rows[i].items[k], 0, 1);
    columns[t->ncolumns] = (struct column_def){.type = INT4OID, .typmod = -1}; /* without a name: no column of the row */
    t->kind = RTE_SUBQUERY;
    t->subquery = q;
    t->relation = NULL;
    t->columns = columns;
    return ++t->ncolumns;
}

static bool visit(struct query_walk *walk, struct expr *e, int level)
{
    struct whole_rows *w = walk->arg;
    if (e->kind != EXPR_WHOLE_ROW || e->var.levelsup != level || e->var.rte >= w->q->nrtable)
        return false;
    struct rte *t = w->q->rtable[e->var.rte];
    if ((t->kind != RTE_SUBQUERY && t->kind != RTE_CTE && t->kind != RTE_VALUES) || w->marker[e->var.rte] < 0)
        return false;
    if (!w->marker[e->var.rte])
        w->marker[e->var.rte] = add_marker(w, t);
    e->var.attnum = w->marker[e->var.rte];
    return false;
}

bool pass_whole_row(struct planner *p, struct query *q)
{
    bool outer = false;
    struct whole_rows w = {p, q, ARENA_ARRAY(p->arena, int, q->nrtable + 1)};
    for (int i = 0; i < q->nrtable; i++)
        w.marker[i] = -1;
    for (int i = 0; i < q->nfrom; i++) {
        outer = outer || q->from[i]->rte < 0;
        mark_present(&w, q->from[i], false);
    }
    struct query_walk walk = {.expr = visit, .arg = &w};
    if (outer && q->command == QUERY_SELECT)
        query_walk(&walk, q);
    return true;
}
