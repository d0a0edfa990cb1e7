/*
 * sqlstate.c: the table of parser messages that are not plain syntax errors (42601).
 *
 * To add a message: one row; the first row whose text occurs in the message wins.
 */
#include "sql/parse/sqlstate.h"

#include <stddef.h>
#include <string.h>

struct parse_message {
    const char *text;
    const char *sqlstate;
    const char *hint;
    const char *detail;
};

static const struct parse_message parse_messages[] = {
    {"subquery in FROM must have an alias", ERRCODE_SYNTAX_ERROR,
     "For example, FROM (SELECT ...) [AS] foo.", NULL},
    {"VALUES in FROM must have an alias", ERRCODE_SYNTAX_ERROR,
     "For example, FROM (VALUES ...) [AS] foo.", NULL},
    {"LIMIT #,# syntax is not supported", ERRCODE_SYNTAX_ERROR,
     "Use separate LIMIT and OFFSET clauses.", NULL},
    {"missing argument", ERRCODE_SYNTAX_ERROR,
     "Use NONE to denote the missing argument of a unary operator.", NULL},
    {"a column list with SET", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"MATCH PARTIAL not yet implemented", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"ASSERTION is not yet implemented", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"CREATE OR REPLACE CONSTRAINT TRIGGER is not supported", ERRCODE_FEATURE_NOT_SUPPORTED, NULL,
     NULL},
    {"aggregates cannot have output arguments", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"an aggregate with VARIADIC direct arguments", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"current database cannot be changed", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"UNIQUE predicate is not yet implemented", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"CREATE SCHEMA IF NOT EXISTS cannot include schema elements", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"constraints cannot be marked", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"WITH CHECK OPTION not supported on recursive views", ERRCODE_FEATURE_NOT_SUPPORTED, NULL,
     NULL},
    {"no longer supported", ERRCODE_FEATURE_NOT_SUPPORTED, NULL, NULL},
    {"unsafe use of string constant with Unicode escapes", ERRCODE_FEATURE_NOT_SUPPORTED, NULL,
     "String constants with Unicode escapes cannot be used when standard_conforming_strings is "
     "off."},
    {"unsafe use of \\' in a string literal", ERRCODE_NONSTANDARD_USE_OF_ESCAPE_CHARACTER,
     "Use '' to write quotes in strings. \\' is insecure in client-only encodings.", NULL},
    {"invalid Unicode escape value", ERRCODE_SYNTAX_ERROR, NULL, NULL},
    {"invalid Unicode escape character", ERRCODE_SYNTAX_ERROR, NULL, NULL},
    {"invalid Unicode escape", ERRCODE_INVALID_ESCAPE_SEQUENCE,
     "Unicode escapes must be \\XXXX or \\+XXXXXX.", NULL},
    {"invalid byte sequence for encoding", ERRCODE_CHARACTER_NOT_IN_REPERTOIRE, NULL, NULL},
    {"precision for type float", ERRCODE_INVALID_PARAMETER_VALUE, NULL, NULL},
    {"unrecognized row security option", ERRCODE_SYNTAX_ERROR,
     "Only PERMISSIVE or RESTRICTIVE policies are supported currently.", NULL},
    {"\" is reserved", ERRCODE_RESERVED_NAME, NULL, NULL},
    {"cannot be used as a role name here", ERRCODE_RESERVED_NAME, NULL, NULL},
    {"frame start", ERRCODE_WINDOWING_ERROR, NULL, NULL},
    {"frame end", ERRCODE_WINDOWING_ERROR, NULL, NULL},
    {"stack depth limit exceeded", ERRCODE_STATEMENT_TOO_COMPLEX, NULL, NULL},
    {"out of memory", ERRCODE_OUT_OF_MEMORY, NULL, NULL},
    {NULL, ERRCODE_SYNTAX_ERROR, NULL, NULL},
};

void parse_report(struct error *err, const char *message, int position)
{
    const struct parse_message *m = parse_messages;

    if (error_is_set(err))
        return;
    while (m->text != NULL && strstr(message, m->text) == NULL)
        m++;
    error_set(err, m->sqlstate, "%s", message);
    error_position(err, position > 0 ? position : 0);
    if (m->hint != NULL)
        error_hint(err, "%s", m->hint);
    if (m->detail != NULL)
        error_detail(err, "%s", m->detail);
}
