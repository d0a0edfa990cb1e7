/*
 * vec_exact.h - the nearest rows without an index, and a list of rows as a table:
 *
 *   vec_nearest(id, v, type, metric, query, k, ties)   aggregate: a blob, the k rows nearest to query (k NULL: all) of those it
 *                                                      is given; with ties those as far as the k-th too
 *   vec_ranked(list)                                   table function: (rank, id), nearest first; rows as far have one rank
 *
 * One pass over the table, without a sorter or a function's frame between. Distances that are NaN come after numbers, NULL
 * vectors last, as ORDER BY has them; among equals by id.
 */
#ifndef VECEXT_VEC_EXACT_H
#define VECEXT_VEC_EXACT_H

#include "vecext/vec_index.h"

/* Registers both; returns SQLite's code. */
int vec_exact_register(struct vec_conn *conn);

#endif
