/*
 * strbuf.h: a growing byte buffer: text being built, a message being encoded, bytes waiting to go
 * out. On the heap; the owner ends it with strbuf_free. A zeroed struct is an empty buffer.
 * Always NUL-terminated once anything was added. Not thread-safe.
 */
#ifndef PGF_BASE_STRBUF_H
#define PGF_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf {
    char *data;
    size_t len;
    size_t cap;
};

void strbuf_free(struct strbuf *b);
/* Empties it, keeping the memory. */
void strbuf_clear(struct strbuf *b);
/* Room for n more bytes behind len; the returned pointer is valid until the next call. */
char *strbuf_reserve(struct strbuf *b, size_t n);
void strbuf_add(struct strbuf *b, const void *p, size_t n);
void strbuf_addz(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap);
/* Big-endian integers, as PostgreSQL's wire has them. */
void strbuf_add_i16(struct strbuf *b, int16_t v);
void strbuf_add_i32(struct strbuf *b, int32_t v);
void strbuf_add_i64(struct strbuf *b, int64_t v);
/* Overwrites four bytes at offset (a length known only afterwards). */
void strbuf_put_i32(struct strbuf *b, size_t offset, int32_t v);
/* Drops the first n bytes. */
void strbuf_consume(struct strbuf *b, size_t n);

#endif
