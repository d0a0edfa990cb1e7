/*
 * vec_neighbours.h - the nearest rows of some queries, found while all rows of a build pass by: what choosing the number of
 * probes needs (vec_tune.h), for less than searching the finished index costs. Of a build.
 */
#ifndef VECEXT_VEC_NEIGHBOURS_H
#define VECEXT_VEC_NEIGHBOURS_H

#include "vecext/vec_cluster.h"

enum { VEC_NEIGHBOURS = 10 };

struct vec_neighbour {
    float score; /* less is nearer; comparable within a query */
    uint32_t list;
    int64_t id;
};

struct vec_neighbours {
    struct vec_centroids queries; /* as columns */
    int64_t *ids;                 /* of the rows that the queries are: not their own neighbours */
    bool inner;                   /* by inner product, else L2 */
    int workers;
    struct vec_neighbour *best; /* [worker][query][VEC_NEIGHBOURS], nearest first, ties by id */
};

/* `rows` are `count` queries of dims floats in the rotated space. vec_neighbours_free() releases what was made, also after a
 * failure. */
bool vec_neighbours_init(struct vec_neighbours *n, const float *rows, const int64_t *ids, int count, int dims, bool inner,
                         int workers, struct vec_error *err);
void vec_neighbours_free(struct vec_neighbours *n);

/* Rows of the index, rotated, and the list of each. Any thread, under a worker's number of its own. False when out of memory. */
bool vec_neighbours_offer(struct vec_neighbours *n, int worker, const float *rows, const int64_t *ids, const uint32_t *lists,
                          size_t count);

/* The query's nearest of all workers' rows, nearest first: best of worker 0; how many. The result does not depend on which
 * worker was offered what. */
int vec_neighbours_of(struct vec_neighbours *n, int query, const struct vec_neighbour **best);

#endif
