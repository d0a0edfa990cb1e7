/*
 * vec_location.h - where the rows of an index are (NAME_loc).
 *
 * A position is list << VEC_POS_SHIFT | slot, or -1 - seq for a row of the log. The rowids of 64 numbers in a row, those with the
 * same id >> 6, share one record: a row of its own for each would take more than twice the room. Blob (little-endian):
 *    0  u64 bits        bit i: rowid key << 6 | i is located
 *    8  u48 position[]  of each bit that is set, in order: list << 26 | slot, or bit 47 and seq
 *
 * Not of inverted indexes, whose NAME_loc is another table (vec_invert.h), but for vec_location_walk.
 */
#ifndef VECEXT_VEC_LOCATION_H
#define VECEXT_VEC_LOCATION_H

#include "vecext/vec_index.h"

struct vec_location {
    int64_t id, pos;
};

bool vec_location_get(struct vec_index *ix, int64_t id, int64_t *pos, bool *found, struct vec_error *err);
/* Puts a row at pos; *before is where it was, if it was *found. */
bool vec_location_move(struct vec_index *ix, int64_t id, int64_t pos, int64_t *before, bool *found, struct vec_error *err);
bool vec_location_drop(struct vec_index *ix, int64_t id, struct vec_error *err);
bool vec_location_clear(struct vec_index *ix, struct vec_error *err);

/* Puts all rows of a buffer of struct vec_location, which it empties: each record once. `fresh`: there is none yet. */
bool vec_location_put_all(struct vec_index *ix, struct vec_buf *all, bool fresh, struct vec_error *err);

/* First and last rowid that is located and the number of all; 0 when there is none. */
bool vec_location_span(struct vec_index *ix, int64_t *first, int64_t *last, int64_t *rows, struct vec_error *err);

/* All of them in order of id. Of an inverted index pos is 0. */
struct vec_location_walk {
    sqlite3_stmt *stmt;
    uint64_t bits; /* still to come of the record */
    int64_t first; /* its first rowid */
    const unsigned char *next;
    bool each; /* a record is a row */
};
bool vec_location_walk_begin(struct vec_index *ix, struct vec_location_walk *walk, struct vec_error *err);
/* False at the end, or when the record is damaged, or the statement failed: vec_location_walk_end() tells. */
bool vec_location_walk_next(struct vec_location_walk *walk, struct vec_location *location);
bool vec_location_walk_end(struct vec_index *ix, struct vec_location_walk *walk, struct vec_error *err);

#endif
