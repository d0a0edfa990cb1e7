/* vec_pool.c - a loop over chunks on several threads; see vec_pool.h. */
#include "vecext/vec_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

struct loop {
    size_t n, grain;
    vec_pool_fn *body;
    void *context;
    atomic_size_t next;
    atomic_bool failed;
};

struct worker {
    struct loop *loop;
    int number;
    pthread_t thread;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct loop *loop = worker->loop;
    while (!atomic_load(&loop->failed)) {
        size_t first = atomic_fetch_add(&loop->next, loop->grain);
        if (first >= loop->n)
            break;
        size_t last = loop->n - first < loop->grain ? loop->n : first + loop->grain;
        if (!loop->body(loop->context, first, last, worker->number))
            atomic_store(&loop->failed, true);
    }
    return NULL;
}

bool vec_pool_run(int threads, size_t n, size_t grain, vec_pool_fn *body, void *context)
{
    struct loop loop = {.n = n, .grain = grain, .body = body, .context = context};
    struct worker workers[VEC_POOL_MAX];
    size_t chunks = (n + grain - 1) / grain;
    if (threads > VEC_POOL_MAX)
        threads = VEC_POOL_MAX;
    if ((size_t)threads > chunks)
        threads = (int)chunks;
    /* The host's signal handlers expect to run on its own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int started = 1;
    for (; started < threads; started++) {
        workers[started].loop = &loop;
        workers[started].number = started;
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]))
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    workers[0].loop = &loop;
    workers[0].number = 0;
    work(&workers[0]);
    for (int i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    return !atomic_load(&loop.failed);
}

int vec_pool_processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return n < 1 ? 1 : n > VEC_POOL_MAX ? VEC_POOL_MAX : n;
}
