/* xml.h: what the files about the type xml share. */
#ifndef PGF_TYPES_XML_H
#define PGF_TYPES_XML_H

#include "sql/types/text_util.h"

/* <?xml version="..." encoding="..." standalone="..."?>: its fields (p NULL: absent), and where it ends (the beginning, if there
   is none); wrong: why it is none. */
struct xml_declaration {
    struct slice version, encoding, standalone;
    const char *end, *wrong;
};

/* False when what looks like a declaration is none. */
bool xml_read_declaration(struct slice text, struct xml_declaration *d);
/* Whether the text is well-formed; with 54001 or an interrupt, false and the error set. */
bool xml_is_well_formed_text(struct fcall *f, struct slice text, bool document);
/* The result is the text, unless it is not well-formed: 2200M or 2200N. */
void xml_accept(struct fcall *f, struct slice text, bool document);
/* As a client sees it: without a declaration that says nothing, and without its encoding. */
struct slice xml_shown(struct fcall *f, struct slice text);
/* With &lt; and kin for what means something in XML; attribute: inside of quotes. xml_expr.c. */
void xml_add_escaped(struct fcall *f, struct textbuf *out, struct slice s, bool attribute);
/* A value as XMLELEMENT shows it, by its type. False: the error is set. xml_expr.c. */
bool xml_add_value(struct fcall *f, const struct value *v, uint32_t type, bool attribute, struct textbuf *out);

/* An SQL identifier as an XML name (SQL/XML part 14); full: also "xml" at the beginning, and every colon; periods: and every period. */
const char *xml_name(struct arena *arena, const char *identifier, bool full, bool periods);
/* What XMLTABLE's call says of each column by a letter (xml_table.c): FOR ORDINALITY; with or without PATH, NOT NULL or not. */
enum {
    XML_TABLE_ORDINALITY = 'o',
    XML_TABLE_PATH = 'p',
    XML_TABLE_PATH_NOT_NULL = 'P',
    XML_TABLE_PLAIN = 'c',
    XML_TABLE_NOT_NULL = 'C',
};

#endif
