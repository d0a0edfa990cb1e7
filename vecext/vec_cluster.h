/*
 * vec_cluster.h - centroids and their training.
 *
 * Centroids live in panels of VEC_PANEL columns, dimension-major, as they are stored, and as numbers of 16 bits, with a scale
 * each, as the matrix kernel takes them: of 11 bits and so many that sums fit 32 bits. Rows are compared with those; what is
 * lost is a ten-thousandth of the product of the norms. A panel's unused columns have an infinite norm and are never the
 * nearest.
 */
#ifndef VECEXT_VEC_CLUSTER_H
#define VECEXT_VEC_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vecext/vec_error.h"

struct vec_centroids {
    int dims; /* padded */
    int count;
    int panels;   /* (count + VEC_PANEL - 1) / VEC_PANEL */
    float *data;  /* [panel][dim][VEC_PANEL] */
    float *rows;  /* [count][dims]: the same, one centroid after another */
    float *norm2; /* |c|^2, one per column; infinity for unused columns */
    int16_t *small; /* [panel][dim / 2][VEC_PANEL][2] */
    float *scale;   /* one per column: what a step of small is */
};

/* Allocates room for `count` centroids, all zero. vec_centroids_free() releases it. */
bool vec_centroids_init(struct vec_centroids *centroids, int dims, int count,
                        struct vec_error *err);
void vec_centroids_free(struct vec_centroids *centroids);

/* Writes one centroid of `dims` floats to both forms, with its norm; or takes it from the panels.
 */
void vec_centroids_set(struct vec_centroids *centroids, int list, const float *from);
void vec_centroids_load(struct vec_centroids *centroids, int list);

static inline const float *vec_centroid(const struct vec_centroids *centroids, int list)
{
    return centroids->rows + (size_t)list * (size_t)centroids->dims;
}

/* Products of each of `n` rows, `dims` floats apart, with every centroid, nearly: out has panels * VEC_PANEL floats a row. False
 * when out of memory. */
bool vec_centroids_products(const struct vec_centroids *centroids, const float *rows, size_t n, float *out, struct vec_error *err);

/* Nearest centroid in L2 of each of `n` rows, `dims` floats apart. Ties go to the lower number. Runs on the caller's thread.
 * False when out of memory. */
bool vec_centroids_assign(const struct vec_centroids *centroids, const float *rows, size_t n,
                          uint32_t *list, struct vec_error *err);

/* Trains `centroids` (initialised, count <= n) on n rows: seeded random start, Lloyd rounds of
 * which the first ones use a part of the rows, empty clusters take a row from the largest. Rows that have a list move to one
 * near it; only new rows are compared with all. The
 * result does not depend on the number of threads. `cancel` (may be NULL) is polled. */
bool vec_cluster_train(struct vec_centroids *centroids, const float *rows, size_t n, uint64_t seed,
                       int threads, bool (*cancel)(void *), void *context, struct vec_error *err);

#endif
