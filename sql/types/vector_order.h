/* vector_order.h: order of stored values of pgvector's types, for type_def.compare (catalog/extension.c). In vector.c. */
#ifndef PGF_TYPES_VECTOR_ORDER_H
#define PGF_TYPES_VECTOR_ORDER_H

#include "sql/types/value.h"

int vector_value_compare(const struct value *a, const struct value *b);
int halfvec_value_compare(const struct value *a, const struct value *b);
int sparsevec_value_compare(const struct value *a, const struct value *b);

#endif
