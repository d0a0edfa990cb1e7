/*
 * wal_buffer.h: the frames of a transaction go to the WAL together.
 *
 * SQLite writes each frame with two calls, 24 bytes and a page, at places that are no multiples of anything. Here they are collected
 * and written by one call that ends where a block of the file ends: the kernel is handed whole blocks, and never has to read one to
 * change a part of it.
 *
 * Only who holds SQLite's write lock writes frames. What is collected is written when the frame of the commit is whole, which is before
 * SQLite tells anybody of it; when the same connection reads it back; and when it is too much. What a rollback leaves is dropped before
 * the lock is given back. Zeroes behind the last frame overwrite nothing that anybody may read: frames there are of a WAL before this one.
 *
 * Called by vfs.c, for the WAL of each connection; a connection is used by one thread at a time.
 */
#ifndef PGF_TXN_WAL_BUFFER_H
#define PGF_TXN_WAL_BUFFER_H

#include <sqlite3.h>

struct wal_buffer;

/* Room that a WAL file takes, the system's behind it. */
int wal_buffer_size(const sqlite3_vfs *system);

/* Opens a WAL as `file`. *link, of its database's file, points at it until it is closed. */
int wal_buffer_open(sqlite3_vfs *system, const char *name, sqlite3_file *file, struct wal_buffer **link, int flags, int *out_flags);

/* The connection has taken SQLite's write lock; it is about to give it back. */
void wal_buffer_begin(struct wal_buffer *w);
void wal_buffer_end(struct wal_buffer *w);

#endif
