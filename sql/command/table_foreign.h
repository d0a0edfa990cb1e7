/* table_foreign.h: tables of other programs made ours; see table_foreign.c. */
#ifndef PGF_COMMAND_TABLE_FOREIGN_H
#define PGF_COMMAND_TABLE_FOREIGN_H

#include "sql/command/command_internal.h"

/*
 * Rebuilds the table in our form. before: as the file has it; now: as the metadata have it, rows with another form for column i come
 * from exprs[i] (SQLite's SQL over the old table; exprs or its items may be NULL). Notices what cannot be kept.
 */
bool table_take_over(struct command *c, const struct relation *before, const struct relation *now, const char *const *exprs);

#endif
