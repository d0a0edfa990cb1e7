/* extra.h: what plpgsql.extra_warnings and plpgsql.extra_errors ask for. */
#ifndef PGF_PLPGSQL_EXTRA_H
#define PGF_PLPGSQL_EXTRA_H

#include "sql/base/error.h"
#include "sql/types/eval.h"

enum extra_check { EXTRA_SHADOWED_VARIABLES, EXTRA_TOO_MANY_ROWS, EXTRA_STRICT_MULTI_ASSIGNMENT };

/* How what the check finds is reported: ERROR_ERROR, ERROR_WARNING, or ERROR_NONE when nobody asked. */
enum error_severity extra_level(struct eval_context *ctx, enum extra_check check);
/* Reports what is set in found, at that level: false with err set, or true after a warning. */
bool extra_report(struct eval_context *ctx, enum error_severity level, struct error *found, struct error *err);

#endif
