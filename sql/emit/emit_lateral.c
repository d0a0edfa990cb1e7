/*
 * emit_lateral.c: LATERAL subqueries. The subquery is printed as a statement of its own and given as text to the
 * table-valued function subplan (types/sqlite_subplan.c), which runs it for each row to its left:
 *
 *     subplan('SELECT ... ?1 ...', "r0"."a") AS "r1"
 *
 * What it takes from outside, columns and the client's parameters alike, become that statement's parameters.
 */
#include <string.h>

#include "sql/emit/emitter.h"

#define LATERAL_ARGS    60
#define LATERAL_COLUMNS 100

/* Is sc the scope that the subquery stands in, or one further out? */
bool emit_scope_outside(const struct emitter *em, const struct scope *sc)
{
    for (const struct scope *s = em->capture->boundary; s; s = s->parent)
        if (s == sc)
            return true;
    return false;
}

/* The outside's own printing of one value, appended to the arguments; inside stands its parameter. */
struct captured {
    struct strbuf *out;
    struct scope *scope;
    struct capture *capture;
};

static struct captured go_outside(struct emitter *em)
{
    struct captured c = {em->out, em->scope, em->capture};
    em->out = &c.capture->args;
    emit_z(em, ", ");
    em->capture = c.capture->parent;
    return c;
}

static void come_back(struct emitter *em, struct captured c)
{
    em->out = c.out;
    em->scope = c.scope;
    em->capture = c.capture;
    emit_printf(em, "?%d", ++em->capture->n);
    if (em->capture->n > LATERAL_ARGS)
        emit_unsupported(em, "a LATERAL subquery with so many references to outer columns");
}

bool emit_captured(struct emitter *em, const struct expr *e)
{
    struct scope *sc = emit_scope_up(em, e->var.levelsup);
    if (!em->capture || !sc || !emit_scope_outside(em, sc))
        return false;
    struct captured c = go_outside(em);
    struct expr outer = *e;
    em->scope = sc;
    outer.var.levelsup = 0;
    emit_expr(em, &outer);
    come_back(em, c);
    return true;
}

bool emit_captured_param(struct emitter *em, enum binding_kind kind, int index)
{
    if (!em->capture)
        return false;
    if (kind == BINDING_ROWSET) {
        emit_unsupported(em, "a data-modifying WITH query inside LATERAL");
        return true;
    }
    struct captured c = go_outside(em);
    emit_param(em, kind, index);
    come_back(em, c);
    return true;
}

void emit_lateral(struct emitter *em, const struct query *q)
{
    struct capture capture = {.parent = em->capture, .boundary = em->scope};
    struct strbuf text = {0}, *out = em->out;
    if (emit_query_columns(q) > LATERAL_COLUMNS) {
        emit_unsupported(em, "a LATERAL subquery with so many columns");
        return;
    }
    em->out = &text;
    em->capture = &capture;
    emit_select(em, q);
    em->capture = capture.parent;
    em->out = out;
    struct value sql = value_text(text.data ? text.data : "", text.len);
    emit_z(em, "\"subplan\"(");
    emit_literal(em->out, &sql);
    strbuf_add(em->out, capture.args.data ? capture.args.data : "", capture.args.len);
    emit_z(em, ")");
    strbuf_free(&text);
    strbuf_free(&capture.args);
}
