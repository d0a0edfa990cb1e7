/* checkpoint.c: see checkpoint.h. */
#include "sql/txn/checkpoint.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/txn/database.h"

/* A RESTART gives up on readers after this long; the next notice tries again. */
#define CHECKPOINT_READER_MS 50

struct checkpointer {
    struct database *database;
    struct connection *connection;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    bool notice, stop, granted;
    bool failing; /* the last one could not write, which the log has */
};

static void checkpointer_wake(void *arg)
{
    struct checkpointer *c = arg;
    pthread_mutex_lock(&c->lock);
    c->granted = true;
    pthread_cond_signal(&c->wanted);
    pthread_mutex_unlock(&c->lock);
}

/* Its connection is opened when first needed: a server that is not written to goes without. */
static bool checkpointer_connect(struct checkpointer *c)
{
    if (c->connection)
        return true;
    struct arena *a = arena_create();
    struct error err;
    error_init(&err, a);
    c->connection = connection_open(c->database, &err);
    if (!c->connection)
        log_line(LOG_LEVEL_WARNING, "no checkpoint: %s", err.message);
    arena_destroy(a);
    return c->connection != NULL;
}

/* Needs that nobody writes: queues for the write slot as a session does. */
static void checkpointer_restart(struct checkpointer *c)
{
    struct waiter w = {.wake = checkpointer_wake, .arg = c};
    c->granted = false;
    if (!slots_acquire(&c->database->write_slot, &w)) {
        pthread_mutex_lock(&c->lock);
        while (!c->granted)
            pthread_cond_wait(&c->wanted, &c->lock);
        pthread_mutex_unlock(&c->lock);
    }
    int log, done;
    sqlite3_busy_timeout(c->connection->db, CHECKPOINT_READER_MS);
    sqlite3_wal_checkpoint_v2(c->connection->db, NULL, SQLITE_CHECKPOINT_RESTART, &log, &done);
    slots_release(&c->database->write_slot, &w);
}

/* The WAL grows while the file cannot be written: once each time this begins, and when it is over. */
static void checkpointer_tell(struct checkpointer *c, int rc)
{
    bool fails = rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED;
    if (fails && !c->failing)
        log_line(LOG_LEVEL_WARNING, "checkpoint of database \"%s\" failed: %s", c->database->name, sqlite3_errmsg(c->connection->db));
    else if (rc == SQLITE_OK && c->failing)
        log_line(LOG_LEVEL_LOG, "checkpoints of database \"%s\" work again", c->database->name);
    c->failing = fails || (c->failing && rc != SQLITE_OK);
}

static void *checkpointer_main(void *arg)
{
    struct checkpointer *c = arg;
    for (;;) {
        pthread_mutex_lock(&c->lock);
        while (!c->notice && !c->stop)
            pthread_cond_wait(&c->wanted, &c->lock);
        c->notice = false;
        bool stop = c->stop;
        pthread_mutex_unlock(&c->lock);
        if (stop)
            return NULL;
        if (!checkpointer_connect(c))
            continue;
        int log = 0, done = 0;
        checkpointer_tell(c, sqlite3_wal_checkpoint_v2(c->connection->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done));
        atomic_store_explicit(&c->database->wal_done, done > 0 ? done : 0, memory_order_relaxed);
        if (log > CHECKPOINT_RESTART_FRAMES)
            checkpointer_restart(c);
    }
}

struct checkpointer *checkpointer_start(struct database *d)
{
    struct checkpointer *c = calloc(1, sizeof(*c));
    if (!c)
        log_fatal("out of memory");
    c->database = d;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wanted, NULL);
    if (pthread_create(&c->thread, NULL, checkpointer_main, c) != 0)
        log_fatal("could not start the checkpointer thread");
    return c;
}

void checkpointer_stop(struct checkpointer *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wanted);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    connection_close(c->connection);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wanted);
    free(c);
}

void checkpointer_notice(struct checkpointer *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->notice = true;
    pthread_cond_signal(&c->wanted);
    pthread_mutex_unlock(&c->lock);
}
