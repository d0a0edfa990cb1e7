/* healthcheck.h: whether a server answers, for container health checks. */
#ifndef PGF_PROXY_HEALTHCHECK_H
#define PGF_PROXY_HEALTHCHECK_H

#include <stdbool.h>

/* Connects and waits up to five seconds for the answer to an SSLRequest. Says on standard error why
 * not. */
bool healthcheck_run(const char *host, const char *port);

#endif
