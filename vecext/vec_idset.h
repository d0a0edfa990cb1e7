/* vec_idset.h - a growing set of rowids: what a search has handed out already. A zeroed struct is empty. */
#ifndef VECEXT_VEC_IDSET_H
#define VECEXT_VEC_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vecext/vec_error.h"

struct vec_idset {
    int64_t *slots; /* INT64_MIN: free */
    size_t cap, n;
};

bool vec_idset_add(struct vec_idset *set, int64_t id, struct vec_error *err);
bool vec_idset_has(const struct vec_idset *set, int64_t id);
void vec_idset_free(struct vec_idset *set);

#endif
