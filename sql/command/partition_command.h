/* partition_command.h: what CREATE TABLE, CREATE INDEX, ALTER TABLE and DROP need of partitions and inheritance. */
#ifndef PGF_COMMAND_PARTITION_COMMAND_H
#define PGF_COMMAND_PARTITION_COMMAND_H

#include "sql/command/command_internal.h"

/* The name of the CHECK that holds a partition's bound, in SQLite's schema only; exec/constraint.c knows it too. */
#define PARTITION_CHECK_NAME "_pg_partition"

/* The durable row that makes child, a table or an index, the number-th child of parent. */
bool partition_add_parent(struct command *c, uint32_t child, uint32_t parent, int number);
/* Durable rows of PARTITION BY; fills r->partition_key. */
bool partition_key_define(struct command *c, struct relation *r, const struct partition_by *by);
/* 0A000 unless the columns of a unique key include the partition key. what: "UNIQUE" or "PRIMARY KEY". */
bool partition_key_covers(struct command *c, const struct relation *r, const char *what, const int16_t *attnums, int n);
/* INHERITS and PARTITION OF of a table being made: durable rows, the bound against the siblings', the parent's indexes. */
bool partition_define_parents(struct command *c, const struct relation *r, const struct create_table *ct);
/* After the table is made: the default partition must hold none of its rows. */
bool partition_finish(struct command *c, const struct create_table *ct);
/* ", CONSTRAINT ... CHECK (...)" of a partition for SQLite's CREATE TABLE. */
bool partition_check_emit(struct command *c, const struct relation *r, struct strbuf *out);
/* The CHECK of the default partition after a sibling went. */
bool partition_refresh_default(struct command *c, uint32_t parent);

/* --- partition_index.c --- */
/* The parent's indexes for a child that has just joined. */
bool partition_clone_indexes(struct command *c, const struct relation *parent, const struct relation *child);
/* A new index of a partitioned table: an index in each partition, one that is there already if it is alike. */
bool partition_spread_index(struct command *c, uint32_t index);
bool partition_spread_missing(struct command *c, uint32_t index, uint32_t child);

/* Forms of ALTER TABLE. */
bool alter_attach_partition(struct command *c, const struct relation *parent, const struct alter_cmd *k);
bool alter_detach_partition(struct command *c, const struct relation *parent, const struct alter_cmd *k);
bool alter_inherit(struct command *c, const struct relation *child, const struct alter_cmd *k);

#endif
