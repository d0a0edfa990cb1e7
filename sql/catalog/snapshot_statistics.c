/*
 * snapshot_statistics.c: the part of a snapshot that optional facts make: statistics objects, compression of columns, types of
 * typed tables. Read after relations; called by snapshot_keys.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/snapshot_internal.h"

static bool load_statistics(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 1));
    if (!x)
        return true;
    struct statistics_def *d = ARENA_NEW(l->s->arena, struct statistics_def);
    d->oid = loader_oid(st, 0);
    d->table = &x->rel;
    d->name = loader_name(l, st, 2);
    d->namespace_oid = loader_oid(st, 3);
    d->owner = loader_oid(st, 4);
    d->stattarget = sqlite3_column_int(st, 5);
    const char *p = (const char *)sqlite3_column_text(st, 6);
    int16_t *keys = ARENA_ARRAY(l->s->arena, int16_t, (p ? strlen(p) : 0) / 2 + 2);
    char *end;
    for (long v = p ? strtol(p, &end, 10) : 0; p && end != p; v = strtol(p, &end, 10)) {
        if (v > 0 && v <= x->rel.natts)
            keys[d->nkeys++] = (int16_t)v;
        p = end;
    }
    d->keys = keys;
    d->kinds = loader_text(l, st, 7);
    d->exprs = ARENA_ARRAY(l->s->arena, const char *, sqlite3_column_int(st, 8) + 1);
    list_add(&l->s->statistics, l->s->arena, d);
    list_add(&x->statistics, l->s->arena, d);
    x->rel.nstatistics = x->statistics.n;
    x->rel.statistics = (const struct statistics_def *const *)x->statistics.items;
    return true;
}

static bool load_expression(struct loader *l, sqlite3_stmt *st)
{
    struct statistics_def *d = (struct statistics_def *)snapshot_statistics(l->s, loader_oid(st, 0));
    if (d)
        ((const char **)d->exprs)[d->nexprs++] = loader_text(l, st, 1);
    return true;
}

static bool load_compression(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    int n = sqlite3_column_int(st, 1);
    const char *p = (const char *)sqlite3_column_text(st, 2);
    if (x && p && n > 0 && n <= x->rel.natts)
        ((struct attribute *)&x->rel.atts[n - 1])->compression = *p;
    return true;
}

static bool load_type(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    if (x)
        x->rel.of_type = loader_oid(st, 1);
    return true;
}

bool snapshot_load_statistics(struct loader *l)
{
    return loader_rows(l,
                       "SELECT oid, stxrelid, stxname, stxnamespace, stxowner, stxstattarget, stxkeys, stxkind, "
                       "(SELECT count(*) FROM @_pg_statistic_expr e WHERE e.stxoid = s.oid) FROM @_pg_statistic_ext s WHERE $R(stxrelid) ORDER BY oid",
                       load_statistics) &&
           loader_rows(l, "SELECT stxoid, expr FROM @_pg_statistic_expr WHERE $S(stxoid) ORDER BY stxoid, num", load_expression) &&
           loader_rows(l, "SELECT attrelid, attnum, attcompression FROM @_pg_attribute_more WHERE $R(attrelid)", load_compression) &&
           loader_rows(l, "SELECT relid, reloftype FROM @_pg_relation_type WHERE $R(relid)", load_type);
}

const struct statistics_def *snapshot_statistics(const struct snapshot *s, uint32_t oid)
{
    for (int i = 0; i < s->statistics.n; i++) {
        const struct statistics_def *d = s->statistics.items[i];
        if (d->oid == oid)
            return d;
    }
    return NULL;
}

const struct statistics_def *snapshot_statistics_named(const struct snapshot *s, uint32_t namespace_oid, const char *name)
{
    for (int i = 0; i < s->statistics.n; i++) {
        const struct statistics_def *d = s->statistics.items[i];
        if (d->namespace_oid == namespace_oid && !strcmp(d->name, name))
            return d;
    }
    return NULL;
}
