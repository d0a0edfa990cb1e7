/* time.c: time and timetz (time with time zone); see datetime.h for their forms. */
#include <math.h>
#include <stdio.h>

#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/datetime.h"
#include "sql/types/type.h"
#include "sql/types/typmod.h"

int64_t double_to_usecs(double seconds)
{
    return (int64_t)rint(seconds * 1e6);
}

/* Halves away from zero, as PostgreSQL rounds to a typmod. */
int64_t time_round(int64_t usecs, int32_t typmod)
{
    static const int64_t scales[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (typmod < 0 || typmod >= 6)
        return usecs;
    int64_t scale = scales[typmod];
    if (usecs >= 0)
        return (usecs + scale / 2) / scale * scale;
    return -((-usecs + scale / 2) / scale * scale);
}

static int64_t clock_usecs(const struct datetime *dt)
{
    return ((int64_t)dt->hour * 3600 + dt->minute * 60 + dt->second) * USECS_PER_SEC + dt->usec;
}

/* --- time ------------------------------------------------------------------------------------------ */

static void time_in(struct fcall *f)
{
    struct datetime dt;
    bool had_date;
    if (datetime_parse_time(f->args[0].p, f->args[0].n, "time", f->ctx, f->err, &dt, &had_date))
        return_time(f, time_round(clock_usecs(&dt), (int32_t)f->args[2].i));
}

static void time_out(struct fcall *f)
{
    int64_t t;
    if (arg_time(f, 0, &t))
        return_time(f, t);
}

static void time_recv(struct fcall *f)
{
    if (!binary_expect(f, 8))
        return;
    int64_t t = binary_get_i64(f->args[0].p);
    if (t < 0 || t > USECS_PER_DAY)
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "time out of range");
    else
        return_time(f, time_round(t, f->nargs > 2 ? (int32_t)f->args[2].i : -1));
}

static void time_send(struct fcall *f)
{
    int64_t t;
    if (arg_time(f, 0, &t))
        binary_put_i64(binary_return(f, 8), t);
}

static void time_scale(struct fcall *f)
{
    int64_t t;
    if (arg_time(f, 0, &t))
        return_time(f, time_round(t, (int32_t)f->args[1].i));
}

static int64_t wrap(int64_t t)
{
    t %= USECS_PER_DAY;
    return t < 0 ? t + USECS_PER_DAY : t;
}

static void time_interval_sum(struct fcall *f, int time_arg, int sign)
{
    int64_t t;
    struct interval i;
    if (arg_time(f, time_arg, &t) && arg_interval(f, 1 - time_arg, &i))
        return_time(f, wrap(t + sign * (i.usecs % USECS_PER_DAY)));
}

static void time_pl_interval(struct fcall *f)
{
    time_interval_sum(f, 0, 1);
}

static void time_mi_interval(struct fcall *f)
{
    time_interval_sum(f, 0, -1);
}

static void interval_pl_time(struct fcall *f)
{
    time_interval_sum(f, 1, 1);
}

static void time_mi_time(struct fcall *f)
{
    int64_t a, b;
    if (arg_time(f, 0, &a) && arg_time(f, 1, &b))
        return_interval(f, (struct interval){.usecs = a - b});
}

static void time_interval(struct fcall *f)
{
    int64_t t;
    if (arg_time(f, 0, &t))
        return_interval(f, (struct interval){.usecs = t});
}

static void interval_time(struct fcall *f)
{
    struct interval i;
    if (arg_interval(f, 0, &i))
        return_time(f, wrap(i.usecs));
}

static void timestamp_time(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts) && TIMESTAMP_IS_FINITE(ts))
        return_time(f, wrap(ts));
}

static void timestamptz_time(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts) && TIMESTAMP_IS_FINITE(ts))
        return_time(f, wrap(timestamptz_to_local(ts, f->ctx->timezone)));
}

bool datetime_time_field_error(struct error *err, int64_t hour, int64_t minute, double second)
{
    const char *word = isnan(second) ? "NaN" : second > 0 ? "Infinity" : "-Infinity";
    if (isfinite(second))
        return error_set(err, ERRCODE_DATETIME_FIELD_OVERFLOW, "time field value out of range: %lld:%02lld:%02g",
                         (long long)hour, (long long)minute, second);
    return error_set(err, ERRCODE_DATETIME_FIELD_OVERFLOW, "time field value out of range: %lld:%02lld:%s",
                     (long long)hour, (long long)minute, word);
}

static void make_time(struct fcall *f)
{
    int64_t h = f->args[0].i, m = f->args[1].i;
    double s = ARG_REAL(f, 2);
    if (h < 0 || m < 0 || m > 59 || isnan(s) || s < 0 || s > 60 || h > 24 ||
        (h == 24 && (m > 0 || s > 0))) {
        datetime_time_field_error(f->err, h, m, s);
        return;
    }
    return_time(f, (h * 3600 + m * 60) * USECS_PER_SEC + double_to_usecs(s));
}

/* --- timetz ------------------------------------------------------------------------------------------ */

/* The session's offset now: what a time without a zone is taken to have. */
static int32_t session_offset(const struct eval_context *ctx, int64_t ts)
{
    struct datetime dt;
    datetime_from_timestamptz(ts, ctx->timezone, &dt);
    return dt.offset;
}

static void timetz_in(struct fcall *f)
{
    struct datetime dt;
    bool had_date;
    if (!datetime_parse_time(f->args[0].p, f->args[0].n, "time with time zone", f->ctx, f->err, &dt,
                             &had_date))
        return;
    if (!dt.has_zone) {
        int64_t local, ts = f->ctx->transaction_time;
        if (!had_date) { /* today, at that time */
            struct datetime today;
            datetime_from_timestamptz(ts, f->ctx->timezone, &today);
            dt.year = today.year;
            dt.month = today.month;
            dt.day = today.day;
        }
        if (datetime_to_timestamp(&dt, &local))
            timestamp_to_timestamptz(local, f->ctx->timezone, &ts);
        dt.offset = session_offset(f->ctx, ts);
    }
    return_timetz(f, (struct timetz){time_round(clock_usecs(&dt), (int32_t)f->args[2].i), dt.offset});
}

static void timetz_out(struct fcall *f)
{
    struct timetz t;
    if (arg_timetz(f, 0, &t))
        return_timetz(f, t);
}

static void timetz_recv(struct fcall *f)
{
    if (!binary_expect(f, 12))
        return;
    int64_t t = binary_get_i64(f->args[0].p);
    int32_t west = binary_get_i32(f->args[0].p + 8);
    if (t < 0 || t > USECS_PER_DAY)
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "time out of range");
    else if (west <= -16 * 3600 || west >= 16 * 3600)
        error_set(f->err, ERRCODE_INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                  "time zone displacement out of range");
    else
        return_timetz(f, (struct timetz){time_round(t, f->nargs > 2 ? (int32_t)f->args[2].i : -1), -west});
}

static void timetz_send(struct fcall *f)
{
    struct timetz t;
    if (!arg_timetz(f, 0, &t))
        return;
    char *p = binary_return(f, 12);
    binary_put_i64(p, t.usecs);
    binary_put_i32(p + 8, -t.offset);
}

static void timetz_scale(struct fcall *f)
{
    struct timetz t;
    if (!arg_timetz(f, 0, &t))
        return;
    t.usecs = time_round(t.usecs, (int32_t)f->args[1].i);
    return_timetz(f, t);
}

static void timetz_interval_sum(struct fcall *f, int time_arg, int sign)
{
    struct timetz t;
    struct interval i;
    if (!arg_timetz(f, time_arg, &t) || !arg_interval(f, 1 - time_arg, &i))
        return;
    t.usecs = wrap(t.usecs + sign * (i.usecs % USECS_PER_DAY));
    return_timetz(f, t);
}

static void timetz_pl_interval(struct fcall *f)
{
    timetz_interval_sum(f, 0, 1);
}

static void timetz_mi_interval(struct fcall *f)
{
    timetz_interval_sum(f, 0, -1);
}

static void interval_pl_timetz(struct fcall *f)
{
    timetz_interval_sum(f, 1, 1);
}

static void timetz_time(struct fcall *f)
{
    struct timetz t;
    if (arg_timetz(f, 0, &t))
        return_time(f, t.usecs);
}

static void time_timetz(struct fcall *f)
{
    int64_t t;
    if (arg_time(f, 0, &t))
        return_timetz(f, (struct timetz){t, session_offset(f->ctx, f->ctx->transaction_time)});
}

static void timestamptz_timetz(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts) && TIMESTAMP_IS_FINITE(ts))
        return_timetz(f, (struct timetz){wrap(timestamptz_to_local(ts, f->ctx->timezone)),
                                         session_offset(f->ctx, ts)});
}

/* By the instant, then by the zone: equal only when both are. */
static int timetz_order(const struct timetz *a, const struct timetz *b)
{
    int64_t x = a->usecs - a->offset * USECS_PER_SEC, y = b->usecs - b->offset * USECS_PER_SEC;
    if (x != y)
        return x < y ? -1 : 1;
    return (a->offset < b->offset) - (a->offset > b->offset);
}

static int timetz_collate(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct timetz x = {0}, y = {0};
    store_parse_timetz(a, (size_t)na, &x);
    store_parse_timetz(b, (size_t)nb, &y);
    return timetz_order(&x, &y);
}

#define TIMETZ_COMPARE(name, result_expression)                                                    \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct timetz x, y;                                                                        \
        if (!arg_timetz(f, 0, &x) || !arg_timetz(f, 1, &y))                                        \
            return;                                                                                \
        int c = timetz_order(&x, &y);                                                              \
        f->result = result_expression;                                                             \
    }
TIMETZ_COMPARE(timetz_eq, value_bool(c == 0))
TIMETZ_COMPARE(timetz_ne, value_bool(c != 0))
TIMETZ_COMPARE(timetz_lt, value_bool(c < 0))
TIMETZ_COMPARE(timetz_le, value_bool(c <= 0))
TIMETZ_COMPARE(timetz_gt, value_bool(c > 0))
TIMETZ_COMPARE(timetz_ge, value_bool(c >= 0))
TIMETZ_COMPARE(timetz_cmp, value_int(c))
TIMETZ_COMPARE(timetz_larger, c > 0 ? f->args[0] : f->args[1])
TIMETZ_COMPARE(timetz_smaller, c < 0 ? f->args[0] : f->args[1])

/* --- type modifiers ------------------------------------------------------------------------------------ */

static void timetypmodin(struct fcall *f)
{
    typmod_precision_in(f, "TIME", "");
}

static void timetztypmodin(struct fcall *f)
{
    typmod_precision_in(f, "TIME", " WITH TIME ZONE");
}

static void timetypmodout(struct fcall *f)
{
    typmod_precision_out(f, " without time zone");
}

static void timetztypmodout(struct fcall *f)
{
    typmod_precision_out(f, " with time zone");
}

const struct fn_impl time_functions[] = {
    {"time_in", .call = time_in},
    {"time_out", .call = time_out},
    {"time_recv", .call = time_recv},
    {"time_send", .call = time_send},
    {"time_scale", .call = time_scale},
    COMPARE_NATIVE("time_"),
    COMPARE_LARGER("time_larger", "time_smaller"),
    {"time_cmp", .call = compare_cmp},
    {"time_pl_interval", .call = time_pl_interval},
    {"time_mi_interval", .call = time_mi_interval},
    {"interval_pl_time(interval,time)", .call = interval_pl_time},
    {"time_mi_time", .call = time_mi_time},
    {"time_interval", .call = time_interval},
    {"interval_time", .call = interval_time},
    {"timestamp_time", .call = timestamp_time},
    {"timestamptz_time", .call = timestamptz_time},
    {"make_time", .call = make_time},
    {"timetz_in", .call = timetz_in},
    {"timetz_out", .call = timetz_out},
    {"timetz_recv", .call = timetz_recv},
    {"timetz_send", .call = timetz_send},
    {"timetz_scale", .call = timetz_scale},
    {"timetz_eq", .call = timetz_eq, .native = "($1 = $2)"},
    {"timetz_ne", .call = timetz_ne, .native = "($1 <> $2)"},
    {"timetz_lt", .call = timetz_lt, .native = "($1 < $2)"},
    {"timetz_le", .call = timetz_le, .native = "($1 <= $2)"},
    {"timetz_gt", .call = timetz_gt, .native = "($1 > $2)"},
    {"timetz_ge", .call = timetz_ge, .native = "($1 >= $2)"},
    {"timetz_cmp", .call = timetz_cmp},
    {"timetz_larger", .call = timetz_larger},
    {"timetz_smaller", .call = timetz_smaller},
    {"timetz_pl_interval", .call = timetz_pl_interval},
    {"timetz_mi_interval", .call = timetz_mi_interval},
    {"interval_pl_timetz(interval,timetz)", .call = interval_pl_timetz},
    {"timetz_time", .call = timetz_time},
    {"time_timetz", .call = time_timetz},
    {"timestamptz_timetz", .call = timestamptz_timetz},
    {"timetypmodin", .call = timetypmodin},
    {"timetypmodout", .call = timetypmodout},
    {"timetztypmodin", .call = timetztypmodin},
    {"timetztypmodout", .call = timetztypmodout},
    {NULL}};

const struct collation_def time_collations[] = {{"timetz", timetz_collate}, {NULL, NULL}};
