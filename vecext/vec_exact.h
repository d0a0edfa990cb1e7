/*
 * vec_exact.h - the nearest rows without an index, as a table:
 *
 *   vec_nearest(rows, bounds, type, metric, query, k, ties)    table function: (distance, id), the k rows nearest to query (k NULL:
 *                                                              all), nearest first; with ties those as far as the k-th too
 *
 * rows: vec_rows('SELECT id, v FROM ...'). bounds: NULL, or the text of a SELECT of the first and last rowid of the table, whose
 * rows are then read range by range (?1 to ?2), by two threads where there is a helper (vec_helper.h). `distance` is a rank:
 * rows as far have one. Distances that are NaN come after numbers, NULL vectors last, as ORDER BY has them; among equals by id.
 */
#ifndef VECEXT_VEC_EXACT_H
#define VECEXT_VEC_EXACT_H

#include "vecext/vec_index.h"

/* Returns SQLite's code. */
int vec_exact_register(struct vec_conn *conn);

#endif
