/* datetime_words.c: see datetime_words.h. */
#include "sql/types/datetime_words.h"

#include <string.h>
#include <strings.h>

/* Letters of a unit's name that count. */
#define SIGNIFICANT 10

static const struct datetime_word words[] = {
    {"-infinity", WORD_RESERVED, RESERVED_EARLY},
    {"infinity", WORD_RESERVED, RESERVED_LATE},
    {"epoch", WORD_RESERVED, RESERVED_EPOCH},
    {"now", WORD_RESERVED, RESERVED_NOW},
    {"today", WORD_RESERVED, RESERVED_TODAY},
    {"tomorrow", WORD_RESERVED, RESERVED_TOMORROW},
    {"yesterday", WORD_RESERVED, RESERVED_YESTERDAY},
    {"allballs", WORD_RESERVED, RESERVED_ALLBALLS},
    {"jan", WORD_MONTH, 1},
    {"january", WORD_MONTH, 1},
    {"feb", WORD_MONTH, 2},
    {"february", WORD_MONTH, 2},
    {"mar", WORD_MONTH, 3},
    {"march", WORD_MONTH, 3},
    {"apr", WORD_MONTH, 4},
    {"april", WORD_MONTH, 4},
    {"may", WORD_MONTH, 5},
    {"jun", WORD_MONTH, 6},
    {"june", WORD_MONTH, 6},
    {"jul", WORD_MONTH, 7},
    {"july", WORD_MONTH, 7},
    {"aug", WORD_MONTH, 8},
    {"august", WORD_MONTH, 8},
    {"sep", WORD_MONTH, 9},
    {"sept", WORD_MONTH, 9},
    {"september", WORD_MONTH, 9},
    {"oct", WORD_MONTH, 10},
    {"october", WORD_MONTH, 10},
    {"nov", WORD_MONTH, 11},
    {"november", WORD_MONTH, 11},
    {"dec", WORD_MONTH, 12},
    {"december", WORD_MONTH, 12},
    {"sun", WORD_WEEKDAY, 0},
    {"sunday", WORD_WEEKDAY, 0},
    {"mon", WORD_WEEKDAY, 1},
    {"monday", WORD_WEEKDAY, 1},
    {"tue", WORD_WEEKDAY, 2},
    {"tues", WORD_WEEKDAY, 2},
    {"tuesday", WORD_WEEKDAY, 2},
    {"wed", WORD_WEEKDAY, 3},
    {"weds", WORD_WEEKDAY, 3},
    {"wednesday", WORD_WEEKDAY, 3},
    {"thu", WORD_WEEKDAY, 4},
    {"thur", WORD_WEEKDAY, 4},
    {"thurs", WORD_WEEKDAY, 4},
    {"thursday", WORD_WEEKDAY, 4},
    {"fri", WORD_WEEKDAY, 5},
    {"friday", WORD_WEEKDAY, 5},
    {"sat", WORD_WEEKDAY, 6},
    {"saturday", WORD_WEEKDAY, 6},
    {"am", WORD_AMPM, 'a'},
    {"pm", WORD_AMPM, 'p'},
    {"ad", WORD_ERA, 'a'},
    {"bc", WORD_ERA, 'b'},
    {"dst", WORD_DST, 1},
    {"at", WORD_IGNORE, 0},
    {"on", WORD_IGNORE, 0},
    {"t", WORD_PREFIX, UNIT_TIME},
    {"j", WORD_PREFIX, UNIT_JULIAN},
    {"jd", WORD_PREFIX, UNIT_JULIAN},
    {"julian", WORD_PREFIX, UNIT_JULIAN},
    {"y", WORD_PREFIX, UNIT_YEAR},
    {"m", WORD_PREFIX, UNIT_MONTH},
    {"d", WORD_PREFIX, UNIT_DAY},
    {"h", WORD_PREFIX, UNIT_HOUR},
    {"mm", WORD_PREFIX, UNIT_MINUTE},
    {"s", WORD_PREFIX, UNIT_SECOND},
};

const struct datetime_word *datetime_word_find(const char *s)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].word, s) == 0)
            return &words[i];
    return NULL;
}

static const struct {
    const char *name;
    enum datetime_unit unit;
} units[] = {
    {"c", UNIT_CENTURY},
    {"cent", UNIT_CENTURY},
    {"centuries", UNIT_CENTURY},
    {"century", UNIT_CENTURY},
    {"d", UNIT_DAY},
    {"day", UNIT_DAY},
    {"days", UNIT_DAY},
    {"dec", UNIT_DECADE},
    {"decade", UNIT_DECADE},
    {"decades", UNIT_DECADE},
    {"decs", UNIT_DECADE},
    {"dow", UNIT_DOW},
    {"doy", UNIT_DOY},
    {"epoch", UNIT_EPOCH},
    {"h", UNIT_HOUR},
    {"hour", UNIT_HOUR},
    {"hours", UNIT_HOUR},
    {"hr", UNIT_HOUR},
    {"hrs", UNIT_HOUR},
    {"isodow", UNIT_ISODOW},
    {"isoyear", UNIT_ISOYEAR},
    {"j", UNIT_JULIAN},
    {"jd", UNIT_JULIAN},
    {"julian", UNIT_JULIAN},
    {"m", UNIT_MINUTE},
    {"microsecon", UNIT_MICROSECOND},
    {"microsecond", UNIT_MICROSECOND},
    {"microseconds", UNIT_MICROSECOND},
    {"mil", UNIT_MILLENNIUM},
    {"millennia", UNIT_MILLENNIUM},
    {"millennium", UNIT_MILLENNIUM},
    {"millisecond", UNIT_MILLISECOND},
    {"milliseconds", UNIT_MILLISECOND},
    {"mils", UNIT_MILLENNIUM},
    {"min", UNIT_MINUTE},
    {"mins", UNIT_MINUTE},
    {"minute", UNIT_MINUTE},
    {"minutes", UNIT_MINUTE},
    {"mon", UNIT_MONTH},
    {"mons", UNIT_MONTH},
    {"month", UNIT_MONTH},
    {"months", UNIT_MONTH},
    {"ms", UNIT_MILLISECOND},
    {"msec", UNIT_MILLISECOND},
    {"mseconds", UNIT_MILLISECOND},
    {"msecs", UNIT_MILLISECOND},
    {"qtr", UNIT_QUARTER},
    {"quarter", UNIT_QUARTER},
    {"s", UNIT_SECOND},
    {"sec", UNIT_SECOND},
    {"second", UNIT_SECOND},
    {"seconds", UNIT_SECOND},
    {"secs", UNIT_SECOND},
    {"timezone", UNIT_TIMEZONE},
    {"timezone_h", UNIT_TIMEZONE_HOUR},
    {"timezone_hour", UNIT_TIMEZONE_HOUR},
    {"timezone_m", UNIT_TIMEZONE_MINUTE},
    {"timezone_minute", UNIT_TIMEZONE_MINUTE},
    {"us", UNIT_MICROSECOND},
    {"usec", UNIT_MICROSECOND},
    {"useconds", UNIT_MICROSECOND},
    {"usecs", UNIT_MICROSECOND},
    {"w", UNIT_WEEK},
    {"week", UNIT_WEEK},
    {"weeks", UNIT_WEEK},
    {"y", UNIT_YEAR},
    {"year", UNIT_YEAR},
    {"years", UNIT_YEAR},
    {"yr", UNIT_YEAR},
    {"yrs", UNIT_YEAR},
};

enum datetime_unit datetime_unit_find(const char *s, size_t n)
{
    n = n < SIGNIFICANT ? n : SIGNIFICANT;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (n && units[i].name[0] == (s[0] | 0x20) && strncasecmp(units[i].name, s, n) == 0 &&
            (n == SIGNIFICANT || !units[i].name[n]))
            return units[i].unit;
    return UNIT_NONE;
}
