/*
 * jsonb.h: jsonb in memory is a struct json_node tree in normal form: object keys sorted by length, then
 * bytes, without duplicates; numbers as PostgreSQL's numeric prints them. In the file it is the text
 * PostgreSQL prints, '{"a": 1, "b": [1, 2]}'.
 */
#ifndef PGF_TYPES_JSONB_H
#define PGF_TYPES_JSONB_H

#include "sql/types/json_parse.h"

/* Reads json text and brings it into normal form. */
bool jsonb_parse(struct fcall *f, struct slice text, struct json_node *out);
/* Reads a stored value (which is in normal form already). */
bool jsonb_read(struct fcall *f, const struct value *stored, struct json_node *out);
/* Brings a tree that was put together into normal form: sorts and removes duplicates, the last one staying. */
bool jsonb_normalize(struct fcall *f, struct json_node *n);
void jsonb_write(struct textbuf *out, const struct json_node *n);
/* Sets f->result. */
void jsonb_return(struct fcall *f, const struct json_node *n);

/* PostgreSQL's order of jsonb values. */
int jsonb_compare(const struct json_node *a, const struct json_node *b);
bool jsonb_contains_node(const struct json_node *a, const struct json_node *b);
/* Order of two decimal numbers without exponent. */
int json_number_compare(struct slice a, struct slice b);
/* A JSON number as numeric prints it (no exponent); 22003 beyond numeric's range. */
bool json_number_normalize(struct fcall *f, struct slice s, struct slice *out);

/* A node's value as text: strings decoded, containers as jsonb or json text. */
struct slice json_node_text(struct arena *arena, const struct json_node *n);
const char *json_kind_name(enum json_kind k); /* "object", "array", ... */

/* Nodes built in memory. */
static inline struct json_node json_string_node(struct slice s)
{
    return (struct json_node){.kind = JSON_STRING, .text = s};
}

/* Any SQL value as JSON text (to_json), or as a node (to_jsonb). False: an error was set. */
bool json_write_datum(struct fcall *f, const struct value *v, uint32_t type, bool pretty,
                      struct textbuf *out);
bool jsonb_from_datum(struct fcall *f, const struct value *v, uint32_t type, struct json_node *out);
/* An SQL value as an object key. */
bool json_key_text(struct fcall *f, const struct value *v, uint32_t type, struct slice *out);

#endif
