/* predicate.h: does one condition follow from another? Asked for partial indexes: by ON CONFLICT and by searches of vector indexes. */
#ifndef PGF_ANALYZE_PREDICATE_H
#define PGF_ANALYZE_PREDICATE_H

#include "sql/analyze/tree.h"
#include "sql/types/type.h"

/*
 * True only if `predicate` is true wherever `where` is, as PostgreSQL proves it (predicate_implied_by): parts of AND and OR, lists of
 * IN, comparisons of one expression with constants in the order of its type, IS NOT NULL of what a strict condition needs. The
 * predicate must be immutable, as those of indexes are.
 */
bool predicate_implied(const struct snapshot *s, struct eval_context *ctx, const struct expr *where, const struct expr *predicate);

#endif
