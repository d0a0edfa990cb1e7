/* array_func.c: PostgreSQL's array functions and operators (chapter 9.19); arrays are anyarray throughout. */
#include <limits.h>

#include "sql/types/array.h"
#include "sql/types/type_catalog.h"

/* --- comparison ---------------------------------------------------------------------------- */

static bool compare_args(struct fcall *f, int *c)
{
    struct array a, b;
    if (!array_read_arg(f, 0, &a) || !array_read_arg(f, 1, &b))
        return false;
    *c = array_compare(&a, &b, f->ctx);
    return true;
}

#define ARRAY_COMPARISON(name, test)                                                               \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        int c;                                                                                     \
        if (compare_args(f, &c))                                                                   \
            f->result = test;                                                                      \
    }
ARRAY_COMPARISON(array_eq, value_bool(c == 0))
ARRAY_COMPARISON(array_ne, value_bool(c != 0))
ARRAY_COMPARISON(array_lt, value_bool(c < 0))
ARRAY_COMPARISON(array_le, value_bool(c <= 0))
ARRAY_COMPARISON(array_gt, value_bool(c > 0))
ARRAY_COMPARISON(array_ge, value_bool(c >= 0))
ARRAY_COMPARISON(btarraycmp, value_int(c))
ARRAY_COMPARISON(array_larger, c > 0 ? f->args[0] : f->args[1])
ARRAY_COMPARISON(array_smaller, c < 0 ? f->args[0] : f->args[1])

/* Types without a default equality refuse to be compared. */
static bool check_equality(struct fcall *f, const struct type_def *elem)
{
    return type_is_comparable(elem->oid) || error_set(f->err, ERRCODE_UNDEFINED_FUNCTION,
                                                      "could not identify an equality operator for type %s", elem->name);
}

/* NULL equals NULL, as array_position and its kin have it. */
static bool not_distinct(struct fcall *f, const struct type_def *elem, const struct value *a,
                         const struct value *b)
{
    if (value_is_null(a) || value_is_null(b))
        return value_is_null(a) && value_is_null(b);
    return type_compare(elem, a, b, f->ctx) == 0;
}

static bool has_item(struct fcall *f, const struct array *a, const struct value *v)
{
    for (int i = 0; i < a->n; i++)
        if (!value_is_null(&a->items[i]) && type_compare(a->elem, &a->items[i], v, f->ctx) == 0)
            return true;
    return false;
}

/* Every element of b is in a; a NULL in b is in nothing. */
static bool contains(struct fcall *f, const struct array *a, const struct array *b)
{
    for (int i = 0; i < b->n; i++)
        if (value_is_null(&b->items[i]) || !has_item(f, a, &b->items[i]))
            return false;
    return true;
}

static void arraycontains(struct fcall *f)
{
    struct array a, b;
    if (array_read_arg(f, 0, &a) && array_read_arg(f, 1, &b) && check_equality(f, a.elem))
        return_bool(f, contains(f, &a, &b));
}

static void arraycontained(struct fcall *f)
{
    struct array a, b;
    if (array_read_arg(f, 0, &a) && array_read_arg(f, 1, &b) && check_equality(f, a.elem))
        return_bool(f, contains(f, &b, &a));
}

static void arrayoverlap(struct fcall *f)
{
    struct array a, b;
    bool found = false;
    if (!array_read_arg(f, 0, &a) || !array_read_arg(f, 1, &b) || !check_equality(f, a.elem))
        return;
    for (int i = 0; i < b.n && !found; i++)
        found = !value_is_null(&b.items[i]) && has_item(f, &a, &b.items[i]);
    return_bool(f, found);
}

/* --- shape ------------------------------------------------------------------------------------ */

static void array_ndims(struct fcall *f)
{
    struct array a;
    if (array_read_arg(f, 0, &a) && a.ndim > 0)
        f->result = value_int(a.ndim);
}

static void array_dims(struct fcall *f)
{
    struct array a;
    struct textbuf out = textbuf_in(f->arena);
    if (!array_read_arg(f, 0, &a) || a.ndim == 0)
        return;
    for (int d = 0; d < a.ndim; d++)
        textbuf_printf(&out, "[%d:%d]", a.lower[d], a.lower[d] + a.dims[d] - 1);
    textbuf_return(&out, f);
}

/* The dimension that argument 1 names, -1 if the array has none such. */
static int dimension_arg(struct fcall *f, struct array *a)
{
    if (!array_read_arg(f, 0, a))
        return -1;
    int64_t d = arg_int(f, 1);
    return d >= 1 && d <= a->ndim ? (int)d - 1 : -1;
}

static void array_lower(struct fcall *f)
{
    struct array a;
    int d = dimension_arg(f, &a);
    if (d >= 0)
        f->result = value_int(a.lower[d]);
}

static void array_upper(struct fcall *f)
{
    struct array a;
    int d = dimension_arg(f, &a);
    if (d >= 0)
        f->result = value_int((int64_t)a.lower[d] + a.dims[d] - 1);
}

static void array_length(struct fcall *f)
{
    struct array a;
    int d = dimension_arg(f, &a);
    if (d >= 0)
        f->result = value_int(a.dims[d]);
}

static void array_cardinality(struct fcall *f)
{
    struct array a;
    if (array_read_arg(f, 0, &a))
        f->result = value_int(a.n);
}

/* --- building ----------------------------------------------------------------------------------- */

/* The array argument, an empty one for NULL. */
static bool array_or_empty(struct fcall *f, int i, struct array *out)
{
    if (!ARG_NULL(f, i))
        return array_read_arg(f, i, out);
    *out = array_one_dimension(type_find(f->ctx, array_element_type(f->ctx, f->rettype)), NULL, 0);
    return out->elem != NULL ||
           error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "input data type is not an array");
}

static void append(struct fcall *f, int array_arg, int value_arg, bool at_end)
{
    struct array a;
    if (!array_or_empty(f, array_arg, &a))
        return;
    if (a.ndim > 1) {
        error_set(f->err, ERRCODE_DATA_EXCEPTION,
                  "argument must be empty or one-dimensional array");
        return;
    }
    if (a.ndim && (at_end ? (int64_t)a.lower[0] + a.n > INT32_MAX : a.lower[0] == INT32_MIN)) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
        return;
    }
    struct array r = a;
    r.ndim = 1;
    r.n = a.n + 1;
    r.dims[0] = r.n;
    r.lower[0] = a.ndim ? a.lower[0] : 1;
    r.items = ARENA_TRY(f->arena, struct value, r.n);
    if (!r.items)
        return;
    if (a.n)
        memcpy(r.items + (at_end ? 0 : 1), a.items, sizeof(*a.items) * (size_t)a.n);
    r.items[at_end ? a.n : 0] = f->args[value_arg];
    array_return(f, &r);
}

static void array_append(struct fcall *f)
{
    append(f, 0, 1, true);
}

static void array_prepend(struct fcall *f)
{
    append(f, 1, 0, false);
}

static bool incompatible(struct fcall *f, const char *detail)
{
    error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "cannot concatenate incompatible arrays");
    error_detail(f->err, "%s", detail);
    return false;
}

/* The outermost dimension grows; inner ones must agree. One array may be an element of the other. */
static bool concatenated_shape(struct fcall *f, const struct array *a, const struct array *b,
                               struct array *r)
{
    int difference = a->ndim - b->ndim;
    if (difference < -1 || difference > 1)
        return incompatible(f, arena_printf(f->arena,
                                            "Arrays of %d and %d dimensions are not compatible for "
                                            "concatenation.",
                                            a->ndim, b->ndim));
    *r = difference < 0 ? *b : *a;
    for (int d = difference ? 0 : 1; d < (difference < 0 ? a->ndim : b->ndim); d++) {
        int da = difference < 0 ? a->dims[d] : a->dims[d + (difference > 0)];
        int db = difference < 0 ? b->dims[d + 1] : b->dims[d];
        int la = difference < 0 ? a->lower[d] : a->lower[d + (difference > 0)];
        int lb = difference < 0 ? b->lower[d + 1] : b->lower[d];
        if (da != db || la != lb)
            return incompatible(f, difference == 0
                                       ? "Arrays with differing element dimensions are not "
                                         "compatible for concatenation."
                                       : "Arrays with differing dimensions are not compatible for "
                                         "concatenation.");
    }
    if (difference == 0)
        r->dims[0] = a->dims[0] + b->dims[0];
    else
        r->dims[0]++;
    return true;
}

static void array_cat(struct fcall *f)
{
    struct array a, b, r;
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1)) {
        f->result = f->args[ARG_NULL(f, 0) ? 1 : 0];
        return;
    }
    if (!array_read_arg(f, 0, &a) || !array_read_arg(f, 1, &b))
        return;
    if (a.ndim == 0 || b.ndim == 0) {
        f->result = f->args[a.ndim == 0 ? 1 : 0];
        return;
    }
    if (!concatenated_shape(f, &a, &b, &r))
        return;
    r.n = a.n + b.n;
    r.items = ARENA_TRY(f->arena, struct value, r.n);
    if (!r.items)
        return;
    memcpy(r.items, a.items, sizeof(*a.items) * (size_t)a.n);
    memcpy(r.items + a.n, b.items, sizeof(*b.items) * (size_t)b.n);
    array_return(f, &r);
}

/* An int4 per dimension out of argument i; false and an error as array_fill words it. */
static bool fill_dimensions(struct fcall *f, int i, const char *what, struct array *out)
{
    if (!array_read(f, &f->args[i], INT4OID, out))
        return false;
    if (out->ndim > 1) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        error_detail(f->err, "Dimension array must be one dimensional.");
        return false;
    }
    if (!array_check_dimensions(f->err, out->n))
        return false;
    for (int k = 0; k < out->n; k++)
        if (value_is_null(&out->items[k]))
            return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "%s values cannot be null", what);
    return true;
}

static void array_fill(struct fcall *f)
{
    bool bounds = f->nargs > 2;
    struct array dims, lower = {0};
    if (ARG_NULL(f, 1) || (bounds && ARG_NULL(f, 2))) {
        error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                  "dimension array or low bound array cannot be null");
        return;
    }
    if (!fill_dimensions(f, 1, "dimension", &dims) ||
        (bounds && !fill_dimensions(f, 2, "dimension", &lower)))
        return;
    if (bounds && lower.n != dims.n) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        error_detail(f->err, "Low bound array has different size than dimensions array.");
        return;
    }
    struct array r = {.elem = type_find(f->ctx, array_element_type(f->ctx, f->rettype))};
    int64_t total = dims.n > 0;
    for (int d = 0; d < dims.n; d++) {
        int64_t size = dims.items[d].i;
        if (size < 0 || !array_check_size(f->err, total * size)) {
            error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                      "array size exceeds the maximum allowed (%d)", 134217727);
            return;
        }
        total *= size;
        r.dims[d] = (int)size;
        r.lower[d] = bounds ? (int)lower.items[d].i : 1;
    }
    r.ndim = total ? dims.n : 0;
    r.n = (int)total;
    size_t work = 0;
    r.items = ARENA_TRY(f->arena, struct value, r.n + 1);
    if (!r.items)
        return;
    for (int i = 0; i < r.n; i++) {
        if (work_interrupted(f, &work, 1))
            return;
        r.items[i] = f->args[0];
    }
    array_return(f, &r);
}

static void trim_array(struct fcall *f)
{
    struct array a;
    int64_t n = arg_int(f, 1);
    if (!array_read_arg(f, 0, &a))
        return;
    int length = a.ndim ? a.dims[0] : 0;
    if (n < 0 || n > length) {
        error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR,
                  "number of elements to trim must be between 0 and %d", length);
        return;
    }
    if (length) {
        a.n -= a.n / length * (int)n;
        a.dims[0] -= (int)n;
    }
    if (a.n == 0)
        a.ndim = 0;
    for (int d = 0; d < a.ndim; d++)
        a.lower[d] = 1;
    array_return(f, &a);
}

/* --- search and replacement ---------------------------------------------------------------------- */

static bool searchable(struct fcall *f, struct array *a)
{
    if (ARG_NULL(f, 0) || !array_read_arg(f, 0, a) || !check_equality(f, a->elem))
        return false;
    return a->ndim <= 1 ||
           error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                     "searching for elements in multidimensional arrays is not supported");
}

static void array_position(struct fcall *f)
{
    struct array a;
    if (!searchable(f, &a) || a.n == 0)
        return;
    if (f->nargs > 2 && ARG_NULL(f, 2)) {
        error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "initial position must not be null");
        return;
    }
    int64_t start = f->nargs > 2 ? arg_int(f, 2) : INT_MIN;
    for (int i = 0; i < a.n; i++) {
        if (a.lower[0] + i >= start && not_distinct(f, a.elem, &a.items[i], &f->args[1])) {
            f->result = value_int(a.lower[0] + i);
            return;
        }
    }
}

static void array_positions(struct fcall *f)
{
    struct array a;
    if (!searchable(f, &a))
        return;
    struct value *hits = ARENA_ARRAY(f->arena, struct value, a.n + 1);
    int n = 0;
    for (int i = 0; i < a.n; i++)
        if (not_distinct(f, a.elem, &a.items[i], &f->args[1]))
            hits[n++] = value_int(a.lower[0] + i);
    struct array r = array_one_dimension(type_builtin(INT4OID), hits, n);
    array_return(f, &r);
}

static void array_remove(struct fcall *f)
{
    struct array a;
    if (ARG_NULL(f, 0) || !array_read_arg(f, 0, &a) || !check_equality(f, a.elem))
        return;
    if (a.ndim > 1) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "removing elements from multidimensional arrays is not supported");
        return;
    }
    int n = 0;
    for (int i = 0; i < a.n; i++)
        if (!not_distinct(f, a.elem, &a.items[i], &f->args[1]))
            a.items[n++] = a.items[i];
    a.n = a.dims[0] = n;
    if (n == 0)
        a.ndim = 0;
    array_return(f, &a);
}

static void array_replace(struct fcall *f)
{
    struct array a;
    if (ARG_NULL(f, 0) || !array_read_arg(f, 0, &a) || !check_equality(f, a.elem))
        return;
    for (int i = 0; i < a.n; i++)
        if (not_distinct(f, a.elem, &a.items[i], &f->args[1]))
            a.items[i] = f->args[2];
    array_return(f, &a);
}

/* The number of thresholds that are <= the operand; they must be sorted. */
static void width_bucket_array(struct fcall *f)
{
    struct array a;
    if (!array_read_arg(f, 1, &a))
        return;
    if (a.ndim > 1) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "thresholds must be one-dimensional array");
        return;
    }
    int lo = 0, hi = a.n;
    for (int i = 0; i < a.n; i++) {
        if (value_is_null(&a.items[i])) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                      "thresholds array must not contain NULLs");
            return;
        }
    }
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (type_compare(a.elem, &f->args[0], &a.items[mid], f->ctx) < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    f->result = value_int(lo);
}

/* --- text ------------------------------------------------------------------------------------------ */

/* string_to_array(string, separator [, null string]). */
static void text_to_array(struct fcall *f)
{
    if (ARG_NULL(f, 0))
        return;
    struct slice s = arg_slice(f, 0), sep = {NULL, 0}, null_string = {NULL, 0};
    bool by_character = ARG_NULL(f, 1), has_null = f->nargs > 2 && !ARG_NULL(f, 2);
    if (!by_character)
        sep = arg_slice(f, 1);
    if (has_null)
        null_string = arg_slice(f, 2);
    int cap = 8, n = 0;
    struct value *items = ARENA_ARRAY(f->arena, struct value, cap);
    for (bool more = s.n > 0; more;) {
        struct slice field = s;
        const char *hit = sep.n ? memmem(s.p, s.n, sep.p, sep.n) : NULL;
        if (by_character)
            field.n = (size_t)utf8_step(s.p, s.n);
        else if (hit)
            field.n = (size_t)(hit - s.p);
        size_t skip = field.n + (hit ? sep.n : 0);
        s.p += skip;
        s.n -= skip;
        more = by_character ? s.n > 0 : hit != NULL;
        if (n == cap) {
            struct value *grown = ARENA_ARRAY(f->arena, struct value, cap * 2);
            memcpy(grown, items, sizeof(*items) * (size_t)n);
            items = grown;
            cap *= 2;
        }
        items[n++] = has_null && slice_equal(field, null_string) ? value_null()
                                                                  : value_text(field.p, field.n);
    }
    array_return_texts(f, items, n);
}

static void array_to_text(struct fcall *f)
{
    struct array a;
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1) || !array_read_arg(f, 0, &a))
        return;
    struct slice sep = arg_slice(f, 1);
    bool has_null = f->nargs > 2 && !ARG_NULL(f, 2), first = true;
    size_t work = 0;
    struct textbuf out = textbuf_in(f->arena);
    for (int i = 0; i < a.n; i++) {
        struct slice s;
        if (value_is_null(&a.items[i])) {
            if (!has_null)
                continue;
            s = arg_slice(f, 2);
        } else if (!value_output(f, &a.items[i], a.elem->oid, &s)) {
            return;
        }
        if (!value_size_check(out.n + sep.n + s.n, f->err) || work_interrupted(f, &work, sep.n + s.n))
            return;
        if (!first)
            textbuf_add(&out, sep.p, sep.n);
        textbuf_add(&out, s.p, s.n);
        first = false;
    }
    textbuf_return(&out, f);
}

const struct fn_impl array_functions[] = {
    {"array_eq", .call = array_eq, .flags = FN_TYPED, .native = "($1 = $2)"},
    {"array_ne", .call = array_ne, .flags = FN_TYPED, .native = "($1 <> $2)"},
    {"array_lt", .call = array_lt, .flags = FN_TYPED, .native = "($1 < $2)"},
    {"array_le", .call = array_le, .flags = FN_TYPED, .native = "($1 <= $2)"},
    {"array_gt", .call = array_gt, .flags = FN_TYPED, .native = "($1 > $2)"},
    {"array_ge", .call = array_ge, .flags = FN_TYPED, .native = "($1 >= $2)"},
    {"btarraycmp", .call = btarraycmp, .flags = FN_TYPED},
    {"array_larger", .call = array_larger, .flags = FN_TYPED},
    {"array_smaller", .call = array_smaller, .flags = FN_TYPED},
    {"arraycontains", .call = arraycontains, .flags = FN_TYPED},
    {"arraycontained", .call = arraycontained, .flags = FN_TYPED},
    {"arrayoverlap", .call = arrayoverlap, .flags = FN_TYPED},
    {"array_ndims", .call = array_ndims, .flags = FN_TYPED},
    {"array_dims", .call = array_dims, .flags = FN_TYPED},
    {"array_lower", .call = array_lower, .flags = FN_TYPED},
    {"array_upper", .call = array_upper, .flags = FN_TYPED},
    {"array_length", .call = array_length, .flags = FN_TYPED},
    {"array_cardinality", .call = array_cardinality, .flags = FN_TYPED},
    {"array_append", .call = array_append, .flags = FN_TYPED},
    {"array_prepend", .call = array_prepend, .flags = FN_TYPED},
    {"array_cat", .call = array_cat, .flags = FN_TYPED},
    {"array_fill", .call = array_fill, .flags = FN_TYPED},
    {"array_fill_with_lower_bounds", .call = array_fill, .flags = FN_TYPED},
    {"trim_array", .call = trim_array, .flags = FN_TYPED},
    {"array_position", .call = array_position, .flags = FN_TYPED},
    {"array_position_start", .call = array_position, .flags = FN_TYPED},
    {"array_positions", .call = array_positions, .flags = FN_TYPED},
    {"array_remove", .call = array_remove, .flags = FN_TYPED},
    {"array_replace", .call = array_replace, .flags = FN_TYPED},
    {"width_bucket_array", .call = width_bucket_array, .flags = FN_TYPED},
    {"text_to_array", .call = text_to_array},
    {"text_to_array_null", .call = text_to_array},
    {"array_to_text", .call = array_to_text, .flags = FN_TYPED},
    {"array_to_text_null", .call = array_to_text, .flags = FN_TYPED},
    {NULL},
};
