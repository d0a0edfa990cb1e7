/*
 * utility_statistics.c: CREATE and ALTER STATISTICS: what statistics objects are defined over. Called by utility.c.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

static bool has_order(struct pstate *ps, uint32_t type)
{
    struct error ignored, *own = ps->a->err;
    const struct operator_def *lt = NULL;
    error_init(&ignored, ps->a->arena);
    ps->a->err = &ignored;
    bool ok = get_sort_group_operators(ps, type, true, false, false, &lt, NULL, NULL, -1);
    ps->a->err = own;
    return ok && lt;
}

static bool add_column(struct pstate *ps, const struct relation *r, const char *name, struct index_elem *out)
{
    const struct attribute *a = relation_attribute(r, name);
    if (!a && system_column_number(name)) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "statistics creation on system columns is not supported");
        return false;
    }
    if (!a) {
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, -1, "column \"%s\" does not exist", name);
        return false;
    }
    if (!has_order(ps, a->type)) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "column \"%s\" cannot be used in statistics because its type %s has no default btree operator class", name,
                    format_type(ps, a->type));
        return false;
    }
    out->column = a->name;
    return true;
}

static bool add_expression(struct pstate *ps, const struct relation *r, const PgQuery__Node *raw, struct index_elem *out,
                           bool alone)
{
    out->expr = transform_stored(ps, raw, r, EXPR_KIND_STATS_EXPRESSION, 0, -1, NULL);
    if (expr_is_poison(out->expr))
        return false;
    if (out->expr->kind == EXPR_VAR && out->expr->var.attnum > 0) { /* a column in parentheses */
        const char *name = r->atts[out->expr->var.attnum - 1].name;
        out->expr = NULL;
        return add_column(ps, r, name, out);
    }
    if (alone || has_order(ps, out->expr->type))
        return true;
    parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                "expression cannot be used in multivariate statistics because its type %s has no default btree operator class",
                format_type(ps, out->expr->type));
    return false;
}

static const struct relation *statistics_table(struct pstate *ps, const PgQuery__CreateStatsStmt *s, struct create_statistics *d)
{
    if (s->n_relations != 1 || s->relations[0]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "only a single relation is allowed in CREATE STATISTICS");
        return NULL;
    }
    d->table = utility_range_var(ps, s->relations[0]->range_var);
    const struct relation *r = parse_failed(ps) ? NULL
                                                : lookup_relation(ps, d->table.catalog, d->table.schema, d->table.name, false, -1);
    if (r && r->system && r->kind == RELKIND_TABLE) {
        parse_error(ps, ERRCODE_INSUFFICIENT_PRIVILEGE, -1, "permission denied: \"%s\" is a system catalog", r->name);
        return NULL;
    }
    if (!r || r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW || r->kind == RELKIND_PARTITIONED)
        return r;
    parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "cannot define statistics for relation \"%s\"", r->name);
    parse_error_detail(ps, r->kind == RELKIND_VIEW       ? "This operation is not supported for views."
                           : r->kind == RELKIND_SEQUENCE ? "This operation is not supported for sequences."
                           : r->index                    ? "This operation is not supported for indexes."
                                                         : "This operation is not supported for composite types.");
    return NULL;
}

static bool check_elements(struct pstate *ps, const struct create_statistics *d)
{
    int nexprs = 0;
    for (int i = 0; i < d->nelems; i++) {
        nexprs += d->elems[i].expr != NULL;
        for (int k = 0; k < i; k++) {
            bool column = d->elems[i].column && d->elems[k].column && !strcmp(d->elems[i].column, d->elems[k].column);
            bool same = d->elems[i].expr && d->elems[k].expr && expr_equal(d->elems[i].expr, d->elems[k].expr);
            if (!column && !same)
                continue;
            parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1,
                        column ? "duplicate column name in statistics definition" : "duplicate expression in statistics definition");
            return false;
        }
    }
    if (d->nelems == 1 && nexprs == 1) {
        if (d->nkinds)
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                        "when building statistics on a single expression, statistics kinds may not be specified");
        return !d->nkinds;
    }
    if (d->nelems < 2)
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "extended statistics require at least 2 columns");
    return d->nelems >= 2;
}

static bool check_kinds(struct pstate *ps, const struct create_statistics *d)
{
    for (int i = 0; i < d->nkinds; i++)
        if (strcmp(d->kinds[i], "ndistinct") && strcmp(d->kinds[i], "dependencies") && strcmp(d->kinds[i], "mcv")) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "unrecognized statistics kind \"%s\"", d->kinds[i]);
            return false;
        }
    return true;
}

bool utility_create_statistics(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateStatsStmt *s = n->create_stats_stmt;
    struct create_statistics *d = &u->create_statistics;
    if (s->n_defnames)
        d->name = utility_name(ps, s->defnames, s->n_defnames, -1);
    d->if_not_exists = s->if_not_exists;
    d->kinds = utility_names(ps, s->stat_types, s->n_stat_types);
    d->nkinds = (int)s->n_stat_types;
    const struct relation *r = statistics_table(ps, s, d);
    if (!r)
        return false;
    if (s->n_exprs > 8) {
        parse_error(ps, ERRCODE_TOO_MANY_COLUMNS, -1, "cannot have more than %d columns in statistics", 8);
        return false;
    }
    d->elems = ARENA_ARRAY(ps->a->arena, struct index_elem, s->n_exprs + 1);
    for (size_t i = 0; i < s->n_exprs; i++) {
        const PgQuery__StatsElem *el = s->exprs[i]->stats_elem;
        struct index_elem *out = &d->elems[d->nelems++];
        if (!(*el->name ? add_column(ps, r, el->name, out) : add_expression(ps, r, el->expr, out, s->n_exprs == 1)))
            return false;
    }
    return check_kinds(ps, d) && check_elements(ps, d);
}

bool utility_alter_statistics(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterStatsStmt *s = n->alter_stats_stmt;
    u->create_statistics.name = utility_name(ps, s->defnames, s->n_defnames, -1);
    u->create_statistics.if_not_exists = s->missing_ok;
    u->create_statistics.target = s->stxstattarget;
    return !parse_failed(ps);
}
