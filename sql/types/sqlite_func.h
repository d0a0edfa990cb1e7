/*
 * sqlite_func.h: makes implementations (func.h) callable from SQLite SQL on one connection.
 *
 * Each is registered under its internal name, on demand:
 *   scalar         int4pl(a, b)
 *   aggregate      "sum(int4)"(x), also as a window function
 *   set-returning  SELECT c1, ordinality FROM generate_series_int4(1, 10): visible columns c1..cn
 *                  and ordinality (from 1), hidden columns a1..a32 take the arguments in call
 *                  syntax. A record whose shape the call decides has c1..c100, NULL behind
 *                  those the implementation fills.
 *
 * An implementation with FN_TYPED is called with 2n + 1 arguments for n real ones: the real ones,
 * the result type's OID, then the OID of each argument's type. A call written with VARIADIC to a
 * VARIADIC "any" function has FN_TYPE_VARIADIC added to its last argument's type.
 *
 * Moving window frames: an aggregate without an inverse answers 0A000 when rows leave its frame;
 * registered under its name followed by SQLITE_FUNC_MOVING it keeps its rows and is computed anew
 * for each frame: the printer uses that name for frames that do not start UNBOUNDED PRECEDING.
 */
#ifndef PGF_TYPES_SQLITE_FUNC_H
#define PGF_TYPES_SQLITE_FUNC_H

#include <sqlite3.h>
#include <stdbool.h>

#include "sql/base/error.h"
#include "sql/types/func.h"

#define SQLITE_FUNC_MOVING "~moving"

/* Internal names that are functions or tables of SQLite's own ("lower") are registered and printed behind this
   prefix, so that neither is ever taken for the other. */
#define SQLITE_FUNC_PREFIX "pg."

/* The aggregate that orders the input of another: see sqlite_sorted.c. */
#define SQLITE_FUNC_SORTED "sorted_agg"
/* The window function that finds frames SQLite has not: see sqlite_frame.c. */
#define SQLITE_FUNC_FRAME "frame_agg"
/* The table-valued function that runs a nested SELECT: see sqlite_subplan.c. */
#define SQLITE_FUNC_SUBPLAN "subplan"

/* One per connection; as long-lived as the connection. Whoever leases it sets ctx and error_init's
   err with an arena of the statement. An implementation's error is left in err, the SQLite
   call fails with SQLITE_ERROR. */
struct sqlite_func_host {
    struct eval_context *ctx;
    struct arena *scratch; /* arguments and results of running calls; reset when none runs */
    struct error err;
    /* Registers what SQLite's message says is missing ("no such function: int4pl"); false if it is not ours. Set by the
       connection's owner; used by nested statements. */
    bool (*register_missing)(struct sqlite_func_host *host, const char *message);
    int depth; /* calls now running: a function may itself run SQL on the connection */
};

/*
 * Registers the implementation of that internal name. SQLITE_OK also when it is there already or is purely
 * native (nothing to register); SQLITE_NOTFOUND when no family has it. Cheap: call it for each name a statement uses,
 * or keep a set per connection.
 */
int sqlite_func_register(sqlite3 *db, struct sqlite_func_host *host, const char *name);

/* Collations of collation_def_find are made when SQLite first meets their names. */
int sqlite_collation_register_needed(sqlite3 *db);

/* The two conversions, for other virtual tables and functions. Values borrow the bytes. */
struct value sqlite_value_get(sqlite3_value *v);
void sqlite_value_return(sqlite3_context *c, const struct value *v);

/* srf: see sqlite_srf.c. */
int sqlite_srf_register(sqlite3 *db, struct sqlite_func_host *host, const struct fn_impl *impl,
                        const char *name);

#endif
