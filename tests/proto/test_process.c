/* test_process.c: the process: command line, signals, --run, Unix sockets. Usage: test_process
 * SERVER */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/proto/harness.h"

static void expect_run(const char *name, const char *const *argv, int status, const char *expected)
{
    struct strbuf out = {0};
    strbuf_addz(&out, "");
    int got = program_run(argv, &out);
    check(got == status && strstr(out.data, expected), "%s: status %d (expected %d), \"%s\"", name,
          got, status, out.data);
    strbuf_free(&out);
}

static void test_command_line(const char *server)
{
    expect_run("version", (const char *[]){server, "--version", NULL}, 0, "pgfeather ");
    expect_run("help", (const char *[]){server, "--help", NULL}, 0, "--socket-dir DIR");
    expect_run("no file", (const char *[]){server, NULL}, 2,
               "FILE.db or DIRECTORY to serve is missing");
    expect_run("two files", (const char *[]){server, "a.db", "b.db", NULL}, 2, "only one");
    expect_run("unknown option", (const char *[]){server, "--nope", "a.db", NULL}, 2, "--help");
    expect_run("bad port", (const char *[]){server, "--port", "70000", "a.db", NULL}, 2,
               "--port must be from 0 to 65535");
    expect_run("bad setting", (const char *[]){server, "-c", "x", "a.db", NULL}, 2,
               "-c requires NAME=VALUE");
    expect_run("run without file", (const char *[]){server, "--run", "true", NULL}, 2,
               "name FILE.db before it");
    expect_run("run without command", (const char *[]){server, "a.db", "--run", NULL}, 2,
               "--run requires a COMMAND");
    expect_run("no server", (const char *[]){server, "--healthcheck", "--port", "1", NULL}, 1,
               "no server at 127.0.0.1 port 1");
}

static void test_run(const char *server)
{
    const char *shell = "/bin/sh";
    expect_run("environment",
               (const char *[]){server, "dir/app.db", "--run", shell, "-c",
                                "echo $PGHOST $PGDATABASE $PGUSER; test $DATABASE_URL = "
                                "postgresql://postgres@127.0.0.1:$PGPORT/app && echo same",
                                NULL},
               0, "127.0.0.1 app postgres\nsame\n");
    expect_run("status", (const char *[]){server, "a.db", "--run", shell, "-c", "exit 7", NULL}, 7,
               "");
    expect_run("killed", (const char *[]){server, "a.db", "--run", shell, "-c", "kill -9 $$", NULL},
               137, "");
    expect_run("not found", (const char *[]){server, "a.db", "--run", "/no/such/program", NULL},
               127, "could not run \"/no/such/program\"");
    expect_run("another address",
               (const char *[]){server, "--listen", "127.0.0.2", "a.db", "--run", shell, "-c",
                                "echo $PGHOST", NULL},
               0, "127.0.0.2");
    expect_run("an address without passwords is refused, and leaves no file",
               (const char *[]){shell, "-c", "\"$0\" --listen 0.0.0.0 --port 0 fresh.db; test -e fresh.db || echo none", server, NULL}, 0, "none");
    struct strbuf url = {0};
    strbuf_printf(&url,
                  "postgresql://postgres@/a?host=%%2Ftmp%%2F%s&port=", scratch_directory() + 5);
    expect_run("Unix socket only",
               (const char *[]){server, "--listen", "", "--socket-dir", scratch_directory(), "a.db",
                                "--run", shell, "-c", "echo $DATABASE_URL", NULL},
               0, url.data);
    strbuf_free(&url);
    struct strbuf script = {0};
    strbuf_printf(&script, "%s --healthcheck --port $PGPORT && echo healthy", server);
    expect_run("healthy", (const char *[]){server, "a.db", "--run", shell, "-c", script.data, NULL},
               0, "healthy");
    strbuf_free(&script);
}

static void expect_end(struct wire *w, const char *name, const char *expected)
{
    char *got = wire_read(w, 99);
    check_text(name, got, expected);
    free(got);
    wire_close(w);
}

static const char admin_shutdown[] =
    "E(FATAL 57P01 terminating connection due to administrator command) EOF";

/* Smart: sessions go on, newcomers are refused, the server ends with the last session. */
static void test_smart(const char *server)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", "a.db", NULL}))
        return;
    struct wire w = wire_login(&s);
    kill(s.pid, SIGTERM);
    struct strbuf packet = {0};
    wire_startup_packet(&packet, 3 << 16, (const char *[]){"user", "me", NULL});
    char *got = NULL;
    do { /* the signal is on its way */
        struct wire late = wire_open(&s);
        wire_send(&late, packet.data, packet.len);
        free(got);
        got = wire_finish(&late);
        wire_close(&late);
    } while (strncmp(got, "R(0)", 4) == 0);
    check_text("a newcomer", got, "E(FATAL 57P03 the database system is shutting down) EOF");
    free(got);
    strbuf_free(&packet);
    wire_script(&w, "Q rows 0");
    got = wire_read(&w, 1);
    check_text("a session goes on", got, "T(n,t) C(SELECT 0) Z(I)");
    free(got);
    wire_close(&w);
    check(server_stop(&s, 0) == 0, "smart shutdown ends with status 0");
}

/* Fast: idle, parked, running, copying and unauthenticated connections are told and closed. */
static void test_fast(const char *server, int first, int second)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", "a.db", NULL}))
        return;
    struct wire idle = wire_login(&s), parked = wire_login(&s), running = wire_login(&s);
    struct wire copying = wire_login(&s), half = wire_login(&s), fresh = wire_open(&s);
    wire_script(&parked, "Q notice x;lock forever");
    free(wire_read_until(&parked, 'C'));
    wire_script(&running, "Q notice x;sleep");
    free(wire_read_until(&running, 'C'));
    wire_script(&copying, "Q copyin");
    free(wire_read_until(&copying, 'G'));
    wire_script(&half, "P |rows 1\nH");
    free(wire_read_until(&half, '1'));
    wire_script(&fresh, "= 0000000804d2162f");
    char n = 0;
    check(recv(fresh.fd, &n, 1, 0) == 1 && n == 'N', "SSL is refused");
    kill(s.pid, first);
    if (second)
        kill(s.pid, second);
    expect_end(&idle, "fast: idle", admin_shutdown);
    expect_end(&parked, "fast: parked", admin_shutdown);
    expect_end(&running, "fast: running", admin_shutdown);
    expect_end(&copying, "fast: copying", admin_shutdown);
    expect_end(&half, "fast: before Sync", admin_shutdown);
    expect_end(&fresh, "fast: not authenticated", admin_shutdown);
    check(server_stop(&s, 0) == 0, "fast shutdown ends with status 0");
}

static void test_immediate(const char *server)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", "a.db", NULL}))
        return;
    struct wire w = wire_login(&s);
    wire_script(&w, "Q notice x;sleep");
    free(wire_read_until(&w, 'C'));
    check(server_stop(&s, SIGQUIT) == 1, "immediate shutdown ends with status 1");
    wire_close(&w);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void test_unix_socket(const char *server)
{
    struct test_server s, again;
    char path[256], lock[280], port[16];
    const char *dir = scratch_directory();
    if (!server_start(&s, (const char *[]){server, "--port", "0", "-c",
                                           "unix_socket_directories=/nowhere", "--socket-dir", dir,
                                           "a.db", NULL}))
        return;
    snprintf(path, sizeof(path), "%s/.s.PGSQL.%d", dir, s.port);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    snprintf(port, sizeof(port), "%d", s.port);
    struct wire w = {.fd = connect_unix(path)};
    check(w.fd >= 0, "the socket %s answers", path);
    struct strbuf packet = {0};
    wire_startup_packet(&packet, 3 << 16, (const char *[]){"user", "me", NULL});
    wire_send(&w, packet.data, packet.len);
    free(wire_read(&w, 1));
    wire_script(&w, "Q whoami");
    char *got = wire_read(&w, 1);
    check_text("by the Unix socket", got, "T(t) D(me@ plain) C(SELECT 1) Z(I)");
    free(got);
    wire_close(&w);
    strbuf_free(&packet);
    expect_run("the same port again", (const char *[]){server, "--port", port, "b.db", NULL}, 1,
               "Is another server already running on port");
    expect_run(
        "the same socket again",
        (const char *[]){server, "--listen", "", "--port", port, "--socket-dir", dir, "b.db", NULL},
        1, "already exists");
    /* kill -9 leaves socket and lock behind; the next server takes them over */
    check(server_stop(&s, SIGKILL) == 137, "killed");
    check(access(path, F_OK) == 0 && access(lock, F_OK) == 0, "socket and lock are left behind");
    if (server_start(&again,
                     (const char *[]){server, "--port", port, "--socket-dir", dir, "a.db", NULL})) {
        w.fd = connect_unix(path);
        check(w.fd >= 0, "a stale socket is replaced");
        close(w.fd);
        check(server_stop(&again, SIGINT) == 0, "ends with status 0");
    }
    check(access(path, F_OK) != 0 && access(lock, F_OK) != 0, "socket and lock are removed");
}

static void test_too_many(const char *server)
{
    enum { N = 2 * 3 + 16 };
    struct wire w[N];
    struct test_server s;
    if (!server_start(
            &s, (const char *[]){server, "--port", "0", "-c", "max_connections=3", "a.db", NULL}))
        return;
    for (int i = 0; i < N; i++)
        w[i] = wire_login(&s);
    struct wire more = wire_open(&s);
    expect_end(&more, "too many", "E(FATAL 53300 sorry, too many clients already) EOF");
    for (int i = 0; i < N; i++)
        wire_close(&w[i]);
    check(server_stop(&s, SIGINT) == 0, "ends with status 0");
}

static void test_authentication_timeout(const char *server)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", "-c", "authentication_timeout=1s",
                                           "-c", "auth=scram-sha-256", "a.db", NULL}))
        return;
    struct wire silent = wire_open(&s), slow = wire_open(&s);
    struct strbuf packet = {0};
    wire_startup_packet(&packet, 3 << 16, (const char *[]){"user", "alice", NULL});
    wire_send(&slow, packet.data, packet.len);
    strbuf_free(&packet);
    expect_end(&silent, "a silent client", "EOF");
    expect_end(&slow, "a client without answer",
               "R(10) E(FATAL 57014 canceling authentication due to timeout) EOF");
    check(server_stop(&s, SIGINT) == 0, "ends with status 0");
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    test_command_line(argv[1]);
    test_run(argv[1]);
    test_smart(argv[1]);
    test_fast(argv[1], SIGINT, 0);
    test_fast(argv[1], SIGTERM, SIGINT);
    test_immediate(argv[1]);
    test_unix_socket(argv[1]);
    test_too_many(argv[1]);
    test_authentication_timeout(argv[1]);
    return check_summary();
}
