/* binary.h: reading and writing PostgreSQL's binary parameter and result formats (big-endian). */
#ifndef PGF_TYPES_BINARY_H
#define PGF_TYPES_BINARY_H

#include <endian.h>
#include <string.h>

#include "sql/types/func.h"

/* The message in argument 0 must have exactly n bytes; sets PostgreSQL's error otherwise. */
static inline bool binary_expect(struct fcall *f, size_t n)
{
    if (f->args[0].n < n)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    if (f->args[0].n > n)
        return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                         "incorrect binary data format");
    return true;
}

static inline int16_t binary_get_i16(const char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof(v));
    return (int16_t)be16toh(v);
}
static inline int32_t binary_get_i32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return (int32_t)be32toh(v);
}
static inline int64_t binary_get_i64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return (int64_t)be64toh(v);
}
static inline void binary_put_i16(char *p, int16_t i)
{
    uint16_t v = htobe16((uint16_t)i);
    memcpy(p, &v, sizeof(v));
}
static inline void binary_put_i32(char *p, int32_t i)
{
    uint32_t v = htobe32((uint32_t)i);
    memcpy(p, &v, sizeof(v));
}
static inline void binary_put_i64(char *p, int64_t i)
{
    uint64_t v = htobe64((uint64_t)i);
    memcpy(p, &v, sizeof(v));
}

/* A result of n bytes in f->arena, to be filled by the caller. */
static inline char *binary_return(struct fcall *f, size_t n)
{
    char *p = arena_alloc(f->arena, n ? n : 1);
    f->result = value_blob(p, n);
    return p;
}

#endif
