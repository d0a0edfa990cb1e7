/*
 * owner_rights.h: what a relation's definition runs (a materialized view's query when it is refreshed, functions of an index when it is
 * built) runs as the relation's owner, not as who gave the command: a superuser who refreshes lends nobody his rights.
 *
 * Meanwhile the session is restricted: nothing may be left to run later, as who gave the command (a deferred trigger, a cursor WITH
 * HOLD), and the role does not change. Called by session/ and command/.
 */
#ifndef PGF_EXEC_OWNER_RIGHTS_H
#define PGF_EXEC_OWNER_RIGHTS_H

#include "sql/types/eval.h"

struct owner_rights {
    uint32_t role; /* before */
    const char *role_name;
    bool taken, restricted;
};

/* Until the other call, which takes the same struct. Does nothing without a session (unit tests). */
void owner_rights_take(struct eval_context *ctx, uint32_t owner, struct arena *arena, struct owner_rights *r);
void owner_rights_give_back(struct eval_context *ctx, struct owner_rights *r);
/* Is it so now? */
bool owner_rights_taken(struct eval_context *ctx);

#endif
