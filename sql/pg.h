/*
 * pg.h: the engine, as the network layer sees it. The only header of sql/ that proxy/ includes
 * (beside base/).
 *
 * An engine serves one SQLite file or a directory of them. A session is one client's conversation.
 * The network layer decodes frontend messages and calls one function per message; the session
 * answers through the reply (struct pg_reply): counts, rows and errors go straight into the
 * connection's output buffer. A session is used by one thread at a time, any thread; different
 * sessions run in parallel.
 *
 * No call blocks on a socket or a lock. A call that cannot go on now returns a PG_WAIT_ value; the network
 * layer calls pg_session_resume when the reason is gone, and gives the session no other message until a
 * call has returned PG_DONE or PG_FAILED.
 */
#ifndef PGF_PG_H
#define PGF_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/base/error.h"
#include "sql/base/strbuf.h"

struct pg_engine;
struct pg_session;

enum pg_result {
    PG_DONE,        /* the message is carried out */
    PG_FAILED,      /* an error was sent; extended protocol: skip messages until Sync */
    PG_WAIT_OUTPUT, /* output is above LIMIT_OUTPUT_HIGH: send it, then resume */
    PG_WAIT_LOCK,   /* parked (write queue, advisory lock, durable commit): pg_host.wake will be called */
    PG_WAIT_WORKER, /* the rest may take long: resume on a worker thread */
    PG_WAIT_COPY,   /* COPY FROM STDIN: feed pg_session_copy_data/done/fail; flush the output now */
    PG_CLOSED       /* a FATAL error was sent: flush and close the connection */
};

/* One result column, as RowDescription has it. */
struct pg_field {
    const char *name;
    uint32_t table_oid;
    int16_t column;
    uint32_t type;
    int16_t typlen;
    int32_t typmod;
    int16_t format; /* 0 text, 1 binary */
};

/*
 * Answers, implemented by proxy/ (and by tests). host is the first argument of each. Strings are valid
 * during the call only. Rows do not pass through here: the session appends whole DataRow and CopyData messages
 * to `out`, which is where the other functions encode too, so the order holds.
 */
struct pg_reply {
    void *host;
    struct strbuf *out;
    void (*parse_complete)(void *host);
    void (*bind_complete)(void *host);
    void (*close_complete)(void *host);
    void (*no_data)(void *host);
    void (*portal_suspended)(void *host);
    void (*empty_query)(void *host);
    void (*parameter_description)(void *host, const uint32_t *types, int n);
    void (*row_description)(void *host, const struct pg_field *fields, int n);
    void (*command_complete)(void *host, const char *tag);
    void (*error)(void *host, const struct error *err);  /* ERROR or FATAL: ErrorResponse */
    void (*notice)(void *host, const struct error *err); /* NoticeResponse */
    void (*parameter_status)(void *host, const char *name, const char *value);
    /* May be called at any time by the session's own thread; goes out before ReadyForQuery. */
    void (*notification)(void *host, int32_t pid, const char *channel, const char *payload);
    /* overall format 0 text 1 binary, with ncolumns formats */
    void (*copy_in)(void *host, int format, const int16_t *formats, int ncolumns);
    void (*copy_out)(void *host, int format, const int16_t *formats, int ncolumns);
    void (*copy_done)(void *host);
    void (*function_result)(void *host, const void *bytes, int n); /* n < 0: NULL */
    /* Any thread: a parked session can go on (PG_WAIT_LOCK), has notifications, or must end. */
    void (*wake)(void *host);
};

/* --- engine ---------------------------------------------------------------------------- */

struct pg_engine_options {
    const char *path;        /* FILE.db or DIRECTORY; a missing file is created on start */
    const char *config_file; /* name = value lines, or NULL */
    const char *const *settings; /* "name=value" from -c, stronger than the file; NULL-terminated or NULL */
};

/* NULL with err set (strings in err's arena). */
struct pg_engine *pg_engine_create(const struct pg_engine_options *options, struct error *err);
/* All sessions must be closed. Checkpoints and closes the files. */
void pg_engine_destroy(struct pg_engine *e);
/* A server setting's value as SHOW prints it (listen_addresses, port, ssl, ssl_cert_file, auth, max_connections...);
   NULL if unknown. The string lives until the next reload. */
const char *pg_engine_setting(struct pg_engine *e, const char *name);
/* Sets a server setting from the command line before sessions exist (port once it is known, too). */
bool pg_engine_set(struct pg_engine *e, const char *name, const char *value, struct error *err);
/* SIGHUP: reads the files of settings again; sessions see it at their next statement. What is wrong in them is in the log. */
void pg_engine_reload(struct pg_engine *e);
/* The name of the (first) database and its file, for the ready line. */
const char *pg_engine_database(struct pg_engine *e);
const char *pg_engine_path(struct pg_engine *e);
/* Any thread. True if pid/key named a session; its running statement ends with 57014. */
bool pg_engine_cancel(struct pg_engine *e, int32_t pid, int32_t key);

/* What authentication needs to know of a role; strings in the arena of err. */
struct pg_role_auth {
    bool exists;
    bool can_login;
    const char *verifier;    /* "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey" or NULL */
    bool expired;            /* rolvaliduntil has passed */
};
bool pg_engine_role_auth(struct pg_engine *e, const char *database, const char *role,
                         struct pg_role_auth *auth, struct error *err);

/* --- session --------------------------------------------------------------------------- */

struct pg_startup {
    const char *user;
    const char *database; /* NULL or "": the user's name */
    const char *const *names, *const *values; /* other startup parameters, options included */
    int n;
    const char *client_addr; /* "127.0.0.1", or "" for a Unix socket */
    int client_port;         /* -1 for a Unix socket */
    bool ssl;
    const char *ssl_version, *ssl_cipher; /* NULL without TLS */
    int ssl_bits;
    const char *auth_method; /* "scram-sha-256", "peer"; NULL: the client was trusted */
    bool known_role;         /* only roles that exist are let in; else any name is the owner where nobody has made login roles */
};

/* Lines of the log for a connection that has no session (yet), of which startup says what is known; client_addr is set. Any thread. */
void pg_engine_log_received(struct pg_engine *e, const struct pg_startup *startup);
void pg_engine_log_error(struct pg_engine *e, const struct pg_startup *startup, const struct error *err);

/*
 * A session after authentication. Sends through reply: nothing on success (call pg_session_greet next). NULL with err
 * set FATAL (3D000 no such database, 28000 role does not exist, 53300 too many connections, 22023 bad setting).
 */
struct pg_session *pg_session_create(struct pg_engine *e, const struct pg_startup *startup,
                                     const struct pg_reply *reply, struct error *err);
/* Rolls back, leaves queues, frees. Not while another thread runs a call on it. */
void pg_session_destroy(struct pg_session *s);
/* Sends every ParameterStatus that PostgreSQL 15 reports. */
void pg_session_greet(struct pg_session *s);
int32_t pg_session_pid(const struct pg_session *s);
int32_t pg_session_key(const struct pg_session *s);
/* 'I' idle, 'T' in a transaction, 'E' in a failed one: for ReadyForQuery. */
char pg_session_status(const struct pg_session *s);

/* One frontend message each. Strings need not outlive the call. */
enum pg_result pg_session_query(struct pg_session *s, const char *sql, size_t n);
enum pg_result pg_session_parse(struct pg_session *s, const char *name, const char *sql,
                                const uint32_t *types, int ntypes);
/* values[i] of lengths[i] bytes, -1 = NULL. nformats 0, 1 or nvalues; same for results. */
enum pg_result pg_session_bind(struct pg_session *s, const char *portal, const char *statement,
                               const int16_t *formats, int nformats, const char *const *values,
                               const int32_t *lengths, int nvalues, const int16_t *result_formats,
                               int nresult_formats);
enum pg_result pg_session_describe(struct pg_session *s, char kind, const char *name); /* 'S' or 'P' */
enum pg_result pg_session_execute(struct pg_session *s, const char *portal, int32_t max_rows);
enum pg_result pg_session_close(struct pg_session *s, char kind, const char *name);
/* Ends the implicit transaction; the network layer sends ReadyForQuery after PG_DONE or PG_FAILED. */
enum pg_result pg_session_sync(struct pg_session *s);
enum pg_result pg_session_function(struct pg_session *s, uint32_t oid, const int16_t *formats,
                                   int nformats, const char *const *values, const int32_t *lengths,
                                   int nvalues, int16_t result_format);
/* COPY FROM STDIN, after PG_WAIT_COPY. Data carried out answers PG_WAIT_COPY again; an error in it ends the COPY at once
   (PG_FAILED, or what follows in the query), as the other two end it. */
enum pg_result pg_session_copy_data(struct pg_session *s, const char *p, size_t n);
enum pg_result pg_session_copy_done(struct pg_session *s);
enum pg_result pg_session_copy_fail(struct pg_session *s, const char *message);

/*
 * A message that cannot be decoded (08P01, 22023): err is sent and fails the transaction as a statement's error does;
 * PG_FAILED. Also ends a COPY FROM STDIN that is under way. err is of severity ERROR and stays the caller's.
 */
enum pg_result pg_session_protocol_error(struct pg_session *s, const struct error *err);

/* Goes on after PG_WAIT_OUTPUT, PG_WAIT_LOCK, PG_WAIT_WORKER. on_worker: this thread may be kept
   for long (otherwise a long statement answers PG_WAIT_WORKER). Called too early, it answers PG_WAIT_LOCK again. */
enum pg_result pg_session_resume(struct pg_session *s, bool on_worker);
/* Sends what waits for an idle session (notifications, timeouts, termination). Called after wake when no call is
   pending. PG_DONE, or PG_CLOSED. */
enum pg_result pg_session_idle(struct pg_session *s);
/* Milliseconds until a timeout (idle: pg_session_idle; parked after PG_WAIT_LOCK: pg_session_resume) needs a call,
   -1 never. */
int pg_session_timeout(const struct pg_session *s);
/*
 * True: what the session has answered shows a commit that is not on the disk yet. It must not go out; pg_host.wake will be called
 * when it may. By whoever may call the session.
 */
bool pg_session_holds_output(struct pg_session *s);
/* True while the session holds the write slot: the network layer serves its socket first. */
bool pg_session_holds_writer(const struct pg_session *s);
/* Fast shutdown and pg_terminate_backend: any thread; the session's next result is PG_CLOSED with 57P01. */
void pg_session_terminate(struct pg_session *s);

#endif
