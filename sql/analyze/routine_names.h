/*
 * routine_names.h: the parameters of an SQL-language function as names in its body: `name`, `function.name`, and fields of composite
 * ones. Columns go before them. Used by the analysis of CREATE FUNCTION and by what runs such functions.
 */
#ifndef PGF_ANALYZE_ROUTINE_NAMES_H
#define PGF_ANALYZE_ROUTINE_NAMES_H

#include "sql/analyze/analyze.h"

struct routine_names {
    const char *function;
    const char **names;    /* n input parameters, "" unnamed */
    const uint32_t *types; /* actual ones */
    int n;
};

/* name_resolver.resolve with arg a struct routine_names. */
struct expr *routine_names_resolve(void *arg, struct pstate *ps, const char *const *names, int n, int location);

/* The actual types of a call's parameters that have an output (OUT, INOUT, TABLE), polymorphic ones resolved from the input's
   actual types: names and types of the columns. Gives their number, 0 if there are none; -1 with err set. */
int routine_out_columns(struct analysis *a, const struct proc *p, const uint32_t *argtypes, int nargs,
                        struct column_def **columns);
/* The same for one declared type. */
uint32_t routine_actual_type(struct analysis *a, const struct proc *p, const uint32_t *argtypes, int nargs,
                             uint32_t declared);
/* Columns of a named composite type; 0 if it is none. Dropped ones are left out. */
int routine_type_columns(struct analysis *a, uint32_t type, struct column_def **columns);

/*
 * Checks that the rows of a function's final statement fit its declared result and appends casts where they need some: 42P13 "return
 * type mismatch in function declared to return ...". rettype: the actual one; columns/ncolumns: of a composite result (0:
 * unknown or scalar). *whole: the statement gives the composite value as one column. q NULL: no final statement with rows.
 */
bool routine_check_result(struct analysis *a, const struct proc *p, struct query *q, uint32_t rettype,
                          const struct column_def *columns, int ncolumns, bool *whole);

/* e cast as CAST does or, unless explicit, for assignment to a PL/pgSQL variable; by way of text when there is no cast. NULL with the analysis' error set. */
struct expr *routine_cast_expr(struct analysis *a, struct expr *e, uint32_t type, int32_t typmod, bool is_explicit);

/* The same for a place that is assigned to: fields of the variable named column, with the errors of an assignment. */
struct expr *routine_place(struct pstate *ps, struct expr *e, const char *column, const char *const *names, int n, int location);
/* Building blocks of name resolvers: $number of a type; fields of e by name, NULL when there is none; poison. */
struct expr *routine_param(struct pstate *ps, int number, uint32_t type, int32_t typmod, int location);
struct expr *routine_fields(struct pstate *ps, struct expr *e, const char *const *names, int n, int location);
struct expr *routine_poison(struct pstate *ps, const struct error *why);

#endif
