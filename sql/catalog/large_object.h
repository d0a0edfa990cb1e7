/*
 * large_object.h: large objects as they lie in the file: _pg_largeobject_metadata has a row for each, _pg_largeobject its bytes
 * in pages of 2048, holes left out, as PostgreSQL keeps them (documentation, section 53.30).
 *
 * All functions run on a connection inside the caller's transaction; any thread, one connection each. Called by
 * session/large_object.c and command/large_object_command.c.
 */
#ifndef PGF_CATALOG_LARGE_OBJECT_H
#define PGF_CATALOG_LARGE_OBJECT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/base/error.h"

#define LARGE_OBJECT_PAGE 2048
/* The greatest offset: as many pages as an int4 counts. */
#define LARGE_OBJECT_MAX ((int64_t)INT32_MAX * LARGE_OBJECT_PAGE)

bool large_object_exists(sqlite3 *db, uint32_t oid);
/* Its owner; 0 when there is no such object. */
uint32_t large_object_owner(sqlite3 *db, uint32_t oid);
bool large_object_set_owner(sqlite3 *db, uint32_t oid, uint32_t owner, struct error *err);
/* Makes an empty one; oid 0: a fresh OID. The OID, or 0 with err set (23505 when there is one). Makes the tables when missing. */
uint32_t large_object_create(sqlite3 *db, uint32_t oid, uint32_t owner, struct error *err);
/* Removes it with its description and privileges. False with err set (42704). */
bool large_object_unlink(sqlite3 *db, uint32_t oid, struct error *err);
/* Bytes up to its end, holes counted. */
int64_t large_object_size(sqlite3 *db, uint32_t oid);
/* Reads up to n bytes from offset into out; how many there were, holes as zeroes. */
int64_t large_object_read(sqlite3 *db, uint32_t oid, int64_t offset, int64_t n, char *out);
/* Writes n bytes at offset; what lies between the end and offset becomes a hole. False with err set. */
bool large_object_write(sqlite3 *db, uint32_t oid, int64_t offset, const char *data, int64_t n, struct error *err);
/* Cuts it off, or extends it by a hole, to size bytes. False with err set. */
bool large_object_truncate(sqlite3 *db, uint32_t oid, int64_t size, struct error *err);

#endif
