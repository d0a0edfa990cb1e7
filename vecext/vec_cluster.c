/* vec_cluster.c - k-means; see vec_cluster.h. */
#include "vecext/vec_cluster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"
#include "vecext/vec_pool.h"

enum {
    ROUNDS_PART = 5,    /* on a part of the rows */
    ROUNDS_FULL = 3,    /* on all */
    PART_PER_LIST = 16, /* rows a list of the part, at least */
    TILE = 24,          /* rows multiplied with one panel while both are in cache */
    NEAR_PANELS = 2,
    NEAR = NEAR_PANELS * VEC_PANEL /* lists that a row may move to in one round, once it has one: those nearest to its own */
};

bool vec_centroids_init(struct vec_centroids *centroids, int dims, int count, struct vec_error *err)
{
    int panels = (count + VEC_PANEL - 1) / VEC_PANEL;
    *centroids = (struct vec_centroids){.dims = dims, .count = count, .panels = panels};
    centroids->data = calloc((size_t)panels * (size_t)dims * VEC_PANEL, sizeof(float));
    centroids->norm2 = calloc((size_t)panels * VEC_PANEL, sizeof(float));
    centroids->rows = calloc((size_t)count * (size_t)dims, sizeof(float));
    centroids->small = calloc((size_t)panels * (size_t)dims * VEC_PANEL, sizeof(int16_t));
    centroids->scale = calloc((size_t)panels * VEC_PANEL, sizeof(float));
    if (!centroids->data || !centroids->norm2 || !centroids->rows || !centroids->small || !centroids->scale) {
        vec_centroids_free(centroids);
        return vec_error_nomem(err);
    }
    for (int i = count; i < panels * VEC_PANEL; i++)
        centroids->norm2[i] = INFINITY;
    return true;
}

void vec_centroids_free(struct vec_centroids *centroids)
{
    free(centroids->data);
    free(centroids->norm2);
    free(centroids->rows);
    free(centroids->small);
    free(centroids->scale);
    centroids->small = NULL;
    centroids->scale = NULL;
    centroids->data = centroids->norm2 = centroids->rows = NULL;
    centroids->count = centroids->panels = 0;
}

static float *column(const struct vec_centroids *centroids, int list)
{
    size_t panel = (size_t)(list / VEC_PANEL);
    return centroids->data + panel * (size_t)centroids->dims * VEC_PANEL + list % VEC_PANEL;
}

/* The largest number such that sums of dims products fit 32 bits; beyond 11 bits nothing is gained. */
static float small_range(size_t dims)
{
    float fits = floorf(sqrtf(2147483000.0f / (float)dims));
    return fits < 1023 ? fits : 1023;
}

/* Rounds a row to 16-bit numbers and gives the size of a step; zeros for a row that is not finite. */
static float make_small(const float *from, size_t dims, int16_t *to)
{
    float most, range = small_range(dims);
    uint32_t bits = vec_kernels()->largest_bits(from, dims);
    memcpy(&most, &bits, sizeof most);
    float inverse = range / most;
    if (!(most > 0 && most < INFINITY && inverse < INFINITY)) {
        memset(to, 0, dims * sizeof *to);
        return 0;
    }
    vec_kernels()->to_small(from, dims, inverse, to);
    return most / range;
}

/* Writes a centroid's column of small numbers, from its row. */
static void set_small(struct vec_centroids *centroids, int list)
{
    size_t dims = (size_t)centroids->dims, panel = (size_t)(list / VEC_PANEL);
    const float *from = centroids->rows + (size_t)list * dims;
    int16_t *to = centroids->small + panel * dims * VEC_PANEL + 2 * (list % VEC_PANEL), *row = malloc(dims * sizeof *row);
    centroids->scale[list] = row ? make_small(from, dims, row) : 0;
    for (size_t d = 0; row && d < dims; d++)
        to[d / 2 * 2 * VEC_PANEL + d % 2] = row[d];
    free(row);
}

void vec_centroids_set(struct vec_centroids *centroids, int list, const float *from)
{
    size_t dims = (size_t)centroids->dims;
    float *to = column(centroids, list);
    for (size_t d = 0; d < dims; d++)
        to[d * VEC_PANEL] = from[d];
    memcpy(centroids->rows + (size_t)list * dims, from, dims * sizeof(float));
    centroids->norm2[list] = vec_kernels()->ip_f32(from, from, dims);
    set_small(centroids, list);
}

void vec_centroids_load(struct vec_centroids *centroids, int list)
{
    const float *from = column(centroids, list);
    float *to = centroids->rows + (size_t)list * (size_t)centroids->dims;
    for (int d = 0; d < centroids->dims; d++)
        to[d] = from[(size_t)d * VEC_PANEL];
    centroids->norm2[list] = vec_kernels()->ip_f32(to, to, (size_t)centroids->dims);
    set_small(centroids, list);
}

bool vec_centroids_products(const struct vec_centroids *centroids, const float *rows, size_t n, float *out, struct vec_error *err)
{
    size_t dims = (size_t)centroids->dims, columns = (size_t)centroids->panels * VEC_PANEL;
    int16_t *small = malloc(TILE * dims * sizeof *small);
    int32_t sums[TILE * VEC_PANEL];
    float steps[TILE];
    if (!small)
        return vec_error_nomem(err);
    for (size_t tile; n; n -= tile, rows += tile * dims, out += tile * columns) {
        tile = n < TILE ? n : TILE;
        for (size_t r = 0; r < tile; r++)
            steps[r] = make_small(rows + r * dims, dims, small + r * dims);
        for (int p = 0; p < centroids->panels; p++) {
            const float *scale = centroids->scale + p * VEC_PANEL;
            vec_kernels()->panel_rows(small, tile, centroids->small + (size_t)p * dims * VEC_PANEL, dims, sums);
            for (size_t r = 0; r < tile; r++)
                for (size_t c = 0; c < VEC_PANEL; c++)
                    out[r * columns + (size_t)p * VEC_PANEL + c] = (float)sums[r * VEC_PANEL + c] * (steps[r] * scale[c]);
        }
    }
    free(small);
    return true;
}

/* A tile of rows: list gets the nearest of each. */
static void assign_tile(const struct vec_centroids *centroids, const int16_t *small, const float *steps, size_t tile,
                        uint32_t *list)
{
    const struct vec_kernels *k = vec_kernels();
    size_t dims = (size_t)centroids->dims;
    int32_t sums[TILE * VEC_PANEL];
    float best[TILE];
    for (size_t r = 0; r < tile; r++) {
        best[r] = INFINITY;
        list[r] = 0;
    }
    for (int p = 0; p < centroids->panels; p++) {
        const float *norm2 = centroids->norm2 + p * VEC_PANEL, *scale = centroids->scale + p * VEC_PANEL;
        k->panel_rows(small, tile, centroids->small + (size_t)p * dims * VEC_PANEL, dims, sums);
        for (size_t r = 0; r < tile; r++) {
            float step = 2 * steps[r], score[VEC_PANEL], least = INFINITY;
            for (int c = 0; c < VEC_PANEL; c++) {
                score[c] = norm2[c] - (float)sums[r * VEC_PANEL + (size_t)c] * (step * scale[c]);
                least = score[c] < least ? score[c] : least;
            }
            if (!(least < best[r]))
                continue;
            int c = 0;
            while (score[c] != least)
                c++;
            best[r] = least;
            list[r] = (uint32_t)(p * VEC_PANEL + c);
        }
    }
}

bool vec_centroids_assign(const struct vec_centroids *centroids, const float *rows, size_t n,
                          uint32_t *list, struct vec_error *err)
{
    size_t dims = (size_t)centroids->dims;
    float steps[TILE];
    int16_t *small = malloc(TILE * dims * sizeof *small);
    if (!small)
        return vec_error_nomem(err);
    while (n) {
        size_t tile = n < TILE ? n : TILE;
        for (size_t r = 0; r < tile; r++)
            steps[r] = make_small(rows + r * dims, dims, small + r * dims);
        assign_tile(centroids, small, steps, tile, list);
        rows += tile * dims;
        list += tile;
        n -= tile;
    }
    free(small);
    return true;
}

struct training {
    struct vec_centroids *centroids;
    const float *rows;
    uint32_t *list;  /* of each row */
    uint32_t *order; /* rows sorted by list */
    uint32_t *start; /* of each list in order; [count + 1] */
};

static bool assign_rows(void *context, size_t first, size_t last, int worker)
{
    struct training *t = context;
    size_t dims = (size_t)t->centroids->dims;
    (void)worker;
    return vec_centroids_assign(t->centroids, t->rows + first * dims, last - first, t->list + first, NULL);
}

/* A list's neighbourhood: the NEAR centroids that are nearest to its own, as centroids of their own; `which` are their numbers. */
struct near {
    struct vec_centroids part;
    uint32_t which[NEAR];
    float *products; /* with all centroids */
    int16_t *tile;
};

static void near_free(struct near *near)
{
    vec_centroids_free(&near->part);
    free(near->products);
    free(near->tile);
}

static bool near_init(struct near *near, const struct vec_centroids *centroids)
{
    size_t dims = (size_t)centroids->dims;
    *near = (struct near){.part = {.dims = centroids->dims, .count = NEAR, .panels = NEAR_PANELS}};
    near->part.small = malloc(NEAR * dims * sizeof *near->part.small);
    near->part.norm2 = malloc(NEAR * sizeof *near->part.norm2);
    near->part.scale = malloc(NEAR * sizeof *near->part.scale);
    near->products = malloc((size_t)centroids->panels * VEC_PANEL * sizeof *near->products);
    near->tile = malloc(TILE * dims * sizeof *near->tile);
    return near->part.small && near->part.norm2 && near->part.scale && near->products && near->tile;
}

/* Copies one column, as assign_tile() needs it. */
static void near_take(struct near *near, const struct vec_centroids *centroids, int to, uint32_t from)
{
    size_t dims = (size_t)centroids->dims, panel = dims * VEC_PANEL;
    const int16_t *source = centroids->small + from / VEC_PANEL * panel + 2 * (from % VEC_PANEL);
    int16_t *target = near->part.small + (size_t)(to / VEC_PANEL) * panel + 2 * (to % VEC_PANEL);
    for (size_t d = 0; d < dims; d += 2, source += 2 * VEC_PANEL, target += 2 * VEC_PANEL)
        memcpy(target, source, 2 * sizeof *target);
    near->which[to] = from;
    near->part.norm2[to] = centroids->norm2[from];
    near->part.scale[to] = centroids->scale[from];
}

static bool near_find(struct near *near, const struct vec_centroids *centroids, size_t list)
{
    uint32_t best[NEAR];
    float score[NEAR];
    int n = 0;
    if (!vec_centroids_products(centroids, vec_centroid(centroids, (int)list), 1, near->products, NULL))
        return false;
    for (int c = 0; c < centroids->count; c++) {
        float s = centroids->norm2[c] - 2 * near->products[c];
        if (n == NEAR && !(s < score[NEAR - 1]))
            continue;
        int at = n < NEAR ? n++ : NEAR - 1;
        for (; at && score[at - 1] > s; at--) {
            score[at] = score[at - 1];
            best[at] = best[at - 1];
        }
        score[at] = s;
        best[at] = (uint32_t)c;
    }
    for (int i = 0; i < n; i++)
        near_take(near, centroids, i, best[i]);
    return true;
}

/* As assign_rows(), for lists and the rows they had in the round before: each is compared with the lists near its own only. */
static bool assign_near(void *context, size_t first, size_t last, int worker)
{
    struct training *t = context;
    size_t dims = (size_t)t->centroids->dims;
    struct near near;
    bool ok = near_init(&near, t->centroids);
    (void)worker;
    for (size_t list = first; ok && list < last; list++) {
        size_t i = t->start[list], end = t->start[list + 1];
        ok = i == end || near_find(&near, t->centroids, list);
        for (size_t tile; ok && i < end; i += tile) {
            float steps[TILE];
            uint32_t found[TILE];
            tile = end - i < TILE ? end - i : TILE;
            for (size_t r = 0; r < tile; r++)
                steps[r] = make_small(t->rows + t->order[i + r] * dims, dims, near.tile + r * dims);
            assign_tile(&near.part, near.tile, steps, tile, found);
            for (size_t r = 0; r < tile; r++)
                t->list[t->order[i + r]] = near.which[found[r]];
        }
    }
    near_free(&near);
    return ok;
}

static bool average_lists(void *context, size_t first, size_t last, int worker)
{
    struct training *t = context;
    int dims = t->centroids->dims;
    float *mean = malloc(sizeof(float) * (size_t)dims);
    (void)worker;
    if (!mean)
        return false;
    for (size_t list = first; list < last; list++) {
        uint32_t n = t->start[list + 1] - t->start[list];
        if (!n)
            continue;
        memset(mean, 0, sizeof(float) * (size_t)dims);
        for (uint32_t i = t->start[list]; i < t->start[list + 1]; i++) {
            const float *row = t->rows + (size_t)t->order[i] * (size_t)dims;
            vec_kernels()->add(mean, row, (size_t)dims);
        }
        for (int d = 0; d < dims; d++)
            mean[d] /= (float)n;
        vec_centroids_set(t->centroids, (int)list, mean);
    }
    free(mean);
    return true;
}

static void sort_by_list(struct training *t, size_t n)
{
    size_t count = (size_t)t->centroids->count;
    memset(t->start, 0, (count + 1) * sizeof *t->start);
    for (size_t i = 0; i < n; i++)
        t->start[t->list[i] + 1]++;
    for (size_t l = 0; l < count; l++)
        t->start[l + 1] += t->start[l];
    for (size_t i = 0; i < n; i++)
        t->order[t->start[t->list[i]]++] = (uint32_t)i;
    memmove(t->start + 1, t->start, count * sizeof *t->start);
    t->start[0] = 0;
}

/* An empty cluster restarts at a row of the largest one; that one counts half from then on, so that
 * several empty clusters do not all land in the same place. */
static bool refill_empty(struct training *t, struct vec_error *err)
{
    int count = t->centroids->count;
    uint32_t *size = malloc(sizeof *size * (size_t)count);
    if (!size)
        return vec_error_nomem(err);
    for (int l = 0; l < count; l++)
        size[l] = t->start[l + 1] - t->start[l];
    for (int l = 0; l < count; l++) {
        if (size[l])
            continue;
        int largest = -1;
        for (int j = 0; j < count; j++) /* one that was empty too has no rows to give yet */
            if (t->start[j + 1] > t->start[j] && (largest < 0 || size[j] > size[largest]))
                largest = j;
        if (largest < 0 || size[largest] < 2)
            break;
        uint32_t row = t->order[t->start[largest] + size[largest] / 2];
        vec_centroids_set(t->centroids, l, t->rows + (size_t)row * (size_t)t->centroids->dims);
        size[l] = size[largest] / 2;
        size[largest] -= size[l];
    }
    free(size);
    return true;
}

bool vec_cluster_train(struct vec_centroids *centroids, const float *rows, size_t n, uint64_t seed,
                       int threads, bool (*cancel)(void *), void *context, struct vec_error *err)
{
    size_t count = (size_t)centroids->count, dims = (size_t)centroids->dims;
    struct training t = {.centroids = centroids, .rows = rows};
    t.list = malloc(sizeof *t.list * n);
    t.order = malloc(sizeof *t.order * n);
    t.start = malloc(sizeof *t.start * (count + 1));
    bool ok = (t.list && t.order && t.start) || vec_error_nomem(err);
    /* evenly spaced from a random row: the rows come in no meaningful order (vec_build shuffles) */
    for (size_t l = 0; ok && l < count; l++)
        vec_centroids_set(centroids, (int)l, rows + (l * n / count + seed % n) % n * dims);
    size_t part = n / 4 > count * PART_PER_LIST ? n / 4 : count * PART_PER_LIST;
    for (int round = 0; ok && round < ROUNDS_PART + ROUNDS_FULL; round++) {
        size_t m = round < ROUNDS_PART && part < n ? part : n;
        bool settled = round > ROUNDS_PART && count > 2 * NEAR; /* these rows have lists, and lists move little by now */
        ok = !cancel || !cancel(context) || vec_error_set(err, VEC_SQLITE, "interrupted");
        ok = ok && ((settled ? vec_pool_run(threads, count, 8, assign_near, &t)
                             : vec_pool_run(threads, m, TILE * 4, assign_rows, &t)) ||
                    vec_error_nomem(err));
        if (ok)
            sort_by_list(&t, m);
        ok = ok && (vec_pool_run(threads, count, 8, average_lists, &t) || vec_error_nomem(err)) &&
             refill_empty(&t, err);
    }
    free(t.list);
    free(t.order);
    free(t.start);
    return ok;
}
