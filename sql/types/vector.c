/* vector.c: functions, comparison and aggregates of vector, halfvec, sparsevec and of bit as pgvector has them. */
#include "sql/types/vector.h"

#include <math.h>
#include <stdio.h>

#include "sql/types/array.h"
#include "sql/types/compare.h"
#include "sql/types/text_util.h"
#include "sql/types/vector_order.h"
#include "vecext/vec_distance.h"
#include "vecext/vec_func.h"

/* --- distances -------------------------------------------------------------------------------------------- */

static void return_distance(struct fcall *f, enum vec_type type, enum vec_metric metric)
{
    struct vec_error err = {0};
    struct vec_blob a, b;
    double d;
    if (!vector_arg(f, 0, type, &a) || !vector_arg(f, 1, type, &b))
        return;
    if (vec_distance(type, metric, a, b, &d, &err))
        f->result = value_real(d);
    else
        vector_fail(f, &err);
}

typedef bool vector_measure(enum vec_type type, struct vec_blob a, struct vec_blob b, double *result,
                            struct vec_error *err);

static void return_measure(struct fcall *f, enum vec_type type, vector_measure *measure)
{
    struct vec_error err = {0};
    struct vec_blob a, b;
    double d;
    if (!vector_arg(f, 0, type, &a) || !vector_arg(f, 1, type, &b))
        return;
    if (measure(type, a, b, &d, &err))
        f->result = value_real(d);
    else
        vector_fail(f, &err);
}

/* --- arithmetic and shape ------------------------------------------------------------------------------------ */

static void return_arith(struct fcall *f, enum vec_type type, enum vec_arith op)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob a, b;
    if (vector_arg(f, 0, type, &a) && vector_arg(f, 1, type, &b))
        vector_return(f, vec_arithmetic(type, op, a, b, &buf, &err), &buf, &err);
}

static void return_concat(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob a, b;
    if (vector_arg(f, 0, type, &a) && vector_arg(f, 1, type, &b))
        vector_return(f, vec_concat(type, a, b, &buf, &err), &buf, &err);
}

static void return_dims(struct fcall *f, enum vec_type type)
{
    struct vec_blob a;
    if (vector_arg(f, 0, type, &a))
        f->result = value_int(vec_blob_dim(type, a));
}

static void return_norm(struct fcall *f, enum vec_type type)
{
    struct vec_blob a;
    if (vector_arg(f, 0, type, &a))
        f->result = value_real(vec_norm(type, a));
}

static void return_normalized(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob a;
    if (vector_arg(f, 0, type, &a))
        vector_return(f, vec_l2_normalize(type, a, &buf, &err), &buf, &err);
}

static void return_subvector(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob a;
    if (vector_arg(f, 0, type, &a))
        vector_return(f, vec_subvector(type, a, (int)ARG_INT(f, 1), (int)ARG_INT(f, 2), &buf, &err),
                      &buf, &err);
}

/* PostgreSQL's bit strings are stored as text of 0 and 1. */
static void return_quantized(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob a;
    int bits;
    if (!vector_arg(f, 0, type, &a))
        return;
    if (!vec_binary_quantize(type, a, &buf, &bits, &err)) {
        vector_fail(f, &err);
    } else {
        char *text = arena_alloc(f->arena, (size_t)bits + 1);
        for (int i = 0; i < bits; i++)
            text[i] = buf.data[i / 8] & (0x80 >> i % 8) ? '1' : '0';
        f->result = value_text(text, (size_t)bits);
    }
    vec_buf_free(&buf);
}

static int compare_args(struct fcall *f, enum vec_type type)
{
    struct vec_blob a, b;
    if (!vector_arg(f, 0, type, &a) || !vector_arg(f, 1, type, &b))
        return 0;
    return vec_compare(type, a, b);
}

static void return_sort_key(struct fcall *f, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    struct vec_blob a;
    if (!ARG_NULL(f, 0) && vector_arg(f, 0, type, &a))
        vector_return(f, vec_sort_key(type, a, &buf, &err), &buf, &err);
}

/* Stored values that are no vectors (nothing of ours wrote them) keep some order. */
static int compare_stored(enum vec_type type, const struct value *x, const struct value *y)
{
    struct vec_blob a = {(const unsigned char *)x->p, x->n}, b = {(const unsigned char *)y->p, y->n};
    if (vec_blob_check(type, a, false, NULL) && vec_blob_check(type, b, false, NULL))
        return vec_compare(type, a, b);
    return value_compare(x, y);
}

#define COMPARE_FUNCTION(name, type, suffix, test)                                                 \
    static void name##_##suffix(struct fcall *f)                                                   \
    {                                                                                              \
        f->result = value_bool(compare_args(f, type) test);                                        \
    }
#define CALL_FUNCTION(name, call)                                                                  \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        call;                                                                                      \
    }
/* What all three types have; prefix is that of the C symbols. */
#define TYPE_COMMON(name, prefix, type)                                                            \
    CALL_FUNCTION(prefix##l2_distance, return_distance(f, type, VEC_METRIC_L2))                    \
    CALL_FUNCTION(prefix##inner_product, return_measure(f, type, vec_inner_product))               \
    CALL_FUNCTION(prefix##cosine_distance, return_distance(f, type, VEC_METRIC_COSINE))            \
    CALL_FUNCTION(prefix##l1_distance, return_distance(f, type, VEC_METRIC_L1))                    \
    CALL_FUNCTION(prefix##l2_normalize, return_normalized(f, type))                                \
    CALL_FUNCTION(name##_norm_of, return_norm(f, type))                                            \
    CALL_FUNCTION(name##_l2_squared_distance, return_measure(f, type, vec_l2_squared))             \
    CALL_FUNCTION(name##_negative_inner_product, return_distance(f, type, VEC_METRIC_IP))          \
    COMPARE_FUNCTION(name, type, lt, < 0)                                                          \
    COMPARE_FUNCTION(name, type, le, <= 0)                                                         \
    COMPARE_FUNCTION(name, type, eq, == 0)                                                         \
    COMPARE_FUNCTION(name, type, ne, != 0)                                                         \
    COMPARE_FUNCTION(name, type, ge, >= 0)                                                         \
    COMPARE_FUNCTION(name, type, gt, > 0)                                                          \
    CALL_FUNCTION(name##_sort_key, return_sort_key(f, type))                                       \
    int name##_value_compare(const struct value *a, const struct value *b)                         \
    {                                                                                              \
        return compare_stored(type, a, b);                                                         \
    }                                                                                              \
    CALL_FUNCTION(name##_cmp, f->result = value_int(compare_args(f, type)))
/* What vector and halfvec have beyond that. */
#define TYPE_DENSE(name, prefix, type)                                                             \
    CALL_FUNCTION(name##_add, return_arith(f, type, VEC_ADD))                                      \
    CALL_FUNCTION(name##_sub, return_arith(f, type, VEC_SUB))                                      \
    CALL_FUNCTION(name##_mul, return_arith(f, type, VEC_MUL))                                      \
    CALL_FUNCTION(name##_concat, return_concat(f, type))                                           \
    CALL_FUNCTION(name##_dims_of, return_dims(f, type))                                            \
    CALL_FUNCTION(prefix##subvector, return_subvector(f, type))                                    \
    CALL_FUNCTION(prefix##binary_quantize, return_quantized(f, type))                              \
    CALL_FUNCTION(name##_spherical_distance, return_measure(f, type, vec_spherical_distance))

TYPE_COMMON(vector, , VEC_TYPE_VECTOR)
TYPE_COMMON(halfvec, halfvec_, VEC_TYPE_HALFVEC)
TYPE_COMMON(sparsevec, sparsevec_, VEC_TYPE_SPARSEVEC)
TYPE_DENSE(vector, , VEC_TYPE_VECTOR)
TYPE_DENSE(halfvec, halfvec_, VEC_TYPE_HALFVEC)

/* --- bit ------------------------------------------------------------------------------------------------------ */

/* Counts over two bit strings of equal length: differing bits, bits in both, bits in either. */
static bool bit_counts(struct fcall *f, int *differ, int *both, int *either)
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    *differ = *both = *either = 0;
    if (a.n != b.n)
        return error_set(f->err, ERRCODE_DATA_EXCEPTION, "different bit lengths %zu and %zu", a.n,
                         b.n);
    for (size_t i = 0; i < a.n; i++) {
        *differ += a.p[i] != b.p[i];
        *both += a.p[i] == '1' && b.p[i] == '1';
        *either += a.p[i] == '1' || b.p[i] == '1';
    }
    return true;
}

static void hamming_distance(struct fcall *f)
{
    int differ, both, either;
    if (bit_counts(f, &differ, &both, &either))
        f->result = value_real(differ);
}

static void jaccard_distance(struct fcall *f)
{
    int differ, both, either;
    if (bit_counts(f, &differ, &both, &either)) /* 1 when nothing is shared */
        f->result = value_real(both == 0 ? 1.0 : 1.0 - (double)both / either);
}

/* --- aggregates -------------------------------------------------------------------------------------------------- */

static void avg_step(struct fcall *f, void *state, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_blob b;
    if (vector_arg(f, 0, type, &b) && !vec_aggregate_add(state, type, b, &err))
        vector_fail(f, &err);
}

static void avg_final(struct fcall *f, void *state, enum vec_type type)
{
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    bool ok = vec_aggregate_avg(state, type, &buf, &err);
    if (ok || err.code != VEC_OK)
        vector_return(f, ok, &buf, &err);
    else
        vec_buf_free(&buf);
}

static void avg_destroy(void *state)
{
    vec_aggregate_free(state);
}

static void sum_step(struct fcall *f, void *state, enum vec_type type)
{
    struct vec_buf *sum = state, next = {0};
    struct vec_error err = {0};
    struct vec_blob b;
    if (!vector_arg(f, 0, type, &b))
        return;
    struct vec_blob a = {sum->data, sum->len};
    bool ok = sum->len ? vec_arithmetic(type, VEC_ADD, a, b, &next, &err)
                       : vec_buf_append(&next, b.data, b.len, &err);
    if (!ok) {
        vec_buf_free(&next);
        vector_fail(f, &err);
        return;
    }
    vec_buf_free(sum);
    *sum = next;
}

static void sum_final(struct fcall *f, void *state)
{
    const struct vec_buf *sum = state;
    if (sum->len)
        f->result = value_blob(arena_memdup(f->arena, sum->data, sum->len), sum->len);
}

static void sum_destroy(void *state)
{
    vec_buf_free(state);
}

/* avg's transition state as SQL sees it: the count, then the sums. False with an error when the argument is none. */
static bool state_arg(struct fcall *f, int arg, const char *function, struct array *a)
{
    if (!array_read(f, &f->args[arg], FLOAT8OID, a))
        return false;
    bool whole = a->ndim == 1 && a->n >= 1;
    for (int i = 0; whole && i < a->n; i++)
        whole = a->items[i].kind != VALUE_NULL;
    return whole || error_set(f->err, ERRCODE_INTERNAL_ERROR, "%s: expected state array", function);
}

static bool state_same_dims(struct fcall *f, int expected, int dims)
{
    return expected == dims ||
           error_set(f->err, ERRCODE_DATA_EXCEPTION, "expected %d dimensions, not %d", expected, dims);
}

/* a[i] += by, from the first sum on. */
static bool state_add(struct fcall *f, struct array *a, int i, double by)
{
    double sum = value_get_real(&a->items[i]) + by;
    a->items[i] = value_real(sum);
    return !isinf(sum) || error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
}

static void return_state_accum(struct fcall *f, enum vec_type type)
{
    struct array a;
    struct vec_blob b;
    char name[32];
    snprintf(name, sizeof(name), "%s_accum", vec_type_name(type));
    if (!state_arg(f, 0, name, &a) || !vector_arg(f, 1, type, &b))
        return;
    int dims = vec_blob_dim(type, b);
    float *x = ARENA_ARRAY(f->arena, float, dims);
    vec_to_floats(type, b, x);
    if (a.n == 1) {
        struct value *items = ARENA_ARRAY(f->arena, struct value, dims + 1);
        items[0] = a.items[0];
        for (int i = 0; i < dims; i++)
            items[i + 1] = value_real(0);
        a = array_one_dimension(a.elem, items, dims + 1);
    } else if (!state_same_dims(f, a.n - 1, dims)) {
        return;
    }
    a.items[0] = value_real(value_get_real(&a.items[0]) + 1);
    for (int i = 0; i < dims; i++)
        if (!state_add(f, &a, i + 1, (double)x[i]))
            return;
    array_return(f, &a);
}

static void vector_combine(struct fcall *f)
{
    struct array a, b;
    if (!state_arg(f, 0, "vector_combine", &a) || !state_arg(f, 1, "vector_combine", &b))
        return;
    double na = value_get_real(&a.items[0]), nb = value_get_real(&b.items[0]);
    if (na == 0 || nb == 0) {
        array_return(f, na == 0 ? &b : &a);
        return;
    }
    if (!state_same_dims(f, a.n - 1, b.n - 1))
        return;
    for (int i = 0; i < a.n; i++)
        if (!state_add(f, &a, i, value_get_real(&b.items[i])))
            return;
    array_return(f, &a);
}

/* The final function alone: what avg's transition state comes to. */
static void return_state_avg(struct fcall *f, enum vec_type type)
{
    struct array a;
    struct vec_error err = {0};
    struct vec_buf buf = {0};
    char name[32];
    snprintf(name, sizeof(name), "%s_avg", vec_type_name(type));
    if (!state_arg(f, 0, name, &a))
        return;
    double n = value_get_real(&a.items[0]), *x = ARENA_ARRAY(f->arena, double, a.n);
    if (n == 0) /* no rows */
        return;
    for (int i = 1; i < a.n; i++)
        x[i - 1] = value_get_real(&a.items[i]) / n;
    vector_return(f, vec_from_doubles(type, x, (size_t)a.n - 1, -1, &buf, &err), &buf, &err);
}

CALL_FUNCTION(vector_accum, return_state_accum(f, VEC_TYPE_VECTOR))
CALL_FUNCTION(halfvec_accum, return_state_accum(f, VEC_TYPE_HALFVEC))
CALL_FUNCTION(vector_avg, return_state_avg(f, VEC_TYPE_VECTOR))
CALL_FUNCTION(halfvec_avg, return_state_avg(f, VEC_TYPE_HALFVEC))

#define TYPE_AGGREGATES(name, type)                                                                \
    static void name##_avg_step(struct fcall *f, void *state)                                      \
    {                                                                                              \
        avg_step(f, state, type);                                                                  \
    }                                                                                              \
    static void name##_avg_final(struct fcall *f, void *state)                                     \
    {                                                                                              \
        avg_final(f, state, type);                                                                 \
    }                                                                                              \
    static void name##_sum_step(struct fcall *f, void *state)                                      \
    {                                                                                              \
        sum_step(f, state, type);                                                                  \
    }                                                                                              \
    static const struct agg_impl name##_avg_agg = {.state_size = sizeof(struct vec_aggregate),     \
                                                   .step = name##_avg_step,                        \
                                                   .final = name##_avg_final,                      \
                                                   .destroy = avg_destroy};                        \
    static const struct agg_impl name##_sum_agg = {.state_size = sizeof(struct vec_buf),           \
                                                   .step = name##_sum_step,                        \
                                                   .final = sum_final,                             \
                                                   .destroy = sum_destroy};
TYPE_AGGREGATES(vector, VEC_TYPE_VECTOR)
TYPE_AGGREGATES(halfvec, VEC_TYPE_HALFVEC)

#define ROW(function) {#function, function}
#define ROWS_COMMON(name, prefix)                                                                  \
    ROW(prefix##l2_distance), ROW(prefix##inner_product), ROW(prefix##cosine_distance),            \
        ROW(prefix##l1_distance), ROW(prefix##l2_normalize), ROW(name##_l2_squared_distance),      \
        ROW(name##_negative_inner_product), ROW(name##_lt), ROW(name##_le), ROW(name##_eq),        \
        ROW(name##_ne), ROW(name##_ge), ROW(name##_gt), ROW(name##_cmp),          \
        ROW(name##_sort_key)
#define ROWS_DENSE(name, prefix)                                                                   \
    ROW(name##_add), ROW(name##_sub), ROW(name##_mul), ROW(name##_concat),                         \
        ROW(prefix##subvector), ROW(prefix##binary_quantize), ROW(name##_spherical_distance)

const struct fn_impl vector_functions[] = {
    ROWS_COMMON(vector, ),
    ROWS_COMMON(halfvec, halfvec_),
    ROWS_COMMON(sparsevec, sparsevec_),
    ROWS_DENSE(vector, ),
    ROWS_DENSE(halfvec, halfvec_),
    {"vector_dims", vector_dims_of},
    {"halfvec_vector_dims", halfvec_dims_of},
    {"vector_norm", vector_norm_of},
    {"halfvec_l2_norm", halfvec_norm_of},
    {"sparsevec_l2_norm", sparsevec_norm_of},
    ROW(hamming_distance),
    ROW(jaccard_distance),
    ROW(vector_accum),
    ROW(halfvec_accum),
    ROW(vector_combine),
    ROW(vector_avg),
    ROW(halfvec_avg),
    {"avg(vector)", .agg = &vector_avg_agg},
    {"sum(vector)", .agg = &vector_sum_agg},
    {"avg(halfvec)", .agg = &halfvec_avg_agg},
    {"sum(halfvec)", .agg = &halfvec_sum_agg},
    {NULL},
};
