/*
 * emit_func.c: calls of functions and operators: native templates, C functions under PostgreSQL's internal names, and
 * what FN_TYPED implementations want behind their arguments.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/walk.h"

/* PostgreSQL's internal names that are functions or table-valued functions of SQLite 3.40: printed with the prefix
   under which types/sqlite_func.h registers ours. */
static const char *const sqlite_names[] = {
    "degrees", "json_array_length", "json_each", "json_object", "lower",
    "ltrim",   "radians",           "rtrim",     "upper",       NULL,
};

void emit_call_begin(struct emitter *em, const char *internal_name)
{
    const struct fn_impl *impl = fn_impl_find(internal_name);
    bool taken = impl && impl->srf; /* table-valued: a user's table may have the same name */
    for (int i = 0; !taken && sqlite_names[i]; i++)
        taken = strcmp(sqlite_names[i], internal_name) == 0;
    if (taken)
        internal_name = arena_printf(em->arena, "pg.%s", internal_name);
    emit_identifier(em->out, internal_name);
    emit_z(em, "(");
}

void emit_type_list(struct emitter *em, uint32_t result, const uint32_t *types, int n)
{
    emit_printf(em, n ? ", %u" : "%u", result);
    for (int i = 0; i < n; i++)
        emit_printf(em, ", %u", types[i]);
}

void emit_types(struct emitter *em, uint32_t result, const struct expr_list *args)
{
    emit_printf(em, args->n ? ", %u" : "%u", result);
    for (int i = 0; i < args->n; i++)
        emit_printf(em, ", %u", args->items[i]->type);
}

/* "($1 = $2)" with the arguments in place; the first carries the collation of its type. */
static void emit_template(struct emitter *em, const char *template, const struct expr_list *args)
{
    bool compares = strncmp(template, "($1 ", 4) == 0 && strchr("=<>", template[4]) && !strchr("<>", template[5]);
    compares = compares || strncmp(template, "($1 <> ", 7) == 0;
    for (const char *p = template; *p; p++) {
        int i = p[0] == '$' && p[1] >= '1' && p[1] <= '9' ? p[1] - '1' : -1;
        if (i < 0 || i >= args->n) {
            strbuf_addc(em->out, *p);
            continue;
        }
        p++;
        if (compares)
            emit_operand(em, args->items[i]);
        else
            emit_expr(em, args->items[i]);
        if (i == 0)
            emit_collate(em, args->items[0]->type);
    }
}

/* "a || b || c": native concatenation of a long chain, balanced as SQLite limits depth. */
static bool is_concat(const struct expr *e)
{
    return (e->kind == EXPR_OP || e->kind == EXPR_FUNC) && e->func.proc->impl &&
           e->func.proc->impl->native && strcmp(e->func.proc->impl->native, "($1 || $2)") == 0;
}

static int concat_leaves(const struct expr *e, const struct expr **out)
{
    int n = 0;
    /* Chains lean left: follow that side without recursion. */
    while (is_concat(e)) {
        if (out)
            out[n] = e->func.args.items[1];
        n++;
        e = e->func.args.items[0];
    }
    if (out)
        out[n] = e;
    return n + 1;
}

/* leaves are in reverse order */
static void emit_concat(struct emitter *em, const struct expr **leaves, int n)
{
    if (n == 1) {
        emit_expr(em, leaves[0]);
        return;
    }
    emit_z(em, "(");
    emit_concat(em, leaves + n / 2, n - n / 2);
    emit_z(em, " || ");
    emit_concat(em, leaves, n / 2);
    emit_z(em, ")");
}

static bool emit_long_concat(struct emitter *em, const struct expr_list *args, const struct fn_impl *impl)
{
    if (args->n != 2 || strcmp(impl->native, "($1 || $2)") != 0 || !is_concat(args->items[0]))
        return false;
    int n = concat_leaves(args->items[0], NULL) + 1;
    const struct expr **leaves = ARENA_ARRAY(em->arena, const struct expr *, n);
    leaves[0] = args->items[1];
    concat_leaves(args->items[0], leaves + 1);
    emit_concat(em, leaves, n);
    return true;
}

static bool missing(struct emitter *em, const struct proc *p)
{
    if (p->impl && (p->impl->call || p->impl->native || p->impl->agg))
        return false;
    error_set(em->err, ERRCODE_FEATURE_NOT_SUPPORTED,
              p->impl ? "function %s is only supported in FROM" : "function %s is not supported", p->name);
    return true;
}

/* variadic: the call was written with VARIADIC; only functions of VARIADIC "any" are told. */
static bool is_ctid(const struct expr *e)
{
    return e->kind == EXPR_VAR && e->type == TIDOID && e->var.attnum == PLAN_ATTNUM_CTID;
}

/* ctid = ctid of two tables: their rowids, which SQLite looks up. */
static bool emit_same_row(struct emitter *em, const struct fn_impl *impl, const struct expr_list *args)
{
    if (args->n != 2 || !is_ctid(args->items[0]) || !is_ctid(args->items[1]) || strcmp(impl->name, "tideq") != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        struct expr *row = expr_copy(em->arena, args->items[i]);
        row->type = INT8OID;
        row->var.attnum = PLAN_ATTNUM_ROWID;
        emit_z(em, i ? " = " : "(");
        emit_expr(em, row);
    }
    emit_z(em, ")");
    return true;
}

void emit_call(struct emitter *em, const struct proc *proc, const struct expr_list *args, uint32_t result,
               bool variadic)
{
    if (missing(em, proc))
        return;
    const struct fn_impl *impl = proc->impl;
    if (emit_same_row(em, impl, args))
        return;
    if (impl->native) {
        if (!emit_long_concat(em, args, impl))
            emit_template(em, impl->native, args);
        return;
    }
    emit_call_begin(em, impl->name);
    emit_expr_list(em, args);
    if (impl->flags & FN_TYPED) {
        emit_types(em, result, args);
        if (variadic && proc->variadic == ANYOID && args->n > 0)
            emit_printf(em, " + %u", FN_TYPE_VARIADIC);
    }
    emit_z(em, ")");
}

bool emit_op_is_native(const struct operator_def *op, const char *symbol)
{
    if (!op || !op->proc || !op->proc->impl || !op->proc->impl->native)
        return false;
    const char *t = op->proc->impl->native;
    size_t n = strlen(symbol);
    return strncmp(t, "($1 ", 4) == 0 && strncmp(t + 4, symbol, n) == 0 && strcmp(t + 4 + n, " $2)") == 0;
}

void emit_operator(struct emitter *em, const struct operator_def *op, const struct expr *left,
                   const struct expr *right)
{
    struct expr *items[] = {(struct expr *)left, (struct expr *)right};
    struct expr_list args = {items, 2};
    if (!op || !op->proc) {
        error_set(em->err, ERRCODE_INTERNAL_ERROR, "operator without a function reached the printer");
        return;
    }
    emit_call(em, op->proc, &args, op->result, false);
}
