/* bool.h: the words for true and false. */
#ifndef PGF_TYPES_BOOL_H
#define PGF_TYPES_BOOL_H

#include <stdbool.h>
#include <stddef.h>

/* "t", "true", "yes", "on", "1" and their opposites, any case, unique prefixes; false if none.
   Settings use the same words. */
bool bool_parse(const char *p, size_t n, bool *out);

#endif
