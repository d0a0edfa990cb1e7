/* vec_tune.c - choosing the number of probes; see vec_tune.h. */
#include "vecext/vec_tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_location.h"
#include "vecext/vec_meta.h"
#include "vecext/vec_order.h"
#include "vecext/vec_search.h"

/* PROBES_MIN: of two lists or three, one more is a large step in recall and a small one in time. */
enum { PROBES_MIN = 3, QUERIES = 100, STRIDE_PRIME = 7919, ROWS_A_QUERY = 400000, LISTS_A_QUERY = 64 };

/* All lists, while that is no long work; of a large index the nearest ones, which hold the neighbours but for so few that
 * recall targets below 1 do not see them. */
static int lists_to_visit(const struct vec_index *ix)
{
    int64_t rows = ix->tuned_rows > ix->trained_rows ? ix->tuned_rows : ix->trained_rows, count = ix->centroids.count;
    int64_t lists = rows > ROWS_A_QUERY ? count * ROWS_A_QUERY / rows : count;
    if (lists < LISTS_A_QUERY)
        lists = LISTS_A_QUERY;
    return (int)(lists < count ? lists : count);
}

/* Ranks of the lists that hold a row's nearest neighbours, in the order that a search for the row
 * would visit them. Returns how many, or -1. */
static int neighbour_ranks(struct vec_index *ix, int64_t row, int *ranks, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SRC_GET, err);
    if (!stmt)
        return -1;
    sqlite3_bind_int64(stmt, 1, row);
    struct vec_buf query = {0};
    struct vec_blob blob;
    bool null = true, ok = true;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        ok = vec_index_blob(ix, sqlite3_column_value(stmt, 0), true, &query, &blob, &null, err);
    /* the blob belongs to the statement, which is about to be reset and used by the search */
    if (ok && !null && blob.data != query.data) {
        query.len = 0;
        ok = vec_buf_append(&query, blob.data, blob.len, err);
        blob.data = query.data;
    }
    ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok;
    int n = 0, count = 0;
    if (ok && !null) {
        struct vec_search_args args = {
            .query = blob, .k = VEC_NEIGHBOURS + 1, .max_distance = INFINITY};
        args.probes = lists_to_visit(ix);
        struct vec_search *search = vec_search_new(ix, &args, err);
        const uint32_t *order = search ? vec_search_order(search, &count) : NULL;
        int64_t id, pos;
        double distance;
        int more = search ? 1 : -1;
        while (search && n < VEC_NEIGHBOURS && (more = vec_search_next(search, &id, &distance, err)) > 0) {
            bool found;
            if (id == row)
                continue;
            if (!vec_location_get(ix, id, &pos, &found, err)) {
                more = -1;
                break;
            }
            int64_t list = !found || pos < 0 ? -1 : pos >> VEC_POS_SHIFT;
            int rank = 0;
            while (rank < count && order[rank] != list)
                rank++;
            ranks[n++] = rank;
        }
        vec_search_free(search);
        ok = more >= 0;
    }
    vec_buf_free(&query);
    return ok ? n : -1;
}

static int compare_int(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Sets probes and curve from the ranks of neighbours' lists, which it sorts. */
static bool put_curve(struct vec_index *ix, int *ranks, size_t n, struct vec_error *err)
{
    int count = ix->centroids.count;
    ix->probes = count < 10 ? count : 10;
    memset(ix->curve, 0, sizeof ix->curve);
    if (n) {
        qsort(ranks, n, sizeof *ranks, compare_int);
        for (int i = 0; i < VEC_CURVE; i++) {
            /* the sample's own rows shaped the centroids, and it is small: aim a little higher */
            double target = 0.5 + 0.5 * i / (VEC_CURVE - 1);
            target += (1 - target) * 0.5;
            int lists = ranks[(size_t)(target * (double)(n - 1))] + 1, least = count < PROBES_MIN ? count : PROBES_MIN;
            ix->curve[i] = (uint32_t)(lists > least ? lists : least);
        }
        ix->curve[VEC_CURVE - 1] = (uint32_t)count;
        ix->probes = vec_index_probes(ix, 0.01 * ix->target_percent);
    }
    return vec_meta_put_blob(ix, "curve", ix->curve, sizeof ix->curve, err) &&
           vec_meta_put_integer(ix, "probes", ix->probes, err);
}

bool vec_tune_probes(struct vec_index *ix, struct vec_error *err)
{
    int count = ix->centroids.count, n = 0, tried = 0;
    int64_t last = 0, first = 0, rows;
    if (count == 1) {
        ix->probes = 1;
        return vec_meta_put_integer(ix, "probes", 1, err);
    }
    int *ranks = malloc(sizeof *ranks * QUERIES * VEC_NEIGHBOURS);
    if (!ranks)
        return vec_error_nomem(err);
    bool ok = vec_location_span(ix, &first, &last, &rows, err);
    uint64_t span = (uint64_t)last - (uint64_t)first + 1;
    for (int i = 0; ok && n < QUERIES * VEC_NEIGHBOURS && i < QUERIES * 4 && tried < QUERIES; i++) {
        /* a low-discrepancy walk over the rowids; gaps in them just give no row */
        uint64_t step = (uint64_t)(0.6180339887498949 * (double)span) * (uint64_t)(i + 1) +
                        (uint64_t)i * STRIDE_PRIME;
        int got = neighbour_ranks(ix, first + (int64_t)(step % span), ranks + n, err);
        ok = got >= 0;
        n += ok ? got : 0;
        tried += got > 0;
    }
    ok = ok && put_curve(ix, ranks, (size_t)n, err);
    free(ranks);
    return ok;
}

/* The places of the lists of a query's neighbours in the order in which a search visits them. */
static bool add_ranks(const struct vec_index *ix, struct vec_neighbours *neighbours, int query, int *ranks, int *n,
                      struct vec_error *err)
{
    const struct vec_neighbour *best;
    int found = vec_neighbours_of(neighbours, query, &best), count = ix->centroids.count;
    struct vec_order order;
    bool ok = vec_order_init(&order, &ix->centroids, vec_centroid(&neighbours->queries, query), neighbours->queries.norm2[query],
                             neighbours->inner, 0, err);
    for (int i = 0; ok && i < found; i++) {
        int rank = 0;
        for (vec_order_extend(&order, 1); order.lists[rank] != best[i].list && rank + 1 < count;)
            vec_order_extend(&order, ++rank + 1);
        ranks[(*n)++] = rank;
    }
    vec_order_free(&order);
    return ok;
}

bool vec_tune_from(struct vec_index *ix, struct vec_neighbours *neighbours, struct vec_error *err)
{
    int n = 0;
    int *ranks = malloc(sizeof *ranks * (size_t)neighbours->queries.count * VEC_NEIGHBOURS);
    bool ok = ranks || vec_error_nomem(err);
    for (int q = 0; ok && q < neighbours->queries.count; q++)
        ok = add_ranks(ix, neighbours, q, ranks, &n, err);
    ok = ok && put_curve(ix, ranks, (size_t)n, err);
    free(ranks);
    return ok;
}
