/*
 * datetime_parser.h: between datetime_parse.c, which takes fields in order, and datetime_number.c, which reads those made of digits.
 */
#ifndef PGF_TYPES_DATETIME_PARSER_H
#define PGF_TYPES_DATETIME_PARSER_H

#include "sql/types/datetime.h"
#include "sql/types/datetime_fields.h"
#include "sql/types/datetime_words.h"

/* What the fields have filled so far. */
enum part {
    PART_YEAR = 1,
    PART_MONTH = 2,
    PART_DAY = 4,
    PART_YEARDAY = 8,
    PART_HOUR = 16,
    PART_MINUTE = 1024,
    PART_SECOND = 2048,
    PART_TIME = PART_HOUR | PART_MINUTE | PART_SECOND,
    PART_ZONE = 32,
    PART_AMPM = 64,
    PART_ERA = 128,
    PART_WEEKDAY = 256,
    PART_DST = 512,
    PART_SPECIAL = 4096 /* infinity, epoch */
};
#define PART_DATE (PART_YEAR | PART_MONTH | PART_DAY)

enum failure { OK, BAD_FORMAT, OVERFLOW_FIELD, OVERFLOW_ORDER, OVERFLOW_ZONE, BAD_ZONE };

struct parser {
    struct eval_context *ctx;
    struct error *err;
    struct datetime_fields in;
    unsigned mask;
    struct datetime *dt;
    enum datetime_special special;
    bool time_only; /* reading time or timetz */
    bool text_month;
    bool two_digit_year;
    bool julian;
    bool bc;
    int ampm; /* 0, 'a', 'p' */
    int yearday;
    enum datetime_unit prefix; /* 'J' or 'T' seen, its number follows */
    const struct timezone_def *zone;
    const char *zone_name;
    const char *abbrev; /* the zone was named by this abbreviation */
};

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Of a text that begins with a number: out of int's range is its end; *end is what follows. */
int datetime_to_int(const char *s, char **end);
/* Of ".25", rounded. */
int datetime_fraction_usecs(const char *dot);
/* The fields: what they fill goes into *filled; OK or why not. */
enum failure datetime_read_time(const char *s, struct datetime *dt);
enum failure datetime_read_offset(const char *s, int32_t *east);
enum failure datetime_read_run_together(struct parser *ps, char *s, unsigned mask, unsigned *filled);
enum failure datetime_read_number(struct parser *ps, char *s, unsigned mask, unsigned *filled);
enum failure datetime_read_date(struct parser *ps, char *s, unsigned *filled);

#endif
