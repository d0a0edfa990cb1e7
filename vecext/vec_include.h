/*
 * vec_include.h - columns that an index keeps beside its codes (INCLUDE), as numbers that compare as the values do.
 *
 * A value becomes a u64, its code: of two values the lesser one never has the greater code. Values with the same code may differ
 * (a long text has no room in it): then only the table's row tells. Two codes are of no value:
 *   0  NULL
 *   1  a value that the column's kind cannot say: it may be anything
 *
 * A row's codes are the end of its record (vec_code.h). Those of a list's slots are in NAME_inc, under key list << 20 | j those of
 * slots [j include_rows, (j + 1) include_rows). Blob, little-endian:
 *    u16 n             slots
 *    of each column:   u8 width (0, 1, 2, 4, 8), u64 base, then n numbers of that width: 0 for NULL, else code - base + 1
 *                      (of width 8: the code itself; of width 0: all are NULL)
 * In memory a list's codes are u64 code[column][blocks of 32 slots] (vec_image.h).
 *
 * Used by vec_list.c, vec_image.c, vec_build.c, vec_write.c, vec_where.c, vec_check.c, vec_schema.c.
 */
#ifndef VECEXT_VEC_INCLUDE_H
#define VECEXT_VEC_INCLUDE_H

#include "vecext/vec_index.h"

enum { VEC_INCLUDE_NULL = 0, VEC_INCLUDE_OTHER = 1, VEC_INCLUDE_LEAST = 2 /* the least code of a value */ };

/* The kind of a name ("integer"). */
bool vec_include_kind_find(const char *name, enum vec_include_kind *kind);
const char *vec_include_kind_name(enum vec_include_kind kind);

uint64_t vec_include_code(enum vec_include_kind kind, sqlite3_value *value);

/* The codes of values that may equal one of the code given, or whose order to it is not known by their codes. `same`: all of them
 * are equal to it. `order`: also those whose order alone is unknown. */
struct vec_include_span {
    uint64_t low, high;
    bool same;
};
struct vec_include_span vec_include_around(enum vec_include_kind kind, uint64_t code, bool order);

/* Codes of a row of the view NAME_src (id, v, included columns...) into the end of a record. */
void vec_include_take(const struct vec_index *ix, sqlite3_stmt *row, unsigned char *record);

/* Slots of a NAME_inc row for a page of so many bytes. */
int vec_include_capacity(int columns, int page);

/* A NAME_inc blob of n records, `step` bytes apart; the first one's codes at `codes`. */
bool vec_include_build(const struct vec_index *ix, const unsigned char *codes, size_t step, int n, struct vec_buf *out,
                       struct vec_error *err);

/* Its slots; -1 when it is none of so many columns. */
int vec_include_slots(int columns, const unsigned char *blob, size_t len);

/* Its codes, where they go: that of column c and slot i is put at to + c column_step + i slot_step (bytes). */
void vec_include_read(int columns, const unsigned char *blob, unsigned char *to, size_t column_step, size_t slot_step);

#endif
