/*
 * reply.h: backend messages. Encodes into a connection's output buffer; nothing is sent here.
 * reply_init fills the struct pg_reply through which a session answers.
 */
#ifndef PGF_PROXY_REPLY_H
#define PGF_PROXY_REPLY_H

#include <stddef.h>
#include <stdint.h>

struct connection;
struct pg_reply;
struct strbuf;

enum reply_auth {
    REPLY_AUTH_OK = 0,
    REPLY_AUTH_SASL = 10,
    REPLY_AUTH_SASL_CONTINUE = 11,
    REPLY_AUTH_SASL_FINAL = 12
};

void reply_init(struct pg_reply *r, struct connection *c);
/* Authentication..., with n more bytes. */
void reply_authentication(struct strbuf *out, enum reply_auth kind, const void *p, size_t n);
void reply_backend_key(struct strbuf *out, int32_t pid, int32_t key);
void reply_ready(struct strbuf *out, char status);
/* NegotiateProtocolVersion: protocol 3.0, and n options not understood. */
void reply_negotiate(struct strbuf *out, const char *const *options, int n);

#endif
