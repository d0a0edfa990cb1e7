/* json_populate.h: JSON values as values of SQL types: json_populate_record, json_to_record and kin (json_set.c). */
#ifndef PGF_TYPES_JSON_POPULATE_H
#define PGF_TYPES_JSON_POPULATE_H

#include "sql/types/jsonb.h"
#include "sql/types/record.h"

/* n as a value of a composite type or a domain over one; base (may be NULL or a NULL value) has what is missing. False: err is set. */
bool json_populate(struct fcall *f, const struct json_node *n, uint32_t type, const struct value *base, struct value *out);
/* The members of n into r's columns; with defaults those that are missing keep their values. */
bool json_populate_columns(struct fcall *f, const struct json_node *n, struct record *r, bool defaults, const char *function);
/* 23514 and kin unless type is no domain or the value is one of it. */
bool json_check_domain(struct fcall *f, uint32_t type, struct value *v);
/* The column definition list of a call, as the printer adds it to the arguments: [["a",23,-1],...]: name, type, typmod. */
bool json_read_definitions(struct fcall *f, struct slice text, struct record *out);

#endif
