/* large_object.c: see large_object.h. */
#include "sql/catalog/large_object.h"

#include <string.h>

#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"

/* A prepared statement with its first values bound; NULL when the tables do not exist or SQLite fails. */
static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, uint32_t oid, int64_t second)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_int64(st, 1, oid);
    if (sqlite3_bind_parameter_count(st) > 1)
        sqlite3_bind_int64(st, 2, second);
    return st;
}

uint32_t large_object_owner(sqlite3 *db, uint32_t oid)
{
    sqlite3_stmt *st = prepare(db, "SELECT lomowner FROM main._pg_largeobject_metadata WHERE oid = ?1", oid, 0);
    uint32_t owner = st && sqlite3_step(st) == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    return owner;
}

bool large_object_exists(sqlite3 *db, uint32_t oid)
{
    return large_object_owner(db, oid) != 0;
}

bool large_object_set_owner(sqlite3 *db, uint32_t oid, uint32_t owner, struct error *err)
{
    return durable_exec(db, err, "UPDATE main._pg_largeobject_metadata SET lomowner = %lld WHERE oid = %lld", (sqlite3_int64)owner,
                        (sqlite3_int64)oid);
}

uint32_t large_object_create(sqlite3 *db, uint32_t oid, uint32_t owner, struct error *err)
{
    if (large_object_exists(db, oid)) {
        error_set(err, ERRCODE_UNIQUE_VIOLATION,
                  "duplicate key value violates unique constraint \"pg_largeobject_metadata_oid_index\"");
        error_detail(err, "Key (oid)=(%u) already exists.", oid);
        err->schema = "pg_catalog";
        err->table = "pg_largeobject_metadata";
        err->constraint = "pg_largeobject_metadata_oid_index";
        return 0;
    }
    if (!durable_create(db, err) || !durable_stamp(db, err))
        return 0;
    while (!oid || large_object_exists(db, oid))
        if (!(oid = durable_new_oid(db, err)))
            return 0;
    return durable_exec(db, err, "INSERT INTO main._pg_largeobject_metadata (oid, lomowner) VALUES (%lld, %lld)",
                        (sqlite3_int64)oid, (sqlite3_int64)owner)
               ? oid
               : 0;
}

bool large_object_unlink(sqlite3 *db, uint32_t oid, struct error *err)
{
    sqlite3_int64 o = oid, class = CLASS_PG_LARGEOBJECT;
    if (!large_object_exists(db, oid))
        return error_set(err, ERRCODE_UNDEFINED_OBJECT, "large object %u does not exist", oid);
    return durable_exec(db, err, "DELETE FROM main._pg_largeobject WHERE loid = %lld", o) &&
           durable_exec(db, err, "DELETE FROM main._pg_largeobject_metadata WHERE oid = %lld", o) &&
           durable_exec(db, err, "DELETE FROM main._pg_description WHERE objoid = %lld AND classoid = %lld", o, class) &&
           durable_exec(db, err, "DELETE FROM main._pg_acl WHERE objid = %lld AND classid = %lld", o, class);
}

int64_t large_object_size(sqlite3 *db, uint32_t oid)
{
    sqlite3_stmt *st = prepare(db, "SELECT pageno, length(data) FROM main._pg_largeobject WHERE loid = ?1 "
                                   "ORDER BY pageno DESC LIMIT 1", oid, 0);
    int64_t size = 0;
    if (st && sqlite3_step(st) == SQLITE_ROW)
        size = sqlite3_column_int64(st, 0) * LARGE_OBJECT_PAGE + sqlite3_column_int64(st, 1);
    sqlite3_finalize(st);
    return size;
}

int64_t large_object_read(sqlite3 *db, uint32_t oid, int64_t offset, int64_t n, char *out)
{
    int64_t left = large_object_size(db, oid) - offset;
    if (n > left)
        n = left;
    if (n <= 0)
        return 0;
    memset(out, 0, (size_t)n);
    sqlite3_stmt *st = prepare(db, "SELECT pageno, data FROM main._pg_largeobject WHERE loid = ?1 AND pageno >= ?2 "
                                   "ORDER BY pageno", oid, offset / LARGE_OBJECT_PAGE);
    while (st && sqlite3_step(st) == SQLITE_ROW) {
        int64_t from = sqlite3_column_int64(st, 0) * LARGE_OBJECT_PAGE, to = from + sqlite3_column_bytes(st, 1);
        if (from >= offset + n)
            break;
        int64_t first = from > offset ? from : offset, last = to < offset + n ? to : offset + n;
        if (first < last)
            memcpy(out + (first - offset), (const char *)sqlite3_column_blob(st, 1) + (first - from), (size_t)(last - first));
    }
    sqlite3_finalize(st);
    return n;
}

/* The bytes of one page into page; how many it has. */
static int64_t page_load(sqlite3 *db, uint32_t oid, int64_t number, char *page)
{
    memset(page, 0, LARGE_OBJECT_PAGE);
    sqlite3_stmt *st = prepare(db, "SELECT data FROM main._pg_largeobject WHERE loid = ?1 AND pageno = ?2", oid, number);
    int64_t n = 0;
    if (st && sqlite3_step(st) == SQLITE_ROW) {
        n = sqlite3_column_bytes(st, 0);
        n = n < LARGE_OBJECT_PAGE ? n : LARGE_OBJECT_PAGE;
        if (n)
            memcpy(page, sqlite3_column_blob(st, 0), (size_t)n);
    }
    sqlite3_finalize(st);
    return n;
}

static bool page_store(sqlite3 *db, uint32_t oid, int64_t number, const char *page, int64_t n, struct error *err)
{
    sqlite3_stmt *st = prepare(db, "INSERT OR REPLACE INTO main._pg_largeobject (loid, pageno, data) VALUES (?1, ?2, ?3)",
                               oid, number);
    if (!st)
        return durable_error(db, err);
    sqlite3_bind_blob(st, 3, page, (int)n, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    sqlite3_finalize(st);
    return rc == SQLITE_DONE || durable_error(db, err);
}

bool large_object_write(sqlite3 *db, uint32_t oid, int64_t offset, const char *data, int64_t n, struct error *err)
{
    char page[LARGE_OBJECT_PAGE];
    while (n > 0) {
        int64_t number = offset / LARGE_OBJECT_PAGE, at = offset % LARGE_OBJECT_PAGE;
        int64_t part = LARGE_OBJECT_PAGE - at < n ? LARGE_OBJECT_PAGE - at : n;
        int64_t length = page_load(db, oid, number, page);
        memcpy(page + at, data, (size_t)part);
        if (!page_store(db, oid, number, page, length > at + part ? length : at + part, err))
            return false;
        offset += part;
        data += part;
        n -= part;
    }
    return true;
}

bool large_object_truncate(sqlite3 *db, uint32_t oid, int64_t size, struct error *err)
{
    char page[LARGE_OBJECT_PAGE];
    int64_t number = size / LARGE_OBJECT_PAGE, rest = size % LARGE_OBJECT_PAGE;
    if (!durable_exec(db, err, "DELETE FROM main._pg_largeobject WHERE loid = %lld AND pageno >= %lld", (sqlite3_int64)oid,
                      (sqlite3_int64)(rest ? number + 1 : number)))
        return false;
    if (rest) {
        page_load(db, oid, number, page);
    } else {
        if (number == 0)
            return true;
        rest = LARGE_OBJECT_PAGE; /* the end is that of the page before */
        page_load(db, oid, --number, page);
    }
    return page_store(db, oid, number, page, rest, err);
}
