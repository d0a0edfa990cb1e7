/* call.c: see call.h. Called by the session for clients and by PL/pgSQL. */
#include "sql/exec/call.h"

#include "sql/exec/evaluate.h"
#include "sql/plan/privilege.h"
#include "sql/types/record.h"

static bool eval_arguments(struct eval_context *ctx, const struct expr_list *args, const struct snapshot *s,
                           const struct value *params, int nparams, struct arena *arena, struct value *values,
                           struct error *err)
{
    for (int i = 0; i < args->n; i++) {
        struct evaluation *e = evaluation_make(args->items[i], s, nparams, false, err);
        if (!e)
            return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "this argument of CALL is not supported");
        bool ok = evaluation_run(e, ctx, params, arena, err, &values[i]);
        if (ok && (values[i].kind == VALUE_TEXT || values[i].kind == VALUE_BLOB))
            values[i].p = arena_strndup(arena, values[i].p, values[i].n);
        evaluation_free(e);
        if (!ok)
            return false;
    }
    return true;
}

bool call_procedure(struct eval_context *ctx, const struct utility *u, const struct snapshot *s,
                    const struct value *params, int nparams, bool nonatomic, struct arena *arena,
                    struct call_result *out, struct error *err)
{
    const struct expr *call = u->call.call;
    const struct expr_list *args = &call->func.args;
    struct value *values = ARENA_ARRAY(arena, struct value, args->n + 1);
    uint32_t *types = ARENA_ARRAY(arena, uint32_t, args->n + 1);
    if (!privilege_check_call(ctx->snapshot, u->call.call, ctx->role, arena, err) ||
        !eval_arguments(ctx, args, s, params, nparams, arena, values, err))
        return false;
    for (int i = 0; i < args->n; i++)
        types[i] = args->items[i]->type;
    struct snapshot *held = snapshot_ref(ctx->snapshot);
    struct routine_call c = {.ctx = ctx, .proc = snapshot_proc(ctx->snapshot, call->func.proc->oid), .args = values,
                             .nargs = args->n, .argtypes = types, .rettype = call->type, .nonatomic = nonatomic,
                             .arena = arena, .err = err};
    if (!c.proc)
        c.proc = call->func.proc;
    bool ok = routine_call(&c);
    int n = u->call.nouts;
    out->values = ARENA_ARRAY(arena, struct value, n + 1);
    out->types = ARENA_ARRAY(arena, uint32_t, n + 1);
    if (ok && n > 0 && c.result.kind != VALUE_NULL) {
        struct fcall f = {.err = err, .arena = arena, .ctx = ctx};
        struct record r;
        ok = record_read(&f, &c.result, RECORDOID, &r);
        for (int i = 0; ok && i < n && i < r.n; i++) {
            out->values[i] = r.columns[i].value;
            out->types[i] = r.columns[i].type;
        }
    }
    for (int i = 0; i < n; i++)
        if (!out->types[i])
            out->types[i] = u->call.outs[i].type;
    snapshot_unref(held);
    return ok;
}
