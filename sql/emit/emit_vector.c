/*
 * emit_vector.c: a table read in the order of a distance. Without an index:
 *
 *     vec_nearest(vec_rows('SELECT r4.rowid, key FROM "t" AS r4 ... WHERE ...', values...), bounds, 'vector', 'l2', query, k, ties)
 *         AS v3 CROSS JOIN "t" AS r3 ON r3.rowid = v3.id
 *
 * bounds: where no index of the table finds the rows, the text of a SELECT of its first and last rowid; the first text then asks for
 * a range of them, ?1 to ?2. Of all rows of the table: vec_table_rows().
 *
 * Through its vector index:
 *
 *     vec_scan('index', query, k, probes, filter, distance, NULL, test, lists, rows, condition) AS v3 CROSS JOIN "t" AS r3 ON r3.rowid = v3.id
 *
 * test: vec_predicate('SELECT 1 FROM "t" AS r4 ... WHERE r4.rowid = ?1 AND ...', values...), asked about rows that may be among
 * the nearest: the query's own joins and WHERE. filter: vec_rows('SELECT r4.rowid FROM ...', values...), where an index finds
 * them: read before, and then nothing is tested, unless they are too many. condition: vec_where('#1 = ?1', values...), what WHERE
 * says of the index's included columns.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/vector_condition.h"
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

/* A statement being printed as the text argument of a call, with what it takes from outside as further arguments. */
struct statement {
    struct scope *own, sc;
    struct capture capture;
    struct strbuf text, *out;
};

/* Its first `params` parameters are the callee's. */
static void statement_begin(struct emitter *em, struct statement *st, const struct query *q, int params)
{
    st->own = em->scope;
    st->out = em->out;
    st->text = (struct strbuf){0};
    st->capture = (struct capture){.parent = em->capture, .boundary = st->own->parent, .n = params};
    em->scope = st->own->parent; /* what WHERE calls outside is outside here too */
    em->out = &st->text;
    em->capture = &st->capture;
    emit_scope_enter(em, &st->sc, q);
}

static void statement_end(struct emitter *em, struct statement *st, const char *function)
{
    emit_scope_leave(em);
    em->capture = st->capture.parent;
    em->out = st->out;
    em->scope = st->own;
    struct value sql = value_text(st->text.data ? st->text.data : "", st->text.len);
    emit_call_begin(em, function);
    emit_literal(em->out, &sql);
    strbuf_add(em->out, st->capture.args.data ? st->capture.args.data : "", st->capture.args.len);
    emit_z(em, ")");
    strbuf_free(&st->text);
    strbuf_free(&st->capture.args);
}

/* FROM and WHERE; of rows whose rowid passes a condition on the callee's parameters, unless that is NULL. */
static void emit_filter(struct emitter *em, const struct vector_scan *v, int rte, const char *condition)
{
    const struct expr *where = v->filter->where;
    emit_z(em, " FROM ");
    emit_from_clause(em, v->filter);
    if (condition) {
        emit_z(em, " WHERE ");
        emit_rowid(em, em->scope, rte);
        emit_z(em, condition);
    }
    if (where) {
        emit_z(em, condition ? " AND (" : " WHERE ");
        emit_qual(em, where);
        emit_z(em, condition ? ")" : "");
    }
}

static void emit_filter_args(struct emitter *em, const struct vector_scan *v, int rte)
{
    struct statement rows, test;
    emit_z(em, ", ");
    if (v->filter_first) {
        statement_begin(em, &rows, v->filter, 2);
        emit_z(em, "SELECT ");
        emit_rowid(em, &rows.sc, rte);
        emit_filter(em, v, rte, NULL);
        statement_end(em, &rows, v->filter_lasts ? "vec_lasting_rows" : "vec_rows");
    } else {
        emit_z(em, "NULL");
    }
    emit_z(em, ", ");
    if (v->distance)
        emit_expr(em, v->distance);
    else
        emit_z(em, "NULL");
    emit_z(em, ", NULL, ");
    statement_begin(em, &test, v->filter, 1);
    emit_z(em, "SELECT 1");
    emit_filter(em, v, rte, " = ?1");
    statement_end(em, &test, "vec_predicate");
}

/* In a SELECT of its own, so that SQLite evaluates it once and not for every row. */
static void emit_once(struct emitter *em, const struct expr *e)
{
    bool plain = e->kind == EXPR_PARAM || e->kind == EXPR_CONST;
    emit_z(em, plain ? "" : "(SELECT ");
    emit_expr(em, e);
    emit_z(em, plain ? "" : ")");
}

/* "(SELECT min(r3.rowid) FROM "t" AS r3)": alone in its SELECT, where SQLite reads one row for it. */
static void emit_bound(struct emitter *em, int rte, const char *aggregate)
{
    emit_printf(em, "(SELECT %s(", aggregate);
    emit_rowid(em, em->scope, rte);
    emit_z(em, ") FROM ");
    emit_identifier(em->out, em->scope->q->rtable[rte]->relation->sqlite_name);
    emit_z(em, " AS ");
    emit_alias(em, em->scope, rte);
    emit_z(em, ")");
}

/* The text of a SELECT of the table's first and last rowid, or NULL where an index finds the rows. */
static void emit_bounds(struct emitter *em, const struct vector_scan *v, int rte)
{
    struct strbuf text = {0}, *out = em->out;
    if (v->filter_first) {
        emit_z(em, "NULL");
        return;
    }
    em->out = &text;
    emit_z(em, "SELECT ");
    emit_bound(em, rte, "min");
    emit_z(em, ", ");
    emit_bound(em, rte, "max");
    em->out = out;
    struct value sql = value_text(text.data, text.len);
    emit_literal(em->out, &sql);
    strbuf_free(&text);
}

static void emit_exact(struct emitter *em, const struct vector_scan *v, int rte)
{
    struct statement rows;
    emit_z(em, "\"vec_nearest\"(");
    statement_begin(em, &rows, v->filter, 2);
    emit_z(em, "SELECT ");
    emit_rowid(em, &rows.sc, rte);
    emit_z(em, ", ");
    emit_expr(em, v->key);
    emit_filter(em, v, rte, v->filter_first ? NULL : " BETWEEN ?1 AND ?2");
    if (em->program && v->note < em->program->nnotes) {
        em->program->notes[v->note].rows = arena_strndup(em->arena, rows.text.data, rows.text.len);
        em->program->notes[v->note].all = !v->filter_first;
    }
    statement_end(em, &rows, v->filter->where ? "vec_rows" : "vec_table_rows");
    emit_z(em, ", ");
    emit_bounds(em, v, rte);
    emit_printf(em, ", '%s', '%s', ", v->type, v->metric);
    emit_once(em, v->query);
    emit_z(em, ", (SELECT ");
    emit_wanted(em, v);
    emit_printf(em, "), %d)", v->ties);
}

static void emit_condition(struct emitter *em, const struct vector_condition *c)
{
    struct value text = value_textz(c->text);
    emit_z(em, ", ");
    emit_call_begin(em, "vec_where");
    emit_literal(em->out, &text);
    for (int i = 0; i < c->args.n; i++) {
        emit_z(em, ", ");
        emit_expr(em, c->args.items[i]);
    }
    emit_z(em, ")");
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
    if (v->most_lists || v->most_rows || v->condition)
        emit_printf(em, "%s, %d, %d", v->filter ? "" : ", NULL, NULL, NULL, NULL", v->most_lists, v->most_rows);
    if (v->condition)
        emit_condition(em, v->condition);
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
