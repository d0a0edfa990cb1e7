/* engine.h: the process-wide part: databases by name, sessions by pid, server settings. */
#ifndef PGF_SESSION_ENGINE_H
#define PGF_SESSION_ENGINE_H

#include <pthread.h>

#include "sql/exec/plan.h"
#include "sql/pg.h"
#include "sql/session/guc.h"
#include "sql/txn/database.h"

struct pg_engine {
    char *path;
    bool directory; /* each *.db inside is a database */
    struct server_config *config;
    struct guc_store gucs;
    struct plan_cache *plans;
    pthread_mutex_t lock;       /* guards what follows */
    struct database *databases; /* open ones */
    struct pg_session *sessions;
    int nsessions;
    int32_t next_pid;
    int64_t start_time;
    struct autovacuum *autovacuum;
};

/*
 * The open database of that name (opened if need be), with one more session; NULL with err set
 * (3D000).
 */
struct database *engine_enter_database(struct pg_engine *e, const char *name, const char *user,
                                       struct error *err);
void engine_leave_database(struct pg_engine *e, struct database *d);
/* CREATE/DROP DATABASE and the list for pg_database. */
bool engine_create_database(struct pg_engine *e, const char *name, struct error *err);
bool engine_drop_database(struct pg_engine *e, const char *name, bool missing_ok, bool *existed,
                          struct error *err);
/* Names of all databases, in err's arena. */
char **engine_database_names(struct pg_engine *e, int *n, struct arena *a);
/* Gives the session pid and key and puts it on the list; takes it off. */
bool engine_add_session(struct pg_engine *e, struct pg_session *s, struct error *err);
void engine_remove_session(struct pg_engine *e, struct pg_session *s);

#endif
