/*
 * pass_insert_checks.c: a column that is SQLite's rowid takes NULL as "choose one": its NOT NULL is checked by hand.
 */
#include "sql/plan/planner.h"

#include <string.h>

static struct proc *check_proc(struct planner *p)
{
    struct proc *c = ARENA_NEW(p->arena, struct proc);
    c->name = c->src = "not_null_check";
    c->kind = 'f';
    c->volatility = 'i';
    c->impl = fn_impl_find("not_null_check");
    return c;
}

static struct expr *text_const(struct planner *p, const char *s)
{
    return expr_const(p->arena, TEXTOID, -1, value_textz(s), -1);
}

static void guard(struct planner *p, const struct relation *r, struct target *set, int n)
{
    for (int i = 0; i < n; i++) {
        struct expr *e = set[i].expr;
        if (set[i].attnum != r->rowid_attnum || (e->kind == EXPR_CONST && e->constant.value.kind != VALUE_NULL))
            continue;
        struct expr *call = expr_new(p->arena, EXPR_FUNC, e->type, e->typmod, e->location);
        call->func.proc = check_proc(p);
        expr_list_add(p->arena, &call->func.args, e);
        expr_list_add(p->arena, &call->func.args, text_const(p, r->name));
        expr_list_add(p->arena, &call->func.args, text_const(p, r->atts[r->rowid_attnum - 1].name));
        set[i].expr = call;
    }
}

bool pass_insert_checks(struct planner *p, struct query *q)
{
    if ((q->command != QUERY_INSERT && q->command != QUERY_UPDATE) || q->result < 0)
        return true;
    const struct relation *r = q->rtable[q->result]->relation;
    /* Files of other programs count on SQLite choosing the rowid. */
    if (!r->rowid_attnum || r->adopted)
        return true;
    guard(p, r, q->targets, q->ntargets);
    if (q->conflict)
        guard(p, r, q->conflict->set, q->conflict->nset);
    return true;
}
