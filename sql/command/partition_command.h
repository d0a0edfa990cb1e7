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
bool partition_finish(struct command *c, const struct create_table *ct, uint32_t oid);
/* ", CONSTRAINT ... CHECK (...)" of a partition for SQLite's CREATE TABLE. */
bool partition_check_emit(struct command *c, const struct relation *r, struct strbuf *out);
/* The CHECK of the default partition after a sibling went. */
bool partition_refresh_default(struct command *c, uint32_t parent);

/* --- partition_overlap.c --- */
struct partition_bound;
/* False with 42P17 where the bound of a new partition is empty or meets a sibling's. */
bool partition_check_bound(struct command *c, const struct relation *parent, const char *name, const struct partition_bound *b);
const struct relation *partition_default(const struct relation *parent);

/* --- partition_index.c --- */
/* The parent's indexes for a child that has just joined. */
bool partition_clone_indexes(struct command *c, const struct relation *parent, const struct relation *child);
/* A new index of a partitioned table: an index in each partition, one that is there already if it is alike. */
bool partition_spread_index(struct command *c, uint32_t index);
/* Of ONLY: the partitions have none yet, so the index of a table with partitions is not valid. */
bool partition_index_alone(struct command *c, uint32_t index);
/* LIKE INCLUDING INDEXES: the index, over another table with columns of these names. Loads the catalog. */
bool index_copy(struct command *c, const struct index_def *d, uint32_t table, bool comment);
/* ALTER INDEX ... ATTACH PARTITION. */
bool alter_attach_index(struct command *c, const struct relation *index, const struct alter_cmd *k);
bool partition_spread_missing(struct command *c, uint32_t index, uint32_t child);

/* --- partition_key_clone.c: what a partition has of its table's foreign keys and triggers --- */

/* A durable row of a foreign key. oid is filled in. */
struct foreign_key {
    uint32_t oid, index, parent; /* index: of the referenced key */
    const char *name;
    const struct relation *table, *ref;
    int16_t keys[32], ref_keys[32], set[32];
    int n, nset;
    char on_update, on_delete, match;
    bool deferrable, deferred, not_valid;
};
bool foreign_key_insert(struct command *c, struct foreign_key *k); /* constraint_define.c */
/* Rows of the key for each partition of the table it refers to. */
bool foreign_key_spread_referenced(struct command *c, const struct foreign_key *k, struct list *taken);
/* Its row in each partition of its table, whose rows must obey it. The catalog is loaded again. */
bool foreign_key_spread_referring(struct command *c, uint32_t constraint);
/* All that a table that has just become a partition of parent follows: foreign keys of and to it, row triggers; rows are held
   against foreign keys when validate is set. The catalog is loaded again. */
bool partition_clone_keys(struct command *c, uint32_t parent, uint32_t child, bool validate);
/* And what a table that is to be one no longer loses; 23503 where rows refer to its rows. */
bool partition_forget_keys(struct command *c, const struct relation *parent, const struct relation *child);
/* The trigger t of a partitioned table for its partition, and for those below. */
bool trigger_clone(struct command *c, const struct trigger_def *t, const struct relation *child);
/* alter_constraint.c: "(a, b)=(1, 2)" of the row a query stands on, named as r's columns; 23503 where a row breaks the key. */
const char *foreign_key_key_text(struct command *c, const struct constraint_def *k, sqlite3_stmt *st, const struct relation *r,
                             const int16_t *keys);
bool foreign_key_validate(struct command *c, const struct constraint_def *k);

/* Forms of ALTER TABLE. */
bool alter_attach_partition(struct command *c, const struct relation *parent, const struct alter_cmd *k);
bool alter_detach_partition(struct command *c, const struct relation *parent, const struct alter_cmd *k);
bool alter_inherit(struct command *c, const struct relation *child, const struct alter_cmd *k);

#endif
