/*
 * array_expr.c: the array expressions of SQL's grammar, as functions that the printer calls by these names
 * (they have no pg_proc row). All are FN_TYPED.
 *
 *   array_construct(e1, e2, ...)            ARRAY[...]; arguments of the result's own type are
 *                                           sub-arrays, which add a dimension
 *   array_subscript(array, i, j, ...)       a[i][j]; NULL beyond the bounds
 *   array_slice(array, l1, u1, l2, u2, ...) a[l1:u1][l2:u2]; an omitted bound is NULL of type void
 *   array_assign(array, value, i, j, ...)   the array after a[i][j] = value
 *   array_assign_slice(array, values, l1, u1, ...)
 *   scalar_array_op(left, array, 'int4eq', use_or)
 *                                           left op ANY (use_or) / ALL (array), by the operator
 *                                           function's internal name
 *   array_coerce_io(array)                  element-wise cast through text to the result's elements
 */
#include <limits.h>

#include "sql/types/array.h"
#include "sql/types/type_catalog.h"

/* --- construction ------------------------------------------------------------------------------ */

static bool mismatched(struct fcall *f)
{
    return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                     "multidimensional arrays must have array expressions with matching dimensions");
}

static void construct_nested(struct fcall *f, const struct type_def *elem)
{
    struct array *subs = ARENA_ARRAY(f->arena, struct array, f->nargs);
    struct array r = {.elem = elem};
    int filled = 0;
    for (int i = 0; i < f->nargs; i++) {
        if (!ARG_NULL(f, i) && !array_read(f, &f->args[i], elem->oid, &subs[i]))
            return;
        if (subs[i].ndim == 0)
            continue;
        if (filled++ == 0) {
            if (!array_check_dimensions(f->err, subs[i].ndim + 1))
                return;
            r.ndim = subs[i].ndim + 1;
            memcpy(r.dims + 1, subs[i].dims, sizeof(int) * (size_t)subs[i].ndim);
            memcpy(r.lower + 1, subs[i].lower, sizeof(int) * (size_t)subs[i].ndim);
        } else if (subs[i].ndim + 1 != r.ndim ||
                   memcmp(r.dims + 1, subs[i].dims, sizeof(int) * (size_t)subs[i].ndim) != 0) {
            mismatched(f);
            return;
        }
        r.n += subs[i].n;
    }
    if (filled && filled != f->nargs) {
        mismatched(f);
        return;
    }
    r.dims[0] = filled;
    r.lower[0] = 1;
    r.items = ARENA_ARRAY(f->arena, struct value, r.n + 1);
    int at = 0;
    for (int i = 0; filled && i < f->nargs; i++) {
        memcpy(r.items + at, subs[i].items, sizeof(struct value) * (size_t)subs[i].n);
        at += subs[i].n;
    }
    array_return(f, &r);
}

static void array_construct(struct fcall *f)
{
    const struct type_def *elem = type_find(f->ctx, array_element_type(f->ctx, f->rettype));
    if (!elem) {
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "could not find array type");
        return;
    }
    if (f->nargs > 0 && f->argtypes[0] == f->rettype) {
        construct_nested(f, elem);
        return;
    }
    struct array r = array_one_dimension(elem, (struct value *)(uintptr_t)f->args, f->nargs);
    array_return(f, &r);
}

/* --- subscripts ---------------------------------------------------------------------------------- */

/* Index of the item at those subscripts, -1 if there is none. */
static int item_at(const struct array *a, const int64_t *subscripts, int n)
{
    if (n != a->ndim)
        return -1;
    int64_t at = 0;
    for (int d = 0; d < n; d++) {
        int64_t i = subscripts[d] - a->lower[d];
        if (i < 0 || i >= a->dims[d])
            return -1;
        at = at * a->dims[d] + i;
    }
    return (int)at;
}

static bool read_subscripts(struct fcall *f, int first, int64_t *out, int *n)
{
    *n = f->nargs - first;
    if (!array_check_dimensions(f->err, *n))
        return false;
    for (int i = 0; i < *n; i++) {
        if (ARG_NULL(f, first + i))
            return false;
        out[i] = arg_int(f, first + i);
    }
    return true;
}

/* array_read_arg, and name's characters: the fixed-length type that can be subscripted and is no array. */
static void array_subscript(struct fcall *f)
{
    struct array a;
    int64_t subscripts[LIMIT_ARRAY_DIMS];
    int n;
    if (ARG_NULL(f, 0) || !read_subscripts(f, 1, subscripts, &n))
        return;
    if (f->argtypes[0] == NAMEOID) {
        struct slice s = arg_slice(f, 0);
        if (n == 1 && subscripts[0] >= 0 && subscripts[0] < LIMIT_IDENTIFIER + 1)
            return_slice(f, s.p + subscripts[0], (size_t)subscripts[0] < s.n ? 1 : 0);
        return;
    }
    if (!array_read_arg(f, 0, &a))
        return;
    int at = item_at(&a, subscripts, n);
    if (at >= 0)
        f->result = a.items[at];
}

/* The pairs of bounds from argument `first` on; absent ones are the array's own. False: the result
   is NULL. */
static bool read_bounds(struct fcall *f, int first, const struct array *a, int64_t *lower,
                        int64_t *upper, int *n)
{
    *n = (f->nargs - first) / 2;
    if (!array_check_dimensions(f->err, *n))
        return false;
    for (int d = 0; d < *n; d++) {
        int at = first + 2 * d;
        bool known = d < a->ndim;
        if (!ARG_NULL(f, at))
            lower[d] = arg_int(f, at);
        else if (f->argtypes[at] == VOIDOID)
            lower[d] = known ? a->lower[d] : 1;
        else
            return false;
        if (!ARG_NULL(f, at + 1))
            upper[d] = arg_int(f, at + 1);
        else if (f->argtypes[at + 1] == VOIDOID)
            upper[d] = known ? (int64_t)a->lower[d] + a->dims[d] - 1 : 0;
        else
            return false;
    }
    return true;
}

/* Visits the items of a box in row-major order: copies them to `to`, or from it when assigning. */
static void walk_box(const struct array *a, int depth, int64_t base, const int64_t *lower,
                     const int64_t *upper, struct value **to, bool assign)
{
    for (int64_t i = lower[depth]; i <= upper[depth]; i++) {
        int64_t at = base * a->dims[depth] + (i - a->lower[depth]);
        if (depth + 1 < a->ndim)
            walk_box(a, depth + 1, at, lower, upper, to, assign);
        else if (assign)
            a->items[at] = *(*to)++;
        else
            *(*to)++ = a->items[at];
    }
}

static void array_slice(struct fcall *f)
{
    struct array a;
    int64_t lower[LIMIT_ARRAY_DIMS], upper[LIMIT_ARRAY_DIMS];
    int n;
    if (ARG_NULL(f, 0) || !array_read_arg(f, 0, &a) || !read_bounds(f, 1, &a, lower, upper, &n))
        return;
    struct array r = {.elem = a.elem, .ndim = a.ndim};
    int64_t total = 1;
    bool empty = n > a.ndim || a.ndim == 0;
    for (int d = 0; d < a.ndim; d++) {
        int64_t last = (int64_t)a.lower[d] + a.dims[d] - 1;
        if (d >= n || lower[d] < a.lower[d])
            lower[d] = a.lower[d];
        if (d >= n || upper[d] > last)
            upper[d] = last;
        empty = empty || lower[d] > upper[d];
        r.dims[d] = (int)(upper[d] - lower[d] + 1);
        r.lower[d] = 1;
        total *= r.dims[d];
    }
    if (empty) {
        return_slice(f, "[]", 2);
        return;
    }
    r.n = (int)total;
    r.items = ARENA_TRY(f->arena, struct value, total + 1);
    if (!r.items)
        return;
    struct value *to = r.items;
    walk_box(&a, 0, 0, lower, upper, &to, false);
    array_return(f, &r);
}

/* --- assignment ------------------------------------------------------------------------------------ */

static bool subscript_error(struct fcall *f, const char *message)
{
    return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "%s", message);
}

/* The array to change, an empty one for NULL. Subscripts must not be NULL. */
static bool assignable(struct fcall *f, struct array *a)
{
    for (int i = 2; i < f->nargs; i++)
        if (ARG_NULL(f, i) && f->argtypes[i] != VOIDOID)
            return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                             "array subscript in assignment must not be null");
    if (!ARG_NULL(f, 0))
        return array_read_arg(f, 0, a);
    *a = array_one_dimension(type_find(f->ctx, array_element_type(f->ctx, f->argtypes[0])), NULL, 0);
    return a->elem != NULL;
}

/* Makes a one-dimensional array reach from..to, with NULLs in the gap. */
static bool extend(struct fcall *f, struct array *a, int64_t from, int64_t to)
{
    int64_t lower = a->lower[0], upper = lower + a->dims[0] - 1;
    if (a->ndim == 0) {
        lower = from;
        upper = from - 1;
    }
    int64_t new_lower = from < lower ? from : lower, new_upper = to > upper ? to : upper;
    int64_t total = new_upper - new_lower + 1;
    if (!array_check_size(f->err, total))
        return false;
    struct value *items = ARENA_TRY(f->arena, struct value, total + 1);
    if (!items)
        return fcall_check(f);
    if (a->n)
        memcpy(items + (lower - new_lower), a->items, sizeof(*items) * (size_t)a->n);
    a->items = items;
    a->ndim = 1;
    a->n = a->dims[0] = (int)total;
    a->lower[0] = (int)new_lower;
    return true;
}

static void array_assign(struct fcall *f)
{
    struct array a;
    int64_t subscripts[LIMIT_ARRAY_DIMS];
    int n;
    if (!assignable(f, &a) || !read_subscripts(f, 2, subscripts, &n))
        return;
    if (a.ndim == 0 && n > 1) {
        int64_t total = 1;
        a.ndim = n;
        for (int d = 0; d < n; d++) {
            a.dims[d] = 1;
            a.lower[d] = (int)subscripts[d];
        }
        a.n = (int)total;
        a.items = ARENA_ARRAY(f->arena, struct value, 1);
    }
    if (a.ndim != 0 && a.ndim != n) {
        subscript_error(f, "wrong number of array subscripts");
        return;
    }
    if (n == 1 && !extend(f, &a, subscripts[0], subscripts[0]))
        return;
    int at = item_at(&a, subscripts, n);
    if (at < 0) {
        subscript_error(f, "array subscript out of range");
        return;
    }
    a.items[at] = f->args[1];
    array_return(f, &a);
}

/* Checks the box against the array, makes an empty or one-dimensional array large enough. */
static bool prepare_box(struct fcall *f, struct array *a, int64_t *lower, int64_t *upper, int n)
{
    if (a->ndim == 0) {
        int64_t total = 1;
        for (int i = 2; i < f->nargs; i++)
            if (ARG_NULL(f, i)) {
                subscript_error(f, "array slice subscript must provide both boundaries");
                error_detail(f->err, "When assigning to a slice of an empty array value, slice "
                                     "boundaries must be fully specified.");
                return false;
            }
        for (int d = 0; d < n; d++) {
            if (lower[d] > upper[d])
                return subscript_error(f, "upper bound cannot be less than lower bound");
            a->dims[d] = (int)(upper[d] - lower[d] + 1);
            a->lower[d] = (int)lower[d];
            if (!array_check_size(f->err, total * (upper[d] - lower[d] + 1)))
                return false;
            total *= a->dims[d];
        }
        a->ndim = n;
        a->n = (int)total;
        a->items = ARENA_TRY(f->arena, struct value, total + 1);
        return a->items || fcall_check(f);
    }
    if (n > a->ndim)
        return subscript_error(f, "wrong number of array subscripts");
    for (int d = 0; d < a->ndim; d++) {
        int64_t last = (int64_t)a->lower[d] + a->dims[d] - 1;
        if (d >= n) {
            lower[d] = a->lower[d];
            upper[d] = last;
        }
        if (lower[d] > upper[d])
            return subscript_error(f, "upper bound cannot be less than lower bound");
        if (a->ndim > 1 && (lower[d] < a->lower[d] || upper[d] > last))
            return subscript_error(f, "array subscript out of range");
    }
    return a->ndim > 1 || extend(f, a, lower[0], upper[0]);
}

static void array_assign_slice(struct fcall *f)
{
    struct array a, values;
    int64_t lower[LIMIT_ARRAY_DIMS], upper[LIMIT_ARRAY_DIMS], wanted = 1;
    int n;
    if (ARG_NULL(f, 1)) {
        f->result = f->args[0];
        return;
    }
    if (!assignable(f, &a) || !array_read(f, &f->args[1], a.elem->oid, &values) ||
        !read_bounds(f, 2, &a, lower, upper, &n) || !prepare_box(f, &a, lower, upper, n))
        return;
    for (int d = 0; d < a.ndim; d++)
        wanted *= upper[d] - lower[d] + 1;
    if (values.n < wanted) {
        subscript_error(f, "source array too small");
        return;
    }
    struct value *from = values.items;
    walk_box(&a, 0, 0, lower, upper, &from, true);
    array_return(f, &a);
}

/* --- op ANY / ALL ------------------------------------------------------------------------------------ */

/* An array argument read once per statement; and the operator's implementation. */
struct array_op_cache {
    struct arena *arena;
    struct slice text;
    struct array array;
    const struct fn_impl *impl;
    const char *name;
};

static void array_op_cache_free(void *p)
{
    struct array_op_cache *c = p;
    arena_destroy(c->arena);
}

static struct array_op_cache *array_op_prepare(struct fcall *f)
{
    struct array_op_cache *c = f->cache;
    struct slice text = arg_slice(f, 1), name = arg_slice(f, 2);
    if (c && slice_equal(c->text, text) && slice_is(name, c->name))
        return c;
    if (c)
        f->cache_free(c);
    f->cache = NULL;
    struct arena *arena = arena_create();
    c = ARENA_NEW(arena, struct array_op_cache);
    c->arena = arena;
    c->text = (struct slice){arena_strndup(arena, text.p, text.n), text.n};
    c->name = arena_strndup(arena, name.p, name.n);
    c->impl = fn_impl_find(c->name);
    f->cache = c;
    f->cache_free = array_op_cache_free;
    struct value stored = value_text(c->text.p, c->text.n);
    struct arena *call_arena = f->arena;
    f->arena = arena;
    bool ok = array_read(f, &stored, array_element_type(f->ctx, f->argtypes[1]), &c->array);
    f->arena = call_arena;
    if (!ok) {
        c->text = (struct slice){"", 0};
        c->array.n = 0;
        return NULL;
    }
    if (!c->impl || (!c->impl->call && !c->impl->native)) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function %s is not supported", c->name);
        return NULL;
    }
    return c;
}

/* Operators that exist as SQLite SQL only, ($1 = $2) and so on, by the types' order. */
static bool compare_native(struct fcall *f, const char *native, const struct type_def *elem,
                           const struct value *a, const struct value *b, struct value *out)
{
    static const struct {
        const char *native;
        bool less, equal, greater;
    } operators[] = {
        {"($1 = $2)", false, true, false}, {"($1 <> $2)", true, false, true},
        {"($1 < $2)", true, false, false}, {"($1 <= $2)", true, true, false},
        {"($1 > $2)", false, false, true}, {"($1 >= $2)", false, true, true},
    };
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(operators[i].native, native) != 0)
            continue;
        int c = type_compare(elem, a, b, f->ctx);
        *out = value_bool(c < 0 ? operators[i].less : c > 0 ? operators[i].greater
                                                            : operators[i].equal);
        return true;
    }
    return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                     "this operator is not supported with ANY or ALL over an array");
}

static void scalar_array_op(struct fcall *f)
{
    if (ARG_NULL(f, 1))
        return;
    struct array_op_cache *c = array_op_prepare(f);
    if (!c)
        return;
    bool any = arg_int(f, 3) != 0, unknown = false;
    uint32_t types[2] = {f->argtypes[0], c->array.elem->oid};
    f->result = value_bool(!any);
    if (c->array.n == 0)
        return;
    for (int i = 0; i < c->array.n; i++) {
        struct value args[2] = {f->args[0], c->array.items[i]}, r = value_null();
        if (!value_is_null(&args[0]) && !value_is_null(&args[1])) {
            bool ok = c->impl->call
                          ? fcall_invoke(f, c->impl, args, 2, types, BOOLOID, &r)
                          : compare_native(f, c->impl->native, c->array.elem, &args[0], &args[1], &r);
            if (!ok) {
                f->result = value_null();
                return;
            }
        }
        if (value_is_null(&r)) {
            unknown = true;
        } else if ((r.i != 0) == any) {
            f->result = value_bool(any);
            return;
        }
    }
    if (unknown)
        f->result = value_null();
}

/* --- casts ------------------------------------------------------------------------------------------- */

static void array_coerce_io(struct fcall *f)
{
    struct array a;
    const struct type_def *to = type_find(f->ctx, array_element_type(f->ctx, f->rettype));
    if (ARG_NULL(f, 0) || !to || !array_read_arg(f, 0, &a))
        return;
    for (int i = 0; i < a.n; i++) {
        struct slice s;
        if (value_is_null(&a.items[i]))
            continue;
        if (!value_output(f, &a.items[i], a.elem->oid, &s) ||
            !type_input(to, s.p, s.n, -1, f->ctx, f->arena, f->err, &a.items[i]))
            return;
    }
    a.elem = to;
    array_return(f, &a);
}

const struct fn_impl array_expr_functions[] = {
    {"array_construct", .call = array_construct, .flags = FN_TYPED},
    {"array_subscript", .call = array_subscript, .flags = FN_TYPED},
    {"array_slice", .call = array_slice, .flags = FN_TYPED},
    {"array_assign", .call = array_assign, .flags = FN_TYPED},
    {"array_assign_slice", .call = array_assign_slice, .flags = FN_TYPED},
    {"scalar_array_op", .call = scalar_array_op, .flags = FN_TYPED | FN_CACHE},
    {"array_coerce_io", .call = array_coerce_io, .flags = FN_TYPED},
    {NULL},
};
