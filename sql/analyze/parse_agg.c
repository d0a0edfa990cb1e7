/*
 * parse_agg.c: to which query level an aggregate belongs, whether it may stand there, and whether
 * every column outside of aggregates is grouped (or functionally dependent on a grouped primary
 * key).
 */
#include "sql/analyze/clause.h"

#include <string.h>

#define GROUPING_ARGS_MAX 31

/* --- places
 * --------------------------------------------------------------------------------------- */

/* "<things> are not allowed in <place>": places that PostgreSQL names otherwise than
 * parse_expr_kind_name. */
static const struct {
    enum parse_expr_kind kind;
    const char *place;
    bool agg, window; /* allowed here */
} places[] = {
    {EXPR_KIND_NONE, NULL, true, true},
    {EXPR_KIND_OTHER, NULL, true, true},
    {EXPR_KIND_JOIN_ON, "JOIN conditions", false, false},
    {EXPR_KIND_JOIN_USING, "JOIN conditions", false, false},
    {EXPR_KIND_FROM_SUBSELECT, "FROM clause of their own query level", false, true},
    {EXPR_KIND_FROM_FUNCTION, "functions in FROM", false, false},
    {EXPR_KIND_HAVING, NULL, true, false},
    {EXPR_KIND_POLICY, "policy expressions", false, false},
    {EXPR_KIND_WINDOW_PARTITION, "window definitions", true, false},
    {EXPR_KIND_WINDOW_ORDER, "window definitions", true, false},
    {EXPR_KIND_WINDOW_FRAME_RANGE, "window definitions", false, false},
    {EXPR_KIND_WINDOW_FRAME_ROWS, "window definitions", false, false},
    {EXPR_KIND_WINDOW_FRAME_GROUPS, "window definitions", false, false},
    {EXPR_KIND_SELECT_TARGET, NULL, true, true},
    {EXPR_KIND_ORDER_BY, NULL, true, true},
    {EXPR_KIND_DISTINCT_ON, NULL, true, true},
    {EXPR_KIND_MERGE_WHEN, "MERGE WHEN conditions", false, false},
    {EXPR_KIND_CHECK_CONSTRAINT, "check constraints", false, false},
    {EXPR_KIND_DOMAIN_CHECK, "check constraints", false, false},
    {EXPR_KIND_COLUMN_DEFAULT, "DEFAULT expressions", false, false},
    {EXPR_KIND_FUNCTION_DEFAULT, "DEFAULT expressions", false, false},
    {EXPR_KIND_INDEX_EXPRESSION, "index expressions", false, false},
    {EXPR_KIND_INDEX_PREDICATE, "index predicates", false, false},
    {EXPR_KIND_STATS_EXPRESSION, "statistics expressions", false, false},
    {EXPR_KIND_ALTER_COL_TRANSFORM, "transform expressions", false, false},
    {EXPR_KIND_EXECUTE_PARAMETER, "EXECUTE parameters", false, false},
    {EXPR_KIND_TRIGGER_WHEN, "trigger WHEN conditions", false, false},
    {EXPR_KIND_PARTITION_BOUND, "partition bound", false, false},
    {EXPR_KIND_PARTITION_EXPRESSION, "partition key expressions", false, false},
    {EXPR_KIND_GENERATED_COLUMN, "column generation expressions", false, false},
    {EXPR_KIND_CALL_ARGUMENT, "CALL arguments", false, false},
    {EXPR_KIND_COPY_WHERE, "COPY FROM WHERE conditions", false, false},
};

static const char *frame_place(enum parse_expr_kind kind)
{
    switch (kind) {
    case EXPR_KIND_WINDOW_FRAME_RANGE:
        return "window RANGE";
    case EXPR_KIND_WINDOW_FRAME_ROWS:
        return "window ROWS";
    case EXPR_KIND_WINDOW_FRAME_GROUPS:
        return "window GROUPS";
    default:
        return NULL;
    }
}

bool expr_kind_allows(enum parse_expr_kind kind, bool window, const char **place)
{
    *place = parse_expr_kind_name(kind);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (places[i].kind != kind)
            continue;
        if (places[i].place)
            *place = places[i].place;
        if (!window && frame_place(kind))
            *place = frame_place(kind);
        return window ? places[i].window : places[i].agg;
    }
    return false;
}

/* --- the level of an aggregate
 * ------------------------------------------------------------------------ */

struct level_search {
    int min_var, min_agg; /* -1: none */
    int var_location, agg_location; /* of those */
    const struct expr *window, *srf;
};

static bool level_visit(struct expr_walker *w, struct expr *e, int depth)
{
    struct level_search *s = w->arg;
    int level;
    switch (e->kind) {
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
        level = e->var.levelsup - depth;
        if (level >= 0 && (s->min_var < 0 || level < s->min_var)) {
            s->min_var = level;
            s->var_location = e->location;
        }
        return false;
    case EXPR_AGG:
    case EXPR_GROUPING:
        level = (e->kind == EXPR_AGG ? e->agg.levelsup : e->grouping.levelsup) - depth;
        if (level >= 0 && (s->min_agg < 0 || level < s->min_agg)) {
            s->min_agg = level;
            s->agg_location = e->location;
        }
        return true;
    case EXPR_WINDOW:
        if (depth == 0 && !s->window)
            s->window = e;
        return true;
    case EXPR_FUNC:
    case EXPR_OP:
        if (depth == 0 && !s->srf && e->func.proc && e->func.proc->retset)
            s->srf = e;
        return true;
    default:
        return true;
    }
}

static void level_search_list(struct level_search *s, const struct expr_list *l)
{
    struct expr_walker w = {.visit = level_visit, .arg = s};
    for (int i = 0; i < l->n; i++)
        walk_expr(&w, l->items[i], 0);
}

static void level_search_sort(struct level_search *s, const struct sort_list *l)
{
    struct expr_walker w = {.visit = level_visit, .arg = s};
    for (int i = 0; i < l->n; i++)
        walk_expr(&w, l->items[i].expr, 0);
}

/* The level by its arguments; -1 on error. */
static int level_of(struct pstate *ps, const struct level_search *s)
{
    if (s->window) {
        parse_error(ps, ERRCODE_GROUPING_ERROR, s->window->location,
                    "aggregate function calls cannot contain window function calls");
        return -1;
    }
    if (s->srf) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, s->srf->location,
                    "aggregate function calls cannot contain set-returning function calls");
        parse_error_hint(
            ps, "You might be able to move the set-returning function into a LATERAL FROM item.");
        return -1;
    }
    int level = s->min_var < 0                              ? (s->min_agg < 0 ? 0 : s->min_agg)
                : s->min_agg < 0 || s->min_var < s->min_agg ? s->min_var
                                                            : s->min_agg;
    if (level == s->min_agg) {
        parse_error(ps, ERRCODE_GROUPING_ERROR, s->agg_location,
                    "aggregate function calls cannot be nested");
        return -1;
    }
    return level;
}

/* Direct arguments are computed once per group: nothing of a lower level may be in them. */
static bool check_direct_args(struct pstate *ps, const struct expr *agg, int level)
{
    struct level_search s = {.min_var = -1, .min_agg = -1};
    level_search_list(&s, &agg->agg.direct);
    if (s.min_var >= 0 && s.min_var < level) {
        parse_error(
            ps, ERRCODE_GROUPING_ERROR, s.var_location,
            "outer-level aggregate cannot contain a lower-level variable in its direct arguments");
        return false;
    }
    if (s.min_agg >= 0 && s.min_agg <= level) {
        parse_error(ps, ERRCODE_GROUPING_ERROR, s.agg_location,
                    "aggregate function calls cannot be nested");
        return false;
    }
    return true;
}

static bool place_aggregate(struct pstate *ps, int level, int location, const char *things)
{
    struct pstate *p = ps;
    const char *place;
    for (int i = 0; i < level && p->parent; i++)
        p = p->parent;
    p->has_aggs = true;
    if (expr_kind_allows(p->expr_kind, false, &place))
        return true;
    parse_error(ps, ERRCODE_GROUPING_ERROR, location, "%s are not allowed in %s", things, place);
    return false;
}

bool transform_agg_call(struct pstate *ps, struct expr *agg)
{
    struct level_search s = {.min_var = -1, .min_agg = -1};
    level_search_list(&s, &agg->agg.args);
    level_search_sort(&s, &agg->agg.order);
    if (agg->agg.filter) {
        struct expr_list filter = {&agg->agg.filter, 1};
        level_search_list(&s, &filter);
    }
    int level = level_of(ps, &s);
    if (level < 0 || (agg->agg.direct.n && !check_direct_args(ps, agg, level)))
        return false;
    agg->agg.levelsup = level;
    return place_aggregate(ps, level, agg->location, "aggregate functions");
}

bool transform_grouping_call(struct pstate *ps, struct expr *grouping)
{
    if (grouping->grouping.args.n > GROUPING_ARGS_MAX) {
        parse_error(ps, ERRCODE_TOO_MANY_ARGUMENTS, grouping->location,
                    "GROUPING must have fewer than 32 arguments");
        return false;
    }
    struct level_search s = {.min_var = -1, .min_agg = -1};
    level_search_list(&s, &grouping->grouping.args);
    int level = level_of(ps, &s);
    if (level < 0)
        return false;
    grouping->grouping.levelsup = level;
    return place_aggregate(ps, level, grouping->location, "grouping operations");
}

/* --- ungrouped columns
 * ------------------------------------------------------------------------------------- */

struct group_check {
    struct pstate *ps;
    struct query *q;
    bool *common; /* per group expression: in every grouping set */
    bool direct;  /* inside direct arguments of an ordered-set aggregate */
    bool failed;
};

static bool is_grouped(const struct group_check *c, const struct expr *e, int depth)
{
    for (int i = 0; i < c->q->group.n; i++) {
        const struct expr *g = c->q->group.items[i];
        if (depth == 0) {
            if (expr_equal(g, e))
                return true;
        } else if (g->kind == EXPR_VAR && e->kind == EXPR_VAR && g->var.rte == e->var.rte &&
                   g->var.attnum == e->var.attnum && g->var.levelsup + depth == e->var.levelsup) {
            return true;
        }
    }
    return false;
}

/* Is this column of the entry in every grouping set? */
static bool group_has_column(const struct group_check *c, int rte, int attnum)
{
    for (int i = 0; i < c->q->group.n; i++) {
        const struct expr *g = c->q->group.items[i];
        if (c->common[i] && g->kind == EXPR_VAR && g->var.rte == rte && g->var.levelsup == 0 &&
            g->var.attnum == attnum)
            return true;
    }
    return false;
}

/* A grouped primary key determines all columns of its table. */
static bool depends_on_grouped_key(const struct group_check *c, int index)
{
    const struct rte *rte = c->q->rtable[index];
    if (rte->kind != RTE_RELATION)
        return false;
    for (int i = 0; i < rte->relation->nconstraints; i++) {
        const struct constraint_def *k = rte->relation->constraints[i];
        if (k->type != 'p' || k->deferrable)
            continue;
        int have = 0;
        while (have < k->nkeys && group_has_column(c, index, k->keys[have]))
            have++;
        if (have == k->nkeys)
            return true;
    }
    return false;
}

static void ungrouped_error(struct group_check *c, const struct expr *e, int depth)
{
    const struct rte *rte = c->q->rtable[e->var.rte];
    const char *column = e->kind == EXPR_WHOLE_ROW || e->var.attnum == 0 ? "*"
                         : e->var.attnum < 0 ? system_column_name(e->var.attnum)
                                             : rte->columns[e->var.attnum - 1].name;
    c->failed = true;
    if (depth) {
        parse_error(c->ps, ERRCODE_GROUPING_ERROR, e->location,
                    "subquery uses ungrouped column \"%s.%s\" from outer query", rte->alias,
                    column);
        return;
    }
    parse_error(
        c->ps, ERRCODE_GROUPING_ERROR, e->location,
        "column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function",
        rte->alias, column);
    if (c->direct)
        parse_error_detail(
            c->ps, "Direct arguments of an ordered-set aggregate must use only grouped columns.");
}

static bool grouping_arg_ok(struct group_check *c, struct expr *e, int depth)
{
    for (int i = 0; i < e->grouping.args.n; i++)
        if (!is_grouped(c, e->grouping.args.items[i], depth)) {
            parse_error(
                c->ps, ERRCODE_GROUPING_ERROR, e->grouping.args.items[i]->location,
                "arguments to GROUPING must be grouping expressions of the associated query level");
            c->failed = true;
            return false;
        }
    return true;
}

static bool ungrouped_visit(struct expr_walker *w, struct expr *e, int depth)
{
    struct group_check *c = w->arg;
    if (c->failed)
        return false;
    if (e->kind == EXPR_AGG) {
        if (e->agg.levelsup == depth) {
            c->direct = true;
            for (int i = 0; i < e->agg.direct.n; i++)
                walk_expr(w, e->agg.direct.items[i], depth);
            c->direct = false;
        }
        return e->agg.levelsup < depth;
    }
    if (e->kind == EXPR_GROUPING && e->grouping.levelsup >= depth) {
        if (e->grouping.levelsup == depth)
            grouping_arg_ok(c, e, depth);
        return false;
    }
    if (e->kind == EXPR_CONST || e->kind == EXPR_PARAM)
        return false;
    if (depth == 0 && is_grouped(c, e, 0))
        return false;
    if (e->kind != EXPR_VAR && e->kind != EXPR_WHOLE_ROW)
        return true;
    if (e->var.levelsup == depth && !is_grouped(c, e, depth) &&
        !depends_on_grouped_key(c, e->var.rte))
        ungrouped_error(c, e, depth);
    return false;
}

/* --- grouping sets: which expressions are in all of them
 * ------------------------------------------------------- */

/* Marks what every expansion of the set holds; mask has a flag per group expression. */
static void set_common(const struct grouping_set *g, bool *mask, int n, struct arena *arena)
{
    memset(mask, 0, (size_t)n * sizeof *mask);
    switch (g->kind) {
    case GROUP_SIMPLE:
        for (int i = 0; i < g->nitems; i++)
            mask[g->items[i]] = true;
        break;
    case GROUP_SETS: {
        bool *one = ARENA_ARRAY(arena, bool, n + 1);
        for (int i = 0; i < g->nsets; i++) {
            set_common(g->sets[i], one, n, arena);
            for (int k = 0; k < n; k++)
                mask[k] = i ? mask[k] && one[k] : one[k];
        }
        break;
    }
    default:
        /* ROLLUP and CUBE hold the empty set. */
        break;
    }
}

static bool *common_groups(struct pstate *ps, const struct query *q)
{
    bool *common = ARENA_ARRAY(ps->a->arena, bool, q->group.n + 1);
    bool *one = ARENA_ARRAY(ps->a->arena, bool, q->group.n + 1);
    for (int i = 0; i < q->group.n; i++)
        common[i] = q->ngrouping_sets == 0;
    for (int i = 0; i < q->ngrouping_sets; i++) {
        set_common(q->grouping_sets[i], one, q->group.n, ps->a->arena);
        for (int k = 0; k < q->group.n; k++)
            common[k] = common[k] || one[k];
    }
    return common;
}

static bool reads_itself(const struct query *q)
{
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_CTE && q->rtable[i]->cte.self)
            return true;
    return false;
}

static void check_sort(struct expr_walker *w, const struct sort_list *l)
{
    for (int i = 0; i < l->n; i++)
        walk_expr(w, l->items[i].expr, 0);
}

static void check_window(struct expr_walker *w, const struct window_def *d)
{
    for (int i = 0; i < d->partition.n; i++)
        walk_expr(w, d->partition.items[i], 0);
    check_sort(w, &d->order);
}

static int first_aggregate(const struct query *q)
{
    int location = -1;
    for (int i = 0; i < q->ntargets && location < 0; i++)
        expr_has_aggs(q->targets[i].expr, &location);
    if (location < 0 && q->having)
        expr_has_aggs(q->having, &location);
    return location;
}

bool check_aggregates(struct pstate *ps)
{
    struct query *q = ps->query;
    if (!ps->has_aggs && !q->group.n && !q->having && !q->grouping_sets)
        return true;
    if (ps->has_aggs && reads_itself(q)) {
        parse_error(ps, ERRCODE_INVALID_RECURSION, first_aggregate(q),
                    "aggregate functions are not allowed in a recursive query's recursive term");
        return false;
    }
    struct group_check c = {.ps = ps, .q = q, .common = common_groups(ps, q)};
    struct expr_walker w = {.visit = ungrouped_visit, .arg = &c};
    for (int i = 0; i < q->ntargets; i++)
        walk_expr(&w, q->targets[i].expr, 0);
    check_sort(&w, &q->sort);
    check_sort(&w, &q->distinct_on);
    for (int i = 0; i < q->nwindows; i++)
        check_window(&w, q->windows[i]);
    walk_expr(&w, q->having, 0);
    return !c.failed && !parse_failed(ps);
}
