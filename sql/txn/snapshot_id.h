/*
 * snapshot_id.h: which commit of a file a pinned reader sees, as text: what pg_export_snapshot() gives and SET TRANSACTION
 * SNAPSHOT compares. It is where the WAL ends and the checksum there, as in the file's -shm header: the same for every process.
 */
#ifndef PGF_TXN_SNAPSHOT_ID_H
#define PGF_TXN_SNAPSHOT_ID_H

#include <stdbool.h>
#include <stddef.h>

#define SNAPSHOT_ID_SIZE 48

/* The newest commit of the file at path, "" when there is no way to tell (no WAL). */
void snapshot_id_read(const char *path, char id[SNAPSHOT_ID_SIZE]);
/* Has text the form of an identifier? */
bool snapshot_id_valid(const char *text);

#endif
