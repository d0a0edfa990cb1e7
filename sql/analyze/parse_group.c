/*
 * parse_group.c: GROUP BY with ROLLUP, CUBE and GROUPING SETS.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* PostgreSQL's limit: 2^12 grouping sets come of one CUBE. */
#define CUBE_ELEMENTS_MAX 12

struct grouping_builder {
    struct pstate *ps;
    struct target_list *targets;
};

/* Two outputs that happen to be alike are grouped apart: only one of them may be in a set. */
static bool is_target(const struct grouping_builder *b, const struct expr *e)
{
    for (int i = 0; i < b->targets->n; i++)
        if (b->targets->items[i].expr == e)
            return true;
    return false;
}

/* Index of the expression in query.group, added if new; -1 on error. */
static int group_expr_index(struct grouping_builder *b, const PgQuery__Node *n)
{
    struct pstate *ps = b->ps;
    struct query *q = ps->query;
    int target;
    struct expr *e = find_clause_expr(ps, n, b->targets, EXPR_KIND_GROUP_BY, false, &target);
    if (expr_is_poison(e))
        return -1;
    e = resolve_unknown(ps, e);
    if (target)
        b->targets->items[target - 1].expr = e;
    for (int i = 0; i < q->group.n; i++)
        if (q->group.items[i] == e || (expr_equal(q->group.items[i], e) && !(target && is_target(b, q->group.items[i]))))
            return i;
    const struct operator_def *eq;
    if (!get_sort_group_operators(ps, e->type, false, true, false, NULL, &eq, NULL,
                                  raw_location(n)))
        return -1;
    expr_list_add(ps->a->arena, &q->group, e);
    return q->group.n - 1;
}

static bool is_implicit_row(const PgQuery__Node *n)
{
    return n->node_case == PG_QUERY__NODE__NODE_ROW_EXPR &&
           n->row_expr->row_format == PG_QUERY__COERCION_FORM__COERCE_IMPLICIT_CAST;
}

/* An expression, or several in parentheses, as one set. */
static struct grouping_set *simple_set(struct grouping_builder *b, const PgQuery__Node *n)
{
    struct arena *arena = b->ps->a->arena;
    struct grouping_set *set = ARENA_NEW(arena, struct grouping_set);
    size_t count = is_implicit_row(n) ? n->row_expr->n_args : 1;
    set->kind = GROUP_SIMPLE;
    set->items = ARENA_ARRAY(arena, int, count);
    for (size_t i = 0; i < count; i++) {
        const PgQuery__Node *item = is_implicit_row(n) ? n->row_expr->args[i] : n;
        int index = group_expr_index(b, item);
        if (index < 0)
            return NULL;
        set->items[set->nitems++] = index;
    }
    return set;
}

static enum grouping_kind grouping_kind_of(const PgQuery__GroupingSet *g)
{
    switch (g->kind) {
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP:
        return GROUP_ROLLUP;
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_CUBE:
        return GROUP_CUBE;
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_SETS:
        return GROUP_SETS;
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_SIMPLE:
        return GROUP_SIMPLE;
    default:
        return GROUP_EMPTY;
    }
}

static struct grouping_set *transform_grouping_set(struct grouping_builder *b,
                                                   const PgQuery__Node *n)
{
    if (n->node_case != PG_QUERY__NODE__NODE_GROUPING_SET)
        return simple_set(b, n);
    struct arena *arena = b->ps->a->arena;
    const PgQuery__GroupingSet *g = n->grouping_set;
    struct grouping_set *set = ARENA_NEW(arena, struct grouping_set);
    set->kind = grouping_kind_of(g);
    if (set->kind == GROUP_CUBE && g->n_content > CUBE_ELEMENTS_MAX) {
        parse_error(b->ps, ERRCODE_TOO_MANY_COLUMNS, g->location, "CUBE is limited to %d elements",
                    CUBE_ELEMENTS_MAX);
        return NULL;
    }
    struct grouping_set **sets = ARENA_ARRAY(arena, struct grouping_set *, g->n_content + 1);
    for (size_t i = 0; i < g->n_content; i++)
        if (!(sets[set->nsets++] = transform_grouping_set(b, g->content[i])))
            return NULL;
    set->sets = sets;
    return set;
}

/* GROUP BY's own parentheses are only for show: (a, b) is a, b. */
static size_t count_items(PgQuery__Node *const *nodes, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += is_implicit_row(nodes[i])
                     ? count_items(nodes[i]->row_expr->args, nodes[i]->row_expr->n_args)
                     : 1;
    return count;
}

static size_t flatten_items(PgQuery__Node *const *nodes, size_t n, const PgQuery__Node **out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_implicit_row(nodes[i]))
            count +=
                flatten_items(nodes[i]->row_expr->args, nodes[i]->row_expr->n_args, out + count);
        else
            out[count++] = nodes[i];
    }
    return count;
}

bool transform_group_clause(struct pstate *ps, const PgQuery__SelectStmt *s,
                            struct target_list *targets)
{
    struct query *q = ps->query;
    struct grouping_builder b = {ps, targets};
    size_t n = count_items(s->group_clause, s->n_group_clause);
    if (!n)
        return true;
    const PgQuery__Node **items = ARENA_ARRAY(ps->a->arena, const PgQuery__Node *, n);
    flatten_items(s->group_clause, s->n_group_clause, items);
    bool sets = false;
    for (size_t i = 0; i < n; i++)
        sets = sets || items[i]->node_case == PG_QUERY__NODE__NODE_GROUPING_SET;
    if (sets)
        q->grouping_sets = ARENA_ARRAY(ps->a->arena, struct grouping_set *, n);
    q->group_distinct = s->group_distinct;
    for (size_t i = 0; i < n; i++) {
        if (!sets) {
            if (group_expr_index(&b, items[i]) < 0)
                return false;
            continue;
        }
        struct grouping_set *set = transform_grouping_set(&b, items[i]);
        if (!set)
            return false;
        q->grouping_sets[q->ngrouping_sets++] = set;
    }
    return true;
}
