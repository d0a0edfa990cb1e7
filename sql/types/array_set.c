/* array_set.c: arrays and rows: unnest, generate_subscripts, array_agg. */
#include <limits.h>
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/json_parse.h"
#include "sql/types/record.h"
#include "sql/types/type_catalog.h"

/* --- unnest ----------------------------------------------------------------------------------- */

struct unnest_state {
    struct array array;
    int next;
};

static void unnest_open(struct fcall *f, void *state)
{
    struct unnest_state *st = state;
    if (!ARG_NULL(f, 0) && !array_read_arg(f, 0, &st->array))
        st->array.n = 0;
}

static bool unnest_next(struct fcall *f, void *state, struct value *columns)
{
    (void)f;
    struct unnest_state *st = state;
    if (st->next >= st->array.n)
        return false;
    columns[0] = st->array.items[st->next++];
    return true;
}

static const struct srf_impl array_unnest = {
    .state_size = sizeof(struct unnest_state),
    .open = unnest_open,
    .next = unnest_next,
};

/* --- unnest(record[]) AS (column definitions): args[1] is the list, [["a",23,-1],...] -------------- */

struct unnest_rows_state {
    struct unnest_state set; /* first: what unnest_open fills */
    uint32_t *types;
    int n;
};

static void unnest_rows_open(struct fcall *f, void *state)
{
    struct unnest_rows_state *st = state;
    struct json_node list;
    if (!json_parse_call(f, arg_slice(f, 1), JSON_DECODE, &list, f->err))
        return;
    st->types = ARENA_ARRAY(f->arena, uint32_t, list.count + 1);
    for (int i = 0; i < list.count; i++) {
        struct value type = value_text(list.items[i].items[1].text.p, list.items[i].items[1].text.n);
        st->types[st->n++] = (uint32_t)value_integer(&type);
    }
    unnest_open(f, &st->set);
}

static bool unnest_rows_next(struct fcall *f, void *state, struct value *columns)
{
    struct unnest_rows_state *st = state;
    struct value whole;
    struct record r;
    if (!unnest_next(f, &st->set, &whole))
        return false;
    if (value_is_null(&whole))
        return true;
    if (!record_read(f, &whole, RECORDOID, &r) || !record_is_wanted(f, &r, st->types, st->n))
        return false;
    record_spread(f->ctx, &r, columns, st->n);
    return true;
}

static const struct srf_impl array_unnest_rows = {
    .state_size = sizeof(struct unnest_rows_state),
    .open = unnest_rows_open,
    .next = unnest_rows_next,
    .open_columns = true,
};

/* --- generate_subscripts(array, dimension [, reverse]) ------------------------------------------ */

struct subscripts_state {
    int64_t from, to, step; /* to is exclusive */
};

static void subscripts_open(struct fcall *f, void *state)
{
    struct subscripts_state *st = state;
    struct array a;
    if (!array_read_arg(f, 0, &a))
        return;
    int64_t d = arg_int(f, 1);
    if (d < 1 || d > a.ndim)
        return;
    int64_t lower = a.lower[d - 1], upper = lower + a.dims[d - 1] - 1;
    bool reverse = f->nargs > 2 && arg_int(f, 2) != 0;
    st->from = reverse ? upper : lower;
    st->to = reverse ? lower - 1 : upper + 1;
    st->step = reverse ? -1 : 1;
}

static bool subscripts_next(struct fcall *f, void *state, struct value *columns)
{
    (void)f;
    struct subscripts_state *st = state;
    if (st->from == st->to)
        return false;
    columns[0] = value_int(st->from);
    st->from += st->step;
    return true;
}

static const struct srf_impl generate_subscripts = {
    .state_size = sizeof(struct subscripts_state),
    .open = subscripts_open,
    .next = subscripts_next,
};

/* --- array_agg ------------------------------------------------------------------------------------ */

/* The stored form is built as rows come: elements between commas, without the outer brackets. */
struct array_agg_state {
    char *p;
    size_t n, cap;
    int64_t items;
    bool input; /* a row was seen */
    int ndim;   /* of the sub-arrays, array_agg(anyarray) */
    int dims[LIMIT_ARRAY_DIMS];
};

static void agg_add(struct fcall *f, struct array_agg_state *st, const char *p, size_t n)
{
    if (!state_reserve(&st->p, &st->cap, st->n, n + 1, f->err))
        return;
    if (st->items > 0)
        st->p[st->n++] = ',';
    memcpy(st->p + st->n, p, n);
    st->n += n;
    st->items++;
}

static void array_agg_step(struct fcall *f, void *state)
{
    struct array_agg_state *st = state;
    const struct type_def *elem = type_find(f->ctx, f->argtypes[0]);
    struct textbuf out = textbuf_in(f->arena);
    if (!elem) {
        error_set(f->err, ERRCODE_INDETERMINATE_DATATYPE, "could not determine input data type");
        return;
    }
    array_element_write(&out, elem, &f->args[0]);
    if (array_check_size(f->err, st->items + 1) && value_size_check(st->n + out.n, f->err))
        agg_add(f, st, out.p, out.n);
    st->input = true;
}

static void array_agg_array_step(struct fcall *f, void *state)
{
    struct array_agg_state *st = state;
    struct array a;
    if (ARG_NULL(f, 0)) {
        error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "cannot accumulate null arrays");
        return;
    }
    if (!array_read_arg(f, 0, &a))
        return;
    if (a.ndim == 0) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "cannot accumulate empty arrays");
        return;
    }
    if (!array_check_dimensions(f->err, a.ndim + 1))
        return;
    if (st->items > 0 && (st->ndim != a.ndim ||
                          memcmp(st->dims, a.dims, sizeof(int) * (size_t)a.ndim) != 0)) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                  "cannot accumulate arrays of different dimensionality");
        return;
    }
    st->ndim = a.ndim;
    memcpy(st->dims, a.dims, sizeof(a.dims));
    for (int d = 0; d < a.ndim; d++)
        a.lower[d] = 1;
    struct value v = array_write(f->arena, &a);
    if (array_check_size(f->err, (st->items + 1) * a.n) && value_size_check(st->n + v.n, f->err))
        agg_add(f, st, v.p, v.n);
    st->input = true;
}

static void array_agg_final(struct fcall *f, void *state)
{
    struct array_agg_state *st = state;
    if (!st->input)
        return;
    struct textbuf out = textbuf_in(f->arena);
    textbuf_reserve(&out, st->n + 2);
    textbuf_addc(&out, '[');
    textbuf_add(&out, st->p, st->n);
    textbuf_addc(&out, ']');
    textbuf_return(&out, f);
}

static void array_agg_destroy(void *state)
{
    struct array_agg_state *st = state;
    free(st->p);
}

static const struct agg_impl array_agg = {
    .state_size = sizeof(struct array_agg_state),
    .step = array_agg_step,
    .final = array_agg_final,
    .destroy = array_agg_destroy,
};

static const struct agg_impl array_agg_array = {
    .state_size = sizeof(struct array_agg_state),
    .step = array_agg_array_step,
    .final = array_agg_final,
    .destroy = array_agg_destroy,
};

const struct fn_impl array_set_functions[] = {
    {"array_unnest", .srf = &array_unnest, .flags = FN_TYPED},
    {"array_unnest_rows", .srf = &array_unnest_rows, .flags = FN_TYPED},
    {"generate_subscripts", .srf = &generate_subscripts, .flags = FN_TYPED},
    {"generate_subscripts_nodir", .srf = &generate_subscripts, .flags = FN_TYPED},
    {"array_agg(anynonarray)", .agg = &array_agg, .flags = FN_TYPED},
    {"array_agg(anyarray)", .agg = &array_agg_array, .flags = FN_TYPED},
    {"max(anyarray)", .native = "max"},
    {"min(anyarray)", .native = "min"},
    {NULL},
};
