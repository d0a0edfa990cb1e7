/*
 * vec_sqlindex.c - the index's SQL functions; their list is in vecext.h.
 *
 * Functions that change the schema or read foreign names are SQLITE_DIRECTONLY: a trigger or view
 * of a hostile file cannot call them. vec_row_changed() is what the index's own triggers call; it
 * touches nothing but the tables of the index it is given.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_check.h"
#include "vecext/vec_rowset.h"
#include "vecext/vec_schema.h"
#include "vecext/vec_sqlfunc.h"
#include "vecext/vec_write.h"

static const char conn_pointer[] = "vecext_conn";

static const char *text_argument(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return text ? text : "";
}

/* What a definition borrows from the options' text. */
struct option_space {
    char *where;
    struct vec_include includes[VEC_INCLUDE_MAX];
    char *columns[VEC_INCLUDE_MAX];
};

static void free_options(struct option_space *space)
{
    free(space->where);
    for (int i = 0; i < VEC_INCLUDE_MAX; i++)
        free(space->columns[i]);
}

/* By the words of a column's declared type, as SQLite's affinities go. */
static bool kind_of_declared(const char *column, const char *declared, enum vec_include_kind *kind, struct vec_error *err)
{
    static const struct {
        const char *word;
        enum vec_include_kind kind;
    } words[] = {
        {"INT", VEC_INCLUDE_INTEGER}, {"BOOL", VEC_INCLUDE_INTEGER}, {"CHAR", VEC_INCLUDE_TEXT},    {"CLOB", VEC_INCLUDE_TEXT},
        {"TEXT", VEC_INCLUDE_TEXT},   {"REAL", VEC_INCLUDE_REAL},    {"FLOA", VEC_INCLUDE_REAL},    {"DOUB", VEC_INCLUDE_REAL},
        {"TIME", VEC_INCLUDE_TIME},   {"DATE", VEC_INCLUDE_TIME},    {"NUMERIC", VEC_INCLUDE_REAL}, {"DECIMAL", VEC_INCLUDE_REAL},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (const char *at = declared; *at; at++)
            if (sqlite3_strnicmp(at, words[i].word, (int)strlen(words[i].word)) == 0) {
                *kind = words[i].kind;
                return true;
            }
    vec_error_set(err, VEC_INVALID_PARAMETER, "column \"%s\" cannot be included: its type is not declared as one that is known", column);
    return vec_error_hint(err, "Types are integer, boolean, real, numeric, text, date, timestamp.");
}

/* {"include": ["a", "b"]} */
static bool take_includes(sqlite3 *db, const char *names, struct vec_index_def *def, struct option_space *space,
                          struct vec_error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db,
                           "SELECT j.value, (SELECT type FROM pragma_table_xinfo(?2) WHERE name = j.value COLLATE NOCASE) "
                           "FROM json_each(?1) AS j",
                           -1, &stmt, NULL) != SQLITE_OK)
        return vec_sqlite_error(db, err);
    sqlite3_bind_text(stmt, 1, names, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, def->table, -1, SQLITE_STATIC);
    bool ok = true;
    int rc;
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *name = text_argument(sqlite3_column_value(stmt, 0));
        struct vec_include *include = &space->includes[def->nincludes];
        if (def->nincludes == VEC_INCLUDE_MAX)
            ok = vec_error_set(err, VEC_LIMIT_EXCEEDED, "an index cannot include more than %d columns", VEC_INCLUDE_MAX);
        else if (sqlite3_column_type(stmt, 1) == SQLITE_NULL)
            ok = vec_error_set(err, VEC_INVALID_PARAMETER, "column \"%s\" does not exist", name);
        else if (!(include->column = space->columns[def->nincludes] = strdup(name)))
            ok = vec_error_nomem(err);
        else
            ok = kind_of_declared(name, text_argument(sqlite3_column_value(stmt, 1)), &include->kind, err);
        def->nincludes += ok;
    }
    if (ok && rc != SQLITE_DONE)
        ok = vec_sqlite_error(db, err);
    sqlite3_finalize(stmt);
    def->includes = space->includes;
    return ok;
}

/* Options of vec_create_index: a JSON object. */
static bool take_option(sqlite3 *db, sqlite3_stmt *row, struct vec_index_def *def, struct option_space *space,
                        struct vec_error *err)
{
    const char *key = text_argument(sqlite3_column_value(row, 0));
    const char *text = text_argument(sqlite3_column_value(row, 1));
    int number = sqlite3_column_int(row, 1);
    if (strcmp(key, "metric") == 0)
        return vec_metric_find(text, &def->metric) ||
               vec_error_set(err, VEC_INVALID_PARAMETER, "unknown metric \"%s\"", text);
    if (strcmp(key, "type") == 0)
        return vec_type_find(text, &def->type) ||
               vec_error_set(err, VEC_INVALID_PARAMETER, "unknown type \"%s\"", text);
    if (strcmp(key, "where") == 0)
        return (def->where = space->where = strdup(text)) ? true : vec_error_nomem(err);
    if (strcmp(key, "include") == 0)
        return take_includes(db, text, def, space, err);
    if (strcmp(key, "dims") == 0)
        def->dims = number;
    else if (strcmp(key, "lists") == 0)
        def->lists = number;
    else if (strcmp(key, "flat") == 0)
        def->flat = number != 0;
    else if (strcmp(key, "refine") == 0)
        def->no_refine = number == 0;
    else if (strcmp(key, "build_mem") == 0)
        def->build_mem = sqlite3_column_int64(row, 1);
    else if (strcmp(key, "threads") == 0)
        def->threads = number;
    else if (strcmp(key, "seed") == 0)
        def->seed = (uint64_t)sqlite3_column_int64(row, 1);
    else if (strcmp(key, "recall") == 0)
        def->target_percent = (int)lround(100 * sqlite3_column_double(row, 1));
    else
        return vec_error_set(err, VEC_INVALID_PARAMETER, "unknown option \"%s\"", key);
    return true;
}

static bool read_options(sqlite3 *db, const char *json, struct vec_index_def *def, struct option_space *space,
                         struct vec_error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, "SELECT key, value FROM json_each(?1) ORDER BY key", -1, &stmt,
                           NULL) != SQLITE_OK)
        return vec_sqlite_error(db, err);
    sqlite3_bind_text(stmt, 1, json, -1, SQLITE_STATIC);
    bool ok = true;
    int rc;
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ok = take_option(db, stmt, def, space, err);
    if (ok && rc != SQLITE_DONE)
        ok = vec_sqlite_error(db, err);
    sqlite3_finalize(stmt);
    return ok;
}

static void sql_create(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_conn *conn = sqlite3_user_data(context);
    struct vec_index_def def = {.name = text_argument(argv[0]),
                                .table = text_argument(argv[1]),
                                .column = text_argument(argv[2])};
    struct vec_error err = {0};
    struct option_space space = {0};
    bool ok = argc < 4 || sqlite3_value_type(argv[3]) == SQLITE_NULL ||
              read_options(conn->db, text_argument(argv[3]), &def, &space, &err);
    if (ok && def.type == VEC_TYPE_BIT && def.metric == VEC_METRIC_L2)
        def.metric = VEC_METRIC_HAMMING;
    if (!ok || !vec_schema_create(conn, &def, NULL, &err))
        vec_sqlfunc_error(context, &err);
    free_options(&space);
}

static void sql_drop(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_error err = {0};
    (void)argc;
    if (!vec_schema_drop(sqlite3_user_data(context), text_argument(argv[0]), &err))
        vec_sqlfunc_error(context, &err);
}

static void sql_rename(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_error err = {0};
    (void)argc;
    if (!vec_schema_rename(sqlite3_user_data(context), text_argument(argv[0]),
                           text_argument(argv[1]), &err))
        vec_sqlfunc_error(context, &err);
}

static void sql_reindex(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_error err = {0};
    int lists = argc > 1 ? sqlite3_value_int(argv[1]) : -1;
    if (!vec_schema_reindex(sqlite3_user_data(context), text_argument(argv[0]), lists, NULL, &err))
        vec_sqlfunc_error(context, &err);
}

static void sql_row_changed(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_error err = {0};
    (void)argc;
    struct vec_index *ix = vec_index_open(sqlite3_user_data(context), text_argument(argv[0]), &err);
    bool gone = sqlite3_value_type(argv[1]) != SQLITE_NULL;
    bool made = sqlite3_value_type(argv[2]) != SQLITE_NULL;
    int64_t old = sqlite3_value_int64(argv[1]), new = sqlite3_value_int64(argv[2]);
    bool ok = ix != NULL;
    if (!ok && err.code == VEC_UNDEFINED_OBJECT) { /* its trigger is here */
        vec_error_set(&err, VEC_INDEX_CORRUPTED, "index \"%s\" is damaged: it has no meta table", text_argument(argv[0]));
        vec_error_hint(&err, "REINDEX it.");
    }
    if (ok && gone && !(made && old == new))
        ok = vec_write_delete(ix, old, made, &err);
    if (ok && made)
        ok = vec_write_row(ix, new, &err);
    if (!ok) {
        ((struct vec_conn *)sqlite3_user_data(context))->last_error = err;
        vec_sqlfunc_error(context, &err);
    } else {
        sqlite3_result_int(context, 0);
    }
}

static void sql_maintain(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_error err = {0};
    int64_t steps = 0, budget = argc > 1 ? sqlite3_value_int64(argv[1]) : -1;
    struct vec_index *ix = vec_index_open(sqlite3_user_data(context), text_argument(argv[0]), &err);
    if (!ix || !vec_write_maintain(ix, budget, &steps, &err))
        vec_sqlfunc_error(context, &err);
    else
        sqlite3_result_int64(context, steps);
}

static void text_of_index(sqlite3_context *context, sqlite3_value **argv,
                          bool (*body)(struct vec_index *, struct vec_buf *, struct vec_error *))
{
    struct vec_error err = {0};
    struct vec_buf out = {0};
    struct vec_index *ix = vec_index_open(sqlite3_user_data(context), text_argument(argv[0]), &err);
    if (!ix || !body(ix, &out, &err))
        vec_sqlfunc_error(context, &err);
    else
        sqlite3_result_text64(context, (const char *)out.data, out.len, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
    vec_buf_free(&out);
}

static void sql_check(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    text_of_index(context, argv, vec_check_index);
}

static void sql_info(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    text_of_index(context, argv, vec_check_info);
}

static void sql_rowset_step(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_buf *ids = sqlite3_aggregate_context(context, sizeof *ids);
    int64_t id = sqlite3_value_int64(argv[0]);
    (void)argc;
    if (ids && sqlite3_value_type(argv[0]) != SQLITE_NULL && !vec_buf_append(ids, &id, sizeof id, NULL))
        sqlite3_result_error_nomem(context);
}

static void sql_rowset_final(sqlite3_context *context)
{
    struct vec_buf none = {0}, out = {0}, *ids = sqlite3_aggregate_context(context, 0);
    struct vec_error err = {0};
    if (!ids)
        ids = &none;
    if (vec_rowset_encode((int64_t *)(void *)ids->data, ids->len / sizeof(int64_t), &out, &err))
        sqlite3_result_blob64(context, out.data, out.len, SQLITE_TRANSIENT);
    else
        vec_sqlfunc_error(context, &err);
    vec_buf_free(&out);
    vec_buf_free(ids);
}

/* Hands the connection's state to vec_conn_find(), through a pointer that SQL cannot make. */
static void sql_connection(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct vec_conn **to = sqlite3_value_pointer(argv[0], conn_pointer);
    (void)argc;
    if (to)
        *to = sqlite3_user_data(context);
}

struct vec_conn *vec_conn_find(sqlite3 *db, struct vec_error *err)
{
    struct vec_conn *conn = NULL;
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, "SELECT vec_connection(?1)", -1, &stmt, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(stmt, 1, &conn, conn_pointer, NULL);
        sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    if (!conn)
        vec_error_set(err, VEC_UNSUPPORTED, "vecext is not registered on this connection");
    return conn;
}

bool vec_scan_last_stats(sqlite3 *db, struct vec_scan_stats *stats)
{
    struct vec_conn *conn = vec_conn_find(db, NULL);
    if (conn)
        *stats = conn->last_scan;
    return conn != NULL;
}

bool vec_last_error(sqlite3 *db, struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, NULL);
    if (!conn || conn->last_error.code == VEC_OK)
        return false;
    *err = conn->last_error;
    conn->last_error.code = VEC_OK;
    return true;
}

static const struct {
    const char *name;
    int arguments, flags;
    void (*function)(sqlite3_context *, int, sqlite3_value **);
} functions[] = {
    {"vec_create_index", 3, SQLITE_DIRECTONLY, sql_create},
    {"vec_create_index", 4, SQLITE_DIRECTONLY, sql_create},
    {"vec_drop_index", 1, SQLITE_DIRECTONLY, sql_drop},
    {"vec_rename_index", 2, SQLITE_DIRECTONLY, sql_rename},
    {"vec_reindex", 1, SQLITE_DIRECTONLY, sql_reindex},
    {"vec_reindex", 2, SQLITE_DIRECTONLY, sql_reindex},
    {"vec_maintain", 1, SQLITE_DIRECTONLY, sql_maintain},
    {"vec_maintain", 2, SQLITE_DIRECTONLY, sql_maintain},
    {"vec_check", 1, SQLITE_DIRECTONLY, sql_check},
    {"vec_index_info", 1, SQLITE_DIRECTONLY, sql_info},
    {"vec_row_changed", 3, SQLITE_INNOCUOUS, sql_row_changed},
    {"vec_connection", 1, SQLITE_DIRECTONLY, sql_connection},
};

int vec_sqlindex_register(struct vec_conn *conn)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof functions / sizeof *functions; i++) {
        conn->references++; /* released by SQLite, also when the registration fails */
        rc = sqlite3_create_function_v2(conn->db, functions[i].name, functions[i].arguments,
                                        SQLITE_UTF8 | functions[i].flags, conn,
                                        functions[i].function, NULL, NULL, vec_conn_release);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(conn->db, "vec_rowset", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS,
                                        NULL, NULL, sql_rowset_step, sql_rowset_final, NULL);
    return rc;
}
