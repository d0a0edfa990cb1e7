/*
 * cursor_rows.c: UPDATE and DELETE WHERE CURRENT OF.
 *
 * A cursor's query gives, behind the client's columns, tableoid and rowid of the rows of its tables (program.sources); the
 * session keeps those of the current row. WHERE CURRENT OF is a search for that rowid:
 *
 *     rowid = current_of('cursor', table) AND tableoid = current_of_table('cursor', table)
 *
 * Called by plan.c before the passes, so that tables with children are expanded with both columns.
 */
#include <string.h>

#include "sql/plan/planner.h"

static struct expr *system_var(struct planner *p, int rte, int attnum)
{
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    return plan_var(p->arena, rte, attnum, &like);
}

/* --- the cursor's query --------------------------------------------------------------------------------------- */

static bool is_locked(const struct query *q, int rte)
{
    for (int i = 0; i < q->nlocked_rtes; i++)
        if (q->locked_rtes[i] == rte)
            return true;
    return q->lock != LOCK_NONE && !q->locked_rtes;
}

static bool has_rows_of_its_tables(const struct query *q)
{
    return !q->setop && !q->group.n && !q->grouping_sets && !q->having && !q->distinct && !q->distinct_on.n && !q->has_aggs &&
           !q->has_windows && !q->has_srfs && !q->with_ties;
}

static bool is_table(const struct rte *t)
{
    return t->kind == RTE_RELATION && t->relation && !t->relation->system && !t->relation->is_virtual &&
           !t->relation->without_rowid;
}

static void add_source(struct planner *p, struct query *q, int rte)
{
    struct program *g = p->program;
    const struct relation **grown = ARENA_ARRAY(p->arena, const struct relation *, g->nsources + 1);
    if (g->nsources)
        memcpy(grown, g->sources, sizeof(*grown) * (size_t)g->nsources);
    g->sources = grown;
    g->sources[g->nsources++] = q->rtable[rte]->relation;
    plan_add_target(p->arena, q, system_var(p, rte, PLAN_ATTNUM_TABLEOID), "tableoid", false);
    plan_add_target(p->arena, q, system_var(p, rte, PLAN_ATTNUM_ROWID), "rowid", false);
}

static void add_sources(struct planner *p, struct query *q, const struct from_node *n)
{
    if (n->rte < 0) {
        add_sources(p, q, n->left);
        add_sources(p, q, n->right);
    } else if (is_table(q->rtable[n->rte]) && (q->lock == LOCK_NONE || is_locked(q, n->rte))) {
        add_source(p, q, n->rte);
    }
}

void plan_cursor_rows(struct planner *p, struct query *q)
{
    p->program->cursor_locks = q->lock != LOCK_NONE;
    if (!has_rows_of_its_tables(q))
        return;
    /* Without FOR UPDATE only a plain scan of one table has a current row. */
    bool plain = q->nfrom == 1 && q->from[0]->rte >= 0 && !q->sort.n;
    for (int i = 0; (plain || q->lock != LOCK_NONE) && i < q->nfrom; i++)
        add_sources(p, q, q->from[i]);
}

/* --- the change ------------------------------------------------------------------------------------------------- */

static struct expr *current(struct planner *p, const char *function, const struct expr *of, const struct relation *r)
{
    struct expr_list args = {0};
    struct expr *variable = of->current_of.variable;
    expr_list_add(p->arena, &args, variable ? expr_copy(p->arena, variable) : plan_text(p, of->current_of.cursor));
    expr_list_add(p->arena, &args, plan_int8(p, r->oid));
    return plan_internal_call(p, function, INT8OID, &args);
}

void plan_current_of(struct planner *p, struct query *q)
{
    if (!q->where || q->where->kind != EXPR_CURRENT_OF || q->result < 0)
        return;
    const struct relation *r = q->rtable[q->result]->relation;
    const struct expr *cursor = q->where;
    q->where = plan_op(p, "=", system_var(p, q->result, PLAN_ATTNUM_ROWID), current(p, "current_of", cursor, r));
    struct expr *table = plan_op(p, "=", system_var(p, q->result, PLAN_ATTNUM_TABLEOID),
                                 current(p, "current_of_table", cursor, r));
    q->where = plan_and(p->arena, q->where, table);
}
