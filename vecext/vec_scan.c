/*
 * vec_scan.c - the eponymous table function over vec_search.
 *
 *   CREATE TABLE vec_scan(distance, id, idx HIDDEN, query HIDDEN, k HIDDEN, probes HIDDEN,
 *                         filter HIDDEN, max_distance HIDDEN, batch HIDDEN, test HIDDEN, most_lists HIDDEN, most_rows HIDDEN,
 *                         condition HIDDEN)
 *
 * Rows come in order of distance, which is what xBestIndex promises for ORDER BY distance.
 * `distance <` and `distance <=` bound the search like max_distance (the comparison itself stays
 * with SQLite).
 *
 * idxNum is a bit set of the arguments present, in the order of the hidden columns, then the bound
 * on distance; they arrive in xFilter in that order.
 *
 * The module also ends the life of the connection's caches: SQLite disconnects eponymous tables
 * when it closes a connection, before it looks for statements left open.
 */
#include "vecext/vec_scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_filter.h"
#include "vecext/vec_invert.h"
#include "vecext/vec_location.h"
#include "vecext/vec_subquery.h"
#include "vecext/vec_search.h"
#include "vecext/vec_where.h"

enum column {
    COLUMN_DISTANCE,
    COLUMN_ID,
    COLUMN_INDEX,
    COLUMN_QUERY,
    COLUMN_K,
    COLUMN_PROBES,
    COLUMN_FILTER,
    COLUMN_MAX_DISTANCE,
    COLUMN_BATCH,
    COLUMN_TEST,
    COLUMN_MOST_LISTS,
    COLUMN_MOST_ROWS,
    COLUMN_CONDITION,
    COLUMN_COUNT,
    /* not a column: the bound that a comparison of distance gives */
    ARGUMENT_BOUND = COLUMN_COUNT
};

struct scan_table {
    sqlite3_vtab base;
    struct vec_conn *conn;
};

struct scan_cursor {
    sqlite3_vtab_cursor base;
    struct vec_index *index; /* begun; ended with the search */
    struct vec_search *search;
    struct vec_invert_search *inverted; /* instead, of an index on sparsevec */
    struct vec_rowset filter;
    struct vec_buf filter_blob; /* of a filter that was collected */
    struct vec_subquery *predicate, *condition; /* with a reference */
    struct vec_where *where;
    struct vec_reader *test;
    int64_t left;      /* of `all`'s rows; negative: all */
    bool all; /* of the index: no vector to search for, every row at an unknown distance */
    struct vec_location_walk walk; /* of `all` */
    sqlite3_value *query_value, *filter_value; /* what the search borrows */
    struct vec_buf query;
    int64_t id;
    double distance;
    bool eof;
};

static int report(sqlite3_vtab *table, const struct vec_error *err)
{
    return vec_conn_report(((struct scan_table *)table)->conn, table, err);
}

static int scan_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                        sqlite3_vtab **out, char **error)
{
    (void)argc, (void)argv, (void)error;
    int rc = sqlite3_declare_vtab(
        db, "CREATE TABLE vec_scan(distance REAL, id INTEGER, idx HIDDEN, query HIDDEN, k HIDDEN, "
            "probes HIDDEN, filter HIDDEN, max_distance HIDDEN, batch HIDDEN, test HIDDEN, most_lists HIDDEN, most_rows HIDDEN, "
            "condition HIDDEN)");
    struct scan_table *table = rc == SQLITE_OK ? calloc(1, sizeof *table) : NULL;
    if (!table)
        return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
    table->conn = aux;
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    *out = &table->base;
    return SQLITE_OK;
}

static int scan_disconnect(sqlite3_vtab *base)
{
    struct scan_table *table = (struct scan_table *)base;
    vec_conn_forget(table->conn);
    free(table);
    return SQLITE_OK;
}

static int scan_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    int constraint_of[ARGUMENT_BOUND + 1];
    bool missing = false;
    for (int i = 0; i <= ARGUMENT_BOUND; i++)
        constraint_of[i] = -1;
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn, op = info->aConstraint[i].op;
        if (column >= COLUMN_INDEX && op == SQLITE_INDEX_CONSTRAINT_EQ) {
            missing |= !info->aConstraint[i].usable;
            if (info->aConstraint[i].usable)
                constraint_of[column] = i;
        }
        if (column == COLUMN_DISTANCE && info->aConstraint[i].usable &&
            (op == SQLITE_INDEX_CONSTRAINT_LE || op == SQLITE_INDEX_CONSTRAINT_LT))
            constraint_of[ARGUMENT_BOUND] = i;
    }
    if (missing)
        return SQLITE_CONSTRAINT; /* an argument that depends on a table further right */
    if (constraint_of[COLUMN_INDEX] < 0 || constraint_of[COLUMN_QUERY] < 0) {
        sqlite3_free(base->zErrMsg);
        base->zErrMsg = sqlite3_mprintf("vec_scan needs an index name and a query");
        return SQLITE_ERROR;
    }
    int next = 1;
    info->idxNum = 0;
    for (int i = COLUMN_INDEX; i <= ARGUMENT_BOUND; i++) {
        if (constraint_of[i] < 0)
            continue;
        info->aConstraintUsage[constraint_of[i]].argvIndex = next++;
        info->aConstraintUsage[constraint_of[i]].omit = i < ARGUMENT_BOUND;
        info->idxNum |= 1 << i;
    }
    info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn == COLUMN_DISTANCE &&
                            !info->aOrderBy[0].desc;
    info->estimatedCost = 100;
    info->estimatedRows = 10;
    return SQLITE_OK;
}

static int scan_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct scan_cursor *cursor = calloc(1, sizeof *cursor);
    (void)base;
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static _Thread_local struct vec_scan_stats thread_stats;

struct vec_scan_stats vec_scan_thread_stats(void)
{
    struct vec_scan_stats stats = thread_stats;
    thread_stats = (struct vec_scan_stats){0};
    return stats;
}

static void count_work(const struct vec_scan_stats *done)
{
    thread_stats.lists += done->lists;
    thread_stats.segments += done->segments;
    thread_stats.rows += done->rows;
    thread_stats.refined += done->refined;
    thread_stats.reranked += done->reranked;
    thread_stats.tested += done->tested;
    thread_stats.scans++;
}

static void end_search(struct scan_cursor *cursor)
{
    if (cursor->search)
        count_work(vec_search_stats(cursor->search));
    if (cursor->inverted)
        count_work(vec_invert_search_stats(cursor->inverted));
    vec_search_free(cursor->search);
    vec_invert_search_free(cursor->inverted);
    cursor->search = NULL;
    cursor->inverted = NULL;
    if (cursor->all)
        vec_location_walk_end(cursor->index, &cursor->walk, NULL);
    cursor->all = false;
    vec_reader_close(cursor->test);
    vec_subquery_release(cursor->predicate);
    vec_subquery_release(cursor->condition);
    vec_where_free(cursor->where);
    cursor->test = NULL;
    cursor->predicate = cursor->condition = NULL;
    cursor->where = NULL;
    if (cursor->index)
        vec_index_end(cursor->index);
    cursor->index = NULL;
    vec_rowset_close(&cursor->filter);
    sqlite3_value_free(cursor->query_value);
    sqlite3_value_free(cursor->filter_value);
    cursor->query_value = cursor->filter_value = NULL;
}

static int scan_close(sqlite3_vtab_cursor *base)
{
    struct scan_cursor *cursor = (struct scan_cursor *)base;
    end_search(cursor);
    vec_buf_free(&cursor->query);
    vec_buf_free(&cursor->filter_blob);
    free(cursor);
    return SQLITE_OK;
}

static int scan_next(sqlite3_vtab_cursor *base)
{
    struct scan_cursor *cursor = (struct scan_cursor *)base;
    struct scan_table *table = (struct scan_table *)base->pVtab;
    struct vec_error err;
    if (cursor->all) {
        struct vec_location l = {0};
        cursor->eof = cursor->left-- == 0 || !vec_location_walk_next(&cursor->walk, &l);
        cursor->id = l.id;
        if (cursor->eof)
            end_search(cursor);
        return SQLITE_OK;
    }
    int more = cursor->inverted ? vec_invert_search_next(cursor->inverted, &cursor->id, &cursor->distance, &err)
                                : vec_search_next(cursor->search, &cursor->id, &cursor->distance, &err);
    table->conn->last_scan =
        cursor->inverted ? *vec_invert_search_stats(cursor->inverted) : *vec_search_stats(cursor->search);
    cursor->eof = more <= 0;
    if (cursor->eof)
        end_search(cursor);
    return more < 0 ? report(base->pVtab, &err) : SQLITE_OK;
}

static bool present(sqlite3_value *value)
{
    return value && sqlite3_value_type(value) != SQLITE_NULL;
}

static bool has_filter(sqlite3_value **arg)
{
    return present(arg[COLUMN_FILTER]) || vec_subquery_in(arg[COLUMN_FILTER]);
}

/* conditioned: there is a condition on included columns too, which serves as well where the filter has more than some rows. */
static bool take_filter(struct scan_cursor *cursor, sqlite3_value *value, bool conditioned, struct vec_search_args *args,
                        struct vec_error *err)
{
    struct vec_subquery *rows = vec_subquery_get(value);
    if (rows) {
        bool collected, ok = vec_filter_rows(cursor->index, rows, conditioned, &cursor->filter_blob, &collected, err);
        vec_subquery_release(rows);
        args->filter = ok && collected ? &cursor->filter : NULL;
        return ok && (!collected ||
                      vec_rowset_open(&cursor->filter, cursor->filter_blob.data, cursor->filter_blob.len, err));
    }
    cursor->filter_value = sqlite3_value_dup(value);
    if (!cursor->filter_value)
        return vec_error_nomem(err);
    args->filter = &cursor->filter;
    return vec_rowset_open(&cursor->filter, sqlite3_value_blob(cursor->filter_value),
                           (size_t)sqlite3_value_bytes(cursor->filter_value), err);
}

/* A condition on included columns, which a filter whose rows are known makes needless. */
static bool take_condition(struct scan_cursor *cursor, sqlite3_value *value, struct vec_search_args *args, struct vec_error *err)
{
    cursor->condition = args->filter ? NULL : vec_subquery_get(value);
    if (!cursor->condition)
        return true;
    cursor->where = vec_where_new(cursor->index, cursor->condition, err);
    args->where = cursor->where;
    return cursor->where != NULL;
}

/* A filter whose rows are known needs no test of each; one that is a statement cannot be without. What a condition does not know, it
 * has a statement for. */
static bool take_test(struct scan_cursor *cursor, struct vec_conn *conn, sqlite3_value **arg, struct vec_search_args *args,
                      struct vec_error *err)
{
    if (args->filter)
        return true;
    cursor->predicate = vec_subquery_get(arg[COLUMN_TEST]);
    if (!cursor->predicate && cursor->where && vec_where_statement(cursor->where)) {
        cursor->test = vec_reader_open_as(conn, cursor->condition, vec_where_statement(cursor->where), err);
        args->test = cursor->test;
        return cursor->test != NULL;
    }
    if (!cursor->predicate && cursor->where)
        return vec_error_set(err, VEC_INVALID_PARAMETER, "a condition with a bare ? needs a test");
    if (!cursor->predicate)
        return !vec_subquery_in(arg[COLUMN_FILTER]) ||
               vec_error_set(err, VEC_INVALID_PARAMETER, "the filter has too many rows and there is no test");
    cursor->test = vec_reader_open(conn, cursor->predicate, err);
    args->test = cursor->test;
    return cursor->test != NULL;
}

/* A query of another dimension: as the distance functions say it. */
static bool other_dimension(const struct vec_index *ix, struct vec_error *err)
{
    int expected, found;
    if (err && err->code == VEC_DATA_EXCEPTION &&
        sscanf(err->message, "expected %d dimensions, not %d", &expected, &found) == 2)
        vec_check_same_dim(ix->type, expected, found, err);
    return false;
}

/* Arguments by column; those not given are NULL. */
static bool start_search(struct scan_cursor *cursor, struct vec_conn *conn, sqlite3_value **arg,
                         struct vec_error *err)
{
    struct vec_search_args args = {.k = -1, .max_distance = INFINITY};
    const char *name = (const char *)sqlite3_value_text(arg[COLUMN_INDEX]);
    struct vec_index *ix = vec_index_find(conn, name ? name : "", err);
    bool null;
    if (!ix || !vec_index_begin(ix, err))
        return false;
    cursor->index = ix;
    cursor->query_value = sqlite3_value_dup(arg[COLUMN_QUERY]);
    if (!cursor->query_value)
        return vec_error_nomem(err);
    if (!vec_index_blob(ix, cursor->query_value, true, &cursor->query, &args.query, &null, err))
        return other_dimension(ix, err);
    if (null || !vec_index_has_direction(ix, args.query)) {
        bool counted = present(arg[COLUMN_K]) && !has_filter(arg) && !vec_subquery_in(arg[COLUMN_TEST]) &&
                       !vec_subquery_in(arg[COLUMN_CONDITION]);
        cursor->left = counted ? sqlite3_value_int64(arg[COLUMN_K]) : -1; /* the caller filters */
        cursor->all = vec_location_walk_begin(ix, &cursor->walk, err);
        return cursor->all;
    }
    if (present(arg[COLUMN_K]))
        args.k = sqlite3_value_int64(arg[COLUMN_K]);
    if (args.k < 0 && present(arg[COLUMN_K]))
        return vec_error_set(err, VEC_INVALID_PARAMETER, "k must not be negative");
    if (present(arg[COLUMN_PROBES]))
        args.probes = sqlite3_value_type(arg[COLUMN_PROBES]) == SQLITE_FLOAT
                          ? vec_index_probes(ix, sqlite3_value_double(arg[COLUMN_PROBES]))
                          : sqlite3_value_int(arg[COLUMN_PROBES]);
    if (present(arg[COLUMN_BATCH]))
        args.batch = sqlite3_value_int64(arg[COLUMN_BATCH]);
    if (present(arg[COLUMN_MOST_LISTS]))
        args.most_lists = sqlite3_value_int64(arg[COLUMN_MOST_LISTS]);
    if (present(arg[COLUMN_MOST_ROWS]))
        args.most_rows = sqlite3_value_int64(arg[COLUMN_MOST_ROWS]);
    if (present(arg[COLUMN_MAX_DISTANCE]))
        args.max_distance = sqlite3_value_double(arg[COLUMN_MAX_DISTANCE]);
    if (present(arg[ARGUMENT_BOUND]) &&
        sqlite3_value_double(arg[ARGUMENT_BOUND]) < args.max_distance)
        args.max_distance = sqlite3_value_double(arg[ARGUMENT_BOUND]);
    if (has_filter(arg) && !take_filter(cursor, arg[COLUMN_FILTER], vec_subquery_in(arg[COLUMN_CONDITION]), &args, err))
        return false;
    if (!take_condition(cursor, arg[COLUMN_CONDITION], &args, err) || !take_test(cursor, conn, arg, &args, err))
        return false;
    cursor->eof = args.filter && args.filter->count == 0;
    if (cursor->eof)
        return true;
    if (ix->method == VEC_METHOD_INVERTED)
        cursor->inverted = vec_invert_search_new(ix, &args, err);
    else
        cursor->search = vec_search_new(ix, &args, err);
    return cursor->search || cursor->inverted;
}

static int scan_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                       sqlite3_value **argv)
{
    struct scan_cursor *cursor = (struct scan_cursor *)base;
    struct scan_table *table = (struct scan_table *)base->pVtab;
    sqlite3_value *arg[ARGUMENT_BOUND + 1] = {NULL};
    struct vec_error err;
    (void)text, (void)argc;
    for (int i = COLUMN_INDEX, next = 0; i <= ARGUMENT_BOUND; i++)
        if (number & 1 << i)
            arg[i] = argv[next++];
    end_search(cursor);
    cursor->eof = false;
    if (!start_search(cursor, table->conn, arg, &err))
        return report(base->pVtab, &err);
    return cursor->eof ? SQLITE_OK : scan_next(base);
}

static int scan_eof(sqlite3_vtab_cursor *base)
{
    return ((struct scan_cursor *)base)->eof;
}

static int scan_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    struct scan_cursor *cursor = (struct scan_cursor *)base;
    if (column == COLUMN_DISTANCE && !cursor->all)
        sqlite3_result_double(context, cursor->distance);
    else if (column == COLUMN_ID)
        sqlite3_result_int64(context, cursor->id);
    return SQLITE_OK;
}

static int scan_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((struct scan_cursor *)base)->id;
    return SQLITE_OK;
}

static const sqlite3_module scan_module = {
    .iVersion = 0,
    .xConnect = scan_connect,
    .xBestIndex = scan_best_index,
    .xDisconnect = scan_disconnect,
    .xOpen = scan_open,
    .xClose = scan_close,
    .xFilter = scan_filter,
    .xNext = scan_next,
    .xEof = scan_eof,
    .xColumn = scan_column,
    .xRowid = scan_rowid,
};

int vec_scan_register(struct vec_conn *conn)
{
    conn->references++;
    int rc = sqlite3_create_module_v2(conn->db, "vec_scan", &scan_module, conn, vec_conn_release);
    /* Instantiate it now: its disconnection is what ends the caches, also of a connection that only
     * writes. */
    return rc == SQLITE_OK ? sqlite3_exec(conn->db, "SELECT 1 FROM pragma_table_xinfo('vec_scan')",
                                          NULL, NULL, NULL)
                           : rc;
}
