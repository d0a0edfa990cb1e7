/*
 * formatting_number.h: templates of to_char and to_number for numbers ("S9G999D99", "RN", "9.99EEEE"): items and a summary.
 */
#ifndef PGF_TYPES_FORMATTING_NUMBER_H
#define PGF_TYPES_FORMATTING_NUMBER_H

#include "sql/types/func.h"

enum item_kind {
    ITEM_TEXT,
    ITEM_NINE,
    ITEM_ZERO,
    ITEM_POINT, /* . and D */
    ITEM_COMMA,
    ITEM_GROUP,
    ITEM_CURRENCY,
    ITEM_SIGN,  /* S */
    ITEM_MINUS, /* MI */
    ITEM_PLUS,  /* PL */
    ITEM_SIGN_HERE, /* SG */
    ITEM_BRACKET,
    ITEM_ROMAN,
    ITEM_ROMAN_LOWER,
    ITEM_ORDINAL,
    ITEM_ORDINAL_LOWER,
    ITEM_SHIFT, /* V */
    ITEM_EXPONENT,
    ITEM_FILL,
    ITEM_BLANK,
    ITEM_NOTHING
};

struct item {
    enum item_kind kind;
    const char *text;
    size_t n;
};

struct number_template {
    struct item *items;
    int nitems;
    int pre, post;      /* digit places */
    int shift;          /* digits behind V */
    bool point, fill, minus, plus, bracket, roman, roman_lower, exponent, shifted, blank;
    bool zero;          /* some 0 stands before the point */
    int zero_start, zero_end; /* places (from 0) where forced zeros begin and end */
    enum { SIGN_NONE, SIGN_BEFORE, SIGN_AFTER } sign; /* S */
    int sign_place;     /* digit places before S */
};

/* Items are in f->arena. False with 42601 for templates that contradict themselves. */
bool number_template_parse(struct fcall *f, const struct value *v, struct number_template *t);

#endif
