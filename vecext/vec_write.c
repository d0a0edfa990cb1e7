/* vec_write.c - inserts, deletes, folding, compaction, splits; see vec_write.h. */
#include "vecext/vec_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vecext/vec_build.h"
#include "vecext/vec_include.h"
#include "vecext/vec_invert.h"
#include "vecext/vec_kernel.h"
#include "vecext/vec_list.h"
#include "vecext/vec_location.h"
#include "vecext/vec_log.h"
#include "vecext/vec_meta.h"
#include "vecext/vec_tune.h"

enum {
    DEAD_SHARE = 4,      /* a list is rewritten when 1/4 of its slots are dead */
    GROWTH = 2,          /* an index is trained again at twice or two thirds of the rows it was trained on, ... */
    RETRAIN_MAX = 50000, /* ... while that takes well under a second; later, lists are split and probes measured */
    SPLIT_SIZE = 3,      /* times the mean list size */
    SPLITS_MOST = 4      /* of one fold; what else is too large waits for the next */
};

static bool totals(struct vec_index *ix, int64_t *live, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LIST_SUMS, err);
    if (!stmt)
        return false;
    double sum = 0;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        sum = sqlite3_column_double(stmt, 0) - sqlite3_column_double(stmt, 1);
    *live = sum > 0 && sum < 1e15 ? (int64_t)sum : 0;
    return vec_index_done(ix, stmt, err);
}

static bool resize(struct vec_index *ix, int64_t live, bool *done, struct vec_error *err);

/* After a list lost many rows: their neighbours are further apart now. */
static bool look_at_loss(struct vec_index *ix, struct vec_error *err)
{
    int64_t live;
    bool done;
    return !ix->trained_rows || (totals(ix, &live, err) && resize(ix, live, &done, err));
}

/* Clears a row's place, where nothing locates it any more. *lost: a list was rewritten or emptied. */
static bool clear_place(struct vec_index *ix, int64_t pos, bool *lost, struct vec_error *err)
{
    int64_t slots, dead;
    *lost = false;
    if (pos < 0)
        return vec_log_drop(ix, -1 - pos, err);
    int64_t list = pos >> VEC_POS_SHIFT;
    if (!vec_list_kill(ix, list, pos & UINT32_MAX, &slots, &dead, err))
        return false;
    *lost = dead == slots || (dead >= VEC_BLOCK && dead * DEAD_SHARE > slots);
    if (!*lost)
        return true;
    return dead == slots ? vec_list_clear(ix, list, err) : vec_list_rewrite(ix, list, err);
}

bool vec_write_delete(struct vec_index *ix, int64_t id, bool returns, struct vec_error *err)
{
    int64_t pos;
    bool found, lost;
    if (ix->method == VEC_METHOD_INVERTED)
        return vec_invert_delete(ix, id, err);
    if (!vec_location_get(ix, id, &pos, &found, err))
        return false;
    if (!found)
        return true;
    return vec_location_drop(ix, id, err) && clear_place(ix, pos, &lost, err) && (!lost || returns || look_at_loss(ix, err));
}

/* Loads a base row, rotated, into ix->row, its included columns into ix->record. */
static bool load_row(struct vec_index *ix, int64_t id, bool *indexed, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SRC_ROW, err);
    if (!stmt)
        return false;
    *indexed = false;
    sqlite3_bind_int64(stmt, 1, id);
    bool ok = sqlite3_step(stmt) != SQLITE_ROW ||
              vec_index_load(ix, sqlite3_column_value(stmt, 1), ix->row, indexed, err);
    if (ok && *indexed) {
        vec_index_rotate_row(ix, ix->row);
        vec_include_take(ix, stmt, ix->record);
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

static void encode_row(struct vec_index *ix, uint32_t list)
{
    vec_encode(&ix->shape, ix->row, vec_centroid(&ix->centroids, (int)list), ix->residual,
               ix->codes, ix->record);
}

struct split {
    struct vec_rows rows; /* of the list; of their records only the included columns are used */
    size_t n;             /* that still have a vector */
    float *vectors;       /* rotated */
    uint32_t *half;
};

static void copy_includes(const struct vec_index *ix, unsigned char *to, const unsigned char *from)
{
    size_t at = vec_code_includes_at(&ix->shape);
    memcpy(to + at, from + at, vec_code_record_bytes(&ix->shape) - at);
}

/* The base vectors of a list's rows, rotated. */
static bool load_split(struct vec_index *ix, struct split *split, struct vec_error *err)
{
    size_t dims = (size_t)ix->shape.dims;
    split->vectors = malloc((split->rows.n + 1) * dims * sizeof(float));
    split->half = malloc((split->rows.n + 1) * sizeof *split->half);
    if (!split->vectors || !split->half)
        return vec_error_nomem(err);
    for (size_t i = 0; i < split->rows.n; i++) {
        bool indexed;
        if (!load_row(ix, split->rows.ids[i], &indexed, err))
            return false;
        if (!indexed)
            continue; /* a row that the table lost without its trigger */
        memcpy(split->vectors + split->n * dims, ix->row, dims * sizeof(float));
        copy_includes(ix, split->rows.records + split->n * vec_code_record_bytes(&ix->shape), ix->record);
        split->rows.ids[split->n++] = split->rows.ids[i];
    }
    return true;
}

static bool save_panel(struct vec_index *ix, int list, struct vec_error *err)
{
    size_t panel = (size_t)ix->shape.dims * VEC_PANEL;
    int p = list / VEC_PANEL;
    return vec_index_put(ix, VEC_STMT_CENT_PUT, p, ix->centroids.data + (size_t)p * panel,
                         panel * sizeof(float), err);
}

/* Replaces the centroid of `list` by the first of `two` and adds the second as a new list. */
static bool add_centroid(struct vec_index *ix, int list, const struct vec_centroids *two,
                         struct vec_error *err)
{
    struct vec_centroids grown;
    int count = ix->centroids.count;
    if (!vec_centroids_init(&grown, ix->shape.dims, count + 1, err))
        return false;
    memcpy(grown.data, ix->centroids.data,
           (size_t)ix->centroids.panels * (size_t)ix->shape.dims * VEC_PANEL * sizeof(float));
    memcpy(grown.norm2, ix->centroids.norm2, (size_t)count * sizeof(float));
    memcpy(grown.rows, ix->centroids.rows, (size_t)count * (size_t)ix->shape.dims * sizeof(float));
    memcpy(grown.small, ix->centroids.small,
           (size_t)ix->centroids.panels * (size_t)ix->shape.dims * VEC_PANEL * sizeof(int16_t));
    memcpy(grown.scale, ix->centroids.scale, (size_t)count * sizeof(float));
    vec_centroids_free(&ix->centroids);
    ix->centroids = grown;
    vec_centroids_set(&ix->centroids, list, vec_centroid(two, 0));
    vec_centroids_set(&ix->centroids, count, vec_centroid(two, 1));
    return save_panel(ix, list, err) && save_panel(ix, count, err) &&
           vec_meta_put_integer(ix, "centroids", count + 1, err) &&
           vec_meta_new_generation(ix, err);
}

static bool write_half(struct vec_index *ix, const struct split *split, uint32_t half, int list,
                       struct vec_error *err)
{
    size_t dims = (size_t)ix->shape.dims, record_bytes = vec_code_record_bytes(&ix->shape);
    struct vec_rows rows = {0};
    struct vec_buf located = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < split->n; i++) {
        if (split->half[i] != half)
            continue;
        memcpy(ix->row, split->vectors + i * dims, dims * sizeof(float));
        encode_row(ix, (uint32_t)list);
        copy_includes(ix, ix->record, split->rows.records + i * record_bytes);
        ok = vec_rows_add(&rows, record_bytes, split->rows.ids[i], ix->record, err);
    }
    ok = ok && vec_list_append(ix, list, rows.ids, rows.records, rows.n, &located, err) &&
         vec_location_put_all(ix, &located, false, err);
    vec_buf_free(&located);
    vec_rows_free(&rows);
    return ok;
}

static bool split_list(struct vec_index *ix, int list, bool *done, struct vec_error *err)
{
    struct split split = {{0}};
    struct vec_centroids two = {0};
    *done = false;
    bool ok = vec_list_read(ix, list, &split.rows, err) && load_split(ix, &split, err);
    if (ok && split.n >= 2) {
        ok =
            vec_centroids_init(&two, ix->shape.dims, 2, err) &&
            vec_cluster_train(&two, split.vectors, split.n, (uint64_t)ix->seed, 1, NULL, NULL, err);
        if (ok)
            ok = vec_centroids_assign(&two, split.vectors, split.n, split.half, err);
        size_t second = 0;
        for (size_t i = 0; ok && i < split.n; i++)
            second += split.half[i];
        /* identical rows cannot be told apart */
        if (ok && second && second < split.n) {
            int added = ix->centroids.count;
            ok = vec_list_clear(ix, list, err) && add_centroid(ix, list, &two, err) &&
                 write_half(ix, &split, 0, list, err) && write_half(ix, &split, 1, added, err);
            *done = ok;
        }
    }
    vec_centroids_free(&two);
    vec_rows_free(&split.rows);
    free(split.vectors);
    free(split.half);
    return ok;
}

/* The first training, when there are rows enough. */
static bool wants_training(const struct vec_index *ix, int64_t live)
{
    return ix->method != VEC_METHOD_FLAT && ix->trained_rows == 0 && vec_build_lists(live, ix->wanted_lists) > 1;
}

/* An index whose rows have doubled or halved is made anew while it is small; a large one measures its probes again. */
static bool resize(struct vec_index *ix, int64_t live, bool *done, struct vec_error *err)
{
    int64_t known = ix->tuned_rows ? ix->tuned_rows : ix->trained_rows;
    *done = false;
    if (ix->method == VEC_METHOD_FLAT || (live < GROWTH * known && live * 3 > known * 2))
        return true;
    *done = true;
    if (live <= RETRAIN_MAX)
        return vec_build_run(ix, 0, NULL, err);
    ix->tuned_rows = live;
    return vec_tune_probes(ix, err) && vec_meta_put_integer(ix, "tuned_rows", live, err) &&
           vec_meta_new_generation(ix, err);
}

/* A list may hold three times the share it would have if the index were built now. */
static int64_t split_limit(const struct vec_index *ix, int64_t live)
{
    int lists = vec_build_lists(live, ix->wanted_lists);
    int64_t limit = live / (lists > 0 ? lists : 1) * SPLIT_SIZE;
    return limit < VEC_BLOCK * 4 ? VEC_BLOCK * 4 : limit;
}

/* After lists grew: trains, or splits those that are too large. The log is empty: its rows are coded by their lists' centroids. */
static bool keep_shape(struct vec_index *ix, const uint32_t *grown, size_t n, struct vec_error *err)
{
    int64_t live;
    bool done = false;
    if (!totals(ix, &live, err))
        return false;
    if (wants_training(ix, live))
        return vec_build_run(ix, 0, NULL, err);
    if (!ix->trained_rows || ix->method == VEC_METHOD_FLAT)
        return true;
    if (!resize(ix, live, &done, err))
        return false;
    int64_t limit = split_limit(ix, live);
    for (size_t i = 0, splits = 0; !done && i < n && splits < SPLITS_MOST; i++) {
        int64_t slots, dead;
        bool split = false;
        if (!vec_list_state(ix, grown[i], &slots, &dead, err) ||
            (slots - dead > limit && !split_list(ix, (int)grown[i], &split, err)))
            return false;
        splits += split;
    }
    return true;
}

/* Appends rows [first, last) of the log, all of one list, to its segments. */
static bool fold_list(struct vec_index *ix, const struct vec_log_rows *log, size_t first, size_t last, struct vec_buf *located,
                      struct vec_error *err)
{
    const struct vec_log_place *places = (const void *)log->places.data;
    return vec_list_append(ix, places[first].list, log->rows.ids + first,
                           log->rows.records + first * vec_code_record_bytes(&ix->shape), last - first, located, err);
}

/* Moves the log's rows to their lists. *grown: the lists, u32 each. */
static bool fold_log(struct vec_index *ix, struct vec_buf *grown, struct vec_error *err)
{
    struct vec_log_rows log = {0};
    struct vec_buf located = {0};
    bool ok = vec_log_read(ix, &log, err) && (!log.rows.n || vec_log_clear(ix, err));
    const struct vec_log_place *places = (const void *)log.places.data;
    for (size_t first = 0, last; ok && first < log.rows.n; first = last) {
        for (last = first + 1; last < log.rows.n && places[last].list == places[first].list; last++)
            ;
        ok = fold_list(ix, &log, first, last, &located, err) &&
             vec_buf_append(grown, &places[first].list, sizeof places[first].list, err);
    }
    ok = ok && vec_location_put_all(ix, &located, false, err);
    vec_buf_free(&located);
    vec_log_rows_free(&log);
    return ok;
}

static bool fold_and_shape(struct vec_index *ix, struct vec_error *err)
{
    struct vec_buf grown = {0};
    bool ok = fold_log(ix, &grown, err) &&
              keep_shape(ix, (const uint32_t *)(const void *)grown.data, grown.len / sizeof(uint32_t), err);
    vec_buf_free(&grown);
    return ok;
}

bool vec_write_row(struct vec_index *ix, int64_t id, struct vec_error *err)
{
    bool indexed, found, lost;
    if (ix->method == VEC_METHOD_INVERTED)
        return vec_invert_put(ix, id, err);
    if (!load_row(ix, id, &indexed, err))
        return false;
    if (!indexed)
        return vec_write_delete(ix, id, true, err);
    uint32_t list;
    if (!vec_centroids_assign(&ix->centroids, ix->row, 1, &list, err))
        return false;
    encode_row(ix, list);
    int64_t seq, before;
    if (!vec_log_put(ix, list, id, &seq, &before, &found, err) || (found && !clear_place(ix, before, &lost, err)))
        return false;
    return seq < vec_log_most(ix) || fold_and_shape(ix, err);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool maintain_list(struct vec_index *ix, int list, int64_t limit, int64_t *steps,
                          struct vec_error *err)
{
    int64_t slots, dead;
    bool done = false;
    if (!vec_list_state(ix, list, &slots, &dead, err))
        return false;
    if (slots - dead > limit && ix->method != VEC_METHOD_FLAT) {
        if (!split_list(ix, list, &done, err))
            return false;
        *steps += done;
    }
    if (!done && dead * 10 > slots) {
        ++*steps;
        return vec_list_rewrite(ix, list, err);
    }
    return true;
}

bool vec_write_maintain(struct vec_index *ix, int64_t milliseconds, int64_t *steps,
                        struct vec_error *err)
{
    int64_t end = now_ms() + milliseconds, live, tail = 0;
    *steps = 0;
    if (ix->method == VEC_METHOD_INVERTED) /* it is always as if made anew */
        return true;
    if (!totals(ix, &live, err) ||
        !vec_index_rows(ix, &tail, err))
        return false;
    bool done = false;
    if (wants_training(ix, tail)) {
        ++*steps;
        return vec_build_run(ix, 0, NULL, err);
    }
    if (ix->trained_rows && !resize(ix, tail, &done, err))
        return false;
    *steps += done;
    struct vec_buf grown = {0};
    bool folded = done || fold_log(ix, &grown, err);
    *steps += folded && grown.len > 0;
    vec_buf_free(&grown);
    if (!folded)
        return false;
    int64_t limit = ix->trained_rows ? split_limit(ix, tail) : INT64_MAX;
    for (int list = 0; list < ix->centroids.count; list++) {
        if (milliseconds >= 0 && now_ms() >= end)
            break;
        if (!maintain_list(ix, list, limit, steps, err))
            return false;
    }
    return true;
}
