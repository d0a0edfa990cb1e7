/*
 * formatting_parse.c: to_timestamp(text, template) and to_date(text, template).
 *
 * The text is read along the template. Without FX, blanks before and after fields are skipped, a separator of the template
 * matches any separator or none, and blanks skipped too many make up for characters of the template.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "sql/types/datetime.h"
#include "sql/types/formatting_template.h"

/* What the fields said; 0 is "not given" for those that count from 1. */
struct parsed {
    int year, month, day, yearday, hour, minute, second, msec, usec, seconds_of_day;
    int century, week, week_of_month, weekday, quarter, julian;
    int iso_year, iso_week, iso_weekday, iso_yearday;
    int zone_sign, zone_hour, zone_minute;
    int year_digits;
    int calendar; /* of the fields so far: 0 none, 1 Gregorian, 2 ISO weeks */
    bool has_year, has_seconds_of_day, has_fraction, has_zone, bc, pm, half, clock12;
    unsigned char set[80]; /* by field: given already */
};

struct reader {
    struct error *err;
    const char *p, *end;
    const char *text;
    size_t text_size;
    bool fixed;
    int skipped; /* blanks and separators passed over that the template does not have */
    bool strict; /* separators and texts must match, nothing may be left over: SQL/JSON's datetime() */
    struct parsed v;
};

static bool is_separator(char c)
{
    return c > 0x20 && c < 0x7f && !isalnum((unsigned char)c);
}

static void skip_blanks(struct reader *r, int *skipped)
{
    while (r->p < r->end && isspace((unsigned char)*r->p)) {
        r->p++;
        if (skipped)
            ++*skipped;
    }
}

/* --- numbers ------------------------------------------------------------------------------------------------- */

/* A number may take as many digits as there are when nothing digit-like follows in the template. */
static bool ends_number(const struct template_item *it)
{
    if (it->ordinal)
        return true;
    it++;
    switch (it->kind) {
    case TEMPLATE_END:
        return true;
    case TEMPLATE_PATTERN:
        return !it->digits;
    default:
        return !(it->n == 1 && isdigit((unsigned char)*it->text));
    }
}

static bool read_int_width(struct reader *r, const struct template_item *it, int width, int *out, int *used)
{
    char buf[32], *last;
    skip_blanks(r, NULL);
    const char *start = r->p;
    size_t left = (size_t)(r->end - r->p), n = left;
    bool free_width = it->fill_mode || ends_number(it);
    if (!free_width && n > (size_t)width)
        n = (size_t)width;
    if (n >= sizeof(buf))
        n = sizeof(buf) - 1;
    memcpy(buf, start, n);
    buf[n] = 0;
    if (!free_width && n < (size_t)width) {
        error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT,
                  "source string too short for \"%s\" formatting field", it->text);
        error_detail(r->err, "Field requires %d characters, but only %d remain.", width, (int)n);
        error_hint(r->err, "If your source string is not fixed-width, try using the \"FM\" modifier.");
        return false;
    }
    long v = strtol(buf, &last, 10);
    if (last == buf) {
        int shown = left < (size_t)width ? (int)left : width;
        error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT, "invalid value \"%.*s\" for \"%s\"", shown, start, it->text);
        error_detail(r->err, "Value must be an integer.");
        return false;
    }
    if (!free_width && last - buf < width) {
        error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT, "invalid value \"%s\" for \"%s\"", buf, it->text);
        error_detail(r->err, "Field requires %d characters, but only %d could be parsed.", width,
                     (int)(last - buf));
        error_hint(r->err, "If your source string is not fixed-width, try using the \"FM\" modifier.");
        return false;
    }
    if (v > INT32_MAX || v < INT32_MIN) {
        error_set(r->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                  "value for \"%s\" in source string is out of range", it->text);
        error_detail(r->err, "Value must be in the range %d to %d.", INT32_MIN, INT32_MAX);
        return false;
    }
    *used = (int)(last - buf);
    r->p += *used;
    *out = (int)v;
    return true;
}

/* A field given twice must agree with itself. */
static bool store(struct reader *r, const struct template_item *it, int slot, int *field, int value)
{
    if (r->v.set[slot] && *field != value) {
        error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT,
                  "conflicting values for \"%s\" field in formatting string", it->text);
        error_detail(r->err, "This value contradicts a previous setting for the same field type.");
        return false;
    }
    r->v.set[slot] = 1;
    *field = value;
    return true;
}

/* --- names ---------------------------------------------------------------------------------------------------- */

static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                     "july",    "august",   "september", "october", "november", "december"};
static const char *const days[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
/* Longer ones before those they begin with. */
static const char *const romans[] = {"viii", "vii", "iii", "xii", "vi", "iv", "ix", "ii", "xi", "v", "x", "i"};
static const int roman_values[] = {8, 7, 3, 12, 6, 4, 9, 2, 11, 5, 10, 1};

/* The index of the name at p, whole (abbrev 0) or its first letters. -1 with 22007. */
static int read_name(struct reader *r, const struct template_item *it, const char *const *names, int n,
                     size_t abbrev)
{
    for (int i = 0; i < n; i++) {
        size_t len = abbrev ? abbrev : strlen(names[i]);
        if ((size_t)(r->end - r->p) >= len && strncasecmp(r->p, names[i], len) == 0) {
            r->p += len;
            return i;
        }
    }
    size_t len = 0;
    while (r->p + len < r->end && !isspace((unsigned char)r->p[len]))
        len++;
    error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT, "invalid value \"%.*s\" for \"%s\"", (int)len, r->p,
              it->text);
    error_detail(r->err, "The given value did not match any of the allowed values for this field.");
    return -1;
}

static bool read_mark(struct reader *r, const struct template_item *it, const char *first, const char *second,
                      bool *is_second)
{
    const char *const words[] = {first, second};
    int i = read_name(r, it, words, 2, 0);
    *is_second = i == 1;
    return i >= 0;
}

/* --- fields ------------------------------------------------------------------------------------------------------ */

static int widen_year(int year, int digits)
{
    if (digits >= 4)
        return year;
    if (year < 70)
        return year + 2000;
    if (year < 100)
        return year + 1900;
    if (year < 520)
        return year + 2000;
    return year < 1000 ? year + 1000 : year;
}

static bool read_year(struct reader *r, const struct template_item *it, bool iso, int width)
{
    int year, used;
    if (!read_int_width(r, it, width, &year, &used))
        return false;
    if (width < 4)
        year = widen_year(year, used);
    r->v.year_digits = width;
    r->v.has_year |= !iso;
    return store(r, it, iso ? 1 : 2, iso ? &r->v.iso_year : &r->v.year, year);
}

static bool read_thousands(struct reader *r, const struct template_item *it)
{
    int thousands, rest, used;
    char buf[32];
    skip_blanks(r, NULL);
    size_t n = (size_t)(r->end - r->p) < sizeof(buf) ? (size_t)(r->end - r->p) : sizeof(buf) - 1;
    memcpy(buf, r->p, n);
    buf[n] = 0;
    if (sscanf(buf, "%d,%03d%n", &thousands, &rest, &used) < 2 || thousands > 2000000)
        return error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT, "invalid input string for \"Y,YYY\"");
    r->p += used;
    r->v.year_digits = 4;
    r->v.has_year = true;
    return store(r, it, 2, &r->v.year, thousands * 1000 + rest);
}

/* Digits behind the point: "5" under MS is 500 milliseconds. unit: digits of milliseconds or microseconds. */
static bool read_fraction(struct reader *r, const struct template_item *it, int width, int unit)
{
    int v, used;
    if (!read_int_width(r, it, width, &v, &used))
        return false;
    int64_t scaled = v;
    for (int i = used < 1 ? 1 : used; i < unit; i++)
        scaled *= 10;
    r->v.has_fraction = true;
    if (unit == 3)
        return store(r, it, 4, &r->v.msec, (int)scaled);
    return store(r, it, 3, &r->v.usec, (int)scaled);
}

static bool read_zone_hour(struct reader *r, const struct template_item *it)
{
    int used;
    r->v.zone_sign = 1;
    if (r->p < r->end && (*r->p == '+' || *r->p == '-' || *r->p == ' '))
        r->v.zone_sign = *r->p++ == '-' ? -1 : 1;
    else if (r->skipped > 0 && r->p > r->text && r->p[-1] == '-')
        r->v.zone_sign = -1; /* taken for a separator before */
    r->v.has_zone = true;
    return read_int_width(r, it, 2, &r->v.zone_hour, &used);
}

/* Plain numbers: field, digits, where they go. */
static bool read_plain(struct reader *r, const struct template_item *it)
{
    struct parsed *v = &r->v;
    const struct {
        enum template_field field;
        int width;
        int *to;
        int slot;
    } plain[] = {
        {TEMPLATE_HH24, 2, &v->hour, 10},
        {TEMPLATE_HH12, 2, &v->hour, 10},
        {TEMPLATE_HH, 2, &v->hour, 10},
        {TEMPLATE_MI, 2, &v->minute, 11},
        {TEMPLATE_SS, 2, &v->second, 12},
        {TEMPLATE_SSSS, 4, &v->seconds_of_day, 13},
        {TEMPLATE_SSSSS, 5, &v->seconds_of_day, 13},
        {TEMPLATE_MM, 2, &v->month, 14},
        {TEMPLATE_DD, 2, &v->day, 15},
        {TEMPLATE_DDD, 3, &v->yearday, 16},
        {TEMPLATE_IDDD, 3, &v->iso_yearday, 17},
        {TEMPLATE_D, 1, &v->weekday, 18},
        {TEMPLATE_ID, 1, &v->iso_weekday, 19},
        {TEMPLATE_WW, 2, &v->week, 20},
        {TEMPLATE_IW, 2, &v->iso_week, 21},
        {TEMPLATE_W, 1, &v->week_of_month, 22},
        {TEMPLATE_CC, 2, &v->century, 23},
        {TEMPLATE_J, 1, &v->julian, 24},
        {TEMPLATE_Q, 1, &v->quarter, 25},
        {TEMPLATE_TZM, 2, &v->zone_minute, 26},
    };
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        int value, used;
        if (plain[i].field != it->field)
            continue;
        if (!read_int_width(r, it, plain[i].width, &value, &used))
            return false;
        if (it->field == TEMPLATE_HH12 || it->field == TEMPLATE_HH)
            v->clock12 = true;
        if (it->field == TEMPLATE_SSSS || it->field == TEMPLATE_SSSSS)
            v->has_seconds_of_day = true;
        if (it->field == TEMPLATE_Q)
            return true; /* read and ignored: it says nothing beside a month */
        if (it->field == TEMPLATE_TZM)
            v->has_zone = true;
        return store(r, it, plain[i].slot, plain[i].to, value);
    }
    return error_set(r->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                     "formatting field \"%s\" is only supported in to_char", it->text);
}

static bool read_words(struct reader *r, const struct template_item *it, bool *done)
{
    struct parsed *v = &r->v;
    int i;
    *done = true;
    switch (it->field) {
    case TEMPLATE_A_M:
    case TEMPLATE_P_M:
    case TEMPLATE_a_m:
    case TEMPLATE_p_m:
        v->clock12 = v->half = true;
        return read_mark(r, it, "a.m.", "p.m.", &v->pm);
    case TEMPLATE_AM:
    case TEMPLATE_PM:
    case TEMPLATE_am:
    case TEMPLATE_pm:
        v->clock12 = v->half = true;
        return read_mark(r, it, "am", "pm", &v->pm);
    case TEMPLATE_A_D:
    case TEMPLATE_B_C:
    case TEMPLATE_a_d:
    case TEMPLATE_b_c:
        return read_mark(r, it, "a.d.", "b.c.", &v->bc);
    case TEMPLATE_AD:
    case TEMPLATE_BC:
    case TEMPLATE_ad:
    case TEMPLATE_bc:
        return read_mark(r, it, "ad", "bc", &v->bc);
    case TEMPLATE_MONTH:
    case TEMPLATE_Month:
    case TEMPLATE_month:
        return (i = read_name(r, it, months, 12, 0)) >= 0 && store(r, it, 14, &v->month, i + 1);
    case TEMPLATE_MON:
    case TEMPLATE_Mon:
    case TEMPLATE_mon:
        return (i = read_name(r, it, months, 12, 3)) >= 0 && store(r, it, 14, &v->month, i + 1);
    case TEMPLATE_RM:
    case TEMPLATE_rm:
        return (i = read_name(r, it, romans, 12, 0)) >= 0 && store(r, it, 14, &v->month, roman_values[i]);
    case TEMPLATE_DAY:
    case TEMPLATE_Day:
    case TEMPLATE_day:
        return (i = read_name(r, it, days, 7, 0)) >= 0 && store(r, it, 18, &v->weekday, i + 1);
    case TEMPLATE_DY:
    case TEMPLATE_Dy:
    case TEMPLATE_dy:
        return (i = read_name(r, it, days, 7, 3)) >= 0 && store(r, it, 18, &v->weekday, i + 1);
    default:
        *done = false;
        return true;
    }
}

/* The calendar a field belongs to: 0 either, 1 Gregorian, 2 ISO weeks. */
static int field_calendar(enum template_field field)
{
    switch (field) {
    case TEMPLATE_IYYY: case TEMPLATE_IYY: case TEMPLATE_IY: case TEMPLATE_I:
    case TEMPLATE_IDDD: case TEMPLATE_ID: case TEMPLATE_IW:
        return 2;
    case TEMPLATE_DDD: case TEMPLATE_DD: case TEMPLATE_D: case TEMPLATE_MM: case TEMPLATE_RM: case TEMPLATE_rm:
    case TEMPLATE_MONTH: case TEMPLATE_Month: case TEMPLATE_month: case TEMPLATE_MON: case TEMPLATE_Mon:
    case TEMPLATE_mon: case TEMPLATE_WW: case TEMPLATE_W: case TEMPLATE_Y_YYY: case TEMPLATE_YYYY: case TEMPLATE_YYY:
    case TEMPLATE_YY: case TEMPLATE_Y:
        return 1;
    default:
        return 0;
    }
}

static bool check_calendar(struct reader *r, enum template_field field)
{
    int calendar = field_calendar(field);
    if (calendar && r->v.calendar && calendar != r->v.calendar) {
        error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT, "invalid combination of date conventions");
        error_hint(r->err, "Do not mix Gregorian and ISO week date conventions in a formatting template.");
        return false;
    }
    if (calendar)
        r->v.calendar = calendar;
    return true;
}

static bool read_field(struct reader *r, const struct template_item *it)
{
    bool done;
    if (!check_calendar(r, it->field))
        return false;
    if (!read_words(r, it, &done))
        return false;
    if (done)
        return true;
    bool ok;
    switch (it->field) {
    case TEMPLATE_YYYY:
    case TEMPLATE_YYY:
    case TEMPLATE_YY:
    case TEMPLATE_Y:
    case TEMPLATE_IYYY:
    case TEMPLATE_IYY:
    case TEMPLATE_IY:
    case TEMPLATE_I: {
        bool iso = it->text[0] == 'I';
        ok = read_year(r, it, iso, (int)it->n);
        break;
    }
    case TEMPLATE_Y_YYY:
        ok = read_thousands(r, it);
        break;
    case TEMPLATE_MS:
        ok = read_fraction(r, it, 3, 3);
        break;
    case TEMPLATE_US:
        ok = read_fraction(r, it, 6, 6);
        break;
    case TEMPLATE_FF1:
    case TEMPLATE_FF2:
    case TEMPLATE_FF3:
    case TEMPLATE_FF4:
    case TEMPLATE_FF5:
    case TEMPLATE_FF6:
        ok = read_fraction(r, it, (int)(it->field - TEMPLATE_FF1) + 1, 6);
        break;
    case TEMPLATE_TZH:
        return read_zone_hour(r, it);
    default:
        ok = read_plain(r, it);
    }
    if (ok && it->ordinal && r->end - r->p >= 2)
        r->p += 2;
    return ok;
}

/* Strict: a character of the template that is no field. */
static bool read_exactly(struct reader *r, const struct template_item *it)
{
    if ((size_t)(r->end - r->p) >= it->n && memcmp(r->p, it->text, it->n) == 0) {
        r->p += it->n;
        return true;
    }
    return error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT,
                     it->kind == TEMPLATE_SEPARATOR ? "unmatched format separator \"%.*s\""
                                                    : "unmatched format character \"%.*s\"",
                     (int)it->n, it->text);
}

static bool read_rest(struct reader *r, const struct template_item *it)
{
    if (it->kind != TEMPLATE_END)
        return error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT, "input string is too short for datetime format");
    skip_blanks(r, NULL);
    return r->p == r->end || error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT,
                                       "trailing characters remain in input string after datetime format");
}

static bool read_all(struct reader *r, const struct template_item *items)
{
    int skipped = 0;
    const struct template_item *it = items;
    for (; it->kind != TEMPLATE_END && r->p < r->end; it++) {
        if (!r->fixed && (it->kind == TEMPLATE_PATTERN || it == items))
            skip_blanks(r, &skipped);
        if (it->kind == TEMPLATE_PATTERN) {
            r->skipped = skipped;
            if (!read_field(r, it))
                return false;
            skipped = 0;
            if (!r->fixed)
                skip_blanks(r, &skipped);
        } else if (r->strict) {
            if (!read_exactly(r, it))
                return false;
        } else if (r->fixed) {
            r->p++;
        } else if (it->kind == TEMPLATE_SEPARATOR) {
            skipped--;
            if (r->p < r->end && (isspace((unsigned char)*r->p) || is_separator(*r->p))) {
                r->p++;
                skipped++;
            }
        } else if (skipped > 0) {
            skipped--;
        } else {
            for (size_t i = 0; i < it->n && r->p < r->end; i++)
                r->p++;
        }
    }
    return !r->strict || read_rest(r, it);
}

/* --- putting the fields together ------------------------------------------------------------------------------------- */

static bool out_of_range(struct reader *r)
{
    return error_set(r->err, ERRCODE_DATETIME_FIELD_OVERFLOW, "date/time field value out of range: \"%.*s\"",
                     (int)r->text_size, r->text);
}

static bool combine_time(struct reader *r)
{
    struct parsed *v = &r->v;
    if (v->has_seconds_of_day) {
        v->hour = v->seconds_of_day / 3600;
        v->minute = v->seconds_of_day / 60 % 60;
        v->second = v->seconds_of_day % 60;
    }
    if (v->clock12) {
        if (v->hour < 1 || v->hour > 12) {
            error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT, "hour \"%d\" is invalid for the 12-hour clock",
                      v->hour);
            error_hint(r->err, "Use the 24-hour clock, or give an hour between 1 and 12.");
            return false;
        }
        if (v->pm && v->hour < 12)
            v->hour += 12;
        else if (!v->pm && v->hour == 12)
            v->hour = 0;
    }
    return true;
}

/* After the date's own errors. */
static bool set_time(struct reader *r, struct datetime *dt)
{
    struct parsed *v = &r->v;
    int64_t usec = (int64_t)v->msec * 1000 + v->usec;
    if (v->hour < 0 || v->hour > 23 || v->minute < 0 || v->minute > 59 || v->second < 0 || v->second > 59 ||
        usec < 0 || usec >= USECS_PER_SEC)
        return out_of_range(r);
    dt->hour = v->hour;
    dt->minute = v->minute;
    dt->second = v->second;
    dt->usec = (int)usec;
    return true;
}

/* The year from its digits, century and era. Year 0 stands for 1 BC. */
static void combine_year(struct parsed *v, struct datetime *dt)
{
    if (v->has_year) {
        if (v->century && v->year_digits <= 2) {
            int cc = v->bc ? -v->century : v->century;
            dt->year = v->year % 100;
            if (dt->year) {
                dt->year = cc >= 0 ? dt->year + (cc - 1) * 100 : (cc + 1) * 100 - dt->year + 1;
            } else {
                dt->year = cc * 100 + (cc < 0);
            }
        } else {
            int year = v->bc ? -v->year : v->year;
            dt->year = year < 0 ? year + 1 : year;
        }
    } else if (v->century) {
        int cc = v->bc ? -v->century : v->century;
        dt->year = cc >= 0 ? (cc - 1) * 100 + 1 : cc * 100 + 1;
    }
}

static bool combine_date(struct reader *r, struct datetime *dt)
{
    struct parsed *v = &r->v;
    dt->month = dt->day = 1;
    combine_year(v, dt);
    if (v->julian) {
        calendar_date((int64_t)v->julian - CALENDAR_JULIAN_EPOCH, &dt->year, &dt->month, &dt->day);
        return true;
    }
    int yearday = v->yearday;
    if (v->week) {
        yearday = (v->week - 1) * 7 + 1; /* its day of the week plays no part */
    }
    if ((yearday || v->iso_yearday) && !v->year && !v->iso_year && !v->bc && !v->century &&
        !(v->set[14] && v->set[15]))
        return error_set(r->err, ERRCODE_INVALID_DATETIME_FORMAT,
                         "cannot calculate day of year without year information");
    if (v->iso_week || v->iso_yearday) {
        int64_t start = calendar_iso_week_start(v->iso_year, v->iso_week ? v->iso_week : 1);
        int wday = v->iso_weekday   ? v->iso_weekday
                   : v->weekday > 1 ? v->weekday - 1
                   : v->weekday     ? 7
                                    : 1;
        int64_t d = v->iso_yearday ? calendar_iso_week_start(v->iso_year, 1) + v->iso_yearday - 1
                                   : start + wday - 1;
        calendar_date(d, &dt->year, &dt->month, &dt->day);
        return true;
    }
    if (v->iso_year)
        dt->year = v->iso_year;
    if (v->week_of_month && !v->set[15])
        v->day = (v->week_of_month - 1) * 7 + 1;
    if (v->set[14])
        dt->month = v->month;
    if (v->set[15] || v->week_of_month)
        dt->day = v->day;
    if (yearday && !v->set[14] && !v->set[15]) {
        if (yearday < 1 || yearday > 365 + calendar_is_leap(dt->year))
            return out_of_range(r);
        calendar_date(calendar_days(dt->year, 1, 1) + yearday - 1, &dt->year, &dt->month, &dt->day);
    }
    if (dt->year < -4714 || dt->year > 5874898 || dt->month < 1 || dt->month > 12 || dt->day < 1 ||
        dt->day > calendar_month_days(dt->year, dt->month))
        return out_of_range(r);
    return true;
}

static bool parse_text(struct fcall *f, const struct value *text, const struct template_item *items, bool fixed,
                       bool strict, struct datetime *dt)
{
    struct reader r = {.err = f->err,
                       .p = text->p,
                       .end = text->p + text->n,
                       .text = text->p,
                       .text_size = text->n,
                       .fixed = fixed,
                       .strict = strict};
    memset(dt, 0, sizeof(*dt));
    if (!read_all(&r, items) || !combine_time(&r) || !combine_date(&r, dt) || !set_time(&r, dt))
        return false;
    if (r.v.has_zone) {
        if (r.v.zone_hour < 0 || r.v.zone_hour > 15 || r.v.zone_minute < 0 || r.v.zone_minute > 59)
            return error_set(f->err, ERRCODE_INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                             "time zone displacement out of range: \"%.*s\"", (int)r.text_size, r.text);
        dt->has_zone = true;
        dt->offset = (r.v.zone_sign < 0 ? -1 : 1) * (r.v.zone_hour * 3600 + r.v.zone_minute * 60);
    }
    return true;
}

/* precision: the digits behind the second that FF1 to FF6 ask for, -1 when none does. */
static bool parse(struct fcall *f, struct datetime *dt, int32_t *precision)
{
    bool fixed;
    const struct template_item *items = template_parse(f->args[1].p, f->args[1].n, f->arena, &fixed);
    *precision = -1;
    for (const struct template_item *it = items; it->kind != TEMPLATE_END; it++)
        if (it->kind == TEMPLATE_PATTERN && it->field >= TEMPLATE_FF1 && it->field <= TEMPLATE_FF6)
            *precision = (int32_t)(it->field - TEMPLATE_FF1) + 1;
    return parse_text(f, &f->args[0], items, fixed, false, dt);
}

/* What a field is part of. */
static void note_field(enum template_field field, struct formatted_datetime *out)
{
    switch (field) {
    case TEMPLATE_TZ: case TEMPLATE_tz: case TEMPLATE_TZH: case TEMPLATE_TZM: case TEMPLATE_OF:
        out->zoned = true;
        break;
    case TEMPLATE_HH: case TEMPLATE_HH12: case TEMPLATE_HH24: case TEMPLATE_MI: case TEMPLATE_SS: case TEMPLATE_SSSS:
    case TEMPLATE_SSSSS: case TEMPLATE_MS: case TEMPLATE_US: case TEMPLATE_FF1: case TEMPLATE_FF2: case TEMPLATE_FF3:
    case TEMPLATE_FF4: case TEMPLATE_FF5: case TEMPLATE_FF6: case TEMPLATE_AM: case TEMPLATE_am: case TEMPLATE_PM:
    case TEMPLATE_pm: case TEMPLATE_A_M: case TEMPLATE_a_m: case TEMPLATE_P_M: case TEMPLATE_p_m:
        out->timed = true;
        break;
    default:
        out->dated = true;
    }
}

bool formatting_parse_strict(struct fcall *f, const struct value *text, const struct value *pattern,
                             struct formatted_datetime *out)
{
    bool fixed;
    const struct template_item *items = template_parse(pattern->p, pattern->n, f->arena, &fixed);
    *out = (struct formatted_datetime){0};
    for (const struct template_item *it = items; it->kind != TEMPLATE_END; it++)
        if (it->kind == TEMPLATE_PATTERN)
            note_field(it->field, out);
    return parse_text(f, text, items, true, true, &out->dt);
}

static void to_timestamp(struct fcall *f)
{
    struct datetime dt;
    int64_t ts;
    int32_t precision;
    if (!parse(f, &dt, &precision))
        return;
    bool ok = datetime_to_timestamp(&dt, &ts);
    if (ok && dt.has_zone)
        ok = timestamp_in_range(ts -= dt.offset * USECS_PER_SEC);
    else if (ok)
        ok = timestamp_to_timestamptz(ts, f->ctx->timezone, &ts);
    if (ok)
        return_timestamptz(f, time_round(ts, precision));
    else
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "timestamp out of range");
}

static void to_date(struct fcall *f)
{
    struct datetime dt;
    int32_t precision;
    if (!parse(f, &dt, &precision))
        return;
    int64_t d = calendar_days(dt.year, dt.month, dt.day);
    if (d < DATE_MIN || d >= DATE_END)
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "date out of range: \"%.*s\"",
                  (int)f->args[0].n, f->args[0].p);
    else
        return_date(f, (int32_t)d);
}

const struct fn_impl formatting_parse_functions[] = {
    {"to_timestamp", .call = to_timestamp}, {"to_date", .call = to_date}, {NULL}};
