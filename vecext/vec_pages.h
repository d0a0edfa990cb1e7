/*
 * vec_pages.h - the pages of a connection's main database, where they lie in the mapped file, as its read transaction sees them.
 *
 * A reader's snapshot is the file and those frames of the WAL that no checkpoint has moved into it. While it is read, a checkpoint
 * moves none that it does not see (sqlite.org/walformat.html, 2.3). So a page of which those frames hold no newer version lies in
 * the file as the reader sees it, and stays so until its transaction ends; any other must be read through SQLite. In rollback modes
 * the file does not change under a reader.
 */
#ifndef VECEXT_VEC_PAGES_H
#define VECEXT_VEC_PAGES_H

#include <stdint.h>

#include "vecext/vec_index.h"

struct vec_pages {
    struct vec_conn *conn;
    const unsigned char *base; /* the mapping */
    uint32_t count;            /* pages in it */
    uint32_t size, usable;     /* bytes of a page, and without those reserved at its end */
    int64_t schema;            /* version of the schema; -1: not known */
    const uint32_t *newer;     /* hash table of the pages that the WAL holds newer versions of; NULL: none */
    uint32_t mask;             /* of its size, a power of two */
};

/* Begins reading; the connection must be in a read transaction, which must outlast vec_pages_end(). False when the file is not mapped
 * (PRAGMA mmap_size), the connection writes, or the WAL has too many frames. The struct may be read by several threads. */
bool vec_pages_begin(struct vec_conn *conn, struct vec_pages *pages);
void vec_pages_end(struct vec_pages *pages);

/* What the connection keeps for it. */
void vec_pages_forget(struct vec_conn *conn);

enum { VEC_PAGE_HASH = 0x9E3779B1 };

static inline bool vec_page_is_newer(const struct vec_pages *p, uint32_t number)
{
    for (uint32_t at = number * (uint32_t)VEC_PAGE_HASH >> 7;; at++) {
        uint32_t found = p->newer[at & p->mask];
        if (found == number || !found)
            return found != 0;
    }
}

/* A number of four bytes in a page. */
static inline uint32_t vec_page_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* A page by its number, from 1; NULL when it must be read through SQLite. */
static inline const unsigned char *vec_page(const struct vec_pages *p, uint32_t number)
{
    if (number - 1 >= p->count || (p->newer && vec_page_is_newer(p, number)))
        return NULL;
    return p->base + (size_t)(number - 1) * p->size;
}

#endif
