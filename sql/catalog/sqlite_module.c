/*
 * sqlite_module.c: pgfunctions.so, for programs other than the server that write to a file of pgfeather: `.load pgfunctions` in the sqlite3
 * shell. It makes known the functions that the file's CHECKs, generated columns and indexes call, the collations of its
 * columns, and the vector engine (vecext).
 *
 * Which functions: every name in double quotes before a "(" in sqlite_schema, as our DDL prints calls. pgfunctions_reload() looks again,
 * after the server has made new tables.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sql/base/arena.h"
#include "sql/catalog/register.h"
#include "sql/catalog/registry.h"
#include "sql/types/timezone.h"
#include "sql/types/type.h"

int sqlite3_vecext_init(sqlite3 *db, char **error, const sqlite3_api_routines *api);

#define SECONDS_TO_2000 INT64_C(946684800)

/* What functions see of a session: PostgreSQL's defaults. One per connection, freed with it. */
struct module {
    struct sqlite_func_host host;
    struct eval_context ctx;
    const struct snapshot *snapshot;
};

static void start(void)
{
    type_registry_init();
    registry_init();
}

/* --- functions --------------------------------------------------------------------------------------- */

/* "name"( in a text of sqlite_schema: registered where it is ours; the rest is for SQLite to miss. */
static void register_calls(sqlite3 *db, struct module *m, const char *sql)
{
    for (const char *p = sql; (p = strchr(p, '"'));) {
        const char *end = strchr(p + 1, '"');
        if (!end)
            return;
        char name[128];
        size_t n = (size_t)(end - p) - 1;
        if (end[1] == '(' && n < sizeof(name)) {
            memcpy(name, p + 1, n);
            name[n] = 0;
            sqlite_func_register(db, &m->host, name);
        }
        p = end + 1;
    }
}

static bool load(sqlite3 *db, struct module *m)
{
    struct arena *a = arena_create();
    struct error err;
    error_init(&err, a);
    const struct snapshot *s = snapshot_load(db, "main", m->snapshot, &err);
    arena_destroy(a);
    if (!s)
        return false;
    snapshot_unref(m->snapshot);
    m->snapshot = m->ctx.snapshot = s;
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, "SELECT sql FROM main.sqlite_schema WHERE sql IS NOT NULL", -1, &st, NULL) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW)
            register_calls(db, m, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return true;
}

static void reload(sqlite3_context *c, int n, sqlite3_value **args)
{
    (void)n;
    (void)args;
    if (!load(sqlite3_context_db_handle(c), sqlite3_user_data(c)))
        sqlite3_result_error(c, "the metadata cannot be read", -1);
}

static void module_free(void *p)
{
    struct module *m = p;
    snapshot_unref(m->snapshot);
    arena_destroy(m->host.scratch);
    free(m);
}

/* --- collations ---------------------------------------------------------------------------------------- */

static void collation_needed(void *arg, sqlite3 *db, int encoding, const char *name)
{
    struct module *m = arg;
    const struct collation_def *c = collation_def_find(name);
    (void)encoding;
    if (c)
        sqlite3_create_collation_v2(db, name, SQLITE_UTF8, NULL, c->compare, NULL);
    else
        catalog_register_collation(db, &m->host, m->snapshot, name);
}

__attribute__((visibility("default"))) int sqlite3_pgfunctions_init(sqlite3 *db, char **error, const sqlite3_api_routines *api)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int rc = sqlite3_vecext_init(db, error, api); /* sets sqlite3_api, too */
    if (rc != SQLITE_OK)
        return rc;
    pthread_once(&once, start);
    struct module *m = calloc(1, sizeof(*m));
    if (!m)
        return SQLITE_NOMEM;
    m->host.scratch = arena_create();
    m->host.ctx = &m->ctx;
    error_init(&m->host.err, m->host.scratch);
    m->ctx.timezone = timezone_find("UTC");
    m->ctx.extra_float_digits = 1;
    m->ctx.standard_conforming_strings = true;
    m->ctx.transaction_time = m->ctx.statement_time = ((int64_t)time(NULL) - SECONDS_TO_2000) * 1000000;
    m->ctx.role_name = m->ctx.session_role_name = "";
    /* The function owns it all. */
    rc = sqlite3_create_function_v2(db, "pgfunctions_reload", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, m, reload, NULL, NULL, module_free);
    if (rc == SQLITE_OK)
        rc = sqlite3_collation_needed(db, m, collation_needed);
    if (rc == SQLITE_OK && !load(db, m))
        *error = sqlite3_mprintf("the metadata of the file cannot be read"), rc = SQLITE_ERROR;
    return rc == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
