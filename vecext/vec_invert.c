/* vec_invert.c - filling, changing and checking the index over sparsevec; see vec_invert.h. */
#include "vecext/vec_invert.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_func.h"
#include "vecext/vec_meta.h"
#include "vecext/vec_sparse.h"

/* What the tables hold about one row. */
struct sparse_row {
    struct vec_blob blob;
    double norm;    /* of NAME_loc */
    double divisor; /* of the elements */
};

struct posting {
    uint32_t dim;
    float v;
    int64_t id;
};

static float posting_value(const struct sparse_row *row, float value)
{
    return (float)(value / row->divisor);
}

/* A value of the base column. *indexed is false for NULL and, under cosine, for a vector without elements. */
static bool read_row(struct vec_index *ix, sqlite3_value *value, struct sparse_row *row, bool *indexed,
                     struct vec_error *err)
{
    bool null;
    *indexed = false;
    if (!vec_index_blob(ix, value, true, &ix->bytes, &row->blob, &null, err))
        return false;
    if (null)
        return true;
    uint32_t n = vec_sparse_nnz(row->blob);
    if (ix->max_elements && n > (uint32_t)ix->max_elements)
        return vec_error_set(err, VEC_LIMIT_EXCEEDED, "sparsevec cannot have more than %d non-zero elements for hnsw index",
                             ix->max_elements);
    double squares = 0, magnitudes = 0;
    for (uint32_t i = 0; i < n; i++) {
        double v = vec_sparse_get(row->blob, i).value;
        squares += v * v;
        magnitudes += fabs(v);
    }
    bool cosine = ix->metric == VEC_METRIC_COSINE;
    row->norm = ix->metric == VEC_METRIC_L2 ? squares : ix->metric == VEC_METRIC_L1 ? magnitudes : 0;
    row->divisor = cosine ? sqrt(squares) : 1;
    *indexed = !cosine || squares > 0;
    return true;
}

static bool put_posting(struct vec_index *ix, const struct posting *p, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_POST_PUT, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, p->dim);
    sqlite3_bind_int64(stmt, 2, p->id);
    sqlite3_bind_double(stmt, 3, (double)p->v);
    sqlite3_step(stmt);
    return vec_index_done(ix, stmt, err);
}

static bool put_location(struct vec_index *ix, int64_t id, const struct sparse_row *row, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_ROW_PUT, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_double(stmt, 2, row->norm);
    /* the indices are the start of the blob's body */
    sqlite3_bind_blob64(stmt, 3, row->blob.data + VEC_SPARSE_HEADER, 4 * (size_t)vec_sparse_nnz(row->blob), SQLITE_STATIC);
    sqlite3_step(stmt);
    return vec_index_done(ix, stmt, err);
}

bool vec_invert_delete(struct vec_index *ix, int64_t id, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_ROW_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, id);
    bool ok = true;
    bool found = sqlite3_step(stmt) == SQLITE_ROW;
    if (found) {
        const unsigned char *dims = sqlite3_column_blob(stmt, 1);
        size_t n = (size_t)sqlite3_column_bytes(stmt, 1);
        ok = n % 4 == 0 || vec_index_damaged(ix, "loc", err);
        for (size_t i = 0; ok && i < n; i += 4)
            ok = vec_index_run(ix, VEC_STMT_POST_DROP, vec_get_u32(dims + i), id, 0, err);
    }
    ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok;
    return ok && (!found || vec_index_run(ix, VEC_STMT_ROW_DROP, id, 0, 0, err));
}

static bool put_row(struct vec_index *ix, int64_t id, const struct sparse_row *row, struct vec_error *err)
{
    uint32_t n = vec_sparse_nnz(row->blob);
    for (uint32_t i = 0; i < n; i++) {
        struct vec_sparse_element e = vec_sparse_get(row->blob, i);
        struct posting p = {e.index, posting_value(row, e.value), id};
        if (!put_posting(ix, &p, err))
            return false;
    }
    return put_location(ix, id, row, err);
}

bool vec_invert_put(struct vec_index *ix, int64_t id, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_invert_delete(ix, id, err) ? vec_index_statement(ix, VEC_STMT_SRC_GET, err) : NULL;
    struct sparse_row row;
    bool indexed;
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, id);
    bool ok = sqlite3_step(stmt) != SQLITE_ROW ||
              (read_row(ix, sqlite3_column_value(stmt, 0), &row, &indexed, err) &&
               (!indexed || put_row(ix, id, &row, err)));
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

bool vec_invert_clear(struct vec_index *ix, struct vec_error *err)
{
    return vec_index_run(ix, VEC_STMT_POST_CLEAR, 0, 0, 0, err) && vec_index_run(ix, VEC_STMT_LOC_CLEAR, 0, 0, 0, err);
}

/* --- building ------------------------------------------------------------------------------------------------------ */

static int by_list(const void *a, const void *b)
{
    const struct posting *x = a, *y = b;
    if (x->dim != y->dim)
        return x->dim < y->dim ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Writes what was gathered, list by list. */
static bool flush(struct vec_index *ix, struct vec_buf *gathered, struct vec_error *err)
{
    struct posting *all = (struct posting *)(void *)gathered->data;
    size_t n = gathered->len / sizeof *all;
    if (n)
        qsort(all, n, sizeof *all, by_list);
    for (size_t i = 0; i < n; i++)
        if (!put_posting(ix, &all[i], err))
            return false;
    gathered->len = 0;
    return true;
}

static bool gather(struct vec_index *ix, int64_t id, const struct sparse_row *row, struct vec_buf *gathered,
                   struct vec_error *err)
{
    uint32_t n = vec_sparse_nnz(row->blob);
    for (uint32_t i = 0; i < n; i++) {
        struct vec_sparse_element e = vec_sparse_get(row->blob, i);
        struct posting p = {e.index, posting_value(row, e.value), id};
        if (!vec_buf_append(gathered, &p, sizeof p, err))
            return false;
    }
    return put_location(ix, id, row, err) &&
           ((int64_t)gathered->len < ix->build_memory || flush(ix, gathered, err));
}

static bool stopped(struct vec_progress *p, struct vec_error *err)
{
    if (p && (atomic_load(&p->cancel) || (p->stop && p->stop(p->stop_context))))
        return !vec_error_set(err, VEC_SQLITE, "index build was cancelled");
    return false;
}

bool vec_invert_build(struct vec_index *ix, struct vec_progress *progress, struct vec_error *err)
{
    struct vec_buf gathered = {0};
    int64_t rows = 0;
    bool found, ok = vec_invert_clear(ix, err) && vec_index_integer(ix, VEC_STMT_SRC_COUNT, 0, &rows, &found, err);
    if (progress) {
        atomic_store(&progress->phase, VEC_PHASE_LOADING);
        atomic_store(&progress->tuples_total, rows);
        atomic_store(&progress->tuples_done, 0);
    }
    sqlite3_stmt *stmt = ok ? vec_index_statement(ix, VEC_STMT_SRC_ALL, err) : NULL;
    ok = stmt != NULL;
    for (int64_t done = 1; ok && sqlite3_step(stmt) == SQLITE_ROW; done++) {
        struct sparse_row row;
        bool indexed;
        ok = read_row(ix, sqlite3_column_value(stmt, 1), &row, &indexed, err) &&
             (!indexed || gather(ix, sqlite3_column_int64(stmt, 0), &row, &gathered, err)) &&
             (done % 1000 || !stopped(progress, err));
        if (progress)
            atomic_store(&progress->tuples_done, done);
    }
    if (stmt)
        ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok;
    ok = ok && flush(ix, &gathered, err) && vec_meta_new_generation(ix, err);
    vec_buf_free(&gathered);
    return ok;
}

/* --- checking ------------------------------------------------------------------------------------------------------ */

static bool say(struct vec_buf *out, struct vec_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool say(struct vec_buf *out, struct vec_error *err, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return vec_buf_append(out, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1, err);
}

static bool count(struct vec_index *ix, enum vec_statement id, int64_t *n, struct vec_error *err)
{
    bool found;
    *n = 0;
    return vec_index_integer(ix, id, 0, n, &found, err);
}

/* Is the row located with its norm and dimensions, and does each of its lists hold it? */
static bool check_row(struct vec_index *ix, int64_t id, const struct sparse_row *row, struct vec_buf *out,
                      struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_ROW_GET, err);
    if (!stmt)
        return false;
    uint32_t n = vec_sparse_nnz(row->blob);
    sqlite3_bind_int64(stmt, 1, id);
    bool ok = true;
    if (sqlite3_step(stmt) != SQLITE_ROW)
        ok = say(out, err, "row %lld has a vector but is not indexed", (long long)id);
    else if (sqlite3_column_double(stmt, 0) != row->norm || (size_t)sqlite3_column_bytes(stmt, 1) != 4 * (size_t)n ||
             (n && memcmp(sqlite3_column_blob(stmt, 1), row->blob.data + VEC_SPARSE_HEADER, 4 * (size_t)n) != 0))
        ok = say(out, err, "row %lld is located as another vector", (long long)id);
    ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok;
    for (uint32_t i = 0; ok && !out->len && i < n; i++) {
        struct vec_sparse_element e = vec_sparse_get(row->blob, i);
        if (!(stmt = vec_index_statement(ix, VEC_STMT_POST_GET, err)))
            return false;
        sqlite3_bind_int64(stmt, 1, e.index);
        sqlite3_bind_int64(stmt, 2, id);
        if (sqlite3_step(stmt) != SQLITE_ROW || (float)sqlite3_column_double(stmt, 0) != posting_value(row, e.value))
            ok = say(out, err, "row %lld is not in list %u as it is", (long long)id, e.index);
        ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok;
    }
    return ok;
}

bool vec_invert_check(struct vec_index *ix, struct vec_buf *out, struct vec_error *err)
{
    int64_t rows = 0, postings = 0, located, listed;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SRC_ALL, err);
    bool ok = stmt != NULL;
    out->len = 0;
    while (ok && !out->len && sqlite3_step(stmt) == SQLITE_ROW) {
        struct sparse_row row;
        bool indexed;
        ok = read_row(ix, sqlite3_column_value(stmt, 1), &row, &indexed, err);
        if (!ok || !indexed)
            continue;
        rows++;
        postings += vec_sparse_nnz(row.blob);
        ok = check_row(ix, sqlite3_column_int64(stmt, 0), &row, out, err);
    }
    if (stmt)
        ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok;
    ok = ok && count(ix, VEC_STMT_ROW_COUNT, &located, err) && count(ix, VEC_STMT_POST_COUNT, &listed, err);
    if (!ok || out->len)
        return ok;
    if (rows != located)
        return say(out, err, "%lld rows are located, %lld have vectors", (long long)located, (long long)rows);
    if (postings != listed)
        return say(out, err, "%lld elements are listed, the rows have %lld", (long long)listed, (long long)postings);
    return say(out, err, "ok");
}

bool vec_invert_info(struct vec_index *ix, struct vec_buf *out, struct vec_error *err)
{
    int64_t rows, postings, lists;
    out->len = 0;
    return count(ix, VEC_STMT_ROW_COUNT, &rows, err) && count(ix, VEC_STMT_POST_COUNT, &postings, err) &&
           count(ix, VEC_STMT_POST_LISTS, &lists, err) &&
           say(out, err,
               "{\"method\":\"inverted\",\"type\":\"%s\",\"metric\":\"%s\",\"dims\":%d,\"rows\":%lld,\"lists\":%lld,"
               "\"elements\":%lld}",
               vec_type_name(ix->type), vec_metric_name(ix->metric), ix->shape.input_dims, (long long)rows,
               (long long)lists, (long long)postings);
}
