/*
 * activity.h: what happened to the tables of one file since the server opened it: rows changed, and when VACUUM and ANALYZE
 * ran. pg_stat_user_tables shows it; the autovacuum thread (session/autovacuum.c) goes by it.
 *
 * Rows are counted as SQLite changes them (its update hook), so also those of COPY, cascades and triggers, and, as in
 * PostgreSQL, those of transactions that are rolled back. Not counted: rows
 * that a DELETE without condition takes at once, tables without rowids, other processes' changes.
 * Any thread.
 */
#ifndef PGF_TXN_ACTIVITY_H
#define PGF_TXN_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/txn/function_counts.h"

struct activity;
struct table_activity; /* of one table; lives as long as the activity it is of */

enum activity_event { ACTIVITY_VACUUM, ACTIVITY_ANALYZE, ACTIVITY_AUTOANALYZE, ACTIVITY_EVENTS };

struct activity_counts {
    int64_t inserted, updated, deleted;
    int64_t changed;  /* rows of any of these since the last ANALYZE */
    int64_t grown;    /* inserted less deleted since then */
    int64_t appended; /* inserted since the last VACUUM */
    int64_t time[ACTIVITY_EVENTS]; /* of the last one, microseconds since 2000; 0 never */
    int64_t times[ACTIVITY_EVENTS];
};

struct activity *activity_create(void);
void activity_destroy(struct activity *a); /* NULL is allowed */

/* A row of SQLite's table of that name; op as sqlite3_update_hook gives it. *last: the caller's, found again without a search. */
void activity_count(struct activity *a, struct table_activity **last, int op, const char *table);
/* table NULL: all. */
void activity_event(struct activity *a, const char *table, enum activity_event event, int64_t time);
/* All 0 for a table nothing happened to. */
void activity_get(struct activity *a, const char *table, struct activity_counts *out);
/* Counters begin anew; table NULL: all. */
void activity_reset(struct activity *a, const char *table);

/* Calls of functions: adds what a transaction counted, which is empty then. */
void activity_add_functions(struct activity *a, struct function_counts *counted);
/* oid 0 in *out: it was not called. */
void activity_get_function(struct activity *a, uint32_t oid, struct function_count *out);
/* oid 0: all. */
void activity_reset_function(struct activity *a, uint32_t oid);

#endif
