/*
 * agg_state.c: PostgreSQL's transition and final functions over states that are arrays: float8_accum, int4_avg_accum,
 * interval_accum and their kin. Our own aggregates keep their states in memory (agg_float.c, agg_number.c); these are for users who
 * call them, or who make aggregates of them with CREATE AGGREGATE.
 *
 * A float8 state's doubles lie as agg_float.c's structures do (count, sum of X, ...), so its steps and results are used.
 */
#include <math.h>

#include "sql/types/array.h"
#include "sql/types/datetime.h"
#include "sql/types/float.h"

#define STATE_DOUBLES 6

static bool read_state(struct fcall *f, int arg, int n, uint32_t elem, const char *message, struct array *a)
{
    if (!array_read(f, &f->args[arg], elem, a))
        return false;
    bool whole = a->ndim == 1 && a->n == n;
    for (int i = 0; whole && i < n; i++)
        whole = !value_is_null(&a->items[i]);
    return whole || error_set(f->err, ERRCODE_INTERNAL_ERROR, "%s", message);
}

/* --- float8 ----------------------------------------------------------------------------------------------------------------- */

static bool read_doubles(struct fcall *f, int arg, const char *function, int n, double *state)
{
    struct array a;
    const char *message = arena_printf(f->arena, "%s: expected %d-element float8 array", function, n);
    if (!read_state(f, arg, n, FLOAT8OID, message, &a))
        return false;
    for (int i = 0; i < n; i++)
        state[i] = value_get_real(&a.items[i]);
    return true;
}

static void return_doubles(struct fcall *f, const double *state, int n)
{
    struct value *items = ARENA_ARRAY(f->arena, struct value, n);
    for (int i = 0; i < n; i++)
        items[i] = value_real(state[i]);
    struct array a = array_one_dimension(type_builtin(FLOAT8OID), items, n);
    array_return(f, &a);
}

static void step(struct fcall *f, const char *aggregate, int n)
{
    double state[STATE_DOUBLES];
    if (!read_doubles(f, 0, f->impl->name, n, state))
        return;
    struct fcall g = *f;
    g.args = f->args + 1;
    g.nargs = f->nargs - 1;
    fn_impl_find(aggregate)->agg->step(&g, state);
    if (!error_is_set(f->err))
        return_doubles(f, state, n);
}

static void float8_accum(struct fcall *f)
{
    step(f, "avg(float8)", 3);
}

static void float8_regr_accum(struct fcall *f)
{
    step(f, "corr(float8,float8)", 6);
}

/* The sums of squared differences of two groups together (Youngs and Cramer). */
static double joined(struct fcall *f, double a, double b, double na, double nb, double difference)
{
    double sum = a + b + na * nb * difference / (na + nb);
    if (isinf(sum) && !isinf(a) && !isinf(b))
        float_overflow(f->err);
    return sum;
}

static double added(struct fcall *f, double a, double b)
{
    double sum = a + b;
    if (isinf(sum) && !isinf(a) && !isinf(b))
        float_overflow(f->err);
    return sum;
}

static void combine(struct fcall *f, int n)
{
    double a[STATE_DOUBLES], b[STATE_DOUBLES];
    if (!read_doubles(f, 0, f->impl->name, n, a) || !read_doubles(f, 1, f->impl->name, n, b))
        return;
    if (a[0] == 0.0 || b[0] == 0.0) {
        return_doubles(f, a[0] == 0.0 ? b : a, n);
        return;
    }
    double r[STATE_DOUBLES], dx = a[1] / a[0] - b[1] / b[0], dy = n == 6 ? a[3] / a[0] - b[3] / b[0] : 0;
    r[0] = a[0] + b[0];
    r[1] = added(f, a[1], b[1]);
    r[2] = joined(f, a[2], b[2], a[0], b[0], dx * dx);
    if (n == 6) {
        r[3] = added(f, a[3], b[3]);
        r[4] = joined(f, a[4], b[4], a[0], b[0], dy * dy);
        r[5] = joined(f, a[5], b[5], a[0], b[0], dx * dy);
    }
    if (!error_is_set(f->err))
        return_doubles(f, r, n);
}

static void float8_combine(struct fcall *f)
{
    combine(f, 3);
}

static void float8_regr_combine(struct fcall *f)
{
    combine(f, 6);
}

/* Final functions and the aggregates whose results they give. */
static const struct {
    const char *name, *aggregate;
    int n;
} finals[] = {
    {"float8_avg", "avg(float8)", 3},
    {"float8_var_pop", "var_pop(float8)", 3},
    {"float8_var_samp", "var_samp(float8)", 3},
    {"float8_stddev_pop", "stddev_pop(float8)", 3},
    {"float8_stddev_samp", "stddev_samp(float8)", 3},
    {"float8_regr_sxx", "regr_sxx(float8,float8)", 6},
    {"float8_regr_syy", "regr_syy(float8,float8)", 6},
    {"float8_regr_sxy", "regr_sxy(float8,float8)", 6},
    {"float8_regr_avgx", "regr_avgx(float8,float8)", 6},
    {"float8_regr_avgy", "regr_avgy(float8,float8)", 6},
    {"float8_regr_r2", "regr_r2(float8,float8)", 6},
    {"float8_regr_slope", "regr_slope(float8,float8)", 6},
    {"float8_regr_intercept", "regr_intercept(float8,float8)", 6},
    {"float8_covar_pop", "covar_pop(float8,float8)", 6},
    {"float8_covar_samp", "covar_samp(float8,float8)", 6},
    {"float8_corr", "corr(float8,float8)", 6},
};

static void float8_final(struct fcall *f)
{
    double state[STATE_DOUBLES];
    size_t i = 0;
    while (strcmp(finals[i].name, f->impl->name) != 0)
        i++;
    if (read_doubles(f, 0, finals[i].name, finals[i].n, state))
        fn_impl_find(finals[i].aggregate)->agg->final(f, state);
}

/* --- integers: count and sum ---------------------------------------------------------------------------------------------- */

static bool read_integers(struct fcall *f, int arg, int64_t state[2])
{
    struct array a;
    if (!read_state(f, arg, 2, INT8OID, "expected 2-element int8 array", &a))
        return false;
    state[0] = a.items[0].i;
    state[1] = a.items[1].i;
    return true;
}

static void integers_step(struct fcall *f, int sign)
{
    int64_t state[2];
    if (!read_integers(f, 0, state))
        return;
    struct value *items = ARENA_ARRAY(f->arena, struct value, 2);
    items[0] = value_int((int64_t)((uint64_t)state[0] + (uint64_t)(int64_t)sign));
    items[1] = value_int((int64_t)((uint64_t)state[1] + (uint64_t)(sign * arg_int(f, 1))));
    struct array a = array_one_dimension(type_builtin(INT8OID), items, 2);
    array_return(f, &a);
}

static void int4_avg_accum(struct fcall *f)
{
    integers_step(f, 1);
}

static void int4_avg_accum_inv(struct fcall *f)
{
    integers_step(f, -1);
}

static struct value numeric_of(struct fcall *f, int64_t v)
{
    return value_textz(arena_printf(f->arena, "%lld", (long long)v));
}

static void int8_avg(struct fcall *f)
{
    int64_t state[2];
    if (!read_integers(f, 0, state) || state[0] == 0)
        return;
    struct value args[2] = {numeric_of(f, state[1]), numeric_of(f, state[0])};
    fcall_invoke(f, fn_impl_find("numeric_div"), args, 2, NULL, NUMERICOID, &f->result);
}

static void int2int4_sum(struct fcall *f)
{
    int64_t state[2];
    if (read_integers(f, 0, state) && state[0] != 0)
        f->result = value_int(state[1]);
}

/* Sums that take NULL for nothing yet. */
static void int4_sum(struct fcall *f)
{
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1))
        f->result = f->args[ARG_NULL(f, 0) ? 1 : 0];
    else
        f->result = value_int((int64_t)((uint64_t)arg_int(f, 0) + (uint64_t)arg_int(f, 1)));
}

static void int8_sum(struct fcall *f)
{
    if (ARG_NULL(f, 1)) {
        f->result = f->args[0];
        return;
    }
    struct value args[2] = {f->args[0], numeric_of(f, arg_int(f, 1))};
    if (ARG_NULL(f, 0))
        f->result = args[1];
    else
        fcall_invoke(f, fn_impl_find("numeric_add"), args, 2, NULL, NUMERICOID, &f->result);
}

static void outside_aggregate(struct fcall *f)
{
    error_set(f->err, ERRCODE_INTERNAL_ERROR, "aggregate function called in non-aggregate context");
}

/* --- intervals: the sum, and the count as microseconds of the second element ------------------------------------------------ */

static bool read_intervals(struct fcall *f, int arg, struct interval state[2])
{
    struct array a;
    if (!read_state(f, arg, 2, INTERVALOID, "expected 2-element interval array", &a))
        return false;
    for (int i = 0; i < 2; i++)
        if (!store_parse_interval(a.items[i].p, a.items[i].n, &state[i]))
            return error_set(f->err, ERRCODE_DATA_CORRUPTED, "stored interval is malformed");
    return true;
}

static void return_intervals(struct fcall *f, const struct value sum, int64_t count)
{
    char buf[DATETIME_TEXT];
    int n = store_print_interval((struct interval){.usecs = count}, buf);
    struct value *items = ARENA_ARRAY(f->arena, struct value, 2);
    items[0] = sum;
    items[1] = value_text(arena_strndup(f->arena, buf, (size_t)n), (size_t)n);
    struct array a = array_one_dimension(type_builtin(INTERVALOID), items, 2);
    array_return(f, &a);
}

/* The state's sum with one more value, or with another state's sum, by interval_pl or interval_mi. */
static void intervals_step(struct fcall *f, const char *function, int64_t count)
{
    struct array a;
    struct interval state[2];
    struct value sum;
    if (!read_intervals(f, 0, state) || !array_read(f, &f->args[0], INTERVALOID, &a))
        return;
    struct value args[2] = {a.items[0], f->args[1]};
    if (strcmp(f->impl->name, "interval_combine") == 0) {
        struct interval other[2];
        struct array b;
        if (!read_intervals(f, 1, other) || !array_read(f, &f->args[1], INTERVALOID, &b))
            return;
        args[1] = b.items[0];
        count = other[1].usecs;
    }
    if (fcall_invoke(f, fn_impl_find(function), args, 2, NULL, INTERVALOID, &sum))
        return_intervals(f, sum, (int64_t)((uint64_t)state[1].usecs + (uint64_t)count));
}

static void interval_accum(struct fcall *f)
{
    intervals_step(f, "interval_pl", 1);
}

static void interval_accum_inv(struct fcall *f)
{
    intervals_step(f, "interval_mi", -1);
}

static void interval_avg(struct fcall *f)
{
    struct interval state[2];
    struct array a;
    if (!read_intervals(f, 0, state) || state[1].usecs == 0 || !array_read(f, &f->args[0], INTERVALOID, &a))
        return;
    struct value args[2] = {a.items[0], value_real((double)state[1].usecs)};
    fcall_invoke(f, fn_impl_find("interval_div"), args, 2, NULL, INTERVALOID, &f->result);
}

#define FINAL(name) {name, .call = float8_final}

const struct fn_impl agg_state_functions[] = {
    {"float4_accum", .call = float8_accum},
    {"float8_accum", .call = float8_accum},
    {"float8_combine", .call = float8_combine},
    {"float8_regr_accum", .call = float8_regr_accum},
    {"float8_regr_combine", .call = float8_regr_combine},
    FINAL("float8_avg"),
    FINAL("float8_var_pop"),
    FINAL("float8_var_samp"),
    FINAL("float8_stddev_pop"),
    FINAL("float8_stddev_samp"),
    FINAL("float8_regr_sxx"),
    FINAL("float8_regr_syy"),
    FINAL("float8_regr_sxy"),
    FINAL("float8_regr_avgx"),
    FINAL("float8_regr_avgy"),
    FINAL("float8_regr_r2"),
    FINAL("float8_regr_slope"),
    FINAL("float8_regr_intercept"),
    FINAL("float8_covar_pop"),
    FINAL("float8_covar_samp"),
    FINAL("float8_corr"),
    {"int2_avg_accum", .call = int4_avg_accum},
    {"int4_avg_accum", .call = int4_avg_accum},
    {"int2_avg_accum_inv", .call = int4_avg_accum_inv},
    {"int4_avg_accum_inv", .call = int4_avg_accum_inv},
    {"int4_avg_combine", .call = outside_aggregate},
    {"int8_avg", .call = int8_avg},
    {"int2int4_sum", .call = int2int4_sum},
    {"int2_sum", .call = int4_sum},
    {"int4_sum", .call = int4_sum},
    {"int8_sum", .call = int8_sum},
    {"interval_accum", .call = interval_accum},
    {"interval_accum_inv", .call = interval_accum_inv},
    {"interval_combine", .call = interval_accum},
    {"interval_avg", .call = interval_avg},
    {NULL}};
