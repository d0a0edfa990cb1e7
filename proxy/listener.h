/*
 * listener.h: listening sockets: TCP for each address of listen_addresses, a Unix socket in each
 * of unix_socket_directories, with PostgreSQL's names and lock files.
 */
#ifndef PGF_PROXY_LISTENER_H
#define PGF_PROXY_LISTENER_H

#include <stdbool.h>

struct error;
struct listener_set;
struct server;

/*
 * Opens every socket and begins to accept on the main thread's event base. addresses and
 * directories are comma-separated lists, possibly empty. port 0 takes a free one. secured: TLS or
 * passwords are configured; without, an address that is not loopback is refused. NULL with err set
 * when an address cannot be used.
 */
struct listener_set *listener_open(struct server *s, const char *addresses, int port,
                                   const char *directories, bool secured, struct error *err);
/* The TCP (or Unix socket's) port in use. */
int listener_port(const struct listener_set *l);
/* "127.0.0.1:5432", for the ready line; a socket's path when there is no TCP. */
const char *listener_name(const struct listener_set *l);
/* Where a client on this machine reaches it: an address, or a Unix socket's directory. */
const char *listener_host(const struct listener_set *l);
/* Closes the sockets, removes Unix sockets and their lock files. */
void listener_close(struct listener_set *l);

#endif
