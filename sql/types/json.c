/*
 * json.c: the type json (text as given), and what json and jsonb share: extraction by key, index and path, array
 * length, type names, stripping of nulls.
 *
 * The stored form of jsonb is canonical text, so a part of either type is a piece of the text at hand.
 */
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/jsonb.h"

/* --- input and output ------------------------------------------------------------------------- */

static void json_check(struct fcall *f, struct slice s)
{
    struct json_node n;
    if (json_parse_call(f, s, 0, &n, f->err))
        return_slice(f, s.p, s.n);
}

static void json_in(struct fcall *f)
{
    json_check(f, arg_slice(f, 0));
}

static void json_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void json_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (utf8_verify(s.p, s.n, f->err))
        json_check(f, s);
}

static void json_send(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    f->result = value_blob(s.p, s.n);
}

/* --- extraction --------------------------------------------------------------------------------- */

/* A part as json(b), or as text: strings decoded, null as NULL. */
static void return_part(struct fcall *f, const struct json_node *n, bool as_text)
{
    if (!n || (as_text && n->kind == JSON_NULL))
        return;
    struct slice s = as_text ? json_node_text(f->arena, n) : n->source;
    return_slice(f, s.p, s.n);
}

static void field(struct fcall *f, bool as_text)
{
    struct json_node n;
    if (jsonb_read(f, &f->args[0], &n))
        return_part(f, json_member(&n, arg_slice(f, 1)), as_text);
}

static void element(struct fcall *f, bool as_text)
{
    struct json_node n;
    if (jsonb_read(f, &f->args[0], &n))
        return_part(f, json_element(&n, arg_int(f, 1)), as_text);
}

/* jsonb keeps a lone scalar as an array of it. */
static void jsonb_element(struct fcall *f, bool as_text)
{
    struct json_node n;
    int64_t i = arg_int(f, 1);
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    bool scalar = n.kind != JSON_ARRAY && n.kind != JSON_OBJECT;
    return_part(f, !scalar ? json_element(&n, i) : i == 0 || i == -1 ? &n : NULL, as_text);
}

static void jsonb_array_element(struct fcall *f)
{
    jsonb_element(f, false);
}

static void jsonb_array_element_text(struct fcall *f)
{
    jsonb_element(f, true);
}

static void json_object_field(struct fcall *f)
{
    field(f, false);
}

static void json_object_field_text(struct fcall *f)
{
    field(f, true);
}

static void json_array_element(struct fcall *f)
{
    element(f, false);
}

static void json_array_element_text(struct fcall *f)
{
    element(f, true);
}

/* One step of a path: a key of an object, a number for an array. NULL if it leads nowhere. */
static const struct json_node *path_step(struct fcall *f, const struct json_node *n,
                                         const struct value *step)
{
    struct slice s = value_slice(step, f->arena);
    if (value_is_null(step))
        return NULL;
    if (n->kind == JSON_OBJECT)
        return json_member(n, s);
    if (n->kind != JSON_ARRAY || s.n == 0)
        return NULL;
    char *z = arena_strndup(f->arena, s.p, s.n), *stop;
    long long index = strtoll(z, &stop, 10);
    return *stop || stop == z ? NULL : json_element(n, index);
}

static void extract_path(struct fcall *f, bool as_text)
{
    struct json_node root;
    struct array path;
    const struct json_node *n = &root;
    if (!jsonb_read(f, &f->args[0], &root) || !array_read(f, &f->args[1], TEXTOID, &path))
        return;
    for (int i = 0; n && i < path.n; i++)
        n = path_step(f, n, &path.items[i]);
    return_part(f, n, as_text);
}

static void json_extract_path(struct fcall *f)
{
    extract_path(f, false);
}

static void json_extract_path_text(struct fcall *f)
{
    extract_path(f, true);
}

/* jsonb_subscript(jsonb, s1, s2, ...): jsonb[...]; subscripts are text or integer. */
static void jsonb_subscript(struct fcall *f)
{
    struct json_node root;
    const struct json_node *n = &root;
    for (int i = 0; i < f->nargs; i++)
        if (ARG_NULL(f, i))
            return;
    if (!jsonb_read(f, &f->args[0], &root))
        return;
    for (int i = 1; n && i < f->nargs; i++)
        n = path_step(f, n, &f->args[i]);
    return_part(f, n, false);
}

/* --- properties ------------------------------------------------------------------------------------ */

static void json_typeof(struct fcall *f)
{
    fcall_return_textz(f, json_kind_name(json_kind_of(arg_slice(f, 0))));
}

static void json_array_length(struct fcall *f)
{
    struct json_node n;
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    if (n.kind == JSON_ARRAY)
        f->result = value_int(n.count);
    else
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "cannot get array length of a %s",
                  n.kind == JSON_OBJECT ? "non-array" : "scalar");
}

/* Removes object members that are null, at every depth; nulls in arrays stay. */
static void strip_nulls(struct json_node *n)
{
    int kept = 0;
    for (int i = 0; i < n->count; i++) {
        if (n->kind == JSON_OBJECT && n->items[i].kind == JSON_NULL)
            continue;
        if (n->kind == JSON_OBJECT)
            n->keys[kept] = n->keys[i];
        n->items[kept] = n->items[i];
        strip_nulls(&n->items[kept++]);
    }
    n->count = kept;
}

static void jsonb_strip_nulls(struct fcall *f)
{
    struct json_node n;
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    strip_nulls(&n);
    jsonb_return(f, &n);
}

/* json without insignificant white space, scalars as they were written. */
static void write_compact(struct textbuf *out, const struct json_node *n)
{
    if (n->kind < JSON_ARRAY) {
        textbuf_add(out, n->source.p, n->source.n);
        return;
    }
    textbuf_addc(out, n->kind == JSON_ARRAY ? '[' : '{');
    for (int i = 0; i < n->count; i++) {
        if (i)
            textbuf_addc(out, ',');
        if (n->kind == JSON_OBJECT) {
            json_write_string(out, n->keys[i]);
            textbuf_addc(out, ':');
        }
        write_compact(out, &n->items[i]);
    }
    textbuf_addc(out, n->kind == JSON_ARRAY ? ']' : '}');
}

static void json_strip_nulls(struct fcall *f)
{
    struct json_node n;
    struct textbuf out = textbuf_in(f->arena);
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    strip_nulls(&n);
    write_compact(&out, &n);
    textbuf_return(&out, f);
}

static void write_pretty(struct textbuf *out, const struct json_node *n, int depth)
{
    if (n->kind < JSON_ARRAY) {
        jsonb_write(out, n);
        return;
    }
    textbuf_addc(out, n->kind == JSON_ARRAY ? '[' : '{');
    for (int i = 0; i < n->count; i++) {
        textbuf_addz(out, i ? ",\n" : "\n");
        for (int k = 0; k <= depth; k++)
            textbuf_addz(out, "    ");
        if (n->kind == JSON_OBJECT) {
            json_write_string(out, n->keys[i]);
            textbuf_addz(out, ": ");
        }
        write_pretty(out, &n->items[i], depth + 1);
    }
    textbuf_addc(out, '\n');
    for (int k = 0; k < depth; k++)
        textbuf_addz(out, "    ");
    textbuf_addc(out, n->kind == JSON_ARRAY ? ']' : '}');
}

static void jsonb_pretty(struct fcall *f)
{
    struct json_node n;
    struct textbuf out = textbuf_in(f->arena);
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    write_pretty(&out, &n, 0);
    textbuf_return(&out, f);
}

const struct fn_impl json_functions[] = {
    {"json_in", .call = json_in},
    {"json_out", .call = json_out},
    {"json_recv", .call = json_recv},
    {"json_send", .call = json_send},
    {"json_object_field", .call = json_object_field},
    {"jsonb_object_field", .call = json_object_field},
    {"json_object_field_text", .call = json_object_field_text},
    {"jsonb_object_field_text", .call = json_object_field_text},
    {"json_array_element", .call = json_array_element},
    {"jsonb_array_element", .call = jsonb_array_element},
    {"json_array_element_text", .call = json_array_element_text},
    {"jsonb_array_element_text", .call = jsonb_array_element_text},
    {"json_extract_path", .call = json_extract_path},
    {"jsonb_extract_path", .call = json_extract_path},
    {"json_extract_path_text", .call = json_extract_path_text},
    {"jsonb_extract_path_text", .call = json_extract_path_text},
    {"jsonb_subscript", .call = jsonb_subscript, .flags = FN_TYPED},
    {"json_typeof", .call = json_typeof},
    {"jsonb_typeof", .call = json_typeof},
    {"json_array_length", .call = json_array_length},
    {"jsonb_array_length", .call = json_array_length},
    {"json_strip_nulls", .call = json_strip_nulls},
    {"jsonb_strip_nulls", .call = jsonb_strip_nulls},
    {"jsonb_pretty", .call = jsonb_pretty},
    {NULL},
};
