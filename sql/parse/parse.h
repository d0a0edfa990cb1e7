/*
 * parse.h: PostgreSQL's grammar (libpg_query) as a function from text to raw statements.
 *
 * The raw tree is libpg_query's protobuf; only parse/ and analyze/ look inside. libpg_query reports
 * byte positions and no SQLSTATE: this file maps positions to characters and messages to SQLSTATEs.
 */
#ifndef PGF_PARSE_PARSE_H
#define PGF_PARSE_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/base/error.h"

struct parsed;   /* all statements of one text */
struct raw_stmt; /* one of them: a PgQuery__Node, seen from analyze/ */

/*
 * Parses text (n bytes, valid UTF-8, no NUL). NULL with err set: 42601 and kin with position in
 * characters. The caller ends it with parsed_free. An empty or comment-only text gives zero
 * statements. Any thread.
 */
struct parsed *parse_sql(const char *text, size_t n, struct error *err);
void parsed_free(struct parsed *p);
int parsed_count(const struct parsed *p);
const struct raw_stmt *parsed_stmt(const struct parsed *p, int i);
/* The statement's own text: offset and length in bytes inside the parsed text. */
void parsed_span(const struct parsed *p, int i, int *offset, int *length);
/* COMMIT, ROLLBACK, PREPARE TRANSACTION, ROLLBACK TO: what a failed transaction still accepts. */
bool raw_stmt_ends_transaction(const struct raw_stmt *s);
/* Statement kinds that the session must know before analysis. */
bool raw_stmt_is_transaction_control(const struct raw_stmt *s);
/* 1-based character position of a byte offset in text; 0 for a negative offset. */
int parse_char_position(const char *text, int byte_offset);
/* A single expression or SELECT stored in the catalog: parsed as "SELECT <text>"; offsets are
 * shifted accordingly. */
struct parsed *parse_expression(const char *text, struct error *err);

#endif
