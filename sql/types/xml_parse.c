/*
 * xml_parse.c: libxml2 as the type xml uses it. Whether a text is well-formed is read without making a tree, so a value of any size
 * costs no memory; trees are for XPath alone and are bounded. Nothing is ever loaded from elsewhere: external entities are empty.
 */
#include "sql/types/xml_parse.h"

#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <pthread.h>

#include "sql/base/limits.h"
#include "sql/types/xml.h"

/* --- what libxml2 reports ------------------------------------------------------------------------------------- */

/* Some namespace errors come under other names, by libxml2's version. */
static bool about_namespaces(const xmlError *e)
{
    switch (e->code) {
    case XML_WAR_NS_URI:
    case XML_ERR_NS_DECL_ERROR:
    case XML_WAR_NS_URI_RELATIVE:
    case XML_WAR_NS_COLUMN:
    case XML_NS_ERR_XML_NAMESPACE:
    case XML_NS_ERR_UNDEFINED_NAMESPACE:
    case XML_NS_ERR_QNAME:
    case XML_NS_ERR_ATTRIBUTE_REDEFINED:
    case XML_NS_ERR_EMPTY:
        return true;
    default:
        return e->domain == XML_FROM_NAMESPACE;
    }
}

static bool of_interest(const struct xml_work *w, const xmlError *e)
{
    if (e->code == XML_WAR_UNDECLARED_ENTITY)
        return false;
    bool parser = e->domain == XML_FROM_PARSER || e->domain == XML_FROM_NONE || e->domain == XML_FROM_MEMORY || e->domain == XML_FROM_IO;
    return w->namespaces || (parser && !about_namespaces(e));
}

static void context_line(void *context, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void context_line(void *context, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    textbuf_addz(context, line);
}

static void chop(struct textbuf *b)
{
    while (b->n && b->p[b->n - 1] == '\n')
        b->n--;
}

/* "line 1: message", then the line and a mark under the place. */
static void describe(struct textbuf *out, const xmlError *e)
{
    xmlParserCtxtPtr parser = e->ctxt;
    if (e->line > 0)
        textbuf_printf(out, "line %d: ", e->line);
    const xmlNode *node = e->node;
    if (node && node->type == XML_ELEMENT_NODE)
        textbuf_printf(out, "element %s: ", (const char *)node->name);
    textbuf_addz(out, e->message ? e->message : "(no message provided)");
    if (parser && parser->input) {
        xmlGenericErrorFunc handler = xmlGenericError;
        void *context = xmlGenericErrorContext;
        chop(out);
        textbuf_addc(out, '\n');
        xmlSetGenericErrorFunc(out, context_line);
        xmlParserPrintFileContext(parser->input);
        xmlSetGenericErrorFunc(context, handler);
    }
    chop(out);
}

static void warn(struct fcall *f, const struct textbuf *text, bool warning)
{
    struct error e;
    if (!f->ctx || !f->ctx->notice)
        return;
    error_init(&e, f->arena);
    error_set(&e, warning ? ERRCODE_WARNING : ERRCODE_SUCCESSFUL_COMPLETION, "%.*s", (int)text->n, text->p ? text->p : "");
    e.severity = warning ? ERROR_WARNING : ERROR_NOTICE;
    f->ctx->notice(f->ctx, &e);
}

static void on_error(void *context, xmlErrorPtr e)
{
    struct xml_work *w = context;
    if (!of_interest(w, e))
        return;
    struct textbuf text = textbuf_in(w->f->arena);
    xmlErrorLevel level = e->code == XML_WAR_NS_URI ? XML_ERR_ERROR : e->level;
    describe(&text, e);
    if (level < XML_ERR_ERROR) {
        warn(w->f, &text, level == XML_ERR_WARNING);
        return;
    }
    w->failed = true;
    if (w->messages.n)
        textbuf_addc(&w->messages, '\n');
    textbuf_add(&w->messages, text.p, text.n);
}

/* --- the thread's handlers ---------------------------------------------------------------------------------------- */

static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr parser)
{
    (void)url;
    (void)id;
    return xmlNewStringInputStream(parser, (const xmlChar *)"");
}

static void start_library(void)
{
    xmlInitParser();
    xmlSetExternalEntityLoader(load_nothing);
}

void xml_work_begin(struct xml_work *w, struct fcall *f, bool namespaces)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_library);
    *w = (struct xml_work){.f = f, .namespaces = namespaces, .messages = textbuf_in(f->arena),
                           .saved_handler = xmlStructuredError, .saved_context = xmlStructuredErrorContext};
    xmlSetStructuredErrorFunc(w, on_error);
}

void xml_work_end(struct xml_work *w)
{
    xmlSetStructuredErrorFunc(w->saved_context, w->saved_handler);
}

bool xml_work_report(struct xml_work *w, const char *sqlstate, const char *message)
{
    if (error_is_set(w->f->err))
        return false;
    error_set(w->f->err, sqlstate, "%s", message);
    if (w->messages.n)
        error_detail(w->f->err, "%.*s", (int)w->messages.n, w->messages.p);
    return false;
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

/* Counts one piece of the text; false when reading has been stopped. */
static bool count(xmlParserCtxtPtr parser, size_t nodes)
{
    struct xml_work *w = xmlStructuredErrorContext;
    w->nodes += nodes;
    if (!work_interrupted(w->f, &w->done, 256) && (w->nodes <= LIMIT_XML_NODES))
        return true;
    if (!error_is_set(w->f->err)) {
        error_set(w->f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "XML document is too large for XPath");
        error_detail(w->f->err, "Its tree has more than %d nodes.", LIMIT_XML_NODES);
    }
    xmlStopParser(parser);
    return false;
}

static void see_element(void *parser, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nnamespaces,
                        const xmlChar **namespaces, int nattributes, int ndefaults, const xmlChar **attributes)
{
    (void)name, (void)prefix, (void)uri, (void)nnamespaces, (void)namespaces, (void)nattributes, (void)ndefaults, (void)attributes;
    if (count(parser, 0))
        nodePush(parser, ((xmlParserCtxtPtr)parser)->node); /* the parser asks this stack whether all is closed */
}

static void leave_element(void *parser, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)name, (void)prefix, (void)uri;
    nodePop(parser);
}

static void see_comment(void *parser, const xmlChar *text)
{
    (void)parser, (void)text;
}

static void keep_element(void *parser, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nnamespaces,
                         const xmlChar **namespaces, int nattributes, int ndefaults, const xmlChar **attributes)
{
    /* An attribute is a node and its text; most elements have a text before or behind them. */
    if (count(parser, 2 + 2 * (size_t)nattributes + (size_t)nnamespaces))
        xmlSAX2StartElementNs(parser, name, prefix, uri, nnamespaces, namespaces, nattributes, ndefaults, attributes);
}

static void keep_comment(void *parser, const xmlChar *text)
{
    if (count(parser, 1))
        xmlSAX2Comment(parser, text);
}

static void keep_instruction(void *parser, const xmlChar *target, const xmlChar *text)
{
    if (count(parser, 1))
        xmlSAX2ProcessingInstruction(parser, target, text);
}

/* libxml2's own handlers, with the tree's made bounded, or (without tree) left out. */
static void set_handlers(xmlSAXHandler *h, bool tree)
{
    memset(h, 0, sizeof *h);
    xmlSAXVersion(h, 2);
    h->startElementNs = tree ? keep_element : see_element;
    h->comment = tree ? keep_comment : see_comment; /* with none, messages are shorter */
    h->processingInstruction = tree ? keep_instruction : NULL;
    if (!tree) {
        h->endElementNs = leave_element;
        h->characters = NULL;
        h->ignorableWhitespace = NULL;
        h->cdataBlock = NULL;
        h->reference = NULL;
    }
}

#define CHECK_OPTIONS (XML_PARSE_NOENT | XML_PARSE_DTDATTR | XML_PARSE_NONET)

/* check: as a value of type xml is checked, which may be without its tree; otherwise for XPath. */
static xmlDocPtr read_document(struct xml_work *w, struct slice text, bool check, bool tree)
{
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (!parser)
        return NULL;
    set_handlers(parser->sax, tree);
    xmlDocPtr doc = check ? xmlCtxtReadDoc(parser, (const xmlChar *)arena_strndup(w->f->arena, text.p, text.n), NULL, "UTF-8", CHECK_OPTIONS)
                          : xmlCtxtReadMemory(parser, text.p, (int)text.n, NULL, NULL, XML_PARSE_NONET);
    xmlFreeParserCtxt(parser);
    if (doc && !w->failed && !error_is_set(w->f->err))
        return doc;
    w->failed = true;
    if (doc)
        xmlFreeDoc(doc);
    return NULL;
}

/* An error that libxml2's own readers of content report. */
static void report_content(struct xml_work *w, xmlParserCtxtPtr parser, int code, const char *message)
{
    xmlError e = {.domain = XML_FROM_PARSER, .code = code, .level = XML_ERR_FATAL, .line = parser->input->line, .ctxt = parser,
                  .message = (char *)message};
    on_error(w, &e);
}

/* Content: elements and text side by side, as inside of an element. */
static bool read_content(struct xml_work *w, struct slice text)
{
    xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt(text.p, (int)text.n);
    xmlDocPtr doc = parser ? xmlNewDoc((const xmlChar *)"1.0") : NULL;
    xmlNodePtr around = doc ? xmlNewDocNode(doc, NULL, (const xmlChar *)"content", NULL) : NULL;
    w->failed = !around;
    if (around) {
        set_handlers(parser->sax, false);
        xmlCtxtUseOptions(parser, CHECK_OPTIONS);
        parser->sax2 = 1;
        parser->myDoc = doc;
        parser->instate = XML_PARSER_CONTENT;
        xmlDocSetRootElement(doc, around);
        nodePush(parser, around);
        xmlParseContent(parser);
        if (parser->input->cur[0] == '<' && parser->input->cur[1] == '/')
            report_content(w, parser, XML_ERR_NOT_WELL_BALANCED, "chunk is not well balanced");
        else if (parser->input->cur[0])
            report_content(w, parser, XML_ERR_EXTRA_CONTENT, "extra content at the end of well balanced chunk");
        if (parser->node && parser->node != around)
            report_content(w, parser, XML_ERR_NOT_WELL_BALANCED, "chunk is not well balanced");
        w->failed |= !parser->wellFormed;
        parser->myDoc = NULL;
    }
    if (parser)
        xmlFreeParserCtxt(parser);
    if (doc)
        xmlFreeDoc(doc);
    return !w->failed && !error_is_set(w->f->err);
}

/* Whether a document type comes, after comments and instructions: then content is a document. */
static bool has_doctype(struct slice s)
{
    for (;;) {
        while (s.n && strchr(" \t\r\n", *s.p))
            s = (struct slice){s.p + 1, s.n - 1};
        bool comment = s.n >= 4 && memcmp(s.p, "<!--", 4) == 0;
        if (!comment && !(s.n >= 2 && memcmp(s.p, "<?", 2) == 0))
            return s.n >= 9 && memcmp(s.p, "<!DOCTYPE", 9) == 0;
        const char *from = s.p + (comment ? 4 : 2), *mark = comment ? "-->" : "?>";
        const char *end = memmem(from, (size_t)(s.p + s.n - from), mark, strlen(mark));
        if (!end)
            return false;
        end += strlen(mark);
        s = (struct slice){end, (size_t)(s.p + s.n - end)};
    }
}

bool xml_check(struct xml_work *w, struct slice text, bool document)
{
    struct xml_declaration d = {.end = text.p};
    if (!document && !xml_read_declaration(text, &d)) {
        w->declaration = true;
        textbuf_addz(&w->messages, d.wrong);
        return false;
    }
    struct slice rest = {d.end, (size_t)(text.p + text.n - d.end)};
    bool doctype = has_doctype(rest);
    if (!document && !doctype)
        return rest.n == 0 || read_content(w, rest);
    /* Entities of a DTD need the tree that they are kept in. */
    xmlDocPtr doc = read_document(w, text, true, doctype);
    if (doc)
        xmlFreeDoc(doc);
    return doc != NULL;
}

xmlDocPtr xml_tree(struct xml_work *w, struct slice text)
{
    return read_document(w, text, false, true);
}
