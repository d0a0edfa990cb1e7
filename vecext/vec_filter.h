/*
 * vec_filter.h - the rows of a filter that is a statement (vec_subquery.h), read before the search.
 *
 * Filters that had too many rows a short while ago are not read. Those that depend on nothing but the file are kept with the index, as
 * long as nothing is committed: the same few filters come again and again, and reading their rows is a third of such a search.
 */
#ifndef VECEXT_VEC_FILTER_H
#define VECEXT_VEC_FILTER_H

#include "vecext/vec_subquery.h"

/* The rows as a vec_rowset() blob; *collected is false when they are too many to be worth it. conditioned: without them, a condition
 * on included columns will find them (vec_where.h). Inside vec_index_begin(). */
bool vec_filter_rows(struct vec_index *ix, struct vec_subquery *rows, bool conditioned, struct vec_buf *blob, bool *collected,
                     struct vec_error *err);

/* Drops what is kept. */
void vec_filter_forget(struct vec_index *ix);

#endif
