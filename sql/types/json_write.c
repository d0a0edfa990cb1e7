/* json_write.c: SQL values of any type as JSON: to_json, row_to_json, array_to_json and what builds on them. */
#include "sql/types/array.h"
#include "sql/types/jsonb.h"
#include "sql/types/record.h"
#include "sql/types/type_catalog.h"

enum json_category {
    CATEGORY_NULL,
    CATEGORY_BOOL,
    CATEGORY_NUMBER,
    CATEGORY_DATE,
    CATEGORY_TIMESTAMP,
    CATEGORY_TIMESTAMPTZ,
    CATEGORY_JSON,
    CATEGORY_JSONB,
    CATEGORY_ARRAY,
    CATEGORY_COMPOSITE,
    CATEGORY_CAST, /* hstore, whose cast to json counts */
    CATEGORY_OTHER
};

static uint32_t base_type(const struct eval_context *ctx, uint32_t type)
{
    const struct type_def *t = type_find(ctx, type);
    while (t && t->typtype == 'd')
        t = type_find(ctx, t->basetype);
    return t ? t->oid : type;
}

static enum json_category categorize(struct fcall *f, const struct value *v, uint32_t type)
{
    static const struct {
        uint32_t oid;
        enum json_category category;
    } table[] = {
        {BOOLOID, CATEGORY_BOOL},           {INT2OID, CATEGORY_NUMBER},
        {INT4OID, CATEGORY_NUMBER},         {INT8OID, CATEGORY_NUMBER},
        {FLOAT4OID, CATEGORY_NUMBER},       {FLOAT8OID, CATEGORY_NUMBER},
        {NUMERICOID, CATEGORY_NUMBER},      {DATEOID, CATEGORY_DATE},
        {TIMESTAMPOID, CATEGORY_TIMESTAMP}, {TIMESTAMPTZOID, CATEGORY_TIMESTAMPTZ},
        {JSONOID, CATEGORY_JSON},           {JSONBOID, CATEGORY_JSONB},
    };
    if (value_is_null(v))
        return CATEGORY_NULL;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].oid == type)
            return table[i].category;
    if (array_element_type(f->ctx, type))
        return CATEGORY_ARRAY;
    if (record_is_composite(f->ctx, type))
        return CATEGORY_COMPOSITE;
    const struct type_def *t = type_find(f->ctx, type);
    return t && t->out && t->out == fn_impl_find("hstore_out") ? CATEGORY_CAST : CATEGORY_OTHER;
}

/* Dates and times in ISO 8601, whatever DateStyle says. */
static bool iso_text(struct fcall *f, const struct value *v, uint32_t type,
                     enum json_category category, struct slice *out)
{
    struct eval_context iso = *f->ctx;
    iso.datestyle = DATESTYLE_ISO;
    struct value text;
    if (!type_output(type_builtin(type), v, &iso, f->arena, f->err, &text))
        return false;
    *out = value_slice(&text, f->arena);
    if (category == CATEGORY_DATE)
        return true;
    char *p = arena_strndup(f->arena, out->p, out->n);
    char *blank = strchr(p, ' ');
    if (!blank)
        return true;
    *blank = 'T';
    char *sign = category == CATEGORY_TIMESTAMPTZ ? strpbrk(blank, "+-") : NULL;
    if (sign && strcspn(sign + 1, ": ") == 2 && sign[3] != ':')
        p = arena_printf(f->arena, "%.*s:00%s", (int)(sign + 3 - p), p, sign + 3);
    *out = slice_of(p);
    return true;
}

/* Separates items; with pretty, top-level ones stand on lines of their own. */
static void add_separator(struct textbuf *out, bool pretty)
{
    textbuf_addz(out, pretty ? ",\n " : ",");
}

static bool write_array_level(struct fcall *f, const struct array *a, int depth, int *item,
                              bool pretty, struct textbuf *out)
{
    textbuf_addc(out, '[');
    for (int i = 0; i < a->dims[depth]; i++) {
        if (i)
            add_separator(out, pretty && depth == 0);
        bool ok = depth + 1 < a->ndim
                      ? write_array_level(f, a, depth + 1, item, false, out)
                      : json_write_datum(f, &a->items[(*item)++], a->elem->oid, false, out);
        if (!ok)
            return false;
    }
    textbuf_addc(out, ']');
    return true;
}

static bool write_array(struct fcall *f, const struct value *v, uint32_t type, bool pretty,
                        struct textbuf *out)
{
    struct array a;
    int item = 0;
    if (!array_read(f, v, array_element_type(f->ctx, type), &a))
        return false;
    if (a.ndim == 0) {
        textbuf_addz(out, "[]");
        return true;
    }
    return write_array_level(f, &a, 0, &item, pretty, out);
}

static bool write_record(struct fcall *f, const struct value *v, uint32_t type, bool pretty,
                         struct textbuf *out)
{
    struct record r;
    if (!record_read(f, v, type, &r))
        return false;
    textbuf_addc(out, '{');
    for (int i = 0; i < r.n; i++) {
        if (i)
            add_separator(out, pretty);
        json_write_string(out, slice_of(r.columns[i].name));
        textbuf_addc(out, ':');
        if (!json_write_datum(f, &r.columns[i].value, r.columns[i].type, false, out))
            return false;
    }
    textbuf_addc(out, '}');
    return true;
}

bool json_write_datum(struct fcall *f, const struct value *v, uint32_t type, bool pretty,
                      struct textbuf *out)
{
    struct slice s;
    type = base_type(f->ctx, type);
    enum json_category category = categorize(f, v, type);
    switch (category) {
    case CATEGORY_NULL:
        textbuf_addz(out, "null");
        return true;
    case CATEGORY_BOOL:
        textbuf_addz(out, value_integer(v) ? "true" : "false");
        return true;
    case CATEGORY_NUMBER:
        if (!value_output(f, v, type, &s))
            return false;
        if (json_is_number(s))
            textbuf_add(out, s.p, s.n);
        else
            json_write_string(out, s);
        return true;
    case CATEGORY_DATE:
    case CATEGORY_TIMESTAMP:
    case CATEGORY_TIMESTAMPTZ:
        if (!iso_text(f, v, type, category, &s))
            return false;
        json_write_string(out, s);
        return true;
    case CATEGORY_JSON:
    case CATEGORY_JSONB:
        s = value_slice(v, f->arena);
        textbuf_add(out, s.p, s.n);
        return true;
    case CATEGORY_ARRAY:
        return write_array(f, v, type, pretty, out);
    case CATEGORY_COMPOSITE:
        return write_record(f, v, type, pretty, out);
    case CATEGORY_CAST: {
        struct value json;
        if (!fcall_invoke(f, fn_impl_find("hstore_to_json"), v, 1, &type, JSONOID, &json))
            return false;
        textbuf_add(out, json.p, json.n);
        return true;
    }
    case CATEGORY_OTHER:
        if (!value_output(f, v, type, &s))
            return false;
        json_write_string(out, s);
        return true;
    }
    return true;
}

bool jsonb_from_datum(struct fcall *f, const struct value *v, uint32_t type, struct json_node *out)
{
    struct textbuf text = textbuf_in(f->arena);
    struct slice s;
    type = base_type(f->ctx, type);
    /* Plain text needs no round trip through escapes. */
    if (!value_is_null(v) && (type == TEXTOID || type == VARCHAROID || type == UNKNOWNOID)) {
        *out = json_string_node(value_slice(v, f->arena));
        return true;
    }
    if (!json_write_datum(f, v, type, false, &text))
        return false;
    s = (struct slice){text.p, text.n};
    return jsonb_parse(f, s, out);
}

bool json_key_text(struct fcall *f, const struct value *v, uint32_t type, struct slice *out)
{
    type = base_type(f->ctx, type);
    enum json_category category = categorize(f, v, type);
    switch (category) {
    case CATEGORY_JSON:
    case CATEGORY_JSONB:
    case CATEGORY_ARRAY:
    case CATEGORY_COMPOSITE:
    case CATEGORY_CAST:
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "key value must be scalar, not array, composite, or json");
    case CATEGORY_BOOL:
        *out = slice_of(value_integer(v) ? "true" : "false");
        return true;
    case CATEGORY_DATE:
    case CATEGORY_TIMESTAMP:
    case CATEGORY_TIMESTAMPTZ:
        return iso_text(f, v, type, category, out);
    default:
        return value_output(f, v, type, out);
    }
}

/* --- functions ------------------------------------------------------------------------------------ */

static void to_json(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    bool pretty = f->nargs > 1 && arg_int(f, 1) != 0;
    if (json_write_datum(f, &f->args[0], f->argtypes[0], pretty, &out))
        textbuf_return(&out, f);
}

static void to_jsonb(struct fcall *f)
{
    struct json_node n;
    if (jsonb_from_datum(f, &f->args[0], f->argtypes[0], &n))
        jsonb_return(f, &n);
}

const struct fn_impl json_write_functions[] = {
    {"to_json", .call = to_json, .flags = FN_TYPED},
    {"row_to_json", .call = to_json, .flags = FN_TYPED},
    {"row_to_json_pretty", .call = to_json, .flags = FN_TYPED},
    {"array_to_json", .call = to_json, .flags = FN_TYPED},
    {"array_to_json_pretty", .call = to_json, .flags = FN_TYPED},
    {"to_jsonb", .call = to_jsonb, .flags = FN_TYPED},
    {NULL},
};
