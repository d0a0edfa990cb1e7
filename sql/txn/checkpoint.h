/*
 * checkpoint.h: a thread that moves the WAL back into the file, so that no session pays for it.
 *
 * PASSIVE beyond CHECKPOINT_FRAMES frames that are not in the file yet (database_committed() counts them; the size of the WAL
 * says nothing, it is never cut); beyond CHECKPOINT_RESTART_FRAMES a RESTART through the
 * write queue, because under constant writing PASSIVE alone never lets the WAL start over.
 */
#ifndef PGF_TXN_CHECKPOINT_H
#define PGF_TXN_CHECKPOINT_H

struct database;
struct checkpointer;

#define CHECKPOINT_FRAMES         1000
#define CHECKPOINT_RESTART_FRAMES 4000

/* Starts the thread; a connection is opened when there is something to do. */
struct checkpointer *checkpointer_start(struct database *d);
/* NULL is allowed. */
void checkpointer_stop(struct checkpointer *c);
/* The WAL has grown enough. NULL is allowed. Any thread. */
void checkpointer_notice(struct checkpointer *c);

#endif
