/*
 * casts.h: casts of values at run time, kept per session: assignments of PL/pgSQL, and what functions in C must cast (elements of
 * arrays, domains met in texts) through struct routine_door.
 */
#ifndef PGF_EXEC_CASTS_H
#define PGF_EXEC_CASTS_H

#include "sql/types/func.h"

/* *v of type (typmod) becomes a value of to (to_typmod), its bytes in arena; as CAST does or, unless explicit, as assignment in
   PL/pgSQL. False with err set. */
bool casts_apply(struct eval_context *ctx, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod, bool is_explicit,
                 struct value *v, struct arena *arena, struct error *err);

#endif
