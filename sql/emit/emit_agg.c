/*
 * emit_agg.c: aggregate calls.
 *
 * Plain ones are calls of SQLite's own or of the C aggregate. Those with ORDER BY, with DISTINCT over more than one
 * argument, or WITHIN GROUP go through a collecting aggregate, since SQLite 3.40 cannot order the input:
 *
 *     "sorted_agg"('sum(int4)', 'spec', arguments..., sort keys...)
 *
 * spec: "<result type> <distinct 0|1> <number of arguments> type... <number of direct arguments> type...
 * <number of keys> (<key's argument number or -> type flags)...": see types/sqlite_sorted.c, which reads it.
 */
#include <string.h>

#include "sql/emit/emitter.h"

static void emit_filter(struct emitter *em, const struct expr *e)
{
    if (!e->agg.filter)
        return;
    emit_z(em, " FILTER (WHERE ");
    emit_qual(em, e->agg.filter);
    emit_z(em, ")");
}

/* Rows leave the frame from its start: the C aggregate must be told (sqlite_func.h, SQLITE_FUNC_MOVING). */
static bool frame_moves(const struct expr *e)
{
    const struct window_def *w = e->agg.over;
    return w && w->framed && (w->start != BOUND_UNBOUNDED_PRECEDING || w->exclude != EXCLUDE_NONE);
}

static void emit_native(struct emitter *em, const struct expr *e, const char *name)
{
    emit_printf(em, "%s(", name);
    if (e->agg.star) {
        emit_z(em, "*");
    } else {
        emit_z(em, e->agg.distinct ? "DISTINCT " : "");
        for (int i = 0; i < e->agg.args.n; i++) {
            if (i)
                emit_z(em, ", ");
            size_t start = em->out->len;
            emit_expr(em, e->agg.args.items[i]);
            emit_collate_since(em, e->agg.args.items[i]->type, start);
        }
    }
    emit_z(em, ")");
}

static void emit_plain(struct emitter *em, const struct expr *e, const struct fn_impl *impl)
{
    const char *name = impl->name;
    if (frame_moves(e))
        name = arena_printf(em->arena, "%s~moving", name);
    emit_call_begin(em, name);
    if (e->agg.distinct) {
        emit_z(em, "DISTINCT ");
        size_t start = em->out->len;
        emit_expr(em, e->agg.args.items[0]);
        emit_collate_since(em, e->agg.args.items[0]->type, start);
    } else {
        emit_expr_list(em, &e->agg.args);
    }
    if (impl->flags & FN_TYPED)
        emit_types(em, e->type, &e->agg.args);
    emit_z(em, ")");
}

/* --- sorted ---------------------------------------------------------------------------------- */

static void spec_types(struct strbuf *b, const struct expr_list *l)
{
    strbuf_printf(b, " %d", l->n);
    for (int i = 0; i < l->n; i++)
        strbuf_printf(b, " %u", l->items[i]->type);
}

static void emit_sorted(struct emitter *em, const struct expr *e, const struct fn_impl *impl)
{
    struct strbuf spec = {0};
    struct expr_list args = e->agg.args;
    /* WITHIN GROUP: what is aggregated is what is sorted. */
    if (e->agg.within_group && !args.n)
        for (int i = 0; i < e->agg.order.n; i++)
            expr_list_add(em->arena, &args, e->agg.order.items[i].expr);
    strbuf_printf(&spec, "%u %d", e->type, e->agg.distinct);
    spec_types(&spec, &args);
    spec_types(&spec, &e->agg.direct);
    strbuf_printf(&spec, " %d", e->agg.order.n);
    for (int i = 0; i < e->agg.order.n; i++) {
        const struct sort_item *k = &e->agg.order.items[i];
        strbuf_printf(&spec, " %u %d", k->expr->type, (k->desc ? 1 : 0) | (k->nulls_first ? 2 : 0));
    }
    struct value name = value_textz(impl->name), text = value_text(spec.data, spec.len);
    emit_call_begin(em, "sorted_agg");
    emit_literal(em->out, &name);
    emit_z(em, ", ");
    emit_literal(em->out, &text);
    strbuf_free(&spec);
    const struct expr_list *lists[] = {&args, &e->agg.direct};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < lists[k]->n; i++) {
            emit_z(em, ", ");
            emit_expr(em, lists[k]->items[i]);
        }
    for (int i = 0; i < e->agg.order.n; i++) {
        emit_z(em, ", ");
        emit_expr(em, e->agg.order.items[i].expr);
    }
    emit_z(em, ")");
}

static bool needs_sort(const struct expr *e, const struct fn_impl *impl)
{
    if (e->agg.within_group)
        return true;
    /* The order of input means nothing to count, min, max and the like: those are native. */
    if (impl->native)
        return false;
    if (e->agg.order.n)
        return true;
    /* PostgreSQL finds duplicates by sorting: a user's aggregate sees values in order. */
    return e->agg.distinct && (e->agg.args.n != 1 || (impl->flags & (FN_TYPED | FN_USER)));
}

/* Where a row would stand among none: what hypothetical-set aggregates give without rows, when nobody tells sorted_agg what it is. */
static const char *alone(const struct expr *e, const struct fn_impl *impl)
{
    if (!(impl->flags & FN_HYPOTHETICAL) || !e->agg.within_group)
        return NULL;
    return strstr(impl->name, "percent_rank") ? "0.0" : strstr(impl->name, "cume_dist") ? "1.0" : "1";
}

void emit_agg(struct emitter *em, const struct expr *e)
{
    const struct proc *p = e->agg.proc;
    const struct fn_impl *impl = p->impl;
    if (!impl) {
        error_set(em->err, ERRCODE_FEATURE_NOT_SUPPORTED, "aggregate function %s is not supported", p->name);
        return;
    }
    const char *empty = alone(e, impl);
    if (empty)
        emit_z(em, "coalesce(");
    if (needs_sort(e, impl))
        emit_sorted(em, e, impl);
    else if (impl->native)
        emit_native(em, e, impl->native);
    else
        emit_plain(em, e, impl);
    emit_filter(em, e);
    if (empty)
        emit_printf(em, ", %s)", empty);
}
