/* record.c: composite values: storage form, input and output, comparison, ROW(...) and field access. */
#include "sql/types/record.h"

#include <endian.h>

#include "sql/types/array.h"
#include "sql/types/json_parse.h"
#include "sql/types/type_catalog.h"

/* PostgreSQL's MaxTupleAttributeNumber. */
#define COLUMNS_MAXIMUM 1664

bool record_is_composite(const struct eval_context *ctx, uint32_t type)
{
    const struct type_def *t = type_find(ctx, type);
    while (t && t->typtype == 'd')
        t = type_find(ctx, t->basetype);
    return t && (t->oid == RECORDOID || t->typtype == 'c');
}

static bool bad_stored_record(struct fcall *f)
{
    return error_set(f->err, ERRCODE_DATA_CORRUPTED, "stored composite value is not valid JSON");
}

bool record_describe(struct fcall *f, uint32_t type, struct record *out)
{
    const struct type_def *t = type_find(f->ctx, type);
    while (t && t->typtype == 'd')
        t = type_find(f->ctx, t->basetype);
    *out = (struct record){.type = t ? t->oid : type};
    if (!t || t->typtype != 'c')
        return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                         "input of anonymous composite types is not implemented");
    struct type_attribute a;
    int total = 0;
    while (type_attribute_at(f->ctx, t->oid, total, &a))
        total++;
    out->columns = ARENA_ARRAY(f->arena, struct record_column, total + 1);
    for (int i = 0; i < total; i++)
        if (type_attribute_at(f->ctx, t->oid, i, &a) && a.type)
            out->columns[out->n++] =
                (struct record_column){.name = a.name, .type = a.type, .typmod = a.typmod};
    return true;
}

static bool read_column(struct fcall *f, const struct json_node *node, struct record_column *c)
{
    const struct type_def *t = type_find(f->ctx, c->type);
    return (t && array_element_read(f, t, node, &c->value)) || bad_stored_record(f);
}

static bool read_anonymous(struct fcall *f, const struct json_node *root, struct record *out)
{
    const struct json_node *types = json_member(root, slice_of("t"));
    const struct json_node *names = json_member(root, slice_of("n"));
    const struct json_node *values = json_member(root, slice_of("v"));
    if (!types || !values || types->count != values->count || values->count > COLUMNS_MAXIMUM ||
        (names && names->count != values->count))
        return bad_stored_record(f);
    out->n = values->count;
    out->named = names != NULL;
    out->columns = ARENA_ARRAY(f->arena, struct record_column, out->n + 1);
    for (int i = 0; i < out->n; i++) {
        struct record_column *c = &out->columns[i];
        struct value type = value_text(types->items[i].text.p, types->items[i].text.n);
        c->type = (uint32_t)value_integer(&type);
        c->typmod = -1;
        c->name = names ? arena_strndup(f->arena, names->items[i].text.p, names->items[i].text.n)
                        : arena_printf(f->arena, "f%d", i + 1);
        if (!read_column(f, &values->items[i], c))
            return false;
    }
    return true;
}

bool record_read(struct fcall *f, const struct value *stored, uint32_t type, struct record *out)
{
    struct json_node root;
    struct error ignored;
    error_init(&ignored, f->arena);
    *out = (struct record){.type = RECORDOID};
    if (!json_parse_call(f, value_slice(stored, f->arena), JSON_DECODE, &root, &ignored))
        return bad_stored_record(f);
    if (root.kind == JSON_OBJECT)
        return read_anonymous(f, &root, out);
    if (root.kind != JSON_ARRAY || !record_describe(f, type, out))
        return bad_stored_record(f);
    /* Columns added to the type later are NULL in older values. */
    struct type_attribute a;
    for (int i = 0, slot = 0; i < out->n && slot < root.count && type_attribute_at(f->ctx, out->type, slot, &a); slot++)
        if (a.type && !read_column(f, &root.items[slot], &out->columns[i++]))
            return false;
    return true;
}

struct value record_write(struct arena *arena, const struct eval_context *ctx,
                          const struct record *r)
{
    struct textbuf out = textbuf_in(arena);
    if (r->type == RECORDOID) {
        textbuf_addz(&out, "{\"t\":[");
        for (int i = 0; i < r->n; i++)
            textbuf_printf(&out, "%s%u", i ? "," : "", r->columns[i].type);
        if (r->named)
            textbuf_addz(&out, "],\"n\":[");
        for (int i = 0; r->named && i < r->n; i++) {
            if (i)
                textbuf_addc(&out, ',');
            json_write_string(&out, slice_of(r->columns[i].name));
        }
        textbuf_addz(&out, "],\"v\":");
    }
    struct type_attribute a;
    textbuf_addc(&out, '[');
    for (int i = 0, slot = 0; i < r->n; i++, slot++) {
        const struct type_def *t = type_find(ctx, r->columns[i].type);
        for (; r->type != RECORDOID && type_attribute_at(ctx, r->type, slot, &a) && !a.type; slot++)
            textbuf_addz(&out, slot ? ",null" : "null");
        if (slot)
            textbuf_addc(&out, ',');
        array_element_write(&out, t ? t : type_builtin(TEXTOID), &r->columns[i].value);
    }
    textbuf_addc(&out, ']');
    if (r->type == RECORDOID)
        textbuf_addc(&out, '}');
    return textbuf_value(&out);
}

/* --- construction and access, called by the printer ----------------------------------------------- */

/*
 * row_construct(v1, v2, ...): ROW(...), of the result type.
 * row_construct_named(names, v1, v2, ...): an anonymous record whose columns have names: names is a
 * JSON array of strings.
 */
static void construct(struct fcall *f, int first, const struct json_node *names)
{
    struct record r = {.type = record_is_composite(f->ctx, f->rettype) ? f->rettype : RECORDOID,
                       .named = names != NULL,
                       .n = f->nargs - first};
    const struct type_def *t = type_find(f->ctx, r.type);
    while (t && t->typtype == 'd')
        t = type_find(f->ctx, t->basetype);
    r.type = t ? t->oid : RECORDOID;
    r.columns = ARENA_ARRAY(f->arena, struct record_column, r.n + 1);
    struct type_attribute a;
    int n = 0, live = 0;
    for (int i = 0; r.type != RECORDOID && type_attribute_at(f->ctx, r.type, i, &a); i++)
        live += a.type != 0;
    for (int i = 0; i < r.n; i++) {
        if (r.type != RECORDOID && r.n != live && type_attribute_at(f->ctx, r.type, i, &a) && !a.type)
            continue; /* stands for a dropped column */
        r.columns[n].type = f->argtypes[first + i];
        r.columns[n].value = f->args[first + i];
        if (names)
            r.columns[n].name = arena_strndup(f->arena, names->items[i].text.p, names->items[i].text.n);
        n++;
    }
    r.n = n;
    f->result = record_write(f->arena, f->ctx, &r);
}

static void row_construct(struct fcall *f)
{
    construct(f, 0, NULL);
}

static void row_construct_named(struct fcall *f)
{
    struct json_node names;
    if (!json_parse_call(f, arg_slice(f, 0), JSON_DECODE, &names, f->err))
        return;
    if (names.kind != JSON_ARRAY || names.count != f->nargs - 1)
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "wrong number of column names");
    else
        construct(f, 1, &names);
}

/* record_field(record, n): column n from 1. */
static void record_field(struct fcall *f)
{
    struct record r;
    int64_t n = f->nargs > 1 ? arg_int(f, 1) : 0;
    if (ARG_NULL(f, 0) || !record_read(f, &f->args[0], f->argtypes[0], &r))
        return;
    if (n >= 1 && n <= r.n)
        f->result = r.columns[n - 1].value;
}

/* record_scan(record): a set of one row, the record's columns; NULLs for a NULL record. */
static void record_scan_open(struct fcall *f, void *state)
{
    (void)f;
    (void)state;
}

/* A type as messages name it. */
static const char *record_type_name(struct fcall *f, uint32_t oid)
{
    static const char *const names[][2] = {{"int4", "integer"},  {"int8", "bigint"},
                                           {"int2", "smallint"}, {"bool", "boolean"},
                                           {"float8", "double precision"}, {"float4", "real"},
                                           {"varchar", "character varying"}, {"bpchar", "character"},
                                           {"timestamp", "timestamp without time zone"},
                                           {"timestamptz", "timestamp with time zone"}};
    const struct type_def *t = type_find(f->ctx, oid);
    for (size_t i = 0; t && i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i][0], t->name) == 0)
            return names[i][1];
    return t ? t->name : "unknown";
}

void record_spread(const struct eval_context *ctx, const struct record *r, struct value *columns, int n)
{
    struct type_attribute a;
    int i = 0;
    for (int slot = 0; slot < n && i < r->n; slot++) {
        bool dropped = r->type != RECORDOID && type_attribute_at(ctx, r->type, slot, &a) && !a.type;
        columns[slot] = dropped ? value_null() : r->columns[i++].value;
    }
}

bool record_is_wanted(struct fcall *f, const struct record *r, const uint32_t *wanted, int n)
{
    static const char message[] = "function return row and query-specified return row do not match";
    if (r->n != n) {
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, message);
        error_detail(f->err, "Returned row contains %d attribute%s, but query expects %d.", r->n, r->n == 1 ? "" : "s", n);
        return false;
    }
    for (int i = 0; i < r->n; i++) {
        if (r->columns[i].type == wanted[i] || r->columns[i].type == UNKNOWNOID)
            continue;
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, message);
        error_detail(f->err, "Returned type %s at ordinal position %d, but query expects %s.",
                     record_type_name(f, r->columns[i].type), i + 1, record_type_name(f, wanted[i]));
        return false;
    }
    return true;
}

/* The types that follow the record among the arguments. */
static bool record_is_as_defined(struct fcall *f, const struct record *r)
{
    uint32_t *wanted = ARENA_ARRAY(f->arena, uint32_t, f->nargs);
    for (int i = 1; i < f->nargs; i++)
        wanted[i - 1] = (uint32_t)f->args[i].i;
    return record_is_wanted(f, r, wanted, f->nargs - 1);
}

static bool record_scan_next(struct fcall *f, void *state, struct value *columns)
{
    bool *done = state;
    struct record r;
    if (*done)
        return false;
    *done = true;
    if (ARG_NULL(f, 0))
        return true;
    if (!record_read(f, &f->args[0], f->argtypes[0], &r))
        return false;
    if (f->nargs > 1 && !record_is_as_defined(f, &r))
        return false;
    record_spread(f->ctx, &r, columns, 100);
    return true;
}

static const struct srf_impl record_scan = {
    .state_size = sizeof(bool), .open = record_scan_open, .next = record_scan_next, .open_columns = true};

/* record_assign(record, n, value): the record with column n replaced; a NULL record has NULL columns. */
static void record_assign(struct fcall *f)
{
    struct record r;
    int64_t n = arg_int(f, 1);
    bool ok = ARG_NULL(f, 0) ? record_describe(f, f->rettype, &r)
                             : record_read(f, &f->args[0], f->argtypes[0], &r);
    if (!ok || n < 1 || n > r.n)
        return;
    r.columns[n - 1].value = f->args[2];
    f->result = record_write(f->arena, f->ctx, &r);
}

/* SQL's IS [NOT] NULL of a row: all columns are (not) NULL. The stored form tells without types. */
static void columns_null(struct fcall *f, bool want_null)
{
    struct json_node root;
    if (ARG_NULL(f, 0)) {
        return_bool(f, want_null);
        return;
    }
    if (!json_parse_call(f, arg_slice(f, 0), JSON_DECODE, &root, f->err))
        return;
    const struct json_node *values = json_member(&root, slice_of("v"));
    bool result = true;
    if (!values)
        values = &root;
    for (int i = 0; i < values->count; i++)
        result = result && (values->items[i].kind == JSON_NULL) == want_null;
    return_bool(f, result);
}

static void record_is_null(struct fcall *f)
{
    columns_null(f, true);
}

static void record_is_not_null(struct fcall *f)
{
    columns_null(f, false);
}

/* --- text form --------------------------------------------------------------------------------------- */

static bool needs_quotes(struct slice s)
{
    if (s.n == 0)
        return true;
    for (size_t i = 0; i < s.n; i++)
        if (strchr("\"\\(),", s.p[i]) || s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r'))
            return true;
    return false;
}

static void record_out(struct fcall *f)
{
    struct record r;
    struct textbuf out = textbuf_in(f->arena);
    if (!record_read(f, &f->args[0], f->argtypes[0], &r))
        return;
    textbuf_addc(&out, '(');
    for (int i = 0; i < r.n; i++) {
        struct slice s;
        if (i)
            textbuf_addc(&out, ',');
        if (value_is_null(&r.columns[i].value))
            continue;
        if (!value_output(f, &r.columns[i].value, r.columns[i].type, &s))
            return;
        if (!needs_quotes(s)) {
            textbuf_add(&out, s.p, s.n);
            continue;
        }
        textbuf_addc(&out, '"');
        for (size_t k = 0; k < s.n; k++) {
            if (s.p[k] == '"' || s.p[k] == '\\')
                textbuf_addc(&out, s.p[k]);
            textbuf_addc(&out, s.p[k]);
        }
        textbuf_addc(&out, '"');
    }
    textbuf_addc(&out, ')');
    textbuf_return(&out, f);
}

static bool malformed(struct fcall *f, const char *detail)
{
    struct slice s = arg_slice(f, 0);
    error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "malformed record literal: \"%.*s\"",
              (int)s.n, s.p);
    error_detail(f->err, "%s", detail);
    return false;
}

/* The text of one column at *p, up to a comma or parenthesis outside quotes. */
static bool read_item(struct fcall *f, const char **p, const char *end, struct textbuf *out)
{
    bool quoted = false;
    for (;; ++*p) {
        if (*p >= end)
            return malformed(f, "Unexpected end of input.");
        if (!quoted && (**p == ',' || **p == ')'))
            return true;
        if (**p == '\\') {
            if (++*p >= end)
                return malformed(f, "Unexpected end of input.");
        } else if (**p == '"') {
            if (quoted && *p + 1 < end && (*p)[1] == '"') {
                ++*p;
            } else {
                quoted = !quoted;
                continue;
            }
        }
        textbuf_addc(out, **p);
    }
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
        p++;
    return p;
}

static void record_in(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct record r;
    uint32_t type = f->rettype && f->rettype != RECORDOID ? f->rettype : (uint32_t)arg_int(f, 1);
    if (type == RECORDOID) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "input of anonymous composite types is not implemented");
        return;
    }
    if (!record_describe(f, type, &r))
        return;
    const char *p = skip_space(s.p, s.p + s.n), *end = s.p + s.n;
    if (p >= end || *p != '(') {
        malformed(f, "Missing left parenthesis.");
        return;
    }
    p++;
    for (int i = 0; i < r.n; i++) {
        struct textbuf item = textbuf_in(f->arena);
        if (i > 0 && (p >= end || *p++ != ',')) {
            malformed(f, "Too few columns.");
            return;
        }
        if (p < end && (*p == ',' || *p == ')'))
            continue;
        if (!read_item(f, &p, end, &item))
            return;
        const struct type_def *t = type_find(f->ctx, r.columns[i].type);
        if (!t || !type_input(t, item.n ? item.p : "", item.n, r.columns[i].typmod, f->ctx, f->arena,
                              f->err, &r.columns[i].value))
            return;
    }
    if (p >= end || *p != ')') {
        malformed(f, "Too many columns.");
        return;
    }
    if (skip_space(p + 1, end) < end) {
        malformed(f, "Junk after right parenthesis.");
        return;
    }
    f->result = record_write(f->arena, f->ctx, &r);
}

/* --- binary form: Int32 columns; per column Int32 type, Int32 length (-1 NULL), bytes ------------------ */

static void put_i32(struct textbuf *out, uint32_t v)
{
    uint32_t be = htobe32(v);
    textbuf_add(out, (const char *)&be, 4);
}

static void record_send(struct fcall *f)
{
    struct record r;
    struct textbuf out = textbuf_in(f->arena);
    if (!record_read(f, &f->args[0], f->argtypes[0], &r))
        return;
    put_i32(&out, (uint32_t)r.n);
    for (int i = 0; i < r.n; i++) {
        struct value blob;
        const struct type_def *t = type_find(f->ctx, r.columns[i].type);
        put_i32(&out, r.columns[i].type);
        if (value_is_null(&r.columns[i].value)) {
            put_i32(&out, (uint32_t)-1);
            continue;
        }
        if (!t || !type_send(t, &r.columns[i].value, f->ctx, f->arena, f->err, &blob))
            return;
        put_i32(&out, (uint32_t)blob.n);
        textbuf_add(&out, blob.p, blob.n);
    }
    f->result = value_blob(out.p, out.n);
}

static bool take_i32(struct fcall *f, struct slice *s, int32_t *v)
{
    uint32_t be;
    if (s->n < 4)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    memcpy(&be, s->p, 4);
    *v = (int32_t)be32toh(be);
    s->p += 4;
    s->n -= 4;
    return true;
}

static void record_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct record r;
    int32_t n = 0, type = 0, len = 0;
    uint32_t want = f->rettype && f->rettype != RECORDOID ? f->rettype : (uint32_t)arg_int(f, 1);
    if (!record_describe(f, want, &r) || !take_i32(f, &s, &n))
        return;
    if (n != r.n) {
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "wrong number of columns: %d, expected %d", n,
                  r.n);
        return;
    }
    for (int i = 0; i < n; i++) {
        const struct type_def *t = type_find(f->ctx, r.columns[i].type);
        if (!take_i32(f, &s, &type) || !take_i32(f, &s, &len) || !t)
            return;
        if ((uint32_t)type != r.columns[i].type) {
            error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                      "binary data has type %u (%s) instead of expected %u (%s) in record column %d",
                      (uint32_t)type,
                      type_find(f->ctx, (uint32_t)type) ? type_find(f->ctx, (uint32_t)type)->name : "???",
                      t->oid, t->name, i + 1);
            return;
        }
        if (len < 0)
            continue;
        if ((size_t)len > s.n) {
            error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
            return;
        }
        if (!type_receive(t, s.p, (size_t)len, r.columns[i].typmod, f->ctx, f->arena, f->err,
                          &r.columns[i].value))
            return;
        s.p += len;
        s.n -= (size_t)len;
    }
    f->result = record_write(f->arena, f->ctx, &r);
}

/* --- order --------------------------------------------------------------------------------------------- */

/* NULLs are equal to each other and greater than everything. */
static int compare_records(const struct record *a, const struct record *b, struct eval_context *ctx)
{
    for (int i = 0; i < a->n && i < b->n; i++) {
        const struct value *x = &a->columns[i].value, *y = &b->columns[i].value;
        int c;
        if (value_is_null(x) || value_is_null(y))
            c = (int)value_is_null(x) - (int)value_is_null(y);
        else
            c = type_compare(type_find(ctx, a->columns[i].type), x, y, ctx);
        if (c)
            return c;
    }
    return a->n - b->n;
}

static bool compare_args(struct fcall *f, bool equality, int *c)
{
    struct record a, b;
    if (!record_read(f, &f->args[0], f->argtypes[0], &a) ||
        !record_read(f, &f->args[1], f->argtypes[1], &b))
        return false;
    for (int i = 0; i < a.n && i < b.n; i++)
        if (a.columns[i].type != b.columns[i].type)
            return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                             "cannot compare dissimilar column types %s and %s at record column %d",
                             type_shown_name(f, a.columns[i].type), type_shown_name(f, b.columns[i].type), i + 1);
    if (a.n != b.n)
        return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                         "cannot compare record types with different numbers of columns");
    /* Columns up to the first that differs must have an order. */
    struct record x = a, y = b;
    for (*c = 0; x.n > 0 && *c == 0; x.columns++, y.columns++, x.n--, y.n--) {
        if (!type_is_comparable(x.columns[0].type))
            return error_set(f->err, ERRCODE_UNDEFINED_FUNCTION, "could not identify %s for type %s",
                             equality ? "an equality operator" : "a comparison function",
                             type_shown_name(f, x.columns[0].type));
        const struct record one = {.n = 1, .columns = x.columns}, other = {.n = 1, .columns = y.columns};
        *c = compare_records(&one, &other, f->ctx);
    }
    return true;
}

#define RECORD_COMPARISON(name, equality, test)                                                    \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        int c;                                                                                     \
        if (compare_args(f, equality, &c))                                                         \
            f->result = test;                                                                      \
    }
RECORD_COMPARISON(record_eq, true, value_bool(c == 0))
RECORD_COMPARISON(record_ne, true, value_bool(c != 0))
RECORD_COMPARISON(record_lt, false, value_bool(c < 0))
RECORD_COMPARISON(record_le, false, value_bool(c <= 0))
RECORD_COMPARISON(record_gt, false, value_bool(c > 0))
RECORD_COMPARISON(record_ge, false, value_bool(c >= 0))
RECORD_COMPARISON(btrecordcmp, false, value_int(c < 0 ? -1 : c > 0))

/*
 * Order of stored records: anonymous ones by their own column types. Values of a named type do not say their types, and a
 * collation cannot look them up: JSON values of one kind are compared as such, which is the types' order for numbers,
 * booleans and text.
 */
static int compare_json(const struct json_node *a, const struct json_node *b)
{
    if (a->kind == JSON_NULL || b->kind == JSON_NULL)
        return (int)(a->kind == JSON_NULL) - (int)(b->kind == JSON_NULL);
    if (a->kind == JSON_NUMBER && b->kind == JSON_NUMBER) {
        const struct collation_def *numeric = collation_def_find("numeric");
        if (numeric)
            return numeric->compare(NULL, (int)a->text.n, a->text.p, (int)b->text.n, b->text.p);
    }
    if (a->kind == JSON_BOOL && b->kind == JSON_BOOL)
        return (int)a->boolean - (int)b->boolean;
    return slice_compare(a->kind == JSON_STRING ? a->text : a->source,
                         b->kind == JSON_STRING ? b->text : b->source);
}

static int compare_stored(struct fcall *f, const struct value *x, const struct value *y)
{
    struct json_node m, n;
    if (!json_parse_call(f, value_slice(x, f->arena), JSON_DECODE, &m, f->err) ||
        !json_parse_call(f, value_slice(y, f->arena), JSON_DECODE, &n, f->err))
        return slice_compare(value_slice(x, f->arena), value_slice(y, f->arena));
    if (m.kind == JSON_OBJECT && n.kind == JSON_OBJECT) {
        struct record a = {.type = RECORDOID}, b = {.type = RECORDOID};
        if (read_anonymous(f, &m, &a) && read_anonymous(f, &n, &b))
            return compare_records(&a, &b, f->ctx);
    }
    static const struct json_node missing = {.kind = JSON_NULL}; /* of a value older than the column */
    for (int i = 0; i < m.count || i < n.count; i++) {
        int c = compare_json(i < m.count ? &m.items[i] : &missing, i < n.count ? &n.items[i] : &missing);
        if (c)
            return c;
    }
    return 0;
}

static int collate_record(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct value x = value_text(a, (size_t)na), y = value_text(b, (size_t)nb);
    if (na == nb && memcmp(a, b, (size_t)na) == 0)
        return 0;
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    struct eval_context ctx = {0};
    struct fcall f = {.arena = arena, .err = &err, .ctx = &ctx};
    int c = compare_stored(&f, &x, &y);
    arena_destroy(arena);
    return c;
}

const struct collation_def record_collations[] = {
    {"record", collate_record},
    {NULL},
};

const struct fn_impl record_functions[] = {
    {"record_in", .call = record_in, .flags = FN_TYPED},
    {"record_out", .call = record_out, .flags = FN_TYPED},
    {"record_recv", .call = record_recv, .flags = FN_TYPED},
    {"record_send", .call = record_send, .flags = FN_TYPED},
    {"record_eq", .call = record_eq, .flags = FN_TYPED},
    {"record_ne", .call = record_ne, .flags = FN_TYPED},
    {"record_lt", .call = record_lt, .flags = FN_TYPED},
    {"record_le", .call = record_le, .flags = FN_TYPED},
    {"record_gt", .call = record_gt, .flags = FN_TYPED},
    {"record_ge", .call = record_ge, .flags = FN_TYPED},
    {"btrecordcmp", .call = btrecordcmp, .flags = FN_TYPED},
    {"row_construct", .call = row_construct, .flags = FN_TYPED},
    {"row_construct_named", .call = row_construct_named, .flags = FN_TYPED},
    {"record_field", .call = record_field, .flags = FN_TYPED},
    {"record_scan", .srf = &record_scan, .flags = FN_TYPED},
    {"record_assign", .call = record_assign, .flags = FN_TYPED},
    {"record_is_null", .call = record_is_null},
    {"record_is_not_null", .call = record_is_not_null},
    {NULL},
};
