/*
 * timezone.h: time zones: IANA zones from the system's zoneinfo files, POSIX TZ strings, fixed offsets,
 * and PostgreSQL's table of abbreviations. Loaded zones live as long as the process; any thread.
 *
 * Offsets are seconds east of Greenwich. Instants here are Unix seconds.
 */
#ifndef PGF_TYPES_TIMEZONE_H
#define PGF_TYPES_TIMEZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timezone_def;

/* By name in any case ("europe/berlin"), or a POSIX TZ string ("EST5EDT", "<+02>-02"); NULL if neither. */
const struct timezone_def *timezone_find(const char *name);
/* The zone of SET TIME ZONE <interval>: named "<+02>-02". NULL beyond 167 hours. */
const struct timezone_def *timezone_fixed(int32_t offset_east);
/* The zone's canonical name: what SHOW timezone prints. */
const char *timezone_name(const struct timezone_def *tz);

struct timezone_moment {
    int32_t offset; /* east */
    bool isdst;
    const char *abbrev;
};

/* What holds in the zone at an instant. */
struct timezone_moment timezone_at(const struct timezone_def *tz, int64_t unix_seconds);
/*
 * The offset that a local wall-clock reading (as if it were UTC) has. In a gap the offset before it is
 * used, in an overlap the offset after it, as PostgreSQL does.
 */
struct timezone_moment timezone_at_local(const struct timezone_def *tz, int64_t local_seconds);

/* Whether the zone has had one offset at all times. */
bool timezone_is_fixed(const struct timezone_def *tz);

/* PostgreSQL's abbreviations ("PST"); zone is set for those whose offset depends on the date. */
struct timezone_abbrev {
    const char *abbrev; /* upper case */
    int32_t offset;
    bool isdst;
    const char *zone;
};
const struct timezone_abbrev *timezone_abbrev_find(const char *abbrev, size_t n);
const struct timezone_abbrev *timezone_abbrev_all(int *n);

/*
 * What an abbreviation meant in its zone's history around a local reading: the latest use before it, else the
 * first after. Where the zone never used the letters: what held there.
 */
struct timezone_moment timezone_abbrev_at(const struct timezone_def *tz, const char *abbrev,
                                          int64_t local_seconds);

/* Calls visit with every zone name of the zoneinfo tree (for pg_timezone_names). */
void timezone_each_name(void (*visit)(void *arg, const char *name), void *arg);

#endif
