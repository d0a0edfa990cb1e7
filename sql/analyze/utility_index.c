/*
 * utility_index.c: CREATE INDEX, REINDEX, CLUSTER.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

static bool index_option_names(struct pstate *ps, const PgQuery__IndexElem *el,
                               struct index_elem *out)
{
    if (el->n_collation) {
        if (!(out->collation = lookup_collation(ps, el->collation, el->n_collation, -1)))
            return false;
    }
    if (el->n_opclass)
        out->opclass = utility_name(ps, el->opclass, el->n_opclass, -1);
    out->ordering = el->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_ASC    ? 1
                    : el->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC ? 2
                                                                         : 0;
    out->nulls = el->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST  ? 1
                 : el->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST ? 2
                                                                                    : 0;
    return utility_options(ps, el->opclassopts, el->n_opclassopts, &out->opclass_options,
                           &out->nopclass_options);
}

static bool index_column_exists(struct pstate *ps, const struct relation *r, const char *name)
{
    const struct attribute *att = relation_attribute(r, name);
    if (att && !att->dropped && !att->hidden)
        return true;
    if (system_column_number(name))
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "index creation on system columns is not supported");
    else
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, -1, "column \"%s\" does not exist", name);
    return false;
}

bool utility_index_element(struct pstate *ps, const PgQuery__IndexElem *el, const struct relation *r,
                           struct index_elem *out)
{
    if (*el->name) {
        out->column = out->name = arena_strdup(ps->a->arena, el->name);
        return index_column_exists(ps, r, out->column) && index_option_names(ps, el, out);
    }
    out->name = figure_index_colname(ps, el->expr);
    out->expr = transform_stored(ps, el->expr, r, EXPR_KIND_INDEX_EXPRESSION, 0, -1, NULL);
    if (expr_is_poison(out->expr))
        return false;
    if (out->expr->kind == EXPR_COLLATE) { /* (x COLLATE "C") is x with that collation */
        out->collation = out->expr->cast.collation;
        out->expr = out->expr->cast.arg;
    }
    if (out->expr->kind == EXPR_VAR && out->expr->var.attnum > 0) {
        out->column = r->atts[out->expr->var.attnum - 1].name;
        out->expr = NULL;
    } else if (!check_immutable(ps, out->expr,
                                "functions in index expression must be marked IMMUTABLE")) {
        return false;
    }
    return index_option_names(ps, el, out);
}

static bool index_including(struct pstate *ps, const PgQuery__IndexStmt *s,
                            const struct relation *r, struct create_index *ix)
{
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, s->n_index_including_params + 1);
    for (size_t i = 0; i < s->n_index_including_params; i++) {
        const PgQuery__IndexElem *el = s->index_including_params[i]->index_elem;
        if (!*el->name) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                        "expressions are not supported in included columns");
            return false;
        }
        names[i] = arena_strdup(ps->a->arena, el->name);
        if (!index_column_exists(ps, r, names[i]))
            return false;
    }
    ix->including = names;
    ix->nincluding = (int)s->n_index_including_params;
    return true;
}

static const struct relation *index_table(struct pstate *ps, const struct qualified_name *name)
{
    const struct relation *r =
        lookup_relation(ps, name->catalog, name->schema, name->name, false, -1);
    if (!r || r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW ||
        r->kind == RELKIND_PARTITIONED)
        return r;
    parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "cannot create index on relation \"%s\"",
                r->name);
    parse_error_detail(
        ps, r->kind == RELKIND_VIEW       ? "This operation is not supported for views."
            : r->kind == RELKIND_SEQUENCE ? "This operation is not supported for sequences."
            : r->kind == RELKIND_INDEX    ? "This operation is not supported for indexes."
                                          : "This operation is not supported for composite types.");
    return NULL;
}

bool utility_create_index(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__IndexStmt *s = n->index_stmt;
    struct create_index *ix = &u->create_index;
    if (!raw_fields_known(ps, &s->base,
                          "idxname relation access_method table_space index_params "
                          "index_including_params options "
                          "where_clause unique nulls_not_distinct concurrent if_not_exists",
                          "CREATE INDEX") ||
        !utility_tablespace(ps, s->table_space))
        return false;
    ix->name = utility_string(ps, s->idxname);
    ix->table = utility_range_var(ps, s->relation);
    ix->method = *s->access_method ? arena_strdup(ps->a->arena, s->access_method) : "btree";
    ix->unique = s->unique;
    ix->concurrently = s->concurrent;
    ix->if_not_exists = s->if_not_exists;
    ix->nulls_not_distinct = s->nulls_not_distinct;
    ix->only = !s->relation->inh;
    const struct relation *r = parse_failed(ps) ? NULL : index_table(ps, &ix->table);
    if (!r)
        return false;
    ix->elems = ARENA_ARRAY(ps->a->arena, struct index_elem, s->n_index_params + 1);
    for (size_t i = 0; i < s->n_index_params; i++)
        if (!utility_index_element(ps, s->index_params[i]->index_elem, r, &ix->elems[ix->nelems++]))
            return false;
    if (s->where_clause) {
        ix->where =
            transform_stored(ps, s->where_clause, r, EXPR_KIND_INDEX_PREDICATE, 0, -1, NULL);
        if (expr_is_poison(ix->where) ||
            !check_immutable(ps, ix->where,
                             "functions in index predicate must be marked IMMUTABLE"))
            return false;
    }
    return index_including(ps, s, r, ix) &&
           utility_options(ps, s->options, s->n_options, &ix->options, &ix->noptions);
}

bool utility_reindex(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    static const char kinds[] = {[PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX] = 'i',
                                 [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE] = 't',
                                 [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA] = 's',
                                 [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM] = 'y',
                                 [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE] = 'd'};
    const PgQuery__ReindexStmt *s = n->reindex_stmt;
    if ((unsigned)s->kind >= sizeof kinds)
        return utility_refuse(ps, -1, "this form of REINDEX");
    u->reindex.kind = kinds[s->kind];
    u->reindex.name =
        s->relation ? utility_range_var(ps, s->relation)
                    : (struct qualified_name){.name = utility_string(ps, s->name), .location = -1};
    for (size_t i = 0; i < s->n_params; i++) {
        const PgQuery__DefElem *d = s->params[i]->def_elem;
        const char *value = utility_value_text(ps, d->arg);
        bool on = !value || (strcmp(value, "false") != 0 && strcmp(value, "off") != 0 &&
                             strcmp(value, "0") != 0);
        if (!strcmp(d->defname, "concurrently"))
            u->reindex.concurrently = on;
        else if (!strcmp(d->defname, "tablespace"))
            return utility_refuse(ps, d->location, "REINDEX (TABLESPACE)");
        else if (strcmp(d->defname, "verbose") != 0) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "unrecognized REINDEX option \"%s\"",
                        d->defname);
            return false;
        }
    }
    return !parse_failed(ps);
}

bool utility_cluster(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__ClusterStmt *s = n->cluster_stmt;
    if (s->relation)
        u->cluster.table = utility_range_var(ps, s->relation);
    u->cluster.index = utility_string(ps, s->indexname);
    return !parse_failed(ps);
}
