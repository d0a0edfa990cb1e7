/* predicate.c: see predicate.h. */
#include "sql/analyze/predicate.h"

#include "sql/catalog/registry.h"

/* Pairs of conditions that are compared: alternatives inside alternatives double them with each level. */
#define STEPS_MAX 100000

struct proof {
    const struct snapshot *s;
    struct eval_context *ctx;
    int steps;
};

static bool implied(struct proof *p, const struct expr *where, const struct expr *predicate);

/* --- comparisons with constants ------------------------------------------------------------------------ */

/* btree's strategies; NE is the negator of EQ. */
enum { LT = 1, LE, EQ, GE, GT, NE };

/* x op constant, turned round where the constant stands on the left. */
struct comparison {
    const struct expr *arg, *constant;
    int strategy;
    uint32_t collation;
};

/* The strategy of an operator in the default order of its type, 0 if it has none. */
static int strategy_of(const struct operator_def *op)
{
    if (op->left != op->right)
        return 0;
    for (int i = LT; i <= GT; i++) {
        const struct operator_def *o = registry_order_operator(op->left, i);
        if (o && o->oid == op->oid)
            return i;
        if (o && i == EQ && o->negator == op->oid)
            return NE;
    }
    return 0;
}

static bool is_known(const struct expr *e)
{
    return e->kind == EXPR_CONST && !value_is_null(&e->constant.value);
}

/* NOT of a comparison is the opposite one. */
static bool read_comparison(const struct expr *e, struct comparison *out)
{
    static const int turned[] = {[LT] = GT, [LE] = GE, [EQ] = EQ, [GE] = LE, [GT] = LT, [NE] = NE};
    static const int opposite[] = {[LT] = GE, [LE] = GT, [EQ] = NE, [GE] = LT, [GT] = LE, [NE] = EQ};
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_NOT) {
        if (!read_comparison(e->boolean.args.items[0], out))
            return false;
        out->strategy = opposite[out->strategy];
        return true;
    }
    if (e->kind != EXPR_OP || e->func.args.n != 2 || !e->func.op)
        return false;
    const struct expr *left = e->func.args.items[0], *right = e->func.args.items[1];
    bool swap = is_known(left);
    int strategy = strategy_of(e->func.op);
    *out = (struct comparison){.arg = swap ? right : left, .constant = swap ? left : right,
                               .strategy = swap ? turned[strategy] : strategy, .collation = e->func.input_collation};
    return strategy && is_known(out->constant);
}

/* x `has` a proves x `wanted` b, c being the order of a and b. */
static bool proves(int has, int wanted, int c)
{
    switch (has) {
    case LT:
        return (wanted == LT || wanted == LE || wanted == NE) && c <= 0;
    case LE:
        return wanted == LE ? c <= 0 : (wanted == LT || wanted == NE) && c < 0;
    case GE:
        return wanted == GE ? c >= 0 : (wanted == GT || wanted == NE) && c > 0;
    case GT:
        return (wanted == GT || wanted == GE || wanted == NE) && c >= 0;
    case NE:
        return wanted == NE && c == 0;
    default:
        return wanted == LT ? c < 0 : wanted == LE ? c <= 0 : wanted == EQ ? c == 0 : wanted == GE ? c >= 0 : wanted == GT ? c > 0 : c != 0;
    }
}

static bool comparison_implied(struct proof *p, const struct expr *where, const struct expr *predicate)
{
    struct comparison has, wanted;
    if (!read_comparison(where, &has) || !read_comparison(predicate, &wanted) || !expr_equal(has.arg, wanted.arg) ||
        has.collation != wanted.collation || has.constant->type != wanted.constant->type)
        return false;
    const struct type_def *t = snapshot_type(p->s, has.constant->type);
    return t && proves(has.strategy, wanted.strategy,
                       type_compare(t, &has.constant->constant.value, &wanted.constant->constant.value, p->ctx));
}

/* --- what is not NULL ---------------------------------------------------------------------------------- */

/* Is e NULL when x is? */
static bool is_strict_for(const struct expr *e, const struct expr *x)
{
    if (expr_equal(e, x))
        return true;
    switch (e->kind) {
    case EXPR_FUNC:
    case EXPR_OP:
        for (int i = 0; e->func.proc && e->func.proc->strict && !e->func.proc->retset && i < e->func.args.n; i++)
            if (is_strict_for(e->func.args.items[i], x))
                return true;
        return false;
    case EXPR_RELABEL:
    case EXPR_COERCE_IO:
    case EXPR_ARRAY_COERCE:
    case EXPR_COLLATE:
        return is_strict_for(e->cast.arg, x);
    case EXPR_BOOL:
        return e->boolean.op == BOOL_NOT && is_strict_for(e->boolean.args.items[0], x);
    case EXPR_ARRAY_OP:
        return e->binary.op->proc->strict && e->binary.right->kind == EXPR_ARRAY && e->binary.right->list.args.n > 0 &&
               is_strict_for(e->binary.left, x);
    default:
        return false;
    }
}

/* --- parts --------------------------------------------------------------------------------------------- */

/* The parts of e joined by AND (or by OR). */
static const struct expr_list *parts_of(const struct expr *e, enum bool_kind op)
{
    return e->kind == EXPR_BOOL && e->boolean.op == op ? &e->boolean.args : NULL;
}

/* x = ANY (ARRAY[a, b]), which x IN (a, b) is: one of its comparisons, in *out over *args. */
static bool list_comparison(const struct expr *e, int i, struct expr *out, struct expr **args)
{
    if (e->kind != EXPR_ARRAY_OP || !e->binary.any || e->binary.right->kind != EXPR_ARRAY ||
        i >= e->binary.right->list.args.n)
        return false;
    args[0] = e->binary.left;
    args[1] = e->binary.right->list.args.items[i];
    *out = (struct expr){.kind = EXPR_OP, .type = BOOLOID, .typmod = -1, .location = -1};
    out->func.op = e->binary.op;
    out->func.proc = e->binary.op->proc;
    out->func.input_collation = e->binary.input_collation;
    out->func.args = (struct expr_list){args, 2};
    return true;
}

/* Does each of where's alternatives imply the predicate? */
static bool alternatives_imply(struct proof *p, const struct expr *where, const struct expr *predicate)
{
    const struct expr_list *or = parts_of(where, BOOL_OR);
    struct expr one, *args[2];
    int n = 0;
    for (; or && n < or->n; n++)
        if (!implied(p, or->items[n], predicate))
            return false;
    for (; !or && list_comparison(where, n, &one, args); n++)
        if (!implied(p, &one, predicate))
            return false;
    return n > 0;
}

static bool any_alternative_implied(struct proof *p, const struct expr *where, const struct expr *predicate)
{
    const struct expr_list *or = parts_of(predicate, BOOL_OR);
    struct expr one, *args[2];
    for (int i = 0; or && i < or->n; i++)
        if (implied(p, where, or->items[i]))
            return true;
    for (int i = 0; !or && list_comparison(predicate, i, &one, args); i++)
        if (implied(p, where, &one))
            return true;
    return false;
}

static bool implied(struct proof *p, const struct expr *where, const struct expr *predicate)
{
    const struct expr_list *all = parts_of(predicate, BOOL_AND), *any = parts_of(where, BOOL_AND);
    if (++p->steps > STEPS_MAX)
        return false;
    if (expr_equal(where, predicate))
        return true;
    if (all) {
        for (int i = 0; i < all->n; i++)
            if (!implied(p, where, all->items[i]))
                return false;
        return true;
    }
    for (int i = 0; any && i < any->n; i++)
        if (implied(p, any->items[i], predicate))
            return true;
    if (predicate->kind == EXPR_NULL_TEST && predicate->test.negated && !predicate->test.row &&
        is_strict_for(where, predicate->test.arg))
        return true;
    return alternatives_imply(p, where, predicate) || any_alternative_implied(p, where, predicate) ||
           comparison_implied(p, where, predicate);
}

bool predicate_implied(const struct snapshot *s, struct eval_context *ctx, const struct expr *where, const struct expr *predicate)
{
    struct proof p = {.s = s, .ctx = ctx};
    return implied(&p, where, predicate);
}
