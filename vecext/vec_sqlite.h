/*
 * vec_sqlite.h - SQLite's API, directly or through the loadable extension's table.
 *
 * The server links SQLite; a loadable extension must call the host's copy. Every file of the engine
 * that calls SQLite includes this header and nothing else of SQLite.
 */
#ifndef VECEXT_VEC_SQLITE_H
#define VECEXT_VEC_SQLITE_H

#ifdef VECEXT_LOADABLE
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#else
#include <sqlite3.h>
#endif

#endif
