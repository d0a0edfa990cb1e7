/* call.h: CALL: a procedure's arguments evaluated, the procedure run, its OUT and INOUT parameters' values. */
#ifndef PGF_EXEC_CALL_H
#define PGF_EXEC_CALL_H

#include "sql/analyze/utility.h"
#include "sql/exec/routine.h"

struct call_result {
    struct value *values; /* one per u->call.outs */
    uint32_t *types;
};

/* u: a CALL statement analyzed over snapshot s, with nparams parameters. Values lie in arena. False with err set. */
bool call_procedure(struct eval_context *ctx, const struct utility *u, const struct snapshot *s,
                    const struct value *params, int nparams, bool nonatomic, struct arena *arena,
                    struct call_result *out, struct error *err);

#endif
