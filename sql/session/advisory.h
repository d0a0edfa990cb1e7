/*
 * advisory.h: advisory locks, in memory, of all sessions of a process. A session that must wait is
 * parked: the lock function fails with control.parked set, its statement is rewound and run again
 * once the lock has been given.
 */
#ifndef PGF_SESSION_ADVISORY_H
#define PGF_SESSION_ADVISORY_H

#include <stdbool.h>
#include <stdint.h>

struct pg_session;
struct database;
struct error;

/* The key: one int8, or two int4 (PostgreSQL keeps the two spaces apart). */
struct advisory_key {
    struct database *database;
    int64_t key;
    bool two;
};

enum advisory_result { ADVISORY_GRANTED, ADVISORY_BUSY, ADVISORY_PARKED, ADVISORY_DEADLOCK };

/*
 * Takes the lock for s, shared or exclusive, for the session or the transaction. wait false: BUSY
 * instead of waiting.
 */
enum advisory_result advisory_acquire(struct pg_session *s, struct advisory_key key, bool shared,
                                      bool transaction, bool wait);
/* Gives back one session-level hold; false when there is none. */
bool advisory_release(struct pg_session *s, struct advisory_key key, bool shared);
/* All session-level holds; with transaction those of the transaction instead. */
void advisory_release_all(struct pg_session *s, bool transaction);
/* A statement begins: what it takes from now on can be undone by advisory_rewind. */
void advisory_begin_statement(struct pg_session *s);
/* The statement will run again from its start: holds it took are given back. */
void advisory_rewind(struct pg_session *s);
/* Leaves the queue (cancel, end of session). */
void advisory_stop_waiting(struct pg_session *s);
/* Visits holds and waits for pg_locks. */
void advisory_visit(bool (*visit)(void *arg, struct pg_session *s, struct advisory_key key,
                                  bool shared, bool granted),
                    void *arg);

#endif
