/*
 * deparser.h: what the deparse_*.c files share. Indentation, parentheses and line breaks follow PostgreSQL's ruleutils
 * rules: line breaks always, fewer parentheses only with DEPARSE_PRETTY.
 */
#ifndef PGF_EMIT_DEPARSER_H
#define PGF_EMIT_DEPARSER_H

#include "sql/base/arena.h"
#include "sql/base/error.h"
#include "sql/emit/deparse.h"

#define INDENT_STD   8
#define INDENT_JOIN  4
#define INDENT_VAR   4
#define INDENT_LIMIT 40

/* One query level: the names its range table entries are printed under. */
struct deparse_level {
    struct deparse_level *parent;
    const struct query *q;
    const char **names;
};

struct deparser {
    struct deparse *d;
    struct strbuf *out;
    struct deparse_level *level;    /* NULL: bare expression */
    const struct relation *relation; /* bare expression: VARs of rte 0 are its columns */
    const struct query *named; /* the view's own query: its column names count in every part of a set operation */
    bool prefix;                    /* columns are printed with their table's name */
    int indent;
};

#define PRETTY(p) ((p)->d->flags & DEPARSE_PRETTY)

/* --- deparse_names.c --- */
void deparse_z(struct deparser *p, const char *s);
void deparse_name(struct deparser *p, const char *identifier);
/* A keyword that begins a new line; indents around it as ruleutils' appendContextKeyword. */
void deparse_keyword(struct deparser *p, const char *s, int before, int after, int plus);
/* Function and operator names, schema-qualified where the search path does not find them. */
void deparse_proc_name(struct deparser *p, const struct proc *f);
void deparse_operator_name(struct deparser *p, const struct operator_def *op);
void deparse_collation_name(struct deparser *p, uint32_t collation);
void deparse_type_name(struct deparser *p, uint32_t type, int32_t typmod);
/* Trims blanks at the end of the text so far. */
void deparse_trim(struct strbuf *b);
bool deparse_unsupported(struct deparser *p, const char *what);

/* --- deparse_expr.c --- */
/* implicit: show casts that were not written. */
void deparse_node(struct deparser *p, const struct expr *e, bool implicit);
void deparse_paren(struct deparser *p, const struct expr *e, bool implicit, const struct expr *parent);
void deparse_list(struct deparser *p, const struct expr_list *l, bool implicit);
/* label: 0 where needed, 1 always, -1 never */
void deparse_const(struct deparser *p, const struct expr *e, int label);
/* A column's printed name; *name is set to the bare name. */
const char *deparse_var(struct deparser *p, const struct expr *e, bool toplevel);

/* --- deparse_simple.c: which nodes need no parentheses in pretty mode --- */
bool deparse_is_simple(const struct expr *e, const struct expr *parent);

/* --- deparse_func.c --- */
void deparse_func(struct deparser *p, const struct expr *e, bool implicit);
/* An expression of SQL/XML; false if the call is none. */
bool deparse_xml(struct deparser *p, const struct expr *e);
/* XMLTABLE in FROM, without its alias; false when t is something else. */
bool deparse_xml_table(struct deparser *p, const struct rte *t);
void deparse_agg(struct deparser *p, const struct expr *e);
void deparse_window(struct deparser *p, const struct expr *e);
void deparse_window_spec(struct deparser *p, const struct window_def *w);
void deparse_coercion(struct deparser *p, const struct expr *arg, uint32_t type, int32_t typmod,
                      const struct expr *parent);
void deparse_sort(struct deparser *p, const struct sort_list *l, bool force_number);
void deparse_sort_expr(struct deparser *p, const struct expr *e, int number, bool force_number);

/* --- deparse_query.c --- */
void deparse_subquery(struct deparser *p, const struct query *q, bool names_visible);
void deparse_from(struct deparser *p, const struct query *q);
void deparse_from_keyword(struct deparser *p, const struct query *q, const char *keyword);
void deparse_targets(struct deparser *p, const struct query *q, bool names_visible);
void deparse_values(struct deparser *p, const struct rte *t);

/* --- deparse_dml.c --- */
/* INSERT, UPDATE, DELETE within the level; name: of the changed table there. */
void deparse_modify(struct deparser *p, const struct query *q, const char *name);

#endif
