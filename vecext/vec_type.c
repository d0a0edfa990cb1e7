/* vec_type.c - limits and checks of the element types; see vec_type.h. */
#include "vecext/vec_type.h"

#include <math.h>
#include <string.h>

#include "vecext/vec_half.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the blobs are little-endian and are read in place"
#endif

static const struct {
    const char *name;
    int max_dim;
} types[] = {
    [VEC_TYPE_VECTOR] = {"vector", VEC_MAX_DIM},
    [VEC_TYPE_HALFVEC] = {"halfvec", VEC_MAX_DIM},
    [VEC_TYPE_SPARSEVEC] = {"sparsevec", VEC_SPARSE_MAX_DIM},
    [VEC_TYPE_BIT] = {"bit", 1 << 30},
};

const char *vec_type_name(enum vec_type type)
{
    return types[type].name;
}

bool vec_type_find(const char *name, enum vec_type *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *type = (enum vec_type)i;
            return true;
        }
    }
    return false;
}

bool vec_check_dim(enum vec_type type, int64_t dim, struct vec_error *err)
{
    if (dim < 1)
        return vec_error_set(err, VEC_DATA_EXCEPTION, "%s must have at least 1 dimension",
                             vec_type_name(type));
    if (dim > types[type].max_dim)
        return vec_error_set(err, VEC_LIMIT_EXCEEDED, "%s cannot have more than %d dimensions",
                             vec_type_name(type), types[type].max_dim);
    return true;
}

bool vec_check_expected_dim(int typmod, int dim, struct vec_error *err)
{
    if (typmod >= 1 && typmod != dim)
        return vec_error_set(err, VEC_DATA_EXCEPTION, "expected %d dimensions, not %d", typmod,
                             dim);
    return true;
}

bool vec_check_same_dim(enum vec_type type, int a, int b, struct vec_error *err)
{
    if (a == b)
        return true;
    if (type == VEC_TYPE_BIT)
        return vec_error_set(err, VEC_DATA_EXCEPTION, "different bit lengths %d and %d", a, b);
    return vec_error_set(err, VEC_DATA_EXCEPTION, "different %s dimensions %d and %d",
                         vec_type_name(type), a, b);
}

bool vec_check_element(enum vec_type type, float value, struct vec_error *err)
{
    if (isnan(value))
        return vec_error_set(err, VEC_DATA_EXCEPTION, "NaN not allowed in %s", vec_type_name(type));
    if (isinf(value))
        return vec_error_set(err, VEC_DATA_EXCEPTION, "infinite value not allowed in %s",
                             vec_type_name(type));
    return true;
}

static bool bad_length(enum vec_type type, size_t len, struct vec_error *err)
{
    return vec_error_set(err, VEC_INVALID_BINARY, "blob of %zu bytes is not a %s", len,
                         vec_type_name(type));
}

static bool check_dense(enum vec_type type, struct vec_blob blob, bool finite,
                        struct vec_error *err)
{
    size_t width = type == VEC_TYPE_VECTOR ? 4 : 2;
    if (blob.len % width)
        return bad_length(type, blob.len, err);
    size_t dim = blob.len / width;
    if (!vec_check_dim(type, (int64_t)dim, err))
        return false;
    /* All-ones exponents are infinity and NaN. */
    for (size_t i = 0; finite && i < dim; i++) {
        if (type == VEC_TYPE_VECTOR) {
            uint32_t bits = vec_get_u32(blob.data + 4 * i);
            if ((bits & 0x7F800000) == 0x7F800000)
                return vec_check_element(type, vec_get_f32(blob.data + 4 * i), err);
        } else {
            uint16_t bits = vec_half_get(blob.data + 2 * i);
            if ((bits & 0x7C00) == 0x7C00)
                return vec_check_element(type, vec_half_to_float(bits), err);
        }
    }
    return true;
}

static bool check_sparse(struct vec_blob blob, bool finite, struct vec_error *err)
{
    if (blob.len < VEC_SPARSE_HEADER)
        return bad_length(VEC_TYPE_SPARSEVEC, blob.len, err);
    uint32_t dim = vec_get_u32(blob.data);
    uint32_t nnz = vec_get_u32(blob.data + 4);
    if (!vec_check_dim(VEC_TYPE_SPARSEVEC, dim, err))
        return false;
    if (nnz > VEC_SPARSE_MAX_NNZ || blob.len != VEC_SPARSE_HEADER + (size_t)nnz * 8)
        return bad_length(VEC_TYPE_SPARSEVEC, blob.len, err);
    const unsigned char *indices = blob.data + VEC_SPARSE_HEADER;
    const unsigned char *values = indices + 4 * (size_t)nnz;
    for (uint32_t i = 0; i < nnz; i++) {
        uint32_t index = vec_get_u32(indices + 4 * i);
        if (index >= dim)
            return vec_error_set(err, VEC_DATA_EXCEPTION, "sparsevec index out of bounds");
        if (i && index <= vec_get_u32(indices + 4 * (i - 1)))
            return vec_error_set(err, VEC_DATA_EXCEPTION,
                                 "sparsevec indices must be in ascending order");
        if (finite && !vec_check_element(VEC_TYPE_SPARSEVEC, vec_get_f32(values + 4 * i), err))
            return false;
    }
    return true;
}

bool vec_blob_check(enum vec_type type, struct vec_blob blob, bool finite, struct vec_error *err)
{
    switch (type) {
    case VEC_TYPE_VECTOR:
    case VEC_TYPE_HALFVEC:
        return check_dense(type, blob, finite, err);
    case VEC_TYPE_SPARSEVEC:
        return check_sparse(blob, finite, err);
    case VEC_TYPE_BIT:
        return blob.len <= (1u << 27) || bad_length(type, blob.len, err);
    }
    return false;
}

int vec_blob_dim(enum vec_type type, struct vec_blob blob)
{
    switch (type) {
    case VEC_TYPE_VECTOR:
        return (int)(blob.len / 4);
    case VEC_TYPE_HALFVEC:
        return (int)(blob.len / 2);
    case VEC_TYPE_SPARSEVEC:
        return (int)vec_get_u32(blob.data);
    case VEC_TYPE_BIT:
        return (int)(blob.len * 8);
    }
    return 0;
}
