/* date.c: the type date; see datetime.h for its forms. */
#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/datetime.h"

static void out_of_range(struct fcall *f, const char *what)
{
    error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "%s out of range", what);
}

static bool in_range(int64_t d)
{
    return d >= DATE_MIN && d < DATE_END;
}

static void date_in(struct fcall *f)
{
    struct datetime dt;
    enum datetime_special special;
    const char *p = f->args[0].p;
    size_t n = f->args[0].n;
    if (!datetime_parse(p, n, "date", f->ctx, f->err, &dt, &special))
        return;
    int64_t d = special == DATETIME_EPOCH  ? calendar_days(1970, 1, 1)
                : special == DATETIME_LATE ? DATE_INFINITY
                : special                  ? DATE_MINUS_INFINITY
                                           : calendar_days(dt.year, dt.month, dt.day);
    if (!special && !in_range(d))
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "date out of range: \"%.*s\"",
                  (int)n, p);
    else
        return_date(f, (int32_t)d);
}

static void date_out(struct fcall *f)
{
    int32_t d;
    char buf[DATETIME_TEXT];
    if (arg_date(f, 0, &d))
        fcall_return_text(f, buf, (size_t)date_print(d, f->ctx, buf));
}

static void date_recv(struct fcall *f)
{
    if (!binary_expect(f, 4))
        return;
    int32_t d = binary_get_i32(f->args[0].p);
    if (DATE_IS_FINITE(d) && !in_range(d))
        out_of_range(f, "date");
    else
        return_date(f, d);
}

static void date_send(struct fcall *f)
{
    int32_t d;
    if (arg_date(f, 0, &d))
        binary_put_i32(binary_return(f, 4), d);
}

static void date_finite(struct fcall *f)
{
    int32_t d;
    if (arg_date(f, 0, &d))
        f->result = value_bool(DATE_IS_FINITE(d));
}

/* --- arithmetic ------------------------------------------------------------------------------- */

static void date_mi(struct fcall *f)
{
    int32_t a, b;
    if (!arg_date(f, 0, &a) || !arg_date(f, 1, &b))
        return;
    if (!DATE_IS_FINITE(a) || !DATE_IS_FINITE(b))
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "cannot subtract infinite dates");
    else
        f->result = value_int((int64_t)a - b);
}

static void date_add(struct fcall *f, int date_arg, int64_t days)
{
    int32_t d;
    if (!arg_date(f, date_arg, &d))
        return;
    if (!DATE_IS_FINITE(d))
        f->result = f->args[date_arg];
    else if (!in_range(d + days))
        out_of_range(f, "date");
    else
        return_date(f, (int32_t)(d + days));
}

static void date_pli(struct fcall *f)
{
    date_add(f, 0, f->args[1].i);
}

static void date_mii(struct fcall *f)
{
    date_add(f, 0, -f->args[1].i);
}

static void integer_pl_date(struct fcall *f)
{
    date_add(f, 1, f->args[0].i);
}

static bool to_timestamp(struct fcall *f, int32_t d, int64_t *ts)
{
    if (!DATE_IS_FINITE(d)) {
        *ts = d > 0 ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY;
        return true;
    }
    *ts = 0;
    if (__builtin_mul_overflow((int64_t)d, USECS_PER_DAY, ts) || !timestamp_in_range(*ts))
        out_of_range(f, "date");
    if (error_is_set(f->err))
        f->err->message = "date out of range for timestamp";
    return !error_is_set(f->err);
}

static bool arg_date_timestamp(struct fcall *f, int i, int64_t *ts)
{
    int32_t d;
    return arg_date(f, i, &d) && to_timestamp(f, d, ts);
}

static void date_interval(struct fcall *f, int date_arg, int interval_arg, bool minus)
{
    int64_t ts, r;
    struct interval i;
    if (!arg_date_timestamp(f, date_arg, &ts) || !arg_interval(f, interval_arg, &i))
        return;
    if (minus)
        i = interval_negate(i, f->err);
    if (!error_is_set(f->err) && timestamp_add_interval(ts, i, f->err, &r))
        return_timestamp(f, r);
}

static void date_pl_interval(struct fcall *f)
{
    date_interval(f, 0, 1, false);
}

static void date_mi_interval(struct fcall *f)
{
    date_interval(f, 0, 1, true);
}

static void interval_pl_date(struct fcall *f)
{
    date_interval(f, 1, 0, false);
}

/* --- conversions ------------------------------------------------------------------------------ */

static void date_timestamp(struct fcall *f)
{
    int64_t ts;
    if (arg_date_timestamp(f, 0, &ts))
        return_timestamp(f, ts);
}

static void return_local(struct fcall *f, int64_t local)
{
    int64_t ts;
    if (timestamp_to_timestamptz(local, f->ctx->timezone, &ts))
        return_timestamptz(f, ts);
    else
        out_of_range(f, "timestamp");
}

static void date_timestamptz(struct fcall *f)
{
    int64_t ts, instant;
    if (!arg_date_timestamp(f, 0, &ts))
        return;
    if (timestamp_to_timestamptz(ts, f->ctx->timezone, &instant))
        return_timestamptz(f, instant);
    else
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "date out of range for timestamp");
}

static void date_time(struct fcall *f, int date_arg, bool zoned)
{
    int64_t ts, t;
    if (!arg_date_timestamp(f, date_arg, &ts) || !arg_time(f, 1 - date_arg, &t))
        return;
    if (TIMESTAMP_IS_FINITE(ts) && !timestamp_in_range(ts += t))
        out_of_range(f, "timestamp");
    else if (zoned)
        return_local(f, ts);
    else
        return_timestamp(f, ts);
}

static void datetime_timestamp(struct fcall *f)
{
    date_time(f, 0, false);
}

static void timedate_pl(struct fcall *f)
{
    date_time(f, 1, false);
}

static void timestamptz_date_time(struct fcall *f)
{
    date_time(f, 0, true);
}

static void date_timetz(struct fcall *f, int date_arg)
{
    int64_t ts;
    struct timetz t;
    if (!arg_date_timestamp(f, date_arg, &ts) || !arg_timetz(f, 1 - date_arg, &t))
        return;
    if (TIMESTAMP_IS_FINITE(ts) &&
        !timestamp_in_range(ts += t.usecs - t.offset * USECS_PER_SEC))
        out_of_range(f, "timestamp");
    else
        return_timestamptz(f, ts);
}

static void datetimetz_timestamptz(struct fcall *f)
{
    date_timetz(f, 0);
}

static void timetzdate_pl(struct fcall *f)
{
    date_timetz(f, 1);
}

static void timestamp_date(struct fcall *f)
{
    int64_t ts;
    if (!arg_timestamp(f, 0, &ts))
        return;
    if (!TIMESTAMP_IS_FINITE(ts))
        return_date(f, ts > 0 ? DATE_INFINITY : DATE_MINUS_INFINITY);
    else
        return_date(f, (int32_t)(ts / USECS_PER_DAY - (ts % USECS_PER_DAY < 0)));
}

static void timestamptz_date(struct fcall *f)
{
    int64_t ts;
    if (!arg_timestamp(f, 0, &ts))
        return;
    ts = timestamptz_to_local(ts, f->ctx->timezone);
    if (!TIMESTAMP_IS_FINITE(ts))
        return_date(f, ts > 0 ? DATE_INFINITY : DATE_MINUS_INFINITY);
    else
        return_date(f, (int32_t)(ts / USECS_PER_DAY - (ts % USECS_PER_DAY < 0)));
}

/* --- comparison across types --------------------------------------------------------------------- */

/* A date beyond all timestamps still compares: above them, below infinity. */
#define DATE_BEYOND_TIMESTAMPS (TIMESTAMP_INFINITY - 1)

static bool date_as_timestamp(struct fcall *f, int i, int64_t *ts)
{
    int32_t d;
    if (!arg_date(f, i, &d))
        return false;
    if (!DATE_IS_FINITE(d))
        *ts = d > 0 ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY;
    else if (__builtin_mul_overflow((int64_t)d, USECS_PER_DAY, ts) || *ts >= TIMESTAMP_END)
        *ts = DATE_BEYOND_TIMESTAMPS;
    return true;
}

static bool local_as_instant(struct fcall *f, int64_t *ts)
{
    int64_t local = *ts;
    if (local != DATE_BEYOND_TIMESTAMPS)
        timestamp_to_timestamptz(local, f->ctx->timezone, ts);
    return true;
}

static bool date_as_instant(struct fcall *f, int i, int64_t *ts)
{
    return date_as_timestamp(f, i, ts) && local_as_instant(f, ts);
}

static bool timestamp_as_instant(struct fcall *f, int i, int64_t *ts)
{
    return arg_timestamp(f, i, ts) && local_as_instant(f, ts);
}

#define ONE(name, left, right, result_expression)                                                  \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        int64_t a, b;                                                                              \
        if (left(f, 0, &a) && right(f, 1, &b))                                                     \
            f->result = result_expression;                                                         \
    }
#define ACROSS(l, r, left, right)                                                                  \
    ONE(l##_eq_##r, left, right, value_bool(a == b))                                               \
    ONE(l##_ne_##r, left, right, value_bool(a != b))                                               \
    ONE(l##_lt_##r, left, right, value_bool(a < b))                                                \
    ONE(l##_le_##r, left, right, value_bool(a <= b))                                               \
    ONE(l##_gt_##r, left, right, value_bool(a > b))                                                \
    ONE(l##_ge_##r, left, right, value_bool(a >= b))                                               \
    ONE(l##_cmp_##r, left, right, value_int((a > b) - (a < b)))
ACROSS(date, timestamp, date_as_timestamp, arg_timestamp)
ACROSS(timestamp, date, arg_timestamp, date_as_timestamp)
ACROSS(date, timestamptz, date_as_instant, arg_timestamp)
ACROSS(timestamptz, date, arg_timestamp, date_as_instant)
ACROSS(timestamp, timestamptz, timestamp_as_instant, arg_timestamp)
ACROSS(timestamptz, timestamp, arg_timestamp, timestamp_as_instant)

/*
 * What the right side is turned into, so that the left one, a column often, is compared as it is stored and an index on it
 * serves. A date is the beginning of the timestamps of its day: midnight loses its time, other moments sort between two dates.
 */
#define RIGHT_OF_DATE      "replace($2, ' 00:00:00', '')"
#define RIGHT_OF_TIMESTAMP "replace($2 || ' 00:00:00', 'y 00:00:00', 'y')" /* not behind 'infinity' */
#define RIGHT_OF_INSTANT(type) "\"timestamptz_bound(" type ")\"($2)"

/* A local moment as the stored timestamptz that it compares like. */
static void return_bound(struct fcall *f, int64_t ts)
{
    if (ts == DATE_BEYOND_TIMESTAMPS)
        f->result = value_textz("Z"); /* between 'Y...' and 'infinity' */
    else
        return_timestamptz(f, ts);
}

static void bound_of_date(struct fcall *f)
{
    int64_t ts;
    if (!ARG_NULL(f, 0) && date_as_instant(f, 0, &ts))
        return_bound(f, ts);
}

static void bound_of_timestamp(struct fcall *f)
{
    int64_t ts;
    if (!ARG_NULL(f, 0) && timestamp_as_instant(f, 0, &ts))
        return_bound(f, ts);
}

#define ACROSS_NATIVE(l, r, right)                                                                 \
    {#l "_eq_" #r, .call = l##_eq_##r, .native = "($1 = " right ")"},                              \
        {#l "_ne_" #r, .call = l##_ne_##r, .native = "($1 <> " right ")"},                         \
        {#l "_lt_" #r, .call = l##_lt_##r, .native = "($1 < " right ")"},                          \
        {#l "_le_" #r, .call = l##_le_##r, .native = "($1 <= " right ")"},                         \
        {#l "_gt_" #r, .call = l##_gt_##r, .native = "($1 > " right ")"},                          \
        {#l "_ge_" #r, .call = l##_ge_##r, .native = "($1 >= " right ")"},                         \
        {#l "_cmp_" #r, .call = l##_cmp_##r}
/* Local time does not grow with the instants it names: no bound of one for the other. */
#define ACROSS_CALLED(l, r)                                                                        \
    {#l "_eq_" #r, .call = l##_eq_##r}, {#l "_ne_" #r, .call = l##_ne_##r},                        \
        {#l "_lt_" #r, .call = l##_lt_##r}, {#l "_le_" #r, .call = l##_le_##r},                    \
        {#l "_gt_" #r, .call = l##_gt_##r}, {#l "_ge_" #r, .call = l##_ge_##r},                    \
        {#l "_cmp_" #r, .call = l##_cmp_##r}

/* --- construction ---------------------------------------------------------------------------------- */

/* A negative year is BC. */
static void make_date(struct fcall *f)
{
    int64_t year = f->args[0].i, month = f->args[1].i, day = f->args[2].i;
    int64_t y = year < 0 && year > INT32_MIN ? year + 1 : year;
    if (year == 0 || year < -4714 || month < 1 || month > 12 || day < 1 ||
        day > calendar_month_days((int)y, (int)month)) {
        error_set(f->err, ERRCODE_DATETIME_FIELD_OVERFLOW,
                  "date field value out of range: %lld-%02lld-%02lld", (long long)y,
                  (long long)month, (long long)day);
        return;
    }
    int64_t d = year > 5874898 ? INT64_MAX : calendar_days((int)y, (int)month, (int)day);
    if (in_range(d))
        return_date(f, (int32_t)d);
    else
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                  "date out of range: %lld-%02lld-%02lld", (long long)year, (long long)month,
                  (long long)day);
}

const struct fn_impl date_functions[] = {
    {"date_in", .call = date_in},
    {"date_out", .call = date_out},
    {"date_recv", .call = date_recv},
    {"date_send", .call = date_send},
    COMPARE_NATIVE("date_"),
    COMPARE_LARGER("date_larger", "date_smaller"),
    {"date_cmp", .call = compare_cmp},
    {"date_finite", .call = date_finite},
    {"date_mi", .call = date_mi},
    {"date_pli", .call = date_pli},
    {"date_mii", .call = date_mii},
    {"integer_pl_date(int4,date)", .call = integer_pl_date},
    {"date_pl_interval", .call = date_pl_interval},
    {"date_mi_interval", .call = date_mi_interval},
    {"interval_pl_date(interval,date)", .call = interval_pl_date},
    {"date_timestamp", .call = date_timestamp},
    {"date_timestamptz", .call = date_timestamptz},
    {"datetime_timestamp", .call = datetime_timestamp},
    {"timedate_pl(time,date)", .call = timedate_pl},
    {"timestamptz(date,time)", .call = timestamptz_date_time},
    {"datetimetz_timestamptz", .call = datetimetz_timestamptz},
    {"timetzdate_pl(timetz,date)", .call = timetzdate_pl},
    {"timestamp_date", .call = timestamp_date},
    {"timestamptz_date", .call = timestamptz_date},
    ACROSS_NATIVE(date, timestamp, RIGHT_OF_DATE),
    ACROSS_NATIVE(timestamp, date, RIGHT_OF_TIMESTAMP),
    ACROSS_CALLED(date, timestamptz),
    ACROSS_NATIVE(timestamptz, date, RIGHT_OF_INSTANT("date")),
    ACROSS_CALLED(timestamp, timestamptz),
    ACROSS_NATIVE(timestamptz, timestamp, RIGHT_OF_INSTANT("timestamp")),
    {"timestamptz_bound(date)", .call = bound_of_date},
    {"timestamptz_bound(timestamp)", .call = bound_of_timestamp},
    {"make_date", .call = make_date},
    {NULL}};
