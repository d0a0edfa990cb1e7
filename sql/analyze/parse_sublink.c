/*
 * parse_sublink.c: subqueries in expressions: EXISTS, scalar, ARRAY(), IN, op ANY/ALL, row
 * comparisons.
 */
#include "sql/analyze/clause.h"
#include "sql/analyze/parse_internal.h"

#include "sql/types/typeoid.h"

/* Places where no subquery may stand. */
static const char *const sublink_errors[] = {
    [EXPR_KIND_CHECK_CONSTRAINT] = "cannot use subquery in check constraint",
    [EXPR_KIND_DOMAIN_CHECK] = "cannot use subquery in check constraint",
    [EXPR_KIND_COLUMN_DEFAULT] = "cannot use subquery in DEFAULT expression",
    [EXPR_KIND_FUNCTION_DEFAULT] = "cannot use subquery in DEFAULT expression",
    [EXPR_KIND_INDEX_EXPRESSION] = "cannot use subquery in index expression",
    [EXPR_KIND_INDEX_PREDICATE] = "cannot use subquery in index predicate",
    [EXPR_KIND_STATS_EXPRESSION] = "cannot use subquery in statistics expression",
    [EXPR_KIND_ALTER_COL_TRANSFORM] = "cannot use subquery in transform expression",
    [EXPR_KIND_EXECUTE_PARAMETER] = "cannot use subquery in EXECUTE parameter",
    [EXPR_KIND_TRIGGER_WHEN] = "cannot use subquery in trigger WHEN condition",
    [EXPR_KIND_PARTITION_BOUND] = "cannot use subquery in partition bound",
    [EXPR_KIND_PARTITION_EXPRESSION] = "cannot use subquery in partition key expression",
    [EXPR_KIND_CALL_ARGUMENT] = "cannot use subquery in CALL argument",
    [EXPR_KIND_COPY_WHERE] = "cannot use subquery in COPY FROM WHERE condition",
    [EXPR_KIND_GENERATED_COLUMN] = "cannot use subquery in column generation expression",
    [EXPR_KIND_CYCLE_MARK] = NULL,
};

/* The i-th visible column of a query, from 0; NULL if it has fewer. */
static struct target *visible_target(const struct query *q, int i)
{
    for (int k = 0; k < q->ntargets; k++) {
        if (!q->targets[k].junk && i-- == 0)
            return &q->targets[k];
    }
    return NULL;
}

static int visible_count(const struct query *q)
{
    int n = 0;

    for (int k = 0; k < q->ntargets; k++)
        n += !q->targets[k].junk;
    return n;
}

/* --- comparing with the columns of the subquery --------------------------------------------- */

/* A cast in the select list would change what these mean. */
static bool castable_in_place(const struct query *q)
{
    return !q->distinct && q->distinct_on.n == 0 && q->sort.n == 0 && q->setop == NULL;
}

/* The comparison wants the subquery's column as another type: the subquery computes it so. */
static bool coerce_query_column(struct pstate *ps, struct expr *sub, int i, uint32_t type)
{
    struct target *t;

    if (!castable_in_place(sub->sublink.query))
        sub->sublink.query = query_wrap(ps, sub->sublink.query, 0);
    t = visible_target(sub->sublink.query, i);
    t->expr = coerce_type(ps, t->expr, type, -1, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
    return !expr_is_poison(t->expr) && assign_expr_collations(ps, t->expr);
}

static bool placeholders(struct pstate *ps, const struct query *q, int n, int location,
                         struct expr_list *out)
{
    int have = visible_count(q);

    if (have != n) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, location, "subquery has too %s columns",
                    have > n ? "many" : "few");
        return false;
    }
    for (int i = 0; i < n; i++) {
        const struct expr *e = visible_target(q, i)->expr;
        struct expr *p = expr_new(ps->a->arena, EXPR_CASE_TEST, e->type, e->typmod, e->location);

        p->collation = e->collation;
        expr_list_add(ps->a->arena, out, p);
    }
    return true;
}

/* One column's comparison of the row comparison. */
static bool take_comparison(struct pstate *ps, struct expr *sub, int i, struct expr *left,
                            const struct expr *right, const struct expr *placeholder)
{
    expr_list_add(ps->a->arena, &sub->sublink.left, left);
    return right == placeholder || coerce_query_column(ps, sub, i, right->type);
}

static bool take_comparisons(struct pstate *ps, struct expr *sub, const struct expr *cmp,
                             const struct expr_list *places)
{
    const struct operator_def **ops =
        ARENA_ARRAY(ps->a->arena, const struct operator_def *, places->n);

    for (int i = 0; i < places->n; i++) {
        const struct expr *one = cmp->kind == EXPR_BOOL ? cmp->boolean.args.items[i] : cmp;
        struct expr *left, *right;

        if (cmp->kind == EXPR_ROW_COMPARE) {
            ops[i] = cmp->row_compare.ops[i];
            left = cmp->row_compare.left.items[i];
            right = cmp->row_compare.right.items[i];
        } else {
            ops[i] = one->func.op;
            left = one->func.args.items[0];
            right = one->func.args.items[1];
        }
        if (!take_comparison(ps, sub, i, left, right, places->items[i]))
            return false;
    }
    sub->sublink.ops = ops;
    if (cmp->kind == EXPR_ROW_COMPARE)
        sub->sublink.compare = cmp->row_compare.compare;
    else if (cmp->kind == EXPR_BOOL)
        sub->sublink.compare = cmp->boolean.op == BOOL_AND ? 3 : 6;
    return true;
}

static struct expr *compare_with_query(struct pstate *ps, const PgQuery__SubLink *s,
                                       struct expr *sub)
{
    PgQuery__String equals = PG_QUERY__STRING__INIT;
    PgQuery__Node equals_node = PG_QUERY__NODE__INIT;
    PgQuery__Node *in_name[1] = {&equals_node};
    PgQuery__Node *const *name = s->n_oper_name > 0 ? s->oper_name : in_name;
    size_t nname = s->n_oper_name > 0 ? s->n_oper_name : 1;
    struct expr *lefthand = transform_expr_recurse(ps, s->testexpr), *cmp;
    struct expr_list left = {0}, right = {0};

    equals.sval = (char *)"=";
    equals_node.node_case = PG_QUERY__NODE__NODE_STRING;
    equals_node.string = &equals;
    if (expr_is_poison(lefthand))
        return lefthand;
    if (lefthand->kind == EXPR_ROW)
        left = lefthand->list.args;
    else
        expr_list_add(ps->a->arena, &left, lefthand);
    if (!placeholders(ps, sub->sublink.query, left.n, s->location, &right))
        return expr_poison();
    cmp = make_row_comparison(ps, name, nname, &left, &right, s->location);
    if (expr_is_poison(cmp) || !take_comparisons(ps, sub, cmp, &right))
        return expr_poison();
    sub->sublink.op_name = arena_strdup(ps->a->arena, node_string(name[nname - 1]));
    return sub;
}

/* --- scalar and array ----------------------------------------------------------------------- */

static struct expr *single_column(struct pstate *ps, struct expr *sub)
{
    const struct expr *column;

    if (visible_count(sub->sublink.query) != 1)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, sub->location,
                           "subquery must return only one column");
    column = visible_target(sub->sublink.query, 0)->expr;
    sub->type = column->type;
    sub->typmod = column->typmod;
    sub->collation = column->collation;
    if (sub->sublink.sublink != SUBLINK_ARRAY)
        return sub;
    /* Arrays of a column that is an array already gain a dimension. */
    if (get_element_type(ps, column->type) == 0)
        sub->type = get_array_type(ps, column->type);
    if (sub->type == 0)
        return parse_error(ps, ERRCODE_UNDEFINED_OBJECT, sub->location,
                           "could not find array type for data type %s",
                           format_type(ps, column->type));
    return sub;
}

static enum sublink_kind kind_of(PgQuery__SubLinkType t)
{
    switch (t) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
        return SUBLINK_EXISTS;
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK:
        return SUBLINK_ALL;
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
        return SUBLINK_ANY;
    case PG_QUERY__SUB_LINK_TYPE__ROWCOMPARE_SUBLINK:
        return SUBLINK_ROW_COMPARE;
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
        return SUBLINK_ARRAY;
    default:
        return SUBLINK_EXPR;
    }
}

struct expr *transform_sublink(struct pstate *ps, const PgQuery__SubLink *s)
{
    const char *refused = sublink_errors[ps->expr_kind];
    struct expr *e;

    if (refused != NULL)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, s->location, "%s", refused);
    ps->has_sublinks = true;
    e = expr_new(ps->a->arena, EXPR_SUBLINK, BOOLOID, -1, s->location);
    e->sublink.sublink = kind_of(s->sub_link_type);
    e->sublink.query = parse_sub_analyze(ps, s->subselect, NULL, false, true);
    if (e->sublink.query == NULL)
        return expr_poison();
    switch (e->sublink.sublink) {
    case SUBLINK_EXISTS:
        return e;
    case SUBLINK_EXPR:
    case SUBLINK_ARRAY:
        return single_column(ps, e);
    default:
        return compare_with_query(ps, s, e);
    }
}
