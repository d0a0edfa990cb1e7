/* jsonpath_exec.h: a path applied to a value. */
#ifndef PGF_TYPES_JSONPATH_EXEC_H
#define PGF_TYPES_JSONPATH_EXEC_H

#include "sql/types/jsonpath.h"

struct path_items {
    struct json_node *items;
    int n, cap;
};

/* All items the path selects; after an error those found before it. vars: an object, or NULL: each variable is null then.
   zones: times without a zone may be compared with such that have one. False: f->err is set. */
bool jsonpath_execute(struct fcall *f, const struct jsonpath *p, const struct json_node *target,
                      const struct json_node *vars, bool zones, struct path_items *out);
/* Errors of the query rather than of the data: not to be silenced. */
bool jsonpath_is_query_error(const struct error *e);

/* --- datetime() (jsonpath_datetime.c): an item that is a string and remembers what it says ------------------------ */

/* The item's type (DATEOID ...), 0 when it is no datetime. */
uint32_t path_datetime_type(const struct json_node *v);
/* "timestamp with time zone" ... as the method type() names it. */
const char *path_datetime_type_name(uint32_t type);
/* The value of a string read by a template, or by the ISO forms when pattern->p is NULL. */
bool path_datetime_read(struct fcall *f, const struct json_node *v, struct slice pattern, struct json_node *out);
/* Order of two datetimes in *c; false when they cannot be compared, with an error when only for the sake of zones. */
bool path_datetime_compare(struct fcall *f, const struct json_node *a, const struct json_node *b, bool zones, int *c);

#endif
