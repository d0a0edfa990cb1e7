/* parser.h: what the files that parse a PL/pgSQL body share. */
#ifndef PGF_PLPGSQL_PARSER_H
#define PGF_PLPGSQL_PARSER_H

#include "sql/plpgsql/plpgsql.h"
#include "sql/plpgsql/scan.h"

struct parser {
    struct function *f;
    struct arena *arena;
    struct eval_context *ctx;
    struct error *err;
    struct tokens tokens;
    int at;
    const struct ns_item *ns;
    int *declared; /* variables of the block being declared */
    int ndeclared, declared_cap;
    int depth;
    bool check_syntax; /* CREATE FUNCTION: embedded SQL is parsed at once */
    bool validating;   /* it is CREATE FUNCTION */
    const char *statement; /* whose text that is; may be NULL */
};

/* --- parse.c: tokens and errors --------------------------------------------------------------- */

static inline const struct token *peek(const struct parser *p)
{
    return &p->tokens.items[p->at];
}
const struct token *peek_at(const struct parser *p, int ahead);
const struct token *next(struct parser *p);
bool is_word(const struct token *t, const char *word);
bool is_op(const struct token *t, const char *op);
bool accept_word(struct parser *p, const char *word);
bool accept_op(struct parser *p, const char *op);
bool expect_word(struct parser *p, const char *word);
bool expect_op(struct parser *p, const char *op);
bool is_name(const struct token *t);
bool is_reserved(const struct token *t);
/* 42601 "message at or near ..." at the present token. */
bool syntax_error(struct parser *p, const char *message);
/* 42601 (or state) at a byte of the body. */
bool error_at(struct parser *p, int offset, const char *state, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int token_line(const struct parser *p, const struct token *t);

/* --- parse.c: names ------------------------------------------------------------------------------ */

/* A variable by one to three names; *used: how many of them belong to it. NULL: none. */
struct datum *lookup_names(struct function *f, const struct ns_item *ns, const char *const *names, int n, int *used);
const struct ns_item *lookup_label(const struct ns_item *ns, const char *name);
void push_ns(struct parser *p, enum ns_kind kind, int dno, const char *name, bool loop);
/* The first item of a block: names before it may be hidden. */
void push_block(struct parser *p, const char *label, bool loop);
struct datum *datum_new(struct parser *p, enum datum_kind kind, const char *name, int line);
/* A variable of that type: VAR, or REC for composite types. named: goes into the namespace. */
struct datum *variable_new(struct parser *p, const char *name, int line, uint32_t type, int32_t typmod, bool named);
struct datum *recfield_of(struct parser *p, struct datum *rec, const char *field);
/* A variable at the present token, fields of records included; NULL with an error. */
struct datum *parse_target(struct parser *p);

/* --- parse_sql.c: embedded SQL ---------------------------------------------------------------------- */

/* Text up to a terminator (at depth 0), which stays. words: the terminating words and operators, NULL at the end;
   expected: how messages name them. */
struct pexpr *read_until(struct parser *p, const char *const *words, const char *expected, bool expression);
struct pexpr *read_expression(struct parser *p, const char *terminator);
/* From byte start to byte end of the body. */
struct pexpr *pexpr_new(struct parser *p, int start, int end, bool expression);
/* The parameters behind USING or in RAISE: expressions separated by commas, up to a terminator. */
bool read_list(struct parser *p, const char *const *words, const char *expected, struct pexpr_list *out);
/* INTO's targets: a record, a row variable or a list of scalars. Gives a dno, -1 after an error. */
int parse_into(struct parser *p, bool *strict);
/* A statement of SQL up to its ";"; INTO is cut out. start: its first token. */
struct stmt *parse_execsql(struct parser *p, int start);

/* --- parse_decl.c ------------------------------------------------------------------------------------ */

/* A type at the present token: its OID and modifier. */
bool parse_datatype(struct parser *p, uint32_t *type, int32_t *typmod);
bool parse_declarations(struct parser *p);
struct pexpr *parse_cursor_args(struct parser *p, const struct datum *cursor, bool required_end);

/* --- parse_stmt.c, parse_loop.c ------------------------------------------------------------------------ */

struct stmt *stmt_new(struct parser *p, enum stmt_kind kind, int line);
bool parse_statements(struct parser *p, struct stmt_list *out);
struct stmt *parse_block(struct parser *p, const char *label);
struct stmt *parse_loop_statement(struct parser *p, const char *label);
bool check_end_label(struct parser *p, const char *label, bool loop);
struct stmt *parse_open(struct parser *p);
struct stmt *parse_fetch(struct parser *p, bool move);
struct stmt *parse_close(struct parser *p);
struct stmt *parse_raise(struct parser *p);
struct stmt *parse_getdiag(struct parser *p);

/* compile.c: SQLSTATE by condition name (a chain: several may share a name); NULL with an error. */
struct condition *find_condition(struct parser *p, const char *name);

#endif
