/* commit_sync.c: see commit_sync.h. */
#include "sql/txn/commit_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sql/base/log.h"

struct commit_sync {
    char *wal_path;
    pthread_t thread;
    _Atomic uint64_t committed, durable;
    pthread_mutex_t lock; /* guards what follows, and writing to durable */
    int wal; /* a descriptor of its own; -1 until it is needed */
    pthread_cond_t wanted;
    bool stop;
    struct sync_waiter *waiters;
    int64_t size; /* of the WAL, when it was looked at last; of the holder of the write lock */
};

/*
 * Under the lock. Closing a descriptor of the WAL drops no lock of SQLite's: those are on the database and its shared memory. -1: a file
 * that cannot be in WAL mode, SQLite syncs it itself (connection.c).
 */
static int wal_file(struct commit_sync *s)
{
    if (s->wal < 0)
        s->wal = open(s->wal_path, O_RDWR | O_CLOEXEC);
    if (s->wal < 0 && errno != ENOENT)
        log_fatal("could not open file \"%s\": %s", s->wal_path, strerror(errno));
    return s->wal;
}

static void unlink_waiter(struct sync_waiter *w)
{
    *w->at = w->next;
    if (w->next)
        w->next->at = w->at;
    w->at = NULL;
}

/* Under the lock. */
static void wake_waiters(struct commit_sync *s, uint64_t durable)
{
    for (struct sync_waiter *w = s->waiters, *next; w; w = next) {
        next = w->next;
        if (w->commit > durable)
            continue;
        unlink_waiter(w);
        w->wake(w->arg);
    }
}

static bool is_behind(const struct commit_sync *s)
{
    return atomic_load(&s->durable) < atomic_load(&s->committed);
}

/* Under the lock: until somebody waits, or what nobody waits for has lain long enough. */
static void await_work(struct commit_sync *s)
{
    while (!s->waiters && !s->stop && !is_behind(s))
        pthread_cond_wait(&s->wanted, &s->lock);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += COMMIT_SYNC_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!s->waiters && !s->stop && pthread_cond_timedwait(&s->wanted, &s->lock, &until) == 0)
        ;
}

/* Under the lock, which is free meanwhile: two threads may sync at once. */
static void sync_commits(struct commit_sync *s)
{
    uint64_t target = atomic_load(&s->committed);
    int wal = wal_file(s);
    pthread_mutex_unlock(&s->lock);
    if (wal >= 0 && fdatasync(wal) != 0)
        log_fatal("could not sync file \"%s\": %s", s->wal_path, strerror(errno));
    pthread_mutex_lock(&s->lock);
    if (atomic_load(&s->durable) < target)
        atomic_store(&s->durable, target);
    wake_waiters(s, target);
}

static void *commit_sync_main(void *arg)
{
    struct commit_sync *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->stop || is_behind(s)) {
        await_work(s);
        sync_commits(s);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct commit_sync *commit_sync_start(const char *path)
{
    struct commit_sync *s = calloc(1, sizeof(*s));
    size_t n = strlen(path) + sizeof("-wal");
    if (!s || !(s->wal_path = malloc(n)))
        log_fatal("out of memory");
    snprintf(s->wal_path, n, "%s-wal", path);
    s->wal = -1;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wanted, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&s->lock, NULL);
    if (pthread_create(&s->thread, NULL, commit_sync_main, s) != 0)
        log_fatal("could not start the thread that syncs commits");
    return s;
}

void commit_sync_stop(struct commit_sync *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->wanted);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    if (s->wal >= 0)
        close(s->wal);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wanted);
    free(s->wal_path);
    free(s);
}

/* What cannot be written is left to SQLite, which will say so. */
static void append_zeroes(int fd, int64_t at, int64_t n)
{
    static const char zeroes[64 << 10];
    while (n > 0) {
        ssize_t done = pwrite(fd, zeroes, n < (int64_t)sizeof(zeroes) ? (size_t)n : sizeof(zeroes), at);
        if (done <= 0)
            return;
        at += done;
        n -= done;
    }
}

void commit_sync_reserve(struct commit_sync *s, int64_t used)
{
    struct stat st;
    if (used + COMMIT_SYNC_AHEAD <= s->size || used >= COMMIT_SYNC_MOST)
        return;
    pthread_mutex_lock(&s->lock);
    int wal = wal_file(s);
    pthread_mutex_unlock(&s->lock);
    if (wal < 0 || fstat(wal, &st) != 0)
        return;
    s->size = st.st_size;
    if (used + COMMIT_SYNC_AHEAD <= s->size)
        return;
    int64_t more = s->size / 2 > COMMIT_SYNC_AHEAD ? s->size / 2 : COMMIT_SYNC_AHEAD;
    append_zeroes(wal, s->size, more);
    s->size += more;
}

uint64_t commit_sync_add(struct commit_sync *s, bool awaited)
{
    uint64_t commit = atomic_fetch_add(&s->committed, 1) + 1;
    if (!awaited) { /* the thread may sleep without a limit */
        pthread_mutex_lock(&s->lock);
        pthread_cond_signal(&s->wanted);
        pthread_mutex_unlock(&s->lock);
    }
    return commit;
}

uint64_t commit_sync_last(const struct commit_sync *s)
{
    return atomic_load(&s->committed);
}

void commit_sync_now(struct commit_sync *s, uint64_t commit)
{
    if (atomic_load(&s->durable) >= commit)
        return;
    pthread_mutex_lock(&s->lock);
    if (atomic_load(&s->durable) < commit)
        sync_commits(s);
    pthread_mutex_unlock(&s->lock);
}

bool commit_sync_reached(struct commit_sync *s, uint64_t commit, struct sync_waiter *w)
{
    if (atomic_load(&s->durable) >= commit)
        return true;
    pthread_mutex_lock(&s->lock);
    bool reached = atomic_load(&s->durable) >= commit;
    if (!reached && w->at) {
        w->commit = commit > w->commit ? commit : w->commit;
    } else if (!reached) {
        w->commit = commit;
        w->next = s->waiters;
        w->at = &s->waiters;
        if (w->next)
            w->next->at = &w->next;
        bool first = !s->waiters;
        s->waiters = w;
        if (first)
            pthread_cond_signal(&s->wanted);
    }
    pthread_mutex_unlock(&s->lock);
    return reached;
}

void commit_sync_abandon(struct commit_sync *s, struct sync_waiter *w)
{
    pthread_mutex_lock(&s->lock);
    if (w->at)
        unlink_waiter(w);
    pthread_mutex_unlock(&s->lock);
}
