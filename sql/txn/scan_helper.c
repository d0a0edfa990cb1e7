/* scan_helper.c: see scan_helper.h. */
#include "sql/txn/scan_helper.h"

#include <pthread.h>
#include <stdlib.h>

#include "sql/base/log.h"
#include "sql/txn/database.h"
#include "vecext/vecext.h"

struct scan_helper {
    pthread_mutex_t lock; /* guards taken; whoever has taken it uses the rest */
    bool taken;
    sqlite3 *db;
    struct vec_helper *vector;
};

struct scan_helper *scan_helper_create(void)
{
    struct scan_helper *h = calloc(1, sizeof(*h));
    if (!h)
        log_fatal("out of memory");
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

static void helper_close(struct scan_helper *h)
{
    vec_helper_free(h->vector);
    sqlite3_close_v2(h->db);
    h->vector = NULL;
    h->db = NULL;
}

void scan_helper_destroy(struct scan_helper *h)
{
    if (!h)
        return;
    helper_close(h);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static bool helper_take(struct scan_helper *h)
{
    pthread_mutex_lock(&h->lock);
    bool free = !h->taken;
    h->taken = true;
    pthread_mutex_unlock(&h->lock);
    return free;
}

static void helper_give(struct scan_helper *h)
{
    pthread_mutex_lock(&h->lock);
    h->taken = false;
    pthread_mutex_unlock(&h->lock);
}

static bool helper_open(struct scan_helper *h, const struct database *d)
{
    int flags = SQLITE_OPEN_NOMUTEX | (d->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    if (h->vector)
        return true;
    if (sqlite3_open_v2(d->path, &h->db, flags, NULL) == SQLITE_OK &&
        sqlite3_exec(h->db, "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 2147418112", NULL, NULL,
                     NULL) == SQLITE_OK)
        h->vector = vec_helper_new(h->db);
    if (!h->vector)
        helper_close(h);
    return h->vector != NULL;
}

bool scan_helper_lend(struct scan_helper *h, struct connection *c)
{
    if (!helper_take(h))
        return false;
    if (helper_open(h, c->database) && vec_helper_offer(c->db, h->vector))
        return true;
    helper_give(h);
    return false;
}

void scan_helper_return(struct scan_helper *h, struct connection *c)
{
    vec_helper_withdraw(c->db);
    helper_give(h);
}
