/*
 * extended.c: one function per message of the extended query protocol, and the entry points of pg.h
 * that hand a message to whoever carries it out.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/emit/emit.h"
#include "sql/session/client_encoding.h"
#include "sql/session/session.h"
#include "sql/types/identifier.h"
#include "sql/types/text_util.h"

/* What every message begins with: a clean arena, no timeouts, termination noticed. */
static bool session_begin_message(struct pg_session *s)
{
    arena_reset(s->arena);
    error_init(&s->err, s->arena);
    s->idle_deadline = 0;
    s->on_worker = false;
    session_see_reload(s);
    session_log_begin(s);
    identifier_quote_all(s->eval.quote_all_identifiers);
    return !atomic_load(&s->control.terminate) || !run_control_stopped(&s->control, &s->err);
}

/* What every message that is over leaves behind. */
static enum pg_result session_end_message(struct pg_session *s, enum pg_result r)
{
    bool over = r == PG_DONE || r == PG_FAILED;
    if (over || r == PG_WAIT_OUTPUT)
        txn_answered(&s->txn, over);
    if (!over)
        return r;
    s->control.deadline = 0;
    session_log_text(s, NULL, 0);
    session_report(s, false, NULL, 0);
    session_idle_begins(s);
    return r;
}

/* The same before ReadyForQuery: notifications go out first, also a session's own. */
static enum pg_result session_end_cycle(struct pg_session *s, enum pg_result r)
{
    if ((r == PG_DONE || r == PG_FAILED) && s->txn.state == TXN_IDLE)
        notify_deliver(s);
    return session_end_message(s, r);
}

enum pg_result pg_session_query(struct pg_session *s, const char *sql, size_t n)
{
    struct slice text;
    if (!session_begin_message(s) || !client_decode(s, sql, n, s->arena, &text))
        return session_fail(s);
    session_report(s, true, text.p, text.n);
    session_log_text(s, text.p, text.n);
    return session_end_cycle(s, simple_query(s, text.p, text.n));
}

/* --- Parse ------------------------------------------------------------------------------------ */

enum pg_result pg_session_parse(struct pg_session *s, const char *name, const char *sql,
                                const uint32_t *types, int ntypes)
{
    struct slice text;
    struct prepared *st;
    if (!session_begin_message(s) || !client_decode(s, sql, strlen(sql), s->arena, &text))
        return session_fail(s);
    session_log_text(s, text.p, text.n);
    if (!session_begin_statement(s) || !(st = prepared_create(s, name, text.p, types, ntypes, false)))
        return session_fail(s);
    s->reply.parse_complete(s->reply.host);
    session_log_parse_done(s, st);
    return session_end_message(s, PG_DONE);
}

/* --- Bind ------------------------------------------------------------------------------------- */

struct bind_input {
    const int16_t *formats;
    int nformats;
    const char *const *values;
    const int32_t *lengths;
    int nvalues;
};

static bool bind_formats_ok(struct pg_session *s, const int16_t *formats, int n, int wanted,
                            const char *what)
{
    if (n > 1 && n != wanted)
        return error_set(&s->err, ERRCODE_PROTOCOL_VIOLATION,
                         "bind message has %d %s formats but %s%d %s", n, what,
                         *what == 'p' ? "" : "query has ", wanted,
                         *what == 'p' ? "parameters" : "columns");
    for (int i = 0; i < n; i++)
        if (formats[i] != 0 && formats[i] != 1)
            return error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE,
                             "unsupported format code: %d", formats[i]);
    return true;
}

/* What stands behind the error's own context: which parameter it was, and as much of a text as
   log_parameter_max_length_on_error lets be seen. */
static void bind_context(struct pg_session *s, const struct portal *p, int i, const struct slice *text)
{
    struct textbuf b = textbuf_in(s->arena);
    if (s->err.context)
        textbuf_printf(&b, "%s\n", s->err.context);
    if (*p->name)
        textbuf_printf(&b, "portal \"%s\" parameter $%d", p->name, i + 1);
    else
        textbuf_printf(&b, "unnamed portal parameter $%d", i + 1);
    if (text) {
        long limit = guc_get_int(&s->gucs, guc_find("log_parameter_max_length_on_error"));
        size_t shown = limit < 0 ? text->n : utf8_clip(text->p, text->n, (size_t)limit);
        textbuf_addz(&b, " = '");
        for (size_t k = 0; k < shown; k++)
            textbuf_add(&b, text->p[k] == '\'' ? "''" : &text->p[k], text->p[k] == '\'' ? 2 : 1);
        textbuf_addz(&b, shown < text->n ? "...'" : "'");
    }
    textbuf_addc(&b, 0);
    s->err.context = b.p;
}

/* One parameter from the wire to storage form, in the portal's arena. */
static bool bind_value(struct pg_session *s, struct portal *p, const struct bind_input *in, int i,
                       struct value *out)
{
    if (in->lengths[i] < 0) {
        *out = value_null();
        return true;
    }
    int format = in->nformats == 0 ? 0 : in->nformats == 1 ? in->formats[0] : in->formats[i];
    size_t n = (size_t)in->lengths[i];
    const struct type_def *t = snapshot_type(p->plan->snapshot, p->plan->program->params[i]);
    if (!t)
        return error_set(&s->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for type %u",
                         p->plan->program->params[i]);
    const char *bytes = arena_strndup(p->arena, in->values[i], n);
    struct slice text = {bytes, n};
    bool is_text = format == 0 || (client_encoding(s) != ENCODING_UTF8 && (t->category == 'S' || t->oid == JSONOID || t->oid == XMLOID));
    bool ok = !is_text || client_decode(s, bytes, n, p->arena, &text);
    bytes = text.p;
    n = text.n;
    ok = !ok ? false
              : format ? type_receive(t, bytes, n, -1, &s->eval, p->arena, &s->err, out)
                       : type_input(t, bytes, n, -1, &s->eval, p->arena, &s->err, out);
    if (!ok)
        bind_context(s, p, i, format ? NULL : &text);
    return ok;
}

static bool bind_portal(struct pg_session *s, struct portal *p, const struct bind_input *in,
                        const int16_t *formats, int nformats)
{
    const struct program *g = p->plan->program;
    if (!bind_formats_ok(s, in->formats, in->nformats, in->nvalues, "parameter") ||
        !bind_formats_ok(s, formats, nformats, p->nfields, "result"))
        return false;
    struct value *values = ARENA_ARRAY(p->arena, struct value, g->nparams + 1);
    p->params = values;
    for (int i = 0; i < g->nparams; i++)
        if (!bind_value(s, p, in, i, &values[i]))
            return false;
    p->formats = arena_memdup(p->arena, formats, sizeof(int16_t) * (size_t)nformats);
    p->nformats = nformats;
    for (int i = 0; i < p->nfields; i++)
        p->fields[i].format = nformats == 0 ? 0 : nformats == 1 ? formats[0] : formats[i];
    return true;
}

static struct prepared *extended_statement(struct pg_session *s, const char *name)
{
    struct prepared *st = prepared_find(s, name);
    if (!st && *name)
        error_set(&s->err, ERRCODE_INVALID_SQL_STATEMENT_NAME,
                  "prepared statement \"%s\" does not exist", name);
    else if (!st)
        error_set(&s->err, ERRCODE_INVALID_SQL_STATEMENT_NAME,
                  "unnamed prepared statement does not exist");
    return st;
}

static bool bind_message(struct pg_session *s, const char *portal, const char *statement,
                         const struct bind_input *in, const int16_t *formats, int nformats)
{
    struct prepared *st = extended_statement(s, statement);
    if (!st)
        return false;
    session_log_text(s, st->text, strlen(st->text));
    int wanted = st->plan ? st->plan->program->nparams : 0;
    if (in->nvalues != wanted)
        return error_set(&s->err, ERRCODE_PROTOCOL_VIOLATION,
                         "bind message supplies %d parameters, but prepared statement \"%s\" "
                         "requires %d",
                         in->nvalues, statement, wanted);
    const struct utility *u = st->plan ? st->plan->program->utility : NULL;
    if (s->txn.state == TXN_FAILED && !(u && u->kind == UTILITY_TRANSACTION))
        return error_set(&s->err, ERRCODE_IN_FAILED_SQL_TRANSACTION,
                         "current transaction is aborted, commands ignored until end of "
                         "transaction block");
    struct portal *old = session_find_portal(s, portal);
    if (old && *portal)
        return error_set(&s->err, ERRCODE_DUPLICATE_CURSOR, "cursor \"%s\" already exists", portal);
    if (old)
        session_drop_portal(s, old);
    if (!st->plan) { /* an empty statement */
        struct portal *empty = portal_create(portal, NULL);
        session_add_portal(s, empty);
        session_log_bind_done(s, st, empty);
        return true;
    }
    if (!prepared_revalidate(s, st))
        return false;
    struct portal *p = session_portal(s, portal, plan_ref(st->plan));
    if (!p)
        return false;
    if (!bind_portal(s, p, in, formats, nformats)) {
        portal_destroy(p, &s->txn);
        return false;
    }
    p->statement = arena_strdup(p->arena, statement);
    session_add_portal(s, p);
    session_log_bind_done(s, st, p);
    return true;
}

enum pg_result pg_session_bind(struct pg_session *s, const char *portal, const char *statement,
                               const int16_t *formats, int nformats, const char *const *values,
                               const int32_t *lengths, int nvalues, const int16_t *result_formats,
                               int nresult_formats)
{
    struct bind_input in = {formats, nformats, values, lengths, nvalues};
    if (!session_begin_message(s) || !session_begin_statement(s) ||
        !bind_message(s, portal, statement, &in, result_formats, nresult_formats))
        return session_fail(s);
    s->reply.bind_complete(s->reply.host);
    return session_end_message(s, PG_DONE);
}

/* --- Describe, Close -------------------------------------------------------------------------- */

static bool describe_statement(struct pg_session *s, const char *name)
{
    struct prepared *st = extended_statement(s, name);
    if (!st || (st->plan && !prepared_revalidate(s, st)))
        return false;
    const struct program *g = st->plan ? st->plan->program : NULL;
    s->reply.parameter_description(s->reply.host, g ? g->params : NULL, g ? g->nparams : 0);
    struct portal *p = g ? session_portal(s, "", plan_ref(st->plan)) : NULL;
    if (g && !p)
        return false;
    if (p && p->returns_rows)
        s->reply.row_description(s->reply.host, p->fields, p->nfields);
    else
        s->reply.no_data(s->reply.host);
    if (p)
        portal_destroy(p, &s->txn);
    return true;
}

static struct portal *extended_portal(struct pg_session *s, const char *name)
{
    struct portal *p = session_find_portal(s, name);
    if (!p)
        error_set(&s->err, ERRCODE_UNDEFINED_CURSOR, "portal \"%s\" does not exist", name);
    return p;
}

static bool describe_portal(struct pg_session *s, const char *name)
{
    struct portal *p = extended_portal(s, name);
    if (!p)
        return false;
    if (p->returns_rows)
        s->reply.row_description(s->reply.host, p->fields, p->nfields);
    else
        s->reply.no_data(s->reply.host);
    return true;
}

enum pg_result pg_session_describe(struct pg_session *s, char kind, const char *name)
{
    if (!session_begin_message(s) || !session_begin_statement(s) ||
        !(kind == 'S' ? describe_statement(s, name) : describe_portal(s, name)))
        return session_fail(s);
    return session_end_message(s, PG_DONE);
}

enum pg_result pg_session_close(struct pg_session *s, char kind, const char *name)
{
    if (!session_begin_message(s))
        return session_fail(s);
    struct prepared *st = kind == 'S' ? prepared_find(s, name) : NULL;
    struct portal *p = kind == 'P' ? session_find_portal(s, name) : NULL;
    if (st)
        prepared_drop(s, st);
    if (p)
        session_drop_portal(s, p);
    s->reply.close_complete(s->reply.host);
    return session_end_message(s, PG_DONE);
}

/* --- Execute, Sync ---------------------------------------------------------------------------- */

enum pg_result execute_resume(struct pg_session *s)
{
    struct portal *p = s->execute.portal;
    struct row_writer w;
    row_writer_init(&w, s->reply.out, &s->eval, s->arena, p->types, p->nfields, p->formats,
                    p->nformats);
    w.encoding = client_encoding(s);
    enum portal_result r = session_run(s, p, &w.sink, s->execute.max_rows);
    row_writer_free(&w);
    if (r == PORTAL_FAILED) {
        s->task = TASK_NONE;
        return session_fail(s);
    }
    if (r == PORTAL_SUSPENDED) {
        s->task = TASK_NONE;
        s->reply.portal_suspended(s->reply.host);
        session_log_execute_done(s, p, s->execute.goes_on);
        return PG_DONE;
    }
    if (r != PORTAL_FINISHED)
        return session_wait(r);
    s->task = TASK_NONE;
    s->reply.command_complete(s->reply.host, session_tag(s, p));
    session_log_execute_done(s, p, s->execute.goes_on);
    if (p->closes_all) /* COMMIT and ROLLBACK end every portal, theirs included */
        session_drop_portal(s, p);
    return PG_DONE;
}

enum pg_result pg_session_execute(struct pg_session *s, const char *portal, int32_t max_rows)
{
    struct portal *p;
    if (!session_begin_message(s) || !session_begin_statement(s) ||
        !(p = extended_portal(s, portal)))
        return session_fail(s);
    if (!p->plan) {
        s->reply.empty_query(s->reply.host);
        return session_end_message(s, PG_DONE);
    }
    session_report(s, true, p->plan->text, strlen(p->plan->text));
    session_log_text(s, p->plan->text, strlen(p->plan->text));
    session_log_execute(s, p, p->flushed);
    if (!session_enter(s, p->plan))
        return session_fail(s);
    s->eval.snapshot = p->plan->snapshot;
    s->task = TASK_EXECUTE;
    s->execute = (struct session_execute){.portal = p, .max_rows = max_rows, .goes_on = p->flushed};
    return session_end_message(s, execute_resume(s));
}

enum pg_result pg_session_sync(struct pg_session *s)
{
    if (!session_begin_message(s))
        return session_fail(s);
    bool ok = session_finish_implicit(s);
    if (s->txn.state == TXN_IDLE)
        session_close_portals(s, false);
    return session_end_cycle(s, ok ? PG_DONE : session_fail(s));
}

/* --- FunctionCall ----------------------------------------------------------------------------- */

/* "SELECT schema.function($1, $2)" of a function's OID. NULL with s->err set. */
static struct plan *function_plan(struct pg_session *s, uint32_t oid, int nvalues)
{
    const struct proc *f = snapshot_proc(s->snapshot, oid);
    const struct namespace_def *ns = f ? snapshot_namespace(s->snapshot, f->namespace_oid) : NULL;
    if (!ns || f->kind != 'f') {
        error_set(&s->err, ERRCODE_UNDEFINED_FUNCTION, "function with OID %u does not exist", oid);
        return NULL;
    }
    if (nvalues != f->nargs) {
        error_set(&s->err, ERRCODE_PROTOCOL_VIOLATION,
                  "function call message contains %d arguments but function requires %d", nvalues,
                  f->nargs);
        return NULL;
    }
    struct strbuf sql = {0};
    strbuf_addz(&sql, "SELECT ");
    emit_identifier(&sql, ns->name);
    strbuf_addc(&sql, '.');
    emit_identifier(&sql, f->name);
    for (int i = 0; i < nvalues; i++)
        strbuf_printf(&sql, i ? ", $%d" : "($%d", i + 1);
    strbuf_addz(&sql, nvalues ? ")" : "()");
    struct plan *plan = session_plan_text(s, sql.data, f->argtypes, f->nargs);
    strbuf_free(&sql);
    return plan;
}

/* The first value is the answer. */
static bool take_answer(void *arg, const struct value *cells, struct error *err)
{
    struct pg_session *s = arg;
    struct value *v = &s->function.answer;
    (void)err;
    if (s->function.answered)
        return true;
    s->function.answered = true;
    *v = cells[0];
    if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
        v->p = arena_memdup(s->arena, v->p ? v->p : "", v->n);
    return true;
}

/* The call's only value, sent. */
static bool function_answer(struct pg_session *s, struct portal *p)
{
    struct value bytes, v = s->function.answered ? s->function.answer : value_null();
    if (value_is_null(&v)) {
        s->reply.function_result(s->reply.host, NULL, -1);
        return true;
    }
    bool ok = s->function.format ? type_send(p->types[0], &v, &s->eval, s->arena, &s->err, &bytes)
                                 : type_output(p->types[0], &v, &s->eval, s->arena, &s->err, &bytes);
    if (ok)
        s->reply.function_result(s->reply.host, bytes.p, (int)bytes.n);
    return ok;
}

void function_drop_portal(struct pg_session *s)
{
    if (s->function.portal)
        portal_destroy(s->function.portal, &s->txn);
    s->function = (struct session_function){0};
}

static enum pg_result function_resume(struct pg_session *s)
{
    struct portal *p = s->function.portal;
    struct row_sink sink = {.row = take_answer, .arg = s};
    enum portal_result r = session_run(s, p, &sink, 0);
    if (r != PORTAL_FINISHED && r != PORTAL_FAILED)
        return session_wait(r);
    s->task = TASK_NONE;
    bool ok = r == PORTAL_FINISHED && function_answer(s, p);
    function_drop_portal(s);
    return ok && session_finish_implicit(s) ? PG_DONE : session_fail(s);
}

enum pg_result pg_session_function(struct pg_session *s, uint32_t oid, const int16_t *formats,
                                   int nformats, const char *const *values, const int32_t *lengths,
                                   int nvalues, int16_t result_format)
{
    struct bind_input in = {formats, nformats, values, lengths, nvalues};
    if (!session_begin_message(s) || !session_begin_statement(s))
        return session_fail(s);
    struct plan *plan = function_plan(s, oid, nvalues);
    if (!plan)
        return session_end_message(s, session_fail(s));
    bool ok = session_enter(s, plan);
    struct portal *p = ok ? session_portal(s, "", plan_ref(plan)) : NULL;
    plan_unref(plan);
    s->function = (struct session_function){.portal = p, .format = result_format};
    if (!p || !bind_portal(s, p, &in, &result_format, 1)) {
        function_drop_portal(s);
        return session_end_message(s, session_fail(s));
    }
    s->task = TASK_FUNCTION;
    return session_end_cycle(s, function_resume(s));
}

/* --- going on --------------------------------------------------------------------------------- */

enum pg_result pg_session_resume(struct pg_session *s, bool on_worker)
{
    s->on_worker = on_worker;
    identifier_quote_all(s->eval.quote_all_identifiers);
    switch (s->task) {
    case TASK_QUERY:
        return session_end_cycle(s, simple_resume(s));
    case TASK_EXECUTE:
        return session_end_message(s, execute_resume(s));
    case TASK_COPY_IN:
        return copy_in_finish(s);
    case TASK_FUNCTION:
        return session_end_cycle(s, function_resume(s));
    case TASK_NONE:
        break;
    }
    return PG_DONE;
}

enum pg_result pg_session_copy_data(struct pg_session *s, const char *p, size_t n)
{
    return copy_in_data(s, p, n);
}

/* The COPY statement is over: goes on with what it was part of. */
enum pg_result pg_session_copy_done(struct pg_session *s)
{
    return copy_in_finish(s);
}

enum pg_result pg_session_copy_fail(struct pg_session *s, const char *message)
{
    error_set(&s->err, ERRCODE_QUERY_CANCELED, "COPY from stdin failed: %s", message);
    return copy_in_finish(s);
}

enum pg_result pg_session_protocol_error(struct pg_session *s, const struct error *err)
{
    if (!s->copy)
        session_begin_message(s);
    error_copy(&s->err, err);
    return s->copy ? copy_in_finish(s) : session_end_message(s, session_fail(s));
}
