/*
 * watch.h: which row a constraint refused. The failed statement is printed again with its values
 * passed through watch() (emit_watched), run inside a savepoint that is rolled back, and the rows
 * it showed are kept.
 */
#ifndef PGF_EXEC_WATCH_H
#define PGF_EXEC_WATCH_H

#include "sql/exec/constraint.h"

/* Rows of the target table: old values of UPDATE and DELETE, new ones of INSERT and UPDATE. */
struct watched {
    struct arena *arena;
    int natts, n, cap;
    struct watched_row {
        struct value *old, *new; /* by attnum - 1 */
        bool *set;               /* new was shown */
    } * rows;
};

/* Keeps at most this many rows: beyond, the first ones are forgotten. */
#define WATCH_ROWS 1000

/*
 * Runs f's statement under watch. False when there is nothing to see (no step, or it cannot be
 * printed so).
 */
bool watch_again(const struct constraint_failure *f, struct watched *w, struct arena *arena);
/* Whether the last row's new key stands in the table, or twice among the rows. */
bool watch_clashes(const struct constraint_failure *f, const struct watched *w, const int16_t *keys,
                   int n, bool nulls);
/* Prints a value of the attribute's type: "null", or its text, of at most limit characters unless 0. */
void watch_print(const struct constraint_failure *f, struct strbuf *out, const struct attribute *at, const struct value *v,
                 size_t limit, struct error *err);
/* The foreign key of the target, and the row, whose reference leads nowhere; NULL if none. */
const struct constraint_def *watch_find_missing(const struct constraint_failure *f,
                                                const struct watched *w, int *row);
/* The foreign key of another table that still refers to a row's old key; NULL if none. */
const struct constraint_def *watch_find_referenced(const struct constraint_failure *f,
                                                   const struct watched *w, int *row);
/* A row that is known instead: f's old_row and new_row over relation r. */
void watch_given(const struct constraint_failure *f, const struct relation *r, struct watched *w, struct arena *arena);
/* "(a, b)=(1, x) " of relation r's row, or "" when the role may not see these columns; in err's arena. */
const char *watch_key_text(const struct constraint_failure *f, const struct relation *r, const struct value *row,
                           const int16_t *keys, int n, struct error *err);
/* The same of a watched row. */
const char *watch_key(const struct constraint_failure *f, const struct watched *w, int row,
                      bool old, const int16_t *keys, int n, struct error *err);
/*
 * "(1, x, null)", the columns of the table that the statement names; "(a, c) = (1, null)" when the role may see only these; NULL
 * when it may see none or a column's value cannot be known.
 */
const char *watch_row(const struct constraint_failure *f, const struct watched *w, int row,
                      struct error *err);

#endif
