/*
 * test_secure.c: TLS and SCRAM-SHA-256 with libpq as the client, and which addresses the server
 * refuses. Usage: test_secure SERVER. Needs the openssl program for certificates.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/proto/harness.h"

static const char *in_scratch(const char *name)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, 128, "%s/%s", scratch_directory(), name);
    return path;
}

static bool shell(const char *fmt, const char *a, const char *b)
{
    char command[1024];
    snprintf(command, sizeof(command), fmt, a, b);
    return system(command) == 0;
}

/* A self-signed certificate for localhost, and another authority that did not sign it. */
static bool make_certificates(void)
{
    return shell("openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext "
                 "subjectAltName=DNS:localhost -keyout %s -out %s 2>/dev/null",
                 in_scratch("server.key"), in_scratch("server.crt")) &&
           shell("openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=other -keyout %s "
                 "-out %s 2>/dev/null",
                 in_scratch("other.key"), in_scratch("other.crt")) &&
           chmod(in_scratch("server.key"), 0600) == 0;
}

/* Connects; the error's last line, or who the server says we are. */
static void expect_connect(const struct test_server *s, const char *name, const char *options,
                           const char *expected)
{
    char conninfo[512], got[512];
    snprintf(conninfo, sizeof(conninfo), "host=localhost hostaddr=127.0.0.1 port=%d dbname=db %s",
             s->port, options);
    PGconn *conn = PQconnectdb(conninfo);
    if (PQstatus(conn) == CONNECTION_OK) {
        PGresult *r = PQexec(conn, "whoami");
        snprintf(got, sizeof(got), "%.500s", PQgetvalue(r, 0, 0));
        PQclear(r);
    } else {
        snprintf(got, sizeof(got), "%.500s", PQerrorMessage(conn));
    }
    check(strstr(got, expected) != NULL, "%s: expected \"%s\" in \"%s\"", name, expected, got);
    PQfinish(conn);
}

static void test_tls(const char *server)
{
    struct test_server s;
    char cert[160], key[160], verify[256];
    snprintf(cert, sizeof(cert), "ssl_cert_file=%s", in_scratch("server.crt"));
    snprintf(key, sizeof(key), "ssl_key_file=%s", in_scratch("server.key"));
    if (!server_start(&s, (const char *[]){server, "--port", "0", "-c", "ssl=on", "-c", cert, "-c",
                                           key, "test.db", NULL}))
        return;
    expect_connect(&s, "prefer", "user=me", "me@db TLSv1.3");
    expect_connect(&s, "require", "user=me sslmode=require", "me@db TLSv1.3");
    expect_connect(&s, "disable", "user=me sslmode=disable", "me@db plain");
    expect_connect(&s, "TLS 1.2", "user=me sslmode=require ssl_max_protocol_version=TLSv1.2",
                   "me@db TLSv1.2");
    snprintf(verify, sizeof(verify), "user=me sslmode=verify-full sslrootcert=%s",
             in_scratch("server.crt"));
    expect_connect(&s, "verify-full", verify, "me@db TLSv1.3");
    snprintf(verify, sizeof(verify), "user=me sslmode=verify-full sslrootcert=%s",
             in_scratch("other.crt"));
    expect_connect(&s, "wrong authority", verify, "certificate verify failed");
    check(!shell("openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -starttls postgres -connect "
                 "127.0.0.1:%s </dev/null >/dev/null 2>&1%s",
                 s.port_text, ""),
          "TLS 1.1 is refused");

    /* large results through TLS: partial writes, renewed reads */
    char conninfo[256];
    snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%d user=me sslmode=require", s.port);
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *r = PQexec(conn, "rows 20000 1000");
    check(PQntuples(r) == 20000 && PQgetlength(r, 19999, 1) == 1000, "rows through TLS: %d",
          PQntuples(r));
    PQclear(r);
    r = PQexec(conn, "work 20000 1000");
    check(PQntuples(r) == 20000, "rows of a worker through TLS: %d", PQntuples(r));
    PQclear(r);
    r = PQexec(conn, "copyin");
    char *block = calloc(1, 100000);
    memset(block, 'x', 100000);
    for (int i = 0; i < 100; i++)
        PQputCopyData(conn, block, 100000);
    free(block);
    PQputCopyEnd(conn, NULL);
    PQclear(r);
    r = PQgetResult(conn);
    check_text("COPY through TLS", PQcmdStatus(r), "COPY 10000000");
    PQclear(r);
    PQfinish(conn);

    /* bytes behind the SSLRequest, before the handshake */
    struct wire w = wire_open(&s);
    wire_script(&w, "= 0000000804d2162f 16030100");
    char *got = wire_finish(&w);
    check(strncmp(got, "E(FATAL 08P01 received unencrypted data after SSL request", 57) == 0,
          "early bytes before TLS: %s", got);
    free(got);
    wire_close(&w);
    check(server_stop(&s, SIGINT) == 0, "the TLS server ends with status 0");
}

static void test_scram(const char *server)
{
    struct test_server s;
    if (!server_start(&s, (const char *[]){server, "--port", "0", "-c", "auth=scram-sha-256",
                                           "test.db", NULL}))
        return;
    expect_connect(&s, "right password", "user=alice password=secret", "alice@db plain");
    expect_connect(&s, "wrong password", "user=alice password=wrong",
                   "FATAL:  password authentication failed for user \"alice\"");
    expect_connect(&s, "empty password", "user=alice password=''", "no password supplied");
    expect_connect(&s, "unknown user", "user=bob password=secret",
                   "FATAL:  password authentication failed for user \"bob\"");
    expect_connect(&s, "channel binding is not offered without TLS",
                   "user=alice password=secret channel_binding=require", "channel binding");
    check(server_stop(&s, SIGINT) == 0, "the SCRAM server ends with status 0");
}

/* With certificates signed by different hash functions: both sides must come to the same hash of them. */
static void test_channel_binding(const char *server)
{
    static const char *const kinds[] = {"-newkey rsa:2048 -sha256", "-newkey rsa:2048 -sha512", "-newkey rsa:2048 -sha1",
                                        "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha384"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct test_server s;
        char cert[160], key[160], command[600];
        snprintf(cert, sizeof(cert), "ssl_cert_file=%s", in_scratch("bound.crt"));
        snprintf(key, sizeof(key), "ssl_key_file=%s", in_scratch("bound.key"));
        snprintf(command, sizeof(command), "openssl req -x509 %s -nodes -days 30 -subj /CN=localhost -keyout %%s -out %%s 2>/dev/null", kinds[i]);
        if (!shell(command, in_scratch("bound.key"), in_scratch("bound.crt")) || chmod(in_scratch("bound.key"), 0600) != 0)
            continue; /* an OpenSSL that does not make such ones */
        if (!server_start(&s, (const char *[]){server, "--port", "0", "-c", "ssl=on", "-c", cert, "-c", key, "-c",
                                               "auth=scram-sha-256", "test.db", NULL}))
            return;
        expect_connect(&s, kinds[i], "user=alice password=secret channel_binding=require", "alice@db TLSv1.3");
        expect_connect(&s, "preferred", "user=alice password=secret sslmode=require", "alice@db TLSv1.3");
        expect_connect(&s, "not wanted", "user=alice password=secret sslmode=require channel_binding=disable", "alice@db TLSv1.3");
        expect_connect(&s, "without TLS", "user=alice password=secret sslmode=disable channel_binding=disable", "alice@db plain");
        expect_connect(&s, "TLS 1.2", "user=alice password=secret channel_binding=require ssl_max_protocol_version=TLSv1.2",
                       "alice@db TLSv1.2");
        expect_connect(&s, "wrong password, bound", "user=alice password=wrong channel_binding=require",
                       "FATAL:  password authentication failed for user \"alice\"");
        check(server_stop(&s, SIGINT) == 0, "the bound server ends with status 0");
    }
}

/* The startup of a user, then SASL messages as a script; everything until the end. */
static char *sasl_conversation(const struct test_server *s, const char *user, const char *script)
{
    struct wire w = wire_open(s);
    struct strbuf b = {0};
    wire_startup_packet(&b, 3 << 16, (const char *[]){"user", user, NULL});
    wire_send(&w, b.data, b.len);
    wire_script(&w, script);
    char *got = wire_finish(&w);
    strbuf_free(&b);
    wire_close(&w);
    return got;
}

/* The salt that a user's exchange begins with. */
static void first_salt(const struct test_server *s, const char *user, char salt[64])
{
    struct wire w = wire_open(s);
    struct strbuf b = {0};
    char reply[512] = "";
    wire_startup_packet(&b, 3 << 16, (const char *[]){"user", user, NULL});
    strbuf_addc(&b, 'p');
    strbuf_add_i32(&b, 4 + 14 + 4 + 12);
    strbuf_add(&b, "SCRAM-SHA-256", 14);
    strbuf_add_i32(&b, 12);
    strbuf_addz(&b, "n,,n=,r=abcd");
    wire_send(&w, b.data, b.len);
    size_t n = 0;
    const char *at = NULL;
    while (n < sizeof(reply) - 1 && !(at = memmem(reply, n, ",i=", 3))) {
        ssize_t r = recv(w.fd, reply + n, sizeof(reply) - 1 - n, 0);
        if (r <= 0)
            break;
        n += (size_t)r;
    }
    const char *begin = at ? memmem(reply, n, ",s=", 3) : NULL;
    snprintf(salt, 64, "%.*s", begin ? (int)(at - begin - 3) : 0, begin ? begin + 3 : "");
    strbuf_free(&b);
    wire_close(&w);
}

static void test_sasl_messages(const char *server)
{
    static const struct {
        const char *name, *script, *expected;
    } cases[] = {
        {"not a SASL message", "Q rows 1",
         "R(10) E(FATAL 08P01 expected SASL response, got message type 81) EOF"},
        {"too long", "= 70 00001000", "R(10) E(FATAL 08P01 invalid message length) EOF"},
        {"other mechanism", "! p 4d443500 ffffffff",
         "R(10) E(FATAL 08P01 client selected an invalid SASL authentication mechanism) EOF"},
        {"no mechanism", "! p 4d4435", "R(10) E(FATAL 08P01 invalid string in message) EOF"},
        {"empty", "! p 534352414d2d5348412d32353600 00000000",
         "R(10) E(FATAL 08P01 malformed SCRAM message D:The message is empty.) EOF"},
        {"wrong inner length", "! p 534352414d2d5348412d32353600 00000063 6e2c2c",
         "R(10) E(FATAL 08P01 invalid message format) EOF"},
        {"NUL inside", "! p 534352414d2d5348412d32353600 00000004 6e2c002c",
         "R(10) E(FATAL 08P01 malformed SCRAM message D:Message length does not match input "
         "length.) EOF"},
        {"authorization identity", "! p 534352414d2d5348412d32353600 00000005 6e2c613d78",
         "R(10) E(FATAL 0A000 client uses authorization identity, but it is not supported) EOF"},
        {"channel binding flag", "! p 534352414d2d5348412d32353600 00000003 782c2c",
         "R(10) E(FATAL 08P01 malformed SCRAM message D:Unexpected channel-binding flag.) EOF"},
        {"no nonce", "! p 534352414d2d5348412d32353600 00000005 6e2c2c6e3d",
         "R(10) E(FATAL 08P01 malformed SCRAM message D:Attribute \"r\" expected.) EOF"},
        /* n,,n=,r=abc then c=biws,r=xyz,p=AA */
        {"wrong nonce",
         "! p 534352414d2d5348412d32353600 0000000b 6e2c2c6e3d2c723d616263\n"
         "! p 633d626977732c723d78797a2c703d4141",
         "R(10) R(11) E(FATAL 08P01 invalid SCRAM response D:Nonce does not match.) EOF"},
    };
    struct test_server s;
    char a[64], b[64], c[64];
    if (!server_start(&s, (const char *[]){server, "--port", "0", "-c", "auth=scram-sha-256",
                                           "test.db", NULL}))
        return;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *got = sasl_conversation(&s, "alice", cases[i].script);
        check_text(cases[i].name, got, cases[i].expected);
        free(got);
    }
    first_salt(&s, "nobody", a);
    first_salt(&s, "nobody", b);
    first_salt(&s, "alice", c);
    check(strlen(a) == strlen(c) && strcmp(a, b) == 0, "salts \"%s\", \"%s\", \"%s\"", a, b, c);
    check(server_stop(&s, SIGINT) == 0, "the server ends with status 0");
}

static void expect_refused(const char *name, const char *const *argv, const char *expected)
{
    struct strbuf out = {0};
    int status = program_run(argv, &out);
    check(status == 1 && strstr(out.data, expected), "%s: status %d, \"%s\"", name, status,
          out.data);
    strbuf_free(&out);
}

static void test_refusals(const char *server)
{
    char key[160], cert[160], other[160];
    expect_refused("open address",
                   (const char *[]){server, "--listen", "0.0.0.0", "--port", "0", "test.db", NULL},
                   "Set auth = 'scram-sha-256'");
    expect_refused("any address",
                   (const char *[]){server, "--listen", "*", "--port", "0", "test.db", NULL},
                   "without TLS or passwords");
    expect_refused("unknown auth", (const char *[]){server, "-c", "auth=md5", "test.db", NULL},
                   "invalid value for parameter \"auth\": \"md5\"");
    expect_refused("no such host",
                   (const char *[]){server, "--listen", "no.such.host.invalid", "test.db", NULL},
                   "could not translate host name");
    snprintf(cert, sizeof(cert), "ssl_cert_file=%s", in_scratch("server.crt"));
    snprintf(key, sizeof(key), "ssl_key_file=%s", in_scratch("server.key"));
    snprintf(other, sizeof(other), "ssl_key_file=%s", in_scratch("other.key"));
    expect_refused("missing certificate",
                   (const char *[]){server, "-c", "ssl=on", "-c", "ssl_cert_file=/nowhere", "-c",
                                    key, "test.db", NULL},
                   "could not load server certificate file \"/nowhere\"");
    chmod(in_scratch("other.key"), 0600);
    expect_refused(
        "another's key",
        (const char *[]){server, "-c", "ssl=on", "-c", cert, "-c", other, "test.db", NULL},
        "could not load private key file");
    chmod(in_scratch("server.key"), 0644);
    expect_refused("open key",
                   (const char *[]){server, "-c", "ssl=on", "-c", cert, "-c", key, "test.db", NULL},
                   "has group or world access");
    struct test_server s;
    if (server_start(&s, (const char *[]){server, "--listen", "0.0.0.0", "--port", "0", "-c",
                                          "auth=scram-sha-256", "test.db", NULL})) {
        expect_connect(&s, "open address with passwords", "user=alice password=secret", "alice@db");
        server_stop(&s, SIGINT);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    if (!make_certificates()) {
        printf("openssl could not make certificates\n");
        return 77;
    }
    test_tls(argv[1]);
    test_channel_binding(argv[1]);
    test_scram(argv[1]);
    test_sasl_messages(argv[1]);
    test_refusals(argv[1]);
    return check_summary();
}
