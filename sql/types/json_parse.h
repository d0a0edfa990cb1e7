/*
 * json_parse.h: the one reader and writer of JSON text: for the types json and jsonb, and for arrays and composites,
 * which lie in the file as JSON.
 *
 * Errors are worded, detailed and given context as PostgreSQL's json_in does (22P02). Nesting
 * deeper than JSON_DEPTH_MAXIMUM is 54001.
 */
#ifndef PGF_TYPES_JSON_PARSE_H
#define PGF_TYPES_JSON_PARSE_H

#include <stdbool.h>

#include "sql/types/text_util.h"

#define JSON_DEPTH_MAXIMUM 6000

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* A value as a tree. Everything lives in the arena and in the source text. */
struct json_node {
    enum json_kind kind;
    bool boolean;
    struct slice text;   /* strings: decoded (JSON_DECODE) ; numbers: as written */
    struct slice source; /* the value's own bytes in the text read */
    int count;           /* array elements or object members, in the order written */
    struct json_node *items;
    struct slice *keys; /* objects: decoded names */
};

/* Decode escapes into node texts (jsonb, which then refuses \u0000 and lone surrogates). Without it strings are
   checked for form only and text stays empty, as json_in does. */
#define JSON_DECODE 0x01

/* Reads one value with nothing but white space around it. False: err is set. */
bool json_parse(struct arena *arena, struct slice text, unsigned flags, struct json_node *out,
                struct error *err);

/* The same during a call, in its arena: a long text can be interrupted. */
bool json_parse_call(struct fcall *f, struct slice text, unsigned flags, struct json_node *out, struct error *err);

/* Kind of the outermost value of a valid JSON text. */
enum json_kind json_kind_of(struct slice text);

/* A member of an object by name (the last one wins), NULL if there is none. */
const struct json_node *json_member(const struct json_node *object, struct slice key);
/* An element of an array, negative from the end; NULL beyond. */
const struct json_node *json_element(const struct json_node *array, int64_t index);

/* s as a JSON string with its quotes, escaped as PostgreSQL's escape_json. */
void json_write_string(struct textbuf *out, struct slice s);
/* Whether s is a JSON number. */
bool json_is_number(struct slice s);
/* A double in its shortest exact digits; infinities and NaN come as quoted strings. */
void json_write_double(struct textbuf *out, double d);

#endif
