/* thread.h: starting threads with a stack that the deepest statement fits into. */
#ifndef PGF_PROXY_THREAD_H
#define PGF_PROXY_THREAD_H

#include <pthread.h>

/* Starts a thread; ends the process with a message when the system refuses. */
void thread_start(pthread_t *t, void *(*run)(void *), void *arg);

#endif
