/* loop.c: see loop.h. */
#include "proxy/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "proxy/connection.h"
#include "proxy/server.h"
#include "proxy/thread.h"
#include "sql/base/log.h"

static void loop_signal(struct loop *l)
{
    uint64_t one = 1;
    if (write(l->mail_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        log_line(LOG_LEVEL_ERROR, "could not wake an event loop");
}

void loop_post(struct loop *l, struct connection *c, enum loop_mail mail)
{
    pthread_mutex_lock(&l->lock);
    bool first = !l->mail_first;
    if (!c->mail) {
        c->mail_prev = l->mail_last;
        c->mail_next = NULL;
        if (l->mail_last)
            l->mail_last->mail_next = c;
        else
            l->mail_first = c;
        l->mail_last = c;
    }
    c->mail |= (unsigned)mail;
    pthread_mutex_unlock(&l->lock);
    if (first)
        loop_signal(l);
}

/* Takes c out of the mailbox; the caller holds the lock. */
static unsigned loop_unlink(struct loop *l, struct connection *c)
{
    unsigned mail = c->mail;
    if (c->mail_prev)
        c->mail_prev->mail_next = c->mail_next;
    else
        l->mail_first = c->mail_next;
    if (c->mail_next)
        c->mail_next->mail_prev = c->mail_prev;
    else
        l->mail_last = c->mail_prev;
    c->mail_prev = c->mail_next = NULL;
    c->mail = 0;
    return mail;
}

void loop_forget(struct loop *l, struct connection *c)
{
    pthread_mutex_lock(&l->lock);
    if (c->mail)
        loop_unlink(l, c);
    pthread_mutex_unlock(&l->lock);
}

void loop_post_shutdown(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->shutdown = true;
    pthread_mutex_unlock(&l->lock);
    loop_signal(l);
}

static void loop_shut_connections(struct loop *l)
{
    struct connection *next;
    for (struct connection *c = l->connections; c; c = next) {
        next = c->next;
        connection_receive(c, LOOP_MAIL_SHUTDOWN);
    }
}

/* The mail that has come so far; what is posted meanwhile waits until the sockets had their turn.
 */
static void loop_read_mail(evutil_socket_t fd, short what, void *arg)
{
    struct loop *l = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        log_line(LOG_LEVEL_ERROR, "could not read an event loop's mailbox");
    pthread_mutex_lock(&l->lock);
    struct connection *last = l->mail_last;
    bool more = last != NULL;
    while (more && l->mail_first) {
        struct connection *c = l->mail_first;
        more = c != last;
        unsigned mail = loop_unlink(l, c);
        pthread_mutex_unlock(&l->lock);
        connection_receive(c, mail);
        pthread_mutex_lock(&l->lock);
    }
    bool again = l->mail_first != NULL, shutdown = l->shutdown, stop = l->stop;
    l->shutdown = false;
    pthread_mutex_unlock(&l->lock);
    if (again)
        loop_signal(l);
    if (shutdown)
        loop_shut_connections(l);
    if (stop)
        event_base_loopbreak(l->base);
}

static void *loop_main(void *arg)
{
    struct loop *l = arg;
    event_base_dispatch(l->base);
    return NULL;
}

static struct event_base *loop_create_base(void)
{
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (base && event_base_priority_init(base, LOOP_PRIORITIES) == 0)
        return base;
    if (base)
        event_base_free(base);
    return NULL;
}

struct loop *loop_create(struct server *server)
{
    struct loop *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->server = server;
    pthread_mutex_init(&l->lock, NULL);
    l->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->base = loop_create_base();
    if (l->mail_fd < 0 || !l->base)
        log_fatal("could not create an event loop");
    l->mail_event = event_new(l->base, l->mail_fd, EV_READ | EV_PERSIST, loop_read_mail, l);
    if (!l->mail_event || event_add(l->mail_event, NULL) != 0 ||
        event_priority_set(l->mail_event, LOOP_PRIORITY_NORMAL) != 0)
        log_fatal("could not create an event loop's mailbox");
    thread_start(&l->thread, loop_main, l);
    return l;
}

void loop_destroy(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_mutex_unlock(&l->lock);
    loop_signal(l);
    pthread_join(l->thread, NULL);
    event_free(l->mail_event);
    event_base_free(l->base);
    close(l->mail_fd);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
