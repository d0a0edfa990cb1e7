/*
 * main.c: the process: command line, engine, listeners, signals, and the order of start and stop.
 *
 * Signals come to the main thread only (all other threads have them blocked): SIGTERM smart, a
 * second SIGTERM or SIGINT fast, SIGQUIT immediate shutdown, SIGHUP reload. With --run the child's
 * end stops the server.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/config.h"
#include "proxy/healthcheck.h"
#include "proxy/listener.h"
#include "proxy/options.h"
#include "proxy/run.h"
#include "proxy/server.h"
#include "proxy/supervisor.h"
#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/pg.h"

#define MAIN_DEFAULT_LISTEN "127.0.0.1"
#define MAIN_RUN_USER       "postgres" /* the role that every database has */

struct main_process {
    struct options options;
    struct arena *arena;
    struct error err;
    struct pg_engine *engine;
    struct server *server;
    struct listener_set *listeners;
    pid_t child; /* of --run, 0 none */
    int status;  /* exit status */
};

static int main_fail(const struct error *err)
{
    fprintf(stderr, "pgfeather: %s\n", err->message);
    if (err->detail)
        fprintf(stderr, "DETAIL:  %s\n", err->detail);
    if (err->hint)
        fprintf(stderr, "HINT:  %s\n", err->hint);
    return 1;
}

static void main_reload(struct main_process *m)
{
    struct error err;
    error_init(&err, m->arena);
    supervisor_notify("RELOADING=1");
    log_line(LOG_LEVEL_LOG, "received SIGHUP, reloading configuration files");
    pg_engine_reload(m->engine);
    if (!server_load_config(m->server, &err))
        log_line(LOG_LEVEL_LOG, "%s; the settings in force stay", err.message);
    supervisor_notify("READY=1");
}

static void main_shut_down(struct main_process *m, enum server_shutdown mode)
{
    log_line(LOG_LEVEL_LOG, "received %s shutdown request", mode == SERVER_FAST ? "fast" : "smart");
    supervisor_notify("STOPPING=1");
    server_shut_down(m->server, mode);
}

static void on_signal(evutil_socket_t signal, short what, void *arg)
{
    struct main_process *m = arg;
    (void)what;
    switch (signal) {
    case SIGHUP:
        main_reload(m);
        return;
    case SIGQUIT:
        log_line(LOG_LEVEL_LOG, "received immediate shutdown request");
        listener_close(m->listeners);
        _exit(1);
    case SIGTERM:
        if (m->child)
            kill(m->child, SIGTERM);
        else
            main_shut_down(m, atomic_load(&m->server->shutdown) == SERVER_RUNNING ? SERVER_SMART
                                                                                  : SERVER_FAST);
        return;
    case SIGINT:
        /* The terminal sends it to the child of --run as well, whose end decides. */
        if (!m->child)
            main_shut_down(m, SERVER_FAST);
        return;
    default:
        return;
    }
}

static void on_child(evutil_socket_t signal, short what, void *arg)
{
    struct main_process *m = arg;
    int status;
    (void)signal;
    (void)what;
    if (!m->child || waitpid(m->child, &status, WNOHANG) != m->child)
        return;
    m->child = 0;
    m->status = run_exit_status(status);
    server_shut_down(m->server, SERVER_FAST);
}

/* While shutting down: ends the main loop with the last connection. */
static void on_connection_gone(evutil_socket_t fd, short what, void *arg)
{
    struct main_process *m = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0)
        return;
    if (atomic_load(&m->server->shutdown) != SERVER_RUNNING &&
        atomic_load(&m->server->connections) == 0)
        event_base_loopbreak(m->server->base);
}

static bool main_set(struct main_process *m, const char *name, const char *value)
{
    return !value || pg_engine_set(m->engine, name, value, &m->err);
}

/* Engine first, so that its settings decide the rest. */
static bool main_create_engine(struct main_process *m)
{
    struct pg_engine_options options = {.path = m->options.path,
                                        .config_file = m->options.config_file,
                                        .settings = m->options.settings};
    m->engine = pg_engine_create(&options, &m->err);
    if (!m->engine)
        return false;
    return main_set(m, "listen_addresses", m->options.listen) &&
           main_set(m, "unix_socket_directories", m->options.socket_dir);
}

static bool main_listen(struct main_process *m)
{
    char port[16];
    int wanted = config_int(m->engine, "port", 5432);
    if (m->options.port)
        wanted = atoi(m->options.port);
    else if (m->options.run)
        wanted = 0;
    m->listeners = listener_open(
        m->server, config_string(m->engine, "listen_addresses", MAIN_DEFAULT_LISTEN), wanted,
        config_string(m->engine, "unix_socket_directories", ""), server_is_secured(m->server), &m->err);
    if (!m->listeners)
        return false;
    snprintf(port, sizeof(port), "%d", listener_port(m->listeners));
    return main_set(m, "port", port);
}

static bool main_start_child(struct main_process *m)
{
    struct run_target target = {.host = listener_host(m->listeners),
                                .port = listener_port(m->listeners),
                                .database = pg_engine_database(m->engine),
                                .user = MAIN_RUN_USER};
    pid_t child = run_start(m->options.run, &target, &m->err);
    if (child < 0)
        return false;
    m->child = child;
    return true;
}

static void main_print_ready(struct main_process *m)
{
    const char *path = pg_engine_path(m->engine), *slash = strrchr(path, '/');
    printf("pgfeather: ready on %s, database %s (%s)\n", listener_name(m->listeners),
           pg_engine_database(m->engine), slash && slash[1] ? slash + 1 : path);
    fflush(stdout);
    supervisor_notify("READY=1");
}

/* Runs until told to stop; the server has no connections left then. */
static void main_serve(struct main_process *m)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT};
    struct event *events[6];
    int n = 0;
    struct event_base *base = m->server->base;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        events[n++] = evsignal_new(base, signals[i], on_signal, m);
    events[n++] = evsignal_new(base, SIGCHLD, on_child, m);
    events[n++] = event_new(base, m->server->gone_fd, EV_READ | EV_PERSIST, on_connection_gone, m);
    for (int i = 0; i < n; i++)
        if (!events[i] || event_add(events[i], NULL) != 0)
            log_fatal("could not watch for signals");
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    bool started = true;
    if (m->options.run)
        started = main_start_child(m);
    else
        main_print_ready(m);
    if (!started) {
        main_fail(&m->err);
        m->status = 127; /* as a shell has it */
        server_shut_down(m->server, SERVER_FAST);
    }
    event_base_dispatch(base);
    for (int i = 0; i < n; i++)
        event_free(events[i]);
}

static void main_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A start that was refused leaves no new file behind. */
static void main_forget_file(const char *path)
{
    static const char *const ends[] = {"-wal", "-shm", ""};
    char name[4096];
    struct stat st;
    if (!path || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (snprintf(name, sizeof(name), "%s%s", path, ends[i]) < (int)sizeof(name))
            unlink(name);
}

static int main_run(struct main_process *m)
{
    sigset_t all;
    bool existed = m->options.path && access(m->options.path, F_OK) == 0;
    main_raise_descriptors();
    signal(SIGPIPE, SIG_IGN);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL); /* inherited by every thread from here on */
    m->arena = arena_create();
    error_init(&m->err, m->arena);
    bool ok = main_create_engine(m) && (m->server = server_create(m->engine, &m->err)) != NULL &&
              main_listen(m) && supervisor_write_pid(config_string(m->engine, "external_pid_file", ""), &m->err);
    if (ok)
        main_serve(m);
    else
        m->status = main_fail(&m->err);
    if (ok)
        supervisor_remove_pid(config_string(m->engine, "external_pid_file", ""));
    if (m->listeners)
        listener_close(m->listeners);
    if (m->server)
        server_destroy(m->server);
    bool refused = m->engine && !ok; /* the file is ours: the engine had its lock */
    if (m->engine)
        pg_engine_destroy(m->engine);
    if (refused && !existed)
        main_forget_file(m->options.path);
    arena_destroy(m->arena);
    return m->status;
}

int main(int argc, char **argv)
{
    struct main_process m = {0};
    int status = 0;
    switch (options_parse(argc, argv, &m.options)) {
    case OPTIONS_SERVE:
        status = main_run(&m);
        break;
    case OPTIONS_HEALTHCHECK:
        status = healthcheck_run(m.options.listen ? m.options.listen : MAIN_DEFAULT_LISTEN,
                                 m.options.port ? m.options.port : "5432")
                     ? 0
                     : 1;
        break;
    case OPTIONS_EXIT_OK:
        break;
    case OPTIONS_EXIT_BAD:
        status = 2;
        break;
    }
    options_free(&m.options);
    return status;
}
