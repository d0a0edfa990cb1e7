/* numeric_io.c: numeric's input, output and binary form, type modifier, casts and generate_series. */
#include <math.h>
#include <stdio.h>

#include "sql/types/binary.h"
#include "sql/types/float.h"
#include "sql/types/numeric_call.h"
#include "sql/types/typmod.h"

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

/* --- casts ---------------------------------------------------------------------------------------------------------- */

static void int_numeric(struct fcall *f)
{
    numeric_return_small(f, f->args[0].i, 0);
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

const struct fn_impl numeric_io_functions[] = {
    {"numeric_in", .call = numeric_in},
    {"numeric_out", .call = numeric_out},
    {"numeric_recv", .call = numeric_recv},
    {"numeric_send", .call = numeric_send},
    {"numerictypmodin", .call = numerictypmodin},
    {"numerictypmodout", .call = numerictypmodout},
    {"numeric", .call = numeric_typmod},
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
