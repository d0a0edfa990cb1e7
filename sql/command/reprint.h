/*
 * reprint.h: names change in stored texts. Expressions, views, rules and function bodies are stored as SQL text that names everything in
 * full: before a name changes they are analyzed, afterwards printed again with the names of the new snapshot. Called by rename_command.c
 * around every RENAME and SET SCHEMA.
 */
#ifndef PGF_COMMAND_REPRINT_H
#define PGF_COMMAND_REPRINT_H

#include "sql/command/command_internal.h"

struct stored_texts;

/* All texts of the present snapshot, analyzed; in c's arena, with a reference to the snapshot that reprint_store or reprint_drop gives
   back. A text that cannot be analyzed stays as it is. */
struct stored_texts *reprint_collect(struct command *c);
/* A view's own column gets a new name: so must its text give it. */
void reprint_rename_view_column(struct stored_texts *all, uint32_t view, int attnum, const char *name);
/* Stores those that read differently with the names of the present snapshot. */
bool reprint_store(struct command *c, struct stored_texts *all);
/* Forgets them: the change did not come about. */
void reprint_drop(struct stored_texts *all);

#endif
