/*
 * test_flow.c: several connections, and what takes time: waiting for locks, workers, cancel,
 * notifications, back-pressure, pipelines of thousands. Nothing here depends on timing: each step
 * waits for an answer. Usage: test_flow SERVER
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/proto/harness.h"

static void expect(struct wire *w, const char *name, const char *script, int ready,
                   const char *expected)
{
    wire_script(w, script);
    char *got = wire_read(w, ready);
    check_text(name, got, expected);
    free(got);
}

/* The server's resident memory in kB. */
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

/* A parked session is woken by another one, and nobody else waits for it. */
static void test_lock(const struct test_server *s)
{
    struct wire a = wire_login(s), b = wire_login(s), c = wire_login(s);
    wire_script(&a, "Q notice waits;lock one;rows 1\nQ rows 0");
    char *got = wire_read_until(&a, 'C');
    check_text("a parked session's notice comes at once", got, "N(NOTICE 00000 waits) C(NOTICE)");
    free(got);
    expect(&b, "others go on", "Q rows 1", 1, "T(n,t) D(1,x) C(SELECT 1) Z(I)");
    expect(&c, "unlock", "Q unlock one", 1, "C(UNLOCK) Z(I)");
    expect(&a, "the parked session goes on", "", 2,
           "C(LOCK) T(n,t) D(1,x) C(SELECT 1) Z(I) T(n,t) C(SELECT 0) Z(I)");
    wire_close(&a);
    wire_close(&b);
    wire_close(&c);
}

static struct wire login_with_key(const struct test_server *s)
{
    struct wire w = wire_open(s);
    struct strbuf packet = {0};
    w.show_status = true;
    wire_startup_packet(&packet, 3 << 16, (const char *[]){"user", "me", NULL});
    wire_send(&w, packet.data, packet.len);
    free(wire_read(&w, 1));
    strbuf_free(&packet);
    return w;
}

static void cancel(const struct test_server *s, int pid, int key)
{
    struct wire w = wire_open(s);
    struct strbuf packet = {0};
    strbuf_add_i32(&packet, 16);
    strbuf_add_i32(&packet, 80877102);
    strbuf_add_i32(&packet, pid);
    strbuf_add_i32(&packet, key);
    wire_send(&w, packet.data, packet.len);
    char *got = wire_finish(&w);
    check_text("a cancel request has no answer", got, "EOF");
    free(got);
    strbuf_free(&packet);
    wire_close(&w);
}

static const char cancelled[] = "E(ERROR 57014 canceling statement due to user request) Z(I)";

/* CancelRequest ends a running and a parked statement; the connection stays usable. */
static void test_cancel(const struct test_server *s)
{
    static const char *const commands[] = {"Q notice x;sleep", "Q notice x;lock forever"};
    for (size_t i = 0; i < 2; i++) {
        struct wire w = login_with_key(s);
        wire_script(&w, commands[i]);
        free(wire_read_until(&w, 'C'));
        cancel(s, w.pid, w.key + 1);
        cancel(s, w.pid, w.key);
        expect(&w, "cancelled", "", 1, cancelled);
        expect(&w, "usable after cancel", "Q rows 0", 1, "T(n,t) C(SELECT 0) Z(I)");
        wire_close(&w);
    }
}

/* More sleeping statements than event loops: a statement on a worker stalls nobody. */
static void test_workers(const struct test_server *s)
{
    enum { SLEEPERS = 6 };
    struct wire sleepers[SLEEPERS];
    for (size_t i = 0; i < SLEEPERS; i++) {
        sleepers[i] = login_with_key(s);
        wire_script(&sleepers[i], "Q notice x;sleep");
        free(wire_read_until(&sleepers[i], 'C'));
    }
    for (int i = 0; i < 4; i++) {
        struct wire other = wire_login(s);
        expect(&other, "beside sleepers", "Q work 1", 1, "T(n,t) D(1,x) C(SELECT 1) Z(I)");
        wire_close(&other);
    }
    for (size_t i = 0; i < SLEEPERS; i++) {
        cancel(s, sleepers[i].pid, sleepers[i].key);
        expect(&sleepers[i], "a sleeper is cancelled", "", 1, cancelled);
        wire_close(&sleepers[i]);
    }
}

static void test_notifications(const struct test_server *s)
{
    struct wire a = wire_login(s), b = wire_login(s);
    expect(&b, "notify", "Q notify hello", 1, "C(NOTIFY) Z(I)");
    char *got = wire_read_until(&a, 'A');
    check_text("an idle session is told", got, "A(channel:hello)");
    free(got);
    expect(&a, "and goes on", "Q rows 0", 1, "T(n,t) C(SELECT 0) Z(I)");
    wire_close(&a);
    wire_close(&b);
}

/* Reads n bytes of whatever. */
static void swallow(struct wire *w, size_t n)
{
    char buf[65536];
    while (n) {
        ssize_t r = read(w->fd, buf, n < sizeof(buf) ? n : sizeof(buf));
        if (r <= 0)
            break;
        n -= (size_t)r;
    }
}

/* 200 MB to a client that does not read: the server must not keep them. Each row is 1000 + 20 bytes
 * or so. */
static void test_back_pressure(const struct test_server *s, const char *query)
{
    struct wire a = wire_login(s), b = wire_login(s);
    long before = server_memory(s);
    wire_script(&a, query);
    swallow(&a, 1000 * 1000);
    for (int i = 0; i < 200; i++) {
        wire_script(&b, "Q rows 1");
        free(wire_read(&b, 1));
    }
    long grown = server_memory(s) - before;
    check(grown < 16 * 1024, "%s: memory grew by %ld kB", query, grown);
    swallow(&a, 200 * 1000 * 1000);
    char tail[64] = "";
    size_t n = 0;
    struct pollfd p = {.fd = a.fd, .events = POLLIN};
    while (poll(&p, 1, 60000) == 1) {
        char buf[65536];
        ssize_t r = read(a.fd, buf, sizeof(buf));
        if (r <= 0)
            break;
        n = (size_t)r < 6 ? (size_t)r : 6;
        memcpy(tail, buf + r - n, n);
        if (n == 6 && memcmp(tail, "Z\0\0\0\5I", 6) == 0)
            break;
    }
    check(memcmp(tail, "Z\0\0\0\5I", 6) == 0, "%s: comes to its end", query);
    expect(&a, "usable after back-pressure", "Q rows 0", 1, "T(n,t) C(SELECT 0) Z(I)");
    wire_close(&a);
    wire_close(&b);
}

/* Drivers send thousands of Bind and Execute before one Sync. */
static void test_pipeline(const struct test_server *s)
{
    struct wire w = wire_login(s);
    struct strbuf script = {0};
    const int n = 5000;
    strbuf_addz(&script, "P s|begin\n");
    for (int i = 0; i < n; i++)
        strbuf_addz(&script, i % 100 == 50 ? "B |s\nE  0\nS\n" : "B |s\nE  0\n");
    strbuf_addz(&script, "S");
    wire_script(&w, script.data);
    char *got = wire_read(&w, n / 100 + 1);
    int binds = 0, completes = 0, ready = 0;
    for (const char *p = got; *p; p++) {
        binds += p[0] == '2';
        completes += strncmp(p, "C(BEGIN)", 8) == 0;
        ready += strncmp(p, "Z(T)", 4) == 0;
    }
    check(binds == n && completes == n && ready == n / 100 + 1,
          "pipeline: %d binds, %d completions, %d ready of %d", binds, completes, ready, n);
    free(got);
    strbuf_free(&script);
    wire_close(&w);
}

/* A large message comes through whole; a claimed length alone takes no memory. */
static void test_large(const struct test_server *s)
{
    enum { N = 30 * 1000 * 1000 };
    struct wire w = wire_login(s), liars[20];
    struct strbuf b = {0};
    strbuf_addc(&b, 'd');
    strbuf_add_i32(&b, N + 4);
    memset(strbuf_reserve(&b, N), 'x', N);
    b.len += N;
    wire_script(&w, "Q copyin");
    free(wire_read_until(&w, 'G'));
    wire_send(&w, b.data, b.len);
    expect(&w, "a large message", "c", 1, "C(COPY 30000000) Z(I)");
    strbuf_free(&b);
    wire_close(&w);
    long before = server_memory(s);
    for (int i = 0; i < 20; i++) {
        liars[i] = wire_login(s);
        wire_script(&liars[i], "Q rows 0\n= 51 3fffffff 61 61 61 61");
        free(wire_read(&liars[i], 1));
    }
    long grown = server_memory(s) - before;
    check(grown < 16 * 1024, "claimed lengths: memory grew by %ld kB", grown);
    for (int i = 0; i < 20; i++)
        wire_close(&liars[i]);
}

/* Clients that leave in the middle of everything. */
static void test_leavers(const struct test_server *s)
{
    static const char *const scripts[] = {"Q sleep",
                                          "Q lock gone",
                                          "Q copyin\nd x",
                                          "Q work 1000000 100",
                                          "Q rows 1000000 100",
                                          "P |rows 1\nB |\nE  0",
                                          "Q begin"};
    for (int round = 0; round < 5; round++)
        for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
            struct wire w = wire_login(s);
            wire_script(&w, scripts[i]);
            wire_close(&w);
        }
    struct wire w = wire_login(s);
    expect(&w, "after leavers", "Q unlock gone\nQ rows 0", 2,
           "C(UNLOCK) Z(I) T(n,t) C(SELECT 0) Z(I)");
    wire_close(&w);
}

int main(int argc, char **argv)
{
    struct test_server s;
    if (argc != 2 ||
        !server_start(&s, (const char *[]){argv[1], "--port", "0", "-c", "event_loops=2", "-c",
                                           "worker_threads=8", "test.db", NULL}))
        return check_summary() | 1;
    test_lock(&s);
    test_cancel(&s);
    test_workers(&s);
    test_notifications(&s);
    test_pipeline(&s);
    test_back_pressure(&s, "Q rows 200000 1000");
    test_back_pressure(&s, "Q work 200000 1000");
    test_large(&s);
    test_leavers(&s);
    check(server_stop(&s, SIGINT) == 0, "the server ends with status 0");
    return check_summary();
}
