/* copy_in.h: one COPY FROM at work; shared by copy_in.c and copy_in_plan.c only. */
#ifndef PGF_SESSION_COPY_IN_H
#define PGF_SESSION_COPY_IN_H

#include "sql/session/copy.h"

struct copy_in {
    struct portal *portal; /* of the COPY statement */
    struct copy_options options;
    struct plan *insert;
    bool conditional; /* WHERE: a row may give none */
    bool keys_were_off; /* of the connection, before */
    bool singly;      /* PostgreSQL would not write rows in batches either */
    bool nested;      /* the plan has several steps: it runs for each row */
    /* Tables with triggers: the first step gives the row, the second is run as a job. */
    bool by_rows;
    struct modify_job *job;
    struct rowset *source;
    struct after_queue after;
    sqlite3_stmt *stmt;
    struct connection *connection;
    const char *table;
    const char **columns;
    const struct type_def **types;
    int32_t *typmods;
    int ncolumns;
    struct value *values;
    struct copy_field *fields;
    struct arena *row;     /* reset after each row */
    struct strbuf pending; /* bytes of a record that is not complete yet */
    struct copy_scan scan;
    uint64_t line, rows;
    bool header_due, binary_begun, ended;
    const struct relation *refused; /* copy_in_allow is to say why */
    bool failed; /* s->err is set; the rest of the data is dropped */
};

/* Which columns the data has: those named, or all that can be given. NULL with s->err set. */
const struct relation *copy_in_table(struct pg_session *s, struct portal *p, const struct utility *u, struct copy_in *c);
/* May the role put values into these columns, and read those of WHERE? 42501. */
bool copy_in_permitted(struct pg_session *s, const struct relation *r, const struct utility *u, const struct copy_in *c);
/* The plan by which rows go in. False with s->err set. */
bool copy_in_plan(struct pg_session *s, const struct relation *r, const struct utility *u, struct copy_in *c);
/* Will COPY be refused: a relation that takes no rows, FREEZE of a table that this transaction has not made? The client is asked for
   its data first and told then, as PostgreSQL does it: psql sends it in any case. copy_in_allow gives the error. */
bool copy_in_refused(struct pg_session *s, const struct relation *r, const struct copy_options *o);
bool copy_in_allow(struct pg_session *s, const struct relation *r, const struct copy_options *o);

#endif
