/* timestamp.c: timestamp and timestamptz: input, output, arithmetic, construction; see datetime.h. */
#include <math.h>
#include <stdio.h>

#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/datetime.h"
#include "sql/types/typmod.h"

static bool out_of_range(struct error *err)
{
    return error_set(err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "timestamp out of range");
}

static int64_t round_timestamp(int64_t ts, int32_t typmod)
{
    return TIMESTAMP_IS_FINITE(ts) ? time_round(ts, typmod) : ts;
}

/* --- input and output ---------------------------------------------------------------------------------- */

static bool read_timestamp(struct fcall *f, bool zoned, int64_t *ts)
{
    struct datetime dt;
    enum datetime_special special;
    const char *p = f->args[0].p;
    size_t n = f->args[0].n;
    const char *type = zoned ? "timestamp with time zone" : "timestamp";
    if (!datetime_parse(p, n, type, f->ctx, f->err, &dt, &special))
        return false;
    if (special) {
        *ts = special == DATETIME_EPOCH  ? -CALENDAR_UNIX_EPOCH_SHIFT * USECS_PER_SEC
              : special == DATETIME_LATE ? TIMESTAMP_INFINITY
                                         : TIMESTAMP_MINUS_INFINITY;
        return true;
    }
    bool ok = datetime_to_timestamp(&dt, ts);
    /* Only what is stored need be within the range. */
    if (!ok && zoned && dt.has_zone && dt.year > -4715 && dt.year < 294278)
        ok = !__builtin_add_overflow(calendar_days(dt.year, dt.month, dt.day) * USECS_PER_DAY,
                                     ((int64_t)dt.hour * 3600 + dt.minute * 60 + dt.second) * USECS_PER_SEC + dt.usec, ts);
    if (ok && zoned) {
        if (dt.has_zone)
            ok = timestamp_in_range(*ts -= dt.offset * USECS_PER_SEC);
        else
            ok = timestamp_to_timestamptz(*ts, f->ctx->timezone, ts);
    }
    return ok || error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                           "timestamp out of range: \"%.*s\"", (int)n, p);
}

static void timestamp_in(struct fcall *f)
{
    int64_t ts;
    if (read_timestamp(f, false, &ts))
        return_timestamp(f, round_timestamp(ts, (int32_t)f->args[2].i));
}

static void timestamptz_in(struct fcall *f)
{
    int64_t ts;
    if (read_timestamp(f, true, &ts))
        return_timestamptz(f, round_timestamp(ts, (int32_t)f->args[2].i));
}

static void timestamp_out(struct fcall *f)
{
    int64_t ts;
    char buf[DATETIME_TEXT];
    if (arg_timestamp(f, 0, &ts))
        fcall_return_text(f, buf, (size_t)timestamp_print(ts, f->ctx, buf));
}

static void timestamptz_out(struct fcall *f)
{
    int64_t ts;
    char buf[DATETIME_TEXT];
    if (arg_timestamp(f, 0, &ts))
        fcall_return_text(f, buf, (size_t)timestamptz_print(ts, f->ctx, buf));
}

static bool receive(struct fcall *f, int64_t *ts)
{
    if (!binary_expect(f, 8))
        return false;
    *ts = binary_get_i64(f->args[0].p);
    if (TIMESTAMP_IS_FINITE(*ts) && !timestamp_in_range(*ts))
        return out_of_range(f->err);
    *ts = round_timestamp(*ts, f->nargs > 2 ? (int32_t)f->args[2].i : -1);
    return true;
}

static void timestamp_recv(struct fcall *f)
{
    int64_t ts;
    if (receive(f, &ts))
        return_timestamp(f, ts);
}

static void timestamptz_recv(struct fcall *f)
{
    int64_t ts;
    if (receive(f, &ts))
        return_timestamptz(f, ts);
}

static void timestamp_send(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts))
        binary_put_i64(binary_return(f, 8), ts);
}

/* A moment cut to so many digits of a second; infinities have none. */
static bool scalable(struct fcall *f, int64_t ts)
{
    int64_t precision = f->args[1].i;
    return !TIMESTAMP_IS_FINITE(ts) || (precision >= -1 && precision <= 6) ||
           error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "timestamp(%d) precision must be between 0 and 6", (int)precision);
}

static void timestamp_scale(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts) && scalable(f, ts))
        return_timestamp(f, round_timestamp(ts, (int32_t)f->args[1].i));
}

static void timestamptz_scale(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts) && scalable(f, ts))
        return_timestamptz(f, round_timestamp(ts, (int32_t)f->args[1].i));
}

static void timestamptypmodin(struct fcall *f)
{
    typmod_precision_in(f, "TIMESTAMP", "");
}

static void timestamptztypmodin(struct fcall *f)
{
    typmod_precision_in(f, "TIMESTAMP", " WITH TIME ZONE");
}

static void timestamptypmodout(struct fcall *f)
{
    typmod_precision_out(f, " without time zone");
}

static void timestamptztypmodout(struct fcall *f)
{
    typmod_precision_out(f, " with time zone");
}

static void timestamp_finite(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts))
        f->result = value_bool(TIMESTAMP_IS_FINITE(ts));
}

/* --- arithmetic ------------------------------------------------------------------------------------------- */

/* Months first (the day cut to the month's end), then days, both on the calendar, then time. */
static bool add_calendar(int64_t ts, struct interval i, struct error *err, int64_t *out)
{
    if (i.months || i.days) {
        struct datetime dt;
        datetime_from_timestamp(ts, &dt);
        int64_t month = (int64_t)dt.year * 12 + dt.month - 1 + i.months;
        int64_t year = month >= 0 ? month / 12 : -((11 - month) / 12);
        if (year < -5000 || year > 300000)
            return out_of_range(err);
        dt.year = (int)year;
        dt.month = (int)(month - year * 12) + 1;
        int last = calendar_month_days(dt.year, dt.month);
        if (dt.day > last)
            dt.day = last;
        int64_t days = calendar_days(dt.year, dt.month, dt.day) + i.days;
        int64_t clock = ts % USECS_PER_DAY;
        if (clock < 0)
            clock += USECS_PER_DAY;
        if (__builtin_mul_overflow(days, USECS_PER_DAY, &ts) ||
            __builtin_add_overflow(ts, clock, &ts) || !timestamp_in_range(ts))
            return out_of_range(err);
    }
    *out = ts;
    return true;
}

bool timestamp_add_interval(int64_t ts, struct interval i, struct error *err, int64_t *out)
{
    *out = ts;
    if (!TIMESTAMP_IS_FINITE(ts))
        return true;
    if (!add_calendar(ts, i, err, &ts))
        return false;
    if (__builtin_add_overflow(ts, i.usecs, out) || !timestamp_in_range(*out))
        return out_of_range(err);
    return true;
}

/* Calendar parts are added in local time, so a day may be 23 or 25 hours long. */
bool timestamptz_add_interval(int64_t ts, struct interval i, const struct timezone_def *tz,
                              struct error *err, int64_t *out)
{
    *out = ts;
    if (!TIMESTAMP_IS_FINITE(ts))
        return true;
    if (i.months || i.days) {
        int64_t local = timestamptz_to_local(ts, tz);
        if (!add_calendar(local, i, err, &local))
            return false;
        if (!timestamp_to_timestamptz(local, tz, &ts))
            return out_of_range(err);
    }
    if (__builtin_add_overflow(ts, i.usecs, out) || !timestamp_in_range(*out))
        return out_of_range(err);
    return true;
}

static void add(struct fcall *f, int ts_arg, bool zoned, bool minus)
{
    int64_t ts, r;
    struct interval i;
    if (!arg_timestamp(f, ts_arg, &ts) || !arg_interval(f, 1 - ts_arg, &i))
        return;
    if (minus)
        i = interval_negate(i, f->err);
    if (error_is_set(f->err))
        return;
    if (zoned && timestamptz_add_interval(ts, i, f->ctx->timezone, f->err, &r))
        return_timestamptz(f, r);
    else if (!zoned && timestamp_add_interval(ts, i, f->err, &r))
        return_timestamp(f, r);
}

static void timestamp_pl_interval(struct fcall *f)
{
    add(f, 0, false, false);
}

static void timestamp_mi_interval(struct fcall *f)
{
    add(f, 0, false, true);
}

static void interval_pl_timestamp(struct fcall *f)
{
    add(f, 1, false, false);
}

static void timestamptz_pl_interval(struct fcall *f)
{
    add(f, 0, true, false);
}

static void timestamptz_mi_interval(struct fcall *f)
{
    add(f, 0, true, true);
}

static void interval_pl_timestamptz(struct fcall *f)
{
    add(f, 1, true, false);
}

/* The difference in days and time. */
static void timestamp_mi(struct fcall *f)
{
    int64_t a, b, d;
    if (!arg_timestamp(f, 0, &a) || !arg_timestamp(f, 1, &b))
        return;
    if (!TIMESTAMP_IS_FINITE(a) || !TIMESTAMP_IS_FINITE(b)) {
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                  "cannot subtract infinite timestamps");
        return;
    }
    /* From one end of the range to the other it wraps round, as PostgreSQL lets it. */
    d = (int64_t)((uint64_t)a - (uint64_t)b);
    return_interval(f, (struct interval){.days = (int32_t)(d / USECS_PER_DAY), .usecs = d % USECS_PER_DAY});
}

/* The symbolic difference in years, months, days: fields subtracted, borrows taken from the month that ends
   the span at its earlier side. */
static void age(struct fcall *f, int64_t a, int64_t b)
{
    struct datetime x, y;
    bool swapped = a < b;
    if (!TIMESTAMP_IS_FINITE(a) || !TIMESTAMP_IS_FINITE(b)) {
        out_of_range(f->err);
        return;
    }
    datetime_from_timestamp(a, &x);
    datetime_from_timestamp(b, &y);
    int64_t usecs = (a - (calendar_days(x.year, x.month, x.day) * USECS_PER_DAY)) -
                    (b - (calendar_days(y.year, y.month, y.day) * USECS_PER_DAY));
    int months = (x.year - y.year) * 12 + x.month - y.month, days = x.day - y.day;
    if (swapped) {
        usecs = -usecs;
        months = -months;
        days = -days;
    }
    if (usecs < 0) {
        usecs += USECS_PER_DAY;
        days--;
    }
    while (days < 0) {
        days += swapped ? calendar_month_days(x.year, x.month) : calendar_month_days(y.year, y.month);
        months--;
    }
    struct interval i = {months, days, usecs};
    return_interval(f, swapped ? interval_negate(i, f->err) : i);
}

static void timestamp_age(struct fcall *f)
{
    int64_t a, b;
    if (arg_timestamp(f, 0, &a) && arg_timestamp(f, 1, &b))
        age(f, a, b);
}

static void timestamptz_age(struct fcall *f)
{
    int64_t a, b;
    if (arg_timestamp(f, 0, &a) && arg_timestamp(f, 1, &b))
        age(f, timestamptz_to_local(a, f->ctx->timezone), timestamptz_to_local(b, f->ctx->timezone));
}

/* age(x): from midnight today. */
static void age_today(struct fcall *f)
{
    int64_t ts, now = timestamptz_to_local(f->ctx->transaction_time, f->ctx->timezone);
    int64_t clock = now % USECS_PER_DAY;
    if (arg_timestamp(f, 0, &ts))
        age(f, now - (clock < 0 ? clock + USECS_PER_DAY : clock), ts);
}

static void age_today_zoned(struct fcall *f)
{
    int64_t ts, now = timestamptz_to_local(f->ctx->transaction_time, f->ctx->timezone);
    int64_t clock = now % USECS_PER_DAY;
    if (arg_timestamp(f, 0, &ts))
        age(f, now - (clock < 0 ? clock + USECS_PER_DAY : clock),
            timestamptz_to_local(ts, f->ctx->timezone));
}

/* --- conversions and construction ---------------------------------------------------------------------------- */

static void timestamp_timestamptz(struct fcall *f)
{
    int64_t ts;
    if (!arg_timestamp(f, 0, &ts))
        return;
    if (timestamp_to_timestamptz(ts, f->ctx->timezone, &ts))
        return_timestamptz(f, ts);
    else
        out_of_range(f->err);
}

static void timestamptz_timestamp(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts))
        return_timestamp(f, timestamptz_to_local(ts, f->ctx->timezone));
}

/* to_timestamp(seconds since 1970). */
static void float8_timestamptz(struct fcall *f)
{
    double seconds = ARG_REAL(f, 0);
    if (isnan(seconds)) {
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "timestamp cannot be NaN");
    } else if (isinf(seconds)) {
        return_timestamptz(f, seconds > 0 ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY);
    } else {
        double usecs = rint((seconds - (double)CALENDAR_UNIX_EPOCH_SHIFT) * 1e6);
        if (!(usecs >= (double)TIMESTAMP_MIN && usecs < (double)TIMESTAMP_END))
            error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "timestamp out of range: \"%g\"",
                      seconds);
        else
            return_timestamptz(f, (int64_t)usecs);
    }
}

static bool make(struct fcall *f, int64_t *ts)
{
    struct datetime dt = {0};
    int64_t year = f->args[0].i, month = f->args[1].i, day = f->args[2].i;
    int64_t h = f->args[3].i, m = f->args[4].i;
    double s = ARG_REAL(f, 5);
    int64_t y = year < 0 ? year + 1 : year;
    if (year == 0 || year < -4714 || month < 1 || month > 12 || day < 1 ||
        day > calendar_month_days((int)y, (int)month))
        return error_set(f->err, ERRCODE_DATETIME_FIELD_OVERFLOW,
                         "date field value out of range: %lld-%02lld-%02lld", (long long)year,
                         (long long)month, (long long)day);
    if (year > 5874898)
        return error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "date out of range: %lld-%02lld-%02lld",
                         (long long)year, (long long)month, (long long)day);
    if (h < 0 || m < 0 || m > 59 || isnan(s) || s < 0 || s > 60 || h > 24 ||
        (h == 24 && (m > 0 || s > 0)))
        return datetime_time_field_error(f->err, h, m, s);
    dt.year = (int)y;
    dt.month = (int)month;
    dt.day = (int)day;
    dt.hour = (int)h;
    dt.minute = (int)m;
    int64_t usecs = double_to_usecs(s);
    dt.second = (int)(usecs / USECS_PER_SEC);
    dt.usec = (int)(usecs % USECS_PER_SEC);
    return datetime_to_timestamp(&dt, ts) || out_of_range(f->err);
}

static void make_timestamp(struct fcall *f)
{
    int64_t ts;
    if (make(f, &ts))
        return_timestamp(f, ts);
}

static void make_timestamptz(struct fcall *f)
{
    int64_t ts;
    const struct timezone_def *tz = f->ctx->timezone;
    const char *abbrev = NULL;
    int32_t fixed = 0;
    if (!make(f, &ts))
        return;
    if (f->nargs > 6) {
        const struct value *zone = &f->args[6];
        tz = NULL;
        bool sign = zone->n && strchr("+-", zone->p[0]);
        bool numeric = sign && strspn(zone->p + 1, "0123456789:") + 1 >= zone->n;
        if (zone->n && strchr("0123456789", zone->p[0])) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                      "invalid input syntax for type numeric time zone: \"%.*s\"", (int)zone->n,
                      zone->p);
            error_hint(f->err, "Numeric time zones must have \"-\" or \"+\" as first character.");
            return;
        }
        if (numeric && !datetime_parse_offset(zone->p, zone->n, &fixed)) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "numeric time zone \"%.*s\" out of range", (int)zone->n,
                      zone->p);
            return;
        }
        if (!numeric && !zone_argument(zone->p, zone->n, f->err, &tz, &fixed, &abbrev))
            return;
        if (tz && abbrev) {
            fixed = timezone_abbrev_at(tz, abbrev, ts / USECS_PER_SEC + CALENDAR_UNIX_EPOCH_SHIFT).offset;
            tz = NULL;
        }
    }
    bool ok = tz ? timestamp_to_timestamptz(ts, tz, &ts)
                 : timestamp_in_range(ts -= fixed * USECS_PER_SEC);
    if (ok)
        return_timestamptz(f, ts);
    else
        out_of_range(f->err);
}

const struct fn_impl timestamp_functions[] = {
    {"timestamp_in", .call = timestamp_in},
    {"timestamp_out", .call = timestamp_out},
    {"timestamp_recv", .call = timestamp_recv},
    {"timestamp_send", .call = timestamp_send},
    {"timestamp_scale", .call = timestamp_scale},
    {"timestamptz_in", .call = timestamptz_in},
    {"timestamptz_out", .call = timestamptz_out},
    {"timestamptz_recv", .call = timestamptz_recv},
    {"timestamptz_send", .call = timestamp_send},
    {"timestamptz_scale", .call = timestamptz_scale},
    {"timestamptypmodin", .call = timestamptypmodin},
    {"timestamptypmodout", .call = timestamptypmodout},
    {"timestamptztypmodin", .call = timestamptztypmodin},
    {"timestamptztypmodout", .call = timestamptztypmodout},
    COMPARE_NATIVE("timestamp_"),
    COMPARE_LARGER("timestamp_larger", "timestamp_smaller"),
    {"timestamp_cmp", .call = compare_cmp},
    {"timestamp_finite", .call = timestamp_finite},
    {"timestamp_pl_interval", .call = timestamp_pl_interval},
    {"timestamp_mi_interval", .call = timestamp_mi_interval},
    {"timestamptz_pl_interval", .call = timestamptz_pl_interval},
    {"timestamptz_mi_interval", .call = timestamptz_mi_interval},
    {"interval_pl_timestamp(interval,timestamp)", .call = interval_pl_timestamp},
    {"interval_pl_timestamptz(interval,timestamptz)", .call = interval_pl_timestamptz},
    {"timestamp_mi", .call = timestamp_mi},
    {"timestamp_age", .call = timestamp_age},
    {"timestamptz_age", .call = timestamptz_age},
    {"age(timestamp)", .call = age_today},
    {"age(timestamptz)", .call = age_today_zoned},
    {"timestamp_timestamptz", .call = timestamp_timestamptz},
    {"timestamptz_timestamp", .call = timestamptz_timestamp},
    {"float8_timestamptz", .call = float8_timestamptz},
    {"make_timestamp", .call = make_timestamp},
    {"make_timestamptz", .call = make_timestamptz},
    {"make_timestamptz_at_timezone", .call = make_timestamptz},
    {NULL}};
