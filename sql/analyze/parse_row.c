/*
 * parse_row.c: ROW(...) and comparisons of rows, column by column.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

struct expr *transform_row_expr(struct pstate *ps, const PgQuery__RowExpr *r, bool allow_default)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_ROW, RECORDOID, -1, r->location);

    if (!transform_expr_list(ps, r->args, r->n_args, ps->expr_kind, allow_default, &e->list.args))
        return expr_poison();
    if (e->list.args.n > LIMIT_TARGETS)
        return parse_error(ps, ERRCODE_TOO_MANY_COLUMNS, r->location,
                           "ROW expressions can have at most %d entries", LIMIT_TARGETS);
    return e;
}

/* --- btree meaning of operators ------------------------------------------------------------- */

enum { COMPARE_NE = 6 };

static const struct {
    uint32_t op;
    int strategy;
} btree_operators[] = {
#define PG_AMOP(oid, family, left, right, strategy, purpose, op, method, sortfamily)               \
    {(method) == 403 ? (op) : 0, strategy},
#include "sql/catalog/builtin/pg_amop.def"
#undef PG_AMOP
};

static int strategy_of_oid(uint32_t op)
{
    for (size_t i = 0; op != 0 && i < sizeof(btree_operators) / sizeof(btree_operators[0]); i++) {
        if (btree_operators[i].op == op)
            return btree_operators[i].strategy;
    }
    return 0;
}

/* 1 <, 2 <=, 3 =, 4 >=, 5 >, 6 <>; 0: no operator of an ordering. */
static int operator_strategy(const struct operator_def *op)
{
    static const char *const names[] = {"<", "<=", "=", ">=", ">", "<>"};
    int strategy = strategy_of_oid(op->oid);

    if (strategy != 0)
        return strategy;
    if (strategy_of_oid(op->negator) == 3)
        return COMPARE_NE;
    /* Operators of extensions have no row in the built-in families. */
    for (int i = 0; op->oid >= FIRST_USER_OID && i < 6; i++) {
        if (strcmp(op->name, names[i]) == 0)
            return i + 1;
    }
    return 0;
}

/* --- comparisons ---------------------------------------------------------------------------- */

static bool compare_columns(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                            struct expr_list *left, struct expr_list *right, int location,
                            struct expr_list *out)
{
    for (int i = 0; i < left->n; i++) {
        struct expr *cmp = make_op(ps, name, nname, left->items[i], right->items[i], location);

        if (expr_is_poison(cmp))
            return false;
        if (cmp->type != BOOLOID) {
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, location,
                        "row comparison operator must yield type boolean, not type %s",
                        format_type(ps, cmp->type));
            return false;
        }
        if (expr_returns_set(cmp)) {
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, location,
                        "row comparison operator must not return a set");
            return false;
        }
        expr_list_add(ps->a->arena, out, cmp);
    }
    return true;
}

static struct expr *row_compare(struct pstate *ps, const struct expr_list *compared, int strategy,
                                int location)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_ROW_COMPARE, BOOLOID, -1, location);
    const struct operator_def **ops =
        ARENA_ARRAY(ps->a->arena, const struct operator_def *, compared->n);

    for (int i = 0; i < compared->n; i++) {
        const struct expr *cmp = compared->items[i];

        ops[i] = cmp->func.op;
        expr_list_add(ps->a->arena, &e->row_compare.left, cmp->func.args.items[0]);
        expr_list_add(ps->a->arena, &e->row_compare.right, cmp->func.args.items[1]);
    }
    e->row_compare.ops = ops;
    e->row_compare.compare = strategy;
    return e;
}

struct expr *make_row_comparison(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                                 struct expr_list *left, struct expr_list *right, int location)
{
    struct expr_list compared = {0};
    struct expr *e;
    int strategy;

    if (left->n != right->n)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, location,
                           "unequal number of entries in row expressions");
    if (left->n == 0)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location,
                           "cannot compare rows of zero length");
    if (!compare_columns(ps, name, nname, left, right, location, &compared))
        return expr_poison();
    if (compared.n == 1)
        return compared.items[0];
    strategy = operator_strategy(compared.items[0]->func.op);
    for (int i = 1; i < compared.n; i++) {
        if (operator_strategy(compared.items[i]->func.op) != strategy)
            strategy = 0;
    }
    if (strategy == 0) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location,
                    "could not determine interpretation of row comparison operator %s",
                    node_string(name[nname - 1]));
        parse_error_hint(
            ps, "Row comparison operators must be associated with btree operator families.");
        return expr_poison();
    }
    if (strategy != 3 && strategy != COMPARE_NE)
        return row_compare(ps, &compared, strategy, location);
    e = expr_new(ps->a->arena, EXPR_BOOL, BOOLOID, -1, location);
    e->boolean.op = strategy == 3 ? BOOL_AND : BOOL_OR;
    e->boolean.args = compared;
    return e;
}

struct expr *make_distinct(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                           struct expr *left, struct expr *right, int location)
{
    struct expr *cmp = make_op(ps, name, nname, left, right, location), *e;

    if (expr_is_poison(cmp))
        return cmp;
    if (cmp->type != BOOLOID)
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, location,
                           "IS DISTINCT FROM requires = operator to yield boolean");
    if (cmp->func.proc->retset)
        return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, location,
                           "IS DISTINCT FROM must not return a set");
    e = expr_new(ps->a->arena, EXPR_DISTINCT, BOOLOID, -1, location);
    e->binary.left = cmp->func.args.items[0];
    e->binary.right = cmp->func.args.items[1];
    e->binary.op = cmp->func.op;
    return e;
}

struct expr *make_row_distinct(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                               struct expr *left, struct expr *right, int location)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_BOOL, BOOLOID, -1, location), *d;

    if (left->list.args.n != right->list.args.n)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, location,
                           "unequal number of entries in row expressions");
    e->boolean.op = BOOL_OR;
    for (int i = 0; i < left->list.args.n; i++) {
        d = make_distinct(ps, name, nname, left->list.args.items[i], right->list.args.items[i],
                          location);
        if (expr_is_poison(d))
            return d;
        expr_list_add(ps->a->arena, &e->boolean.args, d);
    }
    if (e->boolean.args.n == 0)
        return expr_const(ps->a->arena, BOOLOID, -1, value_bool(false), location);
    return e->boolean.args.n == 1 ? e->boolean.args.items[0] : e;
}
