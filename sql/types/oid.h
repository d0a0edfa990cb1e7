/* oid.h: xid8 in its stored form: INTEGER below 2^63, beyond it TEXT of twenty digits, which sorts after all of those. */
#ifndef PGF_TYPES_OID_H
#define PGF_TYPES_OID_H

#include "sql/types/func.h"

uint64_t xid8_value(const struct value *v);

#endif
