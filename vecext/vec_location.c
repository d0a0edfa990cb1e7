/* vec_location.c - see vec_location.h. */
#include "vecext/vec_location.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD_SHIFT = 6, RECORD_ROWS = 64, HEADER = 8, ENTRY = 6, SLOT_BITS = 26, LIST_BITS = 21 };

static const uint64_t in_log = UINT64_C(1) << 47;

/* One record in memory. */
struct record {
    uint64_t bits;
    int64_t pos[RECORD_ROWS];
};

static int64_t key_of(int64_t id)
{
    return id >> RECORD_SHIFT;
}

static int64_t entry_position(const unsigned char *from)
{
    uint64_t entry = 0;
    memcpy(&entry, from, ENTRY);
    if (entry & in_log)
        return -1 - (int64_t)(entry & ~in_log);
    return (int64_t)(entry >> SLOT_BITS) << VEC_POS_SHIFT | (int64_t)(entry & ((UINT64_C(1) << SLOT_BITS) - 1));
}

/* False when there is no room for such a position. */
static bool make_entry(int64_t pos, unsigned char *to)
{
    uint64_t list = (uint64_t)pos >> VEC_POS_SHIFT, slot = (uint64_t)pos & ((UINT64_C(1) << VEC_POS_SHIFT) - 1);
    uint64_t entry = pos < 0 ? in_log | (uint64_t)(-1 - pos) : list << SLOT_BITS | slot;
    bool fits = pos < 0 ? (uint64_t)(-1 - pos) < in_log : list < UINT64_C(1) << LIST_BITS && slot < UINT64_C(1) << SLOT_BITS;
    memcpy(to, &entry, ENTRY);
    return fits;
}

/* Takes the header; NULL when the blob is no record. */
static const unsigned char *take_header(const unsigned char *blob, size_t len, uint64_t *bits)
{
    if (!blob || len < HEADER)
        return NULL;
    memcpy(bits, blob, HEADER);
    return *bits && len == HEADER + ENTRY * (size_t)__builtin_popcountll(*bits) ? blob + HEADER : NULL;
}

static bool load(struct vec_index *ix, int64_t key, struct record *record, struct vec_error *err)
{
    record->bits = 0;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LOC_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, key);
    bool good = true;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        const unsigned char *blob = sqlite3_column_blob(stmt, 0);
        const unsigned char *from = take_header(blob, (size_t)sqlite3_column_bytes(stmt, 0), &record->bits);
        good = from != NULL;
        for (uint64_t left = good ? record->bits : 0; left; left &= left - 1, from += ENTRY)
            record->pos[__builtin_ctzll(left)] = entry_position(from);
    }
    return vec_index_done(ix, stmt, err) && (good || vec_index_damaged(ix, "a location", err));
}

static bool store(struct vec_index *ix, int64_t key, const struct record *record, struct vec_error *err)
{
    unsigned char blob[HEADER + ENTRY * RECORD_ROWS], *to = blob + HEADER;
    if (!record->bits)
        return vec_index_run(ix, VEC_STMT_LOC_DROP, key, 0, 0, err);
    memcpy(blob, &record->bits, HEADER);
    for (uint64_t left = record->bits; left; left &= left - 1, to += ENTRY)
        if (!make_entry(record->pos[__builtin_ctzll(left)], to))
            return vec_error_set(err, VEC_LIMIT_EXCEEDED, "too many rows or lists in index \"%s\"", ix->name);
    return vec_index_put(ix, VEC_STMT_LOC_PUT, key, blob, (size_t)(to - blob), err);
}

static void set(struct record *record, int64_t id, int64_t pos)
{
    int i = (int)(id & (RECORD_ROWS - 1));
    record->bits |= UINT64_C(1) << i;
    record->pos[i] = pos;
}

bool vec_location_get(struct vec_index *ix, int64_t id, int64_t *pos, bool *found, struct vec_error *err)
{
    struct record record;
    int i = (int)(id & (RECORD_ROWS - 1));
    if (!load(ix, key_of(id), &record, err))
        return false;
    *found = record.bits >> i & 1;
    *pos = *found ? record.pos[i] : 0;
    return true;
}

bool vec_location_move(struct vec_index *ix, int64_t id, int64_t pos, int64_t *before, bool *found, struct vec_error *err)
{
    struct record record;
    int i = (int)(id & (RECORD_ROWS - 1));
    if (!load(ix, key_of(id), &record, err))
        return false;
    *found = record.bits >> i & 1;
    *before = *found ? record.pos[i] : 0;
    set(&record, id, pos);
    return store(ix, key_of(id), &record, err);
}

bool vec_location_drop(struct vec_index *ix, int64_t id, struct vec_error *err)
{
    struct record record;
    if (!load(ix, key_of(id), &record, err))
        return false;
    record.bits &= ~(UINT64_C(1) << (id & (RECORD_ROWS - 1)));
    return store(ix, key_of(id), &record, err);
}

bool vec_location_clear(struct vec_index *ix, struct vec_error *err)
{
    return vec_index_run(ix, VEC_STMT_LOC_CLEAR, 0, 0, 0, err);
}

static int compare_id(const void *a, const void *b)
{
    int64_t x = ((const struct vec_location *)a)->id, y = ((const struct vec_location *)b)->id;
    return (x > y) - (x < y);
}

bool vec_location_put_all(struct vec_index *ix, struct vec_buf *buf, bool fresh, struct vec_error *err)
{
    size_t n = buf->len / sizeof(struct vec_location);
    struct vec_location *all = (void *)buf->data;
    if (n)
        qsort(all, n, sizeof *all, compare_id);
    for (size_t i = 0; i < n;) {
        struct record record = {0};
        int64_t key = key_of(all[i].id);
        if (!fresh && !load(ix, key, &record, err))
            return false;
        for (; i < n && key_of(all[i].id) == key; i++)
            set(&record, all[i].id, all[i].pos);
        if (!store(ix, key, &record, err))
            return false;
    }
    buf->len = 0;
    return true;
}

bool vec_location_span(struct vec_index *ix, int64_t *first, int64_t *last, int64_t *rows, struct vec_error *err)
{
    struct vec_location_walk walk;
    *first = *last = *rows = 0;
    if (!vec_location_walk_begin(ix, &walk, err))
        return false;
    bool damaged = false;
    while (!damaged && sqlite3_step(walk.stmt) == SQLITE_ROW) {
        uint64_t bits;
        const unsigned char *blob = sqlite3_column_blob(walk.stmt, 1);
        damaged = !take_header(blob, (size_t)sqlite3_column_bytes(walk.stmt, 1), &bits);
        if (damaged)
            break;
        int64_t base = (int64_t)((uint64_t)sqlite3_column_int64(walk.stmt, 0) << RECORD_SHIFT);
        *first = *rows ? *first : base + __builtin_ctzll(bits);
        *last = base + (RECORD_ROWS - 1 - __builtin_clzll(bits));
        *rows += __builtin_popcountll(bits);
    }
    return vec_index_done(ix, walk.stmt, damaged ? NULL : err) && (!damaged || vec_index_damaged(ix, "a location", err));
}

bool vec_location_walk_begin(struct vec_index *ix, struct vec_location_walk *walk, struct vec_error *err)
{
    bool each = ix->method == VEC_METHOD_INVERTED;
    *walk = (struct vec_location_walk){.each = each};
    walk->stmt = vec_index_statement(ix, each ? VEC_STMT_ROW_ALL : VEC_STMT_LOC_ALL, err);
    return walk->stmt != NULL;
}

bool vec_location_walk_next(struct vec_location_walk *walk, struct vec_location *location)
{
    if (!walk->bits) {
        if (sqlite3_step(walk->stmt) != SQLITE_ROW)
            return false;
        if (walk->each) {
            *location = (struct vec_location){.id = sqlite3_column_int64(walk->stmt, 0)};
            return true;
        }
        const unsigned char *blob = sqlite3_column_blob(walk->stmt, 1);
        walk->next = take_header(blob, (size_t)sqlite3_column_bytes(walk->stmt, 1), &walk->bits);
        walk->first = (int64_t)((uint64_t)sqlite3_column_int64(walk->stmt, 0) << RECORD_SHIFT);
        if (!walk->next) {
            walk->bits = 0;
            walk->first = -1; /* no multiple of 64: the end knows */
            return false;
        }
    }
    location->id = walk->first + __builtin_ctzll(walk->bits);
    location->pos = entry_position(walk->next);
    walk->next += ENTRY;
    walk->bits &= walk->bits - 1;
    return true;
}

bool vec_location_walk_end(struct vec_index *ix, struct vec_location_walk *walk, struct vec_error *err)
{
    bool damaged = walk->first == -1;
    if (!vec_index_done(ix, walk->stmt, damaged ? NULL : err))
        return false;
    return !damaged || vec_index_damaged(ix, "a location", err);
}
