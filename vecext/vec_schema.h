/*
 * vec_schema.h - the objects an index is made of: creating, dropping, renaming them.
 *
 * The public functions are declared in vecext.h; here are those that take the connection's state.
 */
#ifndef VECEXT_VEC_SCHEMA_H
#define VECEXT_VEC_SCHEMA_H

#include "vecext/vec_index.h"
#include "vecext/vecext.h"

bool vec_schema_create(struct vec_conn *conn, const struct vec_index_def *def,
                       struct vec_progress *progress, struct vec_error *err);
bool vec_schema_drop(struct vec_conn *conn, const char *name, struct vec_error *err);
bool vec_schema_rename(struct vec_conn *conn, const char *name, const char *to,
                       struct vec_error *err);
bool vec_schema_reindex(struct vec_conn *conn, const char *name, int lists,
                        struct vec_progress *progress, struct vec_error *err);
bool vec_schema_truncate(struct vec_conn *conn, const char *name, struct vec_error *err);
bool vec_schema_stats(struct vec_conn *conn, const char *name, struct vec_index_stats *stats,
                      struct vec_error *err);

/* The state that vecext_register() made for a connection, or NULL with *err set. */
struct vec_conn *vec_conn_find(sqlite3 *db, struct vec_error *err);

#endif
