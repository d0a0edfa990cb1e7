/* wal_buffer.c: see wal_buffer.h. Frames: sqlite.org/fileformat2.html, 4.1. */
#include "sql/txn/wal_buffer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sql/txn/wal_checksum.h"

/* MOST: what the system's VFS writes with one call. A frame is below 64 KB and a bit. */
enum { BLOCK = 4096, MOST = (128 << 10) - BLOCK };

struct wal_buffer {
    sqlite3_file base;
    struct wal_buffer **link;
    unsigned char *bytes;      /* MOST, and room to fill the last block; NULL until the first frame */
    size_t n;                  /* collected */
    sqlite3_int64 start;       /* where they belong */
    bool writing;              /* its connection holds the write lock */
    bool commits;              /* the header collected last is that of a commit's frame */
    sqlite3_int64 header_end;  /* of the header written elsewhere last */
    sqlite3_int64 unsummed;    /* the transaction's first frame without a checksum; 0: none */
    sqlite3_file system[];     /* the system's file */
};

static struct wal_buffer *buffer_of(sqlite3_file *file)
{
    return (struct wal_buffer *)(void *)file;
}

/* Writes what is there, with zeroes up to the end of the last block, or its whole blocks alone. */
static int write_collected(struct wal_buffer *w, bool all)
{
    sqlite3_int64 end = w->start + (sqlite3_int64)w->n;
    size_t part = (size_t)(end % BLOCK), n = w->n;
    if (!n || (!all && n <= part))
        return SQLITE_OK;
    if (all && part) {
        memset(w->bytes + n, 0, BLOCK - part);
        n += BLOCK - part;
        part = 0;
    } else {
        n -= part;
    }
    int rc = w->system->pMethods->xWrite(w->system, w->bytes, (int)n, w->start);
    if (rc != SQLITE_OK)
        return rc;
    memmove(w->bytes, w->bytes + n, part);
    w->start = end - (sqlite3_int64)part;
    w->n = part;
    return SQLITE_OK;
}

/* Whether a write goes on where the last one ended, or begins a transaction's frames. */
static bool is_collected(const struct wal_buffer *w, int n, sqlite3_int64 at)
{
    sqlite3_int64 end = w->start + (sqlite3_int64)w->n;
    return w->bytes && n <= MOST / 2 + WAL_FRAME_HEADER && (at == end || (!w->n && n == WAL_FRAME_HEADER && at > end));
}

static int collect(struct wal_buffer *w, const unsigned char *from, size_t n, sqlite3_int64 at)
{
    if (n == WAL_FRAME_HEADER && (!w->unsummed || at < w->unsummed) && wal_checksum_is_missing(from))
        w->unsummed = at;
    if (w->n + n > MOST) {
        int rc = write_collected(w, false);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (!w->n)
        w->start = at;
    memcpy(w->bytes + w->n, from, n);
    w->n += n;
    bool whole = w->commits && n != WAL_FRAME_HEADER;
    w->commits = n == WAL_FRAME_HEADER && (from[4] | from[5] | from[6] | from[7]);
    return whole ? write_collected(w, true) : SQLITE_OK;
}

/* What is not a next frame: one written again within its transaction, a checksum, or the first after ROLLBACK TO. */
static int write_elsewhere(struct wal_buffer *w, const void *from, int n, sqlite3_int64 at)
{
    int rc = write_collected(w, true);
    if (rc == SQLITE_OK)
        rc = w->system->pMethods->xWrite(w->system, from, n, at);
    if (rc == SQLITE_OK && w->writing && n != WAL_FRAME_HEADER && at == w->header_end)
        w->start = at + n; /* a header, and its page: frames go on from here */
    w->header_end = n == WAL_FRAME_HEADER ? at + n : 0;
    return rc;
}

static int wal_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    struct wal_buffer *w = buffer_of(file);
    if (w->writing && !w->bytes)
        w->bytes = malloc(MOST + BLOCK); /* without it they go one by one */
    if (w->writing && n == WAL_FRAME_HEADER && at < w->start + (sqlite3_int64)w->n && wal_checksum_is_missing(from)) {
        int rc = write_collected(w, true);
        if (rc != SQLITE_OK)
            return rc;
        w->start = at; /* after ROLLBACK TO */
    }
    return w->writing && is_collected(w, n, at) ? collect(w, from, (size_t)n, at) : write_elsewhere(w, from, n, at);
}

/* SQLite looks for the checksum from which those of the frames behind it follow: a frame that has none, or one that is there no more. */
static int mend_checksums(struct wal_buffer *w, unsigned char *sum, sqlite3_int64 wanted)
{
    sqlite3_int64 end = w->start + (sqlite3_int64)w->n;
    int rc = write_collected(w, true);
    return rc == SQLITE_OK ? wal_checksum_mend(w->system, w->unsummed, wanted < end ? wanted : end, w->bytes, sum) : rc;
}

static int wal_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    struct wal_buffer *w = buffer_of(file);
    if (w->writing && n == 8 && w->unsummed && at > w->unsummed)
        return mend_checksums(w, to, at);
    int rc = w->n && at + n > w->start ? write_collected(w, true) : SQLITE_OK;
    return rc == SQLITE_OK ? w->system->pMethods->xRead(w->system, to, n, at) : rc;
}

static int wal_close(sqlite3_file *file)
{
    struct wal_buffer *w = buffer_of(file);
    if (w->link)
        *w->link = NULL;
    free(w->bytes);
    w->bytes = NULL;
    return w->system->pMethods->xClose(w->system);
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct wal_buffer *w = buffer_of(file);
    int rc = write_collected(w, true);
    return rc == SQLITE_OK ? w->system->pMethods->xTruncate(w->system, size) : rc;
}

static int wal_sync(sqlite3_file *file, int flags)
{
    struct wal_buffer *w = buffer_of(file);
    int rc = write_collected(w, true);
    return rc == SQLITE_OK ? w->system->pMethods->xSync(w->system, flags) : rc;
}

static int wal_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct wal_buffer *w = buffer_of(file);
    int rc = write_collected(w, true);
    return rc == SQLITE_OK ? w->system->pMethods->xFileSize(w->system, size) : rc;
}

static int wal_lock(sqlite3_file *file, int kind)
{
    struct wal_buffer *w = buffer_of(file);
    return w->system->pMethods->xLock(w->system, kind);
}

static int wal_unlock(sqlite3_file *file, int kind)
{
    struct wal_buffer *w = buffer_of(file);
    return w->system->pMethods->xUnlock(w->system, kind);
}

static int wal_reserved(sqlite3_file *file, int *held)
{
    struct wal_buffer *w = buffer_of(file);
    return w->system->pMethods->xCheckReservedLock(w->system, held);
}

static int wal_control(sqlite3_file *file, int operation, void *argument)
{
    struct wal_buffer *w = buffer_of(file);
    return w->system->pMethods->xFileControl(w->system, operation, argument);
}

static int wal_sector(sqlite3_file *file)
{
    struct wal_buffer *w = buffer_of(file);
    return w->system->pMethods->xSectorSize(w->system);
}

static int wal_device(sqlite3_file *file)
{
    struct wal_buffer *w = buffer_of(file);
    return w->system->pMethods->xDeviceCharacteristics(w->system);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_file_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_device,
};

int wal_buffer_size(const sqlite3_vfs *system)
{
    return (int)sizeof(struct wal_buffer) + system->szOsFile;
}

int wal_buffer_open(sqlite3_vfs *system, const char *name, sqlite3_file *file, struct wal_buffer **link, int flags, int *out_flags)
{
    struct wal_buffer *w = buffer_of(file);
    memset(w, 0, sizeof *w);
    int rc = system->xOpen(system, name, w->system, flags, out_flags);
    if (!w->system->pMethods)
        return rc;
    w->base.pMethods = &methods; /* SQLite closes what has methods, even when opening failed */
    w->link = link;
    if (link)
        *link = w;
    return rc;
}

void wal_buffer_begin(struct wal_buffer *w)
{
    w->writing = true;
    w->commits = false;
    w->unsummed = w->header_end = 0;
    w->n = 0;
    w->start = 0;
}

void wal_buffer_end(struct wal_buffer *w)
{
    w->writing = false;
    w->n = 0;
}
