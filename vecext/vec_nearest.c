/* vec_nearest.c - see vec_nearest.h. */
#include "vecext/vec_nearest.h"

#include <math.h>
#include <stdlib.h>

bool vec_nearest_reset(struct vec_nearest *set, size_t cap, struct vec_error *err)
{
    if (cap > set->cap) {
        float *heap = realloc(set->heap, cap * sizeof *heap);
        if (!heap)
            return vec_error_nomem(err);
        set->heap = heap;
    }
    set->cap = cap;
    set->n = 0;
    set->worst = INFINITY;
    return true;
}

void vec_nearest_push(struct vec_nearest *set, float value)
{
    float *heap = set->heap;
    if (!(value < set->worst))
        return;
    size_t i;
    if (set->n < set->cap) {
        for (i = set->n++; i && heap[(i - 1) / 2] < value; i = (i - 1) / 2)
            heap[i] = heap[(i - 1) / 2];
    } else {
        size_t child;
        for (i = 0; (child = 2 * i + 1) < set->n; i = child) {
            if (child + 1 < set->n && heap[child + 1] > heap[child])
                child++;
            if (heap[child] <= value)
                break;
            heap[i] = heap[child];
        }
    }
    heap[i] = value;
    if (set->n == set->cap)
        set->worst = heap[0];
}

/* Order of lists: by key, ties by number. */
static bool list_before(const float *key, uint32_t a, uint32_t b)
{
    return key[a] < key[b] || (key[a] == key[b] && a < b);
}

void vec_sift_down(const float *key, uint32_t *heap, size_t n, size_t i)
{
    uint32_t value = heap[i];
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && list_before(key, heap[child + 1], heap[child]))
            child++;
        if (!list_before(key, heap[child], value))
            break;
        heap[i] = heap[child];
    }
    heap[i] = value;
}
