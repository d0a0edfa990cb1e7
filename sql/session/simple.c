/*
 * simple.c: the simple query protocol: one text, any number of statements, one implicit
 * transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/session/client_encoding.h"
#include "sql/session/session.h"

/* PORTAL_WAIT_ to PG_WAIT_. */
enum pg_result session_wait(enum portal_result r)
{
    switch (r) {
    case PORTAL_WAIT_OUTPUT:
        return PG_WAIT_OUTPUT;
    case PORTAL_WAIT_LOCK:
        return PG_WAIT_LOCK;
    case PORTAL_WAIT_WORKER:
        return PG_WAIT_WORKER;
    case PORTAL_WAIT_COPY:
        return PG_WAIT_COPY;
    default:
        return PG_DONE;
    }
}

static void query_drop_portal(struct pg_session *s)
{
    struct session_query *q = &s->query;
    if (q->writing)
        row_writer_free(&q->writer);
    q->writing = false;
    if (q->portal)
        portal_destroy(q->portal, &s->txn);
    q->portal = NULL;
    for (struct rule_result *r; (r = rule_results_take(&q->rule_results));)
        rule_result_free(r);
}

static void query_end(struct pg_session *s)
{
    session_log_text(s, NULL, 0);
    query_drop_portal(s);
    plan_unref(s->query.cached);
    s->query.cached = NULL;
    parsed_free(s->query.parsed);
    s->query.parsed = NULL;
    free(s->query.text);
    s->query.text = NULL;
    s->query.count = 0;
    s->task = TASK_NONE;
}

static enum pg_result query_fail(struct pg_session *s)
{
    query_drop_portal(s); /* before the rollback: its statement may be open */
    enum pg_result r = session_fail(s);
    query_end(s);
    return r;
}

/* The plan of the statement at hand. The only statement of a text is looked for in the cache. */
static struct plan *query_plan(struct pg_session *s)
{
    struct session_query *q = &s->query;
    if (q->cached) {
        struct plan *p = q->cached;
        q->cached = NULL;
        return p;
    }
    int offset, length;
    parsed_span(q->parsed, q->index, &offset, &length);
    const struct raw_stmt *raw = parsed_stmt(q->parsed, q->index);
    if (s->txn.state == TXN_FAILED && !raw_stmt_ends_transaction(raw)) {
        error_set(
            &s->err, ERRCODE_IN_FAILED_SQL_TRANSACTION,
            "current transaction is aborted, commands ignored until end of transaction block");
        return NULL;
    }
    struct plan *p = session_plan(s, q->text, offset, length, raw, NULL, 0, false);
    if (p && q->count == 1)
        session_cache(s, q->text, q->ntext, NULL, 0, p);
    return p;
}

/* The literals taken out of the text become the portal's parameters. */
static bool query_bind_literals(struct pg_session *s, struct portal *p)
{
    const struct normal_text *t = &s->query.normal;
    struct value *values = ARENA_ARRAY(p->arena, struct value, t->nliterals);
    p->params = values;
    for (int i = 0; i < t->nliterals; i++) {
        const struct type_def *type = snapshot_type(p->plan->snapshot, p->plan->program->params[i]);
        if (!type)
            return error_set(&s->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for type %u",
                             p->plan->program->params[i]);
        const char *text = arena_strndup(p->arena, t->literals[i], t->lengths[i]);
        if (!type_input(type, text, t->lengths[i], -1, &s->eval, p->arena, &s->err, &values[i]))
            return false;
    }
    return true;
}

/* A literal that its type refuses: the text is planned as it stands, for the error it deserves. */
static bool query_plan_as_written(struct pg_session *s)
{
    struct session_query *q = &s->query;
    query_drop_portal(s);
    error_clear(&s->err);
    q->normalized = false;
    q->parsed = parse_sql(q->text, q->ntext, &s->err);
    if (!q->parsed)
        return false;
    q->count = parsed_count(q->parsed);
    return true;
}

/* Describes and begins the portal of plan. */
static bool query_open(struct pg_session *s, struct plan *plan)
{
    struct session_query *q = &s->query;
    session_log_statement(s, plan);
    if (!session_enter(s, plan)) {
        plan_unref(plan);
        return false;
    }
    q->portal = session_portal(s, "", plan);
    if (!q->portal || (q->normalized && !query_bind_literals(s, q->portal)))
        return false;
    struct portal *p = q->portal;
    row_writer_init(&q->writer, s->reply.out, &s->eval, p->arena, p->types, p->nfields, p->formats,
                    p->nformats);
    q->writer.encoding = client_encoding(s);
    q->writing = true;
    return true;
}

/*
 * RowDescription goes out when the first rows may: after the wait for a lock, before the first row.
 */
static void query_describe(struct pg_session *s)
{
    struct portal *p = s->query.portal;
    if (p->returns_rows && !p->described)
        s->reply.row_description(s->reply.host, p->fields, p->nfields);
    p->described = true;
}

/* Rows of SELECTs that are actions of rules, each action's as a result of its own. */
static bool query_send_rule_results(struct pg_session *s)
{
    struct session_query *q = &s->query;
    bool ok = true;
    for (struct rule_result *r; ok && (r = rule_results_take(&q->rule_results)); rule_result_free(r)) {
        struct portal *p = session_portal(s, "", plan_ref(r->plan));
        struct row_writer w;
        if (!p)
            return false;
        row_writer_init(&w, s->reply.out, &s->eval, p->arena, p->types, p->nfields, NULL, 0);
        w.encoding = client_encoding(s);
        s->reply.row_description(s->reply.host, p->fields, p->nfields);
        for (int64_t i = 0; ok && i < r->rows->nrows; i++)
            ok = w.sink.row(w.sink.arg, rowset_row(r->rows, i), &s->err);
        row_writer_free(&w);
        portal_destroy(p, &s->txn);
    }
    return ok;
}

/* Runs the portal at hand. PG_DONE: the statement is over and answered. */
static enum pg_result query_run(struct pg_session *s)
{
    struct session_query *q = &s->query;
    struct portal *p = q->portal;
    if (p->plan->program->utility) { /* may fail or wait before it has rows to describe */
        enum portal_result r = session_run_utility(s, p);
        if (r == PORTAL_FAILED)
            return PG_FAILED;
        if (r != PORTAL_FINISHED)
            return session_wait(r);
    }
    query_describe(s);
    enum portal_result r = session_run(s, p, &q->writer.sink, 0);
    if (r == PORTAL_FAILED)
        return PG_FAILED;
    if (r != PORTAL_FINISHED)
        return session_wait(r);
    if (!query_send_rule_results(s))
        return PG_FAILED;
    const char *tag = session_tag(s, p);
    if (q->index + 1 >= q->count) {
        query_drop_portal(s); /* its statement must be over before COMMIT */
        if (!session_finish_implicit(s))
            return PG_FAILED;
    }
    s->reply.command_complete(s->reply.host, tag);
    query_drop_portal(s);
    return PG_DONE;
}

static enum pg_result query_continue(struct pg_session *s)
{
    struct session_query *q = &s->query;
    for (;;) {
        if (!q->portal) {
            struct plan *plan = query_plan(s);
            bool open = plan && query_open(s, plan);
            if (!open && q->normalized && query_plan_as_written(s))
                continue;
            if (!open)
                return query_fail(s);
        }
        enum pg_result r = query_run(s);
        if (r == PG_FAILED)
            return query_fail(s);
        if (r != PG_DONE)
            return r;
        if (++q->index >= q->count)
            break;
        if (!session_begin_statement(s))
            return query_fail(s);
    }
    session_log_query_done(s);
    query_end(s);
    return PG_DONE;
}

enum pg_result simple_resume(struct pg_session *s)
{
    return query_continue(s);
}

enum pg_result simple_query(struct pg_session *s, const char *sql, size_t n)
{
    struct session_query *q = &s->query;
    if (!session_begin_statement(s))
        return session_fail(s);
    struct prepared *unnamed = prepared_find(s, "");
    if (unnamed) /* a simple query destroys the unnamed statement and portal */
        prepared_drop(s, unnamed);
    struct portal *old = session_find_portal(s, "");
    if (old)
        session_drop_portal(s, old);
    q->index = 0;
    q->count = 1;
    q->cached = session_cached(s, sql, n, NULL, 0);
    q->normalized = false;
    if (!q->cached && (q->cached = session_normalized(s, sql, n, &q->normal)))
        q->normalized = true;
    if (!q->cached && !(q->parsed = parse_sql(sql, n, &s->err)))
        return session_fail(s);
    if (q->parsed && (q->count = parsed_count(q->parsed)) == 0) {
        s->reply.empty_query(s->reply.host);
        session_log_statement(s, NULL);
        session_log_query_done(s);
        query_end(s);
        return PG_DONE;
    }
    q->text = malloc(n + 1);
    if (!q->text)
        log_fatal("out of memory");
    memcpy(q->text, sql, n);
    q->text[n] = 0;
    q->ntext = n;
    session_log_text(s, q->text, n);
    session_log_statement(s, NULL);
    s->task = TASK_QUERY;
    return query_continue(s);
}
