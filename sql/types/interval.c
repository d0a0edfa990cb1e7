/* interval.c: the type interval: months, days and microseconds kept apart. Arithmetic, comparison, conversions. */
#include <math.h>
#include <stdio.h>

#include "sql/types/binary.h"
#include "sql/types/datetime.h"
#include "sql/types/interval_typmod.h"
#include "sql/types/type.h"
#include "sql/types/typmod.h"

static void out_of_range(struct error *err)
{
    error_set(err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "interval out of range");
}

/* --- input and output ---------------------------------------------------------------------------------- */

static void interval_in(struct fcall *f)
{
    struct interval i;
    if (interval_parse(f->args[0].p, f->args[0].n, (int32_t)f->args[2].i, f->ctx, f->err, &i))
        return_interval(f, i);
}

static void interval_out(struct fcall *f)
{
    struct interval i;
    char buf[DATETIME_TEXT];
    if (arg_interval(f, 0, &i))
        fcall_return_text(f, buf, (size_t)interval_print(i, f->ctx->intervalstyle, buf));
}

static void interval_recv(struct fcall *f)
{
    if (!binary_expect(f, 16))
        return;
    struct interval i = {.usecs = binary_get_i64(f->args[0].p),
                         .days = binary_get_i32(f->args[0].p + 8),
                         .months = binary_get_i32(f->args[0].p + 12)};
    interval_apply_typmod(&i, f->nargs > 2 ? (int32_t)f->args[2].i : -1, f->err);
    return_interval(f, i);
}

static void interval_send(struct fcall *f)
{
    struct interval i;
    if (!arg_interval(f, 0, &i))
        return;
    char *p = binary_return(f, 16);
    binary_put_i64(p, i.usecs);
    binary_put_i32(p + 8, i.days);
    binary_put_i32(p + 12, i.months);
}

/* --- type modifier ------------------------------------------------------------------------------------------ */

/* Fields below the last one of the type are cut off, seconds rounded. */
/* The fields that a type may be restricted to. */
static bool is_range(int range)
{
    static const int ranges[] = {INTERVAL_FULL_RANGE,
                                 INTERVAL_YEAR,
                                 INTERVAL_MONTH,
                                 INTERVAL_YEAR | INTERVAL_MONTH,
                                 INTERVAL_DAY,
                                 INTERVAL_HOUR,
                                 INTERVAL_MINUTE,
                                 INTERVAL_SECOND,
                                 INTERVAL_DAY | INTERVAL_HOUR,
                                 INTERVAL_DAY | INTERVAL_HOUR | INTERVAL_MINUTE,
                                 INTERVAL_DAY | INTERVAL_HOUR | INTERVAL_MINUTE | INTERVAL_SECOND,
                                 INTERVAL_HOUR | INTERVAL_MINUTE,
                                 INTERVAL_HOUR | INTERVAL_MINUTE | INTERVAL_SECOND,
                                 INTERVAL_MINUTE | INTERVAL_SECOND};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (ranges[i] == range)
            return true;
    return false;
}

void interval_apply_typmod(struct interval *i, int32_t typmod, struct error *err)
{
    if (typmod < 0)
        return;
    int range = INTERVAL_RANGE(typmod), precision = INTERVAL_PRECISION(typmod);
    if (!is_range(range)) {
        error_set(err, ERRCODE_INTERNAL_ERROR, "unrecognized interval typmod: %d", typmod);
        return;
    }
    if (range != INTERVAL_FULL_RANGE && !(range & INTERVAL_SECOND)) {
        if (range & INTERVAL_MINUTE) {
            i->usecs = i->usecs / USECS_PER_MIN * USECS_PER_MIN;
        } else if (range & INTERVAL_HOUR) {
            i->usecs = i->usecs / USECS_PER_HOUR * USECS_PER_HOUR;
        } else if (range & INTERVAL_DAY) {
            i->usecs = 0;
        } else {
            i->usecs = 0;
            i->days = 0;
            if (range == INTERVAL_YEAR)
                i->months = i->months / 12 * 12;
        }
    }
    if (precision != INTERVAL_FULL_PRECISION) {
        if (precision > 6)
            error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                      "interval(%d) precision must be between %d and %d", precision, 0, 6);
        i->usecs = time_round(i->usecs, precision);
    }
}

static void interval_scale(struct fcall *f)
{
    struct interval i;
    if (!arg_interval(f, 0, &i))
        return;
    interval_apply_typmod(&i, (int32_t)f->args[1].i, f->err);
    return_interval(f, i);
}

static const struct {
    int range;
    const char *name;
} ranges[] = {
    {INTERVAL_YEAR, " year"},
    {INTERVAL_MONTH, " month"},
    {INTERVAL_DAY, " day"},
    {INTERVAL_HOUR, " hour"},
    {INTERVAL_MINUTE, " minute"},
    {INTERVAL_SECOND, " second"},
    {INTERVAL_YEAR | INTERVAL_MONTH, " year to month"},
    {INTERVAL_DAY | INTERVAL_HOUR, " day to hour"},
    {INTERVAL_DAY | INTERVAL_HOUR | INTERVAL_MINUTE, " day to minute"},
    {INTERVAL_DAY | INTERVAL_HOUR | INTERVAL_MINUTE | INTERVAL_SECOND, " day to second"},
    {INTERVAL_HOUR | INTERVAL_MINUTE, " hour to minute"},
    {INTERVAL_HOUR | INTERVAL_MINUTE | INTERVAL_SECOND, " hour to second"},
    {INTERVAL_MINUTE | INTERVAL_SECOND, " minute to second"},
    {INTERVAL_FULL_RANGE, ""},
};

static const char *range_name(int range)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (ranges[i].range == range)
            return ranges[i].name;
    return NULL;
}

static void intervaltypmodin(struct fcall *f)
{
    int32_t part[2];
    int n = typmod_list(f, part, 2);
    if (n < 0)
        return;
    if (n == 0 || n > 2 || !range_name(part[0])) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid INTERVAL type modifier");
        return;
    }
    if (n == 1) {
        f->result = value_int(part[0] == INTERVAL_FULL_RANGE
                                  ? -1
                                  : INTERVAL_TYPMOD(INTERVAL_FULL_PRECISION, part[0]));
        return;
    }
    int32_t precision = typmod_precision(f, part[1], "INTERVAL", "");
    if (!error_is_set(f->err))
        f->result = value_int(INTERVAL_TYPMOD(precision, part[0]));
}

static void intervaltypmodout(struct fcall *f)
{
    int32_t typmod = (int32_t)f->args[0].i;
    if (typmod < 0) {
        fcall_return_textz(f, "");
        return;
    }
    const char *name = range_name(INTERVAL_RANGE(typmod));
    if (INTERVAL_PRECISION(typmod) == INTERVAL_FULL_PRECISION)
        fcall_return_textz(f, name ? name : "");
    else
        fcall_return_textz(f, arena_printf(f->arena, "%s(%d)", name ? name : "",
                                           INTERVAL_PRECISION(typmod)));
}

/* --- comparison ------------------------------------------------------------------------------------------------ */

__int128 interval_span(struct interval i)
{
    return (__int128)i.usecs + ((__int128)i.months * 30 + i.days) * USECS_PER_DAY;
}

static int interval_collate(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct interval x = {0}, y = {0};
    store_parse_interval(a, (size_t)na, &x);
    store_parse_interval(b, (size_t)nb, &y);
    __int128 s = interval_span(x), t = interval_span(y);
    return (s > t) - (s < t);
}

#define INTERVAL_COMPARE(name, result_expression)                                                  \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct interval x, y;                                                                      \
        if (!arg_interval(f, 0, &x) || !arg_interval(f, 1, &y))                                    \
            return;                                                                                \
        __int128 a = interval_span(x), b = interval_span(y);                                       \
        f->result = result_expression;                                                             \
    }
INTERVAL_COMPARE(interval_eq, value_bool(a == b))
INTERVAL_COMPARE(interval_ne, value_bool(a != b))
INTERVAL_COMPARE(interval_lt, value_bool(a < b))
INTERVAL_COMPARE(interval_le, value_bool(a <= b))
INTERVAL_COMPARE(interval_gt, value_bool(a > b))
INTERVAL_COMPARE(interval_ge, value_bool(a >= b))
INTERVAL_COMPARE(interval_cmp, value_int((a > b) - (a < b)))
INTERVAL_COMPARE(interval_larger, a > b ? f->args[0] : f->args[1])
INTERVAL_COMPARE(interval_smaller, a < b ? f->args[0] : f->args[1])

/* --- arithmetic -------------------------------------------------------------------------------------------------- */

struct interval interval_negate(struct interval i, struct error *err)
{
    if (i.months == INT32_MIN || i.days == INT32_MIN || i.usecs == INT64_MIN) {
        out_of_range(err);
        return i;
    }
    return (struct interval){-i.months, -i.days, -i.usecs};
}

static void interval_um(struct fcall *f)
{
    struct interval i;
    if (arg_interval(f, 0, &i))
        return_interval(f, interval_negate(i, f->err));
}

static void interval_pl(struct fcall *f)
{
    struct interval a, b, r;
    if (!arg_interval(f, 0, &a) || !arg_interval(f, 1, &b))
        return;
    if (__builtin_add_overflow(a.months, b.months, &r.months) ||
        __builtin_add_overflow(a.days, b.days, &r.days) ||
        __builtin_add_overflow(a.usecs, b.usecs, &r.usecs))
        out_of_range(f->err);
    else
        return_interval(f, r);
}

static void interval_mi(struct fcall *f)
{
    struct interval a, b, r;
    if (!arg_interval(f, 0, &a) || !arg_interval(f, 1, &b))
        return;
    if (__builtin_sub_overflow(a.months, b.months, &r.months) ||
        __builtin_sub_overflow(a.days, b.days, &r.days) ||
        __builtin_sub_overflow(a.usecs, b.usecs, &r.usecs))
        out_of_range(f->err);
    else
        return_interval(f, r);
}

static double round_micro(double x)
{
    return rint(x * 1e6) / 1e6;
}

static bool fits_int32(double d)
{
    return !isnan(d) && d >= -2147483648.0 && d < 2147483648.0;
}

/* Whole months and days of the product stay; fractions move down: months to days, days to time. */
static void scale(struct fcall *f, struct interval i, double months, double days, double usecs)
{
    if (!fits_int32(months) || !fits_int32(days)) {
        out_of_range(f->err);
        return;
    }
    i.months = (int32_t)months;
    i.days = (int32_t)days;
    double rest_days = round_micro((months - i.months) * 30);
    double rest_seconds = round_micro((days - i.days + rest_days - (int)rest_days) * 86400);
    if (fabs(rest_seconds) >= 86400) {
        int whole = (int)(rest_seconds / 86400);
        if (__builtin_add_overflow(i.days, whole, &i.days)) {
            out_of_range(f->err);
            return;
        }
        rest_seconds -= whole * 86400.0;
    }
    double total = rint(usecs + rest_seconds * 1e6);
    if (__builtin_add_overflow(i.days, (int)rest_days, &i.days) || isnan(total) ||
        total < -9223372036854775808.0 || total >= 9223372036854775808.0) {
        out_of_range(f->err);
        return;
    }
    i.usecs = (int64_t)total;
    return_interval(f, i);
}

static void multiply(struct fcall *f, int interval_arg)
{
    struct interval i;
    if (arg_interval(f, interval_arg, &i)) {
        double by = ARG_REAL(f, 1 - interval_arg);
        scale(f, i, i.months * by, i.days * by, (double)i.usecs * by);
    }
}

static void interval_mul(struct fcall *f)
{
    multiply(f, 0);
}

static void mul_d_interval(struct fcall *f)
{
    multiply(f, 1);
}

static void interval_div(struct fcall *f)
{
    struct interval i;
    double by = ARG_REAL(f, 1);
    if (!arg_interval(f, 0, &i))
        return;
    if (by == 0)
        error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
    else
        scale(f, i, i.months / by, i.days / by, (double)i.usecs / by);
}

/* --- justification ------------------------------------------------------------------------------------------------ */

/* Makes time have the sign of days. */
static void align_time(struct interval *i)
{
    if (i->days > 0 && i->usecs < 0) {
        i->usecs += USECS_PER_DAY;
        i->days--;
    } else if (i->days < 0 && i->usecs > 0) {
        i->usecs -= USECS_PER_DAY;
        i->days++;
    }
}

static bool carry_hours(struct interval *i)
{
    int64_t whole = i->usecs / USECS_PER_DAY;
    i->usecs -= whole * USECS_PER_DAY;
    return !__builtin_add_overflow(i->days, whole, &i->days);
}

static bool carry_days(struct interval *i)
{
    int32_t whole = i->days / 30;
    i->days -= whole * 30;
    return !__builtin_add_overflow(i->months, whole, &i->months);
}

static void interval_justify_hours(struct fcall *f)
{
    struct interval i;
    if (!arg_interval(f, 0, &i))
        return;
    if (!carry_hours(&i)) {
        out_of_range(f->err);
        return;
    }
    align_time(&i);
    return_interval(f, i);
}

static void interval_justify_days(struct fcall *f)
{
    struct interval i;
    if (!arg_interval(f, 0, &i))
        return;
    if (!carry_days(&i)) {
        out_of_range(f->err);
        return;
    }
    if (i.months > 0 && i.days < 0) {
        i.days += 30;
        i.months--;
    } else if (i.months < 0 && i.days > 0) {
        i.days -= 30;
        i.months++;
    }
    return_interval(f, i);
}

static void interval_justify_interval(struct fcall *f)
{
    struct interval i;
    if (!arg_interval(f, 0, &i))
        return;
    if ((i.days > 0 && i.usecs > 0) || (i.days < 0 && i.usecs < 0))
        if (!carry_days(&i)) {
            out_of_range(f->err);
            return;
        }
    if (!carry_hours(&i) || !carry_days(&i)) {
        out_of_range(f->err);
        return;
    }
    if (i.months > 0 && (i.days < 0 || (i.days == 0 && i.usecs < 0))) {
        i.days += 30;
        i.months--;
    } else if (i.months < 0 && (i.days > 0 || (i.days == 0 && i.usecs > 0))) {
        i.days -= 30;
        i.months++;
    }
    align_time(&i);
    return_interval(f, i);
}

static void interval_finite(struct fcall *f)
{
    f->result = value_bool(true);
}

static void make_interval(struct fcall *f)
{
    struct interval i;
    double secs = ARG_REAL(f, 6);
    bool bad = isnan(secs) || isinf(secs) || fabs(secs) > 9e12;
    if (!bad) { /* PostgreSQL 15 lets months and days wrap around */
        i.months = (int32_t)(f->args[0].i * 12 + f->args[1].i);
        i.days = (int32_t)(f->args[2].i * 7 + f->args[3].i);
        bad = __builtin_add_overflow(f->args[4].i * USECS_PER_HOUR + f->args[5].i * USECS_PER_MIN,
                                     (int64_t)rint(secs * 1e6), &i.usecs);
    }
    if (bad)
        out_of_range(f->err);
    else
        return_interval(f, i);
}

const struct fn_impl interval_functions[] = {
    {"interval_in", .call = interval_in},
    {"interval_out", .call = interval_out},
    {"interval_recv", .call = interval_recv},
    {"interval_send", .call = interval_send},
    {"interval_scale", .call = interval_scale},
    {"intervaltypmodin", .call = intervaltypmodin},
    {"intervaltypmodout", .call = intervaltypmodout},
    {"interval_eq", .call = interval_eq, .native = "($1 = $2)"},
    {"interval_ne", .call = interval_ne, .native = "($1 <> $2)"},
    {"interval_lt", .call = interval_lt, .native = "($1 < $2)"},
    {"interval_le", .call = interval_le, .native = "($1 <= $2)"},
    {"interval_gt", .call = interval_gt, .native = "($1 > $2)"},
    {"interval_ge", .call = interval_ge, .native = "($1 >= $2)"},
    {"interval_cmp", .call = interval_cmp},
    {"interval_larger", .call = interval_larger},
    {"interval_smaller", .call = interval_smaller},
    {"interval_um", .call = interval_um},
    {"interval_pl", .call = interval_pl},
    {"interval_mi", .call = interval_mi},
    {"interval_mul", .call = interval_mul},
    {"mul_d_interval", .call = mul_d_interval},
    {"interval_div", .call = interval_div},
    {"interval_justify_hours", .call = interval_justify_hours},
    {"interval_justify_days", .call = interval_justify_days},
    {"interval_justify_interval", .call = interval_justify_interval},
    {"interval_finite", .call = interval_finite},
    {"make_interval", .call = make_interval},
    {NULL}};

const struct collation_def interval_collations[] = {{"interval", interval_collate}, {NULL, NULL}};
