/*
 * snapshot_derive.c: the picture with one function more, made from the picture before instead of from the file: a script of a
 * thousand CREATE FUNCTION would otherwise read all functions a thousand times.
 *
 * A derived snapshot has lists and maps of functions of its own and shares everything else with the one that was loaded. What
 * was added since lies in memory that all snapshots derived from that one share (struct snapshot_growth).
 * Called by command/ after CREATE FUNCTION.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/snapshot_internal.h"

/* Then the next one is loaded whole, and memory of functions replaced meanwhile is given back. */
#define MAX_GROWTH 2000

static struct snapshot_growth *growth_of(const struct snapshot *base)
{
    struct snapshot_growth *g = base->growth;
    if (g) {
        atomic_fetch_add(&g->refs, 1);
        return g;
    }
    g = calloc(1, sizeof(*g));
    if (!g)
        log_fatal("out of memory");
    atomic_init(&g->refs, 1);
    g->base = snapshot_ref(base);
    g->arena = arena_create();
    return g;
}

void snapshot_growth_unref(struct snapshot_growth *g)
{
    if (!g || atomic_fetch_sub(&g->refs, 1) != 1)
        return;
    arena_destroy(g->arena);
    snapshot_unref(g->base);
    free(g);
}

static void copy_list(struct list *l, struct arena *a)
{
    const void **items = ARENA_ARRAY(a, const void *, l->n + 16);
    if (l->n)
        memcpy(items, l->items, sizeof(items[0]) * (size_t)l->n);
    l->items = items;
    l->cap = l->n + 16;
}

static void copy_map(struct map *m, struct arena *a)
{
    struct map_slot *slots = m->nslots ? ARENA_ARRAY(a, struct map_slot, m->nslots) : NULL;
    if (m->nslots)
        memcpy(slots, m->slots, sizeof(slots[0]) * m->nslots);
    m->slots = slots;
    m->arena = a;
}

/* The rows about the function, in the memory of the growth. */
static bool load_added(sqlite3 *db, struct snapshot *added, uint32_t oid, struct error *err)
{
    struct loader l = {.db = db, .s = added, .err = err, .schema = "main."};
    return snapshot_load_proc(&l, oid);
}

static void add(struct snapshot *s, const struct snapshot *added)
{
    for (int i = 0; i < added->procs.n; i++) {
        const struct proc *p = added->procs.items[i];
        list_add(&s->procs, s->arena, p);
        map_put(&s->proc_oid, s->arena, p->oid, NULL, p);
        map_put(&s->proc_name, s->arena, 0, p->name, p);
    }
    for (int i = 0; i < added->depends.n; i++)
        list_add(&s->depends, s->arena, added->depends.items[i]);
    for (int i = 0; i < added->acls.n; i++) {
        const struct acl *c = added->acls.items[i];
        list_add(&s->acls, s->arena, c);
        map_put(&s->acl_object, s->arena, c->objid, NULL, c);
    }
}

struct snapshot *snapshot_with_proc(sqlite3 *db, const struct snapshot *base, uint32_t oid, struct error *err)
{
    if (!base->durable || (base->growth && base->growth->n >= MAX_GROWTH))
        return NULL;
    struct snapshot *s = malloc(sizeof(*s)), added = {0};
    struct snapshot_growth *g = growth_of(base);
    if (!s)
        log_fatal("out of memory");
    memcpy((void *)s, (const void *)base, sizeof(*s));
    atomic_init(&s->refs, 1);
    s->arena = arena_create();
    s->growth = g;
    s->depend_cache = NULL; /* its own is made when asked for */
    s->version = snapshot_next_version();
    g->n++;
    added.arena = g->arena;
    added.durable = true;
    if (!load_added(db, &added, oid, err) || added.procs.n != 1) {
        snapshot_unref(s);
        return NULL;
    }
    copy_list(&s->procs, s->arena);
    copy_list(&s->depends, s->arena);
    copy_list(&s->acls, s->arena);
    copy_map(&s->proc_oid, s->arena);
    copy_map(&s->proc_name, s->arena);
    copy_map(&s->acl_object, s->arena);
    add(s, &added);
    return s;
}
