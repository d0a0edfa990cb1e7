/*
 * parse_internal.h: what the files of expression analysis call from each other and nobody else
 * needs.
 */
#ifndef PGF_ANALYZE_PARSE_INTERNAL_H
#define PGF_ANALYZE_PARSE_INTERNAL_H

#include "sql/analyze/pstate.h"

/* --- parse_coerce_path.c -------------------------------------------------------------------- */
enum coercion_path {
    COERCION_PATH_NONE,
    COERCION_PATH_FUNC,
    COERCION_PATH_RELABEL,
    COERCION_PATH_ARRAY,
    COERCION_PATH_IO
};
/* How source becomes target in this context; *func for COERCION_PATH_FUNC. */
enum coercion_path find_coercion_pathway(struct pstate *ps, uint32_t target, uint32_t source,
                                         enum coercion_context context, const struct proc **func);
/* The function that applies a type modifier: (value, typmod[, explicit]). */
enum coercion_path find_typmod_coercion(struct pstate *ps, uint32_t type, const struct proc **func);
const struct cast_def *lookup_cast(struct pstate *ps, uint32_t source, uint32_t target);
/* Composite type or domain over one. */
bool is_complex(struct pstate *ps, uint32_t type);

/* --- parse_polymorphic.c -------------------------------------------------------------------- */
bool is_polymorphic_type(uint32_t type);
/* Do the actual types fit the declared ones where these are polymorphic? */
bool check_generic_type_consistency(struct pstate *ps, const uint32_t *actual,
                                    const uint32_t *declared, int n);
/*
 * Replaces polymorphic declared types of unknown-typed (and all anycompatible) arguments by what
 * they stand for; gives the actual result type, 0 after an error (42804).
 */
/* The same where the actual types may be polymorphic themselves (functions of an aggregate): those say nothing. */
uint32_t resolve_generic_types(struct pstate *ps, const uint32_t *actual, uint32_t *declared, int n, uint32_t rettype);
uint32_t enforce_generic_type_consistency(struct pstate *ps, const uint32_t *actual,
                                          uint32_t *declared, int n, uint32_t rettype);
uint32_t get_range_subtype(struct pstate *ps, uint32_t range);
uint32_t get_multirange_range(struct pstate *ps, uint32_t multirange);
uint32_t get_range_multirange(struct pstate *ps, uint32_t range);

/* --- parse_coerce_common.c ------------------------------------------------------------------ */
uint32_t select_common_type_from_oids(struct pstate *ps, const uint32_t *types, int n,
                                      bool noerror);

/* --- parse_const.c -------------------------------------------------------------------------- */
struct expr *make_const(struct pstate *ps, const PgQuery__AConst *c);
struct expr *make_int4_const(struct pstate *ps, int32_t v, int location);
struct expr *make_text_const(struct pstate *ps, uint32_t type, const char *s, int location);
/* Converts an unknown literal's text to type; poison after an error at the literal's location. */
struct expr *convert_literal(struct pstate *ps, const struct expr *c, uint32_t type,
                             int32_t typmod);

/* --- parse_param.c -------------------------------------------------------------------------- */
struct expr *transform_param_ref(struct pstate *ps, const PgQuery__ParamRef *p);
/* A parameter of yet unknown type gets type `target`. NULL if e is no such parameter. */
struct expr *coerce_variable_param(struct pstate *ps, struct expr *e, uint32_t target,
                                   int location);

/* --- parse_collate.c ------------------------------------------------------------------------ */
struct expr *transform_collate(struct pstate *ps, const PgQuery__CollateClause *c);

/* --- parse_func_match.c --------------------------------------------------------------------- */

enum func_detail {
    FUNC_NOTFOUND,
    FUNC_MULTIPLE,
    FUNC_NORMAL,
    FUNC_PROCEDURE,
    FUNC_AGGREGATE,
    FUNC_WINDOW,
    FUNC_COERCION,
    FUNC_FAILED
};

/* A function that could take the call, with its arguments in the call's order. */
struct func_candidate {
    const struct proc *proc;
    int pathpos; /* place of its schema in the search path */
    int nargs;   /* types below: after VARIADIC expansion and defaults */
    uint32_t *args;
    int nvargs;      /* how many of them came from expanding VARIADIC */
    int ndargs;      /* how many are to be filled from defaults */
    int nout;        /* CALL: OUT parameters among them */
    int *argnumbers; /* named notation: position in the declaration of each given argument, then of
                        defaults; else NULL */
    struct func_candidate *next;
};

struct func_lookup {
    const char *schema; /* or NULL */
    const char *name;
    const char *display; /* as written */
    int nargs;
    const uint32_t *argtypes;
    int nnames;
    const char *const *names;
    bool expand_variadic, expand_defaults;
    bool include_out; /* procedures: OUT arguments count */
    int location;
};

/* All candidates that are visible and of the right shape. *failed is set after an error (no such
 * schema). */
struct func_candidate *func_candidates(struct pstate *ps, const struct func_lookup *l,
                                       bool *failed);
enum func_detail func_get_detail(struct pstate *ps, const struct func_lookup *l,
                                 const struct expr_list *args, struct func_candidate **best);

/* --- parse_select_candidate.c: the last steps of resolution, shared by functions and operators ---
 */
/* Keeps those whose argument types the actual ones can be coerced to. */
int func_match_argtypes(struct pstate *ps, int nargs, const uint32_t *argtypes,
                        struct func_candidate *all, struct func_candidate **matching);
struct func_candidate *func_select_candidate(struct pstate *ps, int nargs, const uint32_t *argtypes,
                                             struct func_candidate *candidates);

/* --- parse_xml.c ---------------------------------------------------------------------------- */
/* A call of a function that no client can name, without arguments yet; of type record: a set. */
struct expr *xml_call(struct pstate *ps, const char *name, uint32_t type, char volatility, int location);
struct expr *transform_xml_expr(struct pstate *ps, const PgQuery__XmlExpr *x);
struct expr *transform_xml_serialize(struct pstate *ps, const PgQuery__XmlSerialize *x);

/* --- parse_func_call.c ---------------------------------------------------------------------- */
/* Casts arguments to the declared types; false after an error. */
bool make_fn_arguments(struct pstate *ps, struct expr_list *args, const uint32_t *actual,
                       const uint32_t *declared);

/* --- parse_row.c ---------------------------------------------------------------------------- */
struct expr *make_row_comparison(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                                 struct expr_list *left, struct expr_list *right, int location);
struct expr *make_row_distinct(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                               struct expr *left, struct expr *right, int location);
struct expr *make_distinct(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                           struct expr *left, struct expr *right, int location);
struct expr *transform_row_expr(struct pstate *ps, const PgQuery__RowExpr *r, bool allow_default);

/* --- parse_sublink.c ------------------------------------------------------------------------ */
struct expr *transform_sublink(struct pstate *ps, const PgQuery__SubLink *s);
struct expr *transform_array_sublink(struct pstate *ps, const PgQuery__SubLink *s);

/* --- parse_a_expr.c ------------------------------------------------------------------------- */
struct expr *transform_a_expr(struct pstate *ps, const PgQuery__AExpr *a);

/* --- parse_case.c: CASE, COALESCE, GREATEST, ARRAY[] ---------------------------------------- */
struct expr *transform_case(struct pstate *ps, const PgQuery__CaseExpr *c);
struct expr *transform_coalesce(struct pstate *ps, const PgQuery__CoalesceExpr *c);
struct expr *transform_minmax(struct pstate *ps, const PgQuery__MinMaxExpr *m);
/* array_type 0: found from the elements. */
struct expr *transform_array(struct pstate *ps, const PgQuery__AArrayExpr *a, uint32_t array_type,
                             uint32_t element, int32_t typmod);

/* --- parse_column_ref.c --------------------------------------------------------------------- */
struct expr *transform_column_ref(struct pstate *ps, const PgQuery__ColumnRef *c);
struct expr *transform_indirection(struct pstate *ps, const PgQuery__AIndirection *ind);

#endif
