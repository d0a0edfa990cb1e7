/* server.c: see server.h. */
#include "proxy/server.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proxy/config.h"
#include "proxy/connection.h"
#include "proxy/limits.h"
#include "proxy/loop.h"
#include "proxy/tls.h"
#include "proxy/worker.h"
#include "sql/base/error.h"
#include "sql/base/log.h"

/* Long statements share the processors anyway; with too few threads one more would wait for a whole
 * one to end. */
#define SERVER_WORKERS_PER_CPU 4
#define SERVER_WORKERS_MIN     8
#define SERVER_THREADS_MAX     1024

static int server_thread_setting(struct pg_engine *e, const char *name, int otherwise)
{
    int n = config_int(e, name, otherwise);
    if (n < 1)
        n = otherwise;
    return n < SERVER_THREADS_MAX ? n : SERVER_THREADS_MAX;
}

bool server_load_config(struct server *s, struct error *err)
{
    const char *auth = config_string(s->engine, "auth", "trust");
    bool scram = strcmp(auth, "scram-sha-256") == 0;
    if (!scram && strcmp(auth, "trust") != 0) {
        error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "invalid value for parameter \"auth\": \"%s\"", auth);
        error_hint(err, "Available values: trust, scram-sha-256.");
        return false;
    }
    const char *rules = config_string(s->engine, "hba_file", "");
    struct hba *hba = *rules ? hba_read(rules, err) : NULL;
    if (*rules && !hba)
        return false;
    struct ssl_ctx_st *tls = NULL;
    if (config_bool(s->engine, "ssl", false)) {
        tls = tls_context_create(s->engine, err);
        if (!tls) {
            hba_free(hba);
            return false;
        }
    }
    pthread_mutex_lock(&s->config_lock);
    struct ssl_ctx_st *old = s->tls;
    s->tls = tls;
    s->scram = scram;
    struct hba *old_hba = s->hba;
    s->hba = hba;
    s->authentication_timeout = config_seconds(s->engine, "authentication_timeout", 60);
    pthread_mutex_unlock(&s->config_lock);
    hba_free(old_hba);
    if (old)
        tls_context_free(old);
    return true;
}

struct ssl_ctx_st *server_tls(struct server *s)
{
    pthread_mutex_lock(&s->config_lock);
    struct ssl_ctx_st *tls = s->tls;
    if (tls)
        SSL_CTX_up_ref(tls);
    pthread_mutex_unlock(&s->config_lock);
    return tls;
}

enum hba_method server_decide(struct server *s, const struct hba_client *client, bool *by_rule)
{
    pthread_mutex_lock(&s->config_lock);
    *by_rule = s->hba != NULL;
    enum hba_method method = s->hba ? hba_decide(s->hba, client) : s->scram ? HBA_SCRAM : HBA_TRUST;
    pthread_mutex_unlock(&s->config_lock);
    return method;
}

bool server_is_secured(struct server *s)
{
    pthread_mutex_lock(&s->config_lock);
    bool secured = s->tls || s->scram || s->hba;
    pthread_mutex_unlock(&s->config_lock);
    return secured;
}

int server_authentication_timeout(struct server *s)
{
    pthread_mutex_lock(&s->config_lock);
    int seconds = s->authentication_timeout;
    pthread_mutex_unlock(&s->config_lock);
    return seconds;
}

struct server *server_create(struct pg_engine *engine, struct error *err)
{
    struct server *s = calloc(1, sizeof(*s));
    if (!s)
        log_fatal("out of memory for the server");
    s->engine = engine;
    pthread_mutex_init(&s->config_lock, NULL);
    if (!server_load_config(s, err)) {
        pthread_mutex_destroy(&s->config_lock);
        free(s);
        return NULL;
    }
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int n = cpus > 0 ? (int)cpus : 1, workers = n * SERVER_WORKERS_PER_CPU;
    s->max_connections = config_int(engine, "max_connections", 100);
    s->base = event_base_new();
    s->gone_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!s->base || s->gone_fd < 0)
        log_fatal("could not create the main event loop");
    s->workers = worker_pool_create(server_thread_setting(
        engine, "worker_threads", workers > SERVER_WORKERS_MIN ? workers : SERVER_WORKERS_MIN));
    int nloops = server_thread_setting(engine, "event_loops", n);
    s->loops = calloc((size_t)nloops, sizeof(s->loops[0]));
    if (!s->loops)
        log_fatal("out of memory for event loops");
    for (; s->nloops < nloops; s->nloops++) {
        s->loops[s->nloops] = loop_create(s);
        if (!s->loops[s->nloops])
            log_fatal("out of memory for event loops");
    }
    return s;
}

void server_destroy(struct server *s)
{
    for (int i = 0; i < s->nloops; i++)
        loop_destroy(s->loops[i]);
    worker_pool_destroy(s->workers);
    free(s->loops);
    hba_free(s->hba);
    if (s->tls)
        tls_context_free(s->tls);
    event_base_free(s->base);
    close(s->gone_fd);
    pthread_mutex_destroy(&s->config_lock);
    free(s);
}

/* Whether the descriptor is among the last, which the sessions' files need. */
static bool server_needs_descriptor(int fd)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    rlim_t kept = limit.rlim_cur / 4 < LIMIT_DESCRIPTORS_KEPT ? limit.rlim_cur / 4 : LIMIT_DESCRIPTORS_KEPT;
    return (rlim_t)fd >= limit.rlim_cur - kept;
}

/*
 * Sessions are counted by the engine, against max_connections. This bound, PostgreSQL's own for
 * its processes, also covers connections that have not said who they are. Its message must not
 * wait: one non-blocking send into an empty socket.
 */
static bool server_is_full(struct server *s, int fd)
{
    static const char refusal[] = "E\0\0\0\x45SFATAL\0VFATAL\0C53300\0M"
                                  "sorry, too many clients already\0";
    if (atomic_load(&s->connections) < 2 * s->max_connections + 16 && !server_needs_descriptor(fd))
        return false;
    char message[sizeof(refusal)];
    memcpy(message, refusal, sizeof(refusal));
    message[4] = (char)(sizeof(refusal) - 1);
    transport_send(&(struct transport){.fd = fd}, message, sizeof(message), &(size_t){0});
    close(fd);
    return true;
}

void server_adopt(struct server *s, int fd, bool is_unix)
{
    if (server_is_full(s, fd))
        return;
    struct loop *best = s->loops[0];
    for (int i = 1; i < s->nloops; i++)
        if (atomic_load(&s->loops[i]->count) < atomic_load(&best->count))
            best = s->loops[i];
    atomic_fetch_add(&s->connections, 1);
    atomic_fetch_add(&best->count, 1);
    loop_post(best, connection_create(s, best, fd, is_unix), LOOP_MAIL_ADOPT);
}

void server_connection_gone(struct server *s)
{
    uint64_t one = 1;
    atomic_fetch_sub(&s->connections, 1);
    if (atomic_load(&s->shutdown) != SERVER_RUNNING && write(s->gone_fd, &one, sizeof(one)) < 0 &&
        errno != EAGAIN)
        log_line(LOG_LEVEL_ERROR, "could not tell the main thread that a connection ended");
}

void server_shut_down(struct server *s, enum server_shutdown mode)
{
    if ((int)mode <= atomic_load(&s->shutdown))
        return;
    atomic_store(&s->shutdown, (int)mode);
    for (int i = 0; i < s->nloops; i++)
        loop_post_shutdown(s->loops[i]);
    uint64_t one = 1;
    if (write(s->gone_fd, &one, sizeof(one)) < 0)
        log_line(LOG_LEVEL_ERROR, "could not begin to shut down");
}
