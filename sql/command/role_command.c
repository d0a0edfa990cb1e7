/*
 * role_command.c: CREATE, ALTER and DROP ROLE; membership by GRANT role TO role. A password is kept as a SCRAM-SHA-256 verifier
 * (RFC 5802, RFC 7677) in PostgreSQL's form, never in clear; a text that is a verifier already is taken as it is.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "sql/command/command_internal.h"

#define SCRAM_ITERATIONS 4096
#define SCRAM_SALT_BYTES 16

static char *base64(struct command *c, const unsigned char *p, int n)
{
    char *out = arena_alloc(c->arena, (size_t)(n + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)out, p, n);
    return out;
}

static char *scram_verifier(struct command *c, const char *password)
{
    unsigned char salt[SCRAM_SALT_BYTES], salted[32], client[32], stored[32], server[32];
    unsigned int len = 32;
    if (RAND_bytes(salt, sizeof(salt)) != 1 ||
        PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, sizeof(salt), SCRAM_ITERATIONS,
                          EVP_sha256(), sizeof(salted), salted) != 1 ||
        !HMAC(EVP_sha256(), salted, 32, (const unsigned char *)"Client Key", 10, client, &len) ||
        !HMAC(EVP_sha256(), salted, 32, (const unsigned char *)"Server Key", 10, server, &len)) {
        error_set(c->err, ERRCODE_INTERNAL_ERROR, "could not hash password");
        return NULL;
    }
    SHA256(client, 32, stored);
    char *s = arena_printf(c->arena, "SCRAM-SHA-256$%d:%s$%s:%s", SCRAM_ITERATIONS,
                           base64(c, salt, sizeof(salt)), base64(c, stored, 32),
                           base64(c, server, 32));
    OPENSSL_cleanse(salted, sizeof(salted));
    OPENSSL_cleanse(client, sizeof(client));
    return s;
}

static bool is_on(const struct option *o)
{
    return !o->value || strcmp(o->value, "1") == 0 || strcmp(o->value, "true") == 0;
}

static bool read_password(struct command *c, struct role_def *r, const struct option *o)
{
    if (!o->value) {
        r->password = NULL;
    } else if (!*o->value) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "empty string is not a valid password, clearing password");
        r->password = NULL;
    } else if (strncmp(o->value, "SCRAM-SHA-256$", 14) == 0) {
        r->password = o->value;
    } else {
        r->password = scram_verifier(c, o->value);
    }
    return !error_is_set(c->err);
}

/* Membership clauses are carried out after the role exists. */
static bool is_membership(const char *name)
{
    return strcmp(name, "rolemembers") == 0 || strcmp(name, "addroleto") == 0 ||
           strcmp(name, "adminmembers") == 0;
}

static bool read_option(struct command *c, struct role_def *r, const struct option *o)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {{"superuser", &r->super},     {"inherit", &r->inherit},
                 {"createrole", &r->createrole}, {"createdb", &r->createdb},
                 {"canlogin", &r->login},      {"isreplication", &r->replication},
                 {"bypassrls", &r->bypassrls}};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (strcmp(o->name, flags[i].name) == 0) {
            *flags[i].flag = is_on(o);
            return true;
        }
    if (strcmp(o->name, "password") == 0)
        return read_password(c, r, o);
    if (strcmp(o->name, "connectionlimit") == 0) {
        r->connlimit = atoi(o->value ? o->value : "-1");
        return r->connlimit >= -1 || error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                                               "invalid connection limit: %d", r->connlimit);
    }
    if (strcmp(o->name, "validUntil") == 0 || strcmp(o->name, "validuntil") == 0) {
        struct value v, out;
        const struct type_def *t = type_builtin(TIMESTAMPTZOID);
        if (!type_input(t, o->value, strlen(o->value), -1, c->ctx, c->arena, c->err, &v))
            return false;
        out = v;
        r->valid_until = arena_strndup(c->arena, out.p, out.n);
        return true;
    }
    if (is_membership(o->name) || strcmp(o->name, "sysid") == 0)
        return true;
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "role option \"%s\" is not supported", o->name);
}

static bool write_role(struct command *c, const struct role_def *r)
{
    return cmd_exec(c,
                    "INSERT OR REPLACE INTO main._pg_authid VALUES (%u, %Q, %d, %d, %d, %d, %d, %d, %d, %d, "
                    "%Q, %Q)",
                    r->oid, r->name, r->super, r->inherit, r->createrole, r->createdb, r->login,
                    r->replication, r->bypassrls, r->connlimit, r->password, r->valid_until);
}

static bool check_right(struct command *c, const char *what)
{
    const struct role_def *me = snapshot_role(c->snapshot, c->role);
    if (!me || me->super || me->createrole)
        return true;
    return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to %s role", what);
}

static bool add_member(struct command *c, const struct role_def *role, const struct role_def *member,
                       bool admin)
{
    return cmd_exec(c, "INSERT OR REPLACE INTO main._pg_auth_members VALUES (%u, %u, %u, %d)", role->oid,
                    member->oid, c->role, admin);
}

static const struct role_def *get_role(struct command *c, const char *name)
{
    const struct role_def *r = snapshot_role_named(c->snapshot, name);
    if (!r)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
    return r;
}

static bool define_membership(struct command *c, const struct role_def *r)
{
    for (int i = 0; i < c->utility->role.noptions; i++) {
        const struct option *o = &c->utility->role.options[i];
        for (int k = 0; is_membership(o->name) && k < o->nlist; k++) {
            const struct role_def *other = get_role(c, o->list[k]);
            bool into = strcmp(o->name, "addroleto") == 0;
            if (!other || !add_member(c, into ? other : r, into ? r : other, o->name[0] == 'a' && !into))
                return false;
        }
    }
    return true;
}

bool run_create_role(struct command *c)
{
    const char *name = c->utility->role.names[0];
    struct role_def r = {.name = name, .inherit = true, .connlimit = -1};
    r.login = c->utility->role.kind == 'u';
    if (!check_right(c, "create"))
        return false;
    if (strncmp(name, "pg_", 3) == 0) {
        error_set(c->err, ERRCODE_RESERVED_NAME, "role name \"%s\" is reserved", name);
        error_detail(c->err, "Role names starting with \"pg_\" are reserved.");
        return false;
    }
    if (snapshot_role_named(c->snapshot, name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "role \"%s\" already exists", name);
    for (int i = 0; i < c->utility->role.noptions; i++)
        if (!read_option(c, &r, &c->utility->role.options[i]))
            return false;
    if (!durable_create(c->db, c->err) || !(r.oid = cmd_new_oid(c)))
        return false;
    return write_role(c, &r) && define_membership(c, &r) && cmd_reload(c);
}

bool run_alter_role(struct command *c)
{
    const struct role_def *old = get_role(c, c->utility->role.names[0]);
    if (!old || (old->oid != c->role && !check_right(c, "alter")))
        return false;
    struct role_def r = *old;
    for (int i = 0; i < c->utility->role.noptions; i++)
        if (!read_option(c, &r, &c->utility->role.options[i]))
            return false;
    return durable_create(c->db, c->err) && write_role(c, &r) && define_membership(c, &r) && cmd_reload(c);
}

static bool owns_something(struct command *c, const struct role_def *r)
{
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *o = c->snapshot->relations.items[i];
        if (o->owner != r->oid || o->kind == RELKIND_INDEX)
            continue;
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                  "role \"%s\" cannot be dropped because some objects depend on it", r->name);
        error_detail(c->err, "owner of %s %s", cmd_kind_name(o->kind), o->name);
        return true;
    }
    return false;
}

bool run_drop_role(struct command *c)
{
    bool changed = false;
    if (!check_right(c, "drop"))
        return false;
    for (int i = 0; i < c->utility->role.n; i++) {
        const char *name = c->utility->role.names[i];
        const struct role_def *r = snapshot_role_named(c->snapshot, name);
        if (!r && c->utility->role.missing_ok) {
            cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                       "role \"%s\" does not exist, skipping", name);
            continue;
        }
        if (!r)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
        if (r->oid == c->role)
            return error_set(c->err, ERRCODE_OBJECT_IN_USE, "current user cannot be dropped");
        if (r->oid < FIRST_USER_OID)
            return error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                             "cannot drop role %s because it is required by the database system", name);
        if (owns_something(c, r))
            return false;
        if (!cmd_exec(c, "DELETE FROM main._pg_authid WHERE oid = %u; DELETE FROM main._pg_auth_members "
                         "WHERE roleid = %u OR member = %u",
                      r->oid, r->oid, r->oid))
            return false;
        changed = true;
    }
    return !changed || cmd_reload(c);
}

/* --- GRANT ------------------------------------------------------------------------------------------------ */

static bool grant_roles(struct command *c)
{
    bool grant = c->utility->grant.grant;
    for (int i = 0; i < c->utility->grant.nprivileges; i++)
        for (int k = 0; k < c->utility->grant.ngrantees; k++) {
            const struct role_def *role = get_role(c, c->utility->grant.privileges[i]);
            const struct role_def *member = get_role(c, c->utility->grant.grantees[k]);
            if (!role || !member)
                return false;
            bool ok = grant ? add_member(c, role, member, c->utility->grant.grant_option)
                            : cmd_exec(c,
                                       "DELETE FROM main._pg_auth_members WHERE roleid = %u AND member = %u",
                                       role->oid, member->oid);
            if (!ok)
                return false;
        }
    return cmd_reload(c);
}

bool run_grant(struct command *c)
{
    if (!durable_create(c->db, c->err))
        return false;
    if (c->utility->grant.roles)
        return grant_roles(c);
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s on objects is not supported",
                     c->utility->grant.grant ? "GRANT" : "REVOKE");
}
