/*
 * fake_commands.c: the statements of the fake engine. A query is a list of commands separated by ';'. One command:
 *
 *   rows N [WIDTH]     N rows (n int4, t text of WIDTH x's); honours row limits; PG_WAIT_OUTPUT
 *   echo               the bound parameters as one row of text columns
 *   work N [WIDTH]     as rows, but on a worker thread only
 *   sleep              on a worker until cancelled (57014)
 *   lock NAME          PG_WAIT_LOCK until `unlock NAME` in another session
 *   unlock NAME
 *   copyin             COPY FROM STDIN, counting bytes; data "bad\n" is an error
 *   copyout N          N CopyData messages
 *   begin, commit      transaction status
 *   fail STATE TEXT    an ERROR with every field
 *   fatal TEXT         a FATAL error
 *   notice TEXT        NoticeResponse
 *   set NAME VALUE     ParameterStatus
 *   notify TEXT        a notification to every idle session
 *   whoami             user and database and options of the startup packet, as one text row
 */
#include <unistd.h>

#include "tests/proto/fake_engine.h"

void fake_row_description(struct pg_session *s, const char *command)
{
    struct pg_field rows[] = {{.name = "n", .type = 23, .typlen = 4, .typmod = -1},
                              {.name = "t", .type = 25, .typlen = -1, .typmod = -1}};
    if (strncmp(command, "rows", 4) == 0 || strncmp(command, "work", 4) == 0)
        s->reply->row_description(s->reply->host, rows, 2);
    else
        s->reply->row_description(s->reply->host, rows + 1, 1);
}

bool fake_returns_rows(const char *command)
{
    return strncmp(command, "rows", 4) == 0 || strncmp(command, "work", 4) == 0 ||
           strncmp(command, "echo", 4) == 0 || strncmp(command, "whoami", 6) == 0;
}

static void fake_data_row(struct strbuf *out, long n, long width)
{
    char number[24];
    int digits = snprintf(number, sizeof(number), "%ld", n);
    strbuf_addc(out, 'D');
    strbuf_add_i32(out, (int32_t)(4 + 2 + 4 + digits + 4 + width));
    strbuf_add_i16(out, 2);
    strbuf_add_i32(out, digits);
    strbuf_add(out, number, (size_t)digits);
    strbuf_add_i32(out, (int32_t)width);
    memset(strbuf_reserve(out, (size_t)width), 'x', (size_t)width);
    out->len += (size_t)width;
}

static void fake_text_row(struct strbuf *out, const char *text)
{
    strbuf_addc(out, 'D');
    strbuf_add_i32(out, (int32_t)(4 + 2 + 4 + strlen(text)));
    strbuf_add_i16(out, 1);
    strbuf_add_i32(out, (int32_t)strlen(text));
    strbuf_addz(out, text);
}

enum pg_result fake_complete(struct pg_session *s, const char *tag)
{
    s->reply->command_complete(s->reply->host, tag);
    return PG_DONE;
}

enum pg_result fake_check_interrupt(struct pg_session *s)
{
    if (atomic_load(&s->terminated)) {
        struct error err;
        error_init(&err, s->arena);
        error_set(&err, ERRCODE_ADMIN_SHUTDOWN,
                  "terminating connection due to administrator command");
        err.severity = ERROR_FATAL;
        s->reply->error(s->reply->host, &err);
        return PG_CLOSED;
    }
    if (atomic_exchange(&s->cancelled, 0))
        return fake_fail(s, ERRCODE_QUERY_CANCELED, "canceling statement due to user request");
    return PG_DONE;
}

static enum pg_result fake_run_rows(struct pg_session *s, bool on_worker)
{
    char tag[64];
    if (s->command[0] == 'w' && !on_worker)
        return PG_WAIT_WORKER;
    while (s->row < s->rows) {
        enum pg_result r = fake_check_interrupt(s);
        if (r != PG_DONE)
            return r;
        if (s->limit && s->row - s->portal->done >= s->limit) {
            s->portal->done = s->row;
            s->reply->portal_suspended(s->reply->host);
            return PG_DONE;
        }
        if (s->reply->out->len > LIMIT_OUTPUT_HIGH)
            return PG_WAIT_OUTPUT;
        fake_data_row(s->reply->out, ++s->row, s->width);
    }
    snprintf(tag, sizeof(tag), "SELECT %ld", s->rows);
    return fake_complete(s, tag);
}

static enum pg_result fake_run_sleep(struct pg_session *s, bool on_worker)
{
    if (!on_worker)
        return PG_WAIT_WORKER;
    for (;;) {
        enum pg_result r = fake_check_interrupt(s);
        if (r != PG_DONE)
            return r;
        usleep(1000);
    }
}

static enum pg_result fake_run_lock(struct pg_session *s)
{
    enum pg_result r = fake_check_interrupt(s);
    if (r != PG_DONE)
        return r;
    pthread_mutex_lock(&s->engine->lock);
    bool locked = s->locked;
    pthread_mutex_unlock(&s->engine->lock);
    return locked ? PG_WAIT_LOCK : fake_complete(s, "LOCK");
}

static void fake_unlock(struct pg_session *s, const char *name)
{
    pthread_mutex_lock(&s->engine->lock);
    for (struct pg_session *o = s->engine->sessions; o; o = o->next)
        if (o->locked && strcmp(o->lock_name, name) == 0) {
            o->locked = false;
            o->reply->wake(o->reply->host);
        }
    pthread_mutex_unlock(&s->engine->lock);
}

static void fake_notify(struct pg_session *s, const char *text)
{
    pthread_mutex_lock(&s->engine->lock);
    for (struct pg_session *o = s->engine->sessions; o; o = o->next)
        if (o != s) {
            snprintf(o->note, sizeof(o->note), "%s", text);
            o->reply->wake(o->reply->host);
        }
    pthread_mutex_unlock(&s->engine->lock);
}

static enum pg_result fake_fail_fully(struct pg_session *s, const char *args)
{
    struct error err;
    arena_reset(s->arena);
    error_init(&err, s->arena);
    error_set(&err, "XX000", "%s", args + 6);
    memcpy(err.sqlstate, args, 5);
    error_detail(&err, "the detail");
    error_hint(&err, "the hint");
    error_context(&err, "the context");
    error_position(&err, 3);
    err.schema = "the schema";
    err.table = "the table";
    err.column = "the column";
    err.datatype = "the type";
    err.constraint = "the constraint";
    err.internal_query = "the inner query";
    err.internal_position = 5;
    s->reply->error(s->reply->host, &err);
    free(s->rest);
    s->rest = NULL;
    if (s->status == 'T')
        s->status = 'E';
    return PG_FAILED;
}

static enum pg_result fake_copy_out(struct pg_session *s, long n)
{
    char tag[64];
    s->reply->copy_out(s->reply->host, 0, (const int16_t[]){0}, 1);
    for (long i = 0; i < n; i++) {
        strbuf_addc(s->reply->out, 'd');
        strbuf_add_i32(s->reply->out, 4 + 5);
        strbuf_addz(s->reply->out, "line\n");
    }
    s->reply->copy_done(s->reply->host);
    snprintf(tag, sizeof(tag), "COPY %ld", n);
    return fake_complete(s, tag);
}

/* --- one function per command: args is what follows its word --------------------------------------------- */

static enum pg_result run_rows(struct pg_session *s, char *args, bool start, bool on_worker)
{
    if (start) {
        s->width = 1;
        s->row = s->portal ? s->portal->done : 0;
        sscanf(args, "%ld %ld", &s->rows, &s->width);
    }
    return fake_run_rows(s, on_worker);
}

static enum pg_result run_sleep(struct pg_session *s, char *args, bool start, bool on_worker)
{
    (void)args;
    (void)start;
    return fake_run_sleep(s, on_worker);
}

static enum pg_result run_lock(struct pg_session *s, char *args, bool start, bool on_worker)
{
    (void)on_worker;
    if (start) {
        pthread_mutex_lock(&s->engine->lock);
        s->locked = true;
        snprintf(s->lock_name, sizeof(s->lock_name), "%.63s", args);
        pthread_mutex_unlock(&s->engine->lock);
    }
    return fake_run_lock(s);
}

static enum pg_result run_unlock(struct pg_session *s, char *args)
{
    fake_unlock(s, args);
    return fake_complete(s, "UNLOCK");
}

static enum pg_result run_echo(struct pg_session *s, char *args)
{
    (void)args;
    struct strbuf *out = s->reply->out;
    strbuf_addc(out, 'D');
    strbuf_add_i32(out, (int32_t)(4 + 2 + (s->portal ? s->portal->params.len : 0)));
    strbuf_add_i16(out, (int16_t)(s->portal ? s->portal->nparams : 0));
    if (s->portal)
        strbuf_add(out, s->portal->params.data, s->portal->params.len);
    return fake_complete(s, "SELECT 1");
}

static enum pg_result run_whoami(struct pg_session *s, char *args)
{
    (void)args;
    fake_text_row(s->reply->out, s->who);
    return fake_complete(s, "SELECT 1");
}

static enum pg_result run_copyin(struct pg_session *s, char *args)
{
    (void)args;
    s->copied = 0;
    s->reply->copy_in(s->reply->host, 0, (const int16_t[]){0, 0}, 2);
    return PG_WAIT_COPY;
}

static enum pg_result run_copyout(struct pg_session *s, char *args)
{
    return fake_copy_out(s, atol(args));
}

static enum pg_result run_begin(struct pg_session *s, char *args)
{
    (void)args;
    s->status = 'T';
    return fake_complete(s, "BEGIN");
}

static enum pg_result run_commit(struct pg_session *s, char *args)
{
    (void)args;
    s->status = 'I';
    return fake_complete(s, "COMMIT");
}

static enum pg_result run_fail(struct pg_session *s, char *args)
{
    return fake_fail_fully(s, args);
}

static enum pg_result run_fatal(struct pg_session *s, char *args)
{
    fake_fail(s, "XX000", args);
    return PG_CLOSED;
}

static enum pg_result run_notice(struct pg_session *s, char *args)
{
    struct error err;
    arena_reset(s->arena);
    error_init(&err, s->arena);
    error_set(&err, "00000", "%s", args);
    err.severity = ERROR_NOTICE;
    s->reply->notice(s->reply->host, &err);
    return fake_complete(s, "NOTICE");
}

static enum pg_result run_set(struct pg_session *s, char *args)
{
    char *value = strchr(args, ' ');
    *value++ = 0;
    s->reply->parameter_status(s->reply->host, args, value);
    return fake_complete(s, "SET");
}

static enum pg_result run_notify(struct pg_session *s, char *args)
{
    fake_notify(s, args);
    return fake_complete(s, "NOTIFY");
}

static const struct {
    const char *word;
    enum pg_result (*run)(struct pg_session *s, char *args);
    enum pg_result (*resumable)(struct pg_session *s, char *args, bool start, bool on_worker); /* instead of run */
} commands[] = {
    {"rows", .resumable = run_rows},   {"work", .resumable = run_rows}, {"sleep", .resumable = run_sleep},
    {"lock", .resumable = run_lock},   {"unlock", run_unlock},          {"echo", run_echo},
    {"whoami", run_whoami},            {"copyin", run_copyin},          {"copyout", run_copyout},
    {"begin", run_begin},              {"commit", run_commit},          {"fail", run_fail},
    {"fatal", run_fatal},              {"notice", run_notice},          {"set", run_set},
    {"notify", run_notify},
};

enum pg_result fake_run(struct pg_session *s, bool start, bool on_worker)
{
    char word[32] = "", args[FAKE_COMMAND] = "";
    sscanf(s->command, "%31s %4095[^\n]", word, args);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(commands[i].word, word))
            return commands[i].resumable ? commands[i].resumable(s, args, start, on_worker) : commands[i].run(s, args);
    return fake_fail(s, ERRCODE_SYNTAX_ERROR, "no such command");
}
