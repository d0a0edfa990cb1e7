/*
 * vec_build.h - filling an index from its base table: sample, train, encode, write.
 */
#ifndef VECEXT_VEC_BUILD_H
#define VECEXT_VEC_BUILD_H

#include "vecext/vec_index.h"
#include "vecext/vecext.h"

enum {
    VEC_TRAIN_MIN_ROWS = 2000 /* below it one list is as fast as many */
};

/* Lists for n rows: 1 while training is not worth it, else the wanted number or sqrt(n), from
 * 100,000 rows on 2 sqrt(n), at most one per ten rows. */
int vec_build_lists(int64_t rows, int wanted);

/* Empties the index and builds it anew from the base table, with `threads` (0: one per processor).
 * The index is reloaded with its new centroids. In the caller's transaction. */
bool vec_build_run(struct vec_index *ix, int threads, struct vec_progress *progress,
                   struct vec_error *err);

#endif
