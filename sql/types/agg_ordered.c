/*
 * agg_ordered.c: ordered-set and hypothetical-set aggregates: percentiles, mode, rank.
 *
 * Their steps see the sorted values, which live until final (sqlite_sorted.c); final sees the direct arguments.
 */
#include <math.h>
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/compare.h"
#include "sql/types/datetime.h"
#include "sql/types/type_catalog.h"

struct ordered {
    struct value *v;
    size_t n, cap;
    uint32_t type;
};

/* NULLs are passed over. */
static void ordered_step(struct fcall *f, void *state)
{
    struct ordered *s = state;
    if (ARG_NULL(f, 0))
        return;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct value *v = realloc(s->v, cap * sizeof(*v));
        if (!v) {
            error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
            return;
        }
        s->v = v;
        s->cap = cap;
    }
    s->v[s->n++] = f->args[0];
    s->type = f->argtypes ? f->argtypes[0] : 0;
}

static void ordered_destroy(void *state)
{
    free(((struct ordered *)state)->v);
}

static bool check_fraction(struct fcall *f, double p)
{
    if (p >= 0 && p <= 1)
        return true;
    return error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                     "percentile value %g is not between 0 and 1", p);
}

typedef struct value pick(struct fcall *f, const struct ordered *s, double p);

static struct value pick_disc(struct fcall *f, const struct ordered *s, double p)
{
    (void)f;
    size_t row = (size_t)ceil(p * (double)s->n);
    return s->v[row ? row - 1 : 0];
}

static struct value between_floats(struct fcall *f, struct value a, struct value b, double p)
{
    (void)f;
    double lo = value_get_real(&a), hi = value_get_real(&b);
    return value_real(lo + p * (hi - lo));
}

/* lo + p * (hi - lo), in interval arithmetic. */
static struct value between_intervals(struct fcall *f, struct value a, struct value b, double p)
{
    struct value difference, part, sum = value_null();
    const struct value ba[2] = {b, a};
    if (!fcall_invoke(f, fn_impl_find("interval_mi"), ba, 2, NULL, 0, &difference))
        return sum;
    const struct value dp[2] = {difference, value_real(p)};
    if (!fcall_invoke(f, fn_impl_find("interval_mul"), dp, 2, NULL, 0, &part))
        return sum;
    const struct value pa[2] = {part, a};
    fcall_invoke(f, fn_impl_find("interval_pl"), pa, 2, NULL, 0, &sum);
    return sum;
}

static struct value pick_cont(struct fcall *f, const struct ordered *s, double p,
                              struct value (*between)(struct fcall *, struct value, struct value, double))
{
    double at = p * (double)(s->n - 1);
    size_t lo = (size_t)floor(at), hi = (size_t)ceil(at);
    return lo == hi ? s->v[lo] : between(f, s->v[lo], s->v[hi], at - (double)lo);
}

static struct value pick_cont_float(struct fcall *f, const struct ordered *s, double p)
{
    return pick_cont(f, s, p, between_floats);
}

static struct value pick_cont_interval(struct fcall *f, const struct ordered *s, double p)
{
    return pick_cont(f, s, p, between_intervals);
}

static void one(struct fcall *f, const struct ordered *s, pick *choose)
{
    if (ARG_NULL(f, 0) || !check_fraction(f, ARG_REAL(f, 0)) || s->n == 0)
        return;
    f->result = choose(f, s, ARG_REAL(f, 0));
}

/* A fraction per element, a NULL giving NULL. */
static void many(struct fcall *f, const struct ordered *s, pick *choose)
{
    struct array a;
    if (ARG_NULL(f, 0) || s->n == 0 || !array_read(f, &f->args[0], FLOAT8OID, &a))
        return;
    for (int i = 0; i < a.n; i++) {
        if (value_is_null(&a.items[i]))
            continue;
        double p = value_get_real(&a.items[i]);
        if (!check_fraction(f, p))
            return;
        a.items[i] = choose(f, s, p);
    }
    a.elem = type_find(f->ctx, s->type);
    if (a.elem && !error_is_set(f->err))
        array_return(f, &a);
}

#define PERCENTILE(name, run, choose)                                                              \
    static void name##_final(struct fcall *f, void *state)                                         \
    {                                                                                              \
        run(f, state, choose);                                                                     \
    }                                                                                              \
    static const struct agg_impl name = {sizeof(struct ordered), ordered_step, NULL, name##_final, \
                                         ordered_destroy}
PERCENTILE(disc_one, one, pick_disc);
PERCENTILE(disc_many, many, pick_disc);
PERCENTILE(cont_float_one, one, pick_cont_float);
PERCENTILE(cont_float_many, many, pick_cont_float);
PERCENTILE(cont_interval_one, one, pick_cont_interval);
PERCENTILE(cont_interval_many, many, pick_cont_interval);

/* The longest run of equal values, the first of several. */
static void mode_final(struct fcall *f, void *state)
{
    const struct ordered *s = state;
    const struct type_def *t = type_find(f->ctx, s->type);
    size_t best = 0, best_run = 0, run = 0;
    for (size_t i = 0; i < s->n; i++) {
        bool same = i && (t ? type_compare(t, &s->v[i - 1], &s->v[i], f->ctx)
                            : value_compare(&s->v[i - 1], &s->v[i])) == 0;
        run = same ? run + 1 : 1;
        if (run > best_run) {
            best_run = run;
            best = i;
        }
    }
    if (s->n)
        f->result = s->v[best];
}

static const struct agg_impl mode = {sizeof(struct ordered), ordered_step, NULL, mode_final,
                                     ordered_destroy};

/* --- hypothetical rows: args are before, peers, distinct before, all -------------------------------------------- */

static void no_step(struct fcall *f, void *state)
{
    (void)f;
    (void)state;
}

#define HYPOTHETICAL(name, expression)                                                             \
    static void name##_final(struct fcall *f, void *state)                                         \
    {                                                                                              \
        (void)state;                                                                               \
        f->result = expression;                                                                    \
    }                                                                                              \
    static const struct agg_impl name = {1, no_step, NULL, name##_final, NULL}
HYPOTHETICAL(hypothetical_rank, value_int(ARG_INT(f, 0) + 1));
HYPOTHETICAL(hypothetical_dense_rank, value_int(ARG_INT(f, 2) + 1));
HYPOTHETICAL(hypothetical_percent_rank,
             value_real(ARG_INT(f, 3) ? (double)ARG_INT(f, 0) / (double)ARG_INT(f, 3) : 0.0));
HYPOTHETICAL(hypothetical_cume_dist, value_real((double)(ARG_INT(f, 0) + ARG_INT(f, 1) + 1) /
                                                (double)(ARG_INT(f, 3) + 1)));

const struct fn_impl agg_ordered_functions[] = {
    {"percentile_disc(float8,anyelement)", .agg = &disc_one},
    {"percentile_disc(_float8,anyelement)", .agg = &disc_many},
    {"percentile_cont(float8,float8)", .agg = &cont_float_one},
    {"percentile_cont(_float8,float8)", .agg = &cont_float_many},
    {"percentile_cont(float8,interval)", .agg = &cont_interval_one},
    {"percentile_cont(_float8,interval)", .agg = &cont_interval_many},
    {"mode(anyelement)", .agg = &mode},
    {"rank(any)", .agg = &hypothetical_rank, .flags = FN_HYPOTHETICAL},
    {"dense_rank(any)", .agg = &hypothetical_dense_rank, .flags = FN_HYPOTHETICAL},
    {"percent_rank(any)", .agg = &hypothetical_percent_rank, .flags = FN_HYPOTHETICAL},
    {"cume_dist(any)", .agg = &hypothetical_cume_dist, .flags = FN_HYPOTHETICAL},
    {NULL}};
