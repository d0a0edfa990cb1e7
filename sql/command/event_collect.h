/*
 * event_collect.h: what event triggers may ask about the command under way: which objects it made or changed, which went, which
 * table it rewrites. Collected only where there are event triggers.
 */
#ifndef PGF_COMMAND_EVENT_COLLECT_H
#define PGF_COMMAND_EVENT_COLLECT_H

#include "sql/command/command_internal.h"

/* An object as the functions show it; NULL where they show none. */
struct event_object {
    uint32_t classid, oid;
    int sub;
    const char *tag; /* ddl_commands: of the command */
    const char *type, *schema, *name, *identity;
    const char *const *names, *const *args;
    int nnames, nargs;
    bool original, normal, temporary; /* dropped objects */
};

/* Of one command; commands that event triggers' functions run have their own. ctx->events points at the one under way. */
struct event_state {
    struct event_state *outer;
    bool nested;        /* part of the outer command (CREATE SCHEMA, scripts of extensions): that one's state counts */
    const char *firing; /* the event whose triggers run; NULL */
    struct list commands, dropped; /* struct event_object */
    uint32_t rewritten; /* table_rewrite: the table, */
    int reason;         /* and why: 1 persistence, 2 a new column's values, 4 a column's type */
    struct arena *arena;
};

/* Begins and ends a command; the second fires sql_drop and ddl_command_end when ok. False with err set. */
bool event_begin(struct command *c, struct event_state *st);
bool event_end(struct command *c, struct event_state *st, const struct snapshot *before, bool ok);
/* The items of a DROP, before they go; normal: named by the notice of CASCADE. */
bool event_collect_dropped(struct command *c, const struct snapshot *s, uint32_t classid, uint32_t oid, int sub, bool original,
                           bool normal);
/* ALTER TABLE: notes what its forms will do to r; the second fires table_rewrite for that, once, where the first form that
   rewrites the table has passed its checks. */
void event_plan_rewrite(struct command *c, const struct relation *r, const struct alter_cmd *cmds, int n);
bool event_fire_rewrite(struct command *c);

#endif
