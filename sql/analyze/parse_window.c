/*
 * parse_window.c: OVER and the WINDOW clause. Calls point at their definition at once; the
 * definitions are analyzed when the select list is complete, since their expressions may name its
 * columns' sources only.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* PostgreSQL's FRAMEOPTION bits as they come in the raw tree. */
enum {
    FRAME_NONDEFAULT = 0x1,
    FRAME_IS_RANGE = 0x2,
    FRAME_IS_ROWS = 0x4,
    FRAME_IS_GROUPS = 0x8,
    FRAME_BETWEEN = 0x10,
    FRAME_START_UNBOUNDED_PRECEDING = 0x20,
    FRAME_END_UNBOUNDED_FOLLOWING = 0x100,
    FRAME_START_CURRENT_ROW = 0x200,
    FRAME_END_CURRENT_ROW = 0x400,
    FRAME_START_OFFSET_PRECEDING = 0x800,
    FRAME_END_OFFSET_PRECEDING = 0x1000,
    FRAME_START_OFFSET_FOLLOWING = 0x2000,
    FRAME_END_OFFSET_FOLLOWING = 0x4000,
    FRAME_EXCLUDE_CURRENT_ROW = 0x8000,
    FRAME_EXCLUDE_GROUP = 0x10000,
    FRAME_EXCLUDE_TIES = 0x20000,
    FRAME_START_OFFSET = FRAME_START_OFFSET_PRECEDING | FRAME_START_OFFSET_FOLLOWING,
    FRAME_END_OFFSET = FRAME_END_OFFSET_PRECEDING | FRAME_END_OFFSET_FOLLOWING
};

/* A definition that waits for its analysis; `def` is what calls point at, so it comes first. */
struct pending_window {
    struct window_def def;
    const PgQuery__WindowDef *raw;
};

static struct window_def *add_pending(struct pstate *ps, const PgQuery__WindowDef *raw)
{
    struct pending_window *p = ARENA_NEW(ps->a->arena, struct pending_window);
    p->raw = raw;
    if (*raw->name)
        p->def.name = arena_strdup(ps->a->arena, raw->name);
    if (*raw->refname)
        p->def.refname = arena_strdup(ps->a->arena, raw->refname);
    struct window_def **grown = ARENA_ARRAY(ps->a->arena, struct window_def *, ps->nwindows + 1);
    if (ps->nwindows)
        memcpy(grown, ps->windows, sizeof *grown * (size_t)ps->nwindows);
    grown[ps->nwindows++] = &p->def;
    ps->windows = grown;
    return &p->def;
}

static struct window_def *find_window(struct window_def **windows, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (windows[i]->name && !strcmp(windows[i]->name, name))
            return windows[i];
    return NULL;
}

bool register_window_clause(struct pstate *ps, PgQuery__Node *const *nodes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_pending(ps, nodes[i]->window_def);
    return true;
}

bool transform_window_call(struct pstate *ps, struct expr *win, const PgQuery__WindowDef *def)
{
    int location;
    const char *place;
    struct expr args = {.kind = EXPR_ROW, .list.args = win->agg.args};
    if (ps->has_windows && expr_has_windows(&args, &location)) {
        parse_error(ps, ERRCODE_WINDOWING_ERROR, location,
                    "window function calls cannot be nested");
        return false;
    }
    if (!expr_kind_allows(ps->expr_kind, true, &place)) {
        parse_error(ps, ERRCODE_WINDOWING_ERROR, win->location,
                    "window functions are not allowed in %s", place);
        return false;
    }
    ps->has_windows = true;
    if (*def->name) {
        win->agg.over = find_window(ps->windows, ps->nwindows, def->name);
        if (!win->agg.over)
            parse_error(ps, ERRCODE_UNDEFINED_OBJECT, def->location, "window \"%s\" does not exist",
                        def->name);
        return win->agg.over != NULL;
    }
    win->agg.over = add_pending(ps, def);
    return true;
}

/* --- frames
 * ------------------------------------------------------------------------------------------ */

/* Types of ORDER BY columns that RANGE offsets work on, and the offset's types, the preferred one
   first (in_range support functions of the default btree families). */
static const struct {
    uint32_t column;
    uint32_t offsets[3];
} range_offsets[] = {
    {INT2OID, {INT2OID, INT4OID, INT8OID}},
    {INT4OID, {INT4OID, INT2OID, INT8OID}},
    {INT8OID, {INT8OID}},
    {FLOAT4OID, {FLOAT8OID}},
    {FLOAT8OID, {FLOAT8OID}},
    {NUMERICOID, {NUMERICOID}},
    {DATEOID, {INTERVALOID}},
    {TIMEOID, {INTERVALOID}},
    {TIMETZOID, {INTERVALOID}},
    {TIMESTAMPOID, {INTERVALOID}},
    {TIMESTAMPTZOID, {INTERVALOID}},
    {INTERVALOID, {INTERVALOID}},
};

static uint32_t range_offset_choose(struct pstate *ps, size_t row, const struct expr *e)
{
    uint32_t match = 0;
    int matches = 0;
    for (int i = 0; i < 3 && range_offsets[row].offsets[i]; i++) {
        uint32_t type = range_offsets[row].offsets[i];
        if (type == e->type || e->type == UNKNOWNOID)
            return type;
        if (can_coerce_type(ps, 1, &e->type, &type, COERCION_IMPLICIT)) {
            match = match ? match : type;
            matches++;
        }
    }
    if (matches > 1) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(e),
                    "RANGE with offset PRECEDING/FOLLOWING has multiple interpretations for column "
                    "type %s and "
                    "offset type %s",
                    format_type(ps, range_offsets[row].column), format_type(ps, e->type));
        parse_error_hint(ps, "Cast the offset value to the exact intended type.");
        return 0;
    }
    return match;
}

static struct expr *range_offset(struct pstate *ps, struct expr *e, const struct window_def *d)
{
    uint32_t sorted_as = d->order.items[0].lt->left;
    uint32_t column = get_base_type(ps, d->order.items[0].expr->type, NULL);
    for (size_t i = 0; i < sizeof range_offsets / sizeof *range_offsets; i++) {
        if (range_offsets[i].column != column)
            continue;
        uint32_t type = range_offset_choose(ps, i, e);
        if (parse_failed(ps))
            return expr_poison();
        if (type)
            return coerce_type(ps, e, type, -1, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(e),
                    "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and "
                    "offset type %s",
                    format_type(ps, sorted_as), format_type(ps, e->type));
        parse_error_hint(ps, "Cast the offset value to an appropriate type.");
        return expr_poison();
    }
    return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(e),
                       "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s",
                       format_type(ps, sorted_as));
}

static struct expr *frame_offset(struct pstate *ps, const PgQuery__Node *n,
                                 const struct window_def *d)
{
    static const enum parse_expr_kind kinds[] = {
        [FRAME_RANGE] = EXPR_KIND_WINDOW_FRAME_RANGE,
        [FRAME_ROWS] = EXPR_KIND_WINDOW_FRAME_ROWS,
        [FRAME_GROUPS] = EXPR_KIND_WINDOW_FRAME_GROUPS,
    };
    static const char *const names[] = {"RANGE", "ROWS", "GROUPS"};
    if (!n)
        return NULL;
    struct expr *e = transform_expr(ps, n, kinds[d->mode]);
    if (expr_is_poison(e))
        return e;
    e = d->mode == FRAME_RANGE ? range_offset(ps, e, d)
                               : coerce_to_specific_type(ps, e, INT8OID, names[d->mode]);
    if (!expr_is_poison(e) && expr_has_vars(e))
        return parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, expr_location(e),
                           "argument of %s must not contain variables", names[d->mode]);
    return e;
}

static enum frame_bound frame_bound_of(int options, int unbounded_preceding, int preceding,
                                       int current, int following)
{
    return options & unbounded_preceding ? BOUND_UNBOUNDED_PRECEDING
           : options & preceding         ? BOUND_PRECEDING
           : options & current           ? BOUND_CURRENT_ROW
           : options & following         ? BOUND_FOLLOWING
                                         : BOUND_UNBOUNDED_FOLLOWING;
}

static bool window_frame(struct pstate *ps, const PgQuery__WindowDef *raw, struct window_def *d)
{
    int o = raw->frame_options;
    d->framed = o & FRAME_NONDEFAULT;
    d->between = o & FRAME_BETWEEN;
    d->mode = o & FRAME_IS_ROWS ? FRAME_ROWS : o & FRAME_IS_GROUPS ? FRAME_GROUPS : FRAME_RANGE;
    d->start = frame_bound_of(o, FRAME_START_UNBOUNDED_PRECEDING, FRAME_START_OFFSET_PRECEDING,
                              FRAME_START_CURRENT_ROW, FRAME_START_OFFSET_FOLLOWING);
    d->end = frame_bound_of(o, 0, FRAME_END_OFFSET_PRECEDING, FRAME_END_CURRENT_ROW,
                            FRAME_END_OFFSET_FOLLOWING);
    d->exclude = o & FRAME_EXCLUDE_CURRENT_ROW ? EXCLUDE_CURRENT_ROW
                 : o & FRAME_EXCLUDE_GROUP     ? EXCLUDE_GROUP
                 : o & FRAME_EXCLUDE_TIES      ? EXCLUDE_TIES
                                               : EXCLUDE_NONE;
    if (d->mode == FRAME_RANGE && (o & (FRAME_START_OFFSET | FRAME_END_OFFSET)) &&
        d->order.n != 1) {
        parse_error(ps, ERRCODE_WINDOWING_ERROR, raw->location,
                    "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column");
        return false;
    }
    if (d->mode == FRAME_GROUPS && !d->order.n) {
        parse_error(ps, ERRCODE_WINDOWING_ERROR, raw->location,
                    "GROUPS mode requires an ORDER BY clause");
        return false;
    }
    d->start_offset = frame_offset(ps, raw->start_offset, d);
    d->end_offset = frame_offset(ps, raw->end_offset, d);
    return !parse_failed(ps);
}

/* --- definitions
 * ------------------------------------------------------------------------------------------ */

static bool window_partition(struct pstate *ps, const PgQuery__WindowDef *raw,
                             struct target_list *targets, struct window_def *d)
{
    for (size_t i = 0; i < raw->n_partition_clause; i++) {
        int target;
        const struct operator_def *eq;
        struct expr *e = find_clause_expr(ps, raw->partition_clause[i], targets,
                                          EXPR_KIND_WINDOW_PARTITION, true, &target);
        if (expr_is_poison(e))
            return false;
        e = resolve_unknown(ps, e);
        if (target)
            targets->items[target - 1].expr = e;
        if (!get_sort_group_operators(ps, e->type, true, true, false, NULL, &eq, NULL,
                                      raw_location(raw->partition_clause[i])))
            return false;
        expr_list_add(ps->a->arena, &d->partition, e);
    }
    return true;
}

/* A definition that starts from another one takes its partition and order, if it may. */
static bool window_inherit(struct pstate *ps, const PgQuery__WindowDef *raw,
                           const struct window_def *ref, struct window_def *d)
{
    const char *message = NULL;
    if (d->partition.n)
        message = "cannot override PARTITION BY clause of window \"%s\"";
    else if (d->order.n && ref->order.n)
        message = "cannot override ORDER BY clause of window \"%s\"";
    else if (ref->framed)
        message = "cannot copy window \"%s\" because it has a frame clause";
    if (message) {
        const char *text = arena_printf(ps->a->arena, message, ref->name);
        bool plain = ref->framed && !d->partition.n && !d->order.n &&
                     !(raw->frame_options & FRAME_NONDEFAULT) && !*raw->name;
        parse_error(ps, ERRCODE_WINDOWING_ERROR, raw->location, "%s", text);
        if (plain)
            parse_error_hint(ps, "Omit the parentheses in this OVER clause.");
        return false;
    }
    for (int i = 0; i < ref->partition.n; i++)
        expr_list_add(ps->a->arena, &d->partition,
                      expr_copy(ps->a->arena, ref->partition.items[i]));
    if (!d->order.n && ref->order.n) {
        d->order.items = arena_memdup(ps->a->arena, ref->order.items,
                                      sizeof *d->order.items * (size_t)ref->order.n);
        d->order.n = ref->order.n;
        d->copied_order = true;
        for (int i = 0; i < d->order.n; i++)
            d->order.items[i].expr = expr_copy(ps->a->arena, d->order.items[i].expr);
    }
    return true;
}

static bool window_definition(struct pstate *ps, int index, struct target_list *targets)
{
    struct window_def *d = ps->windows[index];
    const PgQuery__WindowDef *raw = ((struct pending_window *)d)->raw;
    const struct window_def *ref = NULL;
    if (d->name && find_window(ps->windows, index, d->name)) {
        parse_error(ps, ERRCODE_WINDOWING_ERROR, raw->location, "window \"%s\" is already defined",
                    d->name);
        return false;
    }
    if (d->refname && !(ref = find_window(ps->windows, index, d->refname))) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, raw->location, "window \"%s\" does not exist",
                    d->refname);
        return false;
    }
    if (!transform_sort_clause(ps, raw->order_clause, raw->n_order_clause, targets,
                               EXPR_KIND_WINDOW_ORDER, true, false, &d->order) ||
        !window_partition(ps, raw, targets, d))
        return false;
    for (int i = 0; i < d->order.n; i++)
        d->order.items[i].target = 0;
    return (!ref || window_inherit(ps, raw, ref, d)) && window_frame(ps, raw, d);
}

bool transform_window_definitions(struct pstate *ps, struct target_list *targets)
{
    for (int i = 0; i < ps->nwindows; i++)
        if (!window_definition(ps, i, targets))
            return false;
    ps->query->windows = ps->windows;
    ps->query->nwindows = ps->nwindows;
    return true;
}
