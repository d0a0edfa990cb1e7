/* slots.c: see slots.h. */
#include "sql/txn/slots.h"

#include <stddef.h>

void slots_init(struct slots *s, int places)
{
    pthread_mutex_init(&s->lock, NULL);
    s->free = places;
    s->head = NULL;
    s->tail = &s->head;
}

void slots_destroy(struct slots *s)
{
    pthread_mutex_destroy(&s->lock);
}

bool slots_acquire(struct slots *s, struct waiter *w)
{
    pthread_mutex_lock(&s->lock);
    if (w->state == WAITER_IDLE) {
        if (s->free > 0) {
            s->free--;
            w->state = WAITER_GRANTED;
        } else {
            w->next = NULL;
            *s->tail = w;
            s->tail = &w->next;
            w->state = WAITER_QUEUED;
        }
    }
    bool granted = w->state == WAITER_GRANTED;
    pthread_mutex_unlock(&s->lock);
    return granted;
}

/* Under the lock: passes a free place on. Returns whom to wake. */
static struct waiter *slots_pass(struct slots *s)
{
    struct waiter *next = s->head;
    if (!next) {
        s->free++;
        return NULL;
    }
    s->head = next->next;
    if (!s->head)
        s->tail = &s->head;
    next->next = NULL;
    next->state = WAITER_GRANTED;
    return next;
}

void slots_release(struct slots *s, struct waiter *w)
{
    void (*wake)(void *) = NULL;
    void *arg = NULL;
    pthread_mutex_lock(&s->lock);
    w->state = WAITER_IDLE;
    struct waiter *next = slots_pass(s);
    if (next) { /* copied: the waiter may be gone once the lock is free */
        wake = next->wake;
        arg = next->arg;
    }
    pthread_mutex_unlock(&s->lock);
    if (wake)
        wake(arg);
}

void slots_abandon(struct slots *s, struct waiter *w)
{
    pthread_mutex_lock(&s->lock);
    bool granted = w->state == WAITER_GRANTED;
    if (w->state == WAITER_QUEUED) {
        struct waiter **p = &s->head;
        while (*p != w)
            p = &(*p)->next;
        *p = w->next;
        if (!w->next)
            s->tail = p;
        w->state = WAITER_IDLE;
    }
    pthread_mutex_unlock(&s->lock);
    if (granted)
        slots_release(s, w);
}
