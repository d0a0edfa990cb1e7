/* json_build.c: json and jsonb put together: build_object, build_array, object, and the aggregates. */
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/jsonb.h"

/* --- arguments of VARIADIC "any" ------------------------------------------------------------------ */

struct any_list {
    const struct value *values;
    const uint32_t *types;
    uint32_t elem; /* of a VARIADIC array, in place of types */
    int n;
};

static bool any_arguments(struct fcall *f, struct any_list *out)
{
    *out = (struct any_list){f->args, f->argtypes, 0, f->nargs};
    if (!f->variadic)
        return true;
    struct array a;
    if (ARG_NULL(f, 0) || !array_read_arg(f, 0, &a))
        return false;
    *out = (struct any_list){.values = a.items, .elem = a.elem->oid, .n = a.n};
    return true;
}

static uint32_t any_type(const struct any_list *l, int i)
{
    return l->elem ? l->elem : l->types[i];
}

static bool check_even(struct fcall *f, const struct any_list *l, const char *function)
{
    if (l->n % 2 == 0)
        return true;
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "argument list must have even number of elements");
    error_hint(f->err, "The arguments of %s() must consist of alternating keys and values.", function);
    return false;
}

/* --- build_object, build_array ------------------------------------------------------------------------ */

static void json_build_object(struct fcall *f)
{
    struct any_list l;
    struct textbuf out = textbuf_in(f->arena);
    if (!any_arguments(f, &l) || !check_even(f, &l, "json_build_object"))
        return;
    textbuf_addc(&out, '{');
    for (int i = 0; i < l.n; i += 2) {
        struct slice key;
        if (value_is_null(&l.values[i])) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "argument %d cannot be null", i + 1);
            error_hint(f->err, "Object keys should be text.");
            return;
        }
        if (!json_key_text(f, &l.values[i], any_type(&l, i), &key))
            return;
        if (i)
            textbuf_addz(&out, ", ");
        json_write_string(&out, key);
        textbuf_addz(&out, " : ");
        if (!json_write_datum(f, &l.values[i + 1], any_type(&l, i + 1), false, &out))
            return;
    }
    textbuf_addc(&out, '}');
    textbuf_return(&out, f);
}

static void json_build_array(struct fcall *f)
{
    struct any_list l;
    struct textbuf out = textbuf_in(f->arena);
    if (!any_arguments(f, &l))
        return;
    textbuf_addc(&out, '[');
    for (int i = 0; i < l.n; i++) {
        if (i)
            textbuf_addz(&out, ", ");
        if (!json_write_datum(f, &l.values[i], any_type(&l, i), false, &out))
            return;
    }
    textbuf_addc(&out, ']');
    textbuf_return(&out, f);
}

static struct json_node container(struct fcall *f, enum json_kind kind, int n)
{
    struct json_node node = {.kind = kind, .count = n};
    node.items = ARENA_ARRAY(f->arena, struct json_node, n + 1);
    if (kind == JSON_OBJECT)
        node.keys = ARENA_ARRAY(f->arena, struct slice, n + 1);
    return node;
}

static void return_normal(struct fcall *f, struct json_node *n)
{
    if (jsonb_normalize(f, n))
        jsonb_return(f, n);
}

static void jsonb_build_object(struct fcall *f)
{
    struct any_list l;
    if (!any_arguments(f, &l) || !check_even(f, &l, "jsonb_build_object"))
        return;
    struct json_node n = container(f, JSON_OBJECT, l.n / 2);
    for (int i = 0; i < l.n; i += 2) {
        if (value_is_null(&l.values[i])) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "argument %d: key must not be null",
                      i + 1);
            return;
        }
        if (!json_key_text(f, &l.values[i], any_type(&l, i), &n.keys[i / 2]) ||
            !jsonb_from_datum(f, &l.values[i + 1], any_type(&l, i + 1), &n.items[i / 2]))
            return;
    }
    return_normal(f, &n);
}

static void jsonb_build_array(struct fcall *f)
{
    struct any_list l;
    if (!any_arguments(f, &l))
        return;
    struct json_node n = container(f, JSON_ARRAY, l.n);
    for (int i = 0; i < l.n; i++)
        if (!jsonb_from_datum(f, &l.values[i], any_type(&l, i), &n.items[i]))
            return;
    return_normal(f, &n);
}

/* --- object from text arrays ------------------------------------------------------------------------------ */

static bool subscript_error(struct fcall *f, const char *message)
{
    return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "%s", message);
}

/* Keys and values from one array of pairs, or from two arrays. */
static bool object_pairs(struct fcall *f, struct value **keys, struct value **values, int *n)
{
    struct array a, b;
    if (!array_read(f, &f->args[0], TEXTOID, &a))
        return false;
    if (f->nargs > 1) {
        if (!array_read(f, &f->args[1], TEXTOID, &b))
            return false;
        if (a.ndim > 1 || a.ndim != b.ndim)
            return subscript_error(f, "wrong number of array subscripts");
        if (a.n != b.n)
            return subscript_error(f, "mismatched array dimensions");
        *keys = a.items;
        *values = b.items;
        *n = a.n;
        return true;
    }
    if (a.ndim > 2)
        return subscript_error(f, "wrong number of array subscripts");
    if (a.ndim == 1 && a.n % 2)
        return subscript_error(f, "array must have even number of elements");
    if (a.ndim == 2 && a.dims[1] != 2)
        return subscript_error(f, "array must have two columns");
    *n = a.n / 2;
    *keys = ARENA_ARRAY(f->arena, struct value, *n + 1);
    *values = ARENA_ARRAY(f->arena, struct value, *n + 1);
    for (int i = 0; i < *n; i++) {
        (*keys)[i] = a.items[2 * i];
        (*values)[i] = a.items[2 * i + 1];
    }
    return true;
}

static void text_object(struct fcall *f, bool binary)
{
    struct value *keys = NULL, *values = NULL;
    int n = 0;
    if (!object_pairs(f, &keys, &values, &n))
        return;
    struct json_node node = container(f, JSON_OBJECT, n);
    for (int i = 0; i < n; i++) {
        if (value_is_null(&keys[i])) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "null value not allowed for object key");
            return;
        }
        node.keys[i] = value_slice(&keys[i], f->arena);
        if (!value_is_null(&values[i]))
            node.items[i] = json_string_node(value_slice(&values[i], f->arena));
    }
    if (binary) {
        return_normal(f, &node);
        return;
    }
    struct textbuf out = textbuf_in(f->arena);
    textbuf_addc(&out, '{');
    for (int i = 0; i < n; i++) {
        textbuf_addz(&out, i ? ", " : "");
        json_write_string(&out, node.keys[i]);
        textbuf_addz(&out, " : ");
        jsonb_write(&out, &node.items[i]);
    }
    textbuf_addc(&out, '}');
    textbuf_return(&out, f);
}

static void json_object(struct fcall *f)
{
    text_object(f, false);
}

static void jsonb_object(struct fcall *f)
{
    text_object(f, true);
}

/* --- aggregates ---------------------------------------------------------------------------------------------- */

/* The text is built as rows come; jsonb is brought into normal form at the end. */
struct json_agg_state {
    char *p;
    size_t n, cap;
    bool started;
};

static bool agg_add(struct fcall *f, struct json_agg_state *st, const char *p, size_t n)
{
    if (!value_size_check(st->n + n + 4, f->err))
        return false;
    if (!state_reserve(&st->p, &st->cap, st->n, n, f->err))
        return false;
    memcpy(st->p + st->n, p, n);
    st->n += n;
    return true;
}

static void json_agg_step(struct fcall *f, void *state)
{
    struct json_agg_state *st = state;
    struct textbuf item = textbuf_in(f->arena);
    bool container_item = !ARG_NULL(f, 0) && array_element_type(f->ctx, f->argtypes[0]) != 0;
    if (!json_write_datum(f, &f->args[0], f->argtypes[0], false, &item))
        return;
    container_item = container_item || (item.n && item.p[0] == '{' && f->argtypes[0] != JSONOID &&
                                        f->argtypes[0] != JSONBOID);
    if (!agg_add(f, st, st->started ? ", " : "[", st->started ? 2 : 1))
        return;
    /* Rows and arrays begin on lines of their own. */
    if (st->started && container_item && !agg_add(f, st, "\n ", 2))
        return;
    st->started = true;
    agg_add(f, st, item.p, item.n);
}

static bool agg_key(struct fcall *f, struct textbuf *out)
{
    struct slice key;
    if (ARG_NULL(f, 0))
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "field name must not be null");
    if (!json_key_text(f, &f->args[0], f->argtypes[0], &key))
        return false;
    json_write_string(out, key);
    return true;
}

static void json_object_agg_step(struct fcall *f, void *state)
{
    struct json_agg_state *st = state;
    struct textbuf item = textbuf_in(f->arena);
    textbuf_addz(&item, st->started ? ", " : "{ ");
    if (!agg_key(f, &item))
        return;
    textbuf_addz(&item, " : ");
    if (json_write_datum(f, &f->args[1], f->argtypes[1], false, &item) &&
        agg_add(f, st, item.p, item.n))
        st->started = true;
}

static void agg_final(struct fcall *f, void *state, const char *close)
{
    struct json_agg_state *st = state;
    struct textbuf out = textbuf_in(f->arena);
    if (!st->started)
        return;
    textbuf_add(&out, st->p, st->n);
    textbuf_addz(&out, close);
    textbuf_return(&out, f);
}

static void json_agg_final(struct fcall *f, void *state)
{
    agg_final(f, state, "]");
}

static void json_object_agg_final(struct fcall *f, void *state)
{
    agg_final(f, state, " }");
}

static void normalize_result(struct fcall *f)
{
    struct json_node n;
    if (f->result.kind == VALUE_TEXT && jsonb_parse(f, value_slice(&f->result, f->arena), &n))
        jsonb_return(f, &n);
}

static void jsonb_agg_final(struct fcall *f, void *state)
{
    agg_final(f, state, "]");
    normalize_result(f);
}

static void jsonb_object_agg_final(struct fcall *f, void *state)
{
    agg_final(f, state, "}");
    normalize_result(f);
}

static void agg_destroy(void *state)
{
    struct json_agg_state *st = state;
    free(st->p);
}

#define JSON_AGGREGATE(name, step_, final_)                                                        \
    static const struct agg_impl name = {.state_size = sizeof(struct json_agg_state),              \
                                         .step = step_,                                            \
                                         .final = final_,                                          \
                                         .destroy = agg_destroy}
JSON_AGGREGATE(json_agg, json_agg_step, json_agg_final);
JSON_AGGREGATE(jsonb_agg, json_agg_step, jsonb_agg_final);
JSON_AGGREGATE(json_object_agg, json_object_agg_step, json_object_agg_final);
JSON_AGGREGATE(jsonb_object_agg, json_object_agg_step, jsonb_object_agg_final);

const struct fn_impl json_build_functions[] = {
    {"json_build_object", .call = json_build_object, .flags = FN_TYPED},
    {"json_build_object_noargs", .call = json_build_object, .flags = FN_TYPED},
    {"json_build_array", .call = json_build_array, .flags = FN_TYPED},
    {"json_build_array_noargs", .call = json_build_array, .flags = FN_TYPED},
    {"jsonb_build_object", .call = jsonb_build_object, .flags = FN_TYPED},
    {"jsonb_build_object_noargs", .call = jsonb_build_object, .flags = FN_TYPED},
    {"jsonb_build_array", .call = jsonb_build_array, .flags = FN_TYPED},
    {"jsonb_build_array_noargs", .call = jsonb_build_array, .flags = FN_TYPED},
    {"json_object", .call = json_object},
    {"json_object_two_arg", .call = json_object},
    {"jsonb_object", .call = jsonb_object},
    {"jsonb_object_two_arg", .call = jsonb_object},
    {"json_agg(anyelement)", .agg = &json_agg, .flags = FN_TYPED},
    {"jsonb_agg(anyelement)", .agg = &jsonb_agg, .flags = FN_TYPED},
    {"json_object_agg(any,any)", .agg = &json_object_agg, .flags = FN_TYPED},
    {"jsonb_object_agg(any,any)", .agg = &jsonb_object_agg, .flags = FN_TYPED},
    {NULL},
};
