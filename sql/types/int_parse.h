/* int_parse.h: integers from and to text, for every type that prints as one. */
#ifndef PGF_TYPES_INT_PARSE_H
#define PGF_TYPES_INT_PARSE_H

#include "sql/types/func.h"

/*
 * Text to a signed integer within [min, max], blanks around allowed, as int4in does.
 * False with 22P02 or 22003 naming type ("integer").
 */
bool int_parse(const char *p, size_t n, int64_t min, int64_t max, const char *type,
               struct error *err, int64_t *out);
/* Decimal digits into buf (at least 21 bytes); returns their number. */
int int_print(int64_t v, char *buf);
/* Result text of an integer. */
void fcall_return_int_text(struct fcall *f, int64_t v);

#endif
