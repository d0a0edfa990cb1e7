/* rel_statistic_ext.c: rows of pg_statistic_ext. */
#include <string.h>

#include "sql/catalog/catalog_table.h"

static const struct statistics_def *next_def(struct rel_scan *x)
{
    if (x->key == 0)
        return x->i++ ? NULL : snapshot_statistics(x->s, x->key_oid);
    if (x->key == 1) {
        const struct relation *r = snapshot_relation(x->s, x->key_oid);
        return r && x->i < r->nstatistics ? r->statistics[x->i++] : NULL;
    }
    return x->i < x->s->statistics.n ? x->s->statistics.items[x->i++] : NULL;
}

static bool next_statistics(struct rel_scan *x)
{
    const struct statistics_def *d = next_def(x);
    if (!d)
        return false;
    uint32_t *keys = ARENA_ARRAY(x->arena, uint32_t, d->nkeys + 1);
    for (int i = 0; i < d->nkeys; i++)
        keys[i] = (uint32_t)d->keys[i];
    int n = d->kinds ? (int)strlen(d->kinds) : 0;
    const char **kinds = ARENA_ARRAY(x->arena, const char *, n + 1);
    for (int i = 0; i < n; i++)
        kinds[i] = arena_strndup(x->arena, d->kinds + i, 1);
    put_int(x, d->oid);
    put_int(x, d->table->oid);
    put_text(x, d->name);
    put_int(x, d->namespace_oid);
    put_int(x, d->owner);
    put_int(x, d->stattarget);
    put_vector(x, keys, d->nkeys);
    put_text_array(x, kinds, n);
    const char *all = NULL;
    for (int i = 0; i < d->nexprs; i++)
        all = all ? arena_printf(x->arena, "%s, %s", all, d->exprs[i]) : d->exprs[i];
    put_text(x, all);
    return true;
}

const struct rel_source rel_statistics_sources[] = {
    {"pg_statistic_ext", {"oid", "stxrelid"}, next_statistics},
    {NULL, {NULL}, NULL},
};
