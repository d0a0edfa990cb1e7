/* statement_journal.h: what failing statements and savepoints put back, in memory up to a limit. Called by vfs.c. */
#ifndef PGF_TXN_STATEMENT_JOURNAL_H
#define PGF_TXN_STATEMENT_JOURNAL_H

#include <sqlite3.h>

/* Bytes that the file of a journal takes. */
int statement_journal_size(void);
/* SQLite's xOpen for a file without a name; system is where it goes when it outgrows memory. */
int statement_journal_open(sqlite3_vfs *system, sqlite3_file *file, int flags, int *out_flags);

#endif
