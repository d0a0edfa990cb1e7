/*
 * session.h: the inside of a session: what the files of session/ share. The outside is sql/pg.h.
 */
#ifndef PGF_SESSION_SESSION_H
#define PGF_SESSION_SESSION_H

#include <pthread.h>

#include "sql/analyze/analyze.h"
#include "sql/exec/portal.h"
#include "sql/exec/rule_result.h"
#include "sql/exec/spi.h"
#include "sql/pg.h"
#include "sql/session/guc.h"
#include "sql/session/guc_hooks.h"
#include "sql/session/normalize.h"
#include "sql/session/session_log.h"
#include "sql/txn/function_counts.h"

struct pg_engine;
struct copy_in;
struct listener;

/* A named (or the unnamed) prepared statement. */
struct prepared {
    struct prepared *next;
    char *name;
    char *text;
    char *shown;     /* what the client sent, for pg_prepared_statements; NULL: text */
    bool from_sql;   /* made by PREPARE: the text is the whole PREPARE statement */
    uint32_t *types; /* as declared by the client; 0 unknown */
    int ntypes;
    struct plan *plan;    /* NULL for an empty statement */
    uint64_t guc_version; /* settings with which plan was made */
    int64_t created;      /* microseconds since 2000 */
};

/* What the session is in the middle of, between a PG_WAIT_ and pg_session_resume. */
enum session_task { TASK_NONE, TASK_QUERY, TASK_EXECUTE, TASK_COPY_IN, TASK_FUNCTION };

struct session_query { /* TASK_QUERY */
    struct parsed *parsed;
    char *text;
    size_t ntext;
    int index, count;          /* statement now, of how many */
    struct plan *cached;       /* the text's only statement, found in the cache */
    struct normal_text normal; /* its literals, when cached is the plan of its normal form */
    bool normalized;
    struct portal *portal;
    struct row_writer writer;
    bool writing;
    struct rule_results rule_results; /* beside the portal's answer */
};

struct session_execute { /* TASK_EXECUTE */
    struct portal *portal;
    int64_t max_rows;
    bool goes_on; /* its first rows went out before */
};

struct session_function { /* TASK_FUNCTION */
    struct portal *portal; /* NULL: none is under way */
    struct value answer;   /* in the message's memory */
    bool answered;
    int format;
};

/* Things that languages keep per session (exec/spi.h). */
#define SESSION_SLOTS 8

struct session_slot {
    const char *name;
    struct spi_slot slot;
};

struct large_object_descriptor {
    uint32_t oid; /* 0: free */
    bool writing;
    int64_t offset;
    int level; /* savepoints open when it was made */
};

/* Where the last look at a table of large objects ended. */
struct large_object_scan {
    int next; /* row number */
    int64_t oid, page;
};

struct pg_session {
    int unnamed_portals; /* names given to cursors of functions */
    struct session_slot slots[SESSION_SLOTS];
    struct pg_engine *engine;
    struct database *database;
    struct pg_reply reply;   /* client_encoding.c, over */
    struct pg_reply network; /* what proxy/ gave */
    int32_t pid, key;
    struct pg_session *next; /* the engine's list */
    struct guc_store gucs;
    struct eval_context eval;
    struct transaction txn;
    struct run_control control;
    uint32_t role, session_role;
    bool restricted; /* it works with an owner's rights: see exec/owner_rights.h */
    char *role_name, *session_role_name;
    char *user, *client_addr;
    int client_port;
    char *ssl_version, *ssl_cipher; /* NULL without TLS */
    int ssl_bits;
    struct arena *arena;             /* the statement's; reset when a message begins */
    struct error err;                /* strings in arena */
    const struct snapshot *snapshot; /* the statement's, referenced */
    uint32_t *search_path;           /* effective, for search_path_version of snapshot */
    int nsearch_path;
    uint64_t search_path_guc, search_path_snapshot;
    char plan_signature[720]; /* settings that change plans, as text */
    uint64_t plan_signature_guc;
    struct prepared *prepared;
    struct portal *portals;
    enum session_task task;
    struct session_query query;
    struct session_execute execute;
    struct session_function function;
    struct copy_in *copy;        /* COPY FROM STDIN under way */
    enum session_task copy_task; /* what it is part of */
    bool on_worker;
    bool autovacuum; /* the server's own: autovacuum.h */
    bool started; /* the first message has come: text of the running statement below is kept */
    int64_t lock_deadline; /* lock_timeout while parked; 0 */
    struct function_counts function_counts; /* of its transaction */
    uint64_t xid;          /* of its transaction, 0 while it has asked for none: xact.h */
    int64_t idle_deadline; /* idle_in_transaction_session_timeout or idle_session_timeout */
    struct listener *listener;
    bool advisory_used;    /* a lock function was called: there may be holds */
    bool advisory_granted; /* while parked: the lock it waits for has been given (under advisory.c's
                              mutex) */
    struct large_object_descriptor *large_objects; /* open ones; malloc */
    int nlarge_objects;
    struct large_object_scan large_object_scans[2]; /* pg_largeobject_metadata, pg_largeobject */
    char tag[64];
    struct session_log log;
    uint64_t server_gucs;                /* version of the server's settings that has been seen */
    const char *inherited[GUC_REPORTED]; /* the server's values that the client was told; NULL the session's own */
    /* Seen by other sessions (pg_stat_activity), under lock. */
    pthread_mutex_t lock;
    char *activity;    /* text of the running or last statement */
    char *application; /* application_name */
    int64_t backend_start, query_start, state_change;
    _Atomic int64_t xact_start; /* set without the lock */
    char state; /* i idle a active t idle in transaction e aborted */
};

/* --- session.c -------------------------------------------------------------------------- */
int64_t session_clock(void); /* microseconds since 2000-01-01 UTC */
/* Whether a stored timestamptz ('infinity' included) lies in the past. */
bool session_time_passed(const char *timestamptz);
/* It waits for the client from now on: how long it may. */
void session_idle_begins(struct pg_session *s);
/*
 * Sends err as an ErrorResponse and lets it take its effect on the transaction: PG_FAILED or
 * PG_CLOSED.
 */
enum pg_result session_fail(struct pg_session *s);
/* What pg_stat_activity says of this session from now on; text NULL: the last one stays. */
void session_report(struct pg_session *s, bool active, const char *text, size_t n);
/* The server's settings may have been read again: what follows from those that the session has no values of its own for. */
void session_see_reload(struct pg_session *s);
/*
 * Sends ParameterStatus for a setting the client is told of, by index; also brings s->eval in line.
 */
void session_setting_changed(void *arg, int i);
/* Settings that only tell: set as the server sets them. */
void session_internal_setting(struct pg_session *s, const char *name, const char *value);
void session_notice(struct pg_session *s, enum error_severity severity, const char *sqlstate,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* No block of transactions around the statement: neither BEGIN's, nor that of several statements in one message, nor a function. */
bool session_outside_block(const struct pg_session *s);

/* --- statement.c: from text to plan ------------------------------------------------------ */
/* Before each statement: time, catalog snapshot, timeouts, search path. */
bool session_begin_statement(struct pg_session *s);
/*
 * The plan of a raw statement of text (length bytes at offset are the statement's own).
 * types/ntypes: parameter types given; variable: more may be inferred. NULL with s->err set. The
 * reference is the caller's.
 */
struct plan *session_plan(struct pg_session *s, const char *text, int offset, int length,
                          const struct raw_stmt *raw, const uint32_t *types, int ntypes,
                          bool variable);
/* The same for a text of one statement made by the session itself. */
struct plan *session_plan_text(struct pg_session *s, const char *text, const uint32_t *types,
                               int ntypes);
/* The plan of a statement nested in a running one. NULL with s->err set. */
struct plan *session_plan_source(struct pg_session *s, const struct spi_source *src);
/* A plan for a query inside another plan's statement (EXPLAIN, DECLARE, COPY, PREPARE...). */
struct plan *session_plan_inner(struct pg_session *s, const struct plan *outer, struct query *q,
                                const uint32_t *params, int nparams);
/* A whole text of one plain statement seen before with these settings; NULL if not. */
struct plan *session_cached(struct pg_session *s, const char *text, size_t n, const uint32_t *types,
                            int ntypes);
void session_cache(struct pg_session *s, const char *text, size_t n, const uint32_t *types,
                   int ntypes, struct plan *p);
/*
 * The shared plan of the text's normal form (normalize.h), its literals in *normal; NULL: plan the
 * text itself.
 */
struct plan *session_normalized(struct pg_session *s, const char *text, size_t n,
                                struct normal_text *normal);
/* The relation a name means on the search path; NULL with s->err set (42P01). */
const struct relation *session_relation(struct pg_session *s, const struct qualified_name *name);
/* Effective search path as namespace OIDs. */
void session_search_path(struct pg_session *s);

/* --- run.c: running a portal -------------------------------------------------------------- */
/* A portal for plan (the reference passes over) with its result columns described. */
struct portal *session_portal(struct pg_session *s, const char *name, struct plan *plan);
/* Fills p->fields from the plan. False with s->err set. */
bool session_describe_portal(struct pg_session *s, struct portal *p);
/* Begins the implicit transaction if there is none, checks the failed state. */
bool session_enter(struct pg_session *s, const struct plan *plan);
enum portal_result session_run(struct pg_session *s, struct portal *p, struct row_sink *sink,
                               int64_t max_rows);
/* The first half of session_run for a utility statement: everything but sending its rows. */
enum portal_result session_run_utility(struct pg_session *s, struct portal *p);
/* The command tag of a finished portal; lives in the session until the next one. */
const char *session_tag(struct pg_session *s, const struct portal *p);
/* Runs what is left of a portal into its result, from where it is read from then on. */
bool session_materialize(struct pg_session *s, struct portal *p);
/* BEGIN with the default_transaction_... settings; block: a transaction block. */
void session_begin_transaction(struct pg_session *s, bool block);
enum txn_isolation session_isolation(const char *name);
/* Commits the implicit transaction if one is open. False with s->err set. */
bool session_finish_implicit(struct pg_session *s);
bool session_commit(struct pg_session *s);
void session_rollback(struct pg_session *s);
void session_close_portals(struct pg_session *s, bool all);
void session_close_failed_portals(struct pg_session *s);
/* SAVEPOINT: open cursors' rows are kept, so that ROLLBACK TO it leaves them. */
bool session_keep_cursors(struct pg_session *s);
/* Those opened when there were at least so many savepoints. */
void session_drop_cursors_of(struct pg_session *s, int level);
/* A savepoint was released, level are left: its cursors belong to the one around it. */
void session_release_cursors(struct pg_session *s, int level);
/* Takes the rows of a cursor into memory; where it stands stays the same. */
bool session_keep_cursor(struct pg_session *s, struct portal *p);
struct portal *session_find_portal(struct pg_session *s, const char *name);
void session_add_portal(struct pg_session *s, struct portal *p);
void session_drop_portal(struct pg_session *s, struct portal *p);

/* --- simple.c, extended.c ------------------------------------------------------------------ */
/* PORTAL_WAIT_... as PG_WAIT_...; PORTAL_FINISHED is PG_DONE. */
enum pg_result session_wait(enum portal_result r);
enum pg_result simple_query(struct pg_session *s, const char *sql, size_t n);
enum pg_result simple_resume(struct pg_session *s);
enum pg_result execute_resume(struct pg_session *s);
/* Ends a FunctionCall that is under way, if one is. */
void function_drop_portal(struct pg_session *s);

/* --- prepared.c --------------------------------------------------------------------------- */
struct prepared *prepared_find(struct pg_session *s, const char *name);
/* Makes (or for "" replaces) a statement; 42P05 if it exists. */
struct prepared *prepared_create(struct pg_session *s, const char *name, const char *text,
                                 const uint32_t *types, int ntypes, bool from_sql);
void prepared_drop(struct pg_session *s, struct prepared *p);
void prepared_drop_all(struct pg_session *s);
/* Its plan, made anew if the catalog or the settings have changed. False with s->err set (0A000
   when the result's shape changed). */
bool prepared_revalidate(struct pg_session *s, struct prepared *p);

/* --- utility.c ---------------------------------------------------------------------------- */
/* Carries out the utility statement of p's plan; may fill p->result. */
enum portal_result utility_run(struct pg_session *s, struct portal *p);
/* Its result columns, if it has any: types and names into p->fields. False with s->err set. */
bool utility_describe(struct pg_session *s, struct portal *p);
/* A result of ncolumns typed columns for p. */
void utility_fields(struct portal *p, int n, const char *const *names, const uint32_t *types);
/*
 * A table of the statements: whether one may run in a failed or an open transaction, or read-only.
 */
bool utility_forbidden_in_block(const struct utility *u);

/* --- copy ---------------------------------------------------------------------------------- */
enum portal_result copy_run(struct pg_session *s, struct portal *p);
enum pg_result copy_in_data(struct pg_session *s, const char *data, size_t n);
enum pg_result copy_in_finish(struct pg_session *s);
void copy_in_free(struct copy_in *c); /* NULL is allowed */

/* --- explain.c ----------------------------------------------------------------------------- */
enum portal_result explain_run(struct pg_session *s, struct portal *p);

/* --- large_object.c ------------------------------------------------------------------------- */
/* Closes descriptors made under at least so many savepoints; 0: all. */
void large_objects_close(struct pg_session *s, int level);
/* Savepoints beyond level were released: their descriptors belong to it now. */
void large_objects_release(struct pg_session *s, int level);
/* Rows of pg_largeobject_metadata (OID and owner) and of pg_largeobject, for live.c. */
bool live_large_objects(struct pg_session *s, int i, struct arena *a, struct value *c, int n);
bool live_large_object_pages(struct pg_session *s, int i, struct arena *a, struct value *c, int n);

/* --- notify.c --------------------------------------------------------------------------------- */
bool notify_listen(struct pg_session *s, const char *channel);
void notify_unlisten(struct pg_session *s, const char *channel); /* NULL: all */
bool notify_queue(struct pg_session *s, const char *channel, const char *payload);
void notify_commit(struct pg_session *s);
void notify_rollback(struct pg_session *s);
/* The i-th channel this session listens on, NULL beyond the last. */
const char *notify_channel(struct pg_session *s, int i);
/* Sends what has arrived. */
void notify_deliver(struct pg_session *s);
void notify_close(struct pg_session *s);

#endif
