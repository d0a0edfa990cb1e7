/*
 * snapshot_collation.c: collations and encoding conversions of a snapshot: the built-in ones and those of users, from _pg_collation and
 * _pg_conversion. Loaded by snapshot_load.c. A user's collation is one of the locale C or C.UTF-8 under another name, so its order
 * is that of all text; a user's conversion names a built-in function.
 */
#include <string.h>

#include "sql/catalog/snapshot_internal.h"

static const struct pg_collation_def builtin_collations[] = {
#define PG_COLLATION(oid_, name_, ns, owner_, provider_, deterministic_, encoding_, collate_, ctype_, locale_, version_) \
    {.oid = oid_, .name = name_, .namespace_oid = ns, .owner = owner_, .provider = provider_[0], .deterministic = deterministic_,  \
     .encoding = encoding_, .collate = collate_, .ctype = ctype_, .icu_locale = locale_, .version = version_},
#include "sql/catalog/builtin/pg_collation.def"
#undef PG_COLLATION
};
static const struct conversion_def builtin_conversions[] = {
#define PG_CONVERSION(oid_, name_, ns, owner_, from_, to_, function_, default_) \
    {.oid = oid_, .name = name_, .namespace_oid = ns, .owner = owner_, .from = from_, .to = to_, .function = function_, .is_default = default_},
#include "sql/catalog/builtin/pg_conversion.def"
#undef PG_CONVERSION
};
#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static bool load_collation(struct loader *l, sqlite3_stmt *st)
{
    struct pg_collation_def *c = ARENA_NEW(l->s->arena, struct pg_collation_def);
    const char *provider = loader_text(l, st, 4);
    *c = (struct pg_collation_def){.oid = loader_oid(st, 0),
                                   .name = loader_name(l, st, 1),
                                   .namespace_oid = loader_oid(st, 2),
                                   .owner = loader_oid(st, 3),
                                   .provider = provider ? provider[0] : 'c',
                                   .deterministic = true,
                                   .encoding = sqlite3_column_int(st, 5),
                                   .collate = loader_text(l, st, 6),
                                   .ctype = loader_text(l, st, 7),
                                   .version = loader_text(l, st, 8)};
    list_add(&l->s->collations, l->s->arena, c);
    return true;
}

static bool load_conversion(struct loader *l, sqlite3_stmt *st)
{
    struct conversion_def *c = ARENA_NEW(l->s->arena, struct conversion_def);
    *c = (struct conversion_def){.oid = loader_oid(st, 0),
                                 .name = loader_name(l, st, 1),
                                 .namespace_oid = loader_oid(st, 2),
                                 .owner = loader_oid(st, 3),
                                 .from = sqlite3_column_int(st, 4),
                                 .to = sqlite3_column_int(st, 5),
                                 .function = loader_oid(st, 6),
                                 .is_default = sqlite3_column_int(st, 7) != 0};
    list_add(&l->s->conversions, l->s->arena, c);
    return true;
}

bool snapshot_load_collations(struct loader *l)
{
    return loader_rows(l,
                       "SELECT oid, collname, collnamespace, collowner, collprovider, collencoding, collcollate, collctype, collversion "
                       "FROM @_pg_collation ORDER BY oid",
                       load_collation) &&
           loader_rows(l,
                       "SELECT oid, conname, connamespace, conowner, conforencoding, contoencoding, conproc, condefault "
                       "FROM @_pg_conversion ORDER BY oid",
                       load_conversion);
}

#define LOOK_UP(kind, list, table, condition)                \
    for (int i = 0; i < COUNT(table) + s->list.n; i++) {     \
        const struct kind *c = i < COUNT(table) ? &(table)[i] : s->list.items[i - COUNT(table)]; \
        if (condition)                                       \
            return c;                                        \
    }                                                        \
    return NULL;

const struct pg_collation_def *snapshot_collation(const struct snapshot *s, uint32_t oid)
{
    LOOK_UP(pg_collation_def, collations, builtin_collations, c->oid == oid)
}

const struct pg_collation_def *snapshot_collation_named(const struct snapshot *s, uint32_t namespace_oid, const char *name)
{
    LOOK_UP(pg_collation_def, collations, builtin_collations, c->namespace_oid == namespace_oid && strcmp(c->name, name) == 0)
}

const struct conversion_def *snapshot_conversion(const struct snapshot *s, uint32_t oid)
{
    LOOK_UP(conversion_def, conversions, builtin_conversions, c->oid == oid)
}

const struct conversion_def *snapshot_conversion_named(const struct snapshot *s, uint32_t namespace_oid, const char *name)
{
    LOOK_UP(conversion_def, conversions, builtin_conversions, c->namespace_oid == namespace_oid && strcmp(c->name, name) == 0)
}

const struct conversion_def *snapshot_conversion_default(const struct snapshot *s, uint32_t namespace_oid, int from, int to)
{
    LOOK_UP(conversion_def, conversions, builtin_conversions,
            c->namespace_oid == namespace_oid && c->from == from && c->to == to && c->is_default)
}

const struct conversion_def *snapshot_conversion_of_function(uint32_t function, int i)
{
    for (int k = 0; k < COUNT(builtin_conversions); k++)
        if (builtin_conversions[k].function == function && i-- == 0)
            return &builtin_conversions[k];
    return NULL;
}
