/* statement_journal.h: what failing statements and savepoints put back, in memory up to a limit. Called by the engine. */
#ifndef PGF_TXN_STATEMENT_JOURNAL_H
#define PGF_TXN_STATEMENT_JOURNAL_H

/* From now on connections of the process keep their statement journals so. Once, before the first connection. */
void statement_journal_install(void);

#endif
