/* guc_hooks.h: what particular settings check beyond their type, and what they do at once. */
#ifndef PGF_SESSION_GUC_HOOKS_H
#define PGF_SESSION_GUC_HOOKS_H

#include "sql/base/error.h"
#include "sql/types/eval.h"

struct guc_store;

/* The canonical text of a value that its type accepted; NULL with err set. current: what holds now, for settings of which a value
   may name a part only (DateStyle); NULL: the default. */
const char *guc_hook_check(const char *name, const char *value, const char *current, struct eval_context *ctx, struct error *err);
/* Brings the evaluation context in line with the settings in s. */
void guc_hook_apply(const struct guc_store *s, struct eval_context *ctx);
/*
 * Settings that the client is told of when they change (GUC_REPORT), NULL-terminated, in the order
 * PostgreSQL 15 sends them.
 */
#define GUC_REPORTED 13
extern const char *const guc_reported[GUC_REPORTED + 1];

#endif
