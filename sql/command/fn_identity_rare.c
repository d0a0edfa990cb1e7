/*
 * fn_identity_rare.c: identities of foreign data objects, policies, statistics, event triggers, default privileges, members of
 * operator families, and built-in conversions and text search parts. Called by fn_identity.c.
 */
#include <string.h>

#include "sql/command/fn_identity.h"

static const struct snapshot *snap(struct fcall *f)
{
    return f->ctx->snapshot;
}

static bool of_foreign(struct fcall *f, uint32_t oid, struct identity *i)
{
    const struct foreign_def *d = snapshot_foreign_oid(snap(f), oid);
    if (!d)
        return false;
    if (d->kind != 'u')
        return identity_plain(f, i, d->kind == 'w' ? "foreign-data wrapper" : "server", d->name);
    const struct role_def *r = snapshot_role(snap(f), d->role);
    const struct foreign_def *server = snapshot_foreign_oid(snap(f), d->of);
    const char *user = r ? r->name : "public", *of = server ? server->name : "";
    i->type = "user mapping";
    i->identity = arena_printf(f->arena, "%s on server %s", identity_quoted(f, user), of);
    i->description = arena_printf(f->arena, "user mapping for %s on server %s", user, of);
    identity_names(i, user, NULL, NULL);
    i->args[i->nargs++] = of;
    return true;
}

static bool of_policy(struct fcall *f, uint32_t oid, struct identity *i)
{
    for (int k = 0; k < snap(f)->policies.n; k++) {
        const struct policy_def *d = snap(f)->policies.items[k];
        if (d->oid != oid)
            continue;
        i->type = "policy";
        i->identity = arena_printf(f->arena, "%s on %s", identity_quoted(f, d->name),
                                   identity_qualified(f, d->table->namespace_oid, d->table->name));
        i->description = arena_printf(f->arena, "policy %s on table %s", d->name, fn_relation_name(f, d->table));
        identity_names(i, identity_schema(f, d->table->namespace_oid), d->table->name, d->name);
        return true;
    }
    return false;
}

static bool in_path(struct fcall *f, uint32_t ns)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    for (int k = 0; k < n; k++)
        if (path[k] == ns)
            return true;
    return false;
}

static bool of_statistics(struct fcall *f, uint32_t oid, struct identity *i)
{
    const struct statistics_def *d = snapshot_statistics(snap(f), oid);
    if (!d)
        return false;
    i->type = "statistics object";
    i->schema = identity_schema(f, d->namespace_oid);
    i->name = d->name;
    i->identity = identity_qualified(f, d->namespace_oid, d->name);
    i->description = arena_printf(f->arena, "statistics object %s",
                                  in_path(f, d->namespace_oid) ? identity_quoted(f, d->name) : i->identity);
    identity_names(i, i->schema, d->name, NULL);
    return true;
}

static bool of_event_trigger(struct fcall *f, uint32_t oid, struct identity *i)
{
    for (int k = 0; k < snap(f)->event_triggers.n; k++) {
        const struct event_trigger_def *d = snap(f)->event_triggers.items[k];
        if (d->oid == oid)
            return identity_plain(f, i, "event trigger", d->name);
    }
    return false;
}

static bool of_default_acl(struct fcall *f, uint32_t oid, struct identity *i)
{
    static const struct {
        char kind;
        const char *plural, *described;
    } words[] = {{'r', "tables", "relations"}, {'S', "sequences", "sequences"}, {'f', "functions", "functions"},
                 {'T', "types", "types"},      {'n', "schemas", "schemas"}};
    for (int k = 0; k < snap(f)->default_acls.n; k++) {
        const struct default_acl *d = snap(f)->default_acls.items[k];
        size_t w = 0;
        if (d->oid != oid)
            continue;
        while (w < 4 && words[w].kind != d->kind)
            w++;
        const struct role_def *r = snapshot_role(snap(f), d->role);
        const char *role = r ? r->name : "", *schema = d->namespace_oid ? identity_schema(f, d->namespace_oid) : NULL;
        i->type = "default acl";
        i->identity = arena_printf(f->arena, "for role %s%s%s on %s", identity_quoted(f, role), schema ? " in schema " : "",
                                   schema ? identity_quoted(f, schema) : "", words[w].plural);
        i->description = arena_printf(f->arena, "default privileges on new %s belonging to role %s%s%s", words[w].described, role,
                                      schema ? " in schema " : "", schema ? schema : "");
        identity_names(i, role, schema, NULL);
        i->args[i->nargs++] = arena_printf(f->arena, "%c", d->kind);
        return true;
    }
    return false;
}

/* --- operators and functions of access methods ------------------------------------------------------------- */

static const struct opfamily_member builtin_members_of[] = {
#define PG_AMOP(oid, family, left, right, strategy, purpose, opr, method, sort) {oid, family, left, right, strategy, opr, false, sort},
#include "sql/catalog/builtin/pg_amop.def"
#undef PG_AMOP
#define PG_AMPROC(oid, family, left, right, num, proc) {oid, family, left, right, num, proc, true, 0},
#include "sql/catalog/builtin/pg_amproc.def"
#undef PG_AMPROC
};

static const struct opfamily_member *find_member(struct fcall *f, uint32_t oid, bool function)
{
    for (size_t k = 0; k < sizeof(builtin_members_of) / sizeof(builtin_members_of[0]); k++)
        if (builtin_members_of[k].oid == oid && builtin_members_of[k].function == function)
            return &builtin_members_of[k];
    for (int k = 0; k < snap(f)->opfamily_members.n; k++) {
        const struct opfamily_member *m = snap(f)->opfamily_members.items[k];
        if (m->oid == oid && m->function == function)
            return m;
    }
    return NULL;
}

static bool of_member(struct fcall *f, uint32_t oid, bool function, struct identity *i)
{
    const struct opfamily_member *m = find_member(f, oid, function);
    const char *am, *schema, *family, *what = function ? "function" : "operator";
    const char *of = m ? identity_family(f, m->family, &am, &schema, &family) : NULL;
    if (!of)
        return false;
    i->type = function ? "function of access method" : "operator of access method";
    i->identity = arena_printf(f->arena, "%s %d (%s, %s) of %s", what, m->number, identity_type(f, m->left),
                               identity_type(f, m->right), of);
    const struct proc *p = function ? snapshot_proc(snap(f), m->object) : NULL;
    const struct operator_def *o = function ? NULL : snapshot_operator(snap(f), m->object);
    const char *object = p   ? fn_proc_signature(f, p, true)
                         : o ? arena_printf(f->arena, "%s(%s,%s)", o->name, fn_type_name(f, o->left, -1, false),
                                            fn_type_name(f, o->right, -1, false))
                             : "";
    i->description = arena_printf(f->arena, "%s %d (%s, %s) of operator family %s for access method %s: %s", what, m->number,
                                  fn_type_name(f, m->left, -1, false), fn_type_name(f, m->right, -1, false), family, am, object);
    identity_names(i, am, schema, family);
    i->names[i->nnames++] = arena_printf(f->arena, "%d", m->number);
    i->args[i->nargs++] = identity_type(f, m->left);
    i->args[i->nargs++] = identity_type(f, m->right);
    return true;
}

/* --- built-in things of pg_catalog ---------------------------------------------------------------------------- */

static const struct builtin {
    uint32_t classid, oid;
    const char *name;
} builtins[] = {
#define PG_TS_PARSER(oid, name, ...) {3601, oid, name},
#include "sql/catalog/builtin/pg_ts_parser.def"
#undef PG_TS_PARSER
#define PG_TS_TEMPLATE(oid, name, ...) {3764, oid, name},
#include "sql/catalog/builtin/pg_ts_template.def"
#undef PG_TS_TEMPLATE
};

static bool of_builtin(struct fcall *f, uint32_t classid, uint32_t oid, struct identity *i)
{
    for (size_t k = 0; k < sizeof(builtins) / sizeof(builtins[0]); k++) {
        if (builtins[k].classid != classid || builtins[k].oid != oid)
            continue;
        i->type = i->missing;
        i->schema = "pg_catalog";
        i->name = builtins[k].name;
        i->identity = identity_qualified(f, PG_CATALOG_NAMESPACE, i->name);
        i->description = arena_printf(f->arena, "%s %s", i->type, identity_quoted(f, i->name));
        identity_names(i, i->schema, i->name, NULL);
        return true;
    }
    return false;
}

static bool of_large_object(struct fcall *f, uint32_t oid, struct identity *i)
{
    if (!oid)
        return false;
    i->type = "large object";
    i->identity = arena_printf(f->arena, "%u", oid);
    i->description = arena_printf(f->arena, "large object %u", oid);
    identity_names(i, i->identity, NULL, NULL);
    return true;
}

bool object_identify_rare(struct fcall *f, uint32_t classid, uint32_t oid, struct identity *i)
{
    switch (classid) {
    case CLASS_PG_FOREIGN_DATA_WRAPPER:
    case CLASS_PG_FOREIGN_SERVER:
    case CLASS_PG_USER_MAPPING:
        return of_foreign(f, oid, i);
    case CLASS_PG_POLICY:
        return of_policy(f, oid, i);
    case CLASS_PG_STATISTIC_EXT:
        return of_statistics(f, oid, i);
    case CLASS_PG_EVENT_TRIGGER:
        return of_event_trigger(f, oid, i);
    case CLASS_PG_DEFAULT_ACL:
        return of_default_acl(f, oid, i);
    case 2602:
    case 2603:
        return of_member(f, oid, classid == 2603, i);
    case CLASS_PG_DATABASE:
        return oid == DATABASE_OID && identity_plain(f, i, "database", snap(f)->database);
    case CLASS_PG_LARGEOBJECT:
        return of_large_object(f, oid, i);
    default:
        return of_builtin(f, classid, oid, i);
    }
}
