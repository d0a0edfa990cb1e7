/*
 * commit_sync.h: brings commits to the disk, many with one fdatasync (group commit).
 *
 * SQLite runs with synchronous = NORMAL: COMMIT writes the WAL and returns, and the write slot goes to the next session. Each commit
 * has a number; `durable` is the last one known to be on the disk. A session's answers go out only when every commit they show is
 * durable (txn_durable, pg_session_holds_output); those that have to wait leave a waiter, and while there is one a thread syncs the WAL
 * again and again. What nobody waits for is synced within COMMIT_SYNC_MS.
 *
 * A sync that must write the file's size or its blocks' places, too, takes half as long again. So the WAL, which is never cut while
 * the server runs, grows by zeroes ahead of its frames; SQLite takes what is not a frame for the WAL's end.
 *
 * One per database that is written to (database.h). A failing sync ends the process: what the kernel then still has of the WAL is
 * unknown, and no later sync would tell.
 */
#ifndef PGF_TXN_COMMIT_SYNC_H
#define PGF_TXN_COMMIT_SYNC_H

#include <stdbool.h>
#include <stdint.h>

/* PostgreSQL's wal_writer_delay: how long a commit that nobody waits for may stay unsynced. */
#define COMMIT_SYNC_MS 200
/* The WAL is kept so much longer than its frames, which is more than most transactions write, ... */
#define COMMIT_SYNC_AHEAD (128 << 10)
/* ... until it has as many frames as begin it anew (checkpoint.h), of pages of 8 KB. It grows by half, at least by AHEAD. */
#define COMMIT_SYNC_MOST (32 << 20)

struct commit_sync;

struct sync_waiter {
    struct sync_waiter *next, **at; /* at: NULL while it does not wait */
    uint64_t commit;
    void (*wake)(void *arg); /* called under a lock of commit_sync.c; must not call back */
    void *arg;
};

/* path: of the database file. */
struct commit_sync *commit_sync_start(const char *path);
/* Syncs what is left. Nobody may wait. NULL is allowed. */
void commit_sync_stop(struct commit_sync *s);

/* The WAL is about to grow beyond so many bytes: makes room behind them. By who holds SQLite's write lock. */
void commit_sync_reserve(struct commit_sync *s, int64_t used);

/* A commit is in the WAL; its number. awaited: its session will wait for it. By the holder of the write slot. */
uint64_t commit_sync_add(struct commit_sync *s, bool awaited);
/* The number of the last commit. Any thread. */
uint64_t commit_sync_last(const struct commit_sync *s);
/*
 * Whether a commit and all before it are on the disk. If not, w waits: w->wake is called once they are (any thread). Calling again
 * before that is allowed.
 */
bool commit_sync_reached(struct commit_sync *s, uint64_t commit, struct sync_waiter *w);
/* Syncs in this thread: for a session that is alone, which has nobody to share a sync with and saves the way to the thread and back. */
void commit_sync_now(struct commit_sync *s, uint64_t commit);
/* w waits no more. */
void commit_sync_abandon(struct commit_sync *s, struct sync_waiter *w);

#endif
