/*
 * config_file.h: files of settings, as postgresql.conf: lines "name = value", comments, quotes, include, include_if_exists and
 * include_dir (PostgreSQL 15 documentation, 20.1.2); and writing postgresql.auto.conf. Called by server_config.c.
 */
#ifndef PGF_SESSION_CONFIG_FILE_H
#define PGF_SESSION_CONFIG_FILE_H

#include <stdbool.h>

#include "sql/base/error.h"

/* One line of a file, in the order of reading. */
struct config_item {
    struct config_item *next;
    const char *name, *value; /* as written, quotes taken off; name NULL: an error of the file itself */
    const char *file;
    int line;
    const char *error; /* why it does not count, NULL */
    bool applied;      /* it is what the server uses, or will use after a restart */
};

struct config_list {
    struct config_item *first, **end;
    struct arena *arena; /* of everything in it */
    bool broken;         /* some file cannot be read or is malformed */
};

void config_list_init(struct config_list *l, struct arena *arena);
/* Adds the lines of a file and of those it includes. must: a missing file is an error. Errors are items. */
void config_file_read(struct config_list *l, const char *path, bool must);
/*
 * Replaces the file by one line for each item that has a name and no error, durably: written beside it, synced, renamed.
 */
bool config_file_write(const struct config_list *l, const char *path, struct error *err);

#endif
