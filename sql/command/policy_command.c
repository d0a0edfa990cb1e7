/*
 * policy_command.c: CREATE and ALTER POLICY, and the switches of row-level security in ALTER TABLE. How policies are enforced:
 * plan/row_security.c.
 */
#include <string.h>

#include "sql/command/command_internal.h"

static const struct relation *policy_table(struct command *c)
{
    const struct relation *r = cmd_relation(c, &c->utility->policy.table);
    if (!r)
        return NULL;
    if (r->system) {
        error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied: \"%s\" is a system catalog", r->name);
        return NULL;
    }
    return cmd_check_owner(c, r->owner, cmd_kind_name(r->kind), r->name) && command_adopt(c, &r) ? r : NULL;
}

/* "0" or the roles' OIDs; NULL with err set. */
static const char *role_oids(struct command *c)
{
    const struct utility *u = c->utility;
    bool public = u->policy.nroles == 0;
    for (int i = 0; i < u->policy.nroles; i++)
        public |= strcmp(u->policy.roles[i], "public") == 0;
    if (public) {
        if (u->policy.nroles > 1) {
            struct error e;
            error_init(&e, c->arena);
            error_set(&e, ERRCODE_WARNING, "ignoring specified roles other than PUBLIC");
            error_hint(&e, "All roles are members of the PUBLIC role.");
            e.severity = ERROR_WARNING;
            if (c->notice)
                c->notice(c->host, &e);
        }
        return "0";
    }
    const char *text = "";
    for (int i = 0; i < u->policy.nroles; i++) {
        const struct role_def *r = snapshot_role_named(c->snapshot, u->policy.roles[i]);
        if (!r) {
            error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", u->policy.roles[i]);
            return NULL;
        }
        text = arena_printf(c->arena, "%s%s%u", text, i ? " " : "", r->oid);
    }
    return text;
}

const struct policy_def *cmd_find_policy(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->npolicies; i++)
        if (strcmp(r->policies[i]->name, name) == 0)
            return r->policies[i];
    return NULL;
}

/* What the expressions of a policy refer to. */
static bool record_depends(struct command *c, uint32_t oid, const struct relation *r)
{
    const struct utility *u = c->utility;
    return cmd_record_depend(c, CLASS_PG_POLICY, oid, 0, CLASS_PG_CLASS, r->oid, 0, 'a') &&
           (!u->policy.using_expr || cmd_record_expr_depends(c, CLASS_PG_POLICY, oid, u->policy.using_expr)) &&
           (!u->policy.check || cmd_record_expr_depends(c, CLASS_PG_POLICY, oid, u->policy.check));
}

bool run_create_policy(struct command *c)
{
    const struct utility *u = c->utility;
    const struct relation *r = policy_table(c);
    const char *roles = r ? role_oids(c) : NULL;
    if (!roles)
        return false;
    if (cmd_find_policy(r, u->policy.name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "policy \"%s\" for table \"%s\" already exists", u->policy.name,
                         r->name);
    const char *using_sql = u->policy.using_expr ? cmd_deparse(c, u->policy.using_expr, r) : NULL;
    const char *check_sql = u->policy.check ? cmd_deparse(c, u->policy.check, r) : NULL;
    uint32_t oid = cmd_new_oid(c);
    return cmd_exec(c, "INSERT INTO @_pg_policy VALUES (%u, %Q, %u, '%c', %d, %Q, %Q, %Q)", oid, u->policy.name, r->oid,
                    u->policy.command, u->policy.permissive, roles, using_sql, check_sql) &&
           record_depends(c, oid, r) && cmd_reload(c);
}

bool run_alter_policy(struct command *c)
{
    const struct utility *u = c->utility;
    const struct relation *r = policy_table(c);
    const char *roles = r ? role_oids(c) : NULL;
    if (!roles)
        return false;
    const struct policy_def *p = cmd_find_policy(r, u->policy.name);
    if (!p)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "policy \"%s\" for table \"%s\" does not exist", u->policy.name,
                         r->name);
    if ((p->command == 'r' || p->command == 'd') && u->policy.check)
        return error_set(c->err, ERRCODE_SYNTAX_ERROR, "only USING expression allowed for SELECT, DELETE");
    if (p->command == 'a' && u->policy.using_expr)
        return error_set(c->err, ERRCODE_SYNTAX_ERROR, "only WITH CHECK expression allowed for INSERT");
    if (u->policy.nroles && !cmd_exec(c, "UPDATE @_pg_policy SET polroles = %Q WHERE oid = %u", roles, p->oid))
        return false;
    if (u->policy.using_expr && !cmd_exec(c, "UPDATE @_pg_policy SET polqual = %Q WHERE oid = %u",
                                          cmd_deparse(c, u->policy.using_expr, r), p->oid))
        return false;
    if (u->policy.check && !cmd_exec(c, "UPDATE @_pg_policy SET polwithcheck = %Q WHERE oid = %u",
                                     cmd_deparse(c, u->policy.check, r), p->oid))
        return false;
    return record_depends(c, p->oid, r) && cmd_reload(c);
}

bool policy_rename(struct command *c, const struct relation *r, const char *from, const char *to)
{
    const struct policy_def *p = cmd_find_policy(r, from);
    if (cmd_find_policy(r, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "policy \"%s\" for table \"%s\" already exists", to, r->name);
    if (!p)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "policy \"%s\" for table \"%s\" does not exist", from, r->name);
    return cmd_exec(c, "UPDATE @_pg_policy SET polname = %Q WHERE oid = %u", to, p->oid) && cmd_reload(c);
}

bool alter_row_security(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    int enabled = k->kind == ALTER_ENABLE_RLS || (k->kind != ALTER_DISABLE_RLS && r->row_security);
    int force = k->kind == ALTER_FORCE_RLS || (k->kind != ALTER_NO_FORCE_RLS && r->force_row_security);
    return cmd_exec(c, "UPDATE @_pg_class SET relrowsecurity = %d WHERE oid = %u", enabled | force << 1, r->oid) &&
           cmd_reload(c);
}
