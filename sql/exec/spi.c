/* spi.c: see spi.h. */
#include "sql/exec/spi.h"

#include <stdlib.h>

#include "sql/base/log.h"
#include "sql/exec/portal.h"

void *spi_session_data(struct eval_context *ctx, const char *name, size_t size, void (*destroy)(void *data))
{
    struct spi_slot *slot = ctx->spi->slot(ctx, name);
    if (!slot->data) {
        slot->data = calloc(1, size);
        if (!slot->data)
            log_fatal("out of memory");
        slot->destroy = destroy;
    }
    return slot->data;
}

struct plan *spi_plan(struct eval_context *ctx, const struct spi_source *src, struct error *err)
{
    return ctx->spi->plan(ctx, src, err);
}

uint64_t spi_stamp(struct eval_context *ctx)
{
    return ctx->spi->stamp(ctx);
}

bool spi_run(struct eval_context *ctx, struct plan *p, const struct value *params, struct row_sink *sink,
             int64_t max_rows, struct spi_result *result, struct error *err)
{
    return ctx->spi->run(ctx, p, params, sink, max_rows, result, err);
}

struct keep {
    struct row_sink sink;
    struct rowset *rows;
    int n;
};

static bool keep_row(void *arg, const struct value *cells, struct error *err)
{
    struct keep *k = arg;
    if (!rowset_check(k->rows, err))
        return false;
    struct value *row = rowset_append(k->rows);
    for (int i = 0; i < k->n; i++)
        row[i] = rowset_copy(k->rows, &cells[i]);
    return true;
}

struct rowset *spi_rows(struct eval_context *ctx, struct plan *p, const struct value *params, int64_t max_rows,
                        struct spi_result *result, struct error *err)
{
    struct keep k = {.n = p->program->nfields};
    k.rows = rowset_create(k.n > 0 ? k.n : 1);
    k.sink = (struct row_sink){.row = keep_row, .arg = &k};
    if (spi_run(ctx, p, params, &k.sink, max_rows, result, err))
        return k.rows;
    rowset_destroy(k.rows);
    return NULL;
}

const char *spi_check_setting(struct eval_context *ctx, const char *name, const char *value, struct error *err)
{
    return ctx && ctx->spi ? ctx->spi->check_setting(ctx, name, value, err) : name;
}

bool spi_must_restart(struct eval_context *ctx)
{
    return ctx->spi->must_restart(ctx);
}
