/*
 * steps_merge.c: MERGE as steps: the joined rows with the number of the action that each calls for and the values that
 * action needs, as a rowset; then one INSERT, UPDATE or DELETE per WHEN clause.
 *
 * Columns of the rowset: the table's rowid (NULL for no match), the action's number, then the values of all actions, NULL
 * for those not called for.
 */
#include "sql/plan/inherit.h"

static struct expr *rowid_var(struct planner *p, int rte)
{
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    return plan_var(p->arena, rte, PLAN_ATTNUM_ROWID, &like);
}

static struct expr *null_test(struct planner *p, struct expr *arg, bool negated)
{
    struct expr *e = expr_new(p->arena, EXPR_NULL_TEST, BOOLOID, -1, -1);
    e->test.arg = arg;
    e->test.negated = negated;
    return e;
}

/* Does row i of the WHEN list act on this joined row? The first that does is taken. */
static struct expr *applies(struct planner *p, const struct query *q, int i)
{
    struct expr *matched = null_test(p, rowid_var(p, q->result), q->merge[i].matched);
    return plan_and(p->arena, matched, q->merge[i].condition);
}

static struct expr *case_expr(struct planner *p, uint32_t type, int n)
{
    struct expr *e = expr_new(p->arena, EXPR_CASE, type, -1, -1);
    e->kase.whens = ARENA_ARRAY(p->arena, struct case_when, n);
    e->kase.nwhens = n;
    e->kase.otherwise = expr_null(p->arena, type, -1);
    return e;
}

static struct expr *action_number(struct planner *p, const struct query *q)
{
    struct expr *e = case_expr(p, INT8OID, q->nmerge);
    for (int i = 0; i < q->nmerge; i++)
        e->kase.whens[i] = (struct case_when){applies(p, q, i), plan_int8(p, i)};
    return e;
}

/* value if the row's action is i: by the same chain of conditions. */
static struct expr *value_if(struct planner *p, const struct query *q, int i, struct expr *value)
{
    struct expr *e = case_expr(p, value->type, i + 1);
    for (int k = 0; k <= i; k++)
        e->kase.whens[k] =
            (struct case_when){applies(p, q, k), k == i ? value : expr_null(p->arena, value->type, -1)};
    return e;
}

static struct from_node *join_target(struct planner *p, struct query *q)
{
    struct from_node *source = q->from[0];
    for (int i = 1; i < q->nfrom; i++) {
        struct from_node *both = ARENA_NEW(p->arena, struct from_node);
        *both = (struct from_node){.rte = -1, .join = JOIN_CROSS, .left = source, .right = q->from[i]};
        source = both;
    }
    struct from_node *n = ARENA_NEW(p->arena, struct from_node);
    *n = (struct from_node){.rte = -1, .join = JOIN_LEFT, .left = source,
                            .right = plan_from_rte(p->arena, q->result), .on = q->where};
    return n;
}

static struct query *joined_rows(struct planner *p, struct query *q, int *first)
{
    struct query *rows = ARENA_NEW(p->arena, struct query);
    *rows = (struct query){.command = QUERY_SELECT, .rtable = q->rtable, .nrtable = q->nrtable, .result = -1,
                           .ctes = q->ctes, .nctes = q->nctes};
    plan_add_from(p->arena, rows, join_target(p, q));
    struct expr *rowid = rowid_var(p, q->result);
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    struct expr *tableoid = plan_target_has_family(q) ? plan_var(p->arena, q->result, PLAN_ATTNUM_TABLEOID, &like) : NULL;
    struct expr_list keys = {0};
    expr_list_add(p->arena, &keys, rowid);
    if (tableoid)
        expr_list_add(p->arena, &keys, tableoid);
    /* A row that is changed or deleted may be so only once. */
    struct expr *once = case_expr(p, INT8OID, q->nmerge);
    for (int i = 0; i < q->nmerge; i++) {
        bool changes = q->merge[i].command == 'u' || q->merge[i].command == 'd';
        struct expr *checked = plan_affect_once(p, "MERGE command cannot affect row a second time",
                                                "Ensure that not more than one source row matches any one target "
                                                "row.",
                                                rowid, &keys);
        once->kase.whens[i] = (struct case_when){applies(p, q, i), changes ? checked : rowid};
    }
    plan_add_target(p->arena, rows, once, "rowid", false);
    plan_add_target(p->arena, rows, action_number(p, q), "action", false);
    for (int i = 0; i < q->nmerge; i++) {
        first[i] = rows->ntargets;
        for (int k = 0; k < q->merge[i].ntargets; k++)
            plan_add_target(p->arena, rows, value_if(p, q, i, q->merge[i].targets[k].expr), "value", false);
    }
    if (tableoid)
        plan_add_target(p->arena, rows, tableoid, "tableoid", false);
    return rows;
}

/* tableoid: the rowset's column of a target with children, 0. */
static struct query *action_query(struct planner *p, const struct query *q, int i, int rowset, int ncolumns,
                                  int first, int tableoid)
{
    const struct merge_action *m = &q->merge[i];
    struct query *a = ARENA_NEW(p->arena, struct query);
    *a = (struct query){.command = m->command == 'i'   ? QUERY_INSERT
                                   : m->command == 'u' ? QUERY_UPDATE
                                                       : QUERY_DELETE,
                        .result = 0, .writes = true};
    plan_add_rte(p->arena, a, q->rtable[q->result]);
    plan_add_rte(p->arena, a, plan_rowset_rte(p, rowset, ncolumns));
    plan_add_from(p->arena, a, plan_from_rte(p->arena, 1));
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    a->where = plan_op(p, "=", plan_var(p->arena, 1, 2, &like), plan_int8(p, i));
    if (m->command != 'i')
        a->where = plan_and(p->arena, a->where,
                            plan_op(p, "=", rowid_var(p, 0), plan_var(p->arena, 1, 1, &like)));
    if (m->command != 'i' && tableoid)
        a->where = plan_and(p->arena, a->where,
                            plan_op(p, "=", plan_var(p->arena, 0, PLAN_ATTNUM_TABLEOID, &like),
                                    plan_var(p->arena, 1, tableoid, &like)));
    for (int k = 0; k < (m->command == 'd' ? 0 : m->ntargets); k++) {
        struct target *t = plan_add_target(p->arena, a, plan_var(p->arena, 1, first + k + 1, m->targets[k].expr),
                                           NULL, false);
        t->attnum = m->targets[k].attnum;
    }
    return a;
}

bool plan_merge(struct planner *p, struct query *q)
{
    int *first = ARENA_ARRAY(p->arena, int, q->nmerge + 1);
    struct query *rows = joined_rows(p, q, first);
    bool family = plan_target_has_family(q);
    if (!family && plan_goes_by_rows(p, q)) {
        struct step *last = plan_modify_merge(p, q, rows, first);
        if (last)
            last->counts = true;
        return last != NULL;
    }
    if (family) {
        struct rte *target = ARENA_NEW(p->arena, struct rte);
        *target = *q->rtable[q->result];
        target->in_from = true;
        rows->rtable = arena_memdup(p->arena, q->rtable, sizeof(*q->rtable) * (size_t)q->nrtable);
        rows->rtable[q->result] = target;
        if (!plan_expand_family(p, rows, q->result))
            return false;
    }
    struct step *st = plan_add_step(p, STEP_ROWSET, rows);
    int rowset = st->rowset = p->program->nrowsets++, n = rows->ntargets;
    for (int i = 0; i < q->nmerge; i++) {
        if (q->merge[i].command == 'n')
            continue;
        struct query *a = action_query(p, q, i, rowset, n, first[i], family ? n : 0);
        if (!family)
            plan_add_step(p, STEP_COUNT, a)->counts = true;
        else if (!plan_family_change(p, a, NULL, 0, STEP_COUNT, &(int){0}))
            return false;
    }
    return !error_is_set(p->err);
}
