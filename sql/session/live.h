/*
 * live.h: rows of the relations that show the server's living state: pg_settings, pg_stat_activity,
 * ...
 */
#ifndef PGF_SESSION_LIVE_H
#define PGF_SESSION_LIVE_H

#include "sql/types/eval.h"
#include "sql/types/value.h"

/* eval_context.live_row. */
bool live_row(struct eval_context *ctx, const char *relation, int i, struct arena *arena,
              struct value *columns, int ncolumns);

#endif
