/* reply.c: see reply.h. */
#include "proxy/reply.h"

#include <stdio.h>

#include "proxy/connection.h"
#include "proxy/loop.h"

/* Begins a message; reply_end takes what this returns. */
static size_t reply_begin(struct strbuf *out, char type)
{
    strbuf_addc(out, type);
    strbuf_add_i32(out, 0);
    return out->len - 4;
}

static void reply_end(struct strbuf *out, size_t start)
{
    strbuf_put_i32(out, start, (int32_t)(out->len - start));
}

static void reply_string(struct strbuf *out, const char *s)
{
    strbuf_addz(out, s);
    strbuf_addc(out, 0);
}

static struct strbuf *reply_out(void *host)
{
    return &((struct connection *)host)->out;
}

/* A message without body. */
static void reply_empty(void *host, char type)
{
    struct strbuf *out = reply_out(host);
    reply_end(out, reply_begin(out, type));
}

static void reply_parse_complete(void *host)
{
    reply_empty(host, '1');
}

static void reply_bind_complete(void *host)
{
    reply_empty(host, '2');
}

static void reply_close_complete(void *host)
{
    reply_empty(host, '3');
}

static void reply_no_data(void *host)
{
    reply_empty(host, 'n');
}

static void reply_portal_suspended(void *host)
{
    reply_empty(host, 's');
}

static void reply_empty_query(void *host)
{
    reply_empty(host, 'I');
}

static void reply_copy_done(void *host)
{
    reply_empty(host, 'c');
}

static void reply_parameter_description(void *host, const uint32_t *types, int n)
{
    struct strbuf *out = reply_out(host);
    size_t start = reply_begin(out, 't');
    strbuf_add_i16(out, (int16_t)n);
    for (int i = 0; i < n; i++)
        strbuf_add_i32(out, (int32_t)types[i]);
    reply_end(out, start);
}

static void reply_row_description(void *host, const struct pg_field *fields, int n)
{
    struct strbuf *out = reply_out(host);
    size_t start = reply_begin(out, 'T');
    strbuf_add_i16(out, (int16_t)n);
    for (int i = 0; i < n; i++) {
        reply_string(out, fields[i].name);
        strbuf_add_i32(out, (int32_t)fields[i].table_oid);
        strbuf_add_i16(out, fields[i].column);
        strbuf_add_i32(out, (int32_t)fields[i].type);
        strbuf_add_i16(out, fields[i].typlen);
        strbuf_add_i32(out, fields[i].typmod);
        strbuf_add_i16(out, fields[i].format);
    }
    reply_end(out, start);
}

static void reply_command_complete(void *host, const char *tag)
{
    struct strbuf *out = reply_out(host);
    size_t start = reply_begin(out, 'C');
    reply_string(out, tag);
    reply_end(out, start);
}

static void reply_field(struct strbuf *out, char code, const char *value)
{
    if (!value)
        return;
    strbuf_addc(out, code);
    reply_string(out, value);
}

static void reply_number_field(struct strbuf *out, char code, int value)
{
    char text[16];
    if (value <= 0)
        return;
    snprintf(text, sizeof(text), "%d", value);
    reply_field(out, code, text);
}

/* ErrorResponse or NoticeResponse, fields in PostgreSQL's order. */
static void reply_report(struct strbuf *out, char type, const struct error *err)
{
    size_t start = reply_begin(out, type);
    const char *severity = error_severity_name(err->severity);
    reply_field(out, 'S', severity);
    reply_field(out, 'V', severity);
    reply_field(out, 'C', err->sqlstate);
    reply_field(out, 'M', err->message ? err->message : "missing error text");
    reply_field(out, 'D', err->detail);
    reply_field(out, 'H', err->hint);
    reply_field(out, 'W', err->context);
    reply_field(out, 's', err->schema);
    reply_field(out, 't', err->table);
    reply_field(out, 'c', err->column);
    reply_field(out, 'd', err->datatype);
    reply_field(out, 'n', err->constraint);
    reply_number_field(out, 'P', err->position);
    reply_number_field(out, 'p', err->internal_position);
    reply_field(out, 'q', err->internal_query);
    reply_field(out, 'R', err->routine);
    strbuf_addc(out, 0);
    reply_end(out, start);
}

/* A report is pushed at once, as PostgreSQL does: the client may wait for it in the middle of a
   pipeline, or watch the progress of a long statement. */
static void reply_push(struct connection *c)
{
    c->push = true;
    if (c->state == CONNECTION_WORKER)
        connection_send(c);
}

static void reply_error(void *host, const struct error *err)
{
    reply_report(reply_out(host), 'E', err);
    reply_push(host);
}

static void reply_notice(void *host, const struct error *err)
{
    reply_report(reply_out(host), 'N', err);
    reply_push(host);
}

static void reply_parameter_status(void *host, const char *name, const char *value)
{
    struct strbuf *out = reply_out(host);
    size_t start = reply_begin(out, 'S');
    reply_string(out, name);
    reply_string(out, value);
    reply_end(out, start);
}

static void reply_notification(void *host, int32_t pid, const char *channel, const char *payload)
{
    struct strbuf *out = reply_out(host);
    size_t start = reply_begin(out, 'A');
    strbuf_add_i32(out, pid);
    reply_string(out, channel);
    reply_string(out, payload);
    reply_end(out, start);
}

static void reply_copy(void *host, char type, int format, const int16_t *formats, int n)
{
    struct strbuf *out = reply_out(host);
    size_t start = reply_begin(out, type);
    strbuf_addc(out, (char)format);
    strbuf_add_i16(out, (int16_t)n);
    for (int i = 0; i < n; i++)
        strbuf_add_i16(out, formats[i]);
    reply_end(out, start);
}

static void reply_copy_in(void *host, int format, const int16_t *formats, int n)
{
    reply_copy(host, 'G', format, formats, n);
}

static void reply_copy_out(void *host, int format, const int16_t *formats, int n)
{
    reply_copy(host, 'H', format, formats, n);
}

static void reply_function_result(void *host, const void *bytes, int n)
{
    struct strbuf *out = reply_out(host);
    size_t start = reply_begin(out, 'V');
    strbuf_add_i32(out, n < 0 ? -1 : n);
    if (n > 0)
        strbuf_add(out, bytes, (size_t)n);
    reply_end(out, start);
}

static void reply_wake(void *host)
{
    struct connection *c = host;
    loop_post(c->loop, c, LOOP_MAIL_WAKE);
}

void reply_init(struct pg_reply *r, struct connection *c)
{
    *r = (struct pg_reply){
        .host = c,
        .out = &c->out,
        .parse_complete = reply_parse_complete,
        .bind_complete = reply_bind_complete,
        .close_complete = reply_close_complete,
        .no_data = reply_no_data,
        .portal_suspended = reply_portal_suspended,
        .empty_query = reply_empty_query,
        .parameter_description = reply_parameter_description,
        .row_description = reply_row_description,
        .command_complete = reply_command_complete,
        .error = reply_error,
        .notice = reply_notice,
        .parameter_status = reply_parameter_status,
        .notification = reply_notification,
        .copy_in = reply_copy_in,
        .copy_out = reply_copy_out,
        .copy_done = reply_copy_done,
        .function_result = reply_function_result,
        .wake = reply_wake,
    };
}

void reply_authentication(struct strbuf *out, enum reply_auth kind, const void *p, size_t n)
{
    size_t start = reply_begin(out, 'R');
    strbuf_add_i32(out, (int32_t)kind);
    strbuf_add(out, p, n);
    reply_end(out, start);
}

void reply_backend_key(struct strbuf *out, int32_t pid, int32_t key)
{
    size_t start = reply_begin(out, 'K');
    strbuf_add_i32(out, pid);
    strbuf_add_i32(out, key);
    reply_end(out, start);
}

void reply_ready(struct strbuf *out, char status)
{
    size_t start = reply_begin(out, 'Z');
    strbuf_addc(out, status);
    reply_end(out, start);
}

void reply_negotiate(struct strbuf *out, const char *const *options, int n)
{
    size_t start = reply_begin(out, 'v');
    strbuf_add_i32(out, 3 << 16);
    strbuf_add_i32(out, n);
    for (int i = 0; i < n; i++)
        reply_string(out, options[i]);
    reply_end(out, start);
}
