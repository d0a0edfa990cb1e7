/*
 * datetime_extract.c: extract(field FROM ...), whose result is numeric, date_part(), the same in double precision,
 * date_trunc() and date_bin().
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/base/limits.h"
#include "sql/types/datetime.h"
#include "sql/types/datetime_words.h"
#include "sql/types/text_util.h"

/* A field: value / 10^scale, infinite, or NULL. */
struct field {
    enum { FIELD_VALUE, FIELD_INFINITE, FIELD_MINUS_INFINITE, FIELD_NULL } kind;
    __int128 value;
    int scale;
};

static struct field whole(int64_t v)
{
    return (struct field){.value = v};
}

static struct field scaled(__int128 v, int scale)
{
    return (struct field){.value = v, .scale = scale};
}

static void return_numeric(struct fcall *f, struct field x)
{
    char digits[48], buf[64];
    int n = 0, at = 0;
    unsigned __int128 u = x.value < 0 ? -(unsigned __int128)x.value : (unsigned __int128)x.value;
    if (x.kind == FIELD_NULL)
        return;
    if (x.kind) {
        fcall_return_textz(f, x.kind == FIELD_INFINITE ? "Infinity" : "-Infinity");
        return;
    }
    do {
        digits[n++] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u || n <= x.scale);
    if (x.value < 0)
        buf[at++] = '-';
    while (n) {
        if (n == x.scale)
            buf[at++] = '.';
        buf[at++] = digits[--n];
    }
    fcall_return_text(f, buf, (size_t)at);
}

static void return_double(struct fcall *f, struct field x)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    if (x.kind == FIELD_NULL)
        return;
    if (x.kind)
        f->result = value_real(x.kind == FIELD_INFINITE ? INFINITY : -INFINITY);
    else
        f->result = value_real((double)x.value / tens[x.scale]);
}

/* --- units -------------------------------------------------------------------------------------------------- */

static enum datetime_unit unit_of(struct fcall *f, const char *type, bool trunc)
{
    enum datetime_unit u = datetime_unit_find(f->args[0].p, f->args[0].n);
    if (trunc && u >= UNIT_ISOYEAR && u <= UNIT_JULIAN)
        u = UNIT_NONE; /* fields only extract knows */
    if (!u) {
        char *s = fcall_arg_cstring(f, 0);
        for (char *p = s; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p += 'a' - 'A';
        s[utf8_clip(s, strlen(s), LIMIT_IDENTIFIER)] = 0;
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unit \"%s\" not recognized for type %s",
                  s, type);
    }
    return u;
}

static enum datetime_unit unit_argument(struct fcall *f, const char *type)
{
    return unit_of(f, type, false);
}

static enum datetime_unit trunc_unit_argument(struct fcall *f, const char *type)
{
    return unit_of(f, type, true);
}

static struct field unsupported(struct fcall *f, const char *type)
{
    char *s = fcall_arg_cstring(f, 0);
    for (char *p = s; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p += 'a' - 'A';
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "unit \"%s\" not supported for type %s", s,
              type);
    return (struct field){.kind = FIELD_NULL};
}

static int decade_of(int y)
{
    return y >= 0 ? y / 10 : -((8 - (y - 1)) / 10);
}

/* Centuries and millennia have no year 0. */
static int span_of(int y, int years)
{
    return y > 0 ? (y + years - 1) / years : -((years - 1 - (y - 1)) / years);
}

static bool clock_field(enum datetime_unit u, int64_t usecs_of_day, struct field *out)
{
    int64_t in_minute = usecs_of_day % USECS_PER_MIN;
    switch (u) {
    case UNIT_MICROSECOND:
        *out = whole(in_minute);
        return true;
    case UNIT_MILLISECOND:
        *out = scaled(in_minute, 3);
        return true;
    case UNIT_SECOND:
        *out = scaled(in_minute, 6);
        return true;
    case UNIT_MINUTE:
        *out = whole(usecs_of_day / USECS_PER_MIN % 60);
        return true;
    case UNIT_HOUR:
        *out = whole(usecs_of_day / USECS_PER_HOUR);
        return true;
    default:
        return false;
    }
}

static bool zone_field(enum datetime_unit u, int32_t offset, struct field *out)
{
    switch (u) {
    case UNIT_TIMEZONE:
        *out = whole(offset);
        return true;
    case UNIT_TIMEZONE_HOUR:
        *out = whole(offset / 3600);
        return true;
    case UNIT_TIMEZONE_MINUTE:
        *out = whole(offset / 60 % 60);
        return true;
    default:
        return false;
    }
}

static bool calendar_field(enum datetime_unit u, int y, int m, int d, struct field *out)
{
    int64_t days = calendar_days(y, m, d);
    int iso_year, week = calendar_iso_week(days, &iso_year), dow = calendar_weekday(days);
    switch (u) {
    case UNIT_DAY:
        *out = whole(d);
        return true;
    case UNIT_MONTH:
        *out = whole(m);
        return true;
    case UNIT_QUARTER:
        *out = whole((m - 1) / 3 + 1);
        return true;
    case UNIT_WEEK:
        *out = whole(week);
        return true;
    case UNIT_YEAR:
        *out = whole(y > 0 ? y : y - 1);
        return true;
    case UNIT_DECADE:
        *out = whole(decade_of(y));
        return true;
    case UNIT_CENTURY:
        *out = whole(span_of(y, 100));
        return true;
    case UNIT_MILLENNIUM:
        *out = whole(span_of(y, 1000));
        return true;
    case UNIT_ISOYEAR:
        *out = whole(iso_year > 0 ? iso_year : iso_year - 1);
        return true;
    case UNIT_DOW:
        *out = whole(dow);
        return true;
    case UNIT_ISODOW:
        *out = whole(dow == 0 ? 7 : dow);
        return true;
    case UNIT_DOY:
        *out = whole(calendar_yearday(y, m, d));
        return true;
    default:
        return false;
    }
}

/* Of an infinite moment: fields that only grow are infinite, those that come around are NULL. */
static struct field infinite_field(enum datetime_unit u, bool minus)
{
    switch (u) {
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_JULIAN:
    case UNIT_ISOYEAR:
    case UNIT_EPOCH:
        return (struct field){.kind = minus ? FIELD_MINUS_INFINITE : FIELD_INFINITE};
    default:
        return (struct field){.kind = FIELD_NULL};
    }
}

/* --- extract ------------------------------------------------------------------------------------------------------ */

static struct field julian_field(int64_t local)
{
    int64_t days = local / USECS_PER_DAY, clock = local % USECS_PER_DAY;
    if (clock < 0) {
        days--;
        clock += USECS_PER_DAY;
    }
    if (clock == 0)
        return whole(days + CALENDAR_JULIAN_EPOCH);
    /* As numeric division of seconds by 86400 shows it: 20 digits, rounded. */
    __int128 ten20 = (__int128)10000000000 * 10000000000;
    __int128 fraction = (clock * ten20 + USECS_PER_DAY / 2) / USECS_PER_DAY;
    return scaled((days + CALENDAR_JULIAN_EPOCH) * ten20 + fraction, 20);
}

static struct field timestamp_field(struct fcall *f, int64_t ts, bool zoned)
{
    const char *type = zoned ? "timestamp with time zone" : "timestamp without time zone";
    enum datetime_unit u = unit_argument(f, type);
    struct datetime dt;
    struct field out;
    if (!u)
        return (struct field){.kind = FIELD_NULL};
    if (!TIMESTAMP_IS_FINITE(ts))
        return infinite_field(u, ts < 0);
    if (zoned)
        datetime_from_timestamptz(ts, f->ctx->timezone, &dt);
    else
        datetime_from_timestamp(ts, &dt);
    int64_t local = zoned ? ts + dt.offset * USECS_PER_SEC : ts;
    int64_t clock = local % USECS_PER_DAY;
    if (clock < 0)
        clock += USECS_PER_DAY;
    if (u == UNIT_EPOCH)
        return scaled((__int128)ts + (__int128)CALENDAR_UNIX_EPOCH_SHIFT * USECS_PER_SEC, 6);
    if (u == UNIT_JULIAN)
        return julian_field(local);
    if (clock_field(u, clock, &out) || calendar_field(u, dt.year, dt.month, dt.day, &out) ||
        (zoned && zone_field(u, dt.offset, &out)))
        return out;
    return unsupported(f, type);
}

static struct field date_field(struct fcall *f, int32_t d)
{
    enum datetime_unit u = unit_argument(f, "date");
    struct field out;
    int y, m, day;
    if (!u)
        return (struct field){.kind = FIELD_NULL};
    bool clock = (u >= UNIT_MICROSECOND && u <= UNIT_HOUR) || u >= UNIT_TIMEZONE;
    if (clock)
        return unsupported(f, "date");
    if (!DATE_IS_FINITE(d))
        return infinite_field(u, d < 0);
    calendar_date(d, &y, &m, &day);
    if (u == UNIT_EPOCH)
        return whole((int64_t)d * 86400 + CALENDAR_UNIX_EPOCH_SHIFT);
    if (u == UNIT_JULIAN)
        return whole((int64_t)d + CALENDAR_JULIAN_EPOCH);
    if (calendar_field(u, y, m, day, &out))
        return out;
    return unsupported(f, "date");
}

static struct field time_field(struct fcall *f, int64_t t, const int32_t *offset)
{
    const char *type = offset ? "time with time zone" : "time without time zone";
    enum datetime_unit u = unit_argument(f, type);
    struct field out;
    if (!u)
        return (struct field){.kind = FIELD_NULL};
    if (u == UNIT_EPOCH)
        return scaled(t - (offset ? *offset * USECS_PER_SEC : 0), 6);
    if (clock_field(u, t, &out) || (offset && zone_field(u, *offset, &out)))
        return out;
    return unsupported(f, type);
}

static struct field interval_field(struct fcall *f, struct interval i)
{
    enum datetime_unit u = unit_argument(f, "interval");
    int year = i.months / 12, month = i.months % 12;
    struct field out;
    switch (u) {
    case UNIT_NONE:
        return (struct field){.kind = FIELD_NULL};
    case UNIT_DAY:
        return whole(i.days);
    case UNIT_MONTH:
        return whole(month);
    case UNIT_QUARTER:
        return whole(month / 3 + 1);
    case UNIT_YEAR:
        return whole(year);
    case UNIT_DECADE:
        return whole(year / 10);
    case UNIT_CENTURY:
        return whole(year / 100);
    case UNIT_MILLENNIUM:
        return whole(year / 1000);
    case UNIT_EPOCH: /* a year is 365.25 days, a month 30 */
        return scaled((__int128)i.usecs + ((__int128)year * 31557600 + (__int128)month * 2592000 +
                                           (__int128)i.days * 86400) * USECS_PER_SEC, 6);
    default:
        if (clock_field(u, i.usecs, &out))
            return out;
        return unsupported(f, "interval");
    }
}

#define EXTRACT(type, ctype, argument, field_expression)                                           \
    static void extract_##type(struct fcall *f)                                                    \
    {                                                                                              \
        ctype v;                                                                                   \
        if (argument(f, 1, &v)) {                                                                  \
            struct field x = field_expression;                                                     \
            if (!error_is_set(f->err))                                                             \
                return_numeric(f, x);                                                              \
        }                                                                                          \
    }                                                                                              \
    static void type##_part(struct fcall *f)                                                       \
    {                                                                                              \
        ctype v;                                                                                   \
        if (argument(f, 1, &v)) {                                                                  \
            struct field x = field_expression;                                                     \
            if (x.scale == 20) /* julian: digits beyond a double's */                              \
                x = scaled(x.value / 100000000000000, 6);                                          \
            if (!error_is_set(f->err))                                                             \
                return_double(f, x);                                                               \
        }                                                                                          \
    }
EXTRACT(timestamp, int64_t, arg_timestamp, timestamp_field(f, v, false))
EXTRACT(timestamptz, int64_t, arg_timestamp, timestamp_field(f, v, true))
EXTRACT(time, int64_t, arg_time, time_field(f, v, NULL))
EXTRACT(timetz, struct timetz, arg_timetz, time_field(f, v.usecs, &v.offset))
EXTRACT(interval, struct interval, arg_interval, interval_field(f, v))

static void extract_date(struct fcall *f)
{
    int32_t d;
    if (arg_date(f, 1, &d)) {
        struct field x = date_field(f, d);
        if (!error_is_set(f->err))
            return_numeric(f, x);
    }
}

/* date_part of a date goes through timestamp. */
static void date_part(struct fcall *f)
{
    int32_t d;
    if (!arg_date(f, 1, &d))
        return;
    int64_t ts = !DATE_IS_FINITE(d) ? (d > 0 ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY)
                                    : d * USECS_PER_DAY;
    struct field x = timestamp_field(f, ts, false);
    if (!error_is_set(f->err))
        return_double(f, x);
}

/* --- date_trunc --------------------------------------------------------------------------------------------------- */

/* Cuts a local reading to a unit; false when the unit is none of date_trunc's. */
static bool trunc_local(enum datetime_unit u, int64_t *local)
{
    static const int64_t clock_units[] = {[UNIT_MICROSECOND] = 1,
                                          [UNIT_MILLISECOND] = 1000,
                                          [UNIT_SECOND] = USECS_PER_SEC,
                                          [UNIT_MINUTE] = USECS_PER_MIN,
                                          [UNIT_HOUR] = USECS_PER_HOUR,
                                          [UNIT_DAY] = USECS_PER_DAY};
    struct datetime dt;
    if (u >= UNIT_MICROSECOND && u <= UNIT_DAY) {
        int64_t rest = *local % clock_units[u];
        *local -= rest < 0 ? rest + clock_units[u] : rest;
        return true;
    }
    datetime_from_timestamp(*local, &dt);
    int y = dt.year, m = 1;
    switch (u) {
    case UNIT_WEEK: {
        int64_t days = calendar_days(y, dt.month, dt.day);
        *local = (days - (calendar_weekday(days) + 6) % 7) * USECS_PER_DAY;
        return true;
    }
    case UNIT_MONTH:
        m = dt.month;
        break;
    case UNIT_QUARTER:
        m = (dt.month - 1) / 3 * 3 + 1;
        break;
    case UNIT_YEAR:
        break;
    case UNIT_DECADE:
        y = y > 0 ? y / 10 * 10 : -((8 - (y - 1)) / 10) * 10;
        break;
    case UNIT_CENTURY:
        y = y > 0 ? (y + 99) / 100 * 100 - 99 : -((99 - (y - 1)) / 100) * 100 + 1;
        break;
    case UNIT_MILLENNIUM:
        y = y > 0 ? (y + 999) / 1000 * 1000 - 999 : -((999 - (y - 1)) / 1000) * 1000 + 1;
        break;
    default:
        return false;
    }
    *local = calendar_days(y, m, 1) * USECS_PER_DAY;
    return true;
}

static void timestamp_trunc(struct fcall *f)
{
    int64_t ts;
    if (!arg_timestamp(f, 1, &ts))
        return;
    if (!TIMESTAMP_IS_FINITE(ts)) { /* whatever the unit */
        return_timestamp(f, ts);
        return;
    }
    enum datetime_unit u = trunc_unit_argument(f, "timestamp without time zone");
    if (!u)
        return;
    if (!trunc_local(u, &ts))
        unsupported(f, "timestamp without time zone");
    else
        return_timestamp(f, ts);
}

static void trunc_in_zone(struct fcall *f, const struct timezone_def *tz, int32_t fixed)
{
    int64_t ts, r;
    if (!arg_timestamp(f, 1, &ts))
        return;
    if (!TIMESTAMP_IS_FINITE(ts)) { /* whatever the unit */
        return_timestamptz(f, ts);
        return;
    }
    enum datetime_unit u = trunc_unit_argument(f, "timestamp with time zone");
    if (!u)
        return;
    int64_t local = tz ? timestamptz_to_local(ts, tz) : ts + fixed * USECS_PER_SEC;
    int64_t offset = local - ts;
    if (!trunc_local(u, &local)) {
        unsupported(f, "timestamp with time zone");
        return;
    }
    /* Within a day the offset stays; the start of a larger unit may lie before a change of it. */
    r = local - offset;
    if (tz && u >= UNIT_DAY)
        timestamp_to_timestamptz(local, tz, &r);
    return_timestamptz(f, r);
}

static void timestamptz_trunc(struct fcall *f)
{
    trunc_in_zone(f, f->ctx->timezone, 0);
}

static void timestamptz_trunc_zone(struct fcall *f)
{
    const struct timezone_def *tz;
    const char *abbrev;
    int32_t fixed = 0;
    int64_t ts;
    if (arg_timestamp(f, 1, &ts) && !TIMESTAMP_IS_FINITE(ts)) /* in whatever zone */
        return_timestamptz(f, ts);
    else if (!error_is_set(f->err) && zone_argument(f->args[2].p, f->args[2].n, f->err, &tz, &fixed, &abbrev))
        trunc_in_zone(f, tz, fixed);
}

static void interval_trunc(struct fcall *f)
{
    struct interval i;
    enum datetime_unit u = trunc_unit_argument(f, "interval");
    if (!u || !arg_interval(f, 1, &i))
        return;
    static const int month_units[] = {[UNIT_MONTH] = 1,    [UNIT_QUARTER] = 3,   [UNIT_YEAR] = 12,
                                      [UNIT_DECADE] = 120, [UNIT_CENTURY] = 1200,
                                      [UNIT_MILLENNIUM] = 12000};
    static const int64_t clock_units[] = {[UNIT_MICROSECOND] = 1,
                                          [UNIT_MILLISECOND] = 1000,
                                          [UNIT_SECOND] = USECS_PER_SEC,
                                          [UNIT_MINUTE] = USECS_PER_MIN,
                                          [UNIT_HOUR] = USECS_PER_HOUR};
    if (u >= UNIT_MONTH && u <= UNIT_MILLENNIUM) {
        i = (struct interval){.months = i.months / month_units[u] * month_units[u]};
    } else if (u == UNIT_DAY) {
        i.usecs = 0;
    } else if (u <= UNIT_HOUR) {
        i.usecs = i.usecs / clock_units[u] * clock_units[u];
    } else {
        unsupported(f, "interval");
        if (u == UNIT_WEEK)
            error_detail(f->err, "Months usually have fractional weeks.");
        return;
    }
    return_interval(f, i);
}

/* --- date_bin ------------------------------------------------------------------------------------------------------- */

static bool bin(struct fcall *f, int64_t *out)
{
    struct interval stride;
    int64_t ts, origin, width;
    if (!arg_interval(f, 0, &stride) || !arg_timestamp(f, 1, &ts) || !arg_timestamp(f, 2, &origin))
        return false;
    *out = ts;
    if (!TIMESTAMP_IS_FINITE(ts))
        return true;
    if (!TIMESTAMP_IS_FINITE(origin))
        return error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "origin out of range");
    if (stride.months)
        return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "timestamps cannot be binned into intervals containing months or years");
    if (__builtin_mul_overflow((int64_t)stride.days, USECS_PER_DAY, &width) ||
        __builtin_add_overflow(width, stride.usecs, &width))
        return error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "interval out of range");
    if (width <= 0)
        return error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                         "stride must be greater than zero");
    int64_t difference;
    if (__builtin_sub_overflow(ts, origin, &difference))
        return error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "interval out of range");
    __int128 rest = difference % width, r = ts - (rest < 0 ? rest + width : rest);
    if (r < TIMESTAMP_MIN || r >= TIMESTAMP_END)
        return error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "timestamp out of range");
    *out = (int64_t)r;
    return true;
}

static void timestamp_bin(struct fcall *f)
{
    int64_t ts;
    if (bin(f, &ts))
        return_timestamp(f, ts);
}

static void timestamptz_bin(struct fcall *f)
{
    int64_t ts;
    if (bin(f, &ts))
        return_timestamptz(f, ts);
}

const struct fn_impl datetime_extract_functions[] = {
    {"extract_date", .call = extract_date},
    {"extract_time", .call = extract_time},
    {"extract_timetz", .call = extract_timetz},
    {"extract_timestamp", .call = extract_timestamp},
    {"extract_timestamptz", .call = extract_timestamptz},
    {"extract_interval", .call = extract_interval},
    {"date_part(text,date)", .call = date_part},
    {"time_part", .call = time_part},
    {"timetz_part", .call = timetz_part},
    {"timestamp_part", .call = timestamp_part},
    {"timestamptz_part", .call = timestamptz_part},
    {"interval_part", .call = interval_part},
    {"timestamp_trunc", .call = timestamp_trunc},
    {"timestamptz_trunc", .call = timestamptz_trunc},
    {"timestamptz_trunc_zone", .call = timestamptz_trunc_zone},
    {"interval_trunc", .call = interval_trunc},
    {"timestamp_bin", .call = timestamp_bin},
    {"timestamptz_bin", .call = timestamptz_bin},
    {NULL}};
