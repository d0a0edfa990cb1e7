/*
 * snapshot_system_keys.c: the indexes of pg_catalog's relations and the keys they stand for, built once per process from
 * builtin/system_indexes.def beside the relations (snapshot_system.c). No index lies behind them: they say which columns
 * are unique, to \d, to information_schema and to GROUP BY.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/snapshot_internal.h"

static const struct system_index {
    uint32_t oid, table;
    const char *name;
    bool unique, primary;
    uint32_t constraint; /* 0: none */
    const char *keys, *collations, *classes;
} system_indexes[] = {
#define SYSTEM_INDEX(oid, rel, name, unique, primary, con, keys, collations, classes)              \
    {oid, rel, name, unique, primary, con, keys, collations, classes},
#include "sql/catalog/builtin/system_indexes.def"
#undef SYSTEM_INDEX
};

static int count_words(const char *s)
{
    int n = 1;
    for (; *s; s++)
        n += *s == ' ';
    return n;
}

static uint32_t next_number(const char **p)
{
    char *end;
    unsigned long v = strtoul(*p, &end, 10);
    *p = end;
    return (uint32_t)v;
}

static struct index_def *make_index(struct arena *arena, const struct system_index *x, const struct relation *table,
                                    struct attribute *atts)
{
    struct index_def *d = ARENA_NEW(arena, struct index_def);
    int n = count_words(x->keys);
    struct index_column *columns = ARENA_ARRAY(arena, struct index_column, n);
    const char *keys = x->keys, *collations = x->collations, *classes = x->classes;
    for (int i = 0; i < n; i++) {
        const struct attribute *a = &table->atts[next_number(&keys) - 1];
        columns[i] = (struct index_column){.attnum = a->num,
                                           .type = a->type,
                                           .collation = next_number(&collations),
                                           .opclass = next_number(&classes)};
        atts[i] = (struct attribute){.name = a->name,
                                     .num = (int16_t)(i + 1),
                                     .type = a->type == NAMEOID ? CSTRINGOID : a->type, /* what name_ops stores */
                                     .typmod = -1,
                                     .collation = columns[i].collation,
                                     .sqlite_name = a->name};
    }
    *d = (struct index_def){.oid = x->oid,
                            .name = x->name,
                            .table = table,
                            .am = BTREE_AM_OID,
                            .am_name = "btree",
                            .unique = x->unique,
                            .primary = x->primary,
                            .immediate = true,
                            .valid = true,
                            .nkeys = n,
                            .ncolumns = n,
                            .columns = columns};
    return d;
}

static struct constraint_def *make_constraint(struct arena *arena, const struct system_index *x, const struct index_def *d)
{
    struct constraint_def *c = ARENA_NEW(arena, struct constraint_def);
    int16_t *keys = ARENA_ARRAY(arena, int16_t, d->nkeys);
    for (int i = 0; i < d->nkeys; i++)
        keys[i] = d->columns[i].attnum;
    *c = (struct constraint_def){.oid = x->constraint,
                                 .name = x->name,
                                 .namespace_oid = PG_CATALOG_NAMESPACE,
                                 .type = x->primary ? 'p' : 'u',
                                 .table = d->table,
                                 .index = d,
                                 .nkeys = d->nkeys,
                                 .keys = keys,
                                 .validated = true,
                                 .no_inherit = true};
    return c;
}

/* The checks of information_schema's domains. */
static const struct constraint_def domain_checks[] = {
    {.oid = 13222,
     .name = "cardinal_number_domain_check",
     .namespace_oid = INFORMATION_SCHEMA_NAMESPACE,
     .type = 'c',
     .domain = 13221,
     .validated = true,
     .check_sql = "(VALUE >= 0)"},
    {.oid = 13235,
     .name = "yes_or_no_check",
     .namespace_oid = INFORMATION_SCHEMA_NAMESPACE,
     .type = 'c',
     .domain = 13234,
     .validated = true,
     .check_sql = "((VALUE)::text = ANY ((ARRAY['YES'::character varying, 'NO'::character varying])::text[]))"},
};

void system_keys_build(struct arena *arena, struct relation_ext *(*find)(uint32_t oid), struct list *indexes,
                       struct list *constraints)
{
    for (size_t i = 0; i < sizeof(system_indexes) / sizeof(system_indexes[0]); i++) {
        const struct system_index *x = &system_indexes[i];
        struct relation_ext *table = find(x->table), *r = ARENA_NEW(arena, struct relation_ext);
        if (!table)
            continue;
        struct attribute *atts = ARENA_ARRAY(arena, struct attribute, count_words(x->keys));
        struct index_def *d = make_index(arena, x, &table->rel, atts);
        r->rel = (struct relation){.oid = x->oid,
                                   .name = x->name,
                                   .namespace_oid = PG_CATALOG_NAMESPACE,
                                   .kind = RELKIND_INDEX,
                                   .persistence = 'p',
                                   .owner = BOOTSTRAP_SUPERUSER,
                                   .natts = d->ncolumns,
                                   .atts = atts,
                                   .sqlite_name = x->name,
                                   .is_virtual = true,
                                   .system = true,
                                   .index_of = &table->rel,
                                   .index = d};
        r->am = BTREE_AM_OID;
        r->replident = 'n';
        list_add(indexes, arena, r);
        list_add(&table->indexes, arena, d);
        if (x->constraint) {
            d->constraint = make_constraint(arena, x, d);
            list_add(constraints, arena, d->constraint);
            list_add(&table->constraints, arena, d->constraint);
        }
        table->rel.indexes = (const struct index_def *const *)table->indexes.items;
        table->rel.nindexes = table->indexes.n;
        table->rel.constraints = (const struct constraint_def *const *)table->constraints.items;
        table->rel.nconstraints = table->constraints.n;
    }
    for (size_t i = 0; i < sizeof(domain_checks) / sizeof(domain_checks[0]); i++)
        list_add(constraints, arena, &domain_checks[i]);
}
