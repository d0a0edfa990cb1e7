/*
 * extension_command.c: CREATE EXTENSION and ALTER EXTENSION of built-in extensions (catalog/extension.h). One row of
 * _pg_extension is all that is written: the objects come with the next snapshot.
 */
#include <string.h>

#include "sql/catalog/extension.h"
#include "sql/command/command_internal.h"

/* Extensions that require others, each one further step: a chain that long is a circle. */
#define MAX_REQUIRED_DEPTH 10

static const char *option_value(const struct option *o, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(o[i].name, name) == 0)
            return o[i].value;
    return NULL;
}

static bool option_given(const struct option *o, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(o[i].name, name) == 0)
            return true;
    return false;
}

/* Names may hold neither separators of paths nor what update scripts' names use. */
static bool check_name(struct command *c, const char *name)
{
    size_t n = strlen(name);
    const char *why = n == 0                                   ? "Extension names must not be empty."
                      : strstr(name, "--")                     ? "Extension names must not contain \"--\"."
                      : name[0] == '-' || name[n - 1] == '-'   ? "Extension names must not begin or end with \"-\"."
                      : strchr(name, '/') || strchr(name, '\\') ? "Extension names must not contain directory separator characters."
                                                               : NULL;
    if (!why)
        return true;
    error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid extension name: \"%s\"", name);
    error_detail(c->err, "%s", why);
    return false;
}

static bool not_available(struct command *c, const char *name)
{
    error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "extension \"%s\" is not available", name);
    error_hint(c->err, "The extension must first be installed on the system where PostgreSQL is running.");
    return false;
}

/* A superuser; for a trusted extension whoever may create in the database, which here is everyone. */
static bool check_permission(struct command *c, const struct extension_info *info)
{
    if (!info->superuser || info->trusted || cmd_is_superuser(c))
        return true;
    error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to create extension \"%s\"", info->name);
    error_hint(c->err, "Must be superuser to create this extension.");
    return false;
}

/* Whether the schema has a function of that signature already. */
struct clash {
    const struct proc *member;
    const struct proc *found;
    uint32_t namespace_oid;
};

static bool same_signature(void *arg, const struct proc *p)
{
    struct clash *k = arg;
    if (p->oid != k->member->oid && p->namespace_oid == k->namespace_oid && p->nargs == k->member->nargs &&
        memcmp(p->argtypes, k->member->argtypes, sizeof(p->argtypes[0]) * (size_t)p->nargs) == 0) {
        k->found = p;
        return false;
    }
    return true;
}

/* Objects that the snapshot shows and the schema had already, as CREATE of each would have said. */
static bool check_clashes(struct command *c, const struct extension_info *info, const struct snapshot *before,
                          uint32_t namespace_oid)
{
    int n;
    const struct type_def *const *types = snapshot_types(c->snapshot, &n);
    for (int i = 0; i < n; i++)
        if (extension_of_oid(types[i]->oid) == info && !types[i]->elem &&
            snapshot_type_named(before, namespace_oid, types[i]->name))
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", types[i]->name);
    const struct proc *const *procs = snapshot_procs(c->snapshot, &n);
    for (int i = 0; i < n; i++) {
        struct clash k = {.member = procs[i], .namespace_oid = namespace_oid};
        if (extension_of_oid(procs[i]->oid) != info)
            continue;
        snapshot_procs_named(before, procs[i]->name, same_signature, &k);
        if (k.found)
            return error_set(c->err, ERRCODE_DUPLICATE_FUNCTION,
                             "function \"%s\" already exists with same argument types", procs[i]->name);
    }
    return true;
}

/* Versions of one interface are one here: 0.8.1 is 0.8.0. */
static bool same_version(const struct extension_info *info, const char *version)
{
    const char *first = strchr(info->version, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    return strcmp(version, info->version) == 0 ||
           (second && strncmp(version, info->version, (size_t)(second + 1 - info->version)) == 0);
}

static bool create_builtin(struct command *c, const struct extension_info *info, const char *schema, const char *version,
                           bool cascade, int depth);

/* The extensions this one requires, made first with CASCADE. */
static bool create_required(struct command *c, const struct extension_info *info, bool cascade, int depth)
{
    const char *p = info->requires;
    while (p && *p) {
        size_t n = strcspn(p, ",");
        const char *name = arena_strndup(c->arena, p, n);
        p += n + (p[n] == ',');
        if (snapshot_extension_named(c->snapshot, name))
            continue;
        if (!cascade || depth >= MAX_REQUIRED_DEPTH) {
            error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "required extension \"%s\" is not installed", name);
            error_hint(c->err, "Use CREATE EXTENSION ... CASCADE to install required extensions too.");
            return false;
        }
        const struct extension_info *other = extension_builtin(name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "installing required extension \"%s\"", name);
        if (!other ? !not_available(c, name) : !create_builtin(c, other, NULL, NULL, true, depth + 1))
            return false;
    }
    return true;
}

static bool create_builtin(struct command *c, const struct extension_info *info, const char *schema, const char *version,
                           bool cascade, int depth)
{
    if (!check_permission(c, info))
        return false;
    if (version && !same_version(info, version))
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "extension \"%s\" has no installation script nor update path for version \"%s\"",
                         info->name, version);
    if (info->schema && schema && strcmp(info->schema, schema) != 0)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "extension \"%s\" must be installed in schema \"%s\"", info->name, info->schema);
    const struct qualified_name where = {.schema = schema ? schema : info->schema, .name = info->name, .location = -1};
    /* A schema that is named may be any, pg_catalog too. */
    const struct namespace_def *ns = where.schema ? snapshot_namespace_named(c->snapshot, where.schema) : NULL;
    if (!ns)
        ns = cmd_creation_namespace(c, &where, 'p');
    if (!ns || !create_required(c, info, cascade, depth) || !durable_create(c->db, c->err))
        return false;
    struct snapshot *before = snapshot_ref(c->snapshot);
    uint32_t oid = cmd_new_oid(c), namespace_oid = ns->oid;
    bool ok = oid &&
              cmd_exec(c, "INSERT INTO @_pg_extension VALUES (%u, %Q, %u, %u, %d, %Q)", oid, info->name, c->role,
                       namespace_oid, info->relocatable, version ? version : info->version) &&
              cmd_exec(c, "INSERT OR REPLACE INTO @_pg_description VALUES (%u, %u, 0, %Q)", oid, CLASS_PG_EXTENSION,
                       info->comment);
    for (const char *p = info->requires; ok && p && *p;) {
        size_t n = strcspn(p, ",");
        const struct extension_def *e = snapshot_extension_named(c->snapshot, arena_strndup(c->arena, p, n));
        p += n + (p[n] == ',');
        ok = !e || cmd_record_depend(c, CLASS_PG_EXTENSION, oid, 0, CLASS_PG_EXTENSION, e->oid, 0, 'n');
    }
    ok = ok && cmd_reload(c) && check_clashes(c, info, before, namespace_oid);
    snapshot_unref(before);
    return ok;
}

bool run_create_extension(struct command *c)
{
    const char *name = c->utility->create_extension.name;
    const struct option *o = c->utility->create_extension.options;
    int n = c->utility->create_extension.noptions;
    if (!check_name(c, name))
        return false;
    if (snapshot_extension_named(c->snapshot, name) || strcmp(name, "plpgsql") == 0) {
        if (!c->utility->create_extension.if_not_exists)
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "extension \"%s\" already exists", name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_OBJECT, "extension \"%s\" already exists, skipping", name);
        return true;
    }
    const struct extension_info *info = extension_builtin(name);
    if (!info)
        return not_available(c, name);
    return create_builtin(c, info, option_value(o, n, "schema"), option_value(o, n, "new_version"),
                          option_given(o, n, "cascade"), 0);
}

/* ALTER EXTENSION name UPDATE [TO version]: built-in ones have the one version. */
bool run_alter_extension(struct command *c)
{
    const char *name = c->utility->create_extension.name;
    const struct extension_def *e = snapshot_extension_named(c->snapshot, name);
    if (!e)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "extension \"%s\" does not exist", name);
    const struct extension_info *info = extension_builtin(name);
    if (!info)
        return not_available(c, name);
    const char *version = option_value(c->utility->create_extension.options, c->utility->create_extension.noptions,
                                       "new_version");
    if (!version)
        version = info->version;
    if (strcmp(version, e->version) == 0) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "version \"%s\" of extension \"%s\" is already installed", version, name);
        return true;
    }
    if (!same_version(info, version))
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "extension \"%s\" has no update path from version \"%s\" to version \"%s\"", name, e->version,
                         version);
    return cmd_exec(c, "UPDATE @_pg_extension SET extversion = %Q WHERE oid = %u", version, e->oid) && cmd_reload(c);
}

bool extension_set_schema(struct command *c, const struct extension_def *e, const struct namespace_def *ns)
{
    const struct extension_info *info = extension_builtin(e->name);
    if (e->namespace_oid == ns->oid)
        return true;
    if (!e->relocatable || !info)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "extension \"%s\" does not support SET SCHEMA", e->name);
    struct snapshot *before = snapshot_ref(c->snapshot);
    bool ok = cmd_exec(c, "UPDATE @_pg_extension SET extnamespace = %u WHERE oid = %u", ns->oid, e->oid) &&
              cmd_reload(c) && check_clashes(c, info, before, ns->oid);
    snapshot_unref(before);
    return ok;
}
