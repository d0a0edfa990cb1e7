/*
 * vec_sparse.h - sparsevec: text form, building, and a cursor over the stored elements.
 *
 * The blob form is in vec_type.h.
 */
#ifndef VECEXT_VEC_SPARSE_H
#define VECEXT_VEC_SPARSE_H

#include "vecext/vec_buf.h"
#include "vecext/vec_type.h"

/* One stored element; index counts from 0. */
struct vec_sparse_element {
    uint32_t index;
    float value;
};

static inline uint32_t vec_sparse_nnz(struct vec_blob blob)
{
    return vec_get_u32(blob.data + 4);
}

static inline struct vec_sparse_element vec_sparse_get(struct vec_blob blob, uint32_t i)
{
    const unsigned char *indices = blob.data + VEC_SPARSE_HEADER;
    size_t nnz = vec_sparse_nnz(blob);
    return (struct vec_sparse_element){vec_get_u32(indices + 4 * (size_t)i),
                                       vec_get_f32(indices + 4 * (nnz + i))};
}

/* Text in and out; see vec_text.h. */
bool vec_sparse_parse(const char *text, int typmod, struct vec_buf *out, struct vec_error *err);
bool vec_sparse_print(struct vec_blob blob, struct vec_buf *out, struct vec_error *err);

/* Builds a sparsevec blob from elements in ascending order of index; zeros are left out. Checks the
 * number of elements and their values. */
bool vec_sparse_build(uint32_t dim, const struct vec_sparse_element *elements, size_t n,
                      struct vec_buf *out, struct vec_error *err);

/* Shared with vec_text.c: the syntax error, blanks, and one float with its range checks (returns
 * the position after it, or NULL with *err set). */
bool vec_text_invalid(enum vec_type type, const char *text, struct vec_error *err);
bool vec_text_space(char c);
const char *vec_text_element(enum vec_type type, const char *at, const char *text, float *value,
                             struct vec_error *err);

#endif
