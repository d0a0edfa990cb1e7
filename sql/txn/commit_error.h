/* commit_error.h: see commit_error.c. */
#ifndef PGF_TXN_COMMIT_ERROR_H
#define PGF_TXN_COMMIT_ERROR_H

#include "sql/catalog/snapshot.h"
#include "sql/txn/connection.h"

/* Puts in place of err, SQLite's own words, the foreign key that is broken; leaves it where none is found. */
void commit_error_explain(struct connection *c, const struct snapshot *s, struct error *err);

#endif
