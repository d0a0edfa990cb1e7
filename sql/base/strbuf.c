/* strbuf.c: see strbuf.h. */
#include "sql/base/strbuf.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"

void strbuf_free(struct strbuf *b)
{
    free(b->data);
    *b = (struct strbuf){0};
}

void strbuf_clear(struct strbuf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = 0;
}

char *strbuf_reserve(struct strbuf *b, size_t n)
{
    if (b->cap - b->len <= n) {
        size_t cap = b->cap ? b->cap : 128;
        while (cap - b->len <= n)
            cap *= 2;
        char *data = realloc(b->data, cap);
        if (!data)
            log_fatal("out of memory (%zu bytes)", cap);
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->len;
}

void strbuf_add(struct strbuf *b, const void *p, size_t n)
{
    char *to = strbuf_reserve(b, n);
    if (n)
        memcpy(to, p, n);
    b->len += n;
    b->data[b->len] = 0;
}

void strbuf_addz(struct strbuf *b, const char *s)
{
    strbuf_add(b, s, strlen(s));
}

void strbuf_addc(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    vsnprintf(strbuf_reserve(b, (size_t)n), (size_t)n + 1, fmt, again);
    va_end(again);
    b->len += (size_t)n;
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(b, fmt, ap);
    va_end(ap);
}

void strbuf_add_i16(struct strbuf *b, int16_t v)
{
    uint16_t n = htobe16((uint16_t)v);
    strbuf_add(b, &n, sizeof(n));
}

void strbuf_add_i32(struct strbuf *b, int32_t v)
{
    uint32_t n = htobe32((uint32_t)v);
    strbuf_add(b, &n, sizeof(n));
}

void strbuf_add_i64(struct strbuf *b, int64_t v)
{
    uint64_t n = htobe64((uint64_t)v);
    strbuf_add(b, &n, sizeof(n));
}

void strbuf_put_i32(struct strbuf *b, size_t offset, int32_t v)
{
    uint32_t n = htobe32((uint32_t)v);
    memcpy(b->data + offset, &n, sizeof(n));
}

void strbuf_consume(struct strbuf *b, size_t n)
{
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
    b->data[b->len] = 0;
}
