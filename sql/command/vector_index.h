/*
 * vector_index.h: indexes of the access methods ivf, flat, ivfflat and hnsw: SQLite's side of them is the vector engine's.
 */
#ifndef PGF_COMMAND_VECTOR_INDEX_H
#define PGF_COMMAND_VECTOR_INDEX_H

#include "sql/command/command_internal.h"

/* True for the names of the methods the vector engine serves. */
bool vector_index_method(const char *am_name);
/* Whether indexes of the method and operator class exist in the file; those on sparsevec are in the catalog only. */
bool vector_index_stored(struct command *c, const char *am_name, uint32_t opclass);
/* Builds the index from the table's rows. Parameters of WITH are checked. */
bool vector_index_create(struct command *c, const struct index_def *d);
/* Takes over changed parameters (ALTER INDEX SET); they count from the next training on, recall at once. */
bool vector_index_set(struct command *c, const struct index_def *d);
bool vector_index_drop(struct command *c, const struct index_def *d);
bool vector_index_rename(struct command *c, const struct index_def *d, const char *to);
bool vector_index_truncate(struct command *c, const struct index_def *d);
bool vector_index_rebuild(struct command *c, const struct index_def *d);

#endif
