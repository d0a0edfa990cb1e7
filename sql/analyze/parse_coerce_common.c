/*
 * parse_coerce_common.c: one type for several expressions (CASE, UNION, VALUES, ARRAY...), and the
 * places that want a certain type.
 */
#include "sql/analyze/parse_internal.h"

#include "sql/types/typeoid.h"

struct expr *coerce_to_boolean(struct pstate *ps, struct expr *e, const char *construct)
{
    struct expr *result = e;

    if (expr_is_poison(e))
        return e;
    if (e->type != BOOLOID) {
        result =
            coerce_to_target_type(ps, e, BOOLOID, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
        if (result == NULL)
            return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                               "argument of %s must be type %s, not type %s", construct, "boolean",
                               format_type(ps, e->type));
    }
    if (!expr_is_poison(result) && expr_returns_set(result))
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(result),
                           "argument of %s must not return a set", construct);
    return result;
}

struct expr *coerce_to_specific_type_typmod(struct pstate *ps, struct expr *e, uint32_t type,
                                            int32_t typmod, const char *construct)
{
    struct expr *result = e;

    if (expr_is_poison(e))
        return e;
    if (e->type != type) {
        result =
            coerce_to_target_type(ps, e, type, typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
        if (result == NULL)
            return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                               "argument of %s must be type %s, not type %s", construct,
                               format_type(ps, type), format_type(ps, e->type));
    }
    if (!expr_is_poison(result) && expr_returns_set(result))
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(result),
                           "argument of %s must not return a set", construct);
    return result;
}

struct expr *coerce_to_specific_type(struct pstate *ps, struct expr *e, uint32_t type,
                                     const char *construct)
{
    return coerce_to_specific_type_typmod(ps, e, type, -1, construct);
}

struct expr *resolve_unknown(struct pstate *ps, struct expr *e)
{
    if (expr_is_poison(e) || e->type != UNKNOWNOID)
        return e;
    return coerce_type(ps, e, TEXTOID, -1, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
}

/* One step of the common type rule: should the candidate type give way to `next`? False with
 * *mismatch when categories differ. */
static bool common_type_yields(struct pstate *ps, uint32_t type, uint32_t next, bool *mismatch)
{
    const struct type_def *t = lookup_type(ps, type);

    *mismatch = false;
    if (type == UNKNOWNOID)
        return true;
    if (type_category(ps, next) != type_category(ps, type)) {
        *mismatch = true;
        return false;
    }
    return t != NULL && !t->preferred && can_coerce_type(ps, 1, &type, &next, COERCION_IMPLICIT) &&
           !can_coerce_type(ps, 1, &next, &type, COERCION_IMPLICIT);
}

uint32_t select_common_type(struct pstate *ps, struct expr *const *exprs, int n,
                            const char *context, struct expr **which)
{
    struct expr *winner = exprs[0];
    uint32_t type = winner->type;
    int i = 0;
    bool mismatch;

    for (int k = 0; k < n; k++) {
        if (expr_is_poison(exprs[k]))
            return 0;
    }
    if (which != NULL)
        *which = winner;
    /* All alike: that type, even a domain. */
    while (i < n && exprs[i]->type == type)
        i++;
    if (i == n && type != UNKNOWNOID)
        return type;
    type = get_base_type(ps, type, NULL);
    for (i = 1; i < n; i++) {
        uint32_t next = get_base_type(ps, exprs[i]->type, NULL);

        if (next == UNKNOWNOID || next == type)
            continue;
        if (common_type_yields(ps, type, next, &mismatch)) {
            winner = exprs[i];
            type = next;
        } else if (mismatch) {
            if (context != NULL)
                parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(exprs[i]),
                            "%s types %s and %s cannot be matched", context, format_type(ps, type),
                            format_type(ps, next));
            return 0;
        }
    }
    if (which != NULL)
        *which = winner;
    return type == UNKNOWNOID ? TEXTOID : type;
}

uint32_t select_common_type_from_oids(struct pstate *ps, const uint32_t *types, int n, bool noerror)
{
    uint32_t type = types[0];
    int i = 1;
    bool mismatch;

    while (i < n && types[i] == type)
        i++;
    if (i == n && type != UNKNOWNOID)
        return type;
    type = get_base_type(ps, type, NULL);
    for (; i < n; i++) {
        uint32_t next = get_base_type(ps, types[i], NULL);

        if (next == UNKNOWNOID || next == type)
            continue;
        if (common_type_yields(ps, type, next, &mismatch)) {
            type = next;
        } else if (mismatch) {
            if (!noerror)
                parse_error(ps, ERRCODE_DATATYPE_MISMATCH, -1,
                            "argument types %s and %s cannot be matched", format_type(ps, type),
                            format_type(ps, next));
            return 0;
        }
    }
    return type == UNKNOWNOID ? TEXTOID : type;
}

int32_t select_common_typmod(struct pstate *ps, struct expr *const *exprs, int n, uint32_t common)
{
    (void)ps;
    for (int i = 0; i < n; i++) {
        if (exprs[i]->type != common || exprs[i]->typmod != exprs[0]->typmod)
            return -1;
    }
    return n > 0 ? exprs[0]->typmod : -1;
}

struct expr *coerce_to_common_type(struct pstate *ps, struct expr *e, uint32_t target,
                                   const char *context)
{
    if (expr_is_poison(e) || target == 0)
        return expr_poison();
    if (e->type == target)
        return e;
    if (can_coerce_type(ps, 1, &e->type, &target, COERCION_IMPLICIT))
        return coerce_type(ps, e, target, -1, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
    return parse_error(ps, ERRCODE_CANNOT_COERCE, expr_location(e),
                       "%s could not convert type %s to %s", context, format_type(ps, e->type),
                       format_type(ps, target));
}
