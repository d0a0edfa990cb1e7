/*
 * emit_window.c: window functions, OVER and WINDOW clauses, and the order of sort items. Frames are SQLite's own, which
 * follow the standard as PostgreSQL's do.
 */
#include <string.h>

#include "sql/emit/emitter.h"

/* PostgreSQL's window functions that are SQLite's under the same name. */
static const char *const native_windows[] = {
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile",
    "lag",        "lead", "first_value", "last_value", "nth_value", NULL,
};

static const char *native_window(const struct proc *p)
{
    if (p->kind != 'w' || p->namespace_oid != PG_CATALOG_NAMESPACE)
        return NULL;
    for (int i = 0; native_windows[i]; i++)
        if (strcmp(p->name, native_windows[i]) == 0)
            return native_windows[i];
    return NULL;
}

void emit_sort(struct emitter *em, const struct expr *e, bool desc, bool nulls_first)
{
    emit_order_key(em, e);
    emit_z(em, desc ? " DESC" : "");
    emit_z(em, nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

/* RANGE with an offset: types whose order SQLite cannot add to are sorted by a number (types/range_frame.c). */
static const struct range_type {
    uint32_t type;
    const char *key, *offset; /* NULL: the value itself */
} range_types[] = {
    {INT2OID, NULL, NULL},
    {INT4OID, NULL, NULL},
    {INT8OID, NULL, NULL},
    {FLOAT4OID, NULL, NULL},
    {FLOAT8OID, NULL, NULL},
    {NUMERICOID, "range_key_numeric", "range_offset_numeric"},
    {DATEOID, "range_key_date", "range_offset_interval"},
    {TIMESTAMPOID, "range_key_timestamp", "range_offset_interval"},
    {TIMESTAMPTZOID, "range_key_timestamp", "range_offset_tz"},
    {TIMEOID, "range_key_time", "range_offset_interval"},
    {INTERVALOID, "range_key_interval", "range_offset_interval"},
};

static bool has_range_offset(const struct window_def *w)
{
    return w->framed && w->mode == FRAME_RANGE && (w->start_offset || w->end_offset) && w->order.n == 1;
}

static const struct range_type *range_type(struct emitter *em, const struct window_def *w)
{
    const struct type_def *t = emit_type(em, w->order.items[0].expr->type);
    for (size_t i = 0; t && i < sizeof(range_types) / sizeof(range_types[0]); i++)
        if (range_types[i].type == t->oid)
            return &range_types[i];
    return NULL;
}

/* SQLite takes only literals and parameters for offsets, so the conversion happens here. */
static void emit_range_offset(struct emitter *em, const char *function, const struct expr *e)
{
    struct eval_context ctx = {0};
    struct fcall f = {.err = em->err, .arena = em->arena, .ctx = &ctx};
    struct value v;
    if (e->kind != EXPR_CONST) {
        emit_unsupported(em, "a RANGE offset of this type that is no constant");
        return;
    }
    if (fcall_invoke(&f, fn_impl_find(function), &e->constant.value, 1, &e->type, INT8OID, &v))
        emit_literal(em->out, &v);
}

static void emit_bound(struct emitter *em, enum frame_bound b, const struct expr *offset, const char *function)
{
    static const char *const texts[] = {
        [BOUND_UNBOUNDED_PRECEDING] = "UNBOUNDED PRECEDING",
        [BOUND_PRECEDING] = " PRECEDING",
        [BOUND_CURRENT_ROW] = "CURRENT ROW",
        [BOUND_FOLLOWING] = " FOLLOWING",
        [BOUND_UNBOUNDED_FOLLOWING] = "UNBOUNDED FOLLOWING",
    };
    if (b == BOUND_PRECEDING || b == BOUND_FOLLOWING) {
        if (function)
            emit_range_offset(em, function, offset);
        else
            emit_expr(em, offset);
    }
    emit_z(em, texts[b]);
}

static void emit_frame(struct emitter *em, const struct window_def *w)
{
    static const char *const modes[] = {
        [FRAME_RANGE] = " RANGE", [FRAME_ROWS] = " ROWS", [FRAME_GROUPS] = " GROUPS"};
    static const char *const excludes[] = {
        [EXCLUDE_NONE] = "",
        [EXCLUDE_CURRENT_ROW] = " EXCLUDE CURRENT ROW",
        [EXCLUDE_GROUP] = " EXCLUDE GROUP",
        [EXCLUDE_TIES] = " EXCLUDE TIES",
    };
    const char *function = NULL;
    if (has_range_offset(w)) {
        const struct range_type *t = range_type(em, w);
        if (!t) {
            emit_unsupported(em, "RANGE with offset PRECEDING/FOLLOWING over a column of this type");
            return;
        }
        function = t->offset;
    }
    emit_z(em, modes[w->mode]);
    emit_z(em, " BETWEEN ");
    emit_bound(em, w->start, w->start_offset, function);
    emit_z(em, " AND ");
    emit_bound(em, w->end, w->end_offset, function);
    emit_z(em, excludes[w->exclude]);
}

static void emit_window_sort(struct emitter *em, const struct window_def *w, const struct sort_item *s)
{
    const struct range_type *t = has_range_offset(w) ? range_type(em, w) : NULL;
    if (!t || !t->key) {
        emit_sort(em, s->expr, s->desc, s->nulls_first);
        return;
    }
    emit_call_begin(em, t->key);
    emit_expr(em, s->expr);
    emit_z(em, ")");
    emit_z(em, s->desc ? " DESC" : "");
    emit_z(em, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

static void emit_window_body(struct emitter *em, const struct window_def *w)
{
    emit_z(em, "(");
    for (int i = 0; i < w->partition.n; i++) {
        emit_z(em, i ? ", " : "PARTITION BY ");
        emit_expr_collated(em, w->partition.items[i]);
    }
    for (int i = 0; i < w->order.n; i++) {
        const struct sort_item *s = &w->order.items[i];
        emit_z(em, i ? ", " : w->partition.n ? " ORDER BY " : "ORDER BY ");
        emit_window_sort(em, w, s);
    }
    if (w->framed)
        emit_frame(em, w);
    emit_z(em, ")");
}

void emit_window(struct emitter *em, const struct expr *e)
{
    const char *native = native_window(e->agg.proc);
    if (native) {
        emit_printf(em, "%s(", native);
        emit_expr_list(em, &e->agg.args);
        emit_z(em, ")");
    } else if (e->agg.distinct || e->agg.order.n) {
        emit_unsupported(em, "DISTINCT or ORDER BY in a window function call");
        return;
    } else {
        emit_agg(em, e);
    }
    emit_z(em, " OVER ");
    emit_window_body(em, e->agg.over);
}
