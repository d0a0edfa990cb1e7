/*
 * inheritance.c: the family below a table, and what of its columns and CHECKs comes from parents. Called by ALTER TABLE, RENAME,
 * CREATE TABLE and DROP.
 */
#include <string.h>

#include "sql/command/inheritance.h"

static int parents_among(const struct relation *r, const struct inheritor *family, int n)
{
    int found = 0;
    for (int i = 0; i < r->nparents; i++)
        for (int k = 0; k < n; k++)
            found += family[k].r == r->parents[i];
    return found;
}

static bool is_among(const struct relation *r, const struct inheritor *family, int n)
{
    for (int i = 0; i < n; i++)
        if (family[i].r == r)
            return true;
    return false;
}

int inheritance_family(struct command *c, const struct relation *root, struct inheritor **out)
{
    int n = 1, cap = 16;
    struct inheritor *family = ARENA_ARRAY(c->arena, struct inheritor, cap);
    family[0] = (struct inheritor){.r = root};
    for (int i = 0; i < n; i++)
        for (int k = 0; k < family[i].r->nchildren; k++) {
            const struct relation *child = family[i].r->children[k];
            if (is_among(child, family, n))
                continue;
            if (n == cap) {
                struct inheritor *grown = ARENA_ARRAY(c->arena, struct inheritor, cap * 2);
                memcpy(grown, family, sizeof(*family) * (size_t)n);
                family = grown;
                cap *= 2;
            }
            family[n++] = (struct inheritor){.r = child};
        }
    for (int i = 0; i < n; i++)
        family[i].parents = parents_among(family[i].r, family, n);
    *out = family;
    return n;
}

int inheritance_column_parents(const struct relation *r, const char *name)
{
    int n = 0;
    for (int i = 0; name && i < r->nparents; i++)
        n += relation_attribute(r->parents[i], name) != NULL;
    return n;
}

int inheritance_check_parents(const struct relation *r, const char *name)
{
    int n = 0;
    for (int i = 0; name && i < r->nparents; i++)
        for (int k = 0; k < r->parents[i]->nconstraints; k++) {
            const struct constraint_def *p = r->parents[i]->constraints[k];
            n += p->type == 'c' && !p->no_inherit && !strcmp(p->name, name);
        }
    return n;
}

bool inheritance_mark_local(struct command *c, uint32_t classid, uint32_t oid, int sub)
{
    return cmd_durable(c) &&
           cmd_exec(c, "INSERT OR IGNORE INTO @_pg_local VALUES (%u, %u, %d)", classid, oid, sub);
}
