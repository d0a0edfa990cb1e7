/*
 * sequence.h: sequences as PostgreSQL means them: not transactional, never giving a value twice.
 *
 * The durable state is the row of _pg_sequence (last_value, is_called). The living state is in memory, one store per
 * database, shared by all sessions; the row is brought up to date by sequence_flush inside the same
 * write transaction that uses the values, before it commits. A rollback therefore never gives values back while the
 * process lives, and after a crash no committed value is given again.
 */
#ifndef PGF_CATALOG_SEQUENCE_H
#define PGF_CATALOG_SEQUENCE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/base/error.h"
#include "sql/catalog/snapshot.h"

struct sequence_store;   /* one per database; any thread */
struct sequence_session; /* one per session: what currval and lastval know */

struct sequence_store *sequence_store_create(void);
void sequence_store_destroy(struct sequence_store *st);
struct sequence_session *sequence_session_create(void);
void sequence_session_destroy(struct sequence_session *ss);
/* DISCARD SEQUENCES. */
void sequence_session_discard(struct sequence_session *ss);

/* The next value of the sequence whose pg_class oid is relid. 42809 not a sequence, 2200H at its limit. */
bool sequence_nextval(struct sequence_store *st, struct sequence_session *ss,
                      const struct snapshot *s, uint32_t relid, int64_t *value, struct error *err);
/* 55000 when this session has not called nextval. */
bool sequence_currval(struct sequence_session *ss, const struct snapshot *s, uint32_t relid,
                      int64_t *value, struct error *err);
/* A statement begins: what nextval gives from now on is its own. NULL is allowed. */
void sequence_session_statement(struct sequence_session *ss);
/* The session's last statement failed and runs again, to be explained: sequence_replay gives its values anew, from the first. */
void sequence_session_replay(struct sequence_session *ss);
/* nextval in such a run; nothing is used up. A value that another session took in between counts as the statement's. */
bool sequence_replay(struct sequence_session *ss, const struct snapshot *s, uint32_t relid, int64_t *value, struct error *err);
bool sequence_lastval(struct sequence_session *ss, const struct snapshot *s, int64_t *value,
                      struct error *err);
bool sequence_setval(struct sequence_store *st, struct sequence_session *ss,
                     const struct snapshot *s, uint32_t relid, int64_t value, bool is_called,
                     struct error *err);
/* The present state: SELECT last_value, is_called FROM sequence. st may be NULL: as of the snapshot. */
void sequence_read(struct sequence_store *st, const struct sequence_def *def, int64_t *last_value,
                   bool *is_called);
/*
 * Transactional: RESTART of ALTER SEQUENCE, TRUNCATE ... RESTART IDENTITY, CREATE SEQUENCE. The former state comes back at
 * sequence_rollback. Only the holder of the write slot may call it.
 */
void sequence_restart(struct sequence_store *st, uint32_t relid, int64_t value, bool is_called);
/* Writes the rows of all sequences that moved since they were last written. Before COMMIT of every write transaction;
   cheap when nothing moved. */
bool sequence_flush(struct sequence_store *st, sqlite3 *db, struct error *err);
/* The write transaction was committed, or rolled back (values taken stay taken; what was flushed is to be written again). */
void sequence_commit(struct sequence_store *st);
void sequence_rollback(struct sequence_store *st);

#endif
