/*
 * sqlite_sorted.c: aggregates whose input must be ordered or made distinct first, and ordered-set aggregates: the SQLite
 * aggregate sorted_agg, which collects its rows, sorts them and feeds them to the aggregate.
 *
 *     sorted_agg('string_agg(text,text)', spec, arguments..., direct arguments..., sort keys...)
 *
 * spec: "<result type> <distinct 0|1> <n> <argument type>{n} <m> <direct argument type>{m} <k> {<key type>
 * <flags>}{k}", flags 1 descending, 2 NULLs first. The steps see the arguments; the final function of an ordered-set
 * aggregate sees the direct ones. Printed by emit/emit_agg.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/types/routine.h"
#include "sql/types/sqlite_func_internal.h"
#include "sql/types/sqlite_sorted.h"
#include "sql/types/type.h"
#include "sql/types/type_catalog.h"

#define SORTED_MAX SQLITE_CALL_MAX

struct sorted_spec {
    uint32_t result;
    bool distinct;
    int nargs, ndirect, nkeys;
    uint32_t args[SORTED_MAX], direct[SORTED_MAX];
    const struct type_def *argtypes[SORTED_MAX];
    struct sorted_key keys[SORTED_MAX];
};

struct sorted_cell {
    struct arena *arena; /* NULL: no row yet */
    const struct fn_impl *impl;
    struct sorted_spec *spec;
    struct value *direct;
    struct value **rows; /* arguments, then keys */
    size_t n, cap;
};

bool sorted_spec_number(const char **p, const char *end, long *out)
{
    while (*p < end && **p == ' ')
        ++*p;
    if (*p >= end || **p < '0' || **p > '9')
        return false;
    for (*out = 0; *p < end && **p >= '0' && **p <= '9'; ++*p)
        *out = *out * 10 + (**p - '0');
    return true;
}

bool sorted_spec_types(const char **p, const char *end, int *n, uint32_t *types)
{
    long v;
    if (!sorted_spec_number(p, end, &v) || v > SORTED_MAX)
        return false;
    *n = (int)v;
    for (int i = 0; i < *n; i++) {
        if (!sorted_spec_number(p, end, &v))
            return false;
        types[i] = (uint32_t)v;
    }
    return true;
}

static bool spec_read(const char *p, size_t n, const struct eval_context *ctx, struct sorted_spec *s)
{
    const char *end = p + n;
    long v, flags;
    if (!sorted_spec_number(&p, end, &v))
        return false;
    s->result = (uint32_t)v;
    if (!sorted_spec_number(&p, end, &v))
        return false;
    s->distinct = v;
    if (!sorted_spec_types(&p, end, &s->nargs, s->args) || !sorted_spec_types(&p, end, &s->ndirect, s->direct) ||
        !sorted_spec_number(&p, end, &v) || v > SORTED_MAX)
        return false;
    s->nkeys = (int)v;
    for (int i = 0; i < s->nkeys; i++) {
        if (!sorted_spec_number(&p, end, &v) || !sorted_spec_number(&p, end, &flags))
            return false;
        s->keys[i] = (struct sorted_key){type_find(ctx, (uint32_t)v), flags & 1, flags & 2};
    }
    for (int i = 0; i < s->nargs; i++)
        s->argtypes[i] = type_find(ctx, s->args[i]);
    return true;
}

struct value sorted_keep(struct arena *a, sqlite3_value *v)
{
    struct value x = sqlite_value_get(v);
    if (x.kind == VALUE_TEXT || x.kind == VALUE_BLOB)
        x.p = arena_strndup(a, x.p, x.n);
    return x;
}

static bool cell_begin(struct sorted_cell *cell, struct sqlite_func_host *host, int argc, sqlite3_value **argv)
{
    cell->arena = arena_create();
    cell->spec = ARENA_NEW(cell->arena, struct sorted_spec);
    struct value name = sorted_keep(cell->arena, argv[0]), spec = sorted_keep(cell->arena, argv[1]);
    struct user_impl *user = ARENA_NEW(cell->arena, struct user_impl);
    if (name.kind == VALUE_TEXT && user_impl_parse(user, name.p))
        cell->impl = &user->impl;
    else
        cell->impl = name.kind == VALUE_TEXT ? fn_impl_find(name.p) : NULL;
    struct sorted_spec *s = cell->spec;
    if (!cell->impl || !cell->impl->agg || spec.kind != VALUE_TEXT ||
        !spec_read(spec.p, spec.n, host->ctx, s) || argc != 2 + s->nargs + s->ndirect + s->nkeys)
        return error_set(&host->err, ERRCODE_FEATURE_NOT_SUPPORTED, "aggregate function %.*s is not supported",
                         (int)name.n, name.p ? name.p : "");
    cell->direct = ARENA_ARRAY(cell->arena, struct value, s->ndirect + 1);
    for (int i = 0; i < s->ndirect; i++)
        cell->direct[i] = sorted_keep(cell->arena, argv[2 + s->nargs + i]);
    return true;
}

static void sorted_step(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    struct sqlite_func_host *host = ((const struct sqlite_func *)sqlite3_user_data(c))->host;
    struct sorted_cell *cell = sqlite3_aggregate_context(c, sizeof(*cell));
    if (!cell || error_is_set(&host->err))
        return;
    if (!cell->arena && !cell_begin(cell, host, argc, argv)) {
        sqlite_func_fail(c, host);
        return;
    }
    const struct sorted_spec *s = cell->spec;
    if (cell->n == cell->cap) {
        size_t cap = cell->cap ? cell->cap * 2 : 64;
        struct value **rows = realloc(cell->rows, cap * sizeof(*rows));
        if (!rows) {
            sqlite3_result_error_nomem(c);
            return;
        }
        cell->rows = rows;
        cell->cap = cap;
    }
    struct value *row = ARENA_ARRAY(cell->arena, struct value, s->nargs + s->nkeys + 1);
    for (int i = 0; i < s->nargs; i++)
        row[i] = sorted_keep(cell->arena, argv[2 + i]);
    for (int i = 0; i < s->nkeys; i++)
        row[s->nargs + i] = sorted_keep(cell->arena, argv[2 + s->nargs + s->ndirect + i]);
    row[s->nargs + s->nkeys] = value_int((int64_t)cell->n); /* keeps the sort stable */
    cell->rows[cell->n++] = row;
}

/* --- order ------------------------------------------------------------------------------------- */

struct sorted_order {
    const struct sorted_spec *spec;
    struct eval_context *ctx;
};

static int compare_values(const struct type_def *t, const struct value *a, const struct value *b, bool desc,
                          bool nulls_first, struct eval_context *ctx)
{
    bool an = value_is_null(a), bn = value_is_null(b);
    if (an || bn)
        return an == bn ? 0 : (an == nulls_first ? -1 : 1);
    int c = t ? type_compare(t, a, b, ctx) : 0;
    return desc ? -c : c;
}

int sorted_compare(const struct sorted_key *k, const struct value *a, const struct value *b, struct eval_context *ctx)
{
    return compare_values(k->type, a, b, k->desc, k->nulls_first, ctx);
}

static int compare_args(const struct sorted_spec *s, const struct value *a, const struct value *b,
                        struct eval_context *ctx)
{
    int c = 0;
    for (int i = 0; i < s->nargs && !c; i++)
        c = compare_values(s->argtypes[i], &a[i], &b[i], false, false, ctx);
    return c;
}

static int compare_rows(const void *x, const void *y, void *arg)
{
    const struct value *a = *(struct value *const *)x, *b = *(struct value *const *)y;
    const struct sorted_order *o = arg;
    const struct sorted_spec *s = o->spec;
    int c = 0;
    for (int i = 0; i < s->nkeys && !c; i++)
        c = sorted_compare(&s->keys[i], &a[s->nargs + i], &b[s->nargs + i], o->ctx);
    if (!c && s->distinct)
        c = compare_args(s, a, b, o->ctx);
    int64_t ai = a[s->nargs + s->nkeys].i, bi = b[s->nargs + s->nkeys].i;
    return c ? c : (ai > bi) - (ai < bi);
}

/* --- result ---------------------------------------------------------------------------------------- */

static bool has_null(const struct value *row, int n)
{
    for (int i = 0; i < n; i++)
        if (value_is_null(&row[i]))
            return true;
    return false;
}

static void feed(struct sorted_cell *cell, struct sqlite_func_host *host, void *state)
{
    const struct sorted_spec *s = cell->spec;
    const struct fn_impl *impl = cell->impl;
    bool strict = fn_impl_traits(impl)->strict && !(impl->flags & FN_CALLED_ON_NULL);
    const struct value *last = NULL;
    for (size_t i = 0; i < cell->n && !error_is_set(&host->err); i++) {
        const struct value *row = cell->rows[i];
        if (s->distinct && last && compare_args(s, last, row, host->ctx) == 0)
            continue;
        last = row;
        if (strict && has_null(row, s->nargs))
            continue;
        struct fcall f = {.args = row, .nargs = s->nargs, .err = &host->err, .arena = host->scratch,
                          .ctx = host->ctx, .argtypes = s->args, .rettype = s->result, .impl = impl};
        impl->agg->step(&f, state);
    }
}

static int compare_keys(const struct sorted_spec *s, const struct value *a, const struct value *b,
                        struct eval_context *ctx)
{
    int c = 0;
    for (int i = 0; i < s->nkeys && !c; i++)
        c = sorted_compare(&s->keys[i], &a[i], &b[i], ctx);
    return c;
}

/* Where the direct arguments would stand among the sorted rows: counts[4] as FN_HYPOTHETICAL has them. */
static void count_hypothetical(const struct sorted_cell *cell, struct sqlite_func_host *host, struct value *counts)
{
    const struct sorted_spec *s = cell->spec;
    int64_t before = 0, peers = 0, distinct = 0;
    const struct value *last = NULL;
    for (size_t i = 0; i < cell->n; i++) {
        const struct value *key = cell->rows[i] + s->nargs;
        int c = compare_keys(s, key, cell->direct, host->ctx);
        before += c < 0;
        peers += c == 0;
        distinct += c < 0 && (!last || compare_keys(s, last, key, host->ctx) != 0);
        last = key;
    }
    const int64_t n[4] = {before, peers, distinct, (int64_t)cell->n};
    for (int i = 0; i < 4; i++)
        counts[i] = value_int(n[i]);
}

static void run(sqlite3_context *c, struct sorted_cell *cell, struct sqlite_func_host *host)
{
    const struct sorted_spec *s = cell->spec;
    const struct agg_impl *agg = cell->impl->agg;
    struct sorted_order order = {s, host->ctx};
    void *state = calloc(1, agg->state_size + 1);
    if (!state) {
        sqlite3_result_error_nomem(c);
        return;
    }
    if (cell->n > 1)
        qsort_r(cell->rows, cell->n, sizeof(*cell->rows), compare_rows, &order);
    bool hypothetical = cell->impl->flags & FN_HYPOTHETICAL && s->ndirect == s->nkeys;
    struct value counts[4];
    host->depth++;
    if (hypothetical)
        count_hypothetical(cell, host, counts);
    else
        feed(cell, host, state);
    struct fcall f = {.args = cell->direct, .nargs = s->ndirect, .err = &host->err, .arena = host->scratch,
                      .ctx = host->ctx, .argtypes = s->direct, .rettype = s->result, .impl = cell->impl};
    if (hypothetical) {
        f.args = counts;
        f.nargs = 4;
    }
    if (!error_is_set(&host->err))
        agg->final(&f, state);
    if (error_is_set(&host->err))
        sqlite_func_fail(c, host);
    else
        sqlite_value_return(c, &f.result);
    if (agg->destroy)
        agg->destroy(state);
    free(state);
    if (--host->depth == 0)
        arena_reset(host->scratch);
}

/* Without rows SQLite gives no arguments, so not even the aggregate's name: NULL, as nearly all of them answer; the printer
   wraps those that do not. */
static void sorted_final(sqlite3_context *c)
{
    struct sqlite_func_host *host = ((const struct sqlite_func *)sqlite3_user_data(c))->host;
    struct sorted_cell *cell = sqlite3_aggregate_context(c, 0);
    if (!cell || !cell->arena)
        return;
    if (error_is_set(&host->err))
        sqlite_func_fail(c, host);
    else
        run(c, cell, host);
    free(cell->rows);
    arena_destroy(cell->arena);
}

int sqlite_sorted_register(sqlite3 *db, struct sqlite_func_host *host)
{
    struct sqlite_func *fn = calloc(1, sizeof(*fn));
    if (!fn)
        return SQLITE_NOMEM;
    fn->host = host;
    return sqlite3_create_function_v2(db, SQLITE_FUNC_SORTED, -1, SQLITE_UTF8, fn, NULL, sorted_step,
                                      sorted_final, free);
}
