/*
 * plan.h: a statement ready to run: its program with the snapshot it was made from, and the cache
 * that shares plans between all sessions of a process.
 *
 * Plans are immutable and reference-counted; any thread.
 */
#ifndef PGF_EXEC_PLAN_H
#define PGF_EXEC_PLAN_H

#include <stdatomic.h>
#include <stdint.h>

#include "sql/plan/program.h"

struct plan {
    atomic_int refs;
    atomic_bool wants_writer; /* a function it calls was seen to write */
    _Atomic int64_t usual_ns; /* moving mean of its runs' time; 0: not run yet */
    uint64_t uid; /* names it in connections' statement caches; never reused */
    struct arena *arena;
    const struct snapshot *snapshot;
    struct program *program;
    struct direct *direct; /* exec/direct.h; NULL */
    const char *tag;   /* command tag without numbers: "SELECT", "INSERT", "CREATE TABLE" */
    char *text;        /* the statement's own text */
    struct plan *base; /* referenced: the plan in whose arena the typed tree lies; or NULL */
    /* in the cache */
    struct plan *chain, *newer, *older;
    char *key;
    size_t nkey;
    uint64_t hash;
};

/*
 * Wraps a program; takes arena over and a new reference to the snapshot. One reference for the
 * caller.
 */
struct plan *plan_create(struct arena *arena, struct program *program, const struct snapshot *s,
                         const char *text, size_t ntext);
struct plan *plan_ref(struct plan *p);
void plan_unref(struct plan *p); /* NULL is allowed */
/* "SELECT", "INSERT", ... for an analyzed query that is no utility statement. */
const char *plan_command_name(enum query_command c);

struct plan_cache;
struct plan_cache *plan_cache_create(void);
void plan_cache_destroy(struct plan_cache *c);
/* The plan of that key, referenced for the caller, or NULL. */
struct plan *plan_cache_get(struct plan_cache *c, const void *key, size_t n);
/*
 * Adds p (a reference of its own) under the key; the least recently used goes beyond
 * LIMIT_CACHED_PLANS.
 */
void plan_cache_put(struct plan_cache *c, const void *key, size_t n, struct plan *p);

#endif
