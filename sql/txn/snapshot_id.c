/* snapshot_id.c: see snapshot_id.h. The layout of the -shm header is documented as SQLite's WAL-index format. */
#include "sql/txn/snapshot_id.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAL_INDEX_HEADER 48
#define AT_MXFRAME       16
#define AT_CHECKSUM      24
#define AT_SALT          32

static uint32_t word(const unsigned char *p)
{
    uint32_t w;
    memcpy(&w, p, sizeof(w));
    return w;
}

void snapshot_id_read(const char *path, char id[SNAPSHOT_ID_SIZE])
{
    unsigned char head[WAL_INDEX_HEADER];
    char name[4096];
    id[0] = 0;
    if (snprintf(name, sizeof(name), "%s-shm", path) >= (int)sizeof(name))
        return;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = pread(fd, head, sizeof(head), 0);
    close(fd);
    if (n == (ssize_t)sizeof(head))
        snprintf(id, SNAPSHOT_ID_SIZE, "%08X-%08X-%08X", word(head + AT_MXFRAME),
                 word(head + AT_CHECKSUM) ^ word(head + AT_SALT), word(head + AT_CHECKSUM + 4) ^ word(head + AT_SALT + 4));
}

bool snapshot_id_valid(const char *text)
{
    return strlen(text) == 26 && strspn(text, "0123456789ABCDEF-") == 26 && text[8] == '-' && text[17] == '-';
}
