/*
 * analyze_view.c: views. A reference to a view becomes a subquery entry that remembers the view, so
 * later stages know no rules; a simple view as target of INSERT, UPDATE or DELETE stands for its
 * base table.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* The view's own SELECT, analyzed apart from the statement: it sees none of its names. NULL after
 * an error. */
static struct query *view_query(struct pstate *ps, const struct relation *view)
{
    if (ps->level + 1 >= VIEW_DEPTH_MAX) {
        parse_error(ps, ERRCODE_STATEMENT_TOO_COMPLEX, -1,
                    "views are nested too deeply at view \"%s\"", view->name);
        return NULL;
    }
    struct error err;
    struct analysis inner = *ps->a;
    error_init(&err, ps->a->arena);
    inner.err = &err;
    inner.role = 0; /* schemas a stored query names are no affair of who uses it */
    inner.params = NULL;
    inner.nparams = 0;
    inner.variable_params = false;
    inner.names = NULL;
    struct query *q = analyze_view_text(&inner, view->view_sql, ps->level + 1);
    if (!q) {
        err.position = 0;
        error_context(&err, "view \"%s\"", view->name);
        error_copy(ps->a->err, &err);
    }
    return q;
}

/* e as the value of a view's column: coerced to its type. Domains here are information_schema's, whose checks the views'
   own expressions meet: the base type is reached and then only named anew. */
static struct expr *fit_expression(struct pstate *ps, struct expr *e, const struct attribute *column)
{
    const struct type_def *t = type_builtin(column->type);
    uint32_t base = t && t->typtype == 'd' ? t->basetype : column->type;
    if (e->type == column->type)
        return e;
    if (e->type != base) {
        struct expr *c = coerce_to_target_type(ps, e, base, -1, COERCION_EXPLICIT, COERCE_EXPLICIT, -1);
        if (!c) {
            parse_error(ps, ERRCODE_INTERNAL_ERROR, -1, "system view column \"%s\" is of the wrong type", column->name);
            return e;
        }
        e = c;
    }
    if (base == column->type)
        return e;
    if (e->kind == EXPR_CONST)
        return expr_const(ps->a->arena, column->type, -1, e->constant.value, -1);
    struct expr *named = expr_new(ps->a->arena, EXPR_RELABEL, column->type, -1, -1);
    named->cast.arg = e;
    named->cast.form = COERCE_EXPLICIT;
    named->collation = column->collation;
    return named;
}

/* The columns of a system view by name, in the order and with the types that it has: what its text does not give is NULL.
   A text whose targets are referred to by number (DISTINCT, GROUP BY, ORDER BY, UNION) stands in a subselect of its own. */
static void fit_targets(struct pstate *ps, const struct relation *view, struct query *q)
{
    struct target *fitted = ARENA_ARRAY(ps->a->arena, struct target, view->natts + 1);
    int given = 0;
    for (int i = 0; i < view->natts; i++) {
        const struct attribute *column = &view->atts[i];
        fitted[i].name = column->name;
        for (int k = 0; k < q->ntargets && !fitted[i].expr; k++)
            if (q->targets[k].name && strcmp(q->targets[k].name, column->name) == 0)
                fitted[i].expr = fit_expression(ps, q->targets[k].expr, column);
        given += fitted[i].expr != NULL;
        if (!fitted[i].expr)
            fitted[i].expr = expr_const(ps->a->arena, column->type, column->typmod, value_null(), -1);
    }
    if (given != q->ntargets)
        parse_error(ps, ERRCODE_INTERNAL_ERROR, -1, "system view \"%s\" gives a column it does not have", view->name);
    q->targets = fitted;
    q->ntargets = view->natts;
}

struct rte *rte_for_view(struct pstate *ps, const struct relation *view,
                         const PgQuery__Alias *alias)
{
    struct query *q = view_query(ps, view);
    if (!q)
        return NULL;
    if (view->system)
        fit_targets(ps, view, q);
    struct rte *rte = ARENA_NEW(ps->a->arena, struct rte);
    rte->kind = RTE_SUBQUERY;
    rte->alias = view->name;
    rte->in_from = true;
    rte->relation = view;
    rte->subquery = q;
    relation_columns(ps, view, &rte->columns, &rte->ncolumns);
    /* Attributes of a view are its targets one by one; a view is never altered by dropping columns.
     */
    if (rte->ncolumns != q->ntargets) {
        parse_error(ps, ERRCODE_INTERNAL_ERROR, -1,
                    "view \"%s\" has %d columns but its query gives %d", view->name, rte->ncolumns,
                    q->ntargets);
        return NULL;
    }
    return rte_apply_alias(ps, rte, alias) ? rte : NULL;
}

/* --- updatable views
 * --------------------------------------------------------------------------------------- */

static const char no_columns[] = "Views that have no updatable columns are not automatically updatable.";

static const char *not_updatable_reason(const struct query *q)
{
    if (q->distinct || q->distinct_on.n)
        return "Views containing DISTINCT are not automatically updatable.";
    if (q->group.n || q->grouping_sets)
        return "Views containing GROUP BY are not automatically updatable.";
    if (q->having)
        return "Views containing HAVING are not automatically updatable.";
    if (q->setop)
        return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.";
    if (q->nctes)
        return "Views containing WITH are not automatically updatable.";
    if (q->limit || q->offset)
        return "Views containing LIMIT or OFFSET are not automatically updatable.";
    if (q->has_aggs)
        return "Views that return aggregate functions are not automatically updatable.";
    if (q->has_windows)
        return "Views that return window functions are not automatically updatable.";
    if (q->has_srfs)
        return "Views that return set-returning functions are not automatically updatable.";
    if (q->nfrom != 1 || q->from[0]->rte < 0 || !q->rtable[q->from[0]->rte]->relation)
        return "Views that do not select from a single table or view are not automatically "
               "updatable.";
    if (q->rtable[q->from[0]->rte]->tablesample)
        return "Views containing TABLESAMPLE are not automatically updatable.";
    return NULL;
}

static struct view_target *refuse_view(struct pstate *ps, const struct relation *view,
                                       const char *verb, const char *detail)
{
    static const struct {
        const char *verb, *doing, *gerund;
    } verbs[] = {{"INSERT", "insert into", "inserting into"},
                 {"UPDATE", "update", "updating"},
                 {"DELETE", "delete from", "deleting from"}};
    int i = !strcmp(verb, "UPDATE") ? 1 : !strcmp(verb, "DELETE") ? 2 : 0;
    parse_error(ps, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, -1, "cannot %s view \"%s\"",
                verbs[i].doing, view->name);
    parse_error_detail(ps, "%s", detail);
    parse_error_hint(
        ps,
        "To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO "
        "INSTEAD rule.",
        verbs[i].gerund, verb, verb);
    return NULL;
}

/* The view's columns over the base table: either the FROM item is the base, or itself an updatable
   view whose columns are put in. */
static struct view_target *compose(struct pstate *ps, const struct relation *view, struct query *q,
                                   const struct view_target *inner, int from,
                                   const struct relation *base)
{
    struct view_target *v = ARENA_NEW(ps->a->arena, struct view_target);
    struct expr *const *put = inner ? inner->columns : NULL;
    v->base = base;
    v->through = ARENA_NEW(ps->a->arena, struct rte_view);
    v->ncolumns = q->ntargets;
    v->inh = inner ? inner->inh : q->rtable[from]->inh;
    v->columns = ARENA_ARRAY(ps->a->arena, struct expr *, q->ntargets + 1);
    v->attnums = ARENA_ARRAY(ps->a->arena, int, q->ntargets + 1);
    v->defaults = ARENA_ARRAY(ps->a->arena, const char *, q->ntargets + 1);
    for (int i = 0; i < q->ntargets; i++) {
        const struct expr *e = q->targets[i].expr;
        bool column = e->kind == EXPR_VAR && e->var.attnum > 0 && e->var.levelsup == 0;
        if (column)
            v->attnums[i] = inner ? inner->attnums[e->var.attnum - 1] : e->var.attnum;
        else if (e->kind == EXPR_VAR && e->var.attnum < 0)
            v->attnums[i] = -1;
        if (i < view->natts && view->atts[i].default_sql)
            v->defaults[i] = view->atts[i].default_sql;
        else if (column && inner)
            v->defaults[i] = inner->defaults[e->var.attnum - 1];
        v->columns[i] = expr_replace_vars(ps->a->arena, q->targets[i].expr, from, put, 0);
    }
    v->where = expr_replace_vars(ps->a->arena, q->where, from, put, 0);
    if (inner && inner->where)
        v->where = make_and(ps, inner->where, v->where);
    return v;
}

bool view_has_instead_trigger(const struct relation *view, const char *verb)
{
    int event = !strcmp(verb, "INSERT") ? TRIGGER_INSERT : !strcmp(verb, "UPDATE") ? TRIGGER_UPDATE : TRIGGER_DELETE;
    for (int i = 0; i < view->ntriggers; i++)
        if (view->triggers[i]->type & TRIGGER_INSTEAD && view->triggers[i]->type & event)
            return true;
    return false;
}

/* A view WITH CHECK OPTION, or below a cascaded one, wants new rows to be its own. */
static void add_check(struct pstate *ps, struct view_target *v, const struct view_target *inner,
                      const struct relation *view, bool wanted, struct expr *condition)
{
    int n = inner ? inner->nchecks : 0;
    v->checks = ARENA_ARRAY(ps->a->arena, struct view_check_option, n + 1);
    for (int i = 0; i < n; i++)
        v->checks[i] = inner->checks[i];
    v->nchecks = n;
    if (wanted && condition)
        v->checks[v->nchecks++] = (struct view_check_option){view->name, expr_copy(ps->a->arena, condition)};
}

static struct view_target *updatable_target(struct pstate *ps, const struct relation *view, const char *verb,
                                            bool cascaded)
{
    struct query *q = view_query(ps, view);
    if (!q)
        return NULL;
    const char *reason = not_updatable_reason(q);
    char event = !strcmp(verb, "INSERT") ? '3' : !strcmp(verb, "UPDATE") ? '2' : '4';
    for (int i = 0; i < view->nrules && !reason; i++) {
        if (view->rules[i]->event != event || view->rules[i]->enabled == 'D')
            continue;
        if (!view->rules[i]->instead) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s of view \"%s\" with a DO ALSO rule is not supported", verb, view->name);
            return NULL;
        }
        reason = "Views with conditional DO INSTEAD rules are not automatically updatable.";
    }
    if (reason)
        return refuse_view(ps, view, verb, reason);
    int from = q->from[0]->rte;
    const struct relation *base = q->rtable[from]->relation;
    struct view_target *inner = NULL;
    bool checked = cascaded || (view->options && strstr(view->options, "check_option="));
    cascaded = cascaded || (view->options && strstr(view->options, "check_option=cascaded"));
    bool by_trigger = base->view_sql && view_has_instead_trigger(base, verb);
    if (base->view_sql && !by_trigger) {
        inner = updatable_target(ps, base, verb, cascaded);
        if (!inner)
            return NULL;
    } else if (!by_trigger && base->kind != RELKIND_TABLE && base->kind != RELKIND_PARTITIONED) {
        return refuse_view(ps, view, verb,
                           "Views that do not select from a single table or view are not "
                           "automatically updatable.");
    }
    struct view_target *v = compose(ps, view, q, inner, from, inner ? inner->base : base);
    *v->through = (struct rte_view){view, v->attnums, v->ncolumns, inner ? inner->through : NULL};
    if (strcmp(verb, "DELETE") != 0)
        add_check(ps, v, inner, view, checked,
                  expr_replace_vars(ps->a->arena, q->where ? expr_copy(ps->a->arena, q->where) : NULL, from,
                                    inner ? inner->columns : NULL, 0));
    bool any = !strcmp(verb, "DELETE");
    for (int i = 0; i < v->ncolumns; i++)
        any = any || v->attnums[i] > 0;
    if (!any)
        return refuse_view(ps, view, verb, no_columns);
    return v;
}

struct view_target *view_updatable_target(struct pstate *ps, const struct relation *view, const char *verb)
{
    return updatable_target(ps, view, verb, false);
}

const char *view_not_updatable(const struct query *q)
{
    const char *reason = not_updatable_reason(q);
    if (reason)
        return reason;
    for (int i = 0; i < q->ntargets; i++) {
        const struct expr *e = q->targets[i].expr;
        if (!q->targets[i].junk && e->kind == EXPR_VAR && e->var.attnum > 0 && e->var.levelsup == 0)
            return NULL;
    }
    return no_columns;
}

bool analyze_view_updatable(struct analysis *a, const struct relation *view, bool **columns)
{
    struct error err;
    struct analysis inner = *a;
    error_init(&err, a->arena);
    inner.err = &err;
    struct view_target *v = view_updatable_target(pstate_new(&inner, NULL), view, "DELETE");
    if (!v)
        return false;
    *columns = ARENA_ARRAY(a->arena, bool, v->ncolumns + 1);
    for (int i = 0; i < v->ncolumns; i++)
        (*columns)[i] = v->attnums[i] > 0;
    return true;
}
