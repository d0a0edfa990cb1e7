/*
 * vec_meta.h - what an index keeps of itself: NAME_meta, and the centroids of NAME_cent.
 *
 * Keys of NAME_meta (integers unless said otherwise):
 *   format        4, or 5 with included columns (1 had no versions of lists, 2 a tail for each list, 3 a row for each location; what is inverted has none
 *                 of them, and is read from 2 on)
 *   method, type, metric   text, by name; method is ivf, flat or inverted
 *   max_elements  of an inverted index's rows; 0: any number
 *   dims          of the vectors
 *   refine        4 or 0: bits of the second stage
 *   seed          of the rotation and the training
 *   lists         wanted; 0 chooses from the number of rows
 *   build_mem     bytes the build may use for its sample and for its buffers
 *   seg_rows, ref_rows     see vec_index.h
 *   generation    random, new after every training
 *   include       text: kind and name of each included column, a line each; include_rows: vec_include.h
 *   log           random, new after every change of NAME_tail but an append; 0 when others have changed it
 *   centroids     number of lists there are
 *   trained_rows  rows at the last training, 0 before it
 *   tuned_rows    rows when probes was measured, if that was after the training
 *   target        recall that searches aim at, in percent
 *   probes        lists a search visits to reach it
 *   curve         blob: u32 per recall of vec_index.curve
 *   mean          blob: float32 per dimension, subtracted before rotating
 */
#ifndef VECEXT_VEC_META_H
#define VECEXT_VEC_META_H

#include "vecext/vec_index.h"

/* Reads NAME_meta into the struct and checks it: sizes and numbers in their ranges, the format one that is read. */
bool vec_meta_load(struct vec_index *ix, struct vec_error *err);

/* Then, with the padded dimension known: the mean and the centroids, which vec_index.c frees. */
bool vec_meta_load_mean(struct vec_index *ix, struct vec_error *err);
bool vec_meta_load_centroids(struct vec_index *ix, struct vec_error *err);

/* Sets a meta value; a new generation makes every connection reload. */
bool vec_meta_put_integer(struct vec_index *ix, const char *key, int64_t value,
                          struct vec_error *err);
bool vec_meta_put_blob(struct vec_index *ix, const char *key, const void *blob, size_t len,
                       struct vec_error *err);
bool vec_meta_new_generation(struct vec_index *ix, struct vec_error *err);

#endif
