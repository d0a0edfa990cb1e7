/*
 * role_member.c: who is a member of which role: GRANT role TO role, the clauses of CREATE ROLE and ALTER GROUP; and settings of
 * roles and databases (ALTER ROLE SET).
 */
#include <string.h>

#include "sql/command/command_internal.h"

#define ROLE_DATABASE_OWNER 6171u

/* May the current role change the members of this one? */
static bool check_membership_right(struct command *c, const struct role_def *role, uint32_t grantor)
{
    if (role->super && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to alter superusers");
    if (!role->super && !cmd_may_create_roles(c) && !role_is_admin(c->snapshot, grantor, role->oid))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must have admin option on role \"%s\"", role->name);
    return true;
}

static const struct role_member *find_member(struct command *c, uint32_t role, uint32_t member)
{
    for (int i = 0; i < c->snapshot->members.n; i++) {
        const struct role_member *m = c->snapshot->members.items[i];
        if (m->role == role && m->member == member)
            return m;
    }
    return NULL;
}

bool role_add_member(struct command *c, const struct role_def *role, const struct role_def *member, uint32_t grantor,
                     bool admin)
{
    if (!check_membership_right(c, role, grantor))
        return false;
    if (role->oid == ROLE_DATABASE_OWNER)
        return error_set(c->err, ERRCODE_INTERNAL_ERROR, "role \"%s\" cannot have explicit members", role->name);
    if (grantor != c->role && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to set grantor");
    if (member->oid == ROLE_DATABASE_OWNER)
        return error_set(c->err, ERRCODE_INTERNAL_ERROR, "role \"%s\" cannot be a member of any role",
                         member->name);
    if (role_is_member_nosuper(c->snapshot, role->oid, member->oid))
        return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "role \"%s\" is a member of role \"%s\"", role->name,
                         member->name);
    const struct role_member *old = find_member(c, role->oid, member->oid);
    if (old && (!admin || old->admin)) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "role \"%s\" is already a member of role \"%s\"",
                   member->name, role->name);
        return true;
    }
    return cmd_exec(c, "INSERT OR REPLACE INTO main._pg_auth_members VALUES (%u, %u, %u, %d)", role->oid, member->oid,
                    grantor, admin);
}

bool role_remove_member(struct command *c, const struct role_def *role, const struct role_def *member, uint32_t grantor,
                        bool admin_only)
{
    if (!check_membership_right(c, role, grantor))
        return false;
    if (!find_member(c, role->oid, member->oid)) {
        cmd_notice(c, ERROR_WARNING, ERRCODE_WARNING, "role \"%s\" is not a member of role \"%s\"", member->name,
                   role->name);
        return true;
    }
    if (admin_only)
        return cmd_exec(c, "UPDATE main._pg_auth_members SET admin_option = 0 WHERE roleid = %u AND member = %u", role->oid,
                        member->oid);
    return cmd_exec(c, "DELETE FROM main._pg_auth_members WHERE roleid = %u AND member = %u", role->oid, member->oid);
}

static const struct role_def *get_role(struct command *c, const char *name)
{
    const struct role_def *r = snapshot_role_named(c->snapshot, name);
    if (!r)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
    return r;
}

bool grant_roles(struct command *c)
{
    const struct utility *u = c->utility;
    const struct role_def *grantor = u->grant.granted_by ? get_role(c, u->grant.granted_by) : NULL;
    if (u->grant.granted_by && !grantor)
        return false;
    for (int k = 0; k < u->grant.ngrantees; k++)
        if (!get_role(c, u->grant.grantees[k]))
            return false;
    for (int i = 0; i < u->grant.nprivileges; i++)
        for (int k = 0; k < u->grant.ngrantees; k++) {
            const struct role_def *role = get_role(c, u->grant.privileges[i]);
            const struct role_def *member = get_role(c, u->grant.grantees[k]);
            uint32_t by = grantor ? grantor->oid : c->role;
            bool ok = role && member &&
                      (u->grant.grant ? role_add_member(c, role, member, by, u->grant.grant_option)
                                      : role_remove_member(c, role, member, by, u->grant.grant_option));
            if (!ok || !cmd_reload(c))
                return false;
        }
    return true;
}

/* --- ALTER ROLE SET, ALTER DATABASE SET ---------------------------------------------------------------- */

static bool setting_target(struct command *c, uint32_t *role, uint32_t *database)
{
    const struct utility *u = c->utility;
    *role = *database = 0;
    if (u->role_setting.role) {
        const struct role_def *r = get_role(c, u->role_setting.role);
        if (!r)
            return false;
        if (r->super && !cmd_is_superuser(c))
            return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to alter superusers");
        if (!cmd_may_create_roles(c) && r->oid != c->role)
            return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied");
        *role = r->oid;
    }
    if (u->role_setting.database) {
        if (strcmp(u->role_setting.database, c->database) != 0)
            return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "settings of a database other than the current one are not supported");
        *database = DATABASE_OID;
        if (!*role && !cmd_check_owner(c, c->snapshot->database_owner, "database", c->database))
            return false;
    }
    if (!*role && !*database && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to alter settings globally");
    return true;
}

bool run_role_setting(struct command *c)
{
    const struct utility *u = c->utility;
    uint32_t role, database;
    if (!cmd_durable(c) || !setting_target(c, &role, &database))
        return false;
    bool ok;
    if (u->role_setting.kind == SET_RESET_ALL)
        ok = cmd_exec(c, "DELETE FROM main._pg_setting WHERE setdatabase = %u AND setrole = %u", database, role);
    else if (u->role_setting.value)
        ok = cmd_exec(c, "INSERT INTO main._pg_setting VALUES (%u, %u, %Q, %Q) ON CONFLICT (setdatabase, setrole, name) "
                         "DO UPDATE SET value = excluded.value", database, role,
                      u->role_setting.name, u->role_setting.value);
    else
        ok = cmd_exec(c, "DELETE FROM main._pg_setting WHERE setdatabase = %u AND setrole = %u AND name = %Q", database, role,
                      u->role_setting.name);
    return ok && cmd_reload(c);
}
