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
    TILE = 24           /* rows multiplied with one panel while both are in cache */
};

bool vec_centroids_init(struct vec_centroids *centroids, int dims, int count, struct vec_error *err)
{
    int panels = (count + VEC_PANEL - 1) / VEC_PANEL;
    *centroids = (struct vec_centroids){.dims = dims, .count = count, .panels = panels};
    centroids->data = calloc((size_t)panels * (size_t)dims * VEC_PANEL, sizeof(float));
    centroids->norm2 = calloc((size_t)panels * VEC_PANEL, sizeof(float));
    centroids->rows = calloc((size_t)count * (size_t)dims, sizeof(float));
    if (!centroids->data || !centroids->norm2 || !centroids->rows) {
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
    centroids->data = centroids->norm2 = centroids->rows = NULL;
    centroids->count = centroids->panels = 0;
}

static float *column(const struct vec_centroids *centroids, int list)
{
    size_t panel = (size_t)(list / VEC_PANEL);
    return centroids->data + panel * (size_t)centroids->dims * VEC_PANEL + list % VEC_PANEL;
}

void vec_centroids_set(struct vec_centroids *centroids, int list, const float *from)
{
    size_t dims = (size_t)centroids->dims;
    float *to = column(centroids, list);
    for (size_t d = 0; d < dims; d++)
        to[d * VEC_PANEL] = from[d];
    memcpy(centroids->rows + (size_t)list * dims, from, dims * sizeof(float));
    centroids->norm2[list] = vec_kernels()->ip_f32(from, from, dims);
}

void vec_centroids_load(struct vec_centroids *centroids, int list)
{
    const float *from = column(centroids, list);
    float *to = centroids->rows + (size_t)list * (size_t)centroids->dims;
    for (int d = 0; d < centroids->dims; d++)
        to[d] = from[(size_t)d * VEC_PANEL];
    centroids->norm2[list] = vec_kernels()->ip_f32(to, to, (size_t)centroids->dims);
}

void vec_centroids_products(const struct vec_centroids *centroids, const float *row, float *out)
{
    vec_kernels()->panel_vector(row, centroids->data, (size_t)centroids->panels,
                                (size_t)centroids->dims, out);
}

uint32_t vec_centroids_nearest(const struct vec_centroids *centroids, const float *row,
                               float *products)
{
    float best = INFINITY;
    uint32_t list = 0;
    vec_centroids_products(centroids, row, products);
    for (int i = 0; i < centroids->count; i++) {
        float score = centroids->norm2[i] - 2 * products[i];
        if (score < best) {
            best = score;
            list = (uint32_t)i;
        }
    }
    return list;
}

void vec_centroids_assign(const struct vec_centroids *centroids, const float *rows, size_t n,
                          uint32_t *list, float *distance2)
{
    const struct vec_kernels *k = vec_kernels();
    size_t dims = (size_t)centroids->dims;
    float products[TILE * VEC_PANEL], best[TILE];
    while (n) {
        size_t tile = n < TILE ? n : TILE;
        for (size_t r = 0; r < tile; r++) {
            best[r] = INFINITY;
            list[r] = 0;
        }
        for (int p = 0; p < centroids->panels; p++) {
            const float *norm2 = centroids->norm2 + p * VEC_PANEL;
            k->panel_rows(rows, dims, tile, centroids->data + (size_t)p * dims * VEC_PANEL, dims,
                          products);
            for (size_t r = 0; r < tile; r++) {
                for (int c = 0; c < VEC_PANEL; c++) {
                    float score = norm2[c] - 2 * products[r * VEC_PANEL + (size_t)c];
                    if (score < best[r]) {
                        best[r] = score;
                        list[r] = (uint32_t)(p * VEC_PANEL + c);
                    }
                }
            }
        }
        for (size_t r = 0; distance2 && r < tile; r++)
            *distance2++ = best[r] + k->ip_f32(rows + r * dims, rows + r * dims, dims);
        rows += tile * dims;
        list += tile;
        n -= tile;
    }
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
    vec_centroids_assign(t->centroids, t->rows + first * dims, last - first, t->list + first, NULL);
    return true;
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
            for (int d = 0; d < dims; d++)
                mean[d] += row[d];
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
        int largest = 0;
        for (int j = 1; j < count; j++)
            if (size[j] > size[largest])
                largest = j;
        if (size[largest] < 2)
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
        ok = !cancel || !cancel(context) || vec_error_set(err, VEC_SQLITE, "interrupted");
        ok = ok && vec_pool_run(threads, m, TILE * 4, assign_rows, &t);
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
