/* vector_condition.h: the part of WHERE that a vector index tests on its INCLUDEd columns, as vecext's vec_where() reads it (for
   pass_knn.c); which columns it can include (for command/vector_index.c). */
#ifndef PGF_PLAN_VECTOR_CONDITION_H
#define PGF_PLAN_VECTOR_CONDITION_H

#include "sql/plan/planner.h"
#include "vecext/vecext.h"

struct vector_condition {
    const char *text;      /* "#1 = ?1 AND ?" */
    struct expr_list args; /* of ?1 on: nothing of the query's own tables */
    /* Conjuncts of WHERE that are tested so, and whether that is all there is to them: for EXPLAIN. */
    struct expr_list conjuncts;
    bool *whole;
};

/* NULL when WHERE says nothing of the index's included columns. joined: rows must pass joins as well. */
struct vector_condition *vector_condition_find(struct planner *p, struct expr *where, const struct index_def *ix, int rte, bool joined);

/* How the values of a type compare in an index; false when it cannot include them. */
bool vector_include_kind(const struct snapshot *s, uint32_t type, enum vec_include_kind *kind);

#endif
