/*
 * pass_knn.c: ORDER BY column <op> vector LIMIT k over a table with a vector index on that column: the index's scan
 * gives the rows, nearest first.
 */
#include "sql/plan/planner.h"

bool pass_knn(struct planner *p, struct query *q)
{
    (void)p;
    (void)q;
    return true;
}
