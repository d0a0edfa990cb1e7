/*
 * parse_a_expr.c: everything the grammar writes as an operator expression: plain operators,
 * ANY/ALL, IN, BETWEEN, IS DISTINCT FROM, NULLIF, LIKE and kin.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

static bool raw_is(const PgQuery__Node *n, PgQuery__Node__NodeCase kind)
{
    return n != NULL && n->node_case == kind;
}

static bool raw_is_null(const PgQuery__Node *n)
{
    return raw_is(n, PG_QUERY__NODE__NODE_A_CONST) && n->a_const->isnull;
}

static bool count_node(struct expr *e, void *arg)
{
    int *room = arg;

    return --*room <= 0 || expr_walk_children(e, count_node, arg);
}

/* A copy of an operand that is needed twice; 54001 when a statement's copies grow without measure.
 */
static struct expr *copy_operand(struct pstate *ps, struct expr *e)
{
    struct pstate *root = ps;
    int room;

    while (root->parent != NULL)
        root = root->parent;
    room = LIMIT_EXPR_COPIED - root->copied;
    if (count_node(e, &room))
        return parse_error(ps, ERRCODE_STATEMENT_TOO_COMPLEX, expr_location(e),
                           "expression is too complex");
    root->copied = LIMIT_EXPR_COPIED - room;
    return expr_copy(ps->a->arena, e);
}

static struct expr *transform_op(struct pstate *ps, const PgQuery__AExpr *a)
{
    const PgQuery__Node *l = a->lexpr, *r = a->rexpr;
    struct expr *left, *right;

    /* (a, b) op (SELECT x, y ...) */
    if (raw_is(l, PG_QUERY__NODE__NODE_ROW_EXPR) && raw_is(r, PG_QUERY__NODE__NODE_SUB_LINK) &&
        r->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK) {
        PgQuery__SubLink s = *r->sub_link;

        s.sub_link_type = PG_QUERY__SUB_LINK_TYPE__ROWCOMPARE_SUBLINK;
        s.testexpr = a->lexpr;
        s.oper_name = a->name;
        s.n_oper_name = a->n_name;
        s.location = a->location;
        return transform_sublink(ps, &s);
    }
    left = l != NULL ? transform_expr_recurse(ps, l) : NULL;
    right = transform_expr_recurse(ps, r);
    if ((left != NULL && expr_is_poison(left)) || expr_is_poison(right))
        return expr_poison();
    if (left != NULL && raw_is(l, PG_QUERY__NODE__NODE_ROW_EXPR) &&
        raw_is(r, PG_QUERY__NODE__NODE_ROW_EXPR))
        return make_row_comparison(ps, a->name, a->n_name, &left->list.args, &right->list.args,
                                   a->location);
    return make_op(ps, a->name, a->n_name, left, right, a->location);
}

/* --- IS DISTINCT FROM, NULLIF --------------------------------------------------------------- */

static struct expr *distinct_from_null(struct pstate *ps, const PgQuery__Node *arg, bool negated,
                                       int location)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_NULL_TEST, BOOLOID, -1, location);

    e->test.arg = transform_expr_recurse(ps, arg);
    e->test.negated = !negated;
    return expr_is_poison(e->test.arg) ? e->test.arg : e;
}

static struct expr *transform_distinct(struct pstate *ps, const PgQuery__AExpr *a, bool negated)
{
    struct expr *left, *right, *e;

    if (raw_is_null(a->rexpr))
        return distinct_from_null(ps, a->lexpr, negated, a->location);
    if (raw_is_null(a->lexpr))
        return distinct_from_null(ps, a->rexpr, negated, a->location);
    left = transform_expr_recurse(ps, a->lexpr);
    right = transform_expr_recurse(ps, a->rexpr);
    if (expr_is_poison(left) || expr_is_poison(right))
        return expr_poison();
    if (left->kind == EXPR_ROW && right->kind == EXPR_ROW)
        e = make_row_distinct(ps, a->name, a->n_name, left, right, a->location);
    else
        e = make_distinct(ps, a->name, a->n_name, left, right, a->location);
    if (expr_is_poison(e) || !negated)
        return e;
    if (e->kind == EXPR_DISTINCT) {
        e->binary.negated = true;
        return e;
    }
    return expr_bool(ps->a->arena, BOOL_NOT, e, NULL);
}

static struct expr *transform_nullif(struct pstate *ps, const PgQuery__AExpr *a)
{
    struct expr *left = transform_expr_recurse(ps, a->lexpr),
                *right = transform_expr_recurse(ps, a->rexpr);
    struct expr *cmp = make_op(ps, a->name, a->n_name, left, right, a->location), *e;

    if (expr_is_poison(cmp))
        return cmp;
    if (cmp->type != BOOLOID)
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, a->location,
                           "NULLIF requires = operator to yield boolean");
    if (cmp->func.proc->retset)
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, a->location,
                           "NULLIF must not return a set");
    left = cmp->func.args.items[0];
    e = expr_new(ps->a->arena, EXPR_NULLIF, left->type, left->typmod, a->location);
    e->binary.left = left;
    e->binary.right = cmp->func.args.items[1];
    e->binary.op = cmp->func.op;
    return e;
}

/* --- IN (list) ------------------------------------------------------------------------------ */

static bool has_local_var(struct expr *e, void *arg)
{
    if ((e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == 0)
        return true;
    /* A subquery may look at this level's columns. */
    return e->kind == EXPR_SUBLINK || expr_walk_children(e, has_local_var, arg);
}

/* The items that become one ARRAY comparison; NULL without error when there is no common type. */
static struct expr *in_array(struct pstate *ps, const PgQuery__AExpr *a, struct expr *left,
                             struct expr_list *items, bool use_any)
{
    struct arena *arena = ps->a->arena;
    struct expr **all = ARENA_ARRAY(arena, struct expr *, items->n + 1);
    struct expr *array, *e;
    uint32_t type, array_type;

    all[0] = left;
    memcpy(all + 1, items->items, sizeof(*all) * (size_t)items->n);
    type = select_common_type(ps, all, items->n + 1, NULL, NULL);
    if (type == 0 || type == RECORDOID)
        return NULL;
    for (int i = 0; i <= items->n; i++) {
        if (!can_coerce_type(ps, 1, &all[i]->type, &type, COERCION_IMPLICIT))
            return NULL;
    }
    array_type = get_array_type(ps, type);
    if (array_type == 0)
        return NULL;
    array = expr_new(arena, EXPR_ARRAY, array_type, -1, -1);
    for (int i = 0; i < items->n; i++) {
        e = coerce_to_common_type(ps, items->items[i], type, "IN");
        if (expr_is_poison(e))
            return e;
        expr_list_add(arena, &array->list.args, e);
    }
    e = make_scalar_array_op(ps, a->name, a->n_name, use_any, left, array, a->location);
    if (!expr_is_poison(e))
        e->binary.in_list = true;
    return e;
}

static struct expr *in_item(struct pstate *ps, const PgQuery__AExpr *a, struct expr *left,
                            struct expr *item)
{
    struct expr *cmp;

    if (left->kind == EXPR_ROW && item->kind == EXPR_ROW)
        cmp = make_row_comparison(ps, a->name, a->n_name, &left->list.args, &item->list.args,
                                  a->location);
    else
        cmp = make_op(ps, a->name, a->n_name, left, item, a->location);
    return coerce_to_boolean(ps, cmp, "IN");
}

/* Only copies of the left side were used: its parameters have what the copies got. */
static bool settle_params(struct expr *e, void *arg)
{
    const struct pstate *ps = arg;

    if (e->kind == EXPR_PARAM && e->type == UNKNOWNOID)
        e->type = ps->a->params[e->param.number - 1];
    return expr_walk_children(e, settle_params, arg);
}

static struct expr *transform_in(struct pstate *ps, const PgQuery__AExpr *a)
{
    bool use_any = strcmp(node_string(a->name[a->n_name - 1]), "<>") != 0;
    struct expr *left = transform_expr_recurse(ps, a->lexpr), *result = NULL, *e;
    struct expr_list constants = {0}, others = {0};

    for (size_t i = 0; i < a->rexpr->list->n_items; i++) {
        e = transform_expr_recurse(ps, a->rexpr->list->items[i]);
        if (expr_is_poison(e))
            return e;
        expr_list_add(ps->a->arena, has_local_var(e, NULL) ? &others : &constants, e);
    }
    if (expr_is_poison(left))
        return left;
    if (constants.n > 1) {
        result = in_array(ps, a, left, &constants, use_any);
        if (result != NULL && expr_is_poison(result))
            return result;
    }
    if (result == NULL) {
        for (int i = 0; i < others.n; i++)
            expr_list_add(ps->a->arena, &constants, others.items[i]);
        others = constants;
    }
    for (int i = 0; i < others.n; i++) {
        e = in_item(ps, a, copy_operand(ps, left), others.items[i]);
        if (expr_is_poison(e))
            return e;
        if (result != NULL && result->kind == EXPR_BOOL && result->boolean.args.n > 1 && i > 1)
            expr_list_add(ps->a->arena, &result->boolean.args, e);
        else
            result = result == NULL
                         ? e
                         : expr_bool(ps->a->arena, use_any ? BOOL_OR : BOOL_AND, result, e);
    }
    settle_params(left, ps);
    if (result != NULL && result->kind == EXPR_BOOL)
        result->location = a->location;
    return result;
}

/* --- BETWEEN -------------------------------------------------------------------------------- */

/* arg op1 low BOOL arg op2 high */
static struct expr *between_pair(struct pstate *ps, const PgQuery__AExpr *a, struct expr *arg,
                                 const char *op1, struct expr *low, enum bool_kind both,
                                 const char *op2, struct expr *high)
{
    struct arena *arena = ps->a->arena;
    struct expr *x = make_op_named(ps, op1, arg, low, a->location), *y, *e;

    if (expr_is_poison(x))
        return x;
    /* Copied only now: the first use may have given a parameter its type. */
    y = make_op_named(ps, op2, copy_operand(ps, arg), high, a->location);
    if (expr_is_poison(y))
        return y;
    x = coerce_to_boolean(ps, x, both == BOOL_AND ? "AND" : "OR");
    y = coerce_to_boolean(ps, y, both == BOOL_AND ? "AND" : "OR");
    if (expr_is_poison(x) || expr_is_poison(y))
        return expr_poison();
    e = expr_bool(arena, both, x, y);
    e->location = a->location;
    return e;
}

static struct expr *transform_between(struct pstate *ps, const PgQuery__AExpr *a)
{
    bool symmetric = a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
                     a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    bool negated = a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                   a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    struct expr *arg = transform_expr_recurse(ps, a->lexpr);
    struct expr *low = transform_expr_recurse(ps, a->rexpr->list->items[0]);
    struct expr *high = transform_expr_recurse(ps, a->rexpr->list->items[1]);
    const char *op1 = negated ? "<" : ">=", *op2 = negated ? ">" : "<=";
    enum bool_kind both = negated ? BOOL_OR : BOOL_AND;
    struct expr *x, *y;

    if (expr_is_poison(arg) || expr_is_poison(low) || expr_is_poison(high))
        return expr_poison();
    x = between_pair(ps, a, arg, op1, low, both, op2, high);
    if (!symmetric || expr_is_poison(x))
        return x;
    y = between_pair(ps, a, copy_operand(ps, arg), op1, copy_operand(ps, high), both, op2,
                     copy_operand(ps, low));
    if (expr_is_poison(y))
        return y;
    x = expr_bool(ps->a->arena, negated ? BOOL_AND : BOOL_OR, x, y);
    x->location = a->location;
    return x;
}

struct expr *transform_a_expr(struct pstate *ps, const PgQuery__AExpr *a)
{
    switch (a->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
        return transform_op(ps, a);
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL: {
        struct expr *left = transform_expr_recurse(ps, a->lexpr);
        struct expr *right = transform_expr_recurse(ps, a->rexpr);

        return make_scalar_array_op(ps, a->name, a->n_name,
                                    a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY, left, right,
                                    a->location);
    }
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
        return transform_distinct(ps, a, false);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
        return transform_distinct(ps, a, true);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
        return transform_nullif(ps, a);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
        return transform_in(ps, a);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
        return transform_between(ps, a);
    default:
        return parse_error(ps, ERRCODE_INTERNAL_ERROR, a->location, "unrecognized A_Expr kind: %d",
                           (int)a->kind);
    }
}
