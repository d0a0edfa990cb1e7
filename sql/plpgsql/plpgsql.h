/*
 * plpgsql.h: a PL/pgSQL function compiled: its variables, its statements, its embedded SQL as text with the names it may use. Made by
 * compile.c and parse_*.c, run by exec_*.c. Everything lives in the function's arena.
 */
#ifndef PGF_PLPGSQL_PLPGSQL_H
#define PGF_PLPGSQL_PLPGSQL_H

#include "sql/analyze/analyze.h"
#include "sql/base/arena.h"
#include "sql/exec/plan.h"
#include "sql/types/value.h"

struct evaluation;
struct stmt;

/* --- variables ------------------------------------------------------------------------------------ */

enum datum_kind {
    DATUM_VAR,     /* one value */
    DATUM_REC,     /* a row: RECORD or a named composite type */
    DATUM_RECFIELD,/* a field of one, as it is named in embedded SQL */
    DATUM_ROW      /* a list of targets: INTO a, b, c */
};

/* Values that triggers know; filled when first looked at. */
enum promise { PROMISE_NONE, PROMISE_TG_NAME, PROMISE_TG_WHEN, PROMISE_TG_LEVEL, PROMISE_TG_OP, PROMISE_TG_RELID,
               PROMISE_TG_TABLE_NAME, PROMISE_TG_TABLE_SCHEMA, PROMISE_TG_NARGS, PROMISE_TG_ARGV, PROMISE_TG_EVENT,
               PROMISE_TG_TAG };

struct datum {
    enum datum_kind kind;
    int dno;
    const char *name; /* as in messages */
    int line;
    uint32_t type;
    int32_t typmod;
    uint32_t collation;
    bool constant, notnull;
    bool is_null_ok;
    enum promise promise;
    struct pexpr *init;        /* default */
    struct pexpr *cursor;      /* bound cursor: its query */
    struct datum *cursor_args; /* ROW of its parameters, or NULL */
    int cursor_scroll;         /* -1 NO SCROLL, 0, 1 SCROLL */
    bool refcursor;
    int parent;                /* RECFIELD: the record */
    const char *field;
    int *targets;              /* ROW */
    const char **names;
    int ntargets;
    bool in_block;             /* initialised where its block begins */
};

/* A name in scope; the chain goes outwards. */
enum ns_kind { NS_LABEL, NS_VAR };
struct ns_item {
    enum ns_kind kind;
    bool loop; /* label of a loop */
    bool block_end; /* the first item of a block: searches for redeclared names stop here */
    int dno;
    const char *name;
    const struct ns_item *prev;
};

/* --- embedded SQL ------------------------------------------------------------------------------------ */

enum variable_conflict { CONFLICT_IS_ERROR, CONFLICT_USE_VARIABLE, CONFLICT_USE_COLUMN };

struct pexpr {
    const char *text; /* as written; an expression is run as SELECT text */
    bool expression;
    const char *shown; /* what messages show instead of text: an assignment whole, PERFORM as the SELECT it is; NULL */
    const char *label; /* and what CONTEXT calls it */
    int shift;         /* characters of shown before text */
    bool assignment;   /* its place or its value */
    bool cursor; /* the query of a cursor */
    int offset; /* in the body */
    const struct ns_item *ns;
    struct function *function;
    /* made at the first run, again when the catalog or a record's shape has changed */
    struct parsed *parsed;
    const char *source; /* what was parsed */
    struct plan *plan;
    struct evaluation *evaluation;
    uint64_t stamp;
    int *dnos; /* variables it refers to, with the types they had */
    uint32_t *types;
    int ndnos, dno_cap;
    bool planned; /* or tried to */
    bool simple; /* no variable needs to be prepared before a run */
    int running;         /* evaluations under way (recursion) */
    struct pexpr *kept;  /* forgotten while they ran */
    int assign_dno; /* element assignment: the variable assigned; -1 */
    uint32_t element_type; /* of the element */
    int32_t element_typmod;
};

/* --- statements ------------------------------------------------------------------------------------------ */

enum stmt_kind {
    STMT_BLOCK, STMT_ASSIGN, STMT_IF, STMT_CASE, STMT_LOOP, STMT_WHILE, STMT_FORI, STMT_FORS, STMT_FORC, STMT_DYNFORS,
    STMT_FOREACH, STMT_EXIT, STMT_RETURN, STMT_RETURN_NEXT, STMT_RETURN_QUERY, STMT_RAISE, STMT_ASSERT, STMT_EXECSQL,
    STMT_DYNEXECUTE, STMT_GETDIAG, STMT_OPEN, STMT_FETCH, STMT_CLOSE, STMT_PERFORM, STMT_CALL, STMT_COMMIT, STMT_ROLLBACK,
    STMT_NULL
};

struct stmt_list {
    struct stmt **items;
    int n, cap;
};

struct pexpr_list {
    struct pexpr **items;
    int n, cap;
};

struct condition {
    const char *sqlstate; /* NULL: OTHERS */
    struct condition *next;
};

struct handler {
    struct condition *conditions;
    struct stmt_list body;
    int line;
};

struct if_arm {
    struct pexpr *cond;
    struct stmt_list body;
    int line;
};

struct case_arm {
    struct pexpr *cond;
    struct stmt_list body;
    int line;
};

enum raise_option_kind { RAISE_ERRCODE, RAISE_MESSAGE, RAISE_DETAIL, RAISE_HINT, RAISE_COLUMN, RAISE_CONSTRAINT, RAISE_DATATYPE,
                         RAISE_TABLE, RAISE_SCHEMA };
struct raise_option {
    enum raise_option_kind kind;
    struct pexpr *expr;
};

enum diag_kind { DIAG_ROW_COUNT, DIAG_ROUTINE_OID, DIAG_CONTEXT, DIAG_ERROR_CONTEXT, DIAG_ERROR_DETAIL, DIAG_ERROR_HINT,
                 DIAG_SQLSTATE, DIAG_COLUMN, DIAG_CONSTRAINT, DIAG_DATATYPE, DIAG_MESSAGE, DIAG_TABLE, DIAG_SCHEMA };
struct diag_item {
    enum diag_kind kind;
    int target;
};

struct stmt {
    enum stmt_kind kind;
    int line;
    const char *label; /* blocks and loops */
    union {
        struct {
            struct stmt_list body;
            int *init; /* variables declared here, in order */
            int ninit;
            struct handler *handlers;
            int nhandlers;
            bool handles; /* EXCEPTION was written */
            int sqlstate_dno, sqlerrm_dno;
        } block;
        struct {
            int target; /* dno, or -1: the expression is an element assignment */
            struct pexpr *expr;
            /* element assignment: a[1] := x, r.f[2].g := x */
            struct pexpr *element;
        } assign;
        struct {
            struct if_arm *arms;
            int narms;
            struct stmt_list otherwise;
        } iff;
        struct {
            struct pexpr *test;
            int test_dno; /* holds the tested value; -1: searched CASE */
            struct case_arm *arms;
            int narms;
            bool has_else;
            struct stmt_list otherwise;
        } kase;
        struct {
            struct pexpr *cond; /* WHILE */
            struct stmt_list body;
        } loop;
        struct {
            int var;
            struct pexpr *lower, *upper, *step;
            bool reverse;
            struct stmt_list body;
        } fori;
        struct {
            int target; /* REC, ROW or VAR */
            struct pexpr *query; /* FORS; EXECUTE's text in DYNFORS */
            struct pexpr_list params;
            int cursor; /* FORC: dno */
            struct pexpr *args;
            struct stmt_list body;
        } fors;
        struct {
            int target, slice;
            struct pexpr *expr;
            struct stmt_list body;
        } foreach;
        struct {
            bool exit;
            const char *target; /* label or NULL */
            struct pexpr *cond;
        } exit;
        struct {
            struct pexpr *expr;
            int dno; /* RETURN NEXT and RETURN of OUT parameters; -1 */
        } ret;
        struct {
            struct pexpr *query, *dynamic;
            struct pexpr_list params;
        } retquery;
        struct {
            int level; /* enum error_severity */
            const char *condition; /* a condition's name, or NULL */
            const char *sqlstate;
            const char *message;
            struct pexpr_list params;
            struct raise_option *options;
            int noptions;
            bool bare; /* RAISE; */
        } raise;
        struct {
            struct pexpr *cond, *message;
        } assert;
        struct {
            struct pexpr *sql;
            bool into, strict;
            int target;
            struct pexpr_list params; /* EXECUTE ... USING */
        } sql; /* EXECSQL, DYNEXECUTE, PERFORM, CALL */
        struct {
            bool stacked;
            struct diag_item *items;
            int n;
        } diag;
        struct {
            int cursor;
            int scroll;
            struct pexpr *query, *dynamic, *args;
            struct pexpr_list params;
        } open;
        struct {
            int cursor, target;
            int direction; /* as FETCH */
            int64_t count;
            struct pexpr *expr;
            bool move;
        } fetch;
        struct {
            int cursor;
        } close;
        struct {
            bool chain;
        } end;
    };
};

/* --- functions ---------------------------------------------------------------------------------------------- */

struct function {
    struct function *next;
    struct arena *arena;
    uint32_t oid;
    const char *name;      /* NULL: DO's block */
    const char *signature; /* f(integer) */
    const char *src;
    bool procedure, retset, trigger, event_trigger;
    bool returns_tuple; /* composite or RECORD */
    uint32_t rettype;
    int nargs;
    uint32_t *argtypes;
    int *arg_dnos;
    int out_dno; /* OUT parameter(s): a variable or a ROW; -1 none */
    int found_dno, new_dno, old_dno;
    enum variable_conflict conflict;
    bool print_strict;
    struct datum **datums;
    int ndatums, datum_cap;
    struct stmt *body;
    struct pexpr **exprs; /* all, to be ended */
    int nexprs, expr_cap;
    struct column_def *columns; /* of a composite result */
    int ncolumns;
    uint64_t columns_version; /* of the snapshot they are from */
    uint32_t relid; /* trigger functions: of this table */
    int users;
    bool dead;
};

#endif
