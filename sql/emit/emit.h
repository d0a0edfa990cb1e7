/*
 * emit.h: prints typed trees as SQLite SQL. Pure; exhaustive over node kinds: what it cannot print is 0A000.
 *
 * Conventions of the printed SQL:
 * - every identifier quoted; columns as "r<n>"."name" where r<n> is the range table alias of the query;
 * - an operation whose meaning differs is a call to the C function with PostgreSQL's internal name;
 *   fn_impl.native templates where SQLite means the same; comparison collations from type_def.sqlite_collation;
 * - FN_TYPED functions get result type OID and argument type OIDs behind their arguments;
 * - NULLS FIRST/LAST always printed, but for columns known NOT NULL;
 * - pg_catalog relations are virtual tables named "pg_catalog.<name>"; set-returning functions are table-valued
 *   functions named by their internal name with columns c1.. and ordinality.
 */
#ifndef PGF_EMIT_EMIT_H
#define PGF_EMIT_EMIT_H

#include "sql/base/strbuf.h"
#include "sql/plan/program.h"

/* Fills sql and bindings of every step. False with err set. */
bool emit_program(struct program *p, const struct snapshot *s, struct error *err);

/*
 * The statement of a DML step once more, with the new values of its rows passed through the function "watch": watch(value, attnum)
 * returns value, watch(value, attnum, other, other_attnum ...) also shows the row's other columns; DELETE watches the columns of
 * the rows it is about to remove in watch(1, 0, column, attnum ...). For explaining a constraint violation: st->sql and bindings
 * are replaced (pass a copy of the step). False with err set.
 */
bool emit_watched(struct step *st, struct arena *arena, const struct snapshot *s, struct error *err);

/*
 * One expression over the columns of relation r (VARs with rte 0; NULL: none) as SQLite text for DDL: CHECK, index keys,
 * partial index predicates, generated columns. Columns print as plain quoted names.
 */
bool emit_ddl_expr(struct strbuf *out, const struct expr *e, const struct relation *r,
                   const struct snapshot *s, struct error *err);

/* "name" with inner quotes doubled. */
void emit_identifier(struct strbuf *out, const char *name);
/* A name by which SQLite knows the rowid of r, which has one. */
const char *emit_rowid_name(const struct relation *r);
/* A SQL literal of a stored value: 1, 1.5, 'text', x'00', NULL. */
/* Around the bare column of a table that another program made: read as the column's type. */
#define EMIT_FOREIGN_BEGIN "\"foreign_value\"("
void emit_foreign_end(struct strbuf *out, const struct relation *r, const struct attribute *a);
void emit_literal(struct strbuf *out, const struct value *v);

#endif
