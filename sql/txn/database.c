/* database.c: see database.h. */
#include "sql/txn/database.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/txn/activity.h"
#include "sql/txn/checkpoint.h"
#include "sql/txn/scan_helper.h"

/* Takes the file's advisory lock; creates a missing file. */
static bool database_lock_file(struct database *d, struct error *err)
{
    d->lock_fd = open(d->path, O_RDWR | O_CREAT | O_CLOEXEC, DATABASE_FILE_MODE);
    if (d->lock_fd < 0 && (errno == EACCES || errno == EROFS)) {
        d->read_only = true;
        d->lock_fd = open(d->path, O_RDONLY | O_CLOEXEC);
    }
    if (d->lock_fd < 0)
        return error_set(err, ERRCODE_UNDEFINED_FILE, "could not open file \"%s\": %s", d->path,
                         strerror(errno));
    struct stat st;
    if (fstat(d->lock_fd, &st) != 0 || !S_ISREG(st.st_mode))
        return error_set(err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a regular file", d->path);
    d->created = st.st_size == 0;
    unsigned char header[20];
    d->rollback_journal = pread(d->lock_fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) && header[18] == 1;
    if (flock(d->lock_fd, (d->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
        error_set(err, ERRCODE_LOCK_FILE_EXISTS,
                  "file \"%s\" is already served by another pgfeather", d->path);
        error_hint(err, "Connect to that server, or stop it first.");
        return false;
    }
    return true;
}

/* A first reader, opened while the snapshot is made: SQLite parses the schema for each connection, which takes as long as
   the snapshot itself where there are thousands of tables. Without it the first session opens one. */
static void *database_warm(void *arg)
{
    struct database *d = arg;
    struct arena *a = arena_create();
    struct error err;
    error_init(&err, a);
    struct connection *c = connection_open(d, &err);
    arena_destroy(a);
    if (c)
        database_give_reader(d, c);
    return NULL;
}

static int database_note_page(void *d, int n, char **values, char **names)
{
    (void)names;
    ((struct database *)d)->page_size = n == 1 && values[0] ? atoi(values[0]) : 0;
    return 0;
}

static bool database_load(struct database *d, struct error *err)
{
    struct stat st;
    d->writer = connection_open(d, err);
    if (!d->writer)
        return false;
    sqlite3_exec(d->writer->db, "PRAGMA page_size", database_note_page, d, NULL);
    pthread_t warmer;
    bool warm = fstat(d->lock_fd, &st) == 0 && st.st_size > DATABASE_WARM_BYTES &&
                pthread_create(&warmer, NULL, database_warm, d) == 0;
    d->snapshot = snapshot_load(d->writer->db, d->name, NULL, err);
    if (warm)
        pthread_join(warmer, NULL);
    if (d->snapshot)
        foreign_change_init(&d->foreign, d);
    return d->snapshot != NULL;
}

struct database *database_open(const char *path, const char *name, struct error *err)
{
    struct database *d = calloc(1, sizeof(*d));
    if (!d)
        log_fatal("out of memory");
    d->path = strdup(path);
    d->name = strdup(name);
    d->lock_fd = -1;
    pthread_mutex_init(&d->lock, NULL);
    slots_init(&d->write_slot, 1);
    slots_init(&d->read_slots, DATABASE_READERS);
    d->sequences = sequence_store_create();
    d->activity = activity_create();
    d->scan_helper = scan_helper_create();
    if (!database_lock_file(d, err) || !database_load(d, err)) {
        if (!err->detail)
            error_detail(err, "The file is \"%s\".", path);
        database_close(d);
        return NULL;
    }
    if (!d->read_only) {
        d->checkpointer = checkpointer_start(d);
        d->sync = commit_sync_start(d->path);
    }
    return d;
}

void database_close(struct database *d)
{
    checkpointer_stop(d->checkpointer);
    commit_sync_stop(d->sync);
    for (struct connection *c = d->free_readers, *next; c; c = next) {
        next = c->next;
        connection_close(c);
    }
    scan_helper_destroy(d->scan_helper);
    foreign_change_close(&d->foreign);
    if (d->rollback_journal && d->writer && d->snapshot && !snapshot_is_durable(d->snapshot))
        sqlite3_exec(d->writer->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL); /* as its owner had it */
    connection_close(d->writer); /* the last one: SQLite checkpoints */
    if (d->snapshot)
        snapshot_unref(d->snapshot);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    slots_destroy(&d->write_slot);
    slots_destroy(&d->read_slots);
    pthread_mutex_destroy(&d->lock);
    sequence_store_destroy(d->sequences);
    activity_destroy(d->activity);
    free(d->path);
    free(d->name);
    free(d);
}

const struct snapshot *database_snapshot(struct database *d)
{
    foreign_change_check(&d->foreign, d);
    pthread_mutex_lock(&d->lock);
    const struct snapshot *s = snapshot_ref(d->snapshot);
    pthread_mutex_unlock(&d->lock);
    return s;
}

void database_publish(struct database *d, const struct snapshot *s)
{
    pthread_mutex_lock(&d->lock);
    const struct snapshot *old = d->snapshot;
    d->snapshot = s;
    pthread_mutex_unlock(&d->lock);
    snapshot_unref(old);
}

struct connection *database_take_reader(struct database *d, struct error *err)
{
    pthread_mutex_lock(&d->lock);
    struct connection *c = d->free_readers;
    if (c)
        d->free_readers = c->next;
    pthread_mutex_unlock(&d->lock);
    return c ? c : connection_open(d, err);
}

void database_give_reader(struct database *d, struct connection *c)
{
    connection_attach(c, NULL, NULL, NULL);
    pthread_mutex_lock(&d->lock);
    c->next = d->free_readers;
    d->free_readers = c;
    pthread_mutex_unlock(&d->lock);
}

void database_reserve(struct database *d)
{
    enum { FRAME_HEADER = 24 }; /* sqlite.org/fileformat2.html, 4.1 */
    int64_t frames = atomic_load_explicit(&d->wal_frames, memory_order_relaxed);
    commit_sync_reserve(d->sync, frames * (d->page_size + FRAME_HEADER));
}

/* Fewer frames than were done: the WAL has begun anew. */
void database_committed(struct database *d)
{
    int frames = atomic_load_explicit(&d->wal_frames, memory_order_relaxed);
    int done = atomic_load_explicit(&d->wal_done, memory_order_relaxed);
    if (frames - (frames >= done ? done : 0) >= CHECKPOINT_FRAMES)
        checkpointer_notice(d->checkpointer);
}
