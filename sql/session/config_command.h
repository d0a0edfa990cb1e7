/* config_command.h: ALTER SYSTEM. Called by utility.c. */
#ifndef PGF_SESSION_CONFIG_COMMAND_H
#define PGF_SESSION_CONFIG_COMMAND_H

#include "sql/exec/portal.h"

struct pg_session;

/* The setting goes to the server's own file; it is in force after a reload or a restart. */
enum portal_result alter_system_run(struct pg_session *s, struct portal *p);

#endif
