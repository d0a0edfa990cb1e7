/* statistics_command.h: statistics objects, for the files that drop, rename, comment on and copy them. */
#ifndef PGF_COMMAND_STATISTICS_COMMAND_H
#define PGF_COMMAND_STATISTICS_COMMAND_H

#include "sql/command/command_internal.h"

/* Through the search path; NULL without error if there is none. */
const struct statistics_def *statistics_find(struct command *c, const struct qualified_name *n);
/* With 42704, 3F000 or 42501. */
const struct statistics_def *statistics_required(struct command *c, const struct qualified_name *n);
/* RENAME (name), SET SCHEMA (ns), OWNER TO (owner); what is NULL stays. */
bool statistics_move(struct command *c, const struct qualified_name *n, const char *name, const struct namespace_def *ns,
                     const struct role_def *owner);
/* The same over another table with columns of these names (LIKE INCLUDING STATISTICS). Loads the catalog. */
bool statistics_clone(struct command *c, const struct statistics_def *from, const struct relation *r, bool comment);
/* Durable rows; 0 with err set. */
uint32_t statistics_define(struct command *c, const struct relation *r, const struct create_statistics *d, const char *name,
                           uint32_t namespace_oid);

#endif
