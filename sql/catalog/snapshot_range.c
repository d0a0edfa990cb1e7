/* snapshot_range.c: range types of users in a snapshot, from _pg_range; called by snapshot_load.c behind the types. */
#include "sql/catalog/snapshot_internal.h"

static void link(struct loader *l, uint32_t type, const struct range_def *r)
{
    struct type_ext *x = (struct type_ext *)map_get(&l->s->type_oid, type, NULL);
    if (x)
        x->range = r;
}

static bool load_range(struct loader *l, sqlite3_stmt *st)
{
    struct range_def *r = ARENA_NEW(l->s->arena, struct range_def);
    *r = (struct range_def){.range = loader_oid(st, 0),
                            .subtype = loader_oid(st, 1),
                            .multirange = loader_oid(st, 2),
                            .collation = loader_oid(st, 3),
                            .opclass = loader_oid(st, 4),
                            .canonical = loader_oid(st, 5),
                            .subdiff = loader_oid(st, 6)};
    list_add(&l->s->ranges, l->s->arena, r);
    link(l, r->range, r);
    link(l, r->multirange, r);
    return true;
}

bool snapshot_load_ranges(struct loader *l)
{
    return loader_rows(l, "SELECT * FROM @_pg_range ORDER BY rngtypid", load_range);
}

const struct range_def *snapshot_range(const struct snapshot *s, uint32_t type)
{
    const struct type_def *t = snapshot_type(s, type);
    return t && !type_builtin(type) && (t->typtype == 'r' || t->typtype == 'm') ? ((const struct type_ext *)t)->range : NULL;
}
