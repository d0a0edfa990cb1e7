/*
 * command.h: DDL and the other statements that change catalogs: carried out on the writer's connection, durable rows
 * and SQLite's own DDL in the one transaction the caller has open.
 *
 * The caller (exec/ or session/) holds the write slot, has begun a transaction, and rolls the statement back (savepoint) when
 * command_run says false. After success it publishes the snapshot of the transaction: command_run has loaded it and handed
 * it over through set_snapshot whenever the catalog changed.
 */
#ifndef PGF_COMMAND_COMMAND_H
#define PGF_COMMAND_COMMAND_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/analyze/utility.h"
#include "sql/catalog/map.h"
#include "sql/catalog/sequence.h"
#include "sql/catalog/snapshot.h"
#include "sql/types/sqlite_func.h"

/* A function that reloads the catalog in a loop looks its objects up again; one that does so a few times need not. */
#define COMMAND_KEPT_SNAPSHOTS 8

struct command {
    sqlite3 *db;                      /* inside a write transaction */
    const struct snapshot *snapshot;  /* in: the transaction's; out: the newest one made by this command (borrowed) */
    const struct utility *utility;
    const char *text;                 /* the statement's source text, for error positions; may be NULL */
    struct arena *arena;              /* the statement's */
    struct error *err;
    struct eval_context *ctx;
    struct sqlite_func_host *func_host; /* of db's connection: functions are registered as DDL needs them */
    uint32_t role;                    /* current_user: owner of what is made */
    const char *role_name;
    const uint32_t *search_path;      /* effective, as struct analysis has it */
    int nsearch_path;
    const char *database;
    int pid;                          /* of the session, as pg_backend_pid() says it */
    struct sequence_store *sequences; /* the database's */
    struct change_log *log;           /* of db's connection; NULL: the catalog is loaded whole after each change (unit tests) */
    /* A NOTICE or WARNING; severity is set. May be NULL. */
    void (*notice)(void *host, const struct error *notice);
    /* The catalog changed: the reference is the callee's from now on. Must keep c->snapshot alive until command_run
       returns. NULL: the command keeps the last one in c->snapshot and the caller unrefs it (unit tests). */
    void (*set_snapshot)(void *host, struct snapshot *s);
    void *host;
    uint64_t rows;                    /* out: affected rows, where the tag has a number */
    /* --- the command's own, zero at entry --- */
    bool changed;                     /* metadata was written */
    bool dropped; /* objects were dropped: sql_drop fires */
    bool temp;                        /* the object under way is temporary */
    struct list kept;                 /* the snapshots before the present one, the last COMMAND_KEPT_SNAPSHOTS */
    struct list chosen;               /* names chosen and not yet in the snapshot */
};

/* True if command_run carries out this kind of statement (session/ and exec/ do the others). */
bool command_handles(const struct utility *u);

/* Carries out c->utility. False with c->err set. */
bool command_run(struct command *c);

/*
 * CREATE TABLE AS and SELECT INTO: makes the table (or materialized view, when matview_sql holds its query) with these
 * columns; the caller inserts the rows. *existed: IF NOT EXISTS found one (a NOTICE was sent). NULL with err set or existed.
 */
const struct relation *command_create_table_as(struct command *c, const struct qualified_name *name,
                                               char persistence, bool if_not_exists,
                                               const struct column_def *columns,
                                               const int32_t *typmods, int ncolumns,
                                               const char *matview_sql, char on_commit,
                                               const struct option *options, int noptions, bool *existed);

/* Rows of a durable table were changed by a statement (system_relation_changeable): the picture follows, and what rests on it. */
bool command_catalog_changed(struct command *c);
/* A materialized view has its rows now, or has none (WITH NO DATA). */
bool command_set_populated(struct command *c, const struct relation *matview, bool populated);
/* Its unique indexes are taken away in SQLite, or built again (23505 naming a key that is there twice); the catalog keeps them. */
bool command_set_unique_indexes(struct command *c, const struct relation *matview, bool there);
/* DROP of a temporary relation or function by ON COMMIT DROP or DISCARD, with what rests on it. */
bool command_drop_temporary(struct command *c, uint32_t classid, uint32_t oid);

#endif
