/*
 * cursor.h: statements that run another statement's plan: EXECUTE, DECLARE, FETCH, CLOSE, CREATE
 * TABLE AS.
 */
#ifndef PGF_SESSION_CURSOR_H
#define PGF_SESSION_CURSOR_H

#include "sql/session/session.h"

/* Moves in a cursor whose rows are kept; those passed over are copied to into (NULL: not). Gives their number. */
int64_t cursor_move(struct rowset *into, struct portal *c, int direction, int64_t count);
enum portal_result cursor_declare(struct pg_session *s, struct portal *p);
enum portal_result cursor_fetch(struct pg_session *s, struct portal *p);
bool cursor_describe(struct pg_session *s, struct portal *p);
enum portal_result cursor_close(struct pg_session *s, struct portal *p);
enum portal_result execute_run(struct pg_session *s, struct portal *p);
/* The statement that EXECUTE p means, and its arguments' values in *params (in arena); p itself when it is no EXECUTE. A reference; NULL
   with s->err set. */
struct plan *execute_resolve(struct pg_session *s, struct plan *p, const struct value **params, struct arena *arena);
bool execute_describe(struct pg_session *s, struct portal *p);
bool explain_describe(struct pg_session *s, struct portal *p);
enum portal_result refresh_run(struct pg_session *s, struct portal *p);
enum portal_result vacuum_run(struct pg_session *s, struct portal *p);
enum portal_result create_table_as_run(struct pg_session *s, struct portal *p);
/* What SHOW prints; NULL with s->err set for an unknown name. */
const char *session_show(struct pg_session *s, const char *name);
/* On a worker, with the write slot: p->connection is the writer. */
enum portal_result session_acquire_write(struct pg_session *s, struct portal *p);
/* While the statement waited for the write slot another one may have changed the catalog: it is analyzed again. False with s->err set. */
bool session_renew_plan(struct pg_session *s, struct portal *p);
struct command;
/* Fills c for carrying out p's statement on p->connection. */
void session_command(struct pg_session *s, struct portal *p, struct command *c);
/* The same without a statement: what a session does by itself. */
void session_command_on(struct pg_session *s, struct connection *connection, struct command *c);

#endif
