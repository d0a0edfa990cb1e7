/*
 * partition_index.c: indexes of partitioned tables: each partition has one that follows the parent's, made or found alike. Called by
 * CREATE INDEX, CREATE TABLE ... PARTITION OF and ATTACH PARTITION.
 */
#include <string.h>

#include "sql/command/partition_command.h"

static bool same_index(const struct index_def *x, const struct index_def *p, const struct relation *child)
{
    if (x->parent || x->am != p->am || x->unique != p->unique || x->nkeys != p->nkeys || x->ncolumns != p->ncolumns ||
        !x->predicate_sql != !p->predicate_sql || (p->predicate_sql && strcmp(p->predicate_sql, x->predicate_sql) != 0) ||
        (p->constraint && !x->constraint))
        return false;
    for (int i = 0; i < p->ncolumns; i++) {
        const struct index_column *a = &x->columns[i], *b = &p->columns[i];
        const char *name = b->attnum ? p->table->atts[b->attnum - 1].name : NULL;
        if (a->opclass != b->opclass || a->desc != b->desc || !a->attnum != !b->attnum ||
            (b->attnum ? strcmp(child->atts[a->attnum - 1].name, name) : strcmp(a->expr_sql, b->expr_sql)) != 0)
            return false;
    }
    return true;
}

/* The names of an index's columns. */
static const char **index_names(struct command *c, const struct index_def *d)
{
    const struct relation *r = snapshot_relation(c->snapshot, d->oid);
    const char **names = ARENA_ARRAY(c->arena, const char *, d->ncolumns + 1);
    for (int i = 0; i < d->ncolumns; i++)
        names[i] = r && i < r->natts ? r->atts[i].name : "expr";
    return names;
}

/* Durable rows of the index of `child` that stands for the parent's p. */
static bool clone_index(struct command *c, const struct index_def *p, const struct relation *child, bool follows, uint32_t *oid)
{
    struct index_spec spec = {.am = snapshot_am(c->snapshot, p->am), .unique = p->unique, .primary = p->primary,
                              .nkeys = p->nkeys, .ncolumns = p->ncolumns, .predicate_sql = p->predicate_sql,
                              .nulls_not_distinct = p->nulls_not_distinct, .options = p->options,
                              .names = index_names(c, p)};
    spec.columns = ARENA_ARRAY(c->arena, struct index_column, p->ncolumns + 1);
    const char **columns = ARENA_ARRAY(c->arena, const char *, p->ncolumns + 1);
    for (int i = 0; i < p->ncolumns; i++) {
        spec.columns[i] = p->columns[i];
        columns[i] = spec.names[i];
        if (!p->columns[i].attnum)
            continue;
        const struct attribute *a = relation_attribute(child, p->table->atts[p->columns[i].attnum - 1].name);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist",
                             p->table->atts[p->columns[i].attnum - 1].name);
        spec.columns[i].attnum = a->num;
    }
    spec.constraint = p->constraint ? p->constraint->type : 0;
    if (p->constraint) {
        spec.deferrable = p->constraint->deferrable;
        spec.deferred = p->constraint->deferred;
        spec.operators = p->constraint->operators;
    }
    const char *label = !p->constraint ? "idx" : p->constraint->type == 'x' ? "excl" : "key";
    spec.name = p->primary ? cmd_choose_relation_name(c, child->name, NULL, "pkey", child->namespace_oid)
                           : cmd_choose_relation_name(c, child->name, cmd_join_names(c, columns, p->ncolumns),
                                                      label, child->namespace_oid);
    bool ok = index_define(c, child, &spec) && (!follows || partition_add_parent(c, spec.oid, p->oid, 1));
    for (int i = 0; ok && p->primary && i < p->nkeys; i++)
        ok = cmd_exec(c, "UPDATE @_pg_attribute SET attnotnull = 1 WHERE attrelid = %u AND attnum = %d", child->oid,
                      spec.columns[i].attnum);
    *oid = spec.oid;
    return ok;
}

bool partition_clone_indexes(struct command *c, const struct relation *parent, const struct relation *child)
{
    for (int i = 0; i < parent->nindexes; i++) {
        uint32_t oid;
        if (!clone_index(c, parent->indexes[i], child, true, &oid))
            return false;
    }
    return true;
}

bool partition_spread_missing(struct command *c, uint32_t index, uint32_t child_oid)
{
    const struct snapshot *held = snapshot_ref(c->snapshot);
    const struct relation *r = snapshot_relation(c->snapshot, index), *child = snapshot_relation(c->snapshot, child_oid);
    const struct index_def *match = NULL;
    uint32_t oid = 0;
    for (int k = 0; k < child->nindexes && !match; k++)
        if (same_index(child->indexes[k], r->index, child))
            match = child->indexes[k];
    bool ok = (match ? partition_add_parent(c, oid = match->oid, index, 1) : clone_index(c, r->index, child, true, &oid)) && cmd_reload(c);
    const struct relation *made = ok ? snapshot_relation(c->snapshot, oid) : NULL;
    ok = made &&
         (match || (table_sqlite_replace_text(c, made->index->table) && index_sqlite_create(c, made->index))) &&
         partition_spread_index(c, oid);
    snapshot_unref(held);
    return ok;
}

bool partition_spread_index(struct command *c, uint32_t index)
{
    const struct relation *r = snapshot_relation(c->snapshot, index);
    const struct relation *table = r && r->index ? r->index->table : NULL;
    if (!table || table->kind != RELKIND_PARTITIONED)
        return true;
    int n = table->nchildren;
    uint32_t *children = ARENA_ARRAY(c->arena, uint32_t, n + 1);
    for (int i = 0; i < n; i++)
        children[i] = table->children[i]->oid;
    for (int i = 0; i < n; i++)
        if (!partition_spread_missing(c, index, children[i]))
            return false;
    return true;
}

bool partition_index_alone(struct command *c, uint32_t index)
{
    const struct relation *r = snapshot_relation(c->snapshot, index);
    if (!r || !r->index || r->index->table->kind != RELKIND_PARTITIONED || !r->index->table->nchildren)
        return true;
    return cmd_exec(c, "UPDATE @_pg_index SET indisvalid = 0 WHERE indexrelid = %u", index) && cmd_reload(c);
}

bool index_copy(struct command *c, const struct index_def *d, uint32_t table, bool comment)
{
    const struct snapshot *held = snapshot_ref(c->snapshot);
    uint32_t oid = 0;
    const struct relation *from = snapshot_relation(held, d->oid);
    bool ok = clone_index(c, d, snapshot_relation(held, table), false, &oid) &&
              (!comment || !from || !from->comment ||
               cmd_exec(c, "INSERT OR REPLACE INTO @_pg_description VALUES (%u, %u, 0, %Q)", oid, CLASS_PG_CLASS, from->comment)) &&
              cmd_reload(c);
    const struct relation *x = ok ? snapshot_relation(c->snapshot, oid) : NULL;
    ok = x && index_sqlite_create(c, x->index);
    snapshot_unref(held);
    return ok;
}

/* --- ATTACH PARTITION ---------------------------------------------------------------------------------- */

static bool refuse_attach(struct command *c, const struct index_def *child, const struct index_def *parent, const char *detail)
{
    error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "cannot attach index \"%s\" as a partition of index \"%s\"",
              child->name, parent->name);
    error_detail(c->err, "%s", detail);
    return false;
}

static bool refuse_definition(struct command *c, const struct index_def *child, const struct index_def *parent)
{
    error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "cannot attach index \"%s\" as a partition of index \"%s\"",
              child->name, parent->name);
    error_detail(c->err, "The index definitions do not match.");
    return false;
}

static const struct relation *parent_of_table(const struct relation *r)
{
    return r->partition_bound && r->nparents ? r->parents[0] : NULL;
}

/* A partitioned index is valid once every partition has one attached to it. */
static bool validate_parent(struct command *c, uint32_t oid)
{
    const struct relation *r = snapshot_relation(c->snapshot, oid);
    const struct relation *table = r && r->index ? r->index->table : NULL;
    if (!table || r->index->valid)
        return true;
    for (int i = 0; i < table->nchildren; i++) {
        const struct relation *child = table->children[i];
        bool found = false;
        for (int k = 0; k < child->nindexes; k++)
            found |= child->indexes[k]->parent == r->index && child->indexes[k]->valid;
        if (!found)
            return true;
    }
    const struct index_def *above = r->index->parent;
    uint32_t next = above ? above->oid : 0;
    return cmd_exec(c, "UPDATE @_pg_index SET indisvalid = 1 WHERE indexrelid = %u", oid) && cmd_reload(c) &&
           (!next || validate_parent(c, next));
}

bool alter_attach_index(struct command *c, const struct relation *index, const struct alter_cmd *k)
{
    const struct relation *x = cmd_relation(c, &k->other);
    if (!x)
        return false;
    if (!x->index)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not an index", x->name);
    const struct index_def *p = index->index, *d = x->index;
    if (d->parent == p)
        return true;
    if (d->parent)
        return refuse_attach(c, d, p, arena_printf(c->arena, "Index \"%s\" is already attached to another index.", d->name));
    if (parent_of_table(d->table) != p->table)
        return refuse_attach(c, d, p, arena_printf(c->arena, "Index \"%s\" is not an index on any partition of table \"%s\".",
                                                   d->name, p->table->name));
    struct index_def alike = *d;
    if (!alike.constraint)
        alike.constraint = p->constraint; /* told apart below */
    if (!same_index(&alike, p, d->table))
        return refuse_definition(c, d, p);
    if (p->constraint && !d->constraint)
        return refuse_attach(c, d, p,
                             arena_printf(c->arena, "The index \"%s\" belongs to a constraint in table \"%s\" but no constraint "
                                                    "exists for index \"%s\".",
                                          p->name, p->table->name, d->name));
    for (int i = 0; i < d->table->nindexes; i++)
        if (d->table->indexes[i]->parent == p)
            return refuse_attach(c, d, p, arena_printf(c->arena, "Another index is already attached for partition \"%s\".",
                                                       d->table->name));
    uint32_t oid = p->oid;
    return partition_add_parent(c, d->oid, oid, 1) && cmd_reload(c) && validate_parent(c, oid);
}
