/* enum.h: the order of enum labels. */
#ifndef PGF_TYPES_ENUM_H
#define PGF_TYPES_ENUM_H

#include <stdint.h>

#include "sql/types/func.h"

/* <0, 0, >0 by the catalog's order; labels it does not know come first, bytewise. */
int enum_compare(const struct eval_context *ctx, uint32_t type, const struct value *a,
                 const struct value *b);

/*
 * A label by its OID is new: every use of it is 55P04 until forget_all, when the transaction is over. forget: the OID, given back by
 * ROLLBACK TO, names another label now.
 */
void enum_added_note(struct eval_context *ctx, uint32_t label);
void enum_added_forget(struct eval_context *ctx, uint32_t label);
void enum_added_forget_all(struct eval_context *ctx);

#endif
