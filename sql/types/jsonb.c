/* jsonb.c: normal form, output, order and containment of jsonb; see jsonb.h. */
#include "sql/types/jsonb.h"

#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/type.h"

/* numeric's limits: digits before and behind the decimal point. */
#define NUMERIC_WHOLE_DIGITS    131072
#define NUMERIC_FRACTION_DIGITS 16383

/* --- numbers ----------------------------------------------------------------------------------- */

static bool numeric_overflow(struct fcall *f)
{
    return error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
}

bool json_number_normalize(struct fcall *f, struct slice s, struct slice *out)
{
    struct textbuf digits = textbuf_in(f->arena), text = textbuf_in(f->arena);
    bool negative = s.n && s.p[0] == '-', plain = true;
    int64_t fraction = 0, exponent = 0;
    size_t i = negative;
    bool behind_point = false;
    for (; i < s.n && s.p[i] != 'e' && s.p[i] != 'E'; i++) {
        if (s.p[i] == '.') {
            behind_point = true;
            continue;
        }
        textbuf_addc(&digits, s.p[i]);
        fraction += behind_point;
        plain = plain && s.p[i] == '0';
    }
    if (i < s.n)
        exponent = strtoll(arena_strndup(f->arena, s.p + i + 1, s.n - i - 1), NULL, 10);
    else if (!(negative && plain)) {
        *out = s; /* as written */
        return (int64_t)digits.n - fraction <= NUMERIC_WHOLE_DIGITS || numeric_overflow(f);
    }
    if (exponent > NUMERIC_WHOLE_DIGITS || exponent < -NUMERIC_FRACTION_DIGITS)
        return numeric_overflow(f);
    int64_t whole = (int64_t)digits.n - fraction + exponent, scale = fraction - exponent;
    if (whole > NUMERIC_WHOLE_DIGITS || scale > NUMERIC_FRACTION_DIGITS)
        return numeric_overflow(f);
    if (negative && !plain)
        textbuf_addc(&text, '-');
    size_t start = text.n;
    for (int64_t k = 0; k < whole; k++) {
        char c = k < (int64_t)digits.n ? digits.p[k] : '0';
        if (c != '0' || text.n > start)
            textbuf_addc(&text, c);
    }
    if (text.n == start)
        textbuf_addc(&text, '0');
    if (scale > 0)
        textbuf_addc(&text, '.');
    for (int64_t k = whole; k < whole + scale; k++)
        textbuf_addc(&text, k >= 0 && k < (int64_t)digits.n ? digits.p[k] : '0');
    *out = (struct slice){text.p, text.n};
    return true;
}

/* The parts of a decimal number: digits before the point without leading zeros, and behind it. */
static void decimal_parts(struct slice s, bool *negative, struct slice *whole, struct slice *fraction)
{
    *negative = s.n && s.p[0] == '-';
    size_t i = *negative;
    while (i < s.n && s.p[i] == '0')
        i++;
    size_t start = i;
    while (i < s.n && s.p[i] != '.')
        i++;
    *whole = (struct slice){s.p + start, i - start};
    size_t end = s.n;
    while (i < end && end > i + 1 && s.p[end - 1] == '0')
        end--;
    *fraction = i + 1 < end ? (struct slice){s.p + i + 1, end - i - 1} : (struct slice){"", 0};
    if (whole->n == 0 && fraction->n == 0)
        *negative = false;
}

int json_number_compare(struct slice a, struct slice b)
{
    bool na, nb;
    struct slice wa, fa, wb, fb;
    decimal_parts(a, &na, &wa, &fa);
    decimal_parts(b, &nb, &wb, &fb);
    if (na != nb)
        return na ? -1 : 1;
    int c = wa.n != wb.n ? (wa.n < wb.n ? -1 : 1) : slice_compare(wa, wb);
    if (c == 0)
        c = slice_compare(fa, fb);
    return na ? -c : c;
}

/* --- normal form --------------------------------------------------------------------------------- */

static int compare_keys(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return slice_compare(a, b);
}

struct member {
    struct slice key;
    int place;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int c = compare_keys(x->key, y->key);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static void sort_members(struct fcall *f, struct json_node *n)
{
    bool sorted = true;
    for (int i = 1; i < n->count && sorted; i++)
        sorted = compare_keys(n->keys[i - 1], n->keys[i]) < 0;
    if (sorted)
        return;
    struct member *members = ARENA_ARRAY(f->arena, struct member, n->count);
    struct json_node *items = ARENA_ARRAY(f->arena, struct json_node, n->count);
    struct slice *keys = ARENA_ARRAY(f->arena, struct slice, n->count);
    for (int i = 0; i < n->count; i++)
        members[i] = (struct member){n->keys[i], i};
    qsort(members, (size_t)n->count, sizeof(*members), compare_members);
    int count = 0;
    for (int i = 0; i < n->count; i++) {
        if (i + 1 < n->count && slice_equal(members[i].key, members[i + 1].key))
            continue;
        keys[count] = members[i].key;
        items[count++] = n->items[members[i].place];
    }
    n->keys = keys;
    n->items = items;
    n->count = count;
}

bool jsonb_normalize(struct fcall *f, struct json_node *n)
{
    if (n->kind == JSON_NUMBER)
        return json_number_normalize(f, n->text, &n->text);
    for (int i = 0; i < n->count; i++)
        if (!jsonb_normalize(f, &n->items[i]))
            return false;
    if (n->kind == JSON_OBJECT)
        sort_members(f, n);
    return true;
}

bool jsonb_parse(struct fcall *f, struct slice text, struct json_node *out)
{
    return json_parse_call(f, text, JSON_DECODE, out, f->err) && jsonb_normalize(f, out);
}

bool jsonb_read(struct fcall *f, const struct value *stored, struct json_node *out)
{
    return json_parse_call(f, value_slice(stored, f->arena), JSON_DECODE, out, f->err);
}

void jsonb_write(struct textbuf *out, const struct json_node *n)
{
    switch (n->kind) {
    case JSON_NULL:
        textbuf_addz(out, "null");
        break;
    case JSON_BOOL:
        textbuf_addz(out, n->boolean ? "true" : "false");
        break;
    case JSON_NUMBER:
        textbuf_add(out, n->text.p, n->text.n);
        break;
    case JSON_STRING:
        json_write_string(out, n->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        textbuf_addc(out, n->kind == JSON_ARRAY ? '[' : '{');
        for (int i = 0; i < n->count; i++) {
            if (i)
                textbuf_addz(out, ", ");
            if (n->kind == JSON_OBJECT) {
                json_write_string(out, n->keys[i]);
                textbuf_addz(out, ": ");
            }
            jsonb_write(out, &n->items[i]);
        }
        textbuf_addc(out, n->kind == JSON_ARRAY ? ']' : '}');
        break;
    }
}

void jsonb_return(struct fcall *f, const struct json_node *n)
{
    struct textbuf out = textbuf_in(f->arena);
    jsonb_write(&out, n);
    textbuf_return(&out, f);
}

struct slice json_node_text(struct arena *arena, const struct json_node *n)
{
    if (n->kind == JSON_STRING)
        return n->text;
    if (n->source.n)
        return n->source;
    struct textbuf out = textbuf_in(arena);
    jsonb_write(&out, n);
    return (struct slice){out.p, out.n};
}

const char *json_kind_name(enum json_kind k)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[k];
}

/* --- order ------------------------------------------------------------------------------------------ */

static int kind_order(enum json_kind k)
{
    static const int order[] = {[JSON_NULL] = 0, [JSON_STRING] = 1, [JSON_NUMBER] = 2,
                                [JSON_BOOL] = 3, [JSON_ARRAY] = 4,  [JSON_OBJECT] = 5};
    return order[k];
}

static int compare_nodes(const struct json_node *a, const struct json_node *b)
{
    int c = 0;
    if (a->kind != b->kind)
        return kind_order(a->kind) < kind_order(b->kind) ? -1 : 1;
    switch (a->kind) {
    case JSON_NULL:
        return 0;
    case JSON_STRING:
        return slice_compare(a->text, b->text);
    case JSON_NUMBER:
        return json_number_compare(a->text, b->text);
    case JSON_BOOL:
        return (int)a->boolean - (int)b->boolean;
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (a->count != b->count)
            return a->count < b->count ? -1 : 1;
        for (int i = 0; c == 0 && i < a->count; i++) {
            if (a->kind == JSON_OBJECT)
                c = slice_compare(a->keys[i], b->keys[i]);
            if (c == 0)
                c = compare_nodes(&a->items[i], &b->items[i]);
        }
        return c;
    }
    return 0;
}

/* At the top a scalar is an array of one, which makes the empty array less than any scalar. */
int jsonb_compare(const struct json_node *a, const struct json_node *b)
{
    bool scalar_a = a->kind < JSON_ARRAY, scalar_b = b->kind < JSON_ARRAY;
    if (scalar_a == scalar_b || a->kind == JSON_OBJECT || b->kind == JSON_OBJECT)
        return compare_nodes(a, b);
    const struct json_node *array = scalar_a ? b : a;
    int c = array->count == 0 ? -1 : 1;
    return scalar_a ? -c : c;
}

static int collate_jsonb(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct slice x = {a, (size_t)na}, y = {b, (size_t)nb};
    if (slice_equal(x, y))
        return 0;
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    struct json_node m, n;
    int c;
    if (json_parse(arena, x, JSON_DECODE, &m, &err) && json_parse(arena, y, JSON_DECODE, &n, &err))
        c = jsonb_compare(&m, &n);
    else
        c = slice_compare(x, y);
    arena_destroy(arena);
    return c;
}

/* --- containment ---------------------------------------------------------------------------------------- */

static bool contains(const struct json_node *a, const struct json_node *b);

/* A value against one of the other side: scalars by equality, containers by containment. */
static bool covers(const struct json_node *a, const struct json_node *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind < JSON_ARRAY ? compare_nodes(a, b) == 0 : contains(a, b);
}

static bool has_element(const struct json_node *array, const struct json_node *e)
{
    for (int i = 0; i < array->count; i++)
        if (covers(&array->items[i], e))
            return true;
    return false;
}

static bool contains(const struct json_node *a, const struct json_node *b)
{
    for (int i = 0; i < b->count; i++) {
        if (a->kind == JSON_ARRAY) {
            if (!has_element(a, &b->items[i]))
                return false;
            continue;
        }
        const struct json_node *m = json_member(a, b->keys[i]);
        if (!m || !covers(m, &b->items[i]))
            return false;
    }
    return true;
}

bool jsonb_contains_node(const struct json_node *a, const struct json_node *b)
{
    if (a->kind == JSON_ARRAY && b->kind < JSON_ARRAY)
        return has_element(a, b);
    return covers(a, b);
}

static void contains_call(struct fcall *f, int outer, int inner)
{
    struct json_node a, b;
    if (jsonb_read(f, &f->args[outer], &a) && jsonb_read(f, &f->args[inner], &b))
        return_bool(f, jsonb_contains_node(&a, &b));
}

static void jsonb_contains(struct fcall *f)
{
    contains_call(f, 0, 1);
}

static void jsonb_contained(struct fcall *f)
{
    contains_call(f, 1, 0);
}

/* A key of an object, a string of an array, or the string itself. */
static bool exists(const struct json_node *n, struct slice key)
{
    if (n->kind == JSON_OBJECT)
        return json_member(n, key) != NULL;
    if (n->kind == JSON_STRING)
        return slice_equal(n->text, key);
    for (int i = 0; n->kind == JSON_ARRAY && i < n->count; i++)
        if (n->items[i].kind == JSON_STRING && slice_equal(n->items[i].text, key))
            return true;
    return false;
}

static void jsonb_exists(struct fcall *f)
{
    struct json_node n;
    if (jsonb_read(f, &f->args[0], &n))
        return_bool(f, exists(&n, arg_slice(f, 1)));
}

static void exists_list(struct fcall *f, bool all)
{
    struct json_node n;
    struct array keys;
    if (!jsonb_read(f, &f->args[0], &n) || !array_read(f, &f->args[1], TEXTOID, &keys))
        return;
    bool result = all;
    for (int i = 0; i < keys.n && result == all; i++)
        if (!value_is_null(&keys.items[i]))
            result = exists(&n, value_slice(&keys.items[i], f->arena));
    return_bool(f, result);
}

static void jsonb_exists_any(struct fcall *f)
{
    exists_list(f, false);
}

static void jsonb_exists_all(struct fcall *f)
{
    exists_list(f, true);
}

/* --- input, output, comparison, casts ------------------------------------------------------------------------ */

static void jsonb_in(struct fcall *f)
{
    struct json_node n;
    if (jsonb_parse(f, arg_slice(f, 0), &n))
        jsonb_return(f, &n);
}

static void jsonb_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* The binary form is a version byte and the text. */
static void jsonb_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct json_node n;
    int version = s.n ? (unsigned char)s.p[0] : 0;
    if (version != 1) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "unsupported jsonb version number %d", version);
        return;
    }
    s.p++;
    s.n--;
    if (utf8_verify(s.p, s.n, f->err) && jsonb_parse(f, s, &n))
        jsonb_return(f, &n);
}

static void jsonb_send(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_addc(&out, 1);
    textbuf_add(&out, s.p, s.n);
    f->result = value_blob(out.p, out.n);
}

#define JSONB_COMPARISON(name, test)                                                               \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);                                     \
        int c = collate_jsonb(NULL, (int)a.n, a.p, (int)b.n, b.p);                                 \
        f->result = test;                                                                          \
    }
JSONB_COMPARISON(jsonb_eq, value_bool(c == 0))
JSONB_COMPARISON(jsonb_ne, value_bool(c != 0))
JSONB_COMPARISON(jsonb_lt, value_bool(c < 0))
JSONB_COMPARISON(jsonb_le, value_bool(c <= 0))
JSONB_COMPARISON(jsonb_gt, value_bool(c > 0))
JSONB_COMPARISON(jsonb_ge, value_bool(c >= 0))
JSONB_COMPARISON(jsonb_cmp, value_int(c))

static bool bad_cast(struct fcall *f, enum json_kind kind, const char *type)
{
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "cannot cast jsonb %s to type %s",
                     kind == JSON_NUMBER ? "numeric" : json_kind_name(kind), type);
}

static void jsonb_bool(struct fcall *f)
{
    struct json_node n;
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    if (n.kind == JSON_BOOL)
        return_bool(f, n.boolean);
    else
        bad_cast(f, n.kind, "boolean");
}

/* A number through numeric's own cast to the type. */
static void cast_number(struct fcall *f, const char *type, const char *cast, uint32_t result)
{
    struct json_node n;
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    if (n.kind != JSON_NUMBER) {
        bad_cast(f, n.kind, type);
        return;
    }
    struct value v = value_text(n.text.p, n.text.n);
    static const uint32_t numeric[] = {NUMERICOID};
    const struct fn_impl *impl = cast ? fn_impl_find(cast) : NULL;
    if (!cast)
        f->result = v;
    else if (!impl || !impl->call)
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function %s is not supported", cast);
    else
        fcall_invoke(f, impl, &v, 1, numeric, result, &f->result);
}

static void jsonb_numeric(struct fcall *f)
{
    cast_number(f, "numeric", NULL, NUMERICOID);
}

static void jsonb_int2(struct fcall *f)
{
    cast_number(f, "smallint", "numeric_int2", INT2OID);
}

static void jsonb_int4(struct fcall *f)
{
    cast_number(f, "integer", "numeric_int4", INT4OID);
}

static void jsonb_int8(struct fcall *f)
{
    cast_number(f, "bigint", "numeric_int8", INT8OID);
}

static void jsonb_float4(struct fcall *f)
{
    cast_number(f, "real", "numeric_float4", FLOAT4OID);
}

static void jsonb_float8(struct fcall *f)
{
    cast_number(f, "double precision", "numeric_float8", FLOAT8OID);
}

const struct collation_def jsonb_collations[] = {
    {"jsonb", collate_jsonb},
    {NULL},
};

const struct fn_impl jsonb_functions[] = {
    {"jsonb_in", .call = jsonb_in},
    {"jsonb_out", .call = jsonb_out},
    {"jsonb_recv", .call = jsonb_recv},
    {"jsonb_send", .call = jsonb_send},
    {"jsonb_eq", .call = jsonb_eq, .native = "($1 = $2)"},
    {"jsonb_ne", .call = jsonb_ne, .native = "($1 <> $2)"},
    {"jsonb_lt", .call = jsonb_lt, .native = "($1 < $2)"},
    {"jsonb_le", .call = jsonb_le, .native = "($1 <= $2)"},
    {"jsonb_gt", .call = jsonb_gt, .native = "($1 > $2)"},
    {"jsonb_ge", .call = jsonb_ge, .native = "($1 >= $2)"},
    {"jsonb_cmp", .call = jsonb_cmp},
    {"jsonb_contains", .call = jsonb_contains},
    {"jsonb_contained", .call = jsonb_contained},
    {"jsonb_exists", .call = jsonb_exists},
    {"jsonb_exists_any", .call = jsonb_exists_any},
    {"jsonb_exists_all", .call = jsonb_exists_all},
    {"jsonb_bool", .call = jsonb_bool},
    {"jsonb_numeric", .call = jsonb_numeric},
    {"jsonb_int2", .call = jsonb_int2},
    {"jsonb_int4", .call = jsonb_int4},
    {"jsonb_int8", .call = jsonb_int8},
    {"jsonb_float4", .call = jsonb_float4},
    {"jsonb_float8", .call = jsonb_float8},
    {NULL},
};
