/* collation.c: order of stored values: SQLite collations by name, and type_compare on top. */
#include <string.h>

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

static int compare_bytes(const struct value *a, const struct value *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int c = n ? memcmp(a->p, b->p, n) : 0;
    return c ? c : (a->n > b->n) - (a->n < b->n);
}

/* SQLite's order of storage classes: numbers, text, blobs. */
static int kind_rank(enum value_kind k)
{
    return k == VALUE_NULL ? 0 : k == VALUE_TEXT ? 2 : k == VALUE_BLOB ? 3 : 1;
}

int type_compare(const struct type_def *t, const struct value *a, const struct value *b,
                 struct eval_context *ctx)
{
    (void)ctx;
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return (a->i > b->i) - (a->i < b->i);
    int ra = kind_rank(a->kind), rb = kind_rank(b->kind);
    if (ra != rb)
        return ra - rb;
    if (ra == 1) {
        double x = value_get_real(a), y = value_get_real(b);
        return (x > y) - (x < y);
    }
    if (ra == 2 && t->sqlite_collation) {
        const struct collation_def *c = collation_def_find(t->sqlite_collation);
        if (c)
            return c->compare(NULL, (int)a->n, a->p, (int)b->n, b->p);
    }
    return compare_bytes(a, b);
}
