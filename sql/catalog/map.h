/*
 * map.h: a hash map in an arena, from (number, name) to a pointer. Name may be NULL for maps keyed by number alone.
 * Equal keys may be put several times; map_next walks them in the order they were put.
 * Built by one thread; afterwards any thread may read.
 *
 * The slots lie in pages. A map that was copied (map_fork) shares its pages with the one it comes from until it is changed; a page
 * belongs to the arena it was made in, and changes with another arena go to a copy of it.
 */
#ifndef PGF_CATALOG_MAP_H
#define PGF_CATALOG_MAP_H

#include <stdint.h>

#include "sql/base/arena.h"

struct map_page;

struct map {
    struct map_page **pages; /* NULL in it: all slots free */
    uint32_t nslots;         /* a power of two, 0 while empty */
    uint32_t used;           /* slots that are not free, removed ones included */
};

/* Room for n entries, so that filling an empty map copies none of them. */
void map_reserve(struct map *m, struct arena *a, uint32_t n);
/* name is borrowed: it must live as long as the map. */
void map_put(struct map *m, struct arena *a, uint32_t number, const char *name, const void *value);
/* Takes that value away from the key; nothing happens where it is not there. */
void map_remove(struct map *m, struct arena *a, uint32_t number, const char *name, const void *value);
/* The first value put under the key, NULL if none. */
const void *map_get(const struct map *m, uint32_t number, const char *name);
/* Further values under the key: start with *cursor = 0, NULL at the end. */
const void *map_next(const struct map *m, uint32_t number, const char *name, uint32_t *cursor);
/* m, a copy of the struct of another map, gets its own list of pages, in a; the pages themselves are shared. */
void map_fork(struct map *m, struct arena *a);

/* A growing list of pointers in an arena. */
struct list {
    const void **items;
    int n, cap;
};
void list_add(struct list *l, struct arena *a, const void *item);

#endif
