/* numeric.c: the type numeric: input and output, operators, rounding, casts; see numeric.h for its form. */
#include "sql/types/numeric.h"

#include <math.h>
#include <stdio.h>

#include "sql/types/binary.h"
#include "sql/types/float.h"
#include "sql/types/num_small.h"
#include "sql/types/type.h"
#include "sql/types/typmod.h"

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

/* --- input and output ------------------------------------------------------------------------------------ */

bool num_apply_typmod(struct num *n, int32_t typmod, struct error *err)
{
    if (typmod < 4)
        return true;
    int precision = NUMERIC_PRECISION(typmod), scale = NUMERIC_SCALE(typmod);
    if (n->kind == NUM_NAN)
        return true;
    if (n->kind != NUM_FINITE) {
        error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow");
        error_detail(err, "A field with precision %d, scale %d cannot hold an infinite value.",
                     precision, scale);
        return false;
    }
    num_round(n, scale);
    mpz_t limit;
    mpz_init(limit);
    /* |value| < 10^(precision - scale) */
    int digits = precision - scale + n->scale;
    num_pow10(limit, digits > 0 ? (unsigned long)digits : 0);
    bool fits = digits < 0 ? mpz_sgn(n->v) == 0 : mpz_cmpabs(n->v, limit) < 0;
    mpz_clear(limit);
    if (fits)
        return true;
    int whole = precision - scale;
    error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow");
    error_detail(err,
                 "A field with precision %d, scale %d must round to an absolute value less than %s%d.",
                 precision, scale, whole ? "10^" : "", whole ? whole : 1);
    return false;
}

static void numeric_in(struct fcall *f)
{
    UNARY_BEGIN
    {
        if (num_apply_typmod(&x, f->nargs > 2 ? (int32_t)f->args[2].i : -1, f->err))
            return_numeric(f, &x);
    }
    UNARY_END
}

static void numeric_out(struct fcall *f)
{
    if (f->args[0].kind == VALUE_TEXT)
        f->result = f->args[0];
    else {
        UNARY_BEGIN
        return_numeric(f, &x);
        UNARY_END
    }
}

static void numeric_typmod(struct fcall *f)
{
    UNARY_BEGIN
    {
        if (num_apply_typmod(&x, (int32_t)f->args[1].i, f->err))
            return_numeric(f, &x);
    }
    UNARY_END
}

static void numerictypmodin(struct fcall *f)
{
    int32_t part[2] = {0, 0};
    int n = typmod_list(f, part, 2);
    if (n < 0)
        return;
    if (n != 1 && n != 2)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid NUMERIC type modifier");
    else if (part[0] < 1 || part[0] > NUMERIC_MAX_PRECISION)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "NUMERIC precision %d must be between 1 and %d", part[0], NUMERIC_MAX_PRECISION);
    else if (part[1] < NUMERIC_MIN_SCALE || part[1] > NUMERIC_MAX_SCALE)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "NUMERIC scale %d must be between %d and %d", part[1], NUMERIC_MIN_SCALE,
                  NUMERIC_MAX_SCALE);
    else
        f->result = value_int(NUMERIC_TYPMOD(part[0], part[1]));
}

static void numerictypmodout(struct fcall *f)
{
    int32_t typmod = (int32_t)f->args[0].i;
    if (typmod < 4)
        fcall_return_textz(f, "");
    else
        fcall_return_textz(f, arena_printf(f->arena, "(%d,%d)", NUMERIC_PRECISION(typmod),
                                           NUMERIC_SCALE(typmod)));
}

/* --- binary form: groups of four digits ---------------------------------------------------------------------- */

#define SIGN_POSITIVE       0x0000
#define SIGN_NEGATIVE       0x4000
#define SIGN_NAN            0xC000
/* PostgreSQL reads an infinity's scale out of its sign bits, and so sends this one. */
#define INFINITY_SCALE      0x20
#define SIGN_PLUS_INFINITY  0xD000
#define SIGN_MINUS_INFINITY 0xF000

static void send_header(char *p, int ngroups, int weight, int sign, int scale)
{
    binary_put_i16(p, (int16_t)ngroups);
    binary_put_i16(p + 2, (int16_t)weight);
    binary_put_i16(p + 4, (int16_t)sign);
    binary_put_i16(p + 6, (int16_t)scale);
}

static void numeric_send(struct fcall *f)
{
    static const int kinds[] = {[NUM_NAN] = SIGN_NAN,
                                [NUM_PLUS_INFINITY] = SIGN_PLUS_INFINITY,
                                [NUM_MINUS_INFINITY] = SIGN_MINUS_INFINITY};
    UNARY_BEGIN
    {
        struct num_lead lead;
        num_lead(&x, &lead);
        if (x.kind != NUM_FINITE) {
            int scale = x.kind == NUM_NAN ? 0 : INFINITY_SCALE;
            send_header(binary_return(f, 8), 0, 0, kinds[x.kind], scale);
        } else if (mpz_sgn(x.v) == 0) {
            send_header(binary_return(f, 8), 0, 0, SIGN_POSITIVE, x.scale);
        } else {
            /* All digits as an integer of whole groups behind the point. */
            int behind = lead.total_groups - 1 - lead.weight;
            num_set(&r, &x);
            if (behind * 4 >= r.scale)
                num_round(&r, behind * 4);
            else
                num_truncate(&r, behind > 0 ? behind * 4 : 0);
            for (int i = behind; i < 0; i++)
                mpz_tdiv_q_ui(r.v, r.v, 10000);
            char *p = binary_return(f, 8 + 2 * (size_t)lead.total_groups);
            send_header(p, lead.total_groups, lead.weight,
                        mpz_sgn(x.v) < 0 ? SIGN_NEGATIVE : SIGN_POSITIVE, x.scale);
            mpz_abs(r.v, r.v);
            for (int i = lead.total_groups - 1; i >= 0; i--)
                binary_put_i16(p + 8 + 2 * i, (int16_t)mpz_tdiv_q_ui(r.v, r.v, 10000));
        }
    }
    UNARY_END
}

static bool receive(struct fcall *f, struct num *x)
{
    const char *p = f->args[0].p;
    size_t n = f->args[0].n;
    if (n < 8)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    int ngroups = (uint16_t)binary_get_i16(p), weight = binary_get_i16(p + 2);
    int sign = (uint16_t)binary_get_i16(p + 4), scale = (uint16_t)binary_get_i16(p + 6);
    if (n < 8 + 2 * (size_t)ngroups)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    if (n > 8 + 2 * (size_t)ngroups)
        return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                         "incorrect binary data format");
    if (sign == SIGN_NAN || sign == SIGN_PLUS_INFINITY || sign == SIGN_MINUS_INFINITY) {
        x->kind = sign == SIGN_NAN             ? NUM_NAN
                  : sign == SIGN_PLUS_INFINITY ? NUM_PLUS_INFINITY
                                               : NUM_MINUS_INFINITY;
        return true;
    }
    if (sign != SIGN_POSITIVE && sign != SIGN_NEGATIVE)
        return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                         "invalid sign in external \"numeric\" value");
    if (scale > NUMERIC_MAX_DSCALE)
        return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                         "invalid scale in external \"numeric\" value");
    mpz_set_ui(x->v, 0);
    for (int i = 0; i < ngroups; i++) {
        int g = binary_get_i16(p + 8 + 2 * i);
        if (g < 0 || g > 9999)
            return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                             "invalid digit in external \"numeric\" value");
        mpz_mul_ui(x->v, x->v, 10000);
        mpz_add_ui(x->v, x->v, (unsigned long)g);
    }
    int behind = ngroups - 1 - weight;
    for (int i = behind; i < 0; i++)
        mpz_mul_ui(x->v, x->v, 10000);
    if (sign == SIGN_NEGATIVE)
        mpz_neg(x->v, x->v);
    x->scale = behind > 0 ? behind * 4 : 0;
    num_truncate(x, scale);
    return true;
}

static void numeric_recv(struct fcall *f)
{
    struct num x;
    num_init(&x);
    if (receive(f, &x) && num_apply_typmod(&x, f->nargs > 2 ? (int32_t)f->args[2].i : -1, f->err))
        return_numeric(f, &x);
    num_clear(&x);
}

/* --- comparison -------------------------------------------------------------------------------------------------- */

static int numeric_collate(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    return numeric_compare_text(a, (size_t)na, b, (size_t)nb);
}

static int order(const struct fcall *f)
{
    return numeric_compare_text(f->args[0].p, f->args[0].n, f->args[1].p, f->args[1].n);
}

#define NUMERIC_COMPARE(name, result_expression)                                                   \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        int c = order(f);                                                                          \
        f->result = result_expression;                                                             \
    }
NUMERIC_COMPARE(numeric_eq, value_bool(c == 0))
NUMERIC_COMPARE(numeric_ne, value_bool(c != 0))
NUMERIC_COMPARE(numeric_lt, value_bool(c < 0))
NUMERIC_COMPARE(numeric_le, value_bool(c <= 0))
NUMERIC_COMPARE(numeric_gt, value_bool(c > 0))
NUMERIC_COMPARE(numeric_ge, value_bool(c >= 0))
NUMERIC_COMPARE(numeric_cmp, value_int((c > 0) - (c < 0)))
NUMERIC_COMPARE(numeric_larger, c > 0 ? f->args[0] : f->args[1])
NUMERIC_COMPARE(numeric_smaller, c < 0 ? f->args[0] : f->args[1])

/* --- operators ------------------------------------------------------------------------------------------------------ */

static void set_kind(struct num *r, enum num_kind kind)
{
    r->kind = kind;
    r->scale = 0;
    mpz_set_ui(r->v, 0);
}

static enum num_kind signed_infinity(int sign)
{
    return sign > 0 ? NUM_PLUS_INFINITY : NUM_MINUS_INFINITY;
}

static bool special(const struct num *x, const struct num *y)
{
    return x->kind != NUM_FINITE || y->kind != NUM_FINITE;
}

static bool any_nan(const struct num *x, const struct num *y)
{
    return x->kind == NUM_NAN || y->kind == NUM_NAN;
}

static void add_special(struct num *r, const struct num *x, enum num_kind y_kind)
{
    if (x->kind == NUM_NAN || y_kind == NUM_NAN)
        set_kind(r, NUM_NAN);
    else if (x->kind == NUM_FINITE)
        set_kind(r, y_kind);
    else if (y_kind == NUM_FINITE || y_kind == x->kind)
        set_kind(r, x->kind);
    else
        set_kind(r, NUM_NAN);
}

static enum num_kind negated_kind(enum num_kind k)
{
    return k == NUM_PLUS_INFINITY    ? NUM_MINUS_INFINITY
           : k == NUM_MINUS_INFINITY ? NUM_PLUS_INFINITY
                                     : k;
}

/* Both arguments as machine words of one scale. */
static bool small_arguments(const struct fcall *f, struct num_small *x, struct num_small *y)
{
    if (!num_small_get(&f->args[0], x) || !num_small_get(&f->args[1], y))
        return false;
    return x->scale == y->scale ||
           (x->scale < y->scale ? num_small_rescale(x, y->scale) : num_small_rescale(y, x->scale));
}

static void return_small(struct fcall *f, int64_t v, int scale)
{
    char buf[NUM_SMALL_TEXT];
    int n = num_small_print(v, scale, buf);
    f->result = value_text(arena_memdup(f->arena, buf, (size_t)n), (size_t)n);
}

static void numeric_add(struct fcall *f)
{
    struct num_small a, b;
    int64_t v;
    if (small_arguments(f, &a, &b) && !__builtin_add_overflow(a.v, b.v, &v)) {
        return_small(f, v, a.scale);
        return;
    }
    BINARY_BEGIN
    {
        if (special(&x, &y))
            add_special(&r, &x, y.kind);
        else
            num_add(&r, &x, &y);
        return_numeric(f, &r);
    }
    BINARY_END
}

static void numeric_sub(struct fcall *f)
{
    struct num_small a, b;
    int64_t v;
    if (small_arguments(f, &a, &b) && !__builtin_sub_overflow(a.v, b.v, &v)) {
        return_small(f, v, a.scale);
        return;
    }
    BINARY_BEGIN
    {
        if (special(&x, &y))
            add_special(&r, &x, negated_kind(y.kind));
        else
            num_sub(&r, &x, &y);
        return_numeric(f, &r);
    }
    BINARY_END
}

static void numeric_mul(struct fcall *f)
{
    struct num_small a, b;
    int64_t v;
    if (num_small_get(&f->args[0], &a) && num_small_get(&f->args[1], &b) &&
        !__builtin_mul_overflow(a.v, b.v, &v)) {
        return_small(f, v, a.scale + b.scale);
        return;
    }
    BINARY_BEGIN
    {
        if (special(&x, &y)) {
            int sign = num_sign(&x) * num_sign(&y);
            set_kind(&r, any_nan(&x, &y) || sign == 0 ? NUM_NAN : signed_infinity(sign));
        } else {
            num_mul(&r, &x, &y);
        }
        return_numeric(f, &r);
    }
    BINARY_END
}

static bool zero_divisor(struct fcall *f, const struct num *y)
{
    if (num_sign(y) == 0)
        error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
    return num_sign(y) == 0;
}

/* Infinity divided, or divided by. */
static void div_special(struct fcall *f, struct num *r, const struct num *x, const struct num *y)
{
    if (any_nan(x, y))
        set_kind(r, NUM_NAN);
    else if (zero_divisor(f, y))
        return;
    else if (x->kind != NUM_FINITE)
        set_kind(r, y->kind != NUM_FINITE ? NUM_NAN : signed_infinity(num_sign(x) * num_sign(y)));
    else
        num_set_int(r, 0);
}

static void numeric_div(struct fcall *f)
{
    BINARY_BEGIN
    {
        if (special(&x, &y))
            div_special(f, &r, &x, &y);
        else if (!zero_divisor(f, &y))
            num_div(&r, &x, &y, num_div_scale(&x, &y), true);
        return_numeric(f, &r);
    }
    BINARY_END
}

static void numeric_div_trunc(struct fcall *f)
{
    BINARY_BEGIN
    {
        if (special(&x, &y))
            div_special(f, &r, &x, &y);
        else if (!zero_divisor(f, &y))
            num_div(&r, &x, &y, 0, false);
        return_numeric(f, &r);
    }
    BINARY_END
}

static void numeric_mod(struct fcall *f)
{
    BINARY_BEGIN
    {
        if (any_nan(&x, &y)) {
            set_kind(&r, NUM_NAN);
        } else if (x.kind != NUM_FINITE) {
            if (!zero_divisor(f, &y))
                set_kind(&r, NUM_NAN);
        } else if (y.kind != NUM_FINITE) {
            num_set(&r, &x);
        } else if (!zero_divisor(f, &y)) {
            num_div(&r, &x, &y, 0, false);
            num_mul(&r, &r, &y);
            num_sub(&r, &x, &r);
        }
        return_numeric(f, &r);
    }
    BINARY_END
}

static void numeric_uminus(struct fcall *f)
{
    UNARY_BEGIN
    {
        x.kind = negated_kind(x.kind);
        mpz_neg(x.v, x.v);
        return_numeric(f, &x);
    }
    UNARY_END
}

static void numeric_uplus(struct fcall *f)
{
    f->result = f->args[0];
}

static void numeric_abs(struct fcall *f)
{
    UNARY_BEGIN
    {
        if (x.kind == NUM_MINUS_INFINITY)
            x.kind = NUM_PLUS_INFINITY;
        mpz_abs(x.v, x.v);
        return_numeric(f, &x);
    }
    UNARY_END
}

static void numeric_sign(struct fcall *f)
{
    UNARY_BEGIN
    {
        if (x.kind != NUM_NAN)
            num_set_int(&x, num_sign(&x));
        return_numeric(f, &x);
    }
    UNARY_END
}

static void numeric_inc(struct fcall *f)
{
    UNARY_BEGIN
    {
        num_set_int(&r, 1);
        if (x.kind == NUM_FINITE)
            num_add(&x, &x, &r);
        return_numeric(f, &x);
    }
    UNARY_END
}

/* --- rounding, scale ----------------------------------------------------------------------------------------------- */

static int clamp_scale(int64_t s)
{
    return s < -NUMERIC_MAX_RESULT_SCALE  ? -NUMERIC_MAX_RESULT_SCALE
           : s > NUMERIC_MAX_RESULT_SCALE ? NUMERIC_MAX_RESULT_SCALE
                                          : (int)s;
}

static void numeric_round(struct fcall *f)
{
    UNARY_BEGIN
    {
        num_round(&x, f->nargs > 1 ? clamp_scale(f->args[1].i) : 0);
        return_numeric(f, &x);
    }
    UNARY_END
}

static void numeric_trunc(struct fcall *f)
{
    UNARY_BEGIN
    {
        num_truncate(&x, f->nargs > 1 ? clamp_scale(f->args[1].i) : 0);
        return_numeric(f, &x);
    }
    UNARY_END
}

static void round_towards(struct fcall *f, int sign)
{
    UNARY_BEGIN
    {
        if (x.kind == NUM_FINITE && x.scale > 0) {
            mpz_t p;
            mpz_init(p);
            num_pow10(p, (unsigned long)x.scale);
            if (sign > 0)
                mpz_cdiv_q(x.v, x.v, p);
            else
                mpz_fdiv_q(x.v, x.v, p);
            x.scale = 0;
            mpz_clear(p);
        }
        return_numeric(f, &x);
    }
    UNARY_END
}

static void numeric_ceil(struct fcall *f)
{
    round_towards(f, 1);
}

static void numeric_floor(struct fcall *f)
{
    round_towards(f, -1);
}

static void numeric_scale(struct fcall *f)
{
    UNARY_BEGIN
    {
        if (x.kind == NUM_FINITE)
            f->result = value_int(x.scale);
    }
    UNARY_END
}

/* The fewest digits behind the point that lose nothing. */
static void trim_scale(struct num *x)
{
    while (x->scale > 0 && mpz_divisible_ui_p(x->v, 10)) {
        mpz_tdiv_q_ui(x->v, x->v, 10);
        x->scale--;
    }
}

static void numeric_min_scale(struct fcall *f)
{
    UNARY_BEGIN
    {
        trim_scale(&x);
        if (x.kind == NUM_FINITE)
            f->result = value_int(x.scale);
    }
    UNARY_END
}

static void numeric_trim_scale(struct fcall *f)
{
    UNARY_BEGIN
    {
        trim_scale(&x);
        return_numeric(f, &x);
    }
    UNARY_END
}

/* --- casts ---------------------------------------------------------------------------------------------------------- */

static void int_numeric(struct fcall *f)
{
    return_small(f, f->args[0].i, 0);
}

static void to_int(struct fcall *f, int64_t min, int64_t max, const char *type)
{
    int64_t v;
    UNARY_BEGIN
    {
        if (x.kind != NUM_FINITE)
            error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot convert %s to %s",
                      x.kind == NUM_NAN ? "NaN" : "infinity", type);
        else if (!num_to_int64(&x, &v) || v < min || v > max)
            error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range", type);
        else
            f->result = value_int(v);
    }
    UNARY_END
}

static void numeric_int2(struct fcall *f)
{
    to_int(f, INT16_MIN, INT16_MAX, "smallint");
}

static void numeric_int4(struct fcall *f)
{
    to_int(f, INT32_MIN, INT32_MAX, "integer");
}

static void numeric_int8(struct fcall *f)
{
    to_int(f, INT64_MIN, INT64_MAX, "bigint");
}

static void numeric_float8(struct fcall *f)
{
    double d;
    if (f->args[0].kind == VALUE_INT)
        f->result = value_real((double)f->args[0].i);
    else if (float8_parse(f->args[0].p, f->args[0].n, "double precision", f->err, &d))
        f->result = value_real(d);
}

static void numeric_float4(struct fcall *f)
{
    float d;
    if (float4_parse(f->args[0].p, f->args[0].n, "real", f->err, &d))
        f->result = value_real((double)d);
}

/* With the digits a float is sure of. */
static void float_to_numeric(struct fcall *f, int digits)
{
    char buf[64];
    double d = ARG_REAL(f, 0);
    struct num x;
    num_init(&x);
    if (isnan(d))
        x.kind = NUM_NAN;
    else if (isinf(d))
        x.kind = d > 0 ? NUM_PLUS_INFINITY : NUM_MINUS_INFINITY;
    else
        num_parse(buf, (size_t)snprintf(buf, sizeof(buf), "%.*g", digits, d), f->err, &x);
    return_numeric(f, &x);
    num_clear(&x);
}

static void float8_numeric(struct fcall *f)
{
    float_to_numeric(f, 15);
}

static void float4_numeric(struct fcall *f)
{
    float_to_numeric(f, 6);
}

/* --- generate_series --------------------------------------------------------------------------------------------------- */

struct series {
    struct num next, stop, step;
    bool made;
};

static bool series_argument(struct fcall *f, int i, struct num *x, const char *what)
{
    if (!arg_numeric(f, i, x))
        return false;
    if (x->kind == NUM_FINITE)
        return true;
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "%s cannot be %s", what,
                     x->kind == NUM_NAN ? "NaN" : "infinity");
}

static void series_open(struct fcall *f, void *state)
{
    struct series *s = state;
    num_init(&s->next);
    num_init(&s->stop);
    num_init(&s->step);
    s->made = true;
    num_set_int(&s->step, 1);
    if (!series_argument(f, 0, &s->next, "start value") ||
        !series_argument(f, 1, &s->stop, "stop value") ||
        (f->nargs > 2 && !series_argument(f, 2, &s->step, "step size")))
        return;
    if (num_sign(&s->step) == 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "step size cannot equal zero");
    /* All rows show the same scale. */
    int scale = s->next.scale > s->step.scale ? s->next.scale : s->step.scale;
    num_round(&s->next, scale);
}

static bool series_next(struct fcall *f, void *state, struct value *columns)
{
    struct series *s = state;
    int c = num_compare(&s->next, &s->stop);
    if (num_sign(&s->step) > 0 ? c > 0 : c < 0)
        return false;
    return_numeric(f, &s->next);
    columns[0] = f->result;
    num_add(&s->next, &s->next, &s->step);
    return !error_is_set(f->err);
}

static void series_close(void *state)
{
    struct series *s = state;
    if (!s->made)
        return;
    num_clear(&s->next);
    num_clear(&s->stop);
    num_clear(&s->step);
}

static const struct srf_impl series = {sizeof(struct series), series_open, series_next, series_close};

const struct fn_impl numeric_functions[] = {
    {"numeric_in", .call = numeric_in},
    {"numeric_out", .call = numeric_out},
    {"numeric_recv", .call = numeric_recv},
    {"numeric_send", .call = numeric_send},
    {"numerictypmodin", .call = numerictypmodin},
    {"numerictypmodout", .call = numerictypmodout},
    {"numeric", .call = numeric_typmod},
    {"numeric_eq", .call = numeric_eq, .native = "($1 = $2)"},
    {"numeric_ne", .call = numeric_ne, .native = "($1 <> $2)"},
    {"numeric_lt", .call = numeric_lt, .native = "($1 < $2)"},
    {"numeric_le", .call = numeric_le, .native = "($1 <= $2)"},
    {"numeric_gt", .call = numeric_gt, .native = "($1 > $2)"},
    {"numeric_ge", .call = numeric_ge, .native = "($1 >= $2)"},
    {"numeric_cmp", .call = numeric_cmp},
    {"numeric_larger", .call = numeric_larger},
    {"numeric_smaller", .call = numeric_smaller},
    {"numeric_add", .call = numeric_add},
    {"numeric_sub", .call = numeric_sub},
    {"numeric_mul", .call = numeric_mul},
    {"numeric_div", .call = numeric_div},
    {"numeric_div_trunc", .call = numeric_div_trunc},
    {"numeric_mod", .call = numeric_mod},
    {"numeric_uminus", .call = numeric_uminus},
    {"numeric_uplus", .call = numeric_uplus},
    {"numeric_abs", .call = numeric_abs},
    {"numeric_sign", .call = numeric_sign},
    {"numeric_inc", .call = numeric_inc},
    {"numeric_round", .call = numeric_round},
    {"round(numeric)", .call = numeric_round},
    {"numeric_trunc", .call = numeric_trunc},
    {"trunc(numeric)", .call = numeric_trunc},
    {"numeric_ceil", .call = numeric_ceil},
    {"numeric_floor", .call = numeric_floor},
    {"numeric_scale", .call = numeric_scale},
    {"numeric_min_scale", .call = numeric_min_scale},
    {"numeric_trim_scale", .call = numeric_trim_scale},
    {"int2_numeric", .call = int_numeric},
    {"int4_numeric", .call = int_numeric},
    {"int8_numeric", .call = int_numeric},
    {"numeric_int2", .call = numeric_int2},
    {"numeric_int4", .call = numeric_int4},
    {"numeric_int8", .call = numeric_int8},
    {"numeric_float8", .call = numeric_float8},
    {"numeric_float4", .call = numeric_float4},
    {"float8_numeric", .call = float8_numeric},
    {"float4_numeric", .call = float4_numeric},
    {"generate_series_numeric", .srf = &series},
    {"generate_series_step_numeric", .srf = &series},
    {NULL}};

const struct collation_def numeric_collations[] = {{"numeric", numeric_collate}, {NULL, NULL}};
