/*
 * parse_merge.c: MERGE. In the query: `from` holds the data source, `where` the ON condition
 * between it and the table, `merge` the WHEN clauses in order.
 */
#include "sql/analyze/clause.h"

#include <string.h>

static bool is_unconditional_repeat(struct pstate *ps, const PgQuery__MergeStmt *s)
{
    bool done[2] = {false, false};
    for (size_t i = 0; i < s->n_merge_when_clauses; i++) {
        const PgQuery__MergeWhenClause *w = s->merge_when_clauses[i]->merge_when_clause;
        if (done[w->matched]) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                        "unreachable WHEN clause specified after unconditional WHEN clause");
            return true;
        }
        if (!w->condition)
            done[w->matched] = true;
    }
    return false;
}

static bool merge_target(struct pstate *ps, const PgQuery__MergeStmt *s)
{
    const struct relation *r = open_relation(ps, s->relation);
    if (!r)
        return false;
    if (r->kind == RELKIND_VIEW || r->view_sql) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "cannot execute MERGE on relation \"%s\"", r->name);
        parse_error_detail(ps, r->kind == RELKIND_MATVIEW
                                   ? "This operation is not supported for materialized views."
                                   : "This operation is not supported for views.");
        return false;
    }
    return set_target_relation(ps, s->relation, false, "MERGE");
}

static bool merge_source(struct pstate *ps, const PgQuery__MergeStmt *s, struct ns_list *source)
{
    PgQuery__Node *node = s->source_relation;
    if (!transform_from_clause(ps, &node, 1))
        return false;
    *source = ns_save(ps);
    for (int i = 0; i < source->n; i++)
        if (source->items[i]->rel_visible && source->items[i]->name &&
            !strcmp(source->items[i]->name, ps->target->name)) {
            parse_error(ps, ERRCODE_DUPLICATE_ALIAS, -1, "name \"%s\" specified more than once",
                        ps->target->name);
            parse_error_detail(ps, "The name is used both as MERGE target table and data source.");
            return false;
        }
    return true;
}

static bool merge_insert(struct pstate *ps, const PgQuery__MergeWhenClause *w,
                         struct merge_action *action)
{
    struct insert_column *cols;
    int ncols;
    struct expr_list raw = {0}, values = {0};
    struct target_list targets = {0};
    if (!insert_target_columns(ps, w->target_list, w->n_target_list, &cols, &ncols))
        return false;
    if (w->n_values &&
        (!transform_expr_list(ps, w->values, w->n_values, EXPR_KIND_VALUES_SINGLE, true, &raw) ||
         !transform_insert_row(ps, &raw, cols, ncols, false, &values) ||
         !insert_targets(ps, cols, &values, &targets)))
        return false;
    if (!insert_fill_defaults(ps, &targets, overriding_of(w->override)))
        return false;
    action->targets = targets.items;
    action->ntargets = targets.n;
    return true;
}

static bool merge_action(struct pstate *ps, const PgQuery__MergeWhenClause *w,
                         struct merge_action *action)
{
    action->matched = w->matched;
    action->condition = transform_where(ps, w->condition, EXPR_KIND_MERGE_WHEN, "WHEN");
    if (parse_failed(ps))
        return false;
    switch (w->command_type) {
    case PG_QUERY__CMD_TYPE__CMD_INSERT:
        action->command = 'i';
        return merge_insert(ps, w, action);
    case PG_QUERY__CMD_TYPE__CMD_UPDATE:
        action->command = 'u';
        return transform_update_targets(ps, w->target_list, w->n_target_list, &action->targets,
                                        &action->ntargets);
    case PG_QUERY__CMD_TYPE__CMD_DELETE:
        action->command = 'd';
        return true;
    default:
        action->command = 'n';
        return true;
    }
}

/* WHEN MATCHED sees both rows, WHEN NOT MATCHED only the source's. */
static bool merge_actions(struct pstate *ps, const PgQuery__MergeStmt *s,
                          const struct ns_list *source)
{
    struct query *q = ps->query;
    struct ns_list both = *source;
    ns_append(ps, &both, ps->target);
    q->merge = ARENA_ARRAY(ps->a->arena, struct merge_action, s->n_merge_when_clauses + 1);
    for (size_t i = 0; i < s->n_merge_when_clauses; i++) {
        const PgQuery__MergeWhenClause *w = s->merge_when_clauses[i]->merge_when_clause;
        ns_restore(ps, w->matched ? both : *source);
        if (!merge_action(ps, w, &q->merge[q->nmerge++]))
            return false;
    }
    return true;
}

struct query *transform_merge_stmt(struct pstate *ps, const PgQuery__MergeStmt *s)
{
    struct query *q = ps->query;
    struct ns_list source = {0};
    q->command = QUERY_MERGE;
    if (s->with_clause) {
        if (s->with_clause->recursive) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                        "WITH RECURSIVE is not supported for MERGE statement");
            return NULL;
        }
        if (!transform_with_clause(ps, s->with_clause))
            return NULL;
        if (ps->has_modifying_cte) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                        "modifying WITH queries are not supported for MERGE statement");
            return NULL;
        }
    }
    if (is_unconditional_repeat(ps, s) || !merge_target(ps, s) || !merge_source(ps, s, &source))
        return NULL;
    struct ns_list both = source;
    ns_append(ps, &both, ps->target);
    ns_restore(ps, both);
    q->where = transform_where(ps, s->join_condition, EXPR_KIND_JOIN_ON, "JOIN/ON");
    if (parse_failed(ps) || !merge_actions(ps, s, &source))
        return NULL;
    return query_finish(ps, NULL) ? q : NULL;
}
