/* exec_loop.c: FOR over integers, rows and cursors; FOREACH. Rows of a loop are in memory before its body first runs. */
#include <stdio.h>
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/exec/portal.h"
#include "sql/plpgsql/exec.h"
#include "sql/types/array.h"

static bool bound(struct frame *fr, struct pexpr *e, const char *what, int64_t *value)
{
    bool null;
    if (!eval_int(fr, e, value, &null, INT4OID))
        return false;
    if (null)
        return error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "%s of FOR loop cannot be null", what);
    return true;
}

enum outcome exec_fori(struct frame *fr, const struct stmt *s)
{
    int64_t at, upper, step = 1;
    bool found = false;
    enum outcome out = OUT_OK;
    if (!bound(fr, s->fori.lower, "lower bound", &at) || !bound(fr, s->fori.upper, "upper bound", &upper))
        return OUT_ERROR;
    if (s->fori.step && !bound(fr, s->fori.step, "BY value", &step))
        return OUT_ERROR;
    if (step <= 0) {
        error_set(fr->err, ERRCODE_INVALID_PARAMETER_VALUE, "BY value of FOR loop must be greater than zero");
        return OUT_ERROR;
    }
    while (s->fori.reverse ? at >= upper : at <= upper) {
        found = true;
        if (interrupted(fr))
            return OUT_ERROR;
        fr->vals[s->fori.var] = value_int(at);
        if (!loop_goes_on(fr, s, exec_list(fr, &s->fori.body), &out))
            break;
        at += s->fori.reverse ? -step : step;
        if (at > INT32_MAX || at < INT32_MIN)
            break;
    }
    set_found(fr, found);
    return out;
}

/* --- rows ------------------------------------------------------------------------------------------------ */

static enum outcome over_rows(struct frame *fr, const struct stmt *s, const struct rowset *rows,
                              const struct target *fields, int nfields, int target)
{
    enum outcome out = OUT_OK;
    if (rows->nrows == 0 && !move_row(fr, target, NULL, NULL, 0))
        return OUT_ERROR;
    for (int64_t i = 0; i < rows->nrows; i++) {
        if (interrupted(fr) || !move_row(fr, target, rowset_row(rows, i), fields, nfields))
            return OUT_ERROR;
        if (!loop_goes_on(fr, s, exec_list(fr, &s->fors.body), &out))
            break;
        if (arena_size(fr->scratch) > (1u << 20))
            arena_reset(fr->scratch);
    }
    if (out != OUT_ERROR)
        set_found(fr, rows->nrows > 0);
    return out;
}

static struct plan *loop_plan(struct frame *fr, const struct stmt *s, struct value **params)
{
    if (s->kind == STMT_FORS) {
        *params = fr->vals;
        return expr_prepare(fr, s->fors.query) ? plan_ref(s->fors.query->plan) : NULL;
    }
    const char *text;
    uint32_t *types;
    if (!eval_text(fr, s->fors.query, &text))
        return NULL;
    if (!text) {
        error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "query string argument of EXECUTE is null");
        return NULL;
    }
    return eval_params(fr, &s->fors.params, params, &types) ? plan_dynamic(fr, text, types, s->fors.params.n, params) : NULL;
}

/* One at a time: the body may change the row the cursor stands on (WHERE CURRENT OF). */
static enum outcome over_current_rows(struct frame *fr, const struct stmt *s, struct portal *c)
{
    enum outcome out = OUT_OK;
    char name[128]; /* the body may close the cursor */
    snprintf(name, sizeof(name), "%s", c->name);
    struct plan *held = plan_ref(c->plan);
    const struct program *g = held->program;
    bool found = false, more = true;
    while (more) {
        struct rowset *row = rowset_create(g->nfields);
        int64_t moved = 0;
        c = fr->ctx->spi->find(fr->ctx, name);
        if (!c)
            error_set(fr->err, ERRCODE_UNDEFINED_CURSOR, "cursor \"%s\" does not exist", name);
        if (!c || interrupted(fr) || !fr->ctx->spi->fetch(fr->ctx, c, 0, 1, row, &moved, fr->err) ||
            !move_row(fr, s->fors.target, moved ? rowset_row(row, 0) : NULL, moved ? g->fields : NULL,
                      moved ? g->nfields : 0))
            out = OUT_ERROR;
        more = out != OUT_ERROR && moved && loop_goes_on(fr, s, exec_list(fr, &s->fors.body), &out);
        found = found || moved;
        rowset_destroy(row);
    }
    if (out != OUT_ERROR)
        set_found(fr, found);
    plan_unref(held);
    return out;
}

/* The cursor's rows: opened, read to the end, closed. */
static enum outcome over_cursor(struct frame *fr, const struct stmt *s)
{
    const struct datum *d = fr->f->datums[s->fors.cursor];
    bool unnamed = fr->vals[d->dno].kind == VALUE_NULL;
    struct portal *c = open_cursor(fr, d, s->fors.args);
    if (!c)
        return OUT_ERROR;
    int64_t moved;
    struct rowset *rows = rowset_create(c->nfields);
    struct plan *held = plan_ref(c->plan);
    enum outcome out = OUT_ERROR;
    if (held->program->nsources)
        out = over_current_rows(fr, s, c);
    else if (fr->ctx->spi->fetch(fr->ctx, c, 0, INT64_MAX, rows, &moved, fr->err))
        out = over_rows(fr, s, rows, held->program->fields, held->program->nfields, s->fors.target);
    rowset_destroy(rows);
    c = fr->ctx->spi->find(fr->ctx, fr->vals[d->dno].kind == VALUE_TEXT ? fr->vals[d->dno].p : "");
    if (c && out != OUT_ERROR)
        fr->ctx->spi->close(fr->ctx, c, fr->err);
    if (unnamed)
        fr->vals[d->dno] = value_null();
    plan_unref(held);
    return out;
}

enum outcome exec_fors(struct frame *fr, const struct stmt *s)
{
    struct value *params;
    if (s->kind == STMT_FORC)
        return over_cursor(fr, s);
    struct plan *p = loop_plan(fr, s, &params);
    if (!p)
        return OUT_ERROR;
    enum outcome out = OUT_ERROR;
    if (!gives_rows(p->program)) {
        error_set(fr->err, ERRCODE_SYNTAX_ERROR, "cannot open %s query as cursor", p->tag);
    } else {
        struct rowset *rows = spi_rows(fr->ctx, p, params, 0, NULL, fr->err);
        if (!rows) {
            query_position(fr, p->text);
        } else {
            bool writes = p->program->command != QUERY_SELECT;
            fr->writing_loops += writes;
            out = over_rows(fr, s, rows, p->program->fields, p->program->nfields, s->fors.target);
            fr->writing_loops -= writes;
            rowset_destroy(rows);
        }
    }
    plan_unref(p);
    return out;
}

/* --- FOREACH ------------------------------------------------------------------------------------------------ */

/* Number of elements of one slice, and of the slices. */
static bool slices(struct frame *fr, const struct array *a, int slice, int *size, int *count)
{
    if (slice < 0 || slice > a->ndim)
        return error_set(fr->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                         "slice dimension (%d) is out of the valid range 0..%d", slice, a->ndim);
    *size = 1;
    for (int i = a->ndim - slice; i < a->ndim; i++)
        *size *= a->dims[i];
    *count = *size ? a->n / *size : 0;
    return true;
}

static bool slice_value(struct frame *fr, const struct array *a, int slice, int size, int at, struct value *out)
{
    if (slice == 0) {
        *out = a->items[at];
        return true;
    }
    struct array part = *a;
    part.ndim = slice;
    for (int i = 0; i < slice; i++) {
        part.dims[i] = a->dims[a->ndim - slice + i];
        part.lower[i] = a->lower[a->ndim - slice + i];
    }
    part.items = a->items + (int64_t)at * size;
    part.n = size;
    *out = array_write(fr->scratch, &part);
    return true;
}

enum outcome exec_foreach(struct frame *fr, const struct stmt *s)
{
    struct value v;
    uint32_t type = UNKNOWNOID;
    int32_t typmod;
    if (!eval_expr(fr, s->foreach.expr, &v, &type, &typmod))
        return OUT_ERROR;
    if (v.kind == VALUE_NULL) {
        error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "FOREACH expression must not be null");
        return OUT_ERROR;
    }
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, type);
    if (!t || !type_is_array(t)) {
        error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, "FOREACH expression must yield an array, not type %s",
                  format_type_name(fr->scratch, fr->ctx->snapshot, fr->ctx->search_path, fr->ctx->nsearch_path, type, -1,
                                   false));
        return OUT_ERROR;
    }
    const struct datum *d = fr->f->datums[s->foreach.target];
    if (s->foreach.slice > 0) {
        int32_t m;
        int dno = d->kind == DATUM_ROW ? d->targets[0] : d->dno;
        const struct type_def *target = snapshot_type(fr->ctx->snapshot, current_type(fr, dno, &m));
        if (!target || !type_is_array(target)) {
            error_set(fr->err, ERRCODE_DATATYPE_MISMATCH,
                      "FOREACH ... SLICE loop variable must be of an array type");
            return OUT_ERROR;
        }
    }
    struct fcall f = {.err = fr->err, .arena = fr->scratch, .ctx = fr->ctx};
    struct array a;
    int size = 1, count = 0;
    v.p = arena_strndup(fr->scratch, v.p, v.n);
    if (!array_read(&f, &v, t->elem, &a) || !slices(fr, &a, s->foreach.slice, &size, &count))
        return OUT_ERROR;
    enum outcome out = OUT_OK;
    struct target field = {.name = "?column?",
                           .expr = expr_new(fr->scratch, EXPR_CONST, s->foreach.slice ? type : t->elem, -1, -1)};
    for (int i = 0; i < count; i++) {
        struct value item;
        if (interrupted(fr) || !slice_value(fr, &a, s->foreach.slice, size, i, &item))
            return OUT_ERROR;
        bool ok = d->kind == DATUM_REC ? assign_value(fr, d->dno, &item, t->elem, -1)
                  : d->kind == DATUM_ROW && d->ntargets > 1 ? assign_value(fr, d->dno, &item, t->elem, -1)
                                                             : move_row(fr, d->dno, &item, &field, 1);
        if (!ok)
            return OUT_ERROR;
        if (!loop_goes_on(fr, s, exec_list(fr, &s->foreach.body), &out))
            break;
    }
    if (out != OUT_ERROR)
        set_found(fr, count > 0);
    return out;
}
