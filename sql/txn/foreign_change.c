/*
 * foreign_change.c: see foreign_change.h.
 *
 * Every commit of any process counts up iChange in the header of the WAL index, which is shared memory: one load of it tells that nothing
 * happened. Own commits move `seen` along. Where it differs, SQLite's schema_version decides.
 */
#include "sql/txn/foreign_change.h"

#include <unistd.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/txn/database.h"

/* struct WalIndexHdr (sqlite.org/walformat.html, 2.1): iVersion, unused, iChange... */
#define WAL_INDEX_CHANGE 2
#define WAL_INDEX_PAGE   32768

static int64_t read_cookie(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    int64_t v = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA schema_version", -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

int64_t foreign_change_cookie(struct connection *c)
{
    return read_cookie(c->db);
}

/* After a read, which maps the index. */
static const volatile uint32_t *map_commits(sqlite3 *db, const struct database *d)
{
    sqlite3_file *file = NULL;
    void volatile *page = NULL;
    unsigned char header[20];
    bool wal = pread(d->lock_fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) && header[18] == 2;
    if (!wal || sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file || !file->pMethods ||
        file->pMethods->iVersion < 2 || !file->pMethods->xShmMap)
        return NULL;
    if (file->pMethods->xShmMap(file, 0, WAL_INDEX_PAGE, 0, &page) != SQLITE_OK || !page)
        return NULL;
    return (const volatile uint32_t *)page + WAL_INDEX_CHANGE;
}

void foreign_change_init(struct foreign_change *f, struct database *d)
{
    pthread_mutex_init(&f->lock, NULL);
    int flags = SQLITE_OPEN_NOMUTEX | (d->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    if (sqlite3_open_v2(d->path, &f->probe, flags, NULL) != SQLITE_OK) {
        sqlite3_close_v2(f->probe);
        f->probe = NULL;
        return;
    }
    sqlite3_busy_timeout(f->probe, DATABASE_BUSY_MS);
    f->cookie = read_cookie(f->probe);
    f->commits = map_commits(f->probe, d);
    atomic_store(&f->seen, foreign_change_commits(f));
}

void foreign_change_close(struct foreign_change *f)
{
    sqlite3_close_v2(f->probe);
    f->probe = NULL;
    pthread_mutex_destroy(&f->lock);
}

uint32_t foreign_change_commits(const struct foreign_change *f)
{
    return f->commits ? *f->commits : 0;
}

static void reload(struct foreign_change *f, struct database *d, int64_t cookie)
{
    struct arena *a = arena_create();
    struct error err;
    error_init(&err, a);
    pthread_mutex_lock(&d->lock);
    const struct snapshot *base = snapshot_ref(d->snapshot);
    pthread_mutex_unlock(&d->lock);
    struct connection *c = connection_open(d, &err);
    const struct snapshot *s = c ? snapshot_load(c->db, d->name, base, &err) : NULL;
    connection_close(c);
    snapshot_unref(base);
    if (s) {
        log_line(LOG_LEVEL_LOG, "another program changed the schema of database \"%s\"", d->name);
        database_publish(d, s);
        f->cookie = cookie;
    } else {
        log_line(LOG_LEVEL_WARNING, "could not read the changed schema of database \"%s\": %s", d->name, err.message);
    }
    arena_destroy(a);
}

void foreign_change_check(struct foreign_change *f, struct database *d)
{
    uint32_t now = foreign_change_commits(f);
    if (!f->probe || (f->commits && now == atomic_load_explicit(&f->seen, memory_order_relaxed)))
        return;
    pthread_mutex_lock(&f->lock);
    if (!f->commits || now != atomic_load(&f->seen)) {
        int64_t cookie = read_cookie(f->probe);
        atomic_store(&f->seen, now);
        if (cookie >= 0 && cookie != f->cookie)
            reload(f, d, cookie);
    }
    pthread_mutex_unlock(&f->lock);
}

void foreign_change_own_commit(struct foreign_change *f, uint32_t before, int64_t cookie)
{
    unsigned expected = before;
    bool alone = atomic_compare_exchange_strong(&f->seen, &expected, before + 1);
    if (cookie < 0)
        return;
    pthread_mutex_lock(&f->lock);
    /* A commit of another process that nobody has looked at yet is looked at with the next statement. */
    f->cookie = alone ? cookie : -1;
    pthread_mutex_unlock(&f->lock);
}
