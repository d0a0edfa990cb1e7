/* plan.c: see plan.h. The cache is a hash table with a list by last use, under one lock. */
#include "sql/exec/plan.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/analyze/utility.h"
#include "sql/exec/direct.h"

#define PLAN_BUCKETS 2048

struct plan_cache {
    pthread_mutex_t lock;
    struct plan *buckets[PLAN_BUCKETS];
    struct plan *newest, *oldest;
    int n;
};

static atomic_uint_fast64_t plan_next_uid = 1;

struct plan *plan_create(struct arena *arena, struct program *program, const struct snapshot *s,
                         const char *text, size_t ntext)
{
    struct plan *p = calloc(1, sizeof(*p));
    if (!p)
        log_fatal("out of memory");
    atomic_init(&p->refs, 1);
    p->uid = atomic_fetch_add(&plan_next_uid, 1);
    p->arena = arena;
    p->program = program;
    p->snapshot = snapshot_ref(s);
    p->text = arena_strndup(arena, text, ntext);
    p->tag = program->utility ? program->utility->tag : plan_command_name(program->command);
    return p;
}

const char *plan_command_name(enum query_command c)
{
    static const char *const names[] = {
        [QUERY_SELECT] = "SELECT", [QUERY_INSERT] = "INSERT", [QUERY_UPDATE] = "UPDATE",
        [QUERY_DELETE] = "DELETE", [QUERY_MERGE] = "MERGE",   [QUERY_UTILITY] = ""};
    return names[c];
}

struct plan *plan_ref(struct plan *p)
{
    atomic_fetch_add(&p->refs, 1);
    return p;
}

void plan_unref(struct plan *p)
{
    if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
        return;
    direct_free(p->direct);
    snapshot_unref(p->snapshot);
    plan_unref(p->base);
    arena_destroy(p->arena);
    free(p->key);
    free(p);
}

struct plan_cache *plan_cache_create(void)
{
    struct plan_cache *c = calloc(1, sizeof(*c));
    if (!c)
        log_fatal("out of memory");
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void cache_unlink_age(struct plan_cache *c, struct plan *p)
{
    *(p->newer ? &p->newer->older : &c->newest) = p->older;
    *(p->older ? &p->older->newer : &c->oldest) = p->newer;
}

static void cache_link_age(struct plan_cache *c, struct plan *p)
{
    p->newer = NULL;
    p->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = p;
    c->newest = p;
}

/* A plan of hundreds of parameters (a bulk INSERT) counts as several. */
static int plan_weight(const struct plan *p)
{
    return 1 + p->program->nparams / 64;
}

static void cache_remove(struct plan_cache *c, struct plan *p)
{
    struct plan **at = &c->buckets[p->hash % PLAN_BUCKETS];
    while (*at != p)
        at = &(*at)->chain;
    *at = p->chain;
    cache_unlink_age(c, p);
    c->n -= plan_weight(p);
    plan_unref(p);
}

void plan_cache_destroy(struct plan_cache *c)
{
    while (c->oldest)
        cache_remove(c, c->oldest);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* FNV-1a over 8-byte words, the tail by bytes. */
static uint64_t cache_hash(const void *key, size_t n)
{
    const unsigned char *p = key;
    uint64_t h = 0xcbf29ce484222325u;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        h = (h ^ w) * 0x100000001b3u;
        h ^= h >> 29;
    }
    while (n--)
        h = (h ^ *p++) * 0x100000001b3u;
    return h;
}

static struct plan *cache_find(struct plan_cache *c, uint64_t hash, const void *key, size_t n)
{
    for (struct plan *p = c->buckets[hash % PLAN_BUCKETS]; p; p = p->chain)
        if (p->hash == hash && p->nkey == n && memcmp(p->key, key, n) == 0)
            return p;
    return NULL;
}

struct plan *plan_cache_get(struct plan_cache *c, const void *key, size_t n)
{
    uint64_t hash = cache_hash(key, n);
    pthread_mutex_lock(&c->lock);
    struct plan *p = cache_find(c, hash, key, n);
    if (p) {
        plan_ref(p);
        cache_unlink_age(c, p);
        cache_link_age(c, p);
    }
    pthread_mutex_unlock(&c->lock);
    return p;
}

void plan_cache_put(struct plan_cache *c, const void *key, size_t n, struct plan *p)
{
    uint64_t hash = cache_hash(key, n);
    pthread_mutex_lock(&c->lock);
    if (!p->key && !cache_find(c, hash, key, n)) {
        p->key = malloc(n);
        if (!p->key)
            log_fatal("out of memory");
        memcpy(p->key, key, n);
        p->nkey = n;
        p->hash = hash;
        p->chain = c->buckets[hash % PLAN_BUCKETS];
        c->buckets[hash % PLAN_BUCKETS] = plan_ref(p);
        cache_link_age(c, p);
        c->n += plan_weight(p);
        while (c->n > LIMIT_CACHED_PLANS && c->oldest != p)
            cache_remove(c, c->oldest);
    }
    pthread_mutex_unlock(&c->lock);
}
