/*
 * vec_exact_scan.h - all rows of a statement compared with a query. Those of a whole table in two threads: from its pages, where they
 * can be read (vec_row.h), else by two connections, where there is a second one (vec_helper.h).
 */
#ifndef VECEXT_VEC_EXACT_SCAN_H
#define VECEXT_VEC_EXACT_SCAN_H

#include "vecext/vec_closest.h"
#include "vecext/vec_subquery.h"

/* The answer into `found`, which is as vec_closest_begin() leaves it. `bounds`: a SELECT of the table's first and last rowid, of which
 * the statement then reads ranges; NULL: it reads what it reads. */
bool vec_exact_scan(struct vec_conn *conn, const struct vec_subquery *rows, const char *bounds, struct vec_closest *found,
                    struct vec_error *err);

#endif
