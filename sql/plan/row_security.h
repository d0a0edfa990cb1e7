/*
 * row_security.h: row-level security: the policies of a table put into the queries that name it, and the conditions that new
 * rows must meet, as PostgreSQL's rewriter does (rowsecurity.c there).
 */
#ifndef PGF_PLAN_ROW_SECURITY_H
#define PGF_PLAN_ROW_SECURITY_H

#include "sql/plan/planner.h"

/* Do policies decide what this role sees of the table? (row_security_active()) */
bool row_security_active(const struct snapshot *s, const struct relation *r, uint32_t role);

/* Before all passes: q as analysis left it. False with p->err set (42P17). */
bool row_security_apply(struct planner *p, struct query *q);

/* The conditions in q->checks as junk columns of RETURNING, which SQLite computes from each new row. */
void plan_add_checks(struct planner *p, struct query *q);

/* What is said of a new row of r that does not meet c. */
const char *plan_check_refusal(struct planner *p, const struct check_option *c, const struct relation *r);

/* A copy of e, over entry 0, that speaks of entry rte. */
struct expr *plan_over_entry(struct planner *p, const struct expr *e, int rte);

#endif
