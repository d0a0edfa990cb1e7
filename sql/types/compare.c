/* compare.c: see compare.h. */
#include "sql/types/compare.h"

static int kind_rank(enum value_kind k)
{
    return k == VALUE_NULL ? 0 : k == VALUE_TEXT ? 2 : k == VALUE_BLOB ? 3 : 1;
}

/* Integer against double without losing digits of either. */
static int compare_int_real(int64_t i, double d)
{
    if (d >= 9223372036854775808.0)
        return -1;
    if (d < -9223372036854775808.0)
        return 1;
    int64_t t = (int64_t)d;
    if (i != t)
        return i < t ? -1 : 1;
    double rest = d - (double)t;
    return rest > 0 ? -1 : rest < 0;
}

static int compare_numbers(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return (a->i > b->i) - (a->i < b->i);
    if (a->kind == VALUE_REAL && b->kind == VALUE_REAL)
        return (a->d > b->d) - (a->d < b->d);
    return a->kind == VALUE_INT ? compare_int_real(a->i, b->d) : -compare_int_real(b->i, a->d);
}

int value_compare(const struct value *a, const struct value *b)
{
    int ra = kind_rank(a->kind), rb = kind_rank(b->kind);
    if (ra != rb)
        return ra < rb ? -1 : 1;
    if (ra < 2)
        return ra == 0 ? 0 : compare_numbers(a, b);
    size_t n = a->n < b->n ? a->n : b->n;
    int c = n ? memcmp(a->p, b->p, n) : 0;
    return c ? (c < 0 ? -1 : 1) : (a->n > b->n) - (a->n < b->n);
}

#define COMPARE(name, expression)                                                                  \
    void name(struct fcall *f)                                                                     \
    {                                                                                              \
        int c = value_compare(&f->args[0], &f->args[1]);                                           \
        f->result = expression;                                                                    \
    }

COMPARE(compare_eq, value_bool(c == 0))
COMPARE(compare_ne, value_bool(c != 0))
COMPARE(compare_lt, value_bool(c < 0))
COMPARE(compare_le, value_bool(c <= 0))
COMPARE(compare_gt, value_bool(c > 0))
COMPARE(compare_ge, value_bool(c >= 0))
COMPARE(compare_cmp, value_int(c))
COMPARE(compare_larger, c >= 0 ? f->args[0] : f->args[1])
COMPARE(compare_smaller, c <= 0 ? f->args[0] : f->args[1])
