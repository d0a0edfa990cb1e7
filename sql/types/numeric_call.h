/* numeric_call.h: the frame of functions on numeric; numeric.c and numeric_io.c. */
#ifndef PGF_TYPES_NUMERIC_CALL_H
#define PGF_TYPES_NUMERIC_CALL_H

#include "sql/types/num_small.h"
#include "sql/types/numeric.h"

/* Most functions: arguments x and y, result r. */
#define UNARY_BEGIN                                                                                \
    struct num x, r;                                                                               \
    num_init(&x);                                                                                  \
    num_init(&r);                                                                                  \
    if (arg_numeric(f, 0, &x))
#define UNARY_END                                                                                  \
    num_clear(&x);                                                                                 \
    num_clear(&r);
#define BINARY_BEGIN                                                                               \
    struct num x, y, r;                                                                            \
    num_init(&x);                                                                                  \
    num_init(&y);                                                                                  \
    num_init(&r);                                                                                  \
    if (arg_numeric(f, 0, &x) && arg_numeric(f, 1, &y))
#define BINARY_END                                                                                 \
    num_clear(&x);                                                                                 \
    num_clear(&y);                                                                                 \
    num_clear(&r);

/* A result of one machine word. */
void numeric_return_small(struct fcall *f, int64_t v, int scale);

#endif
