/* formatting_datetime.c: to_char of timestamps and intervals. */
#include <ctype.h>
#include <stdlib.h>

#include "sql/base/strbuf.h"
#include "sql/types/datetime.h"
#include "sql/types/formatting_template.h"

static const char *const month_names[] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};
static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const roman_months[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                           "VII", "VIII", "IX",  "X",  "XI", "XII"};

/* What is printed: a moment, or an interval's parts (hours beyond a day, any sign). */
struct shown {
    struct datetime dt;
    int64_t hour;
    int yearday;
    int64_t days; /* of the moment, since 2000 */
    bool interval;
};

enum letter_case { AS_IS, UPPER, LOWER };

static void put_name(struct strbuf *b, const char *name, size_t n, enum letter_case c, size_t width)
{
    for (size_t i = 0; i < n; i++)
        strbuf_addc(b, c == UPPER   ? (char)toupper((unsigned char)name[i])
                       : c == LOWER ? (char)tolower((unsigned char)name[i])
                                    : name[i]);
    for (size_t i = n; i < width; i++)
        strbuf_addc(b, ' ');
}

static void put_ordinal(struct strbuf *b, int64_t v, char style)
{
    int64_t a = llabs(v);
    const char *s = a / 10 % 10 == 1 ? "th" : a % 10 == 1 ? "st" : a % 10 == 2 ? "nd" : a % 10 == 3 ? "rd" : "th";
    if (style)
        put_name(b, s, 2, style == 'T' ? UPPER : LOWER, 0);
}

/* At least width digits, the sign not counted, unless fill mode. */
static void put_number(struct strbuf *b, const struct template_item *it, int64_t v, int width)
{
    if (it->fill_mode)
        width = 0;
    strbuf_printf(b, "%0*lld", v < 0 && width ? width + 1 : width, (long long)v);
    put_ordinal(b, v, it->ordinal);
}

/* Digits after the point are always all there. */
static void put_fraction(struct strbuf *b, const struct template_item *it, int v, int width)
{
    strbuf_printf(b, "%0*d", width, v);
    put_ordinal(b, v, it->ordinal);
}

static bool no_interval(const struct shown *s, struct error *err)
{
    if (!s->interval)
        return true;
    error_set(err, ERRCODE_INVALID_DATETIME_FORMAT, "invalid format specification for an interval value");
    error_hint(err, "Intervals are not tied to specific calendar dates.");
    return false;
}

static int shown_year(const struct shown *s, int year)
{
    return s->interval || year > 0 ? year : 1 - year;
}

static int iso_year(const struct shown *s, int *week)
{
    int year;
    *week = calendar_iso_week(s->days, &year);
    return shown_year(s, year);
}

static bool put_clock(struct strbuf *b, const struct template_item *it, const struct shown *s)
{
    static const int powers[] = {100000, 10000, 1000, 100, 10, 1};
    int64_t h = s->hour;
    switch (it->field) {
    case TEMPLATE_HH:
    case TEMPLATE_HH12:
        put_number(b, it, h % 12 == 0 ? 12 : h % 12, 2);
        return true;
    case TEMPLATE_HH24:
        put_number(b, it, h, 2);
        return true;
    case TEMPLATE_MI:
        put_number(b, it, s->dt.minute, 2);
        return true;
    case TEMPLATE_SS:
        put_number(b, it, s->dt.second, 2);
        return true;
    case TEMPLATE_MS:
        put_fraction(b, it, s->dt.usec / 1000, 3);
        return true;
    case TEMPLATE_US:
        put_fraction(b, it, s->dt.usec, 6);
        return true;
    case TEMPLATE_FF1:
    case TEMPLATE_FF2:
    case TEMPLATE_FF3:
    case TEMPLATE_FF4:
    case TEMPLATE_FF5:
    case TEMPLATE_FF6: {
        int digits = (int)(it->field - TEMPLATE_FF1) + 1;
        put_fraction(b, it, s->dt.usec / powers[digits - 1], digits);
        return true;
    }
    case TEMPLATE_SSSS:
    case TEMPLATE_SSSSS:
        put_number(b, it, h * 3600 + s->dt.minute * 60 + s->dt.second, 0);
        return true;
    default:
        return false;
    }
}

static bool put_half_or_era(struct strbuf *b, const struct template_item *it, const struct shown *s,
                            struct error *err)
{
    bool pm = s->hour % 24 >= 12, bc = s->dt.year <= 0;
    switch (it->field) {
    case TEMPLATE_A_M:
    case TEMPLATE_P_M:
        strbuf_addz(b, pm ? "P.M." : "A.M.");
        return true;
    case TEMPLATE_AM:
    case TEMPLATE_PM:
        strbuf_addz(b, pm ? "PM" : "AM");
        return true;
    case TEMPLATE_a_m:
    case TEMPLATE_p_m:
        strbuf_addz(b, pm ? "p.m." : "a.m.");
        return true;
    case TEMPLATE_am:
    case TEMPLATE_pm:
        strbuf_addz(b, pm ? "pm" : "am");
        return true;
    case TEMPLATE_A_D:
    case TEMPLATE_B_C:
        if (no_interval(s, err))
            strbuf_addz(b, bc ? "B.C." : "A.D.");
        return true;
    case TEMPLATE_AD:
    case TEMPLATE_BC:
        if (no_interval(s, err))
            strbuf_addz(b, bc ? "BC" : "AD");
        return true;
    case TEMPLATE_a_d:
    case TEMPLATE_b_c:
        if (no_interval(s, err))
            strbuf_addz(b, bc ? "b.c." : "a.d.");
        return true;
    case TEMPLATE_ad:
    case TEMPLATE_bc:
        if (no_interval(s, err))
            strbuf_addz(b, bc ? "bc" : "ad");
        return true;
    default:
        return false;
    }
}

static bool put_zone(struct strbuf *b, const struct template_item *it, const struct shown *s,
                     struct error *err)
{
    int32_t offset = s->dt.offset, a = abs(offset);
    if (it->field != TEMPLATE_TZ && it->field != TEMPLATE_tz && it->field != TEMPLATE_TZH &&
        it->field != TEMPLATE_TZM && it->field != TEMPLATE_OF)
        return false;
    if (!no_interval(s, err))
        return true;
    switch (it->field) {
    case TEMPLATE_TZ:
    case TEMPLATE_tz:
        if (s->dt.abbrev)
            put_name(b, s->dt.abbrev, strlen(s->dt.abbrev), it->field == TEMPLATE_TZ ? AS_IS : LOWER, 0);
        break;
    case TEMPLATE_TZH:
        strbuf_printf(b, "%c%02d", offset < 0 ? '-' : '+', a / 3600);
        break;
    case TEMPLATE_TZM:
        strbuf_printf(b, "%02d", a / 60 % 60);
        break;
    default:
        strbuf_printf(b, "%c%0*d", offset < 0 ? '-' : '+', it->fill_mode ? 0 : 2, a / 3600);
        if (a / 60 % 60)
            strbuf_printf(b, ":%02d", a / 60 % 60);
    }
    return true;
}

static bool put_words(struct strbuf *b, const struct template_item *it, const struct shown *s,
                      struct error *err)
{
    bool pad = !it->fill_mode && !it->translate;
    enum letter_case c = isupper((unsigned char)it->text[0])
                             ? (isupper((unsigned char)it->text[1]) ? UPPER : AS_IS)
                             : LOWER;
    switch (it->field) {
    case TEMPLATE_MONTH:
    case TEMPLATE_Month:
    case TEMPLATE_month:
    case TEMPLATE_MON:
    case TEMPLATE_Mon:
    case TEMPLATE_mon:
        if (no_interval(s, err) && s->dt.month) {
            const char *name = month_names[s->dt.month - 1];
            bool abbrev = it->n == 3;
            put_name(b, name, abbrev ? 3 : strlen(name), c, pad && !abbrev ? 9 : 0);
        }
        return true;
    case TEMPLATE_DAY:
    case TEMPLATE_Day:
    case TEMPLATE_day:
    case TEMPLATE_DY:
    case TEMPLATE_Dy:
    case TEMPLATE_dy:
        if (no_interval(s, err)) {
            const char *name = day_names[calendar_weekday(s->days)];
            bool abbrev = it->n == 2;
            put_name(b, name, abbrev ? 3 : strlen(name), c, pad && !abbrev ? 9 : 0);
        }
        return true;
    case TEMPLATE_RM:
    case TEMPLATE_rm:
        if (s->dt.month || s->dt.year) { /* intervals of whole years have no months left */
            int m = s->dt.month > 0 ? s->dt.month : s->dt.month < 0 ? 13 + s->dt.month : s->dt.year > 0 ? 12 : 1;
            const char *name = roman_months[m - 1];
            put_name(b, name, strlen(name), c, it->fill_mode ? 0 : 4);
        }
        return true;
    default:
        return false;
    }
}

static void put_century(struct strbuf *b, const struct template_item *it, const struct shown *s)
{
    int y = s->dt.year;
    int cc = s->interval ? y / 100 : y > 0 ? (y - 1) / 100 + 1 : y / 100 - 1;
    put_number(b, it, cc, abs(cc) <= 99 ? 2 : 0);
}

static bool put_year(struct strbuf *b, const struct template_item *it, const struct shown *s)
{
    int week, y = shown_year(s, s->dt.year);
    switch (it->field) {
    case TEMPLATE_Y_YYY:
        strbuf_printf(b, "%d,%03d", y / 1000, y % 1000);
        put_ordinal(b, y % 1000, it->ordinal);
        return true;
    case TEMPLATE_YYYY:
        put_number(b, it, y, 4);
        return true;
    case TEMPLATE_YYY:
        put_number(b, it, y % 1000, 3);
        return true;
    case TEMPLATE_YY:
        put_number(b, it, y % 100, 2);
        return true;
    case TEMPLATE_Y:
        put_number(b, it, y % 10, 1);
        return true;
    case TEMPLATE_IYYY:
        put_number(b, it, iso_year(s, &week), 4);
        return true;
    case TEMPLATE_IYY:
        put_number(b, it, iso_year(s, &week) % 1000, 3);
        return true;
    case TEMPLATE_IY:
        put_number(b, it, iso_year(s, &week) % 100, 2);
        return true;
    case TEMPLATE_I:
        put_number(b, it, iso_year(s, &week) % 10, 1);
        return true;
    default:
        return false;
    }
}

static void put_day(struct strbuf *b, const struct template_item *it, const struct shown *s,
                    struct error *err)
{
    int year, wday = calendar_weekday(s->days);
    switch (it->field) {
    case TEMPLATE_MM:
        put_number(b, it, s->dt.month, 2);
        break;
    case TEMPLATE_DD:
        if (s->dt.day < 0) /* the sign takes a place */
            strbuf_printf(b, "%0*d", it->fill_mode ? 0 : 2, s->dt.day);
        else
            put_number(b, it, s->dt.day, 2);
        break;
    case TEMPLATE_DDD:
        put_number(b, it, s->yearday, 3);
        break;
    case TEMPLATE_IDDD:
        calendar_iso_week(s->days, &year);
        put_number(b, it, s->days - calendar_iso_week_start(year, 1) + 1, 3);
        break;
    case TEMPLATE_D:
        if (no_interval(s, err))
            put_number(b, it, wday + 1, 0);
        break;
    case TEMPLATE_ID:
        if (no_interval(s, err))
            put_number(b, it, wday ? wday : 7, 0);
        break;
    case TEMPLATE_WW:
        put_number(b, it, (s->yearday - 1) / 7 + 1, 2);
        break;
    case TEMPLATE_IW:
        put_number(b, it, calendar_iso_week(s->days, &year), 2);
        break;
    case TEMPLATE_W:
        put_number(b, it, (s->dt.day - 1) / 7 + 1, 0);
        break;
    case TEMPLATE_Q:
        if (s->dt.month)
            put_number(b, it, (s->dt.month - 1) / 3 + 1, 0);
        break;
    case TEMPLATE_CC:
        put_century(b, it, s);
        break;
    case TEMPLATE_J:
        put_number(b, it, s->days + CALENDAR_JULIAN_EPOCH, 0);
        break;
    default:
        break;
    }
}

static void format(struct fcall *f, const struct shown *s)
{
    bool fixed;
    struct strbuf b = {0};
    const struct template_item *it = template_parse(f->args[1].p, f->args[1].n, f->arena, &fixed);
    for (; it->kind != TEMPLATE_END; it++) {
        if (it->kind != TEMPLATE_PATTERN)
            strbuf_add(&b, it->text, it->n);
        else if (!put_clock(&b, it, s) && !put_half_or_era(&b, it, s, f->err) &&
                 !put_zone(&b, it, s, f->err) && !put_words(&b, it, s, f->err) && !put_year(&b, it, s))
            put_day(&b, it, s, f->err);
    }
    if (!error_is_set(f->err) && b.len)
        fcall_return_text(f, b.data, b.len);
    else if (!error_is_set(f->err))
        fcall_return_textz(f, "");
    strbuf_free(&b);
}

static void show_moment(struct fcall *f, struct shown *s)
{
    s->hour = s->dt.hour;
    s->days = calendar_days(s->dt.year, s->dt.month, s->dt.day);
    s->yearday = calendar_yearday(s->dt.year, s->dt.month, s->dt.day);
    format(f, s);
}

static void timestamp_to_char(struct fcall *f)
{
    int64_t ts;
    struct shown s = {0};
    if (!arg_timestamp(f, 0, &ts) || !TIMESTAMP_IS_FINITE(ts) || f->args[1].n == 0)
        return;
    datetime_from_timestamp(ts, &s.dt);
    show_moment(f, &s);
}

static void timestamptz_to_char(struct fcall *f)
{
    int64_t ts;
    struct shown s = {0};
    if (!arg_timestamp(f, 0, &ts) || !TIMESTAMP_IS_FINITE(ts) || f->args[1].n == 0)
        return;
    datetime_from_timestamptz(ts, f->ctx->timezone, &s.dt);
    show_moment(f, &s);
}

/* The Julian day of parts that need be no date. */
static int64_t julian_day(int64_t year, int64_t month, int64_t day)
{
    bool late = month > 2;
    int64_t y = year + (late ? 4800 : 4799), m = month + (late ? 1 : 13), century = y / 100;
    return y * 365 - 32167 + y / 4 - century + century / 4 + 7834 * m / 256 + day;
}

static void interval_to_char(struct fcall *f)
{
    struct interval i;
    struct shown s = {.interval = true};
    if (!arg_interval(f, 0, &i) || f->args[1].n == 0)
        return;
    s.dt.year = i.months / 12;
    s.dt.month = i.months % 12;
    s.dt.day = i.days;
    s.hour = i.usecs / USECS_PER_HOUR;
    s.dt.minute = (int)(i.usecs / USECS_PER_MIN % 60);
    s.dt.second = (int)(i.usecs / USECS_PER_SEC % 60);
    s.dt.usec = (int)(i.usecs % USECS_PER_SEC);
    s.yearday = i.months * 30 + i.days;
    s.days = julian_day(s.dt.year, s.dt.month, s.dt.day) - CALENDAR_JULIAN_EPOCH;
    format(f, &s);
}

const struct fn_impl formatting_datetime_functions[] = {
    {"timestamp_to_char", .call = timestamp_to_char},
    {"timestamptz_to_char", .call = timestamptz_to_char},
    {"interval_to_char", .call = interval_to_char},
    {NULL}};
