/* worker.c: see worker.h. */
#include "proxy/worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proxy/connection.h"
#include "proxy/loop.h"
#include "proxy/thread.h"
#include "sql/base/log.h"

struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct connection *first, *last; /* the queue */
    bool stop;
    int n;
    pthread_t threads[];
};

static void worker_carry(struct connection *c)
{
    enum pg_result result = pg_session_resume(c->session, true);
    while (result == PG_WAIT_OUTPUT) {
        c->push = true;
        connection_send(c);
        if (c->out.len || c->broken)
            break;
        result = pg_session_resume(c->session, true);
    }
    c->worker_result = result;
    loop_post(c->loop, c, LOOP_MAIL_WORKER);
}

static void *worker_main(void *arg)
{
    struct worker_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->first && !p->stop)
            pthread_cond_wait(&p->work, &p->lock);
        struct connection *c = p->first;
        if (!c)
            break;
        p->first = c->worker_next;
        pthread_mutex_unlock(&p->lock);
        worker_carry(c);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct worker_pool *worker_pool_create(int n)
{
    struct worker_pool *p = calloc(1, sizeof(*p) + (size_t)n * sizeof(p->threads[0]));
    if (!p)
        log_fatal("out of memory for worker threads");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    for (; p->n < n; p->n++)
        thread_start(&p->threads[p->n], worker_main, p);
    return p;
}

void worker_pool_destroy(struct worker_pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void worker_submit(struct worker_pool *p, struct connection *c)
{
    pthread_mutex_lock(&p->lock);
    c->worker_next = NULL;
    if (p->first)
        p->last->worker_next = c;
    else
        p->first = c;
    p->last = c;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}
