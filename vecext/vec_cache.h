/*
 * vec_cache.h - parts of indexes in memory, shared by all connections of the process.
 *
 * A block is bytes under a key and a part number. A key stands for one content for ever: it is made from a random number that
 * every change of a list writes into the list's row (vec_index.h), so what readers of another snapshot, or a transaction
 * that is rolled back, put here harms nobody. The least recently used blocks go when all together pass the limit.
 * Thread safe.
 */
#ifndef VECEXT_VEC_CACHE_H
#define VECEXT_VEC_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vecext/vec_error.h"

struct vec_block {
    size_t len;
    unsigned char *data; /* not to be changed once it is in the cache */
};

/* The block, referenced, or NULL when it is not there. */
const struct vec_block *vec_cache_get(uint64_t key, uint64_t part);

/* Asks memory for what vec_cache_get() of blocks will look at, and for their first bytes: all at once, where one call after the other
 * would wait for each. */
void vec_cache_ask(const uint64_t *keys, size_t n, uint64_t part);

/* A new block to fill, of one reference; NULL with *err set when out of memory. */
struct vec_block *vec_block_new(size_t len, struct vec_error *err);

/* Puts a filled block in; the caller keeps its reference. One that is there already, or too large, is not put in. */
void vec_cache_put(uint64_t key, uint64_t part, struct vec_block *block);

/* Would a block of so many bytes be kept? */
bool vec_cache_fits(size_t len);

/* Forgets a block. */
void vec_cache_drop(uint64_t key, uint64_t part);

/* Gives a reference back. NULL is allowed. */
void vec_block_release(const struct vec_block *block);

/* Bytes that blocks may take; what is too much goes at once. 64 MB at first. */
void vec_cache_limit(size_t bytes);

/* Bytes that blocks take now. */
size_t vec_cache_size(void);

#endif
