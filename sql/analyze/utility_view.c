/*
 * utility_view.c: CREATE VIEW, CREATE TABLE AS, SELECT INTO, CREATE and REFRESH MATERIALIZED VIEW.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* The names given in the statement become the query's own. */
static bool name_columns(struct pstate *ps, struct query *q, const char *const *names, int n,
                         const char *message)
{
    int k = 0;
    for (int i = 0; i < q->ntargets && k < n; i++)
        if (!q->targets[i].junk)
            q->targets[i].name = names[k++];
    if (k < n)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "%s", message);
    return k == n;
}

static bool check_column_names(struct pstate *ps, const struct query *q)
{
    for (int i = 0; i < q->ntargets; i++)
        for (int k = 0; k < i; k++)
            if (!q->targets[i].junk && !q->targets[k].junk &&
                !strcmp(q->targets[i].name, q->targets[k].name)) {
                parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1,
                            "column \"%s\" specified more than once", q->targets[i].name);
                return false;
            }
    return true;
}

bool utility_create_view(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__ViewStmt *s = n->view_stmt;
    u->create_view.name = utility_range_var(ps, s->view);
    u->create_view.replace = s->replace;
    u->create_view.persistence = *s->view->relpersistence ? *s->view->relpersistence : 'p';
    u->create_view.check_option =
        s->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__LOCAL_CHECK_OPTION      ? 'l'
        : s->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__CASCADED_CHECK_OPTION ? 'c'
                                                                                     : 0;
    if (u->create_view.persistence == 'u') {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                    "views cannot be unlogged because they do not have storage");
        return false;
    }
    /* Parameters of the session mean nothing to a definition that stays. */
    struct analysis inner = *ps->a;
    inner.params = NULL;
    inner.nparams = 0;
    inner.variable_params = false;
    struct query *q = analyze_inner(&inner, s->query);
    if (!q)
        return false;
    if (q->command != QUERY_SELECT) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "views must not contain SELECT INTO");
        return false;
    }
    if (q->has_modifying_cte) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "views must not contain data-modifying statements in WITH");
        return false;
    }
    const char *reason = u->create_view.check_option ? view_not_updatable(q) : NULL;
    if (reason) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "WITH CHECK OPTION is supported only on automatically updatable views");
        parse_error_hint(ps, "%s", reason);
        return false;
    }
    u->create_view.query = q;
    u->create_view.columns = utility_names(ps, s->aliases, s->n_aliases);
    u->create_view.ncolumns = (int)s->n_aliases;
    return name_columns(ps, q, u->create_view.columns, u->create_view.ncolumns,
                        "CREATE VIEW specifies more column names than columns") &&
           check_column_names(ps, q) &&
           utility_options(ps, s->options, s->n_options, &u->create_view.options,
                           &u->create_view.noptions);
}

char utility_on_commit(PgQuery__OnCommitAction a)
{
    switch (a) {
    case PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_PRESERVE_ROWS:
        return 'p';
    case PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS:
        return 'd';
    case PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP:
        return 'D';
    default:
        return 0;
    }
}

bool utility_tablespace(struct pstate *ps, const char *name)
{
    if (!*name || !strcmp(name, "pg_default"))
        return true;
    parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "tablespace \"%s\" is not supported", name);
    return false;
}

bool utility_access_method(struct pstate *ps, const char *name)
{
    if (!*name || !strcmp(name, "heap"))
        return true;
    parse_error(ps, ERRCODE_UNDEFINED_OBJECT, -1, "access method \"%s\" does not exist", name);
    return false;
}

static bool fill_table_as(struct pstate *ps, const PgQuery__IntoClause *into,
                          const PgQuery__Node *query, struct utility *u)
{
    u->create_table_as.name = utility_range_var(ps, into->rel);
    u->create_table_as.persistence = *into->rel->relpersistence ? *into->rel->relpersistence : 'p';
    u->create_table_as.on_commit = utility_on_commit(into->on_commit);
    u->create_table_as.with_no_data = into->skip_data;
    if (u->create_table_as.on_commit && u->create_table_as.persistence != 't') {
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1, "ON COMMIT can only be used on temporary tables");
        return false;
    }
    if (!utility_tablespace(ps, into->table_space_name) ||
        !utility_access_method(ps, into->access_method))
        return false;
    u->create_table_as.columns = utility_names(ps, into->col_names, into->n_col_names);
    u->create_table_as.ncolumns = (int)into->n_col_names;
    if (query->node_case == PG_QUERY__NODE__NODE_EXECUTE_STMT) {
        struct utility execute = {0};
        if (!utility_execute(ps, query, &execute))
            return false;
        u->create_table_as.execute = execute.execute.name;
        u->create_table_as.execute_args = execute.execute.args;
        return utility_options(ps, into->options, into->n_options, &u->create_table_as.options,
                               &u->create_table_as.noptions);
    }
    struct query *q = analyze_inner(ps->a, query);
    if (!q)
        return false;
    if (q->command != QUERY_SELECT) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "SELECT ... INTO is not allowed here");
        return false;
    }
    u->create_table_as.query = q;
    return name_columns(ps, q, u->create_table_as.columns, u->create_table_as.ncolumns,
                        "too many column names were specified") &&
           utility_options(ps, into->options, into->n_options, &u->create_table_as.options,
                           &u->create_table_as.noptions);
}

bool utility_create_table_as(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateTableAsStmt *s = n->create_table_as_stmt;
    u->create_table_as.materialized = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    u->create_table_as.if_not_exists = s->if_not_exists;
    u->tag = u->create_table_as.materialized ? "CREATE MATERIALIZED VIEW"
             : s->is_select_into             ? "SELECT INTO"
                                             : "CREATE TABLE AS";
    if (!fill_table_as(ps, s->into, s->query, u))
        return false;
    if (!u->create_table_as.materialized)
        return true;
    if (u->create_table_as.query->has_modifying_cte) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "materialized views must not use data-modifying statements in WITH");
        return false;
    }
    return check_column_names(ps, u->create_table_as.query);
}

/* The statement without its INTO, which stands in the leftmost arm. */
static PgQuery__SelectStmt *without_into(struct pstate *ps, const PgQuery__SelectStmt *s,
                                         const PgQuery__IntoClause **into)
{
    PgQuery__SelectStmt *copy = arena_memdup(ps->a->arena, s, sizeof *s);
    if (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE && s->larg) {
        copy->larg = without_into(ps, s->larg, into);
    } else {
        *into = s->into_clause;
        copy->into_clause = NULL;
    }
    return copy;
}

struct query *transform_select_into(struct pstate *ps, const PgQuery__SelectStmt *s)
{
    const PgQuery__IntoClause *into = NULL;
    PgQuery__Node node = PG_QUERY__NODE__INIT;
    struct utility *u = ARENA_NEW(ps->a->arena, struct utility);
    struct query *q = ARENA_NEW(ps->a->arena, struct query);
    node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    node.select_stmt = without_into(ps, s, &into);
    u->kind = UTILITY_CREATE_TABLE_AS;
    u->tag = "SELECT INTO";
    u->location = -1;
    *q = (struct query){.command = QUERY_UTILITY, .utility = u, .result = -1};
    ps->query = q;
    return fill_table_as(ps, into, &node, u) ? q : NULL;
}

bool utility_refresh(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__RefreshMatViewStmt *s = n->refresh_mat_view_stmt;
    u->refresh.name = utility_range_var(ps, s->relation);
    u->refresh.concurrently = s->concurrent;
    u->refresh.with_no_data = s->skip_data;
    if (s->concurrent && s->skip_data)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "%s and %s options cannot be used together",
                    "CONCURRENTLY", "WITH NO DATA");
    return !parse_failed(ps);
}
