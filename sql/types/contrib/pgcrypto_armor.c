/*
 * contrib/pgcrypto_armor.c: pgcrypto's ASCII armor (RFC 4880, section 6): bytes as base64 between header and footer, with
 * a CRC-24.
 */
#include <openssl/evp.h>

#include "sql/types/array.h"

#define BEGIN_LINE "-----BEGIN PGP MESSAGE-----\n"
#define END_LINE   "\n-----END PGP MESSAGE-----\n"
#define LINE_CHARS 76

static uint32_t crc24(const unsigned char *p, size_t n)
{
    uint32_t crc = 0xb704ce;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)p[i] << 16;
        for (int k = 0; k < 8; k++)
            crc = (crc << 1) ^ (crc & 0x800000 ? 0x1864cfb : 0);
    }
    return crc & 0xffffff;
}

static void add_base64(struct textbuf *out, struct arena *arena, const unsigned char *p, size_t n)
{
    unsigned char *text = arena_alloc(arena, n / 3 * 4 + 8);
    size_t len = (size_t)EVP_EncodeBlock(text, p, (int)n);
    for (size_t i = 0; i < len; i += LINE_CHARS) {
        if (i)
            textbuf_addc(out, '\n');
        textbuf_add(out, (const char *)text + i, len - i < LINE_CHARS ? len - i : LINE_CHARS);
    }
}

static bool check_header(struct fcall *f, const struct value *v, const char *what)
{
    if (value_is_null(v))
        return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "null value not allowed for header %s", what);
    struct slice s = value_slice(v, f->arena);
    if (!utf8_is_ascii(s.p, s.n))
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "header %s must not contain non-ASCII characters", what);
    if (strcmp(what, "key") == 0 && s.n > 1 && memmem(s.p, s.n, ": ", 2))
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "header key must not contain \": \"");
    if (s.n && memchr(s.p, '\n', s.n))
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "header %s must not contain newlines", what);
    return true;
}

static bool add_headers(struct fcall *f, struct textbuf *out)
{
    struct array keys, values;
    if (!array_read(f, &f->args[1], TEXTOID, &keys) || !array_read(f, &f->args[2], TEXTOID, &values))
        return false;
    if (keys.ndim > 1 || values.ndim > 1)
        return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    if (keys.n != values.n)
        return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "mismatched array dimensions");
    for (int i = 0; i < keys.n; i++) {
        if (!check_header(f, &keys.items[i], "key") || !check_header(f, &values.items[i], "value"))
            return false;
        struct slice k = value_slice(&keys.items[i], f->arena), v = value_slice(&values.items[i], f->arena);
        textbuf_printf(out, "%.*s: %.*s\n", (int)k.n, k.p, (int)v.n, v.p);
    }
    return true;
}

static void pg_armor(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    uint32_t crc = crc24((const unsigned char *)s.p, s.n);
    const unsigned char sum[3] = {(unsigned char)(crc >> 16), (unsigned char)(crc >> 8), (unsigned char)crc};
    if (!value_size_check(s.n + s.n / 2, f->err))
        return;
    textbuf_addz(&out, BEGIN_LINE);
    if (f->nargs > 1 && !add_headers(f, &out))
        return;
    textbuf_addc(&out, '\n');
    add_base64(&out, f->arena, (const unsigned char *)s.p, s.n);
    textbuf_addz(&out, s.n ? "\n=" : "=");
    add_base64(&out, f->arena, sum, 3);
    textbuf_addz(&out, END_LINE);
    textbuf_return(&out, f);
}

/* --- reading ---------------------------------------------------------------------------------------- */

/* Where a line that begins so starts, at p or behind a newline; NULL if there is none. */
static const char *find_line(const char *p, const char *end, const char *prefix)
{
    size_t n = strlen(prefix);
    while (p && (size_t)(end - p) >= n) {
        if (memcmp(p, prefix, n) == 0)
            return p;
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    return NULL;
}

/* The armored text's headers and body; false when it has no such frame. */
static bool find_parts(struct slice s, struct slice *headers, struct slice *body)
{
    const char *end = s.p + s.n, *p = find_line(s.p, end, "-----BEGIN");
    if (!p || !(p = memchr(p, '\n', (size_t)(end - p))))
        return false;
    const char *from = ++p, *stop = find_line(p, end, "-----END");
    if (!stop)
        return false;
    while (p < stop && *p != '\n' && *p != '\r') {
        p = memchr(p, '\n', (size_t)(stop - p));
        if (!p)
            return false;
        p++;
    }
    *headers = (struct slice){from, (size_t)(p - from)};
    *body = (struct slice){p, (size_t)(stop - p)};
    return true;
}

/* base64 without white space, padded to a multiple of four; the number of bytes or -1. */
static int decode_base64(struct fcall *f, const char *p, const char *end, unsigned char **out)
{
    char *clean = arena_alloc(f->arena, (size_t)(end - p) + 4);
    size_t n = 0, padding = 0;
    for (; p < end; p++)
        if (*p != '\n' && *p != '\r' && *p != ' ' && *p != '\t') {
            padding += *p == '=';
            clean[n++] = *p;
        }
    *out = arena_alloc(f->arena, n + 4);
    if (n % 4 || padding > 2)
        return -1;
    int len = n ? EVP_DecodeBlock(*out, (const unsigned char *)clean, (int)n) : 0;
    return len < 0 ? -1 : len - (int)padding;
}

static void pg_dearmor(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), headers, body = {0};
    unsigned char *bytes, *sum;
    int n = -1;
    if (find_parts(s, &headers, &body)) {
        const char *end = body.p + body.n, *crc = find_line(body.p, end, "=");
        if (crc && decode_base64(f, crc + 1, end, &sum) == 3 && (n = decode_base64(f, body.p, crc, &bytes)) >= 0 &&
            crc24(bytes, (size_t)n) != ((uint32_t)sum[0] << 16 | (uint32_t)sum[1] << 8 | sum[2]))
            n = -1;
    }
    if (n < 0)
        error_set(f->err, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "Corrupt ascii-armor");
    else
        f->result = value_blob(bytes, (size_t)n);
}

struct header_walk {
    struct slice rest;
};

static void headers_open(struct fcall *f, void *state)
{
    struct header_walk *w = state;
    struct slice body;
    if (!find_parts(arg_slice(f, 0), &w->rest, &body)) {
        w->rest = (struct slice){"", 0};
        error_set(f->err, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "Corrupt ascii-armor");
    }
}

static bool headers_next(struct fcall *f, void *state, struct value *columns)
{
    struct header_walk *w = state;
    if (!w->rest.n || w->rest.p[0] == '\n' || w->rest.p[0] == '\r')
        return false;
    const char *end = memchr(w->rest.p, '\n', w->rest.n);
    size_t line = end ? (size_t)(end - w->rest.p) : w->rest.n, n = line;
    if (n && w->rest.p[n - 1] == '\r')
        n--;
    const char *colon = memmem(w->rest.p, n, ": ", 2);
    if (!colon)
        return error_set(f->err, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "Corrupt ascii-armor");
    columns[0] = value_text(w->rest.p, (size_t)(colon - w->rest.p));
    columns[1] = value_text(colon + 2, n - (size_t)(colon + 2 - w->rest.p));
    w->rest.p += line + (end ? 1 : 0);
    w->rest.n -= line + (end ? 1 : 0);
    return true;
}

static const struct srf_impl headers_srf = {sizeof(struct header_walk), headers_open, headers_next, NULL, false};

const struct fn_impl pgcrypto_armor_functions[] = {
    {"pg_armor", .call = pg_armor},
    {"pg_dearmor", .call = pg_dearmor},
    {"pgp_armor_headers", .srf = &headers_srf},
    {NULL},
};
