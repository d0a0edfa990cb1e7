/*
 * parse_values.c: VALUES lists as a statement, and as the rows of INSERT.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* Each column gets one type and one collation for all rows. */
static bool values_common_types(struct pstate *ps, struct rte *rte, struct expr_list *rows,
                                int nrows)
{
    struct expr **column = ARENA_ARRAY(ps->a->arena, struct expr *, nrows);
    for (int i = 0; i < rows[0].n; i++) {
        for (int k = 0; k < nrows; k++)
            column[k] = rows[k].items[i];
        uint32_t type = select_common_type(ps, column, nrows, "VALUES", NULL);
        if (parse_failed(ps))
            return false;
        for (int k = 0; k < nrows; k++) {
            column[k] = rows[k].items[i] = coerce_to_common_type(ps, column[k], type, "VALUES");
            if (expr_is_poison(column[k]))
                return false;
        }
        rte->columns[i].type = type;
        rte->columns[i].typmod = select_common_typmod(ps, column, nrows, type);
        rte->columns[i].collation = select_common_collation(ps, column, nrows, true);
    }
    return !parse_failed(ps);
}

struct rte *rte_for_values(struct pstate *ps, struct expr_list *rows, int nrows, bool common)
{
    struct rte *rte = ARENA_NEW(ps->a->arena, struct rte);
    rte->kind = RTE_VALUES;
    rte->alias = "*VALUES*";
    rte->in_from = true;
    rte->values.rows = rows;
    rte->values.n = nrows;
    rte->ncolumns = rows[0].n;
    rte->columns = ARENA_ARRAY(ps->a->arena, struct column_def, rows[0].n + 1);
    for (int i = 0; i < rows[0].n; i++) {
        const struct expr *e = rows[0].items[i];
        rte->columns[i] = (struct column_def){.name = arena_printf(ps->a->arena, "column%d", i + 1),
                                              .type = e->type,
                                              .typmod = e->typmod,
                                              .collation = e->collation};
    }
    if (common && !values_common_types(ps, rte, rows, nrows))
        return NULL;
    for (int k = 0; k < nrows; k++)
        if (!assign_list_collations(ps, rows[k].items, rows[k].n))
            return NULL;
    if (common)
        return rte;
    /* Types were settled by the caller; row 0 may have changed since. */
    for (int i = 0; i < rows[0].n; i++)
        rte->columns[i].collation = rows[0].items[i]->collation;
    return rte;
}

/* All rows transformed; 42601 unless they have one length. */
static struct expr_list *values_rows(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    struct expr_list *rows = ARENA_ARRAY(ps->a->arena, struct expr_list, s->n_values_lists);
    for (size_t i = 0; i < s->n_values_lists; i++) {
        const PgQuery__List *l = s->values_lists[i]->list;
        if (!transform_expr_list(ps, l->items, l->n_items, EXPR_KIND_VALUES, false, &rows[i]))
            return NULL;
        if (rows[i].n != rows[0].n) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, l->n_items ? raw_location(l->items[0]) : -1,
                        "VALUES lists must all be the same length");
            return NULL;
        }
    }
    return rows;
}

static void values_in_from(struct pstate *ps, struct nsitem *item, struct target_list *targets)
{
    struct query *q = ps->query;
    struct from_node *node = ARENA_NEW(ps->a->arena, struct from_node);
    struct ns_list ns = ns_save(ps);
    node->rte = item->rtindex;
    q->from = ARENA_NEW(ps->a->arena, struct from_node *);
    q->from[0] = node;
    q->nfrom = 1;
    ns_append(ps, &ns, item);
    ns_restore(ps, ns);
    for (int i = 0; i < item->ncolumns; i++)
        target_add(ps, targets,
                   (struct target){.expr = var_for_column(ps, item->rte, item->rtindex, i + 1, -1),
                                   .name = item->columns[i].name});
}

struct query *transform_values_clause(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    struct query *q = ps->query;
    struct target_list targets = {0};
    q->command = QUERY_SELECT;
    if (s->with_clause && !transform_with_clause(ps, s->with_clause))
        return NULL;
    struct expr_list *rows = values_rows(ps, s);
    struct rte *rte = rows ? rte_for_values(ps, rows, (int)s->n_values_lists, true) : NULL;
    if (!rte)
        return NULL;
    for (size_t i = 0; i < s->n_values_lists && !rte->lateral; i++)
        for (int k = 0; k < rows[i].n; k++)
            rte->lateral = rte->lateral || expr_has_vars(rows[i].items[k]);
    values_in_from(ps, nsitem_for_rte(ps, rte, rte_add(ps, rte)), &targets);
    if (!transform_sort_clause(ps, s->sort_clause, s->n_sort_clause, &targets, EXPR_KIND_ORDER_BY,
                               false, false, &q->sort))
        return NULL;
    q->with_ties = s->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
    q->offset = transform_limit(ps, s->limit_offset, EXPR_KIND_OFFSET, "OFFSET", q->with_ties);
    q->limit = transform_limit(ps, s->limit_count, EXPR_KIND_LIMIT, "LIMIT", q->with_ties);
    if (s->n_locking_clause) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s cannot be applied to VALUES",
                    locking_clause_name(s->locking_clause[0]->locking_clause));
        return NULL;
    }
    return query_finish(ps, &targets) ? q : NULL;
}
