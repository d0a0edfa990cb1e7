/*
 * parse_collate.c: which collation each node gives and which it uses: explicit COLLATE beats what
 * columns bring along, and two different ones of equal strength conflict.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/types/typeoid.h"

enum collate_strength { COLLATE_NONE, COLLATE_IMPLICIT, COLLATE_CONFLICT, COLLATE_EXPLICIT };

struct collate_state {
    struct pstate *ps;
    uint32_t collation, collation2;
    enum collate_strength strength;
    int location, location2;
    bool failed;
};

struct expr *transform_collate(struct pstate *ps, const PgQuery__CollateClause *c)
{
    struct expr *arg = transform_expr_recurse(ps, c->arg), *e;
    uint32_t collation;

    if (expr_is_poison(arg))
        return arg;
    if (arg->type != UNKNOWNOID && type_collation(ps, arg->type) == 0)
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, c->location,
                           "collations are not supported by type %s", format_type(ps, arg->type));
    collation = lookup_collation(ps, c->collname, c->n_collname, c->location);
    if (collation == 0)
        return expr_poison();
    e = expr_new(ps->a->arena, EXPR_COLLATE, arg->type, arg->typmod, c->location);
    e->cast.arg = arg;
    e->cast.collation = e->collation = collation;
    return e;
}

static void override_state(struct collate_state *to, uint32_t collation,
                           enum collate_strength strength, int location)
{
    to->collation = collation;
    to->strength = strength;
    to->location = location;
}

/* Adds what one child brings. */
static void merge(struct collate_state *to, uint32_t collation, enum collate_strength strength,
                  int location, const struct collate_state *conflict)
{
    if (strength > to->strength) {
        override_state(to, collation, strength, location);
        if (strength == COLLATE_CONFLICT) {
            to->collation2 = conflict->collation2;
            to->location2 = conflict->location2;
        }
        return;
    }
    if (strength < to->strength || collation == to->collation)
        return;
    if (strength == COLLATE_IMPLICIT) {
        if (to->collation == DEFAULT_COLLATION_OID) {
            override_state(to, collation, strength, location);
        } else if (collation != DEFAULT_COLLATION_OID) {
            to->strength = COLLATE_CONFLICT;
            to->collation2 = collation;
            to->location2 = location;
        }
    } else if (strength == COLLATE_EXPLICIT) {
        parse_error(to->ps, ERRCODE_COLLATION_MISMATCH, location,
                    "collation mismatch between explicit collations \"%s\" and \"%s\"",
                    collation_name(to->ps, to->collation), collation_name(to->ps, collation));
        to->failed = true;
    }
}

static bool walk(struct expr *e, void *arg);
static bool check_sorted(struct pstate *ps, struct expr *e);

/* A part that has its own collation and none for its surroundings. */
static bool walk_alone(struct collate_state *outer, struct expr *e)
{
    struct collate_state own = {.ps = outer->ps, .location = -1};

    if (e != NULL && walk(e, &own)) {
        outer->failed = true;
        return true;
    }
    return false;
}

static bool walk_list(struct collate_state *s, const struct expr_list *l)
{
    for (int i = 0; i < l->n; i++) {
        if (walk(l->items[i], s))
            return true;
    }
    return false;
}

static bool walk_list_alone(struct collate_state *s, const struct expr_list *l)
{
    for (int i = 0; i < l->n; i++) {
        if (walk_alone(s, l->items[i]))
            return true;
    }
    return false;
}

/* A hypothetical row is compared with the sorted ones: one collation for each pair. */
static bool walk_hypothetical(struct collate_state *s, struct expr *e)
{
    int first = e->agg.direct.n - e->agg.args.n;
    for (int i = 0; i < e->agg.args.n; i++) {
        struct collate_state pair = {.ps = s->ps, .location = -1};
        if ((first + i >= 0 && walk(e->agg.direct.items[first + i], &pair)) || walk(e->agg.args.items[i], &pair)) {
            s->failed = true;
            return true;
        }
    }
    return walk_alone(s, e->agg.filter);
}

static bool walk_aggregate(struct collate_state *s, struct expr *e)
{
    if (e->agg.within_group && e->agg.proc && e->agg.proc->agg && e->agg.proc->agg->kind == 'h')
        return walk_hypothetical(s, e);
    if (walk_list_alone(s, &e->agg.direct) || walk_list(s, &e->agg.args) ||
        walk_alone(s, e->agg.filter))
        return true;
    for (int i = 0; i < e->agg.order.n; i++) {
        if (!check_sorted(s->ps, e->agg.order.items[i].expr)) {
            s->failed = true;
            return true;
        }
    }
    return false;
}

static bool walk_case(struct collate_state *s, struct expr *e)
{
    for (int i = 0; i < e->kase.nwhens; i++) {
        if (walk_alone(s, e->kase.whens[i].cond) || walk(e->kase.whens[i].result, s))
            return true;
    }
    return walk(e->kase.otherwise, s);
}

static bool walk_subscript(struct collate_state *s, struct expr *e)
{
    for (int i = 0; i < e->subscript.n; i++) {
        if (walk_alone(s, e->subscript.subscripts[i].lower) ||
            walk_alone(s, e->subscript.subscripts[i].upper))
            return true;
    }
    return walk(e->subscript.arg, s) ||
           (e->subscript.assign != NULL && walk(e->subscript.assign, s));
}

static bool walk_row_compare(struct collate_state *s, struct expr *e)
{
    for (int i = 0; i < e->row_compare.left.n; i++) {
        struct expr *pair[2] = {e->row_compare.left.items[i], e->row_compare.right.items[i]};

        select_common_collation(s->ps, pair, 2, true);
        if (parse_failed(s->ps))
            return true;
    }
    return false;
}

static bool walk_inputs(struct collate_state *s, struct expr *e)
{
    switch (e->kind) {
    case EXPR_AGG:
    case EXPR_WINDOW:
        return walk_aggregate(s, e);
    case EXPR_CASE:
        return walk_case(s, e);
    case EXPR_SUBSCRIPT:
        return walk_subscript(s, e);
    case EXPR_ROW:
        return walk_list_alone(s, &e->list.args);
    case EXPR_ROW_COMPARE:
        return walk_row_compare(s, e);
    case EXPR_SUBLINK:
        return walk_list_alone(s, &e->sublink.left);
    case EXPR_ARRAY_COERCE:
        return walk(e->cast.arg, s);
    default:
        return expr_walk_children(e, walk, s);
    }
}

static void set_input_collation(struct expr *e, uint32_t collation)
{
    switch (e->kind) {
    case EXPR_FUNC:
    case EXPR_OP:
        e->func.input_collation = collation;
        break;
    case EXPR_AGG:
    case EXPR_WINDOW:
        e->agg.input_collation = collation;
        break;
    case EXPR_NULLIF:
    case EXPR_DISTINCT:
    case EXPR_ARRAY_OP:
        e->binary.input_collation = collation;
        break;
    default:
        break;
    }
}

/* Functions that cannot work without knowing a collation, by internal name. */
static const struct {
    const char *src, *what;
} collation_users[] = {
    {"texteq", "string comparison"},
    {"textne", "string comparison"},
    {"text_lt", "string comparison"},
    {"text_le", "string comparison"},
    {"text_gt", "string comparison"},
    {"text_ge", "string comparison"},
    {"bpchareq", "string comparison"},
    {"bpcharne", "string comparison"},
    {"bpcharlt", "string comparison"},
    {"bpcharle", "string comparison"},
    {"bpchargt", "string comparison"},
    {"bpcharge", "string comparison"},
    {"textlike", "LIKE"},
    {"textnlike", "LIKE"},
    {"texticlike", "ILIKE"},
    {"texticnlike", "ILIKE"},
    {"textregexeq", "regular expression"},
    {"textregexne", "regular expression"},
    {"texticregexeq", "regular expression"},
    {"texticregexne", "regular expression"},
    {"lower", "lower() function"},
    {"upper", "upper() function"},
    {"initcap", "initcap() function"},
};

static bool check_determinate(struct collate_state *s, const struct expr *e)
{
    const struct proc *p = e->kind == EXPR_FUNC || e->kind == EXPR_OP ? e->func.proc : NULL;

    if (s->strength != COLLATE_CONFLICT || p == NULL || p->src == NULL)
        return true;
    for (size_t i = 0; i < sizeof(collation_users) / sizeof(collation_users[0]); i++) {
        if (strcmp(p->src, collation_users[i].src) != 0)
            continue;
        parse_error(s->ps, ERRCODE_INDETERMINATE_COLLATION, -1,
                    "could not determine which collation to use for %s", collation_users[i].what);
        parse_error_hint(s->ps, "Use the COLLATE clause to set the collation explicitly.");
        return false;
    }
    return true;
}

static bool is_leaf(const struct expr *e)
{
    switch (e->kind) {
    case EXPR_CONST:
    case EXPR_PARAM:
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
    case EXPR_CASE_TEST:
    case EXPR_DEFAULT:
    case EXPR_CURRENT_OF:
    case EXPR_SQL_VALUE:
        return true;
    default:
        return false;
    }
}

/* Does e, whose inputs are in s; gives what e brings to its parent. */
static void conclude(struct collate_state *s, struct expr *e, uint32_t *collation,
                     enum collate_strength *strength, int *location)
{
    uint32_t own = type_collation(s->ps, e->type);

    *collation = 0;
    *strength = COLLATE_NONE;
    *location = -1;
    if (e->kind == EXPR_COLLATE) {
        *collation = e->cast.collation;
        *strength = COLLATE_EXPLICIT;
        *location = e->location;
        e->collation = e->cast.collation;
        return;
    }
    if (is_leaf(e) || e->kind == EXPR_SUBLINK || e->kind == EXPR_FIELD ||
        (e->kind == EXPR_COERCE_DOMAIN && own != DEFAULT_COLLATION_OID)) {
        if (e->kind == EXPR_COERCE_DOMAIN)
            e->collation = own;
        *collation = own != 0 || e->collation != 0 ? e->collation : 0;
        *strength = *collation != 0 ? COLLATE_IMPLICIT : COLLATE_NONE;
        *location = expr_location(e);
        return;
    }
    set_input_collation(e, s->strength == COLLATE_CONFLICT ? 0 : s->collation);
    if (own == 0) {
        e->collation = 0;
        return;
    }
    if (s->strength > COLLATE_NONE) {
        *collation = s->collation;
        *strength = s->strength;
        *location = s->location;
    } else {
        *collation = own;
        *strength = COLLATE_IMPLICIT;
        *location = expr_location(e);
    }
    e->collation = *strength == COLLATE_CONFLICT ? 0 : *collation;
}

/* True stops the walk: an error was set. */
static bool walk(struct expr *e, void *arg)
{
    struct collate_state *outer = arg;
    struct collate_state s = {.ps = outer->ps, .location = -1};
    enum collate_strength strength;
    uint32_t collation;
    int location;

    if (expr_is_poison(e))
        return false;
    if (!is_leaf(e) && (walk_inputs(&s, e) || s.failed || !check_determinate(&s, e))) {
        outer->failed = true;
        return true;
    }
    conclude(&s, e, &collation, &strength, &location);
    merge(outer, collation, strength, location, &s);
    return outer->failed;
}

bool assign_expr_collations(struct pstate *ps, struct expr *e)
{
    struct collate_state s = {.ps = ps, .location = -1};

    return !walk(e, &s);
}

bool assign_list_collations(struct pstate *ps, struct expr *const *exprs, int n)
{
    for (int i = 0; i < n; i++) {
        if (!assign_expr_collations(ps, exprs[i]))
            return false;
    }
    return true;
}

static struct expr *assign_one(struct expr *e, void *arg)
{
    struct pstate *ps = arg;

    if (!parse_failed(ps))
        assign_expr_collations(ps, e);
    return e;
}

static bool mismatch(const struct collate_state *s)
{
    parse_error(s->ps, ERRCODE_COLLATION_MISMATCH, s->location2,
                "collation mismatch between implicit collations \"%s\" and \"%s\"",
                collation_name(s->ps, s->collation), collation_name(s->ps, s->collation2));
    parse_error_hint(s->ps, "You can choose the collation by applying the COLLATE clause to one "
                            "or both expressions.");
    return false;
}

/* What rows are ordered or grouped by must have one collation. */
static bool check_sorted(struct pstate *ps, struct expr *e)
{
    struct collate_state s = {.ps = ps, .location = -1};

    if (parse_failed(ps) || expr_is_poison(e) || walk(e, &s))
        return !parse_failed(ps);
    return s.strength != COLLATE_CONFLICT || mismatch(&s);
}

static bool check_sort_list(struct pstate *ps, const struct sort_list *l)
{
    for (int i = 0; i < l->n; i++) {
        if (!check_sorted(ps, l->items[i].expr))
            return false;
    }
    return true;
}

bool assign_query_collations(struct pstate *ps, struct query *q)
{
    query_mutate_exprs(q, assign_one, ps);
    if (parse_failed(ps) || q->setop != NULL)
        return !parse_failed(ps);
    for (int i = 0; i < q->group.n; i++) {
        if (!check_sorted(ps, q->group.items[i]))
            return false;
    }
    for (int i = 0; q->distinct && i < q->ntargets; i++) {
        if (!q->targets[i].junk && !check_sorted(ps, q->targets[i].expr))
            return false;
    }
    return check_sort_list(ps, &q->sort) && check_sort_list(ps, &q->distinct_on);
}

uint32_t select_common_collation(struct pstate *ps, struct expr *const *exprs, int n, bool none_ok)
{
    struct collate_state s = {.ps = ps, .location = -1};

    for (int i = 0; i < n; i++) {
        if (walk(exprs[i], &s))
            return 0;
    }
    if (s.strength != COLLATE_CONFLICT)
        return s.collation;
    if (!none_ok)
        mismatch(&s);
    return 0;
}
