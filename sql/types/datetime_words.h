/* datetime_words.h: the words of date and time input, and the unit names of extract, date_trunc and intervals. */
#ifndef PGF_TYPES_DATETIME_WORDS_H
#define PGF_TYPES_DATETIME_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum datetime_word_kind {
    WORD_RESERVED, /* value: enum datetime_reserved */
    WORD_MONTH,    /* 1..12 */
    WORD_WEEKDAY,  /* 0..6 */
    WORD_AMPM,     /* 'a' or 'p' */
    WORD_ERA,      /* 'a' or 'b' */
    WORD_DST,
    WORD_IGNORE,
    WORD_PREFIX /* UNIT_TIME, UNIT_JULIAN, UNIT_YEAR ...: what the next field is */
};

enum datetime_reserved {
    RESERVED_NOW,
    RESERVED_TODAY,
    RESERVED_TOMORROW,
    RESERVED_YESTERDAY,
    RESERVED_ALLBALLS,
    RESERVED_EPOCH,
    RESERVED_LATE,
    RESERVED_EARLY
};

enum datetime_unit {
    UNIT_NONE,
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_DECADE,
    UNIT_CENTURY,
    UNIT_MILLENNIUM,
    UNIT_ISOYEAR,
    UNIT_DOW,
    UNIT_ISODOW,
    UNIT_DOY,
    UNIT_EPOCH,
    UNIT_JULIAN,
    UNIT_TIMEZONE,
    UNIT_TIMEZONE_HOUR,
    UNIT_TIMEZONE_MINUTE,
    UNIT_TIME
};

struct datetime_word {
    const char *word; /* lower case */
    enum datetime_word_kind kind;
    int value;
};

/* Lower-case words of dates and times; NULL if unknown. */
const struct datetime_word *datetime_word_find(const char *s);
/* A unit by any of its spellings ("mons", "us", "decades"), any case; UNIT_NONE if unknown. */
enum datetime_unit datetime_unit_find(const char *s, size_t n);

#endif
