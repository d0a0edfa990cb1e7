/*
 * emit_vector.c: a table read in the order of a distance. Without an index:
 *
 *     vec_ranked((SELECT vec_nearest(r4.rowid, key, 'vector', 'l2', query, k, ties) FROM "t" AS r4 WHERE ...)) AS v3
 *     CROSS JOIN "t" AS r3 ON r3.rowid = v3.id
 *
 * Through its vector index:
 *
 *     vec_scan('index', query, k, probes, filter, distance, NULL, test, lists, rows) AS v3 CROSS JOIN "t" AS r3 ON r3.rowid = v3.id
 *
 * test: vec_predicate('SELECT 1 FROM "t" AS r4 ... WHERE r4.rowid = ?1 AND ...', values...), asked about rows that may be among
 * the nearest: the query's own joins and WHERE. filter: the rows themselves, (SELECT vec_rowset(...)), where an index finds
 * them and they are not too many (vec_filter_most); then nothing is tested.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/vector_scan.h"

static void emit_count(struct emitter *em, const char *check, const struct expr *e)
{
    emit_call_begin(em, check);
    emit_expr(em, e);
    emit_z(em, ")");
}

/* LIMIT + OFFSET; NULL when LIMIT is NULL. */
static void emit_wanted(struct emitter *em, const struct vector_scan *v)
{
    if (!v->limit) {
        emit_z(em, "9223372036854775807");
        return;
    }
    bool known = v->limit->kind == EXPR_CONST && v->limit->constant.value.kind == VALUE_INT;
    if (!known) {
        emit_z(em, "CASE WHEN ");
        emit_expr(em, v->limit);
        emit_z(em, " IS NOT NULL THEN ");
    }
    emit_z(em, "(");
    emit_count(em, "limit_count", v->limit);
    if (v->offset) {
        emit_z(em, " + ");
        emit_count(em, "offset_count", v->offset);
    }
    emit_z(em, ")");
    if (!known)
        emit_z(em, " END");
}

static void emit_probes(struct emitter *em, const struct vector_scan *v)
{
    if (v->probes <= 0)
        emit_z(em, "NULL");
    else
        emit_printf(em, v->probes < 1 ? "%.4f" : "%.0f", v->probes);
}

static void emit_table_by_id(struct emitter *em, const struct scope *sc, int rte, const char *scan)
{
    const struct relation *r = sc->q->rtable[rte]->relation;
    emit_z(em, " CROSS JOIN ");
    emit_identifier(em->out, r->sqlite_name);
    emit_z(em, " AS ");
    emit_alias(em, sc, rte);
    emit_z(em, " ON ");
    emit_rowid(em, sc, rte);
    emit_printf(em, " = \"%s\".\"id\"", scan);
}

static void emit_index_name(struct emitter *em, const struct index_def *ix)
{
    struct value name = value_textz(ix->sqlite_name ? ix->sqlite_name : ix->name);
    emit_literal(em->out, &name);
}

static void emit_filter_from(struct emitter *em, const struct vector_scan *v)
{
    emit_z(em, " FROM ");
    emit_from_clause(em, v->filter);
}

/* The text of a test, and what it takes from outside as the call's further arguments. */
static void emit_test_text(struct emitter *em, const struct vector_scan *v, int rte, struct strbuf *text,
                           struct strbuf *args)
{
    struct scope *own = em->scope, sc;
    struct capture capture = {.parent = em->capture, .boundary = own->parent, .n = 1};
    struct strbuf *out = em->out;
    em->scope = own->parent; /* what WHERE calls outside is outside here too */
    em->out = text;
    em->capture = &capture;
    emit_scope_enter(em, &sc, v->filter);
    emit_z(em, "SELECT 1");
    emit_filter_from(em, v);
    emit_z(em, " WHERE ");
    emit_rowid(em, &sc, rte);
    emit_z(em, " = ?1");
    if (v->filter->where) {
        emit_z(em, " AND (");
        emit_qual(em, v->filter->where);
        emit_z(em, ")");
    }
    emit_scope_leave(em);
    em->capture = capture.parent;
    em->out = out;
    em->scope = own;
    *args = capture.args;
}

/* The filter's rows, unless the index has learned that they are too many to collect. */
static void emit_rowset(struct emitter *em, const struct vector_scan *v, int rte, uint64_t key)
{
    struct scope *own = em->scope, sc;
    struct strbuf most = {0}, *out = em->out;
    em->out = &most;
    emit_z(em, "\"vec_filter_most\"(");
    emit_index_name(em, v->index);
    emit_printf(em, ", %lld)", (long long)key);
    em->out = out;
    emit_printf(em, "CASE WHEN %s > 0 THEN (SELECT \"vec_rowset\"(\"id\", %s) FROM (SELECT ", most.data, most.data);
    em->scope = own->parent;
    emit_scope_enter(em, &sc, v->filter);
    emit_rowid(em, &sc, rte);
    emit_z(em, " AS \"id\"");
    emit_filter_from(em, v);
    emit_z(em, " WHERE ");
    emit_qual(em, v->filter->where);
    emit_scope_leave(em);
    em->scope = own;
    emit_printf(em, " LIMIT %s + 1)) END", most.data);
    strbuf_free(&most);
}

static uint64_t text_key(const struct strbuf *text)
{
    uint64_t key = UINT64_C(0xCBF29CE484222325); /* as vecext/vec_predicate.c makes it */
    for (size_t i = 0; i < text->len; i++)
        key = (key ^ (unsigned char)text->data[i]) * UINT64_C(0x100000001B3);
    return key;
}

static void emit_filter_args(struct emitter *em, const struct vector_scan *v, int rte)
{
    struct strbuf text = {0}, args = {0};
    emit_test_text(em, v, rte, &text, &args);
    emit_z(em, ", ");
    if (v->filter_first)
        emit_rowset(em, v, rte, text_key(&text));
    else
        emit_z(em, "NULL");
    emit_z(em, ", ");
    if (v->distance)
        emit_expr(em, v->distance);
    else
        emit_z(em, "NULL");
    struct value sql = value_text(text.data ? text.data : "", text.len);
    emit_z(em, ", NULL, \"vec_predicate\"(");
    emit_literal(em->out, &sql);
    strbuf_add(em->out, args.data ? args.data : "", args.len);
    emit_z(em, ")");
    strbuf_free(&text);
    strbuf_free(&args);
}

/* In a SELECT of its own, so that SQLite evaluates it once and not for every row. */
static void emit_once(struct emitter *em, const struct expr *e)
{
    bool plain = e->kind == EXPR_PARAM || e->kind == EXPR_CONST;
    emit_z(em, plain ? "" : "(SELECT ");
    emit_expr(em, e);
    emit_z(em, plain ? "" : ")");
}

static void emit_exact(struct emitter *em, const struct vector_scan *v, int rte)
{
    struct scope *own = em->scope, sc;
    em->scope = own->parent;
    emit_scope_enter(em, &sc, v->filter);
    emit_z(em, "\"vec_ranked\"((SELECT \"vec_nearest\"(");
    emit_rowid(em, &sc, rte);
    emit_z(em, ", ");
    emit_expr(em, v->key);
    emit_printf(em, ", '%s', '%s', ", v->type, v->metric);
    emit_once(em, v->query);
    emit_z(em, ", (SELECT ");
    emit_wanted(em, v);
    emit_printf(em, "), %d)", v->ties);
    emit_filter_from(em, v);
    if (v->filter->where) {
        emit_z(em, " WHERE ");
        emit_qual(em, v->filter->where);
    }
    emit_scope_leave(em);
    em->scope = own;
    emit_z(em, "))");
}

void emit_vector_scan(struct emitter *em, int rte)
{
    const struct vector_scan *v = em->scope->q->rtable[rte]->vector;
    const char *alias = arena_printf(em->arena, "v%d", em->scope->base + rte);
    if (!v->index) {
        emit_exact(em, v, rte);
        emit_printf(em, " AS \"%s\"", alias);
        emit_table_by_id(em, em->scope, rte, alias);
        return;
    }
    emit_z(em, "\"vec_scan\"(");
    emit_index_name(em, v->index);
    emit_z(em, ", ");
    emit_expr(em, v->query);
    emit_z(em, ", ");
    emit_wanted(em, v);
    emit_z(em, ", ");
    emit_probes(em, v);
    if (v->filter)
        emit_filter_args(em, v, rte);
    if (v->most_lists || v->most_rows)
        emit_printf(em, "%s, %d, %d", v->filter ? "" : ", NULL, NULL, NULL, NULL", v->most_lists, v->most_rows);
    emit_printf(em, ") AS \"%s\"", alias);
    emit_table_by_id(em, em->scope, rte, alias);
}

bool emit_vector_order(struct emitter *em, const struct query *q)
{
    if (!q->nfrom || q->setop)
        return false;
    const struct from_node *first = q->from[0];
    while (first->rte < 0)
        first = first->left;
    if (!q->rtable[first->rte]->vector)
        return false;
    emit_printf(em, "\"v%d\".\"distance\"", em->scope->base + first->rte);
    return true;
}
