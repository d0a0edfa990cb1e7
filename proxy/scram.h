/*
 * scram.h: the server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) inside PostgreSQL's SASL
 * messages.
 *
 * A user without usable verifier goes through the same exchange with made-up salt and keys and
 * fails at its end, so that nobody learns which users exist.
 */
#ifndef PGF_PROXY_SCRAM_H
#define PGF_PROXY_SCRAM_H

#include <stddef.h>

struct error;
struct frame_body;
struct scram;
struct strbuf;

enum scram_result { SCRAM_CONTINUE, SCRAM_PASSED, SCRAM_FAILED };

/* verifier "SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey", or NULL. binding: the hash of our certificate that channel binding
   wants (tls_binding), of 0 bytes without TLS: PLUS is then not offered. Caller frees. */
struct scram *scram_create(const char *user, const char *verifier, const void *binding, size_t nbinding);
void scram_free(struct scram *s);
/*
 * SASLInitialResponse, then SASLResponse. SCRAM_CONTINUE and SCRAM_PASSED put the server's message
 * into answer. SCRAM_FAILED with err set: a malformed message; without: the password is wrong.
 */
enum scram_result scram_receive(struct scram *s, struct frame_body *b, struct strbuf *answer,
                                struct error *err);

#endif
