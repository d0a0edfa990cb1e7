/* wal_checksum.c: see wal_checksum.h. The checksum: sqlite.org/fileformat2.html, 4.2. */
#include "sql/txn/wal_checksum.h"

#include <stdint.h>
#include <string.h>

static uint32_t get_big(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_big(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static uint32_t get_word(const unsigned char *p, bool big)
{
    uint32_t v = get_big(p);
    return big ? v : __builtin_bswap32(v);
}

static void add(uint32_t sum[2], const unsigned char *p, size_t n, bool big)
{
    for (; n >= 8; n -= 8, p += 8) {
        sum[0] += get_word(p, big) + sum[1];
        sum[1] += get_word(p + 4, big) + sum[0];
    }
}

bool wal_checksum_is_missing(const unsigned char *header)
{
    static const unsigned char none[WAL_FRAME_HEADER - 8];
    return memcmp(header + 8, none, sizeof none) == 0;
}

int wal_checksum_mend(sqlite3_file *wal, sqlite3_int64 first, sqlite3_int64 end, unsigned char *room, unsigned char sum[8])
{
    enum { PAGE_SIZE = 8, SALTS = 16, SUM = 24 }; /* of the WAL's header; its first word's last bit: words are big-endian */
    unsigned char header[WAL_HEADER];
    int rc = wal->pMethods->xRead(wal, header, sizeof header, 0);
    if (rc != SQLITE_OK)
        return rc;
    bool big = header[3] & 1;
    uint32_t page = get_big(header + PAGE_SIZE), sums[2];
    sqlite3_int64 frame = page + WAL_FRAME_HEADER;
    rc = wal->pMethods->xRead(wal, sum, 8, first == WAL_HEADER ? SUM : first - frame + WAL_FRAME_SUM);
    for (int i = 0; i < 2; i++)
        sums[i] = get_big(sum + 4 * i);
    for (sqlite3_int64 at = first; rc == SQLITE_OK && at < end; at += frame) {
        rc = wal->pMethods->xRead(wal, room, (int)frame, at);
        if (rc != SQLITE_OK)
            return rc;
        memcpy(room + 8, header + SALTS, 8);
        add(sums, room, 8, big);
        add(sums, room + WAL_FRAME_HEADER, page, big);
        put_big(room + WAL_FRAME_SUM, sums[0]);
        put_big(room + WAL_FRAME_SUM + 4, sums[1]);
        memcpy(sum, room + WAL_FRAME_SUM, 8);
        rc = wal->pMethods->xWrite(wal, room, WAL_FRAME_HEADER, at);
    }
    return rc;
}
