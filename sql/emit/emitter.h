/*
 * emitter.h: what the files of emit/ share while they print one step as SQLite SQL.
 *
 * A scope is one query level being printed; Vars find theirs by levelsup. Range table entry i of a scope prints
 * as "r<base + i>", unique in the whole statement, so inner levels never hide outer ones. Columns: those of relations by
 * their name in the file, of everything else "c1".. by position ("column1".. for VALUES, "c0".. for rowsets).
 */
#ifndef PGF_EMIT_EMITTER_H
#define PGF_EMIT_EMITTER_H

#include "sql/base/arena.h"
#include "sql/base/error.h"
#include "sql/base/strbuf.h"
#include "sql/emit/emit.h"

struct scope {
    struct scope *parent;
    const struct query *q;
    int base; /* alias number of range table entry 0 */
    /* RETURNING: the target's columns are qualified by its name in the file, not by its alias. */
    const char *target_name;
};

/* What EXPR_CASE_TEST prints: the tested expression, in the scope it was written in. */
struct case_test {
    const struct case_test *parent;
    const struct expr *expr; /* printed again for each use; NULL: text */
    const char *text;
    struct scope *scope; /* of expr */
};

/* A LATERAL subquery being printed as a statement of its own: see emit_lateral.c. */
struct capture {
    struct capture *parent;
    struct scope *boundary; /* the scope it stands in */
    struct strbuf args;     /* what it takes from there and from further out, printed there */
    int n;
};

struct emitter {
    struct strbuf *out;
    const struct setop *recursive; /* the UNION of the recursive WITH entry being printed */
    struct arena *arena;
    const struct snapshot *snapshot;
    struct error *err;
    struct program *program; /* whose aliases grow; NULL: nobody asks */
    struct step *step; /* whose bindings grow; NULL for DDL */
    const struct relation *ddl; /* DDL: VARs are its columns, bare */
    bool is_ddl;
    struct scope *scope;
    const struct case_test *case_test;
    struct capture *capture;
    int next_alias;
    int depth;
    bool watch; /* DML printed once more to find the row that violates a constraint: emit_watched */
    int nesting;           /* SELECTs around the present one in this text */
    struct strbuf hoisted; /* subqueries that were too deep, as WITH entries h1, h2... */
    int nhoisted;
    const struct query *sorted_outside; /* being printed: its ORDER BY expressions are columns "s1".. of it */
    enum { RAW_NO, RAW_COMPARED, RAW_ALWAYS } raw; /* the column printed next stands where emit_operand says, or only its being NULL counts */
    bool qual; /* only truth matters here: NULL may come out as false */
};

/* Deepest nesting of expressions and subqueries that SQLite's parser (100 stack entries) and depth limit allow are
   met by SQLite itself; this bound keeps our own recursion finite. */
#define EMIT_MAX_DEPTH 900

#define emit_z(em, s)     strbuf_addz((em)->out, (s))
#define emit_printf(em, ...) strbuf_printf((em)->out, __VA_ARGS__)

/* --- emit_names.c --- */
const struct type_def *emit_type(const struct emitter *em, uint32_t type);
/* SQLite collation of a type's order (domains looked through), NULL for BINARY. */
const char *emit_collation(const struct emitter *em, uint32_t type);
void emit_collate(struct emitter *em, uint32_t type);
/* The same behind an expression that was printed from start on, whatever collations it holds inside. */
void emit_collate_since(struct emitter *em, uint32_t type, size_t start);
/* The expression as ORDER BY needs it: collated, or through its type's sort key. */
void emit_order_key(struct emitter *em, const struct expr *e);
/* The sort key function of a type (domains looked through), NULL when its stored form sorts. */
const char *emit_sort_key(const struct emitter *em, uint32_t type);
/* 0A000 "... is not supported". Returns false. */
bool emit_unsupported(struct emitter *em, const char *what);
/* "r3" for an entry of a scope. */
void emit_alias(struct emitter *em, const struct scope *sc, int rte);
/* Around a new value of a column that another program declared: its own form of dates and times. */
void emit_store_begin(struct emitter *em, const struct attribute *a);
void emit_store_end(struct emitter *em, const struct attribute *a);
/* A column reference: attnum as in EXPR_VAR, system columns included. */
void emit_column(struct emitter *em, const struct scope *sc, int rte, int attnum);
/* The rowid of a relation entry. */
void emit_rowid(struct emitter *em, const struct scope *sc, int rte);
/* INSERT ... ON CONFLICT DO UPDATE: its RETURNING tells new rows from changed ones (upsert_xmax of types/printed_func.c). */
static inline bool emit_is_upsert(const struct query *q)
{
    return q->command == QUERY_INSERT && q->conflict && q->conflict->action == CONFLICT_UPDATE;
}
const char *emit_attribute_name(const struct relation *r, int attnum);
struct scope *emit_scope_up(const struct emitter *em, int levelsup);
/* The WITH entry that an RTE_CTE of scope sc names. */
struct cte *emit_find_cte(const struct scope *sc, const struct rte *t);
void emit_scope_enter(struct emitter *em, struct scope *sc, const struct query *q);
void emit_scope_leave(struct emitter *em);

/* --- emit_expr.c --- */
void emit_expr(struct emitter *em, const struct expr *e);
/* The same, where only truth matters (WHERE, ON, HAVING, FILTER). */
void emit_qual(struct emitter *em, const struct expr *e);
/* An operand of SQLite's own comparison, IN or IS NULL. A column of another program's table stands bare there if SQLite compares what
   that program wrote as PostgreSQL would, so that its indexes serve; everywhere else it is read through foreign_value(). */
void emit_operand(struct emitter *em, const struct expr *e);
/* With the COLLATE of its type, for comparisons, ORDER BY, GROUP BY, DISTINCT. */
void emit_expr_collated(struct emitter *em, const struct expr *e);
void emit_expr_list(struct emitter *em, const struct expr_list *l);
void emit_param(struct emitter *em, enum binding_kind kind, int index);

/* --- emit_func.c --- */
/* A call of proc with these arguments; native templates and FN_TYPED respected. result: actual type. */
void emit_call(struct emitter *em, const struct proc *proc, const struct expr_list *args, uint32_t result,
               bool variadic);
/* emit_chain.c: prints a nest of calls too deep for SQLite's parser; false when e is none. */
bool emit_chain_call(struct emitter *em, const struct expr *e);
/* Is the operator SQLite's own "=" (after COLLATE)? */
bool emit_op_is_native(const struct operator_def *op, const char *symbol);
/* left op right for given operands already typed. */
void emit_operator(struct emitter *em, const struct operator_def *op, const struct expr *left,
                   const struct expr *right);
/* "name"( : an internal function's call is begun; the caller prints arguments and ')'. */
void emit_call_begin(struct emitter *em, const char *internal_name);
/* , rettype, argtype... : what FN_TYPED functions want behind their arguments. */
void emit_types(struct emitter *em, uint32_t result, const struct expr_list *args);
void emit_type_list(struct emitter *em, uint32_t result, const uint32_t *types, int n);

/* --- emit_special.c: arrays, rows, fields, casts with run-time help --- */
void emit_array(struct emitter *em, const struct expr *e);
void emit_array_op(struct emitter *em, const struct expr *e);
void emit_row(struct emitter *em, const struct expr *e);
void emit_row_compare(struct emitter *em, const struct expr *e);
void emit_whole_row(struct emitter *em, const struct expr *e);
void emit_subscript(struct emitter *em, const struct expr *e);
void emit_field(struct emitter *em, const struct expr *e);
void emit_array_coerce(struct emitter *em, const struct expr *e);
void emit_domain(struct emitter *em, const struct expr *e);
void emit_sql_value(struct emitter *em, const struct expr *e);

/* --- emit_agg.c, emit_window.c --- */
void emit_agg(struct emitter *em, const struct expr *e);
void emit_window(struct emitter *em, const struct expr *e);
void emit_sort(struct emitter *em, const struct expr *e, bool desc, bool nulls_first);

/* --- emit_frame.c --- */
/* Is this a frame that SQLite has not: other offsets than constants, RANGE over other keys than integers? */
bool emit_frame_is_own(const struct emitter *em, const struct window_def *w);
/* The call of frame_agg, without OVER; native: SQLite's name of a window function, NULL for aggregates. */
void emit_frame_call(struct emitter *em, const struct expr *e, const char *native);

/* --- emit_sublink.c --- */
void emit_sublink(struct emitter *em, const struct expr *e);

/* --- emit_query.c, emit_from.c, emit_dml.c --- */
/* A SELECT without parentheres; its columns are named c1.. */
void emit_select(struct emitter *em, const struct query *q);
void emit_with(struct emitter *em, const struct query *q);
void emit_from_clause(struct emitter *em, const struct query *q);
void emit_from_item(struct emitter *em, const struct from_node *n, bool first);
/* emit_lateral.c. The second and third: true when the reference was one to the outside of a LATERAL subquery. */
void emit_lateral(struct emitter *em, const struct query *q);
bool emit_scope_outside(const struct emitter *em, const struct scope *sc);
bool emit_captured(struct emitter *em, const struct expr *e);
bool emit_captured_param(struct emitter *em, enum binding_kind kind, int index);
/* emit_vector.c: the entry and, joined by rowid, the scan that drives it. */
void emit_vector_scan(struct emitter *em, int rte);
/* The scan's own distance in place of the first ORDER BY expression; false when no scan drives the query. */
bool emit_vector_order(struct emitter *em, const struct query *q);
void emit_dml(struct emitter *em, const struct query *q);
/* (key, ...) WHERE predicate: an ON CONFLICT target. */
void emit_arbiter(struct emitter *em, const struct index_def *ix, const struct conflict_arbiter *a);
/* emit_modify.c: fills the statements of st->modify; prints the first of them. */
void emit_modify(struct emitter *em, struct step *st);
/* emit.c: the text of a step, and how many columns it gives. */
void emit_step(struct emitter *em, struct step *st);
/* Columns that a subquery gives: targets that are not junk, or those of its set operation. */
int emit_query_columns(const struct query *q);

#endif
