/*
 * maintenance.c: VACUUM and ANALYZE. Deleted rows leave no versions behind here, so plain VACUUM
 * has nothing to collect: it checks its tables and hands free pages at the end of the file back.
 * VACUUM FULL is SQLite's VACUUM: it writes the file anew. ANALYZE is SQLite's, whose planner reads
 * it, and after it what pg_stats shows of the columns (command/statistics.c).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/arena.h"
#include "sql/catalog/acl.h"
#include "sql/command/statistics.h"
#include "sql/emit/emit.h"
#include "sql/catalog/durable.h"
#include "sql/session/autovacuum.h"
#include "sql/session/cursor.h"
#include "sql/txn/activity.h"

/* The options of VACUUM and ANALYZE; what has no meaning here (workers, indexes' clean-up, TOAST) is checked and then left. */
static const struct {
    const char *name;
    bool analyze, boolean;
} vacuum_options[] = {
    {"verbose", true, true},         {"skip_locked", true, true},    {"analyze", false, true}, {"freeze", false, true},
    {"full", false, true},           {"process_toast", false, true}, {"truncate", false, true},
    {"disable_page_skipping", false, true}, {"index_cleanup", false, false}, {"parallel", false, false},
};

static bool vacuum_option(const struct utility *u, const char *name)
{
    for (int i = 0; i < u->vacuum.noptions; i++)
        if (!strcmp(u->vacuum.options[i].name, name))
            return !u->vacuum.options[i].value || guc_parse_bool(u->vacuum.options[i].value) == 1;
    return false;
}

static bool vacuum_option_known(struct pg_session *s, const struct utility *u, const struct option *x)
{
    size_t n = sizeof(vacuum_options) / sizeof(vacuum_options[0]), i = 0;
    while (i < n && (strcmp(vacuum_options[i].name, x->name) != 0 || (!u->vacuum.vacuum && !vacuum_options[i].analyze)))
        i++;
    if (i == n)
        return error_set(&s->err, ERRCODE_SYNTAX_ERROR, "unrecognized %s option \"%s\"", u->tag, x->name);
    if (x->value && guc_parse_bool(x->value) < 0 &&
        (vacuum_options[i].boolean || (!strcmp(x->name, "index_cleanup") && strcasecmp(x->value, "auto") != 0)))
        return error_set(&s->err, ERRCODE_SYNTAX_ERROR, "%s requires a Boolean value", x->name);
    if (!strcmp(x->name, "parallel") && !x->value)
        return error_set(&s->err, ERRCODE_SYNTAX_ERROR, "parallel option requires a value between 0 and 1024");
    if (!strcmp(x->name, "parallel") && (atoi(x->value) < 0 || atoi(x->value) > 1024))
        return error_set(&s->err, ERRCODE_SYNTAX_ERROR, "parallel workers for vacuum must be between 0 and 1024");
    return true;
}

static bool vacuum_options_check(struct pg_session *s, const struct utility *u)
{
    bool parallel = false;
    for (int i = 0; i < u->vacuum.noptions; i++) {
        const struct option *x = &u->vacuum.options[i];
        if (!vacuum_option_known(s, u, x))
            return false;
        parallel |= !strcmp(x->name, "parallel") && atoi(x->value) > 0;
    }
    if (vacuum_option(u, "full") && parallel)
        return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "VACUUM FULL cannot be performed in parallel");
    for (int i = 0; u->vacuum.vacuum && !vacuum_option(u, "analyze") && i < u->vacuum.ntables; i++)
        if (u->vacuum.tables[i].ncolumns)
            return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "ANALYZE option must be specified when a column list is provided");
    if (vacuum_option(u, "full") && vacuum_option(u, "disable_page_skipping"))
        return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL");
    return true;
}

/*
 * The new sqlite_stat1 becomes everybody's: other connections read it again with the schema, plans are made anew with the snapshot.
 */
static bool analyze_publish(struct pg_session *s, struct connection *c)
{
    sqlite3_stmt *st = connection_prepare(c, "PRAGMA schema_version", &s->err);
    int64_t version = st && sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
    sqlite3_finalize(st);
    const char *sql = arena_printf(s->arena, "PRAGMA schema_version = %lld", (long long)version + 1);
    if (version < 0 || !connection_exec(c, sql, &s->err) ||
        (snapshot_is_durable(s->snapshot) && !durable_stamp(c->db, &s->err)))
        return false;
    const struct snapshot *after = snapshot_reload(c->db, s->database->name, s->snapshot, s->txn.home ? NULL : txn_change_log(&s->txn, c), &s->err);
    if (after)
        txn_set_snapshot(&s->txn, after);
    return after != NULL;
}

/* Whether the columns' statistics are gathered, too; an ANALYZE by itself does not put tables of ours into another program's file. */
static bool analyze_gathers(const struct pg_session *s, const struct relation *r)
{
    return (r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW) && !r->is_virtual && r->persistence != 't' &&
           (!s->autovacuum || snapshot_is_durable(s->snapshot));
}

/* r NULL: all tables; columns NULL: all columns. A partitioned table has no rows of its own: its partitions are looked at. */
static bool vacuum_analyze(struct pg_session *s, struct connection *c, const struct relation *r,
                           const int16_t *columns, int ncolumns)
{
    struct strbuf sql = {0};
    const struct relation *const *all = &r;
    int n = 1;
    if (r && r->kind == RELKIND_PARTITIONED) {
        for (int i = 0; i < r->nchildren; i++)
            if (!vacuum_analyze(s, c, r->children[i], NULL, 0))
                return false;
        return true;
    }
    if (s->autovacuum && !autovacuum_is_within(s, r, AUTOVACUUM_WHOLE_ROWS) &&
        !connection_exec(c, "PRAGMA analysis_limit = " AUTOVACUUM_INDEX_LIMIT, &s->err))
        return false;
    strbuf_addz(&sql, "ANALYZE");
    if (r) {
        strbuf_addc(&sql, ' ');
        emit_identifier(&sql, r->sqlite_name);
    }
    bool ok = connection_exec(c, sql.data, &s->err);
    strbuf_free(&sql);
    if (s->autovacuum)
        ok = connection_exec(c, "PRAGMA analysis_limit = 0", &s->err) && ok;
    if (!r)
        all = snapshot_relations(s->snapshot, &n);
    for (int i = 0; ok && i < n; i++)
        if (analyze_gathers(s, all[i]))
            ok = statistics_gather(c->db, all[i], columns, ncolumns, &s->eval, &s->err);
    if (ok)
        activity_event(s->database->activity, r ? r->sqlite_name : NULL, s->autovacuum ? ACTIVITY_AUTOANALYZE : ACTIVITY_ANALYZE,
                       session_clock());
    return ok;
}

/*
 * SQLite's VACUUM may number anew the rows of a table without key or index; vector indexes go by
 * those numbers.
 */
static bool vacuum_keeps_rowids(struct pg_session *s)
{
    int n;
    const struct relation *const *all = snapshot_relations(s->snapshot, &n);
    for (int i = 0; i < n; i++) {
        bool vector = false, stored = all[i]->rowid_attnum != 0;
        for (int k = 0; k < all[i]->nindexes; k++) {
            bool plain = all[i]->indexes[k]->am == 403;
            stored |= plain;
            vector |= !plain;
        }
        if (vector && !stored) {
            error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "VACUUM FULL is not supported while table \"%s\" has a vector index and no "
                      "other index",
                      all[i]->name);
            error_hint(&s->err, "Give the table a primary key, or drop the vector index first.");
            return false;
        }
    }
    return true;
}

/* Needs the write slot but no open transaction. */
static bool vacuum_full(struct pg_session *s, struct connection *c)
{
    return vacuum_keeps_rowids(s) && connection_run(c, CONNECTION_COMMIT, &s->err) && connection_exec(c, "VACUUM", &s->err) &&
           connection_run(c, CONNECTION_BEGIN_WRITE, &s->err);
}

/* The table's owner or the database's may; others are told that it is left out. */
static bool may_maintain(struct pg_session *s, const struct relation *t, const char *verb)
{
    if (acl_owns(s->snapshot, t->owner, s->role) || acl_owns(s->snapshot, acl_database(s->snapshot).owner, s->role))
        return true;
    session_notice(s, ERROR_WARNING, ERRCODE_WARNING, "skipping \"%s\" --- only %s or database owner can %s it", t->name,
                   t->system ? "superuser" : "table", verb);
    return false;
}

enum portal_result vacuum_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    if (!vacuum_options_check(s, u))
        return PORTAL_FAILED;
    enum portal_result r = session_acquire_write(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    struct connection *c = p->connection;
    p->connection = NULL;
    if (!session_renew_plan(s, p))
        return PORTAL_FAILED;
    u = p->plan->program->utility;
    bool analyze = !u->vacuum.vacuum || vacuum_option(u, "analyze");
    for (int i = 0; i < u->vacuum.ntables; i++) {
        const struct vacuum_table *v = &u->vacuum.tables[i];
        const struct relation *t = session_relation(s, &v->name);
        if (!t)
            return PORTAL_FAILED;
        if (!may_maintain(s, t, u->vacuum.vacuum ? "vacuum" : "analyze"))
            continue;
        if (t->kind != RELKIND_TABLE && t->kind != RELKIND_MATVIEW && t->kind != RELKIND_PARTITIONED) {
            session_notice(s, ERROR_WARNING, ERRCODE_WARNING,
                           "skipping \"%s\" --- cannot %s non-tables or special system tables",
                           t->name, u->vacuum.vacuum ? "vacuum" : "analyze");
            continue;
        }
        if (u->vacuum.vacuum && t->sqlite_name)
            activity_event(s->database->activity, t->sqlite_name, ACTIVITY_VACUUM, session_clock());
        if (analyze && !t->is_virtual && !vacuum_analyze(s, c, t, v->columns, v->ncolumns))
            return PORTAL_FAILED;
    }
    if (u->vacuum.vacuum && u->vacuum.ntables == 0)
        activity_event(s->database->activity, NULL, ACTIVITY_VACUUM, session_clock());
    if (analyze && u->vacuum.ntables == 0 && !vacuum_analyze(s, c, NULL, NULL, 0))
        return PORTAL_FAILED;
    if (analyze && !analyze_publish(s, c))
        return PORTAL_FAILED;
    if (u->vacuum.vacuum && vacuum_option(u, "full") && !vacuum_full(s, c))
        return PORTAL_FAILED;
    return PORTAL_FINISHED;
}
