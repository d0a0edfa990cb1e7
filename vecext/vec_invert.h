/*
 * vec_invert.h - the index over sparsevec: for each dimension the rows that have something there.
 *
 *   NAME_post (dim, id, v, PRIMARY KEY (dim, id))   WITHOUT ROWID; v is the row's element, divided by the row's norm for
 *                                                   cosine
 *   NAME_loc  (id INTEGER PRIMARY KEY, pos, norm, dims)   the indexed rows: norm is the sum of squares (L2) or of magnitudes
 *                                                   (L1), else 0; dims are the row's dimensions, u32 each, which
 *                                                   a delete needs when the row itself is gone
 *   NAME_norm an index on norm (L2 and L1 only)
 *
 * A search reads the lists of the query's dimensions and adds up what each row there shares with it; rows that share nothing
 * are at a distance that their norm alone gives. Rows are read in that order and sorted by their exact distance: answers are
 * exact, in strict order, whatever the filter. Callers dispatch here when an index's method is VEC_METHOD_INVERTED;
 * everything else (view, triggers, meta, names) is vec_index.h's.
 */
#ifndef VECEXT_VEC_INVERT_H
#define VECEXT_VEC_INVERT_H

#include "vecext/vec_search.h"

/* As vec_build_run, vec_write_row, vec_write_delete, vec_check_index and vec_check_info. */
bool vec_invert_build(struct vec_index *ix, struct vec_progress *progress, struct vec_error *err);
bool vec_invert_put(struct vec_index *ix, int64_t id, struct vec_error *err);
bool vec_invert_delete(struct vec_index *ix, int64_t id, struct vec_error *err);
bool vec_invert_clear(struct vec_index *ix, struct vec_error *err);
bool vec_invert_check(struct vec_index *ix, struct vec_buf *out, struct vec_error *err);
bool vec_invert_info(struct vec_index *ix, struct vec_buf *out, struct vec_error *err);

/* As vec_search_new, _next, _stats and _free. args.probes and args.batch say nothing here. */
struct vec_invert_search *vec_invert_search_new(struct vec_index *ix, const struct vec_search_args *args,
                                                struct vec_error *err);
int vec_invert_search_next(struct vec_invert_search *search, int64_t *id, double *distance, struct vec_error *err);
const struct vec_scan_stats *vec_invert_search_stats(const struct vec_invert_search *search);
void vec_invert_search_free(struct vec_invert_search *search);

#endif
