/* vec_buf.c - a growing byte buffer; see vec_buf.h. */
#include "vecext/vec_buf.h"

#include <stdlib.h>
#include <string.h>

void *vec_buf_reserve(struct vec_buf *buf, size_t more, struct vec_error *err)
{
    if (more > buf->cap - buf->len) {
        size_t want = buf->len + more;
        size_t cap = buf->cap + buf->cap / 2;
        if (cap < want)
            cap = want;
        if (cap < 64)
            cap = 64;
        unsigned char *data = want < more ? NULL : realloc(buf->data, cap);
        if (!data) {
            vec_error_nomem(err);
            return NULL;
        }
        buf->data = data;
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void *vec_buf_resize(struct vec_buf *buf, size_t size, struct vec_error *err)
{
    if ((size > buf->len || !buf->data) &&
        !vec_buf_reserve(buf, size > buf->len ? size - buf->len : 1, err))
        return NULL;
    buf->len = size;
    return buf->data;
}

bool vec_buf_append(struct vec_buf *buf, const void *bytes, size_t n, struct vec_error *err)
{
    void *to = vec_buf_reserve(buf, n, err);
    if (!to)
        return false;
    if (n)
        memcpy(to, bytes, n);
    buf->len += n;
    return true;
}

void vec_buf_free(struct vec_buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = buf->cap = 0;
}
