/* exec_cursor.c: OPEN, FETCH, MOVE, CLOSE. Cursors are portals of the session, as DECLARE's are. */
#include <string.h>

#include "sql/exec/portal.h"
#include "sql/plpgsql/exec.h"

static const char *cursor_name(struct frame *fr, int dno)
{
    const struct value *v = &fr->vals[dno];
    if (v->kind == VALUE_TEXT)
        return arena_strndup(fr->scratch, v->p, v->n);
    error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "cursor variable \"%s\" is null", fr->f->datums[dno]->name);
    return NULL;
}

static struct portal *find_cursor(struct frame *fr, int dno)
{
    const char *name = cursor_name(fr, dno);
    struct portal *c = name ? fr->ctx->spi->find(fr->ctx, name) : NULL;
    if (name && !c)
        error_set(fr->err, ERRCODE_UNDEFINED_CURSOR, "cursor \"%s\" does not exist", name);
    return c;
}

static struct portal *open_plan(struct frame *fr, const struct datum *d, struct plan *p, const struct value *params,
                                int scroll)
{
    const char *name = fr->vals[d->dno].kind == VALUE_TEXT ? cursor_name(fr, d->dno) : NULL;
    if (!p->program->has_rows) {
        error_set(fr->err, ERRCODE_INVALID_CURSOR_DEFINITION, "cannot open %s query as cursor", p->tag);
        return NULL;
    }
    struct portal *c = fr->ctx->spi->open(fr->ctx, name, p, params, scroll, fr->err);
    if (c && !name && d->constant) {
        error_set(fr->err, ERRCODE_ERROR_IN_ASSIGNMENT, "variable \"%s\" is declared CONSTANT", d->name);
        return NULL;
    }
    if (c && !name) {
        struct value v = value_textz(c->name);
        set_value(fr, d->dno, &v);
    }
    return c;
}

/* The arguments of a bound cursor into its parameters. */
static bool set_arguments(struct frame *fr, const struct datum *d, struct pexpr *args)
{
    if (!args)
        return true;
    if (!expr_prepare(fr, args))
        return false;
    struct rowset *rows = spi_rows(fr->ctx, args->plan, fr->vals, 1, NULL, fr->err);
    bool ok = rows && rows->nrows == 1 &&
              move_row(fr, d->cursor_args->dno, rowset_row(rows, 0), args->plan->program->fields,
                       args->plan->program->nfields);
    if (!rows)
        expr_context(fr, args);
    rowset_destroy(rows);
    return ok;
}

static bool check_not_open(struct frame *fr, const struct datum *d)
{
    const char *name = fr->vals[d->dno].kind == VALUE_TEXT ? cursor_name(fr, d->dno) : NULL;
    if (!name || !fr->ctx->spi->find(fr->ctx, name))
        return true;
    return error_set(fr->err, ERRCODE_DUPLICATE_CURSOR, "cursor \"%s\" already in use", name);
}

struct portal *open_cursor(struct frame *fr, const struct datum *d, struct pexpr *args)
{
    if (!check_not_open(fr, d) || !set_arguments(fr, d, args) || !expr_prepare(fr, d->cursor))
        return NULL;
    return open_plan(fr, d, d->cursor->plan, fr->vals, d->cursor_scroll);
}

enum outcome exec_open(struct frame *fr, const struct stmt *s)
{
    const struct datum *d = fr->f->datums[s->open.cursor];
    if (d->cursor)
        return open_cursor(fr, d, s->open.args) ? OUT_OK : OUT_ERROR;
    if (!check_not_open(fr, d))
        return OUT_ERROR;
    if (s->open.query)
        return expr_prepare(fr, s->open.query) && open_plan(fr, d, s->open.query->plan, fr->vals, s->open.scroll)
                   ? OUT_OK
                   : OUT_ERROR;
    const char *text;
    struct value *params;
    uint32_t *types;
    if (!eval_text(fr, s->open.dynamic, &text))
        return OUT_ERROR;
    if (!text) {
        error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "query string argument of EXECUTE is null");
        return OUT_ERROR;
    }
    if (!eval_params(fr, &s->open.params, &params, &types))
        return OUT_ERROR;
    struct plan *p = plan_dynamic(fr, text, types, s->open.params.n, &params);
    bool ok = p && open_plan(fr, d, p, params, s->open.scroll);
    plan_unref(p);
    return ok ? OUT_OK : OUT_ERROR;
}

enum outcome exec_fetch(struct frame *fr, const struct stmt *s)
{
    struct portal *c = find_cursor(fr, s->fetch.cursor);
    int64_t count = s->fetch.count, moved = 0;
    bool null;
    if (!c)
        return OUT_ERROR;
    if (s->fetch.expr) {
        if (!eval_int(fr, s->fetch.expr, &count, &null, INT4OID))
            return OUT_ERROR;
        if (null) {
            error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "relative or absolute cursor position is null");
            return OUT_ERROR;
        }
    }
    struct rowset *rows = s->fetch.move ? NULL : rowset_create(c->nfields);
    struct plan *held = plan_ref(c->plan);
    bool ok = fr->ctx->spi->fetch(fr->ctx, c, s->fetch.direction, count, rows, &moved, fr->err);
    if (ok && !s->fetch.move)
        ok = rows->nrows ? move_row(fr, s->fetch.target, rowset_row(rows, 0), held->program->fields,
                                    held->program->nfields)
                         : move_row(fr, s->fetch.target, NULL, NULL, 0);
    rowset_destroy(rows);
    plan_unref(held);
    if (!ok)
        return OUT_ERROR;
    fr->processed = (uint64_t)moved;
    set_found(fr, moved > 0);
    return OUT_OK;
}

enum outcome exec_close(struct frame *fr, const struct stmt *s)
{
    struct portal *c = find_cursor(fr, s->close.cursor);
    return c && fr->ctx->spi->close(fr->ctx, c, fr->err) ? OUT_OK : OUT_ERROR;
}
