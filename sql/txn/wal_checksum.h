/*
 * wal_checksum.h: gives frames of the WAL the checksums that SQLite left out.
 *
 * When a transaction writes a page to the WAL for the second time, SQLite overwrites the first frame, leaves the checksums of all that
 * follows to its commit and then begins with that frame. SQLite 3.40 does so even when a savepoint has gone back to before it and other
 * frames lie there now: those stay without checksums, and after a crash everything from them on is lost.
 *
 * Called by wal_buffer.c.
 */
#ifndef PGF_TXN_WAL_CHECKSUM_H
#define PGF_TXN_WAL_CHECKSUM_H

#include <sqlite3.h>
#include <stdbool.h>

enum { WAL_HEADER = 32, WAL_FRAME_HEADER = 24, WAL_FRAME_SUM = 16 /* where the checksum lies in it */ };

/* Whether a frame's header is one that SQLite has left without salts and checksum. */
bool wal_checksum_is_missing(const unsigned char *header);

/* Gives the frames that begin at [first, end) of the WAL theirs. room: for a frame. sum: of the last one, as it is stored. */
int wal_checksum_mend(sqlite3_file *wal, sqlite3_int64 first, sqlite3_int64 end, unsigned char *room, unsigned char sum[8]);

#endif
