/*
 * drop.c: dropping objects with everything that depends on them: RESTRICT and CASCADE as PostgreSQL words them.
 *
 * Dependencies are read from the snapshot: a table has its indexes, constraints, row type, owned sequences (dropped
 * silently); foreign keys of other tables, views and columns of a dropped type depend on it (named, or 2BP01). _pg_depend adds
 * what only it knows: what a view or a default refers to. Then: 1. the durable rows go, 2. the new snapshot is
 * loaded, 3. SQLite's tables and indexes follow.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/extension.h"
#include "sql/catalog/rule.h"
#include "sql/command/command_internal.h"
#include "sql/command/drop_internal.h"
#include "sql/command/event_collect.h"
#include "sql/command/extension_script.h"
#include "sql/command/object_text.h"
#include "sql/command/partition_command.h"
#include "sql/command/vector_index.h"
#include "sql/emit/emit.h"

static int find_item(const struct drop *d, struct object_address a)
{
    for (int i = 0; i < d->n; i++) {
        const struct object_address *x = &d->items[i].a;
        if (x->classid == a.classid && x->oid == a.oid && (x->sub == a.sub || x->sub == 0))
            return i;
    }
    return -1;
}

static void add_edge(struct drop *d, int from, int to, bool automatic)
{
    if (from < 0 || from == to)
        return;
    if (d->nedges == d->edge_cap) {
        int cap = d->edge_cap ? d->edge_cap * 2 : 64;
        struct edge *edges = ARENA_ARRAY(d->c->arena, struct edge, cap);
        if (d->nedges)
            memcpy(edges, d->edges, sizeof(edges[0]) * (size_t)d->nedges);
        d->edges = edges;
        d->edge_cap = cap;
    }
    d->edges[d->nedges++] = (struct edge){from, to, automatic};
}

static void add(struct drop *d, uint32_t classid, uint32_t oid, int sub, bool automatic, int via)
{
    struct object_address a = {classid, oid, sub};
    int at = find_item(d, a);
    add_edge(d, via, at >= 0 ? at : d->n, automatic);
    if (at >= 0) { /* what belongs to something dropped is not worth a word */
        d->items[at].automatic |= automatic;
        return;
    }
    if (d->n == d->cap) {
        int cap = d->cap ? d->cap * 2 : 32;
        struct item *items = ARENA_ARRAY(d->c->arena, struct item, cap);
        if (d->n)
            memcpy(items, d->items, sizeof(items[0]) * (size_t)d->n);
        d->items = items;
        d->cap = cap;
    }
    d->items[d->n++] = (struct item){a, automatic, via};
}

/* --- what depends on an object -------------------------------------------------------------------- */

/* A generated column goes with what its expression uses; any other column loses its default only. */
static bool add_generated(struct drop *d, uint32_t default_oid, int via)
{
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *r = d->s->relations.items[i];
        for (int k = 0; k < r->natts; k++)
            if (r->atts[k].default_oid == default_oid && r->atts[k].generated) {
                add(d, CLASS_PG_CLASS, r->oid, k + 1, false, via);
                return true;
            }
    }
    return false;
}

/* Entries of _pg_depend: a rule stands for its view, a default for itself. */
static void add_recorded(struct drop *d, uint32_t classid, uint32_t oid, int sub, int via)
{
    for (int i = 0; i < d->s->depends.n; i++) {
        const struct depend *p = d->s->depends.items[i];
        if (p->refclassid != classid || p->refobjid != oid || (sub && p->refobjsubid != sub))
            continue;
        bool view = p->classid == CLASS_PG_REWRITE && !snapshot_rule(d->s, p->objid);
        uint32_t c = view ? CLASS_PG_CLASS : p->classid;
        if (c == CLASS_PG_ATTRDEF && classid != CLASS_PG_CLASS && add_generated(d, p->objid, via))
            continue;
        add(d, c, p->objid, p->objsubid, p->type == 'a' || p->type == 'i' || p->type == 'e' || p->type == 'x', via);
    }
}

static void add_relation_dependents(struct drop *d, const struct relation *r, int via)
{
    for (int i = 0; i < r->nindexes; i++)
        add(d, CLASS_PG_CLASS, r->indexes[i]->oid, 0, true, via);
    for (int i = 0; i < r->nconstraints; i++)
        add(d, CLASS_PG_CONSTRAINT, r->constraints[i]->oid, 0, true, via);
    for (int i = 0; i < r->natts; i++)
        if (r->atts[i].default_oid)
            add(d, CLASS_PG_ATTRDEF, r->atts[i].default_oid, 0, true, via);
    for (int i = 0; i < r->nrules; i++)
        add(d, CLASS_PG_REWRITE, r->rules[i]->oid, 0, true, via);
    for (int i = 0; i < r->ntriggers; i++)
        if (!r->triggers[i]->rule)
            add(d, CLASS_PG_TRIGGER, r->triggers[i]->oid, 0, true, via);
    for (int i = 0; i < r->nstatistics; i++)
        add(d, CLASS_PG_STATISTIC_EXT, r->statistics[i]->oid, 0, true, via);
    if (r->rowtype && r->kind != RELKIND_COMPOSITE) /* which is the type's */
        add(d, CLASS_PG_TYPE, r->rowtype, 0, true, via);
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *o = d->s->relations.items[i];
        if (o->sequence && o->sequence->owned_table == r->oid)
            add(d, CLASS_PG_CLASS, o->oid, 0, true, via);
    }
    for (int i = 0; i < r->nreferenced; i++) { /* a partition's row of a key stands for the key */
        const struct constraint_def *k = r->referenced[i];
        while (k->parent)
            k = k->parent;
        add(d, CLASS_PG_CONSTRAINT, k->oid, 0, false, via);
    }
    for (int i = 0; i < r->nchildren; i++) /* partitions go with their table, other children by CASCADE */
        add(d, CLASS_PG_CLASS, r->children[i]->oid, 0, r->children[i]->partition_bound != NULL, via);
    add_recorded(d, CLASS_PG_CLASS, r->oid, 0, via);
}

static void add_key_users(struct drop *d, const struct index_def *index, int via)
{
    for (int i = 0; i < index->table->nreferenced; i++)
        if (index->table->referenced[i]->index == index)
            add(d, CLASS_PG_CONSTRAINT, index->table->referenced[i]->oid, 0, false, via);
}

/* The columns an expression of the catalog uses; all of them when it cannot be analyzed. */
static bool expression_uses(struct drop *d, const struct relation *r, const char *sql, int attnum)
{
    bool *used = ARENA_ARRAY(d->c->arena, bool, r->natts + 1);
    return !cmd_stored_attnums(d->c, sql, r, used) || used[attnum - 1];
}

static bool index_uses(struct drop *d, const struct index_def *x, int attnum)
{
    for (int i = 0; i < x->ncolumns; i++)
        if (x->columns[i].attnum == attnum ||
            (!x->columns[i].attnum && expression_uses(d, x->table, x->columns[i].expr_sql, attnum)))
            return true;
    return x->predicate_sql && expression_uses(d, x->table, x->predicate_sql, attnum);
}

static bool contains(const int16_t *keys, int n, int attnum)
{
    for (int i = 0; i < n; i++)
        if (keys[i] == attnum)
            return true;
    return false;
}

/* ALTER TABLE ONLY: children keep what they inherited, as their own. */
static bool spares_children(const struct drop *d)
{
    return d->c->utility && d->c->utility->kind == UTILITY_ALTER_TABLE && d->c->utility->alter_table.only;
}

/* Do all parents that give the child this column lose it? */
static bool loses_column(const struct drop *d, const struct relation *child, const char *name)
{
    for (int i = 0; i < child->nparents; i++) {
        const struct attribute *a = relation_attribute(child->parents[i], name);
        if (a && find_item(d, (struct object_address){CLASS_PG_CLASS, child->parents[i]->oid, a->num}) < 0)
            return false;
    }
    return !spares_children(d);
}

/* The same of a CHECK. */
static bool loses_check(const struct drop *d, const struct relation *child, const char *name)
{
    for (int i = 0; i < child->nparents; i++)
        for (int k = 0; k < child->parents[i]->nconstraints; k++) {
            const struct constraint_def *p = child->parents[i]->constraints[k];
            if (p->type == 'c' && !p->no_inherit && !strcmp(p->name, name) &&
                find_item(d, (struct object_address){CLASS_PG_CONSTRAINT, p->oid, 0}) < 0)
                return false;
        }
    return !spares_children(d);
}

static void add_column_dependents(struct drop *d, const struct relation *r, int attnum, int via)
{
    const struct attribute *a = &r->atts[attnum - 1];
    if (a->default_oid)
        add(d, CLASS_PG_ATTRDEF, a->default_oid, 0, true, via);
    for (int i = 0; i < r->nindexes; i++)
        if (index_uses(d, r->indexes[i], attnum))
            add(d, CLASS_PG_CLASS, r->indexes[i]->oid, 0, true, via);
    for (int i = 0; i < r->nstatistics; i++) {
        bool uses = contains(r->statistics[i]->keys, r->statistics[i]->nkeys, attnum);
        for (int k = 0; k < r->statistics[i]->nexprs && !uses; k++)
            uses = expression_uses(d, r, r->statistics[i]->exprs[k], attnum);
        if (uses)
            add(d, CLASS_PG_STATISTIC_EXT, r->statistics[i]->oid, 0, true, via);
    }
    for (int i = 0; i < r->nconstraints; i++)
        if (contains(r->constraints[i]->keys, r->constraints[i]->nkeys, attnum))
            add(d, CLASS_PG_CONSTRAINT, r->constraints[i]->oid, 0, true, via);
    for (int i = 0; i < r->nreferenced; i++)
        if (contains(r->referenced[i]->ref_keys, r->referenced[i]->nkeys, attnum))
            add(d, CLASS_PG_CONSTRAINT, r->referenced[i]->oid, 0, false, via);
    for (int i = 0; i < r->nchildren; i++) {
        const struct attribute *own = relation_attribute(r->children[i], a->name);
        if (own && !own->local && loses_column(d, r->children[i], a->name))
            add(d, CLASS_PG_CLASS, r->children[i]->oid, own->num, true, via);
    }
    for (int i = 0; i < r->natts; i++)
        if (r->atts[i].generated && !r->atts[i].dropped && i + 1 != attnum &&
            expression_uses(d, r, r->atts[i].default_sql, attnum))
            add(d, CLASS_PG_CLASS, r->oid, i + 1, false, via);
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *o = d->s->relations.items[i];
        if (o->sequence && o->sequence->owned_table == r->oid && o->sequence->owned_attnum == attnum)
            add(d, CLASS_PG_CLASS, o->oid, 0, true, via);
    }
    add_recorded(d, CLASS_PG_CLASS, r->oid, attnum, via);
}

static bool is_partition_key(struct drop *d, const struct relation *r, int attnum)
{
    for (int i = 0; r->partition_key && i < r->partition_key->ncolumns; i++) {
        const struct partition_column *k = &r->partition_key->columns[i];
        if (k->attnum ? k->attnum == attnum : expression_uses(d, r, k->expr_sql, attnum))
            return true;
    }
    return false;
}

static void add_type_dependents(struct drop *d, const struct type_def *t, int via)
{
    if (t->array)
        add(d, CLASS_PG_TYPE, t->array, 0, true, via);
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *r = d->s->relations.items[i];
        for (int k = 0; r->kind != RELKIND_VIEW && !r->index && k < r->natts; k++)
            if (!r->atts[k].dropped && r->atts[k].type == t->oid &&
                !(r->partition_bound && find_item(d, (struct object_address){CLASS_PG_CLASS, r->parents[0]->oid, 0}) >= 0))
                /* no table without its partition key */
                add(d, CLASS_PG_CLASS, r->oid, is_partition_key(d, r, k + 1) ? 0 : k + 1, false, via);
    }
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *r = d->s->relations.items[i];
        if (r->of_type && r->of_type == t->oid)
            add(d, CLASS_PG_CLASS, r->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->types.n; i++) {
        const struct type_def *o = d->s->types.items[i];
        if (o->typtype == 'd' && o->basetype == t->oid)
            add(d, CLASS_PG_TYPE, o->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->constraints.n; i++) {
        const struct constraint_def *k = d->s->constraints.items[i];
        if (k->domain == t->oid)
            add(d, CLASS_PG_CONSTRAINT, k->oid, 0, true, via);
    }
    const struct relation *composite = t->relid ? snapshot_relation(d->s, t->relid) : NULL;
    if (composite && composite->kind == RELKIND_COMPOSITE)
        add(d, CLASS_PG_CLASS, t->relid, 0, true, via);
    add_recorded(d, CLASS_PG_TYPE, t->oid, 0, via);
}

/* Columns, keys of indexes, domains and range types with that collation; expressions that name it are recorded. */
static void add_collation_dependents(struct drop *d, uint32_t collation, int via)
{
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *r = d->s->relations.items[i];
        for (int k = 0; r->kind != RELKIND_VIEW && !r->index && k < r->natts; k++)
            if (!r->atts[k].dropped && r->atts[k].collation == collation)
                add(d, CLASS_PG_CLASS, r->oid, is_partition_key(d, r, k + 1) ? 0 : k + 1, false, via);
        for (int k = 0; r->index && k < r->index->nkeys; k++) {
            const struct index_column *key = &r->index->columns[k];
            if (key->collation == collation && (!key->attnum || r->index->table->atts[key->attnum - 1].collation != collation))
                add(d, CLASS_PG_CLASS, r->oid, 0, false, via);
        }
    }
    for (int i = 0; i < d->s->types.n; i++) {
        const struct type_def *t = d->s->types.items[i];
        const struct range_def *range = t->typtype == 'r' ? snapshot_range(d->s, t->oid) : NULL;
        if ((t->typtype == 'd' && t->collation == collation) || (range && range->collation == collation))
            add(d, CLASS_PG_TYPE, t->oid, 0, false, via);
    }
    add_recorded(d, CLASS_PG_COLLATION, collation, 0, via);
}

static void add_schema_contents(struct drop *d, uint32_t namespace_oid, int via)
{
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *r = d->s->relations.items[i];
        if (r->namespace_oid == namespace_oid && !r->index &&
            r->kind != RELKIND_COMPOSITE)
            add(d, CLASS_PG_CLASS, r->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->types.n; i++) {
        const struct type_def *t = d->s->types.items[i];
        if (t->namespace_oid != namespace_oid || (t->elem && t->category == 'A') ||
            t->oid >= DURABLE_EXTENSION_OID_FIRST)
            continue;
        const struct relation *r = t->relid ? snapshot_relation(d->s, t->relid) : NULL;
        if (!r || r->kind == RELKIND_COMPOSITE)
            add(d, CLASS_PG_TYPE, t->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->procs.n; i++) {
        const struct proc *p = d->s->procs.items[i];
        if (p->user && p->namespace_oid == namespace_oid)
            add(d, CLASS_PG_PROC, p->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->operators.n; i++) {
        const struct operator_def *o = d->s->operators.items[i];
        if (o->namespace_oid == namespace_oid && o->oid < DURABLE_EXTENSION_OID_FIRST)
            add(d, CLASS_PG_OPERATOR, o->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->opclasses.n; i++) {
        const struct opclass_def *o = d->s->opclasses.items[i];
        if (o->namespace_oid == namespace_oid && o->oid >= FIRST_USER_OID && o->oid < DURABLE_EXTENSION_OID_FIRST)
            add(d, CLASS_PG_OPCLASS, o->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->opfamilies.n; i++) {
        const struct opfamily_def *o = d->s->opfamilies.items[i];
        if (o->namespace_oid == namespace_oid && o->oid < DURABLE_EXTENSION_OID_FIRST)
            add(d, CLASS_PG_OPFAMILY, o->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->statistics.n; i++) {
        const struct statistics_def *st = d->s->statistics.items[i];
        if (st->namespace_oid == namespace_oid)
            add(d, CLASS_PG_STATISTIC_EXT, st->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->collations.n; i++) {
        const struct pg_collation_def *k = d->s->collations.items[i];
        if (k->namespace_oid == namespace_oid)
            add(d, CLASS_PG_COLLATION, k->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->conversions.n; i++) {
        const struct conversion_def *k = d->s->conversions.items[i];
        if (k->namespace_oid == namespace_oid)
            add(d, CLASS_PG_CONVERSION, k->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->ts_dicts.n; i++) {
        const struct ts_dict_def *t = d->s->ts_dicts.items[i];
        if (t->namespace_oid == namespace_oid && t->oid < DURABLE_EXTENSION_OID_FIRST)
            add(d, CLASS_PG_TS_DICT, t->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->ts_configs.n; i++) {
        const struct ts_config_def *t = d->s->ts_configs.items[i];
        if (t->namespace_oid == namespace_oid)
            add(d, CLASS_PG_TS_CONFIG, t->oid, 0, false, via);
    }
    for (int i = 0; i < d->s->extensions.n; i++) {
        const struct extension_def *e = d->s->extensions.items[i];
        if (e->namespace_oid == namespace_oid)
            add(d, CLASS_PG_EXTENSION, e->oid, 0, false, via);
    }
}

static void add_extension_members(struct drop *d, const struct extension_def *e, int via)
{
    const struct extension_info *info = extension_builtin(e->name);
    add_recorded(d, CLASS_PG_EXTENSION, e->oid, 0, via);
    for (int i = 0; info && i < d->s->types.n; i++) {
        const struct type_def *t = d->s->types.items[i];
        if (extension_of_oid(t->oid) == info && !t->elem)
            add(d, CLASS_PG_TYPE, t->oid, 0, true, via);
    }
    for (int i = 0; info && i < d->s->procs.n; i++) {
        const struct proc *p = d->s->procs.items[i];
        if (extension_of_oid(p->oid) == info)
            add(d, CLASS_PG_PROC, p->oid, 0, true, via);
    }
    for (int i = 0; info && i < d->s->operators.n; i++) {
        const struct operator_def *o = d->s->operators.items[i];
        if (extension_of_oid(o->oid) == info)
            add(d, CLASS_PG_OPERATOR, o->oid, 0, true, via);
    }
    for (int i = 0; info && i < d->s->opclasses.n; i++) {
        const struct opclass_def *o = d->s->opclasses.items[i];
        if (extension_of_oid(o->oid) == info)
            add(d, CLASS_PG_OPCLASS, o->oid, 0, true, via);
    }
}

static void add_opclass_indexes(struct drop *d, uint32_t opclass, int via)
{
    for (int i = 0; i < d->s->relations.n; i++) {
        const struct relation *r = d->s->relations.items[i];
        bool uses = false;
        for (int k = 0; r->index && k < r->index->nkeys; k++)
            uses = uses || r->index->columns[k].opclass == opclass;
        if (uses)
            add(d, CLASS_PG_CLASS, r->oid, 0, false, via);
    }
}

static const struct constraint_def *find_constraint(const struct snapshot *s, uint32_t oid)
{
    return map_get(&s->constraint_oid, oid, NULL);
}

static void add_dependents(struct drop *d, int i)
{
    struct object_address a = d->items[i].a;
    const struct relation *r = a.classid == CLASS_PG_CLASS ? snapshot_relation(d->s, a.oid) : NULL;
    if (r && a.sub) {
        if (a.sub <= r->natts && r->kind != RELKIND_VIEW)
            add_column_dependents(d, r, a.sub, i);
    } else if (r && r->index) {
        if (r->index->constraint)
            add(d, CLASS_PG_CONSTRAINT, r->index->constraint->oid, 0, true, i);
        for (int k = 0; k < r->index->table->nchildren; k++) {
            const struct relation *child = r->index->table->children[k];
            for (int j = 0; j < child->nindexes; j++)
                if (child->indexes[j]->parent == r->index)
                    add(d, CLASS_PG_CLASS, child->indexes[j]->oid, 0, true, i);
        }
        add_key_users(d, r->index, i);
    } else if (r) {
        add_relation_dependents(d, r, i);
    } else if (a.classid == CLASS_PG_TYPE) {
        const struct type_def *t = snapshot_type(d->s, a.oid);
        if (t)
            add_type_dependents(d, t, i);
    } else if (a.classid == CLASS_PG_PROC) {
        add_recorded(d, CLASS_PG_PROC, a.oid, 0, i);
    } else if (a.classid == CLASS_PG_CONSTRAINT) {
        const struct constraint_def *k = find_constraint(d->s, a.oid);
        if (k && k->index && k->type != 'f')
            add(d, CLASS_PG_CLASS, k->index->oid, 0, true, i);
        for (int n = 0; k && n < d->s->constraints.n; n++) { /* what partitions have of it */
            const struct constraint_def *own = d->s->constraints.items[n];
            if (own->parent == k)
                add(d, CLASS_PG_CONSTRAINT, own->oid, 0, true, i);
        }
        for (int n = 0; k && k->type == 'c' && k->table && !k->no_inherit && n < k->table->nchildren; n++) {
            const struct relation *child = k->table->children[n];
            for (int j = 0; j < child->nconstraints; j++)
                if (child->constraints[j]->type == 'c' && !strcmp(child->constraints[j]->name, k->name) &&
                    !child->constraints[j]->local && loses_check(d, child, k->name))
                    add(d, CLASS_PG_CONSTRAINT, child->constraints[j]->oid, 0, true, i);
        }
    } else if (a.classid == CLASS_PG_TRIGGER) {
        for (int n = 0; n < d->s->triggers.n; n++) {
            const struct trigger_def *t = d->s->triggers.items[n];
            if (t->parent && t->parent->oid == a.oid)
                add(d, CLASS_PG_TRIGGER, t->oid, 0, true, i);
        }
        add_recorded(d, a.classid, a.oid, 0, i);
    } else if (a.classid == CLASS_PG_NAMESPACE) {
        add_schema_contents(d, a.oid, i);
    } else if (a.classid == CLASS_PG_PROC || a.classid == CLASS_PG_OPERATOR) {
        add_recorded(d, a.classid, a.oid, 0, i);
    } else if (a.classid == CLASS_PG_COLLATION) {
        add_collation_dependents(d, a.oid, i);
    } else if (a.classid == CLASS_PG_OPCLASS) {
        add_opclass_indexes(d, a.oid, i);
    } else if (a.classid == CLASS_PG_EXTENSION) {
        for (int k = 0; k < d->s->extensions.n; k++) {
            const struct extension_def *e = d->s->extensions.items[k];
            if (e->oid == a.oid)
                add_extension_members(d, e, i);
        }
    } else {
        add_recorded(d, a.classid, a.oid, a.sub, i);
    }
}

/* --- SQLite's side ------------------------------------------------------------------------------------------- */

static bool is_stored(const struct relation *r)
{
    return (r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW) && r->sqlite_name;
}

/* SQLite checks a table that goes when others refer to it, or when it has deferred keys itself. */
static bool would_check(const struct drop *d, const struct relation *r)
{
    for (int i = 0; i < r->nconstraints; i++) {
        const struct constraint_def *k = r->constraints[i];
        if (k->type == 'f' && (r->foreign || foreign_key_is_managed(k) ||
                               find_item(d, (struct object_address){CLASS_PG_CLASS, k->ref_table->oid, 0}) >= 0))
            return true;
    }
    return r->nreferenced > 0;
}

/* Foreign keys between tables that go together must not be checked while they go: their definitions lose them first. */
static bool forget_definitions(struct drop *d)
{
    bool any = false, ok = true;
    for (int i = 0; ok && i < d->n; i++) {
        const struct object_address *a = &d->items[i].a;
        const struct relation *r = a->classid == CLASS_PG_CLASS && !a->sub ? snapshot_relation(d->s, a->oid) : NULL;
        if (!r || !is_stored(r))
            continue;
        for (int k = 0; ok && k < r->nindexes; k++)
            ok = index_sqlite_drop(d->c, r->indexes[k]);
        if (!ok || !would_check(d, r))
            continue;
        any = true;
        ok = durable_exec(d->c->db, d->c->err, "PRAGMA writable_schema = ON") &&
             durable_exec(d->c->db, d->c->err,
                          "UPDATE %s SET sql = 'CREATE TABLE \"' || replace(name, '\"', '\"\"') || '\" (a)' "
                          "WHERE type = 'table' AND name = %Q",
                          r->persistence == 't' ? "temp.sqlite_schema" : "main.sqlite_schema",
                          r->sqlite_name);
    }
    if (any)
        ok = durable_exec(d->c->db, d->c->err, "PRAGMA writable_schema = RESET") && ok;
    return ok;
}

static bool drop_stored(struct drop *d)
{
    for (int i = 0; i < d->n; i++) {
        const struct object_address *a = &d->items[i].a;
        const struct relation *r = a->classid == CLASS_PG_CLASS && !a->sub ? snapshot_relation(d->s, a->oid) : NULL;
        if (!r)
            continue;
        if (!cmd_check_not_in_use(d->c, r, "DROP TABLE"))
            return false;
        if (r->index) {
            if (!index_sqlite_drop(d->c, r->index))
                return false;
        } else if (is_stored(r) || (r->adopted && r->sqlite_name && !r->index_of)) {
            struct strbuf b = {0};
            strbuf_printf(&b, "DROP %s IF EXISTS ", r->kind == RELKIND_VIEW ? "VIEW" : "TABLE");
            emit_identifier(&b, r->sqlite_name);
            bool ok = r->kind == RELKIND_VIEW ? durable_exec(d->c->db, d->c->err, "%s", b.data)
                                              : table_sqlite_drop(d->c, r->sqlite_name);
            strbuf_free(&b);
            if (!ok)
                return false;
        }
    }
    return true;
}

/* A table that stays but lost a column or constraint. */
static bool change_survivor(struct drop *d, const struct relation *before)
{
    const struct relation *after = snapshot_relation(d->c->snapshot, before->oid);
    if (!after || !is_stored(after))
        return true;
    bool columns = before->rowid_attnum != after->rowid_attnum;
    for (int i = 0; i < before->natts; i++)
        columns |= before->atts[i].dropped != after->atts[i].dropped;
    if (!columns)
        return table_sqlite_replace_text(d->c, after);
    const char **exprs = ARENA_ARRAY(d->c->arena, const char *, after->natts + 1);
    return table_sqlite_rebuild(d->c, before, after, exprs);
}

static bool change_survivors(struct drop *d)
{
    struct list done = {0};
    for (int i = 0; i < d->n; i++) {
        const struct object_address *a = &d->items[i].a;
        const struct relation *r = NULL;
        if (a->classid == CLASS_PG_CLASS && a->sub)
            r = snapshot_relation(d->s, a->oid);
        else if (a->classid == CLASS_PG_CONSTRAINT && find_constraint(d->s, a->oid))
            r = find_constraint(d->s, a->oid)->table;
        bool seen = !r;
        for (int k = 0; k < done.n; k++)
            seen |= done.items[k] == (const void *)r;
        if (seen)
            continue;
        list_add(&done, d->c->arena, r);
        if (!change_survivor(d, r))
            return false;
    }
    return true;
}

/* A dropped primary key leaves its table without the rowid column. */
static bool release_rowid(struct drop *d)
{
    for (int i = 0; i < d->n; i++) {
        const struct object_address *a = &d->items[i].a;
        const struct constraint_def *k =
            a->classid == CLASS_PG_CONSTRAINT ? find_constraint(d->s, a->oid) : NULL;
        if (k && k->type == 'p' && k->table->rowid_attnum) {
            cmd_use_temp(d->c, k->table->persistence == 't');
            if (!cmd_exec(d->c, "UPDATE @_pg_class SET rowid_attnum = 0 WHERE oid = %u", k->table->oid))
                return false;
        }
    }
    return true;
}

/* The default partition may hold now what a dropped sibling wanted. */
static bool widen_defaults(struct drop *d)
{
    for (int i = 0; i < d->n; i++) {
        const struct relation *r =
            d->items[i].a.classid == CLASS_PG_CLASS && !d->items[i].a.sub ? snapshot_relation(d->s, d->items[i].a.oid)
                                                                          : NULL;
        if (r && r->partition_bound && r->nparents && !partition_refresh_default(d->c, r->parents[0]->oid))
            return false;
    }
    return true;
}

static bool drops_adopted(struct drop *d)
{
    for (int i = 0; i < d->n; i++) {
        const struct relation *r =
            d->items[i].a.classid == CLASS_PG_CLASS ? snapshot_relation(d->s, d->items[i].a.oid) : NULL;
        if (r && !d->items[i].a.sub && r->adopted)
            return true;
    }
    return false;
}

/* What is part of another object goes with it only: members of extensions, multirange types, constructors of ranges. */
static bool check_members(struct drop *d, int named)
{
    for (int i = 0; i < d->s->depends.n && !extension_script_running(d->c); i++) {
        const struct depend *p = d->s->depends.items[i];
        if (!(p->type == 'e' && p->refclassid == CLASS_PG_EXTENSION) && !(p->type == 'i' && p->refclassid == CLASS_PG_TYPE))
            continue;
        int at = find_item(d, (struct object_address){p->classid, p->objid, 0});
        if (at < 0 || at >= named || d->items[at].a.sub ||
            find_item(d, (struct object_address){p->refclassid, p->refobjid, 0}) >= 0)
            continue;
        const char *whole = object_text(d->c, d->s, p->refclassid, p->refobjid, 0);
        error_set(d->c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "cannot drop %s because %s requires it",
                  drop_item_text(d, at), whole);
        error_hint(d->c->err, "You can drop %s instead.", whole);
        return false;
    }
    return true;
}

/* What belongs to a table and also names it in an expression depends on it in two ways. */
static bool has_expression(const struct drop *d, const struct object_address *a)
{
    const struct constraint_def *k = a->classid == CLASS_PG_CONSTRAINT ? find_constraint(d->s, a->oid) : NULL;
    return a->classid == CLASS_PG_REWRITE || (k && k->type == 'c' && k->nkeys);
}

/* Event triggers are told of everything that goes. */
static bool tell_events(struct drop *d, int named)
{
    if (!d->s->event_triggers.n)
        return true;
    const int *order = drop_order(d);
    bool ok = true;
    uint32_t view = 0; /* whose rule is due, behind its types */
    for (int k = 0; ok && k < d->n; k++) {
        const struct object_address *a = &d->items[order[k]].a;
        bool normal = false;
        if (view && a->classid != CLASS_PG_TYPE) {
            event_collect_dropped(d->c, d->s, CLASS_PG_REWRITE, view, 0, false, true);
            view = 0;
        }
        for (int e = 0; e < d->nedges; e++)
            normal |= d->edges[e].to == order[k] && (!d->edges[e].automatic || has_expression(d, a));
        ok = event_collect_dropped(d->c, d->s, a->classid, a->oid, a->sub, order[k] < named, normal);
        const struct relation *r = a->classid == CLASS_PG_CLASS && !a->sub ? snapshot_relation(d->s, a->oid) : NULL;
        view = r && (r->kind == RELKIND_VIEW || r->kind == RELKIND_MATVIEW) ? r->oid : view;
    }
    return ok && (!view || event_collect_dropped(d->c, d->s, CLASS_PG_REWRITE, view, 0, false, true));
}

bool drop_objects(struct command *c, const struct object_address *objects, int n, bool cascade,
                  bool quiet)
{
    struct drop d = {.c = c, .s = snapshot_ref(c->snapshot)};
    c->dropped = true;
    for (int i = 0; i < n; i++)
        add(&d, objects[i].classid, objects[i].oid, objects[i].sub, false, -1);
    int named = d.n;
    for (int i = 0; i < d.n; i++)
        add_dependents(&d, i);
    bool ok = !error_is_set(c->err) && check_members(&d, named) && drop_report(&d, n, cascade, quiet) && tell_events(&d, named) &&
              cmd_durable(c);
    bool temp = c->temp;
    for (int i = 0; ok && i < d.n; i++)
        ok = drop_delete_rows(c, d.s, &d.items[i].a);
    cmd_use_temp(c, temp);
    /* A table of another program is in the picture until SQLite has dropped it. */
    ok = ok && release_rowid(&d) && cmd_reload(c) && forget_definitions(&d) && change_survivors(&d) &&
         widen_defaults(&d) &&
         drop_stored(&d) && (!drops_adopted(&d) || cmd_reload(c));
    snapshot_unref(d.s);
    return ok;
}
