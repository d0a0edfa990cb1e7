/*
 * range_frame.c: the in_range functions of RANGE window frames with an offset: is a row's key within this distance of the
 * current row's? in_range(key, base, offset, sub, less): key <= base + offset with less, else >=; base - offset with sub.
 * Those of integers and floats are with their types. Called by window frames (sqlite_frame.c) and as SQL functions.
 */
#include "sql/types/range_frame.h"

#include <string.h>

#include "sql/types/datetime.h"
#include "sql/types/type.h"
#include "sql/types/type_catalog.h"
#include "sql/types/typeoid.h"

static const struct {
    uint32_t key, offset;
    const char *function;
} functions[] = {
    {INT2OID, INT2OID, "in_range_int2_int2"},
    {INT2OID, INT4OID, "in_range_int2_int4"},
    {INT2OID, INT8OID, "in_range_int2_int8"},
    {INT4OID, INT2OID, "in_range_int4_int2"},
    {INT4OID, INT4OID, "in_range_int4_int4"},
    {INT4OID, INT8OID, "in_range_int4_int8"},
    {INT8OID, INT8OID, "in_range_int8_int8"},
    {FLOAT4OID, FLOAT8OID, "in_range_float4_float8"},
    {FLOAT8OID, FLOAT8OID, "in_range_float8_float8"},
    {NUMERICOID, NUMERICOID, "in_range_numeric_numeric"},
    {DATEOID, INTERVALOID, "in_range_date_interval"},
    {TIMEOID, INTERVALOID, "in_range_time_interval"},
    {TIMETZOID, INTERVALOID, "in_range_timetz_interval"},
    {TIMESTAMPOID, INTERVALOID, "in_range_timestamp_interval"},
    {TIMESTAMPTZOID, INTERVALOID, "in_range_timestamptz_interval"},
    {INTERVALOID, INTERVALOID, "in_range_interval_interval"},
};

const struct fn_impl *range_frame_function(uint32_t key, uint32_t offset)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (functions[i].key == key && functions[i].offset == offset)
            return fn_impl_find(functions[i].function);
    return NULL;
}

static bool bad_size(struct fcall *f)
{
    return error_set(f->err, ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                     "invalid preceding or following size in window function");
}

/* order: of the key against base and offset. */
static void answer(struct fcall *f, int order)
{
    f->result = value_bool(f->args[4].i ? order <= 0 : order >= 0);
}

static bool combine(struct fcall *f, const char *add, const char *subtract, const struct value *base, struct value *sum)
{
    const struct value args[2] = {*base, f->args[2]};
    return fcall_invoke(f, fn_impl_find(f->args[3].i ? subtract : add), args, 2, NULL, 0, sum);
}

static void compare_with(struct fcall *f, uint32_t type, const struct value *key, const struct value *sum)
{
    answer(f, type_compare(type_find(f->ctx, type), key, sum, f->ctx));
}

/* --- numeric --------------------------------------------------------------------------------------- */

static bool is_text(const struct value *v, const char *text)
{
    return v->kind == VALUE_TEXT && v->n == strlen(text) && memcmp(v->p, text, v->n) == 0;
}

static void in_range_numeric(struct fcall *f)
{
    const struct value *key = &f->args[0], *base = &f->args[1], *offset = &f->args[2];
    struct value zero = value_textz("0"), sum;
    bool sub = f->args[3].i, less = f->args[4].i;
    if (is_text(offset, "NaN") || type_compare(type_find(f->ctx, NUMERICOID), offset, &zero, f->ctx) < 0) {
        bad_size(f);
    } else if (is_text(key, "NaN") || is_text(base, "NaN")) { /* NaN equals NaN and is beyond all numbers */
        f->result = value_bool(is_text(key, "NaN") ? (is_text(base, "NaN") || !less) : less);
    } else if (is_text(offset, "Infinity") && is_text(base, sub ? "Infinity" : "-Infinity")) {
        f->result = value_bool(true); /* any distance from infinity covers everything */
    } else if (combine(f, "numeric_add", "numeric_sub", base, &sum)) {
        compare_with(f, NUMERICOID, key, &sum);
    }
}

/* --- dates and times ------------------------------------------------------------------------------ */

static bool offset_positive(struct fcall *f)
{
    struct interval i;
    return arg_interval(f, 2, &i) && (interval_span(i) >= 0 || bad_size(f));
}

static void in_range_timestamp(struct fcall *f)
{
    struct value sum;
    if (offset_positive(f) && combine(f, "timestamp_pl_interval", "timestamp_mi_interval", &f->args[1], &sum))
        compare_with(f, TIMESTAMPOID, &f->args[0], &sum);
}

static void in_range_timestamptz(struct fcall *f)
{
    struct value sum;
    if (offset_positive(f) && combine(f, "timestamptz_pl_interval", "timestamptz_mi_interval", &f->args[1], &sum))
        compare_with(f, TIMESTAMPTZOID, &f->args[0], &sum);
}

static void in_range_date(struct fcall *f)
{
    struct value key, base, sum;
    const struct fn_impl *to_timestamp = fn_impl_find("date_timestamp");
    if (offset_positive(f) && fcall_invoke(f, to_timestamp, &f->args[0], 1, NULL, TIMESTAMPOID, &key) &&
        fcall_invoke(f, to_timestamp, &f->args[1], 1, NULL, TIMESTAMPOID, &base) &&
        combine(f, "timestamp_pl_interval", "timestamp_mi_interval", &base, &sum))
        compare_with(f, TIMESTAMPOID, &key, &sum);
}

static void in_range_interval(struct fcall *f)
{
    struct value sum;
    if (offset_positive(f) && combine(f, "interval_pl", "interval_mi", &f->args[1], &sum))
        compare_with(f, INTERVALOID, &f->args[0], &sum);
}

/* The offset's months and days mean nothing to a time of day; beyond midnight it does not begin again. */
static bool time_bound(struct fcall *f, int64_t base, int64_t *sum)
{
    struct interval i;
    if (!arg_interval(f, 2, &i))
        return false;
    if (i.usecs < 0)
        return bad_size(f);
    *sum = f->args[3].i ? base - i.usecs : base + i.usecs;
    return true;
}

static void in_range_time(struct fcall *f)
{
    int64_t key, base, sum;
    if (arg_time(f, 0, &key) && arg_time(f, 1, &base) && time_bound(f, base, &sum))
        answer(f, (key > sum) - (key < sum));
}

static void in_range_timetz(struct fcall *f)
{
    struct timetz key, base;
    int64_t sum;
    if (!arg_timetz(f, 0, &key) || !arg_timetz(f, 1, &base) || !time_bound(f, base.usecs, &sum))
        return;
    int64_t a = key.usecs - key.offset * USECS_PER_SEC, b = sum - base.offset * USECS_PER_SEC;
    int zones = (base.offset > key.offset) - (base.offset < key.offset);
    answer(f, a != b ? (a > b) - (a < b) : zones);
}

const struct fn_impl range_frame_functions[] = {
    {"in_range_numeric_numeric", .call = in_range_numeric},
    {"in_range_date_interval", .call = in_range_date},
    {"in_range_timestamp_interval", .call = in_range_timestamp},
    {"in_range_timestamptz_interval", .call = in_range_timestamptz},
    {"in_range_time_interval", .call = in_range_time},
    {"in_range_timetz_interval", .call = in_range_timetz},
    {"in_range_interval_interval", .call = in_range_interval},
    {NULL}};
