/*
 * slots.h: a fixed number of places, given first come first served. Nobody sleeps: who finds none
 * leaves a waiter and is woken through its callback when a place has been given to it.
 *
 * The write slot of a database is a struct slots with one place, its pool of readers one with
 * several. Any thread.
 */
#ifndef PGF_TXN_SLOTS_H
#define PGF_TXN_SLOTS_H

#include <pthread.h>
#include <stdbool.h>

struct waiter {
    struct waiter *next;
    enum { WAITER_IDLE, WAITER_QUEUED, WAITER_GRANTED } state;
    void (*wake)(void *arg); /* called without locks, any thread */
    void *arg;
};

struct slots {
    pthread_mutex_t lock;
    int free;
    struct waiter *head, **tail;
};

void slots_init(struct slots *s, int places);
void slots_destroy(struct slots *s);

/*
 * Takes a place for w. True: it is w's (also when it was granted since the last call). False: w is
 * in the queue; call again after wake. The waiter must stay where it is until then.
 */
bool slots_acquire(struct slots *s, struct waiter *w);
/* Gives w's place to the next in line. */
void slots_release(struct slots *s, struct waiter *w);
/* Leaves the queue, or gives the place back if it came meanwhile. */
void slots_abandon(struct slots *s, struct waiter *w);

#endif
