/*
 * vec_sample.c - see vec_sample.h.
 *
 * Where the rowids lie close, one is drawn from each of many ranges of the same width and looked up, in order: only the pages
 * of the sample are read. Else, and when most rows are wanted, all of them are read (Knuth's selection sampling, algorithm S).
 * Either way the order is shuffled inside out.
 */
#include "vecext/vec_sample.h"

#include <string.h>

enum { SPARSE = 4 /* rowids a row, from which on drawing them would mostly miss */ };

static uint64_t next_random(struct vec_sample *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

/* Takes a row, unless it has no vector. */
static bool take(struct vec_sample *s, struct vec_index *ix, int64_t id, sqlite3_value *value, struct vec_error *err)
{
    size_t dims = (size_t)ix->shape.dims;
    bool indexed;
    if (!vec_index_load(ix, value, ix->row, &indexed, err))
        return false;
    if (!indexed)
        return true;
    size_t place = next_random(s) % (s->n + 1);
    memcpy(s->rows + s->n * dims, s->rows + place * dims, dims * sizeof(float));
    s->ids[s->n] = s->ids[place];
    memcpy(s->rows + place * dims, ix->row, dims * sizeof(float));
    s->ids[place] = id;
    s->n++;
    return true;
}

static bool read_by_scan(struct vec_sample *s, struct vec_index *ix, int64_t rows, vec_go_on_fn *go_on, void *context,
                         struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SRC_ALL, err);
    if (!stmt)
        return false;
    int64_t seen = 0;
    bool ok = true;
    while (ok && s->n < s->cap && sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t left = rows - seen++;
        if (left > 0 && next_random(s) % (uint64_t)left >= s->cap - s->n)
            continue;
        ok = take(s, ix, sqlite3_column_int64(stmt, 0), sqlite3_column_value(stmt, 1), err) &&
             go_on(context, err);
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

static bool read_by_rowid(struct vec_sample *s, struct vec_index *ix, int64_t first, uint64_t span, int64_t rows,
                          vec_go_on_fn *go_on, void *context, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SRC_GET, err);
    if (!stmt)
        return false;
    uint64_t draws = (uint64_t)((double)s->cap * ((double)span / (double)rows));
    bool ok = true;
    for (uint64_t i = 0; ok && i < draws && s->n < s->cap; i++) {
        uint64_t from = (uint64_t)((double)span * ((double)i / (double)draws));
        uint64_t to = (uint64_t)((double)span * ((double)(i + 1) / (double)draws));
        int64_t id = first + (int64_t)(from + (to > from ? next_random(s) % (to - from) : 0));
        sqlite3_bind_int64(stmt, 1, id);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            ok = take(s, ix, id, sqlite3_column_value(stmt, 0), err);
        ok = (sqlite3_reset(stmt) == SQLITE_OK || vec_index_failed(ix, err)) && ok;
        ok = ok && go_on(context, err);
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

bool vec_sample_read(struct vec_sample *sample, struct vec_index *ix, int64_t rows, vec_go_on_fn *go_on, void *context,
                     struct vec_error *err)
{
    int64_t first = 0, last = 0;
    bool found;
    if (!vec_index_integer(ix, VEC_STMT_SRC_FIRST, 0, &first, &found, err) ||
        !vec_index_integer(ix, VEC_STMT_SRC_LAST, 0, &last, &found, err))
        return false;
    double span = (double)last - (double)first + 1;
    if (!found || sample->cap > (uint64_t)rows / 2 || span / SPARSE > (double)rows)
        return read_by_scan(sample, ix, rows, go_on, context, err);
    return read_by_rowid(sample, ix, first, (uint64_t)span, rows, go_on, context, err);
}
