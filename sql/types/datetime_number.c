/* datetime_number.c: fields of dates and times that are made of digits: times, offsets, dates with separators, numbers. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "sql/types/datetime_parser.h"

static bool is_alnum(char c)
{
    return isalnum((unsigned char)c);
}

int datetime_to_int(const char *s, char **end)
{
    long v = strtol(s, end, 10);
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int)v;
}

int datetime_fraction_usecs(const char *dot)
{
    return (int)rint(strtod(dot, NULL) * 1e6);
}

/* hh:mm[:ss[.fraction]]; mm:ss.fraction when there is one colon and a point. */
enum failure datetime_read_time(const char *s, struct datetime *dt)
{
    char *p;
    dt->hour = datetime_to_int(s, &p);
    if (*p != ':')
        return BAD_FORMAT;
    dt->minute = datetime_to_int(p + 1, &p);
    dt->second = dt->usec = 0;
    if (*p == '.') {
        dt->usec = datetime_fraction_usecs(p);
        dt->second = dt->minute;
        dt->minute = dt->hour;
        dt->hour = 0;
        p += 1 + strspn(p + 1, "0123456789");
    } else if (*p == ':') {
        dt->second = datetime_to_int(p + 1, &p);
        if (*p == '.') {
            dt->usec = datetime_fraction_usecs(p);
            p += 1 + strspn(p + 1, "0123456789");
        }
    }
    if (*p)
        return BAD_FORMAT;
    if (dt->minute > 59 || dt->second > 60 || dt->usec > 1000000)
        return OVERFLOW_FIELD;
    return OK;
}

enum failure datetime_read_offset(const char *s, int32_t *east)
{
    char *p;
    if (*s != '+' && *s != '-')
        return BAD_FORMAT;
    int h = datetime_to_int(s + 1, &p), m = 0, sec = 0;
    if (*p == ':') {
        m = datetime_to_int(p + 1, &p);
        if (*p == ':')
            sec = datetime_to_int(p + 1, &p);
    } else if (!*p && strlen(s) > 3) {
        m = h % 100;
        h /= 100;
    }
    if (h > 15 || m > 59 || sec > 59 || h < 0 || m < 0 || sec < 0)
        return OVERFLOW_ZONE;
    *east = (h * 3600 + m * 60 + sec) * (*s == '-' ? -1 : 1);
    return *p ? BAD_FORMAT : OK;
}

bool datetime_parse_offset(const char *p, size_t n, int32_t *east)
{
    char buf[32];
    if (n >= sizeof(buf))
        return false;
    memcpy(buf, p, n);
    buf[n] = 0;
    return datetime_read_offset(buf, east) == OK;
}

static int digits2(const char *s)
{
    return (s[0] - '0') * 10 + (s[1] - '0');
}

/* yyyymmdd, yymmdd, hhmmss[.f], hhmm: digits run together. Says what it filled. */
enum failure datetime_read_run_together(struct parser *ps, char *s, unsigned mask, unsigned *filled)
{
    struct datetime *dt = ps->dt;
    char *dot = strchr(s, '.');
    size_t n = strlen(s);
    if (dot) {
        dt->usec = datetime_fraction_usecs(dot);
        *dot = 0;
        n = (size_t)(dot - s);
    } else if ((mask & PART_DATE) != PART_DATE && n >= 6) {
        dt->day = digits2(s + n - 2);
        dt->month = digits2(s + n - 4);
        char end = s[n - 4];
        s[n - 4] = 0;
        dt->year = datetime_to_int(s, NULL);
        s[n - 4] = end;
        ps->two_digit_year = n - 4 == 2;
        *filled = PART_DATE;
        return OK;
    }
    if (!(mask & PART_TIME) && (n == 6 || n == 4)) {
        dt->hour = digits2(s);
        dt->minute = digits2(s + 2);
        dt->second = n == 6 ? digits2(s + 4) : 0;
        *filled = PART_TIME;
        return OK;
    }
    return BAD_FORMAT;
}

/* Which part of a date a lone number is, from what is known already and DateStyle's order. */
static unsigned number_part(struct parser *ps, unsigned mask, size_t n, int value)
{
    bool long_number = n >= 3, ymd = ps->ctx->dateorder == DATEORDER_YMD;
    switch (mask & PART_DATE) {
    case 0:
        if (long_number || ymd)
            return PART_YEAR;
        return ps->ctx->dateorder == DATEORDER_DMY ? PART_DAY : PART_MONTH;
    case PART_YEAR:
        return PART_MONTH;
    case PART_MONTH:
        return ps->text_month && (long_number || ymd) ? PART_YEAR : PART_DAY;
    case PART_YEAR | PART_MONTH:
        if (ps->text_month && long_number && ps->two_digit_year) {
            /* "05-Jan-2020" under YMD: what was taken for the year is the day. */
            ps->dt->day = ps->dt->year;
            ps->dt->year = value;
            ps->two_digit_year = false;
            return PART_DAY | PART_DST; /* PART_DST: already stored */
        }
        return PART_DAY;
    case PART_DAY:
        return PART_MONTH;
    case PART_MONTH | PART_DAY:
        return PART_YEAR;
    default:
        return 0;
    }
}

enum failure datetime_read_number(struct parser *ps, char *s, unsigned mask, unsigned *filled)
{
    char *end;
    size_t n = strlen(s);
    int value = datetime_to_int(s, &end);
    if (end == s)
        return BAD_FORMAT;
    if (*end == '.') {
        if (end - s > 2)
            return datetime_read_run_together(ps, s, mask | PART_DATE, filled);
        ps->dt->usec = datetime_fraction_usecs(end);
    } else if (*end) {
        return BAD_FORMAT;
    }
    if (n == 3 && (mask & PART_DATE) == PART_YEAR && value >= 1 && value <= 366) {
        ps->yearday = value;
        *filled = PART_YEARDAY | PART_MONTH | PART_DAY;
        return OK;
    }
    if ((mask & PART_DATE) == PART_DATE)
        return datetime_read_run_together(ps, s, mask, filled);
    unsigned part = number_part(ps, mask, n, value);
    *filled = part & ~(unsigned)PART_DST;
    if (part & PART_DST)
        return OK;
    if (part == PART_YEAR) {
        ps->dt->year = value;
        ps->two_digit_year = n <= 2;
    } else if (part == PART_MONTH) {
        ps->dt->month = value;
    } else if (part == PART_DAY) {
        ps->dt->day = value;
    } else {
        return BAD_FORMAT;
    }
    return OK;
}

/* A date with separators: month names first, wherever they stand, then the numbers in order. */
enum failure datetime_read_date(struct parser *ps, char *s, unsigned *filled)
{
    char *parts[3];
    int n = 0;
    unsigned mask = ps->mask, got = 0;
    while (*s && n < 3) {
        parts[n] = s;
        bool digits = is_digit(*s);
        while (digits ? is_digit(*s) : isalpha((unsigned char)*s))
            s++;
        n++;
        while (*s && !is_alnum(*s))
            *s++ = 0;
        if (s == parts[n - 1])
            return BAD_FORMAT;
    }
    if (*s)
        return BAD_FORMAT;
    for (int i = 0; i < n; i++) {
        const struct datetime_word *w =
            isalpha((unsigned char)*parts[i]) ? datetime_word_find(parts[i]) : NULL;
        if (!isalpha((unsigned char)*parts[i]))
            continue;
        if (!w || w->kind != WORD_MONTH || (mask & PART_MONTH))
            return BAD_FORMAT;
        ps->dt->month = w->value;
        ps->text_month = true;
        mask |= PART_MONTH;
        got |= PART_MONTH;
        parts[i] = NULL;
    }
    for (int i = 0; i < n; i++) {
        unsigned one = 0;
        if (!parts[i])
            continue;
        if (!*parts[i])
            return BAD_FORMAT;
        enum failure r = datetime_read_number(ps, parts[i], mask, &one);
        if (r)
            return r;
        if (mask & one)
            return BAD_FORMAT;
        mask |= one;
        got |= one;
    }
    *filled = got;
    /* Behind such a date may stand what could not before it. */
    return (mask & ~(unsigned)(PART_YEARDAY | PART_ZONE)) == PART_DATE ? OK : BAD_FORMAT;
}
