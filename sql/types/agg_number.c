/*
 * agg_number.c: sum, avg, variance and standard deviation over integers and numeric, exact; bit and boolean aggregates;
 * the rows of those that are SQLite's own (count, min, max) and of the window functions.
 *
 * All exact sums share one state: N, sum and sum of squares as big integers at the largest scale met. To let rows leave
 * a window frame, the number of rows per scale is kept, since the result shows the largest scale still there.
 */
#include <stdlib.h>

#include "sql/types/num_small.h"
#include "sql/types/numeric.h"

struct exact {
    int64_t n; /* finite inputs */
    int64_t nans, plus_infinities, minus_infinities;
    bool made;
    mpz_t sum, squares; /* at scale, and at 2 * scale */
    int scale;
    int64_t *scale_counts; /* [0..NUMERIC_MAX_DSCALE], made when a scale above 0 is met */
    int64_t scale0_count;
};

static void exact_make(struct exact *s)
{
    if (s->made)
        return;
    mpz_init(s->sum);
    mpz_init(s->squares);
    s->made = true;
}

static void exact_destroy(void *state)
{
    struct exact *s = state;
    if (s->made) {
        mpz_clear(s->sum);
        mpz_clear(s->squares);
    }
    free(s->scale_counts);
}

static void multiply_pow10(mpz_t v, int n)
{
    mpz_t p;
    mpz_init(p);
    num_pow10(p, (unsigned long)n);
    mpz_mul(v, v, p);
    mpz_clear(p);
}

static bool count_scale(struct fcall *f, struct exact *s, int scale, int by)
{
    if (scale == 0) {
        s->scale0_count += by;
        return true;
    }
    if (!s->scale_counts) {
        s->scale_counts = calloc(NUMERIC_MAX_DSCALE + 1, sizeof(int64_t));
        if (!s->scale_counts)
            return error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    }
    s->scale_counts[scale] += by;
    return true;
}

/* A number of one word at the sum's scale, the common case. */
static bool exact_move_small(struct fcall *f, struct exact *s, int by)
{
    struct num_small x;
    if (!s->made || !num_small_get(&f->args[0], &x))
        return false;
    int scale = x.scale;
    if (scale > s->scale || (scale < s->scale && !num_small_rescale(&x, s->scale)) || !count_scale(f, s, scale, by))
        return false;
    s->n += by;
    uint64_t size = x.v < 0 ? 0 - (uint64_t)x.v : (uint64_t)x.v;
    if ((x.v < 0) == (by < 0))
        mpz_add_ui(s->sum, s->sum, size);
    else
        mpz_sub_ui(s->sum, s->sum, size);
    return true;
}

/* Adds (by = 1) or removes (by = -1) one value. */
static void exact_move(struct fcall *f, struct exact *s, bool squares, int by)
{
    struct num x;
    if (!squares && exact_move_small(f, s, by))
        return;
    exact_make(s);
    num_init(&x);
    if (!arg_numeric(f, 0, &x)) {
        ;
    } else if (x.kind != NUM_FINITE) {
        int64_t *counts[] = {[NUM_NAN] = &s->nans,
                             [NUM_PLUS_INFINITY] = &s->plus_infinities,
                             [NUM_MINUS_INFINITY] = &s->minus_infinities};
        *counts[x.kind] += by;
    } else if (count_scale(f, s, x.scale, by)) {
        s->n += by;
        if (x.scale > s->scale) {
            multiply_pow10(s->sum, x.scale - s->scale);
            multiply_pow10(s->squares, 2 * (x.scale - s->scale));
            s->scale = x.scale;
        } else if (x.scale < s->scale) {
            num_round(&x, s->scale);
        }
        if (by > 0)
            mpz_add(s->sum, s->sum, x.v);
        else
            mpz_sub(s->sum, s->sum, x.v);
        if (squares && by > 0)
            mpz_addmul(s->squares, x.v, x.v);
        else if (squares)
            mpz_submul(s->squares, x.v, x.v);
    }
    num_clear(&x);
}

/* Integers skip the text of numeric. */
static void exact_move_int(struct exact *s, int64_t v, bool squares, int by)
{
    exact_make(s);
    s->n += by;
    s->scale0_count += by;
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if ((v < 0) == (by < 0))
        mpz_add_ui(s->sum, s->sum, size);
    else
        mpz_sub_ui(s->sum, s->sum, size);
    if (squares) {
        mpz_t x;
        mpz_init_set_ui(x, size);
        if (by > 0)
            mpz_addmul(s->squares, x, x);
        else
            mpz_submul(s->squares, x, x);
        mpz_clear(x);
    }
}

#define MOVES(name, squares)                                                                       \
    static void name##_step(struct fcall *f, void *state)                                          \
    {                                                                                              \
        if (ARG_NULL(f, 0))                                                                        \
            return;                                                                                \
        if (f->args[0].kind == VALUE_INT)                                                          \
            exact_move_int(state, f->args[0].i, squares, 1);                                       \
        else                                                                                       \
            exact_move(f, state, squares, 1);                                                      \
    }                                                                                              \
    static void name##_inverse(struct fcall *f, void *state)                                       \
    {                                                                                              \
        if (ARG_NULL(f, 0))                                                                        \
            return;                                                                                \
        if (f->args[0].kind == VALUE_INT)                                                          \
            exact_move_int(state, f->args[0].i, squares, -1);                                      \
        else                                                                                       \
            exact_move(f, state, squares, -1);                                                     \
    }
MOVES(sum, false)
MOVES(square, true)

/* The scale results show: the largest among the rows there. */
static int shown_scale(const struct exact *s)
{
    int scale = s->scale_counts ? NUMERIC_MAX_DSCALE : 0;
    while (scale > 0 && s->scale_counts[scale] == 0)
        scale--;
    return scale;
}

/* NaN and infinities among the inputs decide the result alone. */
static bool special_result(struct fcall *f, const struct exact *s)
{
    if (s->nans || (s->plus_infinities && s->minus_infinities))
        fcall_return_textz(f, "NaN");
    else if (s->plus_infinities || s->minus_infinities)
        fcall_return_textz(f, s->plus_infinities ? "Infinity" : "-Infinity");
    return s->nans || s->plus_infinities || s->minus_infinities;
}

static void exact_sum(const struct exact *s, struct num *out)
{
    mpz_set(out->v, s->sum);
    out->kind = NUM_FINITE;
    out->scale = s->scale;
    num_round(out, shown_scale(s));
}

static void numeric_sum_final(struct fcall *f, void *state)
{
    const struct exact *s = state;
    struct num x;
    if (special_result(f, s) || s->n == 0)
        return;
    num_init(&x);
    exact_sum(s, &x);
    return_numeric(f, &x);
    num_clear(&x);
}

/* sum over smallint and integer is bigint. */
static void int_sum_final(struct fcall *f, void *state)
{
    const struct exact *s = state;
    if (s->n == 0)
        return;
    if (!mpz_fits_slong_p(s->sum))
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
    else
        f->result = value_int(mpz_get_si(s->sum));
}

static void money_sum_final(struct fcall *f, void *state)
{
    const struct exact *s = state;
    if (s->n == 0)
        return;
    if (!mpz_fits_slong_p(s->sum))
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "money out of range");
    else
        f->result = value_int(mpz_get_si(s->sum));
}

static void avg_final(struct fcall *f, void *state)
{
    const struct exact *s = state;
    struct num x, n;
    if (special_result(f, s) || s->n == 0)
        return;
    num_init(&x);
    num_init(&n);
    exact_sum(s, &x);
    num_set_int(&n, s->n);
    num_div(&x, &x, &n, num_div_scale(&x, &n), true);
    return_numeric(f, &x);
    num_clear(&x);
    num_clear(&n);
}

/* (N sum(x^2) - sum(x)^2) / (N (N - 1)), or / N^2 for the population; its root for the deviation. */
static void spread(struct fcall *f, const struct exact *s, bool sample, bool root)
{
    struct num top, bottom;
    if (s->nans || s->plus_infinities || s->minus_infinities) {
        if (!sample || s->n + s->nans + s->plus_infinities + s->minus_infinities > 1)
            fcall_return_textz(f, "NaN");
        return;
    }
    if (s->n == 0 || (sample && s->n == 1))
        return;
    num_init(&top);
    num_init(&bottom);
    mpz_mul_si(top.v, s->squares, s->n);
    mpz_submul(top.v, s->sum, s->sum);
    top.scale = 2 * s->scale;
    num_round(&top, 2 * shown_scale(s));
    if (mpz_sgn(top.v) <= 0) {
        num_set_int(&top, 0);
    } else {
        num_set_int(&bottom, s->n);
        mpz_mul_si(bottom.v, bottom.v, sample ? s->n - 1 : s->n);
        int scale = num_div_scale(&top, &bottom);
        num_div(&top, &top, &bottom, scale, true);
        if (root)
            num_sqrt(&top, &top, scale);
    }
    return_numeric(f, &top);
    num_clear(&top);
    num_clear(&bottom);
}

#define SPREAD(name, sample, root)                                                                 \
    static void name(struct fcall *f, void *state)                                                 \
    {                                                                                              \
        spread(f, state, sample, root);                                                            \
    }
SPREAD(var_pop_final, false, false)
SPREAD(var_samp_final, true, false)
SPREAD(stddev_pop_final, false, true)
SPREAD(stddev_samp_final, true, true)

#define EXACT(name, moves, finish)                                                                 \
    static const struct agg_impl name = {sizeof(struct exact), moves##_step, moves##_inverse,      \
                                         finish, exact_destroy}
EXACT(numeric_sum, sum, numeric_sum_final);
EXACT(int_sum, sum, int_sum_final);
EXACT(money_sum, sum, money_sum_final);
EXACT(exact_avg, sum, avg_final);
EXACT(var_pop, square, var_pop_final);
EXACT(var_samp, square, var_samp_final);
EXACT(stddev_pop, square, stddev_pop_final);
EXACT(stddev_samp, square, stddev_samp_final);

/* --- bits and booleans ------------------------------------------------------------------------------------------ */

struct bits {
    int64_t v;
    bool any;
};

#define BITS(name, operation)                                                                      \
    static void name##_step(struct fcall *f, void *state)                                          \
    {                                                                                              \
        struct bits *s = state;                                                                    \
        if (ARG_NULL(f, 0))                                                                        \
            return;                                                                                \
        s->v = s->any ? s->v operation f->args[0].i : f->args[0].i;                                \
        s->any = true;                                                                             \
    }                                                                                              \
    static const struct agg_impl name = {sizeof(struct bits), name##_step, NULL, bits_final, NULL}

static void bits_final(struct fcall *f, void *state)
{
    const struct bits *s = state;
    if (s->any)
        f->result = value_int(s->v);
}

BITS(bit_and, &);
BITS(bit_or, |);
BITS(bit_xor, ^);

struct votes {
    int64_t yes, no;
};

static void votes_step(struct fcall *f, void *state)
{
    struct votes *s = state;
    if (!ARG_NULL(f, 0))
        f->args[0].i ? s->yes++ : s->no++;
}

static void votes_inverse(struct fcall *f, void *state)
{
    struct votes *s = state;
    if (!ARG_NULL(f, 0))
        f->args[0].i ? s->yes-- : s->no--;
}

static void all_final(struct fcall *f, void *state)
{
    const struct votes *s = state;
    if (s->yes + s->no)
        f->result = value_bool(s->no == 0);
}

static void any_final(struct fcall *f, void *state)
{
    const struct votes *s = state;
    if (s->yes + s->no)
        f->result = value_bool(s->yes > 0);
}

static const struct agg_impl bool_and = {sizeof(struct votes), votes_step, votes_inverse, all_final,
                                         NULL};
static const struct agg_impl bool_or = {sizeof(struct votes), votes_step, votes_inverse, any_final,
                                        NULL};

/* --- rows -------------------------------------------------------------------------------------------------------- */

#define INTEGERS(function, impl)                                                                   \
    {function "(int2)", .agg = &(impl)}, {function "(int4)", .agg = &(impl)},                      \
        {function "(int8)", .agg = &(impl)}
#define EXACTS(function, impl) INTEGERS(function, impl), {function "(numeric)", .agg = &(impl)}
#define MIN_MAX(type) {"min(" type ")", .native = "min"}, {"max(" type ")", .native = "max"}

const struct fn_impl agg_number_functions[] = {
    {"count()", .native = "count"},
    {"count(any)", .native = "count"},
    {"sum(int2)", .agg = &int_sum},
    {"sum(int4)", .agg = &int_sum},
    {"sum(int8)", .agg = &numeric_sum},
    {"sum(numeric)", .agg = &numeric_sum},
    {"sum(money)", .agg = &money_sum},
    EXACTS("avg", exact_avg),
    EXACTS("var_pop", var_pop),
    EXACTS("var_samp", var_samp),
    EXACTS("variance", var_samp),
    EXACTS("stddev_pop", stddev_pop),
    EXACTS("stddev_samp", stddev_samp),
    EXACTS("stddev", stddev_samp),
    INTEGERS("bit_and", bit_and),
    INTEGERS("bit_or", bit_or),
    INTEGERS("bit_xor", bit_xor),
    {"bool_and(bool)", .agg = &bool_and},
    {"bool_or(bool)", .agg = &bool_or},
    {"every(bool)", .agg = &bool_and},
    MIN_MAX("int2"),
    MIN_MAX("int4"),
    MIN_MAX("int8"),
    MIN_MAX("oid"),
    MIN_MAX("float4"),
    MIN_MAX("float8"),
    MIN_MAX("numeric"),
    MIN_MAX("money"),
    MIN_MAX("date"),
    MIN_MAX("time"),
    MIN_MAX("timetz"),
    MIN_MAX("timestamp"),
    MIN_MAX("timestamptz"),
    MIN_MAX("interval"),
    MIN_MAX("tid"),
    MIN_MAX("pg_lsn"),
    MIN_MAX("xid8"),
    {"window_row_number", .native = "row_number"},
    {"window_rank", .native = "rank"},
    {"window_dense_rank", .native = "dense_rank"},
    {"window_percent_rank", .native = "percent_rank"},
    {"window_cume_dist", .native = "cume_dist"},
    {"window_ntile", .native = "ntile"},
    {"window_lag", .native = "lag"},
    {"window_lag_with_offset", .native = "lag"},
    {"window_lag_with_offset_and_default", .native = "lag"},
    {"window_lead", .native = "lead"},
    {"window_lead_with_offset", .native = "lead"},
    {"window_lead_with_offset_and_default", .native = "lead"},
    {"window_first_value", .native = "first_value"},
    {"window_last_value", .native = "last_value"},
    {"window_nth_value", .native = "nth_value"},
    {NULL}};
