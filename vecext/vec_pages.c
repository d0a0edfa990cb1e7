/*
 * vec_pages.c - see vec_pages.h. The WAL index is laid out as sqlite.org/walformat.html, 2.1 and 2.2, says: blocks of 32 KiB, of which
 * the first begins with two copies of the header and what checkpoints say of themselves; then the page number of each frame.
 *
 * The numbers of pages are kept with the connection, from one transaction to the next: while the WAL only grows those of its new
 * frames are added, and a page that has come into the file meanwhile is read through SQLite a while longer.
 */
#include "vecext/vec_pages.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 32768,         /* bytes */
    FIRST_FRAMES = 4062,   /* whose page numbers are in the first block */
    BLOCK_FRAMES = 4096,   /* and in each of the others */
    FIRST_NUMBER = 34,     /* of the first block: 32-bit words before the page numbers */
    HEADER_WORDS = 12,
    WORD_MX_FRAME = 4,     /* of the header: frames of the last commit */
    WORD_SALT = 8,         /* two: other ones when the WAL begins anew */
    BYTE_IS_INIT = 12,
    WORD_BACKFILL = 24,    /* of the first block: frames that are in the file */
    INDEX_VERSION = 3007000,
    MOST_FRAMES = 1 << 14, /* that are looked at */
    STALE = 1024,          /* of them, moved meanwhile, at most */
    SMALL = 1024,          /* entries of a set that stays when it is empty */
    TRIES = 8,
    FILE_WAL = 2,          /* byte 18 of the file: how it is to be read */
    HEADER_BYTES = 100,
    LEAST_USABLE = 480 /* bytes of a page */
};

struct vec_newer_pages {
    sqlite3_file *file;
    uint32_t salt[2], from, to; /* frames (from, to] are in the set */
    uint32_t count, room;       /* room: a power of two, or 0 */
    uint32_t *set;
};

static struct vec_newer_pages *state_of(struct vec_conn *conn)
{
    if (conn->newer)
        return conn->newer;
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file || !file->pMethods ||
        file->pMethods->iVersion < 3 || !file->pMethods->xFetch || !file->pMethods->xShmMap)
        return NULL;
    conn->newer = calloc(1, sizeof *conn->newer);
    if (conn->newer)
        conn->newer->file = file;
    return conn->newer;
}

void vec_pages_forget(struct vec_conn *conn)
{
    if (conn->newer)
        free(conn->newer->set);
    free(conn->newer);
    conn->newer = NULL;
}

static void put(uint32_t *set, uint32_t room, uint32_t number, uint32_t *count)
{
    uint32_t at = number * (uint32_t)VEC_PAGE_HASH >> 7;
    while (set[at & (room - 1)] && set[at & (room - 1)] != number)
        at++;
    *count += !set[at & (room - 1)];
    set[at & (room - 1)] = number;
}

/* Room for so many more, half of it free. */
static bool make_room(struct vec_newer_pages *n, uint32_t more)
{
    uint32_t room = n->room ? n->room : 64;
    while (room / 2 < n->count + more)
        room *= 2;
    if (room == n->room)
        return true;
    uint32_t *set = calloc(room, sizeof *set), count = 0;
    if (!set)
        return false;
    for (uint32_t i = 0; i < n->room; i++)
        if (n->set[i])
            put(set, room, n->set[i], &count);
    free(n->set);
    n->set = set;
    n->room = room;
    return true;
}

static void clear(struct vec_newer_pages *n, uint32_t frame)
{
    if (n->room > SMALL) {
        free(n->set);
        n->set = NULL;
        n->room = 0;
    } else if (n->count) {
        memset(n->set, 0, n->room * sizeof *n->set);
    }
    n->count = 0;
    n->from = n->to = frame;
}

static const volatile uint32_t *map_block(sqlite3_file *file, uint32_t block)
{
    void volatile *at = NULL;
    return file->pMethods->xShmMap(file, (int)block, BLOCK, 0, &at) == SQLITE_OK ? at : NULL;
}

static uint32_t load(const volatile uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Both copies of it, when they are the same. */
static bool read_header(sqlite3_file *file, const volatile uint32_t *first, uint32_t *header)
{
    for (int try = 0; try < TRIES; try++) {
        bool same = true;
        for (int i = 0; i < HEADER_WORDS; i++)
            header[i] = load(first + i);
        file->pMethods->xShmBarrier(file);
        for (int i = 0; i < HEADER_WORDS; i++)
            same &= header[i] == load(first + HEADER_WORDS + i);
        if (same)
            return header[0] == INDEX_VERSION && ((unsigned char *)header)[BYTE_IS_INIT];
    }
    return false;
}

/* Adds the pages of frames (n->to, to]. */
static bool add_frames(struct vec_newer_pages *n, uint32_t to)
{
    const volatile uint32_t *numbers = NULL;
    uint32_t mapped = UINT32_MAX;
    if (!make_room(n, to - n->to))
        return false;
    for (uint32_t frame = n->to; frame < to; frame++) {
        uint32_t block = frame < FIRST_FRAMES ? 0 : 1 + (frame - FIRST_FRAMES) / BLOCK_FRAMES;
        if (block != mapped && !(numbers = map_block(n->file, block)))
            return false;
        mapped = block;
        uint32_t number = load(numbers + (block ? (frame - FIRST_FRAMES) % BLOCK_FRAMES : FIRST_NUMBER + frame));
        if (!number)
            return false;
        put(n->set, n->room, number, &n->count);
    }
    n->to = to;
    return true;
}

/* Which pages the WAL has that the file has not. Frames that were moved before count as those that are moved meanwhile: the first
 * are in the file, the others in the set. */
static bool find_newer(struct vec_newer_pages *n)
{
    const volatile uint32_t *first = map_block(n->file, 0);
    uint32_t header[HEADER_WORDS], after[HEADER_WORDS];
    uint32_t moved = first ? load(first + WORD_BACKFILL) : 0;
    if (!first || !read_header(n->file, first, header))
        return false;
    uint32_t frames = header[WORD_MX_FRAME];
    bool same = memcmp(n->salt, header + WORD_SALT, sizeof n->salt) == 0;
    if (!same || frames < n->to || moved < n->from || moved >= n->to || moved - n->from > STALE)
        clear(n, moved < frames ? moved : frames);
    memcpy(n->salt, header + WORD_SALT, sizeof n->salt);
    if (frames - n->to > MOST_FRAMES || !add_frames(n, frames)) {
        clear(n, 0);
        n->to = UINT32_MAX; /* nothing is known */
        return false;
    }
    return read_header(n->file, first, after) && memcmp(after + WORD_SALT, n->salt, sizeof n->salt) == 0;
}

static bool is_mapped(sqlite3_file *file, uint32_t count, uint32_t size)
{
    void *page = NULL;
    sqlite3_int64 at = (sqlite3_int64)(count - 1) * size;
    if (file->pMethods->xFetch(file, at, (int)size, &page) != SQLITE_OK || !page)
        return false;
    file->pMethods->xUnfetch(file, at, page);
    return true;
}

/* How many of so many pages lie in the mapping, which may be older than the end of the file. */
static uint32_t count_mapped(sqlite3_file *file, uint32_t most, uint32_t size)
{
    uint32_t low = 0, high = most;
    if (most && is_mapped(file, most, size))
        return most;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (is_mapped(file, middle, size))
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool vec_pages_begin(struct vec_conn *conn, struct vec_pages *p)
{
    *p = (struct vec_pages){.conn = conn};
    struct vec_newer_pages *n = sqlite3_txn_state(conn->db, "main") == SQLITE_TXN_READ ? state_of(conn) : NULL;
    void *base = NULL;
    if (!n || n->file->pMethods->xFetch(n->file, 0, HEADER_BYTES, &base) != SQLITE_OK || !base)
        return false;
    p->base = base;
    uint32_t size = (uint32_t)p->base[16] << 8 | p->base[17];
    p->size = size == 1 ? 65536 : size;
    p->usable = p->size - p->base[20];
    bool wal = p->base[18] == FILE_WAL;
    if (p->size >= 512 && p->usable >= LEAST_USABLE && (!wal || find_newer(n)))
        p->count = count_mapped(n->file, vec_page_u32(p->base + 28), p->size);
    if (wal && n->count) {
        p->newer = n->set;
        p->mask = n->room - 1;
    }
    p->schema = p->count && vec_page(p, 1) ? (int64_t)vec_page_u32(p->base + 40) : -1;
    if (!p->count)
        vec_pages_end(p);
    return p->count != 0;
}

void vec_pages_end(struct vec_pages *p)
{
    sqlite3_file *file = p->base ? p->conn->newer->file : NULL;
    if (file)
        file->pMethods->xUnfetch(file, 0, (void *)(uintptr_t)p->base);
    *p = (struct vec_pages){0};
}
