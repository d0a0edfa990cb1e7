/*
 * builtin_facts.h: what PostgreSQL says about its own objects beside their rows: descriptions and support
 * functions. Constant tables ordered by OID, found by halving; any thread. For the rel_*.c files and snapshot_comment.
 */
#ifndef PGF_CATALOG_BUILTIN_FACTS_H
#define PGF_CATALOG_BUILTIN_FACTS_H

#include "sql/catalog/snapshot_internal.h"

/* All descriptions, ordered by objoid, and the first of an object (n of them follow each other). */
extern const struct comment builtin_comments[];
extern const int builtin_comments_count;
const struct comment *builtin_comments_of(uint32_t objoid, int *n);

/* pg_proc.prosupport, 0 for none. */
uint32_t builtin_proc_support(uint32_t proc);

#endif
