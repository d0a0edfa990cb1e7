/*
 * vec_predicate.h - a filter that is an SQL statement, asked about one row at a time inside the scan.
 *
 *   vec_predicate('SELECT 1 FROM t WHERE rowid = ?1 AND a = ?2', 5)
 *
 * is a value that only vec_scan()'s argument `test` can read (an SQLite pointer value). The statement gets the rowid as
 * ?1 and the further arguments from ?2 on; a row passes when it gives one. Rows are asked about only when their code
 * says that they may be among the nearest. Prepared statements are kept with the connection.
 */
#ifndef VECEXT_VEC_PREDICATE_H
#define VECEXT_VEC_PREDICATE_H

#include "vecext/vec_index.h"

struct vec_predicate; /* what vec_predicate() made; counted references */

/* The predicate in a value, with a reference for the caller, or NULL when it holds none. */
struct vec_predicate *vec_predicate_get(sqlite3_value *value);
void vec_predicate_release(void *predicate);
bool vec_predicate_in(sqlite3_value *value);

/* Number that tells predicates of different text apart (nearly always). */
uint64_t vec_predicate_key(const struct vec_predicate *p);

/* A statement ready to be asked; NULL on error. close gives it back. */
struct vec_test *vec_test_open(struct vec_conn *conn, const struct vec_predicate *p,
                               struct vec_error *err);
void vec_test_close(struct vec_test *test);
/* Does the row pass? 1, 0, or -1 on error. */
int vec_test_row(struct vec_test *test, int64_t id, struct vec_error *err);

int vec_predicate_register(struct vec_conn *conn);
void vec_predicate_forget(struct vec_conn *conn);

#endif
