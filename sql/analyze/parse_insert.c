/*
 * parse_insert.c: INSERT. Every column gets its value here: given, default, identity, or NULL;
 * generated columns are left to the file's own column definition.
 */
#include "sql/analyze/clause.h"

#include <string.h>

char overriding_of(PgQuery__OverridingKind kind)
{
    return kind == PG_QUERY__OVERRIDING_KIND__OVERRIDING_USER_VALUE     ? 'u'
           : kind == PG_QUERY__OVERRIDING_KIND__OVERRIDING_SYSTEM_VALUE ? 's'
                                                                        : 0;
}

/* --- the column list
 * --------------------------------------------------------------------------------- */

/* Two entries for one column are legal only if both assign parts of it. */
static bool refuse_twice(struct pstate *ps, const struct attribute *att)
{
    parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "multiple assignments to same column \"%s\"", att->name);
    return false;
}

static bool check_repeated(struct pstate *ps, const struct insert_column *cols, int n)
{
    const struct insert_column *last = &cols[n];
    for (int i = 0; i < n; i++)
        if (cols[i].att == last->att &&
            (!cols[i].res->n_indirection || !last->res->n_indirection)) {
            if (strcmp(cols[i].res->name, last->res->name) != 0) /* a view has it twice */
                return refuse_twice(ps, last->att);
            parse_error(ps, ERRCODE_DUPLICATE_COLUMN, last->res->location,
                        "column \"%s\" specified more than once", last->res->name);
            return false;
        }
    return true;
}

static bool all_columns(struct pstate *ps, struct insert_column **out, int *count)
{
    const struct relation *r = dml_target_of(ps)->named;
    *out = ARENA_ARRAY(ps->a->arena, struct insert_column, r->natts + 1);
    *count = 0;
    for (int i = 0; i < r->natts; i++) {
        bool updatable;
        const struct attribute *att = dml_column_at(ps, i, &updatable);
        if (!att)
            continue;
        if (!updatable)
            att = NULL; /* refused when a value comes for it */
        (*out)[(*count)++] = (struct insert_column){.att = att};
    }
    return true;
}

bool insert_target_columns(struct pstate *ps, PgQuery__Node *const *cols, size_t n,
                           struct insert_column **out, int *count)
{
    if (!n)
        return all_columns(ps, out, count);
    *out = ARENA_ARRAY(ps->a->arena, struct insert_column, n);
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        const PgQuery__ResTarget *res = cols[i]->res_target;
        const struct attribute *att = dml_column(ps, res->name, res->location, false);
        if (!att)
            return false;
        (*out)[*count] = (struct insert_column){att, res};
        if (!check_repeated(ps, *out, *count))
            return false;
        ++*count;
    }
    return true;
}

/* --- rows
 * ------------------------------------------------------------------------------------------------
 */

static bool check_row_length(struct pstate *ps, const struct expr_list *exprs,
                             const struct insert_column *cols, int ncols)
{
    if (exprs->n > ncols) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, expr_location(exprs->items[ncols]),
                    "INSERT has more expressions than target columns");
        return false;
    }
    if (exprs->n >= ncols || !ncols || !cols[0].res)
        return true;
    parse_error(ps, ERRCODE_SYNTAX_ERROR, cols[exprs->n].res->location,
                "INSERT has more target columns than expressions");
    if (exprs->n == 1 && exprs->items[0]->kind == EXPR_ROW && exprs->items[0]->list.args.n == ncols)
        parse_error_hint(
            ps, "The insertion source is a row expression containing the same number of columns "
                "expected by the INSERT. Did you accidentally use extra parentheses?");
    return false;
}

/* The i-th column of a view that cannot be written. */
static bool refuse_view_column(struct pstate *ps, int i)
{
    const struct relation *view = dml_target_of(ps)->named;
    for (int k = 0; k < view->natts; k++)
        if (!view->atts[k].dropped && i-- == 0) {
            dml_column(ps, view->atts[k].name, -1, false);
            break;
        }
    return false;
}

/* What is assigned to a field or element, without the assignment. */
static struct expr *assigned_part(struct expr *e)
{
    for (;;) {
        if (e->kind == EXPR_FIELD && e->field.assign)
            e = e->field.assign;
        else if (e->kind == EXPR_SUBSCRIPT && e->subscript.assign)
            e = e->subscript.assign;
        else if (e->kind == EXPR_COERCE_DOMAIN && e->cast.arg->kind != EXPR_COERCE_DOMAIN &&
                 ((e->cast.arg->kind == EXPR_FIELD && e->cast.arg->field.assign) ||
                  (e->cast.arg->kind == EXPR_SUBSCRIPT && e->cast.arg->subscript.assign)))
            e = e->cast.arg;
        else
            return e;
    }
}

bool transform_insert_row(struct pstate *ps, struct expr_list *exprs, struct insert_column *cols,
                          int ncols, bool strip_indirection, struct expr_list *out)
{
    if (!check_row_length(ps, exprs, cols, ncols))
        return false;
    for (int i = 0; i < exprs->n; i++) {
        const PgQuery__ResTarget *res = cols[i].res;
        struct expr *e = exprs->items[i];
        if (!cols[i].att)
            return refuse_view_column(ps, i);
        /* In VALUES with several rows the parts are put together behind the VALUES: here they only get their types. */
        bool part = strip_indirection && res && res->n_indirection;
        struct expr *base = NULL;
        for (int k = 0; k < i && res && res->n_indirection && !part; k++)
            if (cols[k].att == cols[i].att)
                base = out->items[k];
        e = transform_assigned_expr(ps, e, EXPR_KIND_INSERT_TARGET, cols[i].att->name, cols[i].att,
                                    res ? res->indirection : NULL, res ? res->n_indirection : 0,
                                    base, res ? res->location : -1);
        if (expr_is_poison(e))
            return false;
        expr_list_add(ps->a->arena, out, part ? assigned_part(e) : e);
    }
    return true;
}

bool insert_targets(struct pstate *ps, struct insert_column *cols, struct expr_list *values,
                    struct target_list *out)
{
    for (int i = 0; i < values->n; i++) {
        int k = 0;
        while (k < out->n && out->items[k].attnum != cols[i].att->num)
            k++;
        if (k < out->n && !(cols[i].res && cols[i].res->n_indirection))
            return refuse_twice(ps, cols[i].att);
        if (k < out->n)
            out->items[k].expr = values->items[i]; /* was built on the former one */
        else
            target_add(ps, out,
                       (struct target){.expr = values->items[i],
                                       .name = cols[i].att->name,
                                       .attnum = cols[i].att->num});
    }
    return true;
}

/* --- defaults
 * ---------------------------------------------------------------------------------------------- */

/* What is inserted into one column; given: its target, or NULL. */
static struct expr *column_value(struct pstate *ps, const struct relation *r,
                                 const struct attribute *att, const struct target *given,
                                 char overriding)
{
    bool is_default = !given || given->expr->kind == EXPR_DEFAULT;
    if (!is_default && att->identity && overriding == 'u')
        is_default = true;
    if (!is_default && (att->generated || (att->identity == 'a' && overriding != 's'))) {
        refuse_generated(ps, att, false);
        return expr_poison();
    }
    return is_default ? column_default_expr(ps, r, att) : given->expr;
}

bool insert_fill_defaults(struct pstate *ps, struct target_list *list, char overriding)
{
    const struct relation *r = dml_target_of(ps)->base;
    struct target_list full = {0};
    for (int i = 0; i < r->natts; i++) {
        const struct attribute *att = &r->atts[i];
        const struct target *given = NULL;
        if (att->dropped || att->hidden)
            continue;
        for (int k = 0; k < list->n; k++)
            if (list->items[k].attnum == att->num)
                given = &list->items[k];
        bool defaulted = !given || given->expr->kind == EXPR_DEFAULT;
        if ((att->generated || att->foreign_default) && defaulted) /* SQLite fills it in */
            continue;
        struct expr *e = column_value(ps, r, att, given, overriding);
        if (expr_is_poison(e))
            return false;
        target_add(ps, &full, (struct target){.expr = e, .name = att->name, .attnum = att->num, .defaulted = !given,
                                              .says_default = given && given->expr->kind == EXPR_DEFAULT});
    }
    *list = full;
    return true;
}

/* --- VALUES with several rows
 * ---------------------------------------------------------------------------------- */

/* DEFAULT inside the rows. A column whose every item is DEFAULT, or whose items do not count, is treated as not given. */
static bool rows_replace_defaults(struct pstate *ps, struct insert_column *cols,
                                  struct expr_list *rows, int nrows, bool *all_default)
{
    const struct relation *r = dml_target_of(ps)->base;
    for (int i = 0; i < rows[0].n; i++) {
        int defaults = 0;
        for (int k = 0; k < nrows; k++)
            defaults += rows[k].items[i]->kind == EXPR_DEFAULT;
        all_default[i] = defaults == nrows || (cols[i].att->identity && ps->query->overriding == 'u');
        for (int k = 0; k < nrows && defaults; k++) {
            struct expr **item = &rows[k].items[i];
            if ((*item)->kind != EXPR_DEFAULT)
                continue;
            if (cols[i].att->generated && !all_default[i])
                return refuse_generated(ps, cols[i].att, false);
            *item = all_default[i] ? expr_null(ps->a->arena, cols[i].att->type, -1)
                                   : column_default_expr(ps, r, cols[i].att);
            if (expr_is_poison(*item))
                return false;
        }
    }
    return true;
}

static struct expr_list *values_rows(struct pstate *ps, const PgQuery__SelectStmt *s,
                                     struct insert_column *cols, int ncols)
{
    struct expr_list *rows = ARENA_ARRAY(ps->a->arena, struct expr_list, s->n_values_lists);
    size_t length = 0;
    for (size_t i = 0; i < s->n_values_lists; i++) {
        const PgQuery__List *l = s->values_lists[i]->list;
        struct expr_list raw = {0};
        if (!transform_expr_list(ps, l->items, l->n_items, EXPR_KIND_VALUES, true, &raw))
            return NULL;
        length = i ? length : (size_t)raw.n;
        if ((size_t)raw.n != length) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, l->n_items ? raw_location(l->items[0]) : -1,
                        "VALUES lists must all be the same length");
            return NULL;
        }
        if (!transform_insert_row(ps, &raw, cols, ncols, true, &rows[i]))
            return NULL;
    }
    return rows;
}

/* A column with subscripts or fields was left as it came: the rows must at least agree on a type.
 */
static bool rows_common_types(struct pstate *ps, struct insert_column *cols, struct expr_list *rows,
                              int nrows)
{
    struct expr **column = ARENA_ARRAY(ps->a->arena, struct expr *, nrows);
    for (int i = 0; i < rows[0].n; i++) {
        if (!cols[i].res || !cols[i].res->n_indirection)
            continue;
        for (int k = 0; k < nrows; k++)
            column[k] = rows[k].items[i];
        uint32_t type = select_common_type(ps, column, nrows, "VALUES", NULL);
        for (int k = 0; k < nrows && !parse_failed(ps); k++)
            rows[k].items[i] = coerce_to_common_type(ps, column[k], type, "VALUES");
    }
    return !parse_failed(ps);
}

static void from_one(struct pstate *ps, int index)
{
    struct query *q = ps->query;
    struct from_node *node = ARENA_NEW(ps->a->arena, struct from_node);
    node->rte = index;
    q->from = ARENA_NEW(ps->a->arena, struct from_node *);
    q->from[0] = node;
    q->nfrom = 1;
}

static const struct expr *visible_target(const struct query *q, int i)
{
    for (int k = 0; k < q->ntargets; k++)
        if (!q->targets[k].junk && i-- == 0)
            return q->targets[k].expr;
    return NULL;
}

/* Columns of a row source as values; from is its range table index. */
static bool insert_from_rte(struct pstate *ps, const struct rte *rte, int index,
                            struct insert_column *cols, int ncols, struct expr *const *instead,
                            const bool *skip, struct target_list *out)
{
    struct expr_list exprs = {0}, values = {0};
    for (int i = 0; i < rte->ncolumns; i++) {
        const struct expr *source = rte->subquery ? visible_target(rte->subquery, i) : NULL;
        expr_list_add(ps->a->arena, &exprs,
                      instead && instead[i] ? instead[i]
                                            : var_for_column(ps, rte, index, i + 1,
                                                             source ? expr_location(source) : -1));
    }
    if (!transform_insert_row(ps, &exprs, cols, ncols, false, &values))
        return false;
    for (int i = 0; i < values.n; i++)
        if (skip && skip[i])
            values.items[i] = expr_new(ps->a->arena, EXPR_DEFAULT, cols[i].att->type, -1, -1);
    return insert_targets(ps, cols, &values, out);
}

static bool insert_rows(struct pstate *ps, const PgQuery__SelectStmt *s, struct insert_column *cols,
                        int ncols, struct target_list *out)
{
    int nrows = (int)s->n_values_lists;
    struct expr_list *rows = values_rows(ps, s, cols, ncols);
    if (!rows || !rows_common_types(ps, cols, rows, nrows))
        return false;
    bool *all_default = ARENA_ARRAY(ps->a->arena, bool, rows[0].n + 1);
    if (!rows_replace_defaults(ps, cols, rows, nrows, all_default))
        return false;
    struct rte *rte = rte_for_values(ps, rows, nrows, false);
    if (!rte)
        return false;
    /* The rows were coerced to the target columns already: their VARs have exactly those types. */
    for (int i = 0; i < rte->ncolumns; i++)
        if (!cols[i].res || !cols[i].res->n_indirection) {
            rte->columns[i].type = cols[i].att->type;
            rte->columns[i].typmod = cols[i].att->typmod;
        }
    int index = rte_add(ps, rte);
    from_one(ps, index);
    return insert_from_rte(ps, rte, index, cols, ncols, NULL, all_default, out);
}

static bool insert_one_row(struct pstate *ps, const PgQuery__SelectStmt *s,
                           struct insert_column *cols, int ncols, struct target_list *out)
{
    const PgQuery__List *l = s->values_lists[0]->list;
    struct expr_list raw = {0}, values = {0};
    return transform_expr_list(ps, l->items, l->n_items, EXPR_KIND_VALUES_SINGLE, true, &raw) &&
           transform_insert_row(ps, &raw, cols, ncols, false, &values) &&
           insert_targets(ps, cols, &values, out);
}

static bool instead_has(struct expr *const *instead, int n, const struct expr *e)
{
    for (int i = 0; i < n; i++)
        if (instead[i] == e)
            return true;
    return false;
}

static bool insert_select(struct pstate *ps, const PgQuery__Node *select,
                          struct insert_column *cols, int ncols, struct target_list *out)
{
    struct query *q = parse_sub_analyze(ps, select, NULL, false, false);
    if (!q)
        return false;
    if (q->command != QUERY_SELECT) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                    "unexpected non-SELECT command in INSERT ... SELECT");
        return false;
    }
    struct rte *rte = rte_for_subquery(ps, q, "*SELECT*");
    struct expr **instead = ARENA_ARRAY(ps->a->arena, struct expr *, q->ntargets + 1);
    int n = 0;
    /* A literal of unknown type takes the column's type, as it would in VALUES. */
    for (int i = 0; i < q->ntargets; i++) {
        if (q->targets[i].junk)
            continue;
        struct expr *e = q->targets[i].expr;
        if (e->type == UNKNOWNOID && (e->kind == EXPR_CONST || e->kind == EXPR_PARAM))
            instead[n] = e->kind == EXPR_PARAM ? e : expr_copy(ps->a->arena, e);
        n++;
    }
    int index = rte_add(ps, rte);
    from_one(ps, index);
    bool ok = insert_from_rte(ps, rte, index, cols, ncols, instead, NULL, out);
    /* What stays behind in the subquery is of no use, but must have a type; a parameter has got its
     * own by now. */
    for (int i = 0; i < q->ntargets; i++)
        if (!q->targets[i].junk && q->targets[i].expr->kind == EXPR_PARAM &&
            instead_has(instead, n, q->targets[i].expr))
            q->targets[i].expr = expr_null(ps->a->arena, TEXTOID, -1);
    resolve_target_unknowns(ps, q->targets, q->ntargets);
    n = 0;
    for (int i = 0; i < q->ntargets && !parse_failed(ps); i++)
        if (!q->targets[i].junk) {
            rte->columns[n].type = q->targets[i].expr->type;
            rte->columns[n].collation = q->targets[i].expr->collation;
            n++;
        }
    return ok && !parse_failed(ps);
}

/* --- the statement
 * ------------------------------------------------------------------------------------------------
 */

/* A VALUES list without ORDER BY and kin, which would make it a SELECT. */
static const PgQuery__SelectStmt *plain_values(const PgQuery__Node *n)
{
    if (!n || n->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return NULL;
    const PgQuery__SelectStmt *s = n->select_stmt;
    bool plain = s->n_values_lists && !s->n_sort_clause && !s->limit_offset && !s->limit_count &&
                 !s->n_locking_clause && !s->with_clause;
    return plain ? s : NULL;
}

static bool insert_source(struct pstate *ps, const PgQuery__InsertStmt *s,
                          struct insert_column *cols, int ncols, struct target_list *out)
{
    const PgQuery__SelectStmt *values = plain_values(s->select_stmt);
    if (!s->select_stmt) {
        ps->query->insert_default_values = true;
        return true;
    }
    if (!values)
        return insert_select(ps, s->select_stmt, cols, ncols, out);
    return values->n_values_lists > 1 ? insert_rows(ps, values, cols, ncols, out)
                                      : insert_one_row(ps, values, cols, ncols, out);
}

static bool insert_returning(struct pstate *ps, const PgQuery__InsertStmt *s)
{
    struct ns_list one = {0};
    ps->target->rel_visible = ps->target->cols_visible = true;
    ps->target->lateral_only = false;
    ns_append(ps, &one, ps->target);
    ns_restore(ps, one);
    return transform_returning(ps, s->returning_list, s->n_returning_list);
}

struct query *transform_insert_stmt(struct pstate *ps, const PgQuery__InsertStmt *s)
{
    struct query *q = ps->query;
    struct insert_column *cols;
    struct target_list targets = {0};
    int ncols;
    q->command = QUERY_INSERT;
    q->overriding = overriding_of(s->override);
    if (s->with_clause && !transform_with_clause(ps, s->with_clause))
        return NULL;
    if (!set_target_relation(ps, s->relation, false, "INSERT") ||
        !insert_target_columns(ps, s->cols, s->n_cols, &cols, &ncols) ||
        !insert_source(ps, s, cols, ncols, &targets) ||
        !insert_fill_defaults(ps, &targets, q->overriding))
        return NULL;
    if (s->on_conflict_clause && !transform_on_conflict(ps, s->on_conflict_clause))
        return NULL;
    if (!insert_returning(ps, s) || !query_finish(ps, &targets))
        return NULL;
    return q;
}
