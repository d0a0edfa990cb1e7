/*
 * num_small.h: numbers of up to 18 digits in one machine word: nearly all that databases hold. Functions try this form
 * first and turn to struct num when it does not fit.
 */
#ifndef PGF_TYPES_NUM_SMALL_H
#define PGF_TYPES_NUM_SMALL_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/types/value.h"

#define NUM_SMALL_DIGITS 18
#define NUM_SMALL_TEXT   48

struct num_small {
    int64_t v; /* value = v / 10^scale */
    int scale;
};

/* A stored numeric or an integer; false when it is too long or no finite number. */
static inline bool num_small_get(const struct value *x, struct num_small *out)
{
    if (x->kind == VALUE_INT) {
        *out = (struct num_small){x->i, 0};
        return true;
    }
    if (x->kind != VALUE_TEXT || x->n == 0 || x->n > NUM_SMALL_DIGITS + 2)
        return false;
    const char *p = x->p, *end = p + x->n, *point = NULL;
    bool minus = *p == '-';
    int digits = 0;
    int64_t v = 0;
    for (p += minus; p < end; p++) {
        unsigned d = (unsigned)(*p - '0');
        if (d <= 9) {
            if (++digits > NUM_SMALL_DIGITS)
                return false;
            v = v * 10 + d;
        } else if (*p == '.' && !point) {
            point = p;
        } else {
            return false;
        }
    }
    out->v = minus ? -v : v;
    out->scale = point ? (int)(end - point - 1) : 0;
    return digits > 0;
}

static inline int64_t num_small_pow10(int n)
{
    static const int64_t powers[] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000};
    return powers[n];
}

/* To a larger scale; false when it no longer fits. */
static inline bool num_small_rescale(struct num_small *x, int scale)
{
    int up = scale - x->scale;
    if (up > NUM_SMALL_DIGITS || __builtin_mul_overflow(x->v, num_small_pow10(up), &x->v))
        return false;
    x->scale = scale;
    return true;
}

/* Decimal text of v / 10^scale (scale up to 36) into buf (NUM_SMALL_TEXT bytes); its length. */
static inline int num_small_print(int64_t v, int scale, char *buf)
{
    char tmp[NUM_SMALL_TEXT];
    int n = 0, at = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        tmp[n++] = (char)('0' + u % 10);
        u /= 10;
        if (n == scale)
            tmp[n++] = '.';
    } while (u || n <= scale + (scale > 0));
    if (v < 0)
        buf[at++] = '-';
    while (n)
        buf[at++] = tmp[--n];
    return at;
}

#endif
