/*
 * type_uses.c: which types hold values of another inside (arrays, domains, composites, ranges), and which columns store them. Called
 * where a change of a type would have to change values: ALTER DOMAIN, ALTER TYPE.
 */
#include "sql/command/command_internal.h"

#define DEPTH 32

static bool holds(struct command *c, uint32_t type, uint32_t inner, int depth)
{
    const struct type_def *t = type ? snapshot_type(c->snapshot, type) : NULL;
    if (type == inner)
        return true;
    if (!t || depth > DEPTH || type_builtin(type))
        return false;
    if (t->typtype == 'd')
        return holds(c, t->basetype, inner, depth + 1);
    if (type_is_array(t))
        return holds(c, t->elem, inner, depth + 1);
    const struct range_def *r = snapshot_range(c->snapshot, type);
    if (r)
        return holds(c, r->subtype, inner, depth + 1);
    const struct relation *row = t->relid ? snapshot_relation(c->snapshot, t->relid) : NULL;
    for (int i = 0; row && i < row->natts; i++)
        if (!row->atts[i].dropped && holds(c, row->atts[i].type, inner, depth + 1))
            return true;
    return false;
}

bool type_holds(struct command *c, uint32_t type, uint32_t inner)
{
    return holds(c, type, inner, 0);
}

bool type_not_stored(struct command *c, uint32_t type, const char *name,
                     bool (*allowed)(struct command *c, uint32_t column_type, uint32_t type))
{
    const struct type_def *t = snapshot_type(c->snapshot, type);
    for (int i = 0; i < 2 * c->snapshot->relations.n; i++) { /* arrays of the type first, as PostgreSQL finds them */
        const struct relation *r = c->snapshot->relations.items[i % c->snapshot->relations.n];
        bool arrays = i < c->snapshot->relations.n;
        bool stored = r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW || r->kind == RELKIND_PARTITIONED;
        for (int k = 0; stored && k < r->natts; k++) {
            const struct attribute *a = &r->atts[k];
            if (a->dropped || arrays != (t && t->array && a->type == t->array) || !type_holds(c, a->type, type) || (allowed && allowed(c, a->type, type)))
                continue;
            return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot alter type \"%s\" because column \"%s.%s\" uses it", name,
                             r->name, a->name);
        }
    }
    return true;
}
