/*
 * agg_float.c: aggregates in floating point and over intervals: sum, avg, variance, regression.
 *
 * Variances use the updating method of Youngs and Cramer (1971), as PostgreSQL does: sums of squared differences from the running
 * mean. Their results in a moving frame are computed anew, since subtraction would leave rounding errors behind.
 */
#include <math.h>

#include "sql/types/datetime.h"
#include "sql/types/float.h"

/* --- sum --------------------------------------------------------------------------------------------------------- */

struct float_sum {
    double sum;
    bool any;
};

static void sum8_step(struct fcall *f, void *state)
{
    struct float_sum *s = state;
    if (ARG_NULL(f, 0))
        return;
    double x = ARG_REAL(f, 0), sum = s->any ? s->sum + x : x;
    if (isinf(sum) && !isinf(x) && !isinf(s->sum))
        float_overflow(f->err);
    s->sum = sum;
    s->any = true;
}

static void sum4_step(struct fcall *f, void *state)
{
    struct float_sum *s = state;
    if (ARG_NULL(f, 0))
        return;
    float x = (float)ARG_REAL(f, 0), sum = s->any ? (float)s->sum + x : x;
    if (isinf(sum) && !isinf(x) && !isinf(s->sum))
        float_overflow(f->err);
    s->sum = (double)sum;
    s->any = true;
}

static void sum_final(struct fcall *f, void *state)
{
    const struct float_sum *s = state;
    if (s->any)
        f->result = value_real(s->sum);
}

static const struct agg_impl float8_sum = {sizeof(struct float_sum), sum8_step, NULL, sum_final, NULL};
static const struct agg_impl float4_sum = {sizeof(struct float_sum), sum4_step, NULL, sum_final, NULL};

/* --- one variable -------------------------------------------------------------------------------------------------- */

struct moments {
    double n, sx, sxx;
};

static void moments_step(struct fcall *f, void *state)
{
    struct moments *s = state;
    if (ARG_NULL(f, 0))
        return;
    double x = ARG_REAL(f, 0), old = s->sx;
    s->n += 1;
    s->sx += x;
    if (s->n > 1) {
        double d = x * s->n - s->sx;
        s->sxx += d * d / (s->n * (s->n - 1));
        if (isinf(s->sx) || isinf(s->sxx)) {
            if (!isinf(old) && !isinf(x))
                float_overflow(f->err);
            s->sxx = NAN;
        }
    } else if (isnan(x) || isinf(x)) {
        s->sxx = NAN;
    }
}

#define MOMENTS(name, defined, expression)                                                         \
    static void name##_final(struct fcall *f, void *state)                                         \
    {                                                                                              \
        const struct moments *s = state;                                                           \
        if (defined)                                                                               \
            f->result = value_real(expression);                                                    \
    }                                                                                              \
    static const struct agg_impl name = {sizeof(struct moments), moments_step, NULL, name##_final, \
                                         NULL}
MOMENTS(float_avg, s->n > 0, s->sx / s->n);
MOMENTS(float_var_pop, s->n > 0, s->sxx / s->n);
MOMENTS(float_var_samp, s->n > 1, s->sxx / (s->n - 1));
MOMENTS(float_stddev_pop, s->n > 0, sqrt(s->sxx / s->n));
MOMENTS(float_stddev_samp, s->n > 1, sqrt(s->sxx / (s->n - 1)));

/* --- two variables: aggregate(Y, X) over rows where both are known ---------------------------------------------------- */

struct regression {
    double n, sx, sxx, sy, syy, sxy;
};

static void regression_step(struct fcall *f, void *state)
{
    struct regression *s = state;
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1))
        return;
    double y = ARG_REAL(f, 0), x = ARG_REAL(f, 1), old_sx = s->sx, old_sy = s->sy;
    s->n += 1;
    s->sx += x;
    s->sy += y;
    if (s->n > 1) {
        double dx = x * s->n - s->sx, dy = y * s->n - s->sy, scale = 1.0 / (s->n * (s->n - 1));
        s->sxx += dx * dx * scale;
        s->syy += dy * dy * scale;
        s->sxy += dx * dy * scale;
        bool x_fine = !isinf(old_sx) && !isinf(x), y_fine = !isinf(old_sy) && !isinf(y);
        if (((isinf(s->sx) || isinf(s->sxx)) && x_fine) || ((isinf(s->sy) || isinf(s->syy)) && y_fine) ||
            (isinf(s->sxy) && x_fine && y_fine))
            float_overflow(f->err);
        if (isinf(s->sxx))
            s->sxx = NAN;
        if (isinf(s->syy))
            s->syy = NAN;
        if (isinf(s->sxy))
            s->sxy = NAN;
    } else {
        if (isnan(x) || isinf(x))
            s->sxx = s->sxy = NAN;
        if (isnan(y) || isinf(y))
            s->syy = s->sxy = NAN;
    }
}

static void regr_count_final(struct fcall *f, void *state)
{
    f->result = value_int((int64_t)((const struct regression *)state)->n);
}

static const struct agg_impl regr_count = {sizeof(struct regression), regression_step, NULL,
                                           regr_count_final, NULL};

#define REGRESSION(name, defined, expression)                                                      \
    static void name##_final(struct fcall *f, void *state)                                         \
    {                                                                                              \
        const struct regression *s = state;                                                        \
        if (defined)                                                                               \
            f->result = value_real(expression);                                                    \
    }                                                                                              \
    static const struct agg_impl name = {sizeof(struct regression), regression_step, NULL,         \
                                         name##_final, NULL}
REGRESSION(regr_sxx, s->n > 0, s->sxx);
REGRESSION(regr_syy, s->n > 0, s->syy);
REGRESSION(regr_sxy, s->n > 0, s->sxy);
REGRESSION(regr_avgx, s->n > 0, s->sx / s->n);
REGRESSION(regr_avgy, s->n > 0, s->sy / s->n);
REGRESSION(covar_pop, s->n > 0, s->sxy / s->n);
REGRESSION(covar_samp, s->n > 1, s->sxy / (s->n - 1));
REGRESSION(corr, s->n > 0 && s->sxx != 0 && s->syy != 0, s->sxy / sqrt(s->sxx * s->syy));
REGRESSION(regr_r2, s->n > 0 && s->sxx != 0,
           s->syy == 0 ? 1.0 : (s->sxy * s->sxy) / (s->sxx * s->syy));
REGRESSION(regr_slope, s->n > 0 && s->sxx != 0, s->sxy / s->sxx);
REGRESSION(regr_intercept, s->n > 0 && s->sxx != 0, (s->sy - s->sx * s->sxy / s->sxx) / s->n);

/* --- intervals ------------------------------------------------------------------------------------------------------- */

struct interval_sum {
    int64_t n;
    struct interval sum;
};

static void interval_move(struct fcall *f, struct interval_sum *s, bool add)
{
    struct interval i;
    if (ARG_NULL(f, 0) || !arg_interval(f, 0, &i))
        return;
    bool bad = add ? __builtin_add_overflow(s->sum.months, i.months, &s->sum.months) ||
                         __builtin_add_overflow(s->sum.days, i.days, &s->sum.days) ||
                         __builtin_add_overflow(s->sum.usecs, i.usecs, &s->sum.usecs)
                   : __builtin_sub_overflow(s->sum.months, i.months, &s->sum.months) ||
                         __builtin_sub_overflow(s->sum.days, i.days, &s->sum.days) ||
                         __builtin_sub_overflow(s->sum.usecs, i.usecs, &s->sum.usecs);
    if (bad)
        error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "interval out of range");
    s->n += add ? 1 : -1;
}

static void interval_step(struct fcall *f, void *state)
{
    interval_move(f, state, true);
}

static void interval_inverse(struct fcall *f, void *state)
{
    interval_move(f, state, false);
}

static void interval_sum_final(struct fcall *f, void *state)
{
    const struct interval_sum *s = state;
    if (s->n)
        return_interval(f, s->sum);
}

static void interval_avg_final(struct fcall *f, void *state)
{
    const struct interval_sum *s = state;
    char buf[DATETIME_TEXT];
    if (!s->n)
        return;
    int n = store_print_interval(s->sum, buf);
    const struct value args[2] = {value_text(buf, (size_t)n), value_real((double)s->n)};
    fcall_invoke(f, fn_impl_find("interval_div"), args, 2, NULL, 0, &f->result);
}

static const struct agg_impl interval_total = {sizeof(struct interval_sum), interval_step,
                                               interval_inverse, interval_sum_final, NULL};
static const struct agg_impl interval_average = {sizeof(struct interval_sum), interval_step,
                                                 interval_inverse, interval_avg_final, NULL};

#define FLOATS(function, impl)                                                                     \
    {function "(float4)", .agg = &(impl)}, {function "(float8)", .agg = &(impl)}
#define PAIR(function, impl) {function "(float8,float8)", .agg = &(impl)}

const struct fn_impl agg_float_functions[] = {
    {"sum(float4)", .agg = &float4_sum},
    {"sum(float8)", .agg = &float8_sum},
    FLOATS("avg", float_avg),
    FLOATS("var_pop", float_var_pop),
    FLOATS("var_samp", float_var_samp),
    FLOATS("variance", float_var_samp),
    FLOATS("stddev_pop", float_stddev_pop),
    FLOATS("stddev_samp", float_stddev_samp),
    FLOATS("stddev", float_stddev_samp),
    PAIR("regr_count", regr_count),
    PAIR("regr_sxx", regr_sxx),
    PAIR("regr_syy", regr_syy),
    PAIR("regr_sxy", regr_sxy),
    PAIR("regr_avgx", regr_avgx),
    PAIR("regr_avgy", regr_avgy),
    PAIR("regr_r2", regr_r2),
    PAIR("regr_slope", regr_slope),
    PAIR("regr_intercept", regr_intercept),
    PAIR("covar_pop", covar_pop),
    PAIR("covar_samp", covar_samp),
    PAIR("corr", corr),
    {"sum(interval)", .agg = &interval_total},
    {"avg(interval)", .agg = &interval_average},
    {NULL}};
