/* vec_segment.c - see vec_segment.h. */
#include "vecext/vec_segment.h"

#include <math.h>
#include <string.h>

#include "vecext/vec_half.h"

enum {
    /* A cell that may stay whole in its leaf: page - 35 (SQLite's file format), less the record
     * header of (NULL, blob). */
    CELL_OVERHEAD = 35 + 8,
    LEAF_HEADER = 8,
    LEAF_CELL = 16, /* pointer, lengths, key and record header of a cell, at most */
    FLAG_WIDE = 1,
    FLAG_STORED = 2,
    REF_HEADER = 4,
    CELLS_MOST = 6 /* second-stage rows of a page; small ones are preferred: the last one of a list is partly filled */
};

static size_t block_bytes(const struct vec_code_shape *shape, bool wide, bool stored)
{
    return 4 + VEC_BLOCK * ((size_t)(wide ? 8 : 4) + (stored ? 4 : 8)) + (size_t)shape->dims * 4;
}

static size_t stored_ref_bytes(const struct vec_code_shape *shape)
{
    return 4 + (size_t)shape->dims / 2;
}

int vec_segment_capacity(const struct vec_code_shape *shape, int page)
{
    int room = page - CELL_OVERHEAD - VEC_SEG_HEADER, block = (int)block_bytes(shape, false, true);
    int most = room / block < VEC_SEG_MAX_ROWS / VEC_BLOCK ? room / block : VEC_SEG_MAX_ROWS / VEC_BLOCK, best = 1, best_rows = 0;
    for (int blocks = 1; blocks <= most; blocks++) {
        int cells = (page - LEAF_HEADER) / (VEC_SEG_HEADER + blocks * block + LEAF_CELL);
        if (cells * blocks > best_rows) {
            best = blocks;
            best_rows = cells * blocks;
        }
    }
    return VEC_BLOCK * best;
}

int vec_ref_capacity(const struct vec_code_shape *shape, int page)
{
    if (!shape->refined)
        return 1;
    int row = (int)stored_ref_bytes(shape), best = (page - CELL_OVERHEAD - REF_HEADER) / row, best_rows = 0;
    for (int cells = 2; cells <= CELLS_MOST; cells++) {
        int rows = ((page - LEAF_HEADER) / cells - LEAF_CELL - REF_HEADER) / row;
        if (rows > 0 && cells * rows >= best_rows) {
            best = rows;
            best_rows = cells * rows;
        }
    }
    return best < 1 ? 1 : best;
}

bool vec_segment_parse(const struct vec_code_shape *shape, const void *blob, size_t len,
                       struct vec_segment *segment)
{
    const unsigned char *p = blob;
    if (!p || len < VEC_SEG_HEADER)
        return false;
    uint16_t n, flags;
    int16_t exponents[2];
    memcpy(&n, p, 2);
    memcpy(&flags, p + 2, 2);
    memcpy(exponents, p + 4, 4);
    memcpy(&segment->base, p + 8, 8);
    segment->n = n;
    segment->blocks = (n + VEC_BLOCK - 1) / VEC_BLOCK;
    segment->wide = flags & FLAG_WIDE;
    segment->stored = flags & FLAG_STORED;
    segment->add_exponent = exponents[0];
    segment->scale_exponent = exponents[1];
    size_t blocks = (size_t)segment->blocks, factor = segment->stored ? 2 : 4;
    if (len != VEC_SEG_HEADER + blocks * block_bytes(shape, segment->wide, segment->stored))
        return false;
    segment->live = p + VEC_SEG_HEADER;
    segment->ids = segment->live + 4 * blocks;
    segment->add = segment->ids + (segment->wide ? 8 : 4) * VEC_BLOCK * blocks;
    segment->scale = segment->add + factor * VEC_BLOCK * blocks;
    segment->codes = segment->scale + factor * VEC_BLOCK * blocks;
    return true;
}

/* The exponent that brings n factors, `step` bytes apart, below 2^15: into the normal range of a float16, but for what is 2^29
 * times smaller than the largest. */
static int common_exponent(const unsigned char *factors, size_t step, int n)
{
    float most = 0;
    int exponent = 0;
    for (int i = 0; i < n; i++, factors += step) {
        float x = fabsf(vec_get_f32(factors));
        most = isfinite(x) && x > most ? x : most;
    }
    frexpf(most, &exponent);
    return exponent - 15;
}

static void put_factor(unsigned char *to, const unsigned char *from, int exponent)
{
    vec_half_put(to, vec_half_from_float(ldexpf(vec_get_f32(from), -exponent)));
}

static void get_factor(unsigned char *to, const unsigned char *from, int exponent)
{
    float x = ldexpf(vec_half_to_float(vec_half_get(from)), exponent);
    memcpy(to, &x, sizeof x);
}

void vec_segment_put_signs(const struct vec_code_shape *shape, const unsigned char *record, int i, unsigned char *block)
{
    const unsigned char *signs = vec_record_signs(shape, record);
    unsigned char *to = block + i % 16;
    int shift = i < 16 ? 0 : 4;
    for (size_t g = 0; g < (size_t)shape->dims / VEC_GROUP; g++, to += 16)
        *to |= (unsigned char)((signs[g / 2] >> (g % 2 * 4) & 15) << shift);
}

bool vec_segment_build(const struct vec_code_shape *shape, const int64_t *ids, const unsigned char *records,
                       const uint32_t *live, int n, struct vec_buf *out, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(shape), dims = (size_t)shape->dims;
    int64_t low = ids[0], high = ids[0];
    for (int i = 1; i < n; i++) {
        low = ids[i] < low ? ids[i] : low;
        high = ids[i] > high ? ids[i] : high;
    }
    bool wide = (uint64_t)high - (uint64_t)low > UINT32_MAX;
    size_t blocks = (size_t)(n + VEC_BLOCK - 1) / VEC_BLOCK;
    unsigned char *p = vec_buf_resize(out, VEC_SEG_HEADER + blocks * block_bytes(shape, wide, true), err);
    if (!p)
        return false;
    memset(p, 0, out->len);
    const int16_t exponents[2] = {(int16_t)common_exponent(records, record_bytes, n),
                                  (int16_t)common_exponent(records + 4, record_bytes, n)};
    uint16_t count = (uint16_t)n, flags = FLAG_STORED | (wide ? FLAG_WIDE : 0);
    memcpy(p, &count, 2);
    memcpy(p + 2, &flags, 2);
    memcpy(p + 4, exponents, 4);
    memcpy(p + 8, &low, 8);
    unsigned char *live_to = p + VEC_SEG_HEADER, *id_to = live_to + 4 * blocks;
    unsigned char *add_to = id_to + (wide ? 8 : 4) * VEC_BLOCK * blocks;
    unsigned char *scale_to = add_to + 2 * VEC_BLOCK * blocks;
    unsigned char *code_to = scale_to + 2 * VEC_BLOCK * blocks;
    for (size_t b = 0; b < blocks; b++)
        vec_put_u32(live_to + 4 * b, live ? live[b] : UINT32_MAX);
    for (size_t i = 0; i < (size_t)n; i++) {
        const unsigned char *record = records + i * record_bytes;
        if (wide)
            memcpy(id_to + 8 * i, &ids[i], 8);
        else
            vec_put_u32(id_to + 4 * i, (uint32_t)((uint64_t)ids[i] - (uint64_t)low));
        put_factor(add_to + 2 * i, record, exponents[0]);
        put_factor(scale_to + 2 * i, record + 4, exponents[1]);
        vec_segment_put_signs(shape, record, (int)(i % VEC_BLOCK), code_to + i / VEC_BLOCK * dims * 4);
    }
    return true;
}

/* The lowest and highest rowid of the parts; false when there is none. */
static bool id_range(const struct vec_segment *parts, size_t n, int64_t *low, int64_t *high)
{
    bool any = false;
    for (size_t p = 0; p < n; p++)
        for (int i = 0; i < parts[p].n; i++) {
            int64_t id = vec_segment_id(&parts[p], i);
            *low = !any || id < *low ? id : *low;
            *high = !any || id > *high ? id : *high;
            any = true;
        }
    return any;
}

static size_t count_blocks(const struct vec_segment *parts, size_t n)
{
    size_t blocks = 0;
    for (size_t p = 0; p < n; p++)
        blocks += (size_t)parts[p].blocks;
    return blocks;
}

size_t vec_segment_merged_bytes(const struct vec_code_shape *shape, const struct vec_segment *parts, size_t n, bool *wide)
{
    int64_t low, high;
    *wide = id_range(parts, n, &low, &high) && (uint64_t)high - (uint64_t)low > UINT32_MAX;
    return VEC_SEG_HEADER + count_blocks(parts, n) * block_bytes(shape, *wide, false);
}

/* A part's factors, from slot `first` of the whole on. */
static void merge_factors(const struct vec_segment *part, size_t first, unsigned char *add_to, unsigned char *scale_to)
{
    size_t rows = (size_t)part->blocks * VEC_BLOCK;
    add_to += 4 * first;
    scale_to += 4 * first;
    if (!part->stored) {
        memcpy(add_to, part->add, 4 * rows);
        memcpy(scale_to, part->scale, 4 * rows);
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        get_factor(add_to + 4 * i, part->add + 2 * i, part->add_exponent);
        get_factor(scale_to + 4 * i, part->scale + 2 * i, part->scale_exponent);
    }
}

void vec_segment_merge(const struct vec_code_shape *shape, const struct vec_segment *parts, size_t n, bool wide,
                       unsigned char *to)
{
    size_t blocks = count_blocks(parts, n), rows = blocks * VEC_BLOCK, first = 0, slots = 0;
    size_t block_codes = (size_t)shape->dims * 4;
    int64_t low = 0, high = 0;
    id_range(parts, n, &low, &high);
    unsigned char *live_to = to + VEC_SEG_HEADER, *id_to = live_to + 4 * blocks, *add_to = id_to + (wide ? 8 : 4) * rows;
    unsigned char *scale_to = add_to + 4 * rows, *code_to = scale_to + 4 * rows;
    memset(to, 0, (size_t)(add_to - to));
    for (size_t p = 0; p < n; p++) {
        const struct vec_segment *part = &parts[p];
        size_t part_blocks = (size_t)part->blocks;
        memcpy(live_to + first / VEC_BLOCK * 4, part->live, 4 * part_blocks);
        for (int i = 0; i < part->n; i++) {
            int64_t id = vec_segment_id(part, i);
            if (wide)
                memcpy(id_to + 8 * (first + (size_t)i), &id, 8);
            else
                vec_put_u32(id_to + 4 * (first + (size_t)i), (uint32_t)((uint64_t)id - (uint64_t)low));
        }
        merge_factors(part, first, add_to, scale_to);
        memcpy(code_to + first / VEC_BLOCK * block_codes, part->codes, part_blocks * block_codes);
        slots = first + (size_t)part->n;
        first += part_blocks * VEC_BLOCK;
    }
    uint16_t count = (uint16_t)slots, flags = wide ? FLAG_WIDE : 0;
    memcpy(to, &count, 2);
    memcpy(to + 2, &flags, 2);
    memcpy(to + 8, &low, 8);
}

void vec_segment_record(const struct vec_code_shape *shape, const struct vec_segment *segment, int slot,
                        unsigned char *record)
{
    size_t dims = (size_t)shape->dims, i = (size_t)slot;
    if (segment->stored) {
        get_factor(record, segment->add + 2 * i, segment->add_exponent);
        get_factor(record + 4, segment->scale + 2 * i, segment->scale_exponent);
    } else {
        memcpy(record, segment->add + 4 * i, 4);
        memcpy(record + 4, segment->scale + 4 * i, 4);
    }
    unsigned char *signs = record + 8 + (shape->refined ? 8 : 0);
    const unsigned char *from = segment->codes + i / VEC_BLOCK * dims * 4 + i % 16;
    int shift = i % VEC_BLOCK < 16 ? 0 : 4;
    for (size_t g = 0; g < dims / VEC_GROUP; g += 2, from += 32)
        *signs++ = (unsigned char)((from[0] >> shift & 15) | (from[16] >> shift & 15) << 4);
}

/* A record's second-stage part is split: factors before, codes after the signs. */
void vec_ref_from_record(const struct vec_code_shape *shape, const unsigned char *record, unsigned char *ref)
{
    memcpy(ref, record + 8, 8);
    memcpy(ref + 8, record + 16 + vec_code_sign_bytes(shape), (size_t)shape->dims / 2);
}

void vec_ref_to_record(const struct vec_code_shape *shape, const unsigned char *ref, unsigned char *record)
{
    memcpy(record + 8, ref, 8);
    memcpy(record + 16 + vec_code_sign_bytes(shape), ref + 8, (size_t)shape->dims / 2);
}

int vec_ref_rows(const struct vec_code_shape *shape, size_t len)
{
    if (len < REF_HEADER || (len - REF_HEADER) % stored_ref_bytes(shape))
        return -1;
    return (int)((len - REF_HEADER) / stored_ref_bytes(shape));
}

void vec_ref_widen(const struct vec_code_shape *shape, const unsigned char *stored, int rows, unsigned char *to)
{
    int16_t exponents[2];
    memcpy(exponents, stored, REF_HEADER);
    const unsigned char *from = stored + REF_HEADER;
    for (int i = 0; i < rows; i++, from += stored_ref_bytes(shape), to += vec_code_ref_bytes(shape)) {
        get_factor(to, from, exponents[0]);
        get_factor(to + 4, from + 2, exponents[1]);
        memcpy(to + 8, from + 4, (size_t)shape->dims / 2);
    }
}

bool vec_ref_build(const struct vec_code_shape *shape, const unsigned char *wide, int rows, struct vec_buf *out,
                   struct vec_error *err)
{
    size_t ref_bytes = vec_code_ref_bytes(shape);
    unsigned char *to = vec_buf_resize(out, REF_HEADER + (size_t)rows * stored_ref_bytes(shape), err);
    if (!to)
        return false;
    const int16_t exponents[2] = {(int16_t)common_exponent(wide, ref_bytes, rows),
                                  (int16_t)common_exponent(wide + 4, ref_bytes, rows)};
    memcpy(to, exponents, REF_HEADER);
    to += REF_HEADER;
    for (int i = 0; i < rows; i++, wide += ref_bytes, to += stored_ref_bytes(shape)) {
        put_factor(to, wide, exponents[0]);
        put_factor(to + 2, wide + 4, exponents[1]);
        memcpy(to + 4, wide + 8, (size_t)shape->dims / 2);
    }
    return true;
}
