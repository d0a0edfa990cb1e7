/* xml_path.h: XPath expressions over a document: what xpath (xml_path.c) and XMLTABLE (xml_table.c) share. */
#ifndef PGF_TYPES_XML_PATH_H
#define PGF_TYPES_XML_PATH_H

#include <libxml/xpath.h>

#include "sql/types/xml_parse.h"

/* A document and what its expressions are evaluated in; both are freed by xml_path_close. */
struct xml_path {
    xmlDocPtr doc;
    xmlXPathContextPtr context;
};

/* False: the error is set; close it all the same. */
bool xml_path_open(struct xml_work *w, struct slice document, struct xml_path *out);
void xml_path_close(struct xml_path *p);
/* Prefix name stands for that URI. */
bool xml_path_namespace(struct xml_work *w, struct xml_path *p, struct slice name, struct slice uri);
/* To be freed with xmlXPathFreeCompExpr; NULL: sqlstate's error is set. */
xmlXPathCompExprPtr xml_path_compile(struct xml_work *w, struct xml_path *p, struct slice text, const char *sqlstate);
/* The expression at node, to be freed with xmlXPathFreeObject; NULL: the error is set. */
xmlXPathObjectPtr xml_path_evaluate(struct xml_work *w, struct xml_path *p, xmlXPathCompExprPtr e, xmlNodePtr node);
/* A node as a value of type xml. */
bool xml_path_add_node(struct fcall *f, xmlNodePtr node, struct textbuf *out);

#endif
