/*
 * connection.h: one client connection: socket, buffers, session, and the state it is in.
 *
 *   STARTUP -> TLS -> STARTUP            SSLRequest and handshake
 *   STARTUP -> AUTH -> READY             SCRAM exchange, or READY at once (trust)
 *   READY -> OUTPUT | LOCK | WORKER      a message is being carried out; back to READY, SKIP or
 * COPY READY -> SKIP -> READY               an extended-protocol error, until Sync READY -> COPY ->
 * READY | SKIP        COPY FROM STDIN any -> CLOSING -> CLOSED             the last words go out;
 * any -> CLOSED when the client is gone
 *
 * All functions run on the connection's loop thread, unless they say otherwise. The events' entry
 * points (reading, writing, time, mail) end with connection_rest, which frees a closed connection.
 */
#ifndef PGF_PROXY_CONNECTION_H
#define PGF_PROXY_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/frame.h"
#include "proxy/transport.h"
#include "sql/base/strbuf.h"
#include "sql/pg.h"

struct arena;
struct event;
struct loop;
struct scram;
struct server;

enum connection_state {
    CONNECTION_STARTUP, /* expects a startup packet */
    CONNECTION_TLS,     /* in the TLS handshake */
    CONNECTION_AUTH,    /* expects a SASL message */
    CONNECTION_READY,   /* expects a message */
    CONNECTION_SKIP,    /* ignores messages until Sync */
    CONNECTION_COPY,    /* expects CopyData, CopyDone, CopyFail */
    CONNECTION_OUTPUT,  /* a call waits for the output to drain */
    CONNECTION_LOCK,    /* a call is parked until the engine wakes it */
    CONNECTION_WORKER,  /* a call runs, or waits to run, on a worker thread, which owns session and
                           out */
    CONNECTION_CLOSING, /* sends its last words */
    CONNECTION_CLOSED,  /* to be freed by connection_rest */
    CONNECTION_STATES
};

struct connection {
    struct server *server;
    struct loop *loop;
    struct connection *next, *prev; /* of the loop */
    unsigned mail; /* enum loop_mail bits; guarded by the loop's lock, as is the list: */
    struct connection *mail_next, *mail_prev;

    struct transport transport;
    struct event *read_event, *write_event, *timer;
    bool reading, writing, timing; /* the events are added */
    bool priority;                 /* read_event has LOOP_PRIORITY_WRITER */
    enum connection_state state;   /* written by connection_set_state only */
    struct frame_buffer in;
    size_t read_size; /* bytes asked of the socket next time */
    struct strbuf out;
    bool held;            /* out may not go yet: pg_session_holds_output */
    bool push;            /* out goes to the client at the next rest */
    bool eof;             /* the client sends no more */
    bool broken;          /* the socket failed */
    bool lingering, shut; /* CLOSING: its timer runs; our side of the socket is shut */
    bool woken;           /* a wake came that no resume or idle call has answered */

    char client_addr[64];
    int client_port;  /* -1: Unix socket */
    bool ssl_refused; /* SSLRequest or GSSENCRequest was answered */
    bool gss_refused;
    int startup_packets;
    struct arena *arena; /* the startup's strings until READY, then each message's */
    struct pg_startup startup;
    struct scram *scram;

    struct pg_session *session;
    struct pg_reply reply;
    char pending;   /* type of the message being carried out, of COPY's own statement too */
    bool at_rest;   /* nothing was received since ReadyForQuery */
    bool on_worker; /* this message has been moved to the workers */
    int resumes;    /* inline resumes since the loop's turn began */
    enum pg_result worker_result;
    struct connection *worker_next; /* in the worker queue */
};

/* A connected, non-blocking socket becomes a connection; begins with LOOP_MAIL_ADOPT. Main thread.
 */
struct connection *connection_create(struct server *s, struct loop *l, int fd, bool is_unix);
/* Mail for it: bits of enum loop_mail. */
void connection_receive(struct connection *c, unsigned mail);

/* The only writer of state. Asserts that the transition is legal. */
void connection_set_state(struct connection *c, enum connection_state state);
/* Carries out what a session's answer asks for: ReadyForQuery, waiting, skipping, closing. */
void connection_settle(struct connection *c, enum pg_result result);
/* Sends an error of severity FATAL and begins to close. */
void connection_fatal(struct connection *c, const char *sqlstate, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with detail and hint. */
void connection_fatal_error(struct connection *c, struct error *err);
/* Everything waiting goes to the socket as far as it takes it. Loop thread, or the worker that owns
 * c. */
void connection_send(struct connection *c);
/* After authentication: makes the session and greets the client. */
void connection_open_session(struct connection *c);

#endif
