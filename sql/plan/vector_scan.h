/* vector_scan.h: a table read in the order of a distance, through its vector index or without one; hangs on the range table entry (pass_knn.c), printed by
   emit/emit_vector.c. */
#ifndef PGF_PLAN_VECTOR_SCAN_H
#define PGF_PLAN_VECTOR_SCAN_H

#include "sql/analyze/tree.h"

struct vector_scan {
    const struct index_def *index; /* NULL: the filter's rows are all compared */
    struct expr *key;              /* without an index: what is compared, and how */
    const char *type, *metric;
    int note;                      /* of the program's notes */
    bool ties;                     /* rows as far as the last one wanted count: ORDER BY has further keys */
    struct expr *query;          /* the vector searched for: nothing of the query's own tables */
    struct expr *limit, *offset; /* how many rows are wanted; NULL: all */
    double probes;               /* lists to visit; below 1: a recall; 0: what the index aims at */
    int most_lists, most_rows;   /* 0: no limit (ivfflat.max_probes, hnsw.max_scan_tuples) */
    struct expr *distance;       /* WHERE key <op> vector < this, or NULL */
    /* SELECT over the query's FROM and WHERE, joins included: what a row of the table must have to count. NULL when every row
       does. Its entry of the table is not read through the index. */
    struct query *filter;
    /* The filter's rows are found by an index of the table's: they are collected first, unless they turn out too many.
       Otherwise rows that may be among the nearest are tested one by one. Without an index: the table need not be read whole. */
    bool filter_first;
    const struct vector_condition *condition; /* on included columns (vector_condition.h), or NULL */
    bool filter_lasts; /* its rows depend on nothing but the table and what is captured from outside */
};

#endif
