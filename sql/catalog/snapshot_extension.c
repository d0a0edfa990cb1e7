/* snapshot_extension.c: rows of _pg_extension and _pg_extension_config into the snapshot. Called by snapshot_load.c. */
#include "sql/catalog/extension.h"
#include "sql/catalog/snapshot_internal.h"

bool snapshot_load_extension(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct extension_def *e = ARENA_NEW(s->arena, struct extension_def);
    e->oid = loader_oid(st, 0);
    e->name = loader_name(l, st, 1);
    e->owner = loader_oid(st, 2);
    e->namespace_oid = loader_oid(st, 3);
    e->relocatable = sqlite3_column_int(st, 4);
    e->version = loader_text(l, st, 5);
    list_add(&s->extensions, s->arena, e);
    map_put(&s->extension_name, s->arena, 0, e->name, e);
    const struct extension_info *info = extension_builtin(e->name);
    if (info)
        snapshot_add_extension(l, info, e->namespace_oid);
    return true;
}

bool snapshot_load_extension_config(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    for (int i = 0; i < s->extensions.n; i++) {
        struct extension_def *e = (struct extension_def *)s->extensions.items[i];
        if (e->oid != loader_oid(st, 0))
            continue;
        uint32_t *config = ARENA_ARRAY(s->arena, uint32_t, e->nconfig + 1);
        const char **conditions = ARENA_ARRAY(s->arena, const char *, e->nconfig + 1);
        for (int k = 0; k < e->nconfig; k++) {
            config[k] = e->config[k];
            conditions[k] = e->conditions[k];
        }
        config[e->nconfig] = loader_oid(st, 1);
        conditions[e->nconfig] = loader_text(l, st, 2);
        e->config = config;
        e->conditions = conditions;
        e->nconfig++;
    }
    return true;
}
