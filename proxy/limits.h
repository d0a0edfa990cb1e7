/* limits.h: the network layer's own limits, each with its reason. See also sql/base/limits.h. */
#ifndef PGF_PROXY_LIMITS_H
#define PGF_PROXY_LIMITS_H

/* PostgreSQL's PQ_SMALL_MESSAGE_LIMIT: messages that carry at most a name or two. */
#define LIMIT_SMALL_MESSAGE 10000
/* PostgreSQL's PG_MAX_SASL_MESSAGE_LENGTH. */
#define LIMIT_SASL_MESSAGE 1024
/* Messages of one connection carried out before the others get their turn on the loop. */
#define LIMIT_TURN_MESSAGES 256
/* Times a statement fills the output buffer before the others get their turn on the loop. */
#define LIMIT_TURN_RESUMES 4
/* Bytes asked of a socket at once: small for idle connections, larger while full reads come. */
#define LIMIT_READ_MIN (8 * 1024)
#define LIMIT_READ_MAX (64 * 1024)
/* A buffer that grew beyond this is given back once it is empty. */
#define LIMIT_BUFFER_KEEP (512 * 1024)
/* Seconds a closing connection may take to fetch its last words. */
#define LIMIT_LINGER_SECONDS 2
/* Startup packets of one connection: SSLRequest, GSSENCRequest, then the real one. */
#define LIMIT_STARTUP_PACKETS 3
/* Addresses in listen_addresses, directories of Unix sockets included. */
#define LIMIT_LISTENERS 64
/* Pending connections of a listening socket (the kernel cuts it to somaxconn). */
#define LIMIT_LISTEN_BACKLOG 512
/* Descriptors that clients leave to files, at most a quarter of all: a connection to the database takes three, and there are a dozen. */
#define LIMIT_DESCRIPTORS_KEPT 100
/* Stack of a thread that runs statements: parsing and analysis recurse with the statement's depth.
   Only the touched part takes memory. */
#define LIMIT_THREAD_STACK (16 * 1024 * 1024)

#endif
