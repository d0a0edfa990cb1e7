/*
 * emit_expr.c: one typed expression as SQLite SQL. Every node prints as a term that needs no parentheses around it: a
 * name, a literal, a call, or something in parentheses.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/walk.h"

/* The binding's place; nbindings: it is new. Parameters mostly come in their order, and a statement may have 65,535. */
static int binding_find(const struct step *st, enum binding_kind kind, int index)
{
    int i = index > st->highest_binding ? st->nbindings : 0;
    while (i < st->nbindings && (st->bindings[i].kind != kind || st->bindings[i].index != index))
        i++;
    return i;
}

/* The array doubles whenever it holds a power of two. */
static void binding_add(struct step *st, struct arena *arena, enum binding_kind kind, int index)
{
    int n = st->nbindings;
    if ((n & (n - 1)) == 0) {
        struct binding *b = ARENA_ARRAY(arena, struct binding, n ? 2 * n : 1);
        if (n)
            memcpy(b, st->bindings, sizeof(*b) * (size_t)n);
        st->bindings = b;
    }
    st->bindings[st->nbindings++] = (struct binding){.kind = kind, .index = index};
    if (index > st->highest_binding)
        st->highest_binding = index;
}

void emit_param(struct emitter *em, enum binding_kind kind, int index)
{
    struct step *st = em->step;
    if (!st) {
        emit_unsupported(em, "a parameter in a stored expression");
        return;
    }
    if (emit_captured_param(em, kind, index))
        return;
    int i = binding_find(st, kind, index);
    if (i == st->nbindings)
        binding_add(st, em->arena, kind, index);
    emit_printf(em, "?%d", i + 1);
}

static void emit_ddl_column(struct emitter *em, const struct attribute *a)
{
    emit_z(em, a->foreign ? EMIT_FOREIGN_BEGIN : "");
    emit_identifier(em->out, a->sqlite_name);
    if (a->foreign)
        emit_foreign_end(em->out, em->ddl, a);
}

static void emit_var(struct emitter *em, const struct expr *e)
{
    if (em->is_ddl) {
        if (!em->ddl || e->var.attnum <= 0)
            emit_unsupported(em, "a system column in a stored expression");
        else
            emit_ddl_column(em, &em->ddl->atts[e->var.attnum - 1]);
        return;
    }
    if (emit_captured(em, e))
        return;
    struct scope *sc = emit_scope_up(em, e->var.levelsup);
    if (!sc || e->var.rte >= sc->q->nrtable)
        error_set(em->err, ERRCODE_INTERNAL_ERROR, "reference to an unknown range table entry");
    else
        emit_column(em, sc, e->var.rte, e->var.attnum);
}

static void emit_case_test(struct emitter *em)
{
    const struct case_test *ct = em->case_test;
    if (!ct) {
        error_set(em->err, ERRCODE_INTERNAL_ERROR, "case test value outside of its expression");
        return;
    }
    if (ct->text) {
        emit_z(em, ct->text);
        return;
    }
    struct scope *saved = em->scope;
    em->scope = ct->scope;
    em->case_test = ct->parent;
    emit_expr(em, ct->expr);
    em->case_test = ct;
    em->scope = saved;
}

/* --- AND, OR, NOT: balanced, since SQLite limits depth to 1000 --------------------------- */

static void emit_chain(struct emitter *em, struct expr **items, int n, const char *op)
{
    if (n == 1) {
        emit_expr(em, items[0]);
        return;
    }
    emit_z(em, "(");
    if (n <= 16) {
        for (int i = 0; i < n; i++) {
            if (i)
                emit_z(em, op);
            emit_expr(em, items[i]);
        }
    } else {
        emit_chain(em, items, n / 2, op);
        emit_z(em, op);
        emit_chain(em, items + n / 2, n - n / 2, op);
    }
    emit_z(em, ")");
}

static int count_flat(const struct expr *e, enum bool_kind op)
{
    if (e->kind != EXPR_BOOL || e->boolean.op != op)
        return 1;
    int n = 0;
    for (int i = 0; i < e->boolean.args.n; i++)
        n += count_flat(e->boolean.args.items[i], op);
    return n;
}

static void collect_flat(struct expr *e, enum bool_kind op, struct expr **out, int *n)
{
    if (e->kind != EXPR_BOOL || e->boolean.op != op) {
        out[(*n)++] = e;
        return;
    }
    for (int i = 0; i < e->boolean.args.n; i++)
        collect_flat(e->boolean.args.items[i], op, out, n);
}

static void emit_bool(struct emitter *em, const struct expr *e, bool qual)
{
    if (e->boolean.op == BOOL_NOT) {
        emit_z(em, "(NOT ");
        emit_expr(em, e->boolean.args.items[0]);
        emit_z(em, ")");
        return;
    }
    int n = 0, total = count_flat(e, e->boolean.op);
    struct expr **items = ARENA_ARRAY(em->arena, struct expr *, total);
    collect_flat((struct expr *)e, e->boolean.op, items, &n);
    /* qual holds for each operand of AND and OR; emit_expr takes it down again below them. */
    em->qual = false;
    const char *op = e->boolean.op == BOOL_AND ? " AND " : " OR ";
    if (!qual || n > 16) {
        emit_chain(em, items, n, op);
        return;
    }
    emit_z(em, "(");
    for (int i = 0; i < n; i++) {
        if (i)
            emit_z(em, op);
        emit_qual(em, items[i]);
    }
    emit_z(em, ")");
}

/* --- CASE and its kin ----------------------------------------------------------------------- */

/* WHEN test of a simple CASE of the form CASE_TEST = value with SQLite's own equality? */
static bool when_is_native(const struct expr *c)
{
    return c->kind == EXPR_OP && c->func.args.n == 2 && emit_op_is_native(c->func.op, "=") &&
           c->func.args.items[0]->kind == EXPR_CASE_TEST &&
           !expr_contains(c->func.args.items[1], EXPR_CASE_TEST);
}

static void emit_whens(struct emitter *em, const struct expr *e, bool simple)
{
    for (int i = 0; i < e->kase.nwhens; i++) {
        emit_z(em, " WHEN ");
        if (simple)
            emit_expr(em, e->kase.whens[i].cond->func.args.items[1]);
        else
            emit_qual(em, e->kase.whens[i].cond);
        emit_z(em, " THEN ");
        emit_expr(em, e->kase.whens[i].result);
    }
}

/* A searched CASE in ELSE continues the list: SQLite's parser has room for few nested ones. */
static void emit_case_tail(struct emitter *em, const struct expr *e, bool simple)
{
    emit_whens(em, e, simple);
    const struct expr *other = e->kase.otherwise;
    if (other && !simple && !e->kase.arg && other->kind == EXPR_CASE && !other->kase.arg) {
        emit_case_tail(em, other, false);
        return;
    }
    if (other && !(other->kind == EXPR_CONST && other->constant.value.kind == VALUE_NULL)) {
        emit_z(em, " ELSE ");
        emit_expr(em, other);
    }
}

static void emit_case(struct emitter *em, const struct expr *e)
{
    const struct expr *arg = e->kase.arg;
    if (!arg) {
        emit_z(em, "CASE");
        emit_case_tail(em, e, false);
        emit_z(em, " END");
        return;
    }
    bool native = true;
    for (int i = 0; i < e->kase.nwhens; i++)
        native = native && when_is_native(e->kase.whens[i].cond);
    if (native) {
        emit_z(em, "CASE ");
        emit_expr_collated(em, arg);
        emit_case_tail(em, e, true);
        emit_z(em, " END");
        return;
    }
    struct case_test ct = {.parent = em->case_test, .expr = arg, .scope = em->scope};
    bool bind = expr_is_volatile(arg);
    if (bind)
        ct = (struct case_test){.parent = em->case_test, .text = "\"t\".\"v\""};
    em->case_test = &ct;
    emit_z(em, bind ? "(SELECT CASE" : "CASE");
    emit_case_tail(em, e, false);
    emit_z(em, " END");
    em->case_test = ct.parent;
    if (bind) {
        emit_z(em, " FROM (SELECT ");
        emit_expr(em, arg);
        emit_z(em, " AS \"v\") AS \"t\")");
    }
}

static void emit_coalesce(struct emitter *em, const struct expr *e)
{
    if (e->list.args.n == 1) {
        emit_expr(em, e->list.args.items[0]);
        return;
    }
    emit_z(em, "coalesce(");
    emit_expr_list(em, &e->list.args);
    emit_z(em, ")");
}

static void emit_nullif(struct emitter *em, const struct expr *e)
{
    const struct expr *l = e->binary.left, *r = e->binary.right;
    if (emit_op_is_native(e->binary.op, "=")) {
        emit_z(em, "nullif(");
        size_t start = em->out->len;
        emit_expr(em, l);
        emit_collate_since(em, l->type, start);
        emit_z(em, ", ");
        emit_expr(em, r);
        emit_z(em, ")");
        return;
    }
    emit_z(em, "CASE WHEN ");
    emit_operator(em, e->binary.op, l, r);
    emit_z(em, " THEN NULL ELSE ");
    emit_expr(em, l);
    emit_z(em, " END");
}

static void emit_minmax(struct emitter *em, const struct expr *e)
{
    emit_call_begin(em, e->list.least ? "expr_least" : "expr_greatest");
    emit_expr_list(em, &e->list.args);
    emit_types(em, e->type, &e->list.args);
    emit_z(em, ")");
}

static void emit_raw(struct emitter *em, const struct expr *e, int raw);

/* --- tests ------------------------------------------------------------------------------------ */

static void emit_null_test(struct emitter *em, const struct expr *e)
{
    const struct expr *a = e->test.arg;
    if (!e->test.row) {
        emit_z(em, "(");
        emit_raw(em, a, RAW_ALWAYS);
        emit_z(em, e->test.negated ? " IS NOT NULL)" : " IS NULL)");
        return;
    }
    /* A row IS NULL when every field is, IS NOT NULL when no field is. */
    if (a->kind == EXPR_ROW) {
        emit_z(em, "(");
        for (int i = 0; i < a->list.args.n; i++) {
            emit_z(em, i ? " AND " : "");
            emit_expr(em, a->list.args.items[i]);
            emit_z(em, e->test.negated ? " IS NOT NULL" : " IS NULL");
        }
        emit_z(em, a->list.args.n ? ")" : "1)");
        return;
    }
    emit_call_begin(em, e->test.negated ? "record_is_not_null" : "record_is_null");
    emit_expr(em, a);
    emit_z(em, ")");
}

static void emit_bool_test(struct emitter *em, const struct expr *e)
{
    static const char *const tests[] = {
        [TEST_TRUE] = " IS TRUE)",         [TEST_NOT_TRUE] = " IS NOT TRUE)",
        [TEST_FALSE] = " IS FALSE)",       [TEST_NOT_FALSE] = " IS NOT FALSE)",
        [TEST_UNKNOWN] = " IS NULL)",      [TEST_NOT_UNKNOWN] = " IS NOT NULL)",
    };
    emit_z(em, "(");
    emit_expr(em, e->test.arg);
    emit_z(em, tests[e->test.test]);
}

static void emit_distinct(struct emitter *em, const struct expr *e)
{
    const struct expr *l = e->binary.left, *r = e->binary.right;
    if (emit_op_is_native(e->binary.op, "=")) {
        emit_z(em, "(");
        emit_expr_collated(em, l);
        emit_z(em, e->binary.negated ? " IS " : " IS NOT ");
        emit_operand(em, r);
        emit_z(em, ")");
        return;
    }
    emit_z(em, e->binary.negated ? "(NOT CASE WHEN " : "CASE WHEN ");
    emit_expr(em, l);
    emit_z(em, " IS NULL THEN ");
    emit_expr(em, r);
    emit_z(em, " IS NOT NULL WHEN ");
    emit_expr(em, r);
    emit_z(em, " IS NULL THEN 1 ELSE (NOT ");
    emit_operator(em, e->binary.op, l, r);
    emit_z(em, e->binary.negated ? ") END)" : ") END");
}

/* --- GROUPING: without grouping sets every argument is grouped, so 0 ------------------------ */

static void emit_grouping(struct emitter *em, const struct expr *e)
{
    if (em->scope && em->scope->q->grouping_sets)
        emit_unsupported(em, "GROUPING in this place");
    (void)e;
    emit_z(em, "0");
}

static void emit_coerce_io(struct emitter *em, const struct expr *e)
{
    struct expr_list args = {(struct expr **)&e->cast.arg, 1};
    emit_call_begin(em, "coerce_via_io");
    emit_expr(em, e->cast.arg);
    emit_types(em, e->type, &args);
    emit_z(em, ")");
}

/* The same value as another type. A column compares by the collation it was declared with, which is not that of a type
   in byte order: citext as text. */
static void emit_relabel(struct emitter *em, const struct expr *e)
{
    bool bytes = emit_collation(em, e->cast.arg->type) && !emit_collation(em, e->type);
    bool to_oid = e->cast.arg->type == INT4OID && type_is_oid(e->type);
    bool from_oid = e->type == INT4OID && type_is_oid(e->cast.arg->type);
    emit_z(em, bytes || to_oid ? "(" : from_oid ? "((" : "");
    emit_expr(em, e->cast.arg);
    emit_z(em, bytes ? " COLLATE BINARY)" : to_oid ? " & 4294967295)" : from_oid ? " << 32) >> 32)" : "");
}

static void emit_node(struct emitter *em, const struct expr *e, bool qual)
{
    switch (e->kind) {
    case EXPR_POISON:
    case EXPR_DEFAULT:
        error_set(em->err, ERRCODE_INTERNAL_ERROR, "unfinished expression reached the printer");
        break;
    case EXPR_CONST:
        emit_literal(em->out, &e->constant.value);
        break;
    case EXPR_PARAM:
        emit_param(em, BINDING_PARAM, e->param.number - 1);
        break;
    case EXPR_VAR:
        emit_var(em, e);
        break;
    case EXPR_WHOLE_ROW:
        emit_whole_row(em, e);
        break;
    case EXPR_FUNC:
    case EXPR_OP:
        if (e->func.likelihood != 0)
            strbuf_addz(em->out, e->func.likelihood > 0 ? "likelihood(" : "+(");
        if (!emit_chain_call(em, e))
            emit_call(em, e->func.proc, &e->func.args, e->type, e->func.variadic);
        if (e->func.likelihood > 0)
            strbuf_printf(em->out, ", %.6f)", (double)e->func.likelihood);
        else if (e->func.likelihood < 0)
            strbuf_addc(em->out, ')');
        break;
    case EXPR_AGG:
        emit_agg(em, e);
        break;
    case EXPR_WINDOW:
        emit_window(em, e);
        break;
    case EXPR_GROUPING:
        emit_grouping(em, e);
        break;
    case EXPR_BOOL:
        emit_bool(em, e, qual);
        break;
    case EXPR_CASE:
        emit_case(em, e);
        break;
    case EXPR_CASE_TEST:
        emit_case_test(em);
        break;
    case EXPR_COALESCE:
        emit_coalesce(em, e);
        break;
    case EXPR_NULLIF:
        emit_nullif(em, e);
        break;
    case EXPR_MINMAX:
        emit_minmax(em, e);
        break;
    case EXPR_NULL_TEST:
        emit_null_test(em, e);
        break;
    case EXPR_BOOL_TEST:
        emit_bool_test(em, e);
        break;
    case EXPR_DISTINCT:
        emit_distinct(em, e);
        break;
    case EXPR_ARRAY_OP:
        em->qual = qual;
        emit_array_op(em, e);
        em->qual = false;
        break;
    case EXPR_SUBLINK:
        emit_sublink(em, e);
        break;
    case EXPR_ARRAY:
        emit_array(em, e);
        break;
    case EXPR_ROW:
        emit_row(em, e);
        break;
    case EXPR_ROW_COMPARE:
        emit_row_compare(em, e);
        break;
    case EXPR_RELABEL:
        emit_relabel(em, e);
        break;
    case EXPR_COLLATE:
        emit_expr(em, e->cast.arg);
        break;
    case EXPR_COERCE_IO:
        emit_coerce_io(em, e);
        break;
    case EXPR_ARRAY_COERCE:
        emit_array_coerce(em, e);
        break;
    case EXPR_COERCE_DOMAIN:
        emit_domain(em, e);
        break;
    case EXPR_SUBSCRIPT:
        emit_subscript(em, e);
        break;
    case EXPR_FIELD:
        emit_field(em, e);
        break;
    case EXPR_SQL_VALUE:
        emit_sql_value(em, e);
        break;
    case EXPR_CURRENT_OF:
        emit_unsupported(em, "WHERE CURRENT OF");
        break;
    }
}

static void emit_guarded(struct emitter *em, const struct expr *e, bool qual)
{
    if (error_is_set(em->err))
        return;
    if (++em->depth > EMIT_MAX_DEPTH) {
        error_set(em->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        error_hint(em->err, "Expressions may be nested up to %d levels deep.", EMIT_MAX_DEPTH);
    } else {
        em->qual = false;
        emit_node(em, e, qual);
    }
    em->depth--;
}

void emit_expr(struct emitter *em, const struct expr *e)
{
    emit_guarded(em, e, false);
}

void emit_qual(struct emitter *em, const struct expr *e)
{
    emit_guarded(em, e, true);
}

static void emit_raw(struct emitter *em, const struct expr *e, int raw)
{
    const struct expr *bare = e;
    while (bare->kind == EXPR_RELABEL)
        bare = bare->cast.arg;
    em->raw = bare->kind == EXPR_VAR ? raw : RAW_NO;
    emit_expr(em, e);
    em->raw = RAW_NO;
}

void emit_operand(struct emitter *em, const struct expr *e)
{
    size_t start = em->out->len;
    emit_raw(em, e, RAW_COMPARED);
    if (!emit_collation(em, e->type))
        emit_collate_since(em, e->type, start);
}

void emit_expr_collated(struct emitter *em, const struct expr *e)
{
    size_t start = em->out->len;
    emit_raw(em, e, RAW_COMPARED);
    emit_collate_since(em, e->type, start);
}

void emit_expr_list(struct emitter *em, const struct expr_list *l)
{
    for (int i = 0; i < l->n; i++) {
        if (i)
            emit_z(em, ", ");
        emit_expr(em, l->items[i]);
    }
}
