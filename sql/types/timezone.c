/*
 * timezone.c: finding zones by name and asking them for offsets; see timezone.h. Reading files and POSIX
 * rules is in timezone_load.c.
 */
#include "sql/types/timezone.h"

#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "sql/base/log.h"
#include "sql/types/timezone_internal.h"

#define ZONEINFO "/usr/share/zoneinfo"

static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;
static struct timezone_def *zones;

/* --- names ----------------------------------------------------------------------------------------- */

/* Continues path with the directory entry that equals one component in any case. */
static bool match_component(char *path, size_t size, const char *name, size_t n)
{
    DIR *d = opendir(path);
    bool found = false;
    if (!d)
        return false;
    for (struct dirent *e; !found && (e = readdir(d));)
        if (e->d_name[0] != '.' && strlen(e->d_name) == n && strncasecmp(e->d_name, name, n) == 0) {
            size_t at = strlen(path);
            found = at + n + 2 < size;
            if (found)
                snprintf(path + at, size - at, "/%s", e->d_name);
        }
    closedir(d);
    return found;
}

/* The file of a zone name; components are matched one by one, so names cannot leave the tree. */
static bool zone_path(const char *name, char *path, size_t size)
{
    struct stat st;
    snprintf(path, size, "%s", ZONEINFO);
    while (*name) {
        size_t n = strcspn(name, "/");
        if (n == 0 || !match_component(path, size, name, n))
            return false;
        name += n;
        if (*name == '/' && !*++name)
            return false;
    }
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* POSIX zones are named in capitals. */
static char *upper(const char *name)
{
    char *copy = strdup(name);
    for (char *p = copy; p && *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return copy;
}

static struct timezone_def *load(const char *name)
{
    char path[512];
    struct timezone_def *tz = calloc(1, sizeof(*tz));
    if (!tz)
        log_fatal("out of memory (time zone)");
    bool found = zone_path(name, path, sizeof(path)) && timezone_load_file(tz, path);
    if (found)
        tz->name = strdup(path + sizeof(ZONEINFO));
    else if (timezone_parse_posix(name, &tz->rule) && (tz->has_rule = true))
        tz->name = upper(name);
    if (tz->name)
        return tz;
    free(tz);
    return NULL;
}

const struct timezone_def *timezone_find(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > 255)
        return NULL;
    pthread_mutex_lock(&zones_lock);
    struct timezone_def *tz = zones;
    while (tz && strcasecmp(tz->name, name) != 0)
        tz = tz->next;
    if (!tz && (tz = load(name))) {
        tz->next = zones;
        zones = tz;
    }
    pthread_mutex_unlock(&zones_lock);
    return tz;
}

const struct timezone_def *timezone_fixed(int32_t offset)
{
    char name[96], part[32];
    int a = abs(offset), h = a / 3600, m = a / 60 % 60, s = a % 60;
    if (h > 167)
        return NULL;
    if (s)
        snprintf(part, sizeof(part), "%02d:%02d:%02d", h, m, s);
    else if (m)
        snprintf(part, sizeof(part), "%02d:%02d", h, m);
    else
        snprintf(part, sizeof(part), "%02d", h);
    /* POSIX counts west as positive. */
    snprintf(name, sizeof(name), "<%c%s>%c%s", offset < 0 ? '-' : '+', part,
             offset < 0 ? '+' : '-', part);
    return timezone_find(name);
}

const char *timezone_name(const struct timezone_def *tz)
{
    return tz->name;
}

static void each_name(const char *dir, void (*visit)(void *, const char *), void *arg, int depth)
{
    DIR *d = opendir(dir);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        char path[512];
        struct stat st;
        if (!isupper((unsigned char)e->d_name[0]))
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < 3)
            each_name(path, visit, arg, depth + 1);
        else if (S_ISREG(st.st_mode))
            visit(arg, path + sizeof(ZONEINFO));
    }
    closedir(d);
}

void timezone_each_name(void (*visit)(void *arg, const char *name), void *arg)
{
    each_name(ZONEINFO, visit, arg, 0);
}

/* --- offsets ---------------------------------------------------------------------------------------- */

static struct timezone_moment moment(const struct timezone_type *t)
{
    return (struct timezone_moment){t->offset, t->isdst, t->abbrev};
}

/* Index of the last transition at or before t, -1 if before all. */
static int find_transition(const struct timezone_def *tz, int64_t t)
{
    int lo = 0, hi = tz->ntransitions;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (tz->times[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo - 1;
}

struct timezone_moment timezone_at(const struct timezone_def *tz, int64_t t)
{
    int i = find_transition(tz, t);
    if (tz->has_rule && i == tz->ntransitions - 1)
        return timezone_rule_at(&tz->rule, t);
    return moment(&tz->types[i < 0 ? tz->first_type : tz->type_at[i]]);
}

/* No zone changes its offset by more than a day, so what held a day before and what will hold a day
   after are the two candidates; if both instants agree there is no transition near. */
struct timezone_moment timezone_at_local(const struct timezone_def *tz, int64_t local)
{
    struct timezone_moment before = timezone_at(tz, local - 86400);
    struct timezone_moment after = timezone_at(tz, local + 86400);
    if (before.offset == after.offset && before.isdst == after.isdst)
        return timezone_at(tz, local - before.offset);
    int64_t t1 = local - before.offset, t2 = local - after.offset;
    struct timezone_moment m1 = timezone_at(tz, t1), m2 = timezone_at(tz, t2);
    bool ok1 = m1.offset == before.offset, ok2 = m2.offset == after.offset;
    if (ok1 && ok2)
        return t1 > t2 ? m1 : m2;
    if (ok1)
        return m1;
    if (ok2)
        return m2;
    return before; /* in the gap */
}

struct timezone_moment timezone_abbrev_at(const struct timezone_def *tz, const char *abbrev,
                                          int64_t local)
{
    int at = find_transition(tz, local);
    for (int i = at; i >= 0; i--)
        if (strcasecmp(tz->types[tz->type_at[i]].abbrev, abbrev) == 0)
            return moment(&tz->types[tz->type_at[i]]);
    for (int i = at + 1; i < tz->ntransitions; i++)
        if (strcasecmp(tz->types[tz->type_at[i]].abbrev, abbrev) == 0)
            return moment(&tz->types[tz->type_at[i]]);
    return timezone_at_local(tz, local);
}

bool timezone_is_fixed(const struct timezone_def *tz)
{
    for (int i = 1; i < tz->ntypes; i++)
        if (tz->types[i].offset != tz->types[0].offset)
            return false;
    return !tz->has_rule || (!tz->rule.has_dst && (!tz->ntypes || tz->rule.std.offset == tz->types[0].offset));
}

/* --- abbreviations ------------------------------------------------------------------------------------ */

static const struct timezone_abbrev abbrevs[] = {
#define ABBREV(name, offset, isdst, zone) {name, offset, isdst, zone},
#include "sql/types/timezone_abbrevs.def"
#undef ABBREV
};

const struct timezone_abbrev *timezone_abbrev_all(int *n)
{
    *n = (int)(sizeof(abbrevs) / sizeof(abbrevs[0]));
    return abbrevs;
}

const struct timezone_abbrev *timezone_abbrev_find(const char *s, size_t n)
{
    int lo = 0, hi = (int)(sizeof(abbrevs) / sizeof(abbrevs[0])) - 1;
    while (lo <= hi) {
        int mid = (lo + hi) / 2, c = strncasecmp(s, abbrevs[mid].abbrev, n);
        if (c == 0 && abbrevs[mid].abbrev[n])
            c = -1;
        if (c == 0)
            return &abbrevs[mid];
        if (c < 0)
            hi = mid - 1;
        else
            lo = mid + 1;
    }
    return NULL;
}
