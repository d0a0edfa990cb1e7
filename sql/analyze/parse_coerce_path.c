/*
 * parse_coerce_path.c: whether and how one type becomes another: pg_cast, arrays by element, text
 * by input and output.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/types/typeoid.h"

const struct cast_def *lookup_cast(struct pstate *ps, uint32_t source, uint32_t target)
{
    const struct cast_def *c = registry_cast(source, target);

    return c != NULL ? c : snapshot_cast(ps->a->snapshot, source, target);
}

char type_category(struct pstate *ps, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, type);

    return t != NULL ? t->category : 'X';
}

bool is_preferred_type(struct pstate *ps, char category, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, type);

    return t != NULL && t->preferred && (category == t->category || category == '\0');
}

bool type_is_rowtype(struct pstate *ps, uint32_t type)
{
    return type == RECORDOID || is_complex(ps, type);
}

bool is_complex(struct pstate *ps, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, get_base_type(ps, type, NULL));

    return t != NULL && t->typtype == 'c';
}

static bool is_complex_array(struct pstate *ps, uint32_t type)
{
    uint32_t element = get_element_type(ps, type);

    return element != 0 && is_complex(ps, element);
}

static bool cast_allowed(const struct cast_def *c, enum coercion_context context)
{
    switch (c->context) {
    case 'i':
        return true;
    case 'a':
        return context >= COERCION_ASSIGNMENT;
    default:
        return context >= COERCION_EXPLICIT;
    }
}

static enum coercion_path cast_path(const struct cast_def *c, const struct proc **func)
{
    switch (c->method) {
    case 'f':
        *func = c->func;
        return COERCION_PATH_FUNC;
    case 'i':
        return COERCION_PATH_IO;
    default:
        return COERCION_PATH_RELABEL;
    }
}

enum coercion_path find_coercion_pathway(struct pstate *ps, uint32_t target, uint32_t source,
                                         enum coercion_context context, const struct proc **func)
{
    const struct cast_def *c;
    const struct proc *element_func;
    uint32_t target_element, source_element;

    *func = NULL;
    source = get_base_type(ps, source, NULL);
    target = get_base_type(ps, target, NULL);
    if (source == target)
        return COERCION_PATH_RELABEL;
    c = lookup_cast(ps, source, target);
    if (c != NULL)
        return cast_allowed(c, context) ? cast_path(c, func) : COERCION_PATH_NONE;
    target_element = get_element_type(ps, target);
    source_element = get_element_type(ps, source);
    if (target != OIDVECTOROID && target != INT2VECTOROID && target_element != 0 &&
        source_element != 0 &&
        find_coercion_pathway(ps, target_element, source_element, context, &element_func) !=
            COERCION_PATH_NONE)
        return COERCION_PATH_ARRAY;
    if (context >= COERCION_ASSIGNMENT && type_category(ps, target) == 'S')
        return COERCION_PATH_IO;
    if (context >= COERCION_EXPLICIT && type_category(ps, source) == 'S')
        return COERCION_PATH_IO;
    return COERCION_PATH_NONE;
}

enum coercion_path find_typmod_coercion(struct pstate *ps, uint32_t type, const struct proc **func)
{
    uint32_t element = get_element_type(ps, type);
    uint32_t t = element != 0 ? element : type;
    const struct cast_def *c = lookup_cast(ps, t, t);

    *func = NULL;
    if (c == NULL || c->method != 'f')
        return COERCION_PATH_NONE;
    *func = c->func;
    return element != 0 ? COERCION_PATH_ARRAY : COERCION_PATH_FUNC;
}

static bool can_coerce_one(struct pstate *ps, uint32_t input, uint32_t target,
                           enum coercion_context context)
{
    const struct proc *func;

    if (input == UNKNOWNOID)
        return true;
    if (find_coercion_pathway(ps, target, input, context, &func) != COERCION_PATH_NONE)
        return true;
    if (input == RECORDOID && is_complex(ps, target))
        return true;
    if (target == RECORDOID && is_complex(ps, input))
        return true;
    return target == RECORDARRAYOID && is_complex_array(ps, input);
}

bool can_coerce_type(struct pstate *ps, int n, const uint32_t *input, const uint32_t *target,
                     enum coercion_context context)
{
    bool generics = false;

    for (int i = 0; i < n; i++) {
        if (input[i] == target[i] || target[i] == ANYOID)
            continue;
        if (is_polymorphic_type(target[i])) {
            generics = true;
            continue;
        }
        if (!can_coerce_one(ps, input[i], target[i], context))
            return false;
    }
    return !generics || check_generic_type_consistency(ps, input, target, n);
}

bool is_binary_coercible(struct pstate *ps, uint32_t source, uint32_t target)
{
    const struct type_def *t;
    const struct cast_def *c;

    if (source == target || target == ANYOID || target == ANYELEMENTOID ||
        target == ANYCOMPATIBLEOID)
        return true;
    source = get_base_type(ps, source, NULL);
    if (source == target)
        return true;
    t = lookup_type(ps, source);
    if (t == NULL)
        return false;
    switch (target) {
    case ANYARRAYOID:
    case ANYCOMPATIBLEARRAYOID:
        return type_is_array(t);
    case ANYNONARRAYOID:
    case ANYCOMPATIBLENONARRAYOID:
        return !type_is_array(t);
    case ANYENUMOID:
        return t->typtype == 'e';
    case ANYRANGEOID:
    case ANYCOMPATIBLERANGEOID:
        return t->typtype == 'r';
    case ANYMULTIRANGEOID:
    case ANYCOMPATIBLEMULTIRANGEOID:
        return t->typtype == 'm';
    case RECORDOID:
        return is_complex(ps, source);
    case RECORDARRAYOID:
        return is_complex_array(ps, source);
    default:
        c = lookup_cast(ps, source, target);
        return c != NULL && c->method == 'b' && c->context == 'i';
    }
}
