/*
 * role_command.c: CREATE, ALTER and DROP ROLE (memberships: role_member.c). A password is kept as a SCRAM-SHA-256 verifier
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

static bool refuse(struct command *c, const char *message)
{
    return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "%s", message);
}

bool cmd_may_create_roles(struct command *c)
{
    const struct role_def *me = snapshot_role(c->snapshot, c->role);
    return !me || me->super || me->createrole;
}

/* The option of that name, NULL if it was not written. */
static const struct option *find_option(struct command *c, const char *name)
{
    for (int i = 0; i < c->utility->role.noptions; i++)
        if (strcmp(c->utility->role.options[i].name, name) == 0)
            return &c->utility->role.options[i];
    return NULL;
}

static bool option_on(struct command *c, const char *name)
{
    const struct option *o = find_option(c, name);
    return o && is_on(o);
}

static bool check_repeated(struct command *c)
{
    const struct utility *u = c->utility;
    for (int i = 0; i < u->role.noptions; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(u->role.options[i].name, u->role.options[k].name) == 0) {
                error_set(c->err, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options");
                cmd_position(c, u->role.options[i].location);
                return false;
            }
    return true;
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
            if (!other || !(c->utility->role.kind == 'd'
                                ? role_remove_member(c, r, other, c->role, false)
                                : role_add_member(c, into ? other : r, into ? r : other, c->role,
                                                  o->name[0] == 'a' && !into)))
                return false;
        }
    }
    return true;
}

static bool check_create(struct command *c)
{
    if (option_on(c, "superuser"))
        return cmd_is_superuser(c) || refuse(c, "must be superuser to create superusers");
    if (option_on(c, "isreplication"))
        return cmd_is_superuser(c) || refuse(c, "must be superuser to create replication users");
    if (option_on(c, "bypassrls"))
        return cmd_is_superuser(c) || refuse(c, "must be superuser to create bypassrls users");
    return cmd_may_create_roles(c) || refuse(c, "permission denied to create role");
}

bool run_create_role(struct command *c)
{
    const char *name = c->utility->role.names[0];
    struct role_def r = {.name = name, .inherit = true, .connlimit = -1};
    r.login = c->utility->role.kind == 'u';
    if (!check_repeated(c))
        return false;
    for (int i = 0; i < c->utility->role.noptions; i++)
        if (strcmp(c->utility->role.options[i].name, "sysid") == 0)
            cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "SYSID can no longer be specified");
    if (!check_create(c))
        return false;
    if (strncmp(name, "pg_", 3) == 0) {
        error_set(c->err, ERRCODE_RESERVED_NAME, "role name \"%s\" is reserved", name);
        error_detail(c->err, "Role names starting with \"pg_\" are reserved.");
        return false;
    }
    if (strcmp(name, "public") == 0 || strcmp(name, "none") == 0)
        return error_set(c->err, ERRCODE_RESERVED_NAME, "role name \"%s\" is reserved", name);
    if (snapshot_role_named(c->snapshot, name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "role \"%s\" already exists", name);
    for (int i = 0; i < c->utility->role.noptions; i++)
        if (!read_option(c, &r, &c->utility->role.options[i]))
            return false;
    /* Memberships are checked against a catalog that has the role. */
    return cmd_durable(c) && (r.oid = cmd_new_oid(c)) && write_role(c, &r) && cmd_reload(c) &&
           define_membership(c, snapshot_role(c->snapshot, r.oid)) && cmd_reload(c);
}

/* Who may change what of a role. */
static bool check_alter(struct command *c, const struct role_def *old)
{
    if (find_option(c, "superuser") || old->super)
        return cmd_is_superuser(c) ||
               refuse(c, "must be superuser to alter superuser roles or change superuser attribute");
    if (find_option(c, "isreplication") || old->replication)
        return cmd_is_superuser(c) ||
               refuse(c, "must be superuser to alter replication roles or change replication attribute");
    if (find_option(c, "bypassrls"))
        return cmd_is_superuser(c) || refuse(c, "must be superuser to change bypassrls attribute");
    if (cmd_may_create_roles(c))
        return true;
    bool only_password = c->utility->role.noptions == 1 && find_option(c, "password");
    return (only_password && old->oid == c->role) || refuse(c, "permission denied");
}

bool run_alter_role(struct command *c)
{
    const char *name = c->utility->role.names[0];
    if (strcmp(name, "public") == 0)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
    const struct role_def *old = check_repeated(c) ? get_role(c, name) : NULL;
    if (!old)
        return false;
    bool members = c->utility->role.noptions == 1 && is_membership(c->utility->role.options[0].name);
    if (!members && !check_alter(c, old))
        return false;
    struct role_def r = *old;
    for (int i = 0; i < c->utility->role.noptions; i++)
        if (!read_option(c, &r, &c->utility->role.options[i]))
            return false;
    return cmd_durable(c) && (members || write_role(c, &r)) && define_membership(c, old) &&
           cmd_reload(c);
}

static bool drop_role(struct command *c, const struct role_def *r)
{
    if (r->oid == c->role)
        return error_set(c->err, ERRCODE_OBJECT_IN_USE, "current user cannot be dropped");
    if (c->ctx && r->oid == c->ctx->session_role)
        return error_set(c->err, ERRCODE_OBJECT_IN_USE, "session user cannot be dropped");
    if (r->super && !cmd_is_superuser(c))
        return refuse(c, "must be superuser to drop superusers");
    if (r->oid < FIRST_USER_OID)
        return error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                         "cannot drop role %s because it is required by the database system", r->name);
    return role_unused(c, r) &&
           cmd_exec(c, "DELETE FROM main._pg_authid WHERE oid = %u; DELETE FROM main._pg_auth_members "
                       "WHERE roleid = %u OR member = %u; DELETE FROM main._pg_setting WHERE setrole = %u; "
                       "DELETE FROM main._pg_description WHERE objoid = %u AND classoid = %u",
                    r->oid, r->oid, r->oid, r->oid, r->oid, CLASS_PG_AUTHID);
}

bool run_drop_role(struct command *c)
{
    bool changed = false;
    if (!cmd_may_create_roles(c))
        return refuse(c, "permission denied to drop role");
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
        if (!cmd_durable(c) || !drop_role(c, r))
            return false;
        changed = true;
    }
    return !changed || cmd_reload(c);
}
