/*
 * portal.h: a statement being run: one plan with its parameters, and how far it has come.
 *
 *   READY --run--> RUNNING --last row--> DONE
 *                  RUNNING --error-----> BROKEN
 *
 * A portal keeps its lease of a connection from its first run to its end, so that a suspended one
 * goes on where it was. Used by the session's thread only. Owned by the session.
 */
#ifndef PGF_EXEC_PORTAL_H
#define PGF_EXEC_PORTAL_H

#include "sql/exec/modify.h"
#include "sql/exec/plan.h"
#include "sql/exec/row.h"
#include "sql/txn/rowset.h"
#include "sql/txn/transaction.h"

struct pg_field; /* sql/pg.h: result columns as the client is told of them; filled by the session */

enum portal_state { PORTAL_READY, PORTAL_RUNNING, PORTAL_DONE, PORTAL_BROKEN };
enum portal_result {
    PORTAL_FINISHED,    /* no more rows; portal.count is final */
    PORTAL_SUSPENDED,   /* max_rows reached */
    PORTAL_FAILED,      /* err set */
    PORTAL_WAIT_OUTPUT, /* the sink is full: call again */
    PORTAL_WAIT_LOCK,   /* parked: call again after wake */
    PORTAL_WAIT_WORKER, /* call again on a thread that may be kept */
    PORTAL_WAIT_COPY    /* COPY FROM STDIN: data is to come (utility statements only) */
};

struct portal {
    char *name;          /* "" unnamed */
    struct arena *arena; /* owned: parameters, formats, and what else lives as long */
    struct plan *plan;   /* NULL for rows made by the session itself (result) */
    const struct value *params;
    enum portal_state state;
    struct connection *connection;
    bool leased;
    int step;
    sqlite3_stmt *stmt;
    bool helped; /* a second connection reads for the statement */
    struct rowset **rowsets; /* plan's STEP_ROWSET results */
    struct rowset *result;   /* materialised rows, read instead of running a plan */
    int64_t position;        /* next row of result */
    uint64_t count;          /* rows sent or changed: the number in the tag */
    int64_t total_changes;   /* of the connection, when the current step began */
    bool wants_writer;       /* a function inside writes: the write slot is taken from the start */
    bool keys_were_off;      /* of the connection, before this program */
    bool flushed;            /* rows have left: running cannot start over */
    struct value *cells;
    bool in_block; /* made inside a transaction block */
    bool hold;     /* survives COMMIT (result is materialised then) */
    bool scroll;
    bool cursor; /* made by DECLARE */
    int level; /* cursors: how many savepoints there were when it was opened */
    bool no_scroll, binary;
    int64_t cursor_at; /* FETCH's position: 0 before the first row, n on row n, one more after the
                          last */
    const char *statement; /* the prepared statement it was bound from; in arena */
    const char *source; /* the text it was declared in; NULL: the plan's */
    int64_t before;  /* rows passed that are not in result any more */
    bool held;       /* its transaction has ended */
    bool on_row;     /* current is of the row it stands on: tableoid and rowid per source of the program */
    int64_t *current;
    int64_t created_time;
    /* result shape */
    struct pg_field *fields;
    const struct type_def **types;
    int nfields;
    bool returns_rows; /* a SELECT without columns does, too */
    const int16_t *formats;
    int nformats;
    struct portal *next; /* the session's list */
    void *task;          /* a utility statement's progress; in arena */
    const char *tag;     /* utility statements: the whole tag if it is not the plan's; in arena */
    bool running;        /* its utility statement is under way: nothing may close it */
    bool closes_all;     /* COMMIT and ROLLBACK: all portals end with it */
    bool described;      /* RowDescription has been sent */
    bool utility_done;   /* a utility statement has been carried out; result may be left to send */
    struct after_queue *outer; /* an action of a foreign key: the queue of the statement around it takes `after` */
    struct after_queue after; /* what fires behind the rows changed so far (exec/modify.h) */
    struct portal *inner; /* EXECUTE: the portal of the prepared statement; owned */
};

/* A portal over plan (a reference passes over), in an arena of its own. */
struct portal *portal_create(const char *name, struct plan *plan);
/* Ends it: statement reset, lease given back. NULL txn only when it never ran. */
void portal_destroy(struct portal *p, struct transaction *txn);
/* Cells of a row: the client's columns, then those by which a cursor knows its row (program.sources). */
int portal_width(const struct portal *p);
/* Releases statement and lease but keeps the portal (DONE or BROKEN). */
void portal_finish(struct portal *p, struct transaction *txn, enum portal_state state);

/* Binds v to parameter i (from 1); v's bytes must outlive the step. */
void portal_bind_value(sqlite3_stmt *stmt, int i, const struct value *v);

/* The rowset of a ROWSET_TRANSITION_ number: of the trigger whose function is running; NULL if it has none. */
struct rowset *portal_transition(const struct eval_context *ctx, int index);

/* A run's surroundings, given by the session. */
struct portal_run {
    struct transaction *txn;
    struct run_control *control;
    struct strbuf *out; /* truncated when an inline run starts over on a worker; NULL if the sink is
                           elsewhere */
    struct row_sink *sink; /* NULL: rows are dropped */
    int64_t max_rows;      /* <= 0 no limit */
    bool on_worker;
    struct rule_results *results; /* rows of rules' SELECTs; NULL: dropped */
};

enum portal_result portal_run(struct portal *p, const struct portal_run *run, struct error *err);

#endif
