/*
 * privilege.h: may the current role do what a statement asks for? Decided when the statement is planned (plans are cached by role
 * and catalog version) and told when it is run, as PostgreSQL does: preparing a forbidden statement is no error.
 *
 * Called by plan_query and by CALL.
 */
#ifndef PGF_PLAN_PRIVILEGE_H
#define PGF_PLAN_PRIVILEGE_H

#include "sql/base/error.h"
#include "sql/analyze/tree.h"

/* Fills err with 42501 for the first thing that role may not do; nothing otherwise. q is as analysis left it. */
void privilege_check(const struct snapshot *s, struct query *q, uint32_t role, struct arena *arena, struct error *err);

/* CALL: the procedure and the functions in its arguments. False with err set. */
bool privilege_check_call(const struct snapshot *s, struct expr *call, uint32_t role, struct arena *arena, struct error *err);

/* The role whose rights count inside a view: its owner's, or with security_invoker those of who runs the statement, in whatever views it
   is nested. */
uint32_t privilege_view_user(const struct relation *view, uint32_t caller);

#endif
