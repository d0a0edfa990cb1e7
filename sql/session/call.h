/* call.h: CALL and DO. */
#ifndef PGF_SESSION_CALL_H
#define PGF_SESSION_CALL_H

#include "sql/session/session.h"

enum portal_result call_run(struct pg_session *s, struct portal *p);
bool call_describe(struct pg_session *s, struct portal *p);
enum portal_result do_run(struct pg_session *s, struct portal *p);

#endif
