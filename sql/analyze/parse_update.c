/*
 * parse_update.c: UPDATE and DELETE, and the SET lists of ON CONFLICT DO UPDATE and MERGE.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* --- SET
 * --------------------------------------------------------------------------------------------- */

static struct expr *multi_row(struct pstate *ps, const PgQuery__MultiAssignRef *m,
                              const PgQuery__RowExpr *row)
{
    struct expr_list items = {0};
    bool stars = false;
    for (size_t i = 0; i < row->n_args; i++)
        stars = stars || expr_is_star(row->args[i]);
    if (stars && !transform_expr_list(ps, row->args, row->n_args, EXPR_KIND_UPDATE_SOURCE, true, &items))
        return expr_poison();
    if ((stars ? items.n : (int)row->n_args) != m->ncolumns)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, row->location,
                           "number of columns does not match number of values");
    if (stars)
        return items.items[m->colno - 1];
    if (!transform_expr_list(ps, &row->args[m->colno - 1], 1, EXPR_KIND_UPDATE_SOURCE, true, &items))
        return expr_poison();
    return items.items[0];
}

/* Column m->colno of the sub-SELECT, as a scalar subquery of its own. */
static struct expr *multi_sublink(struct pstate *ps, const PgQuery__MultiAssignRef *m,
                                  const PgQuery__SubLink *raw)
{
    struct query *q = parse_sub_analyze(ps, raw->subselect, NULL, false, true);
    if (!q)
        return expr_poison();
    ps->has_sublinks = true;
    int n = 0;
    for (int i = 0; i < q->ntargets; i++)
        n += !q->targets[i].junk;
    if (n != m->ncolumns)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, raw->location,
                           "number of columns does not match number of values");
    query_mark_effects(q);
    /* One evaluation per column is only the same as one per row if it always gives the same. */
    if (q->volatile_calls && m->ncolumns > 1)
        return parse_error(
            ps, ERRCODE_FEATURE_NOT_SUPPORTED, raw->location,
            "multiple-column UPDATE from a sub-SELECT with volatile functions is not supported");
    if (m->ncolumns > 1)
        q = query_wrap(ps, q, m->colno);
    struct expr *e = expr_new(ps->a->arena, EXPR_SUBLINK, q->targets[0].expr->type,
                              q->targets[0].expr->typmod, raw->location);
    e->collation = q->targets[0].expr->collation;
    e->sublink.sublink = SUBLINK_EXPR;
    e->sublink.query = q;
    return e;
}

static struct expr *multi_assign(struct pstate *ps, const PgQuery__MultiAssignRef *m,
                                 PgQuery__Node **source)
{
    if (m->source)
        *source = m->source;
    const PgQuery__Node *n = *source;
    if (n && n->node_case == PG_QUERY__NODE__NODE_ROW_EXPR)
        return multi_row(ps, m, n->row_expr);
    if (n && n->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
        n->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK)
        return multi_sublink(ps, m, n->sub_link);
    return parse_error(
        ps, ERRCODE_FEATURE_NOT_SUPPORTED, n ? raw_location(n) : -1,
        "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression");
}

static struct expr *set_source(struct pstate *ps, const PgQuery__Node *val, PgQuery__Node **multi)
{
    if (val->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF)
        return multi_assign(ps, val->multi_assign_ref, multi);
    struct expr_list one = {0};
    PgQuery__Node *node = (PgQuery__Node *)val;
    if (expr_is_star(node)) /* one value, the whole row */
        return transform_expr(ps, node, EXPR_KIND_UPDATE_SOURCE);
    if (!transform_expr_list(ps, &node, 1, EXPR_KIND_UPDATE_SOURCE, true, &one))
        return expr_poison();
    return one.items[0];
}

static struct target *find_set(struct target_list *list, const struct attribute *att)
{
    for (int i = 0; i < list->n; i++)
        if (list->items[i].attnum == att->num)
            return &list->items[i];
    return NULL;
}

/* The value the assignment of a part starts from: what an earlier item made of the column, or the
 * old value. */
static struct expr *set_base(struct pstate *ps, const struct target *earlier,
                             const struct attribute *att)
{
    if (earlier)
        return earlier->expr;
    return var_for_column(ps, ps->target->rte, ps->target->rtindex, att->num, -1);
}

static bool set_default(struct pstate *ps, const struct attribute *att, struct expr **e)
{
    bool is_default = (*e)->kind == EXPR_DEFAULT;
    bool view = dml_target_of(ps)->named != dml_target_of(ps)->base;
    if ((!is_default && (att->generated || att->identity == 'a')) || (view && att->identity == 'a'))
        return refuse_generated(ps, att, true);
    if (is_default && !att->generated)
        *e = column_default_expr(ps, dml_target_of(ps)->base, att);
    return !expr_is_poison(*e);
}

static bool set_item(struct pstate *ps, const PgQuery__ResTarget *res, struct expr *e,
                     struct target_list *list)
{
    const struct attribute *att = dml_column(ps, res->name, res->location, true);
    if (!att)
        return false;
    struct target *earlier = find_set(list, att);
    if (earlier && (!res->n_indirection || earlier->expr->kind == EXPR_DEFAULT || !earlier->junk)) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "multiple assignments to same column \"%s\"",
                    att->name);
        return false;
    }
    struct expr *base = res->n_indirection ? set_base(ps, earlier, att) : NULL;
    e = transform_assigned_expr(ps, e, EXPR_KIND_UPDATE_TARGET, att->name, att, res->indirection,
                                res->n_indirection, base, res->location);
    bool says_default = e->kind == EXPR_DEFAULT;
    if (expr_is_poison(e) || !set_default(ps, att, &e))
        return false;
    if (earlier)
        earlier->expr = e;
    else
        /* junk marks, until the end, that only a part was assigned: another part may follow. */
        target_add(
            ps, list,
            (struct target){
                .expr = e, .name = att->name, .attnum = att->num, .junk = res->n_indirection > 0, .says_default = says_default});
    return true;
}

bool transform_update_targets(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                              struct target **out, int *count)
{
    struct target_list list = {0}, done = {0};
    struct expr **sources = ARENA_ARRAY(ps->a->arena, struct expr *, n + 1);
    PgQuery__Node *multi = NULL;
    for (size_t i = 0; i < n; i++) {
        sources[i] = set_source(ps, nodes[i]->res_target->val, &multi);
        if (expr_is_poison(sources[i]))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!set_item(ps, nodes[i]->res_target, sources[i], &list))
            return false;
    for (int i = 0; i < list.n; i++) {
        /* Generated columns set to DEFAULT: the file computes them. */
        if (list.items[i].expr->kind == EXPR_DEFAULT)
            continue;
        list.items[i].junk = false;
        target_add(ps, &done, list.items[i]);
    }
    *out = done.items;
    *count = done.n;
    return true;
}

/* --- the statements
 * ------------------------------------------------------------------------------------- */

/* FROM or USING: the table being changed is no place to look at from LATERAL. */
static bool dml_from(struct pstate *ps, PgQuery__Node *const *nodes, size_t n)
{
    ps->target->lateral_only = true;
    ps->target->lateral_ok = false;
    bool ok = transform_from_clause(ps, nodes, n);
    ps->target->lateral_only = false;
    ps->target->lateral_ok = true;
    return ok;
}

/* WHERE, with the conditions of the view that was named. */
static bool dml_where(struct pstate *ps, const PgQuery__Node *n)
{
    struct query *q = ps->query;
    struct expr *where = transform_where(ps, n, EXPR_KIND_WHERE, "WHERE");
    if (parse_failed(ps))
        return false;
    q->where = make_and(ps, dml_target_of(ps)->where, where);
    return true;
}

struct query *transform_update_stmt(struct pstate *ps, const PgQuery__UpdateStmt *s)
{
    struct query *q = ps->query;
    struct target_list targets = {0};
    q->command = QUERY_UPDATE;
    if (s->with_clause && !transform_with_clause(ps, s->with_clause))
        return NULL;
    if (!set_target_relation(ps, s->relation, true, "UPDATE") ||
        !dml_from(ps, s->from_clause, s->n_from_clause) || !dml_where(ps, s->where_clause) ||
        !transform_returning(ps, s->returning_list, s->n_returning_list) ||
        !transform_update_targets(ps, s->target_list, s->n_target_list, &targets.items, &targets.n))
        return NULL;
    return query_finish(ps, &targets) ? q : NULL;
}

struct query *transform_delete_stmt(struct pstate *ps, const PgQuery__DeleteStmt *s)
{
    struct query *q = ps->query;
    q->command = QUERY_DELETE;
    if (s->with_clause && !transform_with_clause(ps, s->with_clause))
        return NULL;
    if (!set_target_relation(ps, s->relation, true, "DELETE") ||
        !dml_from(ps, s->using_clause, s->n_using_clause) || !dml_where(ps, s->where_clause) ||
        !transform_returning(ps, s->returning_list, s->n_returning_list))
        return NULL;
    return query_finish(ps, NULL) ? q : NULL;
}
