/*
 * schema_object.c: objects that are little more than a name in a schema: text search dictionaries and configurations, collations,
 * conversions. What COMMENT, DROP, OWNER TO, RENAME and SET SCHEMA do with them, by a table; called by those commands. Whether the search
 * path leads to one.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/command/fn_catalog.h"

/* What the structs of all of them begin with. */
struct head {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid, owner;
};

static const void *dict_named(const struct snapshot *s, uint32_t ns, const char *name)
{
    return snapshot_ts_dict_named(s, ns, name);
}

static const void *config_named(const struct snapshot *s, uint32_t ns, const char *name)
{
    return snapshot_ts_config_named(s, ns, name);
}

static const void *collation_named(const struct snapshot *s, uint32_t ns, const char *name)
{
    return snapshot_collation_named(s, ns, name);
}

static const void *conversion_named(const struct snapshot *s, uint32_t ns, const char *name)
{
    return snapshot_conversion_named(s, ns, name);
}

static const struct kind {
    enum object_kind object;
    uint32_t classid;
    const char *what, *table, *prefix;
    const char *missing; /* the message */
    const void *(*named)(const struct snapshot *s, uint32_t ns, const char *name);
} kinds[] = {
    {OBJECT_TS_DICT, CLASS_PG_TS_DICT, "text search dictionary", "_pg_ts_dict", "dict", "%s \"%s\" does not exist", dict_named},
    {OBJECT_TS_CONFIG, CLASS_PG_TS_CONFIG, "text search configuration", "_pg_ts_config", "cfg", "%s \"%s\" does not exist", config_named},
    {OBJECT_COLLATION, CLASS_PG_COLLATION, "collation", "_pg_collation", "coll", "%s \"%s\" for encoding \"UTF8\" does not exist",
     collation_named},
    {OBJECT_CONVERSION, CLASS_PG_CONVERSION, "conversion", "_pg_conversion", "con", "%s \"%s\" does not exist", conversion_named},
};

static const struct kind *kind_of(enum object_kind object)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].object == object)
            return &kinds[i];
    return NULL;
}

bool cmd_is_schema_object(enum object_kind object)
{
    return kind_of(object) != NULL;
}

static const struct head *first_in_path(const struct kind *k, const struct snapshot *s, const uint32_t *path, int n, const char *name)
{
    const struct head *found = NULL;
    for (int i = 0; !found && i < n; i++)
        found = k->named(s, path[i], name);
    return found;
}

bool fn_schema_object_visible(struct fcall *f, enum object_kind object, const void *o)
{
    const struct head *h = o;
    return first_in_path(kind_of(object), f->ctx->snapshot, f->ctx->search_path, f->ctx->nsearch_path, h->name) == h;
}

bool cmd_find_schema_object(struct command *c, enum object_kind object, const struct qualified_name *n, struct schema_object *out)
{
    const struct kind *k = kind_of(object);
    const struct namespace_def *ns = n->schema ? snapshot_namespace_named(c->snapshot, n->schema) : NULL;
    const struct head *found = ns ? k->named(c->snapshot, ns->oid, n->name) : NULL;
    if (!n->schema)
        found = first_in_path(k, c->snapshot, c->search_path, c->nsearch_path, n->name);
    *out = (struct schema_object){.classid = k->classid, .kind = k->what, .table = k->table, .prefix = k->prefix};
    if (!found)
        return false;
    out->oid = found->oid;
    out->name = found->name;
    out->namespace_oid = found->namespace_oid;
    out->owner = found->owner;
    return true;
}

bool cmd_need_schema_object(struct command *c, enum object_kind object, const struct qualified_name *n, struct schema_object *out)
{
    if (!cmd_find_schema_object(c, object, n, out))
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, kind_of(object)->missing, out->kind, cmd_qualified_text(c, n));
    return cmd_check_owner(c, out->owner, out->kind, cmd_qualified_text(c, n));
}

/* 42710 when the schema has one of that name. */
static bool is_free(struct command *c, enum object_kind object, const struct namespace_def *ns, const char *name)
{
    const struct kind *k = kind_of(object);
    return !k->named(c->snapshot, ns->oid, name) ||
           error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "%s \"%s\" already exists in schema \"%s\"", k->what, name, ns->name);
}

bool schema_object_rename(struct command *c, enum object_kind object, const struct qualified_name *n, const char *name)
{
    struct schema_object o;
    return cmd_need_schema_object(c, object, n, &o) && cmd_check_move(c, o.owner, o.kind, o.name, o.namespace_oid) &&
           is_free(c, object, snapshot_namespace(c->snapshot, o.namespace_oid), name) &&
           cmd_exec(c, "UPDATE main.%s SET %sname = %Q WHERE oid = %u", o.table, o.prefix, name, o.oid) && cmd_reload(c);
}

bool schema_object_set_schema(struct command *c, enum object_kind object, const struct qualified_name *n, const struct namespace_def *ns)
{
    struct schema_object o;
    if (!cmd_need_schema_object(c, object, n, &o))
        return false;
    if (ns->oid == o.namespace_oid)
        return true;
    return cmd_check_move(c, o.owner, o.kind, o.name, ns->oid) && is_free(c, object, ns, o.name) &&
           cmd_exec(c, "UPDATE main.%s SET %snamespace = %u WHERE oid = %u", o.table, o.prefix, ns->oid, o.oid) &&
           cmd_move_depend(c, o.classid, o.oid, ns->oid) && cmd_reload(c);
}
