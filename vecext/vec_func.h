/*
 * vec_func.h - pgvector's functions on blobs: arithmetic, shape, comparison, casts, aggregates.
 *
 * Inputs are checked blobs (vec_type.h); results replace the content of `out`. Where pgvector does
 * not define a function for a type, VEC_UNSUPPORTED. Messages and rounding are pgvector's. Thread
 * safe.
 */
#ifndef VECEXT_VEC_FUNC_H
#define VECEXT_VEC_FUNC_H

#include "vecext/vec_buf.h"
#include "vecext/vec_type.h"

/* + - * element by element and || for vector and halfvec. Overflow is VEC_OUT_OF_RANGE, as is an
 * underflow to zero of a product. */
enum vec_arith { VEC_ADD, VEC_SUB, VEC_MUL };
bool vec_arithmetic(enum vec_type type, enum vec_arith op, struct vec_blob a, struct vec_blob b,
                    struct vec_buf *out, struct vec_error *err);
bool vec_concat(enum vec_type type, struct vec_blob a, struct vec_blob b, struct vec_buf *out,
                struct vec_error *err);

/* Order of vector, halfvec and sparsevec: element by element, then the shorter first. Returns -1, 0
 * or 1. Equality and the six comparison operators follow from it. */
int vec_compare(enum vec_type type, struct vec_blob a, struct vec_blob b);

/* Bytes whose order (memcmp, then length) is vec_compare's over values of one dimension. */
bool vec_sort_key(enum vec_type type, struct vec_blob a, struct vec_buf *out,
                  struct vec_error *err);

/* Euclidean norm; the vector divided by it (a zero vector stays as it is). */
double vec_norm(enum vec_type type, struct vec_blob a);
bool vec_l2_normalize(enum vec_type type, struct vec_blob a, struct vec_buf *out,
                      struct vec_error *err);

/* `count` elements from element `start` (from 1), cut at the vector's ends. */
bool vec_subvector(enum vec_type type, struct vec_blob a, int start, int count, struct vec_buf *out,
                   struct vec_error *err);

/* One bit per element of a vector or halfvec: is it above zero? The result has (dim + 7) / 8 bytes;
 * *bits is dim. */
bool vec_binary_quantize(enum vec_type type, struct vec_blob a, struct vec_buf *out, int *bits,
                         struct vec_error *err);

/* Any of vector, halfvec and sparsevec to any other. `typmod` below 1 allows every dimension. */
bool vec_cast(enum vec_type from, struct vec_blob a, enum vec_type to, int typmod,
              struct vec_buf *out, struct vec_error *err);

/* From and to plain numbers (the array casts and avg). from_* check dimension and elements; to_*
 * writes vec_blob_dim() values. */
bool vec_from_doubles(enum vec_type type, const double *x, size_t n, int typmod,
                      struct vec_buf *out, struct vec_error *err);
bool vec_from_floats(enum vec_type type, const float *x, size_t n, int typmod, struct vec_buf *out,
                     struct vec_error *err);
void vec_to_floats(enum vec_type type, struct vec_blob a, float *x);

/* avg over rows: zero the struct, add each value that is not NULL, read the result, free. avg
 * sums in double; sum is repeated addition by vec_arithmetic(). avg returns false with err->code
 * VEC_OK when no row was added (SQL NULL). */
struct vec_aggregate {
    int64_t count;
    int dim;
    double *sums;
};
bool vec_aggregate_add(struct vec_aggregate *agg, enum vec_type type, struct vec_blob value,
                       struct vec_error *err);
bool vec_aggregate_merge(struct vec_aggregate *agg, const struct vec_aggregate *from,
                         struct vec_error *err);
bool vec_aggregate_avg(const struct vec_aggregate *agg, enum vec_type type, struct vec_buf *out,
                       struct vec_error *err);
void vec_aggregate_free(struct vec_aggregate *agg);

#endif
