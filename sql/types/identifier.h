/* identifier.h: which names need quotes in SQL. Used by whatever prints names: functions here, format_type.c, and so deparse. */
#ifndef PGF_TYPES_IDENTIFIER_H
#define PGF_TYPES_IDENTIFIER_H

#include <stdbool.h>

#include "sql/types/text_util.h"

/* Whether PostgreSQL's quote_identifier() leaves the name as it is. */
bool identifier_is_plain(struct slice s);
/*
 * The setting quote_all_identifiers of the session that this thread serves: no name is plain. Each entry into a session
 * sets it, as does SET.
 */
void identifier_quote_all(bool on);
/* Appends s, quoted unless it is plain. */
void identifier_add(struct textbuf *out, struct slice s);

#endif
