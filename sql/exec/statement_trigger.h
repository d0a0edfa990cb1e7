/* statement_trigger.h: triggers of TRUNCATE and event triggers, fired by the command itself. */
#ifndef PGF_EXEC_STATEMENT_TRIGGER_H
#define PGF_EXEC_STATEMENT_TRIGGER_H

#include "sql/base/error.h"
#include "sql/catalog/snapshot.h"
#include "sql/types/eval.h"

/* Fires r's statement triggers of the event, BEFORE or AFTER, by name. False with err set. r's snapshot is kept by the caller. */
bool statement_triggers_fire(struct eval_context *ctx, const struct relation *r, int event, bool before,
                             struct error *err);

/* Fires the event triggers of an event for a command tag, by name. The catalog's snapshot is kept by the caller. */
bool event_triggers_fire(struct eval_context *ctx, const char *event, const char *tag, struct error *err);

#endif
