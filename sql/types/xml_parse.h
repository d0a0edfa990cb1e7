/*
 * xml_parse.h: the one door to libxml2, for the type xml (xml.c), xpath (xml_path.c) and XMLTABLE (xml_table.c).
 *
 * libxml2 reports through handlers of the thread. A struct xml_work puts ours in place and keeps what was reported, as PostgreSQL
 * words it in DETAIL; begin and end come in pairs around calls of libxml2, with no other SQL function between them except those that
 * begin and end a work of their own.
 */
#ifndef PGF_TYPES_XML_PARSE_H
#define PGF_TYPES_XML_PARSE_H

#include <libxml/parser.h>

#include "sql/types/text_util.h"

struct xml_work {
    struct fcall *f;
    bool namespaces; /* errors beyond well-formedness count: undefined prefixes, and those of XPath */
    bool failed;
    bool declaration;        /* what looks like the text's declaration is none */
    struct textbuf messages; /* of errors, one after the other */
    size_t nodes, done;      /* of the tree being made; since the last look for an interrupt */
    xmlStructuredErrorFunc saved_handler;
    void *saved_context;
};

void xml_work_begin(struct xml_work *w, struct fcall *f, bool namespaces);
void xml_work_end(struct xml_work *w);
/* The error with what libxml2 said as DETAIL, unless one is set already. Always false. */
bool xml_work_report(struct xml_work *w, const char *sqlstate, const char *message);

/* Reads text as content or (document) a document; nothing is kept. False: w->failed, or the call's error is set. */
bool xml_check(struct xml_work *w, struct slice text, bool document);
/* The tree of a document, to be freed with xmlFreeDoc; NULL: w->failed, or the call's error is set. */
xmlDocPtr xml_tree(struct xml_work *w, struct slice text);

#endif
