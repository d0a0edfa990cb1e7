/*
 * log_format.h: one entry of the server's log as text: PostgreSQL's lines behind log_line_prefix, its CSV (documentation, 20.8.4) and
 * its JSON (20.8.5). Called by server_log.c; pure functions.
 */
#ifndef PGF_SESSION_LOG_FORMAT_H
#define PGF_SESSION_LOG_FORMAT_H

#include <stdint.h>

#include "sql/base/error.h"
#include "sql/base/strbuf.h"
#include "sql/types/text_util.h"
#include "sql/types/timezone.h"

/* Who an entry is about. A server's own entry has a pid only. */
struct log_source {
    int pid;
    const char *backend_type; /* "client backend", "postmaster" */
    const char *user, *database, *application; /* NULL: not known (yet) */
    const char *host;         /* "[local]" for a Unix socket; NULL of the server's own entries */
    int port;                 /* -1: a Unix socket */
    const char *tag;          /* what it is doing: a command tag, "idle", "authentication" */
    int64_t start;            /* of the session, microseconds since 2000 */
    uint64_t line;            /* its entries so far, this one included */
    uint64_t xid;             /* 0: none */
    bool in_transaction;
};

struct log_entry {
    const char *severity;      /* as written: "LOG", "ERROR" ... */
    const struct error *error; /* message and all */
    struct slice statement;    /* p NULL: is not to be shown */
    const struct log_source *source;
    int64_t time; /* microseconds since 2000 */
};

enum log_verbosity { LOG_TERSE, LOG_DEFAULT, LOG_VERBOSE };

struct log_style {
    const char *prefix; /* log_line_prefix */
    const struct timezone_def *zone;
    enum log_verbosity verbosity;
};

void log_format_text(struct strbuf *out, const struct log_style *style, const struct log_entry *e);
void log_format_csv(struct strbuf *out, const struct log_style *style, const struct log_entry *e);
void log_format_json(struct strbuf *out, const struct log_style *style, const struct log_entry *e);

#endif
