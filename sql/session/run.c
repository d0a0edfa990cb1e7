/* run.c: running a portal inside the session's transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/command/command.h"
#include "sql/emit/emit.h"
#include "sql/session/advisory.h"
#include "sql/session/cursor.h"
#include "sql/session/session.h"
#include "sql/session/xact.h"
#include "sql/types/enum.h"

/* --- portals ---------------------------------------------------------------------------------- */

struct portal *session_find_portal(struct pg_session *s, const char *name)
{
    for (struct portal *p = s->portals; p; p = p->next)
        if (!strcmp(p->name, name))
            return p;
    return NULL;
}

void session_add_portal(struct pg_session *s, struct portal *p)
{
    p->in_block = s->txn.state == TXN_BLOCK;
    p->created_time = s->eval.statement_time;
    p->level = s->txn.nsavepoints;
    p->next = s->portals;
    s->portals = p;
}

void session_drop_portal(struct pg_session *s, struct portal *p)
{
    for (struct portal **at = &s->portals; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    portal_destroy(p, &s->txn);
}

/* After an error inside a block: cursors that were kept when a savepoint was made may go on after ROLLBACK TO it. */
void session_close_failed_portals(struct pg_session *s)
{
    for (struct portal **at = &s->portals; *at;) {
        struct portal *p = *at;
        if (p->running || (p->cursor && p->result && s->txn.nsavepoints > p->level)) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        portal_destroy(p, &s->txn);
    }
}

bool session_keep_cursors(struct pg_session *s)
{
    for (struct portal *p = s->portals; p; p = p->next)
        if (p->cursor && !p->result && !p->running && !session_keep_cursor(s, p))
            return false;
    return true;
}

void session_drop_cursors_of(struct pg_session *s, int level)
{
    for (struct portal **at = &s->portals; *at;) {
        struct portal *p = *at;
        if (p->running || !p->cursor || p->level < level) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        portal_destroy(p, &s->txn);
    }
}

void session_release_cursors(struct pg_session *s, int level)
{
    for (struct portal *p = s->portals; p; p = p->next)
        if (p->level > level)
            p->level = level;
}

void session_close_portals(struct pg_session *s, bool all)
{
    for (struct portal **at = &s->portals; *at;) {
        struct portal *p = *at;
        if (p->running || (p->hold && p->result && !all)) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        portal_destroy(p, &s->txn);
    }
}

struct portal *session_portal(struct pg_session *s, const char *name, struct plan *plan)
{
    struct portal *p = portal_create(name, plan);
    if (session_describe_portal(s, p))
        return p;
    portal_destroy(p, &s->txn);
    return NULL;
}

bool session_describe_portal(struct pg_session *s, struct portal *p)
{
    const struct program *g = p->plan->program;
    if (g->utility)
        return utility_describe(s, p);
    p->nfields = g->nfields;
    p->returns_rows = g->has_rows;
    p->fields = ARENA_ARRAY(p->arena, struct pg_field, g->nfields);
    p->types = ARENA_ARRAY(p->arena, const struct type_def *, g->nfields);
    for (int i = 0; i < g->nfields; i++) {
        const struct target *t = &g->fields[i];
        const struct type_def *type = snapshot_type(p->plan->snapshot, t->expr->type);
        if (!type)
            return error_set(&s->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for type %u",
                             t->expr->type);
        int32_t typmod = t->expr->typmod;
        while (type->typtype == 'd') { /* clients are told the domain's base type */
            const struct type_def *base = snapshot_type(p->plan->snapshot, type->basetype);
            if (!base)
                break;
            typmod = type->typmod;
            type = base;
        }
        p->types[i] = type;
        p->fields[i] = (struct pg_field){.name = t->name,
                                         .table_oid = t->table_oid,
                                         .column = t->table_attnum,
                                         .type = type->oid,
                                         .typlen = type->len,
                                         .typmod = typmod};
    }
    return true;
}

/* --- transactions ----------------------------------------------------------------------------- */

static const char *session_setting(struct pg_session *s, const char *name)
{
    return guc_get(&s->gucs, guc_find(name));
}

enum txn_isolation session_isolation(const char *name)
{
    static const char *const names[] = {"read uncommitted", "read committed", "repeatable read",
                                        "serializable"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(names[i], name))
            return (enum txn_isolation)i;
    return ISOLATION_READ_COMMITTED;
}

void session_begin_transaction(struct pg_session *s, bool block)
{
    bool read_only = !strcmp(session_setting(s, "default_transaction_read_only"), "on");
    bool deferrable = !strcmp(session_setting(s, "default_transaction_deferrable"), "on");
    if (s->txn.state == TXN_IDLE) {
        s->eval.transaction_time = s->eval.statement_time;
        s->xact_start = s->eval.statement_time;
    }
    txn_begin(&s->txn, block,
              session_isolation(session_setting(s, "default_transaction_isolation")), read_only,
              deferrable);
}

static bool concurrently(const struct utility *u)
{
    return (u->kind == UTILITY_CREATE_INDEX && u->create_index.concurrently) ||
           (u->kind == UTILITY_DROP && u->drop.concurrently) ||
           (u->kind == UTILITY_REINDEX && u->reindex.concurrently);
}

static const char *lock_clause(const struct query *q)
{
    static const char *const clauses[] = {[LOCK_KEY_SHARE] = " FOR KEY SHARE", [LOCK_SHARE] = " FOR SHARE",
                                          [LOCK_NO_KEY_UPDATE] = " FOR NO KEY UPDATE", [LOCK_UPDATE] = " FOR UPDATE"};
    return q && q->command == QUERY_SELECT && q->lock != LOCK_NONE ? clauses[q->lock] : "";
}

bool session_enter(struct pg_session *s, const struct plan *plan)
{
    const struct utility *u = plan->program->utility;
    bool control = u && u->kind == UTILITY_TRANSACTION;
    if (s->txn.state == TXN_FAILED && !control)
        return error_set(&s->err, ERRCODE_IN_FAILED_SQL_TRANSACTION,
                         "current transaction is aborted, commands ignored until end of "
                         "transaction block");
    if (u && (s->txn.state == TXN_BLOCK || s->query.count > 1) && utility_forbidden_in_block(u))
        return error_set(&s->err, ERRCODE_ACTIVE_SQL_TRANSACTION, "%s%s cannot run inside a transaction block", u->tag,
                         concurrently(u)                                             ? " CONCURRENTLY"
                         : u->kind == UTILITY_REINDEX && u->reindex.kind == 's' ? " SCHEMA"
                         : u->kind == UTILITY_REINDEX && u->reindex.kind == 'y' ? " SYSTEM"
                         : u->kind == UTILITY_REINDEX                           ? " DATABASE"
                                                                                  : "");
    if (s->txn.state == TXN_IDLE && !control)
        session_begin_transaction(s, false);
    if (s->txn.read_only && plan->program->writes_permanent)
        return error_set(&s->err, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                         "cannot execute %s%s in a read-only transaction", plan->tag, lock_clause(plan->program->query));
    return true;
}

bool session_keep_cursor(struct pg_session *s, struct portal *p)
{
    if (p->no_scroll) /* what is left; the rows read before are behind its beginning */
        p->before = p->cursor_at;
    else /* all rows, those passed included */
        portal_finish(p, &s->txn, PORTAL_READY);
    return session_materialize(s, p);
}

/* Cursors WITH HOLD take their rows along: run to the end before the transaction ends. */
static bool session_keep_held(struct pg_session *s)
{
    for (struct portal *p = s->portals; p; p = p->next) {
        if (!p->hold || !p->cursor)
            continue;
        p->held = true;
        if (!p->result && !session_keep_cursor(s, p))
            return false;
    }
    return true;
}

/*
 * Cursors do not see what their transaction changes after DECLARE: before the first change their rows are kept. A query with
 * volatile functions is left as it is, for those are to be called when its rows are fetched.
 */
static bool is_open_cursor(const struct portal *p)
{
    return p->cursor && !p->result && p->plan && (p->state == PORTAL_READY || p->state == PORTAL_RUNNING) &&
           p->plan->program->query && !p->plan->program->query->volatile_calls;
}

static bool may_change(const struct plan *plan)
{
    const struct utility *u = plan->program->utility;
    if (!u)
        return plan->program->writes || atomic_load(&((struct plan *)plan)->wants_writer);
    switch (u->kind) {
    case UTILITY_TRANSACTION:
    case UTILITY_SET:
    case UTILITY_SHOW:
    case UTILITY_PREPARE:
    case UTILITY_DEALLOCATE:
    case UTILITY_DECLARE:
    case UTILITY_FETCH:
    case UTILITY_CLOSE:
    case UTILITY_LISTEN:
    case UTILITY_UNLISTEN:
    case UTILITY_NOTIFY:
    case UTILITY_CHECKPOINT:
        return false;
    default:
        return true;
    }
}

static bool cursors_open(const struct pg_session *s)
{
    for (const struct portal *c = s->portals; c; c = c->next)
        if (is_open_cursor(c))
            return true;
    return false;
}

static bool cursors_to_keep(const struct pg_session *s, const struct portal *p)
{
    return s->txn.state == TXN_BLOCK && p->state == PORTAL_READY && p->plan && !p->cursor && !p->utility_done &&
           may_change(p->plan) && cursors_open(s);
}

static bool keep_cursors(struct pg_session *s)
{
    for (struct portal *c = s->portals; c; c = c->next)
        if (is_open_cursor(c) && !session_keep_cursor(s, c))
            return false;
    return true;
}

/* ON COMMIT DELETE ROWS: a partitioned table has none of its own. */
static bool delete_on_commit(struct pg_session *s, struct connection *c, const struct relation *r)
{
    for (int i = 0; i < r->nreferenced; i++) {
        const struct relation *from = r->referenced[i]->table;
        if (from == r || from->on_commit == 'd')
            continue;
        error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "unsupported ON COMMIT and foreign key combination");
        error_detail(&s->err, "Table \"%s\" references \"%s\", but they do not have the same ON COMMIT setting.", from->name, r->name);
        return false;
    }
    if (!r->sqlite_name || r->kind == RELKIND_PARTITIONED)
        return true;
    struct strbuf sql = {0};
    strbuf_addz(&sql, "DELETE FROM temp.");
    emit_identifier(&sql, r->sqlite_name);
    bool ok = connection_exec(c, sql.data, &s->err);
    strbuf_free(&sql);
    return ok;
}

/* ON COMMIT DROP; the table may have gone with another. */
static bool drop_on_commit(struct pg_session *s, struct connection *c, uint32_t oid)
{
    const struct snapshot *now = txn_snapshot(&s->txn);
    const struct relation *r = snapshot_relation(now, oid);
    struct command drop;
    session_command_on(s, c, &drop);
    bool ok = !r || command_drop_temporary(&drop, CLASS_PG_CLASS, oid);
    snapshot_unref(now);
    return ok;
}

/* What the session's temporary tables do at the end: first all rows go, then the tables. */
static bool session_on_commit(struct pg_session *s)
{
    struct connection *c = s->txn.writer;
    if (!c || c != s->txn.home)
        return true;
    const struct snapshot *now = txn_snapshot(&s->txn);
    bool ok = true;
    int n;
    const struct relation *const *all = snapshot_on_commit(now, &n);
    for (int i = n - 1; ok && i >= 0; i--) /* what refers to others was made after them */
        ok = all[i]->on_commit != 'd' || delete_on_commit(s, c, all[i]);
    for (int i = 0; ok && i < n; i++)
        ok = all[i]->on_commit == 'd' || drop_on_commit(s, c, all[i]->oid);
    snapshot_unref(now);
    return ok;
}

/* What is the session's own and ends with a transaction. */
static void transaction_over(struct pg_session *s, bool committed)
{
    xact_end(s, committed);
    enum_added_forget_all(&s->eval);
}

bool session_commit(struct pg_session *s)
{
    if (!deferred_fire_all(&s->txn, &s->control, &s->err)) {
        session_rollback(s);
        return false;
    }
    large_objects_close(s, 0);
    if (!session_keep_held(s)) {
        session_rollback(s);
        return false;
    }
    session_close_portals(s, false);
    if (!session_on_commit(s)) {
        session_rollback(s);
        return false;
    }
    if (!txn_commit(&s->txn, &s->err)) {
        transaction_over(s, false);
        guc_undo(&s->gucs, 0, session_setting_changed, s);
        notify_rollback(s);
        return false;
    }
    transaction_over(s, true);
    guc_commit(&s->gucs, session_setting_changed, s);
    if (s->advisory_used)
        advisory_release_all(s, true);
    notify_commit(s);
    return true;
}

void session_rollback(struct pg_session *s)
{
    large_objects_close(s, 0);
    session_close_portals(s, false);
    txn_rollback(&s->txn);
    transaction_over(s, false);
    if (s->advisory_used)
        advisory_release_all(s, true);
    guc_undo(&s->gucs, 0, session_setting_changed, s);
    notify_rollback(s);
}

bool session_finish_implicit(struct pg_session *s)
{
    return s->txn.state != TXN_IMPLICIT || session_commit(s);
}

/* --- running ---------------------------------------------------------------------------------- */

/* While parked: cancel, statement_timeout and lock_timeout still count. */
static bool session_may_wait(struct pg_session *s)
{
    if (run_control_stopped(&s->control, &s->err))
        return false;
    int64_t now = run_control_now();
    long ms = guc_get_int(&s->gucs, guc_find("lock_timeout"));
    if (!s->lock_deadline && ms > 0)
        s->lock_deadline = now + ms * 1000000;
    if (s->lock_deadline && now >= s->lock_deadline)
        return error_set(&s->err, ERRCODE_LOCK_NOT_AVAILABLE,
                         "canceling statement due to lock timeout");
    return true;
}

/* Parking is not for ever. */
static enum portal_result session_check_wait(struct pg_session *s, enum portal_result r)
{
    if (r == PORTAL_WAIT_LOCK && s->control.parked)
        advisory_rewind(s);
    if (r == PORTAL_WAIT_LOCK && !session_may_wait(s)) {
        advisory_stop_waiting(s);
        r = PORTAL_FAILED;
    }
    if (r != PORTAL_WAIT_LOCK)
        s->lock_deadline = 0;
    return r;
}

enum portal_result session_run_utility(struct pg_session *s, struct portal *p)
{
    if (cursors_to_keep(s, p)) {
        if (!s->on_worker)
            return PORTAL_WAIT_WORKER;
        if (!keep_cursors(s))
            return PORTAL_FAILED;
    }
    p->running = true; /* COMMIT, ROLLBACK and DISCARD ALL close portals, not the one they run in */
    enum portal_result r = p->utility_done ? PORTAL_FINISHED : utility_run(s, p);
    p->running = false;
    if (error_is_set(&s->err)) /* COPY FROM STDIN ends by coming back here */
        r = PORTAL_FAILED;
    p->utility_done |= r == PORTAL_FINISHED;
    return session_check_wait(s, r);
}

/* UPDATE of a catalog that is a table of the file. */
static bool changes_catalog(const struct portal *p)
{
    const struct program *g = p->plan ? p->plan->program : NULL;
    for (int i = 0; g && g->writes && i < g->nsteps; i++)
        if (g->steps[i].target && g->steps[i].target->system)
            return true;
    return false;
}

static bool session_catalog_changed(struct pg_session *s)
{
    struct command c;
    session_command_on(s, s->txn.writer, &c);
    return command_catalog_changed(&c);
}

enum portal_result session_run(struct pg_session *s, struct portal *p, struct row_sink *sink,
                               int64_t max_rows)
{
    struct portal_run run = {.txn = &s->txn,
                             .control = &s->control,
                             .out = s->reply.out,
                             .sink = sink,
                             .max_rows = max_rows,
                             .on_worker = s->on_worker,
                             .results = s->task == TASK_QUERY && p == s->query.portal && !p->returns_rows ? &s->query.rule_results : NULL};
    enum portal_result r;
    if (p->state == PORTAL_BROKEN) {
        error_set(&s->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"%s\" cannot be run",
                  p->name);
        return PORTAL_FAILED;
    }
    if (p->plan && p->plan->program->utility) {
        r = session_run_utility(s, p);
        struct portal *source = p->inner ? p->inner : p;
        if (r == PORTAL_FINISHED && (p->inner || p->result))
            r = portal_run(source, &run, &s->err);
    } else if (cursors_to_keep(s, p) && !s->on_worker) {
        r = PORTAL_WAIT_WORKER;
    } else if (cursors_to_keep(s, p) && !keep_cursors(s)) {
        r = PORTAL_FAILED;
    } else {
        r = portal_run(p, &run, &s->err);
    }
    if (r == PORTAL_FINISHED && changes_catalog(p) && !session_catalog_changed(s))
        r = PORTAL_FAILED;
    return session_check_wait(s, r);
}

/* Runs the rest of a portal into rows kept in memory. */
struct keep_sink {
    struct row_sink sink;
    struct rowset *rows;
    int n;
};

static bool keep_row(void *arg, const struct value *cells, struct error *err)
{
    (void)err;
    struct keep_sink *k = arg;
    struct value *row = rowset_append(k->rows);
    for (int i = 0; i < k->n; i++)
        row[i] = rowset_copy(k->rows, &cells[i]);
    return true;
}

bool session_materialize(struct pg_session *s, struct portal *p)
{
    struct keep_sink keep = {.rows = rowset_create(portal_width(p)), .n = portal_width(p)};
    keep.sink = (struct row_sink){.row = keep_row, .arg = &keep};
    struct portal_run run = {
        .txn = &s->txn, .control = &s->control, .sink = &keep.sink, .on_worker = true};
    enum portal_result r = portal_run(p, &run, &s->err);
    if (r != PORTAL_FINISHED) {
        if (r == PORTAL_WAIT_LOCK)
            error_set(&s->err, ERRCODE_LOCK_NOT_AVAILABLE, "no connection is free for the cursor");
        rowset_destroy(keep.rows);
        return false;
    }
    p->result = keep.rows;
    p->position = 0;
    p->state = PORTAL_READY;
    return true;
}

const char *session_tag(struct pg_session *s, const struct portal *p)
{
    if (p->tag) { /* copied: the portal may be gone before the tag is sent */
        snprintf(s->tag, sizeof(s->tag), "%s", p->tag);
        return s->tag;
    }
    const struct portal *counted = p->inner ? p->inner : p;
    const struct program *g = counted->plan->program;
    switch (g->command) {
    case QUERY_INSERT:
        snprintf(s->tag, sizeof(s->tag), "INSERT 0 %llu", (unsigned long long)counted->count);
        break;
    case QUERY_UTILITY:
        snprintf(s->tag, sizeof(s->tag), "%s", counted->plan->tag);
        break;
    default:
        snprintf(s->tag, sizeof(s->tag), "%s %llu", plan_command_name(g->command),
                 (unsigned long long)counted->count);
    }
    return s->tag;
}
