/*
 * vec_nearest.h - the two heaps of a search: the bound, from the smallest numbers so far, and the order of the lists.
 */
#ifndef VECEXT_VEC_NEAREST_H
#define VECEXT_VEC_NEAREST_H

#include <stddef.h>
#include <stdint.h>

#include "vecext/vec_error.h"

/* The n smallest of the numbers pushed; `worst` is the largest of them, infinite until there are n.
 */
struct vec_nearest {
    size_t n, cap;
    float *heap; /* largest first */
    float worst;
};

/* Empties the set, which keeps the `cap` smallest from now on. The caller frees `heap` in the end. */
bool vec_nearest_reset(struct vec_nearest *set, size_t cap, struct vec_error *err);
void vec_nearest_push(struct vec_nearest *set, float value);

/* Restores the order of a heap of n items below item i; the smallest key comes first, ties by number. */
void vec_sift_down(const float *key, uint32_t *heap, size_t n, size_t i);

#endif
