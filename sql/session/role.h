/* role.h: who the session is: SET ROLE, SET SESSION AUTHORIZATION; settings that ALTER ROLE and ALTER DATABASE keep. */
#ifndef PGF_SESSION_ROLE_H
#define PGF_SESSION_ROLE_H

#include "sql/session/session.h"

/* May the session take this value of "role" or "session_authorization"? 22023, 42501. Other settings: true. */
bool role_check_setting(struct pg_session *s, const char *name, const char *value);
/* A setting changed: takes on the role it names. */
void role_setting_changed(struct pg_session *s, const char *name);
/* The session is this role from now on (until the next change): also for functions that run with their owner's rights. */
void session_become(struct pg_session *s, uint32_t role);
/* At login: what ALTER ROLE ... SET and ALTER DATABASE ... SET left; a value that no longer goes is a WARNING. */
void role_apply_settings(struct pg_session *s);
/* ALTER ROLE SET: name and value checked as SET would; value canonical. False with s->err set. */
bool role_check_kept_setting(struct pg_session *s, const struct utility *u);

#endif
