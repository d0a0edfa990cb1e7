/* vec_exact.c - see vec_exact.h: the table function over vec_exact_scan.h. */
#include "vecext/vec_exact.h"

#include <stdlib.h>

#include "vecext/vec_exact_scan.h"

enum column { COLUMN_DISTANCE, COLUMN_ID, COLUMN_ROWS, COLUMN_BOUNDS, COLUMN_TYPE, COLUMN_METRIC, COLUMN_QUERY, COLUMN_K,
              COLUMN_TIES, COLUMN_COUNT, FIRST_ARGUMENT = COLUMN_ROWS };

struct nearest_table {
    sqlite3_vtab base;
    struct vec_conn *conn;
};

struct nearest_cursor {
    sqlite3_vtab_cursor base;
    struct vec_closest found;
    size_t at;
};

static int nearest_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
    (void)argc, (void)argv, (void)error;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE vec_nearest(distance INTEGER, id INTEGER, rows HIDDEN, bounds HIDDEN, "
                                      "type HIDDEN, metric HIDDEN, query HIDDEN, k HIDDEN, ties HIDDEN)");
    struct nearest_table *table = rc == SQLITE_OK ? calloc(1, sizeof *table) : NULL;
    if (!table)
        return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
    table->conn = aux;
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    *out = &table->base;
    return SQLITE_OK;
}

static int nearest_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

/* All arguments are needed. */
static int nearest_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    int given = 0;
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        if (column < FIRST_ARGUMENT || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ ||
            !info->aConstraint[i].usable)
            continue;
        info->aConstraintUsage[i].argvIndex = column - FIRST_ARGUMENT + 1;
        info->aConstraintUsage[i].omit = 1;
        given |= 1 << column;
    }
    if (given != (1 << COLUMN_COUNT) - (1 << FIRST_ARGUMENT))
        return SQLITE_CONSTRAINT;
    info->orderByConsumed =
        info->nOrderBy == 1 && info->aOrderBy[0].iColumn == COLUMN_DISTANCE && !info->aOrderBy[0].desc;
    info->estimatedCost = 100;
    info->estimatedRows = 10;
    return SQLITE_OK;
}

static int nearest_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct nearest_cursor *cursor = calloc(1, sizeof *cursor);
    *out = cursor ? &cursor->base : NULL;
    return cursor ? SQLITE_OK : SQLITE_NOMEM;
}

static int nearest_close(sqlite3_vtab_cursor *base)
{
    vec_buf_free(&((struct nearest_cursor *)base)->found.rows);
    free(base);
    return SQLITE_OK;
}

static bool take_question(struct vec_question *q, sqlite3_value **arg, struct vec_error *err)
{
    const char *type = (const char *)sqlite3_value_text(arg[COLUMN_TYPE]);
    const char *metric = (const char *)sqlite3_value_text(arg[COLUMN_METRIC]);
    *q = (struct vec_question){.query = {sqlite3_value_blob(arg[COLUMN_QUERY]), (size_t)sqlite3_value_bytes(arg[COLUMN_QUERY])},
                           .k = sqlite3_value_type(arg[COLUMN_K]) == SQLITE_NULL ? -1 : sqlite3_value_int64(arg[COLUMN_K]),
                           .ties = sqlite3_value_int(arg[COLUMN_TIES]) != 0};
    if (!type || !vec_type_find(type, &q->type) || !metric || !vec_metric_find(metric, &q->metric) ||
        !vec_metric_applies(q->metric, q->type))
        return vec_error_set(err, VEC_INVALID_PARAMETER, "vec_nearest() of an unknown type or metric");
    return !q->query.data || vec_blob_check(q->type, q->query, false, err);
}

static int nearest_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv)
{
    struct nearest_cursor *cursor = (struct nearest_cursor *)base;
    struct vec_conn *conn = ((struct nearest_table *)base->pVtab)->conn;
    sqlite3_value **arg = argv - FIRST_ARGUMENT;
    struct vec_error err = {0};
    struct vec_question question;
    (void)number, (void)text, (void)argc;
    cursor->at = 0;
    struct vec_subquery *rows = vec_subquery_get(arg[COLUMN_ROWS]);
    bool ok = rows || vec_error_set(&err, VEC_INVALID_PARAMETER, "vec_nearest() needs vec_rows()");
    ok = ok && take_question(&question, arg, &err);
    vec_closest_begin(&cursor->found, &question);
    ok = ok && vec_exact_scan(conn, rows, (const char *)sqlite3_value_text(arg[COLUMN_BOUNDS]), &cursor->found, &err);
    vec_subquery_release(rows);
    return ok ? SQLITE_OK : vec_conn_report(conn, base->pVtab, &err);
}

static int nearest_next(sqlite3_vtab_cursor *base)
{
    ((struct nearest_cursor *)base)->at += sizeof(struct vec_close_row);
    return SQLITE_OK;
}

static int nearest_eof(sqlite3_vtab_cursor *base)
{
    const struct nearest_cursor *cursor = (const struct nearest_cursor *)base;
    return cursor->at >= cursor->found.rows.len;
}

static const struct vec_close_row *present_row(sqlite3_vtab_cursor *base)
{
    const struct nearest_cursor *cursor = (const struct nearest_cursor *)base;
    return (const struct vec_close_row *)(const void *)(cursor->found.rows.data + cursor->at);
}

static int nearest_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    if (column == COLUMN_DISTANCE || column == COLUMN_ID)
        sqlite3_result_int64(context, column == COLUMN_ID ? present_row(base)->id : present_row(base)->rank);
    return SQLITE_OK;
}

static int nearest_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = present_row(base)->id;
    return SQLITE_OK;
}

static const sqlite3_module nearest_module = {
    .xConnect = nearest_connect,
    .xBestIndex = nearest_best_index,
    .xDisconnect = nearest_disconnect,
    .xOpen = nearest_open,
    .xClose = nearest_close,
    .xFilter = nearest_filter,
    .xNext = nearest_next,
    .xEof = nearest_eof,
    .xColumn = nearest_column,
    .xRowid = nearest_rowid,
};

int vec_exact_register(struct vec_conn *conn)
{
    conn->references++; /* released by SQLite, also when the registration fails */
    return sqlite3_create_module_v2(conn->db, "vec_nearest", &nearest_module, conn, vec_conn_release);
}
