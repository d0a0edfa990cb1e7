/*
 * emit_sublink.c: subqueries inside expressions, with PostgreSQL's rules for NULL and for more than one row.
 *
 *   EXISTS           EXISTS (q)
 *   = ANY, <> ALL    left [NOT] IN (q) where SQLite's equality is the operator
 *   op ANY, op ALL   CASE over max/min/count of the comparison with every row
 *   scalar           (q) where at most one row is certain, else through the aggregate scalar_sublink, which
 *                    answers 21000 to a second row
 *   ARRAY            array_agg over q, empty array when there are no rows
 */
#include <string.h>

#include "sql/catalog/registry.h"
#include "sql/emit/emitter.h"
#include "sql/plan/one_row.h"

/* ("a", "b") or a single operand */
static void emit_left(struct emitter *em, const struct expr_list *l)
{
    if (l->n > 1)
        emit_z(em, "(");
    for (int i = 0; i < l->n; i++) {
        if (i)
            emit_z(em, ", ");
        emit_expr_collated(em, l->items[i]);
    }
    if (l->n > 1)
        emit_z(em, ")");
}

/* Column i of the subquery printed under alias sub, as an operand. */
struct column_operand {
    struct expr expr;
    struct case_test text;
};

/* left[i] op sub.c(i+1). */
static void emit_compared_column(struct emitter *em, const struct expr *e, const struct operator_def *op, int i, const char *sub)
{
    const struct query *q = e->sublink.query;
    int t = 0;
    for (int seen = 0; q->targets[t].junk || seen < i; t++)
        seen += !q->targets[t].junk;
    struct case_test ct = {.parent = em->case_test};
    struct expr column = {.kind = EXPR_CASE_TEST, .type = q->targets[t].expr->type, .typmod = -1};
    ct.text = arena_printf(em->arena, "%s.\"c%d\"", sub, i + 1);
    /* Left operands with a tested value of their own are printed first, under the outer one. */
    em->case_test = &ct;
    emit_operator(em, op, e->sublink.left.items[i], &column);
    em->case_test = ct.parent;
}

/* <, <=, > and >= of rows: the first columns that differ decide. A NULL leaves both tests NULL, and so the CASE. */
static void emit_ordered_columns(struct emitter *em, const struct expr *e, int i, const char *sub)
{
    if (i == e->sublink.left.n - 1) {
        emit_compared_column(em, e, e->sublink.ops[i], i, sub);
        return;
    }
    uint32_t type = e->sublink.left.items[i]->type;
    const struct operator_def *first = registry_order_operator(type, e->sublink.compare <= 2 ? 1 : 5);
    const struct operator_def *equal = registry_order_operator(type, 3);
    if (!first || !equal) {
        emit_unsupported(em, "comparison of rows with a column of this type");
        return;
    }
    emit_z(em, "CASE WHEN ");
    emit_compared_column(em, e, equal, i, sub);
    emit_z(em, " THEN ");
    emit_ordered_columns(em, e, i + 1, sub);
    emit_z(em, " ELSE ");
    emit_compared_column(em, e, first, i, sub);
    emit_z(em, " END");
}

/* The comparison of the left operands with a row of the subquery. */
static void emit_comparison(struct emitter *em, const struct expr *e, const char *sub)
{
    int n = e->sublink.left.n;
    if (e->sublink.compare && e->sublink.compare != 3 && e->sublink.compare != 6) {
        emit_ordered_columns(em, e, 0, sub);
        return;
    }
    if (n > 1)
        emit_z(em, "(");
    for (int i = 0; i < n; i++) {
        if (i)
            emit_z(em, e->sublink.compare == 6 ? " OR " : " AND ");
        emit_compared_column(em, e, e->sublink.ops[i], i, sub);
    }
    if (n > 1)
        emit_z(em, ")");
}

static bool all_native(const struct expr *e, const char *symbol)
{
    for (int i = 0; i < e->sublink.left.n; i++)
        if (!emit_op_is_native(e->sublink.ops[i], symbol))
            return false;
    return true;
}

static bool has_junk(const struct query *q)
{
    (void)q;
    return false; /* emit_select never prints junk targets */
}

static void emit_subquery(struct emitter *em, const struct query *q)
{
    emit_z(em, "(");
    emit_select(em, q);
    emit_z(em, ")");
}

/* ANY: true if one is, else NULL if one is, else false; ALL likewise with false. */
static void emit_quantified(struct emitter *em, const struct expr *e)
{
    bool any = e->sublink.sublink == SUBLINK_ANY;
    const char *sub = arena_printf(em->arena, "\"s%d\"", em->next_alias++);
    emit_z(em, any ? "(SELECT CASE WHEN max(" : "(SELECT CASE WHEN min(");
    emit_z(em, "\"v\") = ");
    emit_z(em, any ? "1 THEN 1 WHEN count(*) > count(\"v\") THEN NULL ELSE 0 END FROM (SELECT "
                   : "0 THEN 0 WHEN count(*) > count(\"v\") THEN NULL ELSE 1 END FROM (SELECT ");
    emit_comparison(em, e, sub);
    emit_z(em, " AS \"v\" FROM ");
    emit_subquery(em, e->sublink.query);
    emit_printf(em, " AS %s))", sub);
}

static void emit_any_all(struct emitter *em, const struct expr *e)
{
    bool any = e->sublink.sublink == SUBLINK_ANY;
    if (all_native(e, any ? "=" : "<>") && (any || e->sublink.left.n == 1) && !has_junk(e->sublink.query)) {
        emit_z(em, "(");
        emit_left(em, &e->sublink.left);
        emit_z(em, any ? " IN " : " NOT IN ");
        emit_subquery(em, e->sublink.query);
        emit_z(em, ")");
        return;
    }
    emit_quantified(em, e);
}

static void emit_scalar(struct emitter *em, const struct expr *e)
{
    if (query_gives_one_row(e->sublink.query)) {
        emit_subquery(em, e->sublink.query);
        return;
    }
    emit_z(em, "(SELECT \"scalar_sublink\"(\"c1\") FROM ");
    emit_subquery(em, e->sublink.query);
    emit_z(em, ")");
}

static void emit_array_sublink(struct emitter *em, const struct expr *e)
{
    const struct query *q = e->sublink.query;
    int t = 0;
    while (q->targets[t].junk)
        t++;
    uint32_t elem = q->targets[t].expr->type;
    const struct type_def *et = emit_type(em, elem);
    bool nested = et && type_is_array(et);
    emit_z(em, "(SELECT coalesce(");
    emit_call_begin(em, nested ? "array_agg(anyarray)" : "array_agg(anynonarray)");
    emit_z(em, "\"c1\"");
    emit_type_list(em, e->type, &elem, 1);
    emit_z(em, "), '[]') FROM ");
    emit_subquery(em, q);
    emit_z(em, ")");
}

static void emit_row_sublink(struct emitter *em, const struct expr *e)
{
    const char *sub = arena_printf(em->arena, "\"s%d\"", em->next_alias++);
    emit_z(em, "(SELECT \"scalar_sublink\"(");
    emit_comparison(em, e, sub);
    emit_z(em, ") FROM ");
    emit_subquery(em, e->sublink.query);
    emit_printf(em, " AS %s)", sub);
}

void emit_sublink(struct emitter *em, const struct expr *e)
{
    if (e->sublink.negated)
        emit_z(em, "(NOT ");
    switch (e->sublink.sublink) {
    case SUBLINK_EXISTS:
        emit_z(em, "EXISTS ");
        emit_subquery(em, e->sublink.query);
        break;
    case SUBLINK_ANY:
    case SUBLINK_ALL:
        emit_any_all(em, e);
        break;
    case SUBLINK_EXPR:
        emit_scalar(em, e);
        break;
    case SUBLINK_ARRAY:
        emit_array_sublink(em, e);
        break;
    case SUBLINK_ROW_COMPARE:
        emit_row_sublink(em, e);
        break;
    }
    if (e->sublink.negated)
        emit_z(em, ")");
}
