/*
 * vector_index.h: indexes of the access methods ivf, flat, ivfflat and hnsw: SQLite's side of them is the vector engine's.
 */
#ifndef PGF_COMMAND_VECTOR_INDEX_H
#define PGF_COMMAND_VECTOR_INDEX_H

#include "sql/command/command_internal.h"

/* True for the names of the methods the vector engine serves. */
bool vector_index_method(const char *am_name);
/* Can an index of the method include a column of the type? False with an error. */
bool vector_index_check_included(struct command *c, const char *am_name, uint32_t type);
/* Builds the index from the table's rows. Parameters of WITH are checked. */
bool vector_index_create(struct command *c, const struct index_def *d);
/* What pgvector says of a new ivfflat index with fewer rows than lists. */
void vector_index_built(struct command *c, const struct index_def *d);
/* Takes over changed parameters (ALTER INDEX SET); they count from the next training on, recall at once. */
bool vector_index_set(struct command *c, const struct index_def *d);
bool vector_index_drop(struct command *c, const struct index_def *d);
bool vector_index_rename(struct command *c, const struct index_def *d, const char *to);
/* TRUNCATE of a table: before its rows go, its vector indexes are emptied, which makes the rows' own way out short; after it they
   are made anew. */
bool vector_index_truncate(struct command *c, const struct relation *r, bool before);
bool vector_index_rebuild(struct command *c, const struct index_def *d);

#endif
