/*
 * parse_srf.c: where set-returning functions may be called.
 */
#include "sql/analyze/parse_func_call.h"

/* NULL: allowed. "": "... are not allowed in <name of the place>". */
static const char *const srf_errors[] = {
    [EXPR_KIND_JOIN_ON] = "set-returning functions are not allowed in JOIN conditions",
    [EXPR_KIND_JOIN_USING] = "set-returning functions are not allowed in JOIN conditions",
    [EXPR_KIND_WHERE] = "",
    [EXPR_KIND_POLICY] = "set-returning functions are not allowed in policy expressions",
    [EXPR_KIND_HAVING] = "",
    [EXPR_KIND_FILTER] = "",
    [EXPR_KIND_WINDOW_FRAME_RANGE] =
        "set-returning functions are not allowed in window definitions",
    [EXPR_KIND_WINDOW_FRAME_ROWS] = "set-returning functions are not allowed in window definitions",
    [EXPR_KIND_WINDOW_FRAME_GROUPS] =
        "set-returning functions are not allowed in window definitions",
    [EXPR_KIND_UPDATE_SOURCE] = "",
    [EXPR_KIND_UPDATE_TARGET] = "",
    [EXPR_KIND_LIMIT] = "",
    [EXPR_KIND_OFFSET] = "",
    [EXPR_KIND_RETURNING] = "",
    [EXPR_KIND_VALUES] = "",
    [EXPR_KIND_MERGE_WHEN] = "",
    [EXPR_KIND_CHECK_CONSTRAINT] = "set-returning functions are not allowed in check constraints",
    [EXPR_KIND_DOMAIN_CHECK] = "set-returning functions are not allowed in check constraints",
    [EXPR_KIND_COLUMN_DEFAULT] = "set-returning functions are not allowed in DEFAULT expressions",
    [EXPR_KIND_FUNCTION_DEFAULT] = "set-returning functions are not allowed in DEFAULT expressions",
    [EXPR_KIND_INDEX_EXPRESSION] = "set-returning functions are not allowed in index expressions",
    [EXPR_KIND_INDEX_PREDICATE] = "set-returning functions are not allowed in index predicates",
    [EXPR_KIND_STATS_EXPRESSION] =
        "set-returning functions are not allowed in statistics expressions",
    [EXPR_KIND_ALTER_COL_TRANSFORM] =
        "set-returning functions are not allowed in transform expressions",
    [EXPR_KIND_EXECUTE_PARAMETER] = "set-returning functions are not allowed in EXECUTE parameters",
    [EXPR_KIND_TRIGGER_WHEN] = "set-returning functions are not allowed in trigger WHEN conditions",
    [EXPR_KIND_PARTITION_BOUND] = "set-returning functions are not allowed in partition bound",
    [EXPR_KIND_PARTITION_EXPRESSION] =
        "set-returning functions are not allowed in partition key expressions",
    [EXPR_KIND_CALL_ARGUMENT] = "set-returning functions are not allowed in CALL arguments",
    [EXPR_KIND_COPY_WHERE] =
        "set-returning functions are not allowed in COPY FROM WHERE conditions",
    [EXPR_KIND_GENERATED_COLUMN] =
        "set-returning functions are not allowed in column generation expressions",
    [EXPR_KIND_CYCLE_MARK] = "",
};

bool check_srf_placement(struct pstate *ps, const struct expr *last_srf, int location)
{
    const char *text = srf_errors[ps->expr_kind];

    if (ps->expr_kind == EXPR_KIND_FROM_FUNCTION && ps->last_srf != last_srf) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(ps->last_srf),
                    "set-returning functions must appear at top level of FROM");
        return false;
    }
    if (text == NULL) {
        if (ps->expr_kind != EXPR_KIND_FROM_FUNCTION)
            ps->has_srfs = true;
        return true;
    }
    if (*text != '\0')
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location, "%s", text);
    else
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location,
                    "set-returning functions are not allowed in %s",
                    parse_expr_kind_name(ps->expr_kind));
    return false;
}

static bool find_set(struct expr *e, void *arg)
{
    (void)arg;
    return expr_returns_set(e);
}

bool expr_returns_set(const struct expr *e)
{
    if ((e->kind == EXPR_FUNC || e->kind == EXPR_OP) && e->func.proc != NULL &&
        e->func.proc->retset)
        return true;
    return expr_walk_children((struct expr *)e, find_set, NULL);
}
