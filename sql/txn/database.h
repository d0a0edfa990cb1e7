/*
 * database.h: one open SQLite file: its connections, its write queue, its current catalog snapshot.
 *
 * Shared by all sessions on the file; the functions here may be called from any thread.
 */
#ifndef PGF_TXN_DATABASE_H
#define PGF_TXN_DATABASE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "sql/catalog/sequence.h"
#include "sql/catalog/snapshot.h"
#include "sql/txn/commit_sync.h"
#include "sql/txn/connection.h"
#include "sql/txn/foreign_change.h"
#include "sql/txn/slots.h"

/* How long SQLite waits for a foreign process that holds the file's lock. */
#define DATABASE_BUSY_MS 5000
/* Between two looks at cancel and timeouts: some 20 microseconds of work. */
#define CONNECTION_PROGRESS_OPS 1000
/* Of new database files: they hold passwords' verifiers. SQLite's files beside them get the same. */
#define DATABASE_FILE_MODE 0600
/* From this file size on a reader is opened beside the first snapshot (database_warm). */
#define DATABASE_WARM_BYTES (1 << 20)
/* Open readers of one file; past that, statements wait for one. Each costs about 100 KiB and three
   descriptors. */
#define DATABASE_READERS 64

struct activity;
struct checkpointer;
struct scan_helper;

struct database {
    char *name;
    char *path;
    bool read_only;
    bool created; /* the file is new */
    int lock_fd;  /* flock: one server per file; closed last, or POSIX drops SQLite's locks */
    struct slots write_slot; /* one place: who holds it is the only writer */
    struct slots read_slots;
    struct sequence_store *sequences;
    struct connection *writer; /* for the holder of the write slot */
    pthread_mutex_t lock;      /* guards what follows */
    struct connection *free_readers;
    const struct snapshot *snapshot;
    int sessions;
    struct checkpointer *checkpointer;
    struct commit_sync *sync; /* NULL: the file is read-only */
    struct activity *activity;
    struct scan_helper *scan_helper;
    struct foreign_change foreign;
    bool rollback_journal; /* the file was in a rollback journal mode when it was opened, and is another program's */
    _Atomic uint64_t messages; /* carried out for its sessions: transaction.h, alone */
    int page_size;
    atomic_int wal_frames; /* in the WAL at the last commit */
    atomic_int wal_done;   /* of them, in the file already when a checkpoint last ended */
    struct database *next; /* in the engine's list */
};

/*
 * Opens (or creates) the file; one server at a time. NULL with err set (also: not an SQLite file).
 */
struct database *database_open(const char *path, const char *name, struct error *err);
/* No leases may be out. Checkpoints. */
void database_close(struct database *d);

/* The current snapshot, referenced for the caller. */
const struct snapshot *database_snapshot(struct database *d);
/*
 * Makes s (its reference passes over) the current one. By the holder of the write slot after
 * COMMIT.
 */
void database_publish(struct database *d, const struct snapshot *s);

/* A reader for the holder of a place in read_slots; NULL with err set. */
struct connection *database_take_reader(struct database *d, struct error *err);
void database_give_reader(struct database *d, struct connection *c);
/* Before COMMIT: makes room in the WAL. */
void database_reserve(struct database *d);
/* Tells the checkpointer that a commit happened. */
void database_committed(struct database *d);

#endif
