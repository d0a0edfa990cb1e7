/*
 * parse_setop.c: UNION, INTERSECT, EXCEPT. Column types are settled bottom-up; an arm whose columns
 * have other types than the result gets casts in its own select list, or, where that would change
 * what the arm means (DISTINCT, ORDER BY), a SELECT around it. So every arm gives exactly the types
 * of struct setop's columns.
 */
#include "sql/analyze/clause.h"

#include <string.h>

static struct setop *transform_arm(struct pstate *ps, const PgQuery__SelectStmt *s, bool top);

static const char *setop_name(enum setop_kind op)
{
    return op == SETOP_UNION ? "UNION" : op == SETOP_INTERSECT ? "INTERSECT" : "EXCEPT";
}

static enum setop_kind setop_kind_of(const PgQuery__SelectStmt *s)
{
    switch (s->op) {
    case PG_QUERY__SET_OPERATION__SETOP_UNION:
        return SETOP_UNION;
    case PG_QUERY__SET_OPERATION__SETOP_INTERSECT:
        return SETOP_INTERSECT;
    case PG_QUERY__SET_OPERATION__SETOP_EXCEPT:
        return SETOP_EXCEPT;
    default:
        return SETOP_NONE;
    }
}

static struct query *leaf_query(struct pstate *ps, const struct setop *op)
{
    return ps->query->rtable[op->rte]->subquery;
}

static struct setop *leaf_for_query(struct pstate *ps, struct query *q)
{
    struct setop *leaf = ARENA_NEW(ps->a->arena, struct setop);
    struct rte *rte =
        rte_for_subquery(ps, q, arena_printf(ps->a->arena, "*SELECT* %d", ps->query->nrtable + 1));
    leaf->rte = rte_add(ps, rte);
    leaf->columns = rte->columns;
    leaf->ncolumns = rte->ncolumns;
    return leaf;
}

static struct setop *transform_leaf(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    PgQuery__Node node = PG_QUERY__NODE__INIT;
    node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    node.select_stmt = (PgQuery__SelectStmt *)s;
    if (s->into_clause) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR,
                    s->into_clause->rel ? s->into_clause->rel->location : -1,
                    "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT");
        return NULL;
    }
    struct query *q = parse_sub_analyze(ps, &node, NULL, false, false);
    return q ? leaf_for_query(ps, q) : NULL;
}

/* --- types ---------------------------------------------------------------------------------------
 */

/* What an arm's column is, for the choice of the common type: a leaf's own expression, so that
   literals count as such. */
static struct expr *arm_column(struct pstate *ps, const struct setop *arm, int i)
{
    if (arm->op == SETOP_NONE) {
        struct query *q = leaf_query(ps, arm);
        return q->targets[i].expr;
    }
    struct expr *e =
        expr_new(ps->a->arena, EXPR_CASE_TEST, arm->columns[i].type, arm->columns[i].typmod, -1);
    e->collation = arm->columns[i].collation;
    return e;
}

static bool is_literal(const struct expr *e)
{
    return e->type == UNKNOWNOID && (e->kind == EXPR_CONST || e->kind == EXPR_PARAM);
}

/* Moves the leaves of a nested operation into another query's range table. */
static void move_leaves(struct pstate *ps, struct pstate *to, struct setop *op)
{
    if (op->op == SETOP_NONE) {
        struct rte *rte = ps->query->rtable[op->rte];
        query_raise_levels(rte->subquery, 1);
        op->rte = rte_add(to, rte);
        return;
    }
    move_leaves(ps, to, op->left);
    move_leaves(ps, to, op->right);
}

static const struct setop *leftmost(const struct setop *op)
{
    while (op->op != SETOP_NONE)
        op = op->left;
    return op;
}

/* The result columns of a query that is a set operation: as its first arm's, with the operation's
 * types. */
static void setop_targets(struct pstate *ps, const struct setop *op, struct target_list *out)
{
    const struct setop *first = leftmost(op);
    const struct rte *rte = ps->query->rtable[first->rte];
    for (int i = 0; i < op->ncolumns; i++) {
        struct expr *e = var_for_column(ps, rte, first->rte, i + 1,
                                        expr_location(rte->subquery->targets[i].expr));
        e->type = op->columns[i].type;
        e->typmod = op->columns[i].typmod;
        e->collation = op->columns[i].collation;
        target_add(ps, out, (struct target){.expr = e, .name = op->columns[i].name});
    }
}

/* The nested operation as a query of its own, standing as a leaf. */
static struct setop *nested_as_leaf(struct pstate *ps, struct setop *op)
{
    struct pstate *sub = pstate_new(ps->a, ps->parent);
    struct target_list targets = {0};
    sub->query = ARENA_NEW(ps->a->arena, struct query);
    *sub->query =
        (struct query){.command = QUERY_SELECT, .result = -1, .level = ps->query->level + 1};
    move_leaves(ps, sub, op);
    sub->query->setop = op;
    setop_targets(sub, op, &targets);
    sub->query->targets = targets.items;
    sub->query->ntargets = targets.n;
    return leaf_for_query(ps, sub->query);
}

struct query *query_wrap(struct pstate *ps, struct query *inner, int column)
{
    struct pstate *sub = pstate_new(ps->a, ps);
    struct query *q = ARENA_NEW(ps->a->arena, struct query);
    struct target_list targets = {0};
    *q = (struct query){.command = QUERY_SELECT, .result = -1, .level = inner->level};
    sub->query = q;
    struct rte *rte = rte_for_subquery(ps, inner, "*SELECT*");
    struct from_node *node = ARENA_NEW(ps->a->arena, struct from_node);
    node->rte = rte_add(sub, rte);
    q->from = ARENA_NEW(ps->a->arena, struct from_node *);
    q->from[0] = node;
    q->nfrom = 1;
    for (int i = column ? column - 1 : 0; i < (column ? column : rte->ncolumns); i++)
        target_add(ps, &targets,
                   (struct target){.expr = var_for_column(ps, rte, node->rte, i + 1, -1),
                                   .name = rte->columns[i].name});
    q->targets = targets.items;
    q->ntargets = targets.n;
    query_raise_levels(inner, 1);
    return q;
}

static bool leaf_castable_in_place(const struct query *q)
{
    return !q->distinct && !q->distinct_on.n && !q->sort.n && !q->setop;
}

static bool arm_needs_cast(struct pstate *ps, const struct setop *arm,
                           const struct column_def *columns)
{
    for (int i = 0; i < arm->ncolumns; i++) {
        const struct expr *e = arm_column(ps, arm, i);
        if (e->type != columns[i].type && !is_literal(e))
            return true;
    }
    return false;
}

/* The arm, giving exactly these column types. NULL on error. */
static struct setop *coerce_arm(struct pstate *ps, struct setop *arm,
                                const struct column_def *columns, const char *context)
{
    bool cast = arm_needs_cast(ps, arm, columns);
    if (arm->op != SETOP_NONE) {
        if (!cast)
            return arm;
        arm = nested_as_leaf(ps, arm);
    }
    struct rte *rte = ps->query->rtable[arm->rte];
    if (cast && !leaf_castable_in_place(rte->subquery))
        rte->subquery = query_wrap(ps, rte->subquery, 0);
    struct query *q = rte->subquery;
    for (int i = 0; i < arm->ncolumns; i++) {
        struct expr *e = coerce_to_common_type(ps, q->targets[i].expr, columns[i].type, context);
        if (expr_is_poison(e) || !assign_expr_collations(ps, e))
            return NULL;
        /* ORDER BY and DISTINCT ON of the arm may hold the same literal. */
        for (int k = 0; k < q->sort.n; k++)
            if (q->sort.items[k].expr == q->targets[i].expr)
                q->sort.items[k].expr = e;
        q->targets[i].expr = e;
        arm->columns[i].type = rte->columns[i].type = e->type;
        arm->columns[i].typmod = rte->columns[i].typmod = e->typmod;
        arm->columns[i].collation = rte->columns[i].collation = e->collation;
    }
    return arm;
}

static bool setop_column(struct pstate *ps, struct setop *op, int i)
{
    const char *context = setop_name(op->op);
    struct expr *both[2] = {arm_column(ps, op->left, i), arm_column(ps, op->right, i)},
                *which = NULL;
    struct column_def *c = &op->columns[i];
    uint32_t type = select_common_type(ps, both, 2, context, &which);
    if (parse_failed(ps))
        return false;
    *c = (struct column_def){.name = op->left->columns[i].name,
                             .type = type,
                             .typmod = select_common_typmod(ps, both, 2, type)};
    c->collation = type_collation(ps, type)
                       ? select_common_collation(ps, both, 2, op->op == SETOP_UNION && op->all)
                       : 0;
    /* UNION ALL only appends; all others compare rows. */
    if (!(op->op == SETOP_UNION && op->all)) {
        const struct operator_def *eq;
        if (!get_sort_group_operators(ps, type, false, true, false, NULL, &eq, NULL,
                                      which ? expr_location(which) : -1))
            return false;
    }
    return !parse_failed(ps);
}

static bool is_leaf_stmt(const PgQuery__SelectStmt *s)
{
    return s->op == PG_QUERY__SET_OPERATION__SETOP_NONE || !s->larg || s->n_sort_clause ||
           s->limit_offset || s->limit_count || s->n_locking_clause || s->with_clause;
}

static struct setop *transform_node(struct pstate *ps, const PgQuery__SelectStmt *s, bool top)
{
    struct setop *op = ARENA_NEW(ps->a->arena, struct setop);
    op->op = setop_kind_of(s);
    op->all = s->all;
    op->rte = -1;
    op->left = transform_arm(ps, s->larg, false);
    if (!op->left)
        return NULL;
    /* The first arm of a recursive WITH entry decides its columns, which the second one then refers
     * to. */
    if (top && ps->parent_cte && ps->parent_cte->recursive) {
        const struct setop *first = leftmost(op->left);
        if (op->left->op == SETOP_NONE)
            resolve_target_unknowns(ps, leaf_query(ps, first)->targets,
                                    leaf_query(ps, first)->ntargets);
        struct query left = {.command = QUERY_SELECT};
        struct target_list targets = {0};
        for (int i = 0; i < op->left->ncolumns; i++)
            target_add(ps, &targets,
                       (struct target){.expr = arm_column(ps, op->left, i),
                                       .name = op->left->columns[i].name});
        left.targets = targets.items;
        left.ntargets = targets.n;
        if (!cte_set_recursive_columns(ps, ps->parent_cte, &left))
            return NULL;
    }
    op->right = transform_arm(ps, s->rarg, false);
    if (!op->right)
        return NULL;
    if (op->left->ncolumns != op->right->ncolumns) {
        const struct setop *arm = leftmost(op->right);
        const struct query *q = leaf_query(ps, arm);
        parse_error(ps, ERRCODE_SYNTAX_ERROR, q->ntargets ? expr_location(q->targets[0].expr) : -1,
                    "each %s query must have the same number of columns", setop_name(op->op));
        return NULL;
    }
    op->ncolumns = op->left->ncolumns;
    op->columns = ARENA_ARRAY(ps->a->arena, struct column_def, op->ncolumns + 1);
    for (int i = 0; i < op->ncolumns; i++)
        if (!setop_column(ps, op, i))
            return NULL;
    op->left = coerce_arm(ps, op->left, op->columns, setop_name(op->op));
    op->right = op->left ? coerce_arm(ps, op->right, op->columns, setop_name(op->op)) : NULL;
    return op->right ? op : NULL;
}

static struct setop *transform_arm(struct pstate *ps, const PgQuery__SelectStmt *s, bool top)
{
    return !top && is_leaf_stmt(s) ? transform_leaf(ps, s) : transform_node(ps, s, top);
}

/* --- the statement
 * ---------------------------------------------------------------------------------- */

/* Only the result's column names can be used in ORDER BY. */
static bool setop_sort(struct pstate *ps, const PgQuery__SelectStmt *s, struct target_list *targets)
{
    struct ns_list saved = ns_save(ps), one = {0};
    struct nsitem *item = ARENA_NEW(ps->a->arena, struct nsitem);
    *item = (struct nsitem){
        .rtindex = -1, .cols_visible = true, .lateral_ok = true, .ncolumns = targets->n};
    item->columns = ARENA_ARRAY(ps->a->arena, struct ns_column, targets->n + 1);
    for (int i = 0; i < targets->n; i++)
        item->columns[i] =
            (struct ns_column){.name = targets->items[i].name, .expr = targets->items[i].expr};
    ns_append(ps, &one, item);
    ns_restore(ps, one);
    bool ok = transform_sort_clause(ps, s->sort_clause, s->n_sort_clause, targets,
                                    EXPR_KIND_ORDER_BY, false, true, &ps->query->sort);
    ns_restore(ps, saved);
    return ok;
}

struct query *transform_set_operation(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    struct query *q = ps->query;
    struct target_list targets = {0};
    q->command = QUERY_SELECT;
    if (s->n_locking_clause) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "%s is not allowed with UNION/INTERSECT/EXCEPT",
                    locking_clause_name(s->locking_clause[0]->locking_clause));
        return NULL;
    }
    if (s->with_clause && !transform_with_clause(ps, s->with_clause))
        return NULL;
    struct setop *op = transform_arm(ps, s, true);
    if (!op)
        return NULL;
    q->setop = op;
    setop_targets(ps, op, &targets);
    if (!setop_sort(ps, s, &targets))
        return NULL;
    q->with_ties = s->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
    q->offset = transform_limit(ps, s->limit_offset, EXPR_KIND_OFFSET, "OFFSET", q->with_ties);
    q->limit = transform_limit(ps, s->limit_count, EXPR_KIND_LIMIT, "LIMIT", q->with_ties);
    return query_finish(ps, &targets) ? q : NULL;
}
