/*
 * vec_invert_search.c - one search over an index of sparse vectors; see vec_invert.h.
 *
 * Two sources of rows, each in order of estimated distance: those that share a dimension with the query (`shared`, estimated by
 * what they share), and all others (`rest`, by their norm alone). The nearer of the two is read from the table and kept in a
 * heap by its exact distance until every row still to come is estimated farther by more than single precision can err.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_invert.h"
#include "vecext/vec_sparse.h"

/* What float32 sums of the longest vectors can lose, relative to what is summed. */
#define SLACK 1e-4

struct near_row {
    double distance; /* estimated in `shared` (of L2 the square), exact in the heap */
    int64_t id;
};

/* Rowids and sums, by open addressing. */
struct sums {
    struct near_row *slots;
    unsigned char *used;
    size_t size, n; /* size: a power of two */
};

struct vec_invert_search {
    struct vec_index *ix;
    struct vec_search_args args;
    double own;  /* the query's norm in the metric's terms; where it has none, what rounding is relative to */
    double norm; /* its length */
    struct sums sums;
    struct near_row *shared;
    size_t nshared, at;
    sqlite3_stmt *rest; /* NULL at its end */
    bool rest_ready, started;
    struct near_row rest_row;
    struct near_row *heap;
    size_t nheap, heap_space;
    int64_t left;
    struct vec_scan_stats stats;
};

/* --- sums --------------------------------------------------------------------------------------------------------- */

static size_t sums_slot(const struct sums *s, int64_t id)
{
    size_t at = (size_t)((uint64_t)id * 0x9E3779B97F4A7C15 >> 20) & (s->size - 1);
    while (s->used[at] && s->slots[at].id != id)
        at = (at + 1) & (s->size - 1);
    return at;
}

static bool sums_grow(struct sums *s, struct vec_error *err)
{
    struct sums grown = {.size = s->size ? s->size * 2 : 1024, .n = s->n};
    grown.slots = malloc(grown.size * sizeof *grown.slots);
    grown.used = calloc(grown.size, 1);
    if (!grown.slots || !grown.used) {
        free(grown.slots);
        free(grown.used);
        return vec_error_nomem(err);
    }
    for (size_t i = 0; i < s->size; i++)
        if (s->used[i]) {
            size_t at = sums_slot(&grown, s->slots[i].id);
            grown.slots[at] = s->slots[i];
            grown.used[at] = 1;
        }
    free(s->slots);
    free(s->used);
    *s = grown;
    return true;
}

static bool sums_add(struct sums *s, int64_t id, double by, struct vec_error *err)
{
    if (s->n * 2 >= s->size && !sums_grow(s, err))
        return false;
    size_t at = sums_slot(s, id);
    if (!s->used[at]) {
        s->slots[at] = (struct near_row){0, id};
        s->used[at] = 1;
        s->n++;
    }
    s->slots[at].distance += by;
    return true;
}

static bool sums_has(const struct sums *s, int64_t id)
{
    return s->size && s->used[sums_slot(s, id)];
}

/* --- estimates ------------------------------------------------------------------------------------------------------ */

/* Of a row by what it shares with the query and by its norm. */
static double estimate(const struct vec_invert_search *s, double shares, double norm)
{
    switch (s->ix->metric) {
    case VEC_METRIC_L2: {
        double square = s->own + norm - 2 * shares;
        return square > 0 ? square : 0;
    }
    case VEC_METRIC_L1:
        return s->own + norm + shares;
    case VEC_METRIC_COSINE:
        return 1 - shares / s->norm;
    default:
        return -shares;
    }
}

/* No row estimated at `e` is nearer than this. */
static double least(const struct vec_invert_search *s, double e)
{
    double least = e - SLACK * (fabs(e) + s->own);
    return s->ix->metric == VEC_METRIC_L2 ? sqrt(least > 0 ? least : 0) : least;
}

static int nearer(const void *a, const void *b)
{
    const struct near_row *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_id(const void *a, const void *b)
{
    const struct near_row *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static bool add_list(struct vec_invert_search *s, struct vec_sparse_element q, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(s->ix, VEC_STMT_POST_SCAN, err);
    if (!stmt)
        return false;
    bool ok = true, l1 = s->ix->metric == VEC_METRIC_L1;
    double w = q.value;
    sqlite3_bind_int64(stmt, 1, q.index);
    while (ok && sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        double v = sqlite3_column_double(stmt, 1);
        s->stats.rows++;
        if (!s->args.filter || vec_rowset_has(s->args.filter, id))
            ok = sums_add(&s->sums, id, l1 ? fabs(w - v) - fabs(w) - fabs(v) : w * v, err);
    }
    s->stats.lists++;
    return vec_index_done(s->ix, stmt, ok ? err : NULL) && ok;
}

static bool read_norm(struct vec_index *ix, int64_t id, double *norm, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_ROW_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, id);
    bool found = sqlite3_step(stmt) == SQLITE_ROW;
    *norm = found ? sqlite3_column_double(stmt, 0) : 0;
    return vec_index_done(ix, stmt, err) && (found || vec_index_damaged(ix, "loc", err));
}

/* The rows that share a dimension with the query, nearest first by estimate. */
static bool add_up(struct vec_invert_search *s, struct vec_error *err)
{
    struct vec_blob q = s->args.query;
    for (uint32_t i = 0; i < vec_sparse_nnz(q); i++)
        if (!add_list(s, vec_sparse_get(q, i), err))
            return false;
    s->shared = malloc((s->sums.n + 1) * sizeof *s->shared);
    if (!s->shared)
        return vec_error_nomem(err);
    for (size_t i = 0; i < s->sums.size; i++)
        if (s->sums.used[i])
            s->shared[s->nshared++] = s->sums.slots[i];
    bool norms = s->ix->metric == VEC_METRIC_L2 || s->ix->metric == VEC_METRIC_L1;
    if (norms) /* read in their order in the file */
        qsort(s->shared, s->nshared, sizeof *s->shared, by_id);
    for (size_t i = 0; i < s->nshared; i++) {
        double norm = 0;
        if (norms && !read_norm(s->ix, s->shared[i].id, &norm, err))
            return false;
        s->shared[i].distance = estimate(s, s->shared[i].distance, norm);
    }
    qsort(s->shared, s->nshared, sizeof *s->shared, nearer);
    return true;
}

struct vec_invert_search *vec_invert_search_new(struct vec_index *ix, const struct vec_search_args *args,
                                                struct vec_error *err)
{
    struct vec_invert_search *s = calloc(1, sizeof *s);
    if (!s) {
        vec_error_nomem(err);
        return NULL;
    }
    *s = (struct vec_invert_search){.ix = ix, .args = *args, .left = args->k};
    double squares = 0, magnitudes = 0;
    for (uint32_t i = 0; i < vec_sparse_nnz(args->query); i++) {
        double v = vec_sparse_get(args->query, i).value;
        squares += v * v;
        magnitudes += fabs(v);
    }
    s->norm = sqrt(squares);
    s->own = ix->metric == VEC_METRIC_L2 ? squares : ix->metric == VEC_METRIC_L1 ? magnitudes : ix->metric == VEC_METRIC_IP ? s->norm : 1;
    if (!add_up(s, err)) {
        vec_invert_search_free(s);
        return NULL;
    }
    return s;
}

void vec_invert_search_free(struct vec_invert_search *s)
{
    if (!s)
        return;
    if (s->rest)
        sqlite3_finalize(s->rest);
    free(s->sums.slots);
    free(s->sums.used);
    free(s->shared);
    free(s->heap);
    free(s);
}

const struct vec_scan_stats *vec_invert_search_stats(const struct vec_invert_search *s)
{
    return &s->stats;
}

/* --- the rows that share nothing ------------------------------------------------------------------------------------- */

/* A statement of the search's own: two searches of one index may be under way. */
static bool open_rest(struct vec_invert_search *s, struct vec_error *err)
{
    bool norms = s->ix->metric == VEC_METRIC_L2 || s->ix->metric == VEC_METRIC_L1;
    char *sql = sqlite3_mprintf("SELECT id, norm FROM \"%w\".\"%w_loc\" ORDER BY %s", s->ix->schema, s->ix->name,
                                norms ? "norm, id" : "id");
    int rc = sql ? sqlite3_prepare_v2(s->ix->conn->db, sql, -1, &s->rest, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    s->started = true;
    return rc == SQLITE_OK || vec_sqlite_error(s->ix->conn->db, err);
}

/* Looks ahead to the next of them. */
static bool look_at_rest(struct vec_invert_search *s, struct vec_error *err)
{
    if (!s->started && !open_rest(s, err))
        return false;
    while (s->rest && !s->rest_ready) {
        if (sqlite3_step(s->rest) != SQLITE_ROW) {
            int rc = sqlite3_finalize(s->rest);
            s->rest = NULL;
            return rc == SQLITE_OK || vec_sqlite_error(s->ix->conn->db, err);
        }
        int64_t id = sqlite3_column_int64(s->rest, 0);
        if (sums_has(&s->sums, id) || (s->args.filter && !vec_rowset_has(s->args.filter, id)))
            continue;
        s->rest_row = (struct near_row){estimate(s, 0, sqlite3_column_double(s->rest, 1)), id};
        s->rest_ready = true;
    }
    return true;
}

/* --- the exact stage -------------------------------------------------------------------------------------------------- */

static bool heap_push(struct vec_invert_search *s, struct near_row row, struct vec_error *err)
{
    if (s->nheap == s->heap_space) {
        size_t space = s->heap_space ? s->heap_space * 2 : 64;
        struct near_row *grown = realloc(s->heap, space * sizeof *grown);
        if (!grown)
            return vec_error_nomem(err);
        s->heap = grown;
        s->heap_space = space;
    }
    size_t at = s->nheap++;
    for (; at && nearer(&row, &s->heap[(at - 1) / 2]) < 0; at = (at - 1) / 2)
        s->heap[at] = s->heap[(at - 1) / 2];
    s->heap[at] = row;
    return true;
}

static struct near_row heap_pop(struct vec_invert_search *s)
{
    struct near_row top = s->heap[0], last = s->heap[--s->nheap];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < s->nheap; at = child) {
        if (child + 1 < s->nheap && nearer(&s->heap[child + 1], &s->heap[child]) < 0)
            child++;
        if (nearer(&last, &s->heap[child]) <= 0)
            break;
        s->heap[at] = s->heap[child];
    }
    s->heap[at] = last;
    return top;
}

/* Reads a row's vector; rows that the table no longer has, or that the test refuses, are passed over. */
static bool take(struct vec_invert_search *s, int64_t id, struct vec_error *err)
{
    if (s->args.test) {
        int passes = vec_reader_test(s->args.test, id, err);
        s->stats.tested++;
        if (passes <= 0)
            return passes == 0;
    }
    sqlite3_stmt *stmt = vec_index_statement(s->ix, VEC_STMT_SRC_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, id);
    bool ok = true, null = true;
    struct vec_blob blob;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        ok = vec_index_blob(s->ix, sqlite3_column_value(stmt, 0), false, &s->ix->bytes, &blob, &null, err);
    if (ok && !null) {
        double d = vec_distance_unchecked(s->ix->type, s->ix->metric, s->args.query, blob);
        s->stats.reranked++;
        ok = heap_push(s, (struct near_row){isnan(d) ? INFINITY : d, id}, err);
    }
    return vec_index_done(s->ix, stmt, ok ? err : NULL) && ok;
}

/* One row further in the order of estimates; false at the end or on error (*ok). */
static bool advance(struct vec_invert_search *s, bool *ok, struct vec_error *err)
{
    *ok = look_at_rest(s, err);
    if (!*ok)
        return false;
    bool more = s->at < s->nshared;
    bool from_rest = s->rest_ready && (!more || nearer(&s->rest_row, &s->shared[s->at]) < 0);
    if (!more && !from_rest)
        return false;
    const struct near_row *next = from_rest ? &s->rest_row : &s->shared[s->at];
    if (s->nheap && s->heap[0].distance < least(s, next->distance))
        return false; /* what is here is nearer than all that follows */
    int64_t id = next->id;
    if (from_rest)
        s->rest_ready = false;
    else
        s->at++;
    *ok = take(s, id, err);
    return *ok;
}

int vec_invert_search_next(struct vec_invert_search *s, int64_t *id, double *distance, struct vec_error *err)
{
    bool ok = true;
    if (s->left == 0)
        return 0;
    while (advance(s, &ok, err))
        ;
    if (!ok)
        return -1;
    if (!s->nheap)
        return 0;
    struct near_row row = heap_pop(s);
    if (row.distance > s->args.max_distance)
        return 0;
    *id = row.id;
    *distance = row.distance;
    s->left -= s->left > 0;
    return 1;
}
