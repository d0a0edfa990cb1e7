/*
 * vec_kernel_impl.h - the kernels, written once over GCC's vector types.
 *
 * Included by each vec_kernel_LEVEL.c after it has defined
 *   KERNEL_NAME            the level's name, a string; KERNEL_TABLE the table's identifier
 *   W                      floats of a register (4, 8 or 16)
 *   GEMM_ROWS              rows of the matrix tile that fit the register file
 *   load_half, store_half  W float16 at an address to and from a register of floats
 *   lane_mask              sign bits of a register of 32-bit lanes
 *   pair_products          of two registers of pairs of 16-bit numbers: the two products of each pair, added
 *   block_sums, nibble_dot the two integer kernels
 * The order of all float operations is fixed by vec_kernel.h and does not depend on W.
 */
#include <string.h>

#include "vecext/vec_half.h"
#include "vecext/vec_kernel.h"

enum { NACC = VEC_LANES / W, PANEL_REGS = VEC_PANEL / W };

typedef float vf __attribute__((vector_size(4 * W)));
typedef int32_t vi __attribute__((vector_size(4 * W)));
typedef float vf_unaligned __attribute__((vector_size(4 * W), aligned(1), may_alias));
typedef uint64_t vu64 __attribute__((vector_size(8 * W))); /* two registers */
typedef uint64_t vu64_unaligned __attribute__((vector_size(8 * W), aligned(1), may_alias));
typedef int32_t vi_unaligned __attribute__((vector_size(4 * W), aligned(1), may_alias));

#if W == 4
static const vi lane_numbers = {0, 1, 2, 3};
#elif W == 8
static const vi lane_numbers = {0, 1, 2, 3, 4, 5, 6, 7};
#else
static const vi lane_numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const void *p)
{
    return *(const vf_unaligned *)p;
}

INLINE void store(void *p, vf v)
{
    *(vf_unaligned *)p = v;
}

INLINE vf splat(float x)
{
    return x - (vf){0};
}

INLINE vf absolute(vf x)
{
    return (vf)((vi)x & 0x7FFFFFFF);
}

/* Folds the virtual lanes; `acc[j]` holds lanes j*W .. j*W+W-1. */
INLINE float fold(vf acc[NACC])
{
    for (int n = NACC / 2; n >= 1; n /= 2)
        for (int j = 0; j < n; j++)
            acc[j] += acc[j + n];
    vf v = acc[0];
    for (int n = W / 2; n >= 1; n /= 2)
        v += __builtin_shuffle(v, (lane_numbers + n) & (W - 1)); /* lane j gets lane j + n; those from n on count no more */
    return v[0];
}

/* As "= {0}" would, but in registers. */
INLINE void clear(vf acc[NACC])
{
    for (int j = 0; j < NACC; j++)
        acc[j] = (vf){0};
}

/* How an element is read: its size and its load. */
#define ELEMENT_f32 4
#define ELEMENT_f16 2
#define LOAD_f32(p) load(p)
#define LOAD_f16(p) load_half(p)

/* One sum over pairs; TERM is an expression of vectors x and y. The tail runs once more over a
 * zero-padded copy. */
#define DEFINE_PAIR(name, type, TERM)                                                              \
    static float name##_##type(const void *a, const void *b, size_t n)                             \
    {                                                                                              \
        const unsigned char *pa = a, *pb = b;                                                      \
        vf acc[NACC];                                                                              \
        clear(acc);                                                                                \
        size_t blocks = n / VEC_LANES, tail = n % VEC_LANES;                                       \
        for (; blocks; blocks--) {                                                                 \
            for (int j = 0; j < NACC; j++) {                                                       \
                vf x = LOAD_##type(pa + ELEMENT_##type * W * j);                                   \
                vf y = LOAD_##type(pb + ELEMENT_##type * W * j);                                   \
                acc[j] += TERM;                                                                    \
            }                                                                                      \
            pa += ELEMENT_##type * VEC_LANES;                                                      \
            pb += ELEMENT_##type * VEC_LANES;                                                      \
        }                                                                                          \
        if (tail) {                                                                                \
            unsigned char ca[4 * VEC_LANES] = {0}, cb[4 * VEC_LANES] = {0};                        \
            memcpy(ca, pa, ELEMENT_##type *tail);                                                  \
            memcpy(cb, pb, ELEMENT_##type *tail);                                                  \
            for (int j = 0; j < NACC; j++) {                                                       \
                vf x = LOAD_##type(ca + ELEMENT_##type * W * j);                                   \
                vf y = LOAD_##type(cb + ELEMENT_##type * W * j);                                   \
                acc[j] += TERM;                                                                    \
            }                                                                                      \
        }                                                                                          \
        return fold(acc);                                                                          \
    }

#define DEFINE_COSINE(type)                                                                        \
    INLINE void cosine_step_##type(const unsigned char *pa, const unsigned char *pb, vf xy[NACC],  \
                                   vf xx[NACC], vf yy[NACC])                                       \
    {                                                                                              \
        for (int j = 0; j < NACC; j++) {                                                           \
            vf x = LOAD_##type(pa + ELEMENT_##type * W * j);                                       \
            vf y = LOAD_##type(pb + ELEMENT_##type * W * j);                                       \
            xy[j] += x * y;                                                                        \
            xx[j] += x * x;                                                                        \
            yy[j] += y * y;                                                                        \
        }                                                                                          \
    }                                                                                              \
    static void cosine_##type(const void *a, const void *b, size_t n, float out[3])                \
    {                                                                                              \
        const unsigned char *pa = a, *pb = b;                                                      \
        vf xy[NACC], xx[NACC], yy[NACC];                                                           \
        clear(xy), clear(xx), clear(yy);                                                           \
        size_t blocks = n / VEC_LANES, tail = n % VEC_LANES;                                       \
        for (; blocks; blocks--) {                                                                 \
            cosine_step_##type(pa, pb, xy, xx, yy);                                                \
            pa += ELEMENT_##type * VEC_LANES;                                                      \
            pb += ELEMENT_##type * VEC_LANES;                                                      \
        }                                                                                          \
        if (tail) {                                                                                \
            unsigned char ca[4 * VEC_LANES] = {0}, cb[4 * VEC_LANES] = {0};                        \
            memcpy(ca, pa, ELEMENT_##type *tail);                                                  \
            memcpy(cb, pb, ELEMENT_##type *tail);                                                  \
            cosine_step_##type(ca, cb, xy, xx, yy);                                                \
        }                                                                                          \
        out[0] = fold(xy);                                                                         \
        out[1] = fold(xx);                                                                         \
        out[2] = fold(yy);                                                                         \
    }

DEFINE_PAIR(l2sq, f32, (x - y) * (x - y))
DEFINE_PAIR(l2sq, f16, (x - y) * (x - y))
DEFINE_PAIR(ip, f32, x *y)
DEFINE_PAIR(ip, f16, x *y)
DEFINE_PAIR(l1, f32, absolute(x - y))
DEFINE_PAIR(l1, f16, absolute(x - y))
DEFINE_COSINE(f32)
DEFINE_COSINE(f16)

INLINE uint64_t word_at(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
    return v;
}

static uint64_t hamming(const void *a, const void *b, size_t n)
{
    const unsigned char *pa = a, *pb = b;
    uint64_t count = 0;
    for (; n >= 8; n -= 8, pa += 8, pb += 8)
        count += (uint64_t)__builtin_popcountll(word_at(pa, 8) ^ word_at(pb, 8));
    return count + (uint64_t)__builtin_popcountll(word_at(pa, n) ^ word_at(pb, n));
}

static void jaccard(const void *a, const void *b, size_t n, uint64_t out[2])
{
    const unsigned char *pa = a, *pb = b;
    out[0] = out[1] = 0;
    for (;;) {
        size_t step = n < 8 ? n : 8;
        uint64_t x = word_at(pa, step), y = word_at(pb, step);
        out[0] += (uint64_t)__builtin_popcountll(x & y);
        out[1] += (uint64_t)__builtin_popcountll(x | y);
        if (step < 8)
            return;
        pa += 8;
        pb += 8;
        n -= 8;
    }
}

static void half_to_float(const void *from, float *to, size_t n)
{
    const unsigned char *p = from;
    for (; n >= W; n -= W, p += 2 * W, to += W)
        store(to, load_half(p));
    for (; n; n--, p += 2)
        *to++ = vec_half_to_float(vec_half_get(p));
}

static void float_to_half(const float *from, void *to, size_t n)
{
    unsigned char *p = to;
    for (; n >= W; n -= W, p += 2 * W, from += W)
        store_half(p, load(from));
    for (; n; n--, p += 2)
        vec_half_put(p, vec_half_from_float(*from++));
}

static void scale(float *x, const float *by, size_t n)
{
    for (; n >= W; n -= W, x += W, by += W)
        store(x, load(x) * load(by));
    for (; n; n--)
        *x++ *= *by++;
}

static void add(float *x, const float *y, size_t n)
{
    for (; n >= W; n -= W, x += W, y += W)
        store(x, load(x) + load(y));
    for (; n; n--)
        *x++ += *y++;
}

static void subtract(const float *x, const float *y, float *out, size_t n)
{
    for (; n >= W; n -= W, x += W, y += W, out += W)
        store(out, load(x) - load(y));
    for (; n; n--)
        *out++ = *x++ - *y++;
}

static uint32_t largest_bits(const float *x, size_t n)
{
    vi most = {0};
    int32_t all = 0;
    for (; n >= W; n -= W, x += W) {
        vi bits = (vi)load(x) & INT32_MAX, above = bits > most;
        most = (bits & above) | (most & ~above);
    }
    for (int i = 0; i < W; i++)
        all = most[i] > all ? most[i] : all;
    for (; n; n--, x++) {
        int32_t bits;
        memcpy(&bits, x, sizeof bits);
        bits &= INT32_MAX;
        all = bits > all ? bits : all;
    }
    return (uint32_t)all;
}

static void to_small(const float *x, size_t n, float inverse, int16_t *to)
{
    typedef int16_t shorts __attribute__((vector_size(2 * W)));
    for (; n >= W; n -= W, x += W, to += W) {
        vf v = load(x) * splat(inverse);
        vf half = (vf)(((vi)v & INT32_MIN) | (vi)splat(0.5f));
        shorts out = __builtin_convertvector(__builtin_convertvector(v + half, vi), shorts);
        memcpy(to, &out, sizeof out);
    }
    for (; n; n--, x++) {
        float v = *x * inverse;
        *to++ = (int16_t)(int32_t)(v + (v < 0 ? -0.5f : 0.5f));
    }
}

/* Butterflies between lanes of one register: lane i becomes x[i] + x[i^h] or x[i^h] - x[i]. */
INLINE vf butterfly(vf x, int h)
{
    vi partner, sign;
    for (int i = 0; i < W; i++) {
        partner[i] = i ^ h;
        sign[i] = i & h ? INT32_MIN : 0;
    }
    return __builtin_shuffle(x, partner) + (vf)((vi)x ^ sign);
}

/* Two stages of butterflies, h and 2 h apart, in one pass over memory. */
INLINE void two_stages(float *x, size_t n, size_t h)
{
    for (size_t i = 0; i < n; i += 4 * h) {
        for (size_t j = i; j < i + h; j += W) {
            vf a = load(x + j), b = load(x + j + h), c = load(x + j + 2 * h), d = load(x + j + 3 * h);
            vf ab = a + b, a_b = a - b, cd = c + d, c_d = c - d;
            store(x + j, ab + cd);
            store(x + j + h, a_b + c_d);
            store(x + j + 2 * h, ab - cd);
            store(x + j + 3 * h, a_b - c_d);
        }
    }
}

static void hadamard(float *x, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        vf v = load(x + i);
        v = butterfly(v, 1);
        v = butterfly(v, 2);
#if W >= 8
        v = butterfly(v, 4);
#endif
#if W >= 16
        v = butterfly(v, 8);
#endif
        store(x + i, v);
    }
    size_t h = W;
    for (; 4 * h <= n; h *= 4)
        two_stages(x, n, h);
    if (h < n) {
        for (size_t j = 0; j < h; j += W) {
            vf a = load(x + j), b = load(x + j + h);
            store(x + j, a + b);
            store(x + j + h, a - b);
        }
    }
}

INLINE void panel_tile(const int16_t *rows, int nrows, const int16_t *panel, size_t dims, int32_t *out)
{
    vi acc[GEMM_ROWS][PANEL_REGS] = {{{0}}};
    for (size_t d = 0; d < dims; d += 2, panel += 2 * VEC_PANEL) {
        vi column[PANEL_REGS];
        for (int c = 0; c < PANEL_REGS; c++)
            column[c] = *(const vi_unaligned *)(const void *)(panel + 2 * c * W);
        for (int r = 0; r < nrows; r++) {
            int32_t pair;
            memcpy(&pair, rows + (size_t)r * dims + d, sizeof pair);
            vi x = pair - (vi){0};
            for (int c = 0; c < PANEL_REGS; c++)
                acc[r][c] += pair_products(x, column[c]);
        }
    }
    for (int r = 0; r < nrows; r++)
        for (int c = 0; c < PANEL_REGS; c++)
            *(vi_unaligned *)(void *)(out + r * VEC_PANEL + c * W) = acc[r][c];
}

static void panel_rows(const int16_t *rows, size_t nrows, const int16_t *panel, size_t dims, int32_t *out)
{
    for (; nrows >= GEMM_ROWS; nrows -= GEMM_ROWS) {
        panel_tile(rows, GEMM_ROWS, panel, dims, out);
        rows += GEMM_ROWS * dims;
        out += GEMM_ROWS * VEC_PANEL;
    }
    for (; nrows; nrows--, rows += dims, out += VEC_PANEL)
        panel_tile(rows, 1, panel, dims, out);
}

/* Registers of one block of 32 dimensions, of which `n` are used. */
INLINE void encode_block(const float *r, const float *c, vf inv_step, uint8_t *u, int n,
                         vf acc[5][NACC])
{
    typedef uint8_t bytes __attribute__((vector_size(W)));
    for (int j = 0; j < n / W; j++) {
        vf x = load(r + j * W), centre = load(c + j * W);
        vf t = x * inv_step + splat(8.0f);
        vi low = t<splat(0.0f), high = t> splat(15.0f);
        t = (vf)((vi)t & ~low);
        t = (vf)(((vi)t & ~high) | ((vi)splat(15.0f) & high));
        vi code = __builtin_convertvector(t, vi);
        bytes narrow = __builtin_convertvector(code, bytes);
        memcpy(u + j * W, &narrow, sizeof narrow);
        vf y = __builtin_convertvector(code, vf) - splat(7.5f);
        vi negative = (vi)y & INT32_MIN;
        acc[0][j] += (vf)((vi)x ^ negative);
        acc[1][j] += (vf)((vi)centre ^ negative);
        acc[2][j] += x * y;
        acc[3][j] += centre * y;
        acc[4][j] += y * y;
    }
}

static void encode(const float *r, const float *c, size_t dims, float inv_step, uint8_t *u,
                   struct vec_code_sums *sums)
{
    vf acc[5][NACC] = {{{0}}};
    size_t i = 0;
    for (; i + VEC_LANES <= dims; i += VEC_LANES)
        encode_block(r + i, c + i, splat(inv_step), u + i, VEC_LANES, acc);
    if (i < dims)
        encode_block(r + i, c + i, splat(inv_step), u + i, 16, acc);
    sums->r_s = fold(acc[0]);
    sums->c_s = fold(acc[1]);
    sums->r_y = fold(acc[2]);
    sums->c_y = fold(acc[3]);
    sums->y_y = fold(acc[4]);
}

static uint32_t block_bounds(const uint32_t sum[VEC_BLOCK], const void *add, const void *by,
                             float base, float a, float b, float limit, float low[VEC_BLOCK])
{
    uint32_t mask = 0;
    for (int j = 0; j < NACC; j++) {
        vi s = *(const vi_unaligned *)(sum + j * W);
        vf x = splat(a) * __builtin_convertvector(s, vf) + splat(b);
        vf v =
            (splat(base) + load((const float *)add + j * W)) + load((const float *)by + j * W) * x;
        store(low + j * W, v);
        vi below = v < splat(limit);
        mask |= lane_mask(below) << (j * W);
    }
    return mask;
}

static uint32_t block_range(const uint64_t x[VEC_BLOCK], uint64_t low, uint64_t width)
{
    uint32_t mask = 0;
    for (int j = 0; j < VEC_BLOCK / W; j++) {
        vu64 v = *(const vu64_unaligned *)(x + j * W) - low;
        mask |= lane_mask(__builtin_convertvector(v <= width, vi)) << (j * W);
    }
    return mask;
}

const struct vec_kernels KERNEL_TABLE = {
    .name = KERNEL_NAME,
    .l2sq_f32 = l2sq_f32,
    .ip_f32 = ip_f32,
    .l1_f32 = l1_f32,
    .l2sq_f16 = l2sq_f16,
    .ip_f16 = ip_f16,
    .l1_f16 = l1_f16,
    .cosine_f32 = cosine_f32,
    .cosine_f16 = cosine_f16,
    .hamming = hamming,
    .jaccard = jaccard,
    .half_to_float = half_to_float,
    .float_to_half = float_to_half,
    .scale = scale,
    .add = add,
    .subtract = subtract,
    .largest_bits = largest_bits,
    .to_small = to_small,
    .hadamard = hadamard,
    .panel_rows = panel_rows,
    .encode = encode,
    .block_sums = block_sums,
    .block_bounds = block_bounds,
    .block_range = block_range,
    .nibble_dot = nibble_dot,
};
