/* vec_search_scan.c - a search's query and the codes of lists; see vec_search_scan.h. */
#include "vecext/vec_search_scan.h"

#include <math.h>
#include <string.h>

#include "vecext/vec_ask.h"
#include "vecext/vec_image.h"
#include "vecext/vec_kernel.h"
#include "vecext/vec_list.h"

/* Standard deviations between an estimate and its bounds, one-bit and four-bit; with a threshold, where a row at the edge
 * is missed as soon as its bound is wrong, more. */
static const float eps_1bit = 1.9f, eps_4bit = 2.3f, eps_threshold = 3.3f;

struct survivor {
    float low, width; /* estimate - low */
    int64_t slot, id;
};

void vec_search_tighten(struct vec_search *s)
{
    float limit = s->upper1.worst < s->upper4.worst ? s->upper1.worst : s->upper4.worst;
    s->limit = limit < s->max_score ? limit : s->max_score;
}

bool vec_search_add(struct vec_search *s, float low, float width, int64_t id,
                          struct vec_error *err)
{
    struct candidate c = {low, low + width, id};
    return vec_buf_append(&s->candidates, &c, sizeof c, err);
}

static struct vec_bounds list_bounds(const struct vec_search *s, int64_t list, bool refined)
{
    /* With nothing to estimate by, every row passes: low is minus infinity. */
    if (!vec_search_has_estimates(s))
        return (struct vec_bounds){-INFINITY, 0, 0, 0};
    const struct vec_code_shape *shape = &s->ix->shape;
    float d2 = shape->inner ? 0 : s->order.distances2[list];
    float eps = isfinite(s->args.max_distance) ? eps_threshold : refined ? eps_4bit : eps_1bit;
    return refined ? vec_bounds_4bit(&s->tables, shape, d2, s->order.products[list], eps)
                   : vec_bounds_1bit(&s->tables, shape, d2, s->order.products[list], eps);
}

/* Rows of a block that are alive and pass the filter. */
static uint32_t block_mask(const struct vec_search *s, const struct vec_segment *segment, int block)
{
    uint32_t mask = vec_segment_live(segment, block);
    if (!s->args.filter)
        return mask;
    for (uint32_t left = mask; left; left &= left - 1) {
        int i = __builtin_ctz(left);
        if (!vec_rowset_has(s->args.filter, vec_segment_id(segment, block * VEC_BLOCK + i)))
            mask &= ~(UINT32_C(1) << i);
    }
    return mask;
}

/* Does the row pass the caller's test? */
static bool test_row(struct vec_search *s, int64_t id, bool *pass, struct vec_error *err)
{
    *pass = true;
    if (!s->args.test)
        return true;
    int answer = vec_reader_test(s->args.test, id, err);
    *pass = answer > 0;
    s->tested++;
    s->stats.tested++;
    s->passed += *pass;
    return answer >= 0;
}

/* masks: the rows of each block to look at, or NULL: all that are alive and pass the filter. sure: those of them that need no test,
 * or NULL. */
static bool scan_segment(struct vec_search *s, const struct vec_segment *segment, const uint32_t *masks, const uint32_t *sure,
                         const struct vec_bounds *bounds, int64_t first_slot, struct vec_error *err)
{
    const struct vec_kernels *k = vec_kernels();
    size_t dims = (size_t)s->ix->shape.dims;
    for (int block = 0; block < segment->blocks; block++) {
        uint32_t mask = masks ? masks[block] : block_mask(s, segment, block);
        if (!mask)
            continue;
        s->stats.rows += __builtin_popcount(mask);
        uint32_t sums[VEC_BLOCK];
        float low[VEC_BLOCK];
        const unsigned char *scale = segment->scale + 4 * VEC_BLOCK * (size_t)block;
        k->block_sums(segment->codes + (size_t)block * dims * 4, s->tables.lut, dims / VEC_GROUP,
                      sums);
        mask &= k->block_bounds(sums, segment->add + 4 * VEC_BLOCK * (size_t)block, scale,
                                bounds->base, bounds->a, bounds->b - bounds->error, s->limit, low);
        for (; mask; mask &= mask - 1) {
            int i = __builtin_ctz(mask);
            int slot = block * VEC_BLOCK + i;
            float width = vec_get_f32(scale + 4 * i) * bounds->error;
            struct survivor v = {low[i], width, first_slot + slot, vec_segment_id(segment, slot)};
            if (s->args.test && !(sure && sure[block] >> i & 1)) {
                bool pass;
                vec_search_tighten(s);
                if (!(low[i] < s->limit))
                    continue;
                if (!test_row(s, v.id, &pass, err))
                    return false;
                if (!pass)
                    continue;
            }
            if (!vec_buf_append(&s->survivors, &v, sizeof v, err))
                return false;
            if (isfinite(low[i]))
                vec_nearest_push(&s->upper1, low[i] + 2 * width);
        }
        vec_search_tighten(s);
    }
    return true;
}

/* Four-bit estimate of one row; becomes a candidate when it is still below the bound, and passes the caller's test if it is to be
 * asked. */
static bool refine_row(struct vec_search *s, const struct vec_bounds *bounds, const unsigned char *factors,
                       const unsigned char *code, int64_t id, bool ask, struct vec_error *err)
{
    float add = vec_get_f32(factors), scale = vec_get_f32(factors + 4);
    int32_t dot = vec_kernels()->nibble_dot(code, s->tables.q8, (size_t)s->ix->shape.dims);
    float estimate = (bounds->base + add) + scale * (bounds->a * (float)dot + bounds->b);
    float width = scale * bounds->error;
    s->stats.refined++;
    if (!(estimate - width < s->limit))
        return true;
    bool pass = true;
    if (ask && !test_row(s, id, &pass, err))
        return false;
    if (!pass)
        return true;
    if (isfinite(estimate)) {
        vec_nearest_push(&s->upper4, estimate + width);
        vec_search_tighten(s);
    }
    return vec_search_add(s, estimate - width, width, id, err);
}

/* A survivor's code, in the list's block of all, or that of its chunk, which *codes then is. NULL on error. */
static const unsigned char *find_code(struct vec_search *s, const struct vec_image *image, int64_t slot,
                                      const struct vec_block **codes, int64_t *loaded, struct vec_error *err)
{
    struct vec_index *ix = s->ix;
    size_t ref_bytes = vec_code_ref_bytes(&ix->shape), at = (size_t)slot * ref_bytes;
    if (!s->whole_refs) {
        int64_t chunk = slot / ix->ref_rows;
        at = (size_t)(slot % ix->ref_rows) * ref_bytes;
        if (chunk != *loaded) {
            vec_block_release(*codes);
            *codes = vec_image_ref(ix, image, chunk, err);
            *loaded = chunk;
        }
        if (!*codes)
            return NULL;
    }
    if (at + ref_bytes <= (*codes)->len)
        return (*codes)->data + at;
    vec_index_damaged(ix, "second-stage codes", err);
    return NULL;
}

/* Their codes are asked of memory together. */
static void ask_codes(const struct vec_search *s, const struct vec_block *codes, const struct survivor *all, size_t n)
{
    size_t ref_bytes = vec_code_ref_bytes(&s->ix->shape);
    for (size_t i = 0; i < n; i++)
        if (all[i].low < s->limit)
            vec_ask(codes->data + (size_t)all[i].slot * ref_bytes, ref_bytes);
}

static bool refine_survivors(struct vec_search *s, const struct vec_image *image, struct vec_error *err)
{
    const struct survivor *all = (const void *)s->survivors.data;
    size_t n = s->survivors.len / sizeof *all;
    if (!n)
        return true;
    if (!s->ix->shape.refined) {
        for (size_t i = 0; i < n; i++)
            if (all[i].low < s->limit &&
                !vec_search_add(s, all[i].low, all[i].width, all[i].id, err))
                return false;
        return true;
    }
    struct vec_bounds bounds = list_bounds(s, image->list, true);
    const struct vec_block *codes = s->whole_refs ? vec_image_refs(s->ix, image->list, image->version, err) : NULL;
    int64_t loaded = -1;
    bool ok = codes || !s->whole_refs;
    if (codes)
        ask_codes(s, codes, all, n);
    for (size_t i = 0; ok && i < n; i++) {
        if (!(all[i].low < s->limit))
            continue;
        const unsigned char *code = find_code(s, image, all[i].slot, &codes, &loaded, err);
        ok = code && refine_row(s, &bounds, code, code + 8, all[i].id, false, err);
    }
    vec_block_release(codes);
    return ok;
}

/* May a row of the log pass args.where, and need it not be asked? */
static bool test_record(struct vec_search *s, const unsigned char *record, bool *sure)
{
    uint64_t codes[VEC_INCLUDE_MAX];
    uint32_t can = 1, known = 0;
    if (s->args.where) {
        memcpy(codes, record + vec_code_includes_at(&s->ix->shape), 8 * (size_t)s->ix->shape.includes);
        vec_where_test(s->args.where, codes, 1, 1, &can, &known);
        s->looked_at++;
        s->left += can & 1;
    }
    *sure = known & 1;
    return can & 1;
}

/* One row of the log. */
static bool scan_record(struct vec_search *s, const struct vec_log_row *row, const struct vec_bounds *bounds1,
                        const struct vec_bounds *bounds4, struct vec_error *err)
{
    const struct vec_code_shape *shape = &s->ix->shape;
    float width = row->scale * bounds1->error;
    float low = (bounds1->base + row->add) + row->scale * (bounds1->a * (float)row->sum + bounds1->b) - width;
    bool pass = true, sure;
    if (!test_record(s, row->record, &sure))
        return true;
    s->stats.rows++;
    if (!(low < s->limit))
        return true;
    if (!sure && !test_row(s, row->id, &pass, err))
        return false;
    if (!pass)
        return true;
    if (shape->refined)
        return refine_row(s, bounds4, row->record + 8, vec_record_signs(shape, row->record) + vec_code_sign_bytes(shape), row->id,
                          false, err);
    return vec_search_add(s, low, width, row->id, err);
}

/* The log's rows of a list. */
bool vec_search_scan_log(struct vec_search *s, int64_t list, struct vec_error *err)
{
    struct vec_bounds bounds1, bounds4;
    bool measured = false;
    for (int chunk = 0; chunk < s->log.count; chunk++) {
        size_t at, last;
        vec_log_range(&s->log, chunk, (uint32_t)list, &at, &last);
        if (at < last && !measured) {
            vec_order_measure(&s->order, list);
            bounds1 = list_bounds(s, list, false);
            bounds4 = list_bounds(s, list, true);
            measured = true;
        }
        for (; at < last; at++) {
            struct vec_log_row row;
            if (!vec_log_row(s->ix, &s->log, &s->tables, chunk, at, &row, err))
                return false;
            if (s->args.filter && !vec_rowset_has(s->args.filter, row.id))
                continue;
            if (!scan_record(s, &row, &bounds1, &bounds4, err))
                return false;
        }
    }
    return true;
}

static bool scan_segments(struct vec_search *s, const struct vec_image *image, const struct vec_bounds *bounds,
                          struct vec_error *err)
{
    struct vec_index *ix = s->ix;
    struct vec_segment segment;
    int64_t chunk;
    bool damaged;
    size_t at = 0;
    while (vec_image_next(ix, image, &at, &chunk, &segment, &damaged)) {
        if (!scan_segment(s, &segment, NULL, NULL, bounds, chunk * vec_image_rows(ix), err))
            return false;
        s->stats.segments++;
    }
    return !damaged || vec_index_damaged(ix, "a segment", err);
}

bool vec_search_codes_fit(const struct vec_index *ix)
{
    return ix->shape.refined &&
           vec_cache_fits((size_t)ix->trained_rows * vec_code_ref_bytes(&ix->shape) / 4); /* an eighth of it, that is */
}

/* Are so few of a list's slots wanted that their second-stage codes are read faster than all one-bit codes? */
static bool few_of_list(const struct vec_search *s, size_t n, size_t slots)
{
    enum { MOST_OF_BLOCK = 4 }; /* rows of a block of VEC_BLOCK */
    return s->whole_refs && n * VEC_BLOCK <= slots * MOST_OF_BLOCK;
}

/* What a list's included columns say of its rows: bits by block. */
struct where_masks {
    uint32_t *can, *sure;
    size_t blocks, n; /* rows that can pass */
};

static bool make_masks(struct vec_search *s, const struct vec_image *image, struct where_masks *masks, struct vec_error *err)
{
    const struct vec_index *ix = s->ix;
    const struct vec_block *includes = vec_image_includes(s->ix, image, err);
    if (!includes)
        return false;
    size_t blocks = includes->len / (8 * (size_t)ix->shape.includes * VEC_BLOCK);
    uint32_t *can = vec_buf_resize(&s->masks, 2 * blocks * sizeof *can, err);
    *masks = (struct where_masks){can, can ? can + blocks : NULL, blocks, 0};
    for (size_t b = 0; can && b < blocks; b++)
        vec_where_test(s->args.where, (const uint64_t *)(const void *)includes->data + b * VEC_BLOCK, blocks * VEC_BLOCK, VEC_BLOCK,
                       &masks->can[b], &masks->sure[b]);
    vec_block_release(includes);
    return can != NULL;
}

/* Leaves those that are alive, and counts them. */
static bool mask_dead(struct vec_search *s, const struct vec_image *image, struct where_masks *masks, struct vec_error *err)
{
    struct vec_segment segment;
    int64_t chunk;
    bool damaged;
    size_t at = 0, b = 0;
    while (vec_image_next(s->ix, image, &at, &chunk, &segment, &damaged))
        for (int block = 0; block < segment.blocks && b < masks->blocks; block++, b++) {
            uint32_t live = vec_segment_live(&segment, block);
            masks->can[b] &= live;
            masks->n += (size_t)__builtin_popcount(masks->can[b]);
            s->looked_at += __builtin_popcount(live);
        }
    s->left += (int64_t)masks->n;
    return !damaged || vec_index_damaged(s->ix, "a segment", err);
}

/* Asks memory for the second-stage codes of the rows that can pass. */
static void ask_masked_codes(const struct vec_search *s, const struct where_masks *masks, const struct vec_block *codes)
{
    size_t ref_bytes = vec_code_ref_bytes(&s->ix->shape);
    for (size_t b = 0; b < masks->blocks; b++)
        for (uint32_t mask = masks->can[b]; mask; mask &= mask - 1)
            vec_ask(codes->data + (b * VEC_BLOCK + (size_t)__builtin_ctz(mask)) * ref_bytes, ref_bytes);
}

/* The rows that can pass by their second-stage codes alone. */
static bool scan_masked_codes(struct vec_search *s, const struct vec_image *image, const struct vec_segment *segment,
                              const uint32_t *can, const uint32_t *sure, const struct vec_block *codes, size_t first_slot,
                              struct vec_error *err)
{
    size_t ref_bytes = vec_code_ref_bytes(&s->ix->shape);
    struct vec_bounds bounds = list_bounds(s, image->list, true);
    for (int block = 0; block < segment->blocks; block++)
        for (uint32_t mask = can[block]; mask; mask &= mask - 1) {
            int i = __builtin_ctz(mask), slot = block * VEC_BLOCK + i;
            size_t at = (first_slot + (size_t)slot) * ref_bytes;
            if (at + ref_bytes > codes->len)
                return vec_index_damaged(s->ix, "second-stage codes", err);
            s->stats.rows++;
            if (!refine_row(s, &bounds, codes->data + at, codes->data + at + 8, vec_segment_id(segment, slot),
                            !(sure[block] >> i & 1), err))
                return false;
        }
    return true;
}

/* The rows of a list that can pass args.where. */
static bool scan_where(struct vec_search *s, const struct vec_image *image, const struct vec_bounds *bounds, struct vec_error *err)
{
    struct vec_index *ix = s->ix;
    struct where_masks masks;
    if (!image->block)
        return true;
    if (!make_masks(s, image, &masks, err) || !mask_dead(s, image, &masks, err))
        return false;
    const struct vec_block *codes = NULL;
    if (masks.n && few_of_list(s, masks.n, masks.blocks * VEC_BLOCK) &&
        !(codes = vec_image_refs(ix, image->list, image->version, err)))
        return false;
    if (codes)
        ask_masked_codes(s, &masks, codes);
    struct vec_segment segment;
    int64_t chunk;
    bool damaged, ok = true;
    size_t at = 0, block = 0;
    while (ok && masks.n && vec_image_next(ix, image, &at, &chunk, &segment, &damaged)) {
        int64_t first_slot = chunk * vec_image_rows(ix);
        s->stats.segments++;
        ok = codes ? scan_masked_codes(s, image, &segment, masks.can + block, masks.sure + block, codes, (size_t)first_slot, err)
                   : scan_segment(s, &segment, masks.can + block, masks.sure + block, bounds, first_slot, err);
        block += (size_t)segment.blocks;
    }
    vec_block_release(codes);
    return ok;
}

bool vec_search_scan_list(struct vec_search *s, int64_t list, struct vec_error *err)
{
    vec_order_measure(&s->order, list);
    struct vec_bounds bounds = list_bounds(s, list, false);
    struct vec_image image;
    s->survivors.len = 0;
    s->stats.lists++;
    if (!vec_image_open(s->ix, list, &image, err))
        return false;
    bool ok = (s->args.where ? scan_where(s, &image, &bounds, err) : scan_segments(s, &image, &bounds, err)) &&
              refine_survivors(s, &image, err) && vec_search_scan_log(s, list, err);
    vec_image_close(&image);
    return ok;
}

struct selected_context {
    struct vec_search *s;
    struct vec_bounds bounds;
};

static bool scan_selected(void *context, const struct vec_segment *segment, int64_t chunk, const uint32_t *masks,
                          struct vec_error *err)
{
    struct selected_context *c = context;
    c->s->stats.segments++;
    return scan_segment(c->s, segment, masks, NULL, &c->bounds, chunk * vec_image_rows(c->s->ix), err);
}

bool vec_search_scan_selected(struct vec_search *s, struct vec_selection *selection, int64_t list,
                               struct vec_error *err)
{
    vec_order_measure(&s->order, list);
    struct selected_context context = {s, list_bounds(s, list, false)};
    struct vec_image image;
    s->survivors.len = 0;
    s->stats.lists++;
    if (!vec_image_open(s->ix, list, &image, err))
        return false;
    bool ok = vec_selection_scan(selection, s->ix, &image, scan_selected, &context, err) &&
              refine_survivors(s, &image, err);
    vec_image_close(&image);
    return ok;
}

bool vec_search_by_codes(const struct vec_search *s, const struct vec_selection *selection, int64_t list)
{
    const struct vec_index *ix = s->ix;
    size_t n, slots = (size_t)(ix->trained_rows / ix->centroids.count) + 1; /* of a list, about */
    vec_selection_picks(selection, list, &n);
    return n && selection->versions[list] && few_of_list(s, n, slots);
}

bool vec_search_ask_codes(struct vec_search *s, const struct vec_selection *selection, int64_t list,
                          const struct vec_block **codes, struct vec_error *err)
{
    size_t n, ref_bytes = vec_code_ref_bytes(&s->ix->shape);
    const struct vec_pick *picks = vec_selection_picks(selection, list, &n);
    *codes = vec_image_refs(s->ix, list, selection->versions[list], err);
    if (!*codes)
        return false;
    for (size_t i = 0; i < n; i++)
        vec_ask((*codes)->data + picks[i].slot * ref_bytes, ref_bytes);
    return true;
}

bool vec_search_scan_codes(struct vec_search *s, const struct vec_selection *selection, int64_t list,
                           const struct vec_block *codes, struct vec_error *err)
{
    struct vec_index *ix = s->ix;
    size_t n, ref_bytes = vec_code_ref_bytes(&ix->shape);
    const struct vec_pick *picks = vec_selection_picks(selection, list, &n);
    /* few rows: the centroid's distance as nearly as it was ordered by is good enough */
    struct vec_bounds bounds = list_bounds(s, list, true);
    s->stats.lists++;
    for (size_t i = 0; i < n; i++) {
        size_t at = picks[i].slot * ref_bytes;
        if (at + ref_bytes > codes->len)
            return vec_index_damaged(ix, "second-stage codes", err);
        s->stats.rows++;
        if (!refine_row(s, &bounds, codes->data + at, codes->data + at + 8, picks[i].id, false, err))
            return false;
    }
    return true;
}
