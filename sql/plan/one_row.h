/* one_row.h: which subqueries can be seen to give at most one row. */
#ifndef PGF_PLAN_ONE_ROW_H
#define PGF_PLAN_ONE_ROW_H

#include "sql/analyze/tree.h"

/* True only when certain: no FROM, an aggregate without GROUP BY, LIMIT 1, or a unique key equal to values from outside. */
bool query_gives_one_row(const struct query *q);

#endif
