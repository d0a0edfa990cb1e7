/*
 * vec_code.h - quantised codes of the index: rotation, encoding, query tables, bounds.
 *
 * Every vector is brought into one space before anything else: converted to float32, divided by its
 * norm (cosine), shifted by the training mean (all but inner product's queries), padded with zeros
 * to `dims` = a multiple of 16, and rotated. The rotation is three rounds of random signs and
 * Walsh- Hadamard transforms over the largest power-of-two window at both ends (orthonormal; O(d
 * log d)). After it the components of any difference of vectors look like Gaussian noise, which is
 * what the codes below are made for (RaBitQ: Gao and Long, SIGMOD 2024; extended: Gao et al.,
 * 2025).
 *
 * A row is coded relative to its list's centroid c: r = x - c.
 *   u      4 bits a dimension: clamp(floor(r_i / step + 8), 0, 15), step = 0.3352 |r| / sqrt(dims),
 * the best uniform step for a Gaussian; y = u - 7.5 is the code as a vector, s = sign(y) its
 *          one-bit form (the top bit of u)
 *   scale  |r|^2 / <r, code>: makes <p, code> * scale an unbiased estimate of <p, r>
 *   add    |r|^2 + 2 scale <c, code> (L2, cosine), 0 (inner product)
 * With p = q rotated and the score less is nearer,
 *   L2, cosine:  score = |q - x|^2  ~ |q - c|^2 + add - 2 scale <q, code>
 *   inner:       score = -<q, x>    ~ -<q, c> - scale <q, code>     (but for a constant of the
 * query) and the estimate's standard deviation is known from the geometry alone, so `estimate -
 * error` is a lower bound that holds for all but a chosen share of rows.
 *
 * Record of one row (struct vec_record, also the form of an unsealed row in the tail table):
 *   float32 add1, scale1            one-bit factors
 *   float32 add4, scale4            four-bit factors           (absent without refinement)
 *   dims / 8 bytes                  signs: byte i = group 2i low, group 2i + 1 high nibble; bit m
 * of group g is dimension 4 g + m dims / 2 bytes                  codes u: per 32 dimensions 16
 * bytes, byte i = dimension i low, dimension i + 16 high nibble; a last 16 dimensions: 8 bytes, i
 * and i + 8                (absent without refinement)
 *   u64 per included column         vec_include.h
 */
#ifndef VECEXT_VEC_CODE_H
#define VECEXT_VEC_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vecext/vec_distance.h"
#include "vecext/vec_error.h"

enum { VEC_ROTATION_ROUNDS = 3 };

/* Shape of the codes of one index; fixed at creation. */
struct vec_code_shape {
    int input_dims; /* of the vectors */
    int dims;       /* padded */
    bool refined;   /* 4-bit codes are kept */
    bool inner;     /* scores are inner products */
    int includes;   /* numbers of the index's included columns, behind each row's codes */
};

struct vec_rotation {
    int input_dims, dims, window;
    float *factors; /* [round][2][dims]: signs and scaling before each transform */
};

/* Bytes of a row's parts and of its whole record. */
static inline size_t vec_code_sign_bytes(const struct vec_code_shape *shape)
{
    return (size_t)shape->dims / 8;
}

static inline size_t vec_code_ref_bytes(const struct vec_code_shape *shape)
{
    return shape->refined ? 8 + (size_t)shape->dims / 2 : 0;
}

static inline size_t vec_code_record_bytes(const struct vec_code_shape *shape)
{
    return 8 + vec_code_sign_bytes(shape) + vec_code_ref_bytes(shape) + 8 * (size_t)shape->includes;
}

/* Parts of a record as laid out above. */
static inline const unsigned char *vec_record_signs(const struct vec_code_shape *shape,
                                                    const unsigned char *record)
{
    return record + 8 + (shape->refined ? 8 : 0);
}

/* Where the included columns are in a record. */
static inline size_t vec_code_includes_at(const struct vec_code_shape *shape)
{
    return vec_code_record_bytes(shape) - 8 * (size_t)shape->includes;
}

/* Makes the rotation of a seed. vec_rotation_free() releases it. */
bool vec_rotation_init(struct vec_rotation *rotation, int input_dims, uint64_t seed,
                       struct vec_error *err);
void vec_rotation_free(struct vec_rotation *rotation);

/* Rotates x (dims floats, those from input_dims on zero) in place. */
void vec_rotate(const struct vec_rotation *rotation, float *x);

/* Encodes a rotated row relative to a rotated centroid; `residual` and `codes` are scratch of dims
 * floats and dims bytes. A row whose numbers overflow gets factors that make it a candidate of
 * every search. */
void vec_encode(const struct vec_code_shape *shape, const float *x, const float *centroid,
                float *residual, uint8_t *codes, unsigned char *record);

/* A query prepared for scanning codes. */
struct vec_query_tables {
    float norm2;   /* |q|^2 in the rotated space */
    uint8_t *lut;  /* [dims / 4][16]: sums of q quantised to 7 bits, shifted to be >= 0 */
    float step7;   /* one unit of the table */
    float offset7; /* <q, s> ~ step7 * (2 * sum - offset7) */
    int8_t *q8;    /* q quantised to 8 bits, in the order of the 4-bit codes */
    float step8;
    float offset8; /* <q, y> ~ step8 * (dot - offset8) */
};

/* Fills the tables (allocated by vec_query_tables_init) for a rotated query. */
bool vec_query_tables_init(struct vec_query_tables *tables, const struct vec_code_shape *shape,
                           struct vec_error *err);
void vec_query_tables_fill(struct vec_query_tables *tables, const struct vec_code_shape *shape,
                           const float *q);
void vec_query_tables_free(struct vec_query_tables *tables);

/* Coefficients of a list for one query: the estimate of a row is
 *   base + add + scale * (a * sum + b), its error scale * error. */
struct vec_bounds {
    float base, a, b, error;
};

/* `distance2` is |q - c|^2, `product` is <q, c>; `eps` the number of standard deviations. */
struct vec_bounds vec_bounds_1bit(const struct vec_query_tables *tables,
                                  const struct vec_code_shape *shape, float distance2,
                                  float product, float eps);
struct vec_bounds vec_bounds_4bit(const struct vec_query_tables *tables,
                                  const struct vec_code_shape *shape, float distance2,
                                  float product, float eps);

#endif
