/* transaction_command.h: BEGIN, COMMIT, SAVEPOINT, SET TRANSACTION and what SHOW says of them. */
#ifndef PGF_SESSION_TRANSACTION_COMMAND_H
#define PGF_SESSION_TRANSACTION_COMMAND_H

#include "sql/session/session.h"

enum portal_result transaction_run(struct pg_session *s, struct portal *p);
enum portal_result transaction_set_modes(struct pg_session *s, const struct utility *u);
enum portal_result transaction_set_constraints(struct pg_session *s, struct portal *p);
/* The value of transaction_isolation and kin; NULL for other names. */
const char *transaction_show(struct pg_session *s, const char *name);

#endif
