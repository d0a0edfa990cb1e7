/*
 * vec_where.h - a condition on an index's included columns, tested on their codes before any row is read.
 *
 *   vec_where('cat = ?1 AND (price < ?2 OR price IS NULL) AND tag IN (?3, ?4)', 5, 9.5, 'a', 'b')
 *
 * is its SQL form (a pointer value: vec_subquery.h). Columns are named as they were when the index was made, or #1, #2... by
 * their place in INCLUDE; operators are = <> != < <= > >= BETWEEN IN (IN ?1: the elements of a JSON array), IS [NOT] NULL, AND, OR.
 * A bare ? stands for a condition on something else.
 *
 * Of every row the codes say: it passes, it cannot pass, or only the row itself tells (vec_include.h; always where a bare ? decides).
 * Texts compare byte by byte.
 */
#ifndef VECEXT_VEC_WHERE_H
#define VECEXT_VEC_WHERE_H

#include "vecext/vec_index.h"
#include "vecext/vec_subquery.h"

struct vec_where;

/* Reads the condition of a vec_where() value. NULL on error. */
struct vec_where *vec_where_new(struct vec_index *ix, const struct vec_subquery *q, struct vec_error *err);
void vec_where_free(struct vec_where *where);

/* The same as a statement for vec_reader_open_as(), asked about a row by its number, ?1; NULL when the condition has a bare ?. */
const char *vec_where_statement(const struct vec_where *where);

/* Tests n rows (at most VEC_BLOCK): bit i is of row i, whose code of column c is codes[c * column_step + i]. *sure are those of
 * *can whose row need not be asked. */
void vec_where_test(const struct vec_where *where, const uint64_t *codes, size_t column_step, int n, uint32_t *can, uint32_t *sure);

#endif
