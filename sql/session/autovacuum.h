/*
 * autovacuum.h: the thread that analyzes tables whose rows have changed much, as PostgreSQL's autovacuum does (documentation,
 * section 25.1.6): every autovacuum_naptime, each table with more changed rows than autovacuum_analyze_threshold +
 * autovacuum_analyze_scale_factor * its rows. It is a session of the server's own that runs ANALYZE, so it waits in the write
 * queue like others and is seen in pg_stat_activity. There is nothing to vacuum: SQLite keeps no versions of rows.
 *
 * An ANALYZE by itself holds the write slot for milliseconds: of a large table SQLite reads a part of each index only, and
 * the columns' statistics come from a sample of 3,000 rows instead of 30,000.
 */
#ifndef PGF_SESSION_AUTOVACUUM_H
#define PGF_SESSION_AUTOVACUUM_H

#include <stdbool.h>

struct pg_engine;
struct pg_session;
struct relation;

/* Beyond so many rows the columns' statistics are gathered from a smaller sample, of so many rows a unit of this target. */
#define AUTOVACUUM_GATHERED_ROWS 10000
#define AUTOVACUUM_TARGET        "10"
/* Up to so many rows indexes are read whole; of those of larger tables so many entries (PRAGMA analysis_limit). */
#define AUTOVACUUM_WHOLE_ROWS  100000
#define AUTOVACUUM_INDEX_LIMIT "1000"

struct autovacuum;
struct autovacuum *autovacuum_start(struct pg_engine *e);
/* Ends a running ANALYZE; NULL is allowed. Before the engine's databases close. */
void autovacuum_stop(struct autovacuum *a);

/* Whether the table has no more than so many rows; on the session's writing connection. */
bool autovacuum_is_within(const struct pg_session *s, const struct relation *r, int rows);

#endif
