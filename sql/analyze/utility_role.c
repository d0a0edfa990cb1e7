/*
 * utility_role.c: roles and privileges.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* --- GRANT, REVOKE
 * ------------------------------------------------------------------------------------ */

static const char *const *role_names(struct pstate *ps, PgQuery__Node *const *nodes, size_t n)
{
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        names[i] = utility_role(ps, nodes[i]->role_spec);
        /* A role may not be called so: "public" without quotes comes as a kind of its own. */
        if (nodes[i]->role_spec->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING &&
            !strcmp(names[i], "public"))
            parse_error(ps, ERRCODE_UNDEFINED_OBJECT, nodes[i]->role_spec->location,
                        "role \"public\" does not exist");
    }
    return names;
}

static void grant_privileges(struct pstate *ps, const PgQuery__GrantStmt *s, struct utility *u)
{
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, s->n_privileges + 1);
    const char *const **columns =
        ARENA_ARRAY(ps->a->arena, const char *const *, s->n_privileges + 1);
    for (size_t i = 0; i < s->n_privileges; i++) {
        const PgQuery__AccessPriv *p = s->privileges[i]->access_priv;
        const char **cols = NULL;
        names[i] = *p->priv_name ? arena_strdup(ps->a->arena, p->priv_name) : "all";
        if (p->n_cols) {
            cols = ARENA_ARRAY(ps->a->arena, const char *, p->n_cols + 1);
            for (size_t k = 0; k < p->n_cols; k++)
                cols[k] = arena_strdup(ps->a->arena, node_string(p->cols[k]));
        }
        columns[i] = cols;
    }
    u->grant.privileges = s->n_privileges ? names : NULL;
    u->grant.columns = s->n_privileges ? columns : NULL;
    u->grant.nprivileges = (int)s->n_privileges;
}

static bool grant_object_kind(struct pstate *ps, PgQuery__ObjectType type, struct utility *u)
{
    static const struct {
        PgQuery__ObjectType type;
        enum object_kind kind;
        const char *word;
    } kinds[] = {
        {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, OBJECT_TABLE, "relation"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, OBJECT_SEQUENCE, "sequence"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, OBJECT_SCHEMA, "schema"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE, OBJECT_DATABASE, "database"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, OBJECT_TYPE, "type"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN, OBJECT_DOMAIN, "domain"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_LANGUAGE, OBJECT_LANGUAGE, "language"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION, OBJECT_FUNCTION, "function"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE, OBJECT_PROCEDURE, "procedure"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE, OBJECT_FUNCTION, "routine"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TABLESPACE, OBJECT_OTHER, "tablespace"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_FDW, OBJECT_FDW, "foreign-data wrapper"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_SERVER, OBJECT_FOREIGN_SERVER, "server"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_LARGEOBJECT, OBJECT_LARGE_OBJECT, "large object"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].type == type) {
            u->grant.object = kinds[i].kind;
            u->grant.object_word = kinds[i].word;
            return true;
        }
    return utility_refuse(ps, -1, "GRANT or REVOKE on parameters");
}

static void grant_routine(struct pstate *ps, const PgQuery__ObjectWithArgs *o, PgQuery__ObjectType type,
                          struct object_ref *ref)
{
    char kind = type == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE  ? 'p'
                : type == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION ? 'f'
                                                                 : 0;
    ref->proc = lookup_func_with_args(ps, o, kind, false);
    if (ref->proc)
        ref->name.name = ref->proc->name;
}

static void grant_objects(struct pstate *ps, const PgQuery__GrantStmt *s, struct utility *u)
{
    u->grant.objects = ARENA_ARRAY(ps->a->arena, struct object_ref, s->n_objects + 1);
    for (size_t i = 0; i < s->n_objects; i++) {
        const PgQuery__Node *o = s->objects[i];
        struct object_ref ref = {.name = {.location = -1}};
        if (o->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
            ref.name = utility_range_var(ps, o->range_var);
        else if (o->node_case == PG_QUERY__NODE__NODE_LIST)
            ref.name = utility_name(ps, o->list->items, o->list->n_items, -1);
        else if (o->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS)
            grant_routine(ps, o->object_with_args, s->objtype, &ref);
        else if (o->node_case == PG_QUERY__NODE__NODE_INTEGER)
            ref.name.name = arena_printf(ps->a->arena, "%d", o->integer->ival);
        else if (o->node_case == PG_QUERY__NODE__NODE_FLOAT)
            ref.name.name = arena_strdup(ps->a->arena, o->float_->fval);
        else
            ref.name.name = utility_string(ps, node_string(o));
        u->grant.objects[u->grant.nobjects++] = ref;
    }
}

bool utility_grant(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__GrantStmt *s = n->grant_stmt;
    u->tag = s->is_grant ? "GRANT" : "REVOKE";
    u->grant.grant = s->is_grant;
    u->grant.grant_option = s->grant_option;
    u->grant.cascade = s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    u->grant.all_in_schema = s->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
    /* GRANTED BY may only name the current user. */
    if (s->grantor && ps->a->role_name && strcmp(utility_role(ps, s->grantor), ps->a->role_name) != 0) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "grantor must be current user");
        return false;
    }
    if (!grant_object_kind(ps, s->objtype, u))
        return false;
    grant_privileges(ps, s, u);
    grant_objects(ps, s, u);
    u->grant.grantees = role_names(ps, s->grantees, s->n_grantees);
    u->grant.ngrantees = (int)s->n_grantees;
    return !parse_failed(ps) || utility_without_position(ps);
}

/* ALTER DEFAULT PRIVILEGES [FOR ROLE ...] [IN SCHEMA ...] GRANT | REVOKE ... */
bool utility_default_privileges(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterDefaultPrivilegesStmt *s = n->alter_default_privileges_stmt;
    const PgQuery__GrantStmt *g = s->action;
    for (size_t i = 0; i < s->n_options; i++) {
        const PgQuery__DefElem *d = s->options[i]->def_elem;
        const PgQuery__List *l = d->arg->list;
        bool schemas = !strcmp(d->defname, "schemas");
        if (schemas ? u->grant.nschemas : u->grant.nfor_roles) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options");
            return false;
        }
        if (schemas) {
            u->grant.schemas = utility_names(ps, l->items, l->n_items);
            u->grant.nschemas = (int)l->n_items;
        } else {
            u->grant.for_roles = role_names(ps, l->items, l->n_items);
            u->grant.nfor_roles = (int)l->n_items;
        }
    }
    u->grant.grant = g->is_grant;
    u->grant.grant_option = g->grant_option;
    u->grant.cascade = g->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    if (!grant_object_kind(ps, g->objtype, u))
        return false;
    grant_privileges(ps, g, u);
    for (int i = 0; i < u->grant.nprivileges; i++)
        if (u->grant.columns[i])
            parse_error(ps, ERRCODE_INVALID_GRANT_OPERATION, -1, "default privileges cannot be set for columns");
    u->grant.grantees = role_names(ps, g->grantees, g->n_grantees);
    u->grant.ngrantees = (int)g->n_grantees;
    return !parse_failed(ps);
}

bool utility_grant_role(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__GrantRoleStmt *s = n->grant_role_stmt;
    u->tag = s->is_grant ? "GRANT ROLE" : "REVOKE ROLE";
    u->grant.grant = s->is_grant;
    u->grant.roles = true;
    u->grant.object = OBJECT_ROLE;
    u->grant.grant_option = s->admin_opt;
    u->grant.cascade = s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    const char **roles = ARENA_ARRAY(ps->a->arena, const char *, s->n_granted_roles + 1);
    for (size_t i = 0; i < s->n_granted_roles; i++) {
        const PgQuery__AccessPriv *p = s->granted_roles[i]->access_priv;
        roles[i] = arena_strdup(ps->a->arena, p->priv_name);
        if (p->n_cols)
            parse_error(ps, ERRCODE_INVALID_GRANT_OPERATION, -1,
                        "column names cannot be included in GRANT/REVOKE ROLE");
    }
    u->grant.privileges = roles;
    u->grant.nprivileges = (int)s->n_granted_roles;
    u->grant.grantees = role_names(ps, s->grantee_roles, s->n_grantee_roles);
    u->grant.ngrantees = (int)s->n_grantee_roles;
    if (s->grantor)
        u->grant.granted_by = utility_role(ps, s->grantor);
    return !parse_failed(ps);
}

/* --- CREATE, ALTER, DROP ROLE
 * ----------------------------------------------------------------------------- */

static const char *const *one_role(struct pstate *ps, const char *name)
{
    const char **names = ARENA_NEW(ps->a->arena, const char *);
    names[0] = name;
    return names;
}

bool utility_create_role(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateRoleStmt *s = n->create_role_stmt;
    u->role.names = one_role(ps, arena_strdup(ps->a->arena, s->role));
    u->role.n = 1;
    u->role.kind = s->stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER    ? 'u'
                   : s->stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_GROUP ? 'g'
                                                                              : 'r';
    return utility_options(ps, s->options, s->n_options, &u->role.options, &u->role.noptions);
}

bool utility_alter_role(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterRoleStmt *s = n->alter_role_stmt;
    u->role.names = one_role(ps, utility_role(ps, s->role));
    u->role.n = 1;
    /* ALTER GROUP ... DROP USER. */
    u->role.kind = s->action < 0 ? 'd' : 'r';
    return utility_options(ps, s->options, s->n_options, &u->role.options, &u->role.noptions);
}

/* ALTER ROLE name | ALL [IN DATABASE d] SET | RESET, ALTER DATABASE d SET | RESET. */
static bool role_setting(struct pstate *ps, const PgQuery__VariableSetStmt *set, struct utility *u)
{
    PgQuery__Node wrapped = PG_QUERY__NODE__INIT;
    wrapped.node_case = PG_QUERY__NODE__NODE_VARIABLE_SET_STMT;
    wrapped.variable_set_stmt = (PgQuery__VariableSetStmt *)set;
    struct utility inner = {.location = -1};
    if (!utility_set(ps, &wrapped, &inner))
        return false;
    u->role_setting.kind = inner.set.kind;
    u->role_setting.name = inner.set.name;
    u->role_setting.value = inner.set.value;
    return true;
}

bool utility_alter_role_set(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterRoleSetStmt *s = n->alter_role_set_stmt;
    u->role_setting.role = s->role ? utility_role(ps, s->role) : NULL;
    u->role_setting.database = utility_string(ps, s->database);
    return !parse_failed(ps) && role_setting(ps, s->setstmt, u);
}

bool utility_alter_database_set(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterDatabaseSetStmt *s = n->alter_database_set_stmt;
    u->role_setting.database = utility_string(ps, s->dbname);
    return role_setting(ps, s->setstmt, u);
}

/* REASSIGN OWNED BY roles TO role; DROP OWNED BY roles. */
bool utility_owned(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    bool drop = n->node_case == PG_QUERY__NODE__NODE_DROP_OWNED_STMT;
    PgQuery__Node *const *roles = drop ? n->drop_owned_stmt->roles : n->reassign_owned_stmt->roles;
    size_t count = drop ? n->drop_owned_stmt->n_roles : n->reassign_owned_stmt->n_roles;
    u->owned.roles = role_names(ps, roles, count);
    u->owned.nroles = (int)count;
    if (drop)
        u->owned.cascade = n->drop_owned_stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    else
        u->owned.to = utility_role(ps, n->reassign_owned_stmt->newrole);
    return !parse_failed(ps);
}

bool utility_drop_role(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__DropRoleStmt *s = n->drop_role_stmt;
    for (size_t i = 0; i < s->n_roles; i++)
        if (s->roles[i]->role_spec->roletype != PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING) {
            parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1,
                        "cannot use special role specifier in DROP ROLE");
            return false;
        }
    u->role.names = role_names(ps, s->roles, s->n_roles);
    u->role.n = (int)s->n_roles;
    u->role.missing_ok = s->missing_ok;
    return !parse_failed(ps);
}
