/*
 * spi.c: statements inside statements: the session's side of exec/spi.h. A nested statement is a portal of its own with its own
 * memory and error; it runs in the session's transaction, on the connection of the statement around it.
 */
#include "sql/exec/spi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/exec/routine.h"
#include "sql/session/cursor.h"
#include "sql/session/session.h"
#include "sql/session/spi.h"

/* What a nested statement borrows of the session. */
struct borrowed {
    struct arena *arena;
    struct error err;
    bool on_worker;
};

static void borrow(struct pg_session *s, struct borrowed *b)
{
    b->arena = s->arena;
    b->err = s->err;
    b->on_worker = s->on_worker;
    s->arena = arena_create();
    s->on_worker = true;
    error_init(&s->err, s->arena);
}

/* Gives everything back; the nested error goes to err. */
static void give_back(struct pg_session *s, struct borrowed *b, struct error *err)
{
    struct error nested = s->err;
    struct arena *arena = s->arena;
    s->arena = b->arena;
    s->err = b->err; /* err may be this one */
    s->on_worker = b->on_worker;
    if (error_is_set(&nested))
        error_copy(err, &nested);
    arena_destroy(arena);
}

/* --- plans ---------------------------------------------------------------------------------------- */

/* EXECUTE of a prepared statement without parameters is that statement, so that it can be a cursor and give rows to loops. */
static struct plan *prepared_plan(struct pg_session *s, struct plan *p)
{
    const struct utility *u = p ? p->program->utility : NULL;
    struct prepared *st = u && u->kind == UTILITY_EXECUTE && u->execute.args.n == 0 ? prepared_find(s, u->execute.name) : NULL;
    if (!st || !st->plan || !prepared_revalidate(s, st) || st->plan->program->nparams)
        return p;
    plan_unref(p);
    return plan_ref(st->plan);
}

static struct plan *host_plan(struct eval_context *ctx, const struct spi_source *src, struct error *err)
{
    struct pg_session *s = ctx->session;
    struct borrowed b;
    borrow(s, &b);
    struct plan *p = prepared_plan(s, session_plan_source(s, src));
    give_back(s, &b, err);
    return p;
}

static struct plan *host_execute(struct eval_context *ctx, struct plan *p, const struct value **params, struct arena *arena,
                                 struct error *err)
{
    struct pg_session *s = ctx->session;
    struct borrowed b;
    if (!p->program->utility || p->program->utility->kind != UTILITY_EXECUTE)
        return plan_ref(p);
    borrow(s, &b);
    struct plan *inner = execute_resolve(s, p, params, arena);
    give_back(s, &b, err);
    return inner;
}

static uint64_t host_stamp(struct eval_context *ctx)
{
    struct pg_session *s = ctx->session;
    session_search_path(s);
    return snapshot_version(s->snapshot) << 32 ^ s->gucs.version;
}

/* --- running ----------------------------------------------------------------------------------------- */

static bool may_run(struct pg_session *s, const struct plan *p)
{
    const struct utility *u = p->program->utility;
    if (u && u->kind == UTILITY_TRANSACTION)
        return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s is not allowed in a SQL function", u->tag);
    if (u && utility_forbidden_in_block(u))
        return error_set(&s->err, ERRCODE_ACTIVE_SQL_TRANSACTION, "%s cannot be executed from a function", u->tag);
    if (u && u->kind == UTILITY_COPY && !u->copy.file)
        return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot COPY to/from client in a function");
    return session_enter(s, p);
}

/* A statement that would wait: the one around it is to wait, and run again. */
static bool cannot_wait(struct pg_session *s, enum portal_result r)
{
    if (r == PORTAL_WAIT_LOCK) {
        if (!s->control.parked)
            s->control.wants_writer = true;
        return error_set(&s->err, ERRCODE_LOCK_NOT_AVAILABLE, "the statement has to wait for other writers");
    }
    return error_set(&s->err, ERRCODE_INTERNAL_ERROR, "a nested statement stopped half way");
}

static bool run_portal(struct pg_session *s, struct portal *p, struct row_sink *sink, int64_t max_rows,
                       struct spi_result *result)
{
    enum portal_result r = session_run(s, p, sink, max_rows);
    if (r == PORTAL_FAILED)
        return false;
    if (r != PORTAL_FINISHED && r != PORTAL_SUSPENDED)
        return cannot_wait(s, r);
    if (result) {
        result->suspended = r == PORTAL_SUSPENDED;
        result->processed = p->inner ? p->inner->count : p->count;
        if (p->tag && strncmp(p->tag, "SELECT ", 7) == 0) /* CREATE TABLE AS */
            result->processed = strtoull(p->tag + 7, NULL, 10);
    }
    return true;
}

static bool host_run(struct eval_context *ctx, struct plan *plan, const struct value *params, struct row_sink *sink,
                     int64_t max_rows, struct spi_result *result, struct error *err)
{
    struct pg_session *s = ctx->session;
    struct borrowed b;
    if (run_control_stopped(&s->control, err))
        return false;
    borrow(s, &b);
    bool ok = may_run(s, plan);
    struct portal *p = ok ? session_portal(s, "", plan_ref(plan)) : NULL;
    if (p) {
        p->params = params;
        ok = run_portal(s, p, sink, max_rows, result);
        portal_destroy(p, &s->txn);
    }
    ok = p && ok && !error_is_set(&s->err);
    give_back(s, &b, err);
    return ok;
}

static bool take_scalar(void *arg, const struct value *cells, struct error *err)
{
    struct {
        struct arena *arena;
        struct value *out;
    } *t = arg;
    (void)err;
    *t->out = cells[0];
    if (cells[0].kind == VALUE_TEXT || cells[0].kind == VALUE_BLOB)
        t->out->p = arena_strndup(t->arena, cells[0].p, cells[0].n);
    return true;
}

static struct value column_value(sqlite3_stmt *st, struct arena *arena)
{
    switch (sqlite3_column_type(st, 0)) {
    case SQLITE_INTEGER:
        return value_int(sqlite3_column_int64(st, 0));
    case SQLITE_FLOAT:
        return value_real(sqlite3_column_double(st, 0));
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_column_text(st, 0);
        size_t n = (size_t)sqlite3_column_bytes(st, 0);
        return value_text(arena_strndup(arena, p, n), n);
    }
    case SQLITE_BLOB: {
        const void *p = sqlite3_column_blob(st, 0);
        size_t n = (size_t)sqlite3_column_bytes(st, 0);
        return value_blob(arena_strndup(arena, p ? p : "", n), n);
    }
    default:
        return value_null();
    }
}

/* A reading statement that calls no function of users: straight on the connection, without a portal. */
static bool scalar_direct(struct pg_session *s, struct connection *c, struct plan *plan, const struct value *params,
                          struct arena *arena, struct value *out, struct error *err)
{
    const struct step *st = &plan->program->steps[0];
    sqlite3_stmt *stmt = connection_stmt(c, plan->uid, 0, st->sql, err);
    if (!stmt)
        return false;
    for (int i = 0; i < st->nbindings; i++) {
        const struct binding *b = &st->bindings[i];
        if (b->kind == BINDING_ROWSET) /* the program has none of its own */
            sqlite3_bind_pointer(stmt, i + 1, portal_transition(&s->eval, b->index), ROWSET_POINTER, NULL);
        else
            portal_bind_value(stmt, i + 1, b->kind == BINDING_PARAM ? &params[b->index] : &b->value);
    }
    struct connection *outer = s->txn.current;
    s->txn.current = c;
    int rc = sqlite3_step(stmt);
    s->txn.current = outer;
    *out = rc == SQLITE_ROW ? column_value(stmt, arena) : value_null();
    bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
    if (!ok && !connection_error(c, rc, err))
        error_set(err, ERRCODE_INTERNAL_ERROR, "SQLite: %s", sqlite3_errmsg(c->db));
    connection_stmt_release(c, stmt);
    return ok;
}

static bool host_scalar(struct eval_context *ctx, struct plan *plan, const struct value *params, struct arena *arena,
                        struct value *out, struct error *err)
{
    struct pg_session *s = ctx->session;
    *out = value_null();
    if (plan->program->writes || plan->program->query->routine_calls || plan->program->nrowsets) {
        struct {
            struct arena *arena;
            struct value *out;
        } taken = {arena, out};
        struct row_sink sink = {.row = take_scalar, .arg = &taken};
        return host_run(ctx, plan, params, &sink, 1, NULL, err);
    }
    struct connection *c, *outer = s->txn.current;
    struct arena *outer_arena = outer ? outer->host.err.arena : NULL;
    bool leased;
    struct run_control *control = &s->control;
    enum txn_wait w = txn_acquire_read(&s->txn, arena, &c, &leased, err);
    if (w == TXN_WAIT)
        return error_set(err, ERRCODE_TOO_MANY_CONNECTIONS, "no connection is free for a nested statement");
    if (w != TXN_READY)
        return false;
    connection_attach(c, ctx, control, arena);
    bool ok = scalar_direct(s, c, plan, params, arena, out, err);
    if (outer)
        connection_move_error(outer, outer_arena);
    if (leased)
        txn_release_read(&s->txn, c);
    return ok;
}

static bool host_must_restart(struct eval_context *ctx)
{
    const struct run_control *c = &ctx->session->control;
    return c->wants_writer || c->parked || c->budget_hit;
}

static struct connection *host_connection(struct eval_context *ctx)
{
    return txn_connection(&ctx->session->txn);
}

/* --- subtransactions and the transaction itself -------------------------------------------------------- */

static void refresh_catalog(struct pg_session *s)
{
    const struct snapshot *now = txn_snapshot(&s->txn);
    snapshot_unref(s->snapshot);
    s->snapshot = now;
    s->eval.snapshot = now;
    session_search_path(s);
}

static bool host_begin(struct eval_context *ctx, int *level, uint64_t *mark, struct error *err)
{
    struct pg_session *s = ctx->session;
    *mark = s->gucs.mark;
    return txn_sub_begin(&s->txn, level, *mark, err);
}

static bool host_release(struct eval_context *ctx, int level, struct error *err)
{
    return txn_sub_release(&ctx->session->txn, level, err);
}

static bool host_rollback(struct eval_context *ctx, int level, uint64_t mark, struct error *err)
{
    struct pg_session *s = ctx->session;
    bool ok = txn_sub_rollback(&s->txn, level, err);
    guc_undo(&s->gucs, mark, session_setting_changed, s);
    refresh_catalog(s);
    return ok;
}

/* COMMIT and ROLLBACK inside a procedure. */
static bool host_end(struct eval_context *ctx, bool commit, bool chain, struct error *err)
{
    struct pg_session *s = ctx->session;
    struct borrowed b;
    enum txn_isolation isolation = s->txn.isolation;
    bool read_only = s->txn.read_only, deferrable = s->txn.deferrable;
    borrow(s, &b);
    bool ok = true;
    if (commit)
        ok = session_commit(s);
    else
        session_rollback(s);
    if (ok) {
        s->eval.statement_time = s->eval.transaction_time = session_clock();
        if (chain)
            txn_begin(&s->txn, false, isolation, read_only, deferrable);
        else
            session_begin_transaction(s, false);
        refresh_catalog(s);
        struct connection *c;
        if (!s->txn.read_only && txn_acquire_write_now(&s->txn, s->arena, &c, &s->err) != TXN_READY)
            ok = false;
        s->txn.ran = false; /* SET TRANSACTION may follow */
    }
    give_back(s, &b, err);
    return ok;
}

/* --- settings and roles ----------------------------------------------------------------------------------- */

static const char *host_check_setting(struct eval_context *ctx, const char *name, const char *value,
                                      struct error *err)
{
    int n, i = guc_find(name);
    if (i < 0 && strchr(name, '.'))
        return name;
    if (i < 0) {
        error_set(err, ERRCODE_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"", name);
        return NULL;
    }
    struct pg_session *s = ctx->session;
    if (!guc_may_set(&s->gucs, i, err) || (value && !guc_check(i, value, NULL, ctx, err)))
        return NULL;
    return guc_all(&n)[i].name;
}

static const char *host_setting(struct eval_context *ctx, const char *name)
{
    struct pg_session *s = ctx->session;
    int i = guc_find(name);
    return i < 0 ? guc_get_custom(&s->gucs, name) : guc_get(&s->gucs, i);
}

static bool host_set(struct eval_context *ctx, const char *name, const char *value, bool local, struct error *err)
{
    struct pg_session *s = ctx->session;
    int i = guc_find(name);
    if (!guc_set(&s->gucs, name, value, local ? GUC_LOCAL : GUC_SESSION, true, err))
        return false;
    if (i >= 0)
        session_setting_changed(s, i);
    session_search_path(s);
    return true;
}

static void host_restore(struct eval_context *ctx, const char *name, const char *value)
{
    struct pg_session *s = ctx->session;
    struct error ignored; /* it held before */
    int i = guc_find(name);
    error_init(&ignored, s->arena);
    if (guc_set(&s->gucs, name, value, GUC_RESTORE, true, &ignored) && i >= 0)
        session_setting_changed(s, i);
    session_search_path(s);
}

static bool *host_restricted(struct eval_context *ctx)
{
    return &((struct pg_session *)ctx->session)->restricted;
}

static void host_set_role(struct eval_context *ctx, uint32_t role, const char *name)
{
    struct pg_session *s = ctx->session;
    char *old = s->role_name;
    s->role = role;
    s->role_name = strdup(name);
    if (!s->role_name)
        log_fatal("out of memory");
    free(old);
    s->eval.role = role;
    s->eval.role_name = s->role_name;
}

/* --- cursors ------------------------------------------------------------------------------------------------ */

static const char *choose_name(struct pg_session *s, struct arena *arena)
{
    for (;;) {
        const char *name = arena_printf(arena, "<unnamed portal %d>", ++s->unnamed_portals);
        if (!session_find_portal(s, name))
            return name;
    }
}

/* A cursor's rows are taken at once: nothing stays open around the statements that follow. */
static struct portal *host_open(struct eval_context *ctx, const char *name, struct plan *plan,
                                const struct value *params, int scroll, struct error *err)
{
    struct pg_session *s = ctx->session;
    struct borrowed b;
    borrow(s, &b);
    if (!name)
        name = choose_name(s, s->arena);
    struct portal *p = may_run(s, plan) ? session_portal(s, name, plan_ref(plan)) : NULL;
    if (p && session_find_portal(s, name))
        error_set(&s->err, ERRCODE_DUPLICATE_CURSOR, "cursor \"%s\" already in use", name);
    if (p) {
        p->cursor = true;
        p->scroll = scroll >= 0;
        p->no_scroll = scroll < 0;
        p->params = params;
        if (error_is_set(&s->err) || !session_materialize(s, p)) {
            portal_destroy(p, &s->txn);
            p = NULL;
        } else {
            p->params = NULL;
            session_add_portal(s, p);
        }
    }
    give_back(s, &b, err);
    return p;
}

static struct portal *host_find(struct eval_context *ctx, const char *name)
{
    return session_find_portal(ctx->session, name);
}

static bool host_fetch(struct eval_context *ctx, struct portal *c, int direction, int64_t count, struct rowset *rows,
                       int64_t *moved, struct error *err)
{
    struct pg_session *s = ctx->session;
    if (c->no_scroll && (direction != 0 || count < 0)) {
        error_set(err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "cursor can only scan forward");
        error_hint(err, "Declare it with SCROLL option to enable backward scan.");
        return false;
    }
    if (!c->result) { /* a client's own cursor: kept from now on */
        struct borrowed b;
        borrow(s, &b);
        bool ok = session_keep_cursor(s, c);
        give_back(s, &b, err);
        if (!ok)
            return false;
    }
    *moved = cursor_move(rows, c, direction, count);
    return true;
}

static bool host_close(struct eval_context *ctx, struct portal *c, struct error *err)
{
    if (c->running)
        return error_set(err, ERRCODE_INVALID_CURSOR_STATE, "cannot close a cursor that is being used");
    session_drop_portal(ctx->session, c);
    return true;
}

/* --- slots --------------------------------------------------------------------------------------------------- */

static struct spi_slot *host_slot(struct eval_context *ctx, const char *name)
{
    struct pg_session *s = ctx->session;
    for (int i = 0; i < SESSION_SLOTS; i++) {
        if (s->slots[i].name && strcmp(s->slots[i].name, name) == 0)
            return &s->slots[i].slot;
        if (!s->slots[i].name) {
            s->slots[i].name = name;
            return &s->slots[i].slot;
        }
    }
    log_fatal("too many session slots");
}

void session_free_slots(struct pg_session *s)
{
    for (int i = 0; i < SESSION_SLOTS; i++) {
        if (s->slots[i].slot.data && s->slots[i].slot.destroy)
            s->slots[i].slot.destroy(s->slots[i].slot.data);
        s->slots[i].slot.data = NULL;
    }
}

const struct spi_host session_spi = {
    .plan = host_plan,
    .execute = host_execute,
    .stamp = host_stamp,
    .run = host_run,
    .scalar = host_scalar,
    .connection = host_connection,
    .begin = host_begin,
    .release = host_release,
    .rollback = host_rollback,
    .end = host_end,
    .check_setting = host_check_setting,
    .setting = host_setting,
    .set = host_set,
    .must_restart = host_must_restart,
    .restore = host_restore,
    .set_role = host_set_role,
    .restricted = host_restricted,
    .slot = host_slot,
    .open = host_open,
    .find = host_find,
    .fetch = host_fetch,
    .close = host_close,
};
