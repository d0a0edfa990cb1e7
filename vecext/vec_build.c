/*
 * vec_build.c - building an index; see vec_build.h.
 *
 *   1. count the rows, choose the number of lists
 *   2. read a random sample (at most build_mem bytes), rotate it, train the centroids on it; some of its rows become queries
 *   3. read the table once in rowid order: while one batch is read, the one before is rotated,
 * assigned, compared with the queries and encoded on all processors; records gather per list, full segments are written out
 * early when the gathered records pass build_mem
 *   4. write the rest list by list, then NAME_loc in rowid order
 *   5. from the lists of the queries' nearest rows, say how many probes the recall target needs (vec_tune.c)
 *
 * The result depends on the table's content and the seed, not on threads or SIMD level.
 */
#include "vecext/vec_build.h"

#include "vecext/vec_include.h"
#include "vecext/vec_invert.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "vecext/vec_kernel.h"
#include "vecext/vec_list.h"
#include "vecext/vec_location.h"
#include "vecext/vec_log.h"
#include "vecext/vec_meta.h"
#include "vecext/vec_pool.h"
#include "vecext/vec_sample.h"
#include "vecext/vec_tune.h"

enum {
    SAMPLE_PER_LIST = 50,
    SAMPLE_MIN = 10000,
    TUNE_QUERIES = 7 * VEC_PANEL, /* sample rows whose neighbours are found */
    BATCH_BYTES = 8 << 20,
    ENCODE_GRAIN = 48
};

int vec_build_lists(int64_t rows, int wanted)
{
    int64_t lists = wanted;
    if (rows < VEC_TRAIN_MIN_ROWS || rows < 10 * lists)
        return 1;
    if (!lists) {
        lists = (int64_t)(sqrt((double)rows) + 0.5);
        if (rows > 100000)
            lists *= 2;
    }
    return lists > 1 << 20 ? 1 << 20 : (int)lists;
}

struct build {
    struct vec_index *ix;
    struct vec_progress *progress;
    int threads;
    int64_t rows;
    struct vec_neighbours neighbours; /* of some rows of the sample */
    bool tunes;                       /* they are in use: lists are to be chosen from, by L2 or inner product */
};

static bool cancelled(void *context)
{
    struct build *b = context;
    struct vec_progress *p = b->progress;
    return p && (atomic_load(&p->cancel) || (p->stop && p->stop(p->stop_context)));
}

static bool check_cancel(void *context, struct vec_error *err)
{
    if (!cancelled(context))
        return true;
    vec_error_set(err, VEC_SQLITE, "interrupted");
    if (err)
        err->sqlite_rc = SQLITE_INTERRUPT;
    return false;
}

static void enter_phase(struct build *b, enum vec_phase phase)
{
    if (b->progress) {
        atomic_store(&b->progress->phase, (int)phase);
        atomic_store(&b->progress->tuples_total, b->rows);
        atomic_store(&b->progress->tuples_done, 0);
    }
}

struct rotation_job {
    const struct vec_index *ix;
    float *rows;
};

static bool rotate_rows(void *context, size_t first, size_t last, int worker)
{
    struct rotation_job *job = context;
    (void)worker;
    for (size_t i = first; i < last; i++)
        vec_index_rotate_row(job->ix, job->rows + i * (size_t)job->ix->shape.dims);
    return true;
}

static void set_mean(struct vec_index *ix, const float *sample, size_t n, double *sums)
{
    size_t input = (size_t)ix->shape.input_dims, dims = (size_t)ix->shape.dims;
    memset(sums, 0, input * sizeof *sums);
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < input; d++)
            sums[d] += sample[i * dims + d];
    for (size_t d = 0; d < input; d++) {
        float mean = n ? (float)(sums[d] / (double)n) : 0;
        ix->mean[d] = isfinite(mean) ? mean : 0;
    }
}

static bool save_centroids(struct vec_index *ix, int64_t rows, struct vec_error *err)
{
    size_t panel = (size_t)ix->shape.dims * VEC_PANEL;
    bool ok = vec_index_run(ix, VEC_STMT_CENT_CLEAR, 0, 0, 0, err) &&
              vec_meta_put_blob(ix, "mean", ix->mean, (size_t)ix->shape.input_dims * sizeof(float),
                                err) &&
              vec_meta_put_integer(ix, "centroids", ix->centroids.count, err) &&
              vec_meta_put_integer(ix, "trained_rows", rows, err) &&
              vec_meta_put_integer(ix, "tuned_rows", 0, err) &&
              vec_meta_new_generation(ix, err);
    for (int p = 0; ok && p < ix->centroids.panels; p++)
        ok = vec_index_put(ix, VEC_STMT_CENT_PUT, p, ix->centroids.data + (size_t)p * panel,
                           panel * sizeof(float), err);
    ix->trained_rows = rows;
    ix->tuned_rows = 0;
    return ok;
}

/* Rows of the sample that training wants and those that become queries; memory yields, but fewer than 8 rows a list would be no training. */
static size_t sample_rows(const struct build *b, int lists)
{
    size_t want = (size_t)lists * SAMPLE_PER_LIST;
    size_t fits = (size_t)b->ix->build_memory / ((size_t)b->ix->shape.dims * sizeof(float));
    if (want < SAMPLE_MIN)
        want = SAMPLE_MIN;
    if (want > fits)
        want = fits > (size_t)lists * 8 ? fits : (size_t)lists * 8;
    want += TUNE_QUERIES;
    return want > (size_t)b->rows ? (size_t)b->rows : want;
}

/* The last rows of the sample, not yet rotated, become queries and are no more of the sample: rows that shape centroids are nearer
 * to them than others. */
static bool take_queries(struct build *b, struct vec_sample *sample, struct vec_error *err)
{
    const struct vec_index *ix = b->ix;
    size_t dims = (size_t)ix->shape.dims, n = sample->n / 2 < TUNE_QUERIES ? sample->n / 2 : TUNE_QUERIES;
    if (ix->metric == VEC_METRIC_L1 || ix->metric == VEC_METRIC_JACCARD || !n)
        return true;
    sample->n -= n;
    float *queries = sample->rows + sample->n * dims;
    for (size_t i = 0; i < n; i++)
        vec_index_rotate_query(ix, queries + i * dims);
    b->tunes = vec_neighbours_init(&b->neighbours, queries, sample->ids + sample->n, (int)n, ix->shape.dims, ix->shape.inner,
                                   b->threads, err);
    return b->tunes;
}

static bool train(struct build *b, int lists, struct vec_error *err)
{
    struct vec_index *ix = b->ix;
    size_t dims = (size_t)ix->shape.dims;
    struct vec_sample sample = {.cap = sample_rows(b, lists), .random = (uint64_t)ix->seed * 0x9E3779B97F4A7C15 | 1};
    sample.rows = malloc((sample.cap + 1) * dims * sizeof(float));
    sample.ids = malloc((sample.cap + 1) * sizeof *sample.ids);
    double *sums = malloc(dims * sizeof *sums);
    bool ok = (sample.rows && sample.ids && sums) || vec_error_nomem(err);
    enter_phase(b, VEC_PHASE_KMEANS);
    ok = ok && vec_sample_read(&sample, ix, b->rows, check_cancel, b, err);
    if (ok)
        set_mean(ix, sample.rows, sample.n, sums);
    if (ok && (size_t)lists > sample.n / 2)
        lists = sample.n / 2 ? (int)(sample.n / 2) : 1;
    vec_centroids_free(&ix->centroids);
    ok = ok && vec_centroids_init(&ix->centroids, ix->shape.dims, lists, err);
    if (ok && lists > 1) {
        struct rotation_job job = {ix, sample.rows};
        ok = take_queries(b, &sample, err);
        vec_pool_run(b->threads, sample.n, ENCODE_GRAIN, rotate_rows, &job);
        ok = ok && vec_cluster_train(&ix->centroids, sample.rows, sample.n, (uint64_t)ix->seed, b->threads, cancelled, b, err);
    }
    free(sample.rows);
    free(sample.ids);
    free(sums);
    return ok && save_centroids(ix, lists > 1 || ix->method == VEC_METHOD_FLAT ? b->rows : 0, err);
}

/* Rows read together and encoded together. */
struct batch {
    const struct vec_index *ix;
    struct vec_neighbours *neighbours; /* NULL: not looked for */
    size_t n, cap;
    int64_t *ids;
    float *rows;
    uint32_t *lists;
    unsigned char *records;
    float *residuals; /* scratch, per worker */
    uint8_t *codes;
    int threads;
    pthread_t thread;
    bool running, failed;
};

static bool encode_rows(void *context, size_t first, size_t last, int worker)
{
    struct batch *batch = context;
    const struct vec_index *ix = batch->ix;
    size_t dims = (size_t)ix->shape.dims, record_bytes = vec_code_record_bytes(&ix->shape);
    float *residual = batch->residuals + (size_t)worker * dims;
    for (size_t i = first; i < last; i++)
        vec_index_rotate_row(ix, batch->rows + i * dims);
    if (!vec_centroids_assign(&ix->centroids, batch->rows + first * dims, last - first,
                              batch->lists + first, NULL))
        return false;
    if (batch->neighbours && !vec_neighbours_offer(batch->neighbours, worker, batch->rows + first * dims, batch->ids + first,
                                                   batch->lists + first, last - first))
        return false;
    for (size_t i = first; i < last; i++)
        vec_encode(&ix->shape, batch->rows + i * dims,
                   vec_centroid(&ix->centroids, (int)batch->lists[i]), residual,
                   batch->codes + (size_t)worker * dims, batch->records + i * record_bytes);
    return true;
}

static void *encode_batch(void *argument)
{
    struct batch *batch = argument;
    batch->failed = !vec_pool_run(batch->threads, batch->n, ENCODE_GRAIN, encode_rows, batch);
    return NULL;
}

static void start_encoding(struct batch *batch)
{
    batch->running = pthread_create(&batch->thread, NULL, encode_batch, batch) == 0;
    if (!batch->running)
        encode_batch(batch);
}

static void finish_encoding(struct batch *batch)
{
    if (batch->running)
        pthread_join(batch->thread, NULL);
    batch->running = false;
}

static bool batch_init(struct batch *batch, struct build *b, struct vec_error *err)
{
    const struct vec_index *ix = b->ix;
    size_t dims = (size_t)ix->shape.dims, workers = (size_t)b->threads;
    size_t cap = BATCH_BYTES / (dims * sizeof(float));
    if (cap < 64)
        cap = 64;
    *batch = (struct batch){.ix = ix, .cap = cap, .threads = b->threads, .neighbours = b->tunes ? &b->neighbours : NULL};
    batch->ids = malloc(cap * sizeof *batch->ids);
    batch->rows = malloc(cap * dims * sizeof(float));
    batch->lists = malloc(cap * sizeof *batch->lists);
    batch->records = malloc(cap * vec_code_record_bytes(&ix->shape));
    batch->residuals = malloc(workers * dims * sizeof(float));
    batch->codes = malloc(workers * dims);
    return (batch->ids && batch->rows && batch->lists && batch->records && batch->residuals &&
            batch->codes) ||
           vec_error_nomem(err);
}

static void batch_free(struct batch *batch)
{
    finish_encoding(batch);
    free(batch->ids);
    free(batch->rows);
    free(batch->lists);
    free(batch->records);
    free(batch->residuals);
    free(batch->codes);
}

static bool read_batch(struct build *b, sqlite3_stmt *stmt, struct batch *batch, bool *end,
                       struct vec_error *err)
{
    struct vec_index *ix = b->ix;
    batch->n = 0;
    while (batch->n < batch->cap) {
        if (sqlite3_step(stmt) != SQLITE_ROW) {
            *end = true;
            break;
        }
        bool indexed;
        batch->ids[batch->n] = sqlite3_column_int64(stmt, 0);
        if (!vec_index_load(ix, sqlite3_column_value(stmt, 1),
                            batch->rows + batch->n * (size_t)ix->shape.dims, &indexed, err))
            return false;
        if (ix->shape.includes) /* which encoding leaves alone */
            vec_include_take(ix, stmt, batch->records + batch->n * vec_code_record_bytes(&ix->shape));
        batch->n += indexed;
    }
    return check_cancel(b, err);
}

/* Writes what the lists have gathered: everything, or only whole segments. */
static bool write_lists(struct build *b, struct vec_rows *gathered, bool all, size_t *bytes,
                        struct vec_error *err)
{
    struct vec_index *ix = b->ix;
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    for (int list = 0; list < ix->centroids.count; list++) {
        struct vec_rows *rows = &gathered[list];
        size_t n = all ? rows->n : rows->n / (size_t)ix->seg_rows * (size_t)ix->seg_rows;
        if (!vec_list_append(ix, list, rows->ids, rows->records, n, NULL, err))
            return false;
        rows->n -= n;
        *bytes -= n * (record_bytes + sizeof(int64_t));
        if (rows->n) {
            memmove(rows->ids, rows->ids + n, rows->n * sizeof(int64_t));
            memmove(rows->records, rows->records + n * record_bytes, rows->n * record_bytes);
        }
        if (b->progress && atomic_load(&b->progress->phase) == VEC_PHASE_LOADING)
            atomic_fetch_add(&b->progress->tuples_done, (int64_t)n);
        if (all || rows->cap > (size_t)ix->seg_rows * 4)
            if (rows->n == 0)
                vec_rows_free(rows);
    }
    return true;
}

static bool gather(struct build *b, const struct batch *batch, struct vec_rows *gathered,
                   size_t *bytes, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&b->ix->shape);
    if (batch->failed)
        return vec_error_nomem(err);
    for (size_t i = 0; i < batch->n; i++)
        if (!vec_rows_add(&gathered[batch->lists[i]], record_bytes, batch->ids[i],
                          batch->records + i * record_bytes, err))
            return false;
    *bytes += batch->n * (record_bytes + sizeof(int64_t));
    if (b->progress)
        atomic_fetch_add(&b->progress->tuples_done, (int64_t)batch->n);
    /* Arrays grow by doubling: half of what may be used. Where whole segments free too little, because there are very many
     * lists, all goes. */
    size_t most = (size_t)b->ix->build_memory / 2;
    return *bytes < most || (write_lists(b, gathered, false, bytes, err) &&
                             (*bytes < most / 2 || write_lists(b, gathered, true, bytes, err)));
}

static bool fill(struct build *b, struct vec_error *err)
{
    struct vec_index *ix = b->ix;
    struct batch batches[2] = {{0}};
    struct vec_rows *gathered = calloc((size_t)ix->centroids.count, sizeof *gathered);
    bool ok = gathered || vec_error_nomem(err);
    for (int i = 0; ok && i < 2; i++)
        ok = batch_init(&batches[i], b, err);
    for (int list = 0; ok && list < ix->centroids.count; list++)
        ok = vec_index_run(ix, VEC_STMT_LIST_PUT, list, 0, 0, err);
    enter_phase(b, VEC_PHASE_ASSIGNING);
    sqlite3_stmt *stmt = ok ? vec_index_statement(ix, VEC_STMT_SRC_ROWS, err) : NULL;
    ok = stmt != NULL;
    size_t bytes = 0;
    bool end = false;
    for (int turn = 0; ok && !end; turn ^= 1) {
        struct batch *reading = &batches[turn], *encoding = &batches[turn ^ 1];
        ok = read_batch(b, stmt, reading, &end, err);
        finish_encoding(encoding);
        if (ok)
            start_encoding(reading);
        ok = ok && gather(b, encoding, gathered, &bytes, err);
        encoding->n = 0;
    }
    for (int i = 0; i < 2; i++) {
        finish_encoding(&batches[i]);
        ok = ok && gather(b, &batches[i], gathered, &bytes, err);
        batch_free(&batches[i]);
    }
    if (stmt)
        ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok;
    enter_phase(b, VEC_PHASE_LOADING);
    ok = ok && write_lists(b, gathered, true, &bytes, err) && vec_list_relocate(ix, err);
    for (int i = 0; gathered && i < ix->centroids.count; i++)
        vec_rows_free(&gathered[i]);
    free(gathered);
    return ok;
}

static bool clear(struct vec_index *ix, struct vec_error *err)
{
    return vec_index_run(ix, VEC_STMT_SEG_CLEAR, INT64_MIN, INT64_MAX, 0, err) &&
           vec_index_run(ix, VEC_STMT_REF_CLEAR, INT64_MIN, INT64_MAX, 0, err) &&
           (!ix->shape.includes || vec_index_run(ix, VEC_STMT_INC_CLEAR, INT64_MIN, INT64_MAX, 0, err)) &&
           vec_log_clear(ix, err) &&
           vec_index_run(ix, VEC_STMT_LIST_CLEAR, 0, 0, 0, err) &&
           vec_location_clear(ix, err);
}

bool vec_build_run(struct vec_index *ix, int threads, struct vec_progress *progress,
                   struct vec_error *err)
{
    struct build b = {.ix = ix, .progress = progress};
    bool found;
    if (ix->method == VEC_METHOD_INVERTED)
        return vec_invert_build(ix, progress, err);
    b.threads = threads > 0 ? threads : vec_pool_processors();
    if (b.threads > VEC_POOL_MAX)
        b.threads = VEC_POOL_MAX;
    enter_phase(&b, VEC_PHASE_INITIALIZING);
    if (!clear(ix, err) || !vec_index_integer(ix, VEC_STMT_SRC_COUNT, 0, &b.rows, &found, err))
        return false;
    int lists = ix->method == VEC_METHOD_FLAT ? 1 : vec_build_lists(b.rows, ix->wanted_lists);
    bool ok = train(&b, lists, err) && fill(&b, err) && (b.tunes ? vec_tune_from(ix, &b.neighbours, err) : vec_tune_probes(ix, err));
    vec_neighbours_free(&b.neighbours);
#ifdef __GLIBC__
    malloc_trim(0); /* what lists had gathered lies in pieces, which the C library would keep for this thread */
#endif
    return ok;
}
