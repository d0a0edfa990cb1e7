/*
 * vec_type.h - the four element types, their blobs and their limits.
 *
 *   vector     float32, little-endian, nothing else; dimension = length / 4. The form sqlite-vec
 * and most tools use too. halfvec    IEEE 754 binary16, little-endian, nothing else; dimension =
 * length / 2. sparsevec  u32 dim, u32 nnz, u32 index[nnz] (from 0, ascending), float32 value[nnz]
 * (never 0); all little-endian. bit        packed bits, the first bit is the highest of byte 0,
 * unused low bits of the last byte are 0. The blob does not hold its length in bits: callers that
 * need less than whole bytes carry it themselves.
 *
 * A blob is checked once, by vec_blob_check(); everything else takes checked blobs. Blob pointers
 * need no alignment.
 */
#ifndef VECEXT_VEC_TYPE_H
#define VECEXT_VEC_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vecext/vec_error.h"

enum {
    VEC_MAX_DIM = 16000,             /* vector and halfvec, as pgvector */
    VEC_SPARSE_MAX_DIM = 1000000000, /* sparsevec's dimension */
    VEC_SPARSE_MAX_NNZ = 16000,      /* sparsevec's stored elements */
    VEC_BIT_MAX_DIM = 64000,         /* indexed bit strings, as pgvector */
    VEC_SPARSE_HEADER = 8
};

enum vec_type { VEC_TYPE_VECTOR, VEC_TYPE_HALFVEC, VEC_TYPE_SPARSEVEC, VEC_TYPE_BIT };

/* A borrowed blob; `len` in bytes. */
struct vec_blob {
    const unsigned char *data;
    size_t len;
};

/* "vector", "halfvec", "sparsevec", "bit". */
const char *vec_type_name(enum vec_type type);

/* Finds a type by name; false when there is none. */
bool vec_type_find(const char *name, enum vec_type *type);

/* Checks that a blob from a file or a client is a value of `type`: length, limits, and for
 * sparsevec the order and range of its indices. NaN and infinity are looked for when `finite` is
 * set. */
bool vec_blob_check(enum vec_type type, struct vec_blob blob, bool finite, struct vec_error *err);

/* Dimension of a checked blob (8 * length for bit). */
int vec_blob_dim(enum vec_type type, struct vec_blob blob);

/* pgvector's checks. `dim` < 1 or above the type's limit; a declared dimension that does not fit
 * (`typmod` < 1 allows all); two dimensions that differ. */
bool vec_check_dim(enum vec_type type, int64_t dim, struct vec_error *err);
bool vec_check_expected_dim(int typmod, int dim, struct vec_error *err);
bool vec_check_same_dim(enum vec_type type, int a, int b, struct vec_error *err);

/* NaN or infinity where `type` allows none. */
bool vec_check_element(enum vec_type type, float value, struct vec_error *err);

/* Unaligned little-endian access; the supported machines are little-endian. */
static inline uint32_t vec_get_u32(const void *from)
{
    uint32_t v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

static inline float vec_get_f32(const void *from)
{
    float v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

static inline void vec_put_u32(void *to, uint32_t v)
{
    __builtin_memcpy(to, &v, sizeof v);
}

static inline void vec_put_f32(void *to, float v)
{
    __builtin_memcpy(to, &v, sizeof v);
}

#endif
