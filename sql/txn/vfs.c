/*
 * vfs.c: see vfs.h. Statement journals lie in memory (statement_journal.h). Database files are the system's; where they are read
 * through a mapping, page after page, each page is asked of memory as a whole when SQLite comes to it: it goes through a page of rows
 * from cell to cell, backwards as they lie, which processors do not foresee, and waited for memory at each. A scan of 60,000
 * vectors takes a fifth to a third less. The frames of a transaction go to the WAL together (wal_buffer.h).
 *
 * A file's own data lie behind the system's, in the room that SQLite makes for both. A file belongs to one connection.
 */
#include "sql/txn/vfs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "sql/txn/statement_journal.h"
#include "sql/txn/wal_buffer.h"

enum { CACHE_LINE = 64, NEAR_PAGES = 4 /* pages of other tables that may lie between */ };

/* Of a database file. */
struct file_state {
    const sqlite3_io_methods *system;
    sqlite3_io_methods methods; /* the system's with fetch_page and lock_shared */
    sqlite3_int64 last;         /* offset of the page read last */
    struct wal_buffer *wal;     /* while its WAL is open */
};

static sqlite3_vfs vfs;

static sqlite3_vfs *system_vfs(void)
{
    return vfs.pAppData;
}

static size_t system_size(void)
{
    return ((size_t)system_vfs()->szOsFile + 15) / 16 * 16;
}

static struct file_state *state_of(sqlite3_file *file)
{
    return (struct file_state *)(void *)((char *)file + system_size());
}

static int fetch_page(sqlite3_file *file, sqlite3_int64 at, int n, void **page)
{
    struct file_state *state = state_of(file);
    int rc = state->system->xFetch(file, at, n, page);
    if (rc != SQLITE_OK || !*page)
        return rc;
    if (at > state->last && at - state->last <= (sqlite3_int64)NEAR_PAGES * n)
        for (int i = 0; i < n; i += CACHE_LINE)
            __builtin_prefetch((const char *)*page + i);
    state->last = at;
    return rc;
}

/* Locks of the WAL's index: sqlite.org/walformat.html, 2.3. The first is the write lock. */
static int lock_shared(sqlite3_file *file, int first, int n, int flags)
{
    struct file_state *state = state_of(file);
    bool write_lock = state->wal && first == 0 && (flags & SQLITE_SHM_EXCLUSIVE);
    if (write_lock && (flags & SQLITE_SHM_UNLOCK))
        wal_buffer_end(state->wal);
    int rc = state->system->xShmLock(file, first, n, flags);
    if (write_lock && (flags & SQLITE_SHM_LOCK) && rc == SQLITE_OK)
        wal_buffer_begin(state->wal);
    return rc;
}

static bool is_ours(const sqlite3_file *database)
{
    return database && database->pMethods && database->pMethods->xShmLock == lock_shared;
}

static int open_wal(const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    sqlite3_file *database = sqlite3_database_file_object(name);
    return wal_buffer_open(system_vfs(), name, file, is_ours(database) ? &state_of(database)->wal : NULL, flags, out_flags);
}

static int open_file(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)v;
    if ((flags & SQLITE_OPEN_SUBJOURNAL) && !name)
        return statement_journal_open(system_vfs(), file, flags, out_flags);
    if (flags & SQLITE_OPEN_WAL)
        return open_wal(name, file, flags, out_flags);
    int rc = system_vfs()->xOpen(system_vfs(), name, file, flags, out_flags);
    if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB) || file->pMethods->iVersion < 3 || !file->pMethods->xFetch)
        return rc;
    struct file_state *state = state_of(file);
    *state = (struct file_state){.system = file->pMethods, .methods = *file->pMethods};
    state->methods.xFetch = fetch_page;
    state->methods.xShmLock = lock_shared;
    file->pMethods = &state->methods;
    return SQLITE_OK;
}

void vfs_install(void)
{
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 0); /* all of a statement journal is ours */
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    if (!system || vfs.pAppData)
        return;
    vfs = *system;
    vfs.zName = "pgfeather";
    vfs.pNext = NULL;
    vfs.pAppData = system;
    vfs.szOsFile = (int)(system_size() + sizeof(struct file_state));
    if (vfs.szOsFile < statement_journal_size())
        vfs.szOsFile = statement_journal_size();
    if (vfs.szOsFile < wal_buffer_size(system))
        vfs.szOsFile = wal_buffer_size(system);
    vfs.xOpen = open_file;
    sqlite3_vfs_register(&vfs, 1);
}
