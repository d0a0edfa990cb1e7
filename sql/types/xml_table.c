/*
 * xml_table.c: XMLTABLE as a set-returning function that no client can name; analysis (analyze/parse_xml_table.c) makes the call:
 *
 *   xmlexpr_table(row path, document, namespaces, column paths, defaults, flags, columns)
 *
 * namespaces is text[], name and URI in turn; column paths is text[], one a column; defaults is a record of one value a column; flags has
 * a letter a column (xml.h). The printer adds columns, the column definition list.
 */
#include "sql/types/array.h"
#include "sql/types/json_populate.h"
#include "sql/types/type_catalog.h"
#include "sql/types/typeoid.h"
#include "sql/types/xml.h"
#include "sql/types/xml_path.h"

enum { ARG_ROW, ARG_DOCUMENT, ARG_NAMESPACES, ARG_PATHS, ARG_DEFAULTS, ARG_FLAGS, ARG_COLUMNS };

struct xml_rows {
    struct xml_path path;
    xmlXPathObjectPtr rows;
    xmlXPathCompExprPtr *columns; /* NULL: FOR ORDINALITY */
    struct record shape, defaults;
    const char *flags;
    int next;
};

static bool add_namespaces(struct xml_work *w, struct xml_rows *t)
{
    struct fcall *f = w->f;
    struct array names;
    if (!array_read(f, &f->args[ARG_NAMESPACES], TEXTOID, &names))
        return false;
    for (int i = 0; i + 1 < names.n; i += 2) {
        if (value_is_null(&names.items[i + 1]))
            return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "namespace URI must not be null");
        if (value_is_null(&names.items[i]))
            return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "DEFAULT namespace is not supported");
        if (!xml_path_namespace(w, &t->path, value_slice(&names.items[i], f->arena), value_slice(&names.items[i + 1], f->arena)))
            return false;
    }
    return true;
}

static bool compile_columns(struct xml_work *w, struct xml_rows *t)
{
    struct fcall *f = w->f;
    struct array paths;
    if (!array_read(f, &f->args[ARG_PATHS], TEXTOID, &paths))
        return false;
    for (int i = 0; i < t->shape.n && i < paths.n; i++) {
        if (t->flags[i] == XML_TABLE_ORDINALITY)
            continue;
        if (value_is_null(&paths.items[i])) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "column filter expression must not be null");
            error_detail(f->err, "Filter for column \"%s\" is null.", t->shape.columns[i].name);
            return false;
        }
        struct slice text = value_slice(&paths.items[i], f->arena);
        if (text.n == 0)
            return error_set(f->err, ERRCODE_DATA_EXCEPTION, "column path filter must not be empty string");
        if (!(t->columns[i] = xml_path_compile(w, &t->path, text, ERRCODE_DATA_EXCEPTION)))
            return false;
    }
    return true;
}

static bool find_rows(struct xml_work *w, struct xml_rows *t)
{
    struct fcall *f = w->f;
    if (ARG_NULL(f, ARG_ROW))
        return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "row filter expression must not be null");
    struct slice text = arg_slice(f, ARG_ROW);
    if (text.n == 0)
        return error_set(f->err, ERRCODE_DATA_EXCEPTION, "row path filter must not be empty string");
    xmlXPathCompExprPtr rows = xml_path_compile(w, &t->path, text, ERRCODE_SYNTAX_ERROR);
    if (!rows)
        return false;
    bool ok = compile_columns(w, t) && (t->rows = xml_path_evaluate(w, &t->path, rows, (xmlNodePtr)t->path.doc));
    xmlXPathFreeCompExpr(rows);
    return ok;
}

static void open_rows(struct fcall *f, void *state)
{
    struct xml_rows *t = state;
    struct xml_work w;
    if (ARG_NULL(f, ARG_DOCUMENT) || !json_read_definitions(f, arg_slice(f, ARG_COLUMNS), &t->shape) ||
        !record_read(f, &f->args[ARG_DEFAULTS], RECORDOID, &t->defaults))
        return;
    t->flags = fcall_arg_cstring(f, ARG_FLAGS);
    t->columns = ARENA_ARRAY(f->arena, xmlXPathCompExprPtr, t->shape.n + 1);
    memset(t->columns, 0, sizeof(*t->columns) * (size_t)(t->shape.n + 1));
    xml_work_begin(&w, f, true);
    if (xml_path_open(&w, xml_shown(f, arg_slice(f, ARG_DOCUMENT)), &t->path) && add_namespaces(&w, t))
        find_rows(&w, t);
    xml_work_end(&w);
}

/* All nodes one after the other for a column of type xml; the text of the only one for any other. p NULL: none. */
static bool nodes_text(struct fcall *f, xmlNodeSetPtr nodes, bool xml, struct slice *out)
{
    struct textbuf text = textbuf_in(f->arena);
    size_t work = 0;
    int n = nodes ? nodes->nodeNr : 0;
    if (n == 0)
        return true;
    if (!xml && n > 1)
        return error_set(f->err, ERRCODE_CARDINALITY_VIOLATION, "more than one value returned by column XPath expression");
    for (int i = 0; xml && i < n; i++)
        if (!xml_path_add_node(f, nodes->nodeTab[i], &text) || work_interrupted(f, &work, text.n + 64))
            return false;
    if (!xml) {
        xmlChar *s = xmlXPathCastNodeSetToString(nodes);
        textbuf_addz(&text, s ? (const char *)s : "");
        xmlFree(s);
    }
    *out = (struct slice){text.p ? text.p : "", text.n};
    return true;
}

/* What a column's expression found, as its type reads it; p NULL: nothing. */
static bool found_text(struct fcall *f, xmlXPathObjectPtr found, const struct type_def *type, struct slice *out)
{
    struct textbuf text = textbuf_in(f->arena);
    xmlChar *s;
    *out = (struct slice){0};
    switch (found->type) {
    case XPATH_NODESET:
        return nodes_text(f, found->nodesetval, type->oid == XMLOID, out);
    case XPATH_STRING:
        if (type->oid == XMLOID)
            xml_add_escaped(f, &text, slice_of((const char *)found->stringval), false);
        else
            textbuf_addz(&text, (const char *)found->stringval);
        break;
    case XPATH_BOOLEAN:
        textbuf_addz(&text, type->category == 'N' ? (found->boolval ? "1" : "0") : found->boolval ? "true" : "false");
        break;
    case XPATH_NUMBER:
        s = xmlXPathCastNumberToString(found->floatval);
        textbuf_addz(&text, s ? (const char *)s : "");
        xmlFree(s);
        break;
    default:
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "unexpected XPath object type %u", (unsigned)found->type);
    }
    *out = (struct slice){text.p ? text.p : "", text.n};
    return true;
}

static bool column_value(struct xml_work *w, struct xml_rows *t, xmlNodePtr row, int i, struct value *out)
{
    struct fcall *f = w->f;
    const struct record_column *c = &t->shape.columns[i];
    const struct type_def *type = type_find(f->ctx, c->type);
    struct slice text;
    if (t->flags[i] == XML_TABLE_ORDINALITY) {
        *out = value_int(t->next);
        return true;
    }
    xmlXPathObjectPtr found = type ? xml_path_evaluate(w, &t->path, t->columns[i], row) : NULL;
    bool ok = found && found_text(f, found, type, &text);
    if (found)
        xmlXPathFreeObject(found);
    if (!ok)
        return false;
    if (!text.p)
        *out = i < t->defaults.n ? t->defaults.columns[i].value : value_null();
    else if (!type_input(type, text.p, text.n, c->typmod, f->ctx, f->arena, f->err, out))
        return false;
    if ((t->flags[i] == XML_TABLE_NOT_NULL || t->flags[i] == XML_TABLE_PATH_NOT_NULL) && value_is_null(out))
        return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "null is not allowed in column \"%s\"", c->name);
    return true;
}

static bool next_row(struct fcall *f, void *state, struct value *columns)
{
    struct xml_rows *t = state;
    struct xml_work w;
    if (!t->rows || t->rows->type != XPATH_NODESET || !t->rows->nodesetval || t->next >= t->rows->nodesetval->nodeNr)
        return false;
    xmlNodePtr row = t->rows->nodesetval->nodeTab[t->next++];
    bool ok = true;
    xml_work_begin(&w, f, true);
    for (int i = 0; i < t->shape.n && ok; i++)
        ok = column_value(&w, t, row, i, &columns[i]);
    xml_work_end(&w);
    return ok;
}

static void close_rows(void *state)
{
    struct xml_rows *t = state;
    for (int i = 0; i < t->shape.n && t->columns; i++)
        if (t->columns[i])
            xmlXPathFreeCompExpr(t->columns[i]);
    if (t->rows)
        xmlXPathFreeObject(t->rows);
    xml_path_close(&t->path);
}

static const struct srf_impl rows = {
    .state_size = sizeof(struct xml_rows), .open = open_rows, .next = next_row, .close = close_rows, .open_columns = true};

const struct fn_impl xml_table_functions[] = {
    {"xmlexpr_table", .srf = &rows, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    {NULL},
};
