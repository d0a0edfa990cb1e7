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
    /* The row, when it is known (changes row by row): natts values by attnum - 1, NULL if there is none. */
    const struct value *old_row, *new_row;
};

/* The same for constraints that SQLite does not keep; each sets err from f's rows. A column that must not be NULL: */
void constraint_null(const struct constraint_failure *f, const struct attribute *a, struct error *err);
/* The DETAIL of such an error about SQLite's rowid column: the row that has NULL there. */
void constraint_null_detail(const struct constraint_failure *f, struct error *err);
/* A view's WITH CHECK OPTION. */
void constraint_view_check(const struct constraint_failure *f, const char *view, struct error *err);
/* A foreign key whose referenced row is missing; the second adds the DETAIL. */
void constraint_missing(const struct constraint_failure *f, const struct constraint_def *k, struct error *err);
void constraint_missing_detail(const struct constraint_failure *f, const struct constraint_def *k, struct error *err);
/* told: the constraint that is named, k or one above it. */
void constraint_still_referenced(const struct constraint_failure *f, const struct constraint_def *k,
                                 const struct constraint_def *told, struct error *err);
/* A key that is there twice. */
void constraint_duplicate(const struct constraint_failure *f, const struct constraint_def *k, struct error *err);
/* A row that an exclusion constraint does not allow beside another; both rows' keys. */
void constraint_excluded(const struct constraint_failure *f, const struct constraint_def *k, const struct value *keys,
                         const struct value *other, struct error *err);
/* Sets err. */
void constraint_explain(const struct constraint_failure *f, struct error *err);

#endif
