/*
 * modify.h: running a STEP_MODIFY (plan/modify.h): rows changed one by one with their triggers, and what fires behind them.
 *
 *   source rows --> BEFORE ROW --> the change --> [batch] --> end of the statement: AFTER ROW, then AFTER STATEMENT
 *                                                    |
 *                                                    +--> deferred: at COMMIT or SET CONSTRAINTS IMMEDIATE
 *
 * No SQLite statement is being stepped while a trigger's function runs. Used by portal.c, and by the session for COMMIT.
 */
#ifndef PGF_EXEC_MODIFY_H
#define PGF_EXEC_MODIFY_H

#include "sql/exec/plan.h"
#include "sql/exec/trigger.h"
#include "sql/plan/modify.h"
#include "sql/txn/rowset.h"
#include "sql/txn/transaction.h"

/* Where rows are changed: given by the portal, or made for a COMMIT. */
struct modify_env {
    struct transaction *txn;
    struct run_control *control;
    struct connection *connection; /* inside the write transaction */
    struct after_queue *queue;     /* being fired: actions of foreign keys add to it */
    struct rule_results *results;  /* where rows of rules' SELECTs go; NULL: nowhere */
};

/*
 * Rows that a STEP_MODIFY has changed, for what fires afterwards. Columns of rows: the number of the op (nops: the conflict's),
 * rowid, natts old values, natts new values.
 */
#define BATCH_AT_ONCE SIZE_MAX
struct after_batch {
    struct after_batch *next;
    struct plan *plan; /* referenced */
    const struct step *step;
    struct rowset *rows;    /* NULL: only statement triggers */
    struct rowset *old_rows[3], *new_rows[3]; /* transition tables by event, made when asked for */
    bool no_statement;      /* a later batch fires the statement triggers */
    size_t *fired;          /* deferred batches, by number of the firing: 0 it is still to come, BATCH_AT_ONCE, or how many
                               modes the transaction had when SET CONSTRAINTS fired it; NULL: all are to come */
};

/* Batches in order of the statements that made them. */
struct after_queue {
    struct after_batch *first, **last;
};

/*
 * Runs step st of plan: source is its rowset; changed rows go to result (natts + 1 + others columns) unless NULL; a batch goes
 * to queue if something fires afterwards. *count is the number of rows changed. False with err set.
 */
bool modify_run(const struct modify_env *env, struct plan *plan, const struct step *st, const struct rowset *source,
                struct rowset *result, struct after_queue *queue, uint64_t *count, struct error *err);

/* The same in parts, for rows that come in their own time (COPY): BEFORE STATEMENT triggers (NULL with err set), rows any number of
   times, the batch to the queue (NULL: given up). A job that began must end. */
struct modify_job;
struct modify_job *modify_begin(const struct modify_env *env, struct plan *plan, const struct step *st,
                                struct rowset *result, struct error *err);
bool modify_rows(struct modify_job *job, const struct rowset *source, uint64_t *count, struct error *err);
void modify_end(struct modify_job *job, struct after_queue *queue);

/* Fires what the batches are for, in order, and frees them; what is deferred moves to the transaction. False with err set. */
bool after_fire(const struct modify_env *env, struct after_queue *queue, struct error *err);
/* Appends what from holds. A statement trigger fires once a queue: behind the last batch of its table and event. */
void after_queue_move(struct after_queue *to, struct after_queue *from);
void after_queue_free(struct after_queue *queue);
void after_batch_free(struct after_batch *b);

/* --- deferred.c: constraints that wait for COMMIT ------------------------------------------------------- */

/* SET CONSTRAINTS: constraint 0 is ALL. IMMEDIATE fires what was waiting for them. False with err set. */
bool deferred_set(const struct modify_env *env, const uint32_t *constraints, int n, bool deferred, struct error *err);
/* Before COMMIT: everything that waits, and what that makes wait. False with err set. */
bool deferred_fire_all(struct transaction *txn, struct run_control *control, struct error *err);

/* --- shared by modify.c, after.c, fire.c, foreign_key.c ----------------------------------------------- */

/* One row on its way. */
struct fired_row {
    const struct modify_env *env;
    struct plan *plan;
    const struct relation *relation;
    int event;
    const struct value *old, *new; /* natts values; NULL if there is none */
    int64_t rowid;
    bool moving; /* a DELETE that is the first half of an UPDATE into another partition */
    struct arena *arena; /* the row's */
    struct error *err;
};

/* fire.c: runs a statement about the row whose bindings are numbered as in plan/modify.h; the first column of its first row. */
bool fire_query(const struct fired_row *r, const struct step *st, struct value *out, int ncolumns, bool *found);
/* Whether the firing's WHEN condition holds. False with err set: *holds is not to be used. */
bool fire_when(const struct fired_row *r, const struct firing *f, bool *holds);
/* Calls the trigger's function. */
bool fire_trigger(const struct fired_row *r, struct trigger_call *call);
/* Equal values of the key's columns (bytes of the stored form). */
/* Equal as stored. */
bool fire_same_value(const struct value *x, const struct value *y);
/* builtin_trigger.c: the same for a function that PostgreSQL brings; 0A000 for one that is not carried out. */
bool builtin_trigger(const struct fired_row *r, const struct proc *p, struct trigger_call *call);
bool fire_same_key(const struct value *a, const struct value *b, const int16_t *keys, int n);
bool fire_null_key(const struct value *row, const int16_t *keys, int n);

/* foreign_key.c: whether table, or a partition of it, has a row with these values in n columns, one at least; with rowid: that row. Rare:
   prepared each time. */
bool fire_row_exists(const struct fired_row *r, const struct relation *table, const int16_t *columns, const struct value *row,
                     const int16_t *keys, int n, const int64_t *rowid, bool *found);

/* foreign_key.c and recheck.c: what a FIRING_ of these kinds does to the row. False with err set. */
bool fire_fk_check(const struct fired_row *r, const struct firing *f);
bool fire_fk_action(const struct fired_row *r, const struct firing *f);
bool fire_unique(const struct fired_row *r, const struct firing *f);
bool fire_exclude(const struct fired_row *r, const struct firing *f);

/* after.c: fires of a deferred batch what is pending: all of it, or what is no longer to wait. */
bool after_fire_pending(const struct modify_env *env, struct after_batch *b, bool all, size_t modes, struct error *err);
/* What SET CONSTRAINTS fired when there were more modes than so many is to come again: it is being rolled back. */
void after_batch_unfire(struct after_batch *b, size_t modes);

/* deferred.c: is the firing of a deferrable constraint to wait? */
bool deferred_now(struct transaction *txn, const struct firing *f);
/* The batch waits; it is the transaction's now. */
void deferred_add(struct transaction *txn, struct after_batch *b);

#endif
