/*
 * timezone_load.c: TZif files (RFC 8536) and POSIX TZ strings (IEEE 1003.1, with the extensions of RFC 8536:
 * hours up to 167, negative times).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/types/binary.h"
#include "sql/types/calendar.h"
#include "sql/types/timezone_internal.h"

/* --- POSIX TZ strings ---------------------------------------------------------------------------------- */

/* A name in angle brackets, or up to a digit, sign or comma: PostgreSQL takes any characters, and none at all. */
static const char *parse_abbrev(const char *p, char *out)
{
    const char *start = p;
    size_t n;
    if (*p == '<') {
        start = ++p;
        while (*p && *p != '>')
            p++;
        n = (size_t)(p - start);
        if (*p++ != '>')
            return NULL;
    } else {
        p += strcspn(p, "0123456789,-+");
        n = (size_t)(p - start);
    }
    if (n >= TIMEZONE_ABBREV_MAX)
        return NULL;
    memcpy(out, start, n);
    out[n] = 0;
    return p;
}

/* [+-]hh[:mm[:ss]] */
static const char *parse_seconds(const char *p, int32_t *out)
{
    int sign = 1, part[3] = {0, 0, 0};
    if (*p == '+' || *p == '-')
        sign = *p++ == '-' ? -1 : 1;
    for (int i = 0; i < 3; i++) {
        if (!isdigit((unsigned char)*p))
            return NULL;
        for (int digits = 0; isdigit((unsigned char)*p); p++)
            if (++digits > 3)
                return NULL;
            else
                part[i] = part[i] * 10 + (*p - '0');
        if (*p != ':' || i == 2)
            break;
        p++;
    }
    if (part[0] > 167 || part[1] > 59 || part[2] > 59)
        return NULL;
    *out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return p;
}

static const char *parse_change(const char *p, struct timezone_change *c)
{
    int used = 0;
    c->time = 7200;
    if (*p == 'M' && sscanf(p, "M%2d.%1d.%1d%n", &c->month, &c->week, &c->day, &used) == 3) {
        c->kind = 'M';
        if (c->month < 1 || c->month > 12 || c->week < 1 || c->week > 5 || c->day > 6)
            return NULL;
    } else if (*p == 'J' && sscanf(p, "J%3d%n", &c->day, &used) == 1) {
        c->kind = 'J';
    } else if (isdigit((unsigned char)*p) && sscanf(p, "%3d%n", &c->day, &used) == 1) {
        c->kind = 'D';
    } else {
        return NULL;
    }
    p += used;
    return *p == '/' ? parse_seconds(p + 1, &c->time) : p;
}

bool timezone_parse_posix(const char *s, struct timezone_rule *r)
{
    int32_t west;
    memset(r, 0, sizeof(*r));
    const char *p = parse_abbrev(s, r->std.abbrev);
    if (!p || !(p = parse_seconds(p, &west)))
        return false;
    r->std.offset = -west;
    if (!*p)
        return true;
    p = parse_abbrev(p, r->dst.abbrev);
    if (!p || !*r->dst.abbrev)
        return false;
    r->has_dst = r->dst.isdst = true;
    r->dst.offset = r->std.offset + 3600;
    if (*p && *p != ',') {
        if (!(p = parse_seconds(p, &west)))
            return false;
        r->dst.offset = -west;
    }
    if (!*p)
        p = ",M3.2.0,M11.1.0"; /* the default rules: those of the United States */
    if (*p++ != ',' || !(p = parse_change(p, &r->start)))
        return false;
    if (*p++ != ',' || !(p = parse_change(p, &r->end)))
        return false;
    return *p == 0;
}

/* Unix seconds, as if local time were UTC, at which the change happens in that year. */
static int64_t change_at(const struct timezone_change *c, int year)
{
    int64_t day = calendar_days(year, 1, 1);
    if (c->kind == 'J')
        day += c->day - 1 + (calendar_is_leap(year) && c->day >= 60);
    else if (c->kind == 'D')
        day += c->day;
    else {
        int64_t first = calendar_days(year, c->month, 1);
        int shift = (c->day - calendar_weekday(first) + 7) % 7 + (c->week - 1) * 7;
        while (shift >= calendar_month_days(year, c->month))
            shift -= 7;
        day = first + shift;
    }
    return day * 86400 + CALENDAR_UNIX_EPOCH_SHIFT + c->time;
}

static struct timezone_moment rule_moment(const struct timezone_type *t)
{
    return (struct timezone_moment){t->offset, t->isdst, t->abbrev};
}

struct timezone_moment timezone_rule_at(const struct timezone_rule *r, int64_t t)
{
    if (!r->has_dst)
        return rule_moment(&r->std);
    int64_t days = (t + r->std.offset - CALENDAR_UNIX_EPOCH_SHIFT);
    days = days >= 0 ? days / 86400 : -((-days + 86399) / 86400);
    int year, month, day;
    calendar_date(days, &year, &month, &day);
    int64_t start = change_at(&r->start, year) - r->std.offset;
    int64_t end = change_at(&r->end, year) - r->dst.offset;
    bool dst = start < end ? t >= start && t < end : !(t >= end && t < start);
    return rule_moment(dst ? &r->dst : &r->std);
}

/* --- TZif ------------------------------------------------------------------------------------------------- */

#define TZIF_HEADER 44
/* The largest zone file is a few kilobytes. */
#define TZIF_MAX (256 * 1024)

struct tzif {
    uint32_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
};

static bool read_header(const char *p, size_t n, struct tzif *h)
{
    if (n < TZIF_HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    uint32_t *fields[] = {&h->isutcnt, &h->isstdcnt, &h->leapcnt,
                          &h->timecnt, &h->typecnt,  &h->charcnt};
    for (int i = 0; i < 6; i++) {
        *fields[i] = (uint32_t)binary_get_i32(p + 20 + 4 * i);
        if (*fields[i] > TZIF_MAX)
            return false;
    }
    return h->typecnt > 0 && h->typecnt < 256;
}

static size_t body_size(const struct tzif *h, size_t time_size)
{
    return h->timecnt * (time_size + 1) + h->typecnt * 6u + h->charcnt +
           h->leapcnt * (time_size + 4) + h->isstdcnt + h->isutcnt;
}

static bool read_body(struct timezone_def *tz, const char *p, const struct tzif *h, size_t tsize)
{
    const char *index = p + h->timecnt * tsize, *types = index + h->timecnt;
    const char *chars = types + h->typecnt * 6;
    tz->times = calloc(h->timecnt + 1, sizeof(int64_t));
    tz->type_at = calloc(h->timecnt + 1, 1);
    tz->types = calloc(h->typecnt, sizeof(struct timezone_type));
    if (!tz->times || !tz->type_at || !tz->types)
        return false;
    tz->ntypes = (int)h->typecnt;
    tz->ntransitions = (int)h->timecnt;
    for (uint32_t i = 0; i < h->timecnt; i++) {
        tz->times[i] = tsize == 8 ? binary_get_i64(p + i * 8) : binary_get_i32(p + i * 4);
        tz->type_at[i] = (uint8_t)index[i];
        if (tz->type_at[i] >= h->typecnt)
            return false;
    }
    for (uint32_t i = 0; i < h->typecnt; i++) {
        const char *t = types + i * 6;
        uint8_t at = (uint8_t)t[5];
        if (at >= h->charcnt)
            return false;
        tz->types[i].offset = binary_get_i32(t);
        tz->types[i].isdst = t[4];
        snprintf(tz->types[i].abbrev, TIMEZONE_ABBREV_MAX, "%.*s", (int)(h->charcnt - at),
                 chars + at);
    }
    /* Before the first transition: the first standard-time type. */
    while (tz->first_type < tz->ntypes - 1 && tz->types[tz->first_type].isdst)
        tz->first_type++;
    return true;
}

static bool parse_tzif(struct timezone_def *tz, const char *p, size_t n)
{
    struct tzif h;
    size_t tsize = 4;
    if (!read_header(p, n, &h))
        return false;
    if (p[4] >= '2') { /* the second, 64-bit copy follows the first */
        size_t skip = TZIF_HEADER + body_size(&h, 4);
        if (skip > n)
            return false;
        p += skip;
        n -= skip;
        tsize = 8;
        if (!read_header(p, n, &h))
            return false;
    }
    size_t body = TZIF_HEADER + body_size(&h, tsize);
    if (body > n || !read_body(tz, p + TZIF_HEADER, &h, tsize))
        return false;
    if (tsize == 8 && n > body + 2 && p[body] == '\n') {
        char footer[128];
        const char *end = memchr(p + body + 1, '\n', n - body - 1);
        size_t len = end ? (size_t)(end - (p + body + 1)) : 0;
        if (len && len < sizeof(footer)) {
            memcpy(footer, p + body + 1, len);
            footer[len] = 0;
            tz->has_rule = timezone_parse_posix(footer, &tz->rule);
        }
    }
    return true;
}

bool timezone_load_file(struct timezone_def *tz, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    char *buf = malloc(TZIF_MAX);
    size_t n = buf ? fread(buf, 1, TZIF_MAX, in) : 0;
    fclose(in);
    bool ok = parse_tzif(tz, buf, n);
    free(buf);
    if (!ok) {
        free(tz->times);
        free(tz->type_at);
        free(tz->types);
        memset(tz, 0, sizeof(*tz));
    }
    return ok;
}
