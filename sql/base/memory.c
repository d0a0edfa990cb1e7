/* memory.c: see memory.h. */
#include "sql/base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The number in a control group's file; -1 where there is no such file, or no limit. */
static int64_t read_limit(const char *folder, const char *group, const char *name)
{
    char path[600], text[64] = "";
    if (snprintf(path, sizeof(path), "%s%s/%s", folder, group, name) >= (int)sizeof(path))
        return -1;
    FILE *f = fopen(path, "re");
    if (!f)
        return -1;
    bool read = fgets(text, sizeof(text), f) != NULL;
    fclose(f);
    return read && text[0] >= '0' && text[0] <= '9' ? strtoll(text, NULL, 10) : -1;
}

/* The least limit of a group and those it lies in; cuts `group` off from its end. */
static int64_t least_limit(const char *folder, char *group, const char *name, int64_t least)
{
    for (;;) {
        int64_t limit = read_limit(folder, group, name);
        if (limit >= 0 && limit < least)
            least = limit;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* A line of /proc/self/cgroup: NUMBER:CONTROLLERS:GROUP; version 2 names no controllers. */
static int64_t limit_of_line(char *line, int64_t least)
{
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return least;
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (!*controllers)
        return least_limit("/sys/fs/cgroup", group, "memory.max", least);
    return strcmp(controllers, "memory") == 0 ? least_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", least) : least;
}

static int64_t find_limit(void)
{
    int64_t least = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    char line[500];
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && fgets(line, sizeof(line), f))
        least = limit_of_line(line, least);
    if (f)
        fclose(f);
    return least;
}

int64_t memory_limit(void)
{
    enum { KEPT = 10 };
    static _Atomic int64_t limit, found_at;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (!atomic_load(&limit) || now.tv_sec - atomic_load(&found_at) > KEPT) {
        atomic_store(&limit, find_limit());
        atomic_store(&found_at, now.tv_sec);
    }
    return atomic_load(&limit);
}
