/*
 * datetime_parse.c: date and time texts as PostgreSQL's users write them.
 *
 * Two stages, as PostgreSQL documents in its appendix "Date/Time Input Interpretation": the text is cut into fields
 * by their look (numbers, dates with separators, times with colons, words, offsets); the fields are then
 * interpreted in order, each filling parts of the moment that none before has filled. Those of digits are read by
 * datetime_number.c.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "sql/types/datetime_parser.h"

/* --- fields in order -------------------------------------------------------------------------------------------------- */

static enum failure named_zone(struct parser *ps, const char *name)
{
    ps->zone = timezone_find(name);
    if (ps->zone)
        return OK;
    ps->zone_name = name;
    return BAD_ZONE;
}

/* A second date-like field: a zone name, or a time run together with an offset ("040506-08"). */
static enum failure date_field(struct parser *ps, char *s, unsigned *filled)
{
    if (ps->prefix == UNIT_JULIAN) {
        char *end;
        int jd = datetime_to_int(s, &end);
        if (*end != '-')
            return BAD_FORMAT;
        ps->prefix = UNIT_NONE;
        calendar_date((int64_t)jd - CALENDAR_JULIAN_EPOCH, &ps->dt->year, &ps->dt->month,
                      &ps->dt->day);
        ps->julian = true;
        *filled = PART_DATE | PART_TIME | PART_ZONE;
        ps->dt->hour = ps->dt->minute = ps->dt->second = 0;
        ps->dt->has_zone = true;
        return datetime_read_offset(end, &ps->dt->offset);
    }
    bool run_together = is_digit(*s) && strchr(s, '-') && (ps->time_only || ps->prefix);
    if (ps->prefix || (ps->mask & (PART_MONTH | PART_DAY)) == (PART_MONTH | PART_DAY) ||
        (ps->time_only && run_together && strchr(s, '-') == strrchr(s, '-') && strlen(s) > 6)) {
        if (is_digit(*s) || ps->prefix) {
            char *minus = strchr(s, '-');
            if (!minus || (ps->mask & PART_TIME))
                return BAD_FORMAT;
            ps->prefix = UNIT_NONE;
            enum failure r = datetime_read_offset(minus, &ps->dt->offset);
            *minus = 0;
            unsigned one = 0;
            if (!r)
                r = datetime_read_run_together(ps, s, ps->mask | PART_DATE, &one);
            ps->dt->has_zone = true;
            *filled = one | PART_ZONE;
            return r;
        }
        *filled = PART_ZONE;
        return named_zone(ps, s);
    }
    if (isalpha((unsigned char)*s) && ps->time_only) {
        /* "12:00 America/New_York": no month begins with a zone's area. */
        const struct timezone_def *tz = timezone_find(s);
        if (tz) {
            ps->zone = tz;
            *filled = PART_ZONE;
            return OK;
        }
    }
    return datetime_read_date(ps, s, filled);
}

/* The number behind a label: y2001m02d04h04mm05s06.7. A month behind month and hour is minutes. */
static enum failure labelled_number(struct parser *ps, const char *s, unsigned *filled)
{
    const struct {
        enum datetime_unit unit;
        int *to;
        unsigned part;
    } labels[] = {{UNIT_YEAR, &ps->dt->year, PART_YEAR},       {UNIT_MONTH, &ps->dt->month, PART_MONTH},
                  {UNIT_DAY, &ps->dt->day, PART_DAY},          {UNIT_HOUR, &ps->dt->hour, PART_HOUR},
                  {UNIT_MINUTE, &ps->dt->minute, PART_MINUTE}, {UNIT_SECOND, &ps->dt->second, PART_SECOND}};
    char *end;
    int value = datetime_to_int(s, &end);
    if (*end && (*end != '.' || ps->prefix != UNIT_SECOND))
        return BAD_FORMAT;
    if (ps->prefix == UNIT_MONTH && (ps->mask & PART_MONTH) && (ps->mask & PART_HOUR))
        ps->prefix = UNIT_MINUTE;
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (labels[i].unit == ps->prefix) {
            *labels[i].to = value;
            *filled = labels[i].part;
        }
    if (*end == '.')
        ps->dt->usec = datetime_fraction_usecs(end);
    ps->prefix = UNIT_NONE;
    ps->special = DATETIME_NORMAL;
    return OK;
}

static enum failure number_field(struct parser *ps, char *s, unsigned *filled)
{
    char *dot = strchr(s, '.');
    size_t n = strlen(s);
    if (ps->prefix && ps->prefix != UNIT_JULIAN && ps->prefix != UNIT_TIME)
        return labelled_number(ps, s, filled);
    if (ps->prefix == UNIT_JULIAN) {
        char *end;
        int jd = datetime_to_int(s, &end);
        ps->prefix = UNIT_NONE;
        ps->special = DATETIME_NORMAL;
        calendar_date((int64_t)jd - CALENDAR_JULIAN_EPOCH, &ps->dt->year, &ps->dt->month,
                      &ps->dt->day);
        ps->julian = true;
        *filled = PART_DATE;
        if (*end == '.') {
            datetime_set_time(ps->dt, (int64_t)(strtod(end, NULL) * (double)USECS_PER_DAY));
            *filled |= PART_TIME;
            end += strlen(end);
        }
        return *end ? BAD_FORMAT : OK;
    }
    if (ps->prefix == UNIT_TIME) {
        ps->prefix = UNIT_NONE;
        enum failure r = datetime_read_run_together(ps, s, ps->mask | PART_DATE, filled);
        return r ? r : *filled == PART_TIME ? OK : BAD_FORMAT;
    }
    if (ps->time_only && !(ps->mask & PART_TIME) && (n == 4 || n == 6 || dot))
        return datetime_read_run_together(ps, s, ps->mask | PART_DATE, filled);
    if (dot && !(ps->mask & PART_DATE))
        return datetime_read_date(ps, s, filled);
    if (dot && dot - s > 2)
        return datetime_read_run_together(ps, s, ps->mask, filled);
    if (n >= 6 && ((ps->mask & PART_DATE) != PART_DATE || !(ps->mask & PART_TIME)))
        return datetime_read_run_together(ps, s, ps->mask, filled);
    return datetime_read_number(ps, s, ps->mask, filled);
}

static void today_plus(struct parser *ps, int days)
{
    struct datetime now;
    int64_t local = timestamptz_to_local(ps->ctx->transaction_time, ps->ctx->timezone);
    datetime_from_timestamp(local + days * USECS_PER_DAY, &now);
    ps->dt->year = now.year;
    ps->dt->month = now.month;
    ps->dt->day = now.day;
    ps->julian = true; /* a real date: no century guessing */
}

static enum failure reserved_word(struct parser *ps, const struct datetime_word *w, unsigned *filled)
{
    struct datetime *dt = ps->dt;
    ps->special = DATETIME_NORMAL;
    switch (w->value) {
    case RESERVED_NOW: {
        struct datetime now;
        datetime_from_timestamptz(ps->ctx->transaction_time, ps->ctx->timezone, &now);
        *dt = now;
        ps->julian = true;
        *filled = PART_DATE | PART_TIME | PART_ZONE;
        return OK;
    }
    case RESERVED_TODAY:
    case RESERVED_TOMORROW:
    case RESERVED_YESTERDAY:
        today_plus(ps, w->value == RESERVED_TODAY ? 0 : w->value == RESERVED_TOMORROW ? 1 : -1);
        *filled = PART_DATE;
        return OK;
    case RESERVED_ALLBALLS:
        dt->hour = dt->minute = dt->second = 0;
        dt->has_zone = true;
        dt->offset = 0;
        *filled = PART_TIME | PART_ZONE;
        return OK;
    default:
        ps->special = w->value == RESERVED_EPOCH  ? DATETIME_EPOCH
                      : w->value == RESERVED_LATE ? DATETIME_LATE
                                                  : DATETIME_EARLY;
        *filled = PART_SPECIAL;
        return OK;
    }
}

/* An abbreviation: a fixed offset, or a zone whose history knows what the letters meant. */
static void abbrev_zone(struct parser *ps, const struct timezone_abbrev *a)
{
    ps->dt->has_zone = true;
    ps->dt->offset = a->offset;
    ps->dt->isdst = a->isdst;
    if (a->zone) {
        ps->zone = timezone_find(a->zone);
        ps->abbrev = a->abbrev;
    }
}

static enum failure word_field(struct parser *ps, int i, unsigned *filled)
{
    char *s = ps->in.fields[i].s;
    const struct timezone_abbrev *a =
        *s == '-' || *s == '+' ? NULL : timezone_abbrev_find(s, strlen(s));
    const struct datetime_word *w = datetime_word_find(s);
    if (a && !(w && w->kind == WORD_MONTH)) {
        *filled = PART_ZONE;
        abbrev_zone(ps, a);
        return OK;
    }
    if (!w) {
        *filled = PART_ZONE;
        ps->zone = timezone_find(s);
        return ps->zone ? OK : BAD_FORMAT;
    }
    switch (w->kind) {
    case WORD_RESERVED:
        return reserved_word(ps, w, filled);
    case WORD_MONTH:
        /* A number before was taken for the month: it is the day. */
        if ((ps->mask & PART_MONTH) && !ps->text_month && !(ps->mask & PART_DAY) &&
            ps->dt->month >= 1 && ps->dt->month <= 31) {
            ps->dt->day = ps->dt->month;
            *filled = PART_DAY;
        } else {
            *filled = PART_MONTH;
        }
        ps->text_month = true;
        ps->dt->month = w->value;
        return OK;
    case WORD_WEEKDAY:
        *filled = PART_WEEKDAY;
        return OK;
    case WORD_AMPM:
        ps->ampm = w->value;
        *filled = PART_AMPM;
        return OK;
    case WORD_ERA:
        ps->bc = w->value == 'b';
        *filled = PART_ERA;
        return OK;
    case WORD_DST:
        *filled = PART_DST;
        ps->dt->offset += 3600;
        ps->dt->isdst = true;
        return OK;
    case WORD_IGNORE:
        return OK;
    case WORD_PREFIX:
        if (w->value == UNIT_TIME && !ps->time_only && (ps->mask & PART_DATE) != PART_DATE)
            return BAD_FORMAT;
        if (w->value == UNIT_TIME && (i + 1 >= ps->in.nfields || ps->in.fields[i + 1].kind == FIELD_WORD))
            return BAD_FORMAT;
        ps->prefix = (enum datetime_unit)w->value;
        return OK;
    }
    return BAD_FORMAT;
}

static enum failure interpret(struct parser *ps)
{
    for (int i = 0; i < ps->in.nfields; i++) {
        struct datetime_field *f = &ps->in.fields[i];
        unsigned filled = 0;
        enum failure r = OK;
        switch (f->kind) {
        case FIELD_DATE:
            r = date_field(ps, f->s, &filled);
            break;
        case FIELD_TIME:
            if (ps->prefix && ps->prefix != UNIT_TIME)
                return BAD_FORMAT;
            ps->prefix = UNIT_NONE;
            r = datetime_read_time(f->s, ps->dt);
            filled = PART_TIME;
            if (!r && (ps->dt->hour > 24 ||
                       (ps->dt->hour == 24 && (ps->dt->minute || ps->dt->second || ps->dt->usec))))
                r = OVERFLOW_FIELD;
            break;
        case FIELD_OFFSET:
            r = datetime_read_offset(f->s, &ps->dt->offset);
            ps->dt->has_zone = true;
            filled = PART_ZONE;
            break;
        case FIELD_NUMBER:
            r = number_field(ps, f->s, &filled);
            break;
        default:
            r = word_field(ps, i, &filled);
        }
        if (r)
            return r;
        if (filled & ps->mask)
            return BAD_FORMAT;
        ps->mask |= filled;
    }
    return OK;
}

/* --- the whole ---------------------------------------------------------------------------------------------------------- */

static enum failure check_date(struct parser *ps)
{
    struct datetime *dt = ps->dt;
    if ((ps->mask & PART_YEAR) && !ps->julian) {
        if (ps->bc) {
            if (dt->year <= 0)
                return OVERFLOW_FIELD;
            dt->year = 1 - dt->year;
        } else if (ps->two_digit_year) {
            if (dt->year < 0)
                return OVERFLOW_FIELD;
            dt->year += dt->year < 70 ? 2000 : dt->year < 100 ? 1900 : 0;
        } else if (dt->year <= 0) {
            return OVERFLOW_FIELD;
        }
    }
    if (ps->mask & PART_YEARDAY)
        calendar_date(calendar_days(dt->year, 1, 1) + ps->yearday - 1, &dt->year, &dt->month,
                      &dt->day);
    if ((ps->mask & PART_MONTH) && (dt->month < 1 || dt->month > 12))
        return OVERFLOW_ORDER;
    if ((ps->mask & PART_DAY) && (dt->day < 1 || dt->day > 31))
        return OVERFLOW_ORDER;
    if ((ps->mask & PART_DATE) == PART_DATE && dt->day > calendar_month_days(dt->year, dt->month))
        return OVERFLOW_FIELD;
    return OK;
}

/* Run-together digits reach here unchecked. A time is no later than 24:00; in a timestamp they run on into the next day. */
static enum failure check_time(const struct parser *ps)
{
    const struct datetime *dt = ps->dt;
    if (!ps->time_only)
        return OK;
    int64_t usecs = ((int64_t)dt->hour * 3600 + dt->minute * 60 + dt->second) * USECS_PER_SEC + dt->usec;
    return dt->minute > 59 || dt->second > 60 || usecs > USECS_PER_DAY ? OVERFLOW_FIELD : OK;
}

static enum failure apply_ampm(struct parser *ps)
{
    if (!ps->ampm)
        return check_time(ps);
    if (ps->dt->hour > 12)
        return OVERFLOW_FIELD;
    if (ps->ampm == 'a' && ps->dt->hour == 12)
        ps->dt->hour = 0;
    else if (ps->ampm == 'p' && ps->dt->hour != 12)
        ps->dt->hour += 12;
    return check_time(ps);
}

/* The offset of a named zone depends on the date. */
static void resolve_zone(struct parser *ps, const struct datetime *date)
{
    int64_t days = calendar_days(date->year, date->month, date->day);
    int64_t local = days * 86400 + ps->dt->hour * 3600 + ps->dt->minute * 60 + ps->dt->second +
                    CALENDAR_UNIX_EPOCH_SHIFT;
    struct timezone_moment m = ps->abbrev ? timezone_abbrev_at(ps->zone, ps->abbrev, local)
                                          : timezone_at_local(ps->zone, local);
    ps->dt->has_zone = true;
    ps->dt->offset = m.offset;
    ps->dt->isdst = m.isdst;
}

static bool fail(struct parser *ps, enum failure r, const char *p, size_t n, const char *type)
{
    switch (r) {
    case OK:
        return true;
    case OVERFLOW_FIELD:
    case OVERFLOW_ORDER:
        error_set(ps->err, ERRCODE_DATETIME_FIELD_OVERFLOW,
                  "date/time field value out of range: \"%.*s\"", (int)n, p);
        if (r == OVERFLOW_ORDER)
            error_hint(ps->err, "Perhaps you need a different \"datestyle\" setting.");
        return false;
    case OVERFLOW_ZONE:
        return error_set(ps->err, ERRCODE_INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                         "time zone displacement out of range: \"%.*s\"", (int)n, p);
    case BAD_ZONE:
        return error_set(ps->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "time zone \"%s\" not recognized", ps->zone_name);
    default:
        return error_set(ps->err, ERRCODE_INVALID_DATETIME_FORMAT,
                         "invalid input syntax for type %s: \"%.*s\"", type, (int)n, p);
    }
}

bool datetime_parse(const char *p, size_t n, const char *type, struct eval_context *ctx,
                    struct error *err, struct datetime *dt, enum datetime_special *special)
{
    struct parser ps = {.ctx = ctx, .err = err, .dt = dt};
    memset(dt, 0, sizeof(*dt));
    enum failure r = datetime_cut(p, n, &ps.in) ? interpret(&ps) : BAD_FORMAT;
    *special = ps.special;
    if (!r)
        r = check_date(&ps);
    if (!r)
        r = apply_ampm(&ps);
    if (!r && ps.special)
        return true;
    if (!r && (ps.mask & PART_DATE) != PART_DATE)
        r = BAD_FORMAT;
    if (!r && ps.zone)
        resolve_zone(&ps, dt);
    return fail(&ps, r, p, n, type);
}

bool datetime_parse_time(const char *p, size_t n, const char *type, struct eval_context *ctx,
                         struct error *err, struct datetime *dt, bool *had_date)
{
    struct parser ps = {.ctx = ctx, .err = err, .dt = dt, .time_only = true};
    memset(dt, 0, sizeof(*dt));
    enum failure r = datetime_cut(p, n, &ps.in) ? interpret(&ps) : BAD_FORMAT;
    *had_date = (ps.mask & PART_DATE) == PART_DATE;
    if (!r && !*had_date && (ps.mask & PART_DATE))
        r = BAD_FORMAT;
    if (!r && (ps.special || !(ps.mask & PART_TIME)))
        r = BAD_FORMAT;
    if (!r)
        r = check_date(&ps);
    if (!r)
        r = apply_ampm(&ps);
    if (!r && ps.zone && !ps.abbrev && !*had_date && !timezone_is_fixed(ps.zone))
        r = BAD_FORMAT; /* its offset depends on the date */
    if (!r && ps.zone) {
        struct datetime day = *dt;
        if (!*had_date)
            datetime_from_timestamptz(ctx->transaction_time, ctx->timezone, &day);
        resolve_zone(&ps, &day);
    }
    return fail(&ps, r, p, n, type);
}

bool zone_argument(const char *p, size_t n, struct error *err, const struct timezone_def **zone,
                   int32_t *fixed, const char **abbrev)
{
    char name[256];
    *zone = NULL;
    *abbrev = NULL;
    if (n < sizeof(name)) {
        memcpy(name, p, n);
        name[n] = 0;
        const struct timezone_abbrev *a = timezone_abbrev_find(name, n);
        if (a && a->zone && (*zone = timezone_find(a->zone))) {
            *abbrev = a->abbrev;
            return true;
        }
        if (a) {
            *fixed = a->offset;
            return true;
        }
        *zone = timezone_find(name);
    }
    return *zone || error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                              "time zone \"%.*s\" not recognized", (int)n, p);
}
