/* float_math.c: the mathematical functions on double precision, trigonometry, random numbers. */
#include <math.h>
#include <stdint.h>

#include "sql/types/float.h"

/* --- rounding ------------------------------------------------------------------------------------ */

#define PLAIN(name, expression)                                                                    \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        double x = ARG_REAL(f, 0);                                                                 \
        f->result = value_real(expression);                                                        \
    }
PLAIN(dround, rint(x))
PLAIN(dceil, ceil(x))
PLAIN(dfloor, floor(x))
PLAIN(dtrunc, trunc(x))
PLAIN(dsign, x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0)
PLAIN(dcbrt, cbrt(x))
PLAIN(datan, atan(x))
PLAIN(dsinh, sinh(x))
PLAIN(dtanh, tanh(x))
PLAIN(dasinh, asinh(x))
PLAIN(degrees_unchecked, x / (M_PI / 180.0))

static void degrees(struct fcall *f)
{
    degrees_unchecked(f);
    if (f->result.kind == VALUE_REAL && isinf(f->result.d) && !isinf(ARG_REAL(f, 0)))
        float_overflow(f->err);
}

static void radians(struct fcall *f)
{
    double x = ARG_REAL(f, 0), r = x * (M_PI / 180.0);
    if (r == 0.0 && x != 0.0)
        float_underflow(f->err);
    else
        f->result = value_real(r);
}

static void dpi(struct fcall *f)
{
    f->result = value_real(M_PI);
}

/* --- powers and logarithms ------------------------------------------------------------------------- */

static void out_of_range(struct fcall *f)
{
    error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range");
}

static void dsqrt(struct fcall *f)
{
    double x = ARG_REAL(f, 0);
    if (x < 0)
        error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                  "cannot take square root of a negative number");
    else
        f->result = value_real(sqrt(x));
}

/* pow and exp: infinite or zero from a finite argument is an error. */
static void return_checked(struct fcall *f, double r, bool finite_input, bool zero_is_underflow)
{
    if (isinf(r) && finite_input)
        float_overflow(f->err);
    else if (r == 0 && zero_is_underflow)
        float_underflow(f->err);
    else
        f->result = value_real(r);
}

static void dexp(struct fcall *f)
{
    double x = ARG_REAL(f, 0);
    return_checked(f, exp(x), !isinf(x), !isinf(x) && !isnan(x));
}

static void dpow(struct fcall *f)
{
    double x = ARG_REAL(f, 0), y = ARG_REAL(f, 1);
    if (isnan(x) || isnan(y)) {
        f->result = value_real((isnan(x) && y == 0) || x == 1 ? 1.0 : NAN);
        return;
    }
    if (x == 0 && y < 0) {
        error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                  "zero raised to a negative power is undefined");
        return;
    }
    if (x < 0 && floor(y) != y) {
        error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                  "a negative number raised to a non-integer power yields a complex result");
        return;
    }
    bool finite = !isinf(x) && !isinf(y);
    return_checked(f, pow(x, y), finite, finite && x != 0);
}

#define LOGARITHM(name, function)                                                                  \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        double x = ARG_REAL(f, 0);                                                                 \
        if (x == 0)                                                                                \
            error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_LOG, "cannot take logarithm of zero");  \
        else if (x < 0)                                                                            \
            error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_LOG,                                    \
                      "cannot take logarithm of a negative number");                               \
        else                                                                                       \
            f->result = value_real(function(x));                                                   \
    }
LOGARITHM(dlog1, log)
LOGARITHM(dlog10, log10)

/* --- trigonometry in radians -------------------------------------------------------------------------- */

/* Defined where `domain` holds; NaN passes. */
#define TRIG(name, domain, expression)                                                             \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        double x = ARG_REAL(f, 0);                                                                 \
        if (isnan(x) || (domain))                                                                  \
            f->result = value_real(expression);                                                    \
        else                                                                                       \
            out_of_range(f);                                                                       \
    }
TRIG(dsin, !isinf(x), sin(x))
TRIG(dcos, !isinf(x), cos(x))
TRIG(dtan, !isinf(x), tan(x))
TRIG(dcot, !isinf(x), 1.0 / tan(x))
TRIG(dasin, x >= -1 && x <= 1, asin(x))
TRIG(dacos, x >= -1 && x <= 1, acos(x))
TRIG(dacosh, x >= 1, acosh(x))
TRIG(datanh, x >= -1 && x <= 1, atanh(x))
TRIG(dcosh, true, cosh(x))

static void datan2(struct fcall *f)
{
    f->result = value_real(atan2(ARG_REAL(f, 0), ARG_REAL(f, 1)));
}

/* --- trigonometry in degrees ----------------------------------------------------------------------------- */

/*
 * Exact where the answer is: the first quadrant is built from sin on 0..30 and cos on 0..60, each scaled by its own
 * value at the end of the interval, so that 30, 45, 60 and 90 degrees come out without rounding. The
 * scale factors are computed at run time with the same library calls.
 */
static double scale_sin_30, scale_one_minus_cos_60, scale_asin_half, scale_acos_half, scale_atan_1;
static double scale_tan_45, scale_cot_45;

#define RADIANS(x) ((x) * (M_PI / 180.0))

static double sin_0_to_30(double x)
{
    volatile double s = sin(RADIANS(x));
    return (s / scale_sin_30) / 2.0;
}

static double cos_0_to_60(double x)
{
    volatile double c = 1.0 - cos(RADIANS(x));
    return 1.0 - (c / scale_one_minus_cos_60) / 2.0;
}

static double sin_quadrant(double x)
{
    return x <= 30.0 ? sin_0_to_30(x) : cos_0_to_60(90.0 - x);
}

static double cos_quadrant(double x)
{
    return x <= 60.0 ? cos_0_to_60(x) : sin_0_to_30(90.0 - x);
}

__attribute__((constructor)) static void init_scales(void)
{
    volatile double thirty = 30.0, sixty = 60.0, half = 0.5, one = 1.0;
    scale_sin_30 = sin(RADIANS(thirty));
    scale_one_minus_cos_60 = 1.0 - cos(RADIANS(sixty));
    scale_asin_half = asin(half);
    scale_acos_half = acos(half);
    scale_atan_1 = atan(one);
    scale_tan_45 = sin_quadrant(45.0) / cos_quadrant(45.0);
    scale_cot_45 = cos_quadrant(45.0) / sin_quadrant(45.0);
}

static double asin_quadrant(double x)
{
    return x <= 0.5 ? asin(x) / scale_asin_half * 30.0 : 90.0 - acos(x) / scale_acos_half * 60.0;
}

static double acos_quadrant(double x)
{
    return x <= 0.5 ? 90.0 - asin(x) / scale_asin_half * 30.0 : acos(x) / scale_acos_half * 60.0;
}

static double sin_degrees(double x)
{
    int sign = 1;
    x = fmod(x, 360.0);
    if (x < 0) {
        x = -x;
        sign = -sign;
    }
    if (x > 180.0) {
        x = 360.0 - x;
        sign = -sign;
    }
    if (x > 90.0)
        x = 180.0 - x;
    return sign * sin_quadrant(x);
}

static double cos_degrees(double x)
{
    int sign = 1;
    x = fabs(fmod(x, 360.0));
    if (x > 180.0)
        x = 360.0 - x;
    if (x > 90.0) {
        x = 180.0 - x;
        sign = -1;
    }
    return sign * cos_quadrant(x);
}

/* tan and cot share the reduction to the first quadrant. */
static double tan_degrees(double x, bool cotangent)
{
    int sign = 1;
    x = fmod(x, 360.0);
    if (x < 0) {
        x = -x;
        sign = -sign;
    }
    if (x > 180.0) {
        x = 360.0 - x;
        sign = -sign;
    }
    if (x > 90.0) {
        x = 180.0 - x;
        sign = -sign;
    }
    double r = cotangent ? cos_quadrant(x) / sin_quadrant(x) / scale_cot_45
                         : sin_quadrant(x) / cos_quadrant(x) / scale_tan_45;
    r *= sign;
    return r == 0 ? 0.0 : r; /* never minus zero */
}

TRIG(dsind, !isinf(x), sin_degrees(x))
TRIG(dcosd, !isinf(x), cos_degrees(x))
TRIG(dtand, !isinf(x), tan_degrees(x, false))
TRIG(dcotd, !isinf(x), tan_degrees(x, true))
TRIG(dasind, x >= -1 && x <= 1, x >= 0 ? asin_quadrant(x) : -asin_quadrant(-x))
TRIG(dacosd, x >= -1 && x <= 1, x >= 0 ? acos_quadrant(x) : 90.0 + asin_quadrant(-x))
TRIG(datand, true, atan(x) / scale_atan_1 * 45.0)

static void datan2d(struct fcall *f)
{
    f->result = value_real(atan2(ARG_REAL(f, 0), ARG_REAL(f, 1)) / scale_atan_1 * 45.0);
}

/* --- random numbers: xoroshiro128**, seeded through splitmix64 (public-domain algorithms) -------------------- */

static uint64_t rotate_left(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t xoroshiro_next(uint64_t s[2])
{
    uint64_t s0 = s[0], sx = s[1] ^ s0, v = rotate_left(s0 * 5, 7) * 9;
    s[0] = rotate_left(s0, 24) ^ sx ^ (sx << 16);
    s[1] = rotate_left(sx, 37);
    return v;
}

static uint64_t splitmix_next(uint64_t *x)
{
    uint64_t v = *x += 0x9e3779b97f4a7c15u;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
    v = (v ^ v >> 27) * 0x94d049bb133111ebu;
    return v ^ v >> 31;
}

static void drandom(struct fcall *f)
{
    f->result = value_real(ldexp((double)(xoroshiro_next(f->ctx->random_state) >> 12), -52));
}

static void setseed(struct fcall *f)
{
    double seed = ARG_REAL(f, 0);
    if (isnan(seed) || seed < -1 || seed > 1) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "setseed parameter %g is out of allowed range [-1,1]", seed);
        return;
    }
    uint64_t x = (uint64_t)(int64_t)((double)((UINT64_C(1) << 52) - 1) * seed);
    f->ctx->random_state[0] = splitmix_next(&x);
    f->ctx->random_state[1] = splitmix_next(&x);
    f->result = value_text("", 0); /* void */
}

/* --- histograms ------------------------------------------------------------------------------------------------- */

static void bucket_error(struct fcall *f, const char *message)
{
    error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION, "%s", message);
}

static void width_bucket_float8(struct fcall *f)
{
    double x = ARG_REAL(f, 0), low = ARG_REAL(f, 1), high = ARG_REAL(f, 2);
    int64_t count = f->args[3].i, r;
    if (count <= 0)
        bucket_error(f, "count must be greater than zero");
    else if (isnan(x) || isnan(low) || isnan(high))
        bucket_error(f, "operand, lower bound, and upper bound cannot be NaN");
    else if (isinf(low) || isinf(high))
        bucket_error(f, "lower and upper bounds must be finite");
    else if (low == high)
        bucket_error(f, "lower bound cannot equal upper bound");
    if (error_is_set(f->err))
        return;
    bool descending = low > high;
    if (descending ? x > low : x < low) {
        r = 0;
    } else if (descending ? x <= high : x >= high) {
        r = count + 1;
    } else {
        /* Halved when the width overflows; the quotient may round up to 1. */
        double width = high - low, part = (x - low) / width;
        if (isinf(width))
            part = (x / 2 - low / 2) / (high / 2 - low / 2);
        r = (int64_t)((double)count * part);
        if (r >= count)
            r = count - 1;
        r++;
    }
    if (r > INT32_MAX)
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
    else
        f->result = value_int(r);
}

const struct fn_impl float_math_functions[] = {
    {"dround", .call = dround},   {"dceil", .call = dceil},     {"dfloor", .call = dfloor},
    {"dtrunc", .call = dtrunc},   {"dsign", .call = dsign},     {"dcbrt", .call = dcbrt},
    {"degrees", .call = degrees}, {"radians", .call = radians}, {"dpi", .call = dpi},
    {"dsqrt", .call = dsqrt},     {"dexp", .call = dexp},       {"dpow", .call = dpow},
    {"dlog1", .call = dlog1},     {"dlog10", .call = dlog10},   {"dsin", .call = dsin},
    {"dcos", .call = dcos},       {"dtan", .call = dtan},       {"dcot", .call = dcot},
    {"dasin", .call = dasin},     {"dacos", .call = dacos},     {"datan", .call = datan},
    {"datan2", .call = datan2},   {"dsinh", .call = dsinh},     {"dcosh", .call = dcosh},
    {"dtanh", .call = dtanh},     {"dasinh", .call = dasinh},   {"dacosh", .call = dacosh},
    {"datanh", .call = datanh},   {"dsind", .call = dsind},     {"dcosd", .call = dcosd},
    {"dtand", .call = dtand},     {"dcotd", .call = dcotd},     {"dasind", .call = dasind},
    {"dacosd", .call = dacosd},   {"datand", .call = datand},   {"datan2d", .call = datan2d},
    {"drandom", .call = drandom}, {"setseed", .call = setseed}, {"width_bucket_float8", .call = width_bucket_float8},
    {NULL}};
