/* vec_order.h - the lists of an index by their distance from a query; of a search. */
#ifndef VECEXT_VEC_ORDER_H
#define VECEXT_VEC_ORDER_H

#include "vecext/vec_cluster.h"

struct vec_order {
    const struct vec_centroids *centroids;
    bool inner; /* by inner product */
    float norm2; /* of the query */
    int count;   /* lists there were when the search began */
    int most;    /* that may be visited */
    int ordered; /* of them, sorted so far */
    uint32_t *lists;   /* nearest first; behind them a heap of those that are not sorted */
    float *query;      /* rotated */
    float *products;   /* <q, c> per list, nearly, until it is measured */
    float *distances2; /* |q - c|^2 per list; for inner product -<q, c> */
};

/* Ranks the lists for a rotated query, of which most_lists (0: all) may be visited. vec_order_free() ends it. */
bool vec_order_init(struct vec_order *order, const struct vec_centroids *centroids, const float *query, float norm2,
                    bool inner, int64_t most_lists, struct vec_error *err);
void vec_order_free(struct vec_order *order);

/* Extends the sorted part of order->lists to n lists: most searches want few of many. */
void vec_order_extend(struct vec_order *order, int n);

/* All lists that may be visited, the first n of them sorted, for a search that visits them all. */
void vec_order_rest(struct vec_order *order, int n);

/* A list that is visited gets its centroid's exact distance: bounds are made from it, the order only from nearly exact ones. */
void vec_order_measure(struct vec_order *order, int64_t list);

#endif
