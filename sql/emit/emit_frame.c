/*
 * emit_frame.c: calls of the window function frame_agg, for frames that SQLite has not (types/sqlite_frame.c, which reads
 * what is printed here). Called by emit_window.c.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/types/sqlite_func.h"

static bool is_integer(uint32_t type)
{
    return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool offset_is_constant(const struct expr *e)
{
    return !e || e->kind == EXPR_PARAM || (e->kind == EXPR_CONST && !value_is_null(&e->constant.value));
}

static const struct type_def *key_type(const struct emitter *em, const struct expr *e)
{
    const struct type_def *t = emit_type(em, e->type);
    while (t && t->typtype == 'd')
        t = emit_type(em, t->basetype);
    return t;
}

bool emit_frame_is_own(const struct emitter *em, const struct window_def *w)
{
    if (!w->framed || (!w->start_offset && !w->end_offset))
        return false;
    if (!offset_is_constant(w->start_offset) || !offset_is_constant(w->end_offset))
        return true;
    if (w->mode != FRAME_RANGE || w->order.n != 1)
        return false;
    const struct type_def *t = key_type(em, w->order.items[0].expr);
    return !t || !is_integer(t->oid);
}

/* What frame_agg calls it: the implementation's name, or window_ and SQLite's own name. */
static const char *function_name(struct emitter *em, const struct expr *e, const char *native)
{
    const struct fn_impl *impl = e->agg.proc->impl;
    if (native)
        return arena_printf(em->arena, "window_%s", native);
    if (!impl) {
        error_set(em->err, ERRCODE_FEATURE_NOT_SUPPORTED, "aggregate function %s is not supported", e->agg.proc->name);
        return "";
    }
    return impl->native ? arena_printf(em->arena, "window_%s", impl->native) : impl->name;
}

static void spec_print(struct emitter *em, const struct expr *e, struct strbuf *b)
{
    const struct window_def *w = e->agg.over;
    strbuf_printf(b, "%u %d %d %d %d %u %u %d", e->type, w->mode, w->start, w->end, w->exclude,
                  w->start_offset ? w->start_offset->type : 0, w->end_offset ? w->end_offset->type : 0, e->agg.args.n);
    for (int i = 0; i < e->agg.args.n; i++)
        strbuf_printf(b, " %u", e->agg.args.items[i]->type);
    strbuf_printf(b, " %d", w->order.n);
    for (int i = 0; i < w->order.n; i++) {
        const struct sort_item *s = &w->order.items[i];
        const struct type_def *t = key_type(em, s->expr);
        strbuf_printf(b, " %u %d", t ? t->oid : s->expr->type, (s->desc ? 1 : 0) | (s->nulls_first ? 2 : 0));
    }
}

static void emit_offset(struct emitter *em, const struct expr *e)
{
    emit_z(em, ", ");
    if (e)
        emit_expr(em, e);
    else
        emit_z(em, "NULL");
}

void emit_frame_call(struct emitter *em, const struct expr *e, const char *native)
{
    const struct window_def *w = e->agg.over;
    struct strbuf spec = {0};
    spec_print(em, e, &spec);
    struct value name = value_textz(function_name(em, e, native)), text = value_text(spec.data, spec.len);
    emit_call_begin(em, SQLITE_FUNC_FRAME);
    emit_literal(em->out, &name);
    emit_z(em, ", ");
    emit_literal(em->out, &text);
    strbuf_free(&spec);
    emit_z(em, ", ");
    if (e->agg.filter) {
        emit_z(em, "(");
        emit_qual(em, e->agg.filter);
        emit_z(em, ") IS TRUE");
    } else {
        emit_z(em, "1");
    }
    emit_offset(em, w->start_offset);
    emit_offset(em, w->end_offset);
    for (int i = 0; i < e->agg.args.n; i++)
        emit_offset(em, e->agg.args.items[i]);
    for (int i = 0; i < w->order.n; i++)
        emit_offset(em, w->order.items[i].expr);
    emit_z(em, ")");
}
