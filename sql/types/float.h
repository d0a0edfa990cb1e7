/* float.h: doubles and floats from and to text, as PostgreSQL writes them. */
#ifndef PGF_TYPES_FLOAT_H
#define PGF_TYPES_FLOAT_H

#include "sql/types/func.h"

#define FLOAT_TEXT 40

/*
 * Text into buf (FLOAT_TEXT bytes), NUL-terminated; returns its length. extra_float_digits > 0: the fewest
 * digits that read back as the same value; else that many fewer than 15 (6) digits.
 */
int float8_print(double d, int extra_float_digits, char *buf);
int float4_print(float d, int extra_float_digits, char *buf);
/* False with 22P02 or 22003. type is the name in messages: "double precision". */
bool float8_parse(const char *p, size_t n, const char *type, struct error *err, double *out);
bool float4_parse(const char *p, size_t n, const char *type, struct error *err, float *out);

/* Sets 22003 "value out of range: overflow" (underflow); return nothing useful. */
void float_overflow(struct error *err);
void float_underflow(struct error *err);

#endif
