/* array.c: the storage form of arrays, their order, and their binary form; see array.h. */
#include "sql/types/array.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/types/json_parse.h"
#include "sql/types/type_catalog.h"

/* PostgreSQL's MaxArraySize: what fits a value of 1 GB at 8 bytes each. */
#define ARRAY_ITEMS_MAXIMUM 134217727

uint32_t array_element_type(const struct eval_context *ctx, uint32_t arraytype)
{
    const struct type_def *t = type_find(ctx, arraytype);
    while (t && t->typtype == 'd')
        t = type_find(ctx, t->basetype);
    return t && (t->category == 'A' || t->oid == RECORDARRAYOID) ? t->elem : 0;
}

bool array_check_dimensions(struct error *err, int ndim)
{
    return ndim <= LIMIT_ARRAY_DIMS ||
           error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                     "number of array dimensions (%d) exceeds the maximum allowed (%d)", ndim,
                     LIMIT_ARRAY_DIMS);
}

bool array_check_size(struct error *err, int64_t n)
{
    return n <= ARRAY_ITEMS_MAXIMUM ||
           error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                     "array size exceeds the maximum allowed (%d)", ARRAY_ITEMS_MAXIMUM);
}

bool array_check_bounds(struct error *err, const struct array *a)
{
    for (int d = 0; d < a->ndim; d++)
        if ((int64_t)a->lower[d] + a->dims[d] > INT32_MAX)
            return error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "array lower bound is too large: %d", a->lower[d]);
    return true;
}

struct array array_one_dimension(const struct type_def *elem, struct value *items, int n)
{
    struct array a = {.elem = elem, .ndim = n > 0, .n = n, .items = items};
    a.dims[0] = n;
    a.lower[0] = 1;
    return a;
}

/* --- elements ------------------------------------------------------------------------------ */

enum element_form { FORM_INT, FORM_BOOL, FORM_REAL, FORM_NUMERIC, FORM_BLOB, FORM_TEXT };

static enum element_form element_form(const struct type_def *t)
{
    if (t->oid == BOOLOID)
        return FORM_BOOL;
    if (t->storage == STORE_INTEGER || t->oid == XID8OID)
        return FORM_INT;
    if (t->storage == STORE_BLOB)
        return FORM_BLOB;
    if (t->storage == STORE_ANY)
        return FORM_REAL;
    if (t->sqlite_collation && strcmp(t->sqlite_collation, "numeric") == 0)
        return FORM_NUMERIC;
    return FORM_TEXT;
}

static void write_blob(struct textbuf *out, const struct value *v)
{
    static const char hex[] = "0123456789abcdef";
    textbuf_addz(out, "\"\\\\x");
    for (size_t i = 0; i < v->n; i++) {
        textbuf_addc(out, hex[(unsigned char)v->p[i] >> 4]);
        textbuf_addc(out, hex[v->p[i] & 15]);
    }
    textbuf_addc(out, '"');
}

void array_element_write(struct textbuf *out, const struct type_def *elem, const struct value *v)
{
    struct slice s;
    char digits[24];
    switch (v->kind) {
    case VALUE_NULL:
        textbuf_addz(out, "null");
        break;
    case VALUE_INT:
        if (elem->oid == BOOLOID) {
            textbuf_addz(out, v->i ? "true" : "false");
        } else {
            snprintf(digits, sizeof(digits), "%lld", (long long)v->i);
            textbuf_addz(out, digits);
        }
        break;
    case VALUE_REAL:
        json_write_double(out, v->d);
        break;
    case VALUE_BLOB:
        write_blob(out, v);
        break;
    case VALUE_TEXT:
        s = (struct slice){v->p, v->n};
        if (element_form(elem) == FORM_NUMERIC && json_is_number(s))
            textbuf_add(out, s.p, s.n);
        else
            json_write_string(out, s);
        break;
    }
}

static bool bad_stored_array(struct fcall *f)
{
    return error_set(f->err, ERRCODE_DATA_CORRUPTED, "stored array is not a JSON array");
}

static bool read_blob(struct fcall *f, struct slice s, struct value *out)
{
    if (s.n < 2 || s.n % 2 || s.p[0] != '\\' || s.p[1] != 'x')
        return bad_stored_array(f);
    size_t n = s.n / 2 - 1;
    char *p = arena_alloc(f->arena, n + 1);
    for (size_t i = 0; i < n; i++) {
        char pair[3] = {s.p[2 + 2 * i], s.p[3 + 2 * i], 0};
        p[i] = (char)strtoul(pair, NULL, 16);
    }
    *out = value_blob(p, n);
    return true;
}

bool array_element_read(struct fcall *f, const struct type_def *elem, const struct json_node *node,
                        struct value *out)
{
    struct slice s = node->text;
    char *z;
    switch (node->kind) {
    case JSON_NULL:
        *out = value_null();
        return true;
    case JSON_BOOL:
        *out = value_bool(node->boolean);
        return true;
    case JSON_NUMBER:
        switch (element_form(elem)) {
        case FORM_INT:
        case FORM_BOOL:
            *out = value_int(strtoll(arena_strndup(f->arena, s.p, s.n), NULL, 10));
            return true;
        case FORM_REAL:
            *out = value_real(strtod(arena_strndup(f->arena, s.p, s.n), NULL));
            return true;
        default:
            *out = value_text(s.p, s.n);
            return true;
        }
    case JSON_STRING:
        switch (element_form(elem)) {
        case FORM_BLOB:
            return read_blob(f, s, out);
        case FORM_REAL:
            z = arena_strndup(f->arena, s.p, s.n);
            *out = value_real(strtod(z, NULL));
            return true;
        case FORM_INT:
        case FORM_BOOL:
            if (elem->oid != XID8OID)
                return bad_stored_array(f);
            *out = value_text(s.p, s.n);
            return true;
        default:
            *out = value_text(s.p, s.n);
            return true;
        }
    default:
        return bad_stored_array(f);
    }
}

/* --- reading --------------------------------------------------------------------------------- */

/* Bounds before the JSON: "[0:1][2:3]=". Returns where the JSON starts. */
static size_t read_bounds(struct slice s, struct array *a, bool *given)
{
    size_t i = 0;
    int ndim = 0;
    *given = false;
    while (i < s.n && s.p[i] == '[' && ndim < LIMIT_ARRAY_DIMS) {
        char buf[32];
        size_t n = s.n - i - 1 < sizeof(buf) - 1 ? s.n - i - 1 : sizeof(buf) - 1;
        memcpy(buf, s.p + i + 1, n);
        buf[n] = 0;
        char *stop;
        long lower = strtol(buf, &stop, 10);
        if (stop == buf || *stop != ':')
            return 0;
        char *close = strchr(stop, ']');
        if (!close)
            return 0;
        a->lower[ndim++] = (int)lower;
        i += 1 + (size_t)(close - buf) + 1;
    }
    if (ndim == 0 || i >= s.n || s.p[i] != '=')
        return 0;
    *given = true;
    return i + 1;
}

static bool collect_items(struct fcall *f, const struct json_node *node, int depth, struct array *a)
{
    if (depth == a->ndim)
        return array_element_read(f, a->elem, node, &a->items[a->n++]);
    if (node->kind != JSON_ARRAY || node->count != a->dims[depth])
        return bad_stored_array(f);
    for (int i = 0; i < node->count; i++)
        if (!collect_items(f, &node->items[i], depth + 1, a))
            return false;
    return true;
}

/* int2vector and oidvector lie as "1 2 3" and count from 0. */
static bool read_vector(struct fcall *f, struct slice s, struct array *a)
{
    int cap = (int)(s.n / 2 + 1);
    a->items = ARENA_TRY(f->arena, struct value, cap);
    if (!a->items)
        return fcall_check(f);
    char *p = arena_strndup(f->arena, s.p, s.n);
    a->n = 0;
    while (a->n < cap) {
        char *stop;
        long long v = strtoll(p, &stop, 10);
        if (stop == p)
            break;
        a->items[a->n++] = value_int(v);
        p = stop;
    }
    a->ndim = a->n > 0;
    a->dims[0] = a->n;
    a->lower[0] = 0;
    return true;
}

bool array_read(struct fcall *f, const struct value *stored, uint32_t elemtype, struct array *out)
{
    memset(out, 0, sizeof(*out));
    out->elem = type_find(f->ctx, elemtype);
    if (!out->elem)
        return error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "type with OID %u does not exist",
                         elemtype);
    struct slice s = value_slice(stored, f->arena);
    if (s.n == 0 || (s.p[0] != '[' && s.p[0] != ' '))
        return read_vector(f, s, out);
    bool bounds;
    size_t at = read_bounds(s, out, &bounds);
    struct json_node root;
    struct error ignored;
    error_init(&ignored, f->arena);
    s.p += at;
    s.n -= at;
    if (!json_parse_call(f, s, JSON_DECODE, &root, &ignored) || root.kind != JSON_ARRAY)
        return bad_stored_array(f);
    int64_t total = root.count > 0;
    for (const struct json_node *n = &root; n->kind == JSON_ARRAY && n->count > 0;
         n = &n->items[0]) {
        if (out->ndim == LIMIT_ARRAY_DIMS)
            return bad_stored_array(f);
        if (!bounds)
            out->lower[out->ndim] = 1;
        out->dims[out->ndim++] = n->count;
        total *= n->count;
    }
    if (total > ARRAY_ITEMS_MAXIMUM)
        return bad_stored_array(f);
    out->items = ARENA_TRY(f->arena, struct value, total + 1);
    return out->items ? total == 0 || collect_items(f, &root, 0, out) : fcall_check(f);
}

bool array_read_arg(struct fcall *f, int i, struct array *out)
{
    uint32_t elem = array_element_type(f->ctx, f->argtypes[i]);
    if (elem == 0 && f->argtypes[i] == ANYARRAYOID)
        elem = TEXTOID;
    if (elem == 0)
        return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                         "argument declared anyarray is not an array but type with OID %u",
                         f->argtypes[i]);
    return array_read(f, &f->args[i], elem, out);
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_dimension(struct textbuf *out, const struct array *a, int depth, int *item)
{
    textbuf_addc(out, '[');
    for (int i = 0; i < a->dims[depth]; i++) {
        if (i)
            textbuf_addc(out, ',');
        if (depth + 1 < a->ndim)
            write_dimension(out, a, depth + 1, item);
        else
            array_element_write(out, a->elem, &a->items[(*item)++]);
    }
    textbuf_addc(out, ']');
}

struct value array_write(struct arena *arena, const struct array *a)
{
    struct textbuf out = textbuf_in(arena);
    bool bounds = false;
    if (a->ndim == 0)
        return value_text("[]", 2);
    for (int d = 0; d < a->ndim; d++)
        bounds = bounds || a->lower[d] != 1;
    if (bounds) {
        for (int d = 0; d < a->ndim; d++)
            textbuf_printf(&out, "[%d:%d]", a->lower[d], a->lower[d] + (a->dims[d] - 1));
        textbuf_addc(&out, '=');
    }
    int item = 0;
    write_dimension(&out, a, 0, &item);
    return textbuf_value(&out);
}

void array_return(struct fcall *f, const struct array *a)
{
    if (error_is_set(f->err) || !array_check_size(f->err, a->n) || !array_check_bounds(f->err, a))
        return;
    f->result = array_write(f->arena, a);
    if (!value_size_check(f->result.n, f->err))
        f->result = value_null();
}

void array_return_texts(struct fcall *f, struct value *items, int n)
{
    struct array a = array_one_dimension(type_builtin(TEXTOID), items, n);
    array_return(f, &a);
}

/* --- order ----------------------------------------------------------------------------------- */

int array_compare(const struct array *a, const struct array *b, struct eval_context *ctx)
{
    for (int i = 0; i < a->n && i < b->n; i++) {
        const struct value *x = &a->items[i], *y = &b->items[i];
        if (value_is_null(x) || value_is_null(y)) {
            if (value_is_null(x) != value_is_null(y))
                return value_is_null(x) ? 1 : -1;
            continue;
        }
        int c = type_compare(a->elem, x, y, ctx);
        if (c)
            return c < 0 ? -1 : 1;
    }
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    if (a->ndim != b->ndim)
        return a->ndim < b->ndim ? -1 : 1;
    for (int d = 0; d < a->ndim; d++)
        if (a->dims[d] != b->dims[d])
            return a->dims[d] < b->dims[d] ? -1 : 1;
    for (int d = 0; d < a->ndim; d++)
        if (a->lower[d] != b->lower[d])
            return a->lower[d] < b->lower[d] ? -1 : 1;
    return 0;
}

/* Texts that are no arrays (a file may hold anything) sort bytewise, so that the order stays total. */
int array_collate(uint32_t elem, struct eval_context *ctx, int na, const void *a, int nb, const void *b)
{
    struct slice x = {a, (size_t)na}, y = {b, (size_t)nb};
    if (slice_equal(x, y))
        return 0;
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    struct fcall f = {.arena = arena, .err = &err, .ctx = ctx};
    struct value vx = value_text(x.p, x.n), vy = value_text(y.p, y.n);
    struct array ax, ay;
    int c;
    if (array_read(&f, &vx, elem, &ax) && array_read(&f, &vy, elem, &ay))
        c = array_compare(&ax, &ay, ctx);
    else
        c = slice_compare(x, y);
    arena_destroy(arena);
    return c;
}

/* A collation function cannot be told its element type, so each built-in type has its own. */
#define TYPE(oid, name, ns, len, byval, type, cat, pref, isdef, delim, relid, elem, array, base,   \
             typmod, notnull, coll, align, stor, sub, fin, fout, frecv, fsend, modin, modout,      \
             analyze)                                                                              \
    static int collate_##oid(void *unused, int na, const void *a, int nb, const void *b)           \
    {                                                                                              \
        struct eval_context ctx = {0};                                                             \
        (void)unused;                                                                              \
        return array_collate(oid, &ctx, na, a, nb, b);                                             \
    }
#include "sql/catalog/builtin/pg_type.def"
#undef TYPE

#define TYPE(oid, name, ns, len, byval, type, cat, pref, isdef, delim, relid, elem, array, base,   \
             typmod, notnull, coll, align, stor, sub, fin, fout, frecv, fsend, modin, modout,      \
             analyze)                                                                              \
    {"array_" name, collate_##oid},
static const struct collation_def array_collations[] = {
#include "sql/catalog/builtin/pg_type.def"
    {NULL, NULL},
};
#undef TYPE

const struct collation_def *array_collation(const char *name)
{
    for (const struct collation_def *c = array_collations; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* --- binary form ----------------------------------------------------------------------------- */

/*
 * Int32 ndim, Int32 has NULLs, Int32 element type; per dimension Int32 length, Int32 lower bound; per
 * item Int32 length (-1 NULL) and bytes.
 */
static int32_t get_i32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return (int32_t)be32toh(v);
}

static void put_i32(struct textbuf *out, int32_t v)
{
    uint32_t be = htobe32((uint32_t)v);
    textbuf_add(out, (const char *)&be, 4);
}

static bool receive_short(struct fcall *f)
{
    return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
}

static bool receive_header(struct fcall *f, struct slice *s, const struct type_def *elem,
                           struct array *a)
{
    if (s->n < 12)
        return receive_short(f);
    int32_t ndim = get_i32(s->p), flags = get_i32(s->p + 4);
    uint32_t type = (uint32_t)get_i32(s->p + 8);
    if (ndim < 0)
        return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                         "invalid number of dimensions: %d", ndim);
    if (!array_check_dimensions(f->err, ndim))
        return false;
    if (flags != 0 && flags != 1)
        return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION, "invalid array flags");
    if (type != elem->oid)
        return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                         "binary data has array element type %u (%s) instead of expected %u (%s)",
                         type, type_find(f->ctx, type) ? type_find(f->ctx, type)->name : "???",
                         elem->oid, elem->name);
    s->p += 12;
    s->n -= 12;
    int64_t total = ndim > 0;
    for (int d = 0; d < ndim; d++, s->p += 8, s->n -= 8) {
        if (s->n < 8)
            return receive_short(f);
        a->dims[d] = get_i32(s->p);
        a->lower[d] = get_i32(s->p + 4);
        if (a->dims[d] < 0 || !array_check_size(f->err, total * a->dims[d]))
            return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                             "array size exceeds the maximum allowed (%d)", ARRAY_ITEMS_MAXIMUM);
        total *= a->dims[d];
    }
    a->ndim = total ? ndim : 0;
    a->n = (int)total;
    /* Every item has a length word: a count beyond the message is a lie. */
    return s->n / 4 >= (size_t)total || receive_short(f);
}

static void array_recv(struct fcall *f)
{
    const struct type_def *elem = type_find(f->ctx, (uint32_t)arg_int(f, 1));
    struct slice s = arg_slice(f, 0);
    struct array a = {.elem = elem};
    if (!elem || !receive_header(f, &s, elem, &a))
        return;
    a.items = ARENA_TRY(f->arena, struct value, a.n + 1);
    for (int i = 0; a.items && i < a.n; i++) {
        if (s.n < 4) {
            receive_short(f);
            return;
        }
        int32_t len = get_i32(s.p);
        s.p += 4;
        s.n -= 4;
        if (len < 0)
            continue;
        if ((size_t)len > s.n) {
            receive_short(f);
            return;
        }
        if (!type_receive(elem, s.p, (size_t)len, arg_typmod(f), f->ctx, f->arena, f->err,
                          &a.items[i]))
            return;
        s.p += len;
        s.n -= (size_t)len;
    }
    array_return(f, &a);
}

static void array_send(struct fcall *f)
{
    struct array a;
    if (!array_read_arg(f, 0, &a))
        return;
    struct textbuf out = textbuf_in(f->arena);
    bool nulls = false;
    for (int i = 0; i < a.n; i++)
        nulls = nulls || value_is_null(&a.items[i]);
    put_i32(&out, a.ndim);
    put_i32(&out, nulls);
    put_i32(&out, (int32_t)a.elem->oid);
    for (int d = 0; d < a.ndim; d++) {
        put_i32(&out, a.dims[d]);
        put_i32(&out, a.lower[d]);
    }
    for (int i = 0; i < a.n; i++) {
        if (value_is_null(&a.items[i])) {
            put_i32(&out, -1);
            continue;
        }
        struct value blob;
        if (!type_send(a.elem, &a.items[i], f->ctx, f->arena, f->err, &blob))
            return;
        put_i32(&out, (int32_t)blob.n);
        textbuf_add(&out, blob.p, blob.n);
    }
    f->result = value_blob(out.p, out.n);
}

const struct fn_impl array_binary_functions[] = {
    {"array_recv", .call = array_recv},
    {"array_send", .call = array_send, .flags = FN_TYPED},
    {"int2vectorrecv", .call = array_recv},
    {"int2vectorsend", .call = array_send, .flags = FN_TYPED},
    {"oidvectorrecv", .call = array_recv},
    {"oidvectorsend", .call = array_send, .flags = FN_TYPED},
    {NULL},
};
