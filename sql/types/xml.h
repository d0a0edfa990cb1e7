/* xml.h: what the files about the type xml share. */
#ifndef PGF_TYPES_XML_H
#define PGF_TYPES_XML_H

#include "sql/types/text_util.h"

/* <?xml version="..." encoding="..." standalone="..."?>: its fields (p NULL: absent), and where it ends (the beginning, if there
   is none). */
struct xml_declaration {
    struct slice version, encoding, standalone;
    const char *end;
};

/* False when what looks like a declaration is none. */
bool xml_read_declaration(struct fcall *f, struct slice text, struct xml_declaration *d);
/* Whether the text is well-formed; with 54001 or an interrupt, false and the error set. */
bool xml_is_well_formed_text(struct fcall *f, struct slice text, bool document);
/* The result is the text, unless it is not well-formed: 2200M or 2200N. */
void xml_accept(struct fcall *f, struct slice text, bool document);

#endif
