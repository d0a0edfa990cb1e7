/* transport.c: see transport.h. */
#include "proxy/transport.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum transport_result transport_ssl_result(struct transport *t, int rc)
{
    switch (SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return TRANSPORT_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TRANSPORT_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TRANSPORT_EOF;
    default:
        return TRANSPORT_ERROR;
    }
}

enum transport_result transport_recv(struct transport *t, void *p, size_t n, size_t *got)
{
    if (t->ssl) {
        ERR_clear_error();
        int rc = SSL_read_ex(t->ssl, p, n, got);
        return rc == 1 ? TRANSPORT_OK : transport_ssl_result(t, rc);
    }
    ssize_t r;
    do
        r = recv(t->fd, p, n, 0);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return errno == EAGAIN ? TRANSPORT_WANT_READ : TRANSPORT_ERROR;
    *got = (size_t)r;
    return r ? TRANSPORT_OK : TRANSPORT_EOF;
}

enum transport_result transport_send(struct transport *t, const void *p, size_t n, size_t *sent)
{
    if (t->ssl) {
        ERR_clear_error();
        int rc = SSL_write_ex(t->ssl, p, n, sent);
        return rc == 1 ? TRANSPORT_OK : transport_ssl_result(t, rc);
    }
    ssize_t r;
    do
        r = send(t->fd, p, n, MSG_NOSIGNAL);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return errno == EAGAIN ? TRANSPORT_WANT_WRITE : TRANSPORT_ERROR;
    *sent = (size_t)r;
    return TRANSPORT_OK;
}

bool transport_pending(const struct transport *t)
{
    return t->ssl && SSL_has_pending(t->ssl);
}

void transport_shutdown(struct transport *t)
{
    if (t->ssl) {
        ERR_clear_error();
        SSL_shutdown(t->ssl);
    }
    shutdown(t->fd, SHUT_WR);
}

void transport_close(struct transport *t)
{
    if (t->ssl)
        SSL_free(t->ssl);
    t->ssl = NULL;
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}
