/*
 * client_encoding.c: the setting client_encoding at work. The server knows UTF8 only: texts of statements and parameters are converted when
 * a message comes in (extended.c, simple.c), rows where they are written (exec/row.c, copy_out.c), all other answers here: the session's
 * reply is a layer over the network's. In messages what the client's character set lacks becomes '?', as errors must arrive.
 */
#include "sql/session/client_encoding.h"

#include <string.h>

#include "sql/base/arena.h"
#include "sql/session/guc.h"

int client_encoding(struct pg_session *s)
{
    static int setting = -1; /* asked for each message */
    if (setting < 0)
        setting = guc_find("client_encoding");
    const char *value = guc_get(&s->gucs, setting);
    if (!value || strcmp(value, "UTF8") == 0)
        return ENCODING_UTF8;
    int number = encoding_number(slice_of(value));
    return number <= 0 ? ENCODING_UTF8 : number; /* SQL_ASCII: bytes as they are */
}

bool client_decode(struct pg_session *s, const char *p, size_t n, struct arena *arena, struct slice *out)
{
    int from = client_encoding(s);
    *out = (struct slice){p, n};
    return from == ENCODING_UTF8 ? utf8_verify(p, n, &s->err)
                                 : encoding_convert(arena, &s->err, *out, from, ENCODING_UTF8, out) && utf8_verify(out->p, out->n, &s->err);
}

/* --- answers --------------------------------------------------------------------------------------------- */

/* One text for the client; what cannot be said becomes '?'. */
static const char *shown(struct arena *a, int to, const char *text)
{
    struct error ignored;
    struct slice out;
    error_init(&ignored, a);
    if (!text || encoding_convert(a, &ignored, slice_of(text), ENCODING_UTF8, to, &out))
        return text ? arena_strndup(a, out.p, out.n) : NULL;
    char *ascii = arena_strdup(a, text), *end = ascii;
    for (const char *p = text; *p; p++)
        if (!((unsigned char)*p & 0x80))
            *end++ = *p;
        else if (((unsigned char)*p & 0xc0) == 0xc0)
            *end++ = '?';
    *end = 0;
    return ascii;
}

#define NET(s) (s)->network.host

#define FORWARD(name)                       \
    static void out_##name(void *host)      \
    {                                       \
        struct pg_session *s = host;        \
        s->network.name(NET(s));            \
    }
FORWARD(parse_complete)
FORWARD(bind_complete)
FORWARD(close_complete)
FORWARD(no_data)
FORWARD(portal_suspended)
FORWARD(empty_query)
FORWARD(copy_done)
FORWARD(wake)

static void out_parameter_description(void *host, const uint32_t *types, int n)
{
    struct pg_session *s = host;
    s->network.parameter_description(NET(s), types, n);
}

static void out_row_description(void *host, const struct pg_field *fields, int n)
{
    struct pg_session *s = host;
    int to = client_encoding(s);
    if (to == ENCODING_UTF8) {
        s->network.row_description(NET(s), fields, n);
        return;
    }
    struct arena *a = arena_create();
    struct pg_field *copy = ARENA_ARRAY(a, struct pg_field, n + 1);
    for (int i = 0; i < n; i++) {
        copy[i] = fields[i];
        copy[i].name = shown(a, to, fields[i].name);
    }
    s->network.row_description(NET(s), copy, n);
    arena_destroy(a);
}

static void out_command_complete(void *host, const char *tag)
{
    struct pg_session *s = host;
    s->network.command_complete(NET(s), tag);
}

static void report(struct pg_session *s, const struct error *err, void (*to_client)(void *host, const struct error *err))
{
    int to = client_encoding(s);
    if (to == ENCODING_UTF8) {
        to_client(NET(s), err);
        return;
    }
    struct arena *a = arena_create();
    struct error e = *err;
    const char **texts[] = {&e.message, &e.detail, &e.hint, &e.context, &e.schema, &e.table, &e.column, &e.datatype, &e.constraint,
                            &e.internal_query};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = shown(a, to, *texts[i]);
    to_client(NET(s), &e);
    arena_destroy(a);
}

static void out_error(void *host, const struct error *err)
{
    report(host, err, ((struct pg_session *)host)->network.error);
}

static void out_notice(void *host, const struct error *err)
{
    report(host, err, ((struct pg_session *)host)->network.notice);
}

static void out_parameter_status(void *host, const char *name, const char *value)
{
    struct pg_session *s = host;
    int to = client_encoding(s);
    struct arena *a = to == ENCODING_UTF8 ? NULL : arena_create();
    s->network.parameter_status(NET(s), name, a ? shown(a, to, value) : value);
    if (a)
        arena_destroy(a);
}

static void out_notification(void *host, int32_t pid, const char *channel, const char *payload)
{
    struct pg_session *s = host;
    int to = client_encoding(s);
    struct arena *a = to == ENCODING_UTF8 ? NULL : arena_create();
    s->network.notification(NET(s), pid, a ? shown(a, to, channel) : channel, a ? shown(a, to, payload) : payload);
    if (a)
        arena_destroy(a);
}

static void out_copy_in(void *host, int format, const int16_t *formats, int n)
{
    struct pg_session *s = host;
    s->network.copy_in(NET(s), format, formats, n);
}

static void out_copy_out(void *host, int format, const int16_t *formats, int n)
{
    struct pg_session *s = host;
    s->network.copy_out(NET(s), format, formats, n);
}

static void out_function_result(void *host, const void *bytes, int n)
{
    struct pg_session *s = host;
    s->network.function_result(NET(s), bytes, n);
}

void client_encoding_install(struct pg_session *s, const struct pg_reply *reply)
{
    s->network = *reply;
    s->reply = (struct pg_reply){.host = s,
                                 .out = reply->out,
                                 .parse_complete = out_parse_complete,
                                 .bind_complete = out_bind_complete,
                                 .close_complete = out_close_complete,
                                 .no_data = out_no_data,
                                 .portal_suspended = out_portal_suspended,
                                 .empty_query = out_empty_query,
                                 .parameter_description = out_parameter_description,
                                 .row_description = out_row_description,
                                 .command_complete = out_command_complete,
                                 .error = out_error,
                                 .notice = out_notice,
                                 .parameter_status = out_parameter_status,
                                 .notification = out_notification,
                                 .copy_in = out_copy_in,
                                 .copy_out = out_copy_out,
                                 .copy_done = out_copy_done,
                                 .function_result = out_function_result,
                                 .wake = out_wake};
}
