/*
 * sqlstate.h: SQLSTATEs and hints of the grammar's messages, which libpg_query reports as bare
 * text.
 */
#ifndef PGF_PARSE_SQLSTATE_H
#define PGF_PARSE_SQLSTATE_H

#include "sql/base/error.h"

/* Sets err to the parser's message with its SQLSTATE, and hint or detail where PostgreSQL gives
 * one. */
void parse_report(struct error *err, const char *message, int position);

#endif
