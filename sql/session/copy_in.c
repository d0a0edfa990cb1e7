/*
 * copy_in.c: COPY FROM STDIN or from a file on the server. The rows go through the plan of an INSERT (copy_in_plan.c), so
 * defaults, constraints and indexes are those of any INSERT; one prepared statement, bound and stepped once a row. Plans of
 * several steps (partitioned tables) run as a nested statement for each row.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/emit/emit.h"
#include "sql/exec/constraint.h"
#include "sql/exec/spi.h"
#include "sql/plan/row_security.h"
#include "sql/session/copy_in.h"
#include "sql/session/cursor.h"
#include "sql/types/encoding.h"

void copy_in_free(struct copy_in *c)
{
    if (!c)
        return;
    if (c->stmt)
        connection_stmt_release(c->connection, c->stmt);
    if (c->connection && c->insert)
        connection_keys_off(c->connection, c->keys_were_off);
    if (c->job)
        modify_end(c->job, NULL);
    rowset_destroy(c->source);
    after_queue_free(&c->after);
    plan_unref(c->insert);
    arena_destroy(c->row);
    strbuf_free(&c->pending);
    free(c);
}

/* Asks the client for the data, which copy_in_data takes as it comes. */
static enum portal_result copy_in_ask(struct pg_session *s, struct copy_in *c)
{
    int16_t *formats = ARENA_ARRAY(s->arena, int16_t, c->ncolumns + 1);
    int format = c->options.format == COPY_BINARY;
    for (int i = 0; i < c->ncolumns; i++)
        formats[i] = (int16_t)format;
    s->reply.copy_in(s->reply.host, format, formats, c->ncolumns);
    s->copy_task = s->task;
    s->task = TASK_COPY_IN;
    return PORTAL_WAIT_COPY;
}

static struct modify_env copy_in_env(struct pg_session *s, struct copy_in *c)
{
    return (struct modify_env){.txn = &s->txn, .control = &s->control, .connection = c->connection};
}

static bool copy_in_begin_job(struct pg_session *s, struct copy_in *c)
{
    const struct step *st = &c->insert->program->steps[1];
    struct modify_env env = copy_in_env(s, c);
    struct error own;
    error_init(&own, s->arena);
    c->job = modify_begin(&env, c->insert, st, NULL, &own);
    c->source = rowset_create(c->insert->program->steps[0].ncolumns);
    error_copy(&s->err, &own);
    connection_attach(c->connection, &s->eval, &s->control, s->arena);
    return c->job != NULL;
}

/* AFTER triggers, behind the last row. */
static void copy_in_end_job(struct pg_session *s, struct copy_in *c)
{
    if (!c->job || error_is_set(&s->err))
        return;
    struct modify_env env = copy_in_env(s, c);
    struct error own;
    error_init(&own, s->arena);
    modify_end(c->job, &c->after);
    c->job = NULL;
    after_fire(&env, &c->after, &own);
    error_copy(&s->err, &own);
}

static void copy_in_consume(struct pg_session *s, struct copy_in *c, bool last);

/* The whole data from a file, on this thread. */
static enum portal_result copy_in_file(struct pg_session *s, struct copy_in *c, const struct utility *u)
{
    char buffer[64 * 1024];
    int64_t n = 1;
    int fd = copy_file_open(s, u);
    while (fd >= 0 && n > 0 && !c->ended && !error_is_set(&s->err)) {
        n = copy_file_read(s, fd, buffer, sizeof(buffer));
        if (n > 0)
            strbuf_add(&c->pending, buffer, (size_t)n);
        if (c->pending.len > LIMIT_VALUE_BYTES)
            error_set(&s->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a row of COPY data is too long");
        if (n >= 0)
            copy_in_consume(s, c, n == 0);
    }
    if (fd >= 0)
        copy_file_close(s, u->copy.file, fd);
    copy_in_end_job(s, c);
    c->portal->utility_done = true;
    c->portal->tag = arena_printf(c->portal->arena, "COPY %" PRIu64, c->rows);
    s->copy = NULL;
    copy_in_free(c);
    return error_is_set(&s->err) ? PORTAL_FAILED : PORTAL_FINISHED;
}

enum portal_result copy_in_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    if (u->copy.file && !s->on_worker)
        return PORTAL_WAIT_WORKER;
    enum portal_result r = session_acquire_write(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    struct copy_in *c = calloc(1, sizeof(*c));
    if (!c)
        log_fatal("out of memory");
    c->portal = p;
    c->row = arena_create();
    c->connection = p->connection;
    p->connection = NULL;
    s->copy = c;
    const struct relation *t = copy_in_table(s, p, u, c);
    if (t && !copy_in_permitted(s, t, u, c))
        t = NULL;
    if (t && row_security_active(s->snapshot, t, s->role)) {
        error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY FROM not supported with row-level security");
        error_hint(&s->err, "Use INSERT statements instead.");
        t = NULL;
    }
    bool ok = t && copy_options_read(s, p, u, c->columns, c->ncolumns, &c->options) &&
              (copy_in_refused(s, t, &c->options) || copy_in_plan(s, t, u, c));
    if (ok && !c->insert)
        c->refused = t;
    else if (ok && !c->nested)
        c->stmt = connection_stmt(c->connection, c->insert->uid, 0,
                                  c->insert->program->steps[0].sql, &s->err);
    if (!ok || (!c->stmt && !c->nested && !c->refused) || (c->by_rows && !copy_in_begin_job(s, c))) {
        copy_in_free(c);
        s->copy = NULL;
        return PORTAL_FAILED;
    }
    c->table = t->name;
    c->header_due = c->options.header;
    c->values = ARENA_ARRAY(p->arena, struct value, c->ncolumns + 1);
    c->fields = ARENA_ARRAY(p->arena, struct copy_field, c->ncolumns + 1);
    return u->copy.file ? copy_in_file(s, c, u) : copy_in_ask(s, c);
}

/* --- one row ---------------------------------------------------------------------------------- */

static void copy_in_bind(void *arg, sqlite3_stmt *stmt, const struct step *step)
{
    struct copy_in *c = arg;
    for (int i = 0; i < step->nbindings; i++) {
        const struct binding *b = &step->bindings[i];
        portal_bind_value(stmt, i + 1, b->kind == BINDING_PARAM ? &c->values[b->index] : &b->value);
    }
}

/* What fires while a row goes in uses the session's error and arena. */
static bool copy_in_row(struct pg_session *s, struct copy_in *c, struct error *err)
{
    const struct step *step = &c->insert->program->steps[0];
    copy_in_bind(c, c->stmt, step);
    int rc = sqlite3_step(c->stmt);
    c->source->nrows = 0;
    arena_reset(c->source->arena);
    if (rc == SQLITE_ROW) {
        struct value *row = rowset_append(c->source);
        for (int i = 0; i < c->source->ncolumns; i++) {
            struct value v = sqlite_value_get(sqlite3_column_value(c->stmt, i));
            row[i] = rowset_copy(c->source, &v);
        }
    }
    sqlite3_reset(c->stmt);
    if (rc == SQLITE_DONE && c->conditional)
        return true;
    if (rc != SQLITE_ROW && !connection_error(c->connection, rc, err))
        return error_set(err, ERRCODE_INTERNAL_ERROR, "a row of COPY gave no values");
    bool ok = !error_is_set(err) && modify_rows(c->job, c->source, &c->rows, err);
    connection_attach(c->connection, &s->eval, &s->control, s->arena);
    return ok;
}

static bool copy_in_insert_by_rows(struct pg_session *s, struct copy_in *c)
{
    struct error own;
    error_init(&own, s->arena);
    bool ok = copy_in_row(s, c, &own);
    error_copy(&s->err, &own);
    return ok;
}

/* A plan of several steps. */
static bool copy_in_insert_nested(struct pg_session *s, struct copy_in *c)
{
    struct spi_result result = {0};
    struct error own;
    error_init(&own, s->arena);
    bool ok = spi_run(&s->eval, c->insert, c->values, NULL, 0, &result, &own);
    error_copy(&s->err, &own);
    connection_attach(c->connection, &s->eval, &s->control, s->arena);
    c->rows += result.processed;
    return ok;
}

static bool copy_in_insert(struct pg_session *s, struct copy_in *c)
{
    if (c->nested)
        return copy_in_insert_nested(s, c);
    if (c->by_rows)
        return copy_in_insert_by_rows(s, c);
    const struct step *step = &c->insert->program->steps[0];
    copy_in_bind(c, c->stmt, step);
    int rc = sqlite3_step(c->stmt);
    sqlite3_reset(c->stmt);
    if (rc == SQLITE_DONE) {
        c->rows += !c->conditional || sqlite3_changes(c->connection->db) > 0;
        return true;
    }
    if (!connection_error(c->connection, rc, &s->err))
        constraint_explain(&(struct constraint_failure){.connection = c->connection,
                                                        .step = step,
                                                        .snapshot = c->insert->snapshot,
                                                        .bind = copy_in_bind,
                                                        .arg = c,
                                                        .rc = rc},
                           &s->err);
    return false;
}

static void copy_in_add_context(struct pg_session *s, const char *line)
{
    s->err.context = s->err.context ? arena_printf(s->arena, "%s\n%s", s->err.context, line) : line;
}

static bool copy_in_context(struct pg_session *s, struct copy_in *c, int column, const char *text, size_t n)
{
    const char *head = arena_printf(s->arena, "COPY %s, line %" PRIu64, c->table, c->line);
    if (column < 0)
        copy_in_add_context(s, head);
    else if (!text)
        copy_in_add_context(s, arena_printf(s->arena, "%s, column %s: null input", head, c->columns[column]));
    else
        copy_in_add_context(s, arena_printf(s->arena, "%s, column %s: \"%.*s%s\"", head, c->columns[column],
                                            (int)utf8_clip(text, n, 100), text, n > 100 ? "..." : ""));
    return false;
}

/* With the line itself. */
static bool copy_in_line_context(struct pg_session *s, struct copy_in *c, const char *line, size_t n)
{
    copy_in_add_context(s, arena_printf(s->arena, "COPY %s, line %" PRIu64 ": \"%.*s%s\"", c->table, c->line,
                                        (int)utf8_clip(line, n, 100), line, n > 100 ? "..." : ""));
    return false;
}

/* PostgreSQL writes rows in batches, and no longer knows the line when an index refuses one of them. */
static bool copy_in_row_context(struct pg_session *s, struct copy_in *c, const char *line, size_t n)
{
    bool batch = !c->singly && (!strcmp(s->err.sqlstate, ERRCODE_UNIQUE_VIOLATION) ||
                                !strcmp(s->err.sqlstate, ERRCODE_EXCLUSION_VIOLATION));
    return batch ? copy_in_context(s, c, -1, NULL, 0) : copy_in_line_context(s, c, line, n);
}

/* Column by column: what is wrong with one is said before the next is missed. */
static bool copy_in_fields(struct pg_session *s, struct copy_in *c, int count, const char *line, size_t n)
{
    if (count > c->ncolumns) {
        error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT, "extra data after last expected column");
        return copy_in_line_context(s, c, line, n);
    }
    for (int i = 0; i < c->ncolumns; i++) {
        const struct copy_field *f = &c->fields[i];
        if (i >= count) {
            error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT, "missing data for column \"%s\"", c->columns[i]);
            return copy_in_line_context(s, c, line, n);
        }
        if (!f->p)
            c->values[i] = value_null();
        else if (!type_input(c->types[i], f->p, f->n, c->typmods[i], &s->eval, c->row, &s->err, &c->values[i]))
            return copy_in_context(s, c, i, f->p, f->n);
    }
    return true;
}

static bool copy_in_header(struct pg_session *s, struct copy_in *c, int n)
{
    c->header_due = false;
    if (!c->options.match_header)
        return true;
    if (n != c->ncolumns)
        return error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT,
                         "wrong number of fields in header line: got %d, expected %d", n,
                         c->ncolumns);
    for (int i = 0; i < n; i++) {
        const struct copy_field *f = &c->fields[i];
        if (!f->p)
            return error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT,
                             "column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"",
                             i + 1, c->options.null, c->columns[i]);
        if (strlen(c->columns[i]) != f->n || memcmp(c->columns[i], f->p, f->n) != 0)
            return error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT,
                             "column name mismatch in header line field %d: got \"%.*s\", expected "
                             "\"%s\"",
                             i + 1, (int)f->n, f->p, c->columns[i]);
    }
    return true;
}

static bool copy_in_line(struct pg_session *s, struct copy_in *c, const char *line, size_t n)
{
    c->line++;
    if (n == 2 && line[0] == '\\' && line[1] == '.') {
        c->ended = true;
        return true;
    }
    struct slice text = {line, n};
    if (c->options.encoding != ENCODING_UTF8 && !encoding_convert(c->row, &s->err, text, c->options.encoding, ENCODING_UTF8, &text))
        return copy_in_context(s, c, -1, NULL, 0);
    line = text.p;
    n = text.n;
    if (!utf8_verify(line, n, &s->err))
        return copy_in_context(s, c, -1, NULL, 0);
    int count = c->options.format == COPY_CSV
                    ? copy_split_csv(&c->options, line, n, c->row, c->fields, c->ncolumns, &s->err)
                    : copy_split_text(&c->options, line, n, c->row, c->fields, c->ncolumns);
    if (count < 0)
        return copy_in_context(s, c, -1, NULL, 0);
    if (c->header_due)
        return copy_in_header(s, c, count) || copy_in_line_context(s, c, line, n);
    if (c->ncolumns == 0 && n == 0)
        count = 0;
    bool ok = copy_in_fields(s, c, count, line, n) && (copy_in_insert(s, c) || copy_in_row_context(s, c, line, n));
    arena_reset(c->row);
    return ok;
}

/* --- binary ----------------------------------------------------------------------------------- */

static const char copy_signature[11] = "PGCOPY\n\377\r\n\0";

/* Bytes of the header, or 0: more is needed. */
static size_t copy_in_binary_header(struct pg_session *s, const char *p, size_t n)
{
    if (n < 19)
        return 0;
    uint32_t flags, extension;
    memcpy(&flags, p + 11, 4);
    memcpy(&extension, p + 15, 4);
    if (memcmp(p, copy_signature, 11) != 0)
        error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT, "COPY file signature not recognized");
    else if (be32toh(flags) & 0xffff0000u)
        error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT,
                  "unrecognized critical flags in COPY file header");
    size_t total = 19 + (size_t)be32toh(extension);
    return n < total ? 0 : total;
}

/* One tuple; returns the bytes it took, 0 when it is not complete. */
static size_t copy_in_tuple(struct pg_session *s, struct copy_in *c, const char *p, size_t n)
{
    uint16_t raw;
    if (n < 2)
        return 0;
    memcpy(&raw, p, 2);
    int count = (int16_t)be16toh(raw);
    size_t at = 2;
    if (count == -1) {
        c->ended = true;
        return at;
    }
    c->line++;
    if (count != c->ncolumns) {
        error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT, "row field count is %d, expected %d",
                  count, c->ncolumns);
        return 0;
    }
    const char *bytes[LIMIT_TARGETS];
    int32_t lengths[LIMIT_TARGETS];
    for (int i = 0; i < count; i++) {
        uint32_t len;
        if (n - at < 4)
            return c->line--, 0;
        memcpy(&len, p + at, 4);
        at += 4;
        lengths[i] = (int32_t)be32toh(len);
        bytes[i] = p + at;
        if (lengths[i] < -1) {
            error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT, "invalid field size");
            return 0;
        }
        if (lengths[i] > 0 && n - at < (size_t)lengths[i])
            return c->line--, 0;
        at += lengths[i] > 0 ? (size_t)lengths[i] : 0;
    }
    for (int i = 0; i < count; i++) {
        if (lengths[i] < 0)
            c->values[i] = value_null();
        else if (!type_receive(c->types[i], bytes[i], (size_t)lengths[i], c->typmods[i], &s->eval,
                               c->row, &s->err, &c->values[i]))
            return copy_in_context(s, c, i, NULL, 0), 0;
    }
    if (!copy_in_insert(s, c))
        copy_in_context(s, c, -1, NULL, 0);
    arena_reset(c->row);
    return at;
}

/* --- data as it comes ------------------------------------------------------------------------- */

/* Takes whole records out of pending. last: nothing more comes. */
static void copy_in_consume(struct pg_session *s, struct copy_in *c, bool last)
{
    size_t at = 0;
    if (c->refused)
        copy_in_allow(s, c->refused, &c->options);
    while (!c->ended && !error_is_set(&s->err)) {
        const char *p = c->pending.data + at;
        size_t n = c->pending.len - at, used, length;
        if (n == 0)
            break;
        if (c->options.format != COPY_BINARY) {
            used = copy_record_end(&c->options, p, n, last, &c->scan, &length);
            if (used)
                copy_in_line(s, c, p, length);
        } else if (!c->binary_begun) {
            used = copy_in_binary_header(s, p, n);
            c->binary_begun = used > 0;
        } else {
            used = copy_in_tuple(s, c, p, n);
        }
        if (!used)
            break;
        at += used;
        if (run_control_stopped(&s->control, &s->err))
            break;
    }
    if (at)
        strbuf_consume(&c->pending, at);
    // The trailer may be missing; a record may not be cut short.
    if (last && !c->ended && c->pending.len > 0 && !error_is_set(&s->err) && c->options.format == COPY_BINARY)
        error_set(&s->err, ERRCODE_BAD_COPY_FILE_FORMAT, "unexpected EOF in COPY data");
}

enum pg_result copy_in_data(struct pg_session *s, const char *data, size_t n)
{
    struct copy_in *c = s->copy;
    connection_attach(c->connection, &s->eval, &s->control, s->arena);
    strbuf_add(&c->pending, data, n);
    if (c->pending.len > LIMIT_VALUE_BYTES)
        error_set(&s->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a row of COPY data is too long");
    else
        copy_in_consume(s, c, false);
    return error_is_set(&s->err) ? copy_in_finish(s) : PG_WAIT_COPY;
}

enum pg_result copy_in_finish(struct pg_session *s)
{
    struct copy_in *c = s->copy;
    connection_attach(c->connection, &s->eval, &s->control, s->arena);
    if (!error_is_set(&s->err))
        copy_in_consume(s, c, true);
    copy_in_end_job(s, c);
    struct portal *p = c->portal;
    p->utility_done = true;
    p->tag = arena_printf(p->arena, "COPY %" PRIu64, c->rows);
    s->copy = NULL;
    s->task = s->copy_task;
    copy_in_free(c);
    /* goes on with what the COPY was part of: its portal is done, or failed with s->err */
    return pg_session_resume(s, s->on_worker);
}
