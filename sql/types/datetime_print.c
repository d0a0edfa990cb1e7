/* datetime_print.c: how PostgreSQL shows dates, timestamps and intervals, in each style. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "sql/types/datetime.h"

static const char *const month_abbrev[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const day_abbrev[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* --- breaking down ------------------------------------------------------------------------------------------ */

void datetime_set_time(struct datetime *dt, int64_t usecs)
{
    int64_t seconds = usecs / USECS_PER_SEC;
    dt->usec = (int)(usecs % USECS_PER_SEC);
    dt->hour = (int)(seconds / 3600);
    dt->minute = (int)(seconds / 60 % 60);
    dt->second = (int)(seconds % 60);
}

void datetime_from_timestamp(int64_t ts, struct datetime *dt)
{
    memset(dt, 0, sizeof(*dt));
    int64_t days = ts / USECS_PER_DAY, usecs = ts % USECS_PER_DAY;
    if (usecs < 0) {
        days--;
        usecs += USECS_PER_DAY;
    }
    calendar_date(days, &dt->year, &dt->month, &dt->day);
    datetime_set_time(dt, usecs);
}

/* Unix seconds of an instant, rounded down. */
static int64_t unix_seconds(int64_t ts)
{
    int64_t s = ts / USECS_PER_SEC;
    if (ts % USECS_PER_SEC < 0)
        s--;
    return s + CALENDAR_UNIX_EPOCH_SHIFT;
}

void datetime_from_timestamptz(int64_t ts, const struct timezone_def *tz, struct datetime *dt)
{
    struct timezone_moment m = timezone_at(tz, unix_seconds(ts));
    datetime_from_timestamp(ts + m.offset * USECS_PER_SEC, dt);
    dt->has_zone = true;
    dt->offset = m.offset;
    dt->isdst = m.isdst;
    dt->abbrev = m.abbrev;
}

bool timestamp_in_range(int64_t ts)
{
    return ts >= TIMESTAMP_MIN && ts < TIMESTAMP_END;
}

bool datetime_to_timestamp(const struct datetime *dt, int64_t *ts)
{
    int64_t days = calendar_days(dt->year, dt->month, dt->day);
    int64_t usecs = ((int64_t)dt->hour * 3600 + dt->minute * 60 + dt->second) * USECS_PER_SEC + dt->usec;
    if (__builtin_mul_overflow(days, USECS_PER_DAY, ts) || __builtin_add_overflow(*ts, usecs, ts))
        return false;
    return timestamp_in_range(*ts);
}

bool timestamp_to_timestamptz(int64_t local, const struct timezone_def *tz, int64_t *ts)
{
    if (!TIMESTAMP_IS_FINITE(local)) {
        *ts = local;
        return true;
    }
    struct timezone_moment m = timezone_at_local(tz, unix_seconds(local));
    *ts = local - m.offset * USECS_PER_SEC;
    return timestamp_in_range(*ts);
}

int64_t timestamptz_to_local(int64_t ts, const struct timezone_def *tz)
{
    if (!TIMESTAMP_IS_FINITE(ts))
        return ts;
    return ts + timezone_at(tz, unix_seconds(ts)).offset * USECS_PER_SEC;
}

/* --- dates and timestamps -------------------------------------------------------------------------------------- */

struct out {
    char *p;
};

static void put(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct out *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    o->p += vsprintf(o->p, fmt, ap);
    va_end(ap);
}

static int shown_year(int year)
{
    return year > 0 ? year : 1 - year;
}

static void put_bc(struct out *o, int year)
{
    if (year <= 0)
        put(o, " BC");
}

static void put_month_day(struct out *o, const struct datetime *dt, const struct eval_context *ctx,
                          char sep)
{
    bool dmy = ctx->dateorder == DATEORDER_DMY;
    put(o, "%02d%c%02d", dmy ? dt->day : dt->month, sep, dmy ? dt->month : dt->day);
}

/* Seconds with what fraction there is. */
static void put_clock(struct out *o, const struct datetime *dt)
{
    put(o, "%02d:%02d:%02d", dt->hour, dt->minute, dt->second);
    if (dt->usec) {
        put(o, ".%06d", dt->usec);
        while (o->p[-1] == '0')
            o->p--;
        *o->p = 0;
    }
}

static void put_offset(struct out *o, int32_t offset)
{
    int a = abs(offset);
    put(o, "%c%02d", offset < 0 ? '-' : '+', a / 3600);
    if (a % 3600)
        put(o, ":%02d", a / 60 % 60);
    if (a % 60)
        put(o, ":%02d", a % 60);
}

/* The abbreviation where it is a word; zones without one have "+03" there. */
static void put_zone(struct out *o, const struct datetime *dt, bool spaced_offset)
{
    if (!dt->has_zone)
        return;
    if (dt->abbrev && dt->abbrev[0] && dt->abbrev[0] != '+' && dt->abbrev[0] != '-') {
        put(o, " %s", dt->abbrev);
    } else {
        if (spaced_offset)
            put(o, " ");
        put_offset(o, dt->offset);
    }
}

static int special_print(bool late, char *buf)
{
    return (int)strlen(strcpy(buf, late ? "infinity" : "-infinity"));
}

int date_print(int32_t d, const struct eval_context *ctx, char *buf)
{
    struct datetime dt = {0};
    struct out o = {buf};
    if (!DATE_IS_FINITE(d))
        return special_print(d > 0, buf);
    calendar_date(d, &dt.year, &dt.month, &dt.day);
    switch (ctx->datestyle) {
    case DATESTYLE_ISO:
        put(&o, "%04d-%02d-%02d", shown_year(dt.year), dt.month, dt.day);
        break;
    case DATESTYLE_SQL:
        put_month_day(&o, &dt, ctx, '/');
        put(&o, "/%04d", shown_year(dt.year));
        break;
    case DATESTYLE_GERMAN:
        put(&o, "%02d.%02d.%04d", dt.day, dt.month, shown_year(dt.year));
        break;
    case DATESTYLE_POSTGRES:
        put_month_day(&o, &dt, ctx, '-');
        put(&o, "-%04d", shown_year(dt.year));
        break;
    }
    put_bc(&o, dt.year);
    return (int)(o.p - buf);
}

static int datetime_print(const struct datetime *dt, const struct eval_context *ctx, char *buf)
{
    struct out o = {buf};
    switch (ctx->datestyle) {
    case DATESTYLE_ISO:
        put(&o, "%04d-%02d-%02d ", shown_year(dt->year), dt->month, dt->day);
        put_clock(&o, dt);
        if (dt->has_zone)
            put_offset(&o, dt->offset);
        break;
    case DATESTYLE_SQL:
        put_month_day(&o, dt, ctx, '/');
        put(&o, "/%04d ", shown_year(dt->year));
        put_clock(&o, dt);
        put_zone(&o, dt, false);
        break;
    case DATESTYLE_GERMAN:
        put(&o, "%02d.%02d.%04d ", dt->day, dt->month, shown_year(dt->year));
        put_clock(&o, dt);
        put_zone(&o, dt, false);
        break;
    case DATESTYLE_POSTGRES:
        put(&o, "%s ", day_abbrev[calendar_weekday(calendar_days(dt->year, dt->month, dt->day))]);
        if (ctx->dateorder == DATEORDER_DMY)
            put(&o, "%02d %s ", dt->day, month_abbrev[dt->month - 1]);
        else
            put(&o, "%s %02d ", month_abbrev[dt->month - 1], dt->day);
        put_clock(&o, dt);
        put(&o, " %04d", shown_year(dt->year));
        put_zone(&o, dt, true);
        break;
    }
    put_bc(&o, dt->year);
    return (int)(o.p - buf);
}

int timestamp_print(int64_t ts, const struct eval_context *ctx, char *buf)
{
    struct datetime dt;
    if (!TIMESTAMP_IS_FINITE(ts))
        return special_print(ts > 0, buf);
    datetime_from_timestamp(ts, &dt);
    return datetime_print(&dt, ctx, buf);
}

int timestamptz_print(int64_t ts, const struct eval_context *ctx, char *buf)
{
    struct datetime dt;
    if (!TIMESTAMP_IS_FINITE(ts))
        return special_print(ts > 0, buf);
    datetime_from_timestamptz(ts, ctx->timezone, &dt);
    return datetime_print(&dt, ctx, buf);
}

/* --- intervals --------------------------------------------------------------------------------------------------- */

/* An interval taken apart; all clock fields have the sign of the whole. */
struct parts {
    int year, month, day;
    int64_t hour;
    int minute, second, usec;
};

static struct parts interval_parts(struct interval i)
{
    struct parts t = {.year = i.months / 12, .month = i.months % 12, .day = i.days};
    int64_t u = i.usecs;
    t.hour = u / USECS_PER_HOUR;
    u %= USECS_PER_HOUR;
    t.minute = (int)(u / USECS_PER_MIN);
    u %= USECS_PER_MIN;
    t.second = (int)(u / USECS_PER_SEC);
    t.usec = (int)(u % USECS_PER_SEC);
    return t;
}

static void put_seconds(struct out *o, int second, int usec, bool pad)
{
    put(o, pad ? "%02d" : "%d", abs(second));
    if (usec) {
        put(o, ".%06d", abs(usec));
        while (o->p[-1] == '0')
            o->p--;
        *o->p = 0;
    }
}

/* "-1 days": a positive field after a negative one is marked, so that signs stay clear. */
static void put_postgres_unit(struct out *o, int v, const char *unit, bool *zero, bool *before)
{
    if (v == 0)
        return;
    put(o, "%s%s%d %s%s", *zero ? "" : " ", *before && v > 0 ? "+" : "", v, unit,
        v != 1 ? "s" : "");
    *before = v < 0;
    *zero = false;
}

static void print_postgres(struct out *o, const struct parts *t)
{
    bool zero = true, before = false;
    put_postgres_unit(o, t->year, "year", &zero, &before);
    put_postgres_unit(o, t->month, "mon", &zero, &before);
    put_postgres_unit(o, t->day, "day", &zero, &before);
    if (zero || t->hour || t->minute || t->second || t->usec) {
        bool minus = t->hour < 0 || t->minute < 0 || t->second < 0 || t->usec < 0;
        put(o, "%s%s%02lld:%02d:", zero ? "" : " ", minus ? "-" : before ? "+" : "",
            (long long)llabs(t->hour), abs(t->minute));
        put_seconds(o, t->second, t->usec, true);
    }
}

/* The first field's sign becomes "ago"; the others are shown relative to it. */
static void put_verbose_unit(struct out *o, int64_t v, const char *unit, bool *zero, bool *before)
{
    if (v == 0)
        return;
    if (*zero) {
        *before = v < 0;
        v = llabs(v);
    } else if (*before) {
        v = -v;
    }
    put(o, " %lld %s%s", (long long)v, unit, v == 1 ? "" : "s");
    *zero = false;
}

static void print_verbose(struct out *o, const struct parts *t)
{
    bool zero = true, before = false;
    put(o, "@");
    put_verbose_unit(o, t->year, "year", &zero, &before);
    put_verbose_unit(o, t->month, "mon", &zero, &before);
    put_verbose_unit(o, t->day, "day", &zero, &before);
    put_verbose_unit(o, t->hour, "hour", &zero, &before);
    put_verbose_unit(o, t->minute, "min", &zero, &before);
    if (t->second || t->usec) {
        bool minus = t->second < 0 || t->usec < 0;
        if (zero)
            before = minus;
        put(o, " %s", !zero && minus != before ? "-" : "");
        put_seconds(o, t->second, t->usec, false);
        put(o, " sec%s", abs(t->second) != 1 || t->usec ? "s" : "");
        zero = false;
    }
    if (zero)
        put(o, " 0");
    if (before)
        put(o, " ago");
}

static void print_sql_standard(struct out *o, struct parts t)
{
    bool negative = t.year < 0 || t.month < 0 || t.day < 0 || t.hour < 0 || t.minute < 0 ||
                    t.second < 0 || t.usec < 0;
    bool positive = t.year > 0 || t.month > 0 || t.day > 0 || t.hour > 0 || t.minute > 0 ||
                    t.second > 0 || t.usec > 0;
    bool year_month = t.year || t.month, clock = t.hour || t.minute || t.second || t.usec;
    bool day_time = t.day || clock;
    char sign = negative && !positive && !(year_month && day_time) ? '-' : 0;
    if (!negative && !positive) {
        put(o, "0");
    } else if ((negative && positive) || (year_month && day_time)) {
        /* No standard form: every part with its sign. */
        bool day_minus = t.day < 0;
        bool clock_minus = t.hour < 0 || t.minute < 0 || t.second < 0 || t.usec < 0;
        put(o, "%c%d-%d %c%lld %c%lld:%02d:", t.year < 0 || t.month < 0 ? '-' : '+', abs(t.year),
            abs(t.month), day_minus ? '-' : '+', llabs((long long)t.day), clock_minus ? '-' : '+',
            (long long)llabs(t.hour), abs(t.minute));
        put_seconds(o, t.second, t.usec, true);
    } else if (year_month) {
        put(o, "%s%d-%d", sign ? "-" : "", abs(t.year), abs(t.month));
    } else if (t.day) {
        put(o, "%s%d %lld:%02d:", sign ? "-" : "", abs(t.day), (long long)llabs(t.hour),
            abs(t.minute));
        put_seconds(o, t.second, t.usec, true);
    } else {
        put(o, "%s%lld:%02d:", sign ? "-" : "", (long long)llabs(t.hour), abs(t.minute));
        put_seconds(o, t.second, t.usec, true);
    }
}

static void put_iso_unit(struct out *o, int64_t v, char unit)
{
    if (v)
        put(o, "%lld%c", (long long)v, unit);
}

static void print_iso_8601(struct out *o, const struct parts *t)
{
    if (!t->year && !t->month && !t->day && !t->hour && !t->minute && !t->second && !t->usec) {
        put(o, "PT0S");
        return;
    }
    put(o, "P");
    put_iso_unit(o, t->year, 'Y');
    put_iso_unit(o, t->month, 'M');
    put_iso_unit(o, t->day, 'D');
    if (t->hour || t->minute || t->second || t->usec)
        put(o, "T");
    put_iso_unit(o, t->hour, 'H');
    put_iso_unit(o, t->minute, 'M');
    if (t->second || t->usec) {
        if (t->second < 0 || t->usec < 0)
            put(o, "-");
        put_seconds(o, t->second, t->usec, false);
        put(o, "S");
    }
}

int interval_print(struct interval i, enum intervalstyle style, char *buf)
{
    struct out o = {buf};
    struct parts t = interval_parts(i);
    switch (style) {
    case INTERVALSTYLE_POSTGRES:
        print_postgres(&o, &t);
        break;
    case INTERVALSTYLE_POSTGRES_VERBOSE:
        print_verbose(&o, &t);
        break;
    case INTERVALSTYLE_SQL_STANDARD:
        print_sql_standard(&o, t);
        break;
    case INTERVALSTYLE_ISO_8601:
        print_iso_8601(&o, &t);
        break;
    }
    return (int)(o.p - buf);
}

/* --- the setting ------------------------------------------------------------------------------------------------------ */

bool datestyle_parse(const char *p, size_t n, enum datestyle *style, enum dateorder *order)
{
    const char *end = p + n;
    bool order_given = false;
    while (p < end) {
        while (p < end && (*p == ' ' || *p == ','))
            p++;
        const char *word = p;
        while (p < end && *p != ' ' && *p != ',')
            p++;
        int len = (int)(p - word);
        if (len == 0)
            continue;
#define WORD(s) (len == (int)sizeof(s) - 1 && strncasecmp(word, s, sizeof(s) - 1) == 0)
#define PREFIX(s) (len >= (int)sizeof(s) - 1 && strncasecmp(word, s, sizeof(s) - 1) == 0)
        if (WORD("iso")) {
            *style = DATESTYLE_ISO;
        } else if (WORD("sql")) {
            *style = DATESTYLE_SQL;
        } else if (PREFIX("postgres")) {
            *style = DATESTYLE_POSTGRES;
        } else if (WORD("german")) {
            *style = DATESTYLE_GERMAN;
            if (!order_given)
                *order = DATEORDER_DMY;
        } else if (WORD("ymd")) {
            *order = DATEORDER_YMD;
            order_given = true;
        } else if (WORD("dmy") || PREFIX("euro")) {
            *order = DATEORDER_DMY;
            order_given = true;
        } else if (WORD("mdy") || WORD("us") || PREFIX("noneuro")) {
            *order = DATEORDER_MDY;
            order_given = true;
        } else if (WORD("default")) {
            *style = DATESTYLE_ISO;
            *order = DATEORDER_MDY;
        } else {
            return false;
        }
#undef WORD
#undef PREFIX
    }
    return true;
}

const char *datestyle_name(enum datestyle style, enum dateorder order)
{
    static const char *const names[4][3] = {
        {"ISO, MDY", "ISO, DMY", "ISO, YMD"},
        {"Postgres, MDY", "Postgres, DMY", "Postgres, YMD"},
        {"SQL, MDY", "SQL, DMY", "SQL, YMD"},
        {"German, MDY", "German, DMY", "German, YMD"},
    };
    return names[style][order];
}
