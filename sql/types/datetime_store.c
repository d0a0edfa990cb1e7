/* datetime_store.c: the stored texts of date and time types; the forms are described in datetime.h. */
#include <stdio.h>
#include <stdlib.h>

#include "sql/types/datetime.h"
#include "sql/types/int_parse.h"

/* --- printing ------------------------------------------------------------------------------------------- */

static char *put_digits(char *p, int v, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        p[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return p + width;
}

static char *put_date(char *p, int64_t days)
{
    int year, month, day;
    calendar_date(days, &year, &month, &day);
    if (year > 9999) {
        *p++ = 'Y';
        p = put_digits(p, year, 7);
    } else if (year < 1) {
        *p++ = '/';
        p = put_digits(p, 10000000 + year - 1, 7);
    } else {
        p = put_digits(p, year, 4);
    }
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    return put_digits(p, day, 2);
}

/* Without trailing zeros of the fraction. */
static char *put_fraction(char *p, int usec)
{
    if (usec == 0)
        return p;
    *p++ = '.';
    p = put_digits(p, usec, 6);
    while (p[-1] == '0')
        p--;
    return p;
}

static char *put_time(char *p, int64_t usecs)
{
    int64_t seconds = usecs / USECS_PER_SEC;
    p = put_digits(p, (int)(seconds / 3600), 2);
    *p++ = ':';
    p = put_digits(p, (int)(seconds / 60 % 60), 2);
    *p++ = ':';
    p = put_digits(p, (int)(seconds % 60), 2);
    return put_fraction(p, (int)(usecs % USECS_PER_SEC));
}

static int put_end(char *buf, char *p)
{
    *p = 0;
    return (int)(p - buf);
}

static int put_string(char *buf, const char *s)
{
    return (int)strlen(strcpy(buf, s));
}

int store_print_date(int32_t d, char *buf)
{
    if (!DATE_IS_FINITE(d))
        return put_string(buf, d > 0 ? "infinity" : "-infinity");
    return put_end(buf, put_date(buf, d));
}

int store_print_time(int64_t usecs, char *buf)
{
    return put_end(buf, put_time(buf, usecs));
}

int store_print_timestamp(int64_t ts, bool with_zone, char *buf)
{
    if (!TIMESTAMP_IS_FINITE(ts))
        return put_string(buf, ts > 0 ? "infinity" : "-infinity");
    int64_t days = ts / USECS_PER_DAY, usecs = ts % USECS_PER_DAY;
    if (usecs < 0) {
        days--;
        usecs += USECS_PER_DAY;
    }
    char *p = put_date(buf, days);
    *p++ = ' ';
    p = put_time(p, usecs);
    if (with_zone) {
        memcpy(p, "+00", 3);
        p += 3;
    }
    return put_end(buf, p);
}

static char *put_offset(char *p, int32_t offset)
{
    int a = abs(offset);
    *p++ = offset < 0 ? '-' : '+';
    p = put_digits(p, a / 3600, 2);
    if (a % 3600) {
        *p++ = ':';
        p = put_digits(p, a / 60 % 60, 2);
    }
    if (a % 60) {
        *p++ = ':';
        p = put_digits(p, a % 60, 2);
    }
    return p;
}

int store_print_timetz(struct timetz t, char *buf)
{
    return put_end(buf, put_offset(put_time(buf, t.usecs), t.offset));
}

int store_print_interval(struct interval i, char *buf)
{
    return interval_print(i, INTERVALSTYLE_POSTGRES, buf);
}

/* --- parsing ---------------------------------------------------------------------------------------------- */

struct scan {
    const char *p, *end;
};

static bool scan_digits(struct scan *s, int width, int *out)
{
    int v = 0;
    if (s->end - s->p < width)
        return false;
    for (int i = 0; i < width; i++) {
        unsigned d = (unsigned)(s->p[i] - '0');
        if (d > 9)
            return false;
        v = v * 10 + (int)d;
    }
    s->p += width;
    *out = v;
    return true;
}

static bool scan_char(struct scan *s, char c)
{
    if (s->p < s->end && *s->p == c) {
        s->p++;
        return true;
    }
    return false;
}

static bool scan_date(struct scan *s, int64_t *days)
{
    int year, month, day;
    bool ok;
    if (scan_char(s, 'Y')) {
        ok = scan_digits(s, 7, &year);
    } else if (scan_char(s, '/')) {
        ok = scan_digits(s, 7, &year);
        year = year - 10000000 + 1;
    } else {
        ok = scan_digits(s, 4, &year);
    }
    if (!ok || !scan_char(s, '-') || !scan_digits(s, 2, &month) || !scan_char(s, '-') ||
        !scan_digits(s, 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > calendar_month_days(year, month))
        return false;
    *days = calendar_days(year, month, day);
    return true;
}

static int scan_fraction(struct scan *s)
{
    int usec = 0, scale = 100000;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++, scale /= 10)
        usec += (*s->p - '0') * scale;
    return usec;
}

static bool scan_time(struct scan *s, int64_t *usecs)
{
    int h, m, sec = 0, usec = 0;
    if (!scan_digits(s, 2, &h) || !scan_char(s, ':') || !scan_digits(s, 2, &m))
        return false;
    if (scan_char(s, ':') && !scan_digits(s, 2, &sec))
        return false;
    if (scan_char(s, '.'))
        usec = scan_fraction(s);
    *usecs = ((int64_t)h * 3600 + m * 60 + sec) * USECS_PER_SEC + usec;
    return h <= 24 && m < 60 && sec <= 60;
}

/* 'Z' or +hh[:mm[:ss]] or +hhmm; nothing is offset 0. */
static bool scan_offset(struct scan *s, int32_t *offset)
{
    int h, m = 0, sec = 0;
    *offset = 0;
    if (s->p == s->end || scan_char(s, 'Z'))
        return s->p == s->end;
    bool minus = scan_char(s, '-');
    if ((!minus && !scan_char(s, '+')) || !scan_digits(s, 2, &h))
        return false;
    bool colon = scan_char(s, ':');
    if (s->p < s->end && !scan_digits(s, 2, &m))
        return false;
    if (colon && scan_char(s, ':') && !scan_digits(s, 2, &sec))
        return false;
    *offset = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
    return s->p == s->end;
}

static bool is_infinity(const char *p, size_t n, bool *minus)
{
    *minus = n == 9;
    return (n == 8 && memcmp(p, "infinity", 8) == 0) || (n == 9 && memcmp(p, "-infinity", 9) == 0);
}

bool store_parse_date(const char *p, size_t n, int32_t *out)
{
    struct scan s = {p, p + n};
    int64_t days;
    bool minus;
    if (is_infinity(p, n, &minus)) {
        *out = minus ? DATE_MINUS_INFINITY : DATE_INFINITY;
        return true;
    }
    if (!scan_date(&s, &days))
        return false;
    *out = (int32_t)days;
    return s.p == s.end || *s.p == ' ' || *s.p == 'T';
}

bool store_parse_time(const char *p, size_t n, int64_t *out)
{
    struct scan s = {p, p + n};
    return scan_time(&s, out) && s.p == s.end;
}

bool store_parse_timestamp(const char *p, size_t n, int64_t *out)
{
    struct scan s = {p, p + n};
    int64_t days, usecs = 0;
    int32_t offset = 0;
    bool minus;
    if (is_infinity(p, n, &minus)) {
        *out = minus ? TIMESTAMP_MINUS_INFINITY : TIMESTAMP_INFINITY;
        return true;
    }
    if (!scan_date(&s, &days))
        return false;
    if (s.p < s.end) {
        if ((!scan_char(&s, ' ') && !scan_char(&s, 'T')) || !scan_time(&s, &usecs) ||
            !scan_offset(&s, &offset))
            return false;
    }
    *out = days * USECS_PER_DAY + usecs - offset * USECS_PER_SEC;
    return true;
}

bool store_parse_timetz(const char *p, size_t n, struct timetz *out)
{
    struct scan s = {p, p + n};
    return scan_time(&s, &out->usecs) && scan_offset(&s, &out->offset);
}

/* Words and a signed clock: what interval_print writes in the postgres style. */
bool store_parse_interval(const char *p, size_t n, struct interval *out)
{
    const char *end = p + n;
    *out = (struct interval){0};
    while (p < end) {
        bool minus = *p == '-';
        int64_t v = 0;
        if (*p == '-' || *p == '+')
            p++;
        const char *digits = p;
        for (; p < end && *p >= '0' && *p <= '9'; p++)
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v))
                return false;
        if (p == digits || p == end)
            return false;
        if (*p == ':') {
            struct scan s = {p + 1, end};
            int m, sec, usec = 0;
            if (!scan_digits(&s, 2, &m) || !scan_char(&s, ':') || !scan_digits(&s, 2, &sec))
                return false;
            if (scan_char(&s, '.'))
                usec = scan_fraction(&s);
            /* Computed downwards when negative: the least value has no positive counterpart. */
            int64_t rest = (m * 60 + sec) * USECS_PER_SEC + usec, total;
            if (__builtin_mul_overflow(v, minus ? -USECS_PER_HOUR : USECS_PER_HOUR, &total) ||
                __builtin_add_overflow(total, minus ? -rest : rest, &out->usecs))
                return false;
            return s.p == s.end;
        }
        if (minus)
            v = -v;
        if (*p++ != ' ' || p == end)
            return false;
        int64_t months = 0, days = 0;
        if (*p == 'y')
            months = v * 12;
        else if (*p == 'm')
            months = v;
        else if (*p == 'd')
            days = v;
        else
            return false;
        if (__builtin_add_overflow(months, out->months, &out->months) ||
            __builtin_add_overflow(days, out->days, &out->days))
            return false;
        while (p < end && *p != ' ')
            p++;
        if (p < end)
            p++;
    }
    return n > 0;
}

/* --- arguments and results ---------------------------------------------------------------------------------- */

static bool unreadable(struct fcall *f, int i, const char *type)
{
    return error_set(f->err, ERRCODE_INVALID_DATETIME_FORMAT,
                     "invalid input syntax for type %s: \"%.*s\"", type, (int)f->args[i].n,
                     f->args[i].kind == VALUE_TEXT ? f->args[i].p : "");
}

#define ARGUMENT(name, ctype, parse, type)                                                         \
    bool name(struct fcall *f, int i, ctype *out)                                                  \
    {                                                                                              \
        const struct value *v = &f->args[i];                                                       \
        if (v->kind == VALUE_TEXT && parse(v->p, v->n, out))                                       \
            return true;                                                                           \
        return unreadable(f, i, type);                                                             \
    }
ARGUMENT(arg_date, int32_t, store_parse_date, "date")
ARGUMENT(arg_time, int64_t, store_parse_time, "time")
ARGUMENT(arg_timestamp, int64_t, store_parse_timestamp, "timestamp")
ARGUMENT(arg_timetz, struct timetz, store_parse_timetz, "time with time zone")
ARGUMENT(arg_interval, struct interval, store_parse_interval, "interval")

void return_date(struct fcall *f, int32_t d)
{
    char buf[DATETIME_TEXT];
    fcall_return_text(f, buf, (size_t)store_print_date(d, buf));
}

void return_time(struct fcall *f, int64_t t)
{
    char buf[DATETIME_TEXT];
    fcall_return_text(f, buf, (size_t)store_print_time(t, buf));
}

void return_timestamp(struct fcall *f, int64_t ts)
{
    char buf[DATETIME_TEXT];
    fcall_return_text(f, buf, (size_t)store_print_timestamp(ts, false, buf));
}

void return_timestamptz(struct fcall *f, int64_t ts)
{
    char buf[DATETIME_TEXT];
    fcall_return_text(f, buf, (size_t)store_print_timestamp(ts, true, buf));
}

void return_timetz(struct fcall *f, struct timetz t)
{
    char buf[DATETIME_TEXT];
    fcall_return_text(f, buf, (size_t)store_print_timetz(t, buf));
}

void return_interval(struct fcall *f, struct interval i)
{
    char buf[DATETIME_TEXT];
    fcall_return_text(f, buf, (size_t)store_print_interval(i, buf));
}
