/* vec_select.c - see vec_select.h. */
#include "vecext/vec_select.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"
#include "vecext/vec_location.h"
#include "vecext/vec_place.h"

struct part {
    struct vec_segment segment;
    int64_t chunk;
    size_t first_mask; /* in masks */
};

struct distribution {
    struct vec_selection *selection;
    struct vec_places *places;
    struct vec_pick *unsorted; /* room for all */
    size_t n;
    struct vec_error *err;
};

/* All are asked of memory before the first is looked at. */
static bool list_row(void *context, int64_t id)
{
    struct distribution *d = context;
    vec_place_ask(d->places, id);
    d->unsorted[d->n++].id = id;
    return true;
}

/* The rows whose place is known stay, with it. */
static bool distribute(struct distribution *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++) {
        int64_t id = d->unsorted[i].id, pos = vec_place(d->places, id), list = pos >> VEC_POS_SHIFT;
        if (pos < 0 || list >= d->selection->count) {
            if (!vec_buf_append(&d->selection->others, &id, sizeof id, d->err))
                return false;
            continue;
        }
        d->selection->starts[list + 1]++;
        d->unsorted[kept++] = (struct vec_pick){id, (uint32_t)list, (uint32_t)pos};
    }
    d->n = kept;
    return true;
}

/* Counting sort: starts[i + 1] holds list i's number of picks. */
static bool sort_picks(struct vec_selection *selection, const struct vec_pick *from, size_t n, struct vec_error *err)
{
    size_t *next = malloc(((size_t)selection->count + 1) * sizeof *next);
    if (!next)
        return vec_error_nomem(err);
    for (int i = 0; i < selection->count; i++)
        selection->starts[i + 1] += selection->starts[i];
    memcpy(next, selection->starts, (size_t)selection->count * sizeof *next);
    struct vec_pick *to = vec_buf_resize(&selection->picks, n * sizeof *to, err);
    for (size_t i = 0; to && i < n; i++)
        to[next[from[i].list]++] = from[i];
    free(next);
    return to || n == 0;
}

/* Where the places hold. They are read anew by the next search when many lists have changed since. */
static bool compare_versions(struct vec_selection *selection, struct vec_index *ix, const struct vec_places *places,
                             struct vec_error *err)
{
    int lists = 0, changed = 0;
    for (int i = 0; i < selection->count; i++) {
        int64_t version;
        bool found;
        if (!vec_selection_in(selection, i))
            continue;
        if (!vec_index_list_version(ix, i, &version, &found, err))
            return false;
        if (found && version == vec_places_version(places, i))
            selection->versions[i] = version;
        else
            changed++;
        lists++;
    }
    if (changed > 8 && changed > lists / 4)
        vec_places_forget(ix);
    return true;
}

bool vec_selection_init(struct vec_selection *selection, struct vec_index *ix, const struct vec_rowset *filter,
                        bool *usable, struct vec_error *err)
{
    struct vec_places places;
    memset(selection, 0, sizeof *selection);
    *usable = false;
    if (!vec_places_open(ix, &places, err))
        return false;
    if (!places.block)
        return true;
    struct distribution d = {.selection = selection, .places = &places, .err = err};
    selection->count = ix->centroids.count;
    selection->starts = calloc((size_t)selection->count + 2, sizeof *selection->starts);
    selection->versions = calloc((size_t)selection->count + 1, sizeof *selection->versions);
    d.unsorted = malloc((size_t)filter->count * sizeof *d.unsorted + 1);
    bool ok = selection->starts && selection->versions && d.unsorted
                  ? vec_rowset_each(filter, list_row, &d) && distribute(&d) && sort_picks(selection, d.unsorted, d.n, err) &&
                        compare_versions(selection, ix, &places, err)
                  : vec_error_nomem(err);
    free(d.unsorted);
    vec_places_close(&places);
    *usable = ok;
    return ok;
}

void vec_selection_free(struct vec_selection *selection)
{
    vec_buf_free(&selection->picks);
    vec_buf_free(&selection->others);
    vec_buf_free(&selection->masks);
    vec_buf_free(&selection->segments);
    free(selection->starts);
    free(selection->versions);
    memset(selection, 0, sizeof *selection);
}

/* Takes the image's segments apart, with empty masks. */
static bool open_parts(struct vec_selection *selection, struct vec_index *ix, const struct vec_image *image,
                       struct vec_error *err)
{
    struct part part;
    size_t at = 0, masks = 0;
    bool damaged;
    selection->segments.len = 0;
    while (vec_image_next(ix, image, &at, &part.chunk, &part.segment, &damaged)) {
        part.first_mask = masks;
        masks += (size_t)part.segment.blocks;
        if (!vec_buf_append(&selection->segments, &part, sizeof part, err))
            return false;
    }
    if (damaged)
        return vec_index_damaged(ix, "a segment", err);
    void *zero = vec_buf_resize(&selection->masks, masks * sizeof(uint32_t), err);
    if (zero && masks)
        memset(zero, 0, masks * sizeof(uint32_t));
    return zero || !masks;
}

/* The segment of a chunk: nearly always the chunk'th. */
static const struct part *find_part(const struct vec_selection *selection, int64_t chunk)
{
    const struct part *parts = (const void *)selection->segments.data;
    int64_t n = (int64_t)(selection->segments.len / sizeof *parts);
    if (chunk < n && parts[chunk].chunk == chunk)
        return &parts[chunk];
    for (int64_t i = 0; i < n; i++)
        if (parts[i].chunk == chunk)
            return &parts[i];
    return NULL;
}

static bool mark(struct vec_selection *selection, const struct vec_index *ix, const struct vec_pick *pick,
                 struct vec_error *err)
{
    const struct part *part = find_part(selection, pick->slot / (uint32_t)vec_image_rows(ix));
    int slot = (int)(pick->slot % (uint32_t)vec_image_rows(ix));
    uint32_t bit = UINT32_C(1) << slot % VEC_BLOCK;
    if (part && slot < part->segment.n && vec_segment_id(&part->segment, slot) == pick->id &&
        (vec_segment_live(&part->segment, slot / VEC_BLOCK) & bit)) {
        ((uint32_t *)(void *)selection->masks.data)[part->first_mask + (size_t)(slot / VEC_BLOCK)] |= bit;
        return true;
    }
    selection->stale++;
    return vec_buf_append(&selection->others, &pick->id, sizeof pick->id, err);
}

bool vec_selection_scan(struct vec_selection *selection, struct vec_index *ix, const struct vec_image *image,
                        bool (*each)(void *context, const struct vec_segment *segment, int64_t chunk,
                                     const uint32_t *masks, struct vec_error *err),
                        void *context, struct vec_error *err)
{
    const struct vec_pick *picks = (const void *)selection->picks.data;
    if (!open_parts(selection, ix, image, err))
        return false;
    for (size_t i = selection->starts[image->list]; i < selection->starts[image->list + 1]; i++)
        if (!mark(selection, ix, &picks[i], err))
            return false;
    const struct part *parts = (const void *)selection->segments.data;
    const uint32_t *masks = (const void *)selection->masks.data;
    for (size_t i = 0; i < selection->segments.len / sizeof *parts; i++)
        if (!each(context, &parts[i].segment, parts[i].chunk, masks + parts[i].first_mask, err))
            return false;
    return true;
}

bool vec_selection_find_others(struct vec_selection *selection, struct vec_index *ix, struct vec_error *err)
{
    int64_t *ids = (void *)selection->others.data, pos;
    size_t n = selection->others.len / sizeof *ids, kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool found;
        if (!vec_location_get(ix, ids[i], &pos, &found, err))
            return false;
        if (found && pos >= 0)
            ids[kept++] = ids[i];
    }
    selection->others.len = kept * sizeof *ids;
    /* new rows are not stale, but as many of them are as slow */
    if (selection->stale + kept > 64 + selection->picks.len / sizeof(struct vec_pick) / 8)
        vec_places_forget(ix);
    return true;
}
