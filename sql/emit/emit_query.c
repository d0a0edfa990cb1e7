/*
 * emit_query.c: SELECT, set operations and WITH.
 *
 * A subquery's columns are named c1.. by position; targets that serve only ORDER BY or GROUP BY are not printed, their
 * expressions stand in those clauses instead. Constants in GROUP BY and ORDER BY never print: SQLite would
 * take integers for column positions.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/walk.h"

int emit_query_columns(const struct query *q)
{
    if (q->setop)
        return q->setop->ncolumns;
    int n = 0;
    for (int i = 0; i < q->ntargets; i++)
        n += !q->targets[i].junk;
    return n;
}

/* --- WITH ----------------------------------------------------------------------------------- */

/* The first n entries of a scope's query; data-modifying ones have become steps. Gives whether none was printed. */
static bool emit_with_items(struct emitter *em, const struct scope *sc, int n, bool first)
{
    for (int i = 0; i < n; i++) {
        const struct cte *c = sc->q->ctes[i];
        if (c->query->command != QUERY_SELECT) {
            if (!c->rowset && c->references)
                emit_unsupported(em, "a data-modifying statement in WITH at this place");
            continue;
        }
        emit_printf(em, "%s\"w%d_%d\" AS ", first ? (sc->q->recursive ? "WITH RECURSIVE " : "WITH ") : ", ",
                    sc->base, i);
        first = false;
        if (c->materialized == 1 || (!c->recursive && query_is_volatile(c->query)))
            emit_z(em, "MATERIALIZED ");
        else if (c->materialized == 2)
            emit_z(em, "NOT MATERIALIZED ");
        emit_z(em, "(");
        const struct setop *around = em->recursive;
        em->recursive = c->recursive ? c->query->setop : NULL;
        emit_select(em, c->query);
        em->recursive = around;
        emit_z(em, ")");
    }
    return first;
}

void emit_with(struct emitter *em, const struct query *q)
{
    bool first = true;
    const struct scope *sc = em->scope;
    if (em->step && em->step->with && em->step->query == q) {
        struct scope *own = em->scope;
        em->scope = own->parent;
        first = emit_with_items(em, own->parent, em->step->nwith, true);
        em->scope = own;
    }
    first = emit_with_items(em, sc, q->nctes, first);
    if (!first)
        emit_z(em, " ");
}

/* --- clauses -------------------------------------------------------------------------------- */

static bool is_constant(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL || e->kind == EXPR_COLLATE)
        e = e->cast.arg;
    return e->kind == EXPR_CONST || e->kind == EXPR_PARAM;
}

/* HAVING without GROUP BY asks for one group; SQLite makes one only where the select list aggregates. */
static bool needs_aggregate(const struct query *q)
{
    if (!q->having || q->group.n)
        return false;
    for (int i = 0; i < q->ntargets; i++)
        if (!q->targets[i].junk && expr_contains(q->targets[i].expr, EXPR_AGG))
            return false;
    return true;
}

static void emit_targets(struct emitter *em, const struct query *q, bool collate)
{
    int n = 0;
    bool aggregate = needs_aggregate(q);
    for (int i = 0; i < q->ntargets; i++) {
        if (q->targets[i].junk)
            continue;
        if (n++)
            emit_z(em, ", ");
        emit_z(em, aggregate && n == 1 ? "CASE WHEN count(*) >= 0 THEN " : "");
        size_t start = em->out->len;
        emit_expr(em, q->targets[i].expr);
        emit_z(em, aggregate && n == 1 ? " END" : "");
        if (collate || !emit_collation(em, q->targets[i].expr->type))
            emit_collate_since(em, q->targets[i].expr->type, start);
        emit_printf(em, " AS \"c%d\"", n);
    }
    if (!n)
        emit_z(em, aggregate ? "count(*) AS \"c0\"" : "NULL AS \"c0\"");
    for (int i = 0; em->sorted_outside == q && i < q->sort.n; i++) {
        emit_z(em, ", ");
        emit_order_key(em, q->sort.items[i].expr);
        emit_printf(em, " AS \"s%d\"", i + 1);
    }
}

static void emit_group(struct emitter *em, const struct query *q)
{
    int n = 0;
    for (int i = 0; i < q->group.n; i++) {
        if (is_constant(q->group.items[i]))
            continue;
        emit_z(em, n++ ? ", " : " GROUP BY ");
        emit_expr_collated(em, q->group.items[i]);
    }
    if (!n && q->group.n)
        emit_z(em, " GROUP BY NULL");
}

static void emit_having(struct emitter *em, const struct query *q)
{
    if (!q->having)
        return;
    emit_z(em, " HAVING ");
    emit_qual(em, q->having);
}

/* The position among the printed columns of target t (from 1), 0 if it is not printed. */
static int printed_position(const struct query *q, int t)
{
    if (t <= 0 || q->targets[t - 1].junk)
        return 0;
    int n = 0;
    for (int i = 0; i < t; i++)
        n += !q->targets[i].junk;
    return n;
}

static bool on_nullable_side(const struct from_node *n, int rte, bool nullable)
{
    if (n->rte >= 0)
        return nullable && n->rte == rte;
    bool left = nullable || n->join == JOIN_RIGHT || n->join == JOIN_FULL;
    bool right = nullable || n->join == JOIN_LEFT || n->join == JOIN_FULL;
    return on_nullable_side(n->left, rte, left) || on_nullable_side(n->right, rte, right);
}

/* Known not to be NULL, so that NULLS FIRST/LAST need not keep an index from giving the order. */
static bool never_null(const struct query *q, const struct expr *e)
{
    while (e->kind == EXPR_RELABEL || e->kind == EXPR_COLLATE)
        e = e->cast.arg;
    if (e->kind != EXPR_VAR || e->var.levelsup || e->var.attnum <= 0 || q->setop)
        return false;
    const struct rte *t = q->rtable[e->var.rte];
    if (t->kind != RTE_RELATION || e->var.attnum > t->relation->natts)
        return false;
    const struct attribute *a = &t->relation->atts[e->var.attnum - 1];
    if (!a->notnull && t->relation->rowid_attnum != a->num)
        return false;
    for (int i = 0; i < q->nfrom; i++)
        if (on_nullable_side(q->from[i], e->var.rte, false))
            return false;
    return true;
}

static void emit_order_item(struct emitter *em, const struct query *q, const struct sort_item *s)
{
    if (s == q->sort.items && emit_vector_order(em, q))
        return;
    if (em->sorted_outside == q) {
        emit_printf(em, "\"s%d\"", (int)(s - q->sort.items) + 1);
        if (!emit_sort_key(em, s->expr->type))
            emit_collate(em, s->expr->type);
        emit_z(em, s->desc ? " DESC" : "");
        emit_z(em, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
        return;
    }
    int position = printed_position(q, s->target);
    const char *key = emit_sort_key(em, s->expr->type);
    if (position && key && q->setop) { /* elsewhere the name may be a column's of FROM */
        emit_call_begin(em, key);
        emit_printf(em, "\"c%d\")", position);
    } else if (position && !key) {
        emit_printf(em, "%d", position);
        emit_collate(em, s->expr->type);
    } else {
        emit_order_key(em, s->expr);
    }
    emit_z(em, s->desc ? " DESC" : "");
    /* SQLite's own order has NULL lowest. */
    if (s->desc == s->nulls_first && !never_null(q, s->expr))
        emit_z(em, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

static void emit_order(struct emitter *em, const struct query *q)
{
    int n = 0;
    for (int i = 0; i < q->sort.n; i++) {
        if (!q->setop && is_constant(q->sort.items[i].expr))
            continue;
        emit_z(em, n++ ? ", " : " ORDER BY ");
        emit_order_item(em, q, &q->sort.items[i]);
    }
}

static void emit_count_expr(struct emitter *em, const struct expr *e, const char *check)
{
    if (e->kind == EXPR_CONST && e->constant.value.kind == VALUE_INT && e->constant.value.i >= 0) {
        emit_expr(em, e);
        return;
    }
    emit_call_begin(em, check);
    emit_expr(em, e);
    emit_z(em, ")");
}

static void emit_limit(struct emitter *em, const struct query *q)
{
    if (!q->limit && !q->offset)
        return;
    if (q->with_ties) {
        emit_unsupported(em, "FETCH FIRST ... WITH TIES at this place");
        return;
    }
    emit_z(em, " LIMIT ");
    if (q->limit)
        emit_count_expr(em, q->limit, "limit_count");
    else
        emit_z(em, "-1");
    if (q->offset) {
        emit_z(em, " OFFSET ");
        emit_count_expr(em, q->offset, "offset_count");
    }
}

/* TABLESAMPLE as a condition on the row. */
static void emit_samples(struct emitter *em, const struct query *q, bool *first)
{
    for (int i = 0; i < q->nrtable; i++) {
        const struct rte *t = q->rtable[i];
        if (!t->tablesample || !t->in_from)
            continue;
        emit_z(em, *first ? " WHERE " : " AND ");
        *first = false;
        emit_call_begin(em, "sample_row");
        emit_expr(em, t->tablesample);
        emit_z(em, ", ");
        emit_rowid(em, em->scope, i);
        if (t->sample_repeatable) {
            emit_z(em, ", ");
            emit_expr(em, t->sample_repeatable);
        }
        emit_z(em, ")");
    }
}

static void emit_where(struct emitter *em, const struct query *q)
{
    bool first = true;
    if (q->where) {
        emit_z(em, " WHERE ");
        emit_qual(em, q->where);
        first = false;
    }
    emit_samples(em, q, &first);
}

/* --- one SELECT ------------------------------------------------------------------------------- */

static bool check_rewritten(struct emitter *em, const struct query *q)
{
    if (q->distinct_on.n)
        return emit_unsupported(em, "SELECT DISTINCT ON at this place");
    if (q->grouping_sets)
        return emit_unsupported(em, "GROUPING SETS at this place");
    for (int i = 0; i < q->ntargets; i++)
        if (!q->targets[i].junk && expr_contains_srf(q->targets[i].expr))
            return emit_unsupported(em, "a set-returning function at this place");
    return true;
}

/* Without WITH, ORDER BY and LIMIT; the scope is entered. */
static void emit_select_core(struct emitter *em, const struct query *q, bool collate)
{
    if (!check_rewritten(em, q))
        return;
    emit_z(em, q->distinct ? "SELECT DISTINCT " : "SELECT ");
    emit_targets(em, q, collate || q->distinct);
    if (q->nfrom) {
        emit_z(em, " FROM ");
        emit_from_clause(em, q);
    }
    emit_where(em, q);
    emit_group(em, q);
    emit_having(em, q);
}

/* --- set operations --------------------------------------------------------------------------- */

static void emit_setop(struct emitter *em, const struct setop *s);

static bool leaf_is_plain(const struct query *q)
{
    return !q->setop && !q->sort.n && !q->limit && !q->offset && !q->nctes && !q->with_ties;
}

static void emit_setop_columns(struct emitter *em, const struct setop *s, bool collate)
{
    for (int i = 0; i < s->ncolumns; i++) {
        emit_printf(em, i ? ", \"c%d\"" : "\"c%d\"", i + 1);
        if (collate)
            emit_collate(em, s->columns[i].type);
    }
    if (!s->ncolumns)
        emit_z(em, "\"c0\"");
}

static int leaf_columns(const struct emitter *em, const struct setop *s)
{
    return emit_query_columns(em->scope->q->rtable[s->rte]->subquery);
}

static void emit_setop_leaf(struct emitter *em, const struct setop *s)
{
    const struct query *q = em->scope->q->rtable[s->rte]->subquery;
    if (leaf_is_plain(q)) {
        struct scope sc;
        emit_scope_enter(em, &sc, q);
        emit_select_core(em, q, true);
        emit_scope_leave(em);
        return;
    }
    emit_z(em, "SELECT ");
    int n = leaf_columns(em, s), k = 0;
    for (int t = 0; t < q->ntargets; t++) {
        if (q->targets[t].junk)
            continue;
        emit_printf(em, k ? ", \"c%d\"" : "\"c%d\"", k + 1);
        emit_collate(em, q->targets[t].expr->type);
        k++;
    }
    if (!n)
        emit_z(em, "\"c0\"");
    emit_z(em, " FROM (");
    emit_select(em, q);
    emit_z(em, ")");
}

/* INTERSECT ALL and EXCEPT ALL: rows are told apart by their number among their equals. */
static void emit_numbered(struct emitter *em, const struct setop *s)
{
    emit_z(em, "SELECT *, row_number() OVER (PARTITION BY ");
    emit_setop_columns(em, s, true);
    emit_z(em, ") FROM (");
    emit_setop(em, s);
    emit_z(em, ")");
}

static void give_columns(struct setop *s, const struct setop *parent)
{
    if (s->ncolumns)
        return;
    s->columns = parent->columns;
    s->ncolumns = parent->ncolumns;
}

/* The right operand of a compound: SQLite's compounds are left-associative without parentheses. */
static void emit_setop_right(struct emitter *em, const struct setop *s)
{
    if (s->op == SETOP_NONE) {
        emit_setop(em, s);
        return;
    }
    emit_z(em, "SELECT ");
    emit_setop_columns(em, s, true);
    emit_z(em, " FROM (");
    emit_setop(em, s);
    emit_z(em, ")");
}

static bool has_collations(const struct emitter *em, const struct setop *s)
{
    for (int i = 0; i < s->ncolumns; i++)
        if (emit_collation(em, s->columns[i].type))
            return true;
    return false;
}

/* UNION where equal values may differ in writing (1.0 and 1.00): the first is kept, as PostgreSQL does. */
static void emit_union_first(struct emitter *em, const struct setop *s)
{
    struct setop all = *s;
    all.all = true;
    emit_z(em, "SELECT DISTINCT ");
    emit_setop_columns(em, s, true);
    emit_z(em, " FROM (");
    emit_setop(em, &all);
    emit_z(em, ")");
}

/* Terms of the compound that s prints without parentheses. */
static int compound_terms(const struct setop *s)
{
    int n = 1;
    for (; s->op != SETOP_NONE && !(s->all && s->op != SETOP_UNION); s = s->left)
        n++;
    return n;
}

static void emit_setop(struct emitter *em, const struct setop *s)
{
    if (++em->depth > EMIT_MAX_DEPTH)
        error_set(em->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    if (error_is_set(em->err)) {
        em->depth--;
        return;
    }
    if (s->op == SETOP_NONE) {
        emit_setop_leaf(em, s);
    } else if (s->all && s->op != SETOP_UNION) {
        give_columns(s->left, s);
        give_columns(s->right, s);
        emit_z(em, "SELECT ");
        emit_setop_columns(em, s, false);
        emit_z(em, " FROM (");
        emit_numbered(em, s->left);
        emit_z(em, s->op == SETOP_EXCEPT ? " EXCEPT " : " INTERSECT ");
        emit_numbered(em, s->right);
        emit_z(em, ")");
    } else if (s->op == SETOP_UNION && !s->all && has_collations(em, s) && s != em->recursive) {
        emit_union_first(em, s);
    } else {
        /* SQLite takes 500 terms in one compound. */
        if (compound_terms(s->left) % 400 == 0)
            emit_setop_right(em, s->left);
        else
            emit_setop(em, s->left);
        emit_z(em, s->op == SETOP_UNION ? (s->all ? " UNION ALL " : " UNION ")
                   : s->op == SETOP_EXCEPT ? " EXCEPT "
                                           : " INTERSECT ");
        emit_setop_right(em, s->right);
    }
    em->depth--;
}

static bool sorts_by_key(const struct emitter *em, const struct query *q)
{
    for (int i = 0; i < q->sort.n; i++)
        if (emit_sort_key(em, q->sort.items[i].expr->type))
            return true;
    return false;
}

static bool scan_drives(const struct query *q)
{
    const struct from_node *first = q->from[0];
    while (first->rte < 0)
        first = first->left;
    return q->rtable[first->rte]->vector != NULL;
}

static bool refers_up(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    return (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup > level;
}

/* SQLite's ORDER BY cannot name columns of queries further out. */
static bool sorts_by_outer(struct emitter *em, const struct query *q)
{
    struct query_walk w = {.expr = refers_up};
    bool vector = q->sort.n && q->nfrom && scan_drives(q);
    for (int i = vector; i < q->sort.n && !em->capture && !q->distinct; i++)
        if (query_walk_expr(&w, q->sort.items[i].expr))
            return true;
    return false;
}

/* Such expressions are columns of a query inside, by which the one around it sorts. */
static void emit_select_wrapped(struct emitter *em, const struct query *q)
{
    int n = emit_query_columns(q);
    emit_z(em, "SELECT ");
    for (int i = 0; i < n; i++)
        emit_printf(em, i ? ", \"c%d\"" : "\"c%d\"", i + 1);
    emit_z(em, n ? " FROM (" : "\"c0\" FROM (");
    em->sorted_outside = q;
    emit_select_core(em, q, false);
    emit_z(em, ")");
}

/* SQLite's LIMIT and OFFSET cannot name columns of queries further out, a condition on the row's number can. */
static bool limited_by_outer(struct emitter *em, const struct query *q)
{
    struct query_walk w = {.expr = refers_up};
    return !em->capture && !q->with_ties &&
           ((q->limit && query_walk_expr(&w, q->limit)) || (q->offset && query_walk_expr(&w, q->offset)));
}

static void emit_numbered_begin(struct emitter *em, const struct query *q)
{
    int n = emit_query_columns(q);
    emit_z(em, "SELECT ");
    for (int i = 0; i < n; i++)
        emit_printf(em, i ? ", \"c%d\"" : "\"c%d\"", i + 1);
    emit_z(em, n ? " FROM (SELECT *, row_number() OVER () AS \"number\" FROM ("
                 : "\"c0\" FROM (SELECT *, row_number() OVER () AS \"number\" FROM (");
}

static void emit_numbered_end(struct emitter *em, const struct query *q)
{
    emit_z(em, ")) WHERE \"number\" > ");
    if (q->offset)
        emit_count_expr(em, q->offset, "offset_count");
    else
        emit_z(em, "0");
    if (!q->limit)
        return;
    emit_z(em, " AND (");
    emit_count_expr(em, q->limit, "limit_count");
    emit_z(em, " < 0 OR \"number\" <= ");
    emit_count_expr(em, q->limit, "limit_count");
    if (q->offset) {
        emit_z(em, " + ");
        emit_count_expr(em, q->offset, "offset_count");
    }
    emit_z(em, ")");
}

void emit_select(struct emitter *em, const struct query *q)
{
    if (error_is_set(em->err))
        return;
    if (++em->depth > EMIT_MAX_DEPTH) {
        error_set(em->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        em->depth--;
        return;
    }
    em->nesting++;
    const struct case_test *outer_test = em->case_test;
    const struct query *sorted_outside = em->sorted_outside;
    struct scope sc;
    emit_scope_enter(em, &sc, q);
    bool numbered = limited_by_outer(em, q);
    if (numbered)
        emit_numbered_begin(em, q);
    emit_with(em, q);
    if (q->setop && sorts_by_key(em, q)) { /* a compound's ORDER BY takes columns only */
        emit_z(em, "SELECT * FROM (");
        emit_setop(em, q->setop);
        emit_z(em, ")");
    } else if (q->setop) {
        emit_setop(em, q->setop);
    } else if (sorts_by_outer(em, q)) {
        emit_select_wrapped(em, q);
    } else {
        emit_select_core(em, q, false);
    }
    emit_order(em, q);
    if (numbered)
        emit_numbered_end(em, q);
    else
        emit_limit(em, q);
    em->sorted_outside = sorted_outside;
    emit_scope_leave(em);
    em->case_test = outer_test;
    em->nesting--;
    em->depth--;
}
