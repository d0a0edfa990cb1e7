/*
 * jsonpath.h: SQL/JSON path expressions as trees. In the file a jsonpath is TEXT as PostgreSQL prints it.
 */
#ifndef PGF_TYPES_JSONPATH_H
#define PGF_TYPES_JSONPATH_H

#include "sql/types/jsonb.h"

enum path_kind {
    PATH_NULL, PATH_STRING, PATH_NUMBER, PATH_BOOL, PATH_VARIABLE, PATH_ROOT, PATH_CURRENT, PATH_LAST,
    PATH_AND, PATH_OR, PATH_NOT, PATH_IS_UNKNOWN, PATH_EQ, PATH_NE, PATH_LT, PATH_GT, PATH_LE, PATH_GE,
    PATH_ADD, PATH_SUB, PATH_MUL, PATH_DIV, PATH_MOD, PATH_PLUS, PATH_MINUS,
    PATH_STARTS_WITH, PATH_LIKE_REGEX, PATH_EXISTS,
    PATH_KEY, PATH_ANY_KEY, PATH_ANY_ELEMENT, PATH_INDEX, PATH_ANY, PATH_FILTER,
    PATH_TYPE, PATH_SIZE, PATH_ABS, PATH_FLOOR, PATH_CEILING, PATH_DOUBLE, PATH_KEYVALUE, PATH_DATETIME
};

/* Levels of .**{from to to}; the deepest one. */
#define PATH_LEVEL_LAST UINT32_MAX

struct path_node {
    enum path_kind kind;
    struct path_node *left, *right; /* operands; right NULL for one */
    struct path_node *next;         /* the accessor applied to this one's result */
    struct slice text;              /* key, string, number, variable, pattern; PATH_DATETIME: template, p NULL without */
    struct slice flags;             /* like_regex */
    bool boolean;
    uint32_t from, to; /* PATH_ANY */
    int n;             /* PATH_INDEX: subscripts[2i] to subscripts[2i+1] (NULL: one element) */
    struct path_node **subscripts;
};

struct jsonpath {
    bool strict;
    struct path_node *root;
};

/* False: 42601 as jsonpath_in. */
bool jsonpath_parse(struct fcall *f, struct slice text, struct jsonpath *out);
void jsonpath_write(struct textbuf *out, const struct jsonpath *p);

#endif
