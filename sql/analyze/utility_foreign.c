/*
 * utility_foreign.c: CREATE, ALTER FOREIGN DATA WRAPPER and SERVER, user mappings, CREATE FOREIGN TABLE.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* HANDLER and VALIDATOR; both are given at most once. */
static bool wrapper_functions(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, struct foreign_stmt *f)
{
    for (size_t i = 0; i < n; i++) {
        const PgQuery__DefElem *d = nodes[i]->def_elem;
        bool handler = strcmp(d->defname, "handler") == 0;
        bool *seen = handler ? &f->has_handler : &f->has_validator;
        if (*seen) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options");
            return false;
        }
        *seen = true;
        if (d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_LIST)
            *(handler ? &f->handler : &f->validator) = utility_name(ps, d->arg->list->items, d->arg->list->n_items, -1);
    }
    return !parse_failed(ps);
}

static bool start(struct pstate *ps, struct utility *u, char kind, char action, const char *name, PgQuery__Node *const *options,
                  size_t noptions)
{
    struct foreign_stmt *f = &u->foreign;
    f->kind = kind;
    f->action = action;
    f->name = utility_string(ps, name);
    return utility_options(ps, options, noptions, &f->options, &f->noptions);
}

bool utility_create_fdw(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateFdwStmt *s = n->create_fdw_stmt;
    return start(ps, u, 'w', 'c', s->fdwname, s->options, s->n_options) &&
           wrapper_functions(ps, s->func_options, s->n_func_options, &u->foreign);
}

bool utility_alter_fdw(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterFdwStmt *s = n->alter_fdw_stmt;
    return start(ps, u, 'w', 'a', s->fdwname, s->options, s->n_options) &&
           wrapper_functions(ps, s->func_options, s->n_func_options, &u->foreign);
}

bool utility_create_server(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateForeignServerStmt *s = n->create_foreign_server_stmt;
    u->foreign.type = utility_string(ps, s->servertype);
    u->foreign.version = utility_string(ps, s->version);
    u->foreign.wrapper = utility_string(ps, s->fdwname);
    u->foreign.missing_ok = s->if_not_exists;
    return start(ps, u, 's', 'c', s->servername, s->options, s->n_options);
}

bool utility_alter_server(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterForeignServerStmt *s = n->alter_foreign_server_stmt;
    u->foreign.version = utility_string(ps, s->version);
    u->foreign.has_version = s->has_version;
    return start(ps, u, 's', 'a', s->servername, s->options, s->n_options);
}

bool utility_create_user_mapping(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateUserMappingStmt *s = n->create_user_mapping_stmt;
    u->foreign.role = utility_role(ps, s->user);
    u->foreign.missing_ok = s->if_not_exists;
    return u->foreign.role && start(ps, u, 'u', 'c', s->servername, s->options, s->n_options);
}

bool utility_alter_user_mapping(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterUserMappingStmt *s = n->alter_user_mapping_stmt;
    u->foreign.role = utility_role(ps, s->user);
    return u->foreign.role && start(ps, u, 'u', 'a', s->servername, s->options, s->n_options);
}

bool utility_drop_user_mapping(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__DropUserMappingStmt *s = n->drop_user_mapping_stmt;
    u->foreign.role = utility_role(ps, s->user);
    u->foreign.missing_ok = s->missing_ok;
    return u->foreign.role && start(ps, u, 'u', 'd', s->servername, NULL, 0);
}

static bool column_options(struct pstate *ps, const PgQuery__ColumnDef *d, struct create_table *t)
{
    for (int i = 0; i < t->ncolumns; i++)
        if (strcmp(t->columns[i].name, d->colname) == 0)
            return utility_options(ps, d->fdwoptions, d->n_fdwoptions, &t->columns[i].fdw_options, &t->columns[i].nfdw_options);
    return true;
}

bool utility_create_foreign_table(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateForeignTableStmt *s = n->create_foreign_table_stmt;
    const PgQuery__CreateStmt *base = s->base_stmt;
    PgQuery__Node table = *n;
    if (base->n_inh_relations || base->partbound)
        return utility_refuse(ps, -1, "a foreign table as a partition or child");
    for (size_t i = 0; i < base->n_table_elts; i++) {
        const PgQuery__Node *e = base->table_elts[i];
        const PgQuery__Constraint *k = e->node_case == PG_QUERY__NODE__NODE_CONSTRAINT ? e->constraint : NULL;
        if (k && k->contype != PG_QUERY__CONSTR_TYPE__CONSTR_CHECK) {
            const char *what = k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY ? "primary key"
                               : k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE ? "unique"
                               : k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN ? "foreign key" : "exclusion";
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, k->location, "%s constraints are not supported on foreign tables", what);
            return false;
        }
    }
    table.node_case = PG_QUERY__NODE__NODE_CREATE_STMT;
    table.create_stmt = s->base_stmt;
    if (!utility_create_table(ps, &table, u))
        return false;
    for (size_t i = 0; i < base->n_table_elts; i++)
        if (base->table_elts[i]->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF &&
            !column_options(ps, base->table_elts[i]->column_def, &u->create_table))
            return false;
    u->create_table.server = utility_string(ps, s->servername);
    return utility_options(ps, s->options, s->n_options, &u->create_table.foreign_options, &u->create_table.nforeign_options);
}
