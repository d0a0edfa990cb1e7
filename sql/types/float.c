/*
 * float.c: real and double precision: input and output, arithmetic, casts to and from integers.
 *
 * Stored as REAL; a float4 is stored as the double of the same value. NaN is the text 'NaN' (value.h),
 * which SQLite sorts after all numbers as PostgreSQL does, so comparison is SQLite's own.
 */
#include "sql/types/float.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/int_parse.h"

/* --- output ------------------------------------------------------------------------------------ */

static int print_special(double d, char *buf)
{
    const char *s = isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
    return (int)strlen(strcpy(buf, s));
}

/* From "d.ddde[+-]xx" with ndigits digits to PostgreSQL's form: plain when the exponent is in [-4, limit). */
static int print_digits(const char *sci, int limit, char *buf)
{
    char digits[24];
    int n = 0, at = 0;
    const char *p = sci;
    if (*p == '-')
        buf[at++] = *p++;
    for (; *p && *p != 'e'; p++)
        if (*p != '.')
            digits[n++] = *p;
    int exponent = atoi(p + 1);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (exponent < -4 || exponent >= limit) {
        buf[at++] = digits[0];
        if (n > 1) {
            buf[at++] = '.';
            memcpy(buf + at, digits + 1, (size_t)n - 1);
            at += n - 1;
        }
        return at + sprintf(buf + at, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
    if (exponent < 0) {
        at += sprintf(buf + at, "0.%.*s", -exponent - 1, "000");
        memcpy(buf + at, digits, (size_t)n);
        at += n;
    } else {
        for (int i = 0; i < n || i <= exponent; i++) {
            if (i == exponent + 1)
                buf[at++] = '.';
            buf[at++] = i < n ? digits[i] : '0';
        }
    }
    buf[at] = 0;
    return at;
}

/*
 * 15 digits always suffice to tell a decimal of at most 15 digits apart (6 for float), so if 15 read
 * back as the same value, stripping their zeros gives the shortest form; else 16, else 17. Denormal
 * values have fewer significant digits: there the search begins at one.
 */
int float8_print(double d, int extra, char *buf)
{
    if (!isfinite(d))
        return print_special(d, buf);
    if (extra <= 0) {
        int digits = 15 + extra;
        return sprintf(buf, "%.*g", digits < 1 ? 1 : digits, d);
    }
    if (d == (double)(int32_t)d && !(d == 0 && signbit(d)))
        return int_print((int32_t)d, buf);
    char sci[32];
    for (int digits = fabs(d) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(sci, sizeof(sci), "%.*e", digits - 1, d);
        if (digits == 17 || strtod(sci, NULL) == d)
            break;
    }
    return print_digits(sci, 15, buf);
}

int float4_print(float d, int extra, char *buf)
{
    if (!isfinite(d))
        return print_special(d, buf);
    if (extra <= 0) {
        int digits = 6 + extra;
        return sprintf(buf, "%.*g", digits < 1 ? 1 : digits, (double)d);
    }
    char sci[32];
    for (int digits = fabsf(d) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
        snprintf(sci, sizeof(sci), "%.*e", digits - 1, (double)d);
        if (digits == 9 || strtof(sci, NULL) == d)
            break;
    }
    return print_digits(sci, 6, buf);
}

/* --- input ------------------------------------------------------------------------------------- */

/* A NUL-terminated copy without blanks around; NULL when the text cannot be a number. */
static const char *number_text(const char *p, size_t n, char *small, size_t size, char **big)
{
    while (n && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) {
        p++;
        n--;
    }
    while (n && (p[n - 1] == ' ' || (p[n - 1] >= '\t' && p[n - 1] <= '\r')))
        n--;
    if (n == 0 || memchr(p, 0, n))
        return NULL;
    char *s = n < size ? small : (*big = malloc(n + 1));
    if (!s)
        return NULL;
    memcpy(s, p, n);
    s[n] = 0;
    /* strtod also takes nan(...), which is no PostgreSQL syntax. */
    return strchr(s, '(') ? NULL : s;
}

static bool parse_failed(const char *p, size_t n, const char *type, bool syntax, struct error *err)
{
    if (syntax)
        return error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         "invalid input syntax for type %s: \"%.*s\"", type, (int)n, p);
    return error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "\"%.*s\" is out of range for type %s",
                     (int)n, p, type);
}

/* Out of range is what strtod cannot represent at all; a denormal is fine. */
#define FLOAT_PARSE(name, ctype, convert, huge)                                                    \
    bool name(const char *p, size_t n, const char *type, struct error *err, ctype *out)            \
    {                                                                                              \
        char small[64], *big = NULL, *end = NULL;                                                  \
        const char *s = number_text(p, n, small, sizeof(small), &big);                             \
        bool ok = false, syntax = true;                                                            \
        if (s) {                                                                                   \
            errno = 0;                                                                             \
            *out = convert(s, &end);                                                               \
            syntax = *end != 0 || end == s;                                                        \
            ok = !syntax && !(errno == ERANGE && (*out == 0 || isinf(*out)));                      \
        }                                                                                          \
        free(big);                                                                                 \
        return ok || parse_failed(p, n, type, syntax, err);                                        \
    }
FLOAT_PARSE(float8_parse, double, strtod, HUGE_VAL)
FLOAT_PARSE(float4_parse, float, strtof, HUGE_VALF)

static void float8in(struct fcall *f)
{
    double d;
    if (float8_parse(f->args[0].p, f->args[0].n, "double precision", f->err, &d))
        f->result = value_real(d);
}

static void float4in(struct fcall *f)
{
    float d;
    if (float4_parse(f->args[0].p, f->args[0].n, "real", f->err, &d))
        f->result = value_real((double)d);
}

static void float8out(struct fcall *f)
{
    char buf[FLOAT_TEXT];
    int n = float8_print(ARG_REAL(f, 0), f->ctx->extra_float_digits, buf);
    fcall_return_text(f, buf, (size_t)n);
}

static void float4out(struct fcall *f)
{
    char buf[FLOAT_TEXT];
    int n = float4_print((float)ARG_REAL(f, 0), f->ctx->extra_float_digits, buf);
    fcall_return_text(f, buf, (size_t)n);
}

static void float8recv(struct fcall *f)
{
    if (!binary_expect(f, 8))
        return;
    int64_t bits = binary_get_i64(f->args[0].p);
    double d;
    memcpy(&d, &bits, sizeof(d));
    f->result = value_real(d);
}

static void float8send(struct fcall *f)
{
    double d = ARG_REAL(f, 0);
    int64_t bits;
    memcpy(&bits, &d, sizeof(d));
    binary_put_i64(binary_return(f, 8), bits);
}

static void float4recv(struct fcall *f)
{
    if (!binary_expect(f, 4))
        return;
    int32_t bits = binary_get_i32(f->args[0].p);
    float d;
    memcpy(&d, &bits, sizeof(d));
    f->result = value_real((double)d);
}

static void float4send(struct fcall *f)
{
    float d = (float)ARG_REAL(f, 0);
    int32_t bits;
    memcpy(&bits, &d, sizeof(d));
    binary_put_i32(binary_return(f, 4), bits);
}

/* --- arithmetic ---------------------------------------------------------------------------------- */

void float_overflow(struct error *err)
{
    error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
}

void float_underflow(struct error *err)
{
    error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow");
}

#define FLOAT_ARITHMETIC(name, ctype)                                                              \
    static void name##pl(struct fcall *f)                                                          \
    {                                                                                              \
        ctype a = (ctype)ARG_REAL(f, 0), b = (ctype)ARG_REAL(f, 1), r = a + b;                     \
        if (isinf(r) && !isinf(a) && !isinf(b))                                                    \
            float_overflow(f->err);                                                                \
        else                                                                                       \
            f->result = value_real((double)r);                                                     \
    }                                                                                              \
    static void name##mi(struct fcall *f)                                                          \
    {                                                                                              \
        ctype a = (ctype)ARG_REAL(f, 0), b = (ctype)ARG_REAL(f, 1), r = a - b;                     \
        if (isinf(r) && !isinf(a) && !isinf(b))                                                    \
            float_overflow(f->err);                                                                \
        else                                                                                       \
            f->result = value_real((double)r);                                                     \
    }                                                                                              \
    static void name##mul(struct fcall *f)                                                         \
    {                                                                                              \
        ctype a = (ctype)ARG_REAL(f, 0), b = (ctype)ARG_REAL(f, 1), r = a * b;                     \
        if (isinf(r) && !isinf(a) && !isinf(b))                                                    \
            float_overflow(f->err);                                                                \
        else if (r == 0 && a != 0 && b != 0)                                                       \
            float_underflow(f->err);                                                               \
        else                                                                                       \
            f->result = value_real((double)r);                                                     \
    }                                                                                              \
    static void name##div(struct fcall *f)                                                         \
    {                                                                                              \
        ctype a = (ctype)ARG_REAL(f, 0), b = (ctype)ARG_REAL(f, 1), r = a / b;                     \
        if (b == 0 && !isnan(a))                                                                   \
            error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");                       \
        else if (isinf(r) && !isinf(a))                                                            \
            float_overflow(f->err);                                                                \
        else if (r == 0 && a != 0 && !isinf(b))                                                    \
            float_underflow(f->err);                                                               \
        else                                                                                       \
            f->result = value_real((double)r);                                                     \
    }
FLOAT_ARITHMETIC(float4, float)
FLOAT_ARITHMETIC(float8, double)

static void float_um(struct fcall *f)
{
    f->result = value_real(-ARG_REAL(f, 0));
}

static void float_up(struct fcall *f)
{
    f->result = f->args[0];
}

/* Of equals, which may be two zeros, the second. */
static void float_larger(struct fcall *f)
{
    f->result = f->args[value_compare(&f->args[0], &f->args[1]) > 0 ? 0 : 1];
}

static void float_smaller(struct fcall *f)
{
    f->result = f->args[value_compare(&f->args[0], &f->args[1]) < 0 ? 0 : 1];
}

static void float_abs(struct fcall *f)
{
    f->result = value_real(fabs(ARG_REAL(f, 0)));
}

/* --- casts ---------------------------------------------------------------------------------------- */

/* The first double above the type's range; its negation is the least one inside. */
static void to_int(struct fcall *f, double limit, const char *range)
{
    double d = rint(ARG_REAL(f, 0));
    if (isnan(d) || !(d >= -limit && d < limit))
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range", range);
    else
        f->result = value_int((int64_t)d);
}

static void dtoi2(struct fcall *f)
{
    to_int(f, 32768.0, "smallint");
}

static void dtoi4(struct fcall *f)
{
    to_int(f, 2147483648.0, "integer");
}

static void dtoi8(struct fcall *f)
{
    to_int(f, 9223372036854775808.0, "bigint");
}

static void int_to_double(struct fcall *f)
{
    f->result = value_real((double)f->args[0].i);
}

static void int_to_float(struct fcall *f)
{
    f->result = value_real((double)(float)f->args[0].i);
}

static void dtof(struct fcall *f)
{
    double d = ARG_REAL(f, 0);
    float r = (float)d;
    if (isinf(r) && !isinf(d))
        float_overflow(f->err);
    else if (r == 0 && d != 0)
        float_underflow(f->err);
    else
        f->result = value_real((double)r);
}

/* --- RANGE frames ----------------------------------------------------------------------------------- */

static void in_range_float(struct fcall *f)
{
    double value = ARG_REAL(f, 0), base = ARG_REAL(f, 1), offset = ARG_REAL(f, 2);
    bool sub = f->args[3].i, less = f->args[4].i;
    if (isnan(offset) || offset < 0) {
        error_set(f->err, ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                  "invalid preceding or following size in window function");
        return;
    }
    if (isnan(value) || isnan(base)) { /* NaN equals NaN and is beyond all numbers */
        f->result = value_bool(isnan(value) ? (isnan(base) || !less) : less);
        return;
    }
    if (isinf(offset) && isinf(base) && (sub ? base > 0 : base < 0)) {
        f->result = value_bool(true); /* any distance from infinity covers everything */
        return;
    }
    double bound = sub ? base - offset : base + offset;
    f->result = value_bool(less ? value <= bound : value >= bound);
}

/* --- rows --------------------------------------------------------------------------------------------- */

#define FLOAT_MIXED(prefix, name)                                                                  \
    {prefix "pl", .call = name##pl}, {prefix "mi", .call = name##mi},                              \
        {prefix "mul", .call = name##mul}, {prefix "div", .call = name##div},                      \
        COMPARE_NATIVE(prefix)
#define FLOAT_ROWS(prefix, name)                                                                   \
    FLOAT_MIXED(prefix, name), {prefix "in", .call = name##in}, {prefix "out", .call = name##out}, \
        {prefix "recv", .call = name##recv}, {prefix "send", .call = name##send},                  \
        {prefix "um", .call = float_um}, {prefix "up", .call = float_up},                          \
        {prefix "abs", .call = float_abs}, {prefix "larger", .call = float_larger},                    \
        {prefix "smaller", .call = float_smaller}

const struct fn_impl float_functions[] = {
    FLOAT_ROWS("float4", float4),
    FLOAT_ROWS("float8", float8),
    FLOAT_MIXED("float48", float8),
    FLOAT_MIXED("float84", float8),
    {"btfloat4cmp", .call = compare_cmp},
    {"btfloat8cmp", .call = compare_cmp},
    {"btfloat48cmp", .call = compare_cmp},
    {"btfloat84cmp", .call = compare_cmp},
    {"ftod", .call = float_up},
    {"dtof", .call = dtof},
    {"i2tod", .call = int_to_double},
    {"i4tod", .call = int_to_double},
    {"i8tod", .call = int_to_double},
    {"i2tof", .call = int_to_float},
    {"i4tof", .call = int_to_float},
    {"i8tof", .call = int_to_float},
    {"dtoi2", .call = dtoi2},
    {"dtoi4", .call = dtoi4},
    {"dtoi8", .call = dtoi8},
    {"ftoi2", .call = dtoi2},
    {"ftoi4", .call = dtoi4},
    {"ftoi8", .call = dtoi8},
    {"in_range_float8_float8", .call = in_range_float},
    {"in_range_float4_float8", .call = in_range_float},
    {NULL}};
