/* map.c: see map.h. Open addressing with linear probing; the hash is FNV-1a. */
#include "sql/catalog/map.h"

#include <string.h>

static uint32_t key_hash(uint32_t number, const char *name)
{
    uint32_t h = 2166136261u ^ number * 2654435761u;
    for (const char *p = name ? name : ""; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return h ^ h >> 15;
}

static int slot_matches(const struct map_slot *s, uint32_t hash, uint32_t number, const char *name)
{
    if (s->hash != hash || s->number != number)
        return 0;
    return name ? s->name && strcmp(s->name, name) == 0 : !s->name;
}

static void slot_insert(struct map *m, const struct map_slot *s)
{
    uint32_t i = s->hash & (m->nslots - 1);
    while (m->slots[i].value)
        i = (i + 1) & (m->nslots - 1);
    m->slots[i] = *s;
}

/* Rehashing walks each run of equal keys from its start, so their order is kept: a probe sequence that wraps round the end
   of the table begins at slot 0 with its tail, hence the scan starts behind a free slot. */
static void map_grow(struct map *m, struct arena *a)
{
    struct map_slot *old = m->slots;
    uint32_t nold = m->nslots, start = 0;
    m->nslots = nold ? nold * 2 : 16;
    m->slots = ARENA_ARRAY(a, struct map_slot, m->nslots);
    while (start < nold && old[start].value)
        start++;
    for (uint32_t k = 0; k < nold; k++) {
        const struct map_slot *s = &old[(start + k) & (nold - 1)];
        if (s->value)
            slot_insert(m, s);
    }
}

void map_reserve(struct map *m, struct arena *a, uint32_t n)
{
    uint32_t slots = 16;
    while (slots < n * 2 + 2 && slots < 1u << 30)
        slots *= 2;
    if (m->nslots)
        return;
    m->slots = ARENA_ARRAY(a, struct map_slot, slots);
    m->nslots = slots;
}

void map_put(struct map *m, struct arena *a, uint32_t number, const char *name, const void *value)
{
    if ((m->used + 1) * 2 > m->nslots)
        map_grow(m, a);
    struct map_slot s = {value, name, number, key_hash(number, name)};
    slot_insert(m, &s);
    m->used++;
}

const void *map_next(const struct map *m, uint32_t number, const char *name, uint32_t *cursor)
{
    if (!m->nslots)
        return NULL;
    uint32_t hash = key_hash(number, name), mask = m->nslots - 1;
    for (uint32_t step = *cursor; step <= mask; step++) {
        const struct map_slot *s = &m->slots[(hash + step) & mask];
        if (!s->value)
            break;
        if (slot_matches(s, hash, number, name)) {
            *cursor = step + 1;
            return s->value;
        }
    }
    *cursor = m->nslots;
    return NULL;
}

const void *map_get(const struct map *m, uint32_t number, const char *name)
{
    uint32_t cursor = 0;
    return map_next(m, number, name, &cursor);
}

void list_add(struct list *l, struct arena *a, const void *item)
{
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 8;
        const void **items = ARENA_ARRAY(a, const void *, cap);
        if (l->n)
            memcpy(items, l->items, sizeof(items[0]) * (size_t)l->n);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = item;
}
