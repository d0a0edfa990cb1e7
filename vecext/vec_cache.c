/*
 * vec_cache.c - parts of indexes in memory; see vec_cache.h. A chained hash table with a list in order of use, nearly: a block that
 * is asked for is only marked, and moves to the front when it would have to go (moving it each time touched three others).
 */
#include "vecext/vec_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "vecext/vec_ask.h"

struct entry {
    struct vec_block block; /* first: what callers see */
    atomic_int references;
    uint64_t key, part;
    bool used; /* since it was put in or spared */
    struct entry *chain, *newer, *older;
};

enum { MIN_BUCKETS = 1 << 10, LARGEST_SHARE = 8 /* of the limit, that one block may take */ };

static struct {
    pthread_mutex_t lock;
    struct entry **buckets;
    size_t nbuckets, count, bytes, limit;
    struct entry *newest, *oldest;
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER, .limit = (size_t)64 << 20};

static size_t bytes_of(const struct entry *e)
{
    return sizeof *e + e->block.len;
}

static struct entry **bucket(uint64_t key, uint64_t part)
{
    uint64_t h = (key ^ part * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    return &cache.buckets[(h >> 32) & (cache.nbuckets - 1)];
}

static void unlink_use(struct entry *e)
{
    *(e->newer ? &e->newer->older : &cache.newest) = e->older;
    *(e->older ? &e->older->newer : &cache.oldest) = e->newer;
}

static void link_use(struct entry *e)
{
    e->newer = NULL;
    e->older = cache.newest;
    *(cache.newest ? &cache.newest->newer : &cache.oldest) = e;
    cache.newest = e;
}

static struct entry *find(uint64_t key, uint64_t part)
{
    struct entry *e = cache.buckets ? *bucket(key, part) : NULL;
    while (e && (e->key != key || e->part != part))
        e = e->chain;
    return e;
}

static void drop(struct entry *e)
{
    struct entry **link = bucket(e->key, e->part);
    while (*link != e)
        link = &(*link)->chain;
    *link = e->chain;
    unlink_use(e);
    cache.count--;
    cache.bytes -= bytes_of(e);
    vec_block_release(&e->block);
}

/* Without memory for more buckets the chains just grow. */
static bool grow(void)
{
    size_t n = cache.nbuckets ? cache.nbuckets * 2 : MIN_BUCKETS;
    struct entry **buckets = calloc(n, sizeof(struct entry *));
    if (!buckets)
        return cache.buckets != NULL;
    free(cache.buckets);
    cache.buckets = buckets;
    cache.nbuckets = n;
    for (struct entry *e = cache.newest; e; e = e->older) {
        struct entry **to = bucket(e->key, e->part);
        e->chain = *to;
        *to = e;
    }
    return true;
}

const struct vec_block *vec_cache_get(uint64_t key, uint64_t part)
{
    pthread_mutex_lock(&cache.lock);
    struct entry *e = find(key, part);
    if (e) {
        atomic_fetch_add_explicit(&e->references, 1, memory_order_relaxed);
        e->used = true;
    }
    pthread_mutex_unlock(&cache.lock);
    return e ? &e->block : NULL;
}

void vec_cache_ask(const uint64_t *keys, size_t n, uint64_t part)
{
    pthread_mutex_lock(&cache.lock);
    for (size_t i = 0; cache.buckets && i < n; i++)
        __builtin_prefetch(bucket(keys[i], part));
    for (size_t i = 0; cache.buckets && i < n; i++) {
        const char *e = (const char *)*bucket(keys[i], part); /* nearly always the only one */
        __builtin_prefetch(e, 1);
        __builtin_prefetch(e + VEC_CACHE_LINE);
    }
    pthread_mutex_unlock(&cache.lock);
}

/* Drops blocks, the longest unused first, until there is room for so many bytes. */
static void make_room(size_t bytes)
{
    while (cache.oldest && cache.bytes + bytes > cache.limit) {
        struct entry *e = cache.oldest;
        if (e->used) {
            e->used = false;
            unlink_use(e);
            link_use(e);
        } else {
            drop(e);
        }
    }
}

struct vec_block *vec_block_new(size_t len, struct vec_error *err)
{
    struct entry *e = malloc(sizeof *e + len);
    if (!e) {
        vec_error_nomem(err);
        return NULL;
    }
    *e = (struct entry){.block = {.len = len, .data = (unsigned char *)(e + 1)}};
    atomic_init(&e->references, 1);
    return &e->block;
}

void vec_cache_put(uint64_t key, uint64_t part, struct vec_block *block)
{
    struct entry *e = (struct entry *)(void *)block;
    pthread_mutex_lock(&cache.lock);
    bool room = bytes_of(e) <= cache.limit / LARGEST_SHARE && !find(key, part) &&
                (cache.count < cache.nbuckets || grow());
    if (room) {
        make_room(bytes_of(e));
        e->key = key;
        e->part = part;
        atomic_fetch_add_explicit(&e->references, 1, memory_order_relaxed);
        struct entry **to = bucket(key, part);
        e->chain = *to;
        *to = e;
        link_use(e);
        cache.count++;
        cache.bytes += bytes_of(e);
    }
    pthread_mutex_unlock(&cache.lock);
}

bool vec_cache_fits(size_t len)
{
    pthread_mutex_lock(&cache.lock);
    bool fits = sizeof(struct entry) + len <= cache.limit / LARGEST_SHARE;
    pthread_mutex_unlock(&cache.lock);
    return fits;
}

void vec_cache_drop(uint64_t key, uint64_t part)
{
    pthread_mutex_lock(&cache.lock);
    struct entry *e = find(key, part);
    if (e)
        drop(e);
    pthread_mutex_unlock(&cache.lock);
}

void vec_block_release(const struct vec_block *block)
{
    struct entry *e = (struct entry *)(uintptr_t)block;
    if (e && atomic_fetch_sub_explicit(&e->references, 1, memory_order_acq_rel) == 1)
        free(e);
}

void vec_cache_limit(size_t bytes)
{
    pthread_mutex_lock(&cache.lock);
    cache.limit = bytes;
    make_room(0);
    pthread_mutex_unlock(&cache.lock);
}

size_t vec_cache_size(void)
{
    pthread_mutex_lock(&cache.lock);
    size_t bytes = cache.bytes;
    pthread_mutex_unlock(&cache.lock);
    return bytes;
}
