/*
 * notify.c: LISTEN and NOTIFY, in memory. A transaction's notifications wait in the session (equal
 * ones folded) until COMMIT, then go to every session of the same database that listens; each sends
 * them when it is idle.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/session/engine.h"
#include "sql/session/session.h"

struct channel {
    struct channel *next;
    char *name;
};

struct notification {
    struct notification *next;
    int32_t pid;
    char *channel, *payload;
};

struct listener {
    pthread_mutex_t lock; /* guards arrived: other sessions append to it */
    struct notification *arrived, **arrived_end;
    struct notification *queued, **queued_end; /* of the present transaction */
    struct channel *channels;                  /* changed under the engine's lock */
};

static struct listener *notify_listener(struct pg_session *s)
{
    if (!s->listener) {
        struct listener *l = calloc(1, sizeof(*l));
        if (!l)
            log_fatal("out of memory");
        pthread_mutex_init(&l->lock, NULL);
        l->arrived_end = &l->arrived;
        l->queued_end = &l->queued;
        pthread_mutex_lock(&s->engine->lock);
        s->listener = l;
        pthread_mutex_unlock(&s->engine->lock);
    }
    return s->listener;
}

static void notification_free(struct notification *n)
{
    free(n->channel);
    free(n->payload);
    free(n);
}

static void notifications_free(struct notification **list, struct notification ***end)
{
    while (*list) {
        struct notification *n = *list;
        *list = n->next;
        notification_free(n);
    }
    *end = list;
}

static bool listens(const struct listener *l, const char *channel)
{
    for (const struct channel *c = l->channels; c; c = c->next)
        if (!strcmp(c->name, channel))
            return true;
    return false;
}

bool notify_listen(struct pg_session *s, const char *channel)
{
    struct listener *l = notify_listener(s);
    pthread_mutex_lock(&s->engine->lock);
    if (!listens(l, channel)) {
        struct channel *c = calloc(1, sizeof(*c));
        if (!c)
            log_fatal("out of memory");
        c->name = strdup(channel);
        c->next = l->channels;
        l->channels = c;
    }
    pthread_mutex_unlock(&s->engine->lock);
    return true;
}

void notify_unlisten(struct pg_session *s, const char *channel)
{
    if (!s->listener)
        return;
    pthread_mutex_lock(&s->engine->lock);
    for (struct channel **at = &s->listener->channels; *at;) {
        struct channel *c = *at;
        if (channel && strcmp(c->name, channel) != 0) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        free(c->name);
        free(c);
    }
    pthread_mutex_unlock(&s->engine->lock);
}

const char *notify_channel(struct pg_session *s, int i)
{
    const struct channel *c = s->listener ? s->listener->channels : NULL;
    while (c && i-- > 0)
        c = c->next;
    return c ? c->name : NULL;
}

static struct notification *notification_create(int32_t pid, const char *channel,
                                                const char *payload)
{
    struct notification *n = calloc(1, sizeof(*n));
    if (!n)
        log_fatal("out of memory");
    n->pid = pid;
    n->channel = strdup(channel);
    n->payload = strdup(payload);
    return n;
}

bool notify_queue(struct pg_session *s, const char *channel, const char *payload)
{
    if (!*channel)
        return error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE, "channel name cannot be empty");
    if (strlen(channel) > LIMIT_IDENTIFIER)
        return error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE, "channel name too long");
    if (strlen(payload) >= LIMIT_NOTIFY_PAYLOAD)
        return error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE, "payload string too long");
    struct listener *l = notify_listener(s);
    for (struct notification *n = l->queued; n; n = n->next)
        if (!strcmp(n->channel, channel) && !strcmp(n->payload, payload))
            return true;
    struct notification *n = notification_create(s->pid, channel, payload);
    *l->queued_end = n;
    l->queued_end = &n->next;
    return true;
}

void notify_rollback(struct pg_session *s)
{
    if (s->listener)
        notifications_free(&s->listener->queued, &s->listener->queued_end);
}

void notify_commit(struct pg_session *s)
{
    if (!s->listener || !s->listener->queued)
        return;
    pthread_mutex_lock(&s->engine->lock);
    for (struct pg_session *to = s->engine->sessions; to; to = to->next) {
        struct listener *l = to->listener;
        bool woken = false;
        for (struct notification *n = s->listener->queued; l && n; n = n->next) {
            if (to->database != s->database || !listens(l, n->channel))
                continue;
            struct notification *copy = notification_create(n->pid, n->channel, n->payload);
            pthread_mutex_lock(&l->lock);
            *l->arrived_end = copy;
            l->arrived_end = &copy->next;
            pthread_mutex_unlock(&l->lock);
            woken = true;
        }
        if (woken && to != s)
            to->reply.wake(to->reply.host);
    }
    pthread_mutex_unlock(&s->engine->lock);
    notify_rollback(s); /* they are sent: the queue is empty again */
}

void notify_deliver(struct pg_session *s)
{
    struct listener *l = s->listener;
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    struct notification *list = l->arrived, **end = &list;
    l->arrived = NULL;
    l->arrived_end = &l->arrived;
    pthread_mutex_unlock(&l->lock);
    if (list)
        txn_show_newest(&s->txn);
    for (struct notification *n = list; n; n = n->next)
        s->reply.notification(s->reply.host, n->pid, n->channel, n->payload);
    notifications_free(&list, &end);
}

void notify_close(struct pg_session *s)
{
    struct listener *l = s->listener;
    if (!l)
        return;
    notify_unlisten(s, NULL);
    notifications_free(&l->arrived, &l->arrived_end);
    notifications_free(&l->queued, &l->queued_end);
    pthread_mutex_destroy(&l->lock);
    free(l);
    s->listener = NULL;
}
