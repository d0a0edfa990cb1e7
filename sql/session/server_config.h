/*
 * server_config.h: the server's settings and where each comes from: built-in default, environment, files of settings (config_file.h),
 * command line, each stronger than the one before (PostgreSQL 15 documentation, 20.1). Reading the files again, ALTER SYSTEM,
 * pg_file_settings.
 *
 * The file of ALTER SYSTEM lies beside the database: "app.db.auto.conf", or "postgresql.auto.conf" in a served directory.
 */
#ifndef PGF_SESSION_SERVER_CONFIG_H
#define PGF_SESSION_SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/session/config_file.h"

struct pg_engine;
struct guc_store;
struct server_config;

enum config_source { CONFIG_DEFAULT, CONFIG_ENVIRONMENT, CONFIG_FILE, CONFIG_COMMAND_LINE, CONFIG_OVERRIDE };

/* Where a setting's value comes from. Strings live as long as the process. */
struct config_origin {
    enum config_source source;
    const char *file; /* CONFIG_FILE */
    int line;
    bool pending_restart; /* the files have another value, which takes a restart */
};

/*
 * Reads environment, files and command line ("name=value", NULL-terminated or NULL) into the engine's store. The result belongs to
 * the engine; NULL with err set.
 */
struct server_config *server_config_create(struct pg_engine *e, const char *config_file, const char *const *settings, struct error *err);
void server_config_destroy(struct server_config *c);

/* A value of the command line, or one that only the running server knows. False with err set. */
bool server_config_set(struct pg_engine *e, const char *name, const char *value, enum config_source source, struct error *err);
/* SIGHUP. What changed and what is wrong is in the log; what is wrong keeps its old value. */
void server_config_reload(struct pg_engine *e);
/* ALTER SYSTEM SET (value NULL: RESET) of a setting, name NULL: of all. The caller has checked privileges. */
bool server_config_alter(struct pg_engine *e, const char *name, const char *value, struct error *err);

struct config_origin server_config_origin(struct pg_engine *e, int setting);
/* When the files were read last, microseconds since 2000. */
int64_t server_config_load_time(struct pg_engine *e);
/* The files as they are now, each item judged. */
void server_config_look(struct pg_engine *e, struct config_list *l, struct arena *a);

#endif
