/*
 * inheritance.h: what commands ask of the family below a table: its members, from how many parents a column or a CHECK comes,
 * and what a table keeps as its own beside what it inherits.
 */
#ifndef PGF_COMMAND_INHERITANCE_H
#define PGF_COMMAND_INHERITANCE_H

#include "sql/command/command_internal.h"

struct inheritor {
    const struct relation *r;
    int parents; /* how many of its parents are of the family */
};

/* The table itself and all below it, each once, parents before children (partitioned ones too). Lies in c's arena. */
int inheritance_family(struct command *c, const struct relation *root, struct inheritor **out);
/* From how many parents a column, a CHECK of this name comes. */
int inheritance_column_parents(const struct relation *r, const char *name);
int inheritance_check_parents(const struct relation *r, const char *name);
/* The durable mark of attislocal and conislocal: the table defines the inherited column (sub), or CHECK, too. */
bool inheritance_mark_local(struct command *c, uint32_t classid, uint32_t oid, int sub);

#endif
