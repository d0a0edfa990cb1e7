/*
 * numeric.h: exact decimal numbers: an integer of any size (GMP) and a decimal scale, or NaN or an infinity.
 *
 * Stored as TEXT exactly as PostgreSQL prints them ('1.10', 'NaN', '-Infinity') with the collation "numeric".
 * A struct num owns GMP memory: num_init before use, num_clear after, on every path.
 */
#ifndef PGF_TYPES_NUMERIC_H
#define PGF_TYPES_NUMERIC_H

#include <gmp.h>

#include "sql/types/func.h"

/* PostgreSQL's limits: digits before the point, digits behind it, in a declared and in a computed result. */
#define NUMERIC_MAX_PRECISION     1000
#define NUMERIC_MIN_SCALE         (-1000)
#define NUMERIC_MAX_SCALE         1000
#define NUMERIC_INTEGER_DIGITS    131072
#define NUMERIC_MAX_DSCALE        16383
#define NUMERIC_MAX_DISPLAY_SCALE 1000
#define NUMERIC_MIN_SIG_DIGITS    16
#define NUMERIC_MAX_RESULT_SCALE  2000

enum num_kind { NUM_FINITE, NUM_NAN, NUM_PLUS_INFINITY, NUM_MINUS_INFINITY };

struct num {
    enum num_kind kind;
    int scale; /* value = v / 10^scale, digits shown behind the point */
    mpz_t v;
};

void num_init(struct num *n);
void num_clear(struct num *n);
void num_set(struct num *to, const struct num *from);
void num_set_int(struct num *n, int64_t i);

/* Blanks around are allowed. False with 22P02 or 22003 (overflow). */
bool num_parse(const char *p, size_t n, struct error *err, struct num *out);
/* Text in arena, NUL-terminated; *n is its length. */
char *num_print(const struct num *x, struct arena *arena, size_t *n);

/* Argument i, and a result; the result is checked against the format's limits (22003). */
bool arg_numeric(struct fcall *f, int i, struct num *out);
void return_numeric(struct fcall *f, const struct num *n);

int num_sign(const struct num *n);                        /* -1, 0, 1; infinities too, NaN 1 */
int num_compare(const struct num *a, const struct num *b); /* NaN above all, equal to itself */
bool num_is_integral(const struct num *n);
/* Order of two stored texts, without big arithmetic. */
int numeric_compare_text(const char *a, size_t na, const char *b, size_t nb);

/* To so many digits behind the point (may be negative), halves away from zero. */
void num_round(struct num *n, int scale);
void num_truncate(struct num *n, int scale);
/* Finite operands. */
void num_add(struct num *r, const struct num *a, const struct num *b);
void num_sub(struct num *r, const struct num *a, const struct num *b);
void num_mul(struct num *r, const struct num *a, const struct num *b);
/* b is not 0. To scale digits, rounded or cut. */
void num_div(struct num *r, const struct num *a, const struct num *b, int scale, bool round);
/* The scale PostgreSQL gives a / b: 16 significant digits at least, and no less than either's. */
int num_div_scale(const struct num *a, const struct num *b);
/* a is not negative. */
void num_sqrt(struct num *r, const struct num *a, int scale);

/* PostgreSQL keeps numbers in groups of four decimal digits; result scales depend on the position of the first
   group (weight) and on its value. Zero has weight 0 and no groups. */
struct num_lead {
    int weight;
    int ngroups;      /* filled below, at most 5 */
    int groups[5];    /* leading groups, first one not 0 */
    int total_groups; /* without trailing zero groups */
};
void num_lead(const struct num *n, struct num_lead *lead);
double num_to_double(const struct num *n);
/* Nearest integer; false when outside int64. */
bool num_to_int64(const struct num *n, int64_t *out);
void num_pow10(mpz_t r, unsigned long exponent);

/* Typmod of NUMERIC(p,s). */
#define NUMERIC_TYPMOD(p, s)      ((((p) << 16) | ((s) & 0x7ff)) + 4)
#define NUMERIC_PRECISION(typmod) ((((typmod) - 4) >> 16) & 0xffff)
#define NUMERIC_SCALE(typmod)     (((((typmod) - 4) & 0x7ff) ^ 1024) - 1024)
bool num_apply_typmod(struct num *n, int32_t typmod, struct error *err);

/* exp, ln, log, power: numeric_math.c; sets PostgreSQL's errors. */
void num_exp(struct num *r, const struct num *a, struct error *err);

#endif
