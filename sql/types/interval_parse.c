/*
 * interval_parse.c: interval texts: PostgreSQL's words ("1 day 2 hours ago"), the SQL standard's ("1-2", "3 4:05:06") and ISO
 * 8601 ("P1Y2M3DT4H5M6S", "P0001-02-03T04:05:06").
 *
 * Fields are read from right to left, so that a unit is known before its number.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sql/types/datetime.h"
#include "sql/types/datetime_fields.h"
#include "sql/types/datetime_words.h"
#include "sql/types/interval_typmod.h"

enum failure { OK, BAD_FORMAT, OVERFLOW_FIELD, OVERFLOW_TOTAL };

struct reader {
    struct interval v;
    unsigned seen; /* 1 << unit, for what was given: nothing may be given twice */
    int range;
};

static bool add_days(struct interval *v, int64_t days)
{
    int64_t sum;
    if (__builtin_add_overflow((int64_t)v->days, days, &sum) || sum != (int32_t)sum)
        return false;
    v->days = (int32_t)sum;
    return true;
}

static bool add_months(struct interval *v, int64_t n, int64_t each)
{
    int64_t months;
    if (__builtin_mul_overflow(n, each, &months) ||
        __builtin_add_overflow(months, (int64_t)v->months, &months) || months != (int32_t)months)
        return false;
    v->months = (int32_t)months;
    return true;
}

static bool add_usecs(struct interval *v, int64_t n, int64_t each)
{
    int64_t usecs;
    return !__builtin_mul_overflow(n, each, &usecs) &&
           !__builtin_add_overflow(usecs, v->usecs, &v->usecs);
}

static bool add_fraction_usecs(struct interval *v, double fraction, int64_t each)
{
    return add_usecs(v, llrint(fraction * (double)each), 1);
}

/* A fraction of so many days: whole days, the rest as time. */
static bool add_fraction_days(struct interval *v, double fraction, int days)
{
    fraction *= days;
    int64_t whole = (int64_t)fraction;
    return add_days(v, whole) && add_fraction_usecs(v, fraction - (double)whole, USECS_PER_DAY);
}

static bool add_fraction_years(struct interval *v, double fraction, int years)
{
    return add_months(v, llrint(fraction * years * 12), 1);
}

/* n units and a fraction (of the same sign). */
static enum failure add_unit(struct interval *v, enum datetime_unit unit, int64_t n, double fraction)
{
    bool ok;
    switch (unit) {
    case UNIT_MICROSECOND:
        ok = add_usecs(v, n, 1) && add_fraction_usecs(v, fraction, 1);
        break;
    case UNIT_MILLISECOND:
        ok = add_usecs(v, n, 1000) && add_fraction_usecs(v, fraction, 1000);
        break;
    case UNIT_SECOND:
        ok = add_usecs(v, n, USECS_PER_SEC) && add_fraction_usecs(v, fraction, USECS_PER_SEC);
        break;
    case UNIT_MINUTE:
        ok = add_usecs(v, n, USECS_PER_MIN) && add_fraction_usecs(v, fraction, USECS_PER_MIN);
        break;
    case UNIT_HOUR:
        ok = add_usecs(v, n, USECS_PER_HOUR) && add_fraction_usecs(v, fraction, USECS_PER_HOUR);
        break;
    case UNIT_DAY:
        ok = add_days(v, n) && add_fraction_usecs(v, fraction, USECS_PER_DAY);
        break;
    case UNIT_WEEK:
        ok = labs((long)n) < INT32_MAX / 7 && add_days(v, n * 7) && add_fraction_days(v, fraction, 7);
        break;
    case UNIT_MONTH:
        if (n == (int32_t)n && !add_months(v, n, 1))
            return OVERFLOW_TOTAL;
        ok = n == (int32_t)n && add_fraction_days(v, fraction, 30);
        break;
    case UNIT_YEAR:
        if (n == (int32_t)n && !add_months(v, n, 12))
            return OVERFLOW_TOTAL; /* the field fits, months and years together do not */
        ok = n == (int32_t)n && add_fraction_years(v, fraction, 1);
        break;
    case UNIT_DECADE:
        ok = add_months(v, n, 120) && add_fraction_years(v, fraction, 10);
        break;
    case UNIT_CENTURY:
        ok = add_months(v, n, 1200) && add_fraction_years(v, fraction, 100);
        break;
    case UNIT_MILLENNIUM:
        ok = add_months(v, n, 12000) && add_fraction_years(v, fraction, 1000);
        break;
    default:
        return BAD_FORMAT;
    }
    return ok ? OK : OVERFLOW_FIELD;
}

/* The unit of a number without one, from the type's fields (INTERVAL DAY TO HOUR...). */
static enum datetime_unit default_unit(int range)
{
    if (range & INTERVAL_SECOND || range == INTERVAL_FULL_RANGE)
        return UNIT_SECOND;
    if (range & INTERVAL_MINUTE)
        return UNIT_MINUTE;
    if (range & INTERVAL_HOUR)
        return UNIT_HOUR;
    if (range & INTERVAL_DAY)
        return UNIT_DAY;
    return range & INTERVAL_MONTH ? UNIT_MONTH : range & INTERVAL_YEAR ? UNIT_YEAR : UNIT_SECOND;
}

static bool read_int64(const char *s, char **end, int64_t *v)
{
    errno = 0;
    *v = strtoll(s, end, 10);
    return errno != ERANGE && *end != s;
}

/* Seconds with a fraction are milliseconds and microseconds too. */
#define SECONDS_SEEN (1u << UNIT_SECOND | 1u << UNIT_MILLISECOND | 1u << UNIT_MICROSECOND)

static bool see(struct reader *r, unsigned units)
{
    bool fresh = !(r->seen & units);
    r->seen |= units;
    return fresh;
}

/* h:m[:s[.f]] of any size of hours; m:s when the type is MINUTE TO SECOND. */
static enum failure add_clock(struct reader *r, const char *s, bool minus)
{
    char *p;
    int64_t h, m, sec = 0;
    double fraction = 0;
    if (!read_int64(s, &p, &h) || *p != ':' || !read_int64(p + 1, &p, &m))
        return BAD_FORMAT;
    if (*p == ':') {
        if (!read_int64(p + 1, &p, &sec))
            return BAD_FORMAT;
        if (*p == '.')
            fraction = strtod(p, &p);
    } else if (*p == '.' || (!*p && r->range == (INTERVAL_MINUTE | INTERVAL_SECOND))) {
        if (*p == '.')
            fraction = strtod(p, &p);
        sec = m;
        m = h;
        h = 0;
    }
    if (*p)
        return BAD_FORMAT;
    if (h < 0 || m < 0 || m > 59 || sec < 0 || sec > 60)
        return OVERFLOW_FIELD;
    int sign = minus ? -1 : 1;
    if (!see(r, 1u << UNIT_HOUR | 1u << UNIT_MINUTE | SECONDS_SEEN))
        return BAD_FORMAT;
    bool ok = add_usecs(&r->v, sign * h, USECS_PER_HOUR) && add_usecs(&r->v, sign * m, USECS_PER_MIN) &&
              add_usecs(&r->v, sign * sec, USECS_PER_SEC) &&
              add_fraction_usecs(&r->v, sign * fraction, USECS_PER_SEC);
    return ok ? OK : OVERFLOW_FIELD;
}

static enum failure add_number(struct reader *r, const char *s, enum datetime_unit unit)
{
    char *p;
    int64_t n;
    double fraction = 0;
    bool minus = *s == '-';
    if (*s == '.' || ((*s == '-' || *s == '+') && s[1] == '.')) {
        n = 0;
        p = (char *)s + (*s != '.');
    } else if (!read_int64(s, &p, &n)) {
        return *s >= '0' && *s <= '9' ? OVERFLOW_FIELD : p == s ? BAD_FORMAT : OVERFLOW_FIELD;
    }
    if (*p == '-') { /* years-months */
        int64_t months;
        if (!read_int64(p + 1, &p, &months) || *p)
            return BAD_FORMAT;
        if (months < 0 || months >= 12)
            return OVERFLOW_FIELD;
        if (!see(r, 1u << UNIT_MONTH))
            return BAD_FORMAT;
        return add_months(&r->v, n, 12) && add_months(&r->v, minus ? -months : months, 1)
                   ? OK
                   : OVERFLOW_FIELD;
    }
    if (*p == '.')
        fraction = strtod(p, &p) * (minus ? -1 : 1);
    if (*p)
        return BAD_FORMAT;
    if (!see(r, unit == UNIT_SECOND && fraction != 0 ? SECONDS_SEEN : 1u << unit))
        return BAD_FORMAT;
    return add_unit(&r->v, unit, n, fraction);
}

static bool negate(struct interval *v)
{
    if (v->months == INT32_MIN || v->days == INT32_MIN || v->usecs == INT64_MIN)
        return false;
    *v = (struct interval){-v->months, -v->days, -v->usecs};
    return true;
}

static enum failure read_fields(struct reader *r, const struct datetime_fields *in)
{
    enum datetime_unit unit = UNIT_NONE;
    bool ago = false;
    for (int i = in->nfields - 1; i >= 0; i--) {
        const char *s = in->fields[i].s;
        enum failure f = OK;
        switch (in->fields[i].kind) {
        case FIELD_TIME:
            f = add_clock(r, s, false);
            unit = UNIT_DAY;
            break;
        case FIELD_OFFSET:
            if (strchr(s, ':')) {
                f = add_clock(r, s + 1, *s == '-');
                unit = UNIT_DAY;
                break;
            }
            /* fall through */
        case FIELD_NUMBER:
        case FIELD_DATE:
            unit = unit ? unit : default_unit(r->range);
            f = add_number(r, s, unit);
            if (unit == UNIT_HOUR) /* "3 4" DAY TO HOUR */
                unit = UNIT_DAY;
            break;
        default:
            if (strcmp(s, "ago") == 0) {
                ago = true;
                unit = UNIT_TIME; /* no number goes with it */
                break;
            }
            unit = datetime_unit_find(s, strlen(s));
            if (!unit || unit >= UNIT_ISOYEAR)
                return BAD_FORMAT;
        }
        if (f)
            return f;
    }
    if (!r->seen)
        return BAD_FORMAT;
    return ago && !negate(&r->v) ? OVERFLOW_FIELD : OK;
}

/*
 * In the sql_standard style a leading minus covers the whole text, unless another field has a sign of its own.
 * The text is then read with the sign on each field.
 */
static bool sign_covers_all(const struct datetime_fields *in)
{
    if (in->nfields < 2 || in->fields[0].kind != FIELD_OFFSET || in->fields[0].s[0] != '-')
        return false;
    for (int i = 1; i < in->nfields; i++)
        if (in->fields[i].kind == FIELD_OFFSET)
            return false;
    return true;
}

/* --- ISO 8601 ------------------------------------------------------------------------------------------------------ */

static bool iso_number(const char **p, int64_t *n, double *fraction)
{
    char *end;
    bool minus = **p == '-';
    *n = 0;
    *fraction = 0;
    if (**p != '.' && !((**p == '-' || **p == '+') && (*p)[1] == '.')) {
        if (!read_int64(*p, &end, n))
            return false;
    } else {
        end = (char *)*p + (**p != '.');
    }
    if (*end == '.') {
        if (end[1] < '0' || end[1] > '9') {
            end++;
        } else {
            *fraction = strtod(end, &end) * (minus ? -1 : 1);
        }
    }
    *p = end;
    return true;
}

static const enum datetime_unit date_units[] = {UNIT_YEAR, UNIT_MONTH, UNIT_DAY};
static const enum datetime_unit time_units[] = {UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND};

/* yyyymmdd or hhmmss without separators. */
static enum failure add_run_together(struct reader *r, const enum datetime_unit *units, int64_t n, double fraction)
{
    const int64_t parts[3] = {n / 10000, n / 100 % 100, n % 100};
    for (int k = 0; k < 3; k++) {
        enum failure f = add_unit(&r->v, units[k], parts[k], k == 2 ? fraction : 0);
        if (f)
            return f;
    }
    return OK;
}

/* The alternative form: P0001-02-03T04:05:06, P00010203T040506. */
static enum failure read_iso_alternative(struct reader *r, const char *p, bool time)
{
    const enum datetime_unit *units = time ? time_units : date_units;
    for (int k = 0; *p;) {
        int64_t n;
        double fraction;
        if (*p == 'T' || *p == 't') {
            units = time_units;
            k = 0;
            p++;
            continue;
        }
        size_t width = strspn(p + (*p == '-'), "0123456789");
        if (k == 3 || !iso_number(&p, &n, &fraction))
            return BAD_FORMAT;
        if (k == 0 && width == (units == date_units ? 8 : 6) && (!*p || (*p == 'T' && units == date_units))) {
            enum failure f = add_run_together(r, units, n, fraction);
            if (f)
                return f;
            k = 3;
            continue;
        }
        enum failure f = add_unit(&r->v, units[k++], n, fraction);
        if (f)
            return f;
        if (*p == (units == date_units ? '-' : ':'))
            p++;
        else if (*p && *p != 'T' && *p != 't')
            return BAD_FORMAT;
    }
    return OK;
}

static enum failure read_iso(struct reader *r, const char *p)
{
    bool time = false, any = false; /* in the date or the time */
    if (*p++ != 'P' || !*p)
        return BAD_FORMAT;
    while (*p) {
        const char *start = p;
        int64_t n;
        double fraction;
        enum datetime_unit unit;
        if (*p == 'T') {
            time = true;
            any = false;
            p++;
            continue;
        }
        if (!iso_number(&p, &n, &fraction))
            return BAD_FORMAT;
        switch (*p++) {
        case 'Y':
            unit = time ? UNIT_NONE : UNIT_YEAR;
            break;
        case 'M':
            unit = time ? UNIT_MINUTE : UNIT_MONTH;
            break;
        case 'W':
            unit = time ? UNIT_NONE : UNIT_WEEK;
            break;
        case 'D':
            unit = time ? UNIT_NONE : UNIT_DAY;
            break;
        case 'H':
            unit = time ? UNIT_HOUR : UNIT_NONE;
            break;
        case 'S':
            unit = time ? UNIT_SECOND : UNIT_NONE;
            break;
        default:
            return any ? BAD_FORMAT : read_iso_alternative(r, start, time);
        }
        enum failure f = add_unit(&r->v, unit, n, fraction);
        if (f)
            return f;
        any = true;
    }
    return OK;
}

/* --- the whole -------------------------------------------------------------------------------------------------------- */

bool interval_parse(const char *p, size_t n, int32_t typmod, struct eval_context *ctx,
                    struct error *err, struct interval *out)
{
    struct reader r = {.range = typmod >= 0 ? INTERVAL_RANGE(typmod) : INTERVAL_FULL_RANGE};
    struct datetime_fields in = {0};
    bool cut = datetime_cut(p, n, &in);
    enum failure f = cut ? OK : BAD_FORMAT;
    if (!f && ctx->intervalstyle == INTERVALSTYLE_SQL_STANDARD && sign_covers_all(&in)) {
        in.fields[0].s++;
        in.fields[0].kind = strchr(in.fields[0].s, ':')   ? FIELD_TIME
                            : strchr(in.fields[0].s, '-') ? FIELD_DATE
                                                          : FIELD_NUMBER;
        f = read_fields(&r, &in);
        if (!f && !negate(&r.v))
            f = OVERFLOW_FIELD;
    } else if (!f) {
        f = read_fields(&r, &in);
    }
    if (f == BAD_FORMAT && n && n < DATETIME_MAX_TEXT && *p == 'P') {
        char text[DATETIME_MAX_TEXT];
        memcpy(text, p, n);
        text[n] = 0;
        r.v = (struct interval){0};
        f = read_iso(&r, text);
    }
    if (f == OVERFLOW_TOTAL)
        return error_set(err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "interval out of range");
    if (f == OVERFLOW_FIELD)
        return error_set(err, ERRCODE_INTERVAL_FIELD_OVERFLOW,
                         "interval field value out of range: \"%.*s\"", (int)n, p);
    if (f)
        return error_set(err, ERRCODE_INVALID_DATETIME_FORMAT,
                         "invalid input syntax for type %s: \"%.*s\"", "interval", (int)n, p);
    interval_apply_typmod(&r.v, typmod, err);
    *out = r.v;
    return !error_is_set(err);
}
