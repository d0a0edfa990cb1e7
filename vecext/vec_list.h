/*
 * vec_list.h - the lists of an index: segments, second-stage rows, locations.
 *
 * Their blobs are in vec_segment.h.
 *
 * Tail blob (NAME_tail.v, vec_log.h): a record (vec_code.h).
 *
 * All changes are made through the index's statements, inside the caller's transaction.
 */
#ifndef VECEXT_VEC_LIST_H
#define VECEXT_VEC_LIST_H

#include "vecext/vec_index.h"
#include "vecext/vec_segment.h"

/* Rows as records, growing. Zero it to start; vec_rows_free() ends it. */
struct vec_rows {
    size_t n, cap;
    int64_t *ids;
    unsigned char *records; /* vec_code_record_bytes() each */
};
bool vec_rows_add(struct vec_rows *rows, size_t record_bytes, int64_t id,
                  const unsigned char *record, struct vec_error *err);
void vec_rows_free(struct vec_rows *rows);

/* Slots and dead slots of a list; zero when it has none yet. */
bool vec_list_state(struct vec_index *ix, int64_t list, int64_t *slots, int64_t *dead,
                    struct vec_error *err);

/* Appends rows to a list's segments. Where they are then is added to `located` (struct vec_location; NULL: not wanted), which the
 * caller gives to vec_location_put_all(). */
bool vec_list_append(struct vec_index *ix, int64_t list, const int64_t *ids, const unsigned char *records, size_t n,
                     struct vec_buf *located, struct vec_error *err);

/* Adds the live rows of a list to `rows`. */
bool vec_list_read(struct vec_index *ix, int64_t list, struct vec_rows *rows, struct vec_error *err);

/* Writes a list anew without its dead slots. */
bool vec_list_rewrite(struct vec_index *ix, int64_t list, struct vec_error *err);

/* Empties a list; NAME_loc is left alone. */
bool vec_list_clear(struct vec_index *ix, int64_t list, struct vec_error *err);

/* Clears the live bit of a slot and counts it dead. *dead and *slots are the list's new state. */
bool vec_list_kill(struct vec_index *ix, int64_t list, int64_t slot, int64_t *slots, int64_t *dead,
                   struct vec_error *err);

/* Makes NAME_loc anew from all segments; NAME_tail must be empty. */
bool vec_list_relocate(struct vec_index *ix, struct vec_error *err);

#endif
