/* connection.c: birth, state and death of a connection, and what a session's answers ask for. */
#include "proxy/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/config.h"
#include "proxy/limits.h"
#include "proxy/loop.h"
#include "proxy/message.h"
#include "proxy/reply.h"
#include "proxy/server.h"
#include "proxy/tls.h"
#include "proxy/worker.h"
#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"

#define TO(state) (1u << CONNECTION_##state)
#define TO_END    (TO(CLOSING) | TO(CLOSED))
#define TO_WAIT   (TO(OUTPUT) | TO(LOCK) | TO(WORKER))
#define TO_CALL   (TO(READY) | TO(SKIP) | TO(COPY) | TO_WAIT | TO_END)

/* From each state, the states it may change to. */
static const unsigned connection_transitions[CONNECTION_STATES] = {
    [CONNECTION_STARTUP] = TO(TLS) | TO(AUTH) | TO(READY) | TO_END,
    [CONNECTION_TLS] = TO(STARTUP) | TO_END,
    [CONNECTION_AUTH] = TO(READY) | TO_END,
    [CONNECTION_READY] = TO_CALL,
    [CONNECTION_SKIP] = TO(READY) | TO_WAIT | TO_END,
    [CONNECTION_COPY] = TO_CALL,
    [CONNECTION_OUTPUT] = TO_CALL,
    [CONNECTION_LOCK] = TO_CALL,
    [CONNECTION_WORKER] = TO_CALL,
    [CONNECTION_CLOSING] = TO(CLOSED),
    [CONNECTION_CLOSED] = 0,
};

void connection_set_state(struct connection *c, enum connection_state state)
{
    if (c->state == state)
        return;
    assert(connection_transitions[c->state] & (1u << state));
    c->state = state;
}

static void connection_name_peer(struct connection *c, bool is_unix)
{
    struct sockaddr_storage addr;
    socklen_t n = sizeof(addr);
    c->client_port = -1;
    if (is_unix || getpeername(c->transport.fd, (struct sockaddr *)&addr, &n) != 0)
        return;
    if (addr.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;
        inet_ntop(AF_INET, &in->sin_addr, c->client_addr, sizeof(c->client_addr));
        c->client_port = ntohs(in->sin_port);
    } else if (addr.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;
        inet_ntop(AF_INET6, &in6->sin6_addr, c->client_addr, sizeof(c->client_addr));
        c->client_port = ntohs(in6->sin6_port);
    }
}

/* The settings tcp_..., of which 0 leaves the system's value. */
static void connection_tune_tcp(struct pg_engine *e, int fd)
{
    static const struct {
        const char *setting;
        int option;
    } options[] = {{"tcp_keepalives_idle", TCP_KEEPIDLE}, {"tcp_keepalives_interval", TCP_KEEPINTVL},
                   {"tcp_keepalives_count", TCP_KEEPCNT}, {"tcp_user_timeout", TCP_USER_TIMEOUT}};
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        int value = config_int(e, options[i].setting, 0);
        if (value > 0)
            setsockopt(fd, IPPROTO_TCP, options[i].option, &value, sizeof(value));
    }
}

struct connection *connection_create(struct server *s, struct loop *l, int fd, bool is_unix)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (!c)
        log_fatal("out of memory for a connection");
    c->server = s;
    c->loop = l;
    c->transport.fd = fd;
    c->read_size = LIMIT_READ_MIN;
    c->arena = arena_create();
    connection_name_peer(c, is_unix);
    if (!is_unix)
        connection_tune_tcp(s->engine, fd);
    reply_init(&c->reply, c);
    c->startup.client_addr = c->client_addr;
    c->startup.client_port = c->client_port;
    pg_engine_log_received(s->engine, &c->startup);
    return c;
}

void connection_send(struct connection *c)
{
    size_t done = 0;
    c->held = c->session && c->out.len && !c->broken && pg_session_holds_output(c->session);
    if (c->held)
        return;
    while (done < c->out.len && !c->broken) {
        size_t sent = 0;
        enum transport_result r =
            transport_send(&c->transport, c->out.data + done, c->out.len - done, &sent);
        if (r == TRANSPORT_WANT_READ || r == TRANSPORT_WANT_WRITE)
            break;
        if (r != TRANSPORT_OK)
            c->broken = true;
        done += sent;
    }
    if (done)
        strbuf_consume(&c->out, done);
    if (c->out.len == 0) {
        c->push = false;
        if (c->out.cap > LIMIT_BUFFER_KEEP)
            strbuf_free(&c->out);
    }
}

void connection_fatal_error(struct connection *c, struct error *err)
{
    err->severity = ERROR_FATAL;
    pg_engine_log_error(c->server->engine, &c->startup, err);
    c->reply.error(c, err);
    connection_set_state(c, CONNECTION_CLOSING);
}

void connection_fatal(struct connection *c, const char *sqlstate, const char *fmt, ...)
{
    struct error err;
    va_list ap;
    error_init(&err, c->arena);
    va_start(ap, fmt);
    error_vset(&err, sqlstate, fmt, ap);
    va_end(ap);
    connection_fatal_error(c, &err);
}

void connection_open_session(struct connection *c)
{
    struct error err;
    error_init(&err, c->arena);
    reply_authentication(&c->out, REPLY_AUTH_OK, NULL, 0);
    c->startup.ssl = c->transport.ssl != NULL;
    c->startup.ssl_version = tls_version(&c->transport);
    c->startup.ssl_cipher = tls_cipher(&c->transport);
    c->startup.ssl_bits = tls_bits(&c->transport);
    if (c->scram) {
        c->startup.auth_method = "scram-sha-256";
        c->startup.known_role = true;
    }
    c->session = pg_session_create(c->server->engine, &c->startup, &c->reply, &err);
    if (!c->session) {
        connection_fatal_error(c, &err);
        return;
    }
    pg_session_greet(c->session);
    reply_backend_key(&c->out, pg_session_pid(c->session), pg_session_key(c->session));
    reply_ready(&c->out, pg_session_status(c->session));
    connection_set_state(c, CONNECTION_READY);
    c->push = true;
    c->at_rest = true;
    c->startup = (struct pg_startup){.client_addr = c->client_addr, .client_port = c->client_port};
    arena_reset(c->arena);
}

/* The pending message is over. */
static void connection_finish(struct connection *c, bool failed)
{
    const struct message *m = message_find(c->pending);
    c->on_worker = false;
    if (m->ends_with_ready) {
        reply_ready(&c->out, pg_session_status(c->session));
        c->push = true;
        c->at_rest = true;
        connection_set_state(c, CONNECTION_READY);
    } else {
        connection_set_state(c, failed ? CONNECTION_SKIP : CONNECTION_READY);
    }
}

/* Moves the call to the workers, who own session and output until LOOP_MAIL_WORKER. */
static void connection_to_worker(struct connection *c)
{
    c->on_worker = true;
    if (c->push)
        connection_send(c);
    connection_set_state(c, CONNECTION_WORKER);
    worker_submit(c->server->workers, c);
}

/* One step of settling: true with *result set when the session has answered again. */
static bool connection_wait(struct connection *c, enum pg_result *result)
{
    bool go_on;
    if (*result == PG_WAIT_OUTPUT) {
        c->push = true;
        connection_send(c);
        go_on = c->out.len == 0 && !c->broken && c->resumes++ < LIMIT_TURN_RESUMES;
        if (!go_on)
            connection_set_state(c, CONNECTION_OUTPUT);
    } else {
        go_on = c->woken;
        c->woken = false;
        if (!go_on)
            connection_set_state(c, CONNECTION_LOCK);
    }
    if (!go_on)
        return false;
    if (c->on_worker) {
        connection_to_worker(c);
        return false;
    }
    *result = pg_session_resume(c->session, false);
    return true;
}

void connection_settle(struct connection *c, enum pg_result result)
{
    while (result == PG_WAIT_OUTPUT || result == PG_WAIT_LOCK)
        if (!connection_wait(c, &result))
            return;
    switch (result) {
    case PG_DONE:
    case PG_FAILED:
        connection_finish(c, result == PG_FAILED);
        break;
    case PG_WAIT_COPY:
        c->push = true;
        c->on_worker = false;
        connection_set_state(c, CONNECTION_COPY);
        break;
    case PG_WAIT_WORKER:
        connection_to_worker(c);
        break;
    default:
        connection_set_state(c, CONNECTION_CLOSING);
        break;
    }
}
