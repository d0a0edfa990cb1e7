/*
 * declared_type.h: which PostgreSQL type a column has that another program declared, and how far SQLite's own comparison of its values
 * may be trusted. docs/sqlite-files.md shows the rules; tests/foreign holds both together.
 */
#ifndef PGF_CATALOG_DECLARED_TYPE_H
#define PGF_CATALOG_DECLARED_TYPE_H

#include <stdbool.h>
#include <stdint.h>

/* struct attribute's foreign: how a column of another program's table is read. */
#define FOREIGN_NOT   0   /* stored in our own form */
#define FOREIGN_PLAIN 'p' /* SQLite compares and sorts the stored values as PostgreSQL would; shown through foreign_value() */
#define FOREIGN_READ  'r' /* every use goes through foreign_value() */

struct declared_type {
    uint32_t type;
    int32_t typmod;
    char foreign;
};

/* The rules applied to a declaration ("VARCHAR(20)", "" or NULL for none). strict: of a STRICT table, whose values SQLite has checked.
   binary: the column's collation is BINARY. */
struct declared_type declared_type_of(const char *declaration, bool strict, bool binary);

#endif
