/* parse_support.c: functions that other objects are made of; see parse_support.h. */
#include "sql/analyze/parse_support.h"

#include <string.h>

#include "sql/analyze/parse_internal.h"
#include "sql/types/typeoid.h"

bool analyze_support_function(struct analysis *a, const char *schema, const char *name, const uint32_t *types, int n,
                              struct support_function *out)
{
    struct pstate *ps = pstate_new(a, NULL);
    const char *display = schema ? arena_printf(a->arena, "%s.%s", schema, name) : name;
    struct func_lookup l = {.schema = schema, .name = name, .display = display, .nargs = n, .argtypes = types, .location = -1};
    struct expr_list none = {0};
    struct func_candidate *best = NULL;
    enum func_detail detail = func_get_detail(ps, &l, &none, &best);

    if (parse_failed(ps))
        return false;
    if (detail != FUNC_NORMAL || !best || !best->proc) {
        parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, -1, "function %s does not exist", func_signature(ps, display, n, NULL, 0, types));
        return false;
    }
    *out = (struct support_function){.proc = best->proc, .types = ARENA_ARRAY(a->arena, uint32_t, n + 1)};
    out->variadic = best->proc->variadic;
    memcpy(out->types, best->args, sizeof(uint32_t) * (size_t)n);
    out->rettype = resolve_generic_types(ps, types, out->types, n, best->proc->rettype);
    return !parse_failed(ps);
}

bool analyze_binary_coercible(struct analysis *a, uint32_t from, uint32_t to)
{
    return is_binary_coercible(pstate_new(a, NULL), from, to);
}

const char *analyze_type_text(struct analysis *a, uint32_t type)
{
    return format_type(pstate_new(a, NULL), type);
}
