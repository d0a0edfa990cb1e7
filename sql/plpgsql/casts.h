/* casts.h: casts of values at run time, as assignment makes them; kept per session. */
#ifndef PGF_PLPGSQL_CASTS_H
#define PGF_PLPGSQL_CASTS_H

#include "sql/types/func.h"

/* *v of type (typmod) becomes a value of to (to_typmod), its bytes in arena. False with err set. */
bool casts_apply(struct eval_context *ctx, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod,
                 struct value *v, struct arena *arena, struct error *err);

#endif
