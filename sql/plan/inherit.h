/* inherit.h: tables with children: their rows in FROM (pass_inherit.c), changes to them (steps_inherit.c). */
#ifndef PGF_PLAN_INHERIT_H
#define PGF_PLAN_INHERIT_H

#include "sql/plan/planner.h"

/* Makes entry rte of q, a table, a subquery over it and its descendants; references to its system columns follow. The entry
   itself is changed: give a copy if another query shares it. */
bool plan_expand_family(struct planner *p, struct query *q, int rte);
/* Does q change a table that has children, or a partitioned one? */
bool plan_target_has_family(const struct query *q);
/*
 * INSERT, UPDATE or DELETE of such a table as steps, one change per member. with, nwith: as in struct step. The last step has
 * the RETURNING rows (kind STEP_ROWS or STEP_ROWSET; its number is given), or the changes are counted (STEP_COUNT) or not
 * (STEP_QUIET).
 */
bool plan_family_change(struct planner *p, struct query *q, const struct query *with, int nwith, enum step_kind kind,
                        int *rowset);

#endif
