/*
 * parse_func_call.h: between parse_func.c, which decides what a call means, and parse_func_call.c,
 * which builds it.
 */
#ifndef PGF_ANALYZE_PARSE_FUNC_CALL_H
#define PGF_ANALYZE_PARSE_FUNC_CALL_H

#include "sql/analyze/parse_internal.h"

/* A call on its way from raw to typed. */
struct call {
    const PgQuery__FuncCall *fc; /* NULL: column notation */
    const char *schema, *name;
    const char *display; /* as written */
    struct expr_list args;
    const char *const *names; /* of the last nnames arguments */
    int nnames;
    struct expr *filter;
    struct func_candidate *candidate;
    int ndirect; /* WITHIN GROUP: how many arguments are direct */
    bool variadic;
    bool procedure;              /* CALL */
    const struct expr *last_srf; /* before the arguments were transformed */
    int location;
};

/*
 * Makes args what the candidate takes: defaults, casts, one array for VARIADIC, declared order.
 * *variadic in: VARIADIC was written; out: the last argument is an array. Gives the result type, 0
 * after an error.
 */
uint32_t call_arguments(struct pstate *ps, const struct func_candidate *c, struct expr_list *args,
                        bool *variadic);
struct expr *make_aggregate(struct pstate *ps, const struct call *c, uint32_t rettype);
struct expr *make_window_call(struct pstate *ps, const struct call *c, uint32_t rettype);

/* parse_srf.c: may a set-returning call stand here? 0A000 otherwise. */
bool check_srf_placement(struct pstate *ps, const struct expr *last_srf, int location);

#endif
