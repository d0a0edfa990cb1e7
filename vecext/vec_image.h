/*
 * vec_image.h - a list's segments, second-stage rows and included columns as a search reads them: from the process's cache (vec_cache.h), else
 * from their tables, then kept there. Called inside vec_index_begin() and vec_index_end().
 *
 * An image is all segments of a list one after another: i64 chunk, i64 len, the segment's blob, padding to 8 bytes.
 */
#ifndef VECEXT_VEC_IMAGE_H
#define VECEXT_VEC_IMAGE_H

#include "vecext/vec_cache.h"
#include "vecext/vec_list.h"

/* A list at one moment. */
struct vec_image {
    int64_t list, version;
    uint64_t key;                  /* of its blocks; 0: it has no rows in segments */
    const struct vec_block *block; /* NULL when key is 0 */
};

/* Slots of each segment of an image but the last: several stored ones are merged, which read faster. */
static inline int vec_image_rows(const struct vec_index *ix)
{
    return VEC_SEG_MAX_ROWS / ix->seg_rows * ix->seg_rows;
}

/* Finds or reads a list's segments; vec_image_close() ends it. */
bool vec_image_open(struct vec_index *ix, int64_t list, struct vec_image *image, struct vec_error *err);
void vec_image_close(struct vec_image *image);

/* The segment at *at (0 at first), which moves on; *chunk is its number. False at the end; *damaged is set when it is none. */
bool vec_image_next(const struct vec_index *ix, const struct vec_image *image, size_t *at, int64_t *chunk,
                    struct vec_segment *segment, bool *damaged);

/* All second-stage rows of a list, one slot after another, to be released. NULL on error. */
const struct vec_block *vec_image_refs(struct vec_index *ix, int64_t list, int64_t version, struct vec_error *err);

enum { VEC_IMAGES_ASKED = 16 };

/* Asks memory for where some lists' segments, or all second-stage rows, are kept: VEC_IMAGES_ASKED at a time. */
void vec_image_ask(struct vec_index *ix, const uint32_t *lists, int n, bool refs);

/* The included columns of an image's list, which has rows, to be released: u64 code[column][slots, whole blocks of them]. NULL on
 * error. */
const struct vec_block *vec_image_includes(struct vec_index *ix, const struct vec_image *image, struct vec_error *err);

/* A second-stage row, to be released; an empty block when there is none. NULL on error. */
const struct vec_block *vec_image_ref(struct vec_index *ix, const struct vec_image *image, int64_t chunk,
                                      struct vec_error *err);

#endif
