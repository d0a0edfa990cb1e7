/*
 * xact.h: transaction ids. A transaction has one from when it asks for it (pg_current_xact_id, txid_current); ids grow, also
 * over restarts: the first of a process is the milliseconds since 2000 at that moment. What became of the last thousands of them
 * is remembered for pg_xact_status. Any thread.
 */
#ifndef PGF_SESSION_XACT_H
#define PGF_SESSION_XACT_H

#include <stdbool.h>

struct pg_session;

/* The session's transaction has ended; called by session_commit and session_rollback. */
void xact_end(struct pg_session *s, bool committed);

#endif
