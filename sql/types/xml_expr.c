/*
 * xml_expr.c: the expressions of SQL/XML as functions that no client can name; analysis (parse_xml.c) makes calls of them.
 *
 *   xmlexpr_concat(xml...)                              XMLCONCAT
 *   xmlexpr_element(name, n, n x (name, value), ...)    XMLELEMENT: n attributes, then the content
 *   xmlexpr_forest(name, value, ...)                    XMLFOREST
 *   xmlexpr_parse(text, document)                       XMLPARSE
 *   xmlexpr_pi(name [, text])                           XMLPI
 *   xmlexpr_root(xml, version, standalone)              XMLROOT: standalone 0 yes, 1 no, 2 no value, 3 not given
 *   xmlexpr_serialize(xml, document)                    XMLSERIALIZE
 *   xmlexpr_document(xml)                               IS DOCUMENT
 */
#include <string.h>
#include <strings.h>

#include "sql/types/array.h"
#include "sql/types/json_parse.h"
#include "sql/types/type_catalog.h"
#include "sql/types/typeoid.h"
#include "sql/types/xml.h"

/* --- names ---------------------------------------------------------------------------------------------------- */

static bool is_name_start(uint32_t c)
{
    return c == '_' || c == ':' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= 0xC0 && c != 0xD7 && c != 0xF7);
}

static bool is_name_char(uint32_t c)
{
    return is_name_start(c) || c == '-' || c == '.' || c == 0xB7 || (c >= '0' && c <= '9');
}

const char *xml_name(struct arena *arena, const char *identifier, bool full, bool periods)
{
    struct textbuf out = textbuf_in(arena);
    int len;

    for (const char *p = identifier; *p; p += len) {
        uint32_t c = utf8_decode(p, strlen(p), &len);
        bool first = p == identifier;

        len = len < 1 ? 1 : len;
        if (*p == ':' && (first || full))
            textbuf_addz(&out, "_x003A_");
        else if (*p == '_' && p[1] == 'x')
            textbuf_addz(&out, "_x005F_");
        else if (periods && *p == '.')
            textbuf_addz(&out, "_x002E_");
        else if (full && first && strncasecmp(p, "xml", 3) == 0)
            textbuf_addz(&out, *p == 'x' ? "_x0078_" : "_x0058_");
        else if (first ? !is_name_start(c) : !is_name_char(c))
            textbuf_printf(&out, "_x%04X_", c);
        else
            textbuf_add(&out, p, (size_t)len);
    }
    return arena_strndup(arena, out.p ? out.p : "", out.n);
}

/* --- declarations ------------------------------------------------------------------------------------- */

/* A declaration that says something; version p NULL: none. standalone: 1 yes, 0 no, -1 nothing. */
static bool print_declaration(struct textbuf *out, struct slice version, int standalone)
{
    if ((!version.p || slice_is(version, "1.0")) && standalone == -1)
        return false;
    struct slice shown = version.p ? version : slice_of("1.0");
    textbuf_printf(out, "<?xml version=\"%.*s\"", (int)shown.n, shown.p);
    if (standalone != -1)
        textbuf_addz(out, standalone ? " standalone=\"yes\"" : " standalone=\"no\"");
    textbuf_addz(out, "?>");
    return true;
}

static int standalone_of(const struct xml_declaration *d)
{
    return !d->standalone.p ? -1 : slice_is(d->standalone, "yes");
}

/* What follows the declaration. */
static struct slice rest_of(struct slice text, const struct xml_declaration *d)
{
    return (struct slice){d->end, (size_t)(text.p + text.n - d->end)};
}

static void xmlexpr_concat(struct fcall *f)
{
    struct textbuf body = textbuf_in(f->arena), out = textbuf_in(f->arena);
    struct slice version = {0};
    bool any = false, no_version = false;
    int standalone = 1;
    for (int i = 0; i < f->nargs; i++) {
        struct xml_declaration d;
        if (ARG_NULL(f, i))
            continue;
        struct slice text = arg_slice(f, i), rest;
        any = true;
        if (!xml_read_declaration(text, &d))
            return;
        int s = standalone_of(&d);
        standalone = s < 0 ? -1 : s == 0 && standalone == 1 ? 0 : standalone;
        if (!d.version.p)
            no_version = true;
        else if (!version.p)
            version = d.version;
        else if (d.version.n != version.n || memcmp(d.version.p, version.p, version.n) != 0)
            no_version = true;
        rest = rest_of(text, &d);
        textbuf_add(&body, rest.p, rest.n);
    }
    if (!any)
        return;
    if (!no_version || standalone >= 0)
        print_declaration(&out, no_version ? (struct slice){0} : version, standalone);
    textbuf_add(&out, body.p, body.n);
    textbuf_return(&out, f);
}

static void xmlexpr_root(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    struct xml_declaration d;
    if (ARG_NULL(f, 0))
        return;
    struct slice text = arg_slice(f, 0), rest;
    if (!xml_read_declaration(text, &d))
        return;
    int given = (int)arg_int(f, 2), standalone = given == 0 ? 1 : given == 1 ? 0 : given == 2 ? -1 : standalone_of(&d);
    print_declaration(&out, ARG_NULL(f, 1) ? (struct slice){0} : arg_slice(f, 1), standalone);
    rest = rest_of(text, &d);
    textbuf_add(&out, rest.p, rest.n);
    textbuf_return(&out, f);
}

/* --- values as XML ---------------------------------------------------------------------------------------- */

void xml_add_escaped(struct fcall *f, struct textbuf *out, struct slice s, bool attribute)
{
    size_t work = 0;
    for (size_t i = 0; i < s.n && !work_interrupted(f, &work, 1); i++)
        switch (s.p[i]) {
        case '&': textbuf_addz(out, "&amp;"); break;
        case '<': textbuf_addz(out, "&lt;"); break;
        case '>': textbuf_addz(out, "&gt;"); break;
        case '\r': textbuf_addz(out, attribute ? "&#13;" : "&#x0d;"); break;
        case '"': textbuf_addz(out, attribute ? "&quot;" : "\""); break;
        case '\n': textbuf_addz(out, attribute ? "&#10;" : "\n"); break;
        case '\t': textbuf_addz(out, attribute ? "&#9;" : "\t"); break;
        default: textbuf_addc(out, s.p[i]);
        }
}

/* Dates and times in the form of XML Schema, which is that of JSON. */
static bool iso_value(struct fcall *f, const struct value *v, uint32_t type, struct slice *out)
{
    struct value text;
    if (!fcall_invoke(f, fn_impl_find("to_json"), v, 1, &type, JSONOID, &text))
        return false;
    struct slice s = value_slice(&text, f->arena);
    *out = s.n >= 2 ? (struct slice){s.p + 1, s.n - 2} : s;
    if (!memmem(out->p, out->n, "infinity", 8))
        return true;
    const char *kind = type == DATEOID ? "date" : "timestamp";
    error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "%s out of range", kind);
    error_detail(f->err, "XML does not support infinite %s values.", kind);
    return false;
}

#define BASE64_LINE 72

/* As the setting xmlbinary says: base64 in lines, or hexadecimal digits. */
static bool binary_value(struct fcall *f, const struct value *v, struct textbuf *out)
{
    const char *setting = f->ctx->setting ? f->ctx->setting(f->ctx, "xmlbinary") : NULL;
    bool hex = setting && strcasecmp(setting, "hex") == 0;
    const struct value args[2] = {*v, value_textz(hex ? "hex" : "base64")};
    struct value text;
    if (!fcall_invoke(f, fn_impl_find("binary_encode"), args, 2, NULL, TEXTOID, &text))
        return false;
    struct slice s = value_slice(&text, f->arena);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n')
            continue;
        if (!hex && n && n % BASE64_LINE == 0)
            textbuf_addz(out, "\r\n");
        textbuf_addc(out, hex && s.p[i] >= 'a' ? (char)(s.p[i] - 'a' + 'A') : s.p[i]);
        n++;
    }
    return true;
}

static bool add_array(struct fcall *f, const struct value *v, const struct type_def *t, bool attribute, struct textbuf *out)
{
    struct array a;
    struct textbuf items = textbuf_in(f->arena);
    if (!array_read(f, v, t->elem, &a))
        return false;
    for (int i = 0; i < a.n; i++) {
        if (value_is_null(&a.items[i]))
            continue;
        textbuf_addz(&items, "<element>");
        if (!xml_add_value(f, &a.items[i], t->elem, false, &items))
            return false;
        textbuf_addz(&items, "</element>");
    }
    if (attribute)
        xml_add_escaped(f, out, (struct slice){items.p, items.n}, true);
    else
        textbuf_add(out, items.p, items.n);
    return true;
}

bool xml_add_value(struct fcall *f, const struct value *v, uint32_t type, bool attribute, struct textbuf *out)
{
    const struct type_def *t = type_find(f->ctx, type);
    struct slice s;
    struct value text;
    while (t && t->typtype == 'd')
        t = type_find(f->ctx, t->basetype);
    if (t && type_is_array(t))
        return add_array(f, v, t, attribute, out);
    switch (t ? t->oid : TEXTOID) {
    case BOOLOID:
        textbuf_addz(out, value_integer(v) ? "true" : "false");
        return true;
    case BYTEAOID:
        return binary_value(f, v, out);
    case DATEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
        if (!iso_value(f, v, t->oid, &s))
            return false;
        break;
    default:
        if (t && !type_output(t, v, f->ctx, f->arena, f->err, &text))
            return false;
        s = value_slice(t ? &text : v, f->arena);
    }
    if (t && t->oid == XMLOID && !attribute)
        textbuf_add(out, s.p, s.n);
    else
        xml_add_escaped(f, out, s, attribute);
    return true;
}

static uint32_t arg_type(const struct fcall *f, int i)
{
    return f->argtypes ? f->argtypes[i] : TEXTOID;
}

static void xmlexpr_element(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    struct slice name = arg_slice(f, 0);
    int nattributes = (int)arg_int(f, 1), at = 2;
    bool content = false;
    textbuf_printf(&out, "<%.*s", (int)name.n, name.p);
    for (int i = 0; i < nattributes && at + 1 < f->nargs; i++, at += 2) {
        if (ARG_NULL(f, at + 1))
            continue;
        struct slice attribute = arg_slice(f, at);
        textbuf_printf(&out, " %.*s=\"", (int)attribute.n, attribute.p);
        if (!xml_add_value(f, &f->args[at + 1], arg_type(f, at + 1), true, &out))
            return;
        textbuf_addc(&out, '"');
    }
    for (; at < f->nargs; at++) {
        if (ARG_NULL(f, at))
            continue;
        if (!content)
            textbuf_addc(&out, '>');
        content = true;
        if (!xml_add_value(f, &f->args[at], arg_type(f, at), false, &out))
            return;
    }
    if (content)
        textbuf_printf(&out, "</%.*s>", (int)name.n, name.p);
    else
        textbuf_addz(&out, "/>");
    textbuf_return(&out, f);
}

static void xmlexpr_forest(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    bool any = false;
    for (int i = 0; i + 1 < f->nargs; i += 2) {
        if (ARG_NULL(f, i + 1))
            continue;
        struct slice name = arg_slice(f, i);
        any = true;
        textbuf_printf(&out, "<%.*s>", (int)name.n, name.p);
        if (!xml_add_value(f, &f->args[i + 1], arg_type(f, i + 1), false, &out))
            return;
        textbuf_printf(&out, "</%.*s>", (int)name.n, name.p);
    }
    if (any)
        textbuf_return(&out, f);
}

/* --- the others ----------------------------------------------------------------------------------------------- */

static void xmlexpr_parse(struct fcall *f)
{
    if (!ARG_NULL(f, 0))
        xml_accept(f, arg_slice(f, 0), arg_int(f, 1) != 0);
}

static void xmlexpr_pi(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    struct slice name = arg_slice(f, 0);
    if (slice_is_nocase(name, "xml")) {
        error_set(f->err, ERRCODE_SYNTAX_ERROR, "invalid XML processing instruction");
        error_detail(f->err, "XML processing instruction target name cannot be \"%.*s\".", (int)name.n, name.p);
        return;
    }
    if (f->nargs > 1 && ARG_NULL(f, 1))
        return;
    textbuf_printf(&out, "<?%.*s", (int)name.n, name.p);
    if (f->nargs > 1) {
        struct slice text = arg_slice(f, 1);
        if (memmem(text.p, text.n, "?>", 2)) {
            error_set(f->err, ERRCODE_INVALID_XML_PROCESSING_INSTRUCTION, "invalid XML processing instruction");
            error_detail(f->err, "XML processing instruction cannot contain \"?>\".");
            return;
        }
        while (text.n && *text.p == ' ')
            text = (struct slice){text.p + 1, text.n - 1};
        textbuf_addc(&out, ' ');
        textbuf_add(&out, text.p, text.n);
    }
    textbuf_addz(&out, "?>");
    textbuf_return(&out, f);
}

static void xmlexpr_serialize(struct fcall *f)
{
    if (ARG_NULL(f, 0))
        return;
    struct slice text = arg_slice(f, 0);
    if (arg_int(f, 1) == 0 || xml_is_well_formed_text(f, text, true))
        return_slice(f, text.p, text.n);
    else if (!error_is_set(f->err))
        error_set(f->err, ERRCODE_NOT_AN_XML_DOCUMENT, "not an XML document");
}

static void xmlexpr_document(struct fcall *f)
{
    if (!ARG_NULL(f, 0))
        return_bool(f, xml_is_well_formed_text(f, arg_slice(f, 0), true));
}

const struct fn_impl xml_expr_functions[] = {
    {"xmlexpr_concat", .call = xmlexpr_concat, .flags = FN_CALLED_ON_NULL},
    {"xmlexpr_element", .call = xmlexpr_element, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    {"xmlexpr_forest", .call = xmlexpr_forest, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    {"xmlexpr_parse", .call = xmlexpr_parse, .flags = FN_CALLED_ON_NULL},
    {"xmlexpr_pi", .call = xmlexpr_pi, .flags = FN_CALLED_ON_NULL},
    {"xmlexpr_root", .call = xmlexpr_root, .flags = FN_CALLED_ON_NULL},
    {"xmlexpr_serialize", .call = xmlexpr_serialize, .flags = FN_CALLED_ON_NULL},
    {"xmlexpr_document", .call = xmlexpr_document, .flags = FN_CALLED_ON_NULL},
    {NULL},
};
