/*
 * pass_conflict.c: ON CONFLICT: the stored expressions and predicates of the arbiter indexes, which SQLite wants repeated,
 * and the check that DO UPDATE meets no row a second time, where several rows are inserted at once.
 */
#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/plan/inherit.h"

static bool analyze_arbiter(struct planner *p, const struct index_def *ix, struct conflict_arbiter *out)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE, PUBLIC_NAMESPACE};
    struct analysis a = {.arena = p->arena, .snapshot = p->snapshot, .err = p->err, .search_path = path,
                         .nsearch_path = 2, .ctx = p->ctx, .role_name = "", .session_role_name = "",
                         .database = ""};
    out->keys = ARENA_ARRAY(p->arena, struct expr *, ix->nkeys + 1);
    for (int i = 0; i < ix->nkeys; i++)
        if (!ix->columns[i].attnum) {
            out->keys[i] = analyze_expression(&a, ix->columns[i].expr_sql, ix->table, 0, -1, "index expressions");
            if (!out->keys[i])
                return false;
        }
    if (ix->predicate_sql)
        out->predicate = analyze_expression(&a, ix->predicate_sql, ix->table, BOOLOID, -1, "index predicates");
    return !error_is_set(p->err);
}

static struct target *target_of(struct query *q, int attnum)
{
    for (int i = 0; i < q->ntargets; i++)
        if (q->targets[i].attnum == attnum)
            return &q->targets[i];
    return NULL;
}

/* affect_once('message', 'hint', value, keys...) in place of the first key column's value. */
static void check_repeats(struct planner *p, struct query *q, const struct index_def *ix)
{
    struct target *first = NULL;
    struct expr_list keys = {0};
    for (int i = 0; i < ix->nkeys; i++) {
        struct target *t = ix->columns[i].attnum ? target_of(q, ix->columns[i].attnum) : NULL;
        if (!t || expr_is_volatile(t->expr))
            return;
        first = first ? first : t;
        expr_list_add(p->arena, &keys, t->expr);
    }
    if (first)
        first->expr = plan_affect_once(p, "ON CONFLICT DO UPDATE command cannot affect row a second time",
                                       "Ensure that no rows proposed for insertion within the same command have "
                                       "duplicate constrained values.",
                                       first->expr, &keys);
}

bool pass_conflict(struct planner *p, struct query *q)
{
    struct on_conflict *c = q->conflict;
    /* Of a partitioned table each partition's INSERT comes here by itself. */
    if (q->command != QUERY_INSERT || !c || c->action == CONFLICT_NONE ||
        q->rtable[q->result]->relation->kind == RELKIND_PARTITIONED)
        return true;
    struct conflict_arbiter *details = ARENA_ARRAY(p->arena, struct conflict_arbiter, c->narbiters + 1);
    for (int i = 0; i < c->narbiters; i++)
        if (!analyze_arbiter(p, c->arbiters[i], &details[i]))
            return false;
    c->details = details;
    if (c->action == CONFLICT_UPDATE && c->narbiters && q->nfrom)
        check_repeats(p, q, c->arbiters[0]);
    return true;
}
