/* datetime_fields.c: see datetime_fields.h. */
#include "sql/types/datetime_fields.h"

#include <ctype.h>
#include <string.h>

#include "sql/types/datetime_words.h"

static bool is_alnum(char c)
{
    return isalnum((unsigned char)c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A word may be a date ("Jan-05") or a zone name ("America/New_York") when punctuation follows. */
static const char *cut_word(const char *p, char **to, struct datetime_field *f)
{
    f->kind = FIELD_WORD;
    while (isalpha((unsigned char)*p))
        *(*to)++ = (char)tolower((unsigned char)*p++);
    bool more = *p == '-' || *p == '/' || *p == '.';
    if (*p == '+' || is_digit(*p)) {
        **to = 0;
        more = !datetime_word_find(f->s);
    }
    if (more) {
        f->kind = FIELD_DATE;
        do
            *(*to)++ = (char)tolower((unsigned char)*p++);
        while (*p && (strchr("+-/_.:", *p) || is_alnum(*p)));
    }
    return p;
}

static const char *cut_number(const char *p, char **to, struct datetime_field *f)
{
    f->kind = FIELD_NUMBER;
    while (is_digit(*p))
        *(*to)++ = *p++;
    if (*p == ':') {
        f->kind = FIELD_TIME;
        while (is_digit(*p) || *p == ':' || *p == '.')
            *(*to)++ = *p++;
    } else if (*p == '-' || *p == '/' || *p == '.') {
        char delimiter = *p;
        *(*to)++ = *p++;
        if (is_digit(*p)) {
            f->kind = delimiter == '.' ? FIELD_NUMBER : FIELD_DATE;
            while (is_digit(*p))
                *(*to)++ = *p++;
            if (*p == delimiter) { /* the same separator twice: three fields */
                f->kind = FIELD_DATE;
                *(*to)++ = *p++;
                while (is_digit(*p) || *p == delimiter)
                    *(*to)++ = *p++;
            }
        } else {
            f->kind = FIELD_DATE;
            while (is_alnum(*p) || *p == delimiter)
                *(*to)++ = (char)tolower((unsigned char)*p++);
        }
    }
    return p;
}

bool datetime_cut(const char *p, size_t n, struct datetime_fields *in)
{
    char input[DATETIME_MAX_TEXT + 1], *to = in->text;
    if (n > DATETIME_MAX_TEXT || memchr(p, 0, n))
        return false;
    memcpy(input, p, n);
    input[n] = 0;
    for (p = input; *p;) {
        if (isspace((unsigned char)*p)) {
            p++;
            continue;
        }
        if (in->nfields == DATETIME_MAX_FIELDS)
            return false;
        struct datetime_field *f = &in->fields[in->nfields];
        f->s = to;
        if (is_digit(*p)) {
            p = cut_number(p, &to, f);
        } else if (*p == '.') {
            f->kind = FIELD_NUMBER;
            *to++ = *p++;
            while (is_digit(*p))
                *to++ = *p++;
        } else if (isalpha((unsigned char)*p)) {
            p = cut_word(p, &to, f);
        } else if (*p == '+' || *p == '-') {
            *to++ = *p++;
            while (isspace((unsigned char)*p))
                p++;
            if (is_digit(*p)) {
                f->kind = FIELD_OFFSET;
                while (is_digit(*p) || *p == ':' || *p == '.' || *p == '-')
                    *to++ = *p++;
            } else if (isalpha((unsigned char)*p)) {
                f->kind = FIELD_SIGNED;
                while (isalpha((unsigned char)*p))
                    *to++ = (char)tolower((unsigned char)*p++);
            } else {
                return false;
            }
        } else if (ispunct((unsigned char)*p)) {
            p++; /* other punctuation separates */
            continue;
        } else {
            return false;
        }
        *to++ = 0;
        in->nfields++;
    }
    return in->nfields > 0;
}
