/*
 * vec_search.h - nearest rows of an index, nearest first.
 *
 * One round of a search: order the lists by their centroid's distance, scan the one-bit codes of
 * the first ones against the current bound, refine the survivors with four-bit codes, then read the
 * base rows of what is left and keep the nearest by exact distance. The bound is the k-th smallest
 * upper bound seen so far. A search without k repeats the round for more rows and more lists when
 * its consumer asks for more than the last round gave.
 */
#ifndef VECEXT_VEC_SEARCH_H
#define VECEXT_VEC_SEARCH_H

#include "vecext/vec_index.h"
#include "vecext/vec_subquery.h"
#include "vecext/vec_rowset.h"
#include "vecext/vec_where.h"
#include "vecext/vecext.h"

struct vec_search_args {
    struct vec_blob query;           /* checked, of the index's type and dimension */
    int64_t k;                       /* at most so many rows; < 0: all, in rounds */
    int probes;                      /* <= 0: the index's */
    int64_t batch;                   /* rows of the first round when k < 0; <= 0: 40 */
    double max_distance;             /* INFINITY: none */
    const struct vec_rowset *filter; /* or NULL */
    const struct vec_where *where;   /* or NULL: a condition on included columns, without a filter */
    struct vec_reader *test;           /* or NULL: asked about rows that may be among the nearest, unless `where` knows */
    int64_t most_lists;              /* > 0: no others than so many nearest lists are visited, though rows may be missing */
    int64_t most_rows;               /* > 0: no further lists are visited after so many rows of them */
};

/* Starts a search; `args` is copied, the query and the filter are borrowed until vec_search_free().
 * The search keeps a read transaction open. NULL on error. */
struct vec_search *vec_search_new(struct vec_index *ix, const struct vec_search_args *args,
                                  struct vec_error *err);

/* The next row: 1, 0 at the end, -1 on error. */
int vec_search_next(struct vec_search *search, int64_t *id, double *distance,
                    struct vec_error *err);

/* Work done so far. */
const struct vec_scan_stats *vec_search_stats(const struct vec_search *search);

/* Lists in the order the search visits them, for vec_tune.c; *n is their number. */
const uint32_t *vec_search_order(struct vec_search *search, int *n);

void vec_search_free(struct vec_search *search);

#endif
