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
    emit_expr_collated(em, e);
    emit_z(em, desc ? " DESC" : "");
    emit_z(em, nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

static void emit_bound(struct emitter *em, enum frame_bound b, const struct expr *offset)
{
    static const char *const texts[] = {
        [BOUND_UNBOUNDED_PRECEDING] = "UNBOUNDED PRECEDING",
        [BOUND_PRECEDING] = " PRECEDING",
        [BOUND_CURRENT_ROW] = "CURRENT ROW",
        [BOUND_FOLLOWING] = " FOLLOWING",
        [BOUND_UNBOUNDED_FOLLOWING] = "UNBOUNDED FOLLOWING",
    };
    if (b == BOUND_PRECEDING || b == BOUND_FOLLOWING)
        emit_expr(em, offset);
    emit_z(em, texts[b]);
}

static bool range_offset_is_native(struct emitter *em, const struct window_def *w)
{
    if (w->mode != FRAME_RANGE || (!w->start_offset && !w->end_offset) || w->order.n != 1)
        return true;
    const struct type_def *t = emit_type(em, w->order.items[0].expr->type);
    return t && (t->oid == INT2OID || t->oid == INT4OID || t->oid == INT8OID || t->oid == FLOAT4OID ||
                 t->oid == FLOAT8OID);
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
    if (!range_offset_is_native(em, w)) {
        emit_unsupported(em, "RANGE with offset PRECEDING/FOLLOWING over a column of this type");
        return;
    }
    emit_z(em, modes[w->mode]);
    emit_z(em, " BETWEEN ");
    emit_bound(em, w->start, w->start_offset);
    emit_z(em, " AND ");
    emit_bound(em, w->end, w->end_offset);
    emit_z(em, excludes[w->exclude]);
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
        emit_sort(em, s->expr, s->desc, s->nulls_first);
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
