/*
 * vec_select.h - the rows of a filter by list: which slots a search has to look at when it knows the rows it may find.
 */
#ifndef VECEXT_VEC_SELECT_H
#define VECEXT_VEC_SELECT_H

#include "vecext/vec_image.h"
#include "vecext/vec_rowset.h"

struct vec_pick {
    int64_t id;
    uint32_t list, slot;
};

struct vec_selection {
    struct vec_buf picks;  /* struct vec_pick, by list */
    size_t *starts;        /* of each list in picks; count + 1 of them */
    int64_t *versions;     /* of lists whose picks are where they are thought to be; 0 of others */
    int count;             /* lists */
    struct vec_buf others; /* i64: rows in no segment that is known, or that were not where they were thought */
    struct vec_buf masks, segments; /* of the list that was opened last */
    size_t stale;          /* rows that had moved */
};

/* Distributes the filter's rows; *usable is false when the places of rows are not in memory. vec_selection_free() ends it. */
bool vec_selection_init(struct vec_selection *selection, struct vec_index *ix, const struct vec_rowset *filter,
                        bool *usable, struct vec_error *err);
void vec_selection_free(struct vec_selection *selection);

/* Has the list any? */
static inline bool vec_selection_in(const struct vec_selection *selection, int64_t list)
{
    return selection->starts[list + 1] > selection->starts[list];
}

/* Its picks. */
static inline const struct vec_pick *vec_selection_picks(const struct vec_selection *selection, int64_t list, size_t *n)
{
    *n = selection->starts[list + 1] - selection->starts[list];
    return (const struct vec_pick *)(const void *)selection->picks.data + selection->starts[list];
}

/* The list's segments with a mask of live, selected slots per block: `each` gets the segment, its chunk and the masks until it
 * gives false. Rows that have moved go to others. */
bool vec_selection_scan(struct vec_selection *selection, struct vec_index *ix, const struct vec_image *image,
                        bool (*each)(void *context, const struct vec_segment *segment, int64_t chunk,
                                     const uint32_t *masks, struct vec_error *err),
                        void *context, struct vec_error *err);

/* Looks others up in NAME_loc: what is not in a list (not indexed, or in the log) is dropped from them. */
bool vec_selection_find_others(struct vec_selection *selection, struct vec_index *ix, struct vec_error *err);

#endif
