/* arena.c: see arena.h. A chain of blocks; large requests get a block of their own. */
#include "sql/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"

#define ARENA_BLOCK 4096
#define ARENA_ALIGN 16
/* Blocks double up to this size, so that a big statement makes few system calls. */
#define ARENA_BLOCK_MAX (256 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    _Alignas(ARENA_ALIGN) char data[];
};

struct arena {
    struct arena_block *head;
    size_t next_size;
    size_t total;
    bool exhausted; /* arena_try() failed since the arena was empty */
};

/* A block that large comes from the system as zeroes, not yet in memory. */
#define ARENA_ZEROED ((size_t)1 << 20)

/* NULL when there is no memory. */
static struct arena_block *block_create(struct arena *a, size_t size)
{
    struct arena_block *b = size >= ARENA_ZEROED ? calloc(1, sizeof(*b) + size) : malloc(sizeof(*b) + size);
    if (!b)
        return NULL;
    b->next = NULL;
    b->size = size;
    b->used = 0;
    a->total += sizeof(*b) + size;
    return b;
}

struct arena *arena_create(void)
{
    struct arena *a = malloc(sizeof(*a));
    if (!a)
        log_fatal("out of memory (%zu bytes)", sizeof(*a));
    a->total = 0;
    a->next_size = ARENA_BLOCK;
    a->head = NULL;
    a->exhausted = false;
    return a;
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = NULL;
    for (struct arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        if (!keep && b->size == ARENA_BLOCK) {
            keep = b;
            keep->used = 0;
        } else {
            free(b);
        }
    }
    if (keep)
        keep->next = NULL;
    a->head = keep;
    a->next_size = ARENA_BLOCK;
    a->total = keep ? sizeof(*keep) + keep->size : 0;
    a->exhausted = false;
}

void arena_destroy(struct arena *a)
{
    if (!a)
        return;
    for (struct arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

static void *arena_find(struct arena *a, size_t size)
{
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct arena_block *b = a->head;
    if (!b || b->size - b->used < size) {
        if (size > a->next_size / 2) {
            struct arena_block *own = block_create(a, size);
            if (!own)
                return NULL;
            own->used = size;
            if (b) { /* behind the head, which still has room for small requests */
                own->next = b->next;
                b->next = own;
            } else {
                a->head = own;
            }
            return own->data;
        }
        b = block_create(a, a->next_size);
        if (!b)
            return NULL;
        if (a->head && a->next_size < ARENA_BLOCK_MAX)
            a->next_size *= 2;
        b->next = a->head;
        a->head = b;
    }
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

static void *arena_take(struct arena *a, size_t size)
{
    void *p = arena_find(a, size);
    if (!p)
        log_fatal("out of memory (%zu bytes)", size);
    return p;
}

void *arena_try(struct arena *a, size_t size)
{
    void *p = arena_find(a, size);
    if (p && size < ARENA_ZEROED)
        memset(p, 0, size);
    a->exhausted = a->exhausted || !p;
    return p;
}

bool arena_exhausted(const struct arena *a)
{
    return a->exhausted;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = arena_take(a, size);
    if (size < ARENA_ZEROED) /* a larger one has a block of its own */
        memset(p, 0, size);
    return p;
}

void *arena_memdup(struct arena *a, const void *src, size_t n)
{
    void *p = arena_take(a, n);
    if (n)
        memcpy(p, src, n);
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_take(a, n + 1);
    if (n)
        memcpy(p, s, n);
    p[n] = 0;
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = arena_take(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

size_t arena_size(const struct arena *a)
{
    return a->total;
}
