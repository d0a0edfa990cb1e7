/*
 * json_set.c: json and jsonb as rows: each, array_elements, object_keys, and values of composite types:
 * populate_record(set), to_record(set).
 *
 * to_record and to_recordset take the shape of their rows from the column definition list of the call: the printer adds
 * it as a last argument, a JSON array of [name, type OID, typmod] arrays.
 */
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/jsonb.h"
#include "sql/types/json_populate.h"
#include "sql/types/type_catalog.h"

/* --- each, array_elements, object_keys ---------------------------------------------------------- */

struct walk {
    struct json_node root;
    int next;
};

static bool is_binary(const struct fcall *f)
{
    return strncmp(f->impl->name, "jsonb", 5) == 0;
}

static const char *sql_name(const struct fcall *f)
{
    return f->impl->name;
}

static bool invalid(struct fcall *f, const char *before, const char *name, const char *after)
{
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "%s%s%s", before, name, after);
}

static void each_open(struct fcall *f, void *state)
{
    struct walk *w = state;
    if (!jsonb_read(f, &f->args[0], &w->root))
        w->root.count = 0;
    else if (w->root.kind == JSON_OBJECT)
        return;
    else if (is_binary(f))
        invalid(f, "cannot call ", sql_name(f), " on a non-object");
    else if (w->root.kind == JSON_ARRAY)
        invalid(f, "cannot deconstruct an array as an object", "", "");
    else
        invalid(f, "cannot deconstruct a scalar", "", "");
}

static void elements_open(struct fcall *f, void *state)
{
    struct walk *w = state;
    if (!jsonb_read(f, &f->args[0], &w->root))
        w->root.count = 0;
    else if (w->root.kind == JSON_ARRAY)
        return;
    else if (is_binary(f))
        invalid(f, "cannot extract elements from ", "",
                w->root.kind == JSON_OBJECT ? "an object" : "a scalar");
    else
        invalid(f, "cannot call ", sql_name(f),
                w->root.kind == JSON_OBJECT ? " on a non-array" : " on a scalar");
}

static void keys_open(struct fcall *f, void *state)
{
    struct walk *w = state;
    if (!jsonb_read(f, &f->args[0], &w->root))
        w->root.count = 0;
    else if (w->root.kind != JSON_OBJECT)
        invalid(f, "cannot call ", sql_name(f),
                w->root.kind == JSON_ARRAY ? " on an array" : " on a scalar");
}

static struct value part(struct fcall *f, const struct json_node *n, bool as_text)
{
    if (as_text && n->kind == JSON_NULL)
        return value_null();
    struct slice s = as_text ? json_node_text(f->arena, n) : n->source;
    return value_text(s.p, s.n);
}

static bool each_row(struct fcall *f, struct walk *w, struct value *columns, bool as_text)
{
    if (w->next >= w->root.count)
        return false;
    columns[0] = value_text(w->root.keys[w->next].p, w->root.keys[w->next].n);
    columns[1] = part(f, &w->root.items[w->next++], as_text);
    return true;
}

static bool each_next(struct fcall *f, void *state, struct value *columns)
{
    return each_row(f, state, columns, false);
}

static bool each_text_next(struct fcall *f, void *state, struct value *columns)
{
    return each_row(f, state, columns, true);
}

static bool elements_row(struct fcall *f, struct walk *w, struct value *columns, bool as_text)
{
    if (w->next >= w->root.count)
        return false;
    columns[0] = part(f, &w->root.items[w->next++], as_text);
    return true;
}

static bool elements_next(struct fcall *f, void *state, struct value *columns)
{
    return elements_row(f, state, columns, false);
}

static bool elements_text_next(struct fcall *f, void *state, struct value *columns)
{
    return elements_row(f, state, columns, true);
}

static bool keys_next(struct fcall *f, void *state, struct value *columns)
{
    struct walk *w = state;
    (void)f;
    if (w->next >= w->root.count)
        return false;
    columns[0] = value_text(w->root.keys[w->next].p, w->root.keys[w->next].n);
    w->next++;
    return true;
}

#define WALK(name, open_, next_)                                                                   \
    static const struct srf_impl name = {                                                          \
        .state_size = sizeof(struct walk), .open = open_, .next = next_}
WALK(each, each_open, each_next);
WALK(each_text, each_open, each_text_next);
WALK(elements, elements_open, elements_next);
WALK(elements_text, elements_open, elements_text_next);
WALK(object_keys, keys_open, keys_next);

/* --- json_populate_record --------------------------------------------------------------------------- */

static void no_row_type(struct fcall *f)
{
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "could not determine row type for result of %s", sql_name(f));
    error_hint(f->err, "Provide a non-null record argument, or call the function in the FROM clause using a column "
                       "definition list.");
}

/* json_populate_record(base, json). */
static void populate_record(struct fcall *f)
{
    struct json_node n;
    if (!record_is_composite(f->ctx, f->argtypes[0])) {
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "first argument of %s must be a row type",
                  sql_name(f));
        return;
    }
    if (ARG_NULL(f, 1)) {
        f->result = f->args[0];
        return;
    }
    if (f->argtypes[0] == RECORDOID && ARG_NULL(f, 0))
        no_row_type(f);
    else if (jsonb_read(f, &f->args[1], &n))
        json_populate(f, &n, f->argtypes[0], &f->args[0], &f->result);
}

/* --- rows of a given shape --------------------------------------------------------------------------- */

struct rows {
    struct json_node root;
    struct record shape; /* with the defaults of populate_recordset */
    const struct json_node *items;
    int n, next;
    bool defaults; /* shape has values for what is missing */
};

static bool rows_items(struct fcall *f, struct rows *st, int arg, bool set)
{
    if (ARG_NULL(f, arg))
        return true;
    if (!jsonb_read(f, &f->args[arg], &st->root))
        return false;
    if (!set) {
        st->items = &st->root;
        st->n = 1;
        return true;
    }
    if (st->root.kind != JSON_ARRAY)
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "cannot call %s on %s",
                         sql_name(f),
                         is_binary(f)                      ? "a non-array"
                         : st->root.kind == JSON_OBJECT ? "an object"
                                                        : "a scalar");
    st->items = st->root.items;
    st->n = st->root.count;
    return true;
}

static void to_record_open(struct fcall *f, struct rows *st, bool set)
{
    if (f->nargs < 2 || ARG_NULL(f, 1)) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "function returning record called in context that cannot accept type record");
        error_hint(f->err, "Try calling the function in the FROM clause using a column definition list.");
        return;
    }
    if (json_read_definitions(f, arg_slice(f, 1), &st->shape) && !rows_items(f, st, 0, set))
        st->n = 0;
}

static void json_to_record_open(struct fcall *f, void *state)
{
    to_record_open(f, state, false);
}

static void json_to_recordset_open(struct fcall *f, void *state)
{
    to_record_open(f, state, true);
}

static void open_populate(struct fcall *f, void *state, bool set)
{
    struct rows *st = state;
    uint32_t type = f->argtypes[0];
    st->defaults = !ARG_NULL(f, 0);
    if (f->nargs > 2 && f->argtypes[f->nargs - 1] == TEXTOID && !ARG_NULL(f, f->nargs - 1)) {
        if (!json_read_definitions(f, arg_slice(f, f->nargs - 1), &st->shape))
            return;
    } else if (type == RECORDOID && ARG_NULL(f, 0)) {
        no_row_type(f);
        return;
    } else {
        bool ok = ARG_NULL(f, 0) ? record_describe(f, type, &st->shape)
                                 : record_read(f, &f->args[0], type, &st->shape);
        if (!ok)
            return;
    }
    if (!rows_items(f, st, 1, set))
        st->n = 0;
}

static void populate_recordset_open(struct fcall *f, void *state)
{
    open_populate(f, state, true);
}

static void populate_record_open(struct fcall *f, void *state)
{
    open_populate(f, state, false);
}

static bool rows_next(struct fcall *f, void *state, struct value *columns)
{
    struct rows *st = state;
    struct record r = st->shape;
    if (st->next >= st->n)
        return false;
    const struct json_node *item = &st->items[st->next++];
    if (item->kind != JSON_OBJECT && st->items != &st->root)
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "argument of %s must be an array of objects", sql_name(f));
    r.columns = ARENA_ARRAY(f->arena, struct record_column, r.n + 1);
    if (r.n)
        memcpy(r.columns, st->shape.columns, sizeof(*r.columns) * (size_t)r.n);
    if (!json_populate_columns(f, item, &r, st->defaults, sql_name(f)))
        return false;
    for (int i = 0; i < r.n; i++)
        columns[i] = r.columns[i].value;
    return true;
}

/* populate_recordset gives values of the composite type. */
static bool populate_recordset_next(struct fcall *f, void *state, struct value *columns)
{
    struct rows *st = state;
    struct record r = st->shape;
    if (st->next >= st->n)
        return false;
    const struct json_node *item = &st->items[st->next++];
    if (item->kind != JSON_OBJECT)
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "argument of %s must be an array of objects", sql_name(f));
    r.columns = ARENA_ARRAY(f->arena, struct record_column, r.n + 1);
    if (r.n)
        memcpy(r.columns, st->shape.columns, sizeof(*r.columns) * (size_t)r.n);
    if (!json_populate_columns(f, item, &r, st->defaults, sql_name(f)))
        return false;
    columns[0] = record_write(f->arena, f->ctx, &r);
    return json_check_domain(f, f->argtypes[0], &columns[0]);
}

#define ROWS(name, open_, next_)                                                                   \
    static const struct srf_impl name = {                                                          \
        .state_size = sizeof(struct rows), .open = open_, .next = next_}
ROWS(json_to_record, json_to_record_open, rows_next);
ROWS(json_to_recordset, json_to_recordset_open, rows_next);
ROWS(populate_recordset, populate_recordset_open, populate_recordset_next);
/* With a column definition list: its columns. */
static const struct srf_impl populate_record_rows = {
    .state_size = sizeof(struct rows), .open = populate_record_open, .next = rows_next, .open_columns = true};
static const struct srf_impl populate_recordset_rows = {
    .state_size = sizeof(struct rows), .open = populate_recordset_open, .next = rows_next, .open_columns = true};

const struct fn_impl json_set_functions[] = {
    {"json_each", .srf = &each},
    {"jsonb_each", .srf = &each},
    {"json_each_text", .srf = &each_text},
    {"jsonb_each_text", .srf = &each_text},
    {"json_array_elements", .srf = &elements},
    {"jsonb_array_elements", .srf = &elements},
    {"json_array_elements_text", .srf = &elements_text},
    {"jsonb_array_elements_text", .srf = &elements_text},
    {"json_object_keys", .srf = &object_keys},
    {"jsonb_object_keys", .srf = &object_keys},
    {"json_populate_record", .call = populate_record, .flags = FN_TYPED},
    {"jsonb_populate_record", .call = populate_record, .flags = FN_TYPED},
    {"json_populate_recordset", .srf = &populate_recordset, .flags = FN_TYPED},
    {"jsonb_populate_recordset", .srf = &populate_recordset, .flags = FN_TYPED},
    {"json_populate_record_rows", .srf = &populate_record_rows, .flags = FN_TYPED},
    {"jsonb_populate_record_rows", .srf = &populate_record_rows, .flags = FN_TYPED},
    {"json_populate_recordset_rows", .srf = &populate_recordset_rows, .flags = FN_TYPED},
    {"jsonb_populate_recordset_rows", .srf = &populate_recordset_rows, .flags = FN_TYPED},
    {"json_to_record", .call = no_row_type, .srf = &json_to_record, .flags = FN_TYPED},
    {"jsonb_to_record", .call = no_row_type, .srf = &json_to_record, .flags = FN_TYPED},
    {"json_to_recordset", .srf = &json_to_recordset, .flags = FN_TYPED},
    {"jsonb_to_recordset", .srf = &json_to_recordset, .flags = FN_TYPED},
    {NULL},
};
