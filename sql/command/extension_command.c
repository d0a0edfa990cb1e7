/*
 * extension_command.c: CREATE EXTENSION and ALTER EXTENSION. Of a built-in extension (catalog/extension.h) one row of _pg_extension
 * is all that is written: the objects come with the next snapshot. Others run their scripts (extension_script.h).
 */
#include <string.h>

#include "sql/catalog/extension.h"
#include "sql/command/command_internal.h"
#include "sql/command/extension_script.h"

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

/* A superuser; for a trusted extension whoever may create in the database, which here is everyone. */
static bool check_permission(struct command *c, const char *verb, const char *name, bool superuser, bool trusted)
{
    if (!superuser || trusted || cmd_is_superuser(c))
        return true;
    error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to %s extension \"%s\"", verb, name);
    error_hint(c->err, "Must be superuser to %s this extension.", verb);
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

static bool create_any(struct command *c, const char *name, const char *schema, const char *version, bool cascade, int depth);

/* The extensions this one requires, made first with CASCADE. */
static bool create_required(struct command *c, const struct list *requires, bool cascade, int depth)
{
    for (int i = 0; i < requires->n; i++) {
        const char *name = requires->items[i];
        if (snapshot_extension_named(c->snapshot, name) || strcmp(name, "plpgsql") == 0)
            continue;
        if (!cascade || depth >= MAX_REQUIRED_DEPTH) {
            error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "required extension \"%s\" is not installed", name);
            error_hint(c->err, "Use CREATE EXTENSION ... CASCADE to install required extensions too.");
            return false;
        }
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "installing required extension \"%s\"", name);
        if (!create_any(c, name, NULL, NULL, true, depth + 1))
            return false;
    }
    return true;
}

/* The row of an extension, its comment, and its dependencies on others; its OID, 0 with err. */
static uint32_t insert_extension(struct command *c, const char *name, uint32_t namespace_oid, bool relocatable,
                                 const char *version, const char *comment, const struct list *requires)
{
    uint32_t oid = cmd_new_oid(c);
    bool ok = oid && cmd_exec(c, "INSERT INTO @_pg_extension VALUES (%u, %Q, %u, %u, %d, %Q)", oid, name, c->role,
                              namespace_oid, relocatable, version);
    if (ok && comment)
        ok = cmd_exec(c, "INSERT OR REPLACE INTO @_pg_description VALUES (%u, %u, 0, %Q)", oid, CLASS_PG_EXTENSION, comment);
    for (int i = 0; ok && i < requires->n; i++) {
        const struct extension_def *e = snapshot_extension_named(c->snapshot, requires->items[i]);
        ok = !e || cmd_record_depend(c, CLASS_PG_EXTENSION, oid, 0, CLASS_PG_EXTENSION, e->oid, 0, 'n');
    }
    return ok ? oid : 0;
}

static struct list split_names(struct command *c, const char *p)
{
    struct list out = {0};
    while (p && *p) {
        size_t n = strcspn(p, ",");
        list_add(&out, c->arena, arena_strndup(c->arena, p, n));
        p += n + (p[n] == ',');
    }
    return out;
}

/* Where the extension goes: the schema of the statement, of the extension, or the first of the search path. */
static const struct namespace_def *target_schema(struct command *c, const char *name, const char *given, const char *fixed)
{
    if (fixed && given && strcmp(fixed, given) != 0) {
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "extension \"%s\" must be installed in schema \"%s\"", name, fixed);
        return NULL;
    }
    const struct qualified_name where = {.schema = given ? given : fixed, .name = name, .location = -1};
    /* A schema that is named may be any, pg_catalog too. */
    const struct namespace_def *ns = where.schema ? snapshot_namespace_named(c->snapshot, where.schema) : NULL;
    return ns ? ns : cmd_creation_namespace(c, &where, 'p');
}

static bool create_builtin(struct command *c, const struct extension_info *info, const char *schema, const char *version,
                           bool cascade, int depth)
{
    struct list requires = split_names(c, info->requires);
    if (!check_permission(c, "create", info->name, info->superuser, info->trusted))
        return false;
    if (version && !same_version(info, version))
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "extension \"%s\" has no installation script nor update path for version \"%s\"",
                         info->name, version);
    const struct namespace_def *ns = target_schema(c, info->name, schema, info->schema);
    uint32_t namespace_oid = ns ? ns->oid : 0;
    if (!ns || !create_required(c, &requires, cascade, depth) || !cmd_durable(c))
        return false;
    struct snapshot *before = snapshot_ref(c->snapshot);
    bool ok = insert_extension(c, info->name, namespace_oid, info->relocatable, version ? version : info->version,
                               info->comment, &requires) &&
              cmd_reload(c) && check_clashes(c, info, before, namespace_oid);
    snapshot_unref(before);
    return ok;
}

/* --- extensions that lie in folders ----------------------------------------------------------------------- */

/* What the scripts need to know; schemas of the extensions it requires stand behind its own. */
static struct extension_script script_of(struct command *c, const struct extension_control *e, uint32_t oid,
                                         const struct namespace_def *ns)
{
    struct extension_script s = {.control = e, .oid = oid, .namespace_oid = ns->oid, .schema = arena_strdup(c->arena, ns->name)};
    for (int i = 0; i < e->requires.n; i++) {
        const struct extension_def *r = snapshot_extension_named(c->snapshot, e->requires.items[i]);
        const struct namespace_def *n = r ? snapshot_namespace(c->snapshot, r->namespace_oid) : NULL;
        if (n)
            list_add(&s.required_schemas, c->arena, arena_strdup(c->arena, n->name));
    }
    return s;
}

/* The schema that the control file names is made when there is none. */
static const struct namespace_def *control_schema(struct command *c, const struct extension_control *e, const char *schema)
{
    if (e->schema && !snapshot_namespace_named(c->snapshot, e->schema) && (!schema || strcmp(schema, e->schema) == 0)) {
        uint32_t oid = cmd_durable(c) ? cmd_new_oid(c) : 0;
        if (!oid || !cmd_exec(c, "INSERT INTO @_pg_namespace VALUES (%u, %Q, %u)", oid, e->schema, c->role) || !cmd_reload(c))
            return NULL;
    }
    return target_schema(c, e->name, schema, e->schema);
}

static bool create_from_folder(struct command *c, const char *name, const char *schema, const char *version, bool cascade,
                               int depth)
{
    struct extension_control e;
    if (!extension_control_read(c->arena, c->ctx, name, NULL, &e, c->err))
        return false;
    if (!version)
        version = e.default_version;
    if (!version)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "version to install must be specified");
    struct list path = extension_control_path(c->arena, &e, NULL, version);
    if (path.n == 0)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "extension \"%s\" has no installation script nor update path for version \"%s\"", name, version);
    if (!extension_control_read(c->arena, c->ctx, name, version, &e, c->err) ||
        !check_permission(c, "create", name, e.superuser, e.trusted))
        return false;
    const struct namespace_def *ns = control_schema(c, &e, schema);
    uint32_t namespace_oid = ns ? ns->oid : 0;
    if (!ns || !create_required(c, &e.requires, cascade, depth) || !cmd_durable(c))
        return false;
    ns = snapshot_namespace(c->snapshot, namespace_oid);
    uint32_t oid = insert_extension(c, name, ns->oid, e.relocatable, version, e.comment, &e.requires);
    if (!oid)
        return false;
    struct extension_script script = script_of(c, &e, oid, ns);
    bool ok = cmd_reload(c);
    for (int i = 0; ok && i < path.n; i++)
        ok = extension_script_run(c, &script, i ? path.items[i - 1] : NULL, path.items[i]);
    return ok;
}

static bool create_any(struct command *c, const char *name, const char *schema, const char *version, bool cascade, int depth)
{
    const struct extension_info *info = extension_builtin(name);
    return info ? create_builtin(c, info, schema, version, cascade, depth)
                : create_from_folder(c, name, schema, version, cascade, depth);
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
    return create_any(c, name, option_value(o, n, "schema"), option_value(o, n, "new_version"), option_given(o, n, "cascade"), 0);
}

/* --- ALTER EXTENSION ------------------------------------------------------------------------------------------ */

static bool update_from_folder(struct command *c, const struct extension_def *installed, const char *version)
{
    struct extension_control e;
    const char *name = installed->name, *from = installed->version;
    if (!extension_control_read(c->arena, c->ctx, name, NULL, &e, c->err))
        return false;
    if (!version)
        version = e.default_version;
    if (!version)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "version to install must be specified");
    if (strcmp(version, from) == 0) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "version \"%s\" of extension \"%s\" is already installed", version, name);
        return true;
    }
    struct list path = extension_control_path(c->arena, &e, from, version);
    if (path.n < 2)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "extension \"%s\" has no update path from version \"%s\" to version \"%s\"", name, from, version);
    uint32_t oid = installed->oid;
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, installed->namespace_oid);
    if (!ns || !extension_control_read(c->arena, c->ctx, name, version, &e, c->err) ||
        !check_permission(c, "update", name, e.superuser, e.trusted))
        return false;
    struct extension_script script = script_of(c, &e, oid, ns);
    for (int i = 1; i < path.n; i++)
        if (!extension_script_run(c, &script, path.items[i - 1], path.items[i]) ||
            !cmd_exec(c, "UPDATE @_pg_extension SET extversion = %Q, extrelocatable = %d WHERE oid = %u", path.items[i],
                      e.relocatable, oid))
            return false;
    return cmd_reload(c);
}

/* ALTER EXTENSION name UPDATE [TO version]: built-in ones have the one version. */
bool run_alter_extension(struct command *c)
{
    const char *name = c->utility->create_extension.name;
    const struct extension_def *e = snapshot_extension_named(c->snapshot, name);
    if (!e)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "extension \"%s\" does not exist", name);
    const struct extension_info *info = extension_builtin(name);
    const char *version = option_value(c->utility->create_extension.options, c->utility->create_extension.noptions,
                                       "new_version");
    if (!info)
        return update_from_folder(c, e, version);
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
