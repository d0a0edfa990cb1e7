/*
 * extension_script.h: the scripts of extensions that lie in folders (catalog/extension_control.h), run statement by statement
 * inside CREATE and ALTER EXTENSION. Called by extension_command.c only.
 */
#ifndef PGF_COMMAND_EXTENSION_SCRIPT_H
#define PGF_COMMAND_EXTENSION_SCRIPT_H

#include "sql/catalog/extension_control.h"
#include "sql/command/command_internal.h"

/* What a script knows of the extension it belongs to. */
struct extension_script {
    const struct extension_control *control;
    uint32_t oid, namespace_oid;
    const char *schema;
    struct list required_schemas; /* const char *: behind the extension's in the script's search_path */
};

/* Runs the script from -> to (from NULL: the creating one) with the settings PostgreSQL gives it; objects it makes become
   members. c->snapshot is the new one afterwards. */
bool extension_script_run(struct command *c, const struct extension_script *s, const char *from, const char *to);

/* Whether this command is a statement of a script: it may drop members. */
bool extension_script_running(const struct command *c);

#endif
