/*
 * sqlite_subplan.c: a SELECT run anew for each row of the query around it, as an eponymous virtual table. SQLite has no
 * LATERAL; table-valued functions may take columns of tables to their left, so the subquery becomes the argument of one:
 *
 *     FROM t AS r0, subplan('SELECT ... WHERE x = ?1 ...', r0.a) AS r1
 *
 * Visible columns c1..c100, hidden: the SQL text and up to 60 values for its parameters. The prepared statement is kept
 * with the cursor. Printed by emit/emit_lateral.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/types/sqlite_func_internal.h"

#define SUBPLAN_COLUMNS 100
#define SUBPLAN_ARGS    61

struct subplan_vtab {
    sqlite3_vtab base;
    sqlite3 *db;
    struct sqlite_func_host *host;
};

struct subplan_cursor {
    sqlite3_vtab_cursor base;
    sqlite3_stmt *stmt;
    char *sql;
    int64_t row;
    bool eof;
};

static int subplan_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                           char **message)
{
    (void)argc, (void)argv, (void)message;
    struct strbuf sql = {0};
    strbuf_addz(&sql, "CREATE TABLE x(");
    for (int i = 1; i <= SUBPLAN_COLUMNS; i++)
        strbuf_printf(&sql, "c%d,", i);
    strbuf_addz(&sql, "sql HIDDEN");
    for (int i = 1; i < SUBPLAN_ARGS; i++)
        strbuf_printf(&sql, ",p%d HIDDEN", i);
    strbuf_addc(&sql, ')');
    int rc = sqlite3_declare_vtab(db, sql.data);
    strbuf_free(&sql);
    if (rc != SQLITE_OK)
        return rc;
    struct subplan_vtab *v = calloc(1, sizeof(*v));
    if (!v)
        return SQLITE_NOMEM;
    v->db = db;
    v->host = aux;
    *out = &v->base;
    return SQLITE_OK;
}

static int subplan_disconnect(sqlite3_vtab *vtab)
{
    free(vtab);
    return SQLITE_OK;
}

static int subplan_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    (void)vtab;
    int where[SUBPLAN_ARGS], nargs = 0;
    memset(where, -1, sizeof(where));
    for (int i = 0; i < info->nConstraint; i++) {
        int a = info->aConstraint[i].iColumn - SUBPLAN_COLUMNS;
        if (a < 0 || a >= SUBPLAN_ARGS || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT; /* a value from a table that must come first */
        where[a] = i;
        nargs = a + 1 > nargs ? a + 1 : nargs;
    }
    for (int a = 0; a < nargs; a++) {
        if (where[a] < 0)
            return SQLITE_CONSTRAINT;
        info->aConstraintUsage[where[a]].argvIndex = a + 1;
        info->aConstraintUsage[where[a]].omit = 1;
    }
    info->estimatedCost = 10000;
    info->estimatedRows = 25;
    return nargs ? SQLITE_OK : SQLITE_CONSTRAINT;
}

static int subplan_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out)
{
    (void)vtab;
    struct subplan_cursor *cur = calloc(1, sizeof(*cur));
    if (!cur)
        return SQLITE_NOMEM;
    *out = &cur->base;
    return SQLITE_OK;
}

static void subplan_forget(struct subplan_cursor *cur)
{
    sqlite3_finalize(cur->stmt);
    free(cur->sql);
    cur->stmt = NULL;
    cur->sql = NULL;
}

static int subplan_close(sqlite3_vtab_cursor *base)
{
    subplan_forget((struct subplan_cursor *)base);
    free(base);
    return SQLITE_OK;
}

static int subplan_fail(struct subplan_vtab *v)
{
    sqlite3_free(v->base.zErrMsg);
    v->base.zErrMsg = sqlite3_mprintf("%s", v->host->err.message ? v->host->err.message : sqlite3_errmsg(v->db));
    return SQLITE_ERROR;
}

/* SQLite names what it misses, one at a time; each is registered and preparing tried again. */
static int subplan_prepare(struct subplan_vtab *v, const char *sql, sqlite3_stmt **stmt)
{
    char missed[256] = "";
    for (;;) {
        int rc = sqlite3_prepare_v3(v->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
        char message[256];
        if (rc == SQLITE_OK)
            return rc;
        snprintf(message, sizeof(message), "%s", sqlite3_errmsg(v->db));
        if (strcmp(message, missed) == 0 || !v->host->register_missing ||
            !v->host->register_missing(v->host, message))
            return rc;
        memcpy(missed, message, sizeof(missed));
    }
}

static int subplan_next(sqlite3_vtab_cursor *base)
{
    struct subplan_cursor *cur = (struct subplan_cursor *)base;
    struct subplan_vtab *v = (struct subplan_vtab *)base->pVtab;
    v->host->depth++;
    int rc = sqlite3_step(cur->stmt);
    v->host->depth--;
    cur->row++;
    cur->eof = rc != SQLITE_ROW;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return SQLITE_OK;
    int failed = subplan_fail(v);
    sqlite3_reset(cur->stmt);
    return (rc & 0xff) == SQLITE_INTERRUPT ? SQLITE_INTERRUPT : failed;
}

static int subplan_filter(sqlite3_vtab_cursor *base, int idx, const char *name, int argc, sqlite3_value **argv)
{
    (void)idx, (void)name;
    struct subplan_cursor *cur = (struct subplan_cursor *)base;
    struct subplan_vtab *v = (struct subplan_vtab *)base->pVtab;
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (!sql)
        return SQLITE_MISUSE;
    if (!cur->sql || strcmp(cur->sql, sql) != 0) {
        subplan_forget(cur);
        cur->sql = strdup(sql);
        if (subplan_prepare(v, sql, &cur->stmt) != SQLITE_OK)
            return subplan_fail(v);
    }
    sqlite3_reset(cur->stmt);
    for (int i = 1; i < argc; i++)
        sqlite3_bind_value(cur->stmt, i, argv[i]);
    cur->row = 0;
    return subplan_next(base);
}

static int subplan_eof(sqlite3_vtab_cursor *base)
{
    return ((struct subplan_cursor *)base)->eof;
}

static int subplan_column(sqlite3_vtab_cursor *base, sqlite3_context *c, int i)
{
    struct subplan_cursor *cur = (struct subplan_cursor *)base;
    if (i < sqlite3_column_count(cur->stmt))
        sqlite3_result_value(c, sqlite3_column_value(cur->stmt, i));
    return SQLITE_OK;
}

static int subplan_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((struct subplan_cursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module subplan_module = {
    .xConnect = subplan_connect,
    .xBestIndex = subplan_best_index,
    .xDisconnect = subplan_disconnect,
    .xOpen = subplan_open,
    .xClose = subplan_close,
    .xFilter = subplan_filter,
    .xNext = subplan_next,
    .xEof = subplan_eof,
    .xColumn = subplan_column,
    .xRowid = subplan_rowid,
};

int sqlite_subplan_register(sqlite3 *db, struct sqlite_func_host *host)
{
    return sqlite3_create_module_v2(db, SQLITE_FUNC_SUBPLAN, &subplan_module, host, NULL);
}
