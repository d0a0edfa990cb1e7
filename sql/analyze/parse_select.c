/*
 * parse_select.c: SELECT: its clauses in the order in which PostgreSQL analyzes them, which decides
 * which of several errors is reported.
 */
#include "sql/analyze/clause.h"

#include <string.h>

bool query_finish(struct pstate *ps, struct target_list *targets)
{
    struct query *q = ps->query;
    if (targets) {
        q->targets = targets->items;
        q->ntargets = targets->n;
    }
    q->has_aggs = ps->has_aggs;
    q->has_windows = ps->has_windows;
    q->has_sublinks = ps->has_sublinks;
    q->has_srfs = ps->has_srfs;
    q->has_modifying_cte = ps->has_modifying_cte;
    if (parse_failed(ps) || !assign_query_collations(ps, q))
        return false;
    return check_aggregates(ps);
}

static bool select_into_refused(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    if (!s->into_clause)
        return false;
    parse_error(ps, ERRCODE_SYNTAX_ERROR, s->into_clause->rel ? s->into_clause->rel->location : -1,
                "SELECT ... INTO is not allowed here");
    return true;
}

static bool select_sort_and_group(struct pstate *ps, const PgQuery__SelectStmt *s,
                                  struct target_list *targets)
{
    struct query *q = ps->query;
    return transform_sort_clause(ps, s->sort_clause, s->n_sort_clause, targets, EXPR_KIND_ORDER_BY,
                                 false, false, &q->sort) &&
           transform_group_clause(ps, s, targets) && transform_distinct_clause(ps, s, targets);
}

static bool select_limit(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    struct query *q = ps->query;
    q->with_ties = s->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
    q->offset = transform_limit(ps, s->limit_offset, EXPR_KIND_OFFSET, "OFFSET", q->with_ties);
    q->limit = transform_limit(ps, s->limit_count, EXPR_KIND_LIMIT, "LIMIT", q->with_ties);
    /* LIMIT ALL */
    if (q->limit && q->limit->kind == EXPR_CONST && value_is_null(&q->limit->constant.value))
        q->limit = NULL;
    return !parse_failed(ps);
}

struct query *transform_plain_select(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    struct query *q = ps->query;
    struct target_list targets = {0};
    q->command = QUERY_SELECT;
    if (s->with_clause && !transform_with_clause(ps, s->with_clause))
        return NULL;
    if (select_into_refused(ps, s) ||
        !register_window_clause(ps, s->window_clause, s->n_window_clause) ||
        !transform_from_clause(ps, s->from_clause, s->n_from_clause) ||
        !transform_target_list(ps, s->target_list, s->n_target_list, EXPR_KIND_SELECT_TARGET,
                               &targets))
        return NULL;
    q->where = transform_where(ps, s->where_clause, EXPR_KIND_WHERE, "WHERE");
    q->having = transform_where(ps, s->having_clause, EXPR_KIND_HAVING, "HAVING");
    if (parse_failed(ps) || !select_sort_and_group(ps, s, &targets) || !select_limit(ps, s) ||
        !transform_window_definitions(ps, &targets))
        return NULL;
    if (ps->resolve_unknowns)
        resolve_target_unknowns(ps, targets.items, targets.n);
    if (!transform_locking(ps, s) || !query_finish(ps, &targets))
        return NULL;
    return q;
}

struct query *transform_select_stmt(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    if (s->n_values_lists)
        return transform_values_clause(ps, s);
    if (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE && s->larg)
        return transform_set_operation(ps, s);
    return transform_plain_select(ps, s);
}

struct query *parse_sub_analyze(struct pstate *ps, const PgQuery__Node *stmt,
                                struct cte *parent_cte, bool locked_from_parent,
                                bool resolve_unknowns)
{
    struct pstate *sub = pstate_new(ps->a, ps);
    sub->parent_cte = parent_cte;
    sub->locked_from_parent = locked_from_parent;
    sub->resolve_unknowns = resolve_unknowns;
    return transform_stmt(sub, stmt);
}
