/*
 * analyze.h: from a raw statement to a typed tree, as PostgreSQL's parse analysis does it.
 *
 * Pure: reads the snapshot and the registry, allocates in the arena, reports in err. No database.
 */
#ifndef PGF_ANALYZE_ANALYZE_H
#define PGF_ANALYZE_ANALYZE_H

#include "sql/analyze/tree.h"
#include "sql/analyze/utility.h"
#include "sql/parse/parse.h"

struct pstate;

/* What a name that is no column may be: PL/pgSQL variables, SQL function arguments. Returns NULL when unknown. */
struct name_resolver {
    struct expr *(*resolve)(void *arg, struct pstate *ps, const char *const *names, int n, int location);
    /* $n; NULL: parameters as struct analysis has them. Gives NULL when there is no such one. */
    struct expr *(*param)(void *arg, struct pstate *ps, int number, int location);
    void *arg;
    bool before_columns; /* plpgsql.variable_conflict = use_variable */
    bool report_conflict; /* plpgsql.variable_conflict = error: both a column and a variable is 42702 */
};

/* Names of a running trigger's transition tables, each NULL if there is none; their columns are the relation's. */
struct transition_names {
    const struct relation *relation;
    const char *old_table, *new_table;
};

struct analysis {
    struct arena *arena;
    const struct snapshot *snapshot;
    struct error *err;
    const char *text;              /* whole source text, for positions */
    const uint32_t *search_path;   /* effective: pg_catalog (if not named), temp, then the rest */
    int nsearch_path;
    uint32_t role;
    const char *role_name, *session_role_name, *database; /* CURRENT_USER and kin's names, for column naming only */
    struct eval_context *ctx;      /* literals are converted with the session's settings */
    /* Parameter types: in: given by the client (0 unknown); out: all inferred. Grows when
       variable_params; otherwise $n beyond nparams is 42P02. */
    uint32_t *params;
    int nparams;
    bool variable_params;
    const struct name_resolver *names; /* or NULL */
    const struct transition_names *transitions; /* or NULL */
    uint32_t domain_value;             /* the type of VALUE in a domain's check, 0: there is none */
    bool allow_aggs_in_defaults;       /* always false; keeps analysis of stored expressions strict */
};

/* One statement. NULL with err set. Utility statements give command QUERY_UTILITY and q->utility. */
struct query *analyze_statement(struct analysis *a, const struct raw_stmt *stmt);

/* The NOTICEs for identifiers that the parser cut to 63 bytes, in the statement at offset of a->text (length 0: to its end). */
void analyze_long_names(struct analysis *a, int offset, int length);

/*
 * A stored expression (default, check, index key, generation, policy) over the columns of one relation (NULL: none), coerced
 * for assignment to type/typmod unless type is 0. VARs have rte 0. kind names it in messages ("DEFAULT", "check constraints").
 */
struct expr *analyze_expression(struct analysis *a, const char *sql, const struct relation *r,
                                uint32_t type, int32_t typmod, const char *kind);

/* A trigger's stored WHEN condition over its table: OLD is entry 0, NEW entry 1. NULL with err set. */
struct expr *analyze_trigger_when(struct analysis *a, const char *sql, const struct relation *r);

/* An analyzed expression coerced to type as EXECUTE coerces argument number n: 42804 "parameter $%d of type %s cannot be
   coerced to the expected type %s". NULL with err set. */
struct expr *analyze_assign(struct analysis *a, struct expr *e, uint32_t type, int n);

/* A stored SELECT (view definition). */
struct query *analyze_select_text(struct analysis *a, const char *sql);

/* Which columns of a view rows can be changed through, as a copy of truth for each in *columns; false when the view is not
   simply updatable. Sets no error. */
bool analyze_view_updatable(struct analysis *a, const struct relation *view, bool **columns);

/* Splits "a, b.c" style names as PostgreSQL does: for regclass input, search_path... 42602 on bad syntax. */
bool analyze_split_name(struct analysis *a, const char *text, char **parts, int *nparts, int max);

/* 'int4', 'numeric(10,2)', 'public.mood[]': type name text to OID and typmod (to_regtype, format of ::regtype). The position of
   a syntax error is one in text; other errors have none. */
bool analyze_type_name(struct analysis *a, const char *text, uint32_t *type, int32_t *typmod);

/* The name of a collation. */
const char *analyze_collation_name(const struct snapshot *s, uint32_t oid);

#endif
