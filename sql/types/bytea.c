/*
 * bytea.c: byte strings (BLOB in the file): input and output in both forms, comparison, bytes and bits,
 * substrings, digests; string_agg over bytea is in agg_text.c.
 */
#include <stdio.h>

#include <openssl/evp.h>

#include "sql/types/compare.h"
#include "sql/types/encoding.h"
#include "sql/types/text_util.h"

static void return_bytes(struct fcall *f, const char *p, size_t n)
{
    f->result = value_blob(p, n);
}

static void byteain(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    bool ok = s.n >= 2 && s.p[0] == '\\' && s.p[1] == 'x'
                  ? encoding_hex_decode(f->err, (struct slice){s.p + 2, s.n - 2}, &out)
                  : encoding_escape_decode(f->err, s, &out);
    if (ok)
        return_bytes(f, out.n ? out.p : "", out.n);
}

static void byteaout(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    if (f->ctx->bytea_escape) {
        for (size_t i = 0; i < s.n; i++) {
            unsigned char c = (unsigned char)s.p[i];
            if (c == '\\')
                textbuf_addz(&out, "\\\\");
            else if (c < 0x20 || c > 0x7e)
                textbuf_printf(&out, "\\%03o", c);
            else
                textbuf_addc(&out, (char)c);
        }
    } else {
        textbuf_addz(&out, "\\x");
        encoding_hex_encode(s, &out);
    }
    textbuf_return(&out, f);
}

static void bytea_copy(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_bytes(f, s.p, s.n);
}

static void byteacat(struct fcall *f)
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    struct textbuf out = textbuf_in(f->arena);
    if (!value_size_check(a.n + b.n, f->err))
        return;
    textbuf_add(&out, a.p, a.n);
    textbuf_add(&out, b.p, b.n);
    return_bytes(f, out.n ? out.p : "", out.n);
}

static void byteaoctetlen(struct fcall *f)
{
    f->result = value_int((int64_t)arg_slice(f, 0).n);
}

/* --- bytes and bits ------------------------------------------------------------------------------ */

static bool index_check(struct fcall *f, int64_t index, int64_t length)
{
    return (index >= 0 && index < length) ||
           error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "index %lld out of valid range, 0..%lld",
                     (long long)index, (long long)length - 1);
}

static void byteaGetByte(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t i = arg_int(f, 1);
    if (index_check(f, i, (int64_t)s.n))
        f->result = value_int((unsigned char)s.p[i]);
}

static void byteaGetBit(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t i = arg_int(f, 1);
    if (index_check(f, i, (int64_t)s.n * 8))
        f->result = value_int(((unsigned char)s.p[i / 8] >> (i % 8)) & 1);
}

static void byteaSetByte(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t i = arg_int(f, 1);
    if (!index_check(f, i, (int64_t)s.n))
        return;
    char *p = arena_memdup(f->arena, s.p, s.n);
    p[i] = (char)arg_int(f, 2);
    return_bytes(f, p, s.n);
}

static void byteaSetBit(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t i = arg_int(f, 1), bit = arg_int(f, 2);
    if (!index_check(f, i, (int64_t)s.n * 8))
        return;
    if (bit != 0 && bit != 1) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "new bit must be 0 or 1");
        return;
    }
    char *p = arena_memdup(f->arena, s.p, s.n);
    unsigned char mask = (unsigned char)(1u << (i % 8));
    p[i / 8] = (char)(bit ? ((unsigned char)p[i / 8] | mask) : ((unsigned char)p[i / 8] & ~mask));
    return_bytes(f, p, s.n);
}

static void bytea_bit_count(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += __builtin_popcount((unsigned char)s.p[i]);
    f->result = value_int(n);
}

/* --- parts ------------------------------------------------------------------------------------------ */

static struct slice part(struct slice s, int64_t from, int64_t to)
{
    if (from - 1 >= (int64_t)s.n)
        return (struct slice){"", 0};
    struct slice r = {s.p + from - 1, s.n - (size_t)(from - 1)};
    if (to - from < (int64_t)r.n)
        r.n = (size_t)(to - from);
    return r;
}

static void bytea_substr(struct fcall *f)
{
    int64_t from, to;
    bool has_length = f->nargs > 2;
    if (!string_substring_window(arg_int(f, 1), has_length, has_length ? arg_int(f, 2) : 0, &from,
                                 &to, f->err))
        return;
    struct slice r = part(arg_slice(f, 0), from, to);
    return_bytes(f, r.p, r.n);
}

static void byteaoverlay(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), with = arg_slice(f, 1);
    int64_t start = arg_int(f, 2), count = f->nargs > 3 ? arg_int(f, 3) : (int64_t)with.n;
    if (start <= 0) {
        error_set(f->err, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
        return;
    }
    if (start + count > INT32_MAX) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
        return;
    }
    int64_t resume = start + count < 1 ? 1 : start + count;
    struct slice head = part(s, 1, start), tail = part(s, resume, INT64_MAX);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_add(&out, head.p, head.n);
    textbuf_add(&out, with.p, with.n);
    textbuf_add(&out, tail.p, tail.n);
    return_bytes(f, out.n ? out.p : "", out.n);
}

static void byteapos(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), what = arg_slice(f, 1);
    const char *hit = what.n ? memmem(s.p, s.n, what.p, what.n) : s.p;
    f->result = value_int(what.n == 0 ? 1 : hit ? hit - s.p + 1 : 0);
}

static void trim(struct fcall *f, bool left, bool right)
{
    struct slice s = arg_slice(f, 0), set = arg_slice(f, 1);
    while (left && s.n && set.n && memchr(set.p, s.p[0], set.n)) {
        s.p++;
        s.n--;
    }
    while (right && s.n && set.n && memchr(set.p, s.p[s.n - 1], set.n))
        s.n--;
    return_bytes(f, s.p, s.n);
}

static void byteatrim(struct fcall *f)
{
    trim(f, true, true);
}

static void bytealtrim(struct fcall *f)
{
    trim(f, true, false);
}

static void byteartrim(struct fcall *f)
{
    trim(f, false, true);
}

/* --- digests ------------------------------------------------------------------------------------------- */

static bool digest(struct fcall *f, const EVP_MD *algorithm, unsigned char *out, unsigned *n)
{
    struct slice s = arg_slice(f, 0);
    return EVP_Digest(s.p, s.n, out, n, algorithm, NULL) == 1 ||
           error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not compute digest");
}

static void md5(struct fcall *f)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n;
    struct textbuf out = textbuf_in(f->arena);
    if (!digest(f, EVP_md5(), bytes, &n))
        return;
    encoding_hex_encode((struct slice){(const char *)bytes, n}, &out);
    textbuf_return(&out, f);
}

#define SHA(name, algorithm)                                                                       \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        unsigned char bytes[EVP_MAX_MD_SIZE];                                                      \
        unsigned n;                                                                                \
        if (digest(f, algorithm(), bytes, &n))                                                     \
            return_bytes(f, arena_memdup(f->arena, bytes, n), n);                                  \
    }
SHA(sha224_bytea, EVP_sha224)
SHA(sha256_bytea, EVP_sha256)
SHA(sha384_bytea, EVP_sha384)
SHA(sha512_bytea, EVP_sha512)

const struct fn_impl bytea_functions[] = {
    {"byteain", .call = byteain},
    {"byteaout", .call = byteaout},
    {"bytearecv", .call = bytea_copy},
    {"byteasend", .call = bytea_copy},
    COMPARE_NATIVE("bytea"),
    {"byteacmp", .call = compare_cmp},
    {"byteacat", .call = byteacat},
    {"byteaoctetlen", .call = byteaoctetlen},
    {"byteaGetByte", .call = byteaGetByte},
    {"byteaGetBit", .call = byteaGetBit},
    {"byteaSetByte", .call = byteaSetByte},
    {"byteaSetBit", .call = byteaSetBit},
    {"bytea_bit_count", .call = bytea_bit_count},
    {"bytea_substr", .call = bytea_substr},
    {"bytea_substr_no_len", .call = bytea_substr},
    {"byteaoverlay", .call = byteaoverlay},
    {"byteaoverlay_no_len", .call = byteaoverlay},
    {"byteapos", .call = byteapos},
    {"byteatrim", .call = byteatrim},
    {"bytealtrim", .call = bytealtrim},
    {"byteartrim", .call = byteartrim},
    {"md5_text", .call = md5},
    {"md5_bytea", .call = md5},
    {"sha224_bytea", .call = sha224_bytea},
    {"sha256_bytea", .call = sha256_bytea},
    {"sha384_bytea", .call = sha384_bytea},
    {"sha512_bytea", .call = sha512_bytea},
    {NULL},
};
