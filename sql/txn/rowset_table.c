/*
 * rowset_table.c: rowset(?) as an eponymous virtual table of SQLite. Plan 1: rows whose c0 equals
 * an integer, through a hash; plan 0: all rows.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/base/strbuf.h"
#include "sql/txn/rowset.h"

struct rowset_cursor {
    sqlite3_vtab_cursor base;
    struct rowset *rows;
    int64_t at;
    bool by_key;
    int64_t key;
    int64_t probe; /* next slot of the hash */
};

static int rowset_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                          sqlite3_vtab **vtab, char **error)
{
    (void)aux, (void)argc, (void)argv, (void)error;
    struct strbuf sql = {0};
    strbuf_addz(&sql, "CREATE TABLE x(");
    for (int i = 0; i < ROWSET_COLUMNS; i++)
        strbuf_printf(&sql, "c%d, ", i);
    strbuf_addz(&sql, "rows HIDDEN)");
    int rc = sqlite3_declare_vtab(db, sql.data);
    strbuf_free(&sql);
    if (rc == SQLITE_OK)
        *vtab = calloc(1, sizeof(**vtab));
    return rc == SQLITE_OK && !*vtab ? SQLITE_NOMEM : rc;
}

static int rowset_disconnect(sqlite3_vtab *vtab)
{
    free(vtab);
    return SQLITE_OK;
}

static int rowset_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    (void)vtab;
    int pointer = -1, key = -1;
    for (int i = 0; i < info->nConstraint; i++) {
        if (!info->aConstraint[i].usable || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (info->aConstraint[i].iColumn == ROWSET_COLUMNS)
            pointer = i;
        else if (info->aConstraint[i].iColumn == 0)
            key = i;
    }
    if (pointer < 0)
        return SQLITE_CONSTRAINT;
    info->aConstraintUsage[pointer].argvIndex = 1;
    info->aConstraintUsage[pointer].omit = 1;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    if (key >= 0) {
        info->aConstraintUsage[key].argvIndex = 2;
        info->idxNum = 1;
        info->estimatedCost = 1;
        info->estimatedRows = 1;
    }
    return SQLITE_OK;
}

static int rowset_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **cursor)
{
    (void)vtab;
    struct rowset_cursor *c = calloc(1, sizeof(*c));
    if (!c)
        return SQLITE_NOMEM;
    *cursor = &c->base;
    return SQLITE_OK;
}

static int rowset_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int64_t rowset_slot(const struct rowset *r, int64_t key)
{
    return (int64_t)(((uint64_t)key * 0x9e3779b97f4a7c15u) >> 20) & (r->nindex - 1);
}

static void rowset_build_index(struct rowset *r)
{
    r->nindex = 16;
    while (r->nindex < r->nrows * 2)
        r->nindex *= 2;
    r->index = malloc(sizeof(*r->index) * (size_t)r->nindex);
    if (!r->index)
        log_fatal("out of memory");
    memset(r->index, 0xff, sizeof(*r->index) * (size_t)r->nindex);
    for (int64_t i = 0; i < r->nrows; i++) {
        const struct value *v = rowset_row(r, i);
        if (v->kind != VALUE_INT)
            continue;
        int64_t slot = rowset_slot(r, v->i);
        while (r->index[slot] >= 0)
            slot = (slot + 1) & (r->nindex - 1);
        r->index[slot] = i;
    }
}

/* Moves a keyed cursor to the next row with its key; at the end at = nrows. */
static void rowset_probe(struct rowset_cursor *c)
{
    struct rowset *r = c->rows;
    while (r->index[c->probe] >= 0) {
        int64_t row = r->index[c->probe];
        c->probe = (c->probe + 1) & (r->nindex - 1);
        if (rowset_row(r, row)->i == c->key) {
            c->at = row;
            return;
        }
    }
    c->at = r->nrows;
}

static int rowset_filter(sqlite3_vtab_cursor *cursor, int plan, const char *unused, int argc,
                         sqlite3_value **argv)
{
    (void)unused, (void)argc;
    struct rowset_cursor *c = (struct rowset_cursor *)cursor;
    c->rows = sqlite3_value_pointer(argv[0], ROWSET_POINTER);
    c->at = 0;
    c->by_key = plan == 1 && c->rows && c->rows->ncolumns > 0;
    if (!c->by_key)
        return SQLITE_OK;
    if (sqlite3_value_type(argv[1]) != SQLITE_INTEGER) {
        c->at = c->rows->nrows;
        c->by_key = false;
        return SQLITE_OK;
    }
    if (!c->rows->index)
        rowset_build_index(c->rows);
    c->key = sqlite3_value_int64(argv[1]);
    c->probe = rowset_slot(c->rows, c->key);
    rowset_probe(c);
    return SQLITE_OK;
}

static int rowset_next(sqlite3_vtab_cursor *cursor)
{
    struct rowset_cursor *c = (struct rowset_cursor *)cursor;
    if (c->by_key)
        rowset_probe(c);
    else
        c->at++;
    return SQLITE_OK;
}

static int rowset_eof(sqlite3_vtab_cursor *cursor)
{
    struct rowset_cursor *c = (struct rowset_cursor *)cursor;
    return !c->rows || c->at >= c->rows->nrows;
}

static int rowset_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int i)
{
    struct rowset_cursor *c = (struct rowset_cursor *)cursor;
    if (i >= c->rows->ncolumns)
        return SQLITE_OK;
    const struct value *v = &rowset_row(c->rows, c->at)[i];
    switch (v->kind) {
    case VALUE_NULL:
        break;
    case VALUE_INT:
        sqlite3_result_int64(context, v->i);
        break;
    case VALUE_REAL:
        sqlite3_result_double(context, v->d);
        break;
    case VALUE_TEXT:
        sqlite3_result_text64(context, v->p, v->n, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        sqlite3_result_blob64(context, v->n ? v->p : "", v->n, SQLITE_STATIC);
        break;
    }
    return SQLITE_OK;
}

static int rowset_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = ((struct rowset_cursor *)cursor)->at;
    return SQLITE_OK;
}

static const sqlite3_module rowset_module = {
    .iVersion = 0,
    .xConnect = rowset_connect,
    .xBestIndex = rowset_best_index,
    .xDisconnect = rowset_disconnect,
    .xOpen = rowset_open,
    .xClose = rowset_close,
    .xFilter = rowset_filter,
    .xNext = rowset_next,
    .xEof = rowset_eof,
    .xColumn = rowset_column,
    .xRowid = rowset_rowid,
};

int rowset_table_register(sqlite3 *db)
{
    return sqlite3_create_module_v2(db, "rowset", &rowset_module, NULL, NULL);
}
