/*
 * format_type.h: type names as PostgreSQL shows them to people.
 */
#ifndef PGF_ANALYZE_FORMAT_TYPE_H
#define PGF_ANALYZE_FORMAT_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/base/arena.h"
#include "sql/catalog/snapshot.h"

/*
 * format_type(): "character varying(10)", "integer[]", "s.mood" (schema only where the search path
 * does not find the name). typmod_given with typmod -1 tells bpchar from character, as
 * format_type_with_typemod() does. "???" for unknown OIDs.
 */
const char *format_type_name(struct arena *a, const struct snapshot *s, const uint32_t *search_path,
                             int nsearch_path, uint32_t type, int32_t typmod, bool typmod_given);

/* An identifier, quoted if PostgreSQL's quote_identifier() would. */
const char *format_identifier(struct arena *a, const char *name);

#endif
