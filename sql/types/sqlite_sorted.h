/* sqlite_sorted.h: what the aggregates that collect their rows share (sqlite_sorted.c, sqlite_frame.c). */
#ifndef PGF_TYPES_SQLITE_SORTED_H
#define PGF_TYPES_SQLITE_SORTED_H

#include <sqlite3.h>

#include "sql/types/type.h"

/* A sort key as in ORDER BY. */
struct sorted_key {
    const struct type_def *type;
    bool desc, nulls_first;
};

int sorted_compare(const struct sorted_key *k, const struct value *a, const struct value *b, struct eval_context *ctx);
/* The next number, or a count and so many types, of a spec; false at its end or when there are too many. */
bool sorted_spec_number(const char **p, const char *end, long *out);
bool sorted_spec_types(const char **p, const char *end, int *n, uint32_t *types);
/* A copy of an argument in an arena. */
struct value sorted_keep(struct arena *a, sqlite3_value *v);

#endif
