/*
 * enum.c: enum types: TEXT labels in the file, whose order the catalog knows (the collation of each enum type, enum_<oid>,
 * is made per connection).
 */
#include <stdlib.h>

#include "sql/base/log.h"
#include "sql/types/array.h"
#include "sql/types/enum.h"
#include "sql/types/type_catalog.h"

static uint32_t base_type(const struct eval_context *ctx, uint32_t type)
{
    const struct type_def *t = type_find(ctx, type);
    while (t && t->typtype == 'd')
        t = type_find(ctx, t->basetype);
    return t ? t->oid : type;
}

/* Place of a label in its type's order from 0, -1 if it is none. */
static int rank(const struct eval_context *ctx, uint32_t type, struct slice label)
{
    struct type_enum_label l;
    for (int i = 0; type_enum_label_at(ctx, type, i, &l); i++)
        if (slice_is(label, l.label))
            return i;
    return -1;
}

/* --- labels that are not committed ---------------------------------------------------------------------- */

void enum_added_note(struct eval_context *ctx, uint32_t label)
{
    struct enum_added *a = &ctx->enum_added;
    if (a->n == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 8;
        a->labels = realloc(a->labels, sizeof(*a->labels) * (size_t)a->cap);
        if (!a->labels)
            log_fatal("out of memory");
    }
    a->labels[a->n++] = label;
}

void enum_added_forget(struct eval_context *ctx, uint32_t label)
{
    struct enum_added *a = &ctx->enum_added;
    for (int i = 0; i < a->n; i++)
        if (a->labels[i] == label)
            a->labels[i--] = a->labels[--a->n];
}

void enum_added_forget_all(struct eval_context *ctx)
{
    free(ctx->enum_added.labels);
    ctx->enum_added = (struct enum_added){0};
}

/* 55P04 for a label that this transaction added. */
static bool check_safe_use(struct fcall *f, uint32_t type, const struct type_enum_label *l)
{
    const struct enum_added *a = f->ctx ? &f->ctx->enum_added : NULL;
    for (int i = 0; a && i < a->n; i++)
        if (a->labels[i] == l->oid) {
            error_set(f->err, ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE, "unsafe use of new value \"%s\" of enum type %s",
                      l->label, type_shown_name(f, type));
            error_hint(f->err, "New enum values must be committed before they can be used.");
            return false;
        }
    return true;
}

int enum_compare(const struct eval_context *ctx, uint32_t type, const struct value *a,
                 const struct value *b)
{
    struct slice x = {a->p, a->n}, y = {b->p, b->n};
    type = base_type(ctx, type);
    int i = rank(ctx, type, x), j = rank(ctx, type, y);
    if (i < 0 || j < 0)
        return i != j ? i - j : slice_compare(x, y);
    return i - j;
}

static void enum_in(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    uint32_t type = f->rettype && f->rettype != ANYENUMOID ? f->rettype : (uint32_t)arg_int(f, 1);
    const struct type_def *t = type_find(f->ctx, base_type(f->ctx, type));
    struct type_enum_label l;
    int i = t ? rank(f->ctx, t->oid, s) : -1;
    if (i >= 0 && type_enum_label_at(f->ctx, t->oid, i, &l) && check_safe_use(f, t->oid, &l))
        return_slice(f, s.p, s.n);
    else if (i < 0)
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input value for enum %s: \"%.*s\"", t ? type_shown_name(f, t->oid) : "?", (int)s.n, s.p);
}

static void enum_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void enum_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (utf8_verify(s.p, s.n, f->err))
        enum_in(f);
}

static void enum_send(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    f->result = value_blob(s.p, s.n);
}

static int compare_args(struct fcall *f)
{
    return enum_compare(f->ctx, f->argtypes[0], &f->args[0], &f->args[1]);
}

#define ENUM_COMPARISON(name, expression)                                                          \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        int c = compare_args(f);                                                                   \
        f->result = expression;                                                                    \
    }
ENUM_COMPARISON(enum_eq, value_bool(c == 0))
ENUM_COMPARISON(enum_ne, value_bool(c != 0))
ENUM_COMPARISON(enum_lt, value_bool(c < 0))
ENUM_COMPARISON(enum_le, value_bool(c <= 0))
ENUM_COMPARISON(enum_gt, value_bool(c > 0))
ENUM_COMPARISON(enum_ge, value_bool(c >= 0))
ENUM_COMPARISON(enum_cmp, value_int(c < 0 ? -1 : c > 0))
ENUM_COMPARISON(enum_larger, c >= 0 ? f->args[0] : f->args[1])
ENUM_COMPARISON(enum_smaller, c <= 0 ? f->args[0] : f->args[1])

/* --- enum_first, enum_last, enum_range: the argument's value does not matter, its type does ----------- */

/* The i-th label; false, with an error or without, when it is not to be had. */
static bool label_value(struct fcall *f, uint32_t type, int i, struct value *out)
{
    struct type_enum_label l;
    if (!type_enum_label_at(f->ctx, type, i, &l) || !check_safe_use(f, type, &l))
        return false;
    *out = value_textz(arena_strdup(f->arena, l.label));
    return true;
}

static bool empty_enum(struct fcall *f, uint32_t type)
{
    const struct type_def *t = type_find(f->ctx, type);
    return error_set(f->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "enum %s contains no values",
                     t ? t->name : "?");
}

static void enum_first(struct fcall *f)
{
    uint32_t type = base_type(f->ctx, f->argtypes[0]);
    if (!label_value(f, type, 0, &f->result) && !error_is_set(f->err))
        empty_enum(f, type);
}

static void enum_last(struct fcall *f)
{
    uint32_t type = base_type(f->ctx, f->argtypes[0]);
    struct type_enum_label l;
    int n = 0;
    while (type_enum_label_at(f->ctx, type, n, &l))
        n++;
    if (n == 0)
        empty_enum(f, type);
    else
        label_value(f, type, n - 1, &f->result);
}

/* enum_range(enum) or enum_range(from, to), where NULL leaves an end open. */
static void enum_range(struct fcall *f)
{
    uint32_t type = base_type(f->ctx, f->argtypes[0]);
    struct type_enum_label l;
    int total = 0, n = 0;
    while (type_enum_label_at(f->ctx, type, total, &l))
        total++;
    int from = 0, to = total - 1;
    if (f->nargs > 1 && !ARG_NULL(f, 0))
        from = rank(f->ctx, type, arg_slice(f, 0));
    if (f->nargs > 1 && !ARG_NULL(f, 1))
        to = rank(f->ctx, type, arg_slice(f, 1));
    struct value *items = ARENA_ARRAY(f->arena, struct value, total + 1);
    for (int i = from; i >= 0 && i <= to; i++)
        if (!label_value(f, type, i, &items[n++]))
            return;
    struct array a = array_one_dimension(type_find(f->ctx, type), items, n);
    array_return(f, &a);
}

const struct fn_impl enum_functions[] = {
    {"enum_in", .call = enum_in, .flags = FN_TYPED},
    {"enum_out", .call = enum_out},
    {"enum_recv", .call = enum_recv, .flags = FN_TYPED},
    {"enum_send", .call = enum_send},
    {"enum_eq", .call = enum_eq, .flags = FN_TYPED, .native = "($1 = $2)"},
    {"enum_ne", .call = enum_ne, .flags = FN_TYPED, .native = "($1 <> $2)"},
    {"enum_lt", .call = enum_lt, .flags = FN_TYPED, .native = "($1 < $2)"},
    {"enum_le", .call = enum_le, .flags = FN_TYPED, .native = "($1 <= $2)"},
    {"enum_gt", .call = enum_gt, .flags = FN_TYPED, .native = "($1 > $2)"},
    {"enum_ge", .call = enum_ge, .flags = FN_TYPED, .native = "($1 >= $2)"},
    {"enum_cmp", .call = enum_cmp, .flags = FN_TYPED},
    {"enum_larger", .call = enum_larger, .flags = FN_TYPED},
    {"enum_smaller", .call = enum_smaller, .flags = FN_TYPED},
    {"enum_first", .call = enum_first, .flags = FN_TYPED},
    {"enum_last", .call = enum_last, .flags = FN_TYPED},
    {"enum_range_all", .call = enum_range, .flags = FN_TYPED},
    {"enum_range_bounds", .call = enum_range, .flags = FN_TYPED},
    {"max(anyenum)", .native = "max"},
    {"min(anyenum)", .native = "min"},
    {NULL},
};
