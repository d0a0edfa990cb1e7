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

static bool grant_object_kind(struct pstate *ps, PgQuery__ObjectType type, enum object_kind *kind)
{
    static const struct {
        PgQuery__ObjectType type;
        enum object_kind kind;
    } kinds[] = {
        {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, OBJECT_TABLE},
        {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, OBJECT_SEQUENCE},
        {PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, OBJECT_SCHEMA},
        {PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE, OBJECT_DATABASE},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, OBJECT_TYPE},
        {PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN, OBJECT_DOMAIN},
        {PG_QUERY__OBJECT_TYPE__OBJECT_LANGUAGE, OBJECT_LANGUAGE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].type == type) {
            *kind = kinds[i].kind;
            return true;
        }
    return utility_refuse(ps, -1, "GRANT or REVOKE on objects of this kind");
}

bool utility_grant(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__GrantStmt *s = n->grant_stmt;
    u->tag = s->is_grant ? "GRANT" : "REVOKE";
    u->grant.grant = s->is_grant;
    u->grant.grant_option = s->grant_option;
    u->grant.cascade = s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    u->grant.all_in_schema = s->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
    if (!grant_object_kind(ps, s->objtype, &u->grant.object))
        return false;
    grant_privileges(ps, s, u);
    u->grant.objects = ARENA_ARRAY(ps->a->arena, struct object_ref, s->n_objects + 1);
    for (size_t i = 0; i < s->n_objects; i++) {
        const PgQuery__Node *o = s->objects[i];
        struct qualified_name name = {.location = -1};
        if (o->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
            name = utility_range_var(ps, o->range_var);
        else if (o->node_case == PG_QUERY__NODE__NODE_LIST)
            name = utility_name(ps, o->list->items, o->list->n_items, -1);
        else
            name.name = utility_string(ps, node_string(o));
        u->grant.objects[u->grant.nobjects++].name = name;
    }
    u->grant.grantees = role_names(ps, s->grantees, s->n_grantees);
    u->grant.ngrantees = (int)s->n_grantees;
    /* GRANTED BY may only name the current user, as in PostgreSQL. */
    if (s->grantor && ps->a->role_name &&
        strcmp(utility_role(ps, s->grantor), ps->a->role_name) != 0)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "grantor must be current user");
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
        return utility_refuse(ps, -1, "GRANTED BY of a role grant");
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
