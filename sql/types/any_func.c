/* any_func.c: functions of values of any type: num_nulls; and sizes as text: pg_size_pretty, pg_size_bytes. */
#include <math.h>
#include <stdlib.h>

#include <gmp.h>

#include "sql/types/array.h"

/* --- num_nulls, num_nonnulls ------------------------------------------------------------------------- */

static void count_nulls(struct fcall *f, bool nulls)
{
    const struct value *values = f->args;
    int total = f->nargs, n = 0;
    struct array a;
    if (f->variadic) {
        if (ARG_NULL(f, 0) || !array_read_arg(f, 0, &a))
            return;
        values = a.items;
        total = a.n;
    }
    for (int i = 0; i < total; i++)
        n += value_is_null(&values[i]) == nulls;
    f->result = value_int(n);
}

static void pg_num_nulls(struct fcall *f)
{
    count_nulls(f, true);
}

static void pg_num_nonnulls(struct fcall *f)
{
    count_nulls(f, false);
}

/* --- sizes ----------------------------------------------------------------------------------------------- */

/* Up to its limit a size is shown in a unit; beyond bytes in halves, which are rounded. */
static const struct size_unit {
    const char *name;
    int limit;
    bool round;
    int bits;
} size_units[] = {
    {"bytes", 10 * 1024, false, 0},       {"kB", 20 * 1024 - 1, true, 10},
    {"MB", 20 * 1024 - 1, true, 20},      {"GB", 20 * 1024 - 1, true, 30},
    {"TB", 20 * 1024 - 1, true, 40},      {"PB", 20 * 1024 - 1, true, 50},
};
#define SIZE_UNITS ((int)(sizeof(size_units) / sizeof(size_units[0])))

/* size is cleared. fraction: what a numeric has behind the point, shown in bytes only. */
static void size_pretty(struct fcall *f, mpz_t size, const char *fraction)
{
    for (int i = 0; i < SIZE_UNITS; i++) {
        const struct size_unit *u = &size_units[i];
        if (i + 1 < SIZE_UNITS && mpz_cmpabs_ui(size, (unsigned long)u->limit) >= 0) {
            int bits = u[1].bits - u->bits - u[1].round + u->round;
            mpz_tdiv_q_2exp(size, size, (mp_bitcnt_t)bits);
            continue;
        }
        if (u->round) {
            if (mpz_sgn(size) < 0)
                mpz_sub_ui(size, size, 1);
            else
                mpz_add_ui(size, size, 1);
            mpz_tdiv_q_2exp(size, size, 1);
        }
        char *digits = mpz_get_str(NULL, 10, size);
        fcall_return_textz(f, arena_printf(f->arena, "%s%s %s", digits, i == 0 ? fraction : "", u->name));
        free(digits);
        return;
    }
}

static void pg_size_pretty(struct fcall *f)
{
    mpz_t size;
    mpz_init_set_si(size, (long)arg_int(f, 0));
    size_pretty(f, size, "");
    mpz_clear(size);
}

static void pg_size_pretty_numeric(struct fcall *f)
{
    char *z = fcall_arg_cstring(f, 0);
    char *point = strchr(z, '.');
    char *fraction = point ? arena_strdup(f->arena, point) : "";
    mpz_t size;
    if (point)
        *point = 0;
    if (mpz_init_set_str(size, z, 10) == 0)
        size_pretty(f, size, fraction);
    else
        fcall_return_textz(f, arena_printf(f->arena, "%s bytes", z));
    mpz_clear(size);
}

static void bad_size(struct fcall *f, struct slice s, const char *unit)
{
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid size: \"%.*s\"", (int)s.n, s.p);
    if (!unit)
        return;
    error_detail(f->err, "Invalid size unit: \"%s\".", unit);
    error_hint(f->err, "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
}

static void pg_size_bytes(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    char *z = fcall_arg_cstring(f, 0), *stop;
    z += strspn(z, " \t\n\v\f\r");
    size_t sign = *z == '+' || *z == '-';
    size_t digits = sign + strspn(z + sign, "0123456789.");
    if (strpbrk(z + sign, "0123456789") == NULL || strcspn(z + sign, "0123456789") > 1) {
        bad_size(f, s, NULL);
        return;
    }
    long double v = strtold(z, &stop);
    if ((size_t)(stop - z) < digits) {
        bad_size(f, s, NULL);
        return;
    }
    stop += strspn(stop, " \t\n\v\f\r");
    size_t n = strlen(stop);
    while (n && strchr(" \t\n\v\f\r", stop[n - 1]))
        stop[--n] = 0;
    int unit = 0;
    while (n && unit < SIZE_UNITS && strcasecmp(stop, size_units[unit].name) != 0 &&
           !(unit == 0 && strcasecmp(stop, "B") == 0))
        unit++;
    if (unit == SIZE_UNITS) {
        bad_size(f, s, stop);
        return;
    }
    v = roundl(ldexpl(v, size_units[unit].bits));
    if (v >= 9223372036854775808.0L || v < -9223372036854775808.0L)
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
    else
        f->result = value_int((int64_t)v);
}

const struct fn_impl any_functions[] = {
    {"pg_num_nulls", .call = pg_num_nulls, .flags = FN_TYPED},
    {"pg_num_nonnulls", .call = pg_num_nonnulls, .flags = FN_TYPED},
    {"pg_size_pretty", .call = pg_size_pretty},
    {"pg_size_pretty_numeric", .call = pg_size_pretty_numeric},
    {"pg_size_bytes", .call = pg_size_bytes},
    {NULL},
};
