/* portal.c: see portal.h. */
#include "sql/exec/portal.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/sequence.h"
#include "sql/exec/constraint.h"
#include "sql/exec/direct.h"
#include "sql/txn/scan_helper.h"

/* How long a read may hold the event loop before it begins anew on a worker: one that never ran, one that usually takes less
   than PORTAL_USUAL_NS; what usually takes longer begins there. */
#define PORTAL_INLINE_NS 300000
#define PORTAL_USUAL_NS 1500000
#define PORTAL_MOST_NS 4000000

struct portal *portal_create(const char *name, struct plan *plan)
{
    struct arena *a = arena_create();
    struct portal *p = ARENA_NEW(a, struct portal);
    p->arena = a;
    p->name = arena_strdup(a, name);
    p->plan = plan;
    return p;
}

int portal_width(const struct portal *p)
{
    return p->nfields + (p->plan ? 2 * p->plan->program->nsources : 0);
}

/* The only place where the state changes. */
static void portal_set_state(struct portal *p, enum portal_state state)
{
    p->state = state;
}

static void portal_drop_stmt(struct portal *p)
{
    if (p->stmt)
        connection_stmt_release(p->connection, p->stmt);
    if (p->helped)
        scan_helper_return(p->connection->database->scan_helper, p->connection);
    p->stmt = NULL;
    p->helped = false;
}

static void portal_drop_rowsets(struct portal *p)
{
    for (int i = 0; p->rowsets && p->plan && i < p->plan->program->nrowsets; i++)
        rowset_destroy(p->rowsets[i]);
    p->rowsets = NULL;
}

void portal_finish(struct portal *p, struct transaction *txn, enum portal_state state)
{
    portal_drop_stmt(p);
    if (p->connection && p->plan && p->plan->program->writes)
        connection_keys_off(p->connection, p->keys_were_off);
    if (p->leased)
        txn_release_read(txn, p->connection);
    p->leased = false;
    p->connection = NULL;
    portal_drop_rowsets(p);
    after_queue_free(&p->after);
    portal_set_state(p, state);
}

void portal_destroy(struct portal *p, struct transaction *txn)
{
    if (p->inner)
        portal_destroy(p->inner, txn);
    portal_finish(p, txn, p->state);
    rowset_destroy(p->result);
    plan_unref(p->plan);
    arena_destroy(p->arena);
}

void portal_bind_value(sqlite3_stmt *stmt, int i, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NULL:
        sqlite3_bind_null(stmt, i);
        break;
    case VALUE_INT:
        sqlite3_bind_int64(stmt, i, v->i);
        break;
    case VALUE_REAL:
        sqlite3_bind_double(stmt, i, v->d);
        break;
    case VALUE_TEXT:
        sqlite3_bind_text64(stmt, i, v->p ? v->p : "", v->n, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        sqlite3_bind_blob64(stmt, i, v->n ? v->p : "", v->n, SQLITE_STATIC);
        break;
    }
}

struct rowset *portal_transition(const struct eval_context *ctx, int index)
{
    const struct trigger_call *t = ctx ? ctx->trigger : NULL;
    return !t ? NULL : index == ROWSET_TRANSITION_OLD ? t->old_table : t->new_table;
}

/* A step's result, or a transition table of the trigger that is running. */
static struct rowset *portal_rowset(struct portal *p, int index)
{
    return index >= ROWSET_TRANSITION_OLD ? portal_transition(p->connection->host.ctx, index) : p->rowsets[index];
}

static void portal_bind_step(struct portal *p, sqlite3_stmt *stmt, const struct step *s)
{
    for (int i = 0; i < s->nbindings; i++) {
        const struct binding *b = &s->bindings[i];
        if (b->kind == BINDING_PARAM)
            portal_bind_value(stmt, i + 1, &p->params[b->index]);
        else if (b->kind == BINDING_CONST)
            portal_bind_value(stmt, i + 1, &b->value);
        else
            sqlite3_bind_pointer(stmt, i + 1, portal_rowset(p, b->index), ROWSET_POINTER, NULL);
    }
}

/* constraint_failure.bind */
static void portal_bind_failed(void *arg, sqlite3_stmt *stmt, const struct step *s)
{
    portal_bind_step(arg, stmt, s);
}

/* Prepares the current step and binds its values. */
static bool portal_start_step(struct portal *p, struct error *err)
{
    const struct step *s = &p->plan->program->steps[p->step];
    connection_map(p->connection, p->plan->program->reads_much);
    p->stmt = connection_stmt(p->connection, p->plan->uid, p->step, s->sql, err);
    if (!p->stmt)
        return false;
    portal_bind_step(p, p->stmt, s);
    if (p->plan->program->compares_all && p->leased &&
        atomic_load_explicit(&p->plan->usual_ns, memory_order_relaxed) > PORTAL_USUAL_NS)
        p->helped = scan_helper_lend(p->connection->database->scan_helper, p->connection);
    p->total_changes = sqlite3_total_changes64(p->connection->db);
    if (s->kind == STEP_ROWSET && !p->rowsets[s->rowset]) /* several steps may add to one */
        p->rowsets[s->rowset] = rowset_create(s->ncolumns);
    return true;
}

static void portal_fetch_cells(struct portal *p, int n)
{
    for (int i = 0; i < n; i++) {
        struct value *v = &p->cells[i];
        switch (sqlite3_column_type(p->stmt, i)) {
        case SQLITE_INTEGER:
            *v = value_int(sqlite3_column_int64(p->stmt, i));
            break;
        case SQLITE_FLOAT:
            *v = value_real(sqlite3_column_double(p->stmt, i));
            break;
        case SQLITE_TEXT:
            v->kind = VALUE_TEXT;
            v->p = (const char *)sqlite3_column_text(p->stmt, i);
            v->n = (size_t)sqlite3_column_bytes(p->stmt, i);
            break;
        case SQLITE_BLOB:
            v->kind = VALUE_BLOB;
            v->p = sqlite3_column_blob(p->stmt, i);
            v->n = (size_t)sqlite3_column_bytes(p->stmt, i);
            break;
        default:
            *v = value_null();
        }
    }
}

/* A failed sqlite3_step as an error, or as the wish to go on on a worker. */
static enum portal_result portal_step_failed(struct portal *p, const struct portal_run *run, int rc,
                                             struct error *err)
{
    struct connection *c = p->connection;
    if (run->control->budget_hit && !p->flushed) {
        error_clear(&c->host.err);
        return PORTAL_WAIT_WORKER;
    }
    if (run->control->wants_writer) {
        run->control->wants_writer = false;
        if (!p->flushed) {
            error_clear(&c->host.err);
            p->wants_writer = true;
            atomic_store(&p->plan->wants_writer, true);
            return PORTAL_WAIT_LOCK;
        }
    }
    if (run->control->parked && !p->flushed) {
        error_clear(&c->host.err);
        return PORTAL_WAIT_LOCK;
    }
    struct constraint_failure failure = {.connection = c,
                                         .step = &p->plan->program->steps[p->step],
                                         .snapshot = p->plan->snapshot,
                                         .bind = portal_bind_failed,
                                         .arg = p,
                                         .rc = rc};
    if (!connection_error(c, rc, err))
        constraint_explain(&failure, err);
    else if (!strcmp(err->sqlstate, ERRCODE_NOT_NULL_VIOLATION) && !err->detail && failure.step->target) {
        sqlite3_reset(p->stmt);
        constraint_null_detail(&failure, err);
    }
    return PORTAL_FAILED;
}

static void portal_keep_row(struct portal *p, const struct step *s)
{
    struct rowset *r = p->rowsets[s->rowset];
    struct value *row = rowset_append(r);
    for (int i = 0; i < s->ncolumns; i++)
        row[i] = rowset_copy(r, &p->cells[i]);
}

/* Runs the current step's rows. PORTAL_FINISHED: the step is over. */
static enum portal_result portal_run_step(struct portal *p, const struct portal_run *run,
                                          int64_t *left, struct error *err)
{
    const struct step *s = &p->plan->program->steps[p->step];
    bool limited = run->max_rows > 0 && s->kind == STEP_ROWS;
    for (;;) {
        if (limited && *left == 0)
            return PORTAL_SUSPENDED;
        int rc = sqlite3_step(p->stmt);
        if (rc == SQLITE_DONE)
            break;
        if (rc != SQLITE_ROW)
            return portal_step_failed(p, run, rc, err);
        portal_fetch_cells(p, s->kind == STEP_ROWS ? portal_width(p) : s->ncolumns);
        if (s->kind == STEP_ROWSET)
            portal_keep_row(p, s);
        if (s->kind != STEP_ROWS)
            continue;
        if (run->sink && !run->sink->row(run->sink->arg, p->cells, err))
            return PORTAL_FAILED;
        p->count += s->counts;
        --*left;
        if (run->sink && run->sink->full && run->sink->full(run->sink->arg)) {
            p->flushed = true;
            return PORTAL_WAIT_OUTPUT;
        }
    }
    if (s->counts && s->kind != STEP_ROWS)
        p->count += (uint64_t)sqlite3_changes64(p->connection->db);
    return PORTAL_FINISHED;
}

/* A failure outside SQLite: the wish to begin anew, or the error itself. */
static enum portal_result portal_direct_failed(struct portal *p, const struct portal_run *run, struct error *err)
{
    bool anew = (run->control->wants_writer || run->control->parked) && !p->flushed;
    if (!anew)
        return PORTAL_FAILED;
    if (run->control->wants_writer) {
        p->wants_writer = true;
        atomic_store(&p->plan->wants_writer, true);
    }
    run->control->wants_writer = false;
    error_clear(err);
    return PORTAL_WAIT_LOCK;
}

/* The one row of a SELECT without FROM. */
static enum portal_result portal_run_row(struct portal *p, const struct portal_run *run, struct error *err)
{
    struct arena *arena = arena_create();
    enum portal_result r = PORTAL_FINISHED;
    if (!direct_row(p->plan, run->txn->ctx, p->params, arena, p->cells, err))
        r = portal_direct_failed(p, run, err);
    else if (run->sink && !run->sink->row(run->sink->arg, p->cells, err))
        r = PORTAL_FAILED;
    p->count++;
    p->step = p->plan->program->nsteps;
    arena_destroy(arena);
    return r;
}

static enum portal_result portal_lease(struct portal *p, const struct portal_run *run, struct error *err);

/* A function of FROM; what it wrote is on the writer, where the rest must read then. */
static enum portal_result portal_run_call(struct portal *p, const struct portal_run *run, struct connection *outer,
                                          struct error *err)
{
    const struct step *s = &p->plan->program->steps[p->step];
    struct arena *arena = arena_create();
    if (p->leased) /* nothing is stepping there: the function is free to write */
        txn_release_read(run->txn, p->connection);
    p->leased = false;
    p->connection = NULL;
    run->txn->current = outer;
    rowset_destroy(p->rowsets[s->rowset]);
    p->rowsets[s->rowset] = rowset_create(s->ncolumns);
    bool ok = direct_call(p->plan, p->step, run->txn->ctx, p->params, arena, p->rowsets[s->rowset], err);
    arena_destroy(arena);
    if (!ok)
        return portal_direct_failed(p, run, err);
    enum portal_result r = portal_lease(p, run, err);
    run->txn->current = p->connection;
    return r;
}

/* Leases the connection for the whole program. */
static enum portal_result portal_lease(struct portal *p, const struct portal_run *run,
                                       struct error *err)
{
    enum txn_wait w;
    if (p->plan->program->writes || p->wants_writer ||
        (atomic_load(&p->plan->wants_writer) && !run->txn->read_only))
        w = txn_acquire_write(run->txn, p->arena, &p->connection, err);
    else
        w = txn_acquire_read(run->txn, p->arena, &p->connection, &p->leased, err);
    return w == TXN_READY ? PORTAL_FINISHED : w == TXN_WAIT ? PORTAL_WAIT_LOCK : PORTAL_FAILED;
}

/* First run: lease, cells, rowsets. */
static enum portal_result portal_begin(struct portal *p, const struct portal_run *run,
                                       struct error *err)
{
    const struct program *g = p->plan->program;
    if (g->denied) {
        error_copy(err, g->denied);
        return PORTAL_FAILED;
    }
    bool writes = p->wants_writer || (atomic_load(&p->plan->wants_writer) && !run->txn->read_only);
    enum portal_result r = direct_is_row(p->plan) && !writes ? PORTAL_FINISHED : portal_lease(p, run, err);
    if (r != PORTAL_FINISHED)
        return r;
    sequence_session_statement(run->txn->ctx->sequence_session);
    run->txn->ctx->upserted = false;
    int widest = portal_width(p);
    for (int i = 0; i < g->nsteps; i++)
        widest = g->steps[i].ncolumns > widest ? g->steps[i].ncolumns : widest;
    if (p->connection && g->writes)
        p->keys_were_off = connection_keys_off(p->connection, g->keys_off);
    p->outer = run->txn->outer_queue;
    run->txn->outer_queue = NULL;
    p->cells = ARENA_ARRAY(p->arena, struct value, widest + 1);
    p->rowsets = ARENA_ARRAY(p->arena, struct rowset *, g->nrowsets + 1);
    p->step = 0;
    p->count = 0;
    portal_set_state(p, PORTAL_RUNNING);
    return PORTAL_FINISHED;
}

/* Gives everything back, as if it had never run. */
static void portal_rewind(struct portal *p, const struct portal_run *run, size_t out_mark)
{
    if (run->out)
        run->out->len = out_mark;
    portal_finish(p, run->txn, PORTAL_READY);
}

static enum portal_result portal_run_result(struct portal *p, const struct portal_run *run,
                                            struct error *err)
{
    int64_t left = run->max_rows;
    while (p->position < p->result->nrows) {
        if (run->max_rows > 0 && left-- == 0)
            return PORTAL_SUSPENDED;
        const struct value *row = rowset_row(p->result, p->position++);
        p->count++;
        if (run->sink && !run->sink->row(run->sink->arg, row, err))
            return PORTAL_FAILED;
        if (run->sink && run->sink->full && run->sink->full(run->sink->arg))
            return PORTAL_WAIT_OUTPUT;
    }
    portal_set_state(p, PORTAL_DONE);
    return PORTAL_FINISHED;
}

static struct modify_env portal_env(struct portal *p, const struct portal_run *run)
{
    return (struct modify_env){.txn = run->txn, .control = run->control, .connection = p->connection, .results = run->results};
}

static enum portal_result portal_modify(struct portal *p, const struct portal_run *run, struct error *err)
{
    const struct step *s = &p->plan->program->steps[p->step];
    const struct modify *m = s->modify;
    struct modify_env env = portal_env(p, run);
    uint64_t count = 0;
    if (m->result >= 0)
        p->rowsets[m->result] = rowset_create(modify_result_width(m));
    struct error own; /* nested statements use the session's */
    error_init(&own, err->arena);
    if (!modify_run(&env, p->plan, s, p->rowsets[m->source], m->result >= 0 ? p->rowsets[m->result] : NULL, &p->after,
                    &count, &own)) {
        error_copy(err, &own);
        return PORTAL_FAILED;
    }
    p->count += s->counts ? count : 0;
    return PORTAL_FINISHED;
}

/* AFTER triggers and checks, once no step is left that changes anything: RETURNING's rows are kept already. */
static bool portal_fire(struct portal *p, const struct portal_run *run, struct error *err)
{
    const struct program *g = p->plan->program;
    for (int i = p->step; p->after.first && i < g->nsteps; i++)
        if (g->steps[i].query->command != QUERY_SELECT)
            return true;
    /* A SELECT over data-modifying WITH does not see what they do, unless it may never come to its end. */
    if (g->command == QUERY_SELECT && p->step < g->nsteps && run->max_rows <= 0)
        return true;
    if (p->outer)
        after_queue_move(p->outer, &p->after);
    if (!p->after.first)
        return true;
    struct modify_env env = portal_env(p, run);
    struct error own;
    error_init(&own, err->arena);
    bool ok = after_fire(&env, &p->after, &own);
    error_copy(err, &own);
    return ok;
}

/* Runs step after step until something holds it up. */
static enum portal_result portal_run_program(struct portal *p, const struct portal_run *run,
                                             struct connection *outer, struct error *err)
{
    int64_t left = run->max_rows;
    if (direct_is_row(p->plan) && p->step == 0)
        return portal_run_row(p, run, err);
    for (; p->step < p->plan->program->nsteps; p->step++) {
        if (p->plan->program->steps[p->step].call) {
            enum portal_result called = portal_run_call(p, run, outer, err);
            if (called != PORTAL_FINISHED)
                return called;
            continue;
        }
        if (!portal_fire(p, run, err))
            return PORTAL_FAILED;
        if (p->plan->program->steps[p->step].modify) {
            enum portal_result m = portal_modify(p, run, err);
            if (m != PORTAL_FINISHED)
                return m;
            continue;
        }
        if (!p->stmt && !portal_start_step(p, err)) {
            /* Preparing reads a changed schema, which may take longer than the loop has. */
            if (!run->control->budget_hit || p->flushed)
                return PORTAL_FAILED;
            error_clear(err);
            error_clear(&p->connection->host.err);
            return PORTAL_WAIT_WORKER;
        }
        enum portal_result r = portal_run_step(p, run, &left, err);
        if (r != PORTAL_FINISHED)
            return r;
        portal_drop_stmt(p);
    }
    return portal_fire(p, run, err) ? PORTAL_FINISHED : PORTAL_FAILED;
}

/* Reads whose restart nobody can notice may begin on the event loop. */
static bool portal_may_start_inline(const struct portal *p)
{
    const struct program *g = p->plan->program;
    if (!g->writes && atomic_load_explicit(&p->plan->usual_ns, memory_order_relaxed) > PORTAL_USUAL_NS)
        return false;
    return p->state == PORTAL_READY && !g->long_hint &&
           (g->writes || !g->query || !g->query->volatile_calls) && !(g->query && g->query->routine_calls);
}

/* A run that began now may take so long on the event loop. */
static int64_t portal_inline_ns(const struct portal *p)
{
    return atomic_load_explicit(&p->plan->usual_ns, memory_order_relaxed) ? PORTAL_MOST_NS : PORTAL_INLINE_NS;
}

/* Runs at the same time may lose one of their times. */
static void portal_note_time(struct plan *plan, int64_t took)
{
    int64_t usual = atomic_load_explicit(&plan->usual_ns, memory_order_relaxed);
    usual = usual ? usual + (took - usual) / (took < usual ? 3 : 8) : took; /* a cold start is forgotten soon */
    atomic_store_explicit(&plan->usual_ns, usual > 0 ? usual : 1, memory_order_relaxed);
}

static enum portal_result portal_run_here(struct portal *p, const struct portal_run *run, struct error *err)
{
    if (p->state == PORTAL_DONE)
        return PORTAL_FINISHED;
    if (p->result)
        return portal_run_result(p, run, err);
    if (p->state == PORTAL_BROKEN) {
        error_set(err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"%s\" cannot be run",
                  p->name);
        return PORTAL_FAILED;
    }
    if (!run->on_worker && !portal_may_start_inline(p))
        return PORTAL_WAIT_WORKER;
    size_t mark = run->out ? run->out->len : 0;
    if (p->state == PORTAL_READY) {
        enum portal_result r = portal_begin(p, run, err);
        if (r != PORTAL_FINISHED)
            return r;
    } else {
        if (p->connection)
            connection_attach(p->connection, run->txn->ctx, run->control, p->arena);
        p->flushed = true;
    }
    bool budgeted = !run->on_worker && !p->plan->program->writes, whole = !p->flushed;
    int64_t start = run_control_now();
    run->control->budget_hit = run->control->parked = run->control->wants_writer = false;
    run->control->budget = budgeted ? start + portal_inline_ns(p) : 0;
    struct connection *outer = run->txn->current;
    run->txn->current = direct_is_row(p->plan) ? outer : p->connection;
    enum portal_result r = portal_run_program(p, run, outer, err);
    run->txn->current = outer;
    run->control->budget = 0;
    if (r == PORTAL_WAIT_WORKER || r == PORTAL_WAIT_LOCK) {
        bool as_writer = p->wants_writer && (!p->connection || p->connection != run->txn->writer);
        portal_rewind(p, run, mark);
        if (as_writer)
            return portal_run_here(p, run, err);
    } else if (r == PORTAL_FAILED) {
        portal_finish(p, run->txn, PORTAL_BROKEN);
    } else if (r == PORTAL_FINISHED) {
        if (whole)
            portal_note_time(p->plan, run_control_now() - start);
        portal_finish(p, run->txn, PORTAL_DONE);
    }
    return r;
}

enum portal_result portal_run(struct portal *p, const struct portal_run *run, struct error *err)
{
    struct connection *outer = run->txn->current; /* of the statement whose function runs this one */
    struct arena *arena = outer ? outer->host.err.arena : NULL;
    enum portal_result r = portal_run_here(p, run, err);
    if (outer)
        connection_move_error(outer, arena);
    return r;
}
