/*
 * vec_buf.h - a growing byte buffer on the heap.
 *
 * The owner keeps one and reuses it: `len = 0` empties it, vec_buf_free() ends it. A zeroed struct
 * is an empty buffer. Not thread safe.
 */
#ifndef VECEXT_VEC_BUF_H
#define VECEXT_VEC_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "vecext/vec_error.h"

struct vec_buf {
    unsigned char *data;
    size_t len;
    size_t cap;
};

/* Makes room for `more` bytes after len and returns where they go, or NULL with *err set. len is
 * not changed. */
void *vec_buf_reserve(struct vec_buf *buf, size_t more, struct vec_error *err);

/* Sets len to `size` with room for it and returns data, or NULL with *err set. The content up to
 * the old len is kept, new bytes are undefined. */
void *vec_buf_resize(struct vec_buf *buf, size_t size, struct vec_error *err);

/* Appends bytes. */
bool vec_buf_append(struct vec_buf *buf, const void *bytes, size_t n, struct vec_error *err);

/* Frees the memory; the buffer is empty and usable again. */
void vec_buf_free(struct vec_buf *buf);

#endif
