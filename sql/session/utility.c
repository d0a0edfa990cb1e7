/*
 * utility.c: utility statements that the session itself carries out, and the way to the others: a
 * table row per kind.
 *
 * To add one: 1. its kind in analyze/utility.h, 2. a function here or in a file of its own, 3. a
 * row in utilities[].
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/acl.h"
#include "sql/command/command.h"
#include "sql/command/event_collect.h"
#include "sql/exec/statement_trigger.h"
#include "sql/session/advisory.h"
#include "sql/session/call.h"
#include "sql/session/config_command.h"
#include "sql/session/cursor.h"
#include "sql/session/engine.h"
#include "sql/session/live.h"
#include "sql/session/role.h"
#include "sql/session/session.h"
#include "sql/session/transaction_command.h"

void utility_fields(struct portal *p, int n, const char *const *names, const uint32_t *types)
{
    p->nfields = n;
    p->returns_rows = true;
    p->fields = ARENA_ARRAY(p->arena, struct pg_field, n);
    p->types = ARENA_ARRAY(p->arena, const struct type_def *, n);
    for (int i = 0; i < n; i++) {
        p->types[i] = type_builtin(types[i]);
        p->fields[i] = (struct pg_field){
            .name = names[i], .type = types[i], .typlen = p->types[i]->len, .typmod = -1};
    }
}

/* --- SET, SHOW -------------------------------------------------------------------------------- */

static enum portal_result set_value(struct pg_session *s, const char *name, const char *value,
                                    bool local)
{
    if (local && session_outside_block(s))
        session_notice(s, ERROR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                       "SET LOCAL can only be used in transaction blocks");
    if (!role_check_setting(s, name, value))
        return PORTAL_FAILED;
    if (!guc_set(&s->gucs, name, value, local ? GUC_LOCAL : GUC_SESSION, true, &s->err))
        return PORTAL_FAILED;
    int i = guc_find(name);
    if (i >= 0)
        session_setting_changed(s, i);
    return PORTAL_FINISHED;
}

/* Left alone by RESET ALL: who the session is, and what belongs to the transaction. */
static bool outlives_reset(const char *name)
{
    static const char *const names[] = {"role", "session_authorization", "seed"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(name, names[i]))
            return true;
    return !strncmp(name, "transaction_", strlen("transaction_"));
}

static enum portal_result reset_all(struct pg_session *s)
{
    int n;
    const struct guc_def *all = guc_all(&n);
    struct error ignored;
    error_init(&ignored, s->arena);
    for (int i = 0; i < n; i++)
        if (s->gucs.values[i] && strcmp(all[i].context, "internal") != 0 && !outlives_reset(all[i].name) &&
            guc_set(&s->gucs, all[i].name, NULL, GUC_RESET_ALL, true, &ignored))
            session_setting_changed(s, i);
    for (const struct guc_custom *c = s->gucs.custom; c; c = c->next)
        guc_set(&s->gucs, c->name, NULL, GUC_RESET_ALL, true, &ignored);
    return PORTAL_FINISHED;
}

static enum portal_result run_set(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    switch (u->set.kind) {
    case SET_VALUE:
        return set_value(s, u->set.name, u->set.value, u->set.local);
    case SET_CURRENT:
        return set_value(s, u->set.name, session_show(s, u->set.name), u->set.local);
    case SET_DEFAULT:
    case SET_RESET:
        return set_value(s, u->set.name, NULL, u->set.local);
    case SET_RESET_ALL:
        return reset_all(s);
    default:
        return transaction_set_modes(s, u);
    }
}

const char *session_show(struct pg_session *s, const char *name)
{
    const char *dynamic = transaction_show(s, name);
    if (dynamic)
        return dynamic;
    int i = guc_find(name), n;
    if (i < 0) {
        const char *v = guc_get_custom(&s->gucs, name);
        if (!v)
            error_set(&s->err, ERRCODE_UNDEFINED_OBJECT,
                      "unrecognized configuration parameter \"%s\"", name);
        return v;
    }
    char buf[64];
    return arena_strdup(s->arena,
                        guc_show(&guc_all(&n)[i], guc_get(&s->gucs, i), buf, sizeof(buf)));
}

static struct value result_text(struct rowset *r, const char *text)
{
    struct value v = value_textz(text);
    return rowset_copy(r, &v);
}

static enum portal_result run_show(struct pg_session *s, struct portal *p)
{
    const char *name = p->plan->program->utility->show.name;
    struct rowset *rows = rowset_create(p->nfields);
    p->result = rows;
    if (strcmp(name, "all") != 0) {
        const char *v = session_show(s, name);
        if (!v)
            return PORTAL_FAILED;
        rowset_append(rows)[0] = result_text(rows, v);
        return PORTAL_FINISHED;
    }
    int n;
    const struct guc_def *all = guc_all(&n);
    for (int i = 0; i < n; i++) {
        if (!all[i].category)
            continue;
        struct value *row = rowset_append(rows);
        row[0] = result_text(rows, all[i].name);
        row[1] = result_text(rows, session_show(s, all[i].name));
        row[2] = result_text(rows, "");
    }
    return PORTAL_FINISHED;
}

/* SHOW names its column as the setting is spelled in the table. */
static bool describe_show(struct pg_session *s, struct portal *p)
{
    const char *name = p->plan->program->utility->show.name;
    if (!strcmp(name, "all")) {
        utility_fields(p, 3, (const char *const[]){"name", "setting", "description"},
                       (uint32_t[]){TEXTOID, TEXTOID, TEXTOID});
        return true;
    }
    int i = guc_find(name), n;
    if (i < 0 && !guc_get_custom(&s->gucs, name))
        return error_set(&s->err, ERRCODE_UNDEFINED_OBJECT,
                         "unrecognized configuration parameter \"%s\"", name);
    const char *column = i < 0 ? name : guc_all(&n)[i].name;
    utility_fields(p, 1, &column, (uint32_t[]){TEXTOID});
    return true;
}

/* --- PREPARE, EXECUTE, DEALLOCATE ------------------------------------------------------------- */

static enum portal_result run_prepare(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    struct prepared *made = prepared_create(s, u->prepare.name, p->plan->text, NULL, 0, true);
    if (made && s->task == TASK_QUERY && s->query.text && strstr(s->query.text, made->text))
        made->shown = strdup(s->query.text);
    return made ? PORTAL_FINISHED : PORTAL_FAILED;
}

static enum portal_result run_deallocate(struct pg_session *s, struct portal *p)
{
    const char *name = p->plan->program->utility->deallocate.name;
    if (!name) {
        prepared_drop_all(s);
        p->tag = "DEALLOCATE ALL";
        return PORTAL_FINISHED;
    }
    struct prepared *st = prepared_find(s, name);
    if (!st) {
        error_set(&s->err, ERRCODE_INVALID_SQL_STATEMENT_NAME,
                  "prepared statement \"%s\" does not exist", name);
        return PORTAL_FAILED;
    }
    prepared_drop(s, st);
    return PORTAL_FINISHED;
}

/* --- DISCARD, LISTEN, LOCK, CHECKPOINT -------------------------------------------------------- */

static bool drop_temporary(struct pg_session *s, struct portal *p, uint32_t classid, uint32_t oid)
{
    struct command drop;
    session_command(s, p, &drop);
    return command_drop_temporary(&drop, classid, oid);
}

/* The session's temporary relations and functions go. */
static bool discard_temporary(struct pg_session *s, struct portal *p)
{
    int n;
    const struct snapshot *held = snapshot_ref(s->snapshot);
    const struct relation *const *all = snapshot_relations(held, &n);
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        const struct relation *r = snapshot_relation(s->snapshot, all[i]->oid);
        if (r && r->persistence == 't' && !r->index && r->kind != RELKIND_COMPOSITE && !(r->sequence && r->sequence->owned_table))
            ok = drop_temporary(s, p, CLASS_PG_CLASS, r->oid);
    }
    for (int i = 0; ok && i < held->procs.n; i++) {
        const struct proc *f = held->procs.items[i];
        if (f->namespace_oid == PG_TEMP_NAMESPACE && snapshot_proc(s->snapshot, f->oid))
            ok = drop_temporary(s, p, CLASS_PG_PROC, f->oid);
    }
    snapshot_unref(held);
    return ok;
}

static bool has_temporary(const struct snapshot *s)
{
    for (int i = 0; i < s->relations.n; i++)
        if (((const struct relation *)s->relations.items[i])->persistence == 't')
            return true;
    for (int i = 0; i < s->procs.n; i++)
        if (((const struct proc *)s->procs.items[i])->namespace_oid == PG_TEMP_NAMESPACE)
            return true;
    return false;
}

static enum portal_result run_discard(struct pg_session *s, struct portal *p)
{
    char what = p->plan->program->utility->discard.what;
    if ((what == 'a' || what == 't') && has_temporary(s->snapshot)) {
        enum portal_result r = session_acquire_write(s, p);
        if (r != PORTAL_FINISHED)
            return r;
        bool ok = discard_temporary(s, p);
        p->connection = NULL;
        if (!ok)
            return PORTAL_FAILED;
    }
    if (what == 'a') {
        session_close_portals(s, true);
        set_value(s, "session_authorization", NULL, false);
        reset_all(s);
        prepared_drop_all(s);
        notify_unlisten(s, NULL);
        if (s->advisory_used)
            advisory_release_all(s, false);
    }
    if (what == 'a' || what == 's')
        sequence_session_discard(s->eval.sequence_session);
    return PORTAL_FINISHED;
}

static enum portal_result run_listen(struct pg_session *s, struct portal *p)
{
    return notify_listen(s, p->plan->program->utility->notify.channel) ? PORTAL_FINISHED
                                                                       : PORTAL_FAILED;
}

static enum portal_result run_unlisten(struct pg_session *s, struct portal *p)
{
    notify_unlisten(s, p->plan->program->utility->notify.channel);
    return PORTAL_FINISHED;
}

static enum portal_result run_notify(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    return notify_queue(s, u->notify.channel, u->notify.payload ? u->notify.payload : "")
               ? PORTAL_FINISHED
               : PORTAL_FAILED;
}

static enum portal_result writer_result(enum txn_wait w)
{
    return w == TXN_READY ? PORTAL_FINISHED : w == TXN_WAIT ? PORTAL_WAIT_LOCK : PORTAL_FAILED;
}

static bool lock_table_exists(struct pg_session *s, const struct qualified_name *name)
{
    const struct relation *r = session_relation(s, name);
    if (!r)
        return false;
    if (r->kind == RELKIND_TABLE || r->kind == RELKIND_PARTITIONED || r->kind == RELKIND_VIEW)
        return true;
    error_set(&s->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot lock relation \"%s\"", r->name);
    error_detail(&s->err, "This operation is not supported for %s.",
                 r->kind == RELKIND_SEQUENCE  ? "sequences"
                 : r->kind == RELKIND_MATVIEW ? "materialized views"
                 : r->kind == RELKIND_INDEX   ? "indexes"
                                              : "composite types");
    return false;
}

/* LOCK TABLE: any mode that keeps writers out is the write slot. */
/* What a lock mode (from 1) asks for: one of these. */
static bool lock_permitted(struct pg_session *s, const struct qualified_name *name, int mode)
{
    enum { ACCESS_SHARE = 1, ROW_EXCLUSIVE = 3 };
    const struct relation *r = session_relation(s, name);
    struct acl_object o = acl_relation(r);
    uint32_t mask = ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE;
    mask = mode == ACCESS_SHARE ? ACL_SELECT : mode == ROW_EXCLUSIVE ? mask | ACL_INSERT : mask;
    return acl_check(s->snapshot, &o, s->role, mask, ACL_ANY_OF) || acl_denied(&s->err, &o, r);
}

static enum portal_result run_lock(struct pg_session *s, struct portal *p)
{
    struct connection *c;
    const struct utility *u = p->plan->program->utility;
    if (session_outside_block(s)) {
        error_set(&s->err, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                  "LOCK TABLE can only be used in transaction blocks");
        return PORTAL_FAILED;
    }
    for (int i = 0; i < u->lock.ntables; i++)
        if (!lock_table_exists(s, &u->lock.tables[i]) || !lock_permitted(s, &u->lock.tables[i], u->lock.mode))
            return PORTAL_FAILED;
    if (u->lock.mode < 3) /* ACCESS SHARE, ROW SHARE: readers never wait here */
        return PORTAL_FINISHED;
    enum portal_result r = writer_result(txn_acquire_write(&s->txn, p->arena, &c, &s->err));
    if (r == PORTAL_WAIT_LOCK && u->lock.nowait) {
        error_set(&s->err, ERRCODE_LOCK_NOT_AVAILABLE, "could not obtain lock on relation \"%s\"",
                  u->lock.ntables ? u->lock.tables[0].name : "");
        return PORTAL_FAILED;
    }
    return r;
}

static enum portal_result run_checkpoint(struct pg_session *s, struct portal *p)
{
    (void)p;
    struct connection *c = database_take_reader(s->database, &s->err);
    if (!c)
        return PORTAL_FAILED;
    int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    bool ok = rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED; /* another one is at it */
    if (!ok)
        connection_error(c, rc, &s->err);
    database_give_reader(s->database, c);
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}

/* --- databases -------------------------------------------------------------------------------- */

static enum portal_result run_create_database(struct pg_session *s, struct portal *p)
{
    const struct role_def *r = snapshot_role(s->snapshot, s->eval.role);
    if (r && !r->super && !r->createdb) {
        error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to create database");
        return PORTAL_FAILED;
    }
    return engine_create_database(s->engine, p->plan->program->utility->database.name, &s->err)
               ? PORTAL_FINISHED
               : PORTAL_FAILED;
}

/* Databases are files with roles of their own: only superusers are known to own another one. */
static bool owns_other_database(struct pg_session *s, const char *name)
{
    struct value v[2] = {{0}};
    if (role_is_super(s->snapshot, s->eval.role))
        return true;
    for (int i = 0; live_row(&s->eval, "pg_database", i, s->arena, v, 2); i++)
        if (v[0].n == strlen(name) && memcmp(v[0].p, name, v[0].n) == 0)
            return acl_not_owner(&s->err, "database", name);
    return true;
}

static enum portal_result run_drop_database(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    bool existed;
    if (!strcmp(u->database.name, s->database->name)) {
        error_set(&s->err, ERRCODE_OBJECT_IN_USE, "cannot drop the currently open database");
        return PORTAL_FAILED;
    }
    if (!owns_other_database(s, u->database.name))
        return PORTAL_FAILED;
    if (!engine_drop_database(s->engine, u->database.name, u->database.missing_ok, &existed,
                              &s->err))
        return PORTAL_FAILED;
    if (!existed)
        session_notice(s, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                       "database \"%s\" does not exist, skipping", u->database.name);
    return PORTAL_FINISHED;
}

/* --- DDL: command/ ---------------------------------------------------------------------------- */

static void command_notice(void *host, const struct error *notice)
{
    struct pg_session *s = host;
    s->eval.notice(&s->eval, notice);
}

static void command_set_snapshot(void *host, struct snapshot *snapshot)
{
    struct pg_session *s = host;
    txn_set_snapshot(&s->txn, snapshot);
    snapshot_unref(s->snapshot);
    s->snapshot = snapshot_ref(snapshot);
    s->eval.snapshot = s->snapshot;
    session_search_path(s);
}

void session_command(struct pg_session *s, struct portal *p, struct command *c)
{
    session_command_on(s, p->connection, c);
    c->utility = p->plan->program->utility;
    c->text = p->plan->text;
}

void session_command_on(struct pg_session *s, struct connection *connection, struct command *c)
{
    *c = (struct command){
        .db = connection->db,
        .snapshot = s->snapshot,
        .arena = s->arena,
        .err = &s->err,
        .ctx = &s->eval,
        .func_host = &connection->host,
        .role = s->role,
        .role_name = s->role_name,
        .search_path = s->search_path,
        .nsearch_path = s->nsearch_path,
        .database = s->database->name,
        .pid = s->pid,
        .sequences = s->database->sequences,
        .log = txn_change_log(&s->txn, connection),
        .notice = command_notice,
        .set_snapshot = command_set_snapshot,
        .host = s,
    };
}

/*
 * Whether the statement makes a temporary relation or function, which needs a connection of the session's own.
 */
static bool makes_temporary(const struct utility *u)
{
    const struct qualified_name *name = NULL;
    char persistence = 0;
    switch (u->kind) {
    case UTILITY_CREATE_TABLE:
        persistence = u->create_table.persistence;
        name = &u->create_table.name;
        break;
    case UTILITY_CREATE_TABLE_AS:
        persistence = u->create_table_as.persistence;
        name = &u->create_table_as.name;
        break;
    case UTILITY_CREATE_VIEW:
        persistence = u->create_view.persistence;
        name = &u->create_view.name;
        break;
    case UTILITY_CREATE_SEQUENCE:
        persistence = u->sequence.persistence;
        name = &u->sequence.name;
        break;
    case UTILITY_CREATE_FUNCTION:
        name = &u->create_function.name;
        break;
    default:
        return false;
    }
    return persistence == 't' || (name->schema && !strcmp(name->schema, "pg_temp"));
}

enum portal_result session_acquire_write(struct pg_session *s, struct portal *p)
{
    if (!s->on_worker)
        return PORTAL_WAIT_WORKER;
    if (s->txn.read_only) {
        error_set(&s->err, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                  "cannot execute %s in a read-only transaction", p->plan->tag);
        return PORTAL_FAILED;
    }
    enum portal_result r =
        writer_result(txn_acquire_write(&s->txn, s->arena, &p->connection, &s->err));
    if (r == PORTAL_FINISHED && makes_temporary(p->plan->program->utility) &&
        !txn_settle(&s->txn, &s->err))
        return PORTAL_FAILED;
    return r;
}

bool session_renew_plan(struct pg_session *s, struct portal *p)
{
    const struct snapshot *newest = txn_snapshot(&s->txn);
    bool stale = snapshot_version(newest) != snapshot_version(p->plan->snapshot);
    if (snapshot_version(newest) != snapshot_version(s->snapshot)) {
        snapshot_unref(s->snapshot);
        s->snapshot = newest;
        s->eval.snapshot = newest;
        session_search_path(s);
    } else {
        snapshot_unref(newest);
    }
    if (!stale)
        return true;
    const struct program *g = p->plan->program;
    struct plan *fresh = session_plan_text(s, p->plan->text, g->params, g->nparams);
    if (!fresh)
        return false;
    plan_unref(p->plan);
    p->plan = fresh;
    return true;
}

static enum portal_result run_command(struct pg_session *s, struct portal *p)
{
    enum portal_result r = session_acquire_write(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    if (!session_renew_plan(s, p)) {
        p->connection = NULL;
        return PORTAL_FAILED;
    }
    struct command c;
    session_command(s, p, &c);
    bool ok = command_run(&c);
    p->connection = NULL;
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}

/* --- the table -------------------------------------------------------------------------------- */

#define UTILITY_NO_BLOCK 1 /* may not run inside a transaction block */
#define UTILITY_OPEN     2 /* not with an owner's rights (exec/owner_rights.h): it changes the session */

static const struct utility_row {
    enum portal_result (*run)(struct pg_session *s, struct portal *p);
    bool (*describe)(struct pg_session *s, struct portal *p);
    unsigned flags;
} utilities[] = {
    [UTILITY_TRANSACTION] = {transaction_run},
    [UTILITY_SET] = {run_set},
    [UTILITY_SHOW] = {run_show, describe_show},
    [UTILITY_SET_CONSTRAINTS] = {transaction_set_constraints},
    [UTILITY_PREPARE] = {run_prepare, NULL, UTILITY_OPEN},
    [UTILITY_EXECUTE] = {execute_run, execute_describe},
    [UTILITY_DEALLOCATE] = {run_deallocate, NULL, UTILITY_OPEN},
    [UTILITY_DECLARE] = {cursor_declare},
    [UTILITY_FETCH] = {cursor_fetch, cursor_describe},
    [UTILITY_CLOSE] = {cursor_close, NULL, UTILITY_OPEN},
    [UTILITY_EXPLAIN] = {explain_run, explain_describe},
    [UTILITY_COPY] = {copy_run},
    [UTILITY_CREATE_TABLE_AS] = {create_table_as_run},
    [UTILITY_REFRESH] = {refresh_run},
    [UTILITY_VACUUM] = {vacuum_run},
    [UTILITY_DISCARD] = {run_discard, NULL, UTILITY_OPEN},
    [UTILITY_LISTEN] = {run_listen, NULL, UTILITY_OPEN},
    [UTILITY_UNLISTEN] = {run_unlisten, NULL, UTILITY_OPEN},
    [UTILITY_NOTIFY] = {run_notify},
    [UTILITY_LOCK] = {run_lock},
    [UTILITY_CHECKPOINT] = {run_checkpoint},
    [UTILITY_ALTER_SYSTEM] = {alter_system_run, NULL, UTILITY_NO_BLOCK},
    [UTILITY_CREATE_DATABASE] = {run_create_database, NULL, UTILITY_NO_BLOCK},
    [UTILITY_DROP_DATABASE] = {run_drop_database, NULL, UTILITY_NO_BLOCK},
    [UTILITY_CALL] = {call_run, call_describe},
    [UTILITY_DO] = {do_run},
    [UTILITY_SECURITY_LABEL] = {NULL},
};

static const struct utility_row *utility_row(const struct utility *u)
{
    size_t n = sizeof(utilities) / sizeof(utilities[0]);
    return (size_t)u->kind < n && utilities[u->kind].run ? &utilities[u->kind] : NULL;
}

bool utility_forbidden_in_block(const struct utility *u)
{
    const struct utility_row *r = utility_row(u);
    return (r && (r->flags & UTILITY_NO_BLOCK)) ||
           (u->kind == UTILITY_VACUUM && u->vacuum.vacuum) ||
           (u->kind == UTILITY_CREATE_INDEX && u->create_index.concurrently) ||
           (u->kind == UTILITY_REINDEX && (u->reindex.concurrently || strchr("syd", u->reindex.kind))) ||
           (u->kind == UTILITY_DISCARD && u->discard.what == 'a');
}

/* CREATE TABLE AS and REFRESH are no commands of command/: their event triggers fire here. */
static enum portal_result run_with_events(struct pg_session *s, struct portal *p, const struct utility_row *row)
{
    enum portal_result r = session_acquire_write(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    if (!session_renew_plan(s, p)) {
        p->connection = NULL;
        return PORTAL_FAILED;
    }
    struct event_state events;
    struct command c;
    session_command(s, p, &c);
    p->connection = NULL;
    const struct snapshot *before = snapshot_ref(s->snapshot);
    if (event_begin(&c, &events))
        r = row->run(s, p);
    else
        r = PORTAL_FAILED;
    c.snapshot = s->snapshot;
    if (!event_end(&c, &events, before, r == PORTAL_FINISHED))
        r = PORTAL_FAILED;
    snapshot_unref(before);
    return r;
}

static bool has_event_triggers(struct pg_session *s, const struct utility *u)
{
    int n;
    snapshot_event_triggers(s->snapshot, &n);
    return n && (u->kind == UTILITY_CREATE_TABLE_AS || u->kind == UTILITY_REFRESH);
}

enum portal_result utility_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    const struct utility_row *r = utility_row(u);
    if (r && (r->flags & UTILITY_OPEN) && s->restricted) {
        error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "cannot execute %.*s within security-restricted operation",
                  (int)strcspn(u->tag, " "), u->tag);
        return PORTAL_FAILED;
    }
    if (r)
        return has_event_triggers(s, u) ? run_with_events(s, p, r) : r->run(s, p);
    if (u->kind == UTILITY_ROLE_SETTING && !role_check_kept_setting(s, u))
        return PORTAL_FAILED;
    if (command_handles(u))
        return run_command(s, p);
    error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s is not supported", u->tag);
    return PORTAL_FAILED;
}

bool utility_describe(struct pg_session *s, struct portal *p)
{
    const struct utility_row *r = utility_row(p->plan->program->utility);
    return !r || !r->describe || r->describe(s, p);
}
