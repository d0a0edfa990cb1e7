/*
 * copy_out.c: COPY TO STDOUT: the rows of a table or query as CopyData messages, streaming with
 * back-pressure; COPY TO a file on the server: the same bytes without the messages.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/emit/emit.h"
#include "sql/session/copy.h"
#include "sql/types/encoding.h"

struct copy_out {
    struct row_sink sink;
    struct pg_session *s;
    struct copy_options options;
    const struct type_def **types;
    int n;
    struct arena *row;
    bool to_file;
    int fd;
    struct strbuf file; /* bytes on the way to fd */
};

#define COPY_FILE_CHUNK (64 * 1024)

/* --- fields ----------------------------------------------------------------------------------- */

static void out_text(struct strbuf *out, const struct copy_options *o, const char *p, size_t n)
{
    static const char bytes[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";
    for (size_t i = 0; i < n; i++) {
        const char *at = p[i] ? strchr(bytes, p[i]) : NULL;
        if (at || p[i] == o->delimiter)
            strbuf_addc(out, '\\');
        strbuf_addc(out, at ? letters[at - bytes] : p[i]);
    }
}

static void out_csv(struct strbuf *out, const struct copy_options *o, const char *p, size_t n,
                    bool force, bool single)
{
    bool quote = force || (strlen(o->null) == n && !memcmp(o->null, p, n)) ||
                 (single && n == 2 && !memcmp(p, "\\.", 2));
    for (size_t i = 0; i < n && !quote; i++)
        quote = p[i] == o->delimiter || p[i] == o->quote || p[i] == '\n' || p[i] == '\r';
    if (!quote) {
        strbuf_add(out, p, n);
        return;
    }
    strbuf_addc(out, o->quote);
    for (size_t i = 0; i < n; i++) {
        if (p[i] == o->quote || p[i] == o->escape)
            strbuf_addc(out, o->escape);
        strbuf_addc(out, p[i]);
    }
    strbuf_addc(out, o->quote);
}

static bool out_field(struct copy_out *c, struct strbuf *out, int i, const struct value *v,
                      struct error *err)
{
    const struct copy_options *o = &c->options;
    struct value bytes;
    if (o->format == COPY_BINARY) {
        if (value_is_null(v)) {
            strbuf_add_i32(out, -1);
            return true;
        }
        if (!type_send(c->types[i], v, &c->s->eval, c->row, err, &bytes))
            return false;
        strbuf_add_i32(out, (int32_t)bytes.n);
        strbuf_add(out, bytes.p, bytes.n);
        return true;
    }
    if (i)
        strbuf_addc(out, o->delimiter);
    if (value_is_null(v)) {
        strbuf_addz(out, o->null);
        return true;
    }
    if (!type_output(c->types[i], v, &c->s->eval, c->row, err, &bytes))
        return false;
    if (o->format == COPY_CSV)
        out_csv(out, o, bytes.p, bytes.n, o->force_quote && o->force_quote[i], c->n == 1);
    else
        out_text(out, o, bytes.p, bytes.n);
    return true;
}

/* --- messages --------------------------------------------------------------------------------- */

static struct strbuf *out_buffer(struct copy_out *c)
{
    return c->to_file ? &c->file : c->s->reply.out;
}

static size_t message_begin(struct copy_out *c)
{
    size_t start = out_buffer(c)->len;
    if (!c->to_file)
        strbuf_add(out_buffer(c), "d\0\0\0", 5);
    return start;
}

static void message_end(struct copy_out *c, size_t start)
{
    struct strbuf *out = out_buffer(c);
    if (!c->to_file)
        strbuf_put_i32(out, start + 1, (int32_t)(out->len - start - 1));
}

/* The text of a row, from its place in the buffer on, in the character set asked for. */
static bool out_convert(struct copy_out *c, struct strbuf *out, size_t from, struct error *err)
{
    struct slice text = {out->data + from, out->len - from};
    if (c->options.encoding == ENCODING_UTF8 || c->options.format == COPY_BINARY)
        return true;
    if (!encoding_convert(c->row, err, text, ENCODING_UTF8, c->options.encoding, &text))
        return false;
    out->len = from;
    strbuf_add(out, text.p, text.n);
    return true;
}

static bool out_row(void *arg, const struct value *cells, struct error *err)
{
    struct copy_out *c = arg;
    struct strbuf *out = out_buffer(c);
    size_t start = message_begin(c);
    if (c->options.format == COPY_BINARY)
        strbuf_add_i16(out, (int16_t)c->n);
    for (int i = 0; i < c->n; i++)
        if (!out_field(c, out, i, &cells[i], err)) {
            out->len = start;
            return false;
        }
    if (c->options.format != COPY_BINARY)
        strbuf_addc(out, '\n');
    if (!out_convert(c, out, start + (c->to_file ? 0 : 5), err)) {
        out->len = start;
        return false;
    }
    message_end(c, start);
    arena_reset(c->row);
    return !c->to_file || out->len < COPY_FILE_CHUNK || copy_file_write(c->s, c->fd, out);
}

static bool out_full(void *arg)
{
    struct copy_out *c = arg;
    return !c->to_file && c->s->reply.out->len > LIMIT_OUTPUT_HIGH;
}

static void out_header(struct copy_out *c, const struct portal *p)
{
    struct strbuf *out = out_buffer(c);
    size_t start = message_begin(c);
    if (c->options.format == COPY_BINARY) {
        strbuf_add(out, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    } else {
        for (int i = 0; i < p->nfields; i++) {
            if (i)
                strbuf_addc(out, c->options.delimiter);
            const char *name = p->fields[i].name;
            if (c->options.format == COPY_CSV)
                out_csv(out, &c->options, name, strlen(name), false, p->nfields == 1);
            else
                out_text(out, &c->options, name, strlen(name));
        }
        strbuf_addc(out, '\n');
    }
    message_end(c, start);
}

/* --- the statement ---------------------------------------------------------------------------- */

static struct plan *out_plan(struct pg_session *s, struct portal *p, const struct utility *u)
{
    if (u->copy.query)
        return session_plan_inner(s, p->plan, u->copy.query, p->plan->program->params,
                                  p->plan->program->nparams);
    const struct relation *r = session_relation(s, &u->copy.table);
    if (!r)
        return NULL;
    if (r->kind != RELKIND_TABLE && !(r->kind == RELKIND_MATVIEW)) {
        const char *what = r->kind == RELKIND_VIEW       ? "view"
                           : r->kind == RELKIND_PARTITIONED ? "partitioned table"
                           : r->kind == RELKIND_SEQUENCE ? "sequence"
                                                         : "non-table relation";
        error_set(&s->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot copy from %s \"%s\"", what, r->name);
        if (r->kind == RELKIND_VIEW || r->kind == RELKIND_PARTITIONED)
            error_hint(&s->err, "Try the COPY (SELECT ...) TO variant.");
        return NULL;
    }
    struct strbuf sql = {0};
    strbuf_addz(&sql, "SELECT ");
    int n = 0;
    for (int i = 0; i < (u->copy.ncolumns ? u->copy.ncolumns : r->natts); i++) {
        const struct attribute *at = &r->atts[u->copy.ncolumns ? 0 : i];
        if (!u->copy.ncolumns && (at->dropped || at->generated || at->hidden))
            continue;
        if (n++)
            strbuf_addz(&sql, ", ");
        emit_identifier(&sql, u->copy.ncolumns ? u->copy.columns[i] : at->name);
    }
    strbuf_addz(&sql, " FROM ONLY ");
    copy_target(&sql, u);
    struct plan *plan = session_plan_text(s, sql.data, NULL, 0);
    strbuf_free(&sql);
    return plan;
}

static bool out_begin(struct pg_session *s, struct portal *p, const struct utility *u)
{
    struct plan *plan = out_plan(s, p, u);
    p->inner = plan ? session_portal(s, "", plan) : NULL;
    if (!p->inner)
        return false;
    struct portal *rows = p->inner;
    rows->params = p->params;
    struct copy_out *c = ARENA_NEW(p->arena, struct copy_out);
    const struct error *denied = rows->plan->program->denied;
    if (denied) { /* before the client is told that rows come */
        error_copy(&s->err, denied);
        return false;
    }
    const char **names = ARENA_ARRAY(p->arena, const char *, rows->nfields + 1);
    for (int i = 0; i < rows->nfields; i++)
        names[i] = rows->fields[i].name;
    *c = (struct copy_out){.s = s, .types = rows->types, .n = rows->nfields};
    c->sink = (struct row_sink){.row = out_row, .full = out_full, .arg = c};
    p->task = c;
    return copy_options_read(s, p, u, names, rows->nfields, &c->options);
}

/* What comes before the rows; the file is made here. */
static bool out_start(struct copy_out *c, struct portal *p, const struct utility *u)
{
    struct pg_session *s = c->s;
    const struct portal *rows = p->inner;
    int16_t *formats = ARENA_ARRAY(s->arena, int16_t, rows->nfields + 1);
    int format = c->options.format == COPY_BINARY;
    c->to_file = u->copy.file != NULL;
    if (c->to_file) {
        if ((c->fd = copy_file_open(s, u)) < 0)
            return false;
    } else {
        for (int i = 0; i < rows->nfields; i++)
            formats[i] = (int16_t)format;
        s->reply.copy_out(s->reply.host, format, formats, rows->nfields);
    }
    if (c->options.header || format)
        out_header(c, rows);
    return p->described = true;
}

/* What comes behind them. */
static bool out_finish(struct copy_out *c)
{
    if (c->options.format == COPY_BINARY) {
        size_t start = message_begin(c);
        strbuf_add_i16(out_buffer(c), -1);
        message_end(c, start);
    }
    if (c->to_file)
        return copy_file_write(c->s, c->fd, &c->file);
    c->s->reply.copy_done(c->s->reply.host);
    return true;
}

/* The file is closed, whatever came of it. */
static bool out_close(struct copy_out *c, const struct utility *u)
{
    strbuf_free(&c->file);
    return !c->to_file || copy_file_close(c->s, u->copy.file, c->fd);
}

enum portal_result copy_out_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    if (!s->on_worker)
        return PORTAL_WAIT_WORKER;
    if (!p->task && !out_begin(s, p, u))
        return PORTAL_FAILED;
    struct copy_out *c = p->task;
    struct portal *rows = p->inner;
    if (!p->described && !out_start(c, p, u))
        return PORTAL_FAILED;
    c->row = arena_create();
    enum portal_result r = session_run(s, rows, &c->sink, 0);
    arena_destroy(c->row);
    if (r == PORTAL_FINISHED && !out_finish(c))
        r = PORTAL_FAILED;
    if ((r == PORTAL_FINISHED || r == PORTAL_FAILED) && !out_close(c, u))
        r = PORTAL_FAILED;
    if (r != PORTAL_FINISHED)
        return r;
    p->tag = arena_printf(p->arena, "COPY %" PRIu64, rows->count);
    portal_destroy(rows, &s->txn);
    p->inner = NULL;
    return PORTAL_FINISHED;
}
