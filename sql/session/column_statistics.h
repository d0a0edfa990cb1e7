/* column_statistics.h: what ANALYZE left in _pg_statistic, for the planner (eval_context.column_statistics). */
#ifndef PGF_SESSION_COLUMN_STATISTICS_H
#define PGF_SESSION_COLUMN_STATISTICS_H

#include "sql/types/column_stats.h"
#include "sql/types/eval.h"

/* By the session's thread; reads on its connection, or a reader of its own for a moment. Values are of the column's type. */
bool column_statistics(struct eval_context *ctx, const struct relation *r, int attnum, struct arena *arena, struct column_stats *out,
                       double *rows);

#endif
