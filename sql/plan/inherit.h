/* inherit.h: tables with children: their rows in FROM (pass_inherit.c), changes to them (steps_inherit.c). */
#ifndef PGF_PLAN_INHERIT_H
#define PGF_PLAN_INHERIT_H

#include "sql/plan/planner.h"

/* Makes entry rte of q, a table, a subquery over it and its descendants; references to its system columns follow. The entry
   itself is changed: give a copy if another query shares it. */
bool plan_expand_family(struct planner *p, struct query *q, int rte);
/* Does q change rows of several tables: of one with children, or a partitioned one? */
bool plan_target_has_family(const struct query *q);
/*
 * INSERT, UPDATE or DELETE of such a table as steps, one change per member. with, nwith: as in struct step. The last step has
 * the RETURNING rows (kind STEP_ROWS or STEP_ROWSET; its number is given), or the changes are counted (STEP_COUNT) or not
 * (STEP_QUIET).
 */
bool plan_family_change(struct planner *p, struct query *q, const struct query *with, int nwith, enum step_kind kind,
                        int *rowset);
/* Column attnum of entry rte with a's type; NULL for a dropped one. */
struct expr *plan_attribute_column(struct planner *p, int rte, int attnum, const struct attribute *a);
/* A stored expression over root's columns, which stand at `first` and on of entry 0, a rowset. */
struct expr *plan_stored_expr(struct planner *p, const struct relation *root, const char *sql, uint32_t type, int first);
/* The OID of the partition of root that takes a row of such a rowset; an error (23514) for a row that none takes. */
struct expr *plan_route(struct planner *p, const struct relation *root, const struct named_target *named, int first);
/* May a row that the UPDATE q of root changes have to go elsewhere, or out of root altogether? */
bool plan_rows_move(const struct query *q, const struct relation *root);

#endif
