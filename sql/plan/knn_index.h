/* knn_index.h: which vector index serves "key <operator> vector"; for pass_knn.c. */
#ifndef PGF_PLAN_KNN_INDEX_H
#define PGF_PLAN_KNN_INDEX_H

#include "sql/plan/planner.h"

/* A distance to be ordered by, taken apart. */
struct knn_order {
    int rte;                   /* the table, an entry of the query's own */
    const struct index_def *index;
    struct expr *query;        /* the vector */
    struct expr *key;          /* the other side */
    const char *type, *metric; /* as vecext names them; of knn_find_exact */
};

/* Finds an index for an ORDER BY expression over the query's tables: its key is the operator's one side, the other side has
   none of the query's own columns; a partial index's predicate is implied by WHERE. False when there is none, or with
   p->err set. */
bool knn_find_index(struct planner *p, const struct query *q, const struct expr *order, struct knn_order *out);

/* Takes a distance apart for which no index is needed: of a vector or halfvec of one table to a vector that has none of the
   query's own columns. */
bool knn_find_exact(struct planner *p, const struct query *q, const struct expr *order, struct knn_order *out);

/* Calls visit for every conjunct of a condition (NULL: none) until it gives true; gives that. */
bool knn_each_conjunct(struct expr *condition, bool (*visit)(void *arg, struct expr *conjunct), void *arg);

/* Does a condition compare a column that begins a key of a plain index, so that its rows are found without reading all? */
bool knn_found_by_index(const struct relation *r, int rte, const struct expr *condition);

#endif
