/*
 * parse_conflict.c: ON CONFLICT: which unique indexes the given columns and expressions mean, and
 * DO UPDATE.
 */
#include "sql/analyze/clause.h"
#include "sql/analyze/predicate.h"

#include <string.h>

/* What was written between the parentheses behind ON CONFLICT. */
struct inference {
    int *attnums; /* 0: an expression */
    struct expr **exprs;
    uint32_t *collations; /* 0: not written */
    uint32_t
        *opclasses; /* not looked at beyond existence: every index has its type's default one */
    int n;
    struct expr *where;
};

static void ns_only(struct pstate *ps, struct nsitem *first, struct nsitem *second)
{
    struct ns_list l = {0};
    ns_append(ps, &l, first);
    if (second)
        ns_append(ps, &l, second);
    ns_restore(ps, l);
}

/* --- inference
 * ---------------------------------------------------------------------------------------- */

static bool infer_elem(struct pstate *ps, const PgQuery__IndexElem *el, struct inference *in,
                       int location)
{
    int i = in->n++;
    if (el->ordering > PG_QUERY__SORT_BY_DIR__SORTBY_DEFAULT ||
        el->nulls_ordering > PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, -1,
                    el->ordering > PG_QUERY__SORT_BY_DIR__SORTBY_DEFAULT
                        ? "ASC/DESC is not allowed in ON CONFLICT clause"
                        : "NULLS FIRST/LAST is not allowed in ON CONFLICT clause");
        return false;
    }
    struct expr *e;
    if (*el->name) {
        e = col_name_to_var(ps, el->name, true, location);
        if (!e)
            e = error_missing_column(ps, NULL, el->name, location);
    } else {
        e = transform_expr(ps, el->expr, EXPR_KIND_INDEX_EXPRESSION);
    }
    if (expr_is_poison(e) || !assign_expr_collations(ps, e))
        return false;
    if (e->kind == EXPR_VAR)
        in->attnums[i] = e->var.attnum;
    else
        in->exprs[i] = e;
    if (el->n_collation)
        in->collations[i] = lookup_collation(ps, el->collation, el->n_collation, -1);
    return !parse_failed(ps);
}

static bool infer_elems(struct pstate *ps, const PgQuery__InferClause *c, struct inference *in)
{
    size_t n = c->n_index_elems;
    in->attnums = ARENA_ARRAY(ps->a->arena, int, n + 1);
    in->exprs = ARENA_ARRAY(ps->a->arena, struct expr *, n + 1);
    in->collations = ARENA_ARRAY(ps->a->arena, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!infer_elem(ps, c->index_elems[i]->index_elem, in, c->location))
            return false;
    in->where = transform_where(ps, c->where_clause, EXPR_KIND_INDEX_PREDICATE, "WHERE");
    return !parse_failed(ps) && (!in->where || assign_expr_collations(ps, in->where));
}

/* A stored expression of the target table, its VARs on the target's entry. */
static struct expr *stored_on_target(struct pstate *ps, const char *sql, enum parse_expr_kind kind)
{
    struct expr *e = analyze_stored_expr(ps, sql, dml_target_of(ps)->base, kind, 0, -1, NULL);
    return expr_is_poison(e) ? e : expr_replace_vars(ps->a->arena, e, 0, NULL, ps->query->result);
}

static bool key_in_inference(struct pstate *ps, const struct index_column *c,
                             const struct inference *in, bool *used)
{
    struct expr *e =
        c->attnum ? NULL : stored_on_target(ps, c->expr_sql, EXPR_KIND_INDEX_EXPRESSION);
    bool found = false;
    for (int i = 0; i < in->n; i++) {
        bool same = e ? in->exprs[i] && expr_equal(e, in->exprs[i]) : in->attnums[i] == c->attnum;
        if (!same || (in->collations[i] && in->collations[i] != c->collation))
            continue;
        used[i] = found = true;
    }
    return found;
}

static bool index_matches(struct pstate *ps, const struct index_def *ix, const struct inference *in)
{
    bool *used = ARENA_ARRAY(ps->a->arena, bool, in->n + 1);
    if (!ix->unique || !ix->valid)
        return false;
    for (int i = 0; i < ix->nkeys; i++)
        if (!key_in_inference(ps, &ix->columns[i], in, used))
            return false;
    for (int i = 0; i < in->n; i++)
        if (!used[i])
            return false;
    if (!ix->predicate_sql)
        return true;
    struct expr *p = stored_on_target(ps, ix->predicate_sql, EXPR_KIND_INDEX_PREDICATE);
    return in->where && !expr_is_poison(p) && predicate_implied(ps->a->snapshot, ps->a->ctx, in->where, p);
}

/* Expressions of an index that another program made may have no meaning in PostgreSQL: it is then no arbiter. */
static bool index_serves(struct pstate *ps, const struct index_def *ix, const struct inference *in)
{
    struct error before = *ps->a->err;
    if (ix->opaque)
        return false;
    bool matches = index_matches(ps, ix, in);
    if (!ix->foreign || error_is_set(&before) || !error_is_set(ps->a->err))
        return matches;
    *ps->a->err = before;
    return false;
}

static bool refuse_deferrable(struct pstate *ps, const struct index_def *ix)
{
    if (ix->immediate)
        return false;
    parse_error(ps, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, -1,
                "ON CONFLICT does not support deferrable unique constraints/exclusion constraints "
                "as arbiters");
    const struct namespace_def *ns = snapshot_namespace(ps->a->snapshot, ix->table->namespace_oid);
    ps->a->err->schema = ns ? ns->name : NULL;
    ps->a->err->table = ix->table->name;
    ps->a->err->constraint = ix->name;
    return true;
}

static void add_arbiter(struct pstate *ps, const struct index_def *ix)
{
    struct on_conflict *oc = ps->query->conflict;
    const struct index_def **grown =
        ARENA_ARRAY(ps->a->arena, const struct index_def *, oc->narbiters + 1);
    if (oc->narbiters)
        memcpy(grown, oc->arbiters, sizeof *grown * (size_t)oc->narbiters);
    grown[oc->narbiters++] = ix;
    oc->arbiters = grown;
}

static bool arbiters_by_inference(struct pstate *ps, const PgQuery__InferClause *c)
{
    const struct relation *r = dml_target_of(ps)->base;
    struct inference in = {0};
    struct ns_list saved = ns_save(ps);
    bool rel_visible = ps->target->rel_visible;
    ps->target->rel_visible = false;
    ns_only(ps, ps->target, NULL);
    bool ok = infer_elems(ps, c, &in);
    ns_restore(ps, saved);
    ps->target->rel_visible = rel_visible;
    if (!ok)
        return false;
    for (int i = 0; i < r->nindexes; i++) {
        if (!index_serves(ps, r->indexes[i], &in))
            continue;
        if (parse_failed(ps) || refuse_deferrable(ps, r->indexes[i]))
            return false;
        add_arbiter(ps, r->indexes[i]);
    }
    if (!ps->query->conflict->narbiters)
        parse_error(
            ps, ERRCODE_INVALID_COLUMN_REFERENCE, -1,
            "there is no unique or exclusion constraint matching the ON CONFLICT specification");
    return !parse_failed(ps);
}

static bool arbiter_by_constraint(struct pstate *ps, const char *name)
{
    const struct relation *r = dml_target_of(ps)->base;
    for (int i = 0; i < r->nconstraints; i++) {
        const struct constraint_def *k = r->constraints[i];
        if (strcmp(k->name, name) != 0)
            continue;
        if (!k->index || (k->type != 'p' && k->type != 'u' && k->type != 'x')) {
            parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1,
                        "constraint in ON CONFLICT clause has no associated index");
            return false;
        }
        if (refuse_deferrable(ps, k->index))
            return false;
        add_arbiter(ps, k->index);
        ps->query->conflict->constraint = k->name;
        return true;
    }
    parse_error(ps, ERRCODE_UNDEFINED_OBJECT, -1,
                "constraint \"%s\" for table \"%s\" does not exist", name, r->name);
    return false;
}

/* --- DO UPDATE
 * ---------------------------------------------------------------------------------------------- */

/* The row proposed for insertion, under the name "excluded" and the columns of the table as it was
 * named. */
static struct nsitem *excluded_item(struct pstate *ps)
{
    const struct dml_target *t = dml_target_of(ps);
    struct rte *rte = rte_for_relation(ps, t->base, NULL, false);
    rte->alias = "excluded";
    rte->has_alias = true;
    rte->in_from = false;
    int index = rte_add(ps, rte);
    struct nsitem *item = nsitem_for_rte(ps, rte, index);
    ps->query->conflict->excluded_rte = index;
    if (!t->attnums)
        return item;
    item->view = t->item.view;
    item->ncolumns = t->item.ncolumns;
    item->columns = ARENA_ARRAY(ps->a->arena, struct ns_column, item->ncolumns + 1);
    rte->through = t->item.rte->through;
    for (int i = 0; i < item->ncolumns; i++) {
        if (!t->view->columns[i])
            continue;
        struct expr *e = expr_copy(ps->a->arena, t->view->columns[i]);
        item->columns[i] = (struct ns_column){.name = t->item.columns[i].name,
                                              .expr = expr_replace_vars(ps->a->arena, e, t->item.rtindex, NULL, index)};
    }
    return item;
}

static bool conflict_update(struct pstate *ps, const PgQuery__OnConflictClause *c)
{
    struct on_conflict *oc = ps->query->conflict;
    struct ns_list saved = ns_save(ps);
    ps->target->rel_visible = ps->target->cols_visible = true;
    ns_only(ps, excluded_item(ps), ps->target);
    bool ok = transform_update_targets(ps, c->target_list, c->n_target_list, &oc->set, &oc->nset);
    if (ok)
        oc->where = transform_where(ps, c->where_clause, EXPR_KIND_WHERE, "WHERE");
    ns_restore(ps, saved);
    return ok && !parse_failed(ps);
}

bool transform_on_conflict(struct pstate *ps, const PgQuery__OnConflictClause *c)
{
    struct on_conflict *oc = ARENA_NEW(ps->a->arena, struct on_conflict);
    bool update = c->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE;
    ps->query->conflict = oc;
    oc->action = update ? CONFLICT_UPDATE : CONFLICT_NOTHING;
    oc->excluded_rte = -1;
    if (update && !c->infer) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, c->location,
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name");
        parse_error_hint(ps, "For example, ON CONFLICT (column_name).");
        return false;
    }
    if (dml_target_of(ps)->base->system) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                    "ON CONFLICT is not supported with system catalog tables");
        return false;
    }
    if (c->infer && !(*c->infer->conname ? arbiter_by_constraint(ps, c->infer->conname)
                                         : arbiters_by_inference(ps, c->infer)))
        return false;
    for (int i = 0; update && i < oc->narbiters; i++)
        if (!oc->arbiters[i]->unique) {
            parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "ON CONFLICT DO UPDATE not supported with exclusion constraints");
            return false;
        }
    return !update || conflict_update(ps, c);
}
