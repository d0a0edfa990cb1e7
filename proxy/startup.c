/* startup.c: see startup.h. */
#include "proxy/startup.h"

#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#include "proxy/connection.h"
#include "proxy/limits.h"
#include "proxy/reply.h"
#include "proxy/scram.h"
#include "proxy/server.h"
#include "proxy/tls.h"
#include "sql/base/arena.h"

/* Codes in the place of the protocol version. */
enum {
    STARTUP_CANCEL = 80877102,
    STARTUP_SSL = 80877103,
    STARTUP_GSS = 80877104,
    STARTUP_VERSION_3 = 3
};

/* Anything behind an encryption request was sent in plain text and may be an attacker's. */
static bool startup_refuse_early_bytes(struct connection *c, const char *request)
{
    struct error err;
    if (!frame_has_rest(&c->in))
        return false;
    error_init(&err, c->arena);
    error_set(&err, ERRCODE_PROTOCOL_VIOLATION, "received unencrypted data after %s request",
              request);
    error_detail(&err, "This could be either a client-software bug or evidence of an attempted "
                       "man-in-the-middle attack.");
    connection_fatal_error(c, &err);
    return true;
}

static void startup_ssl(struct connection *c)
{
    struct ssl_ctx_st *ctx = c->client_port < 0 ? NULL : server_tls(c->server);
    if (ctx) {
        if (!startup_refuse_early_bytes(c, "SSL")) {
            strbuf_addc(&c->out, 'S');
            connection_send(c);
            connection_set_state(c, tls_attach(ctx, &c->transport) ? CONNECTION_TLS
                                                                   : CONNECTION_CLOSED);
        }
        tls_context_free(ctx);
        return;
    }
    strbuf_addc(&c->out, 'N');
    c->ssl_refused = true;
    c->push = true;
    startup_refuse_early_bytes(c, "SSL");
}

static void startup_gss(struct connection *c)
{
    c->gss_refused = true;
    strbuf_addc(&c->out, 'N');
    c->push = true;
    startup_refuse_early_bytes(c, "GSSAPI encryption");
}

/* No answer, as PostgreSQL: whoever asks must not learn whether the key was right. */
static void startup_cancel(struct connection *c, struct frame_body *b)
{
    int32_t pid = frame_i32(b);
    int32_t key = frame_i32(b);
    if (frame_end(b))
        pg_engine_cancel(c->server->engine, pid, key);
    connection_set_state(c, CONNECTION_CLOSED);
}

static bool startup_bad_layout(struct connection *c)
{
    connection_fatal(c, ERRCODE_PROTOCOL_VIOLATION,
                     "invalid startup packet layout: expected terminator as last byte");
    return false;
}

/* Replication needs a WAL stream, which an SQLite file does not have. */
static bool startup_check_replication(struct connection *c, const char *value)
{
    static const char *const off[] = {"false", "off", "no", "0", "f", "n"};
    static const char *const on[] = {"true", "on", "yes", "1", "t", "y", "database"};
    struct error err;
    error_init(&err, c->arena);
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
        if (strcasecmp(value, off[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
        if (strcasecmp(value, on[i]) == 0)
            error_set(&err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "replication connections are not supported");
    if (!error_is_set(&err)) {
        error_set(&err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "invalid value for parameter \"replication\": \"%s\"", value);
        error_hint(&err, "Valid values are: \"false\", 0, \"true\", 1, \"database\".");
    }
    connection_fatal_error(c, &err);
    return false;
}

struct startup_list {
    const char **names, **values;
    int n;
    const char **unknown; /* protocol options (_pq_.) */
    int nunknown;
};

static bool startup_parameter(struct connection *c, struct startup_list *l, const char *name,
                              const char *value)
{
    if (strcmp(name, "user") == 0)
        c->startup.user = value;
    else if (strcmp(name, "database") == 0)
        c->startup.database = value;
    else if (strcmp(name, "replication") == 0)
        return startup_check_replication(c, value);
    else if (strncmp(name, "_pq_.", 5) == 0)
        l->unknown[l->nunknown++] = name;
    else {
        l->names[l->n] = name;
        l->values[l->n++] = value;
    }
    return true;
}

/* Name-value pairs up to an empty name, which must be the last byte. */
static bool startup_parameters(struct connection *c, struct frame_body *b, struct startup_list *l)
{
    size_t n = (size_t)(b->end - b->p), max = n / 2 + 1;
    struct frame_body copy = {.p = arena_memdup(c->arena, b->p, n)};
    copy.end = copy.p + n;
    l->names = ARENA_ARRAY(c->arena, const char *, max);
    l->values = ARENA_ARRAY(c->arena, const char *, max);
    l->unknown = ARENA_ARRAY(c->arena, const char *, max);
    for (;;) {
        const char *name = frame_string(&copy);
        if (copy.error)
            return startup_bad_layout(c);
        if (!name[0])
            break;
        const char *value = frame_string(&copy);
        if (copy.error)
            return startup_bad_layout(c);
        if (!startup_parameter(c, l, name, value))
            return false;
    }
    if (!frame_end(&copy))
        return startup_bad_layout(c);
    c->startup.names = l->names;
    c->startup.values = l->values;
    c->startup.n = l->n;
    return true;
}

static const char *startup_database(const struct connection *c)
{
    const char *database = c->startup.database;
    return database && database[0] ? database : c->startup.user;
}

/* A verifier to check the client's proof against; a made-up one when there is none to check. */
static void startup_begin_scram(struct connection *c)
{
    static const char plain[] = "SCRAM-SHA-256\0", plus[] = "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0";
    unsigned char binding[TLS_BINDING_MAX];
    size_t nbinding = tls_binding(&c->transport, binding);
    struct pg_role_auth auth = {0};
    struct error err;
    error_init(&err, c->arena);
    if (!pg_engine_role_auth(c->server->engine, startup_database(c), c->startup.user, &auth, &err)) {
        connection_fatal_error(c, &err);
        return;
    }
    bool usable = auth.exists && !auth.expired && auth.verifier;
    c->scram = scram_create(c->startup.user, usable ? auth.verifier : NULL, binding, nbinding);
    reply_authentication(&c->out, REPLY_AUTH_SASL, nbinding ? plus : plain, nbinding ? sizeof(plus) : sizeof(plain));
    c->push = true;
    connection_set_state(c, CONNECTION_AUTH);
}

/* A connection that no rule lets in, or one keeps out. */
static void startup_refuse(struct connection *c, bool rejected)
{
    connection_fatal(c, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                     rejected ? "pg_hba.conf rejects connection for host \"%s\", user \"%s\", database \"%s\", %s"
                              : "no pg_hba.conf entry for host \"%s\", user \"%s\", database \"%s\", %s",
                     c->client_addr[0] ? c->client_addr : "[local]", c->startup.user, startup_database(c),
                     c->transport.ssl ? "SSL encryption" : "no encryption");
}

static void startup_authenticate(struct connection *c)
{
    struct hba_client client = {
        .address = c->client_addr, .ssl = c->transport.ssl != NULL, .user = c->startup.user, .database = startup_database(c)};
    enum hba_method method = server_decide(c->server, &client, &c->startup.known_role);
    switch (method) {
    case HBA_SCRAM:
        startup_begin_scram(c);
        return;
    case HBA_PEER:
        if (!hba_peer_is(c->transport.fd, c->startup.user)) {
            connection_fatal(c, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "Peer authentication failed for user \"%s\"", c->startup.user);
            return;
        }
        c->startup.auth_method = "peer";
        connection_open_session(c);
        return;
    case HBA_TRUST:
        connection_open_session(c);
        return;
    default:
        startup_refuse(c, method == HBA_REJECT);
    }
}

static void startup_session(struct connection *c, struct frame_body *b, int major, int minor)
{
    struct startup_list list = {0};
    if (major != STARTUP_VERSION_3) {
        connection_fatal(c, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", major,
                         minor);
        return;
    }
    if (!startup_parameters(c, b, &list))
        return;
    if (!c->startup.user || !c->startup.user[0]) {
        connection_fatal(c, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                         "no PostgreSQL user name specified in startup packet");
        return;
    }
    if (atomic_load(&c->server->shutdown) != SERVER_RUNNING) {
        connection_fatal(c, ERRCODE_CANNOT_CONNECT_NOW, "the database system is shutting down");
        return;
    }
    if (minor || list.nunknown)
        reply_negotiate(&c->out, list.unknown, list.nunknown);
    startup_authenticate(c);
}

void startup_packet(struct connection *c, struct frame_body *b)
{
    if (b->end - b->p < 4 || ++c->startup_packets > LIMIT_STARTUP_PACKETS) {
        connection_fatal(c, ERRCODE_PROTOCOL_VIOLATION, "invalid length of startup packet");
        return;
    }
    int32_t code = frame_i32(b);
    if (code == STARTUP_CANCEL)
        startup_cancel(c, b);
    else if (code == STARTUP_SSL && !c->ssl_refused && !c->transport.ssl)
        startup_ssl(c);
    else if (code == STARTUP_GSS && !c->gss_refused && !c->transport.ssl)
        startup_gss(c);
    else
        startup_session(c, b, (uint32_t)code >> 16, code & 0xffff);
}

enum frame_result startup_next_sasl(struct connection *c, struct frame *f)
{
    if (!frame_has_rest(&c->in))
        return FRAME_PARTIAL;
    char type = frame_peek_type(&c->in);
    if (type == 'p')
        return frame_next(&c->in, LIMIT_SASL_MESSAGE, f);
    connection_fatal(c, ERRCODE_PROTOCOL_VIOLATION, "expected SASL response, got message type %d",
                     (unsigned char)type);
    return FRAME_BAD;
}

void startup_sasl(struct connection *c, struct frame_body *b)
{
    struct error err;
    struct strbuf answer = {0};
    error_init(&err, c->arena);
    enum scram_result r = scram_receive(c->scram, b, &answer, &err);
    if (r == SCRAM_CONTINUE) {
        reply_authentication(&c->out, REPLY_AUTH_SASL_CONTINUE, answer.data, answer.len);
        c->push = true;
    } else if (r == SCRAM_PASSED) {
        reply_authentication(&c->out, REPLY_AUTH_SASL_FINAL, answer.data, answer.len);
        connection_open_session(c);
    } else {
        if (!error_is_set(&err))
            error_set(&err, ERRCODE_INVALID_PASSWORD,
                      "password authentication failed for user \"%s\"", c->startup.user);
        connection_fatal_error(c, &err);
    }
    strbuf_free(&answer);
}
