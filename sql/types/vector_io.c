/*
 * vector_io.c: text and binary forms, type modifiers and casts of vector, halfvec and sparsevec. In the file they are the
 * blobs of vecext/vec_type.h.
 *
 * Binary forms are pgvector's, big-endian: vector int16 dim, int16 0, float4[dim]; halfvec the same with 16-bit floats;
 * sparsevec int32 dim, int32 nnz, int32 0, int32 index[nnz] from 0, float4 value[nnz].
 */
#include <math.h>
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/binary.h"
#include "sql/types/vector.h"
#include "vecext/vec_func.h"
#include "vecext/vec_half.h"
#include "vecext/vec_sparse.h"
#include "vecext/vec_text.h"

bool vector_fail(struct fcall *f, const struct vec_error *err)
{
    error_set(f->err, vec_error_sqlstate(err->code), "%s", err->message);
    if (*err->detail)
        error_detail(f->err, "%s", err->detail);
    if (*err->hint)
        error_hint(f->err, "%s", err->hint);
    return false;
}

bool vector_arg(struct fcall *f, int i, enum vec_type type, struct vec_blob *out)
{
    const struct value *v = &f->args[i];
    struct vec_error err = {0};
    *out = (struct vec_blob){(const unsigned char *)v->p, v->n};
    if (v->kind != VALUE_BLOB)
        return error_set(f->err, ERRCODE_DATA_CORRUPTED, "the stored value is no %s",
                         vec_type_name(type));
    return vec_blob_check(type, *out, false, &err) || vector_fail(f, &err);
}

void vector_return(struct fcall *f, bool ok, struct vec_buf *buf, const struct vec_error *err)
{
    if (ok)
        f->result = value_blob(arena_memdup(f->arena, buf->data, buf->len), buf->len);
    else
        vector_fail(f, err);
    vec_buf_free(buf);
}

/* --- text ------------------------------------------------------------------------------------------------ */

static void vector_read(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    bool ok = vec_text_parse(type, fcall_arg_cstring(f, 0), arg_typmod(f), &buf, &err);
    vector_return(f, ok, &buf, &err);
}

static void vector_print(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob b;
    if (!vector_arg(f, 0, type, &b))
        return;
    if (vec_text_print(type, b, &buf, &err))
        fcall_return_text(f, (const char *)buf.data, buf.len);
    else
        vector_fail(f, &err);
    vec_buf_free(&buf);
}

/* --- type modifiers ---------------------------------------------------------------------------------------- */

static void vector_typmod(struct fcall *f, enum vec_type type)
{
    struct array a;
    long long dim;
    char *end;
    if (!array_read(f, &f->args[0], CSTRINGOID, &a))
        return;
    if (a.n != 1) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid type modifier");
        return;
    }
    dim = strtoll(arena_strndup(f->arena, a.items[0].p, a.items[0].n), &end, 10);
    int max = type == VEC_TYPE_SPARSEVEC ? VEC_SPARSE_MAX_DIM : VEC_MAX_DIM;
    if (*end)
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type integer: \"%.*s\"", (int)a.items[0].n,
                  a.items[0].p);
    else if (dim < 1)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "dimensions for type %s must be at least 1", vec_type_name(type));
    else if (dim > max)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "dimensions for type %s cannot exceed %d", vec_type_name(type), max);
    else
        f->result = value_int(dim);
}

/* --- binary --------------------------------------------------------------------------------------------------- */

static float get_float(const char *p)
{
    uint32_t bits = (uint32_t)binary_get_i32(p);
    float v;
    memcpy(&v, &bits, 4);
    return v;
}

static void put_float(char *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, 4);
    binary_put_i32(p, (int32_t)bits);
}

/* vector and halfvec from the wire. */
static void dense_receive(struct fcall *f, enum vec_type type, size_t width)
{
    const char *p = f->args[0].p;
    size_t n = f->args[0].n;
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    if (n < 4) {
        binary_expect(f, 4);
        return;
    }
    int dim = binary_get_i16(p);
    if (binary_get_i16(p + 2) != 0) {
        error_set(f->err, ERRCODE_DATA_EXCEPTION, "expected unused to be 0, not %d",
                  binary_get_i16(p + 2));
        return;
    }
    if (!vec_check_dim(type, dim, &err) || !vec_check_expected_dim(arg_typmod(f), dim, &err)) {
        vector_fail(f, &err);
        return;
    }
    if (!binary_expect(f, 4 + (size_t)dim * width))
        return;
    float *x = ARENA_ARRAY(f->arena, float, dim);
    for (int i = 0; i < dim; i++)
        x[i] = width == 4 ? get_float(p + 4 + 4 * i)
                          : vec_half_to_float((uint16_t)binary_get_i16(p + 4 + 2 * i));
    vector_return(f, vec_from_floats(type, x, (size_t)dim, -1, &buf, &err), &buf, &err);
}

static void dense_send(struct fcall *f, enum vec_type type, size_t width)
{
    struct vec_blob b;
    if (!vector_arg(f, 0, type, &b))
        return;
    int dim = vec_blob_dim(type, b);
    size_t n = 4 + (size_t)dim * width;
    char *out = arena_alloc(f->arena, n);
    binary_put_i16(out, (int16_t)dim);
    for (int i = 0; i < dim; i++)
        if (width == 4)
            put_float(out + 4 + 4 * i, vec_get_f32(b.data + 4 * i));
        else
            binary_put_i16(out + 4 + 2 * i, (int16_t)vec_half_get(b.data + 2 * i));
    f->result = value_blob(out, n);
}

static void sparse_receive(struct fcall *f)
{
    const char *p = f->args[0].p;
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    if (f->args[0].n < 12) {
        binary_expect(f, 12);
        return;
    }
    int32_t dim = binary_get_i32(p), nnz = binary_get_i32(p + 4);
    if (nnz < 0 || nnz > VEC_SPARSE_MAX_NNZ) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                  "sparsevec cannot have more than %d non-zero elements", VEC_SPARSE_MAX_NNZ);
        return;
    }
    if (!vec_check_dim(VEC_TYPE_SPARSEVEC, dim, &err) ||
        !vec_check_expected_dim(arg_typmod(f), dim, &err)) {
        vector_fail(f, &err);
        return;
    }
    if (!binary_expect(f, 12 + 8 * (size_t)nnz))
        return;
    struct vec_sparse_element *e = ARENA_ARRAY(f->arena, struct vec_sparse_element, nnz + 1);
    for (int i = 0; i < nnz; i++) {
        e[i].index = (uint32_t)binary_get_i32(p + 12 + 4 * i);
        e[i].value = get_float(p + 12 + 4 * nnz + 4 * i);
        if (e[i].index >= (uint32_t)dim || (i > 0 && e[i].index <= e[i - 1].index)) {
            error_set(f->err, ERRCODE_DATA_EXCEPTION,
                      e[i].index >= (uint32_t)dim ? "index must be less than dimensions"
                                                  : "indexes must be in ascending order");
            return;
        }
    }
    vector_return(f, vec_sparse_build((uint32_t)dim, e, (size_t)nnz, &buf, &err), &buf, &err);
}

static void sparse_send(struct fcall *f)
{
    struct vec_blob b;
    if (!vector_arg(f, 0, VEC_TYPE_SPARSEVEC, &b))
        return;
    uint32_t nnz = vec_sparse_nnz(b);
    size_t n = 12 + 8 * (size_t)nnz;
    char *out = arena_alloc(f->arena, n);
    binary_put_i32(out, vec_blob_dim(VEC_TYPE_SPARSEVEC, b));
    binary_put_i32(out + 4, (int32_t)nnz);
    for (uint32_t i = 0; i < nnz; i++) {
        struct vec_sparse_element e = vec_sparse_get(b, i);
        binary_put_i32(out + 12 + 4 * i, (int32_t)e.index);
        put_float(out + 12 + 4 * nnz + 4 * i, e.value);
    }
    f->result = value_blob(out, n);
}

/* --- casts -------------------------------------------------------------------------------------------------------- */

/* The second argument of a cast function is the typmod. */
static int32_t cast_typmod(struct fcall *f)
{
    return f->nargs > 1 && f->args[1].kind == VALUE_INT ? (int32_t)f->args[1].i : -1;
}

static void vector_cast(struct fcall *f, enum vec_type from, enum vec_type to)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob b;
    if (vector_arg(f, 0, from, &b))
        vector_return(f, vec_cast(from, b, to, cast_typmod(f), &buf, &err), &buf, &err);
}

static void vector_from_array(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct array a;
    if (!array_read_arg(f, 0, &a))
        return;
    if (a.ndim > 1) {
        error_set(f->err, ERRCODE_DATA_EXCEPTION, "array must be 1-D");
        return;
    }
    double *x = ARENA_ARRAY(f->arena, double, a.n + 1);
    for (int i = 0; i < a.n; i++) {
        const struct value *v = &a.items[i];
        if (value_is_null(v)) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "array must not contain nulls");
            return;
        }
        const char *text = v->kind == VALUE_TEXT ? arena_strndup(f->arena, v->p, v->n) : NULL;
        x[i] = v->kind == VALUE_INT    ? (double)v->i
               : v->kind == VALUE_REAL ? v->d
                                       : strtod(text, NULL);
        if (text && isinf((float)x[i]) && strcspn(text, "iI") == v->n) { /* a numeric no float4 holds */
            error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "\"%s\" is out of range for type real", text);
            return;
        }
    }
    vector_return(f, vec_from_doubles(type, x, (size_t)a.n, cast_typmod(f), &buf, &err), &buf, &err);
}

static void vector_to_array(struct fcall *f, enum vec_type type)
{
    struct vec_blob b;
    if (!vector_arg(f, 0, type, &b))
        return;
    int n = vec_blob_dim(type, b);
    float *x = ARENA_ARRAY(f->arena, float, n + 1);
    struct value *items = ARENA_ARRAY(f->arena, struct value, n + 1);
    vec_to_floats(type, b, x);
    for (int i = 0; i < n; i++)
        items[i] = value_real((double)x[i]);
    struct array a = array_one_dimension(type_builtin(FLOAT4OID), items, n);
    array_return(f, &a);
}

/* --- the functions, one a type -------------------------------------------------------------------------------------- */

#define TYPE_IO(name, type)                                                                        \
    static void name##_in(struct fcall *f)                                                         \
    {                                                                                              \
        vector_read(f, type);                                                                      \
    }                                                                                              \
    static void name##_out(struct fcall *f)                                                        \
    {                                                                                              \
        vector_print(f, type);                                                                     \
    }                                                                                              \
    static void name##_typmod_in(struct fcall *f)                                                  \
    {                                                                                              \
        vector_typmod(f, type);                                                                    \
    }                                                                                              \
    static void name##_cast_same(struct fcall *f)                                                     \
    {                                                                                              \
        vector_cast(f, type, type);                                                                \
    }                                                                                              \
    static void array_to_##name(struct fcall *f)                                                   \
    {                                                                                              \
        vector_from_array(f, type);                                                                \
    }
TYPE_IO(vector, VEC_TYPE_VECTOR)
TYPE_IO(halfvec, VEC_TYPE_HALFVEC)
TYPE_IO(sparsevec, VEC_TYPE_SPARSEVEC)

#define CAST_FUNCTION(name, from, to)                                                              \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        vector_cast(f, from, to);                                                                  \
    }
CAST_FUNCTION(halfvec_to_vector, VEC_TYPE_HALFVEC, VEC_TYPE_VECTOR)
CAST_FUNCTION(vector_to_halfvec, VEC_TYPE_VECTOR, VEC_TYPE_HALFVEC)
CAST_FUNCTION(vector_to_sparsevec, VEC_TYPE_VECTOR, VEC_TYPE_SPARSEVEC)
CAST_FUNCTION(sparsevec_to_vector, VEC_TYPE_SPARSEVEC, VEC_TYPE_VECTOR)
CAST_FUNCTION(halfvec_to_sparsevec, VEC_TYPE_HALFVEC, VEC_TYPE_SPARSEVEC)
CAST_FUNCTION(sparsevec_to_halfvec, VEC_TYPE_SPARSEVEC, VEC_TYPE_HALFVEC)

static void vector_recv(struct fcall *f)
{
    dense_receive(f, VEC_TYPE_VECTOR, 4);
}
static void vector_send(struct fcall *f)
{
    dense_send(f, VEC_TYPE_VECTOR, 4);
}
static void halfvec_recv(struct fcall *f)
{
    dense_receive(f, VEC_TYPE_HALFVEC, 2);
}
static void halfvec_send(struct fcall *f)
{
    dense_send(f, VEC_TYPE_HALFVEC, 2);
}
static void vector_to_float4(struct fcall *f)
{
    vector_to_array(f, VEC_TYPE_VECTOR);
}
static void halfvec_to_float4(struct fcall *f)
{
    vector_to_array(f, VEC_TYPE_HALFVEC);
}

const struct fn_impl vector_io_functions[] = {
    {"vector_in", vector_in},
    {"vector_out", vector_out},
    {"vector_typmod_in", vector_typmod_in},
    {"vector_recv", vector_recv},
    {"vector_send", vector_send},
    {"vector", vector_cast_same},
    {"array_to_vector", array_to_vector, FN_TYPED},
    {"halfvec_in", halfvec_in},
    {"halfvec_out", halfvec_out},
    {"halfvec_typmod_in", halfvec_typmod_in},
    {"halfvec_recv", halfvec_recv},
    {"halfvec_send", halfvec_send},
    {"halfvec", halfvec_cast_same},
    {"array_to_halfvec", array_to_halfvec, FN_TYPED},
    {"sparsevec_in", sparsevec_in},
    {"sparsevec_out", sparsevec_out},
    {"sparsevec_typmod_in", sparsevec_typmod_in},
    {"sparsevec_recv", sparse_receive},
    {"sparsevec_send", sparse_send},
    {"sparsevec", sparsevec_cast_same},
    {"array_to_sparsevec", array_to_sparsevec, FN_TYPED},
    {"vector_to_float4", vector_to_float4},
    {"halfvec_to_float4", halfvec_to_float4},
    {"halfvec_to_vector", halfvec_to_vector},
    {"vector_to_halfvec", vector_to_halfvec},
    {"vector_to_sparsevec", vector_to_sparsevec},
    {"sparsevec_to_vector", sparsevec_to_vector},
    {"halfvec_to_sparsevec", halfvec_to_sparsevec},
    {"sparsevec_to_halfvec", sparsevec_to_halfvec},
    {NULL},
};
