/*
 * visible.h: what a message may show of a row: only what the role could read, or gave itself.
 *
 * Called where constraints are told of (exec/watch.c, exec/constraint.c) and by steps_route.c.
 */
#ifndef PGF_PLAN_VISIBLE_H
#define PGF_PLAN_VISIBLE_H

#include "sql/analyze/tree.h"

enum visible_row { VISIBLE_NOTHING, VISIBLE_COLUMNS, VISIBLE_ROW };

/* May role see these columns of r (attnums; 0, an expression, only with SELECT on the table)? Nothing under row-level security. */
bool visible_key(const struct snapshot *s, uint32_t role, const struct relation *r, const int16_t *keys, int n);

/* How much of a row of r: VISIBLE_COLUMNS: those set in shown (by attnum - 1). given: columns that the statement gave; or NULL. */
enum visible_row visible_row(const struct snapshot *s, uint32_t role, const struct relation *r, const bool *given, bool *shown);

/* For each table that q and what is inside it changes: which it is and what columns are given (rte.named). */
void visible_note_targets(struct arena *a, struct query *q);

#endif
