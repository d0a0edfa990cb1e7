/*
 * worker.h: the threads for calls that may take long. A worker resumes the connection's session;
 * while it does, it owns session and output. It sends what the socket takes at once and never waits
 * for a socket or a lock: then, or when the call ends, the connection goes back to its loop with
 * LOOP_MAIL_WORKER and the result in worker_result.
 */
#ifndef PGF_PROXY_WORKER_H
#define PGF_PROXY_WORKER_H

struct connection;
struct worker_pool;

/* Starts n threads. */
struct worker_pool *worker_pool_create(int n);
/* Ends the threads; the queue must be empty. */
void worker_pool_destroy(struct worker_pool *p);
/* Queues c, first come first served. Any thread. */
void worker_submit(struct worker_pool *p, struct connection *c);

#endif
