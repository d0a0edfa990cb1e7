/* evaluate_run.c: what the nodes of an evaluation do when they run; see evaluate_node.h. */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/exec/evaluate_node.h"
#include "sql/exec/spi.h"
#include "sql/types/routine.h"

#define SMALL 8

/* --- values ------------------------------------------------------------------------------------------- */

bool run_const(const struct node *n, struct run *r, struct value *out)
{
    (void)r;
    *out = n->value;
    return true;
}

bool run_param(const struct node *n, struct run *r, struct value *out)
{
    *out = r->params[n->number];
    return true;
}

bool run_test(const struct node *n, struct run *r, struct value *out)
{
    (void)n;
    *out = r->test;
    return true;
}

/* --- calls ---------------------------------------------------------------------------------------------- */

static bool call_with(const struct node *n, struct run *r, const struct value *args, struct value *out)
{
    struct fcall f = {.args = args, .nargs = n->nargs, .err = r->err, .arena = r->arena, .ctx = r->ctx,
                      .argtypes = n->argtypes, .rettype = n->rettype, .impl = n->impl, .variadic = n->variadic};
    if (n->cache) {
        f.cache = *n->cache;
        f.cache_free = *n->cache_free;
    }
    n->impl->call(&f);
    fcall_check(&f);
    if (n->cache) {
        *n->cache = f.cache;
        *n->cache_free = f.cache_free;
    } else if (f.cache && f.cache_free) {
        if (f.result.kind == VALUE_TEXT || f.result.kind == VALUE_BLOB) /* it may lie in the cache */
            f.result.p = arena_strndup(r->arena, f.result.p, f.result.n);
        f.cache_free(f.cache);
    }
    *out = f.result;
    return !error_is_set(r->err);
}

bool run_call(const struct node *n, struct run *r, struct value *out)
{
    struct value small[SMALL];
    struct value *args = n->nargs <= SMALL ? small : ARENA_ARRAY(r->arena, struct value, n->nargs);
    for (int i = 0; i < n->nargs; i++) {
        if (!eval(n->args[i], r, &args[i]))
            return false;
        if (n->strict && args[i].kind == VALUE_NULL) {
            *out = value_null();
            return true;
        }
    }
    return call_with(n, r, args, out);
}

/* Integer arithmetic: the answer in place, anything unusual by the function itself. */
static bool two_ints(const struct node *n, struct run *r, struct value *a, struct value *out)
{
    if (!eval(n->args[0], r, &a[0]) || !eval(n->args[1], r, &a[1]))
        return false;
    out->kind = VALUE_NULL;
    return a[0].kind == VALUE_INT && a[1].kind == VALUE_INT;
}

#define INT_OP(name, builtin, low, high)                                                                    \
    static bool name(const struct node *n, struct run *r, struct value *out)                                \
    {                                                                                                       \
        struct value a[2];                                                                                  \
        int64_t x;                                                                                          \
        if (!two_ints(n, r, a, out))                                                                        \
            return !error_is_set(r->err);                                                                   \
        if (builtin(a[0].i, a[1].i, &x) || x < (low) || x > (high))                                         \
            return call_with(n, r, a, out);                                                                 \
        *out = value_int(x);                                                                                \
        return true;                                                                                        \
    }
INT_OP(run_int4pl, __builtin_add_overflow, INT32_MIN, INT32_MAX)
INT_OP(run_int4mi, __builtin_sub_overflow, INT32_MIN, INT32_MAX)
INT_OP(run_int4mul, __builtin_mul_overflow, INT32_MIN, INT32_MAX)
INT_OP(run_int8pl, __builtin_add_overflow, INT64_MIN, INT64_MAX)
INT_OP(run_int8mi, __builtin_sub_overflow, INT64_MIN, INT64_MAX)
INT_OP(run_int8mul, __builtin_mul_overflow, INT64_MIN, INT64_MAX)

static const struct {
    const char *name;
    node_fn *fn;
} int_ops[] = {
    {"int4pl", run_int4pl},  {"int4mi", run_int4mi},  {"int4mul", run_int4mul},  {"int8pl", run_int8pl},
    {"int8mi", run_int8mi},  {"int8mul", run_int8mul}, {"int84pl", run_int8pl},  {"int48pl", run_int8pl},
    {"int84mi", run_int8mi}, {"int48mi", run_int8mi}, {"int84mul", run_int8mul}, {"int48mul", run_int8mul},
};

node_fn *evaluate_int_op(const char *name)
{
    for (size_t i = 0; i < sizeof(int_ops) / sizeof(*int_ops); i++)
        if (strcmp(name, int_ops[i].name) == 0)
            return int_ops[i].fn;
    return NULL;
}

/* --- comparisons: the native templates ----------------------------------------------------------------- */

static int bytes_compare(const struct value *a, const struct value *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int c = n ? memcmp(a->p, b->p, n) : 0;
    return c ? c : (a->n > b->n) - (a->n < b->n);
}

/* As SQLite compares stored values of one type. */
static int compare(const struct node *n, struct run *r, const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return (a->i > b->i) - (a->i < b->i);
    if (a->kind == VALUE_TEXT && b->kind == VALUE_TEXT && (!n->type || !n->type->sqlite_collation))
        return bytes_compare(a, b);
    if (a->kind == VALUE_BLOB && b->kind == VALUE_BLOB)
        return bytes_compare(a, b);
    if (a->kind == VALUE_TEXT && b->kind == VALUE_TEXT)
        return type_compare(n->type, a, b, r->ctx);
    if (a->kind == VALUE_TEXT || b->kind == VALUE_TEXT) /* NaN is above all numbers */
        return a->kind == VALUE_TEXT ? 1 : -1;
    double x = a->kind == VALUE_INT ? (double)a->i : a->d, y = b->kind == VALUE_INT ? (double)b->i : b->d;
    return (x > y) - (x < y);
}

static bool holds(int op, int c)
{
    switch (op) {
    case CMP_EQ:
        return c == 0;
    case CMP_NE:
        return c != 0;
    case CMP_LT:
        return c < 0;
    case CMP_LE:
        return c <= 0;
    case CMP_GT:
        return c > 0;
    default:
        return c >= 0;
    }
}

bool run_compare(const struct node *n, struct run *r, struct value *out)
{
    struct value a, b;
    if (!eval(n->args[0], r, &a) || !eval(n->args[1], r, &b))
        return false;
    if (a.kind == VALUE_NULL || b.kind == VALUE_NULL)
        *out = value_null();
    else
        *out = value_bool(holds(n->number, compare(n, r, &a, &b)));
    return true;
}

/* IS [NOT] DISTINCT FROM where equality is native. */
bool run_distinct(const struct node *n, struct run *r, struct value *out)
{
    struct value a, b;
    if (!eval(n->args[0], r, &a) || !eval(n->args[1], r, &b))
        return false;
    bool null = a.kind == VALUE_NULL || b.kind == VALUE_NULL;
    bool differ = null ? a.kind != b.kind : compare(n, r, &a, &b) != 0;
    *out = value_bool(differ != n->flag);
    return true;
}

bool run_concat(const struct node *n, struct run *r, struct value *out)
{
    struct value a, b;
    if (!eval(n->args[0], r, &a) || !eval(n->args[1], r, &b))
        return false;
    *out = value_null();
    if (a.kind != VALUE_TEXT || b.kind != VALUE_TEXT)
        return true;
    if (a.n + b.n > LIMIT_VALUE_BYTES)
        return error_set(r->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "string or blob too big");
    char *p = arena_alloc(r->arena, a.n + b.n + 1);
    memcpy(p, a.p, a.n);
    memcpy(p + a.n, b.p, b.n);
    *out = value_text(p, a.n + b.n);
    return true;
}

/* --- logic -------------------------------------------------------------------------------------------------- */

/* AND (flag false) and OR: stops at the value that decides. */
bool run_and_or(const struct node *n, struct run *r, struct value *out)
{
    bool null = false;
    for (int i = 0; i < n->nargs; i++) {
        struct value v;
        if (!eval(n->args[i], r, &v))
            return false;
        if (v.kind == VALUE_NULL)
            null = true;
        else if ((v.i != 0) == n->flag) {
            *out = value_bool(n->flag);
            return true;
        }
    }
    *out = null ? value_null() : value_bool(!n->flag);
    return true;
}

bool run_not(const struct node *n, struct run *r, struct value *out)
{
    if (!eval(n->args[0], r, out))
        return false;
    if (out->kind != VALUE_NULL)
        *out = value_bool(!out->i);
    return true;
}

bool run_null_test(const struct node *n, struct run *r, struct value *out)
{
    if (!eval(n->args[0], r, out))
        return false;
    *out = value_bool((out->kind == VALUE_NULL) != n->flag);
    return true;
}

bool run_bool_test(const struct node *n, struct run *r, struct value *out)
{
    if (!eval(n->args[0], r, out))
        return false;
    bool null = out->kind == VALUE_NULL, is = !null && out->i;
    switch ((enum bool_test_kind)n->number) {
    case TEST_TRUE:
        *out = value_bool(is);
        break;
    case TEST_NOT_TRUE:
        *out = value_bool(!is);
        break;
    case TEST_FALSE:
        *out = value_bool(!null && !is);
        break;
    case TEST_NOT_FALSE:
        *out = value_bool(null || is);
        break;
    case TEST_UNKNOWN:
        *out = value_bool(null);
        break;
    case TEST_NOT_UNKNOWN:
        *out = value_bool(!null);
        break;
    }
    return true;
}

/* args: the tested value when flag, then condition and result in turn, then the default. */
bool run_case(const struct node *n, struct run *r, struct value *out)
{
    struct value saved = r->test, v;
    int i = 0;
    if (n->flag) {
        if (!eval(n->args[i++], r, &v))
            return false;
        r->test = v;
    }
    bool ok = true;
    for (; i + 1 < n->nargs; i += 2) {
        if (!(ok = eval(n->args[i], r, &v)))
            break;
        if (v.kind != VALUE_NULL && v.i) {
            r->test = saved;
            return eval(n->args[i + 1], r, out);
        }
    }
    r->test = saved;
    return ok && eval(n->args[n->nargs - 1], r, out);
}

bool run_coalesce(const struct node *n, struct run *r, struct value *out)
{
    for (int i = 0; i < n->nargs; i++) {
        if (!eval(n->args[i], r, out))
            return false;
        if (out->kind != VALUE_NULL)
            break;
    }
    return true;
}

/* --- a statement of its own ------------------------------------------------------------------------------------ */

bool run_statement(const struct node *n, struct run *r, struct value *out)
{
    const struct value *params = r->params;
    if (n->nargs) {
        struct value *all = ARENA_ARRAY(r->arena, struct value, n->nparams + n->nargs);
        if (n->nparams)
            memcpy(all, r->params, sizeof(*all) * (size_t)n->nparams);
        for (int i = 0; i < n->nargs; i++)
            if (!eval(n->args[i], r, &all[n->nparams + i]))
                return false;
        params = all;
    }
    return r->ctx->spi->scalar(r->ctx, n->plan, params, r->arena, out, r->err);
}
