/*
 * xml.c: the type xml: text that is well-formed XML content. Elements must nest, attributes be quoted and unique, references be
 * known; a document has one root element. DTDs are skipped over, not read.
 */
#include <stdlib.h>

#include "sql/base/log.h"
#include "sql/types/xml.h"

/* libxml's own limit. */
#define XML_DEPTH_MAXIMUM 256

struct scanner {
    struct fcall *f;
    const char *p, *end;
    struct slice open[XML_DEPTH_MAXIMUM]; /* names of the elements around */
    int depth;
    int roots; /* elements at the outermost level */
    bool text; /* character data other than blanks outside of elements */
    bool doctype;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool starts(const struct scanner *s, const char *z)
{
    size_t n = strlen(z);
    return (size_t)(s->end - s->p) >= n && memcmp(s->p, z, n) == 0;
}

static bool skip_blanks(struct scanner *s)
{
    const char *from = s->p;
    while (s->p < s->end && is_space(*s->p))
        s->p++;
    return s->p > from;
}

/* Up to and with the mark; false when it does not come. */
static bool skip_past(struct scanner *s, const char *mark)
{
    size_t n = strlen(mark);
    const char *hit = memmem(s->p, (size_t)(s->end - s->p), mark, n);
    if (hit)
        s->p = hit + n;
    return hit != NULL;
}

static bool name_start(char c)
{
    return (c & 0x80) || c == '_' || c == ':' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_name(struct scanner *s, struct slice *name)
{
    const char *from = s->p;
    if (s->p >= s->end || !name_start(*s->p))
        return false;
    while (s->p < s->end && (name_start(*s->p) || *s->p == '-' || *s->p == '.' || (*s->p >= '0' && *s->p <= '9')))
        s->p++;
    *name = (struct slice){from, (size_t)(s->p - from)};
    return true;
}

/* The code point of &#...; is a character of XML. */
static bool valid_code(uint32_t c)
{
    return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xd800) || (c >= 0xe000 && c < 0xfffe) ||
           (c >= 0x10000 && c < 0x110000);
}

/* #38; or #x26; */
static bool take_code(struct scanner *s)
{
    bool hex = ++s->p < s->end && *s->p == 'x';
    const char *digits = s->p += hex;
    uint32_t c = 0;
    for (; s->p < s->end && c < 0x110000; s->p++) {
        int low = *s->p | 0x20;
        if (*s->p >= '0' && *s->p <= '9')
            c = c * (hex ? 16 : 10) + (uint32_t)(*s->p - '0');
        else if (hex && low >= 'a' && low <= 'f')
            c = c * 16 + (uint32_t)(low - 'a' + 10);
        else
            break;
    }
    return s->p > digits && s->p < s->end && *s->p++ == ';' && valid_code(c);
}

static bool take_reference(struct scanner *s)
{
    static const char *const known[] = {"lt", "gt", "amp", "apos", "quot"};
    struct slice name;
    s->p++;
    if (s->p < s->end && *s->p == '#')
        return take_code(s);
    if (!take_name(s, &name) || s->p >= s->end || *s->p++ != ';')
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (slice_is(name, known[i]))
            return true;
    return s->doctype; /* the DTD may declare it */
}

/* A character of text or of an attribute. */
static bool take_char(struct scanner *s)
{
    if (*s->p == '&')
        return take_reference(s);
    if ((unsigned char)*s->p < 0x20 && !is_space(*s->p))
        return false;
    s->p++;
    return true;
}

static bool take_value(struct scanner *s)
{
    char quote = s->p < s->end ? *s->p : 0;
    if (quote != '"' && quote != '\'')
        return false;
    for (s->p++; s->p < s->end && *s->p != quote;)
        if (*s->p == '<' || !take_char(s))
            return false;
    return s->p < s->end && *s->p++ == quote;
}

/* name = "value" ..., each once. */
static bool take_attributes(struct scanner *s)
{
    struct slice *names = NULL;
    int n = 0, cap = 0;
    for (;;) {
        bool blank = skip_blanks(s);
        struct slice name;
        if (s->p >= s->end)
            return false;
        if (*s->p == '>' || *s->p == '/')
            return true;
        if (!blank || !take_name(s, &name))
            return false;
        for (int i = 0; i < n; i++)
            if (slice_equal(names[i], name))
                return false;
        if (n == cap) {
            cap = cap ? cap * 2 : 8;
            struct slice *grown = ARENA_ARRAY(s->f->arena, struct slice, cap);
            if (n)
                memcpy(grown, names, sizeof(*grown) * (size_t)n);
            names = grown;
        }
        names[n++] = name;
        skip_blanks(s);
        if (s->p >= s->end || *s->p++ != '=')
            return false;
        skip_blanks(s);
        if (!take_value(s))
            return false;
    }
}

static bool take_element(struct scanner *s)
{
    struct slice name;
    s->p++;
    if (!take_name(s, &name) || !take_attributes(s))
        return false;
    s->roots += s->depth == 0;
    if (*s->p == '/') {
        s->p++;
        return s->p < s->end && *s->p++ == '>';
    }
    s->p++;
    if (s->depth == XML_DEPTH_MAXIMUM)
        return false;
    s->open[s->depth++] = name;
    return true;
}

static bool take_end(struct scanner *s)
{
    struct slice name;
    s->p += 2;
    if (!take_name(s, &name) || s->depth == 0 || !slice_equal(name, s->open[s->depth - 1]))
        return false;
    skip_blanks(s);
    s->depth--;
    return s->p < s->end && *s->p++ == '>';
}

static bool take_comment(struct scanner *s)
{
    s->p += 4;
    return skip_past(s, "--") && s->p < s->end && *s->p++ == '>';
}

static bool take_instruction(struct scanner *s)
{
    struct slice target;
    s->p += 2;
    if (!take_name(s, &target) || slice_is_nocase(target, "xml"))
        return false;
    if (!starts(s, "?>") && !skip_blanks(s))
        return false;
    return skip_past(s, "?>");
}

/* <!DOCTYPE ...>, with what stands in brackets. */
static bool take_doctype(struct scanner *s)
{
    int depth = 0;
    for (char quote = 0; s->p < s->end; s->p++) {
        if (quote) {
            quote = *s->p == quote ? 0 : quote;
        } else if (*s->p == '"' || *s->p == '\'') {
            quote = *s->p;
        } else if (*s->p == '[' || *s->p == ']') {
            depth += *s->p == '[' ? 1 : -1;
        } else if (*s->p == '>' && depth == 0) {
            s->p++;
            s->doctype = true;
            return true;
        }
    }
    return false;
}

static bool take_text(struct scanner *s)
{
    bool blank = is_space(*s->p);
    if (starts(s, "]]>") || !take_char(s))
        return false;
    s->text |= s->depth == 0 && !blank;
    return true;
}

static bool declared(struct scanner *s, const char *name, struct slice *value)
{
    const char *from = s->p;
    skip_blanks(s);
    if (!starts(s, name)) {
        s->p = from;
        return true;
    }
    s->p += strlen(name);
    skip_blanks(s);
    if (s->p >= s->end || *s->p++ != '=')
        return false;
    skip_blanks(s);
    const char *open = s->p;
    if (!take_value(s))
        return false;
    *value = (struct slice){open + 1, (size_t)(s->p - open - 2)};
    return true;
}

static bool take_declaration(struct scanner *s, struct xml_declaration *d)
{
    *d = (struct xml_declaration){.end = s->p};
    if (!starts(s, "<?xml") || s->end - s->p < 6 || !is_space(s->p[5]))
        return true;
    s->p += 5;
    if (!declared(s, "version", &d->version) || !declared(s, "encoding", &d->encoding) ||
        !declared(s, "standalone", &d->standalone))
        return false;
    if (!d->version.p || (d->standalone.p && !slice_is(d->standalone, "yes") && !slice_is(d->standalone, "no")))
        return false;
    skip_blanks(s);
    if (!starts(s, "?>"))
        return false;
    s->p += 2;
    d->end = s->p;
    return true;
}

bool xml_read_declaration(struct fcall *f, struct slice text, struct xml_declaration *d)
{
    struct scanner s = {.f = f, .p = text.p, .end = text.p + text.n};
    return take_declaration(&s, d);
}

static bool scan(struct scanner *s)
{
    struct xml_declaration d;
    size_t work = 0;
    if (!take_declaration(s, &d))
        return false;
    while (s->p < s->end) {
        bool ok;
        if (work_interrupted(s->f, &work, 1))
            return false;
        if (*s->p != '<')
            ok = take_text(s);
        else if (starts(s, "</"))
            ok = take_end(s);
        else if (starts(s, "<!--"))
            ok = take_comment(s);
        else if (starts(s, "<?"))
            ok = take_instruction(s);
        else if (starts(s, "<![CDATA["))
            ok = s->depth > 0 || !s->doctype ? (s->text |= s->depth == 0, skip_past(s, "]]>")) : false;
        else if (starts(s, "<!DOCTYPE"))
            ok = s->depth == 0 && s->roots == 0 && !s->text && !s->doctype && take_doctype(s);
        else
            ok = take_element(s);
        if (!ok)
            return false;
    }
    return s->depth == 0;
}

/* A document has one root and no text around it; content with a DTD is a document. */
bool xml_is_well_formed_text(struct fcall *f, struct slice text, bool document)
{
    struct scanner s = {.f = f, .p = text.p, .end = text.p + text.n};
    if (!scan(&s))
        return false;
    return !(document || s.doctype) || (s.roots == 1 && !s.text);
}

static bool option_document(struct fcall *f)
{
    const char *v = f->ctx->setting ? f->ctx->setting(f->ctx, "xmloption") : NULL;
    return v && strcasecmp(v, "document") == 0;
}

void xml_accept(struct fcall *f, struct slice text, bool document)
{
    if (xml_is_well_formed_text(f, text, document))
        return_slice(f, text.p, text.n);
    else if (!error_is_set(f->err))
        error_set(f->err, document ? ERRCODE_INVALID_XML_DOCUMENT : ERRCODE_INVALID_XML_CONTENT,
                  document ? "invalid XML document" : "invalid XML content");
}

static void xml_in(struct fcall *f)
{
    xml_accept(f, arg_slice(f, 0), option_document(f));
}

static void xml_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (utf8_verify(s.p, s.n, f->err))
        xml_accept(f, s, option_document(f));
}

/* Without a declaration that says nothing, and without its encoding. */
static struct slice shown(struct fcall *f, struct slice text)
{
    struct scanner s = {.f = f, .p = text.p, .end = text.p + text.n};
    struct xml_declaration d;
    if (!take_declaration(&s, &d) || d.end == text.p)
        return text;
    struct textbuf out = textbuf_in(f->arena);
    struct slice rest = {d.end, (size_t)(text.p + text.n - d.end)};
    if (!slice_is(d.version, "1.0") || d.standalone.p) {
        textbuf_printf(&out, "<?xml version=\"%.*s\"", (int)d.version.n, d.version.p);
        if (d.standalone.p)
            textbuf_printf(&out, " standalone=\"%.*s\"", (int)d.standalone.n, d.standalone.p);
        textbuf_addz(&out, "?>");
    } else if (rest.n && rest.p[0] == '\n') {
        rest.p++;
        rest.n--;
    }
    textbuf_add(&out, rest.p, rest.n);
    return (struct slice){out.n ? out.p : "", out.n};
}

static void xml_out(struct fcall *f)
{
    struct slice s = shown(f, arg_slice(f, 0));
    return_slice(f, s.p, s.n);
}

static void xml_send(struct fcall *f)
{
    struct slice s = shown(f, arg_slice(f, 0));
    f->result = value_blob(s.p, s.n);
}

static void xmltotext(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void xml_is_well_formed(struct fcall *f)
{
    return_bool(f, xml_is_well_formed_text(f, arg_slice(f, 0), option_document(f)));
}

static void xml_is_well_formed_document(struct fcall *f)
{
    return_bool(f, xml_is_well_formed_text(f, arg_slice(f, 0), true));
}

static void xml_is_well_formed_content(struct fcall *f)
{
    return_bool(f, xml_is_well_formed_text(f, arg_slice(f, 0), false));
}

static void xmlcomment(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (memmem(s.p, s.n, "--", 2) || (s.n && s.p[s.n - 1] == '-')) {
        error_set(f->err, ERRCODE_INVALID_XML_COMMENT, "invalid XML comment");
        return;
    }
    struct textbuf out = textbuf_in(f->arena);
    textbuf_addz(&out, "<!--");
    textbuf_add(&out, s.p, s.n);
    textbuf_addz(&out, "-->");
    textbuf_return(&out, f);
}

/* One after the other, without declarations. */
static void xmlconcat2(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    for (int i = 0; i < 2; i++) {
        if (ARG_NULL(f, i))
            continue;
        struct slice s = shown(f, arg_slice(f, i));
        textbuf_add(&out, s.p, s.n);
    }
    if (!ARG_NULL(f, 0) || !ARG_NULL(f, 1))
        textbuf_return(&out, f);
}

/* xmlagg: the same over rows. */
struct xmlagg_state {
    char *p;
    size_t n, cap;
    bool any;
};

static void xmlagg_step(struct fcall *f, void *state)
{
    struct xmlagg_state *st = state;
    if (ARG_NULL(f, 0))
        return;
    struct slice s = shown(f, arg_slice(f, 0));
    if (!value_size_check(st->n + s.n, f->err))
        return;
    if (st->cap - st->n < s.n) {
        st->cap = (st->cap + s.n + 16) * 2;
        char *grown = realloc(st->p, st->cap);
        if (!grown)
            log_fatal("out of memory (%zu bytes)", st->cap);
        st->p = grown;
    }
    if (s.n)
        memcpy(st->p + st->n, s.p, s.n);
    st->n += s.n;
    st->any = true;
}

static void xmlagg_final(struct fcall *f, void *state)
{
    struct xmlagg_state *st = state;
    if (st->any)
        fcall_return_text(f, st->p ? st->p : "", st->n);
}

static void xmlagg_destroy(void *state)
{
    free(((struct xmlagg_state *)state)->p);
}

static const struct agg_impl xmlagg = {
    .state_size = sizeof(struct xmlagg_state),
    .step = xmlagg_step,
    .final = xmlagg_final,
    .destroy = xmlagg_destroy,
};

const struct fn_impl xml_functions[] = {
    {"xmlagg(xml)", .agg = &xmlagg},
    {"xml_in", .call = xml_in},
    {"xml_out", .call = xml_out},
    {"xml_recv", .call = xml_recv},
    {"xml_send", .call = xml_send},
    {"texttoxml", .call = xml_in},
    {"xmltotext", .call = xmltotext},
    {"xml_is_well_formed", .call = xml_is_well_formed},
    {"xml_is_well_formed_document", .call = xml_is_well_formed_document},
    {"xml_is_well_formed_content", .call = xml_is_well_formed_content},
    {"xmlcomment", .call = xmlcomment},
    {"xmlconcat2", .call = xmlconcat2, .flags = FN_CALLED_ON_NULL},
    {NULL},
};
