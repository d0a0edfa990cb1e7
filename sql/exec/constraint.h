/*
 * constraint.h: SQLite's "constraint failed" as PostgreSQL's errors, with the constraint's name, table and columns
 * from the snapshot and, by probing with the failing statement's own values, the DETAIL.
 */
#ifndef PGF_EXEC_CONSTRAINT_H
#define PGF_EXEC_CONSTRAINT_H

#include <sqlite3.h>

#include "sql/plan/program.h"

/* rc is the extended result code of the failed step on db. Sets err. step may be NULL (COMMIT, DDL). */
void constraint_explain(sqlite3 *db, const struct step *step, const struct snapshot *s, int rc,
                        struct error *err);

#endif
