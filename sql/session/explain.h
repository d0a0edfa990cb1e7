/* explain.h: what the files of EXPLAIN share: explain.c runs, explain_print.c makes the tree, the others fill and print it. */
#ifndef PGF_SESSION_EXPLAIN_H
#define PGF_SESSION_EXPLAIN_H

#include "sql/session/session.h"
#include "vecext/vecext.h"

enum explain_format { EXPLAIN_TEXT, EXPLAIN_JSON, EXPLAIN_XML, EXPLAIN_YAML };

struct explain_options {
    bool analyze, verbose, costs, buffers, settings, wal, timing, summary;
    enum explain_format format;
};

struct explain_run {
    struct explain_options options;
    int64_t started, elapsed_ns, planning_ns;
    struct vec_scan_stats vector; /* work of vector index scans */
};

/* One node of the plan. */
struct explain_node {
    const char *type;     /* "Seq Scan" */
    const char *relation; /* "t" */
    const char *alias;    /* when it differs */
    const char *index;
    const char *label; /* "Index Cond", "Order By", "Sort Key"... */
    const char *detail;
    const char *index_filter; /* of a vector index: conditions tested on its included columns */
    const char *filter; /* conditions that the index does not serve */
    const char *title;  /* "SubPlan 1" */
    const char *work;   /* ANALYZE: what a vector index scan did */
    const char *sqlite_index;
    const struct relation *table; /* of scans; NULL unknown */
    int nequal;                   /* leading columns of the index that are compared by = */
    bool ranged, unique;          /* a range on the next column; at most one row */
    int nfilters;
    double rows, startup, total; /* estimates */
    int width;
    struct explain_node *children[16];
    int n;
};

struct explain_tree {
    struct pg_session *s;
    struct arena *a;
    const struct program *program;
    struct connection *connection;
    struct vec_scan_stats work; /* ANALYZE */
    int subplans;
};

bool explain_options_read(struct pg_session *s, const struct utility *u, struct explain_options *o);
struct plan *explain_utility_plan(struct pg_session *s, struct portal *p, const struct utility *u);
/* Appends the lines of p->inner's plan (one value a row) to out. False with s->err set. */
bool explain_print(struct pg_session *s, struct portal *p, const struct explain_run *run,
                   struct rowset *out);

/* explain_cond.c: which of the statement's conditions a scan's index serves ("(a=? AND b>?)" in SQLite's words), which are
   left to filter its rows. alias: SQLite's name of the table. */
void explain_conditions(struct explain_tree *t, struct explain_node *n, const char *alias, const char *terms);
/* Of a vector index scan: what it tests on included columns, and what its rows are filtered by all the same. */
void explain_tested(struct explain_tree *t, struct explain_node *n, const struct plan_note *note);

/* explain_cost.c: rows, cost and width of a tree, from sqlite_stat1 and the tables' sizes, with PostgreSQL's unit costs. */
void explain_estimate(struct explain_tree *t, struct explain_node *n, const struct query *q, bool top);

/* explain_format.c: a plan in JSON, XML or YAML; a plan's place among those of the statement, from 0. */
void explain_format_plan(struct strbuf *b, const struct explain_tree *t, const struct explain_node *top,
                         const struct explain_run *run, uint64_t rows, int place);
void explain_format_begin(struct strbuf *b, enum explain_format format);
void explain_format_end(struct strbuf *b, enum explain_format format);

#endif
