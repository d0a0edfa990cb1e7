/* session_log.c: see session_log.h. And pg.h's door to the log for connections that have no session. */
#include "sql/session/session_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sql/base/arena.h"
#include "sql/session/engine.h"
#include "sql/session/server_log.h"
#include "sql/session/session.h"

enum { STATEMENTS_NONE, STATEMENTS_DDL, STATEMENTS_MOD, STATEMENTS_ALL };

/* --- settings ----------------------------------------------------------------------------------------------- */

static const char *setting(struct pg_session *s, const char *name)
{
    return guc_get(&s->gucs, guc_find(name));
}

/* Which of the words the value is; 0 if none. */
static int word_of(const char *value, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return 0;
}

static void read_settings(struct pg_session *s)
{
    static const char *const statements[] = {"none", "ddl", "mod", "all"}, *const verbosities[] = {"terse", "default", "verbose"};
    struct session_log *l = &s->log;
    l->version = s->gucs.version;
    l->server_version = guc_version(&s->engine->gucs);
    l->minimum = server_log_rank_of(setting(s, "log_min_messages"));
    l->minimum_error_statement = server_log_rank_of(setting(s, "log_min_error_statement"));
    l->statements = word_of(setting(s, "log_statement"), statements, 4);
    l->verbosity = word_of(setting(s, "log_error_verbosity"), verbosities, 3);
    l->duration = strcmp(setting(s, "log_duration"), "on") == 0;
    l->least_duration = atoll(setting(s, "log_min_duration_statement"));
    l->least_sample = atoll(setting(s, "log_min_duration_sample"));
    l->sample_rate = atof(setting(s, "log_statement_sample_rate"));
    l->transaction_rate = atof(setting(s, "log_transaction_sample_rate"));
    l->parameter_bytes = atoll(setting(s, "log_parameter_max_length"));
}

static bool by_chance(double rate)
{
    return rate >= 1 || (rate > 0 && (double)random() / ((double)RAND_MAX + 1) < rate);
}

static void renew_settings(struct pg_session *s)
{
    if (s->log.version != s->gucs.version || s->log.server_version != guc_version(&s->engine->gucs))
        read_settings(s);
}

void session_log_begin(struct pg_session *s)
{
    struct session_log *l = &s->log;
    renew_settings(s);
    l->statement = (struct slice){NULL, 0};
    l->tag = NULL;
    l->told = false;
    if (s->txn.state == TXN_IDLE)
        l->sampled = by_chance(l->transaction_rate);
    l->started = run_control_now(); /* whatever the settings are: the message may change them */
}

void session_log_text(struct pg_session *s, const char *text, size_t n)
{
    s->log.statement = (struct slice){text, n};
    if (!text)
        s->log.tag = NULL;
}

/* --- entries ------------------------------------------------------------------------------------------------ */

static const char *state_tag(const struct pg_session *s)
{
    return s->log.tag                   ? s->log.tag
           : !s->log.greeted            ? "startup"
           : s->txn.state == TXN_BLOCK  ? "idle in transaction"
           : s->txn.state == TXN_FAILED ? "idle in transaction (aborted)"
                                        : "idle";
}

static void write_entry(struct pg_session *s, const char *severity, const struct error *err, struct slice statement)
{
    struct log_source source = {.pid = s->pid,
                                .backend_type = s->autovacuum ? "autovacuum worker" : "client backend",
                                .user = s->user,
                                .database = s->database ? s->database->name : NULL,
                                .application = s->application,
                                .host = s->autovacuum ? NULL : *s->client_addr ? s->client_addr : "[local]",
                                .port = s->client_port,
                                .tag = state_tag(s),
                                .start = s->backend_start,
                                .line = ++s->log.lines,
                                .xid = s->xid,
                                .in_transaction = s->database && s->txn.state != TXN_IDLE};
    struct log_entry e = {.severity = severity, .error = err, .statement = statement, .source = &source, .time = session_clock()};
    server_log_write(&e, (enum log_verbosity)s->log.verbosity);
}

bool session_logs(const struct pg_session *s, enum error_severity severity)
{
    return server_log_rank(severity) >= s->log.minimum;
}

/* An entry of severity LOG. */
static void write_log(struct pg_session *s, const char *detail, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void write_log(struct pg_session *s, const char *detail, const char *fmt, ...)
{
    struct error err = {.severity = ERROR_LOG, .detail = detail};
    struct strbuf text = {0};
    va_list ap;
    if (!session_logs(s, ERROR_LOG))
        return;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    err.message = text.data;
    write_entry(s, "LOG", &err, (struct slice){NULL, 0});
    strbuf_free(&text);
}

void session_log_error(struct pg_session *s, const struct error *err)
{
    if (!session_logs(s, err->severity))
        return;
    bool shown = server_log_rank(err->severity) >= s->log.minimum_error_statement;
    write_entry(s, error_severity_name(err->severity), err, shown ? s->log.statement : (struct slice){NULL, 0});
}

/* --- statements --------------------------------------------------------------------------------------------- */

static int command_class(struct pg_session *s, const struct utility *u, const char *tag);

static int query_class(struct pg_session *s, const struct query *q)
{
    return q->command == QUERY_UTILITY ? command_class(s, q->utility, q->utility->tag) : command_class(s, NULL, plan_command_name(q->command));
}

static bool is_analyzed(const struct utility *u)
{
    for (int i = 0; i < u->explain.noptions; i++)
        if (strcmp(u->explain.options[i].name, "analyze") == 0)
            return !u->explain.options[i].value || guc_parse_bool(u->explain.options[i].value) == 1;
    return false;
}

/* The least log_statement that has the command in the log; those of neither list are STATEMENTS_ALL's. */
static int command_class(struct pg_session *s, const struct utility *u, const char *tag)
{
    static const char *const ddl[] = {"ALTER ", "CREATE ", "DROP ",    "COMMENT",        "GRANT",        "REVOKE",
                                      "IMPORT ", "CLUSTER", "REFRESH ", "SECURITY LABEL", "REASSIGN ", "SELECT INTO"};
    static const char *const mod[] = {"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"};
    if (u && u->kind == UTILITY_EXECUTE) {
        const struct prepared *st = prepared_find(s, u->execute.name);
        return st && st->plan ? command_class(s, st->plan->program->utility, st->plan->tag) : STATEMENTS_ALL;
    }
    if (u && u->kind == UTILITY_PREPARE)
        return query_class(s, u->prepare.query);
    if (u && u->kind == UTILITY_EXPLAIN)
        return is_analyzed(u) ? query_class(s, u->explain.query) : STATEMENTS_ALL;
    if (u && u->kind == UTILITY_COPY)
        return u->copy.from ? STATEMENTS_MOD : STATEMENTS_ALL;
    if (u && u->kind == UTILITY_CREATE_TABLE_AS)
        return STATEMENTS_DDL;
    for (size_t i = 0; i < sizeof(ddl) / sizeof(ddl[0]); i++)
        if (strncmp(tag, ddl[i], strlen(ddl[i])) == 0)
            return STATEMENTS_DDL;
    for (size_t i = 0; i < sizeof(mod) / sizeof(mod[0]); i++)
        if (strncmp(tag, mod[i], strlen(mod[i])) == 0)
            return STATEMENTS_MOD;
    return STATEMENTS_ALL;
}

static int statement_class(struct pg_session *s, const struct plan *plan)
{
    return command_class(s, plan->program->utility, plan->tag);
}

/* What an EXECUTE runs, for the DETAIL; NULL of other statements. In the message's memory. */
static const char *prepare_text(struct pg_session *s, const struct plan *plan)
{
    const struct utility *u = plan ? plan->program->utility : NULL;
    const struct prepared *st = u && u->kind == UTILITY_EXECUTE ? prepared_find(s, u->execute.name) : NULL;
    return st && st->from_sql ? arena_printf(s->arena, "prepare: %s", st->text) : NULL;
}

void session_log_statement(struct pg_session *s, const struct plan *plan)
{
    struct session_log *l = &s->log;
    renew_settings(s);
    if (plan)
        l->tag = plan->tag;
    if (l->told || l->statements == STATEMENTS_NONE || !l->statement.p ||
        (plan ? statement_class(s, plan) > l->statements : l->statements != STATEMENTS_ALL))
        return;
    l->told = true;
    write_log(s, prepare_text(s, plan), "statement: %.*s", (int)l->statement.n, l->statement.p);
}

/* A value as PostgreSQL quotes it in DETAIL, cut to so many bytes (-1: whole). */
static void add_quoted(struct strbuf *out, struct slice text, int64_t most)
{
    bool cut = most >= 0 && (int64_t)text.n > most;
    size_t n = cut ? utf8_clip(text.p, text.n, (size_t)most) : text.n;
    strbuf_addc(out, '\'');
    for (size_t i = 0; i < n; i++) {
        if (text.p[i] == '\'')
            strbuf_addc(out, '\'');
        strbuf_addc(out, text.p[i]);
    }
    strbuf_addz(out, cut ? "...'" : "'");
}

/* "parameters: $1 = 'a', $2 = NULL"; NULL without parameters. In the message's memory. */
static const char *parameters_text(struct pg_session *s, const struct portal *p)
{
    const struct program *g = p->plan->program;
    struct strbuf out = {0};
    struct error ignored;
    if (g->nparams == 0 || !p->params || s->log.parameter_bytes == 0)
        return NULL;
    error_init(&ignored, s->arena);
    for (int i = 0; i < g->nparams; i++) {
        const struct type_def *t = snapshot_type(p->plan->snapshot, g->params[i]);
        struct value text;
        strbuf_printf(&out, i ? ", $%d = " : "parameters: $%d = ", i + 1);
        if (value_is_null(&p->params[i]) || !t || !type_output(t, &p->params[i], &s->eval, s->arena, &ignored, &text))
            strbuf_addz(&out, "NULL");
        else
            add_quoted(&out, (struct slice){text.p, text.n}, s->log.parameter_bytes);
    }
    const char *kept = arena_strndup(s->arena, out.data, out.len);
    strbuf_free(&out);
    return kept;
}

/* "execute stmt/portal" without the names that are empty. */
static const char *execute_text(struct pg_session *s, const struct portal *p, bool goes_on)
{
    return arena_printf(s->arena, "%s %s%s%s", goes_on ? "execute fetch from" : "execute",
                        p->statement && *p->statement ? p->statement : "<unnamed>", *p->name ? "/" : "", p->name);
}

void session_log_execute(struct pg_session *s, const struct portal *p, bool goes_on)
{
    struct session_log *l = &s->log;
    l->tag = p->plan->tag;
    if (l->statements == STATEMENTS_NONE || statement_class(s, p->plan) > l->statements)
        return;
    l->told = true;
    write_log(s, parameters_text(s, p), "%s: %s", execute_text(s, p, goes_on), p->plan->text);
}

/* --- durations ---------------------------------------------------------------------------------------------- */

enum duration { DURATION_NOT, DURATION_ALONE, DURATION_WITH_STATEMENT };

/* Whether the message's time is to be told, and in ms. */
static enum duration duration_of(struct pg_session *s, char ms[32])
{
    const struct session_log *l = &s->log;
    renew_settings(s);
    if (!l->duration && l->least_duration < 0 && l->least_sample < 0 && !l->sampled)
        return DURATION_NOT;
    int64_t us = (run_control_now() - l->started) / 1000;
    snprintf(ms, 32, "%lld.%03d", (long long)(us / 1000), (int)(us % 1000));
    bool exceeded = l->least_duration >= 0 && us >= l->least_duration * 1000;
    bool picked = l->least_sample >= 0 && us >= l->least_sample * 1000 && by_chance(l->sample_rate);
    if ((exceeded || picked || l->sampled) && !l->told)
        return DURATION_WITH_STATEMENT;
    return exceeded || picked || l->sampled || l->duration ? DURATION_ALONE : DURATION_NOT;
}

void session_log_query_done(struct pg_session *s)
{
    char ms[32];
    enum duration d = duration_of(s, ms);
    if (d == DURATION_ALONE)
        write_log(s, NULL, "duration: %s ms", ms);
    else if (d == DURATION_WITH_STATEMENT)
        write_log(s, NULL, "duration: %s ms  statement: %.*s", ms, (int)s->log.statement.n, s->log.statement.p);
}

void session_log_parse_done(struct pg_session *s, const struct prepared *st)
{
    char ms[32];
    enum duration d = duration_of(s, ms);
    if (d == DURATION_ALONE)
        write_log(s, NULL, "duration: %s ms", ms);
    else if (d == DURATION_WITH_STATEMENT)
        write_log(s, NULL, "duration: %s ms  parse %s: %s", ms, *st->name ? st->name : "<unnamed>", st->text);
}

void session_log_bind_done(struct pg_session *s, const struct prepared *st, const struct portal *p)
{
    char ms[32];
    enum duration d = duration_of(s, ms);
    if (d == DURATION_ALONE)
        write_log(s, NULL, "duration: %s ms", ms);
    else if (d == DURATION_WITH_STATEMENT)
        write_log(s, p->plan ? parameters_text(s, p) : NULL, "duration: %s ms  bind %s%s%s: %s", ms,
                  *st->name ? st->name : "<unnamed>", *p->name ? "/" : "", p->name, st->text);
}

void session_log_execute_done(struct pg_session *s, const struct portal *p, bool goes_on)
{
    char ms[32];
    enum duration d = duration_of(s, ms);
    if (d == DURATION_ALONE)
        write_log(s, NULL, "duration: %s ms", ms);
    else if (d == DURATION_WITH_STATEMENT)
        write_log(s, parameters_text(s, p), "duration: %s ms  %s: %s", ms, execute_text(s, p, goes_on), p->plan->text);
}

/* --- connections -------------------------------------------------------------------------------------------- */

void session_log_connection(struct pg_session *s, const struct pg_startup *startup)
{
    struct strbuf text = {0};
    read_settings(s);
    if (strcmp(setting(s, "log_connections"), "on") == 0 && !s->autovacuum) {
        strbuf_printf(&text, "connection authorized: user=%s database=%s", s->user, s->database->name);
        const char *application = setting(s, "application_name");
        if (*application)
            strbuf_printf(&text, " application_name=%s", application);
        if (startup->ssl)
            strbuf_printf(&text, " SSL enabled (protocol=%s, cipher=%s, bits=%d)", startup->ssl_version, startup->ssl_cipher,
                          startup->ssl_bits);
        if (startup->auth_method)
            write_log(s, NULL, "connection authenticated: identity=\"%s\" method=%s", s->user, startup->auth_method);
        write_log(s, NULL, "%s", text.data);
        strbuf_free(&text);
    }
    s->log.greeted = true;
}

void session_log_disconnection(struct pg_session *s)
{
    enum { MINUTE = 60, HOUR = 3600 };
    if (!s->log.greeted || s->autovacuum || strcmp(setting(s, "log_disconnections"), "on") != 0)
        return;
    int64_t ms = (session_clock() - s->backend_start) / 1000, seconds = ms / 1000;
    char port[24] = "";
    if (s->client_port >= 0)
        snprintf(port, sizeof(port), " port=%d", s->client_port);
    write_log(s, NULL, "disconnection: session time: %d:%02d:%02d.%03d user=%s database=%s host=%s%s", (int)(seconds / HOUR),
              (int)(seconds % HOUR / MINUTE), (int)(seconds % MINUTE), (int)(ms % 1000), s->user, s->database->name,
              *s->client_addr ? s->client_addr : "[local]", port);
}

/* Of a connection that has no session: what is known of it. */
static void write_connection(struct pg_engine *e, const struct pg_startup *c, const char *severity, const struct error *err)
{
    static const char *const verbosities[] = {"terse", "default", "verbose"};
    struct log_source source = {.pid = (int)getpid(),
                                .backend_type = "client backend",
                                .user = c->user,
                                .database = c->database ? c->database : c->user,
                                .host = c->client_addr && *c->client_addr ? c->client_addr : "[local]",
                                .port = c->client_port,
                                .tag = "startup",
                                .start = session_clock(),
                                .line = 1};
    struct log_entry entry = {.severity = severity, .error = err, .source = &source, .time = source.start};
    server_log_write(&entry, (enum log_verbosity)word_of(pg_engine_setting(e, "log_error_verbosity"), verbosities, 3));
}

void pg_engine_log_received(struct pg_engine *e, const struct pg_startup *c)
{
    char text[200];
    struct error err = {.severity = ERROR_LOG, .message = text};
    if (strcmp(pg_engine_setting(e, "log_connections"), "on") != 0)
        return;
    bool local = !*c->client_addr;
    snprintf(text, sizeof(text), local ? "connection received: host=[local]" : "connection received: host=%s port=%d", c->client_addr,
             c->client_port);
    write_connection(e, c, "LOG", &err);
}

void pg_engine_log_error(struct pg_engine *e, const struct pg_startup *c, const struct error *err)
{
    write_connection(e, c, error_severity_name(err->severity), err);
}
