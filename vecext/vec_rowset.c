/* vec_rowset.c - sets of rowids; see vec_rowset.h. */
#include "vecext/vec_rowset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 24, KIND_BITMAP = 0, KIND_ARRAY = 1, KIND_NONE };
static const char magic[4] = {'v', 'r', 's', '1'};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Ascending, each once; returns how many are left. */
static size_t sort_unique(int64_t *ids, size_t n)
{
    qsort(ids, n, sizeof *ids, compare);
    size_t kept = n ? 1 : 0;
    for (size_t i = 1; i < n; i++)
        if (ids[i] != ids[kept - 1])
            ids[kept++] = ids[i];
    return kept;
}

static unsigned char *put_header(struct vec_buf *out, uint32_t kind, int64_t first, size_t body,
                                 struct vec_error *err)
{
    unsigned char *p = vec_buf_resize(out, HEADER + body, err);
    if (!p)
        return NULL;
    memset(p, 0, HEADER + body);
    memcpy(p, magic, 4);
    memcpy(p + 4, &kind, 4);
    memcpy(p + 16, &first, 8);
    return p;
}

bool vec_rowset_encode(int64_t *ids, size_t n, struct vec_buf *out, struct vec_error *err)
{
    int64_t low = n ? ids[0] : 0, high = low;
    for (size_t i = 1; i < n; i++) {
        low = ids[i] < low ? ids[i] : low;
        high = ids[i] > high ? ids[i] : high;
    }
    uint64_t span = (uint64_t)high - (uint64_t)low;
    int64_t count = 0;
    bool dense = span / 64 < n || n == 0;
    unsigned char *p;
    if (dense) {
        /* no order needed: bits are set as they come */
        p = put_header(out, KIND_BITMAP, low, n ? (size_t)(span / 8 + 1) : 0, err);
        for (size_t i = 0; p && i < n; i++) {
            uint64_t at = (uint64_t)ids[i] - (uint64_t)low;
            unsigned char bit = (unsigned char)(1 << at % 8), *byte = p + HEADER + at / 8;
            count += !(*byte & bit);
            *byte |= bit;
        }
    } else {
        count = (int64_t)sort_unique(ids, n);
        p = put_header(out, KIND_ARRAY, low, (size_t)count * 8, err);
        if (p)
            memcpy(p + HEADER, ids, (size_t)count * 8);
    }
    if (p)
        memcpy(p + 8, &count, 8);
    return p != NULL;
}

static uint64_t hash(int64_t id)
{
    return (uint64_t)id * 0x9E3779B97F4A7C15;
}

static int64_t member(const struct vec_rowset *set, size_t i)
{
    int64_t id;
    memcpy(&id, set->array + 8 * i, sizeof id);
    return id;
}

bool vec_rowset_open(struct vec_rowset *set, const void *blob, size_t len, struct vec_error *err)
{
    const unsigned char *p = blob;
    uint32_t kind = KIND_NONE;
    memset(set, 0, sizeof *set);
    if (len >= HEADER && memcmp(p, magic, 4) == 0) {
        memcpy(&kind, p + 4, 4);
        memcpy(&set->count, p + 8, 8);
        memcpy(&set->first, p + 16, 8);
    }
    size_t body = len - HEADER;
    bool good = kind == KIND_BITMAP ? set->count >= 0 && (uint64_t)set->count <= (uint64_t)body * 8
                                    : kind == KIND_ARRAY && set->count > 0 && body % 8 == 0 &&
                                          (uint64_t)set->count == body / 8;
    if (!good)
        return vec_error_set(err, VEC_INVALID_PARAMETER, "the filter is not a vec_rowset() value");
    if (kind == KIND_BITMAP) {
        set->bitmap = p + HEADER;
        set->bits = (uint64_t)body * 8;
        return true;
    }
    set->array = p + HEADER;
    unsigned log = 10;
    while (log < 30 && UINT64_C(1) << log < (uint64_t)set->count * 16)
        log++;
    set->sieve_shift = 64 - log;
    set->sieve = calloc((size_t)1 << (log - 6), 8);
    if (!set->sieve)
        return vec_error_nomem(err);
    for (size_t i = 0; i < (size_t)set->count; i++) {
        uint64_t h = hash(member(set, i)) >> set->sieve_shift;
        set->sieve[h / 64] |= UINT64_C(1) << h % 64;
    }
    return true;
}

void vec_rowset_close(struct vec_rowset *set)
{
    free(set->sieve);
    memset(set, 0, sizeof *set);
}

bool vec_rowset_search(const struct vec_rowset *set, int64_t id)
{
    uint64_t h = hash(id) >> set->sieve_shift;
    if (!(set->sieve[h / 64] >> h % 64 & 1))
        return false;
    size_t low = 0, high = (size_t)set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t m = member(set, middle);
        if (m == id)
            return true;
        if (m < id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool vec_rowset_each(const struct vec_rowset *set, bool (*each)(void *, int64_t), void *context)
{
    for (size_t i = 0; set->array && i < (size_t)set->count; i++)
        if (!each(context, member(set, i)))
            return false;
    for (uint64_t at = 0; !set->array && at < set->bits; at += 64) {
        uint64_t left = set->bits - at, word = 0;
        memcpy(&word, set->bitmap + at / 8, left >= 64 ? 8 : (size_t)(left / 8));
        for (; word; word &= word - 1)
            if (!each(context, (int64_t)((uint64_t)set->first + at + (uint64_t)__builtin_ctzll(word))))
                return false;
    }
    return true;
}
