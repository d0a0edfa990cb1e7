/*
 * contrib/pgcrypto.c: the extension pgcrypto: digest, hmac, crypt, gen_salt, random bytes and raw encryption. Ciphers and
 * digests are OpenSSL's, crypt() is libcrypt's. Armor: pgcrypto_armor.c. Messages
 * under a password: pgcrypto_pgp.c; under public keys they are not implemented.
 */
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "sql/types/text_util.h"
#include "sql/types/typeoid.h"

#define MAX_NAME   64
#define MAX_RANDOM 1024

/* Algorithm names are folded to lower case, as identifiers are. */
static char *arg_name(struct fcall *f, int i)
{
    struct slice s = arg_slice(f, i);
    char *name = arena_strndup(f->arena, s.p, utf8_clip(s.p, s.n, MAX_NAME - 1));
    for (char *p = name; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p += 'a' - 'A';
    return name;
}

static void return_bytes(struct fcall *f, const void *p, size_t n)
{
    f->result = value_blob(arena_memdup(f->arena, p, n), n);
}

static const EVP_MD *arg_digest(struct fcall *f, int i)
{
    const char *name = arg_name(f, i);
    const EVP_MD *md = EVP_get_digestbyname(name);
    if (!md)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "Cannot use \"%s\": No such hash algorithm", name);
    return md;
}

static void pg_digest(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n;
    const EVP_MD *md = arg_digest(f, 1);
    if (!md)
        return;
    if (EVP_Digest(s.p, s.n, out, &n, md, NULL) != 1)
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not compute digest");
    else
        return_bytes(f, out, n);
}

static void pg_hmac(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), key = arg_slice(f, 1);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n;
    const EVP_MD *md = arg_digest(f, 2);
    if (!md)
        return;
    /* A null key pointer would mean the previous key. */
    if (!HMAC(md, key.n ? key.p : "", (int)key.n, (const unsigned char *)s.p, s.n, out, &n))
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not compute hmac");
    else
        return_bytes(f, out, n);
}

/* --- random bytes --------------------------------------------------------------------------------- */

static bool random_bytes(struct fcall *f, void *p, int n)
{
    return RAND_bytes(p, n) == 1 || error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not generate a random number");
}

static void pg_random_bytes(struct fcall *f)
{
    unsigned char bytes[MAX_RANDOM];
    int64_t n = arg_int(f, 0);
    if (n < 1 || n > MAX_RANDOM)
        error_set(f->err, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "Length not in range");
    else if (random_bytes(f, bytes, (int)n))
        return_bytes(f, bytes, (size_t)n);
}

static void pg_random_uuid(struct fcall *f)
{
    fcall_invoke(f, fn_impl_find("gen_random_uuid"), NULL, 0, NULL, UUIDOID, &f->result);
}

/* --- crypt() ---------------------------------------------------------------------------------------- */

static const struct salt_kind {
    const char *name, *prefix;
    int bytes; /* of randomness */
    int rounds, min, max; /* default and limits; 0: none to choose */
} salt_kinds[] = {
    {"des", "", 3, 0, 0, 0},
    {"md5", "$1$", 9, 0, 0, 0},
    {"xdes", "_", 3, 29 * 25, 1, 0xffffff},
    {"bf", "$2a$", 16, 6, 4, 31},
};

static void gen_salt(struct fcall *f, int64_t rounds)
{
    const char *name = arg_name(f, 0);
    const struct salt_kind *k = NULL;
    for (size_t i = 0; i < sizeof(salt_kinds) / sizeof(salt_kinds[0]); i++)
        if (strcmp(salt_kinds[i].name, name) == 0)
            k = &salt_kinds[i];
    if (!k) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "gen_salt: Unknown salt algorithm");
        return;
    }
    int64_t fixed = strcmp(name, "des") == 0 ? 25 : strcmp(name, "md5") == 0 ? 1000 : 0;
    bool bad = rounds && (k->rounds ? rounds < k->min || rounds > k->max : rounds != fixed);
    /* DES with an even count shows weak keys. */
    bad = bad || (rounds && strcmp(name, "xdes") == 0 && rounds % 2 == 0);
    char bytes[16], out[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!rounds)
        rounds = k->rounds;
    if (bad)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "gen_salt: Incorrect number of rounds");
    else if (random_bytes(f, bytes, k->bytes)) {
        if (!crypt_gensalt_rn(k->prefix, k->rounds ? (unsigned long)rounds : 0, bytes, k->bytes, out, sizeof(out)))
            error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not generate a salt");
        else
            fcall_return_textz(f, out);
    }
}

static void pg_gen_salt(struct fcall *f)
{
    gen_salt(f, 0);
}

static void pg_gen_salt_rounds(struct fcall *f)
{
    gen_salt(f, arg_int(f, 1));
}

/* The forms of setting that PostgreSQL knows; another "$x$" would be DES to it and something else to libcrypt. */
static bool is_salt(const char *s)
{
    static const char *const prefixes[] = {"$2a$", "$2x$", "$1$", "_"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(s, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return s[0] && s[1] && s[0] != '$';
}

static void pg_crypt(struct fcall *f)
{
    struct slice password = arg_slice(f, 0), salt = arg_slice(f, 1);
    struct crypt_data *data = calloc(1, sizeof(*data));
    const char *setting = arena_strndup(f->arena, salt.p, salt.n);
    if (!data) {
        error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
        return;
    }
    const char *out = is_salt(setting) ? crypt_r(arena_strndup(f->arena, password.p, password.n), setting, data) : NULL;
    if (!out || out[0] == '*')
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid salt");
    else
        fcall_return_textz(f, out);
    free(data);
}

/* --- raw encryption ------------------------------------------------------------------------------------- */

static const struct cipher_row {
    const char *name, *openssl;
    size_t max_key;
} ciphers[] = {
    {"aes", "AES-CBC", 32},          {"aes-cbc", "AES-CBC", 32},      {"aes-ecb", "AES-ECB", 32},
    {"rijndael", "AES-CBC", 32},     {"rijndael-cbc", "AES-CBC", 32}, {"rijndael-ecb", "AES-ECB", 32},
    {"bf", "BF-CBC", 56},            {"bf-cbc", "BF-CBC", 56},        {"bf-ecb", "BF-ECB", 56},
    {"bf-cfb", "BF-CFB", 56},        {"blowfish", "BF-CBC", 56},      {"blowfish-cbc", "BF-CBC", 56},
    {"blowfish-ecb", "BF-ECB", 56},  {"blowfish-cfb", "BF-CFB", 56},  {"des", "DES-CBC", 8},
    {"des-cbc", "DES-CBC", 8},       {"des-ecb", "DES-ECB", 8},       {"3des", "DES-EDE3-CBC", 24},
    {"3des-cbc", "DES-EDE3-CBC", 24}, {"3des-ecb", "DES-EDE3", 24},   {"des3", "DES-EDE3-CBC", 24},
    {"des3-cbc", "DES-EDE3-CBC", 24}, {"des3-ecb", "DES-EDE3", 24},   {"cast5", "CAST5-CBC", 16},
    {"cast5-cbc", "CAST5-CBC", 16},  {"cast5-ecb", "CAST5-ECB", 16},
};

/* "aes-cbc/pad:none": the cipher and whether data is padded. */
static const struct cipher_row *parse_cipher(struct fcall *f, int i, bool *padding)
{
    const char *name = arg_name(f, i);
    size_t n = strcspn(name, "/");
    const char *why = "No such cipher algorithm";
    *padding = true;
    for (const char *p = name + n; *p;) {
        size_t len = strcspn(++p, "/");
        const char *colon = memchr(p, ':', len);
        if (!colon || strncmp(p, "pad:", 4) != 0) {
            why = "Badly formatted type";
            goto bad;
        }
        if (len == 8 && strncmp(colon, ":none", 5) == 0)
            *padding = false;
        else if (!(len == 8 && strncmp(colon, ":pkcs", 5) == 0))
            goto bad;
        p += len;
    }
    for (size_t k = 0; k < sizeof(ciphers) / sizeof(ciphers[0]); k++)
        if (strlen(ciphers[k].name) == n && memcmp(ciphers[k].name, name, n) == 0)
            return &ciphers[k];
bad:
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "Cannot use \"%s\": %s", name, why);
    return NULL;
}

static const EVP_CIPHER *find_cipher(const struct cipher_row *c, size_t keylen, size_t *padded)
{
    *padded = c->max_key;
    if (strncmp(c->openssl, "AES-", 4) != 0)
        return EVP_get_cipherbyname(c->openssl);
    *padded = keylen <= 16 ? 16 : keylen <= 24 ? 24 : 32;
    bool ecb = strcmp(c->openssl, "AES-ECB") == 0;
    return *padded == 16   ? ecb ? EVP_aes_128_ecb() : EVP_aes_128_cbc()
           : *padded == 24 ? ecb ? EVP_aes_192_ecb() : EVP_aes_192_cbc()
                           : ecb ? EVP_aes_256_ecb() : EVP_aes_256_cbc();
}

/* Blowfish takes keys of any length as they are; other ciphers have theirs filled up with zeroes. */
static bool set_key(EVP_CIPHER_CTX *x, const EVP_CIPHER *cipher, const struct cipher_row *c, struct slice key,
                    size_t padded, const unsigned char *iv, bool encrypt)
{
    unsigned char bytes[64] = {0};
    size_t n = key.n < c->max_key ? key.n : c->max_key;
    if (n)
        memcpy(bytes, key.p, n);
    bool any = strncmp(c->openssl, "BF-", 3) == 0;
    return EVP_CipherInit_ex(x, cipher, NULL, NULL, NULL, encrypt) == 1 &&
           EVP_CIPHER_CTX_set_key_length(x, (int)(any ? n : padded)) == 1 &&
           EVP_CipherInit_ex(x, NULL, NULL, bytes, iv, encrypt) == 1;
}

static void run_cipher(struct fcall *f, bool encrypt, bool with_iv)
{
    struct slice data = arg_slice(f, 0), key = arg_slice(f, 1), iv = {"", 0};
    const char *function = encrypt ? (with_iv ? "encrypt_iv" : "encrypt") : with_iv ? "decrypt_iv" : "decrypt";
    unsigned char vector[EVP_MAX_IV_LENGTH] = {0};
    bool padding;
    size_t padded;
    const struct cipher_row *c = parse_cipher(f, with_iv ? 3 : 2, &padding);
    if (!c)
        return;
    if (with_iv)
        iv = arg_slice(f, 2);
    if (iv.n)
        memcpy(vector, iv.p, iv.n < sizeof(vector) ? iv.n : sizeof(vector));
    const EVP_CIPHER *cipher = find_cipher(c, key.n, &padded);
    EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
    const char *why = encrypt ? "Encryption failed" : "Decryption failed";
    unsigned char *out = arena_alloc(f->arena, data.n + EVP_MAX_BLOCK_LENGTH);
    int n = 0, rest = 0;
    bool ok = x && cipher && set_key(x, cipher, c, key, padded, vector, encrypt);
    if (!ok) {
        why = "Cipher cannot be initialized";
    } else {
        EVP_CIPHER_CTX_set_padding(x, padding);
        ok = EVP_CipherUpdate(x, out, &n, (const unsigned char *)data.p, (int)data.n) == 1 &&
             EVP_CipherFinal_ex(x, out + n, &rest) == 1;
    }
    EVP_CIPHER_CTX_free(x);
    if (ok)
        f->result = value_blob(out, (size_t)(n + rest));
    else
        error_set(f->err, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "%s error: %s", function, why);
}

static void pg_encrypt(struct fcall *f)
{
    run_cipher(f, true, false);
}

static void pg_decrypt(struct fcall *f)
{
    run_cipher(f, false, false);
}

static void pg_encrypt_iv(struct fcall *f)
{
    run_cipher(f, true, true);
}

static void pg_decrypt_iv(struct fcall *f)
{
    run_cipher(f, false, true);
}

const struct fn_impl pgcrypto_functions[] = {
    {"pg_digest", .call = pg_digest},
    {"pg_hmac", .call = pg_hmac},
    {"pg_crypt", .call = pg_crypt},
    {"pg_gen_salt", .call = pg_gen_salt},
    {"pg_gen_salt_rounds", .call = pg_gen_salt_rounds},
    {"pg_encrypt", .call = pg_encrypt},
    {"pg_decrypt", .call = pg_decrypt},
    {"pg_encrypt_iv", .call = pg_encrypt_iv},
    {"pg_decrypt_iv", .call = pg_decrypt_iv},
    {"pg_random_bytes", .call = pg_random_bytes},
    {"pg_random_uuid", .call = pg_random_uuid},
    {NULL},
};
