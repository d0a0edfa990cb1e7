/*
 * durable.h: the metadata tables in the SQLite file: _pg_class, _pg_attribute, _pg_type ... (durable.def lists them).
 *
 * They hold what SQLite's own schema cannot say: PostgreSQL types and OIDs, constraint names, comments, owners. A file without
 * them is a file made by another program; they are created by the first DDL. All statements here run
 * on the writer's connection inside the transaction of the DDL itself.
 */
#ifndef PGF_CATALOG_DURABLE_H
#define PGF_CATALOG_DURABLE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/base/error.h"

#define DURABLE_FORMAT_VERSION 1
#define DURABLE_TABLES_MAX 64 /* so that a set of them is a number */
/* OIDs of objects in files made by other programs: hashed into this range, stable for a name. */
#define DURABLE_ADOPTED_OID_FIRST 1000000000u
#define DURABLE_ADOPTED_OID_COUNT 900000000u
/* OIDs of the objects that built-in extensions bring: catalog/extension.h. */
#define DURABLE_EXTENSION_OID_FIRST 900000000u

/* Tables that could not be dropped while a statement read: they go with the next change of the catalog. */
#define DURABLE_DROPPED_PREFIX "_pg_dropped_"

/* True if the file has our metadata. */
bool durable_exists(sqlite3 *db);
/* True for the name of a table that is ours and not the user's: those of durable.def, sqlite_*, what DROP had to leave. */
bool durable_is_own_table(const char *sqlite_name);
/* The number of a table of durable.def, below DURABLE_TABLES_MAX; -1: none of ours. name need not end in zero. */
int durable_table(const char *name, size_t len);
/* Of which objects a row of the table is part: as durable.def says it. */
const char *durable_shows(int table);
/* True if all tables and indexes are there, and nothing is left that DROP could not take away. */
bool durable_complete(sqlite3 *db);
/* Creates the tables that are missing. */
bool durable_create(sqlite3 *db, struct error *err);
/* A fresh OID, never given before in this file; 0 with err set. */
uint32_t durable_new_oid(sqlite3 *db, struct error *err);
/* Remembers SQLite's schema_version, so that a later difference means that another program changed the schema. */
bool durable_stamp(sqlite3 *db, struct error *err);
/* True when the schema was changed by another program since durable_stamp. */
bool durable_drifted(sqlite3 *db);

/* The same tables for temporary objects, in SQLite's temp database of this connection. */
bool durable_temp_exists(sqlite3 *db);
bool durable_create_temp(sqlite3 *db, struct error *err);

/* Runs SQL made by sqlite3_mprintf's rules (%Q %w %lld ...). False with err set from SQLite's message (XX000, disk errors
   by their own SQLSTATE). */
bool durable_exec(sqlite3 *db, struct error *err, const char *fmt, ...);
/* SQLite's present error on db as an error value: 53100 disk full, 58030 I/O, 25006 read-only, XX001 corrupt, else XX000. */
bool durable_error(sqlite3 *db, struct error *err);

#endif
