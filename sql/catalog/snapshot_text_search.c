/*
 * snapshot_text_search.c: text search dictionaries and configurations of a snapshot: the built-in ones, those of users from
 * _pg_ts_dict, _pg_ts_config and _pg_ts_config_map, and the dictionary of the extension unaccent. Loaded by snapshot_load.c.
 */
#include <string.h>

#include "sql/catalog/extension.h"
#include "sql/catalog/snapshot_internal.h"

static const struct ts_dict_def builtin_dicts[] = {
#define PG_TS_DICT(oid_, name_, ns, owner_, template_, init)                                                             \
    {.oid = oid_, .name = name_, .namespace_oid = ns, .owner = owner_, .template = template_, .options = init},
#include "sql/catalog/builtin/pg_ts_dict.def"
#undef PG_TS_DICT
};
static const struct ts_config_def builtin_configs[] = {
#define PG_TS_CONFIG(oid_, name_, ns, owner_, parser) {.oid = oid_, .name = name_, .namespace_oid = ns, .owner = owner_},
#include "sql/catalog/builtin/pg_ts_config.def"
#undef PG_TS_CONFIG
};
#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* --- loading ------------------------------------------------------------------------------------------- */

static bool load_dict(struct loader *l, sqlite3_stmt *st)
{
    struct ts_dict_def *d = ARENA_NEW(l->s->arena, struct ts_dict_def);
    struct ts_option *options;
    struct error ignored; /* hand-edited metadata: the dictionary knows no word */
    error_init(&ignored, l->s->arena);
    *d = (struct ts_dict_def){.oid = loader_oid(st, 0),
                              .name = loader_name(l, st, 1),
                              .namespace_oid = loader_oid(st, 2),
                              .owner = loader_oid(st, 3),
                              .template = loader_oid(st, 4),
                              .options = loader_text(l, st, 5)};
    int n = ts_options_read(l->s->arena, d->options, &options);
    d->ready = ts_dictionary_make(d->template, options, n, &d->dictionary, &ignored);
    list_add(&l->s->ts_dicts, l->s->arena, d);
    return true;
}

static bool load_config(struct loader *l, sqlite3_stmt *st)
{
    struct ts_config_def *c = ARENA_NEW(l->s->arena, struct ts_config_def);
    *c = (struct ts_config_def){.oid = loader_oid(st, 0),
                                .name = loader_name(l, st, 1),
                                .namespace_oid = loader_oid(st, 2),
                                .owner = loader_oid(st, 3)};
    c->maps = ARENA_NEW(l->s->arena, struct ts_mapping);
    list_add(&l->s->ts_configs, l->s->arena, c);
    return true;
}

static bool load_mapping(struct loader *l, sqlite3_stmt *st)
{
    for (int i = 0; i < l->s->ts_configs.n; i++) {
        struct ts_config_def *c = (struct ts_config_def *)l->s->ts_configs.items[i];
        if (c->oid != loader_oid(st, 0))
            continue;
        if (c->nmaps && (c->nmaps & (c->nmaps - 1)) == 0) { /* grown at powers of two */
            struct ts_mapping *grown = ARENA_ARRAY(l->s->arena, struct ts_mapping, c->nmaps * 2);
            memcpy(grown, c->maps, sizeof(*grown) * (size_t)c->nmaps);
            c->maps = grown;
        }
        c->maps[c->nmaps++] = (struct ts_mapping){sqlite3_column_int(st, 1), sqlite3_column_int(st, 2), loader_oid(st, 3)};
    }
    return true;
}

static void add_unaccent(struct loader *l)
{
    const struct namespace_def *n = snapshot_unaccent_schema(l->s);
    if (!n)
        return;
    struct ts_dict_def *d = ARENA_NEW(l->s->arena, struct ts_dict_def);
    *d = (struct ts_dict_def){.oid = EXTENSION_UNACCENT_DICTIONARY,
                              .name = "unaccent",
                              .namespace_oid = n->oid,
                              .owner = BOOTSTRAP_SUPERUSER,
                              .options = "rules = 'unaccent'",
                              .ready = true,
                              .dictionary = {.unaccent = true}};
    list_add(&l->s->ts_dicts, l->s->arena, d);
}

bool snapshot_load_text_search(struct loader *l)
{
    add_unaccent(l);
    return loader_rows(l, "SELECT oid, dictname, dictnamespace, dictowner, dicttemplate, dictinitoption FROM @_pg_ts_dict ORDER BY oid",
                       load_dict) &&
           loader_rows(l,
                       "SELECT oid, cfgname, cfgnamespace, cfgowner FROM @_pg_ts_config ORDER BY oid",
                       load_config) &&
           loader_rows(l, "SELECT mapcfg, maptokentype, mapseqno, mapdict FROM @_pg_ts_config_map ORDER BY 1, 2, 3", load_mapping);
}

/* --- look-ups -------------------------------------------------------------------------------------------- */

#define LOOK_UP(list, table, condition)                                                                                 \
    for (int i = 0; i < COUNT(table); i++) {                                                                            \
        if (condition(&(table)[i]))                                                                                     \
            return &(table)[i];                                                                                         \
    }                                                                                                                   \
    for (int i = 0; i < s->list.n; i++) {                                                                               \
        if (condition(s->list.items[i]))                                                                                \
            return s->list.items[i];                                                                                    \
    }                                                                                                                   \
    return NULL;

const struct ts_dict_def *snapshot_ts_dict(const struct snapshot *s, uint32_t oid)
{
#define SAME(d) (((const struct ts_dict_def *)(d))->oid == oid)
    LOOK_UP(ts_dicts, builtin_dicts, SAME)
#undef SAME
}

const struct ts_dict_def *snapshot_ts_dict_named(const struct snapshot *s, uint32_t namespace_oid, const char *name)
{
#define SAME(d) (((const struct ts_dict_def *)(d))->namespace_oid == namespace_oid && strcmp(((const struct ts_dict_def *)(d))->name, name) == 0)
    LOOK_UP(ts_dicts, builtin_dicts, SAME)
#undef SAME
}

const struct ts_config_def *snapshot_ts_config(const struct snapshot *s, uint32_t oid)
{
#define SAME(c) (((const struct ts_config_def *)(c))->oid == oid)
    LOOK_UP(ts_configs, builtin_configs, SAME)
#undef SAME
}

const struct ts_config_def *snapshot_ts_config_named(const struct snapshot *s, uint32_t namespace_oid, const char *name)
{
#define SAME(c) (((const struct ts_config_def *)(c))->namespace_oid == namespace_oid && strcmp(((const struct ts_config_def *)(c))->name, name) == 0)
    LOOK_UP(ts_configs, builtin_configs, SAME)
#undef SAME
}
