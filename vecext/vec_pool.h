/*
 * vec_pool.h - a loop over chunks on several threads.
 *
 * Chunks are handed out in order from one counter, so which thread takes which chunk is chance: the
 * body must write only to its own chunk for results to be the same on any number of threads.
 */
#ifndef VECEXT_VEC_POOL_H
#define VECEXT_VEC_POOL_H

#include <stdbool.h>
#include <stddef.h>

/* Work on elements [first, last); `worker` is below the number of threads. Returns false to stop.
 */
typedef bool vec_pool_fn(void *context, size_t first, size_t last, int worker);

/* Runs `body` over [0, n) in chunks of `grain`, on up to `threads` threads including the caller's.
 * Falls back to fewer when threads cannot be made. Returns false when some body did. */
bool vec_pool_run(int threads, size_t n, size_t grain, vec_pool_fn *body, void *context);

/* Processors this process may run on, at least 1. */
int vec_pool_processors(void);

enum { VEC_POOL_MAX = 64 };

#endif
