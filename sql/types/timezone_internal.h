/* timezone_internal.h: a loaded zone; timezone.c and timezone_load.c only. */
#ifndef PGF_TYPES_TIMEZONE_INTERNAL_H
#define PGF_TYPES_TIMEZONE_INTERNAL_H

#include "sql/types/timezone.h"

#define TIMEZONE_ABBREV_MAX 16

struct timezone_type {
    int32_t offset;
    bool isdst;
    char abbrev[TIMEZONE_ABBREV_MAX];
};

/* When daylight saving begins or ends, in a POSIX rule. */
struct timezone_change {
    char kind;            /* 'J' day 1..365 without leap days, 'D' day 0..365, 'M' month.week.day */
    int day, week, month; /* M: month, week (5 = last), day of week */
    int32_t time;         /* local seconds after midnight */
};

struct timezone_rule {
    bool has_dst;
    struct timezone_type std, dst;
    struct timezone_change start, end;
};

struct timezone_def {
    struct timezone_def *next;
    char *name;
    int ntransitions;
    int64_t *times;
    uint8_t *type_at;
    int ntypes, first_type;
    struct timezone_type *types;
    bool has_rule; /* what holds after the last transition */
    struct timezone_rule rule;
};

/* A TZif file of version 1 to 4; false leaves tz as it was. */
bool timezone_load_file(struct timezone_def *tz, const char *path);
bool timezone_parse_posix(const char *s, struct timezone_rule *rule);
struct timezone_moment timezone_rule_at(const struct timezone_rule *r, int64_t unix_seconds);

#endif
