/*
 * server_log.h: the server's log: entries of sessions (session_log.c), of connections without one, and of the server itself
 * (base/log.h), in the forms and places that log_destination, logging_collector and log_line_prefix say. Any thread.
 */
#ifndef PGF_SESSION_SERVER_LOG_H
#define PGF_SESSION_SERVER_LOG_H

#include "sql/session/log_file.h"
#include "sql/session/log_format.h"

struct pg_engine;

/* Reads the server's settings: at its start and after each reload, which also opens log files anew. */
void server_log_configure(struct pg_engine *e);
/* What engine.c leaves behind: lines go to standard error again. */
void server_log_close(void);

/*
 * How much an entry matters to the log, where LOG lies between ERROR and FATAL (log_min_messages), from a severity or from a
 * setting's value.
 */
int server_log_rank(enum error_severity severity);
int server_log_rank_of(const char *setting);

/* verbosity: the session's log_error_verbosity. */
void server_log_write(const struct log_entry *e, enum log_verbosity verbosity);
/* pg_rotate_logfile(); false when the log is no file. */
bool server_log_rotate(void);
/* pg_current_logfile(): the name in an arena, NULL when that form goes to no file. */
const char *server_log_current(enum log_form form, struct arena *a);

/* A list of log_destination, in canonical form for messages; false with err set: 22023, or 0A000 of syslog. */
bool server_log_check_destination(const char *value, struct error *err);

#endif
