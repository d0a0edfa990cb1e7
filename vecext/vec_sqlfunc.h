/* vec_sqlfunc.h - the SQL functions of the types and of the index. */
#ifndef VECEXT_VEC_SQLFUNC_H
#define VECEXT_VEC_SQLFUNC_H

#include "vecext/vec_index.h"

/* Registers the type functions (vec_sqlfunc.c) and the index functions (vec_sqlindex.c); those of
 * the index keep references to `conn`. Return SQLite result codes. */
int vec_sqlfunc_register(sqlite3 *db);
int vec_sqlindex_register(struct vec_conn *conn);

/* Reports an error as the function's result: message, detail and hint. */
void vec_sqlfunc_error(sqlite3_context *context, const struct vec_error *err);

#endif
