/*
 * pass_like.c: column LIKE 'abc%' is also column >= 'abc' AND column < 'abd', which an index can answer; LIKE itself stays and
 * decides. A pattern without wildcards is an equality too.
 */
#include <string.h>

#include "sql/plan/planner.h"

/* What every match begins with; *whole when the pattern is nothing else. */
static size_t pattern_prefix(const char *p, size_t n, char *out, bool *whole)
{
    size_t len = 0, i = 0;
    for (; i < n && p[i] != '%' && p[i] != '_'; i++) {
        if (p[i] == '\\' && ++i == n)
            break;
        out[len++] = p[i];
    }
    *whole = i >= n;
    return len;
}

/* The least text behind all that begin with it: its last plain character one up; 0 when there is none. */
static size_t upper_bound(char *text, size_t n)
{
    while (n && !(text[n - 1] >= ' ' && text[n - 1] < '~'))
        n--;
    if (n)
        text[n - 1]++;
    return n;
}

static struct expr *text_const(struct planner *p, const char *text, size_t n)
{
    struct value v = {.kind = VALUE_TEXT, .p = arena_strndup(p->arena, text, n), .n = n};
    return expr_const(p->arena, TEXTOID, -1, v, -1);
}

static bool is_text_column(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL)
        e = e->cast.arg;
    return e->kind == EXPR_VAR && e->var.attnum > 0 && (e->type == TEXTOID || e->type == VARCHAROID);
}

static struct expr *with_range(struct planner *p, struct expr *e)
{
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND) {
        for (int i = 0; i < e->boolean.args.n; i++)
            e->boolean.args.items[i] = with_range(p, e->boolean.args.items[i]);
        return e;
    }
    if (e->kind != EXPR_OP || !e->func.proc || !e->func.proc->src || strcmp(e->func.proc->src, "textlike") != 0 ||
        e->func.args.n != 2)
        return e;
    struct expr *column = e->func.args.items[0], *pattern = e->func.args.items[1];
    if (pattern->kind != EXPR_CONST || pattern->constant.value.kind != VALUE_TEXT || pattern->constant.literal ||
        column->type != TEXTOID || !is_text_column(column))
        return e;
    bool whole;
    char *text = arena_alloc(p->arena, pattern->constant.value.n + 1);
    size_t n = pattern_prefix(pattern->constant.value.p, pattern->constant.value.n, text, &whole);
    if (!n)
        return e;
    if (whole)
        return plan_and(p->arena, plan_op(p, "=", expr_copy(p->arena, column), text_const(p, text, n)), e);
    struct expr *range = plan_op(p, ">=", expr_copy(p->arena, column), text_const(p, text, n));
    if ((n = upper_bound(text, n)))
        range = plan_and(p->arena, range, plan_op(p, "<", expr_copy(p->arena, column), text_const(p, text, n)));
    return plan_and(p->arena, range, e);
}

static void join_conditions(struct planner *p, struct from_node *n)
{
    if (n->rte >= 0)
        return;
    join_conditions(p, n->left);
    join_conditions(p, n->right);
    if (n->on)
        n->on = with_range(p, n->on);
}

bool pass_like(struct planner *p, struct query *q)
{
    if (q->where)
        q->where = with_range(p, q->where);
    for (int i = 0; i < q->nfrom; i++)
        join_conditions(p, q->from[i]);
    return !error_is_set(p->err);
}
