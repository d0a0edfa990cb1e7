/* vec_distance.c - distances; see vec_distance.h. */
#include "vecext/vec_distance.h"

#include <math.h>
#include <string.h>

#include "vecext/vec_kernel.h"
#include "vecext/vec_sparse.h"

static const char *const names[] = {
#define VEC_METRIC_NAME(name, text, op) [name] = text,
    VEC_METRICS(VEC_METRIC_NAME)
#undef VEC_METRIC_NAME
};

const char *vec_metric_name(enum vec_metric metric)
{
    return names[metric];
}

bool vec_metric_find(const char *name, enum vec_metric *metric)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            *metric = (enum vec_metric)i;
            return true;
        }
    }
    return false;
}

bool vec_metric_applies(enum vec_metric metric, enum vec_type type)
{
    bool for_bits = metric == VEC_METRIC_HAMMING || metric == VEC_METRIC_JACCARD;
    return for_bits == (type == VEC_TYPE_BIT);
}

/* The sums that every dense or sparse distance is made of. */
struct products {
    float xy, xx, yy;
};

static struct products sparse_products(struct vec_blob a, struct vec_blob b)
{
    struct products p = {0, 0, 0};
    uint32_t na = vec_sparse_nnz(a), nb = vec_sparse_nnz(b);
    for (uint32_t i = 0, j = 0; i < na && j < nb;) {
        struct vec_sparse_element x = vec_sparse_get(a, i), y = vec_sparse_get(b, j);
        if (x.index == y.index)
            p.xy += x.value * y.value;
        i += x.index <= y.index;
        j += y.index <= x.index;
    }
    for (uint32_t i = 0; i < na; i++)
        p.xx += vec_sparse_get(a, i).value * vec_sparse_get(a, i).value;
    for (uint32_t j = 0; j < nb; j++)
        p.yy += vec_sparse_get(b, j).value * vec_sparse_get(b, j).value;
    return p;
}

/* Sum of |x - y| or (x - y)^2 over the union of the stored indices. */
static float sparse_difference(struct vec_blob a, struct vec_blob b, bool squared)
{
    float sum = 0;
    uint32_t na = vec_sparse_nnz(a), nb = vec_sparse_nnz(b);
    for (uint32_t i = 0, j = 0; i < na || j < nb;) {
        struct vec_sparse_element none = {UINT32_MAX, 0};
        struct vec_sparse_element x = i < na ? vec_sparse_get(a, i) : none;
        struct vec_sparse_element y = j < nb ? vec_sparse_get(b, j) : none;
        float d = x.index == y.index ? x.value - y.value : x.index < y.index ? x.value : -y.value;
        sum += squared ? d * d : fabsf(d);
        i += x.index <= y.index;
        j += y.index <= x.index;
    }
    return sum;
}

static size_t elements(enum vec_type type, struct vec_blob a)
{
    return (size_t)vec_blob_dim(type, a);
}

static float l2_squared(enum vec_type type, struct vec_blob a, struct vec_blob b)
{
    if (type == VEC_TYPE_SPARSEVEC)
        return sparse_difference(a, b, true);
    const struct vec_kernels *k = vec_kernels();
    vec_pair_fn *fn = type == VEC_TYPE_VECTOR ? k->l2sq_f32 : k->l2sq_f16;
    return fn(a.data, b.data, elements(type, a));
}

static float inner_product(enum vec_type type, struct vec_blob a, struct vec_blob b)
{
    if (type == VEC_TYPE_SPARSEVEC)
        return sparse_products(a, b).xy;
    const struct vec_kernels *k = vec_kernels();
    vec_pair_fn *fn = type == VEC_TYPE_VECTOR ? k->ip_f32 : k->ip_f16;
    return fn(a.data, b.data, elements(type, a));
}

static float l1(enum vec_type type, struct vec_blob a, struct vec_blob b)
{
    if (type == VEC_TYPE_SPARSEVEC)
        return sparse_difference(a, b, false);
    const struct vec_kernels *k = vec_kernels();
    vec_pair_fn *fn = type == VEC_TYPE_VECTOR ? k->l1_f32 : k->l1_f16;
    return fn(a.data, b.data, elements(type, a));
}

static double clamp_similarity(double s)
{
    return s > 1 ? 1 : s < -1 ? -1 : s;
}

static double cosine_distance(enum vec_type type, struct vec_blob a, struct vec_blob b)
{
    struct products p;
    if (type == VEC_TYPE_SPARSEVEC) {
        p = sparse_products(a, b);
    } else {
        const struct vec_kernels *k = vec_kernels();
        vec_cosine_fn *fn = type == VEC_TYPE_VECTOR ? k->cosine_f32 : k->cosine_f16;
        float out[3];
        fn(a.data, b.data, elements(type, a), out);
        p = (struct products){out[0], out[1], out[2]};
    }
    return 1 - clamp_similarity((double)p.xy / sqrt((double)p.xx * (double)p.yy));
}

static double jaccard_distance(struct vec_blob a, struct vec_blob b)
{
    uint64_t counts[2];
    vec_kernels()->jaccard(a.data, b.data, a.len, counts);
    return counts[0] == 0 ? 1 : 1 - (double)counts[0] / (double)counts[1];
}

double vec_distance_unchecked(enum vec_type type, enum vec_metric metric, struct vec_blob a,
                              struct vec_blob b)
{
    switch (metric) {
    case VEC_METRIC_L2:
        return sqrt((double)l2_squared(type, a, b));
    case VEC_METRIC_IP:
        return -(double)inner_product(type, a, b);
    case VEC_METRIC_COSINE:
        return cosine_distance(type, a, b);
    case VEC_METRIC_L1:
        return (double)l1(type, a, b);
    case VEC_METRIC_HAMMING:
        return (double)vec_kernels()->hamming(a.data, b.data, a.len);
    case VEC_METRIC_JACCARD:
        return jaccard_distance(a, b);
    }
    return NAN;
}

static bool same_dim(enum vec_type type, struct vec_blob a, struct vec_blob b,
                     struct vec_error *err)
{
    return vec_check_same_dim(type, vec_blob_dim(type, a), vec_blob_dim(type, b), err);
}

bool vec_distance(enum vec_type type, enum vec_metric metric, struct vec_blob a, struct vec_blob b,
                  double *distance, struct vec_error *err)
{
    if (!vec_metric_applies(metric, type))
        return vec_error_set(err, VEC_UNSUPPORTED, "%s distance is not defined for type %s",
                             vec_metric_name(metric), vec_type_name(type));
    if (!same_dim(type, a, b, err))
        return false;
    *distance = vec_distance_unchecked(type, metric, a, b);
    return true;
}

bool vec_inner_product(enum vec_type type, struct vec_blob a, struct vec_blob b, double *result,
                       struct vec_error *err)
{
    if (!same_dim(type, a, b, err))
        return false;
    *result = (double)inner_product(type, a, b);
    return true;
}

bool vec_l2_squared(enum vec_type type, struct vec_blob a, struct vec_blob b, double *result,
                    struct vec_error *err)
{
    if (!same_dim(type, a, b, err))
        return false;
    *result = (double)l2_squared(type, a, b);
    return true;
}

bool vec_spherical_distance(enum vec_type type, struct vec_blob a, struct vec_blob b,
                            double *result, struct vec_error *err)
{
    if (!vec_inner_product(type, a, b, result, err))
        return false;
    *result = acos(clamp_similarity(*result)) / M_PI;
    return true;
}
