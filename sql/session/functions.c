/*
 * functions.c: SQL functions that speak of the session and the server: settings, pids, sleeping,
 * advisory locks, notifications. PostgreSQL 15 documentation, sections 9.26 and 9.27.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <time.h>

#include "sql/base/log.h"
#include "sql/catalog/acl.h"
#include "sql/session/advisory.h"
#include "sql/session/cursor.h"
#include "sql/session/engine.h"
#include "sql/session/role.h"
#include "sql/session/server_config.h"
#include "sql/session/session.h"
#include "sql/types/datetime.h"

static struct pg_session *session_of(struct fcall *f)
{
    return f->ctx->session;
}

/* --- settings --------------------------------------------------------------------------------- */

static void show_setting(struct fcall *f, bool missing_ok)
{
    struct pg_session *s = session_of(f);
    char *name = fcall_arg_cstring(f, 0);
    if (missing_ok && guc_find(name) < 0 && !guc_get_custom(&s->gucs, name))
        return;
    const char *v = session_show(s, name);
    if (v)
        fcall_return_textz(f, v);
    else
        error_copy(f->err, &s->err);
}

static void show_config_by_name(struct fcall *f)
{
    show_setting(f, false);
}

static void show_config_by_name_missing_ok(struct fcall *f)
{
    show_setting(f, ARG_INT(f, 1));
}

static void set_config_by_name(struct fcall *f)
{
    struct pg_session *s = session_of(f);
    if (ARG_NULL(f, 0)) {
        error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "SET requires parameter name");
        return;
    }
    char *name = fcall_arg_cstring(f, 0);
    char *value = ARG_NULL(f, 1) ? NULL : fcall_arg_cstring(f, 1);
    bool local = !ARG_NULL(f, 2) && ARG_INT(f, 2);
    if (!role_check_setting(s, name, value)) {
        error_copy(f->err, &s->err);
        error_clear(&s->err);
        return;
    }
    if (!guc_set(&s->gucs, name, value, local ? GUC_LOCAL : GUC_SESSION, true, f->err))
        return;
    int i = guc_find(name);
    if (i >= 0)
        session_setting_changed(s, i);
    const char *now = session_show(s, name);
    fcall_return_textz(f, now ? now : "");
}

/* --- the session and the server --------------------------------------------------------------- */

static void pg_backend_pid(struct fcall *f)
{
    f->result = value_int(session_of(f)->pid);
}

static void pg_postmaster_start_time(struct fcall *f)
{
    return_timestamptz(f, session_of(f)->engine->start_time);
}

static void pg_conf_load_time(struct fcall *f)
{
    return_timestamptz(f, server_config_load_time(session_of(f)->engine));
}

static void pg_is_in_recovery(struct fcall *f)
{
    f->result = value_bool(false);
}

static void pg_client_encoding(struct fcall *f)
{
    fcall_return_textz(f, guc_get(&session_of(f)->gucs, guc_find("client_encoding")));
}

static void inet_client_addr(struct fcall *f)
{
    const char *addr = session_of(f)->client_addr;
    if (*addr)
        fcall_return_textz(f, addr);
}

static void inet_client_port(struct fcall *f)
{
    if (session_of(f)->client_port >= 0)
        f->result = value_int(session_of(f)->client_port);
}

static void pg_reload_conf(struct fcall *f)
{
    f->result = value_bool(kill(getpid(), SIGHUP) == 0); /* to the main thread, who has all to tell */
}

static void pg_trigger_depth(struct fcall *f)
{
    f->result = value_int(f->ctx->trigger_depth);
}

static void cancel_session(struct pg_session *s)
{
    atomic_store(&s->control.cancel, 1);
    s->reply.wake(s->reply.host);
}

static void terminate_session(struct pg_session *s)
{
    atomic_store(&s->control.terminate, 1);
    s->reply.wake(s->reply.host);
}

/* Memory is the process's: sessions are threads' work. */
static void log_memory(struct pg_session *s)
{
    struct mallinfo2 m = mallinfo2();
    log_line(LOG_LEVEL_LOG, "logging memory contexts of PID %d: %zu bytes of the server in use, %zu free, %zu mapped", s->pid,
             m.uordblks, m.fordblks, m.hblkhd);
}

#define ROLE_SIGNAL_BACKEND 4200

/* The words of what is done to another's session, for errors. */
struct signal_words {
    const char *super, *member;
};

/* A superuser's session is superusers' to touch; others' that of members of its role and of pg_signal_backend. */
static bool may_signal(struct fcall *f, const struct pg_session *target, const struct signal_words *w)
{
    const struct snapshot *s = f->ctx->snapshot;
    const struct role_def *r = snapshot_role_named(s, target->user);
    uint32_t role = r ? r->oid : BOOTSTRAP_SUPERUSER;
    if (role_is_super(s, role) && !role_is_super(s, f->ctx->role))
        return error_set(f->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be a superuser to %s", w->super);
    return role_has_privs(s, f->ctx->role, role) || role_has_privs(s, f->ctx->role, ROLE_SIGNAL_BACKEND) ||
           error_set(f->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                     "must be a member of the role whose %s or member of pg_signal_backend", w->member);
}

/* Applies act to the session of that pid; false with a WARNING when there is none. words: NULL where the right to call is enough. */
static void signal_backend(struct fcall *f, void (*act)(struct pg_session *s), const char *kind, const struct signal_words *words)
{
    struct pg_session *me = session_of(f);
    struct pg_engine *e = me->engine;
    int64_t pid = ARG_INT(f, 0);
    bool found = false;
    pthread_mutex_lock(&e->lock);
    for (struct pg_session *s = e->sessions; s && !found; s = s->next) {
        if (s->pid != pid)
            continue;
        found = true;
        if (!words || may_signal(f, s, words))
            act(s);
    }
    pthread_mutex_unlock(&e->lock);
    if (!found)
        session_notice(me, ERROR_WARNING, ERRCODE_WARNING,
                       "PID %lld is not a PostgreSQL %s process", (long long)pid, kind);
    f->result = value_bool(found);
}

static void pg_cancel_backend(struct fcall *f)
{
    signal_backend(f, cancel_session, "backend", &(struct signal_words){"cancel superuser query", "query is being canceled"});
}

static void pg_terminate_backend(struct fcall *f)
{
    signal_backend(f, terminate_session, "backend",
                   &(struct signal_words){"terminate superuser process", "process is being terminated"});
}

static void pg_log_backend_memory_contexts(struct fcall *f)
{
    signal_backend(f, log_memory, "server", NULL);
}

/* Sleeps in short steps, so that cancel and timeouts are seen. */
static void pg_sleep(struct fcall *f)
{
    double seconds = ARG_REAL(f, 0);
    if (!(seconds > 0)) {
        f->result = value_text("", 0);
        return;
    }
    int64_t end = run_control_now() + (int64_t)(seconds < 1e9 ? seconds * 1e9 : 9e17);
    for (int64_t left; (left = end - run_control_now()) > 0;) {
        if (f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err))
            return;
        int64_t step = left < 5000000 ? left : 5000000;
        nanosleep(&(struct timespec){.tv_nsec = step}, NULL);
    }
    f->result = value_text("", 0);
}

/* --- notifications ---------------------------------------------------------------------------- */

static void pg_notify(struct fcall *f)
{
    struct pg_session *s = session_of(f);
    const char *channel = ARG_NULL(f, 0) ? "" : fcall_arg_cstring(f, 0);
    const char *payload = ARG_NULL(f, 1) ? "" : fcall_arg_cstring(f, 1);
    if (!notify_queue(s, channel, payload))
        error_copy(f->err, &s->err);
    else
        f->result = value_text("", 0);
}

struct channels_state {
    int at;
};

static void channels_open(struct fcall *f, void *state)
{
    (void)f;
    ((struct channels_state *)state)->at = 0;
}

static bool channels_next(struct fcall *f, void *state, struct value *columns)
{
    const char *name = notify_channel(session_of(f), ((struct channels_state *)state)->at++);
    if (!name)
        return false;
    columns[0] = value_textz(arena_strdup(f->arena, name));
    return true;
}

static const struct srf_impl channels_srf = {sizeof(struct channels_state), channels_open,
                                             channels_next, NULL};

/* --- advisory locks --------------------------------------------------------------------------- */

static struct advisory_key lock_key(struct fcall *f)
{
    struct advisory_key k = {.database = session_of(f)->database, .key = ARG_INT(f, 0)};
    if (f->nargs > 1) {
        k.two = true;
        k.key = (int64_t)((uint64_t)ARG_INT(f, 0) << 32 | (uint32_t)ARG_INT(f, 1));
    }
    return k;
}

static void take_lock(struct fcall *f, bool shared, bool transaction, bool wait)
{
    struct pg_session *s = session_of(f);
    switch (advisory_acquire(s, lock_key(f), shared, transaction, wait)) {
    case ADVISORY_GRANTED:
        f->result = wait ? value_text("", 0) : value_bool(true);
        break;
    case ADVISORY_BUSY:
        f->result = value_bool(false);
        break;
    case ADVISORY_PARKED:
        s->control.parked = true;
        error_set(f->err, ERRCODE_LOCK_NOT_AVAILABLE, "waiting for an advisory lock");
        break;
    case ADVISORY_DEADLOCK:
        error_set(f->err, ERRCODE_T_R_DEADLOCK_DETECTED, "deadlock detected");
        error_hint(f->err, "See server log for query details.");
        break;
    }
}

static void give_lock(struct fcall *f, bool shared)
{
    bool held = advisory_release(session_of(f), lock_key(f), shared);
    if (!held)
        session_notice(session_of(f), ERROR_WARNING, ERRCODE_WARNING,
                       "you don't own a lock of type %s", shared ? "ShareLock" : "ExclusiveLock");
    f->result = value_bool(held);
}

#define LOCK_FUNCTION(name, shared, transaction, wait)                                             \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        take_lock(f, shared, transaction, wait);                                                   \
    }
LOCK_FUNCTION(advisory_lock, false, false, true)
LOCK_FUNCTION(advisory_lock_shared, true, false, true)
LOCK_FUNCTION(advisory_xact_lock, false, true, true)
LOCK_FUNCTION(advisory_xact_lock_shared, true, true, true)
LOCK_FUNCTION(try_advisory_lock, false, false, false)
LOCK_FUNCTION(try_advisory_lock_shared, true, false, false)
LOCK_FUNCTION(try_advisory_xact_lock, false, true, false)
LOCK_FUNCTION(try_advisory_xact_lock_shared, true, true, false)

static void advisory_unlock(struct fcall *f)
{
    give_lock(f, false);
}

static void advisory_unlock_shared(struct fcall *f)
{
    give_lock(f, true);
}

static void pg_advisory_unlock_all(struct fcall *f)
{
    advisory_release_all(session_of(f), false);
    f->result = value_text("", 0);
}

/* The snapshot of a REPEATABLE READ transaction, for others to import while nothing is committed. */
static void pg_export_snapshot(struct fcall *f)
{
    struct pg_session *s = session_of(f);
    if (!s->txn.pinned || s->txn.writer)
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "pg_export_snapshot is only supported in a REPEATABLE READ transaction that has written nothing");
    else if (!*s->txn.pinned_id)
        error_set(f->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the snapshot cannot be exported: the database was being "
                                                                   "changed while it was taken");
    else
        fcall_return_textz(f, s->txn.pinned_id);
}

#define LOCK_ROWS(function)                                                                        \
    {"pg_" #function "_int8", function},                                                           \
    {                                                                                              \
        "pg_" #function "_int4", function                                                          \
    }

const struct fn_impl session_functions[] = {
    {"show_config_by_name", show_config_by_name},
    {"show_config_by_name_missing_ok", show_config_by_name_missing_ok},
    {"set_config_by_name", set_config_by_name},
    {"pg_backend_pid", pg_backend_pid},
    {"pg_postmaster_start_time", pg_postmaster_start_time},
    {"pg_conf_load_time", pg_conf_load_time},
    {"pg_is_in_recovery", pg_is_in_recovery},
    {"pg_client_encoding", pg_client_encoding},
    {"inet_client_addr", inet_client_addr},
    {"inet_client_port", inet_client_port},
    {"pg_reload_conf", pg_reload_conf},
    {"pg_trigger_depth", pg_trigger_depth},
    {"pg_cancel_backend", pg_cancel_backend},
    {"pg_terminate_backend", pg_terminate_backend},
    {"pg_log_backend_memory_contexts", pg_log_backend_memory_contexts},
    {"pg_sleep", pg_sleep},
    {"pg_export_snapshot", pg_export_snapshot},
    {"pg_notify", pg_notify},
    {"pg_listening_channels", .srf = &channels_srf},
    LOCK_ROWS(advisory_lock),
    LOCK_ROWS(advisory_lock_shared),
    LOCK_ROWS(advisory_xact_lock),
    LOCK_ROWS(advisory_xact_lock_shared),
    LOCK_ROWS(try_advisory_lock),
    LOCK_ROWS(try_advisory_lock_shared),
    LOCK_ROWS(try_advisory_xact_lock),
    LOCK_ROWS(try_advisory_xact_lock_shared),
    LOCK_ROWS(advisory_unlock),
    LOCK_ROWS(advisory_unlock_shared),
    {"pg_advisory_unlock_all", pg_advisory_unlock_all},
    {NULL},
};
