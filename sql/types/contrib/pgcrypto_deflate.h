/*
 * contrib/pgcrypto_deflate.h: the compressed data of OpenPGP messages: DEFLATE (RFC 1951), with zlib's frame (RFC 1950) or without.
 */
#ifndef PGF_TYPES_CONTRIB_PGCRYPTO_DEFLATE_H
#define PGF_TYPES_CONTRIB_PGCRYPTO_DEFLATE_H

#include "sql/types/text_util.h"

/* Appends the data of p to out; false if p is not such data, or if it makes more than limit bytes. */
bool deflate_unpack(struct textbuf *out, const char *p, size_t n, bool zlib, size_t limit);
/* Appends p as a stream of blocks that are stored, not compressed: every reader takes it. */
void deflate_store(struct textbuf *out, const char *p, size_t n, bool zlib);

#endif
