/* alter_table.h: the forms of ALTER TABLE about constraints, and what both files of it share. */
#ifndef PGF_COMMAND_ALTER_TABLE_H
#define PGF_COMMAND_ALTER_TABLE_H

#include "sql/command/command_internal.h"

/* The column by name with 42703. */
const struct attribute *alter_column(struct command *c, const struct relation *r, const char *name);
/* 23502 when a row has NULL there. */
bool alter_check_no_nulls(struct command *c, const struct relation *r, const struct attribute *a);

/* The relation as the catalog stands after a change; NULL with the error set. */
const struct relation *alter_again(struct command *c, const struct relation *r);

/* alter_type.c */
bool alter_column_type(struct command *c, const struct relation *r, const struct alter_cmd *k);

bool alter_trigger_enabled(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_add_constraint(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_drop_constraint(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_validate_constraint(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_constraint_deferrability(struct command *c, const struct relation *r,
                                    const struct alter_cmd *k);

/* alter_storage.c */
bool alter_column_data(struct command *c, const struct relation *r, const struct alter_cmd *k);
/* alter_identity.c: ADD GENERATED AS IDENTITY, SET of it, DROP IDENTITY, DROP EXPRESSION. */
bool alter_add_identity(struct command *c, const struct relation *r, const struct alter_cmd *k);
/* ALTER TYPE of an identity column: its sequence gets the type too. */
bool alter_identity_type(struct command *c, const struct relation *r, const struct attribute *a, uint32_t type);
bool alter_set_identity(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_drop_identity(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_drop_expression(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_options(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_persistence(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_cluster_on(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_of(struct command *c, const struct relation *r, const struct alter_cmd *k);
bool alter_replica_identity(struct command *c, const struct relation *r, const struct alter_cmd *k);

#endif
