/*
 * range_func.c: operators and functions of ranges and multiranges (chapter 9.20). Both are lists (range.h), so each
 * operation is written once for all combinations of the two.
 */
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/datetime.h"
#include "sql/types/range.h"

/* --- constructors -------------------------------------------------------------------------------- */

/* "[)" and so on. */
static bool parse_flags(struct fcall *f, int i, struct range *r)
{
    if (i >= f->nargs) {
        r->lower.inclusive = true;
        return true;
    }
    if (ARG_NULL(f, i))
        return error_set(f->err, ERRCODE_DATA_EXCEPTION,
                         "range constructor flags argument must not be null");
    struct slice s = arg_slice(f, i);
    if (s.n != 2 || (s.p[0] != '[' && s.p[0] != '(') || (s.p[1] != ']' && s.p[1] != ')')) {
        error_set(f->err, ERRCODE_SYNTAX_ERROR, "invalid range bound flags");
        error_hint(f->err, "Valid values are \"[]\", \"[)\", \"(]\", and \"()\".");
        return false;
    }
    r->lower.inclusive = s.p[0] == '[';
    r->upper.inclusive = s.p[1] == ']';
    return true;
}

static void range_constructor(struct fcall *f)
{
    struct range_list l;
    struct range r = {.lower = {.infinite = ARG_NULL(f, 0), .value = f->args[0]},
                      .upper = {.infinite = ARG_NULL(f, 1), .value = f->args[1]}};
    if (!range_list_init(f, f->rettype, &l) || !parse_flags(f, 2, &r))
        return;
    range_list_reserve(f, &l, 1);
    if (range_list_add(f, &l, r))
        range_list_return(f, &l);
}

static void append(struct fcall *f, struct range_list *to, const struct range_list *from)
{
    range_list_reserve(f, to, from->n);
    if (from->n)
        memcpy(to->ranges + to->n, from->ranges, sizeof(*to->ranges) * (size_t)from->n);
    to->n += from->n;
}

static void multirange_constructor0(struct fcall *f)
{
    return_slice(f, "{}", 2);
}

static void multirange_constructor1(struct fcall *f)
{
    struct range_list l, r;
    if (range_list_init(f, f->rettype, &l) && range_list_arg(f, 0, &r)) {
        append(f, &l, &r);
        range_list_return(f, &l);
    }
}

static void multirange_constructor2(struct fcall *f)
{
    struct range_list l, r;
    struct array a;
    if (!range_list_init(f, f->rettype, &l))
        return;
    if (!array_read(f, &f->args[0], range_of_multirange(f->ctx, f->rettype), &a))
        return;
    for (int i = 0; i < a.n; i++) {
        if (value_is_null(&a.items[i])) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                      "multirange values cannot contain null members");
            return;
        }
        if (!range_list_read(f, &a.items[i], a.elem->oid, &r))
            return;
        append(f, &l, &r);
    }
    range_list_normalize(&l);
    range_list_return(f, &l);
}

/* --- parts --------------------------------------------------------------------------------------------- */

static const struct bound *first(const struct range_list *l)
{
    return l->n ? &l->ranges[0].lower : NULL;
}

static const struct bound *last(const struct range_list *l)
{
    return l->n ? &l->ranges[l->n - 1].upper : NULL;
}

#define BOUND_FUNCTION(name, which, none, expression)                                              \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct range_list l;                                                                       \
        if (!range_list_arg(f, 0, &l))                                                             \
            return;                                                                                \
        const struct bound *b = which(&l);                                                         \
        f->result = b ? (expression) : (none);                                                     \
    }
BOUND_FUNCTION(range_lower, first, value_null(), b->infinite ? value_null() : b->value)
BOUND_FUNCTION(range_upper, last, value_null(), b->infinite ? value_null() : b->value)
BOUND_FUNCTION(range_lower_inc, first, value_bool(false), value_bool(b->inclusive))
BOUND_FUNCTION(range_upper_inc, last, value_bool(false), value_bool(b->inclusive))
BOUND_FUNCTION(range_lower_inf, first, value_bool(false), value_bool(b->infinite))
BOUND_FUNCTION(range_upper_inf, last, value_bool(false), value_bool(b->infinite))
BOUND_FUNCTION(range_empty, first, value_bool(true), value_bool(false))

/* --- relations ------------------------------------------------------------------------------------------- */

static bool range_covers(const struct range_list *l, const struct range *a, const struct range *b)
{
    return bound_compare(l, &a->lower, &b->lower) <= 0 && bound_compare(l, &a->upper, &b->upper) >= 0;
}

static bool covers(const struct range_list *a, const struct range_list *b)
{
    for (int i = 0; i < b->n; i++) {
        bool found = false;
        for (int k = 0; k < a->n && !found; k++)
            found = range_covers(a, &a->ranges[k], &b->ranges[i]);
        if (!found)
            return false;
    }
    return true;
}

static bool covered(const struct range_list *a, const struct range_list *b)
{
    return covers(b, a);
}

static bool overlaps(const struct range_list *a, const struct range_list *b)
{
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++)
            if (bound_compare(a, &a->ranges[i].lower, &b->ranges[k].upper) <= 0 &&
                bound_compare(a, &b->ranges[k].lower, &a->ranges[i].upper) <= 0)
                return true;
    return false;
}

/* An upper bound that ends where a lower one begins, nothing between and nothing shared. */
static bool touches(const struct range_list *l, const struct bound *upper, const struct bound *lower)
{
    return !upper->infinite && !lower->infinite && upper->inclusive != lower->inclusive &&
           type_compare(l->sub, &upper->value, &lower->value, l->ctx) == 0;
}

static bool adjacent(const struct range_list *a, const struct range_list *b)
{
    return a->n && b->n &&
           (touches(a, last(a), first(b)) || touches(a, last(b), first(a)));
}

static bool before(const struct range_list *a, const struct range_list *b)
{
    return a->n && b->n && bound_compare(a, last(a), first(b)) < 0;
}

static bool after(const struct range_list *a, const struct range_list *b)
{
    return before(b, a);
}

static bool overleft(const struct range_list *a, const struct range_list *b)
{
    return a->n && b->n && bound_compare(a, last(a), last(b)) <= 0;
}

static bool overright(const struct range_list *a, const struct range_list *b)
{
    return a->n && b->n && bound_compare(a, first(a), first(b)) >= 0;
}

#define RANGE_RELATION(name, expression)                                                           \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct range_list a, b;                                                                    \
        if (range_list_arg(f, 0, &a) && range_list_arg(f, 1, &b))                                  \
            f->result = expression;                                                                \
    }
RANGE_RELATION(range_eq, value_bool(range_list_compare(&a, &b) == 0))
RANGE_RELATION(range_ne, value_bool(range_list_compare(&a, &b) != 0))
RANGE_RELATION(range_lt, value_bool(range_list_compare(&a, &b) < 0))
RANGE_RELATION(range_le, value_bool(range_list_compare(&a, &b) <= 0))
RANGE_RELATION(range_gt, value_bool(range_list_compare(&a, &b) > 0))
RANGE_RELATION(range_ge, value_bool(range_list_compare(&a, &b) >= 0))
RANGE_RELATION(range_cmp, value_int(range_list_compare(&a, &b)))
RANGE_RELATION(range_contains, value_bool(covers(&a, &b)))
RANGE_RELATION(range_contained, value_bool(covered(&a, &b)))
RANGE_RELATION(range_overlaps, value_bool(overlaps(&a, &b)))
RANGE_RELATION(range_adjacent, value_bool(adjacent(&a, &b)))
RANGE_RELATION(range_before, value_bool(before(&a, &b)))
RANGE_RELATION(range_after, value_bool(after(&a, &b)))
RANGE_RELATION(range_overleft, value_bool(overleft(&a, &b)))
RANGE_RELATION(range_overright, value_bool(overright(&a, &b)))

static bool contains_value(struct fcall *f, const struct range_list *l, const struct value *v)
{
    for (int i = 0; i < l->n; i++) {
        const struct range *r = &l->ranges[i];
        int low = r->lower.infinite ? -1 : type_compare(l->sub, &r->lower.value, v, f->ctx);
        int high = r->upper.infinite ? 1 : type_compare(l->sub, &r->upper.value, v, f->ctx);
        if ((low < 0 || (low == 0 && r->lower.inclusive)) &&
            (high > 0 || (high == 0 && r->upper.inclusive)))
            return true;
    }
    return false;
}

static void range_contains_elem(struct fcall *f)
{
    struct range_list l;
    if (range_list_arg(f, 0, &l))
        return_bool(f, contains_value(f, &l, &f->args[1]));
}

static void elem_contained_by_range(struct fcall *f)
{
    struct range_list l;
    if (range_list_arg(f, 1, &l))
        return_bool(f, contains_value(f, &l, &f->args[0]));
}

/* --- set operations --------------------------------------------------------------------------------------- */

static void intersect(struct fcall *f, const struct range_list *a, const struct range_list *b,
                      struct range_list *out)
{
    *out = (struct range_list){.type = a->type, .multi = a->multi, .sub = a->sub, .ctx = a->ctx};
    range_list_reserve(f, out, a->n + b->n);
    for (int i = 0, k = 0; i < a->n && k < b->n;) {
        const struct range *x = &a->ranges[i], *y = &b->ranges[k];
        struct range r = {
            bound_compare(a, &x->lower, &y->lower) >= 0 ? x->lower : y->lower,
            bound_compare(a, &x->upper, &y->upper) <= 0 ? x->upper : y->upper};
        if (bound_compare(a, &r.lower, &r.upper) <= 0)
            out->ranges[out->n++] = r;
        if (bound_compare(a, &x->upper, &y->upper) < 0)
            i++;
        else
            k++;
    }
}

/* A bound of the other kind at the same place: where what is left over begins or ends. */
static struct bound opposite(struct bound b)
{
    b.lower = !b.lower;
    b.inclusive = !b.inclusive;
    return b;
}

static void minus(struct fcall *f, const struct range_list *a, const struct range_list *b,
                  struct range_list *out)
{
    *out = (struct range_list){.type = a->type, .multi = a->multi, .sub = a->sub, .ctx = a->ctx};
    range_list_reserve(f, out, a->n + b->n + 1);
    for (int i = 0; i < a->n; i++) {
        struct range rest = a->ranges[i];
        bool left = true;
        for (int k = 0; k < b->n && left; k++) {
            const struct range *cut = &b->ranges[k];
            if (bound_compare(a, &cut->upper, &rest.lower) < 0 ||
                bound_compare(a, &cut->lower, &rest.upper) > 0)
                continue;
            if (bound_compare(a, &cut->lower, &rest.lower) > 0)
                out->ranges[out->n++] = (struct range){rest.lower, opposite(cut->lower)};
            left = bound_compare(a, &cut->upper, &rest.upper) < 0;
            if (left)
                rest.lower = opposite(cut->upper);
        }
        if (left)
            out->ranges[out->n++] = rest;
    }
}

static void return_one(struct fcall *f, const struct range_list *l, const char *operation)
{
    if (l->n > 1 && !l->multi)
        error_set(f->err, ERRCODE_DATA_EXCEPTION, "result of range %s would not be contiguous",
                  operation);
    else
        range_list_return(f, l);
}

static void range_union(struct fcall *f)
{
    struct range_list a, b;
    if (!range_list_arg(f, 0, &a) || !range_list_arg(f, 1, &b))
        return;
    append(f, &a, &b);
    range_list_normalize(&a);
    return_one(f, &a, "union");
}

static void range_intersect(struct fcall *f)
{
    struct range_list a, b, r;
    if (!range_list_arg(f, 0, &a) || !range_list_arg(f, 1, &b))
        return;
    intersect(f, &a, &b, &r);
    range_list_return(f, &r);
}

static void range_minus(struct fcall *f)
{
    struct range_list a, b, r;
    if (!range_list_arg(f, 0, &a) || !range_list_arg(f, 1, &b))
        return;
    minus(f, &a, &b, &r);
    return_one(f, &r, "difference");
}

/* The smallest range that holds everything, gaps included. */
static void merge(struct fcall *f, struct range_list *l)
{
    range_list_normalize(l);
    if (l->n > 1) {
        l->ranges[0].upper = l->ranges[l->n - 1].upper;
        l->n = 1;
    }
    l->type = f->rettype;
    l->multi = false;
    range_list_return(f, l);
}

static void range_merge(struct fcall *f)
{
    struct range_list a, b;
    if (!range_list_arg(f, 0, &a) || !range_list_arg(f, 1, &b))
        return;
    append(f, &a, &b);
    merge(f, &a);
}

static void range_merge_from_multirange(struct fcall *f)
{
    struct range_list l;
    if (range_list_arg(f, 0, &l))
        merge(f, &l);
}

#define SUBDIFF(name, expression)                                                                  \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        f->result = value_real(expression);                                                        \
    }
SUBDIFF(int_subdiff, (double)arg_int(f, 0) - (double)arg_int(f, 1))

/* A difference of the subtype's own, in double precision. */
static void subdiff(struct fcall *f, const char *minus, uint32_t type, const char *to_double)
{
    const uint32_t types[] = {f->argtypes ? f->argtypes[0] : type, f->argtypes ? f->argtypes[1] : type};
    struct value difference;
    if (fcall_invoke(f, fn_impl_find(minus), f->args, 2, types, type, &difference))
        fcall_invoke(f, fn_impl_find(to_double), &difference, 1, &type, FLOAT8OID, &f->result);
}

static void numrange_subdiff(struct fcall *f)
{
    subdiff(f, "numeric_sub", NUMERICOID, "numeric_float8");
}

static void daterange_subdiff(struct fcall *f)
{
    subdiff(f, "date_mi", INT4OID, "i4tod");
}

/* In seconds. */
static void tsrange_subdiff(struct fcall *f)
{
    int64_t a, b;
    if (arg_timestamp(f, 0, &a) && arg_timestamp(f, 1, &b))
        f->result = value_real(((double)a - (double)b) / 1000000.0);
}

/* Stored ranges are canonical. */
static void range_canonical(struct fcall *f)
{
    f->result = f->args[0];
}

/* --- unnest(multirange), aggregates -------------------------------------------------------------------------- */

struct unnest_state {
    struct range_list list;
    int next;
};

static void unnest_open(struct fcall *f, void *state)
{
    struct unnest_state *st = state;
    if (!range_list_arg(f, 0, &st->list))
        st->list.n = 0;
}

static bool unnest_next(struct fcall *f, void *state, struct value *columns)
{
    struct unnest_state *st = state;
    if (st->next >= st->list.n)
        return false;
    struct range_list one = {.type = range_of_multirange(f->ctx, st->list.type), .sub = st->list.sub, .ctx = f->ctx, .n = 1,
                             .ranges = &st->list.ranges[st->next++]};
    columns[0] = range_list_write(f->arena, &one);
    return true;
}

static const struct srf_impl multirange_unnest = {
    .state_size = sizeof(struct unnest_state), .open = unnest_open, .next = unnest_next};

/* The state is the stored multirange (or range) so far; `text` is malloc'ed. */
struct range_agg_state {
    char *text;
    size_t n;
};

static void agg_keep(struct range_agg_state *st, struct value v)
{
    char *copy = malloc(v.n + 1);
    if (copy) {
        memcpy(copy, v.p, v.n);
        free(st->text);
        st->text = copy;
        st->n = v.n;
    }
}

static uint32_t agg_type(struct fcall *f)
{
    uint32_t multi = multirange_of_range(f->ctx, f->argtypes[0]);
    return multi ? multi : f->argtypes[0];
}

static void range_agg_step(struct fcall *f, void *state)
{
    struct range_agg_state *st = state;
    struct range_list all, one;
    struct value before_ = st->text ? value_text(st->text, st->n) : value_text("{}", 2);
    if (ARG_NULL(f, 0))
        return;
    if (!range_list_read(f, &before_, agg_type(f), &all) || !range_list_arg(f, 0, &one))
        return;
    append(f, &all, &one);
    range_list_normalize(&all);
    agg_keep(st, range_list_write(f->arena, &all));
}

static void range_intersect_agg_step(struct fcall *f, void *state)
{
    struct range_agg_state *st = state;
    struct range_list a, b, r;
    if (!range_list_arg(f, 0, &b))
        return;
    r = b;
    if (st->text) {
        struct value v = value_text(st->text, st->n);
        if (!range_list_read(f, &v, f->argtypes[0], &a))
            return;
        intersect(f, &a, &b, &r);
    }
    agg_keep(st, range_list_write(f->arena, &r));
}

static void range_agg_final(struct fcall *f, void *state)
{
    struct range_agg_state *st = state;
    if (st->text)
        fcall_return_text(f, st->text, st->n);
}

static void range_agg_destroy(void *state)
{
    struct range_agg_state *st = state;
    free(st->text);
}

static const struct agg_impl range_agg = {.state_size = sizeof(struct range_agg_state),
                                          .step = range_agg_step,
                                          .final = range_agg_final,
                                          .destroy = range_agg_destroy};
static const struct agg_impl range_intersect_agg = {.state_size = sizeof(struct range_agg_state),
                                                    .step = range_intersect_agg_step,
                                                    .final = range_agg_final,
                                                    .destroy = range_agg_destroy};

#define TYPED(name_, function) {name_, .call = function, .flags = FN_TYPED}
#define TYPED_NATIVE(name_, function, sql) {name_, .call = function, .flags = FN_TYPED, .native = sql}
/* The four combinations of range and multirange on both sides. */
#define FOUR(verb, function)                                                                       \
    TYPED("range_" verb, function), TYPED("range_" verb "_multirange", function),                  \
        TYPED("multirange_" verb "_range", function),                                              \
        TYPED("multirange_" verb "_multirange", function)

const struct fn_impl range_functions[] = {
    TYPED("range_constructor2", range_constructor),
    TYPED("range_constructor3", range_constructor),
    TYPED("multirange_constructor0", multirange_constructor0),
    TYPED("multirange_constructor1", multirange_constructor1),
    TYPED("multirange_constructor2", multirange_constructor2),
    TYPED("range_lower", range_lower),
    TYPED("range_upper", range_upper),
    TYPED("range_lower_inc", range_lower_inc),
    TYPED("range_upper_inc", range_upper_inc),
    TYPED("range_lower_inf", range_lower_inf),
    TYPED("range_upper_inf", range_upper_inf),
    TYPED("range_empty", range_empty),
    TYPED("multirange_lower", range_lower),
    TYPED("multirange_upper", range_upper),
    TYPED("multirange_lower_inc", range_lower_inc),
    TYPED("multirange_upper_inc", range_upper_inc),
    TYPED("multirange_lower_inf", range_lower_inf),
    TYPED("multirange_upper_inf", range_upper_inf),
    TYPED("multirange_empty", range_empty),
    TYPED_NATIVE("range_eq", range_eq, "($1 = $2)"),
    TYPED_NATIVE("range_ne", range_ne, "($1 <> $2)"),
    TYPED_NATIVE("range_lt", range_lt, "($1 < $2)"),
    TYPED_NATIVE("range_le", range_le, "($1 <= $2)"),
    TYPED_NATIVE("range_gt", range_gt, "($1 > $2)"),
    TYPED_NATIVE("range_ge", range_ge, "($1 >= $2)"),
    TYPED("range_cmp", range_cmp),
    TYPED_NATIVE("multirange_eq", range_eq, "($1 = $2)"),
    TYPED_NATIVE("multirange_ne", range_ne, "($1 <> $2)"),
    TYPED_NATIVE("multirange_lt", range_lt, "($1 < $2)"),
    TYPED_NATIVE("multirange_le", range_le, "($1 <= $2)"),
    TYPED_NATIVE("multirange_gt", range_gt, "($1 > $2)"),
    TYPED_NATIVE("multirange_ge", range_ge, "($1 >= $2)"),
    TYPED("multirange_cmp", range_cmp),
    FOUR("contains", range_contains),
    FOUR("contained_by", range_contained),
    FOUR("overlaps", range_overlaps),
    FOUR("adjacent", range_adjacent),
    FOUR("before", range_before),
    FOUR("after", range_after),
    FOUR("overleft", range_overleft),
    FOUR("overright", range_overright),
    TYPED("range_contains_elem", range_contains_elem),
    TYPED("multirange_contains_elem", range_contains_elem),
    TYPED("elem_contained_by_range", elem_contained_by_range),
    TYPED("elem_contained_by_multirange", elem_contained_by_range),
    TYPED("range_union", range_union),
    TYPED("multirange_union", range_union),
    TYPED("range_intersect", range_intersect),
    TYPED("multirange_intersect", range_intersect),
    TYPED("range_minus", range_minus),
    TYPED("multirange_minus", range_minus),
    TYPED("range_merge", range_merge),
    TYPED("range_merge_from_multirange", range_merge_from_multirange),
    {"int4range_subdiff", .call = int_subdiff},
    {"numrange_subdiff", .call = numrange_subdiff},
    {"daterange_subdiff", .call = daterange_subdiff},
    {"tsrange_subdiff", .call = tsrange_subdiff},
    {"tstzrange_subdiff", .call = tsrange_subdiff},
    {"int4range_canonical", .call = range_canonical},
    {"int8range_canonical", .call = range_canonical},
    {"daterange_canonical", .call = range_canonical},
    {"int8range_subdiff", .call = int_subdiff},
    {"multirange_unnest", .srf = &multirange_unnest, .flags = FN_TYPED},
    {"range_agg(anyrange)", .agg = &range_agg, .flags = FN_TYPED},
    {"range_agg(anymultirange)", .agg = &range_agg, .flags = FN_TYPED},
    {"range_intersect_agg(anyrange)", .agg = &range_intersect_agg, .flags = FN_TYPED},
    {"range_intersect_agg(anymultirange)", .agg = &range_intersect_agg, .flags = FN_TYPED},
    {NULL},
};
