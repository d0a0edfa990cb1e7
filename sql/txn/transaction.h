/*
 * transaction.h: one session's transaction over leased SQLite connections.
 *
 *            begin                    error
 *   IDLE ----------> BLOCK/IMPLICIT --------> FAILED
 *     ^                   |  ^                   |
 *     +--- commit/rollback+  +--- rollback to ---+
 *
 * READ COMMITTED: until its first write a transaction holds no SQLite transaction; every statement
 * leases a reader and sees the newest commit. The first write waits in the queue of the database's
 * write slot, then opens BEGIN IMMEDIATE on the writer; savepoints made before are opened with it.
 * From then on every statement runs there, until COMMIT or ROLLBACK. REPEATABLE READ, SERIALIZABLE:
 * a reader is pinned with an open SQLite transaction at the first statement; a first write upgrades
 * it in place, which SQLite refuses over a stale snapshot (40001).
 *
 * Used by the session's thread only; waiting is by struct waiter (slots.h).
 */
#ifndef PGF_TXN_TRANSACTION_H
#define PGF_TXN_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/txn/database.h"
#include "sql/txn/snapshot_id.h"

enum txn_state { TXN_IDLE, TXN_IMPLICIT, TXN_BLOCK, TXN_FAILED };
enum txn_isolation {
    ISOLATION_READ_UNCOMMITTED,
    ISOLATION_READ_COMMITTED,
    ISOLATION_REPEATABLE_READ,
    ISOLATION_SERIALIZABLE
};
enum txn_wait { TXN_READY, TXN_WAIT, TXN_ERROR };

/* What a transaction has put off until COMMIT; exec/deferred.c makes it. */
struct txn_deferred {
    void (*end)(struct txn_deferred *d);
    void (*mark)(struct txn_deferred *d, size_t *batches, size_t *modes);
    void (*truncate)(struct txn_deferred *d, size_t batches, size_t modes);
};

struct after_queue;

struct savepoint {
    char *name;
    bool open;                       /* SAVEPOINT s<level> exists in SQLite */
    bool read_only;                  /* as the transaction was: SET TRANSACTION inside ends with the savepoint */
    const struct snapshot *snapshot; /* the private one at that moment, referenced; or NULL */
    uint64_t mark;                   /* the owner's (settings log) */
    size_t deferred_batches, deferred_modes;
};

struct transaction {
    struct database *database;
    enum txn_state state;
    enum txn_isolation isolation;
    bool read_only, deferrable;
    bool asynchronous;         /* synchronous_commit = off: answers wait for no sync */
    bool ran;                  /* a statement has run: isolation can no longer change */
    bool looked;               /* the database has been looked at since the last txn_answered() */
    uint64_t shown;            /* the newest commit that answers given so far may show */
    uint64_t messages;         /* carried out for all sessions of the database up to this one's last commit */
    uint64_t own_messages;     /* and since then for this one */
    bool alone;                /* a commit that nobody has waited for yet; no other session had a message since the one before */
    uint32_t commits; /* of the file, when the write lock was taken: foreign_change.h */
    struct connection *writer; /* BEGIN IMMEDIATE is open on it; the write slot is held */
    struct connection *current; /* reader of the statement now stepping: nested ones read there */
    struct connection *pinned; /* REPEATABLE READ's reader; also the writer after an upgrade */
    char pinned_id[SNAPSHOT_ID_SIZE]; /* the commit pinned sees; "" unknown */
    const struct snapshot *snapshot; /* private catalog after DDL, referenced; or NULL */
    /*
     * A session with temporary tables owns the connection they live in, and the catalog seen from
     * there.
     */
    struct connection *home;
    const struct snapshot *home_snapshot;
    uint64_t home_base; /* version of the database's snapshot when home_snapshot was read */
    struct savepoint *savepoints;
    int nsavepoints, cap;
    struct txn_deferred *deferred; /* owned; or NULL */
    /* For the next statement begun: what fires behind its rows goes to this queue (exec/modify.h); else NULL. */
    struct after_queue *outer_queue;
    struct waiter write_waiter, read_waiter;
    struct sync_waiter sync_waiter;
    struct eval_context *ctx; /* attached to every connection leased */
    struct run_control *control;
};

void txn_init(struct transaction *t, struct database *d, struct eval_context *ctx,
              struct run_control *control, void (*wake)(void *arg), void *arg);
void txn_destroy(struct transaction *t); /* rolls back */

/* IDLE to IMPLICIT (a single statement, or a pipeline until Sync) or BLOCK; IMPLICIT to BLOCK. */
void txn_begin(struct transaction *t, bool block, enum txn_isolation isolation, bool read_only,
               bool deferrable);

/*
 * A connection to write on, inside the open write transaction. TXN_WAIT: in the queue, call again
 * after wake. TXN_ERROR: err set (25006 in a read-only transaction, 40001).
 */
enum txn_wait txn_acquire_write(struct transaction *t, struct arena *arena, struct connection **c,
                                struct error *err);
/* A connection to read from; *leased tells whether txn_release_read must follow. */
enum txn_wait txn_acquire_read(struct transaction *t, struct arena *arena, struct connection **c,
                               bool *leased, struct error *err);
/* REPEATABLE READ: takes the snapshot now, before the first statement; its identity is then in pinned_id. */
enum txn_wait txn_pin(struct transaction *t, struct error *err);
void txn_release_read(struct transaction *t, struct connection *c);

/*
 * The connection the session writes on becomes its own, for temporary tables; the write slot is
 * held. The database gets another writer. False with err set.
 */
bool txn_settle(struct transaction *t, struct error *err);

/* The catalog this transaction sees: its own or the newest; referenced for the caller. */
const struct snapshot *txn_snapshot(struct transaction *t);
/* The log of changes of the catalog on the connection, which the transaction writes on; begun with its first command. */
struct change_log *txn_change_log(struct transaction *t, struct connection *c);
/* After DDL on the writer: the catalog as it now stands there; the reference passes over. */
void txn_set_snapshot(struct transaction *t, const struct snapshot *s);

/*
 * Ends the transaction. False with err set: it was rolled back instead (deferred constraint...). To
 * IDLE.
 */
bool txn_commit(struct transaction *t, struct error *err);
void txn_rollback(struct transaction *t);
/* A statement failed: IMPLICIT is rolled back to IDLE by its owner; BLOCK becomes FAILED, and gives
   the write slot back at once when no savepoint could bring it back to life. */
void txn_fail(struct transaction *t);

/*
 * Whether all commits that the session's answers may show are on the disk, so that the answers may go out; if not, the session is
 * woken when they are. Inside a transaction that writes, answers go out at once, for others wait for its end; its COMMIT or ROLLBACK
 * is answered when everything it saw is durable.
 */
bool txn_durable(struct transaction *t);
/* Rows of a statement are about to go out, or the message is over: they may show whatever was committed when it looked. What a
 * statement that goes on reads later is of the same moment. */
void txn_answered(struct transaction *t, bool over);
/* An answer shows the newest commit. */
void txn_show_newest(struct transaction *t);

/*
 * Savepoints, with PostgreSQL's name rules (the innermost of a name counts). 3B001 when missing.
 * mark: see struct.
 */
bool txn_savepoint(struct transaction *t, const char *name, uint64_t mark, struct error *err);
bool txn_release(struct transaction *t, const char *name, struct error *err);
bool txn_rollback_to(struct transaction *t, const char *name, uint64_t *mark, struct error *err);

/*
 * Savepoints without names, for blocks of functions; the state of the transaction stays as it is. level: given by begin.
 * rollback also ends it.
 */
bool txn_sub_begin(struct transaction *t, int *level, uint64_t mark, struct error *err);
bool txn_sub_release(struct transaction *t, int level, struct error *err);
bool txn_sub_rollback(struct transaction *t, int level, struct error *err);
/* txn_acquire_write for a thread that may block: waits for the slot instead of answering TXN_WAIT. */
enum txn_wait txn_acquire_write_now(struct transaction *t, struct arena *arena, struct connection **c,
                                    struct error *err);

/* The connection on which the running statement is stepped, for functions it calls. */
static inline struct connection *txn_connection(const struct transaction *t)
{
    return t->writer ? t->writer : t->pinned ? t->pinned : t->home ? t->home : t->current;
}

static inline bool txn_holds_writer(const struct transaction *t)
{
    return t->writer != NULL;
}

#endif
