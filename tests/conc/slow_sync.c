/* slow_sync.c: preloaded into a server by test_group_commit.py: a disk on which fdatasync takes SYNC_MS milliseconds. */
#include <stdlib.h>
#include <time.h>

int fdatasync(int fd)
{
    const char *ms = getenv("SYNC_MS");
    long n = ms ? atol(ms) : 0;
    (void)fd;
    nanosleep(&(struct timespec){n / 1000, n % 1000 * 1000000L}, NULL);
    return 0;
}
