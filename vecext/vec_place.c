/* vec_place.c - see vec_place.h. A block: i64 first rowid, i64 number of places, i64 each: -1 or the position. */
#include "vecext/vec_place.h"

#include <string.h>

enum { HEADER = 16, SCATTER = 4 /* rowids in a place each, at most */, MOST = 1 << 20 };

static const uint64_t part = UINT64_MAX;

static uint64_t places_key(const struct vec_index *ix)
{
    return (uint64_t)ix->generation * UINT64_C(0xD6E8FEB86659FD93);
}

/* False when there are too many rowids, or an error. */
static bool span(struct vec_index *ix, int64_t *first, size_t *n, struct vec_error *err)
{
    int64_t last, rows;
    bool found;
    if (!vec_index_integer(ix, VEC_STMT_LOC_FIRST, 0, first, &found, err) ||
        !vec_index_integer(ix, VEC_STMT_LOC_LAST, 0, &last, &found, err) ||
        !vec_index_integer(ix, VEC_STMT_LOC_COUNT, 0, &rows, &found, err))
        return false;
    uint64_t wide = (uint64_t)last - (uint64_t)*first;
    *n = rows > 0 && wide < MOST && wide / SCATTER <= (uint64_t)rows ? (size_t)wide + 1 : 0;
    return true;
}

static bool fill(struct vec_index *ix, struct vec_block *block, int64_t first, size_t n, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LOC_ALL, err);
    if (!stmt)
        return false;
    const int64_t head[2] = {first, (int64_t)n};
    memcpy(block->data, head, HEADER);
    memset(block->data + HEADER, 0xFF, 8 * n);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        uint64_t at = (uint64_t)sqlite3_column_int64(stmt, 0) - (uint64_t)first;
        int64_t pos = sqlite3_column_int64(stmt, 1);
        if (at < n && pos >= 0)
            memcpy(block->data + HEADER + 8 * at, &pos, sizeof pos);
    }
    return vec_index_done(ix, stmt, err);
}

bool vec_places_open(struct vec_index *ix, struct vec_places *places, struct vec_error *err)
{
    *places = (struct vec_places){.block = vec_cache_get(places_key(ix), part)};
    if (!places->block) {
        int64_t first;
        size_t n;
        if (!span(ix, &first, &n, err))
            return false;
        if (!n)
            return true;
        struct vec_block *block = vec_block_new(HEADER + 8 * n, err);
        if (!block || !fill(ix, block, first, n, err)) {
            vec_block_release(block);
            return false;
        }
        vec_cache_put(places_key(ix), part, block);
        places->block = block;
    }
    int64_t head[2];
    memcpy(head, places->block->data, HEADER);
    places->first = head[0];
    places->n = (size_t)head[1];
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
