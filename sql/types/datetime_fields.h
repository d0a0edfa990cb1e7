/* datetime_fields.h: the first stage of reading dates, times and intervals: fields by their look. */
#ifndef PGF_TYPES_DATETIME_FIELDS_H
#define PGF_TYPES_DATETIME_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#define DATETIME_MAX_FIELDS 25
#define DATETIME_MAX_TEXT   160

enum field_kind {
    FIELD_NUMBER, /* 2020, 12.5, 20200102 */
    FIELD_WORD,   /* jan, utc */
    FIELD_DATE,   /* 2020-01-02, 2-jan-2020, america/new_york */
    FIELD_TIME,   /* 12:30, 12:30:15.5 */
    FIELD_OFFSET, /* +02, -3.5 */
    FIELD_SIGNED  /* -infinity */
};

struct datetime_field {
    enum field_kind kind;
    char *s; /* NUL-terminated, lower case */
};

struct datetime_fields {
    int nfields;
    struct datetime_field fields[DATETIME_MAX_FIELDS];
    char text[DATETIME_MAX_TEXT + DATETIME_MAX_FIELDS + 1];
};

/* False when the text holds what no field begins with, or too much; in is zeroed by the caller. */
bool datetime_cut(const char *p, size_t n, struct datetime_fields *in);

#endif
