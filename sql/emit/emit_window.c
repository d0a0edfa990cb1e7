/*
 * emit_window.c: window functions, OVER and WINDOW clauses, and the order of sort items. Frames are SQLite's own, which
 * follow the standard as PostgreSQL's do, or those of emit_frame.c.
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
    emit_z(em, modes[w->mode]);
    emit_z(em, " BETWEEN ");
    emit_bound(em, w->start, w->start_offset);
    emit_z(em, " AND ");
    emit_bound(em, w->end, w->end_offset);
    emit_z(em, excludes[w->exclude]);
}

/* frame NULL: w's own. */
static void emit_window_body(struct emitter *em, const struct window_def *w, const char *frame)
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
    if (frame)
        emit_z(em, frame);
    else if (w->framed)
        emit_frame(em, w);
    emit_z(em, ")");
}

static bool is_constant(const struct expr *e)
{
    return !e || e->kind == EXPR_PARAM || (e->kind == EXPR_CONST && !value_is_null(&e->constant.value));
}

/* ntile(NULL) is NULL, which SQLite refuses. */
static bool emit_ntile_begin(struct emitter *em, const struct expr *e, const char *native)
{
    if (strcmp(native, "ntile") != 0 || is_constant(e->agg.args.items[0]))
        return false;
    emit_z(em, "iif((");
    emit_expr(em, e->agg.args.items[0]);
    emit_z(em, ") IS NULL, NULL, ntile(coalesce(");
    emit_expr(em, e->agg.args.items[0]);
    emit_z(em, ", 1))");
    return true;
}

static void emit_native_window(struct emitter *em, const struct expr *e, const char *native)
{
    bool own_frame = emit_frame_is_own(em, e->agg.over);
    bool closing = emit_ntile_begin(em, e, native);
    if (!closing) {
        emit_printf(em, "%s(", native);
        emit_expr_list(em, &e->agg.args);
        emit_z(em, ")");
    }
    emit_z(em, " OVER ");
    emit_window_body(em, e->agg.over, own_frame ? "" : NULL);
    emit_z(em, closing ? ")" : "");
}

/* nth_value(x, NULL) is NULL, which SQLite refuses. */
static bool is_doubtful_nth(const struct expr *e, const char *native)
{
    return native && strcmp(native, "nth_value") == 0 && !is_constant(e->agg.args.items[1]);
}

/* Of those, the ones whose value depends on the frame. */
static bool reads_frame(const char *native)
{
    return strstr(native, "_value") != NULL;
}

void emit_window(struct emitter *em, const struct expr *e)
{
    const char *native = native_window(e->agg.proc);
    bool own_frame = emit_frame_is_own(em, e->agg.over) || is_doubtful_nth(e, native);
    if (!native && (e->agg.distinct || e->agg.order.n)) {
        emit_unsupported(em, "DISTINCT or ORDER BY in a window function call");
    } else if (own_frame && (!native || reads_frame(native))) {
        emit_frame_call(em, e, native);
        emit_z(em, " OVER ");
        emit_window_body(em, e->agg.over, " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
    } else if (native) {
        emit_native_window(em, e, native);
    } else {
        emit_agg(em, e);
        emit_z(em, " OVER ");
        emit_window_body(em, e->agg.over, NULL);
    }
}
