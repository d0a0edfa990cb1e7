/*
 * connection.h: one SQLite connection with what belongs to it: registered functions, prepared
 * statements, and the control block through which a running statement is stopped.
 *
 * Used by one thread at a time (SQLITE_OPEN_NOMUTEX). Owned by its database's pool.
 */
#ifndef PGF_TXN_CONNECTION_H
#define PGF_TXN_CONNECTION_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/base/error.h"
#include "sql/catalog/change_log.h"
#include "sql/types/sqlite_func.h"

struct database;
struct table_activity;

/* Why a running statement should stop: looked at by SQLite's progress handler. One per session. */
struct run_control {
    atomic_int cancel;    /* set by any thread: 57014 */
    atomic_int terminate; /* set by any thread: 57P01 */
    int64_t deadline;     /* statement_timeout, monotonic ns; 0 none */
    int64_t budget;       /* inline running: give up at this time and go to a worker; 0 none */
    bool budget_hit;
    bool wants_writer; /* a nested statement wants to write: rewind, wait for the write slot, run again */
    bool parked; /* a function waits for something: rewind the statement and run it again when woken
                  */
};

/* Monotonic nanoseconds. */
int64_t run_control_now(void);
/* Sets err (57014, 57P01) and returns true when the statement must end. */
bool run_control_stopped(struct run_control *c, struct error *err);

struct cached_stmt;

#define CONNECTION_BUCKETS 256

struct connection {
    sqlite3 *db;
    struct database *database;
    struct sqlite_func_host host;
    struct run_control *control; /* of the session that leases it; NULL idle */
    struct connection *next;     /* in the pool's free list */
    struct cached_stmt *newest, *oldest;
    struct cached_stmt *buckets[CONNECTION_BUCKETS];
    int nstmts;
    struct table_activity *changed; /* the table of the row changed last: activity.h */
    bool keys_off;    /* foreign keys are not looked at */
    bool mapped;      /* reads the file through a mapping */
    int since_mapped; /* statements that did not ask for it */
    struct change_log log; /* what the transaction on it has changed in the catalog */
};

/* Opens a connection on the file. NULL with err set. */
struct connection *connection_open(struct database *d, struct error *err);
/* NULL is allowed. */
void connection_close(struct connection *c);

/* Sets whose functions, limits and errors count from now on; all NULL at the end of a lease. */
void connection_attach(struct connection *c, struct eval_context *ctx, struct run_control *control,
                       struct arena *arena);
/* Whether SQLite looks at foreign keys in what is prepared from now on, also inside a transaction; returns what held before. */
bool connection_keys_off(struct connection *c, bool off);
/* After a nested statement, which attached the connection with an arena of its own: errors lie in this one again. */
void connection_move_error(struct connection *c, struct arena *arena);

/*
 * Called before a statement begins: one that reads much gets the file mapped; the mapping goes again after a while of others,
 * since each commit elsewhere drops it and it must be made anew.
 */
void connection_map(struct connection *c, bool reads_much);

/*
 * Prepares SQL; functions and catalog relations it names are registered as they are missed. NULL
 * with err set; a syntax error here is a fault of ours: XX000.
 */
sqlite3_stmt *connection_prepare(struct connection *c, const char *sql, struct error *err);

/*
 * The statement of a program's step from the connection's cache, or prepared now. In use until
 * connection_stmt_release. uid names the program; statements of forgotten programs age out.
 */
sqlite3_stmt *connection_stmt(struct connection *c, uint64_t uid, int step, const char *sql,
                              struct error *err);
void connection_stmt_release(struct connection *c, sqlite3_stmt *stmt);

/* Runs SQL whose rows do not matter. False with err set. */
bool connection_exec(struct connection *c, const char *sql, struct error *err);
/* The same for what every transaction runs: prepared once. */
enum connection_command { CONNECTION_BEGIN_READ, CONNECTION_BEGIN_WRITE, CONNECTION_COMMIT };
bool connection_run(struct connection *c, enum connection_command command, struct error *err);

/*
 * Turns the connection's last failure into err: what a function of ours reported, else SQLite's
 * code as a SQLSTATE. False, with nothing set, for SQLITE_CONSTRAINT: those need the statement to
 * be explained (exec/constraint.h).
 */
bool connection_error(struct connection *c, int rc, struct error *err);

#endif
