/* run.c: see run.h. */
#include "proxy/run.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/base/error.h"

extern char **environ;

/* Percent-encodes what a URL's path or user cannot hold. */
static void run_encode(char *to, size_t size, const char *s)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t n = 0;
    for (; *s && n + 4 < size; s++)
        n += (size_t)snprintf(to + n, size - n, strchr(safe, *s) ? "%c" : "%%%02X",
                              (unsigned char)*s);
    to[n] = 0;
}

static void run_set_environment(const struct run_target *t)
{
    char port[16], user[256], database[1024], host[512], url[4096];
    snprintf(port, sizeof(port), "%d", t->port);
    run_encode(user, sizeof(user), t->user);
    run_encode(database, sizeof(database), t->database);
    run_encode(host, sizeof(host), t->host);
    if (t->host[0] == '/')
        snprintf(url, sizeof(url), "postgresql://%s@/%s?host=%s&port=%d", user, database, host,
                 t->port);
    else
        snprintf(url, sizeof(url),
                 strchr(t->host, ':') ? "postgresql://%s@[%s]:%d/%s" : "postgresql://%s@%s:%d/%s",
                 user, t->host, t->port, database);
    setenv("PGHOST", t->host, 1);
    setenv("PGPORT", port, 1);
    setenv("PGDATABASE", t->database, 1);
    setenv("PGUSER", t->user, 1);
    setenv("DATABASE_URL", url, 1);
}

pid_t run_start(char **argv, const struct run_target *target, struct error *err)
{
    posix_spawnattr_t attr;
    sigset_t all, none;
    pid_t pid = -1;
    sigfillset(&all);
    sigemptyset(&none);
    run_set_environment(target);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setsigmask(&attr, &none);
    int rc = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    if (rc == 0)
        return pid;
    error_set(err, ERRCODE_INTERNAL_ERROR, "could not run \"%s\": %s", argv[0], strerror(rc));
    return -1;
}

int run_exit_status(int wait_status)
{
    if (WIFSIGNALED(wait_status))
        return 128 + WTERMSIG(wait_status);
    return WEXITSTATUS(wait_status);
}
