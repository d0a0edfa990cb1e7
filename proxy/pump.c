/*
 * pump.c: a connection's events: bytes come in, messages are carried out, bytes go out.
 *
 * Each entry point (connection_receive and the on_ functions) runs on the loop's thread and ends
 * with connection_rest, after which the connection may be gone.
 */
#include <event2/event.h>
#include <stdlib.h>

#include "proxy/connection.h"
#include "proxy/limits.h"
#include "proxy/loop.h"
#include "proxy/message.h"
#include "proxy/scram.h"
#include "proxy/server.h"
#include "proxy/startup.h"
#include "proxy/tls.h"
#include "proxy/worker.h"
#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"

/* True when the next message may be taken from the input. */
static bool connection_takes_messages(const struct connection *c)
{
    switch (c->state) {
    case CONNECTION_STARTUP:
    case CONNECTION_AUTH:
    case CONNECTION_READY:
    case CONNECTION_SKIP:
    case CONNECTION_COPY:
        return c->out.len < LIMIT_OUTPUT_HIGH && !c->broken;
    default:
        return false;
    }
}

/* One read from the socket into the input buffer. */
static void connection_fill(struct connection *c)
{
    size_t got = 0;
    frame_compact(&c->in);
    char *p = strbuf_reserve(&c->in.bytes, c->read_size);
    switch (transport_recv(&c->transport, p, c->read_size, &got)) {
    case TRANSPORT_OK:
        c->in.bytes.len += got;
        if (got == c->read_size && c->read_size < LIMIT_READ_MAX)
            c->read_size *= 2;
        else if (got < c->read_size / 4 && c->read_size > LIMIT_READ_MIN)
            c->read_size /= 2;
        break;
    case TRANSPORT_EOF:
        c->eof = true;
        break;
    case TRANSPORT_ERROR:
        c->broken = true;
        break;
    case TRANSPORT_WANT_READ:
    case TRANSPORT_WANT_WRITE:
        break;
    }
}

/* Takes one message and carries it out; false when no whole one is there. */
static bool connection_step(struct connection *c)
{
    struct frame f;
    enum frame_result r;
    if (c->state == CONNECTION_STARTUP)
        r = frame_next_startup(&c->in, &f);
    else if (c->state == CONNECTION_AUTH)
        r = startup_next_sasl(c, &f);
    else
        r = message_next(c, &f);
    if (r == FRAME_PARTIAL)
        return false;
    if (r == FRAME_BAD) {
        if (c->state != CONNECTION_CLOSING)
            connection_fatal(c, ERRCODE_PROTOCOL_VIOLATION,
                             c->state == CONNECTION_STARTUP ? "invalid length of startup packet"
                                                            : "invalid message length");
        return true;
    }
    if (c->state == CONNECTION_STARTUP)
        startup_packet(c, &f.body);
    else if (c->state == CONNECTION_AUTH)
        startup_sasl(c, &f.body);
    else
        message_dispatch(c, &f);
    return true;
}

static void connection_idle(struct connection *c)
{
    c->woken = false;
    if (pg_session_idle(c->session) == PG_CLOSED)
        connection_settle(c, PG_CLOSED);
    if (c->out.len)
        c->push = true;
}

/* Carries out the messages that are there, as far as the connection's turn goes. */
static void connection_run(struct connection *c)
{
    int left = LIMIT_TURN_MESSAGES;
    while (connection_takes_messages(c)) {
        if (left-- == 0) {
            loop_post(c->loop, c, LOOP_MAIL_TURN);
            return;
        }
        if (connection_step(c)) {
            if (c->state != CONNECTION_WORKER && c->out.len >= LIMIT_OUTPUT_HIGH)
                connection_send(c);
            continue;
        }
        if (c->eof) {
            connection_set_state(c, c->out.len ? CONNECTION_CLOSING : CONNECTION_CLOSED);
            return;
        }
        if (!transport_pending(&c->transport))
            break;
        connection_fill(c);
    }
    if (c->state == CONNECTION_READY && c->at_rest && c->woken)
        connection_idle(c);
}

static void connection_handshake(struct connection *c)
{
    switch (tls_handshake(&c->transport)) {
    case TRANSPORT_OK:
        connection_set_state(c, CONNECTION_STARTUP);
        break;
    case TRANSPORT_WANT_READ:
        break;
    case TRANSPORT_WANT_WRITE:
        if (!c->writing)
            c->writing = event_add(c->write_event, NULL) == 0;
        break;
    default:
        log_line(LOG_LEVEL_LOG, "could not accept SSL connection: %s", tls_reason());
        connection_set_state(c, CONNECTION_CLOSED);
        break;
    }
}

static void connection_free(struct connection *c)
{
    struct server *s = c->server;
    if (c->session)
        pg_session_destroy(c->session);
    loop_forget(c->loop, c);
    if (c->prev)
        c->prev->next = c->next;
    else
        c->loop->connections = c->next;
    if (c->next)
        c->next->prev = c->prev;
    atomic_fetch_sub(&c->loop->count, 1);
    event_free(c->read_event);
    event_free(c->write_event);
    event_free(c->timer);
    transport_close(&c->transport);
    scram_free(c->scram);
    strbuf_free(&c->in.bytes);
    strbuf_free(&c->out);
    arena_destroy(c->arena);
    free(c);
    server_connection_gone(s);
}

static void connection_set_timer(struct connection *c, int milliseconds)
{
    if (milliseconds < 0) {
        if (c->timing)
            event_del(c->timer);
        c->timing = false;
        return;
    }
    struct timeval tv = {milliseconds / 1000, milliseconds % 1000 * 1000};
    c->timing = event_add(c->timer, &tv) == 0;
}

/* Lets a session's own timeouts come. */
static void connection_rest_timer(struct connection *c)
{
    if (!c->session || c->state == CONNECTION_CLOSING)
        return;
    int ms = pg_session_timeout(c->session);
    if (ms >= 0 || c->timing)
        connection_set_timer(c, ms);
}

/* The holder of the write slot keeps others waiting, so its socket is served first. */
static void connection_rest_priority(struct connection *c)
{
    bool wanted = c->session && pg_session_holds_writer(c->session);
    if (wanted != c->priority &&
        event_priority_set(c->read_event, wanted ? LOOP_PRIORITY_WRITER : LOOP_PRIORITY_NORMAL) ==
            0)
        c->priority = wanted;
}

/* The last words go out, then our side is shut, then the client's close (or time) ends it. A server that stops does
 * not wait for clients: it closes as soon as the words are the kernel's. */
static void connection_rest_closing(struct connection *c)
{
    if (!c->lingering)
        connection_set_timer(c, LIMIT_LINGER_SECONDS * 1000);
    c->lingering = true;
    if (c->out.len)
        return;
    if (!c->shut)
        transport_shutdown(&c->transport);
    c->shut = true;
    if (c->eof || atomic_load(&c->server->shutdown) != SERVER_RUNNING)
        connection_set_state(c, CONNECTION_CLOSED);
}

/* Ends an entry point: output goes, events are set for what the state waits for, the closed one is
 * freed. */
static void connection_rest(struct connection *c)
{
    if (c->state == CONNECTION_WORKER)
        return;
    bool full = c->out.len >= LIMIT_OUTPUT_HIGH;
    if (c->push || full || c->state == CONNECTION_CLOSING)
        connection_send(c);
    if (c->state == CONNECTION_CLOSING)
        connection_rest_closing(c);
    if (c->broken && c->state != CONNECTION_CLOSED)
        connection_set_state(c, CONNECTION_CLOSED);
    if (c->state == CONNECTION_CLOSED) {
        connection_free(c);
        return;
    }
    bool blocked = c->out.len && (c->push || c->out.len >= LIMIT_OUTPUT_HIGH);
    if (blocked && !c->held && !c->writing) /* what is held goes when the session is woken */
        c->writing = event_add(c->write_event, NULL) == 0;
    /* What waited for the output goes on now, unless the write event will see to it. */
    if (!blocked && (c->state == CONNECTION_OUTPUT || (full && frame_has_rest(&c->in))))
        loop_post(c->loop, c, LOOP_MAIL_TURN);
    /* A read event that is not wanted is removed only once it fires: mostly the wait is over
     * sooner. */
    if (!c->reading && !c->eof &&
        (connection_takes_messages(c) || c->state == CONNECTION_TLS ||
         c->state == CONNECTION_CLOSING))
        c->reading = event_add(c->read_event, NULL) == 0;
    connection_rest_timer(c);
    connection_rest_priority(c);
}

/* In CLOSING, input is read and thrown away until the client closes too: otherwise the kernel would
   answer it with a reset, which can destroy the last words on their way. */
static void connection_discard(struct connection *c)
{
    connection_fill(c);
    strbuf_clear(&c->in.bytes);
    c->in.pos = 0;
}

static void connection_stop_reading(struct connection *c)
{
    if (c->reading)
        event_del(c->read_event);
    c->reading = false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;
    (void)fd;
    (void)what;
    c->resumes = 0;
    if (c->state == CONNECTION_TLS)
        connection_handshake(c);
    if (c->state == CONNECTION_CLOSING) {
        connection_discard(c);
    } else if (connection_takes_messages(c)) {
        connection_fill(c);
        connection_run(c);
    } else if (c->state != CONNECTION_TLS) {
        connection_stop_reading(c);
    }
    if (c->eof)
        connection_stop_reading(c);
    connection_rest(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;
    (void)fd;
    (void)what;
    c->writing = false;
    c->resumes = 0;
    if (c->state == CONNECTION_WORKER)
        return;
    if (c->state == CONNECTION_TLS) {
        connection_handshake(c);
    } else {
        connection_send(c);
        if (c->state == CONNECTION_OUTPUT && c->out.len == 0)
            connection_settle(c, PG_WAIT_OUTPUT);
    }
    connection_run(c);
    connection_rest(c);
}

static void connection_startup_timeout(struct connection *c)
{
    if (c->state == CONNECTION_AUTH)
        connection_fatal(c, ERRCODE_QUERY_CANCELED, "canceling authentication due to timeout");
    else
        connection_set_state(c, CONNECTION_CLOSED);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;
    (void)fd;
    (void)what;
    c->timing = false;
    c->resumes = 0;
    switch (c->state) {
    case CONNECTION_CLOSING:
        connection_set_state(c, CONNECTION_CLOSED);
        break;
    case CONNECTION_LOCK:
        connection_receive(c, LOOP_MAIL_WAKE);
        return;
    case CONNECTION_READY:
    case CONNECTION_SKIP:
    case CONNECTION_COPY:
        connection_idle(c);
        break;
    case CONNECTION_STARTUP:
    case CONNECTION_TLS:
    case CONNECTION_AUTH:
        connection_startup_timeout(c);
        break;
    default:
        break;
    }
    connection_rest(c);
}

static void connection_adopt(struct connection *c)
{
    struct loop *l = c->loop;
    int fd = c->transport.fd;
    c->read_event = event_new(l->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->write_event = event_new(l->base, fd, EV_WRITE, on_writable, c);
    c->timer = evtimer_new(l->base, on_time, c);
    if (!c->read_event || !c->write_event || !c->timer)
        log_fatal("out of memory for a connection");
    event_priority_set(c->read_event, LOOP_PRIORITY_NORMAL);
    event_priority_set(c->write_event, LOOP_PRIORITY_NORMAL);
    c->next = l->connections;
    if (c->next)
        c->next->prev = c;
    l->connections = c;
    connection_set_timer(c, server_authentication_timeout(c->server) * 1000);
}

static void connection_shut_down(struct connection *c)
{
    if (atomic_load(&c->server->shutdown) != SERVER_FAST || c->state == CONNECTION_CLOSING)
        return;
    if (!c->session) {
        connection_fatal(c, ERRCODE_ADMIN_SHUTDOWN,
                         "terminating connection due to administrator command");
        return;
    }
    pg_session_terminate(c->session);
    if (c->state == CONNECTION_READY || c->state == CONNECTION_SKIP || c->state == CONNECTION_COPY)
        connection_idle(c);
    else if (c->state == CONNECTION_LOCK || c->state == CONNECTION_OUTPUT)
        connection_settle(c, pg_session_resume(c->session, false));
}

static void connection_woken(struct connection *c)
{
    if (c->state == CONNECTION_LOCK) {
        c->woken = true;
        connection_settle(c, PG_WAIT_LOCK);
    } else if (c->state == CONNECTION_READY && c->at_rest) {
        connection_idle(c);
    } else {
        c->woken = true;
    }
}

void connection_receive(struct connection *c, unsigned mail)
{
    c->resumes = 0;
    if (mail & LOOP_MAIL_ADOPT) {
        connection_adopt(c);
        mail |= LOOP_MAIL_SHUTDOWN; /* which may have begun before */
    }
    if (mail & LOOP_MAIL_WORKER)
        connection_settle(c, c->worker_result);
    if (mail & LOOP_MAIL_WAKE)
        connection_woken(c);
    if (mail & LOOP_MAIL_SHUTDOWN)
        connection_shut_down(c);
    if ((mail & LOOP_MAIL_TURN) && c->state == CONNECTION_OUTPUT && c->out.len == 0)
        connection_settle(c, PG_WAIT_OUTPUT);
    connection_run(c);
    connection_rest(c);
}
