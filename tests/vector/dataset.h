/*
 * dataset.h - reads the optional real data: numpy .npz archives (zip of .npy), by zlib.
 *
 * The folder is $PGFEATHER_DATA, or ../shared/data beside the project's root; programs say so and
 * skip what needs it when it is absent.
 */
#ifndef TESTS_VECTOR_DATASET_H
#define TESTS_VECTOR_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A two-dimensional array of an archive, widened to float (or int32). */
struct array {
    size_t rows, columns;
    float *f;     /* from u1, f2, f4 */
    int32_t *ids; /* from i4 */
};

/* Reads array `key` of `file`; false when the folder, file or key is absent. array_free() ends it.
 */
bool array_read(struct array *array, const char *file, const char *key);
void array_free(struct array *array);

/* A data set with its exact answers for one metric, 100 a query. */
struct dataset {
    struct array base, query, truth, truth_distance, label;
};

/* name: "fashion-mnist-784" or "deb-lsa-256"; metric: "l2" or "cosine". */
bool dataset_read(struct dataset *set, const char *name, const char *metric);
void dataset_free(struct dataset *set);

/* Seeded clusters on the unit sphere, for where the data is absent; no truth. */
void dataset_generate(struct dataset *set, size_t rows, size_t dims, size_t queries, uint64_t seed);

#endif
