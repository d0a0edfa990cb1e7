/*
 * explain.c: EXPLAIN [ANALYZE]: SQLite's own query plan (EXPLAIN QUERY PLAN), told with
 * PostgreSQL's words and shape.
 *
 * SQLite reports a tree of steps: SCAN and SEARCH of tables, temporary b-trees for sorting and
 * grouping, subqueries. Tables at one level are a nested loop, outermost first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/session/cursor.h"
#include "sql/session/explain.h"

bool explain_describe(struct pg_session *s, struct portal *p)
{
    (void)s;
    struct explain_options o;
    if (!explain_options_read(s, p->plan->program->utility, &o))
        return false;
    uint32_t type = o.format == EXPLAIN_JSON ? JSONOID : o.format == EXPLAIN_XML ? XMLOID : TEXTOID;
    utility_fields(p, 1, (const char *const[]){"QUERY PLAN"}, &type);
    return true;
}

static const struct {
    const char *name;
    size_t offset;
} explain_flags[] = {
    {"analyze", offsetof(struct explain_options, analyze)},
    {"verbose", offsetof(struct explain_options, verbose)},
    {"costs", offsetof(struct explain_options, costs)},
    {"buffers", offsetof(struct explain_options, buffers)},
    {"settings", offsetof(struct explain_options, settings)},
    {"wal", offsetof(struct explain_options, wal)},
    {"timing", offsetof(struct explain_options, timing)},
    {"summary", offsetof(struct explain_options, summary)},
};

bool explain_options_read(struct pg_session *s, const struct utility *u, struct explain_options *o)
{
    static const char *const formats[] = {"text", "json", "xml", "yaml"};
    *o = (struct explain_options){.timing = true, .costs = true};
    bool summary_set = false, timing_set = false;
    for (int i = 0; i < u->explain.noptions; i++) {
        const struct option *x = &u->explain.options[i];
        bool known = false;
        for (size_t k = 0; k < sizeof(explain_flags) / sizeof(explain_flags[0]); k++) {
            if (strcmp(explain_flags[k].name, x->name) != 0)
                continue;
            int b = x->value ? guc_parse_bool(x->value) : 1;
            if (b < 0)
                return error_set(&s->err, ERRCODE_SYNTAX_ERROR, "%s requires a Boolean value",
                                 x->name);
            *(bool *)((char *)o + explain_flags[k].offset) = b;
            summary_set |= !strcmp(x->name, "summary");
            timing_set |= !strcmp(x->name, "timing");
            known = true;
        }
        for (int k = 0; !strcmp(x->name, "format") && x->value && k < 4; k++)
            if (!strcmp(formats[k], x->value)) {
                o->format = (enum explain_format)k;
                known = true;
            }
        if (!known && !strcmp(x->name, "format"))
            return error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE,
                             "unrecognized value for EXPLAIN option \"format\": \"%s\"",
                             x->value ? x->value : "");
        if (!known)
            return error_set(&s->err, ERRCODE_SYNTAX_ERROR, "unrecognized EXPLAIN option \"%s\"",
                             x->name);
    }
    if (!o->analyze && (o->wal || (timing_set && o->timing)))
        return error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE, "EXPLAIN option %s requires ANALYZE",
                         o->wal ? "WAL" : "TIMING");
    if (!summary_set)
        o->summary = o->analyze;
    return true;
}

/* --- running for ANALYZE ---------------------------------------------------------------------- */

/* Runs the statement, rows dropped. May have to wait: the portal is kept in p->inner. */
static enum portal_result explain_execute(struct pg_session *s, struct portal *p,
                                          struct explain_run *run)
{
    struct portal_run r = {.txn = &s->txn, .control = &s->control, .on_worker = s->on_worker};
    if (!run->started)
        run->started = run_control_now();
    vec_scan_thread_stats();
    enum portal_result result = portal_run(p->inner, &r, &s->err);
    struct vec_scan_stats done = vec_scan_thread_stats(), *all = &run->vector;
    all->scans += done.scans;
    all->lists += done.lists;
    all->rows += done.rows;
    all->tested += done.tested;
    all->refined += done.refined;
    all->reranked += done.reranked;
    if (result == PORTAL_FINISHED)
        run->elapsed_ns = run_control_now() - run->started;
    return result;
}

static bool explain_begin(struct pg_session *s, struct portal *p, struct explain_run *run)
{
    const struct utility *u = p->plan->program->utility;
    int64_t start = run_control_now();
    if (!explain_options_read(s, u, &run->options))
        return false;
    struct query *q = u->explain.query;
    if (q->command == QUERY_UTILITY) {
        struct plan *plan = explain_utility_plan(s, p, q->utility);
        p->inner = plan ? session_portal(s, "", plan) : NULL;
    } else {
        struct plan *plan =
            session_plan_inner(s, p->plan, q, p->plan->program->params, p->plan->program->nparams);
        p->inner = plan ? session_portal(s, "", plan) : NULL;
        if (p->inner)
            p->inner->params = p->params;
    }
    if (p->inner && p->inner->plan && p->inner->plan->program->denied) {
        error_copy(&s->err, p->inner->plan->program->denied);
        return false;
    }
    run->planning_ns = run_control_now() - start;
    return p->inner != NULL;
}

/* EXPLAIN EXECUTE name and EXPLAIN CREATE TABLE AS speak of the query inside. */
struct plan *explain_utility_plan(struct pg_session *s, struct portal *p, const struct utility *u)
{
    if (u->kind == UTILITY_EXECUTE) {
        struct prepared *st = prepared_find(s, u->execute.name);
        if (!st)
            error_set(&s->err, ERRCODE_INVALID_SQL_STATEMENT_NAME,
                      "prepared statement \"%s\" does not exist", u->execute.name);
        return st && st->plan && prepared_revalidate(s, st) ? plan_ref(st->plan) : NULL;
    }
    struct query *q = u->kind == UTILITY_CREATE_TABLE_AS ? u->create_table_as.query
                      : u->kind == UTILITY_DECLARE       ? u->declare.query
                                                         : NULL;
    if (q)
        return session_plan_inner(s, p->plan, q, p->plan->program->params,
                                  p->plan->program->nparams);
    error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "EXPLAIN of %s is not supported", u->tag);
    return NULL;
}

enum portal_result explain_run(struct pg_session *s, struct portal *p)
{
    struct explain_run *run = p->task;
    if (!s->on_worker)
        return PORTAL_WAIT_WORKER;
    if (!run) {
        run = p->task = ARENA_NEW(p->arena, struct explain_run);
        if (!explain_begin(s, p, run))
            return PORTAL_FAILED;
    }
    if (run->options.analyze) {
        enum portal_result r = explain_execute(s, p, run);
        if (r != PORTAL_FINISHED)
            return r;
    }
    p->result = rowset_create(1);
    bool ok = explain_print(s, p, run, p->result);
    portal_destroy(p->inner, &s->txn);
    p->inner = NULL;
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}
