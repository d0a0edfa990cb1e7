/*
 * vec_text.h - text forms: '[1,2.5]' for vector and halfvec, '{1:1,3:2.5}/5' for sparsevec, '0101'
 * for bit.
 *
 * Accepts, refuses and prints what pgvector 0.8 does, with its messages.
 */
#ifndef VECEXT_VEC_TEXT_H
#define VECEXT_VEC_TEXT_H

#include "vecext/vec_buf.h"
#include "vecext/vec_type.h"

/* Parses a NUL-terminated text into the blob form of `type`, replacing out's content. bit is 0s and
 * 1s. `typmod` is the declared dimension, or below 1 for any. */
bool vec_text_parse(enum vec_type type, const char *text, int typmod, struct vec_buf *out,
                    struct vec_error *err);

/* Prints a checked blob, replacing out's content; no terminator is added. bit prints as 0s and 1s.
 */
bool vec_text_print(enum vec_type type, struct vec_blob blob, struct vec_buf *out,
                    struct vec_error *err);

#endif
