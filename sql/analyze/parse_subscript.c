/*
 * parse_subscript.c: container[i], container[i:j], of arrays, of jsonb and of hstore; fetched or assigned.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

enum container { CONTAINER_NONE, CONTAINER_ARRAY, CONTAINER_JSONB, CONTAINER_HSTORE };

/* The type whose subscripting applies: domains looked through, vectors of the catalogs taken as
 * arrays. */
static uint32_t container_type(struct pstate *ps, uint32_t type, int32_t *typmod)
{
    type = get_base_type(ps, type, typmod);
    if (type == INT2VECTOROID)
        return INT2ARRAYOID;
    return type == OIDVECTOROID ? OIDARRAYOID : type;
}

static enum container container_kind(struct pstate *ps, uint32_t type, uint32_t *element)
{
    const struct type_def *t = lookup_type(ps, type);

    *element = 0;
    if (t == NULL || t->subscript == NULL || strcmp(t->subscript, "-") == 0)
        return CONTAINER_NONE;
    if (strcmp(t->subscript, "jsonb_subscript_handler") == 0) {
        *element = type;
        return CONTAINER_JSONB;
    }
    if (strcmp(t->subscript, "hstore_subscript_handler") == 0) {
        *element = TEXTOID;
        return CONTAINER_HSTORE;
    }
    *element = t->elem;
    return t->elem != 0 ? CONTAINER_ARRAY : CONTAINER_NONE;
}

static struct expr *no_subscripts(struct pstate *ps, uint32_t type, int location)
{
    return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, location,
                       "cannot subscript type %s because it does not support subscripting",
                       format_type(ps, type));
}

uint32_t subscript_element_type(struct pstate *ps, uint32_t container, int location)
{
    uint32_t element;

    if (container_kind(ps, container_type(ps, container, NULL), &element) == CONTAINER_NONE)
        no_subscripts(ps, container, location);
    return element;
}

static struct expr *array_bound(struct pstate *ps, const PgQuery__Node *n)
{
    struct expr *e = transform_expr_recurse(ps, n), *c;

    if (expr_is_poison(e))
        return e;
    c = coerce_to_target_type(ps, e, INT4OID, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    if (c == NULL)
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                           "array subscript must have type integer");
    return c;
}

static bool array_subscript(struct pstate *ps, const PgQuery__AIndices *ai, bool slice,
                            struct subscript *s)
{
    s->slice = slice;
    if (ai->uidx != NULL)
        s->upper = array_bound(ps, ai->uidx);
    if (ai->lidx != NULL)
        s->lower = array_bound(ps, ai->lidx);
    else if (slice && !ai->is_slice) /* a plain subscript among slices means 1:n */
        s->lower = make_int4_const(ps, 1, -1);
    return !parse_failed(ps);
}

static struct expr *jsonb_key(struct pstate *ps, const PgQuery__Node *n)
{
    static const uint32_t targets[] = {INT4OID, TEXTOID};
    struct expr *e = transform_expr_recurse(ps, n);
    uint32_t target = TEXTOID;
    bool found = false;

    if (expr_is_poison(e))
        return e;
    for (int i = 0; i < 2 && e->type != UNKNOWNOID; i++) {
        if (!can_coerce_type(ps, 1, &e->type, &targets[i], COERCION_IMPLICIT))
            continue;
        if (found) {
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                        "subscript type %s is not supported", format_type(ps, e->type));
            parse_error_hint(
                ps, "jsonb subscript must be coercible to only one type, integer or text.");
            return expr_poison();
        }
        target = targets[i];
        found = true;
    }
    if (!found && e->type != UNKNOWNOID) {
        parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                    "subscript type %s is not supported", format_type(ps, e->type));
        parse_error_hint(ps, "jsonb subscript must be coercible to either integer or text.");
        return expr_poison();
    }
    return coerce_type(ps, e, target, -1, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
}

static bool jsonb_subscript(struct pstate *ps, const PgQuery__AIndices *ai, bool slice,
                            struct subscript *s)
{
    if (slice) {
        parse_error(ps, ERRCODE_DATATYPE_MISMATCH,
                    raw_location(ai->uidx != NULL ? ai->uidx : ai->lidx),
                    "jsonb subscript does not support slices");
        return false;
    }
    s->upper = jsonb_key(ps, ai->uidx);
    return !parse_failed(ps);
}

/* One key. */
static bool hstore_subscript(struct pstate *ps, const PgQuery__AIndices *ai, bool alone, struct subscript *s)
{
    const PgQuery__Node *n = ai->uidx != NULL ? ai->uidx : ai->lidx;
    struct expr *e, *key;

    if (!alone) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "hstore allows only one subscript");
        return false;
    }
    e = transform_expr_recurse(ps, n);
    if (expr_is_poison(e))
        return false;
    key = coerce_to_target_type(ps, e, TEXTOID, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    if (key == NULL) {
        parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e), "hstore subscript must have type text");
        return false;
    }
    s->upper = key;
    return !parse_failed(ps);
}

/* The assigned value in the type of the element or slice. */
static struct expr *assigned_value(struct pstate *ps, struct expr *value, uint32_t type,
                                   int32_t typmod, const char *column)
{
    struct expr *c;

    if (expr_is_poison(value))
        return value;
    c = coerce_to_target_type(ps, value, type, typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    if (c != NULL)
        return c;
    parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(value),
                "subscripted assignment to \"%s\" requires type %s but expression is of type %s",
                column, format_type(ps, type), format_type(ps, value->type));
    parse_error_hint(ps, "You will need to rewrite or cast the expression.");
    return expr_poison();
}

static bool any_slice(PgQuery__Node *const *indices, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (indices[i]->a_indices->is_slice)
            return true;
    }
    return false;
}

struct expr *transform_subscripts(struct pstate *ps, struct expr *container,
                                  PgQuery__Node *const *indices, size_t n, struct expr *assign,
                                  const char *column)
{
    int32_t typmod = container->typmod;
    uint32_t type, element, result;
    enum container kind;
    bool slice = any_slice(indices, n);
    struct expr *e;

    if (expr_is_poison(container))
        return container;
    type = container_type(ps, container->type, &typmod);
    kind = container_kind(ps, type, &element);
    if (kind == CONTAINER_NONE)
        return no_subscripts(ps, container->type, expr_location(container));
    result = assign != NULL || slice ? type : element;
    e = expr_new(ps->a->arena, EXPR_SUBSCRIPT, result, typmod, container->location);
    e->subscript.arg = container;
    e->subscript.n = (int)n;
    e->subscript.subscripts = ARENA_ARRAY(ps->a->arena, struct subscript, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct subscript *s = &e->subscript.subscripts[i];
        const PgQuery__AIndices *ai = indices[i]->a_indices;

        if (!(kind == CONTAINER_ARRAY    ? array_subscript(ps, ai, slice, s)
              : kind == CONTAINER_HSTORE ? hstore_subscript(ps, ai, n == 1 && !slice, s)
                                         : jsonb_subscript(ps, ai, slice, s)))
            return expr_poison();
    }
    if (kind == CONTAINER_ARRAY && n > LIMIT_ARRAY_DIMS)
        return parse_error(ps, ERRCODE_PROGRAM_LIMIT_EXCEEDED, -1,
                           "number of array dimensions (%zu) exceeds the maximum allowed (%d)", n,
                           LIMIT_ARRAY_DIMS);
    e->collation = type_collation(ps, result);
    if (assign == NULL)
        return e;
    e->subscript.assign = assigned_value(ps, assign, slice ? type : element, typmod, column);
    if (expr_is_poison(e->subscript.assign))
        return expr_poison();
    /* Assigning into a domain over an array gives the domain again. */
    if (type != container->type && type == get_base_type(ps, container->type, NULL))
        return coerce_type(ps, e, container->type, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    return e;
}
