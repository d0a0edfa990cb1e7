/* listener.c: see listener.h. */
#include "proxy/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proxy/config.h"
#include "proxy/limits.h"
#include "proxy/server.h"
#include "sql/base/error.h"
#include "sql/base/log.h"

struct listener {
    struct listener_set *set;
    int fd;
    struct event *event;
    bool is_unix;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* of a Unix socket */
};

struct listener_set {
    struct server *server;
    int port;
    char name[NI_MAXHOST + 16];
    char host[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* for a client on this machine */
    int n;
    struct listener sockets[LIMIT_LISTENERS];
};

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;
    (void)what;
    for (;;) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            server_adopt(l->set->server, client, l->is_unix);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN) {
            /* Out of descriptors: the socket stays readable, so a pause saves the processor. */
            log_line(LOG_LEVEL_LOG, "could not accept new connection: %s", strerror(errno));
            struct timespec pause = {0, 100 * 1000 * 1000};
            nanosleep(&pause, NULL);
        }
        return;
    }
}

static bool listener_add(struct listener_set *set, int fd, const char *path, struct error *err)
{
    if (listen(fd, LIMIT_LISTEN_BACKLOG) != 0)
        return error_set(err, ERRCODE_CONNECTION_FAILURE, "could not listen: %s", strerror(errno));
    struct listener *l = &set->sockets[set->n++];
    l->set = set;
    l->fd = fd;
    l->is_unix = path != NULL;
    if (path)
        snprintf(l->path, sizeof(l->path), "%s", path);
    l->event = event_new(set->server->base, fd, EV_READ | EV_PERSIST, on_connection, l);
    if (!l->event || event_add(l->event, NULL) != 0)
        log_fatal("could not watch a listening socket");
    return true;
}

static bool listener_is_loopback(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >> 24 == 127;
    return addr->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)addr)->sin6_addr);
}

/* The port of a bound socket, and its text in the set, IPv4 preferred. */
static void listener_note_tcp(struct listener_set *set, int fd)
{
    struct sockaddr_storage addr;
    socklen_t n = sizeof(addr);
    char host[INET6_ADDRSTRLEN] = "";
    getsockname(fd, (struct sockaddr *)&addr, &n);
    if (addr.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        set->port = ntohs(in->sin_port);
        if (!set->name[0] || set->name[0] == '[') {
            snprintf(set->name, sizeof(set->name), "%s:%d", host, set->port);
            snprintf(set->host, sizeof(set->host), "%s",
                     in->sin_addr.s_addr == htonl(INADDR_ANY) ? "127.0.0.1" : host);
        }
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
        set->port = ntohs(in6->sin6_port);
        if (!set->name[0]) {
            snprintf(set->name, sizeof(set->name), "[%s]:%d", host, set->port);
            snprintf(set->host, sizeof(set->host), "%s",
                     IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr) ? "::1" : host);
        }
    }
}

/* A bound socket, or -1 with errno. */
static int listener_bind_tcp(const struct addrinfo *a)
{
    int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static bool listener_refuse_open(const char *address, struct error *err)
{
    error_set(err, ERRCODE_CONFIG_FILE_ERROR,
              "refusing to listen on \"%s\" without TLS or passwords", address);
    error_hint(err, "Set auth = 'scram-sha-256' and give roles passwords, or set ssl = on with "
                    "ssl_cert_file and ssl_key_file; or listen on 127.0.0.1.");
    return false;
}

/* One entry of listen_addresses: a host name stands for all its addresses, of which one must do. */
static bool listener_open_tcp(struct listener_set *set, const char *address, bool secured,
                              struct error *err)
{
    struct addrinfo *list,
        hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    char port[16];
    int opened = 0, failure = 0;
    snprintf(port, sizeof(port), "%d", set->port);
    int rc = getaddrinfo(strcmp(address, "*") == 0 ? NULL : address, port, &hints, &list);
    if (rc != 0)
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                         "could not translate host name \"%s\" to address: %s", address,
                         gai_strerror(rc));
    for (const struct addrinfo *a = list; a && set->n < LIMIT_LISTENERS && !error_is_set(err);
         a = a->ai_next) {
        if (!secured && !listener_is_loopback(a->ai_addr)) {
            listener_refuse_open(address, err);
            break;
        }
        if (a->ai_family == AF_INET)
            ((struct sockaddr_in *)a->ai_addr)->sin_port = htons((uint16_t)set->port);
        else
            ((struct sockaddr_in6 *)a->ai_addr)->sin6_port = htons((uint16_t)set->port);
        int fd = listener_bind_tcp(a);
        if (fd < 0) {
            failure = errno;
            continue;
        }
        listener_note_tcp(set, fd);
        opened += listener_add(set, fd, NULL, err);
    }
    freeaddrinfo(list);
    if (!opened && !error_is_set(err)) {
        error_set(err, ERRCODE_CONNECTION_FAILURE, "could not bind \"%s\" port %d: %s", address,
                  set->port, strerror(failure));
        if (failure == EADDRINUSE)
            error_hint(err,
                       "Is another server already running on port %d? If not, wait a few "
                       "seconds and retry, or choose another with --port.",
                       set->port);
    }
    return opened > 0 && !error_is_set(err);
}

/* The process named by a lock file, if it lives and is not we ourselves. */
static int listener_lock_owner(const char *lock)
{
    char text[32] = "";
    int fd = open(lock, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    int pid = n > 0 ? atoi(text) : 0;
    if (pid <= 0 || pid == getpid() || pid == getppid())
        return 0;
    return kill(pid, 0) == 0 || errno == EPERM ? pid : 0;
}

/* Makes "path.lock" as PostgreSQL does; one left by a dead process is replaced. */
static bool listener_lock(const char *path, int port, const char *directory, struct error *err)
{
    char lock[PATH_MAX], text[PATH_MAX + 128];
    snprintf(lock, sizeof(lock), "%s.lock", path);
    int fd = -1;
    for (int tries = 0; fd < 0 && tries < 3; tries++) {
        fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            break;
        int owner = listener_lock_owner(lock);
        if (owner) {
            error_set(err, ERRCODE_LOCK_FILE_EXISTS, "lock file \"%s\" already exists", lock);
            error_hint(err, "Is another server (PID %d) using socket file \"%s\"?", owner, path);
            return false;
        }
        unlink(lock);
    }
    if (fd < 0)
        return error_set(err, ERRCODE_CONNECTION_FAILURE, "could not create lock file \"%s\": %s",
                         lock, strerror(errno));
    int n = snprintf(text, sizeof(text), "%d\n%s\n%ld\n%d\n%s\n", (int)getpid(), directory,
                     (long)time(NULL), port, directory);
    bool ok = write(fd, text, (size_t)n) == n;
    close(fd);
    if (ok)
        return true;
    unlink(lock);
    return error_set(err, ERRCODE_CONNECTION_FAILURE, "could not write lock file \"%s\"", lock);
}

static bool listener_open_unix(struct listener_set *set, const char *directory, struct error *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int n = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/.s.PGSQL.%d", directory, set->port);
    if (n >= (int)sizeof(addr.sun_path))
        return error_set(err, ERRCODE_CONFIG_FILE_ERROR,
                         "Unix-domain socket path \"%s\" is too long (maximum %zu bytes)",
                         directory, sizeof(addr.sun_path) - 1);
    if (!listener_lock(addr.sun_path, set->port, directory, err))
        return false;
    unlink(addr.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0) {
        chmod(addr.sun_path, (mode_t)config_int(set->server->engine, "unix_socket_permissions", 0777));
        if (!set->name[0]) {
            snprintf(set->name, sizeof(set->name), "%s", addr.sun_path);
            snprintf(set->host, sizeof(set->host), "%s", directory);
        }
        return listener_add(set, fd, addr.sun_path, err);
    }
    error_set(err, ERRCODE_CONNECTION_FAILURE, "could not create Unix-domain socket \"%s\": %s",
              addr.sun_path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return false;
}

/* Calls open for every item of a comma-separated list. */
static bool listener_each(struct listener_set *set, const char *list, bool is_unix, bool secured,
                          struct error *err)
{
    char *copy = strdup(list), *rest = copy;
    bool ok = copy != NULL;
    for (char *item; ok && (item = strsep(&rest, ",")) != NULL;) {
        item += strspn(item, " \t\"");
        item[strcspn(item, " \t\"")] = 0;
        if (!item[0])
            continue;
        if (set->n >= LIMIT_LISTENERS)
            ok = error_set(err, ERRCODE_CONFIG_FILE_ERROR, "too many addresses to listen on");
        else
            ok = is_unix ? listener_open_unix(set, item, err)
                         : listener_open_tcp(set, item, secured, err);
    }
    free(copy);
    return ok;
}

struct listener_set *listener_open(struct server *s, const char *addresses, int port,
                                   const char *directories, bool secured, struct error *err)
{
    struct listener_set *set = calloc(1, sizeof(*set));
    if (!set)
        log_fatal("out of memory for listeners");
    set->server = s;
    set->port = port;
    if (listener_each(set, addresses, false, secured, err) &&
        listener_each(set, directories, true, secured, err)) {
        if (set->n)
            return set;
        error_set(err, ERRCODE_CONFIG_FILE_ERROR, "there is nothing to listen on");
        error_hint(err, "Set listen_addresses or unix_socket_directories.");
    }
    listener_close(set);
    return NULL;
}

int listener_port(const struct listener_set *l)
{
    return l->port;
}

const char *listener_name(const struct listener_set *l)
{
    return l->name;
}

const char *listener_host(const struct listener_set *l)
{
    return l->host;
}

void listener_close(struct listener_set *set)
{
    char lock[PATH_MAX];
    for (int i = 0; i < set->n; i++) {
        struct listener *l = &set->sockets[i];
        if (l->event)
            event_free(l->event);
        close(l->fd);
        if (l->is_unix) {
            snprintf(lock, sizeof(lock), "%s.lock", l->path);
            unlink(l->path);
            unlink(lock);
        }
    }
    free(set);
}
