/* string_format.c: concat, concat_ws, format; quoting of literals and identifiers; unistr, parse_ident. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/identifier.h"
#include "sql/types/text_util.h"
#include "sql/types/type_catalog.h"

/* --- arguments of VARIADIC "any" ------------------------------------------------------------- */

struct any_list {
    const struct value *values;
    const uint32_t *types;
    int n;
    uint32_t elem; /* of a VARIADIC array, in place of types */
};

/* The arguments from first on; with VARIADIC the elements of the array given there. False: it is NULL or an error
   was set. */
static bool any_arguments(struct fcall *f, int first, struct any_list *out)
{
    if (!f->variadic) {
        *out = (struct any_list){f->args + first, f->argtypes + first, f->nargs - first, 0};
        return true;
    }
    struct array a;
    if (ARG_NULL(f, first) || !array_read_arg(f, first, &a))
        return false;
    *out = (struct any_list){.values = a.items, .n = a.n, .elem = a.elem->oid};
    return true;
}

static bool any_output(struct fcall *f, const struct any_list *list, int i, struct slice *out)
{
    uint32_t type = list->elem ? list->elem : list->types[i];
    return value_output(f, &list->values[i], type, out);
}

static void concat(struct fcall *f, int first, struct slice separator)
{
    struct any_list list;
    struct textbuf out = textbuf_in(f->arena);
    bool started = false;
    if (!any_arguments(f, first, &list))
        return;
    for (int i = 0; i < list.n; i++) {
        struct slice s;
        if (value_is_null(&list.values[i]))
            continue;
        if (!any_output(f, &list, i, &s))
            return;
        if (started)
            textbuf_add(&out, separator.p, separator.n);
        textbuf_add(&out, s.p, s.n);
        started = true;
    }
    textbuf_return(&out, f);
}

static void text_concat(struct fcall *f)
{
    concat(f, 0, (struct slice){"", 0});
}

static void text_concat_ws(struct fcall *f)
{
    if (!ARG_NULL(f, 0))
        concat(f, 1, arg_slice(f, 0));
}

/* --- quoting ------------------------------------------------------------------------------------ */

void string_quote_literal(struct textbuf *out, struct slice s)
{
    if (s.n && memchr(s.p, '\\', s.n))
        textbuf_addc(out, 'E');
    textbuf_addc(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'' || s.p[i] == '\\')
            textbuf_addc(out, s.p[i]);
        textbuf_addc(out, s.p[i]);
    }
    textbuf_addc(out, '\'');
}

static void quote_ident(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    identifier_add(&out, arg_slice(f, 0));
    textbuf_return(&out, f);
}

static void quote_literal(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    string_quote_literal(&out, arg_slice(f, 0));
    textbuf_return(&out, f);
}

static void quote_nullable(struct fcall *f)
{
    if (ARG_NULL(f, 0))
        fcall_return_textz(f, "NULL");
    else
        quote_literal(f);
}

static void quote_any(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    struct slice s;
    if (value_cast_text(f, &f->args[0], f->argtypes[0], &s)) {
        string_quote_literal(&out, s);
        textbuf_return(&out, f);
    }
}

static void quote_any_nullable(struct fcall *f)
{
    if (ARG_NULL(f, 0))
        fcall_return_textz(f, "NULL");
    else
        quote_any(f);
}

/* --- format ----------------------------------------------------------------------------------------- */

struct format_spec {
    int position;       /* argument number, 0 = the next */
    int width_position; /* of a * width: -1 none, 0 the next */
    int width;
    bool left;
    char type;
};

static bool bad_specifier(struct fcall *f)
{
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unterminated format() type specifier");
    error_hint(f->err, "For a single \"%%\" use \"%%%%\".");
    return false;
}

/* Digits at *p, if any. False after an overflow error. */
static bool format_digits(struct fcall *f, const char **p, const char *end, int *out, bool *found)
{
    int64_t v = 0;
    *found = false;
    for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
        *found = true;
        v = v * 10 + (**p - '0');
        if (v > INT_MAX)
            return error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range");
    }
    *out = (int)v;
    return *p < end || bad_specifier(f);
}

static bool zero_position(struct fcall *f)
{
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                     "format specifies argument 0, but arguments are numbered from 1");
}

/* %[position$][flags][width]type, behind the %. */
static bool format_parse(struct fcall *f, const char **p, const char *end, struct format_spec *spec)
{
    int n;
    bool found;
    *spec = (struct format_spec){.width_position = -1};
    if (!format_digits(f, p, end, &n, &found))
        return false;
    if (found && **p != '$') {
        spec->width = n;
        spec->type = **p;
        return true;
    }
    if (found) {
        if (n == 0)
            return zero_position(f);
        spec->position = n;
        if (++*p >= end)
            return bad_specifier(f);
    }
    for (; **p == '-';) {
        spec->left = true;
        if (++*p >= end)
            return bad_specifier(f);
    }
    if (**p == '*') {
        if (++*p >= end)
            return bad_specifier(f);
        if (!format_digits(f, p, end, &n, &found))
            return false;
        spec->width_position = 0;
        if (found) {
            if (**p != '$') {
                error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                          "width argument position must be ended by \"$\"");
                return false;
            }
            if (n == 0)
                return zero_position(f);
            spec->width_position = n;
            if (++*p >= end)
                return bad_specifier(f);
        }
    } else if (!format_digits(f, p, end, &spec->width, &found)) {
        return false;
    }
    spec->type = **p;
    return true;
}

/* The width from its argument: negative means left-aligned, NULL means none. */
static bool format_width(struct fcall *f, const struct any_list *list, int at,
                         struct format_spec *spec)
{
    struct slice s;
    if (value_is_null(&list->values[at]))
        return true;
    if (!any_output(f, list, at, &s))
        return false;
    struct value v;
    if (!type_input(type_builtin(INT4OID), s.p, s.n, -1, f->ctx, f->arena, f->err, &v))
        return false;
    int64_t width = value_integer(&v);
    spec->left = spec->left || width < 0;
    spec->width = (int)(width < 0 ? -width : width);
    return true;
}

#define PAD_STEP ((size_t)1 << 20)

static bool format_argument(struct fcall *f, const struct any_list *list, int at,
                            const struct format_spec *spec, struct textbuf *out)
{
    struct textbuf piece = textbuf_in(f->arena);
    struct slice s = {"", 0};
    bool null = value_is_null(&list->values[at]);
    if (null && spec->type == 'I')
        return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                         "null values cannot be formatted as an SQL identifier");
    if (!null && !any_output(f, list, at, &s))
        return false;
    if (spec->type == 's')
        textbuf_add(&piece, s.p, s.n);
    else if (spec->type == 'I')
        identifier_add(&piece, s);
    else if (null)
        textbuf_addz(&piece, "NULL");
    else
        string_quote_literal(&piece, s);
    size_t chars = utf8_length(piece.p ? piece.p : "", piece.n);
    size_t pad = (size_t)spec->width > chars ? (size_t)spec->width - chars : 0;
    if (!value_size_check(out->n + pad + piece.n, f->err))
        return false;
    if (spec->left)
        textbuf_add(out, piece.p, piece.n);
    char *blanks = textbuf_reserve(out, pad);
    if (!blanks && pad)
        return false;
    size_t work = 0;
    for (size_t done = 0, step; done < pad; done += step) {
        step = pad - done < PAD_STEP ? pad - done : PAD_STEP;
        memset(blanks + done, ' ', step);
        if (work_interrupted(f, &work, step))
            return false;
    }
    out->n += pad;
    if (!spec->left)
        textbuf_add(out, piece.p, piece.n);
    return true;
}

static bool too_few(struct fcall *f)
{
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "too few arguments for format()");
}

static bool format_one(struct fcall *f, const struct any_list *list, struct format_spec *spec,
                       int *next, struct textbuf *out)
{
    if (!strchr("sIL", spec->type)) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "unrecognized format() type specifier \"%c\"", spec->type);
        error_hint(f->err, "For a single \"%%\" use \"%%%%\".");
        return false;
    }
    if (spec->width_position >= 0) {
        if (spec->width_position > 0)
            *next = spec->width_position - 1;
        if (*next >= list->n)
            return too_few(f);
        if (!format_width(f, list, (*next)++, spec))
            return false;
    }
    if (spec->position > 0)
        *next = spec->position - 1;
    if (*next >= list->n)
        return too_few(f);
    return format_argument(f, list, (*next)++, spec, out);
}

static void text_format(struct fcall *f)
{
    if (ARG_NULL(f, 0))
        return;
    struct any_list list = {0};
    if (f->nargs > 1 && !any_arguments(f, 1, &list) && error_is_set(f->err))
        return;
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    const char *p = s.p, *end = s.p + s.n;
    for (int next = 0; p < end; p++) {
        struct format_spec spec;
        if (*p != '%') {
            textbuf_addc(&out, *p);
            continue;
        }
        if (++p >= end) {
            bad_specifier(f);
            return;
        }
        if (*p == '%') {
            textbuf_addc(&out, '%');
            continue;
        }
        if (!format_parse(f, &p, end, &spec) || !format_one(f, &list, &spec, &next, &out))
            return;
    }
    textbuf_return(&out, f);
}

/* --- unistr --------------------------------------------------------------------------------------------- */

static bool bad_unicode(struct fcall *f, const char *message)
{
    error_set(f->err, ERRCODE_SYNTAX_ERROR, "%s", message);
    if (strcmp(message, "invalid Unicode escape") == 0)
        error_hint(f->err, "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
    return false;
}

/* The code point of the escape at p (a backslash); *len is its length. */
static bool unicode_escape(struct fcall *f, struct slice s, uint32_t *c, size_t *len)
{
    size_t prefix = 1, digits = 4;
    if (s.n > 1 && (s.p[1] == '+' || s.p[1] == 'u' || s.p[1] == 'U')) {
        prefix = 2;
        digits = s.p[1] == '+' ? 6 : s.p[1] == 'u' ? 4 : 8;
    }
    if (s.n < prefix + digits)
        return bad_unicode(f, "invalid Unicode escape");
    char *hex = arena_strndup(f->arena, s.p + prefix, digits), *stop;
    *c = (uint32_t)strtoul(hex, &stop, 16);
    if (*stop || strspn(hex, "0123456789abcdefABCDEF") != digits)
        return bad_unicode(f, "invalid Unicode escape");
    if (*c == 0 || *c > 0x10ffff)
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid Unicode code point: %04X",
                         *c);
    *len = prefix + digits;
    return true;
}

static void unistr(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    uint32_t high = 0, c;
    while (s.n) {
        size_t len = 1;
        bool escape = s.p[0] == '\\' && !(s.n > 1 && s.p[1] == '\\');
        if (escape) {
            if (!unicode_escape(f, s, &c, &len))
                return;
            bool low = c >= 0xdc00 && c <= 0xdfff;
            if ((high != 0) != low) {
                bad_unicode(f, "invalid Unicode surrogate pair");
                return;
            }
            if (c >= 0xd800 && c <= 0xdbff) {
                high = c;
            } else {
                textbuf_adduc(&out, low ? 0x10000 + ((high & 0x3ff) << 10) + (c & 0x3ff) : c);
                high = 0;
            }
        } else if (high) {
            break;
        } else {
            textbuf_addc(&out, s.p[0]);
            len = s.p[0] == '\\' ? 2 : 1;
        }
        s.p += len;
        s.n -= len;
    }
    if (high)
        bad_unicode(f, "invalid Unicode surrogate pair");
    else
        textbuf_return(&out, f);
}

/* --- parse_ident ------------------------------------------------------------------------------------------ */

static void not_identifier(struct fcall *f, const char *detail)
{
    struct slice s = arg_slice(f, 0);
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "string is not a valid identifier: \"%.*s\"",
              (int)s.n, s.p);
    if (detail)
        error_detail(f->err, "%s", detail);
}

static bool ident_start(char c)
{
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c & 0x80);
}

static bool ident_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One part of a name at *p; false when there is none (or an error was set). */
static bool ident_part(struct fcall *f, const char **p, const char *end, struct value *out)
{
    struct textbuf part = textbuf_in(f->arena);
    const char *s = *p;
    if (s < end && *s == '"') {
        for (s++;; s++) {
            if (s >= end) {
                not_identifier(f, "String has unclosed double quotes.");
                return false;
            }
            if (*s == '"' && (s + 1 >= end || *++s != '"'))
                break;
            textbuf_addc(&part, *s);
        }
        if (s < end && *s == '"')
            s++;
        if (part.n == 0) {
            not_identifier(f, "Quoted identifier must not be empty.");
            return false;
        }
    } else {
        if (s >= end || !ident_start(*s))
            return false;
        for (; s < end && (ident_start(*s) || (*s >= '0' && *s <= '9') || *s == '$'); s++)
            textbuf_addc(&part, *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s);
    }
    *p = s;
    *out = textbuf_value(&part);
    return true;
}

static void parse_ident(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    bool strict = arg_int(f, 1) != 0, after_dot = false;
    const char *p = s.p, *end = s.p + s.n;
    struct value *parts = ARENA_ARRAY(f->arena, struct value, s.n + 1);
    int n = 0;
    for (;;) {
        while (p < end && ident_space(*p))
            p++;
        const char *start = p;
        if (!ident_part(f, &p, end, &parts[n])) {
            if (error_is_set(f->err))
                return;
            not_identifier(f, start < end && *start == '.' ? "No valid identifier before \".\"."
                              : after_dot                  ? "No valid identifier after \".\"."
                                                           : NULL);
            return;
        }
        n++;
        while (p < end && ident_space(*p))
            p++;
        if (p >= end || *p != '.')
            break;
        after_dot = true;
        p++;
    }
    if (p < end && strict) {
        not_identifier(f, NULL);
        return;
    }
    array_return_texts(f, parts, n);
}

const struct fn_impl string_format_functions[] = {
    {"text_concat", .call = text_concat, .flags = FN_TYPED},
    {"text_concat_ws", .call = text_concat_ws, .flags = FN_TYPED},
    {"text_format", .call = text_format, .flags = FN_TYPED},
    {"text_format_nv", .call = text_format, .flags = FN_TYPED},
    {"quote_ident", .call = quote_ident},
    {"quote_literal", .call = quote_literal},
    {"quote_nullable", .call = quote_nullable},
    {"quote_literal(anyelement)", .call = quote_any, .flags = FN_TYPED},
    {"quote_nullable(anyelement)", .call = quote_any_nullable, .flags = FN_TYPED},
    {"unistr", .call = unistr},
    {"parse_ident", .call = parse_ident},
    {NULL},
};
