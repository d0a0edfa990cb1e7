/*
 * sql_function.c: functions in LANGUAGE sql that were not inlined: their statements are planned once per session and argument
 * types, and run one after the other; the last one's rows are the result.
 */
#include "sql/exec/sql_function.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/analyze/format_type.h"
#include "sql/analyze/routine_names.h"
#include "sql/base/limits.h"
#include "sql/exec/spi.h"
#include "sql/types/record.h"

#define MAX_STATEMENTS 1000
#define FUNCTION_BUCKETS 256

/* One function for one set of argument types, as long as its definition stays. */
struct sql_function {
    struct sql_function *next;
    struct arena *arena;
    uint32_t oid, rettype;
    int nargs;
    uint32_t *argtypes;
    char *text; /* the statements */
    char *name;
    struct parsed *parsed;
    int nstatements;
    struct plan **plans;
    uint64_t *stamps;
    struct column_def *columns; /* of a composite result */
    int ncolumns;
    bool whole; /* the last statement gives the composite value as one column */
    bool inlined; /* PostgreSQL would put the body's expression in place of the call */
    int users;  /* calls now running */
    bool dead;
};

struct function_cache {
    struct sql_function *buckets[FUNCTION_BUCKETS];
};

/* --- the body's text ------------------------------------------------------------------------------- */

static bool is_word(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' ||
           (ch & 0x80);
}

/* RETURN at the begin of a statement is SELECT: the words are equally long, so positions stay. */
static void returns_to_selects(char *text)
{
    bool begin = true;
    for (char *p = text; *p;) {
        if (strchr(" \t\r\n;", *p)) {
            begin |= *p++ == ';';
            continue;
        }
        size_t n = 0;
        while (is_word(p[n]))
            n++;
        if (begin && n == 6 && strncasecmp(p, "return", 6) == 0)
            memcpy(p, "SELECT", 6);
        begin = false;
        if (*p == '\'' || *p == '"') {
            char *end = strchr(p + 1, *p);
            p = end ? end + 1 : p + strlen(p);
        } else {
            p += n ? n : 1;
        }
    }
}

const char *sql_function_text(const struct proc *p, struct arena *arena)
{
    const struct user_proc *u = user_proc(p);
    if (!u->sqlbody)
        return p->src;
    char *text = arena_strdup(arena, u->sqlbody);
    if (strncasecmp(text, "begin", 5) == 0) {
        size_t n = strlen(text);
        const char *atomic = text + 5 + strspn(text + 5, " \t\r\n");
        size_t from = (size_t)(atomic - text) + 6;
        if (n > from + 3) {
            memset(text + n - 3, ' ', 3); /* END */
            memset(text, ' ', from);
        }
    }
    returns_to_selects(text);
    return text;
}

/* --- the session's functions ------------------------------------------------------------------------- */

static void function_free(struct sql_function *f)
{
    for (int i = 0; i < f->nstatements; i++)
        plan_unref(f->plans[i]);
    parsed_free(f->parsed);
    arena_destroy(f->arena);
}

static void cache_destroy(void *data)
{
    struct function_cache *c = data;
    for (int i = 0; i < FUNCTION_BUCKETS; i++)
        for (struct sql_function *f = c->buckets[i], *next; f; f = next) {
            next = f->next;
            function_free(f);
        }
    free(c);
}

static struct function_cache *function_cache(struct eval_context *ctx)
{
    return spi_session_data(ctx, "sql functions", sizeof(struct function_cache), cache_destroy);
}

static bool is_current(const struct sql_function *f, const struct proc *p, const char *text)
{
    return strcmp(f->text, text) == 0 && strcmp(f->name, p->name) == 0;
}

static bool is_for_call(const struct sql_function *f, const struct routine_call *c)
{
    return f->oid == c->proc->oid && f->rettype == c->rettype && f->nargs == c->nargs &&
           (c->nargs == 0 || memcmp(f->argtypes, c->argtypes, sizeof(uint32_t) * (size_t)c->nargs) == 0);
}

static struct analysis call_analysis(struct eval_context *ctx, struct arena *arena, struct error *err)
{
    return (struct analysis){.arena = arena, .snapshot = ctx->snapshot, .err = err,
                             .search_path = ctx->search_path, .nsearch_path = ctx->nsearch_path, .ctx = ctx};
}

/* The columns of a composite result: OUT parameters, the row type, the caller's list. */
static bool result_columns(struct routine_call *c, struct sql_function *f)
{
    struct analysis a = call_analysis(c->ctx, f->arena, c->err);
    f->ncolumns = routine_out_columns(&a, c->proc, f->argtypes, f->nargs, &f->columns);
    if (f->ncolumns < 0)
        return false;
    if (f->ncolumns == 1 && c->proc->kind != 'p')
        f->ncolumns = 0; /* one OUT parameter: the result is its value */
    if (f->ncolumns == 0)
        f->ncolumns = routine_type_columns(&a, f->rettype, &f->columns);
    for (int i = 0; i < f->ncolumns; i++)
        f->columns[i].name = arena_strdup(f->arena, f->columns[i].name);
    return true;
}

static struct sql_function *function_make(struct routine_call *c, const char *text)
{
    struct arena *arena = arena_create();
    struct sql_function *f = ARENA_NEW(arena, struct sql_function);
    f->arena = arena;
    f->oid = c->proc->oid;
    f->rettype = c->rettype;
    f->nargs = c->nargs;
    f->argtypes = ARENA_ARRAY(arena, uint32_t, c->nargs + 1);
    if (c->nargs)
        memcpy(f->argtypes, c->argtypes, sizeof(uint32_t) * (size_t)c->nargs);
    f->text = arena_strdup(arena, text);
    f->name = arena_strdup(arena, c->proc->name);
    f->parsed = parse_sql(f->text, strlen(f->text), c->err);
    if (f->parsed && parsed_count(f->parsed) > MAX_STATEMENTS)
        error_set(c->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "functions cannot have more than %d statements",
                  MAX_STATEMENTS);
    if (!error_is_set(c->err)) {
        f->nstatements = parsed_count(f->parsed);
        f->plans = ARENA_ARRAY(arena, struct plan *, f->nstatements + 1);
        f->stamps = ARENA_ARRAY(arena, uint64_t, f->nstatements + 1);
    }
    if (error_is_set(c->err) || !result_columns(c, f)) {
        function_free(f);
        return NULL;
    }
    return f;
}

static struct sql_function *function_get(struct routine_call *c)
{
    struct function_cache *cache = function_cache(c->ctx);
    const char *text = sql_function_text(c->proc, c->arena);
    struct sql_function **at = &cache->buckets[c->proc->oid % FUNCTION_BUCKETS];
    while (*at) {
        struct sql_function *f = *at;
        if (!is_for_call(f, c)) {
            at = &f->next;
            continue;
        }
        if (is_current(f, c->proc, text))
            return f;
        *at = f->next; /* replaced */
        f->dead = true;
        if (f->users == 0)
            function_free(f);
    }
    struct sql_function *f = function_make(c, text);
    if (f) {
        at = &cache->buckets[c->proc->oid % FUNCTION_BUCKETS];
        f->next = *at;
        *at = f;
    }
    return f;
}

/* --- plans ----------------------------------------------------------------------------------------------- */

struct last_check {
    const struct proc *proc;
    uint32_t rettype;
    const struct column_def *columns;
    int ncolumns;
    bool *whole;
    bool last;
    bool *inlined; /* out */
};

/* One SELECT of an expression and nothing else, of a function without a context of its own. */
static bool is_inlinable(const struct proc *p, const struct query *q)
{
    const struct user_proc *u = user_proc(p);
    return q && q->command == QUERY_SELECT && !p->retset && !p->strict && !p->secdef && !u->nconfig && p->rettype != RECORDOID &&
           q->ntargets == 1 && !q->nfrom && !q->where && !q->having && !q->group.n && !q->distinct && !q->sort.n && !q->limit &&
           !q->offset && !q->nctes && !q->setop && !q->has_aggs && !q->has_windows && !q->has_sublinks && !q->has_srfs;
}

static bool check_statement(void *arg, struct analysis *a, struct query *q)
{
    const struct last_check *l = arg;
    *l->inlined = l->last && *l->inlined && is_inlinable(l->proc, q);
    return !l->last || routine_check_result(a, l->proc, q, l->rettype, l->columns, l->ncolumns, l->whole);
}

static void parameter_names(const struct proc *p, struct arena *arena, struct routine_names *out)
{
    int n = p->nallargs ? p->nallargs : p->nargs;
    out->function = p->name;
    out->names = ARENA_ARRAY(arena, const char *, n + 1);
    for (int i = 0; i < n && out->n < p->nargs; i++)
        if (!p->argmodes || strchr("ibv", p->argmodes[i]))
            out->names[out->n++] = p->argnames && p->argnames[i] ? p->argnames[i] : "";
}

static struct plan *plan_statement(struct routine_call *c, struct sql_function *f, int i)
{
    struct arena *scratch = arena_create();
    struct routine_names names = {0};
    parameter_names(c->proc, scratch, &names);
    names.types = f->argtypes;
    struct name_resolver resolver = {.resolve = routine_names_resolve, .arg = &names};
    struct last_check check = {.proc = c->proc, .rettype = f->rettype, .columns = f->columns,
                               .ncolumns = f->ncolumns, .whole = &f->whole, .last = i == f->nstatements - 1,
                               .inlined = &f->inlined};
    f->inlined = f->nstatements == 1;
    if (check.last && !check.ncolumns && c->coldef) {
        check.columns = c->coldef;
        check.ncolumns = c->ncoldef;
    }
    struct spi_source src = {.text = f->text, .raw = parsed_stmt(f->parsed, i), .names = &resolver,
                             .params = f->argtypes, .nparams = f->nargs, .analyzed = check_statement, .arg = &check};
    parsed_span(f->parsed, i, &src.offset, &src.length);
    struct plan *p = spi_plan(c->ctx, &src, c->err);
    arena_destroy(scratch);
    return p;
}

/* The statement's plan, made anew when catalog or settings have changed. */
static struct plan *function_plan(struct routine_call *c, struct sql_function *f, int i)
{
    uint64_t stamp = spi_stamp(c->ctx);
    if (f->plans[i] && f->stamps[i] == stamp && !(c->coldef && i == f->nstatements - 1))
        return f->plans[i];
    struct plan *p = plan_statement(c, f, i);
    if (!p)
        return NULL;
    plan_unref(f->plans[i]);
    f->plans[i] = p;
    f->stamps[i] = stamp;
    return p;
}

/* --- results ------------------------------------------------------------------------------------------------ */

struct result_sink {
    struct row_sink sink;
    struct routine_call *call;
    struct sql_function *function;
    const struct program *program;
    bool composite; /* the columns make one value */
    bool got;
    const struct relation *shape; /* the result's row type, if columns of it were dropped: those keep their places */
    bool spread; /* the one composite value goes over the columns of a row */
};

static struct value copy_value(struct arena *arena, const struct value *v)
{
    struct value out = *v;
    if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
        out.p = arena_strndup(arena, v->p, v->n);
    return out;
}

/* The row's columns as one composite value. */
static struct value make_record(struct result_sink *s, const struct value *cells)
{
    int n = s->program->nfields;
    struct record r = {.type = s->function->rettype, .n = n};
    r.columns = ARENA_ARRAY(s->call->arena, struct record_column, n + 1);
    for (int i = 0; i < n; i++) {
        bool named = s->function->ncolumns == n && s->function->columns;
        r.columns[i] = (struct record_column){.name = named ? s->function->columns[i].name : s->program->fields[i].name,
                                              .type = s->program->fields[i].expr->type,
                                              .typmod = s->program->fields[i].expr->typmod,
                                              .value = cells[i]};
    }
    r.named = r.type == RECORDOID;
    return record_write(s->call->arena, s->call->ctx, &r);
}

/* A composite value that is the query's one column, over the columns of the row. */
static bool spread(struct result_sink *s, const struct value *v, struct value *row, struct error *err)
{
    struct routine_call *c = s->call;
    struct fcall f = {.err = err, .arena = c->arena, .ctx = c->ctx};
    struct record r;
    if (v->kind == VALUE_NULL)
        return true;
    if (!record_read(&f, v, s->program->fields[0].expr->type, &r))
        return false;
    if (s->function->rettype == RECORDOID &&
        !(c->ncoldef ? routine_row_matches(c, &r, c->coldef, c->ncoldef)
                     : routine_row_matches(c, &r, s->function->columns, s->function->ncolumns)))
        return false;
    for (int i = 0, k = 0; i < c->rows->ncolumns && k < r.n; i++)
        if (!s->shape || i >= s->shape->natts || !s->shape->atts[i].dropped)
            row[i] = rowset_copy(c->rows, &r.columns[k++].value);
    return true;
}

/* The query's one column where it is the result. */
static struct value take_value(struct result_sink *s, const struct value *v)
{
    struct routine_call *c = s->call;
    uint32_t type = s->program->fields[0].expr->type;
    struct fcall f = {.err = c->err, .arena = c->arena, .ctx = c->ctx};
    struct record r;
    if (s->function->rettype != RECORDOID || type == RECORDOID || v->kind == VALUE_NULL || !record_read(&f, v, type, &r))
        return copy_value(c->arena, v);
    r.type = RECORDOID;
    r.named = true;
    return record_write(c->arena, c->ctx, &r);
}

static bool take_row(void *arg, const struct value *cells, struct error *err)
{
    struct result_sink *s = arg;
    struct routine_call *c = s->call;
    if (!c->rows) {
        if (!s->got)
            c->result = s->composite ? make_record(s, cells) : take_value(s, &cells[0]);
        s->got = true;
        return true;
    }
    if (!rowset_check(c->rows, err))
        return false;
    struct value *row = rowset_append(c->rows);
    if (c->want_row) {
        struct value v = s->composite ? make_record(s, cells) : take_value(s, &cells[0]);
        row = (struct value *)rowset_row(c->rows, c->rows->nrows - 1);
        row[0] = rowset_copy(c->rows, &v);
        return true;
    }
    if (s->spread)
        return spread(s, &cells[0], row, err);
    for (int i = 0, k = 0; i < c->rows->ncolumns && k < s->program->nfields; i++)
        if (!s->shape || i >= s->shape->natts || !s->shape->atts[i].dropped)
            row[i] = rowset_copy(c->rows, &cells[k++]);
    return true;
}

/* The row type of a composite result that has lost columns, or NULL. */
static const struct relation *result_shape(const struct routine_call *c, const struct type_def *t)
{
    const struct relation *r = t && t->typtype == 'c' ? snapshot_relation(c->ctx->snapshot, t->relid) : NULL;
    for (int i = 0; r && i < r->natts; i++)
        if (r->atts[i].dropped)
            return r;
    return NULL;
}

static bool run_last(struct routine_call *c, struct sql_function *f, struct plan *p)
{
    const struct program *g = p->program;
    if (f->rettype == VOIDOID || !g->has_rows || g->utility)
        return spi_run(c->ctx, p, c->args, NULL, 0, NULL, c->err);
    const struct type_def *t = snapshot_type(c->ctx->snapshot, f->rettype);
    while (t && t->typtype == 'd')
        t = snapshot_type(c->ctx->snapshot, t->basetype);
    struct result_sink s = {.call = c, .function = f, .program = g};
    s.composite = !f->whole && (f->rettype == RECORDOID || (t && t->typtype == 'c'));
    s.shape = c->want_row ? NULL : result_shape(c, t);
    if (f->whole && !c->want_row && t && (t->typtype == 'c' || t->oid == RECORDOID))
        s.spread = true;
    s.sink = (struct row_sink){.row = take_row, .arg = &s};
    int64_t most = c->rows || g->command != QUERY_SELECT ? 0 : 1;
    return spi_run(c->ctx, p, c->args, &s.sink, most, NULL, c->err);
}

/* Where a function's work stands, for CONTEXT. */
struct at_work {
    const struct sql_function *function;
    int statement;
};

static void describe(struct error *err, const void *arg)
{
    const struct at_work *w = arg;
    if (!w->function->inlined)
        routine_context(err, "SQL function \"%s\" statement %d", w->function->name, w->statement + 1);
}

/* Whether PostgreSQL would have met the error when it tried to put the function's expression in place of the call. */
static bool would_be_inlined(const struct proc *p)
{
    return p->kind == 'f' && !p->retset && !p->secdef && p->rettype != RECORDOID && !user_proc(p)->nconfig;
}

static void explain(struct routine_call *c, const struct sql_function *f, int statement)
{
    if (f && f->inlined && statement >= 0)
        return; /* an error of the statement around it */
    routine_internal_position(c->err, f ? f->text : c->proc->src);
    if (statement >= 0)
        routine_context(c->err, "SQL function \"%s\" statement %d", c->proc->name, statement + 1);
    else
        routine_context(c->err, "SQL function \"%s\" during %s", c->proc->name, would_be_inlined(c->proc) ? "inlining" : "startup");
}

static bool run_statements(struct routine_call *c, struct sql_function *f, int *statement)
{
    for (int i = 0; i < f->nstatements; i++) {
        *statement = i;
        struct plan *p = function_plan(c, f, i);
        if (!p) {
            explain(c, f, -1);
            return false;
        }
        plan_ref(p); /* the function may replace itself */
        bool ok = i == f->nstatements - 1 ? run_last(c, f, p) : spi_run(c->ctx, p, c->args, NULL, 0, NULL, c->err);
        plan_unref(p);
        if (!ok) {
            explain(c, f, i);
            return false;
        }
    }
    return true;
}

static bool sql_call(struct routine_call *c)
{
    struct sql_function *f = function_get(c);
    if (!f) {
        explain(c, NULL, -1);
        return false;
    }
    struct at_work work = {.function = f};
    struct routine_frame link = {.describe = describe, .arg = &work};
    f->users++;
    routine_push(c->ctx, &link);
    bool ok = run_statements(c, f, &work.statement);
    routine_pop(c->ctx, &link);
    f->users--;
    if (f->dead && f->users == 0)
        function_free(f);
    return ok;
}

/* --- CREATE FUNCTION's check ----------------------------------------------------------------------------------- */

static bool is_polymorphic(uint32_t type)
{
    const struct type_def *t = type_builtin(type);
    return t && t->typtype == 'p' && strncmp(t->name, "any", 3) == 0 && type != ANYOID;
}

static bool check_types(struct eval_context *ctx, const struct proc *p, struct arena *arena, struct error *err,
                        bool *polymorphic)
{
    const struct type_def *t = snapshot_type(ctx->snapshot, p->rettype);
    *polymorphic = is_polymorphic(p->rettype);
    if (t && t->typtype == 'p' && p->rettype != RECORDOID && p->rettype != VOIDOID && !*polymorphic)
        return error_set(err, ERRCODE_INVALID_FUNCTION_DEFINITION, "SQL functions cannot return type %s",
                         format_type_name(arena, ctx->snapshot, ctx->search_path, ctx->nsearch_path, p->rettype, -1, false));
    for (int i = 0; i < p->nargs; i++) {
        t = snapshot_type(ctx->snapshot, p->argtypes[i]);
        if (is_polymorphic(p->argtypes[i]))
            *polymorphic = true;
        else if (t && t->typtype == 'p')
            return error_set(err, ERRCODE_INVALID_FUNCTION_DEFINITION, "SQL functions cannot have arguments of type %s",
                             format_type_name(arena, ctx->snapshot, ctx->search_path, ctx->nsearch_path, p->argtypes[i], -1, false));
    }
    return true;
}

/* Analyzes every statement; each sees the catalog as it is now, as PostgreSQL does. */
static bool check_statements(struct routine_call *c, struct sql_function *f)
{
    struct routine_names names = {0};
    parameter_names(c->proc, f->arena, &names);
    names.types = f->argtypes;
    struct name_resolver resolver = {.resolve = routine_names_resolve, .arg = &names};
    struct query *last = NULL;
    struct analysis a = call_analysis(c->ctx, f->arena, c->err);
    a.text = f->text;
    a.names = &resolver;
    a.params = f->argtypes;
    a.nparams = f->nargs;
    a.role_name = a.session_role_name = c->ctx->role_name;
    a.database = snapshot_database(c->ctx->snapshot);
    for (int i = 0; i < f->nstatements; i++) {
        last = analyze_statement(&a, parsed_stmt(f->parsed, i));
        if (!last || error_is_set(c->err))
            return false;
    }
    bool whole;
    return routine_check_result(&a, c->proc, last, f->rettype, f->columns, f->ncolumns, &whole);
}

static bool sql_validate(struct eval_context *ctx, const struct proc *p, const char *statement, struct error *err)
{
    struct arena *arena = arena_create();
    bool polymorphic;
    bool ok = check_types(ctx, p, arena, err, &polymorphic);
    const char *check = ctx->setting ? ctx->setting(ctx, "check_function_bodies") : NULL;
    if (ok && (!check || strcmp(check, "off") != 0)) {
        struct routine_call c = {.ctx = ctx, .proc = p, .nargs = p->nargs, .argtypes = p->argtypes,
                                 .rettype = p->rettype, .arena = arena, .err = err};
        const char *text = sql_function_text(p, arena);
        struct sql_function *f = NULL;
        if (polymorphic) { /* the grammar only: the types are known at the call */
            struct parsed *parsed = parse_sql(text, strlen(text), err);
            parsed_free(parsed);
            ok = parsed != NULL;
        } else {
            f = function_make(&c, text);
            ok = f && check_statements(&c, f);
        }
        if (!ok) {
            bool placed = err->position > 0;
            routine_body_position(err, p->src, statement);
            if (!placed || err->internal_query)
                routine_context(err, "SQL function \"%s\"", p->name);
        }
        if (f)
            function_free(f);
    }
    arena_destroy(arena);
    return ok;
}

const struct routine_language sql_function_language = {
    .oid = LANGUAGE_SQL, .call = sql_call, .validate = sql_validate};
