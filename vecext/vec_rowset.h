/*
 * vec_rowset.h - a set of rowids as a blob, made by the vec_rowset() aggregate, read by a search.
 *
 * Blob, little-endian:
 *    0  u32 magic "vrs1"
 *    4  u32 kind       0: bitmap, 1: sorted array
 *    8  i64 count
 *   16  i64 first      smallest member
 *   24  bitmap: bit i of byte i / 8 says that first + i is a member
 *       array:  i64[count], ascending
 * An array is written where it is smaller. An empty set is a bitmap of no bytes.
 */
#ifndef VECEXT_VEC_ROWSET_H
#define VECEXT_VEC_ROWSET_H

#include <stdint.h>

#include "vecext/vec_buf.h"

struct vec_rowset {
    int64_t count, first;
    const unsigned char *bitmap; /* NULL for an array */
    uint64_t bits;               /* of the bitmap */
    const unsigned char *array;
    uint64_t *sieve; /* array: a hashed bitmap that says no to most non-members at once */
    unsigned sieve_shift;
};

/* Encodes n rowids, in any order, duplicates allowed, into out; may reorder them. */
bool vec_rowset_encode(int64_t *ids, size_t n, struct vec_buf *out, struct vec_error *err);

/* Reads a blob; the set borrows it. vec_rowset_close() frees what was built beside it. */
bool vec_rowset_open(struct vec_rowset *set, const void *blob, size_t len, struct vec_error *err);
void vec_rowset_close(struct vec_rowset *set);

/* Membership in an array; vec_rowset_has() serves both kinds. */
bool vec_rowset_search(const struct vec_rowset *set, int64_t id);

static inline bool vec_rowset_has(const struct vec_rowset *set, int64_t id)
{
    if (set->array)
        return vec_rowset_search(set, id);
    uint64_t at = (uint64_t)id - (uint64_t)set->first;
    return at < set->bits && set->bitmap[at / 8] >> at % 8 & 1;
}

/* Calls `each` for every member in ascending order until it returns false; returns false then. */
bool vec_rowset_each(const struct vec_rowset *set, bool (*each)(void *, int64_t), void *context);

#endif
