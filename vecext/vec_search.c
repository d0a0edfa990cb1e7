/* vec_search.c - one search over an index; see vec_search.h. */
#include "vecext/vec_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"
#include "vecext/vec_row.h"
#include "vecext/vec_search_scan.h"

enum {
    FIRST_BATCH = 40,
    NEAREST_LISTS = 32, /* whose order matters to a filter that all lists are visited for */
    READ_TOGETHER = 8   /* base rows */
};

struct result {
    double distance;
    int64_t id;
};

/* What a distance is in the scale of the codes' estimates. */
static double score_of(const struct vec_search *s, double distance)
{
    switch (s->ix->metric) {
    case VEC_METRIC_L2:
        return distance * distance;
    case VEC_METRIC_COSINE:
        return 2 * distance;
    case VEC_METRIC_IP:
        return distance + (double)s->shift;
    case VEC_METRIC_HAMMING:
        return distance;
    default:
        return -INFINITY; /* no estimate bounds it */
    }
}

/* An index of few rows is not divided into the lists it is to have: of a number of lists it gives what they would hold. */
static bool limit_rows(struct vec_search *s, struct vec_error *err)
{
    struct vec_search_args *a = &s->args;
    int64_t lists = s->ix->wanted_lists, rows;
    if (a->most_lists <= 0 || a->most_lists >= lists || s->ix->centroids.count > 1 || s->ix->method == VEC_METHOD_FLAT)
        return true;
    if (!vec_index_rows(s->ix, &rows, err))
        return false;
    int64_t most = (rows + lists - 1) / lists * a->most_lists;
    if (a->k < 0 || a->k > most)
        a->k = most;
    return true;
}

static bool prepare(struct vec_search *s, struct vec_error *err)
{
    struct vec_index *ix = s->ix;
    float *q = ix->row;
    if (!vec_query_tables_init(&s->tables, &ix->shape, err))
        return false;
    vec_index_widen(ix, s->args.query, q);
    if (ix->shape.inner)
        s->shift = vec_kernels()->ip_f32(q, ix->mean, (size_t)ix->shape.input_dims);
    vec_index_rotate_query(ix, q);
    vec_query_tables_fill(&s->tables, &ix->shape, q);
    s->overflow = !isfinite(s->tables.norm2) || !isfinite(s->shift);
    s->whole_refs = vec_search_codes_fit(ix);
    double max = s->args.max_distance;
    s->max_score = isinf(max) || !vec_search_has_estimates(s) ? INFINITY : (float)(score_of(s, max) * 1.0001);
    if (ix->metric == VEC_METRIC_L2 && max < 0)
        s->max_score = -INFINITY;
    return limit_rows(s, err) &&
           vec_order_init(&s->order, &ix->centroids, q, s->tables.norm2, ix->shape.inner, s->args.most_lists, err) &&
           vec_log_open(ix, &s->log, err);
}

struct vec_search *vec_search_new(struct vec_index *ix, const struct vec_search_args *args,
                                  struct vec_error *err)
{
    if (!vec_index_begin(ix, err))
        return NULL;
    struct vec_search *s = calloc(1, sizeof *s);
    if (!s) {
        vec_index_end(ix);
        vec_error_nomem(err);
        return NULL;
    }
    s->ix = ix;
    s->args = *args;
    if (!prepare(s, err)) {
        vec_search_free(s);
        return NULL;
    }
    return s;
}

void vec_search_free(struct vec_search *s)
{
    if (!s)
        return;
    vec_query_tables_free(&s->tables);
    vec_order_free(&s->order);
    vec_log_close(&s->log);
    free(s->upper1.heap);
    free(s->upper4.heap);
    free(s->exact.heap);
    vec_buf_free(&s->survivors);
    vec_buf_free(&s->candidates);
    vec_buf_free(&s->results);
    vec_buf_free(&s->space);
    vec_buf_free(&s->masks);
    vec_idset_free(&s->seen);
    vec_index_end(s->ix);
    free(s);
}

const struct vec_scan_stats *vec_search_stats(const struct vec_search *s)
{
    return &s->stats;
}

const uint32_t *vec_search_order(struct vec_search *s, int *n)
{
    *n = s->order.most;
    vec_order_extend(&s->order, s->order.most);
    return s->order.lists;
}

static int compare_candidate(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->estimate != y->estimate)
        return x->estimate < y->estimate ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int compare_result(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Where base rows are read: their table's pages where those can be, else by the index's view. */
struct base_rows {
    sqlite3_stmt *stmt;
    bool paged, direct; /* pages can be read; and it is known where */
    struct vec_pages pages;
    struct vec_row_reader reader;
    struct vec_row_place places[READ_TOGETHER]; /* of rows on their way from memory */
    int n;
};

static void read_directly(struct base_rows *base, const struct vec_row_source *source)
{
    base->direct = true;
    vec_row_reader_init(&base->reader, &base->pages, source);
}

static bool base_rows_begin(struct vec_search *s, struct base_rows *base, struct vec_error *err)
{
    struct vec_index *ix = s->ix;
    base->stmt = vec_index_statement(ix, VEC_STMT_SRC_GET, err);
    base->direct = false;
    base->n = 0;
    if (!base->stmt)
        return false;
    base->paged = vec_pages_begin(ix->conn, &base->pages);
    if (base->paged && ix->base.root && base->pages.schema >= 0 && base->pages.schema == ix->base_schema)
        read_directly(base, &ix->base);
    return true;
}

static bool base_rows_end(struct vec_search *s, struct base_rows *base, bool ok, struct vec_error *err)
{
    if (base->direct)
        vec_row_reader_free(&base->reader);
    if (base->paged)
        vec_pages_end(&base->pages);
    return vec_index_done(s->ix, base->stmt, ok ? err : NULL) && ok;
}

/* The statement that has been stepped knows the present schema. */
static void find_source(struct vec_search *s, struct base_rows *base)
{
    struct vec_index *ix = s->ix;
    ix->base.root = 0;
    if (vec_row_source_find(ix->conn, base->stmt, 0, &ix->base)) {
        ix->base_schema = base->pages.schema;
        read_directly(base, &ix->base);
    } else {
        vec_pages_end(&base->pages);
        base->paged = false;
    }
}

/* Exact distance of one base row into the results. */
static bool take_exact(struct vec_search *s, int64_t id, struct vec_blob blob, struct vec_error *err)
{
    double d = vec_distance_unchecked(s->ix->type, s->ix->metric, blob, s->args.query);
    struct result r = {d, id};
    s->stats.reranked++;
    vec_nearest_push(&s->exact, (float)score_of(s, d));
    return isnan(d) || d > s->args.max_distance || vec_buf_append(&s->results, &r, sizeof r, err);
}

/* A row that is gone, or has no vector any more, is left out. */
static bool read_by_statement(struct vec_search *s, struct base_rows *base, int64_t id, struct vec_error *err)
{
    struct vec_index *ix = s->ix;
    struct vec_blob blob;
    bool ok = true, null = true;
    sqlite3_bind_int64(base->stmt, 1, id);
    if (sqlite3_step(base->stmt) == SQLITE_ROW)
        ok = vec_index_blob(ix, sqlite3_column_value(base->stmt, 0), false, &s->space, &blob, &null, err);
    ok = ok && (null || take_exact(s, id, blob, err));
    if (sqlite3_reset(base->stmt) != SQLITE_OK)
        return vec_index_failed(ix, err);
    if (base->paged && !base->direct)
        find_source(s, base);
    return ok;
}

/* Reads the rows that were asked for. */
static bool read_asked(struct vec_search *s, struct base_rows *base, struct vec_error *err)
{
    bool ok = true;
    for (int i = 0; i < base->n; i++)
        vec_row_find(&base->reader, &base->places[i]);
    for (int i = 0; ok && i < base->n; i++) {
        struct vec_blob blob;
        enum vec_row_found found = vec_row_take(&base->reader, &base->places[i], &blob);
        if (found == VEC_ROW_ELSEWHERE)
            ok = read_by_statement(s, base, base->places[i].id, err);
        else if (found == VEC_ROW_READ && blob.data)
            ok = vec_index_check(s->ix, blob, false, err) && take_exact(s, base->places[i].id, blob, err);
    }
    base->n = 0;
    return ok;
}

/* Exact distance of a row: now, or with the next ones, whose bytes are asked of memory together. */
static bool read_exact(struct vec_search *s, struct base_rows *base, int64_t id, struct vec_error *err)
{
    if (!base->direct)
        return read_by_statement(s, base, id, err);
    vec_row_ask(&base->reader, id, &base->places[base->n++]);
    return base->n < READ_TOGETHER || read_asked(s, base, err);
}

/* In order of estimates, so that the k-th exact distance is small early and spares most reads. */
static bool rerank(struct vec_search *s, struct vec_error *err)
{
    struct candidate *all = (void *)s->candidates.data;
    size_t n = s->candidates.len / sizeof *all, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (all[i].low < s->limit)
            all[kept++] = all[i];
    if (kept)
        qsort(all, kept, sizeof *all, compare_candidate);
    struct base_rows base;
    if (!base_rows_begin(s, &base, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < kept; i++)
        if (all[i].low <= s->exact.worst)
            ok = read_exact(s, &base, all[i].id, err);
    ok = ok && read_asked(s, &base, err);
    s->candidates.len = 0;
    return base_rows_end(s, &base, ok, err);
}

struct each_context {
    struct vec_search *s;
    struct base_rows base;
    struct vec_error *err;
};

static bool read_member(void *context, int64_t id)
{
    struct each_context *c = context;
    return read_exact(c->s, &c->base, id, c->err);
}

/* A filter of few rows: reading them all costs less than one probe, and is exact. Rows that are not
 * indexed (a zero vector under cosine) have no distance and drop out. */
static bool read_filter(struct vec_search *s, struct vec_error *err)
{
    struct each_context c = {.s = s, .err = err};
    if (!base_rows_begin(s, &c.base, err))
        return false;
    bool ok = vec_rowset_each(s->args.filter, read_member, &c) && read_asked(s, &c.base, err);
    return base_rows_end(s, &c.base, ok, err);
}

static bool filter_is_small(const struct vec_search *s)
{
    int64_t most = vec_search_has_estimates(s) ? 64 : 64 + s->ix->trained_rows / 60;
    return s->args.filter && s->args.filter->count <= most;
}

/* Lists in order. While the rows of one are compared, the codes of the next are on their way from memory. */
static bool scan_selection(struct vec_search *s, struct vec_selection *selection, struct vec_error *err)
{
    const uint32_t *lists = s->order.lists;
    const struct vec_block *codes = NULL, *next = NULL;
    int most = s->order.most;
    bool ok = true;
    for (int i = -1; ok && i < most; i++) { /* the first round only asks */
        if ((i + 1) % VEC_IMAGES_ASKED == 0)
            vec_image_ask(s->ix, lists + i + 1, most - i - 1, s->whole_refs);
        vec_block_release(codes);
        codes = next;
        next = NULL;
        if (i + 1 < most && vec_search_by_codes(s, selection, lists[i + 1]))
            ok = vec_search_ask_codes(s, selection, lists[i + 1], &next, err);
        if (!ok || i < 0)
            continue;
        if (codes)
            ok = vec_search_scan_codes(s, selection, lists[i], codes, err);
        else if (vec_selection_in(selection, lists[i]))
            ok = vec_search_scan_selected(s, selection, lists[i], err);
        ok = ok && vec_search_scan_log(s, lists[i], err);
    }
    vec_block_release(codes);
    vec_block_release(next);
    return ok;
}

/* A filter of some rows that are known by place: their codes are compared wherever they lie, the nearest lists' first. Rows of
 * the log are compared too. *done is false when places are not known. */
static bool search_selected(struct vec_search *s, bool *done, struct vec_error *err)
{
    struct vec_selection selection;
    bool ok = vec_selection_init(&selection, s->ix, s->args.filter, done, err);
    if (ok && *done) {
        vec_order_rest(&s->order, NEAREST_LISTS);
        ok = scan_selection(s, &selection, err) && vec_selection_find_others(&selection, s->ix, err);
        const int64_t *others = (const void *)selection.others.data;
        for (size_t i = 0; ok && i < selection.others.len / sizeof *others; i++)
            ok = vec_search_add(s, -INFINITY, 0, others[i], err);
        ok = ok && rerank(s, err);
    }
    vec_selection_free(&selection);
    return ok;
}

/* Between reading the rows themselves and visiting lists that hold few of them. */
static bool filter_is_selective(const struct vec_search *s)
{
    return s->args.filter && vec_search_has_estimates(s) && s->args.filter->count <= s->ix->trained_rows / 8;
}

static int64_t default_probes(const struct vec_search *s)
{
    int64_t probes = s->args.probes > 0 ? s->args.probes : s->ix->probes;
    return s->ix->method == VEC_METHOD_FLAT || probes < 1 ? s->order.most : probes;
}

/* A filter that keeps one row in ten needs ten times the lists, and more when it is correlated with the vectors: then
 * all of them, which the filter makes cheap. */
static int scale_probes(const struct vec_search *s, int64_t probes, double passes)
{
    double scaled = passes >= 1 ? (double)probes : (double)probes * 1.5 / passes;
    return scaled >= s->order.most / 2.0 && passes < 1 ? s->order.most
           : scaled < s->order.most                     ? (int)scaled
                                                   : s->order.most;
}

/* Lists of the first round. */
static int first_lists(const struct vec_search *s)
{
    double passes = 1;
    if (s->args.filter && s->args.filter->count > 0)
        passes = (double)s->args.filter->count / (double)(s->ix->trained_rows + 1);
    return scale_probes(s, default_probes(s), passes);
}

/* Has it seen as many rows as it may? */
static bool is_spent(const struct vec_search *s)
{
    return s->args.most_rows > 0 && s->stats.rows >= s->args.most_rows;
}

/* What a condition's first answers say of the lists that are needed; `lists` are visited. */
static int enough_lists(const struct vec_search *s, int lists)
{
    double passes = 1;
    if (s->args.where && s->looked_at >= 20)
        passes *= (double)(s->left + 1) / (double)(s->looked_at + 1);
    if (s->args.test && s->tested >= 20)
        passes *= (double)(s->passed + 1) / (double)(s->tested + 1);
    if (passes >= 1 || is_spent(s))
        return lists;
    int more = scale_probes(s, default_probes(s), passes);
    return more > lists ? more : lists;
}

/* Remembers the rows of the round just handed out, so that the next round leaves them out. */
static bool remember_round(struct vec_search *s, struct vec_error *err)
{
    const struct result *results = (const void *)s->results.data;
    for (size_t i = 0; i < s->results.len / sizeof *results; i++)
        if (!vec_idset_add(&s->seen, results[i].id, err))
            return false;
    return true;
}

/* Visits the lists [from, to) of the order. */
static bool scan_lists(struct vec_search *s, int from, int to, struct vec_error *err)
{
    vec_order_extend(&s->order, to);
    for (int i = from; i < to; i++) {
        if ((i - from) % VEC_IMAGES_ASKED == 0) {
            vec_image_ask(s->ix, s->order.lists + i, to - i, false);
            if (s->whole_refs)
                vec_image_ask(s->ix, s->order.lists + i, to - i, true);
        }
        if (!vec_search_scan_list(s, s->order.lists[i], err))
            return false;
    }
    return true;
}

/* The codes' bounds hold nearly always: a row whose distance is above its own upper bound leaves the bound of the k nearest too
 * low, and less than k rows below it. */
static bool bound_was_too_low(const struct vec_search *s, int64_t wanted)
{
    return s->args.k >= 0 && (int64_t)s->exact.n < wanted && s->limit < s->max_score;
}

/* Begins again with the bound of `most` rows. */
static bool widen(struct vec_search *s, size_t wanted, size_t most, struct vec_error *err)
{
    s->results.len = s->candidates.len = 0;
    if (!vec_nearest_reset(&s->upper1, most, err) || !vec_nearest_reset(&s->upper4, most, err) ||
        !vec_nearest_reset(&s->exact, wanted, err))
        return false;
    vec_search_tighten(s);
    return true;
}

/* Lists are visited until there are `wanted` rows or no more lists. */
static bool visit(struct vec_search *s, int64_t wanted, int *lists, struct vec_error *err)
{
    int done = 0;
    size_t most = (size_t)wanted;
    for (int to = *lists;;) {
        if (!scan_lists(s, done, to, err))
            return false;
        done = to;
        to = enough_lists(s, done);
        if (to > done)
            continue;
        if (!rerank(s, err))
            return false;
        *lists = done;
        if (done == s->order.most && bound_was_too_low(s, wanted) && !is_spent(s)) {
            most = most * 4 + 16;
            if (!widen(s, (size_t)wanted, most, err))
                return false;
            done = 0;
            to = s->order.most;
            continue;
        }
        if (done == s->order.most || (int64_t)s->exact.n >= wanted || s->args.k < 0 || is_spent(s))
            return true;
        to = done > s->order.most / 2 ? s->order.most : done * 2;
    }
}

/* The same for a filter whose rows are known by place. */
static bool visit_selected(struct vec_search *s, int64_t wanted, bool *done, struct vec_error *err)
{
    for (size_t most = (size_t)wanted;;) {
        if (!search_selected(s, done, err))
            return false;
        if (!*done || !bound_was_too_low(s, wanted))
            return true;
        most = most * 4 + 16;
        if (!widen(s, (size_t)wanted, most, err))
            return false;
    }
}

/* Finds the `wanted` nearest rows in the first *lists lists, or more: then *lists is how many. */
static bool find_rows(struct vec_search *s, int64_t wanted, int *lists, struct vec_error *err)
{
    s->results.len = s->candidates.len = 0;
    s->next = 0;
    if (!vec_nearest_reset(&s->upper1, (size_t)wanted, err) ||
        !vec_nearest_reset(&s->upper4, (size_t)wanted, err) ||
        !vec_nearest_reset(&s->exact, (size_t)wanted, err))
        return false;
    vec_search_tighten(s);
    bool done = filter_is_small(s);
    if (done && !read_filter(s, err))
        return false;
    if (!done && filter_is_selective(s) && !visit_selected(s, wanted, &done, err))
        return false;
    if (!done)
        return visit(s, wanted, lists, err);
    *lists = s->order.most;
    return true;
}

/* One round over the first `lists` lists, or more, for the `wanted` nearest rows. */
static bool run_round(struct vec_search *s, int64_t wanted, int lists, struct vec_error *err)
{
    vec_index_trust(s->ix, true);
    bool ok = find_rows(s, wanted, &lists, err);
    vec_index_trust(s->ix, false);
    if (!ok)
        return false;
    s->wanted = wanted;
    s->lists = lists;
    struct result *results = (void *)s->results.data;
    size_t n = s->results.len / sizeof *results, kept = 0;
    if (n)
        qsort(results, n, sizeof *results, compare_result);
    for (size_t i = 0; i < n && i < (size_t)wanted; i++)
        if (!vec_idset_has(&s->seen, results[i].id))
            results[kept++] = results[i];
    s->results.len = kept * sizeof *results;
    return true;
}

/* True when a further round cannot find more. */
static bool exhausted(const struct vec_search *s)
{
    return is_spent(s) || (s->lists == s->order.most && (int64_t)s->exact.n < s->wanted && !(s->limit < s->max_score));
}

static bool next_round(struct vec_search *s, struct vec_error *err)
{
    if (s->args.k >= 0) {
        int64_t k = s->args.k, rows;
        if (k > 10000) { /* no larger heaps than there are rows */
            if (!vec_index_rows(s->ix, &rows, err))
                return false;
            k = k < rows + 1 ? k : rows + 1;
        }
        return run_round(s, k, first_lists(s), err);
    }
    if (s->wanted && !remember_round(s, err))
        return false;
    int64_t wanted = s->wanted ? s->wanted * 4 : s->args.batch > 0 ? s->args.batch : FIRST_BATCH;
    int lists = s->wanted ? (s->lists > s->order.most / 2 ? s->order.most : s->lists * 2) : first_lists(s);
    return run_round(s, wanted, lists, err);
}

int vec_search_next(struct vec_search *s, int64_t *id, double *distance, struct vec_error *err)
{
    while (s->next * sizeof(struct result) >= s->results.len) {
        if (s->args.k == 0 || (s->wanted && (s->args.k > 0 || exhausted(s))))
            return 0;
        if (!next_round(s, err))
            return -1;
    }
    const struct result *r = (const struct result *)(const void *)s->results.data + s->next++;
    *id = r->id;
    *distance = r->distance;
    return 1;
}
