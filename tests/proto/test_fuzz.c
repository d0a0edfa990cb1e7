/*
 * test_fuzz.c: conversations cut short at every byte, with bytes changed, and random messages, from
 * a fixed seed. The server must live, keep its memory, and serve the next client. Usage: test_fuzz
 * SERVER [ROUNDS [SEED]]
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/proto/harness.h"

static const char *const scripts[] = {
    "Q rows 2;echo\nQ notice x\nS",
    "P a|echo\nD S a\nB p|a|one|\\N|three\nD P p\nE p 1\nH\nC P p\nC S a\nS",
    "Q copyin\nd some data\\n\nd more\nc\nQ rows 1",
    "P |copyin\nB |\nE  0\nd bad\\n\nf oops\nS\nF 1598 abc",
    "Q work 3\nQ begin\nQ fail 22012 text\nQ commit\nQ copyout 3\nX",
};

static uint64_t state;

/* Marsaglia's xorshift64*. */
static uint32_t next_random(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 2685821657736338717u) >> 32);
}

static void startup(struct strbuf *b)
{
    wire_startup_packet(b, 3 << 16, (const char *[]){"user", "me", "database", "db", NULL});
}

/* Sends the bytes and reads until the server closes. */
static void converse(const struct test_server *s, const char *p, size_t n)
{
    struct wire w = wire_open(s);
    char sink[65536];
    wire_send(&w, p, n);
    shutdown(w.fd, SHUT_WR);
    while (recv(w.fd, sink, sizeof(sink), 0) > 0)
        ;
    wire_close(&w);
}

static void check_alive(const struct test_server *s, const char *after)
{
    struct wire w = wire_login(s);
    wire_script(&w, "Q rows 1");
    char *got = wire_read(&w, 1);
    check_text(after, got, "T(n,t) D(1,x) C(SELECT 1) Z(I)");
    free(got);
    wire_close(&w);
}

static void fuzz_truncated(const struct test_server *s, const struct strbuf *b)
{
    for (size_t n = 0; n <= b->len; n++)
        converse(s, b->data, n);
    check_alive(s, "after truncated conversations");
}

static void fuzz_changed(const struct test_server *s, const struct strbuf *b, int rounds)
{
    char *copy = malloc(b->len);
    for (int i = 0; i < rounds; i++) {
        memcpy(copy, b->data, b->len);
        for (uint32_t k = 1 + next_random() % 4; k; k--)
            copy[next_random() % b->len] = (char)next_random();
        converse(s, copy, b->len);
    }
    free(copy);
    check_alive(s, "after changed bytes");
}

/* Messages with right frames and random bodies. */
static void fuzz_bodies(const struct test_server *s, int rounds)
{
    static const char letters[] = "QPBDECHSFdcfX";
    struct strbuf b = {0};
    for (int i = 0; i < rounds; i++) {
        strbuf_clear(&b);
        startup(&b);
        if (i % 4 == 0)
            wire_encode(&b, "Q copyin");
        for (int k = 0; k < 8; k++) {
            uint32_t n = next_random() % 40;
            strbuf_addc(&b, letters[next_random() % (sizeof(letters) - 1)]);
            strbuf_add_i32(&b, (int32_t)n + 4);
            while (n--)
                strbuf_addc(&b,
                            next_random() % 3 ? (char)(next_random() % 4) : (char)next_random());
        }
        converse(s, b.data, b.len);
    }
    strbuf_free(&b);
    check_alive(s, "after random bodies");
}

int main(int argc, char **argv)
{
    struct test_server s;
    int rounds = argc > 2 ? atoi(argv[2]) : 300;
    state = argc > 3 ? strtoull(argv[3], NULL, 10) | 1 : 20231;
    if (argc < 2 || !server_start(&s, (const char *[]){argv[1], "--port", "0", "test.db", NULL}))
        return check_summary() | 1;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct strbuf b = {0};
        startup(&b);
        wire_encode(&b, scripts[i]);
        fuzz_truncated(&s, &b);
        fuzz_changed(&s, &b, rounds);
        strbuf_free(&b);
    }
    fuzz_bodies(&s, rounds * 3);
    check(server_stop(&s, SIGINT) == 0, "the server ends with status 0");
    return check_summary();
}
