/* tls.c: see tls.h. */
#include "proxy/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/config.h"
#include "sql/base/error.h"

const char *tls_reason(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    return reason ? reason : "unknown TLS failure";
}

/* 0 when the setting is empty, -1 when OpenSSL does not know it. */
static int tls_protocol_version(const char *name)
{
    static const struct {
        const char *name;
        int version;
    } versions[] = {{"", 0},
                    {"TLSv1", TLS1_VERSION},
                    {"TLSv1.1", TLS1_1_VERSION},
                    {"TLSv1.2", TLS1_2_VERSION},
                    {"TLSv1.3", TLS1_3_VERSION}};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        if (strcmp(name, versions[i].name) == 0)
            return versions[i].version;
    return -1;
}

/* PostgreSQL's rule: nobody but the owner may read it; a file of root may be read by its group. */
static bool tls_check_key_file(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                         "could not access private key file \"%s\": %s", path, strerror(errno));
    mode_t others = st.st_uid == 0 ? (S_IWGRP | S_IXGRP | S_IRWXO) : (S_IRWXG | S_IRWXO);
    if (st.st_mode & others) {
        error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                  "private key file \"%s\" has group or world access", path);
        error_detail(err, "File must have permissions u=rw (0600) or less if owned by the database "
                          "user, or permissions u=rw,g=r (0640) or less if owned by root.");
        return false;
    }
    return true;
}

static bool tls_load_files(SSL_CTX *ctx, const char *cert, const char *key, struct error *err)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                         "could not load server certificate file \"%s\": %s", cert, tls_reason());
    if (!tls_check_key_file(key, err))
        return false;
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                         "could not load private key file \"%s\": %s", key, tls_reason());
    if (SSL_CTX_check_private_key(ctx) != 1)
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR, "check of private key failed: %s",
                         tls_reason());
    return true;
}

static bool tls_set_protocol(SSL_CTX *ctx, struct pg_engine *engine, struct error *err)
{
    int min = tls_protocol_version(config_string(engine, "ssl_min_protocol_version", "TLSv1.2"));
    int max = tls_protocol_version(config_string(engine, "ssl_max_protocol_version", ""));
    if (min < 0 || max < 0 || (min && max && min > max) ||
        SSL_CTX_set_min_proto_version(ctx, min) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, max) != 1)
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                         "could not set SSL protocol version range");
    const char *ciphers = config_string(engine, "ssl_ciphers", "HIGH:MEDIUM:+3DES:!aNULL");
    if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                         "could not set the cipher list (no valid ciphers available)");
    if (config_bool(engine, "ssl_prefer_server_ciphers", true))
        SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    return true;
}

struct ssl_ctx_st *tls_context_create(struct pg_engine *engine, struct error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx) {
        error_set(err, ERRCODE_INTERNAL_ERROR, "could not create SSL context: %s", tls_reason());
        return NULL;
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    const char *cert = config_string(engine, "ssl_cert_file", "server.crt");
    const char *key = config_string(engine, "ssl_key_file", "server.key");
    if (tls_load_files(ctx, cert, key, err) && tls_set_protocol(ctx, engine, err))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

void tls_context_free(struct ssl_ctx_st *ctx)
{
    SSL_CTX_free(ctx);
}

bool tls_attach(struct ssl_ctx_st *ctx, struct transport *t)
{
    SSL *ssl = SSL_new(ctx);
    if (!ssl || SSL_set_fd(ssl, t->fd) != 1) {
        SSL_free(ssl);
        return false;
    }
    SSL_set_accept_state(ssl);
    t->ssl = ssl;
    return true;
}

enum transport_result tls_handshake(struct transport *t)
{
    ERR_clear_error();
    int rc = SSL_do_handshake(t->ssl);
    if (rc == 1)
        return TRANSPORT_OK;
    switch (SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return TRANSPORT_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TRANSPORT_WANT_WRITE;
    default:
        return TRANSPORT_ERROR;
    }
}

const char *tls_version(const struct transport *t)
{
    return t->ssl ? SSL_get_version(t->ssl) : NULL;
}

const char *tls_cipher(const struct transport *t)
{
    return t->ssl ? SSL_get_cipher_name(t->ssl) : NULL;
}

/* By the hash function of the certificate's signature, SHA-256 in place of those that are too weak or not told. */
size_t tls_binding(const struct transport *t, unsigned char hash[TLS_BINDING_MAX])
{
    X509 *certificate = t->ssl ? SSL_get_certificate(t->ssl) : NULL;
    int digest = NID_undef;
    unsigned int n = 0;
    if (!certificate || !OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, NULL))
        digest = NID_undef;
    const EVP_MD *md = digest == NID_undef || digest == NID_md5 || digest == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest);
    return certificate && md && EVP_MD_get_size(md) <= TLS_BINDING_MAX && X509_digest(certificate, md, hash, &n) ? n : 0;
}

int tls_bits(const struct transport *t)
{
    return t->ssl ? SSL_get_cipher_bits(t->ssl, NULL) : 0;
}
