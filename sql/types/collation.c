/* collation.c: order of stored values: SQLite collations by name, and type_compare on top. */
#include <string.h>

#include "sql/types/typeoid.h"
#include "sql/types/array.h"
#include "sql/types/compare.h"
#include "sql/types/enum.h"
#include "sql/types/range.h"
#include "sql/types/type.h"

#define FAMILY(table)
#define COLLATIONS(table) extern const struct collation_def table[];
#define COLLATION_GENERATOR(prefix, function)                                                      \
    extern const struct collation_def *function(const char *name);
#include "sql/types/families.def"
#undef COLLATIONS
#undef COLLATION_GENERATOR

#define COLLATIONS(table) table,
#define COLLATION_GENERATOR(prefix, function)
static const struct collation_def *const collation_tables[] = {
#include "sql/types/families.def"
    NULL};
#undef COLLATIONS
#undef COLLATION_GENERATOR

#define COLLATIONS(table)
#define COLLATION_GENERATOR(prefix, function) {prefix, function},
static const struct collation_generator {
    const char *prefix;
    const struct collation_def *(*find)(const char *name);
} generators[] = {
#include "sql/types/families.def"
    {NULL, NULL}};

const struct collation_def *collation_def_find(const char *name)
{
    for (int t = 0; collation_tables[t]; t++)
        for (const struct collation_def *c = collation_tables[t]; c->name; c++)
            if (strcmp(c->name, name) == 0)
                return c;
    for (const struct collation_generator *g = generators; g->prefix; g++)
        if (strncmp(g->prefix, name, strlen(g->prefix)) == 0)
            return g->find(name);
    return NULL;
}

bool type_is_comparable(uint32_t oid)
{
    static const uint32_t without[] = {JSONOID, XMLOID, POINTOID, LSEGOID, PATHOID, BOXOID, LINEOID, POLYGONOID, CIRCLEOID, JSONPATHOID};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        if (oid == without[i])
            return false;
    return true;
}

int type_compare(const struct type_def *t, const struct value *a, const struct value *b,
                 struct eval_context *ctx)
{
    if (t->typtype == 'e' && a->kind == VALUE_TEXT && b->kind == VALUE_TEXT)
        return enum_compare(ctx, t->oid, a, b);
    if (t->compare && a->kind == VALUE_BLOB && b->kind == VALUE_BLOB)
        return t->compare(a, b);
    if (a->kind == VALUE_TEXT && b->kind == VALUE_TEXT && t->sqlite_collation) {
        const struct collation_def *c = collation_def_find(t->sqlite_collation);
        if (c)
            return c->compare(NULL, (int)a->n, a->p, (int)b->n, b->p);
        if (type_is_array(t))
            return array_collate(t->elem, ctx, (int)a->n, a->p, (int)b->n, b->p);
        if (t->typtype == 'r' || t->typtype == 'm')
            return range_collate(t->oid, ctx, (int)a->n, a->p, (int)b->n, b->p);
    }
    return value_compare(a, b);
}
