/* vec_func.c - pgvector's functions on blobs; see vec_func.h. */
#include "vecext/vec_func.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_float.h"
#include "vecext/vec_half.h"
#include "vecext/vec_kernel.h"
#include "vecext/vec_sparse.h"

static bool is_dense(enum vec_type type)
{
    return type == VEC_TYPE_VECTOR || type == VEC_TYPE_HALFVEC;
}

static bool not_defined(enum vec_type type, const char *what, struct vec_error *err)
{
    return vec_error_set(err, VEC_UNSUPPORTED, "%s is not defined for type %s", what,
                         vec_type_name(type));
}

static size_t width(enum vec_type type)
{
    return type == VEC_TYPE_VECTOR ? 4 : 2;
}

static float dense_get(enum vec_type type, struct vec_blob a, size_t i)
{
    return type == VEC_TYPE_VECTOR ? vec_get_f32(a.data + 4 * i)
                                   : vec_half_to_float(vec_half_get(a.data + 2 * i));
}

static float dense_put(enum vec_type type, unsigned char *to, size_t i, float value)
{
    if (type == VEC_TYPE_VECTOR) {
        vec_put_f32(to + 4 * i, value);
        return value;
    }
    uint16_t half = vec_half_from_float(value);
    vec_half_put(to + 2 * i, half);
    return vec_half_to_float(half);
}

static bool overflow_error(struct vec_error *err)
{
    return vec_error_set(err, VEC_OUT_OF_RANGE, "value out of range: overflow");
}

bool vec_arithmetic(enum vec_type type, enum vec_arith op, struct vec_blob a, struct vec_blob b,
                    struct vec_buf *out, struct vec_error *err)
{
    if (!is_dense(type))
        return not_defined(type, "arithmetic", err);
    size_t dim = (size_t)vec_blob_dim(type, a);
    if (!vec_check_same_dim(type, (int)dim, vec_blob_dim(type, b), err))
        return false;
    unsigned char *to = vec_buf_resize(out, a.len, err);
    if (!to)
        return false;
    for (size_t i = 0; i < dim; i++) {
        float x = dense_get(type, a, i), y = dense_get(type, b, i);
        float z = op == VEC_ADD ? x + y : op == VEC_SUB ? x - y : x * y;
        z = dense_put(type, to, i, z);
        if (isinf(z))
            return overflow_error(err);
        if (op == VEC_MUL && z == 0 && x != 0 && y != 0)
            return vec_error_set(err, VEC_OUT_OF_RANGE, "value out of range: underflow");
    }
    return true;
}

bool vec_concat(enum vec_type type, struct vec_blob a, struct vec_blob b, struct vec_buf *out,
                struct vec_error *err)
{
    if (!is_dense(type))
        return not_defined(type, "concatenation", err);
    int64_t dim = (int64_t)vec_blob_dim(type, a) + vec_blob_dim(type, b);
    if (!vec_check_dim(type, dim, err))
        return false;
    out->len = 0;
    return vec_buf_append(out, a.data, a.len, err) && vec_buf_append(out, b.data, b.len, err);
}

static int compare_sparse(struct vec_blob a, struct vec_blob b)
{
    uint32_t na = vec_sparse_nnz(a), nb = vec_sparse_nnz(b);
    uint32_t n = na < nb ? na : nb;
    uint32_t dim_a = vec_get_u32(a.data), dim_b = vec_get_u32(b.data);
    for (uint32_t i = 0; i < n; i++) {
        struct vec_sparse_element x = vec_sparse_get(a, i), y = vec_sparse_get(b, i);
        /* The one with the lower index has a value where the other has zero. */
        if (x.index < y.index)
            return x.value < 0 ? -1 : 1;
        if (x.index > y.index)
            return y.value < 0 ? 1 : -1;
        if (x.value != y.value)
            return x.value < y.value ? -1 : 1;
    }
    if (na < nb && vec_sparse_get(b, n).index < dim_a)
        return vec_sparse_get(b, n).value < 0 ? 1 : -1;
    if (na > nb && vec_sparse_get(a, n).index < dim_b)
        return vec_sparse_get(a, n).value < 0 ? -1 : 1;
    return (dim_a > dim_b) - (dim_a < dim_b);
}

int vec_compare(enum vec_type type, struct vec_blob a, struct vec_blob b)
{
    if (type == VEC_TYPE_SPARSEVEC)
        return compare_sparse(a, b);
    if (type == VEC_TYPE_BIT) {
        int c = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
        return c ? (c > 0) - (c < 0) : (a.len > b.len) - (a.len < b.len);
    }
    size_t na = (size_t)vec_blob_dim(type, a), nb = (size_t)vec_blob_dim(type, b);
    for (size_t i = 0; i < na && i < nb; i++) {
        float x = dense_get(type, a, i), y = dense_get(type, b, i);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (na > nb) - (na < nb);
}

static unsigned char *put_big_endian(unsigned char *to, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = (unsigned char)(v >> shift);
    return to;
}

/* Bits of a float in an order that unsigned comparison keeps; both zeros are one. */
static uint32_t ordered_bits(float x)
{
    uint32_t bits;
    x += 0.0f;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
}

/* An element below zero sorts before the rest of zeros that its lack would be (0), one above zero after
 * it (2); among the first the smaller index comes first, among the others the larger. 1 ends. */
static bool sparse_key(struct vec_blob a, struct vec_buf *out, struct vec_error *err)
{
    uint32_t nnz = vec_sparse_nnz(a);
    unsigned char *to = vec_buf_resize(out, (size_t)nnz * 9 + 5, err);
    if (!to)
        return false;
    for (uint32_t i = 0; i < nnz; i++) {
        struct vec_sparse_element e = vec_sparse_get(a, i);
        *to++ = e.value < 0 ? 0 : 2;
        to = put_big_endian(to, e.value < 0 ? e.index : ~e.index);
        to = put_big_endian(to, ordered_bits(e.value));
    }
    *to++ = 1;
    put_big_endian(to, (uint32_t)vec_blob_dim(VEC_TYPE_SPARSEVEC, a));
    return true;
}

bool vec_sort_key(enum vec_type type, struct vec_blob a, struct vec_buf *out, struct vec_error *err)
{
    if (type == VEC_TYPE_SPARSEVEC)
        return sparse_key(a, out, err);
    size_t dim = (size_t)vec_blob_dim(type, a), width = type == VEC_TYPE_VECTOR ? 4 : 2;
    unsigned char *to = vec_buf_resize(out, dim * 4, err);
    if (!to)
        return false;
    for (size_t i = 0; i < dim; i++) {
        const unsigned char *from = a.data + i * width;
        to = put_big_endian(to, ordered_bits(width == 4 ? vec_get_f32(from)
                                                        : vec_half_to_float(vec_half_get(from))));
    }
    return true;
}

double vec_norm(enum vec_type type, struct vec_blob a)
{
    double sum = 0;
    if (type == VEC_TYPE_SPARSEVEC) {
        for (uint32_t i = 0; i < vec_sparse_nnz(a); i++) {
            double v = vec_sparse_get(a, i).value;
            sum += v * v;
        }
    } else {
        size_t dim = (size_t)vec_blob_dim(type, a);
        for (size_t i = 0; i < dim; i++) {
            double v = dense_get(type, a, i);
            sum += v * v;
        }
    }
    return sqrt(sum);
}

bool vec_l2_normalize(enum vec_type type, struct vec_blob a, struct vec_buf *out,
                      struct vec_error *err)
{
    double norm = vec_norm(type, a);
    unsigned char *to = vec_buf_resize(out, a.len, err);
    if (!to)
        return false;
    memcpy(to, a.data, a.len);
    if (!(norm > 0))
        return true;
    if (type == VEC_TYPE_SPARSEVEC) {
        uint32_t nnz = vec_sparse_nnz(a), kept = 0;
        /* A quotient that underflows to zero may not be stored, so the blob may shrink. */
        for (uint32_t i = 0; i < nnz; i++)
            kept += (float)(vec_sparse_get(a, i).value / norm) != 0;
        vec_put_u32(to + 4, kept);
        unsigned char *index = to + VEC_SPARSE_HEADER, *value = index + 4 * (size_t)kept;
        for (uint32_t i = 0; i < nnz; i++) {
            struct vec_sparse_element e = vec_sparse_get(a, i);
            float quotient = (float)(e.value / norm);
            if (isinf(quotient))
                return overflow_error(err);
            if (quotient == 0)
                continue;
            vec_put_u32(index, e.index);
            vec_put_f32(value, quotient);
            index += 4;
            value += 4;
        }
        out->len = VEC_SPARSE_HEADER + (size_t)kept * 8;
        return true;
    }
    size_t dim = (size_t)vec_blob_dim(type, a);
    for (size_t i = 0; i < dim; i++)
        if (isinf(dense_put(type, to, i, (float)(dense_get(type, a, i) / norm))))
            return overflow_error(err);
    return true;
}

bool vec_subvector(enum vec_type type, struct vec_blob a, int start, int count, struct vec_buf *out,
                   struct vec_error *err)
{
    if (!is_dense(type))
        return not_defined(type, "subvector", err);
    int64_t dim = vec_blob_dim(type, a);
    int64_t end = (int64_t)start + count;
    if (count < 1)
        return vec_check_dim(type, 0, err);
    if (start < 1)
        start = 1;
    if (end > dim + 1)
        end = dim + 1;
    if (!vec_check_dim(type, end - start, err))
        return false;
    out->len = 0;
    return vec_buf_append(out, a.data + (size_t)(start - 1) * width(type),
                          (size_t)(end - start) * width(type), err);
}

bool vec_binary_quantize(enum vec_type type, struct vec_blob a, struct vec_buf *out, int *bits,
                         struct vec_error *err)
{
    if (!is_dense(type))
        return not_defined(type, "binary_quantize", err);
    size_t dim = (size_t)vec_blob_dim(type, a);
    unsigned char *to = vec_buf_resize(out, (dim + 7) / 8, err);
    if (!to)
        return false;
    memset(to, 0, out->len);
    for (size_t i = 0; i < dim; i++)
        if (dense_get(type, a, i) > 0)
            to[i / 8] |= (unsigned char)(0x80 >> i % 8);
    *bits = (int)dim;
    return true;
}

static bool half_out_of_range(float value, struct vec_error *err)
{
    char text[VEC_FLOAT_TEXT_MAX];
    size_t n = vec_float_print(value, text);
    return vec_error_set(err, VEC_OUT_OF_RANGE, "\"%.*s\" is out of range for type halfvec", (int)n,
                         text);
}

bool vec_from_floats(enum vec_type type, const float *x, size_t n, int typmod, struct vec_buf *out,
                     struct vec_error *err)
{
    if (!vec_check_dim(type, n > INT32_MAX ? INT32_MAX : (int64_t)n, err) ||
        !vec_check_expected_dim(typmod, (int)n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!vec_check_element(type, x[i], err))
            return false;
    if (type == VEC_TYPE_SPARSEVEC) {
        struct vec_buf list = {0};
        bool ok = true;
        for (size_t i = 0; ok && i < n; i++) {
            struct vec_sparse_element e = {(uint32_t)i, x[i]};
            if (x[i] != 0)
                ok = vec_buf_append(&list, &e, sizeof e, err);
        }
        ok = ok && vec_sparse_build((uint32_t)n, (struct vec_sparse_element *)(void *)list.data,
                                    list.len / sizeof(struct vec_sparse_element), out, err);
        vec_buf_free(&list);
        return ok;
    }
    unsigned char *to = vec_buf_resize(out, n * width(type), err);
    if (!to)
        return false;
    for (size_t i = 0; i < n; i++)
        if (isinf(dense_put(type, to, i, x[i])))
            return half_out_of_range(x[i], err);
    return true;
}

bool vec_from_doubles(enum vec_type type, const double *x, size_t n, int typmod,
                      struct vec_buf *out, struct vec_error *err)
{
    if (!vec_check_dim(type, n > INT32_MAX ? INT32_MAX : (int64_t)n, err))
        return false;
    float *narrow = malloc(n * sizeof *narrow);
    if (!narrow)
        return vec_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        narrow[i] = (float)x[i];
    bool ok = vec_from_floats(type, narrow, n, typmod, out, err);
    free(narrow);
    return ok;
}

void vec_to_floats(enum vec_type type, struct vec_blob a, float *x)
{
    size_t dim = (size_t)vec_blob_dim(type, a);
    if (type == VEC_TYPE_VECTOR) {
        memcpy(x, a.data, a.len);
    } else if (type == VEC_TYPE_HALFVEC) {
        vec_kernels()->half_to_float(a.data, x, dim);
    } else if (type == VEC_TYPE_SPARSEVEC) {
        memset(x, 0, dim * sizeof *x);
        for (uint32_t i = 0; i < vec_sparse_nnz(a); i++) {
            struct vec_sparse_element e = vec_sparse_get(a, i);
            x[e.index] = e.value;
        }
    } else {
        for (size_t i = 0; i < dim; i++)
            x[i] = (float)(a.data[i / 8] >> (7 - i % 8) & 1);
    }
}

bool vec_cast(enum vec_type from, struct vec_blob a, enum vec_type to, int typmod,
              struct vec_buf *out, struct vec_error *err)
{
    if (from == VEC_TYPE_BIT || to == VEC_TYPE_BIT)
        return not_defined(from, "this cast", err);
    int dim = vec_blob_dim(from, a);
    if (from == to) {
        if (!vec_check_expected_dim(typmod, dim, err))
            return false;
        out->len = 0;
        return vec_buf_append(out, a.data, a.len, err);
    }
    /* sparsevec's dimensions reach a billion; its target's limit comes before the memory for them
     */
    if (!vec_check_dim(to, dim, err) || !vec_check_expected_dim(typmod, dim, err))
        return false;
    float *x = malloc((size_t)dim * sizeof *x);
    if (!x)
        return vec_error_nomem(err);
    vec_to_floats(from, a, x);
    bool ok = vec_from_floats(to, x, (size_t)dim, typmod, out, err);
    free(x);
    return ok;
}

static bool aggregate_start(struct vec_aggregate *agg, enum vec_type type, int dim,
                            struct vec_error *err)
{
    if (!agg->sums) {
        agg->sums = calloc((size_t)dim, sizeof *agg->sums);
        if (!agg->sums)
            return vec_error_nomem(err);
        agg->dim = dim;
    }
    return agg->count == 0 ? vec_check_same_dim(type, agg->dim, dim, err)
                           : vec_check_expected_dim(agg->dim, dim, err);
}

bool vec_aggregate_add(struct vec_aggregate *agg, enum vec_type type, struct vec_blob value,
                       struct vec_error *err)
{
    if (!is_dense(type))
        return not_defined(type, "avg", err);
    if (!aggregate_start(agg, type, vec_blob_dim(type, value), err))
        return false;
    for (int i = 0; i < agg->dim; i++) {
        agg->sums[i] += dense_get(type, value, (size_t)i);
        if (isinf(agg->sums[i]))
            return overflow_error(err);
    }
    agg->count++;
    return true;
}

bool vec_aggregate_merge(struct vec_aggregate *agg, const struct vec_aggregate *from,
                         struct vec_error *err)
{
    if (!from->count)
        return true;
    if (!aggregate_start(agg, VEC_TYPE_VECTOR, from->dim, err))
        return false;
    for (int i = 0; i < agg->dim; i++) {
        agg->sums[i] += from->sums[i];
        if (isinf(agg->sums[i]))
            return overflow_error(err);
    }
    agg->count += from->count;
    return true;
}

bool vec_aggregate_avg(const struct vec_aggregate *agg, enum vec_type type, struct vec_buf *out,
                       struct vec_error *err)
{
    if (!agg->count)
        return vec_error_set(err, VEC_OK, "%s", "");
    double *means = malloc((size_t)agg->dim * sizeof *means);
    if (!means)
        return vec_error_nomem(err);
    for (int i = 0; i < agg->dim; i++)
        means[i] = agg->sums[i] / (double)agg->count;
    bool ok = vec_from_doubles(type, means, (size_t)agg->dim, 0, out, err);
    free(means);
    return ok;
}

void vec_aggregate_free(struct vec_aggregate *agg)
{
    free(agg->sums);
    memset(agg, 0, sizeof *agg);
}
