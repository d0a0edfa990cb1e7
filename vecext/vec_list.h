/*
 * vec_list.h - the lists of an index: segments, second-stage rows, locations.
 *
 * Segment blob (NAME_seg.v), n slots in blocks of 32, little-endian:
 *    0  u16 n          slots in use
 *    2  u16 flags      bit 0: rowids are 8 bytes wide
 *    4  u32 0
 *    8  i64 base       added to every 4-byte rowid
 *   16  u32 live[blocks]                  bit i of word b: slot 32 b + i is alive
 *       u32 or i64 id[blocks * 32]
 *       float32 add[blocks * 32]          one-bit factors (vec_code.h)
 *       float32 scale[blocks * 32]
 *       u8 code[blocks][dims / 4][16]     byte j of group g: row j low, row j + 16 high nibble
 *
 * Second-stage blob (NAME_ref.v): per slot float32 add, float32 scale, u8 code[dims / 2]
 *
 * Tail blob (NAME_tail.v, vec_log.h): a record (vec_code.h).
 *
 * All changes are made through the index's statements, inside the caller's transaction.
 */
#ifndef VECEXT_VEC_LIST_H
#define VECEXT_VEC_LIST_H

#include "vecext/vec_index.h"

enum { VEC_SEG_HEADER = 16 };

/* A segment's blob taken apart; pointers into it, unaligned. */
struct vec_segment {
    int n, blocks;
    bool wide;
    int64_t base;
    const unsigned char *live, *ids, *add, *scale, *codes;
};

/* False when the blob is not a segment of that shape. */
bool vec_segment_parse(const struct vec_code_shape *shape, const void *blob, size_t len,
                       struct vec_segment *segment);

static inline int64_t vec_segment_id(const struct vec_segment *segment, int slot)
{
    if (segment->wide) {
        int64_t id;
        __builtin_memcpy(&id, segment->ids + 8 * (size_t)slot, sizeof id);
        return id;
    }
    return segment->base + vec_get_u32(segment->ids + 4 * (size_t)slot);
}

/* Live bits of a block, cut to the slots in use. */
static inline uint32_t vec_segment_live(const struct vec_segment *segment, int block)
{
    uint32_t bits = vec_get_u32(segment->live + 4 * (size_t)block);
    int left = segment->n - block * 32;
    return left >= 32 ? bits : bits & ((UINT32_C(1) << left) - 1);
}

/* Slots of a segment, and of a second-stage row, that lie whole in a leaf of `page` bytes. */
int vec_segment_capacity(const struct vec_code_shape *shape, int page);
int vec_ref_capacity(const struct vec_code_shape *shape, int page);

/* Rows as records, growing. Zero it to start; vec_rows_free() ends it. */
struct vec_rows {
    size_t n, cap;
    int64_t *ids;
    unsigned char *records; /* vec_code_record_bytes() each */
};
bool vec_rows_add(struct vec_rows *rows, size_t record_bytes, int64_t id,
                  const unsigned char *record, struct vec_error *err);
void vec_rows_free(struct vec_rows *rows);

/* Slots and dead slots of a list; zero when it has none yet. */
bool vec_list_state(struct vec_index *ix, int64_t list, int64_t *slots, int64_t *dead,
                    struct vec_error *err);

/* Appends rows to a list's segments. `locate` writes their NAME_loc entries too. */
bool vec_list_append(struct vec_index *ix, int64_t list, const int64_t *ids,
                     const unsigned char *records, size_t n, bool locate, struct vec_error *err);

/* Adds the live rows of a list to `rows`. */
bool vec_list_read(struct vec_index *ix, int64_t list, struct vec_rows *rows, struct vec_error *err);

/* Writes a list anew without its dead slots. */
bool vec_list_rewrite(struct vec_index *ix, int64_t list, struct vec_error *err);

/* Empties a list; NAME_loc is left alone. */
bool vec_list_clear(struct vec_index *ix, int64_t list, struct vec_error *err);

/* Clears the live bit of a slot and counts it dead. *dead and *slots are the list's new state. */
bool vec_list_kill(struct vec_index *ix, int64_t list, int64_t slot, int64_t *slots, int64_t *dead,
                   struct vec_error *err);

/* Makes NAME_loc anew from all segments; NAME_tail must be empty. */
bool vec_list_relocate(struct vec_index *ix, struct vec_error *err);

#endif
