/*
 * vec_segment.h - blobs of codes: segments and second-stage rows.
 *
 * Segment (NAME_seg.v), n slots in blocks of 32, little-endian:
 *    0  u16 n          slots in use
 *    2  u16 flags      bit 0: rowids are 8 bytes wide; bit 1: stored form
 *    4  i16, i16       exponents of the stored form's add and scale
 *    8  i64 base       added to every 4-byte rowid
 *   16  u32 live[blocks]                  bit i of word b: slot 32 b + i is alive
 *       u32 or i64 id[blocks * 32]
 *       float32 add[blocks * 32]          one-bit factors (vec_code.h); stored: float16, times 2 to the exponent
 *       float32 scale[blocks * 32]        likewise
 *       u8 code[blocks][dims / 4][16]     byte j of group g: row j low, row j + 16 high nibble
 *
 * Second-stage row (NAME_ref.v), stored: i16, i16 exponents, then per slot float16 add, float16 scale, u8 code[dims / 2].
 * Wide: per slot float32 add, float32 scale, u8 code[dims / 2], without exponents.
 *
 * Stored forms are in the tables, wide ones in memory. Factors have 11 bits there, whatever the data's magnitude: a small part
 * of the codes' own error, for a tenth of the index.
 */
#ifndef VECEXT_VEC_SEGMENT_H
#define VECEXT_VEC_SEGMENT_H

#include "vecext/vec_buf.h"
#include "vecext/vec_code.h"
#include "vecext/vec_kernel.h"

enum { VEC_SEG_HEADER = 16, VEC_SEG_MAX_ROWS = 2048 /* slots of a segment */ };

/* A segment's blob taken apart; pointers into it, unaligned. */
struct vec_segment {
    int n, blocks;
    bool wide, stored; /* wide rowids; stored factors */
    int add_exponent, scale_exponent;
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

/* Slots of a segment, and of a second-stage row: those that fill pages of so many bytes best. */
int vec_segment_capacity(const struct vec_code_shape *shape, int page);
int vec_ref_capacity(const struct vec_code_shape *shape, int page);

/* A segment's stored blob from n rows; `live` may be NULL (all alive). */
bool vec_segment_build(const struct vec_code_shape *shape, const int64_t *ids, const unsigned char *records,
                       const uint32_t *live, int n, struct vec_buf *out, struct vec_error *err);

/* One segment with wide factors from n that follow each other, all but the last of whole blocks, VEC_SEG_MAX_ROWS slots at most:
 * its bytes, and whether its rowids are wide; the segment itself. */
size_t vec_segment_merged_bytes(const struct vec_code_shape *shape, const struct vec_segment *parts, size_t n, bool *wide);
void vec_segment_merge(const struct vec_code_shape *shape, const struct vec_segment *parts, size_t n, bool wide,
                       unsigned char *to);

/* A record's signs into slot i (0 .. 31) of a block of codes, which was zero there. */
void vec_segment_put_signs(const struct vec_code_shape *shape, const unsigned char *record, int i, unsigned char *block);

/* The first-stage part of a slot back into a record. */
void vec_segment_record(const struct vec_code_shape *shape, const struct vec_segment *segment, int slot,
                        unsigned char *record);

/* A record's second-stage part in the wide form, and back. */
void vec_ref_from_record(const struct vec_code_shape *shape, const unsigned char *record, unsigned char *ref);
void vec_ref_to_record(const struct vec_code_shape *shape, const unsigned char *ref, unsigned char *record);

/* Slots of a stored second-stage row; -1 when it is none of that shape. */
int vec_ref_rows(const struct vec_code_shape *shape, size_t len);
void vec_ref_widen(const struct vec_code_shape *shape, const unsigned char *stored, int rows, unsigned char *to);
bool vec_ref_build(const struct vec_code_shape *shape, const unsigned char *wide, int rows, struct vec_buf *out,
                   struct vec_error *err);

#endif
