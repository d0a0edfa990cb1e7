/* xml_path.c: xpath, xpath_exists, xmlexists: XPath 1.0 as libxml2 evaluates it. */
#include "sql/types/xml_path.h"

#include <libxml/tree.h>
#include <libxml/xpathInternals.h>

#include "sql/base/limits.h"
#include "sql/types/array.h"
#include "sql/types/type_catalog.h"
#include "sql/types/typeoid.h"
#include "sql/types/xml.h"

/* --- documents and expressions ----------------------------------------------------------------------------------- */

bool xml_path_open(struct xml_work *w, struct slice document, struct xml_path *out)
{
    *out = (struct xml_path){.doc = xml_tree(w, document)};
    if (!out->doc)
        return xml_work_report(w, ERRCODE_INVALID_XML_DOCUMENT, "could not parse XML document");
    out->context = xmlXPathNewContext(out->doc);
    if (!out->context)
        return error_set(w->f->err, ERRCODE_OUT_OF_MEMORY, "could not allocate XPath context");
    out->context->node = (xmlNodePtr)out->doc;
    out->context->opLimit = LIMIT_XPATH_STEPS;
    return true;
}

void xml_path_close(struct xml_path *p)
{
    if (p->context)
        xmlXPathFreeContext(p->context);
    if (p->doc)
        xmlFreeDoc(p->doc);
    *p = (struct xml_path){0};
}

static const xmlChar *zero_ended(struct fcall *f, struct slice s)
{
    return (const xmlChar *)arena_strndup(f->arena, s.p ? s.p : "", s.n);
}

bool xml_path_namespace(struct xml_work *w, struct xml_path *p, struct slice name, struct slice uri)
{
    if (xmlXPathRegisterNs(p->context, zero_ended(w->f, name), zero_ended(w->f, uri)) == 0)
        return true;
    return error_set(w->f->err, ERRCODE_INTERNAL_ERROR, "could not register XML namespace with name \"%.*s\" and URI \"%.*s\"",
                     (int)name.n, name.p, (int)uri.n, uri.p);
}

xmlXPathCompExprPtr xml_path_compile(struct xml_work *w, struct xml_path *p, struct slice text, const char *sqlstate)
{
    xmlXPathCompExprPtr e = xmlXPathCtxtCompile(p->context, zero_ended(w->f, text));
    if (e && !w->failed)
        return e;
    if (e)
        xmlXPathFreeCompExpr(e);
    xml_work_report(w, sqlstate, "invalid XPath expression");
    return NULL;
}

xmlXPathObjectPtr xml_path_evaluate(struct xml_work *w, struct xml_path *p, xmlXPathCompExprPtr e, xmlNodePtr node)
{
    p->context->node = node;
    p->context->opCount = 0;
    xmlXPathObjectPtr found = xmlXPathCompiledEval(e, p->context);
    if (found && !w->failed)
        return found;
    if (found)
        xmlXPathFreeObject(found);
    xml_work_report(w, ERRCODE_INTERNAL_ERROR, "could not create XPath object");
    return NULL;
}

bool xml_path_add_node(struct fcall *f, xmlNodePtr node, struct textbuf *out)
{
    if (node->type == XML_ATTRIBUTE_NODE || node->type == XML_TEXT_NODE) {
        xmlChar *text = xmlXPathCastNodeToString(node);
        if (!text)
            return error_set(f->err, ERRCODE_OUT_OF_MEMORY, "could not allocate xmlChar");
        xml_add_escaped(f, out, slice_of((const char *)text), false);
        xmlFree(text);
        return true;
    }
    /* A copy declares the namespaces that its ancestors did. */
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlNodePtr copy = buffer ? xmlCopyNode(node, 1) : NULL;
    bool ok = copy && xmlNodeDump(buffer, NULL, copy, 0, 0) >= 0;
    if (ok)
        textbuf_add(out, (const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
    else
        error_set(f->err, ERRCODE_OUT_OF_MEMORY, "could not copy node");
    if (copy && copy->type == XML_DOCUMENT_NODE)
        xmlFreeDoc((xmlDocPtr)copy);
    else if (copy)
        xmlFreeNode(copy);
    if (buffer)
        xmlBufferFree(buffer);
    return ok;
}

/* --- the functions ------------------------------------------------------------------------------------------------- */

/* What an expression found, as values of type xml. */
static bool collect(struct fcall *f, const xmlXPathObject *found, struct value **items, int *n)
{
    int nodes = found->type == XPATH_NODESET && found->nodesetval ? found->nodesetval->nodeNr : 0;
    size_t work = 0;
    *n = found->type == XPATH_NODESET ? nodes : 1;
    *items = ARENA_ARRAY(f->arena, struct value, *n + 1);
    for (int i = 0; i < *n; i++) {
        struct textbuf text = textbuf_in(f->arena);
        struct value number = value_real(found->floatval);
        struct slice shown;
        switch (found->type) {
        case XPATH_NODESET:
            if (!xml_path_add_node(f, found->nodesetval->nodeTab[i], &text) || work_interrupted(f, &work, text.n + 64))
                return false;
            break;
        case XPATH_BOOLEAN: textbuf_addz(&text, found->boolval ? "true" : "false"); break;
        case XPATH_NUMBER:
            if (!value_output(f, &number, FLOAT8OID, &shown))
                return false;
            textbuf_add(&text, shown.p, shown.n);
            break;
        case XPATH_STRING: xml_add_escaped(f, &text, slice_of((const char *)found->stringval), false); break;
        default:
            return error_set(f->err, ERRCODE_INTERNAL_ERROR, "xpath expression result type %d is unsupported", (int)found->type);
        }
        (*items)[i] = textbuf_value(&text);
    }
    return true;
}

/* The prefixes of argument 2, pairs of name and URI. */
static bool read_namespaces(struct fcall *f, struct array *out)
{
    *out = (struct array){0};
    if (f->nargs < 3 || ARG_NULL(f, 2))
        return true;
    if (!array_read(f, &f->args[2], TEXTOID, out))
        return false;
    if (out->ndim == 0 || (out->ndim == 2 && out->dims[1] == 2))
        return true;
    error_set(f->err, ERRCODE_DATA_EXCEPTION, "invalid array for XML namespace mapping");
    return error_detail(f->err, "The array must be two-dimensional with length of the second axis equal to 2."), false;
}

static bool add_namespaces(struct xml_work *w, struct xml_path *p, const struct array *names)
{
    for (int i = 0; i + 1 < names->n; i += 2) {
        const struct value *name = &names->items[i], *uri = name + 1;
        if (value_is_null(name) || value_is_null(uri))
            return error_set(w->f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "neither namespace name nor URI may be null");
        if (!xml_path_namespace(w, p, value_slice(name, w->f->arena), value_slice(uri, w->f->arena)))
            return false;
    }
    return true;
}

/* The values that argument 0 finds in argument 1. */
static bool find(struct fcall *f, struct value **items, int *n)
{
    struct xml_declaration d;
    struct xml_work w;
    struct xml_path p;
    struct array names;
    struct slice path = arg_slice(f, 0), text = arg_slice(f, 1);
    if (!read_namespaces(f, &names))
        return false;
    if (path.n == 0)
        return error_set(f->err, ERRCODE_DATA_EXCEPTION, "empty XPath expression");
    if (xml_read_declaration(text, &d)) /* which may name an encoding that is not the text's any more */
        text = (struct slice){d.end, (size_t)(text.p + text.n - d.end)};
    xml_work_begin(&w, f, true);
    bool ok = xml_path_open(&w, text, &p) && add_namespaces(&w, &p, &names);
    xmlXPathCompExprPtr e = ok ? xml_path_compile(&w, &p, path, ERRCODE_INTERNAL_ERROR) : NULL;
    xmlXPathObjectPtr found = e ? xml_path_evaluate(&w, &p, e, (xmlNodePtr)p.doc) : NULL;
    ok = found && collect(f, found, items, n);
    if (found)
        xmlXPathFreeObject(found);
    if (e)
        xmlXPathFreeCompExpr(e);
    xml_path_close(&p);
    xml_work_end(&w);
    return ok && !error_is_set(f->err);
}

static void xpath(struct fcall *f)
{
    struct value *items;
    int n;
    if (!find(f, &items, &n))
        return;
    struct array a = array_one_dimension(type_find(f->ctx, XMLOID), items, n);
    array_return(f, &a);
}

static void xpath_exists(struct fcall *f)
{
    struct value *items;
    int n;
    if (find(f, &items, &n))
        return_bool(f, n > 0);
}

const struct fn_impl xml_path_functions[] = {
    {"xpath", .call = xpath},
    {"xpath(text,xml)", .call = xpath},
    {"xpath_exists", .call = xpath_exists},
    {"xpath_exists(text,xml)", .call = xpath_exists},
    {"xmlexists", .call = xpath_exists},
    {NULL},
};
