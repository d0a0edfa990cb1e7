/*
 * vec_exact.c - see vec_exact.h.
 *
 * Rows collect in a buffer; when it is full it is sorted and cut at the k-th, whose distance then bounds what comes. The
 * list's blob: 4 bytes "vnl1", then 16 bytes a row: i64 rank, i64 id.
 */
#include "vecext/vec_exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_distance.h"
#include "vecext/vec_sqlfunc.h"

enum { LEAST_ROOM = 1024, MAGIC_BYTES = 4 };
static const char magic[MAGIC_BYTES] = {'v', 'n', 'l', '1'};

enum order_class { CLASS_NUMBER, CLASS_NAN, CLASS_NULL };

struct near_row {
    double distance; /* 0 unless class is CLASS_NUMBER */
    int64_t id;
    int class;
};

struct nearest {
    bool started, failed, ties;
    enum vec_type type;
    enum vec_metric metric;
    struct vec_buf query, rows;
    bool no_query;  /* it is NULL */
    int64_t k;      /* negative: all */
    size_t room;    /* rows before the next cut */
    double bound;   /* distance of the k-th of those cut; rows beyond are not kept */
    bool bounded;
};

static int compare_rows(const void *a, const void *b)
{
    const struct near_row *x = a, *y = b;
    if (x->class != y->class)
        return x->class - y->class;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static bool as_far(const struct near_row *a, const struct near_row *b)
{
    return a->class == b->class && a->distance == b->distance;
}

static void cut(struct nearest *n)
{
    struct near_row *rows = (void *)n->rows.data;
    size_t have = n->rows.len / sizeof *rows;
    if (have > 1)
        qsort(rows, have, sizeof *rows, compare_rows);
    if (n->k < 0 || (uint64_t)n->k >= have)
        return;
    size_t keep = (size_t)n->k;
    while (n->ties && keep && keep < have && as_far(&rows[keep], &rows[keep - 1]))
        keep++;
    n->rows.len = keep * sizeof *rows;
    n->bounded = keep && rows[keep - 1].class == CLASS_NUMBER;
    n->bound = n->bounded ? rows[keep - 1].distance : 0;
}

static void fail(sqlite3_context *context, struct nearest *n, const struct vec_error *err)
{
    n->failed = true;
    ((struct vec_conn *)sqlite3_user_data(context))->last_error = *err;
    vec_sqlfunc_error(context, err);
}

static bool start(struct nearest *n, sqlite3_value **argv, struct vec_error *err)
{
    const char *type = (const char *)sqlite3_value_text(argv[2]), *metric = (const char *)sqlite3_value_text(argv[3]);
    n->started = true;
    n->room = LEAST_ROOM;
    n->k = sqlite3_value_type(argv[5]) == SQLITE_NULL ? -1 : sqlite3_value_int64(argv[5]);
    n->ties = sqlite3_value_int(argv[6]) != 0;
    n->no_query = sqlite3_value_type(argv[4]) == SQLITE_NULL;
    if (!type || !vec_type_find(type, &n->type) || !metric || !vec_metric_find(metric, &n->metric) ||
        !vec_metric_applies(n->metric, n->type))
        return vec_error_set(err, VEC_INVALID_PARAMETER, "vec_nearest() of an unknown type or metric");
    if (n->no_query)
        return true;
    struct vec_blob query = {sqlite3_value_blob(argv[4]), (size_t)sqlite3_value_bytes(argv[4])};
    return vec_blob_check(n->type, query, false, err) && vec_buf_append(&n->query, query.data, query.len, err);
}

/* What differs from the query in length is no vector of its dimension, but for sparse ones; one that is of another kind has
 * its error from the check. */
static bool measure(const struct nearest *n, sqlite3_value *value, struct near_row *row, struct vec_error *err)
{
    struct vec_blob a = {sqlite3_value_blob(value), (size_t)sqlite3_value_bytes(value)};
    const struct vec_blob q = {n->query.data, n->query.len};
    if (!a.data || n->no_query) {
        row->class = CLASS_NULL;
        return true;
    }
    double d;
    if (a.len == q.len && n->type != VEC_TYPE_SPARSEVEC && sqlite3_value_type(value) == SQLITE_BLOB)
        d = vec_distance_unchecked(n->type, n->metric, a, q);
    else if (!vec_blob_check(n->type, a, false, err) || !vec_distance(n->type, n->metric, a, q, &d, err))
        return false;
    row->class = isnan(d) ? CLASS_NAN : CLASS_NUMBER;
    row->distance = isnan(d) ? 0 : d;
    return true;
}

static void nearest_step(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct nearest *n = sqlite3_aggregate_context(context, sizeof *n);
    struct vec_error err = {0};
    (void)argc;
    if (!n || n->failed)
        return;
    struct near_row row = {.id = sqlite3_value_int64(argv[0])};
    if ((!n->started && !start(n, argv, &err)) || !measure(n, argv[1], &row, &err)) {
        fail(context, n, &err);
        return;
    }
    if (n->bounded && (row.class != CLASS_NUMBER || row.distance > n->bound))
        return;
    if (!vec_buf_append(&n->rows, &row, sizeof row, &err)) {
        fail(context, n, &err);
    } else if (n->rows.len / sizeof row >= n->room) {
        cut(n);
        n->room = 2 * (n->rows.len / sizeof row) + LEAST_ROOM;
    }
}

/* The rows' blob, in place of what they were. */
static bool encode(struct nearest *n, struct vec_buf *out, struct vec_error *err)
{
    const struct near_row *rows = (const void *)n->rows.data;
    size_t have = n->rows.len / sizeof *rows;
    unsigned char *to = vec_buf_resize(out, MAGIC_BYTES + 16 * have, err);
    if (!to)
        return false;
    memcpy(to, magic, MAGIC_BYTES);
    int64_t rank = 0;
    for (size_t i = 0; i < have; i++) {
        rank += i > 0 && !as_far(&rows[i], &rows[i - 1]);
        memcpy(to + MAGIC_BYTES + 16 * i, &rank, 8);
        memcpy(to + MAGIC_BYTES + 16 * i + 8, &rows[i].id, 8);
    }
    return true;
}

static void nearest_final(sqlite3_context *context)
{
    struct nearest *n = sqlite3_aggregate_context(context, 0);
    struct vec_buf out = {0};
    struct vec_error err = {0};
    if (!n) {
        sqlite3_result_blob(context, magic, MAGIC_BYTES, SQLITE_STATIC);
        return;
    }
    if (!n->failed) {
        cut(n);
        if (encode(n, &out, &err))
            sqlite3_result_blob64(context, out.data, out.len, SQLITE_TRANSIENT);
        else
            fail(context, n, &err);
    }
    vec_buf_free(&out);
    vec_buf_free(&n->rows);
    vec_buf_free(&n->query);
}

/* --- vec_ranked ---------------------------------------------------------------------------------------------------- */

enum { COLUMN_RANK, COLUMN_ID, COLUMN_LIST };

struct ranked_cursor {
    sqlite3_vtab_cursor base;
    struct vec_buf list;
    size_t at;
};

static int ranked_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
    (void)aux, (void)argc, (void)argv, (void)error;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE vec_ranked(distance INTEGER, id INTEGER, list HIDDEN)");
    *out = rc == SQLITE_OK ? calloc(1, sizeof **out) : NULL;
    if (rc == SQLITE_OK && !*out)
        return SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    return rc;
}

static int ranked_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int ranked_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    int list = -1;
    for (int i = 0; i < info->nConstraint; i++)
        if (info->aConstraint[i].iColumn == COLUMN_LIST && info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ) {
            if (!info->aConstraint[i].usable)
                return SQLITE_CONSTRAINT;
            list = i;
        }
    if (list < 0)
        return SQLITE_CONSTRAINT;
    info->aConstraintUsage[list].argvIndex = 1;
    info->aConstraintUsage[list].omit = 1;
    info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn == COLUMN_RANK && !info->aOrderBy[0].desc;
    info->estimatedCost = 100;
    info->estimatedRows = 10;
    return SQLITE_OK;
}

static int ranked_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct ranked_cursor *cursor = calloc(1, sizeof *cursor);
    *out = cursor ? &cursor->base : NULL;
    return cursor ? SQLITE_OK : SQLITE_NOMEM;
}

static int ranked_close(sqlite3_vtab_cursor *base)
{
    vec_buf_free(&((struct ranked_cursor *)base)->list);
    free(base);
    return SQLITE_OK;
}

static int ranked_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv)
{
    struct ranked_cursor *cursor = (struct ranked_cursor *)base;
    (void)number, (void)text;
    const unsigned char *blob = argc ? sqlite3_value_blob(argv[0]) : NULL;
    size_t len = blob ? (size_t)sqlite3_value_bytes(argv[0]) : 0;
    cursor->at = MAGIC_BYTES;
    cursor->list.len = 0;
    if (len < MAGIC_BYTES || memcmp(blob, magic, MAGIC_BYTES) != 0 || (len - MAGIC_BYTES) % 16)
        return SQLITE_OK;
    return vec_buf_append(&cursor->list, blob, len, NULL) ? SQLITE_OK : SQLITE_NOMEM;
}

static int ranked_next(sqlite3_vtab_cursor *base)
{
    ((struct ranked_cursor *)base)->at += 16;
    return SQLITE_OK;
}

static int ranked_eof(sqlite3_vtab_cursor *base)
{
    const struct ranked_cursor *cursor = (const struct ranked_cursor *)base;
    return cursor->at >= cursor->list.len;
}

static int64_t ranked_number(sqlite3_vtab_cursor *base, int column)
{
    const struct ranked_cursor *cursor = (const struct ranked_cursor *)base;
    int64_t number;
    memcpy(&number, cursor->list.data + cursor->at + (column == COLUMN_ID ? 8 : 0), sizeof number);
    return number;
}

static int ranked_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    if (column != COLUMN_LIST)
        sqlite3_result_int64(context, ranked_number(base, column));
    return SQLITE_OK;
}

static int ranked_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ranked_number(base, COLUMN_ID);
    return SQLITE_OK;
}

static const sqlite3_module ranked_module = {
    .xConnect = ranked_connect,
    .xBestIndex = ranked_best_index,
    .xDisconnect = ranked_disconnect,
    .xOpen = ranked_open,
    .xClose = ranked_close,
    .xFilter = ranked_filter,
    .xNext = ranked_next,
    .xEof = ranked_eof,
    .xColumn = ranked_column,
    .xRowid = ranked_rowid,
};

int vec_exact_register(struct vec_conn *conn)
{
    conn->references++; /* released by SQLite, also when the registration fails */
    int rc = sqlite3_create_function_v2(conn->db, "vec_nearest", 7, SQLITE_UTF8 | SQLITE_INNOCUOUS, conn, NULL,
                                        nearest_step, nearest_final, vec_conn_release);
    return rc == SQLITE_OK ? sqlite3_create_module_v2(conn->db, "vec_ranked", &ranked_module, NULL, NULL) : rc;
}
