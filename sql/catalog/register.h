/*
 * register.h: prepares SQLite statements, making functions, collations and virtual tables of the catalog known to the connection
 * as statements first name them.
 */
#ifndef PGF_CATALOG_REGISTER_H
#define PGF_CATALOG_REGISTER_H

#include <sqlite3.h>

#include "sql/catalog/snapshot.h"
#include "sql/types/sqlite_func.h"

/*
 * sqlite3_prepare_v3 that answers "no such function", "no such table: pg_catalog.x" and "no such collation sequence" by
 * registering the thing and trying again. host is the connection's; s gives the orders of enums. Returns SQLite's code;
 * the error is in the connection. tail may be NULL.
 */
int catalog_prepare(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                    const char *sql, sqlite3_stmt **st, const char **tail);

/*
 * Registers what SQLite's message says is missing. SQLITE_OK: try again; SQLITE_NOTFOUND: it is nothing of ours. For those
 * who have an own prepare loop.
 */
int catalog_register_missing(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                             const char *message);

/* The virtual table of a relation of pg_catalog ("pg_catalog.pg_class") or of a user sequence ("pg_sequence.16390"). */
int catalog_register_module(sqlite3 *db, struct sqlite_func_host *host, const char *name);

/* The order of an enum ("enum_16390"). It follows the snapshot of whoever leases the connection. */
int catalog_register_collation(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                               const char *name);

#endif
