/*
 * reprint.h: names change in stored texts. Expressions, views and function bodies are stored as SQL text: what mentions the thing
 * that is renamed is analyzed over the old snapshot and printed again over the new one. Called by rename_command.c.
 */
#ifndef PGF_COMMAND_REPRINT_H
#define PGF_COMMAND_REPRINT_H

#include "sql/command/command_internal.h"

struct stored_tree {
    uint32_t oid;
    struct query *query;
    struct create_function *body; /* of a function, then query is NULL */
};

/* Trees of all views and SQL-standard function bodies, to be made before the change; NULL with the error set. In c's arena. */
struct stored_tree *reprint_trees(struct command *c, int *n);
/* Stores them with the names of the present snapshot. */
bool reprint_stored(struct command *c, struct stored_tree *trees, int n);
/* Checks, index expressions, predicates and generation expressions of one table after a column got a new name. */
bool reprint_table(struct command *c, const struct relation *before, const struct relation *after);

#endif
