/*
 * pass_insert_checks.c: a column that is SQLite's rowid takes NULL as "choose one": its NOT NULL is checked by hand.
 */
#include "sql/plan/planner.h"

static void guard(struct planner *p, const struct relation *r, struct target *set, int n)
{
    for (int i = 0; i < n; i++) {
        struct expr *e = set[i].expr;
        if (set[i].attnum != r->rowid_attnum || (e->kind == EXPR_CONST && e->constant.value.kind != VALUE_NULL))
            continue;
        struct expr_list args = {0};
        expr_list_add(p->arena, &args, e);
        expr_list_add(p->arena, &args, plan_text(p, r->name));
        expr_list_add(p->arena, &args, plan_text(p, r->atts[r->rowid_attnum - 1].name));
        const struct namespace_def *ns = p->snapshot ? snapshot_namespace(p->snapshot, r->namespace_oid) : NULL;
        expr_list_add(p->arena, &args, plan_text(p, ns ? ns->name : "public"));
        struct expr *call = plan_internal_call(p, "not_null_check", e->type, &args);
        call->typmod = e->typmod;
        set[i].expr = call;
    }
}

bool pass_insert_checks(struct planner *p, struct query *q)
{
    if ((q->command != QUERY_INSERT && q->command != QUERY_UPDATE && q->command != QUERY_MERGE) || q->result < 0)
        return true;
    const struct relation *r = q->rtable[q->result]->relation;
    /* Files of other programs count on SQLite choosing the rowid. */
    if (!r->rowid_attnum || r->foreign)
        return true;
    /* Row by row it is checked behind the BEFORE triggers. */
    if (plan_goes_by_rows(p, q))
        return true;
    guard(p, r, q->targets, q->ntargets);
    for (int i = 0; i < q->nmerge; i++)
        guard(p, r, q->merge[i].targets, q->merge[i].ntargets);
    if (q->conflict)
        guard(p, r, q->conflict->set, q->conflict->nset);
    return true;
}
