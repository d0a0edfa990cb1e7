/*
 * vecext.h - the vector engine's public interface.
 *
 * vecext gives an SQLite connection vector functions and an approximate nearest-neighbour index
 * that lives in ordinary tables of the same file. Two ways in:
 *
 *   - load build/vecext/vecext.so into any SQLite (sqlite3_load_extension, `.load vecext`): its
 * entry point registers everything on that connection;
 *   - link the static library and call vecext_register() on every connection.
 *
 * What a connection then has (SQL):
 *   functions       see the table in vec_sqlfunc.c: vec_l2_distance(a, b), vec_from_text(t), ...
 *   vec_create_index(name, table, column [, options])   options: a JSON object
 *   vec_drop_index(name), vec_reindex(name), vec_rename_index(name, new)
 *   vec_index_info(name)      JSON: rows, lists, sizes, state
 *   vec_check(name)           'ok' or what is wrong
 *   vec_maintain(name [, ms]) folds tails, compacts, splits; returns steps done
 *   vec_rowset(rowid)         aggregate: a set of rowids for vec_scan's filter
 *   vec_scan(index, query [, k, probes, filter, max_distance, batch])   table function: rowid,
 * distance; further hidden arguments are in vec_scan.c
 *
 * vec_scan's arguments, in order:
 *   index         name
 *   query         a blob of the index's type, or its text form
 *   k             how many rows at most; NULL: as many as the consumer takes. Then rows come in
 * rounds, each ordered by distance; a later round may hold a row nearer than the last one of the
 * round before (as pgvector's relaxed order): sort once more where it matters probes        lists
 * to search; a REAL below 1: what this recall needs; NULL or <= 0: what the recall target needs filter        a vec_rowset() blob: only
 * these rows max_distance  only rows at most this far batch         rows to look for in the first
 * round when k is NULL (default 40) Distances are exact: they are computed from the base table's
 * values. A row of the index that the base table no longer has is not returned.
 *
 * Threads: whatever belongs to a connection is used by one thread at a time, as the connection
 * itself. Building uses threads of its own inside the call. Errors: functions here return false and
 * fill *err (may be NULL). Transactions: everything happens in the caller's transaction or, without
 * one, in its own savepoint.
 */
#ifndef VECEXT_VECEXT_H
#define VECEXT_VECEXT_H

#include <stdatomic.h>
#include <stdint.h>

#include "vecext/vec_distance.h"
#include "vecext/vec_error.h"
#include "vecext/vec_type.h"

struct sqlite3;

/* Registers functions and table functions on a connection. Returns an SQLite result code. */
int vecext_register(struct sqlite3 *db);

/* The same without the type functions, for a host that has its own under their names. The expressions of indexes may call
 * functions that the host registers when SQLite misses them: `missing` is then asked with SQLite's message and returns true
 * when preparing again is worth while. */
typedef bool vec_missing(void *context, const char *message);
int vecext_register_engine(struct sqlite3 *db, vec_missing *missing, void *context);

/* How an included column's values compare, and how much of one the index keeps. Values of other forms are looked up in the table. */
enum vec_include_kind {
    VEC_INCLUDE_INTEGER,
    VEC_INCLUDE_REAL,    /* NaN as text 'NaN', above all others */
    VEC_INCLUDE_DECIMAL, /* decimal numbers as text */
    VEC_INCLUDE_TEXT,    /* byte by byte */
    VEC_INCLUDE_PADDED,  /* likewise, but for blanks at the end */
    VEC_INCLUDE_TIME     /* '2026-11-28', '2026-11-28 12:30:15.5', in UTC where it names a zone */
};
enum { VEC_INCLUDE_MAX = 31 };
struct vec_include {
    const char *column;
    enum vec_include_kind kind;
};

/* What an index is made of. Zeroed members take their defaults. Strings are borrowed for the call.
 */
struct vec_index_def {
    const char *schema; /* SQLite schema of the table; NULL: main */
    const char *name;  /* of the index; unique among the schema's objects with the suffixes added */
    const char *table; /* base table; it must have rowids */
    const char *column;  /* indexed column, by name, or NULL and then */
    const char *expr;    /* ... SQL expression over the table's columns */
    const char *columns; /* quoted, comma separated columns that key, includes and `where` read, for AFTER UPDATE OF; NULL with
                            expr or where: every update re-indexes the row */
    const char *where;   /* partial index: SQL predicate, or NULL */
    enum vec_type type;
    enum vec_metric metric;
    int dims;           /* required, unless the table has a row to take it from */
    int lists;          /* 0: from the number of rows */
    bool flat;          /* one list, always searched whole: exact but for the codes' error bound */
    bool no_refine;     /* keep only one-bit codes: a quarter of the size, more exact reads */
    int64_t build_mem;  /* bytes; 0: 64 MB */
    int threads;        /* of the build; 0: one per processor */
    uint64_t seed;      /* 0: fixed */
    int target_percent; /* recall that unset probes aim at; 0: 95 */
    int max_elements;   /* sparsevec: rows with more are refused, in pgvector's words for hnsw; 0: none is */
    const struct vec_include *includes; /* columns whose values are kept beside the codes; not of sparsevec */
    int nincludes;
};

/* Progress of a build, polled from any thread; phases as pgvector names them. */
enum vec_phase {
    VEC_PHASE_INITIALIZING,
    VEC_PHASE_KMEANS,
    VEC_PHASE_ASSIGNING, /* reading, encoding */
    VEC_PHASE_LOADING    /* writing */
};
struct vec_progress {
    atomic_int phase;
    _Atomic int64_t tuples_total, tuples_done;
    atomic_bool cancel; /* set it to stop the build with an error */
    bool (*stop)(void *context); /* asked now and then by the building thread; may be NULL */
    void *stop_context;
};

/* Creates an index on a connection that vecext_register() has seen, and fills it from the table.
 * `progress` may be NULL. */
bool vec_index_create(struct sqlite3 *db, const struct vec_index_def *def,
                      struct vec_progress *progress, struct vec_error *err);

/* Removes an index; works when the base table is gone or the index is damaged. */
bool vec_index_drop(struct sqlite3 *db, const char *name, struct vec_error *err);

/* Renames it, with all its tables. */
bool vec_index_rename(struct sqlite3 *db, const char *name, const char *to, struct vec_error *err);

/* Trains and fills it anew from the table. `lists` < 0 keeps the setting. */
bool vec_index_reindex(struct sqlite3 *db, const char *name, int lists,
                       struct vec_progress *progress, struct vec_error *err);

/* Changes what a definition says: lists and build_mem from the next training on, target_percent at once. Members
 * that are 0 go back to their defaults. */
bool vec_index_set(struct sqlite3 *db, const char *name, const struct vec_index_def *def,
                   struct vec_error *err);

/* Empties it after the base table was emptied without triggers (TRUNCATE). */
bool vec_index_truncate(struct sqlite3 *db, const char *name, struct vec_error *err);

/* Numbers for planning. */
struct vec_index_stats {
    enum vec_type type;
    enum vec_metric metric;
    int dims;
    int lists;
    int probes; /* used when a search names none */
    bool flat, trained;
    int64_t rows;
};
bool vec_index_stats(struct sqlite3 *db, const char *name, struct vec_index_stats *stats,
                     struct vec_error *err);

/* A second connection on the same file, which a long scan reads with in a second thread when both see the same commit. It
 * belongs to vecext until it is freed; whoever made it closes it after that. NULL: out of memory. */
struct vec_helper *vec_helper_new(struct sqlite3 *second);
void vec_helper_free(struct vec_helper *helper);
/* Offers it to a connection that is about to begin a statement, and to no other one until it is withdrawn. False, and no offer,
 * when the connection is in a transaction already. */
bool vec_helper_offer(struct sqlite3 *db, struct vec_helper *helper);
void vec_helper_withdraw(struct sqlite3 *db);

/* Work done by the last vec_scan on this connection, for EXPLAIN ANALYZE. */
struct vec_scan_stats {
    int64_t lists, segments, rows, refined, reranked;
    int64_t tested; /* rows asked about by a predicate */
    int64_t scans;
};
bool vec_scan_last_stats(struct sqlite3 *db, struct vec_scan_stats *stats);

/* Work done by all scans of this thread since the last call, which sets it back to nothing. */
struct vec_scan_stats vec_scan_thread_stats(void);

/* The error behind the last failure of a trigger or a vec_scan on this connection, with the code
 * that a statement's SQLITE_ERROR has lost; forgets it. False when there was none. */
bool vec_last_error(struct sqlite3 *db, struct vec_error *err);

/* SQL text of an index's own objects: whether a table, view, index or trigger called `object`
 * belongs to the vector index `name`. For tools that list or copy a schema. */
bool vec_index_owns(const char *name, const char *object);

#endif
