/*
 * loop.h: an event-loop thread and its mailbox.
 *
 * A connection belongs to one loop for life. Other threads (workers, the engine's wake, the main
 * thread) reach it only by mail: bits set on the connection, which the loop hands to
 * connection_receive. Posting the same bit twice before it is read is one mail.
 */
#ifndef PGF_PROXY_LOOP_H
#define PGF_PROXY_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct connection;
struct event;
struct event_base;
struct server;

enum loop_mail {
    LOOP_MAIL_ADOPT = 1,  /* a new connection */
    LOOP_MAIL_WAKE = 2,   /* struct pg_reply.wake */
    LOOP_MAIL_WORKER = 4, /* a worker has finished a call */
    LOOP_MAIL_TURN = 8,   /* more to do after other connections had their turn */
    LOOP_MAIL_SHUTDOWN = 16
};

/* Event priorities: the holder of the write slot is served first, since others wait for it. */
enum loop_priority { LOOP_PRIORITY_WRITER, LOOP_PRIORITY_NORMAL, LOOP_PRIORITIES };

struct loop {
    struct server *server;
    struct event_base *base;
    struct event *mail_event;
    pthread_t thread;
    int mail_fd;          /* eventfd */
    pthread_mutex_t lock; /* guards the mailbox and mail fields of connections */
    struct connection *mail_first, *mail_last;
    bool stop, shutdown;            /* orders in the mailbox */
    struct connection *connections; /* the loop thread's own */
    _Atomic int count;              /* connections, for choosing the emptiest loop */
};

/* Starts the thread; NULL when the system refuses. */
struct loop *loop_create(struct server *server);
/* Ends the thread, which must have no connection left, and frees. */
void loop_destroy(struct loop *l);
/* Any thread. */
void loop_post(struct loop *l, struct connection *c, enum loop_mail mail);
/* Any thread: every connection of the loop gets LOOP_MAIL_SHUTDOWN. */
void loop_post_shutdown(struct loop *l);
/* The connection's last act: takes its mail out of the box. Loop thread. */
void loop_forget(struct loop *l, struct connection *c);

#endif
