/* limits.h: every limit of a queue, buffer, depth or list, each with its reason. */
#ifndef PGF_BASE_LIMITS_H
#define PGF_BASE_LIMITS_H

/* PostgreSQL's NAMEDATALEN - 1: longer identifiers are cut with a NOTICE. */
#define LIMIT_IDENTIFIER 63
/* PostgreSQL's MaxAllocSize: one value is below 1 GB; more is 54000. */
#define LIMIT_VALUE_BYTES 0x3fffffff
/* PostgreSQL's largest frontend message (PQ_LARGE_MESSAGE_LIMIT); memory for it grows as it comes. */
#define LIMIT_MESSAGE_BYTES 0x3fffffff
/* PostgreSQL's startup packet limit. */
#define LIMIT_STARTUP_BYTES 10000
/* Output waiting for a slow client before the statement pauses (PG_WAIT_OUTPUT). */
#define LIMIT_OUTPUT_HIGH (256 * 1024)
/* Columns of a select list, as PostgreSQL (MaxTupleAttributeNumber); SQLite allows 2000. */
#define LIMIT_TARGETS 1664
/* Bind parameters of one statement, as the protocol's Int16 count allows. */
#define LIMIT_PARAMS 65535
/* Arguments of one function call (FUNC_MAX_ARGS). */
#define LIMIT_FUNC_ARGS 100
/* Expression nesting before 54001: the analyzer and printer recurse once per level (8 MB stacks). */
#define LIMIT_EXPR_DEPTH 5000
/* Longer texts (bulk INSERTs with literals) are not worth a place in the plan cache. */
#define LIMIT_CACHED_TEXT 16384
/* Longest text whose literals are taken out for the cache: long values, vectors, pieces of bulk loads. */
#define LIMIT_NORMAL_TEXT ((size_t)4 << 20)
/* PostgreSQL's NOTIFY_PAYLOAD_MAX_LENGTH. */
#define LIMIT_NOTIFY_PAYLOAD 8000
/* Text of a statement that pg_stat_activity keeps (track_activity_query_size). */
#define LIMIT_ACTIVITY_BYTES 1023
/* Plans shared by all sessions; each 5 to 50 KiB. */
#define LIMIT_CACHED_PLANS 1000
/* Prepared SQLite statements kept per connection; each costs 2 to 10 KiB. */
#define LIMIT_CONNECTION_STMTS 200
/* Expression nodes that one statement's BETWEEN and IN may copy: nested ones double with each level. */
#define LIMIT_EXPR_COPIED 200000
/* Large objects open at once in a session: 24 bytes each. */
#define LIMIT_LARGE_OBJECT_DESCRIPTORS 65536
/* PostgreSQL's MAXDIM for arrays. */
#define LIMIT_ARRAY_DIMS 6

/* Pages that a failing statement puts back, kept in memory by a writing connection; beyond it they go to a file. */
#define LIMIT_STATEMENT_JOURNAL (4 << 20)

/* Rows that a function's loop, cursor or result keeps in memory: beyond it 53200, before the machine has none left. */
#define LIMIT_KEPT_BYTES ((size_t)1 << 28)

/* Nodes of a document that XPath is asked about: 100 to 150 bytes each. */
#define LIMIT_XML_NODES 4000000
/* Steps of one XPath expression over a document, which cannot be interrupted: a second or two. */
#define LIMIT_XPATH_STEPS 30000000

/* Objects a DROP lists in its DETAIL: PostgreSQL's number. */
#define LIMIT_REPORTED_DEPENDENTS 100

#endif
