/*
 * fake_engine.c: an engine of canned statements behind sql/pg.h, so that the network layer is
 * tested by itself. The statements are in fake_commands.c.
 *
 * The engine's settings are those of -c. Roles: "alice" has the password "secret".
 */
#include <unistd.h>

#include "sql/base/log.h"
#include "tests/proto/fake_engine.h"

/* of "secret", salt "pgfeather-tests!", by RFC 7677 */
#define FAKE_VERIFIER                                                                              \
    "SCRAM-SHA-256$4096:cGdmZWF0aGVyLXRlc3RzIQ==$"                                                 \
    "oOkMm8/r6iIiSbhDPq9Mq642xRsQ7NXeuhICEaOhJyc=:FtCsXsoEyyTIfFinctv8Lnxx/MZJOt5m4j2tV+Zvv7k="

/* --- engine ------------------------------------------------------------------------------ */

bool pg_engine_set(struct pg_engine *e, const char *name, const char *value, struct error *err)
{
    int i = 0;
    while (i < e->nsettings && strcmp(e->settings[i].name, name) != 0)
        i++;
    if (i == FAKE_SETTINGS)
        return error_set(err, ERRCODE_TOO_MANY_COLUMNS, "too many settings");
    if (i == e->nsettings)
        e->nsettings++;
    snprintf(e->settings[i].name, sizeof(e->settings[i].name), "%s", name);
    snprintf(e->settings[i].value, sizeof(e->settings[i].value), "%s", value);
    return true;
}

struct pg_engine *pg_engine_create(const struct pg_engine_options *o, struct error *err)
{
    struct pg_engine *e = calloc(1, sizeof(*e));
    snprintf(e->path, sizeof(e->path), "%s", o->path);
    const char *slash = strrchr(o->path, '/');
    snprintf(e->database, sizeof(e->database), "%s", slash ? slash + 1 : o->path);
    e->database[strcspn(e->database, ".")] = 0;
    pthread_mutex_init(&e->lock, NULL);
    e->next_pid = 1000;
    for (int i = 0; o->settings && o->settings[i]; i++) {
        char name[64];
        const char *equals = strchr(o->settings[i], '=');
        snprintf(name, sizeof(name), "%.*s", (int)(equals - o->settings[i]), o->settings[i]);
        pg_engine_set(e, name, equals + 1, err);
    }
    return e;
}

void pg_engine_destroy(struct pg_engine *e)
{
    pthread_mutex_destroy(&e->lock);
    free(e);
}

const char *pg_engine_setting(struct pg_engine *e, const char *name)
{
    for (int i = 0; i < e->nsettings; i++)
        if (strcmp(e->settings[i].name, name) == 0)
            return e->settings[i].value;
    return NULL;
}

void pg_engine_reload(struct pg_engine *e)
{
    (void)e;
}

const char *pg_engine_database(struct pg_engine *e)
{
    return e->database;
}

const char *pg_engine_path(struct pg_engine *e)
{
    return e->path;
}

bool pg_engine_cancel(struct pg_engine *e, int32_t pid, int32_t key)
{
    bool found = false;
    pthread_mutex_lock(&e->lock);
    for (struct pg_session *s = e->sessions; s; s = s->next)
        if (s->pid == pid && s->key == key) {
            atomic_store(&s->cancelled, 1);
            s->reply->wake(s->reply->host);
            found = true;
        }
    pthread_mutex_unlock(&e->lock);
    return found;
}

bool pg_engine_role_auth(struct pg_engine *e, const char *database, const char *role,
                         struct pg_role_auth *auth, struct error *err)
{
    (void)e;
    (void)database;
    (void)err;
    *auth = (struct pg_role_auth){0};
    if (strcmp(role, "alice") == 0)
        *auth = (struct pg_role_auth){.exists = true, .can_login = true, .verifier = FAKE_VERIFIER};
    return true;
}

void pg_engine_log_received(struct pg_engine *e, const struct pg_startup *startup)
{
    (void)e;
    (void)startup;
}

void pg_engine_log_error(struct pg_engine *e, const struct pg_startup *startup, const struct error *err)
{
    (void)e;
    log_line(LOG_LEVEL_LOG, "%s: %s", startup->client_addr, err->message);
}

/* --- session ----------------------------------------------------------------------------- */

enum pg_result fake_fail(struct pg_session *s, const char *state, const char *text)
{
    struct error err;
    arena_reset(s->arena);
    error_init(&err, s->arena);
    error_set(&err, state, "%s", text);
    s->reply->error(s->reply->host, &err);
    free(s->rest);
    s->rest = NULL;
    if (s->status == 'T')
        s->status = 'E';
    return PG_FAILED;
}

struct pg_session *pg_session_create(struct pg_engine *e, const struct pg_startup *startup,
                                     const struct pg_reply *reply, struct error *err)
{
    if (strcmp(startup->user, "nobody") == 0) {
        error_set(err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                  "role \"nobody\" does not exist");
        return NULL;
    }
    struct pg_session *s = calloc(1, sizeof(*s));
    s->engine = e;
    s->reply = reply;
    s->status = 'I';
    s->arena = arena_create();
    size_t n = (size_t)snprintf(s->who, sizeof(s->who), "%s@%s %s", startup->user,
                                startup->database ? startup->database : "",
                                startup->ssl ? startup->ssl_version : "plain");
    for (int i = 0; i < startup->n && n < sizeof(s->who); i++)
        n += (size_t)snprintf(s->who + n, sizeof(s->who) - n, " %s=%s", startup->names[i],
                              startup->values[i]);
    pthread_mutex_lock(&e->lock);
    s->pid = e->next_pid++;
    s->key = s->pid * 7919;
    s->next = e->sessions;
    e->sessions = s;
    pthread_mutex_unlock(&e->lock);
    return s;
}

void pg_session_destroy(struct pg_session *s)
{
    pthread_mutex_lock(&s->engine->lock);
    struct pg_session **p = &s->engine->sessions;
    while (*p != s)
        p = &(*p)->next;
    *p = s->next;
    pthread_mutex_unlock(&s->engine->lock);
    for (struct fake_prepared *f = s->prepared, *next; f; f = next) {
        next = f->next;
        free(f->sql);
        free(f);
    }
    for (struct fake_portal *f = s->portals, *next; f; f = next) {
        next = f->next;
        strbuf_free(&f->params);
        free(f->sql);
        free(f);
    }
    free(s->rest);
    arena_destroy(s->arena);
    free(s);
}

void pg_session_greet(struct pg_session *s)
{
    s->reply->parameter_status(s->reply->host, "server_version", "15.0 fake");
    s->reply->parameter_status(s->reply->host, "client_encoding", "UTF8");
}

int32_t pg_session_pid(const struct pg_session *s)
{
    return s->pid;
}

int32_t pg_session_key(const struct pg_session *s)
{
    return s->key;
}

char pg_session_status(const struct pg_session *s)
{
    return s->status;
}

/* The commands of a query, one after another. */
static enum pg_result fake_go_on(struct pg_session *s, enum pg_result r)
{
    while (r == PG_DONE && s->is_query && s->rest) {
        char *semicolon = strchr(s->rest, ';');
        int n = semicolon ? (int)(semicolon - s->rest) : (int)strlen(s->rest);
        snprintf(s->command, sizeof(s->command), "%.*s", n, s->rest);
        char *rest = semicolon ? strdup(semicolon + 1 + (semicolon[1] == ' ')) : NULL;
        free(s->rest);
        s->rest = rest;
        s->portal = NULL;
        s->limit = 0;
        if (fake_returns_rows(s->command))
            fake_row_description(s, s->command);
        r = fake_run(s, true, false);
    }
    return r;
}

enum pg_result pg_session_query(struct pg_session *s, const char *sql, size_t n)
{
    if (strlen(sql) != n)
        return fake_fail(s, "XX000", "length and string differ");
    if (!n) {
        s->reply->empty_query(s->reply->host);
        return PG_DONE;
    }
    s->is_query = true;
    free(s->rest);
    s->rest = strdup(sql);
    return fake_go_on(s, PG_DONE);
}

enum pg_result pg_session_resume(struct pg_session *s, bool on_worker)
{
    return fake_go_on(s, fake_run(s, false, on_worker));
}

enum pg_result pg_session_parse(struct pg_session *s, const char *name, const char *sql,
                                const uint32_t *types, int ntypes)
{
    struct fake_prepared *p = calloc(1, sizeof(*p));
    snprintf(p->name, sizeof(p->name), "%s", name);
    p->sql = strdup(sql);
    p->ntypes = ntypes < 64 ? ntypes : 64;
    for (int i = 0; i < p->ntypes; i++)
        p->types[i] = types[i];
    p->next = s->prepared;
    s->prepared = p;
    s->reply->parse_complete(s->reply->host);
    return PG_DONE;
}

static struct fake_prepared *fake_find_prepared(struct pg_session *s, const char *name)
{
    struct fake_prepared *p = s->prepared;
    while (p && strcmp(p->name, name) != 0)
        p = p->next;
    return p;
}

static struct fake_portal *fake_find_portal(struct pg_session *s, const char *name)
{
    struct fake_portal *p = s->portals;
    while (p && strcmp(p->name, name) != 0)
        p = p->next;
    return p;
}

enum pg_result pg_session_bind(struct pg_session *s, const char *portal, const char *statement,
                               const int16_t *formats, int nformats, const char *const *values,
                               const int32_t *lengths, int nvalues, const int16_t *result_formats,
                               int nresult_formats)
{
    struct fake_prepared *prepared = fake_find_prepared(s, statement);
    (void)formats;
    (void)nformats;
    (void)result_formats;
    (void)nresult_formats;
    if (!prepared)
        return fake_fail(s, ERRCODE_INVALID_SQL_STATEMENT_NAME,
                         "prepared statement does not exist");
    struct fake_portal *p = calloc(1, sizeof(*p));
    snprintf(p->name, sizeof(p->name), "%s", portal);
    p->sql = strdup(prepared->sql);
    p->nparams = nvalues;
    for (int i = 0; i < nvalues; i++) {
        strbuf_add_i32(&p->params, lengths[i]);
        if (lengths[i] > 0)
            strbuf_add(&p->params, values[i], (size_t)lengths[i]);
    }
    p->next = s->portals;
    s->portals = p;
    s->reply->bind_complete(s->reply->host);
    return PG_DONE;
}

enum pg_result pg_session_describe(struct pg_session *s, char kind, const char *name)
{
    struct fake_prepared *prepared = kind == 'S' ? fake_find_prepared(s, name) : NULL;
    struct fake_portal *portal = kind == 'P' ? fake_find_portal(s, name) : NULL;
    if (!prepared && !portal)
        return fake_fail(s, ERRCODE_INVALID_CURSOR_NAME, "nothing to describe");
    if (prepared)
        s->reply->parameter_description(s->reply->host, prepared->types, prepared->ntypes);
    const char *sql = prepared ? prepared->sql : portal->sql;
    if (fake_returns_rows(sql))
        fake_row_description(s, sql);
    else
        s->reply->no_data(s->reply->host);
    return PG_DONE;
}

enum pg_result pg_session_execute(struct pg_session *s, const char *portal, int32_t max_rows)
{
    s->portal = fake_find_portal(s, portal);
    if (!s->portal)
        return fake_fail(s, ERRCODE_INVALID_CURSOR_NAME, "portal does not exist");
    s->is_query = false;
    s->limit = max_rows;
    snprintf(s->command, sizeof(s->command), "%s", s->portal->sql);
    return fake_run(s, true, false);
}

enum pg_result pg_session_close(struct pg_session *s, char kind, const char *name)
{
    (void)kind;
    (void)name;
    s->reply->close_complete(s->reply->host);
    return PG_DONE;
}

enum pg_result pg_session_sync(struct pg_session *s)
{
    (void)s;
    return PG_DONE;
}

enum pg_result pg_session_function(struct pg_session *s, uint32_t oid, const int16_t *formats,
                                   int nformats, const char *const *values, const int32_t *lengths,
                                   int nvalues, int16_t result_format)
{
    (void)oid;
    (void)formats;
    (void)nformats;
    (void)result_format;
    if (nvalues)
        s->reply->function_result(s->reply->host, values[0], lengths[0]);
    else
        s->reply->function_result(s->reply->host, NULL, -1);
    return PG_DONE;
}

enum pg_result pg_session_copy_data(struct pg_session *s, const char *p, size_t n)
{
    if (n == 4 && memcmp(p, "bad\n", 4) == 0)
        return fake_fail(s, ERRCODE_BAD_COPY_FILE_FORMAT, "bad line");
    s->copied += n;
    return PG_WAIT_COPY;
}

enum pg_result pg_session_copy_done(struct pg_session *s)
{
    char tag[64];
    snprintf(tag, sizeof(tag), "COPY %zu", s->copied);
    return fake_go_on(s, fake_complete(s, tag));
}

enum pg_result pg_session_copy_fail(struct pg_session *s, const char *message)
{
    char text[256];
    snprintf(text, sizeof(text), "COPY from stdin failed: %s", message);
    return fake_fail(s, ERRCODE_QUERY_CANCELED, text);
}

enum pg_result pg_session_protocol_error(struct pg_session *s, const struct error *err)
{
    s->reply->error(s->reply->host, err);
    if (s->status == 'T')
        s->status = 'E';
    return PG_FAILED;
}

enum pg_result pg_session_idle(struct pg_session *s)
{
    char note[256];
    if (atomic_load(&s->terminated))
        return fake_check_interrupt(s);
    atomic_store(&s->cancelled, 0);
    pthread_mutex_lock(&s->engine->lock);
    memcpy(note, s->note, sizeof(note));
    s->note[0] = 0;
    pthread_mutex_unlock(&s->engine->lock);
    if (note[0])
        s->reply->notification(s->reply->host, s->pid, "channel", note);
    return PG_DONE;
}

int pg_session_timeout(const struct pg_session *s)
{
    (void)s;
    return -1;
}

bool pg_session_holds_output(struct pg_session *s)
{
    (void)s;
    return false;
}

bool pg_session_holds_writer(const struct pg_session *s)
{
    return s->status == 'T';
}

void pg_session_terminate(struct pg_session *s)
{
    atomic_store(&s->terminated, 1);
    s->reply->wake(s->reply->host);
}
