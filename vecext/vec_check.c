/* vec_check.c - integrity and description of an index; see vec_check.h. */
#include "vecext/vec_check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_include.h"
#include "vecext/vec_invert.h"
#include "vecext/vec_kernel.h"
#include "vecext/vec_list.h"
#include "vecext/vec_location.h"
#include "vecext/vec_log.h"

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

/* NAME_loc in memory, by id. */
struct locations {
    struct vec_location *entries;
    size_t n;
};

static bool read_locations(struct vec_index *ix, struct vec_buf *space, struct locations *all,
                           struct vec_error *err)
{
    struct vec_location_walk walk;
    struct vec_location e;
    if (!vec_location_walk_begin(ix, &walk, err))
        return false;
    bool ok = true;
    while (ok && vec_location_walk_next(&walk, &e))
        ok = vec_buf_append(space, &e, sizeof e, err);
    all->entries = (struct vec_location *)(void *)space->data;
    all->n = space->len / sizeof e;
    return vec_location_walk_end(ix, &walk, ok ? err : NULL) && ok;
}

static const struct vec_location *locate(const struct locations *all, int64_t id)
{
    size_t low = 0, high = all->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->entries[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->n && all->entries[low].id == id ? &all->entries[low] : NULL;
}

/* The record of a base row as it must be in `list`, into ix->record. */
static bool expected_record(struct vec_index *ix, int64_t list, int64_t id, bool *indexed,
                            struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SRC_ROW, err);
    if (!stmt)
        return false;
    *indexed = false;
    sqlite3_bind_int64(stmt, 1, id);
    bool ok = sqlite3_step(stmt) != SQLITE_ROW ||
              vec_index_load(ix, sqlite3_column_value(stmt, 1), ix->row, indexed, err);
    if (ok && *indexed) {
        vec_include_take(ix, stmt, ix->record);
        vec_index_rotate_row(ix, ix->row);
        vec_encode(&ix->shape, ix->row, vec_centroid(&ix->centroids, (int)list), ix->residual,
                   ix->codes, ix->record);
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

/* Factors are stored with 11 bits. `unit` is of their magnitude. */
static bool same_factor(const unsigned char *wanted, const unsigned char *stored, float unit)
{
    float a = vec_get_f32(wanted), b = vec_get_f32(stored);
    return fabsf(a - b) <= 1e-3f * fabsf(a) + 1e-6f * unit || (!isfinite(a) && !isfinite(b));
}

/* Is a record the one in ix->record, of the vector in ix->row, but for included columns? */
static bool same_record(const struct vec_index *ix, const unsigned char *record)
{
    size_t factors = ix->shape.refined ? 16 : 8, includes = vec_code_includes_at(&ix->shape);
    float norm2 = vec_kernels()->ip_f32(ix->row, ix->row, (size_t)ix->shape.dims);
    for (size_t i = 0; i < factors; i += 4)
        if (!same_factor(ix->record + i, record + i, i % 8 ? sqrtf(norm2) : norm2))
            return false;
    return memcmp(ix->record + factors, record + factors, includes - factors) == 0;
}

static bool same_includes(const struct vec_index *ix, const unsigned char *record)
{
    size_t at = vec_code_includes_at(&ix->shape);
    return memcmp(ix->record + at, record + at, vec_code_record_bytes(&ix->shape) - at) == 0;
}

/* A located row of a list: has it the code of its vector, and its included columns? */
static bool check_row(struct vec_index *ix, int64_t list, int64_t id, const unsigned char *record, struct vec_buf *out,
                      struct vec_error *err)
{
    bool indexed;
    if (!expected_record(ix, list, id, &indexed, err))
        return false;
    if (!indexed)
        return say(out, err, "row %lld is indexed but has no vector", (long long)id);
    if (!same_record(ix, record))
        return say(out, err, "row %lld has the code of another vector", (long long)id);
    return same_includes(ix, record) || say(out, err, "row %lld has included columns of another row", (long long)id);
}

/* The rows of one list: located here, and coded right. Counts what it saw. */
static bool check_list(struct vec_index *ix, int64_t list, const struct locations *all,
                       int64_t *seen, struct vec_buf *out, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    struct vec_rows rows = {0};
    int64_t slots, dead;
    bool ok = vec_list_read(ix, list, &rows, err) && vec_list_state(ix, list, &slots, &dead, err);
    if (ok && slots - dead != (int64_t)rows.n)
        ok = say(out, err, "list %lld has %lld rows, not %lld", (long long)list, (long long)rows.n, (long long)(slots - dead));
    for (size_t i = 0; ok && !out->len && i < rows.n; i++) {
        const struct vec_location *e = locate(all, rows.ids[i]);
        if (!e || e->pos < 0 || e->pos >> VEC_POS_SHIFT != list)
            ok = say(out, err, "row %lld is in list %lld but located %s", (long long)rows.ids[i],
                     (long long)list, e ? "elsewhere" : "nowhere");
        else
            ok = check_row(ix, list, rows.ids[i], rows.records + i * record_bytes, out, err);
    }
    *seen += (int64_t)rows.n;
    vec_rows_free(&rows);
    return ok;
}

/* Rows of a table of chunks with keys in [first, last). */
static bool count_chunks(struct vec_index *ix, const char *suffix, int64_t first, int64_t last, int64_t *n, struct vec_error *err)
{
    char *sql = sqlite3_mprintf("SELECT count(*) FROM \"%w\".\"%w%s\" WHERE key >= ?1 AND key < ?2", ix->schema, ix->name, suffix);
    sqlite3_stmt *stmt = NULL;
    int rc = sql ? sqlite3_prepare_v2(ix->conn->db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, last);
    if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        *n = sqlite3_column_int64(stmt, 0);
    return (sqlite3_finalize(stmt) == SQLITE_OK && rc == SQLITE_OK) || vec_index_failed(ix, err);
}

/* Every list has the chunks that its slots fill, and there are no others. */
static bool check_chunks(struct vec_index *ix, struct vec_buf *out, struct vec_error *err)
{
    const struct {
        const char *suffix;
        bool kept;
        int rows;
    } tables[] = {{"_seg", true, ix->seg_rows}, {"_ref", ix->shape.refined, ix->ref_rows}, {"_inc", ix->shape.includes > 0, ix->include_rows}};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        int64_t all = 0, n = 0, slots, dead;
        for (int list = 0; tables[t].kept && !out->len && list < ix->centroids.count; list++) {
            if (!vec_list_state(ix, list, &slots, &dead, err) ||
                !count_chunks(ix, tables[t].suffix, vec_key(list, 0), vec_key(list + 1, 0), &n, err))
                return false;
            all += n;
            if (n != (slots + tables[t].rows - 1) / tables[t].rows &&
                !say(out, err, "list %d has %lld rows in \"%s%s\"", list, (long long)n, ix->name, tables[t].suffix))
                return false;
        }
        if (tables[t].kept && !out->len &&
            (!count_chunks(ix, tables[t].suffix, INT64_MIN, INT64_MAX, &n, err) ||
             (n != all && !say(out, err, "\"%s%s\" has rows of no list", ix->name, tables[t].suffix))))
            return false;
    }
    return true;
}

/* The rows that are in no list yet. */
static bool check_log(struct vec_index *ix, const struct locations *all, int64_t *seen, struct vec_buf *out,
                      struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    struct vec_log_rows log = {0};
    bool ok = vec_log_read(ix, &log, err);
    const struct vec_log_place *places = (const void *)log.places.data;
    for (size_t i = 0; ok && !out->len && i < log.rows.n; i++) {
        const struct vec_location *e = locate(all, log.rows.ids[i]);
        if (!e || e->pos != -1 - places[i].seq)
            ok = say(out, err, "row %lld is in the tail but located %s", (long long)log.rows.ids[i],
                     e ? "elsewhere" : "nowhere");
        else
            ok = check_row(ix, places[i].list, log.rows.ids[i], log.rows.records + i * record_bytes, out, err);
    }
    *seen += (int64_t)log.rows.n;
    vec_log_rows_free(&log);
    return ok;
}

/* Every base row with a vector is located. */
static bool check_base(struct vec_index *ix, const struct locations *all, struct vec_buf *out,
                       struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SRC_ALL, err);
    if (!stmt)
        return false;
    bool ok = true;
    while (ok && !out->len && sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        bool indexed;
        ok = vec_index_load(ix, sqlite3_column_value(stmt, 1), ix->row, &indexed, err);
        if (ok && indexed && !locate(all, id))
            ok = say(out, err, "row %lld has a vector but is not indexed", (long long)id);
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

bool vec_check_index(struct vec_index *ix, struct vec_buf *out, struct vec_error *err)
{
    struct vec_buf space = {0};
    struct locations all;
    int64_t seen = 0;
    struct vec_error problem = {0};
    out->len = 0;
    if (ix->method == VEC_METHOD_INVERTED)
        return vec_invert_check(ix, out, err);
    bool ok = read_locations(ix, &space, &all, &problem);
    for (int list = 0; ok && !out->len && list < ix->centroids.count; list++)
        ok = check_list(ix, list, &all, &seen, out, &problem);
    ok = ok && (out->len || check_log(ix, &all, &seen, out, &problem));
    if (ok && !out->len && seen != (int64_t)all.n)
        ok = say(out, err, "%lld rows are located, %lld are in the lists", (long long)all.n,
                 (long long)seen);
    ok = ok && (out->len || check_base(ix, &all, out, &problem));
    ok = ok && (out->len || check_chunks(ix, out, &problem));
    vec_buf_free(&space);
    if (!ok && problem.code == VEC_INDEX_CORRUPTED)
        return say(out, err, "%s", problem.message);
    if (!ok && err)
        *err = problem;
    return ok && (out->len || say(out, err, "ok"));
}

/* One number from a statement over the index's own tables. */
static double number(struct vec_index *ix, const char *format)
{
    char *sql = sqlite3_mprintf(format, ix->schema, ix->name);
    sqlite3_stmt *stmt = NULL;
    double value = 0;
    if (sql && sqlite3_prepare_v2(ix->conn->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_double(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return value;
}

bool vec_check_info(struct vec_index *ix, struct vec_buf *out, struct vec_error *err)
{
    out->len = 0;
    if (ix->method == VEC_METHOD_INVERTED)
        return vec_invert_info(ix, out, err);
    int64_t count;
    if (!vec_index_rows(ix, &count, err))
        return false;
    double rows = (double)count;
    double dead = number(ix, "SELECT total(dead) FROM \"%w\".\"%w_list\"");
    double tail = number(ix, "SELECT count(*) FROM \"%w\".\"%w_tail\"");
    double largest = number(ix, "SELECT max(slots - dead) FROM \"%w\".\"%w_list\"");
    double bytes = number(ix, "SELECT total(length(v)) FROM \"%w\".\"%w_seg\"");
    bytes += number(ix, "SELECT total(length(v)) FROM \"%w\".\"%w_ref\"");
    bytes += number(ix, "SELECT total(length(v)) FROM \"%w\".\"%w_tail\"");
    bytes += number(ix, "SELECT total(length(v)) FROM \"%w\".\"%w_cent\"");
    bytes += number(ix, "SELECT total(length(v)) FROM \"%w\".\"%w_loc\"");
    bytes += ix->shape.includes ? number(ix, "SELECT total(length(v)) FROM \"%w\".\"%w_inc\"") : 0;
    double mean = rows / ix->centroids.count;
    return say(out, err,
               "{\"method\":\"%s\",\"type\":\"%s\",\"metric\":\"%s\",\"dims\":%d,\"rows\":%.0f,"
               "\"lists\":%d,",
               ix->method == VEC_METHOD_FLAT ? "flat" : "ivf", vec_type_name(ix->type),
               vec_metric_name(ix->metric), ix->shape.input_dims, rows, ix->centroids.count) &&
           say(out, err,
               "\"trained_rows\":%lld,\"probes\":%d,\"tail\":%.0f,\"dead\":%.0f,"
               "\"imbalance\":%.2f,\"refine\":%d,\"included\":%d,\"bytes\":%.0f}",
               (long long)ix->trained_rows, ix->probes, tail, dead, mean > 0 ? largest / mean : 1,
               ix->shape.refined ? 4 : 0, ix->shape.includes, bytes);
}
