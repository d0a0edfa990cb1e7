/*
 * calendar.h: the proleptic Gregorian calendar. Days count from 2000-01-01, PostgreSQL's epoch; years are
 * astronomical (0 = 1 BC).
 */
#ifndef PGF_TYPES_CALENDAR_H
#define PGF_TYPES_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* Unix seconds of 2000-01-01 00:00:00 UTC. */
#define CALENDAR_UNIX_EPOCH_SHIFT INT64_C(946684800)
/* Julian day of 2000-01-01. */
#define CALENDAR_JULIAN_EPOCH 2451545

static inline bool calendar_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline int calendar_month_days(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && calendar_is_leap(year) ? 29 : days[month - 1];
}

/* month 1..12; day may lie outside the month. March-based years make the leap day the last. */
static inline int64_t calendar_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 730425;
}

static inline void calendar_date(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 730425;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

/* 0 = Sunday. 2000-01-01 was a Saturday. */
static inline int calendar_weekday(int64_t days)
{
    int64_t d = (days + 6) % 7;
    return (int)(d < 0 ? d + 7 : d);
}

/* 1..366 */
static inline int calendar_yearday(int year, int month, int day)
{
    return (int)(calendar_days(year, month, day) - calendar_days(year, 1, 1)) + 1;
}

/* ISO 8601 week number and the year it belongs to. */
static inline int calendar_iso_week(int64_t days, int *iso_year)
{
    int year, month, day;
    /* The week's Thursday decides. */
    int64_t thursday = days - (calendar_weekday(days) + 6) % 7 + 3;
    calendar_date(thursday, &year, &month, &day);
    *iso_year = year;
    return (int)(thursday - calendar_days(year, 1, 1)) / 7 + 1;
}

/* Day of the Monday of an ISO week. */
static inline int64_t calendar_iso_week_start(int iso_year, int week)
{
    int64_t jan4 = calendar_days(iso_year, 1, 4);
    return jan4 - (calendar_weekday(jan4) + 6) % 7 + (int64_t)(week - 1) * 7;
}

#endif
