/* rel_constraint.c: rows of pg_constraint, pg_description and pg_shdescription. */
#include <stddef.h>
#include <string.h>

#include "sql/catalog/builtin_facts.h"
#include "sql/catalog/catalog_table.h"
#include "sql/catalog/extension.h"

/* --- pg_constraint ------------------------------------------------------------------------------------ */

static const struct constraint_def *next_constraint_def(struct rel_scan *x)
{
    if (x->key == 0)
        return x->i++ ? NULL : snapshot_constraint(x->s, x->key_oid);
    if (x->key == 1 || x->key == 2) { /* conrelid, confrelid */
        const struct relation *r = snapshot_relation(x->s, x->key_oid);
        if (!r && x->key_oid == 0)
            goto all;
        if (x->key == 1)
            return r && x->i < r->nconstraints ? r->constraints[x->i++] : NULL;
        return r && x->i < r->nreferenced ? r->referenced[x->i++] : NULL;
    }
all:;
    int n;
    const struct constraint_def *const *system = system_constraints(&n);
    if (x->i < n)
        return system[x->i++];
    return x->i - n < x->s->constraints.n ? x->s->constraints.items[x->i++ - n] : NULL;
}

/* Equality operators of a foreign key's columns. */
static void put_equality(struct rel_scan *x, const struct constraint_def *c, bool left_ref, bool right_ref)
{
    uint32_t *ops = ARENA_ARRAY(x->arena, uint32_t, c->nkeys + 1);
    (void)right_ref;
    for (int i = 0; i < c->nkeys; i++) {
        const struct relation *r = left_ref ? c->ref_table : c->table;
        uint32_t type = r->atts[(left_ref ? c->ref_keys[i] : c->keys[i]) - 1].type;
        const struct operator_def *o = registry_order_operator(type, 3);
        ops[i] = o ? o->oid : 0;
    }
    put_oid_array(x, ops, c->nkeys);
}

static const struct constraint_def *parent_of(const struct constraint_def *c)
{
    return c->index && c->index->parent && c->type != 'f' ? c->index->parent->constraint : c->parent;
}

/* From how many parents a CHECK comes. */
static int inherited_checks(const struct constraint_def *c)
{
    int n = 0;
    for (int i = 0; c->type == 'c' && c->table && i < c->table->nparents; i++) {
        const struct relation *p = c->table->parents[i];
        for (int k = 0; k < p->nconstraints; k++)
            n += p->constraints[k]->type == 'c' && !p->constraints[k]->no_inherit &&
                 !strcmp(p->constraints[k]->name, c->name);
    }
    return n;
}

static bool next_constraint(struct rel_scan *x)
{
    const struct constraint_def *c = next_constraint_def(x);
    if (!c)
        return false;
    bool foreign = c->type == 'f';
    put_int(x, c->oid);
    put_text(x, c->name);
    put_int(x, c->namespace_oid);
    put_char(x, c->type);
    put_int(x, c->deferrable);
    put_int(x, c->deferred);
    put_int(x, c->validated);
    put_int(x, c->table ? c->table->oid : 0);
    put_int(x, c->domain);
    const struct constraint_def *parent = parent_of(c);
    int inherited = inherited_checks(c) + (parent != NULL);
    put_int(x, c->index ? c->index->oid : 0);
    put_int(x, parent ? parent->oid : 0);
    put_int(x, c->ref_table ? c->ref_table->oid : 0);
    put_char(x, foreign ? c->on_update : ' ');
    put_char(x, foreign ? c->on_delete : ' ');
    put_char(x, foreign ? c->match : ' ');
    put_int(x, !inherited || c->local);
    put_int(x, inherited);
    put_int(x, c->type == 'c' ? c->no_inherit
                              : !parent && !(foreign && c->table && c->table->kind == RELKIND_PARTITIONED));
    put_attnum_array(x, c->nkeys ? c->keys : NULL, c->nkeys);
    put_attnum_array(x, foreign ? c->ref_keys : NULL, c->nkeys);
    if (foreign) {
        put_equality(x, c, true, false);
        put_equality(x, c, true, true);
        put_equality(x, c, false, false);
    } else {
        put_null(x);
        put_null(x);
        put_null(x);
    }
    put_attnum_array(x, c->nset ? c->set : NULL, c->nset);
    put_oid_array(x, c->noperators ? c->operators : NULL, c->noperators);
    put_text(x, c->check_sql);
    return true;
}

/* --- comments ----------------------------------------------------------------------------------------------- */

static bool is_shared_class(uint32_t classoid)
{
    return classoid == CLASS_PG_DATABASE || classoid == CLASS_PG_AUTHID || classoid == CLASS_PG_TABLESPACE;
}

static bool is_overridden(const struct snapshot *s, const struct comment *b)
{
    uint32_t cursor = 0;
    const struct comment *c;
    while ((c = map_next(&s->comment_object, b->objoid, NULL, &cursor)))
        if (c->classoid == b->classoid && c->objsubid == b->objsubid)
            return true;
    return false;
}

static void put_comment(struct rel_scan *x, const struct comment *c, bool shared)
{
    put_int(x, c->objoid);
    put_int(x, c->classoid);
    if (!shared)
        put_int(x, c->objsubid);
    put_text(x, c->text);
}

/* Built-in ones first; an empty text stands for a comment taken away from a built-in object. */
static bool next_comment(struct rel_scan *x, bool shared)
{
    int n = builtin_comments_count;
    const struct comment *built = x->key == 0 ? builtin_comments_of(x->key_oid, &n) : builtin_comments;
    while (!shared && x->j < n) {
        const struct comment *b = &built[x->j++];
        if (is_overridden(x->s, b))
            continue;
        put_comment(x, b, shared);
        return true;
    }
    while (x->i < x->s->comments.n) {
        const struct comment *c = x->s->comments.items[x->i++];
        if (is_shared_class(c->classoid) != shared || !*c->text || (x->key == 0 && c->objoid != x->key_oid))
            continue;
        put_comment(x, c, shared);
        return true;
    }
    return false;
}

static bool next_description(struct rel_scan *x)
{
    return next_comment(x, false);
}

static bool next_shdescription(struct rel_scan *x)
{
    return next_comment(x, true);
}

const struct rel_source rel_constraint_sources[] = {
    {"pg_constraint", {"oid", "conrelid", "confrelid"}, next_constraint},
    {"pg_description", {"objoid"}, next_description},
    {"pg_shdescription", {"objoid"}, next_shdescription},
    {NULL, {NULL}, NULL},
};
