/*
 * pass_likelihood.c: column < constant and its kin over a column that an index begins with say how many rows they leave, from what
 * ANALYZE found (PostgreSQL's documentation, section 76.1: most common values, then the histogram). The text for SQLite has it as
 * likelihood(..., share). Without, SQLite takes every such range for a quarter of the table and every value for the average one.
 *
 * The share is raised where the index's order is not the table's (correlation): SQLite counts a row found through an index about as
 * much as one met in a scan, while it is a search of its own in the table.
 */
#include <math.h>
#include <string.h>

#include "sql/plan/planner.h"
#include "sql/types/column_stats.h"

/* Smaller tables are answered at once either way. */
#define LIKELIHOOD_ROWS 1000
/* What a row found through an index costs beside one of a scan, where the orders have nothing to do with each other: between 10 and 20
   (200,000 rows of 90 bytes in memory), of which SQLite counts one or two. */
#define LIKELIHOOD_SEARCH 8
/* A value so frequent makes plans for it and for others differ. */
#define LIKELIHOOD_COMMON 0.05

/* From here on the index is no use; SQLite thinks so too, but for the target of UPDATE and DELETE it takes any. */
#define LIKELIHOOD_NO_INDEX 0.6

enum bound { BOUND_EQUAL, BOUND_UPPER, BOUND_LOWER };

struct term {
    struct expr *e;
    const struct expr *column, *value; /* a VAR, and what it is compared with */
    bool flipped;                      /* the value stands left */
    enum bound bound;
    const struct relation *relation;
    double share; /* of the rows; negative: not known */
    double correlation;
};

struct terms {
    struct planner *p;
    struct query *q;
    struct term *items;
    int n, cap;
};

static const struct expr *bare(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL)
        e = e->cast.arg;
    return e;
}

/* The relation whose column e is, when an index begins with it. */
static const struct relation *indexed(const struct query *q, const struct expr *e)
{
    if (e->kind != EXPR_VAR || e->var.levelsup || e->var.attnum <= 0)
        return NULL;
    const struct rte *rte = q->rtable[e->var.rte];
    const struct relation *r = rte->kind == RTE_RELATION ? rte->relation : NULL;
    for (int i = 0; r && i < r->nindexes; i++) {
        const struct index_def *x = r->indexes[i];
        if (x->nkeys > 0 && x->columns[0].attnum == e->var.attnum)
            return r;
    }
    return NULL;
}

/* One row at most has each value: no statistics say more. */
static bool is_key(const struct relation *r, int attnum)
{
    for (int i = 0; i < r->nindexes; i++) {
        const struct index_def *x = r->indexes[i];
        if (x->unique && x->nkeys == 1 && x->columns[0].attnum == attnum && !x->predicate_sql && !x->foreign_where)
            return true;
    }
    return false;
}

static bool find_bound(const char *op, bool flipped, enum bound *out)
{
    static const struct {
        const char *op;
        enum bound bound, flipped;
    } bounds[] = {{"=", BOUND_EQUAL, BOUND_EQUAL},
                  {"<", BOUND_UPPER, BOUND_LOWER},
                  {"<=", BOUND_UPPER, BOUND_LOWER},
                  {">", BOUND_LOWER, BOUND_UPPER},
                  {">=", BOUND_LOWER, BOUND_UPPER}};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (!strcmp(op, bounds[i].op)) {
            *out = flipped ? bounds[i].flipped : bounds[i].bound;
            return true;
        }
    return false;
}

static void add_term(struct terms *t, struct expr *e)
{
    struct term x = {.e = e, .share = -1};
    if (e->kind != EXPR_OP || !e->func.op || e->func.args.n != 2 || !e->func.proc || !e->func.proc->impl ||
        !e->func.proc->impl->call || e->func.proc->lang >= FIRST_USER_OID)
        return;
    for (int side = 0; side < 2 && !x.relation; side++) {
        x.column = bare(e->func.args.items[side]);
        x.value = e->func.args.items[1 - side];
        x.flipped = side == 1;
        x.relation = indexed(t->q, x.column);
    }
    if (!x.relation || (x.value->kind != EXPR_CONST && x.value->kind != EXPR_PARAM) ||
        !find_bound(e->func.op->name, x.flipped, &x.bound) ||
        (x.bound == BOUND_EQUAL && is_key(x.relation, x.column->var.attnum)) ||
        (x.value->kind == EXPR_CONST && value_is_null(&x.value->constant.value)))
        return;
    if (t->n == t->cap) {
        int cap = t->cap ? t->cap * 2 : 8;
        struct term *more = ARENA_ARRAY(t->p->arena, struct term, cap);
        if (t->n)
            memcpy(more, t->items, sizeof(*more) * (size_t)t->n);
        t->items = more;
        t->cap = cap;
    }
    t->items[t->n++] = x;
}

static void collect(struct terms *t, struct expr *e)
{
    if (e && e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND)
        for (int i = 0; i < e->boolean.args.n; i++)
            collect(t, e->boolean.args.items[i]);
    else if (e)
        add_term(t, e);
}

static void collect_joins(struct terms *t, const struct from_node *n)
{
    if (n->rte >= 0)
        return;
    collect_joins(t, n->left);
    collect_joins(t, n->right);
    collect(t, n->on);
}

/* --- shares ----------------------------------------------------------------------------------------------------------- */

/* Whether the comparison holds for this value of the column; false with *failed set when it cannot be said. */
static bool holds(struct planner *p, const struct term *x, const struct value *v, bool *failed)
{
    const struct proc *proc = x->e->func.proc;
    struct value args[2];
    uint32_t types[2] = {x->e->func.args.items[0]->type, x->e->func.args.items[1]->type};
    struct error err;
    error_init(&err, p->arena);
    args[x->flipped] = *v;
    args[!x->flipped] = x->value->constant.value;
    struct fcall f = {.args = args, .nargs = 2, .err = &err, .arena = p->arena, .ctx = p->ctx, .argtypes = types,
                      .rettype = x->e->type, .impl = proc->impl};
    proc->impl->call(&f);
    if (f.cache && f.cache_free)
        f.cache_free(f.cache);
    *failed |= error_is_set(&err) || f.result.kind != VALUE_INT;
    return !*failed && f.result.i != 0;
}

/* Of the values that are not among the most common ones. */
static double share_of_histogram(struct planner *p, const struct term *x, const struct column_stats *s, bool *failed)
{
    int low = 0, high = s->nbounds; /* bounds before low lie on the first bound's side, from high on on the other */
    if (s->nbounds < 2)
        return x->bound == BOUND_EQUAL ? 0 : 0.5;
    while (low < high && !*failed) {
        int middle = low + (high - low) / 2;
        if (holds(p, x, &s->bounds[middle], failed) == (x->bound == BOUND_UPPER))
            low = middle + 1;
        else
            high = middle;
    }
    double below = low == 0 ? 0 : low == s->nbounds ? 1 : (low - 0.5) / (s->nbounds - 1);
    return x->bound == BOUND_UPPER ? below : 1 - below;
}

static double share(struct planner *p, const struct term *x, const struct column_stats *s, double rows)
{
    double common = 0, found = 0, all = 0;
    bool failed = false;
    for (int i = 0; i < s->ncommon; i++) {
        all += s->frequency[i];
        if (holds(p, x, &s->common[i], &failed))
            common += s->frequency[i];
    }
    double rest = fmax(0, 1 - all - s->null_frac);
    if (x->bound == BOUND_EQUAL) {
        double distinct = s->distinct < 0 ? -s->distinct * rows : s->distinct;
        found = common > 0 ? common : rest / fmax(1, distinct - s->ncommon);
    } else {
        found = common + rest * share_of_histogram(p, x, s, &failed);
    }
    return failed ? -1 : fmin(1, fmax(found, 1 / rows));
}

/* Whether another value would make another plan. */
static bool depends_on_value(const struct term *x, const struct column_stats *s)
{
    return x->bound != BOUND_EQUAL || (s->ncommon && s->frequency[0] > LIKELIHOOD_COMMON);
}

static void estimate(struct terms *t, struct term *x)
{
    struct planner *p = t->p;
    struct column_stats s;
    double rows;
    if (!p->ctx->column_statistics(p->ctx, x->relation, x->column->var.attnum, p->arena, &s, &rows) || rows < LIKELIHOOD_ROWS ||
        !depends_on_value(x, &s))
        return;
    if (x->value->kind == EXPR_PARAM)
        p->program->by_value = true;
    else
        x->share = share(p, x, &s, rows);
    x->correlation = s.correlated ? (double)s.correlation : 0;
}

static bool same_column(const struct term *a, const struct term *b)
{
    return a->column->var.rte == b->column->var.rte && a->column->var.attnum == b->column->var.attnum;
}

/* SQLite multiplies the shares of two ends of a range: what lies between them goes to one. */
static void join_ends(struct terms *t)
{
    for (int i = 0; i < t->n; i++)
        for (int k = i + 1; k < t->n; k++) {
            struct term *a = &t->items[i], *b = &t->items[k];
            if (!same_column(a, b) || a->bound == b->bound || a->bound == BOUND_EQUAL || b->bound == BOUND_EQUAL || a->share < 0 ||
                b->share < 0)
                continue;
            a->share = fmax(a->share + b->share - 1, 1e-6);
            b->share = 1;
        }
}

/* ORDER BY column LIMIT: the index ends as soon as there are enough rows, however many there would be. */
static bool ends_early(const struct query *q, const struct term *x)
{
    if (!q->limit || q->sort.n == 0)
        return false;
    const struct expr *first = bare(q->sort.items[0].expr);
    return first->kind == EXPR_VAR && first->var.rte == x->column->var.rte && first->var.attnum == x->column->var.attnum;
}

bool pass_likelihood(struct planner *p, struct query *q)
{
    struct terms t = {.p = p, .q = q};
    if (!p->ctx || !p->ctx->column_statistics)
        return true;
    collect(&t, q->where);
    for (int i = 0; i < q->nfrom; i++)
        collect_joins(&t, q->from[i]);
    for (int i = 0; i < t.n; i++)
        if (!ends_early(q, &t.items[i]))
            estimate(&t, &t.items[i]);
    join_ends(&t);
    for (int i = 0; i < t.n; i++) {
        struct term *x = &t.items[i];
        double cost = 1 + (LIKELIHOOD_SEARCH - 1) * (1 - x->correlation * x->correlation);
        double raised = fmin(1, fmax(x->share * cost, 1e-6));
        if (x->share >= 0)
            x->e->func.likelihood = x->column->var.rte == q->result && raised > LIKELIHOOD_NO_INDEX ? -1 : (float)raised;
    }
    return !error_is_set(p->err);
}
