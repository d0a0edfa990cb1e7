/*
 * maintenance.c: VACUUM and ANALYZE. Deleted rows leave no versions behind here, so plain VACUUM
 * has nothing to collect: it checks its tables and hands free pages at the end of the file back.
 * VACUUM FULL is SQLite's VACUUM: it writes the file anew. ANALYZE is SQLite's, whose planner reads
 * it.
 */
#include <string.h>

#include "sql/base/arena.h"
#include "sql/emit/emit.h"
#include "sql/session/cursor.h"

static bool vacuum_option(const struct utility *u, const char *name)
{
    for (int i = 0; i < u->vacuum.noptions; i++)
        if (!strcmp(u->vacuum.options[i].name, name))
            return !u->vacuum.options[i].value || guc_parse_bool(u->vacuum.options[i].value) == 1;
    return false;
}

static bool vacuum_analyze(struct pg_session *s, struct connection *c, const struct relation *r)
{
    struct strbuf sql = {0};
    strbuf_addz(&sql, "ANALYZE");
    if (r) {
        strbuf_addc(&sql, ' ');
        emit_identifier(&sql, r->sqlite_name);
    }
    bool ok = connection_exec(c, sql.data, &s->err);
    strbuf_free(&sql);
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
    return vacuum_keeps_rowids(s) && connection_exec(c, "COMMIT", &s->err) &&
           connection_exec(c, "VACUUM", &s->err) && connection_exec(c, "BEGIN IMMEDIATE", &s->err);
}

enum portal_result vacuum_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    enum portal_result r = session_acquire_write(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    struct connection *c = p->connection;
    p->connection = NULL;
    bool analyze = !u->vacuum.vacuum || vacuum_option(u, "analyze");
    for (int i = 0; i < u->vacuum.ntables; i++) {
        const struct relation *t = session_relation(s, &u->vacuum.tables[i]);
        if (!t)
            return PORTAL_FAILED;
        if (t->kind != RELKIND_TABLE && t->kind != RELKIND_MATVIEW) {
            session_notice(s, ERROR_WARNING, ERRCODE_WARNING,
                           "skipping \"%s\" --- cannot %s non-tables or special system tables",
                           t->name, u->vacuum.vacuum ? "vacuum" : "analyze");
            continue;
        }
        if (analyze && !t->is_virtual && !vacuum_analyze(s, c, t))
            return PORTAL_FAILED;
    }
    if (analyze && u->vacuum.ntables == 0 && !vacuum_analyze(s, c, NULL))
        return PORTAL_FAILED;
    if (u->vacuum.vacuum && vacuum_option(u, "full") && !vacuum_full(s, c))
        return PORTAL_FAILED;
    return PORTAL_FINISHED;
}
