/*
 * vec_subquery.h - SQL statements as values, for arguments of table functions (SQLite pointer values):
 *
 *   vec_predicate('SELECT 1 FROM t WHERE rowid = ?1 AND a = ?2', 5)
 *       a filter, asked about one row at a time: a row passes when the statement gives one. The further arguments are ?2 and on
 *   vec_rows('SELECT rowid, e FROM t WHERE rowid BETWEEN ?1 AND ?2 AND a = ?3', 5)
 *       rows to be read, of a range of rowids when the statement asks for ?1 and ?2. The further arguments are ?3 and on
 *   vec_lasting_rows(...)
 *       likewise; they depend on nothing but the arguments and the index's own file: no clock, no random number, no other file
 *   vec_table_rows('SELECT rowid, e FROM t WHERE rowid BETWEEN ?1 AND ?2')
 *       likewise: every row of one table, and a column of it or an expression
 *   vec_where('a = ?1', 5)
 *       no statement but a condition on included columns: vec_where.h
 *
 * Statements prepared for them are kept with the connection.
 */
#ifndef VECEXT_VEC_SUBQUERY_H
#define VECEXT_VEC_SUBQUERY_H

#include "vecext/vec_index.h"

struct vec_subquery; /* counted references */

/* The statement in a value, with a reference for the caller, or NULL when it holds none. */
struct vec_subquery *vec_subquery_get(sqlite3_value *value);
void vec_subquery_release(void *subquery);
bool vec_subquery_in(sqlite3_value *value);

struct vec_subquery *vec_subquery_hold(struct vec_subquery *q); /* one reference more */
bool vec_subquery_lasts(const struct vec_subquery *q);
bool vec_subquery_is_table(const struct vec_subquery *q);
/* The same text and arguments. */
bool vec_subquery_same(const struct vec_subquery *a, const struct vec_subquery *b);
/* Memory that it takes, about. */
size_t vec_subquery_bytes(const struct vec_subquery *q);

/* Number that tells statements of different text apart (nearly always). */
uint64_t vec_subquery_key(const struct vec_subquery *q);

/* Its text, and an argument behind that, from 0 on; NULL when there is none. */
const char *vec_subquery_text(const struct vec_subquery *q);
sqlite3_value *vec_subquery_argument(const struct vec_subquery *q, int i);

/* The statement prepared on a connection, with its arguments bound; NULL on error. close gives it back. `_as`: another statement with
 * the same arguments. */
struct vec_reader *vec_reader_open(struct vec_conn *conn, const struct vec_subquery *q, struct vec_error *err);
struct vec_reader *vec_reader_open_as(struct vec_conn *conn, const struct vec_subquery *q, const char *sql, struct vec_error *err);
void vec_reader_close(struct vec_reader *reader);
sqlite3_stmt *vec_reader_statement(struct vec_reader *reader);

/* Does the row pass? 1, 0, or -1 on error. */
int vec_reader_test(struct vec_reader *reader, int64_t id, struct vec_error *err);
/* Begins anew with the rows of a range of rowids. */
void vec_reader_range(struct vec_reader *reader, int64_t first, int64_t last);
/* Is there a next row? 1, 0 (the statement is reset), or -1 on error. */
int vec_reader_next(struct vec_reader *reader, struct vec_error *err);

int vec_subquery_register(struct vec_conn *conn);
void vec_subquery_forget(struct vec_conn *conn);

#endif
