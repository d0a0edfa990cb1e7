/* fire.c: one firing for one row: WHEN conditions, calls of trigger functions. See modify.h. */
#include <string.h>

#include "sql/base/arena.h"
#include "sql/exec/modify.h"
#include "sql/exec/portal.h"
#include "sql/exec/routine.h"

/* --- queries about the row -------------------------------------------------------------------------- */

static void bind_row(const struct fired_row *r, sqlite3_stmt *stmt, const struct step *st)
{
    int natts = r->relation->natts;
    for (int i = 0; i < st->nbindings; i++) {
        const struct binding *b = &st->bindings[i];
        if (b->kind == BINDING_CONST)
            portal_bind_value(stmt, i + 1, &b->value);
        else if (b->index < natts && r->new)
            portal_bind_value(stmt, i + 1, &r->new[b->index]);
        else if (b->index >= natts && b->index < 2 * natts && r->old)
            portal_bind_value(stmt, i + 1, &r->old[b->index - natts]);
        else if (b->index == 2 * natts)
            sqlite3_bind_int64(stmt, i + 1, r->rowid);
    }
}

static struct value column_value(sqlite3_stmt *stmt, int i, struct arena *arena)
{
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER:
        return value_int(sqlite3_column_int64(stmt, i));
    case SQLITE_FLOAT:
        return value_real(sqlite3_column_double(stmt, i));
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_column_text(stmt, i);
        size_t n = (size_t)sqlite3_column_bytes(stmt, i);
        return value_text(arena_strndup(arena, p, n), n);
    }
    case SQLITE_BLOB: {
        size_t n = (size_t)sqlite3_column_bytes(stmt, i);
        return value_blob(arena_strndup(arena, n ? sqlite3_column_blob(stmt, i) : "", n), n);
    }
    default:
        return value_null();
    }
}

bool fire_query(const struct fired_row *r, const struct step *st, struct value *out, int ncolumns, bool *found)
{
    struct connection *c = r->env->connection;
    sqlite3_stmt *stmt = connection_stmt(c, r->plan->uid, st->number, st->sql, r->err);
    if (!stmt)
        return false;
    bind_row(r, stmt, st);
    int rc = sqlite3_step(stmt);
    *found = rc == SQLITE_ROW;
    for (int i = 0; *found && i < ncolumns; i++)
        out[i] = column_value(stmt, i, r->arena);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE && !connection_error(c, rc, r->err))
        error_set(r->err, ERRCODE_INTERNAL_ERROR, "%s", sqlite3_errmsg(c->db));
    connection_stmt_release(c, stmt);
    return !error_is_set(r->err);
}

bool fire_when(const struct fired_row *r, const struct firing *f, bool *holds)
{
    struct value v = value_null();
    bool found = true;
    *holds = true;
    if (!f->when)
        return true;
    if (!fire_query(r, f->when, &v, 1, &found))
        return false;
    *holds = v.kind == VALUE_INT && v.i != 0;
    return true;
}

/* --- trigger functions -------------------------------------------------------------------------------- */

bool fire_same_value(const struct value *x, const struct value *y)
{
    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_INT:
        return x->i == y->i;
    case VALUE_REAL:
        return x->d == y->d;
    default:
        return x->n == y->n && !memcmp(x->p, y->p, x->n);
    }
}

bool fire_same_key(const struct value *a, const struct value *b, const int16_t *keys, int n)
{
    for (int i = 0; i < n; i++)
        if (!fire_same_value(&a[keys[i] - 1], &b[keys[i] - 1]))
            return false;
    return true;
}

bool fire_null_key(const struct value *row, const int16_t *keys, int n)
{
    for (int i = 0; i < n; i++)
        if (value_is_null(&row[keys[i] - 1]))
            return true;
    return false;
}

bool fire_trigger(const struct fired_row *r, struct trigger_call *call)
{
    struct eval_context *ctx = r->env->txn->ctx;
    const struct rule_def *rule = call->trigger->rule;
    const struct proc *proc = rule ? rule->body : snapshot_proc(ctx->snapshot, call->trigger->function);
    if (!proc)
        return error_set(r->err, ERRCODE_UNDEFINED_FUNCTION, "function with OID %u does not exist",
                         call->trigger->function);
    if (!proc->user)
        return builtin_trigger(r, proc, call);
    call->results = r->env->results;
    struct routine_call c = {
        .ctx = ctx, .proc = proc, .rettype = TRIGGEROID, .trigger = call, .arena = r->arena, .err = r->err};
    call->outer = ctx->trigger;
    ctx->trigger = call;
    ctx->trigger_depth += !rule;
    bool ok = routine_call(&c);
    ctx->trigger_depth -= !rule;
    ctx->trigger = call->outer;
    /* Statements of the function have used the connection. */
    connection_attach(r->env->connection, ctx, r->env->control, r->err->arena);
    return ok;
}
