/*
 * vec_place.c - see vec_place.h. A block: i64 first rowid, i64 n, i64 1 when scattered, i64 lists; then n positions (-1: none), of
 * the rowids from the first on, or n rowids, ascending, and their positions; last the versions of the lists.
 */
#include "vecext/vec_place.h"

#include <string.h>

#include "vecext/vec_location.h"

enum { HEADER = VEC_PLACES_HEADER, SCATTER = 4 /* rowids in a place each, at most */, MOST = 1 << 20 };

static const uint64_t part = UINT64_MAX;

static uint64_t places_key(const struct vec_index *ix)
{
    return (uint64_t)ix->generation * UINT64_C(0xD6E8FEB86659FD93);
}

/* n is 0 when there are none, or too many. Rows of lists or the log that are not located would be missed: damage. */
static bool span(struct vec_index *ix, int64_t *first, size_t *n, bool *scattered, struct vec_error *err)
{
    int64_t last, located, rows;
    *n = 0;
    if (!vec_index_rows(ix, &rows, err))
        return false;
    if (rows > MOST / 2) /* not even looked at: each search would */
        return true;
    if (!vec_location_span(ix, first, &last, &located, err))
        return false;
    if (located != rows)
        return vec_index_damaged(ix, "rows are not located", err);
    uint64_t wide = (uint64_t)last - (uint64_t)*first;
    *scattered = wide / SCATTER > (uint64_t)rows || wide >= MOST;
    *n = rows <= 0 ? 0 : *scattered ? (size_t)rows : (size_t)wide + 1;
    return true;
}

static void put(struct vec_block *block, size_t at, int64_t value)
{
    memcpy(block->data + HEADER + 8 * at, &value, sizeof value);
}

static bool fill(struct vec_index *ix, struct vec_block *block, int64_t first, size_t n, bool scattered,
                 struct vec_error *err)
{
    struct vec_location_walk walk;
    struct vec_location l;
    if (!vec_location_walk_begin(ix, &walk, err))
        return false;
    size_t listed = 0, places = (scattered ? 2 : 1) * n, lists = (size_t)ix->centroids.count;
    memset(block->data + HEADER, 0xFF, 8 * places);
    while (vec_location_walk_next(&walk, &l)) {
        uint64_t at = (uint64_t)l.id - (uint64_t)first;
        if (scattered && listed < n) {
            put(block, listed, l.id);
            put(block, n + listed++, l.pos < 0 ? -1 : l.pos);
        } else if (!scattered && at < n && l.pos >= 0) {
            put(block, at, l.pos);
        }
    }
    bool ok = vec_location_walk_end(ix, &walk, err);
    if (scattered && listed < n) { /* the positions move up to the rowids */
        memmove(block->data + HEADER + 8 * listed, block->data + HEADER + 8 * n, 8 * listed);
        n = listed;
        places = 2 * n;
    }
    const int64_t head[4] = {scattered ? 0 : first, (int64_t)n, scattered, (int64_t)lists};
    memcpy(block->data, head, HEADER);
    for (size_t i = 0; ok && i < lists; i++) {
        int64_t version;
        bool found;
        ok = vec_index_list_version(ix, (int64_t)i, &version, &found, err);
        if (ok)
            put(block, places + i, found ? version : 0);
    }
    return ok;
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
        size_t len = HEADER + (scattered ? 16 : 8) * n + 8 * (size_t)ix->centroids.count;
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
    int64_t head[4];
    memcpy(head, places->block->data, HEADER);
    places->first = head[0];
    places->n = (size_t)head[1];
    places->scattered = head[2] != 0;
    places->lists = (int)head[3];
    return true;
}

int64_t vec_places_version(const struct vec_places *places, int64_t list)
{
    return list < places->lists ? number_at(places, (places->scattered ? 2 : 1) * places->n + (size_t)list) : 0;
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
