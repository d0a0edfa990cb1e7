/*
 * vec_kernel.h - the inner loops, one table of functions per SIMD level.
 *
 * vec_kernels() returns the table of the best level this processor has, chosen once. The
 * environment variable VECEXT_SIMD=scalar|avx2|avx512|neon names another; a level the processor
 * lacks is ignored.
 *
 * Every level gives the same bits. Sums over floats run in 32 virtual lanes: lane i adds elements
 * i, i + 32, i + 64, ... in that order, a last partial block counts as padded with zeros, and the
 * lanes are folded 16, 8, 4, 2, 1 apart. Products and sums are rounded separately (no fused
 * multiply-add, as the baseline has none). Matrix products add over dimensions in ascending order
 * per output. Integer sums are exact. So an index built on one machine answers identically on
 * another.
 *
 * Pointers to elements are `const void *` where a blob inside a database page may lie unaligned.
 * All functions are pure and thread safe; sizes may be 0 unless said otherwise.
 */
#ifndef VECEXT_VEC_KERNEL_H
#define VECEXT_VEC_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum {
    VEC_LANES = 32, /* virtual lanes of a float sum */
    VEC_PANEL = 16, /* columns of a matrix panel */
    VEC_BLOCK = 32, /* rows of a block of 1-bit codes */
    VEC_GROUP = 4   /* dimensions of one table look-up */
};

typedef float vec_pair_fn(const void *a, const void *b, size_t n);
/* out = { <a,b>, <a,a>, <b,b> } */
typedef void vec_cosine_fn(const void *a, const void *b, size_t n, float out[3]);

/* What encoding one row yields beside its codes; y is the 4-bit code as -7.5 .. 7.5, s its sign. */
struct vec_code_sums {
    float r_s; /* <r, s> */
    float c_s; /* <c, s> */
    float r_y; /* <r, y> */
    float c_y; /* <c, y> */
    float y_y; /* <y, y> */
};

struct vec_kernels {
    const char *name;

    /* Distances of two dense vectors of n elements. */
    vec_pair_fn *l2sq_f32, *ip_f32, *l1_f32;
    vec_pair_fn *l2sq_f16, *ip_f16, *l1_f16;
    vec_cosine_fn *cosine_f32, *cosine_f16;

    /* Bits, n in bytes: differing bits; out = { bits in both, bits in either }. */
    uint64_t (*hamming)(const void *a, const void *b, size_t n);
    void (*jaccard)(const void *a, const void *b, size_t n, uint64_t out[2]);

    /* Blocks of elements between float16 and float32; to float16 rounds to nearest even. */
    void (*half_to_float)(const void *from, float *to, size_t n);
    void (*float_to_half)(const float *from, void *to, size_t n);

    /* x[i] *= by[i]; x[i] += y[i]; out[i] = x[i] - y[i]. */
    void (*scale)(float *x, const float *by, size_t n);
    void (*add)(float *x, const float *y, size_t n);
    void (*subtract)(const float *x, const float *y, float *out, size_t n);
    /* The largest magnitude's bits as an integer, above infinity's where there is a NaN. */
    uint32_t (*largest_bits)(const float *x, size_t n);
    /* to[i] = x[i] * inverse, rounded half away from zero; the results must fit. */
    void (*to_small)(const float *x, size_t n, float inverse, int16_t *to);
    /* Unnormalised Walsh-Hadamard transform in place; n a power of two, at least 16. */
    void (*hadamard)(float *x, size_t n);

    /* out[r * VEC_PANEL + c] = <row r, column c>: `rows` of `dims` numbers each, one after another, dims even; the panel holds
     * VEC_PANEL columns: [dims / 2][column][2]. Sums must fit 32 bits. */
    void (*panel_rows)(const int16_t *rows, size_t nrows, const int16_t *panel, size_t dims, int32_t *out);

    /* The 4-bit code of each dimension of a row: u[i] = clamp(floor(r[i] * inv_step + 8), 0, 15);
     * u >= 8 is the sign. dims a multiple of 16. */
    void (*encode)(const float *r, const float *c, size_t dims, float inv_step, uint8_t *u,
                   struct vec_code_sums *sums);

    /* Sums of table entries for a block of 32 rows: sum[r] = sum over groups g of
     * lut[16 g + code(g, r)], codes[16 g + j] holding row j in its low and row j + 16 in its high
     * nibble. `groups` is a multiple of 4. */
    void (*block_sums)(const void *codes, const uint8_t *lut, size_t groups,
                       uint32_t sum[VEC_BLOCK]);
    /* low[r] = (base + add[r]) + scale[r] * (a * sum[r] + b); returns a mask of the rows with
     * low < limit. add and scale may lie unaligned. */
    uint32_t (*block_bounds)(const uint32_t sum[VEC_BLOCK], const void *add, const void *scale,
                             float base, float a, float b, float limit, float low[VEC_BLOCK]);
    /* A mask of the numbers x with x - low <= width, in unsigned arithmetic. */
    uint32_t (*block_range)(const uint64_t x[VEC_BLOCK], uint64_t low, uint64_t width);
    /* <code, q> of a row of 4-bit codes 0 .. 15 (packing: vec_code.h). dims a multiple of 16. */
    int32_t (*nibble_dot)(const void *code, const int8_t *q, size_t dims);
};

/* The table in use. */
const struct vec_kernels *vec_kernels(void);

/* The table of a named level, or NULL when this build or this processor does not have it. */
const struct vec_kernels *vec_kernels_named(const char *name);

/* Names of the levels this processor can run, best first; NULL-terminated. */
const char *const *vec_kernels_available(void);

#endif
