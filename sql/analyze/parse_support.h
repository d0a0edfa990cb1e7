/*
 * parse_support.h: functions that other objects are made of, found as calls are: the transition and final functions of aggregates.
 * Called by command/.
 */
#ifndef PGF_ANALYZE_PARSE_SUPPORT_H
#define PGF_ANALYZE_PARSE_SUPPORT_H

#include "sql/analyze/analyze.h"

struct support_function {
    const struct proc *proc;
    uint32_t *types;  /* what it takes for each argument, polymorphic types resolved as far as the arguments tell */
    uint32_t rettype; /* likewise */
    uint32_t variadic; /* as proc's */
};

/* The function of that name for arguments of these types, which may be polymorphic. False with 42883 if there is none, 42804
   if the types do not agree. */
bool analyze_support_function(struct analysis *a, const char *schema, const char *name, const uint32_t *types, int n,
                              struct support_function *out);
/* Whether a value of the one type is a value of the other as it lies. */
bool analyze_binary_coercible(struct analysis *a, uint32_t from, uint32_t to);
/* PostgreSQL's name of a type. */
const char *analyze_type_text(struct analysis *a, uint32_t type);

#endif
