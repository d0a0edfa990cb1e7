/*
 * parse_clause.c: WHERE, LIMIT, ORDER BY, DISTINCT, FOR UPDATE. GROUP BY is in parse_group.c.
 *
 * ORDER BY, GROUP BY and DISTINCT ON items are looked up as SQL92 has it (output column name or
 * position), then as SQL99 has it (any expression).
 */
#include "sql/analyze/clause.h"

#include <string.h>

struct expr *transform_where(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind,
                             const char *construct)
{
    if (!n)
        return NULL;
    return coerce_to_boolean(ps, transform_expr(ps, n, kind), construct);
}

struct expr *transform_limit(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind,
                             const char *construct, bool with_ties)
{
    if (!n)
        return NULL;
    struct expr *e = coerce_to_specific_type(ps, transform_expr(ps, n, kind), INT8OID, construct);
    if (expr_is_poison(e))
        return e;
    struct expr *raw = e;
    if (expr_has_vars(raw)) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, expr_location(e),
                    "argument of %s must not contain variables", construct);
        return expr_poison();
    }
    if (with_ties && kind == EXPR_KIND_LIMIT && e->kind == EXPR_CONST &&
        value_is_null(&e->constant.value))
        return parse_error(ps, ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE, -1,
                           "row count cannot be null in FETCH FIRST ... WITH TIES clause");
    return e;
}

/* --- finding an item among the targets
 * -------------------------------------------------------------- */

static bool check_target_for_group(struct pstate *ps, const struct target *t,
                                   enum parse_expr_kind kind)
{
    int location;
    if (kind != EXPR_KIND_GROUP_BY)
        return true;
    if (ps->has_aggs && expr_has_aggs(t->expr, &location)) {
        parse_error(ps, ERRCODE_GROUPING_ERROR, location,
                    "aggregate functions are not allowed in %s", parse_expr_kind_name(kind));
        return false;
    }
    if (ps->has_windows && expr_has_windows(t->expr, &location)) {
        parse_error(ps, ERRCODE_WINDOWING_ERROR, location, "window functions are not allowed in %s",
                    parse_expr_kind_name(kind));
        return false;
    }
    return true;
}

/* An output column's number (1-based) by name; 0 none, -1 error. */
static int find_target_named(struct pstate *ps, const struct target_list *targets, const char *name,
                             enum parse_expr_kind kind, int location)
{
    int found = 0;
    for (int i = 0; i < targets->n; i++) {
        const struct target *t = &targets->items[i];
        if (t->junk || !t->name || strcmp(t->name, name) != 0)
            continue;
        if (found && !expr_equal(targets->items[found - 1].expr, t->expr)) {
            parse_error(ps, ERRCODE_AMBIGUOUS_COLUMN, location, "%s \"%s\" is ambiguous",
                        parse_expr_kind_name(kind), name);
            return -1;
        }
        if (!found)
            found = i + 1;
    }
    if (found && !check_target_for_group(ps, &targets->items[found - 1], kind))
        return -1;
    return found;
}

static int find_target_position(struct pstate *ps, const struct target_list *targets,
                                const PgQuery__AConst *c, enum parse_expr_kind kind)
{
    if (c->isnull || c->val_case != PG_QUERY__A__CONST__VAL_IVAL) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, c->location, "non-integer constant in %s",
                    parse_expr_kind_name(kind));
        return -1;
    }
    int position = 0;
    for (int i = 0; i < targets->n; i++)
        if (!targets->items[i].junk && ++position == c->ival->ival)
            return check_target_for_group(ps, &targets->items[i], kind) ? i + 1 : -1;
    parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, c->location,
                "%s position %d is not in select list", parse_expr_kind_name(kind), c->ival->ival);
    return -1;
}

/* The item as a target's number in *target, or 0 with an expression of its own. Poison on error. */
struct expr *find_clause_expr(struct pstate *ps, const PgQuery__Node *n,
                              struct target_list *targets, enum parse_expr_kind kind, bool sql99,
                              int *target)
{
    *target = 0;
    if (!sql99 && n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && n->column_ref->n_fields == 1 &&
        n->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING) {
        const char *name = node_string(n->column_ref->fields[0]);
        int location = n->column_ref->location;
        /* For GROUP BY a column of FROM is stronger than an output name. */
        bool shadowed =
            kind == EXPR_KIND_GROUP_BY && col_name_to_var(ps, name, true, location) != NULL;
        if (parse_failed(ps))
            return expr_poison();
        if (!shadowed)
            *target = find_target_named(ps, targets, name, kind, location);
    } else if (!sql99 && n->node_case == PG_QUERY__NODE__NODE_A_CONST) {
        *target = find_target_position(ps, targets, n->a_const, kind);
    }
    if (*target < 0)
        return expr_poison();
    if (*target > 0)
        return targets->items[*target - 1].expr;
    struct expr *e = transform_expr(ps, n, kind);
    if (expr_is_poison(e))
        return e;
    for (int i = 0; i < targets->n; i++)
        if (expr_equal(e, targets->items[i].expr)) {
            *target = i + 1;
            return targets->items[i].expr;
        }
    return e;
}

/* --- ORDER BY
 * ------------------------------------------------------------------------------------------ */

static bool sort_item_using(struct pstate *ps, const PgQuery__SortBy *sb, struct sort_item *out)
{
    const struct operator_def *op =
        oper(ps, sb->use_op, sb->n_use_op, out->expr->type, out->expr->type, false, sb->location);
    if (!op)
        return false;
    bool reverse = false;
    if (!ordering_operator_equality(ps, op, &out->eq, &reverse)) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, sb->location,
                    "operator %s is not a valid ordering operator",
                    name_list_text(ps, sb->use_op, sb->n_use_op));
        parse_error_hint(
            ps, "Ordering operators must be \"<\" or \">\" members of btree operator families.");
        return false;
    }
    out->lt = op;
    out->desc = reverse;
    return true;
}

bool make_sort_item(struct pstate *ps, const PgQuery__SortBy *sb, struct expr *e,
                    struct sort_item *out)
{
    if (expr_is_poison(e))
        return false;
    e = resolve_unknown(ps, e);
    *out = (struct sort_item){.expr = e};
    if (sb->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING) {
        if (!sort_item_using(ps, sb, out))
            return false;
    } else {
        out->desc = sb->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
        const struct operator_def *gt;
        if (!get_sort_group_operators(ps, e->type, true, true, out->desc, &out->lt, &out->eq, &gt,
                                      raw_location(sb->node)))
            return false;
    }
    switch (sb->sortby_nulls) {
    case PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST:
        out->nulls_first = true;
        break;
    case PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST:
        out->nulls_first = false;
        break;
    default:
        out->nulls_first = out->desc;
        break;
    }
    return true;
}

static bool sort_list_has(const struct sort_list *l, const struct expr *e)
{
    for (int i = 0; i < l->n; i++)
        if (expr_equal(l->items[i].expr, e))
            return true;
    return false;
}

bool transform_sort_clause(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                           struct target_list *targets, enum parse_expr_kind kind, bool sql99,
                           bool setop, struct sort_list *out)
{
    if (!n)
        return true;
    out->items = ARENA_ARRAY(ps->a->arena, struct sort_item, n);
    for (size_t i = 0; i < n; i++) {
        const PgQuery__SortBy *sb = nodes[i]->sort_by;
        int target;
        struct expr *e = find_clause_expr(ps, sb->node, targets, kind, sql99, &target);
        if (expr_is_poison(e))
            return false;
        if (setop && !target) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, raw_location(sb->node),
                        "invalid UNION/INTERSECT/EXCEPT ORDER BY clause");
            parse_error_detail(
                ps, "Only result column names can be used, not expressions or functions.");
            parse_error_hint(
                ps, "Add the expression/function to every SELECT, or move the UNION into a FROM "
                    "clause.");
            return false;
        }
        struct sort_item item;
        if (!make_sort_item(ps, sb, e, &item))
            return false;
        if (target)
            targets->items[target - 1].expr = item.expr;
        item.target = target;
        if (!sort_list_has(out, item.expr))
            out->items[out->n++] = item;
    }
    return true;
}

/* --- DISTINCT
 * --------------------------------------------------------------------------------------------- */

static bool distinct_all(struct pstate *ps, struct target_list *targets)
{
    struct query *q = ps->query;
    for (int i = 0; i < q->sort.n; i++)
        if (!q->sort.items[i].target) {
            parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, expr_location(q->sort.items[i].expr),
                        "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
            return false;
        }
    if (!targets->n) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "SELECT DISTINCT must have at least one column");
        return false;
    }
    for (int i = 0; i < targets->n; i++) {
        struct target *t = &targets->items[i];
        const struct operator_def *eq;
        t->expr = resolve_unknown(ps, t->expr);
        if (!get_sort_group_operators(ps, t->expr->type, false, true, false, NULL, &eq, NULL,
                                      expr_location(t->expr)))
            return false;
    }
    q->distinct = true;
    return true;
}

static bool distinct_mismatch(struct pstate *ps, const PgQuery__Node *n)
{
    parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, raw_location(n),
                "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
    return false;
}

/* The ON list in order of ORDER BY as far as that goes; the rest as written. */
static bool distinct_order(struct pstate *ps, const PgQuery__SelectStmt *s, struct sort_item *on,
                           int n)
{
    struct query *q = ps->query;
    bool *used = ARENA_ARRAY(ps->a->arena, bool, n);
    bool skipped = false;
    q->distinct_on.items = ARENA_ARRAY(ps->a->arena, struct sort_item, n);
    for (int i = 0; i < q->sort.n; i++) {
        int k = 0;
        while (k < n && !expr_equal(on[k].expr, q->sort.items[i].expr))
            k++;
        if (k == n) {
            skipped = true;
            continue;
        }
        if (skipped)
            return distinct_mismatch(ps, s->distinct_clause[k]);
        used[k] = true;
        q->distinct_on.items[q->distinct_on.n++] = q->sort.items[i];
    }
    for (int k = 0; k < n; k++) {
        if (used[k] || sort_list_has(&q->distinct_on, on[k].expr))
            continue;
        if (skipped)
            return distinct_mismatch(ps, s->distinct_clause[k]);
        q->distinct_on.items[q->distinct_on.n++] = on[k];
    }
    return true;
}

bool transform_distinct_clause(struct pstate *ps, const PgQuery__SelectStmt *s,
                               struct target_list *targets)
{
    if (!s->n_distinct_clause)
        return true;
    if (s->distinct_clause[0]->node_case == PG_QUERY__NODE__NODE__NOT_SET)
        return distinct_all(ps, targets);
    struct sort_item *on = ARENA_ARRAY(ps->a->arena, struct sort_item, s->n_distinct_clause);
    for (size_t i = 0; i < s->n_distinct_clause; i++) {
        int target;
        struct expr *e = find_clause_expr(ps, s->distinct_clause[i], targets, EXPR_KIND_DISTINCT_ON,
                                          false, &target);
        if (expr_is_poison(e))
            return false;
        e = resolve_unknown(ps, e);
        if (target)
            targets->items[target - 1].expr = e;
        on[i] = (struct sort_item){.expr = e, .target = target};
        if (!get_sort_group_operators(ps, e->type, false, true, false, &on[i].lt, &on[i].eq, NULL,
                                      raw_location(s->distinct_clause[i])))
            return false;
    }
    return distinct_order(ps, s, on, (int)s->n_distinct_clause);
}

/* --- FOR UPDATE
 * --------------------------------------------------------------------------------------------- */

static enum lock_strength strength_of(const PgQuery__LockingClause *lc)
{
    switch (lc->strength) {
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORKEYSHARE:
        return LOCK_KEY_SHARE;
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORSHARE:
        return LOCK_SHARE;
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORNOKEYUPDATE:
        return LOCK_NO_KEY_UPDATE;
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORUPDATE:
        return LOCK_UPDATE;
    default:
        return LOCK_NONE;
    }
}

const char *locking_clause_name(const PgQuery__LockingClause *lc)
{
    static const char *const names[] = {"FOR some", "FOR KEY SHARE", "FOR SHARE",
                                        "FOR NO KEY UPDATE", "FOR UPDATE"};
    return names[strength_of(lc)];
}

static enum lock_wait wait_of(const PgQuery__LockingClause *lc)
{
    switch (lc->wait_policy) {
    case PG_QUERY__LOCK_WAIT_POLICY__LockWaitSkip:
        return LOCK_WAIT_SKIP;
    case PG_QUERY__LOCK_WAIT_POLICY__LockWaitError:
        return LOCK_WAIT_ERROR;
    default:
        return LOCK_WAIT_BLOCK;
    }
}

/* Rows must still be identifiable when they are locked. */
static bool check_lockable(struct pstate *ps, const PgQuery__LockingClause *lc)
{
    const struct query *q = ps->query;
    const char *with = q->setop                          ? "UNION/INTERSECT/EXCEPT"
                       : q->distinct || q->distinct_on.n ? "DISTINCT clause"
                       : q->group.n || q->grouping_sets  ? "GROUP BY clause"
                       : q->having                       ? "HAVING clause"
                       : ps->has_aggs                    ? "aggregate functions"
                       : ps->has_windows                 ? "window functions"
                       : ps->has_srfs ? "set-returning functions in the target list"
                                      : NULL;
    if (with)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s is not allowed with %s",
                    locking_clause_name(lc), with);
    return !with;
}

static const char *unlockable_kind(const struct nsitem *item)
{
    if (!item->rte)
        return "a join";
    switch (item->rte->kind) {
    case RTE_FUNCTION:
        return "a function";
    case RTE_VALUES:
        return "VALUES";
    case RTE_CTE:
        return "a WITH query";
    default:
        return NULL;
    }
}

static bool lock_named(struct pstate *ps, const PgQuery__LockingClause *lc,
                       const PgQuery__RangeVar *rv, int *rtes, int *n)
{
    if (*rv->catalogname || *rv->schemaname) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, rv->location,
                    "%s must specify unqualified relation names", locking_clause_name(lc));
        return false;
    }
    for (int i = 0; i < ps->nns; i++) {
        const struct nsitem *item = ps->ns[i];
        if (!item->rel_visible || !item->name || strcmp(item->name, rv->relname) != 0)
            continue;
        const char *kind = unlockable_kind(item);
        if (kind) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, rv->location,
                        "%s cannot be applied to %s", locking_clause_name(lc), kind);
            return false;
        }
        rtes[(*n)++] = item->rtindex;
        return true;
    }
    parse_error(ps, ERRCODE_UNDEFINED_TABLE, rv->location,
                "relation \"%s\" in %s clause not found in FROM clause", rv->relname,
                locking_clause_name(lc));
    return false;
}

/* Rows of sequences and materialized views are nobody's to lock. */
static bool check_locked_kinds(struct pstate *ps, bool all)
{
    const struct query *q = ps->query;
    for (int i = 0; i < (all ? q->nrtable : q->nlocked_rtes); i++) {
        const struct rte *rte = q->rtable[all ? i : q->locked_rtes[i]];
        const struct relation *r = rte->kind == RTE_RELATION && rte->in_from ? rte->relation : NULL;
        if (!r || (r->kind != RELKIND_SEQUENCE && r->kind != RELKIND_MATVIEW))
            continue;
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "cannot lock rows in %s \"%s\"",
                    r->kind == RELKIND_SEQUENCE ? "sequence" : "materialized view", r->name);
        return false;
    }
    return true;
}

bool transform_locking(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    struct query *q = ps->query;
    int *rtes = NULL, n = 0;
    bool all = false;
    size_t room = 0;
    for (size_t i = 0; i < s->n_locking_clause; i++)
        room += s->locking_clause[i]->locking_clause->n_locked_rels;
    rtes = ARENA_ARRAY(ps->a->arena, int, room + 1);
    for (size_t i = 0; i < s->n_locking_clause; i++) {
        const PgQuery__LockingClause *lc = s->locking_clause[i]->locking_clause;
        if (!check_lockable(ps, lc))
            return false;
        all = all || !lc->n_locked_rels;
        for (size_t k = 0; k < lc->n_locked_rels; k++)
            if (!lock_named(ps, lc, lc->locked_rels[k]->range_var, rtes, &n))
                return false;
        if (strength_of(lc) > q->lock)
            q->lock = strength_of(lc);
        if (wait_of(lc) > q->lock_wait)
            q->lock_wait = wait_of(lc);
    }
    if (q->lock != LOCK_NONE && !all) {
        q->locked_rtes = rtes;
        q->nlocked_rtes = n;
    }
    return q->lock == LOCK_NONE || check_locked_kinds(ps, all);
}
