/*
 * numeric_math.c: square root, exponential, logarithms, power, factorial, gcd, lcm and width_bucket on numeric.
 *
 * The number of digits of each result follows PostgreSQL: at least 16 significant ones, no fewer behind the point than the
 * arguments have. Transcendental values come from MPFR with digits to spare, then are rounded.
 */
#include <math.h>
#include <mpfr.h>

#include "sql/types/numeric.h"

#define LN10 2.302585092994046

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static void overflow(struct error *err)
{
    error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
}

static void set_kind(struct num *r, enum num_kind kind)
{
    num_set_int(r, 0);
    r->kind = kind;
}

static void set_zero(struct num *r, int scale)
{
    num_set_int(r, 0);
    r->scale = scale;
}

/* A result's scale: significant digits given its decimal weight, within the limits. */
static int result_scale(int weight, int at_least)
{
    return min_int(max_int(max_int(NUMERIC_MIN_SIG_DIGITS - weight, at_least), 0),
                   NUMERIC_MAX_DISPLAY_SCALE);
}

/* --- between GMP and MPFR ------------------------------------------------------------------------------------- */

static mpfr_prec_t bits_for(long decimal_digits)
{
    return (mpfr_prec_t)((double)decimal_digits * 3.33 + 96);
}

static void to_mpfr(mpfr_t r, const struct num *x)
{
    mpz_t p;
    mpz_init(p);
    num_pow10(p, (unsigned long)x->scale);
    mpfr_set_z(r, x->v, MPFR_RNDN);
    mpfr_div_z(r, r, p, MPFR_RNDN);
    mpz_clear(p);
}

static void from_mpfr(struct num *r, mpfr_t x, int scale)
{
    mpz_t p;
    mpz_init(p);
    num_pow10(p, (unsigned long)scale);
    mpfr_mul_z(x, x, p, MPFR_RNDN);
    mpfr_get_z(r->v, x, MPFR_RNDN);
    r->kind = NUM_FINITE;
    r->scale = scale;
    mpz_clear(p);
}

/* Digits that hold x exactly enough. */
static long digits_of(const struct num *x)
{
    return (long)mpz_sizeinbase(x->v, 10) + x->scale;
}

/* --- exponential ------------------------------------------------------------------------------------------------ */

void num_exp(struct num *r, const struct num *x, struct error *err)
{
    if (x->kind == NUM_MINUS_INFINITY) {
        num_set_int(r, 0);
        return;
    }
    if (x->kind != NUM_FINITE) {
        set_kind(r, x->kind);
        return;
    }
    double value = num_to_double(x), weight = value * 0.434294481903252;
    weight = weight < -NUMERIC_MAX_RESULT_SCALE  ? -NUMERIC_MAX_RESULT_SCALE
             : weight > NUMERIC_MAX_RESULT_SCALE ? NUMERIC_MAX_RESULT_SCALE
                                                 : weight;
    int scale = result_scale((int)weight, x->scale);
    if (fabs(value) >= NUMERIC_MAX_RESULT_SCALE * 3) {
        if (value > 0)
            overflow(err);
        set_zero(r, scale);
        return;
    }
    mpfr_t m;
    mpfr_init2(m, bits_for(max_int((int)(fabs(value) * 0.4343) + scale, (int)digits_of(x)) + 10));
    to_mpfr(m, x);
    mpfr_exp(m, m, MPFR_RNDN);
    from_mpfr(r, m, scale);
    mpfr_clear(m);
}

/* --- logarithms --------------------------------------------------------------------------------------------------- */

/* About log10(|ln(x)|): where the first digit of the logarithm stands. */
static int ln_weight(const struct num *x)
{
    struct num_lead lead;
    struct num one, d;
    if (num_sign(x) <= 0)
        return 0;
    double v = num_to_double(x);
    if (v >= 0.9 && v <= 1.1) {
        /* ln(1 + d) is about d. */
        int weight = 0;
        num_init(&one);
        num_init(&d);
        num_set_int(&one, 1);
        num_sub(&d, x, &one);
        num_lead(&d, &lead);
        if (lead.ngroups)
            weight = lead.weight * 4 + (int)log10(lead.groups[0]);
        num_clear(&one);
        num_clear(&d);
        return weight;
    }
    num_lead(x, &lead);
    int digits = lead.groups[0], exponent = lead.weight * 4;
    if (lead.ngroups > 1) {
        digits = digits * 10000 + lead.groups[1];
        exponent -= 4;
    }
    return (int)log10(fabs(log((double)digits) + exponent * LN10));
}

static void ln_to_mpfr(mpfr_t m, const struct num *x)
{
    to_mpfr(m, x);
    mpfr_log(m, m, MPFR_RNDN);
}

/* Enough bits that a logarithm near 1 keeps scale digits. */
static mpfr_prec_t ln_bits(const struct num *x, int scale)
{
    if (ln_weight(x) >= 0) /* not near 1: digits of x beyond those of the result say nothing */
        return bits_for(scale + 60);
    return bits_for(2 * (digits_of(x) + scale) + 40);
}

static void num_ln(struct num *r, const struct num *x, int scale)
{
    mpfr_t m;
    mpfr_init2(m, ln_bits(x, scale));
    ln_to_mpfr(m, x);
    from_mpfr(r, m, scale);
    mpfr_clear(m);
}

/* False with 2201E for what has no logarithm. */
static bool has_logarithm(const struct num *x, struct error *err)
{
    if (x->kind == NUM_NAN || num_sign(x) > 0)
        return true;
    return error_set(err, ERRCODE_INVALID_ARGUMENT_FOR_LOG,
                     num_sign(x) == 0 ? "cannot take logarithm of zero"
                                      : "cannot take logarithm of a negative number");
}

static void numeric_ln(struct fcall *f)
{
    struct num x, r;
    num_init(&x);
    num_init(&r);
    if (arg_numeric(f, 0, &x) && has_logarithm(&x, f->err)) {
        if (x.kind != NUM_FINITE)
            set_kind(&r, x.kind);
        else
            num_ln(&r, &x, result_scale(ln_weight(&x), x.scale));
        return_numeric(f, &r);
    }
    num_clear(&x);
    num_clear(&r);
}

static void num_log(struct num *r, const struct num *base, const struct num *x, struct error *err)
{
    if (base->kind == NUM_NAN || x->kind == NUM_NAN) {
        set_kind(r, NUM_NAN);
        return;
    }
    if (!has_logarithm(base, err) || !has_logarithm(x, err))
        return;
    if (base->kind != NUM_FINITE) {
        if (x->kind != NUM_FINITE)
            set_kind(r, NUM_NAN);
        else
            num_set_int(r, 0);
        return;
    }
    if (x->kind != NUM_FINITE) {
        set_kind(r, NUM_PLUS_INFINITY);
        return;
    }
    int scale = result_scale(ln_weight(x) - ln_weight(base), max_int(base->scale, x->scale));
    mpfr_prec_t b1 = ln_bits(base, scale), b2 = ln_bits(x, scale), bits = b1 > b2 ? b1 : b2;
    mpfr_t m, n;
    mpfr_init2(m, bits);
    mpfr_init2(n, bits);
    ln_to_mpfr(m, base);
    ln_to_mpfr(n, x);
    if (mpfr_zero_p(m)) {
        error_set(err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
    } else {
        mpfr_div(n, n, m, MPFR_RNDN);
        from_mpfr(r, n, scale);
    }
    mpfr_clear(m);
    mpfr_clear(n);
}

static void numeric_log(struct fcall *f)
{
    struct num base, x, r;
    num_init(&base);
    num_init(&x);
    num_init(&r);
    if (arg_numeric(f, 0, &base) && arg_numeric(f, 1, &x)) {
        num_log(&r, &base, &x, f->err);
        return_numeric(f, &r);
    }
    num_clear(&base);
    num_clear(&x);
    num_clear(&r);
}

static void numeric_log10(struct fcall *f)
{
    struct num base, x, r;
    num_init(&base);
    num_init(&x);
    num_init(&r);
    num_set_int(&base, 10);
    if (arg_numeric(f, 0, &x)) {
        num_log(&r, &base, &x, f->err);
        return_numeric(f, &r);
    }
    num_clear(&base);
    num_clear(&x);
    num_clear(&r);
}

/* --- power ------------------------------------------------------------------------------------------------------------ */

/* log10 of |x| from its leading digits. */
static double log10_estimate(const struct num *x)
{
    struct num_lead lead;
    num_lead(x, &lead);
    double v = lead.groups[0];
    int exponent = lead.weight * 4;
    for (int i = 1; i < lead.ngroups && i < 4; i++) {
        v = v * 10000 + lead.groups[i];
        exponent -= 4;
    }
    return log10(v) + exponent;
}

static void power_int(struct num *r, const struct num *base, int exponent, int scale,
                      struct error *err)
{
    struct num one;
    num_init(&one);
    num_set_int(&one, 1);
    if (exponent == 0) {
        num_set(r, &one);
        num_round(r, scale);
    } else if (exponent == 1) {
        num_set(r, base);
        num_round(r, scale);
    } else if (mpz_sgn(base->v) == 0) {
        if (exponent < 0)
            error_set(err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
        set_zero(r, scale);
    } else {
        double weight = exponent * log10_estimate(base);
        if (weight > 3.0 * 32767 * 4) {
            overflow(err);
        } else if (weight + 1 < -scale || weight + 1 < -NUMERIC_MAX_DISPLAY_SCALE) {
            set_zero(r, scale);
        } else {
            long digits = 1 + scale + (long)weight + (long)log(fabs((double)exponent)) + 12;
            mpfr_t m;
            mpfr_init2(m, bits_for(digits + 20));
            to_mpfr(m, base);
            mpfr_pow_si(m, m, exponent, MPFR_RNDN);
            /* The nearest binary value of an exact tie may lie on its wrong side: one digit more, then halves up. */
            from_mpfr(r, m, scale + 8);
            num_round(r, scale);
            mpfr_clear(m);
        }
    }
    num_clear(&one);
}

static void power_real(struct num *r, const struct num *base, const struct num *exponent,
                       struct error *err)
{
    if (mpz_sgn(base->v) == 0) {
        set_zero(r, NUMERIC_MIN_SIG_DIGITS);
        return;
    }
    struct num positive;
    bool negative = false;
    num_init(&positive);
    num_set(&positive, base);
    if (mpz_sgn(base->v) < 0) { /* the exponent is whole: only its parity matters */
        struct num e;
        num_init(&e);
        num_set(&e, exponent);
        num_truncate(&e, 0);
        negative = mpz_odd_p(e.v);
        num_clear(&e);
        mpz_abs(positive.v, positive.v);
    }
    mpfr_t m, e;
    mpfr_prec_t bits = ln_bits(base, 40 + exponent->scale);
    mpfr_init2(m, bits);
    mpfr_init2(e, bits);
    ln_to_mpfr(m, &positive);
    to_mpfr(e, exponent);
    mpfr_mul(m, m, e, MPFR_RNDN);
    double value = mpfr_get_d(m, MPFR_RNDN), weight = value * 0.434294481903252;
    if (fabs(value) > NUMERIC_MAX_RESULT_SCALE * 3.01) {
        if (value > 0)
            overflow(err);
        set_zero(r, NUMERIC_MAX_DISPLAY_SCALE);
    } else {
        int scale = result_scale((int)weight, max_int(base->scale, exponent->scale));
        bits = bits_for(2 * (digits_of(base) + digits_of(exponent)) + scale + (long)fabs(weight) + 60);
        mpfr_set_prec(m, bits);
        mpfr_set_prec(e, bits);
        ln_to_mpfr(m, &positive);
        to_mpfr(e, exponent);
        mpfr_mul(m, m, e, MPFR_RNDN);
        mpfr_exp(m, m, MPFR_RNDN);
        from_mpfr(r, m, scale + 8);
        num_round(r, scale);
        if (negative)
            mpz_neg(r->v, r->v);
    }
    mpfr_clear(m);
    mpfr_clear(e);
    num_clear(&positive);
}

/* A base or exponent that is no finite number, by the rules of POSIX pow(). */
static void power_special(struct num *r, const struct num *base, const struct num *exponent)
{
    struct num one;
    num_init(&one);
    num_set_int(&one, 1);
    bool base_one = num_compare(base, &one) == 0;
    int s1 = num_sign(base), s2 = num_sign(exponent);
    if (base_one || (s2 == 0 && exponent->kind == NUM_FINITE)) {
        num_set_int(r, 1);
    } else if (base->kind == NUM_NAN || exponent->kind == NUM_NAN) {
        set_kind(r, NUM_NAN);
    } else if (s1 == 0) {
        num_set_int(r, 0);
    } else if (exponent->kind != NUM_FINITE) {
        struct num size;
        num_init(&size);
        num_set(&size, base);
        mpz_abs(size.v, size.v);
        int c = base->kind != NUM_FINITE ? 1 : num_compare(&size, &one);
        num_clear(&size);
        if (c == 0)
            num_set_int(r, 1);
        else if ((c > 0) == (s2 > 0))
            set_kind(r, NUM_PLUS_INFINITY);
        else
            num_set_int(r, 0);
    } else if (s2 < 0) {
        num_set_int(r, 0);
    } else {
        bool odd = false;
        if (base->kind == NUM_MINUS_INFINITY) {
            struct num e;
            num_init(&e);
            num_set(&e, exponent);
            num_truncate(&e, 0);
            odd = mpz_odd_p(e.v);
            num_clear(&e);
        }
        set_kind(r, odd ? NUM_MINUS_INFINITY : NUM_PLUS_INFINITY);
    }
    num_clear(&one);
}

static void num_power(struct num *r, const struct num *base, const struct num *exponent,
                      struct error *err)
{
    bool nan = base->kind == NUM_NAN || exponent->kind == NUM_NAN;
    int64_t e;
    if (!nan && num_sign(base) == 0 && num_sign(exponent) < 0) {
        error_set(err, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                  "zero raised to a negative power is undefined");
    } else if (!nan && num_sign(base) < 0 && !num_is_integral(exponent)) {
        error_set(err, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                  "a negative number raised to a non-integer power yields a complex result");
    } else if (base->kind != NUM_FINITE || exponent->kind != NUM_FINITE) {
        power_special(r, base, exponent);
    } else if (num_is_integral(exponent) && num_to_int64(exponent, &e) && e >= INT32_MIN &&
               e <= INT32_MAX) {
        power_int(r, base, (int)e, result_scale(0, base->scale), err);
    } else {
        power_real(r, base, exponent, err);
    }
}

static void numeric_power(struct fcall *f)
{
    struct num x, y, r;
    num_init(&x);
    num_init(&y);
    num_init(&r);
    if (arg_numeric(f, 0, &x) && arg_numeric(f, 1, &y)) {
        num_power(&r, &x, &y, f->err);
        return_numeric(f, &r);
    }
    num_clear(&x);
    num_clear(&y);
    num_clear(&r);
}

/* --- others --------------------------------------------------------------------------------------------------------------- */

static void numeric_exp(struct fcall *f)
{
    struct num x, r;
    num_init(&x);
    num_init(&r);
    if (arg_numeric(f, 0, &x)) {
        num_exp(&r, &x, f->err);
        return_numeric(f, &r);
    }
    num_clear(&x);
    num_clear(&r);
}

static void numeric_sqrt(struct fcall *f)
{
    struct num x, r;
    struct num_lead lead;
    num_init(&x);
    num_init(&r);
    if (arg_numeric(f, 0, &x)) {
        if (x.kind != NUM_NAN && num_sign(&x) < 0) {
            error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                      "cannot take square root of a negative number");
        } else if (x.kind != NUM_FINITE) {
            set_kind(&r, x.kind);
        } else {
            num_lead(&x, &lead);
            num_sqrt(&r, &x, result_scale(lead.weight * 2 + 1, x.scale));
        }
        return_numeric(f, &r);
    }
    num_clear(&x);
    num_clear(&r);
}

static void numeric_fac(struct fcall *f)
{
    struct num r;
    int64_t n = f->args[0].i;
    if (n < 0) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                  "factorial of a negative number is undefined");
    } else if (n > 32177) {
        overflow(f->err);
    } else {
        num_init(&r);
        mpz_fac_ui(r.v, (unsigned long)n);
        return_numeric(f, &r);
        num_clear(&r);
    }
}

static void gcd_lcm(struct fcall *f, bool lcm)
{
    struct num x, y;
    num_init(&x);
    num_init(&y);
    if (arg_numeric(f, 0, &x) && arg_numeric(f, 1, &y)) {
        if (x.kind != NUM_FINITE || y.kind != NUM_FINITE) {
            set_kind(&x, NUM_NAN);
        } else {
            int scale = max_int(x.scale, y.scale);
            num_round(&x, scale);
            num_round(&y, scale);
            if (lcm)
                mpz_lcm(x.v, x.v, y.v);
            else
                mpz_gcd(x.v, x.v, y.v);
        }
        return_numeric(f, &x);
    }
    num_clear(&x);
    num_clear(&y);
}

static void numeric_gcd(struct fcall *f)
{
    gcd_lcm(f, false);
}

static void numeric_lcm(struct fcall *f)
{
    gcd_lcm(f, true);
}

static bool bucket_error(struct fcall *f, const char *message)
{
    return error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION, "%s", message);
}

static bool check_bucket(struct fcall *f, const struct num *x, const struct num *low,
                         const struct num *high)
{
    if (f->args[3].i <= 0)
        return bucket_error(f, "count must be greater than zero");
    if (x->kind == NUM_NAN || low->kind == NUM_NAN || high->kind == NUM_NAN)
        return bucket_error(f, "operand, lower bound, and upper bound cannot be NaN");
    if (low->kind != NUM_FINITE || high->kind != NUM_FINITE)
        return bucket_error(f, "lower and upper bounds must be finite");
    if (num_compare(low, high) == 0)
        return bucket_error(f, "lower bound cannot equal upper bound");
    return true;
}

static void width_bucket_numeric(struct fcall *f)
{
    struct num x, low, high, count;
    num_init(&x);
    num_init(&low);
    num_init(&high);
    num_init(&count);
    if (arg_numeric(f, 0, &x) && arg_numeric(f, 1, &low) && arg_numeric(f, 2, &high) &&
        check_bucket(f, &x, &low, &high)) {
        int64_t r = 0, n = f->args[3].i;
        bool down = num_compare(&low, &high) > 0;
        int at_low = num_compare(&x, &low), at_high = num_compare(&x, &high);
        if (down ? at_low > 0 : at_low < 0) {
            r = 0;
        } else if (down ? at_high <= 0 : at_high >= 0) {
            r = n + 1;
        } else {
            num_set_int(&count, n);
            num_sub(&x, &x, &low);
            num_sub(&high, &high, &low);
            num_mul(&x, &x, &count);
            num_div(&x, &x, &high, 0, false);
            num_to_int64(&x, &r);
            r++;
        }
        if (r > INT32_MAX)
            error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
        else
            f->result = value_int(r);
    }
    num_clear(&x);
    num_clear(&low);
    num_clear(&high);
    num_clear(&count);
}

const struct fn_impl numeric_math_functions[] = {
    {"numeric_sqrt", .call = numeric_sqrt},
    {"numeric_exp", .call = numeric_exp},
    {"numeric_ln", .call = numeric_ln},
    {"numeric_log", .call = numeric_log},
    {"log(numeric)", .call = numeric_log10},
    {"log10(numeric)", .call = numeric_log10},
    {"numeric_power", .call = numeric_power},
    {"numeric_fac", .call = numeric_fac},
    {"numeric_gcd", .call = numeric_gcd},
    {"numeric_lcm", .call = numeric_lcm},
    {"width_bucket_numeric", .call = width_bucket_numeric},
    {NULL}};
