/* thread.c: see thread.h. */
#include "proxy/thread.h"

#include "proxy/limits.h"
#include "sql/base/log.h"

void thread_start(pthread_t *t, void *(*run)(void *), void *arg)
{
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0 ||
        pthread_attr_setstacksize(&attr, LIMIT_THREAD_STACK) != 0 ||
        pthread_create(t, &attr, run, arg) != 0)
        log_fatal("could not start a thread");
    pthread_attr_destroy(&attr);
}
