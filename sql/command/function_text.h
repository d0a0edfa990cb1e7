/* function_text.h: functions in words, and what the files about functions in command/ share. */
#ifndef PGF_COMMAND_FUNCTION_TEXT_H
#define PGF_COMMAND_FUNCTION_TEXT_H

#include "sql/analyze/analyze.h"
#include "sql/command/command_internal.h"

/* "schema.f(integer,text)", the schema only when the function is not the one its name finds. */
const char *function_text(struct command *c, const struct snapshot *s, const struct proc *p);
/* "name(integer,text)" with p's input types. */
const char *function_arguments_text(struct command *c, const char *name, const struct proc *p);
const char *function_type_text(struct command *c, uint32_t type);
/* "function f(integer)", "procedure ...": for drops. */
const char *function_object_text(struct command *c, const struct snapshot *s, const struct proc *p);

/* The statements of p's SQL-standard body as the catalog has it, analyzed as those of a new function like p; NULL with a's error when
   they cannot be. a: all but text and search path, which are set here. */
struct create_function *function_stored_body(struct analysis *a, const struct proc *p);
/* The source of an SQL-standard body in the statement's text: "RETURN ..." or "BEGIN ATOMIC ... END". */
const char *function_body_source(struct command *c, bool atomic);

/* function_command.c: a new name or schema (NULL: it stays). */
bool function_move(struct command *c, uint32_t oid, const char *name, const struct namespace_def *ns);

/* anyelement and its kin. */
bool function_is_polymorphic(uint32_t type);
/* Whether the arguments tell what a polymorphic type is; 42P13 "cannot determine <what> data type". */
bool function_check_polymorphic(struct command *c, uint32_t type, const uint32_t *argtypes, int nargs, const char *what);

#endif
