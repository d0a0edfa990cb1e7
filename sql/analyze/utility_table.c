/*
 * utility_table.c: CREATE TABLE.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

static bool table_elements(struct table_builder *b, const PgQuery__CreateStmt *s)
{
    for (size_t i = 0; i < s->n_table_elts; i++) {
        const PgQuery__Node *n = s->table_elts[i];
        bool ok;
        switch (n->node_case) {
        case PG_QUERY__NODE__NODE_COLUMN_DEF:
            ok = table_add_column(b, n->column_def);
            break;
        case PG_QUERY__NODE__NODE_CONSTRAINT:
            ok = table_add_constraint(b, n->constraint, NULL);
            break;
        case PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE:
            ok = table_like(b, n->table_like_clause);
            break;
        default:
            ok = utility_refuse(b->ps, -1, "this element of CREATE TABLE");
            break;
        }
        if (!ok)
            return false;
    }
    for (size_t i = 0; i < s->n_constraints; i++)
        if (!table_add_constraint(b, s->constraints[i]->constraint, NULL))
            return false;
    return true;
}

static bool table_options(struct pstate *ps, const PgQuery__CreateStmt *s, struct create_table *t)
{
    if (!utility_options(ps, s->options, s->n_options, &t->options, &t->noptions))
        return false;
    for (int i = 0; i < t->noptions; i++)
        if (!strcmp(t->options[i].name, "oids") &&
            (!t->options[i].value || strcmp(t->options[i].value, "false") != 0)) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                        "tables declared WITH OIDS are not supported");
            return false;
        }
    return utility_tablespace(ps, s->tablespacename) && utility_access_method(ps, s->access_method);
}

bool utility_create_table(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateStmt *s = n->create_stmt;
    struct create_table *t = &u->create_table;
    if (!raw_fields_known(
            ps, &s->base,
            "relation table_elts constraints options oncommit tablespacename access_method "
            "if_not_exists inh_relations partspec partbound of_typename",
            "CREATE TABLE"))
        return false;
    t->name = utility_range_var(ps, s->relation);
    t->persistence = *s->relation->relpersistence ? *s->relation->relpersistence : 'p';
    t->if_not_exists = s->if_not_exists;
    t->on_commit = utility_on_commit(s->oncommit);
    if (t->on_commit && t->persistence != 't') {
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1,
                    "ON COMMIT can only be used on temporary tables");
        return false;
    }
    if (!utility_temp_schema(ps, &t->name, &t->persistence))
        return false;
    struct table_builder b = {.ps = ps, .name = t->name.name, .temporary = t->persistence == 't', .partition = s->partbound != NULL,
                              .partitioned = s->partspec != NULL};
    if (parse_failed(ps) || !table_options(ps, s, t) || !utility_parents(ps, s, &b, t) ||
        (s->of_typename && !table_of_type(&b, s->of_typename, &t->of_type)) || !table_elements(&b, s) ||
        !table_finish(&b) ||
        (s->partspec && !utility_partition_by(ps, s->partspec, table_shape(&b), &t->partition_by)))
        return false;
    t->columns = b.columns;
    t->ncolumns = b.ncolumns;
    t->constraints = b.constraints;
    t->nconstraints = b.nconstraints;
    t->likes = b.likes;
    t->nlikes = b.nlikes;
    return true;
}
