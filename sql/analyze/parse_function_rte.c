/*
 * parse_function_rte.c: functions in FROM: ROWS FROM, WITH ORDINALITY, column definition lists,
 * UNNEST of several arrays.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* One call of ROWS FROM, raw. */
struct raw_call {
    const PgQuery__Node *expr;
    PgQuery__Node *const *coldefs;
    size_t ncoldefs;
    const char *name;
};

struct call_list {
    struct raw_call *items;
    int n;
};

static void call_add(struct pstate *ps, struct call_list *l, struct raw_call c)
{
    struct raw_call *grown = ARENA_ARRAY(ps->a->arena, struct raw_call, l->n + 1);
    if (l->n)
        memcpy(grown, l->items, sizeof *grown * (size_t)l->n);
    grown[l->n++] = c;
    l->items = grown;
}

static bool is_multi_unnest(const PgQuery__Node *n)
{
    if (n->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
        return false;
    const PgQuery__FuncCall *fc = n->func_call;
    return fc->n_funcname == 1 && !strcmp(node_string(fc->funcname[0]), "unnest") &&
           fc->n_args > 1 && !fc->n_agg_order && !fc->agg_filter && !fc->over && !fc->agg_star &&
           !fc->agg_distinct && !fc->func_variadic;
}

/* UNNEST(a, b) is ROWS FROM (unnest(a), unnest(b)). */
static void add_unnests(struct pstate *ps, struct call_list *l, const PgQuery__FuncCall *fc)
{
    for (size_t i = 0; i < fc->n_args; i++) {
        PgQuery__FuncCall *one = arena_memdup(ps->a->arena, fc, sizeof *fc);
        PgQuery__Node *node = ARENA_NEW(ps->a->arena, PgQuery__Node);
        pg_query__node__init(node);
        one->n_args = 1;
        one->args = &fc->args[i];
        node->node_case = PG_QUERY__NODE__NODE_FUNC_CALL;
        node->func_call = one;
        call_add(ps, l, (struct raw_call){.expr = node, .name = "unnest"});
    }
}

static bool collect_calls(struct pstate *ps, const PgQuery__RangeFunction *rf, struct call_list *l)
{
    for (size_t i = 0; i < rf->n_functions; i++) {
        const PgQuery__List *pair = rf->functions[i]->list;
        const PgQuery__Node *expr = pair->items[0];
        const PgQuery__Node *defs = pair->n_items > 1 ? pair->items[1] : NULL;
        const PgQuery__List *coldefs =
            defs && defs->node_case == PG_QUERY__NODE__NODE_LIST ? defs->list : NULL;
        if (is_multi_unnest(expr)) {
            if (coldefs && coldefs->n_items) {
                parse_error(
                    ps, ERRCODE_SYNTAX_ERROR, raw_location(coldefs->items[0]),
                    "UNNEST() with multiple arguments cannot have a column definition list");
                parse_error_hint(
                    ps, "Use separate UNNEST() calls inside ROWS FROM(), and attach a column "
                        "definition list to each one.");
                return false;
            }
            add_unnests(ps, l, expr->func_call);
            continue;
        }
        call_add(ps, l,
                 (struct raw_call){.expr = expr,
                                   .coldefs = coldefs ? coldefs->items : NULL,
                                   .ncoldefs = coldefs ? coldefs->n_items : 0,
                                   .name = figure_colname(ps, expr)});
    }
    return true;
}

/* AS t(a int, ...) behind the whole item belongs to its only function. */
static bool attach_coldefs(struct pstate *ps, const PgQuery__RangeFunction *rf, struct call_list *l)
{
    const char *message = NULL, *hint = NULL;
    if (!rf->n_coldeflist)
        return true;
    if (l->n != 1 && rf->is_rowsfrom) {
        message = "ROWS FROM() with multiple functions cannot have a column definition list";
        hint = "Put a separate column definition list for each function inside ROWS FROM().";
    } else if (l->n != 1) {
        message = "UNNEST() with multiple arguments cannot have a column definition list";
        hint = "Use separate UNNEST() calls inside ROWS FROM(), and attach a column definition "
               "list to each one.";
    } else if (rf->ordinality) {
        message = "WITH ORDINALITY cannot be used with a column definition list";
        hint = "Put the column definition list inside ROWS FROM().";
    } else if (l->items[0].ncoldefs) {
        message = "multiple column definition lists are not allowed for the same function";
    }
    if (message) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, raw_location(rf->coldeflist[0]), "%s", message);
        if (hint)
            parse_error_hint(ps, "%s", hint);
        return false;
    }
    l->items[0].coldefs = rf->coldeflist;
    l->items[0].ncoldefs = rf->n_coldeflist;
    return true;
}

static bool columns_from_defs(struct pstate *ps, const struct raw_call *c,
                              struct column_def **columns, int *n)
{
    *columns = ARENA_ARRAY(ps->a->arena, struct column_def, c->ncoldefs + 1);
    *n = (int)c->ncoldefs;
    for (size_t i = 0; i < c->ncoldefs; i++) {
        const PgQuery__ColumnDef *d = c->coldefs[i]->column_def;
        struct column_def *col = &(*columns)[i];
        col->name = arena_strdup(ps->a->arena, d->colname);
        if (d->type_name->setof) {
            parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, d->location,
                        "column \"%s\" cannot be declared SETOF", d->colname);
            return false;
        }
        if (!typename_type(ps, d->type_name, &col->type, &col->typmod) ||
            !column_collation(ps, d->coll_clause, col->type, &col->collation))
            return false;
        for (size_t k = 0; k < i; k++)
            if (!strcmp((*columns)[k].name, col->name)) {
                parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1,
                            "column name \"%s\" specified more than once", col->name);
                return false;
            }
    }
    return true;
}

static bool refuse_coldefs(struct pstate *ps, const struct raw_call *c, const struct expr *e,
                           enum result_class rc)
{
    const char *message =
        rc == RESULT_SCALAR
            ? "a column definition list is only allowed for functions returning \"record\""
        : e->type == RECORDOID
            ? "a column definition list is redundant for a function with OUT parameters"
            : "a column definition list is redundant for a function returning a named "
              "composite type";
    parse_error(ps, ERRCODE_SYNTAX_ERROR, raw_location(c->coldefs[0]), "%s", message);
    return false;
}

/* A scalar result's column is named by its OUT parameter, the alias, or the function. */
static const char *scalar_column_name(const struct raw_call *c, const struct expr *e,
                                      const PgQuery__Alias *alias, int ncalls)
{
    const struct proc *p = e->kind == EXPR_FUNC ? e->func.proc : NULL;
    if (p && p->argmodes && p->argnames)
        for (int i = 0; i < p->nallargs; i++)
            if (strchr("obt", p->argmodes[i]) && p->argnames[i] && *p->argnames[i])
                return p->argnames[i];
    return ncalls == 1 && alias ? alias->aliasname : c->name;
}

static bool call_columns(struct pstate *ps, const struct raw_call *c, const struct expr *e,
                         const PgQuery__Alias *alias, int ncalls, struct column_def **columns,
                         int *n)
{
    enum result_class rc = expr_result_columns(ps, e, columns, n);
    if (parse_failed(ps))
        return false;
    if (rc == RESULT_RECORD && c->ncoldefs)
        return columns_from_defs(ps, c, columns, n);
    if (c->ncoldefs)
        return refuse_coldefs(ps, c, e, rc);
    if (rc == RESULT_RECORD) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, expr_location(e),
                    "a column definition list is required for functions returning \"record\"");
        return false;
    }
    if (rc == RESULT_SCALAR) {
        *columns = ARENA_NEW(ps->a->arena, struct column_def);
        *n = 1;
        (*columns)[0] = (struct column_def){
            .name = arena_strdup(ps->a->arena, scalar_column_name(c, e, alias, ncalls)),
            .type = e->type,
            .typmod = e->typmod,
            .collation = e->collation};
        if (lookup_type(ps, e->type) && lookup_type(ps, e->type)->typtype == 'p' &&
            e->type != RECORDOID && e->type != VOIDOID && e->type != CSTRINGOID) {
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                        "function \"%s\" in FROM has unsupported return type %s", c->name,
                        format_type(ps, e->type));
            return false;
        }
    }
    return true;
}

static void add_columns(struct pstate *ps, struct rte *rte, const struct column_def *columns, int n)
{
    struct column_def *grown = ARENA_ARRAY(ps->a->arena, struct column_def, rte->ncolumns + n + 1);
    if (rte->ncolumns)
        memcpy(grown, rte->columns, sizeof *grown * (size_t)rte->ncolumns);
    if (n)
        memcpy(grown + rte->ncolumns, columns, sizeof *grown * (size_t)n);
    rte->columns = grown;
    rte->ncolumns += n;
}

static bool transform_calls(struct pstate *ps, struct call_list *l, struct rte *rte,
                            const PgQuery__Alias *alias)
{
    rte->function.calls = ARENA_ARRAY(ps->a->arena, struct expr *, l->n);
    rte->function.ncolumns = ARENA_ARRAY(ps->a->arena, int, l->n);
    rte->function.n = l->n;
    for (int i = 0; i < l->n; i++) {
        const struct expr *last_srf = ps->last_srf;
        struct expr *e = transform_expr(ps, l->items[i].expr, EXPR_KIND_FROM_FUNCTION);
        if (expr_is_poison(e))
            return false;
        if (ps->last_srf != last_srf && ps->last_srf != e) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(ps->last_srf),
                        "set-returning functions must appear at top level of FROM");
            return false;
        }
        if (!assign_expr_collations(ps, e))
            return false;
        rte->function.calls[i] = e;
        struct column_def *columns;
        int n;
        if (!call_columns(ps, &l->items[i], e, alias, l->n, &columns, &n))
            return false;
        rte->function.ncolumns[i] = n;
        rte->function.coldef = rte->function.coldef || l->items[i].ncoldefs;
        add_columns(ps, rte, columns, n);
    }
    return true;
}

struct nsitem *transform_range_function(struct pstate *ps, const PgQuery__RangeFunction *rf)
{
    struct call_list calls = {0};
    if (!collect_calls(ps, rf, &calls) || !attach_coldefs(ps, rf, &calls))
        return NULL;
    struct rte *rte = ARENA_NEW(ps->a->arena, struct rte);
    rte->kind = RTE_FUNCTION;
    rte->in_from = true;
    rte->alias = arena_strdup(ps->a->arena, calls.items[0].name);
    rte->function.ordinality = rf->ordinality;
    /* A function in FROM may look left without the word LATERAL. */
    bool saved = ps->lateral_active;
    ps->lateral_active = true;
    bool ok = transform_calls(ps, &calls, rte, rf->alias);
    ps->lateral_active = saved;
    if (!ok)
        return NULL;
    if (rf->ordinality) {
        struct column_def c = {
            .name = "ordinality", .type = INT8OID, .typmod = -1, .notnull = true};
        add_columns(ps, rte, &c, 1);
    }
    for (int i = 0; i < rte->function.n; i++)
        rte->lateral = rte->lateral || rf->lateral || expr_has_vars(rte->function.calls[i]);
    if (!rte_apply_alias(ps, rte, rf->alias))
        return NULL;
    return nsitem_for_rte(ps, rte, rte_add(ps, rte));
}
