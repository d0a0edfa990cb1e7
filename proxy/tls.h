/*
 * tls.h: the server's TLS context, made from the settings ssl_cert_file, ssl_key_file,
 * ssl_ciphers, ssl_min_protocol_version, ssl_max_protocol_version and
 * ssl_prefer_server_ciphers. Counted references: a reload makes a new one, connections keep
 * theirs.
 */
#ifndef PGF_PROXY_TLS_H
#define PGF_PROXY_TLS_H

#include "proxy/transport.h"

struct error;
struct pg_engine;
struct ssl_ctx_st;

/* The context, or NULL with err set: file missing, key readable by others, key not the
 * certificate's. */
struct ssl_ctx_st *tls_context_create(struct pg_engine *engine, struct error *err);
void tls_context_free(struct ssl_ctx_st *ctx);
/* Begins TLS on a connected transport. False when memory or OpenSSL fail. */
bool tls_attach(struct ssl_ctx_st *ctx, struct transport *t);
/* Goes on with the handshake: TRANSPORT_OK when it is complete. */
enum transport_result tls_handshake(struct transport *t);
/* "TLSv1.3" and the cipher's name; NULL for a plain transport. */
const char *tls_version(const struct transport *t);
const char *tls_cipher(const struct transport *t);
int tls_bits(const struct transport *t);
/* The hash of our certificate for channel binding (RFC 5929, tls-server-end-point); 0 for a plain transport. */
#define TLS_BINDING_MAX 64
size_t tls_binding(const struct transport *t, unsigned char hash[TLS_BINDING_MAX]);
/* OpenSSL's reason for the last failure on this thread, for the log. */
const char *tls_reason(void);

#endif
