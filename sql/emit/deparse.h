/*
 * deparse.h: prints typed trees as PostgreSQL SQL, letter for letter as PostgreSQL's own deparser does (pg_get_expr,
 * pg_get_viewdef, pg_get_indexdef, pg_get_constraintdef, EXPLAIN's conditions). Tools compare these strings.
 */
#ifndef PGF_EMIT_DEPARSE_H
#define PGF_EMIT_DEPARSE_H

#include "sql/analyze/tree.h"
#include "sql/base/strbuf.h"

#define DEPARSE_PRETTY 1 /* fewer parentheses and line breaks: the "true" argument of pg_get_expr and kin */
#define DEPARSE_STORED 2 /* to be read again by our own analysis: casts of x = ANY (...) that it will make itself are left out */
#define DEPARSE_FLAT   4 /* no new lines */

struct deparse {
    const struct snapshot *snapshot;
    const uint32_t *search_path; /* names visible through it print unqualified */
    int nsearch_path;
    unsigned flags;
    const char *function; /* a function's body: its name, */
    const char *const *params; /* and those of its input arguments ("": none), by which $n is printed; or NULL */
    int nparams;
    int wrap; /* lists of columns and FROM items break only past this column; 0: before each item */
    struct eval_context *ctx; /* constants are printed through their output functions */
    struct arena *arena;
    struct error *err;
};

/* An expression over one relation (VARs of rte 0 print as bare column names). */
bool deparse_expr(struct deparse *d, const struct expr *e, const struct relation *r,
                  struct strbuf *out);
/* A trigger's WHEN condition over its table: columns print as old.a and new.a. */
bool deparse_trigger_when(struct deparse *d, const struct expr *e, const struct relation *r, struct strbuf *out);
/* An action of a rule on r: a statement one level below old and new. */
bool deparse_rule_action(struct deparse *d, const struct query *q, const struct relation *r, struct strbuf *out);
/* The body of an SQL-standard function: "RETURN expr", or "BEGIN ATOMIC" and its statements. */
bool deparse_function_body(struct deparse *d, struct query *const *statements, int n, bool atomic, struct strbuf *out);
/* A condition of query q, as EXPLAIN prints it: with the names of tables when q has several. */
bool deparse_condition(struct deparse *d, const struct query *q, const struct expr *e, struct strbuf *out);
/* Does it look like a call, so that definitions of indexes print it without parentheses? NULL does not. */
bool deparse_looks_like_call(const struct expr *e);
/* A whole SELECT, as pg_get_viewdef prints it (without the final semicolon). */
bool deparse_query(struct deparse *d, const struct query *q, struct strbuf *out);
/* "integer", "character varying(10)", "public.mood[]": format_type(); typmod -1 none. */
void deparse_type(struct deparse *d, uint32_t type, int32_t typmod, struct strbuf *out);
/* quote_identifier(): quoted only where PostgreSQL would. */
void deparse_identifier(const char *name, struct strbuf *out);
void deparse_qualified(struct deparse *d, const struct relation *r, struct strbuf *out);
/* 'text' as quote_literal prints it. */
void deparse_literal(const char *p, size_t n, struct strbuf *out);

#endif
