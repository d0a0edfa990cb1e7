/* transaction_command.c: see transaction_command.h. */
#include "sql/session/transaction_command.h"

#include <string.h>
#include <strings.h>

#include "sql/base/arena.h"

static const char *const isolation_names[] = {"read uncommitted", "read committed",
                                              "repeatable read", "serializable"};

const char *transaction_show(struct pg_session *s, const char *name)
{
    bool open = s->txn.state != TXN_IDLE;
    if (!strcasecmp(name, "transaction_isolation"))
        return open ? isolation_names[s->txn.isolation]
                    : guc_get(&s->gucs, guc_find("default_transaction_isolation"));
    if (!strcasecmp(name, "transaction_read_only"))
        return open ? (s->txn.read_only ? "on" : "off")
                    : guc_get(&s->gucs, guc_find("default_transaction_read_only"));
    if (!strcasecmp(name, "transaction_deferrable"))
        return open ? (s->txn.deferrable ? "on" : "off")
                    : guc_get(&s->gucs, guc_find("default_transaction_deferrable"));
    return NULL;
}

static bool apply_modes(struct pg_session *s, const struct transaction_modes *m)
{
    if (m->isolation && session_isolation(m->isolation) != s->txn.isolation) {
        if (s->txn.ran)
            return error_set(&s->err, ERRCODE_ACTIVE_SQL_TRANSACTION,
                             "SET TRANSACTION ISOLATION LEVEL must be called before any query");
        s->txn.isolation = session_isolation(m->isolation);
    }
    if (m->read_only == 0 && s->txn.read_only && s->txn.nsavepoints)
        return error_set(&s->err, ERRCODE_ACTIVE_SQL_TRANSACTION,
                         "cannot set transaction read-write mode inside a read-only transaction");
    if (m->read_only == 0 && s->txn.read_only && s->txn.ran)
        return error_set(&s->err, ERRCODE_ACTIVE_SQL_TRANSACTION,
                         "transaction read-write mode must be set before any query");
    if (m->read_only >= 0)
        s->txn.read_only = m->read_only;
    if (m->deferrable >= 0)
        s->txn.deferrable = m->deferrable;
    return true;
}

/* SET SESSION CHARACTERISTICS: the defaults of later transactions. */
static bool set_defaults(struct pg_session *s, const struct transaction_modes *m)
{
    bool ok = true;
    if (m->isolation)
        ok = guc_set(&s->gucs, "default_transaction_isolation", m->isolation, GUC_SESSION, true,
                     &s->err);
    if (ok && m->read_only >= 0) {
        ok = guc_set(&s->gucs, "default_transaction_read_only", m->read_only ? "on" : "off",
                     GUC_SESSION, true, &s->err);
        session_setting_changed(s, guc_find("default_transaction_read_only"));
    }
    if (ok && m->deferrable >= 0)
        ok = guc_set(&s->gucs, "default_transaction_deferrable", m->deferrable ? "on" : "off",
                     GUC_SESSION, true, &s->err);
    return ok;
}

/* SET TRANSACTION SNAPSHOT: the transaction sees what the exporting one does, if nothing was committed since. */
static enum portal_result import_snapshot(struct pg_session *s, const char *id)
{
    if (s->txn.ran || s->txn.state == TXN_IMPLICIT)
        error_set(&s->err, ERRCODE_ACTIVE_SQL_TRANSACTION, "SET TRANSACTION SNAPSHOT must be called before any query");
    else if (s->txn.isolation < ISOLATION_REPEATABLE_READ)
        error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ");
    else if (!id || !snapshot_id_valid(id))
        error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid snapshot identifier: \"%s\"", id ? id : "");
    if (error_is_set(&s->err))
        return PORTAL_FAILED;
    enum txn_wait w = txn_pin(&s->txn, &s->err);
    if (w != TXN_READY)
        return w == TXN_WAIT ? PORTAL_WAIT_LOCK : PORTAL_FAILED;
    s->txn.ran = true;
    if (strcmp(s->txn.pinned_id, id) == 0)
        return PORTAL_FINISHED;
    error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid snapshot identifier: \"%s\"", id);
    error_detail(&s->err, "The database has changed since the snapshot was exported.");
    return PORTAL_FAILED;
}

enum portal_result transaction_set_modes(struct pg_session *s, const struct utility *u)
{
    if (u->set.kind == SET_MULTI_SESSION_CHARACTERISTICS)
        return set_defaults(s, &u->set.modes) ? PORTAL_FINISHED : PORTAL_FAILED;
    if (u->set.kind == SET_SNAPSHOT)
        return import_snapshot(s, u->set.value);
    if (session_outside_block(s))
        session_notice(s, ERROR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                       "SET TRANSACTION can only be used in transaction blocks");
    return apply_modes(s, &u->set.modes) ? PORTAL_FINISHED : PORTAL_FAILED;
}

/* The constraints that a name in SET CONSTRAINTS means: all of that name in the first schema that has one. */
static bool named_constraints(struct pg_session *s, const struct qualified_name *n, uint32_t *out, int max, int *count)
{
    int all, before = *count;
    const struct constraint_def *const *c = snapshot_constraints(s->snapshot, &all);
    const struct namespace_def *ns = n->schema ? snapshot_namespace_named(s->snapshot, n->schema) : NULL;
    if (n->schema && !ns)
        return error_set(&s->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", n->schema);
    for (int k = 0; k < (ns ? 1 : s->nsearch_path) && *count == before; k++)
        for (int i = 0; i < all; i++) {
            if (strcmp(c[i]->name, n->name) != 0 || c[i]->namespace_oid != (ns ? ns->oid : s->search_path[k]) ||
                !c[i]->table)
                continue;
            if (!c[i]->deferrable)
                return error_set(&s->err, ERRCODE_WRONG_OBJECT_TYPE, "constraint \"%s\" is not deferrable", n->name);
            if (*count < max)
                out[(*count)++] = c[i]->oid;
        }
    return *count > before ||
           error_set(&s->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" does not exist", n->name);
}

#define SET_CONSTRAINTS_MAX 1000

enum portal_result transaction_set_constraints(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    if (!s->on_worker) /* IMMEDIATE fires what waits */
        return PORTAL_WAIT_WORKER;
    uint32_t *oids = ARENA_ARRAY(s->arena, uint32_t, SET_CONSTRAINTS_MAX);
    int n = u->set_constraints.all;
    oids[0] = 0;
    for (int i = 0; i < u->set_constraints.n; i++)
        if (!named_constraints(s, &u->set_constraints.names[i], oids, SET_CONSTRAINTS_MAX, &n))
            return PORTAL_FAILED;
    if (session_outside_block(s))
        session_notice(s, ERROR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                       "SET CONSTRAINTS can only be used in transaction blocks");
    struct modify_env env = {.txn = &s->txn, .control = &s->control};
    enum txn_wait w = txn_acquire_write(&s->txn, s->arena, &env.connection, &s->err);
    if (w != TXN_READY)
        return w == TXN_WAIT ? PORTAL_WAIT_LOCK : PORTAL_FAILED;
    /* Foreign keys of tables that other programs made are SQLite's own: deferred all or none. */
    bool ok = (!u->set_constraints.all ||
               connection_exec(env.connection,
                               u->set_constraints.deferred ? "PRAGMA defer_foreign_keys = ON"
                                                           : "PRAGMA defer_foreign_keys = OFF",
                               &s->err)) &&
              deferred_set(&env, oids, n, u->set_constraints.deferred, &s->err);
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}

static enum portal_result run_begin(struct pg_session *s, const struct utility *u)
{
    if (s->txn.state == TXN_BLOCK || s->txn.state == TXN_FAILED) {
        session_notice(s, ERROR_WARNING, ERRCODE_ACTIVE_SQL_TRANSACTION,
                       "there is already a transaction in progress");
        return s->txn.state == TXN_FAILED || apply_modes(s, &u->transaction.modes) ? PORTAL_FINISHED : PORTAL_FAILED;
    }
    session_begin_transaction(s, true);
    return apply_modes(s, &u->transaction.modes) ? PORTAL_FINISHED : PORTAL_FAILED;
}

/* AND CHAIN: a new transaction like the one that ended. */
static void chain(struct pg_session *s, enum txn_isolation isolation, bool read_only,
                  bool deferrable)
{
    s->eval.transaction_time = session_clock();
    txn_begin(&s->txn, true, isolation, read_only, deferrable);
}

static enum portal_result run_end(struct pg_session *s, struct portal *p, const struct utility *u)
{
    bool commit = u->transaction.kind == TXN_COMMIT;
    if (s->txn.state != TXN_BLOCK && s->txn.state != TXN_FAILED) {
        if (u->transaction.chain) {
            error_set(&s->err, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                      "%s AND CHAIN can only be used in transaction blocks",
                      commit ? "COMMIT" : "ROLLBACK");
            return PORTAL_FAILED;
        }
        session_notice(s, ERROR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                       "there is no transaction in progress");
        if (commit)
            return session_finish_implicit(s) ? PORTAL_FINISHED : PORTAL_FAILED;
        session_rollback(s);
        return PORTAL_FINISHED;
    }
    if (commit && s->txn.deferred && !s->on_worker) /* triggers may be waiting for it */
        return PORTAL_WAIT_WORKER;
    enum txn_isolation isolation = s->txn.isolation;
    bool read_only = s->txn.read_only, deferrable = s->txn.deferrable;
    bool failed = s->txn.state == TXN_FAILED;
    bool ok = true;
    if (commit && !failed)
        ok = session_commit(s);
    else
        session_rollback(s);
    p->closes_all = true;
    if (commit && failed)
        p->tag = "ROLLBACK";
    if (ok && u->transaction.chain && failed) /* what was set for the failed one is undone with it */
        session_begin_transaction(s, true);
    else if (ok && u->transaction.chain)
        chain(s, isolation, read_only, deferrable);
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}

static enum portal_result run_savepoint(struct pg_session *s, const struct utility *u)
{
    static const struct {
        enum transaction_kind kind;
        const char *word;
    } words[] = {{TXN_SAVEPOINT, "SAVEPOINT"},
                 {TXN_RELEASE, "RELEASE SAVEPOINT"},
                 {TXN_ROLLBACK_TO, "ROLLBACK TO SAVEPOINT"}};
    enum transaction_kind kind = u->transaction.kind;
    const char *name = u->transaction.name;
    if (s->txn.state != TXN_BLOCK && s->txn.state != TXN_FAILED) {
        for (int i = 0; i < 3; i++)
            if (words[i].kind == kind)
                error_set(&s->err, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                          "%s can only be used in transaction blocks", words[i].word);
        return PORTAL_FAILED;
    }
    if (s->txn.state == TXN_FAILED && kind != TXN_ROLLBACK_TO) {
        error_set(
            &s->err, ERRCODE_IN_FAILED_SQL_TRANSACTION,
            "current transaction is aborted, commands ignored until end of transaction block");
        return PORTAL_FAILED;
    }
    bool ok;
    uint64_t mark;
    if (kind == TXN_SAVEPOINT) {
        ok = session_keep_cursors(s) && txn_savepoint(&s->txn, name, s->gucs.mark, &s->err);
    } else if (kind == TXN_RELEASE) {
        ok = txn_release(&s->txn, name, &s->err);
        large_objects_release(s, s->txn.nsavepoints);
        session_release_cursors(s, s->txn.nsavepoints);
    } else {
        ok = txn_rollback_to(&s->txn, name, &mark, &s->err);
        if (ok) {
            guc_undo(&s->gucs, mark, session_setting_changed, s);
            large_objects_close(s, s->txn.nsavepoints);
            session_drop_cursors_of(s, s->txn.nsavepoints);
        }
    }
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}

/* As a server with max_prepared_transactions = 0: the transaction is over. */
static enum portal_result run_prepare(struct pg_session *s, struct portal *p)
{
    p->tag = "ROLLBACK";
    if (s->txn.state != TXN_BLOCK && s->txn.state != TXN_FAILED) {
        session_notice(s, ERROR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress");
        return PORTAL_FINISHED;
    }
    session_rollback(s);
    error_set(&s->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "prepared transactions are disabled");
    error_hint(&s->err, "Set max_prepared_transactions to a nonzero value.");
    return PORTAL_FAILED;
}

enum portal_result transaction_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    switch (u->transaction.kind) {
    case TXN_BEGIN:
    case TXN_START:
        return run_begin(s, u);
    case TXN_COMMIT:
    case TXN_ROLLBACK:
        return run_end(s, p, u);
    case TXN_SAVEPOINT:
    case TXN_RELEASE:
    case TXN_ROLLBACK_TO:
        return run_savepoint(s, u);
    case TXN_PREPARE:
        return run_prepare(s, p);
    default:
        error_set(&s->err, ERRCODE_UNDEFINED_OBJECT, "prepared transaction with identifier \"%s\" does not exist",
                  u->transaction.name ? u->transaction.name : "");
        return PORTAL_FAILED;
    }
}
