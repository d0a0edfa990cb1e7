/*
 * sqlite_module.h: included before every file of pgfunctions.so (meson.build: -include): calls of SQLite go through the table that the
 * program hands to the entry point, whichever SQLite it has.
 */
#ifndef PGF_CATALOG_SQLITE_MODULE_H
#define PGF_CATALOG_SQLITE_MODULE_H

#include <sqlite3ext.h>

extern const sqlite3_api_routines *sqlite3_api; /* vecext/vec_ext.c */

#endif
