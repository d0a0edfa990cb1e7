/* contrib/hstore_func.c: operators and functions of hstore. */
#include "sql/types/array.h"
#include "sql/types/contrib/hstore.h"
#include "sql/types/json_parse.h"
#include "sql/types/record.h"
#include "sql/types/type_catalog.h"

static struct value pair_value(const struct hstore_pair *p)
{
    return p->null ? value_null() : value_text(p->value.p, p->value.n);
}

static bool read_texts(struct fcall *f, int i, struct array *out)
{
    return array_read(f, &f->args[i], TEXTOID, out);
}

/* --- looking ---------------------------------------------------------------------------------------- */

static void hstore_fetchval(struct fcall *f)
{
    struct hstore h;
    const struct hstore_pair *p = hstore_read_arg(f, 0, &h) ? hstore_find(&h, arg_slice(f, 1)) : NULL;
    if (p)
        f->result = pair_value(p);
}

static void hstore_exists(struct fcall *f)
{
    struct hstore h;
    if (hstore_read_arg(f, 0, &h))
        return_bool(f, hstore_find(&h, arg_slice(f, 1)) != NULL);
}

static void hstore_defined(struct fcall *f)
{
    struct hstore h;
    if (!hstore_read_arg(f, 0, &h))
        return;
    const struct hstore_pair *p = hstore_find(&h, arg_slice(f, 1));
    return_bool(f, p && !p->null);
}

/* How many of the keys that are not NULL there are, and how many are asked for. */
static bool count_keys(struct fcall *f, int *found, int *asked)
{
    struct hstore h;
    struct array keys;
    *found = *asked = 0;
    if (!hstore_read_arg(f, 0, &h) || !read_texts(f, 1, &keys))
        return false;
    for (int i = 0; i < keys.n; i++) {
        if (value_is_null(&keys.items[i]))
            continue;
        ++*asked;
        *found += hstore_find(&h, value_slice(&keys.items[i], f->arena)) != NULL;
    }
    return true;
}

static void hstore_exists_any(struct fcall *f)
{
    int found, asked;
    if (count_keys(f, &found, &asked))
        return_bool(f, found > 0);
}

static void hstore_exists_all(struct fcall *f)
{
    int found, asked;
    if (count_keys(f, &found, &asked))
        return_bool(f, found == asked);
}

static bool same_value(const struct hstore_pair *a, const struct hstore_pair *b)
{
    return a->null == b->null && slice_equal(a->value, b->value);
}

static void contains(struct fcall *f, int whole, int part)
{
    struct hstore h, k;
    if (!hstore_read_arg(f, whole, &h) || !hstore_read_arg(f, part, &k))
        return;
    bool all = true;
    for (int i = 0; i < k.n && all; i++) {
        const struct hstore_pair *p = hstore_find(&h, k.pairs[i].key);
        all = p && same_value(p, &k.pairs[i]);
    }
    return_bool(f, all);
}

static void hstore_contains(struct fcall *f)
{
    contains(f, 0, 1);
}

static void hstore_contained(struct fcall *f)
{
    contains(f, 1, 0);
}

/* --- parts ---------------------------------------------------------------------------------------------- */

static void hstore_slice_to_array(struct fcall *f)
{
    struct hstore h;
    struct array keys;
    if (!hstore_read_arg(f, 0, &h) || !read_texts(f, 1, &keys))
        return;
    for (int i = 0; i < keys.n; i++) {
        const struct hstore_pair *p =
            value_is_null(&keys.items[i]) ? NULL : hstore_find(&h, value_slice(&keys.items[i], f->arena));
        keys.items[i] = p ? pair_value(p) : value_null();
    }
    f->result = array_write(f->arena, &keys);
}

static void hstore_slice_to_hstore(struct fcall *f)
{
    struct hstore h, out = {0};
    struct array keys;
    if (!hstore_read_arg(f, 0, &h) || !read_texts(f, 1, &keys))
        return;
    for (int i = 0; i < keys.n; i++) {
        const struct hstore_pair *p =
            value_is_null(&keys.items[i]) ? NULL : hstore_find(&h, value_slice(&keys.items[i], f->arena));
        if (p)
            hstore_add(f, &out, p->key, p->value, p->null);
    }
    hstore_normalize(&out);
    hstore_return(f, &out);
}

/* The pairs of argument 0 that keep says yes to. */
static void filter(struct fcall *f, bool (*keep)(const struct hstore_pair *p, const void *arg), const void *arg)
{
    struct hstore h, out = {0};
    if (!hstore_read_arg(f, 0, &h))
        return;
    for (int i = 0; i < h.n; i++)
        if (keep(&h.pairs[i], arg))
            hstore_add(f, &out, h.pairs[i].key, h.pairs[i].value, h.pairs[i].null);
    hstore_return(f, &out);
}

static bool other_key(const struct hstore_pair *p, const void *arg)
{
    return !slice_equal(p->key, *(const struct slice *)arg);
}

static bool not_listed(const struct hstore_pair *p, const void *arg)
{
    return !hstore_find(arg, p->key);
}

static bool not_the_same(const struct hstore_pair *p, const void *arg)
{
    const struct hstore_pair *q = hstore_find(arg, p->key);
    return !q || !same_value(p, q);
}

static void hstore_delete(struct fcall *f)
{
    struct slice key = arg_slice(f, 1);
    filter(f, other_key, &key);
}

static void hstore_delete_array(struct fcall *f)
{
    struct array keys;
    struct hstore listed = {0};
    if (!read_texts(f, 1, &keys))
        return;
    for (int i = 0; i < keys.n; i++)
        if (!value_is_null(&keys.items[i]))
            hstore_add(f, &listed, value_slice(&keys.items[i], f->arena), (struct slice){"", 0}, true);
    hstore_normalize(&listed);
    filter(f, not_listed, &listed);
}

static void hstore_delete_hstore(struct fcall *f)
{
    struct hstore other;
    if (hstore_read_arg(f, 1, &other))
        filter(f, not_the_same, &other);
}

static void hstore_concat(struct fcall *f)
{
    struct hstore a, b;
    if (!hstore_read_arg(f, 0, &a) || !hstore_read_arg(f, 1, &b))
        return;
    for (int i = 0; i < a.n; i++)
        hstore_add(f, &b, a.pairs[i].key, a.pairs[i].value, a.pairs[i].null);
    hstore_normalize(&b);
    hstore_return(f, &b);
}

/* --- made of others ------------------------------------------------------------------------------------------ */

static void hstore_from_text(struct fcall *f)
{
    struct hstore h = {0};
    if (ARG_NULL(f, 0))
        return;
    bool null = ARG_NULL(f, 1);
    hstore_add(f, &h, arg_slice(f, 0), null ? (struct slice){"", 0} : arg_slice(f, 1), null);
    hstore_return(f, &h);
}

static bool add_item(struct fcall *f, struct hstore *h, const struct value *key, const struct value *value)
{
    if (value_is_null(key))
        return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "null value not allowed for hstore key");
    bool null = !value || value_is_null(value);
    hstore_add(f, h, value_slice(key, f->arena), null ? (struct slice){"", 0} : value_slice(value, f->arena), null);
    return true;
}

static void hstore_from_arrays(struct fcall *f)
{
    struct array keys, values = {0};
    struct hstore h = {0};
    bool with_values = f->nargs > 1 && !ARG_NULL(f, 1);
    if (ARG_NULL(f, 0) || !read_texts(f, 0, &keys) || (with_values && !read_texts(f, 1, &values)))
        return;
    if (keys.ndim > 1 || values.ndim > 1) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        return;
    }
    if (with_values && (keys.n != values.n || (keys.n && keys.lower[0] != values.lower[0]))) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "arrays must have same bounds");
        return;
    }
    for (int i = 0; i < keys.n; i++)
        if (!add_item(f, &h, &keys.items[i], with_values ? &values.items[i] : NULL))
            return;
    hstore_normalize(&h);
    hstore_return(f, &h);
}

static void hstore_from_array(struct fcall *f)
{
    struct array a;
    struct hstore h = {0};
    if (!read_texts(f, 0, &a))
        return;
    const char *why = a.ndim > 2                       ? "wrong number of array subscripts"
                      : a.ndim == 2 && a.dims[1] != 2  ? "array must have two columns"
                      : a.ndim == 1 && a.dims[0] % 2   ? "array must have even number of elements"
                                                       : NULL;
    if (why) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "%s", why);
        return;
    }
    for (int i = 0; i + 1 < a.n; i += 2)
        if (!add_item(f, &h, &a.items[i], &a.items[i + 1]))
            return;
    hstore_normalize(&h);
    hstore_return(f, &h);
}

static void hstore_from_record(struct fcall *f)
{
    struct record r;
    struct hstore h = {0};
    bool null = ARG_NULL(f, 0);
    if (null ? !record_describe(f, f->argtypes[0], &r) : !record_read(f, &f->args[0], f->argtypes[0], &r))
        return;
    for (int i = 0; i < r.n; i++) {
        const struct record_column *c = &r.columns[i];
        struct slice text = {"", 0};
        bool empty = null || value_is_null(&c->value);
        if (!empty && !value_output(f, &c->value, c->type, &text))
            return;
        hstore_add(f, &h, slice_of(c->name), text, empty);
    }
    hstore_normalize(&h);
    hstore_return(f, &h);
}

/* The row with those columns replaced that the hstore names. */
static void hstore_populate_record(struct fcall *f)
{
    struct record r;
    struct hstore h;
    uint32_t type = f->argtypes[0];
    if (!record_is_composite(f->ctx, type)) {
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "first argument must be a rowtype");
        return;
    }
    if (ARG_NULL(f, 1)) {
        f->result = f->args[0];
        return;
    }
    if (!hstore_read_arg(f, 1, &h) ||
        (ARG_NULL(f, 0) ? !record_describe(f, type, &r) : !record_read(f, &f->args[0], type, &r)))
        return;
    if (h.n == 0 && !ARG_NULL(f, 0)) {
        f->result = f->args[0];
        return;
    }
    for (int i = 0; i < r.n; i++) {
        struct record_column *c = &r.columns[i];
        const struct hstore_pair *p = hstore_find(&h, slice_of(c->name));
        if (!p)
            continue;
        c->value = value_null();
        if (!p->null && !type_input(type_find(f->ctx, c->type), p->value.p, p->value.n, c->typmod, f->ctx, f->arena,
                                    f->err, &c->value))
            return;
    }
    f->result = record_write(f->arena, f->ctx, &r);
}

/* --- made into others ---------------------------------------------------------------------------------------- */

enum pair_parts { KEYS, VALUES, BOTH };

static struct value *pair_items(struct fcall *f, const struct hstore *h, enum pair_parts parts, int *n)
{
    struct value *items = ARENA_ARRAY(f->arena, struct value, 2 * h->n + 1);
    *n = 0;
    for (int i = 0; i < h->n; i++) {
        if (parts != VALUES)
            items[(*n)++] = value_text(h->pairs[i].key.p, h->pairs[i].key.n);
        if (parts != KEYS)
            items[(*n)++] = pair_value(&h->pairs[i]);
    }
    return items;
}

static void to_array(struct fcall *f, enum pair_parts parts, bool matrix)
{
    struct hstore h;
    int n;
    if (!hstore_read_arg(f, 0, &h))
        return;
    struct value *items = pair_items(f, &h, parts, &n);
    struct array a = array_one_dimension(type_builtin(TEXTOID), items, n);
    if (matrix && n) {
        a.ndim = 2;
        a.dims[0] = h.n;
        a.dims[1] = 2;
        a.lower[0] = a.lower[1] = 1;
    }
    f->result = array_write(f->arena, &a);
}

static void hstore_akeys(struct fcall *f)
{
    to_array(f, KEYS, false);
}

static void hstore_avals(struct fcall *f)
{
    to_array(f, VALUES, false);
}

static void hstore_to_array(struct fcall *f)
{
    to_array(f, BOTH, false);
}

static void hstore_to_matrix(struct fcall *f)
{
    to_array(f, BOTH, true);
}

struct hstore_walk {
    struct hstore h;
    int at;
};

static void walk_open(struct fcall *f, void *state)
{
    struct hstore_walk *w = state;
    hstore_read_arg(f, 0, &w->h);
}

static bool walk_next(struct fcall *f, void *state, struct value *columns, enum pair_parts parts)
{
    struct hstore_walk *w = state;
    if (error_is_set(f->err) || w->at >= w->h.n)
        return false;
    const struct hstore_pair *p = &w->h.pairs[w->at++];
    if (parts != VALUES)
        *columns++ = value_text(p->key.p, p->key.n);
    if (parts != KEYS)
        *columns = pair_value(p);
    return true;
}

static bool keys_next(struct fcall *f, void *state, struct value *columns)
{
    return walk_next(f, state, columns, KEYS);
}

static bool values_next(struct fcall *f, void *state, struct value *columns)
{
    return walk_next(f, state, columns, VALUES);
}

static bool each_next(struct fcall *f, void *state, struct value *columns)
{
    return walk_next(f, state, columns, BOTH);
}

static const struct srf_impl keys_srf = {sizeof(struct hstore_walk), walk_open, keys_next, NULL, false};
static const struct srf_impl values_srf = {sizeof(struct hstore_walk), walk_open, values_next, NULL, false};
static const struct srf_impl each_srf = {sizeof(struct hstore_walk), walk_open, each_next, NULL, false};

/* An object of strings; loose: what looks like a boolean or a number is one. */
static void to_json(struct fcall *f, bool loose, bool jsonb)
{
    struct hstore h;
    struct textbuf out = textbuf_in(f->arena);
    if (!hstore_read_arg(f, 0, &h))
        return;
    textbuf_addc(&out, '{');
    for (int i = 0; i < h.n; i++) {
        const struct hstore_pair *p = &h.pairs[i];
        textbuf_addz(&out, i ? ", " : "");
        json_write_string(&out, p->key);
        textbuf_addz(&out, ": ");
        if (p->null)
            textbuf_addz(&out, "null");
        else if (loose && slice_is(p->value, "t"))
            textbuf_addz(&out, "true");
        else if (loose && slice_is(p->value, "f"))
            textbuf_addz(&out, "false");
        else if (loose && json_is_number(p->value))
            textbuf_add(&out, p->value.p, p->value.n);
        else
            json_write_string(&out, p->value);
    }
    textbuf_addc(&out, '}');
    struct value text = textbuf_value(&out);
    if (jsonb)
        type_input(type_builtin(JSONBOID), text.p, text.n, -1, f->ctx, f->arena, f->err, &f->result);
    else
        f->result = text;
}

static void hstore_to_json(struct fcall *f)
{
    to_json(f, false, false);
}

static void hstore_to_json_loose(struct fcall *f)
{
    to_json(f, true, false);
}

static void hstore_to_jsonb(struct fcall *f)
{
    to_json(f, false, true);
}

static void hstore_to_jsonb_loose(struct fcall *f)
{
    to_json(f, true, true);
}

/* --- subscripts: what the printer calls ---------------------------------------------------------------------- */

/* hstore_subscript(hstore, key) */
static void hstore_subscript(struct fcall *f)
{
    if (!ARG_NULL(f, 0) && !ARG_NULL(f, 1))
        hstore_fetchval(f);
}

/* hstore_subscript_assign(hstore, value, key) */
static void hstore_subscript_assign(struct fcall *f)
{
    struct hstore h = {0}, out = {0};
    if (ARG_NULL(f, 2)) {
        error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "hstore subscript in assignment must not be null");
        return;
    }
    if ((!ARG_NULL(f, 0) && !hstore_read_arg(f, 0, &h)) || !add_item(f, &out, &f->args[2], &f->args[1]))
        return;
    for (int i = 0; i < h.n; i++)
        hstore_add(f, &out, h.pairs[i].key, h.pairs[i].value, h.pairs[i].null);
    hstore_normalize(&out);
    hstore_return(f, &out);
}

/* The version of PostgreSQL's own storage form. */
static void hstore_version_diag(struct fcall *f)
{
    f->result = value_int(2);
}

const struct fn_impl hstore_func_functions[] = {
    {"hstore_fetchval", .call = hstore_fetchval},
    {"hstore_exists", .call = hstore_exists},
    {"hstore_defined", .call = hstore_defined},
    {"hstore_exists_any", .call = hstore_exists_any},
    {"hstore_exists_all", .call = hstore_exists_all},
    {"hstore_contains", .call = hstore_contains},
    {"hstore_contained", .call = hstore_contained},
    {"hstore_slice_to_array", .call = hstore_slice_to_array},
    {"hstore_slice_to_hstore", .call = hstore_slice_to_hstore},
    {"hstore_delete", .call = hstore_delete},
    {"hstore_delete_array", .call = hstore_delete_array},
    {"hstore_delete_hstore", .call = hstore_delete_hstore},
    {"hstore_concat", .call = hstore_concat},
    {"hstore_from_text", .call = hstore_from_text},
    {"hstore_from_arrays", .call = hstore_from_arrays},
    {"hstore_from_array", .call = hstore_from_array},
    {"hstore_from_record", .call = hstore_from_record, .flags = FN_TYPED},
    {"hstore_populate_record", .call = hstore_populate_record, .flags = FN_TYPED},
    {"hstore_akeys", .call = hstore_akeys},
    {"hstore_avals", .call = hstore_avals},
    {"hstore_to_array", .call = hstore_to_array},
    {"hstore_to_matrix", .call = hstore_to_matrix},
    {"hstore_skeys", .srf = &keys_srf},
    {"hstore_svals", .srf = &values_srf},
    {"hstore_each", .srf = &each_srf},
    {"hstore_to_json", .call = hstore_to_json},
    {"hstore_to_json_loose", .call = hstore_to_json_loose},
    {"hstore_to_jsonb", .call = hstore_to_jsonb},
    {"hstore_to_jsonb_loose", .call = hstore_to_jsonb_loose},
    {"hstore_subscript", .call = hstore_subscript, .flags = FN_TYPED},
    {"hstore_subscript_assign", .call = hstore_subscript_assign, .flags = FN_TYPED},
    {"hstore_version_diag", .call = hstore_version_diag},
    {NULL},
};
