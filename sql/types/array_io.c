/*
 * array_io.c: PostgreSQL's literal form of arrays, {1,NULL,"a b"} and [0:1]={1,2}, read and written;
 * array_in, array_out, and the vectors of the catalogs, "1 2 3".
 */
#include <limits.h>
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/type_catalog.h"

struct literal_reader {
    struct fcall *f;
    struct slice whole;
    const char *p, *end;
    const struct type_def *elem;
    int32_t typmod;
    int ndim; /* -1 until the first element shows it */
    int dims[LIMIT_ARRAY_DIMS];
    struct value *items;
    int n, cap;
};

static bool malformed(struct literal_reader *r, const char *detail)
{
    if (error_is_set(r->f->err))
        return false;
    error_set(r->f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "malformed array literal: \"%.*s\"",
              (int)r->whole.n, r->whole.p);
    error_detail(r->f->err, "%s", detail);
    return false;
}

static bool unexpected(struct literal_reader *r, char c)
{
    return malformed(r, arena_printf(r->f->arena, "Unexpected \"%c\" character.", c));
}

static bool ended(struct literal_reader *r)
{
    return malformed(r, "Unexpected end of input.");
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct literal_reader *r)
{
    while (r->p < r->end && is_space(*r->p))
        r->p++;
}

static bool add_item(struct literal_reader *r, struct slice text, bool null)
{
    if (!array_check_size(r->f->err, (int64_t)r->n + 1))
        return false;
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 8;
        struct value *items = ARENA_TRY(r->f->arena, struct value, r->cap);
        if (!items)
            return fcall_check(r->f);
        if (r->n)
            memcpy(items, r->items, sizeof(*items) * (size_t)r->n);
        r->items = items;
    }
    struct value *v = &r->items[r->n++];
    if (null)
        *v = value_null();
    else
        return type_input(r->elem, text.p, text.n, r->typmod, r->f->ctx, r->f->arena, r->f->err, v);
    return true;
}

/* A quoted element; p stands behind the opening quote. */
static bool read_quoted(struct literal_reader *r)
{
    struct textbuf out = textbuf_in(r->f->arena);
    for (;; r->p++) {
        if (r->p >= r->end)
            return ended(r);
        if (*r->p == '"')
            break;
        if (*r->p == '\\' && ++r->p >= r->end)
            return ended(r);
        textbuf_addc(&out, *r->p);
    }
    r->p++;
    skip_space(r);
    if (r->p >= r->end)
        return ended(r);
    if (*r->p == '"' || *r->p == '{')
        return *r->p == '{' ? unexpected(r, '{') : malformed(r, "Unexpected array element.");
    if (*r->p != r->elem->delim && *r->p != '}')
        return malformed(r, "Unexpected array element.");
    return add_item(r, (struct slice){out.n ? out.p : "", out.n}, false);
}

static bool read_unquoted(struct literal_reader *r)
{
    struct textbuf out = textbuf_in(r->f->arena);
    size_t keep = 0;
    bool escaped = false;
    for (; r->p < r->end && *r->p != r->elem->delim && *r->p != '}'; r->p++) {
        if (*r->p == '"')
            return malformed(r, "Unexpected array element.");
        if (*r->p == '{')
            return unexpected(r, '{');
        bool literal = *r->p == '\\';
        if (literal) {
            escaped = true;
            if (++r->p >= r->end)
                return ended(r);
        }
        textbuf_addc(&out, *r->p);
        if (literal || !is_space(*r->p))
            keep = out.n;
    }
    if (r->p >= r->end)
        return ended(r);
    struct slice s = {out.n ? out.p : "", keep};
    return add_item(r, s, !escaped && slice_is_nocase(s, "null"));
}

static bool read_level(struct literal_reader *r, int depth);

/* One element or sub-array at nesting depth (1 = inside the outermost braces). */
static bool read_item(struct literal_reader *r, int depth)
{
    if (*r->p == '{') {
        if (r->ndim >= 0 && depth >= r->ndim)
            return unexpected(r, '{');
        return read_level(r, depth);
    }
    if (r->ndim < 0)
        r->ndim = depth;
    if (depth != r->ndim)
        return malformed(r, "Unexpected array element.");
    if (*r->p == '"') {
        r->p++;
        return read_quoted(r);
    }
    return read_unquoted(r);
}

/* A braced list; p stands on its '{'. */
static bool read_level(struct literal_reader *r, int depth)
{
    int count = 0;
    if (depth >= LIMIT_ARRAY_DIMS)
        return array_check_dimensions(r->f->err, depth + 1);
    r->p++;
    skip_space(r);
    if (r->p >= r->end)
        return ended(r);
    if (*r->p == '}' && depth > 0)
        return unexpected(r, '}');
    while (*r->p != '}' || count > 0) {
        if (*r->p == '}' || *r->p == r->elem->delim)
            return unexpected(r, *r->p);
        if (!read_item(r, depth + 1))
            return false;
        count++;
        skip_space(r);
        if (r->p >= r->end)
            return ended(r);
        if (*r->p == '}')
            break;
        if (*r->p != r->elem->delim)
            return *r->p == '{' ? unexpected(r, '{') : malformed(r, "Unexpected array element.");
        r->p++;
        skip_space(r);
        if (r->p >= r->end)
            return ended(r);
    }
    r->p++;
    if (r->dims[depth] < 0)
        r->dims[depth] = count;
    else if (r->dims[depth] != count)
        return malformed(r, "Multidimensional arrays must have sub-arrays with matching "
                            "dimensions.");
    return true;
}

/* An int4 of the dimension prefix, cut to 32 bits as PostgreSQL's atoi() does; false when there is none. */
static bool read_bound(struct literal_reader *r, int *out)
{
    char *stop;
    size_t n = (size_t)(r->end - r->p);
    char *z = arena_strndup(r->f->arena, r->p, n < 32 ? n : 32);
    long long v = strtoll(z, &stop, 10);
    if (stop == z || is_space(*z))
        return false;
    r->p += stop - z;
    *out = (int)v;
    return true;
}

/* "[1:2][0:3]=" if it is there; *given tells the number of dimensions. */
static bool read_dimensions(struct literal_reader *r, int *given, int *dims, int *lower)
{
    *given = 0;
    for (;;) {
        skip_space(r);
        if (r->p >= r->end || *r->p != '[')
            break;
        r->p++;
        if (*given == LIMIT_ARRAY_DIMS)
            return array_check_dimensions(r->f->err, *given + 1);
        int a, b;
        if (!read_bound(r, &a))
            return malformed(r, "\"[\" must introduce explicitly-specified array dimensions.");
        if (r->p < r->end && *r->p == ':') {
            r->p++;
            if (!read_bound(r, &b))
                return malformed(r, "Missing array dimension value.");
        } else {
            b = a;
            a = 1;
        }
        if (r->p >= r->end || *r->p != ']')
            return malformed(r, "Missing \"]\" after array dimensions.");
        r->p++;
        if (b < a)
            return error_set(r->f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                             "upper bound cannot be less than lower bound");
        lower[*given] = a;
        dims[*given] = (int)((int64_t)b - a + 1);
        ++*given;
    }
    if (*given == 0) {
        if (r->p >= r->end || *r->p != '{')
            return malformed(r, "Array value must start with \"{\" or dimension information.");
        return true;
    }
    if (r->p >= r->end || *r->p != '=')
        return malformed(r, "Missing \"=\" after array dimensions.");
    r->p++;
    skip_space(r);
    if (r->p >= r->end || *r->p != '{')
        return malformed(r, "Array contents must start with \"{\".");
    return true;
}

bool array_from_literal(struct fcall *f, struct slice s, const struct type_def *elem,
                        int32_t typmod, struct array *out)
{
    struct literal_reader r = {.f = f,
                               .whole = s,
                               .p = s.p,
                               .end = s.p + s.n,
                               .elem = elem,
                               .typmod = typmod,
                               .ndim = -1};
    int given, dims[LIMIT_ARRAY_DIMS], lower[LIMIT_ARRAY_DIMS];
    for (int d = 0; d < LIMIT_ARRAY_DIMS; d++)
        r.dims[d] = -1;
    if (!read_dimensions(&r, &given, dims, lower) || !read_level(&r, 0))
        return false;
    skip_space(&r);
    if (r.p < r.end)
        return malformed(&r, "Junk after closing right brace.");
    *out = (struct array){.elem = elem, .ndim = r.n ? r.ndim : 0, .n = r.n, .items = r.items};
    if (given && (given != out->ndim || memcmp(dims, r.dims, sizeof(int) * (size_t)given) != 0))
        return malformed(&r, "Specified array dimensions do not match array contents.");
    for (int d = 0; d < out->ndim; d++) {
        out->dims[d] = r.dims[d];
        out->lower[d] = given ? lower[d] : 1;
    }
    return array_check_bounds(f->err, out);
}

/* --- output ------------------------------------------------------------------------------------ */

static bool needs_quotes(struct slice s, char delim)
{
    if (s.n == 0 || slice_is_nocase(s, "null"))
        return true;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '{' || s.p[i] == '}' ||
            s.p[i] == delim || is_space(s.p[i]))
            return true;
    return false;
}

static bool write_item(struct fcall *f, const struct array *a, const struct value *v,
                       struct textbuf *out)
{
    if (value_is_null(v)) {
        textbuf_addz(out, "NULL");
        return true;
    }
    struct value text;
    if (!type_output(a->elem, v, f->ctx, f->arena, f->err, &text))
        return false;
    struct slice s = value_slice(&text, f->arena);
    if (!needs_quotes(s, a->elem->delim)) {
        textbuf_add(out, s.p, s.n);
        return true;
    }
    textbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            textbuf_addc(out, '\\');
        textbuf_addc(out, s.p[i]);
    }
    textbuf_addc(out, '"');
    return true;
}

static bool write_level(struct fcall *f, const struct array *a, int depth, int *item,
                        struct textbuf *out)
{
    textbuf_addc(out, '{');
    for (int i = 0; i < a->dims[depth]; i++) {
        if (i)
            textbuf_addc(out, a->elem->delim);
        if (depth + 1 < a->ndim ? !write_level(f, a, depth + 1, item, out)
                                : !write_item(f, a, &a->items[(*item)++], out))
            return false;
    }
    textbuf_addc(out, '}');
    return true;
}

bool array_to_literal(struct fcall *f, const struct array *a, struct textbuf *out)
{
    bool bounds = false;
    if (a->ndim == 0) {
        textbuf_addz(out, "{}");
        return true;
    }
    for (int d = 0; d < a->ndim; d++)
        bounds = bounds || a->lower[d] != 1;
    for (int d = 0; bounds && d < a->ndim; d++)
        textbuf_printf(out, "[%d:%d]", a->lower[d], a->lower[d] + (a->dims[d] - 1));
    if (bounds)
        textbuf_addc(out, '=');
    int item = 0;
    return write_level(f, a, 0, &item, out);
}

/* --- functions --------------------------------------------------------------------------------- */

static void array_in(struct fcall *f)
{
    const struct type_def *elem = type_find(f->ctx, (uint32_t)arg_int(f, 1));
    struct array a;
    if (!elem)
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "cache lookup failed for type %lld",
                  (long long)arg_int(f, 1));
    else if (array_from_literal(f, arg_slice(f, 0), elem, arg_typmod(f), &a))
        array_return(f, &a);
}

static void array_out(struct fcall *f)
{
    struct array a;
    struct textbuf out = textbuf_in(f->arena);
    if (array_read_arg(f, 0, &a) && array_to_literal(f, &a, &out))
        textbuf_return(&out, f);
}

/* Numbers between blanks, each read by the element type's own input. */
static void vector_in(struct fcall *f, uint32_t elemtype)
{
    const struct type_def *elem = type_builtin(elemtype);
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    for (size_t i = 0; i < s.n;) {
        size_t start = i;
        while (i < s.n && !is_space(s.p[i]))
            i++;
        if (i > start) {
            struct value v;
            if (!type_input(elem, s.p + start, i - start, -1, f->ctx, f->arena, f->err, &v))
                return;
            textbuf_printf(&out, "%s%lld", out.n ? " " : "", (long long)value_integer(&v));
        }
        while (i < s.n && is_space(s.p[i]))
            i++;
    }
    textbuf_return(&out, f);
}

static void int2vectorin(struct fcall *f)
{
    vector_in(f, INT2OID);
}

static void oidvectorin(struct fcall *f)
{
    vector_in(f, OIDOID);
}

static void vector_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* Arrays of columns that hold any type's, pg_statistic's: their elements are kept as text. */
static void anyarray_out(struct fcall *f)
{
    struct array a;
    struct textbuf out = textbuf_in(f->arena);
    if (array_read(f, &f->args[0], TEXTOID, &a) && array_to_literal(f, &a, &out))
        textbuf_return(&out, f);
}

static void anyarray_in(struct fcall *f)
{
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot accept a value of type %s",
              "anyarray");
}

const struct fn_impl array_io_functions[] = {
    {"array_in", .call = array_in},
    {"array_out", .call = array_out, .flags = FN_TYPED},
    {"anyarray_in", .call = anyarray_in},
    {"anyarray_out", .call = anyarray_out},
    {"anycompatiblearray_in", .call = anyarray_in},
    {"anycompatiblearray_out", .call = array_out, .flags = FN_TYPED},
    {"int2vectorin", .call = int2vectorin},
    {"int2vectorout", .call = vector_out},
    {"oidvectorin", .call = oidvectorin},
    {"oidvectorout", .call = vector_out},
    {NULL},
};
