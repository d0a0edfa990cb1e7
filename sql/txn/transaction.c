/* transaction.c: see transaction.h. */
#include "sql/txn/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/catalog/sequence.h"
#include "sql/txn/commit_error.h"

void txn_init(struct transaction *t, struct database *d, struct eval_context *ctx,
              struct run_control *control, void (*wake)(void *arg), void *arg)
{
    *t = (struct transaction){
        .database = d, .ctx = ctx, .control = control, .isolation = ISOLATION_READ_COMMITTED};
    t->write_waiter.wake = t->read_waiter.wake = wake;
    t->write_waiter.arg = t->read_waiter.arg = arg;
    t->sync_waiter.wake = wake;
    t->sync_waiter.arg = arg;
}

/* The only place where the state changes. */
static void txn_set_state(struct transaction *t, enum txn_state state)
{
    t->state = state;
}

void txn_begin(struct transaction *t, bool block, enum txn_isolation isolation, bool read_only,
               bool deferrable)
{
    if (t->state == TXN_IDLE) {
        t->isolation = isolation;
        t->read_only = read_only;
        t->deferrable = deferrable;
        t->ran = false;
    }
    txn_set_state(t, block ? TXN_BLOCK : TXN_IMPLICIT);
}

static bool txn_pins(const struct transaction *t)
{
    return t->isolation >= ISOLATION_REPEATABLE_READ && t->state != TXN_IDLE;
}

/* Opens the savepoints that SQLite does not have yet. */
static bool txn_open_savepoints(struct transaction *t, struct error *err)
{
    for (int i = 0; i < t->nsavepoints; i++) {
        if (t->savepoints[i].open)
            continue;
        char sql[48];
        snprintf(sql, sizeof(sql), "SAVEPOINT s%d", i);
        if (!connection_exec(t->writer, sql, err))
            return false;
        t->savepoints[i].open = true;
    }
    return true;
}

static void txn_drop_writer(struct transaction *t)
{
    if (!t->writer)
        return;
    connection_attach(t->writer, NULL, NULL, NULL);
    change_log_clear(&t->writer->log);
    t->writer = NULL;
    slots_release(&t->database->write_slot, &t->write_waiter);
}

static enum txn_wait txn_open_write(struct transaction *t, struct error *err)
{
    struct connection *c = t->pinned ? t->pinned : t->home ? t->home : t->database->writer;
    connection_attach(c, t->ctx, t->control, err->arena);
    /*
     * A pinned reader's open transaction is upgraded by its first write, which finds out if it is
     * stale.
     */
    bool ok = t->pinned || connection_run(c, CONNECTION_BEGIN_WRITE, err);
    t->writer = c;
    t->commits = foreign_change_commits(&t->database->foreign);
    if (ok && txn_open_savepoints(t, err))
        return TXN_READY;
    if (!t->pinned && ok)
        connection_exec(c, "ROLLBACK", err);
    txn_drop_writer(t);
    return TXN_ERROR;
}

/* A REPEATABLE READ transaction's connection, with its snapshot taken. */
enum txn_wait txn_pin(struct transaction *t, struct error *err)
{
    if (t->pinned)
        return TXN_READY;
    if (t->home) {
        t->pinned = t->home;
    } else {
        if (!slots_acquire(&t->database->read_slots, &t->read_waiter))
            return TXN_WAIT;
        t->pinned = database_take_reader(t->database, err);
    }
    if (!t->pinned) {
        slots_release(&t->database->read_slots, &t->read_waiter);
        return TXN_ERROR;
    }
    connection_attach(t->pinned, t->ctx, t->control, err->arena);
    /* BEGIN alone takes no snapshot in SQLite: the first read does. What nobody changed meanwhile is what it sees. */
    char before[SNAPSHOT_ID_SIZE];
    snapshot_id_read(t->database->path, before);
    if (!connection_run(t->pinned, CONNECTION_BEGIN_READ, err) ||
        !connection_exec(t->pinned, "SELECT 1 FROM sqlite_schema LIMIT 1", err))
        return TXN_ERROR;
    snapshot_id_read(t->database->path, t->pinned_id);
    if (strcmp(before, t->pinned_id) != 0)
        t->pinned_id[0] = 0;
    return TXN_READY;
}

enum txn_wait txn_acquire_write(struct transaction *t, struct arena *arena, struct connection **c,
                                struct error *err)
{
    if (t->database->read_only) {
        error_set(err, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                  "cannot write: the database file is read-only");
        return TXN_ERROR;
    }
    if (txn_pins(t)) {
        enum txn_wait w = txn_pin(t, err);
        if (w != TXN_READY)
            return w;
    }
    if (!t->writer) {
        if (t->current && !t->pinned) /* a statement is stepping on a reader: it must begin anew as a writer */
            return TXN_WAIT;
        if (!slots_acquire(&t->database->write_slot, &t->write_waiter))
            return TXN_WAIT;
        enum txn_wait w = txn_open_write(t, err);
        if (w != TXN_READY)
            return w;
    }
    t->ran = t->looked = true;
    connection_attach(t->writer, t->ctx, t->control, arena);
    *c = t->writer;
    return TXN_READY;
}

enum txn_wait txn_acquire_read(struct transaction *t, struct arena *arena, struct connection **c,
                               bool *leased, struct error *err)
{
    *leased = false;
    t->ran = t->looked = true;
    if (!t->writer && txn_pins(t)) {
        enum txn_wait w = txn_pin(t, err);
        if (w != TXN_READY)
            return w;
    }
    *c = txn_connection(t);
    if (!*c) {
        if (!slots_acquire(&t->database->read_slots, &t->read_waiter))
            return TXN_WAIT;
        *c = database_take_reader(t->database, err);
        if (!*c) {
            slots_release(&t->database->read_slots, &t->read_waiter);
            return TXN_ERROR;
        }
        *leased = true;
        t->read_waiter.state = WAITER_IDLE; /* the place now goes with the connection */
    }
    connection_attach(*c, t->ctx, t->control, arena);
    return TXN_READY;
}

void txn_release_read(struct transaction *t, struct connection *c)
{
    struct waiter place = {.state = WAITER_GRANTED};
    database_give_reader(t->database, c);
    slots_release(&t->database->read_slots, &place);
}

bool txn_settle(struct transaction *t, struct error *err)
{
    if (t->home)
        return true;
    if (t->writer == t->database->writer) {
        struct connection *fresh = connection_open(t->database, err);
        if (!fresh)
            return false;
        t->database->writer = fresh;
    }
    t->home = t->writer;
    return true;
}

/* The catalog as the session's own connection sees it: read again when others have changed it. */
static const struct snapshot *txn_home_snapshot(struct transaction *t)
{
    const struct snapshot *newest = database_snapshot(t->database);
    if (t->home_snapshot && t->home_base == snapshot_version(newest)) {
        snapshot_unref(newest);
        return snapshot_ref(t->home_snapshot);
    }
    struct arena *a = arena_create();
    struct error err;
    error_init(&err, a);
    const struct snapshot *s = snapshot_with_temporary(t->home->db, newest, &err);
    arena_destroy(a);
    if (!s)
        return newest;
    if (t->home_snapshot)
        snapshot_unref(t->home_snapshot);
    t->home_snapshot = s;
    t->home_base = snapshot_version(newest);
    snapshot_unref(newest);
    return snapshot_ref(s);
}

const struct snapshot *txn_snapshot(struct transaction *t)
{
    if (t->snapshot)
        return snapshot_ref(t->snapshot);
    return t->home ? txn_home_snapshot(t) : database_snapshot(t->database);
}

struct change_log *txn_change_log(struct transaction *t, struct connection *c)
{
    if (!c->log.transaction) {
        const struct snapshot *base = txn_snapshot(t), *published = database_snapshot(t->database);
        change_log_start(&c->log, snapshot_version(base), snapshot_version(published));
        snapshot_unref(base);
        snapshot_unref(published);
    }
    return &c->log;
}

void txn_set_snapshot(struct transaction *t, const struct snapshot *s)
{
    if (t->snapshot)
        snapshot_unref(t->snapshot);
    t->snapshot = s;
}

static void savepoint_free(struct savepoint *s)
{
    free(s->name);
    if (s->snapshot)
        snapshot_unref(s->snapshot);
}

static void txn_forget_savepoints(struct transaction *t, int keep)
{
    while (t->nsavepoints > keep)
        savepoint_free(&t->savepoints[--t->nsavepoints]);
}

/* Everything back to IDLE; the SQLite transaction has ended. */
static void txn_end(struct transaction *t)
{
    txn_forget_savepoints(t, 0);
    if (t->deferred)
        t->deferred->end(t->deferred);
    t->deferred = NULL;
    if (t->snapshot)
        snapshot_unref(t->snapshot);
    t->snapshot = NULL;
    txn_drop_writer(t);
    slots_abandon(&t->database->write_slot, &t->write_waiter);
    if (t->pinned) {
        struct connection *c = t->pinned;
        t->pinned = NULL;
        if (c != t->home)
            database_give_reader(t->database, c);
        if (t->read_waiter.state == WAITER_GRANTED)
            slots_release(&t->database->read_slots, &t->read_waiter);
    } else {
        slots_abandon(&t->database->read_slots, &t->read_waiter);
    }
    txn_set_state(t, TXN_IDLE);
}

/*
 * Ends the SQLite transaction without err mattering: nothing can be done about a failing ROLLBACK.
 */
static void txn_sqlite_rollback(struct transaction *t)
{
    struct connection *c = t->writer ? t->writer : t->pinned;
    if (t->writer)
        sequence_rollback(t->database->sequences);
    if (c && !sqlite3_get_autocommit(c->db)) {
        struct run_control *control = c->control;
        c->control = NULL; /* a canceled session's rollback must not be canceled */
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        c->control = control;
    }
}

/* The catalog without the session's temporary tables: before, and what log says has changed since. */
static void txn_publish_file(struct transaction *t, const struct snapshot *before, const struct change_log *log)
{
    sqlite3 *db = t->database->writer->db;
    struct arena *a = arena_create();
    struct error err;
    error_init(&err, a);
    const struct snapshot *all = log ? snapshot_follow(db, before, log, true, &err) : NULL;
    if (!all && !error_is_set(&err))
        all = snapshot_load(db, t->database->name, before, &err);
    if (!all)
        log_line(LOG_LEVEL_WARNING, "could not read the catalog: %s", err.message);
    arena_destroy(a);
    if (!all)
        return;
    t->home_base = snapshot_version(all);
    database_publish(t->database, all);
}

/* The private catalog becomes everybody's. One with temporary tables stays the session's: others
   get what the database's own writer sees. */
static void txn_publish(struct transaction *t)
{
    const struct snapshot *own = t->snapshot;
    t->snapshot = NULL;
    if (!t->home) {
        database_publish(t->database, own);
        return;
    }
    const struct snapshot *before = database_snapshot(t->database);
    if (t->home_snapshot)
        snapshot_unref(t->home_snapshot);
    t->home_snapshot = own;
    t->home_base = snapshot_version(before);
    const struct change_log *log = &t->home->log;
    bool known = log->transaction && log->published == snapshot_version(before);
    if (!known || change_log_has_file(log))
        txn_publish_file(t, before, known ? log : NULL);
    snapshot_unref(before);
}

static void explain_commit(struct transaction *t, struct connection *c, struct error *err)
{
    const struct snapshot *s = t->snapshot ? snapshot_ref(t->snapshot) : database_snapshot(t->database);
    commit_error_explain(c, s, err);
    snapshot_unref(s);
}

/* The setting may have been LOCAL: it is over before the answer goes out. */
static void txn_note_commit(struct transaction *t)
{
    uint64_t commit = commit_sync_add(t->database->sync, !t->asynchronous);
    uint64_t all = atomic_load_explicit(&t->database->messages, memory_order_relaxed);
    t->alone = all - t->messages == t->own_messages;
    t->messages = all;
    t->own_messages = 0;
    t->looked = false; /* what it saw came before */
    if (!t->asynchronous)
        t->shown = commit;
}

bool txn_commit(struct transaction *t, struct error *err)
{
    bool ok = true;
    struct connection *c = t->writer ? t->writer : t->pinned;
    if (c) {
        connection_attach(c, t->ctx, NULL, err->arena); /* a COMMIT runs to its end */
        int64_t cookie = t->writer && t->snapshot ? foreign_change_cookie(c) : -1;
        if (t->writer)
            database_reserve(t->database);
        ok = (!t->writer || sequence_flush(t->database->sequences, c->db, err)) &&
             connection_run(c, CONNECTION_COMMIT, err);
        if (!ok) {
            if (t->writer && (sqlite3_extended_errcode(c->db) & 0xff) == SQLITE_CONSTRAINT)
                explain_commit(t, c, err);
            txn_sqlite_rollback(t);
        } else if (t->writer) {
            sequence_commit(t->database->sequences);
            foreign_change_own_commit(&t->database->foreign, t->commits, cookie);
            database_committed(t->database);
            txn_note_commit(t);
        }
    }
    if (ok && t->snapshot)
        txn_publish(t);
    txn_end(t);
    return ok;
}

void txn_rollback(struct transaction *t)
{
    txn_sqlite_rollback(t);
    txn_end(t);
}

bool txn_durable(struct transaction *t)
{
    if (!t->database->sync || t->asynchronous)
        return true;
    if (t->alone)
        commit_sync_now(t->database->sync, t->shown);
    t->alone = false;
    return commit_sync_reached(t->database->sync, t->shown, &t->sync_waiter);
}

void txn_show_newest(struct transaction *t)
{
    if (t->database->sync)
        t->shown = commit_sync_last(t->database->sync);
}

void txn_answered(struct transaction *t, bool over)
{
    if (t->looked && !t->writer) {
        txn_show_newest(t);
        t->looked = false;
    }
    if (over) {
        atomic_fetch_add_explicit(&t->database->messages, 1, memory_order_relaxed);
        t->own_messages++;
    }
}

void txn_destroy(struct transaction *t)
{
    txn_rollback(t);
    if (t->database->sync)
        commit_sync_abandon(t->database->sync, &t->sync_waiter);
    if (t->home_snapshot)
        snapshot_unref(t->home_snapshot);
    connection_close(t->home);
    free(t->savepoints);
}

void txn_fail(struct transaction *t)
{
    if (t->state != TXN_BLOCK)
        return;
    txn_set_state(t, TXN_FAILED);
    if (t->nsavepoints == 0) {
        txn_sqlite_rollback(t);
        txn_end(t);
        txn_set_state(t, TXN_FAILED);
    }
}

bool txn_savepoint(struct transaction *t, const char *name, uint64_t mark, struct error *err)
{
    if (t->nsavepoints == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 8;
        t->savepoints = realloc(t->savepoints, sizeof(*t->savepoints) * (size_t)t->cap);
        if (!t->savepoints)
            log_fatal("out of memory");
    }
    t->savepoints[t->nsavepoints++] = (struct savepoint){
        .name = strdup(name),
        .mark = mark,
        .read_only = t->read_only,
        .snapshot = t->snapshot ? snapshot_ref(t->snapshot) : NULL,
    };
    if (t->deferred) {
        struct savepoint *s = &t->savepoints[t->nsavepoints - 1];
        t->deferred->mark(t->deferred, &s->deferred_batches, &s->deferred_modes);
    }
    return !t->writer || txn_open_savepoints(t, err);
}

static int txn_find_savepoint(struct transaction *t, const char *name, struct error *err)
{
    for (int i = t->nsavepoints - 1; i >= 0; i--)
        if (!strcmp(t->savepoints[i].name, name))
            return i;
    error_set(err, ERRCODE_S_E_INVALID_SPECIFICATION, "savepoint \"%s\" does not exist", name);
    return -1;
}

bool txn_release(struct transaction *t, const char *name, struct error *err)
{
    int i = txn_find_savepoint(t, name, err);
    if (i < 0)
        return false;
    char sql[48];
    snprintf(sql, sizeof(sql), "RELEASE s%d", i);
    bool ok = !t->writer || !t->savepoints[i].open || connection_exec(t->writer, sql, err);
    t->read_only = t->savepoints[i].read_only;
    txn_forget_savepoints(t, i);
    return ok;
}

bool txn_rollback_to(struct transaction *t, const char *name, uint64_t *mark, struct error *err)
{
    int i = txn_find_savepoint(t, name, err);
    if (i < 0)
        return false;
    struct savepoint *s = &t->savepoints[i];
    bool ok = true;
    if (t->writer && s->open) {
        char sql[48];
        connection_attach(t->writer, t->ctx, NULL, err->arena);
        snprintf(sql, sizeof(sql), "ROLLBACK TO s%d", i);
        ok = connection_exec(t->writer, sql, err);
    }
    if (t->snapshot)
        snapshot_unref(t->snapshot);
    t->snapshot = s->snapshot ? snapshot_ref(s->snapshot) : NULL;
    *mark = s->mark;
    t->read_only = s->read_only;
    if (t->deferred)
        t->deferred->truncate(t->deferred, s->deferred_batches, s->deferred_modes);
    txn_forget_savepoints(t, i + 1);
    if (ok)
        txn_set_state(t, TXN_BLOCK);
    return ok;
}

/* --- blocks of functions ------------------------------------------------------------------------- */

bool txn_sub_begin(struct transaction *t, int *level, uint64_t mark, struct error *err)
{
    *level = t->nsavepoints;
    return txn_savepoint(t, "", mark, err);
}

bool txn_sub_release(struct transaction *t, int level, struct error *err)
{
    if (level >= t->nsavepoints)
        return error_set(err, ERRCODE_INVALID_TRANSACTION_STATE, "a block's savepoint is gone");
    char sql[48];
    snprintf(sql, sizeof(sql), "RELEASE s%d", level);
    bool ok = !t->writer || !t->savepoints[level].open || connection_exec(t->writer, sql, err);
    txn_forget_savepoints(t, level);
    return ok;
}

bool txn_sub_rollback(struct transaction *t, int level, struct error *err)
{
    if (level >= t->nsavepoints)
        return error_set(err, ERRCODE_INVALID_TRANSACTION_STATE, "a block's savepoint is gone");
    struct savepoint *s = &t->savepoints[level];
    bool ok = true;
    if (t->writer && s->open) {
        char sql[64];
        struct run_control *control = t->writer->control;
        t->writer->control = NULL; /* undoing is not canceled */
        snprintf(sql, sizeof(sql), "ROLLBACK TO s%d; RELEASE s%d", level, level);
        ok = sqlite3_exec(t->writer->db, sql, NULL, NULL, NULL) == SQLITE_OK;
        if (!ok)
            error_set(err, ERRCODE_INTERNAL_ERROR, "SQLite: %s", sqlite3_errmsg(t->writer->db));
        t->writer->control = control;
    }
    if (t->snapshot)
        snapshot_unref(t->snapshot);
    t->snapshot = s->snapshot ? snapshot_ref(s->snapshot) : NULL;
    if (t->deferred)
        t->deferred->truncate(t->deferred, s->deferred_batches, s->deferred_modes);
    txn_forget_savepoints(t, level);
    return ok;
}

enum txn_wait txn_acquire_write_now(struct transaction *t, struct arena *arena, struct connection **c,
                                    struct error *err)
{
    for (long pause = 200000;; pause = pause < 5000000 ? pause * 2 : pause) {
        enum txn_wait w = txn_acquire_write(t, arena, c, err);
        if (w != TXN_WAIT)
            return w;
        if (run_control_stopped(t->control, err))
            return TXN_ERROR;
        nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
    }
}
