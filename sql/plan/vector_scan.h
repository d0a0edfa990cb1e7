/* vector_scan.h: a table read through its vector index; hangs on the range table entry (pass_knn.c), printed by
   emit/emit_vector.c. */
#ifndef PGF_PLAN_VECTOR_SCAN_H
#define PGF_PLAN_VECTOR_SCAN_H

#include "sql/analyze/tree.h"

struct vector_scan {
    const struct index_def *index;
    struct expr *query;          /* the vector searched for: nothing of the table itself */
    struct expr *limit, *offset; /* how many rows are wanted */
    /* SELECT of the same table with the query's WHERE; NULL when there is none. */
    struct query *filter;
    /* The filter's rows are few and found by an index: they are searched alone. Otherwise the scan streams rows, nearest
       first, through the filter until there are enough. */
    bool filter_first;
};

#endif
