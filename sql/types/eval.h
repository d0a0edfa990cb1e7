/*
 * eval.h: what a function may know of the world while it runs: the settings that change results,
 * the clock of the transaction, and doors to the floors above (as function pointers, so that
 * types/ includes nothing from there).
 *
 * One eval_context per session; it is set on the SQLite connection while the session leases it.
 */
#ifndef PGF_TYPES_EVAL_H
#define PGF_TYPES_EVAL_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct arena;
struct value;
struct snapshot;
struct pg_session;
struct routine_door;
struct spi_host;
struct column_stats;
struct relation;
struct routine_frame;
struct function_counts;
struct trigger_call;
struct timezone_def; /* types/timezone.h */
struct sequence_store;   /* catalog/sequence.h */
struct sequence_session;

/* PostgreSQL's id of a transaction long over: the only one that rows show (emit/emit_names.c). */
#define FROZEN_TRANSACTION_ID 2

enum datestyle { DATESTYLE_ISO, DATESTYLE_POSTGRES, DATESTYLE_SQL, DATESTYLE_GERMAN };
enum dateorder { DATEORDER_MDY, DATEORDER_DMY, DATEORDER_YMD };
enum intervalstyle {
    INTERVALSTYLE_POSTGRES,
    INTERVALSTYLE_POSTGRES_VERBOSE,
    INTERVALSTYLE_SQL_STANDARD,
    INTERVALSTYLE_ISO_8601
};

/* Labels that ALTER TYPE ADD VALUE gave enums in this transaction: not to be used before COMMIT (types/enum.h). */
struct enum_added {
    uint32_t *labels;
    int n, cap;
};

struct eval_context {
    enum datestyle datestyle;
    enum dateorder dateorder;
    enum intervalstyle intervalstyle;
    const struct timezone_def *timezone;
    int extra_float_digits; /* default 1: shortest exact */
    bool bytea_escape;      /* bytea_output = escape */
    bool standard_conforming_strings;
    bool quote_all_identifiers; /* see types/identifier.h */
    /* Microseconds since 2000-01-01 UTC, PostgreSQL's epoch. */
    int64_t transaction_time; /* now(), CURRENT_TIMESTAMP */
    int64_t statement_time;   /* statement_timestamp() */
    uint64_t random_state[2]; /* random(), setseed() */
    const struct snapshot *snapshot; /* the catalog this statement was analyzed with */
    const uint32_t *search_path;     /* effective namespaces: pg_catalog, temp, then the rest */
    int nsearch_path;
    int nsearch_implicit; /* how many of them, at the front, search_path does not name */
    uint32_t role, session_role;     /* OIDs of current_user and session_user */
    const char *role_name, *session_role_name;
    struct sequence_store *sequences;          /* the database's; NULL in unit tests */
    struct sequence_session *sequence_session; /* this session's currval and lastval */
    /* A setting's value as SHOW prints it, NULL if there is none of that name. May be NULL. */
    const char *(*setting)(struct eval_context *ctx, const char *name);
    /*
     * Rows of the relations that show the server's living state (pg_settings' values, pg_stat_activity, pg_locks,
     * pg_prepared_statements, pg_cursors ...): fills columns with row number i of that relation; false when there is none.
     * Values live until the next call. May be NULL.
     */
    bool (*live_row)(struct eval_context *ctx, const char *relation, int i, struct arena *arena,
                     struct value *columns, int ncolumns);
    /*
     * What ANALYZE found in a table's column, and the table's rows; arrays in arena. False when it knows nothing. NULL in unit
     * tests.
     */
    bool (*column_statistics)(struct eval_context *ctx, const struct relation *r, int attnum, struct arena *arena,
                              struct column_stats *out, double *rows);
    const struct routine_door *routines; /* runs users' functions (types/routine.h); NULL in unit tests */
    const struct spi_host *spi;          /* runs statements inside a running one (exec/spi.h); likewise */
    const struct trigger_call *trigger;  /* whose function is running (exec/trigger.h); NULL */
    int trigger_depth;                   /* pg_trigger_depth() */
    struct event_state *events;          /* of the command under way, for event triggers (command/event_collect.h); NULL */
    int typmod_position; /* of the type name whose modifier is being read: for warnings; 0 */
    int track_functions;                     /* calls are counted: 1 those of procedural languages, 2 all */
    struct function_counts *function_counts; /* by the transaction (txn/function_counts.h); NULL in unit tests */
    int64_t function_time;                   /* nanoseconds that calls which are over took: what is not their callers' own */
    const struct routine_frame *frames;  /* functions at work, innermost first (exec/routine.h) */
    struct enum_added enum_added;
    const bool *read_only; /* the transaction under way; NULL in unit tests */
    bool replaying; /* a statement that failed runs again under watch: nothing may be used up */
    bool upserted;  /* ON CONFLICT DO UPDATE is changing a row, which RETURNING is about to show */
    struct pg_session *session;      /* for functions of the floors above; NULL in unit tests */
    /* Called now and then by long-running functions; true = stop with 57014 (error is set). */
    bool (*interrupted)(struct eval_context *ctx, struct error *err);
    /* Sends a NOTICE or WARNING to the client. May be NULL. */
    void (*notice)(struct eval_context *ctx, const struct error *notice);
};

#endif
