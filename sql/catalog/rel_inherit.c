/* rel_inherit.c: rows of pg_inherits and pg_partitioned_table. */
#include <string.h>

#include "sql/catalog/catalog_table.h"

static void put_link(struct rel_scan *x, uint32_t child, uint32_t parent, int number)
{
    put_int(x, child);
    put_int(x, parent);
    put_int(x, number);
    put_int(x, 0);
}

static bool next_inherits(struct rel_scan *x)
{
    for (;;) {
        const struct relation *r = x->item;
        if (r && r->index && r->index->parent && !x->j++) {
            put_link(x, r->oid, r->index->parent->oid, 1);
            return true;
        }
        if (r && !r->index && x->j < r->nparents) {
            x->j++;
            put_link(x, r->oid, r->parents[x->j - 1]->oid, x->j);
            return true;
        }
        x->j = 0;
        if (x->key == 0)
            x->item = x->i++ ? NULL : snapshot_relation(x->s, x->key_oid);
        else
            x->item = x->i < x->s->relations.n ? x->s->relations.items[x->i++] : NULL;
        if (!x->item)
            return false;
    }
}

static uint32_t default_oid(const struct relation *r)
{
    for (int i = 0; i < r->nchildren; i++)
        if (r->children[i]->partition_bound && !strcmp(r->children[i]->partition_bound, "DEFAULT"))
            return r->children[i]->oid;
    return 0;
}

static const struct relation *next_partitioned(struct rel_scan *x)
{
    if (x->key == 0) {
        const struct relation *r = x->i++ ? NULL : snapshot_relation(x->s, x->key_oid);
        return r && r->partition_key ? r : NULL;
    }
    while (x->i < x->s->relations.n) {
        const struct relation *r = x->s->relations.items[x->i++];
        if (r->partition_key)
            return r;
    }
    return NULL;
}

static bool next_partitioned_table(struct rel_scan *x)
{
    const struct relation *r = next_partitioned(x);
    if (!r)
        return false;
    const struct partition_key *k = r->partition_key;
    uint32_t *v = ARENA_ARRAY(x->arena, uint32_t, k->ncolumns + 1);
    const char *exprs = NULL;
    put_int(x, r->oid);
    put_char(x, k->strategy);
    put_int(x, k->ncolumns);
    put_int(x, default_oid(r));
    for (int i = 0; i < k->ncolumns; i++)
        v[i] = (uint32_t)k->columns[i].attnum;
    put_vector(x, v, k->ncolumns);
    for (int i = 0; i < k->ncolumns; i++)
        v[i] = k->columns[i].opclass;
    put_vector(x, v, k->ncolumns);
    for (int i = 0; i < k->ncolumns; i++)
        v[i] = k->columns[i].collation;
    put_vector(x, v, k->ncolumns);
    for (int i = 0; i < k->ncolumns; i++)
        if (!k->columns[i].attnum)
            exprs = arena_printf(x->arena, "%s%s%s", exprs ? exprs : "", exprs ? ", " : "", k->columns[i].expr_sql);
    put_text(x, exprs);
    return true;
}

const struct rel_source rel_inherit_sources[] = {
    {"pg_inherits", {"inhrelid"}, next_inherits},
    {"pg_partitioned_table", {"partrelid"}, next_partitioned_table},
    {NULL, {NULL}, NULL},
};
