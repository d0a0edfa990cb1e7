/*
 * statement_journal.c: statement journals in memory; see statement_journal.h.
 *
 * SQLite copies each page that a statement (or a savepoint) may have to put back into a journal of its own. It keeps 64 KB of
 * them in memory and then makes a temporary file, for one statement after the other: a third of an INSERT of a hundred vectors.
 * More memory cannot be asked of it: beyond 128 KB its spilling to a file fails (unixWrite writes at most 128 KB at once).
 *
 * So files of that kind lie in chunks in memory and move to a temporary file of the system's when they outgrow
 * LIMIT_STATEMENT_JOURNAL. A file belongs to one connection, like the journal.
 */
#include "sql/txn/statement_journal.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/limits.h"

enum { CHUNK = 64 * 1024, CHUNKS = LIMIT_STATEMENT_JOURNAL / CHUNK };

struct journal {
    sqlite3_file base;
    sqlite3_int64 size;
    unsigned char *chunks[CHUNKS];
    sqlite3_vfs *system;
    sqlite3_file *file; /* of the system, once there is one */
    int flags;
};

static void free_chunks(struct journal *j)
{
    for (int i = 0; i < CHUNKS; i++) {
        free(j->chunks[i]);
        j->chunks[i] = NULL;
    }
}

static int journal_close(sqlite3_file *f)
{
    struct journal *j = (struct journal *)f;
    int rc = SQLITE_OK;
    free_chunks(j);
    if (j->file) {
        rc = j->file->pMethods->xClose(j->file);
        free(j->file);
        j->file = NULL;
    }
    return rc;
}

/* Calls `each` for the parts of [at, at + n) that lie in one chunk. */
static int in_chunks(struct journal *j, unsigned char *bytes, int n, sqlite3_int64 at,
                     int (*each)(unsigned char **chunk, int offset, unsigned char *bytes, int n))
{
    int rc = SQLITE_OK;
    while (n > 0 && rc == SQLITE_OK) {
        int offset = (int)(at % CHUNK), part = CHUNK - offset < n ? CHUNK - offset : n;
        rc = each(&j->chunks[at / CHUNK], offset, bytes, part);
        bytes += part;
        at += part;
        n -= part;
    }
    return rc;
}

static int read_part(unsigned char **chunk, int offset, unsigned char *bytes, int n)
{
    if (*chunk)
        memcpy(bytes, *chunk + offset, (size_t)n);
    else
        memset(bytes, 0, (size_t)n);
    return SQLITE_OK;
}

static int write_part(unsigned char **chunk, int offset, unsigned char *bytes, int n)
{
    if (!*chunk)
        *chunk = malloc(CHUNK); /* SQLite writes it from its beginning, and reads what it wrote */
    if (!*chunk)
        return SQLITE_IOERR_NOMEM;
    memcpy(*chunk + offset, bytes, (size_t)n);
    return SQLITE_OK;
}

static int journal_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    struct journal *j = (struct journal *)f;
    if (j->file)
        return j->file->pMethods->xRead(j->file, to, n, at);
    int there = at >= j->size ? 0 : j->size - at < n ? (int)(j->size - at) : n;
    int rc = in_chunks(j, to, there, at, read_part);
    memset((char *)to + there, 0, (size_t)(n - there));
    return rc != SQLITE_OK ? rc : there < n ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

/* Moves what there is to a temporary file. */
static int spill(struct journal *j)
{
    sqlite3_vfs *system = j->system;
    sqlite3_file *file = calloc(1, (size_t)system->szOsFile);
    if (!file)
        return SQLITE_IOERR_NOMEM;
    int rc = system->xOpen(system, NULL, file, j->flags, NULL);
    for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < j->size; at += CHUNK) {
        int n = j->size - at < CHUNK ? (int)(j->size - at) : CHUNK;
        if (j->chunks[at / CHUNK])
            rc = file->pMethods->xWrite(file, j->chunks[at / CHUNK], n, at);
    }
    if (rc != SQLITE_OK) {
        if (file->pMethods)
            file->pMethods->xClose(file);
        free(file);
        return rc;
    }
    free_chunks(j);
    j->file = file;
    return SQLITE_OK;
}

static int journal_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    struct journal *j = (struct journal *)f;
    if (!j->file && at + n > (sqlite3_int64)CHUNKS * CHUNK) {
        int rc = spill(j);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (j->file)
        return j->file->pMethods->xWrite(j->file, from, n, at);
    int rc = in_chunks(j, (unsigned char *)(size_t)from, n, at, write_part);
    if (rc == SQLITE_OK && at + n > j->size)
        j->size = at + n;
    return rc;
}

/* Chunks stay for the next statement, one of them that is: the journal of a connection lives as long as its transaction. */
static int journal_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct journal *j = (struct journal *)f;
    if (j->file)
        return j->file->pMethods->xTruncate(j->file, size);
    if (size < j->size)
        j->size = size;
    return SQLITE_OK;
}

static int journal_sync(sqlite3_file *f, int flags)
{
    (void)f, (void)flags; /* it is never read after a crash */
    return SQLITE_OK;
}

static int journal_size(sqlite3_file *f, sqlite3_int64 *size)
{
    struct journal *j = (struct journal *)f;
    if (j->file)
        return j->file->pMethods->xFileSize(j->file, size);
    *size = j->size;
    return SQLITE_OK;
}

static int journal_lock(sqlite3_file *f, int kind)
{
    (void)f, (void)kind;
    return SQLITE_OK;
}

static int journal_reserved(sqlite3_file *f, int *held)
{
    (void)f;
    *held = 0;
    return SQLITE_OK;
}

static int journal_control(sqlite3_file *f, int operation, void *argument)
{
    (void)f, (void)operation, (void)argument;
    return SQLITE_NOTFOUND;
}

static int journal_sector(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

static int journal_device(sqlite3_file *f)
{
    (void)f;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = journal_close,
    .xRead = journal_read,
    .xWrite = journal_write,
    .xTruncate = journal_truncate,
    .xSync = journal_sync,
    .xFileSize = journal_size,
    .xLock = journal_lock,
    .xUnlock = journal_lock,
    .xCheckReservedLock = journal_reserved,
    .xFileControl = journal_control,
    .xSectorSize = journal_sector,
    .xDeviceCharacteristics = journal_device,
};

int statement_journal_size(void)
{
    return (int)sizeof(struct journal);
}

int statement_journal_open(sqlite3_vfs *system, sqlite3_file *file, int flags, int *out_flags)
{
    struct journal *j = (struct journal *)file;
    memset(j, 0, sizeof *j);
    j->system = system;
    j->flags = flags;
    j->base.pMethods = &methods;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}
