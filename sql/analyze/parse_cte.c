/*
 * parse_cte.c: WITH. Entries of WITH RECURSIVE are put into order of dependency first; an entry
 * that refers to itself must have the form "non-recursive term UNION [ALL] recursive term" and
 * refer to itself only where that makes sense.
 */
#include "sql/analyze/clause.h"

#include <string.h>

struct with {
    struct pstate *ps;
    const PgQuery__CommonTableExpr **raw;
    struct cte **ctes;
    int n;
};

/* --- who refers to whom (raw trees)
 * ---------------------------------------------------------------- */

/* Names hidden by inner WITH clauses on the way down. */
struct shadow {
    const PgQuery__WithClause *with;
    const struct shadow *outer;
};

static bool shadowed(const struct shadow *s, const char *name)
{
    for (; s; s = s->outer)
        for (size_t i = 0; i < s->with->n_ctes; i++)
            if (!strcmp(s->with->ctes[i]->common_table_expr->ctename, name))
                return true;
    return false;
}

/* Where a recursive reference stands. */
enum recursion_place {
    PLACE_OK, /* directly in the recursive term */
    PLACE_NONRECURSIVE_TERM,
    PLACE_SUBLINK,
    PLACE_OUTER_JOIN,
    PLACE_INTERSECT,
    PLACE_EXCEPT
};

static const char *const place_messages[] = {
    [PLACE_NONRECURSIVE_TERM] =
        "recursive reference to query \"%s\" must not appear within its non-recursive term",
    [PLACE_SUBLINK] = "recursive reference to query \"%s\" must not appear within a subquery",
    [PLACE_OUTER_JOIN] = "recursive reference to query \"%s\" must not appear within an outer join",
    [PLACE_INTERSECT] = "recursive reference to query \"%s\" must not appear within INTERSECT",
    [PLACE_EXCEPT] = "recursive reference to query \"%s\" must not appear within EXCEPT",
};

struct ref_walk {
    struct pstate *ps;
    const char *name;
    const struct shadow *shadow;
    enum recursion_place place;
    int found;
    bool report; /* complain about misplaced references; else only count */
};

static bool ref_visit(const ProtobufCMessage *m, void *arg);

static void ref_walk_at(struct ref_walk *w, const ProtobufCMessage *m, enum recursion_place place)
{
    enum recursion_place saved = w->place;
    /* The outermost reason is the one to tell, but "non-recursive term" only as long as nothing
     * else applies. */
    if (place != PLACE_OK)
        w->place = place;
    walk_raw(m, ref_visit, w);
    w->place = saved;
}

static void ref_walk_nodes(struct ref_walk *w, PgQuery__Node *const *nodes, size_t n,
                           enum recursion_place place)
{
    for (size_t i = 0; i < n; i++)
        ref_walk_at(w, &nodes[i]->base, place);
}

static void ref_range_var(struct ref_walk *w, const PgQuery__RangeVar *rv)
{
    if (*rv->schemaname || strcmp(rv->relname, w->name) != 0 || shadowed(w->shadow, w->name))
        return;
    w->found++;
    if (!w->report)
        return;
    if (w->place != PLACE_OK) {
        const char *text = arena_printf(w->ps->a->arena, place_messages[w->place], w->name);
        parse_error(w->ps, ERRCODE_INVALID_RECURSION, rv->location, "%s", text);
    } else if (w->found > 1) {
        parse_error(w->ps, ERRCODE_INVALID_RECURSION, rv->location,
                    "recursive reference to query \"%s\" must not appear more than once", w->name);
    }
}

static void ref_join(struct ref_walk *w, const PgQuery__JoinExpr *j)
{
    bool left = j->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT ||
                j->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
    bool right = j->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT ||
                 j->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
    ref_walk_at(w, &j->larg->base, left ? PLACE_OUTER_JOIN : PLACE_OK);
    ref_walk_at(w, &j->rarg->base, right ? PLACE_OUTER_JOIN : PLACE_OK);
    if (j->quals)
        ref_walk_at(w, &j->quals->base, PLACE_OK);
}

static void ref_select_rest(struct ref_walk *w, const PgQuery__SelectStmt *s)
{
    ref_walk_nodes(w, s->distinct_clause, s->n_distinct_clause, PLACE_OK);
    ref_walk_nodes(w, s->target_list, s->n_target_list, PLACE_OK);
    ref_walk_nodes(w, s->from_clause, s->n_from_clause, PLACE_OK);
    if (s->where_clause)
        ref_walk_at(w, &s->where_clause->base, PLACE_OK);
    ref_walk_nodes(w, s->group_clause, s->n_group_clause, PLACE_OK);
    if (s->having_clause)
        ref_walk_at(w, &s->having_clause->base, PLACE_OK);
    ref_walk_nodes(w, s->window_clause, s->n_window_clause, PLACE_OK);
    ref_walk_nodes(w, s->values_lists, s->n_values_lists, PLACE_OK);
    ref_walk_nodes(w, s->sort_clause, s->n_sort_clause, PLACE_OK);
    if (s->limit_offset)
        ref_walk_at(w, &s->limit_offset->base, PLACE_OK);
    if (s->limit_count)
        ref_walk_at(w, &s->limit_count->base, PLACE_OK);
}

static void ref_setop(struct ref_walk *w, const PgQuery__SelectStmt *s)
{
    enum recursion_place left = PLACE_OK, right = PLACE_OK;
    if (s->op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT && s->all)
        left = right = PLACE_INTERSECT;
    else if (s->op == PG_QUERY__SET_OPERATION__SETOP_EXCEPT) {
        left = s->all ? PLACE_EXCEPT : PLACE_OK;
        right = PLACE_EXCEPT;
    }
    ref_walk_at(w, &s->larg->base, left);
    ref_walk_at(w, &s->rarg->base, right);
}

static void ref_select(struct ref_walk *w, const PgQuery__SelectStmt *s)
{
    struct shadow inner = {s->with_clause, w->shadow};
    const struct shadow *saved = w->shadow;
    if (s->with_clause) {
        /* Without RECURSIVE an inner entry does not see itself, but the difference only matters for
         * odd names. */
        if (s->with_clause->recursive)
            w->shadow = &inner;
        ref_walk_nodes(w, s->with_clause->ctes, s->with_clause->n_ctes,
                       w->report && w->place == PLACE_OK ? PLACE_OK : w->place);
        w->shadow = &inner;
    }
    if (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE && s->larg)
        ref_setop(w, s);
    ref_select_rest(w, s);
    w->shadow = saved;
}

static bool ref_visit(const ProtobufCMessage *m, void *arg)
{
    struct ref_walk *w = arg;
    if (m->descriptor == &pg_query__range_var__descriptor) {
        ref_range_var(w, (const PgQuery__RangeVar *)m);
        return false;
    }
    if (m->descriptor == &pg_query__join_expr__descriptor) {
        ref_join(w, (const PgQuery__JoinExpr *)m);
        return false;
    }
    if (m->descriptor == &pg_query__select_stmt__descriptor) {
        ref_select(w, (const PgQuery__SelectStmt *)m);
        return false;
    }
    if (m->descriptor == &pg_query__sub_link__descriptor) {
        const PgQuery__SubLink *s = (const PgQuery__SubLink *)m;
        if (s->testexpr)
            ref_walk_at(w, &s->testexpr->base, PLACE_OK);
        ref_walk_at(w, &s->subselect->base, PLACE_SUBLINK);
        return false;
    }
    return true;
}

static int count_references(struct pstate *ps, const PgQuery__Node *query, const char *name)
{
    struct ref_walk w = {.ps = ps, .name = name};
    walk_raw(&query->base, ref_visit, &w);
    return w.found;
}

/* --- the form of a recursive entry
 * ------------------------------------------------------------------- */

static bool refuse_clause(struct pstate *ps, const PgQuery__Node *n, const char *clause)
{
    if (n)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, raw_location(n),
                    "%s in a recursive query is not implemented", clause);
    return n != NULL;
}

static bool recursive_form(struct pstate *ps, const PgQuery__CommonTableExpr *c)
{
    if (c->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
        parse_error(ps, ERRCODE_INVALID_RECURSION, c->location,
                    "recursive query \"%s\" must not contain data-modifying statements",
                    c->ctename);
        return false;
    }
    const PgQuery__SelectStmt *s = c->ctequery->select_stmt;
    if (s->op != PG_QUERY__SET_OPERATION__SETOP_UNION) {
        parse_error(ps, ERRCODE_INVALID_RECURSION, c->location,
                    "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] "
                    "recursive-term",
                    c->ctename);
        return false;
    }
    struct ref_walk left = {.ps = ps, .name = c->ctename, .report = true};
    ref_walk_at(&left, &s->larg->base, PLACE_NONRECURSIVE_TERM);
    if (s->with_clause)
        ref_walk_nodes(&left, s->with_clause->ctes, s->with_clause->n_ctes, PLACE_SUBLINK);
    struct ref_walk right = {.ps = ps, .name = c->ctename, .report = true};
    ref_walk_at(&right, &s->rarg->base, PLACE_OK);
    if (parse_failed(ps))
        return false;
    return !refuse_clause(ps, s->n_sort_clause ? s->sort_clause[0] : NULL, "ORDER BY") &&
           !refuse_clause(ps, s->limit_offset, "OFFSET") &&
           !refuse_clause(ps, s->limit_count, "LIMIT") &&
           !refuse_clause(ps, s->n_locking_clause ? s->locking_clause[0] : NULL,
                          "FOR UPDATE/SHARE");
}

/* Which entries each one refers to; those that refer to themselves are recursive. */
static bool **dependencies(struct with *w)
{
    bool **dep = ARENA_ARRAY(w->ps->a->arena, bool *, w->n);
    for (int i = 0; i < w->n; i++) {
        dep[i] = ARENA_ARRAY(w->ps->a->arena, bool, w->n);
        for (int k = 0; k < w->n; k++)
            dep[i][k] = count_references(w->ps, w->raw[i]->ctequery, w->raw[k]->ctename) > 0;
        w->ctes[i]->recursive = dep[i][i];
    }
    return dep;
}

/* Entries in an order in which each comes behind those it refers to. */
static bool order_entries(struct with *w, int *order)
{
    bool **dep = dependencies(w);
    bool *done = ARENA_ARRAY(w->ps->a->arena, bool, w->n);
    for (int k = 0; k < w->n; k++) {
        int next = -1;
        for (int i = 0; i < w->n && next < 0; i++) {
            bool ready = !done[i];
            for (int j = 0; j < w->n && ready; j++)
                ready = j == i || !dep[i][j] || done[j];
            if (ready)
                next = i;
        }
        if (next < 0) {
            int i = 0;
            while (done[i])
                i++;
            parse_error(w->ps, ERRCODE_FEATURE_NOT_SUPPORTED, w->raw[i]->location,
                        "mutual recursion between WITH items is not implemented");
            return false;
        }
        done[next] = true;
        order[k] = next;
    }
    for (int i = 0; i < w->n; i++)
        if (w->ctes[i]->recursive && !recursive_form(w->ps, w->raw[i]))
            return false;
    return true;
}

/* --- columns
 * ---------------------------------------------------------------------------------------------- */

static bool cte_columns(struct pstate *ps, struct cte *cte, const struct target *targets, int n,
                        int location)
{
    cte->columns = ARENA_ARRAY(ps->a->arena, struct column_def, n + 1);
    cte->ncolumns = 0;
    for (int i = 0; i < n; i++) {
        const struct target *t = &targets[i];
        if (t->junk)
            continue;
        int k = cte->ncolumns++;
        cte->columns[k] =
            (struct column_def){.name = k < cte->ncolumn_names ? cte->column_names[k] : t->name,
                                .type = t->expr->type,
                                .typmod = t->expr->typmod,
                                .collation = t->expr->collation,
                                .table_oid = t->table_oid,
                                .table_attnum = t->table_attnum};
    }
    if (cte->ncolumn_names > cte->ncolumns) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, location,
                    "WITH query \"%s\" has %d columns available but %d columns specified",
                    cte->name, cte->ncolumns, cte->ncolumn_names);
        return false;
    }
    return true;
}

bool cte_set_recursive_columns(struct pstate *ps, struct cte *cte, const struct query *left)
{
    if (!cte_columns(ps, cte, left->targets, left->ntargets, -1))
        return false;
    for (int i = 0; i < cte->ncolumns; i++) {
        cte->columns[i].table_oid = 0;
        cte->columns[i].table_attnum = 0;
        if (cte->columns[i].type == UNKNOWNOID) {
            cte->columns[i].type = TEXTOID;
            cte->columns[i].typmod = -1;
            cte->columns[i].collation = type_collation(ps, TEXTOID);
        }
    }
    if (cte->nadded) {
        struct column_def *all = ARENA_ARRAY(ps->a->arena, struct column_def, cte->ncolumns + cte->nadded);
        memcpy(all, cte->columns, sizeof *all * (size_t)cte->ncolumns);
        memcpy(all + cte->ncolumns, cte->added, sizeof *all * (size_t)cte->nadded);
        cte->columns = all;
        cte->ncolumns += cte->nadded;
    }
    return true;
}

/* The whole must not have other types than the first term, on which the second was built. */
static bool check_recursive_columns(struct pstate *ps, const struct cte *cte)
{
    const struct query *q = cte->query;
    for (int i = 0; i < cte->ncolumns - cte->nadded; i++) {
        const struct column_def *c = &cte->columns[i];
        const struct expr *e = q->targets[i].expr;
        if (c->type != e->type || c->typmod != e->typmod) {
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                        "recursive query \"%s\" column %d has type %s in non-recursive term but "
                        "type %s overall",
                        cte->name, i + 1, format_type_typmod(ps, c->type, c->typmod),
                        format_type_typmod(ps, e->type, e->typmod));
            parse_error_hint(ps, "Cast the output of the non-recursive term to the correct type.");
            return false;
        }
        if (c->collation != e->collation) {
            parse_error(
                ps, ERRCODE_COLLATION_MISMATCH, expr_location(e),
                "recursive query \"%s\" column %d has collation \"%s\" in non-recursive term but "
                "collation \"%s\" overall",
                cte->name, i + 1, collation_name(ps, c->collation),
                collation_name(ps, e->collation));
            parse_error_hint(
                ps, "Use the COLLATE clause to set the collation of the non-recursive term.");
            return false;
        }
    }
    return true;
}

/* --- entries
 * ---------------------------------------------------------------------------------------------------
 */

static bool check_entry(struct pstate *ps, const PgQuery__CommonTableExpr *c)
{
    if (c->ctequery->node_case == PG_QUERY__NODE__NODE_MERGE_STMT) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location, "MERGE not supported in WITH query");
        return false;
    }
    if (c->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
        if (ps->parent) {
            parse_error(
                ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                "WITH clause containing a data-modifying statement must be at the top level");
            return false;
        }
        ps->has_modifying_cte = true;
    }
    return true;
}

static struct cte *new_entry(struct pstate *ps, const PgQuery__CommonTableExpr *c)
{
    struct cte *cte = ARENA_NEW(ps->a->arena, struct cte);
    cte->name = arena_strdup(ps->a->arena, c->ctename);
    cte->ncolumn_names = (int)c->n_aliascolnames;
    if (c->n_aliascolnames) {
        const char **names = ARENA_ARRAY(ps->a->arena, const char *, c->n_aliascolnames);
        for (size_t i = 0; i < c->n_aliascolnames; i++)
            names[i] = arena_strdup(ps->a->arena, node_string(c->aliascolnames[i]));
        cte->column_names = names;
    }
    cte->materialized = c->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways  ? 1
                        : c->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever ? 2
                                                                                              : 0;
    return cte;
}

static bool analyze_entry(struct pstate *ps, const PgQuery__CommonTableExpr *c, struct cte *cte)
{
    if (!cte_search_prepare(ps, c, cte))
        return false;
    struct query *q = parse_sub_analyze(ps, c->ctequery, cte, false, true);
    if (!q)
        return false;
    cte->query = q;
    if (cte->recursive)
        return check_recursive_columns(ps, cte) && cte_search_rewrite(ps, cte);
    if (q->command == QUERY_SELECT)
        return cte_columns(ps, cte, q->targets, q->ntargets, c->location);
    return !q->nreturning || cte_columns(ps, cte, q->returning, q->nreturning, c->location);
}

static void show_entry(struct pstate *ps, struct cte *cte)
{
    ps->ctes[ps->nctes++] = cte;
}

bool transform_with_clause(struct pstate *ps, const PgQuery__WithClause *clause)
{
    int n = (int)clause->n_ctes;
    struct with w = {.ps = ps, .n = n};
    int *order = ARENA_ARRAY(ps->a->arena, int, n);
    w.raw = ARENA_ARRAY(ps->a->arena, const PgQuery__CommonTableExpr *, n);
    w.ctes = ARENA_ARRAY(ps->a->arena, struct cte *, n);
    for (int i = 0; i < n; i++) {
        w.raw[i] = clause->ctes[i]->common_table_expr;
        for (int k = 0; k < i; k++)
            if (!strcmp(w.raw[k]->ctename, w.raw[i]->ctename)) {
                parse_error(ps, ERRCODE_DUPLICATE_ALIAS, w.raw[i]->location,
                            "WITH query name \"%s\" specified more than once", w.raw[i]->ctename);
                return false;
            }
        if (!check_entry(ps, w.raw[i]))
            return false;
        w.ctes[i] = new_entry(ps, w.raw[i]);
        order[i] = i;
    }
    ps->ctes = ARENA_ARRAY(ps->a->arena, struct cte *, n);
    ps->nctes = 0;
    if (clause->recursive && !order_entries(&w, order))
        return false;
    for (int k = 0; k < n; k++) {
        struct cte *cte = w.ctes[order[k]];
        ps->future_ctes = w.raw + k;
        ps->nfuture_ctes = clause->recursive ? 0 : n - k;
        if (cte->recursive)
            show_entry(ps, cte);
        if (!analyze_entry(ps, w.raw[order[k]], cte))
            return false;
        if (!cte->recursive)
            show_entry(ps, cte);
    }
    ps->nfuture_ctes = 0;
    ps->query->ctes = ps->ctes;
    ps->query->nctes = n;
    ps->query->recursive = clause->recursive;
    return true;
}
