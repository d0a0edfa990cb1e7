/*
 * range_frame.c: sort keys of RANGE window frames with an offset. SQLite adds and compares numbers only, so the printer
 * orders by a whole number that keeps the type's order and turns the offset, a constant, into the same unit itself:
 *
 *   range_key_date, range_key_timestamp, range_key_time, range_key_interval   microseconds
 *   range_key_numeric                                                         billionths
 *   range_offset_interval, range_offset_tz, range_offset_numeric              the offset likewise
 *
 * What such a number cannot say (months, days of a time zone, more digits) answers 0A000.
 */
#include "sql/types/datetime.h"
#include "sql/types/num_small.h"

#define BILLION_DIGITS 9

static void range_key_date(struct fcall *f)
{
    int32_t d;
    if (ARG_NULL(f, 0))
        return;
    if (arg_date(f, 0, &d))
        f->result = value_int(!DATE_IS_FINITE(d) ? (d > 0 ? INT64_MAX : INT64_MIN) : d * USECS_PER_DAY);
}

static void range_key_timestamp(struct fcall *f)
{
    int64_t ts;
    if (ARG_NULL(f, 0))
        return;
    if (arg_timestamp(f, 0, &ts))
        f->result = value_int(ts);
}

static void range_key_time(struct fcall *f)
{
    int64_t t;
    if (ARG_NULL(f, 0))
        return;
    if (arg_time(f, 0, &t))
        f->result = value_int(t);
}

static void range_key_interval(struct fcall *f)
{
    struct interval i;
    if (ARG_NULL(f, 0))
        return;
    if (arg_interval(f, 0, &i))
        f->result = value_int((int64_t)interval_span(i));
}

static bool offset_argument(struct fcall *f, struct interval *i)
{
    if (ARG_NULL(f, 0))
        return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "frame starting offset must not be null");
    if (!arg_interval(f, 0, i))
        return false;
    return i->months == 0 || error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                                       "RANGE with an offset of months is not supported");
}

static void range_offset_interval(struct fcall *f)
{
    struct interval i;
    if (offset_argument(f, &i))
        f->result = value_int((int64_t)interval_span(i));
}

/* A day is 24 hours only where no clock is ever changed. */
static void range_offset_tz(struct fcall *f)
{
    struct interval i;
    if (!offset_argument(f, &i))
        return;
    if (i.days)
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "RANGE with an offset of days over timestamp with time zone is not supported");
    else
        f->result = value_int(i.usecs);
    error_hint(f->err, "Use an offset in hours.");
}

static void range_numeric(struct fcall *f)
{
    struct num_small x;
    if (ARG_NULL(f, 0))
        return;
    if (num_small_get(&f->args[0], &x) && x.scale <= BILLION_DIGITS && num_small_rescale(&x, BILLION_DIGITS))
        f->result = value_int(x.v);
    else
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "RANGE with an offset over numeric values beyond 9 digits on either side of the point is not "
                  "supported");
}

const struct fn_impl range_frame_functions[] = {
    {"range_key_date", .call = range_key_date},
    {"range_key_timestamp", .call = range_key_timestamp},
    {"range_key_time", .call = range_key_time},
    {"range_key_interval", .call = range_key_interval},
    {"range_key_numeric", .call = range_numeric},
    {"range_offset_interval", .call = range_offset_interval},
    {"range_offset_tz", .call = range_offset_tz},
    {"range_offset_numeric", .call = range_numeric},
    {NULL}};
