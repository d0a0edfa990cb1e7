/*
 * session_log.h: what a session has the server log: its errors and warnings, statements and how long they took, its beginning and its
 * end, each as the settings log_... say (PostgreSQL 15 documentation, 20.8). Called by the session's own thread.
 */
#ifndef PGF_SESSION_SESSION_LOG_H
#define PGF_SESSION_SESSION_LOG_H

#include "sql/base/error.h"
#include "sql/types/text_util.h"

struct pg_session;
struct pg_startup;
struct plan;
struct portal;
struct prepared;

struct session_log {
    uint64_t version, server_version; /* of the settings, when what follows was read */
    int minimum, minimum_error_statement; /* ranks (server_log.h) */
    int statements;                       /* log_statement: 0 none, 1 ddl, 2 mod, 3 all */
    int verbosity;
    bool duration;
    int64_t least_duration, least_sample; /* ms, -1 never */
    double sample_rate, transaction_rate;
    int64_t parameter_bytes; /* log_parameter_max_length */
    bool greeted;            /* there will be an end to tell of */
    bool told;               /* the statement at hand is in the log */
    bool sampled;            /* of the transaction */
    int64_t started;         /* of the message at hand, 0: not timed */
    struct slice statement;  /* of the message at hand; p NULL none. Lives as long as it is set */
    const char *tag;         /* command at hand; NULL none */
    uint64_t lines;          /* entries so far */
};

/* A message begins: nothing is known of it yet. */
void session_log_begin(struct pg_session *s);
/* The text that errors name from now on; NULL: the message is over. */
void session_log_text(struct pg_session *s, const char *text, size_t n);
/* log_statement: a text that was parsed (plan NULL), then each of its statements once it is planned. */
void session_log_statement(struct pg_session *s, const struct plan *plan);
/* The same for Execute. */
void session_log_execute(struct pg_session *s, const struct portal *p, bool goes_on);
/* log_duration, log_min_duration_statement, log_min_duration_sample: the message was carried out. */
void session_log_query_done(struct pg_session *s);
void session_log_parse_done(struct pg_session *s, const struct prepared *st);
void session_log_bind_done(struct pg_session *s, const struct prepared *st, const struct portal *p);
void session_log_execute_done(struct pg_session *s, const struct portal *p, bool goes_on);
/* Whether log_min_messages lets such an entry through. */
bool session_logs(const struct pg_session *s, enum error_severity severity);
/* An error, or a notice as raised; nothing where log_min_messages is above it. */
void session_log_error(struct pg_session *s, const struct error *err);
/* log_connections, log_disconnections. */
void session_log_connection(struct pg_session *s, const struct pg_startup *startup);
void session_log_disconnection(struct pg_session *s);

#endif
