/*
 * vec_distance.h - distances between two values of one type.
 *
 * The numbers are pgvector's: sums in float32, the final root or quotient in double; cosine
 * distance is 1 - similarity with the similarity clamped to [-1, 1], NaN against a zero vector.
 */
#ifndef VECEXT_VEC_DISTANCE_H
#define VECEXT_VEC_DISTANCE_H

#include "vecext/vec_type.h"

/* name, operator of pgvector ("" when it has none), meaning */
#define VEC_METRICS(X)                                                                             \
    X(VEC_METRIC_L2, "l2", "<->")                                                                  \
    X(VEC_METRIC_IP, "ip", "<#>")                                                                  \
    X(VEC_METRIC_COSINE, "cosine", "<=>")                                                          \
    X(VEC_METRIC_L1, "l1", "<+>")                                                                  \
    X(VEC_METRIC_HAMMING, "hamming", "<~>")                                                        \
    X(VEC_METRIC_JACCARD, "jaccard", "<%>")

/* The metrics an index can have. VEC_METRIC_IP is the negative inner product, so that less is
 * nearer everywhere. */
enum vec_metric {
#define VEC_METRIC_ENUM(name, text, op) name,
    VEC_METRICS(VEC_METRIC_ENUM)
#undef VEC_METRIC_ENUM
};

const char *vec_metric_name(enum vec_metric metric);
bool vec_metric_find(const char *name, enum vec_metric *metric);

/* True when pgvector defines the metric for the type: the first four for vector, halfvec and
 * sparsevec, the last two for bit. */
bool vec_metric_applies(enum vec_metric metric, enum vec_type type);

/* The distance of two checked blobs of equal dimension, `less is nearer`. The metric must apply to
 * the type. This is the function an index re-ranks with. */
double vec_distance_unchecked(enum vec_type type, enum vec_metric metric, struct vec_blob a,
                              struct vec_blob b);

/* The same with the dimensions compared first. */
bool vec_distance(enum vec_type type, enum vec_metric metric, struct vec_blob a, struct vec_blob b,
                  double *distance, struct vec_error *err);

/* Inner product (positive), squared L2 distance, and the angle divided by pi of the normalised
 * vectors, for vector, halfvec and sparsevec. */
bool vec_inner_product(enum vec_type type, struct vec_blob a, struct vec_blob b, double *result,
                       struct vec_error *err);
bool vec_l2_squared(enum vec_type type, struct vec_blob a, struct vec_blob b, double *result,
                    struct vec_error *err);
bool vec_spherical_distance(enum vec_type type, struct vec_blob a, struct vec_blob b,
                            double *result, struct vec_error *err);

#endif
