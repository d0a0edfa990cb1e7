/*
 * vec_place.c - see vec_place.h. A block: i64 first rowid, i64 n, i64 1 when scattered; then n positions (-1: none), of the rowids
 * from the first on, or n rowids, ascending, and their positions.
 */
#include "vecext/vec_place.h"

#include <string.h>

enum { HEADER = 24, SCATTER = 4 /* rowids in a place each, at most */, MOST = 1 << 20 };

static const uint64_t part = UINT64_MAX;

static uint64_t places_key(const struct vec_index *ix)
{
    return (uint64_t)ix->generation * UINT64_C(0xD6E8FEB86659FD93);
}

/* Is every row of the lists and the log located? Who looks for rows by their place would not miss those that are not. */
static bool all_located(struct vec_index *ix, int64_t located, struct vec_error *err)
{
    int64_t waiting;
    bool found;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LIST_SUMS, err);
    if (!stmt)
        return false;
    double listed = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_double(stmt, 0) - sqlite3_column_double(stmt, 1) : 0;
    if (!vec_index_done(ix, stmt, err) || !vec_index_integer(ix, VEC_STMT_TAIL_COUNT, 0, &waiting, &found, err))
        return false;
    return listed + (double)waiting == (double)located || vec_index_damaged(ix, "rows are not located", err);
}

/* n is 0 when there are none, or too many. */
static bool span(struct vec_index *ix, int64_t *first, size_t *n, bool *scattered, struct vec_error *err)
{
    int64_t last, rows;
    bool found;
    if (!vec_index_integer(ix, VEC_STMT_LOC_FIRST, 0, first, &found, err) ||
        !vec_index_integer(ix, VEC_STMT_LOC_LAST, 0, &last, &found, err) ||
        !vec_index_integer(ix, VEC_STMT_LOC_COUNT, 0, &rows, &found, err) || !all_located(ix, rows, err))
        return false;
    uint64_t wide = (uint64_t)last - (uint64_t)*first;
    *scattered = wide / SCATTER > (uint64_t)rows || wide >= MOST;
    *n = rows <= 0 || rows > MOST / 2 ? 0 : *scattered ? (size_t)rows : (size_t)wide + 1;
    return true;
}

static void put(struct vec_block *block, size_t at, int64_t value)
{
    memcpy(block->data + HEADER + 8 * at, &value, sizeof value);
}

static bool fill(struct vec_index *ix, struct vec_block *block, int64_t first, size_t n, bool scattered,
                 struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LOC_ALL, err);
    if (!stmt)
        return false;
    size_t listed = 0;
    memset(block->data + HEADER, 0xFF, block->len - HEADER);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0), pos = sqlite3_column_int64(stmt, 1);
        uint64_t at = (uint64_t)id - (uint64_t)first;
        if (scattered && listed < n) {
            put(block, listed, id);
            put(block, n + listed++, pos < 0 ? -1 : pos);
        } else if (!scattered && at < n && pos >= 0) {
            put(block, at, pos);
        }
    }
    const int64_t head[3] = {scattered ? 0 : first, (int64_t)(scattered ? listed : n), scattered};
    if (scattered && listed < n) /* the positions move up to the rowids */
        memmove(block->data + HEADER + 8 * listed, block->data + HEADER + 8 * n, 8 * listed);
    memcpy(block->data, head, HEADER);
    return vec_index_done(ix, stmt, err);
}

static int64_t number_at(const struct vec_places *places, size_t at)
{
    int64_t value;
    memcpy(&value, places->block->data + HEADER + 8 * at, sizeof value);
    return value;
}

/* Doubling steps from where the last row was, then halving. */
int64_t vec_place_listed(struct vec_places *places, int64_t id)
{
    size_t low = places->at, step = 1;
    if (low >= places->n || number_at(places, low) > id)
        low = 0;
    while (low + step < places->n && number_at(places, low + step) <= id) {
        low += step;
        step *= 2;
    }
    size_t high = low + step < places->n ? low + step : places->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (number_at(places, middle) <= id)
            low = middle;
        else
            high = middle;
    }
    places->at = low;
    return low < places->n && number_at(places, low) == id ? number_at(places, places->n + low) : -1;
}

bool vec_places_open(struct vec_index *ix, struct vec_places *places, struct vec_error *err)
{
    *places = (struct vec_places){.block = vec_cache_get(places_key(ix), part)};
    if (!places->block) {
        int64_t first;
        size_t n;
        bool scattered;
        if (!span(ix, &first, &n, &scattered, err))
            return false;
        size_t len = HEADER + (scattered ? 16 : 8) * n;
        if (!n || !vec_cache_fits(len))
            return true;
        struct vec_block *block = vec_block_new(len, err);
        if (!block || !fill(ix, block, first, n, scattered, err)) {
            vec_block_release(block);
            return false;
        }
        vec_cache_put(places_key(ix), part, block);
        places->block = block;
    }
    int64_t head[3];
    memcpy(head, places->block->data, HEADER);
    places->first = head[0];
    places->n = (size_t)head[1];
    places->scattered = head[2] != 0;
    return true;
}

void vec_places_close(struct vec_places *places)
{
    vec_block_release(places->block);
    places->block = NULL;
}

void vec_places_forget(const struct vec_index *ix)
{
    vec_cache_drop(places_key(ix), part);
}
