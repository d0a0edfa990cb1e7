/*
 * parse_from.c: FROM: tables, subqueries, joins, samples; and the table a statement changes.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* What one item of FROM gives: its node, what it adds to the namespace, and all of its columns. */
struct from_item {
    struct from_node *node;
    struct ns_list ns;
    struct nsitem *columns;
};

static bool transform_from_item(struct pstate *ps, const PgQuery__Node *n, struct from_item *out);

/* --- tables -------------------------------------------------------------------------------------
 */

static const PgQuery__Alias *alias_of(const PgQuery__RangeVar *rv)
{
    return rv->alias;
}

static struct nsitem *add_item(struct pstate *ps, struct rte *rte)
{
    return rte ? nsitem_for_rte(ps, rte, rte_add(ps, rte)) : NULL;
}

static struct nsitem *range_var_cte(struct pstate *ps, const PgQuery__RangeVar *rv, struct cte *cte,
                                    int levelsup)
{
    if (!cte->columns && cte->query && cte->query->command != QUERY_SELECT &&
        !cte->query->nreturning) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, rv->location,
                    "WITH query \"%s\" does not have a RETURNING clause", cte->name);
        return NULL;
    }
    struct rte *rte = ARENA_NEW(ps->a->arena, struct rte);
    rte->kind = RTE_CTE;
    rte->alias = cte->name;
    rte->in_from = true;
    rte->cte.name = cte->name;
    rte->cte.levelsup = levelsup;
    rte->cte.cte = cte;
    rte->cte.self = cte->query == NULL;
    rte->ncolumns = cte->ncolumns;
    rte->columns = cte->ncolumns ? arena_memdup(ps->a->arena, cte->columns,
                                                sizeof *cte->columns * (size_t)cte->ncolumns)
                                 : NULL;
    cte->references++;
    if (!rte_apply_alias(ps, rte, alias_of(rv)))
        return NULL;
    struct nsitem *item = add_item(ps, rte);
    for (int i = 0; item && rte->cte.self && i < cte->nadded; i++)
        item->columns[item->ncolumns - 1 - i].no_star = true;
    return item;
}

const struct relation *open_relation(struct pstate *ps, const PgQuery__RangeVar *rv)
{
    const struct relation *r =
        lookup_relation(ps, *rv->catalogname ? rv->catalogname : NULL,
                        *rv->schemaname ? rv->schemaname : NULL, rv->relname, false, rv->location);
    if (!r)
        return NULL;
    if (r->kind == RELKIND_INDEX || r->kind == RELKIND_COMPOSITE) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, rv->location,
                    r->kind == RELKIND_INDEX ? "\"%s\" is an index" : "\"%s\" is a composite type",
                    r->name);
        return NULL;
    }
    return r;
}

/* A transition table of that name; NULL if there is none. */
static struct rte *rte_for_transition(struct pstate *ps, const PgQuery__RangeVar *rv)
{
    const struct transition_names *t = ps->a->transitions;
    bool old = t && t->old_table && !strcmp(t->old_table, rv->relname);
    bool new = t && t->new_table && !strcmp(t->new_table, rv->relname);
    if (*rv->schemaname || (!old && !new))
        return NULL;
    struct rte *rte = rte_for_relation(ps, t->relation, NULL, false);
    rte->kind = RTE_ROWSET;
    rte->relation = NULL;
    rte->alias = arena_strdup(ps->a->arena, rv->relname);
    rte->rowset = old ? ROWSET_TRANSITION_OLD : ROWSET_TRANSITION_NEW;
    return rte_apply_alias(ps, rte, alias_of(rv)) ? rte : NULL;
}

struct nsitem *transform_range_var(struct pstate *ps, const PgQuery__RangeVar *rv)
{
    int levelsup;
    struct cte *cte = *rv->schemaname ? NULL : lookup_cte(ps, rv->relname, &levelsup);
    if (cte)
        return range_var_cte(ps, rv, cte, levelsup);
    struct rte *transition = rte_for_transition(ps, rv);
    if (transition || parse_failed(ps))
        return transition ? add_item(ps, transition) : NULL;
    const struct relation *r = open_relation(ps, rv);
    if (!r)
        return NULL;
    if (r->view_sql && r->kind != RELKIND_MATVIEW)
        return add_item(ps, rte_for_view(ps, r, alias_of(rv)));
    return add_item(ps, rte_for_relation(ps, r, alias_of(rv), rv->inh));
}

/* --- subqueries and samples
 * ------------------------------------------------------------------------ */

static struct nsitem *range_subselect(struct pstate *ps, const PgQuery__RangeSubselect *rs)
{
    if (!rs->alias) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "subquery in FROM must have an alias");
        return NULL;
    }
    enum parse_expr_kind saved_kind = ps->expr_kind;
    bool saved_lateral = ps->lateral_active;
    ps->expr_kind = EXPR_KIND_FROM_SUBSELECT;
    ps->lateral_active = rs->lateral;
    struct query *q = parse_sub_analyze(ps, rs->subquery, NULL, false, true);
    ps->lateral_active = saved_lateral;
    ps->expr_kind = saved_kind;
    if (!q)
        return NULL;
    struct rte *rte = rte_for_subquery(ps, q, "");
    rte->lateral = rs->lateral;
    if (!rte_apply_alias(ps, rte, rs->alias))
        return NULL;
    return add_item(ps, rte);
}

static bool table_sample(struct pstate *ps, const PgQuery__RangeTableSample *ts, struct rte *rte)
{
    if (rte->kind != RTE_RELATION ||
        (rte->relation->kind != RELKIND_TABLE && rte->relation->kind != RELKIND_MATVIEW &&
         rte->relation->kind != RELKIND_PARTITIONED)) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, raw_location(ts->relation),
                    "TABLESAMPLE clause can only be applied to tables and materialized views");
        return false;
    }
    const char *method = node_string(ts->method[ts->n_method - 1]);
    if (strcmp(method, "bernoulli") != 0 && strcmp(method, "system") != 0) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, ts->location,
                    "tablesample method %s does not exist",
                    name_list_text(ps, ts->method, ts->n_method));
        return false;
    }
    if (ts->n_args != 1) {
        parse_error(ps, ERRCODE_INVALID_TABLESAMPLE_ARGUMENT, ts->location,
                    "tablesample method %s requires 1 argument, not %d", method, (int)ts->n_args);
        return false;
    }
    bool saved = ps->lateral_active;
    ps->lateral_active = true;
    struct expr *e = transform_expr(ps, ts->args[0], EXPR_KIND_FROM_FUNCTION);
    rte->tablesample = coerce_to_specific_type(ps, e, FLOAT4OID, "TABLESAMPLE");
    rte->sample_method = arena_strdup(ps->a->arena, method);
    if (ts->repeatable) {
        e = transform_expr(ps, ts->repeatable, EXPR_KIND_FROM_FUNCTION);
        rte->sample_repeatable = coerce_to_specific_type(ps, e, FLOAT8OID, "REPEATABLE");
    }
    ps->lateral_active = saved;
    return !parse_failed(ps);
}

/* --- joins
 * ------------------------------------------------------------------------------------------- */

/* A join's column being assembled: which column of which side. */
struct join_columns {
    struct ns_column *items;
    int n;
};

static int find_using_column(struct pstate *ps, const struct nsitem *side, const char *name,
                             const char *side_name)
{
    int found = -1;
    for (int i = 0; i < side->ncolumns; i++) {
        if (!side->columns[i].name || strcmp(side->columns[i].name, name) != 0)
            continue;
        if (found >= 0) {
            parse_error(ps, ERRCODE_AMBIGUOUS_COLUMN, -1,
                        "common column name \"%s\" appears more than once in %s table", name,
                        side_name);
            return -1;
        }
        found = i;
    }
    if (found < 0)
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, -1,
                    "column \"%s\" specified in USING clause does not exist in %s table", name,
                    side_name);
    return found;
}

/* The value of a merged column, by the kind of join. */
static struct expr *merged_column(struct pstate *ps, enum join_kind join, struct expr *left,
                                  struct expr *right)
{
    struct expr *both[2] = {left, right};
    uint32_t type = select_common_type(ps, both, 2, "JOIN/USING", NULL);
    if (parse_failed(ps))
        return expr_poison();
    int32_t typmod = select_common_typmod(ps, both, 2, type);
    for (int i = 0; i < 2; i++) {
        struct expr *e = expr_copy(ps->a->arena, both[i]);
        if (e->type != type || e->typmod != typmod)
            e = coerce_type(ps, e, type, typmod, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
        both[i] = e;
    }
    switch (join) {
    case JOIN_LEFT:
        return both[0];
    case JOIN_RIGHT:
        return both[1];
    case JOIN_FULL: {
        struct expr *e = expr_new(ps->a->arena, EXPR_COALESCE, type, typmod, -1);
        e->collation = left->collation;
        expr_list_add(ps->a->arena, &e->list.args, both[0]);
        expr_list_add(ps->a->arena, &e->list.args, both[1]);
        return e;
    }
    default:
        /* Of two equal values, the one that needs no cast. */
        return both[0]->kind != EXPR_VAR && both[1]->kind == EXPR_VAR ? both[1] : both[0];
    }
}

static const char **natural_columns(struct pstate *ps, const struct nsitem *l,
                                    const struct nsitem *r, int *n)
{
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, l->ncolumns + 1);
    *n = 0;
    for (int i = 0; i < l->ncolumns; i++)
        for (int k = 0; l->columns[i].name && k < r->ncolumns; k++)
            if (r->columns[k].name && !strcmp(l->columns[i].name, r->columns[k].name)) {
                names[(*n)++] = l->columns[i].name;
                break;
            }
    return names;
}

static const char **using_columns(struct pstate *ps, const PgQuery__JoinExpr *j, int *n)
{
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, j->n_using_clause + 1);
    *n = 0;
    for (size_t i = 0; i < j->n_using_clause; i++) {
        const char *name = arena_strdup(ps->a->arena, node_string(j->using_clause[i]));
        for (int k = 0; k < *n; k++)
            if (!strcmp(names[k], name)) {
                parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1,
                            "column name \"%s\" appears more than once in USING clause", name);
                return names;
            }
        names[(*n)++] = name;
    }
    return names;
}

/* ON for USING and NATURAL, and the merged columns in front of the join's other columns. */
static bool join_using(struct pstate *ps, struct from_node *node, const struct nsitem *l,
                       const struct nsitem *r, struct join_columns *cols, bool *lused, bool *rused)
{
    for (int i = 0; i < node->nusing; i++) {
        const char *name = node->using_columns[i];
        int li = find_using_column(ps, l, name, "left");
        int ri = li < 0 ? -1 : find_using_column(ps, r, name, "right");
        if (ri < 0)
            return false;
        lused[li] = rused[ri] = true;
        struct expr *le = l->columns[li].expr, *re = r->columns[ri].expr;
        struct expr *merged = merged_column(ps, node->join, le, re);
        if (expr_is_poison(merged))
            return false;
        enum parse_expr_kind saved = ps->expr_kind;
        ps->expr_kind = EXPR_KIND_JOIN_USING;
        struct expr *eq =
            make_op_named(ps, "=", expr_copy(ps->a->arena, le), expr_copy(ps->a->arena, re), -1);
        ps->expr_kind = saved;
        if (expr_is_poison(eq))
            return false;
        node->on = make_and(ps, node->on, coerce_to_boolean(ps, eq, "JOIN/USING"));
        cols->items[cols->n++] = (struct ns_column){.name = name, .expr = merged};
    }
    return true;
}

static void join_rest(struct join_columns *cols, const struct nsitem *side, const bool *used)
{
    for (int i = 0; i < side->ncolumns; i++)
        if (!used[i] && side->columns[i].name)
            cols->items[cols->n++] = side->columns[i];
}

static bool join_on(struct pstate *ps, const PgQuery__Node *quals, struct from_node *node,
                    const struct ns_list *ns)
{
    struct ns_list saved = ns_save(ps);
    ns_set_lateral(ns, false, true);
    ns_restore(ps, *ns);
    node->on = transform_where(ps, quals, EXPR_KIND_JOIN_ON, "JOIN/ON");
    ns_restore(ps, saved);
    return !parse_failed(ps);
}

/* A copy of the columns under the names of the join's alias. */
static bool join_alias_columns(struct pstate *ps, struct join_columns *cols,
                               const PgQuery__Alias *alias)
{
    if (!alias)
        return true;
    if ((int)alias->n_colnames > cols->n) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, -1,
                    "join expression \"%s\" has %d columns available but %d columns specified",
                    alias->aliasname, cols->n, (int)alias->n_colnames);
        return false;
    }
    for (size_t i = 0; i < alias->n_colnames; i++)
        cols->items[i].name = arena_strdup(ps->a->arena, node_string(alias->colnames[i]));
    return true;
}

static struct nsitem *join_item(struct pstate *ps, const char *name, struct ns_column *columns,
                                int n)
{
    struct nsitem *item = ARENA_NEW(ps->a->arena, struct nsitem);
    *item = (struct nsitem){.name = name,
                            .rtindex = -1,
                            .columns = columns,
                            .ncolumns = n,
                            .cols_visible = true,
                            .lateral_ok = true};
    return item;
}

static enum join_kind join_kind_of(const PgQuery__JoinExpr *j)
{
    switch (j->jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
        return JOIN_LEFT;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
        return JOIN_FULL;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
        return JOIN_RIGHT;
    default:
        return j->is_natural || j->n_using_clause || j->quals ? JOIN_INNER : JOIN_CROSS;
    }
}

static bool join_sides(struct pstate *ps, const PgQuery__JoinExpr *j, struct from_item *l,
                       struct from_item *r)
{
    if (!transform_from_item(ps, j->larg, l))
        return false;
    /* The right side may refer laterally to the left one, if the join keeps the left rows apart. */
    ns_set_lateral(&l->ns, true,
                   j->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER ||
                       j->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT);
    struct ns_list saved = ns_save(ps), widened = saved;
    ns_concat(ps, &widened, &l->ns);
    ns_restore(ps, widened);
    bool ok = transform_from_item(ps, j->rarg, r);
    ns_restore(ps, saved);
    return ok && ns_check_conflicts(ps, &l->ns, &r->ns);
}

static void join_namespace(struct pstate *ps, const PgQuery__JoinExpr *j, struct from_item *out,
                           struct join_columns *cols)
{
    const char *alias = j->alias ? arena_strdup(ps->a->arena, j->alias->aliasname) : NULL;
    struct ns_column *merged = NULL;
    if (j->join_using_alias)
        merged =
            arena_memdup(ps->a->arena, cols->items, sizeof *merged * (size_t)out->node->nusing);
    out->columns = join_item(ps, alias, cols->items, cols->n);
    out->columns->rel_visible = alias != NULL;
    out->node->alias = alias;
    /* An alias hides the names inside; without one they stay, but unqualified names go through the
     * join. */
    if (alias)
        out->ns = (struct ns_list){0};
    else
        ns_hide_columns(&out->ns);
    if (j->join_using_alias) {
        struct nsitem *u = join_item(ps, arena_strdup(ps->a->arena, j->join_using_alias->aliasname),
                                     merged, out->node->nusing);
        u->rel_visible = true;
        u->cols_visible = false;
        struct ns_list one = {&u, 1};
        if (ns_check_conflicts(ps, &one, &out->ns) && !alias)
            ns_append(ps, &out->ns, u);
    }
    ns_append(ps, &out->ns, out->columns);
}

static bool transform_join(struct pstate *ps, const PgQuery__JoinExpr *j, struct from_item *out)
{
    struct from_item l = {0}, r = {0};
    if (!join_sides(ps, j, &l, &r))
        return false;
    struct from_node *node = ARENA_NEW(ps->a->arena, struct from_node);
    *node = (struct from_node){.rte = -1,
                               .join = join_kind_of(j),
                               .left = l.node,
                               .right = r.node,
                               .natural = j->is_natural};
    out->node = node;
    ns_concat(ps, &out->ns, &l.ns);
    ns_concat(ps, &out->ns, &r.ns);
    int nl = l.columns->ncolumns, nr = r.columns->ncolumns;
    bool *lused = ARENA_ARRAY(ps->a->arena, bool, nl + 1),
         *rused = ARENA_ARRAY(ps->a->arena, bool, nr + 1);
    struct join_columns cols = {ARENA_ARRAY(ps->a->arena, struct ns_column, nl + nr + 1), 0};
    if (j->is_natural)
        node->using_columns = natural_columns(ps, l.columns, r.columns, &node->nusing);
    else if (j->n_using_clause)
        node->using_columns = using_columns(ps, j, &node->nusing);
    if (parse_failed(ps) || !join_using(ps, node, l.columns, r.columns, &cols, lused, rused))
        return false;
    if (j->quals && !join_on(ps, j->quals, node, &out->ns))
        return false;
    join_rest(&cols, l.columns, lused);
    join_rest(&cols, r.columns, rused);
    if (!join_alias_columns(ps, &cols, j->alias))
        return false;
    join_namespace(ps, j, out, &cols);
    return !parse_failed(ps);
}

/* --- FROM
 * -----------------------------------------------------------------------------------------------
 */

static bool from_leaf(struct pstate *ps, struct nsitem *item, struct from_item *out)
{
    if (!item)
        return false;
    struct from_node *node = ARENA_NEW(ps->a->arena, struct from_node);
    node->rte = item->rtindex;
    out->node = node;
    out->columns = item;
    ns_append(ps, &out->ns, item);
    return true;
}

static bool transform_from_item(struct pstate *ps, const PgQuery__Node *n, struct from_item *out)
{
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
        return from_leaf(ps, transform_range_var(ps, n->range_var), out);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
        return from_leaf(ps, range_subselect(ps, n->range_subselect), out);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
        return from_leaf(ps, transform_range_function(ps, n->range_function), out);
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
        return transform_from_item(ps, n->range_table_sample->relation, out) &&
               table_sample(ps, n->range_table_sample, out->columns->rte);
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
        return transform_join(ps, n->join_expr, out);
    case PG_QUERY__NODE__NODE_RANGE_TABLE_FUNC:
        return from_leaf(ps, transform_range_table_func(ps, n->range_table_func), out);
    default:
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "this form of FROM item is not supported");
        return false;
    }
}

bool transform_from_clause(struct pstate *ps, PgQuery__Node *const *nodes, size_t n)
{
    struct query *q = ps->query;
    struct from_node **from =
        ARENA_ARRAY(ps->a->arena, struct from_node *, (size_t)q->nfrom + n + 1);
    if (q->nfrom)
        memcpy(from, q->from, sizeof *from * (size_t)q->nfrom);
    q->from = from;
    for (size_t i = 0; i < n; i++) {
        struct from_item item = {0};
        struct ns_list ns = ns_save(ps);
        if (!transform_from_item(ps, nodes[i], &item))
            return false;
        if (!ns_check_conflicts(ps, &ns, &item.ns))
            return false;
        /* Items further right see this one only through LATERAL. */
        ns_set_lateral(&item.ns, true, true);
        ns_concat(ps, &ns, &item.ns);
        ns_restore(ps, ns);
        q->from[q->nfrom++] = item.node;
    }
    struct ns_list all = ns_save(ps);
    ns_set_lateral(&all, false, true);
    return true;
}
