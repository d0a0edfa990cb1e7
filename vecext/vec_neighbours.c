/* vec_neighbours.c - see vec_neighbours.h. */
#include "vecext/vec_neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"

enum { TILE = 24 };

bool vec_neighbours_init(struct vec_neighbours *n, const float *rows, const int64_t *ids, int count, int dims, bool inner,
                         int workers, struct vec_error *err)
{
    size_t cells = (size_t)workers * (size_t)count * VEC_NEIGHBOURS;
    *n = (struct vec_neighbours){.inner = inner, .workers = workers};
    if (!vec_centroids_init(&n->queries, dims, count, err))
        return false;
    n->ids = malloc((size_t)count * sizeof *n->ids);
    n->best = malloc(cells * sizeof *n->best);
    if (!n->ids || !n->best)
        return vec_error_nomem(err);
    for (int q = 0; q < count; q++)
        vec_centroids_set(&n->queries, q, rows + (size_t)q * (size_t)dims);
    memcpy(n->ids, ids, (size_t)count * sizeof *ids);
    for (size_t i = 0; i < cells; i++)
        n->best[i] = (struct vec_neighbour){INFINITY, 0, INT64_MAX};
    return true;
}

void vec_neighbours_free(struct vec_neighbours *n)
{
    vec_centroids_free(&n->queries);
    free(n->ids);
    free(n->best);
    *n = (struct vec_neighbours){0};
}

static struct vec_neighbour *best_of(struct vec_neighbours *n, int worker, int query)
{
    return n->best + ((size_t)worker * (size_t)n->queries.count + (size_t)query) * VEC_NEIGHBOURS;
}

static bool is_nearer(const struct vec_neighbour *a, const struct vec_neighbour *b)
{
    return a->score < b->score || (a->score == b->score && a->id < b->id);
}

static void keep(struct vec_neighbour *best, struct vec_neighbour one)
{
    int at = VEC_NEIGHBOURS - 1;
    if (!is_nearer(&one, &best[at]))
        return;
    for (; at && is_nearer(&one, &best[at - 1]); at--)
        best[at] = best[at - 1];
    best[at] = one;
}

bool vec_neighbours_offer(struct vec_neighbours *n, int worker, const float *rows, const int64_t *ids, const uint32_t *lists,
                          size_t count)
{
    size_t dims = (size_t)n->queries.dims, columns = (size_t)n->queries.panels * VEC_PANEL;
    float *products = malloc(TILE * columns * sizeof *products);
    bool ok = products != NULL;
    for (size_t tile; ok && count; count -= tile, rows += tile * dims, ids += tile, lists += tile) {
        tile = count < TILE ? count : TILE;
        ok = vec_centroids_products(&n->queries, rows, tile, products, NULL);
        for (size_t r = 0; ok && r < tile; r++) {
            float norm2 = n->inner ? 0 : vec_kernels()->ip_f32(rows + r * dims, rows + r * dims, dims);
            float times = n->inner ? 1 : 2;
            for (int q = 0; q < n->queries.count; q++) {
                struct vec_neighbour one = {norm2 - times * products[r * columns + (size_t)q], lists[r], ids[r]};
                struct vec_neighbour *best = best_of(n, worker, q);
                if (one.score <= best[VEC_NEIGHBOURS - 1].score && one.id != n->ids[q])
                    keep(best, one);
            }
        }
    }
    free(products);
    return ok;
}

int vec_neighbours_of(struct vec_neighbours *n, int query, const struct vec_neighbour **best)
{
    struct vec_neighbour *all = best_of(n, 0, query);
    int found = 0;
    for (int w = 1; w < n->workers; w++) {
        struct vec_neighbour *other = best_of(n, w, query);
        for (int i = 0; i < VEC_NEIGHBOURS; i++) {
            keep(all, other[i]);
            other[i] = (struct vec_neighbour){INFINITY, 0, INT64_MAX}; /* taken */
        }
    }
    while (found < VEC_NEIGHBOURS && all[found].score < INFINITY)
        found++;
    *best = all;
    return found;
}
