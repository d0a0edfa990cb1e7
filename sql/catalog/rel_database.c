/* rel_database.c: rows of pg_database, pg_authid, pg_auth_members, pg_extension and pg_available_extensions. */
#include <string.h>

#include "sql/catalog/catalog_table.h"
#include "sql/catalog/extension.h"
#include "sql/catalog/extension_control.h"

/* Values of a timestamptz column are kept in storage form; so is rolvaliduntil. */
static bool next_authid(struct rel_scan *x)
{
    const struct role_def *r;
    if (x->key == 0)
        r = x->i++ ? NULL : snapshot_role(x->s, x->key_oid);
    else
        r = x->i < x->s->roles.n ? x->s->roles.items[x->i++] : NULL;
    if (!r)
        return false;
    put_int(x, r->oid);
    put_text(x, r->name);
    put_int(x, r->super);
    put_int(x, r->inherit);
    put_int(x, r->createrole);
    put_int(x, r->createdb);
    put_int(x, r->login);
    put_int(x, r->replication);
    put_int(x, r->bypassrls);
    put_int(x, r->connlimit);
    put_text(x, r->password);
    put_text(x, r->valid_until);
    return true;
}

static bool next_member(struct rel_scan *x)
{
    const struct role_member *m;
    int n = builtin_members_count;
    if (x->i < n)
        m = &builtin_members[x->i++];
    else
        m = x->i - n < x->s->members.n ? x->s->members.items[x->i++ - n] : NULL;
    if (!m)
        return false;
    put_int(x, m->role);
    put_int(x, m->member);
    put_int(x, m->grantor);
    put_int(x, m->admin);
    return true;
}

/* The server's databases, as the session's host names them: {datname, oid}; without a host the one at hand. */
static bool database_at(struct rel_scan *x, int i, const char **name, uint32_t *oid)
{
    struct value v[2] = {{0}};
    if (!x->ctx->live_row) {
        *name = x->s->database;
        *oid = DATABASE_OID;
        return i == 0;
    }
    if (!x->ctx->live_row(x->ctx, x->rel->name, i, x->arena, v, 2))
        return false;
    *name = arena_strndup(x->arena, v[0].p, v[0].n);
    *oid = (uint32_t)v[1].i;
    return true;
}

static bool next_database(struct rel_scan *x)
{
    const char *name;
    uint32_t oid;
    if (!database_at(x, x->i++, &name, &oid))
        return false;
    bool own = strcmp(name, x->s->database) == 0;
    put_int(x, oid);
    put_text(x, name);
    put_int(x, own ? x->s->database_owner : BOOTSTRAP_SUPERUSER);
    put_int(x, 6);
    put_char(x, 'c');
    put_int(x, 0);
    put_int(x, 1);
    put_int(x, -1);
    put_int(x, 716);
    put_int(x, 1);
    put_int(x, 1663);
    put_text(x, "C.UTF-8");
    put_text(x, "C.UTF-8");
    put_null(x);
    put_null(x);
    if (own)
        put_acl(x, CLASS_PG_DATABASE, DATABASE_OID, 0);
    return true;
}

static const struct extension_def plpgsql = {13559, "plpgsql", PG_CATALOG_NAMESPACE, "1.0", false, BOOTSTRAP_SUPERUSER};

static bool next_extension(struct rel_scan *x)
{
    const struct extension_def *e;
    if (x->i == 0)
        e = &plpgsql;
    else
        e = x->i - 1 < x->s->extensions.n ? x->s->extensions.items[x->i - 1] : NULL;
    x->i++;
    if (!e)
        return false;
    put_int(x, e->oid);
    put_text(x, e->name);
    put_int(x, e->owner);
    put_int(x, e->namespace_oid);
    put_int(x, e->relocatable);
    put_text(x, e->version);
    put_oid_array(x, e->nconfig ? e->config : NULL, e->nconfig);
    put_text_array(x, e->nconfig ? e->conditions : NULL, e->nconfig);
    return true;
}

/* The built-in extensions, plpgsql behind them. */
static const struct extension_info *available_at(int i)
{
    static const struct extension_info language = {-1,   "plpgsql", "1.0", "pg_catalog", false,
                                                   true, true,      NULL,  "PL/pgSQL procedural language"};
    int n;
    const struct extension_info *all = extension_builtin_all(&n);
    return i < n ? &all[i] : i == n ? &language : NULL;
}

/* The i-th extension of the folders that is not built in. */
static bool folder_extension(struct rel_scan *x, int i, struct extension_control *out)
{
    struct list names = extension_control_names(x->arena, x->ctx);
    for (int k = 0; k < names.n; k++) {
        struct error ignored;
        error_init(&ignored, x->arena);
        if (extension_builtin(names.items[k]) || strcmp(names.items[k], "plpgsql") == 0 || i-- > 0)
            continue;
        if (!extension_control_read(x->arena, x->ctx, names.items[k], NULL, out, &ignored))
            *out = (struct extension_control){.name = names.items[k], .superuser = true};
        return true;
    }
    return false;
}

static const char *installed_version(const struct snapshot *s, const struct extension_info *info)
{
    const struct extension_def *e = snapshot_extension_named(s, info->name);
    return info->position < 0 ? info->version : e ? e->version : NULL;
}

static bool next_available(struct rel_scan *x)
{
    const struct extension_info *info = available_at(x->i);
    struct extension_control e;
    if (info) {
        x->i++;
        put_text(x, info->name);
        put_text(x, info->version);
        put_text(x, installed_version(x->s, info));
        put_text(x, info->comment);
        return true;
    }
    if (!folder_extension(x, x->j++, &e))
        return false;
    const struct extension_def *installed = snapshot_extension_named(x->s, e.name);
    put_text(x, e.name);
    put_text(x, e.default_version);
    put_text(x, installed ? installed->version : NULL);
    put_text(x, e.comment);
    return true;
}

/* One version of an extension of the folders: j counts extensions, phase their versions. */
static bool next_folder_version(struct rel_scan *x)
{
    struct extension_control e, own;
    while (folder_extension(x, x->j, &e)) {
        struct list versions = extension_control_versions(x->arena, &e);
        if (x->phase >= versions.n) {
            x->j++;
            x->phase = 0;
            continue;
        }
        const char *version = versions.items[x->phase++];
        const struct extension_def *installed = snapshot_extension_named(x->s, e.name);
        struct error ignored;
        error_init(&ignored, x->arena);
        if (!extension_control_read(x->arena, x->ctx, e.name, version, &own, &ignored))
            own = e;
        put_text(x, e.name);
        put_text(x, version);
        put_int(x, installed && strcmp(installed->version, version) == 0);
        put_int(x, own.superuser);
        put_int(x, own.trusted);
        put_int(x, own.relocatable);
        put_text(x, own.schema);
        put_text_array(x, own.requires.n ? (const char *const *)own.requires.items : NULL, own.requires.n);
        put_text(x, own.comment);
        return true;
    }
    return false;
}

static void put_requires(struct rel_scan *x, const char *names)
{
    const char *items[8];
    int n = 0;
    for (const char *p = names; p && *p && n < 8;) {
        size_t len = strcspn(p, ",");
        items[n++] = arena_strndup(x->arena, p, len);
        p += len + (p[len] == ',');
    }
    put_text_array(x, n ? items : NULL, n);
}

static bool next_available_version(struct rel_scan *x)
{
    const struct extension_info *info = available_at(x->i);
    if (!info)
        return next_folder_version(x);
    x->i++;
    const char *installed = installed_version(x->s, info);
    put_text(x, info->name);
    put_text(x, info->version);
    put_int(x, installed && strcmp(installed, info->version) == 0);
    put_int(x, info->superuser);
    put_int(x, info->trusted);
    put_int(x, info->relocatable);
    put_text(x, info->schema);
    put_requires(x, info->requires);
    put_text(x, info->comment);
    return true;
}

static bool next_role_setting(struct rel_scan *x)
{
    if (x->i >= x->s->settings.n)
        return false;
    const struct role_setting *first = x->s->settings.items[x->i];
    struct list texts = {0};
    while (x->i < x->s->settings.n) {
        const struct role_setting *r = x->s->settings.items[x->i];
        if (r->database != first->database || r->role != first->role)
            break;
        list_add(&texts, x->arena, arena_printf(x->arena, "%s=%s", r->name, r->value));
        x->i++;
    }
    put_int(x, first->database);
    put_int(x, first->role);
    put_text_array(x, (const char *const *)texts.items, texts.n);
    return true;
}

/* Large objects are rows of the file, not of the snapshot: the session looks them up, {oid, owner}. */
static bool next_large_object(struct rel_scan *x)
{
    struct value v[2] = {{0}};
    if (!x->ctx->live_row || !x->ctx->live_row(x->ctx, x->rel->name, x->i++, x->arena, v, 2))
        return false;
    put_int(x, v[0].i);
    put_int(x, v[1].i);
    put_acl(x, CLASS_PG_LARGEOBJECT, (uint32_t)v[0].i, 0);
    return true;
}

const struct rel_source rel_database_sources[] = {
    {"pg_authid", {"oid"}, next_authid},
    {"pg_auth_members", {NULL}, next_member},
    {"pg_database", {NULL}, next_database},
    {"pg_largeobject_metadata", {NULL}, next_large_object},
    {"pg_extension", {NULL}, next_extension},
    {"pg_available_extensions", {NULL}, next_available},
    {"pg_available_extension_versions", {NULL}, next_available_version},
    {"pg_db_role_setting", {NULL}, next_role_setting},
    {NULL, {NULL}, NULL},
};
