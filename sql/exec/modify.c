/* modify.c: rows changed one by one. See modify.h. */
#include "sql/exec/modify.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/exec/constraint.h"
#include "sql/exec/portal.h"

/* Rows between two looks at cancel and timeouts. */
#define MODIFY_CHECK_ROWS 64

/* A run of one step. */
struct row_run {
    struct fired_row row; /* the present row, as it goes to what fires */
    const struct step *step;
    const struct modify *m;
    struct value *new; /* natts; the row to be */
    struct rowset *result;
    struct after_batch *batch; /* NULL: nothing fires afterwards */
    const struct value *source;
    int64_t ruled; /* rows a rule changed in place of this one, -1: it is changed itself */
    struct {
        sqlite3_stmt *sql, *sql_all;
    } stmts[32]; /* of the ops; the last one the conflict's */
};

#define MODIFY_MAX_OPS 31

struct modify_job {
    struct modify_env env;
    struct row_run x;
};

static int natts_of(const struct row_run *x)
{
    return x->m->relation->natts;
}

/* --- the change ------------------------------------------------------------------------------------- */

static sqlite3_stmt *op_stmt(struct row_run *x, int which, const struct row_op *op, bool all)
{
    sqlite3_stmt **s = all ? &x->stmts[which].sql_all : &x->stmts[which].sql;
    if (!*s)
        *s = connection_stmt(x->row.env->connection, x->row.plan->uid, op->number + all, all ? op->sql_all : op->sql,
                             x->row.err);
    return *s;
}

static void release_stmts(struct row_run *x)
{
    for (int i = 0; i <= MODIFY_MAX_OPS; i++) {
        if (x->stmts[i].sql)
            connection_stmt_release(x->row.env->connection, x->stmts[i].sql);
        if (x->stmts[i].sql_all)
            connection_stmt_release(x->row.env->connection, x->stmts[i].sql_all);
    }
}

static bool write_failed(struct row_run *x, int rc)
{
    struct connection *c = x->row.env->connection;
    if (!connection_error(c, rc, x->row.err))
        constraint_explain(&(struct constraint_failure){.connection = c,
                                                        .step = x->step,
                                                        .snapshot = x->row.plan->snapshot,
                                                        .old_row = x->row.old,
                                                        .new_row = x->row.new,
                                                        .rc = rc},
                           x->row.err);
    return false;
}

/* What SQLite computed comes back. */
static void take_generated(struct row_run *x, sqlite3_stmt *stmt)
{
    for (int i = 0; i < x->m->ngenerated; i++) {
        struct value *v = &x->new[x->m->generated[i] - 1];
        switch (sqlite3_column_type(stmt, i)) {
        case SQLITE_INTEGER:
            *v = value_int(sqlite3_column_int64(stmt, i));
            break;
        case SQLITE_FLOAT:
            *v = value_real(sqlite3_column_double(stmt, i));
            break;
        case SQLITE_NULL:
            *v = value_null();
            break;
        default: {
            size_t n = (size_t)sqlite3_column_bytes(stmt, i);
            bool text = sqlite3_column_type(stmt, i) == SQLITE_TEXT;
            const void *p = text ? (const void *)sqlite3_column_text(stmt, i) : sqlite3_column_blob(stmt, i);
            char *copy = arena_strndup(x->row.arena, n ? p : "", n);
            *v = text ? value_text(copy, n) : value_blob(copy, n);
        }
        }
    }
}

/* Runs the change; *changed false when no row was (ON CONFLICT, a row gone meanwhile). */
static bool write_row(struct row_run *x, sqlite3_stmt *stmt, const struct row_op *op, bool *changed)
{
    struct connection *c = x->row.env->connection;
    const struct relation *r = x->m->relation;
    if (!stmt)
        return false;
    if (op->event != TRIGGER_DELETE)
        for (int i = 0; i < r->natts; i++)
            portal_bind_value(stmt, i + 1, &x->new[i]);
    if (op->event != TRIGGER_INSERT) {
        sqlite3_bind_int64(stmt, 2 * r->natts + 1, x->row.rowid);
        for (int i = 0; op->before.n && i < r->natts; i++)
            portal_bind_value(stmt, r->natts + i + 1, &x->row.old[i]);
    }
    int64_t before = sqlite3_total_changes64(c->db);
    int rc = sqlite3_step(stmt);
    bool returned = rc == SQLITE_ROW;
    if (returned) {
        take_generated(x, stmt);
        rc = sqlite3_step(stmt);
    }
    if (rc != SQLITE_DONE) {
        write_failed(x, rc);
        sqlite3_reset(stmt);
        return false;
    }
    *changed = returned || sqlite3_total_changes64(c->db) != before;
    if (op->event == TRIGGER_INSERT && *changed)
        x->row.rowid = sqlite3_last_insert_rowid(c->db);
    sqlite3_reset(stmt);
    return true;
}

/* SQLite would choose a number for it. */
static bool check_rowid_column(struct row_run *x)
{
    const struct relation *r = x->m->relation;
    if (!r->rowid_attnum || r->foreign || x->new[r->rowid_attnum - 1].kind != VALUE_NULL)
        return true;
    constraint_null(&(struct constraint_failure){.connection = x->row.env->connection,
                                                 .step = x->step,
                                                 .snapshot = x->row.plan->snapshot,
                                                 .old_row = x->row.old,
                                                 .new_row = x->row.new},
                    &r->atts[r->rowid_attnum - 1], x->row.err);
    return false;
}

/* --- BEFORE and INSTEAD OF ----------------------------------------------------------------------------- */

static void blank_generated(struct row_run *x)
{
    for (int i = 0; x->row.new && i < x->m->ngenerated; i++)
        x->new[x->m->generated[i] - 1] = value_null();
}

/* The row the trigger gave back is the row from now on. */
static void take_row(struct row_run *x, const struct value *row)
{
    if (!row || row == x->new || !x->row.new)
        return;
    for (int i = 0; i < natts_of(x); i++) {
        x->new[i] = row[i];
        if (row[i].kind == VALUE_TEXT || row[i].kind == VALUE_BLOB)
            x->new[i].p = arena_strndup(x->row.arena, row[i].p, row[i].n);
    }
}

/* *skip: a trigger returned NULL. */
static bool fire_before(struct row_run *x, const struct firing_list *l, bool *skip)
{
    *skip = false;
    for (int i = 0; i < l->n && !*skip; i++) {
        const struct firing *f = &l->items[i];
        bool holds;
        if (!fire_when(&x->row, f, &holds))
            return false;
        if (!holds)
            continue;
        struct trigger_call call = {.trigger = f->trigger,
                                    .relation = x->m->relation,
                                    .event = x->row.event,
                                    .old_row = x->row.old,
                                    .new_row = x->row.new};
        if (!fire_trigger(&x->row, &call))
            return false;
        *skip = call.answer == TRIGGER_ANSWER_NULL;
        if (f->trigger->rule && (*skip || f->trigger->type & TRIGGER_INSTEAD))
            x->ruled = f->trigger->when_sql && !(f->trigger->type & TRIGGER_INSTEAD) ? 0 : (int64_t)call.counted;
        if (!*skip)
            take_row(x, call.result);
    }
    return true;
}

/* --- after the change ------------------------------------------------------------------------------------ */

static void keep(struct rowset *to, struct value *row, const struct value *from, int n)
{
    for (int i = 0; from && i < n; i++)
        row[i] = rowset_copy(to, &from[i]);
}

static void record(struct row_run *x, int which)
{
    int natts = natts_of(x);
    if (x->batch && x->batch->rows) {
        struct value *row = rowset_append(x->batch->rows);
        row[0] = value_int(which);
        row[1] = value_int(x->row.rowid);
        keep(x->batch->rows, row + 2, x->row.old, natts);
        keep(x->batch->rows, row + 2 + natts, x->row.new, natts);
    }
    if (x->result) {
        struct value *row = rowset_append(x->result);
        keep(x->result, row, x->row.new ? x->row.new : x->row.old, natts);
        row[natts] = value_int(x->row.rowid);
        row[natts + 1] = value_int(x->m->conflict && which == x->m->nops ? FROZEN_TRANSACTION_ID : 0);
        if (x->m->nothers)
            keep(x->result, row + natts + 2, x->source + x->m->other_column, x->m->nothers);
    }
}

static bool view_checks(struct row_run *x)
{
    for (int i = 0; i < x->m->nchecks; i++) {
        struct value v;
        bool found;
        if (!fire_query(&x->row, x->m->checks[i].test, &v, 1, &found))
            return false;
        if (found && v.kind == VALUE_INT && v.i)
            continue;
        if (x->m->checks[i].refusal)
            return error_set(x->row.err, ERRCODE_INSUFFICIENT_PRIVILEGE, "%s", x->m->checks[i].refusal);
        constraint_view_check(&(struct constraint_failure){.connection = x->row.env->connection,
                                                           .step = x->step,
                                                           .snapshot = x->row.plan->snapshot,
                                                           .old_row = x->row.old,
                                                           .new_row = x->row.new},
                              x->m->checks[i].view, x->row.err);
        return false;
    }
    return true;
}

/* --- one row ------------------------------------------------------------------------------------------------ */

static bool changed_elsewhere(struct row_run *x)
{
    const char *what = x->step->query && x->step->query->command == QUERY_MERGE ? "updated or deleted"
                       : x->row.event == TRIGGER_DELETE                          ? "deleted"
                                                                                 : "updated";
    error_set(x->row.err, ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
              "tuple to be %s was already modified by an operation triggered by the current command", what);
    error_hint(x->row.err,
               "Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.");
    return false;
}

/* Columns beyond those the statement sets: did a trigger change one? */
static bool changes_more(const struct row_run *x, const struct row_op *op)
{
    bool set;
    for (int i = 0; i < natts_of(x); i++) {
        int16_t key = (int16_t)(i + 1);
        set = x->m->relation->atts[i].generated || x->m->relation->atts[i].dropped;
        for (int k = 0; k < op->nattnums && !set; k++)
            set = op->attnums[k] == i + 1;
        if (!set && !fire_same_key(x->row.old, x->new, &key, 1))
            return true;
    }
    return false;
}

static bool run_conflict(struct row_run *x, bool *done);

/* ON CONFLICT DO NOTHING: is there a row that an exclusion constraint would not have beside the new one? */
static bool is_excluded(struct row_run *x, bool *excluded)
{
    const struct row_conflict *k = x->m->conflict;
    *excluded = false;
    for (int i = 0; k && i < k->nexclusions && !*excluded; i++)
        if (!fire_query(&x->row, k->exclusions[i]->arbiter, NULL, 0, excluded))
            return false;
    return true;
}

/* BEFORE triggers, the change, and its record. *done: the row counts. */
static bool run_op(struct row_run *x, const struct row_op *op, int which, bool *done)
{
    bool skip;
    *done = false;
    x->row.event = op->event;
    if (op->before.n)
        blank_generated(x);
    if (!fire_before(x, &op->before, &skip))
        return false;
    if (skip)
        return true;
    if (!op->sql) { /* a view */
        if (!op->instead.n)
            return error_set(x->row.err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "cannot change view \"%s\"",
                             x->m->relation->name);
        if (!fire_before(x, &op->instead, &skip))
            return false;
        if (!skip)
            record(x, which);
        *done = !skip;
        return true;
    }
    if (op->event != TRIGGER_DELETE && !check_rowid_column(x))
        return false;
    bool all = op->event == TRIGGER_UPDATE && op->before.n && changes_more(x, op), changed = false;
    if (op->event == TRIGGER_INSERT && (!is_excluded(x, &skip) || skip))
        return !error_is_set(x->row.err);
    if (!write_row(x, op_stmt(x, which, op, all), op, &changed))
        return false;
    if (!changed && x->m->conflict && op->event == TRIGGER_INSERT)
        return run_conflict(x, done);
    if (!changed)
        return op->before.n ? changed_elsewhere(x) : true;
    *done = true;
    if (op->event != TRIGGER_DELETE && !view_checks(x))
        return false;
    record(x, which);
    return true;
}

/* The row in the way, and what DO UPDATE makes of it. */
static bool run_conflict(struct row_run *x, bool *done)
{
    const struct row_conflict *k = x->m->conflict;
    int natts = natts_of(x), n = 1 + natts + k->op.nattnums + k->where;
    struct value *found = ARENA_ARRAY(x->row.arena, struct value, n + 1);
    bool is_there = false;
    *done = false;
    for (int i = 0; i < k->nprobes && !is_there; i++)
        if (!fire_query(&x->row, &k->probes[i], found, 1, &is_there))
            return false;
    if (!is_there)
        return true;
    x->row.rowid = found[0].i;
    if (!fire_query(&x->row, k->row, found, n, &is_there))
        return false;
    if (!is_there || (k->where && (found[n - 1].kind != VALUE_INT || !found[n - 1].i)))
        return true;
    x->row.old = found + 1;
    memcpy(x->new, found + 1, sizeof(*found) * (size_t)natts);
    for (int i = 0; i < k->op.nattnums; i++)
        x->new[k->op.attnums[i] - 1] = found[k->op.first + i];
    return run_op(x, &k->op, x->m->nops, done);
}

/* Old and new values from the source row. */
static void begin_row(struct row_run *x, const struct row_op *op)
{
    int natts = natts_of(x);
    x->new = ARENA_ARRAY(x->row.arena, struct value, natts + 1);
    x->row.old = op->event == TRIGGER_INSERT ? NULL : x->source + x->m->old_column;
    x->row.new = op->event == TRIGGER_DELETE ? NULL : x->new;
    x->row.rowid = op->event == TRIGGER_INSERT ? 0 : x->source[x->m->rowid_column].i;
    if (op->event == TRIGGER_UPDATE)
        memcpy(x->new, x->row.old, sizeof(*x->new) * (size_t)natts);
    for (int i = 0; i < op->nattnums; i++)
        x->new[op->attnums[i] - 1] = x->source[op->first + i];
}

static bool run_row(struct row_run *x, uint64_t *count)
{
    int which = 0;
    if (x->m->action_column >= 0) {
        const struct value *action = &x->source[x->m->action_column];
        which = action->kind == VALUE_INT ? (int)action->i : -1;
        if (which < 0 || which >= x->m->nops || !x->m->ops[which].event)
            return true; /* no WHEN clause, or DO NOTHING */
    }
    const struct row_op *op = &x->m->ops[which];
    bool done;
    begin_row(x, op);
    x->ruled = -1;
    if (!run_op(x, op, which, &done))
        return false;
    *count += x->ruled >= 0 ? (uint64_t)x->ruled : done;
    return true;
}

/* --- the step ---------------------------------------------------------------------------------------------------- */

static bool fire_before_statement(struct row_run *x)
{
    const struct firing_list *l = &x->m->before_statement;
    for (int i = 0; i < l->n; i++) {
        bool holds;
        x->row.event = l->items[i].event;
        if (!fire_when(&x->row, &l->items[i], &holds))
            return false;
        struct trigger_call call = {
            .trigger = l->items[i].trigger, .relation = x->m->relation, .event = l->items[i].event};
        if (holds && !fire_trigger(&x->row, &call))
            return false;
    }
    return true;
}

static bool wants_rows(const struct modify *m)
{
    for (int i = 0; i < m->nops; i++)
        if (m->ops[i].after.n)
            return true;
    if (m->conflict && m->conflict->op.after.n)
        return true;
    for (int i = 0; i < m->after_statement.n; i++)
        if (m->after_statement.items[i].trigger->old_table || m->after_statement.items[i].trigger->new_table)
            return true;
    return false;
}

static struct after_batch *new_batch(struct plan *plan, const struct step *st)
{
    const struct modify *m = st->modify;
    bool rows = wants_rows(m);
    if (!rows && !m->after_statement.n)
        return NULL;
    struct after_batch *b = calloc(1, sizeof(*b));
    if (!b)
        log_fatal("out of memory");
    b->plan = plan_ref(plan);
    b->step = st;
    b->rows = rows ? rowset_create(2 + 2 * m->relation->natts) : NULL;
    return b;
}

static bool run_rows(struct row_run *x, const struct rowset *source, uint64_t *count)
{
    for (int64_t i = 0; i < source->nrows; i++) {
        if (i % MODIFY_CHECK_ROWS == 0 && run_control_stopped(x->row.env->control, x->row.err))
            return false;
        arena_reset(x->row.arena);
        x->source = rowset_row(source, i);
        if (!run_row(x, count))
            return false;
    }
    return true;
}

struct modify_job *modify_begin(const struct modify_env *env, struct plan *plan, const struct step *st,
                                struct rowset *result, struct error *err)
{
    if (st->modify->nops > MODIFY_MAX_OPS) {
        error_set(err, ERRCODE_STATEMENT_TOO_COMPLEX, "MERGE with more than %d actions on a table with triggers",
                  MODIFY_MAX_OPS);
        return NULL;
    }
    struct modify_job *job = calloc(1, sizeof(*job));
    if (!job)
        log_fatal("out of memory");
    job->env = *env;
    job->x = (struct row_run){.step = st, .m = st->modify, .result = result};
    job->x.row = (struct fired_row){
        .env = &job->env, .plan = plan, .relation = st->modify->relation, .arena = arena_create(), .err = err};
    if (!fire_before_statement(&job->x)) {
        modify_end(job, NULL);
        return NULL;
    }
    job->x.batch = new_batch(plan, st);
    return job;
}

bool modify_rows(struct modify_job *job, const struct rowset *source, uint64_t *count, struct error *err)
{
    job->x.row.err = err;
    return run_rows(&job->x, source, count);
}

void modify_end(struct modify_job *job, struct after_queue *queue)
{
    struct after_batch *b = job->x.batch;
    release_stmts(&job->x);
    arena_destroy(job->x.row.arena);
    free(job);
    if (!b)
        return;
    if (!queue) {
        after_batch_free(b);
        return;
    }
    struct after_queue one = {.first = b, .last = &b->next};
    if (!queue->first)
        queue->last = &queue->first;
    *queue->last = one.first;
    queue->last = one.last;
}

bool modify_run(const struct modify_env *env, struct plan *plan, const struct step *st, const struct rowset *source,
                struct rowset *result, struct after_queue *queue, uint64_t *count, struct error *err)
{
    struct modify_job *job = modify_begin(env, plan, st, result, err);
    bool ok = job && modify_rows(job, source, count, err);
    if (job)
        modify_end(job, ok ? queue : NULL);
    return ok;
}
