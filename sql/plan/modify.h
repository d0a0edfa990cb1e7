/*
 * modify.h: changes that go row by row: what a STEP_MODIFY does to each row of its source rowset. Chosen when the table has
 * triggers for the event, or constraints that SQLite cannot keep by itself (see relation_by_rows in plan/steps_modify.c).
 *
 * The statements of one row (`sql`, tests) have numbered parameters: ?1..?natts are the new row by attnum, ?natts+1.. the
 * old row, ?2*natts+1 the rowid. In typed trees they are EXPR_PARAM with these numbers.
 */
#ifndef PGF_PLAN_MODIFY_H
#define PGF_PLAN_MODIFY_H

#include "sql/plan/program.h"

enum firing_kind {
    FIRING_TRIGGER,   /* a user's trigger */
    FIRING_FK_CHECK,  /* the row's foreign key must exist */
    FIRING_FK_ACTION, /* rows of other tables that refer to the old key */
    FIRING_UNIQUE,    /* a deferrable key: is the new key there twice? */
    FIRING_EXCLUDE    /* an exclusion constraint */
};

/* Keys of the rows that are there (VARs of the table) and of the new row (parameters by attnum); rows for which qual is true must
   not be beside it. step is what looks: new keys, old keys of such a row. */
struct exclusion {
    struct step *step;
    struct expr **old_keys, **new_keys, *qual;
    int nkeys;
    struct step *arbiter; /* ON CONFLICT DO NOTHING: a row in the way, before the INSERT */
};

struct firing {
    enum firing_kind kind;
    const char *name; /* they fire in this order */
    const struct trigger_def *trigger;
    const struct constraint_def *constraint;
    struct step *when; /* WHEN: one value; NULL: always */
    bool deferrable, deferred;
    int event;  /* statement level: which of the trigger's events it is */
    /* The statement that looks at the constraint, its parameters the key's values: FIRING_FK_CHECK: the referenced row;
       _FK_ACTION: a referring row; _UNIQUE: up to two rowids. */
    const char *sql;
    int number; /* in the connection's cache */
    struct exclusion *exclusion; /* FIRING_EXCLUDE */
};
struct firing_list {
    struct firing *items;
    int n;
};

/* What is done with a row. */
struct row_op {
    int event;                                   /* TRIGGER_INSERT, _UPDATE, _DELETE */
    struct firing_list before, instead, after;   /* row level */
    const int *attnums;                          /* INSERT, UPDATE: these columns are given, */
    int nattnums, first;                         /* by the source's columns first, first + 1 ... */
    const char *sql;                             /* the change; NULL for views */
    const char *sql_all;                         /* UPDATE of all columns: a trigger changed one that is not given */
    int number;                                  /* of sql in the connection's cache; sql_all: the next */
};

/* INSERT ... ON CONFLICT: the INSERT leaves a conflicting row alone, then */
struct row_conflict {
    struct step *probes; /* per arbiter: the rowid of the row in the way */
    int nprobes;         /* 0: DO NOTHING */
    /* That row by its rowid: rowid, old columns, the values of SET, the condition. */
    struct step *row;
    struct row_op op; /* UPDATE; `first` counts in row's columns */
    bool where;       /* row's last column is the condition */
    struct exclusion **exclusions; /* DO NOTHING: exclusion constraints that are arbiters */
    int nexclusions;
};

/* WITH CHECK OPTION of a view, or a policy's condition on new rows. */
struct view_check {
    const char *view;
    const char *refusal; /* a policy's: the whole message */
    struct step *test;
};

struct modify {
    const struct relation *relation;
    int source;        /* rowset */
    int action_column; /* MERGE: source column with the number of the op; -1: ops[0] */
    int rowid_column, old_column; /* where the row as it was stands in the source; -1: not there */
    int other_column, nothers;    /* source columns that go into the result as they are */
    int result;                   /* rowset of the changed rows (columns, rowid, xmax, others); -1 */
    struct row_op *ops;
    int nops;
    struct row_conflict *conflict;
    struct firing_list before_statement, after_statement;
    struct view_check *checks;
    int nchecks;
    const int *generated; /* attnums that SQLite computes: RETURNING of every sql, in this order */
    int ngenerated;
};

/* Columns of the rowset result. */
static inline int modify_result_width(const struct modify *m)
{
    return m->relation->natts + 2 + m->nothers;
}

#endif
