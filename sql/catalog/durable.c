/*
 * durable.c: the metadata tables in the SQLite file; see durable.h. Their columns are in durable.def.
 *
 * Called by command/ (writes), snapshot_load.c (reads) and sequence.c.
 */
#include "sql/catalog/durable.h"

#include <string.h>

#include "sql/catalog/registry.h"

static const struct {
    const char *name, *shows, *columns;
} tables[] = {
#define DURABLE_TABLE(name, shows, columns) {name, shows, columns},
#define DURABLE_INDEX(name, table, columns)
#include "sql/catalog/durable.def"
#undef DURABLE_TABLE
#undef DURABLE_INDEX
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))
_Static_assert(TABLES <= DURABLE_TABLES_MAX, "a set of tables has a bit for each");

static const struct {
    const char *name, *table, *columns;
} indexes[] = {
#define DURABLE_TABLE(name, shows, columns)
#define DURABLE_INDEX(name, table, columns) {name, table, columns},
#include "sql/catalog/durable.def"
#undef DURABLE_TABLE
#undef DURABLE_INDEX
};

static const struct {
    int code;
    const char *sqlstate;
} sqlite_states[] = {
    {SQLITE_FULL, ERRCODE_DISK_FULL},
    {SQLITE_IOERR, ERRCODE_IO_ERROR},
    {SQLITE_CANTOPEN, ERRCODE_IO_ERROR},
    {SQLITE_READONLY, ERRCODE_READ_ONLY_SQL_TRANSACTION},
    {SQLITE_CORRUPT, ERRCODE_DATA_CORRUPTED},
    {SQLITE_NOTADB, ERRCODE_DATA_CORRUPTED},
    {SQLITE_NOMEM, ERRCODE_OUT_OF_MEMORY},
    {SQLITE_INTERRUPT, ERRCODE_QUERY_CANCELED},
    {SQLITE_TOOBIG, ERRCODE_PROGRAM_LIMIT_EXCEEDED},
    {SQLITE_BUSY, ERRCODE_T_R_SERIALIZATION_FAILURE},
    {SQLITE_LOCKED, ERRCODE_T_R_SERIALIZATION_FAILURE},
};

bool durable_error(sqlite3 *db, struct error *err)
{
    int code = sqlite3_errcode(db) & 0xff;
    const char *state = ERRCODE_INTERNAL_ERROR;
    for (size_t i = 0; i < sizeof(sqlite_states) / sizeof(sqlite_states[0]); i++)
        if (sqlite_states[i].code == code)
            state = sqlite_states[i].sqlstate;
    if (code == SQLITE_INTERRUPT)
        return error_set(err, state, "canceling statement due to user request");
    return error_set(err, state, "%s", sqlite3_errmsg(db));
}

bool durable_exec(sqlite3 *db, struct error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *sql = sqlite3_vmprintf(fmt, ap);
    va_end(ap);
    if (!sql)
        return error_set(err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK || durable_error(db, err);
}

/* One integer, or fallback where the query has no row or fails. */
static int64_t query_int(sqlite3 *db, const char *sql, int64_t fallback)
{
    sqlite3_stmt *st = NULL;
    int64_t v = fallback;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
        v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

static bool has_column(sqlite3 *db, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(db, "main", table, column, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

bool durable_exists(sqlite3 *db)
{
    return has_column(db, "_pg_meta", NULL) || has_column(db, "_pg_class", NULL);
}

int durable_table(const char *name, size_t len)
{
    if (len < 4 || strncmp(name, "_pg_", 4) != 0)
        return -1;
    for (size_t i = 0; i < TABLES; i++)
        if (strncmp(tables[i].name, name, len) == 0 && !tables[i].name[len])
            return (int)i;
    return -1;
}

const char *durable_shows(int table)
{
    return tables[table].shows;
}

bool durable_is_own_table(const char *name)
{
    if (strncmp(name, "sqlite_", 7) == 0 || strncmp(name, DURABLE_DROPPED_PREFIX, sizeof(DURABLE_DROPPED_PREFIX) - 1) == 0)
        return true;
    return durable_table(name, strlen(name)) >= 0;
}

/* What DROP had to leave; what still cannot go stays. */
static void clear_dropped(sqlite3 *db, const char *schema)
{
    for (;;) {
        sqlite3_stmt *st = NULL;
        char *sql = sqlite3_mprintf("SELECT name FROM %s.sqlite_schema WHERE type = 'table' AND name GLOB '%s*' LIMIT 1", schema,
                                    DURABLE_DROPPED_PREFIX);
        char *drop = NULL;
        if (sql && sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
            drop = sqlite3_mprintf("DROP TABLE %s.\"%w\"", schema, (const char *)sqlite3_column_text(st, 0));
        sqlite3_finalize(st);
        sqlite3_free(sql);
        int rc = drop ? sqlite3_exec(db, drop, NULL, NULL, NULL) : SQLITE_DONE;
        sqlite3_free(drop);
        if (rc != SQLITE_OK)
            return;
    }
}

/* The table's second column (the first is often "oid", to which every rowid answers), into buf. */
static const char *second_column(size_t i, char buf[64])
{
    const char *p = strstr(tables[i].columns, ", ");
    p = p ? p + 2 : tables[i].columns;
    sqlite3_snprintf(64, buf, "%.*s", (int)strcspn(p, " "), p);
    return buf;
}

static bool has_index(sqlite3 *db, const char *name)
{
    char sql[120];
    sqlite3_snprintf(sizeof(sql), sql, "SELECT count(*) FROM pragma_index_info('%q')", name);
    return query_int(db, sql, 0) > 0;
}

static bool all_there(sqlite3 *db)
{
    char column[64];
    for (size_t i = 0; i < TABLES; i++)
        if (!has_column(db, tables[i].name, second_column(i, column)))
            return false;
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
        if (!has_index(db, indexes[i].name))
            return false;
    return query_int(db, "SELECT value FROM main._pg_meta WHERE key = 'next_oid'", 0) > 0;
}

bool durable_complete(sqlite3 *db)
{
    return all_there(db) && !query_int(db, "SELECT count(*) FROM main.sqlite_schema WHERE name GLOB '" DURABLE_DROPPED_PREFIX "*'", 0);
}

/* A table of that name that is not ours (damaged, or made by hand) makes way. */
static bool drop_strange(sqlite3 *db, struct error *err)
{
    char column[64];
    for (size_t i = 0; i < TABLES; i++)
        if (has_column(db, tables[i].name, NULL) && !has_column(db, tables[i].name, second_column(i, column)) &&
            !durable_exec(db, err, "DROP TABLE main.\"%w\"", tables[i].name))
            return false;
    return true;
}

/* Above every OID that was given out: the counter itself may be lost. */
static int64_t next_oid(sqlite3 *db)
{
    char sql[200];
    static const char *const with_oids[] = {"_pg_class", "_pg_type", "_pg_constraint", "_pg_proc", "_pg_namespace", "_pg_authid", "_pg_attrdef"};
    int64_t next = FIRST_USER_OID;
    for (size_t i = 0; i < sizeof(with_oids) / sizeof(with_oids[0]); i++) {
        sqlite3_snprintf(sizeof(sql), sql, "SELECT max(oid) + 1 FROM main.%s WHERE oid < %u", with_oids[i], DURABLE_EXTENSION_OID_FIRST);
        int64_t v = query_int(db, sql, 0);
        next = v > next ? v : next;
    }
    return next;
}

bool durable_create(sqlite3 *db, struct error *err)
{
    if (durable_exists(db)) {
        int64_t v = query_int(db, "SELECT value FROM _pg_meta WHERE key = 'format_version'", 0);
        if (v > DURABLE_FORMAT_VERSION)
            return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "catalog format version %d of this file is newer than this server's",
                             (int)v);
    }
    if (durable_complete(db))
        return true;
    clear_dropped(db, "main");
    if (!drop_strange(db, err))
        return false;
    bool schemas = has_column(db, "_pg_namespace", NULL);
    for (size_t i = 0; i < TABLES; i++)
        if (!durable_exec(db, err, "CREATE TABLE IF NOT EXISTS main.%s (%s) STRICT", tables[i].name,
                          tables[i].columns))
            return false;
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
        if (!durable_exec(db, err, "CREATE INDEX IF NOT EXISTS main.%s ON %s (%s)", indexes[i].name, indexes[i].table, indexes[i].columns))
            return false;
    return durable_exec(db, err,
                        "INSERT INTO main._pg_namespace SELECT %u, 'public', 6171 WHERE %d; "
                        "INSERT OR IGNORE INTO _pg_meta VALUES ('format_version', %d), "
                        "('next_oid', %lld), ('schema_version', 0)",
                        PUBLIC_NAMESPACE, !schemas, DURABLE_FORMAT_VERSION, next_oid(db));
}

bool durable_temp_exists(sqlite3 *db)
{
    return sqlite3_table_column_metadata(db, "temp", "_pg_class", NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

bool durable_create_temp(sqlite3 *db, struct error *err)
{
    clear_dropped(db, "temp");
    for (size_t i = 0; i < TABLES; i++)
        if (strcmp(tables[i].name, "_pg_meta") != 0 &&
            !durable_exec(db, err, "CREATE TABLE IF NOT EXISTS temp.%s (%s) STRICT", tables[i].name,
                          tables[i].columns))
            return false;
    return true;
}

uint32_t durable_new_oid(sqlite3 *db, struct error *err)
{
    if (!durable_exec(db, err, "UPDATE _pg_meta SET value = value + 1 WHERE key = 'next_oid'"))
        return 0;
    int64_t v = query_int(db, "SELECT value FROM _pg_meta WHERE key = 'next_oid'", 0);
    if (v <= FIRST_USER_OID || v > DURABLE_EXTENSION_OID_FIRST) {
        error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "no object identifiers are left");
        return 0;
    }
    return (uint32_t)(v - 1);
}

bool durable_stamp(sqlite3 *db, struct error *err)
{
    int64_t v = query_int(db, "PRAGMA schema_version", 0);
    return durable_exec(db, err,
                        "UPDATE _pg_meta SET value = %lld WHERE key = 'schema_version'", v);
}

bool durable_drifted(sqlite3 *db)
{
    int64_t now = query_int(db, "PRAGMA schema_version", 0);
    return query_int(db, "SELECT value FROM _pg_meta WHERE key = 'schema_version'", -1) != now;
}
