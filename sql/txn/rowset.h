/*
 * rowset.h: rows kept in memory: the result of a step that later steps read, and answers made
 * without SQLite (SHOW, EXPLAIN, cursors WITH HOLD or SCROLL).
 *
 * In SQLite a rowset is read through the table-valued function rowset(?): its argument is a pointer
 * of type ROWSET_POINTER; columns c0, c1, ... c127 and the row number as rowid. Look-up by c0 = x
 * is by hash when c0 holds integers.
 */
#ifndef PGF_TXN_ROWSET_H
#define PGF_TXN_ROWSET_H

#include <sqlite3.h>
#include <stdint.h>

#include "sql/base/error.h"
#include "sql/types/value.h"

#define ROWSET_POINTER "pgfeather_rowset"
#define ROWSET_COLUMNS 128

struct arena;

struct rowset {
    struct arena *arena; /* owned: the values' bytes */
    struct value *cells; /* nrows * ncolumns, heap */
    int64_t nrows, cap;
    int ncolumns;
    int64_t
        *index; /* open-addressing hash of c0, made at the first look-up; nindex slots, -1 free */
    int64_t nindex;
};

struct rowset *rowset_create(int ncolumns);
void rowset_destroy(struct rowset *r); /* NULL is allowed */
/* A new row of NULLs; fill it at once: the pointer moves with the next append. */
struct value *rowset_append(struct rowset *r);
/* False with 53200 set when the rows have outgrown LIMIT_KEPT_BYTES. */
bool rowset_check(const struct rowset *r, struct error *err);
/* Copies v's bytes into the rowset. */
struct value rowset_copy(struct rowset *r, const struct value *v);

static inline const struct value *rowset_row(const struct rowset *r, int64_t i)
{
    return r->cells + i * r->ncolumns;
}

/* Makes rowset(?) known to the connection. */
int rowset_table_register(sqlite3 *db);

#endif
