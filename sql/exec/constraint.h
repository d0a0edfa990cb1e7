/*
 * constraint.h: SQLite's "constraint failed" as PostgreSQL's errors: the constraint's name, table
 * and columns from the snapshot, and the DETAIL from the offending row, which is found by running
 * the statement once more under watch.
 */
#ifndef PGF_EXEC_CONSTRAINT_H
#define PGF_EXEC_CONSTRAINT_H

#include "sql/plan/program.h"
#include "sql/txn/connection.h"

struct constraint_failure {
    struct connection
        *connection;         /* inside its transaction; the failed statement is undone already */
    const struct step *step; /* NULL: COMMIT, DDL */
    const struct snapshot *snapshot;
    /* Binds a step's values to a statement as the failed run did. */
    void (*bind)(void *arg, sqlite3_stmt *stmt, const struct step *step);
    void *arg;
    int rc; /* extended result code */
};

/* Sets err. */
void constraint_explain(const struct constraint_failure *f, struct error *err);

#endif
