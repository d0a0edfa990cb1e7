/* test_messages.c: single connections, message by message: legal flows, malformed messages,
   startup. The texts of errors are PostgreSQL 15's. Usage: test_messages SERVER */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/proto/harness.h"

struct message_case {
    const char *name, *script, *expected;
};

static const struct message_case message_cases[] = {
    /* simple */
    {"query", "Q rows 2", "T(n,t) D(1,x) D(2,x) C(SELECT 2) Z(I) EOF"},
    {"several statements", "Q rows 1;begin;rows 0",
     "T(n,t) D(1,x) C(SELECT 1) C(BEGIN) T(n,t) C(SELECT 0) Z(T) EOF"},
    {"an error ends the query", "Q rows 1;nonsense;rows 1",
     "T(n,t) D(1,x) C(SELECT 1) E(ERROR 42601 no such command) Z(I) EOF"},
    {"an error in a transaction", "Q begin\nQ nonsense",
     "C(BEGIN) Z(T) E(ERROR 42601 no such command) Z(E) EOF"},
    {"empty query", "Q ", "I Z(I) EOF"},
    {"every error field", "Q fail 22012 text",
     "E(ERROR 22012 text D:the detail H:the hint W:the context s:the schema t:the table c:the column d:the type "
     "n:the constraint P:3 p:5 q:the inner query) Z(I) EOF"},
    {"notice", "Q notice take care", "N(NOTICE 00000 take care) C(NOTICE) Z(I) EOF"},
    {"fatal", "Q fatal the end\nQ rows 1", "E(ERROR XX000 the end) EOF"},
    {"function call", "F 1598 abc", "V(abc) Z(I) EOF"},
    {"terminate", "Q rows 0\nX\nQ rows 0", "T(n,t) C(SELECT 0) Z(I) EOF"},
    {"two queries at once", "Q rows 1\nQ rows 0",
     "T(n,t) D(1,x) C(SELECT 1) Z(I) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"query with a worker", "Q work 2", "T(n,t) D(1,x) D(2,x) C(SELECT 2) Z(I) EOF"},
    /* extended */
    {"extended", "P |rows 1\nB |\nD P \nE  0\nS", "1 2 T(n,t) D(1,x) C(SELECT 1) Z(I) EOF"},
    {"describe statement", "P a|rows 1\nD S a\nS", "1 t(0) T(n,t) Z(I) EOF"},
    {"describe without rows", "P a|begin\nD S a\nS", "1 t(0) n Z(I) EOF"},
    {"parameters", "P |echo\nB ||one||\\N\nE  0\nS", "1 2 D(one,,NULL) C(SELECT 1) Z(I) EOF"},
    {"row limit", "P |rows 3\nB p|\nE p 2\nE p 2\nS",
     "1 2 D(1,x) D(2,x) s D(3,x) C(SELECT 3) Z(I) EOF"},
    {"close", "C S a\nC P b\nS", "3 3 Z(I) EOF"},
    {"flush pushes", "P |rows 1\nH", "1 EOF"},
    {"skip until sync", "P |nonsense\nB |\nE  0\nB |\nE  0\nQ rows 1\nS\nQ rows 0",
     "1 2 E(ERROR 42601 no such command) Z(I) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"extended error in a transaction", "Q begin\nP |nonsense\nB |\nE  0\nS",
     "C(BEGIN) Z(T) 1 2 E(ERROR 42601 no such command) Z(E) EOF"},
    {"worker in a pipeline", "P |work 1\nB |\nE  0\nE  0\nS",
     "1 2 D(1,x) C(SELECT 1) D(1,x) C(SELECT 1) Z(I) EOF"},
    {"sync alone", "S\nS", "Z(I) Z(I) EOF"},
    /* copy */
    {"copy in", "Q copyin\nd a\\n\nd bc\\n\nc", "G(2) C(COPY 5) Z(I) EOF"},
    {"copy in ignores sync and flush", "Q copyin\nd a\\n\nS\nH\nc", "G(2) C(COPY 2) Z(I) EOF"},
    {"copy fail", "Q copyin\nf oops\nQ rows 0",
     "G(2) E(ERROR 57014 COPY from stdin failed: oops) Z(I) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"copy error", "Q copyin\nd bad\\n\nd bad\\n\nc\nQ rows 0",
     "G(2) E(ERROR 22P04 bad line) Z(I) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"copy in the middle of a query", "Q rows 0;copyin;rows 0\nd a\\n\nc",
     "T(n,t) C(SELECT 0) G(2) C(COPY 2) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"extended copy", "P |copyin\nB |\nE  0\nS\nd a\\n\nc\nS", "1 2 G(2) C(COPY 2) Z(I) EOF"},
    {"extended copy error", "P |copyin\nB |\nE  0\nd bad\\n\nc\nS\nQ rows 0",
     "1 2 G(2) E(ERROR 22P04 bad line) Z(I) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"a query during copy", "Q copyin\nd a\\n\nQ rows 0",
     "G(2) E(ERROR 08P01 unexpected message type 0x51 during COPY from stdin) E(FATAL 08P01 "
     "terminating connection because protocol synchronization was lost) EOF"},
    {"an unknown message during copy", "Q copyin\n! z",
     "G(2) E(ERROR 08P01 unexpected message type 0x7A during COPY from stdin) E(FATAL 08P01 "
     "terminating connection because protocol synchronization was lost) EOF"},
    {"copy fail without end", "Q copyin\n! f 6161\nQ rows 0",
     "G(2) E(ERROR 08P01 invalid string in message) Z(I) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"copy messages outside of copy", "d x\nc\nf x\nQ rows 0", "T(n,t) C(SELECT 0) Z(I) EOF"},
    {"copy out", "Q copyout 2", "H(1) d(line\n) d(line\n) c C(COPY 2) Z(I) EOF"},
    /* malformed */
    {"unknown type", "! z\nQ rows 0", "E(FATAL 08P01 invalid frontend message type 122) EOF"},
    {"password out of place", "! p 00", "E(FATAL 08P01 invalid frontend message type 112) EOF"},
    {"length below 4", "= 51 00000003", "E(FATAL 08P01 invalid message length) EOF"},
    {"negative length", "= 51 ffffffff", "E(FATAL 08P01 invalid message length) EOF"},
    {"length of 1 GB", "= 51 40000004", "E(FATAL 08P01 invalid message length) EOF"},
    {"long sync", "= 53 00004e20", "E(FATAL 08P01 invalid message length) EOF"},
    {"query without NUL", "! Q 7878", "E(ERROR 08P01 invalid string in message) Z(I) EOF"},
    {"query without body", "! Q", "E(ERROR 08P01 invalid string in message) Z(I) EOF"},
    {"query with two NULs", "! Q 780078 00", "E(ERROR 08P01 invalid message format) Z(I) EOF"},
    {"malformed in a transaction", "Q begin\n! Q 7878",
     "C(BEGIN) Z(T) E(ERROR 08P01 invalid string in message) Z(E) EOF"},
    {"parse without end", "! P 6100\nS", "E(ERROR 08P01 invalid string in message) Z(I) EOF"},
    {"parse with more", "! P 00 7800 0000 7878\nS",
     "E(ERROR 08P01 invalid message format) Z(I) EOF"},
    {"parse with 65535 types", "! P 00 7800 ffff\nS",
     "E(ERROR 08P01 insufficient data left in message) Z(I) EOF"},
    {"bind short", "P |echo\n! B 000000\nS",
     "1 E(ERROR 08P01 insufficient data left in message) Z(I) EOF"},
    {"bind formats", "P |echo\n! B 0000 0002 0000 0000 0001 ffffffff 0000\nS",
     "1 E(ERROR 08P01 bind message has 2 parameter formats but 1 parameters) Z(I) EOF"},
    {"bind length -2", "P |echo\n! B 0000 0000 0001 fffffffe 0000\nS",
     "1 E(ERROR 08P01 insufficient data left in message W:unnamed portal parameter $1) Z(I) EOF"},
    {"bind length beyond", "P |echo\n! B 7000 00 0000 0002 ffffffff 00000100 6162 0000\nS",
     "1 E(ERROR 08P01 insufficient data left in message W:portal \"p\" parameter $2) Z(I) EOF"},
    {"bind with more", "P |echo\n! B 0000 0000 0000 0000 00\nS",
     "1 E(ERROR 08P01 invalid message format) Z(I) EOF"},
    {"describe kind", "D Z\nS", "E(ERROR 08P01 invalid DESCRIBE message subtype 90) Z(I) EOF"},
    {"close kind", "C Z\nS", "E(ERROR 08P01 invalid CLOSE message subtype 90) Z(I) EOF"},
    {"execute short", "! E 7000 0000\nS",
     "E(ERROR 08P01 insufficient data left in message) Z(I) EOF"},
    {"flush with body", "! H 78\nS", "E(ERROR 08P01 invalid message format) Z(I) EOF"},
    {"sync with body", "! S 78\nS", "E(ERROR 08P01 invalid message format) Z(I) Z(I) EOF"},
    {"function short", "! F 0000\nQ rows 0",
     "E(ERROR 08P01 insufficient data left in message) Z(I) T(n,t) C(SELECT 0) Z(I) EOF"},
    {"function formats", "! F 0000063e 0002 0000 0000 0001 ffffffff 0000",
     "E(ERROR 08P01 function call message contains 2 argument formats but 1 arguments) Z(I) EOF"},
    {"terminate with body", "! X 6161", "EOF"},
    {"end in the middle", "= 51 00000010 7878", "EOF"},
    {"end in the middle of a length", "= 51 0000", "EOF"},
};

/* Startup bytes, in hex where a script cannot make them. */
static const struct message_case startup_cases[] = {
    {"protocol 4", "= 0000000d 00040000 7573657200",
     "E(FATAL 0A000 unsupported frontend protocol "
     "4.0: server supports 3.0 to 3.0) EOF"},
    {"protocol 2", "= 0000000d 00020000 7573657200",
     "E(FATAL 0A000 unsupported frontend protocol "
     "2.0: server supports 3.0 to 3.0) EOF"},
    {"no user", "= 00000009 00030000 00",
     "E(FATAL 28000 no PostgreSQL user name specified in startup packet) EOF"},
    {"empty user", "= 0000000f 00030000 757365720000 00",
     "E(FATAL 28000 no PostgreSQL user name specified in startup packet) EOF"},
    {"no terminator", "= 00000011 00030000 7573657200 6d6d6d00",
     "E(FATAL 08P01 invalid startup packet layout: expected terminator as last byte) EOF"},
    {"open string", "= 00000010 00030000 7573657200 6d6d6d",
     "E(FATAL 08P01 invalid startup packet layout: expected terminator as last byte) EOF"},
    {"bytes behind", "= 00000014 00030000 7573657200 6d6d00 00 7a7a7a",
     "E(FATAL 08P01 invalid startup packet layout: expected terminator as last byte) EOF"},
    {"minor version", "= 00000011 00030002 7573657200 6d6d00 00", "v(3.0 0) R(0) Z(I) EOF"},
    {"protocol option", "= 0000001b 00030000 7573657200 6d6d00 5f70715f2e6600 313200 00",
     "v(3.0 1) R(0) Z(I) EOF"},
    {"unknown role", "= 00000015 00030000 7573657200 6e6f626f647900 00",
     "R(0) E(FATAL 28000 role \"nobody\" does not exist) EOF"},
    {"replication", "= 0000001f 00030000 7573657200 6d6d00 7265706c69636174696f6e00 3100 00",
     "E(FATAL 0A000 replication connections are not supported) EOF"},
    {"length 4", "= 00000004", "E(FATAL 08P01 invalid length of startup packet) EOF"},
    {"length 3", "= 00000003", "E(FATAL 08P01 invalid length of startup packet) EOF"},
    {"length 20000", "= 00004e20 00030000", "E(FATAL 08P01 invalid length of startup packet) EOF"},
    {"negative length", "= fffffffb 00030000",
     "E(FATAL 08P01 invalid length of startup packet) EOF"},
    {"HTTP", "= 474554202f20485454502f312e300d0a0d0a",
     "E(FATAL 08P01 invalid length of startup packet) EOF"},
    {"SSL refused", "= 00000008 04d2162f", "[N] EOF"},
    {"GSS refused", "= 00000008 04d21630", "[N] EOF"},
    {"cancel of nothing", "= 00000010 04d2162e 00000001 00000002", "EOF"},
    {"short cancel", "= 00000008 04d2162e", "EOF"},
    {"nothing", "", "EOF"},
};

static void test_case(struct wire w, const char *kind, const struct message_case *c)
{
    struct strbuf name = {0};
    strbuf_printf(&name, "%s: %s", kind, c->name);
    wire_script(&w, c->script);
    char *got = wire_finish(&w);
    check_text(name.data, got, c->expected);
    free(got);
    strbuf_free(&name);
    wire_close(&w);
}

/* The same answers when the bytes come one by one. */
static void test_byte_by_byte(const struct test_server *s)
{
    static const char script[] = "P |echo\nB ||one\nD P \nE  0\nS\nQ rows 2\nQ copyin\nd abc\nc";
    struct wire w = wire_login(s);
    struct strbuf b = {0};
    wire_encode(&b, script);
    for (size_t i = 0; i < b.len; i++)
        wire_send(&w, b.data + i, 1);
    char *got = wire_finish(&w);
    check_text("byte by byte", got,
               "1 2 T(t) D(one) C(SELECT 1) Z(I) T(n,t) D(1,x) D(2,x) C(SELECT 2) Z(I) G(2) "
               "C(COPY 3) Z(I) EOF");
    free(got);
    strbuf_free(&b);
    wire_close(&w);
}

static void test_greeting(const struct test_server *s)
{
    struct wire w = wire_open(s);
    struct strbuf b = {0};
    w.show_status = true;
    wire_startup_packet(&b, 3 << 16,
                        (const char *[]){"user", "mia", "options", "-c a=b", "x", "y", NULL});
    wire_send(&w, b.data, b.len);
    char *got = wire_read(&w, 1);
    check_text("greeting", got, "R(0) S(server_version=15.0 fake) S(client_encoding=UTF8) K Z(I)");
    free(got);
    wire_script(&w, "Q whoami");
    got = wire_finish(&w);
    check_text("startup parameters", got,
               "T(t) D(mia@ plain options=-c a=b x=y) C(SELECT 1) Z(I) EOF");
    free(got);
    strbuf_free(&b);
    wire_close(&w);
}

/* What follows an encryption request in plain text may be an attacker's. */
static void test_early_bytes(const struct test_server *s)
{
    struct wire w = wire_open(s);
    wire_script(&w, "= 0000000804d2162f 0000000804d2162f");
    char answer = 0;
    check(recv(w.fd, &answer, 1, 0) == 1 && answer == 'N', "SSL is refused");
    char *got = wire_finish(&w);
    check(strncmp(got, "E(FATAL 08P01 received unencrypted data after SSL request", 57) == 0,
          "early bytes: %s", got);
    free(got);
    wire_close(&w);
}

int main(int argc, char **argv)
{
    struct test_server s;
    if (argc != 2 || !server_start(&s, (const char *[]){argv[1], "--port", "0", "test.db", NULL}))
        return check_summary() | 1;
    for (size_t i = 0; i < sizeof(message_cases) / sizeof(message_cases[0]); i++)
        test_case(wire_login(&s), "message", &message_cases[i]);
    for (size_t i = 0; i < sizeof(startup_cases) / sizeof(startup_cases[0]); i++)
        test_case(wire_open(&s), "startup", &startup_cases[i]);
    test_byte_by_byte(&s);
    test_greeting(&s);
    test_early_bytes(&s);
    check(server_stop(&s, SIGINT) == 0, "the server ends with status 0");
    return check_summary();
}
