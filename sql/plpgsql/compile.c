/* compile.c: a function's parameters as variables, its body parsed. */
#include <stdlib.h>
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/analyze/routine_names.h"
#include "sql/base/limits.h"
#include "sql/exec/evaluate.h"
#include "sql/parse/parse.h"
#include "sql/plpgsql/conditions.h"
#include "sql/plpgsql/exec.h"
#include "sql/plpgsql/parser.h"

struct condition *find_condition(struct parser *p, const char *name)
{
    struct condition *first = NULL, **link = &first;
    const char *state;
    if (strcmp(name, "others") == 0)
        return ARENA_NEW(p->arena, struct condition);
    for (int i = 0; (state = condition_named(name, i)); i++) {
        *link = ARENA_NEW(p->arena, struct condition);
        (*link)->sqlstate = state;
        link = &(*link)->next;
    }
    if (!first)
        error_at(p, -1, ERRCODE_UNDEFINED_OBJECT, "unrecognized exception condition \"%s\"", name);
    return first;
}

void function_free(struct function *f)
{
    for (int i = 0; i < f->nexprs; i++) {
        for (struct pexpr *e = f->exprs[i]; e; e = e->kept) {
            e->running = 0;
            expr_forget(e);
        }
        parsed_free(f->exprs[i]->parsed);
    }
    arena_destroy(f->arena);
}

/* --- options: #variable_conflict ... ------------------------------------------------------------------ */

static bool parse_options(struct parser *p)
{
    while (is_op(peek(p), "#")) {
        p->at++;
        const struct token *name = next(p), *value = next(p);
        if (is_word(name, "option") && is_word(value, "dump")) {
            continue;
        } else if (is_word(name, "print_strict_params")) {
            if (!is_word(value, "on") && !is_word(value, "off"))
                return error_at(p, value->start, ERRCODE_SYNTAX_ERROR, "unrecognized print_strict_params option %s",
                                value->text);
            p->f->print_strict = is_word(value, "on");
        } else if (is_word(name, "variable_conflict")) {
            if (is_word(value, "error"))
                p->f->conflict = CONFLICT_IS_ERROR;
            else if (is_word(value, "use_variable"))
                p->f->conflict = CONFLICT_USE_VARIABLE;
            else if (is_word(value, "use_column"))
                p->f->conflict = CONFLICT_USE_COLUMN;
            else {
                p->at--;
                return syntax_error(p, "syntax error");
            }
        } else {
            p->at -= 2;
            return syntax_error(p, "syntax error");
        }
    }
    return true;
}

/* --- parameters ------------------------------------------------------------------------------------------- */

static bool is_polymorphic(uint32_t type)
{
    const struct type_def *t = type_builtin(type);
    return t && t->typtype == 'p' && strncmp(t->name, "any", 3) == 0 && type != ANYOID;
}

/* What a polymorphic parameter stands for while only the syntax is checked. */
static uint32_t stand_in(uint32_t type)
{
    switch (type) {
    case ANYARRAYOID:
    case ANYCOMPATIBLEARRAYOID:
        return INT4ARRAYOID;
    case ANYRANGEOID:
    case ANYCOMPATIBLERANGEOID:
        return INT4RANGEOID;
    case ANYMULTIRANGEOID:
    case ANYCOMPATIBLEMULTIRANGEOID:
        return INT4MULTIRANGEOID;
    default:
        return INT4OID;
    }
}

struct compile_call {
    struct parser *p;
    const struct proc *proc;
    const uint32_t *argtypes; /* actual; NULL: validating */
    int nargs;
};

static uint32_t actual_type(struct compile_call *c, uint32_t declared)
{
    if (!is_polymorphic(declared))
        return declared;
    if (!c->argtypes)
        return stand_in(declared);
    struct analysis a = {.arena = c->p->arena, .snapshot = c->p->ctx->snapshot, .err = c->p->err,
                         .search_path = c->p->ctx->search_path, .nsearch_path = c->p->ctx->nsearch_path,
                         .ctx = c->p->ctx};
    uint32_t type = routine_actual_type(&a, c->proc, c->argtypes, c->nargs, declared);
    return type ? type : INT4OID;
}

static bool declare_parameters(struct compile_call *c)
{
    struct parser *p = c->p;
    struct function *f = p->f;
    const struct proc *proc = c->proc;
    int n = proc->nallargs ? proc->nallargs : proc->nargs, outs[LIMIT_FUNC_ARGS + 1], nouts = 0, input = 0;
    f->arg_dnos = ARENA_ARRAY(p->arena, int, n + 1);
    f->argtypes = ARENA_ARRAY(p->arena, uint32_t, n + 1);
    for (int i = 0; i < n; i++) {
        char mode = proc->nallargs ? proc->argmodes[i] : 'i';
        bool in = mode == 'i' || mode == 'b' || mode == 'v', out = mode == 'o' || mode == 'b' || mode == 't';
        uint32_t declared = proc->nallargs ? proc->allargtypes[i] : proc->argtypes[i];
        uint32_t type = in && c->argtypes && is_polymorphic(declared) ? c->argtypes[input] : actual_type(c, declared);
        const struct type_def *t = snapshot_type(p->ctx->snapshot, type);
        if (t && t->typtype == 'p' && type != RECORDOID)
            return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "PL/pgSQL functions cannot accept type %s",
                             format_type_name(p->arena, p->ctx->snapshot, p->ctx->search_path, p->ctx->nsearch_path,
                                              type, -1, false));
        struct datum *d = variable_new(p, arena_printf(p->arena, "$%d", i + 1), 0, type, -1, true);
        const char *name = proc->argnames && proc->argnames[i] ? proc->argnames[i] : "";
        if (*name) {
            for (const struct ns_item *k = p->ns; k && !k->block_end; k = k->prev)
                if (strcmp(k->name, name) == 0)
                    return error_set(p->err, ERRCODE_INVALID_FUNCTION_DEFINITION,
                                     "parameter name \"%s\" used more than once", name);
            d->name = arena_strdup(p->arena, name); /* the function outlives the catalog's picture of it */
            push_ns(p, NS_VAR, d->dno, d->name, false);
        }
        if (in) {
            f->argtypes[f->nargs] = type;
            f->arg_dnos[f->nargs++] = d->dno;
            input++;
        }
        if (out)
            outs[nouts++] = d->dno;
    }
    if (is_polymorphic(proc->rettype))
        variable_new(p, "$0", 0, f->rettype, -1, true);
    f->out_dno = -1;
    if (nouts == 1 && !f->procedure) {
        f->out_dno = outs[0];
    } else if (nouts > 0) {
        struct datum *row = datum_new(p, DATUM_ROW, "(unnamed row)", 0);
        row->targets = arena_memdup(p->arena, outs, sizeof(int) * (size_t)nouts);
        row->ntargets = nouts;
        f->out_dno = row->dno;
    }
    return true;
}

static bool check_result(struct parser *p, const struct proc *proc, uint32_t type)
{
    const struct type_def *t = snapshot_type(p->ctx->snapshot, type);
    if (!t || t->typtype != 'p' || type == RECORDOID || type == VOIDOID || is_polymorphic(proc->rettype))
        return true;
    if (type == TRIGGEROID || type == EVENT_TRIGGEROID)
    {
        if (proc->nargs == 0)
            return true;
        if (type == EVENT_TRIGGEROID)
            return error_set(p->err, ERRCODE_INVALID_FUNCTION_DEFINITION,
                             "event trigger functions cannot have declared arguments");
        error_set(p->err, ERRCODE_INVALID_FUNCTION_DEFINITION, "trigger functions cannot have declared arguments");
        error_hint(p->err, "The arguments of the trigger can be accessed through TG_NARGS and TG_ARGV instead.");
        return false;
    }
    return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "PL/pgSQL functions cannot return type %s",
                     format_type_name(p->arena, p->ctx->snapshot, p->ctx->search_path, p->ctx->nsearch_path, type, -1,
                                      false));
}

/* Columns of a composite result. */
static bool declare_result(struct compile_call *c)
{
    struct parser *p = c->p;
    struct function *f = p->f;
    struct analysis a = {.arena = p->arena, .snapshot = p->ctx->snapshot, .err = p->err,
                         .search_path = p->ctx->search_path, .nsearch_path = p->ctx->nsearch_path, .ctx = p->ctx};
    const struct type_def *t = snapshot_type(p->ctx->snapshot, f->rettype);
    while (t && t->typtype == 'd')
        t = snapshot_type(p->ctx->snapshot, t->basetype);
    f->returns_tuple = f->rettype == RECORDOID || (t && t->typtype == 'c');
    if (!f->returns_tuple)
        return true;
    if (f->rettype == RECORDOID)
        f->ncolumns = c->argtypes ? routine_out_columns(&a, c->proc, c->argtypes, c->nargs, &f->columns) : 0;
    else
        f->ncolumns = routine_type_columns(&a, t->oid, &f->columns);
    for (int i = 0; i < f->ncolumns; i++)
        f->columns[i].name = arena_strdup(p->arena, f->columns[i].name);
    f->columns_version = snapshot_version(p->ctx->snapshot);
    return f->ncolumns >= 0;
}

void function_renew_columns(struct function *f, struct eval_context *ctx)
{
    struct column_def *now;
    struct error ignored;
    if (!f->returns_tuple || f->rettype == RECORDOID || f->columns_version == snapshot_version(ctx->snapshot))
        return;
    struct arena *arena = arena_create();
    error_init(&ignored, arena);
    struct analysis a = {.arena = arena, .snapshot = ctx->snapshot, .err = &ignored, .search_path = ctx->search_path,
                         .nsearch_path = ctx->nsearch_path, .ctx = ctx};
    const struct type_def *t = snapshot_type(ctx->snapshot, f->rettype);
    while (t && t->typtype == 'd')
        t = snapshot_type(ctx->snapshot, t->basetype);
    int n = t ? routine_type_columns(&a, t->oid, &now) : 0;
    bool same = n == f->ncolumns;
    for (int i = 0; same && i < n; i++)
        same = now[i].type == f->columns[i].type && now[i].typmod == f->columns[i].typmod &&
               strcmp(now[i].name, f->columns[i].name) == 0;
    if (!same && n > 0) {
        f->columns = arena_memdup(f->arena, now, sizeof(*now) * (size_t)n);
        for (int i = 0; i < n; i++)
            f->columns[i].name = arena_strdup(f->arena, now[i].name);
        f->ncolumns = n;
    }
    f->columns_version = snapshot_version(ctx->snapshot);
    arena_destroy(arena);
}

/* --- triggers ---------------------------------------------------------------------------------------------- */

static void declare_trigger(struct parser *p)
{
    static const struct {
        const char *name;
        uint32_t type;
        enum promise promise;
    } vars[] = {{"tg_name", NAMEOID, PROMISE_TG_NAME},
                {"tg_when", TEXTOID, PROMISE_TG_WHEN},
                {"tg_level", TEXTOID, PROMISE_TG_LEVEL},
                {"tg_op", TEXTOID, PROMISE_TG_OP},
                {"tg_relid", OIDOID, PROMISE_TG_RELID},
                {"tg_relname", NAMEOID, PROMISE_TG_TABLE_NAME},
                {"tg_table_name", NAMEOID, PROMISE_TG_TABLE_NAME},
                {"tg_table_schema", NAMEOID, PROMISE_TG_TABLE_SCHEMA},
                {"tg_nargs", INT4OID, PROMISE_TG_NARGS},
                {"tg_argv", TEXTARRAYOID, PROMISE_TG_ARGV}};
    struct function *f = p->f;
    f->new_dno = variable_new(p, "new", 0, RECORDOID, -1, true)->dno;
    f->old_dno = variable_new(p, "old", 0, RECORDOID, -1, true)->dno;
    for (size_t i = 0; i < sizeof(vars) / sizeof(*vars); i++)
        variable_new(p, vars[i].name, 0, vars[i].type, -1, true)->promise = vars[i].promise;
}

static void declare_event_trigger(struct parser *p)
{
    variable_new(p, "tg_event", 0, TEXTOID, -1, true)->promise = PROMISE_TG_EVENT;
    variable_new(p, "tg_tag", 0, TEXTOID, -1, true)->promise = PROMISE_TG_TAG;
}

/* --- the function --------------------------------------------------------------------------------------------- */

static enum variable_conflict default_conflict(struct eval_context *ctx)
{
    const char *v = ctx->setting ? ctx->setting(ctx, "plpgsql.variable_conflict") : NULL;
    return v && strcmp(v, "use_variable") == 0  ? CONFLICT_USE_VARIABLE
           : v && strcmp(v, "use_column") == 0 ? CONFLICT_USE_COLUMN
                                               : CONFLICT_IS_ERROR;
}

static bool compile_signature(struct compile_call *c, const struct routine_call *call)
{
    struct parser *p = c->p;
    struct function *f = p->f;
    f->oid = c->proc->oid;
    f->name = arena_strdup(p->arena, c->proc->name);
    f->signature = routine_signature_text(p->ctx, c->proc, p->arena);
    f->procedure = c->proc->kind == 'p';
    f->retset = c->proc->retset;
    f->trigger = c->proc->rettype == TRIGGEROID;
    f->event_trigger = c->proc->rettype == EVENT_TRIGGEROID;
    f->rettype = call ? call->rettype : actual_type(c, c->proc->rettype);
    push_block(p, f->name, false);
    if (!check_result(p, c->proc, f->rettype) || !declare_parameters(c))
        return false;
    if (f->trigger)
        declare_trigger(p);
    if (f->event_trigger)
        declare_event_trigger(p);
    return declare_result(c);
}

static bool compile_body(struct parser *p)
{
    struct function *f = p->f;
    f->found_dno = variable_new(p, "found", 0, BOOLOID, -1, true)->dno;
    if (!scan_body(f->src, p->arena, &p->tokens, p->err) || !parse_options(p))
        return false;
    const char *label = NULL;
    if (accept_op(p, "<<")) {
        label = next(p)->text;
        if (!expect_op(p, ">>"))
            return false;
    }
    f->body = parse_block(p, label);
    if (!f->body)
        return false;
    accept_op(p, ";");
    return peek(p)->kind == TOKEN_END || syntax_error(p, "syntax error");
}

struct function *function_compile(struct eval_context *ctx, const struct routine_call *call, const struct proc *proc,
                                  const char *body, bool validating, const char *statement, int *line, struct error *err)
{
    struct arena *arena = arena_create();
    struct function *f = ARENA_NEW(arena, struct function);
    struct parser p = {.f = f, .arena = arena, .ctx = ctx, .err = err, .check_syntax = true};
    struct compile_call c = {.p = &p, .proc = proc, .argtypes = call ? call->argtypes : NULL,
                             .nargs = call ? call->nargs : 0};
    f->arena = arena;
    f->src = arena_strdup(arena, body);
    f->conflict = default_conflict(ctx);
    const char *strict = ctx->setting ? ctx->setting(ctx, "plpgsql.print_strict_params") : NULL;
    f->print_strict = strict && strcmp(strict, "on") == 0;
    f->out_dno = -1;
    p.check_syntax = validating || !proc;
    p.validating = validating;
    p.statement = statement;
    bool ok = true;
    if (proc) {
        ok = compile_signature(&c, call);
    } else {
        f->name = f->signature = "inline_code_block";
        f->rettype = VOIDOID;
        push_block(&p, f->name, false);
    }
    if (ok && compile_body(&p) && !error_is_set(err))
        return f;
    *line = p.tokens.n ? token_line(&p, peek(&p)) : 1;
    function_free(f);
    return NULL;
}
