/*
 * frame.h: cutting bytes into frontend messages, and message bodies into fields.
 *
 * A message is a type byte, a length that counts itself, and a body; a startup packet lacks the
 * type byte. Nothing is allocated for a claimed length: the buffer grows as bytes arrive. All
 * readers are bounds-checked; the first failure sticks in the body with PostgreSQL's text for it.
 */
#ifndef PGF_PROXY_FRAME_H
#define PGF_PROXY_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/base/strbuf.h"

/* Bytes received and not yet consumed: data[pos..len). */
struct frame_buffer {
    struct strbuf bytes;
    size_t pos;
};

enum frame_result { FRAME_OK, FRAME_PARTIAL, FRAME_BAD };

/* A message body being read. */
struct frame_body {
    const char *p;
    const char *end;
    const char *error; /* NULL, or PostgreSQL's message (08P01) */
};

struct frame {
    char type; /* 0: startup packet */
    struct frame_body body;
};

/* Type byte of the next message, or 0 when none has come. */
char frame_peek_type(const struct frame_buffer *b);
/*
 * Cuts the next message of at most max body bytes. FRAME_OK: f is filled, its body points into the
 * buffer and lives until frame_compact or more bytes are added.
 */
enum frame_result frame_next(struct frame_buffer *b, size_t max, struct frame *f);
/* The same for a startup packet. */
enum frame_result frame_next_startup(struct frame_buffer *b, struct frame *f);
/* Moves unconsumed bytes to the front; gives a large empty buffer back. */
void frame_compact(struct frame_buffer *b);
/* True when bytes are waiting that no message was cut from. */
bool frame_has_rest(const struct frame_buffer *b);

uint8_t frame_u8(struct frame_body *b);
int16_t frame_i16(struct frame_body *b);
int32_t frame_i32(struct frame_body *b);
/* n raw bytes, NULL on failure. */
const char *frame_bytes(struct frame_body *b, size_t n);
/* A NUL-terminated string; "" on failure. */
const char *frame_string(struct frame_body *b);
/* Nothing may be left: true if the whole body was read without failure. */
bool frame_end(struct frame_body *b);

#endif
