/* vec_order.c - see vec_order.h. */
#include "vecext/vec_order.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"
#include "vecext/vec_nearest.h"

static void set_distance(struct vec_order *o, int64_t list, float product)
{
    float d2 = o->norm2 + o->centroids->norm2[list] - 2 * product;
    o->products[list] = product;
    o->distances2[list] = o->inner ? -product : d2 > 0 ? d2 : 0;
}

bool vec_order_init(struct vec_order *o, const struct vec_centroids *c, const float *query, float norm2, bool inner,
                    int64_t most_lists, struct vec_error *err)
{
    size_t columns = (size_t)c->panels * VEC_PANEL, dims = (size_t)c->dims;
    *o = (struct vec_order){.centroids = c, .inner = inner, .norm2 = norm2, .count = c->count};
    o->most = most_lists > 0 && most_lists < c->count ? (int)most_lists : c->count;
    o->lists = malloc(2 * columns * sizeof *o->lists);
    o->query = malloc(dims * sizeof *o->query);
    o->products = malloc(columns * sizeof *o->products);
    o->distances2 = malloc(columns * sizeof *o->distances2);
    if (!o->lists || !o->query || !o->products || !o->distances2)
        return vec_error_nomem(err);
    memcpy(o->query, query, dims * sizeof *query);
    if (!vec_centroids_products(c, query, 1, o->products, err))
        return false;
    for (int i = 0; i < c->count; i++) {
        set_distance(o, i, o->products[i]);
        o->lists[c->count + i] = (uint32_t)i;
    }
    for (int i = c->count / 2; i--;)
        vec_sift_down(o->distances2, o->lists + c->count, (size_t)c->count, (size_t)i);
    return true;
}

void vec_order_free(struct vec_order *o)
{
    free(o->lists);
    free(o->query);
    free(o->products);
    free(o->distances2);
}

void vec_order_extend(struct vec_order *o, int n)
{
    uint32_t *heap = o->lists + o->count;
    for (; o->ordered < n; o->ordered++) {
        size_t left = (size_t)(o->count - o->ordered);
        o->lists[o->ordered] = heap[0];
        heap[0] = heap[left - 1];
        vec_sift_down(o->distances2, heap, left - 1, 0);
    }
}

void vec_order_rest(struct vec_order *o, int n)
{
    if (o->most < o->count || n > o->most)
        n = o->most; /* which lists they are goes by the order */
    vec_order_extend(o, n);
    if (o->most < o->count)
        return;
    memcpy(o->lists + o->ordered, o->lists + o->count, (size_t)(o->count - o->ordered) * sizeof *o->lists);
    o->ordered = o->count;
}

void vec_order_measure(struct vec_order *o, int64_t list)
{
    const float *centroid = vec_centroid(o->centroids, (int)list);
    set_distance(o, list, vec_kernels()->ip_f32(o->query, centroid, (size_t)o->centroids->dims));
}
