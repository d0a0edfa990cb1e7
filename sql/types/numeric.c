/* numeric.c: operators on numeric: comparison, arithmetic, rounding; its form is in numeric.h. */
#include "sql/types/numeric_call.h"
#include "sql/types/type.h"

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

void numeric_return_small(struct fcall *f, int64_t v, int scale)
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
        numeric_return_small(f, v, a.scale);
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
        numeric_return_small(f, v, a.scale);
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
        numeric_return_small(f, v, a.scale + b.scale);
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
    return s < -NUMERIC_INTEGER_DIGITS - 1 ? -NUMERIC_INTEGER_DIGITS - 1
           : s > NUMERIC_MAX_DSCALE        ? NUMERIC_MAX_DSCALE
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

const struct fn_impl numeric_functions[] = {
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
    {NULL}};

const struct collation_def numeric_collations[] = {{"numeric", numeric_collate}, {NULL, NULL}};
