/* xml_map.h: tables, queries, schemas as XML: what the data's side (xml_map.c) and the side of XML Schema (xml_schema.c) share. */
#ifndef PGF_EXEC_XML_MAP_H
#define PGF_EXEC_XML_MAP_H

#include "sql/exec/plan.h"
#include "sql/types/text_util.h"

/* The options that all of these functions take. */
struct xml_options {
    bool nulls;         /* NULL is an element with xsi:nil; otherwise it is left out */
    bool forest;        /* a row is an element by the table's name, not one of a table's */
    struct slice target; /* namespace; empty: none */
};

/* A table, or (relation NULL) a query's columns. */
struct xml_table {
    const struct relation *relation;
    const struct plan *plan;
};

/* Texts of XML Schema; out begins with <xsd:schema. False: f->err is set. */
bool xml_schema_of_table(struct fcall *f, const struct xml_table *t, const struct xml_options *o, struct textbuf *out);
bool xml_schema_of_schema(struct fcall *f, uint32_t namespace_oid, const struct xml_options *o, struct textbuf *out);
bool xml_schema_of_database(struct fcall *f, const struct xml_options *o, struct textbuf *out);

/* Tables and views of a schema whose rows the user may read, by name; schemas that are not the system's. n oids in f->arena. */
bool xml_visible_tables(struct fcall *f, uint32_t namespace_oid, uint32_t **oids, int *n);
bool xml_visible_schemas(struct fcall *f, uint32_t **oids, int *n);
/* The name of the database; NULL with f->err set. */
const char *xml_database_name(struct fcall *f);

#endif
