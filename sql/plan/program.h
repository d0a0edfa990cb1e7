/*
 * program.h: what a statement becomes: a straight list of steps, each one SQLite statement, nearly always one in all.
 *
 * Made by plan_query() from the typed tree; immutable afterwards; shared by all sessions through the plan
 * cache; lives in its own arena.
 */
#ifndef PGF_PLAN_PROGRAM_H
#define PGF_PLAN_PROGRAM_H

#include "sql/analyze/tree.h"
#include "sql/base/error.h"

enum step_kind {
    STEP_ROWS,   /* its rows go to the client (SELECT, or DML with RETURNING) */
    STEP_COUNT,  /* DML without RETURNING: sqlite3_changes counts towards the tag */
    STEP_ROWSET, /* its rows are kept as rowset `rowset` for the steps behind it */
    STEP_CALL,   /* a user's function runs without a SQLite statement around it; its rows are rowset `rowset` */
    STEP_QUIET,  /* carried out, neither rows nor count */
    STEP_MODIFY  /* rows changed one by one, with triggers: modify */
};

enum binding_kind {
    BINDING_PARAM, /* the client's parameter number index, from 0 ($1) */
    BINDING_CONST, /* a literal taken out of the text */
    /* The rowset of that number, as pointer for the table-valued function rowset(?) with columns c0, c1, ... in the
       order the rows were kept. */
    BINDING_ROWSET
};
struct binding {
    enum binding_kind kind;
    int index;
    struct value value;
};

struct modify;

struct step {
    enum step_kind kind;
    const char *sql;   /* SQLite SQL; ?1.. are bindings[0].. */
    struct binding *bindings;
    int nbindings;
    int highest_binding; /* the greatest index among them */
    int rowset;  /* STEP_ROWSET */
    int ncolumns;
    bool counts; /* its rows (ROWS) or changes (COUNT) are the number in the command tag */
    struct query *query; /* the typed tree of this step; kept: DML's explains constraint violations */
    const struct relation *target; /* DML: the table */
    const struct named_target *named; /* DML: as the statement names it */
    /* STEP_CALL: the call, the columns the query sees, whether it has a column definition list. */
    struct expr *call;
    const struct column_def *columns;
    bool coldef;
    /* The statement whose WITH entries before number nwith this step may name; NULL: its own query's. */
    const struct query *with;
    int nwith;
    struct modify *modify; /* STEP_MODIFY: plan/modify.h */
    int number;            /* statements inside a STEP_MODIFY: names them in the connection's cache */
};

#define PROGRAM_FIRST_NUMBER 1000

struct program {
    struct arena *arena;
    enum query_command command;
    struct step *steps;
    int nsteps;
    int nrowsets;
    int nnumbers; /* of statements inside steps; they count from PROGRAM_FIRST_NUMBER */
    /* Result columns of the STEP_ROWS step; the SQLite statement's columns are the same, in order (junk ones
       behind them). */
    struct target *fields; /* also of a utility statement that gives rows (SHOW, EXPLAIN); has_rows is then false */
    int nfields;
    const uint32_t *params;
    int nparams;
    /* A cursor's tables: behind the client's columns stand, for each, tableoid and rowid. */
    const struct relation **sources;
    int nsources;
    bool cursor_locks; /* FOR UPDATE or SHARE: sources are the tables that it locks */
    bool writes;      /* needs the write slot */
    bool writes_permanent; /* changes or locks rows of tables that are not temporary */
    bool long_hint;   /* no unique-key search: run on a worker from the start */
    bool compares_all; /* the vectors of a table: worth a second thread */
    bool keys_off;    /* foreign keys are not looked at: session_replication_role, DISABLE TRIGGER ALL */
    bool reads_much;  /* vectors: better through a mapping of the file than page by page */
    bool by_value;    /* the plan rests on the values of literals: none for other values (session/normalize.h) */
    bool has_rows;    /* the tag of SELECT or a RETURNING: rows are sent */
    struct utility *utility; /* QUERY_UTILITY: nothing to print; command/ or session/ carries it out */
    const struct query *query;
    const struct error *denied; /* what the role may not do: told when it is run; NULL */
    /* Names of range table entries as they stand in the SQLite text, for EXPLAIN; filled by emit/. */
    struct plan_alias *aliases;
    int naliases;
    struct plan_note *notes; /* what EXPLAIN should say (vector index scans...) */
    int nnotes;
};

struct plan_alias {
    const char *sqlite;   /* "r3" */
    const char *relation; /* "t" */
    const char *alias;    /* as written in the statement */
    const struct query *q; /* the query whose range table entry it is */
    int rte;
};

struct plan_note {
    int step;
    const char *index, *table, *detail; /* "Order By: (embedding <-> $1)" */
    const char *rows; /* without an index: the statement whose rows are compared; set by emit/ */
    bool all;         /* that statement reads the whole table, range by range of rowids */
    /* Conjuncts of the query's WHERE that the index tests on its included columns, and whether that is all there is to them. */
    const struct query *query;
    int rte; /* the table's entry */
    const struct expr_list *tested;
    const bool *whole;
};

/*
 * Rewrites q (consumed: the tree belongs to the program from now on) by the named passes of plan/passes.def into steps, each
 * with its typed query; step.sql is still NULL (emit/emit.h prints it). NULL with err set (0A000 for what has no
 * SQLite form). arena: the program's own, given by the caller, q lives there too.
 */
struct program *plan_query(struct query *q, const struct snapshot *s, const uint32_t *params,
                           int nparams, struct arena *arena, struct eval_context *ctx,
                           struct error *err);

#endif
