/*
 * test_server.c: the server with its real engine, at the edge between process and file: the ready
 * line, database names, roles with passwords, files that cannot be served, a second server, cancel,
 * kill and restart, a result of a million rows. Usage: test_server SERVER
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/proto/harness.h"

static const char *in_scratch(const char *name)
{
    static char paths[8][160];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, 160, "%s/%s", scratch_directory(), name);
    return path;
}

static PGconn *login(const struct test_server *s, const char *options)
{
    char conninfo[512];
    snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%d %s", s->port, options);
    return PQconnectdb(conninfo);
}

/* The single value of a query, or its error. */
static void expect(PGconn *conn, const char *sql, const char *expected)
{
    char got[512];
    PGresult *r = PQexec(conn, sql);
    snprintf(got, sizeof(got), "%.500s",
             PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) ? PQgetvalue(r, 0, 0)
             : PQresultStatus(r) == PGRES_FATAL_ERROR
                 ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY)
                 : PQcmdStatus(r));
    check_text(sql, got, expected);
    PQclear(r);
}

static void expect_login(const struct test_server *s, const char *options, const char *expected)
{
    PGconn *conn = login(s, options);
    if (PQstatus(conn) == CONNECTION_OK)
        expect(conn, "SELECT current_user", expected);
    else
        check(strstr(PQerrorMessage(conn), expected) != NULL, "%s: %s", options,
              PQerrorMessage(conn));
    PQfinish(conn);
}

static void test_databases(const char *server)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", in_scratch("app.db"), NULL}))
        return;
    expect_login(&s, "user=postgres dbname=app", "postgres");
    expect_login(&s, "user=postgres dbname=postgres", "postgres");
    expect_login(&s, "user=postgres", "postgres");
    expect_login(&s, "user=postgres dbname=other", "FATAL:  database \"other\" does not exist");
    struct strbuf out = {0};
    int status =
        program_run((const char *[]){server, "--port", "0", in_scratch("app.db"), NULL}, &out);
    check(status == 1 && strstr(out.data, "already served by another pgfeather"),
          "a second server: status %d, %s", status, out.data);
    strbuf_free(&out);
    check(server_stop(&s, SIGTERM) == 0, "ends with status 0");
}

static void test_files(const char *server)
{
    static const struct {
        const char *name, *content, *expected;
    } cases[] = {
        {"text.db", "this is not an SQLite file, but some text that is longer than a header",
         "not an SQLite database"},
        {"missing/app.db", NULL, "No such file or directory"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = in_scratch(cases[i].name);
        struct strbuf out = {0};
        FILE *f = cases[i].content ? fopen(path, "w") : NULL;
        if (f) {
            fputs(cases[i].content, f);
            fclose(f);
        }
        int status = program_run((const char *[]){server, "--port", "0", path, NULL}, &out);
        check(status == 1 && strstr(out.data, cases[i].expected), "%s: status %d, %s",
              cases[i].name, status, out.data);
        strbuf_free(&out);
    }
}

static void test_passwords(const char *server)
{
    struct test_server s;
    const char *file = in_scratch("roles.db");
    if (!server_start(&s, (const char *[]){server, "--port", "0", file, NULL}))
        return;
    PGconn *conn = login(&s, "user=postgres");
    expect(conn, "CREATE ROLE alice LOGIN PASSWORD 'wonder''land'", "CREATE ROLE");
    expect(conn, "CREATE ROLE nologin PASSWORD 'x'", "CREATE ROLE");
    expect(conn, "CREATE ROLE late LOGIN PASSWORD 'x' VALID UNTIL '2001-01-01'", "CREATE ROLE");
    PQfinish(conn);
    server_stop(&s, SIGINT);
    if (!server_start(
            &s, (const char *[]){server, "--port", "0", "-c", "auth=scram-sha-256", file, NULL}))
        return;
    expect_login(&s, "user=alice password=wonder'land dbname=roles", "alice");
    expect_login(&s, "user=alice password=wonderland dbname=roles",
                 "FATAL:  password authentication failed for user \"alice\"");
    expect_login(&s, "user=bob password=x dbname=roles",
                 "FATAL:  password authentication failed for user \"bob\"");
    expect_login(&s, "user=late password=x dbname=roles",
                 "FATAL:  password authentication failed for user \"late\"");
    expect_login(&s, "user=nologin password=x dbname=roles",
                 "FATAL:  role \"nologin\" is not permitted to log in");
    check(server_stop(&s, SIGINT) == 0, "ends with status 0");
}

/* What was acknowledged is there after kill -9. */
static void test_kill(const char *server)
{
    struct test_server s;
    const char *file = in_scratch("kill.db");
    if (!server_start(&s, (const char *[]){server, "--port", "0", file, NULL}))
        return;
    PGconn *conn = login(&s, "user=postgres"), *open = login(&s, "user=postgres");
    expect(conn, "CREATE TABLE t (n int PRIMARY KEY)", "CREATE TABLE");
    for (int i = 0; i < 100; i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%d)", i);
        PQclear(PQexec(conn, sql));
    }
    expect(open, "BEGIN", "BEGIN");
    expect(open, "INSERT INTO t VALUES (1000)", "INSERT 0 1");
    check(server_stop(&s, SIGKILL) == 137, "killed");
    PQfinish(conn);
    PQfinish(open);
    if (!server_start(&s, (const char *[]){server, "--port", "0", file, NULL}))
        return;
    conn = login(&s, "user=postgres");
    expect(conn, "SELECT count(*) || ' ' || max(n) FROM t", "100 99");
    PQfinish(conn);
    check(server_stop(&s, SIGINT) == 0, "ends with status 0");
}

static long server_memory(const struct test_server *s)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        sscanf(line, "VmRSS: %ld kB", &kb);
    if (f)
        fclose(f);
    return kb;
}

/* A million rows stream through; the server stays below 64 MB. Others are served meanwhile. */
static void test_stream(const char *server)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", in_scratch("big.db"), NULL}))
        return;
    PGconn *conn = login(&s, "user=postgres"), *other = login(&s, "user=postgres");
    long rows = 0, peak = 0;
    PQsendQuery(conn, "SELECT g, repeat('x', 100) FROM generate_series(1, 1000000) g");
    PQsetSingleRowMode(conn);
    for (PGresult *r; (r = PQgetResult(conn)); PQclear(r)) {
        if (PQresultStatus(r) != PGRES_SINGLE_TUPLE)
            continue;
        if (++rows % 100000 == 0) {
            long now = server_memory(&s);
            peak = now > peak ? now : peak;
            expect(other, "SELECT 'served'", "served");
        }
    }
    check(rows == 1000000, "%ld rows", rows);
    check(peak < 64 * 1024, "the server took %ld kB", peak);
    PQfinish(conn);
    PQfinish(other);
    check(server_stop(&s, SIGINT) == 0, "ends with status 0");
}

/* Fast shutdown ends running and waiting statements. */
static void test_fast(const char *server)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", in_scratch("fast.db"), NULL}))
        return;
    PGconn *holder = login(&s, "user=postgres"), *waiter = login(&s, "user=postgres");
    PGconn *runner = login(&s, "user=postgres");
    expect(holder, "CREATE TABLE t (n int)", "CREATE TABLE");
    expect(holder, "BEGIN", "BEGIN");
    expect(holder, "INSERT INTO t VALUES (1)", "INSERT 0 1");
    PQsendQuery(waiter, "INSERT INTO t VALUES (2)");
    PQsendQuery(runner, "SELECT count(*) FROM generate_series(1, 100000000000) g WHERE g % 7 = 9");
    expect(holder, "SELECT count(*) FROM t", "1");
    check(server_stop(&s, SIGINT) == 0,
          "fast shutdown with statements under way ends with status 0");
    PQfinish(holder);
    PQfinish(waiter);
    PQfinish(runner);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    test_databases(argv[1]);
    test_files(argv[1]);
    test_passwords(argv[1]);
    test_kill(argv[1]);
    test_fast(argv[1]);
    test_stream(argv[1]);
    return check_summary();
}
