/*
 * client_encoding.h: what a client sends and gets in another character set than UTF8; see client_encoding.c.
 */
#ifndef PGF_SESSION_CLIENT_ENCODING_H
#define PGF_SESSION_CLIENT_ENCODING_H

#include "sql/session/session.h"
#include "sql/types/encoding.h"

/* Number of the client's character set; ENCODING_UTF8 where nothing is converted (UTF8 and SQL_ASCII). */
int client_encoding(struct pg_session *s);
/*
 * Text of the client's as UTF8: *out is p itself or a NUL-terminated copy in arena. False with 22021 where it is not of the client's
 * character set.
 */
bool client_decode(struct pg_session *s, const char *p, size_t n, struct arena *arena, struct slice *out);
/* Puts the session between itself and the network: names, messages and tags go out in the client's character set. */
void client_encoding_install(struct pg_session *s, const struct pg_reply *reply);

#endif
