/* healthcheck.c: see healthcheck.h. */
#include "proxy/healthcheck.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int healthcheck_connect(const char *host, const char *port)
{
    struct addrinfo *list, hints = {.ai_socktype = SOCK_STREAM};
    struct timeval limit = {.tv_sec = 5};
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

bool healthcheck_run(const char *host, const char *port)
{
    static const unsigned char ssl_request[] = {0, 0, 0, 8, 4, 210, 22, 47};
    char answer = 0;
    int fd = healthcheck_connect(host, port);
    if (fd < 0) {
        fprintf(stderr, "pgfeather: no server at %s port %s: %s\n", host, port, strerror(errno));
        return false;
    }
    bool ok = send(fd, ssl_request, sizeof(ssl_request), MSG_NOSIGNAL) == sizeof(ssl_request) &&
              recv(fd, &answer, 1, 0) == 1 && (answer == 'S' || answer == 'N');
    close(fd);
    if (!ok)
        fprintf(stderr, "pgfeather: the server at %s port %s does not answer\n", host, port);
    return ok;
}
