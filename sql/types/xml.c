/*
 * xml.c: the type xml: text that is well-formed XML content, as libxml2 reads it (xml_parse.h); its declaration, comments,
 * concatenation.
 */
#include <stdlib.h>

#include "sql/types/xml.h"
#include "sql/types/xml_parse.h"

/* --- <?xml version="1.0" ...?> -------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool name_char(char c)
{
    return (c & 0x80) || c == '_' || c == ':' || c == '-' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static void skip_blanks(struct slice *s)
{
    while (s->n && is_space(*s->p))
        *s = (struct slice){s->p + 1, s->n - 1};
}

static bool take(struct slice *s, const char *z)
{
    size_t n = strlen(z);
    if (s->n < n || memcmp(s->p, z, n) != 0)
        return false;
    *s = (struct slice){s->p + n, s->n - n};
    return true;
}

/* name = "value", if it comes; false with *wrong when it does not go on so. */
static bool take_field(struct slice *s, const char *name, struct slice *value, const char *malformed, const char **wrong)
{
    struct slice rest = *s;
    skip_blanks(&rest);
    bool blank = rest.p > s->p;
    if (!take(&rest, name))
        return true;
    skip_blanks(&rest);
    const char *quote = NULL, *end = NULL;
    if (take(&rest, "=")) {
        skip_blanks(&rest);
        quote = rest.n && (*rest.p == '"' || *rest.p == '\'') ? rest.p : NULL;
        end = quote ? memchr(quote + 1, *quote, rest.n - 1) : NULL;
    }
    *wrong = !blank ? "Space required." : !end ? malformed : NULL;
    if (*wrong)
        return false;
    *value = (struct slice){quote + 1, (size_t)(end - quote - 1)};
    *s = (struct slice){end + 1, rest.n - (size_t)(end + 1 - rest.p)};
    return true;
}

bool xml_read_declaration(struct slice text, struct xml_declaration *d)
{
    static const char yes_or_no[] = "standalone accepts only 'yes' or 'no'.", no_version[] = "Malformed declaration: missing version.";
    struct slice s = text;
    *d = (struct xml_declaration){.end = text.p};
    if (!take(&s, "<?xml") || (s.n && name_char(*s.p)))
        return true;
    d->wrong = !s.n || !is_space(*s.p) ? "Space required." : NULL;
    if (d->wrong || !take_field(&s, "version", &d->version, no_version, &d->wrong))
        return false;
    if (!d->version.p)
        d->wrong = no_version;
    if (d->wrong || !take_field(&s, "encoding", &d->encoding, "Missing encoding in text declaration.", &d->wrong) ||
        !take_field(&s, "standalone", &d->standalone, yes_or_no, &d->wrong))
        return false;
    skip_blanks(&s);
    if (d->standalone.p && !slice_is(d->standalone, "yes") && !slice_is(d->standalone, "no"))
        d->wrong = yes_or_no;
    else if (!take(&s, "?>"))
        d->wrong = "Parsing XML declaration: '?>' expected.";
    else if (!utf8_is_ascii(text.p, (size_t)(s.p - text.p)))
        d->wrong = "Invalid character value.";
    else
        d->end = s.p;
    return !d->wrong;
}

/* --- well-formed or not ------------------------------------------------------------------------------------------ */

bool xml_is_well_formed_text(struct fcall *f, struct slice text, bool document)
{
    struct xml_work w;
    xml_work_begin(&w, f, false);
    bool ok = xml_check(&w, text, document);
    xml_work_end(&w);
    return ok;
}

static bool option_document(struct fcall *f)
{
    const char *v = f->ctx->setting ? f->ctx->setting(f->ctx, "xmloption") : NULL;
    return v && strcasecmp(v, "document") == 0;
}

void xml_accept(struct fcall *f, struct slice text, bool document)
{
    struct xml_work w;
    xml_work_begin(&w, f, false);
    if (xml_check(&w, text, document))
        return_slice(f, text.p, text.n);
    else
        xml_work_report(&w, document ? ERRCODE_INVALID_XML_DOCUMENT : ERRCODE_INVALID_XML_CONTENT,
                        w.declaration ? "invalid XML content: invalid XML declaration"
                        : document    ? "invalid XML document"
                                      : "invalid XML content");
    xml_work_end(&w);
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
struct slice xml_shown(struct fcall *f, struct slice text)
{
    struct xml_declaration d;
    if (!xml_read_declaration(text, &d) || d.end == text.p)
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
    struct slice s = xml_shown(f, arg_slice(f, 0));
    return_slice(f, s.p, s.n);
}

static void xml_send(struct fcall *f)
{
    struct slice s = xml_shown(f, arg_slice(f, 0));
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
        struct slice s = xml_shown(f, arg_slice(f, i));
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
    struct slice s = xml_shown(f, arg_slice(f, 0));
    if (!value_size_check(st->n + s.n, f->err))
        return;
    if (!state_reserve(&st->p, &st->cap, st->n, s.n, f->err))
        return;
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
