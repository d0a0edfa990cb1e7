/* run.h: the child process of --run. */
#ifndef PGF_PROXY_RUN_H
#define PGF_PROXY_RUN_H

#include <sys/types.h>

struct error;

/* Where the child finds the server. */
struct run_target {
    const char *host; /* an address, or a Unix socket's directory */
    int port;
    const char *database;
    const char *user;
};

/* Starts argv with the environment libpq and others read; -1 with err set when it cannot be found.
 */
pid_t run_start(char **argv, const struct run_target *target, struct error *err);
/* A status of waitpid as a shell gives it: 128 + signal for a killed child. */
int run_exit_status(int wait_status);

#endif
