/*
 * server.h: what all threads of the server share, and its life.
 *
 * The main thread listens and takes signals; each loop thread serves its own connections; worker
 * threads carry long statements. Shutdown modes are PostgreSQL's: smart waits for sessions to
 * end, fast terminates them, immediate ends the process.
 */
#ifndef PGF_PROXY_SERVER_H
#define PGF_PROXY_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "proxy/hba.h"

struct connection;
struct error;
struct event_base;
struct loop;
struct pg_engine;
struct ssl_ctx_st;
struct worker_pool;

enum server_shutdown { SERVER_RUNNING, SERVER_SMART, SERVER_FAST };

struct server {
    struct pg_engine *engine;
    struct worker_pool *workers;
    struct loop **loops;
    int nloops;
    struct event_base *base; /* the main thread's */
    int gone_fd;             /* eventfd: a connection ended */
    _Atomic int shutdown;    /* enum server_shutdown */
    _Atomic int connections; /* accepted and not yet ended */
    int max_connections;
    pthread_mutex_t config_lock; /* guards the rest, which a reload replaces */
    struct ssl_ctx_st *tls;      /* NULL: ssl is off */
    bool scram;                  /* auth = scram-sha-256 */
    struct hba *hba;             /* hba_file, which decides instead of auth; NULL without one */
    int authentication_timeout;  /* seconds */
};

/* Threads are started; NULL with err set on a bad setting. The engine stays the caller's. */
struct server *server_create(struct pg_engine *engine, struct error *err);
/* Stops the threads. No connection may be left. */
void server_destroy(struct server *s);
/* Reads ssl, auth and authentication_timeout again; what is in force stays when err is set. */
bool server_load_config(struct server *s, struct error *err);
/* A copy of the TLS context (own reference) or NULL. Any thread. */
struct ssl_ctx_st *server_tls(struct server *s);
/* How the client is to prove who it is, and whether by a rule of hba_file. Any thread. */
enum hba_method server_decide(struct server *s, const struct hba_client *client, bool *by_rule);
/* Whether connections from other machines are let in by somebody's decision: TLS, passwords or rules. */
bool server_is_secured(struct server *s);
int server_authentication_timeout(struct server *s);
/* Takes a connected socket from a listener; closes it when the server has too many. Main thread. */
void server_adopt(struct server *s, int fd, bool is_unix);
/* Begins to shut down, or presses a shutdown under way. Main thread. */
void server_shut_down(struct server *s, enum server_shutdown mode);
/* A connection ended. Any thread. */
void server_connection_gone(struct server *s);

#endif
