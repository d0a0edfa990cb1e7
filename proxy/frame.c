/* frame.c: see frame.h. */
#include "proxy/frame.h"

#include <endian.h>
#include <string.h>

#include "proxy/limits.h"
#include "sql/base/limits.h"

static const char FRAME_INSUFFICIENT[] = "insufficient data left in message";
static const char FRAME_BAD_STRING[] = "invalid string in message";
static const char FRAME_BAD_FORMAT[] = "invalid message format";

static uint32_t frame_get32(const char *p)
{
    uint32_t n;
    memcpy(&n, p, sizeof(n));
    return be32toh(n);
}

/* Cuts a message whose length word stands `head` bytes behind pos. */
static enum frame_result frame_cut(struct frame_buffer *b, size_t head, size_t max, struct frame *f)
{
    size_t have = b->bytes.len - b->pos;
    const char *p = b->bytes.data + b->pos;
    if (have < head + 4)
        return FRAME_PARTIAL;
    uint32_t length = frame_get32(p + head);
    if (length < 4 || length - 4 > max)
        return FRAME_BAD;
    if (have < head + length)
        return FRAME_PARTIAL;
    f->type = head ? p[0] : 0;
    f->body = (struct frame_body){.p = p + head + 4, .end = p + head + length};
    b->pos += head + length;
    return FRAME_OK;
}

char frame_peek_type(const struct frame_buffer *b)
{
    return b->pos < b->bytes.len ? b->bytes.data[b->pos] : 0;
}

enum frame_result frame_next(struct frame_buffer *b, size_t max, struct frame *f)
{
    return frame_cut(b, 1, max, f);
}

enum frame_result frame_next_startup(struct frame_buffer *b, struct frame *f)
{
    return frame_cut(b, 0, LIMIT_STARTUP_BYTES, f);
}

void frame_compact(struct frame_buffer *b)
{
    if (b->pos == 0)
        return;
    strbuf_consume(&b->bytes, b->pos);
    b->pos = 0;
    if (b->bytes.len == 0 && b->bytes.cap > LIMIT_BUFFER_KEEP)
        strbuf_free(&b->bytes);
}

bool frame_has_rest(const struct frame_buffer *b)
{
    return b->pos < b->bytes.len;
}

const char *frame_bytes(struct frame_body *b, size_t n)
{
    if (b->error)
        return NULL;
    if ((size_t)(b->end - b->p) < n) {
        b->error = FRAME_INSUFFICIENT;
        return NULL;
    }
    const char *p = b->p;
    b->p += n;
    return p;
}

uint8_t frame_u8(struct frame_body *b)
{
    const char *p = frame_bytes(b, 1);
    return p ? (uint8_t)*p : 0;
}

int16_t frame_i16(struct frame_body *b)
{
    const char *p = frame_bytes(b, 2);
    uint16_t n = 0;
    if (p)
        memcpy(&n, p, sizeof(n));
    return (int16_t)be16toh(n);
}

int32_t frame_i32(struct frame_body *b)
{
    const char *p = frame_bytes(b, 4);
    return p ? (int32_t)frame_get32(p) : 0;
}

const char *frame_string(struct frame_body *b)
{
    if (b->error)
        return "";
    const char *nul = memchr(b->p, 0, (size_t)(b->end - b->p));
    if (!nul) {
        b->error = FRAME_BAD_STRING;
        return "";
    }
    const char *s = b->p;
    b->p = nul + 1;
    return s;
}

bool frame_end(struct frame_body *b)
{
    if (!b->error && b->p != b->end)
        b->error = FRAME_BAD_FORMAT;
    return !b->error;
}
