/*
 * routine.h: running users' functions and procedures: one call, whatever the language. The languages (exec/sql_function.c,
 * plpgsql/) register themselves at process start. Calls come from SQLite statements and from the evaluator (through the door of
 * types/routine.h), from CALL, from triggers, and from functions themselves.
 *
 * A call runs in the session's transaction. Its statements run on the connection of the statement around it, if there is one.
 */
#ifndef PGF_EXEC_ROUTINE_H
#define PGF_EXEC_ROUTINE_H

#include "sql/analyze/tree.h"
#include "sql/catalog/user_proc.h"
#include "sql/txn/rowset.h"

struct trigger_call; /* exec/trigger.h */
struct record;

struct routine_call {
    struct eval_context *ctx;
    const struct proc *proc;
    const struct value *args;
    int nargs;
    const uint32_t *argtypes; /* actual types */
    uint32_t rettype;         /* actual type */
    const struct column_def *coldef; /* AS t(a int, ...): what the caller wants of a RECORD; or NULL */
    int ncoldef;
    bool want_row;                /* sets of composite values: one column holds the whole value */
    struct trigger_call *trigger; /* a trigger function's surroundings; else NULL */
    struct event_trigger_call *event_trigger; /* likewise of event triggers */
    bool nonatomic;               /* CALL outside a transaction block: COMMIT is allowed */
    struct arena *arena;          /* the result's bytes */
    struct error *err;
    /* out */
    struct value result;
    struct rowset *rows; /* set-returning ones: given by the caller with its number of columns, rows are appended */
};

struct routine_language {
    uint32_t oid;
    bool (*call)(struct routine_call *c);
    /* CREATE FUNCTION's look at the body. statement: its source, for positions inside the body. */
    bool (*validate)(struct eval_context *ctx, const struct proc *p, const char *statement, struct error *err);
    /* DO; NULL: the language has none. */
    bool (*run_block)(struct eval_context *ctx, const char *body, bool nonatomic, struct error *err);
};

/* Process start only. */
void routine_add_language(const struct routine_language *l);
const struct routine_language *routine_language(uint32_t oid);

/* Runs c: strictness, recursion (54001), SET clauses and SECURITY DEFINER are seen to here. False with c->err set. */
bool routine_call(struct routine_call *c);
bool routine_validate(struct eval_context *ctx, const struct proc *p, const char *statement, struct error *err);

/* How many columns a call's rows have: OUT parameters, columns of a composite type, what the caller asked for; 1 for scalars and
   for whole values. */
int routine_row_columns(const struct routine_call *c);

/* Is the record what the query says the rows of the function are? */
bool routine_row_matches(struct routine_call *c, const struct record *r, const struct column_def *columns, int n);

/* user_aggregate.c: aggregates of CREATE AGGREGATE, for the door. */
void user_aggregate_step(struct fcall *f, uint32_t oid, struct user_aggregate_state *s);
void user_aggregate_final(struct fcall *f, uint32_t oid, struct user_aggregate_state *s);

/* The door for struct eval_context. */
extern const struct routine_door routine_sql_door;

/* A function at work, for CONTEXT: describe appends its lines to err. Lives on the caller's stack between push and pop. */
struct routine_frame {
    const struct routine_frame *outer;
    void (*describe)(struct error *err, const void *arg);
    const void *arg;
};
void routine_push(struct eval_context *ctx, struct routine_frame *f);
void routine_pop(struct eval_context *ctx, const struct routine_frame *f);
/* The lines of first and of the functions around it; NULL: nothing. */
void routine_frames_context(struct error *err, const struct routine_frame *first);

/* "f(integer,text)": as CONTEXT lines have it, qualified when the search path does not find it. In arena. */
const char *routine_signature_text(struct eval_context *ctx, const struct proc *p, struct arena *arena);
/* Appends a line to err's CONTEXT. */
void routine_context(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Makes err's position one inside query, which the client has not sent. */
void routine_internal_position(struct error *err, const char *query);
/* The same, but when body stands in statement as a literal: its position there. */
void routine_body_position(struct error *err, const char *body, const char *statement);

#endif
