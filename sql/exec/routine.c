/* routine.c: see routine.h. */
#include "sql/exec/routine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/base/strbuf.h"
#include "sql/exec/casts.h"
#include "sql/exec/spi.h"
#include "sql/exec/trigger.h"
#include "sql/txn/connection.h"
#include "sql/txn/function_counts.h"
#include "sql/types/json_parse.h"
#include "sql/types/record.h"

/* --- languages ------------------------------------------------------------------------------------ */

#define MAX_LANGUAGES 8

static const struct routine_language *languages[MAX_LANGUAGES];
static int nlanguages;

void routine_add_language(const struct routine_language *l)
{
    if (routine_language(l->oid))
        return;
    if (nlanguages == MAX_LANGUAGES)
        log_fatal("too many procedural languages");
    languages[nlanguages++] = l;
}

const struct routine_language *routine_language(uint32_t oid)
{
    for (int i = 0; i < nlanguages; i++)
        if (languages[i]->oid == oid)
            return languages[i];
    return NULL;
}

bool routine_validate(struct eval_context *ctx, const struct proc *p, const char *statement, struct error *err)
{
    const struct routine_language *l = routine_language(p->lang);
    return !l || !ctx || !l->validate || l->validate(ctx, p, statement, err);
}

/* --- errors ------------------------------------------------------------------------------------------ */

void routine_context(struct error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *line = arena_vprintf(err->arena, fmt, ap);
    va_end(ap);
    err->context = err->context ? arena_printf(err->arena, "%s\n%s", err->context, line) : line;
}

void routine_push(struct eval_context *ctx, struct routine_frame *f)
{
    f->outer = ctx->frames;
    ctx->frames = f;
}

void routine_pop(struct eval_context *ctx, const struct routine_frame *f)
{
    ctx->frames = f->outer;
}

void routine_frames_context(struct error *err, const struct routine_frame *first)
{
    for (const struct routine_frame *f = first; f; f = f->outer)
        f->describe(err, f->arg);
}

void routine_internal_position(struct error *err, const char *query)
{
    if (err->position <= 0)
        return;
    if (!err->internal_query) {
        err->internal_position = err->position;
        err->internal_query = arena_strdup(err->arena, query);
    }
    err->position = 0;
}

/* Where body begins inside statement as a string literal; NULL if nowhere or in two places. */
static const char *find_literal(const char *statement, const char *body, bool *quoted)
{
    const char *found = NULL;
    size_t n = strlen(body);
    for (const char *p = statement; *p; p++) {
        if (*p == '$' && strncmp(p + 1, body, n) == 0 && p[1 + n] == '$') {
            if (found)
                return NULL;
            *quoted = false;
            found = p + 1;
        } else if (*p == '\'') {
            const char *s = p + 1, *b = body;
            while (*b && (*s == *b) && (*s != '\'' || s[1] == '\'')) {
                s += *s == '\'' ? 2 : 1;
                b++;
            }
            if (*b || *s != '\'' || s[1] == '\'')
                continue;
            if (found)
                return NULL;
            *quoted = true;
            found = p + 1;
        }
    }
    return found;
}

static int count_chars(const char *p, const char *end)
{
    int n = 0;
    for (; p < end; p++)
        n += (*p & 0xc0) != 0x80;
    return n;
}

void routine_body_position(struct error *err, const char *body, const char *statement)
{
    bool quoted = false;
    const char *at = err->position > 0 && statement ? find_literal(statement, body, &quoted) : NULL;
    if (!at) {
        routine_internal_position(err, body);
        return;
    }
    int before = count_chars(statement, at), inside = err->position - 1, doubled = 0;
    if (quoted) {
        const char *p = body;
        for (int n = 0; *p && n < inside; p++) {
            doubled += *p == '\'';
            n += (*p & 0xc0) != 0x80;
        }
    }
    err->position = before + inside + doubled + 1;
}

const char *routine_signature_text(struct eval_context *ctx, const struct proc *p, struct arena *arena)
{
    struct strbuf b = {0};
    bool found = false;
    for (int i = 0; i < ctx->nsearch_path; i++)
        found |= ctx->search_path[i] == p->namespace_oid;
    const struct namespace_def *ns = found ? NULL : snapshot_namespace(ctx->snapshot, p->namespace_oid);
    if (ns)
        strbuf_printf(&b, "%s.", format_identifier(arena, ns->name));
    strbuf_printf(&b, "%s(", format_identifier(arena, p->name));
    for (int i = 0; i < p->nargs; i++)
        strbuf_printf(&b, "%s%s", i ? "," : "",
                      format_type_name(arena, ctx->snapshot, ctx->search_path, ctx->nsearch_path, p->argtypes[i], -1,
                                       false));
    strbuf_addc(&b, ')');
    const char *s = arena_strndup(arena, b.data, b.len);
    strbuf_free(&b);
    return s;
}

/* --- calls --------------------------------------------------------------------------------------------- */

/* Nested calls use the thread's stack: what they may take of its 8 MB, and how many there may be. */
#define STACK_BUDGET (4u << 20)
#define DEPTH_MAX    20000

static _Thread_local struct {
    const char *base;
    int depth;
} stack;

static bool too_deep(struct routine_call *c)
{
    char here;
    if (stack.depth == 0)
        stack.base = &here;
    size_t used = stack.base > &here ? (size_t)(stack.base - &here) : (size_t)(&here - stack.base);
    if (used < STACK_BUDGET && stack.depth < DEPTH_MAX)
        return false;
    error_set(c->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    error_hint(c->err, "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring "
                       "the platform's stack depth limit is adequate.");
    return true;
}

static bool has_null_argument(const struct routine_call *c)
{
    for (int i = 0; i < c->nargs; i++)
        if (c->args[i].kind == VALUE_NULL)
            return true;
    return false;
}

/* SET clauses and SECURITY DEFINER around a call. */
struct surroundings {
    const char **saved; /* former values, one per setting */
    int nsaved;
    uint32_t role;
    const char *role_name;
    bool secdef;
};

static bool enter_settings(struct routine_call *c, const struct user_proc *u, struct surroundings *s)
{
    s->saved = ARENA_ARRAY(c->arena, const char *, u->nconfig + 1);
    for (int i = 0; i < u->nconfig; i++) {
        const char *eq = strchr(u->config[i], '=');
        char *name = arena_strndup(c->arena, u->config[i], eq ? (size_t)(eq - u->config[i]) : 0);
        const char *old = c->ctx->spi->setting(c->ctx, name);
        s->saved[i] = old ? arena_strdup(c->arena, old) : NULL;
        if (!c->ctx->spi->set(c->ctx, name, eq ? eq + 1 : "", true, c->err))
            return false;
        s->nsaved++;
    }
    return true;
}

static void leave_settings(struct routine_call *c, const struct user_proc *u, struct surroundings *s)
{
    while (s->nsaved > 0) {
        const char *entry = u->config[--s->nsaved];
        char *name = arena_strndup(c->arena, entry, strcspn(entry, "="));
        c->ctx->spi->restore(c->ctx, name, s->saved[s->nsaved]);
    }
}

static bool enter(struct routine_call *c, const struct user_proc *u, struct surroundings *s)
{
    const struct role_def *owner = u->proc.secdef ? snapshot_role(c->ctx->snapshot, u->proc.owner) : NULL;
    if (owner && owner->oid != c->ctx->role) {
        s->secdef = true;
        s->role = c->ctx->role;
        s->role_name = arena_strdup(c->arena, c->ctx->role_name ? c->ctx->role_name : "");
        c->ctx->spi->set_role(c->ctx, owner->oid, owner->name);
    }
    return enter_settings(c, u, s); /* by the rights of who runs it */
}

static void leave(struct routine_call *c, const struct user_proc *u, struct surroundings *s)
{
    leave_settings(c, u, s);
    if (s->secdef)
        c->ctx->spi->set_role(c->ctx, s->role, s->role_name);
}

static bool run_language(struct routine_call *c)
{
    const struct routine_language *l = routine_language(c->proc->lang);
    const struct user_proc *u = user_proc(c->proc);
    if (!l || !u)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function %s is not supported", c->proc->name);
    if (!u->nconfig && !c->proc->secdef)
        return l->call(c);
    struct surroundings s = {0};
    bool ok = enter(c, u, &s) && l->call(c);
    leave(c, u, &s);
    return ok;
}

/* A built-in function of one row. */
static bool run_builtin(struct routine_call *c)
{
    const struct fn_impl *impl = c->proc->impl;
    if (!impl || !impl->call)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function %s is not supported here", c->proc->name);
    struct fcall f = {.args = c->args, .nargs = c->nargs, .err = c->err, .arena = c->arena, .ctx = c->ctx,
                      .argtypes = c->argtypes, .rettype = c->rettype, .impl = impl};
    impl->call(&f);
    c->result = f.result;
    return !error_is_set(c->err);
}

/* The connection's state belongs to the statement around: nested ones have their own error and scratch memory. */
struct connection_state {
    struct connection *connection;
    struct eval_context *ctx;
    struct run_control *control;
    struct error err;
    struct arena *scratch;
    int depth;
};

static void save_connection(struct routine_call *c, struct connection_state *s)
{
    s->connection = c->ctx->spi ? c->ctx->spi->connection(c->ctx) : NULL;
    if (!s->connection)
        return;
    struct sqlite_func_host *h = &s->connection->host;
    s->ctx = h->ctx;
    s->control = s->connection->control;
    s->err = h->err;
    s->scratch = h->scratch;
    s->depth = h->depth;
    h->scratch = arena_create();
    h->depth = 0;
}

static void restore_connection(struct connection_state *s)
{
    if (!s->connection)
        return;
    struct sqlite_func_host *h = &s->connection->host;
    arena_destroy(h->scratch);
    h->scratch = s->scratch;
    h->depth = s->depth;
    h->ctx = s->ctx;
    h->err = s->err;
    s->connection->control = s->control;
}

/* --- counting (track_functions) ----------------------------------------------------------------------- */

struct call_timer {
    bool on;
    int64_t start, others; /* others: ctx->function_time at the start */
    int64_t total;         /* the function's before: a recursive call's time is not counted twice */
};

static struct call_timer begin_counting(struct routine_call *c)
{
    struct eval_context *ctx = c->ctx;
    struct call_timer t = {.on = ctx->function_counts && ctx->track_functions > (c->proc->lang == LANGUAGE_SQL) &&
                                 !(c->trigger && c->trigger->trigger->rule)};
    if (!t.on)
        return t;
    t.total = function_counts_at(ctx->function_counts, c->proc->oid)->total; /* a call that fails leaves an entry, too */
    t.start = run_control_now();
    t.others = ctx->function_time;
    return t;
}

static void end_counting(struct routine_call *c, const struct call_timer *t)
{
    if (!t->on)
        return;
    struct function_count *n = function_counts_at(c->ctx->function_counts, c->proc->oid);
    int64_t took = run_control_now() - t->start;
    n->calls++;
    n->total = t->total + took;
    n->self += took - (c->ctx->function_time - t->others);
    c->ctx->function_time = t->others + took;
}

bool routine_call(struct routine_call *c)
{
    c->result = value_null();
    if (c->proc->strict && !c->trigger && has_null_argument(c))
        return true;
    if (!c->proc->user)
        return run_builtin(c);
    if (too_deep(c))
        return false;
    /* What the function does may replace the catalog its definition lies in. */
    struct snapshot *held = snapshot_ref(c->ctx->snapshot);
    struct connection_state state;
    save_connection(c, &state);
    stack.depth++;
    struct call_timer timer = begin_counting(c);
    bool ok = run_language(c) && !error_is_set(c->err);
    if (ok)
        end_counting(c, &timer);
    stack.depth--;
    restore_connection(&state);
    snapshot_unref(held);
    return ok;
}

int routine_row_columns(const struct routine_call *c)
{
    if (c->want_row)
        return 1;
    int n = proc_out_columns(c->proc);
    if (n > 1)
        return n;
    if (c->coldef)
        return c->ncoldef;
    const struct type_def *t = snapshot_type(c->ctx->snapshot, c->rettype);
    while (t && t->typtype == 'd')
        t = snapshot_type(c->ctx->snapshot, t->basetype);
    const struct relation *r = t && t->relid ? snapshot_relation(c->ctx->snapshot, t->relid) : NULL;
    return r ? r->natts : 1;
}

static const char *type_text(struct routine_call *c, uint32_t type)
{
    return format_type_name(c->arena, c->ctx->snapshot, c->ctx->search_path, c->ctx->nsearch_path, type, -1, false);
}

bool routine_row_matches(struct routine_call *c, const struct record *r, const struct column_def *columns, int n)
{
    static const char message[] = "function return row and query-specified return row do not match";
    if (r->n != n) {
        error_set(c->err, ERRCODE_DATATYPE_MISMATCH, message);
        error_detail(c->err, "Returned row contains %d attribute%s, but query expects %d.", r->n, r->n == 1 ? "" : "s", n);
        return false;
    }
    for (int i = 0; i < r->n; i++) {
        if (r->columns[i].type == columns[i].type)
            continue;
        error_set(c->err, ERRCODE_DATATYPE_MISMATCH, message);
        error_detail(c->err, "Returned type %s at ordinal position %d, but query expects %s.",
                     type_text(c, r->columns[i].type), i + 1, type_text(c, columns[i].type));
        return false;
    }
    return true;
}

/* --- the door -------------------------------------------------------------------------------------------- */

/* Types of the arguments and the result as the call has them, else as they are declared. */
static bool from_fcall(struct routine_call *c, struct fcall *f, uint32_t oid)
{
    const struct proc *p = snapshot_proc(f->ctx->snapshot, oid);
    if (!p)
        return error_set(f->err, ERRCODE_UNDEFINED_FUNCTION, "function with OID %u does not exist", oid);
    bool typed = f->argtypes != NULL;
    *c = (struct routine_call){.ctx = f->ctx, .proc = p, .args = f->args,
                               .nargs = f->nargs < p->nargs ? f->nargs : p->nargs,
                               .argtypes = typed ? f->argtypes : p->argtypes,
                               .rettype = typed ? f->rettype : p->rettype, .arena = f->arena, .err = f->err};
    return true;
}

static void door_call(struct fcall *f, uint32_t oid)
{
    struct routine_call c;
    struct error err; /* f->err may be the connection's own, which nested statements use */
    if (!from_fcall(&c, f, oid))
        return;
    error_init(&err, f->arena);
    c.err = &err;
    if (routine_call(&c))
        f->result = c.result;
    else
        error_copy(f->err, &err);
}

/* [["name",type,typmod],...] behind the arguments: the columns the query gives a RECORD. */
static bool read_column_definitions(struct routine_call *c, struct fcall *f)
{
    if (f->nargs <= c->proc->nargs)
        return true;
    const struct value *v = &f->args[f->nargs - 1];
    int cap = 0;
    for (size_t i = 0; i < v->n; i++)
        cap += v->p[i] == '[';
    struct column_def *columns = ARENA_ARRAY(f->arena, struct column_def, cap + 1);
    const char *p = v->p, *end = v->p + v->n;
    int n = 0;
    for (p++; p < end && *p != ']'; n++) { /* printed by emit_from.c: no blanks */
        p += *p == ',';
        const char *name = ++p;
        char *plain = arena_alloc(f->arena, (size_t)(end - p) + 1), *to = plain;
        for (name++; name < end && *name != '"'; name++) {
            if (*name == '\\')
                name++;
            *to++ = *name;
        }
        char *rest;
        columns[n].name = plain;
        columns[n].type = (uint32_t)strtoul(name + 2, &rest, 10);
        columns[n].typmod = (int32_t)strtol(rest + 1, &rest, 10);
        p = rest + 1;
    }
    c->coldef = columns;
    c->ncoldef = n;
    return true;
}

struct door_rows {
    struct rowset *rows;
    int64_t at;
};

static void *door_open(struct fcall *f, uint32_t oid, bool whole)
{
    struct routine_call c;
    struct error err;
    if (!from_fcall(&c, f, oid) || !read_column_definitions(&c, f))
        return NULL;
    error_init(&err, f->arena);
    c.err = &err;
    c.want_row = whole || (proc_out_columns(c.proc) <= 1 && c.rettype == RECORDOID && !c.coldef);
    c.rows = rowset_create(routine_row_columns(&c));
    if (!routine_call(&c)) {
        error_copy(f->err, &err);
        rowset_destroy(c.rows);
        return NULL;
    }
    struct door_rows *r = calloc(1, sizeof(*r));
    if (!r)
        log_fatal("out of memory");
    r->rows = c.rows;
    return r;
}

static bool door_next(void *rows, struct value *columns, int n)
{
    struct door_rows *r = rows;
    if (r->at >= r->rows->nrows)
        return false;
    const struct value *row = rowset_row(r->rows, r->at++);
    for (int i = 0; i < r->rows->ncolumns && i < n; i++)
        columns[i] = row[i];
    return true;
}

static void door_close(void *rows)
{
    struct door_rows *r = rows;
    rowset_destroy(r->rows);
    free(r);
}

/* A statement inside the cast clears the error of the connection, which the caller's may be. */
static bool door_cast(struct eval_context *ctx, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod, bool is_explicit,
                      struct value *v, struct arena *arena, struct error *err)
{
    struct error own;
    error_init(&own, arena);
    if (casts_apply(ctx, type, typmod, to, to_typmod, is_explicit, v, arena, &own))
        return true;
    error_copy(err, &own);
    return false;
}

const struct routine_door routine_sql_door = {
    .call = door_call, .open = door_open, .next = door_next, .close = door_close,
    .step = user_aggregate_step,
    .final = user_aggregate_final,
    .cast = door_cast,
};
