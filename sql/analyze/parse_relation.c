/*
 * parse_relation.c: the range table and the namespace: which names stand for which columns, and
 * what to say when they stand for none. Called by FROM (parse_from.c) and by column references
 * (parse_expr.c).
 */
#include "sql/catalog/acl.h"
#include "sql/analyze/clause.h"

#include <string.h>

/* --- system columns --------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int attnum;
    uint32_t type;
} system_columns[] = {
    {"ctid", -1, TIDOID}, {"xmin", -2, XIDOID}, {"cmin", -3, CIDOID},
    {"xmax", -4, XIDOID}, {"cmax", -5, CIDOID}, {"tableoid", -6, OIDOID},
};
#define NSYSTEM_COLUMNS (int)(sizeof system_columns / sizeof *system_columns)

int system_column_number(const char *name)
{
    for (int i = 0; i < NSYSTEM_COLUMNS; i++)
        if (!strcmp(system_columns[i].name, name))
            return system_columns[i].attnum;
    return 0;
}

const char *system_column_name(int attnum)
{
    return system_columns[-attnum - 1].name;
}

/* --- entries -------------------------------------------------------------------------------------
 */

int rte_add(struct pstate *ps, struct rte *rte)
{
    struct query *q = ps->query;
    struct rte **grown = ARENA_ARRAY(ps->a->arena, struct rte *, q->nrtable + 1);
    if (q->nrtable)
        memcpy(grown, q->rtable, sizeof *grown * (size_t)q->nrtable);
    grown[q->nrtable] = rte;
    q->rtable = grown;
    return q->nrtable++;
}

struct expr *var_for_column(struct pstate *ps, const struct rte *rte, int index, int attnum,
                            int location)
{
    struct expr *e;
    if (attnum < 0) {
        e = expr_new(ps->a->arena, EXPR_VAR, system_columns[-attnum - 1].type, -1, location);
    } else {
        const struct column_def *c = &rte->columns[attnum - 1];
        e = expr_new(ps->a->arena, EXPR_VAR, c->type, c->typmod, location);
        e->collation = c->collation;
    }
    e->var.rte = index;
    e->var.attnum = attnum;
    return e;
}

struct nsitem *nsitem_for_rte(struct pstate *ps, struct rte *rte, int index)
{
    struct nsitem *item = ARENA_NEW(ps->a->arena, struct nsitem);
    *item = (struct nsitem){.name = rte->alias,
                            .rte = rte,
                            .rtindex = index,
                            .ncolumns = rte->ncolumns,
                            .rel_visible = true,
                            .cols_visible = true,
                            .lateral_ok = true};
    item->columns = ARENA_ARRAY(ps->a->arena, struct ns_column, rte->ncolumns + 1);
    for (int i = 0; i < rte->ncolumns; i++) {
        item->columns[i].name = rte->columns[i].name;
        if (rte->columns[i].name)
            item->columns[i].expr = var_for_column(ps, rte, index, i + 1, -1);
    }
    return item;
}

bool rte_apply_alias(struct pstate *ps, struct rte *rte, const PgQuery__Alias *alias)
{
    if (!alias)
        return true;
    if (alias->aliasname[0]) {
        rte->alias = arena_strdup(ps->a->arena, alias->aliasname);
        rte->has_alias = true;
    }
    if (!alias->n_colnames)
        return true;
    rte->column_aliases = true;
    size_t given = 0;
    int available = 0;
    for (int i = 0; i < rte->ncolumns; i++) {
        if (!rte->columns[i].name)
            continue;
        available++;
        if (given < alias->n_colnames)
            rte->columns[i].name =
                arena_strdup(ps->a->arena, node_string(alias->colnames[given++]));
    }
    if (given < alias->n_colnames) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, -1,
                    "table \"%s\" has %d columns available but %d columns specified", rte->alias,
                    available, (int)alias->n_colnames);
        return false;
    }
    return true;
}

void relation_columns(struct pstate *ps, const struct relation *r, struct column_def **columns,
                      int *n)
{
    *columns = ARENA_ARRAY(ps->a->arena, struct column_def, r->natts + 1);
    *n = r->natts;
    for (int i = 0; i < r->natts; i++) {
        const struct attribute *att = &r->atts[i];
        if (att->dropped || att->hidden)
            continue;
        (*columns)[i] = (struct column_def){.name = att->name,
                                            .type = att->type,
                                            .typmod = att->typmod,
                                            .collation = att->collation,
                                            .table_oid = r->oid,
                                            .table_attnum = att->num,
                                            .notnull = att->notnull};
    }
}

struct rte *rte_for_relation(struct pstate *ps, const struct relation *r,
                             const PgQuery__Alias *alias, bool inh)
{
    struct rte *rte = ARENA_NEW(ps->a->arena, struct rte);
    rte->kind = RTE_RELATION;
    rte->alias = r->name;
    rte->inh = inh;
    rte->in_from = true;
    rte->relation = r;
    relation_columns(ps, r, &rte->columns, &rte->ncolumns);
    return rte_apply_alias(ps, rte, alias) ? rte : NULL;
}

struct rte *rte_for_subquery(struct pstate *ps, struct query *q, const char *name)
{
    struct rte *rte = ARENA_NEW(ps->a->arena, struct rte);
    rte->kind = RTE_SUBQUERY;
    rte->alias = name;
    rte->in_from = true;
    rte->subquery = q;
    const struct target *list = q->command == QUERY_SELECT ? q->targets : q->returning;
    int n = q->command == QUERY_SELECT ? q->ntargets : q->nreturning;
    rte->columns = ARENA_ARRAY(ps->a->arena, struct column_def, n + 1);
    for (int i = 0; i < n; i++) {
        const struct target *t = &list[i];
        if (t->junk)
            continue;
        rte->columns[rte->ncolumns++] = (struct column_def){.name = t->name,
                                                            .type = t->expr->type,
                                                            .typmod = t->expr->typmod,
                                                            .collation = t->expr->collation,
                                                            .table_oid = t->table_oid,
                                                            .table_attnum = t->table_attnum};
    }
    return rte;
}

/* --- namespace lists
 * -------------------------------------------------------------------------------- */

void ns_append(struct pstate *ps, struct ns_list *l, struct nsitem *item)
{
    struct nsitem **grown = ARENA_ARRAY(ps->a->arena, struct nsitem *, l->n + 1);
    if (l->n)
        memcpy(grown, l->items, sizeof *grown * (size_t)l->n);
    grown[l->n++] = item;
    l->items = grown;
}

void ns_concat(struct pstate *ps, struct ns_list *l, const struct ns_list *more)
{
    for (int i = 0; i < more->n; i++)
        ns_append(ps, l, more->items[i]);
}

struct ns_list ns_save(const struct pstate *ps)
{
    return (struct ns_list){ps->ns, ps->nns};
}

void ns_restore(struct pstate *ps, struct ns_list l)
{
    ps->ns = l.items;
    ps->nns = l.n;
}

void ns_set_lateral(const struct ns_list *l, bool only, bool ok)
{
    for (int i = 0; i < l->n; i++) {
        l->items[i]->lateral_only = only;
        l->items[i]->lateral_ok = ok;
    }
}

void ns_hide_columns(const struct ns_list *l)
{
    for (int i = 0; i < l->n; i++)
        l->items[i]->cols_visible = false;
}

/* The relation an entry was written as; a view's entry is a subquery that remembers it. */
static const struct relation *item_relation(const struct nsitem *item)
{
    return item->rte ? item->rte->relation : NULL;
}

bool ns_check_conflicts(struct pstate *ps, const struct ns_list *left, const struct ns_list *right)
{
    for (int i = 0; i < left->n; i++)
        for (int k = 0; k < right->n; k++) {
            const struct nsitem *a = left->items[i], *b = right->items[k];
            if (!a->rel_visible || !b->rel_visible || !a->name || !b->name ||
                strcmp(a->name, b->name) != 0)
                continue;
            /* Tables of one name in different schemas can still be told apart by schema.name. */
            if (item_relation(a) && item_relation(b) && item_relation(a) != item_relation(b) &&
                !a->rte->has_alias && !b->rte->has_alias)
                continue;
            parse_error(ps, ERRCODE_DUPLICATE_ALIAS, -1,
                        "table name \"%s\" specified more than once", b->name);
            return false;
        }
    return true;
}

/* --- look-up
 * ------------------------------------------------------------------------------------------- */

static bool check_lateral_ref(struct pstate *ps, const struct pstate *level,
                              const struct nsitem *item, int location)
{
    if (!item->lateral_only || item->lateral_ok)
        return true;
    parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, location,
                "invalid reference to FROM-clause entry for table \"%s\"", item->name);
    if (item == level->target)
        parse_error_hint(ps,
                         "There is an entry for table \"%s\", but it cannot be referenced from "
                         "this part of the query.",
                         item->name);
    else
        parse_error_detail(
            ps, "The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
    return false;
}

/* Schema by name as a relation's qualifier; pg_temp is the session's temporary schema, first of
 * those in the path. */
static uint32_t find_namespace(struct pstate *ps, const char *schema)
{
    return lookup_namespace(ps, schema, true, -1);
}

static struct nsitem *scan_level_for_ref(struct pstate *ps, struct pstate *level,
                                         const struct relation *r, const char *name, int location)
{
    struct nsitem *found = NULL;
    for (int i = 0; i < level->nns; i++) {
        struct nsitem *item = level->ns[i];
        if (!item->rel_visible || (item->lateral_only && !level->lateral_active) || !item->name)
            continue;
        if (r ? item_relation(item) != r || item->rte->has_alias : strcmp(item->name, name) != 0)
            continue;
        if (found) {
            parse_error(ps, ERRCODE_AMBIGUOUS_ALIAS, location,
                        "table reference \"%s\" is ambiguous", name);
            return NULL;
        }
        if (!check_lateral_ref(ps, level, item, location))
            return NULL;
        found = item;
    }
    return found;
}

struct nsitem *ref_nsitem(struct pstate *ps, const char *schema, const char *name, int location,
                          int *levelsup)
{
    const struct relation *r = NULL;
    *levelsup = 0;
    if (schema) {
        uint32_t ns = find_namespace(ps, schema);
        r = ns ? snapshot_relation_named(ps->a->snapshot, ns, name) : NULL;
        if (!r)
            return NULL;
    }
    for (struct pstate *p = ps; p; p = p->parent, ++*levelsup) {
        struct nsitem *item = scan_level_for_ref(ps, p, r, name, location);
        if (item || parse_failed(ps))
            return item;
    }
    return NULL;
}

static bool raise_one(struct expr_walker *w, struct expr *e, int depth)
{
    int levels = *(const int *)w->arg;
    if (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) {
        if (e->var.levelsup >= depth)
            e->var.levelsup += levels;
    } else if (e->kind == EXPR_AGG || e->kind == EXPR_WINDOW) {
        if (e->agg.levelsup >= depth)
            e->agg.levelsup += levels;
    } else if (e->kind == EXPR_GROUPING && e->grouping.levelsup >= depth) {
        e->grouping.levelsup += levels;
    }
    return true;
}

static void raise_query(struct expr_walker *w, struct query *q, int depth)
{
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_CTE && q->rtable[i]->cte.levelsup >= depth)
            q->rtable[i]->cte.levelsup += *(const int *)w->arg;
}

void expr_raise_levels(struct expr *e, int levels)
{
    if (!levels)
        return;
    struct expr_walker w = {.visit = raise_one, .enter = raise_query, .arg = &levels};
    walk_expr(&w, e, 0);
}

void query_raise_levels(struct query *q, int levels)
{
    struct expr_walker w = {.visit = raise_one, .enter = raise_query, .arg = &levels};
    walk_query(&w, q, 1);
}

static struct expr *system_column_var(struct pstate *ps, struct nsitem *item, int levelsup,
                                      const char *name, int attnum, int location)
{
    const char *message = NULL;
    if (ps->expr_kind == EXPR_KIND_CHECK_CONSTRAINT && strcmp(name, "tableoid") != 0)
        message = "system column \"%s\" reference in check constraint is invalid";
    else if (ps->expr_kind == EXPR_KIND_GENERATED_COLUMN && strcmp(name, "tableoid") != 0)
        message = "cannot use system column \"%s\" in column generation expression";
    else if (ps->expr_kind == EXPR_KIND_MERGE_WHEN && strcmp(name, "tableoid") != 0)
        message = "cannot use system column \"%s\" in MERGE WHEN condition";
    if (message) {
        const char *text = arena_printf(ps->a->arena, message, name);
        return parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, location, "%s", text);
    }
    struct expr *e = var_for_column(ps, item->rte, item->rtindex, attnum, location);
    e->var.levelsup = levelsup;
    return e;
}

struct expr *scan_nsitem_for_column(struct pstate *ps, struct nsitem *item, int levelsup,
                                    const char *name, int location)
{
    const struct ns_column *found = NULL;
    for (int i = 0; i < item->ncolumns; i++) {
        const struct ns_column *c = &item->columns[i];
        if (!c->name || c->hidden || strcmp(c->name, name) != 0)
            continue;
        if (found)
            return parse_error(ps, ERRCODE_AMBIGUOUS_COLUMN, location,
                               "column reference \"%s\" is ambiguous", name);
        found = c;
    }
    if (found) {
        struct expr *e = expr_copy(ps->a->arena, found->expr);
        e->location = location;
        expr_raise_levels(e, levelsup);
        return e;
    }
    int attnum = system_column_number(name);
    if (attnum && item->rte && !item->view && item->rte->kind == RTE_RELATION &&
        item->rte->relation->kind != RELKIND_VIEW)
        return system_column_var(ps, item, levelsup, name, attnum, location);
    return NULL;
}

struct expr *col_name_to_var(struct pstate *ps, const char *name, bool local_only, int location)
{
    int levelsup = 0;
    for (struct pstate *p = ps; p; p = p->parent, levelsup++) {
        struct expr *found = NULL;
        for (int i = 0; i < p->nns; i++) {
            struct nsitem *item = p->ns[i];
            if (!item->cols_visible || (item->lateral_only && !p->lateral_active))
                continue;
            struct expr *e = scan_nsitem_for_column(ps, item, levelsup, name, location);
            if (!e)
                continue;
            if (expr_is_poison(e))
                return e;
            if (found)
                return parse_error(ps, ERRCODE_AMBIGUOUS_COLUMN, location,
                                   "column reference \"%s\" is ambiguous", name);
            if (!check_lateral_ref(ps, p, item, location))
                return expr_poison();
            found = e;
        }
        if (found || local_only)
            return found;
    }
    return NULL;
}

struct expr *whole_row_var(struct pstate *ps, struct nsitem *item, int levelsup, int location)
{
    struct expr *e;
    if (item->rte && !item->view) {
        const struct rte *rte = item->rte;
        /* A function giving one scalar column is that scalar, not a row of one. */
        if (rte->kind == RTE_FUNCTION && rte->function.n == 1 && !rte->function.ordinality &&
            !type_is_rowtype(ps, rte->function.calls[0]->type)) {
            e = var_for_column(ps, rte, item->rtindex, 1, location);
        } else {
            uint32_t type = RECORDOID;
            if (rte->relation && rte->relation->rowtype)
                type = rte->relation->rowtype;
            else if (rte->kind == RTE_FUNCTION && rte->function.n == 1 && !rte->function.ordinality)
                type = rte->function.calls[0]->type;
            e = expr_new(ps->a->arena, EXPR_WHOLE_ROW, type, -1, location);
            e->var.rte = item->rtindex;
        }
        e->var.levelsup = levelsup;
        return e;
    }
    e = expr_new(ps->a->arena, EXPR_ROW, item->view ? item->view->rowtype : RECORDOID, -1, location);
    for (int i = 0; i < item->ncolumns; i++)
        if (item->columns[i].name)
            expr_list_add(ps->a->arena, &e->list.args,
                          expr_copy(ps->a->arena, item->columns[i].expr));
    expr_raise_levels(e, levelsup);
    return e;
}

struct cte *lookup_cte(struct pstate *ps, const char *name, int *levelsup)
{
    *levelsup = 0;
    for (struct pstate *p = ps; p; p = p->parent, ++*levelsup)
        for (int i = 0; i < p->nctes; i++)
            if (!strcmp(p->ctes[i]->name, name))
                return p->ctes[i];
    return NULL;
}

static bool is_future_cte(const struct pstate *ps, const char *name)
{
    for (; ps; ps = ps->parent)
        for (int i = 0; i < ps->nfuture_ctes; i++)
            if (!strcmp(ps->future_ctes[i]->ctename, name))
                return true;
    return false;
}

static const struct relation *search_path_relation(struct pstate *ps, const char *name)
{
    for (int i = 0; i < ps->a->nsearch_path; i++) {
        const struct relation *r =
            snapshot_relation_named(ps->a->snapshot, ps->a->search_path[i], name);
        if (r)
            return r;
    }
    return NULL;
}

const struct relation *lookup_relation(struct pstate *ps, const char *catalog, const char *schema,
                                       const char *name, bool missing_ok, int location)
{
    if (catalog && *catalog && ps->a->database && strcmp(catalog, ps->a->database) != 0) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location,
                    "cross-database references are not implemented: \"%s.%s.%s\"", catalog, schema,
                    name);
        return NULL;
    }
    if (schema && *schema) {
        uint32_t ns = find_namespace(ps, schema);
        struct acl_object o = acl_namespace(ps->a->snapshot, ns);
        if (ns && ps->a->role && ns != PG_TEMP_NAMESPACE &&
            !acl_check(ps->a->snapshot, &o, ps->a->role, ACL_USAGE, ACL_ALL_OF)) {
            parse_error(ps, ERRCODE_INSUFFICIENT_PRIVILEGE, location, "permission denied for schema %s", schema);
            return NULL;
        }
        const struct relation *r = ns ? snapshot_relation_named(ps->a->snapshot, ns, name) : NULL;
        if (!r && !missing_ok)
            parse_error(ps, ERRCODE_UNDEFINED_TABLE, location, "relation \"%s.%s\" does not exist",
                        schema, name);
        return r;
    }
    const struct relation *r = search_path_relation(ps, name);
    if (r || missing_ok)
        return r;
    parse_error(ps, ERRCODE_UNDEFINED_TABLE, location, "relation \"%s\" does not exist", name);
    if (is_future_cte(ps, name)) {
        parse_error_detail(ps,
                           "There is a WITH item named \"%s\", but it cannot be referenced from "
                           "this part of the query.",
                           name);
        parse_error_hint(
            ps, "Use WITH RECURSIVE, or re-order the WITH items to remove forward references.");
    }
    return NULL;
}
