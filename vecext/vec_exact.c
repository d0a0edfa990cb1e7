/*
 * vec_exact.c - see vec_exact.h.
 *
 * Rows collect in a buffer; when it is full it is sorted and cut at the k-th, whose distance then bounds what comes. Two threads
 * have a buffer each; the rows of both are sorted and cut once more.
 */
#include "vecext/vec_exact.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_distance.h"
#include "vecext/vec_helper.h"
#include "vecext/vec_pool.h"
#include "vecext/vec_subquery.h"

enum {
    LEAST_ROOM = 1024,
    RANGE = 1024,       /* rowids that are read at a time, at least */
    MOST_RANGES = 4096, /* in one table */
    THREADS = 2,
    STOP_OPS = 1000 /* of SQLite's between two looks at whether the helper should stop */
};

enum order_class { CLASS_NUMBER, CLASS_NAN, CLASS_NULL };

struct near_row {
    double distance; /* 0 unless class is CLASS_NUMBER */
    int64_t id;
    int64_t rank;
    int class;
};

/* What is asked for. */
struct question {
    enum vec_type type;
    enum vec_metric metric;
    struct vec_blob query; /* no data: it is NULL */
    int64_t k;             /* negative: all */
    bool ties;
};

/* The nearest of the rows that one thread has read. */
struct nearest {
    const struct question *question;
    struct vec_buf rows;
    size_t room;  /* rows before the next cut */
    double bound; /* distance of the k-th of those cut; rows beyond are not kept */
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
    const struct question *q = n->question;
    struct near_row *rows = (void *)n->rows.data;
    size_t have = n->rows.len / sizeof *rows;
    if (have > 1)
        qsort(rows, have, sizeof *rows, compare_rows);
    if (q->k < 0 || (uint64_t)q->k >= have)
        return;
    size_t keep = (size_t)q->k;
    while (q->ties && keep && keep < have && as_far(&rows[keep], &rows[keep - 1]))
        keep++;
    n->rows.len = keep * sizeof *rows;
    n->bounded = keep && rows[keep - 1].class == CLASS_NUMBER;
    n->bound = n->bounded ? rows[keep - 1].distance : 0;
}

/* What differs from the query in length is no vector of its dimension, but for sparse ones; one that is of another kind has
 * its error from the check. */
static bool measure(const struct question *q, sqlite3_stmt *stmt, struct near_row *row, struct vec_error *err)
{
    struct vec_blob a = {sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1)};
    if (!a.data || !q->query.data) {
        row->class = CLASS_NULL;
        return true;
    }
    double d;
    if (a.len == q->query.len && q->type != VEC_TYPE_SPARSEVEC && sqlite3_column_type(stmt, 1) == SQLITE_BLOB)
        d = vec_distance_unchecked(q->type, q->metric, a, q->query);
    else if (!vec_blob_check(q->type, a, false, err) || !vec_distance(q->type, q->metric, a, q->query, &d, err))
        return false;
    row->class = isnan(d) ? CLASS_NAN : CLASS_NUMBER;
    row->distance = isnan(d) ? 0 : d;
    return true;
}

static bool take_row(struct nearest *n, sqlite3_stmt *stmt, struct vec_error *err)
{
    struct near_row row = {.id = sqlite3_column_int64(stmt, 0)};
    if (!measure(n->question, stmt, &row, err))
        return false;
    if (n->bounded && (row.class != CLASS_NUMBER || row.distance > n->bound))
        return true;
    if (!vec_buf_append(&n->rows, &row, sizeof row, err))
        return false;
    if (n->rows.len / sizeof row >= n->room) {
        cut(n);
        n->room = 2 * (n->rows.len / sizeof row) + LEAST_ROOM;
    }
    return true;
}

static void nearest_begin(struct nearest *n, const struct question *question)
{
    vec_buf_free(&n->rows);
    *n = (struct nearest){.question = question, .room = LEAST_ROOM};
}

/* All rows that the statement gives as it stands. */
static bool read_rows(struct nearest *n, struct vec_reader *reader, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_reader_statement(reader);
    int more;
    while ((more = vec_reader_next(reader, err)) > 0)
        if (!take_row(n, stmt, err)) {
            sqlite3_reset(stmt);
            return false;
        }
    return more == 0;
}

/* --- two threads --------------------------------------------------------------------------------------------------- */

struct scan {
    int64_t first;   /* rowid */
    uint64_t last;   /* rowids behind the first */
    uint64_t range;  /* rowids read at a time */
    struct vec_reader *readers[THREADS];
    struct nearest parts[THREADS];
    struct vec_error errors[THREADS];
    atomic_bool failed;
};

static int stop(void *scan)
{
    return atomic_load(&((struct scan *)scan)->failed);
}

/* vec_pool_fn: ranges [from, to). */
static bool scan_ranges(void *context, size_t from, size_t to, int worker)
{
    struct scan *s = context;
    for (size_t i = from; i < to; i++) {
        uint64_t low = i * s->range, high = s->last - low < s->range ? s->last : low + s->range - 1;
        vec_reader_range(s->readers[worker], (int64_t)((uint64_t)s->first + low), (int64_t)((uint64_t)s->first + high));
        if (!read_rows(&s->parts[worker], s->readers[worker], &s->errors[worker])) {
            atomic_store(&s->failed, true);
            return false;
        }
    }
    return true;
}

/* First and last rowid; *last is negative, as a distance, when there is no row. */
static bool read_bounds(struct vec_conn *conn, const char *sql, struct scan *s, bool *any, struct vec_error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (vec_conn_prepare(conn, sql, 0, &stmt) != SQLITE_OK)
        return vec_sqlite_error(conn->db, err);
    bool ok = sqlite3_step(stmt) == SQLITE_ROW;
    *any = ok && sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
    if (*any) {
        s->first = sqlite3_column_int64(stmt, 0);
        s->last = (uint64_t)sqlite3_column_int64(stmt, 1) - (uint64_t)s->first;
        s->range = s->last / MOST_RANGES < RANGE ? RANGE : s->last / MOST_RANGES + 1;
    } else if (!ok) {
        vec_sqlite_error(conn->db, err);
    }
    sqlite3_finalize(stmt);
    return ok;
}

/* Adds what the second thread has found. */
static bool join_parts(struct scan *s, struct vec_error *err)
{
    const struct vec_buf *second = &s->parts[1].rows;
    return !second->len || vec_buf_append(&s->parts[0].rows, second->data, second->len, err);
}

/* Reads the ranges of a table, with the helper where there is one. A failure beside the helper, but for an interrupt, is found again
 * by reading alone: errors are then those of the first row that has one. */
static bool scan_table(struct vec_conn *conn, const struct vec_subquery *rows, struct scan *s, struct vec_error *err)
{
    size_t ranges = (size_t)(s->last / s->range) + 1;
    struct vec_conn *helper = ranges > THREADS ? vec_helper_begin(conn) : NULL;
    bool ok = false, interrupted = false;
    if (helper && (s->readers[1] = vec_reader_open(helper, rows, NULL))) {
        sqlite3_progress_handler(helper->db, STOP_OPS, stop, s);
        ok = vec_pool_run(THREADS, ranges, 1, scan_ranges, s);
        sqlite3_progress_handler(helper->db, 0, NULL, NULL);
        vec_reader_close(s->readers[1]);
        interrupted = s->errors[0].sqlite_rc == SQLITE_INTERRUPT;
        if (interrupted && err)
            *err = s->errors[0];
    }
    if (helper)
        vec_helper_end(helper);
    if (ok)
        return join_parts(s, err);
    if (interrupted)
        return false;
    nearest_begin(&s->parts[0], s->parts[0].question);
    for (size_t i = 0; i < ranges; i++)
        if (!scan_ranges(s, i, i + 1, 0)) {
            if (err)
                *err = s->errors[0];
            return false;
        }
    return true;
}

/* The answer's rows into *found, in order. */
static bool find(struct vec_conn *conn, const struct vec_subquery *rows, const char *bounds, const struct question *q,
                 struct vec_buf *found, struct vec_error *err)
{
    struct scan s = {0};
    bool any = false;
    for (int i = 0; i < THREADS; i++)
        nearest_begin(&s.parts[i], q);
    s.readers[0] = vec_reader_open(conn, rows, err);
    bool ok = s.readers[0] != NULL;
    if (ok && !bounds)
        ok = read_rows(&s.parts[0], s.readers[0], err);
    else if (ok)
        ok = read_bounds(conn, bounds, &s, &any, err) && (!any || scan_table(conn, rows, &s, err));
    vec_reader_close(s.readers[0]);
    if (ok)
        cut(&s.parts[0]);
    vec_buf_free(found);
    *found = s.parts[0].rows;
    vec_buf_free(&s.parts[1].rows);
    struct near_row *near = (void *)found->data;
    for (size_t i = 1; ok && i < found->len / sizeof *near; i++)
        near[i].rank = near[i - 1].rank + !as_far(&near[i], &near[i - 1]);
    return ok;
}

/* --- the table ----------------------------------------------------------------------------------------------------- */

enum column { COLUMN_DISTANCE, COLUMN_ID, COLUMN_ROWS, COLUMN_BOUNDS, COLUMN_TYPE, COLUMN_METRIC, COLUMN_QUERY, COLUMN_K,
              COLUMN_TIES, COLUMN_COUNT, FIRST_ARGUMENT = COLUMN_ROWS };

struct nearest_table {
    sqlite3_vtab base;
    struct vec_conn *conn;
};

struct nearest_cursor {
    sqlite3_vtab_cursor base;
    struct vec_buf rows;
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
    vec_buf_free(&((struct nearest_cursor *)base)->rows);
    free(base);
    return SQLITE_OK;
}

static bool take_question(struct question *q, sqlite3_value **arg, struct vec_error *err)
{
    const char *type = (const char *)sqlite3_value_text(arg[COLUMN_TYPE]);
    const char *metric = (const char *)sqlite3_value_text(arg[COLUMN_METRIC]);
    *q = (struct question){.query = {sqlite3_value_blob(arg[COLUMN_QUERY]), (size_t)sqlite3_value_bytes(arg[COLUMN_QUERY])},
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
    struct question question;
    (void)number, (void)text, (void)argc;
    cursor->at = cursor->rows.len = 0;
    struct vec_subquery *rows = vec_subquery_get(arg[COLUMN_ROWS]);
    bool ok = rows || vec_error_set(&err, VEC_INVALID_PARAMETER, "vec_nearest() needs vec_rows()");
    ok = ok && take_question(&question, arg, &err) &&
         find(conn, rows, (const char *)sqlite3_value_text(arg[COLUMN_BOUNDS]), &question, &cursor->rows, &err);
    vec_subquery_release(rows);
    return ok ? SQLITE_OK : vec_conn_report(conn, base->pVtab, &err);
}

static int nearest_next(sqlite3_vtab_cursor *base)
{
    ((struct nearest_cursor *)base)->at += sizeof(struct near_row);
    return SQLITE_OK;
}

static int nearest_eof(sqlite3_vtab_cursor *base)
{
    const struct nearest_cursor *cursor = (const struct nearest_cursor *)base;
    return cursor->at >= cursor->rows.len;
}

static const struct near_row *present_row(sqlite3_vtab_cursor *base)
{
    const struct nearest_cursor *cursor = (const struct nearest_cursor *)base;
    return (const struct near_row *)(const void *)(cursor->rows.data + cursor->at);
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
