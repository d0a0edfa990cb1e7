/* harness.c: see harness.h. */
#include "tests/proto/harness.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int passed, failed;
static char scratch[64]; /* the directory, once made */

void check(bool ok, const char *fmt, ...)
{
    va_list ap;
    if (ok) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED: ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

void check_text(const char *name, const char *got, const char *expected)
{
    check(strcmp(got, expected) == 0, "%s\n  expected: %s\n  got:      %s", name, expected, got);
}

/* --- processes --------------------------------------------------------------------------- */

static void die(const char *what)
{
    printf("FAILED: %s: %s\n%d passed, %d failed\n", what, strerror(errno), passed, failed + 1);
    exit(1);
}

const char *scratch_directory(void)
{
    if (!scratch[0]) {
        snprintf(scratch, sizeof(scratch), "/tmp/pgfeather-proto-XXXXXX");
        if (!mkdtemp(scratch))
            die("mkdtemp");
    }
    return scratch;
}

static pid_t program_start(const char *const *argv, int out, int err)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        execv(argv[0], (char *const *)argv);
        _exit(126);
    }
    return pid;
}

static int program_wait(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool server_start(struct test_server *s, const char *const *argv)
{
    static int count;
    int pipefd[2];
    char line[512] = "";
    size_t n = 0;
    snprintf(s->log, sizeof(s->log), "%s/log.%d", scratch_directory(), count++);
    int err = open(s->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (err < 0 || pipe2(pipefd, O_CLOEXEC) != 0)
        die("pipe");
    s->pid = program_start(argv, pipefd[1], err);
    close(pipefd[1]);
    close(err);
    while (n < sizeof(line) - 1 && !strchr(line, '\n')) {
        ssize_t r = read(pipefd[0], line + n, sizeof(line) - 1 - n);
        if (r <= 0)
            break;
        n += (size_t)r;
    }
    close(pipefd[0]);
    const char *colon = strchr(line, ':');
    colon = colon ? strchr(colon + 1, ':') : NULL;
    if (!colon) {
        check(false, "no ready line but \"%s\" from %s", line, argv[0]);
        program_wait(s->pid);
        return false;
    }
    s->port = atoi(colon + 1);
    snprintf(s->port_text, sizeof(s->port_text), "%d", s->port);
    return true;
}

int server_stop(struct test_server *s, int signal)
{
    kill(s->pid, signal);
    return program_wait(s->pid);
}

int program_run(const char *const *argv, struct strbuf *out)
{
    int pipefd[2];
    if (pipe2(pipefd, O_CLOEXEC) != 0)
        die("pipe");
    pid_t pid = program_start(argv, pipefd[1], pipefd[1]);
    close(pipefd[1]);
    for (;;) {
        ssize_t r = read(pipefd[0], strbuf_reserve(out, 4096), 4096);
        if (r <= 0)
            break;
        out->len += (size_t)r;
        out->data[out->len] = 0;
    }
    close(pipefd[0]);
    return program_wait(pid);
}

int check_summary(void)
{
    if (scratch[0]) {
        struct strbuf out = {0};
        program_run((const char *[]){"/bin/rm", "-rf", scratch, NULL}, &out);
        strbuf_free(&out);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}

/* --- the wire ---------------------------------------------------------------------------- */

struct wire wire_open(const struct test_server *s)
{
    struct wire w = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)s->port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (w.fd < 0 || connect(w.fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
        die("connect");
    return w;
}

void wire_startup_packet(struct strbuf *b, int version, const char *const *pairs)
{
    size_t start = b->len;
    strbuf_add_i32(b, 0);
    strbuf_add_i32(b, version);
    for (; pairs && *pairs; pairs++)
        strbuf_add(b, *pairs, strlen(*pairs) + 1);
    strbuf_addc(b, 0);
    strbuf_put_i32(b, start, (int32_t)(b->len - start));
}

struct wire wire_login(const struct test_server *s)
{
    struct wire w = wire_open(s);
    struct strbuf b = {0};
    wire_startup_packet(&b, 3 << 16, (const char *[]){"user", "me", "database", "db", NULL});
    wire_send(&w, b.data, b.len);
    strbuf_free(&b);
    free(wire_read(&w, 1));
    return w;
}

void wire_close(struct wire *w)
{
    close(w->fd);
    strbuf_free(&w->in);
}

void wire_send(struct wire *w, const void *p, size_t n)
{
    for (const char *c = p; n;) {
        ssize_t r = send(w->fd, c, n, MSG_NOSIGNAL);
        if (r < 0)
            return; /* the server has closed; what it said shows in the replies */
        c += r;
        n -= (size_t)r;
    }
}

static void add_hex(struct strbuf *b, const char *p, const char *end)
{
    while (p < end) {
        if (isspace((unsigned char)*p)) {
            p++;
            continue;
        }
        char pair[3] = {p[0], p[1], 0};
        strbuf_addc(b, (char)strtol(pair, NULL, 16));
        p += 2;
    }
}

static void add_field(struct strbuf *b, const char **p, const char *end)
{
    const char *bar = memchr(*p, '|', (size_t)(end - *p));
    const char *stop = bar ? bar : end;
    strbuf_add(b, *p, (size_t)(stop - *p));
    strbuf_addc(b, 0);
    *p = bar ? bar + 1 : end;
}

static void add_bind(struct strbuf *b, const char *p, const char *end)
{
    struct strbuf values = {0};
    int n = 0;
    const char *bar = memchr(p, '|', (size_t)(end - p));
    bool any = bar && memchr(bar + 1, '|', (size_t)(end - bar - 1));
    add_field(b, &p, end);
    add_field(b, &p, end);
    while (any) {
        const char *stop = memchr(p, '|', (size_t)(end - p));
        size_t len = (size_t)((stop ? stop : end) - p);
        bool null = len == 2 && memcmp(p, "\\N", 2) == 0;
        strbuf_add_i32(&values, null ? -1 : (int32_t)len);
        if (!null)
            strbuf_add(&values, p, len);
        n++;
        any = stop != NULL;
        p = stop ? stop + 1 : end;
    }
    strbuf_add_i16(b, 0);
    strbuf_add_i16(b, (int16_t)n);
    strbuf_add(b, values.data, values.len);
    strbuf_add_i16(b, 0);
    strbuf_free(&values);
}

static void add_copy_data(struct strbuf *b, const char *p, const char *end)
{
    for (; p < end; p++)
        if (p[0] == '\\' && p + 1 < end && p[1] == 'n') {
            strbuf_addc(b, '\n');
            p++;
        } else {
            strbuf_addc(b, *p);
        }
}

static void add_body(struct strbuf *b, char type, const char *p, const char *end)
{
    switch (type) {
    case 'P':
        add_field(b, &p, end);
        add_field(b, &p, end);
        strbuf_add_i16(b, 0);
        break;
    case 'B':
        add_bind(b, p, end);
        break;
    case 'D':
    case 'C':
        strbuf_addc(b, p[0]);
        p += p + 1 < end ? 2 : 1;
        add_field(b, &p, end);
        break;
    case 'E': {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        strbuf_add(b, p, (size_t)(space - p));
        strbuf_addc(b, 0);
        strbuf_add_i32(b, atoi(space + 1));
        break;
    }
    case 'F': {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        strbuf_add_i32(b, atoi(p));
        strbuf_add_i16(b, 0);
        strbuf_add_i16(b, 1);
        strbuf_add_i32(b, (int32_t)(end - space - 1));
        strbuf_add(b, space + 1, (size_t)(end - space - 1));
        strbuf_add_i16(b, 0);
        break;
    }
    case 'd':
        add_copy_data(b, p, end);
        break;
    case 'Q':
    case 'f':
        add_field(b, &p, end);
        break;
    default:
        break;
    }
}

void wire_encode(struct strbuf *b, const char *script)
{
    while (*script) {
        const char *end = script + strcspn(script, "\n");
        const char *arg = script + (end - script > 2 ? 2 : end - script);
        if (script[0] == '=') {
            add_hex(b, arg, end);
        } else {
            bool raw = script[0] == '!';
            strbuf_addc(b, raw ? *arg++ : script[0]);
            size_t start = b->len;
            strbuf_add_i32(b, 0);
            if (raw)
                add_hex(b, arg, end);
            else
                add_body(b, script[0], arg, end);
            strbuf_put_i32(b, start, (int32_t)(b->len - start));
        }
        script = end + (*end == '\n');
    }
}

void wire_script(struct wire *w, const char *script)
{
    struct strbuf b = {0};
    wire_encode(&b, script);
    wire_send(w, b.data, b.len);
    strbuf_free(&b);
}

/* --- rendering --------------------------------------------------------------------------- */

static int32_t get32(const char *p)
{
    uint32_t n;
    memcpy(&n, p, 4);
    return (int32_t)be32toh(n);
}

static int get16(const char *p)
{
    uint16_t n;
    memcpy(&n, p, 2);
    return (int16_t)be16toh(n);
}

static void render_row(struct strbuf *out, const char *p)
{
    int n = get16(p);
    p += 2;
    for (int i = 0; i < n; i++) {
        int32_t len = get32(p);
        p += 4;
        strbuf_addz(out, i ? "," : "");
        if (len < 0)
            strbuf_addz(out, "NULL");
        else if (len > 40)
            strbuf_printf(out, "[%d]", len);
        else
            strbuf_add(out, p, (size_t)len);
        p += len < 0 ? 0 : len;
    }
}

static void render_fields(struct strbuf *out, const char *p)
{
    int n = get16(p);
    p += 2;
    for (int i = 0; i < n; i++) {
        strbuf_printf(out, "%s%s", i ? "," : "", p);
        p += strlen(p) + 1 + 18;
    }
}

static void render_report(struct strbuf *out, const char *p)
{
    static const char shown[] = "SCMDHPpqWstcdn";
    for (; *p; p += strlen(p) + 1) {
        const char *at = strchr(shown, *p);
        if (!at)
            continue;
        if (at - shown < 3)
            strbuf_printf(out, "%s%s", *p == 'S' ? "" : " ", p + 1);
        else
            strbuf_printf(out, " %c:%s", *p, p + 1);
    }
}

/* One message; p is its body of n bytes. */
static void render(struct wire *w, struct strbuf *out, char type, const char *p, size_t n)
{
    if (type == 'K') {
        w->pid = get32(p);
        w->key = get32(p + 4);
    }
    if ((type == 'S' || type == 'K') && !w->show_status)
        return;
    if (out->len)
        strbuf_addc(out, ' ');
    strbuf_addc(out, type);
    if (!n || type == 'K')
        return;
    strbuf_addc(out, '(');
    if (type == 'D')
        render_row(out, p);
    else if (type == 'T')
        render_fields(out, p);
    else if (type == 'E' || type == 'N')
        render_report(out, p);
    else if (type == 'S')
        strbuf_printf(out, "%s=%s", p, p + strlen(p) + 1);
    else if (type == 'R')
        strbuf_printf(out, "%d", get32(p));
    else if (type == 't' || type == 'G' || type == 'H')
        strbuf_printf(out, "%d", type == 't' ? get16(p) : get16(p + 1));
    else if (type == 'v')
        strbuf_printf(out, "%d.%d %d", get32(p) >> 16, get32(p) & 0xffff, get32(p + 4));
    else if (type == 'A')
        strbuf_printf(out, "%s:%s", p + 4, p + 4 + strlen(p + 4) + 1);
    else if (type == 'V')
        strbuf_printf(out, "%.*s", (int)n - 4, p + 4);
    else
        strbuf_add(out, p, p[n - 1] ? n : n - 1);
    strbuf_addc(out, ')');
}

/* Reads and renders until `ready` ReadyForQuery messages or one of type `until`, or the end. */
static char *wire_collect(struct wire *w, int ready, char until)
{
    struct strbuf out = {0};
    size_t pos = 0;
    strbuf_addz(&out, "");
    for (;;) {
        while (w->in.len - pos >= 5) {
            const char *p = w->in.data + pos;
            size_t n = (size_t)get32(p + 1) + 1;
            if (w->in.len - pos < n)
                break;
            render(w, &out, *p, p + 5, n - 5);
            pos += n;
            if (*p == until || (*p == 'Z' && --ready == 0)) {
                strbuf_consume(&w->in, pos);
                return out.data;
            }
        }
        if (pos)
            strbuf_consume(&w->in, pos);
        pos = 0;
        ssize_t r = recv(w->fd, strbuf_reserve(&w->in, 65536), 65536, 0);
        if (r > 0) {
            w->in.len += (size_t)r;
            continue;
        }
        if (w->in.len)
            strbuf_printf(&out, "%s[%.*s]", out.len ? " " : "", (int)w->in.len, w->in.data);
        strbuf_addz(&out, out.len ? (r ? " RESET" : " EOF") : (r ? "RESET" : "EOF"));
        return out.data;
    }
}

char *wire_read(struct wire *w, int ready)
{
    return wire_collect(w, ready, 0);
}

char *wire_read_until(struct wire *w, char type)
{
    return wire_collect(w, 0, type);
}

char *wire_finish(struct wire *w)
{
    shutdown(w->fd, SHUT_WR);
    return wire_collect(w, 0, 0);
}
