/*
 * vec_place.h - where the rows of an index are, in memory: NAME_loc as it was at some time, kept in the process's cache.
 *
 * For lists that have changed since it is a guess: a row may have moved. Whoever uses it looks whether the slot holds the row, and
 * asks NAME_loc when not.
 */
#ifndef VECEXT_VEC_PLACE_H
#define VECEXT_VEC_PLACE_H

#include "vecext/vec_cache.h"
#include "vecext/vec_index.h"

enum { VEC_PLACES_HEADER = 32 /* bytes of a block before the places */ };

struct vec_places {
    const struct vec_block *block; /* NULL: there are none */
    int64_t first;                 /* rowid of the first place; of a list of rowids: 0 */
    size_t n;
    bool scattered;                /* rowids are far apart: they are listed, then their places */
    int lists;                     /* whose versions are known */
    size_t at;                     /* where the last one was found in the list: rows are asked for in order */
};

/* Takes the places from the cache or reads them; none for an index of too many rows. */
bool vec_places_open(struct vec_index *ix, struct vec_places *places, struct vec_error *err);
void vec_places_close(struct vec_places *places);

/* They were wrong too often: to be read anew by the next search. */
void vec_places_forget(const struct vec_index *ix);

/* The version of a list when the places were read: while it has it, what they say of its rows holds. 0: not known. */
int64_t vec_places_version(const struct vec_places *places, int64_t list);

/* NAME_loc.pos of a row as far as is known; -1 when it is not. */
int64_t vec_place_listed(struct vec_places *places, int64_t id);

/* Asks memory for where a row's place is. */
static inline void vec_place_ask(const struct vec_places *places, int64_t id)
{
    uint64_t at = (uint64_t)id - (uint64_t)places->first;
    if (!places->scattered && at < places->n)
        __builtin_prefetch(places->block->data + VEC_PLACES_HEADER + 8 * at);
}

static inline int64_t vec_place(struct vec_places *places, int64_t id)
{
    if (places->scattered)
        return vec_place_listed(places, id);
    uint64_t at = (uint64_t)id - (uint64_t)places->first;
    int64_t pos = -1;
    if (at < places->n)
        __builtin_memcpy(&pos, places->block->data + VEC_PLACES_HEADER + 8 * at, sizeof pos);
    return pos;
}

#endif
