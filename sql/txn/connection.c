/* connection.c: see connection.h. */
#include "sql/txn/connection.h"

#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/base/memory.h"
#include "sql/catalog/register.h"
#include "sql/txn/activity.h"
#include "sql/txn/database.h"
#include "sql/txn/rowset.h"
#include "vecext/vecext.h"

/* What connection_run() runs, among the statements of plans, which have other numbers. */
#define COMMAND_UID 0

struct cached_stmt {
    struct cached_stmt *chain; /* same bucket */
    struct cached_stmt *newer, *older;
    uint64_t uid;
    int step;
    bool in_use;
    sqlite3_stmt *stmt;
};

int64_t run_control_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool run_control_stopped(struct run_control *c, struct error *err)
{
    if (atomic_load_explicit(&c->terminate, memory_order_relaxed)) {
        error_set(err, ERRCODE_ADMIN_SHUTDOWN,
                  "terminating connection due to administrator command");
        err->severity = ERROR_FATAL;
        return true;
    }
    if (atomic_load_explicit(&c->cancel, memory_order_relaxed)) {
        error_set(err, ERRCODE_QUERY_CANCELED, "canceling statement due to user request");
        return true;
    }
    if (c->deadline && run_control_now() >= c->deadline) {
        error_set(err, ERRCODE_QUERY_CANCELED, "canceling statement due to statement timeout");
        return true;
    }
    return false;
}

/* SQLite's progress handler: nonzero interrupts the statement. */
static int connection_progress(void *arg)
{
    struct connection *c = arg;
    struct run_control *control = c->control;
    if (!control)
        return 0;
    if (run_control_stopped(control, &c->host.err))
        return 1;
    if (control->budget && run_control_now() >= control->budget) {
        control->budget_hit = true;
        return 1;
    }
    return 0;
}

static const char connection_pragmas[] = "PRAGMA wal_autocheckpoint = 0;"
                                         "PRAGMA foreign_keys = ON;"
                                         "PRAGMA secure_delete = OFF;"
                                         "PRAGMA cache_size = -4096;"
                                         "PRAGMA trusted_schema = ON;"
                                         "PRAGMA recursive_triggers = ON;";

/* For statements that SQL functions, virtual tables and the vector engine run on the connection. */
static bool connection_register_nested(struct sqlite_func_host *host, const char *message)
{
    struct connection *c = (struct connection *)((char *)host - offsetof(struct connection, host));
    return host->ctx &&
           catalog_register_missing(c->db, host, host->ctx->snapshot, message) == SQLITE_OK;
}

static bool connection_missing(void *connection, const char *message)
{
    struct connection *c = connection;
    return connection_register_nested(&c->host, message);
}

/* SQLite's WAL hook: a commit left so many frames. */
static int connection_committed(void *arg, sqlite3 *db, const char *schema, int frames)
{
    struct connection *c = arg;
    (void)db;
    if (!strcmp(schema, "main"))
        atomic_store_explicit(&c->database->wal_frames, frames, memory_order_relaxed);
    return SQLITE_OK;
}

/* SQLite's update hook: a row was changed. */
static void connection_changed(void *arg, int op, const char *schema, const char *table, sqlite3_int64 rowid)
{
    struct connection *c = arg;
    (void)rowid;
    if (!strcmp(schema, "main"))
        activity_count(c->database->activity, &c->changed, op, table);
}

/* The answer to PRAGMA journal_mode. */
static int connection_note_mode(void *wal, int n, char **values, char **names)
{
    (void)names;
    *(bool *)wal = n == 1 && values[0] && !strcmp(values[0], "wal");
    return 0;
}

/* Commits are synced by commit_sync.c, but for a file that lies where no WAL can be. */
static int connection_choose_journal(struct connection *c)
{
    bool wal = false;
    int rc = SQLITE_OK;
    if (!c->database->read_only)
        rc = sqlite3_exec(c->db, "PRAGMA journal_mode = WAL", connection_note_mode, &wal, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(c->db, wal ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    return rc;
}

static int connection_configure(struct connection *c)
{
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, DATABASE_BUSY_MS);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    int rc = SQLITE_OK;
    if (c->database->created)
        rc = sqlite3_exec(c->db, "PRAGMA page_size = 8192", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = connection_choose_journal(c);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(c->db, connection_pragmas, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_wal_hook(c->db, connection_committed, c); /* after the pragmas: wal_autocheckpoint takes its place */
    sqlite3_update_hook(c->db, connection_changed, c);
    sqlite3_progress_handler(c->db, CONNECTION_PROGRESS_OPS, connection_progress, c);
    sqlite_collation_register_needed(c->db);
    rc = rowset_table_register(c->db);
    return rc == SQLITE_OK ? vecext_register_engine(c->db, connection_missing, c) : rc;
}

struct connection *connection_open(struct database *d, struct error *err)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (!c)
        log_fatal("out of memory");
    c->database = d;
    c->host.scratch = arena_create();
    c->host.register_missing = connection_register_nested;
    error_init(&c->host.err, c->host.scratch);
    int flags = SQLITE_OPEN_NOMUTEX |
                (d->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    int rc = sqlite3_open_v2(d->path, &c->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = connection_configure(c);
    if (rc != SQLITE_OK) {
        connection_error(c, rc, err);
        connection_close(c);
        return NULL;
    }
    return c;
}

static struct cached_stmt **cached_bucket(struct connection *c, uint64_t uid, int step)
{
    return &c->buckets[(uid * 31 + (uint64_t)step) % CONNECTION_BUCKETS];
}

static void cached_unlink(struct connection *c, struct cached_stmt *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void cached_link(struct connection *c, struct cached_stmt *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static void cached_free(struct connection *c, struct cached_stmt *e)
{
    struct cached_stmt **p = cached_bucket(c, e->uid, e->step);
    while (*p != e)
        p = &(*p)->chain;
    *p = e->chain;
    cached_unlink(c, e);
    sqlite3_finalize(e->stmt);
    free(e);
    c->nstmts--;
}

void connection_close(struct connection *c)
{
    if (!c)
        return;
    while (c->oldest)
        cached_free(c, c->oldest);
    sqlite3_close_v2(c->db);
    arena_destroy(c->host.scratch);
    change_log_free(&c->log);
    free(c);
}

void connection_attach(struct connection *c, struct eval_context *ctx, struct run_control *control,
                       struct arena *arena)
{
    c->host.ctx = ctx;
    c->control = control;
    error_init(&c->host.err, arena ? arena : c->host.scratch);
}

bool connection_keys_off(struct connection *c, bool off)
{
    bool before = c->keys_off;
    if (off != before)
        sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_FKEY, !off, NULL);
    c->keys_off = off;
    return before;
}

void connection_move_error(struct connection *c, struct arena *arena)
{
    if (c->host.err.arena == arena)
        return;
    struct error moved;
    error_init(&moved, arena);
    if (error_is_set(&c->host.err))
        error_copy(&moved, &c->host.err);
    c->host.err = moved;
}

/* Limits that SQLite was built with and a statement can reach. */
static bool connection_too_complex(const char *message)
{
    static const char tree[] = "Expression tree is too large", many[] = "too many";
    return strcmp(message, "parser stack overflow") == 0 ||
           strncmp(message, tree, sizeof(tree) - 1) == 0 ||
           strncmp(message, many, sizeof(many) - 1) == 0;
}

/* A mapping of a file that is larger than memory costs more than it spares: each row that is not there brings its surroundings,
   and pushes out what other rows need. */
static bool connection_file_fits(const struct connection *c)
{
    struct stat file;
    const char *path = sqlite3_db_filename(c->db, "main");
    return !path || !*path || stat(path, &file) != 0 || file.st_size <= memory_limit() / 2;
}

void connection_map(struct connection *c, bool reads_much)
{
    enum { KEPT = 1000 };
    if (reads_much && !c->mapped && !connection_file_fits(c))
        return;
    c->since_mapped = reads_much ? 0 : c->since_mapped + 1;
    if (reads_much == c->mapped || (c->mapped && c->since_mapped < KEPT))
        return;
    /* the most that SQLite is usually built for; it takes less where it must */
    c->mapped = sqlite3_exec(c->db, reads_much ? "PRAGMA mmap_size = 2147418112" : "PRAGMA mmap_size = 0", NULL, NULL,
                             NULL) == SQLITE_OK && reads_much;
}

sqlite3_stmt *connection_prepare(struct connection *c, const char *sql, struct error *err)
{
    char missed[256] = "";
    for (;;) {
        sqlite3_stmt *stmt = NULL;
        int rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
        if (rc == SQLITE_OK)
            return stmt;
        char message[256];
        snprintf(message, sizeof(message), "%s", sqlite3_errmsg(c->db));
        bool again = strcmp(message, missed) == 0; /* registered, and still missed */
        memcpy(missed, message, sizeof(missed));
        const struct snapshot *s = c->host.ctx ? c->host.ctx->snapshot : NULL;
        if ((rc & 0xff) == SQLITE_ERROR && !again && s &&
            catalog_register_missing(c->db, &c->host, s, message) == SQLITE_OK)
            continue;
        if ((rc & 0xff) == SQLITE_ERROR && connection_too_complex(message)) {
            error_set(err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
            error_detail(err, "SQLite: %s", message);
            return NULL;
        }
        if ((rc & 0xff) == SQLITE_ERROR && !error_is_set(&c->host.err)) {
            log_line(LOG_LEVEL_WARNING, "cannot prepare: %s: %s", message, sql);
            error_set(err, ERRCODE_INTERNAL_ERROR, "SQLite: %s", message);
        }
        connection_error(c, rc, err);
        return NULL;
    }
}

sqlite3_stmt *connection_stmt(struct connection *c, uint64_t uid, int step, const char *sql,
                              struct error *err)
{
    struct cached_stmt **bucket = cached_bucket(c, uid, step);
    for (struct cached_stmt *e = *bucket; e; e = e->chain)
        if (e->uid == uid && e->step == step && !e->in_use) {
            e->in_use = true;
            return e->stmt;
        }
    sqlite3_stmt *stmt = connection_prepare(c, sql, err);
    if (!stmt)
        return NULL;
    for (struct cached_stmt *e = c->oldest, *newer; e && c->nstmts >= LIMIT_CONNECTION_STMTS;
         e = newer) {
        newer = e->newer;
        if (!e->in_use)
            cached_free(c, e);
    }
    struct cached_stmt *e = calloc(1, sizeof(*e));
    if (!e)
        log_fatal("out of memory");
    *e = (struct cached_stmt){
        .uid = uid, .step = step, .in_use = true, .stmt = stmt, .chain = *bucket};
    *bucket = e;
    cached_link(c, e);
    c->nstmts++;
    return stmt;
}

void connection_stmt_release(struct connection *c, sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    for (struct cached_stmt *e = c->newest; e; e = e->older)
        if (e->stmt == stmt) {
            e->in_use = false;
            cached_unlink(c, e); /* to the front: least recently used goes first */
            cached_link(c, e);
            return;
        }
}

/* To its end, whatever rows it gives. */
static bool connection_step(struct connection *c, sqlite3_stmt *stmt, struct error *err)
{
    int rc;
    do {
        rc = sqlite3_step(stmt);
    } while (rc == SQLITE_ROW);
    if (rc != SQLITE_DONE && !connection_error(c, rc, err))
        error_set(err, ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, "%s", sqlite3_errmsg(c->db));
    return rc == SQLITE_DONE;
}

bool connection_exec(struct connection *c, const char *sql, struct error *err)
{
    sqlite3_stmt *stmt = connection_prepare(c, sql, err);
    if (!stmt)
        return false;
    bool ok = connection_step(c, stmt, err);
    sqlite3_finalize(stmt);
    return ok;
}

bool connection_run(struct connection *c, enum connection_command command, struct error *err)
{
    static const char *const sql[] = {"BEGIN", "BEGIN IMMEDIATE", "COMMIT"};
    sqlite3_stmt *stmt = connection_stmt(c, COMMAND_UID, (int)command, sql[command], err);
    if (!stmt)
        return false;
    bool ok = connection_step(c, stmt, err);
    connection_stmt_release(c, stmt);
    return ok;
}

/* SQLite's primary result codes as SQLSTATEs; the message is SQLite's own unless given. */
static const struct {
    int code;
    const char *sqlstate;
    const char *message;
} connection_codes[] = {
    {SQLITE_FULL, ERRCODE_DISK_FULL, "could not extend the database file: No space left on device"},
    {SQLITE_READONLY, ERRCODE_READ_ONLY_SQL_TRANSACTION, "the database file is read-only"},
    {SQLITE_IOERR, ERRCODE_IO_ERROR, NULL},
    {SQLITE_CORRUPT, ERRCODE_DATA_CORRUPTED, NULL},
    {SQLITE_NOTADB, ERRCODE_DATA_CORRUPTED, "the file is not an SQLite database"},
    {SQLITE_CANTOPEN, ERRCODE_UNDEFINED_FILE, NULL},
    {SQLITE_TOOBIG, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "string or blob too big"},
    {SQLITE_NOMEM, ERRCODE_OUT_OF_MEMORY, "out of memory"},
    {SQLITE_BUSY, ERRCODE_LOCK_NOT_AVAILABLE, "the database file is locked by another process"},
    {SQLITE_LOCKED, ERRCODE_LOCK_NOT_AVAILABLE, NULL},
    {SQLITE_INTERRUPT, ERRCODE_QUERY_CANCELED, "canceling statement due to user request"},
    {SQLITE_MISMATCH, ERRCODE_DATATYPE_MISMATCH, NULL},
    {SQLITE_PERM, ERRCODE_INSUFFICIENT_PRIVILEGE, NULL},
};

/* An error of the vector engine, raised inside a trigger or a scan, with its own SQLSTATE. */
static bool vector_error(struct connection *c, int rc, const char *message, struct error *err)
{
    struct vec_error v;
    if ((rc & 0xff) != SQLITE_ERROR || !c->db || !vec_last_error(c->db, &v) ||
        strncmp(message, v.message, strlen(v.message)) != 0)
        return false;
    error_set(err, vec_error_sqlstate(v.code), "%s", v.message);
    if (v.detail[0])
        error_detail(err, "%s", v.detail);
    if (v.hint[0])
        error_hint(err, "%s", v.hint);
    return true;
}

/* What SQLite's own window functions refuse, in PostgreSQL's words. */
static const struct {
    const char *own, *sqlstate, *message;
} window_messages[] = {
    {"argument of ntile must be a positive integer", ERRCODE_INVALID_ARGUMENT_FOR_NTILE,
     "argument of ntile must be greater than zero"},
    {"second argument to nth_value must be a positive integer",
     ERRCODE_INVALID_ARGUMENT_FOR_NTH_VALUE, "argument of nth_value must be greater than zero"},
    {"frame starting offset must be a non-negative integer",
     ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE, "frame starting offset must not be negative"},
    {"frame ending offset must be a non-negative integer",
     ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE, "frame ending offset must not be negative"},
    {"frame starting offset must be a non-negative number",
     ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
     "invalid preceding or following size in window function"},
    {"frame ending offset must be a non-negative number",
     ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
     "invalid preceding or following size in window function"},
};

static bool window_error(const char *message, struct error *err)
{
    for (size_t i = 0; i < sizeof(window_messages) / sizeof(window_messages[0]); i++)
        if (strcmp(message, window_messages[i].own) == 0) {
            error_set(err, window_messages[i].sqlstate, "%s", window_messages[i].message);
            return true;
        }
    return false;
}

bool connection_error(struct connection *c, int rc, struct error *err)
{
    if (error_is_set(&c->host.err)) {
        error_copy(err, &c->host.err);
        error_clear(&c->host.err);
        return true;
    }
    if ((rc & 0xff) == SQLITE_CONSTRAINT)
        return false;
    if (rc == SQLITE_BUSY_SNAPSHOT) {
        error_set(err, ERRCODE_T_R_SERIALIZATION_FAILURE,
                  "could not serialize access due to concurrent update");
        return true;
    }
    char message[512];
    snprintf(message, sizeof(message), "%s", c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
    if (vector_error(c, rc, message, err) || window_error(message, err))
        return true;
    for (size_t i = 0; i < sizeof(connection_codes) / sizeof(connection_codes[0]); i++)
        if (connection_codes[i].code == (rc & 0xff)) {
            const char *own = connection_codes[i].message;
            error_set(err, connection_codes[i].sqlstate, "%s", own ? own : message);
            return true;
        }
    error_set(err, ERRCODE_INTERNAL_ERROR, "SQLite: %s", message);
    return true;
}
