/* enum.h: the order of enum labels. */
#ifndef PGF_TYPES_ENUM_H
#define PGF_TYPES_ENUM_H

#include <stdint.h>

#include "sql/types/func.h"

/* <0, 0, >0 by the catalog's order; labels it does not know come first, bytewise. */
int enum_compare(const struct eval_context *ctx, uint32_t type, const struct value *a,
                 const struct value *b);

#endif
