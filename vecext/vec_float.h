/*
 * vec_float.h - float4 to and from text, exactly as PostgreSQL's float4 prints and reads it.
 *
 * Independent of the process locale. No allocation, thread safe.
 */
#ifndef VECEXT_VEC_FLOAT_H
#define VECEXT_VEC_FLOAT_H

#include <stdbool.h>
#include <stddef.h>

/* Longest text vec_float_print() writes, without a terminator: "-1.17549435e-38". */
#define VEC_FLOAT_TEXT_MAX 16

/* Writes the shortest decimal text that reads back as the same float: fixed notation for decimal
 * exponents -4 .. 5, else scientific with at least two exponent digits ("1e+06"). NaN, Infinity and
 * -Infinity by name. Returns the length; no terminator is written. */
size_t vec_float_print(float value, char *to);

/* Reads what strtof() accepts in the C locale (decimal, hexadecimal, nan, inf), without leading
 * blanks, from a NUL-terminated text. Sets *value to the nearest float and *overflow when a finite
 * text is too large for a float; underflow gives zero or a denormal. Returns the bytes consumed, 0
 * when there is no number. */
size_t vec_float_parse(const char *text, float *value, bool *overflow);

#endif
