/* statistics.h: ANALYZE: what the columns of a table hold, for pg_statistic and pg_stats. */
#ifndef PGF_COMMAND_STATISTICS_H
#define PGF_COMMAND_STATISTICS_H

#include <sqlite3.h>

#include "sql/catalog/snapshot.h"
#include "sql/types/eval.h"

/*
 * Samples r (300 rows for each unit of the largest statistics target, all rows of a smaller table) and writes a row of
 * _pg_statistic for each column of atts (attnums; NULL: all). SQLite's own ANALYZE has been run. On the
 * writer's connection, in its transaction. False with err set.
 */
bool statistics_gather(sqlite3 *db, const struct relation *r, const int16_t *atts, int natts, struct eval_context *ctx,
                       struct error *err);

#endif
