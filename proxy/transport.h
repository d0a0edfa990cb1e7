/*
 * transport.h: a non-blocking socket, plain or under TLS. One thread at a time; the transport may
 * move between threads with its connection.
 */
#ifndef PGF_PROXY_TRANSPORT_H
#define PGF_PROXY_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct ssl_st;

struct transport {
    int fd;
    struct ssl_st *ssl; /* NULL: plain */
};

enum transport_result {
    TRANSPORT_OK,
    TRANSPORT_WANT_READ,  /* try again when the socket is readable */
    TRANSPORT_WANT_WRITE, /* try again when the socket is writable */
    TRANSPORT_EOF,
    TRANSPORT_ERROR
};

/* Up to n bytes into p; *got is set on TRANSPORT_OK. */
enum transport_result transport_recv(struct transport *t, void *p, size_t n, size_t *got);
enum transport_result transport_send(struct transport *t, const void *p, size_t n, size_t *sent);
/* True when received bytes wait inside TLS, for which the socket will not become readable. */
bool transport_pending(const struct transport *t);
/* Ends the sending side, so that the peer reads what was sent before it sees the end. */
void transport_shutdown(struct transport *t);
void transport_close(struct transport *t);

#endif
