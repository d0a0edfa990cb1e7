/* explain.h: what the two files of EXPLAIN share: explain.c runs, explain_print.c tells. */
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

bool explain_options_read(struct pg_session *s, const struct utility *u, struct explain_options *o);
struct plan *explain_utility_plan(struct pg_session *s, struct portal *p, const struct utility *u);
/* Appends the lines of p->inner's plan (one value a row) to out. False with s->err set. */
bool explain_print(struct pg_session *s, struct portal *p, const struct explain_run *run,
                   struct rowset *out);

#endif
