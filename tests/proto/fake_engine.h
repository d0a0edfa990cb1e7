/*
 * fake_engine.h: the engine of canned statements: fake_engine.c is sql/pg.h's functions, fake_commands.c what the
 * statements do.
 */
#ifndef PGF_TESTS_FAKE_ENGINE_H
#define PGF_TESTS_FAKE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/pg.h"

#define FAKE_SETTINGS 64
#define FAKE_COMMAND  4096
struct pg_engine {
    char path[1024], database[256];
    struct {
        char name[64], value[512];
    } settings[FAKE_SETTINGS];
    int nsettings;
    pthread_mutex_t lock;
    struct pg_session *sessions;
    int32_t next_pid;
};

struct fake_prepared {
    char name[64];
    char *sql;
    uint32_t types[64];
    int ntypes;
    struct fake_prepared *next;
};

struct fake_portal {
    char name[64];
    char *sql;
    struct strbuf params; /* DataRow body of text values */
    int nparams;
    long done;
    struct fake_portal *next;
};

struct pg_session {
    struct pg_engine *engine;
    const struct pg_reply *reply;
    struct pg_session *next;
    struct arena *arena;
    int32_t pid, key;
    char who[512];
    char status;
    struct fake_prepared *prepared;
    struct fake_portal *portals;
    char *rest; /* commands of the query still to run */
    bool is_query;
    struct fake_portal *portal; /* of the Execute that runs */
    char command[FAKE_COMMAND];
    long row, rows, width, limit;
    size_t copied;
    char lock_name[64];
    bool locked; /* guarded by the engine's lock, as are: */
    char note[256];
    _Atomic int cancelled, terminated;
};

/* An error with this SQLSTATE; what is left of the query is forgotten. */
enum pg_result fake_fail(struct pg_session *s, const char *state, const char *text);
/* Starts or goes on with s->command. */
enum pg_result fake_run(struct pg_session *s, bool start, bool on_worker);
bool fake_returns_rows(const char *command);
void fake_row_description(struct pg_session *s, const char *command);
/* CommandComplete. */
enum pg_result fake_complete(struct pg_session *s, const char *tag);
/* 57014 or 57P01 when someone asked for it, else PG_DONE. */
enum pg_result fake_check_interrupt(struct pg_session *s);

#endif
