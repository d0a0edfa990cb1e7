/*
 * utility_exclusion.c: EXCLUDE constraints: their keys as CREATE INDEX has them, the operator of each, the predicate. Called by
 * utility_columns.c once all columns are known.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* The operator of a key: commutative, and for its very type. */
static const struct operator_def *exclusion_operator(struct pstate *ps, const PgQuery__Node *n,
                                                     const struct index_elem *el, const struct relation *shape)
{
    const struct attribute *a = el->column ? relation_attribute(shape, el->column) : NULL;
    uint32_t type = a ? a->type : el->expr ? el->expr->type : 0;
    const PgQuery__List *names = n->list;
    const struct operator_def *op = oper(ps, names->items, names->n_items, type, type, false, -1);
    if (!op)
        return NULL;
    if (!is_binary_coercible(ps, type, op->left) || !is_binary_coercible(ps, type, op->right)) {
        parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, -1, "operator requires run-time type coercion: %s(%s,%s)",
                    op->name, format_type(ps, op->left), format_type(ps, op->right));
        return NULL;
    }
    if (op->commutator != op->oid) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "operator %s(%s,%s) is not commutative", op->name,
                    format_type(ps, op->left), format_type(ps, op->right));
        parse_error_detail(ps, "Only commutative operators can be used in exclusion constraints.");
        return NULL;
    }
    return op;
}

bool utility_exclusion(struct pstate *ps, const PgQuery__Constraint *c, const struct relation *shape,
                       struct table_constraint *k)
{
    struct arena *arena = ps->a->arena;
    k->method = *c->access_method ? arena_strdup(arena, c->access_method) : "btree";
    k->elems = ARENA_ARRAY(arena, struct index_elem, c->n_exclusions + 1);
    k->operators = ARENA_ARRAY(arena, const struct operator_def *, c->n_exclusions + 1);
    for (size_t i = 0; i < c->n_exclusions; i++) {
        const PgQuery__List *pair = c->exclusions[i]->list;
        struct index_elem *el = &k->elems[k->nelems];
        if (!utility_index_element(ps, pair->items[0]->index_elem, shape, el) ||
            !(k->operators[k->nelems] = exclusion_operator(ps, pair->items[1], el, shape)))
            return false;
        k->nelems++;
    }
    if (!c->where_clause)
        return true;
    k->where = transform_stored(ps, c->where_clause, shape, EXPR_KIND_INDEX_PREDICATE, 0, -1, NULL);
    return !expr_is_poison(k->where) &&
           check_immutable(ps, k->where, "functions in index predicate must be marked IMMUTABLE");
}
