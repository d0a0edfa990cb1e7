/* vec_idset.c - see vec_idset.h. Open addressing, at most half full. */
#include "vecext/vec_idset.h"

#include <stdlib.h>
#include <string.h>

static size_t place(const struct vec_idset *set, int64_t id)
{
    size_t i = (size_t)((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) >> 16) & (set->cap - 1);
    while (set->slots[i] != INT64_MIN && set->slots[i] != id)
        i = (i + 1) & (set->cap - 1);
    return i;
}

static bool grow(struct vec_idset *set, struct vec_error *err)
{
    struct vec_idset more = {.cap = set->cap ? set->cap * 2 : 256, .n = set->n};
    more.slots = malloc(more.cap * sizeof *more.slots);
    if (!more.slots)
        return vec_error_nomem(err);
    for (size_t i = 0; i < more.cap; i++)
        more.slots[i] = INT64_MIN;
    for (size_t i = 0; i < set->cap; i++)
        if (set->slots[i] != INT64_MIN)
            more.slots[place(&more, set->slots[i])] = set->slots[i];
    free(set->slots);
    *set = more;
    return true;
}

bool vec_idset_add(struct vec_idset *set, int64_t id, struct vec_error *err)
{
    if (2 * (set->n + 1) > set->cap && !grow(set, err))
        return false;
    size_t at = place(set, id);
    set->n += set->slots[at] == INT64_MIN;
    set->slots[at] = id;
    return true;
}

bool vec_idset_has(const struct vec_idset *set, int64_t id)
{
    return set->cap && set->slots[place(set, id)] == id;
}

void vec_idset_free(struct vec_idset *set)
{
    free(set->slots);
    memset(set, 0, sizeof *set);
}
