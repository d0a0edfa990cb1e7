/* uuid.c: uuid (TEXT in canonical lower-case form, which sorts as its bytes do); gen_random_uuid. */
#include <openssl/rand.h>

#include "sql/types/compare.h"
#include "sql/types/text_util.h"

#define UUID_BYTES 16

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void return_uuid(struct fcall *f, const unsigned char *bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *p = arena_alloc(f->arena, 37), *q = p;
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *q++ = '-';
        *q++ = digits[bytes[i] >> 4];
        *q++ = digits[bytes[i] & 15];
    }
    return_slice(f, p, 36);
}

/* Hyphens may stand behind any group of four digits, braces around the whole. */
static bool uuid_parse(struct slice s, unsigned char *bytes)
{
    const char *p = s.p, *end = s.p + s.n;
    bool braces = s.n && *p == '{';
    p += braces;
    for (int i = 0; i < UUID_BYTES; i++) {
        int high, low;
        if (end - p < 2 || (high = hex_value(p[0])) < 0 || (low = hex_value(p[1])) < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
        p += 2;
        if (p < end && *p == '-' && i % 2 == 1 && i < UUID_BYTES - 1)
            p++;
    }
    if (braces && (p >= end || *p++ != '}'))
        return false;
    return p == end;
}

static void uuid_in(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    unsigned char bytes[UUID_BYTES];
    if (uuid_parse(s, bytes))
        return_uuid(f, bytes);
    else
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type %s: \"%.*s\"", "uuid", (int)s.n, s.p);
}

static void uuid_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void uuid_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (s.n == UUID_BYTES)
        return_uuid(f, (const unsigned char *)s.p);
    else
        error_set(f->err,
                  s.n < UUID_BYTES ? ERRCODE_PROTOCOL_VIOLATION : ERRCODE_INVALID_BINARY_REPRESENTATION,
                  s.n < UUID_BYTES ? "insufficient data left in message"
                                   : "incorrect binary data format");
}

static void uuid_send(struct fcall *f)
{
    unsigned char bytes[UUID_BYTES] = {0};
    uuid_parse(arg_slice(f, 0), bytes);
    f->result = value_blob(arena_memdup(f->arena, bytes, UUID_BYTES), UUID_BYTES);
}

/* Version 4. */
static void gen_random_uuid(struct fcall *f)
{
    unsigned char bytes[UUID_BYTES];
    if (RAND_bytes(bytes, UUID_BYTES) != 1) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not generate random values");
        return;
    }
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    return_uuid(f, bytes);
}

const struct fn_impl uuid_functions[] = {
    {"uuid_in", .call = uuid_in},
    {"uuid_out", .call = uuid_out},
    {"uuid_recv", .call = uuid_recv},
    {"uuid_send", .call = uuid_send},
    {"gen_random_uuid", .call = gen_random_uuid},
    COMPARE_NATIVE("uuid_"),
    {"uuid_cmp", .call = compare_cmp},
    {NULL},
};
