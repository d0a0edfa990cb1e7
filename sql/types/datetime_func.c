/*
 * datetime_func.c: the clock, AT TIME ZONE, OVERLAPS and generate_series over timestamps.
 *
 * current_date, current_time(typmod), current_timestamp(typmod), localtime(typmod) and localtimestamp(typmod)
 * are internal names for SQL's keywords; typmod -1 or no argument is full precision.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "sql/types/datetime.h"

/* --- the clock ---------------------------------------------------------------------------------------------- */

static void now(struct fcall *f)
{
    return_timestamptz(f, f->ctx->transaction_time);
}

static void statement_timestamp(struct fcall *f)
{
    return_timestamptz(f, f->ctx->statement_time);
}

static int64_t clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return ((int64_t)t.tv_sec - CALENDAR_UNIX_EPOCH_SHIFT) * USECS_PER_SEC + t.tv_nsec / 1000;
}

static void clock_timestamp(struct fcall *f)
{
    return_timestamptz(f, clock_now());
}

static void timeofday(struct fcall *f)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    struct datetime dt;
    datetime_from_timestamptz(clock_now(), f->ctx->timezone, &dt);
    fcall_return_textz(
        f, arena_printf(f->arena, "%s %s %02d %02d:%02d:%02d.%06d %04d %s",
                        days[calendar_weekday(calendar_days(dt.year, dt.month, dt.day))],
                        months[dt.month - 1], dt.day, dt.hour, dt.minute, dt.second, dt.usec, dt.year,
                        dt.abbrev));
}

static int32_t typmod_argument(const struct fcall *f)
{
    return f->nargs > 0 && f->args[0].kind == VALUE_INT ? (int32_t)f->args[0].i : -1;
}

static int64_t local_now(const struct fcall *f)
{
    return timestamptz_to_local(f->ctx->transaction_time, f->ctx->timezone);
}

static int64_t day_part(int64_t local)
{
    int64_t t = local % USECS_PER_DAY;
    return t < 0 ? t + USECS_PER_DAY : t;
}

static void sql_current_date(struct fcall *f)
{
    int64_t local = local_now(f);
    return_date(f, (int32_t)((local - day_part(local)) / USECS_PER_DAY));
}

static void sql_current_time(struct fcall *f)
{
    int64_t local = local_now(f);
    int32_t offset = (int32_t)((local - f->ctx->transaction_time) / USECS_PER_SEC);
    return_timetz(f, (struct timetz){time_round(day_part(local), typmod_argument(f)), offset});
}

static void sql_current_timestamp(struct fcall *f)
{
    return_timestamptz(f, time_round(f->ctx->transaction_time, typmod_argument(f)));
}

static void sql_localtime(struct fcall *f)
{
    return_time(f, time_round(day_part(local_now(f)), typmod_argument(f)));
}

static void sql_localtimestamp(struct fcall *f)
{
    return_timestamp(f, time_round(local_now(f), typmod_argument(f)));
}

/* --- AT TIME ZONE ------------------------------------------------------------------------------------------- */

static bool interval_zone(struct fcall *f, int32_t *offset)
{
    struct interval i;
    if (!arg_interval(f, 0, &i))
        return false;
    if (i.months || i.days) {
        char buf[DATETIME_TEXT];
        interval_print(i, f->ctx->intervalstyle, buf);
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "interval time zone \"%s\" must not include months or days", buf);
    }
    *offset = (int32_t)(i.usecs / USECS_PER_SEC);
    return true;
}

static void return_instant(struct fcall *f, int64_t ts)
{
    if (TIMESTAMP_IS_FINITE(ts) && !timestamp_in_range(ts))
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "timestamp out of range");
    else
        return_timestamptz(f, ts);
}

/* An abbreviation's offset east around a moment, in seconds of the Unix epoch. */
static int64_t abbrev_usecs(const struct timezone_def *tz, const char *abbrev, int64_t ts)
{
    int64_t seconds = ts / USECS_PER_SEC - (ts % USECS_PER_SEC < 0) + CALENDAR_UNIX_EPOCH_SHIFT;
    return timezone_abbrev_at(tz, abbrev, seconds).offset * USECS_PER_SEC;
}

static void timestamp_zone(struct fcall *f)
{
    const struct timezone_def *tz;
    const char *abbrev;
    int32_t fixed = 0;
    int64_t ts;
    if (!arg_timestamp(f, 1, &ts) ||
        (TIMESTAMP_IS_FINITE(ts) && !zone_argument(f->args[0].p, f->args[0].n, f->err, &tz, &fixed, &abbrev)))
        return;
    if (TIMESTAMP_IS_FINITE(ts)) {
        if (tz && abbrev)
            ts -= abbrev_usecs(tz, abbrev, ts);
        else if (tz)
            timestamp_to_timestamptz(ts, tz, &ts);
        else
            ts -= fixed * USECS_PER_SEC;
    }
    return_instant(f, ts);
}

static void timestamp_izone(struct fcall *f)
{
    int32_t offset = 0;
    int64_t ts;
    if (arg_timestamp(f, 1, &ts) && (!TIMESTAMP_IS_FINITE(ts) || interval_zone(f, &offset)))
        return_instant(f, TIMESTAMP_IS_FINITE(ts) ? ts - offset * USECS_PER_SEC : ts);
}

static void timestamptz_zone(struct fcall *f)
{
    const struct timezone_def *tz;
    const char *abbrev;
    int32_t fixed = 0;
    int64_t ts;
    if (!arg_timestamp(f, 1, &ts) ||
        (TIMESTAMP_IS_FINITE(ts) && !zone_argument(f->args[0].p, f->args[0].n, f->err, &tz, &fixed, &abbrev)))
        return;
    if (TIMESTAMP_IS_FINITE(ts) && abbrev)
        ts += abbrev_usecs(tz, abbrev, ts);
    else if (TIMESTAMP_IS_FINITE(ts))
        ts = tz ? timestamptz_to_local(ts, tz) : ts + fixed * USECS_PER_SEC;
    return_timestamp(f, ts);
}

static void timestamptz_izone(struct fcall *f)
{
    int32_t offset = 0;
    int64_t ts;
    if (arg_timestamp(f, 1, &ts) && (!TIMESTAMP_IS_FINITE(ts) || interval_zone(f, &offset)))
        return_timestamp(f, TIMESTAMP_IS_FINITE(ts) ? ts + offset * USECS_PER_SEC : ts);
}

static void return_shifted(struct fcall *f, struct timetz t, int32_t offset)
{
    int64_t usecs = (t.usecs + (offset - t.offset) * USECS_PER_SEC) % USECS_PER_DAY;
    return_timetz(f, (struct timetz){usecs < 0 ? usecs + USECS_PER_DAY : usecs, offset});
}

/* A zone's offset is the one it has now. */
static void timetz_zone(struct fcall *f)
{
    const struct timezone_def *tz;
    const char *abbrev;
    int32_t fixed = 0;
    struct timetz t;
    if (!zone_argument(f->args[0].p, f->args[0].n, f->err, &tz, &fixed, &abbrev) || !arg_timetz(f, 1, &t))
        return;
    if (tz && abbrev)
        fixed = (int32_t)(abbrev_usecs(tz, abbrev, f->ctx->transaction_time) / USECS_PER_SEC);
    else if (tz)
        fixed = (int32_t)((timestamptz_to_local(f->ctx->transaction_time, tz) -
                           f->ctx->transaction_time) / USECS_PER_SEC);
    return_shifted(f, t, fixed);
}

static void timetz_izone(struct fcall *f)
{
    int32_t offset = 0;
    struct timetz t;
    if (interval_zone(f, &offset) && arg_timetz(f, 1, &t))
        return_shifted(f, t, offset);
}

/* --- OVERLAPS ------------------------------------------------------------------------------------------------- */

/* One end of a period; known tells NULLs. */
struct end {
    bool known;
    int64_t at;
};

/* The earlier end first, a known one before an unknown. */
static void order_ends(struct end *s, struct end *e)
{
    if (!s->known || (e->known && s->at > e->at)) {
        struct end t = *s;
        *s = *e;
        *e = t;
    }
}

/* SQL's three-valued OVERLAPS of half-open periods. */
static void overlaps(struct fcall *f, struct end e[4])
{
    order_ends(&e[0], &e[1]);
    order_ends(&e[2], &e[3]);
    if (!e[0].known || !e[2].known)
        return;
    struct end early_end = e[0].at > e[2].at ? e[3] : e[1];
    struct end late_end = e[0].at > e[2].at ? e[1] : e[3];
    int64_t late_start = e[0].at > e[2].at ? e[0].at : e[2].at;
    if (e[0].at == e[2].at) {
        if (e[1].known && e[3].known)
            f->result = value_bool(true);
    } else if (early_end.known && late_start < early_end.at) {
        f->result = value_bool(true);
    } else if (early_end.known && late_end.known) {
        f->result = value_bool(false);
    }
}

/* kind: T timestamp, Z timestamptz, t time, z timetz. Argument 1 or 3 may be an interval: the length. */
static void overlaps_kind(struct fcall *f, char kind, bool length1, bool length2)
{
    struct end e[4];
    for (int k = 0; k < 4; k++) {
        bool length = (k == 1 && length1) || (k == 3 && length2);
        e[k].known = !ARG_NULL(f, k);
        if (length || !e[k].known)
            continue;
        struct timetz tz;
        bool ok = true;
        if (kind == 't') {
            ok = arg_time(f, k, &e[k].at);
        } else if (kind == 'z') {
            ok = arg_timetz(f, k, &tz);
            e[k].at = tz.usecs - tz.offset * USECS_PER_SEC;
        } else {
            ok = arg_timestamp(f, k, &e[k].at);
        }
        if (!ok)
            return;
    }
    for (int k = 1; k < 4; k += 2) {
        struct interval i;
        if (!(k == 1 ? length1 : length2))
            continue;
        e[k].known = e[k].known && e[k - 1].known;
        if (!e[k].known)
            continue;
        if (!arg_interval(f, k, &i))
            return;
        if (kind == 't') {
            int64_t t = (e[k - 1].at + i.usecs % USECS_PER_DAY) % USECS_PER_DAY;
            e[k].at = t < 0 ? t + USECS_PER_DAY : t;
        } else if (kind == 'Z' ? !timestamptz_add_interval(e[k - 1].at, i, f->ctx->timezone, f->err,
                                                           &e[k].at)
                               : !timestamp_add_interval(e[k - 1].at, i, f->err, &e[k].at)) {
            return;
        }
    }
    overlaps(f, e);
}

#define OVERLAPS(name, kind, length1, length2)                                                     \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        overlaps_kind(f, kind, length1, length2);                                                  \
    }
OVERLAPS(overlaps_time, 't', false, false)
OVERLAPS(overlaps_timetz, 'z', false, false)
OVERLAPS(overlaps_timestamp, 'T', false, false)
OVERLAPS(overlaps_time_il, 't', true, false)
OVERLAPS(overlaps_time_li, 't', false, true)
OVERLAPS(overlaps_time_ii, 't', true, true)
OVERLAPS(overlaps_timestamp_il, 'T', true, false)
OVERLAPS(overlaps_timestamp_li, 'T', false, true)
OVERLAPS(overlaps_timestamp_ii, 'T', true, true)
OVERLAPS(overlaps_timestamptz_il, 'Z', true, false)
OVERLAPS(overlaps_timestamptz_li, 'Z', false, true)
OVERLAPS(overlaps_timestamptz_ii, 'Z', true, true)

/* --- generate_series ----------------------------------------------------------------------------------------------- */

struct series {
    int64_t next, stop;
    struct interval step;
    bool down;
};

static void series_open(struct fcall *f, void *state)
{
    struct series *s = state;
    if (!arg_timestamp(f, 0, &s->next) || !arg_timestamp(f, 1, &s->stop) ||
        !arg_interval(f, 2, &s->step))
        return;
    __int128 span = interval_span(s->step);
    if (span == 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "step size cannot equal zero");
    s->down = span < 0;
}

static bool series_next(struct fcall *f, struct series *s, bool zoned, struct value *columns)
{
    if (s->down ? s->next < s->stop : s->next > s->stop)
        return false;
    if (zoned)
        return_timestamptz(f, s->next);
    else
        return_timestamp(f, s->next);
    columns[0] = f->result;
    /* An endless series stays at infinity. */
    return zoned ? timestamptz_add_interval(s->next, s->step, f->ctx->timezone, f->err, &s->next)
                 : timestamp_add_interval(s->next, s->step, f->err, &s->next);
}

static bool series_next_timestamp(struct fcall *f, void *state, struct value *columns)
{
    return series_next(f, state, false, columns);
}

static bool series_next_timestamptz(struct fcall *f, void *state, struct value *columns)
{
    return series_next(f, state, true, columns);
}

static const struct srf_impl timestamp_series = {sizeof(struct series), series_open,
                                                 series_next_timestamp, NULL};
static const struct srf_impl timestamptz_series = {sizeof(struct series), series_open,
                                                   series_next_timestamptz, NULL};

/* --- the views of zones and abbreviations -------------------------------------------------------------------------- */

struct zone_names {
    const char **names;
    int n, cap, next;
};

static void add_name(void *arg, const char *name)
{
    struct zone_names *z = arg;
    if (z->n == z->cap) {
        int cap = z->cap ? z->cap * 2 : 1024;
        const char **names = realloc(z->names, (size_t)cap * sizeof(*names));
        if (!names)
            return;
        z->names = names;
        z->cap = cap;
    }
    char *copy = strdup(name);
    if (copy)
        z->names[z->n++] = copy;
}

static void zone_names_open(struct fcall *f, void *state)
{
    (void)f;
    timezone_each_name(add_name, state);
}

static struct value interval_value(struct fcall *f, int32_t seconds)
{
    char buf[DATETIME_TEXT];
    int n = store_print_interval((struct interval){.usecs = seconds * USECS_PER_SEC}, buf);
    return value_text(arena_strndup(f->arena, buf, (size_t)n), (size_t)n);
}

static bool zone_names_next(struct fcall *f, void *state, struct value *columns)
{
    struct zone_names *z = state;
    while (z->next < z->n) {
        const struct timezone_def *tz = timezone_find(z->names[z->next++]);
        struct datetime dt;
        if (!tz)
            continue;
        datetime_from_timestamptz(f->ctx->transaction_time, tz, &dt);
        columns[0] = value_textz(timezone_name(tz));
        columns[1] = value_textz(dt.abbrev);
        columns[2] = interval_value(f, dt.offset);
        columns[3] = value_bool(dt.isdst);
        return true;
    }
    return false;
}

static void zone_names_close(void *state)
{
    struct zone_names *z = state;
    for (int i = 0; i < z->n; i++)
        free((char *)z->names[i]);
    free(z->names);
}

static void abbrevs_open(struct fcall *f, void *state)
{
    (void)f;
    (void)state;
}

static bool abbrevs_next(struct fcall *f, void *state, struct value *columns)
{
    int n, *next = state;
    const struct timezone_abbrev *a = timezone_abbrev_all(&n);
    if (*next == n)
        return false;
    a += (*next)++;
    columns[0] = value_textz(a->abbrev);
    columns[1] = interval_value(f, a->offset);
    columns[2] = value_bool(a->isdst);
    return true;
}

static const struct srf_impl zone_names = {sizeof(struct zone_names), zone_names_open, zone_names_next,
                                           zone_names_close};
static const struct srf_impl zone_abbrevs = {sizeof(int), abbrevs_open, abbrevs_next, NULL};

const struct fn_impl datetime_functions[] = {
    {"pg_timezone_names", .srf = &zone_names},
    {"pg_timezone_abbrevs", .srf = &zone_abbrevs},
    {"now", .call = now},
    {"statement_timestamp", .call = statement_timestamp},
    {"clock_timestamp", .call = clock_timestamp},
    {"timeofday", .call = timeofday},
    {"current_date", .call = sql_current_date},
    {"current_time", .call = sql_current_time},
    {"current_timestamp", .call = sql_current_timestamp},
    {"localtime", .call = sql_localtime},
    {"localtimestamp", .call = sql_localtimestamp},
    {"timestamp_zone", .call = timestamp_zone},
    {"timestamp_izone", .call = timestamp_izone},
    {"timestamptz_zone", .call = timestamptz_zone},
    {"timestamptz_izone", .call = timestamptz_izone},
    {"timetz_zone", .call = timetz_zone},
    {"timetz_izone", .call = timetz_izone},
    {"overlaps_time", .call = overlaps_time},
    {"overlaps_timetz", .call = overlaps_timetz},
    {"overlaps_timestamp", .call = overlaps_timestamp},
    {"overlaps(time,interval,time,time)", .call = overlaps_time_il},
    {"overlaps(time,time,time,interval)", .call = overlaps_time_li},
    {"overlaps(time,interval,time,interval)", .call = overlaps_time_ii},
    {"overlaps(timestamp,interval,timestamp,timestamp)", .call = overlaps_timestamp_il},
    {"overlaps(timestamp,timestamp,timestamp,interval)", .call = overlaps_timestamp_li},
    {"overlaps(timestamp,interval,timestamp,interval)", .call = overlaps_timestamp_ii},
    {"overlaps(timestamptz,interval,timestamptz,timestamptz)", .call = overlaps_timestamptz_il},
    {"overlaps(timestamptz,timestamptz,timestamptz,interval)", .call = overlaps_timestamptz_li},
    {"overlaps(timestamptz,interval,timestamptz,interval)", .call = overlaps_timestamptz_ii},
    {"generate_series_timestamp", .srf = &timestamp_series},
    {"generate_series_timestamptz", .srf = &timestamptz_series},
    {NULL}};
