/*
 * vec_log.h - rows that are not in a segment yet.
 *
 * A new row is written to NAME_tail in order of arrival, whatever its list: a hundred rows then change a few pages, where
 * appending each to its list changed a hundred. When there are vec_log_most() of them, vec_write.c moves all to their lists
 * at once. A row is coded relative to the centroid of its list, which therefore may not change while the log holds rows.
 *
 * A search reads the log through memory: chunks of VEC_LOG_CHUNK sequence numbers, each sorted by list, kept in the cache.
 * What a chunk holds follows from meta's `log`, a random number that every change but an append replaces, and the last
 * sequence number; so chunks are kept under both. That is true of committed states alone, for only they follow one upon
 * the other: a writing transaction uses what is there and keeps nothing. A number of 0 says that somebody else took rows out, or
 * changed them: then searches, and whatever would take rows out, report damage (vec_index_log_state()).
 *
 * Used by vec_write.c, vec_search.c, vec_check.c.
 */
#ifndef VECEXT_VEC_LOG_H
#define VECEXT_VEC_LOG_H

#include "vecext/vec_cache.h"
#include "vecext/vec_list.h"

enum { VEC_LOG_CHUNK = 256, VEC_LOG_MOST = 4096 };

/* How many rows the log may hold. */
int64_t vec_log_most(const struct vec_index *ix);

/* Appends ix->record as row `id` of `list` and locates it. *seq is its sequence number, at least the number of rows; *before where
 * the row was, if it was *found: that is the caller's to clear. */
bool vec_log_put(struct vec_index *ix, uint32_t list, int64_t id, int64_t *seq, int64_t *before, bool *found,
                 struct vec_error *err);

/* Removes a row; its location is the caller's. */
bool vec_log_drop(struct vec_index *ix, int64_t seq, struct vec_error *err);

/* Removes all rows. */
bool vec_log_clear(struct vec_index *ix, struct vec_error *err);

/* The log as the tables have it, for a caller that changes or checks it: rows by list, within one by sequence number. */
struct vec_log_rows {
    struct vec_rows rows;
    struct vec_buf places; /* struct vec_log_place of each row */
};
struct vec_log_place {
    int64_t seq;
    uint32_t list, at; /* at: scratch of the sort */
};
bool vec_log_read(struct vec_index *ix, struct vec_log_rows *log, struct vec_error *err);
void vec_log_rows_free(struct vec_log_rows *log);

/* The log as a search reads it. Zero it to start; vec_log_close() ends it. Needs vec_index_begin(). */
struct vec_log {
    const struct vec_block *chunks[VEC_LOG_MOST / VEC_LOG_CHUNK + 1];
    uint32_t *sums[VEC_LOG_MOST / VEC_LOG_CHUNK + 1]; /* of each row's signs; NULL until a row of the chunk is wanted */
    int count;
};
bool vec_log_open(struct vec_index *ix, struct vec_log *log, struct vec_error *err);
void vec_log_close(struct vec_log *log);

/* Rows [first, last) of a chunk are those of the list. */
void vec_log_range(const struct vec_log *log, int chunk, uint32_t list, size_t *first, size_t *last);

/* A row as it is compared with the query of the tables: its one-bit factors, the sum of its signs' table entries, its record. */
struct vec_log_row {
    int64_t id;
    float add, scale;
    uint32_t sum;
    const unsigned char *record;
};
bool vec_log_row(const struct vec_index *ix, struct vec_log *log, const struct vec_query_tables *tables, int chunk, size_t row,
                 struct vec_log_row *out, struct vec_error *err);

#endif
