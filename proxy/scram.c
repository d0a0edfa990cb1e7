/* scram.c: see scram.h. Digests, random bytes and base64 are OpenSSL's. */
#include "proxy/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/frame.h"
#include "sql/base/error.h"
#include "sql/base/log.h"
#include "sql/base/strbuf.h"

#define SCRAM_KEY_LEN            32
#define SCRAM_NONCE_BYTES        18 /* as PostgreSQL: 24 characters in base64 */
#define SCRAM_MOCK_SALT_BYTES    16
#define SCRAM_DEFAULT_ITERATIONS 4096
#define SCRAM_MAX_SALT           256
#define SCRAM_MAX_BINDING        64
#define SCRAM_BINDING_TYPE       "tls-server-end-point"

enum scram_step { SCRAM_EXPECT_FIRST, SCRAM_EXPECT_FINAL, SCRAM_OVER };

struct scram {
    enum scram_step step;
    bool mock;
    int iterations;
    char salt[SCRAM_MAX_SALT]; /* base64 */
    unsigned char stored_key[SCRAM_KEY_LEN], server_key[SCRAM_KEY_LEN];
    char cbind_flag; /* 'n', 'y' or 'p' */
    bool plus;       /* the client chose SCRAM-SHA-256-PLUS */
    unsigned char binding[SCRAM_MAX_BINDING]; /* tls-server-end-point (RFC 5929) */
    size_t nbinding; /* 0: the connection has none */
    struct strbuf client_first_bare, server_first, nonce;
};

static bool scram_decode_key(const char *text, size_t n, unsigned char key[SCRAM_KEY_LEN])
{
    unsigned char raw[SCRAM_KEY_LEN + 4];
    return n == 44 && text[43] == '=' &&
           EVP_DecodeBlock(raw, (const unsigned char *)text, 44) == SCRAM_KEY_LEN + 1 &&
           memcpy(key, raw, SCRAM_KEY_LEN);
}

static bool scram_parse_verifier(struct scram *s, const char *verifier)
{
    static const char prefix[] = "SCRAM-SHA-256$";
    if (!verifier || strncmp(verifier, prefix, sizeof(prefix) - 1) != 0)
        return false;
    char *p;
    long iterations = strtol(verifier + sizeof(prefix) - 1, &p, 10);
    if (*p != ':' || iterations < 1 || iterations > INT32_MAX)
        return false;
    const char *salt = p + 1, *stored = strchr(salt, '$');
    const char *server = stored ? strchr(stored, ':') : NULL;
    if (!server || (size_t)(stored - salt) >= sizeof(s->salt))
        return false;
    s->iterations = (int)iterations;
    memcpy(s->salt, salt, (size_t)(stored - salt));
    s->salt[stored - salt] = 0;
    return scram_decode_key(stored + 1, (size_t)(server - stored - 1), s->stored_key) &&
           scram_decode_key(server + 1, strlen(server + 1), s->server_key);
}

static unsigned char scram_mock_secret[SCRAM_KEY_LEN];

static void scram_random(void *p, size_t n)
{
    if (RAND_bytes(p, (int)n) != 1)
        log_fatal("could not generate random bytes");
}

static void scram_make_mock_secret(void)
{
    scram_random(scram_mock_secret, sizeof(scram_mock_secret));
}

/* The salt of a user that does not exist must be the same at every try, and not computable. */
static void scram_make_mock(struct scram *s, const char *user)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    unsigned char digest[SCRAM_KEY_LEN];
    unsigned int n;
    CRYPTO_THREAD_run_once(&once, scram_make_mock_secret);
    HMAC(EVP_sha256(), scram_mock_secret, sizeof(scram_mock_secret), (const unsigned char *)user,
         strlen(user), digest, &n);
    EVP_EncodeBlock((unsigned char *)s->salt, digest, SCRAM_MOCK_SALT_BYTES);
    scram_random(s->stored_key, sizeof(s->stored_key));
    scram_random(s->server_key, sizeof(s->server_key));
    s->iterations = SCRAM_DEFAULT_ITERATIONS;
    s->mock = true;
}

struct scram *scram_create(const char *user, const char *verifier, const void *binding, size_t nbinding)
{
    struct scram *s = calloc(1, sizeof(*s));
    if (!s)
        log_fatal("out of memory for an authentication exchange");
    s->nbinding = nbinding <= SCRAM_MAX_BINDING ? nbinding : 0;
    if (s->nbinding)
        memcpy(s->binding, binding, s->nbinding);
    if (!scram_parse_verifier(s, verifier))
        scram_make_mock(s, user);
    return s;
}

void scram_free(struct scram *s)
{
    if (!s)
        return;
    strbuf_free(&s->client_first_bare);
    strbuf_free(&s->server_first);
    strbuf_free(&s->nonce);
    OPENSSL_cleanse(s, sizeof(*s));
    free(s);
}

static enum scram_result scram_malformed(struct error *err, const char *detail)
{
    error_set(err, ERRCODE_PROTOCOL_VIOLATION, "malformed SCRAM message");
    error_detail(err, "%s", detail);
    return SCRAM_FAILED;
}

/* "x=value" at *p up to the next comma or the end; NULL when it is not attribute x. *p moves behind
 * the comma. */
static const char *scram_attribute(const char **p, char x, size_t *n)
{
    const char *s = *p;
    if (s[0] != x || s[1] != '=')
        return NULL;
    s += 2;
    *n = strcspn(s, ",");
    *p = s + *n + (s[*n] == ',');
    return s;
}

static bool scram_is_printable(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < 0x21 || p[i] > 0x7e || p[i] == ',')
            return false;
    return n > 0;
}

/* The channel binding flag, which must go with the mechanism and with what the connection has. Returns what follows, or NULL. */
static const char *scram_read_binding_flag(struct scram *s, const char *p, struct error *err)
{
    size_t n;
    s->cbind_flag = p[0];
    if (p[0] == 'p' && !s->plus) {
        error_set(err, ERRCODE_PROTOCOL_VIOLATION,
                  "client selected SCRAM-SHA-256 without channel binding, but the SCRAM message "
                  "includes channel binding data");
    } else if (p[0] == 'p') {
        const char *type = scram_attribute(&p, 'p', &n);
        if (type && n == strlen(SCRAM_BINDING_TYPE) && memcmp(type, SCRAM_BINDING_TYPE, n) == 0 && type[n] == ',')
            return type + n;
        error_set(err, ERRCODE_PROTOCOL_VIOLATION, "unsupported SCRAM channel-binding type \"%.*s\"", type ? (int)n : 0, type ? type : "");
    } else if (p[0] != 'n' && p[0] != 'y') {
        scram_malformed(err, "Unexpected channel-binding flag.");
    } else if (s->plus) {
        error_set(err, ERRCODE_PROTOCOL_VIOLATION,
                  "client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data");
    } else if (p[0] == 'y' && s->nbinding) { /* somebody between us took the other mechanism away */
        error_set(err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "SCRAM channel binding negotiation error");
        error_detail(err, "The client supports SCRAM channel binding but thinks the server does not.  However, this server does "
                          "support channel binding.");
    } else {
        return p + 1;
    }
    return NULL;
}

/* The gs2 header: channel binding flag and authorization identity. Returns what follows, or NULL.
 */
static const char *scram_read_header(struct scram *s, const char *p, struct error *err)
{
    p = scram_read_binding_flag(s, p, err);
    if (!p)
        return NULL;
    if (p[0] != ',') {
        scram_malformed(err, "Comma expected after the channel-binding flag.");
        return NULL;
    }
    if (p[1] == 'a') {
        error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "client uses authorization identity, but it is not supported");
        return NULL;
    }
    if (p[1] != ',') {
        scram_malformed(err, "Unexpected attribute in client-first-message.");
        return NULL;
    }
    return p + 2;
}

/* The user name of the startup packet counts, as in PostgreSQL; the one in the message is ignored.
 */
static enum scram_result scram_first(struct scram *s, const char *text, struct strbuf *answer,
                                     struct error *err)
{
    unsigned char raw[SCRAM_NONCE_BYTES], nonce[SCRAM_NONCE_BYTES * 2];
    size_t n;
    const char *p = scram_read_header(s, text, err);
    if (!p)
        return SCRAM_FAILED;
    strbuf_addz(&s->client_first_bare, p);
    if (p[0] == 'm') {
        error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "client requires an unsupported SCRAM extension");
        return SCRAM_FAILED;
    }
    if (!scram_attribute(&p, 'n', &n))
        return scram_malformed(err, "Attribute \"n\" expected.");
    const char *client = scram_attribute(&p, 'r', &n);
    if (!client)
        return scram_malformed(err, "Attribute \"r\" expected.");
    if (!scram_is_printable(client, n)) {
        error_set(err, ERRCODE_PROTOCOL_VIOLATION, "non-printable characters in SCRAM nonce");
        return SCRAM_FAILED;
    }
    scram_random(raw, sizeof(raw));
    EVP_EncodeBlock(nonce, raw, sizeof(raw));
    strbuf_add(&s->nonce, client, n);
    strbuf_addz(&s->nonce, (const char *)nonce);
    strbuf_printf(&s->server_first, "r=%s,s=%s,i=%d", s->nonce.data, s->salt, s->iterations);
    strbuf_add(answer, s->server_first.data, s->server_first.len);
    s->step = SCRAM_EXPECT_FINAL;
    return SCRAM_CONTINUE;
}

static void scram_hmac(const unsigned char *key, const struct strbuf *message,
                       unsigned char out[SCRAM_KEY_LEN])
{
    unsigned int n;
    HMAC(EVP_sha256(), key, SCRAM_KEY_LEN, (const unsigned char *)message->data, message->len, out,
         &n);
}

/* RFC 5802, section 3: H(ClientProof XOR HMAC(StoredKey, AuthMessage)) must be StoredKey. */
static bool scram_verify(const struct scram *s, const struct strbuf *auth_message,
                         const unsigned char proof[SCRAM_KEY_LEN])
{
    unsigned char key[SCRAM_KEY_LEN], digest[SCRAM_KEY_LEN];
    unsigned int n;
    scram_hmac(s->stored_key, auth_message, key);
    for (int i = 0; i < SCRAM_KEY_LEN; i++)
        key[i] ^= proof[i];
    EVP_Digest(key, SCRAM_KEY_LEN, digest, &n, EVP_sha256(), NULL);
    return CRYPTO_memcmp(digest, s->stored_key, SCRAM_KEY_LEN) == 0 && !s->mock;
}

/* Whether the client saw the same header and, with channel binding, the same certificate as we. */
static bool scram_check_binding(const struct scram *s, const char *c, size_t n, struct error *err)
{
    static const char header[] = "p=" SCRAM_BINDING_TYPE ",,";
    unsigned char input[sizeof(header) - 1 + SCRAM_MAX_BINDING], encoded[sizeof(input) / 3 * 4 + 8];
    memcpy(input, header, sizeof(header) - 1);
    memcpy(input + sizeof(header) - 1, s->binding, s->nbinding);
    EVP_EncodeBlock(encoded, input, (int)(sizeof(header) - 1 + s->nbinding));
    const char *want = s->plus ? (const char *)encoded : s->cbind_flag == 'y' ? "eSws" : "biws";
    if (n == strlen(want) && memcmp(c, want, n) == 0)
        return true;
    return s->plus ? error_set(err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "SCRAM channel binding check failed")
                   : error_set(err, ERRCODE_PROTOCOL_VIOLATION, "unexpected SCRAM channel-binding attribute in client-final-message");
}

static enum scram_result scram_final(struct scram *s, const char *text, struct strbuf *answer,
                                     struct error *err)
{
    const char *p = text;
    size_t n;
    const char *c = scram_attribute(&p, 'c', &n);
    if (!c)
        return scram_malformed(err, "Attribute \"c\" expected.");
    if (!scram_check_binding(s, c, n, err))
        return SCRAM_FAILED;
    const char *nonce = scram_attribute(&p, 'r', &n);
    if (!nonce)
        return scram_malformed(err, "Attribute \"r\" expected.");
    if (n != s->nonce.len || CRYPTO_memcmp(nonce, s->nonce.data, n) != 0) {
        error_set(err, ERRCODE_PROTOCOL_VIOLATION, "invalid SCRAM response");
        error_detail(err, "Nonce does not match.");
        return SCRAM_FAILED;
    }
    const char *end = nonce + n, *proof = NULL;
    while (*p && !(proof = scram_attribute(&p, 'p', &n))) {
        p += strcspn(p, ",");
        end = p;
        p += *p == ',';
    }
    unsigned char key[SCRAM_KEY_LEN];
    if (!proof || *p || !scram_decode_key(proof, n, key))
        return scram_malformed(err, "Malformed proof in client-final-message.");
    struct strbuf auth = {0};
    strbuf_printf(&auth, "%s,%s,", s->client_first_bare.data, s->server_first.data);
    strbuf_add(&auth, text, (size_t)(end - text));
    bool passed = scram_verify(s, &auth, key);
    if (passed) {
        unsigned char signature[SCRAM_KEY_LEN], encoded[48];
        scram_hmac(s->server_key, &auth, signature);
        EVP_EncodeBlock(encoded, signature, SCRAM_KEY_LEN);
        strbuf_printf(answer, "v=%s", (const char *)encoded);
    }
    strbuf_free(&auth);
    s->step = SCRAM_OVER;
    return passed ? SCRAM_PASSED : SCRAM_FAILED;
}

/* The SCRAM text of a SASL message, NUL-terminated in *text. */
static bool scram_read_text(struct scram *s, struct frame_body *b, struct strbuf *text,
                            struct error *err)
{
    size_t n = (size_t)(b->end - b->p);
    if (s->step == SCRAM_EXPECT_FIRST) {
        const char *mechanism = frame_string(b);
        int32_t length = frame_i32(b);
        if (b->error)
            return error_set(err, ERRCODE_PROTOCOL_VIOLATION, "%s", b->error);
        s->plus = s->nbinding && strcmp(mechanism, "SCRAM-SHA-256-PLUS") == 0;
        if (!s->plus && strcmp(mechanism, "SCRAM-SHA-256") != 0)
            return error_set(err, ERRCODE_PROTOCOL_VIOLATION,
                             "client selected an invalid SASL authentication mechanism");
        n = (size_t)(b->end - b->p);
        if (length != -1 && (length < 0 || (size_t)length != n))
            return error_set(err, ERRCODE_PROTOCOL_VIOLATION, "invalid message format");
    }
    strbuf_add(text, b->p, n);
    const char *detail = n == 0                    ? "The message is empty."
                         : strlen(text->data) != n ? "Message length does not match input length."
                                                   : NULL;
    if (detail)
        scram_malformed(err, detail);
    return !detail;
}

enum scram_result scram_receive(struct scram *s, struct frame_body *b, struct strbuf *answer,
                                struct error *err)
{
    struct strbuf text = {0};
    enum scram_result r = SCRAM_FAILED;
    if (scram_read_text(s, b, &text, err))
        r = s->step == SCRAM_EXPECT_FIRST ? scram_first(s, text.data, answer, err)
                                          : scram_final(s, text.data, answer, err);
    strbuf_free(&text);
    return r;
}
