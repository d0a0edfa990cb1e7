/*
 * contrib/pgcrypto_pgp.c: pgcrypto's messages of OpenPGP (RFC 4880) under a password: pgp_sym_encrypt and pgp_sym_decrypt. A message
 * is a packet that says how the password makes the key, and a packet of encrypted data: in it a literal packet, perhaps in a
 * compressed one, and a checksum (MDC).
 */
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

#include "sql/types/contrib/pgcrypto_deflate.h"

enum { PKT_KEY = 3, PKT_COMPRESSED = 8, PKT_DATA = 9, PKT_MARKER = 10, PKT_LITERAL = 11, PKT_MDC_DATA = 18 };
enum { COMPRESS_NONE, COMPRESS_ZIP, COMPRESS_ZLIB, COMPRESS_BZIP2 };

#define CHUNK       16384 /* of a packet whose length is given part by part */
#define MAX_KEY     32
#define MAX_BLOCK   16
#define SHA1_BYTES  20
#define MDC_BYTES   (2 + SHA1_BYTES)
#define SALT_BYTES  8
#define MAX_UNPACKED ((size_t)1 << 30)

static const char bad_data[] = "Wrong key or corrupt data";
static const char bad_argument[] = "Illegal argument to function";

static const struct pgp_cipher {
    const char *name;
    int code, key, block;
    const EVP_CIPHER *(*evp)(void);
} ciphers[] = {
    {"3des", 2, 24, 8, EVP_des_ede3_cfb64},  {"cast5", 3, 16, 8, EVP_cast5_cfb64},
    {"bf", 4, 16, 8, EVP_bf_cfb64},          {"blowfish", 4, 16, 8, EVP_bf_cfb64},
    {"aes", 7, 16, 16, EVP_aes_128_cfb128},  {"aes128", 7, 16, 16, EVP_aes_128_cfb128},
    {"aes192", 8, 24, 16, EVP_aes_192_cfb128}, {"aes256", 9, 32, 16, EVP_aes_256_cfb128},
    {"twofish", 10, 32, 16, NULL},
};

static const struct pgp_digest {
    const char *name;
    int code;
    const char *openssl;
} digests[] = {
    {"md5", 1, "md5"},       {"sha1", 2, "sha1"},     {"sha-1", 2, "sha1"},    {"ripemd160", 3, "ripemd160"},
    {"sha256", 8, "sha256"}, {"sha384", 9, "sha384"}, {"sha512", 10, "sha512"},
};

/* What the third argument says and what a message turns out to be. */
struct settings {
    int cipher, s2k_mode, s2k_count, s2k_cipher, s2k_digest, use_sess_key, disable_mdc, compress, level, convert_crlf, unicode;
};

struct pgp {
    struct fcall *f;
    struct slice password;
    struct settings set, expect;
    bool text, expects;
    unsigned char key[MAX_KEY];
    bool has_key, has_data, bad_prefix, bad_compression, not_text;
};

static bool fail(struct pgp *g, const char *why)
{
    return error_set(g->f->err, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "%s", why);
}

static const struct pgp_cipher *cipher_of(int code)
{
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
        if (ciphers[i].code == code)
            return &ciphers[i];
    return NULL;
}

static bool random_bytes(struct pgp *g, void *p, int n)
{
    return RAND_bytes(p, n) == 1 || error_set(g->f->err, ERRCODE_INTERNAL_ERROR, "could not generate a random number");
}

/* --- arguments ------------------------------------------------------------------------------------------ */

static int cipher_code(const char *name)
{
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
        if (strcmp(ciphers[i].name, name) == 0)
            return ciphers[i].code;
    return -1;
}

static int digest_code(const char *name)
{
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
        if (strcmp(digests[i].name, name) == 0)
            return digests[i].code;
    return -1;
}

static int count_of(int byte)
{
    return (16 + (byte & 15)) << ((byte >> 4) + 6);
}

enum kind { NUMBER, CIPHER, DIGEST };

static const struct option {
    const char *name;
    enum kind kind;
    size_t at; /* in struct settings */
    int min, max;
    bool expected; /* "expect-" may come before it */
} options[] = {
    {"cipher-algo", CIPHER, offsetof(struct settings, cipher), 0, 0, true},
    {"disable-mdc", NUMBER, offsetof(struct settings, disable_mdc), INT_MIN, INT_MAX, true},
    {"sess-key", NUMBER, offsetof(struct settings, use_sess_key), INT_MIN, INT_MAX, true},
    {"s2k-mode", NUMBER, offsetof(struct settings, s2k_mode), 0, 3, true},
    {"s2k-count", NUMBER, offsetof(struct settings, s2k_count), 1024, 65011712, true},
    {"s2k-digest-algo", DIGEST, offsetof(struct settings, s2k_digest), 0, 0, true},
    {"s2k-cipher-algo", CIPHER, offsetof(struct settings, s2k_cipher), 0, 0, true},
    {"compress-algo", NUMBER, offsetof(struct settings, compress), COMPRESS_NONE, COMPRESS_BZIP2, true},
    {"compress-level", NUMBER, offsetof(struct settings, level), 0, 9, false},
    {"convert-crlf", NUMBER, offsetof(struct settings, convert_crlf), INT_MIN, INT_MAX, false},
    {"unicode-mode", NUMBER, offsetof(struct settings, unicode), INT_MIN, INT_MAX, true},
    {"debug", NUMBER, SIZE_MAX, INT_MIN, INT_MAX, false},
};

static bool set_option(struct pgp *g, const char *name, const char *value)
{
    bool expected = strncmp(name, "expect-", 7) == 0;
    const struct option *o = NULL;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(options[i].name, name + (expected ? 7 : 0)) == 0 && (!expected || options[i].expected))
            o = &options[i];
    if (!o)
        return fail(g, bad_argument);
    int v = o->kind == CIPHER ? cipher_code(value) : o->kind == DIGEST ? digest_code(value) : atoi(value);
    if (!expected && o->kind != NUMBER && v < 0)
        return fail(g, o->kind == CIPHER ? "Unsupported cipher algorithm" : "Unsupported digest algorithm");
    if (!expected && o->kind == NUMBER && (v < o->min || v > o->max))
        return fail(g, bad_argument);
    if (!expected && ((strcmp(name, "s2k-mode") == 0 && v == 2) || (strcmp(name, "s2k-count") == 0 && g->set.s2k_mode != 3)))
        return fail(g, bad_argument);
    g->expects = g->expects || expected;
    if (o->at != SIZE_MAX)
        memcpy((char *)(expected ? &g->expect : &g->set) + o->at, &v, sizeof(v));
    return true;
}

/* The next word of "name=value, name=value": blanks end words, = and , are words. */
static char *next_word(char *p, char **word, size_t *n)
{
    static const char blanks[] = " \t\n";
    p += strspn(p, blanks);
    *word = p;
    *n = *p == '=' || *p == ',' ? 1 : strcspn(p, " \t\n=,");
    p += *n;
    return p + strspn(p, blanks);
}

static bool read_options(struct pgp *g, struct slice s)
{
    char *p = arena_strndup(g->f->arena, s.p, s.n), *name, *value;
    size_t name_n, value_n;
    for (char *c = p; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c += 'a' - 'A';
    while (*p) {
        p = next_word(p, &name, &name_n);
        if (*p != '=')
            return fail(g, bad_argument);
        p = next_word(p + 1, &value, &value_n);
        if (!name_n || !value_n || (*p && *p != ','))
            return fail(g, bad_argument);
        p += *p == ',';
        name[name_n] = '\0';
        value[value_n] = '\0';
        if (!set_option(g, name, value))
            return false;
    }
    return true;
}

static bool begin(struct pgp *g, struct fcall *f, bool text)
{
    *g = (struct pgp){.f = f, .password = arg_slice(f, 1), .text = text};
    memset(&g->expect, -1, sizeof(g->expect));
    g->set = (struct settings){.cipher = 7, .s2k_mode = 3, .s2k_count = -1, .s2k_cipher = -1, .s2k_digest = 2, .level = 6};
    return (f->nargs < 3 || read_options(g, arg_slice(f, 2))) && (g->password.n || fail(g, bad_argument));
}

/* --- ciphers and keys --------------------------------------------------------------------------------------- */

/* CFB in place. */
static bool run_cfb(struct pgp *g, int code, const unsigned char *key, const unsigned char *iv, bool encrypt, char *p, size_t n)
{
    static const unsigned char zeroes[MAX_BLOCK];
    const struct pgp_cipher *c = cipher_of(code);
    if (!c || !c->evp)
        return fail(g, c ? "Unsupported cipher algorithm" : bad_data);
    EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
    int done = 0;
    bool ok = x && EVP_CipherInit_ex(x, c->evp(), NULL, NULL, NULL, encrypt) == 1 &&
              EVP_CIPHER_CTX_set_key_length(x, c->key) == 1 &&
              EVP_CipherInit_ex(x, NULL, NULL, key, iv ? iv : zeroes, encrypt) == 1 &&
              EVP_CipherUpdate(x, (unsigned char *)p, &done, (const unsigned char *)p, (int)n) == 1;
    EVP_CIPHER_CTX_free(x);
    return ok || fail(g, "Unsupported cipher algorithm");
}

/* One block of bytes from salt and password, behind so many zeroes. */
static bool hash_password(struct pgp *g, const EVP_MD *md, EVP_MD_CTX *x, int zeroes, const unsigned char *salt, int count,
                          unsigned char *out)
{
    static const unsigned char zero[MAX_KEY];
    size_t salted = salt ? SALT_BYTES : 0, total = salted + g->password.n, left = total;
    if (count > 0 && (size_t)count > total)
        left = (size_t)count;
    bool ok = EVP_DigestInit_ex(x, md, NULL) == 1 && EVP_DigestUpdate(x, zero, (size_t)zeroes) == 1;
    while (ok && left) {
        size_t n = left < salted ? left : salted;
        ok = EVP_DigestUpdate(x, salt, n) == 1;
        left -= n;
        n = left < g->password.n ? left : g->password.n;
        ok = ok && EVP_DigestUpdate(x, g->password.p, n) == 1;
        left -= n;
    }
    return ok && EVP_DigestFinal_ex(x, out, NULL) == 1;
}

/* The key that the password makes (RFC 4880, 3.7.1). */
static bool string_to_key(struct pgp *g, int mode, int digest, const unsigned char *salt, int count, int cipher)
{
    const struct pgp_cipher *c = cipher_of(cipher);
    const EVP_MD *md = NULL;
    unsigned char block[EVP_MAX_MD_SIZE];
    if (mode != 0 && mode != 1 && mode != 3)
        return fail(g, "Bad S2K mode");
    bool known = false;
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]) && !known; i++)
        if ((known = digests[i].code == digest))
            md = EVP_get_digestbyname(digests[i].openssl);
    if (!md)
        return fail(g, known ? "Unsupported digest algorithm" : bad_data);
    if (!c)
        return fail(g, "Unsupported cipher algorithm");
    EVP_MD_CTX *x = EVP_MD_CTX_new();
    bool ok = x != NULL;
    for (int at = 0, zeroes = 0, size = EVP_MD_get_size(md); ok && at < c->key; at += size, zeroes++) {
        ok = hash_password(g, md, x, zeroes, mode ? salt : NULL, mode == 3 ? count : 0, block);
        memcpy(g->key + at, block, (size_t)(c->key - at < size ? c->key - at : size));
    }
    EVP_MD_CTX_free(x);
    return ok || fail(g, "Unsupported digest algorithm");
}

/* --- writing ---------------------------------------------------------------------------------------------- */

static void add_length(struct textbuf *out, size_t n)
{
    if (n < 192) {
        textbuf_addc(out, (char)n);
    } else if (n < 8384) {
        textbuf_addc(out, (char)(((n - 192) >> 8) + 192));
        textbuf_addc(out, (char)(n - 192));
    } else {
        textbuf_addc(out, (char)255);
        for (int i = 24; i >= 0; i -= 8)
            textbuf_addc(out, (char)(n >> i));
    }
}

/* A packet, its length given part by part as pgcrypto does. */
static void add_packet(struct textbuf *out, int tag, const char *p, size_t n)
{
    textbuf_addc(out, (char)(0xc0 | tag));
    for (; n >= CHUNK; p += CHUNK, n -= CHUNK) {
        textbuf_addc(out, (char)(0xe0 | 14));
        textbuf_add(out, p, CHUNK);
    }
    add_length(out, n);
    textbuf_add(out, p, n);
}

/* Makes the key; appends the packet that says how. */
static bool add_key(struct pgp *g, struct textbuf *out)
{
    struct settings *s = &g->set;
    unsigned char random[SALT_BYTES + 1], session[1 + MAX_KEY];
    int cipher = s->use_sess_key && s->s2k_cipher >= 0 ? s->s2k_cipher : s->cipher, count = 0;
    struct textbuf b = textbuf_in(g->f->arena);
    const char head[] = {4, (char)cipher, (char)s->s2k_mode, (char)s->s2k_digest};
    if (!random_bytes(g, random, sizeof(random)))
        return false;
    textbuf_add(&b, head, sizeof(head));
    if (s->s2k_mode)
        textbuf_add(&b, (const char *)random, SALT_BYTES);
    if (s->s2k_mode == 3) {
        if (s->s2k_count < 0)
            count = 96 + (random[SALT_BYTES] & 31);
        else
            while (count < 255 && count_of(count) < s->s2k_count)
                count++;
        textbuf_addc(&b, (char)count);
    }
    if (!string_to_key(g, s->s2k_mode, s->s2k_digest, random, count_of(count), cipher))
        return false;
    if (s->use_sess_key) {
        size_t n = (size_t)cipher_of(s->cipher)->key;
        session[0] = (unsigned char)s->cipher;
        if (!random_bytes(g, session + 1, (int)n))
            return false;
        textbuf_add(&b, (const char *)session, n + 1);
        if (!run_cfb(g, cipher, g->key, NULL, true, b.p + b.n - n - 1, n + 1))
            return false;
        memcpy(g->key, session + 1, n);
    }
    textbuf_addc(out, (char)(0xc0 | PKT_KEY));
    add_length(out, b.n);
    textbuf_add(out, b.p, b.n);
    return true;
}

/* The literal packet, in a compressed one if that is wanted. */
static bool add_content(struct pgp *g, struct textbuf *out, struct slice data)
{
    struct textbuf b = textbuf_in(g->f->arena), literal = b;
    uint32_t now = (uint32_t)time(NULL);
    textbuf_addc(&b, g->text ? g->set.unicode ? 'u' : 't' : 'b');
    textbuf_addc(&b, 0); /* no file's name */
    for (int i = 24; i >= 0; i -= 8)
        textbuf_addc(&b, (char)(now >> i));
    if (!(g->text && g->set.convert_crlf))
        textbuf_add(&b, data.p, data.n);
    else
        for (size_t i = 0; i < data.n; i++) {
            if (data.p[i] == '\n')
                textbuf_addc(&b, '\r');
            textbuf_addc(&b, data.p[i]);
        }
    if (g->set.compress == COMPRESS_NONE || g->set.level == 0) {
        add_packet(out, PKT_LITERAL, b.p, b.n);
        return true;
    }
    if (g->set.compress == COMPRESS_BZIP2)
        return fail(g, "Unsupported compression algorithm");
    add_packet(&literal, PKT_LITERAL, b.p, b.n);
    b.n = 0;
    textbuf_addc(&b, (char)g->set.compress);
    deflate_store(&b, literal.p, literal.n, g->set.compress == COMPRESS_ZLIB);
    add_packet(out, PKT_COMPRESSED, b.p, b.n);
    return true;
}

static bool add_data(struct pgp *g, struct textbuf *out, struct slice data)
{
    struct textbuf b = textbuf_in(g->f->arena);
    size_t block = (size_t)cipher_of(g->set.cipher)->block, prefix = block + 2;
    bool mdc = !g->set.disable_mdc;
    if (mdc)
        textbuf_addc(&b, 1);
    size_t start = b.n;
    char *p = textbuf_reserve(&b, prefix);
    if (!random_bytes(g, p, (int)block))
        return false;
    memcpy(p + block, p + block - 2, 2);
    b.n += prefix;
    if (!add_content(g, &b, data))
        return false;
    if (!mdc) {
        if (!run_cfb(g, g->set.cipher, g->key, NULL, true, b.p, prefix) ||
            !run_cfb(g, g->set.cipher, g->key, (unsigned char *)b.p + 2, true, b.p + prefix, b.n - prefix))
            return false;
        add_packet(out, PKT_DATA, b.p, b.n);
        return true;
    }
    unsigned char sum[SHA1_BYTES];
    textbuf_add(&b, "\xd3\x14", 2);
    if (EVP_Digest(b.p + start, b.n - start, sum, NULL, EVP_sha1(), NULL) != 1)
        return fail(g, "Encryption failed");
    textbuf_add(&b, (const char *)sum, sizeof(sum));
    if (!run_cfb(g, g->set.cipher, g->key, NULL, true, b.p + start, b.n - start))
        return false;
    add_packet(out, PKT_MDC_DATA, b.p, b.n);
    return true;
}

static void encrypt(struct fcall *f, bool text)
{
    struct pgp g;
    struct slice data = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    if (begin(&g, f, text) && value_size_check(data.n, f->err) && add_key(&g, &out) && add_data(&g, &out, data))
        f->result = value_blob(out.p, out.n);
}

/* --- reading ---------------------------------------------------------------------------------------------- */

static bool take_length(struct slice *s, size_t bytes, size_t *n)
{
    *n = 0;
    if (s->n < bytes)
        return false;
    for (size_t i = 0; i < bytes; i++)
        *n = *n << 8 | (unsigned char)s->p[i];
    s->p += bytes;
    s->n -= bytes;
    return true;
}

/* A length of the new form; *part: more parts follow. */
static bool take_new_length(struct slice *s, size_t *n, bool *part)
{
    size_t low;
    *part = false;
    if (!take_length(s, 1, n))
        return false;
    if (*n == 255)
        return take_length(s, 4, n);
    if ((*part = *n >= 224)) {
        *n = (size_t)1 << (*n & 31);
    } else if (*n >= 192) {
        if (!take_length(s, 1, &low))
            return false;
        *n = ((*n - 192) << 8) + 192 + low;
    }
    return true;
}

/* The next packet's tag and what is in it. */
static bool take_packet(struct pgp *g, struct slice *s, int *tag, struct slice *body)
{
    size_t head, n;
    bool part;
    if (!take_length(s, 1, &head) || !(head & 0x80))
        return fail(g, bad_data);
    if (!(head & 0x40)) {
        *tag = head >> 2 & 15;
        if ((head & 3) == 3)
            n = s->n; /* to the end */
        else if (!take_length(s, (size_t)1 << (head & 3), &n) || n > s->n)
            return fail(g, bad_data);
        *body = (struct slice){s->p, n};
        s->p += n;
        s->n -= n;
        return true;
    }
    struct textbuf b = textbuf_in(g->f->arena);
    *tag = head & 63;
    for (bool first = true;; first = false) {
        if (!take_new_length(s, &n, &part) || n > s->n)
            return fail(g, bad_data);
        *body = (struct slice){s->p, n};
        if (!first || part)
            textbuf_add(&b, s->p, n);
        s->p += n;
        s->n -= n;
        if (part)
            continue;
        if (!first)
            *body = (struct slice){b.p, b.n};
        return true;
    }
}

static bool read_key(struct pgp *g, struct slice s)
{
    struct settings *set = &g->set;
    if (s.n < 4 || s.p[0] != 4)
        return fail(g, bad_data);
    int cipher = (unsigned char)s.p[1], count = 0;
    const unsigned char *salt = (const unsigned char *)s.p + 4;
    set->s2k_cipher = cipher;
    set->s2k_mode = (unsigned char)s.p[2];
    set->s2k_digest = (unsigned char)s.p[3];
    size_t n = 4 + (size_t)(set->s2k_mode ? SALT_BYTES : 0) + (set->s2k_mode == 3);
    if (s.n < n)
        return fail(g, bad_data);
    if (set->s2k_mode == 3)
        set->s2k_count = count = count_of((unsigned char)s.p[n - 1]);
    if (!string_to_key(g, set->s2k_mode, set->s2k_digest, salt, count, cipher))
        return false;
    set->cipher = cipher;
    g->has_key = true;
    if (s.n == n)
        return true;
    set->use_sess_key = 1;
    char *session = arena_memdup(g->f->arena, s.p + n, s.n - n);
    if (!run_cfb(g, cipher, g->key, NULL, false, session, s.n - n))
        return false;
    const struct pgp_cipher *c = cipher_of((unsigned char)session[0]);
    if (!c || s.n - n != (size_t)c->key + 1)
        return fail(g, bad_data);
    set->cipher = c->code;
    memcpy(g->key, session + 1, (size_t)c->key);
    return true;
}

static bool take_literal(struct pgp *g, struct slice s, struct textbuf *out)
{
    if (s.n < 2 || !strchr("btu", s.p[0]) || !s.p[0])
        return fail(g, bad_data);
    size_t head = 2 + (size_t)(unsigned char)s.p[1] + 4;
    if (s.n < head || g->has_data)
        return fail(g, bad_data);
    g->has_data = true;
    g->set.unicode = s.p[0] == 'u';
    g->not_text = g->text && s.p[0] == 'b';
    for (size_t i = head; i < s.n; i++)
        if (!(g->text && g->set.convert_crlf && s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
            textbuf_addc(out, s.p[i]);
    return true;
}

static bool take_content(struct pgp *g, struct slice s, bool compressed, struct textbuf *out)
{
    int tag;
    struct slice body;
    while (s.n) {
        if (!take_packet(g, &s, &tag, &body))
            return false;
        if (tag == PKT_LITERAL) {
            if (!take_literal(g, body, out))
                return false;
            continue;
        }
        if (tag != PKT_COMPRESSED || compressed || !body.n)
            return fail(g, bad_data);
        struct textbuf plain = textbuf_in(g->f->arena);
        g->set.compress = body.p[0];
        body = (struct slice){body.p + 1, body.n - 1};
        if (g->set.compress == COMPRESS_BZIP2)
            g->bad_compression = g->has_data = true;
        else if (g->set.compress == COMPRESS_NONE)
            textbuf_add(&plain, body.p, body.n);
        else if (g->set.compress < 0 || g->set.compress > COMPRESS_BZIP2 ||
                 !deflate_unpack(&plain, body.p, body.n, g->set.compress == COMPRESS_ZLIB, MAX_UNPACKED))
            return fail(g, bad_data);
        if (plain.n && !take_content(g, (struct slice){plain.p, plain.n}, true, out))
            return false;
    }
    return true;
}

static bool read_data(struct pgp *g, struct slice s, bool mdc, struct textbuf *out)
{
    size_t block = (size_t)cipher_of(g->set.cipher)->block, prefix = block + 2, end = mdc ? MDC_BYTES : 0;
    if (mdc && s.n && s.p[0] == 1)
        s = (struct slice){s.p + 1, s.n - 1};
    else if (mdc)
        return fail(g, bad_data);
    if (s.n < prefix + end)
        return fail(g, bad_data);
    g->set.disable_mdc = !mdc;
    char *p = arena_memdup(g->f->arena, s.p, s.n);
    if (mdc ? !run_cfb(g, g->set.cipher, g->key, NULL, false, p, s.n)
            : !run_cfb(g, g->set.cipher, g->key, NULL, false, p, prefix) ||
                  !run_cfb(g, g->set.cipher, g->key, (const unsigned char *)s.p + 2, false, p + prefix, s.n - prefix))
        return false;
    g->bad_prefix = memcmp(p + block - 2, p + block, 2) != 0;
    if (mdc) {
        unsigned char sum[SHA1_BYTES];
        const char *mark = p + s.n - MDC_BYTES;
        if (memcmp(mark, "\xd3\x14", 2) != 0 ||
            EVP_Digest(p, (size_t)(mark + 2 - p), sum, NULL, EVP_sha1(), NULL) != 1 || memcmp(sum, mark + 2, sizeof(sum)) != 0)
            return fail(g, bad_data);
    }
    return take_content(g, (struct slice){p + prefix, s.n - prefix - end}, false, out);
}

static bool read_message(struct pgp *g, struct slice s, struct textbuf *out)
{
    int tag;
    struct slice body;
    bool data = false;
    while (s.n) {
        if (!take_packet(g, &s, &tag, &body))
            return false;
        if (tag == PKT_MARKER || (tag == PKT_KEY && g->has_key))
            continue;
        if (tag == PKT_KEY ? !read_key(g, body) : false)
            return false;
        if (tag == PKT_KEY)
            continue;
        if ((tag != PKT_DATA && tag != PKT_MDC_DATA) || !g->has_key || data)
            return fail(g, bad_data);
        data = true;
        if (!read_data(g, body, tag == PKT_MDC_DATA, out))
            return false;
    }
    if (!g->has_data || g->bad_prefix)
        return fail(g, bad_data);
    if (g->bad_compression)
        return fail(g, "Unsupported compression algorithm");
    return !g->not_text || fail(g, "Not text data");
}

static void expect(struct pgp *g, const char *name, int want, int got)
{
    struct fcall *f = g->f;
    struct error e;
    if (want < 0 || want == got || !f->ctx || !f->ctx->notice)
        return;
    error_init(&e, f->arena);
    e.severity = ERROR_NOTICE;
    strcpy(e.sqlstate, "00000");
    e.message = arena_printf(f->arena, "pgp_decrypt: unexpected %s: expected %d got %d", name, want, got);
    f->ctx->notice(f->ctx, &e);
}

static void check_expected(struct pgp *g)
{
    const struct settings *want = &g->expect, *got = &g->set;
    expect(g, "cipher_algo", want->cipher, got->cipher);
    expect(g, "s2k_mode", want->s2k_mode, got->s2k_mode);
    expect(g, "s2k_count", want->s2k_count, got->s2k_count);
    expect(g, "s2k_digest_algo", want->s2k_digest, got->s2k_digest);
    expect(g, "use_sess_key", want->use_sess_key, got->use_sess_key);
    if (got->use_sess_key)
        expect(g, "s2k_cipher_algo", want->s2k_cipher, got->s2k_cipher);
    expect(g, "disable_mdc", want->disable_mdc, got->disable_mdc);
    expect(g, "compress_algo", want->compress, got->compress);
    expect(g, "unicode_mode", want->unicode, got->unicode);
}

static void decrypt(struct fcall *f, bool text)
{
    struct pgp g;
    struct textbuf out = textbuf_in(f->arena);
    if (!begin(&g, f, text) || !read_message(&g, arg_slice(f, 0), &out))
        return;
    if (g.expects)
        check_expected(&g);
    if (!text)
        f->result = value_blob(out.n ? out.p : "", out.n);
    else if (utf8_verify(out.p, out.n, f->err))
        textbuf_return(&out, f);
}

static void pgp_sym_encrypt_text(struct fcall *f)
{
    encrypt(f, true);
}

static void pgp_sym_encrypt_bytea(struct fcall *f)
{
    encrypt(f, false);
}

static void pgp_sym_decrypt_text(struct fcall *f)
{
    decrypt(f, true);
}

static void pgp_sym_decrypt_bytea(struct fcall *f)
{
    decrypt(f, false);
}

const struct fn_impl pgcrypto_pgp_functions[] = {
    {"pgp_sym_encrypt_text", .call = pgp_sym_encrypt_text},
    {"pgp_sym_encrypt_bytea", .call = pgp_sym_encrypt_bytea},
    {"pgp_sym_decrypt_text", .call = pgp_sym_decrypt_text},
    {"pgp_sym_decrypt_bytea", .call = pgp_sym_decrypt_bytea},
    {NULL},
};
