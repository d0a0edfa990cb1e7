/* vec_code.c - rotation, codes and query tables; see vec_code.h. */
#include "vecext/vec_code.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"

/* Best uniform 16-level step for a unit Gaussian (J. Max, 1960). */
#define GAUSS_STEP 0.3352f
/* E |g| of a unit Gaussian: <r, s> = 0.7979 |r| sqrt(dims). */
#define GAUSS_ABS 0.79788456f
/* Tangent of the angle between r and its 1-bit and 4-bit codes, and |y| / sqrt(dims). */
#define TAN_1BIT  0.7554f
#define TAN_4BIT  0.1080f
#define NORM_4BIT 2.966f

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

bool vec_rotation_init(struct vec_rotation *rotation, int input_dims, uint64_t seed,
                       struct vec_error *err)
{
    int dims = (input_dims + 15) / 16 * 16, window = 16;
    while (window * 2 <= dims)
        window *= 2;
    float *factors = malloc(sizeof(float) * 2 * VEC_ROTATION_ROUNDS * (size_t)dims);
    if (!factors)
        return vec_error_nomem(err);
    float shrink = 1 / sqrtf((float)window);
    float *f = factors;
    for (int round = 0; round < VEC_ROTATION_ROUNDS; round++) {
        for (int end = 0; end < 2; end++) {
            int first = end ? dims - window : 0;
            for (int i = 0; i < dims; i++) {
                bool inside = i >= first && i < first + window;
                float sign = end == 0 && next_random(&seed) >> 63 ? -1.0f : 1.0f;
                *f++ = sign * (inside ? shrink : 1.0f);
            }
        }
    }
    *rotation = (struct vec_rotation){input_dims, dims, window, factors};
    return true;
}

void vec_rotation_free(struct vec_rotation *rotation)
{
    free(rotation->factors);
    rotation->factors = NULL;
}

void vec_rotate(const struct vec_rotation *rotation, float *x)
{
    const struct vec_kernels *k = vec_kernels();
    size_t dims = (size_t)rotation->dims, window = (size_t)rotation->window;
    const float *f = rotation->factors;
    for (int round = 0; round < VEC_ROTATION_ROUNDS; round++, f += 2 * dims) {
        k->scale(x, f, dims);
        k->hadamard(x, window);
        if (window == dims)
            continue;
        k->scale(x + dims - window, f + dims + dims - window, window);
        k->hadamard(x + dims - window, window);
    }
}

static uint64_t word_at(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Packs the signs and, after them, the 4-bit codes: eight at a time. */
static void pack_codes(const struct vec_code_shape *shape, const uint8_t *u, unsigned char *to)
{
    size_t dims = (size_t)shape->dims;
    /* The product brings bit 8 i of the signs to bit 56 + i, without carries. */
    for (size_t i = 0; i < dims; i += 8)
        *to++ = (unsigned char)((word_at(u + i) >> 3 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56);
    if (!shape->refined)
        return;
    for (size_t left = dims; left;) {
        size_t half = left >= 32 ? 16 : 8;
        for (size_t i = 0; i < half; i += 8) {
            uint64_t pair = word_at(u + i) | word_at(u + i + half) << 4;
            memcpy(to + i, &pair, sizeof pair);
        }
        to += half;
        u += 2 * half;
        left -= 2 * half;
    }
}

struct factors {
    float add, scale;
};

static struct factors make_factors(const struct vec_code_shape *shape, float r2, float r_code,
                                   float c_code)
{
    struct factors f = {0, 0};
    if (r2 > 0) {
        f.scale = r2 / r_code;
        f.add = shape->inner ? 0 : r2 + 2 * f.scale * c_code;
    }
    if (!isfinite(f.scale) || !isfinite(f.add) || !isfinite(r2))
        f = (struct factors){-INFINITY, 0};
    return f;
}

void vec_encode(const struct vec_code_shape *shape, const float *x, const float *centroid,
                float *residual, uint8_t *codes, unsigned char *record)
{
    const struct vec_kernels *k = vec_kernels();
    size_t dims = (size_t)shape->dims;
    k->subtract(x, centroid, residual, dims);
    float r2 = k->ip_f32(residual, residual, dims);
    float step = GAUSS_STEP * sqrtf(r2) / sqrtf((float)dims);
    struct vec_code_sums sums = {0};
    if (isfinite(r2) && step > 0 && isfinite(1 / step))
        k->encode(residual, centroid, dims, 1 / step, codes, &sums);
    else
        memset(codes, 0, dims);
    struct factors f1 = make_factors(shape, r2, sums.r_s, sums.c_s);
    struct factors f4 = make_factors(shape, r2, sums.r_y, sums.c_y);
    memcpy(record, &f1, sizeof f1);
    if (shape->refined)
        memcpy(record + 8, &f4, sizeof f4);
    pack_codes(shape, codes, record + (shape->refined ? 16 : 8));
}

bool vec_query_tables_init(struct vec_query_tables *tables, const struct vec_code_shape *shape,
                           struct vec_error *err)
{
    memset(tables, 0, sizeof *tables);
    tables->lut = malloc((size_t)shape->dims * 4);
    tables->q8 = malloc((size_t)shape->dims);
    return (tables->lut && tables->q8) || vec_error_nomem(err);
}

void vec_query_tables_free(struct vec_query_tables *tables)
{
    free(tables->lut);
    free(tables->q8);
    memset(tables, 0, sizeof *tables);
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static inline bytes16 splat(int byte)
{
    return (uint8_t)byte - (bytes16){0};
}

/* Sums of the subsets of four numbers, all shifted up by the negative ones. */
static inline bytes16 group_sums(const int8_t v[VEC_GROUP], int *shift)
{
    static const bytes16 with[VEC_GROUP] = {
        {0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255},
        {0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255},
        {0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255},
        {0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255},
    };
    int negative = 0;
    for (int m = 0; m < VEC_GROUP; m++)
        negative -= v[m] < 0 ? v[m] : 0;
    *shift = negative;
    bytes16 sums = splat(negative);
    for (int m = 0; m < VEC_GROUP; m++)
        sums += with[m] & splat(v[m]);
    return sums;
}

/* To nearest, halves up; |x * inverse| is at most `limit` but for rounding. */
static void quantise(const float *x, size_t n, float inverse, int limit, int8_t *to)
{
    for (size_t i = 0; i < n; i++) {
        int v = (int)(x[i] * inverse + ((float)limit + 0.5f)) - limit;
        to[i] = (int8_t)(v > limit ? limit : v);
    }
}

void vec_query_tables_fill(struct vec_query_tables *tables, const struct vec_code_shape *shape,
                           const float *q)
{
    size_t dims = (size_t)shape->dims;
    float largest = 0;
    tables->norm2 = vec_kernels()->ip_f32(q, q, dims);
    for (size_t i = 0; i < dims; i++) {
        float size = fabsf(q[i]);
        largest = size > largest ? size : largest;
    }
    tables->step7 = largest / 63;
    tables->step8 = largest / 127;
    if (!(tables->step7 > 0) || !isfinite(127 / largest) || !isfinite(tables->norm2)) {
        /* zero, or nothing to compute with: the caller sees that by norm2 */
        memset(tables->q8, 0, dims);
        memset(tables->lut, 0, 4 * dims);
        tables->step7 = tables->step8 = tables->offset7 = tables->offset8 = 0;
        return;
    }
    int64_t offset = 0, sum7 = 0, sum8 = 0;
    quantise(q, dims, 63 / largest, 63, tables->q8);
    for (size_t g = 0; g < dims; g += VEC_GROUP) {
        int shift;
        bytes16 sums = group_sums(tables->q8 + g, &shift);
        memcpy(tables->lut + 4 * g, &sums, sizeof sums);
        offset += shift;
    }
    for (size_t i = 0; i < dims; i++)
        sum7 += tables->q8[i];
    quantise(q, dims, 127 / largest, 127, tables->q8);
    for (size_t i = 0; i < dims; i++)
        sum8 += tables->q8[i];
    tables->offset7 = (float)(2 * offset + sum7);
    tables->offset8 = 7.5f * (float)sum8;
}

/* Standard deviation of an estimate of <p, r> divided by the row's scale: the code's own error,
 * which is orthogonal to r and random in direction, and the query's quantisation, uniform in each
 * dimension. |r| tan / sqrt(dims) = scale * code_norm * tan, as scale = |r|^2 / <r, code>; cos is
 * near enough 1 in the 4-bit code and part of the constant in the 1-bit one. */
static float deviation(float length2, float tangent, float code_norm, float step, int dims)
{
    float own = tangent * code_norm;
    float query = step * code_norm * sqrtf((float)dims / 12);
    return sqrtf(own * own * length2 + query * query);
}

struct vec_bounds vec_bounds_1bit(const struct vec_query_tables *tables,
                                  const struct vec_code_shape *shape, float distance2,
                                  float product, float eps)
{
    float length2 = shape->inner ? tables->norm2 : distance2;
    float twice = shape->inner ? 1 : 2;
    float error = deviation(length2, TAN_1BIT * GAUSS_ABS, 1, tables->step7, shape->dims);
    return (struct vec_bounds){shape->inner ? -product : distance2, -twice * 2 * tables->step7,
                               twice * tables->step7 * tables->offset7, twice * eps * error};
}

struct vec_bounds vec_bounds_4bit(const struct vec_query_tables *tables,
                                  const struct vec_code_shape *shape, float distance2,
                                  float product, float eps)
{
    float length2 = shape->inner ? tables->norm2 : distance2;
    float twice = shape->inner ? 1 : 2;
    float error = deviation(length2, TAN_4BIT, NORM_4BIT, tables->step8, shape->dims);
    return (struct vec_bounds){shape->inner ? -product : distance2, -twice * tables->step8,
                               twice * tables->step8 * tables->offset8, twice * eps * error};
}
