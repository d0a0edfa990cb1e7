/*
 * vec_write.h - keeping an index in step with its table, one row at a time, and repairing its
 * shape.
 *
 * A new row goes to the log (vec_log.h); when that is full, all its rows are appended to their lists'
 * segments. A deleted row's slot is marked dead; a list with many dead slots is rewritten. A list
 * that has outgrown the others is split in two. Everything is decided from the tables, so a
 * rollback leaves nothing behind.
 */
#ifndef VECEXT_VEC_WRITE_H
#define VECEXT_VEC_WRITE_H

#include "vecext/vec_index.h"

/* Indexes the base row `id` as it now is (a row already indexed is replaced; one without a vector,
 * or gone, is removed). */
bool vec_write_row(struct vec_index *ix, int64_t id, struct vec_error *err);

/* Removes `id`; no error when it is not indexed. An index that has lost half its rows is made anew, or its probes
 * measured again, unless the row `returns` (vec_write_row follows, which would find it there already). */
bool vec_write_delete(struct vec_index *ix, int64_t id, bool returns, struct vec_error *err);

/* Folds tails, rewrites lists with dead slots, splits large lists, trains an untrained index, until
 * nothing is left or `milliseconds` have passed (< 0: no limit). *steps counts what was done. */
bool vec_write_maintain(struct vec_index *ix, int64_t milliseconds, int64_t *steps,
                        struct vec_error *err);

#endif
