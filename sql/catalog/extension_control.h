/*
 * extension_control.h: extensions that lie in folders, as PostgreSQL's do: NAME.control says what an extension is,
 * NAME--VERSION.sql makes it, NAME--FROM--TO.sql updates it. The folders are those of the setting extension_dir.
 * Called by command/extension_command.c and by the rows of pg_available_extensions.
 */
#ifndef PGF_CATALOG_EXTENSION_CONTROL_H
#define PGF_CATALOG_EXTENSION_CONTROL_H

#include <stdbool.h>

#include "sql/base/arena.h"
#include "sql/base/error.h"
#include "sql/catalog/map.h"
#include "sql/types/eval.h"

struct extension_control {
    const char *name, *folder; /* where its scripts are */
    const char *default_version, *module_pathname, *comment, *schema;
    bool relocatable, superuser, trusted;
    struct list requires; /* const char * */
};

/* Reads NAME.control of the first folder that has it; with a version NAME--VERSION.control on top. False with err: 0A000
   "is not available" with the file's path as detail, or what is wrong in the file. */
bool extension_control_read(struct arena *arena, struct eval_context *ctx, const char *name, const char *version,
                            struct extension_control *out, struct error *err);

/* Names of all extensions with a control file, in order of the folders; const char *. */
struct list extension_control_names(struct arena *arena, struct eval_context *ctx);
/* Versions that CREATE EXTENSION can make, with updates or without; const char *. */
struct list extension_control_versions(struct arena *arena, const struct extension_control *e);

/* The shortest way from one version (NULL: nothing, so the first step is a creating script) to another: versions in turn, the
   first being the one to begin with. Empty when there is none. */
struct list extension_control_path(struct arena *arena, const struct extension_control *e, const char *from,
                                   const char *to);

/* The text of a script: from NULL: NAME--TO.sql. NULL with err. */
char *extension_script_read(struct arena *arena, const struct extension_control *e, const char *from, const char *to,
                            struct error *err);

#endif
