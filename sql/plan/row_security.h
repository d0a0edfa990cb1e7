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

#endif
