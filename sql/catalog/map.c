/* map.c: see map.h. Open addressing with linear probing; the hash is FNV-1a. */
#include "sql/catalog/map.h"

#include <string.h>

#define PAGE_SLOTS 32u

struct map_slot {
    const void *value; /* NULL: free; REMOVED: free, but the search goes on behind it */
    const char *name;
    uint32_t number;
    uint32_t hash;
};

struct map_page {
    const struct arena *owner;
    struct map_slot slots[PAGE_SLOTS];
};

static const char removed_value;
#define REMOVED ((const void *)&removed_value)

static uint32_t key_hash(uint32_t number, const char *name)
{
    uint32_t h = 2166136261u ^ number * 2654435761u;
    for (const char *p = name ? name : ""; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return h ^ h >> 15;
}

/* NULL: a free slot in a page that is not there. */
static const struct map_slot *slot_at(const struct map *m, uint32_t i)
{
    const struct map_page *p = m->pages[i / PAGE_SLOTS];
    return p ? &p->slots[i % PAGE_SLOTS] : NULL;
}

/* The same slot, to be written. */
static struct map_slot *own_slot(struct map *m, struct arena *a, uint32_t i)
{
    struct map_page **p = &m->pages[i / PAGE_SLOTS];
    if (!*p)
        *p = ARENA_NEW(a, struct map_page);
    else if ((*p)->owner != a)
        *p = arena_memdup(a, *p, sizeof(**p));
    (*p)->owner = a;
    return &(*p)->slots[i % PAGE_SLOTS];
}

static int slot_matches(const struct map_slot *s, uint32_t hash, uint32_t number, const char *name)
{
    if (s->hash != hash || s->number != number || s->value == REMOVED)
        return 0;
    return name ? s->name && strcmp(s->name, name) == 0 : !s->name;
}

static void slot_insert(struct map *m, struct arena *a, const struct map_slot *s)
{
    uint32_t i = s->hash & (m->nslots - 1);
    for (const struct map_slot *at; (at = slot_at(m, i)) && at->value;)
        i = (i + 1) & (m->nslots - 1);
    *own_slot(m, a, i) = *s;
}

static void make_pages(struct map *m, struct arena *a, uint32_t nslots)
{
    m->nslots = nslots;
    m->pages = ARENA_ARRAY(a, struct map_page *, nslots / PAGE_SLOTS);
}

/* Rehashing walks each run of equal keys from its start, so their order is kept: a probe sequence that wraps round the end
   of the table begins at slot 0 with its tail, hence the scan starts behind a free slot. What was removed does not come along. */
static void map_grow(struct map *m, struct arena *a)
{
    struct map old = *m;
    uint32_t start = 0;
    make_pages(m, a, old.nslots ? old.nslots * 2 : PAGE_SLOTS);
    m->used = 0;
    for (const struct map_slot *s; start < old.nslots && (s = slot_at(&old, start)) && s->value;)
        start++;
    for (uint32_t k = 0; k < old.nslots; k++) {
        const struct map_slot *s = slot_at(&old, (start + k) & (old.nslots - 1));
        if (!s || !s->value || s->value == REMOVED)
            continue;
        slot_insert(m, a, s);
        m->used++;
    }
}

void map_reserve(struct map *m, struct arena *a, uint32_t n)
{
    uint32_t slots = PAGE_SLOTS;
    while (slots < n * 2 + 2 && slots < 1u << 30)
        slots *= 2;
    if (!m->nslots)
        make_pages(m, a, slots);
}

void map_put(struct map *m, struct arena *a, uint32_t number, const char *name, const void *value)
{
    if ((m->used + 1) * 2 > m->nslots)
        map_grow(m, a);
    struct map_slot s = {value, name, number, key_hash(number, name)};
    slot_insert(m, a, &s);
    m->used++;
}

/* The slot of the key's next value from step on, counted from where its hash says; nslots: there is none. */
static uint32_t find_step(const struct map *m, uint32_t number, const char *name, uint32_t hash, uint32_t step)
{
    for (; step < m->nslots; step++) {
        const struct map_slot *s = slot_at(m, (hash + step) & (m->nslots - 1));
        if (!s || !s->value)
            break;
        if (slot_matches(s, hash, number, name))
            return step;
    }
    return m->nslots;
}

void map_remove(struct map *m, struct arena *a, uint32_t number, const char *name, const void *value)
{
    uint32_t hash = key_hash(number, name);
    for (uint32_t step = 0; (step = find_step(m, number, name, hash, step)) < m->nslots; step++) {
        uint32_t i = (hash + step) & (m->nslots - 1);
        if (slot_at(m, i)->value == value) {
            own_slot(m, a, i)->value = REMOVED;
            return;
        }
    }
}

const void *map_next(const struct map *m, uint32_t number, const char *name, uint32_t *cursor)
{
    uint32_t hash = key_hash(number, name);
    uint32_t step = find_step(m, number, name, hash, *cursor);
    *cursor = step + 1;
    return step < m->nslots ? slot_at(m, (hash + step) & (m->nslots - 1))->value : NULL;
}

const void *map_get(const struct map *m, uint32_t number, const char *name)
{
    uint32_t cursor = 0;
    return map_next(m, number, name, &cursor);
}

void map_fork(struct map *m, struct arena *a)
{
    if (m->nslots)
        m->pages = arena_memdup(a, m->pages, sizeof(m->pages[0]) * (m->nslots / PAGE_SLOTS));
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
