/* size.c: pg_size_pretty and pg_size_bytes, the delays pg_sleep_for and pg_sleep_until. */
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "sql/types/datetime.h"
#include "sql/types/numeric.h"

/* Each unit is shown up to ten times the next; the value is halved with rounding on the way. */
static const struct {
    const char *name;
    int64_t limit;
    bool round;
    int bits;
} units[] = {
    {"bytes", 10 * 1024, false, 0}, {"kB", 20 * 1024 - 1, true, 10}, {"MB", 20 * 1024 - 1, true, 20},
    {"GB", 20 * 1024 - 1, true, 30}, {"TB", 20 * 1024 - 1, true, 40}, {"PB", 20 * 1024 - 1, true, 50},
};
#define NUNITS ((int)(sizeof(units) / sizeof(units[0])))

static void pretty(struct fcall *f, struct num *x)
{
    struct num limit;
    num_init(&limit);
    for (int i = 0; i < NUNITS; i++) {
        num_set_int(&limit, units[i].limit);
        mpz_abs(limit.v, limit.v);
        struct num size;
        num_init(&size);
        num_set(&size, x);
        mpz_abs(size.v, size.v);
        if (size.kind == NUM_MINUS_INFINITY)
            size.kind = NUM_PLUS_INFINITY;
        bool here = i == NUNITS - 1 || num_compare(&size, &limit) < 0;
        num_clear(&size);
        if (here) {
            if (units[i].round) { /* one bit is kept for rounding, halves away from zero */
                mpz_t one;
                mpz_init_set_si(one, mpz_sgn(x->v) < 0 ? -1 : 1);
                mpz_add(x->v, x->v, one);
                mpz_tdiv_q_2exp(x->v, x->v, 1);
                mpz_clear(one);
            }
            size_t n;
            char *s = num_print(x, f->arena, &n);
            fcall_return_textz(f, arena_printf(f->arena, "%s %s", s, units[i].name));
            break;
        }
        int shift = units[i + 1].bits - units[i].bits - units[i + 1].round + units[i].round;
        num_truncate(x, 0);
        mpz_tdiv_q_2exp(x->v, x->v, (mp_bitcnt_t)shift);
    }
    num_clear(&limit);
}

static void pg_size_pretty(struct fcall *f)
{
    struct num x;
    num_init(&x);
    if (arg_numeric(f, 0, &x))
        pretty(f, &x);
    num_clear(&x);
}

static void invalid_size(struct fcall *f, bool unit)
{
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid size: \"%.*s\"", (int)f->args[0].n,
              f->args[0].p);
    if (unit)
        error_hint(f->err, "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
}

/* How many bytes of s are a number: sign, digits with a point, exponent. 0: there are no digits. */
static size_t number_length(const char *s)
{
    static const char digits[] = "0123456789";
    size_t n = *s == '+' || *s == '-', whole = strspn(s + n, digits), fraction = 0;
    n += whole;
    if (s[n] == '.') {
        fraction = strspn(s + n + 1, digits);
        n += fraction + 1;
    }
    if (whole + fraction == 0)
        return 0;
    if (s[n] == 'e' || s[n] == 'E') {
        size_t sign = s[n + 1] == '+' || s[n + 1] == '-', exponent = strspn(s + n + 1 + sign, digits);
        n += exponent ? 1 + sign + exponent : 0;
    }
    return n;
}

static void pg_size_bytes(struct fcall *f)
{
    char *s = fcall_arg_cstring(f, 0);
    s += strspn(s, " \t\n\r");
    size_t n = number_length(s);
    if (n == 0) {
        invalid_size(f, false);
        return;
    }
    char *unit = s + n;
    unit += strspn(unit, " \t\n\r");
    size_t len = strlen(unit);
    while (len && strchr(" \t\n\r", unit[len - 1]))
        len--;
    int bits = -1;
    for (int i = 0; i < NUNITS; i++)
        if (strlen(units[i].name) == len && strncasecmp(units[i].name, unit, len) == 0)
            bits = units[i].bits;
    if (len == 0 || (len == 1 && (*unit == 'b' || *unit == 'B')))
        bits = 0;
    if (bits < 0) {
        invalid_size(f, true);
        error_detail(f->err, "Invalid size unit: \"%.*s\".", (int)len, unit);
        return;
    }
    struct num x;
    int64_t v;
    num_init(&x);
    if (num_parse(s, n, f->err, &x)) {
        mpz_mul_2exp(x.v, x.v, (mp_bitcnt_t)bits);
        if (num_to_int64(&x, &v))
            f->result = value_int(v);
        else
            error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
    }
    num_clear(&x);
}

/* Both end in pg_sleep, which the session floors define. */
static void sleep_for(struct fcall *f, double seconds)
{
    const struct fn_impl *sleep = fn_impl_find("pg_sleep");
    const struct value arg = value_real(seconds > 0 ? seconds : 0);
    if (!sleep || !sleep->call)
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "pg_sleep is not supported");
    else
        fcall_invoke(f, sleep, &arg, 1, NULL, 0, &f->result);
}

static void pg_sleep_for(struct fcall *f)
{
    struct interval i;
    if (arg_interval(f, 0, &i))
        sleep_for(f, (double)interval_span(i) / 1e6);
}

static void pg_sleep_until(struct fcall *f)
{
    int64_t ts;
    struct value now;
    if (!arg_timestamp(f, 0, &ts))
        return;
    const struct fn_impl *clock = fn_impl_find("clock_timestamp");
    if (fcall_invoke(f, clock, NULL, 0, NULL, 0, &now)) {
        int64_t t;
        if (store_parse_timestamp(now.p, now.n, &t))
            sleep_for(f, TIMESTAMP_IS_FINITE(ts) ? (double)(ts - t) / 1e6 : ts > 0 ? 1e9 : 0);
    }
}

const struct fn_impl size_functions[] = {
    {"pg_size_pretty", .call = pg_size_pretty},
    {"pg_size_pretty_numeric", .call = pg_size_pretty},
    {"pg_size_bytes", .call = pg_size_bytes},
    {"pg_sleep_for(interval)", .call = pg_sleep_for, .flags = FN_SESSION},
    {"pg_sleep_until(timestamptz)", .call = pg_sleep_until, .flags = FN_SESSION},
    {NULL}};
