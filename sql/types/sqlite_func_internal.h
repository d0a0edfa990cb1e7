/* sqlite_func_internal.h: shared by sqlite_func.c, sqlite_agg.c and sqlite_srf.c only. */
#ifndef PGF_TYPES_SQLITE_FUNC_INTERNAL_H
#define PGF_TYPES_SQLITE_FUNC_INTERNAL_H

#include "sql/types/sqlite_func.h"

/* SQLite allows 127 arguments. */
#define SQLITE_CALL_MAX   127
#define SQLITE_CALL_SMALL 8

/* An implementation on a connection; malloc'ed, freed by SQLite with the registration. */
struct sqlite_func {
    const struct fn_impl *impl;
    struct sqlite_func_host *host;
    bool strict;
    bool typed;
    bool moving;
};

/* A call with room for all its arguments. */
struct sqlite_call {
    struct fcall f;
    struct value args[SQLITE_CALL_MAX];
    uint32_t argtypes[SQLITE_CALL_MAX];
};

/* Fills k->f (zeroed by the caller) from SQLite's arguments; false when a NULL argument makes the result NULL. */
bool sqlite_func_prepare(struct sqlite_call *k, const struct sqlite_func *fn, int argc,
                         sqlite3_value **argv);
/* Makes the SQLite call fail with host->err. */
void sqlite_func_fail(sqlite3_context *c, struct sqlite_func_host *host);
void sqlite_scalar_call_general(sqlite3_context *c, int argc, sqlite3_value **argv);
/* Takes fn over, also when it fails. */
int sqlite_agg_register(sqlite3 *db, struct sqlite_func *fn, const char *name, int flags,
                        bool moving);

/* fn's implementation as a virtual table; takes fn over, also when it fails. */
int sqlite_srf_create(sqlite3 *db, struct sqlite_func *fn, const char *name);
int sqlite_subplan_register(sqlite3 *db, struct sqlite_func_host *host);
int sqlite_sorted_register(sqlite3 *db, struct sqlite_func_host *host);
int sqlite_frame_register(sqlite3 *db, struct sqlite_func_host *host);

#endif
