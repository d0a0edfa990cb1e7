/*
 * datetime.h: date, time, timestamp and interval as numbers, and their three texts: PostgreSQL's input,
 * PostgreSQL's output, the stored form.
 *
 * date: days since 2000-01-01. timestamp, timestamptz: microseconds since 2000-01-01 (UTC for the
 * latter). time: microseconds of the day. Infinities are the extreme integers.
 *
 * Stored forms (datetime_store.c), which sort bytewise except timetz and interval:
 *   date '2026-11-20'   time '12:00:00.5'   timestamp '2026-11-20 12:00:00.5'   timestamptz '...+00'
 *   years above 9999: 'Y' and seven digits ('Y0012345-01-01'), between '9999' and 'infinity'
 *   years before 1: '/' and 10000000 minus the BC year ('/9999956-03-15' is 44 BC), between
 *   '-infinity' and '0001'
 *   timetz '12:00:00.5+02', interval '1 year 2 mons 3 days 04:05:06.5' (as the postgres style prints)
 */
#ifndef PGF_TYPES_DATETIME_H
#define PGF_TYPES_DATETIME_H

#include "sql/types/calendar.h"
#include "sql/types/func.h"
#include "sql/types/timezone.h"

#define USECS_PER_SEC  INT64_C(1000000)
#define USECS_PER_MIN  (60 * USECS_PER_SEC)
#define USECS_PER_HOUR (3600 * USECS_PER_SEC)
#define USECS_PER_DAY  (86400 * USECS_PER_SEC)

#define DATE_INFINITY            INT32_MAX
#define DATE_MINUS_INFINITY      INT32_MIN
#define TIMESTAMP_INFINITY       INT64_MAX
#define TIMESTAMP_MINUS_INFINITY INT64_MIN
#define TIMESTAMP_IS_FINITE(t)   ((t) != TIMESTAMP_INFINITY && (t) != TIMESTAMP_MINUS_INFINITY)
#define DATE_IS_FINITE(d)        ((d) != DATE_INFINITY && (d) != DATE_MINUS_INFINITY)
/* 4714-11-24 BC to 294276-12-31; dates to 5874897-12-31. */
#define TIMESTAMP_MIN INT64_C(-211813488000000000)
#define TIMESTAMP_END INT64_C(9223371331200000000)
#define DATE_MIN      (-CALENDAR_JULIAN_EPOCH)
#define DATE_END      (2147483494 - CALENDAR_JULIAN_EPOCH)

struct interval {
    int32_t months;
    int32_t days;
    int64_t usecs;
};

struct timetz {
    int64_t usecs;  /* local */
    int32_t offset; /* seconds east */
};

/* A broken-down moment. year is astronomical (0 = 1 BC). */
struct datetime {
    int year, month, day, hour, minute, second, usec;
    int32_t offset; /* seconds east; when has_zone */
    bool has_zone;
    bool isdst;
    const char *abbrev; /* may be NULL */
};

enum datetime_special { DATETIME_NORMAL, DATETIME_EPOCH, DATETIME_LATE, DATETIME_EARLY };

/* --- breaking down and putting together ------------------------------------------------------------------ */
void datetime_from_timestamp(int64_t ts, struct datetime *dt);
/* In a zone; fills offset, isdst, abbrev. */
void datetime_from_timestamptz(int64_t ts, const struct timezone_def *tz, struct datetime *dt);
/* False when outside the range of timestamps. Ignores the zone. */
bool datetime_to_timestamp(const struct datetime *dt, int64_t *ts);
/* The instant of a local reading in a zone. */
bool timestamp_to_timestamptz(int64_t local, const struct timezone_def *tz, int64_t *ts);
int64_t timestamptz_to_local(int64_t ts, const struct timezone_def *tz);
bool timestamp_in_range(int64_t ts);
void datetime_set_time(struct datetime *dt, int64_t usecs_of_day);

/* --- stored form ----------------------------------------------------------------------------------------- */
#define DATETIME_TEXT 128
/* Into buf (DATETIME_TEXT bytes); return the length. */
int store_print_date(int32_t date, char *buf);
int store_print_time(int64_t usecs, char *buf);
int store_print_timestamp(int64_t ts, bool with_zone, char *buf);
int store_print_timetz(struct timetz t, char *buf);
int store_print_interval(struct interval i, char *buf);
/* Also forms other programs write: 'T' between date and time, a missing time, 'Z', offsets. */
bool store_parse_date(const char *p, size_t n, int32_t *out);
bool store_parse_time(const char *p, size_t n, int64_t *out);
bool store_parse_timestamp(const char *p, size_t n, int64_t *out);
bool store_parse_timetz(const char *p, size_t n, struct timetz *out);
bool store_parse_interval(const char *p, size_t n, struct interval *out);
/* Arguments and results; an unreadable stored value sets 22007. */
bool arg_date(struct fcall *f, int i, int32_t *out);
bool arg_time(struct fcall *f, int i, int64_t *out);
bool arg_timestamp(struct fcall *f, int i, int64_t *out);
bool arg_timetz(struct fcall *f, int i, struct timetz *out);
bool arg_interval(struct fcall *f, int i, struct interval *out);
void return_date(struct fcall *f, int32_t d);
void return_time(struct fcall *f, int64_t t);
void return_timestamp(struct fcall *f, int64_t ts);
void return_timestamptz(struct fcall *f, int64_t ts);
void return_timetz(struct fcall *f, struct timetz t);
void return_interval(struct fcall *f, struct interval i);

/* --- PostgreSQL's input ------------------------------------------------------------------------------------ */
/*
 * Text as date_in, timestamp_in... read it. type names it in messages. False with 22007, 22008, 22009 or 22023.
 * datetime_parse leaves has_zone false when the text names no zone; `abbrev`-less named
 * zones are resolved to an offset.
 */
bool datetime_parse(const char *p, size_t n, const char *type, struct eval_context *ctx,
                    struct error *err, struct datetime *dt, enum datetime_special *special);
/* time and timetz: a date may be present and then decides the offset of a zone. */
bool datetime_parse_time(const char *p, size_t n, const char *type, struct eval_context *ctx,
                         struct error *err, struct datetime *dt, bool *had_date);
bool interval_parse(const char *p, size_t n, int32_t typmod, struct eval_context *ctx,
                    struct error *err, struct interval *out);
/* "+02", "+02:30", "0230" after a sign: seconds east. */
bool datetime_parse_offset(const char *p, size_t n, int32_t *east);
/* AT TIME ZONE 'x': an abbreviation, a zone name or a POSIX string. fixed: abbreviation's offset east, zone
   NULL. abbrev: the abbreviation whose meaning depends on the date, with its zone; else NULL. False with 22023. */
bool zone_argument(const char *p, size_t n, struct error *err, const struct timezone_def **zone,
                   int32_t *fixed, const char **abbrev);

/* --- PostgreSQL's output ------------------------------------------------------------------------------------ */
int date_print(int32_t d, const struct eval_context *ctx, char *buf);
int timestamp_print(int64_t ts, const struct eval_context *ctx, char *buf);
int timestamptz_print(int64_t ts, const struct eval_context *ctx, char *buf);
int interval_print(struct interval i, enum intervalstyle style, char *buf);
/* "ISO, MDY" and the like, in any mix; unmentioned halves keep their value. False if unknown. */
bool datestyle_parse(const char *p, size_t n, enum datestyle *style, enum dateorder *order);
const char *datestyle_name(enum datestyle style, enum dateorder order);

/* --- shared arithmetic ----------------------------------------------------------------------------------------- */
bool timestamp_add_interval(int64_t ts, struct interval i, struct error *err, int64_t *out);
bool timestamptz_add_interval(int64_t ts, struct interval i, const struct timezone_def *tz,
                              struct error *err, int64_t *out);
struct interval interval_negate(struct interval i, struct error *err);
/* months as 30 days, days as 24 hours: the value interval comparison uses. */
__int128 interval_span(struct interval i);
/* Rounds usecs to typmod digits (0..6); typmod < 0: as it is. */
int64_t time_round(int64_t usecs, int32_t typmod);
void interval_apply_typmod(struct interval *i, int32_t typmod, struct error *err);
/* A double of seconds-like units to whole microseconds, halves to even. */
int64_t double_to_usecs(double seconds);

/* A text read along a template of to_timestamp that must match exactly, and what the template speaks of. */
struct formatted_datetime {
    struct datetime dt;
    bool dated, timed, zoned;
};
bool formatting_parse_strict(struct fcall *f, const struct value *text, const struct value *pattern,
                             struct formatted_datetime *out);

/* 22008 of make_time and make_timestamp; false always. time.c. */
bool datetime_time_field_error(struct error *err, int64_t hour, int64_t minute, double second);

#endif
