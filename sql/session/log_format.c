/* log_format.c: see log_format.h. */
#include "sql/session/log_format.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EPOCH_2000 946684800 /* Unix seconds */

enum { TIME_TEXT = 64, SESSION_TEXT = 40 };

/* "2026-11-28 12:54:46.031 UTC", or without the milliseconds. */
static const char *time_text(char buf[TIME_TEXT], const struct log_style *style, int64_t t, bool milliseconds)
{
    int64_t seconds = t / 1000000 + EPOCH_2000;
    struct timezone_moment m = {.abbrev = "UTC"};
    if (style->zone)
        m = timezone_at(style->zone, seconds);
    time_t local = (time_t)(seconds + m.offset);
    struct tm tm;
    gmtime_r(&local, &tm);
    size_t n = strftime(buf, TIME_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
    if (milliseconds)
        n += (size_t)snprintf(buf + n, TIME_TEXT - n, ".%03d", (int)(t % 1000000 / 1000));
    snprintf(buf + n, TIME_TEXT - n, " %s", m.abbrev);
    return buf;
}

/* When the session began and its pid, in hexadecimal. */
static const char *session_text(char buf[SESSION_TEXT], const struct log_source *s)
{
    snprintf(buf, SESSION_TEXT, "%llx.%x", (unsigned long long)(s->start / 1000000 + EPOCH_2000), (unsigned)s->pid);
    return buf;
}

/* --- lines -------------------------------------------------------------------------------------------------- */

/* What an escape of log_line_prefix stands for; NULL: nothing. Escapes that need a session are empty without one, as are unknown ones. */
static const char *escape_text(char c, char *buf, size_t n, const struct log_style *style, const struct log_entry *e)
{
    const struct log_source *s = e->source;
    bool session = s->host != NULL;
    switch (c) {
    case 'a':
        return session ? s->application ? s->application : "[unknown]" : NULL;
    case 'u':
        return session ? s->user ? s->user : "[unknown]" : NULL;
    case 'd':
        return session ? s->database ? s->database : "[unknown]" : NULL;
    case 'h':
        return s->host;
    case 'r':
        if (!session || s->port < 0)
            return s->host;
        snprintf(buf, n, "%s(%d)", s->host, s->port);
        return buf;
    case 'b':
        return s->backend_type;
    case 'p':
        snprintf(buf, n, "%d", s->pid);
        return buf;
    case 't':
        return time_text(buf, style, e->time, false);
    case 'm':
        return time_text(buf, style, e->time, true);
    case 'n':
        snprintf(buf, n, "%lld.%03d", (long long)(e->time / 1000000 + EPOCH_2000), (int)(e->time % 1000000 / 1000));
        return buf;
    case 'i':
        return session ? s->tag : NULL;
    case 'e':
        return *e->error->sqlstate ? e->error->sqlstate : "00000";
    case 'c':
        return session_text(buf, s);
    case 'l':
        snprintf(buf, n, "%llu", (unsigned long long)s->line);
        return buf;
    case 's':
        return time_text(buf, style, s->start, false);
    case 'v':
        snprintf(buf, n, "%d/%d", s->pid, s->in_transaction);
        return session ? buf : NULL;
    case 'x':
        snprintf(buf, n, "%llu", (unsigned long long)s->xid);
        return buf;
    case 'Q':
        return "0";
    default:
        return NULL;
    }
}

/* A text in a field of so many characters, at the left end if negative. */
static void add_padded(struct strbuf *out, const char *text, int width)
{
    int room = abs(width) - (int)strlen(text ? text : "");
    for (int i = 0; width > 0 && i < room; i++)
        strbuf_addc(out, ' ');
    strbuf_addz(out, text ? text : "");
    for (int i = 0; width < 0 && i < room; i++)
        strbuf_addc(out, ' ');
}

static void add_prefix(struct strbuf *out, const struct log_style *style, const struct log_entry *e)
{
    enum { WIDEST = 1000 };
    char buf[200];
    for (const char *p = style->prefix; *p; p++) {
        if (*p != '%') {
            strbuf_addc(out, *p);
            continue;
        }
        bool left = *++p == '-';
        int width = 0;
        for (p += left; isdigit((unsigned char)*p); p++)
            width = width < WIDEST ? width * 10 + *p - '0' : width;
        if (!*p)
            return;
        if (*p == '%')
            strbuf_addc(out, '%');
        else if (*p == 'q' && !e->source->host)
            return;
        else if (*p != 'q')
            add_padded(out, escape_text(*p, buf, sizeof(buf), style, e), left ? -width : width);
    }
}

/* Lines after the first begin with a tab. */
static void add_tabbed(struct strbuf *out, const char *p, size_t n)
{
    for (size_t line; n > 0; p += line, n -= line) {
        const char *end = memchr(p, '\n', n);
        line = end ? (size_t)(end - p) + 1 : n;
        strbuf_add(out, p, line);
        if (end)
            strbuf_addc(out, '\t');
    }
}

static void add_field(struct strbuf *out, const struct log_style *style, const struct log_entry *e, const char *label, struct slice text)
{
    if (!text.p)
        return;
    add_prefix(out, style, e);
    strbuf_printf(out, "%s:  ", label);
    add_tabbed(out, text.p, text.n);
    strbuf_addc(out, '\n');
}

static struct slice text_or_none(const char *text)
{
    return text ? slice_of(text) : (struct slice){NULL, 0};
}

static int entry_position(const struct error *err)
{
    return err->position ? err->position : err->internal_position;
}

void log_format_text(struct strbuf *out, const struct log_style *style, const struct log_entry *e)
{
    const struct error *err = e->error;
    add_prefix(out, style, e);
    strbuf_printf(out, "%s:  ", e->severity);
    if (style->verbosity == LOG_VERBOSE)
        strbuf_printf(out, "%s: ", *err->sqlstate ? err->sqlstate : "00000");
    add_tabbed(out, err->message, strlen(err->message));
    if (entry_position(err) > 0)
        strbuf_printf(out, " at character %d", entry_position(err));
    strbuf_addc(out, '\n');
    if (style->verbosity > LOG_TERSE) {
        add_field(out, style, e, "DETAIL", text_or_none(err->detail));
        add_field(out, style, e, "HINT", text_or_none(err->hint));
        add_field(out, style, e, "QUERY", text_or_none(err->internal_query));
        add_field(out, style, e, "CONTEXT", text_or_none(err->context));
    }
    add_field(out, style, e, "STATEMENT", e->statement);
}

/* --- CSV ---------------------------------------------------------------------------------------------------- */

static void csv_quoted(struct strbuf *out, struct slice text)
{
    if (text.p) {
        strbuf_addc(out, '"');
        for (size_t i = 0; i < text.n; i++) {
            if (text.p[i] == '"')
                strbuf_addc(out, '"');
            strbuf_addc(out, text.p[i]);
        }
        strbuf_addc(out, '"');
    }
    strbuf_addc(out, ',');
}

static void csv_text(struct strbuf *out, const char *text)
{
    csv_quoted(out, text_or_none(text));
}

static void csv_position(struct strbuf *out, int position)
{
    if (position > 0)
        strbuf_printf(out, "%d", position);
    strbuf_addc(out, ',');
}

static void csv_source(struct strbuf *out, const struct log_style *style, const struct log_source *s)
{
    char buf[TIME_TEXT + 200], id[SESSION_TEXT];
    csv_text(out, s->user);
    csv_text(out, s->database);
    strbuf_printf(out, "%d,", s->pid);
    snprintf(buf, sizeof(buf), s->port < 0 ? "%s" : "%s:%d", s->host ? s->host : "", s->port);
    csv_text(out, s->host ? buf : NULL);
    strbuf_printf(out, "%s,%llu,", session_text(id, s), (unsigned long long)s->line);
    csv_text(out, s->host ? s->tag : NULL);
    strbuf_printf(out, "%s,", time_text(buf, style, s->start, false));
    if (s->host)
        strbuf_printf(out, "%d/%d", s->pid, s->in_transaction);
    strbuf_printf(out, ",%llu,", (unsigned long long)s->xid);
}

void log_format_csv(struct strbuf *out, const struct log_style *style, const struct log_entry *e)
{
    const struct error *err = e->error;
    bool more = style->verbosity > LOG_TERSE;
    char buf[TIME_TEXT];
    strbuf_printf(out, "%s,", time_text(buf, style, e->time, true));
    csv_source(out, style, e->source);
    strbuf_printf(out, "%s,%s,", e->severity, *err->sqlstate ? err->sqlstate : "00000");
    csv_text(out, err->message);
    csv_text(out, more ? err->detail : NULL);
    csv_text(out, more ? err->hint : NULL);
    csv_text(out, err->internal_query);
    csv_position(out, err->internal_query ? err->internal_position : 0);
    csv_text(out, more ? err->context : NULL);
    csv_quoted(out, e->statement);
    csv_position(out, e->statement.p ? err->position : 0);
    strbuf_addc(out, ','); /* location: a place in PostgreSQL's source */
    csv_text(out, e->source->application ? e->source->application : "");
    csv_text(out, e->source->backend_type);
    strbuf_addz(out, ",0\n"); /* no leader of parallel workers, no query identifier */
}

/* --- JSON --------------------------------------------------------------------------------------------------- */

static void json_quoted(struct strbuf *out, struct slice text)
{
    static const char letters[] = "btnvfr";
    strbuf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c >= '\b' && c <= '\r' && c != '\v')
            strbuf_printf(out, "\\%c", letters[c - '\b']);
        else if (c < ' ')
            strbuf_printf(out, "\\u%04x", c);
        else
            strbuf_addc(out, (char)c);
    }
    strbuf_addc(out, '"');
}

static void json_slice(struct strbuf *out, const char *key, struct slice text)
{
    if (!text.p)
        return;
    strbuf_printf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", key);
    json_quoted(out, text);
}

static void json_text(struct strbuf *out, const char *key, const char *text)
{
    json_slice(out, key, text_or_none(text));
}

static void json_number(struct strbuf *out, const char *key, unsigned long long n)
{
    strbuf_printf(out, ",\"%s\":%llu", key, n);
}

static void json_source(struct strbuf *out, const struct log_style *style, const struct log_source *s)
{
    char buf[TIME_TEXT], id[SESSION_TEXT];
    json_text(out, "user", s->user);
    json_text(out, "dbname", s->database);
    json_number(out, "pid", (unsigned)s->pid);
    json_text(out, "remote_host", s->host);
    if (s->host && s->port >= 0)
        json_number(out, "remote_port", (unsigned)s->port);
    json_text(out, "session_id", session_text(id, s));
    json_number(out, "line_num", s->line);
    json_text(out, "ps", s->host ? s->tag : NULL);
    json_text(out, "session_start", time_text(buf, style, s->start, false));
    snprintf(id, sizeof(id), "%d/%d", s->pid, s->in_transaction);
    json_text(out, "vxid", s->host ? id : NULL);
    json_number(out, "txid", s->xid);
}

void log_format_json(struct strbuf *out, const struct log_style *style, const struct log_entry *e)
{
    const struct error *err = e->error;
    bool more = style->verbosity > LOG_TERSE;
    char buf[TIME_TEXT];
    strbuf_addc(out, '{');
    json_text(out, "timestamp", time_text(buf, style, e->time, true));
    json_source(out, style, e->source);
    json_text(out, "error_severity", e->severity);
    json_text(out, "state_code", *err->sqlstate && strcmp(err->sqlstate, ERRCODE_SUCCESSFUL_COMPLETION) != 0 ? err->sqlstate : NULL);
    json_text(out, "message", err->message);
    json_text(out, "detail", more ? err->detail : NULL);
    json_text(out, "hint", more ? err->hint : NULL);
    json_text(out, "internal_query", err->internal_query);
    if (err->internal_query && err->internal_position > 0)
        json_number(out, "internal_position", (unsigned)err->internal_position);
    json_text(out, "context", more ? err->context : NULL);
    json_slice(out, "statement", e->statement);
    if (e->statement.p && err->position > 0)
        json_number(out, "cursor_position", (unsigned)err->position);
    json_text(out, "application_name", e->source->application && *e->source->application ? e->source->application : NULL);
    json_text(out, "backend_type", e->source->backend_type);
    strbuf_addz(out, ",\"query_id\":0}\n");
}
