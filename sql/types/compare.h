/*
 * compare.h: comparison functions for types whose stored form SQLite orders as PostgreSQL does:
 * integers, floats ('NaN' being text, after all numbers), text and dates by bytes, blobs.
 * COMPARE_NATIVE makes the six rows of a type: int4eq, int4ne, ...
 */
#ifndef PGF_TYPES_COMPARE_H
#define PGF_TYPES_COMPARE_H

#include "sql/types/func.h"

/* <0, 0, >0 in SQLite's order of stored values. */
int value_compare(const struct value *a, const struct value *b);

void compare_eq(struct fcall *f);
void compare_ne(struct fcall *f);
void compare_lt(struct fcall *f);
void compare_le(struct fcall *f);
void compare_gt(struct fcall *f);
void compare_ge(struct fcall *f);
void compare_cmp(struct fcall *f); /* -1, 0, 1 */
void compare_larger(struct fcall *f);
void compare_smaller(struct fcall *f);

#define COMPARE_NATIVE(prefix)                                                                     \
    {prefix "eq", .call = compare_eq, .native = "($1 = $2)"},                                      \
        {prefix "ne", .call = compare_ne, .native = "($1 <> $2)"},                                 \
        {prefix "lt", .call = compare_lt, .native = "($1 < $2)"},                                  \
        {prefix "le", .call = compare_le, .native = "($1 <= $2)"},                                 \
        {prefix "gt", .call = compare_gt, .native = "($1 > $2)"},                                  \
        {prefix "ge", .call = compare_ge, .native = "($1 >= $2)"}
#define COMPARE_LARGER(larger, smaller)                                                            \
    {larger, .call = compare_larger, .native = "max($1, $2)"},                                     \
        {smaller, .call = compare_smaller, .native = "min($1, $2)"}

/* For a file whose type has an order of its own, order(f): <0, 0, >0: prefix_lt, _le, _eq, _ne, _ge, _gt and _cmp. */
#define COMPARE_BY(prefix, order)                                                                  \
    static void prefix##_lt(struct fcall *f) { f->result = value_bool(order(f) < 0); }             \
    static void prefix##_le(struct fcall *f) { f->result = value_bool(order(f) <= 0); }            \
    static void prefix##_eq(struct fcall *f) { f->result = value_bool(order(f) == 0); }            \
    static void prefix##_ne(struct fcall *f) { f->result = value_bool(order(f) != 0); }            \
    static void prefix##_ge(struct fcall *f) { f->result = value_bool(order(f) >= 0); }            \
    static void prefix##_gt(struct fcall *f) { f->result = value_bool(order(f) > 0); }             \
    static void prefix##_cmp(struct fcall *f) { f->result = value_int(order(f)); }

#endif
