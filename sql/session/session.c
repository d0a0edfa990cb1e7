/*
 * session.c: birth and death of a session, its settings' effects, and how its errors end.
 * The messages are carried out in simple.c and extended.c.
 */
#include "sql/session/client_encoding.h"
#include "sql/session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sql/base/arena.h"
#include "sql/exec/routine.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/catalog/acl.h"
#include "sql/session/advisory.h"
#include "sql/session/column_statistics.h"
#include "sql/session/engine.h"
#include "sql/session/guc_hooks.h"
#include "sql/session/role.h"
#include "sql/session/live.h"
#include "sql/session/session_log.h"
#include "sql/session/spi.h"
#include "sql/types/text_util.h"

/* Seconds from 1970 to 2000. */
#define SESSION_EPOCH 946684800

int64_t session_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return ((int64_t)t.tv_sec - SESSION_EPOCH) * 1000000 + t.tv_nsec / 1000;
}

bool session_time_passed(const char *timestamptz)
{
    char now[32];
    time_t t = time(NULL);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(now, sizeof(now), "%Y-%m-%d %H:%M:%S", &tm);
    return strcmp(timestamptz, now) < 0; /* stored timestamps sort as text */
}

/* --- eval_context's doors ------------------------------------------------------------------ */

static bool session_interrupted(struct eval_context *ctx, struct error *err)
{
    struct run_control *c = &ctx->session->control;
    if (run_control_stopped(c, err))
        return true;
    if (c->budget && run_control_now() >= c->budget) {
        c->budget_hit = true;
        return !error_set(err, ERRCODE_QUERY_CANCELED, "moved to a worker");
    }
    return false;
}

static void session_eval_notice(struct eval_context *ctx, const struct error *notice)
{
    if (ctx->replaying) /* it has been said */
        return;
    struct pg_session *s = ctx->session;
    static const char *const levels[] = {"debug", "log", "info", "notice", "warning", "error"};
    static const enum error_severity severities[] = {ERROR_DEBUG,  ERROR_LOG,     ERROR_INFO,
                                                     ERROR_NOTICE, ERROR_WARNING, ERROR_ERROR};
    const char *least = guc_get(&s->gucs, guc_find("client_min_messages"));
    enum error_severity minimum = ERROR_NOTICE;
    for (int i = 0; i < 6; i++)
        if (!strncmp(least, levels[i], strlen(levels[i])))
            minimum = severities[i];
    bool wanted = notice->severity >= minimum || notice->severity == ERROR_INFO;
    if (!wanted && !session_logs(s, notice->severity))
        return;
    struct error whole = *notice;
    routine_frames_context(&whole, ctx->frames);
    session_log_error(s, &whole);
    if (!wanted)
        return;
    s->reply.notice(s->reply.host, &whole);
}

static const char *session_eval_setting(struct eval_context *ctx, const char *name)
{
    struct pg_session *s = ctx->session;
    int i = guc_find(name);
    if (i < 0)
        return guc_get_custom(&s->gucs, name);
    int n;
    char buf[64];
    const char *v = guc_show(&guc_all(&n)[i], guc_get(&s->gucs, i), buf, sizeof(buf));
    return v == buf ? arena_strdup(s->arena, buf) : v;
}

bool session_outside_block(const struct pg_session *s)
{
    return s->txn.state == TXN_IMPLICIT && s->query.count < 2 && !s->eval.frames;
}

void session_notice(struct pg_session *s, enum error_severity severity, const char *sqlstate,
                    const char *fmt, ...)
{
    struct error notice;
    error_init(&notice, s->arena);
    va_list ap;
    va_start(ap, fmt);
    error_vset(&notice, sqlstate, fmt, ap);
    va_end(ap);
    notice.severity = severity;
    session_eval_notice(&s->eval, &notice);
}

static void session_set_application(struct pg_session *s);
static void session_set_synchronous(struct pg_session *s);
static void session_inherit(struct pg_session *s, bool tell);

/* --- birth ------------------------------------------------------------------------------------ */

static void session_wake(void *arg)
{
    struct pg_session *s = arg;
    s->reply.wake(s->reply.host);
}

/* CONNECT on the database, which PUBLIC has unless it was revoked. */
static bool session_may_connect(struct pg_session *s)
{
    struct acl_object d = acl_database(s->snapshot);
    if (role_is_super(s->snapshot, s->role) || acl_check(s->snapshot, &d, s->role, ACL_CONNECT, ACL_ALL_OF))
        return true;
    error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for database \"%s\"", s->database->name);
    error_detail(&s->err, "User does not have CONNECT privilege.");
    s->err.severity = ERROR_FATAL;
    return false;
}

/*
 * Who the client is. Where nobody has made login roles, any name is the owner of the file (trust).
 */
static bool session_set_role(struct pg_session *s, const char *user, bool known)
{
    const struct role_def *r = snapshot_role_named(s->snapshot, user);
    if (!r) {
        int n, logins = 0;
        const struct role_def *const *all = snapshot_roles(s->snapshot, &n);
        for (int i = 0; i < n; i++)
            logins += all[i]->login && all[i]->oid != BOOTSTRAP_SUPERUSER;
        if (logins > 0 || known) {
            error_set(&s->err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                      "role \"%s\" does not exist", user);
            s->err.severity = ERROR_FATAL;
            return false;
        }
    } else if (!r->login) {
        error_set(&s->err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                  "role \"%s\" is not permitted to log in", user);
        s->err.severity = ERROR_FATAL;
        return false;
    }
    s->role = s->session_role = r ? r->oid : BOOTSTRAP_SUPERUSER;
    s->role_name = strdup(user);
    s->session_role_name = strdup(user);
    s->eval.role = s->eval.session_role = s->role;
    s->eval.role_name = s->role_name;
    s->eval.session_role_name = s->session_role_name;
    return session_may_connect(s);
}

/* "options" of the startup packet: -c name=value and --name=value, backslash-escaped blanks. */
static bool session_startup_options(struct pg_session *s, const char *options)
{
    char *words = arena_strdup(s->arena, options);
    for (char *p = words; *p;) {
        p += strspn(p, " \t\n");
        char *word = p, *to = p;
        for (; *p && !strchr(" \t\n", *p); p++) {
            if (*p == '\\' && p[1])
                p++;
            *to++ = *p;
        }
        bool more = *p != 0;
        *to = 0;
        p += more;
        if (!*word)
            continue;
        if (!strcmp(word, "-c"))
            continue; /* the assignment is the next word */
        char *assign = !strncmp(word, "-c", 2) || !strncmp(word, "--", 2) ? word + 2 : word;
        char *eq = strchr(assign, '=');
        if (!eq || (word[0] == '-' && assign == word)) {
            error_set(&s->err, ERRCODE_SYNTAX_ERROR,
                      "invalid command-line argument for server process: %s", word);
            error_hint(&s->err, "Try \"pgfeather --help\" for more information.");
            return false;
        }
        *eq = 0;
        for (char *q = assign; *q; q++)
            *q = *q == '-' ? '_' : *q;
        if (!guc_set(&s->gucs, assign, eq + 1, GUC_STARTUP, false, &s->err))
            return false;
    }
    return true;
}

static bool session_startup_settings(struct pg_session *s, const struct pg_startup *startup)
{
    for (int i = 0; i < startup->n; i++) {
        const char *name = startup->names[i];
        bool ok = true;
        if (!strcmp(name, "options"))
            ok = session_startup_options(s, startup->values[i]);
        else if (strncmp(name, "_pq_.", 5) != 0 && strcmp(name, "replication") != 0)
            ok = guc_set(&s->gucs, name, startup->values[i], GUC_STARTUP, false, &s->err);
        if (!ok) {
            s->err.severity = ERROR_FATAL;
            return false;
        }
    }
    guc_hook_apply(&s->gucs, &s->eval);
    return true;
}

/* Settings that only tell: set as the server sets them. */
void session_internal_setting(struct pg_session *s, const char *name, const char *value)
{
    char **slot = &s->gucs.values[guc_find(name)];
    free(*slot);
    *slot = strdup(value);
}

static void session_init_eval(struct pg_session *s)
{
    s->eval.session = s;
    s->eval.snapshot = s->snapshot;
    s->eval.interrupted = session_interrupted;
    s->eval.notice = session_eval_notice;
    s->eval.setting = session_eval_setting;
    s->eval.live_row = live_row;
    s->eval.column_statistics = column_statistics;
    s->eval.routines = &routine_sql_door;
    s->eval.read_only = &s->txn.read_only;
    s->eval.function_counts = &s->function_counts;
    s->eval.spi = &session_spi;
    s->eval.sequences = s->database->sequences;
    s->eval.sequence_session = sequence_session_create();
    s->eval.random_state[0] = (uint64_t)session_clock() * 0x9e3779b97f4a7c15u + (uint64_t)s->pid;
    s->eval.random_state[1] = (uint64_t)(uint32_t)s->key + 1;
}

struct pg_session *pg_session_create(struct pg_engine *e, const struct pg_startup *startup,
                                     const struct pg_reply *reply, struct error *err)
{
    struct pg_session *s = calloc(1, sizeof(*s));
    if (!s)
        log_fatal("out of memory");
    s->engine = e;
    client_encoding_install(s, reply);
    s->arena = arena_create();
    error_init(&s->err, s->arena);
    pthread_mutex_init(&s->lock, NULL);
    guc_store_init(&s->gucs, &e->gucs);
    s->gucs.ctx = &s->eval;
    s->user = strdup(startup->user);
    s->client_addr = strdup(startup->client_addr ? startup->client_addr : "");
    s->client_port = startup->client_port;
    s->ssl_version = startup->ssl && startup->ssl_version ? strdup(startup->ssl_version) : NULL;
    s->ssl_cipher = s->ssl_version && startup->ssl_cipher ? strdup(startup->ssl_cipher) : NULL;
    s->ssl_bits = startup->ssl_bits;
    s->backend_start = s->state_change = session_clock();
    s->state = 'i';
    const char *name = startup->database && *startup->database ? startup->database : startup->user;
    s->database = engine_enter_database(e, name, startup->user, &s->err);
    bool ok = s->database != NULL;
    if (ok) {
        txn_init(&s->txn, s->database, &s->eval, &s->control, session_wake, s);
        s->snapshot = database_snapshot(s->database);
        ok = session_set_role(s, startup->user, startup->known_role) && engine_add_session(e, s, &s->err);
    }
    if (ok) {
        session_init_eval(s);
        role_apply_settings(s);
        ok = session_startup_settings(s, startup);
    }
    if (!ok) {
        error_copy(err, &s->err);
        pg_session_destroy(s);
        return NULL;
    }
    const struct role_def *r = snapshot_role(s->snapshot, s->role);
    session_internal_setting(s, "is_superuser", !r || r->super ? "on" : "off");
    session_internal_setting(s, "session_authorization", s->user);
    session_set_application(s);
    session_set_synchronous(s);
    session_inherit(s, false);
    session_log_connection(s, startup);
    return s;
}

void pg_session_destroy(struct pg_session *s)
{
    session_log_disconnection(s);
    engine_remove_session(s->engine, s);
    notify_close(s);
    if (s->advisory_used) {
        advisory_stop_waiting(s);
        advisory_release_all(s, false);
        advisory_release_all(s, true);
    }
    copy_in_free(s->copy);
    function_drop_portal(s);
    session_close_portals(s, true);
    parsed_free(s->query.parsed);
    free(s->query.text);
    if (s->database) {
        txn_destroy(&s->txn);
        engine_leave_database(s->engine, s->database);
    }
    prepared_drop_all(s);
    session_free_slots(s);
    if (s->snapshot)
        snapshot_unref(s->snapshot);
    if (s->eval.sequence_session)
        sequence_session_destroy(s->eval.sequence_session);
    function_counts_clear(&s->function_counts);
    guc_store_free(&s->gucs);
    pthread_mutex_destroy(&s->lock);
    free(s->search_path);
    free(s->role_name);
    free(s->session_role_name);
    free(s->user);
    free(s->client_addr);
    free(s->ssl_version);
    free(s->ssl_cipher);
    free(s->activity);
    free(s->application);
    arena_destroy(s->arena);
    free(s);
}

void pg_session_greet(struct pg_session *s)
{
    for (int i = 0; guc_reported[i]; i++)
        s->reply.parameter_status(s->reply.host, guc_reported[i],
                                  guc_get(&s->gucs, guc_find(guc_reported[i])));
    session_idle_begins(s);
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
    return s->txn.state == TXN_BLOCK ? 'T' : s->txn.state == TXN_FAILED ? 'E' : 'I';
}

bool pg_session_holds_output(struct pg_session *s)
{
    return !txn_durable(&s->txn);
}

bool pg_session_holds_writer(const struct pg_session *s)
{
    return txn_holds_writer(&s->txn);
}

void pg_session_terminate(struct pg_session *s)
{
    atomic_store(&s->control.terminate, 1);
    s->reply.wake(s->reply.host);
}

void session_report(struct pg_session *s, bool active, const char *text, size_t n)
{
    int64_t now = session_clock();
    pthread_mutex_lock(&s->lock);
    s->state = active                       ? 'a'
               : s->txn.state == TXN_FAILED ? 'e'
               : s->txn.state == TXN_BLOCK  ? 't'
                                            : 'i';
    s->state_change = now;
    if (text) {
        n = utf8_clip(text, n, LIMIT_ACTIVITY_BYTES);
        free(s->activity);
        s->activity = strndup(text, n);
        s->query_start = now;
    }
    pthread_mutex_unlock(&s->lock);
}

/* Other sessions read the name under the lock. */
static void session_set_application(struct pg_session *s)
{
    pthread_mutex_lock(&s->lock);
    free(s->application);
    s->application = strdup(guc_get(&s->gucs, guc_find("application_name")));
    pthread_mutex_unlock(&s->lock);
}

/* What the server does by itself is awaited by nobody. */
static void session_set_synchronous(struct pg_session *s)
{
    s->txn.asynchronous = s->autovacuum || !strcmp(guc_get(&s->gucs, guc_find("synchronous_commit")), "off");
}

void session_setting_changed(void *arg, int i)
{
    struct pg_session *s = arg;
    int n;
    const char *name = guc_all(&n)[i].name;
    guc_hook_apply(&s->gucs, &s->eval);
    role_setting_changed(s, name);
    if (!strcmp(name, "application_name"))
        session_set_application(s);
    if (!strcmp(name, "synchronous_commit"))
        session_set_synchronous(s);
    for (int k = 0; guc_reported[k]; k++)
        if (!strcmp(guc_reported[k], name))
            s->reply.parameter_status(s->reply.host, name, guc_get(&s->gucs, i));
}

/* Remembers the server's values among those the client is told of, or tells of those that changed. */
static void session_inherit(struct pg_session *s, bool tell)
{
    for (int k = 0; guc_reported[k]; k++) {
        int i = guc_find(guc_reported[k]);
        const char *value = s->gucs.values[i] || s->gucs.reset[i] ? NULL : guc_get(&s->engine->gucs, i);
        if (tell && value && s->inherited[k] && strcmp(value, s->inherited[k]) != 0)
            s->reply.parameter_status(s->reply.host, guc_reported[k], value);
        s->inherited[k] = value;
    }
    s->server_gucs = guc_version(&s->engine->gucs);
}

void session_see_reload(struct pg_session *s)
{
    if (s->server_gucs == guc_version(&s->engine->gucs))
        return;
    s->gucs.version++; /* plans depend on settings */
    guc_hook_apply(&s->gucs, &s->eval);
    session_set_application(s);
    session_set_synchronous(s);
    session_inherit(s, true);
}

enum pg_result session_fail(struct pg_session *s)
{
    session_log_error(s, &s->err);
    s->reply.error(s->reply.host, &s->err);
    bool fatal = s->err.severity >= ERROR_FATAL;
    session_log_text(s, NULL, 0);
    atomic_store(&s->control.cancel, 0);
    if (s->txn.state == TXN_IMPLICIT || fatal) {
        session_rollback(s);
    } else {
        /* portals go first: SQLite must not be asked to roll back under running statements */
        if (s->txn.state == TXN_BLOCK)
            session_close_failed_portals(s);
        txn_fail(&s->txn);
    }
    error_clear(&s->err);
    return fatal ? PG_CLOSED : PG_FAILED;
}

/* --- idle ------------------------------------------------------------------------------------- */

static bool in_block(const struct pg_session *s)
{
    return s->txn.state == TXN_BLOCK || s->txn.state == TXN_FAILED;
}

void session_idle_begins(struct pg_session *s)
{
    if (s->txn.state == TXN_IMPLICIT) /* more of the same is to come, up to a Sync */
        return;
    long ms = guc_get_int(&s->gucs, guc_find(in_block(s) ? "idle_in_transaction_session_timeout" : "idle_session_timeout"));
    if (ms > 0)
        s->idle_deadline = run_control_now() + ms * 1000000;
}

int pg_session_timeout(const struct pg_session *s)
{
    int64_t deadline = 0;
    int64_t waits[] = {s->lock_deadline, s->control.deadline, s->idle_deadline};
    for (int i = 0; i < 3; i++)
        if (waits[i] && (!deadline || waits[i] < deadline))
            deadline = waits[i];
    if (!deadline)
        return -1;
    int64_t left = (deadline - run_control_now()) / 1000000 + 1;
    return left < 0 ? 0 : left > 1000000000 ? 1000000000 : (int)left;
}

enum pg_result pg_session_idle(struct pg_session *s)
{
    if (atomic_load(&s->control.terminate)) {
        run_control_stopped(&s->control, &s->err);
        return session_fail(s);
    }
    if (s->idle_deadline && run_control_now() >= s->idle_deadline) {
        if (in_block(s))
            error_set(&s->err, ERRCODE_IDLE_IN_TRANSACTION_SESSION_TIMEOUT, "terminating connection due to idle-in-transaction timeout");
        else
            error_set(&s->err, ERRCODE_IDLE_SESSION_TIMEOUT, "terminating connection due to idle-session timeout");
        s->err.severity = ERROR_FATAL;
        return session_fail(s);
    }
    atomic_store(&s->control.cancel, 0); /* a cancel that came too late is forgotten */
    if (s->txn.state == TXN_IDLE)
        notify_deliver(s);
    return PG_DONE;
}
