/*
 * harness.h: what the protocol tests share: a server process, raw connections, a script language
 * for messages, and replies as text.
 *
 * A script has one message a line:
 *   Q sql            Query                        D S name | D P name   Describe
 *   P name|sql       Parse                        C S name | C P name   Close
 *   B portal|stmt|v|v  Bind, text values ("\N" NULL)   E portal rows       Execute
 *   S  H  X  c       Sync, Flush, Terminate, CopyDone
 *   d text           CopyData ("\n" is a newline)  f text                CopyFail
 *   F oid value      FunctionCall
 *   ! T hex          message of type T with this body
 *   = hex            these bytes as they are
 * Replies are rendered as one word each: "T(n,t) D(1,x) C(SELECT 1) Z(I)", "E(ERROR 42601 text)"
 * with " D:" detail, " H:" hint, " W:" context behind the text; ParameterStatus only when asked;
 * "EOF" at the end.
 */
#ifndef PGF_TESTS_PROTO_HARNESS_H
#define PGF_TESTS_PROTO_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sql/base/strbuf.h"

/* Counts a check; prints the name and what differs when it fails. */
void check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void check_text(const char *name, const char *got, const char *expected);
/* Prints "N passed, N failed"; returns main's status. */
int check_summary(void);

struct test_server {
    pid_t pid;
    int port;
    char port_text[16];
    char log[128]; /* file with its standard error */
};

/* Starts argv (program first) and waits for the ready line. */
bool server_start(struct test_server *s, const char *const *argv);
/* Sends the signal and waits: exit status as a shell has it. */
int server_stop(struct test_server *s, int signal);
/* Runs argv to its end with output in out: exit status. */
int program_run(const char *const *argv, struct strbuf *out);
/* A fresh directory under the system's temporary one. */
const char *scratch_directory(void);

struct wire {
    int fd;
    struct strbuf in;
    bool show_status; /* render ParameterStatus and BackendKeyData */
    int pid, key;     /* of the last BackendKeyData */
};

/* Connected TCP socket, nothing sent. */
struct wire wire_open(const struct test_server *s);
/* With a startup packet of these name, value... pairs (NULL-terminated), read up to ReadyForQuery.
 */
struct wire wire_login(const struct test_server *s);
void wire_close(struct wire *w);
void wire_send(struct wire *w, const void *p, size_t n);
void wire_startup_packet(struct strbuf *b, int version, const char *const *pairs);
/* Appends a script's messages to b; wire_script sends them. */
void wire_encode(struct strbuf *b, const char *script);
void wire_script(struct wire *w, const char *script);
/* Renders replies until n ReadyForQuery messages have come, or the end. Owned by w's caller: free
 * it. */
char *wire_read(struct wire *w, int ready);
/* The same up to and including the first message of this type. */
char *wire_read_until(struct wire *w, char type);
/* No more is sent; everything up to the server's close is rendered. */
char *wire_finish(struct wire *w);

#endif
