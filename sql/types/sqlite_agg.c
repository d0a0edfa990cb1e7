/*
 * sqlite_agg.c: aggregates (struct agg_impl) as SQLite aggregate and window functions.
 *
 * Per group SQLite keeps a cell: the implementation's state behind a small head. SQLite calls
 * xFinal exactly once per group, also when a statement is abandoned, which is where states are
 * destroyed. In the moving variant the cell holds copies of the rows in the frame instead.
 *
 * Ordered ones (ORDER BY inside, WITHIN GROUP) are in sqlite_sorted.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/types/sqlite_func_internal.h"

struct moving_row {
    struct moving_row *next;
    int argc;
    sqlite3_value *argv[];
};

struct agg_cell {
    bool started;
    struct moving_row *first, *last; /* moving variant */
    _Alignas(16) char state[];
};

/* The cell in SQLite's memory, made with size bytes, or with 0 the one there is. SQLite aligns to 8 bytes only. */
static struct agg_cell *cell_at(sqlite3_context *c, size_t size)
{
    uintptr_t mask = _Alignof(struct agg_cell) - 1;
    uintptr_t p = (uintptr_t)sqlite3_aggregate_context(c, size ? (int)(size + mask) : 0);
    return (struct agg_cell *)((p + mask) & ~mask);
}

static struct agg_cell *cell_get(sqlite3_context *c, const struct sqlite_func *fn)
{
    struct agg_cell *cell =
        cell_at(c, sizeof(struct agg_cell) + (fn->moving ? 0 : fn->impl->agg->state_size));
    if (!cell)
        sqlite3_result_error_nomem(c);
    else
        cell->started = true;
    return cell;
}

static void call_finish(sqlite3_context *c, struct sqlite_func_host *host)
{
    if (error_is_set(&host->err))
        sqlite_func_fail(c, host);
    if (--host->depth == 0)
        arena_reset(host->scratch);
}

typedef void agg_function(struct fcall *f, void *state);

static void run_on_row(sqlite3_context *c, const struct sqlite_func *fn, agg_function *run,
                       void *state, int argc, sqlite3_value **argv)
{
    struct sqlite_call k;
    memset(&k.f, 0, sizeof(k.f));
    if (!sqlite_func_prepare(&k, fn, argc, argv))
        return;
    fn->host->depth++;
    run(&k.f, state);
    fcall_check(&k.f);
    call_finish(c, fn->host);
}

static void run_final(sqlite3_context *c, const struct sqlite_func *fn, void *state)
{
    struct sqlite_func_host *host = fn->host;
    struct fcall f = {.err = &host->err, .arena = host->scratch, .ctx = host->ctx, .impl = fn->impl};
    host->depth++;
    if (!error_is_set(&host->err)) {
        fn->impl->agg->final(&f, state);
        if (fcall_check(&f))
            sqlite_value_return(c, &f.result);
    }
    call_finish(c, host);
}

/* --- plain --------------------------------------------------------------------------------- */

static void agg_step(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    struct agg_cell *cell = cell_get(c, fn);
    if (cell && !error_is_set(&fn->host->err))
        run_on_row(c, fn, fn->impl->agg->step, cell->state, argc, argv);
}

static void agg_inverse(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    struct agg_cell *cell = cell_get(c, fn);
    if (!cell || error_is_set(&fn->host->err))
        return;
    if (!fn->impl->agg->inverse) {
        error_set(&fn->host->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "aggregate %s over a moving window frame is not supported", fn->impl->name);
        sqlite_func_fail(c, fn->host);
        return;
    }
    run_on_row(c, fn, fn->impl->agg->inverse, cell->state, argc, argv);
}

static void empty_final(sqlite3_context *c, const struct sqlite_func *fn)
{
    void *state = calloc(1, fn->impl->agg->state_size + 1);
    if (!state) {
        sqlite3_result_error_nomem(c);
        return;
    }
    run_final(c, fn, state);
    if (fn->impl->agg->destroy)
        fn->impl->agg->destroy(state);
    free(state);
}

static void agg_value(sqlite3_context *c)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    struct agg_cell *cell = cell_at(c, 0);
    if (cell && cell->started)
        run_final(c, fn, cell->state);
    else
        empty_final(c, fn);
}

static void agg_final(sqlite3_context *c)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    agg_value(c);
    struct agg_cell *cell = cell_at(c, 0);
    if (cell && cell->started && fn->impl->agg->destroy)
        fn->impl->agg->destroy(cell->state);
}

/* --- moving: the rows of the frame are kept, each value is computed from them -------------- */

static void moving_row_free(struct moving_row *r)
{
    for (int i = 0; i < r->argc; i++)
        sqlite3_value_free(r->argv[i]);
    free(r);
}

static void moving_step(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    struct agg_cell *cell = cell_get(c, fn);
    struct moving_row *r =
        cell ? calloc(1, sizeof(*r) + sizeof(r->argv[0]) * (size_t)argc) : NULL;
    if (!r) {
        sqlite3_result_error_nomem(c);
        return;
    }
    r->argc = argc;
    for (int i = 0; i < argc; i++)
        r->argv[i] = sqlite3_value_dup(argv[i]);
    if (cell->last)
        cell->last->next = r;
    else
        cell->first = r;
    cell->last = r;
}

static void moving_inverse(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv; /* rows leave in the order they came */
    struct agg_cell *cell = cell_get(c, sqlite3_user_data(c));
    if (!cell || !cell->first)
        return;
    struct moving_row *r = cell->first;
    cell->first = r->next;
    if (!cell->first)
        cell->last = NULL;
    moving_row_free(r);
}

static void moving_value(sqlite3_context *c)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    const struct agg_impl *agg = fn->impl->agg;
    struct agg_cell *cell = cell_at(c, 0);
    void *state = calloc(1, agg->state_size + 1);
    if (!state) {
        sqlite3_result_error_nomem(c);
        return;
    }
    for (struct moving_row *r = cell ? cell->first : NULL; r; r = r->next)
        if (!error_is_set(&fn->host->err))
            run_on_row(c, fn, agg->step, state, r->argc, r->argv);
    run_final(c, fn, state);
    if (agg->destroy)
        agg->destroy(state);
    free(state);
}

static void moving_final(sqlite3_context *c)
{
    moving_value(c);
    struct agg_cell *cell = cell_at(c, 0);
    while (cell && cell->first) {
        struct moving_row *r = cell->first;
        cell->first = r->next;
        moving_row_free(r);
    }
}

int sqlite_agg_register(sqlite3 *db, struct sqlite_func *fn, const char *name, int flags,
                        bool moving)
{
    fn->moving = moving && !fn->impl->agg->inverse;
    if (fn->moving)
        return sqlite3_create_window_function(db, name, -1, flags, fn, moving_step, moving_final,
                                              moving_value, moving_inverse, free);
    return sqlite3_create_window_function(db, name, -1, flags, fn, agg_step, agg_final, agg_value,
                                          agg_inverse, free);
}
