/* message.c: see message.h. Each handler decodes a body and makes one call to the session. */
#include "proxy/message.h"

#include <stdint.h>

#include "proxy/connection.h"
#include "proxy/limits.h"
#include "sql/base/arena.h"
#include "sql/base/limits.h"

/* A body that cannot be decoded. */
static enum pg_result message_malformed(struct connection *c, const char *text)
{
    struct error err;
    error_init(&err, c->arena);
    error_set(&err, ERRCODE_PROTOCOL_VIOLATION, "%s", text);
    return pg_session_protocol_error(c->session, &err);
}

static enum pg_result message_query(struct connection *c, struct frame_body *b)
{
    const char *sql = frame_string(b);
    size_t n = (size_t)(b->p - sql) - 1;
    if (!frame_end(b))
        return message_malformed(c, b->error);
    return pg_session_query(c->session, sql, n);
}

static enum pg_result message_parse(struct connection *c, struct frame_body *b)
{
    const char *name = frame_string(b);
    const char *sql = frame_string(b);
    int n = (uint16_t)frame_i16(b);
    if (!b->error && (size_t)(b->end - b->p) < (size_t)n * 4)
        frame_bytes(b, (size_t)n * 4);
    if (b->error)
        return message_malformed(c, b->error);
    uint32_t *types = ARENA_ARRAY(c->arena, uint32_t, n);
    for (int i = 0; i < n; i++)
        types[i] = (uint32_t)frame_i32(b);
    if (!frame_end(b))
        return message_malformed(c, b->error);
    return pg_session_parse(c->session, name, sql, types, n);
}

/* A counted list of format codes. */
static const int16_t *message_formats(struct connection *c, struct frame_body *b, int *n)
{
    *n = (uint16_t)frame_i16(b);
    int16_t *formats = ARENA_ARRAY(c->arena, int16_t, *n);
    for (int i = 0; i < *n; i++)
        formats[i] = frame_i16(b);
    return formats;
}

/* Parameter values, as Bind and FunctionCall carry them. */
struct message_values {
    const char **p;
    int32_t *lengths;
    int n;
    int bad; /* the parameter (from 1) whose bytes are missing, 0 none */
};

static void message_read_values(struct connection *c, struct frame_body *b,
                                struct message_values *v)
{
    v->bad = 0;
    v->p = ARENA_ARRAY(c->arena, const char *, v->n);
    v->lengths = ARENA_ARRAY(c->arena, int32_t, v->n);
    for (int i = 0; i < v->n && !b->error; i++) {
        v->lengths[i] = frame_i32(b);
        if (v->lengths[i] != -1)
            v->p[i] = frame_bytes(b, (size_t)v->lengths[i]);
        if (b->error && !v->bad)
            v->bad = i + 1;
    }
}

/* PostgreSQL names the parameter in the context of what is wrong with it. */
static enum pg_result message_bad_value(struct connection *c, const char *text, const char *portal,
                                        int parameter)
{
    struct error err;
    error_init(&err, c->arena);
    error_set(&err, ERRCODE_PROTOCOL_VIOLATION, "%s", text);
    if (portal[0])
        error_context(&err, "portal \"%s\" parameter $%d", portal, parameter);
    else
        error_context(&err, "unnamed portal parameter $%d", parameter);
    return pg_session_protocol_error(c->session, &err);
}

static enum pg_result message_bind(struct connection *c, struct frame_body *b)
{
    struct message_values v = {0};
    int nformats, nresults;
    const char *portal = frame_string(b);
    const char *statement = frame_string(b);
    const int16_t *formats = message_formats(c, b, &nformats);
    v.n = (uint16_t)frame_i16(b);
    if (!b->error && nformats > 1 && nformats != v.n)
        return message_malformed(
            c, arena_printf(c->arena, "bind message has %d parameter formats but %d parameters",
                            nformats, v.n));
    message_read_values(c, b, &v);
    if (v.bad)
        return message_bad_value(c, b->error, portal, v.bad);
    const int16_t *results = message_formats(c, b, &nresults);
    if (!frame_end(b))
        return message_malformed(c, b->error);
    return pg_session_bind(c->session, portal, statement, formats, nformats, v.p, v.lengths, v.n,
                           results, nresults);
}

/* Describe and Close name a prepared statement ('S') or a portal ('P'). */
static bool message_target(struct frame_body *b, char *kind, const char **name)
{
    *kind = (char)frame_u8(b);
    *name = frame_string(b);
    return frame_end(b);
}

static enum pg_result message_describe(struct connection *c, struct frame_body *b)
{
    char kind;
    const char *name;
    if (!message_target(b, &kind, &name))
        return message_malformed(c, b->error);
    if (kind != 'S' && kind != 'P')
        return message_malformed(
            c, arena_printf(c->arena, "invalid DESCRIBE message subtype %d", (unsigned char)kind));
    return pg_session_describe(c->session, kind, name);
}

static enum pg_result message_close(struct connection *c, struct frame_body *b)
{
    char kind;
    const char *name;
    if (!message_target(b, &kind, &name))
        return message_malformed(c, b->error);
    if (kind != 'S' && kind != 'P')
        return message_malformed(
            c, arena_printf(c->arena, "invalid CLOSE message subtype %d", (unsigned char)kind));
    return pg_session_close(c->session, kind, name);
}

static enum pg_result message_execute(struct connection *c, struct frame_body *b)
{
    const char *portal = frame_string(b);
    int32_t max_rows = frame_i32(b);
    if (!frame_end(b))
        return message_malformed(c, b->error);
    return pg_session_execute(c->session, portal, max_rows);
}

static enum pg_result message_flush(struct connection *c, struct frame_body *b)
{
    if (!frame_end(b))
        return message_malformed(c, b->error);
    c->push = true;
    return PG_DONE;
}

static enum pg_result message_sync(struct connection *c, struct frame_body *b)
{
    if (!frame_end(b))
        return message_malformed(c, b->error);
    return pg_session_sync(c->session);
}

static enum pg_result message_function(struct connection *c, struct frame_body *b)
{
    struct message_values v = {0};
    int nformats;
    uint32_t oid = (uint32_t)frame_i32(b);
    const int16_t *formats = message_formats(c, b, &nformats);
    v.n = (uint16_t)frame_i16(b);
    if (!b->error && nformats > 1 && nformats != v.n)
        return message_malformed(
            c, arena_printf(c->arena,
                            "function call message contains %d argument formats but %d "
                            "arguments",
                            nformats, v.n));
    message_read_values(c, b, &v);
    int16_t result_format = frame_i16(b);
    if (!frame_end(b))
        return message_malformed(c, b->error);
    return pg_session_function(c->session, oid, formats, nformats, v.p, v.lengths, v.n,
                               result_format);
}

static enum pg_result message_copy_data(struct connection *c, struct frame_body *b)
{
    return pg_session_copy_data(c->session, b->p, (size_t)(b->end - b->p));
}

static enum pg_result message_copy_done(struct connection *c, struct frame_body *b)
{
    (void)b;
    return pg_session_copy_done(c->session);
}

static enum pg_result message_copy_fail(struct connection *c, struct frame_body *b)
{
    const char *reason = frame_string(b);
    if (!frame_end(b))
        return message_malformed(c, b->error);
    return pg_session_copy_fail(c->session, reason);
}

static enum pg_result message_terminate(struct connection *c, struct frame_body *b)
{
    (void)b;
    connection_set_state(c, CONNECTION_CLOSED);
    return PG_CLOSED;
}

static const struct message messages[] = {
#define MESSAGE(letter, name, max, ready, skip, copy, ends)                                        \
    {letter, max, MESSAGE_##ready, MESSAGE_##skip, MESSAGE_##copy, ends, message_##name},
#include "proxy/messages.def"
#undef MESSAGE
};

const struct message *message_find(char letter)
{
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        if (messages[i].letter == letter)
            return &messages[i];
    return NULL;
}

/* The message cannot stand inside COPY; nor can its successors be trusted. */
static void message_desync(struct connection *c, char letter)
{
    struct error err;
    error_init(&err, c->arena);
    error_set(&err, ERRCODE_PROTOCOL_VIOLATION,
              "unexpected message type 0x%02X during COPY from stdin", (unsigned char)letter);
    pg_session_protocol_error(c->session, &err);
    connection_fatal(c, ERRCODE_PROTOCOL_VIOLATION,
                     "terminating connection because protocol synchronization was lost");
}

enum frame_result message_next(struct connection *c, struct frame *f)
{
    if (!frame_has_rest(&c->in))
        return FRAME_PARTIAL;
    char letter = frame_peek_type(&c->in);
    const struct message *m = message_find(letter);
    if (m)
        return frame_next(&c->in, m->max, f);
    if (c->state == CONNECTION_COPY)
        message_desync(c, letter);
    else
        connection_fatal(c, ERRCODE_PROTOCOL_VIOLATION, "invalid frontend message type %d",
                         (unsigned char)letter);
    return FRAME_BAD;
}

void message_dispatch(struct connection *c, struct frame *f)
{
    const struct message *m = message_find(f->type);
    enum message_action action = c->state == CONNECTION_COPY   ? m->in_copy
                                 : c->state == CONNECTION_SKIP ? m->in_skip
                                                               : m->in_ready;
    if (action == MESSAGE_IGNORE)
        return;
    if (action == MESSAGE_DESYNC) {
        message_desync(c, f->type);
        return;
    }
    arena_reset(c->arena);
    c->at_rest = false;
    if (c->state != CONNECTION_COPY)
        c->pending = f->type;
    enum pg_result result = m->handler(c, &f->body);
    if (c->state != CONNECTION_CLOSED)
        connection_settle(c, result);
}
