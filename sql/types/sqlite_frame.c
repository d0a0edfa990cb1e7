/*
 * sqlite_frame.c: window frames that SQLite has not: RANGE with an offset over types other than integers, offsets that are
 * not constants. The SQLite window function frame_agg
 *
 *     frame_agg('sum(int4)', spec, filter, start offset, end offset, arguments..., sort keys...)
 *         OVER (PARTITION BY ... ORDER BY ... ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
 *
 * collects a partition; SQLite then asks for one value a row, in order, and each is computed over that row's own frame,
 * found as PostgreSQL does, by two ends that only move forward. The function may also be window_first_value,
 * window_last_value or window_nth_value, or window_count, window_min and window_max for the aggregates that are SQLite's own.
 *
 * spec: "<result type> <mode> <start> <end> <exclude> <start offset's type> <end offset's type> <n> <argument type>{n}
 * <k> {<key type> <flags>}{k}", flags 1 descending, 2 NULLs first; enums as in FRAME_ below. Printed by emit/emit_frame.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/types/range_frame.h"
#include "sql/types/routine.h"
#include "sql/types/sqlite_func_internal.h"
#include "sql/types/sqlite_sorted.h"
#include "sql/types/text_util.h"
#include "sql/types/type.h"
#include "sql/types/type_catalog.h"
#include "sql/types/typeoid.h"

/* The order of enum frame_mode, frame_bound and frame_exclude in analyze/tree.h. */
enum { MODE_RANGE, MODE_ROWS, MODE_GROUPS };
enum { UNBOUNDED_PRECEDING, PRECEDING, CURRENT, FOLLOWING, UNBOUNDED_FOLLOWING };
enum { EXCLUDE_NOTHING, EXCLUDE_CURRENT, EXCLUDE_PEERS, EXCLUDE_OTHERS };

#define FIXED_ARGS 5 /* name, spec, filter and two offsets */

struct frame_spec {
    uint32_t result;
    int mode, start, end, exclude;
    uint32_t offset_types[2];
    int nargs, nkeys;
    uint32_t args[SQLITE_CALL_MAX];
    struct sorted_key keys[SQLITE_CALL_MAX];
};

struct frame_row {
    struct value *values; /* arguments, then keys */
    int64_t group;        /* which set of peers, from 0 */
    bool filtered;        /* FILTER leaves it out */
};

enum frame_value { VALUE_AGGREGATE, VALUE_FIRST, VALUE_LAST, VALUE_NTH, VALUE_COUNT, VALUE_MIN, VALUE_MAX };

struct frame_cell {
    struct arena *arena; /* NULL: no row yet */
    const struct fn_impl *impl;
    enum frame_value which;
    struct frame_spec spec;
    struct value offsets[2];
    const struct fn_impl *in_range[2];
    struct frame_row *rows;
    int64_t n, cap;
    bool ready;
    int64_t current, head, tail; /* the frame is [head, tail) */
    /* The aggregate over [from, to), NULL if there is none. */
    void *state;
    int64_t from, to;
    size_t work;
};

/* --- collecting ----------------------------------------------------------------------------------- */

static bool spec_read(const char *p, size_t n, const struct eval_context *ctx, struct frame_spec *s)
{
    const char *end = p + n;
    long v[7], type, flags;
    for (int i = 0; i < 7; i++)
        if (!sorted_spec_number(&p, end, &v[i]))
            return false;
    s->result = (uint32_t)v[0];
    s->mode = (int)v[1];
    s->start = (int)v[2];
    s->end = (int)v[3];
    s->exclude = (int)v[4];
    s->offset_types[0] = (uint32_t)v[5];
    s->offset_types[1] = (uint32_t)v[6];
    if (!sorted_spec_types(&p, end, &s->nargs, s->args) || !sorted_spec_number(&p, end, &type) || type > SQLITE_CALL_MAX)
        return false;
    s->nkeys = (int)type;
    for (int i = 0; i < s->nkeys; i++) {
        if (!sorted_spec_number(&p, end, &type) || !sorted_spec_number(&p, end, &flags))
            return false;
        s->keys[i] = (struct sorted_key){type_find(ctx, (uint32_t)type), flags & 1, flags & 2};
    }
    return true;
}

static bool find_function(struct frame_cell *cell, const struct value *name)
{
    static const char *const windows[] = {
        [VALUE_FIRST] = "window_first_value", [VALUE_LAST] = "window_last_value", [VALUE_NTH] = "window_nth_value",
        [VALUE_COUNT] = "window_count",       [VALUE_MIN] = "window_min",          [VALUE_MAX] = "window_max"};
    if (name->kind != VALUE_TEXT)
        return false;
    for (int i = VALUE_FIRST; i <= VALUE_MAX; i++)
        if (strcmp(name->p, windows[i]) == 0) {
            cell->which = (enum frame_value)i;
            return true;
        }
    struct user_impl *user = ARENA_NEW(cell->arena, struct user_impl);
    cell->impl = user_impl_parse(user, name->p) ? &user->impl : fn_impl_find(name->p);
    return cell->impl && cell->impl->agg;
}

static bool offset_check(struct frame_cell *cell, struct sqlite_func_host *host, int i)
{
    static const char *const ends[] = {"starting", "ending"};
    const struct frame_spec *s = &cell->spec;
    int bound = i ? s->end : s->start;
    if (bound != PRECEDING && bound != FOLLOWING)
        return true;
    if (value_is_null(&cell->offsets[i]))
        return error_set(&host->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "frame %s offset must not be null", ends[i]);
    if (s->mode != MODE_RANGE)
        return (cell->offsets[i].kind == VALUE_INT && cell->offsets[i].i >= 0) ||
               error_set(&host->err, ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE, "frame %s offset must not be negative",
                         ends[i]);
    uint32_t key = s->nkeys == 1 && s->keys[0].type ? s->keys[0].type->oid : 0;
    cell->in_range[i] = range_frame_function(key, s->offset_types[i]);
    return cell->in_range[i] || error_set(&host->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                                          "RANGE with offset PRECEDING/FOLLOWING is not supported for this type");
}

static bool cell_begin(struct frame_cell *cell, struct sqlite_func_host *host, int argc, sqlite3_value **argv)
{
    cell->arena = arena_create();
    struct value name = sorted_keep(cell->arena, argv[0]), spec = sorted_keep(cell->arena, argv[1]);
    struct frame_spec *s = &cell->spec;
    if (!find_function(cell, &name) || spec.kind != VALUE_TEXT || !spec_read(spec.p, spec.n, host->ctx, s) ||
        argc != FIXED_ARGS + s->nargs + s->nkeys)
        return error_set(&host->err, ERRCODE_FEATURE_NOT_SUPPORTED, "window function %.*s is not supported", (int)name.n,
                         name.p ? name.p : "");
    for (int i = 0; i < 2; i++) {
        cell->offsets[i] = sorted_keep(cell->arena, argv[3 + i]);
        if (!offset_check(cell, host, i))
            return false;
    }
    return true;
}

static void frame_step(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    struct sqlite_func_host *host = ((const struct sqlite_func *)sqlite3_user_data(c))->host;
    struct frame_cell *cell = sqlite3_aggregate_context(c, sizeof(*cell));
    if (!cell || error_is_set(&host->err))
        return;
    if (!cell->arena && !cell_begin(cell, host, argc, argv)) {
        sqlite_func_fail(c, host);
        return;
    }
    if (cell->n == cell->cap) {
        int64_t cap = cell->cap ? cell->cap * 2 : 64;
        struct frame_row *rows = realloc(cell->rows, (size_t)cap * sizeof(*rows));
        if (!rows) {
            sqlite3_result_error_nomem(c);
            return;
        }
        cell->rows = rows;
        cell->cap = cap;
    }
    int n = cell->spec.nargs + cell->spec.nkeys;
    struct frame_row *row = &cell->rows[cell->n++];
    *row = (struct frame_row){.values = ARENA_ARRAY(cell->arena, struct value, n + 1),
                              .filtered = sqlite3_value_int(argv[2]) == 0};
    for (int i = 0; i < n; i++)
        row->values[i] = sorted_keep(cell->arena, argv[FIXED_ARGS + i]);
}

/* --- the frame of a row --------------------------------------------------------------------------- */

static const struct value *key_of(const struct frame_cell *cell, int64_t row)
{
    return cell->rows[row].values + cell->spec.nargs;
}

static void find_peers(struct frame_cell *cell, struct sqlite_func_host *host)
{
    const struct frame_spec *s = &cell->spec;
    cell->ready = true;
    for (int64_t i = 1; i < cell->n; i++) {
        bool peer = true;
        for (int k = 0; k < s->nkeys && peer; k++)
            peer = sorted_compare(&s->keys[k], &key_of(cell, i - 1)[k], &key_of(cell, i)[k], host->ctx) == 0;
        cell->rows[i].group = cell->rows[i - 1].group + !peer;
    }
}

static bool in_range(struct frame_cell *cell, struct sqlite_func_host *host, int end, int64_t row)
{
    bool preceding = (end ? cell->spec.end : cell->spec.start) == PRECEDING, desc = cell->spec.keys[0].desc;
    const struct value args[5] = {*key_of(cell, row), *key_of(cell, cell->current), cell->offsets[end],
                                  value_bool(preceding != desc), value_bool((end == 1) != desc)};
    const uint32_t types[5] = {cell->spec.keys[0].type->oid, cell->spec.keys[0].type->oid, cell->spec.offset_types[end],
                               BOOLOID, BOOLOID};
    struct fcall f = {.err = &host->err, .arena = host->scratch, .ctx = host->ctx};
    struct value result;
    return fcall_invoke(&f, cell->in_range[end], args, 5, types, BOOLOID, &result) && result.i;
}

/* RANGE: does the end stay before this row? NULLs are at one side of all keys, and equal. */
static bool end_stays(struct frame_cell *cell, struct sqlite_func_host *host, int end, int64_t row)
{
    bool null = value_is_null(key_of(cell, row)), current = value_is_null(key_of(cell, cell->current));
    bool first = cell->spec.keys[0].nulls_first;
    if (!null && !current)
        return end ? !in_range(cell, host, 1, row) : in_range(cell, host, 0, row);
    if (end)
        return first ? !null && current : !current && null;
    return first ? !null || current : null || !current;
}

static int64_t clamp(const struct frame_cell *cell, int64_t row)
{
    return row < 0 ? 0 : row > cell->n ? cell->n : row;
}

static int64_t offset_row(const struct frame_cell *cell, int bound, const struct value *offset)
{
    int64_t i = offset->i > cell->n ? cell->n + 1 : offset->i;
    return bound == PRECEDING ? cell->current - i : cell->current + i;
}

/* The first row, from the end's place on, whose group is at least this one. */
static int64_t first_of_group(const struct frame_cell *cell, int64_t from, int64_t group)
{
    while (from < cell->n && cell->rows[from].group < group)
        from++;
    return from;
}

static int64_t offset_group(const struct frame_cell *cell, int bound, const struct value *offset)
{
    int64_t i = offset->i > cell->n ? cell->n + 1 : offset->i, group = cell->rows[cell->current].group;
    return bound == PRECEDING ? group - i : group + i;
}

static int64_t range_end(struct frame_cell *cell, struct sqlite_func_host *host, int end, int64_t from)
{
    while (from < cell->n && !end_stays(cell, host, end, from) && !error_is_set(&host->err))
        from++;
    return from;
}

static void move_ends(struct frame_cell *cell, struct sqlite_func_host *host)
{
    const struct frame_spec *s = &cell->spec;
    int64_t group = cell->rows[cell->current].group;
    bool rows = s->mode == MODE_ROWS, groups = s->mode == MODE_GROUPS;
    if (s->start == CURRENT)
        cell->head = rows ? cell->current : first_of_group(cell, cell->head, group);
    else if (s->start != UNBOUNDED_PRECEDING)
        cell->head = rows     ? clamp(cell, offset_row(cell, s->start, &cell->offsets[0]))
                     : groups ? first_of_group(cell, cell->head, offset_group(cell, s->start, &cell->offsets[0]))
                              : range_end(cell, host, 0, cell->head);
    if (s->end == UNBOUNDED_FOLLOWING)
        cell->tail = cell->n;
    else if (s->end == CURRENT)
        cell->tail = rows ? cell->current + 1 : first_of_group(cell, cell->tail, group + 1);
    else
        cell->tail = rows     ? clamp(cell, offset_row(cell, s->end, &cell->offsets[1]) + 1)
                     : groups ? first_of_group(cell, cell->tail, offset_group(cell, s->end, &cell->offsets[1]) + 1)
                              : range_end(cell, host, 1, cell->tail);
}

static bool excluded(const struct frame_cell *cell, int64_t row)
{
    bool peer = cell->rows[row].group == cell->rows[cell->current].group;
    switch (cell->spec.exclude) {
    case EXCLUDE_CURRENT:
        return row == cell->current;
    case EXCLUDE_PEERS:
        return peer;
    case EXCLUDE_OTHERS:
        return peer && row != cell->current;
    default:
        return false;
    }
}

/* --- values ---------------------------------------------------------------------------------------- */

static bool has_null(const struct value *v, int n)
{
    for (int i = 0; i < n; i++)
        if (value_is_null(&v[i]))
            return true;
    return false;
}

typedef void row_function(struct fcall *f, void *state);

static void run_row(struct frame_cell *cell, struct sqlite_func_host *host, row_function *run, int64_t i)
{
    const struct frame_row *row = &cell->rows[i];
    const struct fn_impl *impl = cell->impl;
    bool strict = fn_impl_traits(impl)->strict && !(impl->flags & FN_CALLED_ON_NULL);
    struct fcall f = {.args = row->values, .nargs = cell->spec.nargs, .err = &host->err, .arena = host->scratch,
                      .ctx = host->ctx, .argtypes = cell->spec.args, .rettype = cell->spec.result, .impl = impl};
    if (!row->filtered && !(strict && has_null(row->values, cell->spec.nargs)) && !error_is_set(&host->err) &&
        !work_interrupted(&f, &cell->work, 64))
        run(&f, cell->state);
}

static void drop_state(struct frame_cell *cell)
{
    if (cell->state && cell->impl->agg->destroy)
        cell->impl->agg->destroy(cell->state);
    free(cell->state);
    cell->state = NULL;
}

/* The state comes to stand for the frame: rows that came are added, rows that left are taken out if the aggregate can. */
static bool bring_state(struct frame_cell *cell, struct sqlite_func_host *host)
{
    const struct agg_impl *agg = cell->impl->agg;
    bool exclude = cell->spec.exclude != EXCLUDE_NOTHING;
    bool kept = cell->state && !exclude && cell->tail >= cell->to && cell->head < cell->to &&
                (cell->head == cell->from || agg->inverse);
    if (!kept) {
        drop_state(cell);
        cell->state = calloc(1, agg->state_size + 1);
        cell->from = cell->to = cell->head;
    }
    if (!cell->state)
        return error_set(&host->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    for (; cell->from < cell->head; cell->from++)
        run_row(cell, host, agg->inverse, cell->from);
    for (; cell->to < cell->tail; cell->to++)
        if (!exclude || !excluded(cell, cell->to))
            run_row(cell, host, agg->step, cell->to);
    return !error_is_set(&host->err);
}

/* The n-th row of the frame, from 1, or from its end; -1: there is none. */
static int64_t nth_row(const struct frame_cell *cell, int64_t n, bool from_end)
{
    for (int64_t i = cell->head; i < cell->tail; i++) {
        int64_t row = from_end ? cell->tail - 1 - (i - cell->head) : i;
        if (!excluded(cell, row) && --n == 0)
            return row;
    }
    return -1;
}

static void row_value(struct frame_cell *cell, struct sqlite_func_host *host, struct value *out)
{
    int64_t n = 1;
    *out = value_null();
    if (cell->which == VALUE_NTH) {
        const struct value *v = &cell->rows[cell->current].values[1];
        if (value_is_null(v))
            return;
        if (v->i <= 0) {
            error_set(&host->err, ERRCODE_INVALID_ARGUMENT_FOR_NTH_VALUE, "argument of nth_value must be greater than zero");
            return;
        }
        n = v->i;
    }
    int64_t row = nth_row(cell, n, cell->which == VALUE_LAST);
    if (row >= 0)
        *out = cell->rows[row].values[0];
}

/* count, min and max, which are SQLite's own elsewhere. */
static void native_value(struct frame_cell *cell, struct sqlite_func_host *host, struct value *out)
{
    const struct type_def *t = cell->spec.nargs ? type_find(host->ctx, cell->spec.args[0]) : NULL;
    int64_t count = 0;
    *out = value_null();
    for (int64_t i = cell->head; i < cell->tail; i++) {
        const struct frame_row *row = &cell->rows[i];
        if (row->filtered || excluded(cell, i) || (cell->spec.nargs && value_is_null(row->values)))
            continue;
        count++;
        if (cell->which == VALUE_COUNT)
            continue;
        int order = value_is_null(out) ? 0 : type_compare(t, row->values, out, host->ctx);
        if (value_is_null(out) || (cell->which == VALUE_MIN ? order < 0 : order > 0))
            *out = row->values[0];
    }
    if (cell->which == VALUE_COUNT)
        *out = value_int(count);
}

static void frame_value(sqlite3_context *c)
{
    struct sqlite_func_host *host = ((const struct sqlite_func *)sqlite3_user_data(c))->host;
    struct frame_cell *cell = sqlite3_aggregate_context(c, 0);
    if (!cell || !cell->arena || error_is_set(&host->err) || cell->current >= cell->n)
        return;
    host->depth++;
    if (!cell->ready)
        find_peers(cell, host);
    move_ends(cell, host);
    struct fcall f = {.err = &host->err, .arena = host->scratch, .ctx = host->ctx, .impl = cell->impl,
                      .rettype = cell->spec.result};
    if (error_is_set(&host->err))
        ;
    else if (cell->which >= VALUE_COUNT)
        native_value(cell, host, &f.result);
    else if (cell->which != VALUE_AGGREGATE)
        row_value(cell, host, &f.result);
    else if (bring_state(cell, host))
        cell->impl->agg->final(&f, cell->state);
    cell->current++;
    if (error_is_set(&host->err))
        sqlite_func_fail(c, host);
    else
        sqlite_value_return(c, &f.result);
    if (--host->depth == 0)
        arena_reset(host->scratch);
}

/* SQLite takes rows out of a frame only when it moves, which this one does not. */
static void frame_inverse(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)c;
    (void)argc;
    (void)argv;
}

static void frame_final(sqlite3_context *c)
{
    struct frame_cell *cell = sqlite3_aggregate_context(c, 0);
    if (!cell || !cell->arena)
        return;
    if (cell->which == VALUE_AGGREGATE && cell->impl)
        drop_state(cell);
    free(cell->rows);
    arena_destroy(cell->arena);
}

int sqlite_frame_register(sqlite3 *db, struct sqlite_func_host *host)
{
    struct sqlite_func *fn = calloc(1, sizeof(*fn));
    if (!fn)
        return SQLITE_NOMEM;
    fn->host = host;
    return sqlite3_create_window_function(db, SQLITE_FUNC_FRAME, -1, SQLITE_UTF8, fn, frame_step, frame_final, frame_value,
                                          frame_inverse, free);
}
