/* autovacuum.c: see autovacuum.h. */
#include "sql/session/autovacuum.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/emit/emit.h"
#include "sql/session/engine.h"
#include "sql/session/session.h"
#include "sql/txn/activity.h"

struct autovacuum {
    struct pg_engine *engine;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop, woken;
    struct pg_session *session; /* under way; under lock */
    struct strbuf output;       /* what its session answers; nobody reads it */
};

/* --- the session, as the network layer would drive it ------------------------------------------------------------------ */

static void answer(void *host)
{
    (void)host;
}

static void answer_row_description(void *host, const struct pg_field *fields, int n)
{
    (void)host, (void)fields, (void)n;
}

static void answer_complete(void *host, const char *tag)
{
    (void)host, (void)tag;
}

/* Errors and notices are in the log. */
static void answer_notice(void *host, const struct error *err)
{
    (void)host, (void)err;
}

static void answer_status(void *host, const char *name, const char *value)
{
    (void)host, (void)name, (void)value;
}

static void answer_notification(void *host, int32_t pid, const char *channel, const char *payload)
{
    (void)host, (void)pid, (void)channel, (void)payload;
}

static void answer_wake(void *host)
{
    struct autovacuum *a = host;
    pthread_mutex_lock(&a->lock);
    a->woken = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

static void wait_for_wake(struct autovacuum *a)
{
    pthread_mutex_lock(&a->lock);
    while (!a->woken)
        pthread_cond_wait(&a->changed, &a->lock);
    a->woken = false;
    pthread_mutex_unlock(&a->lock);
}

static void run_statement(struct autovacuum *a, struct pg_session *s, const char *sql)
{
    enum pg_result r = pg_session_query(s, sql, strlen(sql));
    while (r != PG_DONE && r != PG_FAILED && r != PG_CLOSED) {
        if (r == PG_WAIT_LOCK)
            wait_for_wake(a);
        a->output.len = 0;
        r = pg_session_resume(s, true);
    }
    a->output.len = 0;
}

/* The session is known to autovacuum_stop from before it runs until after. */
static bool keep_session(struct autovacuum *a, struct pg_session *s)
{
    pthread_mutex_lock(&a->lock);
    a->session = s;
    bool go_on = !a->stop;
    pthread_mutex_unlock(&a->lock);
    return go_on;
}

/* --- which tables ------------------------------------------------------------------------------------------------------- */

/* One number; missing if the query fails or has no row. */
static int64_t number(sqlite3 *db, const char *sql, const char *name, int64_t missing)
{
    sqlite3_stmt *st = NULL;
    int64_t n = missing;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
        if (name)
            sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
        if (sqlite3_step(st) == SQLITE_ROW)
            n = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return n;
}

bool autovacuum_is_within(const struct pg_session *s, const struct relation *r, int rows)
{
    struct strbuf sql = {0};
    strbuf_addz(&sql, "SELECT count(*) FROM (SELECT 1 FROM main.");
    emit_identifier(&sql, r->sqlite_name);
    strbuf_printf(&sql, " LIMIT %d)", rows + 1);
    bool within = number(s->txn.writer->db, sql.data, NULL, 0) <= rows;
    strbuf_free(&sql);
    return within;
}

static bool is_switched_off(const struct relation *r)
{
    const char *o = r->options ? strstr(r->options, "autovacuum_enabled=") : NULL;
    char value[8] = "";
    if (o)
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(o + 19, ", "), o + 19);
    return o && guc_parse_bool(value) == 0;
}

static double setting(const struct autovacuum *a, const char *name)
{
    return strtod(guc_get(&a->engine->gucs, guc_find(name)), NULL);
}

/* *large: more than AUTOVACUUM_GATHERED_ROWS. */
static bool is_due(const struct autovacuum *a, struct database *d, sqlite3 *db, const struct relation *r, bool *large)
{
    struct activity_counts c;
    if ((r->kind != RELKIND_TABLE && r->kind != RELKIND_MATVIEW) || r->is_virtual || r->persistence == 't' || !r->sqlite_name ||
        is_switched_off(r))
        return false;
    activity_get(d->activity, r->sqlite_name, &c);
    double threshold = setting(a, "autovacuum_analyze_threshold");
    if ((double)c.changed <= threshold)
        return false;
    int64_t rows =
        number(db, "SELECT max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 WHERE tbl = ?1", r->sqlite_name, 0);
    *large = rows + c.grown > AUTOVACUUM_GATHERED_ROWS;
    return (double)c.changed > threshold + setting(a, "autovacuum_analyze_scale_factor") * (double)rows;
}

/* --- a turn ---------------------------------------------------------------------------------------------------------------- */

/* By OID: each statement of the session may see another snapshot. */
struct due_table {
    uint32_t oid;
    bool large;
};

static void analyze(struct autovacuum *a, struct pg_session *s, const struct due_table *t)
{
    run_statement(a, s, t->large ? "SET default_statistics_target = " AUTOVACUUM_TARGET : "RESET default_statistics_target");
    const struct relation *r = snapshot_relation(s->snapshot, t->oid);
    if (!r)
        return;
    const struct namespace_def *n = snapshot_namespace(s->snapshot, r->namespace_oid);
    struct strbuf sql = {0};
    strbuf_addz(&sql, "ANALYZE ");
    emit_identifier(&sql, n->name);
    strbuf_addc(&sql, '.');
    emit_identifier(&sql, r->name);
    run_statement(a, s, sql.data);
    strbuf_free(&sql);
}

static int due_tables(struct autovacuum *a, struct database *d, struct arena *arena, struct due_table **out)
{
    struct error err;
    error_init(&err, arena);
    const struct snapshot *s = database_snapshot(d);
    struct connection *c = database_take_reader(d, &err);
    int n, ndue = 0;
    const struct relation *const *all = snapshot_relations(s, &n);
    *out = ARENA_ARRAY(arena, struct due_table, n + 1);
    for (int i = 0; c && i < n; i++)
        if (is_due(a, d, c->db, all[i], &(*out)[ndue].large))
            (*out)[ndue++].oid = all[i]->oid;
    if (c)
        database_give_reader(d, c);
    snapshot_unref(s);
    return ndue;
}

static void visit(struct autovacuum *a, struct database *d, struct arena *arena)
{
    struct due_table *due;
    int n = d->read_only ? 0 : due_tables(a, d, arena, &due);
    if (n == 0)
        return;
    struct error err;
    error_init(&err, arena);
    struct pg_reply reply = {.host = a, .out = &a->output, .parse_complete = answer, .bind_complete = answer,
                             .close_complete = answer, .no_data = answer, .portal_suspended = answer, .empty_query = answer,
                             .row_description = answer_row_description, .command_complete = answer_complete,
                             .error = answer_notice, .notice = answer_notice, .parameter_status = answer_status,
                             .notification = answer_notification, .copy_done = answer, .wake = answer_wake};
    const struct snapshot *snapshot = database_snapshot(d);
    const struct role_def *owner = snapshot_role(snapshot, BOOTSTRAP_SUPERUSER);
    struct pg_startup startup = {.user = owner ? arena_strdup(arena, owner->name) : "postgres", .database = d->name,
                                 .client_port = -1};
    snapshot_unref(snapshot);
    struct pg_session *s = pg_session_create(a->engine, &startup, &reply, &err);
    if (!s) {
        log_line(LOG_LEVEL_WARNING, "autovacuum: %s", err.message);
        return;
    }
    s->autovacuum = s->txn.asynchronous = true;
    bool go_on = keep_session(a, s);
    for (int i = 0; i < n && go_on; i++) {
        analyze(a, s, &due[i]);
        go_on = keep_session(a, s);
    }
    keep_session(a, NULL);
    pg_session_destroy(s);
}

/* The open database at that place of the engine's list, entered as a session enters it; NULL behind the last. */
static struct database *enter(struct pg_engine *e, int i)
{
    pthread_mutex_lock(&e->lock);
    struct database *d = e->databases;
    while (d && i-- > 0)
        d = d->next;
    if (d)
        d->sessions++;
    pthread_mutex_unlock(&e->lock);
    return d;
}

static void turn(struct autovacuum *a)
{
    struct database *d;
    for (int i = 0; keep_session(a, NULL) && (d = enter(a->engine, i)); i++) {
        struct arena *arena = arena_create();
        visit(a, d, arena);
        arena_destroy(arena);
        engine_leave_database(a->engine, d);
    }
}

static bool nap(struct autovacuum *a)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)setting(a, "autovacuum_naptime");
    pthread_mutex_lock(&a->lock);
    while (!a->stop && pthread_cond_timedwait(&a->changed, &a->lock, &until) == 0)
        ;
    bool stop = a->stop;
    pthread_mutex_unlock(&a->lock);
    return !stop;
}

static void *autovacuum_main(void *arg)
{
    struct autovacuum *a = arg;
    while (nap(a))
        if (guc_parse_bool(guc_get(&a->engine->gucs, guc_find("autovacuum"))) == 1)
            turn(a);
    return NULL;
}

struct autovacuum *autovacuum_start(struct pg_engine *e)
{
    struct autovacuum *a = calloc(1, sizeof(*a));
    if (!a)
        log_fatal("out of memory");
    a->engine = e;
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&a->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&a->thread, NULL, autovacuum_main, a) != 0)
        log_fatal("could not start the autovacuum thread");
    return a;
}

void autovacuum_stop(struct autovacuum *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->stop = a->woken = true;
    if (a->session) /* not pg_session_terminate, whose wake takes this lock */
        atomic_store(&a->session->control.terminate, 1);
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    strbuf_free(&a->output);
    free(a);
}
